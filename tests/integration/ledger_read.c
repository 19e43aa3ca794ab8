/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_read.c
 * Reading the ledger: blocks, info, proofs, and the export.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include "base/buffer.h"
#include "base/canonical.h"
#include "base/merkle.h"

#include <apr_strings.h>

#include <string.h>

#define ADD    "/api/blockchain/add"
#define EXPORT "/api/blockchain/export"

/** Blocks of 1 to this many entries are made in set-up, after genesis. */
#define SIZES 9

static harness_t *server;

static int setup(void)
{
    http_client_t *client;
    int failed = 0;
    int entries;

    server = harness_start(NULL);
    if (!server) {
        return 1;
    }
    client = checks_client(server);
    for (entries = 1; entries <= SIZES; entries++) {
        civ_buffer_t json;
        int i;

        civ_buffer_init(&json, 1024, test_pool());
        for (i = 0; i < entries; i++) {
            civ_buffer_append_format(&json, "%s{\"type\":\"size\",\"of\":%d,\"n\":%d}",
                                     i ? "," : "{\"evidence\":[", entries, i);
        }
        civ_buffer_append_text(&json, "]}");
        failed |= http_post(client, ADD, json.data)->status != 201;
    }
    return failed;
}

static int teardown(void)
{
    return harness_stop(server);
}

static const char *block_path(const char *name)
{
    return apr_pstrcat(test_pool(), "/api/blockchain/block/", name, NULL);
}

/* -- Blocks ------------------------------------------------------------------------------------------------ */

static void test_block_by_index_and_hash(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *info = http_json(http_get(client, "/api/blockchain/info"), "/blockchain");
    const civ_json_t *parent = NULL;
    int index;

    for (index = 0; index <= SIZES; index++) {
        http_response_t *answer = http_get(client, block_path(apr_itoa(test_pool(), index)));
        const civ_json_t *block = http_json(answer, "/block");
        const char *hash = checks_text(block, "/hash");
        http_response_t *by_hash = http_get(client, block_path(hash));
        const char *tag = apr_pstrcat(test_pool(), "\"", hash, "\"", NULL);

        CU_ASSERT(answer->status == 200);
        CU_ASSERT(http_json_bool(answer, "/success") == 1);
        CU_ASSERT(http_json_count(answer, "") == 2);
        CU_ASSERT(checks_block_is_sound(block, parent, info));
        CU_ASSERT(checks_int(block, "/index") == index);
        CU_ASSERT_STRING_EQUAL(by_hash->body, answer->body);
        CU_ASSERT_STRING_EQUAL(checks_header(answer, "ETag"), tag);
        CU_ASSERT_STRING_EQUAL(checks_header(by_hash, "ETag"), tag);
        CU_ASSERT_STRING_EQUAL(checks_header(answer, "Cache-Control"), "public, max-age=31536000, immutable");
        CU_ASSERT_STRING_EQUAL(checks_header(by_hash, "Cache-Control"),
                               "public, max-age=31536000, immutable");
        parent = block;
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_latest_block(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *before = http_get(client, block_path("latest"));
    const char *headers[] = {apr_pstrcat(test_pool(), "If-None-Match: ", http_header(before, "ETag"), NULL),
                             NULL};
    http_response_t *after;

    CU_ASSERT(before->status == 200);
    CU_ASSERT_STRING_EQUAL(checks_header(before, "Cache-Control"), "no-cache");
    CU_ASSERT(http_json_int(before, "/block/index") == checks_blocks(client) - 1);
    CU_ASSERT(http_send(client, "GET", block_path("latest"), headers, NULL, 0)->status == 304);
    CU_ASSERT(http_post(client, ADD, "{\"evidence\":{\"later\":true}}")->status == 201);
    after = http_send(client, "GET", block_path("latest"), headers, NULL, 0);
    CU_ASSERT(after->status == 200);
    CU_ASSERT(http_json_int(after, "/block/index") == http_json_int(before, "/block/index") + 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(after, "/block/previous_hash"),
                           http_json_text(before, "/block/hash"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_no_such_block(void)
{
    static const char *const missing[] = {"99999999",
                                          "999999999999999999",
                                          "18446744073709551616",
                                          "340282366920938463463374607431768211456",
                                          "0000000000000000000000000000000000000000000000000000000000000000",
                                          NULL};
    static const char *const bad[] = {"-1",
                                      "+1",
                                      "01",
                                      "1.0",
                                      "0x1",
                                      "1e0",
                                      "Latest",
                                      "latest%20",
                                      "1%20",
                                      "%31x",
                                      "%C3%A9",
                                      "%ff",
                                      "abc",
                                      "000000000000000000000000000000000000000000000000000000000000000",
                                      "ABCDEF0000000000000000000000000000000000000000000000000000000000",
                                      "null",
                                      "1%0a",
                                      NULL};
    http_client_t *client = checks_client(server);
    const char *const *name;

    for (name = missing; *name; name++) {
        CU_ASSERT(http_is_problem(http_get(client, block_path(*name)), 404));
    }
    for (name = bad; *name; name++) {
        CU_ASSERT(checks_bad_parameter(http_get(client, block_path(*name)), "index"));
    }
    CU_ASSERT(http_is_problem(http_get(client, block_path("")), 404));
    CU_ASSERT(http_is_problem(http_get(client, block_path("1/")), 404));
    CU_ASSERT(http_is_problem(http_get(client, block_path("1/x")), 404));
    CU_ASSERT(http_get(client, block_path("%31"))->status == 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_info(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *answer = http_get(client, "/api/blockchain/info");
    const civ_json_t *info = http_json(answer, "/blockchain");
    const civ_json_t *head = http_json(http_get(client, block_path("latest")), "/block");
    const civ_json_t *genesis = checks_block(client, 0);

    CU_ASSERT(answer->status == 200);
    CU_ASSERT(http_json_bool(answer, "/success") == 1);
    CU_ASSERT(checks_int(info, "/total_blocks") == checks_int(head, "/index") + 1);
    CU_ASSERT(checks_int(info, "/total_evidence") ==
              checks_int(head, "/first_leaf") + checks_int(head, "/evidence_count"));
    CU_ASSERT(checks_int(info, "/pending_evidence") == 0);
    CU_ASSERT_STRING_EQUAL(checks_text(info, "/latest_block_hash"), checks_text(head, "/hash"));
    CU_ASSERT_STRING_EQUAL(checks_text(info, "/log_root"), checks_text(head, "/log_root"));
    CU_ASSERT(checks_int(info, "/difficulty") == 8);
    CU_ASSERT(checks_int(info, "/validators") == 0);
    CU_ASSERT_STRING_EQUAL(checks_text(info, "/ledger_name"), "localhost/civarcos");
    CU_ASSERT_STRING_EQUAL(checks_text(info, "/ledger_name"), checks_text(genesis, "/evidence/0/ledger"));
    CU_ASSERT_STRING_EQUAL(checks_text(info, "/ledger_id"), checks_text(genesis, "/ledger_id"));
    CU_ASSERT(strncmp(checks_text(info, "/public_key"), "-----BEGIN PUBLIC KEY-----\n", 27) == 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Proofs ------------------------------------------------------------------------------------------------ */

static int read_path(const http_response_t *answer, civ_digest_t *path)
{
    int count = http_json_count(answer, "/result/proof/path");
    int i;

    for (i = 0; i < count && i < CIV_MERKLE_MAX_DEPTH; i++) {
        const char *digits = http_json_text(answer, apr_psprintf(test_pool(), "/result/proof/path/%d", i));

        CU_ASSERT(civ_digest_from_hex(&path[i], digits) == APR_SUCCESS);
    }
    return count;
}

/* That the answer proves this piece of evidence to be in this block, to someone who has only the block. */
static void prove(const http_response_t *answer, const civ_json_t *block, int place)
{
    const civ_json_t *evidence = http_json(answer, "/result/evidence");
    civ_digest_t path[CIV_MERKLE_MAX_DEPTH];
    int length = read_path(answer, path);
    civ_digest_t leaf;
    civ_digest_t root;
    civ_buffer_t text;

    CU_ASSERT(answer->status == 200);
    CU_ASSERT_PTR_NOT_NULL_FATAL(evidence);
    civ_buffer_init(&text, 256, test_pool());
    civ_canonical_write(&text, evidence);
    civ_merkle_leaf(&leaf, text.data, text.length);
    CU_ASSERT(civ_digest_from_hex(&root, checks_text(block, "/evidence_root")) == APR_SUCCESS);
    CU_ASSERT(civ_merkle_verify_inclusion(&leaf, (apr_uint64_t)place,
                                          (apr_uint64_t)checks_int(block, "/evidence_count"), path,
                                          (apr_size_t)length, &root) == APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result/proof/leaf_hash"),
                           civ_digest_hex_dup(&leaf, test_pool()));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result/proof/root"),
                           checks_text(block, "/evidence_root"));
    CU_ASSERT(http_json_int(answer, "/result/proof/index") == place);
    CU_ASSERT(http_json_int(answer, "/result/proof/tree_size") == checks_int(block, "/evidence_count"));
    CU_ASSERT(http_json_int(answer, "/result/block_index") == checks_int(block, "/index"));
    CU_ASSERT(http_json_int(answer, "/result/leaf_index") == checks_int(block, "/first_leaf") + place);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result/block_hash"), checks_text(block, "/hash"));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result/timestamp"), checks_text(block, "/timestamp"));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result/evidence_hash"), checks_hash(evidence));
}

static void test_proofs(void)
{
    http_client_t *client = checks_client(server);
    int index;

    for (index = 0; index <= SIZES; index++) {
        const civ_json_t *block = checks_block(client, index);
        int count = (int)checks_int(block, "/evidence_count");
        int place;

        CU_ASSERT(count == (index ? index : 1));
        for (place = 0; place < count; place++) {
            const char *hash = checks_text(block, apr_psprintf(test_pool(), "/evidence_hashes/%d", place));

            prove(http_get(client, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", hash, NULL)), block,
                  place);
        }
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* The first of several that are the same. */
static void test_evidence_twice(void)
{
    http_client_t *client = checks_client(server);
    const char *path =
        apr_pstrcat(test_pool(), "/api/blockchain/evidence/", checks_hash_text("{\"same\":1}"), NULL);
    http_response_t *first = http_post(client, ADD, "{\"evidence\":[{\"x\":1},{\"same\":1},{\"same\":1}]}");

    CU_ASSERT(http_post(client, ADD, "{\"evidence\":{\"same\":1}}")->status == 201);
    prove(http_get(client, path), http_json(first, "/block"), 1);
    CU_ASSERT(http_is_problem(http_get(client, apr_pstrcat(test_pool(), "/api/blockchain/evidence/",
                                                           checks_hash_text("{\"unknown\":1}"), NULL)),
                              404));
    CU_ASSERT(checks_bad_parameter(http_get(client, "/api/blockchain/evidence/latest"), "hash"));
    CU_ASSERT(checks_bad_parameter(http_get(client, "/api/blockchain/evidence/1"), "hash"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Export ------------------------------------------------------------------------------------------------ */

/* Compare each line with the block that "block/N" answers. @return the number of lines */
static int compare_lines(http_client_t *client, const http_response_t *answer, int from)
{
    const char *line = answer->body;
    int count = 0;

    while (*line) {
        const char *end = strchr(line, '\n');
        const char *block = http_get(client, block_path(apr_itoa(test_pool(), from + count)))->body;
        const char *inner = strstr(block, "\"block\":");

        CU_ASSERT_FATAL(end != NULL && inner != NULL);
        CU_ASSERT(strncmp(inner + 8, line, (apr_size_t)(end - line)) == 0);
        CU_ASSERT_STRING_EQUAL(inner + 8 + (end - line), "}");
        line = end + 1;
        count++;
    }
    return count;
}

static void test_export(void)
{
    static const struct {
        const char *query;
        int from;
        int count;
    } ranges[] = {{"?from=3&to=5", 3, 3}, {"?to=0", 0, 1}, {"?from=9&to=9", 9, 1}, {"?to=8", 0, 9}};
    http_client_t *client = checks_client(server);
    http_response_t *all = http_get(client, EXPORT);
    apr_size_t i;

    CU_ASSERT(all->status == 200);
    CU_ASSERT_STRING_EQUAL(checks_header(all, "Content-Type"), "application/x-ndjson");
    CU_ASSERT_STRING_EQUAL(checks_header(all, "Cache-Control"), "no-cache");
    CU_ASSERT(compare_lines(client, all, 0) == checks_blocks(client));
    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        http_response_t *part = http_get(client, apr_pstrcat(test_pool(), EXPORT, ranges[i].query, NULL));

        CU_ASSERT(part->status == 200);
        CU_ASSERT(compare_lines(client, part, ranges[i].from) == ranges[i].count);
    }
    /* The range ends at the newest block, whatever is asked. */
    CU_ASSERT(compare_lines(client, http_get(client, EXPORT "?from=2&to=999999999"), 2) ==
              checks_blocks(client) - 2);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* From the lines alone: every hash, link and root over the whole log. */
static void test_export_is_provable(void)
{
    http_client_t *client = checks_client(server);
    const civ_json_t *info = http_json(http_get(client, "/api/blockchain/info"), "/blockchain");
    const char *line = http_get(client, EXPORT)->body;
    const civ_json_t *parent = NULL;
    civ_merkle_frontier_t frontier;

    civ_merkle_frontier_init(&frontier);
    while (*line) {
        const char *end = strchr(line, '\n');
        const civ_json_t *block;
        const civ_json_t *evidence;
        civ_digest_t root;
        apr_size_t i;

        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        block = checks_parse(line, (apr_size_t)(end - line));
        CU_ASSERT_FATAL(checks_block_is_sound(block, parent, info));
        evidence = civ_json_get(block, "evidence");
        CU_ASSERT(checks_int(block, "/first_leaf") == (apr_int64_t)frontier.size);
        for (i = 0; i < evidence->as.array.count; i++) {
            civ_digest_t leaf;
            civ_buffer_t text;

            civ_buffer_init(&text, 256, test_pool());
            civ_canonical_write(&text, &evidence->as.array.items[i]);
            civ_merkle_leaf(&leaf, text.data, text.length);
            civ_merkle_frontier_append(&frontier, &leaf);
        }
        civ_merkle_frontier_root(&frontier, &root);
        CU_ASSERT_STRING_EQUAL(checks_text(block, "/log_root"), civ_digest_hex_dup(&root, test_pool()));
        parent = block;
        line = end + 1;
    }
    CU_ASSERT_STRING_EQUAL(checks_text(parent, "/hash"), checks_text(info, "/latest_block_hash"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_bad_ranges(void)
{
    static const char *const routes[] = {EXPORT, "/api/blockchain/validate", "/api/blockchain/tampering",
                                         NULL};
    static const struct {
        const char *query;
        const char *parameter;
    } bad[] = {{"?from=-1", "from"},     {"?to=x", "to"},          {"?from=", "from"},
               {"?from=2&to=1", "from"}, {"?from=999999", "from"}, {"?from=1&from=2", "from"},
               {"?from=01", "from"},     {"?until=3", "until"},    {"?to=9999999999999999999", "to"},
               {"?from=%201", "from"},   {"?to=%zz", "to"},        {"?From=1", "From"}};
    http_client_t *client = checks_client(server);
    const char *const *route;
    apr_size_t i;

    for (route = routes; *route; route++) {
        for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            CU_ASSERT(checks_bad_parameter(
                http_get(client, apr_pstrcat(test_pool(), *route, bad[i].query, NULL)), bad[i].parameter));
        }
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_validate_ranges(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *part = http_get(client, "/api/blockchain/validate?from=2&to=4");
    http_response_t *tampering = http_get(client, "/api/blockchain/tampering?from=2&to=4");

    CU_ASSERT(http_json_bool(part, "/validation/is_valid") == 1);
    CU_ASSERT(http_json_int(part, "/validation/first") == 2);
    CU_ASSERT(http_json_int(part, "/validation/last") == 4);
    CU_ASSERT(tampering->status == 200);
    CU_ASSERT(http_json_bool(tampering, "/success") == 1);
    CU_ASSERT(http_json_int(tampering, "/count") == 0);
    CU_ASSERT(http_json_count(tampering, "/tampered") == 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* More than every buffer between server and client takes. */
static void grow(http_client_t *client, int megabytes)
{
    const char *entry = checks_repeat("{\"x\":\"", "0123456789abcdef", 4000, "\"}");
    const char *json = apr_pstrcat(test_pool(), "{\"evidence\":[", entry, NULL);
    int i;

    json = checks_repeat(json, apr_pstrcat(test_pool(), ",", entry, NULL), 14, "]}");
    for (i = 0; i < megabytes; i++) {
        CU_ASSERT(http_post(client, ADD, json)->status == 201);
        http_forget(client);
    }
}

/* Takes a bit of the answer. */
static int has_begun(void *baton)
{
    return http_raw_answer(baton, 0.05)->status == 200;
}

/* Last, because it makes the ledger large. */
static void test_export_hang_up(void)
{
    http_client_t *client = checks_client(server);
    http_raw_t *raw;
    pid_t pids[64];
    int children;
    int reset;

    grow(client, 14);
    children = harness_children(server, pids, 64);
    for (reset = 0; reset < 2; reset++) {
        raw = http_raw_connect(server->port, test_pool());
        CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
        http_raw_text(raw, "GET " EXPORT " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        CU_ASSERT(harness_wait(has_begun, raw, 30) == 0);
        http_raw_close(raw, reset);
    }
    CU_ASSERT(harness_log_has(server, "CIV0332", 30));
    CU_ASSERT(compare_lines(client, http_get(client, EXPORT), 0) == checks_blocks(client));
    CU_ASSERT(checks_children_live(server, pids, children));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"a block by index and by hash", test_block_by_index_and_hash},
    {"the latest block", test_latest_block},
    {"no such block", test_no_such_block},
    {"info", test_info},
    {"proofs in blocks of one to nine entries", test_proofs},
    {"the same evidence twice", test_evidence_twice},
    {"the export", test_export},
    {"the export proves itself", test_export_is_provable},
    {"bad ranges", test_bad_ranges},
    {"validating a range", test_validate_ranges},
    {"a client that hangs up during the export", test_export_hang_up},
    {NULL, NULL},
};

const test_suite_t ledger_read_suite = {"ledger_read", setup, teardown, cases};
