/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_evidence.c
 * Shared evidence: versions of one's own, what others may see of them, votes, and what they do to reputations.
 */
#include "federation/evidence.h"

#include "base/status.h"
#include "federation/record.h"
#include "support/runner.h"
#include "unit/members_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

typedef struct sharer_t {
    const char *id;
    int key; /* that the request is signed with; 0: none */
    civ_draft_t draft;
    const civ_idempotency_t *retry;
    apr_status_t status;
    civ_shared_t shared;
    int repeated;
    civ_problem_t problem;
} sharer_t;

#define BARE   "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87}}"
#define FULLER "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87},\"language\":\"c\"}"
#define FULL                                                                                                 \
    "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87},\"language\":\"c\",\"size\":"     \
    "\"1024\"}"

static const civ_draft_t anonymized = {.privacy = CIV_PRIVACY_ANONYMIZED,
                                       .type = "coverage",
                                       .own_id = "run-1",
                                       .content = {FULL, FULLER, BARE},
                                       .group = {"c|1024", "c"}};

static apr_status_t share(civ_node_t *node, sharer_t *sharer)
{
    const civ_speaker_t speaker = members_speaker(sharer->id, sharer->key);

    memset(&sharer->shared, 0, sizeof(sharer->shared));
    sharer->status = civ_federation_share(civ_node_federation(node), &speaker, &sharer->draft, sharer->retry,
                                          &sharer->shared, &sharer->repeated, &sharer->problem, test_pool());
    return sharer->status;
}

static civ_shared_t share_sized(civ_node_t *node, const char *id, const char *own_id, int coverage, int size)
{
    sharer_t sharer = {.id = id, .draft = anonymized};

    sharer.draft.own_id = own_id;
    sharer.draft.content[2] = apr_psprintf(test_pool(), "{\"quality_metrics\":{\"coverage\":%d}}", coverage);
    sharer.draft.content[1] =
        apr_psprintf(test_pool(), "{\"quality_metrics\":{\"coverage\":%d},\"language\":\"c\"}", coverage);
    sharer.draft.content[0] = apr_psprintf(
        test_pool(), "{\"quality_metrics\":{\"coverage\":%d},\"language\":\"c\",\"size\":\"%d\"}", coverage,
        size);
    sharer.draft.group[0] = apr_psprintf(test_pool(), "c|%d", size);
    CU_ASSERT_EQUAL_FATAL(share(node, &sharer), APR_SUCCESS);
    return sharer.shared;
}

static civ_shared_t share_as(civ_node_t *node, const char *id, const char *own_id, int coverage)
{
    return share_sized(node, id, own_id, coverage, 1024);
}

static apr_status_t vote(civ_node_t *node, const char *id, const char *evidence_id, int is_valid,
                         apr_int64_t confidence, civ_problem_t *problem)
{
    const civ_speaker_t speaker = {.organization_id = id};
    civ_problem_t own;
    int repeated;

    return civ_federation_vote(civ_node_federation(node), &speaker, evidence_id, 0, is_valid, confidence,
                               NULL, &repeated, problem != NULL ? problem : &own, test_pool());
}

static civ_evidence_consensus_t consensus_of(civ_node_t *node, const char *evidence_id, apr_int64_t version)
{
    civ_evidence_consensus_t consensus;
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(civ_federation_consensus(civ_node_federation(node), evidence_id, version,
                                                   &consensus, &problem, test_pool()),
                          APR_SUCCESS);
    return consensus;
}

static civ_shared_page_t list(civ_node_t *node, const char *type, apr_int64_t before, int limit)
{
    const civ_evidence_query_t query = {
        .type = type, .since = APR_INT64_MIN, .before = before, .limit = limit};
    civ_shared_page_t page = {NULL, 0, 0};
    civ_problem_t problem;

    CU_ASSERT_EQUAL(civ_federation_evidence(civ_node_federation(node), &query, &page, &problem, test_pool()),
                    APR_SUCCESS);
    return page;
}

static civ_shared_page_t versions_of(civ_node_t *node, const char *evidence_id)
{
    civ_shared_page_t page = {NULL, 0, 0};
    civ_problem_t problem;

    civ_federation_versions(civ_node_federation(node), evidence_id, &page, &problem, test_pool());
    return page;
}

static civ_node_t *start_with(const char *folder, int members)
{
    civ_node_t *node = members_start(folder);
    int i;

    for (i = 0; i < members; i++)
        members_admit(node, apr_psprintf(test_pool(), "org%d", i), 0);
    return node;
}

/* --- versions --- */

static void versions_are_kept(void)
{
    civ_node_t *node = start_with("versions", 1);
    civ_shared_t first = share_as(node, "org0", "run", 80), second = share_as(node, "org0", "run", 85);
    civ_shared_page_t page = versions_of(node, first.evidence_id);

    CU_ASSERT_STRING_EQUAL(first.evidence_id, second.evidence_id);
    CU_ASSERT_EQUAL(first.version, 1);
    CU_ASSERT_EQUAL(second.version, 2);
    CU_ASSERT_EQUAL(page.count, 2);
    CU_ASSERT_EQUAL(page.items[0].version, 2);
    CU_ASSERT_STRING_EQUAL(page.items[1].record, first.record);
    CU_ASSERT_EQUAL(list(node, NULL, APR_INT64_MAX, 10).count, 1);
    CU_ASSERT_EQUAL(list(node, NULL, APR_INT64_MAX, 10).items[0].version, 2);
    CU_ASSERT(members_totals_are(node, 1));
}

static void the_same_again_changes_nothing(void)
{
    civ_node_t *node = start_with("same", 1);
    sharer_t sharer = {.id = "org0", .draft = anonymized};
    const char *sql = "SELECT COUNT(*) FROM civ_fed_evidence";

    CU_ASSERT_EQUAL(share(node, &sharer), APR_SUCCESS);
    CU_ASSERT_FALSE(sharer.repeated);
    CU_ASSERT_EQUAL(share(node, &sharer), APR_SUCCESS);
    CU_ASSERT_TRUE(sharer.repeated);
    CU_ASSERT_EQUAL(sharer.shared.version, 1);
    CU_ASSERT_EQUAL(node_raw_int(node->config, sql), 1);
}

static void nobody_replaces_anothers(void)
{
    civ_node_t *node = start_with("others", 2);
    civ_shared_t mine = share_as(node, "org0", "run", 80), yours = share_as(node, "org1", "run", 10);

    CU_ASSERT_STRING_NOT_EQUAL(mine.evidence_id, yours.evidence_id);
    CU_ASSERT_EQUAL(yours.version, 1);
    CU_ASSERT_EQUAL(versions_of(node, mine.evidence_id).count, 1);
    CU_ASSERT_PTR_NULL(strstr(mine.record, "org0"));
    CU_ASSERT_PTR_NULL(strstr(mine.record, "run"));
}

static void strangers_do_not_share(void)
{
    civ_node_t *node = start_with("strangers", 1);
    sharer_t sharer = {.id = "nobody", .draft = anonymized};

    CU_ASSERT_EQUAL(share(node, &sharer), APR_NOTFOUND);
    CU_ASSERT_EQUAL(sharer.problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT_EQUAL(members_leave(node, "org0", 0, NULL), APR_SUCCESS);
    sharer.id = "org0";
    CU_ASSERT_EQUAL(share(node, &sharer), APR_NOTFOUND);
    CU_ASSERT_EQUAL(node_raw_int(node->config, "SELECT COUNT(*) FROM civ_fed_evidence"), 0);
}

/* The folder could not be written when the key was to be made. */
static void without_a_network_key_nothing_is_shared(void)
{
    civ_node_config_t *config = node_configure("keyless");
    const civ_idempotency_t retry = {{{1}}, {{2}}};
    sharer_t sharer = {.id = "org0", .draft = anonymized};
    unsigned char salt[CIV_COMMITMENT_SALT_SIZE];
    civ_node_t *node;

    node_prepare(config);
    CU_ASSERT_EQUAL(unlink(civ_node_pseudonym_key_path(config, test_pool())), 0);
    CU_ASSERT_EQUAL(unlink(civ_node_pseudonym_id_path(config, test_pool())), 0);
    node = node_open(config, node_make_hot(config));
    CU_ASSERT_EQUAL_FATAL(civ_node_start(node, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(share(node, &sharer), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(sharer.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(
        civ_federation_salt(civ_node_federation(node), "org0", &retry, salt, &sharer.problem, test_pool()),
        CIV_EUNREACHABLE);
    sharer.draft.own_id = NULL;
    CU_ASSERT_EQUAL(share(node, &sharer), CIV_EUNREACHABLE);
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
    civ_node_t *node = start_with("quarters", 1);
    civ_shared_t first = share_as(node, "org0", "run", 80), second, other, tombstone;

    node_raw_run(node->config, "UPDATE civ_fed_evidence SET shared = shared - 8640000000"); /* 100 days */
    second = share_as(node, "org0", "run", 81);
    other = share_as(node, "org0", "other", 82);
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
    civ_node_t *node = start_with("told_again", 0);
    const civ_idempotency_t retry = retry_named("one", "body");
    sharer_t first = {.id = "org", .key = 1, .draft = anonymized, .retry = &retry}, again = first;
    sharer_t stranger = {.id = "org", .draft = anonymized, .retry = &retry};

    members_admit(node, "org", 1);
    CU_ASSERT_EQUAL_FATAL(share(node, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(share(node, &stranger), APR_EACCES);
    CU_ASSERT_EQUAL(stranger.problem.kind, CIV_PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL_FATAL(share(node, &again), APR_SUCCESS);
    CU_ASSERT(again.repeated);
    CU_ASSERT_STRING_EQUAL(again.shared.evidence_id, first.shared.evidence_id);
    CU_ASSERT_EQUAL(members_leave(node, "org", 1, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(share(node, &stranger), APR_EACCES);
}

/* Who uses up the keys that others choose would keep them from sharing. */
static void keys_of_others_do_not_matter(void)
{
    civ_node_t *node = start_with("others_keys", 2);
    const civ_idempotency_t one = retry_named("1", "of org0"), other = retry_named("1", "of org1");
    sharer_t first = {.id = "org0", .draft = anonymized, .retry = &one};
    sharer_t second = {.id = "org1", .draft = anonymized, .retry = &other};

    CU_ASSERT_EQUAL(share(node, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(share(node, &second), APR_SUCCESS);
    CU_ASSERT(!second.repeated);
    first.retry = &other;
    CU_ASSERT_EQUAL(share(node, &first), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(first.problem.kind, CIV_PROBLEM_KEY_REUSED);
}

/* --- what is seen --- */

static void few_members_hide_what_they_have_in_common(void)
{
    civ_node_t *node = start_with("few", 5);
    civ_shared_t shared;
    int i;

    for (i = 0; i < 4; i++) {
        shared = share_as(node, apr_psprintf(test_pool(), "org%d", i), "run", 80 + i);
        CU_ASSERT_PTR_NULL(strstr(list(node, NULL, APR_INT64_MAX, 1).items[0].record, "language"));
    }
    CU_ASSERT_PTR_NULL(strstr(shared.record, "language"));
    share_as(node, "org4", "run", 90);
    /* Five have it in common now, so all of them show it. */
    for (i = 0; i < 5; i++)
        CU_ASSERT_PTR_NOT_NULL(
            strstr(list(node, NULL, APR_INT64_MAX, 5).items[i].record, "\"size\":\"1024\""));
}

static void what_fewer_have_in_common_goes_first(void)
{
    civ_node_t *node = start_with("first", 5);
    civ_shared_page_t page;
    int i;

    for (i = 0; i < 5; i++)
        share_sized(node, apr_psprintf(test_pool(), "org%d", i), "run", 80, i < 4 ? 1024 : 2048);
    page = list(node, NULL, APR_INT64_MAX, 5);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(page.items[i].record, "\"language\":\"c\""));
        CU_ASSERT_PTR_NULL(strstr(page.items[i].record, "size"));
    }
}

static void many_of_one_member_are_one(void)
{
    civ_node_t *node = start_with("one", 1);
    int i;

    for (i = 0; i < 8; i++)
        share_as(node, "org0", apr_psprintf(test_pool(), "run%d", i), 80);
    for (i = 0; i < 8; i++)
        CU_ASSERT_PTR_NULL(strstr(list(node, NULL, APR_INT64_MAX, 8).items[i].record, "language"));
}

static void records_are_signed(void)
{
    civ_node_t *node = start_with("signed", 1);
    civ_shared_t shared = share_as(node, "org0", "run", 80);
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
    civ_node_t *node = start_with("private", 2);
    sharer_t sharer = {.id = "org0", .draft = {.privacy = CIV_PRIVACY_PRIVATE, .type = "coverage"}};
    civ_digest_t commitment;
    civ_problem_t problem;

    civ_digest_sha256(&commitment, "salt and content", 16);
    sharer.draft.commitment = &commitment;
    CU_ASSERT_EQUAL(share(node, &sharer), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(sharer.shared.digest, civ_digest_hex_dup(&commitment, test_pool()));
    CU_ASSERT_EQUAL(list(node, NULL, APR_INT64_MAX, 10).count, 0);
    CU_ASSERT_EQUAL(versions_of(node, sharer.shared.evidence_id).count, 0);
    CU_ASSERT_EQUAL(vote(node, "org1", sharer.shared.evidence_id, 1, CIV_CONFIDENCE_ONE, &problem),
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
    civ_node_t *node = start_with("pages", 1);
    apr_int64_t before = APR_INT64_MAX, last = APR_INT64_MAX;
    int seen = 0, i;
    civ_shared_page_t page;

    for (i = 0; i < 7; i++)
        share_as(node, "org0", apr_psprintf(test_pool(), "run%d", i), i);
    do {
        page = list(node, "coverage", before, 3);
        for (i = 0; i < page.count; i++) {
            CU_ASSERT(page.items[i].number < last);
            last = page.items[i].number;
            seen++;
        }
        before = last;
        /* What comes meanwhile is newer than all that is left. */
        share_as(node, "org0", apr_psprintf(test_pool(), "more%d", seen), seen);
    } while (page.more);
    CU_ASSERT_EQUAL(seen, 7);
    CU_ASSERT_EQUAL(list(node, "other", APR_INT64_MAX, 3).count, 0);
}

/* --- withdrawing --- */

static void a_tombstone_is_left(void)
{
    civ_node_t *node = start_with("tombstone", 2);
    civ_shared_t shared = share_as(node, "org0", "run", 80), tombstone;
    civ_shared_page_t page;

    share_as(node, "org0", "run", 81);
    CU_ASSERT_EQUAL(withdraw(node, "org1", shared.evidence_id, &tombstone), APR_NOTFOUND);
    CU_ASSERT_EQUAL(withdraw(node, "org0", shared.evidence_id, &tombstone), APR_SUCCESS);
    CU_ASSERT_EQUAL(withdraw(node, "org0", shared.evidence_id, &tombstone), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(list(node, NULL, APR_INT64_MAX, 10).count, 0);
    page = versions_of(node, shared.evidence_id);
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
    CU_ASSERT_EQUAL(vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL), CIV_ECONFLICT);
    CU_ASSERT(members_totals_are(node, 2));
}

static void what_was_withdrawn_stays_so(void)
{
    civ_node_t *node = start_with("again", 1);
    civ_shared_t shared = share_as(node, "org0", "run", 80), tombstone;
    sharer_t sharer = {.id = "org0", .draft = anonymized};

    CU_ASSERT_EQUAL(withdraw(node, "org0", shared.evidence_id, &tombstone), APR_SUCCESS);
    sharer.draft.own_id = "run";
    CU_ASSERT_EQUAL(share(node, &sharer), CIV_ECONFLICT);
}

/* --- votes --- */

static int reputation_of(civ_node_t *node, const char *id)
{
    civ_member_t member = members_get(node, id);

    return civ_reputation(&member.outcomes);
}

static void one_vote_each_and_none_on_ones_own(void)
{
    civ_node_t *node = start_with("votes", 3);
    civ_shared_t shared = share_as(node, "org0", "run", 80);
    civ_problem_t problem;

    CU_ASSERT_EQUAL(vote(node, "org0", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, &problem), APR_EACCES);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_FORBIDDEN);
    CU_ASSERT_EQUAL(vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).tally.votes, 1);
    CU_ASSERT_EQUAL(vote(node, "org1", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, &problem), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_CONFLICT);
    CU_ASSERT_EQUAL(vote(node, "org1", shared.evidence_id, 1, 1, &problem), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).tally.votes, 1);
    CU_ASSERT_EQUAL(vote(node, "org1", "00000000000000000000000000000000", 1, 1, NULL), APR_NOTFOUND);
}

static void three_votes_decide(void)
{
    civ_node_t *node = start_with("decide", 5);
    civ_shared_t shared = share_as(node, "org0", "run", 80);

    vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    vote(node, "org2", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_PENDING);
    CU_ASSERT_EQUAL(reputation_of(node, "org0"), 10000);
    vote(node, "org3", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_ACCEPTED);
    CU_ASSERT_EQUAL(members_get(node, "org0").outcomes.evidence_accepted, 1);
    CU_ASSERT_EQUAL(members_get(node, "org1").outcomes.votes_agreed, 1);
    CU_ASSERT_EQUAL(members_get(node, "org3").outcomes.votes_disagreed, 1);
    CU_ASSERT(reputation_of(node, "org3") < 10000);
    /* A fourth one undoes it: nobody's reputation is what it was under the other outcome. */
    vote(node, "org4", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_CONTESTED);
    CU_ASSERT_EQUAL(members_get(node, "org0").outcomes.evidence_accepted, 0);
    CU_ASSERT_EQUAL(members_get(node, "org3").outcomes.votes_disagreed, 0);
    CU_ASSERT_EQUAL(reputation_of(node, "org3"), 10000);
    CU_ASSERT(members_totals_are(node, 5));
}

static void votes_that_say_nothing_earn_nothing(void)
{
    civ_node_t *node = start_with("nothing", 6);
    civ_shared_t shared = share_as(node, "org0", "run", 80);

    vote(node, "org1", shared.evidence_id, 1, 0, NULL);
    vote(node, "org2", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    vote(node, "org3", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    vote(node, "org4", shared.evidence_id, 0, 0, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_ACCEPTED);
    CU_ASSERT_EQUAL(members_get(node, "org1").outcomes.votes_agreed, 0);
    CU_ASSERT_EQUAL(members_get(node, "org2").outcomes.votes_agreed, 1);
    CU_ASSERT_EQUAL(members_get(node, "org4").outcomes.votes_disagreed, 0);
}

static void rejected_costs_the_author(void)
{
    civ_node_t *node = start_with("rejected", 4);
    civ_shared_t shared = share_as(node, "org0", "run", 80);
    int i;

    for (i = 1; i < 4; i++)
        vote(node, apr_psprintf(test_pool(), "org%d", i), shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_REJECTED);
    CU_ASSERT_EQUAL(members_get(node, "org0").outcomes.evidence_rejected, 1);
    CU_ASSERT(reputation_of(node, "org0") < 10000);
    CU_ASSERT_EQUAL(reputation_of(node, "org1"), 10000);
    CU_ASSERT(members_totals_are(node, 4));
}

static void a_new_version_starts_anew(void)
{
    civ_node_t *node = start_with("anew", 4);
    civ_shared_t shared = share_as(node, "org0", "run", 80);
    int i;

    for (i = 1; i < 4; i++)
        vote(node, apr_psprintf(test_pool(), "org%d", i), shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    share_as(node, "org0", "run", 81);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).tally.votes, 0);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 1).opinion, CIV_OPINION_ACCEPTED);
    CU_ASSERT_EQUAL(vote(node, "org1", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 2).tally.votes, 1);
}

static void voters_are_pseudonymous(void)
{
    civ_node_t *node = start_with("voters", 2);
    civ_shared_t shared = share_as(node, "org0", "run", 80);
    civ_evidence_consensus_t consensus;

    vote(node, "org1", shared.evidence_id, 1, 2500, NULL);
    consensus = consensus_of(node, shared.evidence_id, 0);
    CU_ASSERT_EQUAL(consensus.count, 1);
    CU_ASSERT_EQUAL(strlen(consensus.votes[0].voter), 32);
    CU_ASSERT_EQUAL(consensus.votes[0].confidence, 2500);
    CU_ASSERT_PTR_NULL(strstr(shared.record, consensus.votes[0].voter));
}

/* --- arithmetic --- */

static void opinions_follow_from_weights(void)
{
    static const struct {
        civ_tally_t tally;
        civ_opinion_e opinion;
    } rows[] = {
        {{0, 0, 0}, CIV_OPINION_PENDING},           {{2, 20000, 0}, CIV_OPINION_PENDING},
        {{3, 0, 0}, CIV_OPINION_PENDING},           {{3, 20000, 10000}, CIV_OPINION_ACCEPTED},
        {{3, 19999, 10000}, CIV_OPINION_CONTESTED}, {{3, 10000, 20000}, CIV_OPINION_REJECTED},
        {{4, 20000, 20000}, CIV_OPINION_CONTESTED}, {{3, 1, 0}, CIV_OPINION_ACCEPTED},
    };
    const civ_fraction_t threshold = {2, 3};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(civ_tally_opinion(&rows[i].tally, 3, threshold), rows[i].opinion);
}

static void confidence_is_clamped(void)
{
    CU_ASSERT_EQUAL(civ_confidence_from(1e9), CIV_CONFIDENCE_ONE);
    CU_ASSERT_EQUAL(civ_confidence_from(-3), 0);
    CU_ASSERT_EQUAL(civ_confidence_from(0.5), 5000);
    CU_ASSERT_EQUAL(civ_confidence_from(0.99999), CIV_CONFIDENCE_ONE);
    CU_ASSERT_EQUAL(civ_confidence_from(0.0 / 1.0), 0);
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
    {"one_vote_each_and_none_on_ones_own", one_vote_each_and_none_on_ones_own},
    {"three_votes_decide", three_votes_decide},
    {"votes_that_say_nothing_earn_nothing", votes_that_say_nothing_earn_nothing},
    {"rejected_costs_the_author", rejected_costs_the_author},
    {"a_new_version_starts_anew", a_new_version_starts_anew},
    {"voters_are_pseudonymous", voters_are_pseudonymous},
    {"opinions_follow_from_weights", opinions_follow_from_weights},
    {"confidence_is_clamped", confidence_is_clamped},
    {NULL, NULL},
};

const test_suite_t federation_evidence_suite = {"federation_evidence", unit_folder_make, unit_folder_remove,
                                                cases};
