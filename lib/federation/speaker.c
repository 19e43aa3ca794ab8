/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/speaker.h"

#include "base/request_signature.h"
#include "store/replay.h"

apr_status_t civ_speaker_admit(const civ_speaker_t *speaker, civ_change_t *change)
{
    apr_status_t status;

    if (speaker->key_id == NULL)
        return APR_SUCCESS;
    status = civ_replay_insert(change->db, speaker->key_id, speaker->nonce, speaker->nonce_expires,
                               change->now, change->pool);
    if (status == CIV_ECONFLICT)
        civ_problem_set(change->problem, CIV_PROBLEM_UNAUTHORIZED, change->pool, "%s",
                        civ_signature_advice(CIV_SIGNATURE_REPLAY));
    return status;
}
