/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file speaker.h
 * Who speaks in a request, and how that was shown. A face fills it from a verified request; the areas believe it.
 */
#ifndef CIV_FEDERATION_SPEAKER_H
#define CIV_FEDERATION_SPEAKER_H

#include "store/change.h"

typedef struct civ_speaker_t {
    const char *organization_id;
    const char
        *key_id;       /**< thumbprint of the key that signed the request; NULL: it bears no signature, and is
                           believed because the server's own authorisation let it in */
    const char *nonce; /**< of the signature */
    apr_int64_t nonce_expires; /**< when it may be forgotten, in milliseconds */
    const char *
        proof; /**< what was signed and the signature, as a JSON object, kept as proof of authorship; NULL: none */
} civ_speaker_t;

/**
 * Within a change, before all else: a signature is taken once.
 * @return APR_SUCCESS; CIV_ECONFLICT (UNAUTHORIZED) when it was seen before; a failure of the database
 */
apr_status_t civ_speaker_admit(const civ_speaker_t *speaker, civ_change_t *change);

#endif
