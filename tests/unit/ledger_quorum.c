/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_quorum.c
 * What votes come to, and what a record of votes is worth.
 */
#include "ledger/quorum.h"

#include "base/json.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MOST 8

/* A letter for each validator: a accepts, r rejects, e signed both, - has not voted. */
static const struct {
    const char *what;
    apr_uint64_t stakes[MOST];
    const char *ballots;
    apr_uint64_t accepted, total, threshold;
    civ_outcome_e outcome;
} rows[] = {
    {"two of three", {1, 1, 1}, "aar", 2, 3, 2, CIV_OUTCOME_ACCEPTED},
    {"two of three, one silent", {1, 1, 1}, "aa-", 2, 3, 2, CIV_OUTCOME_ACCEPTED},
    {"66 of 100 are less than two thirds", {33, 33, 34}, "aar", 66, 100, 67, CIV_OUTCOME_REJECTED},
    {"66 of 100, one silent", {33, 33, 34}, "aa-", 66, 100, 67, CIV_OUTCOME_PENDING},
    {"67 of 100", {33, 33, 34}, "ara", 67, 100, 67, CIV_OUTCOME_ACCEPTED},
    {"one of three", {1, 1, 1}, "a--", 1, 3, 2, CIV_OUTCOME_PENDING},
    {"too few validators", {1, 1}, "aa", 2, 2, 2, CIV_OUTCOME_PENDING},
    {"nobody at all", {0}, "", 0, 0, 0, CIV_OUTCOME_PENDING},
    {"heads do not count where there is stake", {100, 1, 1}, "raa", 2, 102, 68, CIV_OUTCOME_REJECTED},
    {"the stake of one is enough", {100, 1, 1}, "a--", 100, 102, 68, CIV_OUTCOME_ACCEPTED},
    {"stake of those who are silent counts", {2, 2, 2}, "a--", 2, 6, 4, CIV_OUTCOME_PENDING},
    {"without stake, one vote each", {0, 0, 0}, "aa-", 2, 3, 2, CIV_OUTCOME_ACCEPTED},
    {"without stake, one vote each: rejected", {0, 0, 0}, "rr-", 0, 3, 2, CIV_OUTCOME_REJECTED},
    {"who signed both counts for nothing", {1, 1, 1}, "aae", 2, 3, 2, CIV_OUTCOME_ACCEPTED},
    {"who signed both is missing", {1, 1, 1}, "a-e", 1, 3, 2, CIV_OUTCOME_PENDING},
    {"who signed both can make it impossible", {1, 1, 1}, "-ee", 0, 3, 2, CIV_OUTCOME_REJECTED},
    {"half", {1, 1, 1, 1}, "aar-", 2, 4, 3, CIV_OUTCOME_PENDING},
    {"three fifths", {1, 1, 1, 1, 1}, "aaar-", 3, 5, 4, CIV_OUTCOME_PENDING},
    {"four fifths", {1, 1, 1, 1, 1}, "aaaa-", 4, 5, 4, CIV_OUTCOME_ACCEPTED},
    {"the largest stakes",
     {APR_UINT64_C(1) << 53, APR_UINT64_C(1) << 53, APR_UINT64_C(1) << 53},
     "aar",
     APR_UINT64_C(1) << 54,
     APR_UINT64_C(3) << 53,
     APR_UINT64_C(1) << 54,
     CIV_OUTCOME_ACCEPTED},
    {"three times the stake is more than 64 bits",
     {APR_UINT64_C(6148914691236517205), APR_UINT64_C(6148914691236517205),
      APR_UINT64_C(6148914691236517205)},
     "aa-",
     APR_UINT64_C(12297829382473034410),
     APR_UINT64_MAX,
     APR_UINT64_C(12297829382473034410),
     CIV_OUTCOME_ACCEPTED},
};

static void fill(civ_seat_t *seats, const apr_uint64_t *stakes, const char *ballots)
{
    apr_size_t i;

    for (i = 0; ballots[i]; i++) {
        seats[i].stake = stakes[i];
        seats[i].ballot = (civ_ballot_e)(strchr("-are", ballots[i]) - "-are");
    }
}

static void table(void)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_seat_t seats[MOST] = {{0, CIV_BALLOT_NONE}};
        civ_quorum_t quorum;
        int good;

        fill(seats, rows[i].stakes, rows[i].ballots);
        civ_quorum_count(&quorum, seats, strlen(rows[i].ballots), 3);
        good = quorum.accepted == rows[i].accepted && quorum.total == rows[i].total &&
               quorum.threshold == rows[i].threshold && quorum.outcome == rows[i].outcome;
        if (!good)
            test_note("%s: %s", rows[i].what, civ_outcome_name(quorum.outcome));
        CU_ASSERT(good);
    }
}

/* The sum is more than 64 bits hold. */
static void no_sum_wraps(void)
{
    civ_seat_t seats[] = {
        {APR_UINT64_MAX, CIV_BALLOT_REJECT}, {1, CIV_BALLOT_ACCEPT}, {1, CIV_BALLOT_ACCEPT}};
    civ_quorum_t quorum;

    civ_quorum_count(&quorum, seats, 3, 3);
    CU_ASSERT(quorum.total == (civ_wide_t)APR_UINT64_MAX + 2);
    CU_ASSERT_EQUAL(quorum.outcome, CIV_OUTCOME_REJECTED);
}

/* How many are demanded is about whether to rely on it, not about who was right. */
static void minimum_does_not_touch_the_verdict(void)
{
    civ_seat_t seats[] = {{0, CIV_BALLOT_ACCEPT}};
    civ_quorum_t quorum;

    civ_quorum_count(&quorum, seats, 1, 2);
    CU_ASSERT_EQUAL(quorum.outcome, CIV_OUTCOME_PENDING);
    CU_ASSERT_EQUAL(quorum.verdict, CIV_OUTCOME_ACCEPTED);
    civ_quorum_count(&quorum, seats, 1, 1);
    CU_ASSERT_EQUAL(quorum.outcome, CIV_OUTCOME_ACCEPTED);
}

static void reputation(void)
{
    static const struct {
        civ_standing_t standing;
        int value;
    } records[] = {
        {{0, 0, 0, 0}, 10000},         {{5, 5, 0, 0}, 10000}, {{1, 0, 1, 0}, 5000},
        {{10, 9, 1, 0}, 9090},         {{1, 0, 0, 1}, 1111},  {{100, 99, 0, 1}, 9259},
        {{1000000, 0, 1000000, 0}, 0}, {{3, 1, 1, 1}, 1818},  {{APR_INT64_MAX, APR_INT64_MAX, 0, 0}, 10000},
        {{0, 0, 0, APR_INT64_MAX}, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        CU_ASSERT_EQUAL(civ_standing_reputation(&records[i].standing), records[i].value);
}

/* --- the shared table --- */

static void mark(civ_seat_t *seats, apr_size_t count, const civ_json_t *list, civ_ballot_e ballot)
{
    apr_size_t i;

    for (i = 0; i < list->as.array.count; i++) {
        apr_int64_t index;

        civ_json_to_int64(&list->as.array.items[i], &index);
        if ((apr_size_t)index >= count)
            continue; /* nobody's key */
        seats[index].ballot = seats[index].ballot == CIV_BALLOT_NONE || seats[index].ballot == ballot
                                  ? ballot
                                  : CIV_BALLOT_EQUIVOCATED;
    }
}

static int is_as_shared(const civ_json_t *item)
{
    const civ_json_t *stakes = civ_json_get(item, "stakes");
    apr_size_t i, count = stakes->as.array.count;
    civ_seat_t seats[MOST] = {{0, CIV_BALLOT_NONE}};
    int accepted = civ_json_get(item, "quorum_if_min3_registered")->as.boolean;
    civ_quorum_t quorum;

    for (i = 0; i < count; i++)
        seats[i].stake = strtoull(stakes->as.array.items[i].as.text.text, NULL, 10);
    mark(seats, count, civ_json_get(item, "accept"), CIV_BALLOT_ACCEPT);
    mark(seats, count, civ_json_get(item, "reject"), CIV_BALLOT_REJECT);
    civ_quorum_count(&quorum, seats, count, 3);
    /* Its rule for no stake at all is to have no quorum; ours is one vote each. */
    return !quorum.by_stake || (quorum.outcome == CIV_OUTCOME_ACCEPTED) == accepted;
}

static void shared_table(void)
{
    static const civ_json_limits_t limits = {1 << 20, 16, 10000, 100};
    const char *shared = test_shared_dir();
    const civ_json_t *cases;
    unsigned long length;
    apr_size_t i;
    char *text;

    if (!shared) {
        test_note("skipped: no shared data");
        return;
    }
    text =
        test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/ledger/block/quorum.json", NULL), &length);
    CU_ASSERT_FATAL(text != NULL);
    /* Stakes beyond what JSON numbers can be relied on to hold are in there: as texts they are all the same. */
    cases = NULL;
    {
        char *quoted = apr_palloc(test_pool(), 2 * length + 1), *out = quoted;
        unsigned long at = 0;

        while (at < length) {
            unsigned long digits = strspn(text + at, "0123456789");

            if (digits > 15) {
                *out++ = '"';
                memcpy(out, text + at, digits);
                out += digits;
                *out++ = '"';
                at += digits;
            } else {
                memcpy(out, text + at, digits + 1);
                out += digits + 1;
                at += digits + 1;
            }
        }
        CU_ASSERT_FATAL(civ_json_parse(&cases, quoted, (apr_size_t)(out - quoted), &limits, NULL,
                                       test_pool()) == APR_SUCCESS);
    }
    cases = civ_json_get(cases, "cases");
    CU_ASSERT_FATAL(cases != NULL && cases->as.array.count >= 20);
    for (i = 0; i < cases->as.array.count; i++) {
        int good = is_as_shared(&cases->as.array.items[i]);

        if (!good)
            test_note("%s", civ_json_get_text(&cases->as.array.items[i], "why"));
        CU_ASSERT(good);
    }
}

static const test_case_t cases[] = {
    {"table", table},
    {"no_sum_wraps", no_sum_wraps},
    {"minimum_does_not_touch_the_verdict", minimum_does_not_touch_the_verdict},
    {"reputation", reputation},
    {"shared_table", shared_table},
    {NULL, NULL},
};

const test_suite_t ledger_quorum_suite = {"ledger_quorum", NULL, NULL, cases};
