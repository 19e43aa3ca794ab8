/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The validators in the database: a row for each registration says from which block to which it is in force, so that the set
 * of any block, however old, is one select away. What comes out is compared with the hash in that block's header.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/timestamp.h"
#include "ledger/validators_private.h"

/* --- rows --- */

/** Bytes behind a text's end were put there by other hands. */
static int is_whole(civ_rows_t *rows, int octets, int column)
{
    apr_int64_t length;

    return civ_rows_int(rows, octets, &length) == APR_SUCCESS &&
           length == (apr_int64_t)strlen(civ_rows_text(rows, column));
}

apr_status_t civ_validators_read_row(civ_validator_row_t *row, civ_rows_t *rows, apr_pool_t *pool)
{
    civ_validator_member_t *member = &row->member;
    apr_int64_t leaf;
    unsigned char *key;
    apr_size_t length;

    if (civ_rows_int(rows, 0, &leaf) != APR_SUCCESS || leaf < 0 ||
        !civ_validator_id_is_valid(civ_rows_text(rows, 1)) || !is_whole(rows, 11, 1) ||
        !is_whole(rows, 12, 2) ||
        civ_base64_decode(&key, &length, civ_rows_text(rows, 2), pool) != APR_SUCCESS ||
        length != CIV_KEY_PUBLIC_SIZE || civ_rows_int(rows, 3, &member->stake) != APR_SUCCESS ||
        member->stake < 0 || member->stake > CIV_STAKE_MAX ||
        civ_rows_int(rows, 4, &row->joined) != APR_SUCCESS ||
        civ_rows_int(rows, 5, &row->first_height) != APR_SUCCESS ||
        civ_rows_int(rows, 6, &row->end_height) != APR_SUCCESS ||
        civ_rows_int(rows, 7, &row->standing.votes) != APR_SUCCESS ||
        civ_rows_int(rows, 8, &row->standing.agreed) != APR_SUCCESS || row->standing.agreed < 0 ||
        civ_rows_int(rows, 9, &row->standing.disagreed) != APR_SUCCESS || row->standing.disagreed < 0 ||
        civ_rows_int(rows, 10, &row->standing.equivocated) != APR_SUCCESS || row->standing.equivocated < 0)
        return CIV_EINVALID;
    memset(member->id, 0, sizeof(member->id));
    apr_cpystrn(member->id, civ_rows_text(rows, 1), sizeof(member->id));
    memcpy(member->key, key, CIV_KEY_PUBLIC_SIZE);
    member->registration = (apr_uint64_t)leaf;
    return APR_SUCCESS;
}

apr_status_t civ_validators_row(civ_db_t *db, apr_uint64_t registration, civ_validator_row_t *row,
                                apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(registration)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_VALIDATOR_ROW], arguments, 1, &rows, pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    return status == APR_SUCCESS ? civ_validators_read_row(row, rows, pool) : status;
}

/** In place of the first block: the row ends one that is there. */
#define NO_BEGINNING (-1)

void civ_validators_date(civ_validator_row_t *row, const civ_validator_change_t *change,
                         const civ_header_t *header)
{
    apr_int64_t next = (apr_int64_t)header->height + 1;

    row->joined = header->timestamp;
    row->first_height = change->removes ? NO_BEGINNING : next;
    row->end_height = next;
}

apr_status_t civ_validators_store(civ_db_t *db, const civ_validator_row_t *row, apr_pool_t *pool)
{
    const civ_argument_t removed[] = {civ_int(row->end_height), civ_int(row->member.registration)};
    const civ_argument_t made[] = {
        civ_int(row->member.registration),
        civ_text(row->member.id),
        civ_text(civ_base64_encode(row->member.key, CIV_KEY_PUBLIC_SIZE, pool)),
        civ_int(row->member.stake),
        civ_int(row->joined),
        civ_int(row->first_height),
    };
    int affected = 0;
    apr_status_t status;

    if (row->first_height != NO_BEGINNING)
        return civ_db_execute(db, &civ_ledger_sql[SQL_VALIDATOR_INSERT], made, 6, NULL);
    status = civ_db_execute(db, &civ_ledger_sql[SQL_VALIDATOR_END], removed, 2, &affected);
    return status == APR_SUCCESS && affected != 1 ? CIV_EDATABASE : status;
}

static apr_status_t select_between(civ_db_t *db, apr_uint64_t first, apr_uint64_t last, civ_rows_t **rows,
                                   apr_pool_t *pool)
{
    /* Nobody is in force twice, so two sets have at most so many rows. */
    const civ_argument_t arguments[] = {civ_int(first), civ_int(last), civ_int(2 * CIV_VALIDATORS_MAX + 1)};

    return civ_db_select(db, &civ_ledger_sql[SQL_VALIDATORS_BETWEEN], arguments, 3, rows, pool);
}

apr_status_t civ_validators_at(civ_db_t *db, apr_uint64_t height, civ_validator_set_t *set, apr_pool_t *pool)
{
    civ_validator_row_t row;
    civ_rows_t *rows;
    apr_status_t status = select_between(db, height, height, &rows, pool);

    civ_validator_set_init(set, pool);
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        if (civ_validators_read_row(&row, rows, pool) != APR_SUCCESS ||
            civ_validator_set_add(set, &row.member) != APR_SUCCESS)
            status = CIV_EINTEGRITY;
    return status;
}

/* --- from entries --- */

static apr_status_t apply_entry(civ_validator_set_t *set, civ_rows_t *rows, apr_int64_t *leaf,
                                apr_pool_t *pool)
{
    civ_validator_change_t change;
    civ_entry_t entry;
    const char *reason;

    if (civ_rows_int(rows, 0, leaf) != APR_SUCCESS ||
        civ_read_entry(&entry, civ_rows_text(rows, 1), pool) != APR_SUCCESS ||
        civ_validator_read(&change, &entry, pool) != APR_SUCCESS ||
        civ_validator_set_apply(set, &change, (apr_uint64_t)*leaf, NULL, &reason) != APR_SUCCESS)
        return CIV_EINTEGRITY;
    return APR_SUCCESS;
}

apr_status_t civ_validators_derive(civ_db_t *db, apr_uint64_t end, civ_validator_set_t *set, apr_pool_t *pool)
{
    apr_int64_t leaf = -1;
    apr_pool_t *page;
    apr_status_t status;
    int got;

    apr_pool_create(&page, pool);
    do {
        const civ_argument_t arguments[] = {civ_text(CIV_ENTRY_TYPE_VALIDATOR), civ_int(leaf + 1),
                                            civ_int(end), civ_int(CIV_PAGE_ROWS)};
        civ_rows_t *rows;

        apr_pool_clear(page);
        status = civ_db_select(db, &civ_ledger_sql[SQL_VALIDATOR_ENTRIES], arguments, 4, &rows, page);
        for (got = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; got++)
            status = apply_entry(set, rows, &leaf, page);
    } while (status == APR_SUCCESS && got == CIV_PAGE_ROWS);
    apr_pool_destroy(page);
    return status;
}

/* --- the head's --- */

static apr_status_t follow(civ_ledger_t *ledger, civ_rows_t *rows, civ_ledger_head_t *head, apr_pool_t *pool)
{
    civ_validator_set_t at, next;
    civ_validator_row_t row;
    civ_digest_t hash;

    civ_validator_set_init(&at, pool);
    civ_validator_set_init(&next, pool);
    while (civ_rows_next(rows) == APR_SUCCESS) {
        apr_status_t status = civ_validators_read_row(&row, rows, pool);

        if (status == APR_SUCCESS && (apr_uint64_t)row.first_height <= head->height)
            status = civ_validator_set_add(&at, &row.member);
        if (status == APR_SUCCESS && (apr_uint64_t)row.end_height > head->height + 1)
            status = civ_validator_set_add(&next, &row.member);
        if (status != APR_SUCCESS)
            return civ_ledger_integrity_lost(ledger, "a row of the validators is damaged");
    }
    civ_validator_set_hash(&hash, &at, pool);
    if (!civ_digest_equal(&hash, &head->validator_set_hash))
        return civ_ledger_integrity_lost(ledger, "the validators are not those that the newest block names");
    civ_validator_set_hash(&head->validator_set_hash, &next, pool);
    head->validators = next.count;
    return APR_SUCCESS;
}

apr_status_t civ_validators_follow(civ_ledger_t *ledger, civ_db_t *db, civ_ledger_head_t *head,
                                   apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_pool_t *scratch;
    apr_status_t status;

    apr_pool_create(&scratch, pool);
    status = select_between(db, head->height, head->height + 1, &rows, scratch);
    if (status == APR_SUCCESS)
        status = follow(ledger, rows, head, scratch);
    apr_pool_destroy(scratch);
    return status;
}

/* --- for clients --- */

static void describe(civ_validator_t *validator, const civ_validator_row_t *row, apr_pool_t *pool)
{
    validator->id = apr_pstrdup(pool, row->member.id);
    memcpy(validator->key, row->member.key, CIV_KEY_PUBLIC_SIZE);
    validator->stake = row->member.stake;
    validator->joined = row->joined;
    validator->registration = row->member.registration;
    validator->standing = row->standing;
}

/** Run a select of VALIDATOR_FROM, once the validators in force were found to be those that the newest block names.
 *  @return as civ_read_failed has it */
static apr_status_t select_page(civ_ledger_t *ledger, civ_ledger_sql_e sql, const civ_argument_t *arguments,
                                int count, civ_validator_page_t *page, int limit, apr_pool_t *pool)
{
    civ_ledger_head_t head;
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    memset(page, 0, sizeof(*page));
    if (status != APR_SUCCESS)
        return status;
    status = civ_ledger_load_head(ledger, db, &head, pool);
    if (status == APR_SUCCESS)
        status = civ_db_select(db, &civ_ledger_sql[sql], arguments, count, &rows, pool);
    civ_store_release(ledger->config->store, db);
    page->validators = apr_pcalloc(pool, (apr_size_t)limit * sizeof(*page->validators));
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_validator_row_t row;

        if (page->count == limit) {
            page->more = 1;
            break;
        }
        if (civ_validators_read_row(&row, rows, pool) != APR_SUCCESS)
            status = CIV_EINTEGRITY;
        else
            describe(&page->validators[page->count++], &row, pool);
    }
    return status;
}

apr_status_t civ_ledger_validators(civ_ledger_t *ledger, apr_int64_t after, int limit,
                                   civ_validator_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(after), civ_int(limit + 1)};
    apr_status_t status = select_page(ledger, SQL_VALIDATORS_NOW, arguments, 2, page, limit, pool);

    if (status == APR_SUCCESS)
        return status;
    return civ_read_failed(ledger, status, "a row of the validators is damaged", "A validator", problem,
                           pool);
}

static apr_status_t find_ended(civ_ledger_t *ledger, const char *id, apr_int64_t end,
                               civ_validator_t *validator, civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(id), civ_int(end)};
    civ_validator_page_t page;
    apr_status_t status = select_page(ledger, SQL_VALIDATOR_ENDED, arguments, 2, &page, 1, pool);

    if (status == APR_SUCCESS && page.count == 0)
        status = APR_NOTFOUND;
    if (status != APR_SUCCESS)
        return civ_read_failed(ledger, status, "a row of the validators is damaged", "This validator",
                               problem, pool);
    *validator = page.validators[0];
    return APR_SUCCESS;
}

apr_status_t civ_ledger_validator(civ_ledger_t *ledger, const char *id, civ_validator_t *validator,
                                  civ_problem_t *problem, apr_pool_t *pool)
{
    return find_ended(ledger, id, CIV_VALIDATOR_STAYS, validator, problem, pool);
}

apr_status_t civ_ledger_register(civ_ledger_t *ledger, const char *id, const civ_public_key_t *key,
                                 apr_int64_t stake, const civ_idempotency_t *idempotency,
                                 civ_validator_t *validator, int *repeated, civ_problem_t *problem,
                                 apr_pool_t *pool)
{
    civ_validator_change_t change = {.id = id, .stake = stake, .created = civ_timestamp_now()};
    civ_append_result_t result;
    apr_status_t status;

    memcpy(change.key, civ_public_key_raw(key), CIV_KEY_PUBLIC_SIZE);
    status = civ_append_change(ledger, &change, idempotency, &result, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    memset(validator, 0, sizeof(*validator));
    validator->id = id;
    memcpy(validator->key, change.key, CIV_KEY_PUBLIC_SIZE);
    validator->stake = stake;
    validator->joined = result.timestamp;
    validator->registration = result.first_leaf;
    *repeated = result.repeated;
    return APR_SUCCESS;
}

apr_status_t civ_ledger_unregister(civ_ledger_t *ledger, const char *id, civ_validator_t *validator,
                                   civ_problem_t *problem, apr_pool_t *pool)
{
    civ_validator_change_t change = {.removes = 1, .id = id, .created = civ_timestamp_now()};
    civ_append_result_t result;
    civ_validator_t removed;
    civ_problem_t unused;
    apr_status_t status = civ_ledger_validator(ledger, id, validator, problem, pool);

    if (status == APR_SUCCESS)
        status = civ_append_change(ledger, &change, NULL, &result, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    /* What it was at the end. It is removed; a database that fails now must not be heard as if it were not. */
    if (find_ended(ledger, id, (apr_int64_t)result.height + 1, &removed, &unused, pool) == APR_SUCCESS)
        *validator = removed;
    return APR_SUCCESS;
}
