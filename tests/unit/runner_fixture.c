/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runner_fixture.c
 * Connectors, jobs, and a runner that does them.
 */
#include "unit/runner_fixture.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "sync/connectors.h"
#include "unit/unit_support.h"

int runner_end_at;
int runner_calls;

static civ_problem_t problem;

/* --- connectors --- */

void connector_configure(const civ_engine_t *engine, const civ_connector_t *connector, const char *config)
{
    const civ_json_t *settings;
    int repeated;

    CU_ASSERT_EQUAL_FATAL(
        civ_json_parse(&settings, config, strlen(config), &civ_json_request_limits, &problem, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_connector_put(engine, connector->platform, connector->settings, settings, NULL,
                                      &repeated, &problem, test_pool()),
                    APR_SUCCESS);
}

const char *connector_state(const civ_engine_t *engine)
{
    civ_connector_row_t row;

    CU_ASSERT_EQUAL(civ_connector_get(engine, "example", &row, test_pool()), APR_SUCCESS);
    return row.state;
}

/* --- jobs --- */

civ_job_t job_add(const civ_engine_t *engine, const char *project_id)
{
    civ_job_t job;

    memset(&job, 0, sizeof(job));
    CU_ASSERT_EQUAL(civ_job_add(engine, "example", project_id, 0, &job, &problem, test_pool()), APR_SUCCESS);
    return job;
}

apr_status_t job_claim(const civ_engine_t *engine, const char *worker, civ_job_t *job)
{
    const civ_job_claimer_t claimer = {worker, NULL, 0, 0};

    return civ_job_claim_by(engine, &claimer, job, &problem, test_pool());
}

civ_job_t job_now(const civ_engine_t *engine, apr_int64_t number)
{
    civ_job_t job;

    memset(&job, 0, sizeof(job));
    CU_ASSERT_EQUAL(civ_job_get(engine, number, &job, test_pool()), APR_SUCCESS);
    return job;
}

/* --- runners --- */

static int stopping(void *baton)
{
    (void)baton;
    return runner_end_at > 0 && ++runner_calls >= runner_end_at;
}

void runner_configure(const civ_runner_t *runner, const char *url, const char *token)
{
    connector_configure(runner->engine, runner->connectors[0],
                        apr_psprintf(test_pool(), "{\"api_token\":\"%s\",\"base_url\":\"%s\"}", token, url));
}

civ_runner_t *runner_make(const civ_engine_t *engine, const civ_connector_t *connector, const char *url)
{
    static const char *const allow[] = {"127.0.0.1", NULL};
    const civ_connector_t **connectors = apr_pcalloc(test_pool(), 2 * sizeof(*connectors));
    civ_runner_t *runner = apr_pcalloc(test_pool(), sizeof(*runner));
    civ_egress_config_t rules = {.allow = allow, .plain_http = 1};
    civ_limiter_config_t limits = {0};
    const char *error = NULL;
    civ_egress_t *egress;

    connectors[0] = connector;
    runner->engine = engine;
    runner->connectors = connectors;
    runner->worker = "test";
    runner->stopping = stopping;
    runner->log = &unit_log;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_limiter_create(&runner->limiter, &limits, test_pool()), APR_SUCCESS);
    runner->egress = egress;
    runner_configure(runner, url, RUNNER_TOKEN);
    runner_calls = runner_end_at = 0;
    return runner;
}

apr_status_t runner_work(const civ_runner_t *runner)
{
    apr_status_t status;
    apr_pool_t *pool;
    civ_job_t job;

    apr_pool_create(&pool, test_pool());
    status = civ_runner_claim(runner, &job, pool);
    if (status == APR_SUCCESS)
        status = civ_runner_do(runner, &job, pool);
    apr_pool_destroy(pool);
    return status;
}
