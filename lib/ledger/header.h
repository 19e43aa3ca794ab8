/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file header.h
 * The block header: 216 bytes, big-endian; the block hash is SHA-256 over them. docs/formats.md has the
 * table.
 */
#ifndef CIV_LEDGER_HEADER_H
#define CIV_LEDGER_HEADER_H

#include "base/digest.h"

#define CIV_HEADER_SIZE  216
#define CIV_HEADER_MAGIC "CIVARCB1"

/** Bytes before the last SHA-256 block of the header: constant while mining. */
#define CIV_HEADER_FIXED_SIZE 192

typedef struct civ_header_t {
    apr_uint32_t difficulty;  /**< leading zero bits required of the block hash */
    apr_uint32_t entry_count; /**< entries of this block */
    apr_uint64_t height;      /**< index of the block */
    apr_int64_t timestamp;    /**< milliseconds since the epoch, not before the parent's */
    apr_uint64_t first_leaf;  /**< index of its first entry in the whole ledger */
    apr_uint64_t nonce;
    civ_digest_t previous_hash; /**< zeros for genesis */
    civ_digest_t ledger_id;
    civ_digest_t evidence_root;      /**< RFC 6962 root over this block's entries */
    civ_digest_t log_root;           /**< RFC 6962 root over all entries up to and including this block's */
    civ_digest_t validator_set_hash; /**< SHA-256 of the canonical array of the validators in force */
} civ_header_t;

/** Write the 216 bytes. */
void civ_header_pack(unsigned char out[CIV_HEADER_SIZE], const civ_header_t *header);

/** Read 216 bytes. @return APR_SUCCESS, or CIV_EINVALID when magic, flags or the reserved field are not as
 * fixed, or timestamp does not fit 63 bits */
apr_status_t civ_header_unpack(civ_header_t *header, const unsigned char bytes[CIV_HEADER_SIZE]);

/** Read a header as the tables and exports keep it, in hexadecimal digits.
 *  @param hash set to the SHA-256 of its bytes; may be NULL
 *  @return APR_SUCCESS, or CIV_EINVALID when it is not 432 digits, or as civ_header_unpack */
apr_status_t civ_header_from_hex(civ_header_t *header, civ_digest_t *hash, const char *hex);

/** SHA-256 of the packed header. */
void civ_header_hash(civ_digest_t *out, const civ_header_t *header);

/** Leading zero bits of a hash: 0 to 256. */
unsigned civ_header_leading_zero_bits(const civ_digest_t *hash);

#endif
