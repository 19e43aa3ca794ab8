/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The segment: sizing, layout, checking; flags and counters.
 */
#include <string.h>

#include "base/status.h"
#include "state/state_private.h"

#define MAX_SIZE       (APR_UINT64_C(1) << 30)
#define MAX_HOT_BLOCKS 65536
#define ALIGNMENT      64

static apr_uint64_t align(apr_uint64_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static apr_uint64_t ring_size(const civ_state_plan_t *plan)
{
    return (apr_uint64_t)plan->hot_blocks * CIV_STATE_RING_SHARE;
}

static apr_uint64_t node_size(const civ_state_plan_t *plan)
{
    return align(sizeof(civ_state_record_t)) + align(plan->hot_blocks * sizeof(civ_state_slot_t)) +
           align(ring_size(plan));
}

apr_status_t civ_state_size(apr_size_t *size, const civ_state_plan_t *plans, apr_size_t count)
{
    apr_uint64_t sum = align(sizeof(civ_state_segment_t));
    apr_size_t i;

    if (count > CIV_STATE_MAX_NODES)
        return CIV_EINVALID;
    for (i = 0; i < count; i++) {
        if (plans[i].hot_blocks > MAX_HOT_BLOCKS)
            return CIV_EINVALID;
        sum += node_size(&plans[i]);
    }
    if (sum > MAX_SIZE)
        return CIV_EINVALID;
    *size = (apr_size_t)sum;
    return APR_SUCCESS;
}

apr_status_t civ_state_format(void *memory, apr_size_t size, const civ_state_plan_t *plans, apr_size_t count)
{
    civ_state_segment_t *segment = memory;
    apr_uint64_t offset = align(sizeof(*segment));
    apr_size_t needed, i;
    apr_status_t status = civ_state_size(&needed, plans, count);

    if (status != APR_SUCCESS || size < needed)
        return CIV_EINVALID;
    memset(memory, 0, size);
    for (i = 0; i < count; i++) {
        civ_state_record_t *record = (civ_state_record_t *)((char *)memory + offset);
        apr_uint64_t slots = offset + align(sizeof(*record));

        segment->record_offset[i] = offset;
        record->slot_count = plans[i].hot_blocks;
        record->slot_offset = slots;
        record->ring_offset = slots + align(plans[i].hot_blocks * sizeof(civ_state_slot_t));
        record->ring_size = ring_size(&plans[i]);
        offset += node_size(&plans[i]);
    }
    segment->version = CIV_STATE_VERSION;
    segment->size = size;
    segment->node_count = count;
    segment->magic = CIV_STATE_MAGIC;
    return APR_SUCCESS;
}

/** A part of @a length bytes at @a offset lies within the segment and is aligned. */
static int fits(apr_uint64_t offset, apr_uint64_t length, apr_uint64_t size)
{
    return offset % 8 == 0 && offset <= size && length <= size - offset;
}

static apr_status_t check_record(const void *memory, apr_uint64_t offset, apr_uint64_t size)
{
    const civ_state_record_t *record = (const civ_state_record_t *)((const char *)memory + offset);

    if (!fits(offset, sizeof(*record), size) || record->slot_count > MAX_HOT_BLOCKS ||
        !fits(record->slot_offset, record->slot_count * sizeof(civ_state_slot_t), size) ||
        record->ring_size != record->slot_count * CIV_STATE_RING_SHARE ||
        !fits(record->ring_offset, record->ring_size, size))
        return CIV_EINVALID;
    /* One behind the other, so that writing a part never reaches what comes before it. */
    if (offset < sizeof(civ_state_segment_t) || record->slot_offset < offset + sizeof(*record) ||
        record->ring_offset < record->slot_offset + record->slot_count * sizeof(civ_state_slot_t))
        return CIV_EINVALID;
    return APR_SUCCESS;
}

apr_status_t civ_state_check(const void *memory, apr_size_t size)
{
    const civ_state_segment_t *segment = memory;
    apr_uint64_t i;

    if (size < sizeof(*segment) || segment->magic != CIV_STATE_MAGIC ||
        segment->version != CIV_STATE_VERSION || segment->size != size ||
        segment->node_count > CIV_STATE_MAX_NODES)
        return CIV_EINVALID;
    for (i = 0; i < segment->node_count; i++)
        if (!fits(segment->record_offset[i], sizeof(civ_state_record_t), size) ||
            check_record(memory, segment->record_offset[i], size) != APR_SUCCESS)
            return CIV_EINVALID;
    return APR_SUCCESS;
}

apr_status_t civ_state_attach(civ_state_t **out, void *memory, apr_size_t size, apr_pool_t *pool)
{
    civ_state_segment_t *segment = memory;
    civ_state_t *state;
    apr_size_t i;

    if (civ_state_check(memory, size) != APR_SUCCESS)
        return CIV_EINVALID;
    state = apr_pcalloc(pool, sizeof(*state));
    state->memory = memory;
    state->count = (apr_size_t)segment->node_count;
    state->nodes = apr_pcalloc(pool, (state->count + 1) * sizeof(*state->nodes));
    for (i = 0; i < state->count; i++) {
        civ_state_node_t *node = &state->nodes[i];

        node->record = (civ_state_record_t *)((char *)memory + segment->record_offset[i]);
        node->slots = (civ_state_slot_t *)((char *)memory + node->record->slot_offset);
        node->ring = (civ_word_t *)((char *)memory + node->record->ring_offset);
        node->slot_count = node->record->slot_count;
        node->ring_size = node->record->ring_size;
    }
    *out = state;
    return APR_SUCCESS;
}

civ_state_node_t *civ_state_node(civ_state_t *state, apr_size_t index)
{
    return index < state->count ? &state->nodes[index] : NULL;
}

/* --- read-only --- */

void civ_state_read_only_set(civ_state_node_t *node, const char *reason)
{
    civ_state_record_t *record = node->record;
    char text[CIV_STATE_REASON_SIZE] = "";
    apr_uint64_t off = 0;

    if (reason == NULL) {
        atomic_store(&record->read_only, 0);
        return;
    }
    /* Only the first one gets through. A process that dies right here leaves 1, which counts as read-only as
     * well. */
    if (!atomic_compare_exchange_strong(&record->read_only, &off, 1))
        return;
    strncpy(text, reason, sizeof(text) - 1);
    civ_words_store(record->reason, text, sizeof(text));
    atomic_store(&record->read_only, 2);
}

const char *civ_state_read_only(civ_state_node_t *node, apr_pool_t *pool)
{
    apr_uint64_t flag = atomic_load(&node->record->read_only);
    char *text;

    if (flag == 0)
        return NULL;
    if (flag == 1)
        return "stored data contradicts itself";
    text = apr_palloc(pool, CIV_STATE_REASON_SIZE);
    civ_words_load(text, node->record->reason, CIV_STATE_REASON_SIZE);
    text[CIV_STATE_REASON_SIZE - 1] = '\0';
    return text;
}

/* --- turns and counters --- */

int civ_state_refresh_claim(civ_state_node_t *node, apr_time_t now, apr_interval_time_t interval)
{
    apr_uint64_t last = atomic_load_explicit(&node->record->refreshed, memory_order_relaxed);

    /* A clock set back must not stop refreshing. */
    if (now >= (apr_time_t)last && now - (apr_time_t)last < interval)
        return 0;
    return atomic_compare_exchange_strong(&node->record->refreshed, &last, (apr_uint64_t)now);
}

void civ_state_refresh_due(civ_state_node_t *node)
{
    atomic_store_explicit(&node->record->refreshed, 0, memory_order_relaxed);
}

void civ_state_counter_add(civ_state_node_t *node, unsigned index, apr_int64_t value)
{
    if (index < CIV_STATE_COUNTERS)
        atomic_fetch_add_explicit(&node->record->counters[index], (apr_uint64_t)value, memory_order_release);
}

void civ_state_counter_set(civ_state_node_t *node, unsigned index, apr_int64_t value)
{
    if (index < CIV_STATE_COUNTERS)
        atomic_store_explicit(&node->record->counters[index], (apr_uint64_t)value, memory_order_relaxed);
}

apr_int64_t civ_state_counter(civ_state_node_t *node, unsigned index)
{
    if (index >= CIV_STATE_COUNTERS)
        return 0;
    return (apr_int64_t)atomic_load_explicit(&node->record->counters[index], memory_order_acquire);
}
