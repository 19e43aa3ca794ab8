/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file load.h
 * A load of keep-alive connections on one thread, closed loop: each connection sends its next request when it has its
 * answer. Only ever to 127.0.0.1, and for a bounded time.
 */
#ifndef CIV_TESTS_LOAD_H
#define CIV_TESTS_LOAD_H

#include <apr_pools.h>

/** Write the request number @a number to @a out (of @a size bytes). @return its length */
typedef apr_size_t (*load_request_fn)(char *out, apr_size_t size, unsigned long number, void *baton);

typedef struct load_t {
    int port;
    int connections;
    double seconds; /**< how long */
    load_request_fn request;
    void *baton;
    int expected;           /**< the status every answer must have */
    unsigned long requests; /**< at most so many; 0: as many as there is time for */
} load_t;

typedef struct load_result_t {
    unsigned long answers;  /**< with the expected status */
    unsigned long failures; /**< with another, or none */
    double seconds;
    double rate;              /**< answers a second */
    double p50, p99, longest; /**< milliseconds */
} load_result_t;

/** Run it. @return 0, or -1 when no connection could be made */
int load_run(const load_t *load, load_result_t *result, apr_pool_t *pool);

/** Seconds of a clock that is never set back. */
double load_clock(void);

#endif
