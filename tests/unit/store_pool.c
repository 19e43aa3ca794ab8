/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_pool.c
 * The pool: its limits, how long it waits, what it closes for good, many threads, nothing left behind.
 */
#include "support/runner.h"

#include "unit/store_fixture.h"

#include <apr_atomic.h>
#include <apr_file_info.h>
#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

#define THREADS 8
#define ROUNDS  20
#define MOST    3

/** A pool over a fresh file with its tables. */
static civ_store_t *make_store(const char *name, int most, apr_interval_time_t wait, apr_pool_t *pool)
{
    civ_store_config_t *config = store_config(unit_path(name));
    civ_store_t *store = NULL;

    civ_db_close(store_open(name));
    config->pool_max = most;
    config->acquire_wait = wait;
    CU_ASSERT_EQUAL_FATAL(civ_store_create(&store, config, pool), APR_SUCCESS);
    return store;
}

static civ_db_t *take(civ_store_t *store)
{
    civ_db_t *db = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_store_acquire(store, &db), APR_SUCCESS);
    return db;
}

/** Mark a connection, so that it can be told from one that was opened anew. */
static void mark(civ_db_t *db)
{
    CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_MARK], NULL, 0, NULL), APR_SUCCESS);
}

static int is_marked(civ_db_t *db)
{
    return strcmp(store_text(db, STORE_CACHE), "777") == 0;
}

static void limits_and_waiting(void)
{
    civ_store_t *store = make_store("limits.db", 2, 60000, test_pool());
    civ_db_t *one = take(store), *two = take(store), *three = NULL;
    apr_time_t began = apr_time_now(), took;

    CU_ASSERT_PTR_NOT_EQUAL(one, two);
    CU_ASSERT_EQUAL(civ_store_acquire(store, &three), APR_TIMEUP);
    took = apr_time_now() - began;
    CU_ASSERT(took >= 50000 && took < apr_time_from_sec(20));
    civ_store_release(store, one);
    three = take(store);
    CU_ASSERT_PTR_EQUAL(three, one);
    civ_store_release(store, two);
    civ_store_release(store, three);
}

static void connections_are_kept(void)
{
    civ_store_t *store = make_store("kept.db", 2, 0, test_pool());
    civ_db_t *db = take(store);

    mark(db);
    civ_store_release(store, db);
    db = take(store);
    CU_ASSERT(is_marked(db));
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 2, "a", 1), CIV_ECONSTRAINT);
    civ_store_release(store, db);
    /* A refused row is no fault of the connection. */
    db = take(store);
    CU_ASSERT(is_marked(db));
    civ_store_release(store, db);
}

static void odd_limits(void)
{
    civ_store_config_t *config = store_config(unit_path("oddlimits.db"));
    civ_store_t *store = NULL;
    civ_db_t *db, *second;

    config->pool_min = 9;
    config->pool_max = 0;
    config->acquire_wait = 1000;
    CU_ASSERT_EQUAL_FATAL(civ_store_create(&store, config, test_pool()), APR_SUCCESS);
    db = take(store);
    CU_ASSERT_EQUAL(civ_store_acquire(store, &second), APR_TIMEUP);
    civ_store_release(store, db);
}

static void open_transaction_is_given_up(void)
{
    civ_store_t *store = make_store("open.db", 1, 0, test_pool());
    civ_db_t *db = take(store);

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    civ_store_release(store, db);
    CU_ASSERT_EQUAL(store_raw_int("open.db", "SELECT COUNT(*) FROM things"), 0);
    db = take(store);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    civ_store_release(store, db);
}

/* One connection finds the schema changed inside a transaction: it, and all opened before, are replaced. */
static void broken_ones_are_replaced(void)
{
    civ_store_t *store = make_store("broken.db", 3, 0, test_pool());
    civ_db_t *one = take(store), *two = take(store), *three = take(store);
    int unknown;

    mark(one);
    mark(two);
    mark(three);
    CU_ASSERT_EQUAL(store_count(one), 0);
    civ_store_release(store, three);
    store_raw_run("broken.db", "CREATE TABLE other (a)");
    CU_ASSERT_EQUAL(civ_db_begin(one), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(one, 1, "a", 1), CIV_ESCHEMA);
    CU_ASSERT_EQUAL(civ_db_commit(one, &unknown), CIV_ESCHEMA);
    civ_store_release(store, one);
    civ_store_release(store, two);
    one = take(store);
    two = take(store);
    three = take(store);
    CU_ASSERT_FALSE(is_marked(one));
    CU_ASSERT_FALSE(is_marked(two));
    CU_ASSERT_FALSE(is_marked(three));
    CU_ASSERT_EQUAL(civ_db_begin(one), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(one, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(one, &unknown), APR_SUCCESS);
    civ_store_release(store, one);
    civ_store_release(store, two);
    civ_store_release(store, three);
}

typedef struct crowd_t {
    civ_store_t *store;
    apr_uint32_t inside;
    apr_uint32_t beyond; /**< times that more than MOST were inside */
    apr_uint32_t failed;
    apr_uint32_t next;
} crowd_t;

static void use_once(crowd_t *crowd)
{
    apr_uint32_t id = apr_atomic_inc32(&crowd->next);
    char name[16];
    civ_db_t *db;

    if (civ_store_acquire(crowd->store, &db) != APR_SUCCESS) {
        apr_atomic_inc32(&crowd->failed);
        return;
    }
    if (apr_atomic_inc32(&crowd->inside) >= MOST)
        apr_atomic_inc32(&crowd->beyond);
    apr_snprintf(name, sizeof(name), "%u", id);
    if (store_insert(db, id, name, 1) != APR_SUCCESS)
        apr_atomic_inc32(&crowd->failed);
    apr_atomic_dec32(&crowd->inside);
    civ_store_release(crowd->store, db);
}

static void *member(void *baton)
{
    int i;

    for (i = 0; i < ROUNDS; i++)
        use_once(baton);
    return NULL;
}

static void many_threads(void)
{
    crowd_t crowd = {make_store("crowd.db", MOST, apr_time_from_sec(60), test_pool()), 0, 0, 0, 0};
    pthread_t threads[THREADS];
    int i;

    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, member, &crowd), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(crowd.failed, 0);
    CU_ASSERT_EQUAL(crowd.beyond, 0);
    CU_ASSERT_EQUAL(store_raw_int("crowd.db", "SELECT COUNT(*) FROM things"), THREADS * ROUNDS);
}

/** Returns the store when it got a connection. */
static void *waiter(void *baton)
{
    civ_db_t *db = NULL;

    if (civ_store_acquire(baton, &db) != APR_SUCCESS)
        return NULL;
    civ_store_release(baton, db);
    return baton;
}

/* Whoever waits gets the connection that comes back, also when it is closed instead. */
static void waiting_ends_with_release(void)
{
    civ_store_t *store = make_store("wait.db", 1, apr_time_from_sec(60), test_pool());
    pthread_t thread;
    void *result;
    civ_db_t *db;
    int broken;

    for (broken = 0; broken < 2; broken++) {
        apr_time_t began = apr_time_now();

        db = take(store);
        CU_ASSERT_EQUAL(store_count(db), 0);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, waiter, store), 0);
        if (broken) {
            store_raw_run("wait.db", "CREATE TABLE other (a)");
            CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
            CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), CIV_ESCHEMA);
        }
        civ_store_release(store, db);
        pthread_join(thread, &result);
        CU_ASSERT_PTR_EQUAL(result, store);
        CU_ASSERT(apr_time_now() - began < apr_time_from_sec(30));
    }
}

static int open_files(void)
{
    apr_finfo_t info;
    apr_dir_t *folder;
    int count = 0;

    if (apr_dir_open(&folder, "/proc/self/fd", test_pool()) != APR_SUCCESS)
        return 0;
    while (apr_dir_read(&info, APR_FINFO_NAME, folder) == APR_SUCCESS)
        count++;
    apr_dir_close(folder);
    return count;
}

static void nothing_is_left_open(void)
{
    int before, round;

    civ_db_close(store_open("left.db"));
    before = open_files();
    for (round = 0; round < 3; round++) {
        apr_pool_t *pool;
        civ_store_t *store;
        civ_db_t *one, *two;

        apr_pool_create(&pool, test_pool());
        store = make_store("left.db", 4, 0, pool);
        one = take(store);
        two = take(store);
        CU_ASSERT_EQUAL(store_count(one), store_count(two));
        CU_ASSERT(before == 0 || open_files() > before);
        civ_store_release(store, one);
        civ_store_release(store, two);
        apr_pool_destroy(pool);
        CU_ASSERT_EQUAL(open_files(), before);
    }
}

static const test_case_t cases[] = {
    {"limits_and_waiting", limits_and_waiting},
    {"connections_are_kept", connections_are_kept},
    {"odd_limits", odd_limits},
    {"open_transaction_is_given_up", open_transaction_is_given_up},
    {"broken_ones_are_replaced", broken_ones_are_replaced},
    {"many_threads", many_threads},
    {"waiting_ends_with_release", waiting_ends_with_release},
    {"nothing_is_left_open", nothing_is_left_open},
    {NULL, NULL},
};

const test_suite_t store_pool_suite = {"store_pool", unit_folder_make, unit_folder_remove, cases};
