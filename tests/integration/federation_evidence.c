/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_evidence.c
 * Evidence is shared over HTTP: versions, withdrawals, listing, and what is refused.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/evidence_scene.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "base/timestamp.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static void the_example_works(void)
{
    http_response_t answer;

    evidence_start(0);
    answer =
        consortium_example(evidence_server, "curl -X POST http://localhost:8000/api/federated/join \\\n"
                                            "  -H \"Content-Type: application/json\" \\\n"
                                            "  -d '{\"organization_id\": \"org1\", \"evidence_endpoint\": "
                                            "\"https://org1.example.com/api\"}'");
    CU_ASSERT_EQUAL(http_json_bool(&answer, "/success"), 1);
    answer = consortium_example(
        evidence_server,
        "curl -X POST http://localhost:8000/api/federated/share \\\n"
        "  -H \"Content-Type: application/json\" \\\n"
        "  -d '{\"organization_id\": \"org1\", \"evidence\": {\"type\": \"test\", \"data\": "
        "{\"coverage\": 81.2, \"repo\": \"https://git.org1.example/x\"}}, \"privacy_level\": "
        "\"anonymized\"}'");
    CU_ASSERT_EQUAL(http_json_bool(&answer, "/success"), 1);
    CU_ASSERT_EQUAL(strlen(http_json_text(&answer, "/evidence/evidence_id")), 32);
    CU_ASSERT_STRING_EQUAL(http_json_text(&answer, "/evidence/evidence_type"), "test_results");
    CU_ASSERT_PTR_NOT_NULL(http_json(&answer, "/evidence/quality_metrics"));
    CU_ASSERT_PTR_NOT_NULL(http_json(&answer, "/evidence/patterns"));
    CU_ASSERT_EQUAL(strlen(http_json_text(&answer, "/evidence/timestamp")), 10);
    CU_ASSERT_EQUAL(strlen(http_json_text(&answer, "/evidence/source_hash")), 32);
    CU_ASSERT_STRING_EQUAL(http_json_text(&answer, "/evidence/privacy_level"), "anonymized");
    CU_ASSERT_PTR_NOT_NULL(http_json(&answer, "/message"));
    answer = consortium_example(evidence_server, "curl http://localhost:8000/api/federated/status");
    CU_ASSERT_EQUAL(http_json_int(&answer, "/network_stats/total_shared_evidence"), 1);
    evidence_stop();
}

/* --- versions and withdrawals --- */

static void versions_are_kept_and_signed(void)
{
    http_response_t *first, *again, *second, *all, *history;
    const char *id;

    evidence_start(2);
    first = consortium_share(evidence_web, 0, evidence_coverage("run", 80), "");
    again = consortium_share(evidence_web, 0, evidence_coverage("run", 80), "");
    id = http_json_text(first, "/evidence/evidence_id");
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    second = consortium_share(evidence_web, 0, evidence_coverage("run", 90), "");
    CU_ASSERT_EQUAL(http_json_int(second, "/evidence/version"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(second, "/evidence/evidence_id"), id);
    /* What another member calls the same is another thing. */
    CU_ASSERT_STRING_NOT_EQUAL(consortium_shared(evidence_web, 1, evidence_coverage("run", 10)), id);
    all = evidence_versions(id);
    CU_ASSERT_EQUAL(http_json_int(all, "/count"), 2);
    CU_ASSERT_EQUAL(http_json_int(all, "/evidence/0/version"), 2);
    CU_ASSERT_EQUAL(http_json_int(all, "/evidence/1/quality_metrics/coverage"), 80);
    CU_ASSERT_EQUAL(evidence_count(""), 2);
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 2);
    history = consortium_history(evidence_web, "evidence");
    CU_ASSERT_EQUAL(http_json_int(history, "/count"), 3);
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/1/evidence/record"),
                           consortium_record(evidence_web, all, "/evidence/0"));
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/2/evidence/record"),
                           consortium_record(evidence_web, all, "/evidence/1"));
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/2/evidence/evidence_id"), id);
    CU_ASSERT(http_is_problem(evidence_versions("00000000000000000000000000000000"), 404));
    CU_ASSERT(http_is_problem(evidence_versions("x"), 404));
    evidence_stop();
}

static http_response_t *withdraw(int number, const char *id, const char *more)
{
    return http_post(evidence_web, "/api/federated/withdraw",
                     apr_psprintf(test_pool(), "{\"organization_id\":\"org-%d\",\"evidence_id\":\"%s\"%s}",
                                  number, id, more));
}

static void a_withdrawal_leaves_a_tombstone(void)
{
    http_response_t *answer, *all, *history;
    const char *id, *digest;

    evidence_start(2);
    consortium_shared(evidence_web, 0, evidence_coverage("run", 80));
    id = consortium_shared(evidence_web, 0, evidence_coverage("run", 81));
    digest = consortium_record(evidence_web, evidence_versions(id), "/evidence/0");
    CU_ASSERT(checks_problem_at(withdraw(1, id, ""), 404, "/evidence_id"));
    CU_ASSERT(checks_problem_at(withdraw(0, "00", ""), 404, "/evidence_id"));
    CU_ASSERT(checks_problem_at(withdraw(0, id, ",\"reason\":7"), 400, "/reason"));
    CU_ASSERT(
        checks_problem_at(withdraw(0, id, checks_repeat(",\"reason\":\"", "x", 1001, "\"")), 400, "/reason"));
    CU_ASSERT_EQUAL(evidence_count(""), 1);
    answer = withdraw(0, id, ",\"reason\":\"org-0: wrong figures, ask jane.doe@example.com\"");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/reason"),
                           "[REDACTED:own-name]: wrong figures, ask [REDACTED:email]");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/withdrawn_record"), digest);
    CU_ASSERT_EQUAL(evidence_count("") + (int)evidence_total("total_shared_evidence"), 0);
    all = evidence_versions(id);
    CU_ASSERT_EQUAL(http_json_int(all, "/count"), 2);
    CU_ASSERT_PTR_NOT_NULL(http_json(all, "/evidence/1/withdrawn_at"));
    CU_ASSERT_PTR_NULL(strstr(all->body, "quality_metrics"));
    history = consortium_history(evidence_web, "evidence");
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/action"), "withdraw");
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/record"),
                           consortium_record(evidence_web, all, "/evidence/0"));
    /* What was said stays said. */
    CU_ASSERT(checks_problem_at(withdraw(0, id, ""), 409, "/evidence_id"));
    CU_ASSERT(checks_problem_at(consortium_share(evidence_web, 0, evidence_coverage("run", 82), ""), 409,
                                "/evidence/id"));
    CU_ASSERT(checks_problem_at(consortium_vote(evidence_web, 1, id, 1, ""), 409, "/evidence_id"));
    CU_ASSERT(scenario_is_valid(evidence_web));
    evidence_stop();
}

/* Evidence counts while others can see something of it, whatever it was before. */
static void totals_follow_levels(void)
{
    const char *id;

    evidence_start(1);
    consortium_share(evidence_web, 0, evidence_coverage("a", 80), EVIDENCE_PRIVATE);
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 0);
    id = consortium_shared(evidence_web, 0, evidence_coverage("a", 80));
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 1);
    CU_ASSERT_EQUAL(withdraw(0, id, "")->status, 200);
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 0);
    id = consortium_shared(evidence_web, 0, evidence_coverage("b", 80));
    CU_ASSERT_EQUAL(consortium_share(evidence_web, 0, evidence_coverage("b", 80), EVIDENCE_PRIVATE)->status,
                    201);
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 0);
    CU_ASSERT_EQUAL(withdraw(0, id, "")->status, 200);
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 0);
    evidence_stop();
}

/* --- listing --- */

static void listing(void)
{
    const char *shared, *later;
    char since[CIV_TIMESTAMP_SIZE];
    int i;

    evidence_start(2);
    for (i = 0; i < 6; i++) {
        consortium_shared(evidence_web, i % 2,
                          apr_psprintf(test_pool(), "{\"type\":\"%s\",\"coverage\":%d}",
                                       i % 3 ? "coverage" : "unit test", i));
    }
    CU_ASSERT_EQUAL(evidence_count(""), 6);
    CU_ASSERT_EQUAL(evidence_count("?type=coverage"), 4);
    CU_ASSERT_EQUAL(evidence_count("?type=test_results"), 2);
    /* As it was called when it was shared. */
    CU_ASSERT_EQUAL(evidence_count("?type=unit%20test"), 2);
    CU_ASSERT_EQUAL(evidence_count("?type=sbom"), 0);
    CU_ASSERT_EQUAL(evidence_count("?privacy_level=anonymized&type=coverage"), 4);
    CU_ASSERT_EQUAL(evidence_count("?since=1999-01-01"), 6);
    CU_ASSERT_EQUAL(evidence_count("?since=2199-01-01"), 0);
    shared = scenario_sql_text(evidence_database(), "SELECT shared FROM civ_fed_evidence WHERE number = 4");
    CU_ASSERT_PTR_NOT_NULL_FATAL(shared);
    later = scenario_sql_text(
        evidence_database(),
        apr_psprintf(test_pool(), "SELECT COUNT(*) FROM civ_fed_evidence WHERE shared >= %s", shared));
    civ_timestamp_format(since, apr_atoi64(shared));
    CU_ASSERT_EQUAL(evidence_count(apr_pstrcat(test_pool(), "?since=", since, NULL)), apr_atoi64(later));
    CU_ASSERT(apr_atoi64(later) >= 3 && apr_atoi64(later) <= 6);
    CU_ASSERT(checks_bad_parameter(http_get(evidence_web, EVIDENCE_LIST "?since=yesterday"), "since"));
    CU_ASSERT(
        checks_bad_parameter(http_get(evidence_web, EVIDENCE_LIST "?privacy_level=public"), "privacy_level"));
    CU_ASSERT(checks_bad_parameter(http_get(evidence_web, EVIDENCE_LIST "?limit=0"), "limit"));
    CU_ASSERT(checks_bad_parameter(http_get(evidence_web, EVIDENCE_LIST "?cursor=x"), "cursor"));
    CU_ASSERT(http_is_problem(http_get(evidence_web, EVIDENCE_LIST "?x=1"), 400));
    evidence_stop();
}

/* Others share, and withdraw, while the list is read: nothing is skipped, nothing comes twice. */
static void paging(void)
{
    const char *cursor = "", *seen = "";
    http_response_t *answer;
    int i, found = 0, added = 9;

    evidence_start(2);
    for (i = 0; i < added; i++) {
        consortium_shared(evidence_web, 0, evidence_coverage(apr_itoa(test_pool(), i), i));
    }
    do {
        answer = evidence_list(apr_pstrcat(test_pool(), "?limit=2&type=coverage", cursor, NULL));
        for (i = 0; i < http_json_int(answer, "/count"); i++) {
            const char *id = http_json_text(answer, apr_psprintf(test_pool(), "/evidence/%d/evidence_id", i));

            CU_ASSERT_PTR_NULL(strstr(seen, id));
            seen = apr_pstrcat(test_pool(), seen, id, ",", NULL);
            found++;
        }
        if (found == 2) {
            CU_ASSERT_EQUAL(withdraw(0, http_json_text(answer, "/evidence/0/evidence_id"), "")->status, 200);
        }
        consortium_shared(evidence_web, 1, evidence_coverage(apr_itoa(test_pool(), added), added));
        added++;
        cursor = apr_pstrcat(test_pool(), "&cursor=", http_json_text(answer, "/next_cursor"), NULL);
    } while (http_json(answer, "/next_cursor"));
    CU_ASSERT_EQUAL(found, 9);
    evidence_stop();
}

/* --- bad requests --- */

static void bad_shares(void)
{
    static const struct {
        const char *body;
        int status;
        const char *pointer;
    } rows[] = {
        {"{\"organization_id\":\"org-0\",\"evidence\":{},\"privacy_level\":\"public\"}", 400,
         "/privacy_level"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{},\"privacy_level\":7}", 400, "/privacy_level"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{},\"privacy_level\":\"Private\"}", 400,
         "/privacy_level"},
        {"{\"organization_id\":\"org-0\",\"evidence\":[]}", 400, "/evidence"},
        {"{\"organization_id\":\"org-0\",\"evidence\":\"x\"}", 400, "/evidence"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{\"id\":7}}", 400, "/evidence/id"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{\"id\":\"\"}}", 400, "/evidence/id"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{\"id\":\"a\\u0000b\"}}", 400, "/evidence/id"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{},\"dry_run\":1}", 400, "/dry_run"},
        {"{\"organization_id\":\"org-0\",\"evidence\":{},\"level\":1}", 400, "/level"},
        {"{\"organization_id\":\"a/b\",\"evidence\":{}}", 400, "/organization_id"},
        {"{\"organization_id\":7,\"evidence\":{}}", 400, "/organization_id"},
        {"{\"organization_id\":\"nobody\",\"evidence\":{}}", 404, "/organization_id"},
        {"{\"evidence\":{}}", 400, "/organization_id"},
        {"{\"organization_id\":\"org-0\"}", 400, "/evidence"},
    };
    http_response_t *answer;
    size_t i;

    evidence_start(1);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer = http_post(evidence_web, "/api/federated/share", rows[i].body);
        if (!checks_problem_at(answer, rows[i].status, rows[i].pointer)) {
            test_note("%s: %s", rows[i].body, answer->body);
            CU_FAIL("another answer");
        }
    }
    answer = consortium_share(evidence_web, 0, checks_repeat("{\"id\":\"", "x", 257, "\"}"), "");
    CU_ASSERT(checks_problem_at(answer, 400, "/evidence/id"));
    CU_ASSERT_EQUAL(evidence_count(""), 0);
    CU_ASSERT_EQUAL(
        consortium_share(evidence_web, 0, checks_repeat("{\"id\":\"", "x", 256, "\"}"), "")->status, 201);
    evidence_stop();
}

/* --- hosts --- */

#define TWO_HOSTS                                                                                            \
    EVIDENCE_CONFIG "<VirtualHost 127.0.0.1:${civ_port}>\nServerName one.test\n</VirtualHost>\n"             \
                    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName two.test\n"                             \
                    "CivarcosStateDir \"${civ_state}/two\"\n</VirtualHost>\n"

static http_response_t *ask(const char *host, const char *path, const char *json)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "Host: ", host, NULL), "Content-Type: application/json",
                             NULL};

    return http_send(evidence_web, json ? "POST" : "GET", path, headers, json, json ? strlen(json) : 0);
}

static void hosts_have_evidence_of_their_own(void)
{
    static const char join[] =
        "{\"organization_id\":\"org-0\",\"evidence_endpoint\":\"https://org-0.example/evidence\"}";
    static const char share[] =
        "{\"organization_id\":\"org-0\",\"evidence\":{\"id\":\"a\",\"type\":\"coverage\",\"coverage\":5}}";
    http_response_t *one, *two;
    const char *path;

    evidence_start_with(TWO_HOSTS, 0);
    CU_ASSERT_EQUAL(ask("one.test", "/api/federated/join", join)->status, 201);
    CU_ASSERT(http_is_problem(ask("two.test", "/api/federated/share", share), 404));
    CU_ASSERT_EQUAL(ask("two.test", "/api/federated/join", join)->status, 201);
    one = ask("one.test", "/api/federated/share", share);
    CU_ASSERT_EQUAL(one->status, 201);
    CU_ASSERT_EQUAL(http_json_int(ask("two.test", EVIDENCE_LIST, NULL), "/count"), 0);
    two = ask("two.test", "/api/federated/share", share);
    /* Neither ids nor pseudonyms of the same member lead from one network to the other. */
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(one, "/evidence/evidence_id"),
                               http_json_text(two, "/evidence/evidence_id"));
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(one, "/evidence/source_hash"),
                               http_json_text(two, "/evidence/source_hash"));
    path =
        apr_psprintf(test_pool(), "/api/federated/evidence/%s", http_json_text(one, "/evidence/evidence_id"));
    CU_ASSERT_EQUAL(ask("one.test", path, NULL)->status, 200);
    CU_ASSERT(http_is_problem(ask("two.test", path, NULL), 404));
    evidence_stop();
}

static const test_case_t cases[] = {
    {"the_example_works", the_example_works},
    {"versions_are_kept_and_signed", versions_are_kept_and_signed},
    {"a_withdrawal_leaves_a_tombstone", a_withdrawal_leaves_a_tombstone},
    {"totals_follow_levels", totals_follow_levels},
    {"listing", listing},
    {"paging", paging},
    {"bad_shares", bad_shares},
    {"hosts_have_evidence_of_their_own", hosts_have_evidence_of_their_own},
    {NULL, NULL},
};

const test_suite_t federation_evidence_suite = {"federation_evidence", NULL, NULL, cases};
