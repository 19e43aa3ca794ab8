/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/rewrite.h"

#include "base/encoding.h"
#include "base/keys.h"
#include "base/merkle.h"
#include "ledger/block.h"
#include "ledger/proof_of_work.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <sqlite3.h>

#include <stdarg.h>
#include <string.h>

typedef struct work_t {
    const rewrite_t *what;
    database_t *database;
    civ_key_t *key;
    civ_merkle_frontier_t frontier; /* before the block at hand */
    civ_digest_t previous;          /* hash of the block before */
    apr_pool_t *pool;
} work_t;

/* The format is SQLite's, whose %q is for what may hold quotes. */
static int run(database_t *database, const char *format, ...)
{
    va_list arguments;
    char *sql;
    int failed;

    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    failed = database_run(database, sql);
    sqlite3_free(sql);
    return failed;
}

/* A text, or NULL where there is no row. The number stands for the question mark. */
static const char *look_up(database_t *database, const char *sql, apr_int64_t number, apr_pool_t *pool)
{
    const char *mark = strchr(sql, '?');

    return database_text(
        database, apr_psprintf(pool, "%.*s%" APR_INT64_T_FMT "%s", (int)(mark - sql), sql, number, mark + 1),
        NULL, pool);
}

static int read_header(database_t *database, apr_int64_t height, civ_header_t *header, apr_pool_t *pool)
{
    const char *hex = look_up(database, "SELECT header FROM civ_blocks WHERE height = ?", height, pool);
    unsigned char bytes[CIV_HEADER_SIZE];

    return hex && civ_hex_decode(bytes, sizeof(bytes), hex) == APR_SUCCESS &&
                   civ_header_unpack(header, bytes) == APR_SUCCESS
               ? 0
               : -1;
}

/* The tree over the first leaves, from their payloads. */
static int grow(work_t *work, civ_merkle_frontier_t *frontier, apr_uint64_t from, apr_uint64_t count)
{
    apr_uint64_t i;

    for (i = from; i < from + count; i++) {
        const char *payload = look_up(work->database, "SELECT payload FROM civ_entries WHERE leaf_index = ?",
                                      (apr_int64_t)i, work->pool);
        civ_digest_t leaf;

        if (!payload) {
            return -1;
        }
        civ_merkle_leaf(&leaf, payload, strlen(payload));
        civ_merkle_frontier_append(frontier, &leaf);
    }
    return 0;
}

static int move_head(work_t *work, apr_uint64_t height, const civ_digest_t *hash)
{
    return run(work->database,
               "UPDATE civ_head SET height = %llu, block_hash = '%s', leaf_count = %llu, frontier = '%s', "
               "generation = generation + 1",
               (unsigned long long)height, civ_digest_hex_dup(hash, work->pool),
               (unsigned long long)work->frontier.size,
               civ_merkle_frontier_to_hex(&work->frontier, work->pool));
}

static int change_payload(work_t *work, apr_uint64_t leaf_index)
{
    const char *payload = work->what->payload;
    civ_digest_t leaf;
    civ_digest_t evidence;

    civ_merkle_leaf(&leaf, payload, strlen(payload));
    civ_digest_sha256(&evidence, payload, strlen(payload));
    return run(work->database,
               "UPDATE civ_entries SET payload = '%q', leaf_hash = '%s', evidence_hash = '%s' WHERE "
               "leaf_index = %llu",
               payload, civ_digest_hex_dup(&leaf, work->pool), civ_digest_hex_dup(&evidence, work->pool),
               (unsigned long long)leaf_index);
}

static int store_block(work_t *work, const civ_block_t *block)
{
    unsigned char bytes[CIV_HEADER_SIZE];
    char header[2 * CIV_HEADER_SIZE + 1];

    civ_header_pack(bytes, &block->header);
    civ_hex_encode(header, bytes, sizeof(bytes));
    return run(work->database,
               "UPDATE civ_blocks SET hash = '%s', header = '%s', signature = '%s' WHERE height = %llu",
               civ_digest_hex_dup(&block->hash, work->pool), header,
               civ_base64_encode(block->signature, CIV_KEY_SIGNATURE_SIZE, work->pool),
               (unsigned long long)block->header.height);
}

static int make_block(work_t *work, apr_int64_t height)
{
    civ_merkle_frontier_t own;
    civ_block_t block;
    civ_header_t *header = &block.header;

    memset(&block, 0, sizeof(block));
    civ_merkle_frontier_init(&own);
    if (read_header(work->database, height, header, work->pool) ||
        (work->what->payload && height == work->what->from && change_payload(work, header->first_leaf)) ||
        grow(work, &own, header->first_leaf, header->entry_count) ||
        grow(work, &work->frontier, header->first_leaf, header->entry_count)) {
        return -1;
    }
    civ_merkle_frontier_root(&own, &header->evidence_root);
    civ_merkle_frontier_root(&work->frontier, &header->log_root);
    header->previous_hash = work->previous;
    header->nonce = 0;
    if (work->what->difficulty >= 0) {
        header->difficulty = (apr_uint32_t)work->what->difficulty;
    }
    if (civ_mine(header, &block.hash, NULL, NULL, work->pool) != APR_SUCCESS ||
        civ_block_sign(&block, work->what->ledger_name, work->key, work->pool) != APR_SUCCESS) {
        return -1;
    }
    work->previous = block.hash;
    return store_block(work, &block);
}

static int begin(work_t *work, const char *database, apr_int64_t from)
{
    civ_header_t header;

    work->pool = test_pool();
    civ_merkle_frontier_init(&work->frontier);
    work->database = database_open(database);
    if (!work->database || database_shut_out(work->database) ||
        read_header(work->database, from - 1, &header, work->pool)) {
        return -1;
    }
    civ_header_hash(&work->previous, &header);
    return grow(work, &work->frontier, 0, header.first_leaf + header.entry_count);
}

static int end(work_t *work, int failed)
{
    failed = failed || run(work->database, "COMMIT");
    if (work->database) {
        database_close(work->database);
    }
    return failed ? -1 : 0;
}

int rewrite_tail(const rewrite_t *what)
{
    work_t work = {.what = what};
    int failed = civ_key_load(&work.key, what->key_file, test_pool()) != APR_SUCCESS ||
                 begin(&work, what->database, what->from);
    const char *last =
        failed ? "0" : look_up(work.database, "SELECT max(height) FROM civ_blocks WHERE ? = 0", 0, work.pool);
    apr_int64_t height;

    for (height = what->from; !failed && height <= apr_atoi64(last); height++) {
        failed = make_block(&work, height);
    }
    failed = failed || move_head(&work, (apr_uint64_t)apr_atoi64(last), &work.previous);
    return end(&work, failed);
}

int rewrite_cut(const char *database, apr_int64_t from)
{
    work_t work = {.what = NULL};
    int failed = begin(&work, database, from) ||
                 run(work.database,
                     "DELETE FROM civ_blocks WHERE height >= %lld; "
                     "DELETE FROM civ_entries WHERE leaf_index >= %llu",
                     (long long)from, (unsigned long long)work.frontier.size) ||
                 move_head(&work, (apr_uint64_t)from - 1, &work.previous);

    return end(&work, failed);
}
