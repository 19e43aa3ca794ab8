/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Sharing evidence, and withdrawing it.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/timestamp.h"
#include "federation/benchmarks_private.h"
#include "federation/evidence_private.h"
#include "federation/pseudonym.h"

#define KIND "evidence"

typedef struct sharing_t {
    civ_operation_t operation; /**< first, see civ_operation_run */
    const civ_draft_t *draft;
    const char *evidence_id;
    civ_shared_t *shared;
    int known; /**< this very version was there already */
} sharing_t;

typedef struct withdrawal_t {
    civ_operation_t operation;
    const char *evidence_id;
    const char *reason;
    apr_int64_t first; /**< as version_t has it */
    civ_shared_t *tombstone;
} withdrawal_t;

/** A version while it is written. */
typedef struct version_t {
    civ_member_t member;
    apr_int64_t number, version, shared;
    apr_int64_t
        first; /**< when the first version was shared: its quarter's pseudonym is that of all, or one id would join two */
    int counted; /**< the version before is one of those that are counted */
    const char *content_hash;
    char groups[CIV_RECORD_VARIANTS - 1][CIV_DIGEST_HEX_SIZE];
    civ_record_t records[CIV_RECORD_VARIANTS]; /**< json NULL where nothing is public */
    civ_digest_t digest;                       /**< for the ledger */
} version_t;

/* --- what is written --- */

/** The same content, another number: what makes a new version. */
static const char *hash_content(const civ_draft_t *draft, apr_pool_t *pool)
{
    civ_digest_t digest;
    civ_buffer_t text;
    apr_size_t i;

    civ_buffer_init(&text, 512, pool);
    civ_buffer_append_text(&text, draft->type);
    if (draft->content[0] != NULL)
        civ_buffer_append_text(&text, draft->content[0]);
    for (i = 0; i < draft->measurement_count; i++) {
        char number[CIV_CANONICAL_NUMBER_SIZE];

        if (civ_canonical_number(number, draft->measurements[i].value) != APR_SUCCESS)
            number[0] = '\0';
        civ_buffer_append_text(&text,
                               apr_pstrcat(pool, "\n", draft->measurements[i].metric, "=", number, NULL));
    }
    civ_digest_sha256(&digest, text.data, text.length);
    return civ_digest_hex_dup(&digest, pool);
}

/** The members of @a content, and those that every record has. */
static apr_status_t seal(civ_record_t *record, const sharing_t *sharing, const version_t *version,
                         const char *content, apr_pool_t *pool)
{
    const civ_federation_t *federation = sharing->operation.federation;
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, 1024, pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "evidence_id", sharing->evidence_id);
    civ_json_member_int(&writer, "version", version->version);
    civ_json_member_text(&writer, "privacy_level", civ_privacy_name(sharing->draft->privacy));
    civ_json_member_text(
        &writer, "source_hash",
        civ_federation_pseudonym(federation, KIND, version->first, version->member.organization_id, pool));
    /* Its own braces are left out. */
    if (strlen(content) > 2)
        civ_buffer_append_text(&text, ",");
    civ_buffer_append(&text, content + 1, strlen(content) - 2);
    civ_json_end_object(&writer);
    return civ_record_seal(record, KIND, text.data, text.length, federation->config->key, pool);
}

/** What is not public has no record; the ledger gets a digest that nobody can guess the content from. */
static void seal_nothing(version_t *version, const sharing_t *sharing, apr_pool_t *pool)
{
    const char *name;

    if (sharing->draft->commitment != NULL) {
        version->digest = *sharing->draft->commitment;
        return;
    }
    name = civ_federation_keyed_name(
        sharing->operation.federation, "contributions",
        apr_pstrcat(pool, sharing->evidence_id, "\n", version->content_hash, NULL), pool);
    civ_digest_sha256(&version->digest, name, strlen(name));
}

/** The same group in another quarter, or of another type, is another one. */
static void name_group(char out[CIV_DIGEST_HEX_SIZE], const version_t *version, const civ_draft_t *draft,
                       const char *group, apr_pool_t *pool)
{
    char epoch[CIV_EPOCH_SIZE];
    const char *text =
        apr_pstrcat(pool, civ_epoch_of(epoch, version->shared), "\n", draft->type, "\n", group, NULL);
    civ_digest_t digest;

    civ_digest_sha256(&digest, text, strlen(text));
    civ_digest_hex(out, &digest);
}

static apr_status_t seal_version(version_t *version, const sharing_t *sharing, apr_pool_t *pool)
{
    const civ_draft_t *draft = sharing->draft;
    apr_status_t status = APR_SUCCESS;
    int i;

    if (draft->privacy != CIV_PRIVACY_ANONYMIZED) {
        seal_nothing(version, sharing, pool);
        return APR_SUCCESS;
    }
    for (i = 0; i < CIV_RECORD_VARIANTS - 1; i++)
        name_group(version->groups[i], version, draft, draft->group[i], pool);
    for (i = 0; i < CIV_RECORD_VARIANTS && status == APR_SUCCESS; i++)
        status = seal(&version->records[i], sharing, version, draft->content[i], pool);
    /* What everybody may see: of a fuller one, the digest would tell who can guess it that it is right. */
    version->digest = version->records[CIV_RECORD_VARIANTS - 1].digest;
    return status;
}

static apr_status_t join_group(civ_change_t *change, const version_t *version, const char *group)
{
    const civ_argument_t arguments[] = {civ_text(group), civ_int(version->member.number)};
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_evidence_sql[SQL_GROUP_MEMBER], arguments, 2, &rows, change->pool);

    if (status != APR_SUCCESS || civ_rows_next(rows) == APR_SUCCESS)
        return status;
    return civ_db_execute(change->db, &civ_evidence_sql[SQL_GROUP_JOIN], arguments, 2, NULL);
}

static apr_status_t store_records(civ_change_t *change, const version_t *version)
{
    const civ_record_t *records = version->records;
    const civ_argument_t row[] = {
        civ_text(records[2].json),      civ_text(records[2].signature), civ_text(records[1].json),
        civ_text(records[1].signature), civ_text(version->groups[1]),   civ_text(records[0].json),
        civ_text(records[0].signature), civ_text(version->groups[0]),   civ_int(version->number)};
    apr_status_t status = civ_db_execute(change->db, &civ_evidence_sql[SQL_EVIDENCE_RECORDS], row, 9, NULL);
    int i;

    for (i = 0; i < CIV_RECORD_VARIANTS - 1 && status == APR_SUCCESS; i++)
        status = join_group(change, version, version->groups[i]);
    return status;
}

static apr_status_t store(const sharing_t *sharing, civ_change_t *change, const version_t *version)
{
    const civ_draft_t *draft = sharing->draft;
    const civ_argument_t id = civ_text(sharing->evidence_id);
    char digest[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t row[] = {
        civ_int(version->number),
        civ_int(version->member.number),
        id,
        civ_int(version->version),
        civ_int(draft->privacy),
        civ_text(draft->type),
        civ_int(version->shared),
        civ_int(draft->privacy == CIV_PRIVACY_ANONYMIZED),
        civ_text(version->content_hash),
        civ_text(civ_digest_hex(digest, &version->digest)),
        civ_text(civ_operation_proof(&sharing->operation)),
    };
    apr_status_t status = APR_SUCCESS;

    if (version->version > 1)
        status = civ_db_execute(change->db, &civ_evidence_sql[SQL_EVIDENCE_SUPERSEDE], &id, 1, NULL);
    if (status == APR_SUCCESS)
        status = civ_db_execute(change->db, &civ_evidence_sql[SQL_EVIDENCE_INSERT], row, 11, NULL);
    return status == APR_SUCCESS && draft->privacy == CIV_PRIVACY_ANONYMIZED ? store_records(change, version)
                                                                             : status;
}

static apr_status_t note(const sharing_t *sharing, civ_change_t *change, const version_t *version)
{
    const civ_draft_t *draft = sharing->draft;
    int is_private = draft->privacy == CIV_PRIVACY_PRIVATE;
    const civ_fact_t facts[] = {
        {"privacy_level", civ_privacy_name(draft->privacy)},
        {"evidence_id", is_private ? NULL : sharing->evidence_id},
        {"version", is_private ? NULL : apr_psprintf(change->pool, "%" APR_INT64_T_FMT, version->version)},
        {NULL, NULL}};

    return civ_record_note(change, KIND, is_private ? "commit" : "share", &version->digest, facts);
}

/* --- sharing --- */

/** Numbers and times grow together, also when the clock was set back, so that "since" is a place among the numbers. */
static apr_status_t number_version(civ_change_t *change, version_t *version)
{
    civ_rows_t *rows;
    apr_int64_t number = 0, shared = 0;
    apr_status_t status =
        civ_db_select(change->db, &civ_evidence_sql[SQL_EVIDENCE_LAST], NULL, 0, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) == APR_SUCCESS &&
        (civ_rows_int(rows, 0, &number) != APR_SUCCESS || civ_rows_int(rows, 1, &shared) != APR_SUCCESS))
        return CIV_EDATABASE;
    version->number = number + 1;
    version->shared = shared > change->now ? shared : change->now;
    if (version->version == 1)
        version->first = version->shared;
    return APR_SUCCESS;
}

static void describe(sharing_t *sharing, const version_t *version, apr_pool_t *pool)
{
    civ_shared_t *shared = sharing->shared;

    memset(shared, 0, sizeof(*shared));
    shared->number = version->number;
    shared->evidence_id = sharing->evidence_id;
    shared->version = version->version;
    shared->privacy = sharing->draft->privacy;
    shared->type = sharing->draft->type;
    shared->shared = version->shared;
    shared->is_latest = 1;
    if (sharing->draft->privacy == CIV_PRIVACY_ANONYMIZED)
        shared->source = civ_federation_pseudonym(sharing->operation.federation, KIND, version->first,
                                                  version->member.organization_id, pool);
    /* What its author is told is what the others see at least. */
    shared->record = shared->signature = "";
    if (version->records[CIV_RECORD_VARIANTS - 1].json != NULL) {
        shared->record = version->records[CIV_RECORD_VARIANTS - 1].json;
        shared->signature = version->records[CIV_RECORD_VARIANTS - 1].signature;
    }
    shared->digest = civ_digest_hex_dup(&version->digest, pool);
}

static apr_status_t write_version(sharing_t *sharing, civ_change_t *change, version_t *version)
{
    apr_status_t status = number_version(change, version);
    int counts = sharing->draft->privacy != CIV_PRIVACY_PRIVATE;

    if (status == APR_SUCCESS)
        status = seal_version(version, sharing, change->pool);
    if (status == APR_SUCCESS)
        status = store(sharing, change, version);
    if (status == APR_SUCCESS && sharing->draft->measurement_count > 0)
        status = civ_benchmark_add(&sharing->operation, change, &version->member,
                                   sharing->draft->measurements, sharing->draft->measurement_count);
    if (status == APR_SUCCESS)
        status =
            civ_operation_count(&sharing->operation, change, CIV_TOTAL_EVIDENCE, counts - version->counted);
    if (status == APR_SUCCESS)
        status = note(sharing, change, version);
    if (status == APR_SUCCESS)
        describe(sharing, version, change->pool);
    return status;
}

static apr_status_t find_first(const civ_operation_t *operation, civ_change_t *change,
                               const char *evidence_id, apr_int64_t *first)
{
    civ_evidence_row_t row;
    apr_status_t status =
        civ_evidence_find(operation->federation, change->db, evidence_id, 1, &row, change->pool);

    if (status == APR_SUCCESS)
        *first = row.shared.shared;
    return status == APR_NOTFOUND ? CIV_EDATABASE : status;
}

/** Find the version before. @return APR_SUCCESS to go on; a refusal; sharing->known where there is nothing to do */
static apr_status_t look_before(sharing_t *sharing, civ_change_t *change, version_t *version)
{
    civ_evidence_row_t before;
    apr_status_t status = civ_evidence_find(sharing->operation.federation, change->db, sharing->evidence_id,
                                            0, &before, change->pool);

    version->version = 1;
    if (status == APR_NOTFOUND)
        return APR_SUCCESS;
    if (status != APR_SUCCESS)
        return status;
    if (before.shared.withdrawn != 0) {
        civ_problem_set_at(change->problem, CIV_PROBLEM_CONFLICT, "/evidence/id", change->pool,
                           "This evidence was withdrawn: share it under another id");
        return CIV_ECONFLICT;
    }
    version->version = before.shared.version + 1;
    version->counted = before.shared.privacy != CIV_PRIVACY_PRIVATE;
    sharing->known = before.shared.privacy == sharing->draft->privacy &&
                     sharing->draft->privacy != CIV_PRIVACY_PRIVATE &&
                     strcmp(before.content_hash, version->content_hash) == 0;
    if (sharing->known)
        *sharing->shared = before.shared;
    return find_first(&sharing->operation, change, sharing->evidence_id, &version->first);
}

/** The id; and of what is private the commitment, which a later version would hide. */
static const char *answer_of(const sharing_t *sharing, apr_pool_t *pool)
{
    const civ_digest_t *commitment = sharing->draft->commitment;

    return commitment == NULL
               ? sharing->evidence_id
               : apr_pstrcat(pool, sharing->evidence_id, " ", civ_digest_hex_dup(commitment, pool), NULL);
}

static apr_status_t apply_share(void *baton, civ_change_t *change)
{
    sharing_t *sharing = baton;
    version_t *version = apr_pcalloc(change->pool, sizeof(*version));
    apr_status_t status = civ_member_speaking(sharing->operation.speaker, change, &version->member);

    sharing->known = 0;
    if (status != APR_SUCCESS)
        return status;
    version->content_hash = hash_content(sharing->draft, change->pool);
    status = look_before(sharing, change, version);
    if (status != APR_SUCCESS)
        return status;
    if (!sharing->known && sharing->draft->measurement_count > 0)
        status = civ_benchmark_check(change, sharing->draft->measurements, sharing->draft->measurement_count);
    if (status != APR_SUCCESS)
        return status;
    change->answer = answer_of(sharing, change->pool);
    return sharing->known ? APR_SUCCESS : write_version(sharing, change, version);
}

static void refuse_without_random(civ_problem_t *problem, apr_pool_t *pool)
{
    civ_problem_set(problem, CIV_PROBLEM_INTERNAL, pool, "The server has no random numbers");
}

static const char *name_evidence(const civ_federation_t *federation, const char *organization_id,
                                 const char *own_id, apr_pool_t *pool)
{
    unsigned char bytes[16];
    char *name;

    /* The unit separator is in no organisation's id. */
    if (own_id != NULL)
        return civ_federation_keyed_name(federation, "evidence-id",
                                         apr_pstrcat(pool, organization_id, "\x1f", own_id, NULL), pool);
    name = apr_palloc(pool, CIV_EVIDENCE_ID_SIZE);
    if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS)
        return NULL;
    civ_hex_encode(name, bytes, sizeof(bytes));
    return name;
}

/** The version that an earlier request with the same Idempotency-Key has made, or a later one. */
static apr_status_t read_again(civ_federation_t *federation, const char *evidence_id, civ_shared_t *shared,
                               civ_problem_t *problem, apr_pool_t *pool)
{
    civ_evidence_row_t row;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(federation->config->store, &db);

    if (status == APR_SUCCESS) {
        status = civ_evidence_find(federation, db, evidence_id, 0, &row, pool);
        civ_store_release(federation->config->store, db);
    }
    if (status != APR_SUCCESS)
        return civ_federation_failed(problem, status == APR_NOTFOUND ? CIV_EDATABASE : status, pool);
    *shared = row.shared;
    return APR_SUCCESS;
}

/** The pseudonym in a record that was read back. */
static const char *source_of(const char *record, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t unused;

    return civ_json_parse(&root, record, strlen(record), &civ_json_request_limits, &unused, pool) ==
                   APR_SUCCESS
               ? civ_json_get_text(root, "source_hash")
               : NULL;
}

apr_status_t civ_federation_share(civ_federation_t *federation, const civ_speaker_t *speaker,
                                  const civ_draft_t *draft, const civ_idempotency_t *idempotency,
                                  civ_shared_t *shared, int *repeated, civ_problem_t *problem,
                                  apr_pool_t *pool)
{
    sharing_t sharing = {
        .operation = {.federation = federation, .speaker = speaker}, .draft = draft, .shared = shared};
    civ_change_result_t result;
    apr_status_t status;

    status = civ_federation_require_key(federation, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    sharing.evidence_id = name_evidence(federation, speaker->organization_id, draft->own_id, pool);
    if (sharing.evidence_id == NULL) {
        refuse_without_random(problem, pool);
        return APR_EGENERAL;
    }
    status = civ_operation_run(&sharing.operation, apply_share, idempotency, &result, problem, pool);
    *repeated = result.repeated || sharing.known;
    if (status == APR_SUCCESS && result.repeated)
        status = read_again(federation, apr_pstrndup(pool, result.answer, CIV_EVIDENCE_ID_SIZE - 1), shared,
                            problem, pool);
    if (status == APR_SUCCESS && result.repeated && strlen(result.answer) > CIV_EVIDENCE_ID_SIZE)
        shared->digest = result.answer + CIV_EVIDENCE_ID_SIZE;
    if (status == APR_SUCCESS && shared->privacy == CIV_PRIVACY_ANONYMIZED && shared->source == NULL)
        shared->source = source_of(shared->record, pool);
    return status;
}

apr_status_t civ_federation_salt(const civ_federation_t *federation, const char *organization_id,
                                 const civ_idempotency_t *idempotency,
                                 unsigned char salt[CIV_COMMITMENT_SALT_SIZE], civ_problem_t *problem,
                                 apr_pool_t *pool)
{
    const char *text, *halves;
    apr_status_t status;

    if (idempotency == NULL) {
        status = civ_commitment_salt(salt);
        if (status != APR_SUCCESS)
            refuse_without_random(problem, pool);
        return status;
    }
    status = civ_federation_require_key(federation, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    text = apr_pstrcat(pool, organization_id, "\x1f", civ_digest_hex_dup(&idempotency->key, pool), "\x1f",
                       civ_digest_hex_dup(&idempotency->request, pool), NULL);
    halves = apr_pstrcat(pool, civ_federation_keyed_name(federation, "commitment-salt/1", text, pool),
                         civ_federation_keyed_name(federation, "commitment-salt/2", text, pool), NULL);
    return civ_hex_decode(salt, CIV_COMMITMENT_SALT_SIZE, halves);
}

static apr_status_t apply_rehearsal(void *baton, civ_change_t *change)
{
    const civ_operation_t *operation = baton;
    civ_member_t member;

    return civ_member_speaking(operation->speaker, change, &member);
}

apr_status_t civ_federation_rehearse(civ_federation_t *federation, const civ_speaker_t *speaker,
                                     civ_problem_t *problem, apr_pool_t *pool)
{
    civ_operation_t operation = {.federation = federation, .speaker = speaker};
    civ_change_result_t result;

    return civ_operation_run(&operation, apply_rehearsal, NULL, &result, problem, pool);
}

/* --- withdrawing --- */

static apr_status_t seal_tombstone(const withdrawal_t *withdrawal, civ_change_t *change,
                                   const civ_shared_t *last, civ_record_t *record)
{
    const civ_federation_t *federation = withdrawal->operation.federation;
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, 512, change->pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "evidence_id", last->evidence_id);
    civ_json_member_int(&writer, "version", last->version);
    civ_json_member_text(&writer, "evidence_type", last->type);
    civ_json_member_text(&writer, "privacy_level", civ_privacy_name(last->privacy));
    civ_json_member_text(&writer, "source_hash",
                         civ_federation_pseudonym(federation, KIND, withdrawal->first,
                                                  withdrawal->operation.speaker->organization_id,
                                                  change->pool));
    civ_json_member_text(&writer, "withdrawn_at", civ_timestamp_format(time, change->now));
    civ_json_member_text(&writer, "withdrawn_record", last->digest);
    civ_json_member_text(&writer, "reason", withdrawal->reason);
    civ_json_end_object(&writer);
    return civ_record_seal(record, KIND, text.data, text.length, federation->config->key, change->pool);
}

static apr_status_t refuse_withdrawal(civ_change_t *change, const civ_evidence_row_t *row)
{
    if (row == NULL) {
        civ_problem_set_at(change->problem, CIV_PROBLEM_NOT_FOUND, "/evidence_id", change->pool,
                           "This organisation has shared no evidence with this id");
        return APR_NOTFOUND;
    }
    civ_problem_set_at(change->problem, CIV_PROBLEM_CONFLICT, "/evidence_id", change->pool,
                       "This evidence was withdrawn already");
    return CIV_ECONFLICT;
}

static apr_status_t write_withdrawal(withdrawal_t *withdrawal, civ_change_t *change, civ_shared_t *last)
{
    const civ_fact_t facts[] = {{"evidence_id", withdrawal->evidence_id}, {NULL, NULL}};
    int is_private = last->privacy == CIV_PRIVACY_PRIVATE;
    civ_record_t record;
    apr_status_t status = seal_tombstone(withdrawal, change, last, &record);

    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(change->now), civ_text(record.json), civ_text(record.signature),
                                      civ_text(withdrawal->evidence_id)};

        status = civ_db_execute(change->db, &civ_evidence_sql[SQL_EVIDENCE_WITHDRAW], row, 4, NULL);
    }
    if (status == APR_SUCCESS && !is_private)
        status = civ_operation_count(&withdrawal->operation, change, CIV_TOTAL_EVIDENCE, -1);
    if (status == APR_SUCCESS)
        status = civ_record_note(change, KIND, "withdraw", &record.digest, is_private ? NULL : facts);
    last->withdrawn = change->now;
    last->record = record.json;
    last->signature = record.signature;
    *withdrawal->tombstone = *last;
    return status;
}

static apr_status_t apply_withdraw(void *baton, civ_change_t *change)
{
    withdrawal_t *withdrawal = baton;
    civ_evidence_row_t row;
    civ_member_t member;
    apr_status_t status = civ_member_speaking(withdrawal->operation.speaker, change, &member);

    if (status == APR_SUCCESS)
        status = civ_evidence_find(withdrawal->operation.federation, change->db, withdrawal->evidence_id, 0,
                                   &row, change->pool);
    if (status == APR_NOTFOUND && change->problem->kind == CIV_PROBLEM_NONE)
        return refuse_withdrawal(change, NULL);
    if (status != APR_SUCCESS)
        return status;
    if (row.member != member.number)
        return refuse_withdrawal(change, NULL);
    if (row.shared.withdrawn != 0)
        return refuse_withdrawal(change, &row);
    status = find_first(&withdrawal->operation, change, withdrawal->evidence_id, &withdrawal->first);
    if (status != APR_SUCCESS)
        return status;
    change->answer = withdrawal->evidence_id;
    return write_withdrawal(withdrawal, change, &row.shared);
}

apr_status_t civ_federation_withdraw(civ_federation_t *federation, const civ_speaker_t *speaker,
                                     const char *evidence_id, const char *reason,
                                     const civ_idempotency_t *idempotency, civ_shared_t *tombstone,
                                     civ_problem_t *problem, apr_pool_t *pool)
{
    withdrawal_t withdrawal = {.operation = {.federation = federation, .speaker = speaker},
                               .evidence_id = evidence_id,
                               .reason = reason,
                               .tombstone = tombstone};
    civ_change_result_t result;
    apr_status_t status =
        civ_operation_run(&withdrawal.operation, apply_withdraw, idempotency, &result, problem, pool);

    if (status == APR_SUCCESS && result.repeated)
        status = read_again(federation, evidence_id, tombstone, problem, pool);
    return status;
}
