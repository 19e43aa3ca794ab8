/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file connector.h
 * What one platform is to the engine: a table of kinds of evidence, and a few functions that build requests and read answers.
 * They are pure: they see one answer and write down, on a page, what is in it and what is to be asked next. Sending, paging,
 * waiting, retrying, classification of answers, cursors, storing and reporting are the engine's.
 *
 * A run of one project goes through the kinds in the order of the table. A kind's list is asked for from its first request
 * (kind->first) along the next pages that kind->read names; what a page says to follow (the jobs of a run) is asked for before
 * the page after it. All that is still to be asked is in the database, moved on in the transaction that stores a page's
 * items: a run that was cut off goes on where it was.
 */
#ifndef CIV_SYNC_CONNECTOR_H
#define CIV_SYNC_CONNECTOR_H

#include <apr_tables.h>

#include "base/problem.h"
#include "sync/item.h"
#include "sync/request.h"

typedef struct civ_connector_t civ_connector_t;
typedef struct civ_sync_kind_t civ_sync_kind_t;
typedef struct civ_sync_page_t civ_sync_page_t;

/** What the functions of a connector know of the run. */
typedef struct civ_sync_context_t {
    const civ_connector_t *connector;
    const char *base; /**< where paths start, with no slash at the end: "https://api.github.com" */
    const char *const *further_bases; /**< see civ_connector_access_t */
    /** As it was asked for; civ_connector_t's check_project has taken it. NULL in probe, maybe. */
    const char *project_id;
    const civ_json_t *settings; /**< the connector's configuration without its secrets */
    const civ_json_t *facts;    /**< object of texts: what civ_sync_page_fact has written */
    apr_int64_t now;            /**< of the server where known: start of the run, in milliseconds */
    apr_pool_t *pool;
} civ_sync_context_t;

/** A fact about the project: NULL while it is not known. */
const char *civ_sync_fact(const civ_sync_context_t *context, const char *name);

/** A setting of the connector: NULL when it was not given. */
const char *civ_sync_setting(const civ_sync_context_t *context, const char *name);

/* Facts that the engine itself reads; a connector's essential kind should tell them. */
#define CIV_FACT_SCOPE   "scope"   /**< the project's lasting id */
#define CIV_FACT_NAME    "name"    /**< the project's name at present */
#define CIV_FACT_CREATED "created" /**< RFC 3339: nothing is older; where windows start */

/** What is asked for of a list. */
typedef struct civ_sync_range_t {
    /** "this instant or later", in milliseconds, with overlap or look-back taken off; 0: everything. */
    apr_int64_t from;
    apr_int64_t to; /**< "until this instant, and it too"; of a kind with a cap, else the start of the run */
    const char *bookmark; /**< CIV_SYNC_BOOKMARK: of the last run that ended; NULL: none, or it was refused */
    const char *stream;   /**< of a kind with streams: which; else "" */
} civ_sync_range_t;

/** How a kind's list is kept up with. */
typedef enum civ_sync_rule_e {
    /** The list cannot be filtered, and is read whole each time. */
    CIV_SYNC_ALL,
    /** It is filtered, or ordered and stopped, by the time of the last change: range.from is the watermark less an overlap. */
    CIV_SYNC_UPDATED,
    /** Only by creation: range.from is the watermark less a look-back, since what was created before may have changed. Items
     * that are not final and have a request of their own (civ_sync_page_recheck) are asked for again in each run. */
    CIV_SYNC_CREATED,
    /** By something of the platform's own, which civ_sync_page_bookmark hands to the next run (a token, the newest SHA); range.from is as
     * for CIV_SYNC_UPDATED. A bookmark that the platform refuses (400, 404, 410) is given up, and first called without. */
    CIV_SYNC_BOOKMARK,
    /** No list of its own: it comes from civ_sync_page_follow only. first is NULL. */
    CIV_SYNC_PART
} civ_sync_rule_e;

/** One kind of evidence. */
struct civ_sync_kind_t {
    /** A key of the database and a word of reports: mostly the type of its items; up to 64 characters. */
    const char *name;
    civ_sync_rule_e rule;
    int is_essential; /**< the project itself: when it fails, or is absent, the run has failed */
    /** The same for some projects only, told by their ids: the repository that one names. NULL: for none. */
    int (*is_essential_to)(const char *project_id);
    int is_streamed; /**< of a number of lists, each with a watermark of its own, that another kind names by
                       * civ_sync_page_stream (the jobs in a folder); first is called for each */
    int stops_when_older; /**< newest first, without a filter: the next page is left when all that civ_sync_page_saw was told of
                           * this one is older than range.from */
    /** What is new or has changed is on its first page: when that is unchanged, and the list was read to its end since it was
     *  stored, nothing else is asked for. */
    int is_newest_first;
    /** Results that the platform gives for one window [from, to] at most; 0: as many as there are. From
                      * civ_sync_page_total, or a 400 or 422, the engine sees that a window has more, halves it, and calls first for both;
                      * then range.from and range.to are always set. */
    apr_int64_t cap;
    int retention_days; /**< the platform forgets what is older; 0: not known */
    int gives_up_days;  /**< items that are not final are asked for again for so long; 0: 30 */

    /** Write the first request, or several, on the page (civ_sync_page_next). */
    apr_status_t (*first)(const civ_sync_context_t *context, const civ_sync_range_t *range,
                          civ_sync_page_t *page);

    /**
     * Read an answer to a request of this kind: of its list, of civ_sync_page_follow or civ_sync_page_recheck.
     * @return APR_SUCCESS; CIV_EINVALID when the answer is not what the platform's answers look like (civ_sync_page_fault says
     * how): nothing of it is stored. An item of the answer that is not as expected is left out with civ_sync_page_warn instead
     */
    apr_status_t (*read)(const civ_sync_context_t *context, const civ_sync_request_t *request,
                         const civ_sync_answer_t *answer, civ_sync_page_t *page);
};

/* --- what is written on a page; texts are copied --- */

/** Start an item: a blank one that lives as long as the page, and is stored with it. Duplicates are welcome. */
civ_sync_item_t *civ_sync_page_item(civ_sync_page_t *page, const char *type, const char *native_id);

/** The list goes on here. In first: it starts here; called several times, the requests are made in that order. */
void civ_sync_page_next(civ_sync_page_t *page, const civ_sync_request_t *request);

/**
 * The list goes on at the answer's Link, if it has one; @a request's tag, note and is_conditional go with it.
 * @return non-zero when it has. 0 with answer->next_refused: there is more, but the link leads elsewhere (a proxy that does not
 * rewrite hosts): build the request from something else, or return civ_sync_page_fault
 */
int civ_sync_page_next_link(civ_sync_page_t *page, const civ_sync_request_t *request,
                            const civ_sync_answer_t *answer);

/** When something belonging to an item is to be asked for. */
typedef enum civ_sync_when_e {
    CIV_SYNC_ALWAYS,
    CIV_SYNC_WHEN_CHANGED /**< only when the item is new or has changed since it was last stored */
} civ_sync_when_e;

/**
 * Ask for something more, to be read by @a kind (a name of the table), before the list goes on. When it fails, that kind is
 * degraded and the rest goes on; what broke by the server's fault is tried again in the next runs; what is gone or forbidden is not.
 * @param item NULL with CIV_SYNC_ALWAYS where it belongs to none
 */
void civ_sync_page_follow(civ_sync_page_t *page, const char *kind, const civ_sync_request_t *request,
                          const civ_sync_item_t *item, civ_sync_when_e when);

/** How to ask for just this item again, read by @a kind's read too, while it is not final. */
void civ_sync_page_recheck(civ_sync_page_t *page, const civ_sync_item_t *item,
                           const civ_sync_request_t *request);

/** What was asked for by civ_sync_page_recheck is not there any more, though the platform has answered: its id has passed to
 *  something else. As if it had said 404. */
void civ_sync_page_gone(civ_sync_page_t *page);

/** The instant that the list is sorted by, of one of its elements, whether it became an item or not. */
void civ_sync_page_saw(civ_sync_page_t *page, apr_int64_t milliseconds);

/** How many results the platform says there are in the window. */
void civ_sync_page_total(civ_sync_page_t *page, apr_int64_t total);

/** There is a stream @a stream of @a kind, up to 512 bytes: its list is read before this one goes on, unless it has been in this
 *  run. */
void civ_sync_page_stream(civ_sync_page_t *page, const char *kind, const char *stream);

/** A fact about the project, for all kinds that come later and all later runs. */
void civ_sync_page_fact(civ_sync_page_t *page, const char *name, const char *value);

/** Where the next run is to start, once this list has been read to its end; the last one counts. Up to 4,096 bytes. */
void civ_sync_page_bookmark(civ_sync_page_t *page, const char *bookmark);

/** Something was left out, or may be missing: a sentence for the report of the run, which makes the kind "degraded". */
void civ_sync_page_warn(civ_sync_page_t *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** What is wrong with the answer: a sentence. @return CIV_EINVALID, for kind->read to return */
apr_status_t civ_sync_page_fault(civ_sync_page_t *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Where the texts for items and requests may be made; lives as long as the page. */
apr_pool_t *civ_sync_page_pool(const civ_sync_page_t *page);

/* --- the platform --- */

/** One member of a connector's configuration. */
typedef struct civ_connector_setting_t {
    const char *name; /**< "api_token" */
    int is_secret;    /**< sealed, never shown */
    const char *help; /**< one line */
} civ_connector_setting_t;

typedef struct civ_connector_header_t {
    const char *name, *value;
} civ_connector_header_t;

/** How the platform is to be reached, from its configuration. */
typedef struct civ_connector_access_t {
    const char *base; /**< no slash at the end */
    /** Other roots that get the credentials as well (a platform on several hosts); ended by NULL. NULL: none */
    const char *const *further_bases;
    /** Of civ_connector_header_t: sent to base and further_bases only, never logged. */
    apr_array_header_t *secret_headers;
    apr_array_header_t *headers; /**< of civ_connector_header_t: Accept and the like */
} civ_connector_access_t;

/** A status to be set on a commit. */
typedef struct civ_sync_push_t {
    const char *sha;
    const char *state; /**< "pending", "success", "failure", "error" */
    const char *context;
    const char *description; /**< may be NULL */
    const char *target_url;  /**< may be NULL */
} civ_sync_push_t;

/** One platform. A static table. */
struct civ_connector_t {
    const char *platform; /**< "github": source of its items and name in the API */
    const char *title;    /**< "GitHub" */
    /** Ended by a NULL name; webhook_secret, ca_file, proxy are everybody's. */
    const civ_connector_setting_t *settings;
    const civ_sync_kind_t *kinds;
    int kind_count;
    /** Query parameter of how many elements a page has ("per_page"); where pages have numbers, that is "page". A page that the platform
     *  cannot make in time (502, 504) is asked for in halves. Only for a connector that takes the next page, and whether there is one, from
     *  the answer or from the URL that was asked, and not from a size of its own. NULL: it is not tried */
    const char *page_size;
    /** A token that lacks a permission is answered with 401, as one that is wrong is. Once the essential kind has been read, such an
     *  answer is taken for "forbidden", and costs its kind only. */
    int scopes_are_unauthorised;

    /** From a configuration (an object, secrets in clear) to access; arrays are there and empty.
     *  @return APR_SUCCESS; CIV_EINVALID with @a problem (pointers start with /config/) that repeats no secret */
    apr_status_t (*prepare)(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool);

    /** Whether this can be a project of the platform. @return APR_SUCCESS; CIV_EINVALID with @a problem (/project_id) */
    apr_status_t (*check_project)(const char *project_id, civ_problem_t *problem, apr_pool_t *pool);

    /** The cheapest request that shows whether the credentials are taken. */
    apr_status_t (*probe)(const civ_sync_context_t *context, civ_sync_request_t *request);

    /** The request that sets a status on a commit: any answer of 200 or 201 is success. NULL: the platform has none.
     *  @return APR_SUCCESS; CIV_EINVALID with @a problem */
    apr_status_t (*push)(const civ_sync_context_t *context, const civ_sync_push_t *push,
                         civ_sync_request_t *request, civ_problem_t *problem);

    /** Whether a refusal of push's request (400, 409, 422; its body) says no more than that the commit has this status already.
     *  NULL: the platform refuses no such thing. */
    int (*is_pushed)(const civ_sync_push_t *push, const civ_json_t *refusal);
};

#endif
