/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_private.h
 * Layout of the segment. Everything is in 8-byte words that are read and written atomically (relaxed), so
 * that a copy taken while a writer is at work is merely wrong, never undefined; the sequence number tells.
 */
#ifndef CIV_STATE_PRIVATE_H
#define CIV_STATE_PRIVATE_H

#include <stdatomic.h>

#include "state/state.h"

typedef _Atomic apr_uint64_t civ_word_t;

#define CIV_STATE_MAGIC   APR_UINT64_C(0x4349565354415445) /* "CIVSTATE" */
#define CIV_STATE_VERSION 1

/** Bytes of the ring for each hot block: an average; larger blocks push more of the others out. */
#define CIV_STATE_RING_SHARE 4096

#define CIV_STATE_TAG_WORDS    10
#define CIV_STATE_REASON_WORDS (CIV_STATE_REASON_SIZE / 8)
#define CIV_STATE_HEAD_WORDS   (sizeof(civ_state_head_t) / 8)

_Static_assert(sizeof(civ_word_t) == 8, "the layout is made of 8-byte words");
_Static_assert(sizeof(civ_state_head_t) % 8 == 0, "the head is copied in words");

/** One hot block: guarded by its own sequence number. */
typedef struct civ_state_slot_t {
    civ_word_t sequence;
    civ_word_t height;   /**< plus 1; 0: empty */
    civ_word_t position; /**< where its bytes began, counted since the segment was made */
    civ_word_t length;
    civ_word_t hash[4];
} civ_state_slot_t;

/** A node's part of the segment; slots and ring lie behind it, at the offsets it names. */
typedef struct civ_state_record_t {
    civ_word_t head_sequence; /**< even: at rest; 0: never written */
    civ_word_t head[CIV_STATE_HEAD_WORDS];

    civ_word_t document_sequence;
    civ_word_t document_length;
    civ_word_t document_tag[CIV_STATE_TAG_WORDS];
    civ_word_t document[CIV_STATE_DOCUMENT_SIZE / 8];

    civ_word_t read_only; /**< 0: writing is on; 1: the reason is being written; 2: it is there */
    civ_word_t reason[CIV_STATE_REASON_WORDS];

    civ_word_t refreshed; /**< when a process last claimed the turn, microseconds since the epoch */

    civ_word_t slot_count;
    civ_word_t slot_offset; /**< from the start of the segment */
    civ_word_t ring_offset;
    civ_word_t ring_size;
    civ_word_t ring_end; /**< bytes ever put into the ring: below ring_end - ring_size they are overwritten */

    civ_word_t counters[CIV_STATE_COUNTERS];
} civ_state_record_t;

typedef struct civ_state_segment_t {
    civ_word_t magic;
    civ_word_t version;
    civ_word_t size;
    civ_word_t node_count;
    civ_word_t record_offset[CIV_STATE_MAX_NODES];
} civ_state_segment_t;

struct civ_state_node_t {
    civ_state_record_t *record;
    civ_state_slot_t *slots;
    civ_word_t *ring;
    apr_uint64_t slot_count;
    apr_uint64_t ring_size;
};

struct civ_state_t {
    void *memory;
    civ_state_node_t *nodes;
    apr_size_t count;
};

/** Copy @a bytes into shared words; the last word is filled up with zeros. */
void civ_words_store(civ_word_t *to, const void *from, apr_size_t bytes);

/** Copy @a bytes out of shared words. */
void civ_words_load(void *to, const civ_word_t *from, apr_size_t bytes);

/** Make a sequence number odd: writing begins. One that is odd already was left by a writer that died. */
void civ_sequence_begin(civ_word_t *sequence);

/** Make it even: writing is done. */
void civ_sequence_end(civ_word_t *sequence);

/** The number before reading. @return APR_EAGAIN when it stays odd, APR_NOTFOUND when nothing was ever
 * written */
apr_status_t civ_sequence_read(civ_word_t *sequence, apr_uint64_t *seen);

/** Non-zero when nothing was written since civ_sequence_read. */
int civ_sequence_same(civ_word_t *sequence, apr_uint64_t seen);

#endif
