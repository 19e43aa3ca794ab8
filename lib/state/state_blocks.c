/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The newest blocks, ready to send: one slot for each, and their bytes in a ring. A block at height h has
 * slot h modulo the number of slots. Positions in the ring count on for ever, so that a reader can tell
 * afterwards whether the bytes it copied were overwritten meanwhile.
 */
#include <string.h>

#include "state/state_private.h"

#define TRIES 100

/** Where a run of @a length bytes may begin at or after @a end without being cut by the ring's edge. */
static apr_uint64_t place(const civ_state_node_t *node, apr_uint64_t end, apr_uint64_t length)
{
    apr_uint64_t at = (end + 7) / 8 * 8;
    apr_uint64_t left = node->ring_size - at % node->ring_size;

    return left >= length ? at : at + left;
}

apr_size_t civ_state_ring_size(const civ_state_node_t *node)
{
    return (apr_size_t)node->ring_size;
}

static civ_word_t *ring_at(const civ_state_node_t *node, apr_uint64_t position)
{
    return node->ring + position % node->ring_size / 8;
}

void civ_state_block_write(civ_state_node_t *node, apr_uint64_t height, const civ_digest_t *hash,
                           const char *json, apr_size_t length)
{
    civ_state_record_t *record = node->record;
    apr_uint64_t position;
    civ_state_slot_t *slot;

    if (node->slot_count == 0)
        return;
    slot = &node->slots[height % node->slot_count];
    position = place(node, atomic_load_explicit(&record->ring_end, memory_order_relaxed), length);
    civ_sequence_begin(&slot->sequence);
    if (length == 0 || length > node->ring_size / 4) {
        atomic_store_explicit(&slot->height, 0, memory_order_relaxed);
        civ_sequence_end(&slot->sequence);
        return;
    }
    /* The end moves before the bytes: whoever reads them now can see that they are going. */
    atomic_store_explicit(&record->ring_end, position + length, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    civ_words_store(ring_at(node, position), json, length);
    atomic_store_explicit(&slot->height, height + 1, memory_order_relaxed);
    atomic_store_explicit(&slot->position, position, memory_order_relaxed);
    atomic_store_explicit(&slot->length, length, memory_order_relaxed);
    civ_words_store(slot->hash, hash->bytes, CIV_DIGEST_SIZE);
    civ_sequence_end(&slot->sequence);
}

/** Are the bytes from @a position on still those that were put there? */
static int still_there(const civ_state_node_t *node, apr_uint64_t position)
{
    apr_uint64_t end;

    atomic_thread_fence(memory_order_acquire);
    end = atomic_load_explicit(&node->record->ring_end, memory_order_relaxed);
    return end <= position + node->ring_size;
}

typedef struct slot_view_t {
    apr_uint64_t seen, position, length;
    civ_digest_t hash;
} slot_view_t;

/** A consistent view of a slot that holds @a height. */
static apr_status_t view_slot(civ_state_slot_t *slot, apr_uint64_t height, slot_view_t *view)
{
    int tries;

    for (tries = 0; tries < TRIES; tries++) {
        apr_status_t status = civ_sequence_read(&slot->sequence, &view->seen);

        if (status == APR_NOTFOUND)
            return status;
        if (status != APR_SUCCESS)
            continue;
        if (atomic_load_explicit(&slot->height, memory_order_relaxed) != height + 1)
            return APR_NOTFOUND;
        view->position = atomic_load_explicit(&slot->position, memory_order_relaxed);
        view->length = atomic_load_explicit(&slot->length, memory_order_relaxed);
        civ_words_load(view->hash.bytes, slot->hash, CIV_DIGEST_SIZE);
        if (civ_sequence_same(&slot->sequence, view->seen))
            return APR_SUCCESS;
    }
    return APR_NOTFOUND;
}

apr_status_t civ_state_block_read(civ_state_node_t *node, apr_uint64_t height, civ_digest_t *hash,
                                  char **json, apr_size_t *length, apr_pool_t *pool)
{
    slot_view_t view;
    char *copy;

    if (node->slot_count == 0 ||
        view_slot(&node->slots[height % node->slot_count], height, &view) != APR_SUCCESS ||
        view.length > node->ring_size / 4 || !still_there(node, view.position))
        return APR_NOTFOUND;
    copy = apr_palloc(pool, (apr_size_t)view.length + 1);
    civ_words_load(copy, ring_at(node, view.position), (apr_size_t)view.length);
    if (!still_there(node, view.position))
        return APR_NOTFOUND;
    copy[view.length] = '\0';
    *json = copy;
    *length = (apr_size_t)view.length;
    *hash = view.hash;
    return APR_SUCCESS;
}

apr_status_t civ_state_block_find(civ_state_node_t *node, const civ_digest_t *hash, apr_uint64_t *height)
{
    apr_uint64_t wanted, i;

    memcpy(&wanted, hash->bytes + CIV_DIGEST_SIZE - 8, sizeof(wanted));
    for (i = 0; i < node->slot_count; i++) {
        civ_state_slot_t *slot = &node->slots[i];
        apr_uint64_t found = atomic_load_explicit(&slot->height, memory_order_relaxed);
        slot_view_t view;

        /* The last bytes of a block hash differ where its first ones are zeros by proof of work. */
        if (found == 0 || atomic_load_explicit(&slot->hash[3], memory_order_relaxed) != wanted)
            continue;
        if (view_slot(slot, found - 1, &view) == APR_SUCCESS && civ_digest_equal(&view.hash, hash)) {
            *height = found - 1;
            return APR_SUCCESS;
        }
    }
    return APR_NOTFOUND;
}
