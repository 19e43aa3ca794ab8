/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signer.h
 * Members of the federation, and the requests that they sign. Main thread only: everything is on test_pool().
 */
#ifndef CIV_TESTS_SIGNER_H
#define CIV_TESTS_SIGNER_H

#include "integration/harness.h"
#include "integration/http.h"

#include "base/keys.h"

/** The server takes requests for the address that the tests use. */
#define SIGNER_CONFIG "CivarcosAuthority 127.0.0.1:${civ_port}\n"

/** A key of its own for each name, always the same. */
const civ_key_t *signer_key(const char *name);

/** Its id. */
const char *signer_key_id(const char *name);

/** Its public half in base64. */
const char *signer_public_key(const char *name);

/** A request before it is sent; what is NULL or 0 is as a client has it that does everything right. */
typedef struct signer_request_t {
    const harness_t *server;
    const char *key;       /**< name of the key; NULL: it is not signed */
    const char *method;    /**< POST */
    const char *path;      /**< as it is sent */
    const char *body;      /**< JSON; may hold NULs where length is set */
    apr_size_t length;     /**< of body */
    const char *authority; /**< the server's address; anything else is sent as Host */
    const char *more;      /**< a further header, "Name: value" */
    apr_int64_t age;       /**< seconds since it was made */
    const char *nonce;
    const char *sent_digest; /**< another Content-Digest than the body's own, signed and sent */
} signer_request_t;

/** The headers to send it with, as http_send takes them. */
const char *const *signer_headers(const signer_request_t *request);

/** Sign and send. */
http_response_t *signer_send(http_client_t *client, const signer_request_t *request);

/** The body of a request to join, with the key of that name (NULL: none). */
const char *signer_joining(const char *organization, const char *key);

/** Let an organisation join, with the key of its own name. @return the status */
int signer_join(http_client_t *client, const harness_t *server, const char *organization);

/** Whether the answer is a 401 as it should be: a problem with an id that is in the log next to @a label, Date and
 *  Accept-Signature, and @a words in its detail. Notes what is wrong. */
int signer_is_refused(const harness_t *server, const http_response_t *answer, const char *label,
                      const char *words);

#endif
