/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Sharing the leader's work with its followers. They sleep until their blocks are stored, and signing is the dearest step
 * on the way there; one that is woken signs block after block while the leader writes the entries, and the leader joins in when
 * it needs the signatures.
 */
#include <unistd.h>

#include "ledger/ledger_private.h"

/* Waking a thread costs about as much as signing half a block: fewer blocks than these are not worth it. */
#define BLOCKS_A_HELPER 4
#define MAX_HELPERS     7

static void sign_some(civ_ledger_t *ledger, civ_signing_t *signing, apr_pool_t *pool)
{
    for (;;) {
        apr_uint32_t next = apr_atomic_inc32(&signing->next);
        apr_status_t status;

        if (next >= signing->count)
            return;
        status = civ_block_sign(signing->blocks[next], ledger->config->name, ledger->config->key, pool);
        if (status != APR_SUCCESS)
            apr_atomic_set32(&signing->failed, 1);
    }
}

void civ_crew_help(civ_ledger_t *ledger, civ_request_t *request)
{
    civ_signing_t *signing;

    apr_thread_mutex_lock(ledger->lock);
    signing = request->signing;
    if (signing != NULL)
        signing->busy++;
    apr_thread_mutex_unlock(ledger->lock);
    /* Dismissed before it came to it. */
    if (signing == NULL)
        return;
    sign_some(ledger, signing, request->pool);
    apr_thread_mutex_lock(ledger->lock);
    request->signing = NULL;
    if (--signing->busy == 0)
        apr_thread_cond_signal(ledger->crew_done);
    apr_thread_mutex_unlock(ledger->lock);
}

apr_uint32_t civ_crew_size(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    apr_uint32_t spare = processors > 1 ? (apr_uint32_t)processors - 1 : 0;

    return spare > MAX_HELPERS ? MAX_HELPERS : spare;
}

void civ_crew_begin(civ_ledger_t *ledger, civ_request_t *requests, civ_signing_t *signing)
{
    apr_uint32_t helpers = signing->count / BLOCKS_A_HELPER;
    civ_request_t *request;

    if (helpers > ledger->crew_size)
        helpers = ledger->crew_size;
    if (helpers == 0)
        return;
    signing->called = 1;
    apr_thread_mutex_lock(ledger->lock);
    /* The first request is the leader's own. */
    for (request = requests->next; request != NULL && helpers > 0; request = request->next, helpers--) {
        request->signing = signing;
        civ_append_wake(request, NULL);
    }
    apr_thread_mutex_unlock(ledger->lock);
}

/** Dismiss those that have not begun, and wait for those that have. */
static void dismiss_helpers(civ_ledger_t *ledger, civ_request_t *requests, civ_signing_t *signing)
{
    civ_request_t *request;

    apr_thread_mutex_lock(ledger->lock);
    while (signing->busy > 0)
        apr_thread_cond_wait(ledger->crew_done, ledger->lock);
    for (request = requests; request != NULL; request = request->next)
        request->signing = NULL;
    apr_thread_mutex_unlock(ledger->lock);
}

apr_status_t civ_crew_finish(civ_ledger_t *ledger, civ_request_t *requests, civ_signing_t *signing,
                             apr_pool_t *pool)
{
    sign_some(ledger, signing, pool);
    if (signing->called)
        dismiss_helpers(ledger, requests, signing);
    return signing->failed ? APR_EGENERAL : APR_SUCCESS;
}
