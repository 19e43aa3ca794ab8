/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_fixture.c
 * Platforms out of files.
 */
#include "unit/platform_fixture.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "sync/foreign_json.h"
#include "sync/http.h"

#define ROWS_MOST 400

static const mock_answer_t *find(const mock_answer_t *rows, const char *target)
{
    for (; rows != NULL && rows->status != 0; rows++)
        if (rows->target != NULL && strcmp(rows->target, target) == 0)
            return rows;
    return NULL;
}

static char *read_body(const char *folder, const char *file, unsigned long *length)
{
    char *body = test_read_file(apr_pstrcat(test_pool(), folder, "/", file, NULL), length);

    if (body == NULL)
        test_note("%s/%s cannot be read", folder, file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    return body;
}

static const civ_json_t *read_manifest(const char *folder)
{
    unsigned long length;
    const char *text = read_body(folder, "MANIFEST.json", &length);
    const civ_json_t *json;
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(civ_foreign_json_parse(&json, text, length, &problem, test_pool()), APR_SUCCESS);
    return json;
}

/* With links to this server. */
static const char *move_links(const platform_setup_t *setup, const char *text)
{
    civ_buffer_t moved;
    const char *at;

    civ_buffer_init(&moved, strlen(text) + 64, test_pool());
    while ((at = strstr(text, setup->vendor)) != NULL) {
        civ_buffer_append(&moved, text, (apr_size_t)(at - text));
        civ_buffer_append(&moved, "http://{self}", strlen("http://{self}"));
        text = at + strlen(setup->vendor);
    }
    civ_buffer_append(&moved, text, strlen(text) + 1);
    return moved.data;
}

/* As lines. */
static const char *headers_of(const platform_setup_t *setup, const civ_json_t *entry)
{
    const civ_json_t *headers = civ_json_get(entry, "headers");
    const char *lines = "";
    apr_size_t i;

    for (i = 0; headers != NULL && headers->type == CIV_JSON_OBJECT && i < headers->as.object.count; i++) {
        const civ_json_member_t *member = &headers->as.object.members[i];

        lines = apr_pstrcat(test_pool(), lines, member->name, ": ", member->value.as.text.text, "\r\n", NULL);
    }
    if (strstr(lines, "Content-Type:") == NULL)
        lines = apr_pstrcat(test_pool(), lines, "Content-Type: application/json\r\n", NULL);
    return move_links(setup, lines);
}

static const char *own_folder(const platform_setup_t *setup)
{
    return apr_pstrcat(test_pool(), test_source_dir(), "/tests/fixtures/", setup->folder, NULL);
}

const char *platform_body(const platform_setup_t *setup, const char *file)
{
    unsigned long length;

    return move_links(setup, read_body(own_folder(setup), file, &length));
}

static void fill(const platform_setup_t *setup, mock_answer_t *row, const civ_json_t *entry,
                 const char *folder)
{
    const char *file = civ_field_text(entry, "file");

    row->target = civ_field_text(entry, "url");
    row->status = (int)civ_field_int(entry, "status", 200);
    row->headers = headers_of(setup, entry);
    if (file != NULL) {
        unsigned long length;

        row->body = move_links(setup, read_body(folder, file, &length));
    }
}

static int copy_rows(mock_answer_t *rows, const mock_answer_t *instead)
{
    int count = 0;

    while (instead != NULL && instead[count].status != 0) {
        rows[count] = instead[count];
        count++;
    }
    return count;
}

const mock_answer_t *platform_answers(const platform_setup_t *setup, const mock_answer_t *instead)
{
    mock_answer_t *rows = apr_pcalloc(test_pool(), (ROWS_MOST + 1) * sizeof(*rows));
    const char *folder = own_folder(setup);
    const civ_json_t *manifest = read_manifest(folder);
    int count = copy_rows(rows, instead);
    apr_size_t i;

    for (i = 0; i < civ_field_count(manifest, "") && count < ROWS_MOST; i++) {
        const civ_json_t *entry = &manifest->as.array.items[i];

        if (find(instead, civ_field_text(entry, "url")) == NULL)
            fill(setup, &rows[count++], entry, folder);
    }
    return rows;
}

/* --- the recorded ones --- */

/* The path of a recorded first page with any query. */
static void fill_any_query(mock_answer_t *row, const mock_answer_t *model)
{
    *row = *model;
    row->target = apr_pstrcat(
        test_pool(), apr_pstrmemdup(test_pool(), model->target, strcspn(model->target, "?")), "?*", NULL);
}

const mock_answer_t *platform_recorded(const platform_setup_t *setup, const mock_answer_t *instead,
                                       int (*is_wanted)(const civ_json_t *entry, void *baton), void *baton)
{
    mock_answer_t *rows = apr_pcalloc(test_pool(), (ROWS_MOST + 1) * sizeof(*rows));
    const char *folder = platform_recordings();
    const civ_json_t *manifest = read_manifest(folder);
    int count = copy_rows(rows, instead);
    apr_size_t i;

    for (i = 0; i < civ_field_count(manifest, "") && count + 1 < ROWS_MOST; i++) {
        const civ_json_t *entry = &manifest->as.array.items[i];
        const char *url = civ_field_text(entry, "url");

        if (strcmp(civ_field_text(entry, "platform"), setup->recorded_as) != 0 || url == NULL ||
            !is_wanted(entry, baton))
            continue;
        fill(setup, &rows[count], entry, folder);
        if (strchr(url, '?') != NULL) {
            fill_any_query(&rows[count + 1], &rows[count]);
            count++;
        }
        count++;
    }
    return rows;
}

const char *platform_recordings(void)
{
    const char *shared = test_shared_dir();
    const char *folder = shared != NULL ? apr_pstrcat(test_pool(), shared, "/fixtures", NULL) : NULL;
    unsigned long length;

    if (folder != NULL &&
        test_read_file(apr_pstrcat(test_pool(), folder, "/MANIFEST.json", NULL), &length) != NULL)
        return folder;
    test_note("skipped: no shared data");
    return NULL;
}

/* --- the connection --- */

static const char *item_key(const char *type, const char *native_id)
{
    return apr_pstrcat(test_pool(), type, " ", native_id, NULL);
}

static apr_status_t store(void *baton, civ_change_t *change, const civ_sync_item_t *items, int count,
                          civ_timeline_outcome_e *outcomes)
{
    platform_t *platform = baton;
    int i;

    for (i = 0; i < count; i++) {
        civ_sync_item_t *copy = apr_pmemdup(test_pool(), &items[i], sizeof(*copy));
        const char **texts[] = {&copy->type,       &copy->native_id, &copy->status, &copy->title,
                                &copy->author,     &copy->sha,       &copy->url,    &copy->data,
                                &copy->source_url, &copy->scope,     &copy->source, &copy->instance,
                                &copy->project_id};
        apr_size_t text;

        for (text = 0; text < sizeof(texts) / sizeof(texts[0]); text++)
            *texts[text] = apr_pstrdup(test_pool(), *texts[text]);
        apr_hash_set(platform->items, item_key(copy->type, copy->native_id), APR_HASH_KEY_STRING, copy);
    }
    return platform->inner.store(platform->inner.baton, change, items, count, outcomes);
}

static apr_status_t gone(void *baton, civ_change_t *change, const civ_digest_t *key)
{
    const platform_t *platform = baton;

    return platform->inner.gone(platform->inner.baton, change, key);
}

static apr_status_t send_request(void *baton, const civ_http_request_t *request, civ_http_answer_t *answer,
                                 apr_pool_t *pool)
{
    return civ_http_send(baton, request, answer, pool);
}

static civ_http_counts_t counts(void *baton)
{
    return civ_http_counts(baton);
}

static const char *const *lines_of(const apr_array_header_t *headers)
{
    const civ_connector_header_t *header = (const civ_connector_header_t *)headers->elts;
    const char **lines = apr_pcalloc(test_pool(), ((apr_size_t)headers->nelts + 1) * sizeof(*lines));
    int i;

    for (i = 0; i < headers->nelts; i++)
        lines[i] = apr_pstrcat(test_pool(), header[i].name, ": ", header[i].value, NULL);
    return lines;
}

static civ_http_t *make_client(const platform_setup_t *setup, const civ_connector_access_t *access)
{
    static const char *const allow[] = {"127.0.0.1", NULL};
    civ_http_policy_t policy = civ_http_default_policy;
    civ_egress_config_t rules = {.allow = allow, .plain_http = 1};
    civ_http_config_t config = {0};
    const char *error = "";
    civ_egress_t *egress;
    civ_http_t *http;

    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    policy.pace.backoff_base = 1;
    policy.pace.backoff_most = 4;
    policy.throttle_waits = 0;
    policy.rate = 0;
    config.base = access->base;
    config.also = access->further_bases;
    config.headers = lines_of(access->headers);
    config.secrets = lines_of(access->secret_headers);
    config.credential = setup->connector->platform;
    config.egress = egress;
    config.policy = &policy;
    config.log = &unit_log;
    if (civ_http_create(&http, &config, &error, test_pool()) != APR_SUCCESS) {
        test_note("%s", error);
        CU_FAIL_FATAL("no client");
    }
    return http;
}

static const civ_json_t *parse(const char *text)
{
    const civ_json_t *json;
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(
        civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &problem, test_pool()),
        APR_SUCCESS);
    return json;
}

platform_t *platform_connect(const platform_setup_t *setup, const char *database,
                             const mock_answer_t *answers)
{
    platform_t *platform = apr_pcalloc(test_pool(), sizeof(*platform));
    civ_connector_access_t access = {0};
    const char *open;
    civ_problem_t problem;

    platform->mock = mock_platform_start(answers);
    platform->items = apr_hash_make(test_pool());
    platform->engine = sync_engine(database);
    platform->inner = platform->engine->timeline;
    platform->engine->timeline.baton = platform;
    platform->engine->timeline.store = store;
    platform->engine->timeline.gone = gone;
    access.headers = apr_array_make(test_pool(), 4, sizeof(civ_connector_header_t));
    access.secret_headers = apr_array_make(test_pool(), 4, sizeof(civ_connector_header_t));
    open = apr_psprintf(test_pool(), "%s\"base_url\":\"%s%s\"}", setup->settings,
                        mock_platform_url(platform->mock), setup->base_path);
    CU_ASSERT_EQUAL_FATAL(setup->connector->prepare(
                              &access, parse(apr_pstrcat(test_pool(), "{", setup->secrets, ",", open, NULL)),
                              &problem, test_pool()),
                          APR_SUCCESS);
    platform->run = apr_pcalloc(test_pool(), sizeof(*platform->run));
    platform->run->connector = setup->connector;
    platform->run->base = access.base;
    platform->run->further_bases = access.further_bases;
    platform->run->settings = parse(apr_pstrcat(test_pool(), "{", open, NULL));
    platform->run->instance = setup->instance;
    platform->run->project_id = setup->project_id;
    platform->run->fetch.baton = make_client(setup, &access);
    platform->run->fetch.send = send_request;
    platform->run->fetch.counts = counts;
    return platform;
}

civ_sync_report_t *platform_go(platform_t *platform)
{
    civ_sync_report_t *report = sync_go(platform->engine, platform->run);
    int i;

    for (i = 0; i < report->warning_count && i < CIV_WARNINGS_MAX; i++)
        test_note("warning: %s", report->warnings[i]);
    return report;
}

void platform_end(platform_t *platform)
{
    mock_platform_stop(platform->mock);
}

const civ_sync_item_t *platform_item(const platform_t *platform, const char *type, const char *native_id)
{
    static const civ_sync_item_t none = {.type = "",
                                         .native_id = "",
                                         .status = "",
                                         .title = "",
                                         .author = "",
                                         .sha = "",
                                         .scope = "",
                                         .url = "",
                                         .data = "{}",
                                         .source_url = ""};
    const civ_sync_item_t *item =
        apr_hash_get(platform->items, item_key(type, native_id), APR_HASH_KEY_STRING);

    if (item == NULL)
        test_note("there is no %s %s", type, native_id);
    CU_ASSERT_PTR_NOT_NULL(item);
    return item != NULL ? item : &none;
}

const char *platform_data(const civ_sync_item_t *item, const char *path)
{
    const char *text = civ_field_id(parse(item->data), path);

    return text != NULL ? text : "";
}

void platform_is_status(const platform_t *platform, const char *type, const char *native_id,
                        const char *status)
{
    const char *found = platform_item(platform, type, native_id)->status;

    if (status == NULL) {
        CU_ASSERT_PTR_NULL(found);
    } else {
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT_STRING_EQUAL(found, status);
    }
}

int platform_count(const platform_t *platform, const char *type)
{
    apr_hash_index_t *at;
    int count = 0;

    for (at = apr_hash_first(test_pool(), platform->items); at != NULL; at = apr_hash_next(at))
        count += strcmp(((const civ_sync_item_t *)apr_hash_this_val(at))->type, type) == 0;
    return count;
}

int platform_asked(const platform_t *platform, const char *words)
{
    int count = 0;
    int i;

    for (i = 0; i < mock_platform_count(platform->mock); i++) {
        const char *request = mock_platform_request(platform->mock, i);
        const char *line = apr_pstrmemdup(test_pool(), request, strcspn(request, "\r"));

        count += strstr(line, words) != NULL;
    }
    return count;
}

/* --- configurations --- */

civ_problem_t platform_problem;

apr_status_t platform_prepare(const civ_connector_t *connector, civ_connector_access_t *access,
                              const char *config)
{
    const civ_json_t *json;

    memset(access, 0, sizeof(*access));
    memset(&platform_problem, 0, sizeof(platform_problem));
    access->headers = apr_array_make(test_pool(), 4, sizeof(civ_connector_header_t));
    access->secret_headers = apr_array_make(test_pool(), 4, sizeof(civ_connector_header_t));
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&json, config, strlen(config), &civ_json_request_limits,
                                         &platform_problem, test_pool()),
                          APR_SUCCESS);
    return connector->prepare(access, json, &platform_problem, test_pool());
}

void platform_refuses(const civ_connector_t *connector, const char *config, const char *pointer)
{
    civ_connector_access_t access;

    CU_ASSERT_EQUAL(platform_prepare(connector, &access, config), CIV_EINVALID);
    CU_ASSERT_PTR_NOT_NULL_FATAL(platform_problem.pointer);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, pointer);
    CU_ASSERT_PTR_NULL(strstr(platform_problem.detail, "hunter2"));
}
