/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline.c
 * Storing a page of items: what each is to what is there already.
 */
#include "sync/timeline.h"

#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/timeline_private.h"

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

static void rank_item(civ_rank_t *rank, const civ_sync_item_t *item)
{
    rank->attempt = item->attempt > 1 ? item->attempt : 1;
    rank->updated = item->updated;
    rank->chosen = 0;
    rank->origin = item->origin;
    rank->revision = item->revision;
    civ_digest_hex(rank->hash, &item->content_hash);
}

static void see(civ_timeline_change_t *work, civ_item_state_t *state)
{
    if (!state->is_seen)
        *(apr_int64_t *)apr_array_push(work->seen) = state->number;
    state->is_seen = 1;
}

/* --- rows --- */

static apr_status_t place_item(civ_timeline_change_t *work, const civ_sync_item_t *item, civ_place_t *place)
{
    place->row = ++work->version;
    place->timestamp = item->timestamp;
    place->size = (apr_int64_t)strlen(item->data);
    place->status = text_of(item->status);
    place->sha = text_of(item->sha);
    place->subject =
        item->sha != NULL ? civ_contradictions_subject(item->type, item->title, work->change->pool) : "";
    return civ_timeline_project(work, item->source, item->project_id, &place->project);
}

static apr_status_t insert_version(civ_timeline_change_t *work, const civ_sync_item_t *item,
                                   const civ_item_state_t *state, const civ_rank_t *rank,
                                   const civ_place_t *place, apr_int64_t version)
{
    civ_change_t *change = work->change;
    char raw[CIV_DIGEST_HEX_SIZE], entry[CIV_DIGEST_HEX_SIZE] = "";
    civ_digest_t hash;

    if (work->timeline->is_noted && change->notes != NULL) {
        *(const char **)apr_array_push(change->notes) = civ_timeline_note(item, version, &hash, change->pool);
        civ_digest_hex(entry, &hash);
    }
    civ_timeline_totals_note(work->totals, item->source, version == 1 ? 1 : 0, 1);
    {
        const civ_argument_t row[] = {civ_int(place->row),
                                      civ_int(state->number),
                                      civ_int(version),
                                      civ_int(place->timestamp),
                                      civ_int(place->project),
                                      civ_int(rank->attempt),
                                      civ_int(rank->updated),
                                      civ_int(rank->origin),
                                      civ_int(rank->revision),
                                      civ_text(rank->hash),
                                      civ_text(civ_digest_hex(raw, &item->raw_hash)),
                                      civ_text(entry),
                                      civ_int(change->now),
                                      civ_text(place->status),
                                      civ_text(text_of(item->title)),
                                      civ_text(text_of(item->author)),
                                      civ_text(place->sha),
                                      civ_text(text_of(item->url)),
                                      civ_text(text_of(item->source_url)),
                                      civ_text(item->data)};

        return civ_db_send(change->db, &civ_timeline_sql[SQL_VERSION_INSERT], row, 20);
    }
}

static apr_status_t insert_item(civ_timeline_change_t *work, const civ_sync_item_t *item, const char *key)
{
    civ_change_t *change = work->change;
    civ_item_state_t *state = apr_pcalloc(change->pool, sizeof(*state));
    civ_place_t *place = &state->current;
    civ_rank_t *rank = &state->rank;
    apr_status_t status;

    state->number = ++work->item;
    state->key = key;
    state->versions = 1;
    state->is_seen = 1;
    rank_item(rank, item);
    status = place_item(work, item, place);
    if (status == APR_SUCCESS)
        status = insert_version(work, item, state, rank, place, 1);
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {
            civ_int(state->number),   civ_text(key),           civ_text(item->source),
            civ_text(item->type),     civ_int(place->project), civ_int(place->timestamp),
            civ_int(place->row),      civ_int(place->size),    civ_int(rank->attempt),
            civ_int(rank->updated),   civ_int(rank->origin),   civ_int(rank->revision),
            civ_text(rank->hash),     civ_text(place->status), civ_text(place->sha),
            civ_text(place->subject), civ_int(change->now),    civ_int(change->now),
            civ_text(item->instance), civ_text(item->scope),   civ_text(item->native_id)};

        status = civ_db_send(change->db, &civ_timeline_sql[SQL_ITEM_INSERT], row, 21);
    }
    civ_contradictions_note(work, place->sha, place->subject);
    apr_hash_set(work->states, key, APR_HASH_KEY_STRING, state);
    return status;
}

/* --- what is there already --- */

/* The current content, told again: it is known to be so at a later time, or from a better source. */
static apr_status_t confirm(civ_timeline_change_t *work, civ_item_state_t *state, const civ_rank_t *rank)
{
    const civ_argument_t conflict[] = {civ_int(work->change->now), civ_int(state->number)};
    civ_argument_t row[] = {civ_int(rank->attempt), civ_int(rank->updated),  civ_int(rank->chosen),
                            civ_int(rank->origin),  civ_int(rank->revision), civ_int(state->number)};
    civ_db_t *db = work->change->db;
    int is_later = civ_rank_compare_time(rank, &state->rank) > 0;
    apr_status_t status = civ_db_send(db, &civ_timeline_sql[SQL_ITEM_RAISE], row, 6);

    row[5] = civ_int(state->current.row);
    state->rank = *rank;
    if (status == APR_SUCCESS)
        status = civ_db_send(db, &civ_timeline_sql[SQL_VERSION_RAISE], row, 6);
    if (status == APR_SUCCESS && is_later && state->versions > 1)
        status = civ_db_send(db, &civ_timeline_sql[SQL_CONFLICT_PASS], conflict, 2);
    return status;
}

/* A version that is there, and is not current. */
typedef struct known_t {
    civ_rank_t rank;
    civ_place_t place;
} known_t;

static apr_status_t find_known(civ_timeline_change_t *work, const civ_sync_item_t *item,
                               const civ_item_state_t *state, const civ_rank_t *rank, known_t *known)
{
    const civ_argument_t exact[] = {civ_int(state->number), civ_int(rank->updated), civ_int(rank->attempt),
                                    civ_text(rank->hash)};
    apr_pool_t *pool = work->change->pool;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(work->change->db, &civ_timeline_sql[SQL_VERSION_EXACT], exact, 4, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    known->rank = *rank;
    if (civ_rows_int(rows, 0, &known->place.row) != APR_SUCCESS ||
        civ_rows_int(rows, 1, &known->rank.chosen) != APR_SUCCESS ||
        civ_rows_int(rows, 2, &known->rank.origin) != APR_SUCCESS ||
        civ_rows_int(rows, 3, &known->rank.revision) != APR_SUCCESS ||
        civ_rows_int(rows, 4, &known->place.project) != APR_SUCCESS ||
        civ_rows_int(rows, 5, &known->place.timestamp) != APR_SUCCESS ||
        civ_rows_int(rows, 8, &known->place.size) != APR_SUCCESS)
        return CIV_EDATABASE;
    known->place.status = apr_pstrdup(pool, civ_rows_text(rows, 6));
    known->place.sha = apr_pstrdup(pool, civ_rows_text(rows, 7));
    known->place.subject = known->place.sha[0] != '\0'
                               ? civ_contradictions_subject(item->type, civ_rows_text(rows, 9), pool)
                               : "";
    return APR_SUCCESS;
}

/* It may have come from a better source this time, so that it is this one that is to be current. */
static apr_status_t tell_known(civ_timeline_change_t *work, civ_item_state_t *state, const civ_rank_t *rank,
                               known_t *known, civ_timeline_outcome_e *outcome)
{
    civ_rank_t best = *rank;
    apr_status_t status = APR_SUCCESS;

    best.chosen = known->rank.chosen;
    if (civ_rank_compare(&best, &known->rank) > 0) {
        const civ_argument_t row[] = {civ_int(best.attempt),  civ_int(best.updated),
                                      civ_int(best.chosen),   civ_int(best.origin),
                                      civ_int(best.revision), civ_int(known->place.row)};

        status = civ_db_send(work->change->db, &civ_timeline_sql[SQL_VERSION_RAISE], row, 6);
    } else {
        best = known->rank;
    }
    see(work, state);
    *outcome = CIV_TIMELINE_DUPLICATE;
    if (status != APR_SUCCESS || civ_rank_compare(&best, &state->rank) <= 0)
        return status;
    *outcome = CIV_TIMELINE_CHANGED;
    return civ_timeline_turn(work, state, &best, &known->place, 0);
}

static apr_status_t open_conflict(civ_timeline_change_t *work, const civ_item_state_t *state,
                                  const civ_rank_t *rank)
{
    const civ_argument_t item = civ_int(state->number);
    civ_change_t *change = work->change;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_timeline_sql[SQL_CONFLICT_OPEN], &item, 1, &rows, change->pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) != APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(++work->conflict), civ_int(state->number),
                                      civ_int(rank->attempt), civ_int(rank->updated), civ_int(change->now)};

        status = civ_db_send(change->db, &civ_timeline_sql[SQL_CONFLICT_INSERT], row, 5);
    }
    return status;
}

static apr_status_t add_version(civ_timeline_change_t *work, const civ_sync_item_t *item,
                                civ_item_state_t *state, const civ_rank_t *rank,
                                civ_timeline_outcome_e *outcome)
{
    const civ_argument_t pass[] = {civ_int(work->change->now), civ_int(state->number)};
    int time = civ_rank_compare_time(rank, &state->rank);
    civ_db_t *db = work->change->db;
    civ_place_t place;
    apr_status_t status = place_item(work, item, &place);

    *outcome = time > 0 ? CIV_TIMELINE_CHANGED : time < 0 ? CIV_TIMELINE_STALE : CIV_TIMELINE_CONFLICT;
    if (status == APR_SUCCESS)
        status = insert_version(work, item, state, rank, &place, state->versions + 1);
    if (status == APR_SUCCESS && time > 0 && state->versions > 1)
        status = civ_db_send(db, &civ_timeline_sql[SQL_CONFLICT_PASS], pass, 2);
    if (status == APR_SUCCESS && time == 0)
        status = open_conflict(work, state, rank);
    see(work, state);
    if (status == APR_SUCCESS && civ_rank_compare(rank, &state->rank) > 0)
        return civ_timeline_turn(work, state, rank, &place, 1);
    state->versions++;
    {
        const civ_argument_t grown[] = {civ_int(state->versions), civ_int(state->number)};

        return status == APR_SUCCESS ? civ_db_send(db, &civ_timeline_sql[SQL_ITEM_GROWN], grown, 2) : status;
    }
}

static apr_status_t store_existing(civ_timeline_change_t *work, const civ_sync_item_t *item,
                                   civ_item_state_t *state, civ_timeline_outcome_e *outcome)
{
    civ_rank_t rank;
    known_t known;
    apr_status_t status;

    rank_item(&rank, item);
    if (strcmp(rank.hash, state->rank.hash) == 0) {
        *outcome = CIV_TIMELINE_DUPLICATE;
        see(work, state);
        if (item->updated == 0 || civ_rank_compare(&rank, &state->rank) <= 0)
            return APR_SUCCESS;
        return confirm(work, state, &rank);
    }
    /* The platform does not say when it changed: now, for all that we can tell. */
    if (item->updated == 0)
        rank.updated = work->change->now > state->rank.updated ? work->change->now : state->rank.updated + 1;
    status = item->updated == 0 ? APR_NOTFOUND : find_known(work, item, state, &rank, &known);
    if (status == APR_SUCCESS)
        return tell_known(work, state, &rank, &known, outcome);
    return status == APR_NOTFOUND ? add_version(work, item, state, &rank, outcome) : status;
}

/* --- the page --- */

static apr_status_t load_states(civ_timeline_change_t *work, const char *const *keys, int count)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < count && status == APR_SUCCESS; i += CIV_TIMELINE_BATCH)
        status = civ_timeline_load(work, keys + i,
                                   count - i < CIV_TIMELINE_BATCH ? count - i : CIV_TIMELINE_BATCH);
    return status;
}

static apr_status_t store(void *baton, civ_change_t *change, const civ_sync_item_t *items, int count,
                          civ_timeline_outcome_e *outcomes)
{
    const char **keys = apr_palloc(change->pool, ((apr_size_t)count + 1) * sizeof(*keys));
    civ_timeline_change_t work;
    apr_status_t status = civ_timeline_begin(&work, baton, change);
    int i;

    for (i = 0; i < count; i++)
        keys[i] = civ_digest_hex_dup(&items[i].key, change->pool);
    if (status == APR_SUCCESS)
        status = load_states(&work, keys, count);
    for (i = 0; i < count && status == APR_SUCCESS; i++) {
        civ_item_state_t *state = apr_hash_get(work.states, keys[i], APR_HASH_KEY_STRING);

        outcomes[i] = CIV_TIMELINE_NEW;
        status = state == NULL ? insert_item(&work, &items[i], keys[i])
                               : store_existing(&work, &items[i], state, &outcomes[i]);
    }
    return status == APR_SUCCESS ? civ_timeline_finish(&work) : status;
}

static apr_status_t gone(void *baton, civ_change_t *change, const civ_digest_t *key)
{
    const civ_argument_t arguments[] = {civ_int(change->now),
                                        civ_text(civ_digest_hex_dup(key, change->pool))};

    (void)baton;
    return civ_db_send(change->db, &civ_timeline_sql[SQL_ITEM_GONE], arguments, 2);
}

civ_timeline_writer_t civ_timeline_writer(const civ_timeline_t *timeline)
{
    civ_timeline_writer_t writer = {(void *)timeline, store, gone};

    return writer;
}
