/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Thresholds, clipping, percentiles, rounding, and how far two releases lie apart. The order of contributions never matters:
 * what is summed is sorted first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "federation/release.h"

/* Fences of values without declared bounds lie so many interquartile ranges beyond the quartiles (Tukey's outer fences). */
#define FENCE 3

#define SIGNIFICANT_DIGITS 3

/* --- contributors --- */

static int by_member_and_order(const void *left, const void *right)
{
    const civ_contribution_t *one = left, *other = right;

    if (one->member != other->member)
        return one->member > other->member ? 1 : -1;
    return (one->order > other->order) - (one->order < other->order);
}

apr_size_t civ_release_latest(civ_contribution_t *contributions, apr_size_t count)
{
    apr_size_t from, kept = 0;

    if (count > 1)
        qsort(contributions, count, sizeof(*contributions), by_member_and_order);
    for (from = 0; from < count; from++) {
        if (kept > 0 && contributions[kept - 1].member == contributions[from].member)
            kept--;
        contributions[kept++] = contributions[from];
    }
    return kept;
}

apr_size_t civ_release_difference(const civ_contribution_t *left, apr_size_t left_count,
                                  const civ_contribution_t *right, apr_size_t right_count)
{
    apr_size_t i = 0, j = 0, different = 0;

    while (i < left_count && j < right_count) {
        if (left[i].member == right[j].member) {
            different += left[i].value < right[j].value || left[i].value > right[j].value;
            i++;
            j++;
        } else {
            if (left[i].member < right[j].member)
                i++;
            else
                j++;
            different++;
        }
    }
    return different + (left_count - i) + (right_count - j);
}

int civ_release_may_follow(const civ_release_policy_t *policy, apr_size_t difference)
{
    return difference == 0 || difference >= policy->minimum;
}

apr_size_t civ_release_least(const civ_release_policy_t *policy)
{
    return policy->minimum < CIV_RELEASE_SHARE_DIVISOR ? CIV_RELEASE_SHARE_DIVISOR : policy->minimum;
}

/* In whole numbers: count * min(percentile, 100 - percentile) >= 100 * k. */
static unsigned smaller_side(unsigned percentile)
{
    return percentile < 50 ? percentile : 100 - percentile;
}

int civ_release_has_percentile(const civ_release_policy_t *policy, apr_size_t count, unsigned percentile)
{
    return count >= civ_release_needed(policy, percentile);
}

apr_size_t civ_release_needed(const civ_release_policy_t *policy, unsigned percentile)
{
    apr_uint64_t side = smaller_side(percentile);
    apr_size_t needed = (apr_size_t)((100 * (apr_uint64_t)policy->minimum + side - 1) / side);
    apr_size_t least = civ_release_least(policy);

    return needed > least ? needed : least;
}

/* --- values --- */

static int by_value(const void *left, const void *right)
{
    double one = *(const double *)left, other = *(const double *)right;

    return (one > other) - (one < other);
}

/* Linear interpolation between the two nearest of the sorted values (Hyndman and Fan's type 7). */
static double percentile_of(const double *values, apr_size_t count, unsigned percentile)
{
    apr_size_t position = (count - 1) * percentile;
    apr_size_t below = position / 100;
    double between = (double)(position % 100) / 100;

    if (position % 100 == 0)
        return values[below];
    return values[below] + between * (values[below + 1] - values[below]);
}

static void clip(double *values, apr_size_t count, double low, double high)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        if (values[i] < low)
            values[i] = low;
        else if (values[i] > high)
            values[i] = high;
    }
}

/* The values are sorted, and stay so. */
static void bound(const civ_release_policy_t *policy, double *values, apr_size_t count)
{
    double first, third, reach;

    if (policy->is_bounded) {
        clip(values, count, policy->low, policy->high);
        return;
    }
    first = percentile_of(values, count, 25);
    third = percentile_of(values, count, 75);
    reach = FENCE * (third - first);
    clip(values, count, first - reach, third + reach);
}

/* Neumaier's compensated sum. */
static double average_of(const double *values, apr_size_t count)
{
    double sum = 0, lost = 0;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        double next = sum + values[i];

        lost += fabs(sum) >= fabs(values[i]) ? (sum - next) + values[i] : (values[i] - next) + sum;
        sum = next;
    }
    return (sum + lost) / (double)count;
}

/* --- rounding --- */

static double nearest(double value)
{
    double below = floor(value), rest = value - below;

    if (rest < 0.5 || (rest <= 0.5 && fmod(below, 2) == 0)) /* exactly between: to the even one */
        return below;
    return below + 1;
}

double civ_release_round(double value, double grid)
{
    double parts = nearest(1 / grid);
    double rounded;

    /* A grid like 0.1 has no exact double, its reciprocal has: dividing by that gives the double nearest to the decimal. */
    if (grid < 1 && fabs(parts * grid - 1) < 1e-12)
        rounded = nearest(value * parts) / parts;
    else
        rounded = nearest(value / grid) * grid;
    return rounded + 0.0; /* no negative zero */
}

/* The power of ten with which the largest has three digits before the point. */
static double grid_of(const civ_statistic_t *const *statistics, apr_size_t count)
{
    double largest = 0, grid = 1, unit = pow(10, SIGNIFICANT_DIGITS - 1);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        if (statistics[i]->is_known && fabs(statistics[i]->value) > largest)
            largest = fabs(statistics[i]->value);
    }
    while (largest / grid >= 10 * unit)
        grid *= 10;
    if (largest < unit) {
        double parts = 1; /* counted upwards, because powers of ten below 1 are not exact */

        while (largest * parts < unit && parts < 1e22)
            parts *= 10;
        grid = 1 / parts;
    }
    return grid;
}

static void round_all(const civ_release_policy_t *policy, civ_release_t *release)
{
    civ_statistic_t *const statistics[] = {&release->average, &release->median, &release->p10,
                                           &release->p25,     &release->p75,    &release->p90};
    apr_size_t i, count = sizeof(statistics) / sizeof(statistics[0]);
    double grid =
        policy->grid > 0 ? policy->grid : grid_of((const civ_statistic_t *const *)statistics, count);

    for (i = 0; i < count; i++) {
        if (statistics[i]->is_known)
            statistics[i]->value = civ_release_round(statistics[i]->value, grid);
    }
}

/* --- the release --- */

static void add_percentile(const civ_release_policy_t *policy, civ_statistic_t *statistic,
                           const double *values, apr_size_t count, unsigned percentile)
{
    statistic->is_known = civ_release_has_percentile(policy, count, percentile);
    if (statistic->is_known)
        statistic->value = percentile_of(values, count, percentile);
}

static civ_release_verdict_e verdict_on(const civ_release_policy_t *policy, apr_size_t count)
{
    if (count < policy->minimum)
        return CIV_RELEASE_TOO_FEW;
    return count < CIV_RELEASE_SHARE_DIVISOR ? CIV_RELEASE_DOMINATED : CIV_RELEASE_ALLOWED;
}

void civ_release_compute(civ_release_t *release, const civ_release_policy_t *policy, double *values,
                         apr_size_t count)
{
    apr_size_t step = policy->minimum < CIV_RELEASE_COUNT_STEP ? policy->minimum : CIV_RELEASE_COUNT_STEP;

    memset(release, 0, sizeof(*release));
    release->verdict = verdict_on(policy, count);
    if (release->verdict != CIV_RELEASE_ALLOWED)
        return;
    clip(values, count, -CIV_RELEASE_LARGEST, CIV_RELEASE_LARGEST);
    qsort(values, count, sizeof(*values), by_value);
    bound(policy, values, count);
    release->count = count / step * step;
    release->average.is_known = 1;
    release->average.value = average_of(values, count);
    add_percentile(policy, &release->median, values, count, 50);
    add_percentile(policy, &release->p10, values, count, 10);
    add_percentile(policy, &release->p25, values, count, 25);
    add_percentile(policy, &release->p75, values, count, 75);
    add_percentile(policy, &release->p90, values, count, 90);
    round_all(policy, release);
}
