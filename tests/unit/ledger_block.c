/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_block.c
 * What is signed, and the JSON object of a block, byte for byte.
 */
#include "ledger_fixture.h"

#include "base/encoding.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static const char expected_json[] =
    "{\"index\":5,\"timestamp\":\"2026-01-02T03:04:05.006Z\","
    "\"evidence\":[{\"a\":1},{\"b\":\"\\\"\"}],"
    "\"previous_hash\":\"0101010101010101010101010101010101010101010101010101010101010101\","
    "\"nonce\":9007199254740991,"
    "\"hash\":\"0202020202020202020202020202020202020202020202020202020202020202\","
    "\"difficulty\":8,"
    "\"ledger_id\":\"0303030303030303030303030303030303030303030303030303030303030303\","
    "\"evidence_root\":\"0404040404040404040404040404040404040404040404040404040404040404\","
    "\"evidence_count\":2,\"first_leaf\":17,"
    "\"log_root\":\"0505050505050505050505050505050505050505050505050505050505050505\","
    "\"validator_set_hash\":\"0606060606060606060606060606060606060606060606060606060606060606\","
    "\"signature\":\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw=="
    "\","
    "\"evidence_hashes\":[\"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\","
    "\"021720c4121820fbf1380bb0409be59aeaea133a4c900351727299e07de8c454\"]}";

static civ_digest_t filled(unsigned char byte)
{
    civ_digest_t digest;

    memset(digest.bytes, byte, sizeof(digest.bytes));
    return digest;
}

static civ_block_t *sample(void)
{
    civ_block_t *block = apr_pcalloc(test_pool(), sizeof(*block));

    block->header = (civ_header_t){.difficulty = 8,
                                   .entry_count = 2,
                                   .height = 5,
                                   .timestamp = APR_INT64_C(1767323045006),
                                   .first_leaf = 17,
                                   .nonce = APR_UINT64_C(9007199254740991),
                                   .previous_hash = filled(1),
                                   .ledger_id = filled(3),
                                   .evidence_root = filled(4),
                                   .log_root = filled(5),
                                   .validator_set_hash = filled(6)};
    block->hash = filled(2);
    memset(block->signature, 7, sizeof(block->signature));
    block->entries = apr_palloc(test_pool(), 2 * sizeof(*block->entries));
    block->entries[0] = fixture_entry("{\"a\":1}");
    block->entries[1] = fixture_entry("{\"b\":\"\\\"\"}");
    return block;
}

static void json_is_exact(void)
{
    civ_buffer_t out;

    civ_buffer_init(&out, 0, test_pool());
    civ_buffer_append_text(&out, "before");
    civ_block_write_json(&out, sample(), test_pool());
    CU_ASSERT(memcmp(out.data, "before", 6) == 0);
    CU_ASSERT_STRING_EQUAL(out.data + 6, expected_json);
    CU_ASSERT_EQUAL(out.length, 6 + strlen(expected_json));
}

static void statement_is_exact(void)
{
    civ_digest_t hash = filled(2);

    CU_ASSERT_STRING_EQUAL(civ_block_statement("ledger.example.org/test", 5, &hash, test_pool()),
                           "civarcos-block/v1\nledger.example.org/test\n5\n"
                           "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n");
    CU_ASSERT_STRING_EQUAL(civ_block_statement("n", APR_UINT64_MAX, &hash, test_pool()),
                           "civarcos-block/v1\nn\n18446744073709551615\n"
                           "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n");
}

static int bears_signature(const civ_block_t *block, const char *name, const civ_key_t *key)
{
    const char *statement = civ_block_statement(name, block->header.height, &block->hash, test_pool());

    return civ_public_key_verify(civ_key_public(key), block->signature, statement, strlen(statement)) ==
           APR_SUCCESS;
}

static void signature_binds_name_height_and_hash(void)
{
    const civ_key_t *key = fixture_other_key();
    civ_block_t *block = sample();

    CU_ASSERT_EQUAL(civ_block_sign(block, "one", key, test_pool()), APR_SUCCESS);
    CU_ASSERT(bears_signature(block, "one", key));
    CU_ASSERT(!bears_signature(block, "two", key));
    block->header.height++;
    CU_ASSERT(!bears_signature(block, "one", key));
    block->header.height--;
    block->hash.bytes[31] ^= 1;
    CU_ASSERT(!bears_signature(block, "one", key));
}

/* In a ledger: what an append answers, what the observer hears and what is read back are the same bytes. */
static void answer_is_the_stored_block(void)
{
    static const char *const texts[] = {"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"};
    fixture_t *fixture = fixture_start();
    civ_append_result_t result = fixture_append_many(fixture, texts, 3);
    civ_block_t *block = NULL;
    civ_problem_t problem;
    civ_buffer_t out;

    CU_ASSERT_EQUAL_FATAL(
        civ_ledger_block_by_hash(fixture->ledger, &result.block_hash, &block, &problem, test_pool()),
        APR_SUCCESS);
    civ_buffer_init(&out, 0, test_pool());
    civ_block_write_json(&out, block, test_pool());
    CU_ASSERT_STRING_EQUAL(out.data, result.block_json);
    CU_ASSERT_EQUAL(out.length, result.block_json_length);
    CU_ASSERT_EQUAL(block->header.height, result.height);
    CU_ASSERT(bears_signature(block, fixture->config.name, fixture->config.key));
    CU_ASSERT_EQUAL(fixture->sealed, 1);
}

static void unknown_blocks_are_not_found(void)
{
    fixture_t *fixture = fixture_start();
    civ_digest_t hash = filled(9);
    civ_problem_t problem = {0};
    civ_block_t *block;

    CU_ASSERT_EQUAL(civ_ledger_block(fixture->ledger, 1, &block, &problem, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT_EQUAL(civ_ledger_block(fixture->ledger, APR_UINT64_MAX, &block, &problem, test_pool()),
                    APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_ledger_block_by_hash(fixture->ledger, &hash, &block, &problem, test_pool()),
                    APR_NOTFOUND);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

/* Nothing leaves a damaged block, and the ledger says that it is damaged. */
static void damaged_blocks_are_not_given_out(void)
{
    static const char *const changes[] = {
        "UPDATE civ_blocks SET header = replace(header, '0000000000000004', '0000000000000003') WHERE height "
        "= 1",
        "UPDATE civ_blocks SET hash = lower(hex(zeroblob(32))) WHERE height = 1",
        "UPDATE civ_blocks SET signature = substr(signature, 2) WHERE height = 1",
        "UPDATE civ_entries SET payload = '{\"a\":2}' WHERE leaf_index = 1",
        "UPDATE civ_entries SET payload = '{\"a\":1} ' WHERE leaf_index = 1",
        "DELETE FROM civ_entries WHERE leaf_index = 1",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = fixture_start();
        civ_problem_t problem = {0};
        civ_block_t *block;

        fixture_append(fixture, "{\"a\":1}");
        fixture_sql(fixture, "%s", changes[i]);
        CU_ASSERT_EQUAL(civ_ledger_block(fixture->ledger, 1, &block, &problem, test_pool()), CIV_EINTEGRITY);
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INTERNAL);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
        CU_ASSERT(strstr(fixture->reason, "block 1") != NULL);
        fixture_close(fixture);
    }
}

static const test_case_t cases[] = {
    {"json_is_exact", json_is_exact},
    {"statement_is_exact", statement_is_exact},
    {"signature_binds_name_height_and_hash", signature_binds_name_height_and_hash},
    {"answer_is_the_stored_block", answer_is_the_stored_block},
    {"unknown_blocks_are_not_found", unknown_blocks_are_not_found},
    {"damaged_blocks_are_not_given_out", damaged_blocks_are_not_given_out},
    {NULL, NULL},
};

const test_suite_t ledger_block_suite = {"ledger_block", NULL, NULL, cases};
