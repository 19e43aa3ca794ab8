/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_evidence.c
 * Shared evidence: versions of one's own, what others may see of them, and what is left of what is withdrawn.
 */
#include "unit/evidence_fixture.h"

#include "base/status.h"
#include "federation/record.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

/* --- versions --- */

static void versions_are_kept(void)
{
    civ_node_t *node = evidence_start("versions", 1);
    civ_shared_t first = evidence_share_as(node, "org0", "run", 80),
                 second = evidence_share_as(node, "org0", "run", 85);
    civ_shared_page_t page = evidence_versions(node, first.evidence_id);

    CU_ASSERT_STRING_EQUAL(first.evidence_id, second.evidence_id);
    CU_ASSERT_EQUAL(first.version, 1);
    CU_ASSERT_EQUAL(second.version, 2);
    CU_ASSERT_EQUAL(page.count, 2);
    CU_ASSERT_EQUAL(page.items[0].version, 2);
    CU_ASSERT_STRING_EQUAL(page.items[1].record, first.record);
    CU_ASSERT_EQUAL(evidence_list(node, NULL, APR_INT64_MAX, 10).count, 1);
    CU_ASSERT_EQUAL(evidence_list(node, NULL, APR_INT64_MAX, 10).items[0].version, 2);
    CU_ASSERT(members_totals_are(node, 1));
}

static void the_same_again_changes_nothing(void)
{
    civ_node_t *node = evidence_start("same", 1);
    sharer_t sharer = {.id = "org0", .draft = evidence_anonymized};
    const char *sql = "SELECT COUNT(*) FROM civ_fed_evidence";

    CU_ASSERT_EQUAL(evidence_share(node, &sharer), APR_SUCCESS);
    CU_ASSERT_FALSE(sharer.repeated);
    CU_ASSERT_EQUAL(evidence_share(node, &sharer), APR_SUCCESS);
    CU_ASSERT_TRUE(sharer.repeated);
    CU_ASSERT_EQUAL(sharer.shared.version, 1);
    CU_ASSERT_EQUAL(node_raw_int(node->config, sql), 1);
}

static void nobody_replaces_anothers(void)
{
    civ_node_t *node = evidence_start("others", 2);
    civ_shared_t mine = evidence_share_as(node, "org0", "run", 80),
                 yours = evidence_share_as(node, "org1", "run", 10);

    CU_ASSERT_STRING_NOT_EQUAL(mine.evidence_id, yours.evidence_id);
    CU_ASSERT_EQUAL(yours.version, 1);
    CU_ASSERT_EQUAL(evidence_versions(node, mine.evidence_id).count, 1);
    CU_ASSERT_PTR_NULL(strstr(mine.record, "org0"));
    CU_ASSERT_PTR_NULL(strstr(mine.record, "run"));
}

static void strangers_do_not_share(void)
{
    civ_node_t *node = evidence_start("strangers", 1);
    sharer_t sharer = {.id = "nobody", .draft = evidence_anonymized};

    CU_ASSERT_EQUAL(evidence_share(node, &sharer), APR_NOTFOUND);
    CU_ASSERT_EQUAL(sharer.problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT_EQUAL(members_leave(node, "org0", 0, NULL), APR_SUCCESS);
    sharer.id = "org0";
    CU_ASSERT_EQUAL(evidence_share(node, &sharer), APR_NOTFOUND);
    CU_ASSERT_EQUAL(node_raw_int(node->config, "SELECT COUNT(*) FROM civ_fed_evidence"), 0);
}

/* The folder could not be written when the key was to be made. */
static void without_a_network_key_nothing_is_shared(void)
{
    civ_node_config_t *config = node_configure("keyless");
    const civ_idempotency_t retry = {{{1}}, {{2}}};
    sharer_t sharer = {.id = "org0", .draft = evidence_anonymized};
    unsigned char salt[CIV_COMMITMENT_SALT_SIZE];
    civ_node_t *node;

    node_prepare(config);
    CU_ASSERT_EQUAL(unlink(civ_node_pseudonym_key_path(config, test_pool())), 0);
    CU_ASSERT_EQUAL(unlink(civ_node_pseudonym_id_path(config, test_pool())), 0);
    node = node_open(config, node_make_hot(config));
    CU_ASSERT_EQUAL_FATAL(civ_node_start(node, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(evidence_share(node, &sharer), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(sharer.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(
        civ_federation_salt(civ_node_federation(node), "org0", &retry, salt, &sharer.problem, test_pool()),
        CIV_EUNREACHABLE);
    sharer.draft.own_id = NULL;
    CU_ASSERT_EQUAL(evidence_share(node, &sharer), CIV_EUNREACHABLE);
}

static apr_status_t withdraw(civ_node_t *node, const char *id, const char *evidence_id,
                             civ_shared_t *tombstone)
{
    const civ_speaker_t speaker = {.organization_id = id};
    civ_problem_t problem;

    return civ_federation_withdraw(civ_node_federation(node), &speaker, evidence_id, "wrong figures", NULL,
                                   tombstone, &problem, test_pool());
}

/* One id under the pseudonyms of two quarters would join all that is shared in both. */
static void versions_do_not_join_quarters(void)
{
    civ_node_t *node = evidence_start("quarters", 1);
    civ_shared_t first = evidence_share_as(node, "org0", "run", 80), second, other, tombstone;

    node_raw_run(node->config, "UPDATE civ_fed_evidence SET shared = shared - 8640000000"); /* 100 days */
    second = evidence_share_as(node, "org0", "run", 81);
    other = evidence_share_as(node, "org0", "other", 82);
    CU_ASSERT_EQUAL(second.version, 2);
    CU_ASSERT_STRING_EQUAL(other.source, first.source);
    CU_ASSERT_STRING_NOT_EQUAL(second.source, other.source);
    CU_ASSERT_PTR_NOT_NULL(strstr(second.record, second.source));
    CU_ASSERT_EQUAL(withdraw(node, "org0", second.evidence_id, &tombstone), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(tombstone.record, second.source));
}

/* --- Idempotency-Key --- */

static civ_idempotency_t retry_named(const char *key, const char *request)
{
    civ_idempotency_t retry;

    civ_digest_sha256(&retry.key, key, strlen(key));
    civ_digest_sha256(&retry.request, request, strlen(request));
    return retry;
}

/* The answer tells under which id evidence is shared that somebody can guess. */
static void an_answer_is_told_again_to_who_signs(void)
{
    civ_node_t *node = evidence_start("told_again", 0);
    const civ_idempotency_t retry = retry_named("one", "body");
    sharer_t first = {.id = "org", .key = 1, .draft = evidence_anonymized, .retry = &retry}, again = first;
    sharer_t stranger = {.id = "org", .draft = evidence_anonymized, .retry = &retry};

    members_admit(node, "org", 1);
    CU_ASSERT_EQUAL_FATAL(evidence_share(node, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(evidence_share(node, &stranger), APR_EACCES);
    CU_ASSERT_EQUAL(stranger.problem.kind, CIV_PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL_FATAL(evidence_share(node, &again), APR_SUCCESS);
    CU_ASSERT(again.repeated);
    CU_ASSERT_STRING_EQUAL(again.shared.evidence_id, first.shared.evidence_id);
    CU_ASSERT_EQUAL(members_leave(node, "org", 1, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(evidence_share(node, &stranger), APR_EACCES);
}

/* Who uses up the keys that others choose would keep them from sharing. */
static void keys_of_others_do_not_matter(void)
{
    civ_node_t *node = evidence_start("others_keys", 2);
    const civ_idempotency_t one = retry_named("1", "of org0"), other = retry_named("1", "of org1");
    sharer_t first = {.id = "org0", .draft = evidence_anonymized, .retry = &one};
    sharer_t second = {.id = "org1", .draft = evidence_anonymized, .retry = &other};

    CU_ASSERT_EQUAL(evidence_share(node, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(evidence_share(node, &second), APR_SUCCESS);
    CU_ASSERT(!second.repeated);
    first.retry = &other;
    CU_ASSERT_EQUAL(evidence_share(node, &first), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(first.problem.kind, CIV_PROBLEM_KEY_REUSED);
}

/* --- what is seen --- */

static void few_members_hide_what_they_have_in_common(void)
{
    civ_node_t *node = evidence_start("few", 5);
    civ_shared_t shared;
    int i;

    for (i = 0; i < 4; i++) {
        shared = evidence_share_as(node, apr_psprintf(test_pool(), "org%d", i), "run", 80 + i);
        CU_ASSERT_PTR_NULL(strstr(evidence_list(node, NULL, APR_INT64_MAX, 1).items[0].record, "language"));
    }
    CU_ASSERT_PTR_NULL(strstr(shared.record, "language"));
    evidence_share_as(node, "org4", "run", 90);
    /* Five have it in common now, so all of them show it. */
    for (i = 0; i < 5; i++)
        CU_ASSERT_PTR_NOT_NULL(
            strstr(evidence_list(node, NULL, APR_INT64_MAX, 5).items[i].record, "\"size\":\"1024\""));
}

static void what_fewer_have_in_common_goes_first(void)
{
    civ_node_t *node = evidence_start("first", 5);
    civ_shared_page_t page;
    int i;

    for (i = 0; i < 5; i++)
        evidence_share_sized(node, apr_psprintf(test_pool(), "org%d", i), "run", 80, i < 4 ? 1024 : 2048);
    page = evidence_list(node, NULL, APR_INT64_MAX, 5);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(page.items[i].record, "\"language\":\"c\""));
        CU_ASSERT_PTR_NULL(strstr(page.items[i].record, "size"));
    }
}

static void many_of_one_member_are_one(void)
{
    civ_node_t *node = evidence_start("one", 1);
    int i;

    for (i = 0; i < 8; i++)
        evidence_share_as(node, "org0", apr_psprintf(test_pool(), "run%d", i), 80);
    for (i = 0; i < 8; i++)
        CU_ASSERT_PTR_NULL(strstr(evidence_list(node, NULL, APR_INT64_MAX, 8).items[i].record, "language"));
}

static void records_are_signed(void)
{
    civ_node_t *node = evidence_start("signed", 1);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);
    civ_digest_t digest;

    CU_ASSERT_EQUAL(civ_record_verify("evidence", shared.record, strlen(shared.record), shared.signature,
                                      civ_key_public(node->key), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_record_verify("vote", shared.record, strlen(shared.record), shared.signature,
                                      civ_key_public(node->key), test_pool()),
                    CIV_EINVALID);
    civ_digest_sha256(&digest, shared.record, strlen(shared.record));
    CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&digest, test_pool()), shared.digest);
    CU_ASSERT_EQUAL(
        node_raw_int(node->config,
                     apr_psprintf(test_pool(), "SELECT COUNT(*) FROM civ_pending WHERE payload LIKE '%%%s%%'",
                                  shared.digest)),
        1);
}

static void private_leaves_a_commitment(void)
{
    civ_node_t *node = evidence_start("private", 2);
    sharer_t sharer = {.id = "org0", .draft = {.privacy = CIV_PRIVACY_PRIVATE, .type = "coverage"}};
    civ_digest_t commitment;
    civ_problem_t problem;

    civ_digest_sha256(&commitment, "salt and content", 16);
    sharer.draft.commitment = &commitment;
    CU_ASSERT_EQUAL(evidence_share(node, &sharer), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(sharer.shared.digest, civ_digest_hex_dup(&commitment, test_pool()));
    CU_ASSERT_EQUAL(evidence_list(node, NULL, APR_INT64_MAX, 10).count, 0);
    CU_ASSERT_EQUAL(evidence_versions(node, sharer.shared.evidence_id).count, 0);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", sharer.shared.evidence_id, 1, CIV_CONFIDENCE_ONE, &problem),
                    APR_NOTFOUND);
    CU_ASSERT_EQUAL(node_raw_int(node->config, apr_psprintf(test_pool(),
                                                            "SELECT COUNT(*) FROM civ_pending WHERE payload "
                                                            "LIKE '%%%s%%'",
                                                            sharer.shared.evidence_id)),
                    0);
    CU_ASSERT_EQUAL(node_raw_int(node->config, apr_psprintf(test_pool(),
                                                            "SELECT COUNT(*) FROM civ_pending WHERE payload "
                                                            "LIKE '%%%s%%'",
                                                            sharer.shared.digest)),
                    1);
}

static void pages_neither_skip_nor_repeat(void)
{
    civ_node_t *node = evidence_start("pages", 1);
    apr_int64_t before = APR_INT64_MAX, last = APR_INT64_MAX;
    int seen = 0, i;
    civ_shared_page_t page;

    for (i = 0; i < 7; i++)
        evidence_share_as(node, "org0", apr_psprintf(test_pool(), "run%d", i), i);
    do {
        page = evidence_list(node, "coverage", before, 3);
        for (i = 0; i < page.count; i++) {
            CU_ASSERT(page.items[i].number < last);
            last = page.items[i].number;
            seen++;
        }
        before = last;
        /* What comes meanwhile is newer than all that is left. */
        evidence_share_as(node, "org0", apr_psprintf(test_pool(), "more%d", seen), seen);
    } while (page.more);
    CU_ASSERT_EQUAL(seen, 7);
    CU_ASSERT_EQUAL(evidence_list(node, "other", APR_INT64_MAX, 3).count, 0);
}

/* --- withdrawing --- */

static void a_tombstone_is_left(void)
{
    civ_node_t *node = evidence_start("tombstone", 2);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80), tombstone;
    civ_shared_page_t page;

    evidence_share_as(node, "org0", "run", 81);
    CU_ASSERT_EQUAL(withdraw(node, "org1", shared.evidence_id, &tombstone), APR_NOTFOUND);
    CU_ASSERT_EQUAL(withdraw(node, "org0", shared.evidence_id, &tombstone), APR_SUCCESS);
    CU_ASSERT_EQUAL(withdraw(node, "org0", shared.evidence_id, &tombstone), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(evidence_list(node, NULL, APR_INT64_MAX, 10).count, 0);
    page = evidence_versions(node, shared.evidence_id);
    CU_ASSERT_EQUAL(page.count, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(page.items[1].record, "withdrawn_at"));
    CU_ASSERT_PTR_NULL(strstr(page.items[1].record, "quality_metrics"));
    CU_ASSERT_EQUAL(civ_record_verify("evidence", page.items[0].record, strlen(page.items[0].record),
                                      page.items[0].signature, civ_key_public(node->key), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(
        node_raw_int(node->config,
                     "SELECT COUNT(*) FROM civ_fed_evidence WHERE record LIKE '%coverage\":8%' OR "
                     "fullest LIKE '%coverage\":8%'"),
        0);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL),
                    CIV_ECONFLICT);
    CU_ASSERT(members_totals_are(node, 2));
}

static void what_was_withdrawn_stays_so(void)
{
    civ_node_t *node = evidence_start("again", 1);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80), tombstone;
    sharer_t sharer = {.id = "org0", .draft = evidence_anonymized};

    CU_ASSERT_EQUAL(withdraw(node, "org0", shared.evidence_id, &tombstone), APR_SUCCESS);
    sharer.draft.own_id = "run";
    CU_ASSERT_EQUAL(evidence_share(node, &sharer), CIV_ECONFLICT);
}

static const test_case_t cases[] = {
    {"versions_are_kept", versions_are_kept},
    {"the_same_again_changes_nothing", the_same_again_changes_nothing},
    {"nobody_replaces_anothers", nobody_replaces_anothers},
    {"strangers_do_not_share", strangers_do_not_share},
    {"versions_do_not_join_quarters", versions_do_not_join_quarters},
    {"without_a_network_key_nothing_is_shared", without_a_network_key_nothing_is_shared},
    {"an_answer_is_told_again_to_who_signs", an_answer_is_told_again_to_who_signs},
    {"keys_of_others_do_not_matter", keys_of_others_do_not_matter},
    {"few_members_hide_what_they_have_in_common", few_members_hide_what_they_have_in_common},
    {"what_fewer_have_in_common_goes_first", what_fewer_have_in_common_goes_first},
    {"many_of_one_member_are_one", many_of_one_member_are_one},
    {"records_are_signed", records_are_signed},
    {"private_leaves_a_commitment", private_leaves_a_commitment},
    {"pages_neither_skip_nor_repeat", pages_neither_skip_nor_repeat},
    {"a_tombstone_is_left", a_tombstone_is_left},
    {"what_was_withdrawn_stays_so", what_was_withdrawn_stays_so},
    {NULL, NULL},
};

const test_suite_t federation_evidence_suite = {"federation_evidence", unit_folder_make, unit_folder_remove,
                                                cases};
