/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Validation of what lies around the blocks: the head row, rows that belong to no block, the signed head, the database's own
 * indexes, and what does not belong there at all.
 */
#include <apr_strings.h>
#include <string.h>

#include "ledger/verify_private.h"

#define FMT APR_UINT64_T_FMT

static apr_status_t check_head_row(civ_walk_t *walk)
{
    const civ_head_claim_t *head = &walk->head;
    const civ_verifier_t *v = &walk->verifier;
    apr_uint64_t last = walk->validation->last;
    char hex[CIV_DIGEST_HEX_SIZE];
    apr_status_t status = APR_SUCCESS;

    if (head->rows == 0)
        return civ_walk_report(walk, last, "the head row is missing");
    if (head->rows > 1)
        status = civ_walk_report(walk, last, "there is more than one head row");
    if (status == APR_SUCCESS && !head->readable)
        return civ_walk_report(walk, last, "the head row is damaged");
    if (status == APR_SUCCESS && (apr_uint64_t)head->height != last)
        return civ_walk_report(walk, last + 1,
                               "the head row names block %" APR_INT64_T_FMT " as the newest; it is missing",
                               head->height);
    if (status == APR_SUCCESS && v->previous_known &&
        strcmp(head->block_hash, civ_digest_hex(hex, &v->previous_hash)) != 0)
        status = civ_walk_report(walk, last, "the head row names another hash for the newest block");
    if (status == APR_SUCCESS && !v->frontier_lost && (apr_uint64_t)head->leaf_count != v->frontier.size)
        status =
            civ_walk_report(walk, last, "the head row counts %" APR_INT64_T_FMT " entries; there are %" FMT,
                            head->leaf_count, v->frontier.size);
    if (status == APR_SUCCESS && !v->frontier_lost &&
        strcmp(head->frontier, civ_merkle_frontier_to_hex(&v->frontier, walk->pool)) != 0)
        status = civ_walk_report(walk, last, "the head row's frontier is not that of the entries");
    if (status == APR_SUCCESS && (apr_uint64_t)head->difficulty != v->difficulty)
        status = civ_walk_report(walk, last,
                                 "the head row demands %" APR_INT64_T_FMT " bits where policy demands %u",
                                 head->difficulty, v->difficulty);
    return status;
}

apr_status_t civ_walk_strays(civ_walk_t *walk, civ_ledger_sql_e sql, const civ_argument_t *arguments,
                             int count, const char *what)
{
    apr_int64_t key;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(walk->db, &civ_ledger_sql[sql], arguments, count, &rows, walk->pool);

    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        if (civ_rows_int(rows, 0, &key) != APR_SUCCESS)
            key = -1;
        status = civ_walk_report(walk, walk->validation->last,
                                 "%s %" APR_INT64_T_FMT " does not belong to the chain", what, key);
    }
    return status;
}

static apr_status_t check_signed_head(civ_walk_t *walk)
{
    const civ_ledger_config_t *config = walk->ledger->config;
    apr_uint64_t newest;
    civ_signed_head_t kept;
    const char *fault;
    const civ_public_key_t *key = civ_ledger_public_key(walk->ledger);
    apr_status_t status;

    if (config->head_file == NULL)
        return APR_SUCCESS;
    if (config->name == NULL || key == NULL)
        return civ_walk_report(
            walk, walk->validation->last,
            "the signed head cannot be examined: name and key of the ledger are not known");
    status = civ_head_file_read(&kept, config->head_file, config->name, key, walk->pool);
    if (APR_STATUS_IS_ENOENT(status))
        return civ_walk_report(walk, walk->validation->last, "there is no signed head beside the database");
    if (status != APR_SUCCESS)
        return civ_walk_report(walk, walk->validation->last,
                               "the signed head beside the database is damaged");
    /* Others may have appended since the walk began. */
    status = civ_walk_newest(walk, &newest);
    if (status != APR_SUCCESS)
        return status;
    fault = civ_signed_head_compare(&kept, newest, walk->db, &status, walk->pool);
    if (fault == NULL)
        return status;
    return civ_walk_report(walk, kept.height < walk->validation->last ? kept.height : walk->validation->last,
                           "%s", fault);
}

/** The sums are of the whole tables, and say nothing where these are not sound already. */
static apr_status_t check_indexes(civ_walk_t *walk)
{
    apr_status_t status = APR_SUCCESS;
    const char *fault;
    int i;

    if (walk->validation->first != 0 || walk->validation->faults > 0)
        return APR_SUCCESS;
    for (i = 0; i < CIV_INDEX_COUNT && status == APR_SUCCESS; i++) {
        apr_uint64_t end = i == CIV_INDEX_BLOCK ? walk->validation->last + 1 : walk->verifier.frontier.size;

        status = civ_index_sum_compare(walk->db, (civ_index_e)i, &walk->sums[i], end, &fault, walk->pool);
        if (status == APR_SUCCESS && fault != NULL)
            status = civ_walk_report(walk, walk->validation->last, "%s", fault);
    }
    return status;
}

static apr_status_t check_foreign(civ_walk_t *walk)
{
    apr_int64_t count;
    apr_status_t status = civ_db_count_foreign(walk->db, &count, walk->pool);

    if (status == APR_SUCCESS && count > 0)
        status = civ_walk_report(
            walk, walk->validation->last,
            "the database holds %" APR_INT64_T_FMT " triggers or views that are not the ledger's", count);
    return status;
}

apr_status_t civ_walk_surroundings(civ_walk_t *walk)
{
    apr_status_t status = check_head_row(walk);

    if (status == APR_SUCCESS)
        status = civ_walk_strays(walk, SQL_BLOCKS_STRAY, NULL, 0, "block row");
    if (status == APR_SUCCESS)
        status = civ_walk_strays(walk, SQL_ENTRIES_STRAY, NULL, 0, "entry row");
    if (status == APR_SUCCESS)
        status = civ_walk_validators_end(walk);
    if (status == APR_SUCCESS)
        status = check_signed_head(walk);
    if (status == APR_SUCCESS)
        status = check_indexes(walk);
    if (status == APR_SUCCESS)
        status = check_foreign(walk);
    return status;
}
