/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The entries by which a ledger describes itself.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "ledger/genesis.h"
#include "ledger/proof_of_work.h"

#define LEDGER_ID_PREFIX "civarcos/ledger-id/v1\n"

static const civ_json_limits_t limits = {CIV_ENTRY_MAX_SIZE, 64, 100000, 1024};

/* Through the parser and back, so that it is canonical whatever was written. */
static apr_status_t entry_of(civ_entry_t *entry, const civ_buffer_t *json, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t problem;
    apr_status_t status = civ_json_parse(&root, json->data, json->length, &limits, &problem, pool);

    return status == APR_SUCCESS ? civ_entry_make(entry, root, "", 1, &problem, pool) : status;
}

apr_status_t civ_genesis_entry(civ_entry_t *entry, const civ_genesis_t *genesis, apr_pool_t *pool)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t json;

    civ_buffer_init(&json, 512, pool);
    civ_json_writer_init(&writer, &json);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "type", CIV_ENTRY_TYPE_GENESIS);
    civ_json_member_int(&writer, "version", 1);
    civ_json_member_text(&writer, "ledger", genesis->name);
    civ_json_member_text(&writer, "created", civ_timestamp_format(time, genesis->created));
    civ_json_member_text(&writer, "hash", "sha256");
    civ_json_member_uint(&writer, "difficulty", genesis->difficulty);
    civ_json_member_uint(&writer, "min_validators", genesis->min_validators);
    civ_json_member_text(&writer, "public_key",
                         civ_base64_encode(genesis->public_key, CIV_KEY_PUBLIC_SIZE, pool));
    civ_json_name(&writer, "validators");
    civ_json_begin_array(&writer);
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
    return entry_of(entry, &json, pool);
}

static apr_status_t read_count(const civ_json_t *object, const char *name, apr_int64_t most,
                               apr_uint32_t *out)
{
    const civ_json_t *member = civ_json_get(object, name);
    apr_int64_t value;

    if (member == NULL || civ_json_to_int64(member, &value) != APR_SUCCESS || value < 0 || value > most)
        return CIV_EINVALID;
    *out = (apr_uint32_t)value;
    return APR_SUCCESS;
}

static apr_status_t read_members(civ_genesis_t *genesis, const civ_json_t *root, apr_pool_t *pool)
{
    const char *key = civ_json_get_text(root, "public_key");
    const char *created = civ_json_get_text(root, "created");
    unsigned char *raw;
    apr_size_t length;

    genesis->name = civ_json_get_text(root, "ledger");
    if (genesis->name == NULL || key == NULL || created == NULL)
        return CIV_EINVALID;
    if (read_count(root, "difficulty", CIV_DIFFICULTY_MAX, &genesis->difficulty) != APR_SUCCESS ||
        read_count(root, "min_validators", 1000000, &genesis->min_validators) != APR_SUCCESS ||
        civ_timestamp_parse(&genesis->created, created) != APR_SUCCESS ||
        civ_base64_decode(&raw, &length, key, pool) != APR_SUCCESS || length != CIV_KEY_PUBLIC_SIZE)
        return CIV_EINVALID;
    memcpy(genesis->public_key, raw, CIV_KEY_PUBLIC_SIZE);
    return APR_SUCCESS;
}

apr_status_t civ_genesis_read(civ_genesis_t *genesis, const civ_entry_t *entry, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t problem;
    civ_entry_t again;

    if (strcmp(entry->type, CIV_ENTRY_TYPE_GENESIS) != 0 ||
        civ_json_parse(&root, entry->data, entry->length, &limits, &problem, pool) != APR_SUCCESS ||
        read_members(genesis, root, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    /* Exactly these members: what is not understood must not pass. */
    if (civ_genesis_entry(&again, genesis, pool) != APR_SUCCESS ||
        !civ_digest_equal(&again.evidence_hash, &entry->evidence_hash))
        return CIV_EINVALID;
    return APR_SUCCESS;
}

void civ_genesis_ledger_id(civ_digest_t *id, const civ_entry_t *entry)
{
    civ_digest_sha256_two(id, LEDGER_ID_PREFIX, sizeof(LEDGER_ID_PREFIX) - 1, entry->data, entry->length);
}

void civ_genesis_no_validators(civ_digest_t *hash)
{
    civ_digest_sha256(hash, "[]", 2);
}

apr_status_t civ_policy_entry(civ_entry_t *entry, apr_uint32_t difficulty, apr_int64_t now, apr_pool_t *pool)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t json;

    civ_buffer_init(&json, 128, pool);
    civ_json_writer_init(&writer, &json);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "type", CIV_ENTRY_TYPE_POLICY);
    civ_json_member_text(&writer, "created", civ_timestamp_format(time, now));
    civ_json_member_uint(&writer, "difficulty", difficulty);
    civ_json_end_object(&writer);
    return entry_of(entry, &json, pool);
}

apr_status_t civ_policy_read(apr_uint32_t *difficulty, const civ_entry_t *entry, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t problem;

    if (strcmp(entry->type, CIV_ENTRY_TYPE_POLICY) != 0)
        return APR_NOTFOUND;
    if (civ_json_parse(&root, entry->data, entry->length, &limits, &problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    return read_count(root, "difficulty", CIV_DIFFICULTY_MAX, difficulty);
}
