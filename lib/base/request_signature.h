/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request_signature.h
 * Signed requests: the profile of RFC 9421 that members of a federation use, as a verifier and as a signer. A signature has
 * our tag, covers @method, where the request went, and the content if there is any; it was made a short while ago, with a
 * nonce; its key is an Ed25519 key that the verifier knows beforehand, named by its thumbprint (key_thumbprint.h).
 *
 * The verifier takes thirteen steps, the cheap ones first. The first, a limit to the content's size, is its caller's, who reads
 * the content; so is the twelfth, that a nonce counts once (store/replay.h), since it has to happen in the transaction that
 * does what the request asks for, and only once the signature is known to be good: otherwise strangers could use up the
 * nonces of others. Thread-safe, no state.
 */
#ifndef CIV_BASE_REQUEST_SIGNATURE_H
#define CIV_BASE_REQUEST_SIGNATURE_H

#include <apr_errno.h>

#include "base/content_digest.h"
#include "base/keys.h"
#include "base/message_signature.h"

/** What tells our signatures from those that are there for others. */
#define CIV_SIGNATURE_TAG "civarcos-fed"

/** Characters of a nonce. */
#define CIV_SIGNATURE_NONCE_LEAST 16
#define CIV_SIGNATURE_NONCE_MOST  64

/** Characters of a key id at most. */
#define CIV_SIGNATURE_KEY_ID_MOST 128

/** What came of a verification, in the order of the steps. */
typedef enum civ_signature_label_e {
    CIV_SIGNATURE_GOOD,
    CIV_SIGNATURE_MISSING,            /**< Signature-Input or Signature is not there */
    CIV_SIGNATURE_MALFORMED,          /**< one of them cannot be read, or has labels that the other has not */
    CIV_SIGNATURE_NONE_APPLICABLE,    /**< none has our tag (and the key id that was wanted) */
    CIV_SIGNATURE_SEVERAL,            /**< more than one has */
    CIV_SIGNATURE_COMPONENTS_INVALID, /**< a component twice, @signature-params, or what is no component */
    CIV_SIGNATURE_PARAMETER_MISSING,  /**< created, keyid or nonce */
    CIV_SIGNATURE_PARAMETER_INVALID,  /**< of a wrong type, length or value */
    CIV_SIGNATURE_OUT_OF_WINDOW,      /**< created too long ago, or too far ahead */
    CIV_SIGNATURE_EXPIRED,            /**< its own "expires" has passed */
    CIV_SIGNATURE_COVERAGE,           /**< does not cover what it must */
    CIV_SIGNATURE_AUTHORITY,          /**< was sent to another server */
    CIV_SIGNATURE_KEY_UNKNOWN,        /**< nobody's key, or nobody's at that time */
    CIV_SIGNATURE_ALGORITHM,          /**< alg is not ed25519 */
    CIV_SIGNATURE_DIGEST_UNSUPPORTED, /**< Content-Digest without sha-256 and sha-512 */
    CIV_SIGNATURE_DIGEST_MALFORMED,   /**< Content-Digest cannot be read */
    CIV_SIGNATURE_DIGEST_MISMATCH,    /**< Content-Digest is of another content */
    CIV_SIGNATURE_COMPONENT_MISSING,  /**< covers what the request does not have */
    CIV_SIGNATURE_INVALID,            /**< is not that key's signature of this request */
    CIV_SIGNATURE_REPLAY,             /**< for callers: the nonce has been used */
    CIV_SIGNATURE_LABELS
} civ_signature_label_e;

/** The word for a label, for logs: "key-unknown". */
const char *civ_signature_label_name(civ_signature_label_e label);

/** A sentence for the client, about what to mend. It is the same for a key that is not known and a signature that is wrong. */
const char *civ_signature_advice(civ_signature_label_e label);

/** What a verifier demands. */
typedef struct civ_signature_policy_t {
    apr_int64_t window_back;        /**< seconds that a signature may be old */
    apr_int64_t window_ahead;       /**< seconds that a signer's clock may be ahead */
    const char *const *authorities; /**< who we are: "host" or "host:port"; letters in any case */
    int authority_count;
} civ_signature_policy_t;

/**
 * Find a key that its owner had in use at a certain time. A key id is a name to be looked up and nothing else; it is never
 * a place to fetch a key from.
 * @param key_id 1 to CIV_SIGNATURE_KEY_ID_MOST printable ASCII characters, from a stranger
 * @param created the time, in seconds since 1970
 * @param key filled with the public key
 * @return APR_SUCCESS; APR_NOTFOUND for no such key, not at that time, or an owner who is suspended; other errors
 */
typedef apr_status_t civ_signature_lookup_fn(void *baton, const char *key_id, apr_int64_t created,
                                             unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool);

/** A request to be verified. */
typedef struct civ_signed_request_t {
    const civ_message_t *message;
    const civ_content_digests_t
        *content;    /**< of the content as sent: its length, and the digests that its Content-Digest has */
    apr_int64_t now; /**< seconds since 1970 */
    /** Of several signatures with our tag, the one by this key; NULL: there must be exactly one with our tag. Whoever has two
     * keys to show (the old and the new one) sends two signatures, and is verified twice. */
    const char *key_id;
    civ_signature_lookup_fn *lookup;
    void *baton; /**< for lookup */
} civ_signed_request_t;

/** What is known of a signature. */
typedef struct civ_request_signature_t {
    civ_signature_label_e label; /**< for the log */
    civ_signature_label_e
        shown; /**< for the client. Differs where the key is unknown and something else is wrong, too: what a
                                     stranger is told does not depend on which keys there are */
    const char *culprit; /**< the component or parameter at fault, as the client wrote it; or NULL */
    const char *key_id;  /**< the following: NULL or 0 as long as they are not known */
    const char *nonce;
    apr_int64_t created;       /**< seconds since 1970 */
    apr_int64_t nonce_expires; /**< from when on the nonce may be forgotten, in milliseconds since 1970 */
    const civ_structured_member_t *input; /**< what is covered */
    const char *base; /**< what was signed, NUL-terminated; to be kept with the signature as a proof */
    apr_size_t base_length;
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
} civ_request_signature_t;

/**
 * Verify a request's signature: steps two to eleven.
 * @param result filled in any case, on @a pool; its label says what is wrong
 * @return APR_SUCCESS when it is good; CIV_EINVALID when not; else what lookup returned, and nothing is known
 */
apr_status_t civ_request_signature_verify(civ_request_signature_t *result,
                                          const civ_signed_request_t *request,
                                          const civ_signature_policy_t *policy, apr_pool_t *pool);

/** Whether a good signature covers a header, as a whole and as it was sent; what it does not cover, anybody on the way may
 *  have put there. @param name lower case */
int civ_request_signature_covers(const civ_request_signature_t *signature, const char *name);

/** What the signer adds to a request. */
typedef struct civ_signature_fields_t {
    const char *input;     /**< value of Signature-Input */
    const char *signature; /**< value of Signature */
    const char *base;      /**< what was signed */
    const char *nonce;
} civ_signature_fields_t;

/** What the signer may be told. Zeroed, it signs now. */
typedef struct civ_signature_choice_t {
    apr_int64_t created;     /**< seconds since 1970; 0: now */
    const char *nonce;       /**< for examples only; NULL: 16 random bytes in base64url */
    const char *const *more; /**< headers to be covered besides, in lower case, ended by NULL; or NULL */
} civ_signature_choice_t;

/**
 * Sign a request.
 * @param message with all lines that are covered: Content-Type and Content-Digest where there is content
 * @param has_content whether there is any
 * @param fields on @a pool
 * @return APR_SUCCESS; CIV_EINVALID when the message lacks what is to be covered, or with a nonce that would not be accepted
 */
apr_status_t civ_request_signature_make(civ_signature_fields_t *fields, const civ_message_t *message,
                                        int has_content, const civ_key_t *key,
                                        const civ_signature_choice_t *choice, apr_pool_t *pool);

/** What servers ask for: the value of Accept-Signature (RFC 9421, section 5.1, where keyid and nonce would have to be values that
 *  the server chooses). */
#define CIV_SIGNATURE_ACCEPT                                                                                 \
    "sig1=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"content-digest\")"             \
    ";created;tag=\"" CIV_SIGNATURE_TAG "\""

#endif
