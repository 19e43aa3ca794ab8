/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Sequence locks, and the two things they guard that there is one of: the head and the ready-to-send
 * document.
 *
 * A sequence lock after Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012):
 * the data are relaxed atomics, the fences order them against the number.
 */
#include <apr_strings.h>
#include <string.h>

#include "state/state_private.h"

/* A reader tries so often, then asks the database: a writer that died here must not hang it. */
#define TRIES 10000

void civ_words_store(civ_word_t *to, const void *from, apr_size_t bytes)
{
    const char *source = from;

    for (; bytes > 0; to++) {
        apr_size_t part = bytes < 8 ? bytes : 8;
        apr_uint64_t word = 0;

        memcpy(&word, source, part);
        atomic_store_explicit(to, word, memory_order_relaxed);
        source += part;
        bytes -= part;
    }
}

void civ_words_load(void *to, const civ_word_t *from, apr_size_t bytes)
{
    char *target = to;

    for (; bytes > 0; from++) {
        apr_uint64_t word = atomic_load_explicit((civ_word_t *)from, memory_order_relaxed);
        apr_size_t part = bytes < 8 ? bytes : 8;

        memcpy(target, &word, part);
        target += part;
        bytes -= part;
    }
}

void civ_sequence_begin(civ_word_t *sequence)
{
    apr_uint64_t now = atomic_load_explicit(sequence, memory_order_relaxed);

    atomic_store_explicit(sequence, now % 2 == 0 ? now + 1 : now + 2, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

void civ_sequence_end(civ_word_t *sequence)
{
    apr_uint64_t now = atomic_load_explicit(sequence, memory_order_relaxed);

    atomic_store_explicit(sequence, now + 1, memory_order_release);
}

apr_status_t civ_sequence_read(civ_word_t *sequence, apr_uint64_t *seen)
{
    *seen = atomic_load_explicit(sequence, memory_order_acquire);
    if (*seen == 0)
        return APR_NOTFOUND;
    return *seen % 2 == 0 ? APR_SUCCESS : APR_EAGAIN;
}

int civ_sequence_same(civ_word_t *sequence, apr_uint64_t seen)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(sequence, memory_order_relaxed) == seen;
}

void civ_state_head_write(civ_state_node_t *node, const civ_state_head_t *head)
{
    civ_sequence_begin(&node->record->head_sequence);
    civ_words_store(node->record->head, head, sizeof(*head));
    civ_sequence_end(&node->record->head_sequence);
}

apr_status_t civ_state_head_read(civ_state_node_t *node, civ_state_head_t *head)
{
    civ_state_record_t *record = node->record;
    int tries;

    for (tries = 0; tries < TRIES; tries++) {
        apr_uint64_t seen;
        apr_status_t status = civ_sequence_read(&record->head_sequence, &seen);

        if (status == APR_NOTFOUND)
            return status;
        if (status != APR_SUCCESS)
            continue;
        civ_words_load(head, record->head, sizeof(*head));
        if (civ_sequence_same(&record->head_sequence, seen))
            return APR_SUCCESS;
    }
    return APR_EAGAIN;
}

void civ_state_document_write(civ_state_node_t *node, const char *data, apr_size_t length, const char *tag)
{
    civ_state_record_t *record = node->record;
    char text[CIV_STATE_TAG_WORDS * 8] = "";

    civ_sequence_begin(&record->document_sequence);
    if (length > CIV_STATE_DOCUMENT_SIZE)
        length = 0;
    atomic_store_explicit(&record->document_length, length, memory_order_relaxed);
    civ_words_store(record->document, data, length);
    strncpy(text, tag, sizeof(text) - 1);
    civ_words_store(record->document_tag, text, sizeof(text));
    civ_sequence_end(&record->document_sequence);
}

apr_status_t civ_state_document_read(civ_state_node_t *node, char **data, apr_size_t *length, char **tag,
                                     apr_pool_t *pool)
{
    civ_state_record_t *record = node->record;
    char *text = NULL, *own_tag = apr_palloc(pool, CIV_STATE_TAG_WORDS * 8);
    apr_size_t room = 0;
    int tries;

    for (tries = 0; tries < TRIES; tries++) {
        apr_uint64_t seen, bytes;
        apr_status_t status = civ_sequence_read(&record->document_sequence, &seen);

        if (status == APR_NOTFOUND)
            return status;
        if (status != APR_SUCCESS)
            continue;
        bytes = atomic_load_explicit(&record->document_length, memory_order_relaxed);
        if (bytes > CIV_STATE_DOCUMENT_SIZE)
            continue;
        if (text == NULL || bytes > room) {
            room = (apr_size_t)bytes;
            text = apr_palloc(pool, room + 1);
        }
        civ_words_load(text, record->document, (apr_size_t)bytes);
        civ_words_load(own_tag, record->document_tag, CIV_STATE_TAG_WORDS * 8);
        if (!civ_sequence_same(&record->document_sequence, seen))
            continue;
        text[bytes] = '\0';
        own_tag[CIV_STATE_TAG_WORDS * 8 - 1] = '\0';
        *data = text;
        *length = (apr_size_t)bytes;
        *tag = own_tag;
        return bytes > 0 ? APR_SUCCESS : APR_NOTFOUND;
    }
    return APR_EAGAIN;
}
