/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file concurrency.c
 * Many clients at once, on each of the MPMs; and what a server says that has too much to do.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ADD         "/api/blockchain/add"
#define CLIENTS     32
#define LOAD_TIME   apr_time_from_sec(2)
#define MOST_BLOCKS 100000

/** Shared by the clients of one load. */
typedef struct load_t {
    const char *url;
    apr_time_t end;
    atomic_int number;                /**< gives each client its own */
    atomic_int added;                 /**< answered with 201 */
    atomic_int refused;               /**< answered with 429 or 503 as it should be */
    atomic_int wrong;                 /**< everything that should not be */
    atomic_uchar sealed[MOST_BLOCKS]; /**< how often each index was given out */
} load_t;

static void run_clients(load_t *load, void *(*client)(void *), int count)
{
    pthread_t threads[CLIENTS];
    int started = 0;
    int i;

    while (started < count && pthread_create(&threads[started], NULL, client, load) == 0) {
        started++;
    }
    for (i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    CU_ASSERT(started == count);
}

static load_t *new_load(const harness_t *server)
{
    load_t *load = apr_pcalloc(test_pool(), sizeof(*load));

    load->url = server->url;
    load->end = apr_time_now() + LOAD_TIME;
    return load;
}

/* -- A mixture --------------------------------------------------------------------------------------------- */

/** What one client has seen. */
typedef struct seen_t {
    http_client_t *client;
    apr_pool_t *pool; /**< for one round */
    int number;
    int round;
    apr_int64_t newest; /**< the highest index that an answer named */
    char hash[128];     /**< of the block last added */
    apr_int64_t index;  /**< the same one's */
} seen_t;

static int add(seen_t *seen, load_t *load)
{
    const char *json =
        apr_psprintf(seen->pool, "{\"evidence\":[{\"type\":\"load\",\"client\":%d,\"round\":%d},{}]}",
                     seen->number, seen->round);
    http_response_t *answer = http_post(seen->client, ADD, json);

    seen->index = http_json_int(answer, "/block/index");
    apr_cpystrn(seen->hash, http_json_text(answer, "/block/hash"), sizeof(seen->hash));
    if (answer->status != 201 || seen->index < 1 || seen->index >= MOST_BLOCKS ||
        http_json_int(answer, "/block/evidence/0/client") != seen->number) {
        return 0;
    }
    load->added++;
    load->sealed[seen->index]++;
    seen->newest = seen->index > seen->newest ? seen->index : seen->newest;
    return 1;
}

/* What one answer has told, no later one takes back. */
static int look_at_info(seen_t *seen)
{
    http_response_t *answer = http_get(seen->client, "/api/blockchain/info");
    apr_int64_t newest = http_json_int(answer, "/blockchain/total_blocks") - 1;
    int good = answer->status == 200 && newest >= seen->newest;

    seen->newest = newest;
    return good;
}

static int look_at_block(seen_t *seen)
{
    http_response_t *answer = http_get(
        seen->client, apr_psprintf(seen->pool, "/api/blockchain/block/%" APR_INT64_T_FMT, seen->index));

    return seen->index < 1 ||
           (answer->status == 200 && strcmp(http_json_text(answer, "/block/hash"), seen->hash) == 0);
}

static int search(seen_t *seen)
{
    http_response_t *answer = http_get(seen->client, "/api/blockchain/search?type=load&limit=5");

    return answer->status == 200 && http_json_int(answer, "/results/0/block_index") >= seen->index;
}

static void *mix(void *baton)
{
    load_t *load = baton;
    seen_t seen = {NULL, NULL, load->number++, 0, 0, "", 0};
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_pool_create(&seen.pool, pool);
    seen.client = http_client(load->url, pool);
    for (; apr_time_now() < load->end || seen.round == 0; seen.round++) {
        if (!add(&seen, load) || !look_at_info(&seen) || !look_at_block(&seen) || !search(&seen)) {
            load->wrong++;
        }
        http_forget(seen.client);
        apr_pool_clear(seen.pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Every index was given out once, and what was answered is what is there. */
static void check_ledger(const harness_t *server, const load_t *load)
{
    http_client_t *client = checks_client(server);
    http_response_t *validation = http_get(client, "/api/blockchain/validate");
    int gaps = 0;
    int i;

    for (i = 1; i <= load->added; i++) {
        gaps += load->sealed[i] != 1;
    }
    CU_ASSERT(load->wrong == 0 && gaps == 0 && load->added > 0);
    CU_ASSERT(checks_blocks(client) == load->added + 1);
    CU_ASSERT(http_json_bool(validation, "/validation/is_valid") == 1);
    CU_ASSERT(http_json_int(validation, "/validation/total_blocks") == load->added + 1);
}

static void run_on(const char *mpm, const char *config)
{
    harness_options_t options = {mpm, config, NULL};
    harness_t *server = harness_start(&options);
    load_t *load;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    load = new_load(server);
    run_clients(load, mix, CLIENTS);
    check_ledger(server, load);
    test_note("%s: %d blocks", mpm, load->added);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT(harness_stop(server) == 0);
}

static void test_event(void)
{
    run_on("event", "");
}

static void test_worker(void)
{
    run_on("worker", "");
}

static void test_prefork(void)
{
    run_on("prefork", "StartServers 34\nMinSpareServers 1\nMaxSpareServers 64\nMaxRequestWorkers 64\n");
}

/* -- Too much ---------------------------------------------------------------------------------------------- */

/* One process, so that what it limits meets all clients. */
#define ONE_PROCESS                                                                                          \
    "StartServers 1\nServerLimit 1\nThreadsPerChild 40\nMaxRequestWorkers 40\n"                              \
    "MinSpareThreads 1\nMaxSpareThreads 40\n"

static void count_answer(load_t *load, const http_response_t *answer, int status, int busy_status)
{
    const char *retry = http_header(answer, "Retry-After");

    if (answer->status == status) {
        load->added++;
    } else if (answer->status == busy_status && retry && strtol(retry, NULL, 10) > 0 &&
               http_json_int(answer, "/status") == busy_status && http_json_bool(answer, "/success") == 0) {
        load->refused++;
    } else {
        load->wrong++;
    }
}

static void *validate(void *baton)
{
    load_t *load = baton;
    http_client_t *client;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    client = http_client(load->url, pool);
    while (load->refused == 0 && apr_time_now() < load->end) {
        count_answer(load, http_get(client, "/api/blockchain/validate"), 200, 429);
        http_forget(client);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* A validation reads the whole ledger, so a process runs one at a time. It takes threads to ask one process for two. */
static void test_too_many_validations(void)
{
    harness_options_t options = {"event", ONE_PROCESS, NULL};
    harness_t *server = harness_start(&options);
    load_t *load;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT(http_post(checks_client(server), ADD, checks_repeat("{\"evidence\":[{}", ",{}", 9999, "]}"))
                  ->status == 201);
    load = new_load(server);
    load->end = apr_time_now() + apr_time_from_sec(60);
    run_clients(load, validate, 4);
    CU_ASSERT(load->wrong == 0 && load->refused > 0 && load->added > 0);
    /* It was the others' validation that was in the way, and it has ended. */
    CU_ASSERT(http_get(checks_client(server), "/api/blockchain/validate")->status == 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT(harness_stop(server) == 0);
}

static void *crowd(void *baton)
{
    load_t *load = baton;
    http_client_t *client;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    client = http_client(load->url, pool);
    while (load->refused == 0 && apr_time_now() < load->end) {
        count_answer(load, http_post(client, ADD, "{\"evidence\":{}}"), 201, 503);
        http_forget(client);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* What was refused was not stored. */
static void test_too_many_additions(void)
{
    harness_options_t options = {"event", ONE_PROCESS "CivarcosQueueLimit 1\n", NULL};
    harness_t *server = harness_start(&options);
    http_client_t *client;
    load_t *load;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    client = checks_client(server);
    load = new_load(server);
    load->end = apr_time_now() + apr_time_from_sec(60);
    run_clients(load, crowd, CLIENTS);
    CU_ASSERT(load->wrong == 0 && load->refused > 0 && load->added > 0);
    CU_ASSERT(checks_blocks(client) == load->added + 1);
    CU_ASSERT(http_post(client, ADD, "{\"evidence\":{}}")->status == 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT(harness_stop(server) == 0);
}

static const test_case_t cases[] = {
    {"many clients on event", test_event},           {"many clients on worker", test_worker},
    {"many clients on prefork", test_prefork},       {"too many validations", test_too_many_validations},
    {"too many additions", test_too_many_additions}, {NULL, NULL},
};

const test_suite_t concurrency_suite = {"concurrency", NULL, NULL, cases};
