/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file batch_private.h
 * One transaction of the ledger while it is made; shared by batch.c, batch_prepare.c and batch_publish.c only.
 */
#ifndef CIV_LEDGER_BATCH_PRIVATE_H
#define CIV_LEDGER_BATCH_PRIVATE_H

#include "ledger/validators_private.h"

typedef struct civ_batch_t {
    civ_ledger_t *ledger;
    civ_request_t *requests;
    civ_db_t *db;
    civ_ledger_head_t before;    /**< as the database has it */
    civ_ledger_head_t head;      /**< as it will be */
    apr_array_header_t *blocks;  /**< civ_block_t *: to be stored */
    civ_pending_state_t pending; /**< of the table */
    int pending_known;
    int drained;                 /**< the table's pending rows go */
    apr_array_header_t *waiting; /**< civ_entry_t: new pending rows */
    apr_size_t waiting_bytes;
    civ_validator_set_t validators; /**< in force after the last block made; when validators_known */
    int validators_known;
    apr_array_header_t *changes; /**< civ_validator_row_t: of the blocks, in order; NULL: none */
    apr_int64_t now;
    int transacted; /**< changes of other areas were made */
    int distrust;   /**< the attempt before this one failed: read everything anew */
    apr_pool_t *pool;
} civ_batch_t;

/** Prepare all requests in memory: answers already given, blocks made and mined, what waits and what is drained. A
 *  request that fails by itself gets its status and problem; only a failure of the database or of mining is returned. */
apr_status_t civ_batch_prepare(civ_batch_t *batch);

/** Look for an earlier answer, in this batch and in the database. Sets status, same_as or answer of the request. */
apr_status_t civ_batch_find_answer(civ_batch_t *batch, civ_request_t *request);

/** Read what waits in the table, once. */
apr_status_t civ_batch_know_pending(civ_batch_t *batch);

/** Let an entry wait to be sealed. civ_batch_know_pending comes first. */
void civ_batch_wait(civ_batch_t *batch, const civ_entry_t *entry);

/** Seal what waits if that is as much as CivarcosSealCount, or if this batch alone brings many. */
apr_status_t civ_batch_seal_many(civ_batch_t *batch);

/** Within the transaction: make the changes of other areas. One that is refused gets its status and problem. */
apr_status_t civ_batch_transact(civ_batch_t *batch);

/** After the commit: tell those areas. */
void civ_batch_transacted(civ_batch_t *batch);

/** Apply a request's change to the set that the next block needs; one that cannot be applied gets its status and problem. */
apr_status_t civ_batch_change_apply(civ_batch_t *batch, civ_request_t *request);

/** The block of a change that was applied is made: the one after it needs the new set. */
void civ_batch_change_sealed(civ_batch_t *batch, const civ_request_t *request);

/** Write the rows of all changes. */
apr_status_t civ_batch_change_store(civ_batch_t *batch);

/** Entries that will wait to be sealed after this batch. */
apr_uint64_t civ_batch_waiting(const civ_batch_t *batch);

/** The commit was sent and failed: read back whether it went through. @return APR_SUCCESS when it did; @a status when it
 *  certainly did not; CIV_EUNSETTLED when that cannot be found out */
apr_status_t civ_batch_settle(const civ_batch_t *batch, apr_status_t status);

/** What was committed becomes the head this process knows, goes to the signed head, to the observer, and to the clients
 *  whose blocks were sealed. */
void civ_batch_publish(civ_batch_t *batch);

/** Repeated requests get the answers of the first ones. */
void civ_batch_repeat(civ_batch_t *batch);

#endif
