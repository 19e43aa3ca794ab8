/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_endurance.c
 * Who is in stays in, and is counted right: over restarts and crashes, on several hosts, and while many come and go at once.
 */
#include "config.h"

#include "integration/crowd.h"
#include "integration/scenario.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define JOIN   "/api/federated/join"
#define LEAVE  "/api/federated/leave"
#define STATUS "/api/federated/status"

#define CONFIG SCENARIO_PROCESSES "CivarcosLedgerName members.test/ledger\nCivarcosStateRefresh 200\n"

#define CLIENTS 8
#define EACH    12

static int setup(void)
{
    return crowd_setup(CONFIG);
}

static http_response_t *join(http_client_t *web, const char *id)
{
    return scenario_post(
        web, JOIN, apr_pstrcat(test_pool(), "join ", id, NULL),
        apr_psprintf(test_pool(),
                     "{\"organization_id\":\"%s\",\"evidence_endpoint\":\"https://org.example\"}", id));
}

/* What one server says of the totals, compared with the database. */
static int is_true(void *baton)
{
    http_response_t *status = http_get(baton, STATUS);
    apr_int64_t members = http_json_int(status, "/network_stats/total_nodes");

    return status->status == 200 &&
           members == crowd_stored("SELECT COUNT(*) FROM civ_fed_members WHERE left_at = 0") &&
           members == crowd_stored("SELECT value FROM civ_fed_totals WHERE total = 0");
}

/* At once where this server has made the last change; else within its refresh. */
static void expect_true(const harness_t *of, double seconds)
{
    CU_ASSERT_EQUAL(harness_wait(is_true, crowd_web(of), seconds), 0);
}

/* -- Restarts ---------------------------------------------------------------------------------------------- */

static void test_restarts(void)
{
    CU_ASSERT_EQUAL(join(crowd_web(crowd_server), "before-graceful")->status, 201);
    CU_ASSERT_EQUAL(harness_graceful(crowd_server), 0);
    expect_true(crowd_server, 0);
    CU_ASSERT_EQUAL(join(crowd_web(crowd_server), "before-restart")->status, 201);
    CU_ASSERT_EQUAL(harness_restart(crowd_server), 0);
    expect_true(crowd_server, 0);
    CU_ASSERT_EQUAL(join(crowd_web(crowd_server), "before-crash")->status, 201);
    harness_crash(crowd_server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(crowd_server), 0);
    expect_true(crowd_server, 0);
    CU_ASSERT_EQUAL(http_get(crowd_web(crowd_server), "/api/federated/nodes/before-crash")->status, 200);
    CU_ASSERT_PTR_NOT_NULL(http_header(join(crowd_web(crowd_server), "before-crash"), "Idempotent-Replayed"));
    expect_true(crowd_server, 0);
    CU_ASSERT(harness_log_is_clean(crowd_server, "?AH00052", "?AH00045", NULL));
}

/* -- Many at once ------------------------------------------------------------------------------------------ */

typedef struct guest_t {
    crowd_client_t is;
    const char *label;
    int joined, refused, wrong;
} guest_t;

static volatile apr_uint32_t answered;

/* Every second organisation is one that all want; every fourth of the others leaves again. */
static void *come_and_go(void *baton)
{
    guest_t *guest = baton;
    int i;

    for (i = 0; i < EACH; i++) {
        const char *id = i % 2 ? apr_psprintf(guest->is.pool, "%s-wanted-%d", guest->label, i)
                               : apr_psprintf(guest->is.pool, "%s-%d-%d", guest->label, guest->is.number, i);
        const char *json = apr_psprintf(
            guest->is.pool, "{\"organization_id\":\"%s\",\"evidence_endpoint\":\"https://org.example/%d\"}",
            id, guest->is.number);
        const char *key = apr_psprintf(guest->is.pool, "%s %d %d", guest->label, guest->is.number, i);
        int status = crowd_post(&guest->is, JOIN, key, json)->status;

        guest->joined += status == 201;
        guest->refused += status == 409;
        guest->wrong += status != 201 && !(status == 409 && i % 2);
        if (i % 8 == 0) {
            json = apr_psprintf(guest->is.pool, "{\"organization_id\":\"%s\"}", id);
            guest->wrong += crowd_post(&guest->is, LEAVE, key, json)->status != 200;
        }
        apr_atomic_inc32(&answered);
    }
    return NULL;
}

static guest_t *start_guests(const char *label, const char *one, const char *other)
{
    guest_t *guests = apr_pcalloc(test_pool(), CLIENTS * sizeof(*guests));
    int i;

    apr_atomic_set32(&answered, 0);
    for (i = 0; i < CLIENTS; i++) {
        guests[i].label = label;
        crowd_start_client(&guests[i].is, i, one, other, come_and_go, &guests[i]);
    }
    return guests;
}

/* Of those whom all wanted each has joined once; each that was told so is in, and nobody else. */
static void end_guests(guest_t *guests)
{
    const char *like = apr_pstrcat(test_pool(), "organization_id LIKE '", guests[0].label, "-%'", NULL);
    int i, joined = 0, wrong = 0;

    for (i = 0; i < CLIENTS; i++) {
        crowd_wait_client(&guests[i].is);
        joined += guests[i].joined;
        wrong += guests[i].wrong;
        crowd_end_client(&guests[i].is);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(joined, CLIENTS * EACH / 2 + EACH / 2);
    CU_ASSERT_EQUAL(
        crowd_stored(apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM civ_fed_members WHERE ", like, NULL)),
        joined);
    CU_ASSERT_EQUAL(
        crowd_stored(apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM civ_fed_members WHERE left_at <> 0 AND ",
                                 like, NULL)),
        CLIENTS * 2);
    /* Each change is on record, once: waiting or sealed. */
    CU_ASSERT_EQUAL(
        crowd_stored("SELECT (SELECT COUNT(*) FROM civ_fed_members) + "
                     "(SELECT COUNT(*) FROM civ_fed_members WHERE left_at <> 0)"),
        crowd_stored("SELECT (SELECT COUNT(*) FROM civ_pending) + (SELECT COUNT(*) FROM civ_entries "
                     "WHERE type = 'civarcos.federation.member')"));
}

static int some_were_answered(void *baton)
{
    (void)baton;
    return apr_atomic_read32(&answered) >= CLIENTS * EACH / 3;
}

static void test_crowd(void)
{
    end_guests(start_guests("crowd", crowd_server->url, crowd_server->url));
    expect_true(crowd_server, 0);
    CU_ASSERT(scenario_is_valid(crowd_web(crowd_server)));
    CU_ASSERT(harness_log_is_clean(crowd_server, NULL));
}

/* Killed in the middle: whoever was told that he is in is in, and whoever asks again is told the same. */
static void test_crash_among_a_crowd(void)
{
    guest_t *guests = start_guests("crash", crowd_server->url, crowd_server->url);

    CU_ASSERT_EQUAL(harness_wait(some_were_answered, NULL, 60), 0);
    harness_crash(crowd_server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(crowd_server), 0);
    end_guests(guests);
    expect_true(crowd_server, 0);
    CU_ASSERT(scenario_is_valid(crowd_web(crowd_server)));
    CU_ASSERT(harness_log_is_clean(crowd_server, "?AH00052", "?AH00045", NULL));
}

/* -- A second host ----------------------------------------------------------------------------------------- */

static void test_second_host(void)
{
    harness_options_t options = {NULL, NULL, scenario_prepare_host(crowd_server, "second", NULL)};
    harness_t *second;
    http_client_t *web[2];
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(options.state_dir);
    options.config =
        apr_psprintf(test_pool(), CONFIG "CivarcosDatabase %s \"%s\"\n", database_driver(),
                     database_parameters(scenario_file(crowd_server, "ledger/civarcos.db"), test_pool()));
    second = harness_start(&options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    expect_true(second, 0);
    web[0] = crowd_web(crowd_server);
    web[1] = crowd_web(second);
    /* Turn by turn, each counts what the other has done at once when it has done something itself. */
    for (i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(join(web[i % 2], apr_psprintf(test_pool(), "turn-%d", i))->status, 201);
        expect_true(i % 2 ? second : crowd_server, 0);
        CU_ASSERT_EQUAL(
            http_get(web[1 - i % 2], apr_psprintf(test_pool(), "/api/federated/nodes/turn-%d", i))->status,
            200);
    }
    expect_true(crowd_server, 15);
    expect_true(second, 15);
    CU_ASSERT_PTR_NOT_NULL(http_header(join(web[1], "turn-0"), "Idempotent-Replayed"));
    end_guests(start_guests("hosts", crowd_server->url, second->url));
    expect_true(crowd_server, 15);
    expect_true(second, 15);
    CU_ASSERT(scenario_is_valid(web[0]));
    CU_ASSERT(scenario_is_healthy(web[0]));
    CU_ASSERT(scenario_is_healthy(web[1]));
    /* What the first one has sealed before is new to it. */
    CU_ASSERT(harness_log_is_clean(second, "?CIV0203", NULL));
    CU_ASSERT_EQUAL(harness_stop(second), 0);
    CU_ASSERT(harness_log_is_clean(crowd_server, NULL));
}

static const test_case_t cases[] = {
    {"restarts", test_restarts},
    {"crowd", test_crowd},
    {"crash_among_a_crowd", test_crash_among_a_crowd},
    {"second_host", test_second_host},
    {NULL, NULL},
};

const test_suite_t federation_endurance_suite = {"federation_endurance", setup, crowd_teardown, cases};
