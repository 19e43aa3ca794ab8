/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_fetch.c
 * One request, and what its answer means for the run.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/engine_private.h"
#include "sync/foreign_json.h"

/** A part that broke is asked for in so many runs. */
#define TRIES_MOST 6

/** What is not ready is asked for so many times in one run. */
#define UNREADY_TRIES 3

/** After so many refusals one after the other, a kind's parts are not asked for any more in this run. */
#define FORBIDDEN_MOST 3

#define SECOND 1000

/** Items of a page, and requests that follow from it, at most: each page is one transaction. */
#define PAGE_ITEMS_MOST 50000

/** Bytes of an ETag that are kept. */
#define VALIDATOR_MOST 1024

static const char ENDLESS[] = "The platform sends the same page again and again";

static void pop(civ_run_t *run)
{
    civ_frontier_cut(&run->frontier, run->frontier.count - 1);
}

static apr_status_t end_run(civ_run_t *run, civ_sync_outcome_e outcome, const char *reason)
{
    run->report->outcome = outcome;
    civ_sync_reason(run->report->reason, reason);
    return APR_EOF;
}

static const char *reason_of(const civ_http_answer_t *answer, apr_pool_t *pool)
{
    const char *reason = answer->reason != NULL ? answer->reason : "no reason is known";

    return answer->status != 0 && strstr(reason, "(status ") == NULL
               ? apr_psprintf(pool, "%s (status %d)", reason, answer->status)
               : reason;
}

static int is_essential(const civ_run_t *run, const civ_sync_kind_t *kind)
{
    return kind->is_essential ||
           (kind->is_essential_to != NULL && kind->is_essential_to(run->request->project_id));
}

/* A page of a list, or what stands for it, cannot be had: the list ends here, and its watermark stays. A list that is always read
 * whole needs no watermark: what was asked for beside that page goes on. */
static apr_status_t fail_list(civ_run_t *run, const civ_sync_step_t *step, civ_kind_status_e status,
                              const char *reason)
{
    const civ_sync_kind_t *kind = civ_run_kind(run, step->kind);

    civ_kind_report_trouble(civ_run_kind_report(run, step->kind), status, "%s", reason);
    if (step->stream[0] != '\0')
        civ_sync_report_warn(run->report, "%s of %s: %s", step->kind, step->stream, reason);
    if (kind->rule == CIV_SYNC_ALL && !is_essential(run, kind))
        pop(run);
    else
        civ_run_drop_list(run, step);
    return is_essential(run, kind) ? end_run(run, CIV_SYNC_FAILED, reason) : APR_SUCCESS;
}

static const char *part_key(const civ_sync_step_t *step, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, step->kind, "\n", step->request.url, "\n",
                                   step->request.body != NULL ? step->request.body : "", "\n",
                                   apr_psprintf(pool, "%" APR_INT64_T_FMT, step->request.position), NULL);
    civ_digest_t digest;

    civ_digest_sha256(&digest, text, strlen(text));
    return civ_digest_hex_dup(&digest, pool);
}

/* Come back to it: later in this run, or in the next ones. */
static void defer(civ_run_t *run, const civ_sync_step_t *step, int is_unready)
{
    civ_deferral_t *deferral = apr_array_push(run->deferrals);

    memset(deferral, 0, sizeof(*deferral));
    civ_step_copy(&deferral->step, step, run->batch_pool);
    deferral->step.role = CIV_ROLE_PART;
    deferral->step.tries++;
    deferral->key = step->key != NULL ? deferral->step.key : part_key(step, run->batch_pool);
    deferral->step.key = deferral->key;
    deferral->is_unready = is_unready && deferral->step.tries < UNREADY_TRIES;
    deferral->is_over = deferral->step.tries >= TRIES_MOST;
    if (deferral->is_over) {
        civ_run_kind_report(run, step->kind)->left_out++;
        civ_sync_report_warn(run->report, "%s: given up after %d tries: %s", step->kind, TRIES_MOST,
                             step->request.url);
    }
}

/* What had been put off has been answered, in one way or the other. */
static void settle(civ_run_t *run, const civ_sync_step_t *step)
{
    civ_deferral_t *deferral;

    if (step->role != CIV_ROLE_PART || step->key == NULL)
        return;
    deferral = apr_array_push(run->deferrals);
    memset(deferral, 0, sizeof(*deferral));
    civ_step_copy(&deferral->step, step, run->batch_pool);
    deferral->key = deferral->step.key;
    deferral->is_over = 1;
}

/* A part, or one open item, cannot be had. */
static void fail_part(civ_run_t *run, const civ_sync_step_t *step, const char *reason, int try_again)
{
    civ_kind_report_t *report = civ_run_kind_report(run, step->kind);

    civ_kind_report_trouble(report, CIV_KIND_DEGRADED, "%s", reason);
    pop(run);
    if (step->role == CIV_ROLE_OPEN)
        return; /* it stays among the open ones */
    if (try_again) {
        defer(run, step, 0);
    } else {
        report->left_out++;
        settle(run, step);
    }
}

static apr_status_t fail(civ_run_t *run, const civ_sync_step_t *step, const char *reason, int try_again)
{
    if (step->role == CIV_ROLE_LIST)
        return fail_list(run, step, CIV_KIND_FAILED, reason);
    fail_part(run, step, reason, try_again);
    return APR_SUCCESS;
}

/* What is not there: where it is the project itself, by its name. */
static const char *absence_of(const civ_run_t *run, const civ_sync_step_t *step,
                              const civ_http_answer_t *answer)
{
    if (answer->class != CIV_HTTP_GONE || !civ_run_kind(run, step->kind)->is_essential)
        return reason_of(answer, run->batch_pool);
    return apr_psprintf(run->batch_pool, "project \"%.160s\" %s (status %d)", run->request->project_id,
                        answer->status == 410 ? "was removed"
                                              : "is not there, or hidden from this credential",
                        answer->status);
}

/* It is not there, or not any more. */
static apr_status_t handle_gone(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer)
{
    civ_kind_report_t *report = civ_run_kind_report(run, step->kind);
    civ_sync_page_t *page;

    if (step->role == CIV_ROLE_LIST && !step->request.may_be_absent)
        return fail_list(run, step, CIV_KIND_DEGRADED, absence_of(run, step, answer));
    if (!step->request.may_be_absent)
        report->gone++;
    pop(run);
    settle(run, step);
    if (step->role == CIV_ROLE_OPEN) {
        page = civ_page_make(step, run->batch_pool);
        page->closes_open = page->is_gone = 1;
        *(civ_sync_page_t **)apr_array_push(run->batch) = page;
    }
    return APR_SUCCESS;
}

static apr_status_t handle_forbidden(civ_run_t *run, const civ_sync_step_t *step,
                                     const civ_http_answer_t *answer)
{
    if (step->role == CIV_ROLE_LIST)
        return fail_list(run, step, CIV_KIND_DEGRADED, reason_of(answer, run->batch_pool));
    civ_run_kind_report(run, step->kind)->forbidden++;
    fail_part(run, step, reason_of(answer, run->batch_pool), 0);
    return APR_SUCCESS;
}

/* Some platforms answer a token that lacks a permission as they do one that is wrong. This one was good for the project itself, which
 * comes first. */
static int lacks_scope(const civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer)
{
    return run->connector->scopes_are_unauthorised && answer->status == 401 &&
           !civ_run_kind(run, step->kind)->is_essential;
}

static apr_status_t handle_unauthorised(civ_run_t *run, const civ_sync_step_t *step,
                                        const civ_http_answer_t *answer)
{
    civ_http_answer_t refused = *answer;

    refused.reason = "the credential lacks a permission for this, or has just been revoked";
    return handle_forbidden(run, step, &refused);
}

static void handle_unready(civ_run_t *run, const civ_sync_step_t *step)
{
    pop(run);
    if (step->role != CIV_ROLE_OPEN)
        defer(run, step, 1);
    if (step->tries + 1 >= UNREADY_TRIES)
        civ_kind_report_trouble(civ_run_kind_report(run, step->kind), CIV_KIND_DEGRADED,
                                "The platform is still computing it: asked for again in the next run");
}

/* --- windows --- */

static int can_halve(const civ_run_t *run, const civ_sync_step_t *step)
{
    return step->role == CIV_ROLE_LIST && civ_run_kind(run, step->kind)->cap > 0 && step->from > 0 &&
           step->to - step->from >= SECOND;
}

/* Both halves, to the second, none of which is in both: [from, middle] and [middle + 1 s, to]. */
static apr_status_t halve(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
{
    const civ_sync_kind_t *kind = civ_run_kind(run, step->kind);
    civ_sync_range_t range;
    apr_int64_t middle = step->from + (step->to - step->from) / 2;
    apr_status_t status;

    middle -= middle % SECOND;
    if (middle < step->from)
        middle = step->from;
    memset(&range, 0, sizeof(range));
    range.stream = step->stream;
    pop(run);
    range.from = middle + SECOND;
    range.to = step->to;
    status = civ_run_start_list(run, kind, &range, step->stream, 0, pool);
    range.from = step->from;
    range.to = middle;
    return status == APR_SUCCESS ? civ_run_start_list(run, kind, &range, step->stream, 0, pool) : status;
}

/* The platform has refused the bookmark: the list is asked for by time. */
static apr_status_t start_without_bookmark(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
{
    civ_sync_range_t range;

    memset(&range, 0, sizeof(range));
    range.from = step->from;
    range.to = step->to;
    range.stream = step->stream;
    civ_sync_report_warn(run->report, "%s: the platform does not know any more where the last run ended",
                         step->kind);
    pop(run);
    return civ_run_start_list(run, civ_run_kind(run, step->kind), &range, step->stream, 0, pool);
}

static apr_status_t handle_bad_request(civ_run_t *run, const civ_sync_step_t *step,
                                       const civ_http_answer_t *answer, apr_pool_t *pool)
{
    if (can_halve(run, step))
        return halve(run, step, pool);
    return fail(run, step, reason_of(answer, run->batch_pool), 0);
}

/* --- data --- */

static const char *find_header(const void *baton, const char *name)
{
    const civ_http_answer_t *answer = baton;
    int i;

    for (i = answer->field_count - 1; i >= 0; i--)
        if (strcasecmp(answer->fields[i].name, name) == 0)
            return answer->fields[i].value;
    return NULL;
}

static void seen_answer(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer)
{
    if (answer->date > 0)
        run->now = answer->date;
    if (step->role == CIV_ROLE_LIST && run->cursor.pending == 0 && answer->date > 0) {
        run->cursor.pending = answer->date;
        run->cursor.is_dirty = 1;
    }
    civ_run_kind_report(run, step->kind)->forbidden = 0;
}

/* Whether this page was asked for before: lists that do so have no end. */
static int is_visited(civ_run_t *run, const civ_sync_step_t *step)
{
    const char *key;
    int visited;

    if (step->role != CIV_ROLE_LIST)
        return 0;
    if (!step->is_next) {
        apr_pool_clear(run->visited_pool);
        run->visited = apr_hash_make(run->visited_pool);
        run->has_last_body = 0;
        run->list_seen = 0;
    }
    key = part_key(step, run->batch_pool);
    visited = step->is_next && apr_hash_get(run->visited, key, APR_HASH_KEY_STRING) != NULL;
    key = apr_pstrdup(run->visited_pool, key); /* and no more of it: the list may be long */
    apr_hash_set(run->visited, key, APR_HASH_KEY_STRING, key);
    return visited;
}

/* Whether it is the page before it once more, under another name. Empty ones may well be the same. */
static int is_repeated(civ_run_t *run, const civ_sync_page_t *page, const civ_http_answer_t *answer)
{
    int repeated;

    if (page->step.role != CIV_ROLE_LIST)
        return 0;
    repeated = page->step.is_next && run->has_last_body && page->items->nelts > 0 &&
               civ_digest_equal(&run->last_body, &answer->digest);
    run->last_body = answer->digest;
    run->has_last_body = 1;
    return repeated;
}

/* A validator that can be stored and sent back; what is not ASCII is none, and what is very long no server takes. */
static const char *validator(const char *text, apr_pool_t *pool)
{
    apr_size_t length = text != NULL ? strlen(text) : 0;
    apr_size_t i;

    if (length == 0 || length > VALIDATOR_MOST)
        return NULL;
    for (i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return NULL;
    return apr_pstrmemdup(pool, text, length);
}

static void finish_page(civ_run_t *run, civ_sync_page_t *page, const civ_http_answer_t *answer)
{
    const civ_sync_step_t *step = &page->step;
    const civ_sync_kind_t *kind = civ_run_kind(run, step->kind);

    page->stops = step->role == CIV_ROLE_LIST && kind->stops_when_older && step->from > 0 && page->saw_any &&
                  page->newest_seen < step->from;
    /* A run from a given time on may leave a gap before it, which the next one is to find. */
    if (step->request.is_conditional && step->request.body == NULL && run->request->since == 0) {
        page->etag = validator(answer->etag, run->batch_pool);
        page->last_modified = validator(answer->last_modified, run->batch_pool);
    }
    if (step->role == CIV_ROLE_LIST) {
        run->list_seen += page->items->nelts;
        run->report->remaining_items =
            civ_page_remaining(page, kind, answer, run->list_seen, run->batch_pool);
    }
    pop(run);
    settle(run, step);
    civ_run_take_page(run, page, answer);
    civ_record_read(run, page);
    if (!page->tells_conditions)
        civ_run_push_page(run, page);
}

static apr_status_t handle_data(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer,
                                apr_pool_t *pool)
{
    const civ_sync_kind_t *kind = civ_run_kind(run, step->kind);
    civ_sync_page_t *page = civ_page_make(step, run->batch_pool);
    civ_sync_context_t context;
    civ_sync_answer_t seen;
    civ_problem_t problem;

    memset(&seen, 0, sizeof(seen));
    if (civ_foreign_json_parse(&seen.json, answer->body, answer->length, &problem, pool) != APR_SUCCESS)
        return fail(run, step, apr_pstrcat(pool, "The answer cannot be read: ", problem.detail, NULL), 1);
    if (is_visited(run, step))
        return fail_list(run, step, CIV_KIND_FAILED, ENDLESS);
    seen.next = answer->next;
    seen.next_refused = answer->next_refused;
    seen.url = answer->url;
    seen.status = answer->status;
    seen.date = answer->date;
    seen.header = find_header;
    seen.baton = answer;
    civ_run_context(run, &context, pool);
    if (kind->read(&context, &step->request, &seen, page) != APR_SUCCESS)
        return fail(run, step, page->fault != NULL ? page->fault : "The answer is not as expected", 1);
    if (page->items->nelts > PAGE_ITEMS_MOST || page->follows->nelts > PAGE_ITEMS_MOST)
        return fail(run, step, "The page has more items than can be stored at once", 0);
    if (is_repeated(run, page, answer))
        return fail_list(run, step, CIV_KIND_FAILED, ENDLESS);
    if (kind->cap > 0 && page->total >= kind->cap && step->role == CIV_ROLE_LIST) {
        if (can_halve(run, step))
            return halve(run, step, pool);
        civ_sync_report_warn(
            run->report, "%s: the platform shows %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " of one moment",
            step->kind, kind->cap, page->total);
        civ_kind_report_trouble(civ_run_kind_report(run, step->kind), CIV_KIND_DEGRADED,
                                "There are more of one moment than the platform shows");
    }
    finish_page(run, page, answer);
    return APR_SUCCESS;
}

/* What is too much for the platform at once is asked for in halves. */
static int make_smaller(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer,
                        apr_pool_t *pool)
{
    civ_sync_step_t smaller = *step;

    if ((answer->status != 502 && answer->status != 504) || step->request.body != NULL ||
        (smaller.request.url = civ_request_smaller(run->connector, step->request.url, pool)) == NULL)
        return 0;
    pop(run);
    civ_run_push(run, &smaller, pool);
    return 1;
}

/* Nothing there, or nothing new: where the list went on then, it goes on now. */
static apr_status_t handle_nothing(civ_run_t *run, const civ_sync_step_t *step,
                                   const civ_http_answer_t *answer, const char *next)
{
    civ_sync_page_t *page = civ_page_make(step, run->batch_pool);
    apr_array_header_t *requests;

    page->step.request.is_conditional = 0; /* what is kept of it stays */
    page->confirms = answer->class == CIV_HTTP_UNCHANGED;
    if (next != NULL && civ_requests_read(&requests, next, run->batch_pool) == APR_SUCCESS)
        page->next = requests;
    finish_page(run, page, answer);
    return APR_SUCCESS;
}

static apr_status_t handle(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer,
                           const char *next, apr_pool_t *pool)
{
    if (step->is_first && step->role == CIV_ROLE_LIST &&
        (answer->class == CIV_HTTP_BAD_REQUEST || answer->class == CIV_HTTP_GONE))
        return start_without_bookmark(run, step, pool);
    switch (answer->class) {
    case CIV_HTTP_DATA:
        seen_answer(run, step, answer);
        return handle_data(run, step, answer, pool);
    case CIV_HTTP_EMPTY:
        seen_answer(run, step, answer);
        return handle_nothing(run, step, answer, NULL);
    case CIV_HTTP_UNCHANGED:
        seen_answer(run, step, answer);
        return handle_nothing(run, step, answer, next);
    case CIV_HTTP_NOT_READY:
        handle_unready(run, step);
        return APR_SUCCESS;
    case CIV_HTTP_BAD_REQUEST:
        return handle_bad_request(run, step, answer, pool);
    case CIV_HTTP_AUTH_FAILED:
        if (lacks_scope(run, step, answer))
            return handle_unauthorised(run, step, answer);
        return end_run(run, CIV_SYNC_AUTH_FAILED, reason_of(answer, pool));
    case CIV_HTTP_FORBIDDEN:
        return handle_forbidden(run, step, answer);
    case CIV_HTTP_MOVED:
    case CIV_HTTP_GONE:
        return handle_gone(run, step, answer);
    case CIV_HTTP_THROTTLED:
        run->report->retry_at = answer->retry_at;
        return end_run(run, CIV_SYNC_PARTIAL, reason_of(answer, pool));
    case CIV_HTTP_BROKEN:
        if (make_smaller(run, step, answer, pool))
            return APR_SUCCESS;
        return fail(run, step, reason_of(answer, run->batch_pool), 1);
    case CIV_HTTP_TOO_LARGE:
    case CIV_HTTP_REFUSED:
    default:
        return fail(run, step, reason_of(answer, run->batch_pool), 0);
    }
}

/* Whether a page that is as run @a number stored it has nothing new behind it either. */
static int is_all_known(const civ_run_t *run, const civ_sync_step_t *step, apr_int64_t number)
{
    return step->role == CIV_ROLE_LIST && !step->is_next && civ_run_kind(run, step->kind)->is_newest_first &&
           run->cursor.ended >= number;
}

apr_status_t civ_run_fetch(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
{
    civ_kind_report_t *report = civ_run_kind_report(run, step->kind);
    civ_http_request_t request;
    civ_http_answer_t answer;
    const char *etag = NULL;
    const char *modified = NULL;
    const char *next = NULL;
    apr_int64_t number = 0;
    apr_status_t status;

    if (step->role != CIV_ROLE_LIST && report->forbidden >= FORBIDDEN_MOST) {
        report->left_out++;
        pop(run);
        settle(run, step);
        return APR_SUCCESS;
    }
    if (step->request.is_conditional && step->request.body == NULL && run->request->since == 0) {
        status = civ_rows_validators(run, step->request.url, &etag, &modified, &next, &number, pool);
        if (status != APR_SUCCESS && status != APR_NOTFOUND)
            return status;
        if (status == APR_SUCCESS && is_all_known(run, step, number))
            next = NULL;
    }
    memset(&request, 0, sizeof(request));
    request.url = step->request.url;
    request.etag = etag;
    request.last_modified = modified;
    if (step->request.body != NULL) {
        request.method = "POST";
        request.content = step->request.body;
        request.content_length = strlen(step->request.body);
        request.may_repeat = 1;
    }
    memset(&answer, 0, sizeof(answer));
    status = run->request->fetch.send(run->request->fetch.baton, &request, &answer, pool);
    if (status != APR_SUCCESS)
        return status;
    civ_record_asked(run, step, &answer);
    return handle(run, step, &answer, next, pool);
}
