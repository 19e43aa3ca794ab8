/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_semantics.c
 * What HTTP promises whatever the path: methods, validators, caching, compression, and errors that a program can read.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

#define ADD "/api/blockchain/add"

/** What is so short is sent as it is. */
#define SMALL 64

/** The evidence of block 1. */
#define EVIDENCE "{\"data\":\"to be compressed, to be compressed, to be compressed\",\"type\":\"semantics\"}"

static harness_t *server;

static int setup(void)
{
    server = harness_start(NULL);
    return !server || http_post(checks_client(server), ADD, "{\"evidence\":" EVIDENCE "}")->status != 201;
}

static int teardown(void)
{
    return harness_stop(server);
}

/* Every path that answers to GET, but for health and metrics, which are true only now. */
static const char *const *paths(void)
{
    static const char *all[] = {"/api",
                                "/api/openapi.json",
                                "/api/blockchain/info",
                                "/api/blockchain/block/1",
                                "/api/blockchain/block/latest",
                                "/api/blockchain/search?type=semantics",
                                "/api/blockchain/validate",
                                "/api/blockchain/tampering",
                                "/api/blockchain/export",
                                NULL,
                                NULL};

    all[9] = apr_pstrcat(test_pool(), "/api/blockchain/evidence/", checks_hash_text(EVIDENCE), NULL);
    return all;
}

/* -- Methods ----------------------------------------------------------------------------------------------- */

/* Whether each field of @a left is in @a right. What makes the answer of one moment does not count. */
static int fields_are_in(const http_response_t *left, const http_response_t *right, int may_differ)
{
    const apr_array_header_t *all = apr_table_elts(left->headers);
    const apr_table_entry_t *field = (const apr_table_entry_t *)all->elts;
    int same = 1;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *other = http_header(right, field[i].key);
        int loose =
            strcasecmp(field[i].key, "Date") == 0 ||
            (may_differ && (strcasecmp(field[i].key, "Content-Length") == 0 ||
                            strcasecmp(field[i].key, "Vary") == 0 || strcasecmp(field[i].key, "ETag") == 0));

        if (!loose && (!other || strcmp(other, field[i].val) != 0)) {
            test_note("%s: %s, but %s", field[i].key, field[i].val, other ? other : "not there");
            same = 0;
        }
    }
    return same;
}

static void check_head(http_client_t *client, const char *path, int may_differ)
{
    http_response_t *get = http_get(client, path);
    http_response_t *head = http_send(client, "HEAD", path, NULL, NULL, 0);

    if (head->status != get->status || head->length != 0 || !fields_are_in(get, head, may_differ) ||
        !fields_are_in(head, get, may_differ)) {
        test_note("%s", path);
        CU_FAIL("HEAD is not as GET");
    }
}

static void test_head(void)
{
    http_client_t *client = checks_client(server);
    const char *const *path;

    for (path = paths(); *path; path++) {
        /* The length of an export is not known before it is made, nor whether it will be compressed. */
        check_head(client, *path, strcmp(*path, "/api/blockchain/export") == 0);
    }
    check_head(client, "/api/health", 0);
    check_head(client, "/api/metrics", 1);
    check_head(client, "/api/nothing", 0);
    check_head(client, "/api/blockchain/block/x", 0);
    check_head(client, "/api/blockchain/block/99", 0);
    check_head(client, "/api/blockchain/add", 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const struct {
    const char *path;
    const char *allow;
} allowed[] = {
    {"/api", "GET, HEAD, OPTIONS"},
    {"/api/", "GET, HEAD, OPTIONS"},
    {"/api/health", "GET, HEAD, OPTIONS"},
    {"/api/openapi.json", "GET, HEAD, OPTIONS"},
    {"/api/metrics", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/add", "POST, OPTIONS"},
    {"/api/blockchain/pending", "POST, OPTIONS"},
    {"/api/blockchain/info", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/block/0", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/search", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/evidence/x", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/validate", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/tampering", "GET, HEAD, OPTIONS"},
    {"/api/blockchain/export", "GET, HEAD, OPTIONS"},
};

static int is_allowed(const char *allow, const char *method)
{
    const char *at = strstr(allow, method);
    apr_size_t length = strlen(method);

    return at && (at == allow || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0');
}

static void test_methods(void)
{
    static const char *const methods[] = {"GET",   "HEAD", "POST", "PUT", "DELETE",
                                          "PATCH", "FOO",  "get",  NULL};
    http_client_t *client = checks_client(server);
    apr_size_t i;

    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        http_response_t *options = http_send(client, "OPTIONS", allowed[i].path, NULL, NULL, 0);
        const char *const *method;

        CU_ASSERT(options->status == 204 && options->length == 0);
        CU_ASSERT_STRING_EQUAL(checks_header(options, "Allow"), allowed[i].allow);
        for (method = methods; *method; method++) {
            http_response_t *answer = http_send(client, *method, allowed[i].path, NULL, NULL, 0);
            const char *allow = http_header(answer, "Allow");

            if (is_allowed(allowed[i].allow, *method)) {
                CU_ASSERT(answer->status != 405);
                continue;
            }
            CU_ASSERT(strcmp(*method, "HEAD") == 0 ? answer->status == 405 : http_is_problem(answer, 405));
            CU_ASSERT(allow && strcmp(allow, allowed[i].allow) == 0);
        }
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_unknown_paths(void)
{
    static const char *const unknown[] = {"/api/x",
                                          "/api/healthy",
                                          "/api/health/",
                                          "/api/Health",
                                          "/api/blockchain",
                                          "/api/blockchain/",
                                          "/api/blockchain/block",
                                          "/api/blockchain/block/",
                                          "/api/blockchain/block/1/2",
                                          "/api/blockchain/info/x",
                                          "/api/blockchain/evidence/",
                                          "/api/%F0%9F%98%80",
                                          "/api/x?limit=0",
                                          NULL};
    http_client_t *client = checks_client(server);
    const char *const *path;

    for (path = unknown; *path; path++) {
        CU_ASSERT(http_is_problem(http_get(client, *path), 404));
        CU_ASSERT(http_is_problem(http_send(client, "DELETE", *path, NULL, NULL, 0), 404));
        CU_ASSERT(http_is_problem(http_send(client, "OPTIONS", *path, NULL, NULL, 0), 404));
        CU_ASSERT(http_is_problem(http_post(client, *path, "{}"), 404));
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Validators and caching -------------------------------------------------------------------------------- */

static http_response_t *get_if_none_match(http_client_t *client, const char *path, const char *tags)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "If-None-Match: ", tags, NULL), NULL};

    return http_send(client, "GET", path, headers, NULL, 0);
}

/* "tag" as it is after a compressing filter: "tag-gzip". */
static const char *suffixed(const char *tag, const char *suffix)
{
    return apr_pstrcat(test_pool(), apr_pstrndup(test_pool(), tag, strlen(tag) - 1), suffix, "\"", NULL);
}

static void check_conditions(http_client_t *client, const char *path)
{
    http_response_t *plain = http_get(client, path);
    const char *tag = http_header(plain, "ETag");
    const char *same[] = {tag,
                          apr_pstrcat(test_pool(), "W/", tag, NULL),
                          "*",
                          suffixed(tag, "-gzip"),
                          suffixed(tag, "-br"),
                          apr_pstrcat(test_pool(), "\"a\", W/\"b,c\" ,", tag, NULL),
                          apr_pstrcat(test_pool(), tag, ", \"a\"", NULL),
                          NULL};
    const char *other[] = {"\"a\"", suffixed(tag, "x"), suffixed(tag, "-gzip-gzip"), "\"\"", "garbage", NULL};
    const char *const *tags;

    CU_ASSERT(plain->status == 200);
    CU_ASSERT_FATAL(tag != NULL && strlen(tag) > 2 && tag[0] == '"' && tag[strlen(tag) - 1] == '"');
    for (tags = same; *tags; tags++) {
        http_response_t *answer = get_if_none_match(client, path, *tags);

        CU_ASSERT(answer->status == 304 && answer->length == 0);
        CU_ASSERT(http_header(answer, "ETag") && strcmp(http_header(answer, "ETag"), tag) == 0);
        CU_ASSERT(http_header(answer, "Cache-Control") &&
                  strcmp(http_header(answer, "Cache-Control"), http_header(plain, "Cache-Control")) == 0);
    }
    for (tags = other; *tags; tags++) {
        CU_ASSERT(get_if_none_match(client, path, *tags)->status == 200);
    }
}

static void test_conditions(void)
{
    http_client_t *client = checks_client(server);
    const char *const *path;

    for (path = paths(); *path; path++) {
        check_conditions(client, *path);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* A tag goes with what it stands for. */
static void test_tags_change(void)
{
    http_client_t *client = checks_client(server);
    const char *before[16];
    const char *const *path;
    int i;

    for (i = 0, path = paths(); *path; path++, i++) {
        before[i] = checks_header(http_get(client, *path), "ETag");
    }
    CU_ASSERT(http_post(client, ADD, "{\"evidence\":{\"type\":\"semantics\"}}")->status == 201);
    for (i = 0, path = paths(); *path; path++, i++) {
        const char *after = checks_header(http_get(client, *path), "ETag");
        int stays = strcmp(*path, "/api") == 0 || strcmp(*path, "/api/openapi.json") == 0 ||
                    strcmp(*path, "/api/blockchain/tampering") == 0 || strstr(*path, "/evidence/") != NULL ||
                    strcmp(*path, "/api/blockchain/block/1") == 0;

        CU_ASSERT((strcmp(before[i], after) == 0) == stays);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* How things are now is asked to be told, whatever a client has seen before. */
static void check_momentary(http_client_t *client, const char *path)
{
    http_response_t *answer = http_get(client, path);

    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Cache-Control"), "no-store");
    CU_ASSERT_PTR_NULL(http_header(answer, "ETag"));
    CU_ASSERT_EQUAL(get_if_none_match(client, path, "*")->status, 200);
}

static void test_cache_control(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *added = http_post(client, ADD, "{\"evidence\":{}}");
    http_response_t *missing = http_get(client, "/api/blockchain/block/99");
    const char *const *path;

    for (path = paths(); *path; path++) {
        http_response_t *answer = http_get(client, *path);

        CU_ASSERT_STRING_EQUAL(checks_header(answer, "Cache-Control"),
                               strstr(*path, "/block/1") ? "public, max-age=31536000, immutable"
                                                         : "no-cache");
        CU_ASSERT_STRING_EQUAL(checks_header(answer, "X-Content-Type-Options"), "nosniff");
    }
    check_momentary(client, "/api/health");
    check_momentary(client, "/api/metrics");
    /* A block that is not there yet may be there soon. */
    CU_ASSERT_STRING_EQUAL(checks_header(missing, "Cache-Control"), "no-store");
    CU_ASSERT_STRING_EQUAL(checks_header(missing, "X-Content-Type-Options"), "nosniff");
    CU_ASSERT_STRING_EQUAL(checks_header(added, "Cache-Control"), "no-store");
    CU_ASSERT_STRING_EQUAL(checks_header(added, "X-Content-Type-Options"), "nosniff");
    CU_ASSERT_PTR_NULL(http_header(added, "ETag"));
    CU_ASSERT_PTR_NULL(http_header(missing, "ETag"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void check_compressed(http_client_t *client, const char *path)
{
    static const char *const gzip[] = {"Accept-Encoding: gzip", NULL};
    http_response_t *plain = http_get(client, path);
    http_response_t *packed = http_send(client, "GET", path, gzip, NULL, 0);
    const char *again[] = {"Accept-Encoding: gzip",
                           apr_pstrcat(test_pool(), "If-None-Match: ", checks_header(packed, "ETag"), NULL),
                           NULL};
    const char *unpacked;

    CU_ASSERT(plain->status == 200 && packed->status == 200);
    if (plain->length < SMALL) {
        CU_ASSERT_STRING_EQUAL(packed->body, plain->body);
        return;
    }
    unpacked = checks_gunzip(server, packed->body, packed->length);
    CU_ASSERT_PTR_NULL(http_header(plain, "Content-Encoding"));
    CU_ASSERT_STRING_EQUAL(checks_header(plain, "Vary"), "Accept-Encoding");
    CU_ASSERT_STRING_EQUAL(checks_header(packed, "Vary"), "Accept-Encoding");
    CU_ASSERT_STRING_EQUAL(checks_header(packed, "Content-Encoding"), "gzip");
    CU_ASSERT_STRING_EQUAL(checks_header(packed, "ETag"), suffixed(checks_header(plain, "ETag"), "-gzip"));
    CU_ASSERT_STRING_EQUAL(checks_header(packed, "Cache-Control"), checks_header(plain, "Cache-Control"));
    CU_ASSERT(unpacked != NULL && strcmp(unpacked, plain->body) == 0);
    CU_ASSERT(http_send(client, "GET", path, again, NULL, 0)->status == 304);
}

static void test_compression(void)
{
    http_client_t *client = checks_client(server);
    const char *const *path;

    for (path = paths(); *path; path++) {
        check_compressed(client, *path);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Errors ------------------------------------------------------------------------------------------------ */

typedef struct failing_t {
    const char *method;
    const char *path;
    const char *header;
    const char *body;
    int status;
    const char *type;
} failing_t;

static const failing_t failing[] = {
    {"GET", "/api/nothing", NULL, NULL, 404, "not-found"},
    {"GET", "/api/blockchain/block/99999", NULL, NULL, 404, "not-found"},
    {"DELETE", "/api/health", NULL, NULL, 405, "method-not-allowed"},
    {"GET", "/api/health", "Accept: image/png", NULL, 406, "not-acceptable"},
    {"POST", ADD, "Content-Type: application/json", "{}", 409, "conflict"},
    {"POST", ADD, "Content-Type: text/plain", "{}", 415, NULL},
    {"GET", "/api/health?x=1", NULL, NULL, 400, "invalid-parameter"},
    {"POST", ADD, "Content-Type: application/json", "[", 400, "malformed-json"},
    {"POST", ADD, "Content-Type: application/json", "{\"evidence\":{\"a\":1,\"a\":1}}", 400, "not-i-json"},
    {"POST", ADD, "Content-Type: application/json", "{\"evidence\":1}", 400, "invalid-member"},
    {"GET", "/api/blockchain/search?q=%27%22%3B--&type=%3Cscript%3E&cursor=%00", NULL, NULL, 400, NULL},
};

static http_response_t *fail(http_client_t *client, const failing_t *request)
{
    const char *headers[] = {request->header, NULL};

    return http_send(client, request->method, request->path, request->header ? headers : NULL, request->body,
                     request->body ? strlen(request->body) : 0);
}

static void test_problems(void)
{
    static const char *const secrets[] = {"SELECT", "INSERT", "sqlite", "civarcos.db", "/usr/",
                                          "/home/", ".c:",    "script", NULL};
    http_client_t *client = checks_client(server);
    apr_size_t i;

    for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        http_response_t *answer = fail(client, &failing[i]);
        const char *type = http_json_text(answer, "/type");
        const char *const *secret;

        CU_ASSERT(http_is_problem(answer, failing[i].status));
        CU_ASSERT(strncmp(type, "urn:civarcos:problem:", 21) == 0);
        CU_ASSERT(!failing[i].type || strcmp(type + 21, failing[i].type) == 0);
        CU_ASSERT_STRING_EQUAL(checks_header(answer, "Content-Type"), "application/problem+json");
        CU_ASSERT(strstr(answer->body, server->state_dir) == NULL);
        for (secret = secrets; *secret; secret++) {
            CU_ASSERT(strstr(answer->body, *secret) == NULL);
        }
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* httpd closes after 400, 413 and 5xx of its own accord. After the others the connection can be used on. */
static void test_connection_after_errors(void)
{
    http_raw_t *raw = http_raw_connect(server->port, test_pool());
    apr_size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        const char *body = failing[i].body ? failing[i].body : "";

        if (failing[i].status == 400) {
            continue;
        }
        CU_ASSERT(
            http_raw_text(raw, apr_psprintf(test_pool(),
                                            "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s"
                                            "Content-Length: %d\r\n\r\n%s",
                                            failing[i].method, failing[i].path,
                                            failing[i].header ? failing[i].header : "",
                                            failing[i].header ? "\r\n" : "", (int)strlen(body), body)) == 0);
        CU_ASSERT(http_is_problem(http_raw_answer(raw, 30), failing[i].status));
    }
    CU_ASSERT(http_raw_text(raw, "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n") == 0);
    CU_ASSERT(http_raw_answer(raw, 30)->status == 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Clients of HTTP/1.0 get no chunks, and a closed connection. */
static void test_http_1_0(void)
{
    const char *const *path;

    for (path = paths(); *path; path++) {
        http_raw_t *raw = http_raw_connect(server->port, test_pool());
        http_response_t *answer;

        CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
        http_raw_text(raw, apr_pstrcat(test_pool(), "GET ", *path, " HTTP/1.0\r\n\r\n", NULL));
        answer = http_raw_answer(raw, 30);
        CU_ASSERT(answer->status == 200);
        CU_ASSERT_PTR_NULL(http_header(answer, "Transfer-Encoding"));
        CU_ASSERT(answer->length > 30);
        CU_ASSERT(http_raw_answer(raw, 30)->status == 0);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Who had to log in to read a block does not want a proxy to hand it to others. The server adds the login to that path
 * alone, and leaves it out again. */
static void test_private(void)
{
    static const char *const login[] = {"Authorization: Basic dXNlcjpzZWNyZXQ=", NULL}; /* user:secret */
    http_client_t *client = checks_client(server);
    const char *file = apr_pstrcat(test_pool(), server->state_dir, "/htdocs/.users", NULL);
    http_response_t *answer;

    CU_ASSERT_EQUAL(scenario_write_file(file, "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", 38), 0);
    harness_configure(server,
                      "LoadModule auth_basic_module \"${civ_modules}/mod_auth_basic.so\"\n"
                      "LoadModule authn_file_module \"${civ_modules}/mod_authn_file.so\"\n"
                      "LoadModule authz_user_module \"${civ_modules}/mod_authz_user.so\"\n"
                      "<Location \"/api/blockchain/block\">\nAuthType Basic\nAuthName evidence\n"
                      "AuthUserFile \"${civ_state}/htdocs/.users\"\nRequire valid-user\n</Location>\n");
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(http_get(client, "/api/blockchain/block/1")->status, 401);
    answer = http_send(client, "GET", "/api/blockchain/block/1", login, NULL, 0);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Cache-Control"), "private, max-age=31536000, immutable");
    answer = http_send(client, "GET", "/api/blockchain/block/latest", login, NULL, 0);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Cache-Control"), "no-cache");
    harness_configure(server, "");
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_STRING_EQUAL(checks_header(http_get(client, "/api/blockchain/block/1"), "Cache-Control"),
                           "public, max-age=31536000, immutable");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"HEAD is as GET", test_head},
    {"methods", test_methods},
    {"unknown paths", test_unknown_paths},
    {"If-None-Match", test_conditions},
    {"tags change with what they stand for", test_tags_change},
    {"Cache-Control", test_cache_control},
    {"Cache-Control behind a login", test_private},
    {"compression", test_compression},
    {"problems", test_problems},
    {"the connection after errors", test_connection_after_errors},
    {"HTTP/1.0", test_http_1_0},
    {NULL, NULL},
};

const test_suite_t http_semantics_suite = {"http_semantics", setup, teardown, cases};
