/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline.h
 * Where items go: the timeline, a history of versions by natural key.
 *
 * Of two things that were told about one key, that one is current which has the higher attempt, then the later time of change
 * by the platform, then what a person has decided for, then the more trusted origin, then the higher revision, then the larger
 * content hash. So what is current does not depend on the order in which things come. An item whose time of change is not
 * known and whose content differs counts as changed when it came. Nothing is ever overwritten: what is not current is history.
 *
 * What platforms say about one commit is linked by its SHA and never merged. When two of them say different things of
 * what has the same title (pipelines, jobs, builds and checks: their name), that is a contradiction: see conflicts.h.
 */
#ifndef CIV_SYNC_TIMELINE_H
#define CIV_SYNC_TIMELINE_H

#include "store/change.h"
#include "sync/item.h"

/** What became of an item. */
typedef enum civ_timeline_outcome_e {
    CIV_TIMELINE_NEW,       /**< its key was not there */
    CIV_TIMELINE_CHANGED,   /**< a new version, which is current now */
    CIV_TIMELINE_DUPLICATE, /**< a content that is there already: only seen again */
    CIV_TIMELINE_STALE,     /**< older than the current version: kept in the history */
    CIV_TIMELINE_CONFLICT   /**< another content of the same instant: kept, and on the list of conflicts */
} civ_timeline_outcome_e;

/**
 * Within a change, store items in their order. Called again with the same items when a transaction is repeated.
 * @param outcomes room for @a count
 * @return APR_SUCCESS, or a failure of the database as it came
 */
typedef apr_status_t (*civ_timeline_store_fn)(void *baton, civ_change_t *change, const civ_sync_item_t *items,
                                              int count, civ_timeline_outcome_e *outcomes);

/** Within a change: the platform no longer has the item with this key. What is known of it stays. Unknown keys are no fault. */
typedef apr_status_t (*civ_timeline_gone_fn)(void *baton, civ_change_t *change, const civ_digest_t *key);

/** Who stores. */
typedef struct civ_timeline_writer_t {
    void *baton;
    civ_timeline_store_fn store;
    civ_timeline_gone_fn gone;
} civ_timeline_writer_t;

/** Tables and statements. */
extern const civ_schema_t civ_timeline_schema;
#define CIV_TIMELINE_SETS 5
extern const civ_statement_set_t *const civ_timeline_statements[CIV_TIMELINE_SETS];

/** How items are stored. */
typedef struct civ_timeline_t {
    /** Each version that is stored becomes an entry of the ledger by the same commit: a note of the change, of type
     * "civarcos.sync.item", with its facts and hashes of the rest. */
    int is_noted;
} civ_timeline_t;

/** The writer. @a timeline must live as long as it. */
civ_timeline_writer_t civ_timeline_writer(const civ_timeline_t *timeline);

/* --- reading --- */

/** A version of an item. All text: "" where not known. */
typedef struct civ_timeline_entry_t {
    apr_int64_t number; /**< of the item, in this database */
    const char *key;    /**< the natural key, in hex: the item's id anywhere */
    const char *type, *source, *instance, *scope, *native_id, *project_id;
    apr_int64_t timestamp, updated; /**< milliseconds; updated: 0 where not known */
    apr_int64_t attempt, revision;
    civ_item_origin_e origin;
    const char *status, *title, *author, *sha, *url, *source_url;
    const char *data;         /**< JSON object in RFC 8785 form */
    const char *content_hash; /**< hex */
    const char *raw_hash;     /**< hex */
    const char *entry_hash;   /**< evidence hash of the ledger's entry, in hex; "" where it was not noted */
    apr_int64_t row;          /**< of the version, in this database */
    apr_int64_t version;      /**< 1, 2, ...: in the order in which they were stored */
    apr_int64_t versions;     /**< how many there are */
    int is_current;
    apr_int64_t stored;                /**< this version; milliseconds, like the others */
    apr_int64_t first_seen, last_seen; /**< the item */
    apr_int64_t gone;                  /**< since when the platform has not got it any more; 0: it has */
} civ_timeline_entry_t;

/** Items at most on a page, and bytes of their data after which it ends. */
#define CIV_TIMELINE_LIMIT_MAX  1000
#define CIV_TIMELINE_PAGE_BYTES (8 * 1024 * 1024)

typedef struct civ_timeline_query_t {
    apr_int64_t start, end;                 /**< milliseconds, both included; end 0: no end */
    const char *type, *source, *project_id; /**< NULL: any */
    int is_descending;                      /**< newest first */
    int limit;                              /**< 1 to CIV_TIMELINE_LIMIT_MAX */
    const char *cursor;                     /**< next of the page before; NULL: the first page */
} civ_timeline_query_t;

typedef struct civ_timeline_page_t {
    civ_timeline_entry_t *entries;
    int count;
    const char *next; /**< NULL: there is no more */
} civ_timeline_page_t;

/**
 * Current versions by instant, then number. An item that was there before the first page and is not changed meanwhile is on exactly
 * one page; one whose instant or project changes meanwhile is where it was, as it was.
 * What it costs does not depend on how many items there are.
 * @return APR_SUCCESS; CIV_EINVALID with @a problem for a cursor that is none of ours; a failure of the database
 */
apr_status_t civ_timeline_list(civ_store_t *store, const civ_timeline_query_t *query,
                               civ_timeline_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

/** The current version of the item with this key (hex). @return APR_SUCCESS, APR_NOTFOUND, a failure of the database */
apr_status_t civ_timeline_get(civ_store_t *store, const char *key, civ_timeline_entry_t *entry,
                              apr_pool_t *pool);

/** Up to 24 versions of the item with this key, newest stored first. @param before only those with a smaller version; 0: any */
apr_status_t civ_timeline_history(civ_store_t *store, const char *key, apr_int64_t before,
                                  civ_timeline_page_t *page, apr_pool_t *pool);

/** What the timeline holds of one platform. */
typedef struct civ_timeline_total_t {
    const char *source;
    apr_int64_t items, versions;
} civ_timeline_total_t;

/**
 * What the timeline holds of each platform, by name: kept, not counted, so it costs the same however much there is.
 * @param totals civ_timeline_total_t, on @a pool; platforms of which nothing was ever stored are not among them
 * @return APR_SUCCESS or a failure of the database
 */
apr_status_t civ_timeline_totals(civ_db_t *db, apr_array_header_t **totals, apr_pool_t *pool);

/** What platforms know about one commit: up to @a limit (at most CIV_TIMELINE_LIMIT_MAX) current versions with a number
 * beyond @a after, by number. page->next is set, to the number of the last one, where there may be more. */
apr_status_t civ_timeline_linked(civ_store_t *store, const char *sha, apr_int64_t after, int limit,
                                 civ_timeline_page_t *page, apr_pool_t *pool);

#endif
