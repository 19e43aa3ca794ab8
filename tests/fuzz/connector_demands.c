/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file connector_demands.c
 * Platforms for connectors, and what is demanded of these.
 */
#include "fuzz/connector_demands.h"

#include <apr_strings.h>

#include <string.h>

#include "base/canonical.h"
#include "base/json_writer.h"
#include "fuzz/fuzz.h"
#include "sync/catalogue.h"
#include "sync/connectors.h"
#include "sync/fields.h"

#define CONNECTORS_MOST 32
#define DOCUMENT_MOST   4194304

static const civ_json_limits_t limits = {DOCUMENT_MOST, 64, 1000000, 4096};

static const char *const projects[] = {
    "octo/tool", "gh/octo/tool", "group/sub/tool", "organization/project/tool", "project", "42", NULL,
};

/* --- platforms --- */

/* A byte made of the name, which stays the same when there are more of them. */
static unsigned char byte_of(const civ_connector_t *connector)
{
    const char *at;
    unsigned sum = 0;

    for (at = connector->platform; *at != '\0'; at++)
        sum += (unsigned char)*at;
    return (unsigned char)(sum & 0xff);
}

const civ_connector_t *connector_chosen(unsigned char byte)
{
    const civ_connector_t *const *connector = civ_connectors;
    const civ_connector_t *chosen = *connector;

    for (connector++; *connector != NULL; connector++) {
        FUZZ_DEMAND(byte_of(*connector) != byte_of(chosen)); /* else one of them is never chosen */
        if ((unsigned char)(byte_of(*connector) - byte) < (unsigned char)(byte_of(chosen) - byte))
            chosen = *connector;
    }
    return chosen;
}

static const char *value_of(const civ_connector_setting_t *setting)
{
    if (strcmp(setting->name, "base_url") == 0)
        return "https://platform.example/root";
    return setting->is_secret ? "hidden-0b5e55ed" : "fuzz";
}

/* Whether a configuration has the setting: all of them, or just those the catalogue requires, the first or the last of alternatives. */
static int is_chosen(const civ_connector_t *connector, const char *name, int choice)
{
    const civ_platform_t *platform = civ_platform_find(connector->platform);
    int i;

    if (choice == 0 || strcmp(name, "base_url") == 0)
        return 1;
    for (i = 0; platform != NULL && i < CIV_PLATFORM_REQUIRED && platform->required[i] != NULL; i++) {
        const char *names = platform->required[i];
        const char *bar = choice == 1 ? NULL : strrchr(names, '|');
        const char *one = bar != NULL ? bar + 1 : names;

        if (strncmp(one, name, strlen(name)) == 0 && strcspn(one, "|") == strlen(name))
            return 1;
    }
    return 0;
}

static const civ_json_t *make_configuration(const civ_connector_t *connector, int choice, int with_secrets,
                                            apr_pool_t *pool)
{
    const civ_connector_setting_t *setting;
    civ_json_writer_t writer;
    const civ_json_t *json;
    civ_problem_t problem;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    for (setting = connector->settings; setting->name != NULL; setting++)
        if (is_chosen(connector, setting->name, choice) && (with_secrets || !setting->is_secret))
            civ_json_member_text(&writer, setting->name, value_of(setting));
    civ_json_end_object(&writer);
    FUZZ_DEMAND(civ_json_parse(&json, out.data, out.length, &limits, &problem, pool) == APR_SUCCESS);
    return json;
}

static void configure(connector_platform_t *platform, const civ_connector_t *connector, apr_pool_t *pool)
{
    civ_problem_t problem;
    int choice = 0;
    apr_status_t status;

    do {
        memset(&platform->access, 0, sizeof(platform->access));
        platform->access.headers = apr_array_make(pool, 4, sizeof(civ_connector_header_t));
        platform->access.secret_headers = apr_array_make(pool, 4, sizeof(civ_connector_header_t));
        status = connector->prepare(&platform->access, make_configuration(connector, choice, 1, pool),
                                    &problem, pool);
    } while (status != APR_SUCCESS && ++choice < 3);
    FUZZ_DEMAND(status == APR_SUCCESS);
    platform->settings = make_configuration(connector, choice, 0, pool);
}

static void choose_project(connector_platform_t *platform, const civ_connector_t *connector, apr_pool_t *pool)
{
    civ_problem_t problem;
    int i = 0;

    while (projects[i] != NULL && connector->check_project(projects[i], &problem, pool) != APR_SUCCESS)
        i++;
    FUZZ_DEMAND(projects[i] != NULL);
    platform->project_id = projects[i];
}

const connector_platform_t *connector_platform(const civ_connector_t *connector)
{
    static connector_platform_t *platforms[CONNECTORS_MOST];
    apr_pool_t *pool = fuzz_lasting_pool();
    int i = 0;

    while (civ_connectors[i] != connector)
        i++;
    FUZZ_DEMAND(i < CONNECTORS_MOST);
    if (platforms[i] == NULL) {
        platforms[i] = apr_pcalloc(pool, sizeof(*platforms[i]));
        configure(platforms[i], connector, pool);
        choose_project(platforms[i], connector, pool);
    }
    return platforms[i];
}

static int add_fact(void *baton, const char *name, const char *value)
{
    civ_json_member_text(baton, name, value);
    return 1;
}

const civ_json_t *connector_facts(const apr_table_t *facts, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    const civ_json_t *json;
    civ_problem_t problem;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    apr_table_do(add_fact, &writer, facts, NULL);
    civ_json_end_object(&writer);
    FUZZ_DEMAND(civ_json_parse(&json, out.data, out.length, &limits, &problem, pool) == APR_SUCCESS);
    return json;
}

/* --- requests --- */

typedef int relation_fn(const civ_url_t *url, const civ_url_t *base);

/* Whether it is so with one of the bases. */
static int is_with_base(const connector_platform_t *platform, const civ_url_t *url, relation_fn *relation,
                        apr_pool_t *pool)
{
    const char *const *further = platform->access.further_bases;
    const char *reason;
    civ_url_t base;

    FUZZ_DEMAND(civ_url_parse(&base, platform->access.base, &reason, pool) == APR_SUCCESS);
    if (relation(url, &base))
        return 1;
    for (; further != NULL && *further != NULL; further++) {
        FUZZ_DEMAND(civ_url_parse(&base, *further, &reason, pool) == APR_SUCCESS);
        if (relation(url, &base))
            return 1;
    }
    return 0;
}

int connector_is_below(const connector_platform_t *platform, const civ_url_t *url, apr_pool_t *pool)
{
    return is_with_base(platform, url, civ_url_is_below, pool);
}

void connector_demand_request(const connector_platform_t *platform, const civ_sync_request_t *request,
                              apr_pool_t *pool)
{
    const civ_json_t *body;
    civ_problem_t problem;
    const char *reason;
    civ_url_t url;

    FUZZ_DEMAND(request->url != NULL);
    /* The client refuses what is too long, and what leaves the base by "..". */
    if (strlen(request->url) <= CIV_URL_MOST) {
        FUZZ_DEMAND(civ_url_parse(&url, request->url, &reason, pool) == APR_SUCCESS);
        FUZZ_DEMAND(is_with_base(platform, &url, civ_url_same_origin, pool));
        FUZZ_DEMAND(strstr(request->url, "hidden-0b5e55ed") == NULL);
    }
    if (request->body != NULL)
        FUZZ_DEMAND(civ_json_parse(&body, request->body, strlen(request->body), &limits, &problem, pool) ==
                    APR_SUCCESS);
}

/* --- items --- */

/* UTF-8 of some bytes at most. */
static void demand_text(const char *text, apr_size_t most, apr_pool_t *pool)
{
    const civ_json_t *json;
    civ_problem_t problem;
    civ_buffer_t out;

    if (text == NULL)
        return;
    FUZZ_DEMAND(text[0] != '\0' && strlen(text) <= most);
    civ_buffer_init(&out, strlen(text) + 16, pool);
    civ_json_write_string(&out, text, strlen(text));
    FUZZ_DEMAND(civ_json_parse(&json, out.data, out.length, &limits, &problem, pool) == APR_SUCCESS);
}

/* No string in it has an e-mail address or a password of a URL; the depth is that of what was parsed. */
static void demand_scrubbed(const civ_json_t *json, apr_pool_t *pool)
{
    apr_size_t i;

    if (json->type == CIV_JSON_STRING && memchr(json->as.text.text, '\0', json->as.text.length) == NULL)
        FUZZ_DEMAND(strcmp(civ_field_scrub(json->as.text.text, pool), json->as.text.text) == 0);
    for (i = 0; json->type == CIV_JSON_ARRAY && i < json->as.array.count; i++)
        demand_scrubbed(&json->as.array.items[i], pool);
    for (i = 0; json->type == CIV_JSON_OBJECT && i < json->as.object.count; i++)
        demand_scrubbed(&json->as.object.members[i].value, pool);
}

static void demand_data(const civ_sync_item_t *item, apr_pool_t *pool)
{
    const civ_json_t *data;
    civ_problem_t problem;
    civ_digest_t digest;
    civ_buffer_t out;

    FUZZ_DEMAND(civ_json_parse(&data, item->data, strlen(item->data), &limits, &problem, pool) ==
                APR_SUCCESS);
    FUZZ_DEMAND(data->type == CIV_JSON_OBJECT && strlen(item->data) <= CIV_ITEM_DATA_MAX);
    civ_buffer_init(&out, strlen(item->data), pool);
    FUZZ_DEMAND(civ_canonical_write(&out, data) == APR_SUCCESS && strcmp(out.data, item->data) == 0);
    civ_digest_sha256(&digest, item->data, strlen(item->data));
    FUZZ_DEMAND(civ_digest_equal(&digest, &item->content_hash));
    demand_scrubbed(data, pool);
}

static void demand_status(const char *status)
{
    static const char *const words[] = {CIV_STATUS_PASSED,
                                        CIV_STATUS_FAILED,
                                        CIV_STATUS_UNSTABLE,
                                        CIV_STATUS_CANCELED,
                                        CIV_STATUS_SKIPPED,
                                        CIV_STATUS_RUNNING,
                                        CIV_STATUS_OPEN,
                                        CIV_STATUS_MERGED,
                                        CIV_STATUS_CLOSED,
                                        CIV_STATUS_UNKNOWN,
                                        NULL};
    int i;

    for (i = 0; status != NULL && words[i] != NULL && strcmp(words[i], status) != 0; i++)
        continue;
    FUZZ_DEMAND(status == NULL || words[i] != NULL);
}

void connector_demand_words(const civ_sync_item_t *item, apr_pool_t *pool)
{
    const civ_json_t *data;
    civ_problem_t problem;

    FUZZ_DEMAND(item->type != NULL);
    demand_status(item->status);
    if (item->data == NULL)
        return;
    FUZZ_DEMAND(civ_json_parse(&data, item->data, strlen(item->data), &limits, &problem, pool) ==
                APR_SUCCESS);
    FUZZ_DEMAND(data->type == CIV_JSON_OBJECT);
}

void connector_demand_item(const civ_sync_item_t *item, apr_pool_t *pool)
{
    FUZZ_DEMAND(item->type != NULL && item->native_id != NULL && item->timestamp > 0);
    demand_text(item->native_id, CIV_ITEM_NATIVE_ID_MAX, pool);
    demand_text(item->scope, CIV_ITEM_SCOPE_MAX, pool);
    demand_text(item->title, CIV_ITEM_TITLE_MAX, pool);
    demand_text(item->author, CIV_ITEM_AUTHOR_MAX, pool);
    demand_text(item->sha, CIV_ITEM_SHA_MAX, pool);
    demand_text(item->url, CIV_ITEM_URL_MAX, pool);
    FUZZ_DEMAND(item->url == NULL || strcmp(civ_field_scrub(item->url, pool), item->url) == 0);
    demand_data(item, pool);
}
