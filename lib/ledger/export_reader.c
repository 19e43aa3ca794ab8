/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reading one line of an export.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "ledger/export_reader.h"

/* An entry may be nested 64 deep and stands two levels down. The values are more than the largest block can have
 * that was posted within the limits of requests. */
static const civ_json_limits_t line_limits = {CIV_EXPORT_LINE_SIZE, 72, 2000000, 1024};

#define MEMBER_COUNT 15

/* What JSON numbers hold exactly. */
#define MOST_INTEGER APR_UINT64_C(9007199254740991)

typedef struct reader_t {
    const civ_json_t *root;
    civ_problem_t *problem;
    apr_pool_t *pool;
} reader_t;

/** Always CIV_EINVALID. @a what completes "Member ... must be". */
static apr_status_t refuse(reader_t *reader, const char *name, const char *what)
{
    civ_problem_set_at(reader->problem, CIV_PROBLEM_INVALID_MEMBER,
                       civ_json_pointer_join("", name, reader->pool), reader->pool,
                       "Member \"%s\" must be %s", name, what);
    return CIV_EINVALID;
}

static apr_status_t read_uint(reader_t *reader, const char *name, apr_uint64_t most, apr_uint64_t *out)
{
    const civ_json_t *member = civ_json_get(reader->root, name);
    apr_int64_t value;

    if (member == NULL || civ_json_to_int64(member, &value) != APR_SUCCESS || value < 0 ||
        (apr_uint64_t)value > most ||
        strcmp(member->as.text.text, apr_psprintf(reader->pool, "%" APR_INT64_T_FMT, value)) != 0)
        return refuse(
            reader, name,
            apr_psprintf(reader->pool, "an integer from 0 to %" APR_UINT64_T_FMT ", in digits", most));
    *out = (apr_uint64_t)value;
    return APR_SUCCESS;
}

static apr_status_t read_uint32(reader_t *reader, const char *name, apr_uint64_t most, apr_uint32_t *out)
{
    apr_uint64_t value = 0;
    apr_status_t status = read_uint(reader, name, most, &value);

    *out = (apr_uint32_t)value;
    return status;
}

static apr_status_t read_digest(reader_t *reader, const char *name, civ_digest_t *out)
{
    const char *text = civ_json_get_text(reader->root, name);

    if (text == NULL || civ_digest_from_hex(out, text) != APR_SUCCESS)
        return refuse(reader, name, "64 lower-case hexadecimal digits");
    return APR_SUCCESS;
}

static apr_status_t read_timestamp(reader_t *reader, apr_int64_t *out)
{
    const char *text = civ_json_get_text(reader->root, "timestamp");
    char again[CIV_TIMESTAMP_SIZE];

    if (text == NULL || civ_timestamp_parse(out, text) != APR_SUCCESS || *out < 0 ||
        strcmp(civ_timestamp_format(again, *out), text) != 0)
        return refuse(reader, "timestamp", "an instant since 1970 like \"2026-11-22T07:05:21.123Z\"");
    return APR_SUCCESS;
}

static apr_status_t read_signature(reader_t *reader, unsigned char signature[CIV_KEY_SIGNATURE_SIZE])
{
    const char *text = civ_json_get_text(reader->root, "signature");
    unsigned char *bytes;
    apr_size_t length;

    if (text == NULL || civ_base64_decode(&bytes, &length, text, reader->pool) != APR_SUCCESS ||
        length != CIV_KEY_SIGNATURE_SIZE)
        return refuse(reader, "signature", "64 bytes in padded base64");
    memcpy(signature, bytes, CIV_KEY_SIGNATURE_SIZE);
    return APR_SUCCESS;
}

static apr_status_t read_array(reader_t *reader, const char *name, apr_uint32_t count,
                               const civ_json_t **array)
{
    *array = civ_json_get(reader->root, name);
    if (*array == NULL || (*array)->type != CIV_JSON_ARRAY || (*array)->as.array.count != count)
        return refuse(
            reader, name,
            apr_psprintf(reader->pool, "an array with as many items as evidence_count says, %u", count));
    return APR_SUCCESS;
}

static apr_status_t check_evidence_hash(reader_t *reader, const civ_json_t *item, apr_uint32_t i,
                                        const civ_digest_t *expected)
{
    char hex[CIV_DIGEST_HEX_SIZE];

    if (item->type == CIV_JSON_STRING && strcmp(item->as.text.text, civ_digest_hex(hex, expected)) == 0 &&
        item->as.text.length == CIV_DIGEST_HEX_SIZE - 1)
        return APR_SUCCESS;
    civ_problem_set_at(reader->problem, CIV_PROBLEM_INVALID_MEMBER,
                       civ_json_pointer_index("/evidence_hashes", i, reader->pool), reader->pool,
                       "This evidence hashes to %s", hex);
    return CIV_EINVALID;
}

static apr_status_t read_entries(reader_t *reader, civ_block_t *block)
{
    apr_uint32_t i, count = block->header.entry_count;
    const civ_json_t *evidence, *hashes;
    apr_status_t status = read_array(reader, "evidence", count, &evidence);

    if (status == APR_SUCCESS)
        status = read_array(reader, "evidence_hashes", count, &hashes);
    if (status == APR_SUCCESS)
        block->entries = apr_pcalloc(reader->pool, (count + 1) * sizeof(*block->entries));
    for (i = 0; i < count && status == APR_SUCCESS; i++) {
        status = civ_entry_make(&block->entries[i], &evidence->as.array.items[i],
                                civ_json_pointer_index("/evidence", i, reader->pool), 1, reader->problem,
                                reader->pool);
        if (status == APR_SUCCESS)
            status =
                check_evidence_hash(reader, &hashes->as.array.items[i], i, &block->entries[i].evidence_hash);
    }
    return status;
}

static apr_status_t read_header(reader_t *reader, civ_header_t *header)
{
    const struct {
        const char *name;
        civ_digest_t *digest;
    } digests[] = {
        {"previous_hash", &header->previous_hash},           {"ledger_id", &header->ledger_id},
        {"evidence_root", &header->evidence_root},           {"log_root", &header->log_root},
        {"validator_set_hash", &header->validator_set_hash},
    };
    apr_size_t i;
    apr_status_t status = read_uint(reader, "index", MOST_INTEGER, &header->height);

    if (status == APR_SUCCESS)
        status = read_timestamp(reader, &header->timestamp);
    if (status == APR_SUCCESS)
        status = read_uint(reader, "nonce", MOST_INTEGER, &header->nonce);
    if (status == APR_SUCCESS)
        status = read_uint32(reader, "difficulty", APR_UINT32_MAX, &header->difficulty);
    if (status == APR_SUCCESS)
        status = read_uint32(reader, "evidence_count", CIV_BLOCK_MAX_ENTRIES, &header->entry_count);
    if (status == APR_SUCCESS)
        status = read_uint(reader, "first_leaf", MOST_INTEGER, &header->first_leaf);
    for (i = 0; i < sizeof(digests) / sizeof(digests[0]) && status == APR_SUCCESS; i++)
        status = read_digest(reader, digests[i].name, digests[i].digest);
    return status;
}

static apr_status_t read_hash(reader_t *reader, civ_block_t *block)
{
    civ_digest_t written;
    apr_status_t status = read_digest(reader, "hash", &written);

    civ_header_hash(&block->hash, &block->header);
    if (status == APR_SUCCESS && !civ_digest_equal(&written, &block->hash))
        status = refuse(reader, "hash",
                        apr_psprintf(reader->pool, "%s, the hash of the header that the other members make",
                                     civ_digest_hex_dup(&block->hash, reader->pool)));
    return status;
}

/** All that belong there are read one by one, and a name cannot stand there twice; so their number tells. */
static apr_status_t check_members(reader_t *reader)
{
    if (reader->root->type == CIV_JSON_OBJECT && reader->root->as.object.count == MEMBER_COUNT)
        return APR_SUCCESS;
    civ_problem_set_at(reader->problem, CIV_PROBLEM_INVALID_MEMBER, "", reader->pool,
                       "A line of an export must be an object with the %d members of a block", MEMBER_COUNT);
    return CIV_EINVALID;
}

apr_status_t civ_export_read(civ_block_t **out, const char *line, apr_size_t length, civ_problem_t *problem,
                             apr_pool_t *pool)
{
    reader_t reader = {.problem = problem, .pool = pool};
    civ_block_t *block = apr_pcalloc(pool, sizeof(*block));
    apr_status_t status = civ_json_parse(&reader.root, line, length, &line_limits, problem, pool);

    if (status == APR_SUCCESS)
        status = check_members(&reader);
    if (status == APR_SUCCESS)
        status = read_header(&reader, &block->header);
    if (status == APR_SUCCESS)
        status = read_signature(&reader, block->signature);
    if (status == APR_SUCCESS)
        status = read_hash(&reader, block);
    if (status == APR_SUCCESS)
        status = read_entries(&reader, block);
    if (status == APR_SUCCESS)
        *out = block;
    return status;
}

apr_status_t civ_export_verify_line(civ_verifier_t *verifier, const civ_block_t *block, apr_pool_t *pool)
{
    apr_status_t status = civ_verifier_begin(verifier, verifier->next_height, &block->header, &block->hash,
                                             block->signature, pool);
    apr_uint32_t i;

    for (i = 0; i < block->header.entry_count && status == APR_SUCCESS; i++) {
        civ_entry_t entry;
        int good;

        status = civ_verifier_entry(verifier, block->entries[i].data, block->entries[i].length, NULL, &entry,
                                    &good);
    }
    return status == APR_SUCCESS ? civ_verifier_end(verifier) : status;
}
