/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Validation: walking the tables in key order, page by page, and handing what they claim to the verifier.
 * Each column of what belongs to a sealed block is either input to a hash or compared with what was derived
 * from one. Constant memory; no lock is held between two selects.
 */
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/encoding.h"
#include "ledger/verify_private.h"

#define PROGRESS_EVERY 2048

#define FMT APR_UINT64_T_FMT

/* --- faults --- */

static apr_status_t take_fault(void *baton, apr_uint64_t height, const char *text)
{
    civ_walk_t *walk = baton;
    const civ_fault_t fault = {height, text, walk->stored_hash, walk->calculated_hash};

    walk->validation->faults++;
    /* A clock that was put right is no reason to stop writing. */
    if (!walk->alarmed && !walk->verifier.clock_only) {
        walk->alarmed = 1;
        civ_ledger_integrity_lost(
            walk->ledger, apr_psprintf(walk->pool, "validation found block %" FMT ": %s", height, text));
    }
    return walk->fault(walk->baton, &fault);
}

apr_status_t civ_walk_report(civ_walk_t *walk, apr_uint64_t height, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = apr_pvsprintf(walk->pool, format, arguments);
    va_end(arguments);
    walk->stored_hash = walk->calculated_hash = NULL;
    return take_fault(walk, height, text);
}

/** Text columns are read up to their first NUL; more bytes than that were put there by other hands. */
static apr_status_t check_octets(civ_walk_t *walk, civ_rows_t *rows, int octets, int column, const char *what)
{
    apr_int64_t length;

    if (civ_rows_int(rows, octets, &length) == APR_SUCCESS &&
        length == (apr_int64_t)strlen(civ_rows_text(rows, column)))
        return APR_SUCCESS;
    return civ_verifier_report(&walk->verifier, "%s is not kept as text, or has bytes behind its end", what);
}

/* --- entries --- */

/** Columns of an entry's row, as SQL_ENTRIES_PAGE selects them. */
enum {
    ENTRY_LEAF_HASH = 1,
    ENTRY_PAYLOAD,
    ENTRY_HEIGHT,
    ENTRY_EVIDENCE_HASH,
    ENTRY_TYPE,
    ENTRY_LEAF_HASH_OCTETS,
    ENTRY_PAYLOAD_OCTETS,
    ENTRY_EVIDENCE_HASH_OCTETS,
    ENTRY_TYPE_OCTETS
};

/** The columns that entries are found by. @param entry NULL where the payload tells nothing */
static apr_status_t check_search_columns(civ_walk_t *walk, apr_uint64_t leaf, civ_rows_t *row,
                                         const civ_entry_t *entry)
{
    civ_verifier_t *v = &walk->verifier;
    apr_uint64_t position = v->own.size - 1;
    char hex[CIV_DIGEST_HEX_SIZE];
    apr_int64_t height;
    apr_status_t status = APR_SUCCESS;

    civ_index_sum_add(&walk->sums[CIV_INDEX_HASH], civ_rows_text(row, ENTRY_EVIDENCE_HASH), leaf);
    civ_index_sum_add(&walk->sums[CIV_INDEX_TYPE], civ_rows_text(row, ENTRY_TYPE), leaf);
    if (civ_rows_int(row, ENTRY_HEIGHT, &height) != APR_SUCCESS || height < 0 ||
        (apr_uint64_t)height != v->next_height)
        status = civ_verifier_report(v, "the row of entry %" FMT " names another block", position);
    if (status == APR_SUCCESS && entry != NULL &&
        strcmp(civ_rows_text(row, ENTRY_EVIDENCE_HASH), civ_digest_hex(hex, &entry->evidence_hash)) != 0)
        status = civ_verifier_report(v, "the row of entry %" FMT " has another evidence hash", position);
    if (status == APR_SUCCESS && entry != NULL && strcmp(civ_rows_text(row, ENTRY_TYPE), entry->type) != 0)
        status = civ_verifier_report(v, "the row of entry %" FMT " has another type", position);
    if (status == APR_SUCCESS)
        status = check_octets(walk, row, ENTRY_EVIDENCE_HASH_OCTETS, ENTRY_EVIDENCE_HASH, "an evidence hash");
    if (status == APR_SUCCESS)
        status = check_octets(walk, row, ENTRY_TYPE_OCTETS, ENTRY_TYPE, "a type");
    return status;
}

static apr_status_t check_entry_row(civ_walk_t *walk, civ_rows_t *row, civ_entry_t *entry, int *good)
{
    civ_verifier_t *v = &walk->verifier;
    const char *payload = apr_pstrdup(walk->block_pool, civ_rows_text(row, ENTRY_PAYLOAD));
    civ_digest_t leaf;
    apr_status_t status = APR_SUCCESS;
    int readable = civ_digest_from_hex(&leaf, civ_rows_text(row, ENTRY_LEAF_HASH)) == APR_SUCCESS;

    if (!readable)
        status = civ_verifier_report(v, "the leaf hash of entry %" FMT " is damaged", v->own.size);
    if (status == APR_SUCCESS)
        status = check_octets(walk, row, ENTRY_LEAF_HASH_OCTETS, ENTRY_LEAF_HASH, "a leaf hash");
    if (status == APR_SUCCESS)
        status = check_octets(walk, row, ENTRY_PAYLOAD_OCTETS, ENTRY_PAYLOAD, "an entry");
    if (status == APR_SUCCESS)
        status = civ_verifier_entry(v, payload, strlen(payload), readable ? &leaf : NULL, entry, good);
    return status;
}

static apr_status_t check_entry(civ_walk_t *walk, apr_uint64_t leaf)
{
    civ_entry_t entry;
    civ_rows_t *row;
    int good = 0;
    apr_status_t status = civ_leaf_cursor_seek(&walk->entries, walk->db, leaf, &row);

    if (status == APR_NOTFOUND)
        return civ_verifier_missing(&walk->verifier, NULL);
    if (status == APR_SUCCESS)
        status = check_entry_row(walk, row, &entry, &good);
    if (status == APR_SUCCESS)
        status = check_search_columns(walk, leaf, row, good ? &entry : NULL);
    if (status == APR_SUCCESS)
        status = civ_walk_validator(walk);
    return status;
}

static apr_status_t check_entries(civ_walk_t *walk, const civ_header_t *header)
{
    apr_uint32_t i, count = header->entry_count;
    apr_status_t status = APR_SUCCESS;

    /* A damaged count must not send us looking for four billion entries. */
    if (count > CIV_BLOCK_MAX_ENTRIES) {
        count = CIV_BLOCK_MAX_ENTRIES;
        status = civ_verifier_report(&walk->verifier, "the header counts %u entries, more than a block takes",
                                     header->entry_count);
    }
    for (i = 0; i < count && status == APR_SUCCESS; i++)
        status = check_entry(walk, header->first_leaf + i);
    return status;
}

/** Leaves that belong to blocks which could not be read: the tree goes on behind them with what is stored. */
static apr_status_t pass_leaves(civ_walk_t *walk, const civ_header_t *header)
{
    civ_verifier_t *v = &walk->verifier;
    apr_status_t status = APR_SUCCESS;

    if (v->previous_known || v->frontier_lost || header->first_leaf < v->frontier.size)
        return APR_SUCCESS;
    while (v->frontier.size < header->first_leaf && status == APR_SUCCESS) {
        civ_digest_t leaf;
        civ_rows_t *row;

        status = civ_leaf_cursor_seek(&walk->entries, walk->db, v->frontier.size, &row);
        if (status == APR_SUCCESS &&
            civ_digest_from_hex(&leaf, civ_rows_text(row, ENTRY_LEAF_HASH)) == APR_SUCCESS)
            civ_verifier_pass(v, &leaf);
        else if (status == APR_SUCCESS || status == APR_NOTFOUND)
            break;
    }
    return status == APR_NOTFOUND ? APR_SUCCESS : status;
}

/* --- blocks --- */

typedef struct block_row_t {
    apr_uint64_t height;
    civ_header_t header;
    civ_digest_t stored_hash;
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    int header_readable, hash_readable, signature_readable;
} block_row_t;

static void read_block_row(civ_walk_t *walk, civ_rows_t *rows, block_row_t *row)
{
    unsigned char bytes[CIV_HEADER_SIZE], *signature;
    const char *header = civ_rows_text(rows, 2);
    civ_digest_t calculated;
    apr_size_t length;

    row->header_readable =
        strlen(header) == 2 * CIV_HEADER_SIZE && civ_hex_decode(bytes, sizeof(bytes), header) == APR_SUCCESS;
    walk->stored_hash = apr_pstrdup(walk->block_pool, civ_rows_text(rows, 1));
    walk->calculated_hash = NULL;
    if (row->header_readable) {
        civ_digest_sha256(&calculated, bytes, sizeof(bytes));
        walk->calculated_hash = civ_digest_hex_dup(&calculated, walk->block_pool);
        row->header_readable = civ_header_unpack(&row->header, bytes) == APR_SUCCESS;
    }
    row->hash_readable = civ_digest_from_hex(&row->stored_hash, civ_rows_text(rows, 1)) == APR_SUCCESS;
    row->signature_readable =
        civ_base64_decode(&signature, &length, civ_rows_text(rows, 3), walk->block_pool) == APR_SUCCESS &&
        length == CIV_KEY_SIGNATURE_SIZE;
    if (row->signature_readable)
        memcpy(row->signature, signature, CIV_KEY_SIGNATURE_SIZE);
}

/** What the row says that the header does not. The verifier stands at the row's block. */
static apr_status_t check_block_columns(civ_walk_t *walk, civ_rows_t *rows, const block_row_t *row)
{
    civ_verifier_t *v = &walk->verifier;
    apr_status_t status = APR_SUCCESS;

    if (!row->header_readable)
        status = civ_verifier_report(v, "the header is damaged");
    if (status == APR_SUCCESS && !row->hash_readable)
        status = civ_verifier_report(v, "the stored block hash is damaged");
    if (status == APR_SUCCESS && !row->signature_readable)
        status = civ_verifier_report(v, "the signature is damaged");
    if (status == APR_SUCCESS)
        status = check_octets(walk, rows, 4, 1, "the stored block hash");
    if (status == APR_SUCCESS)
        status = check_octets(walk, rows, 5, 2, "the header");
    if (status == APR_SUCCESS)
        status = check_octets(walk, rows, 6, 3, "the signature");
    return status;
}

static apr_status_t check_block(civ_walk_t *walk, civ_rows_t *rows, apr_uint64_t height)
{
    civ_verifier_t *v = &walk->verifier;
    const civ_header_t *header;
    block_row_t row;
    apr_status_t status = APR_SUCCESS;

    apr_pool_clear(walk->block_pool);
    read_block_row(walk, rows, &row);
    header = row.header_readable ? &row.header : NULL;
    if (header != NULL)
        status = pass_leaves(walk, header);
    if (status == APR_SUCCESS)
        status = civ_verifier_begin(v, height, header, row.hash_readable ? &row.stored_hash : NULL,
                                    row.signature_readable ? row.signature : NULL, walk->block_pool);
    if (status == APR_SUCCESS)
        status = check_block_columns(walk, rows, &row);
    if (status == APR_SUCCESS && header != NULL)
        status = civ_walk_votes(walk);
    if (status == APR_SUCCESS && header != NULL)
        status = check_entries(walk, header);
    if (status == APR_SUCCESS)
        status = civ_verifier_end(v);
    walk->validation->blocks++;
    civ_index_sum_add(&walk->sums[CIV_INDEX_BLOCK], civ_rows_text(rows, 1), height);
    return status;
}

static apr_status_t report_gap(civ_walk_t *walk, apr_uint64_t first, apr_uint64_t last)
{
    walk->verifier.previous_known = 0;
    walk->verifier.validators_doubtful = 1;
    if (first == last)
        return civ_walk_report(walk, first, "the block is missing");
    return civ_walk_report(walk, first, "blocks %" FMT " to %" FMT " are missing", first, last);
}

static apr_status_t tell_progress(civ_walk_t *walk)
{
    apr_uint64_t total = walk->validation->last - walk->validation->first + 1;

    if (walk->progress == NULL || walk->validation->blocks % PROGRESS_EVERY != 0)
        return APR_SUCCESS;
    return walk->progress(walk->baton, walk->validation->blocks, total);
}

/** One page of blocks from *next on. @param next one past the last that was dealt with */
static apr_status_t check_page(civ_walk_t *walk, apr_uint64_t *next, int *got)
{
    const civ_argument_t arguments[] = {civ_int(*next), civ_int(walk->validation->last),
                                        civ_int(CIV_PAGE_ROWS)};
    civ_rows_t *rows;
    apr_status_t status;

    apr_pool_clear(walk->page_pool);
    apr_sleep(CIV_PAGE_PAUSE);
    status = civ_db_select(walk->db, &civ_ledger_sql[SQL_BLOCKS_PAGE], arguments, 3, &rows, walk->page_pool);
    for (*got = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; (*got)++) {
        apr_int64_t height;

        if (civ_rows_int(rows, 0, &height) != APR_SUCCESS || height < 0)
            return CIV_EDATABASE;
        if ((apr_uint64_t)height > *next)
            status = report_gap(walk, *next, (apr_uint64_t)height - 1);
        if (status == APR_SUCCESS)
            status = check_block(walk, rows, (apr_uint64_t)height);
        *next = (apr_uint64_t)height + 1;
        if (status == APR_SUCCESS)
            status = tell_progress(walk);
    }
    return status;
}

static apr_status_t check_blocks(civ_walk_t *walk)
{
    apr_uint64_t next = walk->validation->first;
    apr_status_t status;
    int got;

    do {
        status = check_page(walk, &next, &got);
    } while (status == APR_SUCCESS && got == CIV_PAGE_ROWS && next <= walk->validation->last);
    if (status == APR_SUCCESS && next <= walk->validation->last)
        status = report_gap(walk, next, walk->validation->last);
    return status;
}

/* --- where the walk begins --- */

static apr_status_t read_head_claim(civ_walk_t *walk)
{
    civ_head_claim_t *head = &walk->head;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(walk->db, &civ_ledger_sql[SQL_HEAD_ROW], NULL, 0, &rows, walk->pool);

    for (head->rows = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; head->rows++) {
        apr_int64_t hash_octets = 0, frontier_octets = 0;

        if (head->rows > 0)
            continue;
        head->block_hash = apr_pstrdup(walk->pool, civ_rows_text(rows, 2));
        head->frontier = apr_pstrdup(walk->pool, civ_rows_text(rows, 4));
        head->readable = civ_rows_int(rows, 0, &head->id) == APR_SUCCESS && head->id == 1 &&
                         civ_rows_int(rows, 1, &head->height) == APR_SUCCESS && head->height >= 0 &&
                         civ_rows_int(rows, 3, &head->leaf_count) == APR_SUCCESS &&
                         civ_rows_int(rows, 5, &head->difficulty) == APR_SUCCESS &&
                         civ_rows_int(rows, 6, &hash_octets) == APR_SUCCESS &&
                         civ_rows_int(rows, 7, &frontier_octets) == APR_SUCCESS &&
                         hash_octets == (apr_int64_t)strlen(head->block_hash) &&
                         frontier_octets == (apr_int64_t)strlen(head->frontier);
    }
    return status;
}

apr_status_t civ_walk_newest(civ_walk_t *walk, apr_uint64_t *height)
{
    apr_int64_t value;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(walk->db, &civ_ledger_sql[SQL_BLOCK_LAST], NULL, 0, &rows, walk->pool);

    if (status != APR_SUCCESS)
        return status;
    *height = 0;
    if (civ_rows_next(rows) == APR_SUCCESS && civ_rows_int(rows, 0, &value) == APR_SUCCESS && value > 0)
        *height = (apr_uint64_t)value;
    return APR_SUCCESS;
}

/** The end of the walk: the head row's block, or where that is not to be trusted, the newest there is. */
static apr_status_t find_end(civ_walk_t *walk, apr_uint64_t last)
{
    apr_uint64_t newest, end;
    apr_status_t status = read_head_claim(walk);

    if (status == APR_SUCCESS)
        status = civ_walk_newest(walk, &newest);
    if (status != APR_SUCCESS)
        return status;
    end = newest;
    /* A head row that claims more than there is cannot send us beyond it: what it claims is compared at the
     * end. */
    if (walk->head.readable && (apr_uint64_t)walk->head.height < newest)
        end = (apr_uint64_t)walk->head.height;
    walk->to_head = last >= end;
    walk->validation->last = walk->to_head ? end : last;
    return APR_SUCCESS;
}

/** The difficulty in force where the verifier stands. */
static apr_status_t find_difficulty(civ_walk_t *walk, const civ_block_t *genesis)
{
    civ_verifier_t *v = &walk->verifier;
    civ_genesis_t parameters;
    apr_status_t status = civ_leaf_cursor_policy(walk->db, v->frontier.size, &v->difficulty, walk->pool);

    if (status != APR_NOTFOUND)
        return status;
    if (civ_genesis_read(&parameters, &genesis->entries[0], walk->pool) != APR_SUCCESS)
        return CIV_EINTEGRITY;
    v->difficulty = parameters.difficulty;
    return APR_SUCCESS;
}

/** What must hold before block @a first: its parent, the tree up to it, the policy in force. */
static apr_status_t start_in_the_middle(civ_walk_t *walk, apr_uint64_t first)
{
    civ_verifier_t *v = &walk->verifier;
    const char *fault = NULL;
    civ_block_t *parent, *genesis;
    civ_digest_t root;
    apr_status_t status = civ_read_block(walk->db, 0, &genesis, &fault, walk->pool);

    if (status == APR_SUCCESS)
        status = civ_read_block(walk->db, first - 1, &parent, &fault, walk->pool);
    if (status == CIV_EINTEGRITY || status == APR_NOTFOUND) {
        v->frontier_lost = 1;
        v->validators_lost = 1;
        return civ_walk_report(walk, first - 1, "%s: validate from block 0",
                               fault != NULL ? fault : "the block is missing");
    }
    if (status != APR_SUCCESS)
        return status;
    v->ledger_id = genesis->header.ledger_id;
    v->ledger_known = 1;
    v->previous = parent->header;
    v->previous_hash = parent->hash;
    v->previous_known = 1;
    v->next_height = first;
    v->frontier_lost = 0;
    v->validators_lost = 0;
    status = civ_leaf_cursor_frontier(walk->db, parent->header.first_leaf + parent->header.entry_count,
                                      &v->frontier, walk->pool);
    if (status == APR_SUCCESS)
        status = find_difficulty(walk, genesis);
    if (status == APR_SUCCESS)
        status = civ_validators_derive(walk->db, v->frontier.size, &v->validators, walk->pool);
    if (status == CIV_EINTEGRITY) {
        v->frontier_lost = 1;
        v->validators_lost = 1;
        v->difficulty = parent->header.difficulty;
        return civ_walk_report(walk, first - 1,
                               "an entry up to here is missing or damaged: validate from block 0");
    }
    if (status != APR_SUCCESS)
        return status;
    civ_verifier_validators(v);
    civ_merkle_frontier_root(&v->frontier, &root);
    if (!civ_digest_equal(&root, &parent->header.log_root)) {
        v->frontier_lost = 1;
        return civ_walk_report(
            walk, first - 1,
            "the leaf hashes stored so far do not hash to the log root: validate from block 0");
    }
    return APR_SUCCESS;
}

/* --- all together --- */

static apr_status_t run_walk(civ_walk_t *walk, apr_uint64_t first, apr_uint64_t last)
{
    const civ_ledger_config_t *config = walk->ledger->config;
    apr_status_t status;

    civ_verifier_init(&walk->verifier, config->name, civ_ledger_public_key(walk->ledger), take_fault, walk,
                      walk->pool);
    walk->validation->first = first;
    status = find_end(walk, last);
    if (status == APR_SUCCESS && first > walk->validation->last)
        return APR_NOTFOUND;
    if (status == APR_SUCCESS && first > 0)
        status = start_in_the_middle(walk, first);
    if (status == APR_SUCCESS)
        status = civ_walk_next_vote(walk, (apr_int64_t)first - 1);
    if (status == APR_SUCCESS)
        status = check_blocks(walk);
    if (status == APR_SUCCESS && walk->to_head)
        status = civ_walk_surroundings(walk);
    return status;
}

apr_status_t civ_ledger_validate(civ_ledger_t *ledger, apr_uint64_t first, apr_uint64_t last,
                                 civ_fault_fn fault, civ_progress_fn progress, void *baton,
                                 civ_validation_t *validation, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_walk_t walk = {
        .ledger = ledger, .fault = fault, .progress = progress, .baton = baton, .validation = validation};
    apr_status_t status = civ_store_acquire(ledger->config->store, &walk.db);

    if (status != APR_SUCCESS) {
        civ_store_problem_reading(problem, status, pool);
        return status;
    }
    memset(validation, 0, sizeof(*validation));
    apr_pool_create(&walk.pool, pool);
    apr_pool_create(&walk.page_pool, walk.pool);
    apr_pool_create(&walk.block_pool, walk.pool);
    civ_leaf_cursor_init(&walk.entries, SQL_ENTRIES_PAGE, walk.pool);
    status = run_walk(&walk, first, last);
    civ_store_release(ledger->config->store, walk.db);
    apr_pool_destroy(walk.pool);
    if (status == APR_NOTFOUND)
        civ_problem_set(problem, CIV_PROBLEM_INVALID_PARAMETER, pool, "The ledger does not reach block %" FMT,
                        first);
    else if (status != APR_SUCCESS)
        civ_store_problem_reading(problem, status, pool);
    return status;
}
