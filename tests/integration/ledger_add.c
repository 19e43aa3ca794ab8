/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_add.c
 * POST /api/blockchain/add, done right: what is sealed, and what is told about it.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include "base/canonical.h"

#include <apr_strings.h>

#include <string.h>

#define ADD "/api/blockchain/add"

static harness_t *server;

static int setup(void)
{
    return (server = harness_start(NULL)) == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

/* Add something good, and look at all that the answer promises. @return the block */
static const civ_json_t *add(http_client_t *client, const char *json)
{
    apr_int64_t blocks = checks_blocks(client);
    const civ_json_t *parent = checks_block(client, blocks - 1);
    http_response_t *answer = http_post(client, ADD, json);
    const civ_json_t *info = http_json(http_get(client, "/api/blockchain/info"), "/blockchain");
    const civ_json_t *block = http_json(answer, "/block");
    const char *location = apr_psprintf(test_pool(), "/api/blockchain/block/%" APR_INT64_T_FMT, blocks);
    http_response_t *found = http_get(client, location);

    CU_ASSERT(answer->status == 201);
    if (answer->status != 201) {
        test_note("%s", answer->body);
    }
    CU_ASSERT(http_json_bool(answer, "/success") == 1);
    CU_ASSERT(checks_block_is_sound(block, parent, info));
    CU_ASSERT(checks_int(block, "/index") == blocks);
    CU_ASSERT(checks_int(info, "/total_blocks") == blocks + 1);
    CU_ASSERT_STRING_EQUAL(checks_text(info, "/latest_block_hash"), checks_text(block, "/hash"));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/message"),
                           apr_psprintf(test_pool(), "Evidence added to block %" APR_INT64_T_FMT, blocks));
    CU_ASSERT(http_header(answer, "Location") && strcmp(http_header(answer, "Location"), location) == 0);
    CU_ASSERT(found->status == 200);
    CU_ASSERT_STRING_EQUAL(checks_hash(http_json(found, "/block")), checks_hash(block));
    return block;
}

/* The ledger's examples of the program that this interface comes from, word for word but for the dots. */
static void test_seed_examples(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *block = add(
        client, "{\"evidence\": [{\"type\": \"test\", \"data\": {\"suite\": \"unit\", \"passed\": 70}}]}");
    http_response_t *validation = http_get(client, "/api/blockchain/validate");
    http_response_t *genesis = http_get(client, "/api/blockchain/block/0");

    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence/0/type"), "test");
    CU_ASSERT(checks_int(block, "/evidence/0/data/passed") == 70);
    CU_ASSERT(validation->status == 200);
    CU_ASSERT(http_json_bool(validation, "/success") == 1);
    CU_ASSERT(http_json_bool(validation, "/validation/is_valid") == 1);
    CU_ASSERT(http_json_int(validation, "/validation/total_blocks") == checks_blocks(client));
    CU_ASSERT(http_json_count(validation, "/validation/errors") == 0);
    CU_ASSERT(genesis->status == 200);
    CU_ASSERT(http_json_int(genesis, "/block/index") == 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(genesis, "/block/previous_hash"), checks_repeat("", "0", 64, ""));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_single_object(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *block = add(client, "{\"evidence\":{\"type\":\"coverage\",\"percent\":\"87.5\"}}");
    const civ_json_t *empty = add(client, "{\"evidence\":{}}");

    CU_ASSERT(checks_int(block, "/evidence_count") == 1);
    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence/0/percent"), "87.5");
    CU_ASSERT_STRING_EQUAL(checks_text(empty, "/evidence_hashes/0"), checks_hash_text("{}"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_array_keeps_order(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *block = add(client, "{\"evidence\":[{\"n\":3},{\"n\":1},{\"n\":2},{\"n\":1}]}");

    CU_ASSERT(checks_int(block, "/evidence_count") == 4);
    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence_hashes/0"), checks_hash_text("{\"n\":3}"));
    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence_hashes/1"), checks_hash_text("{\"n\":1}"));
    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence_hashes/2"), checks_hash_text("{\"n\":2}"));
    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence_hashes/3"), checks_hash_text("{\"n\":1}"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Each is sealed in its canonical form, which is what the answer shows and the hash is of. */
static void test_canonical_form(void)
{
    static const struct {
        const char *posted;
        const char *canonical;
    } forms[] = {
        {" { \"b\" : 1.0 , \"a\" : \"\\u00e9\" } ", "{\"a\":\"\xc3\xa9\",\"b\":1}"},
        {"{\"n\":[1e2,0.1e1,-0,1E21,333333333.33333329,5e-324,9007199254740991]}",
         "{\"n\":[100,1,0,1e+21,333333333.3333333,5e-324,9007199254740991]}"},
        {"{\"\\uff61\":1,\"\\ud83d\\ude00\":2,\"z\":3}",
         "{\"z\":3,\"\xf0\x9f\x98\x80\":2,\"\xef\xbd\xa1\":1}"},
        {"{\"s\":\"\\/\\u0041\\u001F\\u2028\\n\\u0000\\u007f\"}",
         "{\"s\":\"/A\\u001f\xe2\x80\xa8\\n\\u0000\x7f\"}"},
        {"{\"c\":\"e\\u0301\"}", "{\"c\":\"e\xcc\x81\"}"},
        {"{\"t\":[true,false,null,{},[]]}", "{\"t\":[true,false,null,{},[]]}"},
    };
    http_client_t *client = checks_client(server);
    apr_size_t i;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        http_response_t *answer =
            http_post(client, ADD, apr_pstrcat(test_pool(), "{\"evidence\":", forms[i].posted, "}", NULL));

        CU_ASSERT(answer->status == 201);
        CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/block/evidence_hashes/0"),
                               checks_hash_text(forms[i].canonical));
        CU_ASSERT(strstr(answer->body, forms[i].canonical) != NULL);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const char *of_size(apr_size_t size)
{
    static const char before[] = "{\"type\":\"large\",\"x\":\"";

    return checks_repeat(before, "a", size - (sizeof(before) - 1) - 2, "\"}");
}

static void test_largest_entry(void)
{
    http_client_t *client = checks_client(server);
    const char *fits = of_size(65535);
    const char *exceeds = of_size(65536);
    apr_int64_t blocks;
    const civ_json_t *block = add(client, apr_pstrcat(test_pool(), "{\"evidence\":", fits, "}", NULL));

    CU_ASSERT(strlen(fits) == 65535);
    CU_ASSERT_STRING_EQUAL(checks_text(block, "/evidence_hashes/0"), checks_hash_text(fits));
    blocks = checks_blocks(client);
    CU_ASSERT(checks_problem_at(
        http_post(client, ADD, apr_pstrcat(test_pool(), "{\"evidence\":", exceeds, "}", NULL)), 400,
        "/evidence"));
    CU_ASSERT(checks_problem_at(
        http_post(client, ADD, apr_pstrcat(test_pool(), "{\"evidence\":[", fits, ",", exceeds, "]}", NULL)),
        400, "/evidence/1"));
    /* It is the canonical form that counts, not what was posted. */
    add(client, checks_repeat("{\"evidence\":{\"x\":\"", "\\u0061", 65535 - 8, "\"}}"));
    CU_ASSERT(checks_blocks(client) == blocks + 1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_most_entries(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *block = add(client, checks_repeat("{\"evidence\":[{}", ",{}", 9999, "]}"));
    apr_int64_t blocks = checks_blocks(client);

    CU_ASSERT(checks_int(block, "/evidence_count") == 10000);
    CU_ASSERT(checks_problem_at(
        http_post(client, ADD, checks_repeat("{\"evidence\":[{}", ",{}", 10000, "]}")), 400, "/evidence"));
    CU_ASSERT(checks_blocks(client) == blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_types_at_their_limit(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *block =
        add(client, checks_repeat("{\"evidence\":{\"type\":\"", "\xc3\xa9", 64, "\"}}"));

    CU_ASSERT(strlen(checks_text(block, "/evidence/0/type")) == 128);
    add(client, "{\"evidence\":{\"type\":\"\"}}");
    add(client, "{\"evidence\":{\"type\":\"civarcos\"}}");
    add(client, "{\"evidence\":{\"data\":{\"type\":\"civarcos.policy\"}}}");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* The deepest that the limits of a request admit: the request itself, the array, and 62 more. */
static void test_deepest(void)
{
    http_client_t *client = checks_client(server);
    char *opening = checks_repeat("{\"evidence\":[", "{\"a\":", 61, "{}");

    add(client, checks_repeat(opening, "}", 61, "]}"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_gzip_body(void)
{
    static const char *const headers[] = {"Content-Type: application/json", "Content-Encoding: gzip", NULL};
    http_client_t *client = checks_client(server);
    const char *json = checks_repeat("{\"evidence\":[{\"n\":0}", ",{\"n\":1}", 20, "]}");
    apr_int64_t blocks = checks_blocks(client);
    apr_size_t length;
    const char *packed = checks_gzip(server, json, strlen(json), &length);
    http_response_t *answer;

    CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
    answer = http_send(client, "POST", ADD, headers, packed, length);
    CU_ASSERT(answer->status == 201);
    CU_ASSERT(checks_block_is_sound(http_json(answer, "/block"), checks_block(client, blocks - 1), NULL));
    CU_ASSERT(http_json_count(answer, "/block/evidence") == 21);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_media_types(void)
{
    static const char *const types[] = {"application/json",
                                        "Application/JSON",
                                        "application/json; charset=utf-8",
                                        "application/json;charset=\"UTF-8\"",
                                        "application/vnd.example+json",
                                        "application/problem+JSON; x=1",
                                        NULL};
    static const char json[] = "{\"evidence\":{\"n\":1}}";
    http_client_t *client = checks_client(server);
    const char *const *type;

    for (type = types; *type; type++) {
        const char *headers[] = {apr_pstrcat(test_pool(), "Content-Type: ", *type, NULL), NULL};

        CU_ASSERT(http_send(client, "POST", ADD, headers, json, sizeof(json) - 1)->status == 201);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

#define POST_HEAD "POST " ADD " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

/* A body may come in pieces of any size. */
static void test_chunked_body(void)
{
    static const char json[] = "{\"evidence\":{\"text\":\"in \\u00fcber 40 pieces\"}}";
    http_raw_t *raw = http_raw_connect(server->port, test_pool());
    http_response_t *answer;
    apr_size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    http_raw_text(raw, POST_HEAD "Transfer-Encoding: chunked\r\n\r\n");
    for (i = 0; i < sizeof(json) - 1; i++) {
        CU_ASSERT(http_raw_chunk(raw, json + i, 1) == 0);
    }
    CU_ASSERT(http_raw_chunk(raw, "", 0) == 0);
    answer = http_raw_answer(raw, 30);
    CU_ASSERT(answer->status == 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/block/evidence_hashes/0"),
                           checks_hash_text("{\"text\":\"in \xc3\xbc"
                                            "ber 40 pieces\"}"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_expect_continue(void)
{
    static const char json[] = "{\"evidence\":{\"n\":1}}";
    const char *head = apr_psprintf(
        test_pool(), POST_HEAD "Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", (int)sizeof(json) - 1);
    http_raw_t *raw = http_raw_connect(server->port, test_pool());
    http_raw_t *refused = http_raw_connect(server->port, test_pool());

    CU_ASSERT_FATAL(raw && refused);
    http_raw_text(raw, head);
    CU_ASSERT(http_raw_answer(raw, 30)->status == 100);
    http_raw_text(raw, json);
    CU_ASSERT(http_raw_answer(raw, 30)->status == 201);

    /* What will not be taken is not asked for. */
    http_raw_text(refused, POST_HEAD "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n");
    CU_ASSERT(http_is_problem(http_raw_answer(refused, 30), 413));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* With the length limit reached to the byte, announced or not. */
static void test_largest_body(void)
{
    http_client_t *client = checks_client(server);
    static const char *const chunked[] = {"Content-Type: application/json", "Transfer-Encoding: chunked",
                                          NULL};
    const char *json = checks_repeat("{\"evidence\":{\"n\":1}}", " ", 1048576 - 20, "");

    CU_ASSERT(strlen(json) == 1048576);
    CU_ASSERT(http_post(client, ADD, json)->status == 201);
    CU_ASSERT(http_send(client, "POST", ADD, chunked, json, strlen(json))->status == 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"the examples of the seed", test_seed_examples},
    {"a single object", test_single_object},
    {"an array keeps its order", test_array_keeps_order},
    {"the canonical form is sealed", test_canonical_form},
    {"the largest entry", test_largest_entry},
    {"the most entries", test_most_entries},
    {"types at their limit", test_types_at_their_limit},
    {"the deepest evidence", test_deepest},
    {"a gzip body", test_gzip_body},
    {"media types of JSON", test_media_types},
    {"a chunked body", test_chunked_body},
    {"Expect: 100-continue", test_expect_continue},
    {"the largest body", test_largest_body},
    {NULL, NULL},
};

const test_suite_t ledger_add_suite = {"ledger_add", setup, teardown, cases};
