/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_connector.c
 * The connectors, each with a platform that answers anything at all. An input is a byte that chooses the connector, one that
 * chooses the kind to begin with, one of switches, and answers, each ended by the byte 0x1E: a line with a status, lines with
 * headers, an empty line, a body. They are given to the requests in the order in which a run makes these. It must hold, whatever
 * the answers are: what is asked for is on the platform's own server; an item that is taken is fit to be stored, and its data is the
 * same when the answer is read once more at another time.
 */
#include "fuzz/fuzz.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/canonical.h"
#include "base/status.h"
#include "fuzz/connector_demands.h"
#include "sync/connectors.h"
#include "sync/engine_private.h"
#include "sync/fields.h"
#include "sync/foreign_json.h"
#include "sync/link_header.h"
#include "sync/url.h"

fuzz_target_fn fuzz_connector;

#define SEPARATOR  0x1e
#define NOW        APR_INT64_C(1775001600000) /* 2026-04-01T00:00:00Z */
#define DAY        APR_INT64_C(86400000)
#define STEPS_MOST 64
#define HEADS_MOST 16

/* Switches. */
#define IS_LATER 1 /* the run is not the first one */

typedef struct fuzz_run_t {
    const civ_connector_t *connector;
    const connector_platform_t *platform;
    int is_later;
    apr_array_header_t *stack; /**< civ_sync_step_t: the next one last */
    apr_table_t *facts;
    const char *bookmark; /**< of the list before */
    const uint8_t *data;  /**< the answers that are left */
    size_t size;
    apr_pool_t *pool;
} fuzz_run_t;

/* --- the answers --- */

static void read_heads(civ_http_answer_t *answer, const uint8_t **data, size_t *size, apr_pool_t *pool)
{
    civ_http_field_t *fields = apr_pcalloc(pool, HEADS_MOST * sizeof(*fields));
    const char *type = NULL;
    char *line;

    answer->fields = fields;
    while (*size > 0 && *(line = fuzz_line(data, size, pool)) != '\0' && answer->field_count < HEADS_MOST) {
        char *colon = strchr(line, ':');

        if (colon == NULL)
            continue;
        *colon = '\0';
        fields[answer->field_count].name = line;
        fields[answer->field_count].value = colon + 1 + strspn(colon + 1, " ");
        for (; *line != '\0'; line++)
            *line = (char)(*line >= 'A' && *line <= 'Z' ? *line + 32 : *line);
        answer->field_count++;
    }
    type = civ_http_field(answer, "content-type");
    answer->content_type = type != NULL ? type : "application/json";
}

/* Cut an answer off the input. @return 0: there is none left */
static int take_answer(fuzz_run_t *run, civ_http_answer_t *answer, apr_pool_t *pool)
{
    const civ_http_expectation_t expectation = {1, 0};
    const uint8_t *data = run->data;
    const uint8_t *end = run->size > 0 ? memchr(data, SEPARATOR, run->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - data) : run->size;

    if (run->size == 0)
        return 0;
    run->data += size + (end != NULL);
    run->size -= size + (end != NULL);
    memset(answer, 0, sizeof(*answer));
    answer->status = (int)(strtol(fuzz_line(&data, &size, pool), NULL, 10) % 1000);
    read_heads(answer, &data, &size, pool);
    answer->body = apr_pstrmemdup(pool, (const char *)data, size);
    answer->length = size;
    civ_http_classify(answer, &expectation, 0, pool);
    return 1;
}

static const char *find_header(const void *baton, const char *name)
{
    const civ_http_answer_t *answer = baton;
    int i;

    for (i = answer->field_count - 1; i >= 0; i--)
        if (strcasecmp(answer->fields[i].name, name) == 0)
            return answer->fields[i].value;
    return NULL;
}

/* Where Link leads, as the client tells it. */
static void find_next(civ_sync_answer_t *seen, const connector_platform_t *platform, apr_pool_t *pool)
{
    const char *target = civ_link_find(civ_sync_answer_header(seen, "link"), "next", pool);
    const char *reason;
    civ_url_t from, url;

    if (target == NULL)
        return;
    if (civ_url_parse(&from, seen->url, &reason, pool) == APR_SUCCESS &&
        civ_url_resolve(&url, &from, target, &reason, pool) == APR_SUCCESS &&
        connector_is_below(platform, &url, pool))
        seen->next = url.text;
    else
        seen->next_refused = "leads elsewhere";
}

/* --- what is asked --- */

static const civ_sync_kind_t *find_kind(const fuzz_run_t *run, const char *name)
{
    int i;

    for (i = 0; i < run->connector->kind_count; i++)
        if (strcmp(run->connector->kinds[i].name, name) == 0)
            return &run->connector->kinds[i];
    return NULL;
}

/* As it comes back from the database. */
static void push(fuzz_run_t *run, const civ_sync_step_t *before, const char *kind, civ_step_role_e role,
                 const civ_sync_request_t *request)
{
    civ_sync_step_t step;
    const char *text;

    memset(&step, 0, sizeof(step));
    step.op = CIV_STEP_FETCH;
    step.role = role;
    step.kind = kind;
    step.stream = before != NULL ? before->stream : "";
    step.depth = before != NULL ? before->depth : 0;
    step.request = *request;
    connector_demand_request(run->platform, request, run->pool);
    text = civ_step_text(&step, run->pool);
    if (strlen(text) > CIV_SYNC_REQUEST_MAX)
        return;
    FUZZ_DEMAND(civ_step_read(apr_array_push(run->stack), text, run->pool) == APR_SUCCESS);
}

static void make_context(const fuzz_run_t *run, civ_sync_context_t *context, apr_int64_t now,
                         apr_pool_t *pool)
{
    memset(context, 0, sizeof(*context));
    context->connector = run->connector;
    context->base = run->platform->access.base;
    context->further_bases = run->platform->access.further_bases;
    context->project_id = run->platform->project_id;
    context->settings = run->platform->settings;
    context->facts = connector_facts(run->facts, pool);
    context->now = now;
    context->pool = pool;
}

/* A list from its start. */
static void start(fuzz_run_t *run, const civ_sync_kind_t *kind, const char *stream)
{
    civ_sync_context_t context;
    civ_sync_range_t range;
    civ_sync_step_t step;
    civ_sync_page_t *page;
    const civ_sync_request_t *requests;
    int i;

    if (kind->first == NULL)
        return;
    memset(&range, 0, sizeof(range));
    range.from = run->is_later || kind->cap > 0 ? NOW - 7 * DAY : 0;
    range.to = NOW;
    range.stream = stream;
    range.bookmark = kind->rule == CIV_SYNC_BOOKMARK ? run->bookmark : NULL;
    memset(&step, 0, sizeof(step));
    step.kind = kind->name;
    step.stream = stream;
    page = civ_page_make(&step, run->pool);
    make_context(run, &context, NOW, run->pool);
    FUZZ_DEMAND(kind->first(&context, &range, page) == APR_SUCCESS || page->fault != NULL);
    requests = (const civ_sync_request_t *)page->next->elts;
    for (i = page->next->nelts - 1; i >= 0; i--)
        push(run, &step, kind->name, CIV_ROLE_LIST, &requests[i]);
}

/* What the page leads to, in the engine's order; open items last of all. */
static void push_page(fuzz_run_t *run, const civ_sync_page_t *page)
{
    const civ_page_item_t *items = (const civ_page_item_t *)page->items->elts;
    const civ_sync_request_t *next = (const civ_sync_request_t *)page->next->elts;
    const civ_page_pair_t *streams = (const civ_page_pair_t *)page->streams->elts;
    const civ_page_follow_t *follows = (const civ_page_follow_t *)page->follows->elts;
    int i;

    for (i = page->items->nelts - 1; i >= 0; i--)
        if (items[i].recheck != NULL)
            push(run, &page->step, page->step.kind, CIV_ROLE_OPEN, items[i].recheck);
    for (i = page->next->nelts - 1; i >= 0; i--)
        push(run, &page->step, page->step.kind, page->step.role, &next[i]);
    for (i = page->streams->nelts - 1; i >= 0; i--) {
        const civ_sync_kind_t *kind = find_kind(run, streams[i].name);

        FUZZ_DEMAND(kind != NULL && kind->is_streamed);
        start(run, kind, streams[i].value);
    }
    for (i = page->follows->nelts - 1; i >= 0; i--) {
        FUZZ_DEMAND(find_kind(run, follows[i].kind) != NULL);
        push(run, &page->step, follows[i].kind, CIV_ROLE_PART, &follows[i].request);
    }
}

/* --- reading --- */

static civ_sync_page_t *read_once(const fuzz_run_t *run, const civ_sync_step_t *step,
                                  const civ_sync_answer_t *seen, apr_int64_t now, apr_status_t *status)
{
    civ_sync_page_t *page = civ_page_make(step, run->pool);
    civ_sync_context_t context;

    make_context(run, &context, now, run->pool);
    *status = find_kind(run, step->kind)->read(&context, &step->request, seen, page);
    FUZZ_DEMAND(*status == APR_SUCCESS || *status == CIV_EINVALID);
    return page;
}

/* @return how many items of the page are fit to be stored */
static int finish_items(const fuzz_run_t *run, const civ_sync_page_t *page)
{
    const civ_page_item_t *entries = (const civ_page_item_t *)page->items->elts;
    int count = 0;
    int i;

    for (i = 0; i < page->items->nelts; i++) {
        civ_sync_item_t *item = entries[i].item;
        civ_problem_t problem;

        connector_demand_words(item, run->pool);
        item->source = run->connector->platform;
        item->instance = "platform.example";
        item->project_id = run->platform->project_id;
        if (item->scope == NULL)
            item->scope = item->project_id;
        if (civ_sync_item_finish(item, &problem, run->pool) == APR_SUCCESS) {
            connector_demand_item(item, run->pool);
            count++;
        } else {
            item->type = NULL;
        }
    }
    return count;
}

static void demand_same(const civ_sync_page_t *left, const civ_sync_page_t *right)
{
    const civ_page_item_t *l = (const civ_page_item_t *)left->items->elts;
    const civ_page_item_t *r = (const civ_page_item_t *)right->items->elts;
    int i;

    FUZZ_DEMAND(left->items->nelts == right->items->nelts);
    for (i = 0; i < left->items->nelts; i++) {
        if (l[i].item->type == NULL || r[i].item->type == NULL)
            continue;
        FUZZ_DEMAND(strcmp(l[i].item->native_id, r[i].item->native_id) == 0);
        FUZZ_DEMAND(strcmp(l[i].item->data, r[i].item->data) == 0);
    }
}

static void learn(fuzz_run_t *run, const civ_sync_page_t *page)
{
    const civ_page_pair_t *facts = (const civ_page_pair_t *)page->facts->elts;
    int i;

    for (i = 0; i < page->facts->nelts; i++)
        apr_table_set(run->facts, facts[i].name, facts[i].value);
    if (page->bookmark != NULL)
        run->bookmark = page->bookmark;
}

static void read_answer(fuzz_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer)
{
    civ_sync_answer_t seen;
    civ_sync_page_t *page, *again;
    apr_status_t status, status_again;
    civ_problem_t problem;

    memset(&seen, 0, sizeof(seen));
    if (answer->class != CIV_HTTP_DATA ||
        civ_foreign_json_parse(&seen.json, answer->body, answer->length, &problem, run->pool) != APR_SUCCESS)
        return;
    seen.url = step->request.url;
    seen.status = answer->status;
    seen.date = NOW;
    seen.header = find_header;
    seen.baton = answer;
    find_next(&seen, run->platform, run->pool);
    page = read_once(run, step, &seen, NOW, &status);
    again = read_once(run, step, &seen, NOW + DAY, &status_again);
    FUZZ_DEMAND(status == status_again);
    if (status != APR_SUCCESS)
        return;
    finish_items(run, page);
    finish_items(run, again);
    demand_same(page, again);
    learn(run, page);
    push_page(run, page);
}

/* Whatever the connector asks for, until the answers are used up. */
static void drain(fuzz_run_t *run, int *steps)
{
    civ_http_answer_t answer;
    civ_sync_step_t step;

    while (run->stack->nelts > 0 && (*steps)++ < STEPS_MOST) {
        step = *(civ_sync_step_t *)apr_array_pop(run->stack);
        if (!take_answer(run, &answer, run->pool))
            return;
        read_answer(run, &step, &answer);
    }
}

void fuzz_connector(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    fuzz_run_t run;
    int steps = 0;
    int kind, i;

    if (size < 3)
        return;
    memset(&run, 0, sizeof(run));
    run.connector = connector_chosen(data[0]);
    run.platform = connector_platform(run.connector);
    run.is_later = (data[2] & IS_LATER) != 0;
    run.stack = apr_array_make(pool, 32, sizeof(civ_sync_step_t));
    run.facts = apr_table_make(pool, 8);
    run.data = data + 3;
    run.size = size - 3;
    run.pool = pool;
    kind = data[1] % run.connector->kind_count;
    for (i = 0; i < 2 * run.connector->kind_count && run.size > 0 && steps < STEPS_MOST; i++) {
        start(&run, &run.connector->kinds[(kind + i) % run.connector->kind_count], "");
        drain(&run, &steps);
    }
}
