/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file replay.h
 * Nonces of signed requests: each counts once for its key, in all processes, on all hosts and over restarts, because it is
 * noted in the transaction that does what the request asks for.
 */
#ifndef CIV_STORE_REPLAY_H
#define CIV_STORE_REPLAY_H

#include "store/store.h"

/** For how long a nonce is kept beyond the time at which its signature has become too old, in milliseconds: as far as the
 *  clocks of hosts that share the database may be apart, and for how long signatures that were too old stay refused after
 *  their window was made longer. */
#define CIV_REPLAY_KEPT_BEYOND APR_INT64_C(3600000)

/**
 * Note a nonce, inside of the caller's transaction (civ_db_begin has shut out other writers). Only for a signature that was
 * verified: others could use up nonces that are not theirs.
 * @param expires when the signature will be too old to be accepted, in milliseconds since 1970
 * @param now in milliseconds since 1970
 * @return APR_SUCCESS; CIV_ECONFLICT when it was there: the request is a replay, and nothing was written; database errors
 */
apr_status_t civ_replay_insert(civ_db_t *db, const char *key_id, const char *nonce, apr_int64_t expires,
                               apr_int64_t now, apr_pool_t *pool);

/** Whether there is anything to forget, without taking the database's write lock. */
apr_status_t civ_replay_any_expired(civ_db_t *db, apr_int64_t now, int *any, apr_pool_t *pool);

/** Forget nonces whose time has passed, at most 1,000 a call. @param removed how many; may be NULL */
apr_status_t civ_replay_expire(civ_db_t *db, apr_int64_t now, int *removed);

#endif
