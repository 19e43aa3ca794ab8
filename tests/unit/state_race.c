/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_race.c
 * One writer and many readers, as threads and as processes, and a writer that is killed: nobody ever sees half
 * of anything.
 */
#include "support/runner.h"

#include "base/status.h"
#include "unit/state_fixture.h"
#include "unit/unit_support.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS   8
#define READERS 3

/** Long beyond what is needed, also under valgrind. */
#define PATIENCE apr_time_from_sec(120)

/* Counters of the segment itself, so that processes share them. */
enum { COUNT_TORN, COUNT_DONE, COUNT_STOP };

/** Whole reads each reader has to make of each kind; valgrind runs one thread at a time, slowly. */
static apr_uint64_t wanted(void)
{
    return test_is_slow() ? 200 : 5000;
}

typedef struct reader_t {
    civ_state_node_t *node;
    apr_pool_t *pool; /**< a root pool of its own */
    apr_uint64_t heads, documents, blocks;
} reader_t;

static void tear(civ_state_node_t *node)
{
    civ_state_counter_add(node, COUNT_TORN, 1);
}

static void read_head(reader_t *reader)
{
    civ_state_head_t head;

    if (civ_state_head_read(reader->node, &head) != APR_SUCCESS)
        return;
    if (!state_head_is_whole(&head))
        tear(reader->node);
    reader->heads++;
}

static void read_document(reader_t *reader)
{
    apr_size_t length;
    char *data, *tag;

    if (civ_state_document_read(reader->node, &data, &length, &tag, reader->pool) != APR_SUCCESS)
        return;
    if (!state_document_is_whole(data, length, tag))
        tear(reader->node);
    reader->documents++;
}

/* The hash given is that of the text given, and of a block that was written at this height: the text begins
 * with the height. */
static void read_block(reader_t *reader, apr_uint64_t height)
{
    civ_digest_t hash, right;
    apr_uint64_t inside, found;
    apr_size_t length;
    char *json;

    if (civ_state_block_read(reader->node, height, &hash, &json, &length, reader->pool) != APR_SUCCESS)
        return;
    civ_digest_sha256(&right, json, length);
    memcpy(&inside, json, sizeof(inside));
    if (!civ_digest_equal(&hash, &right) || inside != height)
        tear(reader->node);
    if (civ_state_block_find(reader->node, &hash, &found) == APR_SUCCESS && found != height)
        tear(reader->node);
    reader->blocks++;
}

static int is_done(const reader_t *reader)
{
    apr_uint64_t enough = wanted();

    return reader->heads >= enough && reader->documents >= enough && reader->blocks >= enough;
}

/** Read until there was enough of everything, or the writer has stopped. */
static void read_all(reader_t *reader)
{
    civ_state_head_t head;
    apr_uint64_t turn;

    for (turn = 0; !is_done(reader) && civ_state_counter(reader->node, COUNT_STOP) == 0; turn++) {
        apr_pool_clear(reader->pool);
        read_head(reader);
        read_document(reader);
        if (civ_state_head_read(reader->node, &head) != APR_SUCCESS)
            continue;
        read_block(reader, head.height - turn % SLOTS);
        /* The oldest is the one that goes next. */
        read_block(reader, head.height - SLOTS + 1);
        read_block(reader, head.height - SLOTS + 1);
    }
    if (is_done(reader))
        civ_state_counter_add(reader->node, COUNT_DONE, 1);
}

static void *reader_thread(void *baton)
{
    read_all(baton);
    return NULL;
}

static void write_once(civ_state_node_t *node, apr_uint64_t number)
{
    char text[STATE_TEXT_SIZE + 1];
    apr_size_t length = 8 + (apr_size_t)(number * 2654435761u % 5000);
    civ_state_head_t head;
    civ_digest_t hash;

    state_make_text(text, number, length);
    memcpy(text, &number, sizeof(number));
    civ_digest_sha256(&hash, text, length);
    civ_state_block_write(node, number, &hash, text, length);
    state_make_head(&head, number);
    civ_state_head_write(node, &head);
    state_document(node, number, 1 + (apr_size_t)(number * 40503u % CIV_STATE_DOCUMENT_SIZE));
}

/** Write until all readers have had enough. @return non-zero when they had in time */
static int write_all(civ_state_node_t *node, int readers)
{
    apr_time_t until = apr_time_now() + PATIENCE;
    apr_uint64_t number;

    for (number = 100; civ_state_counter(node, COUNT_DONE) < readers; number++) {
        if (apr_time_now() > until)
            break;
        write_once(node, number);
    }
    civ_state_counter_set(node, COUNT_STOP, 1);
    return civ_state_counter(node, COUNT_DONE) == readers;
}

static void make_reader(reader_t *reader, civ_state_node_t *node)
{
    memset(reader, 0, sizeof(*reader));
    reader->node = node;
    apr_pool_create_unmanaged_ex(&reader->pool, NULL, NULL);
}

static void threads(void)
{
    static const civ_state_plan_t plan = {SLOTS};
    reader_t readers[READERS];
    pthread_t running[READERS];
    civ_state_node_t *node;
    int i;

    state_make(&plan, 1, &node);
    for (i = 0; i < READERS; i++) {
        make_reader(&readers[i], node);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&running[i], NULL, reader_thread, &readers[i]), 0);
    }
    CU_ASSERT_TRUE(write_all(node, READERS));
    for (i = 0; i < READERS; i++) {
        pthread_join(running[i], NULL);
        apr_pool_destroy(readers[i].pool);
    }
    CU_ASSERT_EQUAL(civ_state_counter(node, COUNT_TORN), 0);
}

static int reader_process(void *baton)
{
    reader_t reader;

    make_reader(&reader, baton);
    read_all(&reader);
    return is_done(&reader) ? 0 : 1;
}

static void processes(void)
{
    civ_state_node_t *node = state_make_shared(SLOTS);
    int i, children[READERS];

    for (i = 0; i < READERS; i++)
        children[i] = unit_child_start(reader_process, node);
    CU_ASSERT_TRUE(write_all(node, READERS));
    for (i = 0; i < READERS; i++)
        CU_ASSERT_EQUAL(unit_child_wait(children[i]), 0);
    CU_ASSERT_EQUAL(civ_state_counter(node, COUNT_TORN), 0);
}

#define TEXTS 16

/** Texts of different lengths, so that the length tells which one it is. */
typedef struct small_t {
    char text[64];
    apr_size_t length;
    civ_digest_t hash;
} small_t;

static small_t small[TEXTS];

static void make_small(void)
{
    int i;

    for (i = 0; i < TEXTS; i++) {
        small[i].length = 1 + (apr_size_t)i * 3;
        state_make_text(small[i].text, (apr_uint64_t)i, small[i].length);
        civ_digest_sha256(&small[i].hash, small[i].text, small[i].length);
    }
}

static int is_small(const char *json, apr_size_t length, const civ_digest_t *hash)
{
    const small_t *match = &small[(length - 1) / 3 % TEXTS];

    return length == match->length && memcmp(json, match->text, length) == 0 &&
           civ_digest_equal(hash, &match->hash);
}

static civ_state_node_t *interrupted_node;
static volatile sig_atomic_t interruptions;

/* Writing a block calls nothing that a signal handler may not. */
static void write_in_between(int number)
{
    const small_t *next = &small[interruptions % TEXTS];

    (void)number;
    civ_state_block_write(interrupted_node, 0, &next->hash, next->text, next->length);
    interruptions++;
}

/** Let a timer interrupt this thread again and again. */
static void interrupt_every(int microseconds, struct sigaction *before)
{
    const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = write_in_between;
    sigaction(SIGALRM, &action, before);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/** No more of it: one that is on its way must not meet the handler of before. */
static void interrupt_no_more(const struct sigaction *before)
{
    static const struct itimerval never;
    static const struct timespec now;
    sigset_t alarms, mask;

    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, &mask);
    setitimer(ITIMER_REAL, &never, NULL);
    while (sigtimedwait(&alarms, NULL, &now) == SIGALRM)
        continue;
    sigaction(SIGALRM, before, NULL);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* A reader that is interrupted anywhere by a writer: hash, place and length always belong to one another. Unlike
 * threads on a busy machine, a signal comes between any two instructions. */
static void interrupted_reader(void)
{
    static const civ_state_plan_t plan = {1};
    apr_time_t until = apr_time_now() + PATIENCE;
    unsigned left = alarm(0); /* the runner's, which knows the same timer */
    int enough = (int)wanted(), read = 0, wrong = 0;
    struct sigaction before;
    reader_t reader;

    state_make(&plan, 1, &interrupted_node);
    make_small();
    make_reader(&reader, interrupted_node);
    interruptions = 0;
    interrupt_every(40, &before);
    while (interruptions < enough && apr_time_now() < until) {
        civ_digest_t hash;
        apr_size_t length;
        char *json;

        apr_pool_clear(reader.pool);
        if (civ_state_block_read(interrupted_node, 0, &hash, &json, &length, reader.pool) != APR_SUCCESS)
            continue;
        wrong += !is_small(json, length, &hash);
        read++;
    }
    interrupt_no_more(&before);
    alarm(left);
    apr_pool_destroy(reader.pool);
    CU_ASSERT(interruptions >= enough);
    CU_ASSERT(read > 0);
    CU_ASSERT_EQUAL(wrong, 0);
}

static int endless_writer(void *baton)
{
    apr_uint64_t number;

    for (number = 100;; number++)
        write_once(baton, number);
    return 0;
}

/** Everything that can be read is whole. */
static void read_what_is_left(reader_t *reader)
{
    civ_state_head_t head;
    apr_uint64_t i;

    read_head(reader);
    read_document(reader);
    if (civ_state_head_read(reader->node, &head) != APR_SUCCESS)
        head.height = 100;
    for (i = 0; i < 2 * SLOTS; i++)
        read_block(reader, head.height + SLOTS - i);
}

/* A writer is killed at any point; what is left is whole or not there, and the next writer goes on. */
static void killed_writer(void)
{
    civ_state_node_t *node = state_make_shared(SLOTS);
    apr_time_t until = apr_time_now() + PATIENCE;
    reader_t reader;
    int round;

    make_reader(&reader, node);
    for (round = 0; round < 30; round++) {
        int child = unit_child_start(endless_writer, node);
        apr_uint64_t heads = reader.heads;

        while (reader.heads < heads + 20 && apr_time_now() < until)
            read_head(&reader);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        read_what_is_left(&reader);
        write_once(node, 1000);
        heads = reader.heads;
        read_what_is_left(&reader);
        CU_ASSERT_EQUAL(reader.heads, heads + 1);
    }
    CU_ASSERT(reader.blocks > 0 && reader.documents > 0);
    CU_ASSERT_EQUAL(civ_state_counter(node, COUNT_TORN), 0);
    apr_pool_destroy(reader.pool);
}

typedef struct claimer_t {
    civ_state_node_t *node;
    int turns;
} claimer_t;

static void *claim(void *baton)
{
    claimer_t *claimer = baton;
    int i;

    for (i = 0; i < 2000; i++) {
        /* Time stands still for all: one turn in a hundred calls. */
        if (civ_state_refresh_claim(claimer->node, apr_time_from_sec(1795000000 + i / 100), APR_USEC_PER_SEC))
            claimer->turns++;
        civ_state_counter_add(claimer->node, COUNT_DONE, 1);
    }
    return NULL;
}

/* Turns and counters of many threads: nothing is counted twice or lost. The threads' clocks differ by what they
 * have done so far, so that one that lags takes a turn as with a clock set back; alone, it is exactly twenty. */
static void turns_and_counters(void)
{
    static const civ_state_plan_t plan = {0};
    claimer_t claimers[READERS];
    pthread_t running[READERS];
    civ_state_node_t *node;
    int i;

    state_make(&plan, 1, &node);
    claimers[0] = (claimer_t){node, 0};
    claim(&claimers[0]);
    CU_ASSERT_EQUAL(claimers[0].turns, 20);
    for (i = 0; i < READERS; i++) {
        claimers[i] = (claimer_t){node, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&running[i], NULL, claim, &claimers[i]), 0);
    }
    for (i = 0; i < READERS; i++)
        pthread_join(running[i], NULL);
    CU_ASSERT_EQUAL(civ_state_counter(node, COUNT_DONE), 2000 * (READERS + 1));
}

static const test_case_t cases[] = {
    {"threads", threads},
    {"processes", processes},
    {"interrupted_reader", interrupted_reader},
    {"killed_writer", killed_writer},
    {"turns_and_counters", turns_and_counters},
    {NULL, NULL},
};

const test_suite_t state_race_suite = {"state_race", NULL, NULL, cases};
