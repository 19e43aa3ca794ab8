/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file head_file.h
 * The signed head kept beside the database: the newest block's height, hash and signature, as text. It
 * notices what the database alone cannot: a chain cut short, or a tail rewritten by someone who can mine and
 * even sign.
 *
 * Two slots of 1,024 bytes, written in turn and in place. A slot that was torn by a crash does not verify,
 * and then the other one counts. It is written only after the commit and synced from time to time, so it may
 * lag behind the database, never run ahead of it: a crash cannot raise a false alarm.
 */
#ifndef CIV_LEDGER_HEAD_FILE_H
#define CIV_LEDGER_HEAD_FILE_H

#include "ledger/block.h"

typedef struct civ_signed_head_t {
    apr_uint64_t height;
    civ_digest_t block_hash;
} civ_signed_head_t;

/**
 * Read the newest good slot.
 * @return APR_SUCCESS; APR_ENOENT when there is no file; CIV_EINTEGRITY when there is one but no slot of it
 * verifies; other I/O errors
 */
apr_status_t civ_head_file_read(civ_signed_head_t *head, const char *path, const char *ledger_name,
                                const civ_public_key_t *key, apr_pool_t *pool);

/** What both slots say, whether they verify or not, which costs next to nothing: for comparing often. What contradicts is
 * to be read again with civ_head_file_read. @return how many slots say anything */
int civ_head_file_peek(civ_signed_head_t heads[2], const char *path, apr_pool_t *pool);

/** Write a block's height, hash and signature to its slot (height modulo 2). A missing file is made durably
 * first. Callers of one host are kept apart by the ledger's mutex; an older write of another host that comes
 * late does no harm, since the newest good slot counts. */
apr_status_t civ_head_file_write(const char *path, const civ_block_t *block, const char *ledger_name,
                                 apr_pool_t *pool);

/** Make what was written durable. */
apr_status_t civ_head_file_sync(const char *path);

#endif
