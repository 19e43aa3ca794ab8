/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The queue in front of the ledger: group commit. The first thread to come leads: it waits for the host's
 * mutex, takes everything that has gathered by then, does it in one transaction, and hands the lead to the
 * next one waiting. The others sleep until their own request is done.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/timestamp.h"
#include "ledger/head_file.h"
#include "ledger/ledger_private.h"
#include "store/replay.h"

/* Requests in one transaction, and their bytes: bounds the time one commit takes. An entry costs its rows, however small
 * it is. */
#define ENTRY_COST     400
#define TRANSACT_COST  (8 * ENTRY_COST)
#define BATCH_REQUESTS 256
#define BATCH_BYTES    (8 * 1024 * 1024)

/* Idempotency answers are swept this often, in short transactions, for this long at most. */
#define EXPIRY_INTERVAL apr_time_from_sec(10)
#define EXPIRY_TIME     apr_time_from_sec(1)
#define EXPIRED_AT_ONCE 1000

static apr_size_t bytes_of(const civ_request_t *request)
{
    apr_size_t i, bytes = request->kind == CIV_REQUEST_TRANSACT ? TRANSACT_COST : 0;

    for (i = 0; i < request->count; i++)
        bytes += ENTRY_COST + request->entries[i].length;
    return bytes;
}

/** Cut the longest allowed run off the front of the queue. The lock is held. */
static civ_request_t *take_batch(civ_ledger_t *ledger, int *count)
{
    civ_request_t *first = ledger->first, *last = first;
    apr_size_t bytes = bytes_of(first);

    for (*count = 1; last->next != NULL && *count < BATCH_REQUESTS; (*count)++) {
        bytes += bytes_of(last->next);
        if (bytes > BATCH_BYTES)
            break;
        last = last->next;
    }
    ledger->first = last->next;
    if (ledger->first == NULL)
        ledger->last = NULL;
    ledger->length -= *count;
    last->next = NULL;
    return first;
}

void civ_append_wake(civ_request_t *request, volatile apr_uint32_t *flag)
{
    apr_atomic_inc32(&request->tokens);
    if (flag != NULL)
        apr_atomic_set32(flag, 1);
    sem_post(&request->wake);
}

/** Hand the lead to whoever is first in the queue now, if anybody is. */
static void hand_on(civ_ledger_t *ledger)
{
    civ_request_t *next;

    apr_thread_mutex_lock(ledger->lock);
    next = ledger->first;
    if (next == NULL)
        ledger->leading = 0;
    apr_thread_mutex_unlock(ledger->lock);
    if (next != NULL)
        civ_append_wake(next, &next->lead);
}

/** Wake the followers of a batch. */
static void finish_batch(civ_request_t *batch)
{
    while (batch != NULL) {
        civ_request_t *next = batch->next;

        civ_append_wake(batch, &batch->done);
        batch = next;
    }
}

static void fail_batch(civ_request_t *batch, apr_status_t status)
{
    for (; batch != NULL; batch = batch->next) {
        batch->status = status;
        civ_store_problem(batch->problem, status, batch->pool);
    }
}

static void lead(civ_ledger_t *ledger)
{
    civ_request_t *batch;
    int count;
    apr_status_t status = civ_ledger_lock(ledger);

    /* Taken after the mutex: whoever came while another process was at work joins this commit. */
    apr_thread_mutex_lock(ledger->lock);
    batch = take_batch(ledger, &count);
    apr_thread_mutex_unlock(ledger->lock);
    if (status == APR_SUCCESS) {
        civ_batch_run(ledger, batch, count, ledger->batch_pool);
        civ_ledger_unlock(ledger);
    } else {
        fail_batch(batch, CIV_EUNREACHABLE);
    }
    /* The next leader first: it is what everybody else waits for. */
    hand_on(ledger);
    finish_batch(batch);
}

/** Put a request at the end of the queue; it leads when nobody does. @return CIV_EQUEUEFULL or APR_SUCCESS */
static apr_status_t enqueue(civ_ledger_t *ledger, civ_request_t *request)
{
    if (ledger->length >= ledger->config->queue_limit)
        return CIV_EQUEUEFULL;
    if (ledger->last != NULL)
        ledger->last->next = request;
    else
        ledger->first = request;
    ledger->last = request;
    ledger->length++;
    if (!ledger->leading) {
        ledger->leading = 1;
        apr_atomic_set32(&request->lead, 1);
    }
    return APR_SUCCESS;
}

/**
 * Sleep until the request is done or its thread is to lead; help in between when asked to. A flag counts only when every
 * token was taken: whoever set it may be just about to post.
 */
static void await_turn(civ_ledger_t *ledger, civ_request_t *request)
{
    apr_uint32_t taken = 0;

    for (;;) {
        int called = apr_atomic_read32(&request->done) || apr_atomic_read32(&request->lead);

        if (called && taken == apr_atomic_read32(&request->tokens))
            return;
        if (taken > 0 && !called)
            civ_crew_help(ledger, request);
        while (sem_wait(&request->wake) != 0)
            continue;
        taken++;
    }
}

static apr_status_t submit(civ_ledger_t *ledger, civ_request_t *request)
{
    apr_status_t status;

    if (sem_init(&request->wake, 0, 0) != 0) {
        civ_problem_set(request->problem, CIV_PROBLEM_INTERNAL, request->pool,
                        "The server is out of resources");
        return apr_get_os_error();
    }
    apr_thread_mutex_lock(ledger->lock);
    status = enqueue(ledger, request);
    apr_thread_mutex_unlock(ledger->lock);
    if (status != APR_SUCCESS) {
        civ_problem_set(request->problem, CIV_PROBLEM_UNAVAILABLE, request->pool,
                        "Too many requests are waiting to be stored; nothing was stored");
    } else {
        await_turn(ledger, request);
        if (!apr_atomic_read32(&request->done))
            lead(ledger);
        status = request->status;
    }
    sem_destroy(&request->wake);
    return status;
}

apr_status_t civ_append_allowed(const civ_ledger_t *ledger, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *reason = civ_ledger_read_only(ledger, pool);

    if (reason == NULL)
        return APR_SUCCESS;
    civ_problem_set(problem, CIV_PROBLEM_READ_ONLY, pool,
                    "The ledger takes no evidence until an administrator has looked into this: %s", reason);
    return CIV_EREADONLY;
}

static apr_status_t submit_request(civ_ledger_t *ledger, civ_request_kind_e kind, const civ_entry_t *entries,
                                   apr_size_t count, const civ_idempotency_t *idempotency,
                                   civ_append_result_t *result, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_request_t request = {.kind = kind,
                             .entries = entries,
                             .count = count,
                             .idempotency = idempotency,
                             .result = result,
                             .problem = problem,
                             .pool = pool};
    apr_status_t status = civ_append_allowed(ledger, problem, pool);

    memset(result, 0, sizeof(*result));
    return status == APR_SUCCESS ? submit(ledger, &request) : status;
}

apr_status_t civ_ledger_append(civ_ledger_t *ledger, const civ_entry_t *entries, apr_size_t count,
                               const civ_idempotency_t *idempotency, civ_append_result_t *result,
                               civ_problem_t *problem, apr_pool_t *pool)
{
    if (count == 0 || count > CIV_BLOCK_MAX_ENTRIES) {
        civ_problem_set_at(problem, CIV_PROBLEM_LIMIT_EXCEEDED, "/evidence", pool,
                           "A block takes 1 to %d pieces of evidence", CIV_BLOCK_MAX_ENTRIES);
        return CIV_EINVALID;
    }
    return submit_request(ledger, CIV_REQUEST_APPEND, entries, count, idempotency, result, problem, pool);
}

apr_status_t civ_ledger_pend(civ_ledger_t *ledger, const civ_entry_t *entries, apr_size_t count,
                             const civ_idempotency_t *idempotency, civ_append_result_t *result,
                             civ_problem_t *problem, apr_pool_t *pool)
{
    if (count == 0 || count > CIV_BLOCK_MAX_ENTRIES) {
        civ_problem_set_at(problem, CIV_PROBLEM_LIMIT_EXCEEDED, "/evidence", pool,
                           "1 to %d pieces of evidence can be posted at once", CIV_BLOCK_MAX_ENTRIES);
        return CIV_EINVALID;
    }
    return submit_request(ledger, CIV_REQUEST_PEND, entries, count, idempotency, result, problem, pool);
}

apr_status_t civ_ledger_seal(civ_ledger_t *ledger, const civ_idempotency_t *idempotency,
                             civ_append_result_t *result, civ_problem_t *problem, apr_pool_t *pool)
{
    return submit_request(ledger, CIV_REQUEST_SEAL, NULL, 0, idempotency, result, problem, pool);
}

apr_status_t civ_append_change(civ_ledger_t *ledger, const civ_validator_change_t *change,
                               const civ_idempotency_t *idempotency, civ_append_result_t *result,
                               civ_problem_t *problem, apr_pool_t *pool)
{
    civ_entry_t entry;
    civ_request_t request = {.kind = CIV_REQUEST_CHANGE,
                             .entries = &entry,
                             .count = 1,
                             .change = change,
                             .idempotency = idempotency,
                             .result = result,
                             .problem = problem,
                             .pool = pool};
    apr_status_t status = civ_append_allowed(ledger, problem, pool);

    memset(result, 0, sizeof(*result));
    if (status == APR_SUCCESS && civ_validator_entry(&entry, change, pool) != APR_SUCCESS) {
        civ_problem_set(problem, CIV_PROBLEM_INTERNAL, pool, "The change cannot be written down");
        status = CIV_EINVALID;
    }
    return status == APR_SUCCESS ? submit(ledger, &request) : status;
}

apr_status_t civ_ledger_transact(civ_ledger_t *ledger, const civ_change_steps_t *steps,
                                 civ_change_result_t *result, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_request_t request = {.kind = CIV_REQUEST_TRANSACT,
                             .steps = steps,
                             .outcome = result,
                             .idempotency = steps->idempotency,
                             .problem = problem,
                             .pool = pool};
    apr_status_t status = civ_append_allowed(ledger, problem, pool);

    memset(result, 0, sizeof(*result));
    return status == APR_SUCCESS ? submit(ledger, &request) : status;
}

/* --- housekeeping --- */

/* @param more set when there may be more of the same age */
static apr_status_t expire_some(civ_db_t *db, int *more)
{
    apr_int64_t now = civ_timestamp_now();
    int unknown, answers = 0, nonces = 0;
    apr_status_t status = civ_db_begin(db);

    if (status != APR_SUCCESS)
        return status;
    civ_idempotency_expire(db, now, &answers);
    civ_replay_expire(db, now, &nonces);
    *more = answers == EXPIRED_AT_ONCE || nonces == EXPIRED_AT_ONCE;
    return civ_db_commit(db, &unknown);
}

/* Answers kept for Idempotency-Key, and nonces of signed requests. */
static apr_status_t expire_old(civ_ledger_t *ledger, civ_db_t *db, apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    apr_status_t status;
    int answers = 0, nonces = 0, more;

    /* A clock that was set back is not waited for. */
    if (began < ledger->next_expiry && ledger->next_expiry - began <= EXPIRY_INTERVAL)
        return APR_SUCCESS;
    ledger->next_expiry = began + EXPIRY_INTERVAL;
    status = civ_idempotency_any_expired(db, civ_timestamp_now(), &answers, pool);
    if (status == APR_SUCCESS)
        status = civ_replay_any_expired(db, civ_timestamp_now(), &nonces, pool);
    more = answers || nonces;
    while (status == APR_SUCCESS && more && apr_time_now() - began < EXPIRY_TIME)
        status = expire_some(db, &more);
    return status;
}

static apr_status_t seal_overdue(civ_ledger_t *ledger, const civ_pending_state_t *state, apr_pool_t *pool)
{
    civ_append_result_t result;
    civ_problem_t problem;
    apr_int64_t due = state->oldest + apr_time_as_msec(ledger->config->seal_interval);
    apr_int64_t now = civ_timestamp_now();
    apr_status_t status;

    /* A clock that was set back is not waited for. */
    if (state->count == 0 ||
        (now >= state->oldest && now < due && state->count < (apr_int64_t)ledger->config->seal_count))
        return APR_SUCCESS;
    status = civ_ledger_seal(ledger, NULL, &result, &problem, pool);
    /* Somebody else was faster. */
    return status == CIV_ECONFLICT ? APR_SUCCESS : status;
}

apr_status_t civ_ledger_maintain(civ_ledger_t *ledger, apr_pool_t *pool)
{
    civ_pending_state_t state;
    civ_db_t *db;
    apr_status_t status;

    if (ledger->config->head_file != NULL)
        civ_head_file_sync(ledger->config->head_file);
    if (civ_ledger_read_only(ledger, pool) != NULL)
        return APR_SUCCESS;
    status = civ_store_acquire(ledger->config->store, &db);
    if (status != APR_SUCCESS)
        return status;
    status = expire_old(ledger, db, pool);
    if (status == APR_SUCCESS)
        status = civ_pending_state(db, &state, pool);
    civ_store_release(ledger->config->store, db);
    return status == APR_SUCCESS ? seal_overdue(ledger, &state, pool) : status;
}
