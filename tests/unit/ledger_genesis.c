/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_genesis.c
 * Genesis parameters and policy entries: exact, and read back strictly.
 */
#include "ledger_fixture.h"

#include "ledger/genesis.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static const char known_genesis[] =
    "{\"created\":\"2026-01-02T03:04:05.006Z\",\"difficulty\":4,\"hash\":\"sha256\","
    "\"ledger\":\"ledger.example.org/test\",\"min_validators\":3,"
    "\"public_key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\",\"type\":\"civarcos.genesis\","
    "\"validators\":[],\"version\":1}";

/* SHA-256 of "civarcos/ledger-id/v1", a line feed and the text above, by another implementation. */
static const char known_id[] = "773774e643ad0a801876cf2dc12bf4b6a21f7c75b263aaac5bc710c1fec8510e";

static civ_genesis_t sample(void)
{
    civ_genesis_t genesis = {"ledger.example.org/test", 4, 3, APR_INT64_C(1767323045006), {0}};
    unsigned char i;

    for (i = 0; i < CIV_KEY_PUBLIC_SIZE; i++)
        genesis.public_key[i] = i;
    return genesis;
}

static void entry_is_exact(void)
{
    civ_genesis_t genesis = sample();
    civ_entry_t entry;

    CU_ASSERT_EQUAL_FATAL(civ_genesis_entry(&entry, &genesis, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.data, known_genesis);
    CU_ASSERT_EQUAL(entry.length, sizeof(known_genesis) - 1);
    CU_ASSERT_STRING_EQUAL(entry.type, "civarcos.genesis");
}

static void round_trip(void)
{
    civ_entry_t entry = fixture_entry(known_genesis);
    civ_genesis_t read, expected = sample();

    CU_ASSERT_EQUAL_FATAL(civ_genesis_read(&read, &entry, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(read.name, expected.name);
    CU_ASSERT_EQUAL(read.difficulty, expected.difficulty);
    CU_ASSERT_EQUAL(read.min_validators, expected.min_validators);
    CU_ASSERT_EQUAL(read.created, expected.created);
    CU_ASSERT(memcmp(read.public_key, expected.public_key, sizeof(read.public_key)) == 0);
}

/* The known text with @a from replaced by @a to. */
static const char *altered(const char *from, const char *to)
{
    const char *at = strstr(known_genesis, from);

    CU_ASSERT_FATAL(at != NULL);
    return apr_pstrcat(test_pool(),
                       apr_pstrndup(test_pool(), known_genesis, (apr_size_t)(at - known_genesis)), to,
                       at + strlen(from), NULL);
}

static void other_parameters_are_refused(void)
{
    static const char *const changes[][2] = {
        {"{\"created", "{\"another\":1,\"created"},
        {",\"version\":1", ""},
        {"\"version\":1", "\"version\":2"},
        {"\"version\":1", "\"version\":\"1\""},
        {"\"sha256\"", "\"sha512\""},
        {"\"difficulty\":4", "\"difficulty\":33"},
        {"\"difficulty\":4", "\"difficulty\":-1"},
        {"\"difficulty\":4", "\"difficulty\":\"4\""},
        {"\"difficulty\":4,", ""},
        {"\"min_validators\":3", "\"min_validators\":1000001"},
        {"\"min_validators\":3,", ""},
        {"2026-01-02T03:04:05.006Z", "2026-01-02T03:04:05Z"},
        {"2026-01-02T03:04:05.006Z", "2026-01-02T04:04:05.006+01:00"},
        {"2026-01-02T03:04:05.006Z", "yesterday"},
        {"\"ledger\":\"ledger.example.org/test\",", ""},
        {"\"ledger\":\"ledger.example.org/test\"", "\"ledger\":7"},
        {"Hh8=\"", "Hh8\""},
        {"AAECAwQF", "AAECAw"},
        {"\"public_key\":\"", "\"public_key\":\"*"},
        {"\"validators\":[]", "\"validators\":[1]"},
        {"\"validators\":[]", "\"validators\":{}"},
        {"civarcos.genesis", "civarcos.policy"},
        {"civarcos.genesis", "other"},
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        civ_genesis_t genesis;
        civ_entry_t entry;

        entry = fixture_entry(altered(changes[i][0], changes[i][1]));
        if (civ_genesis_read(&genesis, &entry, test_pool()) != CIV_EINVALID)
            CU_FAIL(changes[i][1]);
    }
}

static void ledger_id_is_the_formula(void)
{
    civ_entry_t entry = fixture_entry(known_genesis);
    char digits[CIV_DIGEST_HEX_SIZE];
    const char *text = apr_pstrcat(test_pool(), "civarcos/ledger-id/v1\n", known_genesis, NULL);
    civ_digest_t id, by_hand;

    civ_genesis_ledger_id(&id, &entry);
    CU_ASSERT_STRING_EQUAL(civ_digest_hex(digits, &id), known_id);
    civ_digest_sha256(&by_hand, text, strlen(text));
    CU_ASSERT(civ_digest_equal(&id, &by_hand));
}

static void no_validators_is_the_empty_array(void)
{
    char digits[CIV_DIGEST_HEX_SIZE];
    civ_digest_t hash;

    civ_genesis_no_validators(&hash);
    CU_ASSERT_STRING_EQUAL(civ_digest_hex(digits, &hash),
                           "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
}

static void policy_round_trip(void)
{
    apr_uint32_t difficulty;

    for (difficulty = 0; difficulty <= 32; difficulty++) {
        apr_uint32_t read = 99;
        civ_entry_t entry;

        CU_ASSERT_EQUAL_FATAL(civ_policy_entry(&entry, difficulty, APR_INT64_C(1767323045006), test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(entry.data, apr_psprintf(test_pool(),
                                                        "{\"created\":\"2026-01-02T03:04:05.006Z\","
                                                        "\"difficulty\":%u,\"type\":\"civarcos.policy\"}",
                                                        difficulty));
        CU_ASSERT_EQUAL(civ_policy_read(&read, &entry, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(read, difficulty);
    }
}

static void policy_is_read_strictly(void)
{
    static const struct {
        const char *json;
        apr_status_t status;
    } rows[] = {
        {"{\"type\":\"civarcos.policy\",\"difficulty\":33}", CIV_EINVALID},
        {"{\"type\":\"civarcos.policy\",\"difficulty\":-1}", CIV_EINVALID},
        {"{\"type\":\"civarcos.policy\",\"difficulty\":1.5}", CIV_EINVALID},
        {"{\"type\":\"civarcos.policy\",\"difficulty\":\"8\"}", CIV_EINVALID},
        {"{\"type\":\"civarcos.policy\"}", CIV_EINVALID},
        {"{\"type\":\"civarcos.polic\",\"difficulty\":8}", APR_NOTFOUND},
        {"{\"difficulty\":8}", APR_NOTFOUND},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_entry_t entry = fixture_entry(rows[i].json);
        apr_uint32_t difficulty;

        CU_ASSERT_EQUAL(civ_policy_read(&difficulty, &entry, test_pool()), rows[i].status);
    }
}

/* --- in a ledger --- */

static void block_0_is_genesis(void)
{
    fixture_t *fixture = fixture_start();
    civ_block_t *block = fixture_block(fixture, 0);
    civ_genesis_t genesis;
    civ_digest_t id;

    CU_ASSERT_FATAL(block != NULL);
    CU_ASSERT_EQUAL_FATAL(block->header.entry_count, 1);
    CU_ASSERT_EQUAL_FATAL(civ_genesis_read(&genesis, &block->entries[0], test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(genesis.name, fixture->config.name);
    CU_ASSERT_EQUAL(genesis.difficulty, 4);
    CU_ASSERT_EQUAL(genesis.created, block->header.timestamp);
    CU_ASSERT(memcmp(genesis.public_key, civ_public_key_raw(civ_key_public(fixture->config.key)),
                     CIV_KEY_PUBLIC_SIZE) == 0);
    civ_genesis_ledger_id(&id, &block->entries[0]);
    CU_ASSERT(civ_digest_equal(&id, &block->header.ledger_id));
    CU_ASSERT(civ_digest_equal(&id, civ_ledger_id(fixture->ledger)));
    CU_ASSERT(civ_digest_equal(&block->header.previous_hash, &(civ_digest_t){{0}}));
}

/* The policy entry's own block still needs what was in force before it. */
static void policy_counts_from_the_next_block_on(void)
{
    fixture_t *fixture = fixture_start();
    apr_uint32_t difficulty = 0;
    civ_block_t *policy, *next;

    fixture_append(fixture, "{\"n\":1}");
    fixture_close(fixture);
    fixture->config.difficulty = 9;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture->head.height, 2);
    CU_ASSERT_EQUAL(fixture->head.difficulty, 9);
    fixture_append(fixture, "{\"n\":2}");
    policy = fixture_block(fixture, 2);
    next = fixture_block(fixture, 3);
    CU_ASSERT_FATAL(policy != NULL && next != NULL);
    CU_ASSERT_EQUAL(civ_policy_read(&difficulty, &policy->entries[0], test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(difficulty, 9);
    CU_ASSERT_EQUAL(policy->header.difficulty, 4);
    CU_ASSERT_EQUAL(next->header.difficulty, 9);
    CU_ASSERT(civ_header_leading_zero_bits(&next->hash) >= 9);
    CU_ASSERT(fixture_is_clean(fixture));
    /* The same configuration once more seals nothing. */
    fixture_close(fixture);
    CU_ASSERT_EQUAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture->head.height, 3);
    fixture_close(fixture);
    fixture->config.difficulty = 0;
    CU_ASSERT_EQUAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture->head.height, 4);
    CU_ASSERT_EQUAL(fixture->head.difficulty, 0);
    CU_ASSERT(fixture_is_clean(fixture));
}

static const test_case_t cases[] = {
    {"entry_is_exact", entry_is_exact},
    {"round_trip", round_trip},
    {"other_parameters_are_refused", other_parameters_are_refused},
    {"ledger_id_is_the_formula", ledger_id_is_the_formula},
    {"no_validators_is_the_empty_array", no_validators_is_the_empty_array},
    {"policy_round_trip", policy_round_trip},
    {"policy_is_read_strictly", policy_is_read_strictly},
    {"block_0_is_genesis", block_0_is_genesis},
    {"policy_counts_from_the_next_block_on", policy_counts_from_the_next_block_on},
    {NULL, NULL},
};

const test_suite_t ledger_genesis_suite = {"ledger_genesis", NULL, NULL, cases};
