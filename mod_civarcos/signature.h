/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature.h
 * Signed requests, as httpd receives them: what was sent is put together from the request, and its content hashed before a
 * filter such as mod_deflate's changes it. The rules are in lib/base/request_signature.h.
 */
#ifndef CIV_SIGNATURE_H
#define CIV_SIGNATURE_H

#include "base/request_signature.h"
#include "request.h"

/** In the hook for registering others: the filter that hashes content, and the hook that sets it before anybody reads. */
void civ_signature_register(void);

/** Before the content is read: keep what the signature is about. Nothing happens for a request without Signature-Input. */
void civ_signature_prepare(civ_call_t *call);

/** Whether the request bears anything that may be a signature. */
int civ_signature_is_there(const civ_call_t *call);

/**
 * After the content was read: verify the request's signature. That its nonce counts once is for the transaction that does what
 * is asked for (store/replay.h). Why a request was refused goes to the log, with an id that the answer has as well.
 * @param key_id of several signatures the one by this key; NULL: there must be one (see civ_signed_request_t)
 * @param lookup finds keys that are known here
 * @param result on the request's pool
 * @return OK; CIV_FAULTED: UNAUTHORIZED, or what a failed look-up is to be told as
 */
int civ_signature_check(civ_call_t *call, const char *key_id, civ_signature_lookup_fn *lookup, void *baton,
                        civ_request_signature_t *result);

/** A good signature with what was signed, as a JSON object, to be kept as a proof of who wrote this: members "signature" (base64),
 *  "key_id" and "base" (what was signed). On @a pool. */
const char *civ_signature_proof(const civ_request_signature_t *signature, apr_pool_t *pool);

/** For an answer whose problem is UNAUTHORIZED: its headers and its id; logged unless that was done. */
void civ_signature_challenge(civ_call_t *call);

#endif
