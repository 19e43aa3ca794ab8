/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_lists.c
 * What the kinds of the GitLab connector share: requests, pages, walks, notes.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/url.h"

#define TAG_WALK "walk"

#define SECOND 1000

/** Digits of a number at most. */
#define NUMBER_MOST 19

const civ_word_t gitlab_states[] = {
    {"success", CIV_STATUS_PASSED},
    {"failed", CIV_STATUS_FAILED},
    {"canceled", CIV_STATUS_CANCELED},
    {"skipped", CIV_STATUS_SKIPPED},
    {"created", CIV_STATUS_RUNNING},
    {"waiting_for_resource", CIV_STATUS_RUNNING},
    {"waiting_for_callback", CIV_STATUS_RUNNING},
    {"preparing", CIV_STATUS_RUNNING},
    {"pending", CIV_STATUS_RUNNING},
    {"running", CIV_STATUS_RUNNING},
    {"canceling", CIV_STATUS_RUNNING},
    {"scheduled", CIV_STATUS_RUNNING},
    {"manual", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

int gitlab_is_over(const char *state)
{
    /* What waits for a person may do so for ever; when it goes on, it is changed, and found by that. */
    if (state != NULL && strcmp(state, "manual") == 0)
        return 1;
    return strcmp(civ_word(gitlab_states, state), CIV_STATUS_RUNNING) != 0;
}

civ_sync_request_t gitlab_request(const civ_sync_context_t *context, const char *project, const char *path,
                                  apr_pool_t *pool)
{
    civ_sync_request_t request;

    /* By its number, once that is known: it stays when the project is renamed. The path is one segment, its slashes encoded. */
    if (project == NULL && path[0] != '\0')
        project = civ_sync_fact(context, CIV_FACT_SCOPE);
    if (project == NULL)
        project = context->project_id;
    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(pool, context->base, "/projects/", civ_url_encode(project, pool), path, NULL);
    return request;
}

int gitlab_is_off(const civ_sync_context_t *context, const char *feature)
{
    const char *fact = civ_sync_fact(context, feature);

    return fact != NULL && strcmp(fact, GITLAB_OFF) == 0;
}

/* --- pages --- */

/* The number of the next page, by the header; NULL: there is none. */
static const char *next_number(const civ_sync_answer_t *answer)
{
    const char *number = civ_sync_answer_header(answer, "X-Next-Page");

    return number != NULL && number[0] != '\0' && strlen(number) < 10 &&
                   number[strspn(number, "0123456789")] == '\0'
               ? number
               : NULL;
}

int gitlab_has_next(const civ_sync_answer_t *answer)
{
    return answer->next != NULL || answer->next_refused != NULL || next_number(answer) != NULL;
}

static apr_status_t page_on(const civ_sync_request_t *next, const civ_sync_answer_t *answer,
                            civ_sync_page_t *page)
{
    civ_sync_request_t request = *next;
    const char *number = next_number(answer);

    if (civ_sync_page_next_link(page, &request, answer))
        return APR_SUCCESS;
    if (number != NULL) {
        request.url = civ_query_set(next->url, "page", number, civ_sync_page_pool(page));
        civ_sync_page_next(page, &request);
        return APR_SUCCESS;
    }
    if (answer->next_refused != NULL)
        return civ_sync_page_fault(page, "The list goes on, but not on this server: %s",
                                   answer->next_refused);
    return APR_SUCCESS;
}

apr_status_t gitlab_next(const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                         int is_conditional, civ_sync_page_t *page)
{
    civ_sync_request_t next = *request;

    next.is_conditional = is_conditional;
    next.position++;
    return page_on(&next, answer, page);
}

/* --- walks: the position is the second that updated_after names --- */

void gitlab_walk(const civ_sync_context_t *context, const char *path, const char *more,
                 const civ_sync_range_t *range, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = gitlab_request(
        context, NULL, apr_pstrcat(pool, path, "?order_by=updated_at&sort=asc&" GITLAB_PAGE, more, NULL),
        pool);

    request.tag = TAG_WALK;
    request.position = range->from - range->from % SECOND;
    if (range->from > 0)
        request.url = civ_query_set(request.url, "updated_after", civ_query_time(range->from, pool), pool);
    civ_sync_page_next(page, &request);
}

int gitlab_is_walk(const civ_sync_request_t *request)
{
    return request->tag != NULL && strcmp(request->tag, TAG_WALK) == 0;
}

/* The second in which an element was changed; 0: not known. */
static apr_int64_t second_of(const civ_json_t *elements, apr_size_t index)
{
    apr_int64_t at =
        index < elements->as.array.count ? civ_field_time(&elements->as.array.items[index], "updated_at") : 0;

    return at - at % SECOND;
}

apr_status_t gitlab_walk_on(const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                            const civ_json_t *elements, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_int64_t last = second_of(elements, elements->as.array.count - 1);
    civ_sync_request_t next = *request;

    if (!gitlab_has_next(answer))
        return APR_SUCCESS;
    /* All of one second (an import, a change of many): from that second on it would be the same page. */
    if (last <= request->position || last == second_of(elements, 0))
        return page_on(request, answer, page);
    next.position = last;
    next.url = civ_query_set(request->url, "page", NULL, pool);
    next.url = civ_query_set(next.url, "updated_after", civ_query_time(last, pool), pool);
    civ_sync_page_next(page, &next);
    return APR_SUCCESS;
}

/* --- notes --- */

static void write_known(civ_json_writer_t *writer, const char *name, const char *value)
{
    if (value != NULL)
        civ_json_member_text(writer, name, value);
}

const char *gitlab_note(const gitlab_parent_t *parent, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    write_known(&writer, "project", parent->project);
    write_known(&writer, "id", parent->id);
    write_known(&writer, "number", parent->number);
    write_known(&writer, "sha", parent->sha);
    write_known(&writer, "url", parent->url);
    write_known(&writer, "state", parent->state);
    write_known(&writer, "names", parent->names);
    civ_json_member_int(&writer, "happened", parent->happened);
    civ_json_member_int(&writer, "updated", parent->updated);
    civ_json_end_object(&writer);
    return apr_pstrmemdup(pool, out.data, out.length);
}

void gitlab_read_note(gitlab_parent_t *parent, const char *note, apr_pool_t *pool)
{
    const civ_json_t *json = NULL;
    civ_problem_t problem;

    memset(parent, 0, sizeof(*parent));
    if (note == NULL ||
        civ_json_parse(&json, note, strlen(note), &civ_json_request_limits, &problem, pool) != APR_SUCCESS)
        return;
    parent->project = civ_field_text(json, "project");
    parent->id = civ_field_text(json, "id");
    parent->number = civ_field_text(json, "number");
    parent->sha = civ_field_text(json, "sha");
    parent->url = civ_field_text(json, "url");
    parent->state = civ_field_text(json, "state");
    parent->names = civ_field_text(json, "names");
    parent->happened = civ_field_int(json, "happened", 0);
    parent->updated = civ_field_int(json, "updated", 0);
}

/** Elements of a list of people and the like that are kept, and bytes of an item's data where such a list ends. */
#define EACH_MOST 200
#define EACH_SIZE 20000

void gitlab_write_each(civ_json_writer_t *writer, const char *name, const civ_json_t *list, const char *path)
{
    apr_size_t count = civ_field_count(list, "");
    apr_size_t i;

    civ_json_name(writer, name);
    civ_json_begin_array(writer);
    for (i = 0; i < count && i < EACH_MOST && writer->out->length < EACH_SIZE; i++) {
        const char *text = civ_field_text(&list->as.array.items[i], path);

        if (text != NULL)
            civ_json_text(writer, civ_field_scrub(text, writer->out->pool));
    }
    civ_json_end_array(writer);
}

const char *gitlab_number(const civ_json_t *json, const char *path)
{
    const char *text = civ_field_id(json, path);

    return text != NULL && strlen(text) <= NUMBER_MOST && text[strspn(text, "0123456789")] == '\0' ? text
                                                                                                   : NULL;
}

const char *gitlab_id(const civ_json_t *json, const char *what, civ_sync_page_t *page)
{
    const char *id = gitlab_number(json, "id");

    if (id == NULL)
        civ_sync_page_warn(page, "A %s was left out: it has no number", what);
    return id;
}
