/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file answer_message.h
 * What a platform says to a request that it does not accept, fit to be shown: it comes from outside, and may repeat what was sent.
 */
#ifndef CIV_SYNC_ANSWER_MESSAGE_H
#define CIV_SYNC_ANSWER_MESSAGE_H

#include <apr_pools.h>

/** Characters at most; "..." behind them says that there was more. */
#define CIV_ANSWER_MESSAGE_MOST 300

/**
 * The message of an answer in JSON, in whichever of the usual members it is, in one line of at most CIV_ANSWER_MESSAGE_MOST
 * characters, without control characters, addresses of people, user names in URLs, and anything of the credentials.
 * @param secrets lines "Name: value" that were sent, ended by NULL; or NULL. What is sealed in "Basic" is looked for as well. A part
 *        of one, from eight bytes on, is taken out too
 * @return NULL: it says nothing, or is not JSON
 */
const char *civ_answer_message(const char *body, apr_size_t length, const char *const *secrets,
                               apr_pool_t *pool);

#endif
