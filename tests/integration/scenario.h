/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file scenario.h
 * What several suites need on top of a server and a client: posts under a key, load from many threads with
 * everything that was acknowledged written down, an export taken apart, and a look into the database
 * past the server.
 */
#ifndef CIV_TESTS_SCENARIO_H
#define CIV_TESTS_SCENARIO_H

#include <apr_atomic.h>
#include <apr_hash.h>

#include <pthread.h>

#include "base/keys.h"
#include "integration/harness.h"
#include "integration/http.h"

/** Small and equal processes, several of them, whatever the defaults of the MPM are. */
#define SCENARIO_PROCESSES                                                                                   \
    "<IfModule mpm_event_module>\nStartServers 2\nThreadsPerChild 16\nMinSpareThreads 16\n"                  \
    "MaxSpareThreads 64\nMaxRequestWorkers 64\n</IfModule>\n"                                                \
    "<IfModule mpm_worker_module>\nStartServers 2\nThreadsPerChild 16\nMinSpareThreads 16\n"                 \
    "MaxSpareThreads 64\nMaxRequestWorkers 64\n</IfModule>\n"                                                \
    "<IfModule mpm_prefork_module>\nStartServers 12\nMinSpareServers 4\nMaxSpareServers 16\n"                \
    "MaxRequestWorkers 24\n</IfModule>\nCivarcosDifficulty 4\n"

/** How often something is to be repeated: CIVARCOS_ROUNDS where it is set ("make check-soak"), else @a usual. */
int scenario_rounds(int usual);

/** Where random numbers begin: CIVARCOS_SEED, else something new; noted in any case. Never 0. */
apr_uint64_t scenario_seed(void);

/** A number from 0 up to, but not with, @a limit; moves the seed on. */
unsigned scenario_random(apr_uint64_t *seed, unsigned limit);

/** POST of a JSON text with an Idempotency-Key (NULL: none). */
http_response_t *scenario_post(http_client_t *client, const char *path, const char *key, const char *json);

/** Add {"n": @a number} with the type "scenario". */
http_response_t *scenario_add(http_client_t *client, int number);

/** Whether GET validate says that everything is well; notes what is not. */
int scenario_is_valid(http_client_t *client);

/** Where GET health says "ok". */
int scenario_is_healthy(http_client_t *client);

/** The number in a line of GET metrics that begins with @a name (labels included), or -1. */
double scenario_metric(http_client_t *client, const char *name);

/** The answer of info, total_blocks. */
int scenario_blocks(http_client_t *client);

/** The worker of a server: the first one's process id, or 0. @param count how many there are */
pid_t scenario_worker(const harness_t *server, int *count);

/** A file in the server's state folder, on test_pool(). */
const char *scenario_file(const harness_t *server, const char *name);

/** Write a whole file. @return 0 on success */
int scenario_write_file(const char *path, const char *data, apr_size_t length);

/** Run SQL on a database, named by the file it would be in, as a process of its own would. @return 0 on success; else notes
 *  why not */
int scenario_sql(const char *database, const char *sql);

/** The first column of the first row as text on test_pool(), or NULL where there is none. */
const char *scenario_sql_text(const char *database, const char *sql);

/** A chain as an export has it. */
typedef struct scenario_chain_t {
    int count;                /**< blocks */
    apr_array_header_t *json; /**< const civ_json_t *, by index */
    apr_hash_t *evidence;     /**< evidence hash (text) to a count (int *) */
    int repeated;             /**< evidence hashes that are there more than once */
    int broken; /**< lines that are no block, not the next one, or not linked to the one before */
} scenario_chain_t;

/** Take an export apart, on test_pool(). Never NULL. */
scenario_chain_t *scenario_chain(const char *text);

/** The export of the server, taken apart. */
scenario_chain_t *scenario_export(http_client_t *client);

/** A text member of a block of the chain, "(absent)" where there is none. */
const char *scenario_chain_text(const scenario_chain_t *chain, int index, const char *name);

/** Threads that add evidence and read it back, without a pause, over connections that they keep. Each add has
 *  an Idempotency-Key and is repeated until it is answered. */
typedef struct scenario_load_t {
    const char *url;
    const char *label; /**< part of all evidence and keys, so that several loads can follow each other */
    int threads;
    /** The body of an add, unique for label, thread and number, on @a pool; NULL: a small object. */
    const char *(*body)(const char *label, int thread, int number, apr_pool_t *pool);

    /* Set while it runs; numbers that only grow. */
    volatile apr_uint32_t stopping;
    volatile apr_uint32_t acknowledged; /**< adds answered with 201 */
    volatile apr_uint32_t replayed;     /**< of these, those with an earlier answer */
    volatile apr_uint32_t resets;       /**< requests without an answer */
    volatile apr_uint32_t refused;      /**< 503 */
    volatile apr_uint32_t wrong;        /**< anything else, or a block that reads back differently */
    volatile apr_uint32_t given_up;     /**< adds that got no answer for a long time */
    char complaint[512];                /**< about the first thing that was wrong */
    struct scenario_worker_t *workers;
} scenario_load_t;

/** Start it. The fields above the empty line are the caller's; the rest is cleared. */
void scenario_load_start(scenario_load_t *load);

/** Wait until @a more adds were acknowledged. @return 0 when they were, within a minute */
int scenario_load_wait(scenario_load_t *load, apr_uint32_t more);

/** Let each thread finish what it has begun, and join all. */
void scenario_load_stop(scenario_load_t *load);

/** After the load has stopped: everything acknowledged is in @a chain at its index, with its hash, and once. Notes
 *  what is not. @return 1 when it is so, and nothing was wrong or given up */
int scenario_load_is_kept(scenario_load_t *load, const scenario_chain_t *chain);

/** Free it. */
void scenario_load_free(scenario_load_t *load);

/** Threads that get the static page without a pause, over connections that they keep: what httpd does without us. */
typedef struct scenario_static_t {
    const char *url;
    int threads;

    volatile apr_uint32_t stopping;
    volatile apr_uint32_t answered; /**< 200 */
    volatile apr_uint32_t resets;   /**< requests without an answer */
    volatile apr_uint32_t wrong;    /**< anything else */
    pthread_t *workers;
    int started;
} scenario_static_t;

/** Start it. The fields above the empty line are the caller's. */
void scenario_static_start(scenario_static_t *load);

/** Let each thread finish what it has begun, and free what they had. */
void scenario_static_stop(scenario_static_t *load);

/** The state folder of another host, in the first one's folder, where both go together: with the network's key of the first one,
 *  and with a key for the ledger. @param key NULL: that of the ledger, as an administrator copies it. @return NULL on failure */
const char *scenario_prepare_host(const harness_t *first, const char *name, const civ_key_t *key);

#endif
