/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_sharing.c
 * Shared evidence over HTTP: what its author is told, and what nobody else is.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define CONFIG "CivarcosLedgerName sharing.test/ledger\nCivarcosDifficulty 4\n"

static harness_t *server;
static http_client_t *web;

static void start(int members)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
    consortium_join(web, 0, members);
}

static void stop(void)
{
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

static http_response_t *share_once(const char *body, const char *key)
{
    const char *const headers[] = {"Content-Type: application/json",
                                   apr_pstrcat(test_pool(), "Idempotency-Key: ", key, NULL), NULL};

    return http_send(web, "POST", "/api/federated/share", headers, body, strlen(body));
}

/* Other random bytes than those that were committed to would prove nothing. */
static void a_commitment_is_told_again_with_its_salt(void)
{
    static const char first[] = "{\"organization_id\":\"org-0\",\"privacy_level\":\"private\","
                                "\"evidence\":{\"id\":\"a\",\"coverage\":81}}";
    static const char later[] = "{\"organization_id\":\"org-0\",\"privacy_level\":\"private\","
                                "\"evidence\":{\"id\":\"a\",\"coverage\":82}}";
    http_response_t *made, *again;

    start(1);
    made = share_once(first, "one");
    CU_ASSERT_EQUAL(made->status, 201);
    CU_ASSERT_EQUAL(strlen(http_json_text(made, "/evidence/salt")), 44);
    CU_ASSERT_EQUAL(share_once(later, "two")->status, 201);
    again = share_once(first, "one");
    CU_ASSERT_EQUAL(again->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(again, "/evidence/evidence_id"),
                           http_json_text(made, "/evidence/evidence_id"));
    CU_ASSERT_STRING_EQUAL(http_json_text(again, "/evidence/commitment"),
                           http_json_text(made, "/evidence/commitment"));
    CU_ASSERT_STRING_EQUAL(http_json_text(again, "/evidence/salt"), http_json_text(made, "/evidence/salt"));
    stop();
}

/* A pseudonym is worth nothing beside the name. */
static void nobody_names_itself(void)
{
    http_response_t *answer;

    start(1);
    answer = consortium_threat(web, 0,
                               "{\"type\":\"phishing\",\"indicators\":[\"http://org-0.evil.bad-host.org/\"],"
                               "\"description\":\"mails to all of ORG-0, staff first\"}");
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/description"),
                           "mails to all of [REDACTED:own-name], staff first");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/indicators/0"), "http://org-0.evil.bad-host.org/");
    answer =
        http_post(web, "/api/federated/share",
                  "{\"organization_id\":\"org-0\",\"evidence\":{\"type\":\"coverage\",\"coverage\":81}}");
    CU_ASSERT_EQUAL(answer->status, 201);
    answer = http_post(
        web, "/api/federated/withdraw",
        apr_psprintf(test_pool(),
                     "{\"organization_id\":\"org-0\",\"evidence_id\":\"%s\",\"reason\":\"of org-0\"}",
                     http_json_text(answer, "/evidence/evidence_id")));
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/evidence/reason"), "of [REDACTED:own-name]");
    stop();
}

static int is_removed(const http_response_t *answer, int index, const char *pointer, const char *reason)
{
    const char *place = apr_psprintf(test_pool(), "/removed/%d", index);
    const char *told = http_json_text(answer, apr_pstrcat(test_pool(), place, "/pointer", NULL));
    const char *why = http_json_text(answer, apr_pstrcat(test_pool(), place, "/reason", NULL));

    return strcmp(told, pointer) == 0 && strcmp(why, reason) == 0;
}

/* Before it agrees, an organisation sees what stays; and what it is told then is told again when it shares. */
static void what_stays_is_told_at_the_aggregated_level(void)
{
    static const char evidence[] =
        "{\"type\":\"coverage\",\"coverage\":81.25,\"line_coverage\":120,\"branch_coverage\":\"80%\","
        "\"language\":\"go\",\"author\":\"Jane\",\"of org-0\":1}";
    static const char *const more[] = {",\"privacy_level\":\"aggregated\",\"dry_run\":true",
                                       ",\"privacy_level\":\"aggregated\""};
    http_response_t *answer;
    int i;

    start(1);
    for (i = 0; i < 2; i++) {
        answer = consortium_share(web, 0, evidence, more[i]);
        CU_ASSERT_EQUAL(answer->status, i == 0 ? 200 : 201);
        CU_ASSERT_EQUAL(http_json_count(answer, "/evidence/quality_metrics"), 2);
        CU_ASSERT_EQUAL(http_json_int(answer, "/evidence/quality_metrics/line_coverage"), 100);
        CU_ASSERT_EQUAL(http_json_int(answer, "/removed_count"), 5);
        CU_ASSERT_EQUAL(http_json_count(answer, "/removed"), 5);
        CU_ASSERT(is_removed(answer, 0, "/line_coverage", "generalised"));
        CU_ASSERT(is_removed(answer, 1, "/branch_coverage", "unusable"));
        CU_ASSERT(is_removed(answer, 2, "/language", "not-allow-listed"));
        CU_ASSERT(is_removed(answer, 3, "/author", "person"));
        CU_ASSERT(is_removed(answer, 4, "/of [REDACTED:own-name]", "not-allow-listed"));
        CU_ASSERT_EQUAL(http_json_count(answer, "/redactions"), 0);
        CU_ASSERT_PTR_NULL(http_json(answer, "/shown_while_few_share_it"));
    }
    answer = consortium_share(web, 0, evidence, ",\"privacy_level\":\"private\",\"dry_run\":true");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_PTR_NULL(http_json(answer, "/removed"));
    stop();
}

/* Looking for secrets takes time: not for who cannot sign. */
static void signatures_come_before_contents(void)
{
    static const char *const headers[] = {"Content-Type: application/json", "Signature-Input: a=()",
                                          "Signature: a=:AA==:", NULL};
    static const char *const rows[][2] = {
        {"/api/federated/share",
         "{\"organization_id\":\"org-0\",\"privacy_level\":\"aggregated\",\"evidence\":{\"x\":1}}"},
        {"/api/federated/threat", "{\"organization_id\":\"org-0\",\"threat_info\":{\"type\":\"a b?\"}}"},
    };
    size_t i;

    start(1);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT(http_is_problem(http_post(web, rows[i][0], rows[i][1]), 400));
        CU_ASSERT(http_is_problem(http_send(web, "POST", rows[i][0], headers, rows[i][1], strlen(rows[i][1])),
                                  401));
    }
    stop();
}

/* What members say of themselves is bounded, and so is a page of them. */
static void talkative_members_make_short_pages(void)
{
    char talk[16001];
    const char *cursor = "";
    http_response_t *answer;
    int i, found = 0, pages = 0;

    memset(talk, 'a', sizeof(talk) - 1);
    talk[sizeof(talk) - 1] = '\0';
    start(0);
    for (i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(http_post(web, "/api/federated/join",
                                  apr_psprintf(test_pool(),
                                               "{\"organization_id\":\"org-%d\",\"evidence_endpoint\":"
                                               "\"https://a.example/\",\"metadata\":{\"a\":\"%s\"}}",
                                               i, talk))
                            ->status,
                        201);
    do {
        answer = http_get(web, apr_pstrcat(test_pool(), "/api/federated/nodes?limit=1000", cursor, NULL));
        found += (int)http_json_int(answer, "/count");
        cursor = apr_pstrcat(test_pool(), "&cursor=", http_json_text(answer, "/next_cursor"), NULL);
    } while (http_json(answer, "/next_cursor") && ++pages < 20);
    CU_ASSERT_EQUAL(found, 200);
    CU_ASSERT(pages > 0);
    stop();
}

static void ids_are_text(void)
{
    static const char *const paths[] = {"nodes", "evidence", "consensus", "threat"};
    size_t i;

    start(0);
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        CU_ASSERT(http_is_problem(
            http_get(web, apr_pstrcat(test_pool(), "/api/federated/", paths[i], "/%ff", NULL)), 404));
    stop();
}

static const test_case_t cases[] = {
    {"a_commitment_is_told_again_with_its_salt", a_commitment_is_told_again_with_its_salt},
    {"nobody_names_itself", nobody_names_itself},
    {"what_stays_is_told_at_the_aggregated_level", what_stays_is_told_at_the_aggregated_level},
    {"signatures_come_before_contents", signatures_come_before_contents},
    {"talkative_members_make_short_pages", talkative_members_make_short_pages},
    {"ids_are_text", ids_are_text},
    {NULL, NULL},
};

const test_suite_t federation_sharing_suite = {"federation_sharing", NULL, NULL, cases};
