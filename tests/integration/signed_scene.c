/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signed_scene.c
 * One server at a time.
 */
#include "config.h"

#include "integration/signed_scene.h"

#include "integration/scenario.h"
#include "support/runner.h"

#include <apr_strings.h>

harness_t *signed_server;
http_client_t *signed_web;

void signed_start_on(const char *mpm, const char *config)
{
    harness_options_t options = {mpm, config, NULL};

    signed_server = harness_start(&options);
    CU_ASSERT_FATAL(signed_server != NULL);
    signed_web = http_client(signed_server->url, test_pool());
}

void signed_start_with(const char *config)
{
    signed_start_on(NULL, config);
}

void signed_start(void)
{
    signed_start_with(SIGNER_CONFIG "LogLevel civarcos:info\n");
}

void signed_stop(void)
{
    CU_ASSERT(harness_log_is_clean(signed_server, SIGNED_WARNED, NULL));
    CU_ASSERT_EQUAL(harness_stop(signed_server), 0);
    signed_server = NULL;
}

const char *signed_leaving(const char *organization)
{
    return apr_psprintf(test_pool(), "{\"organization_id\":\"%s\"}", organization);
}

signer_request_t signed_request_of(const char *key, const char *path, const char *body)
{
    signer_request_t request = {.server = signed_server, .key = key, .path = path, .body = body};

    return request;
}
