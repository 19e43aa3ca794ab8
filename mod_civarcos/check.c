/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "check.h"

#include "mount.h"
#include "nodes.h"

#include <http_core.h>
#include <http_log.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

/* The first setting about a node that was given in this server, or CIV_SETTING_COUNT. */
static civ_setting_e first_given(const civ_server_config_t *config)
{
    civ_setting_e setting;

    for (setting = 0; setting < CIV_SETTING_COUNT; setting++) {
        if (config->set & CIV_SETTING_BIT(setting) && civ_setting_scope(setting) != CIV_SCOPE_SERVER) {
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

/* The same file or folder, also by another name (a symbolic link, a mount)? */
static int is_same_file(const char *left, const char *right, apr_pool_t *pool)
{
    apr_finfo_t one;
    apr_finfo_t other;

    return strcmp(left, right) == 0 || (apr_stat(&one, left, APR_FINFO_IDENT, pool) == APR_SUCCESS &&
                                        apr_stat(&other, right, APR_FINFO_IDENT, pool) == APR_SUCCESS &&
                                        one.inode == other.inode && one.device == other.device);
}

static int is_same_database(const civ_slot_t *left, const civ_slot_t *right, apr_pool_t *pool)
{
    static const char sqlite[] = "sqlite3 ";
    const char *one = civ_nodes_database(&left->config, pool);
    const char *other = civ_nodes_database(&right->config, pool);

    if (strncmp(one, sqlite, sizeof(sqlite) - 1) == 0 && strncmp(other, sqlite, sizeof(sqlite) - 1) == 0) {
        return is_same_file(one + sizeof(sqlite) - 1, other + sizeof(sqlite) - 1, pool);
    }
    return strcmp(one, other) == 0;
}

static int check_pair(const civ_slot_t *left, const civ_slot_t *right, apr_pool_t *pool)
{
    if (is_same_file(left->config.state_dir, right->config.state_dir, pool)) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, right->server,
                     "CIV0301: %s and %s have the same " CIV_DIRECTIVE_STATE_DIR
                     ", %s; each node needs a folder of its own",
                     place_of(left->server, CIV_SETTING_STATE_DIR, pool),
                     place_of(right->server, CIV_SETTING_STATE_DIR, pool), right->config.state_dir);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (is_same_database(left, right, pool)) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, right->server,
                     "CIV0302: %s and %s have the same " CIV_DIRECTIVE_DATABASE
                     "; each node needs a database of its own",
                     place_of(left->server, CIV_SETTING_DATABASE_PARAMETERS, pool),
                     place_of(right->server, CIV_SETTING_DATABASE_PARAMETERS, pool));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static int check_pairs(const apr_array_header_t *nodes, apr_pool_t *pool)
{
    int i;
    int j;

    for (i = 0; i < nodes->nelts; i++) {
        for (j = 0; j < i; j++) {
            int result = check_pair(APR_ARRAY_IDX(nodes, j, civ_slot_t *),
                                    APR_ARRAY_IDX(nodes, i, civ_slot_t *), pool);

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
    return OK;
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

int civ_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const char *misplaced = civ_mount_misplaced(ptemp);
    const apr_array_header_t *nodes;
    int result;

    (void)plog;
    if (misplaced) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server, "CIV0307: %s", misplaced);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (civ_store_initialize(pconf) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server, "CIV0308: apr_dbd cannot be initialised");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (civ_nodes_collect(main_server, 0, ptemp)->nelts && !ap_find_linked_module("mod_watchdog.c")) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "CIV0309: SetHandler " CIV_HANDLER " needs mod_watchdog, which is not loaded");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    nodes = civ_nodes_collect(main_server, 1, ptemp);
    result = check_virtual_hosts(main_server, ptemp);
    if (result == OK) {
        result = check_nodes(nodes, ptemp);
    }
    return result == OK ? check_pairs(nodes, ptemp) : result;
}
