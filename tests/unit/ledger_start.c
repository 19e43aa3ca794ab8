/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_start.c
 * What is checked when a ledger starts, and the head it finds.
 */
#include "ledger_fixture.h"

#include "ledger/head_file.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

static fixture_t *three_blocks(void)
{
    fixture_t *fixture = fixture_start();

    fixture_append(fixture, "{\"n\":1}");
    fixture_append(fixture, "{\"n\":2}");
    fixture_close(fixture);
    return fixture;
}

/* Whether starting again says @a status, and a reason with @a words. */
static int refuses(fixture_t *fixture, apr_status_t status, const char *words)
{
    apr_status_t got = fixture_open(fixture);
    int right = got == status && fixture->integrity_lost == 1 && strstr(fixture->reason, words) != NULL;

    if (!right)
        test_note("status %d, %d losses: %s", got, fixture->integrity_lost, fixture->reason);
    return right;
}

static void head_is_found_again(void)
{
    fixture_t *fixture = three_blocks();
    civ_ledger_head_t head;

    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    head = fixture_head(fixture);
    CU_ASSERT_EQUAL(head.height, 2);
    CU_ASSERT_EQUAL(head.frontier.size, 3);
    CU_ASSERT_EQUAL(head.difficulty, 4);
    CU_ASSERT_EQUAL(head.pending, 0);
    CU_ASSERT_EQUAL(head.oldest_pending, 0);
    CU_ASSERT(civ_digest_equal(&head.block_hash, &fixture_known_block(fixture, 2)->hash));
    CU_ASSERT(civ_digest_equal(&head.log_root, &fixture_known_block(fixture, 2)->header.log_root));
    CU_ASSERT_EQUAL(head.timestamp, fixture_known_block(fixture, 2)->header.timestamp);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

static void generation_grows_with_each_commit(void)
{
    fixture_t *fixture = fixture_start();
    apr_int64_t before = 0, after = 0;

    CU_ASSERT_EQUAL(civ_ledger_read_generation(fixture->ledger, &before, test_pool()), APR_SUCCESS);
    fixture_append(fixture, "{\"n\":1}");
    fixture_pend(fixture, "{\"n\":2}");
    CU_ASSERT_EQUAL(civ_ledger_read_generation(fixture->ledger, &after, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(after, before + 2);
    CU_ASSERT_EQUAL(fixture_head(fixture).generation, after);
    CU_ASSERT_EQUAL(fixture->moved_to.generation, after);
}

/* What the observer hears of the head is what a reader finds. */
static void observer_hears_the_head(void)
{
    fixture_t *fixture = fixture_start();
    civ_ledger_head_t head;

    fixture_append(fixture, "{\"n\":1}");
    fixture_pend(fixture, "{\"n\":2}");
    head = fixture_head(fixture);
    CU_ASSERT_EQUAL(fixture->head_moves, 2);
    CU_ASSERT_EQUAL(fixture->moved_to.height, head.height);
    CU_ASSERT_EQUAL(fixture->moved_to.timestamp, head.timestamp);
    CU_ASSERT_EQUAL(fixture->moved_to.difficulty, head.difficulty);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 1);
    CU_ASSERT_EQUAL(head.pending, 1);
    CU_ASSERT_EQUAL(fixture->moved_to.oldest_pending, head.oldest_pending);
    CU_ASSERT(civ_digest_equal(&fixture->moved_to.block_hash, &head.block_hash));
    CU_ASSERT(civ_digest_equal(&fixture->moved_to.log_root, &head.log_root));
    CU_ASSERT_EQUAL(fixture->moved_to.frontier.size, head.frontier.size);
}

static void trying_to_write_writes_nothing(void)
{
    fixture_t *fixture = fixture_start();
    apr_int64_t before = fixture_head(fixture).generation;
    civ_db_t *db;

    CU_ASSERT_FATAL(civ_store_acquire(fixture->store, &db) == APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_ledger_try_write(db), APR_SUCCESS);
    civ_db_rollback(db);
    civ_store_release(fixture->store, db);
    CU_ASSERT_EQUAL(fixture_head(fixture).generation, before);
}

static void other_name_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture->config.name = "ledger.example.org/other";
    CU_ASSERT(refuses(fixture, CIV_EINVALID, "ledger.example.org/other"));
}

static void other_key_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture->config.key = fixture_other_key();
    CU_ASSERT(refuses(fixture, CIV_EINVALID, "key"));
}

static void missing_genesis_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture, "DELETE FROM civ_blocks WHERE height = 0");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "block 0"));
}

static void other_genesis_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture,
                "UPDATE civ_entries SET payload = replace(payload, ':3,', ':4,') WHERE leaf_index = 0");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "block 0"));
}

/* It must not be taken for a database where nothing has begun. */
static void missing_head_row_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture, "DELETE FROM civ_head");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "the head row is missing"));
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "3");
}

/* Nothing is left but the signed head: that there is a new beginning does not pass for the old one. */
static void emptied_database_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture, "DELETE FROM civ_head; DELETE FROM civ_blocks; DELETE FROM civ_entries");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "the database is empty, but there is a signed head"));
    /* And nothing new was begun in its place. */
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "0");
}

static void missing_newest_block_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture, "DELETE FROM civ_blocks WHERE height = 2");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "newest block"));
}

static void signature_of_another_block_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture,
                "UPDATE civ_blocks SET signature = (SELECT signature FROM civ_blocks WHERE height = 1) "
                "WHERE height = 2");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "signature"));
}

static void damaged_head_row_is_refused(void)
{
    static const char *const changes[] = {
        "height = 1",
        "height = -1",
        "block_hash = (SELECT hash FROM civ_blocks WHERE height = 1)",
        "block_hash = 'x'",
        "leaf_count = 2",
        "leaf_count = -1",
        "frontier = ''",
        "frontier = lower(hex(zeroblob(64)))",
        "difficulty = 33",
        "difficulty = -1",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = three_blocks();

        fixture_sql(fixture, "UPDATE civ_head SET %s", changes[i]);
        if (!refuses(fixture, CIV_EINTEGRITY, ""))
            CU_FAIL(changes[i]);
        fixture_close(fixture);
    }
}

static void head_row_of_other_types_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    fixture_sql(fixture, "UPDATE civ_head SET height = 'x'");
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, ""));
}

static void chain_cut_short_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    fixture_rewind(fixture);
    fixture_close(fixture);
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "blocks were removed"));
}

/* The old end is cut off, and another one is put there with the ledger's own key. */
static void rewritten_chain_is_refused(void)
{
    fixture_t *fixture = three_blocks(), *forger = fixture_make_beside(fixture);

    forger->config.head_file = NULL;
    CU_ASSERT_EQUAL_FATAL(fixture_open(forger), APR_SUCCESS);
    fixture_rewind(forger);
    fixture_close(forger);
    CU_ASSERT_EQUAL_FATAL(fixture_open(forger), APR_SUCCESS);
    fixture_append(forger, "{\"n\":3}");
    fixture_append(forger, "{\"n\":4}");
    fixture_close(forger);
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "the chain was rewritten"));
}

static void damaged_signed_head_is_refused(void)
{
    fixture_t *fixture = three_blocks();

    CU_ASSERT_EQUAL(truncate(fixture->head_file, 10), 0);
    CU_ASSERT(refuses(fixture, CIV_EINTEGRITY, "signed head"));
}

static void missing_signed_head_is_made_again(void)
{
    fixture_t *fixture = three_blocks();
    civ_signed_head_t kept;

    unlink(fixture->head_file);
    CU_ASSERT_EQUAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_head_file_read(&kept, fixture->head_file, fixture->config.name,
                                       civ_key_public(fixture->config.key), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(kept.height, 2);
}

/* After a crash the signed head may lag behind: no alarm, and it catches up. */
static void signed_head_may_lag(void)
{
    fixture_t *fixture = three_blocks(), *other = fixture_make_beside(fixture);

    other->config.head_file = NULL;
    CU_ASSERT_EQUAL_FATAL(fixture_open(other), APR_SUCCESS);
    fixture_append(other, "{\"n\":3}");
    fixture_append(other, "{\"n\":4}");
    fixture_close(other);
    CU_ASSERT_EQUAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture->head.height, 4);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void head_before_genesis_is_not_found(void)
{
    fixture_t *fixture = fixture_start();
    civ_ledger_head_t head;

    fixture_sql(fixture, "DELETE FROM civ_head");
    CU_ASSERT_EQUAL(civ_ledger_read_head(fixture->ledger, &head, test_pool()), APR_NOTFOUND);
}

static const test_case_t cases[] = {
    {"head_is_found_again", head_is_found_again},
    {"generation_grows_with_each_commit", generation_grows_with_each_commit},
    {"observer_hears_the_head", observer_hears_the_head},
    {"trying_to_write_writes_nothing", trying_to_write_writes_nothing},
    {"other_name_is_refused", other_name_is_refused},
    {"other_key_is_refused", other_key_is_refused},
    {"missing_genesis_is_refused", missing_genesis_is_refused},
    {"other_genesis_is_refused", other_genesis_is_refused},
    {"missing_head_row_is_refused", missing_head_row_is_refused},
    {"emptied_database_is_refused", emptied_database_is_refused},
    {"missing_newest_block_is_refused", missing_newest_block_is_refused},
    {"signature_of_another_block_is_refused", signature_of_another_block_is_refused},
    {"damaged_head_row_is_refused", damaged_head_row_is_refused},
    {"head_row_of_other_types_is_refused", head_row_of_other_types_is_refused},
    {"chain_cut_short_is_refused", chain_cut_short_is_refused},
    {"rewritten_chain_is_refused", rewritten_chain_is_refused},
    {"damaged_signed_head_is_refused", damaged_signed_head_is_refused},
    {"missing_signed_head_is_made_again", missing_signed_head_is_made_again},
    {"signed_head_may_lag", signed_head_may_lag},
    {"head_before_genesis_is_not_found", head_before_genesis_is_not_found},
    {NULL, NULL},
};

const test_suite_t ledger_start_suite = {"ledger_start", NULL, NULL, cases};
