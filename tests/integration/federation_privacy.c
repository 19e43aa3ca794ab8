/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_privacy.c
 * Evidence is shared over HTTP: what leaves at each level, what nobody finds anywhere, and what is only tried.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/evidence_scene.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "base/digest.h"
#include "base/encoding.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define AGGREGATED ",\"privacy_level\":\"aggregated\""
#define DRY        ",\"dry_run\":true"

static const char *export(void)
{
    http_response_t *answer = http_get(evidence_web, "/api/blockchain/export");

    CU_ASSERT_EQUAL(answer->status, 200);
    return answer->body;
}

/* What nobody but its author knows. Taken apart, so that no scanner of sources stumbles over it. */
#define TOKEN                                                                                                \
    "gh"                                                                                                     \
    "p_0123456789abcdefghijABCDEFGHIJ012345"

static const char *const secrets[] = {"org-0",      "scan-4711",       "Jane", "jane.doe",   "payments",
                                      "build-07",   "git.example.com", TOKEN,  "9fceb02d0a", "802113777",
                                      "pay\\u0072", "/home/jdoe",      NULL};

static const char hidden[] =
    "{\"id\":\"scan-4711\",\"type\":\"security_scan\",\"author\":{\"name\":\"Jane Doe\",\"email\":"
    "\"jane.doe@example.com\"},\"repository\":\"https://git.example.com/payments/core.git\",\"source\":"
    "\"build-07.corp.example.internal\",\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\","
    "\"language\":\"Python\",\"lines_of_code\":48213,\"metrics\":{\"security_score\":87.3,\"high\":3,"
    "\"payroll_records\":802113777},\"nested\":{\"deep\":[{\"token\":\"" TOKEN "\"}]},\"description\":"
    "\"token " TOKEN " of org-0 in /home/jdoe/payments/db.py, ask jane.doe@example.com\"}";

static void expect_nothing_told(const char *where, const char *text)
{
    CU_ASSERT(consortium_says_nothing(where, text, secrets));
}

/* All that the tables have of it, but for the table of members. */
static void expect_nothing_in_rows(void)
{
    static const char *const sums[] = {
        "SELECT group_concat(record || fuller || fullest || evidence_id || type || content_hash || digest || "
        "fuller_group || fullest_group || proof) FROM civ_fed_evidence",
        "SELECT group_concat(group_id) FROM civ_fed_groups",
        "SELECT group_concat(voter || proof) FROM civ_fed_opinions",
    };
    size_t i;

    for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        const char *text = scenario_sql_text(evidence_database(), sums[i]);

        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        expect_nothing_told(sums[i], text);
    }
}

/* Whoever gets hold of SQLite's files finds, of all this, the names of the members and nothing else. */
static void expect_nothing_in_files(void)
{
    static const char *const files[] = {"ledger/civarcos.db", "ledger/civarcos.db-wal"};
    const char *const *secret;
    unsigned long length;
    size_t i;

    for (i = 0; i < 2 && !database_is_pgsql(); i++) {
        const char *bytes = test_read_file(scenario_file(evidence_server, files[i]), &length);

        for (secret = secrets + 1; bytes && *secret; secret++) {
            if (memmem(bytes, length, *secret, strlen(*secret))) {
                test_note("%s: there is \"%s\" in it", files[i], *secret);
                CU_FAIL("told");
            }
        }
    }
}

static void anonymized_says_nothing_of_its_author(void)
{
    http_response_t *answer;
    unsigned long length;
    const char *id;

    evidence_start_with(EVIDENCE_CONFIG "LogLevel debug civarcos:trace8\n", 2);
    answer = consortium_share(evidence_web, 0, hidden, "");
    CU_ASSERT_EQUAL(answer->status, 201);
    expect_nothing_told("the answer", answer->body);
    CU_ASSERT_EQUAL(http_json_int(answer, "/redactions/github-token"), 1);
    id = http_json_text(answer, "/evidence/evidence_id");
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"),
                           apr_pstrcat(test_pool(), EVIDENCE_LIST "/", id, NULL));
    CU_ASSERT_EQUAL(consortium_vote(evidence_web, 1, id, 1, "")->status, 200);
    answer = evidence_list("");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_PTR_NOT_NULL(http_json(answer, "/evidence/0/quality_metrics/security_score"));
    /* Few share its language and size. */
    CU_ASSERT_PTR_NULL(http_json(answer, "/evidence/0/patterns/language"));
    expect_nothing_told("the list", answer->body);
    expect_nothing_told("its versions", evidence_versions(id)->body);
    expect_nothing_told(
        "its votes",
        http_get(evidence_web, apr_psprintf(test_pool(), "/api/federated/consensus/%s", id))->body);
    expect_nothing_told("the status", http_get(evidence_web, "/api/federated/status")->body);
    expect_nothing_told("the history", consortium_history(evidence_web, "evidence")->body);
    expect_nothing_told("the export", export());
    expect_nothing_in_rows();
    CU_ASSERT_EQUAL(http_post(evidence_web, "/api/federated/withdraw",
                              apr_psprintf(test_pool(),
                                           "{\"organization_id\":\"org-0\",\"evidence_id\":\"%s\",\"reason\":"
                                           "\"org-0 had " TOKEN " in it, says jane.doe@example.com\"}",
                                           id))
                        ->status,
                    200);
    expect_nothing_told("the tombstone", evidence_versions(id)->body);
    expect_nothing_in_rows();
    expect_nothing_told("the log", test_read_file(evidence_server->error_log, &length));
    CU_ASSERT_EQUAL(harness_halt(evidence_server), 0);
    expect_nothing_in_files();
    CU_ASSERT_EQUAL(harness_resume(evidence_server), 0);
    evidence_stop();
}

static void private_leaves_nothing_but_a_commitment(void)
{
    static const char *const kept[] = {"org-0", "ticket-4711", "secret-type", NULL};
    static const char evidence[] = "{\"type\":\"secret-type\",\"id\":\"ticket-4711\", \"n\":1.0}";
    static const char canonical[] = "{\"id\":\"ticket-4711\",\"n\":1,\"type\":\"secret-type\"}";
    http_response_t *answer;
    civ_digest_t digest;
    unsigned char *salt;
    apr_size_t length;
    const char *id;

    evidence_start(2);
    answer = consortium_share(evidence_web, 0, evidence, EVIDENCE_PRIVATE);
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_PTR_NULL(http_header(answer, "Location"));
    CU_ASSERT(consortium_says_nothing("the answer", answer->body, kept));
    CU_ASSERT_EQUAL(civ_base64_decode(&salt, &length, http_json_text(answer, "/evidence/salt"), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(length, 32);
    civ_digest_sha256_two(&digest, salt, length, canonical, sizeof(canonical) - 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/commitment"),
                           civ_digest_hex_dup(&digest, test_pool()));
    id = http_json_text(answer, "/evidence/evidence_id");
    CU_ASSERT_EQUAL(evidence_count("") + evidence_count("?privacy_level=private") +
                        evidence_count("?privacy_level=aggregated"),
                    0);
    CU_ASSERT(http_is_problem(evidence_versions(id), 404));
    CU_ASSERT(http_is_problem(consortium_vote(evidence_web, 1, id, 1, ""), 404));
    CU_ASSERT(http_is_problem(
        http_get(evidence_web, apr_psprintf(test_pool(), "/api/federated/consensus/%s", id)), 404));
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 0);
    CU_ASSERT(http_is_problem(
        http_post(evidence_web, "/api/federated/withdraw",
                  apr_psprintf(test_pool(), "{\"organization_id\":\"org-1\",\"evidence_id\":\"%s\"}", id)),
        404));
    answer = consortium_history(evidence_web, "evidence");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/results/0/evidence/record"),
                           civ_digest_hex_dup(&digest, test_pool()));
    CU_ASSERT_PTR_NULL(strstr(export(), id));
    CU_ASSERT(consortium_says_nothing("the export", export(), kept));
    evidence_stop();
}

/* Whoever asks again because the answer was lost gets the salt of what was committed to. */
static void a_repeated_commitment_is_the_same(void)
{
    static const char body[] = "{\"organization_id\":\"org-0\",\"evidence\":{\"n\":1}" EVIDENCE_PRIVATE "}";
    static const char other[] = "{\"organization_id\":\"org-1\",\"evidence\":{\"n\":1}" EVIDENCE_PRIVATE "}";
    http_response_t *first, *again, *another;

    evidence_start(2);
    first = scenario_post(evidence_web, "/api/federated/share", "commit-1", body);
    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(harness_restart(evidence_server), 0);
    again = scenario_post(evidence_web, "/api/federated/share", "commit-1", body);
    CU_ASSERT_EQUAL(again->status, 201);
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    /* With another key, or of another member, it is another one. */
    another = scenario_post(evidence_web, "/api/federated/share", "commit-2", body);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(another, "/evidence/salt"),
                               http_json_text(first, "/evidence/salt"));
    another = scenario_post(evidence_web, "/api/federated/share", "commit-3", other);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(another, "/evidence/salt"),
                               http_json_text(first, "/evidence/salt"));
    CU_ASSERT_EQUAL(http_json_int(consortium_history(evidence_web, "evidence"), "/count"), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(export(), http_json_text(first, "/evidence/commitment")));
    evidence_stop();
}

/* One's own number is seen by nobody: only statistics, once enough members have one. */
static void aggregated_is_seen_as_statistics(void)
{
    http_response_t *answer;
    int i;

    evidence_start(5);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(evidence_count("?privacy_level=aggregated"), 0);
        answer = consortium_share(
            evidence_web, i,
            apr_psprintf(test_pool(), "{\"type\":\"coverage\",\"id\":\"c\",\"coverage\":%d.25}", 71 + 4 * i),
            AGGREGATED);
        CU_ASSERT_EQUAL(answer->status, 201);
        CU_ASSERT_PTR_NULL(http_header(answer, "Location"));
        CU_ASSERT_PTR_NULL(http_json(answer, "/evidence/source_hash"));
        CU_ASSERT(http_is_problem(evidence_versions(http_json_text(answer, "/evidence/evidence_id")), 404));
    }
    CU_ASSERT_EQUAL(evidence_count(""), 0);
    answer = evidence_list("?privacy_level=aggregated");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/0/evidence_type"), "statistics");
    CU_ASSERT_EQUAL(http_json_int(answer, "/evidence/0/quality_metrics/coverage/count"), 5);
    CU_ASSERT_PTR_NULL(strstr(answer->body, "71.25"));
    CU_ASSERT_PTR_NULL(strstr(answer->body, "87.25"));
    CU_ASSERT_EQUAL(evidence_total("total_shared_evidence"), 5);
    answer = consortium_share(evidence_web, 0, "{\"type\":\"coverage\",\"x\":1}", AGGREGATED);
    CU_ASSERT(checks_problem_at(answer, 400, "/evidence"));
    CU_ASSERT_PTR_NULL(strstr(export(), "71.25"));
    evidence_stop();
}

/* --- trying --- */

/* How much there is of everything. */
static const char *amounts(void)
{
    static const char *const tables[] = {
        "civ_fed_evidence",      "civ_fed_groups",  "civ_fed_opinions", "civ_fed_metric_values",
        "civ_fed_contributions", "civ_fed_metrics", "civ_fed_members",  "civ_pending",
        "civ_entries",           "civ_blocks",      "civ_idempotency"};
    const char *text = "";
    size_t i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        text =
            apr_pstrcat(test_pool(), text, tables[i], "=",
                        scenario_sql_text(evidence_database(),
                                          apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM ", tables[i], NULL)),
                        " ", NULL);
    }
    return text;
}

static void a_dry_run_stores_nothing(void)
{
    http_response_t *tried, *shared;
    const char *before, *members[] = {"evidence_type", "quality_metrics", "patterns", "timestamp"};
    int i;

    evidence_start(2);
    before = amounts();
    tried = consortium_share(evidence_web, 0, hidden, DRY);
    CU_ASSERT_EQUAL(tried->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(tried, "/dry_run"), 1);
    CU_ASSERT_PTR_NULL(http_json(tried, "/evidence/evidence_id"));
    expect_nothing_told("the answer", tried->body);
    CU_ASSERT_EQUAL(consortium_share(evidence_web, 0, hidden, EVIDENCE_PRIVATE DRY)->status, 200);
    CU_ASSERT_EQUAL(consortium_share(evidence_web, 0, evidence_coverage("a", 5), AGGREGATED DRY)->status,
                    200);
    CU_ASSERT(http_is_problem(consortium_share(evidence_web, 7, hidden, DRY), 404));
    CU_ASSERT_STRING_EQUAL(amounts(), before);
    CU_ASSERT_EQUAL(evidence_count("") + (int)evidence_total("total_shared_evidence"), 0);
    /* And it was no empty word. */
    shared = consortium_share(evidence_web, 0, hidden, ",\"dry_run\":false");
    CU_ASSERT_EQUAL(shared->status, 201);
    for (i = 0; i < 4; i++) {
        const char *pointer = apr_pstrcat(test_pool(), "/evidence/", members[i], NULL);

        CU_ASSERT_STRING_EQUAL(checks_hash(http_json(tried, pointer)),
                               checks_hash(http_json(shared, pointer)));
    }
    CU_ASSERT_STRING_EQUAL(checks_hash(http_json(tried, "/removed")),
                           checks_hash(http_json(shared, "/removed")));
    CU_ASSERT_STRING_EQUAL(checks_hash(http_json(tried, "/shown_while_few_share_it/patterns")),
                           checks_hash(http_json(evidence_list(""), "/evidence/0/patterns")));
    CU_ASSERT_STRING_NOT_EQUAL(amounts(), before);
    evidence_stop();
}

static const test_case_t cases[] = {
    {"anonymized_says_nothing_of_its_author", anonymized_says_nothing_of_its_author},
    {"private_leaves_nothing_but_a_commitment", private_leaves_nothing_but_a_commitment},
    {"a_repeated_commitment_is_the_same", a_repeated_commitment_is_the_same},
    {"aggregated_is_seen_as_statistics", aggregated_is_seen_as_statistics},
    {"a_dry_run_stores_nothing", a_dry_run_stores_nothing},
    {NULL, NULL},
};

const test_suite_t federation_privacy_suite = {"federation_privacy", NULL, NULL, cases};
