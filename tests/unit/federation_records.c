/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_records.c
 * What the node signs of its members, and what it puts on record in the ledger: no more than that, and exactly that.
 */
#include "unit/members_fixture.h"

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/timestamp.h"
#include "federation/evidence.h"
#include "federation/record.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define METADATA "{\"contact\":\"security@example.org\",\"n\":[1,2.5,null],\"\u20ac\":\"\\u001f\"}"

/* --- records --- */

static const char *key_member(int key)
{
    const char *pem, *escaped = "";

    if (key == 0)
        return "null";
    for (pem = civ_public_key_pem(civ_key_public(members_key(key))); *pem != '\0'; pem++)
        escaped = *pem == '\n' ? apr_pstrcat(test_pool(), escaped, "\\n", NULL)
                               : apr_psprintf(test_pool(), "%s%c", escaped, *pem);
    return apr_pstrcat(test_pool(), "\"", escaped, "\"", NULL);
}

/* What docs/formats.md says a record is. */
static const char *expected_record(const civ_member_t *member, int key)
{
    char joined[CIV_TIMESTAMP_SIZE], left[CIV_TIMESTAMP_SIZE];
    const char *gone = "";

    if (member->left != 0)
        gone = apr_psprintf(test_pool(), "\"left_at\":\"%s\",", civ_timestamp_format(left, member->left));
    return apr_psprintf(test_pool(),
                        "{\"evidence_endpoint\":\"%s\",\"joined_at\":\"%s\",%s\"metadata\":%s,"
                        "\"organization_id\":\"%s\",\"public_key\":%s}",
                        member->endpoint, civ_timestamp_format(joined, member->joined), gone,
                        member->metadata, member->organization_id, key_member(key));
}

static int is_verified(civ_node_t *node, const civ_member_t *member, const char *kind, const char *record)
{
    return civ_record_verify(kind, record, strlen(record), member->signature, civ_key_public(node->key),
                             test_pool()) == APR_SUCCESS;
}

static void expect_record(civ_node_t *node, const char *id, int key)
{
    civ_member_t member = members_get(node, id);
    char *changed = apr_pstrdup(test_pool(), member.record);

    CU_ASSERT_STRING_EQUAL(member.record, expected_record(&member, key));
    CU_ASSERT(is_verified(node, &member, "member", member.record));
    CU_ASSERT(!is_verified(node, &member, "evidence", member.record));
    changed[strlen(changed) / 2] ^= 1;
    CU_ASSERT(!is_verified(node, &member, "member", changed));
    CU_ASSERT(!is_verified(node, &member, "member", ""));
    CU_ASSERT_NOT_EQUAL(civ_record_verify("member", member.record, strlen(member.record), member.signature,
                                          civ_key_public(members_key(200)), test_pool()),
                        APR_SUCCESS);
    CU_ASSERT_NOT_EQUAL(civ_record_verify("member", member.record, strlen(member.record), "AAAA",
                                          civ_key_public(node->key), test_pool()),
                        APR_SUCCESS);
}

static void records_are_signed(void)
{
    civ_node_t *node = members_start("records");
    applicant_t applicant = {.id = "keyed", .key = 1, .metadata = METADATA},
                rotated = {.id = "keyed", .key = 2};

    CU_ASSERT_EQUAL(members_join(node, &applicant), APR_SUCCESS);
    expect_record(node, "keyed", 1);
    CU_ASSERT_STRING_EQUAL(members_get(node, "keyed").metadata, METADATA);
    members_admit(node, "keyless", 0);
    expect_record(node, "keyless", 0);
    rotated.rotation = members_rotation("keyed", 1, 2, 1);
    CU_ASSERT_EQUAL(members_join(node, &rotated), APR_SUCCESS);
    expect_record(node, "keyed", 2);
    CU_ASSERT_EQUAL(members_leave(node, "keyed", 2, NULL), APR_SUCCESS);
    expect_record(node, "keyed", 2);
}

/* What is signed is DSSE's pre-authentication encoding, written down anew. */
static void signature_is_over_dsse(void)
{
    civ_node_t *node = members_start("dsse");
    civ_member_t member = members_admit(node, "org", 0);
    const char *encoded = apr_psprintf(test_pool(), "DSSEv1 36 application/vnd.civarcos.member+json %d %s",
                                       (int)strlen(member.record), member.record);
    unsigned char *signature;
    apr_size_t length;

    CU_ASSERT_EQUAL(civ_base64_decode(&signature, &length, member.signature, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(length, CIV_KEY_SIGNATURE_SIZE);
    CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(node->key), signature, encoded, strlen(encoded)),
                    APR_SUCCESS);
}

static void only_objects_are_records(void)
{
    static const char *const texts[] = {
        "", "[]", "7", "{", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{\"a\":1e999}"};
    civ_record_t record;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_EQUAL(
            civ_record_seal(&record, "member", texts[i], strlen(texts[i]), members_key(1), test_pool()),
            CIV_EINVALID);
    CU_ASSERT_EQUAL(
        civ_record_seal(&record, "member", "{ \"b\":1.0, \"a\":[ ] }", 20, members_key(1), test_pool()),
        APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(record.json, "{\"a\":[],\"b\":1}");
    CU_ASSERT_EQUAL(record.length, strlen(record.json));
}

/* --- entries of the ledger --- */

static const char *digest_of(const char *record)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, record, strlen(record));
    return civ_digest_hex_dup(&digest, test_pool());
}

static const char *entry_of(const char *action, apr_int64_t time, int key, const char *record)
{
    char created[CIV_TIMESTAMP_SIZE];
    const char *fact =
        key > 0 ? apr_pstrcat(test_pool(), "\"key_id\":\"", members_key_id(key), "\",", NULL) : "";

    return apr_psprintf(test_pool(),
                        "{\"action\":\"%s\",\"created\":\"%s\",%s\"record\":\"%s\","
                        "\"type\":\"civarcos.federation.member\"}",
                        action, civ_timestamp_format(created, time), fact, digest_of(record));
}

static const char *waiting(const civ_node_config_t *config, int number)
{
    return database_ask(
        civ_node_database_path(config, test_pool()),
        apr_psprintf(test_pool(), "SELECT payload FROM civ_pending WHERE sequence = %d", number),
        test_pool());
}

static void entries_say_what_happened(void)
{
    civ_node_config_t *config = node_configure("entries");
    civ_node_t *node = node_start(config);
    applicant_t rotated = {.id = "secret-org", .key = 2}, refused = {.id = "secret-org", .key = 3};
    civ_member_t joined = members_admit(node, "secret-org", 1), keyless = members_admit(node, "other-org", 0),
                 member;
    civ_member_key_t keys[CIV_MEMBER_KEYS_MAX];
    int i;

    CU_ASSERT_STRING_EQUAL(waiting(config, 1), entry_of("join", joined.joined, 1, joined.record));
    CU_ASSERT_STRING_EQUAL(waiting(config, 2), entry_of("join", keyless.joined, 0, keyless.record));
    rotated.rotation = members_rotation("secret-org", 1, 2, 1);
    CU_ASSERT_EQUAL(members_join(node, &rotated), APR_SUCCESS);
    members_keys(node, "secret-org", keys);
    CU_ASSERT_STRING_EQUAL(waiting(config, 3),
                           entry_of("rotate", keys[0].valid_from, 2, rotated.member.record));
    CU_ASSERT_EQUAL(members_leave(node, "secret-org", 2, NULL), APR_SUCCESS);
    member = members_get(node, "secret-org");
    CU_ASSERT_STRING_EQUAL(waiting(config, 4), entry_of("leave", member.left, 2, member.record));
    /* Nothing of what did not happen. */
    CU_ASSERT_NOT_EQUAL(members_join(node, &refused), APR_SUCCESS);
    CU_ASSERT_NOT_EQUAL(members_leave(node, "secret-org", 2, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT COUNT(*) FROM civ_pending"), 4);
    for (i = 1; i <= 4; i++) {
        CU_ASSERT_PTR_NULL(strstr(waiting(config, i), "org"));
        CU_ASSERT_PTR_NULL(strstr(waiting(config, i), "example"));
        CU_ASSERT_PTR_NULL(strstr(waiting(config, i), "https"));
    }
}

/* What a node says of itself and what the ledger has of it is one thing: each member's record is one that was noted. */
static void entries_are_sealed(void)
{
    civ_node_config_t *config = node_configure("sealed");
    civ_node_t *node;
    civ_evidence_proof_t proof;
    civ_problem_t problem;
    civ_digest_t digest;
    civ_member_t member;
    const char *entry;

    config->seal_count = 2;
    node = node_start(config);
    member = members_admit(node, "a", 1);
    entry = entry_of("join", member.joined, 1, member.record);
    members_admit(node, "b", 0);
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT COUNT(*) FROM civ_pending"), 0);
    CU_ASSERT_EQUAL(node_head(node).height, 1);
    civ_digest_sha256(&digest, entry, strlen(entry));
    CU_ASSERT_EQUAL(civ_ledger_evidence(civ_node_ledger(node), &digest, &proof, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(proof.evidence.entry.data, entry);
    CU_ASSERT_EQUAL(proof.evidence.block_index, 1);
    CU_ASSERT_EQUAL(proof.tree_size, 2);
}

/* --- evidence and votes --- */

/* Names as the manual says that they are made. */
static const char *pseudonym(const civ_pseudonym_key_t *key, const char *purpose, const char *epoch,
                             const char *text)
{
    return civ_pseudonym(apr_palloc(test_pool(), CIV_PSEUDONYM_SIZE), key, purpose, epoch, text);
}

static const char *evidence_id(const civ_pseudonym_key_t *key, const char *organization, const char *own_id)
{
    return pseudonym(key, "evidence-id", "", apr_pstrcat(test_pool(), organization, "\x1f", own_id, NULL));
}

/* What docs/formats.md says a record of evidence is: with these members of the evidence itself, in canonical form. */
static const char *expected_evidence(const civ_pseudonym_key_t *key, const char *epoch,
                                     const char *organization, const char *own_id)
{
    return apr_psprintf(test_pool(),
                        "{\"evidence_id\":\"%s\",\"evidence_type\":\"coverage\",\"patterns\":{},"
                        "\"privacy_level\":\"anonymized\",\"quality_metrics\":{\"coverage\":87.5},"
                        "\"source_hash\":\"%s\",\"timestamp\":\"2026-01-02\",\"version\":1}",
                        evidence_id(key, organization, own_id),
                        pseudonym(key, "evidence", epoch, organization));
}

static const char *expected_vote(const char *id, const char *voter, const char *time)
{
    return apr_psprintf(test_pool(),
                        "{\"confidence\":9000,\"evidence_id\":\"%s\",\"is_valid\":true,\"version\":1,"
                        "\"voted_at\":\"%s\",\"voter\":\"%s\"}",
                        id, time, voter);
}

static const char *expected_entry(const char *kind, const char *action, const char *time, const char *id,
                                  const char *level, const char *record)
{
    return apr_psprintf(test_pool(),
                        "{\"action\":\"%s\",\"created\":\"%s\",\"evidence_id\":\"%s\",%s\"record\":\"%s\","
                        "\"type\":\"civarcos.federation.%s\",\"version\":\"1\"}",
                        action, time, id, level, digest_of(record), kind);
}

#define LEVEL "\"privacy_level\":\"anonymized\","
#define CONTENT                                                                                              \
    "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87.5},\"patterns\":{},\"timestamp\":" \
    "\"2026-"                                                                                                \
    "01-02\"}"

/* What the manual says of records, is what a node makes. */
static void evidence_and_votes_are_as_documented(void)
{
    const civ_draft_t draft = {.privacy = CIV_PRIVACY_ANONYMIZED,
                               .type = "coverage",
                               .own_id = "run-4711",
                               .content = {CONTENT, CONTENT, CONTENT},
                               .group = {"a", "b"}};
    const civ_speaker_t author = {.organization_id = "example.org"},
                        voter = {.organization_id = "other.example"};
    civ_node_config_t *config = node_configure("evidence-records");
    char epoch[CIV_EPOCH_SIZE], time[CIV_TIMESTAMP_SIZE];
    civ_node_t *node = node_start(config);
    civ_federation_t *federation = civ_node_federation(node);
    civ_evidence_consensus_t consensus;
    civ_problem_t problem;
    civ_shared_t shared;
    const char *text;
    int repeated;

    members_admit(node, "example.org", 0);
    members_admit(node, "other.example", 0);
    CU_ASSERT_EQUAL_FATAL(
        civ_federation_share(federation, &author, &draft, NULL, &shared, &repeated, &problem, test_pool()),
        APR_SUCCESS);
    text = expected_evidence(civ_node_pseudonym_key(node), civ_epoch_of(epoch, shared.shared), "example.org",
                             "run-4711");
    CU_ASSERT_STRING_EQUAL(shared.record, text);
    CU_ASSERT_STRING_EQUAL(waiting(config, 3),
                           expected_entry("evidence", "share", civ_timestamp_format(time, shared.shared),
                                          shared.evidence_id, LEVEL, text));
    CU_ASSERT_EQUAL(civ_federation_vote(federation, &voter, shared.evidence_id, 0, 1, 9000, NULL, &repeated,
                                        &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(
        civ_federation_consensus(federation, shared.evidence_id, 0, &consensus, &problem, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(consensus.count, 1);
    civ_timestamp_format(time, consensus.votes[0].voted);
    text = expected_vote(shared.evidence_id,
                         pseudonym(civ_node_pseudonym_key(node), "vote",
                                   civ_epoch_of(epoch, consensus.votes[0].voted), "other.example"),
                         time);
    CU_ASSERT_STRING_EQUAL(waiting(config, 4),
                           expected_entry("vote", "cast", time, shared.evidence_id, "", text));
}

/* --- the manual --- */

static int is_in_manual(const char *manual, const char *what, const char *text)
{
    if (strstr(manual, text) != NULL)
        return 1;
    test_note("docs/formats.md does not have the %s: %s", what, text);
    return 0;
}

/* The worked example of docs/formats.md, made anew: keys of 32 bytes 01, 02 and 07. */
static void manual_has_this_example(void)
{
    static const char endpoint[] = "https://evidence.example.org/api", id[] = "example.org";
    unsigned long length;
    const char *manual =
        test_read_file(apr_pstrcat(test_pool(), test_source_dir(), "/docs/formats.md", NULL), &length);
    civ_member_t member = {.organization_id = id, .endpoint = endpoint, .metadata = "{}"};
    const char *text;
    civ_record_t record;

    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    CU_ASSERT_EQUAL(civ_timestamp_parse(&member.joined, "2026-01-02T03:04:05.678Z"), APR_SUCCESS);
    text = expected_record(&member, 1);
    CU_ASSERT_EQUAL(civ_record_seal(&record, "member", text, strlen(text), members_key(7), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT(is_in_manual(manual, "record", record.json));
    CU_ASSERT(is_in_manual(manual, "digest", digest_of(record.json)));
    CU_ASSERT(is_in_manual(manual, "length of what is signed",
                           apr_psprintf(test_pool(), "DSSEv1 36 application/vnd.civarcos.member+json %d {",
                                        (int)record.length)));
    CU_ASSERT(is_in_manual(manual, "signature of the record", record.signature));
    CU_ASSERT(is_in_manual(manual, "node's key",
                           civ_base64_encode(civ_public_key_raw(civ_key_public(members_key(7))),
                                             CIV_KEY_PUBLIC_SIZE, test_pool())));
    CU_ASSERT(is_in_manual(manual, "entry", entry_of("join", member.joined, 1, record.json)));
    CU_ASSERT(is_in_manual(manual, "text of the rotation",
                           civ_rotation_text(id, members_key_id(1), members_key_id(2), test_pool())));
    CU_ASSERT(is_in_manual(manual, "signature of the rotation", members_rotation(id, 1, 2, 1)));
}

/* The example of evidence and a vote: the node's key as above, the network's is 32 bytes 09. */
static void manual_has_this_evidence(void)
{
    static const char time[] = "2026-01-02T03:04:05.678Z";
    static const char content[] = "{\"coverage\":87.3,\"type\":\"coverage\"}";
    unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE];
    unsigned long length;
    const char *manual =
        test_read_file(apr_pstrcat(test_pool(), test_source_dir(), "/docs/formats.md", NULL), &length);
    civ_pseudonym_key_t *key;
    civ_digest_t commitment;
    civ_record_t record;
    const char *id, *text;

    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    memset(bytes, 9, sizeof(bytes));
    key = civ_pseudonym_key_from_bytes(bytes, test_pool());
    id = evidence_id(key, "example.org", "run-4711");
    CU_ASSERT(is_in_manual(manual, "id", id));
    text = expected_evidence(key, "2026Q1", "example.org", "run-4711");
    CU_ASSERT_EQUAL(civ_record_seal(&record, "evidence", text, strlen(text), members_key(7), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT(is_in_manual(manual, "record", record.json));
    CU_ASSERT(is_in_manual(manual, "length of what is signed",
                           apr_psprintf(test_pool(), "DSSEv1 38 application/vnd.civarcos.evidence+json %d {",
                                        (int)record.length)));
    CU_ASSERT(is_in_manual(manual, "signature", record.signature));
    CU_ASSERT(
        is_in_manual(manual, "entry", expected_entry("evidence", "share", time, id, LEVEL, record.json)));
    text = expected_vote(id, pseudonym(key, "vote", "2026Q1", "other.example"), time);
    CU_ASSERT(is_in_manual(manual, "vote", text));
    CU_ASSERT(is_in_manual(manual, "entry of the vote", expected_entry("vote", "cast", time, id, "", text)));
    memset(bytes, 5, sizeof(bytes));
    civ_digest_sha256_two(&commitment, bytes, sizeof(bytes), content, strlen(content));
    CU_ASSERT(is_in_manual(manual, "content of the commitment", content));
    CU_ASSERT(is_in_manual(manual, "commitment", civ_digest_hex_dup(&commitment, test_pool())));
}

static const test_case_t cases[] = {
    {"records_are_signed", records_are_signed},
    {"signature_is_over_dsse", signature_is_over_dsse},
    {"only_objects_are_records", only_objects_are_records},
    {"entries_say_what_happened", entries_say_what_happened},
    {"entries_are_sealed", entries_are_sealed},
    {"evidence_and_votes_are_as_documented", evidence_and_votes_are_as_documented},
    {"manual_has_this_example", manual_has_this_example},
    {"manual_has_this_evidence", manual_has_this_evidence},
    {NULL, NULL},
};

const test_suite_t federation_records_suite = {"federation_records", unit_folder_make, unit_folder_remove,
                                               cases};
