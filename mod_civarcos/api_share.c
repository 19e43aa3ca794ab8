/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Sharing evidence: what leaves is made here, from what came, and nothing else of it is kept.
 */
#include "handlers.h"

#include "reply.h"
#include "shared.h"
#include "speaker.h"

#include "base/canonical.h"
#include "base/encoding.h"
#include "federation/evidence.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define SALT_SIZE 32

/* What is asked for, and what of it may leave. */
typedef struct sharing_t {
    const civ_json_t *evidence;
    int is_rehearsal;
    civ_draft_t draft;
    civ_digest_t commitment; /* private: of salt and content */
    const char *salt;        /* private: base64 */
} sharing_t;

/* --- reading --- */

static int read_privacy(civ_call_t *call, civ_privacy_e *privacy)
{
    const civ_json_t *member = civ_json_get(call->body, "privacy_level");
    const char *name = civ_json_get_text(call->body, "privacy_level");

    *privacy = CIV_PRIVACY_ANONYMIZED;
    if (member) {
        *privacy = name ? civ_privacy_from_name(name) : CIV_PRIVACY_COUNT;
    }
    if (*privacy != CIV_PRIVACY_COUNT) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/privacy_level", call->r->pool,
                       "A privacy level is anonymized, aggregated or private.");
    return CIV_FAULTED;
}

static int read_own_id(civ_call_t *call, const civ_json_t *evidence, const char **own_id)
{
    const civ_json_t *member = civ_json_get(evidence, "id");

    *own_id = civ_json_get_text(evidence, "id");
    if (!member || (*own_id && **own_id && strlen(*own_id) <= CIV_OWN_ID_SIZE)) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/evidence/id", call->r->pool,
                       "The id of evidence is a text of 1 to %d bytes; it does not leave.", CIV_OWN_ID_SIZE);
    return CIV_FAULTED;
}

static int read_rehearsal(civ_call_t *call, int *is_rehearsal)
{
    const civ_json_t *member = civ_json_get(call->body, "dry_run");

    *is_rehearsal = member && member->type == CIV_JSON_BOOLEAN && member->as.boolean;
    if (!member || member->type == CIV_JSON_BOOLEAN) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/dry_run", call->r->pool,
                       "This is true or false.");
    return CIV_FAULTED;
}

static int read_sharing(civ_call_t *call, sharing_t *sharing)
{
    memset(sharing, 0, sizeof(*sharing));
    sharing->evidence = civ_json_get(call->body, "evidence");
    if (sharing->evidence->type != CIV_JSON_OBJECT) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/evidence", call->r->pool,
                           "Evidence is a JSON object.");
        return CIV_FAULTED;
    }
    if (read_privacy(call, &sharing->draft.privacy) != OK ||
        read_own_id(call, sharing->evidence, &sharing->draft.own_id) != OK) {
        return CIV_FAULTED;
    }
    return read_rehearsal(call, &sharing->is_rehearsal);
}

/* --- what leaves --- */

/* Nothing but SHA-256(salt || content): who has both can show later that the content was there now. */
static int commit_to(civ_call_t *call, sharing_t *sharing)
{
    unsigned char salt[SALT_SIZE];
    civ_buffer_t content;

    civ_buffer_init(&content, 1024, call->r->pool);
    if (civ_canonical_write(&content, sharing->evidence) != APR_SUCCESS ||
        apr_generate_random_bytes(salt, sizeof(salt)) != APR_SUCCESS) {
        return civ_request_fault(call, CIV_PROBLEM_INTERNAL, "The evidence cannot be committed to.");
    }
    civ_digest_sha256_two(&sharing->commitment, salt, sizeof(salt), content.data, content.length);
    sharing->salt = civ_base64_encode(salt, sizeof(salt), call->r->pool);
    sharing->draft.commitment = &sharing->commitment;
    return OK;
}

static int prepare(civ_call_t *call, sharing_t *sharing)
{
    switch (sharing->draft.privacy) {
    case CIV_PRIVACY_PRIVATE:
        return commit_to(call, sharing);
    case CIV_PRIVACY_AGGREGATED:
    case CIV_PRIVACY_ANONYMIZED:
    case CIV_PRIVACY_COUNT:
        break;
    }
    return civ_request_fault(call, CIV_PROBLEM_INTERNAL, "Not yet.");
}

/* --- answering --- */

static void write_commitment(civ_json_writer_t *writer, const sharing_t *sharing, const char *evidence_id)
{
    char hex[CIV_DIGEST_HEX_SIZE];

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "evidence_id", evidence_id);
    civ_json_member_text(writer, "privacy_level", civ_privacy_name(CIV_PRIVACY_PRIVATE));
    civ_json_member_text(writer, "commitment", civ_digest_hex(hex, &sharing->commitment));
    civ_json_member_text(writer, "salt", sharing->salt);
    civ_json_end_object(writer);
}

static int reply_shared(civ_call_t *call, const sharing_t *sharing, const civ_shared_t *shared,
                        const char *message)
{
    civ_reply_t reply = {.status = sharing->is_rehearsal ? 200 : 0};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_buffer_init(&body, 2048, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "evidence");
    if (sharing->draft.privacy == CIV_PRIVACY_PRIVATE) {
        write_commitment(&writer, sharing, shared->evidence_id);
    } else {
        civ_shared_write(&writer, shared);
    }
    if (sharing->is_rehearsal) {
        civ_json_member_bool(&writer, "dry_run", 1);
    }
    civ_json_member_text(&writer, "message", message);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_share(civ_call_t *call)
{
    civ_federation_t *federation = civ_node_federation(call->node);
    sharing_t sharing;
    civ_speaker_t speaker;
    civ_shared_t shared = {.evidence_id = NULL};
    int repeated = 0;

    if (read_sharing(call, &sharing) != OK || prepare(call, &sharing) != OK ||
        civ_speaker_identify(call, &speaker) != OK) {
        return CIV_FAULTED;
    }
    if (sharing.is_rehearsal) {
        return civ_federation_rehearse(federation, &speaker, &call->problem, call->r->pool) == APR_SUCCESS
                   ? reply_shared(call, &sharing, &shared, "This is what would leave; nothing was stored")
                   : CIV_FAULTED;
    }
    if (civ_federation_share(federation, &speaker, &sharing.draft, civ_request_retry(call), &shared,
                             &repeated, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_repeated(call, repeated);
    return reply_shared(call, &sharing, &shared, "Evidence shared successfully");
}
