/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file connectors.c
 * Secrets are sealed one by one, bound to platform and member, and kept apart from what may be shown.
 */
#include "sync/connectors_private.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/canonical.h"
#include "base/status.h"
#include "sync/audit.h"
#include "sync/jobs.h"
#include "sync/platforms/platforms.h"
#include "sync/sealing.h"

const civ_connector_t *const civ_connectors[] = {
    &civ_connector_azure_devops,
    &civ_connector_bitbucket,
    &civ_connector_circle_ci,
    &civ_connector_github,
    &civ_connector_gitlab,
    &civ_connector_jenkins,
    NULL,
};

enum { SQL_GET, SQL_LIST, SQL_PUT, SQL_REMOVE, SQL_NOTE, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_GET] = {"sync_connector",
                 "SELECT platform, settings, sealed, state, reason, since, configured, synced "
                 "FROM civ_sync_connectors WHERE platform = %s"},
    [SQL_LIST] = {"sync_connectors_list",
                  "SELECT platform, settings, sealed, state, reason, since, configured, synced "
                  "FROM civ_sync_connectors ORDER BY platform LIMIT %lld"},
    [SQL_PUT] =
        {"sync_connector_put",
         "INSERT INTO civ_sync_connectors (platform, settings, sealed, state, reason, since, "
         "configured, synced) VALUES (%s, %s, %s, 'untried', '', %lld, %lld, 0) ON CONFLICT (platform) "
         "DO UPDATE SET settings = excluded.settings, sealed = excluded.sealed, state = "
         "excluded.state, reason = excluded.reason, since = excluded.since, configured = "
         "excluded.configured"},
    [SQL_REMOVE] = {"sync_connector_remove", "DELETE FROM civ_sync_connectors WHERE platform = %s"},
    [SQL_NOTE] = {"sync_connector_note",
                  "UPDATE civ_sync_connectors SET since = CASE WHEN state = %s THEN since ELSE %lld END, "
                  "state = %s, reason = %s, synced = CASE WHEN %lld > 0 THEN %lld ELSE synced END WHERE "
                  "platform = %s"},
};
const civ_statement_set_t civ_connectors_statements = {sql, SQL_COUNT};

static int is_secret(const civ_connector_setting_t *settings, const char *name)
{
    const civ_connector_setting_t *setting;

    if (strcmp(name, "webhook_secret") == 0)
        return 1;
    for (setting = settings; setting != NULL && setting->name != NULL; setting++)
        if (strcmp(setting->name, name) == 0)
            return setting->is_secret;
    return 0;
}

const char *civ_connector_owner(const char *platform, const char *settings, apr_pool_t *pool)
{
    return apr_pstrcat(pool, platform, "\n", settings, NULL);
}

void civ_connector_audit(civ_change_t *change, const char *action, const char *platform, const char *settings,
                         const char *sealed)
{
    civ_sync_audit(change, "connector", action, platform,
                   apr_pstrcat(change->pool, settings, "\n", sealed, NULL));
}

typedef struct configuration_t {
    const civ_engine_t *engine;
    const civ_connector_setting_t *table;
    const civ_json_t *config;
    const char *platform, *settings;
} configuration_t;

static apr_status_t write_settings(configuration_t *configuration, apr_pool_t *pool)
{
    const civ_json_t *config = configuration->config;
    civ_json_writer_t writer;
    civ_buffer_t settings;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    civ_buffer_init(&settings, 256, pool);
    civ_json_writer_init(&writer, &settings);
    civ_json_begin_object(&writer);
    for (i = 0; i < config->as.object.count && status == APR_SUCCESS; i++) {
        const civ_json_member_t *member = &config->as.object.members[i];

        if (is_secret(configuration->table, member->name))
            continue;
        civ_json_name(&writer, member->name);
        status = civ_canonical_write(&settings, &member->value);
        writer.after_name = 0;
    }
    civ_json_end_object(&writer);
    configuration->settings = settings.data;
    return status;
}

/* @return APR_SUCCESS; CIV_EINVALID: one is too long */
static apr_status_t write_secrets(const configuration_t *configuration, const civ_seal_key_t *key,
                                  const char **text, apr_pool_t *pool)
{
    const char *owner = civ_connector_owner(configuration->platform, configuration->settings, pool);
    const civ_json_t *config = configuration->config;
    civ_json_writer_t writer;
    civ_buffer_t sealed;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    civ_buffer_init(&sealed, 256, pool);
    civ_json_writer_init(&writer, &sealed);
    civ_json_begin_object(&writer);
    for (i = 0; i < config->as.object.count && status == APR_SUCCESS; i++) {
        const civ_json_member_t *member = &config->as.object.members[i];
        char *secret;

        if (member->value.type != CIV_JSON_STRING || !is_secret(configuration->table, member->name))
            continue;
        status = civ_seal(&secret, key, owner, member->name, member->value.as.text.text,
                          member->value.as.text.length, pool);
        if (status == APR_SUCCESS)
            civ_json_member_text(&writer, member->name, secret);
    }
    civ_json_end_object(&writer);
    *text = sealed.data;
    return status;
}

static apr_status_t refuse_config(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool)
{
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, "/config", pool,
                       "The configuration cannot be stored");
    return status;
}

/* Sealed within the transaction that stores it, so that the key does not change in between. */
static apr_status_t apply_put(void *baton, civ_change_t *change)
{
    const configuration_t *configuration = baton;
    const char *sealed;
    civ_seal_key_t *key;
    apr_status_t status = civ_sealing_key(&key, configuration->engine, change);

    if (status != APR_SUCCESS)
        return status;
    status = write_secrets(configuration, key, &sealed, change->pool);
    if (status != APR_SUCCESS)
        return refuse_config(change->problem, status, change->pool);
    {
        const civ_argument_t arguments[] = {civ_text(configuration->platform),
                                            civ_text(configuration->settings), civ_text(sealed),
                                            civ_int(change->now), civ_int(change->now)};

        status = civ_db_execute(change->db, &sql[SQL_PUT], arguments, 5, NULL);
    }
    if (status == APR_SUCCESS)
        status = civ_jobs_release_within(change, configuration->platform);
    if (status == APR_SUCCESS)
        civ_connector_audit(change, "configured", configuration->platform, configuration->settings, sealed);
    change->answer = "configured";
    return status;
}

apr_status_t civ_connector_put(const civ_engine_t *engine, const char *platform,
                               const civ_connector_setting_t *settings, const civ_json_t *config,
                               const civ_idempotency_t *retry, int *repeated, civ_problem_t *problem,
                               apr_pool_t *pool)
{
    configuration_t configuration = {engine, settings, config, platform, NULL};
    civ_change_steps_t steps;
    civ_change_result_t result;
    apr_status_t status = CIV_EINVALID;

    if (config->type == CIV_JSON_OBJECT)
        status = write_settings(&configuration, pool);
    if (status != APR_SUCCESS)
        return refuse_config(problem, status, pool);
    memset(&steps, 0, sizeof(steps));
    memset(&result, 0, sizeof(result));
    steps.apply = apply_put;
    steps.baton = &configuration;
    steps.idempotency = retry;
    status = engine->transactor.run(engine->transactor.baton, &steps, &result, problem, pool);
    *repeated = result.repeated;
    return status;
}

static apr_status_t apply_remove(void *baton, civ_change_t *change)
{
    const char *platform = baton;
    const civ_argument_t argument = civ_text(platform);
    int affected = 0;
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_REMOVE], &argument, 1, &affected);

    if (status == APR_SUCCESS && affected != 1) {
        civ_problem_set(change->problem, CIV_PROBLEM_NOT_FOUND, change->pool,
                        "This platform is not configured");
        return APR_NOTFOUND;
    }
    if (status == APR_SUCCESS)
        status = civ_jobs_cancel_within(change, platform);
    if (status == APR_SUCCESS)
        status = civ_engine_forget(change, platform, NULL);
    if (status == APR_SUCCESS)
        civ_sync_audit(change, "connector", "removed", platform, platform);
    return status;
}

apr_status_t civ_connector_remove(const civ_engine_t *engine, const char *platform, civ_problem_t *problem,
                                  apr_pool_t *pool)
{
    return civ_change_run(&engine->transactor, apply_remove, apr_pstrdup(pool, platform), problem, pool);
}

apr_status_t civ_connector_parse(const civ_json_t **json, const char *text, apr_pool_t *pool)
{
    civ_problem_t problem;

    return civ_json_parse(json, text, strlen(text), &civ_json_request_limits, &problem, pool) ==
                       APR_SUCCESS &&
                   (*json)->type == CIV_JSON_OBJECT
               ? APR_SUCCESS
               : CIV_EDATABASE;
}

/* What cannot be read has no names; whoever opens the secrets is told. */
static apr_array_header_t *names_of(const char *sealed, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    const civ_json_t *object;
    apr_size_t i;

    if (civ_connector_parse(&object, sealed, pool) == APR_SUCCESS)
        for (i = 0; i < object->as.object.count; i++)
            *(const char **)apr_array_push(names) = object->as.object.members[i].name;
    return names;
}

static apr_status_t take_row(civ_rows_t *rows, civ_connector_row_t *row, const char **sealed,
                             apr_pool_t *pool)
{
    row->platform = apr_pstrdup(pool, civ_rows_text(rows, 0));
    row->settings = apr_pstrdup(pool, civ_rows_text(rows, 1));
    *sealed = apr_pstrdup(pool, civ_rows_text(rows, 2));
    row->secrets = names_of(*sealed, pool);
    row->state = apr_pstrdup(pool, civ_rows_text(rows, 3));
    row->reason = apr_pstrdup(pool, civ_rows_text(rows, 4));
    return civ_rows_int(rows, 5, &row->since) == APR_SUCCESS &&
                   civ_rows_int(rows, 6, &row->configured) == APR_SUCCESS &&
                   civ_rows_int(rows, 7, &row->synced) == APR_SUCCESS
               ? APR_SUCCESS
               : CIV_EDATABASE;
}

static apr_status_t read_row(const civ_engine_t *engine, const char *platform, civ_connector_row_t *row,
                             const char **sealed, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(platform);
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[SQL_GET], &argument, 1, &rows, pool);
    civ_store_release(engine->store, db);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    return take_row(rows, row, sealed, pool);
}

apr_status_t civ_connector_get(const civ_engine_t *engine, const char *platform, civ_connector_row_t *row,
                               apr_pool_t *pool)
{
    const char *sealed;

    return read_row(engine, platform, row, &sealed, pool);
}

apr_status_t civ_connectors_list(const civ_engine_t *engine, int most, civ_connector_row_t *rows, int *count,
                                 apr_pool_t *pool)
{
    const civ_argument_t limit = civ_int(most);
    const char *sealed;
    civ_rows_t *found;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    *count = 0;
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[SQL_LIST], &limit, 1, &found, pool);
    civ_store_release(engine->store, db);
    while (status == APR_SUCCESS && *count < most && civ_rows_next(found) == APR_SUCCESS) {
        status = take_row(found, &rows[*count], &sealed, pool);
        (*count)++;
    }
    return status;
}

static int compare_names(const void *left, const void *right)
{
    const civ_json_member_t *l = left;
    const civ_json_member_t *r = right;

    return civ_canonical_compare_names(l->name, l->name_length, r->name, r->name_length);
}

/* --- opening --- */

/** How often a secret is read again whose key has gone in the meantime. */
#define LOOKS 10

typedef struct opening_t {
    const civ_engine_t *engine;
    const char *platform;
    const char *name; /**< of the secret that is asked for; NULL: all, and the settings */
    civ_connector_row_t row;
    const char *sealed;
    const civ_json_t *settings, *secrets;
    const civ_json_t *result;
    civ_seal_key_t *key;
    civ_problem_t *problem;
    apr_pool_t *pool;
} opening_t;

/* @return APR_SUCCESS; APR_NOTFOUND: its key is not there; CIV_EINTEGRITY */
static apr_status_t open_secret(const opening_t *opening, civ_json_member_t *member,
                                const civ_json_member_t *hidden)
{
    const char *owner = civ_connector_owner(opening->platform, opening->row.settings, opening->pool);
    char *secret;
    apr_size_t length;
    apr_status_t status = civ_seal_open(&secret, &length, opening->key, owner, hidden->name,
                                        hidden->value.as.text.text, opening->pool);

    if (status != APR_SUCCESS) {
        civ_problem_set(opening->problem, CIV_PROBLEM_INTERNAL, opening->pool, "%s",
                        status == APR_NOTFOUND
                            ? "The stored secrets were sealed with another key file than this one"
                            : "The stored secrets cannot be opened, or not with the settings beside "
                              "them: configure the platform anew");
        return status == APR_NOTFOUND ? status : CIV_EINTEGRITY;
    }
    *member = *hidden;
    member->value.as.text.text = secret;
    member->value.as.text.length = length;
    return APR_SUCCESS;
}

static apr_status_t open_all(opening_t *opening)
{
    apr_size_t shown = opening->settings->as.object.count;
    apr_size_t count = shown + opening->secrets->as.object.count;
    civ_json_t *joined = apr_pcalloc(opening->pool, sizeof(*joined));
    civ_json_member_t *members = apr_pcalloc(opening->pool, (count + 1) * sizeof(*members));
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    memcpy(members, opening->settings->as.object.members, shown * sizeof(*members));
    for (i = shown; i < count && status == APR_SUCCESS; i++)
        status = open_secret(opening, &members[i], &opening->secrets->as.object.members[i - shown]);
    joined->type = CIV_JSON_OBJECT;
    joined->as.object.members = members;
    joined->as.object.count = count;
    qsort(members, count, sizeof(*members), compare_names);
    opening->result = joined;
    return status;
}

static apr_status_t open_one(opening_t *opening)
{
    civ_json_member_t *opened = apr_pcalloc(opening->pool, sizeof(*opened));
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    opening->result = NULL;
    for (i = 0; status == APR_SUCCESS && i < opening->secrets->as.object.count; i++) {
        const civ_json_member_t *hidden = &opening->secrets->as.object.members[i];

        if (strcmp(hidden->name, opening->name) != 0)
            continue;
        status = open_secret(opening, opened, hidden);
        opening->result = status == APR_SUCCESS ? &opened->value : NULL;
    }
    return status;
}

/* The secrets first, then the file: what was sealed with a key that is not in the file then has been sealed anew since. */
static apr_status_t look(opening_t *opening)
{
    apr_status_t status =
        read_row(opening->engine, opening->platform, &opening->row, &opening->sealed, opening->pool);

    if (status == APR_SUCCESS)
        status = civ_connector_parse(&opening->settings, opening->row.settings, opening->pool);
    if (status == APR_SUCCESS)
        status = civ_connector_parse(&opening->secrets, opening->sealed, opening->pool);
    if (status == APR_SUCCESS && opening->secrets->as.object.count > 0)
        status = civ_sealing_load(&opening->key, opening->engine, opening->problem, opening->pool);
    return status;
}

/* @return APR_NOTFOUND: there is no such connector */
static apr_status_t open_connector(opening_t *opening)
{
    const char *before = NULL;
    int i;

    for (i = 0; i < LOOKS; i++) {
        apr_status_t status = look(opening);

        if (status != APR_SUCCESS)
            return status;
        memset(opening->problem, 0, sizeof(*opening->problem));
        status = opening->name != NULL ? open_one(opening) : open_all(opening);
        if (status != APR_NOTFOUND)
            return status;
        if (before != NULL && strcmp(before, opening->sealed) == 0)
            break;
        before = opening->sealed;
    }
    return CIV_EINTEGRITY;
}

apr_status_t civ_connector_open(const civ_engine_t *engine, const char *platform, const civ_json_t **config,
                                const civ_json_t **settings, civ_problem_t *problem, apr_pool_t *pool)
{
    opening_t opening = {.engine = engine, .platform = platform, .problem = problem, .pool = pool};
    apr_status_t status = open_connector(&opening);

    *config = opening.result;
    *settings = opening.settings;
    return status;
}

apr_status_t civ_connector_secret(const civ_engine_t *engine, const char *platform, const char *name,
                                  const civ_json_t **secret, civ_problem_t *problem, apr_pool_t *pool)
{
    opening_t opening = {
        .engine = engine, .platform = platform, .name = name, .problem = problem, .pool = pool};
    apr_status_t status = open_connector(&opening);

    *secret = opening.result;
    return status;
}

/* --- how they are --- */

typedef struct note_t {
    const char *platform, *state, *reason;
    int synced;
} note_t;

static apr_status_t apply_note(void *baton, civ_change_t *change)
{
    const note_t *note = baton;
    const civ_argument_t arguments[] = {civ_text(note->state),   civ_int(change->now),  civ_text(note->state),
                                        civ_text(note->reason),  civ_int(note->synced), civ_int(change->now),
                                        civ_text(note->platform)};

    return civ_db_execute(change->db, &sql[SQL_NOTE], arguments, 7, NULL);
}

apr_status_t civ_connector_note(const civ_engine_t *engine, const char *platform, const char *state,
                                const char *reason, int synced, civ_problem_t *problem, apr_pool_t *pool)
{
    note_t note = {platform, state, reason != NULL ? reason : "", synced};

    return civ_change_run(&engine->transactor, apply_note, &note, problem, pool);
}
