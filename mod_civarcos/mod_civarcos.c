/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mod_civarcos.c
 * The module record, and which of httpd's hooks leads where.
 */
#include "module.h"

#include "check.h"
#include "dispatch.h"
#include "runtime.h"
#include "signature.h"

#include <http_config.h>
#include <http_protocol.h>
#include <mpm_common.h>

#include <apr_strings.h>

static void register_hooks(apr_pool_t *pool)
{
    /* The watchdog counts its tasks in post_config and starts its thread in child_init; both come after ours.
     */
    static const char *const watchdog[] = {"mod_watchdog.c", NULL};
    /* mod_unixd knows by then which account the children run as. */
    static const char *const unixd[] = {"mod_unixd.c", NULL};

    (void)pool;
    ap_hook_pre_config(civ_runtime_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(civ_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(civ_runtime_post_config, unixd, watchdog, APR_HOOK_MIDDLE);
    ap_hook_child_init(civ_runtime_child_init, NULL, watchdog, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(civ_runtime_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(civ_dispatch, NULL, NULL, APR_HOOK_MIDDLE);
    civ_signature_register();
}

/* All that this library shows to the outside. */
#ifdef __GNUC__
extern module AP_MODULE_DECLARE_DATA civarcos_module __attribute__((visibility("default")));
#endif
AP_DECLARE_MODULE(civarcos) = {STANDARD20_MODULE_STUFF, NULL,           NULL,           civ_config_create,
                               civ_config_merge,        civ_directives, register_hooks, AP_MODULE_FLAG_NONE};

civ_server_config_t *civ_server_config(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &civarcos_module);
}

const char *civ_server_label(const server_rec *server, apr_pool_t *pool)
{
    if (!server->is_virtual) {
        return "the main server";
    }
    return apr_psprintf(pool, "virtual host %s (%s:%u)", server->server_hostname,
                        server->defn_name ? server->defn_name : "?", server->defn_line_number);
}
