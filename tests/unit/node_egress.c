/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_egress.c
 * Where a node's connectors may connect to, by its configuration.
 */
#include "support/runner.h"

#include "base/status.h"
#include "node/node.h"

#include <apr_strings.h>

#include <string.h>

static int allows(const civ_node_config_t *config, const char *text)
{
    civ_egress_t *egress;
    const char *reason;
    civ_url_t url;

    CU_ASSERT_EQUAL_FATAL(civ_node_egress(&egress, config, &reason, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_url_parse(&url, text, &reason, test_pool()), APR_SUCCESS);
    return civ_egress_check(egress, &url, &reason, test_pool()) == APR_SUCCESS;
}

static void public_by_default(void)
{
    CU_ASSERT_TRUE(allows(&civ_node_defaults, "https://ci.example/"));
    CU_ASSERT_FALSE(allows(&civ_node_defaults, "http://ci.example/"));
    CU_ASSERT_FALSE(allows(&civ_node_defaults, "https://10.0.0.1/"));
}

static void as_configured(void)
{
    civ_node_config_t config = civ_node_defaults;

    config.egress_allow = apr_array_make(test_pool(), 2, sizeof(const char *));
    APR_ARRAY_PUSH(config.egress_allow, const char *) = "10.0.0.0/8";
    APR_ARRAY_PUSH(config.egress_allow, const char *) = "jenkins.corp";
    CU_ASSERT_TRUE(allows(&config, "https://10.0.0.1/"));
    CU_ASSERT_TRUE(allows(&config, "http://jenkins.corp:8081/"));
    CU_ASSERT_FALSE(allows(&config, "https://192.168.0.1/"));
    CU_ASSERT_FALSE(allows(&config, "http://ci.example/"));
    config.egress_plain_http = 1;
    CU_ASSERT_TRUE(allows(&config, "http://ci.example/"));
}

static void bad_entries(void)
{
    civ_node_config_t config = civ_node_defaults;
    const char *error = NULL;
    civ_egress_t *egress;

    config.egress_allow = apr_array_make(test_pool(), 1, sizeof(const char *));
    APR_ARRAY_PUSH(config.egress_allow, const char *) = "10.0.0.1/8";
    CU_ASSERT_EQUAL(civ_node_egress(&egress, &config, &error, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "10.0.0.1/8"));
}

static const test_case_t cases[] = {{"public_by_default", public_by_default},
                                    {"as_configured", as_configured},
                                    {"bad_entries", bad_entries},
                                    {NULL, NULL}};
const test_suite_t node_egress_suite = {"node_egress", NULL, NULL, cases};
