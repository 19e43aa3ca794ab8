/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file consortium.h
 * Organisations without keys, for what they contribute and share. They are called org-0, org-1, ...
 */
#ifndef CIV_TESTS_CONSORTIUM_H
#define CIV_TESTS_CONSORTIUM_H

#include "integration/http.h"

/** Join as org-@a from up to, but not with, org-@a to. Asserts that they are in. */
void consortium_join(http_client_t *web, int from, int to);

/** org-@a number contributes @a metrics, the inside of a JSON object. */
http_response_t *consortium_contribute(http_client_t *web, int number, const char *metrics);

/** org-@a number shares @a threat, a JSON object. */
http_response_t *consortium_threat(http_client_t *web, int number, const char *threat);

#endif
