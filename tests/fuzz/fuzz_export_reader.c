/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_export_reader.c
 * A line of an export that is taken is taken again once written anew, and then stays as it is, byte for byte.
 * So do its hashes; and the verifier takes any such block without harm. And whatever can be evidence comes back out
 * of a line it stands in.
 */
#include "fuzz/fuzz.h"

#include "ledger/export_reader.h"

#include <string.h>

fuzz_target_fn fuzz_export_reader;

static apr_status_t take_fault(void *baton, apr_uint64_t height, const char *text)
{
    (void)baton;
    (void)height;
    FUZZ_DEMAND(text && text[0] != '\0' && strlen(text) < 512);
    return APR_SUCCESS;
}

static void check_verifier(const civ_block_t *block, apr_pool_t *pool)
{
    civ_verifier_t verifier;
    apr_uint32_t i;

    civ_verifier_init(&verifier, NULL, NULL, take_fault, NULL, pool);
    for (i = 0; i < 2; i++) {
        FUZZ_DEMAND(civ_export_verify_line(&verifier, block, pool) == APR_SUCCESS);
    }
}

static void check_problem(const civ_problem_t *problem)
{
    FUZZ_DEMAND(problem->kind == CIV_PROBLEM_MALFORMED_JSON || problem->kind == CIV_PROBLEM_NOT_I_JSON ||
                problem->kind == CIV_PROBLEM_LIMIT_EXCEEDED || problem->kind == CIV_PROBLEM_INVALID_MEMBER);
    FUZZ_DEMAND(problem->pointer && (problem->pointer[0] == '\0' || problem->pointer[0] == '/'));
    FUZZ_DEMAND(problem->detail && problem->detail[0] != '\0');
}

static void check_line(const char *line, size_t size, apr_pool_t *pool)
{
    civ_block_t *block = NULL, *again = NULL;
    civ_problem_t problem = {0};
    civ_buffer_t first, second;

    if (civ_export_read(&block, line, size, &problem, pool) != APR_SUCCESS) {
        check_problem(&problem);
        return;
    }
    civ_buffer_init(&first, size, pool);
    civ_block_write_json(&first, block, pool);
    FUZZ_DEMAND(civ_export_read(&again, first.data, first.length, &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(civ_digest_equal(&block->hash, &again->hash));
    civ_buffer_init(&second, first.length, pool);
    civ_block_write_json(&second, again, pool);
    FUZZ_DEMAND(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    check_verifier(block, pool);
}

/* The same bytes as evidence: what can be an entry can stand in a line. */
static void check_evidence(const char *data, size_t size, apr_pool_t *pool)
{
    static const civ_json_limits_t limits = {1048576, 64, 100000, 1024};
    civ_block_t block = {.header = {.entry_count = 1, .height = size, .timestamp = (apr_int64_t)size}};
    const civ_json_t *root;
    civ_problem_t problem;
    civ_entry_t entry;
    civ_block_t *again;
    civ_buffer_t line;

    if (civ_json_parse(&root, data, size, &limits, &problem, pool) != APR_SUCCESS ||
        civ_entry_make(&entry, root, "", 1, &problem, pool) != APR_SUCCESS) {
        return;
    }
    block.entries = &entry;
    block.header.evidence_root = block.header.log_root = entry.leaf_hash;
    civ_header_hash(&block.hash, &block.header);
    civ_buffer_init(&line, size, pool);
    civ_block_write_json(&line, &block, pool);
    FUZZ_DEMAND(civ_export_read(&again, line.data, line.length, &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(again->entries[0].length == entry.length &&
                memcmp(again->entries[0].data, entry.data, entry.length) == 0);
    check_line(line.data, line.length, pool);
}

void fuzz_export_reader(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    check_line((const char *)data, size, pool);
    check_evidence((const char *)data, size, pool);
}
