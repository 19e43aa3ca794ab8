/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl sync-once: one project, or all that have a schedule, now.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/timestamp.h"
#include "options.h"
#include "sync/catalogue.h"
#include "sync/connectors.h"
#include "sync/schedules.h"
#include "sync_job.h"
#include "sync_target.h"

/** Schedules that are read at once. */
#define SOME 100

/** What is asked for. */
typedef struct wish_t {
    const civ_platform_t *platform; /**< NULL: all */
    const char *project_id;         /**< NULL: all that have a schedule */
    apr_int64_t since;
} wish_t;

static ctl_exit_e read_since(wish_t *wish, ctl_t *ctl)
{
    const char *text = ctl->options->since;

    if (text == NULL)
        return CTL_DONE;
    if (civ_timestamp_parse(&wish->since, text) != APR_SUCCESS || wish->since > civ_timestamp_now()) {
        ctl_complain("--since takes a date or a time of RFC 3339 that is not in the future, not \"%s\"",
                     text);
        return CTL_USAGE;
    }
    wish->since = wish->since > 0 ? wish->since : 1;
    return CTL_DONE;
}

static ctl_exit_e read_wish(wish_t *wish, ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    civ_problem_t problem;

    memset(wish, 0, sizeof(*wish));
    memset(&problem, 0, sizeof(problem));
    wish->project_id = options->project;
    if (options->platform != NULL) {
        wish->platform = civ_platform_find(options->platform);
        if (wish->platform == NULL) {
            ctl_complain("there is no platform \"%s\": it is one of %s", options->platform,
                         civ_platform_names(ctl->pool));
            return CTL_USAGE;
        }
    }
    if (options->project != NULL && wish->platform == NULL) {
        ctl_complain("of which platform is the project \"%s\"? Give --platform NAME", options->project);
        return CTL_USAGE;
    }
    if (options->project != NULL &&
        civ_platform_check_project(wish->platform, options->project, &problem, ctl->pool) != APR_SUCCESS) {
        ctl_complain("\"%s\" cannot be a project of %s: %s", options->project, wish->platform->title,
                     problem.detail);
        return CTL_USAGE;
    }
    return read_since(wish, ctl);
}

/* The one that asks for the most attention, of two. */
static ctl_exit_e worse(ctl_exit_e one, ctl_exit_e other)
{
    static const ctl_exit_e order[] = {CTL_DONE, CTL_DEGRADED, CTL_PUT_OFF, CTL_SIGNED_OUT};
    unsigned i;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (order[i] == one)
            return other;
        if (order[i] == other)
            return one;
    }
    return one;
}

static ctl_exit_e do_one(ctl_sync_t *sync, const char *platform, const char *project_id, apr_int64_t since)
{
    civ_connector_row_t row;
    apr_pool_t *pool;
    ctl_exit_e result;
    apr_status_t status;

    apr_pool_create(&pool, sync->ctl->pool);
    status = civ_connector_get(sync->runner.engine, platform, &row, pool);
    if (status == APR_NOTFOUND) {
        ctl_complain("%s is not configured: POST sync/configure does that", platform);
        result = CTL_FAILED;
    } else if (status != APR_SUCCESS) {
        result = ctl_failed(status, "the database cannot be used");
    } else {
        result = ctl_sync_project(sync, platform, project_id, since, pool);
    }
    apr_pool_destroy(pool);
    return result;
}

/* One after the other: what a signal comes before is not even asked for. */
static ctl_exit_e do_scheduled(ctl_sync_t *sync, const wish_t *wish)
{
    civ_schedule_t *schedules = apr_palloc(sync->ctl->pool, SOME * sizeof(*schedules));
    ctl_exit_e result = CTL_DONE;
    apr_int64_t after = 0;
    int count, i, found = 0;

    do {
        apr_status_t status =
            civ_schedules_list(sync->runner.engine, after, SOME, schedules, &count, sync->ctl->pool);

        if (status != APR_SUCCESS)
            return ctl_failed(status, "the schedules cannot be read");
        for (i = 0; i < count && ctl_interrupt_signal() == 0; i++) {
            after = schedules[i].number;
            if (wish->platform != NULL && strcmp(wish->platform->name, schedules[i].platform) != 0)
                continue;
            found++;
            result = worse(result, do_one(sync, schedules[i].platform, schedules[i].project_id, wish->since));
        }
    } while (count == SOME && ctl_interrupt_signal() == 0);
    if (ctl_interrupt_signal() != 0)
        return worse(result, CTL_FAILED);
    if (found == 0) {
        ctl_complain("there is no schedule%s%s: name a project with --project ID",
                     wish->platform != NULL ? " for " : "",
                     wish->platform != NULL ? wish->platform->title : "");
        return CTL_FAILED;
    }
    return result;
}

static ctl_exit_e run(ctl_t *ctl)
{
    ctl_sync_t *sync = apr_palloc(ctl->pool, sizeof(*sync));
    wish_t wish;
    ctl_exit_e result;

    ctl_sync_init(sync, ctl);
    result = read_wish(&wish, ctl);
    if (result == CTL_DONE)
        result = ctl_sync_target_open(&sync->runner, &sync->log, ctl);
    if (result != CTL_DONE)
        return result;
    if (wish.project_id == NULL)
        return do_scheduled(sync, &wish);
    return do_one(sync, wish.platform->name, wish.project_id, wish.since);
}

static const char *const options[] = {"config",  "state", "driver",       "database",          "platform",
                                      "project", "since", "egress-allow", "egress-plain-http", "quiet",
                                      NULL};

const ctl_command_t ctl_command_sync_once = {
    "sync-once",
    "",
    0,
    0,
    "Synchronise projects of platforms, now",
    options,
    "One project with --platform and --project; without --project all of the platform that have a schedule,\n"
    "without --platform all that have one. Platforms must be configured (POST sync/configure); the stored\n"
    "credentials are used. It is a job as a worker does it, under a lease: where a worker has the project "
    "in\n"
    "hand this waits for its turn, and what is interrupted here, or was elsewhere, is gone on with.\n"
    "\n"
    "Exit status: 0 all is stored, 2 the command line is wrong, 3 it has failed, 5 done, but something is\n"
    "missing, 6 the platform does not take the credentials, 7 put off for the platform's limits; of several\n"
    "projects, that of the one which fared worst (5, 7, 6, 3).\n",
    run,
};
