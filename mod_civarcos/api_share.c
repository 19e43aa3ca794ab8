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
#include "base/timestamp.h"
#include "federation/anonymise.h"
#include "federation/benchmarks.h"
#include "federation/commitment.h"
#include "federation/evidence.h"

#include <apr_strings.h>

#include <assert.h>
#include <string.h>

#define PLACE "/federated/evidence/"

static_assert(CIV_FOUND_MAX <= CIV_METRICS_OF_CONTRIBUTION,
              "evidence has more metrics than one may contribute");

/* What is asked for, and what of it may leave. */
typedef struct sharing_t {
    const civ_json_t *evidence;
    int is_rehearsal;
    civ_draft_t draft;
    civ_digest_t commitment;        /* private: of salt and content */
    const char *salt;               /* private: base64 */
    const civ_removals_t *removals; /* NULL: private, of which nothing leaves */
    civ_anonymised_t anonymised;
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
    const char *organization_id = civ_json_get_text(call->body, "organization_id");
    unsigned char salt[CIV_COMMITMENT_SALT_SIZE];

    if (civ_federation_salt(civ_node_federation(call->node), organization_id ? organization_id : "",
                            civ_request_retry(call), salt, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    if (civ_commitment(&sharing->commitment, salt, sharing->evidence, call->r->pool) != APR_SUCCESS) {
        return civ_request_fault(call, CIV_PROBLEM_INTERNAL, "The evidence cannot be committed to.");
    }
    sharing->salt = civ_base64_encode(salt, sizeof(salt), call->r->pool);
    sharing->draft.type = "private";
    sharing->draft.commitment = &sharing->commitment;
    return OK;
}

/* What takes secrets out of texts and names; what the organisation is called is taken out as well. */
static int read_options(civ_call_t *call, civ_anonymise_options_t *options)
{
    const char **words = apr_pcalloc(call->r->pool, 2 * sizeof(*words));

    words[0] = civ_json_get_text(call->body, "organization_id");
    options->words = words;
    options->now = civ_timestamp_now();
    options->redactor = civ_node_redactor(call->node, &call->problem, call->r->pool);
    return options->redactor ? OK : CIV_FAULTED;
}

/* One number for each metric that is known. */
static int aggregate(civ_call_t *call, sharing_t *sharing)
{
    civ_aggregated_t *aggregated = apr_palloc(call->r->pool, sizeof(*aggregated));
    civ_anonymise_options_t options;
    civ_measurement_t *measurements;
    apr_size_t i;

    if (read_options(call, &options) != OK || civ_aggregate(aggregated, sharing->evidence, &options,
                                                            &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    if (aggregated->count == 0) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/evidence", call->r->pool,
                           "The evidence has no number of a metric that statistics are made of.");
        return CIV_FAULTED;
    }
    measurements = apr_pcalloc(call->r->pool, aggregated->count * sizeof(*measurements));
    for (i = 0; i < aggregated->count; i++) {
        measurements[i].metric = aggregated->numbers[i].metric->name;
        measurements[i].value = aggregated->numbers[i].value;
    }
    sharing->removals = &aggregated->removals;
    sharing->draft.type = aggregated->type;
    sharing->draft.measurements = measurements;
    sharing->draft.measurement_count = aggregated->count;
    return OK;
}

static const char *write_variant(const civ_anonymised_t *anonymised, int level, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, 512, pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_anonymised_write(&writer, anonymised, level);
    civ_json_end_object(&writer);
    return text.data;
}

/* A record of listed fields. */
static int anonymise(civ_call_t *call, sharing_t *sharing)
{
    civ_anonymise_options_t options;
    int i;

    if (read_options(call, &options) != OK || civ_anonymise(&sharing->anonymised, sharing->evidence, &options,
                                                            &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    sharing->removals = &sharing->anonymised.removals;
    sharing->draft.type = sharing->anonymised.type;
    for (i = 0; i < CIV_RECORD_VARIANTS; i++) {
        sharing->draft.content[i] = write_variant(&sharing->anonymised, i, call->r->pool);
    }
    for (i = 0; i < CIV_RECORD_VARIANTS - 1; i++) {
        sharing->draft.group[i] = sharing->anonymised.group[i];
    }
    return OK;
}

static int prepare(civ_call_t *call, sharing_t *sharing)
{
    switch (sharing->draft.privacy) {
    case CIV_PRIVACY_PRIVATE:
        return commit_to(call, sharing);
    case CIV_PRIVACY_AGGREGATED:
        return aggregate(call, sharing);
    case CIV_PRIVACY_ANONYMIZED:
    case CIV_PRIVACY_COUNT:
        break;
    }
    return anonymise(call, sharing);
}

/* --- answering --- */

/* A salt is kept nowhere, but a repeated request comes to the same one; not under another network key: then it would be one that
 * nothing was committed to with. */
static void write_commitment(civ_json_writer_t *writer, const sharing_t *sharing, const civ_shared_t *shared)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    const char *made = civ_digest_hex(hex, &sharing->commitment);
    int is_stored = !shared->digest || strcmp(shared->digest, made) == 0;

    civ_json_member_text(writer, "commitment", is_stored ? made : shared->digest);
    civ_json_member_text(writer, "salt", is_stored ? sharing->salt : NULL);
}

static void write_measurements(civ_json_writer_t *writer, const civ_draft_t *draft)
{
    apr_size_t i;

    civ_json_member_text(writer, "evidence_type", draft->type);
    civ_json_name(writer, "quality_metrics");
    civ_json_begin_object(writer);
    for (i = 0; i < draft->measurement_count; i++) {
        char number[CIV_CANONICAL_NUMBER_SIZE];

        civ_canonical_number(number, draft->measurements[i].value);
        civ_json_name(writer, draft->measurements[i].metric);
        civ_json_raw(writer, number, strlen(number));
    }
    civ_json_end_object(writer);
}

/* What its author is told: of the anonymized level all that may leave, and what of it is shown while few share it. */
static void write_evidence(civ_json_writer_t *writer, const sharing_t *sharing, const civ_shared_t *shared)
{
    const civ_draft_t *draft = &sharing->draft;

    civ_json_begin_object(writer);
    if (shared->evidence_id) {
        civ_json_member_text(writer, "evidence_id", shared->evidence_id);
        civ_json_member_int(writer, "version", shared->version);
    }
    civ_json_member_text(writer, "privacy_level", civ_privacy_name(draft->privacy));
    switch (draft->privacy) {
    case CIV_PRIVACY_PRIVATE:
        write_commitment(writer, sharing, shared);
        break;
    case CIV_PRIVACY_AGGREGATED:
        write_measurements(writer, draft);
        break;
    case CIV_PRIVACY_ANONYMIZED:
    case CIV_PRIVACY_COUNT:
        civ_anonymised_write(writer, &sharing->anonymised, 0);
        break;
    }
    if (shared->source) {
        civ_json_member_text(writer, "source_hash", shared->source);
    }
    civ_json_end_object(writer);
}

static void write_shown(civ_json_writer_t *writer, const sharing_t *sharing)
{
    civ_json_name(writer, "shown_while_few_share_it");
    civ_json_begin_object(writer);
    civ_anonymised_write(writer, &sharing->anonymised, CIV_RECORD_VARIANTS - 1);
    civ_json_end_object(writer);
}

static int reply_shared(civ_call_t *call, const sharing_t *sharing, const civ_shared_t *shared,
                        const char *message)
{
    civ_reply_t reply = {.status = sharing->is_rehearsal ? 200 : 0};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "evidence");
    write_evidence(&writer, sharing, shared);
    if (sharing->draft.privacy == CIV_PRIVACY_ANONYMIZED) {
        write_shown(&writer, sharing);
    }
    if (sharing->removals) {
        civ_removals_write(&writer, sharing->removals);
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

    /* Who cannot sign does not make us search texts. */
    if (read_sharing(call, &sharing) != OK || civ_speaker_identify(call, &speaker) != OK ||
        prepare(call, &sharing) != OK) {
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
    if (sharing.draft.privacy == CIV_PRIVACY_ANONYMIZED) {
        civ_reply_location(call, apr_pstrcat(call->r->pool, PLACE, shared.evidence_id, NULL));
    }
    return reply_shared(call, &sharing, &shared, "Evidence shared successfully");
}
