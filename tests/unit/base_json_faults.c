/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_json_faults.c
 * The JSON reader: what it refuses, and where it says the fault is.
 */
#include "support/runner.h"
#include "unit/json_fixture.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/status.h"

#include <apr_strings.h>

#include <string.h>

static void syntax_errors(void)
{
    static const char *const rows[] = {"",
                                       " ",
                                       "\n",
                                       "{",
                                       "[",
                                       "\"abc",
                                       "[1",
                                       "{\"a\":1",
                                       "{\"a\"",
                                       "{\"a\":",
                                       "tru",
                                       "-",
                                       "01",
                                       "+1",
                                       ".5",
                                       "1.",
                                       "1e",
                                       "1e+",
                                       "0x10",
                                       "[1,]",
                                       "{\"a\":1,}",
                                       "[,1]",
                                       "{,}",
                                       "{'a':1}",
                                       "{a:1}",
                                       "{\"a\" 1}",
                                       "{1:2}",
                                       "{} x",
                                       "1 2",
                                       "[] []",
                                       "{}}",
                                       "[]]",
                                       "NaN",
                                       "Infinity",
                                       "True",
                                       "nul",
                                       "/*x*/1",
                                       "{\"a\":1}//x",
                                       "\"\\x41\"",
                                       "\"\\u12\"",
                                       "\"\\u123g\"",
                                       "\"a\nb\"",
                                       "\"a\tb\"",
                                       "\"\x01\"",
                                       "\x0c"
                                       "1",
                                       "\x0b"
                                       "1",
                                       "1\x0c",
                                       "\xc2\xa0"
                                       "1",
                                       "\xef\xbb\xbf{}",
                                       "[1 2]",
                                       "[\"a\":1]",
                                       "{\"a\",1}",
                                       "\\u0031",
                                       "--1",
                                       "1-",
                                       "- 1",
                                       "1 .5",
                                       "\"\\",
                                       "\"\\u"};
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT(json_is_malformed(rows[i], NULL));
    }
    CU_ASSERT(json_is_refused("{}\0", 3, &json_wide, CIV_PROBLEM_MALFORMED_JSON, NULL, NULL));
    CU_ASSERT(json_is_refused("\"a\0b\"", 5, &json_wide, CIV_PROBLEM_MALFORMED_JSON, NULL, "byte 2"));
    CU_ASSERT(json_is_refused("\0", 1, &json_wide, CIV_PROBLEM_MALFORMED_JSON, "", NULL));
}

/* Each document, cut anywhere, is refused, and nothing is read beyond its end. */
static void truncation_is_refused(void)
{
    static const char text[] =
        "{\"a\":[1.5e3,true,null,\"\\ud83d\\ude00\\n\"],\"\xe2\x82\xac\":{\"b\":false}}";
    apr_size_t length;

    for (length = 0; length < sizeof(text) - 1; length++) {
        if (json_parse_n(text, length, &json_wide) || !json_last_problem.detail ||
            !json_last_problem.pointer) {
            CU_FAIL("a truncated document was taken");
        }
    }
    CU_ASSERT_PTR_NOT_NULL(json_parse(text));
}

static void invalid_utf8(void)
{
    static const char *const rows[] = {"\x80",
                                       "\xbf",
                                       "\xc0\xaf",
                                       "\xc1\xbf",
                                       "\xc2",
                                       "\xc2\x41",
                                       "\xe0\x80\x80",
                                       "\xe0\x9f\xbf",
                                       "\xe2\x82",
                                       "\xe2\x41\x80",
                                       "\xed\xa0\x80",
                                       "\xed\xbf\xbf",
                                       "\xf0\x80\x80\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf0\x9f\x98",
                                       "\xf0\x9f\x41\x80",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xfe",
                                       "\xff",
                                       "\xf8\x88\x80\x80\x80"};
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT(json_is_not_i_json(apr_psprintf(test_pool(), "[\"ab%s\"]", rows[i]), "/0", "byte 4"));
        CU_ASSERT(json_is_not_i_json(apr_psprintf(test_pool(), "{\"k\":1,\"%s\":1}", rows[i]), "", "byte 8"));
    }
    CU_ASSERT(json_is_not_i_json("\xff", "", "byte 0"));
    CU_ASSERT(json_is_not_i_json("\"\xe2\x82", "", "byte 1"));
}

static void surrogates(void)
{
    CU_ASSERT(json_is_not_i_json("\"\\ud800\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\uDFFF\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\udc00\\ud800\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\ud800\\ud800\\udc00\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\ud800\\\\udc00\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\ud800x\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\ud800\\n\"", "", "byte 1"));
    CU_ASSERT(json_is_not_i_json("\"\\ud83d\\ude00\\ude00\"", "", "byte 13"));
    CU_ASSERT(json_is_not_i_json("{\"a\":{\"\\ud800\":1}}", "/a", "byte 7"));
    CU_ASSERT(json_is_not_i_json("{\"a\":[0,\"x\\ud800\"]}", "/a/1", NULL));
    CU_ASSERT_PTR_NOT_NULL(json_parse("\"\\\\ud800\"")); /* an escaped backslash, no surrogate */
    CU_ASSERT_PTR_NOT_NULL(json_parse("\"\\\"\\\\\\\\ud800\""));
    CU_ASSERT_PTR_NOT_NULL(json_parse("\"\\ud7ff\\ue000\\uD834\\uDD1E\""));
}

static void duplicates(void)
{
    CU_ASSERT(json_is_not_i_json("{\"a\":1,\"a\":2}", "/a", "Duplicate member name \"a\" (byte 7)"));
    CU_ASSERT(json_is_not_i_json("{\"a\":1,\"\\u0061\":2}", "/a", "(byte 7)"));
    CU_ASSERT(json_is_not_i_json("{\"x\":[0,{\"k\":1,\"j\":0,\"k\":1}]}", "/x/1/k", "(byte 21)"));
    CU_ASSERT(json_is_not_i_json("{\"\":1,\"\":2}", "/", "(byte 6)"));
    CU_ASSERT(json_is_not_i_json("{\"a/b~\\\"c\":1, \"a/b~\\\"c\" :2}", "/a~1b~0\"c", "(byte 14)"));
    CU_ASSERT(json_is_not_i_json("{\"\\\\\":\"\\\\\",\"\\\\\":\"\\\"\"}", "/\\", "(byte 11)"));
    CU_ASSERT(json_is_not_i_json("{\"a\\u0000b\":1,\"a\\u0000b\":1}", "", "Duplicate"));
    CU_ASSERT_PTR_NOT_NULL(json_parse("{\"a\":1,\"A\":2,\"a\\u0000\":3,\"aa\":{\"a\":1}}"));
    CU_ASSERT_PTR_NOT_NULL(json_parse("[{\"a\":1},{\"a\":1}]"));
    CU_ASSERT_PTR_NOT_NULL(json_parse("{\"\\u00e9\":1,\"e\\u0301\":2}")); /* no normalization */
}

static void long_names_are_cut_in_messages(void)
{
    const char *name = json_repeat("\xe2\x82\xac", 300); /* 900 bytes; 64 is no multiple of 3 */
    const char *text = apr_psprintf(test_pool(), "{\"%s\":1,\"%s\":2}", name, name);

    CU_ASSERT(json_is_not_i_json(text, apr_pstrcat(test_pool(), "/", name, NULL), "Duplicate"));
    CU_ASSERT(strlen(json_last_problem.detail) < 120);
    CU_ASSERT_PTR_NOT_NULL(strstr(json_last_problem.detail, "\xe2\x82\xac\" (byte"));
}

static void duplicate_in_a_large_object(void)
{
    civ_buffer_t text;
    int i;

    civ_buffer_init(&text, 0, test_pool());
    for (i = 0; i < 5000; i++) {
        civ_buffer_append_format(&text, "%s\"%d\":%d", i ? "," : "{", i == 4321 ? 17 : i, i);
    }
    civ_buffer_append_text(&text, "}");
    CU_ASSERT(json_is_not_i_json(text.data, "/17", "Duplicate member name \"17\""));
}

static void depth_is_capped(void)
{
    civ_json_limits_t limits = json_wide;
    const char *deep;

    limits.depth = 3;
    CU_ASSERT_PTR_NOT_NULL(json_parse_n("[[{}]]", 6, &limits));
    CU_ASSERT(json_is_beyond("[[[[]]]]", &limits, "/0/0/0"));
    CU_ASSERT(json_is_beyond("{\"a\":[0,{\"b\":[]}]}", &limits, "/a/1/b"));
    limits.depth = 0;
    CU_ASSERT_PTR_NOT_NULL(json_parse_n("1", 1, &limits));
    CU_ASSERT(json_is_beyond("[]", &limits, ""));
    limits.depth = 100000; /* no more than 256 all the same */
    deep = apr_pstrcat(test_pool(), json_repeat("[", 256), json_repeat("]", 256), NULL);
    CU_ASSERT_PTR_NOT_NULL(json_parse_n(deep, strlen(deep), &limits));
    deep = apr_pstrcat(test_pool(), json_repeat("[", 257), json_repeat("]", 257), NULL);
    CU_ASSERT(json_is_beyond(deep, &limits, NULL));
    deep = json_repeat("[", 300000);
    CU_ASSERT(json_is_beyond(deep, &civ_json_request_limits, NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(json_last_problem.detail, "byte 64"));
    CU_ASSERT(json_is_beyond(json_repeat("{\"a\":", 100000), &civ_json_request_limits, NULL));
}

static void values_are_capped(void)
{
    civ_json_limits_t limits = json_wide;

    limits.values = 4;
    CU_ASSERT_PTR_NOT_NULL(json_parse_n("[1,2,3]", 7, &limits));
    CU_ASSERT_PTR_NOT_NULL(json_parse_n("{\"a\":[1,2]}", 11, &limits));
    CU_ASSERT(json_is_beyond("[1,2,3,4]", &limits, "/3"));
    CU_ASSERT(json_is_beyond("{\"a\":[1,2],\"b\":true}", &limits, "/b"));
    CU_ASSERT(json_is_beyond("[[],[],[],[]]", &limits, "/3"));
    CU_ASSERT(json_is_beyond("[{},{},{},{}]", &limits, "/3"));
    CU_ASSERT(json_is_beyond("[0,0,0,\"\"]", &limits, "/3"));
    CU_ASSERT(json_is_beyond("[0,0,0,null]", &limits, "/3"));
}

static void sizes_are_capped(void)
{
    civ_json_limits_t limits = json_wide;

    limits.size = 5;
    CU_ASSERT_PTR_NOT_NULL(json_parse_n("[1,2]", 5, &limits));
    CU_ASSERT(json_is_beyond("[1,2 ]", &limits, ""));
    limits = json_wide;
    limits.name_length = 3;
    CU_ASSERT_PTR_NOT_NULL(json_parse_n("{\"\\u20ac\":1}", 12, &limits)); /* 3 bytes unescaped */
    CU_ASSERT(json_is_beyond("{\"abc\":1,\"x\":{\"abcd\":1}}", &limits, "/x"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json_last_problem.detail, "(byte 14)"));
}

static void faults_have_places(void)
{
    CU_ASSERT(json_is_malformed("{\"a\":[1,{\"b\":x}]}", "/a/1/b"));
    CU_ASSERT(json_is_malformed("[0,1,x]", "/2"));
    CU_ASSERT(json_is_malformed("{\"a\":1,x}", ""));
    CU_ASSERT(json_is_malformed("{\"a~/b\":[[x", "/a~0~1b/0/0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(json_last_problem.detail, "(near byte 1"));
    /* the earlier of two faults is reported, whoever finds it */
    CU_ASSERT(json_is_malformed("[x,\"\xff\"]", "/0"));
    CU_ASSERT(json_is_not_i_json("[\"\xff\",x]", "/0", "UTF-8"));
    CU_ASSERT(json_is_not_i_json("[1e999,\"\xff\"]", "/0", "too large"));
    CU_ASSERT(json_is_malformed("[\"\x01\",1e999]", "/0"));
}

static void no_problem_object_is_fine(void)
{
    const civ_json_t *root;

    CU_ASSERT_EQUAL(civ_json_parse(&root, "[x", 2, &json_wide, NULL, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_json_parse(&root, "{\"a\":1,\"a\":1}", 13, &json_wide, NULL, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_json_parse(&root, NULL, 0, &json_wide, NULL, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NULL(root);
}

static void scan_alone(void)
{
    static const struct {
        const char *text;
        civ_json_fault_kind_e kind;
        apr_size_t offset;
    } rows[] = {
        {"", CIV_JSON_FAULT_NONE, 0},
        {"{\"a\\\"\\\\\":[1,\"\xc3\xa9\"]}\t\r\n", CIV_JSON_FAULT_NONE, 0},
        {"\xef\xbb\xbf{}", CIV_JSON_FAULT_BYTE_ORDER_MARK, 0},
        {"\"\xef\xbb\xbf\"", CIV_JSON_FAULT_NONE, 0},
        {"  \x0b", CIV_JSON_FAULT_CONTROL, 2},
        {"\"\x1f\"", CIV_JSON_FAULT_CONTROL, 1},
        {"\"\x7f\"", CIV_JSON_FAULT_NONE, 0},
        {"\"ab\xe2\x82\"", CIV_JSON_FAULT_UTF8, 3},
        {"\"ab\\ud800\"", CIV_JSON_FAULT_SURROGATE, 3},
        {"\\ud800", CIV_JSON_FAULT_NONE, 0}, /* outside of a string that is the parser's business */
        {"\"\\ud80", CIV_JSON_FAULT_NONE, 0},
        {"\"\\ud800\\udc0", CIV_JSON_FAULT_SURROGATE, 1},
        {"\"\\", CIV_JSON_FAULT_NONE, 0},
    };
    civ_json_fault_t fault;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_json_scan(&fault, rows[i].text, strlen(rows[i].text));
        CU_ASSERT_EQUAL(fault.kind, rows[i].kind);
        CU_ASSERT_EQUAL(fault.offset, rows[i].offset);
    }
}

static void vectors_must_reject(void)
{
    const char *shared = test_shared_dir();
    const civ_json_t *list;
    unsigned long length;
    apr_size_t i;
    char *text;

    if (!shared) {
        test_note("skipped: no shared data");
        return;
    }
    text = test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/jcs/must-reject.json", NULL), &length);
    CU_ASSERT_FATAL(text != NULL);
    list = json_parse_n(text, length, &json_wide);
    CU_ASSERT_FATAL(list && list->as.array.count >= 40);
    for (i = 0; i < list->as.array.count; i++) {
        const char *hex = civ_json_get_text(&list->as.array.items[i], "input_utf8_hex");
        apr_size_t size = strlen(hex) / 2;
        char *input = apr_palloc(test_pool(), size + 1);

        CU_ASSERT_EQUAL(civ_hex_decode(input, size, hex), APR_SUCCESS);
        if (json_parse_n(input, size, &json_wide)) {
            test_note("taken: %s", civ_json_get_text(&list->as.array.items[i], "why"));
            CU_FAIL("must be refused");
        }
    }
    test_note("%lu documents refused", (unsigned long)i);
}

static const test_case_t cases[] = {
    {"syntax_errors", syntax_errors},
    {"truncation_is_refused", truncation_is_refused},
    {"invalid_utf8", invalid_utf8},
    {"surrogates", surrogates},
    {"duplicates", duplicates},
    {"long_names_are_cut_in_messages", long_names_are_cut_in_messages},
    {"duplicate_in_a_large_object", duplicate_in_a_large_object},
    {"depth_is_capped", depth_is_capped},
    {"values_are_capped", values_are_capped},
    {"sizes_are_capped", sizes_are_capped},
    {"faults_have_places", faults_have_places},
    {"no_problem_object_is_fine", no_problem_object_is_fine},
    {"scan_alone", scan_alone},
    {"vectors_must_reject", vectors_must_reject},
    {NULL, NULL},
};

const test_suite_t base_json_faults_suite = {"base_json_faults", NULL, NULL, cases};
