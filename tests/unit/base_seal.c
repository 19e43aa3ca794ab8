/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_seal.c
 * Secrets at rest, and the file of their keys.
 */
#include "support/runner.h"

#include "base/encoding.h"
#include "base/seal.h"
#include "base/secret.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static civ_seal_key_t *make_key(void)
{
    civ_seal_key_t *key;

    CU_ASSERT_EQUAL_FATAL(civ_seal_key_make(&key, test_pool()), APR_SUCCESS);
    return key;
}

static char *seal(const civ_seal_key_t *key, const char *owner, const char *field, const char *secret)
{
    char *sealed;

    CU_ASSERT_EQUAL_FATAL(civ_seal(&sealed, key, owner, field, secret, strlen(secret), test_pool()),
                          APR_SUCCESS);
    return sealed;
}

static apr_status_t open_as(const civ_seal_key_t *key, const char *owner, const char *field,
                            const char *sealed)
{
    char *secret;
    apr_size_t length;
    apr_status_t status = civ_seal_open(&secret, &length, key, owner, field, sealed, test_pool());

    CU_ASSERT_EQUAL(status == APR_SUCCESS, secret != NULL);
    return status;
}

static void round_trips(void)
{
    static const apr_size_t lengths[] = {0, 1, 15, 16, 17, 1000, CIV_SEAL_MOST};
    const civ_seal_key_t *key = make_key();
    char *plain = apr_palloc(test_pool(), CIV_SEAL_MOST + 1);
    char *sealed;
    size_t i;

    memset(plain, 'x', CIV_SEAL_MOST + 1);
    plain[0] = '\0';
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char *secret;
        apr_size_t length;

        CU_ASSERT_EQUAL_FATAL(civ_seal(&sealed, key, "c1", "token", plain, lengths[i], test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(civ_seal_open(&secret, &length, key, "c1", "token", sealed, test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL(length, lengths[i]);
        CU_ASSERT_EQUAL(memcmp(secret, plain, length), 0);
        CU_ASSERT_EQUAL(secret[length], '\0');
    }
    CU_ASSERT_EQUAL(civ_seal(&sealed, key, "c1", "token", plain, CIV_SEAL_MOST + 1, test_pool()),
                    CIV_EINVALID);
}

/* Twice the same secret is twice another text: nobody can tell that two connectors have the same. */
static void never_the_same_twice(void)
{
    const civ_seal_key_t *key = make_key();
    const char *first = seal(key, "c1", "token", "geheim");

    CU_ASSERT_STRING_NOT_EQUAL(first, seal(key, "c1", "token", "geheim"));
    CU_ASSERT_PTR_NULL(strstr(first, "geheim"));
    CU_ASSERT_EQUAL(strncmp(first, "v1.", 3), 0);
    CU_ASSERT_EQUAL(strncmp(first + 3, civ_seal_key_id(key), 16), 0);
    CU_ASSERT_EQUAL(strlen(civ_seal_key_id(key)), 16);
}

/* A text moved to another place of the database is worth nothing there. */
static void bound_to_its_place(void)
{
    const civ_seal_key_t *key = make_key();
    const char *sealed = seal(key, "ab", "c", "geheim");

    CU_ASSERT_EQUAL(open_as(key, "ab", "c", sealed), APR_SUCCESS);
    CU_ASSERT_EQUAL(open_as(key, "ab", "d", sealed), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(open_as(key, "a", "bc", sealed), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(open_as(key, "abc", "", sealed), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(open_as(key, "c", "ab", sealed), CIV_EINTEGRITY);
}

/* Each bit of nonce, ciphertext and tag. */
static void changed_bits(void)
{
    const civ_seal_key_t *key = make_key();
    const char *sealed = seal(key, "c1", "token", "geheim");
    unsigned char *box;
    apr_size_t length;
    apr_size_t bit;

    CU_ASSERT_EQUAL_FATAL(civ_base64url_decode(&box, &length, sealed + 20, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(length, 12 + 6 + 16);
    for (bit = 0; bit < 8 * length; bit++) {
        char *changed;

        box[bit / 8] ^= (unsigned char)(1 << bit % 8);
        changed = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), sealed, 20),
                              civ_base64url_encode(box, length, test_pool()), NULL);
        box[bit / 8] ^= (unsigned char)(1 << bit % 8);
        CU_ASSERT_EQUAL(open_as(key, "c1", "token", changed), CIV_EINTEGRITY);
    }
}

static void no_sealed_texts(void)
{
    const civ_seal_key_t *key = make_key();
    const char *id = civ_seal_key_id(key);
    const char *const rows[] = {
        "", "v1.", "v2.0123456789abcdef.AAAA", "v1.0123456789abcdeg.AAAA", "v1.0123456789ABCDEF.AAAA",
        "v1.0123456789abcdef", apr_pstrcat(test_pool(), "v1.", id, ".", NULL),
        apr_pstrcat(test_pool(), "v1.", id, ".!!!!", NULL),
        /* one byte less than nonce and tag */
        apr_pstrcat(test_pool(), "v1.", id, ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL)};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(open_as(key, "c1", "token", rows[i]), CIV_EINVALID);
}

static void rotation(void)
{
    const civ_seal_key_t *old = make_key();
    const char *before = seal(old, "c1", "token", "geheim");
    civ_seal_key_t *key;
    const char *after;
    int i;

    CU_ASSERT_EQUAL_FATAL(civ_seal_key_rotate(&key, old, test_pool()), APR_SUCCESS);
    after = seal(key, "c1", "token", "geheim");
    CU_ASSERT_EQUAL(open_as(key, "c1", "token", before), APR_SUCCESS);
    CU_ASSERT_EQUAL(open_as(key, "c1", "token", after), APR_SUCCESS);
    CU_ASSERT_EQUAL(open_as(old, "c1", "token", after), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_seal_key_count(key), 2);
    CU_ASSERT_EQUAL(civ_seal_key_place(key, before), 1);
    CU_ASSERT_EQUAL(civ_seal_key_place(key, after), 0);
    CU_ASSERT_EQUAL(civ_seal_key_place(old, after), -1);
    CU_ASSERT_EQUAL(civ_seal_key_place(key, "what"), -1);
    for (i = 2; i < CIV_SEAL_KEYS_MOST; i++)
        CU_ASSERT_EQUAL_FATAL(civ_seal_key_rotate(&key, key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(open_as(key, "c1", "token", before), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_seal_key_rotate(&key, key, test_pool()), APR_ENOSPC);
}

static void picking(void)
{
    const civ_seal_key_t *oldest = make_key();
    civ_seal_key_t *middle, *all, *some;
    const char *sealed[3];

    sealed[2] = seal(oldest, "c1", "token", "x");
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_rotate(&middle, oldest, test_pool()), APR_SUCCESS);
    sealed[1] = seal(middle, "c1", "token", "x");
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_rotate(&all, middle, test_pool()), APR_SUCCESS);
    sealed[0] = seal(all, "c1", "token", "x");
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_pick(&some, all, 1u | 4u, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_seal_key_count(some), 2);
    CU_ASSERT_EQUAL(civ_seal_key_place(some, sealed[0]), 0);
    CU_ASSERT_EQUAL(civ_seal_key_place(some, sealed[1]), -1);
    CU_ASSERT_EQUAL(civ_seal_key_place(some, sealed[2]), 1);
    CU_ASSERT_EQUAL(open_as(some, "c1", "token", sealed[2]), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_pick(&some, all, 4u, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_seal_key_id(some), civ_seal_key_id(oldest));
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_pick(&some, all, ~0u, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_seal_key_count(some), 3);
}

/* --- files --- */

static char *new_folder(void)
{
    char *folder = apr_pstrdup(test_pool(), "/tmp/civarcos-seal-XXXXXX");

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    return folder;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_FATAL(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, mode) == 0);
}

static void files(void)
{
    const char *folder = new_folder();
    const char *path = apr_pstrcat(test_pool(), folder, "/secrets.key", NULL);
    const civ_seal_key_t *key = make_key();
    const char *sealed = seal(key, "c1", "token", "geheim");
    civ_seal_key_t *again;
    civ_seal_key_t *rotated;
    struct stat info;

    CU_ASSERT_EQUAL(civ_seal_key_load(&again, path, test_pool()), APR_ENOENT);
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_save(key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT(stat(path, &info) == 0 && (info.st_mode & 07777) == 0600);
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_load(&again, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_seal_key_id(again), civ_seal_key_id(key));
    CU_ASSERT_EQUAL(open_as(again, "c1", "token", sealed), APR_SUCCESS);
    /* A key file is never replaced by accident. */
    CU_ASSERT(APR_STATUS_IS_EEXIST(civ_seal_key_save(make_key(), path, test_pool())));
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_rotate(&rotated, again, test_pool()), APR_SUCCESS);
    /* What was killed on the way leaves keys behind; what others have put there is theirs. */
    write_file(apr_pstrcat(test_pool(), path, ".unfinished-aB3xY9", NULL), "", 0600);
    write_file(apr_pstrcat(test_pool(), path, ".backup", NULL), "", 0600);
    CU_ASSERT_EQUAL(civ_seal_key_replace(rotated, path, test_pool()), APR_SUCCESS);
    CU_ASSERT(stat(path, &info) == 0 && (info.st_mode & 07777) == 0600);
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_load(&again, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_seal_key_id(again), civ_seal_key_id(rotated));
    CU_ASSERT_EQUAL(open_as(again, "c1", "token", sealed), APR_SUCCESS);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    CU_ASSERT_EQUAL(civ_seal_key_load(&again, path, test_pool()), APR_EACCES);
    unlink(path);
    CU_ASSERT_EQUAL(unlink(apr_pstrcat(test_pool(), path, ".backup", NULL)), 0);
    /* Nothing else is left behind. */
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void bad_files(void)
{
    const char *folder = new_folder();
    const char *path = apr_pstrcat(test_pool(), folder, "/secrets.key", NULL);
    const char *const rows[] = {"", "# only a comment\n", "geheim\n",
                                "civarcos-seal-key/1 0123456789abcdef\n",
                                /* a key with another's id */
                                "civarcos-seal-key/1 0123456789abcdef "
                                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                                "civarcos-seal-key/2 e9c7a2a6f3ba366f "
                                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"};
    civ_seal_key_t *key;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(path, rows[i], 0600);
        CU_ASSERT_EQUAL(civ_seal_key_load(&key, path, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NULL(key);
    }
    unlink(path);
    CU_ASSERT_EQUAL(civ_seal_key_load(&key, folder, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* The format must stay what it is: a file and a sealed text of long ago. */
static void known_answer(void)
{
    const char *folder = new_folder();
    const char *path = apr_pstrcat(test_pool(), folder, "/secrets.key", NULL);
    char *secret;
    apr_size_t length;
    civ_seal_key_t *key;

    write_file(path,
               "# a comment\n\n"
               "civarcos-seal-key/1 e9c7a2a6f3ba366f "
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
               0600);
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_load(&key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_seal_open(&secret, &length, key, "connector", "token",
                                        "v1.e9c7a2a6f3ba366f.ZGVmZ2hpamtsbW5vL362AxCETwlHCJD0wcMw-riF2AXjLg",
                                        test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(secret, "geheim");
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void secrets(void)
{
    char *copy = civ_secret_dup("geheim", test_pool());
    char plain[] = "geheim";

    CU_ASSERT_STRING_EQUAL_FATAL(copy, "geheim");
    CU_ASSERT_TRUE(civ_secret_equal(copy, plain, 6));
    CU_ASSERT_FALSE(civ_secret_equal(copy, "geheiN", 6));
    CU_ASSERT_TRUE(civ_secret_equal(copy, "x", 0));
    civ_secret_wipe(plain, sizeof(plain));
    CU_ASSERT_EQUAL(memcmp(plain, "\0\0\0\0\0\0\0", 7), 0);
}

static const test_case_t cases[] = {
    {"round_trips", round_trips},
    {"never_the_same_twice", never_the_same_twice},
    {"bound_to_its_place", bound_to_its_place},
    {"changed_bits", changed_bits},
    {"no_sealed_texts", no_sealed_texts},
    {"rotation", rotation},
    {"picking", picking},
    {"files", files},
    {"bad_files", bad_files},
    {"known_answer", known_answer},
    {"secrets", secrets},
    {NULL, NULL},
};
const test_suite_t base_seal_suite = {"base_seal", NULL, NULL, cases};
