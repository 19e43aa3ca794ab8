/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sealing.c
 * Changing the keys of connectors' secrets beside those who use them.
 */
#include "sync/sealing.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/status.h"
#include "sync/connectors_private.h"

enum { SQL_ALL, SQL_RESEAL, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_ALL] = {"sync_sealed",
                 "SELECT platform, settings, sealed FROM civ_sync_connectors ORDER BY platform"},
    [SQL_RESEAL] = {"sync_reseal", "UPDATE civ_sync_connectors SET sealed = %s WHERE platform = %s"},
};
const civ_statement_set_t civ_sealing_statements = {sql, SQL_COUNT};

/** A connector's row. */
typedef struct sealed_row_t {
    const char *platform, *settings;
    const civ_json_t *secrets; /**< NULL: they cannot be read */
} sealed_row_t;

/** A step at work. */
typedef struct step_t {
    const civ_engine_t *engine;
    civ_rotation_t *rotation;
    civ_seal_key_t *key;
    unsigned named; /**< places of the keys that are named by what stays as it is */
    int sealed;
    apr_array_header_t *unopened;
} step_t;

/* --- the file --- */

static apr_status_t complain(civ_problem_t *problem, const char *what, apr_status_t status, apr_pool_t *pool)
{
    char reason[128];

    if (status == CIV_EINVALID)
        apr_cpystrn(reason, "it is no file of such keys", sizeof(reason));
    else if (status == ELOOP)
        apr_cpystrn(reason, "it is a symbolic link, and what that leads to would keep the old key",
                    sizeof(reason));
    else
        apr_strerror(status, reason, sizeof(reason));
    civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool, "The key file of the secrets cannot be %s: %s%s",
                    what, reason,
                    APR_STATUS_IS_EACCES(status) ? " (nobody but its owner may have rights to it)" : "");
    return CIV_EINTEGRITY;
}

apr_status_t civ_sealing_load(civ_seal_key_t **key, const civ_engine_t *engine, civ_problem_t *problem,
                              apr_pool_t *pool)
{
    apr_status_t status = civ_seal_key_load(key, engine->key_file, pool);

    return status == APR_SUCCESS ? status : complain(problem, "read", status, pool);
}

static apr_status_t replace(const civ_engine_t *engine, const civ_seal_key_t *key, civ_change_t *change)
{
    apr_status_t status = civ_seal_key_replace(key, engine->key_file, change->pool);

    return status == APR_SUCCESS ? status : complain(change->problem, "written", status, change->pool);
}

/* --- what is sealed --- */

static apr_status_t read_rows(apr_array_header_t **all, civ_change_t *change)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &sql[SQL_ALL], NULL, 0, &rows, change->pool);

    *all = apr_array_make(change->pool, 8, sizeof(sealed_row_t));
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        sealed_row_t *row = apr_array_push(*all);

        row->platform = apr_pstrdup(change->pool, civ_rows_text(rows, 0));
        row->settings = apr_pstrdup(change->pool, civ_rows_text(rows, 1));
        if (civ_connector_parse(&row->secrets, apr_pstrdup(change->pool, civ_rows_text(rows, 2)),
                                change->pool) != APR_SUCCESS)
            row->secrets = NULL;
    }
    return status;
}

static int count_of(const sealed_row_t *row)
{
    return row->secrets != NULL ? (int)row->secrets->as.object.count : 0;
}

/* @return as civ_seal_key_place; -1: not of the text's kind */
static int place_of(const civ_seal_key_t *key, const civ_json_member_t *secret)
{
    return secret->value.type == CIV_JSON_STRING ? civ_seal_key_place(key, secret->value.as.text.text) : -1;
}

static int newest_in_use(const civ_seal_key_t *key, const apr_array_header_t *rows)
{
    int newest = -1, i, j;

    for (i = 0; i < rows->nelts; i++) {
        const sealed_row_t *row = &APR_ARRAY_IDX(rows, i, sealed_row_t);

        for (j = 0; j < count_of(row); j++) {
            int place = place_of(key, &row->secrets->as.object.members[j]);

            if (place >= 0 && (newest < 0 || place < newest))
                newest = place;
        }
    }
    return newest;
}

apr_status_t civ_sealing_key(civ_seal_key_t **key, const civ_engine_t *engine, civ_change_t *change)
{
    apr_array_header_t *rows;
    civ_seal_key_t *all;
    int place;
    apr_status_t status = civ_sealing_load(&all, engine, change->problem, change->pool);

    if (status == APR_SUCCESS)
        status = read_rows(&rows, change);
    if (status != APR_SUCCESS)
        return status;
    place = newest_in_use(all, rows);
    /* A newer one may not have come to all hosts yet. */
    if (place < 0)
        place = civ_seal_key_count(all) - 1;
    return civ_seal_key_pick(key, all, 1u << place, change->pool);
}

/* --- a new key --- */

static apr_status_t apply_begin(void *baton, civ_change_t *change)
{
    step_t *step = baton;
    civ_rotation_t *rotation = step->rotation;
    civ_seal_key_t *key;
    apr_status_t status = civ_sealing_load(&key, step->engine, change->problem, change->pool);
    int makes = status == APR_SUCCESS && civ_seal_key_count(key) == 1;

    if (makes)
        status = civ_seal_key_rotate(&key, key, change->pool);
    /* Written also where it was found: who put it there may have been killed before it was on disk. */
    if (status == APR_SUCCESS)
        status = replace(step->engine, key, change);
    if (status != APR_SUCCESS)
        return status;
    rotation->is_made |= makes;
    rotation->keys = civ_seal_key_count(key);
    apr_cpystrn(rotation->key_id, civ_seal_key_id(key), sizeof(rotation->key_id));
    return APR_SUCCESS;
}

apr_status_t civ_rotation_begin(const civ_engine_t *engine, civ_rotation_t *rotation, civ_problem_t *problem,
                                apr_pool_t *pool)
{
    step_t step = {.engine = engine, .rotation = rotation};

    return civ_change_run(&engine->transactor, apply_begin, &step, problem, pool);
}

/* --- from one key to the other --- */

/* @param text as it is to be stored; what cannot be opened stays as it is */
static apr_status_t reseal(step_t *step, const sealed_row_t *row, const civ_json_member_t *member,
                           const char **text, apr_pool_t *pool)
{
    const char *owner = civ_connector_owner(row->platform, row->settings, pool);
    int place = place_of(step->key, member);
    apr_size_t length;
    char *secret, *sealed;
    apr_status_t status;

    *text = member->value.as.text.text;
    status = civ_seal_open(&secret, &length, step->key, owner, member->name, *text, pool);
    if (status == APR_SUCCESS && place == 0)
        return APR_SUCCESS;
    if (status == APR_SUCCESS) {
        status = civ_seal(&sealed, step->key, owner, member->name, secret, length, pool);
        if (status == APR_SUCCESS)
            *text = sealed;
        step->sealed++;
        return status;
    }
    if (status == APR_ENOMEM)
        return status;
    if (place > 0)
        step->named |= 1u << place;
    APR_ARRAY_PUSH(step->unopened, const char *) = apr_pstrcat(pool, row->platform, ": ", member->name, NULL);
    return APR_SUCCESS;
}

static apr_status_t store_row(const sealed_row_t *row, const char *sealed, civ_change_t *change)
{
    const civ_argument_t arguments[] = {civ_text(sealed), civ_text(row->platform)};
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_RESEAL], arguments, 2, NULL);

    if (status == APR_SUCCESS)
        civ_connector_audit(change, "resealed", row->platform, row->settings, sealed);
    return status;
}

static apr_status_t reseal_row(step_t *step, const sealed_row_t *row, civ_change_t *change)
{
    int before = step->sealed, i;
    apr_status_t status = APR_SUCCESS;
    civ_json_writer_t writer;
    civ_buffer_t sealed;

    civ_buffer_init(&sealed, 256, change->pool);
    civ_json_writer_init(&writer, &sealed);
    civ_json_begin_object(&writer);
    for (i = 0; i < count_of(row) && status == APR_SUCCESS; i++) {
        const civ_json_member_t *member = &row->secrets->as.object.members[i];
        const char *text;

        if (member->value.type != CIV_JSON_STRING)
            continue; /* nothing here makes such a thing, and nothing reads it */
        status = reseal(step, row, member, &text, change->pool);
        civ_json_member_text(&writer, member->name, text);
    }
    civ_json_end_object(&writer);
    step->rotation->secrets += count_of(row);
    if (row->secrets == NULL) {
        /* Whatever it names. */
        step->named = ~0u;
        APR_ARRAY_PUSH(step->unopened, const char *) =
            apr_pstrcat(change->pool, row->platform, ": all", NULL);
    }
    return status == APR_SUCCESS && step->sealed > before ? store_row(row, sealed.data, change) : status;
}

/* What is in the database by now is there for good: it was committed before this transaction. */
static apr_status_t drop_keys(const step_t *step, civ_change_t *change)
{
    civ_rotation_t *rotation = step->rotation;
    civ_seal_key_t *kept;
    apr_status_t status = civ_seal_key_pick(&kept, step->key, 1u | step->named, change->pool);

    if (status == APR_SUCCESS && civ_seal_key_count(kept) < civ_seal_key_count(step->key)) {
        status = replace(step->engine, kept, change);
        if (status == APR_SUCCESS)
            rotation->dropped += civ_seal_key_count(step->key) - civ_seal_key_count(kept);
    }
    if (status == APR_SUCCESS)
        rotation->keys = civ_seal_key_count(kept);
    return status;
}

/* May be called several times for one step, by a transactor that tries again: only what is in the file already counts at once. */
static apr_status_t apply_step(void *baton, civ_change_t *change)
{
    step_t *step = baton;
    apr_array_header_t *rows;
    apr_status_t status = civ_sealing_load(&step->key, step->engine, change->problem, change->pool);
    int i;

    step->sealed = 0;
    step->named = 0;
    step->unopened = apr_array_make(change->pool, 4, sizeof(const char *));
    step->rotation->secrets = 0;
    if (status == APR_SUCCESS)
        status = read_rows(&rows, change);
    if (status != APR_SUCCESS)
        return status;
    apr_cpystrn(step->rotation->key_id, civ_seal_key_id(step->key), sizeof(step->rotation->key_id));
    for (i = 0; i < rows->nelts && status == APR_SUCCESS; i++)
        status = reseal_row(step, &APR_ARRAY_IDX(rows, i, sealed_row_t), change);
    return status == APR_SUCCESS && step->sealed == 0 ? drop_keys(step, change) : status;
}

apr_status_t civ_rotation_step(const civ_engine_t *engine, civ_rotation_t *rotation, civ_problem_t *problem,
                               apr_pool_t *pool)
{
    step_t step = {.engine = engine, .rotation = rotation};
    apr_status_t status = civ_change_run(&engine->transactor, apply_step, &step, problem, pool);

    if (status != APR_SUCCESS)
        return status;
    rotation->sealed += step.sealed;
    rotation->is_done = step.sealed == 0;
    rotation->unopened = step.unopened;
    return APR_SUCCESS;
}
