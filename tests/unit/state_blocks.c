/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_blocks.c
 * The newest blocks in their ring, held against a model of it.
 */
#include "support/runner.h"

#include "base/status.h"
#include "unit/state_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define SLOTS   8
#define LARGEST (SLOTS * CIV_STATE_RING_SHARE / 4)
#define HEIGHTS 40
#define WRITES  6000

/** What was last written for a height. */
typedef struct written_t {
    apr_uint64_t number;
    apr_size_t length; /**< 0: nothing was */
    civ_digest_t hash;
} written_t;

typedef struct model_t {
    civ_state_node_t *node;
    apr_pool_t *scratch;
    apr_uint64_t seed;
    written_t written[HEIGHTS];
    int found;
    int wrong;
} model_t;

static apr_uint64_t draw(model_t *model, apr_uint64_t below)
{
    model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
    return (model->seed >> 33) % below;
}

static apr_size_t draw_length(model_t *model)
{
    switch (draw(model, 5)) {
    case 0:
        return (apr_size_t)draw(model, 20);
    case 1:
        return LARGEST - 10 + (apr_size_t)draw(model, 20);
    default:
        return (apr_size_t)draw(model, 6000);
    }
}

static int is_kept(model_t *model, apr_uint64_t height)
{
    const written_t *written = &model->written[height];
    char text[STATE_TEXT_SIZE + 1], *json;
    civ_digest_t hash;
    apr_size_t length;

    apr_pool_clear(model->scratch);
    if (civ_state_block_read(model->node, height, &hash, &json, &length, model->scratch) != APR_SUCCESS)
        return 0;
    state_make_text(text, written->number, written->length);
    if (written->length == 0 || length != written->length || memcmp(json, text, length + 1) != 0 ||
        !civ_digest_equal(&hash, &written->hash))
        model->wrong++;
    model->found++;
    return 1;
}

static void write_one(model_t *model, apr_uint64_t height, apr_uint64_t number)
{
    written_t *written = &model->written[height];
    apr_size_t length = draw_length(model);

    written->number = number;
    written->length = length <= LARGEST ? length : 0;
    state_block(model->node, height, number, length, &written->hash);
    /* The newest is kept, unless it is too large. */
    if (is_kept(model, height) != (written->length > 0))
        model->wrong++;
}

/* Whatever is written in whatever order: what a reader gets is what was last written for that height. */
static void ring_against_model(void)
{
    static const civ_state_plan_t plan = {SLOTS};
    model_t *model = apr_pcalloc(test_pool(), sizeof(*model));
    apr_uint64_t i, k;

    apr_pool_create(&model->scratch, test_pool());
    model->seed = 42;
    state_make(&plan, 1, &model->node);
    for (i = 0; i < WRITES; i++) {
        write_one(model, draw(model, HEIGHTS), i);
        for (k = 0; k < 4; k++)
            is_kept(model, draw(model, HEIGHTS));
        if (i % 100 == 0)
            for (k = 0; k < HEIGHTS; k++)
                is_kept(model, k);
    }
    CU_ASSERT_EQUAL(model->wrong, 0);
    CU_ASSERT(model->found > WRITES);
}

/* Blocks of up to about the average are all kept, as many as there are slots, and older ones are not. */
static void as_many_as_promised(void)
{
    static const civ_state_plan_t plan = {SLOTS};
    apr_uint64_t height, older;
    civ_state_node_t *node;
    civ_digest_t hash;
    apr_size_t length;
    char *json;

    state_make(&plan, 1, &node);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 0, &hash, &json, &length, test_pool()), APR_NOTFOUND);
    for (height = 0; height < 500; height++) {
        state_block(node, height, height, 3000 + (apr_size_t)(height % 601), &hash);
        for (older = height >= SLOTS ? height - SLOTS + 1 : 0; older <= height; older++)
            CU_ASSERT_EQUAL(civ_state_block_read(node, older, &hash, &json, &length, test_pool()),
                            APR_SUCCESS);
        if (height >= SLOTS)
            CU_ASSERT_EQUAL(civ_state_block_read(node, height - SLOTS, &hash, &json, &length, test_pool()),
                            APR_NOTFOUND);
        CU_ASSERT_EQUAL(civ_state_block_read(node, height + 1, &hash, &json, &length, test_pool()),
                        APR_NOTFOUND);
    }
    CU_ASSERT_EQUAL(civ_state_block_read(node, APR_UINT64_MAX, &hash, &json, &length, test_pool()),
                    APR_NOTFOUND);
}

/* A large one pushes others out, never itself; beyond a quarter of the ring it is not kept, nor is what stood
 * at its height before. */
static void large_blocks(void)
{
    static const civ_state_plan_t plan = {SLOTS};
    civ_state_node_t *node;
    civ_digest_t hash;
    apr_uint64_t height;
    apr_size_t length;
    char *json;

    state_make(&plan, 1, &node);
    for (height = 0; height < 20; height++) {
        state_block(node, height, height, LARGEST, &hash);
        CU_ASSERT_EQUAL_FATAL(civ_state_block_read(node, height, &hash, &json, &length, test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL(length, LARGEST);
    }
    CU_ASSERT_EQUAL(civ_state_block_read(node, 16, &hash, &json, &length, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 15, &hash, &json, &length, test_pool()), APR_NOTFOUND);
    state_block(node, 19, 1, LARGEST + 1, &hash);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 19, &hash, &json, &length, test_pool()), APR_NOTFOUND);
    /* Nor does it cost the others anything. */
    for (height = 16; height < 19; height++)
        CU_ASSERT_EQUAL(civ_state_block_read(node, height, &hash, &json, &length, test_pool()), APR_SUCCESS);
    state_block(node, 18, 1, 0, &hash);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 18, &hash, &json, &length, test_pool()), APR_NOTFOUND);
}

static void found_by_hash(void)
{
    static const civ_state_plan_t plan = {SLOTS};
    civ_digest_t hashes[20], unknown;
    civ_state_node_t *node;
    apr_uint64_t height, found;

    state_make(&plan, 1, &node);
    memset(&unknown, 0, sizeof(unknown));
    CU_ASSERT_EQUAL(civ_state_block_find(node, &unknown, &found), APR_NOTFOUND);
    for (height = 0; height < 20; height++)
        state_block(node, height, height, 100, &hashes[height]);
    for (height = 0; height < 20; height++) {
        apr_status_t status = civ_state_block_find(node, &hashes[height], &found);

        CU_ASSERT_EQUAL(status, height < 12 ? APR_NOTFOUND : APR_SUCCESS);
        if (status == APR_SUCCESS)
            CU_ASSERT_EQUAL(found, height);
    }
    /* One that ends alike but is another. */
    unknown = hashes[19];
    unknown.bytes[0] ^= 1;
    CU_ASSERT_EQUAL(civ_state_block_find(node, &unknown, &found), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_state_block_find(node, &hashes[19], &found), APR_SUCCESS);
}

static void none_are_kept(void)
{
    static const civ_state_plan_t plan = {0};
    civ_state_node_t *node;
    apr_uint64_t height;
    civ_digest_t hash;
    apr_size_t length;
    char *json;

    state_make(&plan, 1, &node);
    state_block(node, 0, 0, 100, &hash);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 0, &hash, &json, &length, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_state_block_find(node, &hash, &height), APR_NOTFOUND);
}

/* Died while writing a block: it is not there, its neighbours are, and it can be written again. */
static void dead_writer_of_block(void)
{
    static const civ_state_plan_t plan = {SLOTS};
    civ_state_node_t *node;
    civ_digest_t hash;
    apr_uint64_t height;
    apr_size_t length;
    char *json;

    state_make(&plan, 1, &node);
    state_block(node, 1, 1, 100, &hash);
    civ_sequence_begin(&node->slots[2].sequence);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 2, &hash, &json, &length, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 1, &hash, &json, &length, test_pool()), APR_SUCCESS);
    state_block(node, 2, 2, 100, &hash);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 2, &hash, &json, &length, test_pool()), APR_SUCCESS);
    civ_sequence_begin(&node->slots[2].sequence);
    CU_ASSERT_EQUAL(civ_state_block_read(node, 2, &hash, &json, &length, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_state_block_find(node, &hash, &height), APR_NOTFOUND);
}

static const test_case_t cases[] = {
    {"ring_against_model", ring_against_model},
    {"as_many_as_promised", as_many_as_promised},
    {"large_blocks", large_blocks},
    {"found_by_hash", found_by_hash},
    {"none_are_kept", none_are_kept},
    {"dead_writer_of_block", dead_writer_of_block},
    {NULL, NULL},
};

const test_suite_t state_blocks_suite = {"state_blocks", NULL, NULL, cases};
