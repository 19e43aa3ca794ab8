/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_head_file.c
 * The signed head beside the database: two slots, of which a torn one does no harm.
 */
#include "ledger_fixture.h"

#include "ledger/head_file.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT 1024

static const char name[] = "ledger.example.org/head";

static civ_block_t signed_block(apr_uint64_t height)
{
    civ_block_t block = {.header = {.height = height}};

    memset(block.hash.bytes, (int)(height & 0xff), sizeof(block.hash.bytes));
    CU_ASSERT_EQUAL(civ_block_sign(&block, name, fixture_other_key(), test_pool()), APR_SUCCESS);
    return block;
}

static void write_block(const char *path, apr_uint64_t height)
{
    civ_block_t block = signed_block(height);

    CU_ASSERT_EQUAL(civ_head_file_write(path, &block, name, test_pool()), APR_SUCCESS);
}

static apr_status_t read_head(const char *path, civ_signed_head_t *head)
{
    return civ_head_file_read(head, path, name, civ_key_public(fixture_other_key()), test_pool());
}

/* Whether the file names block @a height with its hash. */
static int names_block(const char *path, apr_uint64_t height)
{
    civ_block_t block = signed_block(height);
    civ_signed_head_t head;

    return read_head(path, &head) == APR_SUCCESS && head.height == height &&
           civ_digest_equal(&head.block_hash, &block.hash);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t length)
{
    int file = open(path, O_WRONLY);

    CU_ASSERT_FATAL(file >= 0);
    CU_ASSERT(pwrite(file, bytes, length, at) == (ssize_t)length);
    close(file);
}

static void missing_file_is_said_to_be_missing(void)
{
    fixture_t *fixture = fixture_make();
    civ_signed_head_t head;

    CU_ASSERT(APR_STATUS_IS_ENOENT(read_head(fixture->head_file, &head)));
    CU_ASSERT(APR_STATUS_IS_ENOENT(civ_head_file_sync(fixture->head_file)));
}

static void newest_block_is_read_back(void)
{
    fixture_t *fixture = fixture_make();
    apr_uint64_t height;
    struct stat info;

    for (height = 0; height < 6; height++) {
        write_block(fixture->head_file, height);
        CU_ASSERT(names_block(fixture->head_file, height));
    }
    CU_ASSERT_EQUAL(civ_head_file_sync(fixture->head_file), APR_SUCCESS);
    CU_ASSERT_EQUAL(stat(fixture->head_file, &info), 0);
    CU_ASSERT_EQUAL(info.st_size, 2 * SLOT);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
    /* One of another host that comes late changes nothing. */
    write_block(fixture->head_file, 4);
    CU_ASSERT(names_block(fixture->head_file, 5));
    write_block(fixture->head_file, APR_UINT64_C(9007199254740991));
    CU_ASSERT(names_block(fixture->head_file, APR_UINT64_C(9007199254740991)));
}

static void first_write_fills_both_slots(void)
{
    fixture_t *fixture = fixture_make();

    write_block(fixture->head_file, 7);
    overwrite(fixture->head_file, SLOT + 60, "garbage", 7);
    CU_ASSERT(names_block(fixture->head_file, 7));
    write_block(fixture->head_file, 8);
    CU_ASSERT(names_block(fixture->head_file, 8));
}

/* A slot is torn wherever a crash left it: the other one counts. */
static void torn_slot_does_no_harm(void)
{
    fixture_t *fixture = fixture_make();
    size_t at;

    /* Height, hash and signature; the lines before them are not believed anyway. */
    for (at = sizeof("civarcos-block/v1") + sizeof(name); at < 175; at += 7) {
        unlink(fixture->head_file);
        write_block(fixture->head_file, 10);
        write_block(fixture->head_file, 11);
        overwrite(fixture->head_file, SLOT + (off_t)at, "\1\1\1\1\1\1\1", 7);
        CU_ASSERT(names_block(fixture->head_file, 10));
        write_block(fixture->head_file, 11);
        CU_ASSERT(names_block(fixture->head_file, 11));
        overwrite(fixture->head_file, (off_t)at, "\1\1\1\1\1\1\1", 7);
        CU_ASSERT(names_block(fixture->head_file, 11));
    }
}

static void two_torn_slots_are_damage(void)
{
    fixture_t *fixture = fixture_make();
    civ_signed_head_t head;

    write_block(fixture->head_file, 10);
    overwrite(fixture->head_file, 60, "*", 1);
    overwrite(fixture->head_file, SLOT + 120, "\n", 1);
    CU_ASSERT_EQUAL(read_head(fixture->head_file, &head), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(truncate(fixture->head_file, 0), 0);
    CU_ASSERT_EQUAL(read_head(fixture->head_file, &head), CIV_EINTEGRITY);
}

static void short_file_keeps_its_first_slot(void)
{
    fixture_t *fixture = fixture_make();

    write_block(fixture->head_file, 10);
    CU_ASSERT_EQUAL(truncate(fixture->head_file, SLOT), 0);
    CU_ASSERT(names_block(fixture->head_file, 10));
}

static void other_key_and_other_name_do_not_verify(void)
{
    fixture_t *fixture = fixture_make();
    civ_signed_head_t head;

    write_block(fixture->head_file, 10);
    CU_ASSERT_EQUAL(
        civ_head_file_read(&head, fixture->head_file, name, civ_key_public(fixture->config.key), test_pool()),
        CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(civ_head_file_read(&head, fixture->head_file, "another",
                                       civ_key_public(fixture_other_key()), test_pool()),
                    CIV_EINTEGRITY);
}

/* Height, hash or signature of one block and the rest of another. */
static void mixed_slots_do_not_verify(void)
{
    fixture_t *fixture = fixture_make();
    civ_block_t block = signed_block(10), other = signed_block(11);
    civ_signed_head_t head;

    block.header.height = 12;
    CU_ASSERT_EQUAL(civ_head_file_write(fixture->head_file, &block, name, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(read_head(fixture->head_file, &head), CIV_EINTEGRITY);
    unlink(fixture->head_file);
    block = signed_block(10);
    memcpy(block.signature, other.signature, sizeof(block.signature));
    CU_ASSERT_EQUAL(civ_head_file_write(fixture->head_file, &block, name, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(read_head(fixture->head_file, &head), CIV_EINTEGRITY);
}

static void long_names_fit(void)
{
    fixture_t *fixture = fixture_make();
    char long_name[256];
    civ_block_t block = {.header = {.height = APR_UINT64_MAX}};
    civ_signed_head_t head;

    memset(long_name, 'n', 255);
    long_name[255] = '\0';
    CU_ASSERT_EQUAL(civ_block_sign(&block, long_name, fixture_other_key(), test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_head_file_write(fixture->head_file, &block, long_name, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_head_file_read(&head, fixture->head_file, long_name,
                                       civ_key_public(fixture_other_key()), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(head.height, APR_UINT64_MAX);
}

static void file_without_a_folder_fails(void)
{
    fixture_t *fixture = fixture_make();
    civ_block_t block = signed_block(1);

    CU_ASSERT(civ_head_file_write(apr_pstrcat(test_pool(), fixture->folder, "/none/head", NULL), &block, name,
                                  test_pool()) != APR_SUCCESS);
}

static const test_case_t cases[] = {
    {"missing_file_is_said_to_be_missing", missing_file_is_said_to_be_missing},
    {"newest_block_is_read_back", newest_block_is_read_back},
    {"first_write_fills_both_slots", first_write_fills_both_slots},
    {"torn_slot_does_no_harm", torn_slot_does_no_harm},
    {"two_torn_slots_are_damage", two_torn_slots_are_damage},
    {"short_file_keeps_its_first_slot", short_file_keeps_its_first_slot},
    {"other_key_and_other_name_do_not_verify", other_key_and_other_name_do_not_verify},
    {"mixed_slots_do_not_verify", mixed_slots_do_not_verify},
    {"long_names_fit", long_names_fit},
    {"file_without_a_folder_fails", file_without_a_folder_fails},
    {NULL, NULL},
};

const test_suite_t ledger_head_file_suite = {"ledger_head_file", NULL, NULL, cases};
