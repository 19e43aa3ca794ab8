/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_head.c
 * Head and document: written, read, withdrawn, and left half written by a process that died.
 */
#include "support/runner.h"

#include "base/status.h"
#include "unit/state_fixture.h"

#include <apr_strings.h>

#include <string.h>

static const civ_state_plan_t plan = {0};

static void head_comes_back(void)
{
    civ_state_head_t head, wanted;
    civ_state_node_t *node;
    apr_uint64_t number;

    state_make(&plan, 1, &node);
    CU_ASSERT_EQUAL(civ_state_head_read(node, &head), APR_NOTFOUND);
    for (number = 0; number < 100; number++) {
        state_make_head(&wanted, number * number);
        civ_state_head_write(node, &wanted);
        memset(&head, 0xff, sizeof(head));
        CU_ASSERT_EQUAL(civ_state_head_read(node, &head), APR_SUCCESS);
        CU_ASSERT_EQUAL(memcmp(&head, &wanted, sizeof(head)), 0);
    }
}

static void nodes_are_apart(void)
{
    static const civ_state_plan_t plans[3] = {{1}, {2}, {0}};
    civ_state_t *state = state_make(plans, 3, NULL);
    civ_state_head_t head;
    apr_size_t i;

    for (i = 0; i < 3; i += 2) {
        state_make_head(&head, i + 100);
        civ_state_head_write(civ_state_node(state, i), &head);
    }
    CU_ASSERT_EQUAL(civ_state_head_read(civ_state_node(state, 1), &head), APR_NOTFOUND);
    for (i = 0; i < 3; i += 2) {
        CU_ASSERT_EQUAL(civ_state_head_read(civ_state_node(state, i), &head), APR_SUCCESS);
        CU_ASSERT_EQUAL(head.height, i + 100);
        CU_ASSERT_TRUE(state_head_is_whole(&head));
    }
}

/* A writer dies between begin and end; the next one repairs it. Also when the first writing ever was cut off. */
static void dead_writer_of_head(void)
{
    civ_state_head_t head;
    civ_state_node_t *node;
    int round;

    state_make(&plan, 1, &node);
    for (round = 0; round < 3; round++) {
        apr_time_t began = apr_time_now();

        civ_sequence_begin(&node->record->head_sequence);
        node->record->head[0] = 12345;
        CU_ASSERT_EQUAL(civ_state_head_read(node, &head), APR_EAGAIN);
        CU_ASSERT(apr_time_now() - began < apr_time_from_sec(10));
        state_make_head(&head, 50 + (apr_uint64_t)round);
        civ_state_head_write(node, &head);
        CU_ASSERT_EQUAL(civ_state_head_read(node, &head), APR_SUCCESS);
        CU_ASSERT_EQUAL(head.height, 50 + (apr_uint64_t)round);
        CU_ASSERT_TRUE(state_head_is_whole(&head));
        CU_ASSERT_EQUAL(node->record->head_sequence % 2, 0);
    }
}

static apr_status_t read_document(civ_state_node_t *node, char **data, apr_size_t *length, char **tag)
{
    *data = *tag = NULL;
    *length = 77;
    return civ_state_document_read(node, data, length, tag, test_pool());
}

static void document_comes_back(void)
{
    static const apr_size_t lengths[] = {
        1, 2, 7, 8, 9, 1000, 1001, CIV_STATE_DOCUMENT_SIZE - 1, CIV_STATE_DOCUMENT_SIZE, 3};
    civ_state_node_t *node;
    char *data, *tag;
    apr_size_t length, i;

    state_make(&plan, 1, &node);
    CU_ASSERT_EQUAL(read_document(node, &data, &length, &tag), APR_NOTFOUND);
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        state_document(node, i, lengths[i]);
        CU_ASSERT_EQUAL_FATAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
        CU_ASSERT_EQUAL(length, lengths[i]);
        CU_ASSERT_TRUE(state_document_is_whole(data, length, tag));
    }
}

static void tags_are_limited(void)
{
    civ_state_node_t *node;
    char wanted[200], *data, *tag;
    apr_size_t length;

    state_make(&plan, 1, &node);
    state_make_text(wanted, 1, 79);
    civ_state_document_write(node, "x", 1, wanted);
    CU_ASSERT_EQUAL_FATAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(tag, wanted);
    civ_state_document_write(node, "x", 1, "short");
    CU_ASSERT_EQUAL_FATAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(tag, "short");
    state_make_text(wanted, 1, 199);
    civ_state_document_write(node, "x", 1, wanted);
    CU_ASSERT_EQUAL_FATAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
    CU_ASSERT_EQUAL(strlen(tag), 79);
}

static void large_document_is_withdrawn(void)
{
    civ_state_node_t *node;
    char *data, *tag;
    apr_size_t length;

    state_make(&plan, 1, &node);
    state_document(node, 1, 100);
    CU_ASSERT_EQUAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
    state_document(node, 2, CIV_STATE_DOCUMENT_SIZE + 1);
    CU_ASSERT_EQUAL(read_document(node, &data, &length, &tag), APR_NOTFOUND);
    state_document(node, 3, 100);
    CU_ASSERT_EQUAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
    CU_ASSERT_TRUE(state_document_is_whole(data, length, tag));
}

static void dead_writer_of_document(void)
{
    civ_state_node_t *node;
    char *data, *tag;
    apr_size_t length;

    state_make(&plan, 1, &node);
    state_document(node, 1, 100);
    civ_sequence_begin(&node->record->document_sequence);
    node->record->document_length = APR_UINT64_MAX;
    CU_ASSERT_EQUAL(read_document(node, &data, &length, &tag), APR_EAGAIN);
    state_document(node, 2, 200);
    CU_ASSERT_EQUAL_FATAL(read_document(node, &data, &length, &tag), APR_SUCCESS);
    CU_ASSERT_TRUE(state_document_is_whole(data, length, tag));
    /* A length that nobody may have written never leads beyond the document. */
    node->record->document_length = CIV_STATE_DOCUMENT_SIZE + 1;
    CU_ASSERT_EQUAL(read_document(node, &data, &length, &tag), APR_EAGAIN);
}

static const test_case_t cases[] = {
    {"head_comes_back", head_comes_back},
    {"nodes_are_apart", nodes_are_apart},
    {"dead_writer_of_head", dead_writer_of_head},
    {"document_comes_back", document_comes_back},
    {"tags_are_limited", tags_are_limited},
    {"large_document_is_withdrawn", large_document_is_withdrawn},
    {"dead_writer_of_document", dead_writer_of_document},
    {NULL, NULL},
};

const test_suite_t state_head_suite = {"state_head", NULL, NULL, cases};
