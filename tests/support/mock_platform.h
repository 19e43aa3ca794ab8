/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mock_platform.h
 * A small real server for the tests of a client: it answers from a table, and knows the ways in which servers misbehave. A
 * 200 whose ETag the request names becomes a 304. Each connection has a thread; requests of one connection are answered one after the other.
 */
#ifndef CIV_TESTS_MOCK_PLATFORM_H
#define CIV_TESTS_MOCK_PLATFORM_H

#include <stddef.h>

typedef enum mock_manner_e {
    MOCK_PLAIN,      /**< as it should be */
    MOCK_TRUNCATED,  /**< announces more than it sends, then closes */
    MOCK_CHUNKED,    /**< in chunks */
    MOCK_HALF_CHUNK, /**< in chunks, the last of which never comes */
    MOCK_RESET,      /**< resets the connection instead of an answer */
    MOCK_CLOSE,      /**< closes it */
    MOCK_SILENT,     /**< takes the request and says nothing, until the client goes */
    MOCK_DRIP        /**< sends the body one byte after the other, again and again, until the client goes */
} mock_manner_e;

/** One row. Of several rows for one path each is used so often as its times say, in order; the last one for ever. */
typedef struct mock_answer_t {
    /** "/path?query", byte for byte; with a '*' at its end, all that begin so and have no row of their own; NULL: every one that
     *  has no row */
    const char *target;
    int status;
    const char *
        headers; /**< lines, each ended by "\r\n"; "{self}" and "{other}" become host:port. NULL: a JSON type */
    const char *body; /**< "{self}" and "{other}" as in headers; NULL: "" */
    size_t length;    /**< of the body; 0: up to its NUL */
    mock_manner_e manner;
    unsigned times; /**< 0: once, as 1 */
} mock_answer_t;

/** The row that ends the answers: its status is 0. */
#define MOCK_END                                                                                             \
    {                                                                                                        \
        NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0                                                                \
    }

typedef struct mock_platform_t mock_platform_t;

/** Start one on a free port of 127.0.0.1. @a answers ends with MOCK_END, and lives until it is stopped. Ends the test that
 *  fails to. */
mock_platform_t *mock_platform_start(const mock_answer_t *answers);

/** The same over TLS, with a certificate of its own for 127.0.0.1, that it writes to a PEM file. */
mock_platform_t *mock_platform_start_tls(const mock_answer_t *answers, const char *ca_file);

/** Other rows from now on, none of which has been used. */
void mock_platform_set_answers(mock_platform_t *mock, const mock_answer_t *answers);

/** The @a index th request, counted as by mock_platform_request, and all that come after it are not answered until this is called
 *  again, with more or -1, or the client goes. */
void mock_platform_hold(mock_platform_t *mock, int index);

/** What "{other}" in headers stands for from now on. */
void mock_platform_set_other(mock_platform_t *mock, const mock_platform_t *other);

/** Stop it; all connections are cut. What was recorded stays until the end of the test. */
void mock_platform_stop(mock_platform_t *mock);

int mock_platform_port(const mock_platform_t *mock);

/** "http://127.0.0.1:PORT" or with https; on test_pool(). */
const char *mock_platform_url(const mock_platform_t *mock);

/** How many requests came. */
int mock_platform_count(mock_platform_t *mock);

/** The @a index th request, as it came: line, headers and body. NULL: there is none. */
const char *mock_platform_request(mock_platform_t *mock, int index);

/** Non-zero when a text was anywhere in any request. */
int mock_platform_has_seen(mock_platform_t *mock, const char *text);

#endif
