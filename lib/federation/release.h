/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file release.h
 * When statistics over the members' numbers may be published, and which: pure arithmetic over contributions. The rules keep a
 * reader from learning one member's number: so many contributors, none of too much weight, percentiles only where enough lie
 * on either side, no extremes, a coarse grid, and no second publication that differs from an earlier one by a few members.
 */
#ifndef CIV_FEDERATION_RELEASE_H
#define CIV_FEDERATION_RELEASE_H

#include <apr.h>

/** Contributions beyond this in magnitude count as this: sums stay exact enough, and nothing overflows. */
#define CIV_RELEASE_LARGEST 1e15

/** The published number of contributors is a multiple of this, or of the minimum where that is smaller. */
#define CIV_RELEASE_COUNT_STEP 5

/** One member may hold this part of all the weight in a statistic: a quarter. As each has one value, that is four members. */
#define CIV_RELEASE_SHARE_DIVISOR 4

/** One member's number. */
typedef struct civ_contribution_t {
    apr_int64_t member; /**< the member's number, never published */
    double value;       /**< finite */
    apr_int64_t order;  /**< of two by one member, the one with the higher order counts */
} civ_contribution_t;

typedef struct civ_release_policy_t {
    apr_uint32_t
        minimum; /**< k, at least 1: contributors needed, on either side of a percentile too, and changed since a release */
    int is_bounded; /**< whether low and high were declared; else the fences of the values themselves bound them */
    double low, high; /**< a value beyond one of them counts as that bound */
    double grid;      /**< results are multiples of it; 0: three significant digits of the largest result */
} civ_release_policy_t;

typedef enum civ_release_verdict_e {
    CIV_RELEASE_ALLOWED,
    CIV_RELEASE_TOO_FEW,  /**< fewer than the minimum */
    CIV_RELEASE_DOMINATED /**< so few that one of them weighs more than a quarter */
} civ_release_verdict_e;

typedef struct civ_statistic_t {
    int is_known; /**< 0: too few contributors lie on one side of it */
    double value;
} civ_statistic_t;

/** What may be published. */
typedef struct civ_release_t {
    civ_release_verdict_e verdict; /**< the rest is empty unless it is CIV_RELEASE_ALLOWED */
    apr_size_t count;              /**< contributors, rounded down */
    civ_statistic_t average, median, p10, p25, p75, p90;
} civ_release_t;

/**
 * Leave one contribution for each member, the latest, and sort them by member.
 * @return how many are left
 */
apr_size_t civ_release_latest(civ_contribution_t *contributions, apr_size_t count);

/**
 * Compute the statistics, where they may be published.
 * @param values one finite number for each member; sorted and clipped in place
 */
void civ_release_compute(civ_release_t *release, const civ_release_policy_t *policy, double *values,
                         apr_size_t count);

/**
 * By how many members two lists (each sorted by member, one contribution each) differ: those who are in one of them only, and
 * those with another number.
 */
apr_size_t civ_release_difference(const civ_contribution_t *left, apr_size_t left_count,
                                  const civ_contribution_t *right, apr_size_t right_count);

/** Whether a release may stand beside an earlier one from which it differs by so many members: none, or enough to hide in. */
int civ_release_may_follow(const civ_release_policy_t *policy, apr_size_t difference);

/** Whether the percentile (1 to 99) has at least the minimum of so many contributors on either side. */
int civ_release_has_percentile(const civ_release_policy_t *policy, apr_size_t count, unsigned percentile);

/** How many contributors publish a percentile (1 to 99) at all. */
apr_size_t civ_release_needed(const civ_release_policy_t *policy, unsigned percentile);

/** How many contributors there must be for anything to be published: the minimum, and never so few that one of them would
 *  weigh more than a quarter. */
apr_size_t civ_release_least(const civ_release_policy_t *policy);

/** Round to the nearest multiple of @a grid (> 0), of two equally near ones to the even one. */
double civ_release_round(double value, double grid);

#endif
