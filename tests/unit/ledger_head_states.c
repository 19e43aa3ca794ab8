/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_head_states.c
 * Every state of the database beside every state of the signed head: one block earlier, the newest, one block later, and each
 * mixture of sectors that a crash can leave. A database that has fallen behind its signed head is an alarm, each time; what
 * a crash can leave is none, ever: the signed head is written after the commit, so it is never the newer one then.
 */
#include "ledger_fixture.h"

#include "support/runner.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

#define STATES  3
#define FIRST   4 /* the height of the first state */
#define SECTOR  512
#define SECTORS 4
#define MIXED   81 /* STATES to the power of SECTORS */
#define SLOT    1024

typedef struct moments_t {
    fixture_t *fixture;
    char *databases[STATES];
    unsigned long lengths[STATES];
    char *heads[STATES];
    int looks;
} moments_t;

static void put_file(const char *path, const char *data, apr_size_t length)
{
    apr_file_t *file;

    unlink(path);
    if (data == NULL)
        return;
    CU_ASSERT_EQUAL_FATAL(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY,
                                        APR_FPROT_UREAD | APR_FPROT_UWRITE, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL(apr_file_write_full(file, data, length, NULL), APR_SUCCESS);
    apr_file_close(file);
}

/* As a real ledger leaves them, block after block. */
static void take_moments(moments_t *moments)
{
    fixture_t *fixture = fixture_start();
    int i;

    moments->fixture = fixture;
    moments->looks = 0;
    for (i = 1; i < FIRST; i++)
        fixture_append(fixture, apr_psprintf(test_pool(), "{\"block\":%d}", i));
    for (i = 0; i < STATES; i++) {
        unsigned long length = 0;

        CU_ASSERT_EQUAL(fixture_append(fixture, apr_psprintf(test_pool(), "{\"state\":%d}", i)).height,
                        (apr_uint64_t)(FIRST + i));
        fixture_close(fixture);
        moments->databases[i] = test_read_file(fixture->database, &moments->lengths[i]);
        moments->heads[i] = test_read_file(fixture->head_file, &length);
        CU_ASSERT_FATAL(moments->databases[i] != NULL && moments->heads[i] != NULL && length == 2 * SLOT);
        CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    }
    fixture_close(fixture);
}

/* The height in one slot of the file as it was at a state. */
static int height_in(int state, int slot)
{
    int height = FIRST + state;

    return height % 2 == slot ? height : height - 1;
}

/* Whether opening this database with this file raises an alarm; where it does not, the ledger goes on as usual. */
static int alarms(moments_t *moments, int state, const char *head, apr_size_t length)
{
    fixture_t *fixture = moments->fixture;
    int before = fixture->integrity_lost;
    apr_status_t status;
    int alarm;

    put_file(fixture->database, moments->databases[state], moments->lengths[state]);
    put_file(fixture->head_file, head, length);
    status = fixture_open(fixture);
    alarm = fixture->integrity_lost > before;
    CU_ASSERT_EQUAL(status == APR_SUCCESS, !alarm);
    /* Of many alike, some. */
    if (!alarm && moments->looks++ % 4 == 0) {
        CU_ASSERT_EQUAL(fixture->head.height, (apr_uint64_t)(FIRST + state));
        CU_ASSERT_EQUAL(fixture_append(fixture, "{\"after\":1}").height, (apr_uint64_t)(FIRST + state) + 1);
        CU_ASSERT(fixture_is_clean(fixture));
    }
    fixture_close(fixture);
    return alarm;
}

static void expect(moments_t *moments, int state, const char *head, apr_size_t length, int alarm,
                   const char *what)
{
    if (alarms(moments, state, head, length) == alarm)
        return;
    test_note("database at block %d, %s: %s", FIRST + state, what, alarm ? "no alarm" : "an alarm");
    CU_FAIL("the alarm is wrong");
}

static void each_state_beside_each(void)
{
    moments_t moments;
    int state, head;

    take_moments(&moments);
    for (state = 0; state < STATES; state++)
        for (head = 0; head < STATES; head++)
            expect(&moments, state, moments.heads[head], 2 * SLOT, head > state,
                   apr_psprintf(test_pool(), "signed head at block %d", FIRST + head));
}

/* Each of the file's sectors as it was at any of the three moments. What a slot says stands in its first sector. */
static void each_mixture_of_sectors(void)
{
    moments_t moments;
    int state, mixture;

    take_moments(&moments);
    for (state = 0; state < STATES; state++)
        for (mixture = 0; mixture < MIXED; mixture += test_is_slow() ? 5 : 1) {
            char head[2 * SLOT];
            int from[SECTORS], rest = mixture, newest, i;

            for (i = 0; i < SECTORS; i++, rest /= STATES) {
                from[i] = rest % STATES;
                memcpy(head + i * SECTOR, moments.heads[from[i]] + i * SECTOR, SECTOR);
            }
            newest = height_in(from[0], 0);
            if (height_in(from[SLOT / SECTOR], 1) > newest)
                newest = height_in(from[SLOT / SECTOR], 1);
            expect(&moments, state, head, sizeof(head), newest > FIRST + state,
                   apr_psprintf(test_pool(), "sectors of states %d %d %d %d", from[0], from[1], from[2],
                                from[3]));
        }
}

/* One slot torn anywhere in what it says: then the other one counts. */
static void each_torn_slot(void)
{
    moments_t moments;
    int state, version, slot, at;

    take_moments(&moments);
    for (state = 0; state < STATES; state++)
        for (version = 0; version < STATES; version++)
            for (slot = 0; slot < 2; slot++)
                for (at = 0; at < 170; at += test_is_slow() ? 69 : 23) {
                    char head[2 * SLOT];

                    memcpy(head, moments.heads[version], sizeof(head));
                    memset(head + slot * SLOT + at, 0, (apr_size_t)(SLOT - at));
                    expect(&moments, state, head, sizeof(head), height_in(version, 1 - slot) > FIRST + state,
                           apr_psprintf(test_pool(), "state %d, slot %d torn at byte %d", version, slot, at));
                }
}

/* No file is warned of, and no alarm: it may have been removed before a restore. A file that says nothing is one: no crash
 * leaves such a file. */
static void missing_and_empty_files(void)
{
    moments_t moments;
    char nothing[2 * SLOT];
    int state, i;

    take_moments(&moments);
    for (state = 0; state < STATES; state++) {
        expect(&moments, state, NULL, 0, 0, "no file");
        expect(&moments, state, "", 0, 1, "an empty file");
        memset(nothing, 0, sizeof(nothing));
        expect(&moments, state, nothing, sizeof(nothing), 1, "zeros");
        for (i = 0; i < STATES; i++)
            expect(&moments, state, moments.heads[i], SLOT, height_in(i, 0) > FIRST + state, "half a file");
    }
}

static const test_case_t cases[] = {
    {"each_state_beside_each", each_state_beside_each},
    {"each_mixture_of_sectors", each_mixture_of_sectors},
    {"each_torn_slot", each_torn_slot},
    {"missing_and_empty_files", missing_and_empty_files},
    {NULL, NULL},
};

const test_suite_t ledger_head_states_suite = {"ledger_head_states", NULL, NULL, cases};
