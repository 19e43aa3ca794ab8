/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_header.c
 * The 216 bytes of a header: layout, what must be as fixed, hash.
 */
#include "support/runner.h"

#include "base/encoding.h"
#include "base/json.h"
#include "base/status.h"
#include "ledger/header.h"

#include <apr_strings.h>

#include <string.h>

/* Block 1 of the shared vectors. */
static const char known_header[] =
    "43495641524342310000000000000008000000000000000100000199c82daa60006ef4a50f3aa03f3b5aef3244e65431"
    "70197d268d34baac7c0d1c640124e5e95c2547f6ca37f9ba3312481384b71b49e42dc914245ea5c3e22dc589f734cb47"
    "ec81b930e36458f95c1364a430e8316c097811d72bad3564018eb15bb8d0e64d00000000000000000000000100000000"
    "ec81b930e36458f95c1364a430e8316c097811d72bad3564018eb15bb8d0e64d4ad878f9140b1c62d01bb3e237cc69e5"
    "2416158974f401c3aad7096748d7a4730000000000000023";
static const char known_hash[] = "00b354990d604f780af218f8b1ae5f73e9b66ef86c65ae806dfee8a34f4d4519";

static const civ_json_limits_t wide = {10000000, 64, 100000, 1024};

static civ_digest_t filled(unsigned char byte)
{
    civ_digest_t digest;

    memset(digest.bytes, byte, sizeof(digest.bytes));
    return digest;
}

static civ_header_t sample(void)
{
    civ_header_t header = {.difficulty = 0x01020304,
                           .entry_count = 0x05060708,
                           .height = APR_UINT64_C(0x1112131415161718),
                           .timestamp = APR_INT64_C(0x2122232425262728),
                           .first_leaf = APR_UINT64_C(0x3132333435363738),
                           .nonce = APR_UINT64_C(0xf1f2f3f4f5f6f7f8)};

    header.previous_hash = filled(0xa1);
    header.ledger_id = filled(0xa2);
    header.evidence_root = filled(0xa3);
    header.log_root = filled(0xa4);
    header.validator_set_hash = filled(0xa5);
    return header;
}

static void layout_is_as_documented(void)
{
    static const struct {
        int at, length;
        unsigned char first, step; /* bytes of a field: first, first + step ... */
    } fields[] = {
        {8, 4, 0, 0},       {12, 4, 0x01, 1},   {16, 8, 0x11, 1},  {24, 8, 0x21, 1},  {32, 32, 0xa1, 0},
        {64, 32, 0xa2, 0},  {96, 32, 0xa3, 0},  {128, 8, 0x31, 1}, {136, 4, 0x05, 1}, {140, 4, 0, 0},
        {144, 32, 0xa4, 0}, {176, 32, 0xa5, 0}, {208, 8, 0xf1, 1},
    };
    unsigned char expected[CIV_HEADER_SIZE], packed[CIV_HEADER_SIZE];
    civ_header_t header = sample();
    int end = 8;
    size_t i;

    CU_ASSERT_EQUAL(CIV_HEADER_SIZE, 216);
    memcpy(expected, "CIVARCB1", 8);
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        int j;

        CU_ASSERT_EQUAL(fields[i].at, end);
        for (j = 0; j < fields[i].length; j++)
            expected[fields[i].at + j] = (unsigned char)(fields[i].first + j * fields[i].step);
        end += fields[i].length;
    }
    CU_ASSERT_EQUAL(end, 216);
    memset(packed, 0xff, sizeof(packed));
    civ_header_pack(packed, &header);
    CU_ASSERT(memcmp(packed, expected, sizeof(packed)) == 0);
}

static void unpacking_is_the_inverse(void)
{
    unsigned char packed[CIV_HEADER_SIZE], again[CIV_HEADER_SIZE];
    civ_header_t header = sample(), read;

    civ_header_pack(packed, &header);
    memset(&read, 0xee, sizeof(read));
    CU_ASSERT_EQUAL_FATAL(civ_header_unpack(&read, packed), APR_SUCCESS);
    CU_ASSERT_EQUAL(read.difficulty, header.difficulty);
    CU_ASSERT_EQUAL(read.height, header.height);
    CU_ASSERT_EQUAL(read.timestamp, header.timestamp);
    CU_ASSERT_EQUAL(read.first_leaf, header.first_leaf);
    CU_ASSERT_EQUAL(read.entry_count, header.entry_count);
    CU_ASSERT_EQUAL(read.nonce, header.nonce);
    CU_ASSERT(civ_digest_equal(&read.previous_hash, &header.previous_hash));
    CU_ASSERT(civ_digest_equal(&read.ledger_id, &header.ledger_id));
    CU_ASSERT(civ_digest_equal(&read.evidence_root, &header.evidence_root));
    CU_ASSERT(civ_digest_equal(&read.log_root, &header.log_root));
    CU_ASSERT(civ_digest_equal(&read.validator_set_hash, &header.validator_set_hash));
    civ_header_pack(again, &read);
    CU_ASSERT(memcmp(packed, again, sizeof(packed)) == 0);
}

/* Each bit of the header either makes it unreadable or comes back out of it: none is ignored. */
static void every_bit_counts(void)
{
    unsigned char packed[CIV_HEADER_SIZE], again[CIV_HEADER_SIZE];
    civ_header_t header = sample(), read;
    int bit, refused = 0, wrong = 0;

    civ_header_pack(packed, &header);
    for (bit = 0; bit < CIV_HEADER_SIZE * 8; bit++) {
        int at = bit / 8;
        int fixed = at < 12 || (at >= 140 && at < 144) || (at == 24 && bit % 8 == 7);

        packed[at] ^= (unsigned char)(1 << bit % 8);
        if (civ_header_unpack(&read, packed) == CIV_EINVALID) {
            refused++;
            wrong += !fixed;
        } else {
            civ_header_pack(again, &read);
            wrong += fixed || memcmp(packed, again, sizeof(packed)) != 0;
        }
        packed[at] ^= (unsigned char)(1 << bit % 8);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(refused, 12 * 8 + 4 * 8 + 1);
}

/* Whether a header in hex hashes to @a hash, and packs to itself. */
static int hashes_to(const char *hex, const char *hash, civ_header_t *header)
{
    unsigned char bytes[CIV_HEADER_SIZE], again[CIV_HEADER_SIZE];
    char digits[CIV_DIGEST_HEX_SIZE];
    civ_digest_t digest;

    if (strlen(hex) != 2 * CIV_HEADER_SIZE || civ_hex_decode(bytes, sizeof(bytes), hex) != APR_SUCCESS ||
        civ_header_unpack(header, bytes) != APR_SUCCESS)
        return 0;
    civ_header_pack(again, header);
    civ_header_hash(&digest, header);
    return memcmp(bytes, again, sizeof(bytes)) == 0 && strcmp(civ_digest_hex(digits, &digest), hash) == 0;
}

static void known_header_hashes(void)
{
    civ_header_t header;
    civ_digest_t hash;

    CU_ASSERT(hashes_to(known_header, known_hash, &header));
    CU_ASSERT_EQUAL(header.height, 1);
    CU_ASSERT_EQUAL(header.timestamp, APR_INT64_C(1760000060000));
    CU_ASSERT_EQUAL(header.difficulty, 8);
    CU_ASSERT_EQUAL(header.entry_count, 1);
    CU_ASSERT_EQUAL(header.first_leaf, 0);
    CU_ASSERT_EQUAL(header.nonce, 35);
    civ_header_hash(&hash, &header);
    CU_ASSERT_EQUAL(civ_header_leading_zero_bits(&hash), 8);
}

static apr_int64_t number(const civ_json_t *object, const char *name)
{
    apr_int64_t value = -1;

    CU_ASSERT_FATAL(civ_json_to_int64(civ_json_get(object, name), &value) == APR_SUCCESS);
    return value;
}

static int digest_is(const civ_digest_t *digest, const char *hex)
{
    char digits[CIV_DIGEST_HEX_SIZE];

    return hex && strcmp(civ_digest_hex(digits, digest), hex) == 0;
}

static const civ_json_t *shared(const char *name)
{
    const civ_json_t *root;
    civ_problem_t problem;
    unsigned long length;
    char *text;

    if (!test_shared_dir())
        return NULL;
    text = test_read_file(apr_pstrcat(test_pool(), test_shared_dir(), "/vectors/ledger/block/", name, NULL),
                          &length);
    if (!text)
        return NULL;
    CU_ASSERT_FATAL(civ_json_parse(&root, text, length, &wide, &problem, test_pool()) == APR_SUCCESS);
    return root;
}

static void vectors_headers(void)
{
    const civ_json_t *root = shared("headers.json"), *blocks;
    apr_size_t i;

    if (!root) {
        test_note("skipped: no shared data");
        return;
    }
    blocks = civ_json_get(root, "blocks");
    CU_ASSERT_FATAL(blocks && blocks->type == CIV_JSON_ARRAY && blocks->as.array.count > 0);
    for (i = 0; i < blocks->as.array.count; i++) {
        const civ_json_t *block = &blocks->as.array.items[i];
        civ_header_t header;
        civ_digest_t hash;

        CU_ASSERT_FATAL(hashes_to(civ_json_get_text(block, "header_hex"),
                                  civ_json_get_text(block, "block_hash"), &header));
        civ_header_hash(&hash, &header);
        CU_ASSERT_EQUAL(header.height, (apr_uint64_t)number(block, "height"));
        CU_ASSERT_EQUAL(header.timestamp, number(block, "timestamp_ms"));
        CU_ASSERT_EQUAL(header.first_leaf, (apr_uint64_t)number(block, "first_leaf"));
        CU_ASSERT_EQUAL(header.entry_count, (apr_uint32_t)number(block, "entry_count"));
        CU_ASSERT_EQUAL(header.difficulty, (apr_uint32_t)number(block, "difficulty_bits"));
        CU_ASSERT_EQUAL(header.nonce, (apr_uint64_t)number(block, "nonce"));
        CU_ASSERT_EQUAL(civ_header_leading_zero_bits(&hash), (unsigned)number(block, "leading_zero_bits"));
        CU_ASSERT(digest_is(&header.evidence_root, civ_json_get_text(block, "entries_root")));
        CU_ASSERT(digest_is(&header.log_root, civ_json_get_text(block, "log_root")));
        CU_ASSERT(digest_is(&header.ledger_id, civ_json_get_text(root, "ledger_id")));
        CU_ASSERT(digest_is(&header.validator_set_hash, civ_json_get_text(root, "validator_set_hash")));
    }
}

static void vectors_leading_zero_bits(void)
{
    const civ_json_t *rows = civ_json_get(shared("pow.json"), "leading_zero_bits");
    apr_size_t i;

    if (!rows) {
        test_note("skipped: no shared data");
        return;
    }
    CU_ASSERT_FATAL(rows->as.array.count > 0);
    for (i = 0; i < rows->as.array.count; i++) {
        const civ_json_t *row = &rows->as.array.items[i];
        civ_digest_t hash;

        CU_ASSERT_FATAL(civ_digest_from_hex(&hash, civ_json_get_text(row, "hash_hex")) == APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_header_leading_zero_bits(&hash), (unsigned)number(row, "leading_zero_bits"));
    }
}

/* All 257 counts, with ones behind the first and with zeros. */
static void leading_zero_bits(void)
{
    unsigned bits;

    for (bits = 0; bits < 256; bits++) {
        civ_digest_t ones = filled(0), alone = filled(0);
        unsigned i;

        for (i = bits; i < 256; i++)
            ones.bytes[i / 8] |= (unsigned char)(0x80 >> i % 8);
        alone.bytes[bits / 8] = (unsigned char)(0x80 >> bits % 8);
        CU_ASSERT_EQUAL(civ_header_leading_zero_bits(&ones), bits);
        CU_ASSERT_EQUAL(civ_header_leading_zero_bits(&alone), bits);
    }
    CU_ASSERT_EQUAL(civ_header_leading_zero_bits(&(civ_digest_t){{0}}), 256);
}

static const test_case_t cases[] = {
    {"layout_is_as_documented", layout_is_as_documented},
    {"unpacking_is_the_inverse", unpacking_is_the_inverse},
    {"every_bit_counts", every_bit_counts},
    {"known_header_hashes", known_header_hashes},
    {"leading_zero_bits", leading_zero_bits},
    {"vectors_headers", vectors_headers},
    {"vectors_leading_zero_bits", vectors_leading_zero_bits},
    {NULL, NULL},
};

const test_suite_t ledger_header_suite = {"ledger_header", NULL, NULL, cases};
