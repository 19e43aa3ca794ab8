/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file verifier.h
 * Re-deriving a chain, block after block, from what is claimed of it. Knows no database: the same verifier
 * checks the tables, an export, a backup. Constant memory.
 *
 * For each block: civ_verifier_begin, civ_verifier_entry for each of its entries in order, civ_verifier_end.
 */
#ifndef CIV_LEDGER_VERIFIER_H
#define CIV_LEDGER_VERIFIER_H

#include "base/merkle.h"
#include "ledger/block.h"
#include "ledger/validator_set.h"

/** Takes one fault of the block at hand; not APR_SUCCESS makes the verifier's call return that. */
typedef apr_status_t (*civ_verifier_fault_fn)(void *baton, apr_uint64_t height, const char *text);

typedef struct civ_verifier_t {
    civ_verifier_fault_fn fault;
    void *baton;

    /* What must hold for all blocks; from genesis, or set by who starts later. */
    const char *ledger_name;     /**< NULL: not known, signatures are not checked */
    const civ_public_key_t *key; /**< NULL: not known, signatures are not checked */
    civ_digest_t ledger_id;
    int ledger_known;

    /* Where the chain stands. */
    civ_header_t previous;      /**< the newest block that could be read */
    civ_digest_t previous_hash; /**< calculated */
    int previous_known;
    apr_uint64_t next_height;
    civ_merkle_frontier_t frontier;
    int frontier_lost;       /**< log roots cannot be derived any more: a fault was reported */
    apr_uint32_t difficulty; /**< the block at hand needs it */
    apr_uint32_t next_difficulty;
    civ_validator_set_t
        validators; /**< in force at the block at hand until its first entry, then at the next */
    civ_digest_t validator_set_hash; /**< the block at hand needs it */
    int validators_changed;          /**< by an entry of the block at hand */
    int validators_doubtful; /**< an entry that may have changed them was not readable; that was reported */
    int validators_lost;     /**< they cannot be derived any more: a fault was reported */
    int clock_only;          /**< the fault being reported may come from our clock alone */
    apr_int64_t latest;      /**< blocks after this instant (ms) come from the future */

    /* The block at hand. */
    const civ_header_t *header;        /**< NULL when it could not be read */
    civ_digest_t hash;                 /**< calculated */
    civ_merkle_frontier_t own;         /**< over the leaves as calculated */
    civ_merkle_frontier_t claimed;     /**< over the leaves as stored */
    civ_merkle_frontier_t log_claimed; /**< log frontier over the leaves as stored */
    const unsigned char *signature;
    enum { CIV_NO_CHANGE, CIV_REGISTERED, CIV_REMOVED } change; /**< made by the newest entry */
    civ_validator_member_t changed;                             /**< who, then */
    apr_pool_t *pool;
    apr_pool_t *lasting;
} civ_verifier_t;

/** Start before block 0. @a ledger_name and @a key may be NULL: taken from genesis then, on @a lasting, which
 * must live as long as the verifier. */
void civ_verifier_init(civ_verifier_t *verifier, const char *ledger_name, const civ_public_key_t *key,
                       civ_verifier_fault_fn fault, void *baton, apr_pool_t *lasting);

/** Start with these validators, which the verifier's owner has put into verifier->validators. */
void civ_verifier_validators(civ_verifier_t *verifier);

/** A leaf between two blocks: its own block could not be read, but the chain goes on behind it. */
void civ_verifier_pass(civ_verifier_t *verifier, const civ_digest_t *stored_leaf);

/**
 * Start a block.
 * @param height where the chain should stand; a gap is the caller's to report
 * @param header as stored, or NULL when it is unreadable (reported by the caller)
 * @param stored_hash the hash stored beside it, or NULL when unreadable
 * @param signature as stored, or NULL when unreadable (reported by the caller)
 * @param pool lives until civ_verifier_end
 */
apr_status_t civ_verifier_begin(civ_verifier_t *verifier, apr_uint64_t height, const civ_header_t *header,
                                const civ_digest_t *stored_hash, const unsigned char *signature,
                                apr_pool_t *pool);

/**
 * The next entry of the block.
 * @param stored_leaf the leaf hash stored beside it, or NULL where none is stored
 * @param entry filled from @a data when that is canonical
 * @param good set to whether it was
 */
apr_status_t civ_verifier_entry(civ_verifier_t *verifier, const char *data, apr_size_t length,
                                const civ_digest_t *stored_leaf, civ_entry_t *entry, int *good);

/** An entry that is not there, though its leaf hash may be; NULL when that is gone as well. */
apr_status_t civ_verifier_missing(civ_verifier_t *verifier, const civ_digest_t *stored_leaf);

/** End of the block: roots, and what the next block needs. */
apr_status_t civ_verifier_end(civ_verifier_t *verifier);

/** Report a fault of the block at hand. */
apr_status_t civ_verifier_report(civ_verifier_t *verifier, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
