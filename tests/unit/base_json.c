/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_json.c
 * The JSON reader: what it takes, what it refuses and where it says the fault is.
 */
#include "support/runner.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static const civ_json_limits_t wide = {10000000, 256, 1000000, 1024};

static civ_problem_t last_problem;

static const civ_json_t *parse_n(const char *text, apr_size_t length, const civ_json_limits_t *limits)
{
    const civ_json_t *root = (const civ_json_t *)"not touched";
    apr_status_t status;
    char *copy = malloc(length + 1); /* exact, so that valgrind and ASan see a read beyond it */

    memset(&last_problem, 0, sizeof(last_problem));
    memcpy(copy, text, length);
    copy = realloc(copy, length ? length : 1);
    status = civ_json_parse(&root, copy, length, limits, &last_problem, test_pool());
    memset(copy, 'X', length); /* the tree must not point into the document */
    free(copy);
    CU_ASSERT_EQUAL(status, root ? APR_SUCCESS : CIV_EINVALID);
    return root;
}

static const civ_json_t *parse(const char *text)
{
    return parse_n(text, strlen(text), &wide);
}

/* Refused as @a kind, at @a pointer; detail must contain @a word when one is given. */
static int is_refused(const char *text, apr_size_t length, const civ_json_limits_t *limits,
                      civ_problem_kind_e kind, const char *pointer, const char *word)
{
    const civ_json_t *root = parse_n(text, length, limits);

    if (!root && last_problem.kind == kind && last_problem.pointer && last_problem.detail &&
        (!pointer || strcmp(last_problem.pointer, pointer) == 0) &&
        (!word || strstr(last_problem.detail, word))) {
        return 1;
    }
    test_note("%.60s: %s", text,
              root ? "taken"
                   : apr_psprintf(test_pool(), "kind %d at \"%s\": %s", last_problem.kind,
                                  last_problem.pointer ? last_problem.pointer : "(null)",
                                  last_problem.detail ? last_problem.detail : "(null)"));
    return 0;
}

static int is_malformed(const char *text, const char *pointer)
{
    return is_refused(text, strlen(text), &wide, CIV_PROBLEM_MALFORMED_JSON, pointer, NULL);
}

static int is_not_i_json(const char *text, const char *pointer, const char *word)
{
    return is_refused(text, strlen(text), &wide, CIV_PROBLEM_NOT_I_JSON, pointer, word);
}

static int is_beyond(const char *text, const civ_json_limits_t *limits, const char *pointer)
{
    return is_refused(text, strlen(text), limits, CIV_PROBLEM_LIMIT_EXCEEDED, pointer, NULL);
}

static char *repeat(const char *text, apr_size_t times)
{
    civ_buffer_t buffer;

    civ_buffer_init(&buffer, strlen(text) * times, test_pool());
    while (times-- > 0) {
        civ_buffer_append_text(&buffer, text);
    }
    return buffer.data;
}

static void scalars(void)
{
    const civ_json_t *value = parse("null");

    CU_ASSERT(value && value->type == CIV_JSON_NULL);
    value = parse(" true\n");
    CU_ASSERT(value && value->type == CIV_JSON_BOOLEAN && value->as.boolean == 1);
    value = parse("\tfalse\r");
    CU_ASSERT(value && value->type == CIV_JSON_BOOLEAN && value->as.boolean == 0);
    value = parse("-12.50e+3");
    CU_ASSERT_FATAL(value && value->type == CIV_JSON_NUMBER);
    CU_ASSERT_STRING_EQUAL(value->as.text.text, "-12.50e+3"); /* as received */
    CU_ASSERT_EQUAL(value->as.text.length, 9);
    value = parse("7");
    CU_ASSERT_FATAL(value && value->type == CIV_JSON_NUMBER);
    CU_ASSERT_STRING_EQUAL(value->as.text.text, "7");
    value = parse("\"\"");
    CU_ASSERT(value && value->type == CIV_JSON_STRING && value->as.text.length == 0);
}

static void strings_are_unescaped(void)
{
    static const char expected[] = "a\"\\/\b\f\n\r\t\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    const civ_json_t *value = parse("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20AC\\ud83d\\uDE00z\"");

    CU_ASSERT_FATAL(value && value->type == CIV_JSON_STRING);
    CU_ASSERT_EQUAL(value->as.text.length, sizeof(expected) - 1);
    CU_ASSERT(memcmp(value->as.text.text, expected, sizeof(expected)) == 0);
    value = parse("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"");
    CU_ASSERT(value && value->as.text.length == 19);
}

static void arrays_keep_order(void)
{
    const civ_json_t *value = parse("[3, [], [1,[2]], {}, \"x\", null]");

    CU_ASSERT_FATAL(value && value->type == CIV_JSON_ARRAY && value->as.array.count == 6);
    CU_ASSERT_STRING_EQUAL(value->as.array.items[0].as.text.text, "3");
    CU_ASSERT(value->as.array.items[1].type == CIV_JSON_ARRAY &&
              value->as.array.items[1].as.array.count == 0);
    CU_ASSERT_FATAL(value->as.array.items[2].as.array.count == 2);
    CU_ASSERT_STRING_EQUAL(value->as.array.items[2].as.array.items[1].as.array.items[0].as.text.text, "2");
    CU_ASSERT(value->as.array.items[3].type == CIV_JSON_OBJECT &&
              value->as.array.items[3].as.object.count == 0);
    CU_ASSERT_EQUAL(value->as.array.items[5].type, CIV_JSON_NULL);
}

static void members_are_sorted_and_found(void)
{
    const civ_json_t *value =
        parse("{\"\\uffff\":1,\"\\ud800\\udc00\":2,\"b\":{\"y\":5,\"x\":6},\"aa\":4,\"a\":3,\"\":0}");
    static const char *const names[] = {"", "a", "aa", "b", "\xf0\x90\x80\x80", "\xef\xbf\xbf"};
    apr_size_t i;

    CU_ASSERT_FATAL(value && value->type == CIV_JSON_OBJECT && value->as.object.count == 6);
    for (i = 0; i < 6; i++) {
        CU_ASSERT_STRING_EQUAL(value->as.object.members[i].name, names[i]);
        CU_ASSERT_EQUAL(value->as.object.members[i].name_length, strlen(names[i]));
        CU_ASSERT_PTR_EQUAL(civ_json_get(value, names[i]), &value->as.object.members[i].value);
    }
    CU_ASSERT_STRING_EQUAL(civ_json_get(civ_json_get(value, "b"), "x")->as.text.text, "6");
    CU_ASSERT_PTR_NULL(civ_json_get(value, "c"));
    CU_ASSERT_PTR_NULL(civ_json_get(value, "aaa"));
    CU_ASSERT_PTR_NULL(civ_json_get(civ_json_get(value, "a"), "a"));
    CU_ASSERT_PTR_NULL(civ_json_get(NULL, "a"));
    CU_ASSERT_PTR_NULL(civ_json_get(parse("{}"), "a"));
}

/* More members than insertion sort takes, in three orders. */
static void large_objects_are_sorted(void)
{
    int order, i;

    for (order = 0; order < 3; order++) {
        civ_buffer_t text;
        const civ_json_t *value;
        char name[16];
        int wrong = 0;

        civ_buffer_init(&text, 0, test_pool());
        for (i = 0; i < 1000; i++) {
            int number = order == 0 ? i : order == 1 ? 999 - i : i * 387 % 1000;

            civ_buffer_append_format(&text, "%s\"n%04d\":%d", i ? "," : "{", number, number);
        }
        civ_buffer_append_text(&text, "}");
        value = parse(text.data);
        CU_ASSERT_FATAL(value && value->as.object.count == 1000);
        for (i = 0; i < 1000; i++) {
            apr_snprintf(name, sizeof(name), "n%04d", i);
            wrong += strcmp(value->as.object.members[i].name, name) != 0 || !civ_json_get(value, name) ||
                     strtol(value->as.object.members[i].value.as.text.text, NULL, 10) != i;
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

static void text_members(void)
{
    const civ_json_t *value = parse("{\"a\":\"text\",\"n\":1,\"z\":\"x\\u0000y\",\"e\":\"\"}");

    CU_ASSERT_STRING_EQUAL(civ_json_get_text(value, "a"), "text");
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(value, "e"), "");
    CU_ASSERT_PTR_NULL(civ_json_get_text(value, "n"));
    CU_ASSERT_PTR_NULL(civ_json_get_text(value, "z"));
    CU_ASSERT_PTR_NULL(civ_json_get_text(value, "q"));
    CU_ASSERT_PTR_NULL(civ_json_get_text(NULL, "q"));
}

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
        CU_ASSERT(is_malformed(rows[i], NULL));
    }
    CU_ASSERT(is_refused("{}\0", 3, &wide, CIV_PROBLEM_MALFORMED_JSON, NULL, NULL));
    CU_ASSERT(is_refused("\"a\0b\"", 5, &wide, CIV_PROBLEM_MALFORMED_JSON, NULL, "byte 2"));
    CU_ASSERT(is_refused("\0", 1, &wide, CIV_PROBLEM_MALFORMED_JSON, "", NULL));
}

/* Each document, cut anywhere, is refused, and nothing is read beyond its end. */
static void truncation_is_refused(void)
{
    static const char text[] =
        "{\"a\":[1.5e3,true,null,\"\\ud83d\\ude00\\n\"],\"\xe2\x82\xac\":{\"b\":false}}";
    apr_size_t length;

    for (length = 0; length < sizeof(text) - 1; length++) {
        if (parse_n(text, length, &wide) || !last_problem.detail || !last_problem.pointer) {
            CU_FAIL("a truncated document was taken");
        }
    }
    CU_ASSERT_PTR_NOT_NULL(parse(text));
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
        CU_ASSERT(is_not_i_json(apr_psprintf(test_pool(), "[\"ab%s\"]", rows[i]), "/0", "byte 4"));
        CU_ASSERT(is_not_i_json(apr_psprintf(test_pool(), "{\"k\":1,\"%s\":1}", rows[i]), "", "byte 8"));
    }
    CU_ASSERT(is_not_i_json("\xff", "", "byte 0"));
    CU_ASSERT(is_not_i_json("\"\xe2\x82", "", "byte 1"));
}

static void surrogates(void)
{
    CU_ASSERT(is_not_i_json("\"\\ud800\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\uDFFF\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\udc00\\ud800\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\ud800\\ud800\\udc00\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\ud800\\\\udc00\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\ud800x\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\ud800\\n\"", "", "byte 1"));
    CU_ASSERT(is_not_i_json("\"\\ud83d\\ude00\\ude00\"", "", "byte 13"));
    CU_ASSERT(is_not_i_json("{\"a\":{\"\\ud800\":1}}", "/a", "byte 7"));
    CU_ASSERT(is_not_i_json("{\"a\":[0,\"x\\ud800\"]}", "/a/1", NULL));
    CU_ASSERT_PTR_NOT_NULL(parse("\"\\\\ud800\"")); /* an escaped backslash, no surrogate */
    CU_ASSERT_PTR_NOT_NULL(parse("\"\\\"\\\\\\\\ud800\""));
    CU_ASSERT_PTR_NOT_NULL(parse("\"\\ud7ff\\ue000\\uD834\\uDD1E\""));
}

static void duplicates(void)
{
    CU_ASSERT(is_not_i_json("{\"a\":1,\"a\":2}", "/a", "Duplicate member name \"a\" (byte 7)"));
    CU_ASSERT(is_not_i_json("{\"a\":1,\"\\u0061\":2}", "/a", "(byte 7)"));
    CU_ASSERT(is_not_i_json("{\"x\":[0,{\"k\":1,\"j\":0,\"k\":1}]}", "/x/1/k", "(byte 21)"));
    CU_ASSERT(is_not_i_json("{\"\":1,\"\":2}", "/", "(byte 6)"));
    CU_ASSERT(is_not_i_json("{\"a/b~\\\"c\":1, \"a/b~\\\"c\" :2}", "/a~1b~0\"c", "(byte 14)"));
    CU_ASSERT(is_not_i_json("{\"\\\\\":\"\\\\\",\"\\\\\":\"\\\"\"}", "/\\", "(byte 11)"));
    CU_ASSERT(is_not_i_json("{\"a\\u0000b\":1,\"a\\u0000b\":1}", "", "Duplicate"));
    CU_ASSERT_PTR_NOT_NULL(parse("{\"a\":1,\"A\":2,\"a\\u0000\":3,\"aa\":{\"a\":1}}"));
    CU_ASSERT_PTR_NOT_NULL(parse("[{\"a\":1},{\"a\":1}]"));
    CU_ASSERT_PTR_NOT_NULL(parse("{\"\\u00e9\":1,\"e\\u0301\":2}")); /* no normalization */
}

static void long_names_are_cut_in_messages(void)
{
    const char *name = repeat("\xe2\x82\xac", 300); /* 900 bytes; 64 is no multiple of 3 */
    const char *text = apr_psprintf(test_pool(), "{\"%s\":1,\"%s\":2}", name, name);

    CU_ASSERT(is_not_i_json(text, apr_pstrcat(test_pool(), "/", name, NULL), "Duplicate"));
    CU_ASSERT(strlen(last_problem.detail) < 120);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_problem.detail, "\xe2\x82\xac\" (byte"));
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
    CU_ASSERT(is_not_i_json(text.data, "/17", "Duplicate member name \"17\""));
}

static void numbers(void)
{
    static const char *const good[] = {"0",
                                       "-0",
                                       "-0.0",
                                       "0e400",
                                       "0.000e-999",
                                       "9007199254740991",
                                       "-9007199254740991",
                                       "1e308",
                                       "1.7976931348623157e308",
                                       "5e-324",
                                       "2.5e-324",
                                       "1e21",
                                       "-1.5e21",
                                       "1234567890.12345678901234567890",
                                       "0.1",
                                       "1E+2",
                                       "9007199254740991.0"};
    static const char *const bad[] = {"9007199254740992",
                                      "-9007199254740992",
                                      "10000000000000000",
                                      "1234567890123456789",
                                      "123456789012345678901234567890",
                                      "1e20",
                                      "-1e16",
                                      "9007199254740993.0",
                                      "123456789012345678.5",
                                      "999999999999999000000.0",
                                      "1e309",
                                      "-1e309",
                                      "1e400",
                                      "1e99999999999999999999",
                                      "1e-400",
                                      "-2.4e-324",
                                      "0.1e-99999999999999999999"};
    unsigned i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const civ_json_t *value = parse(apr_psprintf(test_pool(), "[%s]", good[i]));

        CU_ASSERT_FATAL(value != NULL);
        CU_ASSERT_STRING_EQUAL(value->as.array.items[0].as.text.text, good[i]);
        CU_ASSERT_PTR_NOT_NULL(parse(good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT(is_not_i_json(apr_psprintf(test_pool(), "{\"n\":[1,%s]}", bad[i]), "/n/1", "(byte 8)"));
        CU_ASSERT(is_not_i_json(bad[i], "", "(byte 0)"));
    }
}

static void absurdly_long_numbers(void)
{
    const char *zeros = repeat("0", 999);

    CU_ASSERT_PTR_NOT_NULL(parse(apr_pstrcat(test_pool(), "0.", zeros + 1, NULL)));
    CU_ASSERT(is_beyond(apr_pstrcat(test_pool(), "[0.", zeros, "]", NULL), &wide, "/0"));
    CU_ASSERT(is_beyond(apr_pstrcat(test_pool(), "1", repeat("0", 100000), NULL), &wide, ""));
    CU_ASSERT(is_not_i_json(apr_pstrcat(test_pool(), "0.", zeros + 2, "1", NULL), "", "too small"));
    CU_ASSERT_PTR_NOT_NULL(parse(apr_pstrcat(test_pool(), "0.", repeat("0", 296), "1", NULL)));
}

static void integers_are_read(void)
{
    static const struct {
        const char *text;
        apr_int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"42", 42},
                {"-7", -7},
                {"1e3", 1000},
                {"5.0", 5},
                {"9007199254740991", APR_INT64_C(9007199254740991)},
                {"-9007199254740991", -APR_INT64_C(9007199254740991)}};
    static const char *const bad[] = {"0.5",   "1e16", "-1e16", "9007199254740992.0", "1e300", "1e-300",
                                      "\"1\"", "null", "[1]"};
    apr_int64_t value = 99;
    unsigned i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CU_ASSERT_EQUAL(civ_json_to_int64(parse(good[i].text), &value), APR_SUCCESS);
        CU_ASSERT_EQUAL(value, good[i].value);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        value = 99;
        CU_ASSERT_EQUAL(civ_json_to_int64(parse(bad[i]), &value), CIV_EINVALID);
        CU_ASSERT_EQUAL(value, 99);
    }
    CU_ASSERT_EQUAL(civ_json_to_int64(NULL, &value), CIV_EINVALID);
}

static void depth_is_capped(void)
{
    civ_json_limits_t limits = wide;
    const char *deep;

    limits.depth = 3;
    CU_ASSERT_PTR_NOT_NULL(parse_n("[[{}]]", 6, &limits));
    CU_ASSERT(is_beyond("[[[[]]]]", &limits, "/0/0/0"));
    CU_ASSERT(is_beyond("{\"a\":[0,{\"b\":[]}]}", &limits, "/a/1/b"));
    limits.depth = 0;
    CU_ASSERT_PTR_NOT_NULL(parse_n("1", 1, &limits));
    CU_ASSERT(is_beyond("[]", &limits, ""));
    limits.depth = 100000; /* no more than 256 all the same */
    deep = apr_pstrcat(test_pool(), repeat("[", 256), repeat("]", 256), NULL);
    CU_ASSERT_PTR_NOT_NULL(parse_n(deep, strlen(deep), &limits));
    deep = apr_pstrcat(test_pool(), repeat("[", 257), repeat("]", 257), NULL);
    CU_ASSERT(is_beyond(deep, &limits, NULL));
    deep = repeat("[", 300000);
    CU_ASSERT(is_beyond(deep, &civ_json_request_limits, NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_problem.detail, "byte 64"));
    CU_ASSERT(is_beyond(repeat("{\"a\":", 100000), &civ_json_request_limits, NULL));
}

static void values_are_capped(void)
{
    civ_json_limits_t limits = wide;

    limits.values = 4;
    CU_ASSERT_PTR_NOT_NULL(parse_n("[1,2,3]", 7, &limits));
    CU_ASSERT_PTR_NOT_NULL(parse_n("{\"a\":[1,2]}", 11, &limits));
    CU_ASSERT(is_beyond("[1,2,3,4]", &limits, "/3"));
    CU_ASSERT(is_beyond("{\"a\":[1,2],\"b\":true}", &limits, "/b"));
    CU_ASSERT(is_beyond("[[],[],[],[]]", &limits, "/3"));
    CU_ASSERT(is_beyond("[{},{},{},{}]", &limits, "/3"));
    CU_ASSERT(is_beyond("[0,0,0,\"\"]", &limits, "/3"));
    CU_ASSERT(is_beyond("[0,0,0,null]", &limits, "/3"));
}

static void sizes_are_capped(void)
{
    civ_json_limits_t limits = wide;

    limits.size = 5;
    CU_ASSERT_PTR_NOT_NULL(parse_n("[1,2]", 5, &limits));
    CU_ASSERT(is_beyond("[1,2 ]", &limits, ""));
    limits = wide;
    limits.name_length = 3;
    CU_ASSERT_PTR_NOT_NULL(parse_n("{\"\\u20ac\":1}", 12, &limits)); /* 3 bytes unescaped */
    CU_ASSERT(is_beyond("{\"abc\":1,\"x\":{\"abcd\":1}}", &limits, "/x"));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_problem.detail, "(byte 14)"));
}

static void request_limits(void)
{
    CU_ASSERT_EQUAL(civ_json_request_limits.depth, 64);
    CU_ASSERT_EQUAL(civ_json_request_limits.values, 100000);
    CU_ASSERT_EQUAL(civ_json_request_limits.name_length, 1024);
}

static void faults_have_places(void)
{
    CU_ASSERT(is_malformed("{\"a\":[1,{\"b\":x}]}", "/a/1/b"));
    CU_ASSERT(is_malformed("[0,1,x]", "/2"));
    CU_ASSERT(is_malformed("{\"a\":1,x}", ""));
    CU_ASSERT(is_malformed("{\"a~/b\":[[x", "/a~0~1b/0/0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_problem.detail, "(near byte 1"));
    /* the earlier of two faults is reported, whoever finds it */
    CU_ASSERT(is_malformed("[x,\"\xff\"]", "/0"));
    CU_ASSERT(is_not_i_json("[\"\xff\",x]", "/0", "UTF-8"));
    CU_ASSERT(is_not_i_json("[1e999,\"\xff\"]", "/0", "too large"));
    CU_ASSERT(is_malformed("[\"\x01\",1e999]", "/0"));
}

static void no_problem_object_is_fine(void)
{
    const civ_json_t *root;

    CU_ASSERT_EQUAL(civ_json_parse(&root, "[x", 2, &wide, NULL, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_json_parse(&root, "{\"a\":1,\"a\":1}", 13, &wide, NULL, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_json_parse(&root, NULL, 0, &wide, NULL, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NULL(root);
}

static void pointers(void)
{
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_join("", "a", test_pool()), "/a");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_join("/x", "", test_pool()), "/x/");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_join("/x", "a/b~c~1", test_pool()), "/x/a~1b~0c~01");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_index("", 0, test_pool()), "/0");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_index("/a", 1234567890, test_pool()), "/a/1234567890");
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

/* Many small values in 1 MiB must not take many times as much, nor long. */
static void dense_documents_are_cheap(void)
{
    static const char *const units[] = {"[],", "{},", "0,", "\"\",", "{\"a\":0},", "[[[]]],"};
    unsigned i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const char *text =
            apr_pstrcat(test_pool(), "[", repeat(units[i], 1048570 / strlen(units[i])), "1]", NULL);
        apr_time_t start = apr_time_now();

        CU_ASSERT_PTR_NOT_NULL(parse(text));
        test_note("1 MiB of %s took %" APR_TIME_T_FMT " us", units[i], apr_time_now() - start);
        CU_ASSERT(apr_time_now() - start < apr_time_from_sec(60));
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
    list = parse_n(text, length, &wide);
    CU_ASSERT_FATAL(list && list->as.array.count >= 40);
    for (i = 0; i < list->as.array.count; i++) {
        const char *hex = civ_json_get_text(&list->as.array.items[i], "input_utf8_hex");
        apr_size_t size = strlen(hex) / 2;
        char *input = apr_palloc(test_pool(), size + 1);

        CU_ASSERT_EQUAL(civ_hex_decode(input, size, hex), APR_SUCCESS);
        if (parse_n(input, size, &wide)) {
            test_note("taken: %s", civ_json_get_text(&list->as.array.items[i], "why"));
            CU_FAIL("must be refused");
        }
    }
    test_note("%lu documents refused", (unsigned long)i);
}

static const test_case_t cases[] = {
    {"scalars", scalars},
    {"strings_are_unescaped", strings_are_unescaped},
    {"arrays_keep_order", arrays_keep_order},
    {"members_are_sorted_and_found", members_are_sorted_and_found},
    {"large_objects_are_sorted", large_objects_are_sorted},
    {"text_members", text_members},
    {"syntax_errors", syntax_errors},
    {"truncation_is_refused", truncation_is_refused},
    {"invalid_utf8", invalid_utf8},
    {"surrogates", surrogates},
    {"duplicates", duplicates},
    {"long_names_are_cut_in_messages", long_names_are_cut_in_messages},
    {"duplicate_in_a_large_object", duplicate_in_a_large_object},
    {"numbers", numbers},
    {"absurdly_long_numbers", absurdly_long_numbers},
    {"integers_are_read", integers_are_read},
    {"depth_is_capped", depth_is_capped},
    {"values_are_capped", values_are_capped},
    {"sizes_are_capped", sizes_are_capped},
    {"request_limits", request_limits},
    {"faults_have_places", faults_have_places},
    {"no_problem_object_is_fine", no_problem_object_is_fine},
    {"pointers", pointers},
    {"scan_alone", scan_alone},
    {"dense_documents_are_cheap", dense_documents_are_cheap},
    {"vectors_must_reject", vectors_must_reject},
    {NULL, NULL},
};

const test_suite_t base_json_suite = {"base_json", NULL, NULL, cases};
