/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file job_claims.c
 * Claims by compare-and-swap: a job's lease is a number that each claim raises.
 */
#include "sync/jobs_private.h"

#include <apr_strings.h>

#include "base/timestamp.h"

#define CANDIDATES  20
#define DEATHS_MOST 10

enum { SQL_ORPHANS, SQL_DUE_SHORT, SQL_DUE_LONG, SQL_CLAIM, SQL_GIVE_UP, SQL_COUNT };

/* Tests of connections and statuses to be set: they take a few requests, and somebody waits for them. */
#define IS_SHORT "(action = 1 OR project_id = '')"

/* Its project is in nobody's hands, and of a project's statuses it is the first one: what can only wait must not fill the list. */
#define IS_FREE                                                                                              \
    " AND NOT EXISTS (SELECT 1 FROM civ_sync_jobs o WHERE o.platform = civ_sync_jobs.platform AND "          \
    "o.project_id = civ_sync_jobs.project_id AND o.action = civ_sync_jobs.action AND o.job <> "              \
    "civ_sync_jobs.job AND ((o.state = 1 AND o.lease_until >= %lld) OR (o.action = 1 AND o.state < 2 AND "   \
    "o.job < civ_sync_jobs.job)))"

/* Its platform has not got its share of the process yet. */
#define HAS_ROOM                                                                                             \
    " AND platform NOT IN (SELECT o.platform FROM civ_sync_jobs o WHERE o.state = 1 AND o.lease_until >= "   \
    "%lld AND o.worker LIKE %s GROUP BY o.platform HAVING COUNT(*) >= %lld)"

static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_ORPHANS] = {"sync_jobs_orphans",
                     CIV_JOB_FROM "WHERE state = 1 AND lease_until < %lld" IS_FREE HAS_ROOM
                                  " ORDER BY CASE WHEN " IS_SHORT " THEN 0 ELSE 1 END, job LIMIT %lld"},
    [SQL_DUE_SHORT] = {"sync_jobs_due_short",
                       CIV_JOB_FROM "WHERE state = 0 AND not_before <= %lld AND " IS_SHORT IS_FREE HAS_ROOM
                                    " ORDER BY not_before, job LIMIT %lld"},
    [SQL_DUE_LONG] = {"sync_jobs_due_long",
                      CIV_JOB_FROM "WHERE state = 0 AND not_before <= %lld AND NOT " IS_SHORT IS_FREE HAS_ROOM
                                   " ORDER BY not_before, job LIMIT %lld"},
    [SQL_CLAIM] =
        {"sync_job_claim",
         "UPDATE civ_sync_jobs SET state = 1, worker = %s, lease = lease + 1, lease_until = %lld, "
         "started = CASE WHEN started = 0 THEN %lld ELSE started END, tries = tries + 1, "
         "wait_until = 0, moved = %lld, remaining = -1, reason = '', "
         "fault = CASE WHEN state = 1 THEN %s ELSE fault END, "
         "faulted = CASE WHEN state = 1 THEN %lld ELSE faulted END WHERE job = %lld AND lease = %lld "
         "AND (state = 0 OR lease_until < %lld) AND state < 2 AND NOT EXISTS (SELECT 1 FROM "
         "civ_sync_jobs o WHERE o.platform = %s AND o.project_id = %s AND o.job <> %lld AND "
         "o.action = civ_sync_jobs.action AND o.state = 1 AND o.lease_until >= %lld)"},
    [SQL_GIVE_UP] = {"sync_job_give_up", "UPDATE civ_sync_jobs SET state = 4, ended = %lld, lease_until = 0, "
                                         "reason = %s WHERE job = %lld AND lease = %lld AND state = 1"},
};
const civ_statement_set_t civ_job_claims_statements = {sql, SQL_COUNT};

typedef struct claim_t {
    const char *worker;
    const civ_job_t *candidate;
    civ_job_t *job;
    int is_ours;
} claim_t;

/* A job that every worker dies of is no job for the next one. */
static apr_status_t give_up(const civ_job_t *job, civ_change_t *change)
{
    const char *reason = apr_psprintf(
        change->pool, "Given up: %d workers after another ended in the middle of it", DEATHS_MOST);
    const civ_argument_t arguments[] = {civ_int(change->now), civ_text(reason), civ_int(job->number),
                                        civ_int(job->lease)};

    return civ_db_execute(change->db, &sql[SQL_GIVE_UP], arguments, 4, NULL);
}

static apr_status_t apply_claim(void *baton, civ_change_t *change)
{
    claim_t *claim = baton;
    const civ_job_t *candidate = claim->candidate;
    const civ_argument_t arguments[] = {civ_text(claim->worker),
                                        civ_int(change->now + CIV_JOB_LEASE),
                                        civ_int(change->now),
                                        civ_int(change->now),
                                        civ_text("The worker before ended in the middle of it"),
                                        civ_int(change->now),
                                        civ_int(candidate->number),
                                        civ_int(candidate->lease),
                                        civ_int(change->now),
                                        civ_text(candidate->platform),
                                        civ_text(candidate->project_id),
                                        civ_int(candidate->number),
                                        civ_int(change->now)};
    int affected = 0;
    apr_status_t status;

    claim->is_ours = 0;
    if (candidate->state == CIV_JOB_RUNNING && candidate->tries >= DEATHS_MOST)
        return give_up(candidate, change);
    status = civ_db_execute(change->db, &sql[SQL_CLAIM], arguments, 13, &affected);

    claim->is_ours = affected == 1;
    return status == APR_SUCCESS && claim->is_ours
               ? civ_job_get_within(change->db, candidate->number, claim->job, change->pool)
               : status;
}

static int is_short(const civ_job_t *job)
{
    return job->action == CIV_JOB_PUSH || job->project_id[0] == '\0';
}

/* Try those that a statement finds, and that are short or not. */
static apr_status_t claim_found(const civ_engine_t *engine, const civ_job_claimer_t *claimer, int statement,
                                int are_short, claim_t *claim, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_int64_t now = civ_timestamp_now();
    const civ_argument_t arguments[] = {
        civ_int(now),
        civ_int(now),
        civ_int(now),
        civ_text(claimer->process != NULL ? apr_pstrcat(pool, claimer->process, "%", NULL) : ""),
        civ_int(claimer->platform_most > 0 ? claimer->platform_most : APR_INT32_MAX),
        civ_int(CANDIDATES)};
    civ_job_t candidates[CANDIDATES];
    int count, i;
    apr_status_t status =
        civ_jobs_find(engine, NULL, &sql[statement], arguments, 6, candidates, CANDIDATES, &count, pool);

    for (i = 0; status == APR_SUCCESS && !claim->is_ours && i < count; i++) {
        claim->candidate = &candidates[i];
        if (is_short(claim->candidate) == are_short)
            status = civ_change_run(&engine->transactor, apply_claim, claim, problem, pool);
    }
    return status;
}

apr_status_t civ_job_claim_by(const civ_engine_t *engine, const civ_job_claimer_t *claimer, civ_job_t *job,
                              civ_problem_t *problem, apr_pool_t *pool)
{
    static const struct {
        int statement, are_short;
    } order[] = {{SQL_ORPHANS, 1}, {SQL_DUE_SHORT, 1}, {SQL_ORPHANS, 0}, {SQL_DUE_LONG, 0}};
    claim_t claim = {claimer->worker, NULL, job, 0};
    apr_status_t status = APR_SUCCESS;
    unsigned i;

    for (i = 0; status == APR_SUCCESS && !claim.is_ours && i < sizeof(order) / sizeof(order[0]); i++)
        if (order[i].are_short || !claimer->takes_only_short)
            status =
                claim_found(engine, claimer, order[i].statement, order[i].are_short, &claim, problem, pool);
    return status == APR_SUCCESS && !claim.is_ours ? APR_NOTFOUND : status;
}

apr_status_t civ_job_claim_one(const civ_engine_t *engine, const char *worker, apr_int64_t number,
                               civ_job_t *job, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_job_t candidate;
    claim_t claim = {worker, &candidate, job, 0};
    apr_status_t status = civ_job_get(engine, number, &candidate, pool);

    if (status == APR_SUCCESS &&
        (candidate.state > CIV_JOB_RUNNING ||
         (candidate.state == CIV_JOB_RUNNING ? candidate.lease_until : candidate.not_before) >
             civ_timestamp_now()))
        return APR_NOTFOUND;
    if (status == APR_SUCCESS)
        status = civ_change_run(&engine->transactor, apply_claim, &claim, problem, pool);
    return status == APR_SUCCESS && !claim.is_ours ? APR_NOTFOUND : status;
}
