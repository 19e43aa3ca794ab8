/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "speaker.h"

#include "federation/members.h"

int civ_request_organization(civ_call_t *call, const char **organization_id)
{
    *organization_id = civ_json_get_text(call->body, "organization_id");
    if (*organization_id && civ_organization_id_is_valid(*organization_id)) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/organization_id", call->r->pool,
                       "An id has 1 to %d of A-Z a-z 0-9 . _ : @ - and is neither \".\" nor \"..\".",
                       CIV_ORGANIZATION_ID_SIZE);
    return CIV_FAULTED;
}

int civ_speaker_identify(civ_call_t *call, civ_speaker_t *speaker)
{
    memset(speaker, 0, sizeof(*speaker));
    return civ_request_organization(call, &speaker->organization_id);
}

int civ_speaker_join(civ_call_t *call, const civ_public_key_t *key, civ_speaker_t *speaker)
{
    (void)key;
    return civ_speaker_identify(call, speaker);
}
