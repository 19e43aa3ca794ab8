/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_key_json.c
 * Public keys in the forms that clients send, and those that must not be taken.
 */
#include "base/key_json.h"

#include "base/encoding.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* RFC 8032, section 7.1, test 2; the same as in RFC 8037's form. */
#define RAW_HEX "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define BASE64  "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
#define URL     "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"
#define PEM                                                                                                  \
    "-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\\n"           \
    "-----END PUBLIC KEY-----\\n"

static apr_status_t read_key(const char *json, civ_public_key_t **key)
{
    const civ_json_t *value = NULL;
    civ_problem_t problem = {.kind = CIV_PROBLEM_NONE};
    apr_status_t status;

    CU_ASSERT_FATAL(civ_json_parse(&value, json, strlen(json), &civ_json_request_limits, &problem,
                                   test_pool()) == APR_SUCCESS);
    status = civ_public_key_from_json(key, value, "/public_key", &problem, test_pool());
    if (status != APR_SUCCESS) {
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INVALID_MEMBER);
        CU_ASSERT_STRING_EQUAL(problem.pointer, "/public_key");
    }
    return status;
}

static void all_forms(void)
{
    static const char *const forms[] = {
        "\"" BASE64 "\"",
        "\"" URL "\"",
        "\"" URL "=\"",
        "\"" PEM "\"",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" URL "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" URL "\",\"kid\":\"7\",\"alg\":\"EdDSA\"}",
    };
    size_t i;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        civ_public_key_t *key = NULL;
        char hex[65] = "";

        CU_ASSERT_EQUAL(read_key(forms[i], &key), APR_SUCCESS);
        if (key)
            civ_hex_encode(hex, civ_public_key_raw(key), CIV_KEY_PUBLIC_SIZE);
        CU_ASSERT_STRING_EQUAL(hex, RAW_HEX);
    }
}

static void what_is_no_key(void)
{
    static const char *const texts[] = {
        "\"\"",
        "\"AAAA\"",
        "\"" URL "A\"",
        "\"" BASE64 "\\n\"",
        "\"" BASE64 "\\u0000\"",
        "\"=\"",
        "7",
        "null",
        "[]",
        "{}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" URL "\"}",
        "{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" URL "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" BASE64 "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":7}",
        /* a private key */
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" URL "\",\"d\":\"" URL "\"}",
        "\"-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\\n"
        "-----END PRIVATE KEY-----\\n\"",
        "\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA\\n-----END PUBLIC KEY-----\\n\"",
        /* X25519 in PEM */
        "\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VuAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\\n"
        "-----END PUBLIC KEY-----\\n\"",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        civ_public_key_t *key;

        CU_ASSERT_EQUAL(read_key(texts[i], &key), CIV_EINVALID);
    }
}

static apr_status_t read_hex(const char *hex)
{
    unsigned char raw[CIV_KEY_PUBLIC_SIZE];
    civ_public_key_t *key;

    CU_ASSERT_FATAL(civ_hex_decode(raw, sizeof(raw), hex) == APR_SUCCESS);
    return read_key(
        apr_pstrcat(test_pool(), "\"", civ_base64_encode(raw, sizeof(raw), test_pool()), "\"", NULL), &key);
}

static void weak_keys(void)
{
    static const char *const hexes[] = {
        /* all zero, and other points of small order, with either sign of x */
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        /* y is not below p: p, p + 1, p + 3 (3 is a point), 2^255 - 1 */
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        /* no point of the curve */
        "0200000000000000000000000000000000000000000000000000000000000000",
        "0200000000000000000000000000000000000000000000000000000000000080",
    };
    size_t i;

    for (i = 0; i < sizeof(hexes) / sizeof(hexes[0]); i++)
        CU_ASSERT_EQUAL(read_hex(hexes[i]), CIV_EINVALID);
    CU_ASSERT_EQUAL(read_hex("0300000000000000000000000000000000000000000000000000000000000000"),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(read_hex("0300000000000000000000000000000000000000000000000000000000000080"),
                    APR_SUCCESS);
}

/* Which y from 2 to 65 there is a point for, as worked out by another program. */
static void points_of_the_curve(void)
{
    static const char expected[] = "0111100110001110110101111111101101010110111000100110111110111101";
    int y;

    for (y = 2; y <= 65; y++) {
        const char *hex = apr_psprintf(test_pool(), "%02x%062d", y, 0);

        CU_ASSERT_EQUAL(read_hex(hex) == APR_SUCCESS, expected[y - 2] == '1');
    }
}

static const test_case_t cases[] = {
    {"all_forms", all_forms},
    {"what_is_no_key", what_is_no_key},
    {"weak_keys", weak_keys},
    {"points_of_the_curve", points_of_the_curve},
    {NULL, NULL},
};

const test_suite_t base_key_json_suite = {"base_key_json", NULL, NULL, cases};
