/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_fixture.h
 * A real ledger for a test: an SQLite file in a folder of its own, a key, a signed head, and an observer that
 * remembers what it was told. The folder goes when the case ends.
 */
#ifndef CIV_TESTS_LEDGER_FIXTURE_H
#define CIV_TESTS_LEDGER_FIXTURE_H

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "ledger/ledger.h"
#include "ledger/votes.h"

typedef struct fixture_t {
    const char *folder, *database, *head_file;
    apr_pool_t *pool; /**< of store and ledger; NULL while closed */
    civ_store_t *store;
    civ_ledger_t *ledger;
    civ_ledger_head_t head;     /**< as civ_ledger_start found it */
    civ_ledger_config_t config; /**< may be changed between fixture_close and fixture_open */
    civ_store_config_t store_config;
    civ_ledger_observer_t observer;
    civ_statement_set_t sets[2];

    const char *read_only; /**< what the observer says; set while nobody appends */

    apr_thread_mutex_t *lock; /**< guards what follows */
    apr_thread_cond_t *moved;
    int interrupted;
    int gate_closed, gate_reached; /**< a leader waits in head_moved while the gate is closed */
    int sealed, head_moves, batches, failed_batches;
    int largest_batch; /**< requests of it */
    int integrity_lost;
    char reason[512]; /**< of the newest loss of integrity */
    civ_ledger_head_t moved_to;
} fixture_t;

/** Make one with a configuration fit for tests (4 bits, no free-space floor), not yet opened. */
fixture_t *fixture_make(void);

/** Another one on the files of @a other, as another process would have it. */
fixture_t *fixture_make_beside(const fixture_t *other);

/** Open store and ledger and bring the tables up; @return what civ_ledger_start says. */
apr_status_t fixture_open(fixture_t *fixture);

/** Close store and ledger. */
void fixture_close(fixture_t *fixture);

/** fixture_make and fixture_open. */
fixture_t *fixture_start(void);

/** Another key than the fixture's. */
const civ_key_t *fixture_other_key(void);

/** An entry made from JSON text, whatever its type; on test_pool(). */
civ_entry_t fixture_entry(const char *json);

/** Append or pend one entry; the result is empty on failure, which is an assertion failed. */
civ_append_result_t fixture_append(fixture_t *fixture, const char *json);
civ_append_result_t fixture_pend(fixture_t *fixture, const char *json);

/** Append @a count entries as one block. */
civ_append_result_t fixture_append_many(fixture_t *fixture, const char *const *json, apr_size_t count);

/** The key of validator @a number, and its id: "validator-7". */
const civ_key_t *fixture_validator_key(int number);
const char *fixture_validator_id(int number);

/** Register and remove a validator. */
apr_status_t fixture_register(fixture_t *fixture, int number, apr_int64_t stake);
apr_status_t fixture_unregister(fixture_t *fixture, int number);

/** A vote on a block, signed by that validator as it should be. */
civ_vote_t fixture_signed_vote(fixture_t *fixture, int number, apr_uint64_t height, int accepts);

/** Vote on a block, signed by that validator as it should be. */
apr_status_t fixture_vote(fixture_t *fixture, int number, apr_uint64_t height, int accepts);

/** What the votes on a block come to; the case ends where that cannot be told. */
civ_consensus_t fixture_consensus(fixture_t *fixture, apr_uint64_t height);

/** An Idempotency-Key: @a key and @a body are any texts. On test_pool(). */
const civ_idempotency_t *fixture_idempotency(const char *key, const char *body);

/** The head as it is in the database now. */
civ_ledger_head_t fixture_head(fixture_t *fixture);

/** A block; NULL where there is none that can be read. */
civ_block_t *fixture_block(fixture_t *fixture, apr_uint64_t height);

/** A block that is there; ends the case where it is not. */
const civ_block_t *fixture_known_block(fixture_t *fixture, apr_uint64_t height);

/** Whether all blocks follow from their entries and one another, by rules written down anew. */
int fixture_chain_is_sound(fixture_t *fixture);

/** Run SQL behind the ledger's back, over a connection of its own. */
void fixture_sql(const fixture_t *fixture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The first column of the first row as text on test_pool(), or NULL. */
const char *fixture_value(const fixture_t *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- validation --- */

typedef struct fixture_fault_t {
    apr_uint64_t block;
    const char *text, *stored_hash, *calculated_hash;
} fixture_fault_t;

typedef struct fixture_faults_t {
    apr_status_t status;
    civ_validation_t validation;
    civ_problem_t problem;
    int count;
    fixture_fault_t faults[64]; /**< the first so many */
} fixture_faults_t;

/** Validate blocks @a first to @a last; on test_pool(). */
fixture_faults_t *fixture_validate(fixture_t *fixture, apr_uint64_t first, apr_uint64_t last);

/** Whether validation of everything finds nothing; faults are noted. */
int fixture_is_clean(fixture_t *fixture);

/** Whether some fault of @a faults is of block @a block (-1: any) and contains @a words (NULL: any). */
int fixture_names(const fixture_faults_t *faults, apr_int64_t block, const char *words);

/** Whether validation of everything finds such a fault; all are noted where none is it. */
int fixture_finds(fixture_t *fixture, apr_int64_t block, const char *words);

/* --- batches --- */

typedef enum fixture_kind_e { FIXTURE_APPEND, FIXTURE_PEND, FIXTURE_SEAL } fixture_kind_e;

/** A request of one thread. */
typedef struct fixture_job_t {
    fixture_kind_e kind;
    const char *json;
    const civ_idempotency_t *idempotency;
    apr_status_t status;
    civ_append_result_t result;
    civ_problem_t problem;
    fixture_t *fixture;
    civ_entry_t entry;
    apr_pool_t *pool; /**< of the thread; the texts of result and problem live on it until the case ends */
    apr_thread_t *thread;
} fixture_job_t;

/** Start a job on a thread of its own, and wait for it. */
void fixture_job_start(fixture_t *fixture, fixture_job_t *job);
void fixture_job_join(fixture_job_t *job);

/** Let the leader of the next commit wait before it takes its followers' requests; a thread appends a block of its
 *  own for that. */
void fixture_gate_close(fixture_t *fixture, fixture_job_t *plug);

/** Let it go on. */
void fixture_gate_open(fixture_t *fixture, fixture_job_t *plug);

/** Wait until so many requests are queued. */
void fixture_wait_queued(fixture_t *fixture, int count);

/** Run @a jobs in one batch, in their order. */
void fixture_batch(fixture_t *fixture, fixture_job_t *jobs, int count);

/* --- blocks that the ledger would not make --- */

typedef struct forgery_t {
    const char *json;         /**< of its only entry; NULL: texts and count have them */
    const char *const *texts; /**< of its entries */
    apr_size_t count;
    int difficulty;               /**< -1: as policy demands */
    int lazy;                     /**< look for a nonce that does not do the work */
    apr_int64_t later;            /**< milliseconds to add to the time */
    apr_int64_t time;             /**< instead of now; 0: now */
    const civ_key_t *key;         /**< NULL: the ledger's */
    const civ_digest_t *previous; /**< instead of the parent's hash */
    const civ_digest_t *log_root; /**< instead of the true one */
    const civ_digest_t *validators;
    const civ_digest_t *ledger_id;
    int keep_difficulty; /**< leave the head row's difficulty as it is, whatever policy the entry sets */
} forgery_t;

/** Put a block behind the head, hashed, signed, stored and in the signed head as if it were the ledger's. */
void fixture_forge(fixture_t *fixture, const forgery_t *forgery);

/** Take the newest block away so that nothing in the database shows it. */
void fixture_rewind(fixture_t *fixture);

#endif
