/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Setting the status of a commit on its platform.
 */
#include "handlers.h"

#include "reply.h"
#include "sync.h"

#include "sync/push.h"

#include <apr_strings.h>

/* A member that is a text; NULL where it is absent or null, and @a is_needed is 0. */
static int read_text(civ_call_t *call, const char *name, int is_needed, const char **text)
{
    const civ_json_t *member = civ_json_get(call->body, name);

    *text = civ_json_get_text(call->body, name);
    if (*text || (!is_needed && (!member || member->type == CIV_JSON_NULL))) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER,
                       civ_json_pointer_join("", name, call->r->pool), call->r->pool, "%s is a text.", name);
    return CIV_FAULTED;
}

static int read_push(civ_call_t *call, civ_sync_push_t *push)
{
    return read_text(call, "sha", 1, &push->sha) == OK && read_text(call, "state", 1, &push->state) == OK &&
                   read_text(call, "context", 1, &push->context) == OK &&
                   read_text(call, "description", 0, &push->description) == OK &&
                   read_text(call, "target_url", 0, &push->target_url) == OK
               ? OK
               : CIV_FAULTED;
}

static int read_wish(civ_call_t *call, civ_job_wish_t *wish, civ_sync_push_t *push)
{
    const civ_platform_t *platform;

    if (civ_sync_platform(call, civ_json_get_text(call->body, "platform"), "/platform", &platform) != OK ||
        civ_sync_read_project(call, platform, &wish->project_id) != OK || read_push(call, push) != OK) {
        return CIV_FAULTED;
    }
    if (civ_push_check(civ_node_engine(call->node), platform->connector, platform->title, wish->project_id,
                       push, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    wish->platform = platform->name;
    wish->push = push;
    return civ_sync_need_connector(call, platform, "/platform");
}

/* Whoever asked wanted it done: that it was not is no success. */
static int refuse(civ_call_t *call, const civ_job_t *job)
{
    civ_reply_location(call,
                       apr_psprintf(call->r->pool, CIV_SYNC_JOB_PLACE "%" APR_INT64_T_FMT, job->number));
    if (job->state == CIV_JOB_CANCELLED) {
        return civ_request_fault(call, CIV_PROBLEM_CONFLICT, "The job was cancelled; no status was set.");
    }
    civ_problem_set(&call->problem, CIV_PROBLEM_PLATFORM, call->r->pool, "No status was set: %s",
                    job->reason[0] ? job->reason : "the platform says nothing of why");
    return CIV_FAULTED;
}

int civ_api_sync_push(civ_call_t *call)
{
    civ_job_wish_t wish = {NULL, NULL, 0, NULL};
    civ_sync_push_t push = {NULL, NULL, NULL, NULL, NULL};
    civ_job_t job;

    if (read_wish(call, &wish, &push) != OK || civ_sync_ask(call, &wish, &job) != OK) {
        return CIV_FAULTED;
    }
    if (civ_sync_wait(call, &job, 1) > 0) {
        return civ_sync_reply_accepted(call, &job);
    }
    return civ_sync_has_succeeded(&job)
               ? civ_sync_reply_job(call, &job, NULL, 0, "The platform has taken the status")
               : refuse(call, &job);
}
