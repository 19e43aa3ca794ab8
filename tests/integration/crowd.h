/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file crowd.h
 * Many clients at once, each on a thread of its own, who ask again until they are answered: of one server, or of two that share a
 * database.
 */
#ifndef CIV_TESTS_CROWD_H
#define CIV_TESTS_CROWD_H

#include "integration/harness.h"
#include "integration/http.h"

#include <pthread.h>

typedef struct crowd_client_t {
    http_client_t *web[2]; /**< of either server */
    int number;
    apr_pool_t *pool; /**< of the thread; ends with crowd_end_client */
    pthread_t thread;
    int repeated; /**< requests that were sent again */
} crowd_client_t;

/** Begin a client that asks @a one and @a other in turn; they may be the same. @param work gets @a baton */
void crowd_start_client(crowd_client_t *client, int number, const char *one, const char *other,
                        void *(*work)(void *baton), void *baton);

/** Wait until its work is done. */
void crowd_wait_client(crowd_client_t *client);

/** Afterwards, when what is on its pool is not wanted any more. */
void crowd_end_client(crowd_client_t *client);

/** POST with an idempotency key until there is an answer other than 503: for a minute. @return the last one; status 0 for none */
http_response_t *crowd_post(crowd_client_t *client, const char *path, const char *key, const char *json);

/* --- the server of a suite --- */

/** What a suite is about: one at a time. */
extern harness_t *crowd_server;

/** A suite's set-up and tear-down. @return 0 on success */
int crowd_setup(const char *config);
int crowd_teardown(void);

/** A client of a server. */
http_client_t *crowd_web(const harness_t *server);

/** The first number that SQL finds in the server's database; -1: none. */
apr_int64_t crowd_stored(const char *sql);

#endif
