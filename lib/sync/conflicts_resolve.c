/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file conflicts_resolve.c
 * Decisions about conflicts.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "sync/conflicts.h"
#include "sync/timeline_private.h"

/* Conflicts of one transaction: their candidates are in memory together. */
#define AT_ONCE   10
#define TOLD_MOST 100

/* What is decided here does not come from a platform: it has a note of its own. */
static const civ_timeline_t timeline = {0};

typedef struct resolving_t {
    const civ_resolution_t *resolution;
    apr_int64_t after;         /**< conflicts up to here are done */
    apr_int64_t last;          /**< and those beyond came later */
    apr_int64_t done[AT_ONCE]; /**< of this transaction */
    int done_count;
} resolving_t;

/* --- who wins --- */

static apr_int64_t count_values(const civ_json_t *json)
{
    apr_int64_t count = 0;
    apr_size_t i;

    switch (json->type) {
    case CIV_JSON_OBJECT:
        for (i = 0; i < json->as.object.count; i++)
            count += count_values(&json->as.object.members[i].value);
        return count;
    case CIV_JSON_ARRAY:
        for (i = 0; i < json->as.array.count; i++)
            count += count_values(&json->as.array.items[i]);
        return count;
    case CIV_JSON_NULL:
        return 0;
    case CIV_JSON_STRING:
        return json->as.text.length > 0;
    default:
        return 1;
    }
}

static apr_int64_t completeness(const civ_timeline_entry_t *entry, apr_pool_t *pool)
{
    civ_json_limits_t limits = civ_json_request_limits;
    const civ_json_t *json;
    civ_problem_t problem;

    limits.size = strlen(entry->data);
    if (civ_json_parse(&json, entry->data, strlen(entry->data), &limits, &problem, pool) != APR_SUCCESS)
        return 0;
    return count_values(json);
}

static int find_current(const civ_conflict_t *conflict)
{
    int i;

    for (i = 0; i < conflict->candidate_count; i++)
        if (conflict->candidates[i].is_current)
            return i;
    return -1;
}

static int find_most_complete(const civ_conflict_t *conflict, apr_pool_t *pool)
{
    int best = find_current(conflict);
    apr_int64_t most = best >= 0 ? completeness(&conflict->candidates[best], pool) : -1;
    int i;

    for (i = 0; i < conflict->candidate_count; i++) {
        apr_int64_t value = completeness(&conflict->candidates[i], pool);

        if (value > most) {
            most = value;
            best = i;
        }
    }
    return best;
}

/* Index of the winner, or -1. */
static int find_winner(const civ_resolution_t *resolution, const civ_conflict_t *conflict, apr_pool_t *pool)
{
    int i;

    switch (resolution->policy) {
    case CIV_POLICY_LATEST:
        return conflict->candidate_count - 1;
    case CIV_POLICY_PREFER:
        if (resolution->prefer == NULL)
            return find_current(conflict);
        for (i = conflict->candidate_count - 1; i >= 0; i--)
            if (strcmp(conflict->candidates[i].content_hash, resolution->prefer) == 0)
                break;
        return i;
    default:
        return find_most_complete(conflict, pool);
    }
}

/* --- the event --- */

static void write_version(civ_json_writer_t *writer, const civ_timeline_entry_t *entry, int with_data)
{
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "content_hash", entry->content_hash);
    if (with_data) {
        civ_json_name(writer, "data");
        civ_json_raw(writer, entry->data, strlen(entry->data));
    }
    civ_json_member_int(writer, "version", entry->version);
    civ_json_end_object(writer);
}

static const char *write_event(const civ_resolution_t *resolution, const civ_conflict_t *conflict, int winner,
                               apr_int64_t now, int with_data, apr_pool_t *pool)
{
    const char *policy = civ_conflict_policy_name(resolution->policy);
    int has_reason = resolution->reason != NULL && resolution->reason[0] != '\0';
    char created[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t out;
    int i;

    civ_buffer_init(&out, 1024, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "action", "resolve");
    civ_json_member_text(&writer, "author", resolution->author);
    civ_json_member_text(&writer, "created", civ_timestamp_format(created, now));
    civ_json_member_text(&writer, "key", conflict->key);
    civ_json_name(&writer, "losing");
    civ_json_begin_array(&writer);
    for (i = 0; i < conflict->candidate_count; i++)
        if (i != winner)
            write_version(&writer, &conflict->candidates[i], with_data);
    civ_json_end_array(&writer);
    civ_json_member_text(&writer, "policy", policy);
    civ_json_member_text(&writer, "reason", has_reason ? resolution->reason : policy);
    civ_json_member_text(&writer, "type", "civarcos.sync.resolution");
    civ_json_name(&writer, "winning");
    write_version(&writer, &conflict->candidates[winner], 0);
    civ_json_end_object(&writer);
    return out.data;
}

/* --- the change --- */

static apr_status_t make_current(civ_timeline_change_t *work, civ_item_state_t *state,
                                 const civ_timeline_entry_t *entry)
{
    civ_change_t *change = work->change;
    const civ_argument_t choose[] = {civ_int(entry->row), civ_int(state->number), civ_int(entry->updated),
                                     civ_int(entry->attempt)};
    const civ_argument_t raised[] = {
        civ_int(entry->attempt), civ_int(entry->updated),  civ_int(1),
        civ_int(entry->origin),  civ_int(entry->revision), civ_int(state->number)};
    civ_rank_t rank = {entry->attempt, entry->updated, 1, entry->origin, entry->revision, ""};
    civ_place_t place;
    apr_status_t status = civ_db_send(change->db, &civ_timeline_sql[SQL_VERSION_CHOOSE], choose, 4);

    if (status != APR_SUCCESS)
        return status;
    if (entry->is_current)
        return civ_db_send(change->db, &civ_timeline_sql[SQL_ITEM_RAISE], raised, 6);
    apr_cpystrn(rank.hash, entry->content_hash, sizeof(rank.hash));
    place.row = entry->row;
    place.timestamp = entry->timestamp;
    place.size = (apr_int64_t)strlen(entry->data);
    place.status = entry->status;
    place.sha = entry->sha;
    place.subject =
        entry->sha[0] != '\0' ? civ_contradictions_subject(entry->type, entry->title, change->pool) : "";
    status = civ_timeline_project(work, entry->source, entry->project_id, &place.project);
    return status == APR_SUCCESS ? civ_timeline_turn(work, state, &rank, &place, 0) : status;
}

static apr_status_t decide(resolving_t *resolving, civ_timeline_change_t *work,
                           const civ_conflict_t *conflict, int winner)
{
    const civ_resolution_t *resolution = resolving->resolution;
    civ_change_t *change = work->change;
    const char *event = write_event(resolution, conflict, winner, change->now, 1, change->pool);
    const civ_argument_t close[] = {civ_int(change->now), civ_text(event), civ_int(conflict->number)};
    civ_item_state_t *state;
    apr_status_t status = civ_timeline_load(work, &conflict->key, 1);

    state = apr_hash_get(work->states, conflict->key, APR_HASH_KEY_STRING);
    if (status != APR_SUCCESS || state == NULL)
        return status != APR_SUCCESS ? status : CIV_EDATABASE;
    status = make_current(work, state, &conflict->candidates[winner]);
    if (status == APR_SUCCESS)
        status = civ_db_send(change->db, &civ_conflicts_sql[SQL_CONFLICT_CLOSE], close, 3);
    if (change->notes != NULL)
        *(const char **)apr_array_push(change->notes) =
            write_event(resolution, conflict, winner, change->now, 0, change->pool);
    resolving->done[resolving->done_count++] = conflict->number;
    return status;
}

static apr_status_t refuse(const resolving_t *resolving, civ_change_t *change,
                           const apr_array_header_t *found)
{
    const civ_resolution_t *resolution = resolving->resolution;

    if (resolution->key == NULL)
        return APR_SUCCESS;
    if (found->nelts == 0) {
        civ_problem_set_at(change->problem, CIV_PROBLEM_NOT_FOUND, "/key", change->pool,
                           "No open conflict has this key");
        return APR_NOTFOUND;
    }
    if (find_winner(resolution, (const civ_conflict_t *)found->elts, change->pool) < 0) {
        civ_problem_set_at(change->problem, CIV_PROBLEM_INVALID_MEMBER, "/prefer", change->pool,
                           "No candidate of this conflict has this content hash");
        return CIV_EINVALID;
    }
    return APR_SUCCESS;
}

static apr_status_t apply(void *baton, civ_change_t *change)
{
    resolving_t *resolving = baton;
    const civ_resolution_t *resolution = resolving->resolution;
    const civ_argument_t page[] = {civ_int(resolving->after), civ_int(resolving->last), civ_int(AT_ONCE)};
    const civ_argument_t key = civ_text(resolution->key != NULL ? resolution->key : "");
    apr_array_header_t *found = apr_array_make(change->pool, AT_ONCE, sizeof(civ_conflict_t));
    civ_timeline_change_t work;
    apr_status_t status;
    int i;

    resolving->done_count = 0;
    status = resolution->key != NULL
                 ? civ_conflicts_read(change->db, SQL_CONFLICT_OF_KEY, &key, 1, found, change->pool)
                 : civ_conflicts_read(change->db, SQL_CONFLICTS_PAGE, page, 3, found, change->pool);
    if (status == APR_SUCCESS)
        status = refuse(resolving, change, found);
    if (status == APR_SUCCESS)
        status = civ_timeline_begin(&work, &timeline, change);
    for (i = 0; i < found->nelts && i < AT_ONCE && status == APR_SUCCESS; i++) {
        const civ_conflict_t *conflict = &((const civ_conflict_t *)found->elts)[i];
        int winner = find_winner(resolution, conflict, change->pool);

        status = winner >= 0 ? decide(resolving, &work, conflict, winner) : CIV_EDATABASE;
    }
    return status == APR_SUCCESS ? civ_timeline_finish(&work) : status;
}

/* --- all of them --- */

static apr_status_t check(const civ_resolution_t *resolution, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = NULL;
    const char *member = "";

    if (resolution->author == NULL || strlen(resolution->author) > CIV_CONFLICT_AUTHOR_MAX) {
        member = "/author";
        fault = "The author is missing or too long";
    } else if (resolution->reason != NULL && strlen(resolution->reason) > CIV_CONFLICT_REASON_MAX) {
        member = "/reason";
        fault = "The reason is too long";
    } else if (resolution->prefer != NULL &&
               (resolution->policy != CIV_POLICY_PREFER || resolution->key == NULL)) {
        member = "/prefer";
        fault = "A content hash can be preferred only with the policy \"prefer\" and a key";
    } else if (resolution->policy == CIV_POLICY_PREFER &&
               (resolution->prefer == NULL || resolution->key == NULL)) {
        member = resolution->key == NULL ? "/key" : "/prefer";
        fault = "The policy \"prefer\" needs a key, and in prefer the content_hash that counts";
    }
    if (fault == NULL)
        return APR_SUCCESS;
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, member, pool, "%s", fault);
    return CIV_EINVALID;
}

static apr_status_t read_last(civ_store_t *store, apr_int64_t *last, apr_pool_t *pool)
{
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &civ_conflicts_sql[SQL_CONFLICT_LAST], NULL, 0, &rows, pool);
    if (status == APR_SUCCESS &&
        (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, last) != APR_SUCCESS))
        status = CIV_EDATABASE;
    civ_store_release(store, db);
    return status;
}

static apr_status_t tell(civ_store_t *store, const apr_array_header_t *numbers, civ_conflicts_page_t *page,
                         apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, numbers->nelts + 1, sizeof(civ_conflict_t));
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);
    int i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < numbers->nelts && status == APR_SUCCESS; i++) {
        const civ_argument_t number = civ_int(((const apr_int64_t *)numbers->elts)[i]);

        status = civ_conflicts_read(db, SQL_CONFLICT_BY_NUMBER, &number, 1, found, pool);
    }
    civ_store_release(store, db);
    page->conflicts = (civ_conflict_t *)found->elts;
    page->count = found->nelts;
    return status;
}

apr_status_t civ_conflicts_resolve(civ_store_t *store, const civ_transactor_t *transactor,
                                   const civ_resolution_t *resolution, civ_conflicts_page_t *page,
                                   apr_int64_t *count, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_array_header_t *told = apr_array_make(pool, 16, sizeof(apr_int64_t));
    resolving_t resolving = {.resolution = resolution};
    apr_pool_t *scratch;
    apr_status_t status = check(resolution, problem, pool);
    int i;

    *count = 0;
    memset(page, 0, sizeof(*page));
    if (status == APR_SUCCESS)
        status = read_last(store, &resolving.last, pool);
    if (status != APR_SUCCESS)
        return status;
    apr_pool_create(&scratch, pool);
    do {
        status = civ_change_run(transactor, apply, &resolving, problem, scratch);
        for (i = 0; i < resolving.done_count && status == APR_SUCCESS; i++) {
            resolving.after = resolving.done[i];
            if (told->nelts < TOLD_MOST)
                *(apr_int64_t *)apr_array_push(told) = resolving.done[i];
            (*count)++;
        }
        /* Where it was refused, the scratch holds the words of why. */
        if (status == APR_SUCCESS)
            apr_pool_clear(scratch);
    } while (status == APR_SUCCESS && resolution->key == NULL && resolving.done_count == AT_ONCE);
    return status == APR_SUCCESS ? tell(store, told, page, pool) : status;
}
