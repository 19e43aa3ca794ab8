/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sync/push.h"

#include <apr_strings.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "sync/audit.h"
#include "sync/connectors.h"
#include "sync/fields.h"
#include "sync/platforms/configuration.h"
#include "sync/url.h"

enum { SQL_INSERT, SQL_GET, SQL_FACTS, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_INSERT] = {"sync_push_insert", "INSERT INTO civ_sync_pushes (job, content) VALUES (%lld, %s)"},
    [SQL_GET] = {"sync_push", "SELECT content FROM civ_sync_pushes WHERE job = %lld"},
    [SQL_FACTS] = {"sync_push_facts",
                   "SELECT facts FROM civ_sync_projects WHERE platform = %s AND project_id = %s"},
};
const civ_statement_set_t civ_push_statements = {sql, SQL_COUNT};

/* --- what is asked of the platform --- */

static const civ_json_t *parse_object(const char *text, apr_pool_t *pool)
{
    civ_json_t *empty = apr_pcalloc(pool, sizeof(*empty));
    const civ_json_t *json;
    civ_problem_t problem;

    empty->type = CIV_JSON_OBJECT;
    return text != NULL &&
                   civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &problem, pool) ==
                       APR_SUCCESS &&
                   json->type == CIV_JSON_OBJECT
               ? json
               : empty;
}

/* The first column of the first row; NULL where there is none. */
static apr_status_t read_text(const civ_engine_t *engine, int statement, const civ_argument_t *arguments,
                              int count, const char **text, apr_pool_t *pool)
{
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    *text = NULL;
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[statement], arguments, count, &rows, pool);
    civ_store_release(engine->store, db);
    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        *text = apr_pstrdup(pool, civ_rows_text(rows, 0));
    return status;
}

static apr_status_t build(const civ_engine_t *engine, const civ_engine_run_t *run,
                          const civ_sync_push_t *push, civ_sync_request_t *request, civ_problem_t *problem,
                          apr_pool_t *pool)
{
    const civ_argument_t project[] = {civ_text(run->connector->platform), civ_text(run->project_id)};
    civ_sync_context_t context;
    const char *facts;
    apr_status_t status = read_text(engine, SQL_FACTS, project, 2, &facts, pool);

    if (status != APR_SUCCESS) {
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool, "The database cannot be read at the moment");
        return status;
    }
    memset(&context, 0, sizeof(context));
    memset(request, 0, sizeof(*request));
    context.connector = run->connector;
    context.base = run->base;
    context.further_bases = run->further_bases;
    context.project_id = run->project_id;
    context.settings = run->settings != NULL ? run->settings : parse_object(NULL, pool);
    context.facts = parse_object(facts, pool);
    context.now = civ_timestamp_now();
    context.pool = pool;
    return run->connector->push(&context, push, request, problem);
}

/* --- what is asked of us --- */

static int is_line(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return 0;
    return 1;
}

static apr_status_t check_texts(const civ_sync_push_t *push, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *reason = NULL;
    civ_url_t url;

    if (!civ_is_commit(push->sha))
        return civ_request_refuse(problem, "/sha", pool, "sha must be a commit's whole SHA, in lower case");
    if (push->context[0] == '\0' || strlen(push->context) > CIV_PUSH_CONTEXT_MOST || !is_line(push->context))
        return civ_request_refuse(problem, "/context", pool,
                                  "context must be 1 to 255 bytes without control characters");
    if (push->description != NULL &&
        (strlen(push->description) > CIV_PUSH_DESCRIPTION_MOST || !is_line(push->description)))
        return civ_request_refuse(problem, "/description", pool,
                                  "description must be up to 1,024 bytes without control characters");
    if (push->target_url != NULL && (strlen(push->target_url) > CIV_PUSH_URL_MOST ||
                                     civ_url_parse(&url, push->target_url, &reason, pool) != APR_SUCCESS))
        return civ_request_refuse(problem, "/target_url", pool,
                                  "target_url must be an absolute URL of http or https of up to 2,048 bytes, "
                                  "without a user name");
    return APR_SUCCESS;
}

apr_status_t civ_push_check(const civ_engine_t *engine, const civ_connector_t *connector, const char *title,
                            const char *project_id, const civ_sync_push_t *push, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    civ_engine_run_t run;
    civ_sync_request_t request;
    civ_connector_row_t row;
    apr_status_t status;

    if (connector->push == NULL)
        return civ_request_refuse(
            problem, "/platform", pool,
            apr_psprintf(pool, "%s has no statuses of commits that could be set", title));
    status = check_texts(push, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    memset(&run, 0, sizeof(run));
    memset(&row, 0, sizeof(row));
    status = civ_connector_get(engine, connector->platform, &row, pool);
    if (status != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(status)) {
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool, "The database cannot be read at the moment");
        return status;
    }
    run.connector = connector;
    run.base = "https://platform.invalid"; /* the request is thrown away */
    run.project_id = project_id;
    run.settings = parse_object(row.settings, pool);
    return build(engine, &run, push, &request, problem, pool);
}

/* --- the job --- */

static const char *content_of(const civ_sync_push_t *push, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, 512, pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "context", push->context);
    if (push->description != NULL)
        civ_json_member_text(&writer, "description", push->description);
    civ_json_member_text(&writer, "sha", push->sha);
    civ_json_member_text(&writer, "state", push->state);
    if (push->target_url != NULL)
        civ_json_member_text(&writer, "target_url", push->target_url);
    civ_json_end_object(&writer);
    return apr_pstrmemdup(pool, text.data, text.length);
}

apr_status_t civ_push_add_within(civ_change_t *change, const civ_job_wish_t *wish, civ_job_t *job)
{
    apr_status_t status =
        civ_job_insert_within(change, CIV_JOB_PUSH, wish->platform, wish->project_id, 0, job);

    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(job->number), civ_text(content_of(wish->push, change->pool))};

        status = civ_db_execute(change->db, &sql[SQL_INSERT], row, 2, NULL);
    }
    return status;
}

static apr_status_t read_push(const civ_engine_t *engine, apr_int64_t number, civ_sync_push_t *push,
                              apr_pool_t *pool)
{
    const civ_argument_t job = civ_int(number);
    const civ_json_t *json;
    const char *content;
    apr_status_t status = read_text(engine, SQL_GET, &job, 1, &content, pool);

    if (status != APR_SUCCESS)
        return status;
    json = parse_object(content, pool);
    push->sha = civ_json_get_text(json, "sha");
    push->state = civ_json_get_text(json, "state");
    push->context = civ_json_get_text(json, "context");
    push->description = civ_json_get_text(json, "description");
    push->target_url = civ_json_get_text(json, "target_url");
    return push->sha != NULL && push->state != NULL && push->context != NULL ? APR_SUCCESS : CIV_EDATABASE;
}

static void conclude(civ_sync_report_t *report, civ_sync_outcome_e outcome, const char *reason)
{
    report->outcome = outcome;
    civ_sync_reason(report->reason, reason);
}

static int is_set(const civ_http_answer_t *answer)
{
    return answer->class == CIV_HTTP_DATA || answer->class == CIV_HTTP_EMPTY ||
           answer->class == CIV_HTTP_NOT_READY;
}

/* Whether it is refused because it is there already: asked for twice, as a worker does that takes over from a dead one. */
static int was_set(const civ_connector_t *connector, const civ_sync_push_t *push,
                   const civ_http_answer_t *answer, apr_pool_t *pool)
{
    return connector->is_pushed != NULL &&
           (answer->status == 400 || answer->status == 409 || answer->status == 422) &&
           connector->is_pushed(push, parse_object(answer->body, pool));
}

/* Whether the platform has understood who asks, and has its reasons: a wrong request, or a right that is missing. */
static int is_refused(const civ_http_answer_t *answer)
{
    return answer->class == CIV_HTTP_BAD_REQUEST || answer->class == CIV_HTTP_FORBIDDEN ||
           answer->class == CIV_HTTP_GONE;
}

static const char *judge(const civ_http_answer_t *answer, const civ_http_t *http, civ_sync_report_t *report,
                         apr_pool_t *pool)
{
    const char *reason = answer->reason != NULL ? answer->reason : civ_http_class_name(answer->class);
    const char *message = is_refused(answer) ? civ_http_message(http, answer, pool) : NULL;

    report->retry_at = answer->retry_at;
    conclude(report,
             answer->class == CIV_HTTP_THROTTLED     ? CIV_SYNC_PARTIAL
             : answer->class == CIV_HTTP_AUTH_FAILED ? CIV_SYNC_AUTH_FAILED
                                                     : CIV_SYNC_FAILED,
             reason);
    return message != NULL ? apr_pstrcat(pool, report->reason, "; the platform says: ", message, NULL)
                           : report->reason;
}

static const char *send_push(const civ_engine_run_t *run, const civ_sync_push_t *push,
                             const civ_sync_request_t *asked, civ_http_t *http, civ_sync_report_t *report,
                             apr_pool_t *pool)
{
    civ_http_request_t request;
    civ_http_answer_t answer;
    apr_status_t status;

    memset(&request, 0, sizeof(request));
    memset(&answer, 0, sizeof(answer));
    request.url = asked->url;
    request.method = "POST";
    request.content = asked->body;
    request.content_length = asked->body != NULL ? strlen(asked->body) : 0;
    request.may_repeat = 1;
    request.is_for_human = 1;
    status = civ_http_send(http, &request, &answer, pool);
    if (status == CIV_EINTERRUPTED)
        conclude(report, CIV_SYNC_INTERRUPTED, "");
    else if (status != APR_SUCCESS)
        conclude(report, CIV_SYNC_FAILED, "The request could not be sent");
    else if (is_set(&answer) || was_set(run->connector, push, &answer, pool))
        conclude(report, CIV_SYNC_OK, "");
    else
        return judge(&answer, http, report, pool);
    return report->reason;
}

void civ_push(const civ_engine_t *engine, const civ_engine_run_t *run, const civ_job_t *job, civ_http_t *http,
              civ_sync_report_t *report, const char **reason, apr_pool_t *pool)
{
    civ_sync_push_t push;
    civ_sync_request_t request;
    civ_problem_t problem;

    memset(&push, 0, sizeof(push));
    memset(&problem, 0, sizeof(problem));
    *reason = report->reason;
    if (run->connector->push == NULL)
        conclude(report, CIV_SYNC_FAILED, "The platform has no statuses of commits that could be set");
    else if (read_push(engine, job->number, &push, pool) != APR_SUCCESS)
        conclude(report, CIV_SYNC_FAILED, "The status that was to be set cannot be read");
    else if (build(engine, run, &push, &request, &problem, pool) != APR_SUCCESS)
        conclude(report, CIV_SYNC_FAILED, problem.detail);
    else
        *reason = send_push(run, &push, &request, http, report, pool);
}

typedef struct ending_t {
    const civ_job_t *job;
    civ_job_state_e state;
    apr_int64_t not_before;
    const char *reason;
} ending_t;

static apr_status_t note_push(const civ_job_t *job, civ_change_t *change)
{
    const civ_argument_t number = civ_int(job->number);
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &sql[SQL_GET], &number, 1, &rows, change->pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        civ_sync_audit(change, "status", "set", job->platform,
                       apr_pstrcat(change->pool, job->project_id, "\n", civ_rows_text(rows, 0), NULL));
    return status;
}

static apr_status_t apply_end(void *baton, civ_change_t *change)
{
    const ending_t *ending = baton;
    apr_status_t status =
        civ_job_end_within(change, ending->job, ending->state, ending->not_before, ending->reason);

    return status == APR_SUCCESS && ending->state == CIV_JOB_SUCCEEDED ? note_push(ending->job, change)
                                                                       : status;
}

apr_status_t civ_push_end(const civ_engine_t *engine, const civ_job_t *job, civ_job_state_e state,
                          apr_int64_t not_before, const char *reason, civ_problem_t *problem,
                          apr_pool_t *pool)
{
    ending_t ending = {job, state, not_before, reason};

    return civ_change_run(&engine->transactor, apply_end, &ending, problem, pool);
}
