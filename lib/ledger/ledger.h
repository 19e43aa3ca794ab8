/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger.h
 * The evidence ledger of one node in one process. The database is the truth; every answer of success here is
 * committed. All functions are thread-safe but civ_ledger_open. Results live on the caller's pool.
 */
#ifndef CIV_LEDGER_H
#define CIV_LEDGER_H

#include <apr_global_mutex.h>

#include "base/keys.h"
#include "base/merkle.h"
#include "ledger/block.h"
#include "ledger/entry.h"
#include "ledger/proof_of_work.h"
#include "store/change.h"
#include "store/idempotency.h"
#include "store/store.h"

typedef struct civ_ledger_t civ_ledger_t;

/** The end of the chain, as one transaction left it. */
typedef struct civ_ledger_head_t {
    apr_uint64_t height;             /**< of the newest block */
    civ_digest_t block_hash;         /**< of the newest block */
    civ_digest_t log_root;           /**< over all entries */
    apr_int64_t timestamp;           /**< of the newest block */
    civ_merkle_frontier_t frontier;  /**< frontier.size is the number of entries */
    apr_uint32_t difficulty;         /**< the next block needs it */
    civ_digest_t validator_set_hash; /**< of the validators in force at the next block */
    apr_uint64_t validators;         /**< how many these are */
    apr_uint64_t pending;            /**< entries waiting to be sealed */
    apr_int64_t oldest_pending;      /**< when the oldest of them came; 0 where none waits */
    apr_int64_t generation;          /**< grows with every committed change, by whatever process */
    unsigned char signature
        [CIV_KEY_SIGNATURE_SIZE]; /**< of the newest block where it was read, unverified; else zeros */
} civ_ledger_head_t;

/** What the node wants to hear. Called by the thread that committed, in order, while the mutex is held. */
typedef struct civ_ledger_observer_t {
    void *baton;
    /** A block was committed; @a json is its JSON object. May be NULL. */
    void (*block_sealed)(void *baton, const civ_block_t *block, const char *json, apr_size_t length);
    /** A transaction was committed, or another process's was met. May be NULL. */
    void (*head_moved)(void *baton, const civ_ledger_head_t *head);
    /** What is stored contradicts itself: stop writing. @a reason is fit for clients. May be NULL. */
    void (*integrity_lost)(void *baton, const char *reason);
    /** The configuration does not fit this ledger (name, key): stop writing until it is another one. May be NULL. */
    void (*write_refused)(void *baton, const char *reason);
    /** Why writing is off, or NULL when it is on. May be NULL. */
    const char *(*read_only)(void *baton, apr_pool_t *pool);
    /** Non-zero when the process is told to stop at once. May be NULL. */
    civ_interrupted_fn interrupted;
    /** One batch went through: for metrics. May be NULL. */
    void (*batch_done)(void *baton, int requests, int blocks, apr_interval_time_t took, apr_status_t status);
} civ_ledger_observer_t;

typedef struct civ_ledger_config_t {
    const char *name;        /**< CivarcosLedgerName: 1 to 255 bytes, printable ASCII, no space */
    const char *head_file;   /**< path of the signed head kept beside the database; NULL: none is kept */
    const civ_key_t *key;    /**< the ledger's key */
    apr_uint32_t difficulty; /**< CivarcosDifficulty, wanted for blocks to come */
    apr_uint32_t seal_count; /**< CivarcosSealCount */
    apr_interval_time_t seal_interval; /**< CivarcosSealInterval */
    apr_uint32_t min_validators;       /**< CivarcosMinValidators, of consensus; written into genesis too */
    int queue_limit;                   /**< CivarcosQueueLimit */
    apr_int64_t min_free;              /**< CivarcosMinFree */
    apr_global_mutex_t *mutex; /**< keeps this host's processes apart; NULL: only one process writes */
    civ_store_t *store;
    const civ_ledger_observer_t *observer; /**< NULL: nobody listens */
    const civ_log_t *log;
    /** For a ledger that is only read, without a key: the public half; NULL where even that is not known. */
    const civ_public_key_t *public_key;
} civ_ledger_config_t;

/** Tables and statements, for civ_schema_upgrade and civ_store_config_t. */
extern const civ_schema_t civ_ledger_schema;
extern const civ_statement_set_t civ_ledger_statements;

/**
 * Make the ledger object of this process. Touches no database. @a config and what it points to must live as
 * long as
 * @a pool.
 */
apr_status_t civ_ledger_open(civ_ledger_t **ledger, const civ_ledger_config_t *config, apr_pool_t *pool);

/**
 * Make the ledger ready, once at start: genesis where there is none, check name, key, head row, last block
 * and signed head against each other, and seal a policy entry when the difficulty wanted is another one than
 * the one in force.
 * @param head the state found
 * @return APR_SUCCESS; CIV_EINVALID when name or key are not this ledger's (the reason is logged, and given
 * to integrity_lost); CIV_EINTEGRITY when the parts contradict each other (likewise); database errors
 */
apr_status_t civ_ledger_start(civ_ledger_t *ledger, civ_ledger_head_t *head, apr_pool_t *pool);

/** The id of the ledger: SHA-256("civarcos/ledger-id/v1" LF || genesis parameters). Known after
 * civ_ledger_start or civ_ledger_read_head. */
const civ_digest_t *civ_ledger_id(const civ_ledger_t *ledger);

/** Read the head from the database and check it against its block.
 *  @return APR_SUCCESS; APR_NOTFOUND before genesis; CIV_EINTEGRITY; database errors */
apr_status_t civ_ledger_read_head(civ_ledger_t *ledger, civ_ledger_head_t *head, apr_pool_t *pool);

/** Read only the generation number: cheap. */
apr_status_t civ_ledger_read_generation(civ_ledger_t *ledger, apr_int64_t *generation, apr_pool_t *pool);

/** Inside a transaction that will be given up: see whether the ledger's tables can be written. */
apr_status_t civ_ledger_try_write(civ_db_t *db);

/* --- writing --- */

typedef struct civ_append_result_t {
    apr_uint64_t height;
    civ_digest_t block_hash;
    const char *block_json; /**< the block's JSON object */
    apr_size_t block_json_length;
    apr_int64_t timestamp;   /**< of the block */
    apr_uint64_t first_leaf; /**< of the block */
    apr_uint64_t pending;    /**< entries still waiting; for civ_ledger_pend */
    int repeated;            /**< an earlier answer for the same Idempotency-Key */
} civ_append_result_t;

/**
 * Seal @a count entries as one block and return when it is on disk. Joins other threads' requests in one
 * commit.
 * @param idempotency NULL for none
 * @return APR_SUCCESS, or a status with @a problem filled: UNAVAILABLE (nothing was stored), READ_ONLY,
 * KEY_REUSED, CONFLICT, INTERNAL
 */
apr_status_t civ_ledger_append(civ_ledger_t *ledger, const civ_entry_t *entries, apr_size_t count,
                               const civ_idempotency_t *idempotency, civ_append_result_t *result,
                               civ_problem_t *problem, apr_pool_t *pool);

/** Keep @a count entries to be sealed later (result->pending says how many wait then); on disk on return. */
apr_status_t civ_ledger_pend(civ_ledger_t *ledger, const civ_entry_t *entries, apr_size_t count,
                             const civ_idempotency_t *idempotency, civ_append_result_t *result,
                             civ_problem_t *problem, apr_pool_t *pool);

/** Seal all that waits as one block. @return as civ_ledger_append; CONFLICT where nothing waits */
apr_status_t civ_ledger_seal(civ_ledger_t *ledger, const civ_idempotency_t *idempotency,
                             civ_append_result_t *result, civ_problem_t *problem, apr_pool_t *pool);

/**
 * Make a change of another area within the ledger's transaction, so that its rows and the entries that put it on record (which
 * wait to be sealed like posted evidence) are on disk by the same commit. Joins other threads' requests. See change.h.
 */
apr_status_t civ_ledger_transact(civ_ledger_t *ledger, const civ_change_steps_t *steps,
                                 civ_change_result_t *result, civ_problem_t *problem, apr_pool_t *pool);

/** Housekeeping, to be called about every second by one process: seals what has waited for seal_interval,
 * forgets old idempotency answers, makes the signed head durable. */
apr_status_t civ_ledger_maintain(civ_ledger_t *ledger, apr_pool_t *pool);

/* --- reading --- */

/** A block by height, re-hashed against its header. @return APR_SUCCESS; APR_NOTFOUND; CIV_EINTEGRITY;
 * database errors (each with @a problem filled) */
apr_status_t civ_ledger_block(civ_ledger_t *ledger, apr_uint64_t height, civ_block_t **block,
                              civ_problem_t *problem, apr_pool_t *pool);

/** A block by its hash. */
apr_status_t civ_ledger_block_by_hash(civ_ledger_t *ledger, const civ_digest_t *hash, civ_block_t **block,
                                      civ_problem_t *problem, apr_pool_t *pool);

typedef struct civ_evidence_t {
    civ_entry_t entry;
    apr_uint64_t leaf_index; /**< in the whole ledger */
    apr_uint64_t block_index;
    civ_digest_t block_hash;
    apr_int64_t timestamp; /**< of the block */
} civ_evidence_t;

typedef struct civ_evidence_proof_t {
    civ_evidence_t evidence;
    apr_uint64_t index;     /**< of the entry within its block */
    apr_uint64_t tree_size; /**< entries of the block */
    civ_digest_t root;      /**< the block's evidence_root */
    civ_digest_t path[CIV_MERKLE_MAX_DEPTH];
    unsigned path_length;
} civ_evidence_proof_t;

/** The first occurrence of an evidence hash, with its inclusion proof in its block. */
apr_status_t civ_ledger_evidence(civ_ledger_t *ledger, const civ_digest_t *evidence_hash,
                                 civ_evidence_proof_t *proof, civ_problem_t *problem, apr_pool_t *pool);

typedef struct civ_search_t {
    const char *type; /**< NULL: any */
    const char *text; /**< to be found in the canonical JSON, ASCII letters in either case; NULL: any */
    const civ_digest_t *hash; /**< evidence hash; NULL: any */
    apr_int64_t since;        /**< block time in ms, inclusive; APR_INT64_MIN: any */
    apr_int64_t until;        /**< block time in ms, inclusive; APR_INT64_MAX: any */
    apr_uint64_t block_from;  /**< 0: any */
    apr_uint64_t block_to;    /**< inclusive; APR_UINT64_MAX: any */
    apr_uint64_t
        before_leaf; /**< only entries with a smaller leaf index (paging); APR_UINT64_MAX: from the newest */
    int limit;       /**< 1 to 1000 */
} civ_search_t;

typedef struct civ_search_page_t {
    civ_evidence_t *results; /**< newest first */
    int count;
    int more;                 /**< non-zero: there may be more; go on with before_leaf = next_before */
    apr_uint64_t next_before; /**< the page may hold fewer than limit, even none, and still have more: the
                                 time or the bytes for one page were used up */
} civ_search_page_t;

/** Search sealed evidence, newest first. */
apr_status_t civ_ledger_search(civ_ledger_t *ledger, const civ_search_t *search, civ_search_page_t *page,
                               civ_problem_t *problem, apr_pool_t *pool);

/**
 * Read blocks first to last (inclusive) in order and hand each to @a each on a pool that is cleared after it.
 * Memory does not grow with the number of blocks. Nothing is locked between blocks.
 * @return what @a each returned when that was not APR_SUCCESS; APR_NOTFOUND when a block is missing; others
 */
typedef apr_status_t (*civ_block_fn)(void *baton, const civ_block_t *block, apr_pool_t *pool);
apr_status_t civ_ledger_walk(civ_ledger_t *ledger, apr_uint64_t first, apr_uint64_t last, civ_block_fn each,
                             void *baton, apr_pool_t *pool);

/* --- validation --- */

/** One fault found. Texts live until the callback returns. */
typedef struct civ_fault_t {
    apr_uint64_t block_index;
    const char *text;            /**< what is wrong, one sentence */
    const char *stored_hash;     /**< the block's hash as stored, or NULL where none is */
    const char *calculated_hash; /**< of the header as stored, or NULL where there is none */
} civ_fault_t;

typedef struct civ_validation_t {
    apr_uint64_t first, last; /**< the blocks examined, inclusive */
    apr_uint64_t blocks;      /**< how many of them were there */
    apr_uint64_t faults;      /**< how many faults were handed over */
} civ_validation_t;

/** Takes a fault; anything but APR_SUCCESS ends the validation with that status. */
typedef apr_status_t (*civ_fault_fn)(void *baton, const civ_fault_t *fault);

/** Takes the progress, every few thousand blocks; anything but APR_SUCCESS ends the validation. */
typedef apr_status_t (*civ_progress_fn)(void *baton, apr_uint64_t done, apr_uint64_t total);

/**
 * Re-read every block from @a first to @a last and re-derive all of it. @a last beyond the head means the
 * head, and then the head row, the signed head and stray rows are examined as well. Faults come in the order
 * of blocks.
 * @param progress may be NULL
 * @return APR_SUCCESS (also when faults were found), what a callback returned, or a database error
 */
apr_status_t civ_ledger_validate(civ_ledger_t *ledger, apr_uint64_t first, apr_uint64_t last,
                                 civ_fault_fn fault, civ_progress_fn progress, void *baton,
                                 civ_validation_t *validation, civ_problem_t *problem, apr_pool_t *pool);

#endif
