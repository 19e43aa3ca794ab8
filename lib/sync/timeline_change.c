/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_change.c
 * A change to the timeline: numbers, states of items, and what is put off to its end. Writers of all processes are shut out while
 * it is made, so the next number is the last one and one more.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/timeline_private.h"

static apr_int64_t order(apr_int64_t left, apr_int64_t right)
{
    return left < right ? -1 : left > right;
}

int civ_rank_compare_time(const civ_rank_t *left, const civ_rank_t *right)
{
    apr_int64_t result = order(left->attempt, right->attempt);

    return (int)(result != 0 ? result : order(left->updated, right->updated));
}

int civ_rank_compare(const civ_rank_t *left, const civ_rank_t *right)
{
    apr_int64_t result = civ_rank_compare_time(left, right);

    if (result == 0)
        result = order(left->chosen, right->chosen);
    if (result == 0)
        result = order(right->origin, left->origin);
    if (result == 0)
        result = order(left->revision, right->revision);
    return (int)(result != 0 ? result : strcmp(left->hash, right->hash));
}

apr_status_t civ_timeline_begin(civ_timeline_change_t *work, const civ_timeline_t *timeline,
                                civ_change_t *change)
{
    apr_int64_t *const last[] = {&work->item,    &work->version,  &work->move,
                                 &work->project, &work->conflict, &work->contradiction};
    civ_rows_t *rows;
    apr_status_t status;
    int i;

    memset(work, 0, sizeof(*work));
    work->change = change;
    work->timeline = timeline;
    work->states = apr_hash_make(change->pool);
    work->projects = apr_hash_make(change->pool);
    work->subjects = apr_hash_make(change->pool);
    work->seen = apr_array_make(change->pool, 64, sizeof(apr_int64_t));
    work->totals = apr_array_make(change->pool, 1, sizeof(civ_timeline_total_t));
    status = civ_db_select(change->db, &civ_timeline_sql[SQL_LAST_NUMBERS], NULL, 0, &rows, change->pool);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return CIV_EDATABASE;
    for (i = 0; i < (int)(sizeof(last) / sizeof(last[0])); i++)
        if (civ_rows_int(rows, i, last[i]) != APR_SUCCESS)
            return CIV_EDATABASE;
    return APR_SUCCESS;
}

static apr_status_t read_state(civ_item_state_t *state, civ_rows_t *rows, apr_pool_t *pool)
{
    apr_int64_t *const numbers[] = {&state->number,       &state->versions,        &state->placed,
                                    &state->current.row,  &state->current.project, &state->current.timestamp,
                                    &state->current.size, &state->rank.attempt,    &state->rank.updated,
                                    &state->rank.chosen,  &state->rank.origin,     &state->rank.revision};
    int i;

    state->key = apr_pstrdup(pool, civ_rows_text(rows, 0));
    for (i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++)
        if (civ_rows_int(rows, i + 1, numbers[i]) != APR_SUCCESS)
            return CIV_EDATABASE;
    apr_cpystrn(state->rank.hash, civ_rows_text(rows, 13), sizeof(state->rank.hash));
    state->current.status = apr_pstrdup(pool, civ_rows_text(rows, 14));
    state->current.sha = apr_pstrdup(pool, civ_rows_text(rows, 15));
    state->current.subject = apr_pstrdup(pool, civ_rows_text(rows, 16));
    return APR_SUCCESS;
}

apr_status_t civ_timeline_load(civ_timeline_change_t *work, const char *const *keys, int count)
{
    civ_argument_t arguments[CIV_TIMELINE_BATCH];
    apr_pool_t *pool = work->change->pool;
    civ_rows_t *rows;
    apr_status_t status;
    int i;

    for (i = 0; i < CIV_TIMELINE_BATCH; i++)
        arguments[i] = civ_text(keys[i < count ? i : count - 1]);
    status = civ_db_select(work->change->db, &civ_timeline_sql[SQL_STATES], arguments, CIV_TIMELINE_BATCH,
                           &rows, pool);
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_item_state_t *state = apr_pcalloc(pool, sizeof(*state));

        status = read_state(state, rows, pool);
        /* What this change has made of it already is not in doubt. */
        if (status == APR_SUCCESS && apr_hash_get(work->states, state->key, APR_HASH_KEY_STRING) == NULL)
            apr_hash_set(work->states, state->key, APR_HASH_KEY_STRING, state);
    }
    return status;
}

apr_status_t civ_timeline_project(civ_timeline_change_t *work, const char *source, const char *project_id,
                                  apr_int64_t *number)
{
    civ_change_t *change = work->change;
    const char *name = apr_pstrcat(change->pool, source, "\x1f", project_id, NULL);
    const civ_argument_t find[] = {civ_text(project_id), civ_text(source)};
    apr_int64_t *known = apr_hash_get(work->projects, name, APR_HASH_KEY_STRING);
    civ_rows_t *rows;
    apr_status_t status;

    if (known == NULL) {
        known = apr_pcalloc(change->pool, sizeof(*known));
        status = civ_db_select(change->db, &civ_timeline_sql[SQL_PROJECT_FIND], find, 2, &rows, change->pool);
        if (status != APR_SUCCESS)
            return status;
        if (civ_rows_next(rows) == APR_SUCCESS) {
            if (civ_rows_int(rows, 0, known) != APR_SUCCESS)
                return CIV_EDATABASE;
        } else {
            const civ_argument_t row[] = {civ_int(*known = ++work->project), civ_text(source),
                                          civ_text(project_id)};

            status = civ_db_send(change->db, &civ_timeline_sql[SQL_PROJECT_INSERT], row, 3);
            if (status != APR_SUCCESS)
                return status;
        }
        apr_hash_set(work->projects, name, APR_HASH_KEY_STRING, known);
    }
    *number = *known;
    return APR_SUCCESS;
}

/* Somebody who reads page after page must find the item where it was when he began. */
static apr_status_t move(civ_timeline_change_t *work, civ_item_state_t *state)
{
    const civ_argument_t row[] = {civ_int(++work->move),           civ_int(state->number),
                                  civ_int(state->current.project), civ_int(state->current.timestamp),
                                  civ_int(state->placed),          civ_int(state->current.row)};

    state->placed = work->move;
    return civ_db_send(work->change->db, &civ_timeline_sql[SQL_MOVE_INSERT], row, 6);
}

apr_status_t civ_timeline_turn(civ_timeline_change_t *work, civ_item_state_t *state, const civ_rank_t *rank,
                               const civ_place_t *place, int new_rows)
{
    apr_status_t status = APR_SUCCESS;

    if (place->timestamp != state->current.timestamp || place->project != state->current.project)
        status = move(work, state);
    civ_contradictions_note(work, state->current.sha, state->current.subject);
    civ_contradictions_note(work, place->sha, place->subject);
    state->rank = *rank;
    state->current = *place;
    state->versions += new_rows;
    {
        const civ_argument_t row[] = {
            civ_int(place->project), civ_int(place->timestamp), civ_int(state->placed),
            civ_int(place->row),     civ_int(place->size),      civ_int(state->versions),
            civ_int(rank->attempt),  civ_int(rank->updated),    civ_int(rank->chosen),
            civ_int(rank->origin),   civ_int(rank->revision),   civ_text(state->rank.hash),
            civ_text(place->status), civ_text(place->sha),      civ_text(place->subject),
            civ_int(state->number)};

        return status == APR_SUCCESS
                   ? civ_db_send(work->change->db, &civ_timeline_sql[SQL_ITEM_TURN], row, 16)
                   : status;
    }
}

static apr_status_t write_seen(civ_timeline_change_t *work)
{
    const apr_int64_t *seen = (const apr_int64_t *)work->seen->elts;
    const int most = CIV_TIMELINE_BATCH - 1;
    apr_status_t status = APR_SUCCESS;
    int i, j;

    for (i = 0; i < work->seen->nelts && status == APR_SUCCESS; i += most) {
        civ_argument_t arguments[CIV_TIMELINE_BATCH];

        arguments[0] = civ_int(work->change->now);
        for (j = 0; j < most; j++)
            arguments[j + 1] = civ_int(seen[i + j < work->seen->nelts ? i + j : i]);
        status =
            civ_db_send(work->change->db, &civ_timeline_sql[SQL_ITEM_SEEN], arguments, CIV_TIMELINE_BATCH);
    }
    return status;
}

apr_status_t civ_timeline_finish(civ_timeline_change_t *work)
{
    apr_status_t status = write_seen(work);

    if (status == APR_SUCCESS)
        status = civ_contradictions_update(work);
    return status == APR_SUCCESS ? civ_timeline_totals_write(work->totals, work->change->db) : status;
}
