/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_evidence.c
 * Evidence is shared over HTTP: what leaves at each level, what nobody finds anywhere, versions, withdrawals, listing.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "base/digest.h"
#include "base/encoding.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define CONFIG "CivarcosLedgerName evidence.test/ledger\nCivarcosDifficulty 4\n"

#define LIST "/api/federated/evidence"

#define PRIVATE    ",\"privacy_level\":\"private\""
#define AGGREGATED ",\"privacy_level\":\"aggregated\""
#define DRY        ",\"dry_run\":true"

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

static http_response_t *list(const char *query)
{
    http_response_t *answer = http_get(web, apr_pstrcat(test_pool(), LIST, query, NULL));

    CU_ASSERT_EQUAL(answer->status, 200);
    return answer;
}

static int count(const char *query)
{
    return (int)http_json_int(list(query), "/count");
}

static http_response_t *versions_of(const char *evidence_id)
{
    return http_get(web, apr_psprintf(test_pool(), "/api/federated/evidence/%s", evidence_id));
}

static apr_int64_t total(const char *name)
{
    return http_json_int(http_get(web, "/api/federated/status"),
                         apr_pstrcat(test_pool(), "/network_stats/", name, NULL));
}

static const char *database(void)
{
    return scenario_file(server, "ledger/civarcos.db");
}

static const char *coverage(const char *id, int percent)
{
    return apr_psprintf(test_pool(), "{\"id\":\"%s\",\"type\":\"coverage\",\"coverage\":%d}", id, percent);
}

static const char *export(void)
{
    http_response_t *answer = http_get(web, "/api/blockchain/export");

    CU_ASSERT_EQUAL(answer->status, 200);
    return answer->body;
}

/* --- the three levels --- */

static void the_example_works(void)
{
    http_response_t answer;

    start(0);
    answer = consortium_example(server, "curl -X POST http://localhost:8000/api/federated/join \\\n"
                                        "  -H \"Content-Type: application/json\" \\\n"
                                        "  -d '{\"organization_id\": \"org1\", \"evidence_endpoint\": "
                                        "\"https://org1.example.com/api\"}'");
    CU_ASSERT_EQUAL(http_json_bool(&answer, "/success"), 1);
    answer = consortium_example(
        server, "curl -X POST http://localhost:8000/api/federated/share \\\n"
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
    answer = consortium_example(server, "curl http://localhost:8000/api/federated/status");
    CU_ASSERT_EQUAL(http_json_int(&answer, "/network_stats/total_shared_evidence"), 1);
    stop();
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
        const char *text = scenario_sql_text(database(), sums[i]);

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
        const char *bytes = test_read_file(scenario_file(server, files[i]), &length);

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

    start_with(CONFIG "LogLevel debug civarcos:trace8\n", 2);
    answer = consortium_share(web, 0, hidden, "");
    CU_ASSERT_EQUAL(answer->status, 201);
    expect_nothing_told("the answer", answer->body);
    CU_ASSERT_EQUAL(http_json_int(answer, "/redactions/github-token"), 1);
    id = http_json_text(answer, "/evidence/evidence_id");
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"), apr_pstrcat(test_pool(), LIST "/", id, NULL));
    CU_ASSERT_EQUAL(consortium_vote(web, 1, id, 1, "")->status, 200);
    answer = list("");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_PTR_NOT_NULL(http_json(answer, "/evidence/0/quality_metrics/security_score"));
    /* Few share its language and size. */
    CU_ASSERT_PTR_NULL(http_json(answer, "/evidence/0/patterns/language"));
    expect_nothing_told("the list", answer->body);
    expect_nothing_told("its versions", versions_of(id)->body);
    expect_nothing_told("its votes",
                        http_get(web, apr_psprintf(test_pool(), "/api/federated/consensus/%s", id))->body);
    expect_nothing_told("the status", http_get(web, "/api/federated/status")->body);
    expect_nothing_told("the history", consortium_history(web, "evidence")->body);
    expect_nothing_told("the export", export());
    expect_nothing_in_rows();
    CU_ASSERT_EQUAL(http_post(web, "/api/federated/withdraw",
                              apr_psprintf(test_pool(),
                                           "{\"organization_id\":\"org-0\",\"evidence_id\":\"%s\",\"reason\":"
                                           "\"org-0 had " TOKEN " in it, says jane.doe@example.com\"}",
                                           id))
                        ->status,
                    200);
    expect_nothing_told("the tombstone", versions_of(id)->body);
    expect_nothing_in_rows();
    expect_nothing_told("the log", test_read_file(server->error_log, &length));
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    expect_nothing_in_files();
    CU_ASSERT_EQUAL(harness_resume(server), 0);
    stop();
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

    start(2);
    answer = consortium_share(web, 0, evidence, PRIVATE);
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
    CU_ASSERT_EQUAL(count("") + count("?privacy_level=private") + count("?privacy_level=aggregated"), 0);
    CU_ASSERT(http_is_problem(versions_of(id), 404));
    CU_ASSERT(http_is_problem(consortium_vote(web, 1, id, 1, ""), 404));
    CU_ASSERT(
        http_is_problem(http_get(web, apr_psprintf(test_pool(), "/api/federated/consensus/%s", id)), 404));
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 0);
    CU_ASSERT(http_is_problem(
        http_post(web, "/api/federated/withdraw",
                  apr_psprintf(test_pool(), "{\"organization_id\":\"org-1\",\"evidence_id\":\"%s\"}", id)),
        404));
    answer = consortium_history(web, "evidence");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/results/0/evidence/record"),
                           civ_digest_hex_dup(&digest, test_pool()));
    CU_ASSERT_PTR_NULL(strstr(export(), id));
    CU_ASSERT(consortium_says_nothing("the export", export(), kept));
    stop();
}

/* Whoever asks again because the answer was lost gets the salt of what was committed to. */
static void a_repeated_commitment_is_the_same(void)
{
    static const char body[] = "{\"organization_id\":\"org-0\",\"evidence\":{\"n\":1}" PRIVATE "}";
    static const char other[] = "{\"organization_id\":\"org-1\",\"evidence\":{\"n\":1}" PRIVATE "}";
    http_response_t *first, *again, *another;

    start(2);
    first = scenario_post(web, "/api/federated/share", "commit-1", body);
    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    again = scenario_post(web, "/api/federated/share", "commit-1", body);
    CU_ASSERT_EQUAL(again->status, 201);
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    /* With another key, or of another member, it is another one. */
    another = scenario_post(web, "/api/federated/share", "commit-2", body);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(another, "/evidence/salt"),
                               http_json_text(first, "/evidence/salt"));
    another = scenario_post(web, "/api/federated/share", "commit-3", other);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(another, "/evidence/salt"),
                               http_json_text(first, "/evidence/salt"));
    CU_ASSERT_EQUAL(http_json_int(consortium_history(web, "evidence"), "/count"), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(export(), http_json_text(first, "/evidence/commitment")));
    stop();
}

/* One's own number is seen by nobody: only statistics, once enough members have one. */
static void aggregated_is_seen_as_statistics(void)
{
    http_response_t *answer;
    int i;

    start(5);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(count("?privacy_level=aggregated"), 0);
        answer = consortium_share(
            web, i,
            apr_psprintf(test_pool(), "{\"type\":\"coverage\",\"id\":\"c\",\"coverage\":%d.25}", 71 + 4 * i),
            AGGREGATED);
        CU_ASSERT_EQUAL(answer->status, 201);
        CU_ASSERT_PTR_NULL(http_header(answer, "Location"));
        CU_ASSERT_PTR_NULL(http_json(answer, "/evidence/source_hash"));
        CU_ASSERT(http_is_problem(versions_of(http_json_text(answer, "/evidence/evidence_id")), 404));
    }
    CU_ASSERT_EQUAL(count(""), 0);
    answer = list("?privacy_level=aggregated");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/0/evidence_type"), "statistics");
    CU_ASSERT_EQUAL(http_json_int(answer, "/evidence/0/quality_metrics/coverage/count"), 5);
    CU_ASSERT_PTR_NULL(strstr(answer->body, "71.25"));
    CU_ASSERT_PTR_NULL(strstr(answer->body, "87.25"));
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 5);
    answer = consortium_share(web, 0, "{\"type\":\"coverage\",\"x\":1}", AGGREGATED);
    CU_ASSERT(checks_problem_at(answer, 400, "/evidence"));
    CU_ASSERT_PTR_NULL(strstr(export(), "71.25"));
    stop();
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
        text = apr_pstrcat(
            test_pool(), text, tables[i], "=",
            scenario_sql_text(database(), apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM ", tables[i], NULL)),
            " ", NULL);
    }
    return text;
}

static void a_dry_run_stores_nothing(void)
{
    http_response_t *tried, *shared;
    const char *before, *members[] = {"evidence_type", "quality_metrics", "patterns", "timestamp"};
    int i;

    start(2);
    before = amounts();
    tried = consortium_share(web, 0, hidden, DRY);
    CU_ASSERT_EQUAL(tried->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(tried, "/dry_run"), 1);
    CU_ASSERT_PTR_NULL(http_json(tried, "/evidence/evidence_id"));
    expect_nothing_told("the answer", tried->body);
    CU_ASSERT_EQUAL(consortium_share(web, 0, hidden, PRIVATE DRY)->status, 200);
    CU_ASSERT_EQUAL(consortium_share(web, 0, coverage("a", 5), AGGREGATED DRY)->status, 200);
    CU_ASSERT(http_is_problem(consortium_share(web, 7, hidden, DRY), 404));
    CU_ASSERT_STRING_EQUAL(amounts(), before);
    CU_ASSERT_EQUAL(count("") + (int)total("total_shared_evidence"), 0);
    /* And it was no empty word. */
    shared = consortium_share(web, 0, hidden, ",\"dry_run\":false");
    CU_ASSERT_EQUAL(shared->status, 201);
    for (i = 0; i < 4; i++) {
        const char *pointer = apr_pstrcat(test_pool(), "/evidence/", members[i], NULL);

        CU_ASSERT_STRING_EQUAL(checks_hash(http_json(tried, pointer)),
                               checks_hash(http_json(shared, pointer)));
    }
    CU_ASSERT_STRING_EQUAL(checks_hash(http_json(tried, "/removed")),
                           checks_hash(http_json(shared, "/removed")));
    CU_ASSERT_STRING_EQUAL(checks_hash(http_json(tried, "/shown_while_few_share_it/patterns")),
                           checks_hash(http_json(list(""), "/evidence/0/patterns")));
    CU_ASSERT_STRING_NOT_EQUAL(amounts(), before);
    stop();
}

/* --- versions and withdrawals --- */

static void versions_are_kept_and_signed(void)
{
    http_response_t *first, *again, *second, *all, *history;
    const char *id;

    start(2);
    first = consortium_share(web, 0, coverage("run", 80), "");
    again = consortium_share(web, 0, coverage("run", 80), "");
    id = http_json_text(first, "/evidence/evidence_id");
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    second = consortium_share(web, 0, coverage("run", 90), "");
    CU_ASSERT_EQUAL(http_json_int(second, "/evidence/version"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(second, "/evidence/evidence_id"), id);
    /* What another member calls the same is another thing. */
    CU_ASSERT_STRING_NOT_EQUAL(consortium_shared(web, 1, coverage("run", 10)), id);
    all = versions_of(id);
    CU_ASSERT_EQUAL(http_json_int(all, "/count"), 2);
    CU_ASSERT_EQUAL(http_json_int(all, "/evidence/0/version"), 2);
    CU_ASSERT_EQUAL(http_json_int(all, "/evidence/1/quality_metrics/coverage"), 80);
    CU_ASSERT_EQUAL(count(""), 2);
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 2);
    history = consortium_history(web, "evidence");
    CU_ASSERT_EQUAL(http_json_int(history, "/count"), 3);
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/1/evidence/record"),
                           consortium_record(web, all, "/evidence/0"));
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/2/evidence/record"),
                           consortium_record(web, all, "/evidence/1"));
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/2/evidence/evidence_id"), id);
    CU_ASSERT(http_is_problem(versions_of("00000000000000000000000000000000"), 404));
    CU_ASSERT(http_is_problem(versions_of("x"), 404));
    stop();
}

static http_response_t *withdraw(int number, const char *id, const char *more)
{
    return http_post(web, "/api/federated/withdraw",
                     apr_psprintf(test_pool(), "{\"organization_id\":\"org-%d\",\"evidence_id\":\"%s\"%s}",
                                  number, id, more));
}

static void a_withdrawal_leaves_a_tombstone(void)
{
    http_response_t *answer, *all, *history;
    const char *id, *digest;

    start(2);
    consortium_shared(web, 0, coverage("run", 80));
    id = consortium_shared(web, 0, coverage("run", 81));
    digest = consortium_record(web, versions_of(id), "/evidence/0");
    CU_ASSERT(checks_problem_at(withdraw(1, id, ""), 404, "/evidence_id"));
    CU_ASSERT(checks_problem_at(withdraw(0, "00", ""), 404, "/evidence_id"));
    CU_ASSERT(checks_problem_at(withdraw(0, id, ",\"reason\":7"), 400, "/reason"));
    CU_ASSERT(
        checks_problem_at(withdraw(0, id, checks_repeat(",\"reason\":\"", "x", 1001, "\"")), 400, "/reason"));
    CU_ASSERT_EQUAL(count(""), 1);
    answer = withdraw(0, id, ",\"reason\":\"org-0: wrong figures, ask jane.doe@example.com\"");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/reason"),
                           "[REDACTED:own-name]: wrong figures, ask [REDACTED:email]");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/withdrawn_record"), digest);
    CU_ASSERT_EQUAL(count("") + (int)total("total_shared_evidence"), 0);
    all = versions_of(id);
    CU_ASSERT_EQUAL(http_json_int(all, "/count"), 2);
    CU_ASSERT_PTR_NOT_NULL(http_json(all, "/evidence/1/withdrawn_at"));
    CU_ASSERT_PTR_NULL(strstr(all->body, "quality_metrics"));
    history = consortium_history(web, "evidence");
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/action"), "withdraw");
    CU_ASSERT_STRING_EQUAL(http_json_text(history, "/results/0/evidence/record"),
                           consortium_record(web, all, "/evidence/0"));
    /* What was said stays said. */
    CU_ASSERT(checks_problem_at(withdraw(0, id, ""), 409, "/evidence_id"));
    CU_ASSERT(checks_problem_at(consortium_share(web, 0, coverage("run", 82), ""), 409, "/evidence/id"));
    CU_ASSERT(checks_problem_at(consortium_vote(web, 1, id, 1, ""), 409, "/evidence_id"));
    CU_ASSERT(scenario_is_valid(web));
    stop();
}

/* Evidence counts while others can see something of it, whatever it was before. */
static void totals_follow_levels(void)
{
    const char *id;

    start(1);
    consortium_share(web, 0, coverage("a", 80), PRIVATE);
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 0);
    id = consortium_shared(web, 0, coverage("a", 80));
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 1);
    CU_ASSERT_EQUAL(withdraw(0, id, "")->status, 200);
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 0);
    id = consortium_shared(web, 0, coverage("b", 80));
    CU_ASSERT_EQUAL(consortium_share(web, 0, coverage("b", 80), PRIVATE)->status, 201);
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 0);
    CU_ASSERT_EQUAL(withdraw(0, id, "")->status, 200);
    CU_ASSERT_EQUAL(total("total_shared_evidence"), 0);
    stop();
}

/* --- listing --- */

static void listing(void)
{
    const char *since;
    int i;

    start(2);
    for (i = 0; i < 6; i++) {
        consortium_shared(web, i % 2,
                          apr_psprintf(test_pool(), "{\"type\":\"%s\",\"coverage\":%d}",
                                       i % 3 ? "coverage" : "unit test", i));
    }
    CU_ASSERT_EQUAL(count(""), 6);
    CU_ASSERT_EQUAL(count("?type=coverage"), 4);
    CU_ASSERT_EQUAL(count("?type=test_results"), 2);
    /* As it was called when it was shared. */
    CU_ASSERT_EQUAL(count("?type=unit%20test"), 2);
    CU_ASSERT_EQUAL(count("?type=sbom"), 0);
    CU_ASSERT_EQUAL(count("?privacy_level=anonymized&type=coverage"), 4);
    CU_ASSERT_EQUAL(count("?since=1999-01-01"), 6);
    CU_ASSERT_EQUAL(count("?since=2199-01-01"), 0);
    since = scenario_sql_text(database(), "SELECT shared FROM civ_fed_evidence WHERE number = 4");
    CU_ASSERT_PTR_NOT_NULL_FATAL(since);
    since = apr_psprintf(test_pool(), "?since=%s.%03dZ", "1970-01-01T00:00:00", 0);
    CU_ASSERT_EQUAL(count(since), 6);
    CU_ASSERT(checks_bad_parameter(http_get(web, LIST "?since=yesterday"), "since"));
    CU_ASSERT(checks_bad_parameter(http_get(web, LIST "?privacy_level=public"), "privacy_level"));
    CU_ASSERT(checks_bad_parameter(http_get(web, LIST "?limit=0"), "limit"));
    CU_ASSERT(checks_bad_parameter(http_get(web, LIST "?cursor=x"), "cursor"));
    CU_ASSERT(http_is_problem(http_get(web, LIST "?x=1"), 400));
    stop();
}

/* Others share, and withdraw, while the list is read: nothing is skipped, nothing comes twice. */
static void paging(void)
{
    const char *cursor = "", *seen = "";
    http_response_t *answer;
    int i, found = 0, added = 9;

    start(2);
    for (i = 0; i < added; i++) {
        consortium_shared(web, 0, coverage(apr_itoa(test_pool(), i), i));
    }
    do {
        answer = list(apr_pstrcat(test_pool(), "?limit=2&type=coverage", cursor, NULL));
        for (i = 0; i < http_json_int(answer, "/count"); i++) {
            const char *id = http_json_text(answer, apr_psprintf(test_pool(), "/evidence/%d/evidence_id", i));

            CU_ASSERT_PTR_NULL(strstr(seen, id));
            seen = apr_pstrcat(test_pool(), seen, id, ",", NULL);
            found++;
        }
        if (found == 2) {
            CU_ASSERT_EQUAL(withdraw(0, http_json_text(answer, "/evidence/0/evidence_id"), "")->status, 200);
        }
        consortium_shared(web, 1, coverage(apr_itoa(test_pool(), added), added));
        added++;
        cursor = apr_pstrcat(test_pool(), "&cursor=", http_json_text(answer, "/next_cursor"), NULL);
    } while (http_json(answer, "/next_cursor"));
    CU_ASSERT_EQUAL(found, 9);
    stop();
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

    start(1);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer = http_post(web, "/api/federated/share", rows[i].body);
        if (!checks_problem_at(answer, rows[i].status, rows[i].pointer)) {
            test_note("%s: %s", rows[i].body, answer->body);
            CU_FAIL("another answer");
        }
    }
    answer = consortium_share(web, 0, checks_repeat("{\"id\":\"", "x", 257, "\"}"), "");
    CU_ASSERT(checks_problem_at(answer, 400, "/evidence/id"));
    CU_ASSERT_EQUAL(count(""), 0);
    CU_ASSERT_EQUAL(consortium_share(web, 0, checks_repeat("{\"id\":\"", "x", 256, "\"}"), "")->status, 201);
    stop();
}

/* --- hosts --- */

#define TWO_HOSTS                                                                                            \
    CONFIG "<VirtualHost 127.0.0.1:${civ_port}>\nServerName one.test\n</VirtualHost>\n"                      \
           "<VirtualHost 127.0.0.1:${civ_port}>\nServerName two.test\n"                                      \
           "CivarcosStateDir \"${civ_state}/two\"\n</VirtualHost>\n"

static http_response_t *ask(const char *host, const char *path, const char *json)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "Host: ", host, NULL), "Content-Type: application/json",
                             NULL};

    return http_send(web, json ? "POST" : "GET", path, headers, json, json ? strlen(json) : 0);
}

static void hosts_have_evidence_of_their_own(void)
{
    static const char join[] =
        "{\"organization_id\":\"org-0\",\"evidence_endpoint\":\"https://org-0.example/evidence\"}";
    static const char share[] =
        "{\"organization_id\":\"org-0\",\"evidence\":{\"id\":\"a\",\"type\":\"coverage\",\"coverage\":5}}";
    http_response_t *one, *two;
    const char *path;

    start_with(TWO_HOSTS, 0);
    CU_ASSERT_EQUAL(ask("one.test", "/api/federated/join", join)->status, 201);
    CU_ASSERT(http_is_problem(ask("two.test", "/api/federated/share", share), 404));
    CU_ASSERT_EQUAL(ask("two.test", "/api/federated/join", join)->status, 201);
    one = ask("one.test", "/api/federated/share", share);
    CU_ASSERT_EQUAL(one->status, 201);
    CU_ASSERT_EQUAL(http_json_int(ask("two.test", LIST, NULL), "/count"), 0);
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
    stop();
}

static const test_case_t cases[] = {
    {"the_example_works", the_example_works},
    {"anonymized_says_nothing_of_its_author", anonymized_says_nothing_of_its_author},
    {"private_leaves_nothing_but_a_commitment", private_leaves_nothing_but_a_commitment},
    {"a_repeated_commitment_is_the_same", a_repeated_commitment_is_the_same},
    {"aggregated_is_seen_as_statistics", aggregated_is_seen_as_statistics},
    {"a_dry_run_stores_nothing", a_dry_run_stores_nothing},
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
