/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file genesis.h
 * The genesis parameters: the one entry of block 0. Their hash is the ledger's id, which stands in every
 * header, so that no block can be moved to another ledger and no other beginning can be put before these
 * blocks. And the policy entry, which changes what later blocks need.
 */
#ifndef CIV_LEDGER_GENESIS_H
#define CIV_LEDGER_GENESIS_H

#include "base/keys.h"
#include "ledger/entry.h"

typedef struct civ_genesis_t {
    const char *name;        /**< the ledger's name */
    apr_uint32_t difficulty; /**< of block 0 and on, until a policy entry says otherwise */
    apr_uint32_t min_validators;
    apr_int64_t created; /**< milliseconds since the epoch: the timestamp of block 0 */
    unsigned char public_key[CIV_KEY_PUBLIC_SIZE];
} civ_genesis_t;

/** Make the entry of block 0. */
apr_status_t civ_genesis_entry(civ_entry_t *entry, const civ_genesis_t *genesis, apr_pool_t *pool);

/** Read it back. @return APR_SUCCESS, or CIV_EINVALID when it is not what civ_genesis_entry makes */
apr_status_t civ_genesis_read(civ_genesis_t *genesis, const civ_entry_t *entry, apr_pool_t *pool);

/** SHA-256("civarcos/ledger-id/v1" LF || the entry). */
void civ_genesis_ledger_id(civ_digest_t *id, const civ_entry_t *entry);

/** SHA-256 of the canonical array of the validators in force when there are none: "[]". */
void civ_genesis_no_validators(civ_digest_t *hash);

/** Make a policy entry: from the next block on, @a difficulty is needed. */
apr_status_t civ_policy_entry(civ_entry_t *entry, apr_uint32_t difficulty, apr_int64_t now, apr_pool_t *pool);

/** Read one. @return APR_SUCCESS; APR_NOTFOUND when the entry is no policy entry; CIV_EINVALID when it is a
 * bad one */
apr_status_t civ_policy_read(apr_uint32_t *difficulty, const civ_entry_t *entry, apr_pool_t *pool);

#endif
