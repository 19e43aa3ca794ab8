/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_import.c
 * A chain taken over into other tables, and a look at a ledger from outside.
 */
#include "unit/ledger_fixture.h"

#include "ledger/export_reader.h"
#include "ledger/import.h"
#include "ledger/inspect.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <string.h>

static apr_status_t note_fault(void *baton, apr_uint64_t height, const char *text)
{
    test_note("block %d: %s", (int)height, text);
    (*(int *)baton)++;
    return APR_SUCCESS;
}

/* Tables that are up to date and empty, on a connection that lives as long as the case. */
static civ_db_t *open_empty(fixture_t *fixture)
{
    civ_db_t *db;

    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, &fixture->store_config, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &civ_store_schema, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &civ_ledger_schema, NULL, test_pool()), APR_SUCCESS);
    civ_db_close(db);
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, &fixture->store_config, test_pool()), APR_SUCCESS);
    return db;
}

static fixture_t *make_original(void)
{
    static const char *const many[] = {"{\"n\":1,\"type\":\"a\"}", "{\"n\":2}", "{\"n\":3,\"type\":\"b\"}"};
    fixture_t *fixture = fixture_start();

    fixture_append(fixture, "{\"type\":\"a\",\"n\":0}");
    fixture_append_many(fixture, many, 3);
    fixture_append(
        fixture, "{\"type\":\"civarcos.policy\",\"created\":\"2026-01-01T00:00:00.000Z\",\"difficulty\":3}");
    fixture_append(fixture, "{\"n\":4}");
    return fixture;
}

static void feed(civ_import_t *import, civ_verifier_t *verifier, fixture_t *original, apr_uint64_t last)
{
    apr_uint64_t height;

    for (height = 0; height <= last; height++) {
        const civ_block_t *block = fixture_known_block(original, height);

        CU_ASSERT_EQUAL(civ_export_verify_line(verifier, block, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_import_block(import, block, test_pool()), APR_SUCCESS);
    }
}

/* The chain of @a original, opened as a ledger of its own. */
static fixture_t *take_over(fixture_t *original)
{
    fixture_t *copy = fixture_make();
    civ_db_t *db = open_empty(copy);
    apr_uint64_t last = fixture_head(original).height;
    civ_verifier_t verifier;
    civ_import_t *import;
    int faults = 0;

    civ_verifier_init(&verifier, NULL, NULL, note_fault, &faults, test_pool());
    CU_ASSERT_EQUAL_FATAL(civ_import_begin(&import, db, test_pool()), APR_SUCCESS);
    feed(import, &verifier, original, last);
    CU_ASSERT_EQUAL(civ_import_finish(import, &verifier, test_pool()), APR_SUCCESS);
    /* Nothing is taken over on top of it. */
    CU_ASSERT_EQUAL(civ_import_begin(&import, db, test_pool()), CIV_ECONFLICT);
    civ_db_close(db);
    CU_ASSERT_EQUAL(faults, 0);
    copy->config.key = original->config.key;
    copy->config.difficulty = 3;
    CU_ASSERT_EQUAL_FATAL(fixture_open(copy), APR_SUCCESS);
    CU_ASSERT(fixture_is_clean(copy));
    return copy;
}

static void taken_over(void)
{
    fixture_t *original = make_original();
    fixture_t *copy = take_over(original);
    apr_uint64_t last = fixture_head(original).height;
    civ_ledger_head_t head = fixture_head(copy);

    CU_ASSERT_EQUAL(head.height, last);
    CU_ASSERT(civ_digest_equal(&head.block_hash, &fixture_known_block(original, last)->hash));
    CU_ASSERT_EQUAL(head.difficulty, 3);
    CU_ASSERT_EQUAL(fixture_append(copy, "{\"n\":5}").height, last + 1);
    CU_ASSERT(fixture_is_clean(copy));
    fixture_close(copy);
    fixture_close(original);
}

/* Who was a validator of which block goes along; the votes do not. */
static void validators(void)
{
    fixture_t *original = make_original();
    apr_uint64_t voted;
    fixture_t *copy;

    CU_ASSERT_EQUAL(fixture_register(original, 1, 40), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(original, 2, 30), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(original, 3, 30), APR_SUCCESS);
    voted = fixture_append(original, "{\"n\":5}").height;
    CU_ASSERT_EQUAL(fixture_vote(original, 1, voted, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_unregister(original, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(original, 1, 7), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_unregister(original, 2), APR_SUCCESS);
    fixture_append(original, "{\"n\":6}");
    copy = take_over(original);
    CU_ASSERT_EQUAL(fixture_consensus(original, voted).quorum.accepted, 40);
    CU_ASSERT_EQUAL(fixture_consensus(copy, voted).quorum.accepted, 0);
    CU_ASSERT_EQUAL(fixture_consensus(copy, voted).quorum.total, 100);
    CU_ASSERT_EQUAL(fixture_vote(copy, 2, voted, 1), APR_SUCCESS);
    voted = fixture_append(copy, "{\"n\":7}").height;
    CU_ASSERT_EQUAL(fixture_consensus(copy, voted).quorum.total, 37);
    CU_ASSERT_EQUAL(fixture_vote(copy, 2, voted, 1), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(fixture_unregister(copy, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(copy, 2, 0), APR_SUCCESS);
    CU_ASSERT(fixture_is_clean(copy));
    fixture_close(copy);
    fixture_close(original);
}

/* Without the last step it is no ledger to anybody. */
static void not_finished(void)
{
    fixture_t *original = make_original();
    fixture_t *copy = fixture_make();
    civ_db_t *db = open_empty(copy);
    civ_verifier_t verifier;
    civ_import_t *import;
    int faults = 0;
    int unknown;

    civ_verifier_init(&verifier, NULL, NULL, note_fault, &faults, test_pool());
    CU_ASSERT_EQUAL_FATAL(civ_import_begin(&import, db, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_import_finish(import, &verifier, test_pool()), APR_EINVAL);
    feed(import, &verifier, original, 2);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    civ_db_close(db);
    copy->config.key = original->config.key;
    CU_ASSERT_EQUAL(fixture_open(copy), CIV_EINTEGRITY);
    fixture_close(copy);
    fixture_close(original);
}

/* --- looking from outside --- */

static void inspected(void)
{
    fixture_t *fixture = make_original();
    const char *name = fixture->config.name;
    civ_ledger_head_t head;
    civ_signed_head_t kept;
    civ_genesis_t genesis;
    civ_block_t *newest;
    civ_digest_t id;
    const char *fault;

    CU_ASSERT_EQUAL(civ_ledger_inspect(fixture->store, &genesis, &id, &fault, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(genesis.name, name);
    CU_ASSERT(civ_digest_equal(&id, civ_ledger_id(fixture->ledger)));
    CU_ASSERT_EQUAL(civ_ledger_examine_end(fixture->ledger, &head, &newest, &fault, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(newest->header.height, head.height);
    kept.height = 2;
    kept.block_hash = fixture_known_block(fixture, 2)->hash;
    CU_ASSERT_EQUAL(civ_ledger_compare_signed_head(fixture->ledger, &kept, &fault, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(fault);
    kept.height = 3;
    CU_ASSERT_EQUAL(civ_ledger_compare_signed_head(fixture->ledger, &kept, &fault, test_pool()), APR_SUCCESS);
    CU_ASSERT(fault != NULL && strstr(fault, "rewritten") != NULL);
    kept.height = 99;
    CU_ASSERT_EQUAL(civ_ledger_compare_signed_head(fixture->ledger, &kept, &fault, test_pool()), APR_SUCCESS);
    CU_ASSERT(fault != NULL && strstr(fault, "removed") != NULL);
    fixture_close(fixture);
}

/* It finds what is wrong with the end, and raises no alarm about it. */
static void inspected_quietly(void)
{
    static const char *const wrong[] = {
        "UPDATE civ_blocks SET signature = (SELECT signature FROM civ_blocks WHERE height = 1) WHERE height "
        "= 4",
        "UPDATE civ_head SET leaf_count = leaf_count + 1",
        "UPDATE civ_blocks SET header = replace(header, '4', '5') WHERE height = 4",
    };
    unsigned i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        fixture_t *fixture = make_original();
        civ_ledger_head_t head;
        const char *fault = NULL;

        fixture_sql(fixture, "%s", wrong[i]);
        CU_ASSERT_EQUAL(civ_ledger_examine_end(fixture->ledger, &head, NULL, &fault, test_pool()),
                        CIV_EINTEGRITY);
        CU_ASSERT_PTR_NOT_NULL(fault);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
        fixture_close(fixture);
    }
}

static void beginning_gone(void)
{
    fixture_t *fixture = make_original();
    civ_genesis_t genesis;
    const char *fault = NULL;
    civ_digest_t id;

    fixture_sql(fixture, "DELETE FROM civ_blocks WHERE height = 0");
    CU_ASSERT_EQUAL(civ_ledger_inspect(fixture->store, &genesis, &id, &fault, test_pool()), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(fault);
    fixture_sql(fixture, "DELETE FROM civ_blocks");
    CU_ASSERT_EQUAL(civ_ledger_inspect(fixture->store, &genesis, &id, &fault, test_pool()), CIV_EINTEGRITY);
    fixture_sql(fixture, "DELETE FROM civ_head");
    CU_ASSERT_EQUAL(civ_ledger_inspect(fixture->store, &genesis, &id, &fault, test_pool()), APR_NOTFOUND);
    fixture_close(fixture);
}

static const test_case_t cases[] = {
    {"taken over", taken_over},
    {"validators", validators},
    {"not finished", not_finished},
    {"inspected", inspected},
    {"inspected quietly", inspected_quietly},
    {"beginning gone", beginning_gone},
    {NULL, NULL},
};

extern const test_suite_t ledger_import_suite;
const test_suite_t ledger_import_suite = {"ledger_import", NULL, NULL, cases};
