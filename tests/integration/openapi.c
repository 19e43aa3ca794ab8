/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file openapi.c
 * The description of the interface: complete, consistent in itself, and true of what the server really answers.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

#define DEEPEST 32

static harness_t *server;

static int setup(void)
{
    server = harness_start(NULL);
    return !server || http_post(checks_client(server), "/api/blockchain/add",
                                "{\"evidence\":[{\"type\":\"a\",\"n\":1},{\"type\":\"b\"}]}")
                              ->status != 201;
}

static int teardown(void)
{
    return harness_stop(server);
}

static const http_response_t *description(void)
{
    const http_response_t *answer = http_get(checks_client(server), "/api/openapi.json");

    CU_ASSERT_FATAL(answer->status == 200 && answer->json != NULL);
    return answer;
}

static const char *escaped(const char *name)
{
    return civ_json_pointer_join("", name, test_pool()) + 1;
}

/* -- The description itself -------------------------------------------------------------------------------- */

/* Follow every "$ref" below @a value. */
static void check_references(const http_response_t *document, const civ_json_t *value, int *count)
{
    apr_size_t i;

    if (value->type == CIV_JSON_ARRAY) {
        for (i = 0; i < value->as.array.count; i++) {
            check_references(document, &value->as.array.items[i], count);
        }
    }
    for (i = 0; value->type == CIV_JSON_OBJECT && i < value->as.object.count; i++) {
        const civ_json_member_t *member = &value->as.object.members[i];

        if (strcmp(member->name, "$ref") == 0) {
            const char *target = checks_text(&member->value, "");

            CU_ASSERT(target[0] == '#' && http_json(document, target + 1) != NULL);
            ++*count;
        }
        check_references(document, &member->value, count);
    }
}

static void test_frame(void)
{
    const http_response_t *document = description();
    int references = 0;

    CU_ASSERT_STRING_EQUAL(checks_header(document, "Content-Type"), "application/json");
    CU_ASSERT(strncmp(http_json_text(document, "/openapi"), "3.1.", 4) == 0);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(document, "/info/title"), "(absent)");
    CU_ASSERT_STRING_EQUAL(http_json_text(document, "/info/version"),
                           http_json_text(http_get(checks_client(server), "/api"), "/version"));
    CU_ASSERT_STRING_EQUAL(http_json_text(document, "/servers/0/url"), "/api");
    check_references(document, document->json, &references);
    CU_ASSERT(references > 20);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Method, prefix and template of each operation make exactly the list of the root. */
static void test_same_list_as_the_root(void)
{
    const http_response_t *document = description();
    http_response_t *root = http_get(checks_client(server), "/api");
    const civ_json_t *endpoints = http_json(root, "/endpoints");
    const civ_json_t *paths = http_json(document, "/paths");
    int operations = 0;
    apr_size_t i;
    apr_size_t j;

    CU_ASSERT_FATAL(endpoints != NULL && paths != NULL);
    for (i = 0; i < paths->as.object.count; i++) {
        operations += (int)paths->as.object.members[i].value.as.object.count;
    }
    CU_ASSERT(operations == (int)endpoints->as.object.count);
    for (j = 0; j < endpoints->as.object.count; j++) {
        char *method = apr_pstrdup(test_pool(), endpoints->as.object.members[j].name);
        char *path = strchr(method, ' ');
        const civ_json_t *operation;

        CU_ASSERT_FATAL(path != NULL && strncmp(path, " /api", 5) == 0);
        *path = '\0';
        path = path[5] ? path + 5 : apr_pstrdup(test_pool(), "/");
        for (i = 0; method[i]; i++) {
            method[i] = (char)(method[i] | 0x20);
        }
        operation =
            http_json(document, apr_pstrcat(test_pool(), "/paths/", escaped(path), "/", method, NULL));
        CU_ASSERT_PTR_NOT_NULL(operation);
        CU_ASSERT_STRING_EQUAL(checks_text(operation, "/summary"),
                               checks_text(&endpoints->as.object.members[j].value, ""));
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Each variable of the path is declared, and nothing else is said to be in it. */
static void check_parameters(const char *path, const civ_json_t *operation)
{
    const civ_json_t *list = civ_json_get(operation, "parameters");
    int in_path = 0;
    int variables = 0;
    const char *at;
    apr_size_t i;

    for (at = path; (at = strchr(at, '{')) != NULL; at++) {
        variables++;
    }
    for (i = 0; list && i < list->as.array.count; i++) {
        const civ_json_t *parameter = &list->as.array.items[i];
        const char *name = checks_text(parameter, "/name");
        http_response_t view = checks_view(parameter);

        CU_ASSERT_PTR_NOT_NULL(civ_json_get(parameter, "schema"));
        if (strcmp(checks_text(parameter, "/in"), "path") == 0) {
            CU_ASSERT(strstr(path, apr_pstrcat(test_pool(), "{", name, "}", NULL)) != NULL);
            CU_ASSERT(http_json_bool(&view, "/required") == 1);
            in_path++;
        } else {
            CU_ASSERT(strcmp(checks_text(parameter, "/in"), "query") == 0 ||
                      strcmp(checks_text(parameter, "/in"), "header") == 0);
        }
    }
    CU_ASSERT(in_path == variables);
}

static void check_responses(const civ_json_t *operation)
{
    const civ_json_t *responses = civ_json_get(operation, "responses");
    int successes = 0;
    apr_size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(responses);
    for (i = 0; i < responses->as.object.count; i++) {
        const civ_json_member_t *response = &responses->as.object.members[i];

        CU_ASSERT_STRING_NOT_EQUAL(checks_text(&response->value, "/description"), "(absent)");
        successes += response->name[0] == '2';
    }
    /* What is only rehearsed is not made; what takes long is accepted. */
    CU_ASSERT(successes == 1 || (successes == 2 && civ_json_get(responses, "200") &&
                                 (civ_json_get(responses, "201") || civ_json_get(responses, "202"))));
}

static void test_operations(void)
{
    const http_response_t *document = description();
    const civ_json_t *paths = http_json(document, "/paths");
    apr_table_t *ids = apr_table_make(test_pool(), 32);
    apr_size_t i;
    apr_size_t j;

    for (i = 0; i < paths->as.object.count; i++) {
        const civ_json_member_t *path = &paths->as.object.members[i];

        CU_ASSERT(path->name[0] == '/');
        for (j = 0; j < path->value.as.object.count; j++) {
            const civ_json_member_t *operation = &path->value.as.object.members[j];
            const char *id = checks_text(&operation->value, "/operationId");

            CU_ASSERT(apr_table_get(ids, id) == NULL && strcmp(id, "(absent)") != 0);
            apr_table_set(ids, id, "");
            check_parameters(path->name, &operation->value);
            check_responses(&operation->value);
            /* One POST has nothing to say but its path. */
            CU_ASSERT((strcmp(operation->name, "post") == 0 &&
                       strcmp(path->name, "/sync/connectors/{platform}/test") != 0) ==
                      (civ_json_get(&operation->value, "requestBody") != NULL));
        }
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- What it says of answers ------------------------------------------------------------------------------- */

static int fits(const http_response_t *document, const civ_json_t *schema, const civ_json_t *value,
                int depth);

static int is_of_type(const civ_json_t *value, const char *type)
{
    apr_int64_t number;

    switch (value->type) {
    case CIV_JSON_NULL:
        return strcmp(type, "null") == 0;
    case CIV_JSON_BOOLEAN:
        return strcmp(type, "boolean") == 0;
    case CIV_JSON_NUMBER:
        return strcmp(type, "number") == 0 ||
               (strcmp(type, "integer") == 0 && civ_json_to_int64(value, &number) == APR_SUCCESS);
    case CIV_JSON_STRING:
        return strcmp(type, "string") == 0;
    case CIV_JSON_ARRAY:
        return strcmp(type, "array") == 0;
    default:
        return strcmp(type, "object") == 0;
    }
}

static int type_fits(const civ_json_t *type, const civ_json_t *value)
{
    apr_size_t i;

    if (!type || type->type == CIV_JSON_STRING) {
        return !type || is_of_type(value, type->as.text.text);
    }
    for (i = 0; i < type->as.array.count; i++) {
        if (is_of_type(value, checks_text(&type->as.array.items[i], ""))) {
            return 1;
        }
    }
    return 0;
}

static int members_fit(const http_response_t *document, const civ_json_t *schema, const civ_json_t *value,
                       int depth)
{
    const civ_json_t *required = civ_json_get(schema, "required");
    const civ_json_t *properties = civ_json_get(schema, "properties");
    apr_size_t i;

    for (i = 0; required && i < required->as.array.count; i++) {
        if (!civ_json_get(value, checks_text(&required->as.array.items[i], ""))) {
            test_note("%s is missing", checks_text(&required->as.array.items[i], ""));
            return 0;
        }
    }
    for (i = 0; properties && i < value->as.object.count; i++) {
        const civ_json_member_t *member = &value->as.object.members[i];
        const civ_json_t *property = civ_json_get(properties, member->name);

        if (property ? !fits(document, property, &member->value, depth)
                     : civ_json_get(schema, "required") != NULL) {
            test_note("%s is not as it is described", member->name);
            return 0;
        }
    }
    return 1;
}

static int choices_fit(const http_response_t *document, const civ_json_t *choices, const civ_json_t *value,
                       int depth)
{
    apr_size_t i;

    for (i = 0; choices && i < choices->as.array.count; i++) {
        if (fits(document, &choices->as.array.items[i], value, depth)) {
            return 1;
        }
    }
    return choices == NULL;
}

/* As much of JSON Schema as our descriptions use. Unlike there, a member that a schema with required members does
 * not list is a fault: a description that leaves members out is no good. */
static int fits(const http_response_t *document, const civ_json_t *schema, const civ_json_t *value, int depth)
{
    const civ_json_t *reference = civ_json_get(schema, "$ref");
    const civ_json_t *items = civ_json_get(schema, "items");
    apr_size_t i;

    CU_ASSERT_FATAL(schema != NULL && depth < DEEPEST);
    if (reference) {
        return fits(document, http_json(document, checks_text(reference, "") + 1), value, depth + 1);
    }
    if (!type_fits(civ_json_get(schema, "type"), value) ||
        !choices_fit(document, civ_json_get(schema, "anyOf"), value, depth + 1) ||
        !choices_fit(document, civ_json_get(schema, "oneOf"), value, depth + 1)) {
        return 0;
    }
    for (i = 0; items && value->type == CIV_JSON_ARRAY && i < value->as.array.count; i++) {
        if (!fits(document, items, &value->as.array.items[i], depth + 1)) {
            return 0;
        }
    }
    return value->type != CIV_JSON_OBJECT || members_fit(document, schema, value, depth + 1);
}

static void check_answer(const http_response_t *document, const char *method, const char *template,
                         const http_response_t *answer)
{
    const char *type = http_header(answer, "Content-Type");
    const char *response =
        apr_psprintf(test_pool(), "/paths/%s/%s/responses/%d", escaped(template), method, answer->status);
    const char *content = apr_pstrcat(test_pool(), response, "/content/", escaped(type ? type : ""), NULL);
    const civ_json_t *schema = http_json(document, apr_pstrcat(test_pool(), content, "/schema", NULL));

    CU_ASSERT_PTR_NOT_NULL(http_json(document, response));
    CU_ASSERT_PTR_NOT_NULL(http_json(document, content));
    if (!http_json(document, content) ||
        (schema && answer->json && !fits(document, schema, answer->json, 0))) {
        test_note("%s %s: %s: %.300s", method, template, content, answer->body);
        CU_FAIL("the answer is not as it is described");
    }
    CU_ASSERT(schema != NULL || !answer->json || strcmp(template, "/openapi.json") == 0);
}

static void test_answers_fit(void)
{
    static const struct {
        const char *template;
        const char *path;
    } gets[] = {
        {"/", "/api"},
        {"/", "/api?x=1"},
        {"/health", "/api/health"},
        {"/openapi.json", "/api/openapi.json"},
        {"/blockchain/info", "/api/blockchain/info"},
        {"/blockchain/block/{index}", "/api/blockchain/block/1"},
        {"/blockchain/block/{index}", "/api/blockchain/block/latest"},
        {"/blockchain/block/{index}", "/api/blockchain/block/77"},
        {"/blockchain/block/{index}", "/api/blockchain/block/x"},
        {"/blockchain/search", "/api/blockchain/search"},
        {"/blockchain/search", "/api/blockchain/search?limit=1"},
        {"/blockchain/search", "/api/blockchain/search?limit=0"},
        {"/blockchain/validate", "/api/blockchain/validate"},
        {"/blockchain/tampering", "/api/blockchain/tampering"},
        {"/blockchain/export", "/api/blockchain/export"},
        {"/blockchain/export", "/api/blockchain/export?from=7"},
    };
    http_client_t *client = checks_client(server);
    const http_response_t *document = description();
    const char *hash = checks_hash_text("{\"n\":1,\"type\":\"a\"}");
    apr_size_t i;

    for (i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
        check_answer(document, "get", gets[i].template, http_get(client, gets[i].path));
    }
    check_answer(document, "get", "/blockchain/evidence/{hash}",
                 http_get(client, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", hash, NULL)));
    check_answer(document, "post", "/blockchain/pending",
                 http_post(client, "/api/blockchain/pending", "{\"evidence\":{\"n\":2}}"));
    check_answer(document, "post", "/blockchain/add", http_post(client, "/api/blockchain/add", "{}"));
    check_answer(document, "post", "/blockchain/add", http_post(client, "/api/blockchain/add", "{}"));
    check_answer(document, "post", "/blockchain/add", http_post(client, "/api/blockchain/add", "["));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"the frame, and every reference", test_frame},
    {"the same list as the root", test_same_list_as_the_root},
    {"every operation", test_operations},
    {"answers are as they are described", test_answers_fit},
    {NULL, NULL},
};

const test_suite_t openapi_suite = {"openapi", setup, teardown, cases};
