/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_json_writer.c
 * The JSON writer: commas, escapes, and that its output reads back.
 */
#include "support/runner.h"

#include "base/canonical.h"
#include "base/json_writer.h"

#include <string.h>

static civ_json_writer_t *start(civ_buffer_t *out)
{
    civ_json_writer_t *writer = apr_palloc(test_pool(), sizeof(*writer));

    civ_buffer_init(out, 0, test_pool());
    civ_json_writer_init(writer, out);
    return writer;
}

static void all_kinds(void)
{
    civ_buffer_t out;
    civ_json_writer_t *writer = start(&out);

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "text", "a\"b");
    civ_json_member_text(writer, "nothing", NULL);
    civ_json_member_int(writer, "least", APR_INT64_MIN);
    civ_json_member_uint(writer, "most", APR_UINT64_MAX);
    civ_json_member_bool(writer, "yes", 5);
    civ_json_member_bool(writer, "no", 0);
    civ_json_name(writer, "list");
    civ_json_begin_array(writer);
    civ_json_int(writer, -1);
    civ_json_uint(writer, 2);
    civ_json_null(writer);
    civ_json_text_n(writer, "x\0y", 3);
    civ_json_begin_object(writer);
    civ_json_end_object(writer);
    civ_json_begin_array(writer);
    civ_json_end_array(writer);
    civ_json_raw(writer, "{\"raw\":1}", 9);
    civ_json_bool(writer, 1);
    civ_json_end_array(writer);
    civ_json_name(writer, "raw");
    civ_json_raw(writer, "[1]", 3);
    civ_json_end_object(writer);
    CU_ASSERT_STRING_EQUAL(out.data,
                           "{\"text\":\"a\\\"b\",\"nothing\":null,\"least\":-9223372036854775808,"
                           "\"most\":18446744073709551615,\"yes\":true,\"no\":false,"
                           "\"list\":[-1,2,null,\"x\\u0000y\",{},[],{\"raw\":1},true],\"raw\":[1]}");
}

static void one_scalar_or_after_other_text(void)
{
    civ_buffer_t out;
    civ_json_writer_t *writer = start(&out);

    civ_json_text(writer, "x");
    CU_ASSERT_STRING_EQUAL(out.data, "\"x\"");
    civ_buffer_append_byte(&out, '\n');
    civ_json_writer_init(writer, &out); /* the next document of the same buffer starts without a comma */
    civ_json_begin_array(writer);
    civ_json_end_array(writer);
    CU_ASSERT_STRING_EQUAL(out.data, "\"x\"\n[]");
}

static void names_are_escaped(void)
{
    civ_buffer_t out;
    civ_json_writer_t *writer = start(&out);

    civ_json_begin_object(writer);
    civ_json_member_int(writer, "a\nb\"", 1);
    civ_json_member_int(writer, "", 2);
    civ_json_end_object(writer);
    CU_ASSERT_STRING_EQUAL(out.data, "{\"a\\nb\\\"\":1,\"\":2}");
}

/* Every level has its own memory of whether a comma is due, 255 deep. */
static void deep_nesting(void)
{
    civ_buffer_t out;
    civ_json_writer_t *writer = start(&out);
    civ_json_limits_t limits = {100000, 256, 100000, 10};
    const civ_json_t *root;
    civ_problem_t problem;
    int i;

    for (i = 0; i < 255; i++) {
        civ_json_begin_array(writer);
        civ_json_int(writer, i);
    }
    for (i = 0; i < 255; i++) {
        civ_json_int(writer, i);
        civ_json_end_array(writer);
    }
    CU_ASSERT_EQUAL(writer->depth, 0);
    CU_ASSERT_EQUAL(civ_json_parse(&root, out.data, out.length, &limits, &problem, test_pool()), APR_SUCCESS);
    for (i = 0; i < 254 && root->as.array.count == 3; i++) {
        root = &root->as.array.items[1];
    }
    CU_ASSERT(i == 254 && root->as.array.count == 2);
}

static void siblings_after_nesting(void)
{
    civ_buffer_t out;
    civ_json_writer_t *writer = start(&out);
    int i;

    civ_json_begin_array(writer);
    for (i = 0; i < 3; i++) {
        civ_json_begin_array(writer);
        civ_json_begin_object(writer);
        civ_json_member_int(writer, "a", i);
        civ_json_end_object(writer);
        civ_json_end_array(writer);
    }
    civ_json_end_array(writer);
    CU_ASSERT_STRING_EQUAL(out.data, "[[{\"a\":0}],[{\"a\":1}],[{\"a\":2}]]");
}

static void escapes_are_those_of_rfc_8785(void)
{
    static const char text[] = "\x00\x01\x07\b\t\n\x0b\f\r\x0e\x1f \"/\\\x7f\xc2\x80\xe2\x80\xa8<>&'";
    civ_buffer_t out;

    civ_buffer_init(&out, 0, test_pool());
    civ_json_write_string(&out, text, sizeof(text) - 1);
    CU_ASSERT_STRING_EQUAL(out.data,
                           "\"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f \\\"/\\\\\x7f\xc2\x80"
                           "\xe2\x80\xa8<>&'\"");
    civ_buffer_init(&out, 0, test_pool());
    civ_json_write_string(&out, "", 0);
    CU_ASSERT_STRING_EQUAL(out.data, "\"\"");
}

/* What is written in canonical order is canonical. */
static void output_in_order_is_canonical(void)
{
    civ_buffer_t out, again;
    civ_json_writer_t *writer = start(&out);
    const civ_json_t *root;
    civ_problem_t problem;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "a", "\x01\xe2\x82\xac/");
    civ_json_member_int(writer, "b", -5);
    civ_json_member_bool(writer, "c", 1);
    civ_json_end_object(writer);
    CU_ASSERT_EQUAL_FATAL(
        civ_json_parse(&root, out.data, out.length, &civ_json_request_limits, &problem, test_pool()),
        APR_SUCCESS);
    civ_buffer_init(&again, 0, test_pool());
    CU_ASSERT_EQUAL(civ_canonical_write(&again, root), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(again.data, out.data);
}

static const test_case_t cases[] = {
    {"all_kinds", all_kinds},
    {"one_scalar_or_after_other_text", one_scalar_or_after_other_text},
    {"names_are_escaped", names_are_escaped},
    {"deep_nesting", deep_nesting},
    {"siblings_after_nesting", siblings_after_nesting},
    {"escapes_are_those_of_rfc_8785", escapes_are_those_of_rfc_8785},
    {"output_in_order_is_canonical", output_in_order_is_canonical},
    {NULL, NULL},
};

const test_suite_t base_json_writer_suite = {"base_json_writer", NULL, NULL, cases};
