/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file item.h
 * One item of the timeline: what a platform says about one commit, pull request, run, job ..., in a form that is the same for
 * all platforms.
 */
#ifndef CIV_SYNC_ITEM_H
#define CIV_SYNC_ITEM_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/digest.h"
#include "base/problem.h"

/* The types, one vocabulary for all platforms. */
#define CIV_ITEM_COMMIT       "commit"
#define CIV_ITEM_PULL_REQUEST "pull_request" /**< merge requests too */
#define CIV_ITEM_REVIEW       "review"
#define CIV_ITEM_ISSUE        "issue"
#define CIV_ITEM_WORK_ITEM    "work_item"
#define CIV_ITEM_PIPELINE     "pipeline" /**< workflow runs too */
#define CIV_ITEM_JOB          "job"
#define CIV_ITEM_BUILD        "build"
#define CIV_ITEM_TEST_RESULT  "test_result"
#define CIV_ITEM_CHECK        "check"
#define CIV_ITEM_RELEASE      "release"
#define CIV_ITEM_DEPLOYMENT   "deployment"
#define CIV_ITEM_ARTIFACT     "artifact"
#define CIV_ITEM_CODE_METRICS "code_metrics"
#define CIV_ITEM_REPOSITORY   "repository"

/* The states. What a platform says that is none of these is CIV_STATUS_UNKNOWN; the platform's own word stays in the data. */
#define CIV_STATUS_PASSED   "passed"
#define CIV_STATUS_FAILED   "failed"
#define CIV_STATUS_UNSTABLE "unstable"
#define CIV_STATUS_CANCELED "canceled"
#define CIV_STATUS_SKIPPED  "skipped"
#define CIV_STATUS_RUNNING  "running"
#define CIV_STATUS_OPEN     "open"
#define CIV_STATUS_MERGED   "merged"
#define CIV_STATUS_CLOSED   "closed"
#define CIV_STATUS_UNKNOWN  "unknown"

/** By which way an item came, for the case that two ways tell different things about one instant: the smaller is trusted. */
typedef enum civ_item_origin_e {
    CIV_ORIGIN_PLATFORM, /**< asked of the platform it belongs to */
    CIV_ORIGIN_MIRROR,   /**< told by a system that keeps a copy of it */
    CIV_ORIGIN_WEBHOOK   /**< pushed to us */
} civ_item_origin_e;

/* Most bytes of the columns; what is longer is cut at a character (title, author, URLs) or refused (the others). */
#define CIV_ITEM_NATIVE_ID_MAX  512
#define CIV_ITEM_SCOPE_MAX      512
#define CIV_ITEM_TITLE_MAX      1024
#define CIV_ITEM_AUTHOR_MAX     256
#define CIV_ITEM_SHA_MAX        64
#define CIV_ITEM_URL_MAX        2048
#define CIV_ITEM_SOURCE_URL_MAX 4096
#define CIV_ITEM_DATA_MAX       60000

/**
 * An item. All text is UTF-8; NULL means that it is not known. Who fills what: a connector makes an item by
 * civ_sync_page_item, which sets type and native_id, and fills the members of the second group; the engine fills those of
 * the third.
 */
typedef struct civ_sync_item_t {
    const char *type;
    /** The platform's own lasting id, never a name that can change: a number or a UUID as text, a SHA; what is only unique
     * within something else is written together with it ("job/12/1650022556910"). From the second attempt on it ends with
     * "#" and the attempt, which the engine appends. */
    const char *native_id;

    apr_int64_t timestamp; /**< when it happened: commit, creation, start; milliseconds; 0 is refused */
    /** When the platform last changed it, by the platform; milliseconds; 0: not known. */
    apr_int64_t updated;
    apr_int64_t revision; /**< the platform's own counter of changes of this item, where it has one; else 0 */
    civ_item_origin_e origin;
    apr_int64_t attempt; /**< of a run that can be repeated under one id: 1, 2, ...; 0 and 1 mean the first */
    const char *status;  /**< CIV_STATUS_...; NULL where the type has no states */
    const char *title;
    const char *author; /**< account name; never an e-mail address */
    const char *sha;    /**< of the commit it is about, in full */
    const char *url;    /**< for people */
    /** What counts: a JSON object with whatever is to be kept, its secrets and e-mail addresses taken out (civ_field_data). An
     * item whose data is the same is the same item, so status, title and the like belong in here as well, and nothing that
     * differs from answer to answer (times of collection, signed links, counters of requests). The engine puts it into RFC 8785 form. */
    const char *data;
    int is_final; /**< nothing about it will change any more by itself; open ones are asked for again */

    const char *source;   /**< the platform: "github" */
    const char *instance; /**< host of the platform: "api.github.com" */
    /** The project as it was asked for: for reading and filtering, no part of the key. */
    const char *project_id;
    /** The project's lasting id, where the platform tells one; else project_id. A connector sets it
                              * only for an item of another project. */
    const char *scope;
    const char *source_url;    /**< what was asked */
    civ_digest_t raw_hash;     /**< SHA-256 of the body of the answer that the item was in */
    civ_digest_t content_hash; /**< SHA-256 of data */
    civ_digest_t key;          /**< civ_sync_item_key */
} civ_sync_item_t;

/** Whether this is one of the types above. */
int civ_item_type_is_known(const char *word);

/** All of them, separated by commas: for who has written another one. */
const char *civ_item_type_names(apr_pool_t *pool);

/** The natural key: SHA-256 of source, instance, type, scope and native_id, joined by 0x1F. */
void civ_sync_item_key(civ_digest_t *key, const civ_sync_item_t *item);

/**
 * Make a connector's item fit to be stored: check it, cut what may be cut, put data into RFC 8785 form, compute content_hash
 * and key. source, instance, project_id and scope must be set. Texts that came from an answer are on @a pool afterwards, so that
 * the item outlives it.
 * @return APR_SUCCESS; CIV_EINVALID with @a problem saying what is wrong: the item cannot be stored
 */
apr_status_t civ_sync_item_finish(civ_sync_item_t *item, civ_problem_t *problem, apr_pool_t *pool);

#endif
