/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_votes.c
 * Votes on evidence over HTTP: who may, what they come to, and what they do to reputations.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define CONFIG "CivarcosLedgerName votes.test/ledger\nCivarcosDifficulty 4\n"

static harness_t *server;
static http_client_t *web;

static void start_with(const char *config, int members)
{
    harness_options_t options = {NULL, config, NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
    consortium_join(web, 0, members);
}

static void start(int members)
{
    start_with(CONFIG, members);
}

static void stop(void)
{
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

static const char *evidence(int percent)
{
    return apr_psprintf(test_pool(), "{\"id\":\"run\",\"type\":\"coverage\",\"coverage\":%d}", percent);
}

static http_response_t *consensus(const char *id, const char *query)
{
    return http_get(web, apr_psprintf(test_pool(), "/api/federated/consensus/%s%s", id, query));
}

static void vote(int number, const char *id, int is_valid)
{
    CU_ASSERT_EQUAL(consortium_vote(web, number, id, is_valid, "")->status, 200);
}

static const char *number_at(const http_response_t *answer, const char *pointer)
{
    const civ_json_t *value = http_json(answer, pointer);

    return value && value->type == CIV_JSON_NUMBER ? value->as.text.text : "(no number)";
}

static http_response_t *node(int number)
{
    return http_get(web, apr_psprintf(test_pool(), "/api/federated/nodes/org-%d", number));
}

static apr_int64_t outcome(int number, const char *name)
{
    return http_json_int(node(number), apr_pstrcat(test_pool(), "/node/outcomes/", name, NULL));
}

static const char *reputation(int number)
{
    return number_at(node(number), "/node/reputation_score");
}

static const char *average(void)
{
    return number_at(http_get(web, "/api/federated/status"), "/network_stats/avg_reputation");
}

/* --- what votes come to --- */

static void three_votes_accept(void)
{
    http_response_t *answer;
    const char *id;

    start(5);
    id = consortium_shared(web, 0, evidence(80));
    answer = consensus(id, "");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/consensus/outcome"), "pending");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    CU_ASSERT_STRING_EQUAL(number_at(answer, "/consensus/threshold"), "0.666666");
    CU_ASSERT_EQUAL(http_json_int(answer, "/consensus/min_votes"), 3);
    CU_ASSERT_EQUAL(http_json_count(answer, "/consensus/validations"), 0);
    vote(1, id, 1);
    answer = consortium_vote(web, 2, id, 1, "");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/consensus/outcome"), "pending");
    CU_ASSERT_PTR_NOT_NULL(strstr(http_json_text(answer, "/consensus/reason"), "2 of at least 3"));
    CU_ASSERT_STRING_EQUAL(reputation(0), "1.0000");
    answer = consortium_vote(web, 3, id, 0, "");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/consensus/outcome"), "accepted");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 1);
    CU_ASSERT_STRING_EQUAL(number_at(answer, "/consensus/agreement"), "0.666666");
    CU_ASSERT_EQUAL(http_json_int(answer, "/consensus/votes"), 3);
    CU_ASSERT_PTR_NULL(http_json(answer, "/consensus/reason"));
    CU_ASSERT_STRING_EQUAL(checks_hash(http_json(consensus(id, ""), "/consensus")),
                           checks_hash(http_json(answer, "/consensus")));
    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(web, "/api/federated/evidence"), "/evidence/0/outcome"),
                           "accepted");
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/evidence"), "/evidence/0/votes"), 3);
    /* 10 / 11: who voted otherwise. The others have nothing against them. */
    CU_ASSERT_EQUAL(outcome(0, "evidence_accepted"), 1);
    CU_ASSERT_EQUAL(outcome(1, "votes_agreed"), 1);
    CU_ASSERT_EQUAL(outcome(3, "votes_disagreed"), 1);
    CU_ASSERT_STRING_EQUAL(reputation(0), "1.0000");
    CU_ASSERT_STRING_EQUAL(reputation(3), "0.9090");
    CU_ASSERT_STRING_EQUAL(average(), "0.9818");
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_votes"), 3);
    /* Now they do not agree any more, and nobody is the better or the worse for it. */
    vote(4, id, 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, ""), "/consensus/outcome"), "contested");
    CU_ASSERT_EQUAL(outcome(0, "evidence_accepted") + outcome(1, "votes_agreed"), 0);
    CU_ASSERT_STRING_EQUAL(reputation(3), "1.0000");
    CU_ASSERT_STRING_EQUAL(average(), "1.0000");
    stop();
}

static void three_votes_reject(void)
{
    const char *id;
    int i;

    start(4);
    id = consortium_shared(web, 0, evidence(80));
    for (i = 1; i < 4; i++) {
        vote(i, id, 0);
    }
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, ""), "/consensus/outcome"), "rejected");
    CU_ASSERT_EQUAL(http_json_bool(consensus(id, ""), "/consensus/has_consensus"), 0);
    CU_ASSERT_PTR_NOT_NULL(http_json(consensus(id, ""), "/consensus/reason"));
    /* 10 / 14 */
    CU_ASSERT_STRING_EQUAL(reputation(0), "0.7142");
    CU_ASSERT_EQUAL(outcome(1, "votes_agreed"), 1);
    CU_ASSERT_STRING_EQUAL(average(), "0.9285");
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_STRING_EQUAL(average(), "0.9285");
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, ""), "/consensus/outcome"), "rejected");
    stop();
}

/* The numbers are the administrator's. */
static void configured_votes(void)
{
    const char *id;
    int i;

    start_with(CONFIG "CivarcosFederationMinVotes 2\nCivarcosFederationThreshold 3/4\n", 5);
    id = consortium_shared(web, 0, evidence(80));
    vote(1, id, 0);
    vote(2, id, 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, ""), "/consensus/outcome"), "contested");
    CU_ASSERT_STRING_EQUAL(number_at(consensus(id, ""), "/consensus/threshold"), "0.750000");
    for (i = 3; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, ""), "/consensus/outcome"), "contested");
        vote(i, id, 1);
    }
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, ""), "/consensus/outcome"), "accepted");
    stop();
}

static void a_new_version_starts_anew(void)
{
    http_response_t *answer;
    const char *id;
    int i;

    start(4);
    id = consortium_shared(web, 0, evidence(80));
    for (i = 1; i < 4; i++) {
        vote(i, id, 1);
    }
    consortium_shared(web, 0, evidence(5));
    answer = consensus(id, "");
    CU_ASSERT_EQUAL(http_json_int(answer, "/consensus/version"), 2);
    CU_ASSERT_EQUAL(http_json_int(answer, "/consensus/votes"), 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/consensus/outcome"), "pending");
    CU_ASSERT_STRING_EQUAL(http_json_text(consensus(id, "?version=1"), "/consensus/outcome"), "accepted");
    CU_ASSERT(http_is_problem(consensus(id, "?version=3"), 404));
    CU_ASSERT(checks_bad_parameter(consensus(id, "?version=0"), "version"));
    CU_ASSERT(checks_bad_parameter(consensus(id, "?version=x"), "version"));
    /* Whoever has looked at the first does not vote on the second by mistake. */
    CU_ASSERT(checks_problem_at(consortium_vote(web, 1, id, 1, ",\"version\":1"), 409, "/version"));
    CU_ASSERT(checks_problem_at(consortium_vote(web, 1, id, 1, ",\"version\":0"), 400, "/version"));
    CU_ASSERT_EQUAL(consortium_vote(web, 1, id, 0, ",\"version\":2")->status, 200);
    CU_ASSERT_EQUAL(http_json_int(consensus(id, ""), "/consensus/votes"), 1);
    stop();
}

/* --- who votes, and how --- */

static void one_vote_each(void)
{
    static const char stranger[] =
        "{\"organization_id\":\"nobody\",\"evidence_id\":\"%s\",\"is_valid\":true}";
    http_response_t *answer;
    const char *id;
    int i;

    start(4);
    id = consortium_shared(web, 0, evidence(80));
    CU_ASSERT(checks_problem_at(consortium_vote(web, 0, id, 1, ""), 403, "/evidence_id"));
    CU_ASSERT(
        checks_problem_at(http_post(web, "/api/federated/validate", apr_psprintf(test_pool(), stranger, id)),
                          404, "/organization_id"));
    CU_ASSERT_EQUAL(http_post(web, "/api/federated/leave", "{\"organization_id\":\"org-3\"}")->status, 200);
    CU_ASSERT(checks_problem_at(consortium_vote(web, 3, id, 1, ""), 404, "/organization_id"));
    CU_ASSERT_EQUAL(http_json_int(consensus(id, ""), "/consensus/votes"), 0);
    /* The same once more is no second one, and another one is none at all. */
    for (i = 0; i < 5; i++) {
        answer = consortium_vote(web, 1, id, 1, "");
        CU_ASSERT_EQUAL(answer->status, 200);
        CU_ASSERT_EQUAL(http_json_int(answer, "/consensus/votes"), 1);
    }
    CU_ASSERT(checks_problem_at(consortium_vote(web, 1, id, 0, ""), 409, "/is_valid"));
    CU_ASSERT(checks_problem_at(consortium_vote(web, 1, id, 1, ",\"confidence\":0.5"), 409, "/is_valid"));
    /* It has left and come back: it is still the one that has voted. */
    CU_ASSERT_EQUAL(http_post(web, "/api/federated/leave", "{\"organization_id\":\"org-1\"}")->status, 200);
    consortium_join(web, 1, 2);
    CU_ASSERT(checks_problem_at(consortium_vote(web, 1, id, 0, ""), 409, "/is_valid"));
    answer = consensus(id, "");
    CU_ASSERT_EQUAL(http_json_int(answer, "/consensus/votes"), 1);
    CU_ASSERT_EQUAL(http_json_count(answer, "/consensus/validations"), 1);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_votes"), 1);
    CU_ASSERT(http_is_problem(consortium_vote(web, 2, "00000000000000000000000000000000", 1, ""), 404));
    CU_ASSERT(http_is_problem(consensus("00000000000000000000000000000000", ""), 404));
    stop();
}

static void confidence_is_clamped(void)
{
    static const struct {
        const char *sent, *kept;
    } rows[] = {{"1e9", "1.0000"}, {"-1", "0.0000"},    {"0.25", "0.2500"},   {"0.00004", "0.0000"},
                {"1", "1.0000"},   {"1e308", "1.0000"}, {"-1e308", "0.0000"}, {"0.99999", "1.0000"}};
    static const char *const bad[] = {"NaN",  "Infinity", "-Infinity", "1e999", "\"1\"",
                                      "null", "[1]",      "true",      ""};
    const char *id, *pointer;
    http_response_t *answer;
    size_t i;

    start(10);
    id = consortium_shared(web, 0, evidence(80));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        answer = consortium_vote(web, 1, id, 1, apr_pstrcat(test_pool(), ",\"confidence\":", bad[i], NULL));
        if (!http_is_problem(answer, 400)) {
            test_note("%s", bad[i]);
            CU_FAIL("taken");
        }
    }
    CU_ASSERT_EQUAL(http_json_int(consensus(id, ""), "/consensus/votes"), 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer = consortium_vote(web, (int)i + 1, id, 1,
                                 apr_pstrcat(test_pool(), ",\"confidence\":", rows[i].sent, NULL));
        CU_ASSERT_EQUAL(answer->status, 200);
        pointer = apr_psprintf(test_pool(), "/consensus/validations/%d/confidence", (int)i);
        CU_ASSERT_STRING_EQUAL(number_at(answer, pointer), rows[i].kept);
    }
    /* Without a word, it is sure. */
    answer = consortium_vote(web, 9, id, 0, "");
    CU_ASSERT_STRING_EQUAL(number_at(answer, "/consensus/validations/8/confidence"), "1.0000");
    /* 4.25 of 5.25 */
    CU_ASSERT_STRING_EQUAL(number_at(answer, "/consensus/agreement"), "0.809523");
    stop();
}

static void votes_without_confidence_decide_nothing(void)
{
    http_response_t *answer;
    const char *id;
    int i;

    start(4);
    id = consortium_shared(web, 0, evidence(80));
    for (i = 1; i < 4; i++) {
        answer = consortium_vote(web, i, id, 0, ",\"confidence\":0");
    }
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/consensus/outcome"), "pending");
    CU_ASSERT_PTR_NOT_NULL(strstr(http_json_text(answer, "/consensus/reason"), "confidence"));
    stop();
}

static void bad_votes(void)
{
    static const struct {
        const char *body, *pointer;
    } rows[] = {
        {"{\"organization_id\":\"org-1\",\"evidence_id\":\"x\"}", "/is_valid"},
        {"{\"organization_id\":\"org-1\",\"is_valid\":true}", "/evidence_id"},
        {"{\"evidence_id\":\"x\",\"is_valid\":true}", "/organization_id"},
        {"{\"organization_id\":\"org-1\",\"evidence_id\":7,\"is_valid\":true}", "/evidence_id"},
        {"{\"organization_id\":\"org-1\",\"evidence_id\":\"x\",\"is_valid\":1}", "/is_valid"},
        {"{\"organization_id\":\"org-1\",\"evidence_id\":\"x\",\"is_valid\":null}", "/is_valid"},
        {"{\"organization_id\":\"org-1\",\"evidence_id\":\"x\",\"is_valid\":true,\"version\":1.5}",
         "/version"},
        {"{\"organization_id\":\"org-1\",\"evidence_id\":\"x\",\"is_valid\":true,\"stake\":9}", "/stake"},
    };
    size_t i;

    start(2);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT(
            checks_problem_at(http_post(web, "/api/federated/validate", rows[i].body), 400, rows[i].pointer));
    }
    stop();
}

/* What a vote is on record as, written down anew from what is listed. */
static const char *digest_of_vote(const char *id, const http_response_t *answer, int number, int confidence)
{
    const char *at = apr_psprintf(test_pool(), "/consensus/validations/%d", number);

    return checks_hash_text(apr_psprintf(
        test_pool(),
        "{\"confidence\":%d,\"evidence_id\":\"%s\",\"is_valid\":%s,\"version\":1,\"voted_at\":\"%s\","
        "\"voter\":\"%s\"}",
        confidence, id,
        http_json_bool(answer, apr_pstrcat(test_pool(), at, "/is_valid", NULL)) ? "true" : "false",
        http_json_text(answer, apr_pstrcat(test_pool(), at, "/timestamp", NULL)),
        http_json_text(answer, apr_pstrcat(test_pool(), at, "/voter", NULL))));
}

static void votes_are_on_record(void)
{
    static const char *const names[] = {"org-", NULL};
    http_response_t *answer, *history;
    const char *id;

    start(3);
    id = consortium_shared(web, 0, evidence(80));
    vote(1, id, 1);
    answer = consortium_vote(web, 2, id, 0, ",\"confidence\":0.75");
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/consensus/validations/0/voter")), 32);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(answer, "/consensus/validations/0/voter"),
                               http_json_text(answer, "/consensus/validations/1/voter"));
    history = consortium_history(web, "vote");
    CU_ASSERT_EQUAL(http_json_int(history, "/count"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/action"), "cast");
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/evidence_id"), id);
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/version"), "1");
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/record"),
                           digest_of_vote(id, answer, 1, 7500));
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/1/evidence/record"),
                           digest_of_vote(id, answer, 0, 10000));
    CU_ASSERT(consortium_says_nothing("the votes", answer->body, names));
    CU_ASSERT(consortium_says_nothing("the history", history->body, names));
    /* A voter is not known by what it has shared. */
    CU_ASSERT_PTR_NULL(strstr(
        answer->body, http_json_text(consortium_share(web, 1, evidence(3), ""), "/evidence/source_hash")));
    CU_ASSERT(scenario_is_valid(web));
    stop();
}

static void repeated_request(void)
{
    http_response_t *first, *again;
    const char *id, *body;

    start(3);
    id = consortium_shared(web, 0, evidence(80));
    body = apr_psprintf(test_pool(),
                        "{\"organization_id\":\"org-1\",\"evidence_id\":\"%s\",\"is_valid\":true}", id);
    first = scenario_post(web, "/api/federated/validate", "v-1", body);
    again = scenario_post(web, "/api/federated/validate", "v-1", body);
    CU_ASSERT_EQUAL(first->status, 200);
    CU_ASSERT_EQUAL(again->status, 200);
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    stop();
}

static const test_case_t cases[] = {
    {"three_votes_accept", three_votes_accept},
    {"three_votes_reject", three_votes_reject},
    {"configured_votes", configured_votes},
    {"a_new_version_starts_anew", a_new_version_starts_anew},
    {"one_vote_each", one_vote_each},
    {"confidence_is_clamped", confidence_is_clamped},
    {"votes_without_confidence_decide_nothing", votes_without_confidence_decide_nothing},
    {"bad_votes", bad_votes},
    {"votes_are_on_record", votes_are_on_record},
    {"repeated_request", repeated_request},
    {NULL, NULL},
};

const test_suite_t federation_votes_suite = {"federation_votes", NULL, NULL, cases};
