/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "check.h"

#include "mount.h"
#include "nodes.h"
#include "runtime.h"

#include <http_core.h>
#include <http_log.h>
#include <unixd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

APLOG_USE_MODULE(civarcos);

/* The first setting about a node that was given in this server, or CIV_SETTING_COUNT. */
static civ_setting_e first_given(const civ_server_config_t *config)
{
    civ_setting_e setting;

    for (setting = 0; setting < CIV_SETTING_COUNT; setting++) {
        if (config->set & CIV_SETTING_BIT(setting) && civ_setting_scope(setting) < CIV_SCOPE_NAME) {
            break;
        }
    }
    return setting;
}

/* Where a setting was given, else where its server was defined. */
static const char *place_of(const server_rec *server, civ_setting_e setting, apr_pool_t *pool)
{
    const char *where = civ_server_config(server)->where[setting];

    return where ? apr_psprintf(pool, "%s (%s)", civ_server_label(server, pool), where)
                 : civ_server_label(server, pool);
}

static int check_virtual_hosts(server_rec *main_server, apr_pool_t *pool)
{
    server_rec *server;

    for (server = main_server->next; server; server = server->next) {
        const civ_server_config_t *config = civ_server_config(server);
        civ_setting_e setting;

        if (config == civ_server_config(main_server) ||
            config->set & CIV_SETTING_BIT(CIV_SETTING_STATE_DIR)) {
            continue;
        }
        setting = first_given(config);
        if (setting != CIV_SETTING_COUNT) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, server,
                         "CIV0300: %s at %s in %s is about a node, but this virtual host has "
                         "no " CIV_DIRECTIVE_STATE_DIR " of its own and so shares the main server's node",
                         civ_setting_directive(setting), config->where[setting],
                         civ_server_label(server, pool));
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* A file or folder as it is now, so that it is known also by another name (a symbolic link, a mount). */
typedef struct identity_t {
    const char *path;
    apr_finfo_t info;
    int is_there;
} identity_t;

typedef struct footprint_t {
    const civ_slot_t *slot;
    identity_t folder;
    identity_t database; /* only compared by path where it is no file */
} footprint_t;

static void identify(identity_t *identity, const char *path, int is_file, apr_pool_t *pool)
{
    identity->path = path;
    identity->is_there = is_file && apr_stat(&identity->info, path, APR_FINFO_IDENT, pool) == APR_SUCCESS;
}

static int is_same(const identity_t *left, const identity_t *right)
{
    return strcmp(left->path, right->path) == 0 ||
           (left->is_there && right->is_there && left->info.inode == right->info.inode &&
            left->info.device == right->info.device);
}

static void find_footprint(footprint_t *footprint, const civ_slot_t *slot, apr_pool_t *pool)
{
    static const char sqlite[] = "sqlite3 ";
    const char *database = civ_nodes_database(&slot->config, pool);
    int is_file = strncmp(database, sqlite, sizeof(sqlite) - 1) == 0;

    footprint->slot = slot;
    identify(&footprint->folder, slot->config.state_dir, 1, pool);
    identify(&footprint->database, is_file ? database + sizeof(sqlite) - 1 : database, is_file, pool);
}

static int check_pair(const footprint_t *left, const footprint_t *right, apr_pool_t *pool)
{
    const server_rec *one = left->slot->server;
    const server_rec *other = right->slot->server;

    if (is_same(&left->folder, &right->folder)) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, other,
                     "CIV0301: %s and %s have the same " CIV_DIRECTIVE_STATE_DIR
                     ", %s; each node needs a folder of its own",
                     place_of(one, CIV_SETTING_STATE_DIR, pool), place_of(other, CIV_SETTING_STATE_DIR, pool),
                     right->folder.path);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (is_same(&left->database, &right->database)) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, other,
                     "CIV0302: %s and %s have the same " CIV_DIRECTIVE_DATABASE
                     "; each node needs a database of its own",
                     place_of(one, CIV_SETTING_DATABASE_PARAMETERS, pool),
                     place_of(other, CIV_SETTING_DATABASE_PARAMETERS, pool));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static int check_pairs(const apr_array_header_t *nodes, apr_pool_t *pool)
{
    footprint_t *footprints = apr_pcalloc(pool, sizeof(*footprints) * (apr_size_t)(nodes->nelts + 1));
    int i;
    int j;

    for (i = 0; i < nodes->nelts; i++) {
        find_footprint(&footprints[i], APR_ARRAY_IDX(nodes, i, civ_slot_t *), pool);
        for (j = 0; j < i; j++) {
            int result = check_pair(&footprints[j], &footprints[i], pool);

            if (result != OK) {
                return result;
            }
        }
    }
    return OK;
}

/* A ServerName may hold what a ledger's name may not. */
static int is_ledger_name(const char *name)
{
    apr_size_t length = strlen(name);
    apr_size_t i;

    for (i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] >= 0x7f) {
            return 0;
        }
    }
    return length >= 1 && length <= 255;
}

/* What can be said of a database without connecting to it. Parameters are never repeated: a password may be in them. */
static int check_database(const civ_slot_t *slot, const char *driver, apr_pool_t *pool)
{
    const char *fault = civ_store_fault_of_parameters(driver, slot->config.database_parameters, pool);

    if (fault) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, slot->server,
                     "CIV0345: %s: the connection parameters of " CIV_DIRECTIVE_DATABASE
                     " %s cannot be used: %s",
                     place_of(slot->server, CIV_SETTING_DATABASE_PARAMETERS, pool), driver, fault);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!civ_store_tells_free_space(driver) &&
        civ_server_config(slot->server)->set & CIV_SETTING_BIT(CIV_SETTING_MIN_FREE)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, slot->server,
                     "CIV0346: %s: " CIV_DIRECTIVE_MIN_FREE " has no effect with " CIV_DIRECTIVE_DATABASE
                     " %s, whose disks cannot be seen from here",
                     place_of(slot->server, CIV_SETTING_MIN_FREE, pool), driver);
    }
    return OK;
}

static int check_node(const civ_slot_t *slot, apr_pool_t *pool)
{
    const civ_node_config_t *config = &slot->config;
    const char *driver = config->database_driver ? config->database_driver : "sqlite3";
    const char *error = NULL;

    if (!is_ledger_name(config->ledger_name)) {
        ap_log_error(
            APLOG_MARK, APLOG_EMERG, 0, slot->server,
            "CIV0303: the ledger of %s would be called \"%s\", which is not 1 to 255 printable ASCII "
            "characters without a space; give it a " CIV_DIRECTIVE_LEDGER_NAME,
            civ_server_label(slot->server, pool), config->ledger_name);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (civ_store_check_driver(driver, &error, pool) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, slot->server,
                     "CIV0304: %s: the database driver \"%s\" of " CIV_DIRECTIVE_DATABASE
                     " cannot be used: %s",
                     place_of(slot->server, CIV_SETTING_DATABASE_DRIVER, pool), driver,
                     error ? error : "no reason was given");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (strcmp(driver, "sqlite3") != 0 && !config->database_parameters) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, slot->server,
                     "CIV0305: %s: " CIV_DIRECTIVE_DATABASE " %s needs connection parameters",
                     place_of(slot->server, CIV_SETTING_DATABASE_DRIVER, pool), driver);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return check_database(slot, driver, pool);
}

static int check_nodes(const apr_array_header_t *nodes, apr_pool_t *pool)
{
    civ_state_plan_t *plans = apr_pcalloc(pool, sizeof(*plans) * (apr_size_t)(nodes->nelts + 1));
    apr_size_t size;
    int result = OK;
    int i;

    for (i = 0; i < nodes->nelts && result == OK; i++) {
        plans[i].hot_blocks = APR_ARRAY_IDX(nodes, i, civ_slot_t *)->config.hot_blocks;
        result = check_node(APR_ARRAY_IDX(nodes, i, civ_slot_t *), pool);
    }
    if (result == OK && nodes->nelts &&
        civ_state_size(&size, plans, (apr_size_t)nodes->nelts) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, APR_ARRAY_IDX(nodes, 0, civ_slot_t *)->server,
                     "CIV0306: %d nodes with their " CIV_DIRECTIVE_HOT_BLOCKS
                     " need too much shared memory: at most %d nodes and 1 GiB are possible",
                     nodes->nelts, CIV_STATE_MAX_NODES);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return result;
}

/* --- what only nodes in use need --- */

/* The name becomes part of the first block and cannot be changed, so it must not be what a look into the DNS happens to
 * give today. */
static int check_name(const civ_slot_t *slot, apr_pool_t *pool)
{
    if (slot->is_named || civ_server_config(slot->server)->values.node.ledger_name) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_EMERG, 0, slot->server,
                 "CIV0324: the ledger of %s has no name that lasts: give it a " CIV_DIRECTIVE_LEDGER_NAME
                 ", or its server a ServerName",
                 civ_server_label(slot->server, pool));
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* Paths would mean one thing before, another after. */
static int check_root(const civ_slot_t *slot, apr_pool_t *pool)
{
    if (!ap_unixd_config.chroot_dir) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_EMERG, 0, slot->server,
                 "CIV0325: the node of %s cannot be used with ChrootDir (%s)",
                 civ_server_label(slot->server, pool), ap_unixd_config.chroot_dir);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* What is wrong with the key file, as far as this account sees it; or NULL. */
static const char *fault_of_key(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return NULL;
    }
    if (!S_ISREG(info.st_mode) || info.st_size == 0) {
        return "is not a private key in PEM";
    }
    return info.st_mode & (S_IRWXG | S_IRWXO) ? "can be used by others; it must have mode 0600" : NULL;
}

/* Is a database of SQLite to be in a folder that is not there, and that is not made at start either? */
static int lacks_parent(const civ_node_config_t *config, apr_pool_t *pool)
{
    const char *path = config->database_parameters;
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *parent;
    struct stat info;

    if (!slash || slash == path || strcmp(config->database_driver, "sqlite3") != 0) {
        return 0;
    }
    parent = apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
    return strcmp(parent, config->state_dir) != 0 && stat(parent, &info) != 0 &&
           (errno == ENOENT || errno == ENOTDIR);
}

/* The first fault of what a node has on disk that can be seen without changing anything; or NULL. What this account
 * cannot see is no fault. */
static const char *fault_on_disk(const civ_slot_t *slot, apr_pool_t *pool)
{
    const char *folder = slot->config.state_dir;
    const char *key = apr_pstrcat(pool, folder, "/keys/ledger.pem", NULL);
    const char *fault = fault_of_key(key);
    struct stat info;

    if (lstat(folder, &info) == 0 && !S_ISDIR(info.st_mode)) {
        return apr_psprintf(pool, CIV_DIRECTIVE_STATE_DIR " \"%s\" is not a folder", folder);
    }
    if (fault) {
        return apr_psprintf(pool, "the ledger's key \"%s\" %s", key, fault);
    }
    if (lacks_parent(&slot->config, pool)) {
        return apr_psprintf(pool, "the folder of " CIV_DIRECTIVE_DATABASE " \"%s\" does not exist",
                            slot->config.database_parameters);
    }
    return NULL;
}

/* A restart goes on without the node. */
static int check_disk(const civ_slot_t *slot, apr_pool_t *pool)
{
    const char *fault = fault_on_disk(slot, pool);

    if (!fault) {
        return OK;
    }
    ap_log_error(APLOG_MARK, civ_runtime_is_restart() ? APLOG_CRIT : APLOG_EMERG, 0, slot->server,
                 "CIV0326: the node of %s cannot start: %s",
                 place_of(slot->server, CIV_SETTING_STATE_DIR, pool), fault);
    return civ_runtime_is_restart() ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static int check_used(const apr_array_header_t *nodes, apr_pool_t *pool)
{
    int result = OK;
    int i;

    for (i = 0; i < nodes->nelts && result == OK; i++) {
        const civ_slot_t *slot = APR_ARRAY_IDX(nodes, i, civ_slot_t *);

        if (slot->is_mounted) {
            result = check_root(slot, pool);
            result = result == OK ? check_name(slot, pool) : result;
            result = result == OK ? check_disk(slot, pool) : result;
        }
    }
    return result;
}

int civ_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const civ_mounts_t *mounts = civ_mounts_read(ptemp);
    const apr_array_header_t *nodes;
    int result;

    (void)plog;
    if (civ_mounts_misplaced(mounts)) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server, "CIV0307: %s", civ_mounts_misplaced(mounts));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!civ_nodes_any(main_server, mounts)) {
        return OK;
    }
    if (civ_store_initialize(pconf) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server, "CIV0308: apr_dbd cannot be initialised");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (civ_mounts_any(mounts, NULL) && !ap_find_linked_module("mod_watchdog.c")) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "CIV0309: SetHandler " CIV_HANDLER " needs mod_watchdog, which is not loaded");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    nodes = civ_nodes_collect(main_server, mounts, 1, ptemp);
    result = check_virtual_hosts(main_server, ptemp);
    result = result == OK ? check_nodes(nodes, ptemp) : result;
    result = result == OK ? check_pairs(nodes, ptemp) : result;
    return result == OK ? check_used(nodes, ptemp) : result;
}
