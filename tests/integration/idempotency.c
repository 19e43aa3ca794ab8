/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file idempotency.c
 * An Idempotency-Key makes a POST that is sent again harmless: always the first answer, once stored.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

#define ADD     "/api/blockchain/add"
#define PENDING "/api/blockchain/pending"
#define CROWD   16

static harness_t *server;

static int setup(void)
{
    harness_options_t options = {NULL, "CivarcosSealInterval 1h\n", NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static http_client_t *client(void)
{
    return http_client(server->url, test_pool());
}

static int is_same_answer(const http_response_t *one, const http_response_t *other)
{
    const char *here = http_header(one, "Location");
    const char *there = http_header(other, "Location");

    if (one->status == other->status && strcmp(one->body, other->body) == 0 &&
        strcmp(here ? here : "", there ? there : "") == 0) {
        return 1;
    }
    test_note("%d %s\nis not\n%d %s", one->status, one->body, other->status, other->body);
    return 0;
}

/* The first answer again, marked as such, and no further block. */
static void expect_repeat(http_client_t *web, const char *path, const char *key, const char *json,
                          const http_response_t *first)
{
    int blocks = scenario_blocks(web);
    http_response_t *again = scenario_post(web, path, key, json);

    CU_ASSERT(is_same_answer(first, again));
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
}

static void test_same_key_same_answer(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":1}}";
    http_client_t *web = client();
    int blocks = scenario_blocks(web);
    http_response_t *first = scenario_post(web, ADD, "same", json);

    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_PTR_NULL(http_header(first, "Idempotent-Replayed"));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks + 1);
    expect_repeat(web, ADD, "same", json, first);
    /* Also when others have added meanwhile. */
    CU_ASSERT_EQUAL(scenario_add(web, 1)->status, 201);
    expect_repeat(web, ADD, "same", json, first);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_other_body_is_refused(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":2}}";
    http_client_t *web = client();
    http_response_t *first = scenario_post(web, ADD, "other", json);
    int blocks = scenario_blocks(web);

    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT(
        http_is_problem(scenario_post(web, ADD, "other", "{\"evidence\":{\"type\":\"key\",\"n\":3}}"), 422));
    CU_ASSERT(http_is_problem(scenario_post(web, ADD, "other", "{}"), 422));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    expect_repeat(web, ADD, "other", json, first);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_other_key_is_another_block(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":4}}";
    http_client_t *web = client();
    http_response_t *first = scenario_post(web, ADD, "key one", json);
    http_response_t *second = scenario_post(web, ADD, "key two", json);

    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(second->status, 201);
    CU_ASSERT_EQUAL(http_json_int(second, "/block/index"), http_json_int(first, "/block/index") + 1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

typedef struct guest_t {
    pthread_t thread;
    pthread_barrier_t *door;
    const char *key;
    const char *json;
    apr_pool_t *pool;
    http_response_t *answer;
} guest_t;

static void *come_in(void *baton)
{
    static const char *const type = "Content-Type: application/json";
    guest_t *guest = baton;
    http_client_t *web = http_client(server->url, guest->pool);
    const char *headers[] = {type, guest->key, NULL};

    /* Have the connection before the door opens. */
    http_get(web, "/api");
    pthread_barrier_wait(guest->door);
    guest->answer = http_send(web, "POST", ADD, headers, guest->json, strlen(guest->json));
    return NULL;
}

/* All at the same moment, each over a connection of its own. */
static void crowd(guest_t *guests, int count, const char *key, const char *json)
{
    pthread_barrier_t door;
    int i;

    pthread_barrier_init(&door, NULL, (unsigned)count);
    for (i = 0; i < count; i++) {
        guests[i].door = &door;
        guests[i].key = apr_pstrcat(test_pool(), "Idempotency-Key: ", key, NULL);
        guests[i].json = json;
        apr_pool_create(&guests[i].pool, NULL);
        pthread_create(&guests[i].thread, NULL, come_in, &guests[i]);
    }
    for (i = 0; i < count; i++) {
        pthread_join(guests[i].thread, NULL);
    }
    pthread_barrier_destroy(&door);
}

static void test_at_the_same_moment(void)
{
    http_client_t *web = client();
    guest_t guests[CROWD];
    int round;
    int i;

    for (round = 0; round < 5; round++) {
        int blocks = scenario_blocks(web);

        crowd(guests, CROWD, apr_psprintf(test_pool(), "crowd %d", round),
              apr_psprintf(test_pool(), "{\"evidence\":{\"type\":\"crowd\",\"round\":%d}}", round));
        CU_ASSERT_EQUAL(guests[0].answer->status, 201);
        for (i = 1; i < CROWD; i++) {
            CU_ASSERT(is_same_answer(guests[0].answer, guests[i].answer));
        }
        CU_ASSERT_EQUAL(scenario_blocks(web), blocks + 1);
        for (i = 0; i < CROWD; i++) {
            apr_pool_destroy(guests[i].pool);
        }
    }
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_after_a_restart(void)
{
    static const char json[] = "{\"evidence\":[{\"type\":\"key\",\"n\":5},{\"type\":\"key\",\"n\":6}]}";
    http_client_t *web = client();
    http_response_t *first = scenario_post(web, ADD, "restart", json);
    http_response_t *pended = scenario_post(web, PENDING, "restart", json);

    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(pended->status, 202);
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    expect_repeat(web, ADD, "restart", json, first);
    expect_repeat(web, PENDING, "restart", json, pended);
    harness_crash(server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    expect_repeat(web, ADD, "restart", json, first);
    expect_repeat(web, PENDING, "restart", json, pended);
    CU_ASSERT_EQUAL(http_post(web, ADD, "{}")->status, 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* An add is answered, and the server dies before anybody can be sure: the client asks again. */
static void test_after_a_crash_at_once(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":7}}";
    http_client_t *web = client();
    http_response_t *first = scenario_post(web, ADD, "crash", json);

    harness_crash(server);
    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    expect_repeat(web, ADD, "crash", json, first);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static int pending(http_client_t *web)
{
    return (int)http_json_int(http_get(web, "/api/blockchain/info"), "/blockchain/pending_evidence");
}

static void test_pending_and_sealing(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":8}}";
    http_client_t *web = client();
    http_response_t *first = scenario_post(web, PENDING, "wait", json);
    http_response_t *sealed;

    CU_ASSERT_EQUAL(first->status, 202);
    CU_ASSERT_EQUAL(pending(web), 1);
    expect_repeat(web, PENDING, "wait", json, first);
    CU_ASSERT_EQUAL(pending(web), 1);
    CU_ASSERT(http_is_problem(scenario_post(web, PENDING, "wait", "{\"evidence\":{}}"), 422));
    sealed = scenario_post(web, ADD, "seal", "{}");
    CU_ASSERT_EQUAL(sealed->status, 201);
    CU_ASSERT_EQUAL(http_json_int(sealed, "/block/evidence_count"), 1);
    CU_ASSERT_EQUAL(pending(web), 0);
    /* Nothing waits any more, but this is the same request; a new one is not. */
    expect_repeat(web, ADD, "seal", "{}", sealed);
    CU_ASSERT(http_is_problem(scenario_post(web, ADD, "seal anew", "{}"), 409));
    /* A repeat is not kept waiting a second time, nor does it drain what came later. */
    expect_repeat(web, PENDING, "wait", json, first);
    CU_ASSERT_EQUAL(pending(web), 0);
    CU_ASSERT_EQUAL(http_post(web, PENDING, json)->status, 202);
    expect_repeat(web, ADD, "seal", "{}", sealed);
    CU_ASSERT_EQUAL(pending(web), 1);
    /* A refusal is no answer that is kept: the key may be used again. */
    CU_ASSERT_EQUAL(scenario_post(web, ADD, "seal anew", "{}")->status, 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_bad_keys(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":9}}";
    http_client_t *web = client();
    int blocks = scenario_blocks(web);
    char key[300];

    memset(key, 'k', sizeof(key));
    key[256] = '\0';
    CU_ASSERT(http_is_problem(scenario_post(web, ADD, key, json), 400));
    CU_ASSERT(http_is_problem(scenario_post(web, PENDING, key, json), 400));
    CU_ASSERT(http_is_problem(scenario_post(web, ADD, "tab\tin it", json), 400));
    CU_ASSERT(http_is_problem(scenario_post(web, ADD, "\303\251t\303\251", json), 400));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    key[255] = '\0';
    CU_ASSERT_EQUAL(scenario_post(web, ADD, key, json)->status, 201);
    CU_ASSERT_EQUAL(scenario_post(web, ADD, " !~", json)->status, 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* libcurl takes an empty value for "do not send it". Bytes that HTTP itself forbids are refused by httpd. */
static void test_bad_keys_as_bytes(void)
{
    static const char *const keys[] = {"", "   ", NULL};
    http_client_t *web = client();
    int blocks = scenario_blocks(web);
    int i;

    for (i = 0; keys[i]; i++) {
        http_raw_t *raw = http_raw_connect(server->port, test_pool());

        http_raw_text(raw, apr_pstrcat(test_pool(),
                                       "POST " ADD " HTTP/1.1\r\nHost: localhost\r\n"
                                       "Content-Type: application/json\r\nContent-Length: 15\r\n"
                                       "Idempotency-Key: ",
                                       keys[i], "\r\n\r\n{\"evidence\":{}}", NULL));
        CU_ASSERT(http_is_problem(http_raw_answer(raw, 10), 400));
        http_raw_close(raw, 0);
    }
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_scope_is_the_path(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"key\",\"n\":10}}";
    http_client_t *web = client();
    http_response_t *added = scenario_post(web, ADD, "scope", json);
    http_response_t *pended = scenario_post(web, PENDING, "scope", json);

    CU_ASSERT_EQUAL(added->status, 201);
    CU_ASSERT_EQUAL(pended->status, 202);
    CU_ASSERT_PTR_NULL(http_header(pended, "Idempotent-Replayed"));
    expect_repeat(web, ADD, "scope", json, added);
    expect_repeat(web, PENDING, "scope", json, pended);
    CU_ASSERT_EQUAL(http_post(web, ADD, "{}")->status, 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {{"same_key_same_answer", test_same_key_same_answer},
                                    {"other_body_is_refused", test_other_body_is_refused},
                                    {"other_key_is_another_block", test_other_key_is_another_block},
                                    {"at_the_same_moment", test_at_the_same_moment},
                                    {"pending_and_sealing", test_pending_and_sealing},
                                    {"bad_keys", test_bad_keys},
                                    {"bad_keys_as_bytes", test_bad_keys_as_bytes},
                                    {"scope_is_the_path", test_scope_is_the_path},
                                    {"after_a_restart", test_after_a_restart},
                                    {"after_a_crash_at_once", test_after_a_crash_at_once},
                                    {NULL, NULL}};

const test_suite_t idempotency_suite = {"idempotency", setup, teardown, cases};
