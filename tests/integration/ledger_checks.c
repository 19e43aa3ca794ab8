/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/ledger_checks.h"

#include "base/buffer.h"
#include "base/canonical.h"
#include "base/encoding.h"
#include "base/keys.h"
#include "base/merkle.h"
#include "base/timestamp.h"
#include "ledger/block.h"
#include "ledger/header.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define MOST_CHILDREN 256

static const civ_json_limits_t part_limits = {64 * 1024 * 1024, 128, 5000000, 4096};

http_response_t checks_view(const civ_json_t *value)
{
    http_response_t view = {0};

    view.json = value;
    return view;
}

const char *checks_text(const civ_json_t *value, const char *pointer)
{
    http_response_t view = checks_view(value);

    return http_json_text(&view, pointer);
}

apr_int64_t checks_int(const civ_json_t *value, const char *pointer)
{
    http_response_t view = checks_view(value);

    return http_json_int(&view, pointer);
}

const char *checks_header(const http_response_t *response, const char *name)
{
    const char *value = http_header(response, name);

    return value ? value : "(absent)";
}

http_client_t *checks_client(const harness_t *server)
{
    return http_client(server->url, test_pool());
}

const civ_json_t *checks_parse(const char *text, apr_size_t length)
{
    civ_problem_t problem = {CIV_PROBLEM_NONE, NULL, NULL, NULL, 0};
    const civ_json_t *value = NULL;

    if (civ_json_parse(&value, text, length, &part_limits, &problem, test_pool()) != APR_SUCCESS) {
        test_note("no good JSON (%s): %.200s", problem.detail, text);
        return NULL;
    }
    return value;
}

apr_int64_t checks_blocks(http_client_t *client)
{
    http_response_t *answer = http_get(client, "/api/blockchain/info");
    apr_int64_t blocks = http_json_int(answer, "/blockchain/total_blocks");

    return answer->status == 200 && blocks > 0 ? blocks : -1;
}

const civ_json_t *checks_block(http_client_t *client, apr_int64_t index)
{
    http_response_t *answer =
        http_get(client, apr_psprintf(test_pool(), "/api/blockchain/block/%" APR_INT64_T_FMT, index));

    return answer->status == 200 ? http_json(answer, "/block") : NULL;
}

static void canonical(civ_buffer_t *out, const civ_json_t *value)
{
    civ_buffer_init(out, 1024, test_pool());
    if (civ_canonical_write(out, value) != APR_SUCCESS) {
        out->length = 0;
    }
}

const char *checks_hash(const civ_json_t *value)
{
    civ_buffer_t text;
    civ_digest_t digest;

    if (!value) {
        return "(absent)";
    }
    canonical(&text, value);
    civ_digest_sha256(&digest, text.data, text.length);
    return civ_digest_hex_dup(&digest, test_pool());
}

const char *checks_hash_text(const char *text)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, text, strlen(text));
    return civ_digest_hex_dup(&digest, test_pool());
}

/* -- A block ----------------------------------------------------------------------------------------------- */

static int wrong(const civ_json_t *block, const char *what)
{
    test_note("block %" APR_INT64_T_FMT ": %s", checks_int(block, "/index"), what);
    return 0;
}

static int read_digest(const civ_json_t *block, const char *pointer, civ_digest_t *digest)
{
    return civ_digest_from_hex(digest, checks_text(block, pointer)) == APR_SUCCESS;
}

static int has_all_members(const civ_json_t *block)
{
    static const char *const names[] = {
        "index",      "timestamp",  "evidence",           "previous_hash", "nonce",
        "hash",       "difficulty", "ledger_id",          "evidence_root", "evidence_count",
        "first_leaf", "log_root",   "validator_set_hash", "signature",     "evidence_hashes",
        NULL};
    const char *const *name;

    for (name = names; *name; name++) {
        if (!civ_json_get(block, *name)) {
            return wrong(block, apr_pstrcat(test_pool(), *name, " is missing", NULL));
        }
    }
    return block->as.object.count == sizeof(names) / sizeof(names[0]) - 1
               ? 1
               : wrong(block, "there are members that nobody knows");
}

static int evidence_is_sound(const civ_json_t *block, civ_digest_t *root)
{
    const civ_json_t *evidence = civ_json_get(block, "evidence");
    const civ_json_t *hashes = civ_json_get(block, "evidence_hashes");
    apr_size_t count = evidence->type == CIV_JSON_ARRAY ? evidence->as.array.count : 0;
    civ_digest_t *leaves = apr_palloc(test_pool(), sizeof(*leaves) * (count + 1));
    apr_size_t i;

    if (count == 0 || hashes->type != CIV_JSON_ARRAY || hashes->as.array.count != count ||
        checks_int(block, "/evidence_count") != (apr_int64_t)count) {
        return wrong(block, "the counts of the evidence disagree");
    }
    for (i = 0; i < count; i++) {
        civ_buffer_t text;
        civ_digest_t digest;

        canonical(&text, &evidence->as.array.items[i]);
        civ_merkle_leaf(&leaves[i], text.data, text.length);
        civ_digest_sha256(&digest, text.data, text.length);
        if (strcmp(checks_text(&hashes->as.array.items[i], ""), civ_digest_hex_dup(&digest, test_pool())) !=
            0) {
            return wrong(block, "an evidence hash is not that of the evidence");
        }
    }
    civ_merkle_root(root, leaves, count);
    return 1;
}

static int header_is_sound(const civ_json_t *block, const civ_digest_t *root)
{
    civ_header_t header;
    civ_digest_t hash;
    civ_digest_t stored;

    memset(&header, 0, sizeof(header));
    header.difficulty = (apr_uint32_t)checks_int(block, "/difficulty");
    header.entry_count = (apr_uint32_t)checks_int(block, "/evidence_count");
    header.height = (apr_uint64_t)checks_int(block, "/index");
    header.first_leaf = (apr_uint64_t)checks_int(block, "/first_leaf");
    header.nonce = (apr_uint64_t)checks_int(block, "/nonce");
    if (civ_timestamp_parse(&header.timestamp, checks_text(block, "/timestamp")) != APR_SUCCESS ||
        strlen(checks_text(block, "/timestamp")) != strlen("2026-11-22T07:05:21.123Z") ||
        !read_digest(block, "/previous_hash", &header.previous_hash) ||
        !read_digest(block, "/ledger_id", &header.ledger_id) ||
        !read_digest(block, "/evidence_root", &header.evidence_root) ||
        !read_digest(block, "/log_root", &header.log_root) ||
        !read_digest(block, "/validator_set_hash", &header.validator_set_hash) ||
        !read_digest(block, "/hash", &stored)) {
        return wrong(block, "a member cannot be read");
    }
    civ_header_hash(&hash, &header);
    if (!civ_digest_equal(&hash, &stored)) {
        return wrong(block, "the hash is not that of the header");
    }
    if (civ_header_leading_zero_bits(&hash) < header.difficulty) {
        return wrong(block, "there is too little work");
    }
    return civ_digest_equal(root, &header.evidence_root) ? 1 : wrong(block, "evidence_root is another");
}

static int follows(const civ_json_t *block, const civ_json_t *parent)
{
    apr_int64_t then;
    apr_int64_t now;

    if (!parent) {
        return 1;
    }
    if (strcmp(checks_text(block, "/previous_hash"), checks_text(parent, "/hash")) != 0 ||
        strcmp(checks_text(block, "/ledger_id"), checks_text(parent, "/ledger_id")) != 0 ||
        checks_int(block, "/index") != checks_int(parent, "/index") + 1 ||
        checks_int(block, "/first_leaf") !=
            checks_int(parent, "/first_leaf") + checks_int(parent, "/evidence_count")) {
        return wrong(block, "it does not follow its parent");
    }
    return civ_timestamp_parse(&then, checks_text(parent, "/timestamp")) == APR_SUCCESS &&
                   civ_timestamp_parse(&now, checks_text(block, "/timestamp")) == APR_SUCCESS && then <= now
               ? 1
               : wrong(block, "it is older than its parent");
}

static int is_signed(const civ_json_t *block, const civ_json_t *info)
{
    apr_pool_t *pool = test_pool();
    civ_public_key_t *key;
    unsigned char *signature;
    apr_size_t length;
    civ_digest_t hash;
    const char *statement;

    if (!info) {
        return 1;
    }
    if (!read_digest(block, "/hash", &hash) ||
        civ_public_key_from_pem(&key, checks_text(info, "/public_key"), pool) != APR_SUCCESS ||
        civ_base64_decode(&signature, &length, checks_text(block, "/signature"), pool) != APR_SUCCESS ||
        length != CIV_KEY_SIGNATURE_SIZE) {
        return wrong(block, "its signature, or the ledger's key, cannot be read");
    }
    statement = civ_block_statement(checks_text(info, "/ledger_name"),
                                    (apr_uint64_t)checks_int(block, "/index"), &hash, pool);
    return civ_public_key_verify(key, signature, statement, strlen(statement)) == APR_SUCCESS
               ? 1
               : wrong(block, "its signature is not the ledger's");
}

int checks_block_is_sound(const civ_json_t *block, const civ_json_t *parent, const civ_json_t *info)
{
    civ_digest_t root;

    if (!block || block->type != CIV_JSON_OBJECT) {
        test_note("there is no block");
        return 0;
    }
    return has_all_members(block) && evidence_is_sound(block, &root) && header_is_sound(block, &root) &&
           follows(block, parent) && is_signed(block, info);
}

/* -- Errors ------------------------------------------------------------------------------------------------ */

int checks_problem_at(const http_response_t *response, int status, const char *pointer)
{
    const civ_json_t *given = http_json(response, "/pointer");

    if (!http_is_problem(response, status)) {
        return 0;
    }
    if (pointer ? !given || strcmp(http_json_text(response, "/pointer"), pointer) != 0 : given != NULL) {
        test_note("pointer \"%s\" is expected: %s", pointer ? pointer : "(none)", response->body);
        return 0;
    }
    return 1;
}

int checks_bad_parameter(const http_response_t *response, const char *parameter)
{
    if (!http_is_problem(response, 400)) {
        return 0;
    }
    if (strcmp(http_json_text(response, "/parameter"), parameter) != 0) {
        test_note("parameter \"%s\" is expected: %s", parameter, response->body);
        return 0;
    }
    return 1;
}

/* -- Texts and files --------------------------------------------------------------------------------------- */

char *checks_repeat(const char *before, const char *repeated, apr_size_t count, const char *after)
{
    civ_buffer_t text;

    civ_buffer_init(&text, strlen(before) + strlen(repeated) * count + strlen(after) + 1, test_pool());
    civ_buffer_append_text(&text, before);
    for (; count > 0; count--) {
        civ_buffer_append_text(&text, repeated);
    }
    civ_buffer_append_text(&text, after);
    return text.data;
}

static int write_bytes(const char *path, const char *data, apr_size_t length)
{
    FILE *file = fopen(path, "wb");
    int failed;

    if (!file) {
        return -1;
    }
    failed = fwrite(data, 1, length, file) != length;
    return fclose(file) || failed ? -1 : 0;
}

static const char *run_gzip(const char *option, const char *from, const char *to, const char *data,
                            apr_size_t length, unsigned long *size)
{
    const char *argv[] = {"gzip", option, from, NULL};
    const char *output = "";

    if (write_bytes(from, data, length) || harness_run(argv, &output) != 0) {
        test_note("gzip %s: %s", option, output);
        return NULL;
    }
    return test_read_file(to, size);
}

const char *checks_gzip(const harness_t *server, const char *data, apr_size_t length, apr_size_t *compressed)
{
    const char *plain = apr_pstrcat(test_pool(), server->state_dir, "/body", NULL);
    unsigned long size = 0;
    const char *result =
        run_gzip("-nf", plain, apr_pstrcat(test_pool(), plain, ".gz", NULL), data, length, &size);

    *compressed = size;
    return result;
}

const char *checks_gunzip(const harness_t *server, const char *data, apr_size_t length)
{
    const char *plain = apr_pstrcat(test_pool(), server->state_dir, "/body", NULL);

    return run_gzip("-df", apr_pstrcat(test_pool(), plain, ".gz", NULL), plain, data, length, NULL);
}

int checks_children_live(const harness_t *server, const pid_t *pids, int count)
{
    pid_t now[MOST_CHILDREN];
    int found = harness_children(server, now, MOST_CHILDREN);
    int i;
    int j;

    for (i = 0; i < count; i++) {
        for (j = 0; j < found && now[j] != pids[i]; j++) {
            continue;
        }
        if (j == found) {
            test_note("child %ld has died", (long)pids[i]);
            return 0;
        }
    }
    return count > 0;
}
