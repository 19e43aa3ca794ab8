/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bad_input.c
 * Bodies and headers that are refused: each with its status and the place of the fault, and each without any effect.
 * How a request may break on its way is in bad_transfer.c.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define ADD     "/api/blockchain/add"
#define PENDING "/api/blockchain/pending"

static harness_t *server;
static pid_t children[64];
static int child_count;

static int setup(void)
{
    server = harness_start(NULL);
    if (!server) {
        return 1;
    }
    child_count = harness_children(server, children, 64);
    return 0;
}

static int teardown(void)
{
    return harness_stop(server);
}

/* How things stand before a case, and that they stand so after it. */
static apr_int64_t look(http_client_t *client)
{
    apr_int64_t blocks = checks_blocks(client);

    CU_ASSERT_FATAL(blocks > 0);
    return blocks;
}

static void check_unharmed(http_client_t *client, apr_int64_t blocks)
{
    http_response_t *info = http_get(client, "/api/blockchain/info");

    CU_ASSERT(http_json_int(info, "/blockchain/total_blocks") == blocks);
    CU_ASSERT(http_json_int(info, "/blockchain/pending_evidence") == 0);
    CU_ASSERT(checks_children_live(server, children, child_count));
    CU_ASSERT(http_post(client, ADD, "{\"evidence\":{\"good\":true}}")->status == 201);
    CU_ASSERT(checks_blocks(client) == blocks + 1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

typedef struct bad_body_t {
    const char *body;
    const char *pointer; /**< NULL: none */
} bad_body_t;

static void check_refused(http_client_t *client, const char *body, apr_size_t length, const char *pointer)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    static const char *const paths[] = {ADD, PENDING};
    int i;

    for (i = 0; i < 2; i++) {
        http_response_t *answer = http_send(client, "POST", paths[i], headers, body, length);

        if (!checks_problem_at(answer, 400, pointer)) {
            test_note("%s: %.100s", paths[i], body);
            CU_FAIL("not refused as it should be");
        }
    }
}

static void check_bodies(const bad_body_t *bodies, apr_size_t count)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        check_refused(client, bodies[i].body, strlen(bodies[i].body), bodies[i].pointer);
    }
    check_unharmed(client, blocks);
}

#define CHECK_BODIES(bodies) check_bodies(bodies, sizeof(bodies) / sizeof((bodies)[0]))

/* -- Bodies ------------------------------------------------------------------------------------------------ */

static void test_no_json(void)
{
    static const bad_body_t bodies[] = {
        {"", ""},
        {" ", ""},
        {"evidence=1", ""},
        {"{", ""},
        {"{\"evidence\":{\"a\":1}", ""},
        {"{\"evidence\":{\"a\":", "/evidence/a"},
        {"{\"evidence\":[{},{\"a\":tru}]}", "/evidence/1/a"},
        {"{\"evidence\":{}} {}", ""},
        {"{\"evidence\":{}}x", ""},
        {"{\"evidence\":{},}", ""},
        {"{\"evidence\":{\"a\":1,}}", "/evidence"},
        {"{\"evidence\":[{},]}", "/evidence/1"},
        {"{'evidence':{}}", ""},
        {"{\"evidence\":{\"a\":01}}", "/evidence"},
        {"{\"evidence\":{\"a\":+1}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":.5}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":NaN}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":0x10}}", "/evidence"},
        {"{\"evidence\":{\"a\":\"tab\there\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\\x41\"}}", "/evidence/a"},
        {"{\"evidence\":/* no comment */{}}", "/evidence"},
        {"\xef\xbb\xbf{\"evidence\":{}}", ""},
    };

    CHECK_BODIES(bodies);
}

static void test_wrong_values(void)
{
    static const bad_body_t bodies[] = {
        {"[]", ""},
        {"[{\"evidence\":{}}]", ""},
        {"\"evidence\"", ""},
        {"1", ""},
        {"null", ""},
        {"{\"evidence\":null}", "/evidence"},
        {"{\"evidence\":1}", "/evidence"},
        {"{\"evidence\":true}", "/evidence"},
        {"{\"evidence\":\"{}\"}", "/evidence"},
        {"{\"evidence\":[]}", "/evidence"},
        {"{\"evidence\":[1]}", "/evidence/0"},
        {"{\"evidence\":[{},null]}", "/evidence/1"},
        {"{\"evidence\":[{},{},[{}]]}", "/evidence/2"},
        {"{\"evidence\":{},\"evidences\":{}}", "/evidences"},
        {"{\"Evidence\":{}}", "/Evidence"},
        {"{\"evidence\":{},\"a/b~c\":1}", "/a~1b~0c"},
        {"{\"evidence\":{},\"\":1}", "/"},
    };

    CHECK_BODIES(bodies);
}

static void test_types(void)
{
    static const bad_body_t bodies[] = {
        {"{\"evidence\":{\"type\":1}}", "/evidence/type"},
        {"{\"evidence\":{\"type\":null}}", "/evidence/type"},
        {"{\"evidence\":[{},{\"type\":[]}]}", "/evidence/1/type"},
        {"{\"evidence\":{\"type\":\"civarcos.x\"}}", "/evidence/type"},
        {"{\"evidence\":{\"type\":\"civarcos.\"}}", "/evidence/type"},
        {"{\"evidence\":{\"type\":\"civarcos.policy\",\"difficulty\":0}}", "/evidence/type"},
        {"{\"evidence\":{\"type\":\"civ\\u0061rcos.genesis\"}}", "/evidence/type"},
        {"{\"evidence\":{\"type\":\"a\\u0000b\"}}", "/evidence/type"},
    };
    http_client_t *client = checks_client(server);
    const char *long_type = checks_repeat("{\"evidence\":{\"type\":\"", "t", 129, "\"}}");

    check_refused(client, long_type, strlen(long_type), "/evidence/type");
    CHECK_BODIES(bodies);
}

static void test_duplicates(void)
{
    static const bad_body_t bodies[] = {
        {"{\"evidence\":{},\"evidence\":{}}", "/evidence"},
        {"{\"evidence\":{\"a\":1,\"a\":1}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":1,\"b\":2,\"\\u0061\":3}}", "/evidence/a"},
        {"{\"evidence\":[{},{\"x\":{\"y/z\":[0,{\"q\":1,\"q\":1}]}}]}", "/evidence/1/x/y~1z/1/q"},
        {"{\"evidence\":{\"\":1,\"\":1}}", "/evidence/"},
    };

    CHECK_BODIES(bodies);
}

static void test_text_that_is_none(void)
{
    static const bad_body_t bodies[] = {
        {"{\"evidence\":{\"a\":\"\\ud800\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\\udc00\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\\ud800\\u0041\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\\udc00\\ud800\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\xed\xa0\x80\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\xff\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\xc3\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\xc0\xaf\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\xf4\x90\x80\x80\"}}", "/evidence/a"},
        {"{\"evidence\":{\"a\":\"\xe2\x82\"}}", "/evidence/a"},
        {"{\"evidence\":[{\"b\":[\"ok\",\"\xfe\"]}]}", "/evidence/0/b/1"},
    };
    static const char with_nul[] = "{\"evidence\":{\"a\":\"x\0y\"}}";
    http_client_t *client = checks_client(server);

    check_refused(client, with_nul, sizeof(with_nul) - 1, "/evidence/a");
    CHECK_BODIES(bodies);
}

static void test_names_that_are_none(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    const char *too_long = checks_repeat("{\"evidence\":{\"", "n", 1025, "\":1}}");
    static const char surrogate[] = "{\"evidence\":{\"\\ud800\":1}}";
    static const char bytes[] = "{\"evidence\":{\"\xff\":1}}";

    check_refused(client, too_long, strlen(too_long), "/evidence");
    check_refused(client, surrogate, sizeof(surrogate) - 1, "/evidence");
    check_refused(client, bytes, sizeof(bytes) - 1, "/evidence");
    CU_ASSERT(http_post(client, ADD, checks_repeat("{\"evidence\":{\"", "n", 1024, "\":1}}"))->status == 201);
    check_unharmed(client, blocks + 1);
}

static void test_numbers(void)
{
    static const bad_body_t bodies[] = {
        {"{\"evidence\":{\"n\":9007199254740993}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":9007199254740992}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":-9007199254740993}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":[1,9007199254740993.0]}}", "/evidence/n/1"},
        {"{\"evidence\":{\"n\":12345678901234567890}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":1e400}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":-1e400}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":1e-400}}", "/evidence/n"},
        {"{\"evidence\":{\"n\":1e99999999999999999999}}", "/evidence/n"},
    };
    http_client_t *client = checks_client(server);
    const char *digits = checks_repeat("{\"evidence\":{\"n\":0.", "1", 100000, "}}");

    check_refused(client, digits, strlen(digits), "/evidence/n");
    CHECK_BODIES(bodies);
}

static void test_depth(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    const char *deep = checks_repeat("{\"evidence\":{\"a\":", "[", 63, "");
    const char *abyss = checks_repeat("{\"evidence\":{\"a\":", "[", 300000, "");
    const char *objects = checks_repeat("", "{\"a\":", 150000, "");

    /* Two objects and 63 arrays. */
    check_refused(client, checks_repeat(deep, "]", 63, "}}"), strlen(deep) + 65,
                  checks_repeat("/evidence/a", "/0", 62, ""));
    check_refused(client, abyss, strlen(abyss), checks_repeat("/evidence/a", "/0", 62, ""));
    check_refused(client, checks_repeat(abyss, "]", 300000, "}}"), strlen(abyss) + 300002,
                  checks_repeat("/evidence/a", "/0", 62, ""));
    check_refused(client, objects, strlen(objects), checks_repeat("", "/a", 64, ""));
    check_unharmed(client, blocks);
}

static void test_too_many_values(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    /* The object, the evidence, the array and its elements. */
    const char *few = checks_repeat("{\"evidence\":{\"n\":[0", ",0", 99996, "]}}");
    const char *many = checks_repeat("{\"evidence\":{\"n\":[0", ",0", 99997, "]}}");
    http_response_t *answer = http_post(client, ADD, few);

    /* So many are not too many: it is only too long for an entry. */
    CU_ASSERT(checks_problem_at(answer, 400, "/evidence"));
    CU_ASSERT(strstr(http_json_text(answer, "/detail"), "65") != NULL);
    check_refused(client, many, strlen(many), "/evidence/n/99997");
    check_unharmed(client, blocks);
}

/* -- Headers ----------------------------------------------------------------------------------------------- */

static void test_media_types(void)
{
    static const char *const types[] = {"Content-Type:",
                                        "Content-Type: text/plain",
                                        "Content-Type: text/json",
                                        "Content-Type: application/x-www-form-urlencoded",
                                        "Content-Type: multipart/form-data; boundary=x",
                                        "Content-Type: application/jsonx",
                                        "Content-Type: application/+json",
                                        "Content-Type: application/json; charset=latin1",
                                        "Content-Type: application/json; charset=utf-16",
                                        "Content-Type: application/json; charset",
                                        "Content-Type: application/json, text/plain",
                                        "Content-Type: json",
                                        NULL};
    static const char *const encodings[] = {"br", "compress", "deflate", "gzip, br", "x", NULL};
    static const char body[] = "{\"evidence\":{\"a\":1}}";
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    const char *const *name;

    for (name = types; *name; name++) {
        const char *headers[] = {*name, NULL};

        CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, headers, body, sizeof(body) - 1), 415));
    }
    for (name = encodings; *name; name++) {
        const char *headers[] = {"Content-Type: application/json",
                                 apr_pstrcat(test_pool(), "Content-Encoding: ", *name, NULL), NULL};

        CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, headers, body, sizeof(body) - 1), 415));
    }
    check_unharmed(client, blocks);
}

static void test_accept(void)
{
    static const struct {
        const char *accept;
        int status;
    } accepts[] = {
        {"image/png", 406},
        {"text/html, image/*", 406},
        {"application/json;q=0", 406},
        {"*/*;q=0", 406},
        {"application/*;q=0.5, application/json;q=0", 406},
        {"application/xml, */*;q=0.1", 200},
        {"application/*", 200},
        {"APPLICATION/JSON", 200},
        {"image/png, application/json;q=0.001", 200},
        {"application/json;q=0, */*;q=1", 406},
    };
    static const char *const refuses[] = {"Content-Type: application/json", "Accept: image/png", NULL};
    static const char body[] = "{\"evidence\":{\"a\":1}}";
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    apr_size_t i;

    for (i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
        const char *headers[] = {apr_pstrcat(test_pool(), "Accept: ", accepts[i].accept, NULL), NULL};
        http_response_t *answer = http_send(client, "GET", "/api/blockchain/info", headers, NULL, 0);

        CU_ASSERT(answer->status == accepts[i].status);
        CU_ASSERT(accepts[i].status == 200 || http_is_problem(answer, 406));
    }
    /* Refused before anything is done. */
    CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, refuses, body, sizeof(body) - 1), 406));
    check_unharmed(client, blocks);
}

static void test_idempotency_keys(void)
{
    static const char body[] = "{\"evidence\":{\"a\":1}}";
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    const char *empty[] = {"Content-Type: application/json", "Idempotency-Key;", NULL};
    const char *long_key[] = {"Content-Type: application/json",
                              checks_repeat("Idempotency-Key: ", "k", 256, ""), NULL};
    const char *text[] = {"Content-Type: application/json", "Idempotency-Key: \xc3\xa9", NULL};
    const char *tab[] = {"Content-Type: application/json", "Idempotency-Key: a\tb", NULL};

    CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, empty, body, sizeof(body) - 1), 400));
    CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, long_key, body, sizeof(body) - 1), 400));
    CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, text, body, sizeof(body) - 1), 400));
    CU_ASSERT(http_is_problem(http_send(client, "POST", ADD, tab, body, sizeof(body) - 1), 400));
    check_unharmed(client, blocks);
}

static void test_unknown_parameters(void)
{
    static const char *const paths[] = {"/api?x=1",
                                        "/api/health?x=1",
                                        "/api/metrics?x=1",
                                        "/api/openapi.json?x=1",
                                        "/api/blockchain/info?x=1",
                                        "/api/blockchain/block/0?x=1",
                                        "/api/blockchain/export?x=1",
                                        "/api/blockchain/validate?x=1",
                                        NULL};
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);
    const char *const *path;

    for (path = paths; *path; path++) {
        CU_ASSERT(checks_bad_parameter(http_get(client, *path), "x"));
    }
    CU_ASSERT(checks_bad_parameter(http_post(client, ADD "?x=1", "{\"evidence\":{}}"), "x"));
    CU_ASSERT(checks_bad_parameter(http_post(client, PENDING "?x=1", "{\"evidence\":{}}"), "x"));
    check_unharmed(client, blocks);
}

/* Nothing is pending, and pending takes no empty request. */
static void test_nothing_to_seal(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = look(client);

    CU_ASSERT(http_is_problem(http_post(client, ADD, "{}"), 409));
    CU_ASSERT(checks_problem_at(http_post(client, PENDING, "{}"), 400, "/evidence"));
    check_unharmed(client, blocks);
}

static const test_case_t cases[] = {
    {"what is no JSON", test_no_json},
    {"wrong values", test_wrong_values},
    {"types of evidence", test_types},
    {"duplicate members", test_duplicates},
    {"text that is none", test_text_that_is_none},
    {"names that are none", test_names_that_are_none},
    {"numbers", test_numbers},
    {"depth", test_depth},
    {"too many values", test_too_many_values},
    {"media types and encodings", test_media_types},
    {"Accept", test_accept},
    {"Idempotency-Key", test_idempotency_keys},
    {"unknown parameters", test_unknown_parameters},
    {"nothing to seal", test_nothing_to_seal},
    {NULL, NULL},
};

const test_suite_t bad_input_suite = {"bad_input", setup, teardown, cases};
