/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file webhook.h
 * What platforms send of their own accord: proven to be theirs over the bytes as they came, and read only after that. A delivery is a
 * hint and nothing more: it wakes the synchronisation of a project that is known here, which asks the platform itself. Nothing
 * of a delivery's content is stored.
 */
#ifndef CIV_SYNC_WEBHOOK_H
#define CIV_SYNC_WEBHOOK_H

#include "base/digest.h"
#include "sync/jobs.h"

/** How old, or how far ahead of our clock, a delivery may be whose signature has a time in it; milliseconds. */
#define CIV_WEBHOOK_TOLERANCE APR_INT64_C(300000)

/** How long deliveries are remembered, and how many of them. */
#define CIV_WEBHOOK_KEEP      APR_INT64_C(604800000)
#define CIV_WEBHOOK_KEEP_MOST 100000

/** A project that was read just now rests for so long before a delivery has it read again: they come in flocks. */
#define CIV_WEBHOOK_REST APR_INT64_C(10000)

/** Names of projects in a delivery at most, and projects that it can wake. */
#define CIV_WEBHOOK_NAMES    12
#define CIV_WEBHOOK_PROJECTS 16

/** A delivery as it came. */
typedef struct civ_webhook_t {
    /** A header's value by name in any case; NULL: absent. */
    const char *(*header)(const void *baton, const char *name);
    const void *baton;
    const char *body; /**< the very bytes */
    apr_size_t length;
    apr_int64_t now; /**< our clock, in milliseconds */
} civ_webhook_t;

/**
 * Whether a delivery comes from who knows the secret. Each platform has its own way: see docs/sync.md. All comparisons take the same time,
 * wherever the difference is.
 * @param secret of the connector's configuration (webhook_secret), with all its bytes; NULL or empty: nothing is proven by it
 * @return APR_SUCCESS; CIV_EINVALID with @a problem (FORBIDDEN), which repeats nothing of the delivery and nothing of the secret
 */
apr_status_t civ_webhook_prove(const char *platform, const civ_json_t *secret, const civ_webhook_t *webhook,
                               civ_problem_t *problem, apr_pool_t *pool);

/** What a delivery says. */
typedef struct civ_webhook_hint_t {
    const char *platform;
    int is_relevant;     /**< it is of an event after which there may be something new to read */
    const char *missing; /**< what should have named the event, and is not there; else NULL */
    const char *names[CIV_WEBHOOK_NAMES]; /**< of the project: ids and names */
    int name_count;
    civ_digest_t marks[2]; /**< by which the same delivery is known again */
    int mark_count;
} civ_webhook_hint_t;

/**
 * Read a delivery that was proven. What it lacks, and what is not understood, is not there in the hint.
 * @return APR_SUCCESS; CIV_EINVALID with @a problem: it is no JSON object, nor a form that holds one
 */
apr_status_t civ_webhook_read(civ_webhook_hint_t *hint, const char *platform, const civ_webhook_t *webhook,
                              civ_problem_t *problem, apr_pool_t *pool);

typedef enum civ_webhook_result_e {
    CIV_WEBHOOK_QUEUED,   /**< a synchronisation waits, now or already before */
    CIV_WEBHOOK_REPEATED, /**< the same delivery came before */
    CIV_WEBHOOK_IGNORED   /**< of an unknown project, or an event that brings nothing */
} civ_webhook_result_e;

typedef struct civ_webhook_outcome_t {
    civ_webhook_result_e result;
    const char *reason; /**< a sentence, where it is not QUEUED */
    civ_job_t jobs[CIV_WEBHOOK_PROJECTS];
    int job_count;
} civ_webhook_outcome_t;

/**
 * Do what a hint is good for: a job for each project of the platform that it names and that is known here: it has a schedule, or was
 * read at least once. What is ignored writes nothing.
 * @param outcome on @a pool
 * @return APR_SUCCESS; CIV_ECONFLICT when too many jobs are waiting: the delivery may come again; as civ_transactor_t's run
 */
apr_status_t civ_webhook_take(const civ_engine_t *engine, const civ_webhook_hint_t *hint,
                              civ_webhook_outcome_t *outcome, civ_problem_t *problem, apr_pool_t *pool);

extern const civ_statement_set_t civ_webhook_statements;

#endif
