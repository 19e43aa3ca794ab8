/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/scenario.h"

#include "base/digest.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How long one add is repeated before it is given up: longer than any outage a case makes. */
#define PATIENCE apr_time_from_sec(60)

#define WAIT_SECONDS 60.0

typedef struct receipt_t {
    apr_int64_t index;
    char hash[CIV_DIGEST_HEX_SIZE];
    char evidence_hash[CIV_DIGEST_HEX_SIZE];
} receipt_t;

struct scenario_worker_t {
    scenario_load_t *load;
    int number;
    pthread_t thread;
    int running;
    apr_pool_t *pool;             /* the thread's own */
    apr_array_header_t *receipts; /* receipt_t */
    http_client_t *client;
};

/* Only the first complaint is kept: nothing else here may use what belongs to the main thread. */
static void complain(scenario_load_t *load, const char *what, const http_response_t *response)
{
    if (apr_atomic_inc32(&load->wrong) == 0) {
        apr_snprintf(load->complaint, sizeof(load->complaint), "%s: %d %.200s", what, response->status,
                     response->status ? response->body : response->error);
    }
}

static const char *simple_body(const char *label, int thread, int number, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "{\"evidence\":{\"type\":\"load\",\"label\":\"%s\",\"thread\":%d,\"number\":%d}}",
                        label, thread, number);
}

static http_response_t *post(struct scenario_worker_t *worker, int number, apr_pool_t *pool)
{
    const scenario_load_t *load = worker->load;
    const char *headers[] = {
        "Content-Type: application/json",
        apr_psprintf(pool, "Idempotency-Key: %s-%d-%d", load->label, worker->number, number), NULL};
    const char *body = (load->body ? load->body : simple_body)(load->label, worker->number, number, pool);

    return http_send(worker->client, "POST", "/api/blockchain/add", headers, body, strlen(body));
}

static void keep_receipt(struct scenario_worker_t *worker, const http_response_t *response)
{
    receipt_t *receipt = apr_array_push(worker->receipts);

    receipt->index = http_json_int(response, "/block/index");
    apr_cpystrn(receipt->hash, http_json_text(response, "/block/hash"), sizeof(receipt->hash));
    apr_cpystrn(receipt->evidence_hash, http_json_text(response, "/block/evidence_hashes/0"),
                sizeof(receipt->evidence_hash));
    if (http_header(response, "Idempotent-Replayed")) {
        apr_atomic_inc32(&worker->load->replayed);
    }
    apr_atomic_inc32(&worker->load->acknowledged);
}

/* One add, until it is answered: nobody may be told "stored" twice for one key, or never. */
static void add(struct scenario_worker_t *worker, int number, apr_pool_t *pool)
{
    scenario_load_t *load = worker->load;
    apr_time_t deadline = apr_time_now() + PATIENCE;

    while (apr_time_now() < deadline) {
        http_response_t *response = post(worker, number, pool);

        if (response->status == 201) {
            keep_receipt(worker, response);
            return;
        }
        if (response->status == 0) {
            apr_atomic_inc32(&load->resets);
        } else if (response->status == 503 && http_header(response, "Retry-After")) {
            apr_atomic_inc32(&load->refused);
        } else {
            complain(load, "an add", response);
            return;
        }
        apr_sleep(10000);
    }
    apr_atomic_inc32(&load->given_up);
}

/* What was acknowledged can be read at once, and says the same. */
static void read_back(struct scenario_worker_t *worker, int number, apr_pool_t *pool)
{
    static const char *const others[] = {"/api/blockchain/info", "/api/blockchain/block/latest",
                                         "/api/blockchain/search?type=load&limit=3", "/api"};
    scenario_load_t *load = worker->load;
    http_response_t *response;
    const receipt_t *last;

    if (worker->receipts->nelts > 0) {
        last = &APR_ARRAY_IDX(worker->receipts, worker->receipts->nelts - 1, receipt_t);
        response = http_get(worker->client,
                            apr_psprintf(pool, "/api/blockchain/block/%" APR_INT64_T_FMT, last->index));
        if (response->status == 200 && strcmp(http_json_text(response, "/block/hash"), last->hash) != 0) {
            complain(load, "another block was acknowledged", response);
        } else if (response->status != 200 && response->status != 503 && response->status != 0) {
            complain(load, "an acknowledged block", response);
        }
    }
    response = http_get(worker->client, others[number % 4]);
    if (response->status == 0) {
        apr_atomic_inc32(&load->resets);
    } else if (response->status == 503) {
        apr_atomic_inc32(&load->refused);
    } else if (response->status != 200) {
        complain(load, others[number % 4], response);
    }
}

static void *work(void *baton)
{
    struct scenario_worker_t *worker = baton;
    apr_pool_t *round;
    int number;

    apr_pool_create(&round, worker->pool);
    for (number = 0; !apr_atomic_read32(&worker->load->stopping); number++) {
        add(worker, number, round);
        read_back(worker, number, round);
        http_forget(worker->client);
        apr_pool_clear(round);
    }
    return NULL;
}

void scenario_load_start(scenario_load_t *load)
{
    int i;

    load->stopping = load->acknowledged = load->replayed = load->resets = 0;
    load->refused = load->wrong = load->given_up = 0;
    load->complaint[0] = '\0';
    load->workers = calloc((size_t)load->threads, sizeof(*load->workers));
    for (i = 0; i < load->threads; i++) {
        struct scenario_worker_t *worker = &load->workers[i];

        worker->load = load;
        worker->number = i;
        apr_pool_create(&worker->pool, NULL);
        worker->receipts = apr_array_make(worker->pool, 64, sizeof(receipt_t));
        worker->client = http_client(load->url, worker->pool);
        worker->running = pthread_create(&worker->thread, NULL, work, worker) == 0;
    }
}

typedef struct goal_t {
    scenario_load_t *load;
    apr_uint32_t count;
} goal_t;

static int is_reached(void *baton)
{
    goal_t *goal = baton;

    return apr_atomic_read32(&goal->load->acknowledged) >= goal->count;
}

int scenario_load_wait(scenario_load_t *load, apr_uint32_t more)
{
    goal_t goal = {load, apr_atomic_read32(&load->acknowledged) + more};

    return harness_wait(is_reached, &goal, WAIT_SECONDS);
}

void scenario_load_stop(scenario_load_t *load)
{
    int i;

    apr_atomic_set32(&load->stopping, 1);
    for (i = 0; i < load->threads; i++) {
        if (load->workers[i].running) {
            pthread_join(load->workers[i].thread, NULL);
            load->workers[i].running = 0;
        }
    }
}

static int receipts_are_kept(const struct scenario_worker_t *worker, const scenario_chain_t *chain)
{
    int kept = 1;
    int i;

    for (i = 0; kept && i < worker->receipts->nelts; i++) {
        const receipt_t *receipt = &APR_ARRAY_IDX(worker->receipts, i, receipt_t);
        const int *count = apr_hash_get(chain->evidence, receipt->evidence_hash, APR_HASH_KEY_STRING);

        if (strcmp(scenario_chain_text(chain, (int)receipt->index, "hash"), receipt->hash) != 0 || !count ||
            *count != 1) {
            test_note("block %d with hash %s was acknowledged; it is not kept, or not once",
                      (int)receipt->index, receipt->hash);
            kept = 0;
        }
    }
    return kept;
}

int scenario_load_is_kept(scenario_load_t *load, const scenario_chain_t *chain)
{
    int kept = load->wrong == 0 && load->given_up == 0 && chain->broken == 0 && chain->repeated == 0;
    int i;

    test_note("load %s: %u adds acknowledged (%u replayed), %u resets, %u refused", load->label,
              load->acknowledged, load->replayed, load->resets, load->refused);
    if (!kept) {
        test_note("%u wrong (%s), %u given up; chain: %d broken, %d repeated", load->wrong, load->complaint,
                  load->given_up, chain->broken, chain->repeated);
    }
    for (i = 0; i < load->threads; i++) {
        kept &= receipts_are_kept(&load->workers[i], chain);
    }
    return kept;
}

void scenario_load_free(scenario_load_t *load)
{
    int i;

    for (i = 0; i < load->threads; i++) {
        apr_pool_destroy(load->workers[i].pool);
    }
    free(load->workers);
    load->workers = NULL;
}

/* -- Without us
 * ----------------------------------------------------------------------------------------------------- */

static void *get_page(void *baton)
{
    scenario_static_t *load = baton;
    http_client_t *client;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    client = http_client(load->url, pool);
    while (!apr_atomic_read32(&load->stopping)) {
        int status = http_get(client, "/index.html")->status;

        apr_atomic_inc32(status == 200 ? &load->answered : status == 0 ? &load->resets : &load->wrong);
        http_forget(client);
        /* As the others, who wait for a disk now and then. */
        apr_sleep(1000);
    }
    apr_pool_destroy(pool);
    return NULL;
}

void scenario_static_start(scenario_static_t *load)
{
    load->stopping = load->answered = load->resets = load->wrong = 0;
    load->workers = calloc((size_t)load->threads, sizeof(*load->workers));
    for (load->started = 0; load->started < load->threads; load->started++) {
        if (pthread_create(&load->workers[load->started], NULL, get_page, load) != 0) {
            break;
        }
    }
}

void scenario_static_stop(scenario_static_t *load)
{
    apr_atomic_set32(&load->stopping, 1);
    while (load->started > 0) {
        pthread_join(load->workers[--load->started], NULL);
    }
    free(load->workers);
    load->workers = NULL;
}
