/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_fixture_chain.c
 * The rules of a chain once more, told apart from the library's: whole trees instead of frontiers, no state
 * carried but the leaves.
 */
#include "ledger_fixture.h"

#include "ledger/genesis.h"
#include "ledger/proof_of_work.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

typedef struct chain_t {
    fixture_t *fixture;
    apr_array_header_t *leaves; /**< civ_digest_t, of all blocks so far */
    const civ_block_t *parent;
    apr_uint32_t difficulty;
    const char *wrong;
} chain_t;

static void demand(chain_t *chain, int holds, const char *what)
{
    if (!holds && chain->wrong == NULL)
        chain->wrong = what;
}

static void check_entries(chain_t *chain, const civ_block_t *block)
{
    const civ_header_t *header = &block->header;
    civ_digest_t root;
    apr_uint32_t i;

    demand(chain, header->first_leaf == (apr_uint64_t)chain->leaves->nelts, "first leaf");
    demand(chain, header->entry_count > 0, "entry count");
    for (i = 0; i < header->entry_count; i++) {
        civ_digest_t *leaf = apr_array_push(chain->leaves);

        civ_digest_sha256_two(leaf, "", 1, block->entries[i].data, block->entries[i].length);
    }
    civ_merkle_root(&root, (civ_digest_t *)chain->leaves->elts + header->first_leaf, header->entry_count);
    demand(chain, civ_digest_equal(&root, &header->evidence_root), "evidence root");
    civ_merkle_root(&root, (civ_digest_t *)chain->leaves->elts, (apr_size_t)chain->leaves->nelts);
    demand(chain, civ_digest_equal(&root, &header->log_root), "log root");
}

static void check_header(chain_t *chain, const civ_block_t *block)
{
    static const civ_digest_t zeros;
    const civ_header_t *header = &block->header;
    const civ_block_t *parent = chain->parent;
    civ_digest_t digest;

    civ_digest_sha256(&digest, "[]", 2);
    demand(chain, civ_digest_equal(&digest, &header->validator_set_hash), "validator set");
    demand(chain, civ_digest_equal(civ_ledger_id(chain->fixture->ledger), &header->ledger_id), "ledger id");
    demand(chain, header->height == (parent ? parent->header.height + 1 : 0), "height");
    demand(chain, civ_digest_equal(&header->previous_hash, parent ? &parent->hash : &zeros), "link");
    demand(chain, parent == NULL || header->timestamp >= parent->header.timestamp, "order of time");
    demand(chain, header->difficulty == chain->difficulty, "difficulty");
    civ_header_hash(&digest, header);
    demand(chain, civ_digest_equal(&digest, &block->hash), "hash");
    demand(chain, civ_header_leading_zero_bits(&digest) >= chain->difficulty, "work");
}

static void check_signature(chain_t *chain, const civ_block_t *block)
{
    const civ_ledger_config_t *config = &chain->fixture->config;
    const char *statement =
        civ_block_statement(config->name, block->header.height, &block->hash, test_pool());

    demand(chain,
           civ_public_key_verify(civ_key_public(config->key), block->signature, statement,
                                 strlen(statement)) == APR_SUCCESS,
           "signature");
}

static void check_block(chain_t *chain, const civ_block_t *block)
{
    civ_genesis_t genesis;
    apr_uint32_t i;

    if (block->header.height == 0) {
        demand(chain, civ_genesis_read(&genesis, &block->entries[0], test_pool()) == APR_SUCCESS, "genesis");
        chain->difficulty = genesis.difficulty;
    }
    check_header(chain, block);
    check_entries(chain, block);
    check_signature(chain, block);
    for (i = 0; i < block->header.entry_count; i++)
        civ_policy_read(&chain->difficulty, &block->entries[i], test_pool());
    chain->parent = block;
}

int fixture_chain_is_sound(fixture_t *fixture)
{
    chain_t chain = {.fixture = fixture, .leaves = apr_array_make(test_pool(), 64, sizeof(civ_digest_t))};
    civ_ledger_head_t head = fixture_head(fixture);
    apr_uint64_t height;

    for (height = 0; height <= head.height && chain.wrong == NULL; height++) {
        civ_block_t *block = fixture_block(fixture, height);

        demand(&chain, block != NULL, "a block");
        if (block != NULL)
            check_block(&chain, block);
    }
    if (chain.wrong == NULL) {
        demand(&chain, civ_digest_equal(&head.block_hash, &chain.parent->hash), "hash of the head");
        demand(&chain, head.frontier.size == (apr_uint64_t)chain.leaves->nelts, "size of the head");
        demand(&chain, head.difficulty == chain.difficulty, "difficulty of the head");
    }
    if (chain.wrong != NULL)
        test_note("block %" APR_UINT64_T_FMT ": %s is wrong", height - 1, chain.wrong);
    return chain.wrong == NULL;
}
