/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_steps.c
 * Steps as texts, and the stack of them.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/status.h"
#include "sync/engine_private.h"
#include "sync/fields.h"

static const civ_json_limits_t limits = {4194304, 8, 10000, 64};

static void write_text(civ_json_writer_t *writer, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0')
        civ_json_member_text(writer, name, value);
}

static void write_int(civ_json_writer_t *writer, const char *name, apr_int64_t value)
{
    if (value != 0)
        civ_json_member_int(writer, name, value);
}

static void write_request(civ_json_writer_t *writer, const civ_sync_request_t *request)
{
    write_text(writer, "url", request->url);
    write_text(writer, "body", request->body);
    write_int(writer, "conditional", request->is_conditional != 0);
    write_int(writer, "optional", request->may_be_absent != 0);
    write_text(writer, "tag", request->tag);
    write_text(writer, "note", request->note);
    write_int(writer, "position", request->position);
}

static void read_request(civ_sync_request_t *request, const civ_json_t *json)
{
    request->url = civ_field_text(json, "url");
    request->body = civ_field_text(json, "body");
    request->is_conditional = (int)civ_field_int(json, "conditional", 0);
    request->may_be_absent = (int)civ_field_int(json, "optional", 0);
    request->tag = civ_field_text(json, "tag");
    request->note = civ_field_text(json, "note");
    request->position = civ_field_int(json, "position", 0);
}

const char *civ_step_text(const civ_sync_step_t *step, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_int(&writer, "op", step->op);
    write_text(&writer, "kind", step->kind);
    write_text(&writer, "stream", step->stream);
    write_int(&writer, "role", step->role);
    write_int(&writer, "depth", step->depth);
    write_int(&writer, "first", step->is_first);
    write_int(&writer, "next", step->is_next);
    write_int(&writer, "tries", step->tries);
    write_int(&writer, "from", step->from);
    write_int(&writer, "to", step->to);
    write_text(&writer, "key", step->key);
    write_text(&writer, "item", step->content_key);
    if (step->op == CIV_STEP_FETCH)
        write_request(&writer, &step->request);
    civ_json_end_object(&writer);
    return out.data;
}

apr_status_t civ_step_read(civ_sync_step_t *step, const char *text, apr_pool_t *pool)
{
    const civ_json_t *json;
    civ_problem_t problem;

    memset(step, 0, sizeof(*step));
    if (civ_json_parse(&json, text, strlen(text), &limits, &problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    step->op = (civ_step_op_e)civ_field_int(json, "op", -1);
    step->kind = civ_field_text(json, "kind");
    step->stream = civ_field_text(json, "stream");
    step->role = (civ_step_role_e)civ_field_int(json, "role", 0);
    step->depth = (int)civ_field_int(json, "depth", 0);
    step->is_first = (int)civ_field_int(json, "first", 0);
    step->is_next = (int)civ_field_int(json, "next", 0);
    step->tries = (int)civ_field_int(json, "tries", 0);
    step->from = civ_field_int(json, "from", 0);
    step->to = civ_field_int(json, "to", 0);
    step->key = civ_field_text(json, "key");
    step->content_key = civ_field_text(json, "item");
    read_request(&step->request, json);
    if (step->kind == NULL)
        step->kind = "";
    if (step->stream == NULL)
        step->stream = "";
    if ((int)step->op < 0 || step->op > CIV_STEP_RETRY ||
        (step->op == CIV_STEP_FETCH && step->request.url == NULL))
        return CIV_EINVALID;
    return APR_SUCCESS;
}

void civ_step_copy(civ_sync_step_t *copy, const civ_sync_step_t *step, apr_pool_t *pool)
{
    *copy = *step;
    copy->kind = apr_pstrdup(pool, step->kind);
    copy->stream = apr_pstrdup(pool, step->stream);
    copy->key = apr_pstrdup(pool, step->key);
    copy->content_key = apr_pstrdup(pool, step->content_key);
    copy->request.url = apr_pstrdup(pool, step->request.url);
    copy->request.body = apr_pstrdup(pool, step->request.body);
    copy->request.tag = apr_pstrdup(pool, step->request.tag);
    copy->request.note = apr_pstrdup(pool, step->request.note);
}

const char *civ_requests_text(const apr_array_header_t *requests, apr_pool_t *pool)
{
    const civ_sync_request_t *request = (const civ_sync_request_t *)requests->elts;
    civ_json_writer_t writer;
    civ_buffer_t out;
    int i;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_array(&writer);
    for (i = 0; i < requests->nelts; i++) {
        civ_json_begin_object(&writer);
        write_request(&writer, &request[i]);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    return out.data;
}

apr_status_t civ_requests_read(apr_array_header_t **requests, const char *text, apr_pool_t *pool)
{
    const civ_json_t *json;
    civ_problem_t problem;
    apr_size_t i;

    *requests = apr_array_make(pool, 1, sizeof(civ_sync_request_t));
    if (civ_json_parse(&json, text, strlen(text), &limits, &problem, pool) != APR_SUCCESS ||
        json->type != CIV_JSON_ARRAY)
        return CIV_EINVALID;
    for (i = 0; i < json->as.array.count; i++) {
        civ_sync_request_t *request = apr_array_push(*requests);

        memset(request, 0, sizeof(*request));
        read_request(request, &json->as.array.items[i]);
        if (request->url == NULL)
            return CIV_EINVALID;
    }
    return APR_SUCCESS;
}

static apr_status_t release(void *data)
{
    civ_frontier_t *frontier = data;

    civ_frontier_cut(frontier, 0);
    free(frontier->texts);
    frontier->texts = NULL;
    frontier->capacity = 0;
    return APR_SUCCESS;
}

void civ_frontier_init(civ_frontier_t *frontier, apr_pool_t *pool)
{
    memset(frontier, 0, sizeof(*frontier));
    apr_pool_cleanup_register(pool, frontier, release, apr_pool_cleanup_null);
}

void civ_frontier_push(civ_frontier_t *frontier, const char *text)
{
    if (frontier->count == frontier->capacity) {
        frontier->capacity = frontier->capacity * 2 + 64;
        frontier->texts = realloc(frontier->texts, (apr_size_t)frontier->capacity * sizeof(char *));
        if (frontier->texts == NULL)
            abort(); /* as APR does without memory */
    }
    frontier->texts[frontier->count] = strdup(text);
    if (frontier->texts[frontier->count] == NULL)
        abort();
    frontier->count++;
}

void civ_frontier_cut(civ_frontier_t *frontier, int count)
{
    while (frontier->count > count)
        free(frontier->texts[--frontier->count]);
    if (frontier->stored > count)
        frontier->stored = count;
}
