/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file entry.h
 * An entry: one evidence object in RFC 8785 form, with its hashes.
 */
#ifndef CIV_LEDGER_ENTRY_H
#define CIV_LEDGER_ENTRY_H

#include "base/digest.h"
#include "base/json.h"

#define CIV_ENTRY_MIN_SIZE 2
#define CIV_ENTRY_MAX_SIZE 65535

/** Longest value of "type" that is indexed; a longer one is refused. */
#define CIV_ENTRY_TYPE_SIZE 128

/** Types with this prefix are the ledger's own; a client may not post them. */
#define CIV_ENTRY_RESERVED_PREFIX "civarcos."

/** The entry of block 0, the entry that sets what later blocks need, and the one that says who may vote. */
#define CIV_ENTRY_TYPE_GENESIS   "civarcos.genesis"
#define CIV_ENTRY_TYPE_POLICY    "civarcos.policy"
#define CIV_ENTRY_TYPE_VALIDATOR "civarcos.validator"

typedef struct civ_entry_t {
    const char *data; /**< canonical JSON, NUL-terminated; holds no NUL */
    apr_size_t length;
    const char *type;           /**< its "type" member when that is a string, else "" */
    civ_digest_t evidence_hash; /**< SHA-256(data) */
    civ_digest_t leaf_hash;     /**< SHA-256(0x00 || data) */
} civ_entry_t;

/**
 * Make an entry from a parsed object.
 * @param pointer where the object stands in the request, for the problem ("/evidence/3")
 * @param reserved non-zero: types of the ledger's own are allowed
 * @return APR_SUCCESS; CIV_EINVALID with INVALID_MEMBER or LIMIT_EXCEEDED: not an object, beyond 65,535
 * bytes, "type" not a string or longer than 128 bytes or reserved
 */
apr_status_t civ_entry_make(civ_entry_t *entry, const civ_json_t *evidence, const char *pointer, int reserved,
                            civ_problem_t *problem, apr_pool_t *pool);

/** Whether what the entry says governs the ledger itself. Only the ledger makes such entries. */
int civ_entry_governs(const civ_entry_t *entry);

/** Make an entry from text that must be canonical already, byte for byte (as stored).
 *  @return APR_SUCCESS, or CIV_EINVALID with a problem that says what is wrong */
apr_status_t civ_entry_read(civ_entry_t *entry, const char *data, apr_size_t length, civ_problem_t *problem,
                            apr_pool_t *pool);

#endif
