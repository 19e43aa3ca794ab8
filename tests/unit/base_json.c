/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_json.c
 * The JSON reader: what it makes of what it takes.
 */
#include "support/runner.h"
#include "unit/json_fixture.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static void scalars(void)
{
    const civ_json_t *value = json_parse("null");

    CU_ASSERT(value && value->type == CIV_JSON_NULL);
    value = json_parse(" true\n");
    CU_ASSERT(value && value->type == CIV_JSON_BOOLEAN && value->as.boolean == 1);
    value = json_parse("\tfalse\r");
    CU_ASSERT(value && value->type == CIV_JSON_BOOLEAN && value->as.boolean == 0);
    value = json_parse("-12.50e+3");
    CU_ASSERT_FATAL(value && value->type == CIV_JSON_NUMBER);
    CU_ASSERT_STRING_EQUAL(value->as.text.text, "-12.50e+3"); /* as received */
    CU_ASSERT_EQUAL(value->as.text.length, 9);
    value = json_parse("7");
    CU_ASSERT_FATAL(value && value->type == CIV_JSON_NUMBER);
    CU_ASSERT_STRING_EQUAL(value->as.text.text, "7");
    value = json_parse("\"\"");
    CU_ASSERT(value && value->type == CIV_JSON_STRING && value->as.text.length == 0);
}

static void strings_are_unescaped(void)
{
    static const char expected[] = "a\"\\/\b\f\n\r\t\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    const civ_json_t *value =
        json_parse("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20AC\\ud83d\\uDE00z\"");

    CU_ASSERT_FATAL(value && value->type == CIV_JSON_STRING);
    CU_ASSERT_EQUAL(value->as.text.length, sizeof(expected) - 1);
    CU_ASSERT(memcmp(value->as.text.text, expected, sizeof(expected)) == 0);
    value = json_parse("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"");
    CU_ASSERT(value && value->as.text.length == 19);
}

static void arrays_keep_order(void)
{
    const civ_json_t *value = json_parse("[3, [], [1,[2]], {}, \"x\", null]");

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
        json_parse("{\"\\uffff\":1,\"\\ud800\\udc00\":2,\"b\":{\"y\":5,\"x\":6},\"aa\":4,\"a\":3,\"\":0}");
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
    CU_ASSERT_PTR_NULL(civ_json_get(json_parse("{}"), "a"));
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
        value = json_parse(text.data);
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
    const civ_json_t *value = json_parse("{\"a\":\"text\",\"n\":1,\"z\":\"x\\u0000y\",\"e\":\"\"}");

    CU_ASSERT_STRING_EQUAL(civ_json_get_text(value, "a"), "text");
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(value, "e"), "");
    CU_ASSERT_PTR_NULL(civ_json_get_text(value, "n"));
    CU_ASSERT_PTR_NULL(civ_json_get_text(value, "z"));
    CU_ASSERT_PTR_NULL(civ_json_get_text(value, "q"));
    CU_ASSERT_PTR_NULL(civ_json_get_text(NULL, "q"));
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
        const civ_json_t *value = json_parse(apr_psprintf(test_pool(), "[%s]", good[i]));

        CU_ASSERT_FATAL(value != NULL);
        CU_ASSERT_STRING_EQUAL(value->as.array.items[0].as.text.text, good[i]);
        CU_ASSERT_PTR_NOT_NULL(json_parse(good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT(
            json_is_not_i_json(apr_psprintf(test_pool(), "{\"n\":[1,%s]}", bad[i]), "/n/1", "(byte 8)"));
        CU_ASSERT(json_is_not_i_json(bad[i], "", "(byte 0)"));
    }
}

static void absurdly_long_numbers(void)
{
    const char *zeros = json_repeat("0", 999);

    CU_ASSERT_PTR_NOT_NULL(json_parse(apr_pstrcat(test_pool(), "0.", zeros + 1, NULL)));
    CU_ASSERT(json_is_beyond(apr_pstrcat(test_pool(), "[0.", zeros, "]", NULL), &json_wide, "/0"));
    CU_ASSERT(json_is_beyond(apr_pstrcat(test_pool(), "1", json_repeat("0", 100000), NULL), &json_wide, ""));
    CU_ASSERT(json_is_not_i_json(apr_pstrcat(test_pool(), "0.", zeros + 2, "1", NULL), "", "too small"));
    CU_ASSERT_PTR_NOT_NULL(json_parse(apr_pstrcat(test_pool(), "0.", json_repeat("0", 296), "1", NULL)));
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
        CU_ASSERT_EQUAL(civ_json_to_int64(json_parse(good[i].text), &value), APR_SUCCESS);
        CU_ASSERT_EQUAL(value, good[i].value);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        value = 99;
        CU_ASSERT_EQUAL(civ_json_to_int64(json_parse(bad[i]), &value), CIV_EINVALID);
        CU_ASSERT_EQUAL(value, 99);
    }
    CU_ASSERT_EQUAL(civ_json_to_int64(NULL, &value), CIV_EINVALID);
}

static void request_limits(void)
{
    CU_ASSERT_EQUAL(civ_json_request_limits.depth, 64);
    CU_ASSERT_EQUAL(civ_json_request_limits.values, 100000);
    CU_ASSERT_EQUAL(civ_json_request_limits.name_length, 1024);
}

static void pointers(void)
{
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_join("", "a", test_pool()), "/a");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_join("/x", "", test_pool()), "/x/");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_join("/x", "a/b~c~1", test_pool()), "/x/a~1b~0c~01");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_index("", 0, test_pool()), "/0");
    CU_ASSERT_STRING_EQUAL(civ_json_pointer_index("/a", 1234567890, test_pool()), "/a/1234567890");
}

/* Many small values in 1 MiB must not take many times as much, nor long. */
static void dense_documents_are_cheap(void)
{
    static const char *const units[] = {"[],", "{},", "0,", "\"\",", "{\"a\":0},", "[[[]]],"};
    unsigned i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const char *text =
            apr_pstrcat(test_pool(), "[", json_repeat(units[i], 1048570 / strlen(units[i])), "1]", NULL);
        apr_time_t start = apr_time_now();

        CU_ASSERT_PTR_NOT_NULL(json_parse(text));
        test_note("1 MiB of %s took %" APR_TIME_T_FMT " us", units[i], apr_time_now() - start);
        CU_ASSERT(apr_time_now() - start < apr_time_from_sec(60));
    }
}

static const test_case_t cases[] = {
    {"scalars", scalars},
    {"strings_are_unescaped", strings_are_unescaped},
    {"arrays_keep_order", arrays_keep_order},
    {"members_are_sorted_and_found", members_are_sorted_and_found},
    {"large_objects_are_sorted", large_objects_are_sorted},
    {"text_members", text_members},
    {"numbers", numbers},
    {"absurdly_long_numbers", absurdly_long_numbers},
    {"integers_are_read", integers_are_read},
    {"request_limits", request_limits},
    {"pointers", pointers},
    {"dense_documents_are_cheap", dense_documents_are_cheap},
    {NULL, NULL},
};

const test_suite_t base_json_suite = {"base_json", NULL, NULL, cases};
