/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_redaction.c
 * Free text: what is taken out of it, and what stays. Secrets are put together at run time, so that no scanner of sources
 * takes offence.
 */
#include "support/runner.h"

#include "base/json.h"
#include "unit/federation_fixture.h"
#include "unit/redaction_fixture.h"

#include <apr_strings.h>

#include <string.h>

/** Nothing of @a secret is left, and it was counted under @a name. */
static void goes(const char *name, const char *text, const char *secret)
{
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redaction_apply(&redaction_usual, text, strlen(text), &counts);

    if (strstr(out, secret) != NULL || redaction_count(&counts, name) == 0) {
        CU_FAIL("a secret stays, or is of another class");
        test_note("%s: %s", name, out);
    }
}

static void stays(const char *text)
{
    const char *out = redaction_of(text);

    if (strcmp(out, text) != 0) {
        CU_FAIL("what is no secret goes");
        test_note("%s: %s", text, out);
    }
}

/* What was copied from a web page or a word processor looks as it should. */
static void characters_that_nobody_sees(void)
{
    goes("generic-secret", "pass\xe2\x80\x8bword=hunter2222!", "hunter2222");
    goes("generic-secret", "\xef\xbd\x90\xef\xbd\x81ssword\xef\xbc\x9dhunter2222!", "hunter2222");
    goes("generic-secret", "pass\x01word=hunter2222!", "hunter2222");
    goes("github-token",
         "gh\xc2\xadp_"
         "0123456789\xef\xbb\xbf"
         "abcdefghijABCDEFGHIJ012345",
         "ABCDEFGHIJ");
    goes("email",
         "jane\xef\xbc\xa0"
         "corp.example.com",
         "jane");
    stays("caf\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 a\xc2\xad"
          "b\tc\nd \xf0\x9f\x98\x80 \xe2\x80");
    stays("\xc2\xad");
    stays("\xef\xbc\x81\xef");
}

static const char *joined_parts(const civ_json_t *parts)
{
    const char *out = "";
    apr_size_t i;

    for (i = 0; i < parts->as.array.count; i++) {
        out = apr_pstrcat(test_pool(), out, parts->as.array.items[i].as.text.text, NULL);
    }
    return out;
}

static const civ_json_t *read_vectors(void)
{
    const char *shared = test_shared_dir();
    const civ_json_t *root;
    unsigned long length;
    char *text;

    if (shared == NULL) {
        test_note("skipped: no shared data");
        return NULL;
    }
    text =
        test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/federation/redaction.json", NULL), &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&root, text, length, &fixture_limits, NULL, test_pool()),
                          APR_SUCCESS);
    return root;
}

static void vectors_secrets(void)
{
    const civ_json_t *root = read_vectors(), *list = root ? civ_json_get(root, "secrets") : NULL;
    apr_size_t i;

    for (i = 0; list != NULL && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];

        goes(civ_json_get_text(item, "class"), joined_parts(civ_json_get(item, "text_parts")),
             joined_parts(civ_json_get(item, "secret_parts")));
    }
}

static void vectors_persons(void)
{
    const civ_json_t *root = read_vectors(), *list = root ? civ_json_get(root, "pii") : NULL;
    apr_size_t i;

    for (i = 0; list != NULL && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *value = civ_json_get_text(item, "value");

        goes(civ_json_get_text(item, "class"), value, value);
        goes(civ_json_get_text(item, "class"), JOINED("found ", value, " in the log"), value);
    }
}

static void vectors_survivors(void)
{
    const civ_json_t *root = read_vectors(), *list = root ? civ_json_get(root, "must_survive") : NULL;
    apr_size_t i;

    for (i = 0; list != NULL && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *value = civ_json_get_text(item, "value");

        if (strcmp(civ_json_get_text(item, "id"), "example-aws") == 0) {
            goes("aws-key-id", value, value);
        } else {
            stays(value);
            stays(JOINED("see ", value, " for more"));
        }
    }
}

/* What each begins with, and how many letters and digits, or hexadecimal digits, follow. */
static const struct {
    const char *class_name, *first;
    int alnum, hex;
} provider_tokens[] = {
    {"github-token",
     "gh"
     "s_",
     36, 0},
    {"github-token",
     "github"
     "_pat_",
     82, 0},
    {"gitlab-token",
     "glr"
     "t-",
     20, 0},
    {"gitlab-token",
     "glp"
     "tt-",
     0, 40},
    {"gitlab-token",
     "GR13"
     "48941",
     20, 0},
    {"bitbucket-token",
     "AT"
     "BB",
     32, 0},
    {"atlassian-token",
     "AT"
     "ATT3",
     80, 0},
    {"circleci-token",
     "CCI"
     "PRJ_",
     40, 0},
    {"google-api-key",
     "AI"
     "za",
     35, 0},
    {"slack-token",
     "xo"
     "xp-",
     40, 0},
    {"npm-token",
     "np"
     "m_",
     36, 0},
    {"pypi-token",
     "py"
     "pi-AgEIcHlwaS5vcmc",
     60, 0},
    {"rubygems-token",
     "rubygems"
     "_",
     0, 48},
    {"stripe-key",
     "sk"
     "_live_",
     24, 0},
    {"sendgrid-token",
     "S"
     "G.",
     66, 0},
    {"twilio-key",
     "S"
     "K",
     0, 32},
    {"anthropic-key",
     "sk"
     "-ant-api03-",
     80, 0},
    {"openai-key",
     "sk"
     "-proj-",
     40, 0},
    {"hugging-face-token",
     "h"
     "f_",
     34, 0},
    {"digitalocean-token",
     "dop"
     "_v1_",
     0, 64},
    {"vault-token",
     "hv"
     "s.",
     80, 0},
    {"databricks-token",
     "da"
     "pi",
     0, 32},
    {"grafana-token",
     "gl"
     "sa_",
     41, 0},
    {"sonar-token",
     "sq"
     "p_",
     0, 40},
    {"age-key",
     "AGE-SECRET"
     "-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN5",
     0, 0},
    {"artifactory-key",
     "AK"
     "Cp",
     69, 0},
    {"pulumi-token",
     "pu"
     "l-",
     0, 40},
    {"linear-key",
     "lin"
     "_api_",
     40, 0},
    {"shopify-token",
     "shp"
     "at_",
     0, 32},
    {"jenkins-token",
     "1"
     "1",
     0, 32},
    {"slack-webhook",
     "https://hooks.slack"
     ".com/services/",
     44, 0},
};

/* A fresh copy of the project has no vectors: the same kinds, of our own. */
static void kinds_of_secrets(void)
{
    static const char alphabet[] =
        "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2g3H4i5J6k7L8m9N0";
    const char *hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    apr_size_t i;

    for (i = 0; i < sizeof(provider_tokens) / sizeof(provider_tokens[0]); i++) {
        const char *secret = JOINED(provider_tokens[i].first,
                                    apr_pstrndup(test_pool(), alphabet, (apr_size_t)provider_tokens[i].alnum),
                                    apr_pstrndup(test_pool(), hex, (apr_size_t)provider_tokens[i].hex));

        goes(provider_tokens[i].class_name, secret, secret);
        goes(provider_tokens[i].class_name, JOINED("it was ", secret, ", now it is another"), secret);
    }
}

/* The class, a text, and what of it goes. */
static void values_after_names(void)
{
    static const char *const rows[][3] = {
        {"generic-secret", "password: hunter2x", "hunter2x"},
        {"generic-secret", "PASSWORD='correct horse battery 9'", "horse"},
        {"generic-secret", "{\\\"client_secret\\\": \\\"Zk9qP2x7Lm\\\"}", "Zk9qP2x7Lm"},
        {"generic-secret", "<password>S3cr3t!</password>", "S3cr3t!"},
        {"generic-secret", "run --token abc12345 now", "abc12345"},
        {"generic-secret", "X-Auth-Token: Zk9qP2x7Lm4Rw8Tb", "Zk9qP2x7Lm4Rw8Tb"},
        {"generic-secret", "db.passwd => p4ssw0rd", "p4ssw0rd"},
        {"authorization-header", "authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpw"},
        {"authorization-header", "'Authorization': 'token abcdefghij'", "abcdefghij"},
        {"authorization-header", "Authorization: Digest username=\"u\", response=\"6629fae4\"", "6629fae4"},
        {"cookie", "Set-Cookie: session=31d4d96e407aad42; Path=/; HttpOnly", "31d4d96e"},
        {"url-credentials", "postgres://app:p@ss@db/x", "p@ss"},
        {"url-credentials", "https://ci-user@git.example.org/x", "ci-user"},
        {"aws-key-id",
         "key AKIA"
         "QWERTYUIOPASDFG2 secret",
         "QWERTYUIOPASDFG2"},
        {"aws-secret-key",
         "AKIA"
         "QWERTYUIOPASDFG2 and wJalrXUtnFEMI/K7MDENG/bPxRfiCY0123456789",
         "wJalrXUtn"},
        {"private-key",
         "x -----BEGIN OPENSSH PRIVATE"
         " KEY-----\\nb3BlbnNzaC1rZXk",
         "b3BlbnNzaC1rZXk"},
        {"private-key",
         "-----BEGIN PGP PRIVATE"
         " KEY BLOCK-----\nlQOY\n-----END PGP PRIVATE"
         " KEY BLOCK----- y",
         "lQOY"},
        {"iban", "pay GB82 WEST 1234 5698 7654 32 TODAY", "1234 5698"},
        {"card-luhn", "card 4111-1111-1111-1111.", "4111-1111"},
        {"mac-address", "nic 00:1A:2b:3c:4d:5e", "1A:2b"},
        {"ipv4", "host 10.20.30.40:8080.", "10.20.30.40"},
        {"ipv6", "[fe80::1ff:fe23:4567:890a]:80", "fe80"},
        {"ipv6", "peer ::ffff:10.20.30.40 gone", "10.20"},
        {"phone", "call +49 (30) 123 45-67", "123 45"},
        {"phone", "call (555) 123-4567", "123-4567"},
        {"email", "j\xc3\xb6rg@ex\xc3\xa4mple.de", "rg@ex"},
        {"home-path", "in C:\\Users\\jdoe\\x", "jdoe"},
        {"hostname", "at ci.lan:22", "ci.lan"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        goes(rows[i][0], rows[i][1], rows[i][2]);
    }
}

static void ordinary_text_stays(void)
{
    static const char *const texts[] = {
        "",
        "a",
        "%",
        "100% of 50%25",
        "[REDACTED:email]",
        "[REDACTED:",
        "tokens: 1500 used, keys: none",
        "password: required",
        "std::vector a::b ::1 at 12:30:45",
        "version 10.2.3.4, v1.2.3.4, release=1.2.3.4",
        "com.sun.internal.Foo",
        "https://example.org/a?b=c@d",
        "4111 1111 1111 1112",
        "GB82 WEST 1234 5698 7654 33",
        "2026-11-22T07:05:21.123Z",
        "1767225595000",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "pkg:npm/%40babel/core@7.24.0-beta.rc",
        "a@b",
        "\xc3\xa9\xc3\xa8",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        stays(texts[i]);
    }
}

static void encodings_are_seen_through(void)
{
    static const char wrapped[] = "am9obi5kb2VAZXhhbXBsZS5jb20gYW5kIGphbmUu\nZG9lQGV4YW1w\nbGUuY29t";
    const char *out;

    goes("email", "x%20jane%2Edoe%40example%2Ecom y", "%40");
    goes("email", "x%2520jane%252Edoe%2540example%252Ecom y", "%2540");
    goes("email", wrapped, "am9obi5kb2V");
    goes("email", "path/cGxlYXNlIGFzayBqYW5lLmRvZUBleGFtcGxlLmNvbQ", "YXNrIGphbmUu");
    /* UTF-16, as some shells have it. */
    goes("email", "agBhAG4AZQAuAGQAbwBlAEAAZQB4AGEAbQBwAGwAZQAuAGMAbwBtACAA", "agBhAG4AZQ");
    out = redaction_of("see https://example.org/?q=%6Aane%40example.com&p=1#%C3%A9");
    CU_ASSERT_STRING_EQUAL(out, "see https://example.org/?q=[REDACTED:email]&p=1#%C3%A9");
    /* Deeper than anybody encodes by accident. */
    CU_ASSERT_STRING_EQUAL(redaction_of("%2525252541"), "[REDACTED:unexamined]");
}

static void only_what_is_asked_for(void)
{
    static const char *const words[] = {"Acme Corp", "x", NULL};
    const civ_redaction_options_t secrets = {CIV_REDACT_SECRETS, NULL}, everything = {CIV_REDACT_ALL, words},
                                  named = {0, words};
    const char *text =
        "ACME corp, acme corporation: a.py by jane@example.com, password=hunter2x, commit 9fceb02d";

    CU_ASSERT_STRING_EQUAL(
        redaction_apply(&secrets, text, strlen(text), NULL),
        "ACME corp, acme corporation: a.py by jane@example.com, password=[REDACTED:generic-secret], "
        "commit 9fceb02d");
    CU_ASSERT_STRING_EQUAL(redaction_apply(&everything, text, strlen(text), NULL),
                           "[REDACTED:own-name], acme corporation: [REDACTED:file-name] by [REDACTED:email], "
                           "password=[REDACTED:generic-secret], commit [REDACTED:commit]");
    CU_ASSERT_STRING_EQUAL(
        redaction_apply(&named, text, strlen(text), NULL),
        "[REDACTED:own-name], acme corporation: a.py by jane@example.com, password=hunter2x, commit "
        "9fceb02d");
}

static const test_case_t cases[] = {
    {"characters_that_nobody_sees", characters_that_nobody_sees},
    {"vectors_secrets", vectors_secrets},
    {"vectors_persons", vectors_persons},
    {"vectors_survivors", vectors_survivors},
    {"kinds_of_secrets", kinds_of_secrets},
    {"values_after_names", values_after_names},
    {"ordinary_text_stays", ordinary_text_stays},
    {"encodings_are_seen_through", encodings_are_seen_through},
    {"only_what_is_asked_for", only_what_is_asked_for},
    {NULL, NULL},
};

const test_suite_t federation_redaction_suite = {"federation_redaction", fixture_make_redactor,
                                                 fixture_drop_redactor, cases};
