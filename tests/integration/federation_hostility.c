/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_hostility.c
 * What is sent to do harm: secrets where they are hard to find, texts that are hard to search, requests in the name of others.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"
#include "integration/signer.h"

#include "base/encoding.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define CONFIG "CivarcosLedgerName hostility.test/ledger\nCivarcosDifficulty 4\n"

#define SHARE "/api/federated/share"
#define LEAVE "/api/federated/leave"

#define MEBIBYTE 1048576

static harness_t *server;
static http_client_t *web;

static void start(const char *more, int members)
{
    harness_options_t options = {NULL, apr_pstrcat(test_pool(), CONFIG, more, NULL), NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
    consortium_join(web, 0, members);
}

static void stop(void)
{
    CU_ASSERT(harness_log_is_clean(server, "?CIV0600", "?CIV0601", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

/* --- secrets --- */

/* Taken apart, so that no scanner of sources stumbles over them. */
#define TOKEN                                                                                                \
    "gh"                                                                                                     \
    "p_0123456789abcdefghijABCDEFGHIJ012345"
#define ADDRESS "jane.doe@company.org"

/* Whatever is left of them: not their first half either. */
static const char *const secrets[] = {"gh"
                                      "p_0123456789abcdef",
                                      "jane.doe", NULL};

/* In itself, in base64, and in that of that, with percent signs around it: over and over, up to a length. */
static char *nest(apr_size_t length)
{
    const char *plain = "token " TOKEN " of " ADDRESS " \\n";
    const char *base64 = civ_base64_encode((const unsigned char *)plain, strlen(plain), test_pool());
    const char *twice = civ_base64_encode((const unsigned char *)base64, strlen(base64), test_pool());
    const char *unit =
        apr_pstrcat(test_pool(), plain, "password=%67%68p_0123456789abcdefghijABCDEFGHIJ012345 ", base64, " ",
                    twice, " https://jane.doe:", TOKEN, "@evil.bad-host.org/%2567%2568 ", NULL);
    char *text = apr_palloc(test_pool(), length + 1);
    apr_size_t at = 0, size = strlen(unit);

    for (; at + size <= length; at += size) {
        memcpy(text + at, unit, size);
    }
    memset(text + at, 'x', length - at);
    text[length] = '\0';
    return text;
}

static const char *described(const char *text)
{
    return apr_pstrcat(test_pool(), "{\"type\":\"security_scan\",\"security_score\":50,\"description\":\"",
                       text, "\"}", NULL);
}

static void expect_nothing_told(const http_response_t *answer)
{
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT(consortium_says_nothing("the answer", answer->body, secrets));
    CU_ASSERT(consortium_says_nothing("the list", http_get(web, "/api/federated/evidence?limit=1000")->body,
                                      secrets));
}

/* As much as is examined, and more than that. */
static void a_mebibyte_of_nested_secrets(void)
{
    static const apr_size_t lengths[] = {1000, MEBIBYTE - 4096, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE};
    http_response_t *answer;
    size_t i;

    start("CivarcosMaxBody 8388608\n", 1);
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        answer = consortium_share(web, 0, described(nest(lengths[i])), "");
        expect_nothing_told(answer);
        answer = consortium_threat(web, 0,
                                   apr_psprintf(test_pool(), "{\"type\":\"leak-%d\",\"description\":\"%s\"}",
                                                (int)i, nest(lengths[i])));
        CU_ASSERT(answer->status == 201 || answer->status == 400);
        CU_ASSERT(consortium_says_nothing("the threat", answer->body, secrets));
    }
    CU_ASSERT(consortium_says_nothing("the threats", http_get(web, "/api/federated/threat")->body, secrets));
    CU_ASSERT(
        consortium_says_nothing("the rows",
                                scenario_sql_text(scenario_file(server, "ledger/civarcos.db"),
                                                  "SELECT group_concat(record || fuller || fullest) FROM "
                                                  "civ_fed_evidence"),
                                secrets));
    stop();
}

/* More than a request may be, is no request. */
static void more_than_a_body(void)
{
    start("", 1);
    CU_ASSERT(http_is_problem(consortium_share(web, 0, described(nest(2 * MEBIBYTE)), ""), 413));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/evidence"), "/count"), 0);
    stop();
}

/* Where a text is cut, nothing of a secret is left. */
static void secrets_where_a_text_is_cut(void)
{
    int before;

    start("", 1);
    for (before = 230; before < 285; before += 3) {
        expect_nothing_told(consortium_share(
            web, 0, described(checks_repeat("", "x", (apr_size_t)before, " " TOKEN " tail")), ""));
    }
    stop();
}

/* However deep: objects and lists stay at home as a whole. */
static void deep_secrets(void)
{
    static const char *const shapes[][3] = {{"{\"a\":", "\"" TOKEN "\"", "}"}, {"[", "\"" TOKEN "\"", "]"}};
    const char *evidence;
    int shape, depth;

    start("", 1);
    for (shape = 0; shape < 2; shape++) {
        for (depth = 1; depth < 62; depth += 10) {
            evidence = apr_pstrcat(
                test_pool(),
                "{\"description\":", checks_repeat("", shapes[shape][0], (apr_size_t)depth, shapes[shape][1]),
                checks_repeat("", shapes[shape][2], (apr_size_t)depth, ""), ",\"" TOKEN "\":1}", NULL);
            expect_nothing_told(consortium_share(web, 0, evidence, ""));
        }
        evidence = apr_pstrcat(test_pool(), "{\"description\":", checks_repeat("", shapes[shape][0], 70, "1"),
                               checks_repeat("", shapes[shape][2], 70, ""), "}", NULL);
        CU_ASSERT(http_is_problem(consortium_share(web, 0, evidence, ""), 400));
    }
    stop();
}

/* --- texts that are hard to search --- */

/* What patterns like those of the rules go back and forth in. */
static void texts_that_are_hard_to_search(void)
{
    static const char *const units[] = {
        "a",
        "a@",
        "a.",
        "a.a@",
        "@a.b",
        "1",
        "1 ",
        "+1-",
        "4 ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "password=",
        "password = \\\"",
        "\\\\",
        "http://",
        "http://a:",
        "//",
        "/a",
        "/home/",
        "%25",
        "%",
        "%2",
        "eyJ",
        "eyJ.",
        "QUFB",
        "A",
        "AKIA",
        "=",
        ":",
        "::",
        "0:",
        "DE89 ",
        "-",
        "_",
        "token ",
        "key=",
        "secret:",
        "Bearer ",
        "Cookie: ",
        "a=b;",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\u0000",
        "\\n",
        "\\t ",
        "xox",
        "sk-",
        "ghp_",
        "[REDACTED:",
    };
    http_response_t *answer;
    pid_t children[64];
    size_t i;
    int alive;

    start("<IfModule mpm_prefork_module>\nMinSpareServers 1\n</IfModule>\n", 1);
    CU_ASSERT_EQUAL(http_get(web, "/api/federated/status")->status, 200);
    alive = harness_children(server, children, 64);
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const char *text = checks_repeat("", units[i], 60000 / strlen(units[i]), "!");

        expect_nothing_told(consortium_share(web, 0, described(text), ""));
        answer =
            consortium_threat(web, 0,
                              apr_psprintf(test_pool(), "{\"type\":\"t%d\",\"description\":\"%s\"}", (int)i,
                                           checks_repeat("", units[i], 2000 / strlen(units[i]), "!")));
        /* Its texts hold no NULs. */
        if (answer->status != (strcmp(units[i], "\\u0000") == 0 ? 400 : 201)) {
            test_note("%s: %d %s", units[i], answer->status, answer->body);
            CU_FAIL("refused");
        }
    }
    CU_ASSERT(checks_children_live(server, children, alive));
    CU_ASSERT(scenario_is_healthy(web));
    stop();
}

/* --- numbers that are none --- */

static void numbers_that_are_none(void)
{
    static const char *const bad[] = {"NaN",  "-NaN", "Infinity", "-Infinity", "1e999",
                                      "0x10", "1.",   ".5",       "+1",        "01"};
    static const char *const texts[] = {"\"NaN\"", "\"inf\"", "null", "[1]", "{}", "true"};
    http_response_t *answer;
    size_t i;

    start("", 1);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *evidence =
            apr_pstrcat(test_pool(), "{\"type\":\"coverage\",\"coverage\":", bad[i], "}", NULL);

        CU_ASSERT(http_is_problem(consortium_share(web, 0, evidence, ""), 400));
        CU_ASSERT(
            http_is_problem(consortium_share(web, 0, evidence, ",\"privacy_level\":\"aggregated\""), 400));
        CU_ASSERT(http_is_problem(
            consortium_contribute(web, 0, apr_pstrcat(test_pool(), "\"m\":", bad[i], NULL)), 400));
    }
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *evidence =
            apr_pstrcat(test_pool(), "{\"type\":\"coverage\",\"coverage\":", texts[i], "}", NULL);

        answer = consortium_share(web, 0, evidence, "");
        CU_ASSERT_EQUAL(answer->status, 201);
        CU_ASSERT_PTR_NULL(http_json(answer, "/evidence/quality_metrics/coverage"));
        CU_ASSERT(checks_problem_at(consortium_share(web, 0, evidence, ",\"privacy_level\":\"aggregated\""),
                                    400, "/evidence"));
    }
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_benchmarks"),
                    0);
    stop();
}

/* --- in the name of others --- */

#define REFUSED(answer, label, words) CU_ASSERT(signer_is_refused(server, answer, label, words))

static const char *shared_by_alpha;

static http_response_t *send_signed(const char *key, const char *path, const char *body, int times)
{
    signer_request_t request = {.server = server, .key = key, .path = path, .body = body};
    const char *const *headers = signer_headers(&request);
    http_response_t *answer = NULL;

    for (; times > 0; times--) {
        answer = http_send(web, "POST", path, headers, body, strlen(body));
    }
    return answer;
}

/* Whatever is said for a member with a key, is signed with that key, and said once. */
static void expect_signed(const char *speaker, const char *other, const char *path, const char *members)
{
    const char *body = apr_psprintf(test_pool(), "{\"organization_id\":\"%s\"%s}", speaker, members);
    const char *changed = apr_psprintf(test_pool(), "{\"organization_id\":\"%s\" %s}", speaker, members);
    signer_request_t request = {.server = server, .key = speaker, .path = path, .body = body};
    const char *const *headers;
    http_response_t *answer;

    REFUSED(http_post(web, path, body), "speaks with a key", "sign the request with it");
    CU_ASSERT(checks_problem_at(send_signed(other, path, body, 1), 403, "/organization_id"));
    REFUSED(send_signed("nobody", path, body, 1), "key-unknown", "cannot be verified");
    headers = signer_headers(&request);
    REFUSED(http_send(web, "POST", path, headers, changed, strlen(changed)), "digest-mismatch",
            "Content-Digest");
    answer = http_send(web, "POST", path, headers, body, strlen(body));
    CU_ASSERT(answer->status == 200 || answer->status == 201);
    if (answer->status >= 400) {
        test_note("%s: %s", path, answer->body);
    }
    if (http_json(answer, "/evidence/evidence_id")) {
        shared_by_alpha = http_json_text(answer, "/evidence/evidence_id");
    }
    answer = http_send(web, "POST", path, headers, body, strlen(body));
    if (strcmp(path, LEAVE) == 0) {
        REFUSED(answer, "key-unknown", "cannot be verified");
    } else {
        REFUSED(answer, "used before", "with a nonce of its own");
    }
}

static void members_with_keys_sign_all_they_say(void)
{
    const char *of_vote, *told;
    const char *keys[] = {NULL, NULL, NULL};

    start(SIGNER_CONFIG "LogLevel civarcos:info\n", 0);
    CU_ASSERT_EQUAL(signer_join(web, server, "alpha"), 201);
    CU_ASSERT_EQUAL(signer_join(web, server, "beta"), 201);
    expect_signed("alpha", "beta", SHARE, ",\"evidence\":{\"coverage\":5},\"dry_run\":true");
    expect_signed("alpha", "beta", SHARE,
                  ",\"evidence\":{\"id\":\"x\",\"coverage\":5},\"privacy_level\":\"private\"");
    expect_signed("alpha", "beta", SHARE, ",\"evidence\":{\"coverage\":5},\"privacy_level\":\"aggregated\"");
    expect_signed("alpha", "beta", SHARE, ",\"evidence\":{\"coverage\":5}");
    of_vote = apr_psprintf(test_pool(), ",\"evidence_id\":\"%s\"", shared_by_alpha);
    expect_signed("beta", "alpha", "/api/federated/validate",
                  apr_pstrcat(test_pool(), of_vote, ",\"is_valid\":true", NULL));
    expect_signed("alpha", "beta", "/api/federated/benchmark", ",\"metrics\":{\"coverage\":5}");
    expect_signed("alpha", "beta", "/api/federated/threat", ",\"threat\":{\"type\":\"malware\"}");
    /* Who has signed is kept, and not told. */
    keys[0] = signer_key_id("alpha");
    keys[1] = signer_key_id("beta");
    told = apr_pstrcat(
        test_pool(), http_get(web, "/api/federated/evidence")->body,
        http_get(web, apr_psprintf(test_pool(), "/api/federated/evidence/%s", shared_by_alpha))->body,
        http_get(web, apr_psprintf(test_pool(), "/api/federated/consensus/%s", shared_by_alpha))->body,
        consortium_history(web, "evidence")->body, NULL);
    CU_ASSERT(consortium_says_nothing("what is told", told, keys));
    CU_ASSERT_STRING_EQUAL(
        scenario_sql_text(scenario_file(server, "ledger/civarcos.db"),
                          apr_psprintf(test_pool(),
                                       "SELECT COUNT(*) FROM civ_fed_evidence WHERE proof LIKE '%%%s%%'",
                                       keys[0])),
        "3");
    expect_signed("alpha", "beta", "/api/federated/withdraw", of_vote);
    expect_signed("alpha", "beta", LEAVE, "");
    stop();
}

/* --- headers --- */

/* Send a signed request by hand, with a header field's line replaced. */
static http_response_t *send_with_line(const char *name, const char *line)
{
    static const char body[] = "{\"organization_id\":\"alpha\",\"evidence\":{\"coverage\":5}}";
    signer_request_t request = {.server = server, .key = "alpha", .path = SHARE, .body = body};
    const char *const *headers = signer_headers(&request);
    http_raw_t *raw = http_raw_connect(server->port, test_pool());
    http_response_t *answer;

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    http_raw_text(raw, apr_psprintf(test_pool(),
                                    "POST " SHARE " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                                    "Content-Length: %d\r\n",
                                    server->port, (int)strlen(body)));
    for (; *headers; headers++) {
        const char *sent = *headers;

        if (strncmp(sent, name, strlen(name)) == 0 && sent[strlen(name)] == ':') {
            const char *place = strstr(line, "%VALUE");

            sent = place ? apr_pstrcat(test_pool(),
                                       apr_pstrmemdup(test_pool(), line, (apr_size_t)(place - line)),
                                       sent + strlen(name) + 2, place + 6, NULL)
                         : line;
            /* A fold where a space was. */
            if (strcmp(line, "(folded)") == 0) {
                const char *space = strchr(*headers + strlen(name) + 2, ' ');

                sent = apr_pstrcat(test_pool(),
                                   apr_pstrmemdup(test_pool(), *headers, (apr_size_t)(space - *headers)),
                                   "\r\n", space, NULL);
            }
        }
        http_raw_text(raw, apr_pstrcat(test_pool(), sent, "\r\n", NULL));
    }
    http_raw_text(raw, "\r\n");
    http_raw_text(raw, body);
    if (strstr(line, "chunked")) {
        http_raw_text(
            raw, "\r\n"); /* without an end of line the server waits for more of the first chunk's size */
    }
    answer = http_raw_answer(raw, 20);
    http_raw_close(raw, 0);
    return answer;
}

/* Each of these two readers could understand differently. */
static void smuggled_lines(void)
{
    static const char *const refused[][2] = {
        {"Signature", "Signature: %VALUE\r\nSignature: %VALUE"},
        {"Signature-Input", "Signature-Input: %VALUE\r\nSignature-Input: %VALUE"},
        {"Signature", "Signature: %VALUE, sig2=:AAAA:"},
        {"Signature", "Signature: sig2=:AAAA:, %VALUE"},
        {"Signature", "Signature: %VALUE\r\n ,sig2=:AAAA:"},
        {"Signature", "Signature:\r\n\tsig1=:AAAA:\r\nX-Old: %VALUE"},
        {"Signature", "Signature : %VALUE"},
        {"Signature", " Signature: %VALUE"},
        {"Signature", "Signature\t: %VALUE"},
        {"Signature", "Signature: %VALUE\nSignature: sig1=:AAAA:"},
        {"Content-Digest", "Content-Digest: %VALUE\r\nContent-Digest: sha-256=:AAAA:"},
        {"Content-Digest", "Content-Digest: sha-256=:AAAA:\r\nContent-Digest: %VALUE"},
        {"Content-Type", "Content-Type: application/json\r\nTransfer-Encoding: chunked"},
        {"Content-Type", "Content-Type: application/json\r\nContent-Length: 3"},
        {"Content-Type", "Content-Type: application/json\r\nHost: other.example"},
    };
    http_response_t *answer;
    size_t i;

    start(SIGNER_CONFIG "LogLevel civarcos:info\n", 0);
    CU_ASSERT_EQUAL(signer_join(web, server, "alpha"), 201);
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        answer = send_with_line(refused[i][0], refused[i][1]);
        /* None at all, where httpd had closed the connection before everything was sent. */
        if (answer->status && (answer->status < 400 || answer->status >= 500)) {
            test_note("%d: %s", answer->status, refused[i][1]);
            CU_FAIL("taken");
        }
    }
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/evidence"), "/count"), 0);
    /* A line that is folded where a space is says the same. */
    answer = send_with_line("Signature-Input", "(folded)");
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_EQUAL(send_with_line("Signature-Input", "Signature-Input: %VALUE")->status, 201);
    stop();
}

static const test_case_t cases[] = {
    {"a_mebibyte_of_nested_secrets", a_mebibyte_of_nested_secrets},
    {"more_than_a_body", more_than_a_body},
    {"secrets_where_a_text_is_cut", secrets_where_a_text_is_cut},
    {"deep_secrets", deep_secrets},
    {"texts_that_are_hard_to_search", texts_that_are_hard_to_search},
    {"numbers_that_are_none", numbers_that_are_none},
    {"members_with_keys_sign_all_they_say", members_with_keys_sign_all_they_say},
    {"smuggled_lines", smuggled_lines},
    {NULL, NULL},
};

const test_suite_t federation_hostility_suite = {"federation_hostility", NULL, NULL, cases};
