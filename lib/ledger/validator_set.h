/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file validator_set.h
 * The validators in force: who may vote on a block, with which key and how much stake. A set follows from the entries of
 * type civarcos.validator in the blocks before, and from nothing else. Knows no database. docs/formats.md, section 7.
 */
#ifndef CIV_LEDGER_VALIDATOR_SET_H
#define CIV_LEDGER_VALIDATOR_SET_H

#include "base/keys.h"
#include "ledger/entry.h"

/** The entry that registers or removes a validator, from the next block on. */

/** Most validators in force at once: keeps sets, answers and the checking of a block's votes bounded. */
#define CIV_VALIDATORS_MAX 1000

/** Longest id, without its NUL. */
#define CIV_VALIDATOR_ID_SIZE 128

/** Most stake of one validator: the largest integer that every reader of JSON keeps. */
#define CIV_STAKE_MAX APR_INT64_C(9007199254740991)

/** Most stake of all validators in force together. */
#define CIV_STAKE_TOTAL_MAX (APR_INT64_C(1) << 62)

typedef struct civ_validator_member_t {
    char id[CIV_VALIDATOR_ID_SIZE + 1];
    unsigned char key[CIV_KEY_PUBLIC_SIZE]; /**< Ed25519 */
    apr_int64_t stake;
    apr_uint64_t registration; /**< leaf index of the entry that registered it */
} civ_validator_member_t;

/** Sorted by id. */
typedef struct civ_validator_set_t {
    civ_validator_member_t *members;
    apr_size_t count;
    apr_size_t room;
    apr_pool_t *pool;
} civ_validator_set_t;

/** What an entry of the type says. */
typedef struct civ_validator_change_t {
    int removes; /**< non-zero: only id and created count */
    const char *id;
    unsigned char key[CIV_KEY_PUBLIC_SIZE];
    apr_int64_t stake;
    apr_int64_t created; /**< milliseconds since the epoch */
} civ_validator_change_t;

/** 1 to 128 of A-Z a-z 0-9 . _ : @ -, and neither "." nor "..", which no path can name. */
int civ_validator_id_is_valid(const char *id);

/** Make the entry. */
apr_status_t civ_validator_entry(civ_entry_t *entry, const civ_validator_change_t *change, apr_pool_t *pool);

/** Read one; @a change->id is on @a pool. @return APR_SUCCESS; APR_NOTFOUND when the entry is of another type;
 * CIV_EINVALID when it is not what civ_validator_entry makes */
apr_status_t civ_validator_read(civ_validator_change_t *change, const civ_entry_t *entry, apr_pool_t *pool);

/** Start with nobody. Members are kept on @a pool, which grows with the largest set there was, not with the changes. */
void civ_validator_set_init(civ_validator_set_t *set, apr_pool_t *pool);

/** A validator by its id, or NULL. Valid until the set changes. */
const civ_validator_member_t *civ_validator_set_find(const civ_validator_set_t *set, const char *id);

/** A validator by its registration, or NULL. */
const civ_validator_member_t *civ_validator_set_registered(const civ_validator_set_t *set,
                                                           apr_uint64_t registration);

/** Put a validator in, without any check but that there is room. @return APR_SUCCESS or CIV_ECONFLICT */
apr_status_t civ_validator_set_add(civ_validator_set_t *set, const civ_validator_member_t *member);

/**
 * Apply a change.
 * @param leaf the leaf index of its entry
 * @param changed the validator put in or taken out; may be NULL
 * @param reason a sentence when it cannot be applied
 * @return APR_SUCCESS; CIV_ECONFLICT: id or key are in force already, the set is full or its stake too much; APR_NOTFOUND:
 * there is no such validator to remove
 */
apr_status_t civ_validator_set_apply(civ_validator_set_t *set, const civ_validator_change_t *change,
                                     apr_uint64_t leaf, civ_validator_member_t *changed, const char **reason);

/** The stake of all. */
apr_int64_t civ_validator_set_stake(const civ_validator_set_t *set);

/** A validator as the set's hash names it: "<id>+<key hash>+<key>", a C2SP signed-note verifier key. On @a pool. */
const char *civ_validator_key_text(const civ_validator_member_t *member, apr_pool_t *pool);

/** SHA-256 of the canonical array of {"key", "stake"}. @a pool is used as scratch. */
void civ_validator_set_hash(civ_digest_t *hash, const civ_validator_set_t *set, apr_pool_t *pool);

#endif
