/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_note.c
 * An item as an entry of the ledger.
 */
#include <string.h>

#include "base/json_writer.h"
#include "base/timestamp.h"
#include "sync/timeline_private.h"

/* Most bytes of an entry of the ledger. */
#define ENTRY_MAX 65535

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

/* In the order of RFC 8785. */
static void write_item(civ_buffer_t *out, const civ_sync_item_t *item, apr_int64_t version, int with_data)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_json_writer_t writer;

    out->length = 0;
    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    member(&writer, "author", item->author);
    member(&writer, "content_hash", civ_digest_hex(hex, &item->content_hash));
    if (with_data) {
        civ_json_name(&writer, "data");
        civ_json_raw(&writer, item->data, strlen(item->data));
    }
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
    member(&writer, "title", item->title);
    member(&writer, "type", "civarcos.sync.item");
    instant(&writer, "updated", item->updated);
    member(&writer, "url", item->url);
    civ_json_member_int(&writer, "version", version);
    civ_json_end_object(&writer);
}

const char *civ_timeline_note(const civ_sync_item_t *item, apr_int64_t version, civ_digest_t *hash,
                              apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(item->data) + 1024, pool);
    write_item(&out, item, version, 1);
    /* Then its hash must do: the data itself stays in the timeline. */
    if (out.length > ENTRY_MAX)
        write_item(&out, item, version, 0);
    civ_digest_sha256(hash, out.data, out.length);
    return out.data;
}
