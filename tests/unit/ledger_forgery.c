/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_forgery.c
 * Forgeries that are consistent in themselves: a tail cut off or rewritten, blocks hashed, mined, signed and
 * stored as they should be but for one rule.
 */
#include "ledger_fixture.h"

#include "ledger/genesis.h"
#include "ledger/head_file.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

static fixture_t *four_blocks(void)
{
    fixture_t *fixture = fixture_start();

    fixture_append(fixture, "{\"n\":1}");
    fixture_append(fixture, "{\"n\":2}");
    fixture_append(fixture, "{\"n\":3}");
    return fixture;
}

/* A forgery without a flaw is no forgery: so what the others find is what they changed. */
static void flawless_block_is_accepted(void)
{
    fixture_t *fixture = four_blocks();

    fixture_forge(fixture, &(forgery_t){.json = "{\"n\":4}", .difficulty = -1});
    CU_ASSERT(fixture_is_clean(fixture));
    CU_ASSERT(fixture_chain_is_sound(fixture));
    fixture_append(fixture, "{\"n\":5}");
    CU_ASSERT(fixture_is_clean(fixture));
}

static void removed_end_is_named(void)
{
    fixture_t *fixture = four_blocks();

    fixture_rewind(fixture);
    CU_ASSERT(
        fixture_finds(fixture, 2, "names block 3, but the database ends at block 2: blocks were removed"));
    fixture_rewind(fixture);
    CU_ASSERT(fixture_finds(fixture, 1, "blocks were removed"));
}

/* By somebody who has even the ledger's key, but not the file beside the database. */
static void rewritten_end_is_named(void)
{
    fixture_t *fixture = four_blocks(), *forger = fixture_make_beside(fixture);

    fixture_rewind(fixture);
    forger->config.head_file = NULL;
    CU_ASSERT_EQUAL_FATAL(fixture_open(forger), APR_SUCCESS);
    fixture_append(forger, "{\"n\":\"forged\"}");
    CU_ASSERT(fixture_chain_is_sound(forger));
    CU_ASSERT(fixture_is_clean(forger)); /* nothing but the signed head shows it */
    CU_ASSERT(fixture_finds(fixture, 3, "block 3 is another one than the signed head"));
    fixture_append(forger, "{\"n\":\"more\"}");
    CU_ASSERT(fixture_finds(fixture, 3, "the chain was rewritten"));
}

static void rewritten_by_another_key_is_named(void)
{
    fixture_t *fixture = four_blocks();

    fixture_rewind(fixture);
    unlink(fixture->head_file);
    fixture_forge(fixture, &(forgery_t){.json = "{}", .difficulty = -1, .key = fixture_other_key()});
    CU_ASSERT(fixture_finds(fixture, 3, "the signature is not the ledger's"));
    CU_ASSERT(fixture_finds(fixture, 3, "the signed head beside the database is damaged"));
}

static void signed_head_itself_is_examined(void)
{
    fixture_t *fixture = four_blocks();

    CU_ASSERT_EQUAL(truncate(fixture->head_file, 20), 0);
    CU_ASSERT(fixture_finds(fixture, 3, "the signed head beside the database is damaged"));
    unlink(fixture->head_file);
    CU_ASSERT(fixture_finds(fixture, 3, "there is no signed head beside the database"));
}

static void signature_of_another_block_is_named(void)
{
    fixture_t *fixture = four_blocks();

    fixture_sql(fixture,
                "UPDATE civ_blocks SET signature = (SELECT signature FROM civ_blocks WHERE height = 1) "
                "WHERE height = 2");
    CU_ASSERT(fixture_finds(fixture, 2, "the signature is not the ledger's"));
    CU_ASSERT_EQUAL(fixture_validate(fixture, 0, APR_UINT64_MAX)->count, 1);
}

/* Whether the one rule that is broken is what is named, in the block that breaks it. */
static int is_named(const forgery_t *forgery, const char *words)
{
    fixture_t *fixture = four_blocks();
    int found;

    fixture_forge(fixture, forgery);
    found = fixture_finds(fixture, 4, words);
    fixture_close(fixture);
    return found;
}

static void too_little_work_is_named(void)
{
    CU_ASSERT(
        is_named(&(forgery_t){.json = "{}", .difficulty = -1, .lazy = 1}, "leading zero bits, too few"));
}

static void other_difficulty_than_policy_is_named(void)
{
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = 0},
                       "the difficulty is 0 bits where policy demands 4"));
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = 3},
                       "the difficulty is 3 bits where policy demands 4"));
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = 6},
                       "the difficulty is 6 bits where policy demands 4"));
}

static void ignored_policy_is_named(void)
{
    static const char policy[] = "{\"difficulty\":8,\"type\":\"civarcos.policy\"}";
    fixture_t *fixture = four_blocks();

    fixture_forge(fixture, &(forgery_t){.json = policy, .difficulty = -1, .keep_difficulty = 1});
    CU_ASSERT(fixture_finds(fixture, 4, "the head row demands 4 bits where policy demands 8"));
    fixture_forge(fixture, &(forgery_t){.json = "{}", .difficulty = -1, .keep_difficulty = 1});
    CU_ASSERT(fixture_finds(fixture, 5, "the difficulty is 4 bits where policy demands 8"));
    /* Also to one who looks only there. */
    CU_ASSERT(fixture_names(fixture_validate(fixture, 5, 5), 5, "where policy demands 8"));
}

static void followed_policy_is_accepted(void)
{
    fixture_t *fixture = four_blocks();

    fixture_forge(fixture,
                  &(forgery_t){.json = "{\"difficulty\":8,\"type\":\"civarcos.policy\"}", .difficulty = -1});
    fixture_forge(fixture, &(forgery_t){.json = "{}", .difficulty = -1});
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 5)->header.difficulty, 8);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void senseless_policy_is_named(void)
{
    CU_ASSERT(
        is_named(&(forgery_t){.json = "{\"difficulty\":33,\"type\":\"civarcos.policy\"}", .difficulty = -1},
                 "a policy entry cannot be understood"));
}

static void second_genesis_is_named(void)
{
    CU_ASSERT(is_named(&(forgery_t){.json = "{\"type\":\"civarcos.genesis\"}", .difficulty = -1},
                       "genesis parameters stand elsewhere than in block 0"));
}

static void broken_links_are_named(void)
{
    civ_digest_t ones;

    memset(ones.bytes, 0x11, sizeof(ones.bytes));
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = -1, .previous = &ones},
                       "the previous hash is not the hash of block 3"));
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = -1, .log_root = &ones},
                       "all entries so far do not hash to the log root"));
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = -1, .validators = &ones},
                       "the validator set hash is not that of the validators in force"));
}

static void wrong_times_are_named(void)
{
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = -1, .later = 3600000},
                       "the timestamp lies in the future"));
    CU_ASSERT(is_named(&(forgery_t){.json = "{}", .difficulty = -1, .later = -3600000},
                       "the timestamp lies before that of block 3"));
}

/* A block of another ledger, or a whole other ledger put in this one's place. */
static void other_ledgers_are_named(void)
{
    fixture_t *fixture = four_blocks(), *other = fixture_make();
    civ_digest_t ones;

    memset(ones.bytes, 0x11, sizeof(ones.bytes));
    fixture_forge(fixture, &(forgery_t){.json = "{}", .difficulty = -1, .ledger_id = &ones});
    CU_ASSERT(fixture_finds(fixture, 4, "the ledger id is not this ledger's"));

    other->config.key = fixture_other_key();
    other->config.head_file = NULL;
    CU_ASSERT_EQUAL_FATAL(fixture_open(other), APR_SUCCESS);
    fixture_append(other, "{\"n\":1}");
    CU_ASSERT(fixture_is_clean(other));
    other->config.key = fixture->config.key;
    CU_ASSERT(fixture_finds(other, 0, "the genesis parameters name another key"));
    CU_ASSERT(fixture_finds(other, 1, "the signature is not the ledger's"));
    other->config.key = fixture_other_key();
    other->config.name = "ledger.example.org/renamed";
    CU_ASSERT(fixture_finds(other, 0, "the genesis parameters are those of the ledger"));
}

static const test_case_t cases[] = {
    {"flawless_block_is_accepted", flawless_block_is_accepted},
    {"removed_end_is_named", removed_end_is_named},
    {"rewritten_end_is_named", rewritten_end_is_named},
    {"rewritten_by_another_key_is_named", rewritten_by_another_key_is_named},
    {"signed_head_itself_is_examined", signed_head_itself_is_examined},
    {"signature_of_another_block_is_named", signature_of_another_block_is_named},
    {"too_little_work_is_named", too_little_work_is_named},
    {"other_difficulty_than_policy_is_named", other_difficulty_than_policy_is_named},
    {"ignored_policy_is_named", ignored_policy_is_named},
    {"followed_policy_is_accepted", followed_policy_is_accepted},
    {"senseless_policy_is_named", senseless_policy_is_named},
    {"second_genesis_is_named", second_genesis_is_named},
    {"broken_links_are_named", broken_links_are_named},
    {"wrong_times_are_named", wrong_times_are_named},
    {"other_ledgers_are_named", other_ledgers_are_named},
    {NULL, NULL},
};

const test_suite_t ledger_forgery_suite = {"ledger_forgery", NULL, NULL, cases};
