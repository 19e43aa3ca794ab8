/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_fixture.c
 * Segments and self-checking contents for the tests of lib/state.
 */
#include "unit/state_fixture.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static apr_status_t free_memory(void *memory)
{
    free(memory);
    return APR_SUCCESS;
}

civ_state_t *state_make(const civ_state_plan_t *plans, apr_size_t count, civ_state_node_t **node)
{
    civ_state_t *state = NULL;
    apr_size_t size = 0;
    void *memory;

    CU_ASSERT_EQUAL_FATAL(civ_state_size(&size, plans, count), APR_SUCCESS);
    memory = malloc(size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
    apr_pool_cleanup_register(test_pool(), memory, free_memory, apr_pool_cleanup_null);
    memset(memory, 0x5a, size);
    CU_ASSERT_EQUAL_FATAL(civ_state_format(memory, size, plans, count), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_state_attach(&state, memory, size, test_pool()), APR_SUCCESS);
    if (node != NULL)
        *node = civ_state_node(state, 0);
    return state;
}

typedef struct mapping_t {
    void *memory;
    apr_size_t size;
} mapping_t;

static apr_status_t unmap(void *baton)
{
    mapping_t *mapping = baton;

    munmap(mapping->memory, mapping->size);
    return APR_SUCCESS;
}

civ_state_node_t *state_make_shared(apr_uint32_t hot_blocks)
{
    const civ_state_plan_t plan = {hot_blocks};
    mapping_t *mapping = apr_palloc(test_pool(), sizeof(*mapping));
    civ_state_t *state = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_state_size(&mapping->size, &plan, 1), APR_SUCCESS);
    mapping->memory = mmap(NULL, mapping->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(mapping->memory != MAP_FAILED);
    apr_pool_cleanup_register(test_pool(), mapping, unmap, apr_pool_cleanup_null);
    CU_ASSERT_EQUAL_FATAL(civ_state_format(mapping->memory, mapping->size, &plan, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_state_attach(&state, mapping->memory, mapping->size, test_pool()), APR_SUCCESS);
    return civ_state_node(state, 0);
}

void state_make_head(civ_state_head_t *head, apr_uint64_t number)
{
    memset(head, 0, sizeof(*head));
    head->height = number;
    head->leaf_count = number * 3 + 1;
    head->timestamp = (apr_int64_t)(number * 7 + 5);
    head->pending = number % 11;
    head->oldest_pending = -(apr_int64_t)number;
    head->generation = (apr_int64_t)(number * 13);
    head->difficulty = number % 64;
    civ_digest_sha256(&head->block_hash, &number, sizeof(number));
    head->log_root = head->block_hash;
    head->ledger_id = head->block_hash;
    head->log_root.bytes[0] ^= 1;
    head->ledger_id.bytes[31] ^= 1;
}

int state_head_is_whole(const civ_state_head_t *head)
{
    civ_state_head_t wanted;

    state_make_head(&wanted, head->height);
    return memcmp(head, &wanted, sizeof(wanted)) == 0;
}

void state_make_text(char *text, apr_uint64_t number, apr_size_t length)
{
    apr_uint64_t seed = number * 6364136223846793005u + length;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        text[i] = (char)('!' + (seed >> 58));
    }
    text[length] = '\0';
}

static const char *make_tag(char tag[80], apr_uint64_t number, apr_size_t length)
{
    apr_snprintf(tag, 80, "%" APR_UINT64_T_FMT "-%" APR_SIZE_T_FMT, number, length);
    return tag;
}

void state_document(civ_state_node_t *node, apr_uint64_t number, apr_size_t length)
{
    char text[STATE_TEXT_SIZE + 1], tag[80];

    state_make_text(text, number, length);
    civ_state_document_write(node, text, length, make_tag(tag, number, length));
}

int state_document_is_whole(const char *data, apr_size_t length, const char *tag)
{
    char text[STATE_TEXT_SIZE + 1], wanted[80];
    apr_uint64_t number = strtoull(tag, NULL, 10);

    if (length > STATE_TEXT_SIZE || strcmp(make_tag(wanted, number, length), tag) != 0)
        return 0;
    state_make_text(text, number, length);
    return memcmp(text, data, length + 1) == 0;
}

void state_block(civ_state_node_t *node, apr_uint64_t height, apr_uint64_t number, apr_size_t length,
                 civ_digest_t *hash)
{
    char text[STATE_TEXT_SIZE + 1];

    state_make_text(text, number, length);
    civ_digest_sha256(hash, text, length);
    civ_state_block_write(node, height, hash, text, length);
}
