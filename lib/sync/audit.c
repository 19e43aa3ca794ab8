/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sync/audit.h"

#include <apr_strings.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/timestamp.h"

void civ_sync_audit(civ_change_t *change, const char *kind, const char *action, const char *platform,
                    const char *record)
{
    char hex[CIV_DIGEST_HEX_SIZE], time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t text;
    civ_digest_t digest;

    civ_digest_sha256(&digest, record, strlen(record));
    civ_buffer_init(&text, 256, change->pool);
    civ_json_writer_init(&writer, &text);
    /* In the order of RFC 8785. */
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "action", action);
    civ_json_member_text(&writer, "created", civ_timestamp_format(time, change->now));
    civ_json_member_text(&writer, "platform", platform);
    civ_json_member_text(&writer, "record", civ_digest_hex(hex, &digest));
    civ_json_member_text(&writer, "type", apr_pstrcat(change->pool, "civarcos.sync.", kind, NULL));
    civ_json_end_object(&writer);
    APR_ARRAY_PUSH(change->notes, const char *) = text.data;
}
