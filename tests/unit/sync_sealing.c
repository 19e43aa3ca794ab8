/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_sealing.c
 * The key of connectors' secrets is changed, step by step.
 */
#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"
#include "unit/sealing_fixture.h"

/* How many secrets name a key. */
static int named(const char *name, const char *key_id)
{
    return (int)sync_int(name,
                         apr_pstrcat(test_pool(), "SELECT SUM((LENGTH(sealed) - LENGTH(REPLACE(sealed, '",
                                     key_id, "', ''))) / 16) FROM civ_sync_connectors", NULL));
}

static void test_all_are_sealed_anew(void)
{
    static const char rest[] = "SELECT group_concat(platform || settings || state || reason || since || "
                               "configured || synced) FROM civ_sync_connectors";
    civ_engine_t *engine = sealing_engine("anew.db");
    const char *before = sync_text("anew.db", rest);
    const char *old = civ_seal_key_id(sealing_keys(engine));
    civ_rotation_t rotation = sealing_rotate(engine);
    apr_array_header_t *notes = sync_notes(engine);

    CU_ASSERT_TRUE(rotation.is_made);
    CU_ASSERT_EQUAL(rotation.secrets, 3);
    CU_ASSERT_EQUAL(rotation.sealed, 3);
    CU_ASSERT_EQUAL(rotation.keys, 1);
    CU_ASSERT_EQUAL(rotation.unopened->nelts, 0);
    CU_ASSERT_TRUE(sealing_is_well(engine));
    CU_ASSERT_EQUAL(civ_seal_key_count(sealing_keys(engine)), 1);
    CU_ASSERT_STRING_EQUAL(civ_seal_key_id(sealing_keys(engine)), rotation.key_id);
    CU_ASSERT_STRING_NOT_EQUAL(rotation.key_id, old);
    CU_ASSERT_EQUAL(named("anew.db", old), 0);
    CU_ASSERT_EQUAL(named("anew.db", rotation.key_id), 3);
    /* Nothing else has changed, and what is stored now is on record. */
    CU_ASSERT_STRING_EQUAL(sync_text("anew.db", rest), before);
    CU_ASSERT_EQUAL_FATAL(notes->nelts, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(APR_ARRAY_IDX(notes, 3, const char *), "\"action\":\"resealed\""));
    /* What is configured from now on, and once more. */
    CU_ASSERT_EQUAL(sealing_configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("anew.db", rotation.key_id), 3);
    CU_ASSERT_STRING_NOT_EQUAL(sealing_rotate(engine).key_id, rotation.key_id);
    CU_ASSERT_TRUE(sealing_is_well(engine));
}

/* Other hosts get the file before anything is sealed with the new key. */
static void test_prepared_key_waits(void)
{
    civ_engine_t *engine = sync_engine("prepared.db");
    const char *old = civ_seal_key_id(sealing_keys(engine));
    civ_rotation_t rotation;
    int i;

    for (i = 0; i < 2; i++) {
        memset(&rotation, 0, sizeof(rotation));
        CU_ASSERT_EQUAL(civ_rotation_begin(engine, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(rotation.is_made, i == 0);
        CU_ASSERT_EQUAL(rotation.keys, 2);
    }
    CU_ASSERT_EQUAL(sealing_configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(sealing_configure(engine, "other", "tOkEn-2"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("prepared.db", old), 3);
    CU_ASSERT_EQUAL(civ_rotation_step(engine, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_FALSE(rotation.is_done);
    CU_ASSERT_EQUAL(named("prepared.db", rotation.key_id), 3);
    /* The old key is there still, and is not used any more. */
    CU_ASSERT_EQUAL(civ_seal_key_count(sealing_keys(engine)), 2);
    CU_ASSERT_EQUAL(sealing_configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("prepared.db", old), 0);
    CU_ASSERT_FALSE(sealing_rotate(engine).is_made);
    CU_ASSERT_TRUE(sealing_is_well(engine));
}

/* Each has a key file of its own. */
static void test_hosts_share_a_database(void)
{
    civ_engine_t *first = sealing_engine("hosts.db");
    civ_engine_t *second = apr_pmemdup(test_pool(), first, sizeof(*first));
    const char *old = civ_seal_key_id(sealing_keys(first));
    civ_rotation_t rotation;

    second->key_file = unit_path("second.key");
    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL(civ_seal_key_save(sealing_keys(first), second->key_file, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_rotation_begin(first, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
    /* Before the file is copied, and after. */
    CU_ASSERT_EQUAL(sealing_configure(first, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_TRUE(sealing_is_well(second));
    CU_ASSERT_EQUAL(civ_seal_key_replace(sealing_keys(first), second->key_file, test_pool()), APR_SUCCESS);
    sealing_rotate(first);
    CU_ASSERT_TRUE(sealing_is_well(second));
    /* The other one still has the old key, and does not use it. */
    CU_ASSERT_EQUAL(sealing_configure(second, "other", "tOkEn-2"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("hosts.db", old), 0);
    CU_ASSERT_TRUE(sealing_is_well(first));
    rotation = sealing_rotate(second);
    CU_ASSERT_FALSE(rotation.is_made);
    CU_ASSERT_EQUAL(rotation.dropped, 1);
    CU_ASSERT_TRUE(sealing_is_well(second));
    /* One that was forgotten says so, until it has the file. */
    sealing_rotate(first);
    CU_ASSERT_PTR_NULL(sealing_token(second, "example"));
    CU_ASSERT_PTR_NOT_NULL(strstr(sealing_problem.detail, "another key file"));
    CU_ASSERT_EQUAL(civ_seal_key_replace(sealing_keys(first), second->key_file, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(sealing_is_well(second));
}

/* A host that did not know better has sealed one with the old key. */
static void test_key_in_use_stays(void)
{
    civ_engine_t *engine = sealing_engine("stays.db");
    const char *old = civ_seal_key_id(sealing_keys(engine));
    civ_rotation_t rotation;

    CU_ASSERT_EQUAL(database_do(unit_path("stays.db"), "UPDATE civ_sync_connectors SET settings = "
                                                       "replace(settings, 'https://h', 'https://x') WHERE "
                                                       "platform = 'other'"),
                    0);
    rotation = sealing_rotate(engine);
    CU_ASSERT_EQUAL(rotation.sealed, 1);
    CU_ASSERT_EQUAL_FATAL(rotation.unopened->nelts, 2);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(rotation.unopened, 0, const char *), "other: api_token");
    CU_ASSERT_EQUAL(civ_seal_key_count(sealing_keys(engine)), 2);
    CU_ASSERT_EQUAL(named("stays.db", old), 2);
    CU_ASSERT_STRING_EQUAL(sealing_token(engine, "example"), "tOkEn-1");
    /* It stays to open: nothing new is sealed with it, or one bad row would undo the rotation for all others. */
    CU_ASSERT_EQUAL(sealing_configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("stays.db", old), 2);
    CU_ASSERT_EQUAL(named("stays.db", rotation.key_id), 1);
    CU_ASSERT_PTR_NULL(sealing_token(engine, "other"));
    /* Put back what was tampered with: nothing was lost. */
    CU_ASSERT_EQUAL(database_do(unit_path("stays.db"), "UPDATE civ_sync_connectors SET settings = "
                                                       "replace(settings, 'https://x', 'https://h')"),
                    0);
    CU_ASSERT_TRUE(sealing_is_well(engine));
    CU_ASSERT_EQUAL(sealing_rotate(engine).keys, 1);
    CU_ASSERT_TRUE(sealing_is_well(engine));
}

/* Nobody hears of it elsewhere before the secret is needed. */
static void test_bad_secret_under_new_key_is_named(void)
{
    civ_engine_t *engine = sealing_engine("named.db");
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL(civ_rotation_begin(engine, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_rotation_step(engine, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(database_do(unit_path("named.db"), "UPDATE civ_sync_connectors SET settings = "
                                                       "replace(settings, 'https://h', 'https://x') WHERE "
                                                       "platform = 'example'"),
                    0);
    rotation = sealing_rotate(engine);
    CU_ASSERT_EQUAL(rotation.sealed, 0);
    CU_ASSERT_EQUAL(rotation.keys, 1);
    CU_ASSERT_EQUAL_FATAL(rotation.unopened->nelts, 1);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(rotation.unopened, 0, const char *), "example: api_token");
}

/* What cannot be read at all may name any key. */
static void test_unreadable_row_keeps_all(void)
{
    civ_engine_t *engine = sealing_engine("row.db");
    civ_rotation_t rotation;

    CU_ASSERT_EQUAL(database_do(unit_path("row.db"),
                                "UPDATE civ_sync_connectors SET sealed = '{' WHERE platform = 'other'"),
                    0);
    rotation = sealing_rotate(engine);
    CU_ASSERT_EQUAL(rotation.sealed, 1);
    CU_ASSERT_EQUAL(rotation.unopened->nelts, 1);
    CU_ASSERT_EQUAL(rotation.keys, 2);
}

/* Where the new key is in the file already, it may not be on disk yet: who put it there may have been killed before it was. */
static void test_found_key_is_put_on_disk(void)
{
    civ_engine_t *engine = sealing_engine("found.db");
    const char *left = apr_pstrcat(test_pool(), engine->key_file, ".unfinished-abcdef", NULL);
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL(civ_rotation_begin(engine, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(unit_write_file(left, "", 0600), 0);
    CU_ASSERT_EQUAL(civ_rotation_begin(engine, &rotation, &sealing_problem, test_pool()), APR_SUCCESS);
    /* It was written: that is when leftovers go. */
    CU_ASSERT_NOT_EQUAL(access(left, F_OK), 0);
    CU_ASSERT_EQUAL(civ_seal_key_count(sealing_keys(engine)), 2);
}

/* In place of the link there would be a second file, and what it leads to would keep the old key, for others or for the next start. */
static void test_link_is_not_replaced(void)
{
    civ_engine_t *engine = sealing_engine("link.db");
    const char *target = apr_pstrcat(test_pool(), engine->key_file, ".target", NULL);
    civ_rotation_t rotation;
    struct stat info;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL(rename(engine->key_file, target), 0);
    CU_ASSERT_EQUAL(symlink(target, engine->key_file), 0);
    CU_ASSERT_TRUE(sealing_is_well(engine));
    CU_ASSERT_EQUAL(sealing_finish(engine, &rotation), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(sealing_problem.detail, "symbolic link"));
    CU_ASSERT_EQUAL(lstat(engine->key_file, &info), 0);
    CU_ASSERT_TRUE(S_ISLNK(info.st_mode));
    CU_ASSERT_EQUAL(civ_seal_key_count(sealing_keys(engine)), 1);
    CU_ASSERT_TRUE(sealing_is_well(engine));
    CU_ASSERT_EQUAL(unlink(engine->key_file), 0);
    CU_ASSERT_EQUAL(rename(target, engine->key_file), 0);
}

static void test_file_that_cannot_be_used(void)
{
    civ_engine_t *engine = sealing_engine("file.db");
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL(chmod(engine->key_file, 0640), 0);
    CU_ASSERT_EQUAL(sealing_finish(engine, &rotation), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(sealing_problem.detail, "nobody but its owner"));
    CU_ASSERT_NOT_EQUAL(sealing_configure(engine, "example", "x"), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(sealing_token(engine, "example"));
    CU_ASSERT_PTR_NOT_NULL(strstr(sealing_problem.detail, "key file"));
    CU_ASSERT_EQUAL(chmod(engine->key_file, 0600), 0);
    CU_ASSERT_TRUE(sealing_is_well(engine));
    CU_ASSERT_EQUAL(unit_write_file(engine->key_file, "nonsense\n", 0600), 0);
    CU_ASSERT_EQUAL(sealing_finish(engine, &rotation), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(sealing_problem.detail, "no file of such keys"));
}

static const test_case_t cases[] = {
    {"all_are_sealed_anew", test_all_are_sealed_anew},
    {"prepared_key_waits", test_prepared_key_waits},
    {"hosts_share_a_database", test_hosts_share_a_database},
    {"key_in_use_stays", test_key_in_use_stays},
    {"bad_secret_under_new_key_is_named", test_bad_secret_under_new_key_is_named},
    {"unreadable_row_keeps_all", test_unreadable_row_keeps_all},
    {"found_key_is_put_on_disk", test_found_key_is_put_on_disk},
    {"link_is_not_replaced", test_link_is_not_replaced},
    {"file_that_cannot_be_used", test_file_that_cannot_be_used},
    {NULL, NULL},
};
const test_suite_t sync_sealing_suite = {"sealing", unit_folder_make, unit_folder_remove, cases};
