/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_digest.c
 * SHA-256, hex, and both base64 alphabets.
 */
#include "support/runner.h"

#include "base/digest.h"
#include "base/encoding.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *hex_of(const void *data, apr_size_t length)
{
    char out[CIV_DIGEST_HEX_SIZE];
    civ_digest_t digest;

    civ_digest_sha256(&digest, data, length);
    return apr_pstrdup(test_pool(), civ_digest_hex(out, &digest));
}

/* FIPS 180-4's examples, and the empty message. */
static void sha256_known_answers(void)
{
    char *million = apr_palloc(test_pool(), 1000000);

    CU_ASSERT_STRING_EQUAL(hex_of("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CU_ASSERT_STRING_EQUAL(hex_of(NULL, 0),
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CU_ASSERT_STRING_EQUAL(hex_of("abc", 3),
                           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CU_ASSERT_STRING_EQUAL(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
                           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', 1000000);
    CU_ASSERT_STRING_EQUAL(hex_of(million, 1000000),
                           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void sha256_of_two_runs(void)
{
    char text[200];
    civ_digest_t whole, parts;
    int cut;

    memset(text, 'q', sizeof(text));
    civ_digest_sha256(&whole, text, sizeof(text));
    for (cut = 0; cut <= (int)sizeof(text); cut++) {
        civ_digest_sha256_two(&parts, text, (apr_size_t)cut, text + cut, sizeof(text) - (apr_size_t)cut);
        if (!civ_digest_equal(&whole, &parts)) {
            CU_FAIL("two runs differ from one");
        }
    }
    CU_ASSERT_EQUAL(cut, 201);
}

static void digests_to_and_from_hex(void)
{
    static const char hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    char wrong[70];
    civ_digest_t digest, other;

    CU_ASSERT_EQUAL(civ_digest_from_hex(&digest, hex), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&digest, test_pool()), hex);
    other = digest;
    CU_ASSERT(civ_digest_equal(&digest, &other));
    other.bytes[31] ^= 1;
    CU_ASSERT_FALSE(civ_digest_equal(&digest, &other));
    CU_ASSERT_EQUAL(civ_digest_from_hex(&digest, hex + 1), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_digest_from_hex(&digest, ""), CIV_EINVALID);
    apr_snprintf(wrong, sizeof(wrong), "%s0", hex);
    CU_ASSERT_EQUAL(civ_digest_from_hex(&digest, wrong), CIV_EINVALID);
    apr_cpystrn(wrong, hex, sizeof(wrong));
    wrong[0] = 'B';
    CU_ASSERT_EQUAL(civ_digest_from_hex(&digest, wrong), CIV_EINVALID);
    wrong[0] = 'b';
    wrong[63] = 'g';
    CU_ASSERT_EQUAL(civ_digest_from_hex(&digest, wrong), CIV_EINVALID);
}

static void hex_is_strict(void)
{
    unsigned char bytes[2];
    char text[5];

    civ_hex_encode(text, "\x00\xff", 2);
    CU_ASSERT_STRING_EQUAL(text, "00ff");
    civ_hex_encode(text, "", 0);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, "09af"), APR_SUCCESS);
    CU_ASSERT(bytes[0] == 0x09 && bytes[1] == 0xaf);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 0, ""), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 0, "0"), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, "09a"), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, "09af0"), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, "09AF"), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, " 9af"), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, "0x12"), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_hex_decode(bytes, 2, "0:12"), CIV_EINVALID);
}

/* RFC 4648 section 10. */
static void base64_known_answers(void)
{
    static const char *const rows[][3] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_size_t length = strlen(rows[i][0]);
        unsigned char *bytes = NULL;
        apr_size_t got = 99;

        CU_ASSERT_STRING_EQUAL(civ_base64_encode(rows[i][0], length, test_pool()), rows[i][1]);
        CU_ASSERT_STRING_EQUAL(civ_base64url_encode(rows[i][0], length, test_pool()), rows[i][2]);
        CU_ASSERT_EQUAL(civ_base64_decode(&bytes, &got, rows[i][1], test_pool()), APR_SUCCESS);
        CU_ASSERT(got == length && memcmp(bytes, rows[i][0], length) == 0);
        CU_ASSERT_EQUAL(civ_base64url_decode(&bytes, &got, rows[i][2], test_pool()), APR_SUCCESS);
        CU_ASSERT(got == length && memcmp(bytes, rows[i][0], length) == 0);
    }
}

static void base64_round_trips(void)
{
    unsigned char data[257];
    int wrong = 0;
    unsigned i, length;

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char)(i * 37 + 11);
    }
    for (length = 0; length <= sizeof(data); length++) {
        unsigned char *bytes;
        apr_size_t got;

        wrong += civ_base64_decode(&bytes, &got, civ_base64_encode(data, length, test_pool()), test_pool()) !=
                     APR_SUCCESS ||
                 got != length || memcmp(bytes, data, length) != 0;
        wrong += civ_base64url_decode(&bytes, &got, civ_base64url_encode(data, length, test_pool()),
                                      test_pool()) != APR_SUCCESS ||
                 got != length || memcmp(bytes, data, length) != 0;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void base64_is_strict(void)
{
    static const char *const wrong[] = {
        "Z",      "Zg",   "Zg=",      "Zg===", "=",    "==",   "====",     "Zh==",  "Zm9=", "Zm 9v", "Zm9v ",
        "Zm9v\n", "Z===", "Zg==Zg==", "-__-",  "Zm9*", "Zm=v", "Zm8=Zm8=", "Zm9vY", "A=BC", "=AAA"};
    static const char *const wrong_url[] = {"Z",   "A",    "AAAAA", "Zg==",  "Zm8=",  "Zh",
                                            "Zm9", "+//+", "Zm 9v", "Zm9vY", "Zm9v\n"};
    unsigned char *bytes;
    apr_size_t length;
    unsigned i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (civ_base64_decode(&bytes, &length, wrong[i], test_pool()) != CIV_EINVALID) {
            test_note("taken: %s", wrong[i]);
            CU_FAIL("malformed base64 was taken");
        }
    }
    for (i = 0; i < sizeof(wrong_url) / sizeof(wrong_url[0]); i++) {
        if (civ_base64url_decode(&bytes, &length, wrong_url[i], test_pool()) != CIV_EINVALID) {
            test_note("taken: %s", wrong_url[i]);
            CU_FAIL("malformed base64url was taken");
        }
    }
    CU_ASSERT_EQUAL(civ_base64_decode(&bytes, &length, "\xc3\xa9\xc3\xa9", test_pool()), CIV_EINVALID);
}

/* The same as of bytes in memory, from where the file stands. */
static void sha256_of_file(void)
{
    apr_size_t length = 200001;
    char *data = apr_palloc(test_pool(), length);
    FILE *file = tmpfile();
    civ_digest_t of_file, of_memory;
    apr_uint64_t size;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    memset(data, 'x', length);
    CU_ASSERT_EQUAL(fwrite(data, 1, length, file), length);
    CU_ASSERT_EQUAL(fflush(file), 0);
    CU_ASSERT_EQUAL(lseek(fileno(file), 1, SEEK_SET), 1);
    CU_ASSERT_EQUAL(civ_digest_file(&of_file, &size, fileno(file)), APR_SUCCESS);
    civ_digest_sha256(&of_memory, data, length - 1);
    CU_ASSERT_EQUAL(size, length - 1);
    CU_ASSERT(civ_digest_equal(&of_file, &of_memory));
    CU_ASSERT_EQUAL(civ_digest_file(&of_file, &size, fileno(file)), APR_SUCCESS);
    CU_ASSERT_EQUAL(size, 0);
    fclose(file);
    CU_ASSERT(civ_digest_file(&of_file, &size, -1) != APR_SUCCESS);
}

static const test_case_t cases[] = {
    {"sha256_of_file", sha256_of_file},
    {"sha256_known_answers", sha256_known_answers},
    {"sha256_of_two_runs", sha256_of_two_runs},
    {"digests_to_and_from_hex", digests_to_and_from_hex},
    {"hex_is_strict", hex_is_strict},
    {"base64_known_answers", base64_known_answers},
    {"base64_round_trips", base64_round_trips},
    {"base64_is_strict", base64_is_strict},
    {NULL, NULL},
};

const test_suite_t base_digest_suite = {"base_digest", NULL, NULL, cases};
