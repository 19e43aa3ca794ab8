/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Searching sealed evidence. Time and block limits become a range of leaves first, since blocks are in order
 * of both; then the range is read newest first in small pages, so that no select holds the connection for
 * long.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "ledger/ledger_private.h"

/* Rows of one select; each may be 64 KiB. */
#define PAGE_ROWS 50

/* Bytes of evidence, and time, one page of results may take. */
#define PAGE_BYTES (4 * 1024 * 1024)
#define PAGE_TIME  apr_time_from_sec(2)

typedef struct finder_t {
    const civ_search_t *search;
    civ_db_t *db;
    const char *needle;          /**< looked for in the canonical JSON, as it is; or NULL */
    const char *hash;            /**< hex, or NULL */
    apr_uint64_t first, end;     /**< leaves still to look at: [first, end) */
    apr_array_header_t *results; /**< civ_evidence_t */
    apr_size_t bytes;
    civ_digest_t *leaves; /**< of the block looked at last, on block_pool */
    apr_uint64_t leaves_of;
    const char *fault;
    apr_pool_t *pool;
    apr_pool_t *page_pool;  /**< for the rows of one select */
    apr_pool_t *block_pool; /**< for the leaves of one block */
} finder_t;

/* --- the range of leaves --- */

static apr_status_t read_header(finder_t *finder, apr_uint64_t height, civ_header_t *header)
{
    const civ_argument_t arguments[] = {civ_int(height)};
    civ_rows_t *rows;
    apr_status_t status;

    apr_pool_clear(finder->page_pool);
    status =
        civ_db_select(finder->db, &civ_ledger_sql[SQL_BLOCK_READ], arguments, 1, &rows, finder->page_pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS ||
        civ_header_from_hex(header, NULL, civ_rows_text(rows, 1)) != APR_SUCCESS) {
        finder->fault =
            apr_psprintf(finder->pool, "block %" APR_UINT64_T_FMT " is missing or damaged", height);
        return CIV_EINTEGRITY;
    }
    return APR_SUCCESS;
}

/** The first block up to @a end (exclusive) whose time is not before @a time, by halving: blocks are in order of time.
 *  @a end itself when there is none. */
static apr_status_t find_by_time(finder_t *finder, apr_uint64_t end, apr_int64_t time, apr_uint64_t *height)
{
    apr_uint64_t low = 0;
    civ_header_t header;

    while (low < end) {
        apr_uint64_t middle = low + (end - low) / 2;
        apr_status_t status = read_header(finder, middle, &header);
        if (status != APR_SUCCESS)
            return status;
        if (header.timestamp >= time)
            end = middle;
        else
            low = middle + 1;
    }
    *height = low;
    return APR_SUCCESS;
}

/** Narrow [first, end) by blocks and times; APR_NOTFOUND when nothing can be in it. */
static apr_status_t find_range(finder_t *finder, const civ_ledger_head_t *head)
{
    const civ_search_t *search = finder->search;
    apr_uint64_t from = search->block_from, end = head->height + 1, height;
    civ_header_t header;
    apr_status_t status = APR_SUCCESS;

    if (search->block_to < head->height)
        end = search->block_to + 1;
    if (search->since != APR_INT64_MIN) {
        status = find_by_time(finder, end, search->since, &height);
        if (status == APR_SUCCESS && height > from)
            from = height;
    }
    if (status == APR_SUCCESS && search->until != APR_INT64_MAX)
        status = find_by_time(finder, end, search->until + 1, &end);
    if (status == APR_SUCCESS && from >= end)
        return APR_NOTFOUND;
    if (status == APR_SUCCESS && from > 0) {
        status = read_header(finder, from, &header);
        finder->first = header.first_leaf;
    }
    finder->end = head->frontier.size;
    if (status == APR_SUCCESS && end <= head->height) {
        status = read_header(finder, end, &header);
        finder->end = header.first_leaf;
    }
    if (search->before_leaf < finder->end)
        finder->end = search->before_leaf;
    return status;
}

/* --- rows --- */

/** Read the leaf hashes of a block and see that they lead to its root. Kept for the next result of the same block. */
static apr_status_t read_leaves(finder_t *finder, const civ_header_t *header)
{
    const civ_argument_t arguments[] = {civ_int(header->first_leaf),
                                        civ_int(header->first_leaf + header->entry_count),
                                        civ_int(header->entry_count)};
    apr_uint32_t count = 0;
    civ_digest_t root;
    civ_rows_t *rows;
    apr_status_t status;

    apr_pool_clear(finder->block_pool);
    finder->leaves = apr_palloc(finder->block_pool, header->entry_count * sizeof(*finder->leaves));
    status =
        civ_db_select(finder->db, &civ_ledger_sql[SQL_LEAVES_PAGE], arguments, 3, &rows, finder->block_pool);
    while (status == APR_SUCCESS && count < header->entry_count && civ_rows_next(rows) == APR_SUCCESS)
        status = civ_digest_from_hex(&finder->leaves[count++], civ_rows_text(rows, 1));
    if (status == CIV_EINVALID || (status == APR_SUCCESS && count != header->entry_count))
        return CIV_EINTEGRITY;
    if (status != APR_SUCCESS)
        return status;
    civ_merkle_root(&root, finder->leaves, count);
    return civ_digest_equal(&root, &header->evidence_root) ? APR_SUCCESS : CIV_EINTEGRITY;
}

/** Does this entry stand where its row says, in a block whose header commits to it? */
static apr_status_t prove_entry(finder_t *finder, const civ_evidence_t *result, const civ_header_t *header)
{
    apr_uint64_t position = result->leaf_index - header->first_leaf;
    apr_status_t status = APR_SUCCESS;

    if (header->entry_count > CIV_BLOCK_MAX_ENTRIES || result->leaf_index < header->first_leaf ||
        position >= header->entry_count)
        return CIV_EINTEGRITY;
    if (header->entry_count == 1)
        return civ_digest_equal(&result->entry.leaf_hash, &header->evidence_root) ? APR_SUCCESS
                                                                                  : CIV_EINTEGRITY;
    if (finder->leaves == NULL || finder->leaves_of != header->height) {
        finder->leaves_of = header->height;
        status = read_leaves(finder, header);
        if (status != APR_SUCCESS)
            finder->leaves = NULL;
    }
    if (status == APR_SUCCESS && !civ_digest_equal(&result->entry.leaf_hash, &finder->leaves[position]))
        status = CIV_EINTEGRITY;
    return status;
}

static apr_status_t check_row(finder_t *finder, civ_evidence_t *result, civ_rows_t *rows)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_header_t header;

    if (civ_read_entry(&result->entry, civ_rows_text(rows, 4), finder->pool) != APR_SUCCESS ||
        strcmp(result->entry.type, civ_rows_text(rows, 3)) != 0 ||
        strcmp(civ_digest_hex(hex, &result->entry.evidence_hash), civ_rows_text(rows, 2)) != 0)
        return CIV_EINTEGRITY;
    if (civ_header_from_hex(&header, &result->block_hash, civ_rows_text(rows, 6)) != APR_SUCCESS ||
        strcmp(civ_digest_hex(hex, &result->block_hash), civ_rows_text(rows, 5)) != 0 ||
        header.height != result->block_index)
        return CIV_EINTEGRITY;
    result->timestamp = header.timestamp;
    return prove_entry(finder, result, &header);
}

/** What the index cannot decide; before anything dear is done with the row. */
static int is_wanted(const finder_t *finder, civ_rows_t *rows)
{
    if (finder->needle != NULL && strcasestr(civ_rows_text(rows, 4), finder->needle) == NULL)
        return 0;
    return finder->hash == NULL || finder->search->type == NULL ||
           strcmp(civ_rows_text(rows, 3), finder->search->type) == 0;
}

static apr_status_t take_row(finder_t *finder, civ_rows_t *rows, apr_uint64_t *leaf)
{
    civ_evidence_t result;
    apr_int64_t leaf_index, height;
    apr_status_t status;

    if (civ_rows_int(rows, 0, &leaf_index) != APR_SUCCESS || civ_rows_int(rows, 1, &height) != APR_SUCCESS ||
        leaf_index < 0 || height < 0)
        return CIV_EINTEGRITY;
    result.leaf_index = *leaf = (apr_uint64_t)leaf_index;
    result.block_index = (apr_uint64_t)height;
    if (!is_wanted(finder, rows))
        return APR_SUCCESS;
    status = check_row(finder, &result, rows);
    if (status == CIV_EINTEGRITY)
        finder->fault = apr_psprintf(
            finder->pool, "entry %" APR_INT64_T_FMT " and its index row or block contradict each other",
            leaf_index);
    if (status != APR_SUCCESS)
        return status;
    finder->bytes += result.entry.length;
    APR_ARRAY_PUSH(finder->results, civ_evidence_t) = result;
    return APR_SUCCESS;
}

static civ_ledger_sql_e choose(const finder_t *finder)
{
    if (finder->hash != NULL)
        return SQL_SEARCH_HASH;
    return finder->search->type != NULL ? SQL_SEARCH_TYPE : SQL_SEARCH_ALL;
}

/** One select: the newest rows below end that the index offers. */
static apr_status_t read_rows(finder_t *finder, int wanted)
{
    civ_ledger_sql_e sql = choose(finder);
    civ_argument_t arguments[4];
    apr_uint64_t leaf = finder->first;
    int count = 0, got = 0;
    civ_rows_t *rows;
    apr_status_t status;

    apr_pool_clear(finder->page_pool);
    arguments[count++] = civ_int(finder->first);
    arguments[count++] = civ_int(finder->end);
    if (sql == SQL_SEARCH_HASH)
        arguments[count++] = civ_text(finder->hash);
    if (sql == SQL_SEARCH_TYPE)
        arguments[count++] = civ_text(finder->search->type);
    arguments[count++] = civ_int(wanted);
    status = civ_db_select(finder->db, &civ_ledger_sql[sql], arguments, count, &rows, finder->page_pool);
    while (status == APR_SUCCESS && finder->results->nelts <= finder->search->limit &&
           civ_rows_next(rows) == APR_SUCCESS) {
        got++;
        status = take_row(finder, rows, &leaf);
    }
    /* A full page may have more below its last row; a short one has seen all there is. */
    finder->end = got == wanted || finder->results->nelts > finder->search->limit ? leaf : finder->first;
    return status;
}

static apr_status_t read_all(finder_t *finder)
{
    apr_time_t deadline = apr_time_now() + PAGE_TIME;
    apr_status_t status = APR_SUCCESS;

    /* One more than asked for tells whether there is more. */
    while (status == APR_SUCCESS && finder->end > finder->first &&
           finder->results->nelts <= finder->search->limit && finder->bytes < PAGE_BYTES &&
           apr_time_now() < deadline) {
        int wanted = finder->search->limit + 1 - finder->results->nelts;

        status = read_rows(finder, finder->needle != NULL || wanted > PAGE_ROWS ? PAGE_ROWS : wanted);
    }
    return status;
}

/* --- all together --- */

static apr_status_t run_search(civ_ledger_t *ledger, finder_t *finder)
{
    civ_ledger_head_t head;
    apr_status_t status = civ_ledger_load_head(ledger, finder->db, &head, finder->pool);

    if (status == APR_SUCCESS) {
        status = find_range(finder, &head);
        if (status == APR_NOTFOUND) {
            finder->end = finder->first = 0;
            return APR_SUCCESS;
        }
    }
    if (status == APR_SUCCESS)
        status = read_all(finder);
    return status;
}

apr_status_t civ_ledger_search(civ_ledger_t *ledger, const civ_search_t *search, civ_search_page_t *page,
                               civ_problem_t *problem, apr_pool_t *pool)
{
    finder_t finder = {.search = search, .pool = pool};
    apr_status_t status = civ_store_acquire(ledger->config->store, &finder.db);

    if (status == APR_SUCCESS) {
        apr_pool_create(&finder.page_pool, pool);
        apr_pool_create(&finder.block_pool, pool);
        finder.results = apr_array_make(pool, search->limit + 1, sizeof(civ_evidence_t));
        finder.needle = search->text != NULL && search->text[0] != '\0' ? search->text : NULL;
        finder.hash = search->hash != NULL ? civ_digest_hex_dup(search->hash, pool) : NULL;
        status = run_search(ledger, &finder);
        civ_store_release(ledger->config->store, finder.db);
    }
    if (status != APR_SUCCESS)
        return civ_read_failed(ledger, status == APR_NOTFOUND ? CIV_EUNREACHABLE : status, finder.fault,
                               "Some evidence", problem, pool);
    page->results = (civ_evidence_t *)finder.results->elts;
    page->count = finder.results->nelts;
    page->more = finder.end > finder.first;
    page->next_before = finder.end;
    if (page->count > search->limit) {
        page->count = search->limit;
        page->more = 1;
        page->next_before = page->results[page->count - 1].leaf_index;
    }
    return APR_SUCCESS;
}
