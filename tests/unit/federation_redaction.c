/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_redaction.c
 * Free text: what is taken out of it, what stays, and what hostile text can do. Secrets are put together at run time, so that
 * no scanner of sources takes offence.
 */
#include "support/runner.h"

#include "base/json.h"
#include "federation/redaction_private.h"
#include "unit/federation_fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>

static const civ_redaction_options_t usual = {CIV_REDACT_USUAL, NULL};

static const char *redact_n(const civ_redaction_options_t *options, const char *text, apr_size_t length,
                            civ_redaction_counts_t *counts)
{
    apr_size_t out_length, again_length;
    const char *out = civ_redact(fixture_redactor, options, text, length, counts, &out_length, test_pool());
    const char *again =
        civ_redact(fixture_redactor, options, out, out_length, NULL, &again_length, test_pool());

    CU_ASSERT_EQUAL(strlen(out) == out_length || memchr(text, '\0', length) != NULL, 1);
    CU_ASSERT_PTR_EQUAL(again, out);
    return out;
}

static const char *redact(const char *text)
{
    return redact_n(&usual, text, strlen(text), NULL);
}

/** How many of a class. */
static unsigned count_of(const civ_redaction_counts_t *counts, const char *name)
{
    apr_size_t i;

    for (i = 0; i < civ_redactor_class_count(fixture_redactor); i++) {
        if (strcmp(civ_redactor_class_name(fixture_redactor, i), name) == 0) {
            return counts->of_class[i];
        }
    }
    return 0;
}

/** A few concatenated parts. */
#define JOINED(...) apr_pstrcat(test_pool(), __VA_ARGS__, NULL)

/** Nothing of @a secret is left, and it was counted under @a name. */
static void goes(const char *name, const char *text, const char *secret)
{
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redact_n(&usual, text, strlen(text), &counts);

    if (strstr(out, secret) != NULL || count_of(&counts, name) == 0) {
        CU_FAIL("a secret stays, or is of another class");
        test_note("%s: %s", name, out);
    }
}

static void stays(const char *text)
{
    const char *out = redact(text);

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
    out = redact("see https://example.org/?q=%6Aane%40example.com&p=1#%C3%A9");
    CU_ASSERT_STRING_EQUAL(out, "see https://example.org/?q=[REDACTED:email]&p=1#%C3%A9");
    /* Deeper than anybody encodes by accident. */
    CU_ASSERT_STRING_EQUAL(redact("%2525252541"), "[REDACTED:unexamined]");
}

static void only_what_is_asked_for(void)
{
    static const char *const words[] = {"Acme Corp", "x", NULL};
    const civ_redaction_options_t secrets = {CIV_REDACT_SECRETS, NULL}, everything = {CIV_REDACT_ALL, words},
                                  named = {0, words};
    const char *text =
        "ACME corp, acme corporation: a.py by jane@example.com, password=hunter2x, commit 9fceb02d";

    CU_ASSERT_STRING_EQUAL(
        redact_n(&secrets, text, strlen(text), NULL),
        "ACME corp, acme corporation: a.py by jane@example.com, password=[REDACTED:generic-secret], "
        "commit 9fceb02d");
    CU_ASSERT_STRING_EQUAL(redact_n(&everything, text, strlen(text), NULL),
                           "[REDACTED:own-name], acme corporation: [REDACTED:file-name] by [REDACTED:email], "
                           "password=[REDACTED:generic-secret], commit [REDACTED:commit]");
    CU_ASSERT_STRING_EQUAL(
        redact_n(&named, text, strlen(text), NULL),
        "[REDACTED:own-name], acme corporation: a.py by jane@example.com, password=hunter2x, commit "
        "9fceb02d");
}

/* ---- hostile texts ---- */

static const char *repeated(const char *unit, apr_size_t length)
{
    apr_size_t each = strlen(unit), at;
    char *text = apr_palloc(test_pool(), length + 1);

    for (at = 0; at < length; at++) {
        text[at] = unit[at % each];
    }
    text[length] = '\0';
    return text;
}

/* As long as may be, each of something that a rule begins with. What a rule costs is bounded by the case's own time limit: one
 * that can begin anywhere and run far takes minutes. */
static void long_texts_of_beginnings(void)
{
    static const char *const units[] = {
        "@",
        "a@",
        "://",
        "://a:",
        "key=",
        "password = a",
        "-----BEGIN PRIVATE"
        " KEY",
        "ey",
        ".ey",
        "eyeyeyeyeyeyeyeyey.",
        "sk-",
        "4 ",
        "AB12 ",
        "::",
        "0:",
        "1.",
        "%25",
        "%2525",
        "QUJD",
        "/",
        "/home/",
        "a.",
        "bearer ",
        "authorization: ",
        "cookie: a=",
        "[REDACTED:",
        "[REDACTED:email]",
        "\xff",
        "AKIA",
        "AZDO",
        "aaaaaaaaaaaaaa.atlasv1.",
        "Q~",
        "+1 ",
        "a.py",
    };
    const civ_redaction_options_t options = {CIV_REDACT_ALL, NULL};
    apr_size_t size = test_is_slow() ? 4096 : CIV_REDACTION_INPUT_MAX, i, length;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        apr_pool_t *pool;

        CU_ASSERT_EQUAL_FATAL(apr_pool_create(&pool, test_pool()), APR_SUCCESS);
        CU_ASSERT_PTR_NOT_NULL(
            civ_redact(fixture_redactor, &options, repeated(units[i], size), size, NULL, &length, pool));
        apr_pool_destroy(pool);
    }
}

static void long_texts_of_secrets(void)
{
    const char *unit = JOINED("password=\"gh", "p_0123456789abcdefghijABCDEFGHIJ012345\" jane@example.com ");
    apr_size_t size = test_is_slow() ? 8192 : CIV_REDACTION_INPUT_MAX;
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redact_n(&usual, repeated(unit, size), size, &counts);

    CU_ASSERT_PTR_NULL(strstr(out, "0123456789abcdef"));
    CU_ASSERT_PTR_NULL(strstr(out, "jane"));
    CU_ASSERT(count_of(&counts, "github-token") >= size / strlen(unit));
}

static void what_is_too_long_goes(void)
{
    apr_size_t size = CIV_REDACTION_INPUT_MAX + 1;
    civ_redaction_counts_t counts = {{0}, 0};

    CU_ASSERT_STRING_EQUAL(redact_n(&usual, repeated("a", size), size, &counts), "[REDACTED:unexamined]");
    CU_ASSERT_EQUAL(count_of(&counts, "unexamined"), 1);
    /* What would become too long to be examined again. */
    size = CIV_REDACTION_INPUT_MAX;
    CU_ASSERT_STRING_EQUAL(redact_n(&usual, repeated("://a@", size), size, NULL), "[REDACTED:unexamined]");
}

/* A text on which a pattern would have to work more than it may is not passed, whatever was found in it before. */
static void what_takes_too_much_work_goes(void)
{
    static const char text[] = "jane@example.com: token=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    int use_jit;

    for (use_jit = 0; use_jit <= !test_is_slow(); use_jit++) {
        civ_redaction_counts_t counts = {{0}, 0};
        const civ_redactor_t *limited;
        apr_size_t length;

        CU_ASSERT_EQUAL_FATAL(civ_redactor_create_limited(&limited, use_jit, 1, test_pool()), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(
            civ_redact(limited, &usual, text, sizeof(text) - 1, &counts, &length, test_pool()),
            "[REDACTED:unexamined]");
        CU_ASSERT_EQUAL(length, 21);
        CU_ASSERT_EQUAL(counts.of_class[0], 1);
    }
}

static void any_bytes_are_taken(void)
{
    static const char text[] = "a\0b jane@example.com \xff\xfe\xc3 \0";
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redact_n(&usual, text, sizeof(text) - 1, &counts);

    CU_ASSERT_EQUAL(counts.total, 1);
    CU_ASSERT_EQUAL(memcmp(out, "a\0b [REDACTED:email] \xff\xfe\xc3 \0", 26), 0);
}

/* No pattern of now ends within a character; one of tomorrow may. */
static void characters_go_as_a_whole(void)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac"
                               "b";
    civ_redaction_view_t *view = civ_redaction_view(text, sizeof(text) - 1, test_pool());

    civ_redaction_view_take(view, 1, 2, 7);
    civ_redaction_view_take(view, 4, 5, 8);
    civ_redaction_view_settle(view);
    CU_ASSERT_EQUAL(memcmp(view->owner, "\0\7\7\10\10\10\0", 7), 0);
}

/* However long it is. */
static void long_headers_go_to_their_end(void)
{
    const char *text = JOINED("Cookie: a=x", repeated("\xc3\xa9z", 9000), "\nnext");

    CU_ASSERT_STRING_EQUAL(redact(text), "Cookie: [REDACTED:cookie]\nnext");
    text = JOINED("Authorization: Digest u=x", repeated(" response", 9000), "\nnext");
    CU_ASSERT_STRING_EQUAL(
        redact(text), "Authorization: [REDACTED:authorization-header] [REDACTED:authorization-header]\nnext");
}

/* ---- threads ---- */

static const char mixed[] = "password=hunter2x by jane@example.com at 10.1.2.3, %6Aane%40example.com";
static const char mixed_out[] =
    "password=[REDACTED:generic-secret] by [REDACTED:email] at [REDACTED:ipv4], [REDACTED:email]";

static void *APR_THREAD_FUNC redact_often(apr_thread_t *thread, void *baton)
{
    int *faults = baton, i;

    (void)thread;
    for (i = 0; i < 200; i++) {
        apr_pool_t *pool;
        apr_size_t length;

        if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
            ++*faults;
            continue;
        }
        *faults += strcmp(civ_redact(fixture_redactor, &usual, mixed, sizeof(mixed) - 1, NULL, &length, pool),
                          mixed_out) != 0;
        apr_pool_destroy(pool);
    }
    return NULL;
}

static void threads_share_the_rules(void)
{
    apr_thread_t *threads[4];
    int faults[4] = {0}, i;
    apr_status_t ended;

    for (i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL_FATAL(apr_thread_create(&threads[i], NULL, redact_often, &faults[i], test_pool()),
                              APR_SUCCESS);
    }
    for (i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(apr_thread_join(&ended, threads[i]), APR_SUCCESS);
        CU_ASSERT_EQUAL(faults[i], 0);
    }
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
    {"long_texts_of_beginnings", long_texts_of_beginnings},
    {"long_texts_of_secrets", long_texts_of_secrets},
    {"what_is_too_long_goes", what_is_too_long_goes},
    {"what_takes_too_much_work_goes", what_takes_too_much_work_goes},
    {"any_bytes_are_taken", any_bytes_are_taken},
    {"characters_go_as_a_whole", characters_go_as_a_whole},
    {"long_headers_go_to_their_end", long_headers_go_to_their_end},
    {"threads_share_the_rules", threads_share_the_rules},
    {NULL, NULL},
};

const test_suite_t federation_redaction_suite = {"federation_redaction", fixture_make_redactor,
                                                 fixture_drop_redactor, cases};
