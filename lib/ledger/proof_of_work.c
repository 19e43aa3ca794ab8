/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Mining from a midstate, on one thread or on all processors.
 */
/* The midstate is what makes a nonce cost one compression instead of four; only the low-level interface has
 * it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <apr_atomic.h>
#include <apr_portable.h>
#include <apr_thread_proc.h>
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "ledger/proof_of_work.h"

#define NONCE_LIMIT  (APR_UINT64_C(1) << 53)
#define ASK_EVERY    65536
#define MAX_THREADS  64
#define NONCE_OFFSET (CIV_HEADER_SIZE - CIV_HEADER_FIXED_SIZE - 8)

typedef struct search_t {
    SHA256_CTX midstate;               /**< after the 192 bytes that do not change */
    unsigned char last[SHA256_CBLOCK]; /**< the third SHA-256 block: 24 bytes of header, then padding */
    apr_uint32_t difficulty;
    unsigned step; /**< threads searching: each takes every step-th nonce */
    civ_interrupted_fn interrupted;
    void *baton;
    volatile apr_uint32_t over; /**< non-zero: found or given up */
} search_t;

typedef struct searcher_t {
    search_t *search;
    apr_uint64_t nonce; /**< where to start; where it was found */
    apr_status_t status;
} searcher_t;

static void write64(unsigned char *out, apr_uint64_t value)
{
    int i;

    for (i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)(value & 0xff);
}

static void begin_search(search_t *search, const civ_header_t *header)
{
    unsigned char bytes[CIV_HEADER_SIZE];

    civ_header_pack(bytes, header);
    SHA256_Init(&search->midstate);
    SHA256_Update(&search->midstate, bytes, CIV_HEADER_FIXED_SIZE);
    memset(search->last, 0, sizeof(search->last));
    memcpy(search->last, bytes + CIV_HEADER_FIXED_SIZE, CIV_HEADER_SIZE - CIV_HEADER_FIXED_SIZE);
    search->last[CIV_HEADER_SIZE - CIV_HEADER_FIXED_SIZE] = 0x80;
    write64(search->last + SHA256_CBLOCK - 8, (apr_uint64_t)CIV_HEADER_SIZE * 8);
    search->difficulty = header->difficulty;
}

static apr_status_t look(searcher_t *own)
{
    search_t *search = own->search;
    /* At most 32 bits are asked for, so the first word of the hash decides. */
    const SHA_LONG zero_mask =
        search->difficulty == 0 ? 0 : (SHA_LONG)(0xffffffffu << (32 - search->difficulty));
    unsigned char block[SHA256_CBLOCK];
    SHA256_CTX context = search->midstate;
    apr_uint64_t nonce;
    unsigned since_asked = 0;

    memcpy(block, search->last, sizeof(block));
    for (nonce = own->nonce; nonce < NONCE_LIMIT; nonce += search->step) {
        write64(block + NONCE_OFFSET, nonce);
        memcpy(context.h, search->midstate.h, sizeof(context.h));
        SHA256_Transform(&context, block);
        if ((context.h[0] & zero_mask) == 0) {
            own->nonce = nonce;
            return APR_SUCCESS;
        }
        if (++since_asked == ASK_EVERY) {
            since_asked = 0;
            if (apr_atomic_read32(&search->over) ||
                (search->interrupted != NULL && search->interrupted(search->baton)))
                return CIV_EINTERRUPTED;
        }
    }
    return CIV_EINTERRUPTED;
}

static void *APR_THREAD_FUNC run_searcher(apr_thread_t *thread, void *data)
{
    searcher_t *own = data;

    (void)thread;
    own->status = look(own);
    if (own->status == APR_SUCCESS)
        apr_atomic_set32(&own->search->over, 1);
    return NULL;
}

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : (unsigned)count;
}

static apr_status_t search_on_all(search_t *search, apr_uint64_t *nonce, apr_pool_t *pool)
{
    searcher_t searchers[MAX_THREADS];
    apr_thread_t *threads[MAX_THREADS];
    apr_status_t status = APR_SUCCESS, ended;
    apr_uint64_t best = NONCE_LIMIT;
    unsigned i, started = 0;

    for (i = 0; i < search->step; i++) {
        searchers[i].search = search;
        searchers[i].nonce = i;
        searchers[i].status = CIV_EINTERRUPTED;
    }
    /* The caller's thread is the last searcher, so that one thread fewer has to be made. */
    while (started + 1 < search->step && status == APR_SUCCESS) {
        status = apr_thread_create(&threads[started], NULL, run_searcher, &searchers[started], pool);
        if (status == APR_SUCCESS)
            started++;
    }
    if (status == APR_SUCCESS)
        run_searcher(NULL, &searchers[started]);
    else
        apr_atomic_set32(&search->over, 1);
    for (i = 0; i < started; i++)
        apr_thread_join(&ended, threads[i]);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < search->step; i++)
        if (searchers[i].status == APR_SUCCESS && searchers[i].nonce < best)
            best = searchers[i].nonce;
    *nonce = best;
    return best < NONCE_LIMIT ? APR_SUCCESS : CIV_EINTERRUPTED;
}

apr_status_t civ_mine(civ_header_t *header, civ_digest_t *hash, civ_interrupted_fn interrupted, void *baton,
                      apr_pool_t *pool)
{
    search_t search = {.interrupted = interrupted, .baton = baton, .step = 1};
    apr_status_t status;

    if (header->difficulty > CIV_DIFFICULTY_MAX)
        return CIV_EINVALID;
    begin_search(&search, header);
    if (header->difficulty > CIV_MINE_ALONE_BITS)
        search.step = processors();
    if (search.step == 1) {
        searcher_t own = {&search, 0, APR_SUCCESS};

        status = look(&own);
        header->nonce = own.nonce;
    } else {
        status = search_on_all(&search, &header->nonce, pool);
    }
    if (status == APR_SUCCESS)
        civ_header_hash(hash, header);
    return status;
}
