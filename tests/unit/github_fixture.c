/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_fixture.c
 * GitHub out of files.
 */
#include "unit/github_fixture.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "sync/fields.h"
#include "sync/foreign_json.h"
#include "sync/http.h"

#define ROWS_MOST 120
#define VENDOR    "https://api.github.com"

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

/* As lines, with links to this server. */
static const char *headers_of(const civ_json_t *entry)
{
    const civ_json_t *headers = civ_json_get(entry, "headers");
    const char *lines = "";
    const char *at;
    apr_size_t i;

    for (i = 0; headers != NULL && headers->type == CIV_JSON_OBJECT && i < headers->as.object.count; i++) {
        const civ_json_member_t *member = &headers->as.object.members[i];

        lines = apr_pstrcat(test_pool(), lines, member->name, ": ", member->value.as.text.text, "\r\n", NULL);
    }
    if (strstr(lines, "Content-Type:") == NULL)
        lines = apr_pstrcat(test_pool(), lines, "Content-Type: application/json\r\n", NULL);
    while ((at = strstr(lines, VENDOR)) != NULL)
        lines = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), lines, (apr_size_t)(at - lines)),
                            "http://{self}", at + strlen(VENDOR), NULL);
    return lines;
}

static const char *own_folder(void)
{
    return apr_pstrcat(test_pool(), test_source_dir(), "/tests/fixtures/github", NULL);
}

const char *github_body(const char *file)
{
    unsigned long length;

    return read_body(own_folder(), file, &length);
}

static void fill(mock_answer_t *row, const civ_json_t *entry, const char *folder, const char *file)
{
    row->target = civ_field_text(entry, "url");
    row->status = (int)civ_field_int(entry, "status", 200);
    row->headers = headers_of(entry);
    if (file != NULL) {
        unsigned long length;

        row->body = read_body(folder, file, &length);
        row->length = length;
    }
}

const mock_answer_t *github_answers(const mock_answer_t *instead)
{
    mock_answer_t *rows = apr_pcalloc(test_pool(), (ROWS_MOST + 1) * sizeof(*rows));
    const civ_json_t *manifest = read_manifest(own_folder());
    int count = 0;
    apr_size_t i;

    while (instead != NULL && instead[count].status != 0) {
        rows[count] = instead[count];
        count++;
    }
    for (i = 0; i < civ_field_count(manifest, "") && count < ROWS_MOST; i++) {
        const civ_json_t *entry = &manifest->as.array.items[i];

        if (find(instead, civ_field_text(entry, "url")) == NULL)
            fill(&rows[count++], entry, own_folder(), civ_field_text(entry, "file"));
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

const mock_answer_t *github_recorded(const char *folder, const char *project)
{
    mock_answer_t *rows = apr_pcalloc(test_pool(), (ROWS_MOST + 1) * sizeof(*rows));
    const civ_json_t *manifest = read_manifest(folder);
    const char *prefix = apr_pstrcat(test_pool(), "/repos/", project, NULL);
    int count = 0;
    apr_size_t i;

    rows[count].target = prefix;
    rows[count].status = 200;
    rows[count++].body = apr_psprintf(
        test_pool(), "{\"id\":1,\"full_name\":\"%s\",\"created_at\":\"2018-05-19T01:13:38Z\"}", project);
    for (i = 0; i < civ_field_count(manifest, "") && count + 1 < ROWS_MOST; i++) {
        const civ_json_t *entry = &manifest->as.array.items[i];
        const char *url = civ_field_text(entry, "url");
        const char *file = civ_field_text(entry, "file");
        apr_size_t length = strlen(prefix);

        if (strcmp(civ_field_text(entry, "platform"), "github") != 0 || strstr(file, "/_") != NULL ||
            civ_field_int(entry, "status", 0) != 200 || strstr(file, "since-until") != NULL ||
            strstr(file, ".empty") != NULL)
            continue;
        if (strncmp(url, "/repositories/", 14) == 0) {
            fill(&rows[count++], entry, folder, file);
        } else if (strncmp(url, prefix, length) == 0 && url[length] == '/') {
            fill(&rows[count], entry, folder, file);
            if (strchr(url, '?') != NULL)
                fill_any_query(&rows[count + 1], &rows[count]);
            count += strchr(url, '?') != NULL ? 2 : 1;
        }
    }
    return rows;
}

/* --- the connection --- */

static const char *item_key(const char *type, const char *native_id)
{
    return apr_pstrcat(test_pool(), type, " ", native_id, NULL);
}

static apr_status_t store(void *baton, civ_change_t *change, const civ_sync_item_t *items, int count,
                          civ_timeline_outcome_e *outcomes)
{
    github_t *github = baton;
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
        apr_hash_set(github->items, item_key(copy->type, copy->native_id), APR_HASH_KEY_STRING, copy);
    }
    return github->inner.store(github->inner.baton, change, items, count, outcomes);
}

static apr_status_t gone(void *baton, civ_change_t *change, const civ_digest_t *key)
{
    const github_t *github = baton;

    return github->inner.gone(github->inner.baton, change, key);
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

static civ_http_t *make_client(const civ_connector_access_t *access)
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
    config.headers = lines_of(access->headers);
    config.secrets = lines_of(access->secret_headers);
    config.credential = "github";
    config.egress = egress;
    config.policy = &policy;
    config.log = &unit_log;
    if (civ_http_create(&http, &config, &error, test_pool()) != APR_SUCCESS) {
        test_note("%s", error);
        CU_FAIL_FATAL("no client");
    }
    return http;
}

github_t *github_connect(const char *database, const mock_answer_t *answers)
{
    github_t *github = apr_pcalloc(test_pool(), sizeof(*github));
    civ_connector_access_t access = {0};
    const civ_json_t *config;
    civ_problem_t problem;
    const char *text;

    github->mock = mock_platform_start(answers);
    github->items = apr_hash_make(test_pool());
    github->engine = sync_engine(database);
    github->inner = github->engine->timeline;
    github->engine->timeline.baton = github;
    github->engine->timeline.store = store;
    github->engine->timeline.gone = gone;
    access.headers = apr_array_make(test_pool(), 4, sizeof(civ_connector_header_t));
    access.secret_headers = apr_array_make(test_pool(), 4, sizeof(civ_connector_header_t));
    text = apr_psprintf(test_pool(), "{\"api_token\":\"" GITHUB_TOKEN "\",\"base_url\":\"%s/\"}",
                        mock_platform_url(github->mock));
    CU_ASSERT_EQUAL_FATAL(
        civ_json_parse(&config, text, strlen(text), &civ_json_request_limits, &problem, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_connectors[0]->prepare(&access, config, &problem, test_pool()), APR_SUCCESS);
    github->run = apr_pcalloc(test_pool(), sizeof(*github->run));
    github->run->connector = civ_connectors[0];
    github->run->base = access.base;
    github->run->instance = "api.github.com";
    github->run->project_id = "octo/tool";
    github->run->fetch.baton = make_client(&access);
    github->run->fetch.send = send_request;
    github->run->fetch.counts = counts;
    return github;
}

civ_sync_report_t *github_go(github_t *github)
{
    civ_sync_report_t *report = sync_go(github->engine, github->run);
    int i;

    for (i = 0; i < report->warning_count && i < CIV_WARNINGS_MAX; i++)
        test_note("warning: %s", report->warnings[i]);
    return report;
}

void github_end(github_t *github)
{
    mock_platform_stop(github->mock);
}

const civ_sync_item_t *github_item(const github_t *github, const char *type, const char *native_id)
{
    static const civ_sync_item_t none = {.type = "",
                                         .native_id = "",
                                         .status = "",
                                         .title = "",
                                         .author = "",
                                         .sha = "",
                                         .scope = "",
                                         .data = "{}",
                                         .source_url = ""};
    const civ_sync_item_t *item = apr_hash_get(github->items, item_key(type, native_id), APR_HASH_KEY_STRING);

    if (item == NULL)
        test_note("there is no %s %s", type, native_id);
    CU_ASSERT_PTR_NOT_NULL(item);
    return item != NULL ? item : &none;
}

int github_count(const github_t *github, const char *type)
{
    apr_hash_index_t *at;
    int count = 0;

    for (at = apr_hash_first(test_pool(), github->items); at != NULL; at = apr_hash_next(at))
        count += strcmp(((const civ_sync_item_t *)apr_hash_this_val(at))->type, type) == 0;
    return count;
}

int github_asked(const github_t *github, const char *words)
{
    int count = 0;
    int i;

    for (i = 0; i < mock_platform_count(github->mock); i++) {
        const char *request = mock_platform_request(github->mock, i);
        const char *line = apr_pstrmemdup(test_pool(), request, strcspn(request, "\r"));

        count += strstr(line, words) != NULL;
    }
    return count;
}
