/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_private.h
 * A run at work: what the files of the engine share.
 */
#ifndef CIV_SYNC_ENGINE_PRIVATE_H
#define CIV_SYNC_ENGINE_PRIVATE_H

#include <apr_hash.h>

#include "sync/engine.h"

/* --- steps: what is still to be done, the next one last --- */

typedef enum civ_step_op_e {
    CIV_STEP_START,   /**< of a kind's list, or of one of its streams */
    CIV_STEP_FETCH,   /**< send a request and read the answer */
    CIV_STEP_RECHECK, /**< ask again for what is not final, and for what was not ready */
    CIV_STEP_END,     /**< the list has been read: its watermark moves */
    CIV_STEP_RETRY    /**< ask again for what broke in earlier runs */
} civ_step_op_e;

/** What a request is to its kind. */
typedef enum civ_step_role_e {
    CIV_ROLE_LIST, /**< a page of the list: when it fails, the list has */
    CIV_ROLE_PART, /**< something that a page told to follow */
    CIV_ROLE_OPEN  /**< one item that was not final */
} civ_step_role_e;

typedef struct civ_sync_step_t {
    civ_step_op_e op;
    const char *kind;
    const char *stream;
    civ_step_role_e role;
    int depth;        /**< how many times something was followed to get here */
    int is_first;     /**< of a list that was asked for with a bookmark */
    int is_next;      /**< named by the page before */
    int tries;        /**< earlier ones that brought nothing */
    apr_int64_t from; /**< LIST: the range */
    apr_int64_t to;
    const char *key;         /**< OPEN: of the item, in the table of open ones */
    const char *content_key; /**< OPEN: of the item, in the timeline */
    civ_sync_request_t request;
} civ_sync_step_t;

/** As JSON, on @a pool, and back. @return APR_SUCCESS or CIV_EINVALID */
const char *civ_step_text(const civ_sync_step_t *step, apr_pool_t *pool);
apr_status_t civ_step_read(civ_sync_step_t *step, const char *text, apr_pool_t *pool);

/** A copy with texts of its own, on @a pool. */
void civ_step_copy(civ_sync_step_t *copy, const civ_sync_step_t *step, apr_pool_t *pool);

/** Requests alone, as a JSON array, and back: civ_sync_request_t. */
const char *civ_requests_text(const apr_array_header_t *requests, apr_pool_t *pool);
apr_status_t civ_requests_read(apr_array_header_t **requests, const char *text, apr_pool_t *pool);

/** The stack. Its lower part is in the database as it is here. */
typedef struct civ_frontier_t {
    char **texts; /**< malloc'ed: they come and go by the thousand */
    int count, capacity;
    int stored; /**< how many of the lowest ones are in the database */
} civ_frontier_t;

/** Freed with @a pool. */
void civ_frontier_init(civ_frontier_t *frontier, apr_pool_t *pool);
void civ_frontier_push(civ_frontier_t *frontier, const char *text);
/** Take away all above @a count. */
void civ_frontier_cut(civ_frontier_t *frontier, int count);

/* --- a page, as a connector writes it --- */

typedef struct civ_page_item_t {
    civ_sync_item_t *item;
    const char *base_id; /**< native_id as the connector gave it */
    const civ_sync_request_t *recheck;
} civ_page_item_t;

typedef struct civ_page_follow_t {
    const char *kind;
    const civ_sync_item_t *item;
    civ_sync_when_e when;
    civ_sync_request_t request;
} civ_page_follow_t;

typedef struct civ_page_pair_t {
    const char *name, *value;
} civ_page_pair_t;

struct civ_sync_page_t {
    apr_pool_t *pool;
    civ_sync_step_t step;         /**< what it is the answer to */
    apr_array_header_t *items;    /**< civ_page_item_t */
    apr_array_header_t *next;     /**< civ_sync_request_t */
    apr_array_header_t *follows;  /**< civ_page_follow_t */
    apr_array_header_t *streams;  /**< civ_page_pair_t: kind, stream */
    apr_array_header_t *facts;    /**< civ_page_pair_t */
    apr_array_header_t *warnings; /**< const char * */
    const char *bookmark;
    const char *fault;
    apr_int64_t total;       /**< -1: not told */
    apr_int64_t newest_seen; /**< of what civ_sync_page_saw was told; 0: nothing */
    int saw_any;

    /* What the engine adds. */
    civ_sync_item_t *finished; /**< the items, ready to be stored */
    int finished_count;
    const char **open_keys;              /**< of each finished item: key in the table of open ones */
    const civ_sync_request_t **rechecks; /**< of each finished item, or NULL */
    civ_timeline_outcome_e *outcomes;    /**< of each finished item */
    const civ_sync_item_t **origins;     /**< the connector's item of each finished one */
    const char *etag, *last_modified;    /**< to be kept for the URL; NULL: nothing */
    int stops;                           /**< the next page is not wanted */
    int closes_open;                     /**< OPEN: the item is not to be asked for again */
    int is_gone;                         /**< OPEN: the platform does not have it any more */
    int confirms;                        /**< what is kept of the URL still holds */
    int tells_conditions;                /**< some of what follows depends on what becomes of an item */
};

/** A page for the answer to @a step, on @a pool. */
civ_sync_page_t *civ_page_make(const civ_sync_step_t *step, apr_pool_t *pool);

/* --- where a list has got to --- */

typedef struct civ_cursor_t {
    char kind[65];
    char stream[520];
    apr_int64_t watermark, pending,
        seen;             /**< milliseconds; pending: what it will be at the end; seen: newest change */
    apr_int64_t ended;    /**< number of the run that read it to its end last */
    const char *bookmark; /**< malloc'ed; "" for none */
    const char *pending_bookmark; /**< malloc'ed; "" for none */
    int is_loaded, is_dirty;
} civ_cursor_t;

/* --- its record --- */

/** A request and its answer, for the record. */
typedef struct civ_asked_t {
    const char *kind, *url;
    civ_digest_t request_hash, raw_hash; /**< of the bodies */
    int has_request, has_answer;         /**< there is such a body */
    civ_http_class_e class;
    int status;                  /**< of HTTP; 0: there was no answer */
    const civ_sync_page_t *page; /**< what was read from it; NULL: nothing */
} civ_asked_t;

/** What was asked and is in no entry yet. */
typedef struct civ_record_t {
    char *
        answers; /**< malloc'ed: objects of JSON, separated by commas; "" for none. The same is in rows of the database */
    apr_int64_t rows;      /**< the last one's number */
    const char *next;      /**< what answers are to be once the transaction is committed; NULL: as they are */
    apr_int64_t next_rows; /**< the same of rows */
    int is_ending;         /**< the run ends with this commit, or rests: all of it becomes an entry */
} civ_record_t;

/* --- the run --- */

typedef struct civ_deferral_t {
    civ_sync_step_t step;
    const char *key; /**< of the row */
    int is_over;     /**< take the row away */
    int is_unready;  /**< it was only not ready: ask again in this run */
} civ_deferral_t;

typedef struct civ_run_t {
    const civ_engine_t *engine;
    const civ_engine_run_t *request;
    const civ_connector_t *connector;
    civ_sync_report_t *report;
    civ_problem_t *problem;
    apr_pool_t *pool;       /**< of the run */
    apr_pool_t *batch_pool; /**< of what is not committed yet */
    apr_pool_t *facts_pool;

    apr_int64_t project; /**< row; 0: there is none yet */
    apr_int64_t now;     /**< of the server where known */
    const civ_json_t *facts;
    const char *facts_text;
    int is_new_project;        /**< its row is made with this commit */
    int is_new;                /**< the run starts with this commit */
    int is_over;               /**< the run ends with this commit */
    civ_http_counts_t counted; /**< what the client had done before, and what of it is in the report */

    civ_frontier_t frontier;
    civ_cursor_t cursor;
    apr_hash_t *visited; /**< of the current list: digests of requests */
    apr_pool_t *visited_pool;
    apr_int64_t list_seen;  /**< items on the pages of the current list, or window of it */
    civ_digest_t last_body; /**< of the list's page before */
    int has_last_body;

    apr_array_header_t *batch;     /**< civ_sync_page_t *: not committed yet */
    apr_array_header_t *deferrals; /**< civ_deferral_t: the same */
    apr_array_header_t *asked;     /**< civ_asked_t: the same */
    civ_record_t record;
    int batch_items;
    apr_int64_t batch_since;
    const char
        *give_up_kind; /**< open items of this kind that are older are not asked for any more; NULL: none */
    apr_int64_t give_up_before;
    int batch_open_count;    /**< RECHECK: rows to be marked as asked for in this run */
    const char **batch_open; /**< their keys */
} civ_run_t;

/** The kind of that name, or NULL; and its report. */
const civ_sync_kind_t *civ_run_kind(const civ_run_t *run, const char *name);
civ_kind_report_t *civ_run_kind_report(civ_run_t *run, const char *name);

/** What a connector's functions are told. */
void civ_run_context(const civ_run_t *run, civ_sync_context_t *context, apr_pool_t *pool);

/** Push what a page leads to. Where some of that depends on its items, these must have been stored. */
void civ_run_push_page(civ_run_t *run, const civ_sync_page_t *page);

/** Push a step. */
void civ_run_push(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool);

/** Push a step that has nothing but a kind and a stream. */
void civ_run_push_simple(civ_run_t *run, civ_step_op_e op, const char *kind, const char *stream);

/** Do a step of lists; @a step was on top. */
apr_status_t civ_run_start(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool);
apr_status_t civ_run_end_list(civ_run_t *run, const civ_sync_step_t *step);
apr_status_t civ_run_recheck(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool);
apr_status_t civ_run_retry(civ_run_t *run, apr_pool_t *pool);

/** Push a list's first requests for a range, and, where @a whole, its end below them. */
apr_status_t civ_run_start_list(civ_run_t *run, const civ_sync_kind_t *kind, const civ_sync_range_t *range,
                                const char *stream, int whole, apr_pool_t *pool);

/** Give up a list: all its steps. Its watermark stays where it was. */
void civ_run_drop_list(civ_run_t *run, const civ_sync_step_t *step);

/** Do one FETCH. @return APR_SUCCESS; CIV_EINTERRUPTED; APR_EOF: the run ends here (report->outcome); a failure of the database */
apr_status_t civ_run_fetch(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool);

/** Put an answer that was read on the batch: its items are made ready, its counts taken. */
void civ_run_take_page(civ_run_t *run, civ_sync_page_t *page, const civ_http_answer_t *answer);

/** Commit the batch and everything that has changed since the last commit. */
apr_status_t civ_run_commit(civ_run_t *run);

/** The record of the run: read what was left of it; note a request and its answer; note that a page was read from the last one;
 *  within a change, store it; once that is committed. All do nothing where runs are not put on record. */
apr_status_t civ_record_load(civ_run_t *run);
void civ_record_asked(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer);
void civ_record_read(civ_run_t *run, const civ_sync_page_t *page);
apr_status_t civ_record_store(civ_run_t *run, civ_change_t *change);
void civ_record_committed(civ_run_t *run);

/** Load the cursor of a list, after committing the one before. */
apr_status_t civ_run_load_cursor(civ_run_t *run, const char *kind, const char *stream);

/** A page of a list that is smaller than this is not asked for in halves. */
#define CIV_PAGE_SMALLEST 25

/** How many items the list has behind this page. @param seen on its pages so far @return -1: the platform does not tell */
apr_int64_t civ_page_remaining(const civ_sync_page_t *page, const civ_sync_kind_t *kind,
                               const civ_http_answer_t *answer, apr_int64_t seen, apr_pool_t *pool);

/** The URL of a page of half the size that begins with the same element. @return NULL: it is small enough, or has no size */
const char *civ_request_smaller(const civ_connector_t *connector, const char *url, apr_pool_t *pool);

/* --- rows --- */

extern const char *const civ_engine_tables[];

apr_status_t civ_rows_load_project(civ_run_t *run);
apr_status_t civ_rows_load_frontier(civ_run_t *run);
apr_status_t civ_rows_load_cursor(civ_run_t *run, const char *kind, const char *stream);

/** What is kept of a URL: etag and last_modified ("" where not), the next requests, and the number of the run that kept it.
 *  @return APR_NOTFOUND when nothing */
apr_status_t civ_rows_validators(civ_run_t *run, const char *url, const char **etag,
                                 const char **last_modified, const char **next, apr_int64_t *number,
                                 apr_pool_t *pool);

/** Up to @a limit texts of steps: of open items of a kind that were not asked for in this run; of what was not ready in it (kind), or
 *  broke in earlier ones (NULL). @param keys of their rows */
apr_status_t civ_rows_open(civ_run_t *run, const char *kind, int limit, const char ***texts,
                           const char ***keys, int *count, apr_pool_t *pool);
apr_status_t civ_rows_deferred(civ_run_t *run, const char *kind, int limit, const char ***texts,
                               const char ***keys, int *count, apr_pool_t *pool);

/** What was asked and is in no entry yet, on @a pool, and the last row's number. */
apr_status_t civ_rows_answers(civ_run_t *run, const char **answers, apr_int64_t *last, apr_pool_t *pool);

/* Within a change. */
apr_status_t civ_rows_store_answers(civ_run_t *run, civ_change_t *change, apr_int64_t row,
                                    const char *answers);
apr_status_t civ_rows_remove_answers(civ_run_t *run, civ_change_t *change);
apr_status_t civ_rows_begin(civ_run_t *run, civ_change_t *change);
apr_status_t civ_rows_give_up_open(civ_run_t *run, civ_change_t *change);
apr_status_t civ_rows_store_project(civ_run_t *run, civ_change_t *change);
apr_status_t civ_rows_store_cursor(civ_run_t *run, civ_change_t *change);
apr_status_t civ_rows_store_frontier(civ_run_t *run, civ_change_t *change);
apr_status_t civ_rows_store_validators(civ_run_t *run, civ_change_t *change, const civ_sync_page_t *page);
/** They still hold: they are kept for the next runs. */
apr_status_t civ_rows_confirm_validators(civ_run_t *run, civ_change_t *change, const char *url);
apr_status_t civ_rows_store_open(civ_run_t *run, civ_change_t *change, const char *key, const char *step,
                                 const char *kind);
apr_status_t civ_rows_remove_open(civ_run_t *run, civ_change_t *change, const char *key);
apr_status_t civ_rows_mark_open(civ_run_t *run, civ_change_t *change, const char *key);
apr_status_t civ_rows_store_deferral(civ_run_t *run, civ_change_t *change, const civ_deferral_t *deferral);

#endif
