/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The 216 bytes of a block header.
 */
#include <string.h>

#include "base/encoding.h"
#include "base/status.h"
#include "ledger/header.h"

/* Offsets of the fields; docs/formats.md has the same table. */
enum {
    AT_MAGIC = 0,
    AT_FLAGS = 8,
    AT_DIFFICULTY = 12,
    AT_HEIGHT = 16,
    AT_TIMESTAMP = 24,
    AT_PREVIOUS_HASH = 32,
    AT_LEDGER_ID = 64,
    AT_EVIDENCE_ROOT = 96,
    AT_FIRST_LEAF = 128,
    AT_ENTRY_COUNT = 136,
    AT_RESERVED = 140,
    AT_LOG_ROOT = 144,
    AT_VALIDATOR_SET_HASH = 176,
    AT_NONCE = 208
};

static void put32(unsigned char *out, apr_uint32_t value)
{
    int i;

    for (i = 3; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)(value & 0xff);
}

static void put64(unsigned char *out, apr_uint64_t value)
{
    int i;

    for (i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)(value & 0xff);
}

static apr_uint64_t get(const unsigned char *bytes, int length)
{
    apr_uint64_t value = 0;
    int i;

    for (i = 0; i < length; i++)
        value = value << 8 | bytes[i];
    return value;
}

void civ_header_pack(unsigned char out[CIV_HEADER_SIZE], const civ_header_t *header)
{
    memset(out, 0, CIV_HEADER_SIZE);
    memcpy(out + AT_MAGIC, CIV_HEADER_MAGIC, 8);
    put32(out + AT_DIFFICULTY, header->difficulty);
    put64(out + AT_HEIGHT, header->height);
    put64(out + AT_TIMESTAMP, (apr_uint64_t)header->timestamp);
    memcpy(out + AT_PREVIOUS_HASH, header->previous_hash.bytes, CIV_DIGEST_SIZE);
    memcpy(out + AT_LEDGER_ID, header->ledger_id.bytes, CIV_DIGEST_SIZE);
    memcpy(out + AT_EVIDENCE_ROOT, header->evidence_root.bytes, CIV_DIGEST_SIZE);
    put64(out + AT_FIRST_LEAF, header->first_leaf);
    put32(out + AT_ENTRY_COUNT, header->entry_count);
    memcpy(out + AT_LOG_ROOT, header->log_root.bytes, CIV_DIGEST_SIZE);
    memcpy(out + AT_VALIDATOR_SET_HASH, header->validator_set_hash.bytes, CIV_DIGEST_SIZE);
    put64(out + AT_NONCE, header->nonce);
}

apr_status_t civ_header_unpack(civ_header_t *header, const unsigned char bytes[CIV_HEADER_SIZE])
{
    if (memcmp(bytes + AT_MAGIC, CIV_HEADER_MAGIC, 8) != 0 || get(bytes + AT_FLAGS, 4) != 0 ||
        get(bytes + AT_RESERVED, 4) != 0 || bytes[AT_TIMESTAMP] > 0x7f)
        return CIV_EINVALID;
    header->difficulty = (apr_uint32_t)get(bytes + AT_DIFFICULTY, 4);
    header->height = get(bytes + AT_HEIGHT, 8);
    header->timestamp = (apr_int64_t)get(bytes + AT_TIMESTAMP, 8);
    memcpy(header->previous_hash.bytes, bytes + AT_PREVIOUS_HASH, CIV_DIGEST_SIZE);
    memcpy(header->ledger_id.bytes, bytes + AT_LEDGER_ID, CIV_DIGEST_SIZE);
    memcpy(header->evidence_root.bytes, bytes + AT_EVIDENCE_ROOT, CIV_DIGEST_SIZE);
    header->first_leaf = get(bytes + AT_FIRST_LEAF, 8);
    header->entry_count = (apr_uint32_t)get(bytes + AT_ENTRY_COUNT, 4);
    memcpy(header->log_root.bytes, bytes + AT_LOG_ROOT, CIV_DIGEST_SIZE);
    memcpy(header->validator_set_hash.bytes, bytes + AT_VALIDATOR_SET_HASH, CIV_DIGEST_SIZE);
    header->nonce = get(bytes + AT_NONCE, 8);
    return APR_SUCCESS;
}

apr_status_t civ_header_from_hex(civ_header_t *header, civ_digest_t *hash, const char *hex)
{
    unsigned char bytes[CIV_HEADER_SIZE];

    if (strlen(hex) != 2 * sizeof(bytes) || civ_hex_decode(bytes, sizeof(bytes), hex) != APR_SUCCESS)
        return CIV_EINVALID;
    if (hash != NULL)
        civ_digest_sha256(hash, bytes, sizeof(bytes));
    return civ_header_unpack(header, bytes);
}

void civ_header_hash(civ_digest_t *out, const civ_header_t *header)
{
    unsigned char bytes[CIV_HEADER_SIZE];

    civ_header_pack(bytes, header);
    civ_digest_sha256(out, bytes, sizeof(bytes));
}

unsigned civ_header_leading_zero_bits(const civ_digest_t *hash)
{
    unsigned bits = 0;
    int i;

    for (i = 0; i < CIV_DIGEST_SIZE; i++, bits += 8) {
        unsigned char byte = hash->bytes[i];

        if (byte == 0)
            continue;
        for (; (byte & 0x80) == 0; byte = (unsigned char)(byte << 1))
            bits++;
        break;
    }
    return bits;
}
