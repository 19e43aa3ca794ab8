/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file export_reader.h
 * Reading an export back: one line is one block, the JSON object that civ_block_write_json writes. Knows no
 * database: what an export holds is judged by itself, by the same verifier that judges the tables.
 *
 * Two layers. civ_export_read answers whether a line is a block at all: its members, their form, and that
 * what can be calculated from the line alone was. civ_export_verify_line answers whether that block is the
 * next one of the chain: roots, link, work, policy, signature.
 */
#ifndef CIV_LEDGER_EXPORT_READER_H
#define CIV_LEDGER_EXPORT_READER_H

#include "ledger/block.h"
#include "ledger/verifier.h"

/** Longest line that is read, its line feed not counted. */
#define CIV_EXPORT_LINE_SIZE (64 * 1024 * 1024)

/**
 * Read one line. Strict: exactly the members of a block, each of its type and in the form in which it is
 * written (digits without sign or exponent, lower-case hex, padded base64, timestamps with three decimals
 * and Z); evidence_count and evidence_hashes fit the evidence; hash is that of the header which the members
 * make. White space, the order of members and escapes are free, and evidence need not be canonical: it is
 * made so, and the hashes must fit that.
 * @param line one JSON object; white space around it, so a line feed at its end, does no harm
 * @param block on @a pool, as are all its entries; its roots and its signature are not examined here
 * @param problem why not: MALFORMED_JSON, NOT_I_JSON, LIMIT_EXCEEDED or INVALID_MEMBER, with a pointer
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_export_read(civ_block_t **block, const char *line, apr_size_t length, civ_problem_t *problem,
                             apr_pool_t *pool);

/**
 * Hand a block to @a verifier as the next one of the chain: begin, each entry, end. Lines must come in order
 * from block 0 on; a line left out or twice is a fault of the block that comes instead.
 * @param pool lives as long as this call, and may be cleared after it
 * @return APR_SUCCESS (also when faults were reported), or what the verifier's callback returned
 */
apr_status_t civ_export_verify_line(civ_verifier_t *verifier, const civ_block_t *block, apr_pool_t *pool);

#endif
