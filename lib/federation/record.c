/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/record.h"

#include <apr_strings.h>
#include <string.h>

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/json_writer.h"
#include "base/timestamp.h"

#define MEDIA_TYPE "application/vnd.civarcos.%s+json"

static const civ_json_limits_t limits = {
    .size = 1024 * 1024, .depth = 64, .values = 100000, .name_length = 1024};

/** DSSE's pre-authentication encoding. */
static char *encode(apr_size_t *size, const char *kind, const char *json, apr_size_t length, apr_pool_t *pool)
{
    const char *type = apr_psprintf(pool, MEDIA_TYPE, kind);
    const char *head =
        apr_psprintf(pool, "DSSEv1 %" APR_SIZE_T_FMT " %s %" APR_SIZE_T_FMT " ", strlen(type), type, length);
    apr_size_t head_length = strlen(head);
    char *text = apr_palloc(pool, head_length + length);

    memcpy(text, head, head_length);
    memcpy(text + head_length, json, length);
    *size = head_length + length;
    return text;
}

static apr_status_t make_canonical(civ_buffer_t *out, const char *text, apr_size_t length, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t unused;

    if (civ_json_parse(&root, text, length, &limits, &unused, pool) != APR_SUCCESS ||
        root->type != CIV_JSON_OBJECT)
        return CIV_EINVALID;
    civ_buffer_init(out, length + 1, pool);
    return civ_canonical_write(out, root);
}

apr_status_t civ_record_digest(civ_record_t *record, const char *text, apr_size_t length, apr_pool_t *pool)
{
    civ_buffer_t canonical;
    apr_status_t status = make_canonical(&canonical, text, length, pool);

    if (status != APR_SUCCESS)
        return status;
    record->json = canonical.data;
    record->length = canonical.length;
    record->signature = "";
    civ_digest_sha256(&record->digest, record->json, record->length);
    return APR_SUCCESS;
}

apr_status_t civ_record_seal(civ_record_t *record, const char *kind, const char *text, apr_size_t length,
                             const civ_key_t *key, apr_pool_t *pool)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    apr_size_t size;
    const char *encoded;
    apr_status_t status = civ_record_digest(record, text, length, pool);

    if (status != APR_SUCCESS)
        return status;
    encoded = encode(&size, kind, record->json, record->length, pool);
    status = civ_key_sign(key, signature, encoded, size);
    record->signature = civ_base64_encode(signature, sizeof(signature), pool);
    return status;
}

apr_status_t civ_record_verify(const char *kind, const char *json, apr_size_t length, const char *signature,
                               const civ_public_key_t *key, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t count, size;
    const char *encoded = encode(&size, kind, json, length, pool);

    if (civ_base64_decode(&bytes, &count, signature, pool) != APR_SUCCESS || count != CIV_KEY_SIGNATURE_SIZE)
        return CIV_EINVALID;
    return civ_public_key_verify(key, bytes, encoded, size);
}

apr_status_t civ_record_note(civ_change_t *change, const char *kind, const char *action,
                             const civ_digest_t *digest, const civ_fact_t *facts)
{
    char hex[CIV_DIGEST_HEX_SIZE], time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t text, canonical;
    apr_status_t status;

    civ_buffer_init(&text, 512, change->pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "type", apr_pstrcat(change->pool, CIV_RECORD_ENTRY_PREFIX, kind, NULL));
    civ_json_member_text(&writer, "action", action);
    civ_json_member_text(&writer, "created", civ_timestamp_format(time, change->now));
    civ_json_member_text(&writer, "record", civ_digest_hex(hex, digest));
    for (; facts != NULL && facts->name != NULL; facts++)
        if (facts->value != NULL)
            civ_json_member_text(&writer, facts->name, facts->value);
    civ_json_end_object(&writer);
    status = make_canonical(&canonical, text.data, text.length, change->pool);
    if (status == APR_SUCCESS)
        APR_ARRAY_PUSH(change->notes, const char *) = canonical.data;
    return status;
}
