/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_rules.c
 * What an id, an endpoint and a key must be, and the arithmetic of reputation.
 */
#include "federation/members.h"

#include "base/key_json.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* --- ids --- */

static void ids_are_checked(void)
{
    static const char *const good[] = {
        "a", "org", "Org_1", "my-company.example", "team@company", "did:web:example.org", "...", "-", ".a",
    };
    static const char *const bad[] = {
        "",     ".",   "..",  "a b",  "a/b", "../x", "a%20b", "a\tb", "a\n", "\x7f", "b\xc3\xbcro",
        "a;b",  "a,b", "a+b", "a\\b", "a'b", "a\"b", "<a>",   "a?b",  "a#b", "a=b",  "a&b",
        "a{b}", "a*b", "a|b", "a~b",  "a!b", "a$b",
    };
    char *longest = apr_palloc(test_pool(), CIV_ORGANIZATION_ID_SIZE + 2);
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT(civ_organization_id_is_valid(good[i]));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (civ_organization_id_is_valid(bad[i]))
            test_note("taken: \"%s\"", bad[i]);
        CU_ASSERT(!civ_organization_id_is_valid(bad[i]));
    }
    memset(longest, 'x', CIV_ORGANIZATION_ID_SIZE + 1);
    longest[CIV_ORGANIZATION_ID_SIZE + 1] = '\0';
    CU_ASSERT(!civ_organization_id_is_valid(longest));
    longest[CIV_ORGANIZATION_ID_SIZE] = '\0';
    CU_ASSERT(civ_organization_id_is_valid(longest));
}

/* --- endpoints --- */

typedef enum verdict_e { NEVER, PLAIN, ALWAYS } verdict_e;

static const struct {
    const char *url;
    verdict_e verdict; /* where http may be used, or always */
} endpoints[] = {
    {"https://a", ALWAYS},
    {"https://evidence.example.org/api", ALWAYS},
    {"https://evidence.example.org:8443/api/v1?team=7&x=%C3%BC", ALWAYS},
    {"https://EXAMPLE.org./", ALWAYS},
    {"https://under_score.example/", ALWAYS},
    {"https://xn--bro-hoa.example/", ALWAYS},
    {"https://192.0.2.7/", ALWAYS},
    {"https://[2001:db8::1]:443/", ALWAYS},
    {"https://example.org/~team/a;b,c=(d)*!$'@:", ALWAYS},
    {"https://example.org:/", ALWAYS},
    {"https://example.org:1", ALWAYS},
    {"https://example.org:65535", ALWAYS},
    {"HTTPS://example.org", ALWAYS},
    {"http://example.org/", PLAIN},
    {"HtTp://example.org/", PLAIN},

    /* other schemes, or none */
    {"", NEVER},
    {"example.org", NEVER},
    {"//example.org/", NEVER},
    {"/api", NEVER},
    {"ftp://example.org/", NEVER},
    {"file:///etc/passwd", NEVER},
    {"gopher://example.org:70/_x", NEVER},
    {"dict://example.org:11211/stats", NEVER},
    {"ldap://example.org/", NEVER},
    {"javascript:alert(1)", NEVER},
    {"javascript://example.org/%0aalert(1)", NEVER},
    {"data:text/html,x", NEVER},
    {"unix:/var/run/docker.sock", NEVER},
    {"https", NEVER},
    {"https:", NEVER},
    {"https:/", NEVER},
    {"https://", NEVER},
    {"https:///path", NEVER},
    {"https:example.org", NEVER},
    {" https://example.org", NEVER},
    {"httpsx://example.org", NEVER},
    {"https+unix://example.org", NEVER},

    /* users, and what looks like another host */
    {"https://user@example.org/", NEVER},
    {"https://user:password@example.org/", NEVER},
    {"https://@example.org/", NEVER},
    {"https://:@example.org/", NEVER},
    {"https://example.org@evil.example/", NEVER},
    {"https://example.org:443@evil.example/", NEVER},
    {"https://evil.example\\@example.org/", NEVER},
    {"https://example.org\\.evil.example/", NEVER},

    /* hosts */
    {"https://?x", NEVER},
    {"https://#x", NEVER},
    {"https://:443/", NEVER},
    {"https://exa%6dple.org/", NEVER},
    {"https://example.org%00.evil.example/", NEVER},
    {"https://example.org,evil.example/", NEVER},
    {"https://example.org;evil.example/", NEVER},
    {"https://exa mple.org/", NEVER},
    {"https://b\xc3\xbcro.example/", NEVER},
    {"https://[2001:db8::1/", NEVER},
    {"https://2001:db8::1/", NEVER},
    {"https://[example.org]/", NEVER},
    {"https://[]/", NEVER},
    {"https://[::1%25eth0]/", NEVER},
    {"https://*.example.org/", NEVER},
    {"https://(example)/", NEVER},

    /* ports */
    {"https://example.org:0/", NEVER},
    {"https://example.org:65536/", NEVER},
    {"https://example.org:65537/", NEVER},
    {"https://example.org:99999/", NEVER},
    {"https://example.org:4294967739/", NEVER},
    {"https://example.org:-1/", NEVER},
    {"https://example.org:+443/", NEVER},
    {"https://example.org:443x/", NEVER},
    {"https://example.org:0x1bb/", NEVER},
    {"https://example.org:443:443/", NEVER},

    /* the rest */
    {"https://example.org/#fragment", NEVER},
    {"https://example.org/#", NEVER},
    {"https://example.org/a b", NEVER},
    {"https://example.org/a\tb", NEVER},
    {"https://example.org/a\r\nHost: evil", NEVER},
    {"https://example.org/\x7f", NEVER},
    {"https://example.org/\xff", NEVER},
    {"https://example.org/\"><script>", NEVER},
    {"https://example.org/<x>", NEVER},
    {"https://example.org/{x}", NEVER},
    {"https://example.org/x|y", NEVER},
    {"https://example.org/x^y", NEVER},
    {"https://example.org/`x`", NEVER},
    {"https://example.org/%", NEVER},
    {"https://example.org/%4", NEVER},
    {"https://example.org/%zz", NEVER},
};

static void endpoints_are_checked(void)
{
    size_t i;
    int plain;

    for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        for (plain = 0; plain < 2; plain++) {
            civ_problem_t problem = {.kind = CIV_PROBLEM_NONE};
            apr_status_t status = civ_endpoint_check(endpoints[i].url, plain, &problem, test_pool());
            int good = endpoints[i].verdict == ALWAYS || (endpoints[i].verdict == PLAIN && plain);

            if ((status == APR_SUCCESS) != good)
                test_note("%s: %d, with http %d", endpoints[i].url, status, plain);
            CU_ASSERT_EQUAL(status, good ? APR_SUCCESS : CIV_EINVALID);
            CU_ASSERT_EQUAL(problem.kind, good ? CIV_PROBLEM_NONE : CIV_PROBLEM_INVALID_MEMBER);
            CU_ASSERT(status == APR_SUCCESS || strcmp(problem.pointer, "/evidence_endpoint") == 0);
        }
}

static void endpoint_has_a_longest(void)
{
    static const char begin[] = "https://example.org/";
    char *url = apr_palloc(test_pool(), CIV_ENDPOINT_SIZE + 2);
    civ_problem_t problem;

    memset(url, 'x', CIV_ENDPOINT_SIZE + 1);
    memcpy(url, begin, strlen(begin));
    url[CIV_ENDPOINT_SIZE + 1] = '\0';
    CU_ASSERT_EQUAL(civ_endpoint_check(url, 0, &problem, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "2048"));
    url[CIV_ENDPOINT_SIZE] = '\0';
    CU_ASSERT_EQUAL(civ_endpoint_check(url, 0, &problem, test_pool()), APR_SUCCESS);
}

/* --- keys --- */

/* What would verify everything, or anything of many signers: the points of small order, in base64, also as other forms have
 * them. */
static void weak_keys_are_refused(void)
{
    static const char *const keys[] = {
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
        "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
        "\"7P///////////////////////////////////////38=\"",
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=\"",
        "\"JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=\"",
        "\"xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=\"",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\\n"
        "-----END PUBLIC KEY-----\\n\"",
    };
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        civ_problem_t problem = {.kind = CIV_PROBLEM_NONE};
        const civ_json_t *value = NULL;
        civ_public_key_t *key;

        CU_ASSERT_FATAL(civ_json_parse(&value, keys[i], strlen(keys[i]), &civ_json_request_limits, &problem,
                                       test_pool()) == APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_public_key_from_json(&key, value, "/public_key", &problem, test_pool()),
                        CIV_EINVALID);
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INVALID_MEMBER);
    }
}

/* --- rotation --- */

static void rotation_text_is_as_documented(void)
{
    CU_ASSERT_STRING_EQUAL(civ_rotation_text("org", "old", "new", test_pool()),
                           "civarcos-rotation/v1\norg\nold\nnew\n");
}

/* --- reputation --- */

static void reputation_follows_from_outcomes(void)
{
    static const struct {
        civ_outcomes_t outcomes;
        int reputation;
    } table[] = {
        {{0, 0, 0, 0}, 10000},
        {{1, 0, 0, 0}, 10000},
        {{0, 1, 0, 0}, 7142}, /* 10/14 */
        {{0, 0, 0, 1}, 9090}, /* 10/11 */
        {{0, 0, 1, 0}, 10000},
        {{1, 1, 0, 0}, 7777}, /* 14/18 */
        {{1, 1, 1, 1}, 7500}, /* 15/20 */
        {{0, 10, 0, 0}, 2000},
        {{0, 0, 0, 90}, 1000},
        {{100, 100, 0, 0}, 5061},
        {{0, APR_INT64_MAX, 0, APR_INT64_MAX}, 0},
        {{APR_INT64_MAX, 0, APR_INT64_MAX, 0}, 10000},
        {{-1, -1, -1, -1}, 10000}, /* a count that somebody has damaged */
    };
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        CU_ASSERT_EQUAL(civ_reputation(&table[i].outcomes), table[i].reputation);
}

static const test_case_t cases[] = {
    {"ids_are_checked", ids_are_checked},
    {"endpoints_are_checked", endpoints_are_checked},
    {"endpoint_has_a_longest", endpoint_has_a_longest},
    {"weak_keys_are_refused", weak_keys_are_refused},
    {"rotation_text_is_as_documented", rotation_text_is_as_documented},
    {"reputation_follows_from_outcomes", reputation_follows_from_outcomes},
    {NULL, NULL},
};

const test_suite_t federation_rules_suite = {"federation_rules", NULL, NULL, cases};
