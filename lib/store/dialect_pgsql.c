/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * All that is particular to PostgreSQL: connection strings, settings, the lock of all writers, commits, error codes, words.
 */
#include <apr_strings.h>
#include <libpq-fe.h>
#include <libpq-events.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/timestamp.h"
#include "store/dialect.h"
#include "store/store_private.h"

/* No commit takes longer, unless the server waits for a standby that is gone: then all writers would wait for ever. */
#define COMMIT_WAIT apr_time_from_sec(10)

/* What hosts that share a ledger agree about, together with the schema: the number of the lock. */
#define LOCK_NAME "civarcos writer "

#define REOPEN_PAUSE apr_time_from_msec(200)

#define SQLSTATE_SIZE 6
#define REASON_SIZE   400
#define INTEGER_SIZE  24

/* Idle connections have nothing to say but this often: changed settings, a notice, the end. */
#define IDLE_READS 16

/* What belongs to a connection. */
typedef struct own_t {
    char sqlstate[SQLSTATE_SIZE]; /**< of the newest result; "" where the server gave none */
    char reason[REASON_SIZE];     /**< of a failure among what was sent ahead */
    const char *begin;
} own_t;

static PGconn *native(civ_db_t *db)
{
    return apr_dbd_native_handle(db->driver, db->handle);
}

/* --- connection strings --- */

/* For what the administrator does not say. The times bound how long a host that is gone can be taken for a slow one. A
 * standby would do to connect, but not to write. */
static const struct {
    const char *keyword;
    const char *value;
} defaults[] = {
    {"connect_timeout", "5"},      {"fallback_application_name", "mod_civarcos"},
    {"keepalives_count", "3"},     {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},  {"target_session_attrs", "read-write"},
    {"tcp_user_timeout", "15000"}, {NULL, NULL},
};

static const char *const secrets[] = {"password", "sslpassword", NULL};

/** The options of a connection string, with NULL as the value of those not given; to be freed with PQconninfoFree. NULL when
 *  it cannot be understood. The library's reason would quote from it, and is dropped. */
static PQconninfoOption *parse(const char *parameters)
{
    char *reason = NULL;
    PQconninfoOption *options = PQconninfoParse(parameters, &reason);

    PQfreemem(reason);
    return options;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    return NULL;
}

static const char *fault_of_parameters(const char *parameters, apr_pool_t *pool)
{
    PQconninfoOption *options = parse(parameters);
    const char *host, *fault = NULL;

    (void)pool;
    if (options == NULL)
        return "they are no connection string of PostgreSQL (keyword=value ..., or postgresql://...; values "
               "with blanks "
               "or quotes must be quoted)";
    host = value_of(options, "host");
    if (host != NULL && strchr(host, '@') != NULL && host[0] != '@')
        fault = "the host would have an @ in it; in a user name or password of a URI it is written %40";
    PQconninfoFree(options);
    return fault;
}

static void append_option(civ_buffer_t *out, const char *keyword, const char *value)
{
    civ_buffer_append(out, keyword, strlen(keyword));
    civ_buffer_append(out, "='", 2);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            civ_buffer_append_byte(out, '\\');
        civ_buffer_append_byte(out, *value);
    }
    civ_buffer_append(out, "' ", 2);
}

static const char *complete_parameters(const char *parameters, apr_pool_t *pool)
{
    PQconninfoOption *options = parse(parameters);
    const PQconninfoOption *option;
    civ_buffer_t out;
    int i;

    if (options == NULL)
        return parameters;
    civ_buffer_init(&out, 512, pool);
    for (option = options; option->keyword != NULL; option++)
        if (option->val != NULL)
            append_option(&out, option->keyword, option->val);
    for (i = 0; defaults[i].keyword != NULL; i++)
        if (value_of(options, defaults[i].keyword) == NULL)
            append_option(&out, defaults[i].keyword, defaults[i].value);
    PQconninfoFree(options);
    return out.data;
}

static const char *without(const char *words, const char *secret, apr_pool_t *pool)
{
    const char *found = secret != NULL && secret[0] != '\0' ? strstr(words, secret) : NULL;
    civ_buffer_t out;

    if (found == NULL)
        return words;
    civ_buffer_init(&out, strlen(words) + 1, pool);
    for (; found != NULL; found = strstr(words, secret)) {
        civ_buffer_append(&out, words, (apr_size_t)(found - words));
        civ_buffer_append(&out, "***", 3);
        words = found + strlen(secret);
    }
    civ_buffer_append(&out, words, strlen(words));
    return out.data;
}

static const char *conceal(const char *words, const char *parameters, apr_pool_t *pool)
{
    PQconninfoOption *options = parse(parameters);
    char *line, *place;
    int i;

    if (options == NULL)
        return "the connection parameters cannot be understood";
    for (i = 0; secrets[i] != NULL; i++)
        words = without(words, value_of(options, secrets[i]), pool);
    PQconninfoFree(options);
    /* A line for each host that was tried, the further ones behind a tab. */
    line = apr_pstrdup(pool, words);
    for (place = line; *place != '\0'; place++)
        if (*place == '\n' || *place == '\t')
            *place = ' ';
    while (place > line && place[-1] == ' ')
        *--place = '\0';
    return line;
}

/* --- settings --- */

typedef struct setting_t {
    const char *sql;      /**< sets, or only reads; its value is that of the first column */
    const char *expected; /**< NULL: any */
    apr_status_t status;  /**< where it is another */
    const char *fault;
} setting_t;

/* All times are bounded: a host that stops in the middle of a transaction must not keep the others from writing. */
static const setting_t settings[] = {
    {"SELECT pg_is_in_recovery()", "f", CIV_EREADONLY,
     "this server is a standby; name all servers in the connection parameters, then the primary is found"},
    {"SHOW transaction_read_only", "off", CIV_EREADONLY, "this server takes only reading transactions"},
    {"SHOW server_encoding", "UTF8", CIV_EUNREACHABLE, "the database's encoding is not UTF8"},
    {"SHOW fsync", "on", CIV_EUNREACHABLE,
     "fsync is off in the server: what it calls committed may be lost, so nothing could be acknowledged"},
    {"SELECT set_config('client_encoding', 'UTF8', false)", "UTF8", CIV_EUNREACHABLE,
     "client_encoding cannot be set"},
    {"SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' "
     "THEN "
     "'remote_apply' ELSE 'on' END, false)",
     NULL, APR_SUCCESS, NULL},
    {"SELECT current_setting('synchronous_commit') IN ('on', 'remote_apply')", "t", CIV_EUNREACHABLE,
     "synchronous_commit cannot be set"},
    {"SELECT set_config('statement_timeout', '30s', false)", "30s", CIV_EUNREACHABLE,
     "statement_timeout cannot be set"},
    {"SELECT set_config('lock_timeout', '5s', false)", "5s", CIV_EUNREACHABLE, "lock_timeout cannot be set"},
    {"SELECT set_config('idle_in_transaction_session_timeout', '30s', false)", "30s", CIV_EUNREACHABLE,
     "idle_in_transaction_session_timeout cannot be set"},
    {"SELECT set_config('default_transaction_isolation', 'read committed', false)", "read committed",
     CIV_EUNREACHABLE, "default_transaction_isolation cannot be set"},
    /* Statements here are too small to be worth compiling. */
    {"SELECT set_config('jit', 'off', false)", NULL, APR_SUCCESS, NULL},
    /* Each has its index. Tables grow from nothing faster than the server counts them, and a plan made for an empty one would go on reading
     * all of it. */
    {"SELECT set_config('enable_seqscan', 'off', false)", NULL, APR_SUCCESS, NULL},
    {"SELECT current_schema() IS NOT NULL", "t", CIV_EUNREACHABLE,
     "none of the schemas in this role's search_path exists; the tables would have no place"},
    /* From here on exactly one schema, so that another one made later hides nothing and adds nothing. */
    {"SELECT set_config('search_path', quote_ident(current_schema()), false)", NULL, APR_SUCCESS, NULL},
    /* An operator that anybody has put there would be called by our statements, with our rights. */
    {"SELECT NOT has_schema_privilege('public', current_schema(), 'CREATE')", "t", CIV_EUNREACHABLE,
     "every role may create things in the ledger's schema: REVOKE CREATE ON SCHEMA ... FROM PUBLIC"},
    {NULL, NULL, APR_SUCCESS, NULL},
};

/* The words for what SQLite and PostgreSQL say differently. Text is compared by its bytes, whatever the database's own order
 * is; and it has no length of its own, since CHAR(n) would be padded and would not use its index for other kinds of text. */
static const civ_dialect_word_t words[] = {
    {"CIV_OCTETS", "COALESCE(octet_length($), -1)"},
    {"CIV_INTEGER", "$"},
    {"CIV_BY", ""},
    {"CIV_KEY", "$ BIGINT PRIMARY KEY"},
    {"VARCHAR", "TEXT COLLATE \"C\""},
    {"CHAR", "TEXT COLLATE \"C\""},
    {NULL, NULL},
};

/** libpq tells of every result; what apr_dbd keeps of one is only that it failed. */
static int note_result(PGEventId event, void *info, void *unused)
{
    (void)unused;
    if (event == PGEVT_RESULTCREATE) {
        const PGEventResultCreate *created = info;
        own_t *own = PQinstanceData(created->conn, note_result);
        const char *sqlstate = PQresultErrorField(created->result, PG_DIAG_SQLSTATE);

        if (own != NULL)
            apr_cpystrn(own->sqlstate, sqlstate != NULL ? sqlstate : "", sizeof(own->sqlstate));
    }
    return 1;
}

static apr_status_t apply(civ_db_t *db, const setting_t *setting, apr_pool_t *pool)
{
    const char *value = "";
    apr_status_t status = civ_db_raw_value(db, setting->sql, &value, pool);

    if (status != APR_SUCCESS)
        return status == APR_EOF ? CIV_EDATABASE : status;
    if (setting->expected == NULL || strcmp(value, setting->expected) == 0)
        return APR_SUCCESS;
    civ_log_write(db->config->log, CIV_LOG_ERROR, APR_SUCCESS, "CIV0107: database: %s", setting->fault);
    return setting->status;
}

/** Writers of one schema exclude one another, on whatever host they are. */
static apr_status_t choose_lock(civ_db_t *db, own_t *own, apr_pool_t *pool)
{
    const char *schema = "", *name;
    civ_digest_t digest;
    apr_uint64_t number = 0;
    int i;
    apr_status_t status = civ_db_raw_value(db, "SELECT current_schema()", &schema, pool);

    if (status != APR_SUCCESS)
        return status;
    name = apr_pstrcat(pool, LOCK_NAME, schema, NULL);
    civ_digest_sha256(&digest, name, strlen(name));
    for (i = 0; i < 8; i++)
        number = number << 8 | digest.bytes[i];
    /* By name, since a search_path or a setting of the role may say otherwise; the lock goes with the transaction. */
    own->begin = apr_psprintf(
        db->pool,
        "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_catalog.pg_advisory_xact_lock(%" APR_INT64_T_FMT ")",
        (apr_int64_t)number);
    return APR_SUCCESS;
}

static apr_status_t setup(civ_db_t *db)
{
    own_t *own = apr_pcalloc(db->pool, sizeof(*own));
    const setting_t *setting;
    apr_pool_t *pool;
    apr_status_t status = APR_SUCCESS;

    db->own = own;
    if (!PQregisterEventProc(native(db), note_result, "civarcos", NULL) ||
        !PQsetInstanceData(native(db), note_result, own))
        return APR_ENOMEM;
    /* The details of a failure may hold what is in a row, which is nothing for a log. */
    PQsetErrorVerbosity(native(db), PQERRORS_TERSE);
    apr_pool_create(&pool, db->pool);
    for (setting = settings; setting->sql != NULL && status == APR_SUCCESS; setting++)
        status = apply(db, setting, pool);
    if (status == APR_SUCCESS)
        status = choose_lock(db, own, pool);
    apr_pool_destroy(pool);
    return status;
}

/* --- failures --- */

/* By SQLSTATE, or the beginning of one; the first that fits. */
static const struct {
    const char *sqlstate;
    apr_status_t status;
} classes[] = {
    {"08", CIV_EUNREACHABLE},    /* connection exceptions */
    {"0A000", CIV_ESCHEMA},      /* a prepared statement's result would have other columns by now */
    {"23", CIV_ECONSTRAINT},     /* integrity constraint violations */
    {"25006", CIV_EREADONLY},    /* read-only transaction: most likely this server is no primary any more */
    {"25P03", CIV_EUNREACHABLE}, /* idle for too long inside a transaction: the connection is gone */
    {"26000", CIV_ESCHEMA},      /* no such prepared statement */
    {"42P07", CIV_ESCHEMA},      /* a table, made by another process this very moment ... */
    {"42710", CIV_ESCHEMA},      /* ... or as far as its type */
    {"40003", CIV_EUNREACHABLE}, /* completion unknown */
    {"40", CIV_ECONFLICT},       /* serialization failure, deadlock: try again */
    {"42501", CIV_EREADONLY},    /* no privilege */
    {"53100", CIV_EFULL},        /* disk full */
    {"53", CIV_EBUSY},           /* memory, connections */
    {"55P03", CIV_EBUSY},        /* lock_timeout */
    {"57014", CIV_EBUSY},        /* statement_timeout */
    {"57", CIV_EUNREACHABLE},    /* shutdown, crash, starting up, dropped */
    {"58", CIV_EUNREACHABLE},    /* input and output */
    {"XX001", CIV_ECORRUPT},     /* damaged data */
    {"XX002", CIV_ECORRUPT},     /* damaged index */
    {NULL, CIV_EDATABASE},
};

static const char *sqlstate_of(const civ_db_t *db)
{
    const own_t *own = db->own;

    return own != NULL ? own->sqlstate : "";
}

static apr_status_t classify(civ_db_t *db, int code)
{
    const char *sqlstate = sqlstate_of(db);
    int i;

    (void)code;
    if (PQstatus(native(db)) != CONNECTION_OK)
        return CIV_EUNREACHABLE;
    for (i = 0; classes[i].sqlstate != NULL; i++)
        if (strncmp(sqlstate, classes[i].sqlstate, strlen(classes[i].sqlstate)) == 0)
            break;
    return classes[i].status;
}

/* Only an answer of the server itself, on a connection that goes on, says for certain that nothing was committed. */
static int is_uncertain(civ_db_t *db)
{
    return PQstatus(native(db)) != CONNECTION_OK || sqlstate_of(db)[0] == '\0' ||
           classify(db, PGRES_FATAL_ERROR) == CIV_EUNREACHABLE;
}

/* --- transactions --- */

static int begin(civ_db_t *db)
{
    const own_t *own = db->own;

    return civ_db_raw_query(db, own->begin);
}

static int is_inside(civ_db_t *db)
{
    PGTransactionStatusType status = PQtransactionStatus(native(db));

    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

/** Wait until the socket has something to read. @return 0 when the time is over */
static int wait_for_input(PGconn *connection, apr_time_t deadline)
{
    struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN};
    apr_time_t left = deadline - civ_timestamp_steady();

    return left > 0 && poll(&socket, 1, (int)apr_time_as_msec(left) + 1) != 0;
}

/** Read the results of what was sent. @return whether the last one is a COMMIT that was one */
static int is_committed(PGconn *connection)
{
    PGresult *result;
    int committed = 0;

    while ((result = PQgetResult(connection)) != NULL) {
        /* A transaction that had failed is rolled back by COMMIT, which calls that a success. */
        committed = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
        PQclear(result);
    }
    return committed;
}

static int commit(civ_db_t *db)
{
    PGconn *connection = native(db);
    own_t *own = db->own;
    apr_time_t deadline = civ_timestamp_steady() + COMMIT_WAIT;

    own->sqlstate[0] = '\0';
    if (!PQsendQuery(connection, "COMMIT"))
        return PGRES_FATAL_ERROR;
    while (PQisBusy(connection)) {
        if (!wait_for_input(connection, deadline)) {
            /* Whatever is asked of this connection from now on would wait for that answer. */
            shutdown(PQsocket(connection), SHUT_RDWR);
            return PGRES_FATAL_ERROR;
        }
        if (!PQconsumeInput(connection))
            break;
    }
    return is_committed(connection) ? 0 : PGRES_FATAL_ERROR;
}

/* --- sending ahead --- */

#ifdef LIBPQ_HAS_PIPELINING
static int send_ahead(civ_db_t *db, const char *label, const civ_argument_t *arguments, int count)
{
    const char *values[CIV_STORE_MAX_ARGUMENTS];
    char integers[CIV_STORE_MAX_ARGUMENTS][INTEGER_SIZE];
    PGconn *connection = native(db);
    own_t *own = db->own;
    int i;

    for (i = 0; i < count; i++) {
        apr_snprintf(integers[i], INTEGER_SIZE, "%" APR_INT64_T_FMT, arguments[i].integer);
        values[i] = arguments[i].text != NULL ? arguments[i].text : integers[i];
    }
    own->sqlstate[0] = '\0';
    return (PQpipelineStatus(connection) != PQ_PIPELINE_OFF || PQenterPipelineMode(connection)) &&
                   PQsendQueryPrepared(connection, label, count, values, NULL, NULL, 0)
               ? 0
               : PGRES_FATAL_ERROR;
}

/** The first failure counts; what came behind it was not tried. */
static void note_failure(civ_db_t *db, const PGresult *result, char sqlstate[SQLSTATE_SIZE])
{
    own_t *own = db->own;

    apr_cpystrn(sqlstate, own->sqlstate, SQLSTATE_SIZE);
    apr_cpystrn(own->reason, PQresultErrorMessage(result), sizeof(own->reason));
    db->reason = own->reason;
}

static int receive_all(civ_db_t *db)
{
    PGconn *connection = native(db);
    own_t *own = db->own;
    char sqlstate[SQLSTATE_SIZE] = "";
    int code = 0, complete = !PQpipelineSync(connection);

    if (complete)
        code = PGRES_FATAL_ERROR;
    while (!complete && PQstatus(connection) == CONNECTION_OK) {
        PGresult *result = PQgetResult(connection);
        ExecStatusType status = result != NULL ? PQresultStatus(result) : PGRES_EMPTY_QUERY; /* between two */

        complete = status == PGRES_PIPELINE_SYNC;
        if (code == 0 && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)) {
            code = (int)status;
            note_failure(db, result, sqlstate);
        }
        PQclear(result);
    }
    if (!PQexitPipelineMode(connection) || !complete)
        code = PGRES_FATAL_ERROR;
    apr_cpystrn(own->sqlstate, sqlstate, sizeof(own->sqlstate));
    return code;
}
#endif

static int is_alive(civ_db_t *db)
{
    PGconn *connection = native(db);
    struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN};
    int reads;

    for (reads = 0; reads < IDLE_READS && PQstatus(connection) == CONNECTION_OK; reads++) {
        if (poll(&socket, 1, 0) == 0)
            return 1;
        if (!PQconsumeInput(connection))
            return 0;
        /* Takes what came out of the buffer. */
        PQisBusy(connection);
    }
    return 0;
}

/* Triggers, rules, row security and heirs of our tables; views of our schema, which are rules that select. */
#define OURS                                                                                                 \
    "FROM pg_catalog.pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE "      \
    "nspname = current_schema())"
#define HEIR "FROM pg_catalog.pg_inherits h WHERE h.inhparent IN (SELECT c.oid " OURS ")"

const civ_dialect_t civ_dialect_pgsql = {
    .driver = "pgsql",
    .count_foreign =
        "SELECT (SELECT COUNT(*) FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid IN "
        "(SELECT c.oid " OURS ")) + (SELECT COUNT(*) FROM pg_catalog.pg_rewrite r WHERE r.ev_class IN "
        "(SELECT c.oid " OURS ")) + (SELECT COUNT(*) FROM pg_catalog.pg_policy p WHERE p.polrelid IN "
        "(SELECT c.oid " OURS ")) + (SELECT COUNT(*) " HEIR ")",
    /* Building an index on a large table takes its time. */
    .before_step = "SET LOCAL statement_timeout = 0",
    .words = words,
    .reopen_pause = REOPEN_PAUSE,
    .fault_of_parameters = fault_of_parameters,
    .complete_parameters = complete_parameters,
    .conceal = conceal,
    .setup = setup,
    .begin = begin,
    .commit = commit,
    .is_uncertain = is_uncertain,
    .is_inside = is_inside,
    .is_alive = is_alive,
#ifdef LIBPQ_HAS_PIPELINING
    .send = send_ahead,
    .receive = receive_all,
#endif
    .classify = classify,
};
