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

/* Leaves one select of a text search may look at. */
#define TEXT_SPAN 4096

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
    const char *fault;
    apr_pool_t *pool;
} finder_t;

/* --- the range of leaves --- */

static apr_status_t read_header(finder_t *finder, apr_uint64_t height, civ_header_t *header)
{
    const civ_argument_t arguments[] = {civ_int(height)};
    unsigned char bytes[CIV_HEADER_SIZE];
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(finder->db, &civ_ledger_sql[SQL_BLOCK_READ], arguments, 1, &rows, finder->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || strlen(civ_rows_text(rows, 1)) != 2 * CIV_HEADER_SIZE ||
        civ_hex_decode(bytes, sizeof(bytes), civ_rows_text(rows, 1)) != APR_SUCCESS ||
        civ_header_unpack(header, bytes) != APR_SUCCESS) {
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

static apr_status_t check_row(civ_evidence_t *result, civ_rows_t *rows, apr_pool_t *pool)
{
    unsigned char bytes[CIV_HEADER_SIZE];
    const char *payload = apr_pstrdup(pool, civ_rows_text(rows, 4));
    const char *type = civ_rows_text(rows, 3), *header_hex = civ_rows_text(rows, 6);
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_problem_t problem;
    civ_header_t header;

    if (civ_entry_read(&result->entry, payload, strlen(payload), &problem, pool) != APR_SUCCESS ||
        strcmp(result->entry.type, type) != 0 ||
        strcmp(civ_digest_hex(hex, &result->entry.evidence_hash), civ_rows_text(rows, 2)) != 0)
        return CIV_EINTEGRITY;
    if (strlen(header_hex) != 2 * CIV_HEADER_SIZE ||
        civ_hex_decode(bytes, sizeof(bytes), header_hex) != APR_SUCCESS ||
        civ_header_unpack(&header, bytes) != APR_SUCCESS)
        return CIV_EINTEGRITY;
    civ_digest_sha256(&result->block_hash, bytes, sizeof(bytes));
    if (strcmp(civ_digest_hex(hex, &result->block_hash), civ_rows_text(rows, 5)) != 0 ||
        header.height != result->block_index || result->leaf_index < header.first_leaf ||
        result->leaf_index - header.first_leaf >= header.entry_count)
        return CIV_EINTEGRITY;
    result->timestamp = header.timestamp;
    return APR_SUCCESS;
}

static apr_status_t take_row(finder_t *finder, civ_rows_t *rows, apr_uint64_t *leaf)
{
    civ_evidence_t result;
    apr_int64_t leaf_index, height;

    if (civ_rows_int(rows, 0, &leaf_index) != APR_SUCCESS || civ_rows_int(rows, 1, &height) != APR_SUCCESS ||
        leaf_index < 0 || height < 0)
        return CIV_EINTEGRITY;
    result.leaf_index = *leaf = (apr_uint64_t)leaf_index;
    result.block_index = (apr_uint64_t)height;
    if (check_row(&result, rows, finder->pool) != APR_SUCCESS) {
        finder->fault = apr_psprintf(
            finder->pool, "entry %" APR_INT64_T_FMT " and its index row or block contradict each other",
            leaf_index);
        return CIV_EINTEGRITY;
    }
    /* The statements by hash take no further condition: few rows share a hash. */
    if (finder->hash != NULL && finder->search->type != NULL &&
        strcmp(result.entry.type, finder->search->type) != 0)
        return APR_SUCCESS;
    finder->bytes += result.entry.length;
    APR_ARRAY_PUSH(finder->results, civ_evidence_t) = result;
    return APR_SUCCESS;
}

static civ_ledger_sql_e choose(const finder_t *finder)
{
    if (finder->hash != NULL)
        return SQL_SEARCH_HASH;
    if (finder->needle != NULL)
        return finder->search->type != NULL ? SQL_SEARCH_TYPE_TEXT : SQL_SEARCH_TEXT;
    return finder->search->type != NULL ? SQL_SEARCH_TYPE : SQL_SEARCH_ALL;
}

/** One select: the newest rows below end, and not below low. @param low where the select stops looking */
static apr_status_t read_rows(finder_t *finder, apr_uint64_t low, int wanted)
{
    civ_ledger_sql_e sql = choose(finder);
    civ_argument_t arguments[5];
    apr_uint64_t leaf = low;
    int count = 0, got = 0;
    civ_rows_t *rows;
    apr_status_t status;

    arguments[count++] = civ_int(low);
    arguments[count++] = civ_int(finder->end);
    if (sql == SQL_SEARCH_HASH)
        arguments[count++] = civ_text(finder->hash);
    if (sql == SQL_SEARCH_TYPE || sql == SQL_SEARCH_TYPE_TEXT)
        arguments[count++] = civ_text(finder->search->type);
    if (sql == SQL_SEARCH_TEXT || sql == SQL_SEARCH_TYPE_TEXT)
        arguments[count++] = civ_text(finder->needle);
    arguments[count++] = civ_int(wanted);
    status = civ_db_select(finder->db, &civ_ledger_sql[sql], arguments, count, &rows, finder->pool);
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        got++;
        status = take_row(finder, rows, &leaf);
    }
    /* A full page may have more below its last row; a short one has seen all down to low. */
    finder->end = got == wanted ? leaf : low;
    return status;
}

static apr_status_t read_all(finder_t *finder)
{
    apr_time_t deadline = apr_time_now() + PAGE_TIME;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && finder->end > finder->first &&
           finder->results->nelts <= finder->search->limit && finder->bytes < PAGE_BYTES &&
           apr_time_now() < deadline) {
        /* One more than asked for tells whether there is more. */
        int wanted = finder->search->limit + 1 - finder->results->nelts;
        apr_uint64_t low = finder->first;

        if (finder->needle != NULL && finder->hash == NULL && finder->end - low > TEXT_SPAN)
            low = finder->end - TEXT_SPAN;
        status = read_rows(finder, low, wanted < PAGE_ROWS ? wanted : PAGE_ROWS);
    }
    return status;
}

/* --- all together --- */

/** By hash, the rows are few and carry their text; the needle is looked for here. */
static void drop_without_text(finder_t *finder)
{
    civ_evidence_t *results = (civ_evidence_t *)finder->results->elts;
    int i, kept = 0;

    if (finder->hash == NULL || finder->needle == NULL)
        return;
    for (i = 0; i < finder->results->nelts; i++)
        if (strcasestr(results[i].entry.data, finder->needle) != NULL)
            results[kept++] = results[i];
    finder->results->nelts = kept;
}

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
        finder.results = apr_array_make(pool, search->limit + 1, sizeof(civ_evidence_t));
        finder.needle = search->text != NULL && search->text[0] != '\0' ? search->text : NULL;
        finder.hash = search->hash != NULL ? civ_digest_hex_dup(search->hash, pool) : NULL;
        status = run_search(ledger, &finder);
        civ_store_release(ledger->config->store, finder.db);
    }
    if (status != APR_SUCCESS)
        return civ_read_failed(ledger, status == APR_NOTFOUND ? CIV_EUNREACHABLE : status, finder.fault,
                               "Some evidence", problem, pool);
    drop_without_text(&finder);
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
