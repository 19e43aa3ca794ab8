/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/database.h"

#include "support/cluster.h"
#include "support/postgres.h"
#include "support/runner.h"

#include "base/digest.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <sqlite3.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long SQL waits for a server that is writing. */
#define BUSY_MILLISECONDS 10000

/* Where the words of SQLite are. */
#define WORDS_SCHEMA "sqlite_words"

#define IGNORING "UPDATE OR IGNORE "

struct database_t {
    sqlite3 *sqlite; /* one of these two */
    PGconn *pgsql;
    const char *path;
};

static const char *const words[] = {
    "CREATE SCHEMA " WORDS_SCHEMA,
    "GRANT USAGE ON SCHEMA " WORDS_SCHEMA " TO PUBLIC",
    "SET search_path = " WORDS_SCHEMA,
    "CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql AS $$ SELECT upper(encode($1, 'hex')) $$",
    "CREATE FUNCTION zeroblob(integer) RETURNS bytea LANGUAGE sql AS $$ SELECT decode(repeat('00', $1), "
    "'hex') $$",
    "CREATE FUNCTION quote(anyelement) RETURNS text LANGUAGE sql AS $$ SELECT quote_nullable($1::text) $$",
    "CREATE FUNCTION quote(text) RETURNS text LANGUAGE sql AS $$ SELECT quote_nullable($1) $$",
    "CREATE FUNCTION typeof(anyelement) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN $1 IS NULL THEN "
    "'null' ELSE "
    "CASE pg_typeof($1)::text WHEN 'bigint' THEN 'integer' ELSE pg_typeof($1)::text END END $$",
    "CREATE FUNCTION add_to_list(text, text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN $1 IS NULL "
    "THEN $2 ELSE "
    "$1 || ',' || $2 END $$",
    "CREATE AGGREGATE group_concat(text) (SFUNC = add_to_list, STYPE = text)",
    "CREATE FUNCTION printf(text, bigint) RETURNS text LANGUAGE sql AS $$ SELECT lpad($2::text, "
    "substring($1 from '%0([0-9]+)d')::integer, '0') $$",
    "CREATE FUNCTION pragma_table_info(text) RETURNS TABLE (cid integer, name text, type text) LANGUAGE sql "
    "AS $$ "
    "SELECT ordinal_position::integer - 1, column_name::text, upper(data_type::text) FROM "
    "information_schema.columns "
    "WHERE table_schema = current_schema() AND table_name = $1 $$",
    "CREATE VIEW sqlite_schema AS SELECT 'table'::text AS type, tablename::text AS name FROM pg_tables WHERE "
    "schemaname = current_schema()",
    "GRANT SELECT ON sqlite_schema TO PUBLIC",
    NULL,
};

int database_is_pgsql(void)
{
    const char *given = getenv("CIVARCOS_DATABASE");

    return given && strcmp(given, "pgsql") == 0;
}

const char *database_absence(void)
{
#ifndef CIVARCOS_PGSQL
    if (database_is_pgsql()) {
        return "built without PostgreSQL";
    }
#endif
    return NULL;
}

const char *database_driver(void)
{
    return database_is_pgsql() ? "pgsql" : "sqlite3";
}

/* -- The server
 * ------------------------------------------------------------------------------------------------- */

static PGconn *connect_to(const char *parameters)
{
    PGconn *connection = PQconnectdb(parameters);

    if (PQstatus(connection) == CONNECTION_OK) {
        return connection;
    }
    test_note("cannot connect: %s", PQerrorMessage(connection));
    PQfinish(connection);
    return NULL;
}

static int run_pgsql(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : -1;
}

static void make_words(const cluster_t *cluster)
{
    PGconn *connection = connect_to(cluster_parameters(cluster, CLUSTER_OWNER, "", test_pool()));
    const char *const *word;

    for (word = words; connection && *word; word++) {
        if (run_pgsql(connection, *word)) {
            test_note("%s: %s", *word, PQerrorMessage(connection));
        }
    }
    PQfinish(connection);
}

cluster_t *database_cluster(void)
{
    static cluster_t *cluster;

    if (!cluster) {
        cluster = cluster_make("");
        if (cluster) {
            make_words(cluster);
        }
    }
    return cluster;
}

static const char *schema_of(const char *path, apr_pool_t *pool)
{
    civ_digest_t digest;
    char hex[CIV_DIGEST_HEX_SIZE];

    civ_digest_sha256(&digest, path, strlen(path));
    return apr_pstrcat(pool, "t_", apr_pstrndup(pool, civ_digest_hex(hex, &digest), 20), NULL);
}

static void make_schema(const cluster_t *cluster, const char *path)
{
    static apr_hash_t *known;
    const char *schema = schema_of(path, test_pool());
    PGconn *connection;

    if (!known) {
        apr_pool_t *lasting;

        apr_pool_create(&lasting, NULL);
        known = apr_hash_make(lasting);
    }
    if (apr_hash_get(known, schema, APR_HASH_KEY_STRING)) {
        return;
    }
    apr_hash_set(known, apr_pstrdup(apr_hash_pool_get(known), schema), APR_HASH_KEY_STRING, "");
    connection = connect_to(cluster_parameters(cluster, CLUSTER_OWNER, "", test_pool()));

    if (connection &&
        (run_pgsql(connection, "SET client_min_messages = error") ||
         run_pgsql(connection,
                   apr_psprintf(test_pool(), "CREATE SCHEMA IF NOT EXISTS %s AUTHORIZATION " CLUSTER_ROLE,
                                schema)))) {
        test_note("%s: %s", schema, PQerrorMessage(connection));
    }
    PQfinish(connection);
}

const char *database_parameters_as(const char *path, const char *role, const char *host, int port,
                                   apr_pool_t *pool)
{
    const cluster_t *cluster = database_cluster();

    if (!cluster) {
        return "host=/nowhere";
    }
    make_schema(cluster, path);
    return apr_psprintf(pool, "host=%s port=%d dbname=tests user=%s options='-c search_path=%s'",
                        host ? host : cluster->folder, port ? port : cluster->port, role,
                        schema_of(path, pool));
}

const char *database_parameters(const char *path, apr_pool_t *pool)
{
    return database_is_pgsql() ? database_parameters_as(path, CLUSTER_ROLE, NULL, 0, pool)
                               : apr_pstrdup(pool, path);
}

/* -- Connections
 * ------------------------------------------------------------------------------------------------ */

/* The connection that was closed last. A new one is a process that has to learn about all tables first, and some tests ask thousands
 * of questions, each on a connection of its own. */
static struct {
    PGconn *connection;
    char *path;
    pid_t owner; /* processes that it forks must not use it */
} spare;

static PGconn *take_spare(const char *path)
{
    PGconn *connection = spare.connection;

    if (!connection || spare.owner != getpid() || strcmp(spare.path, path) != 0) {
        return NULL;
    }
    spare.connection = NULL;
    /* Its server may have ended meanwhile. */
    if (PQconsumeInput(connection) && PQstatus(connection) == CONNECTION_OK) {
        return connection;
    }
    PQfinish(connection);
    return NULL;
}

static void give_back(PGconn *connection, const char *path)
{
    if (PQstatus(connection) != CONNECTION_OK || PQtransactionStatus(connection) != PQTRANS_IDLE) {
        PQfinish(connection);
        return;
    }
    if (spare.owner == getpid()) {
        PQfinish(spare.connection);
    }
    free(spare.path);
    spare.connection = connection;
    spare.path = strdup(path);
    spare.owner = getpid();
}

static int open_pgsql(database_t *database)
{
    const cluster_t *cluster = database_cluster();

    database->pgsql = take_spare(database->path);
    if (database->pgsql) {
        return 0;
    }
    if (cluster) {
        make_schema(cluster, database->path);
        database->pgsql = connect_to(
            cluster_parameters(cluster, CLUSTER_OWNER,
                               apr_psprintf(test_pool(),
                                            "options='-c search_path=%s," WORDS_SCHEMA
                                            " -c client_min_messages=error -c synchronous_commit=off'",
                                            schema_of(database->path, test_pool())),
                               test_pool()));
    }
    return database->pgsql && run_pgsql(database->pgsql, "SET ROLE " CLUSTER_ROLE) == 0 ? 0 : -1;
}

static int open_sqlite(database_t *database)
{
    if (sqlite3_open_v2(database->path, &database->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        NULL) != SQLITE_OK) {
        test_note("cannot open %s: %s", database->path, sqlite3_errmsg(database->sqlite));
        return -1;
    }
    sqlite3_busy_timeout(database->sqlite, BUSY_MILLISECONDS);
    return 0;
}

database_t *database_open(const char *path)
{
    database_t *database = calloc(1, sizeof(*database));

    database->path = path;
    if (database_is_pgsql() ? open_pgsql(database) : open_sqlite(database)) {
        database_close(database);
        return NULL;
    }
    return database;
}

void database_close(database_t *database)
{
    sqlite3_close(database->sqlite);
    if (database->pgsql) {
        give_back(database->pgsql, database->path);
    }
    free(database);
}

static int run_or_ignore(PGconn *connection, const char *sql)
{
    const char *all = "";
    const char *found;

    while ((found = strstr(sql, IGNORING))) {
        all = apr_pstrcat(test_pool(), all, apr_pstrmemdup(test_pool(), sql, (apr_size_t)(found - sql)),
                          "UPDATE ", NULL);
        sql = found + strlen(IGNORING);
    }
    if (run_pgsql(connection, apr_pstrcat(test_pool(), all, sql, NULL)) &&
        PQtransactionStatus(connection) == PQTRANS_INERROR) {
        run_pgsql(connection, "ROLLBACK");
    }
    return 0;
}

int database_run(database_t *database, const char *sql)
{
    int code;

    if (database->pgsql && strstr(sql, IGNORING)) {
        return run_or_ignore(database->pgsql, sql);
    }
    code = database->pgsql ? run_pgsql(database->pgsql, sql)
                           : sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);
    if (code != 0) {
        test_note("%s: %s", sql,
                  database->pgsql ? PQerrorMessage(database->pgsql) : sqlite3_errmsg(database->sqlite));
    }
    return code == 0 ? 0 : -1;
}

static const char *text_of_pgsql(PGconn *connection, const char *sql, int *failed, apr_pool_t *pool)
{
    PGresult *result = PQexec(connection, sql);
    const char *text = NULL;

    *failed = PQresultStatus(result) != PGRES_TUPLES_OK;
    if (*failed) {
        test_note("%s: %s", sql, PQerrorMessage(connection));
    } else if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0)) {
        text = apr_pstrdup(pool, PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return text;
}

static const char *text_of_sqlite(sqlite3 *connection, const char *sql, int *failed, apr_pool_t *pool)
{
    sqlite3_stmt *statement = NULL;
    const char *text = NULL;

    *failed = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK;
    if (*failed) {
        test_note("%s: %s", sql, sqlite3_errmsg(connection));
    } else if (sqlite3_step(statement) == SQLITE_ROW) {
        text = apr_pstrdup(pool, (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return text;
}

const char *database_text(database_t *database, const char *sql, int *failed, apr_pool_t *pool)
{
    int unused;

    failed = failed ? failed : &unused;
    return database->pgsql ? text_of_pgsql(database->pgsql, sql, failed, pool)
                           : text_of_sqlite(database->sqlite, sql, failed, pool);
}

int database_shut_out(database_t *database)
{
    return database_run(database, database->pgsql
                                      ? "BEGIN; SELECT pg_advisory_xact_lock(('x' || "
                                        "substr(encode(sha256(convert_to('civarcos writer ' || "
                                        "current_schema(), 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint)"
                                      : "BEGIN IMMEDIATE");
}

int database_do(const char *path, const char *sql)
{
    database_t *database = database_open(path);
    int result = database ? database_run(database, sql) : -1;

    if (database) {
        database_close(database);
    }
    return result;
}

const char *database_ask(const char *path, const char *sql, apr_pool_t *pool)
{
    database_t *database = database_open(path);
    const char *text = database ? database_text(database, sql, NULL, pool) : NULL;

    if (database) {
        database_close(database);
    }
    return text;
}
