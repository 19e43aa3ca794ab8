/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_keeping.c
 * What was acknowledged of evidence and votes is kept, counted and on record once: over restarts and crashes, on two hosts, and
 * while many share and vote at once.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/crowd.h"
#include "integration/scenario.h"
#include "integration/signer.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* Both hosts are one network, under one name. */
#define NAME "fed.test"
#define CONFIG                                                                                               \
    SCENARIO_PROCESSES "CivarcosLedgerName keeping.test/ledger\nCivarcosStateRefresh 200\n"                  \
                       "CivarcosAuthority " NAME "\nLogLevel civarcos:info\n"

#define VOTERS 12
#define EACH   6

static int setup(void)
{
    return crowd_setup(CONFIG);
}

static http_response_t *versions_of(http_client_t *web, const char *id)
{
    return http_get(web, apr_psprintf(test_pool(), "/api/federated/evidence/%s", id));
}

/* What one server says of the totals, compared with the rows; and each change is on record once, waiting or sealed. */
static int is_true(void *baton)
{
    http_response_t *status = http_get(baton, "/api/federated/status");

    return http_json_int(status, "/network_stats/total_shared_evidence") ==
               crowd_stored(
                   "SELECT COUNT(*) FROM civ_fed_evidence WHERE latest = 1 AND privacy <> 0 AND withdrawn "
                   "= 0") &&
           http_json_int(status, "/network_stats/total_votes") ==
               crowd_stored("SELECT COUNT(*) FROM civ_fed_opinions") &&
           crowd_stored("SELECT COUNT(*) FROM civ_fed_opinions") ==
               crowd_stored(
                   "SELECT (SELECT COUNT(*) FROM civ_pending WHERE payload LIKE '%federation.vote\"%') + "
                   "(SELECT "
                   "COUNT(*) FROM civ_entries WHERE type = 'civarcos.federation.vote')") &&
           crowd_stored(
               "SELECT (SELECT COUNT(*) FROM civ_fed_evidence) + (SELECT COUNT(DISTINCT evidence_id) FROM "
               "civ_fed_evidence WHERE withdrawn <> 0)") ==
               crowd_stored("SELECT (SELECT COUNT(*) FROM civ_pending WHERE payload LIKE "
                            "'%federation.evidence\"%') + (SELECT "
                            "COUNT(*) FROM civ_entries WHERE type = 'civarcos.federation.evidence')");
}

static void expect_true(const harness_t *of, double seconds)
{
    CU_ASSERT_EQUAL(harness_wait(is_true, crowd_web(of), seconds), 0);
}

static const char *evidence(const char *id, int percent)
{
    return apr_psprintf(test_pool(), "{\"id\":\"%s\",\"type\":\"coverage\",\"coverage\":%d}", id, percent);
}

/* --- restarts --- */

static void test_restarts(void)
{
    http_client_t *web = crowd_web(crowd_server);
    const char *shared, *withdrawn, *voted, *before;

    consortium_join(web, 0, VOTERS + 1);
    shared = consortium_shared(web, 0, evidence("a", 80));
    CU_ASSERT_EQUAL(harness_graceful(crowd_server), 0);
    withdrawn = consortium_shared(web, 0, evidence("b", 80));
    CU_ASSERT_EQUAL(
        http_post(
            web, "/api/federated/withdraw",
            apr_psprintf(test_pool(), "{\"organization_id\":\"org-0\",\"evidence_id\":\"%s\"}", withdrawn))
            ->status,
        200);
    CU_ASSERT_EQUAL(harness_restart(crowd_server), 0);
    voted = consortium_shared(web, 0, evidence("c", 80));
    CU_ASSERT_EQUAL(consortium_vote(web, 1, voted, 1, "")->status, 200);
    before = versions_of(web, voted)->body;
    harness_crash(crowd_server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(crowd_server), 0);
    CU_ASSERT_STRING_EQUAL(versions_of(web, voted)->body, before);
    CU_ASSERT_EQUAL(http_json_int(versions_of(web, shared), "/count"), 1);
    CU_ASSERT_PTR_NOT_NULL(http_json(versions_of(web, withdrawn), "/evidence/0/withdrawn_at"));
    CU_ASSERT_PTR_NOT_NULL(
        http_header(consortium_share(web, 0, evidence("a", 80), ""), "Idempotent-Replayed"));
    CU_ASSERT(http_is_problem(consortium_vote(web, 1, voted, 0, ""), 409));
    expect_true(crowd_server, 0);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(crowd_server, "?AH00052", "?AH00045", NULL));
}

/* --- many at once --- */

typedef struct member_t {
    crowd_client_t is;
    const char *label, *contended;
    const char *shared[EACH]; /* ids that were acknowledged */
    int wrong;
} member_t;

static volatile apr_uint32_t answered;

static http_response_t *ask(member_t *member, const char *path, const char *key, const char *json)
{
    http_response_t *answer = crowd_post(&member->is, path, key, json);

    apr_atomic_inc32(&answered);
    return answer;
}

/* Share, and vote on what all vote on: every third against it, and each twice. */
static void *take_part(void *baton)
{
    member_t *member = baton;
    int i;

    for (i = 0; i < EACH; i++) {
        const char *key = apr_psprintf(member->is.pool, "%s %d %d", member->label, member->is.number, i);
        const char *json =
            apr_psprintf(member->is.pool,
                         "{\"organization_id\":\"org-%d\",\"evidence\":{\"id\":\"%s-%d\",\"coverage\":%d}}",
                         member->is.number, member->label, i, i);
        http_response_t *answer = ask(member, "/api/federated/share", key, json);

        member->wrong += answer->status != 201;
        member->shared[i] = http_json_text(answer, "/evidence/evidence_id");
        json = apr_psprintf(member->is.pool,
                            "{\"organization_id\":\"org-%d\",\"evidence_id\":\"%s\",\"is_valid\":%s}",
                            member->is.number, member->contended, member->is.number % 3 ? "true" : "false");
        key = apr_pstrcat(member->is.pool, key, " vote", NULL);
        member->wrong += ask(member, "/api/federated/validate", key, json)->status != 200;
    }
    return NULL;
}

static member_t *start_members(const char *label, const char *contended, const char *one, const char *other)
{
    member_t *members = apr_pcalloc(test_pool(), VOTERS * sizeof(*members));
    int i;

    apr_atomic_set32(&answered, 0);
    for (i = 0; i < VOTERS; i++) {
        members[i].label = label;
        members[i].contended = contended;
        crowd_start_client(&members[i].is, i + 1, one, other, take_part, &members[i]);
    }
    return members;
}

/* Everything acknowledged is there, and all have voted once: 8 of 12 for it, which is what it takes. */
static void end_members(member_t *members, http_client_t *web)
{
    http_response_t *consensus;
    int i, j;

    for (i = 0; i < VOTERS; i++) {
        crowd_wait_client(&members[i].is);
        CU_ASSERT_EQUAL(members[i].wrong, 0);
        for (j = 0; j < EACH; j++) {
            CU_ASSERT_EQUAL(http_json_int(versions_of(web, members[i].shared[j]), "/count"), 1);
        }
        crowd_end_client(&members[i].is);
    }
    consensus = http_get(web, apr_psprintf(test_pool(), "/api/federated/consensus/%s", members[0].contended));
    CU_ASSERT_EQUAL(http_json_int(consensus, "/consensus/votes"), VOTERS);
    CU_ASSERT_EQUAL(http_json_count(consensus, "/consensus/validations"), VOTERS);
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus, "/consensus/outcome"), "accepted");
}

static apr_int64_t outcomes(const char *column)
{
    return crowd_stored(apr_pstrcat(test_pool(), "SELECT SUM(", column, ") FROM civ_fed_members", NULL));
}

static void test_crowd(void)
{
    http_client_t *web = crowd_web(crowd_server);

    end_members(start_members("crowd", consortium_shared(web, 0, evidence("crowd", 80)), crowd_server->url,
                              crowd_server->url),
                web);
    CU_ASSERT_EQUAL(outcomes("evidence_accepted"), 1);
    CU_ASSERT_EQUAL(outcomes("votes_agreed"), 8);
    CU_ASSERT_EQUAL(outcomes("votes_disagreed"), 4);
    expect_true(crowd_server, 0);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(crowd_server, NULL));
}

static int some_were_answered(void *baton)
{
    (void)baton;
    return apr_atomic_read32(&answered) >= VOTERS * EACH / 2;
}

/* Killed in the middle: what was acknowledged is there, and whoever asks again is told the same. */
static void test_crash_among_a_crowd(void)
{
    http_client_t *web = crowd_web(crowd_server);
    const char *contended = consortium_shared(web, 0, evidence("crash", 80));
    member_t *members = start_members("crash", contended, crowd_server->url, crowd_server->url);

    CU_ASSERT_EQUAL(harness_wait(some_were_answered, NULL, 60), 0);
    harness_crash(crowd_server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(crowd_server), 0);
    end_members(members, web);
    expect_true(crowd_server, 0);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(crowd_server, "?AH00052", "?AH00045", NULL));
}

/* --- a second host --- */

/* Signed for both; said to one. */
static void expect_no_replay(const harness_t *second)
{
    signer_request_t request = {.server = crowd_server,
                                .key = "alpha",
                                .path = "/api/federated/join",
                                .authority = NAME,
                                .body = signer_joining("alpha", "alpha")};
    const char *const *headers = signer_headers(&request);

    CU_ASSERT_EQUAL(
        http_send(crowd_web(second), "POST", request.path, headers, request.body, strlen(request.body))
            ->status,
        201);
    request.path = "/api/federated/share";
    request.body = "{\"organization_id\":\"alpha\",\"evidence\":{\"coverage\":5}}";
    headers = signer_headers(&request);
    CU_ASSERT_EQUAL(
        http_send(crowd_web(crowd_server), "POST", request.path, headers, request.body, strlen(request.body))
            ->status,
        201);
    CU_ASSERT(signer_is_refused(
        second,
        http_send(crowd_web(second), "POST", request.path, headers, request.body, strlen(request.body)),
        "used before", "with a nonce of its own"));
}

static void test_second_host(void)
{
    harness_options_t options = {NULL, NULL, scenario_prepare_host(crowd_server, "second", NULL)};
    http_response_t *one, *two;
    http_client_t *web[2];
    harness_t *second;
    const char *id;

    CU_ASSERT_PTR_NOT_NULL_FATAL(options.state_dir);
    options.config =
        apr_psprintf(test_pool(), CONFIG "CivarcosDatabase %s \"%s\"\n", database_driver(),
                     database_parameters(scenario_file(crowd_server, "ledger/civarcos.db"), test_pool()));
    second = harness_start(&options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    web[0] = crowd_web(crowd_server);
    web[1] = crowd_web(second);
    one = consortium_share(web[0], 0, evidence("hosts", 80), "");
    id = http_json_text(one, "/evidence/evidence_id");
    /* It is the same member there, with the same evidence, under the same pseudonym. */
    CU_ASSERT_EQUAL(http_json_int(versions_of(web[1], id), "/count"), 1);
    two = consortium_share(web[1], 0, evidence("hosts", 80), "");
    CU_ASSERT_PTR_NOT_NULL(http_header(two, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(two->body, one->body);
    two = consortium_share(web[1], 0, evidence("hosts", 81), "");
    CU_ASSERT_STRING_EQUAL(http_json_text(two, "/evidence/evidence_id"), id);
    CU_ASSERT_EQUAL(http_json_int(two, "/evidence/version"), 2);
    CU_ASSERT_EQUAL(http_json_int(versions_of(web[0], id), "/count"), 2);
    CU_ASSERT_EQUAL(consortium_vote(web[0], 1, id, 1, "")->status, 200);
    CU_ASSERT(http_is_problem(consortium_vote(web[1], 1, id, 0, ""), 409));
    expect_no_replay(second);
    end_members(start_members("hosts", consortium_shared(web[1], 0, evidence("both", 80)), crowd_server->url,
                              second->url),
                web[1]);
    expect_true(crowd_server, 15);
    expect_true(second, 15);
    CU_ASSERT(scenario_is_valid(web[0]));
    /* What the first one has sealed before is new to it. */
    CU_ASSERT(harness_log_is_clean(second, "?CIV0203", "is not accepted: replay (", NULL));
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

const test_suite_t federation_keeping_suite = {"federation_keeping", setup, crowd_teardown, cases};
