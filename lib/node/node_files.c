/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What a node has on disk, and making it.
 */
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/seal.h"
#include "base/private_file.h"
#include "node/node_private.h"

const char *civ_node_database_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/civarcos.db", NULL);
}

const char *civ_node_head_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/signed-head", NULL);
}

const char *civ_node_key_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/keys/ledger.pem", NULL);
}

const char *civ_node_seal_key_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/keys/secrets.key", NULL);
}

const char *civ_node_pseudonym_key_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/keys/pseudonym.key", NULL);
}

const char *civ_node_pseudonym_id_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/pseudonym.id", NULL);
}

static const char *explain(const char *what, const char *path, apr_status_t status, apr_pool_t *pool)
{
    char reason[160];

    return apr_psprintf(pool, "%s \"%s\": %s", what, path, apr_strerror(status, reason, sizeof(reason)));
}

/* Where root starts httpd with User root, or a tool: for the account. What belongs to somebody else already is left alone. */
static apr_status_t give_away(const char *path, apr_uid_t uid, apr_gid_t gid)
{
    struct stat info;

    if (geteuid() != 0 || uid == 0)
        return APR_SUCCESS;
    if (lstat(path, &info) != 0)
        return apr_get_os_error();
    if (info.st_uid != 0 || S_ISLNK(info.st_mode))
        return APR_SUCCESS;
    return lchown(path, uid, gid) == 0 ? APR_SUCCESS : apr_get_os_error();
}

static apr_status_t make_folder(const char *path, apr_uid_t uid, apr_gid_t gid, const char **error,
                                apr_pool_t *pool)
{
    struct stat info;
    apr_status_t status = APR_SUCCESS;

    if (mkdir(path, 0700) == 0)
        status = civ_sync_folder_of(path, pool);
    else if (errno != EEXIST)
        status = apr_get_os_error();
    if (status == APR_SUCCESS && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
        status = APR_ENOTDIR;
    if (status == APR_SUCCESS)
        status = give_away(path, uid, gid);
    if (status != APR_SUCCESS)
        *error = explain("cannot make the folder", path, status, pool);
    return status;
}

static apr_status_t make_parents(const char *path, const char **error, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *parent;
    apr_status_t status;

    if (slash == NULL || slash == path)
        return APR_SUCCESS;
    parent = apr_pstrndup(pool, path, (apr_size_t)(slash - path));
    status =
        apr_dir_make_recursive(parent, APR_FPROT_OS_DEFAULT & ~(APR_FPROT_GWRITE | APR_FPROT_WWRITE), pool);
    if (status != APR_SUCCESS)
        *error = explain("cannot make the folder", parent, status, pool);
    return status;
}

/* A new key beside an old ledger could only make it read-only: better say what is missing. */
static apr_status_t refuse_new_key(const char *path, const char *database, const char **error,
                                   apr_pool_t *pool)
{
    struct stat info;

    if (database == NULL || stat(database, &info) != 0 || info.st_size == 0)
        return APR_SUCCESS;
    *error = apr_psprintf(
        pool,
        "the ledger's key \"%s\" is missing, but its database \"%s\" is there: put the key back from "
        "your backup",
        path, database);
    return APR_ENOENT;
}

static apr_status_t make_key(const char *path, const char *database, apr_uid_t uid, apr_gid_t gid,
                             const char **error, apr_pool_t *pool)
{
    civ_key_t *key;
    apr_status_t status;

    if (access(path, F_OK) != 0) {
        status = refuse_new_key(path, database, error, pool);
        if (status != APR_SUCCESS)
            return status;
        status = civ_key_generate(&key, pool);
        if (status == APR_SUCCESS)
            status = civ_key_save(key, path, pool);
        /* Another server that shares the folder was faster. */
        if (APR_STATUS_IS_EEXIST(status))
            status = APR_SUCCESS;
        if (status != APR_SUCCESS) {
            *error = explain("cannot make the ledger's key", path, status, pool);
            return status;
        }
    }
    status = give_away(path, uid, gid);
    if (status != APR_SUCCESS)
        *error = explain("cannot give away the ledger's key", path, status, pool);
    return status;
}

/* The name of the key, outside of the folder of keys: it tells that there was a key, and which. */
static apr_status_t write_pseudonym_id(const civ_node_config_t *config, const civ_pseudonym_key_t *key,
                                       apr_pool_t *pool)
{
    char id[CIV_PSEUDONYM_KEY_ID_SIZE + 1];
    apr_status_t status;

    civ_pseudonym_key_id(id, key);
    apr_cpystrn(id + CIV_PSEUDONYM_KEY_ID_SIZE - 1, "\n", 2);
    status =
        civ_private_file_put(civ_node_pseudonym_id_path(config, pool), id, CIV_PSEUDONYM_KEY_ID_SIZE, pool);
    return APR_STATUS_IS_EEXIST(status) ? APR_SUCCESS : status;
}

/* Members are known under pseudonyms that only the old key can make again: another key beside them would make each member two.
 * An installation from before there were pseudonyms has neither key nor id. */
static apr_status_t make_pseudonym_key(const civ_node_config_t *config, apr_uid_t uid, apr_gid_t gid,
                                       const char **error, apr_pool_t *pool)
{
    const char *path = civ_node_pseudonym_key_path(config, pool);
    const char *id = civ_node_pseudonym_id_path(config, pool);
    civ_pseudonym_key_t *key = NULL;
    apr_status_t status = APR_SUCCESS;

    if (access(path, F_OK) != 0) {
        if (access(id, F_OK) == 0) {
            *error =
                apr_psprintf(pool,
                             "the network's key \"%s\" is missing, but \"%s\" tells that there was one: put "
                             "the key back from your backup",
                             path, id);
            return APR_ENOENT;
        }
        status = civ_pseudonym_key_generate(&key, pool);
        if (status == APR_SUCCESS)
            status = civ_pseudonym_key_save(key, path, pool);
        /* Another server that shares the folder was faster. */
        if (APR_STATUS_IS_EEXIST(status))
            status = APR_SUCCESS;
    }
    /* Whatever the file holds is looked at when the node is opened. */
    if (status == APR_SUCCESS && civ_pseudonym_key_load(&key, path, pool) == APR_SUCCESS)
        status = write_pseudonym_id(config, key, pool);
    /* A ledger can be served from a folder that cannot be written. */
    if (status == EROFS || status == EACCES)
        status = APR_SUCCESS;
    if (status == APR_SUCCESS && access(path, F_OK) == 0)
        status = give_away(path, uid, gid);
    if (status == APR_SUCCESS && access(id, F_OK) == 0)
        status = give_away(id, uid, gid);
    if (status != APR_SUCCESS)
        *error = explain("cannot make the network's key", path, status, pool);
    return status;
}

/* With another key the credentials that were sealed before cannot be opened, which is found out, and said, where they are. */
static apr_status_t make_seal_key(const civ_node_config_t *config, apr_uid_t uid, apr_gid_t gid,
                                  const char **error, apr_pool_t *pool)
{
    const char *path = civ_node_seal_key_path(config, pool);
    civ_seal_key_t *key;
    apr_status_t status = APR_SUCCESS;

    if (access(path, F_OK) != 0) {
        status = civ_seal_key_make(&key, pool);
        if (status == APR_SUCCESS)
            status = civ_seal_key_save(key, path, pool);
        /* Another server that shares the folder was faster; or a ledger is served from a folder that cannot be written. */
        if (APR_STATUS_IS_EEXIST(status) || status == EROFS || status == EACCES)
            status = APR_SUCCESS;
    }
    if (status == APR_SUCCESS && access(path, F_OK) == 0)
        status = give_away(path, uid, gid);
    if (status != APR_SUCCESS)
        *error = explain("cannot make the key of the credentials", path, status, pool);
    return status;
}

/* Something is left of a database that was here: a new one would bury it. The node waits for it to come back. */
static int was_there(const char *path, const civ_node_config_t *config, apr_pool_t *pool)
{
    return access(path, F_OK) != 0 && (access(civ_node_head_path(config, pool), F_OK) == 0 ||
                                       access(apr_pstrcat(pool, path, "-wal", NULL), F_OK) == 0);
}

/* SQLite gives its side files to the owner of the database, so an empty file of the right owner is all it
 * takes. */
static apr_status_t make_database(const char *path, apr_uid_t uid, apr_gid_t gid, const char **error,
                                  apr_pool_t *pool)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    apr_status_t status = APR_SUCCESS;

    if (file >= 0)
        close(file);
    else if (errno != EROFS && errno != EACCES)
        status = apr_get_os_error();
    if (file >= 0)
        status = civ_sync_folder_of(path, pool);
    if (status == APR_SUCCESS)
        status = give_away(path, uid, gid);
    if (status != APR_SUCCESS)
        *error = explain("cannot make the database file", path, status, pool);
    return status;
}

static int uses_sqlite(const civ_node_config_t *config)
{
    return config->database_driver == NULL || strcmp(config->database_driver, "sqlite3") == 0;
}

apr_status_t civ_node_prepare(const civ_node_config_t *config, apr_uid_t uid, apr_gid_t gid,
                              const char **error, apr_pool_t *pool)
{
    const char *keys = apr_pstrcat(pool, config->state_dir, "/keys", NULL);
    const char *database = NULL;
    apr_status_t status = make_parents(config->state_dir, error, pool);

    if (uses_sqlite(config))
        database = config->database_parameters != NULL ? config->database_parameters
                                                       : civ_node_database_path(config, pool);
    if (status == APR_SUCCESS)
        status = make_folder(config->state_dir, uid, gid, error, pool);
    if (status == APR_SUCCESS)
        status = make_folder(keys, uid, gid, error, pool);
    if (status == APR_SUCCESS)
        status = make_key(civ_node_key_path(config, pool), database, uid, gid, error, pool);
    if (status == APR_SUCCESS)
        status = make_pseudonym_key(config, uid, gid, error, pool);
    if (status == APR_SUCCESS)
        status = make_seal_key(config, uid, gid, error, pool);
    if (status == APR_SUCCESS && database != NULL && !was_there(database, config, pool))
        status = make_database(database, uid, gid, error, pool);
    return status;
}
