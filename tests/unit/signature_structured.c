/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_structured.c
 * Structured fields: what is read, what is refused, and what is written again.
 */
#include "base/structured_field.h"

#include "base/status.h"
#include "support/runner.h"
#include "unit/signature_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define DICTIONARY CIV_STRUCTURED_IS_DICTIONARY
#define LIST       CIV_STRUCTURED_IS_LIST
#define ITEM       CIV_STRUCTURED_IS_ITEM

/* From memory without a byte to spare. */
static civ_structured_field_t *parse(civ_structured_kind_e kind, const char *text)
{
    apr_size_t length = strlen(text);
    char *exact = apr_pmemdup(test_pool(), text, length);
    civ_structured_field_t *field;
    apr_status_t status = civ_structured_parse(&field, kind, exact, length, test_pool());

    CU_ASSERT_EQUAL(status, field != NULL ? APR_SUCCESS : CIV_EINVALID);
    return field;
}

static const char *canonical(civ_structured_kind_e kind, const char *text)
{
    civ_structured_field_t *field = parse(kind, text);
    civ_buffer_t out;

    if (field == NULL)
        return "refused";
    civ_buffer_init(&out, 0, test_pool());
    civ_structured_write(&out, field);
    return out.data;
}

static void is_written_canonically(void)
{
    static const struct {
        civ_structured_kind_e kind;
        const char *text, *canonical; /* NULL: the same */
    } rows[] = {
        {DICTIONARY, "", NULL},
        {DICTIONARY, "a=1", NULL},
        {DICTIONARY, "  a=1 ,\t b=2  ", "a=1, b=2"},
        {DICTIONARY, "a=1,b=2\t", "a=1, b=2"},
        {DICTIONARY, "a=?1, b;x, c=?0;y=\"\"", "a, b;x, c=?0;y=\"\""},
        {DICTIONARY, "a=1;x=1;y=2;x=3, b=2, a=4", "a=4, b=2"},
        {DICTIONARY, "a=1;x=1;y=2;x=3", "a=1;x=3;y=2"},
        {DICTIONARY, "*a_1-.*=-0", "*a_1-.*=0"},
        {DICTIONARY, "a=(  1   \"b\" c;d  )  ;e", "refused"},
        {DICTIONARY, "a=(  1   \"b\" c;d  );e", "a=(1 \"b\" c;d);e"},
        {DICTIONARY, "a=();  b=:AQID:;c=::", "a=();b=:AQID:;c=::"},
        {LIST, "1, 1;a, (a b), *tok/en:1", NULL},
        {LIST, "a\t,\tb", "a, b"},
        {ITEM, "123456789012.123", NULL},
        {ITEM, "-1.50", "-1.5"},
        {ITEM, "1.05", NULL},
        {ITEM, "1.005", NULL},
        {ITEM, "-0.0", "0.0"},
        {ITEM, "7.100", "7.1"},
        {ITEM, "999999999999999", NULL},
        {ITEM, "-999999999999999", NULL},
        {ITEM, "007", "7"},
        {ITEM, "\"a\\\"b\\\\c\"", NULL},
        {ITEM, " a;b=c;d=1.0 ", "a;b=c;d=1.0"},
        {ITEM, "?1;a=?1;b=?0", "?1;a;b=?0"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = canonical(rows[i].kind, rows[i].text);
        const char *expected = rows[i].canonical != NULL ? rows[i].canonical : rows[i].text;

        CU_ASSERT_STRING_EQUAL(got, expected);
        if (strcmp(got, expected) != 0)
            test_note("\"%s\" became \"%s\"", rows[i].text, got);
        if (strcmp(expected, "refused") != 0)
            CU_ASSERT_STRING_EQUAL(canonical(rows[i].kind, got), got);
    }
}

static void what_is_no_field(void)
{
    static const char *const dictionaries[] = {
        "a=",
        "a=1,",
        ",a=1",
        "a=1,,b=1",
        "A=1",
        "1=a",
        "a =1",
        "a= 1",
        "a=1 b=2",
        "a=(1",
        "a=(1;",
        "a=1)",
        "a=((1))",
        "a=(1\t2)",
        "a=(\"x\"\"y\")",
        "a=1;",
        "a=1;B",
        "a=1;b=",
        "a=1; \t",
        "a=\"",
        "a=\"\\",
        "a=\"\\a\"",
        "a=\"\x7f\"",
        "a=\"\xc3\xa9\"",
        "a=\"\t\"",
        "a=:AQI:",
        "a=:AQID",
        "a=:A Q:",
        "a=:AQJ=:",
        "a=:AQ-_:",
        "a=?",
        "a=?2",
        "a=?true",
        "a=-",
        "a=--1",
        "a=1.",
        "a=.1",
        "a=1.2345",
        "a=1234567890123.1",
        "a=1234567890123456",
        "a=-1234567890123456",
        "a=@1",
        "a=#",
        "\ta=1",
        "a=1;\tb",
    };
    static const char *const items[] = {"", " ", "1,2", "(1 2)", "1 2", "a=1", "\ta", "a\t"};
    static const char *const lists[] = {"1 2", "1,", "a=b", "(1 2", "1;;a"};
    size_t i;

    for (i = 0; i < sizeof(dictionaries) / sizeof(dictionaries[0]); i++) {
        CU_ASSERT_PTR_NULL(parse(DICTIONARY, dictionaries[i]));
        if (parse(DICTIONARY, dictionaries[i]) != NULL)
            test_note("taken: %s", dictionaries[i]);
    }
    for (i = 0; i < sizeof(items) / sizeof(items[0]); i++)
        CU_ASSERT_PTR_NULL(parse(ITEM, items[i]));
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        CU_ASSERT_PTR_NULL(parse(LIST, lists[i]));
}

static void a_nul_ends_nothing(void)
{
    static const char *const texts[] = {"a=1\0", "a=\0", "a=\"\0\"", "a=:AQID\0:", "a=t\0", "\0a=1", "a;\0"};
    static const apr_size_t lengths[] = {4, 3, 5, 9, 4, 4, 3};
    civ_structured_field_t *field;
    size_t i;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        CU_ASSERT_EQUAL(civ_structured_parse(&field, DICTIONARY, texts[i], lengths[i], test_pool()),
                        CIV_EINVALID);
}

/* "1" so many times over with @a between. */
static const char *many(const char *before, const char *between, const char *after, int times)
{
    civ_buffer_t out;
    int i;

    civ_buffer_init(&out, 0, test_pool());
    civ_buffer_append_text(&out, before);
    for (i = 0; i < times; i++)
        civ_buffer_append_format(&out, "%s%s%d", i == 0 ? "" : between, strchr(between, ';') ? "a" : "", i);
    civ_buffer_append_text(&out, after);
    return out.data;
}

static void is_bounded(void)
{
    const char *longest = apr_pstrcat(test_pool(), "\"", many("", "", "", 4000), "\"", NULL);
    civ_structured_field_t *field;

    CU_ASSERT_PTR_NOT_NULL(parse(LIST, many("", ",", "", CIV_STRUCTURED_MOST)));
    CU_ASSERT_PTR_NULL(parse(LIST, many("", ",", "", CIV_STRUCTURED_MOST + 1)));
    CU_ASSERT_PTR_NOT_NULL(parse(LIST, many("(", " ", ")", CIV_STRUCTURED_MOST)));
    CU_ASSERT_PTR_NULL(parse(LIST, many("(", " ", ")", CIV_STRUCTURED_MOST + 1)));
    CU_ASSERT_PTR_NOT_NULL(parse(LIST, many("1;", ";", "", CIV_STRUCTURED_MOST)));
    CU_ASSERT_PTR_NULL(parse(LIST, many("1;", ";", "", CIV_STRUCTURED_MOST + 1)));
    CU_ASSERT_PTR_NOT_NULL(parse(ITEM, longest));
    longest = apr_pstrcat(test_pool(), "\"", many("", "", "", 5000), "\"", NULL);
    CU_ASSERT(strlen(longest) > CIV_STRUCTURED_MOST_BYTES);
    CU_ASSERT_EQUAL(civ_structured_parse(&field, ITEM, longest, strlen(longest), test_pool()), CIV_EINVALID);
}

static void repeats_are_told(void)
{
    CU_ASSERT_EQUAL(parse(DICTIONARY, "a=1, b=1")->has_repeats, 0);
    CU_ASSERT_EQUAL(parse(DICTIONARY, "a=1, a=1")->has_repeats, 1);
    CU_ASSERT_EQUAL(parse(DICTIONARY, "a=1;x;x")->has_repeats, 1);
    CU_ASSERT_EQUAL(parse(DICTIONARY, "a=(1;x;x)")->has_repeats, 1);
    CU_ASSERT_EQUAL(parse(LIST, "1, 1")->has_repeats, 0);
}

/* --- vectors --- */

static void check_parameters(const civ_structured_member_t *member, const civ_json_t *expected)
{
    apr_size_t i;

    for (i = 0; expected != NULL && i < expected->as.object.count; i++) {
        const civ_json_member_t *one = &expected->as.object.members[i];
        const civ_structured_bare_t *value = civ_structured_parameter(&member->parameters, one->name);
        apr_int64_t number = 0;

        CU_ASSERT_PTR_NOT_NULL(value);
        if (value == NULL)
            continue;
        if (one->value.type == CIV_JSON_STRING) {
            CU_ASSERT_STRING_EQUAL(civ_structured_string(value), one->value.as.text.text);
        } else {
            CU_ASSERT_EQUAL(civ_json_to_int64(&one->value, &number), APR_SUCCESS);
            CU_ASSERT(value->type == CIV_STRUCTURED_INTEGER && value->number == number);
        }
    }
}

static void check_members(const civ_structured_field_t *field, const civ_json_t *row)
{
    const civ_json_t *labels = signature_array(row, "labels");
    const civ_json_t *components = civ_json_get(row, "components");
    const civ_json_t *order = civ_json_get(row, "params_order");
    civ_buffer_t text;
    apr_size_t i;

    CU_ASSERT_EQUAL_FATAL((apr_size_t)field->count, labels->as.array.count);
    for (i = 0; i < labels->as.array.count; i++)
        CU_ASSERT_STRING_EQUAL(field->members[i].key, labels->as.array.items[i].as.text.text);
    for (i = 0; components != NULL && i < components->as.array.count; i++) {
        civ_buffer_init(&text, 0, test_pool());
        civ_structured_write_item(&text, &field->members[0].items[i]);
        CU_ASSERT_STRING_EQUAL(text.data, components->as.array.items[i].as.text.text);
    }
    for (i = 0; order != NULL && i < order->as.array.count; i++)
        CU_ASSERT_STRING_EQUAL(field->members[0].parameters.list[i].key,
                               order->as.array.items[i].as.text.text);
    check_parameters(&field->members[0], civ_json_get(row, "params"));
}

static void vectors_of_signature_input(void)
{
    const civ_json_t *root = signature_vectors("rfc9421-signature-input-parse.json");
    const civ_json_t *rows;
    apr_size_t i;

    if (root == NULL)
        return;
    rows = signature_array(root, "cases");
    for (i = 0; i < rows->as.array.count; i++) {
        const civ_json_t *row = &rows->as.array.items[i];
        const civ_structured_field_t *field = parse(DICTIONARY, signature_text(row, "field"));

        CU_ASSERT_EQUAL(field != NULL, civ_json_get(row, "ok")->as.boolean);
        if ((field != NULL) != civ_json_get(row, "ok")->as.boolean)
            test_note("case %s", signature_text(row, "id"));
        if (field != NULL)
            check_members(field, row);
    }
    test_note("%d cases", (int)i);
}

static const test_case_t cases[] = {
    {"is_written_canonically", is_written_canonically},
    {"what_is_no_field", what_is_no_field},
    {"a_nul_ends_nothing", a_nul_ends_nothing},
    {"is_bounded", is_bounded},
    {"repeats_are_told", repeats_are_told},
    {"vectors_of_signature_input", vectors_of_signature_input},
    {NULL, NULL},
};

const test_suite_t signature_structured_suite = {"signature_structured", NULL, NULL, cases};
