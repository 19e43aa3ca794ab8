/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_keys.c
 * Ed25519 keys: RFC 8032's vectors, PEM, and what key files must and must not be.
 */
#include "support/runner.h"

#include "base/encoding.h"
#include "base/keys.h"
#include "base/status.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/civarcos-keys-XXXXXX";

/** The example of RFC 8410 section 10.3. */
static const char good_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                               "-----END PRIVATE KEY-----\n";

static int make_folder(void)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void)
{
    return rmdir(folder); /* fails when a case has left a file behind, a temporary one for instance */
}

static const char *path_of(const char *name)
{
    return apr_pstrcat(test_pool(), folder, "/", name, NULL);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    CU_ASSERT_FATAL(file != NULL);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static const civ_key_t *test_key(void)
{
    static const unsigned char seed[32] = "civarcos test key, 32 bytes long";
    civ_key_t *key = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_key_from_seed(&key, seed, test_pool()), APR_SUCCESS);
    return key;
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static void rfc_8032_vectors(void)
{
    static const struct {
        const char *seed, *public_hex, *message, *signature;
    } rows[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25"
         "bf5f0595b"
         "be24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387"
         "b2eaeb430"
         "2aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7"
         "c15e9716e"
         "d28dc027beceea1ec40a"},
    };
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char seed[32], expected[32], message[2], signature[64], good[64];
        apr_size_t length = strlen(rows[i].message) / 2;
        civ_public_key_t *public_key;
        civ_key_t *key;

        civ_hex_decode(seed, 32, rows[i].seed);
        civ_hex_decode(expected, 32, rows[i].public_hex);
        civ_hex_decode(message, length, rows[i].message);
        civ_hex_decode(good, 64, rows[i].signature);
        CU_ASSERT_EQUAL_FATAL(civ_key_from_seed(&key, seed, test_pool()), APR_SUCCESS);
        CU_ASSERT(memcmp(civ_public_key_raw(civ_key_public(key)), expected, 32) == 0);
        CU_ASSERT_EQUAL(civ_key_sign(key, signature, message, length), APR_SUCCESS);
        CU_ASSERT(memcmp(signature, good, 64) == 0);
        CU_ASSERT_EQUAL(civ_public_key_from_raw(&public_key, expected, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_public_key_verify(public_key, signature, message, length), APR_SUCCESS);
    }
}

static void spoiled_signatures_fail(void)
{
    const civ_key_t *key = test_key();
    const civ_public_key_t *public_key = civ_key_public(key);
    unsigned char signature[64];
    civ_key_t *other;
    int i, wrong = 0;

    CU_ASSERT_EQUAL(civ_key_sign(key, signature, "message", 7), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_public_key_verify(public_key, signature, "message", 7), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_public_key_verify(public_key, signature, "messagf", 7), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_public_key_verify(public_key, signature, "message", 6), CIV_EINVALID);
    for (i = 0; i < 64; i++) {
        signature[i] ^= 0x10;
        wrong += civ_public_key_verify(public_key, signature, "message", 7) != CIV_EINVALID;
        signature[i] ^= 0x10;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(civ_key_generate(&other, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(other), signature, "message", 7), CIV_EINVALID);
}

static void generated_keys_differ_and_work(void)
{
    civ_key_t *first, *second;
    unsigned char signature[64];

    CU_ASSERT_EQUAL_FATAL(civ_key_generate(&first, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_key_generate(&second, test_pool()), APR_SUCCESS);
    CU_ASSERT(
        memcmp(civ_public_key_raw(civ_key_public(first)), civ_public_key_raw(civ_key_public(second)), 32));
    CU_ASSERT_EQUAL(civ_key_sign(first, signature, "x", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(first), signature, "x", 1), APR_SUCCESS);
}

/* The example of RFC 8410 section 10.1. */
static void public_keys_as_pem(void)
{
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                              "-----END PUBLIC KEY-----\n";
    unsigned char raw[32];
    civ_public_key_t *key, *again;

    civ_hex_decode(raw, 32, "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    CU_ASSERT_EQUAL_FATAL(civ_public_key_from_pem(&key, pem, test_pool()), APR_SUCCESS);
    CU_ASSERT(memcmp(civ_public_key_raw(key), raw, 32) == 0);
    CU_ASSERT_STRING_EQUAL(civ_public_key_pem(key), pem);
    CU_ASSERT_EQUAL_FATAL(civ_public_key_from_raw(&again, raw, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_public_key_pem(again), pem);
    CU_ASSERT_STRING_EQUAL(civ_public_key_pem(civ_key_public(test_key())) + strlen(pem) - 25,
                           "-----END PUBLIC KEY-----\n");
}

static void wrong_pem_is_refused(void)
{
    static const char *const rows[] = {
        "", "x", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqow\n-----END PUBLIC "
        "KEY-----\n",
        /* X25519, not Ed25519 */
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n",
        /* a private key is no public key */
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n"};
    civ_public_key_t *key = NULL;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(civ_public_key_from_pem(&key, rows[i], test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NULL(key);
    }
    CU_ASSERT_EQUAL(ERR_peek_error(), 0); /* nothing left for other users of OpenSSL to stumble over */
}

static void small_order_keys_are_refused(void)
{
    static const char *const rows[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                       "0100000000000000000000000000000000000000000000000000000000000000",
                                       "0100000000000000000000000000000000000000000000000000000000000080",
                                       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                       "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                                       "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    civ_public_key_t *key;
    unsigned char raw[32];
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_hex_decode(raw, 32, rows[i]);
        CU_ASSERT_EQUAL(civ_public_key_from_raw(&key, raw, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NULL(key);
    }
}

static void files_round_trip(void)
{
    const civ_key_t *key = test_key();
    const char *path = path_of("node.pem");
    civ_key_t *loaded = NULL;
    struct stat info;
    unsigned long length;
    char *text;

    CU_ASSERT_EQUAL_FATAL(civ_key_save(key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT(stat(path, &info) == 0 && (info.st_mode & 07777) == 0600 && info.st_nlink == 1);
    text = test_read_file(path, &length);
    CU_ASSERT(text && strncmp(text, "-----BEGIN PRIVATE KEY-----\n", 28) == 0);
    CU_ASSERT_EQUAL_FATAL(civ_key_load(&loaded, path, test_pool()), APR_SUCCESS);
    CU_ASSERT(
        memcmp(civ_public_key_raw(civ_key_public(loaded)), civ_public_key_raw(civ_key_public(key)), 32) == 0);
    unlink(path);
}

static void saving_replaces_nothing(void)
{
    const char *path = path_of("there.pem");
    unsigned long length;

    write_file(path, "precious", 0600);
    CU_ASSERT_EQUAL(civ_key_save(test_key(), path, test_pool()), APR_EEXIST);
    CU_ASSERT_STRING_EQUAL(test_read_file(path, &length), "precious");
    unlink(path);
    CU_ASSERT(APR_STATUS_IS_ENOENT(civ_key_save(test_key(), path_of("no/such/folder.pem"), test_pool())));
}

static void saving_is_relative_too(void)
{
    char *before = getcwd(NULL, 0);

    CU_ASSERT_FATAL(before && chdir(folder) == 0);
    CU_ASSERT_EQUAL(civ_key_save(test_key(), "relative.pem", test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(unlink("relative.pem"), 0);
    CU_ASSERT_EQUAL(chdir(before), 0);
    free(before);
}

static void loading_wants_the_owner_alone(void)
{
    static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0601, 0666};
    const char *path = path_of("mode.pem");
    civ_key_t *key = NULL;
    unsigned i;

    write_file(path, good_pem, 0600);
    CU_ASSERT_EQUAL_FATAL(civ_key_load(&key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_public_key_raw(civ_key_public(key))[0], 0x19);
    chmod(path, 0400);
    CU_ASSERT_EQUAL(civ_key_load(&key, path, test_pool()), APR_SUCCESS);
    for (i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        chmod(path, open_modes[i]);
        CU_ASSERT_EQUAL(civ_key_load(&key, path, test_pool()), APR_EACCES);
        CU_ASSERT_PTR_NULL(key);
    }
    unlink(path);
}

static void loading_refuses_other_files(void)
{
    static const char *const rows[] = {
        "", "no key\n", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\n-----END PRIVATE KEY-----\n",
        /* X25519 */
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n",
        /* encrypted: refused without asking anybody for a password */
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh47SgmEhv/6QICCAAw\n"
        "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEM5ivNkW7pman9F6PnPi9T4EQJ7s\n"
        "ntkD62S1MQqgfTfuJKZhEed8fl2wA0Irz6xKoJM8rizXfNpONshbSp/0Ex3qbABx\n"
        "U9qUZgAp8IA7VKZJVdo=\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n"};
    const char *path = path_of("wrong.pem");
    civ_key_t *key = NULL;
    char *large = apr_palloc(test_pool(), 100000 + sizeof(good_pem));
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(path, rows[i], 0600);
        if (civ_key_load(&key, path, test_pool()) != CIV_EINVALID) {
            test_note("taken: %s", rows[i]);
            CU_FAIL("no Ed25519 private key");
        }
        CU_ASSERT_PTR_NULL(key);
    }
    memset(large, '\n', 100000);
    memcpy(large + 100000, good_pem, sizeof(good_pem)); /* a key, but who would write it so */
    write_file(path, large, 0600);
    CU_ASSERT_EQUAL(civ_key_load(&key, path, test_pool()), CIV_EINVALID);
    unlink(path);
    CU_ASSERT(APR_STATUS_IS_ENOENT(civ_key_load(&key, path, test_pool())));
    CU_ASSERT_EQUAL(civ_key_load(&key, folder, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(civ_key_load(&key, path, test_pool()), CIV_EINVALID); /* and does not wait for a writer */
    unlink(path);
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

static const test_case_t cases[] = {
    {"rfc_8032_vectors", rfc_8032_vectors},
    {"spoiled_signatures_fail", spoiled_signatures_fail},
    {"generated_keys_differ_and_work", generated_keys_differ_and_work},
    {"public_keys_as_pem", public_keys_as_pem},
    {"wrong_pem_is_refused", wrong_pem_is_refused},
    {"small_order_keys_are_refused", small_order_keys_are_refused},
    {"files_round_trip", files_round_trip},
    {"saving_replaces_nothing", saving_replaces_nothing},
    {"saving_is_relative_too", saving_is_relative_too},
    {"loading_wants_the_owner_alone", loading_wants_the_owner_alone},
    {"loading_refuses_other_files", loading_refuses_other_files},
    {NULL, NULL},
};

const test_suite_t base_keys_suite = {"base_keys", make_folder, remove_folder, cases};
