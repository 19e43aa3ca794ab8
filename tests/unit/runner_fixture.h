/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runner_fixture.h
 * What the tests of jobs share: connectors that are configured, jobs that are claimed, and a runner that does them over HTTP.
 */
#ifndef CIV_TESTS_RUNNER_FIXTURE_H
#define CIV_TESTS_RUNNER_FIXTURE_H

#include "sync/runner.h"

/** The token that runners are configured with. */
#define RUNNER_TOKEN "tkn-81c0ffee"

/** A runner is told to end when it has asked so often; 0: never. */
extern int runner_end_at;

/** How often a runner has asked since it was made. */
extern int runner_calls;

/** Store a connector's configuration, which is JSON text. */
void connector_configure(const civ_engine_t *engine, const civ_connector_t *connector, const char *config);

/** How the connector of the platform "example" is. On test_pool(). */
const char *connector_state(const civ_engine_t *engine);

/** Ask for a project of the platform "example" to be synchronised. */
civ_job_t job_add(const civ_engine_t *engine, const char *project_id);

/** Take the next job, whatever it is. @return as civ_job_claim_by */
apr_status_t job_claim(const civ_engine_t *engine, const char *worker, civ_job_t *job);

/** A job as it is now. */
civ_job_t job_now(const civ_engine_t *engine, apr_int64_t number);

/** A worker named "test" for one connector, which is configured for the platform at @a url, on this machine. */
civ_runner_t *runner_make(const civ_engine_t *engine, const civ_connector_t *connector, const char *url);

/** Configure the runner's connector for another URL or token. */
void runner_configure(const civ_runner_t *runner, const char *url, const char *token);

/** Take a job and do it, if there is one. @return as civ_runner_claim and civ_runner_do */
apr_status_t runner_work(const civ_runner_t *runner);

#endif
