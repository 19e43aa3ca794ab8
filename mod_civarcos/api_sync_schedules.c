/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Projects that are synchronised again and again.
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "sync.h"

#include "sync/schedules.h"

#include <apr_strings.h>

#include <string.h>

static void write_schedule(civ_json_writer_t *writer, const civ_schedule_t *schedule)
{
    apr_pool_t *pool = writer->out->pool;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "schedule_id", apr_psprintf(pool, "%" APR_INT64_T_FMT, schedule->number));
    civ_json_member_text(writer, "platform", schedule->platform);
    civ_json_member_text(writer, "project_id", schedule->project_id);
    civ_json_member_text(writer, "interval", civ_schedule_interval_text(schedule->every, pool));
    civ_json_member_text(writer, "origin", schedule->origin);
    civ_sync_write_time(writer, "next_run", schedule->next);
    civ_sync_write_time(writer, "last_run", schedule->last);
    civ_json_member_text(writer, "last_job_id",
                         schedule->job ? apr_psprintf(pool, "%" APR_INT64_T_FMT, schedule->job) : NULL);
    civ_json_end_object(writer);
}

int civ_api_sync_schedules(civ_call_t *call)
{
    apr_uint64_t after = 0;
    civ_schedule_t *schedules;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    apr_status_t status;
    int limit, count, i;

    if (civ_paging_limit(call, &limit) != OK || civ_paging_cursor(call, &after) != OK) {
        return CIV_FAULTED;
    }
    if (after > APR_INT64_MAX) {
        return civ_request_bad_parameter(call, "cursor", "This is no cursor that an answer has given.");
    }
    schedules = apr_palloc(call->r->pool, ((apr_size_t)limit + 1) * sizeof(*schedules));
    status = civ_schedules_list(civ_node_engine(call->node), (apr_int64_t)after, limit + 1, schedules, &count,
                                call->r->pool);
    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    civ_buffer_init(&body, 2048, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "schedules");
    civ_json_begin_array(&writer);
    for (i = 0; i < count && i < limit; i++) {
        write_schedule(&writer, &schedules[i]);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", i);
    if (count > limit) {
        civ_paging_next(call, &writer, (apr_uint64_t)schedules[limit - 1].number);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

static int read_order(civ_call_t *call, civ_schedule_order_t *order)
{
    const char *interval = civ_json_get_text(call->body, "interval");
    const civ_platform_t *platform;

    memset(order, 0, sizeof(*order));
    if (civ_sync_platform(call, civ_json_get_text(call->body, "platform"), "/platform", &platform) != OK) {
        return CIV_FAULTED;
    }
    order->platform = platform->name;
    order->project_id = civ_json_get_text(call->body, "project_id");
    if (civ_platform_check_project(platform, order->project_id ? order->project_id : "", &call->problem,
                                   call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    if (!interval || civ_schedule_interval_parse(&order->every, interval) != APR_SUCCESS) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/interval", call->r->pool,
                           "An interval is a whole number of s, m, h or d, such as \"15m\", from a minute to "
                           "31 days.");
        return CIV_FAULTED;
    }
    return OK;
}

static int reply_schedule(civ_call_t *call, const civ_schedule_t *schedule, int status)
{
    civ_json_writer_t writer;
    civ_reply_t reply = {.status = status};
    civ_buffer_t body;

    civ_sync_begin(call, &writer, &body, 1);
    civ_json_name(&writer, "schedule");
    write_schedule(&writer, schedule);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_schedule(civ_call_t *call)
{
    civ_schedule_order_t order;
    civ_schedule_t schedule;
    int repeated = 0;

    if (read_order(call, &order) != OK ||
        civ_schedule_order(civ_node_engine(call->node), &order, civ_request_retry(call), &schedule, &repeated,
                           &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_location(call,
                       apr_psprintf(call->r->pool, "/sync/schedules/%" APR_INT64_T_FMT, schedule.number));
    civ_reply_repeated(call, repeated);
    return reply_schedule(call, &schedule, schedule.is_new ? HTTP_CREATED : HTTP_OK);
}

/* The number in the path. */
static int read_number(civ_call_t *call, apr_int64_t *number)
{
    const char *text = civ_request_segment(call, 0);
    apr_size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits] || text[0] == '0') {
        return civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no such schedule.");
    }
    *number = apr_atoi64(text);
    return OK;
}

int civ_api_sync_scheduled(civ_call_t *call)
{
    civ_schedule_t schedule;
    apr_int64_t number;
    apr_status_t status;
    int count;

    if (read_number(call, &number) != OK) {
        return CIV_FAULTED;
    }
    status = civ_schedules_list(civ_node_engine(call->node), number - 1, 1, &schedule, &count, call->r->pool);
    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    return count == 1 && schedule.number == number
               ? reply_schedule(call, &schedule, HTTP_OK)
               : civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no such schedule.");
}

int civ_api_sync_unschedule(civ_call_t *call)
{
    apr_int64_t number;

    if (read_number(call, &number) != OK ||
        civ_schedule_withdraw(civ_node_engine(call->node), number, &call->problem, call->r->pool) !=
            APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return civ_reply_message(call, "The project is not synchronised by itself any more");
}
