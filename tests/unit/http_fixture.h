/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_fixture.h
 * A clock that the test moves, egress rules that know the mock servers, and clients of them.
 */
#ifndef CIV_TESTS_HTTP_FIXTURE_H
#define CIV_TESTS_HTTP_FIXTURE_H

#include "support/mock_platform.h"
#include "support/runner.h"
#include "sync/http.h"

/** What test tokens are made of: must never be seen where it does not belong. */
#define FIXTURE_TOKEN "tkn-5b1e0c"

/** A clock that stands until somebody sleeps. */
typedef struct fixture_clock_t {
    civ_clock_t clock;
    apr_int64_t now; /**< milliseconds since 1970; steady is the same */
    apr_int64_t slept;
    apr_uint32_t chance; /**< thousandths of the range that random() returns */
    int sleeps_left;     /**< is_interrupted() says so when this many sleeps are over; -1: never */
} fixture_clock_t;

/** Wed, 21 Oct 2026 07:28:00 GMT. */
#define FIXTURE_NOW APR_INT64_C(1792567680000)

void fixture_clock_init(fixture_clock_t *clock);

/** For civ_http_config_t, with the clock as baton. */
int fixture_interrupted(void *clock);

/** Rules with such a list, ended by NULL; on test_pool(). */
civ_egress_t *fixture_egress(const char *const *allow);

/** Configuration of a client for a mock server: its base, a token, rules that allow all of 127.0.0.0/8. */
civ_http_config_t fixture_config(const mock_platform_t *mock);

/** A client that must come to be. */
civ_http_t *fixture_client(const civ_http_config_t *config);

/** Get what must not fail to answer somehow; on test_pool(). */
civ_http_answer_t *fixture_get(civ_http_t *http, const char *url);

#endif
