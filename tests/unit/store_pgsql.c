/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_pgsql.c
 * What is particular to PostgreSQL: connection strings and the passwords in them, settings, servers that will not do, kinds of
 * failure, connections that go, statements that grow stale, the order of text.
 */
#include "support/runner.h"

#include "support/cluster.h"
#include "unit/store_fixture.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>

/* A select of one value, as a statement of its own. */
static const char *ask(civ_db_t *db, int place, const char *sql)
{
    store_sql[place].text = sql;
    return store_text(db, place);
}

static void parameters_are_checked(void)
{
    static const char *const good[] = {
        "dbname=ledger",
        "host=a,b port=5432,5433 dbname=x user=y password='it\\'s' target_session_attrs=read-write",
        "host=a password='with blank'",
        "postgresql://user:pass%40word@db.example.org:5432/ledger?sslmode=verify-full",
        "service=ledger",
        "",
    };
    static const char *const bad[] = {"secret",
                                      "host=a pasword=secret",
                                      "password=my secret",
                                      "host=a password='secret",
                                      "postgresql://user:secret%zz@host/x",
                                      "postgresql://user:se@cret@host/x"};
    apr_size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_PTR_NULL(civ_store_fault_of_parameters("pgsql", good[i], test_pool()));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *fault = civ_store_fault_of_parameters("pgsql", bad[i], test_pool());

        CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
        CU_ASSERT_PTR_NULL(strstr(fault, "secret"));
        CU_ASSERT_PTR_NULL(strstr(fault, "cret"));
    }
    CU_ASSERT_PTR_NULL(civ_store_fault_of_parameters("sqlite3", "anything = goes", test_pool()));
    CU_ASSERT_FALSE(civ_store_tells_free_space("pgsql"));
    CU_ASSERT_TRUE(civ_store_tells_free_space("sqlite3"));
}

/* Through TCP, as a role with a password. */
static civ_store_config_t *locked_config(const char *password)
{
    civ_store_config_t *config = store_config(unit_path("locked.db"));
    const cluster_t *cluster = database_cluster();

    config->parameters = apr_psprintf(
        test_pool(), "host=127.0.0.1 port=%d dbname=tests user=" CLUSTER_LOCKED_ROLE " password=%s",
        cluster->port, password);
    return config;
}

static void passwords_are_not_told(void)
{
    civ_store_config_t *config = locked_config("'Ge\\'heim 42'");
    civ_db_t *db;

    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    config = locked_config("'tests'"); /* what is in the server's words anyway */
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0103"));
    CU_ASSERT(unit_log_has("password authentication failed"));
    config->parameters = "host=secret-host.invalid dbname=x password=secret-host";
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("***.invalid"));
    CU_ASSERT_FALSE(unit_log_has("secret-host"));
    /* In one line: a log would have to escape the others. */
    config->parameters = "host=127.0.0.1,127.0.0.1 port=1 dbname=x";
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("port 1"));
    CU_ASSERT_FALSE(unit_log_has("\\x09"));
    config->parameters = "password=my secret";
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("cannot be understood"));
    CU_ASSERT_FALSE(unit_log_has("secret"));
}

static void settings_of_a_session(void)
{
    static const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"synchronous_commit", "on"},
        {"statement_timeout", "30s"},
        {"enable_seqscan", "off"},
        {"lock_timeout", "5s"},
        {"idle_in_transaction_session_timeout", "30s"},
        {"client_encoding", "UTF8"},
        {"default_transaction_isolation", "read committed"},
        {"tcp_user_timeout", "0"},
        {"application_name", "mod_civarcos"},
    };
    civ_store_config_t *config = store_config(unit_path("session.db"));
    apr_size_t i;
    civ_db_t *db;

    /* Whatever the role or the administrator says. */
    config->parameters = apr_pstrcat(
        test_pool(), database_parameters_as(unit_path("session.db"), CLUSTER_ROLE, NULL, 0, test_pool()),
        NULL);
    CU_ASSERT_PTR_NOT_NULL(
        cluster_sql(database_cluster(), "ALTER ROLE " CLUSTER_ROLE " SET synchronous_commit = off"));
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(),
                                       "ALTER ROLE " CLUSTER_ROLE
                                       " SET default_transaction_isolation = 'serializable'"));
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), "ALTER ROLE " CLUSTER_ROLE " RESET ALL"));
    store_sql[STORE_FOREIGN].text = "SELECT current_setting(%s)";
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const civ_argument_t name[] = {civ_text(rows[i].name)};
        civ_rows_t *found;

        CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_FOREIGN], name, 1, &found, test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_rows_next(found), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(civ_rows_text(found, 0), rows[i].value);
        CU_ASSERT_EQUAL(civ_rows_next(found), APR_EOF);
        CU_ASSERT_EQUAL(civ_rows_next(found), APR_EOF);
    }
    civ_db_close(db);
}

/* Committed with more certainty than asked for is left so. */
static void stronger_commit_is_kept(void)
{
    civ_db_t *db;

    CU_ASSERT_PTR_NOT_NULL(
        cluster_sql(database_cluster(), "ALTER ROLE " CLUSTER_ROLE " SET synchronous_commit = remote_apply"));
    db = store_open("apply.db");
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), "ALTER ROLE " CLUSTER_ROLE " RESET ALL"));
    CU_ASSERT_STRING_EQUAL(ask(db, STORE_JOURNAL, "SELECT current_setting('synchronous_commit')"),
                           "remote_apply");
}

static apr_status_t open_with(const char *more)
{
    civ_store_config_t *config = store_config(unit_path("unfit.db"));
    const cluster_t *cluster = database_cluster();
    civ_db_t *db;
    apr_status_t status;

    config->parameters = apr_psprintf(test_pool(), "host=%s port=%d user=" CLUSTER_ROLE " %s",
                                      cluster->folder, cluster->port, more);
    unit_log_reset();
    status = civ_db_open(&db, config, test_pool());
    if (status == APR_SUCCESS)
        civ_db_close(db);
    return status;
}

static void unfit_servers_are_refused(void)
{
    cluster_t *cluster = database_cluster();

    CU_ASSERT_EQUAL(open_with("dbname=tests options='-c search_path=nowhere'"), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0107: database: none of the schemas"));
    CU_ASSERT_EQUAL(open_with("dbname=tests options='-c default_transaction_read_only=on'"),
                    CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(
        open_with("dbname=tests target_session_attrs=any options='-c default_transaction_read_only=on'"),
        CIV_EREADONLY);
    CU_ASSERT(unit_log_has("CIV0107: database: this server takes only reading transactions"));
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(cluster, "CREATE SCHEMA open_to_all AUTHORIZATION " CLUSTER_ROLE));
    CU_ASSERT_EQUAL(open_with("dbname=tests options='-c search_path=open_to_all'"), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(cluster, "GRANT CREATE ON SCHEMA open_to_all TO PUBLIC"));
    CU_ASSERT_EQUAL(open_with("dbname=tests options='-c search_path=open_to_all'"), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0107: database: every role may create things"));
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(
        cluster, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"));
    CU_ASSERT_EQUAL(open_with("dbname=latin"), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0107: database: the database's encoding is not UTF8"));
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(cluster, "ALTER SYSTEM SET fsync = off"));
    cluster_stop(cluster, SIGINT);
    CU_ASSERT_EQUAL_FATAL(cluster_start(cluster), 0);
    CU_ASSERT_EQUAL(open_with("dbname=tests"), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0107: database: fsync is off"));
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(cluster, "ALTER SYSTEM RESET fsync"));
    cluster_stop(cluster, SIGINT);
    CU_ASSERT_EQUAL_FATAL(cluster_start(cluster), 0);
    CU_ASSERT_EQUAL(open_with("dbname=tests"), APR_SUCCESS);
}

static void standbys_are_refused(void)
{
    cluster_t *standby = cluster_make_standby(database_cluster(), "reader");
    civ_store_config_t *config = store_config(unit_path("standby.db"));
    civ_db_t *db;

    CU_ASSERT_PTR_NOT_NULL_FATAL(standby);
    config->parameters = cluster_parameters(standby, CLUSTER_ROLE, "target_session_attrs=any", test_pool());
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EREADONLY);
    CU_ASSERT(unit_log_has("CIV0107: database: this server is a standby"));
    config->parameters = cluster_parameters(standby, CLUSTER_ROLE, "", test_pool());
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    cluster_stop(standby, SIGQUIT);
}

static void failures_are_told_apart(void)
{
    static const struct {
        const char *sqlstate;
        apr_status_t status;
    } rows[] = {
        {"08006", CIV_EUNREACHABLE}, {"0A000", CIV_ESCHEMA},      {"23505", CIV_ECONSTRAINT},
        {"25006", CIV_EREADONLY},    {"25P03", CIV_EUNREACHABLE}, {"40001", CIV_ECONFLICT},
        {"40P01", CIV_ECONFLICT},    {"42501", CIV_EREADONLY},    {"53100", CIV_EFULL},
        {"53200", CIV_EBUSY},        {"53300", CIV_EBUSY},        {"55P03", CIV_EBUSY},
        {"57014", CIV_EBUSY},        {"57P01", CIV_EUNREACHABLE}, {"58030", CIV_EUNREACHABLE},
        {"XX001", CIV_ECORRUPT},     {"XX002", CIV_ECORRUPT},     {"22012", CIV_EDATABASE},
        {"42P01", CIV_EDATABASE},
    };
    civ_db_t *db = store_open("apart.db");
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *sql =
            apr_psprintf(test_pool(),
                         "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = 'made up', "
                         "DETAIL = 'of a row'; END $$",
                         rows[i].sqlstate);

        unit_log_reset();
        CU_ASSERT_EQUAL(civ_db_run(db, sql), rows[i].status);
        if (rows[i].status != CIV_ESCHEMA)
            CU_ASSERT(unit_log_has("made up"));
        CU_ASSERT_FALSE(unit_log_has("of a row"));
    }
    /* The server says so itself, and goes on. */
    CU_ASSERT_EQUAL(civ_db_run(db, "SET statement_timeout = 50"), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_run(db, "SELECT pg_sleep(30)"), CIV_EBUSY);
}

/* COMMIT itself is refused, by the server: nothing is uncertain about it. */
static void refused_commit_is_certain(void)
{
    const civ_argument_t orphan[] = {civ_int(1), civ_int(99)};
    civ_db_t *db = store_open("refused.db");
    int unknown = 7;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_CHILD], orphan, 2, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(unknown, 0);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
}

static civ_store_t *make_store(const char *name)
{
    civ_store_t *store = NULL;

    civ_db_close(store_open(name));
    CU_ASSERT_EQUAL_FATAL(civ_store_create(&store, store_config(unit_path(name)), test_pool()), APR_SUCCESS);
    return store;
}

#define END_ALL_OTHERS                                                                                       \
    "SELECT COUNT(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name = "         \
    "'mod_civarcos'"

/* The server was restarted, say. Who comes next gets a new connection, not the news. */
static void dead_connections_are_replaced(void)
{
    civ_store_t *store = make_store("dead.db");
    civ_db_t *one, *two;
    int unknown;

    CU_ASSERT_EQUAL(civ_store_acquire(store, &one), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_store_acquire(store, &two), APR_SUCCESS);
    civ_store_release(store, one);
    civ_store_release(store, two);
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), END_ALL_OTHERS));
    CU_ASSERT_EQUAL(civ_store_acquire(store, &one), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(one, 1, "a", 1), APR_SUCCESS);
    /* In the middle of something it is told, and nothing is stored. */
    CU_ASSERT_EQUAL(civ_db_begin(one), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(one, 2, "b", 1), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), END_ALL_OTHERS));
    CU_ASSERT_EQUAL(store_insert(one, 3, "c", 1), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(civ_db_commit(one, &unknown), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(unknown, 0);
    civ_store_release(store, one);
    CU_ASSERT_EQUAL(civ_store_acquire(store, &one), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_count(one), 1);
    /* Also between two transactions: BEGIN fails, and is no reason to crash. */
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), END_ALL_OTHERS));
    CU_ASSERT_EQUAL(civ_db_begin(one), CIV_EUNREACHABLE);
    CU_ASSERT_FALSE(civ_db_in_transaction(one));
    civ_store_release(store, one);
}

static void absent_server_is_told_once(void)
{
    civ_store_t *store = make_store("absent.db");
    civ_db_t *db = NULL;
    int tries;

    cluster_stop(database_cluster(), SIGQUIT);
    CU_ASSERT_EQUAL(civ_store_acquire(store, &db), CIV_EUNREACHABLE);
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_store_acquire(store, &db), CIV_EUNREACHABLE);
    CU_ASSERT_FALSE(unit_log_has("CIV0103"));
    for (tries = 0; tries < 3; tries++) {
        apr_sleep(250000); /* each time longer than the pause: the server is asked again */
        CU_ASSERT_EQUAL(civ_store_acquire(store, &db), CIV_EUNREACHABLE);
    }
    CU_ASSERT_FALSE(unit_log_has("CIV0103"));
    CU_ASSERT_EQUAL_FATAL(cluster_start(database_cluster()), 0);
    for (tries = 0; tries < 100 && civ_store_acquire(store, &db) != APR_SUCCESS; tries++)
        apr_sleep(50000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    CU_ASSERT_EQUAL(store_count(db), 0);
    civ_store_release(store, db);
}

/* A column more, and the prepared select would return another row than it was prepared for. */
static void stale_statements_are_prepared_again(void)
{
    civ_db_t *db = store_open("stale.db");
    int round;

    store_sql[STORE_FEW_PAGES].text = "SELECT * FROM things";
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    for (round = 0; round < 3; round++) {
        CU_ASSERT_STRING_EQUAL(store_text(db, STORE_FEW_PAGES), "1");
        store_raw_run("stale.db",
                      apr_psprintf(test_pool(), "ALTER TABLE things ADD COLUMN more%d TEXT", round));
    }
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_FEW_PAGES), "1");
}

/* Where the database itself would sort as people do, what matters is sorted as bytes. */
static void text_is_ordered_by_bytes(void)
{
    static const char *const names[] = {"b", "B", "a", "A", "_", "\xc3\xa4"};
    civ_db_t *db = store_open("order.db");
    apr_size_t i;

    CU_ASSERT_EQUAL(civ_db_run(db, "CREATE TABLE words (CIV_KEY(id), word VARCHAR(64) UNIQUE, code CHAR(3))"),
                    APR_SUCCESS);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_EQUAL(civ_db_run(db, apr_psprintf(test_pool(), "INSERT INTO words VALUES (%d, '%s', 'x')",
                                                    (int)i, names[i])),
                        APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ask(db, STORE_BUSY, "SELECT string_agg(word, '' ORDER BY word) FROM words"),
                           "AB_ab\xc3\xa4");
    CU_ASSERT_STRING_EQUAL(ask(db, STORE_JOURNAL, "SELECT MIN(octet_length(code)) FROM words"), "1");
    /* And so is every text that is in an index of ours. */
    CU_ASSERT_EQUAL(civ_schema_upgrade(db, &civ_store_schema, &unit_log, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ask(db, STORE_SYNCHRONOUS,
                               "SELECT COUNT(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = "
                               "i.indexrelid JOIN pg_class c ON "
                               "c.oid = i.indrelid WHERE c.relnamespace = current_schema()::regnamespace AND "
                               "c.relname LIKE 'civ%%' AND "
                               "a.attcollation <> 0 AND a.attcollation <> '\"C\"'::regcollation"),
                           "0");
}

/* The schema is chosen when a connection is opened; one that is made later hides nothing. */
static void schema_is_pinned(void)
{
    civ_store_config_t *config = store_config(unit_path("pinned.db"));
    const cluster_t *cluster = database_cluster();
    civ_db_t *db;

    config->parameters = apr_psprintf(test_pool(),
                                      "host=%s port=%d dbname=tests user=" CLUSTER_ROLE
                                      " options='-c search_path=\"Later-One\",public'",
                                      cluster->folder, cluster->port);
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ask(db, STORE_JOURNAL, "SELECT current_schema()"), "public");
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(cluster, "CREATE SCHEMA \"Later-One\" AUTHORIZATION " CLUSTER_ROLE));
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_JOURNAL), "public");
    civ_db_close(db);
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(ask(db, STORE_JOURNAL, "SELECT current_schema()"), "Later-One");
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    civ_db_close(db);
}

/* What acts behind the tables' back, each by itself. */
static void foreign_things_are_counted(void)
{
    static const char *const things[][2] = {
        {"CREATE RULE thief AS ON INSERT TO things DO INSTEAD NOTHING", "DROP RULE thief ON things"},
        {"CREATE VIEW look AS SELECT 1", "DROP VIEW look"},
        {"CREATE MATERIALIZED VIEW look AS SELECT 1", "DROP MATERIALIZED VIEW look"},
        {"CREATE TABLE heir () INHERITS (things)", "DROP TABLE heir"},
        {"CREATE POLICY hide ON things USING (false)", "DROP POLICY hide ON things"},
        {"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE "
         "TRIGGER thief "
         "BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION f()",
         "DROP TRIGGER thief ON things"},
    };
    civ_db_t *db = store_open("foreign.db");
    apr_int64_t count = -1;
    apr_size_t i;

    /* The key from one table to the other has triggers of its own, which are no stranger's. */
    CU_ASSERT_EQUAL(civ_db_count_foreign(db, &count, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 0);
    for (i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        store_raw_run("foreign.db", things[i][0]);
        CU_ASSERT_EQUAL(civ_db_count_foreign(db, &count, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(count, 1);
        store_raw_run("foreign.db", things[i][1]);
    }
    CU_ASSERT_EQUAL(civ_db_count_foreign(db, &count, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 0);
}

static const test_case_t cases[] = {
    {"parameters_are_checked", parameters_are_checked},
    {"passwords_are_not_told", passwords_are_not_told},
    {"settings_of_a_session", settings_of_a_session},
    {"stronger_commit_is_kept", stronger_commit_is_kept},
    {"unfit_servers_are_refused", unfit_servers_are_refused},
    {"standbys_are_refused", standbys_are_refused},
    {"failures_are_told_apart", failures_are_told_apart},
    {"refused_commit_is_certain", refused_commit_is_certain},
    {"dead_connections_are_replaced", dead_connections_are_replaced},
    {"absent_server_is_told_once", absent_server_is_told_once},
    {"stale_statements_are_prepared_again", stale_statements_are_prepared_again},
    {"text_is_ordered_by_bytes", text_is_ordered_by_bytes},
    {"schema_is_pinned", schema_is_pinned},
    {"foreign_things_are_counted", foreign_things_are_counted},
    {NULL, NULL},
};

const test_suite_t store_pgsql_suite = {"store_pgsql", unit_folder_make, unit_folder_remove, cases};
