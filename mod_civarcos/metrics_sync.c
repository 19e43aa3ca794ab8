/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What there is to measure of the synchronisation. It is in the database and not in shared memory, since jobs are done by processes of
 * any number of hosts. All that is read are a few small tables; what the timeline holds is kept there as totals.
 */
#include "metrics.h"

#include "sync/catalogue.h"
#include "sync/overview.h"
#include "sync/runner.h"

#include <stddef.h>
#include <string.h>

/* Of each platform. Those of one name stand one behind the other; the first has the help. */
static const struct {
    const char *name;
    const char *help;
    const char *labels; /* behind the platform's */
    size_t offset;      /* in civ_overview_t */
    int is_instant;     /* milliseconds; told in seconds, and not at all where it is 0 */
} gauges[] = {
    {"civarcos_sync_jobs", "Jobs that wait or are in a worker's hands.", ",state=\"waiting\"",
     offsetof(civ_overview_t, waiting), 0},
    {"civarcos_sync_jobs", NULL, ",state=\"running\"", offsetof(civ_overview_t, running), 0},
    {"civarcos_sync_items", "Items in the timeline.", "", offsetof(civ_overview_t, items), 0},
    {"civarcos_sync_versions", "Versions of items in the timeline.", "", offsetof(civ_overview_t, versions),
     0},
    {"civarcos_sync_last_success_timestamp_seconds", "When a project was read last.", "",
     offsetof(civ_overview_t, row) + offsetof(civ_connector_row_t, synced), 1},
    {"civarcos_sync_next_attempt_timestamp_seconds", "When something is to be done next.", "",
     offsetof(civ_overview_t, next), 1},
};

static void write_instant(civ_buffer_t *out, apr_int64_t milliseconds)
{
    civ_buffer_append_format(out, " %" APR_INT64_T_FMT ".%03d\n", milliseconds / 1000,
                             (int)(milliseconds % 1000));
}

static void write_platforms(civ_buffer_t *out, const civ_overview_t *all)
{
    size_t i;
    int j;

    for (i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        if (gauges[i].help) {
            civ_metrics_write_head(out, gauges[i].name, "gauge", gauges[i].help);
        }
        for (j = 0; j < civ_platform_count; j++) {
            apr_int64_t value = *(const apr_int64_t *)((const char *)&all[j] + gauges[i].offset);

            if (gauges[i].is_instant && value <= 0) {
                continue;
            }
            civ_buffer_append_format(out, "%s{platform=\"%s\"%s}", gauges[i].name, all[j].platform,
                                     gauges[i].labels);
            if (gauges[i].is_instant) {
                write_instant(out, value);
            } else {
                civ_buffer_append_format(out, " %" APR_INT64_T_FMT "\n", value);
            }
        }
    }
}

static void write_states(civ_buffer_t *out, const civ_overview_t *all)
{
    const char *const *state;
    int i;

    civ_metrics_write_head(out, "civarcos_sync_connector_state", "gauge",
                           "1 for the state that the platform's connector is in, 0 for the others.");
    for (i = 0; i < civ_platform_count; i++) {
        for (state = civ_connector_states; *state; state++) {
            civ_buffer_append_format(out, "civarcos_sync_connector_state{platform=\"%s\",state=\"%s\"} %d\n",
                                     all[i].platform, *state, strcmp(all[i].state, *state) == 0);
        }
    }
}

static void write_worker(civ_buffer_t *out, apr_int64_t seen)
{
    civ_metrics_write_head(out, "civarcos_worker_up", "gauge",
                           "1 while any worker of this database gives signs of life.");
    civ_buffer_append_format(out, "civarcos_worker_up %d\n",
                             seen > apr_time_as_msec(apr_time_now()) - CIV_WORKER_SILENCE);
    if (seen > 0) {
        civ_metrics_write_head(out, "civarcos_worker_last_seen_timestamp_seconds", "gauge",
                               "When a worker has given its last sign of life.");
        civ_buffer_append_text(out, "civarcos_worker_last_seen_timestamp_seconds");
        write_instant(out, seen);
    }
}

void civ_metrics_write_sync(civ_buffer_t *out, const civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    civ_overview_t *all = apr_palloc(pool, (apr_size_t)civ_platform_count * sizeof(*all));
    apr_int64_t seen = 0;
    int is_readable = call->node && civ_overview(civ_node_engine(call->node), all, pool) == APR_SUCCESS &&
                      civ_workers_seen(civ_node_engine(call->node), &seen, pool) == APR_SUCCESS;

    civ_metrics_write_head(out, "civarcos_sync_readable", "gauge",
                           "0 where the database could not be read: what is in it is not told.");
    civ_buffer_append_format(out, "civarcos_sync_readable %d\n", is_readable != 0);
    if (is_readable) {
        write_platforms(out, all);
        write_states(out, all);
        write_worker(out, seen);
    }
}
