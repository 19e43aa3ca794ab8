/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "metrics.h"

#include "version.h"

#include <apr_time.h>

#include <assert.h>

/* Counters of the face: per route (and one for all that is no route) one for each class of status, then the
 * histogram of durations: one per bucket, and the sum. */
#define CLASS_COUNT 4 /* 2xx to 5xx */
#define FIRST_CLASS 2

static const struct {
    apr_interval_time_t most; /* microseconds, inclusive */
    const char *label;        /* the same in seconds */
} buckets[] = {
    {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"},
    {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"},
    {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
    {1000000, "1"},   {2500000, "2.5"}, {10000000, "10"}, {APR_INT64_MAX, "+Inf"},
};

#define BUCKET_COUNT  (sizeof(buckets) / sizeof(buckets[0]))
#define FIRST_ROUTE   CIV_NODE_COUNTER_COUNT
#define FIRST_BUCKET  (FIRST_ROUTE + (CIV_ROUTE_MAX + 1) * CLASS_COUNT)
#define DURATION_SUM  (FIRST_BUCKET + BUCKET_COUNT)
#define COUNTERS_USED (DURATION_SUM + 1)

static_assert(COUNTERS_USED <= CIV_STATE_COUNTERS, "the hot state has too few counters");

/* Counters that the node keeps, and what they are called. */
static const struct {
    unsigned counter;
    const char *name;
    const char *help;
    int is_time; /* kept in microseconds, told in seconds */
} node_counters[] = {
    {CIV_NODE_BATCHES, "civarcos_batches_total", "Transactions committed.", 0},
    {CIV_NODE_BATCHES_FAILED, "civarcos_batches_failed_total", "Transactions given up.", 0},
    {CIV_NODE_BATCH_REQUESTS, "civarcos_batch_requests_total", "Requests that went through a transaction.",
     0},
    {CIV_NODE_BATCH_BLOCKS, "civarcos_blocks_sealed_total", "Blocks sealed by this server.", 0},
    {CIV_NODE_BATCH_MICROSECONDS, "civarcos_batch_seconds_total", "Time spent in transactions.", 1},
    {CIV_NODE_HOT_HITS, "civarcos_hot_hits_total", "Blocks answered from shared memory.", 0},
    {CIV_NODE_HOT_MISSES, "civarcos_hot_misses_total", "Blocks read from the database.", 0},
    {CIV_NODE_REFRESHES, "civarcos_refreshes_total", "Times the progress of another writer was taken over.",
     0},
    {CIV_NODE_VALIDATIONS, "civarcos_validations_total", "Validations run.", 0},
    {CIV_NODE_FAULTS, "civarcos_faults_total", "Faults that validations found.", 0},
    {CIV_NODE_VOTES, "civarcos_votes_total", "Votes on blocks that were counted.", 0},
    {CIV_NODE_EQUIVOCATIONS, "civarcos_equivocations_total", "Votes refused because the contrary was signed.",
     0},
    {CIV_NODE_WEBHOOKS_QUEUED, "civarcos_webhooks_queued_total",
     "Deliveries of platforms that woke a synchronisation.", 0},
    {CIV_NODE_WEBHOOKS_REPEATED, "civarcos_webhooks_repeated_total", "Deliveries that had come before.", 0},
    {CIV_NODE_WEBHOOKS_IGNORED, "civarcos_webhooks_ignored_total",
     "Deliveries of unknown projects, or of events that bring nothing.", 0},
    {CIV_NODE_WEBHOOKS_REFUSED, "civarcos_webhooks_refused_total", "Deliveries that were not proven.", 0},
};

static unsigned route_counter(const civ_route_t *route, int class)
{
    int index = route ? (int)(route - civ_routes) : CIV_ROUTE_MAX;

    return (unsigned)(FIRST_ROUTE + index * CLASS_COUNT + class - FIRST_CLASS);
}

void civ_metrics_count(const civ_call_t *call, int status)
{
    civ_state_node_t *hot = call->slot ? call->slot->hot : NULL;
    apr_interval_time_t took = apr_time_now() - call->r->request_time;
    int class = status / 100;
    unsigned bucket = 0;

    if (!hot || class < FIRST_CLASS || class >= FIRST_CLASS + CLASS_COUNT) {
        return;
    }
    while (took > buckets[bucket].most) {
        bucket++;
    }
    if (call->signature_judged) {
        civ_state_counter_add(hot, CIV_NODE_SIGNATURES + (unsigned)call->signature_label, 1);
    }
    civ_state_counter_add(hot, route_counter(call->route, class), 1);
    civ_state_counter_add(hot, (unsigned)FIRST_BUCKET + bucket, 1);
    civ_state_counter_add(hot, (unsigned)DURATION_SUM, took > 0 ? took : 0);
}

void civ_metrics_write_head(civ_buffer_t *out, const char *name, const char *type, const char *help)
{
    civ_buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Microseconds as seconds, in whatever locale. */
static void write_seconds(civ_buffer_t *out, const char *name, apr_int64_t microseconds)
{
    civ_buffer_append_format(out, "%s %" APR_INT64_T_FMT ".%06d\n", name, microseconds / APR_USEC_PER_SEC,
                             (int)(microseconds % APR_USEC_PER_SEC));
}

static void write_number(civ_buffer_t *out, const char *name, apr_int64_t value)
{
    civ_buffer_append_format(out, "%s %" APR_INT64_T_FMT "\n", name, value);
}

static void write_route(civ_buffer_t *out, civ_state_node_t *hot, const civ_route_t *route)
{
    int class;

    for (class = FIRST_CLASS; class < FIRST_CLASS + CLASS_COUNT; class ++) {
        civ_buffer_append_format(out,
                                 "civarcos_requests_total{method=\"%s\",route=\"%s\",status=\"%dxx\"} "
                                 "%" APR_INT64_T_FMT "\n",
                                 route ? civ_route_method(route) : "other", route ? route->template : "other",
                                 class, civ_state_counter(hot, route_counter(route, class)));
    }
}

static void write_requests(civ_buffer_t *out, civ_state_node_t *hot)
{
    int i;

    civ_metrics_write_head(out, "civarcos_requests_total", "counter",
                           "Requests answered, by route and class of status.");
    for (i = 0; i < civ_route_count; i++) {
        write_route(out, hot, &civ_routes[i]);
    }
    write_route(out, hot, NULL);
}

static void write_durations(civ_buffer_t *out, civ_state_node_t *hot)
{
    apr_int64_t total = 0;
    unsigned i;

    civ_metrics_write_head(out, "civarcos_request_duration_seconds", "histogram",
                           "From the first byte of a request to the answer's end.");
    for (i = 0; i < BUCKET_COUNT; i++) {
        total += civ_state_counter(hot, (unsigned)FIRST_BUCKET + i);
        civ_buffer_append_format(out,
                                 "civarcos_request_duration_seconds_bucket{le=\"%s\"} %" APR_INT64_T_FMT "\n",
                                 buckets[i].label, total);
    }
    write_seconds(out, "civarcos_request_duration_seconds_sum",
                  civ_state_counter(hot, (unsigned)DURATION_SUM));
    write_number(out, "civarcos_request_duration_seconds_count", total);
}

static void write_node_counters(civ_buffer_t *out, civ_state_node_t *hot)
{
    apr_size_t i;

    for (i = 0; i < sizeof(node_counters) / sizeof(node_counters[0]); i++) {
        apr_int64_t value = civ_state_counter(hot, node_counters[i].counter);

        civ_metrics_write_head(out, node_counters[i].name, "counter", node_counters[i].help);
        if (node_counters[i].is_time) {
            write_seconds(out, node_counters[i].name, value);
        } else {
            write_number(out, node_counters[i].name, value);
        }
    }
}

static void write_gauge(civ_buffer_t *out, const char *name, const char *help, apr_int64_t value)
{
    civ_metrics_write_head(out, name, "gauge", help);
    write_number(out, name, value);
}

static void write_gauges(civ_buffer_t *out, const civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    civ_state_head_t head;

    write_gauge(out, "civarcos_read_only", "1 while writing is off.",
                civ_state_read_only(call->slot->hot, pool) != NULL);
    /* Only what shared memory knows: none of these waits for the database. */
    if (civ_state_head_read(call->slot->hot, &head) != APR_SUCCESS) {
        return;
    }
    write_gauge(out, "civarcos_head_height", "Index of the newest block.", (apr_int64_t)head.height);
    write_gauge(out, "civarcos_entries", "Sealed entries.", (apr_int64_t)head.leaf_count);
    write_gauge(out, "civarcos_pending", "Entries that wait to be sealed.", (apr_int64_t)head.pending);
    write_gauge(out, "civarcos_difficulty_bits", "Leading zero bits that the next block needs.",
                (apr_int64_t)head.difficulty);
    write_gauge(out, "civarcos_validators", "Validators registered now.", (apr_int64_t)head.validators);
    write_gauge(out, "civarcos_generation", "Grows with every committed change.", head.generation);
    /* As old as the head, and not true before there is one. */
    civ_metrics_write_federation(out, call);
}

void civ_metrics_write(civ_buffer_t *out, const civ_call_t *call)
{
    civ_metrics_write_head(out, "civarcos_info", "gauge", "Always 1; the label tells the version.");
    civ_buffer_append_format(out, "civarcos_info{version=\"%s\"} 1\n", civ_version());
    if (call->slot && call->slot->hot) {
        write_requests(out, call->slot->hot);
        write_durations(out, call->slot->hot);
        write_node_counters(out, call->slot->hot);
        civ_metrics_write_signatures(out, call);
        write_gauges(out, call);
    }
    if (call->slot) {
        civ_metrics_write_sync(out, call);
    }
}
