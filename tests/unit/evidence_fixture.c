/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_fixture.c
 * Sharing, voting, listing.
 */
#include "unit/evidence_fixture.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define BARE   "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87}}"
#define FULLER "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87},\"language\":\"c\"}"
#define FULL                                                                                                 \
    "{\"evidence_type\":\"coverage\",\"quality_metrics\":{\"coverage\":87},\"language\":\"c\",\"size\":"     \
    "\"1024\"}"

const civ_draft_t evidence_anonymized = {.privacy = CIV_PRIVACY_ANONYMIZED,
                                         .type = "coverage",
                                         .own_id = "run-1",
                                         .content = {FULL, FULLER, BARE},
                                         .group = {"c|1024", "c"}};

apr_status_t evidence_share(civ_node_t *node, sharer_t *sharer)
{
    const civ_speaker_t speaker = members_speaker(sharer->id, sharer->key);

    memset(&sharer->shared, 0, sizeof(sharer->shared));
    sharer->status = civ_federation_share(civ_node_federation(node), &speaker, &sharer->draft, sharer->retry,
                                          &sharer->shared, &sharer->repeated, &sharer->problem, test_pool());
    return sharer->status;
}

civ_shared_t evidence_share_sized(civ_node_t *node, const char *id, const char *own_id, int coverage,
                                  int size)
{
    sharer_t sharer = {.id = id, .draft = evidence_anonymized};

    sharer.draft.own_id = own_id;
    sharer.draft.content[2] = apr_psprintf(test_pool(), "{\"quality_metrics\":{\"coverage\":%d}}", coverage);
    sharer.draft.content[1] =
        apr_psprintf(test_pool(), "{\"quality_metrics\":{\"coverage\":%d},\"language\":\"c\"}", coverage);
    sharer.draft.content[0] = apr_psprintf(
        test_pool(), "{\"quality_metrics\":{\"coverage\":%d},\"language\":\"c\",\"size\":\"%d\"}", coverage,
        size);
    sharer.draft.group[0] = apr_psprintf(test_pool(), "c|%d", size);
    CU_ASSERT_EQUAL_FATAL(evidence_share(node, &sharer), APR_SUCCESS);
    return sharer.shared;
}

civ_shared_t evidence_share_as(civ_node_t *node, const char *id, const char *own_id, int coverage)
{
    return evidence_share_sized(node, id, own_id, coverage, 1024);
}

apr_status_t evidence_vote(civ_node_t *node, const char *id, const char *evidence_id, int is_valid,
                           apr_int64_t confidence, civ_problem_t *problem)
{
    const civ_speaker_t speaker = {.organization_id = id};
    civ_problem_t own;
    int repeated;

    return civ_federation_vote(civ_node_federation(node), &speaker, evidence_id, 0, is_valid, confidence,
                               NULL, &repeated, problem != NULL ? problem : &own, test_pool());
}

civ_shared_page_t evidence_list(civ_node_t *node, const char *type, apr_int64_t before, int limit)
{
    const civ_evidence_query_t query = {
        .type = type, .since = APR_INT64_MIN, .before = before, .limit = limit};
    civ_shared_page_t page = {NULL, 0, 0};
    civ_problem_t problem;

    CU_ASSERT_EQUAL(civ_federation_evidence(civ_node_federation(node), &query, &page, &problem, test_pool()),
                    APR_SUCCESS);
    return page;
}

civ_shared_page_t evidence_versions(civ_node_t *node, const char *evidence_id)
{
    civ_shared_page_t page = {NULL, 0, 0};
    civ_problem_t problem;

    civ_federation_versions(civ_node_federation(node), evidence_id, &page, &problem, test_pool());
    return page;
}

civ_node_t *evidence_start(const char *folder, int members)
{
    civ_node_t *node = members_start(folder);
    int i;

    for (i = 0; i < members; i++)
        members_admit(node, apr_psprintf(test_pool(), "org%d", i), 0);
    return node;
}
