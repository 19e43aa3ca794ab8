/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * One connection: opening, statements, rows, transactions.
 */
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/store_private.h"

/* Longest text of the driver that goes into a log line. */
#define DRIVER_WORDS 300

/* Results that may wait to be read: they are small, but somebody has to keep them. */
#define MOST_SENT 256

static const civ_dialect_t *const dialects[] = {&civ_dialect_sqlite, &civ_dialect_pgsql, NULL};

const civ_dialect_t *civ_dialect_find(const char *driver)
{
    const civ_dialect_t *const *dialect;

    for (dialect = dialects; *dialect != NULL; dialect++)
        if (strcmp((*dialect)->driver, driver) == 0)
            return *dialect;
    return NULL;
}

static const civ_dialect_word_t *word_at(const civ_dialect_t *dialect, const char *text, apr_size_t *length)
{
    const civ_dialect_word_t *word;

    for (word = dialect->words; word->name != NULL; word++) {
        *length = strlen(word->name);
        if (strncmp(text, word->name, *length) == 0 && text[*length] == '(')
            return word;
    }
    return NULL;
}

/** The end of the argument that begins at @a text: its closing parenthesis. */
static const char *end_of_argument(const char *text)
{
    int depth = 0;

    for (; *text != '\0'; text++) {
        if (*text == '(')
            depth++;
        else if (*text == ')' && depth-- == 0)
            break;
    }
    return text;
}

static void fill_template(civ_buffer_t *out, const char *template, const char *argument, apr_size_t length)
{
    for (; *template != '\0'; template ++) {
        if (*template == '$')
            civ_buffer_append(out, argument, length);
        else
            civ_buffer_append_byte(out, *template);
    }
}

const char *civ_dialect_rewrite(const civ_dialect_t *dialect, const char *text, apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(text) + 64, pool);
    while (*text != '\0') {
        apr_size_t length;
        const civ_dialect_word_t *word = word_at(dialect, text, &length);

        if (word != NULL) {
            const char *argument = text + length + 1;
            const char *end = end_of_argument(argument);

            fill_template(&out, word->template, argument, (apr_size_t)(end - argument));
            text = *end == ')' ? end + 1 : end;
        } else {
            civ_buffer_append_byte(&out, *text++);
        }
    }
    return out.data;
}

apr_status_t civ_store_initialize(apr_pool_t *pool)
{
    return apr_dbd_init(pool);
}

static const char *supported_drivers(apr_pool_t *pool)
{
    const civ_dialect_t *const *dialect;
    const char *names = NULL;

    for (dialect = dialects; *dialect != NULL; dialect++)
        names = apr_pstrcat(pool, names != NULL ? names : "", names != NULL ? ", " : "", (*dialect)->driver,
                            NULL);
    return names;
}

apr_status_t civ_store_check_driver(const char *driver, const char **error, apr_pool_t *pool)
{
    const apr_dbd_driver_t *loaded;
    apr_status_t status;
    char reason[160];

    if (civ_dialect_find(driver) == NULL) {
        *error = apr_psprintf(pool, "the database driver \"%s\" is not supported (supported: %s)", driver,
                              supported_drivers(pool));
        return APR_ENOTIMPL;
    }
    status = apr_dbd_get_driver(pool, driver, &loaded);
    if (status != APR_SUCCESS)
        *error = apr_psprintf(pool, "apr_dbd cannot load its driver \"%s\" (%s): is its package installed?",
                              driver, apr_strerror(status, reason, sizeof(reason)));
    return status;
}

const char *civ_store_fault_of_parameters(const char *driver, const char *parameters, apr_pool_t *pool)
{
    const civ_dialect_t *dialect = civ_dialect_find(driver);

    return dialect != NULL && dialect->fault_of_parameters != NULL
               ? dialect->fault_of_parameters(parameters, pool)
               : NULL;
}

int civ_store_tells_free_space(const char *driver)
{
    const civ_dialect_t *dialect = civ_dialect_find(driver);

    return dialect != NULL && dialect->free_space != NULL;
}

/* --- failures --- */

static civ_log_level_e level_of(apr_status_t status)
{
    if (status == CIV_ESCHEMA)
        return CIV_LOG_DEBUG;
    return status == CIV_EBUSY || status == CIV_ECONSTRAINT ? CIV_LOG_INFO : CIV_LOG_ERROR;
}

apr_status_t civ_db_failed(civ_db_t *db, int code, const char *what)
{
    const char *reason = db->reason != NULL ? db->reason : apr_dbd_error(db->driver, db->handle, code);
    char words[DRIVER_WORDS + 1];
    apr_status_t status;

    /* Copied, because classifying makes the connection forget them. */
    apr_cpystrn(words, reason != NULL ? reason : "no reason given", sizeof(words));
    words[strcspn(words, "\n")] = '\0';
    status = db->dialect->classify(db, code);
    civ_log_write(db->config->log, level_of(status), APR_SUCCESS,
                  "CIV0102: database: %s failed (code %d): %s", what, code, words);
    /* What may have been opened wrongly, or is stale beyond one statement, is opened anew. */
    if (status == CIV_EREADONLY || status == CIV_EUNREACHABLE || status == CIV_ECORRUPT)
        db->broken = 1;
    if (status == CIV_ESCHEMA && db->in_transaction)
        db->broken = 1;
    if (db->in_transaction && db->failure == APR_SUCCESS)
        db->failure = status;
    return status;
}

/** Read the results of what was sent ahead. The transaction remembers a failure. */
static apr_status_t receive(civ_db_t *db)
{
    int code;

    if (db->sent == 0)
        return APR_SUCCESS;
    db->sent = 0;
    code = db->dialect->receive(db);
    if (code == 0)
        return APR_SUCCESS;
    civ_db_failed(db, code, "a statement that was sent ahead");
    db->reason = NULL;
    return db->failure;
}

int civ_db_raw_query(civ_db_t *db, const char *sql)
{
    int affected = 0;

    receive(db);
    return apr_dbd_query(db->driver, db->handle, &affected, sql);
}

apr_status_t civ_db_raw_value(civ_db_t *db, const char *sql, const char **value, apr_pool_t *pool)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int code;

    receive(db);
    code = apr_dbd_select(db->driver, pool, db->handle, &results, sql, 1);
    if (code != 0)
        return civ_db_failed(db, code, sql);
    if (apr_dbd_get_row(db->driver, pool, results, &row, -1) != 0)
        return APR_EOF;
    *value = apr_pstrdup(pool, apr_dbd_get_entry(db->driver, row, 0));
    if (*value == NULL)
        *value = "";
    /* Walk to the end: some drivers free their result only there. */
    while (apr_dbd_get_row(db->driver, pool, results, &row, -1) == 0)
        continue;
    return APR_SUCCESS;
}

/* --- opening --- */

static apr_status_t make_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status != APR_SUCCESS)
        return status;
    /* A root pool with its own allocator: connections move between threads and must share no pool with any.
     */
    status = apr_pool_create_ex(pool, NULL, NULL, allocator);
    if (status == APR_SUCCESS)
        apr_allocator_owner_set(allocator, *pool);
    else
        apr_allocator_destroy(allocator);
    return status;
}

static void make_statement_slots(civ_db_t *db)
{
    apr_size_t i;

    db->prepared = apr_pcalloc(db->pool, db->config->set_count * sizeof(*db->prepared));
    for (i = 0; i < db->config->set_count; i++)
        db->prepared[i] = apr_pcalloc(db->pool, db->config->sets[i].count * sizeof(**db->prepared));
}

static apr_status_t close_cleanup(void *baton)
{
    civ_db_t *db = baton;

    db->owner = NULL;
    civ_db_close(db);
    return APR_SUCCESS;
}

static void report_connect(civ_db_t *db, apr_status_t status, const char *error)
{
    const char *words = error != NULL ? error : "no reason given";

    if (db->dialect->conceal != NULL)
        words = db->dialect->conceal(words, db->config->parameters, db->pool);
    civ_log_write(db->config->log, CIV_LOG_ERROR, status, "CIV0103: database: cannot connect: %.*s",
                  DRIVER_WORDS, words);
}

static apr_status_t connect_database(civ_db_t *db)
{
    const char *parameters = db->config->parameters, *error = NULL;
    apr_status_t status = apr_dbd_get_driver(db->pool, db->config->driver, &db->driver);

    if (status != APR_SUCCESS)
        return status;
    if (db->config->must_exist && db->dialect->find != NULL)
        status = db->dialect->find(parameters, &error, db->pool);
    if (db->dialect->complete_parameters != NULL)
        parameters = db->dialect->complete_parameters(parameters, db->pool);
    if (status == APR_SUCCESS)
        status = apr_dbd_open_ex(db->driver, db->pool, parameters, &db->handle, &error);
    if (status != APR_SUCCESS) {
        report_connect(db, status, error);
        db->handle = NULL;
        return CIV_EUNREACHABLE;
    }
    return db->dialect->setup(db);
}

apr_status_t civ_db_open(civ_db_t **out, const civ_store_config_t *config, apr_pool_t *pool)
{
    const civ_dialect_t *dialect = civ_dialect_find(config->driver);
    apr_pool_t *own;
    civ_db_t *db;
    apr_status_t status;

    if (dialect == NULL)
        return APR_ENOTIMPL;
    status = make_pool(&own);
    if (status != APR_SUCCESS)
        return status;
    db = apr_pcalloc(own, sizeof(*db));
    db->config = config;
    db->dialect = dialect;
    db->pool = own;
    apr_pool_create(&db->scratch, own);
    make_statement_slots(db);
    status = connect_database(db);
    if (status != APR_SUCCESS) {
        civ_db_close(db);
        return status;
    }
    if (pool != NULL) {
        db->owner = pool;
        apr_pool_cleanup_register(pool, db, close_cleanup, apr_pool_cleanup_null);
    }
    *out = db;
    return APR_SUCCESS;
}

void civ_db_close(civ_db_t *db)
{
    if (db->owner != NULL)
        apr_pool_cleanup_kill(db->owner, db, close_cleanup);
    if (db->handle != NULL) {
        civ_db_rollback(db);
        apr_dbd_close(db->driver, db->handle);
    }
    apr_pool_destroy(db->pool);
}

/* --- statements --- */

static civ_prepared_t *slot_of(civ_db_t *db, const civ_statement_t *statement)
{
    apr_size_t i;

    for (i = 0; i < db->config->set_count; i++) {
        const civ_statement_set_t *set = &db->config->sets[i];

        if (statement >= set->statements && statement < set->statements + set->count)
            return &db->prepared[i][statement - set->statements];
    }
    return NULL;
}

static apr_status_t prepare(civ_db_t *db, const civ_statement_t *statement, civ_prepared_t *slot)
{
    const char *text = civ_dialect_rewrite(db->dialect, statement->text, db->pool);
    int code;

    /* Where statements have names, a stale one keeps its own until the connection is closed. */
    slot->label = statement->label;
    if (db->again > 0)
        slot->label = apr_psprintf(db->pool, "%s_%u", slot->label, db->again);
    code = apr_dbd_prepare(db->driver, db->pool, db->handle, text, slot->label, &slot->prepared);

    if (code == 0)
        return APR_SUCCESS;
    slot->prepared = NULL;
    return civ_db_failed(db, code, statement->label);
}

static void bind_values(const void **values, const civ_argument_t *arguments, int count)
{
    int i;

    for (i = 0; i < count; i++)
        values[i] =
            arguments[i].text != NULL ? (const void *)arguments[i].text : (const void *)&arguments[i].integer;
}

/* Either kind of run, so that preparing again after a schema change is written once. */
typedef struct run_t {
    const civ_statement_t *statement;
    const void *values[CIV_STORE_MAX_ARGUMENTS];
    int affected;
    apr_dbd_results_t *results; /**< wanted when pool is set */
    apr_pool_t *pool;
} run_t;

static int run_once(civ_db_t *db, run_t *run, apr_dbd_prepared_t *prepared)
{
    if (run->pool != NULL) {
        run->results = NULL;
        return apr_dbd_pbselect(db->driver, run->pool, db->handle, &run->results, prepared, 1, run->values);
    }
    apr_pool_clear(db->scratch);
    return apr_dbd_pbquery(db->driver, db->scratch, db->handle, &run->affected, prepared, run->values);
}

static apr_status_t run(civ_db_t *db, run_t *what, const civ_argument_t *arguments, int count)
{
    civ_prepared_t *slot = slot_of(db, what->statement);
    apr_status_t status = CIV_ESCHEMA;
    int tries;

    if (slot == NULL || count > CIV_STORE_MAX_ARGUMENTS)
        return APR_EINVAL;
    receive(db);
    if (db->in_transaction && db->failure != APR_SUCCESS)
        return db->failure;
    bind_values(what->values, arguments, count);
    for (tries = 0; tries < 2 && status == CIV_ESCHEMA; tries++) {
        int code;

        status = slot->prepared != NULL ? APR_SUCCESS : prepare(db, what->statement, slot);
        if (status != APR_SUCCESS)
            continue;
        code = run_once(db, what, slot->prepared);
        if (code == 0)
            return APR_SUCCESS;
        status = civ_db_failed(db, code, what->statement->label);
        if (status == CIV_ESCHEMA) {
            slot->prepared = NULL;
            db->again++;
        }
        if (db->in_transaction)
            break;
    }
    return status;
}

apr_status_t civ_db_execute(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                            int count, int *affected)
{
    run_t what = {.statement = statement};
    apr_status_t status = run(db, &what, arguments, count);

    if (status == APR_SUCCESS && affected != NULL)
        *affected = what.affected;
    return status;
}

apr_status_t civ_db_send(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                         int count)
{
    civ_prepared_t *slot = slot_of(db, statement);
    apr_status_t status = APR_SUCCESS;
    int code;

    if (!db->in_transaction || db->dialect->send == NULL)
        return civ_db_execute(db, statement, arguments, count, NULL);
    if (slot == NULL || count > CIV_STORE_MAX_ARGUMENTS)
        return APR_EINVAL;
    if (slot->prepared == NULL || db->sent >= MOST_SENT)
        status = receive(db);
    if (status == APR_SUCCESS)
        status = db->failure;
    if (status == APR_SUCCESS && slot->prepared == NULL)
        status = prepare(db, statement, slot);
    if (status != APR_SUCCESS)
        return status;
    code = db->dialect->send(db, slot->label, arguments, count);
    if (code != 0)
        return civ_db_failed(db, code, statement->label);
    db->sent++;
    return APR_SUCCESS;
}

struct civ_rows_t {
    civ_db_t *db;
    apr_dbd_results_t *results;
    apr_dbd_row_t *row;
    apr_pool_t *pool;
    int ended; /**< some drivers free their result at the end and must not be asked again */
};

apr_status_t civ_db_select(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                           int count, civ_rows_t **rows, apr_pool_t *pool)
{
    run_t what = {.statement = statement, .pool = pool};
    apr_status_t status = run(db, &what, arguments, count);

    if (status != APR_SUCCESS)
        return status;
    *rows = apr_pcalloc(pool, sizeof(**rows));
    (*rows)->db = db;
    (*rows)->results = what.results;
    (*rows)->pool = pool;
    return APR_SUCCESS;
}

apr_status_t civ_rows_next(civ_rows_t *rows)
{
    const civ_db_t *db = rows->db;

    if (!rows->ended)
        rows->ended = apr_dbd_get_row(db->driver, rows->pool, rows->results, &rows->row, -1) != 0;
    return rows->ended ? APR_EOF : APR_SUCCESS;
}

const char *civ_rows_text(civ_rows_t *rows, int column)
{
    const char *text = apr_dbd_get_entry(rows->db->driver, rows->row, column);

    return text != NULL ? text : "";
}

apr_status_t civ_rows_int(civ_rows_t *rows, int column, apr_int64_t *value)
{
    const char *text = civ_rows_text(rows, column);
    char *end;

    if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
        return CIV_EINVALID;
    errno = 0;
    *value = apr_strtoi64(text, &end, 10);
    return *end == '\0' && errno == 0 ? APR_SUCCESS : CIV_EINVALID;
}

apr_status_t civ_db_run(civ_db_t *db, const char *sql)
{
    int code;

    receive(db);
    if (db->in_transaction && db->failure != APR_SUCCESS)
        return db->failure;
    apr_pool_clear(db->scratch);
    code = civ_db_raw_query(db, civ_dialect_rewrite(db->dialect, sql, db->scratch));
    return code == 0 ? APR_SUCCESS : civ_db_failed(db, code, "a schema step");
}

/* --- transactions --- */

/** Whoever opens the database must find what this connection writes. */
static apr_status_t check_name(civ_db_t *db)
{
    if (db->dialect->is_lost == NULL || !db->dialect->is_lost(db))
        return APR_SUCCESS;
    civ_log_write(db->config->log, CIV_LOG_ERROR, APR_SUCCESS,
                  "CIV0255: database: it was moved away or replaced while it was open");
    db->broken = 1;
    return CIV_EUNREACHABLE;
}

apr_status_t civ_db_begin(civ_db_t *db)
{
    int tries, code = 0;
    apr_status_t status = CIV_ESCHEMA;

    if (db->in_transaction)
        return APR_EINVAL;
    /* An ad-hoc text fails once on a connection after another one changed the schema, then works. */
    for (tries = 0; tries < 2 && status == CIV_ESCHEMA; tries++) {
        code = db->dialect->begin(db);
        status = code == 0 ? APR_SUCCESS : civ_db_failed(db, code, "BEGIN");
    }
    if (status == APR_SUCCESS) {
        db->in_transaction = 1;
        db->failure = check_name(db);
        status = db->failure;
    } else if (!db->broken && db->dialect->is_inside(db)) {
        db->in_transaction = 1;
    }
    if (status != APR_SUCCESS)
        civ_db_rollback(db);
    return status;
}

void civ_db_rollback(civ_db_t *db)
{
    if (!db->in_transaction)
        return;
    receive(db);
    db->in_transaction = 0;
    db->failure = APR_SUCCESS;
    /* SQLite rolls back by itself after some failures; then this one finds nothing to do and says so. The
     * connection is only trusted again when it is certainly out of the transaction: the pool opens a new one.
     */
    if (civ_db_raw_query(db, "ROLLBACK") != 0)
        db->broken = 1;
}

apr_status_t civ_db_commit(civ_db_t *db, int *unknown)
{
    apr_status_t status;
    int code;

    *unknown = 0;
    if (!db->in_transaction)
        return APR_EINVAL;
    receive(db);
    status = db->failure;
    if (status != APR_SUCCESS) {
        civ_db_rollback(db);
        return status;
    }
    code = db->dialect->commit(db);
    if (code == 0) {
        db->in_transaction = 0;
        /* Only now is it certain that others find what was committed: the name may have gone at any moment. */
        status = check_name(db);
        *unknown = status != APR_SUCCESS;
        return status;
    }
    status = civ_db_failed(db, code, "COMMIT");
    *unknown = db->dialect->is_uncertain(db);
    if (*unknown)
        db->broken = 1;
    civ_db_rollback(db);
    return status;
}

int civ_db_in_transaction(const civ_db_t *db)
{
    return db->in_transaction;
}

apr_status_t civ_db_free_space(civ_db_t *db, apr_int64_t *bytes)
{
    return db->dialect->free_space != NULL ? db->dialect->free_space(db, bytes) : APR_ENOTIMPL;
}

apr_status_t civ_db_copy(civ_db_t *db, const char *path, int (*interrupted)(void *baton), void *baton)
{
    return db->dialect->copy != NULL ? db->dialect->copy(db, path, interrupted, baton) : APR_ENOTIMPL;
}

apr_status_t civ_db_seclude(civ_db_t *db)
{
    return db->dialect->seclude != NULL ? db->dialect->seclude(db) : APR_ENOTIMPL;
}

apr_status_t civ_db_count_foreign(civ_db_t *db, apr_int64_t *count, apr_pool_t *pool)
{
    const char *value;
    apr_status_t status = civ_db_raw_value(db, db->dialect->count_foreign, &value, pool);

    if (status == CIV_ESCHEMA)
        status = civ_db_raw_value(db, db->dialect->count_foreign, &value, pool);
    if (status == APR_SUCCESS)
        *count = apr_atoi64(value);
    return status;
}

void civ_store_problem(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool)
{
    switch (status) {
    case CIV_EFULL:
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                        "There is no room left to store evidence; nothing was stored");
        break;
    case CIV_EREADONLY:
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                        "The database cannot be written; nothing was stored");
        break;
    case CIV_ECORRUPT:
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                        "The database is damaged; an administrator has to restore it");
        break;
    case CIV_EINTERRUPTED:
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool, "The server is stopping; nothing was stored");
        break;
    case CIV_EUNSETTLED:
        civ_problem_set(
            problem, CIV_PROBLEM_UNAVAILABLE, pool,
            "The database was lost while this was being stored, and it is not known whether it was; "
            "a repeat with the same Idempotency-Key stores nothing twice");
        break;
    case CIV_ECONFLICT:
    case CIV_EBUSY:
    case CIV_EUNREACHABLE:
    case CIV_ESCHEMA:
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                        "The database cannot be reached; nothing was stored");
        break;
    default:
        if (APR_STATUS_IS_TIMEUP(status))
            civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                            "The database is busy; nothing was stored");
        else
            civ_problem_set(problem, CIV_PROBLEM_INTERNAL, pool,
                            "The server met an error of its own; its log has the details");
    }
}
