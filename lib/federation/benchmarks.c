/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Contributing to benchmarks, and reading what is published.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/timestamp.h"
#include "federation/benchmarks_private.h"
#include "federation/members_private.h"

#define SALT_SIZE 32

typedef struct contribute_t {
    civ_operation_t *operation;
    const civ_measurement_t *measurements;
    apr_size_t count;
    const civ_member_t *member;
    apr_int64_t epoch;
    apr_int64_t added; /* numbers that did not replace one */
} contribute_t;

/* A request to contribute. */
typedef struct contribution_t {
    civ_operation_t operation; /* first */
    const civ_measurement_t *measurements;
    apr_size_t count;
} contribution_t;

int civ_metric_name_is_valid(const char *name)
{
    apr_size_t length = strlen(name);

    if (length < 1 || length > CIV_METRIC_NAME_LONGEST || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] == '\0';
}

/* The quarter as a number: 4 * year + 0 to 3. */
static apr_int64_t epoch_of(apr_int64_t time, apr_pool_t *pool)
{
    const char *text = civ_benchmark_epoch(time, pool);

    return 4 * apr_atoi64(apr_pstrmemdup(pool, text, 4)) + text[5] - '1';
}

/* --- contributing --- */

/* Find a metric, or make it. */
static apr_status_t find_metric(contribute_t *contribute, civ_change_t *change, const char *name,
                                civ_metric_row_t *metric)
{
    apr_status_t status = civ_metric_row_find(change->db, name, metric, change->pool);

    if (status == APR_NOTFOUND) {
        memset(metric, 0, sizeof(*metric));
        metric->name = name;
        metric->epoch = contribute->epoch;
        metric->rules = metric->statistics = "";
        status = civ_benchmark_next(change, SQL_METRIC_LAST, &metric->number);
        if (status == APR_SUCCESS) {
            const civ_argument_t row[] = {civ_int(metric->number), civ_text(name), civ_int(metric->epoch)};

            status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_METRIC_INSERT], row, 3, NULL);
        }
    }
    if (status == APR_SUCCESS && metric->epoch < contribute->epoch) {
        metric->epoch = contribute->epoch;
        metric->contributors = metric->waiting = 0;
    }
    return status;
}

static apr_status_t add_value(contribute_t *contribute, civ_change_t *change, civ_metric_row_t *metric,
                              const char *value)
{
    apr_int64_t sequence;
    apr_status_t status = civ_benchmark_next(change, SQL_VALUE_LAST, &sequence);

    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(sequence),      civ_int(metric->number),
                                      civ_int(metric->epoch), civ_int(contribute->member->number),
                                      civ_text(value),        civ_int(change->now)};

        status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_VALUE_INSERT], row, 6, NULL);
    }
    metric->contributors++;
    metric->waiting++;
    contribute->added++;
    return status;
}

static apr_status_t store_value(contribute_t *contribute, civ_change_t *change, civ_metric_row_t *metric,
                                const char *value)
{
    const civ_argument_t place[] = {civ_int(metric->number), civ_int(metric->epoch),
                                    civ_int(contribute->member->number)};
    apr_int64_t sequence, settled;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_benchmarks_sql[SQL_VALUE_OF_MEMBER], place, 3, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return add_value(contribute, change, metric, value);
    if (civ_rows_int(rows, 0, &sequence) != APR_SUCCESS || civ_rows_int(rows, 2, &settled) != APR_SUCCESS)
        return CIV_EDATABASE;
    if (strcmp(civ_rows_text(rows, 1), value) == 0)
        return APR_SUCCESS;
    metric->waiting += settled != 0;
    {
        const civ_argument_t row[] = {civ_text(value), civ_int(change->now), civ_int(sequence)};

        return civ_db_execute(change->db, &civ_benchmarks_sql[SQL_VALUE_UPDATE], row, 3, NULL);
    }
}

static apr_status_t contribute_one(contribute_t *contribute, civ_change_t *change,
                                   const civ_measurement_t *measurement)
{
    char value[CIV_CANONICAL_NUMBER_SIZE];
    civ_metric_row_t metric;
    apr_status_t status = civ_canonical_number(value, measurement->value);

    if (status == APR_SUCCESS)
        status = find_metric(contribute, change, measurement->metric, &metric);
    if (status == APR_SUCCESS)
        status = store_value(contribute, change, &metric, value);
    if (status == APR_SUCCESS)
        status = civ_benchmark_release(contribute->operation->federation, change, &metric);
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(metric.epoch), civ_int(metric.contributors),
                                      civ_int(metric.waiting), civ_int(metric.number)};

        status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_METRIC_UPDATE], row, 4, NULL);
    }
    return status;
}

/* What the member contributed, as it said it. */
static const char *write_record(const contribute_t *contribute, const civ_change_t *change)
{
    char time[CIV_TIMESTAMP_SIZE], number[CIV_CANONICAL_NUMBER_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t out;
    apr_size_t i;

    civ_buffer_init(&out, 512, change->pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "created", civ_timestamp_format(time, change->now));
    civ_json_member_text(&writer, "epoch", civ_benchmark_epoch(change->now, change->pool));
    civ_json_name(&writer, "metrics");
    civ_json_begin_object(&writer);
    for (i = 0; i < contribute->count; i++) {
        civ_canonical_number(number, contribute->measurements[i].value);
        civ_json_name(&writer, contribute->measurements[i].metric);
        civ_json_raw(&writer, number, strlen(number));
    }
    civ_json_end_object(&writer);
    civ_json_member_text(&writer, "organization_id", contribute->operation->speaker->organization_id);
    civ_json_end_object(&writer);
    return out.data;
}

/* Numbers can be guessed from a digest of them, so there is salt in the one that the ledger has. */
static apr_status_t store_record(contribute_t *contribute, civ_change_t *change)
{
    const civ_speaker_t *speaker = contribute->operation->speaker;
    const char *record = write_record(contribute, change);
    unsigned char salt[SALT_SIZE];
    char hex[2 * SALT_SIZE + 1];
    civ_digest_t digest;
    apr_int64_t number;
    apr_status_t status = apr_generate_random_bytes(salt, sizeof(salt));

    if (status == APR_SUCCESS)
        status = civ_benchmark_next(change, SQL_CONTRIBUTION_LAST, &number);
    if (status != APR_SUCCESS)
        return status;
    civ_hex_encode(hex, salt, sizeof(salt));
    civ_digest_sha256_two(&digest, salt, sizeof(salt), record, strlen(record));
    {
        const civ_argument_t row[] = {
            civ_int(number),      civ_int(contribute->member->number),
            civ_int(change->now), civ_text(record),
            civ_text(hex),        civ_text(speaker->proof != NULL ? speaker->proof : "")};

        status = civ_db_execute(change->db, &civ_benchmarks_sql[SQL_CONTRIBUTION_INSERT], row, 6, NULL);
    }
    return status == APR_SUCCESS ? civ_record_note(change, "benchmark", "contribute", &digest, NULL) : status;
}

/* However many of them are new: there must be room for all. */
static apr_status_t check_room(const contribute_t *contribute, civ_change_t *change)
{
    apr_int64_t next;
    apr_status_t status = civ_benchmark_next(change, SQL_METRIC_LAST, &next);
    apr_size_t i, unknown = 0;

    if (status != APR_SUCCESS || next + (apr_int64_t)contribute->count <= CIV_METRICS_MOST + 1)
        return status;
    for (i = 0; i < contribute->count; i++) {
        civ_metric_row_t metric;

        status = civ_metric_row_find(change->db, contribute->measurements[i].metric, &metric, change->pool);
        if (status != APR_SUCCESS && status != APR_NOTFOUND)
            return status;
        unknown += status == APR_NOTFOUND;
    }
    if (next + (apr_int64_t)unknown <= CIV_METRICS_MOST + 1)
        return APR_SUCCESS;
    civ_problem_set_at(change->problem, CIV_PROBLEM_CONFLICT, "/metrics", change->pool,
                       "The federation has as many metrics as it may have (%d): use names that exist",
                       CIV_METRICS_MOST);
    return CIV_ECONFLICT;
}

apr_status_t civ_benchmark_check(civ_change_t *change, const civ_measurement_t *measurements,
                                 apr_size_t count)
{
    const contribute_t contribute = {.measurements = measurements, .count = count};

    return check_room(&contribute, change);
}

apr_status_t civ_benchmark_add(civ_operation_t *operation, civ_change_t *change, const civ_member_t *member,
                               const civ_measurement_t *measurements, apr_size_t count)
{
    contribute_t contribute = {.operation = operation,
                               .measurements = measurements,
                               .count = count,
                               .member = member,
                               .epoch = epoch_of(change->now, change->pool)};
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; status == APR_SUCCESS && i < count; i++)
        status = contribute_one(&contribute, change, &measurements[i]);
    if (status == APR_SUCCESS)
        status = store_record(&contribute, change);
    return status == APR_SUCCESS
               ? civ_operation_count(operation, change, CIV_TOTAL_BENCHMARKS, contribute.added)
               : status;
}

static apr_status_t apply_contribution(void *baton, civ_change_t *change)
{
    contribution_t *request = baton;
    civ_member_t member;
    apr_status_t status = civ_member_speaking(request->operation.speaker, change, &member);

    if (status == APR_SUCCESS)
        status = civ_benchmark_check(change, request->measurements, request->count);
    change->answer = "contributed";
    return status == APR_SUCCESS ? civ_benchmark_add(&request->operation, change, &member,
                                                     request->measurements, request->count)
                                 : status;
}

apr_status_t civ_benchmark_contribute(civ_federation_t *federation, const civ_speaker_t *speaker,
                                      const civ_measurement_t *measurements, apr_size_t count,
                                      const civ_idempotency_t *idempotency, civ_problem_t *problem,
                                      apr_pool_t *pool)
{
    contribution_t request = {.operation = {.federation = federation, .speaker = speaker},
                              .measurements = measurements,
                              .count = count};
    civ_change_result_t result;

    return civ_operation_run(&request.operation, apply_contribution, idempotency, &result, problem, pool);
}

/* --- reading --- */

/* What a metric's newest release says under the rules of now. */
static apr_status_t read_statistics(const civ_federation_t *federation, civ_db_t *db,
                                    const civ_metric_row_t *metric, const char **statistics, apr_pool_t *pool)
{
    civ_release_policy_t policy;

    *statistics = NULL;
    civ_benchmark_policy(&policy, federation, metric->name);
    if (metric->release == 0)
        return APR_SUCCESS;
    if (strcmp(metric->rules, civ_benchmark_rules(&policy, pool)) != 0)
        return civ_benchmark_recompute(db, metric, &policy, statistics, pool);
    *statistics = metric->statistics;
    return APR_SUCCESS;
}

apr_status_t civ_benchmark_read(civ_federation_t *federation, const char *name, const char **statistics,
                                const char **error, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *store = federation->config->store;
    civ_release_policy_t policy;
    civ_metric_row_t metric;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    *statistics = NULL;
    civ_benchmark_policy(&policy, federation, name);
    if (status == APR_SUCCESS) {
        status = civ_metric_row_find(db, name, &metric, pool);
        if (status == APR_SUCCESS)
            status = read_statistics(federation, db, &metric, statistics, pool);
        civ_store_release(store, db);
    }
    if (status != APR_SUCCESS && status != APR_NOTFOUND)
        return civ_federation_failed(problem, status, pool);
    *error = apr_psprintf(pool,
                          "Not enough organizations have contributed to this metric: nothing is published of "
                          "fewer than %" APR_SIZE_T_FMT,
                          civ_release_least(&policy));
    return APR_SUCCESS;
}

static apr_status_t fill_page(const civ_federation_t *federation, civ_db_t *db, civ_rows_t *rows, int limit,
                              civ_metric_page_t *page, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    int seen = 0;

    page->names = apr_pcalloc(pool, (apr_size_t)limit * sizeof(*page->names));
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        const char *statistics;
        civ_metric_row_t metric;

        if (seen++ == limit) {
            page->more = 1;
            break;
        }
        status = civ_metric_row_read(&metric, rows, pool);
        if (status == APR_SUCCESS)
            status = read_statistics(federation, db, &metric, &statistics, pool);
        if (status == APR_SUCCESS) {
            page->last = metric.number;
            if (statistics != NULL)
                page->names[page->count++] = metric.name;
        }
    }
    return status;
}

apr_status_t civ_benchmark_names(civ_federation_t *federation, apr_int64_t after, int limit,
                                 civ_metric_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(after), civ_int(limit + 1)};
    civ_store_t *store = federation->config->store;
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    memset(page, 0, sizeof(*page));
    if (status == APR_SUCCESS) {
        status = civ_db_select(db, &civ_benchmarks_sql[SQL_METRICS_PAGE], arguments, 2, &rows, pool);
        if (status == APR_SUCCESS)
            status = fill_page(federation, db, rows, limit, page, pool);
        civ_store_release(store, db);
    }
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}
