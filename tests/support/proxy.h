/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file proxy.h
 * A wire to a PostgreSQL server that can be cut while COMMIT is on its way: everything else passes unseen.
 */
#ifndef CIV_TESTS_PROXY_H
#define CIV_TESTS_PROXY_H

#include <apr_atomic.h>

typedef enum proxy_cut_e {
    PROXY_PASS,       /**< cut nothing */
    PROXY_CUT_BEFORE, /**< the next COMMIT does not reach the server */
    PROXY_CUT_DURING, /**< it reaches the server, whose answer is not waited for */
    PROXY_CUT_AFTER   /**< the server has answered it, but the answer gets lost */
} proxy_cut_e;

typedef struct proxy_t {
    int port; /**< on 127.0.0.1; connect here */
    void (*on_cut)(
        void *baton); /**< run after the server's side was cut, before the client's is; may be NULL */
    void *baton;
    volatile apr_uint32_t cut;  /**< what to do with the next COMMIT, once */
    volatile apr_uint32_t cuts; /**< how many were done */
    int target;
    int listener;
} proxy_t;

/** Start one to a port of 127.0.0.1, until the end of the program. @return NULL on failure */
proxy_t *proxy_start(int target);

#endif
