/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * All that is particular to SQLite: settings, error codes, words, free space.
 */
#include <apr_strings.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/dialect.h"
#include "store/store_private.h"

/* Waits inside SQLite hold apr_dbd's mutex for the whole process, and the driver repeats a busy call 16 times
 * with 100 ms between: a short timeout answers soonest under contention (20 to 50 ms measured best). */
#define BUSY_TIMEOUT "PRAGMA busy_timeout=25"

/* How long a new connection waits for a database that somebody has for himself: 40 times 25 ms, and as long again within
 * SQLite. */
#define OPEN_TRIES 40
#define OPEN_PAUSE apr_time_from_msec(25)

typedef struct setting_t {
    const char *set;
    const char *read; /**< NULL: a failure to set is not fatal, nothing is compared */
    const char *expected;
} setting_t;

static const setting_t settings[] = {
    {BUSY_TIMEOUT, "PRAGMA busy_timeout", "25"},
    {"PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous=FULL", "PRAGMA synchronous", "2"},
    /* A rewritten log file costs less to sync than a growing one, so it may stay large. 4,000 pages are 16
       MiB. */
    {"PRAGMA wal_autocheckpoint=4000", "PRAGMA wal_autocheckpoint", "4000"},
    {"PRAGMA cache_size=-16384", NULL, NULL},
    {"PRAGMA temp_store=MEMORY", NULL, NULL},
    /* A schema that others could edit must not call anything with side effects. */
    {"PRAGMA trusted_schema=OFF", NULL, NULL},
    {NULL, NULL, NULL},
};

/* SQLite lets any value stand in any column but a primary key. A text kept as a blob reads the same, yet is not found by
 * its text; so what is verified is asked for with its type. */
static const civ_dialect_word_t words[] = {
    {"CIV_OCTETS", "CASE typeof($) WHEN 'text' THEN length(CAST($ AS BLOB)) ELSE -1 END"},
    {"CIV_INTEGER", "CASE typeof($) WHEN 'integer' THEN $ ELSE NULL END"},
    {"CIV_BY", "INDEXED BY $"},
    {"CIV_KEY", "$ INTEGER PRIMARY KEY"},
    {NULL, NULL},
};

static sqlite3 *native(civ_db_t *db)
{
    return apr_dbd_native_handle(db->driver, db->handle);
}

static apr_status_t classify_native(int primary, const char *message)
{
    switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CIV_EBUSY;
    case SQLITE_FULL:
        return CIV_EFULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return CIV_EREADONLY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return CIV_EUNREACHABLE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CIV_ECORRUPT;
    case SQLITE_CONSTRAINT:
        return CIV_ECONSTRAINT;
    case SQLITE_SCHEMA:
        return CIV_ESCHEMA;
    default:
        /* The driver compiles with sqlite3_prepare, which does not prepare again by itself: after the first
         * report a stale statement fails for ever, and the connection claims that nothing is wrong. */
        if (strstr(message, "schema has changed") != NULL || strcmp(message, "not an error") == 0)
            return CIV_ESCHEMA;
        return CIV_EDATABASE;
    }
}

static apr_status_t classify(civ_db_t *db, int code)
{
    sqlite3 *connection = native(db);
    int primary = sqlite3_extended_errcode(connection) & 0xff;
    apr_status_t status;

    /* The driver's own code counts where the connection has already forgotten. */
    if (primary == SQLITE_OK && code != SQLITE_ERROR)
        primary = code & 0xff;
    status = classify_native(primary, sqlite3_errmsg(connection));
    /* A statement that expired before it ran fails without a word: the connection still shows its last failure,
     * so let that be none. */
    sqlite3_exec(connection, "", NULL, NULL, NULL);
    return status;
}

static apr_status_t apply(civ_db_t *db, const setting_t *setting, apr_pool_t *pool)
{
    const char *value = NULL;
    apr_status_t status;

    /* By select: setting a PRAGMA returns a row, which the driver's query takes for a failure. */
    status = civ_db_raw_value(db, setting->set, &value, pool);
    if (setting->read == NULL || (status != APR_SUCCESS && status != APR_EOF))
        return status == APR_EOF ? APR_SUCCESS : status;
    status = civ_db_raw_value(db, setting->read, &value, pool);
    if (status != APR_SUCCESS)
        return status;
    if (strcmp(value, setting->expected) == 0)
        return APR_SUCCESS;
    civ_log_write(db->config->log, CIV_LOG_ERROR, APR_SUCCESS,
                  "CIV0101: %s reads %s, not %s: the file system may not suit SQLite's write-ahead log",
                  setting->read, value, setting->expected);
    return CIV_EUNREACHABLE;
}

/* A process that closes a database's last connection has it for itself while it folds the log into the file: at every
 * graceful restart the old generation does that while the new one opens. */
static apr_status_t apply_patiently(civ_db_t *db, const setting_t *setting, apr_pool_t *pool)
{
    apr_status_t status = apply(db, setting, pool);
    int tries;

    for (tries = 1; status == CIV_EBUSY && tries < OPEN_TRIES; tries++) {
        apr_sleep(OPEN_PAUSE);
        status = apply(db, setting, pool);
    }
    return status;
}

/* Without journal_mode: what is only read keeps the mode it has, so the bytes of a backup stay as they are. */
static const setting_t settings_for_reading[] = {
    {BUSY_TIMEOUT, "PRAGMA busy_timeout", "25"}, {"PRAGMA query_only=ON", "PRAGMA query_only", "1"},
    {"PRAGMA cache_size=-16384", NULL, NULL},    {"PRAGMA temp_store=MEMORY", NULL, NULL},
    {"PRAGMA trusted_schema=OFF", NULL, NULL},   {NULL, NULL, NULL},
};

/* Pages that are read from a mapping need no call into the kernel, no copy, and no room in the connection's own cache: what
 * is read at random from a large database costs little more than from a small one. It is only read through the mapping;
 * writing goes the usual way, so that a full disk stays an error that is reported. */
static apr_status_t map(civ_db_t *db, apr_pool_t *pool)
{
    const setting_t mapping = {apr_psprintf(pool, "PRAGMA mmap_size=%" APR_INT64_T_FMT, db->config->map_size),
                               NULL, NULL};

    return apply_patiently(db, &mapping, pool);
}

static apr_status_t setup(civ_db_t *db)
{
    const setting_t *setting;
    apr_pool_t *pool;
    apr_status_t status = APR_SUCCESS;

    apr_pool_create(&pool, db->pool);
    setting = db->config->read_only ? settings_for_reading : settings;
    for (; setting->set != NULL && status == APR_SUCCESS; setting++)
        status = apply_patiently(db, setting, pool);
    if (status == APR_SUCCESS)
        status = map(db, pool);
    apr_pool_destroy(pool);
    return status;
}

static apr_status_t free_space(civ_db_t *db, apr_int64_t *bytes)
{
    const char *file = sqlite3_db_filename(native(db), "main");
    struct statvfs info;

    if (file == NULL || file[0] == '\0')
        return APR_ENOTIMPL;
    if (statvfs(file, &info) != 0)
        return apr_get_os_error();
    *bytes = (apr_int64_t)info.f_bavail * (apr_int64_t)info.f_frsize;
    return APR_SUCCESS;
}

static apr_off_t size_of(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? info.st_size : errno == ENOENT ? -1 : 1;
}

/* Beside a file that is not there, or has nothing in it, SQLite removes the write-ahead log: it takes it for a leftover.
 * But the file may be back in a moment, and then the newest transactions are missing. */
static apr_status_t find(const char *parameters, const char **error, apr_pool_t *pool)
{
    apr_off_t size = size_of(parameters);

    if (size < 0) {
        *error = apr_psprintf(pool, "there is no file \"%s\", and none is made in its place", parameters);
        return CIV_EUNREACHABLE;
    }
    if (size == 0 && size_of(apr_pstrcat(pool, parameters, "-wal", NULL)) > 0) {
        *error = apr_psprintf(pool, "the file \"%s\" is empty, but its write-ahead log is not", parameters);
        return CIV_EUNREACHABLE;
    }
    return APR_SUCCESS;
}

static int is_lost(civ_db_t *db)
{
    int moved = 0;

    return sqlite3_file_control(native(db), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

/* Steps of SQLite's machine between two looks at whether to go on: some hundred times a second. */
#define STEPS_BETWEEN_LOOKS 100000

static apr_status_t vacuum_into(sqlite3 *connection, const char *path)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(connection, "VACUUM INTO ?1", -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code == SQLITE_DONE)
        return APR_SUCCESS;
    return code == SQLITE_INTERRUPT ? CIV_EINTERRUPTED
                                    : classify_native(code & 0xff, sqlite3_errmsg(connection));
}

/* Past apr_dbd, which keeps its mutex while a statement runs, and knows neither this parameter nor a way to break off. */
static apr_status_t copy(civ_db_t *db, const char *path, int (*interrupted)(void *baton), void *baton)
{
    sqlite3 *connection = native(db);
    apr_status_t status;

    if (interrupted != NULL)
        sqlite3_progress_handler(connection, STEPS_BETWEEN_LOOKS, interrupted, baton);
    /* Nothing is written to the database itself, but "query only" does not know that. */
    if (db->config->read_only)
        sqlite3_exec(connection, "PRAGMA query_only=OFF", NULL, NULL, NULL);
    status = vacuum_into(connection, path);
    if (db->config->read_only)
        sqlite3_exec(connection, "PRAGMA query_only=ON", NULL, NULL, NULL);
    sqlite3_progress_handler(connection, 0, NULL, NULL);
    return status;
}

/* The write-ahead log is only given up by who is alone. */
static apr_status_t seclude(civ_db_t *db)
{
    const char *mode = "";
    apr_status_t status = civ_db_raw_value(db, "PRAGMA journal_mode=DELETE", &mode, db->pool);

    if (status == APR_SUCCESS && strcmp(mode, "delete") != 0)
        status = CIV_EBUSY;
    return status;
}

static int begin(civ_db_t *db)
{
    return civ_db_raw_query(db, "BEGIN IMMEDIATE");
}

static int commit(civ_db_t *db)
{
    return civ_db_raw_query(db, "COMMIT");
}

/* A failure to sync the log comes after it was written. */
static int is_uncertain(civ_db_t *db)
{
    (void)db;
    return 1;
}

static int is_inside(civ_db_t *db)
{
    return !sqlite3_get_autocommit(native(db));
}

const civ_dialect_t civ_dialect_sqlite = {
    .driver = "sqlite3",
    .count_foreign = "SELECT COUNT(*) FROM sqlite_master WHERE type IN ('trigger', 'view')",
    .words = words,
    .setup = setup,
    .begin = begin,
    .commit = commit,
    .is_uncertain = is_uncertain,
    .is_inside = is_inside,
    .classify = classify,
    .free_space = free_space,
    .find = find,
    .is_lost = is_lost,
    .copy = copy,
    .seclude = seclude,
};
