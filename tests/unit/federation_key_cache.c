/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_key_cache.c
 * Keys of members are kept in memory, and nobody speaks with one that was given up.
 */
#include "federation/key_cache.h"

#include "federation/benchmarks.h"
#include "support/runner.h"
#include "unit/members_fixture.h"

#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

static apr_status_t find(civ_node_t *node, int key, const char **owner)
{
    unsigned char raw[CIV_KEY_PUBLIC_SIZE];
    apr_status_t status =
        civ_federation_key(civ_node_federation(node), members_key_id(key), raw, owner, test_pool());

    if (status == APR_SUCCESS)
        CU_ASSERT_EQUAL(memcmp(raw, civ_public_key_raw(civ_key_public(members_key(key))), sizeof(raw)), 0);
    return status;
}

static int is_known(civ_node_t *node, int key)
{
    const char *owner;

    return find(node, key, &owner) == APR_SUCCESS;
}

static void rotate(civ_node_t *node, const char *id, int from, int to)
{
    applicant_t rotated = {.id = id, .key = to, .rotation = members_rotation(id, from, to, from)};

    CU_ASSERT_EQUAL_FATAL(members_join(node, &rotated), APR_SUCCESS);
}

/* What is kept is seen by taking it away behind the node's back, which no other writer does. */
static void read_once(void)
{
    civ_node_t *node = members_start("once");
    const char *owner;

    members_admit(node, "org", 1);
    CU_ASSERT_EQUAL_FATAL(find(node, 1, &owner), APR_SUCCESS);
    node_raw_run(node->config, "UPDATE civ_fed_keys SET valid_until = 1");
    CU_ASSERT_EQUAL_FATAL(find(node, 1, &owner), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(owner, "org");
    CU_ASSERT_FALSE(is_known(node, 2));
    members_admit(node, "another", 2);
    CU_ASSERT_FALSE(is_known(node, 1));
    CU_ASSERT_TRUE(is_known(node, 2));
}

/* Two processes of one server. */
static void gone_at_once(void)
{
    civ_node_t *one = members_start("processes"), *two = node_open(one->config, one->context.hot);

    members_admit(one, "org", 1);
    CU_ASSERT_TRUE(is_known(one, 1) && is_known(two, 1));
    rotate(two, "org", 1, 2);
    CU_ASSERT_FALSE(is_known(one, 1) || is_known(two, 1));
    CU_ASSERT_TRUE(is_known(one, 2) && is_known(two, 2));
    CU_ASSERT_EQUAL(members_leave(one, "org", 2, NULL), APR_SUCCESS);
    CU_ASSERT_FALSE(is_known(one, 2) || is_known(two, 2));
}

static apr_status_t contribute(civ_node_t *node, const char *id, int key, const char *retry,
                               civ_problem_t *problem)
{
    static const civ_measurement_t measurement = {.metric = "coverage", .value = 80};
    const civ_speaker_t speaker = members_speaker(id, key);
    civ_idempotency_t idempotency;

    civ_digest_sha256(&idempotency.key, retry, strlen(retry));
    civ_digest_sha256(&idempotency.request, id, strlen(id));
    return civ_benchmark_contribute(civ_node_federation(node), &speaker, &measurement, 1, &idempotency,
                                    problem, test_pool());
}

static int is_refused(civ_node_t *node, int key, const char *retry)
{
    civ_problem_t problem;

    return contribute(node, "org", key, retry, &problem) == APR_EACCES &&
           problem.kind == CIV_PROBLEM_UNAUTHORIZED;
}

/* Another host knows a key as long as it has not looked. Nothing is changed with it, and nothing told again. */
static void another_host(void)
{
    civ_node_t *here = members_start("hosts"), *there = node_start(here->config);
    civ_problem_t problem;

    members_admit(here, "org", 1);
    CU_ASSERT_EQUAL(civ_node_refresh(there, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(is_known(there, 1));
    CU_ASSERT_EQUAL(contribute(there, "org", 1, "first", &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(contribute(there, "org", 1, "first", &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_node_refresh(there, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(is_known(there, 1));
    rotate(here, "org", 1, 2);
    CU_ASSERT_TRUE(is_known(there, 1));
    CU_ASSERT_TRUE(is_refused(there, 1, "first"));
    CU_ASSERT_TRUE(is_refused(there, 1, "second"));
    CU_ASSERT_EQUAL(contribute(there, "org", 2, "first", &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_node_refresh(there, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_FALSE(is_known(there, 1));
    CU_ASSERT_TRUE(is_known(there, 2));
    CU_ASSERT_EQUAL(members_leave(here, "org", 2, NULL), APR_SUCCESS);
    CU_ASSERT_TRUE(is_known(there, 2));
    CU_ASSERT_TRUE(is_refused(there, 2, "first"));
}

#define THREADS 4
#define NAMES   3000

static const char *name_of(int number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%043d", number);
}

typedef struct user_t {
    civ_key_cache_t *cache;
    int seed, found, mixed;
    pthread_t thread;
} user_t;

/* More names than places, so that all take one another's. */
static void *use(void *baton)
{
    user_t *user = baton;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    for (i = 0; i < 4 * NAMES; i++) {
        int number = (i * 7 + user->seed) % NAMES;
        unsigned char key[CIV_KEY_PUBLIC_SIZE], expected[CIV_KEY_PUBLIC_SIZE];
        const char *owner, *name = name_of(number, pool);

        memset(expected, number % 251, sizeof(expected));
        if (civ_key_cache_get(user->cache, name, i / NAMES, key, &owner, pool) != APR_SUCCESS)
            civ_key_cache_put(user->cache, name, i / NAMES, expected, name + 20);
        if (civ_key_cache_get(user->cache, name, i / NAMES, key, &owner, pool) == APR_SUCCESS) {
            user->found++;
            user->mixed += memcmp(key, expected, sizeof(key)) != 0 || strcmp(owner, name + 20) != 0;
        }
        if (i % 100 == 0)
            apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void many_use_it(void)
{
    user_t users[THREADS];
    civ_key_cache_t *cache;
    int i, found = 0;

    CU_ASSERT_EQUAL_FATAL(civ_key_cache_create(&cache, test_pool()), APR_SUCCESS);
    for (i = 0; i < THREADS; i++) {
        users[i] = (user_t){.cache = cache, .seed = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&users[i].thread, NULL, use, &users[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(users[i].thread, NULL);
        CU_ASSERT_EQUAL(users[i].mixed, 0);
        found += users[i].found;
    }
    CU_ASSERT_TRUE(found > 0);
}

/* The version is what makes an entry count; what would not fit is not kept. */
static void only_what_is_current(void)
{
    unsigned char key[CIV_KEY_PUBLIC_SIZE] = "thirty-two bytes of a public key";
    unsigned char read[CIV_KEY_PUBLIC_SIZE];
    const char *name = name_of(1, test_pool()), *owner;
    civ_key_cache_t *cache;

    CU_ASSERT_EQUAL_FATAL(civ_key_cache_create(&cache, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_key_cache_get(cache, name, 0, read, &owner, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_key_cache_get(cache, "", 0, read, &owner, test_pool()), APR_NOTFOUND);
    civ_key_cache_put(cache, name, 7, key, "org");
    CU_ASSERT_EQUAL(civ_key_cache_get(cache, name, 6, read, &owner, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_key_cache_get(cache, name, 8, read, &owner, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_key_cache_get(cache, name, 7, read, &owner, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(memcmp(read, key, sizeof(key)), 0);
    civ_key_cache_put(cache, apr_pstrcat(test_pool(), name, "1", NULL), 7, key, "org");
    CU_ASSERT_EQUAL(
        civ_key_cache_get(cache, apr_pstrcat(test_pool(), name, "1", NULL), 7, read, &owner, test_pool()),
        APR_NOTFOUND);
}

static const test_case_t cases[] = {
    {"read_once", read_once},
    {"gone_at_once", gone_at_once},
    {"another_host", another_host},
    {"many_use_it", many_use_it},
    {"only_what_is_current", only_what_is_current},
    {NULL, NULL},
};

const test_suite_t federation_key_cache_suite = {"federation_key_cache", unit_folder_make, unit_folder_remove,
                                                 cases};
