/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_private.h
 * Inside of the ledger, shared by the files of lib/ledger only.
 */
#ifndef CIV_LEDGER_PRIVATE_H
#define CIV_LEDGER_PRIVATE_H

#include <apr_atomic.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <semaphore.h>

#include "ledger/genesis.h"
#include "ledger/head_file.h"
#include "ledger/ledger.h"
#include "ledger/statements.h"
#include "ledger/validator_set.h"

/** apr_dbd's drivers share one mutex in a process, and who releases it mostly gets it again. Long reading pauses between its
 *  selects, in microseconds, so that a writer is never kept waiting for more than one of them. */
#define CIV_PAGE_PAUSE 1000

/** Rows read at once when walking. */
#define CIV_PAGE_ROWS 128

typedef enum civ_request_kind_e {
    CIV_REQUEST_APPEND,
    CIV_REQUEST_PEND,
    CIV_REQUEST_SEAL,
    CIV_REQUEST_CHANGE,  /**< of the validators: a block of its own with the entry that says so */
    CIV_REQUEST_TRANSACT /**< a change of another area, see civ_ledger_transact */
} civ_request_kind_e;

/** Blocks to be signed by whoever has time. */
typedef struct civ_signing_t {
    civ_block_t **blocks;
    apr_uint32_t count;
    volatile apr_uint32_t next;   /**< the first block that nobody has taken */
    volatile apr_uint32_t failed; /**< non-zero: a block could not be signed */
    int called;                   /**< helpers were called */
    int busy;                     /**< helpers at work; guarded by the ledger's lock */
} civ_signing_t;

/** One caller's request while it waits. Lives on the caller's stack; the leader fills it in. */
typedef struct civ_request_t {
    civ_request_kind_e kind;
    const civ_entry_t *entries;
    apr_size_t count;
    const civ_validator_change_t *change; /**< what the entry of CIV_REQUEST_CHANGE says */
    const civ_change_steps_t *steps;      /**< of CIV_REQUEST_TRANSACT */
    civ_change_result_t *outcome;         /**< of CIV_REQUEST_TRANSACT, in place of result */
    const civ_idempotency_t *idempotency;
    civ_append_result_t *result;
    civ_problem_t *problem;
    apr_pool_t *pool; /**< the caller's: its thread sleeps, so the leader may allocate from it */
    apr_status_t status;

    /* Of the batch at hand. */
    const char *answer;            /**< recorded for the Idempotency-Key, or found for it */
    int repeated;                  /**< answer was found */
    int applied;                   /**< the change of CIV_REQUEST_TRANSACT was made */
    civ_block_t *block;            /**< sealed for it */
    struct civ_request_t *same_as; /**< an earlier request of this batch with the same Idempotency-Key */

    /* Of the queue. */
    struct civ_request_t *next;
    sem_t wake; /**< of its own, so that a batch of threads that wake does not meet at one lock */
    volatile apr_uint32_t tokens; /**< how often wake was or is about to be posted, see civ_append_wake */
    volatile apr_uint32_t done;
    volatile apr_uint32_t lead;
    civ_signing_t *signing; /**< the leader asks for help with this; guarded by the ledger's lock */
} civ_request_t;

struct civ_ledger_t {
    const civ_ledger_config_t *config;
    apr_pool_t *pool;
    apr_thread_mutex_t *lock; /**< guards the queue and the identity */

    civ_digest_t id;
    int identified;

    civ_request_t *first, *last;
    int length;
    apr_uint32_t crew_size;       /**< helpers that can be at work at once */
    apr_thread_cond_t *crew_done; /**< the last helper has finished */
    int leading;                  /**< some thread of this process is at work, or has been told to be */

    /* Used only by the thread that leads, under the host's mutex. */
    civ_ledger_head_t known; /**< the newest head this process has seen */
    int known_valid;
    civ_digest_t no_validators;
    apr_uint32_t first_difficulty; /**< what genesis demands, once it is known */
    int first_difficulty_known;
    apr_pool_t *batch_pool; /**< a root pool of its own: only the leader allocates from it */

    apr_time_t next_expiry; /**< used by civ_ledger_maintain only */
};

/* ledger.c, start.c */

/** Read the head on a connection (inside or outside a transaction) and check it against its block. */
apr_status_t civ_ledger_load_head(civ_ledger_t *ledger, civ_db_t *db, civ_ledger_head_t *head,
                                  apr_pool_t *pool);

/** The id stands in every header: the first one that this process reads is taken, and every later one has to agree.
 *  @return non-zero when it does */
int civ_ledger_is_same(civ_ledger_t *ledger, const civ_digest_t *id);

/** Whether a head that another process has moved may be built on: its block bears the ledger's signature, and the work it
 *  demands follows from the entries. @return APR_SUCCESS; CIV_EINTEGRITY, told to the observer; database errors */
apr_status_t civ_ledger_vouch(civ_ledger_t *ledger, civ_db_t *db, const civ_ledger_head_t *head,
                              apr_pool_t *pool);

/** Read only the generation number on a connection. */
apr_status_t civ_ledger_load_generation(civ_db_t *db, apr_int64_t *generation, apr_pool_t *pool);

/** Note that stored data contradicts itself: log it, tell the observer. Always returns CIV_EINTEGRITY. */
apr_status_t civ_ledger_integrity_lost(const civ_ledger_t *ledger, const char *reason);

/** Compare the signed head with the chain that ends at @a height. @return what contradicts, or NULL */
const char *civ_signed_head_compare(const civ_signed_head_t *kept, apr_uint64_t height, civ_db_t *db,
                                    apr_status_t *status, apr_pool_t *pool);

/** The ledger's public key; NULL only for a ledger that is read without knowing it. */
const civ_public_key_t *civ_ledger_public_key(const civ_ledger_t *ledger);

/** Reason why nothing may be written, or NULL. */
const char *civ_ledger_read_only(const civ_ledger_t *ledger, apr_pool_t *pool);

/** Lock and unlock what keeps this host's processes apart. */
apr_status_t civ_ledger_lock(civ_ledger_t *ledger);
void civ_ledger_unlock(civ_ledger_t *ledger);

/** CIV_EFULL, and said in the log, where less than CivarcosMinFree is free for the database. */
apr_status_t civ_ledger_check_space(const civ_ledger_t *ledger, civ_db_t *db);

/* settle.c */

/** Look on @a db for what only the commit in question can have written. @param there set on success. @return
 *  CIV_EUNSETTLED where that cannot be told any more; as civ_db_select */
typedef apr_status_t (*civ_trace_fn)(const void *baton, civ_db_t *db, int *there);

/** A commit was sent and failed with @a status: ask, for some seconds, whether it went through. The ledger's lock is held.
 *  @return APR_SUCCESS when it did; @a status when it certainly did not; CIV_EUNSETTLED when that cannot be found out */
apr_status_t civ_ledger_settle(const civ_ledger_t *ledger, apr_status_t status, civ_trace_fn find,
                               const void *baton);

/* append.c */

/**
 * Wake the thread of a request that waits, after setting @a flag of it (NULL: none, it is asked for help).
 * The request is gone as soon as its thread sees the flag and has taken every token: it must not be touched afterwards.
 */
void civ_append_wake(civ_request_t *request, volatile apr_uint32_t *flag);

/** Seal the entry of a change to the validators, if it can be applied. @return as civ_ledger_append; CIV_ECONFLICT or
 * APR_NOTFOUND, with @a problem filled, when it cannot */
apr_status_t civ_append_change(civ_ledger_t *ledger, const civ_validator_change_t *change,
                               const civ_idempotency_t *idempotency, civ_append_result_t *result,
                               civ_problem_t *problem, apr_pool_t *pool);

/** CIV_EREADONLY, with @a problem filled, while writing is off. */
apr_status_t civ_append_allowed(const civ_ledger_t *ledger, civ_problem_t *problem, apr_pool_t *pool);

/* batch.c: what one transaction does */

/** Do all of @a requests (a list through next) in one transaction; every request gets its status, problem,
 * result. */
void civ_batch_run(civ_ledger_t *ledger, civ_request_t *requests, int count, apr_pool_t *pool);

/* crew.c: sharing the leader's work */

/** How many helpers this machine has processors for. */
apr_uint32_t civ_crew_size(void);

/** Let the threads that wait for @a requests (the first is the caller's own) begin to sign what is in @a signing.
 *  Whoever begins must finish, before anything of it goes. */
void civ_crew_begin(civ_ledger_t *ledger, civ_request_t *requests, civ_signing_t *signing);

/** Sign what is left, and wait for what is being signed. */
apr_status_t civ_crew_finish(civ_ledger_t *ledger, civ_request_t *requests, civ_signing_t *signing,
                             apr_pool_t *pool);

/** What a waiting thread does when it is woken and is neither done nor to lead. */
void civ_crew_help(civ_ledger_t *ledger, civ_request_t *request);

/* seal.c: from entries to blocks */

/** Make and mine (not yet sign) the block after @a head and move @a head on. @a block and what it needs go to @a pool.
 */
apr_status_t civ_seal_block(civ_ledger_t *ledger, civ_ledger_head_t *head, const civ_entry_t *entries,
                            apr_size_t count, civ_block_t **block, apr_pool_t *pool);

/** Insert the rows of a block's entries, inside the caller's transaction. The block need not be signed yet. */
apr_status_t civ_seal_store_entries(civ_db_t *db, const civ_block_t *block);

/** Insert the row of a signed block, inside the caller's transaction. */
apr_status_t civ_seal_store_header(civ_db_t *db, const civ_block_t *block, apr_pool_t *pool);

/** Both. */
apr_status_t civ_seal_store(civ_db_t *db, const civ_block_t *block, apr_pool_t *pool);

/** Move the head row from @a from to @a to. @return CIV_ECONFLICT when it is not at @a from any more */
apr_status_t civ_seal_advance(civ_db_t *db, const civ_ledger_head_t *from, const civ_ledger_head_t *to,
                              apr_pool_t *pool);

/* pending.c */

typedef struct civ_pending_state_t {
    apr_int64_t count, bytes, oldest, last_sequence;
} civ_pending_state_t;

apr_status_t civ_pending_state(civ_db_t *db, civ_pending_state_t *state, apr_pool_t *pool);

/** Read all that waits, in order, into an array of civ_entry_t. */
apr_status_t civ_pending_load(civ_ledger_t *ledger, civ_db_t *db, apr_array_header_t *entries,
                              apr_pool_t *pool);

apr_status_t civ_pending_store(civ_db_t *db, apr_int64_t sequence, apr_int64_t now, const civ_entry_t *entry);

apr_status_t civ_pending_delete(civ_db_t *db, apr_int64_t last_sequence);

/* read.c */

/** Read and check a block on a connection. A fault is CIV_EINTEGRITY, with its reason in @a fault. */
apr_status_t civ_read_block(civ_db_t *db, apr_uint64_t height, civ_block_t **block, const char **fault,
                            apr_pool_t *pool);

/** An entry from its stored payload; keeps text and hashes on @a pool, nothing else. */
apr_status_t civ_read_entry(civ_entry_t *entry, const char *payload, apr_pool_t *pool);

/** Fill @a problem for a status of reading, and raise the alarm for CIV_EINTEGRITY. Returns @a status. */
apr_status_t civ_read_failed(civ_ledger_t *ledger, apr_status_t status, const char *fault, const char *what,
                             civ_problem_t *problem, apr_pool_t *pool);

#endif
