/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_benchmark.c
 * When statistics over the members' numbers may be published, and which.
 */
#include "federation/release.h"

#include "base/canonical.h"
#include "base/json.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST 200

/* Of the shared cases, too. */
static const civ_release_policy_t percent = {5, 1, 0, 100, 0.5};
static const civ_release_policy_t undeclared = {5, 0, 0, 0, 0};

static civ_release_t compute(const civ_release_policy_t *policy, const double *values, apr_size_t count)
{
    double copy[MOST];
    civ_release_t release;

    memcpy(copy, values, count * sizeof(*values));
    civ_release_compute(&release, policy, copy, count);
    return release;
}

/* from, from + step, ... */
static civ_release_t compute_series(const civ_release_policy_t *policy, double from, double step,
                                    apr_size_t count)
{
    double values[MOST];
    apr_size_t i;

    for (i = 0; i < count; i++)
        values[i] = from + step * (double)i;
    return compute(policy, values, count);
}

static int is_value(const civ_statistic_t *statistic, double value)
{
    if (statistic->is_known && statistic->value == value)
        return 1;
    test_note("known %d, %.17g instead of %.17g", statistic->is_known, statistic->value, value);
    return 0;
}

static void fewer_than_the_minimum_publish_nothing(void)
{
    civ_release_t release = compute_series(&percent, 70, 1, 4);
    apr_size_t count;

    CU_ASSERT_EQUAL(release.verdict, CIV_RELEASE_TOO_FEW);
    CU_ASSERT(!release.average.is_known && !release.median.is_known && release.count == 0);
    for (count = 0; count < 5; count++)
        CU_ASSERT_EQUAL(compute_series(&percent, 70, 1, count).verdict, CIV_RELEASE_TOO_FEW);
    CU_ASSERT_EQUAL(compute_series(&percent, 70, 1, 5).verdict, CIV_RELEASE_ALLOWED);
}

/* One of three has a third of the weight, whatever minimum was configured. */
static void nobody_weighs_more_than_a_quarter(void)
{
    civ_release_policy_t two = percent;

    two.minimum = 2;
    CU_ASSERT_EQUAL(compute_series(&two, 70, 1, 1).verdict, CIV_RELEASE_TOO_FEW);
    CU_ASSERT_EQUAL(compute_series(&two, 70, 1, 2).verdict, CIV_RELEASE_DOMINATED);
    CU_ASSERT_EQUAL(compute_series(&two, 70, 1, 3).verdict, CIV_RELEASE_DOMINATED);
    CU_ASSERT_EQUAL(compute_series(&two, 70, 1, 4).verdict, CIV_RELEASE_ALLOWED);
    CU_ASSERT_EQUAL(civ_release_least(&two), 4);
    CU_ASSERT_EQUAL(civ_release_least(&percent), 5);
}

static void percentiles_need_so_many_on_either_side(void)
{
    static const struct {
        apr_size_t count;
        int median, quartiles, tenths;
    } rows[] = {{5, 0, 0, 0},  {9, 0, 0, 0},  {10, 1, 0, 0}, {19, 1, 0, 0},
                {20, 1, 1, 0}, {49, 1, 1, 0}, {50, 1, 1, 1}, {120, 1, 1, 1}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_release_t release = compute_series(&percent, 1, 0.5, rows[i].count);

        CU_ASSERT_EQUAL(release.verdict, CIV_RELEASE_ALLOWED);
        CU_ASSERT(release.average.is_known);
        CU_ASSERT_EQUAL(release.median.is_known, rows[i].median);
        CU_ASSERT_EQUAL(release.p25.is_known, rows[i].quartiles);
        CU_ASSERT_EQUAL(release.p75.is_known, rows[i].quartiles);
        CU_ASSERT_EQUAL(release.p10.is_known, rows[i].tenths);
        CU_ASSERT_EQUAL(release.p90.is_known, rows[i].tenths);
    }
    CU_ASSERT_EQUAL(civ_release_needed(&percent, 50), 10);
    CU_ASSERT_EQUAL(civ_release_needed(&percent, 25), 20);
    CU_ASSERT_EQUAL(civ_release_needed(&percent, 90), 50);
}

static void contributors_are_rounded_down(void)
{
    civ_release_policy_t three = percent;

    CU_ASSERT_EQUAL(compute_series(&percent, 1, 1, 5).count, 5);
    CU_ASSERT_EQUAL(compute_series(&percent, 1, 1, 9).count, 5);
    CU_ASSERT_EQUAL(compute_series(&percent, 1, 1, 10).count, 10);
    CU_ASSERT_EQUAL(compute_series(&percent, 1, 1, 23).count, 20);
    three.minimum = 3;
    CU_ASSERT_EQUAL(compute_series(&three, 1, 1, 4).count, 3);
    CU_ASSERT_EQUAL(compute_series(&three, 1, 1, 8).count, 6);
    three.minimum = 11;
    CU_ASSERT_EQUAL(compute_series(&three, 1, 1, 14).count, 10);
}

static void declared_bounds_clip(void)
{
    static const double values[] = {70, 70, 70, 70, 1e9};
    static const double below[] = {70, 70, 70, 70, -1e300};
    civ_release_t release = compute(&percent, values, 5);

    CU_ASSERT(is_value(&release.average, 76));
    release = compute(&percent, below, 5);
    CU_ASSERT(is_value(&release.average, 56));
}

static void without_declared_bounds_fences_clip(void)
{
    static const double absurd[] = {70, 71, 72, 73, 1e308};
    static const double normal[] = {10, 20, 30, 40, 50};
    static const double all_absurd[] = {1e308, 1e308, 1e308, 1e308, -1e308};
    civ_release_t release = compute(&undeclared, absurd, 5);

    CU_ASSERT(is_value(&release.average, 73)); /* quartiles 71 and 73: it counts as 79 */
    release = compute(&undeclared, normal, 5);
    CU_ASSERT(is_value(&release.average, 30));
    release = compute(&undeclared, all_absurd, 5);
    CU_ASSERT(is_value(&release.average, CIV_RELEASE_LARGEST));
}

static void rounding_is_half_to_even(void)
{
    static const struct {
        double value, grid, expected;
    } rows[] = {{54.75, 0.5, 55},        {64.25, 0.5, 64},      {-64.25, 0.5, -64}, {-54.75, 0.5, -55},
                {0.25, 0.5, 0},          {-0.0, 1, 0},          {85.44, 0.1, 85.4}, {85.46, 0.1, 85.5},
                {0.1 + 0.2, 0.1, 0.3},   {1234, 100, 1200},     {1250, 100, 1200},  {1350, 100, 1400},
                {1.005, 1, 1},           {-0.2, 1, 0},          {7, 3, 6},          {8, 3, 9},
                {0.12345, 0.001, 0.123}, {123456, 1000, 123000}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double rounded = civ_release_round(rows[i].value, rows[i].grid);

        if (rounded != rows[i].expected)
            test_note("%g on %g: %.17g", rows[i].value, rows[i].grid, rounded);
        CU_ASSERT_EQUAL(rounded, rows[i].expected);
        CU_ASSERT(!signbit(rounded) || rounded < 0);
    }
}

static void without_a_grid_three_digits(void)
{
    static const double tiny[] = {0.000123456, 0.000123456, 0.000123456, 0.000123456, 0.000123456};
    civ_release_t release = compute_series(&undeclared, 85.4321, 0, 5);

    CU_ASSERT(is_value(&release.average, 85.4));
    release = compute_series(&undeclared, 1234567, 0, 5);
    CU_ASSERT(is_value(&release.average, 1230000));
    release = compute_series(&undeclared, -999.6, 0, 5);
    CU_ASSERT(is_value(&release.average, -1000));
    release = compute_series(&undeclared, 0, 0, 5);
    CU_ASSERT(is_value(&release.average, 0));
    release = compute(&undeclared, tiny, 5);
    CU_ASSERT(is_value(&release.average, 0.000123));
    release = compute_series(&undeclared, 1e15, 0, 5);
    CU_ASSERT(is_value(&release.average, 1e15));
}

/* The same contributions in any order give the same bits. */
static void order_does_not_matter(void)
{
    static const civ_release_policy_t fine = {5, 1, -1e15, 1e15, 1e-6};
    double values[MOST], turned[MOST];
    civ_release_t one, other;
    apr_size_t i;

    for (i = 0; i < MOST; i++)
        values[i] = (i % 2 ? 1 : -1) * pow(1.1, (double)i) / 7;
    for (i = 0; i < MOST; i++)
        turned[i] = values[i * 77 % MOST];
    one = compute(&fine, values, MOST);
    other = compute(&fine, turned, MOST);
    CU_ASSERT(memcmp(&one.average.value, &other.average.value, sizeof(double)) == 0);
    CU_ASSERT(memcmp(&one.p90.value, &other.p90.value, sizeof(double)) == 0);
}

/* A naive sum from the left would lose the ones. */
static void sums_lose_nothing(void)
{
    static const civ_release_policy_t wide = {5, 1, -1e15, 1e15, 0.125};
    double values[MOST];
    apr_size_t i;
    civ_release_t release;

    for (i = 0; i < MOST; i++)
        values[i] = 0.25;
    for (i = 0; i < 50; i++) {
        values[i] = -1e15;
        values[50 + i] = 1e15;
    }
    release = compute(&wide, values, MOST);
    CU_ASSERT(is_value(&release.average, 0.125));
}

static void latest_value_of_a_member_counts(void)
{
    civ_contribution_t list[] = {{3, 30, 1}, {1, 99, 5}, {2, 20, 1}, {1, 10, 4}, {3, 31, 2}, {1, 11, 6}};

    CU_ASSERT_EQUAL_FATAL(civ_release_latest(list, 6), 3);
    CU_ASSERT(list[0].member == 1 && list[0].value == 11);
    CU_ASSERT(list[1].member == 2 && list[1].value == 20);
    CU_ASSERT(list[2].member == 3 && list[2].value == 31);
    CU_ASSERT_EQUAL(civ_release_latest(list, 0), 0);
}

static void differences(void)
{
    static const civ_contribution_t left[] = {{1, 10, 0}, {2, 20, 0}, {4, 40, 0}};
    static const civ_contribution_t right[] = {{1, 10, 9}, {2, 21, 9}, {3, 30, 9}, {5, 50, 9}};
    apr_size_t difference;

    CU_ASSERT_EQUAL(civ_release_difference(left, 3, left, 3), 0);
    CU_ASSERT_EQUAL(civ_release_difference(left, 3, right, 4), 4); /* 2 changed, 3 and 5 came, 4 went */
    CU_ASSERT_EQUAL(civ_release_difference(right, 4, left, 3), 4);
    CU_ASSERT_EQUAL(civ_release_difference(left, 0, right, 4), 4);
    for (difference = 0; difference < 8; difference++)
        CU_ASSERT_EQUAL(civ_release_may_follow(&percent, difference), difference == 0 || difference >= 5);
}

/* --- the shared cases --- */

static const civ_json_t *shared_vectors(void)
{
    static const civ_json_limits_t limits = {1 << 20, 16, 100000, 100};
    const char *shared = test_shared_dir();
    const civ_json_t *root = NULL;
    unsigned long length;
    char *text;

    if (!shared) {
        test_note("skipped: no shared data");
        return NULL;
    }
    text = test_read_file(
        apr_pstrcat(test_pool(), shared, "/vectors/federation/benchmark-release.json", NULL), &length);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_FATAL(civ_json_parse(&root, text, length, &limits, NULL, test_pool()) == APR_SUCCESS);
    return root;
}

static apr_size_t read_contributions(const civ_json_t *list, civ_contribution_t *contributions)
{
    apr_size_t i;

    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *pair = &list->as.array.items[i];
        const char *name = pair->as.array.items[0].as.text.text;

        contributions[i].member = strcmp(name, "org-evil") == 0 ? 1000 : strtol(name + 4, NULL, 10);
        contributions[i].value = civ_canonical_read_number(pair->as.array.items[1].as.text.text);
        contributions[i].order = (apr_int64_t)i;
    }
    return list->as.array.count;
}

/* The shared cases average what one member submits; here its latest value counts. This gives each its average as latest. */
static void average_repeated(civ_contribution_t *contributions, apr_size_t count)
{
    apr_size_t i, j;

    for (i = 0; i < count; i++) {
        double sum = 0, times = 0;

        for (j = 0; j < count; j++) {
            if (contributions[j].member == contributions[i].member && contributions[j].order >= 0) {
                sum += contributions[j].value;
                times++;
            }
        }
        for (j = 0; times > 0 && j < count; j++) {
            if (contributions[j].member == contributions[i].member) {
                contributions[j].value = sum / times;
                contributions[j].order = -1;
            }
        }
    }
}

static int is_expected(const civ_statistic_t *statistic, const civ_json_t *expected)
{
    if (expected->type == CIV_JSON_NULL)
        return !statistic->is_known;
    return is_value(statistic, civ_canonical_read_number(expected->as.text.text));
}

static int is_as_shared(const civ_json_t *item, int averaged)
{
    const civ_json_t *expected = civ_json_get(item, "expect");
    civ_contribution_t contributions[MOST];
    double values[MOST];
    apr_size_t i, count = read_contributions(civ_json_get(item, "contributions"), contributions);
    apr_int64_t at_least;
    civ_release_t release;

    if (averaged)
        average_repeated(contributions, count);
    count = civ_release_latest(contributions, count);
    for (i = 0; i < count; i++)
        values[i] = contributions[i].value;
    civ_release_compute(&release, &percent, values, count);
    if (!civ_json_get(expected, "released")->as.boolean)
        return release.verdict == CIV_RELEASE_TOO_FEW;
    civ_json_to_int64(civ_json_get(expected, "contributors_at_least"), &at_least);
    return release.verdict == CIV_RELEASE_ALLOWED && release.count == (apr_size_t)at_least &&
           is_expected(&release.average, civ_json_get(expected, "mean")) &&
           is_expected(&release.p10, civ_json_get(expected, "p10")) &&
           is_expected(&release.p25, civ_json_get(expected, "p25")) &&
           is_expected(&release.median, civ_json_get(expected, "p50")) &&
           is_expected(&release.p75, civ_json_get(expected, "p75")) &&
           is_expected(&release.p90, civ_json_get(expected, "p90"));
}

static void shared_cases(void)
{
    const civ_json_t *root = shared_vectors();
    const civ_json_t *list = root ? civ_json_get(root, "cases") : NULL;
    apr_size_t i;

    CU_ASSERT(!root || list->as.array.count >= 6);
    for (i = 0; root && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];

        int good = is_as_shared(item, 0) && is_as_shared(item, 1);

        if (!good)
            test_note("%s", civ_json_get_text(item, "id"));
        CU_ASSERT(good);
    }
}

static void shared_differencing(void)
{
    const civ_json_t *root = shared_vectors();
    const civ_json_t *list = root ? civ_json_get(civ_json_get(root, "differencing"), "steps") : NULL;
    apr_size_t i;

    CU_ASSERT(!root || list->as.array.count >= 4);
    for (i = 0; root && i < list->as.array.count; i++) {
        const civ_json_t *step = &list->as.array.items[i];
        apr_int64_t changed;

        civ_json_to_int64(civ_json_get(step, "changed_since_last_release"), &changed);
        CU_ASSERT_EQUAL(civ_release_may_follow(&percent, (apr_size_t)changed),
                        civ_json_get(step, "publish")->as.boolean);
    }
}

static const test_case_t cases[] = {
    {"fewer_than_the_minimum_publish_nothing", fewer_than_the_minimum_publish_nothing},
    {"nobody_weighs_more_than_a_quarter", nobody_weighs_more_than_a_quarter},
    {"percentiles_need_so_many_on_either_side", percentiles_need_so_many_on_either_side},
    {"contributors_are_rounded_down", contributors_are_rounded_down},
    {"declared_bounds_clip", declared_bounds_clip},
    {"without_declared_bounds_fences_clip", without_declared_bounds_fences_clip},
    {"rounding_is_half_to_even", rounding_is_half_to_even},
    {"without_a_grid_three_digits", without_a_grid_three_digits},
    {"order_does_not_matter", order_does_not_matter},
    {"sums_lose_nothing", sums_lose_nothing},
    {"latest_value_of_a_member_counts", latest_value_of_a_member_counts},
    {"differences", differences},
    {"shared_cases", shared_cases},
    {"shared_differencing", shared_differencing},
    {NULL, NULL},
};

const test_suite_t federation_benchmark_suite = {"federation_benchmark", NULL, NULL, cases};
