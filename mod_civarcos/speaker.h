/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file speaker.h
 * Who speaks in a request to the federation.
 */
#ifndef CIV_SPEAKER_H
#define CIV_SPEAKER_H

#include "base/keys.h"
#include "federation/speaker.h"
#include "request.h"

/** The member organization_id of a request. @return OK or CIV_FAULTED */
int civ_request_organization(civ_call_t *call, const char **organization_id);

/** The organisation that the request speaks for, by the member organization_id, and its signature where it bears one. Whether
 *  the organisation must sign is found out when the change is made. @return OK or CIV_FAULTED */
int civ_speaker_identify(civ_call_t *call, civ_speaker_t *speaker);

/** The same for one that joins: a signature must be @a key's. @param key NULL: it names none. @return OK or CIV_FAULTED */
int civ_speaker_join(civ_call_t *call, const civ_public_key_t *key, civ_speaker_t *speaker);

#endif
