/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "results.h"

#include "base/timestamp.h"

void civ_results_write(civ_json_writer_t *writer, const civ_evidence_t *evidence)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    char time[CIV_TIMESTAMP_SIZE];

    civ_json_name(writer, "evidence");
    civ_json_raw(writer, evidence->entry.data, evidence->entry.length);
    civ_json_member_text(writer, "evidence_hash", civ_digest_hex(hex, &evidence->entry.evidence_hash));
    civ_json_member_uint(writer, "block_index", evidence->block_index);
    civ_json_member_text(writer, "block_hash", civ_digest_hex(hex, &evidence->block_hash));
    civ_json_member_text(writer, "timestamp", civ_timestamp_format(time, evidence->timestamp));
    civ_json_member_uint(writer, "leaf_index", evidence->leaf_index);
}
