/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sealing.h
 * The keys of connectors' secrets while they are in use: which one seals, and how they are changed.
 *
 * Keys are in civ_engine_t's key_file (base/seal.h), and nobody keeps them longer than for one use. Whoever seals, and whoever changes
 * the file, does so within a change (store/change.h), which shuts out all others of this database; so these rules hold at any moment,
 * whoever is killed when:
 *
 *   - no secret is sealed with a key before that key is in the file, on disk;
 *   - a key leaves the file only while no secret in the database is sealed with it;
 *   - a new secret is sealed with the newest key that others are sealed with: only a rotation moves to another one, and all at once. What
 *     was left behind, since it cannot be opened, holds nobody back, or one bad row would keep a key in use that has leaked.
 *
 * Whoever opens reads the secret before the file. Where its key is not there, it was sealed anew in between: both are read again.
 */
#ifndef CIV_SYNC_SEALING_H
#define CIV_SYNC_SEALING_H

#include "base/seal.h"
#include "sync/engine.h"

/** How far a rotation is. */
typedef struct civ_rotation_t {
    int is_made;                       /**< it has made a key, and found no other one to go on with */
    char key_id[CIV_SEAL_KEY_ID_SIZE]; /**< of the newest key */
    int secrets;                       /**< how many there are */
    int sealed;                        /**< of them sealed anew by the steps so far */
    int dropped;                       /**< keys that were taken out of the file */
    int keys;                          /**< keys that are in it */
    int is_done;                       /**< nothing is left to do but for what is in unopened */
    const apr_array_header_t
        *unopened; /**< const char *, "github: api_token": they cannot be opened, so they were left alone, and
                                                 with them the keys that they name; on the pool of the last step */
} civ_rotation_t;

/** Read the keys. @return APR_SUCCESS; CIV_EINTEGRITY, with @a problem */
apr_status_t civ_sealing_load(civ_seal_key_t **key, const civ_engine_t *engine, civ_problem_t *problem,
                              apr_pool_t *pool);

/** Within a change: the key that a new secret is to be sealed with, alone in a ring. @return as civ_sealing_load; a failure of the database */
apr_status_t civ_sealing_key(civ_seal_key_t **key, const civ_engine_t *engine, civ_change_t *change);

/**
 * Begin to change the key: the file gets a new one, which seals nothing yet. Where it has several, a rotation was begun before, and is
 * the one to go on with; the file is on disk after this all the same.
 * @param rotation cleared by the caller
 * @return APR_SUCCESS; as civ_transactor_t's run; CIV_EINTEGRITY, with @a problem, when the file cannot be read or written
 */
apr_status_t civ_rotation_begin(const civ_engine_t *engine, civ_rotation_t *rotation, civ_problem_t *problem,
                                apr_pool_t *pool);

/**
 * One step: secrets that are not sealed with the newest key are sealed with it, all in one transaction; where there are none, keys that
 * nothing is sealed with leave the file. To be repeated until rotation->is_done: others may configure connectors in between.
 * @param pool secrets are on it in clear: to be cleared at once
 * @return as civ_rotation_begin
 */
apr_status_t civ_rotation_step(const civ_engine_t *engine, civ_rotation_t *rotation, civ_problem_t *problem,
                               apr_pool_t *pool);

extern const civ_statement_set_t civ_sealing_statements;

#endif
