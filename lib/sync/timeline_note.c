/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_note.c
 * An item as an entry of the ledger.
 */
#include <string.h>

#include "base/json_writer.h"
#include "base/timestamp.h"
#include "sync/timeline_private.h"

static void member(civ_json_writer_t *writer, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        civ_json_member_text(writer, name, value);
}

static void instant(civ_json_writer_t *writer, const char *name, apr_int64_t value)
{
    char text[CIV_TIMESTAMP_SIZE];

    if (value > 0)
        civ_json_member_text(writer, name, civ_timestamp_format(text, value));
}

/* What stands for words that people wrote and for names of people, which have no place where nothing can be erased. */
static void digest_details(civ_digest_t *digest, const civ_sync_item_t *item, apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 1024, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    member(&writer, "author", item->author);
    member(&writer, "content_hash", civ_digest_hex(hex, &item->content_hash));
    member(&writer, "title", item->title);
    civ_json_end_object(&writer);
    civ_digest_sha256(digest, out.data, out.length);
}

/* In the order of RFC 8785. */
const char *civ_timeline_note(const civ_sync_item_t *item, apr_int64_t version, civ_digest_t *hash,
                              apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_json_writer_t writer;
    civ_digest_t details;
    civ_buffer_t out;

    digest_details(&details, item, pool);
    civ_buffer_init(&out, 1024, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    member(&writer, "content_hash", civ_digest_hex(hex, &item->content_hash));
    member(&writer, "detail_hash", civ_digest_hex(hex, &details));
    member(&writer, "instance", item->instance);
    member(&writer, "item_type", item->type);
    member(&writer, "key", civ_digest_hex(hex, &item->key));
    member(&writer, "native_id", item->native_id);
    member(&writer, "project_id", item->project_id);
    member(&writer, "raw_hash", civ_digest_hex(hex, &item->raw_hash));
    member(&writer, "scope", item->scope);
    member(&writer, "sha", item->sha);
    member(&writer, "source", item->source);
    member(&writer, "source_url", item->source_url);
    member(&writer, "status", item->status);
    instant(&writer, "timestamp", item->timestamp);
    member(&writer, "type", "civarcos.sync.item");
    instant(&writer, "updated", item->updated);
    member(&writer, "url", item->url);
    civ_json_member_int(&writer, "version", version);
    civ_json_end_object(&writer);
    civ_digest_sha256(hash, out.data, out.length);
    return out.data;
}
