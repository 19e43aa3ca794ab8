/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_private.h
 * What the areas of lib/federation share: totals, and how changes are run and put on record.
 */
#ifndef CIV_FEDERATION_PRIVATE_H
#define CIV_FEDERATION_PRIVATE_H

#include <apr_atomic.h>

#include "base/json_writer.h"
#include "federation/federation.h"
#include "federation/key_cache.h"
#include "federation/record.h"
#include "federation/speaker.h"

struct civ_federation_t {
    const civ_federation_config_t *config;
    volatile apr_uint32_t network_reported; /**< that it is not was logged */
    volatile apr_uint32_t network_checked;  /**< our network key is the one that the database knows */
    civ_key_cache_t *keys;
};

/** A change of one area on its way: what every such change has. First member of the area's own structure. */
typedef struct civ_operation_t {
    civ_federation_t *federation;
    const civ_speaker_t *speaker;
    civ_totals_t moved; /**< by what the totals change; set anew by each attempt */
    int is_join;        /**< nobody has to be a member for it */
    int is_of_members;  /**< who is in, or under which key, changes */
    int may_repeat;     /**< set by civ_operation_run: there is an Idempotency-Key */
} civ_operation_t;

/**
 * Run a change: the speaker is admitted, @a apply makes the change (its baton is @a operation), the totals follow.
 * @return as civ_transactor_t's run
 */
apr_status_t civ_operation_run(civ_operation_t *operation, civ_change_fn apply,
                               const civ_idempotency_t *idempotency, civ_change_result_t *result,
                               civ_problem_t *problem, apr_pool_t *pool);

/** Within a change: count @a by more. */
apr_status_t civ_operation_count(civ_operation_t *operation, civ_change_t *change, civ_total_e total,
                                 apr_int64_t by);

/** Whether there is a network key, without which nobody has a pseudonym. Before anything else is done with it.
 *  @return APR_SUCCESS; CIV_EUNREACHABLE (UNAVAILABLE) */
apr_status_t civ_federation_require_key(const civ_federation_t *federation, civ_problem_t *problem,
                                        apr_pool_t *pool);

/** The proof of authorship to be kept, "" where there is none. */
const char *civ_operation_proof(const civ_operation_t *operation);

/** Run one select on a connection of the pool. @param rows on @a pool; they need no connection any more */
apr_status_t civ_federation_select(const civ_federation_t *federation, const civ_statement_t *statement,
                                   const civ_argument_t *arguments, int count, civ_rows_t **rows,
                                   apr_pool_t *pool);

/** The first column of the first row of a select without arguments, as a number; 0 where there is no row. */
apr_status_t civ_federation_last(civ_change_t *change, const civ_statement_t *statement, apr_int64_t *value);

/** Who speaks, for all to see: 32 hex digits, another one for each purpose and quarter. */
const char *civ_federation_pseudonym(const civ_federation_t *federation, const char *purpose,
                                     apr_int64_t when, const char *organization_id, apr_pool_t *pool);

/** 32 hex digits that follow from a text, and that nobody without the network's key can make; @a purpose is never one of
 *  civ_federation_pseudonym's. */
const char *civ_federation_keyed_name(const civ_federation_t *federation, const char *purpose,
                                      const char *text, apr_pool_t *pool);

/** What there is to say of a failed database while reading; returns @a status. */
apr_status_t civ_federation_failed(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool);

/* The statements of each area. */
extern const civ_statement_set_t civ_totals_statements;
extern const civ_statement_set_t civ_members_statements;
extern const civ_statement_set_t civ_evidence_statements;
extern const civ_statement_set_t civ_benchmarks_statements;
extern const civ_statement_set_t civ_threats_statements;

/* The tables of each area, in the order of the schema's steps. */
extern const char *const civ_members_tables[];
extern const char *const civ_evidence_tables[];
extern const char *const civ_benchmarks_tables[];
extern const char *const civ_threats_tables[];

#endif
