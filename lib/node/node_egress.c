/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Where a node's connectors may connect to.
 */
#include <apr_tables.h>

#include "node/node.h"

apr_status_t civ_node_egress(civ_egress_t **egress, const civ_node_config_t *config, const char **error,
                             apr_pool_t *pool)
{
    civ_egress_config_t rules = {0};
    int count = config->egress_allow != NULL ? config->egress_allow->nelts : 0;
    const char **allow = apr_pcalloc(pool, sizeof(*allow) * (apr_size_t)(count + 1));
    int i;

    for (i = 0; i < count; i++)
        allow[i] = APR_ARRAY_IDX(config->egress_allow, i, const char *);
    rules.allow = allow;
    rules.plain_http = config->egress_plain_http;
    return civ_egress_create(egress, &rules, error, pool);
}
