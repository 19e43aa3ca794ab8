/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Publications: what they are made of, whether one may stand beside the earlier ones, and what it says.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/timestamp.h"
#include "federation/metrics.h"
#include "federation/benchmarks_private.h"
#include "federation/pseudonym.h"

/* Members that a statistic can be made of. */
#define CONTRIBUTORS_MOST 1000000

/* A publication is made anew when this part of the contributors may differ from the last one, however small the minimum is. */
#define STALE_PART 20

/* Bytes of a contribution as a publication keeps it: member and value, most significant first. */
#define PACKED_SIZE 16

typedef struct contributions_t {
    civ_contribution_t *items; /* sorted by member */
    apr_size_t count;
} contributions_t;

/* When a publication was made, and of which quarter. */
typedef struct occasion_t {
    apr_int64_t epoch, made;
} occasion_t;

void civ_benchmark_policy(civ_release_policy_t *policy, const civ_federation_t *federation,
                          const char *metric)
{
    const apr_array_header_t *list = federation->config->metric_bounds;
    const civ_metric_t *known = civ_metric_find(metric);
    int i;

    memset(policy, 0, sizeof(*policy));
    policy->minimum = federation->config->min_contributors;
    if (known != NULL) {
        policy->is_bounded = 1;
        policy->low = known->lower;
        policy->high = known->upper;
        policy->grid = known->grid;
    }
    for (i = 0; list != NULL && i < list->nelts; i++) {
        const civ_metric_bounds_t *bounds = &APR_ARRAY_IDX(list, i, civ_metric_bounds_t);

        if (strcmp(bounds->metric, metric) == 0) {
            policy->is_bounded = 1;
            policy->low = bounds->low;
            policy->high = bounds->high;
            policy->grid = bounds->grid;
        }
    }
}

const char *civ_benchmark_rules(const civ_release_policy_t *policy, apr_pool_t *pool)
{
    char low[CIV_CANONICAL_NUMBER_SIZE], high[CIV_CANONICAL_NUMBER_SIZE], grid[CIV_CANONICAL_NUMBER_SIZE];

    if (!policy->is_bounded)
        return apr_psprintf(pool, "%u", policy->minimum);
    if (civ_canonical_number(low, policy->low) != APR_SUCCESS ||
        civ_canonical_number(high, policy->high) != APR_SUCCESS ||
        civ_canonical_number(grid, policy->grid) != APR_SUCCESS)
        return "";
    return apr_psprintf(pool, "%u %s %s %s", policy->minimum, low, high, grid);
}

const char *civ_benchmark_epoch(apr_int64_t time, apr_pool_t *pool)
{
    char text[CIV_EPOCH_SIZE];

    return apr_pstrdup(pool, civ_epoch_of(text, time));
}

/* --- what a publication is made of --- */

static void pack(unsigned char *out, apr_uint64_t word)
{
    int i;

    for (i = 7; i >= 0; i--, word >>= 8)
        out[i] = (unsigned char)(word & 0xff);
}

static apr_uint64_t unpack(const unsigned char *in)
{
    apr_uint64_t word = 0;
    int i;

    for (i = 0; i < 8; i++)
        word = word << 8 | in[i];
    return word;
}

static const char *pack_all(const contributions_t *list, apr_pool_t *pool)
{
    unsigned char *bytes = apr_palloc(pool, list->count * PACKED_SIZE + 1);
    apr_size_t i;

    for (i = 0; i < list->count; i++) {
        apr_uint64_t bits;

        memcpy(&bits, &list->items[i].value, sizeof(bits));
        pack(bytes + i * PACKED_SIZE, (apr_uint64_t)list->items[i].member);
        pack(bytes + i * PACKED_SIZE + 8, bits);
    }
    return civ_base64_encode(bytes, list->count * PACKED_SIZE, pool);
}

static apr_status_t unpack_all(contributions_t *list, const char *text, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length, i;

    if (civ_base64_decode(&bytes, &length, text, pool) != APR_SUCCESS || length % PACKED_SIZE != 0)
        return CIV_EDATABASE;
    list->count = length / PACKED_SIZE;
    list->items = apr_pcalloc(pool, (list->count + 1) * sizeof(*list->items));
    for (i = 0; i < list->count; i++) {
        apr_uint64_t bits = unpack(bytes + i * PACKED_SIZE + 8);

        list->items[i].member = (apr_int64_t)unpack(bytes + i * PACKED_SIZE);
        memcpy(&list->items[i].value, &bits, sizeof(bits));
    }
    return APR_SUCCESS;
}

static apr_status_t read_current(contributions_t *list, civ_db_t *db, const civ_metric_row_t *metric,
                                 apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(metric->number), civ_int(metric->epoch),
                                        civ_int(CONTRIBUTORS_MOST)};
    apr_size_t room = (apr_size_t)metric->contributors;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(db, &civ_benchmarks_sql[SQL_VALUES_OF_EPOCH], arguments, 3, &rows, pool);

    list->items = apr_pcalloc(pool, (room + 1) * sizeof(*list->items));
    list->count = 0;
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_contribution_t *item = &list->items[list->count];

        if (list->count == room || civ_rows_int(rows, 0, &item->member) != APR_SUCCESS)
            return CIV_EDATABASE;
        item->value = civ_canonical_read_number(civ_rows_text(rows, 1));
        list->count++;
    }
    return status;
}

/* --- what it says --- */

static void write_number(civ_json_writer_t *writer, const char *name, double value)
{
    char text[CIV_CANONICAL_NUMBER_SIZE];

    civ_json_name(writer, name);
    if (civ_canonical_number(text, value) == APR_SUCCESS)
        civ_json_raw(writer, text, strlen(text));
    else
        civ_json_null(writer);
}

static void write_statistic(civ_json_writer_t *writer, const char *name, const civ_statistic_t *statistic)
{
    if (statistic->is_known) {
        write_number(writer, name, statistic->value);
    } else {
        civ_json_name(writer, name);
        civ_json_null(writer);
    }
}

/* Statistics and the percentiles they are; 0 for what is none. */
typedef struct named_t {
    const char *name;
    const civ_statistic_t *statistic;
    unsigned percentile;
} named_t;

static void write_withheld(civ_json_writer_t *writer, const named_t *named, apr_size_t count,
                           const civ_release_policy_t *policy, apr_pool_t *pool)
{
    static const char one[] = "it is the number of one organization";
    apr_size_t i;

    civ_json_name(writer, "withheld");
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "min", one);
    civ_json_member_text(writer, "max", one);
    for (i = 0; i < count; i++) {
        if (!named[i].statistic->is_known)
            civ_json_member_text(writer, named[i].name,
                                 apr_psprintf(pool, "it takes at least %" APR_SIZE_T_FMT " organizations",
                                              civ_release_needed(policy, named[i].percentile)));
    }
    civ_json_end_object(writer);
}

static const char *write_statistics(const civ_metric_row_t *metric, const civ_release_policy_t *policy,
                                    const civ_release_t *release, const occasion_t *occasion,
                                    apr_pool_t *pool)
{
    const named_t named[] = {{"avg", &release->average, 0}, {"median", &release->median, 50},
                             {"p10", &release->p10, 10},    {"p25", &release->p25, 25},
                             {"p75", &release->p75, 75},    {"p90", &release->p90, 90}};
    apr_size_t i, count = sizeof(named) / sizeof(named[0]);
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 512, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "metric", metric->name);
    civ_json_member_uint(&writer, "count", release->count);
    civ_json_name(&writer, "min");
    civ_json_null(&writer);
    civ_json_name(&writer, "max");
    civ_json_null(&writer);
    for (i = 0; i < count; i++)
        write_statistic(&writer, named[i].name, named[i].statistic);
    civ_json_member_text(&writer, "epoch",
                         apr_psprintf(pool,
                                      "%d"
                                      "Q%d",
                                      (int)(occasion->epoch / 4), (int)(occasion->epoch % 4) + 1));
    civ_json_member_text(&writer, "released_at", civ_timestamp_format(time, occasion->made));
    civ_json_member_uint(&writer, "minimum", civ_release_least(policy));
    write_withheld(&writer, named, count, policy, pool);
    civ_json_end_object(&writer);
    return out.data;
}

static const char *compute(const civ_metric_row_t *metric, const civ_release_policy_t *policy,
                           const contributions_t *list, const occasion_t *occasion, apr_pool_t *pool)
{
    double *values = apr_palloc(pool, (list->count + 1) * sizeof(*values));
    civ_release_t release;
    apr_size_t i;

    for (i = 0; i < list->count; i++)
        values[i] = list->items[i].value;
    civ_release_compute(&release, policy, values, list->count);
    if (release.verdict != CIV_RELEASE_ALLOWED)
        return NULL;
    return write_statistics(metric, policy, &release, occasion, pool);
}

apr_status_t civ_benchmark_recompute(civ_db_t *db, const civ_metric_row_t *metric,
                                     const civ_release_policy_t *policy, const char **statistics,
                                     apr_pool_t *pool)
{
    const civ_argument_t argument = civ_int(metric->release);
    contributions_t list;
    occasion_t occasion;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(db, &civ_benchmarks_sql[SQL_RELEASE_BY_NUMBER], &argument, 1, &rows, pool);

    *statistics = NULL;
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS ||
        unpack_all(&list, civ_rows_text(rows, 0), pool) != APR_SUCCESS ||
        civ_rows_int(rows, 1, &occasion.epoch) != APR_SUCCESS ||
        civ_rows_int(rows, 2, &occasion.made) != APR_SUCCESS)
        return CIV_EDATABASE;
    *statistics = compute(metric, policy, &list, &occasion, pool);
    return APR_SUCCESS;
}

/* --- publishing --- */

/* Whether it may stand beside each of the earlier publications, and whether it is that of them which is the newest. */
static apr_status_t compare(civ_db_t *db, const civ_metric_row_t *metric, const civ_release_policy_t *policy,
                            const contributions_t *list, int *may, int *is_same, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(metric->number), civ_int(CIV_RELEASES_COMPARED)};
    civ_rows_t *rows;
    int is_newest = 1;
    apr_status_t status = civ_db_select(db, &civ_benchmarks_sql[SQL_RELEASES_OF], arguments, 2, &rows, pool);

    *may = 1;
    *is_same = 0;
    while (status == APR_SUCCESS && *may && civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t epoch;
        apr_size_t difference;
        contributions_t earlier;

        if (civ_rows_int(rows, 1, &epoch) != APR_SUCCESS)
            return CIV_EDATABASE;
        status = unpack_all(&earlier, civ_rows_text(rows, 0), pool);
        if (status != APR_SUCCESS)
            break;
        difference = civ_release_difference(earlier.items, earlier.count, list->items, list->count);
        *may = *may && civ_release_may_follow(policy, difference);
        *is_same = *is_same || (is_newest && difference == 0 && epoch == metric->epoch);
        is_newest = 0;
    }
    return status;
}

static apr_status_t note(civ_change_t *change, const char *statistics)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, statistics, strlen(statistics));
    return civ_record_note(change, "benchmark", "release", &digest, NULL);
}

static apr_status_t store(civ_change_t *change, civ_metric_row_t *metric, const contributions_t *list)
{
    const civ_argument_t settled[] = {civ_int(metric->number), civ_int(metric->epoch)};
    apr_status_t status = civ_benchmark_next(change, SQL_RELEASE_LAST, &metric->release);

    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(metric->release),     civ_int(metric->number),
                                      civ_int(metric->epoch),       civ_int(change->now),
                                      civ_text(metric->statistics), civ_text(pack_all(list, change->pool))};
        const civ_argument_t newest[] = {civ_int(metric->release), civ_text(metric->rules),
                                         civ_text(metric->statistics), civ_int(metric->number)};

        status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_RELEASE_INSERT], row, 6, NULL);
        if (status == APR_SUCCESS)
            status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_METRIC_RELEASED], newest, 4, NULL);
    }
    if (status == APR_SUCCESS)
        status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_VALUES_SETTLE], settled, 2, NULL);
    metric->waiting = 0;
    return status == APR_SUCCESS ? note(change, metric->statistics) : status;
}

apr_status_t civ_benchmark_release(const civ_federation_t *federation, civ_change_t *change,
                                   civ_metric_row_t *metric)
{
    const occasion_t occasion = {metric->epoch, change->now};
    civ_release_policy_t policy;
    contributions_t list;
    const char *statistics;
    int may, is_same;
    apr_status_t status;

    civ_benchmark_policy(&policy, federation, metric->name);
    /* Too few, or too few that differ: no need to look. Of many, so many that looking costs little for each of them. */
    if ((apr_size_t)metric->contributors < civ_release_least(&policy) ||
        (metric->release > 0 &&
         (metric->waiting < policy.minimum || metric->waiting < metric->contributors / STALE_PART)))
        return APR_SUCCESS;
    status = read_current(&list, change->db, metric, change->pool);
    if (status == APR_SUCCESS)
        status = compare(change->db, metric, &policy, &list, &may, &is_same, change->pool);
    if (status != APR_SUCCESS || !may || is_same)
        return status;
    statistics = compute(metric, &policy, &list, &occasion, change->pool);
    if (statistics == NULL)
        return APR_SUCCESS;
    metric->statistics = statistics;
    metric->rules = civ_benchmark_rules(&policy, change->pool);
    return store(change, metric, &list);
}
