/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_components.c
 * From messages to signature bases: single components, and the published examples as a whole.
 */
#include "base/message_signature.h"

#include "base/encoding.h"
#include "base/keys.h"
#include "base/status.h"
#include "support/runner.h"
#include "unit/signature_fixture.h"

#include <apr_strings.h>

#include <string.h>

static const civ_structured_field_t *parse(civ_structured_kind_e kind, const char *text)
{
    civ_structured_field_t *field = NULL;

    CU_ASSERT_FATAL(civ_structured_parse(&field, kind, text, strlen(text), test_pool()) == APR_SUCCESS);
    return field;
}

/* The value of a component, or the word for why there is none. */
static const char *value_of(const civ_message_t *message, const char *component)
{
    const civ_structured_field_t *field = parse(CIV_STRUCTURED_IS_ITEM, component);
    civ_structured_item_t item = {field->members[0].bare, field->members[0].parameters};
    civ_component_fault_e fault;
    civ_buffer_t out;

    civ_buffer_init(&out, 0, test_pool());
    fault = civ_component_value(&out, message, &item);
    return fault == CIV_COMPONENT_FINE ? out.data : civ_component_fault_name(fault);
}

static const char *base_of(const civ_message_t *message, const char *input)
{
    const civ_structured_field_t *field = parse(CIV_STRUCTURED_IS_DICTIONARY, input);
    civ_component_fault_e fault;
    civ_buffer_t out;

    civ_buffer_init(&out, 0, test_pool());
    fault = civ_signature_base(&out, message, &field->members[0], NULL);
    return fault == CIV_COMPONENT_FINE ? out.data : civ_component_fault_name(fault);
}

/* --- derived components --- */

static const civ_header_line_t some_lines[] = {
    {"Host", "www.example.com"},
    {"X-OWS", "   both ends.   "},
    {"Cache-Control", "max-age=60"},
    {"X-Empty", ""},
    {"cache-control", "   must-revalidate"},
    {"X-Folded", "one  \r\n  two\r\n\tthree"},
    {"X-Fed", "one\ntwo"},
    {"X-Latin", "caf\xc3\xa9"},
    {"Example-Dict", "  a=1,    b=2;x=1;y=2,   c=(a   b   c), d"},
    {"Content-Digest", "sha-256=:AAAA:,sha-512=:AAAA:"},
    {"@method", "DELETE"},
    {"X-Comma", "a, b"},
    {"X-Comma", "c"},
};

static const civ_header_kind_t some_kinds[] = {{"example-dict", CIV_STRUCTURED_IS_DICTIONARY}};

static civ_message_t request_to(const char *target)
{
    civ_message_t message = {.method = "PoST",
                             .scheme = "https",
                             .authority = "WWW.Example.com",
                             .target = target,
                             .lines = some_lines,
                             .line_count = sizeof(some_lines) / sizeof(some_lines[0]),
                             .kinds = some_kinds,
                             .kind_count = 1};

    return message;
}

static void derived_components(void)
{
    static const struct {
        const char *target, *component, *value;
    } rows[] = {
        {"/p?q", "\"@method\"", "PoST"},
        {"/p?q", "\"@scheme\"", "https"},
        {"/p?q", "\"@authority\"", "www.example.com"},
        {"/p?q", "\"@target-uri\"", "https://www.example.com/p?q"},
        {"/p", "\"@target-uri\"", "https://www.example.com/p"},
        {"/p%2f?a=%7e", "\"@request-target\"", "/p%2f?a=%7e"},
        {"/p%2f?a=%7e", "\"@path\"", "/p%2f"},
        {"/p%2f?a=%7e", "\"@query\"", "?a=%7e"},
        {"/p", "\"@query\"", "?"},
        {"/p?", "\"@query\"", "?"},
        {"/p?a?b", "\"@query\"", "?a?b"},
        {"/?x=http://a/b", "\"@path\"", "/"},
        {"*", "\"@path\"", "/"},
        {"*", "\"@request-target\"", "*"},
        {"http://Other.example:80?q", "\"@path\"", "/"},
        {"https://Other.example:443/x?q", "\"@authority\"", "other.example"},
        {"https://Other.example:444/x?q", "\"@target-uri\"", "https://other.example:444/x?q"},
        {"www.example.com:80", "\"@request-target\"", "www.example.com:80"},
        {"www.example.com:80", "\"@path\"", "component-missing"},
        {"www.example.com:80", "\"@query\"", "component-missing"},
        {"/p", "\"@status\"", "component-missing"},
        {"/p", "\"@signature-params\"", "component-unknown"},
        {"/p", "\"@Method\"", "component-unknown"},
        {"/p", "\"@method\";sf", "parameter-unknown"},
        {"/p", "\"@method\";req", "parameters-incompatible"},
        {"/p?a=1&b=&c&a%5f=2", "\"@query-param\";name=\"a\"", "1"},
        {"/p?a=1&b=&c&a%5f=2", "\"@query-param\";name=\"b\"", ""},
        {"/p?a=1&b=&c&a%5f=2", "\"@query-param\";name=\"c\"", ""},
        {"/p?a=1&b=&c&a%5f=2", "\"@query-param\";name=\"a_\"", "2"},
        {"/p?a=1&&b=2", "\"@query-param\";name=\"\"", "component-missing"},
        {"/p?=1", "\"@query-param\";name=\"\"", "1"},
        {"/p?a=+%2b%zz~%e4", "\"@query-param\";name=\"a\"", "%20%2B%25zz%7E%E4"},
        {"/p?a=1&%61=2", "\"@query-param\";name=\"a\"", "component-ambiguous"},
        {"/p?a=1", "\"@query-param\"", "parameter-unknown"},
        {"/p?a=1", "\"@query-param\";name=a", "parameter-unknown"},
        {"/p?a=1", "\"@path\";name=\"a\"", "parameter-unknown"},
        {"/p q", "\"@path\"", "component-invalid"},
        {"/p\nq", "\"@path\"", "component-invalid"},
        {"/p\xc3\xa9", "\"@path\"", "component-invalid"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_message_t message = request_to(rows[i].target);

        CU_ASSERT_STRING_EQUAL(value_of(&message, rows[i].component), rows[i].value);
        if (strcmp(value_of(&message, rows[i].component), rows[i].value) != 0)
            test_note("%s of %s is %s", rows[i].component, rows[i].target,
                      value_of(&message, rows[i].component));
    }
}

static void authorities(void)
{
    static const char *const rows[][3] = {
        {"A.example", "https", "a.example"},
        {"a.example:443", "https", "a.example"},
        {"a.example:443", "http", "a.example:443"},
        {"a.example:80", "http", "a.example"},
        {"a.example:", "http", "a.example"},
        {"[2001:DB8::1]", "https", "[2001:db8::1]"},
        {"[2001:DB8::1]:443", "https", "[2001:db8::1]"},
        {"[2001:DB8::1]:8443", "https", "[2001:db8::1]:8443"},
        {"user@a.example", "https", NULL},
        {"a.example:x", "https", NULL},
        {"a.example:443443", "https", NULL},
        {"a b", "https", NULL},
        {"", "https", NULL},
        {":80", "http", NULL},
        {"[]", "http", NULL},
        {"[::1", "http", NULL},
        {"::1", "http", NULL},
        {"a/b", "http", NULL},
        {"a.example\n", "http", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = civ_authority_normalize(rows[i][0], rows[i][1], test_pool());

        CU_ASSERT_STRING_EQUAL(got != NULL ? got : "none", rows[i][2] != NULL ? rows[i][2] : "none");
    }
}

/* --- headers --- */

static void headers(void)
{
    static const char *const rows[][2] = {
        {"\"x-ows\"", "both ends."},
        {"\"cache-control\"", "max-age=60, must-revalidate"},
        {"\"x-empty\"", ""},
        {"\"x-folded\"", "one two three"},
        {"\"x-comma\"", "a, b, c"},
        {"\"x-comma\";bs", ":YSwgYg==:, :Yw==:"},
        {"\"x-empty\";bs", "::"},
        {"\"x-latin\";bs", ":Y2Fmw6k=:"},
        {"\"x-latin\"", "component-invalid"},
        {"\"x-fed\"", "component-invalid"},
        {"\"x-not-there\"", "component-missing"},
        {"\"x-not-there\";bs", "component-missing"},
        {"\"x-ows\";tr", "component-missing"},
        {"\"X-Ows\"", "component-invalid"},
        {"\"x ows\"", "component-invalid"},
        {"\"\"", "component-invalid"},
        {"\"example-dict\"", "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"},
        {"\"example-dict\";sf", "a=1, b=2;x=1;y=2, c=(a b c), d"},
        {"\"example-dict\";key=\"b\"", "2;x=1;y=2"},
        {"\"example-dict\";key=\"c\"", "(a b c)"},
        {"\"example-dict\";key=\"d\"", "?1"},
        {"\"example-dict\";key=\"e\"", "component-missing"},
        {"\"example-dict\";key=b", "parameter-unknown"},
        {"\"example-dict\";sf=?0", "parameter-unknown"},
        {"\"example-dict\";bs;sf", "parameters-incompatible"},
        {"\"example-dict\";key=\"a\";bs", "parameters-incompatible"},
        {"\"content-digest\";sf", "sha-256=:AAAA:, sha-512=:AAAA:"},
        /* What kind of field it is would be a guess. */
        {"\"x-comma\";sf", "component-invalid"},
        {"\"x-ows\";key=\"a\"", "component-invalid"},
        {"\"x-ows\";frob", "parameter-unknown"},
        {"\"x-ows\";name=\"a\"", "parameter-unknown"},
    };
    civ_message_t message = request_to("/");
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_STRING_EQUAL(value_of(&message, rows[i][0]), rows[i][1]);
        if (strcmp(value_of(&message, rows[i][0]), rows[i][1]) != 0)
            test_note("%s is %s", rows[i][0], value_of(&message, rows[i][0]));
    }
}

/* --- responses --- */

static void responses(void)
{
    civ_message_t request = request_to("/p");
    civ_message_t response = {.status = 99, .request = &request};

    CU_ASSERT_STRING_EQUAL(value_of(&response, "\"@status\""), "099");
    CU_ASSERT_STRING_EQUAL(value_of(&response, "\"@method\";req"), "PoST");
    CU_ASSERT_STRING_EQUAL(value_of(&response, "\"x-comma\";req"), "a, b, c");
    CU_ASSERT_STRING_EQUAL(value_of(&response, "\"@method\""), "component-missing");
    CU_ASSERT_STRING_EQUAL(value_of(&response, "\"@status\";req"), "component-missing");
}

/* --- bases --- */

static void lists_of_components(void)
{
    civ_message_t message = request_to("/p");

    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=()"), "\"@signature-params\": ()");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=(  \"@path\"   \"x-ows\" );created=1;keyid=\"k\\\"\""),
                           "\"@path\": /p\n\"x-ows\": both ends.\n\"@signature-params\": (\"@path\" "
                           "\"x-ows\");created=1;keyid=\"k\\\"\"");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=(\"@path\" \"@path\")"), "components-invalid");
    CU_ASSERT_STRING_EQUAL(
        base_of(&message, "a=(\"example-dict\";sf;key=\"a\" \"example-dict\";key=\"a\";sf)"),
        "components-invalid");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=(\"example-dict\";key=\"a\" \"example-dict\";key=\"b\")"),
                           "\"example-dict\";key=\"a\": 1\n\"example-dict\";key=\"b\": 2;x=1;y=2\n"
                           "\"@signature-params\": (\"example-dict\";key=\"a\" \"example-dict\";key=\"b\")");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=(\"@signature-params\")"), "component-invalid");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=(date)"), "component-invalid");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=\"date\""), "component-invalid");
    CU_ASSERT_STRING_EQUAL(base_of(&message, "a=(\"x-not-there\")"), "component-missing");
}

static const civ_key_t *test_key(void)
{
    unsigned char seed[32];
    civ_key_t *key = NULL;

    CU_ASSERT_FATAL(civ_hex_decode(seed, sizeof(seed), SIGNATURE_TEST_SEED) == APR_SUCCESS &&
                    civ_key_from_seed(&key, seed, test_pool()) == APR_SUCCESS);
    return key;
}

static const char *signature_of(const char *base)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];

    CU_ASSERT_EQUAL(civ_key_sign(test_key(), signature, base, strlen(base)), APR_SUCCESS);
    return civ_base64_encode(signature, sizeof(signature), test_pool());
}

/* RFC 9421, appendix B.2.6. */
static void the_example_of_the_standard(void)
{
    static const civ_header_line_t lines[] = {
        {"Host", "example.com"},
        {"Date", "Tue, 20 Apr 2021 02:07:55 GMT"},
        {"Content-Type", "application/json"},
        {"Content-Length", "18"},
    };
    civ_message_t message = {.method = "POST",
                             .scheme = "https",
                             .authority = "example.com",
                             .target = "/foo?param=Value&Pet=dog",
                             .lines = lines,
                             .line_count = 4};
    const char *base =
        base_of(&message, "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" "
                          "\"content-length\");created=1618884473;keyid=\"test-key-ed25519\"");

    CU_ASSERT_STRING_EQUAL(base, "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"
                                 "\"@method\": POST\n"
                                 "\"@path\": /foo\n"
                                 "\"@authority\": example.com\n"
                                 "\"content-type\": application/json\n"
                                 "\"content-length\": 18\n"
                                 "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" "
                                 "\"content-type\" \"content-length\");created=1618884473;"
                                 "keyid=\"test-key-ed25519\"");
    CU_ASSERT_STRING_EQUAL(
        signature_of(base),
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
}

/* --- vectors --- */

/* Headers as pairs of texts. */
static void take_lines(civ_message_t *message, const civ_json_t *pairs)
{
    civ_header_line_t *lines = apr_pcalloc(test_pool(), (pairs->as.array.count + 1) * sizeof(*lines));
    apr_size_t i;

    for (i = 0; i < pairs->as.array.count; i++) {
        lines[i].name = pairs->as.array.items[i].as.array.items[0].as.text.text;
        lines[i].value = pairs->as.array.items[i].as.array.items[1].as.text.text;
        if (strcmp(lines[i].name, "Host") == 0)
            message->authority = lines[i].value;
    }
    message->lines = lines;
    message->line_count = (int)pairs->as.array.count;
}

static void take_request_line(civ_message_t *message, const char *text)
{
    char *copy = apr_pstrdup(test_pool(), text);

    message->method = copy;
    copy += strcspn(copy, " ");
    *copy++ = '\0';
    message->target = copy;
    copy[strcspn(copy, " ")] = '\0';
}

static void vectors_of_components(void)
{
    const civ_json_t *root = signature_vectors("rfc9421-components.json");
    const civ_json_t *rows;
    apr_size_t i;

    if (root == NULL)
        return;
    rows = signature_array(root, "cases");
    for (i = 0; i < rows->as.array.count; i++) {
        const civ_json_t *row = &rows->as.array.items[i];
        const civ_json_t *given = civ_json_get(row, "message");
        const char *expected = civ_json_get_text(row, "value");
        civ_message_t message = {
            .scheme = signature_text(given, "scheme"), .kinds = some_kinds, .kind_count = 1};

        take_lines(&message, signature_array(given, "headers"));
        message.authority = signature_text(given, "host");
        take_request_line(&message, signature_text(given, "request_line"));
        CU_ASSERT_STRING_EQUAL(value_of(&message, signature_text(row, "component")),
                               expected != NULL ? expected : signature_text(row, "error"));
    }
    test_note("%d cases", (int)i);
}

static void vectors_of_transformations(const civ_json_t *root)
{
    const civ_json_t *group = civ_json_get(root, "b4_transform");
    const civ_json_t *rows = signature_array(group, "cases");
    unsigned char *signature;
    apr_size_t i, length;

    CU_ASSERT_FATAL(civ_base64_decode(&signature, &length, signature_text(group, "signature_b64"),
                                      test_pool()) == APR_SUCCESS &&
                    length == CIV_KEY_SIGNATURE_SIZE);
    for (i = 0; i < rows->as.array.count; i++) {
        const civ_json_t *row = &rows->as.array.items[i];
        civ_message_t message = {.scheme = signature_text(group, "scheme")};
        int is_valid = civ_json_get(row, "valid")->as.boolean;
        const char *base;

        take_lines(&message, signature_array(row, "headers"));
        take_request_line(&message, signature_text(row, "request_line"));
        base = base_of(&message, civ_message_header(&message, "Signature-Input", test_pool()));
        if (is_valid)
            CU_ASSERT_STRING_EQUAL(base, signature_text(group, "base_when_valid"));
        CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(test_key()), signature, base, strlen(base)),
                        is_valid ? APR_SUCCESS : CIV_EINVALID);
    }
    test_note("%d transformations", (int)i);
}

static void vectors_of_the_appendix(void)
{
    const civ_json_t *root = signature_vectors("rfc9421-appendix.json");
    const civ_json_t *example;
    civ_message_t message = {.scheme = "https"};
    unsigned long length;
    char *request, *line, *state;
    civ_header_line_t lines[16];

    if (root == NULL)
        return;
    vectors_of_transformations(root);
    request = test_read_file(
        apr_pstrcat(test_pool(), test_shared_dir(), "/vectors/federation/rfc9421-b26-request.http", NULL),
        &length);
    CU_ASSERT_FATAL(request != NULL);
    take_request_line(&message, apr_strtok(request, "\r\n", &state));
    message.lines = lines;
    while ((line = apr_strtok(NULL, "\r\n", &state)) != NULL && strchr(line, ':') != NULL && line[0] != '{') {
        CU_ASSERT_FATAL(message.line_count < 16);
        lines[message.line_count].name = line;
        line = strchr(line, ':');
        *line = '\0';
        lines[message.line_count++].value = line + 1;
    }
    message.authority = civ_message_header(&message, "host", test_pool());
    example = civ_json_get(root, "b26_ed25519");
    CU_ASSERT_STRING_EQUAL(civ_message_header(&message, "signature-input", test_pool()),
                           signature_text(example, "signature_input"));
    CU_ASSERT_STRING_EQUAL(
        base_of(&message, civ_message_header(&message, "signature-input", test_pool())),
        test_read_file(apr_pstrcat(test_pool(), test_shared_dir(),
                                   "/vectors/federation/rfc9421-b26-signature-base.txt", NULL),
                       &length));
    CU_ASSERT_STRING_EQUAL(base_of(&message,
                                   "sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473;"
                                   "keyid=\"test-shared-secret\""),
                           signature_text(civ_json_get(root, "b25_hmac_sha256"), "base"));
}

static const test_case_t cases[] = {
    {"derived_components", derived_components},
    {"authorities", authorities},
    {"headers", headers},
    {"responses", responses},
    {"lists_of_components", lists_of_components},
    {"the_example_of_the_standard", the_example_of_the_standard},
    {"vectors_of_components", vectors_of_components},
    {"vectors_of_the_appendix", vectors_of_the_appendix},
    {NULL, NULL},
};

const test_suite_t signature_components_suite = {"signature_components", NULL, NULL, cases};
