/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_endurance.c
 * Who is in stays in, and is counted right: over restarts and crashes, on several hosts, and while many come and go at once.
 */
#include "config.h"

#include "integration/scenario.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

#define JOIN   "/api/federated/join"
#define LEAVE  "/api/federated/leave"
#define STATUS "/api/federated/status"

#define CONFIG SCENARIO_PROCESSES "CivarcosLedgerName members.test/ledger\nCivarcosStateRefresh 200\n"

#define CLIENTS 8
#define EACH    12

static harness_t *server;

static int setup(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static http_client_t *client(const harness_t *of)
{
    return http_client(of->url, test_pool());
}

static const char *database(void)
{
    return scenario_file(server, "ledger/civarcos.db");
}

static apr_int64_t stored(const char *sql)
{
    const char *text = scenario_sql_text(database(), sql);

    return text ? apr_atoi64(text) : -1;
}

static http_response_t *join(http_client_t *web, const char *id)
{
    return scenario_post(
        web, JOIN, apr_pstrcat(test_pool(), "join ", id, NULL),
        apr_psprintf(test_pool(),
                     "{\"organization_id\":\"%s\",\"evidence_endpoint\":\"https://org.example\"}", id));
}

/* What one server says of the totals, compared with the database. */
typedef struct view_t {
    http_client_t *web;
} view_t;

static int is_true(void *baton)
{
    const view_t *view = baton;
    http_response_t *status = http_get(view->web, STATUS);
    apr_int64_t members = http_json_int(status, "/network_stats/total_nodes");

    return status->status == 200 &&
           members == stored("SELECT COUNT(*) FROM civ_fed_members WHERE left_at = 0") &&
           members == stored("SELECT value FROM civ_fed_totals WHERE total = 0");
}

/* At once where this server has made the last change; else within its refresh. */
static void expect_true(const harness_t *of, double seconds)
{
    view_t view = {client(of)};

    CU_ASSERT_EQUAL(harness_wait(is_true, &view, seconds), 0);
}

/* -- Restarts ---------------------------------------------------------------------------------------------- */

static void test_restarts(void)
{
    CU_ASSERT_EQUAL(join(client(server), "before-graceful")->status, 201);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    expect_true(server, 0);
    CU_ASSERT_EQUAL(join(client(server), "before-restart")->status, 201);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    expect_true(server, 0);
    CU_ASSERT_EQUAL(join(client(server), "before-crash")->status, 201);
    harness_crash(server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    expect_true(server, 0);
    CU_ASSERT_EQUAL(http_get(client(server), "/api/federated/nodes/before-crash")->status, 200);
    CU_ASSERT_PTR_NOT_NULL(http_header(join(client(server), "before-crash"), "Idempotent-Replayed"));
    expect_true(server, 0);
    CU_ASSERT(harness_log_is_clean(server, "?AH00052", "?AH00045", NULL));
}

/* -- Many at once ------------------------------------------------------------------------------------------ */

typedef struct guest_t {
    http_client_t *web[2]; /* of either server */
    const char *label;
    int number;
    apr_pool_t *pool;
    pthread_t thread;
    volatile apr_uint32_t *answered;
    int joined, refused, lost, wrong;
} guest_t;

static int send_until_answered(guest_t *guest, const char *path, const char *key, const char *json)
{
    const char *headers[] = {"Content-Type: application/json",
                             apr_pstrcat(guest->pool, "Idempotency-Key: ", key, NULL), NULL};
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(60);
    int tries, status = 0;

    for (tries = 0; status == 0 || status == 503; tries++) {
        http_client_t *web = guest->web[(guest->number + tries) % 2];

        if (apr_time_now() > deadline) {
            return 0;
        }
        if (tries) {
            guest->lost++;
            apr_sleep(20000);
        }
        status = http_send(web, "POST", path, headers, json, strlen(json))->status;
    }
    return status;
}

/* Every second organisation is one that all want; every fourth of the others leaves again. */
static void *come_and_go(void *baton)
{
    guest_t *guest = baton;
    int i;

    for (i = 0; i < EACH; i++) {
        const char *id = i % 2 ? apr_psprintf(guest->pool, "%s-wanted-%d", guest->label, i)
                               : apr_psprintf(guest->pool, "%s-%d-%d", guest->label, guest->number, i);
        const char *json = apr_psprintf(
            guest->pool, "{\"organization_id\":\"%s\",\"evidence_endpoint\":\"https://org.example/%d\"}", id,
            guest->number);
        const char *key = apr_psprintf(guest->pool, "%s %d %d", guest->label, guest->number, i);
        int status = send_until_answered(guest, JOIN, key, json);

        guest->joined += status == 201;
        guest->refused += status == 409;
        guest->wrong += status != 201 && !(status == 409 && i % 2);
        if (i % 8 == 0) {
            json = apr_psprintf(guest->pool, "{\"organization_id\":\"%s\"}", id);
            guest->wrong += send_until_answered(guest, LEAVE, key, json) != 200;
        }
        apr_atomic_inc32(guest->answered);
    }
    return NULL;
}

static volatile apr_uint32_t answered;

static guest_t *start_guests(const char *label, const char *one, const char *other)
{
    guest_t *guests = apr_pcalloc(test_pool(), CLIENTS * sizeof(*guests));
    int i;

    apr_atomic_set32(&answered, 0);
    for (i = 0; i < CLIENTS; i++) {
        guests[i] = (guest_t){.label = label, .number = i, .answered = &answered};
        apr_pool_create(&guests[i].pool, NULL);
        guests[i].web[0] = http_client(one, guests[i].pool);
        guests[i].web[1] = strcmp(one, other) ? http_client(other, guests[i].pool) : guests[i].web[0];
        CU_ASSERT_EQUAL_FATAL(pthread_create(&guests[i].thread, NULL, come_and_go, &guests[i]), 0);
    }
    return guests;
}

/* Of those whom all wanted each has joined once; each that was told so is in, and nobody else. */
static void end_guests(guest_t *guests)
{
    const char *like = apr_pstrcat(test_pool(), "organization_id LIKE '", guests[0].label, "-%'", NULL);
    int i, joined = 0, wrong = 0;

    for (i = 0; i < CLIENTS; i++) {
        pthread_join(guests[i].thread, NULL);
        joined += guests[i].joined;
        wrong += guests[i].wrong;
        if (guests[i].lost) {
            test_note("client %d sent %d requests again", i, guests[i].lost);
        }
        apr_pool_destroy(guests[i].pool);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(joined, CLIENTS * EACH / 2 + EACH / 2);
    CU_ASSERT_EQUAL(
        stored(apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM civ_fed_members WHERE ", like, NULL)), joined);
    CU_ASSERT_EQUAL(
        stored(apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM civ_fed_members WHERE left_at <> 0 AND ", like,
                           NULL)),
        CLIENTS * 2);
    /* Each change is on record, once: waiting or sealed. */
    CU_ASSERT_EQUAL(stored("SELECT (SELECT COUNT(*) FROM civ_fed_members) + "
                           "(SELECT COUNT(*) FROM civ_fed_members WHERE left_at <> 0)"),
                    stored("SELECT (SELECT COUNT(*) FROM civ_pending) + (SELECT COUNT(*) FROM civ_entries "
                           "WHERE type = 'civarcos.federation.member')"));
}

static int some_were_answered(void *baton)
{
    (void)baton;
    return apr_atomic_read32(&answered) >= CLIENTS * EACH / 3;
}

static void test_crowd(void)
{
    end_guests(start_guests("crowd", server->url, server->url));
    expect_true(server, 0);
    CU_ASSERT(scenario_is_valid(client(server)));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Killed in the middle: whoever was told that he is in is in, and whoever asks again is told the same. */
static void test_crash_among_a_crowd(void)
{
    guest_t *guests = start_guests("crash", server->url, server->url);

    CU_ASSERT_EQUAL(harness_wait(some_were_answered, NULL, 60), 0);
    harness_crash(server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    end_guests(guests);
    expect_true(server, 0);
    CU_ASSERT(scenario_is_valid(client(server)));
    CU_ASSERT(harness_log_is_clean(server, "?AH00052", "?AH00045", NULL));
}

/* -- A second host ----------------------------------------------------------------------------------------- */

static void test_second_host(void)
{
    harness_options_t options = {NULL, NULL, scenario_prepare_host(server, "second", NULL)};
    harness_t *second;
    http_client_t *web[2];
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(options.state_dir);
    options.config = apr_psprintf(test_pool(), CONFIG "CivarcosDatabase %s \"%s\"\n", database_driver(),
                                  database_parameters(database(), test_pool()));
    second = harness_start(&options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    expect_true(second, 0);
    web[0] = client(server);
    web[1] = client(second);
    /* Turn by turn, each counts what the other has done at once when it has done something itself. */
    for (i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(join(web[i % 2], apr_psprintf(test_pool(), "turn-%d", i))->status, 201);
        expect_true(i % 2 ? second : server, 0);
        CU_ASSERT_EQUAL(
            http_get(web[1 - i % 2], apr_psprintf(test_pool(), "/api/federated/nodes/turn-%d", i))->status,
            200);
    }
    expect_true(server, 15);
    expect_true(second, 15);
    CU_ASSERT_PTR_NOT_NULL(http_header(join(web[1], "turn-0"), "Idempotent-Replayed"));
    end_guests(start_guests("hosts", server->url, second->url));
    expect_true(server, 15);
    expect_true(second, 15);
    CU_ASSERT(scenario_is_valid(web[0]));
    CU_ASSERT(scenario_is_healthy(web[0]));
    CU_ASSERT(scenario_is_healthy(web[1]));
    /* What the first one has sealed before is new to it. */
    CU_ASSERT(harness_log_is_clean(second, "?CIV0203", NULL));
    CU_ASSERT_EQUAL(harness_stop(second), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"restarts", test_restarts},
    {"crowd", test_crowd},
    {"crash_among_a_crowd", test_crash_among_a_crowd},
    {"second_host", test_second_host},
    {NULL, NULL},
};

const test_suite_t federation_endurance_suite = {"federation_endurance", setup, teardown, cases};
