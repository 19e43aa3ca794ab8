/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_pseudonym.c
 * Pseudonyms, epochs, and the file of the network's key.
 */
#include "support/runner.h"

#include "base/encoding.h"
#include "base/json.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "federation/pseudonym.h"
#include "unit/unit_support.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *pseudonym(const civ_pseudonym_key_t *key, const char *purpose, const char *epoch,
                             const char *id)
{
    char out[CIV_PSEUDONYM_SIZE];

    return apr_pstrdup(test_pool(), civ_pseudonym(out, key, purpose, epoch, id));
}

/* Computed with another program: HMAC-SHA-256 with the key 00 01 ... 1f. */
static void known_answers(void)
{
    unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE];
    const civ_pseudonym_key_t *key;
    int i;

    for (i = 0; i < CIV_PSEUDONYM_KEY_SIZE; i++) {
        bytes[i] = (unsigned char)i;
    }
    key = civ_pseudonym_key_from_bytes(bytes, test_pool());
    CU_ASSERT_STRING_EQUAL(pseudonym(key, "evidence", "2026Q1", "org-alpha"),
                           "9035e30a5c4c7ac835994790b56ad30c");
    CU_ASSERT_STRING_EQUAL(pseudonym(key, "evidence", "2026Q2", "org-alpha"),
                           "a4fd65733198f6b5814dc2be84dd7b6d");
    CU_ASSERT_STRING_EQUAL(pseudonym(key, "benchmark", "2026Q1", "org-alpha"),
                           "679667f91da11ef2caa44ab3f54c5464");
    CU_ASSERT_STRING_EQUAL(pseudonym(key, "evidence", "2026Q1", ""), "6a2b678033a4e82ed081833ccc5710fd");
}

static void vectors(void)
{
    static const civ_json_limits_t limits = {1048576, 16, 10000, 100};
    const char *shared = test_shared_dir();
    unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE];
    const civ_json_t *root, *list;
    const civ_pseudonym_key_t *key;
    unsigned long length;
    apr_size_t i;
    char *text;

    if (shared == NULL) {
        test_note("skipped: no shared data");
        return;
    }
    text = test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/federation/pseudonyms.json", NULL),
                          &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&root, text, length, &limits, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_hex_decode(bytes, sizeof(bytes), civ_json_get_text(root, "key_hex")),
                          APR_SUCCESS);
    key = civ_pseudonym_key_from_bytes(bytes, test_pool());
    list = civ_json_get(root, "cases");
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *context = civ_json_get_text(item, "context"), *slash = strchr(context, '/');
        const char *purpose = apr_pstrndup(test_pool(), context, (apr_size_t)(slash - context));

        CU_ASSERT_STRING_EQUAL(pseudonym(key, purpose, slash + 1, civ_json_get_text(item, "organization_id")),
                               civ_json_get_text(item, "pseudonym"));
    }
    CU_ASSERT(i > 0);
}

static void epochs(void)
{
    static const struct {
        const char *time, *epoch;
    } rows[] = {
        {"2026-01-01T00:00:00Z", "2026Q1"},      {"2025-12-31T23:59:59.999Z", "2025Q4"},
        {"2026-03-31T23:59:59.999Z", "2026Q1"},  {"2026-04-01", "2026Q2"},
        {"2026-06-30T23:59:59Z", "2026Q2"},      {"2026-07-01", "2026Q3"},
        {"2026-10-01T01:00:00+02:00", "2026Q3"}, {"9999-12-31", "9999Q4"},
    };
    char out[CIV_EPOCH_SIZE];
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_int64_t milliseconds;

        CU_ASSERT_EQUAL(civ_timestamp_parse(&milliseconds, rows[i].time), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(civ_epoch_of(out, milliseconds), rows[i].epoch);
    }
}

static void files(void)
{
    const char *path = unit_path("pseudonym.key");
    char first[CIV_PSEUDONYM_KEY_ID_SIZE], second[CIV_PSEUDONYM_KEY_ID_SIZE];
    civ_pseudonym_key_t *key, *other;
    struct stat info;
    FILE *zeros;

    CU_ASSERT_EQUAL(civ_pseudonym_key_load(&key, path, test_pool()), APR_ENOENT);
    CU_ASSERT_EQUAL_FATAL(civ_pseudonym_key_generate(&key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_pseudonym_key_save(key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL_FATAL(civ_pseudonym_key_load(&other, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_pseudonym_key_id(first, key), civ_pseudonym_key_id(second, other));
    CU_ASSERT_EQUAL_FATAL(civ_pseudonym_key_generate(&other, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_NOT_EQUAL(first, civ_pseudonym_key_id(second, other));
    CU_ASSERT_EQUAL(civ_pseudonym_key_save(other, path, test_pool()), APR_EEXIST);
    CU_ASSERT_EQUAL(chmod(path, 0604), 0);
    CU_ASSERT(APR_STATUS_IS_EACCES(civ_pseudonym_key_load(&other, path, test_pool())));
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    zeros = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(zeros);
    CU_ASSERT_EQUAL(fwrite("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 1, 32, zeros),
                    32);
    CU_ASSERT_EQUAL(fclose(zeros), 0);
    CU_ASSERT_EQUAL(civ_pseudonym_key_load(&other, path, test_pool()), CIV_EINVALID);
}

static const test_case_t cases[] = {
    {"known_answers", known_answers},
    {"vectors", vectors},
    {"epochs", epochs},
    {"files", files},
    {NULL, NULL},
};

const test_suite_t federation_pseudonym_suite = {"federation_pseudonym", unit_folder_make, unit_folder_remove,
                                                 cases};
