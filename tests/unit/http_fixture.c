/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "unit/http_fixture.h"

#include <apr_strings.h>

static apr_int64_t now(void *baton)
{
    return ((fixture_clock_t *)baton)->now;
}

static void sleep_for(void *baton, apr_int64_t milliseconds)
{
    fixture_clock_t *clock = baton;

    clock->now += milliseconds;
    clock->slept += milliseconds;
    if (clock->sleeps_left > 0)
        clock->sleeps_left--;
}

static apr_uint32_t choose(void *baton, apr_uint32_t below)
{
    apr_uint64_t chance = ((fixture_clock_t *)baton)->chance;

    return chance >= 1000 ? below - 1 : (apr_uint32_t)(below * chance / 1000);
}

void fixture_clock_init(fixture_clock_t *clock)
{
    const civ_clock_t functions = {now, now, sleep_for, choose, clock};

    clock->clock = functions;
    clock->now = FIXTURE_NOW;
    clock->slept = 0;
    clock->chance = 500;
    clock->sleeps_left = -1;
}

int fixture_interrupted(void *clock)
{
    return ((fixture_clock_t *)clock)->sleeps_left == 0;
}

civ_egress_t *fixture_egress(const char *const *allow)
{
    civ_egress_config_t config = {0};
    civ_egress_t *egress;
    const char *error = NULL;

    config.allow = allow;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &config, &error, test_pool()), APR_SUCCESS);
    return egress;
}

civ_http_config_t fixture_config(const mock_platform_t *mock)
{
    static const char *const allow[] = {"127.0.0.0/8", NULL};
    static const char *const headers[] = {"Accept: application/vnd.mock+json", NULL};
    static const char *const secrets[] = {"Authorization: Bearer " FIXTURE_TOKEN,
                                          "Private-Token: " FIXTURE_TOKEN, NULL};
    civ_http_policy_t *policy = apr_pmemdup(test_pool(), &civ_http_default_policy, sizeof(*policy));
    civ_http_config_t config = {0};

    policy->pace.backoff_base = 1;
    policy->pace.backoff_most = 4;
    policy->rate = 0;
    config.base = mock_platform_url(mock);
    config.headers = headers;
    config.secrets = secrets;
    config.credential = "connector-1";
    config.egress = fixture_egress(allow);
    config.policy = policy;
    return config;
}

civ_http_t *fixture_client(const civ_http_config_t *config)
{
    const char *error = "";
    civ_http_t *http;
    apr_status_t status = civ_http_create(&http, config, &error, test_pool());

    if (status != APR_SUCCESS)
        test_note("%s", error);
    CU_ASSERT_EQUAL_FATAL(status, APR_SUCCESS);
    return http;
}

civ_http_answer_t *fixture_get(civ_http_t *http, const char *url)
{
    const civ_http_request_t request = {.url = url};
    civ_http_answer_t *answer = apr_palloc(test_pool(), sizeof(*answer));

    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, answer, test_pool()), APR_SUCCESS);
    return answer;
}
