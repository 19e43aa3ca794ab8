/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_layout.c
 * Sizing, formatting and checking of the segment; flags, turns and counters.
 */
#include "support/runner.h"

#include "base/status.h"
#include "unit/state_fixture.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static void sizes_are_limited(void)
{
    civ_state_plan_t plans[CIV_STATE_MAX_NODES + 1];
    apr_size_t none, one, more, many, i;

    memset(plans, 0, sizeof(plans));
    CU_ASSERT_EQUAL(civ_state_size(&none, plans, 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_state_size(&one, plans, 1), APR_SUCCESS);
    CU_ASSERT(none >= sizeof(civ_state_segment_t) && one >= none + sizeof(civ_state_record_t));
    plans[0].hot_blocks = 1;
    CU_ASSERT_EQUAL(civ_state_size(&more, plans, 1), APR_SUCCESS);
    CU_ASSERT(more >= one + sizeof(civ_state_slot_t) + CIV_STATE_RING_SHARE);
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, CIV_STATE_MAX_NODES), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, CIV_STATE_MAX_NODES + 1), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, APR_SIZE_MAX), CIV_EINVALID);
    plans[0].hot_blocks = 65536;
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, 1), APR_SUCCESS);
    plans[0].hot_blocks = 65537;
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, 1), CIV_EINVALID);
    plans[0].hot_blocks = APR_UINT32_MAX;
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, 1), CIV_EINVALID);
    for (i = 0; i < 5; i++)
        plans[i].hot_blocks = 65536;
    /* Three times 256 MiB fit into 1 GiB, four times with what goes with them do not. */
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, 3), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, 4), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_size(&many, plans, 5), CIV_EINVALID);
}

static void format_and_attach(void)
{
    static const civ_state_plan_t plans[] = {{3}, {0}, {17}};
    civ_state_t *state = state_make(plans, 3, NULL);
    apr_size_t size, i, k;

    CU_ASSERT_EQUAL(civ_state_size(&size, plans, 3), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_state_format(state->memory, size - 1, plans, 3), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_format(state->memory, size, plans, APR_SIZE_MAX), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_check(state->memory, size), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(civ_state_node(state, 3));
    CU_ASSERT_PTR_NULL(civ_state_node(state, APR_SIZE_MAX));
    /* Every byte of every node can be written, and none belongs to two. */
    for (i = 0; i < 3; i++) {
        civ_state_node_t *node = civ_state_node(state, i);

        CU_ASSERT_PTR_NOT_NULL_FATAL(node);
        for (k = 0; k < node->slot_count; k++)
            CU_ASSERT_EQUAL(node->slots[k].sequence, 0);
        for (k = 0; k < node->slot_count; k++)
            memset((void *)&node->slots[k], 0xa0 + (int)i, sizeof(node->slots[k]));
        memset((void *)node->ring, 0xb0 + (int)i, node->ring_size);
        for (k = 0; k < CIV_STATE_COUNTERS; k++)
            civ_state_counter_set(node, (unsigned)k, (apr_int64_t)i + 1);
    }
    CU_ASSERT_EQUAL(civ_state_check(state->memory, size), APR_SUCCESS);
    for (i = 0; i < 3; i++) {
        civ_state_node_t *node = civ_state_node(state, i);

        CU_ASSERT_EQUAL(civ_state_counter(node, 0), (apr_int64_t)i + 1);
        CU_ASSERT_EQUAL(civ_state_counter(node, CIV_STATE_COUNTERS - 1), (apr_int64_t)i + 1);
        for (k = 0; k < node->ring_size; k++)
            if (((unsigned char *)node->ring)[k] != 0xb0 + i)
                break;
        CU_ASSERT_EQUAL(k, node->ring_size);
    }
}

/** With @a word changed to @a value, the segment is refused; put back, it is taken again. */
static void refuse(civ_state_t *state, apr_size_t size, civ_word_t *word, apr_uint64_t value)
{
    apr_uint64_t right = *word;
    civ_state_t *other;

    *word = value;
    if (value != right) {
        CU_ASSERT_EQUAL(civ_state_check(state->memory, size), CIV_EINVALID);
        CU_ASSERT_EQUAL(civ_state_attach(&other, state->memory, size, test_pool()), CIV_EINVALID);
    }
    *word = right;
    CU_ASSERT_EQUAL(civ_state_check(state->memory, size), APR_SUCCESS);
}

static void refuse_each(civ_state_t *state, apr_size_t size, civ_word_t *word)
{
    const apr_uint64_t values[] = {
        APR_UINT64_MAX, APR_UINT64_MAX - 7, *word + 1,          *word + 4,
        size,           size - 8,           *word ^ (1u << 31), *word | (APR_UINT64_C(1) << 63)};
    apr_size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        refuse(state, size, word, values[i]);
}

static void damage_is_refused(void)
{
    static const civ_state_plan_t plans[] = {{4}, {9}};
    civ_state_t *state = state_make(plans, 2, NULL), *other;
    civ_state_segment_t *segment = state->memory;
    apr_size_t size, i;

    CU_ASSERT_EQUAL(civ_state_size(&size, plans, 2), APR_SUCCESS);
    refuse_each(state, size, &segment->magic);
    refuse_each(state, size, &segment->version);
    refuse(state, size, &segment->magic, 0);
    refuse(state, size, &segment->version, CIV_STATE_VERSION + 1);
    refuse(state, size, &segment->size, size + 64);
    refuse_each(state, size, &segment->node_count);
    for (i = 0; i < 2; i++) {
        civ_state_record_t *record = civ_state_node(state, i)->record;

        refuse_each(state, size, &segment->record_offset[i]);
        refuse_each(state, size, &record->slot_count);
        refuse_each(state, size, &record->slot_offset);
        refuse_each(state, size, &record->ring_offset);
        refuse_each(state, size, &record->ring_size);
        refuse(state, size, &segment->record_offset[i], 0);
        refuse(state, size, &record->slot_count, 0);
        refuse(state, size, &record->slot_offset, 0);
        refuse(state, size, &record->ring_offset, 0);
        refuse(state, size, &record->ring_size, 0);
    }
    CU_ASSERT_EQUAL(civ_state_check(state->memory, size - 64), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_check(state->memory, sizeof(*segment) - 1), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_check(state->memory, 0), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_state_attach(&other, state->memory, size - 64, test_pool()), CIV_EINVALID);
}

static void read_only_keeps_first_reason(void)
{
    static const civ_state_plan_t plan = {0};
    char large[2 * CIV_STATE_REASON_SIZE];
    civ_state_node_t *node;
    const char *reason;

    state_make(&plan, 1, &node);
    CU_ASSERT_PTR_NULL(civ_state_read_only(node, test_pool()));
    civ_state_read_only_set(node, NULL);
    CU_ASSERT_PTR_NULL(civ_state_read_only(node, test_pool()));
    civ_state_read_only_set(node, "first");
    civ_state_read_only_set(node, "second");
    CU_ASSERT_STRING_EQUAL(civ_state_read_only(node, test_pool()), "first");
    civ_state_read_only_set(node, NULL);
    CU_ASSERT_PTR_NULL(civ_state_read_only(node, test_pool()));
    state_make_text(large, 1, sizeof(large) - 1);
    civ_state_read_only_set(node, large);
    reason = civ_state_read_only(node, test_pool());
    CU_ASSERT_EQUAL(strlen(reason), CIV_STATE_REASON_SIZE - 1);
    CU_ASSERT_EQUAL(strncmp(reason, large, CIV_STATE_REASON_SIZE - 1), 0);
    civ_state_read_only_set(node, NULL);
    civ_state_read_only_set(node, "");
    CU_ASSERT_PTR_NOT_NULL(civ_state_read_only(node, test_pool()));
    /* One who died while setting it counts. */
    node->record->read_only = 1;
    CU_ASSERT_PTR_NOT_NULL(civ_state_read_only(node, test_pool()));
}

static void turns_are_given_once(void)
{
    static const civ_state_plan_t plan = {0};
    const apr_time_t now = apr_time_from_sec(1795000000);
    const apr_interval_time_t second = APR_USEC_PER_SEC;
    civ_state_node_t *node;

    state_make(&plan, 1, &node);
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now, second));
    CU_ASSERT_FALSE(civ_state_refresh_claim(node, now, second));
    CU_ASSERT_FALSE(civ_state_refresh_claim(node, now + second - 1, second));
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now + second, second));
    CU_ASSERT_FALSE(civ_state_refresh_claim(node, now + second + 1, second));
    civ_state_refresh_due(node);
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now + second + 2, second));
    CU_ASSERT_FALSE(civ_state_refresh_claim(node, now + second + 3, second));
    /* The clock is set back by an hour: refreshing goes on, once per interval. */
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now - apr_time_from_sec(3600), second));
    CU_ASSERT_FALSE(civ_state_refresh_claim(node, now - apr_time_from_sec(3600) + 1, second));
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now - apr_time_from_sec(3599), second));
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now, 0));
    CU_ASSERT_TRUE(civ_state_refresh_claim(node, now, 0));
}

static void counters_count(void)
{
    static const civ_state_plan_t plan = {0};
    civ_state_node_t *node;

    state_make(&plan, 1, &node);
    CU_ASSERT_EQUAL(civ_state_counter(node, 7), 0);
    civ_state_counter_add(node, 7, 5);
    civ_state_counter_add(node, 7, -8);
    CU_ASSERT_EQUAL(civ_state_counter(node, 7), -3);
    CU_ASSERT_EQUAL(civ_state_counter(node, 6), 0);
    CU_ASSERT_EQUAL(civ_state_counter(node, 8), 0);
    civ_state_counter_set(node, 7, APR_INT64_MIN);
    CU_ASSERT_EQUAL(civ_state_counter(node, 7), APR_INT64_MIN);
    civ_state_counter_set(node, CIV_STATE_COUNTERS - 1, 9);
    CU_ASSERT_EQUAL(civ_state_counter(node, CIV_STATE_COUNTERS - 1), 9);
    civ_state_counter_set(node, CIV_STATE_COUNTERS, 1);
    civ_state_counter_add(node, CIV_STATE_COUNTERS, 1);
    civ_state_counter_add(node, (unsigned)-1, 1);
    CU_ASSERT_EQUAL(civ_state_counter(node, CIV_STATE_COUNTERS), 0);
    CU_ASSERT_EQUAL(civ_state_counter(node, (unsigned)-1), 0);
}

static const test_case_t cases[] = {
    {"sizes_are_limited", sizes_are_limited},
    {"format_and_attach", format_and_attach},
    {"damage_is_refused", damage_is_refused},
    {"read_only_keeps_first_reason", read_only_keeps_first_reason},
    {"turns_are_given_once", turns_are_given_once},
    {"counters_count", counters_count},
    {NULL, NULL},
};

const test_suite_t state_layout_suite = {"state_layout", NULL, NULL, cases};
