/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file consortium.h
 * Organisations without keys, for what they contribute and share. They are called org-0, org-1, ...
 */
#ifndef CIV_TESTS_CONSORTIUM_H
#define CIV_TESTS_CONSORTIUM_H

#include "integration/harness.h"
#include "integration/http.h"

/** Join as org-@a from up to, but not with, org-@a to. Asserts that they are in. */
void consortium_join(http_client_t *web, int from, int to);

/** org-@a number contributes @a metrics, the inside of a JSON object. */
http_response_t *consortium_contribute(http_client_t *web, int number, const char *metrics);

/** org-@a number shares @a threat, a JSON object. */
http_response_t *consortium_threat(http_client_t *web, int number, const char *threat);

/** org-@a number shares @a evidence, a JSON object, with @a more members of the request: "" or such as
 *  ",\"privacy_level\":\"private\"". */
http_response_t *consortium_share(http_client_t *web, int number, const char *evidence, const char *more);

/** The same, for the id of what was shared; asserts that it was. */
const char *consortium_shared(http_client_t *web, int number, const char *evidence);

/** org-@a number votes on evidence; @a more as above, such as ",\"confidence\":0.5". */
http_response_t *consortium_vote(http_client_t *web, int number, const char *evidence_id, int is_valid,
                                 const char *more);

/** The SHA-256 of the record in an item of a listing, after verifying its signature with the key that the node tells; a text in
 *  parentheses, with a note, where that is not the node's. */
const char *consortium_record(http_client_t *web, const http_response_t *answer, const char *pointer);

/** Seal what waits, and find the entries of a kind ("evidence"), newest first. Asserts that something waited. */
http_response_t *consortium_history(http_client_t *web, const char *kind);

/** Whether none of @a secrets, ended by NULL, is in a text. Notes which are, and @a where. */
int consortium_says_nothing(const char *where, const char *text, const char *const *secrets);

/** A command as people type it to http://localhost:8000, with this server in place of theirs; the answer, parsed. */
http_response_t consortium_example(const harness_t *server, const char *command);

#endif
