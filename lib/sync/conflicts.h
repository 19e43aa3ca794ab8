/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file conflicts.h
 * What the timeline cannot decide by itself, and tidying it.
 *
 * A conflict: one item, one time of change, and different contents. One of them is current all the same (timeline.h); it
 * stays on the list until a person decides or the platform tells something newer.
 * A contradiction: platforms that say different things about one subject of one commit. Both are true, each of its platform, so that
 * nothing is to be decided; it is on the list until they agree.
 */
#ifndef CIV_SYNC_CONFLICTS_H
#define CIV_SYNC_CONFLICTS_H

#include "sync/timeline.h"

/** Versions of one conflict that are told of, at most. */
#define CIV_CONFLICT_CANDIDATES_MAX 24

#define CIV_CONFLICT_AUTHOR_MAX 256
#define CIV_CONFLICT_REASON_MAX 1024

typedef struct civ_conflict_t {
    apr_int64_t number;
    const char *key;              /**< of the item, in hex; of a contradiction: SHA, ':' and subject */
    apr_int64_t attempt, updated; /**< of a conflict: the versions' */
    apr_int64_t opened;           /**< milliseconds */
    int candidate_count;
    civ_timeline_entry_t *candidates; /**< by version; of a contradiction: none */
    const char *sha;                  /**< of a contradiction; else NULL */
    /** Of a contradiction: JSON array of what each platform says, as objects with source, instance, type, native_id, key,
     * status, title and url; else NULL. */
    const char *positions;
    int position_count; /**< how many of these */
    const char
        *event; /**< of a conflict that was resolved: JSON object, see civ_conflicts_resolve; else NULL */
} civ_conflict_t;

typedef enum civ_conflict_kind_e {
    CIV_CONFLICT_OF_VERSIONS, /**< conflicts */
    CIV_CONFLICT_OF_PLATFORMS /**< contradictions */
} civ_conflict_kind_e;

typedef struct civ_conflicts_page_t {
    civ_conflict_t *conflicts;
    int count;
    apr_int64_t next; /**< to be handed over as @a after; 0: there is no more */
} civ_conflicts_page_t;

/** Those that are open, by number. @param after 0, or next of the page before; @param limit 1 to 100 */
apr_status_t civ_conflicts_list(civ_store_t *store, civ_conflict_kind_e kind, apr_int64_t after, int limit,
                                civ_conflicts_page_t *page, apr_pool_t *pool);

/** How it is decided. */
typedef enum civ_conflict_policy_e {
    CIV_POLICY_MOST_COMPLETE, /**< the most members with a value, at any depth; then as it is now */
    CIV_POLICY_LATEST,        /**< what was stored last */
    CIV_POLICY_PREFER         /**< what the caller says: takes a key and prefer */
} civ_conflict_policy_e;

/** The word for a policy: "most_complete" ... */
const char *civ_conflict_policy_name(civ_conflict_policy_e policy);

/** @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_conflict_policy_parse(civ_conflict_policy_e *policy, const char *word);

typedef struct civ_resolution_t {
    civ_conflict_policy_e policy;
    const char *prefer; /**< CIV_POLICY_PREFER: content hash of a candidate, in hex; NULL: the current one */
    const char *key;    /**< of one item, in hex; NULL: all conflicts that are open now */
    const char *author; /**< who decides; up to CIV_CONFLICT_AUTHOR_MAX bytes */
    const char *reason; /**< up to CIV_CONFLICT_REASON_MAX bytes; NULL or "": the policy's name */
} civ_resolution_t;

/**
 * Resolve conflicts. Each decision is an event that stays with the conflict: action, author, reason, policy, time, the winning
 * version and the losing ones with their data; and, without that data, an entry of the ledger of type "civarcos.sync.resolution".
 * What is decided holds until the platform tells a later time of change.
 * @param page the first 100 that were resolved, with candidates and event; candidates' is_current tells what is now
 * @param count how many were
 * @return APR_SUCCESS; CIV_EINVALID (author, reason, key, prefer), APR_NOTFOUND (no open conflict with this key) with
 * @a problem; what the transactor returns
 */
apr_status_t civ_conflicts_resolve(civ_store_t *store, const civ_transactor_t *transactor,
                                   const civ_resolution_t *resolution, civ_conflicts_page_t *page,
                                   apr_int64_t *count, civ_problem_t *problem, apr_pool_t *pool);

/**
 * Remove versions that say nothing new: the same content of the same time under the same key as another. What is current, and
 * what a page that is being read needs, stays. Works in small transactions, from one end of the timeline to the other.
 * @param interrupted asked between them: non-zero ends it. May be NULL
 * @param removed how many versions
 * @return APR_SUCCESS, CIV_EINTERRUPTED, what the transactor returns
 */
apr_status_t civ_timeline_deduplicate(civ_store_t *store, const civ_transactor_t *transactor,
                                      int (*interrupted)(void *baton), void *baton, apr_int64_t *removed,
                                      civ_problem_t *problem, apr_pool_t *pool);

#endif
