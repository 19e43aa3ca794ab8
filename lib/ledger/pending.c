/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Evidence that waits to be sealed. It belongs to no block yet, but it is on disk and its hash was promised
 * to a client, so it is checked against that hash when it is read back.
 */
#include <apr_strings.h>
#include <string.h>

#include "ledger/ledger_private.h"

apr_status_t civ_pending_state(civ_db_t *db, civ_pending_state_t *state, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_PENDING_STATE], NULL, 0, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &state->count) != APR_SUCCESS ||
        civ_rows_int(rows, 1, &state->bytes) != APR_SUCCESS ||
        civ_rows_int(rows, 2, &state->oldest) != APR_SUCCESS ||
        civ_rows_int(rows, 3, &state->last_sequence) != APR_SUCCESS)
        return CIV_EDATABASE;
    return APR_SUCCESS;
}

static apr_status_t read_row(civ_entry_t *entry, civ_rows_t *rows, apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    apr_status_t status = civ_read_entry(entry, civ_rows_text(rows, 2), pool);

    if (status == APR_SUCCESS &&
        strcmp(civ_digest_hex(hex, &entry->evidence_hash), civ_rows_text(rows, 1)) != 0)
        status = CIV_EINVALID;
    /* Nobody can have posted that: it would say who may vote, or how much work a block needs. */
    if (status == APR_SUCCESS && civ_entry_governs(entry))
        status = CIV_EINVALID;
    return status;
}

static apr_status_t read_page(civ_db_t *db, apr_int64_t *after, apr_array_header_t *entries, int *got,
                              apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(*after), civ_int(CIV_PAGE_ROWS)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_PENDING_PAGE], arguments, 2, &rows, pool);

    for (*got = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; (*got)++) {
        if (civ_rows_int(rows, 0, after) != APR_SUCCESS)
            return CIV_EDATABASE;
        status = read_row(apr_array_push(entries), rows, pool);
    }
    return status;
}

apr_status_t civ_pending_load(civ_ledger_t *ledger, civ_db_t *db, apr_array_header_t *entries,
                              apr_pool_t *pool)
{
    apr_int64_t after = -1;
    apr_status_t status;
    int got;

    do {
        status = read_page(db, &after, entries, &got, pool);
    } while (status == APR_SUCCESS && got == CIV_PAGE_ROWS);
    if (status == CIV_EINVALID)
        return civ_ledger_integrity_lost(
            ledger,
            apr_psprintf(pool, "pending evidence %" APR_INT64_T_FMT " is not what was posted", after));
    return status;
}

apr_status_t civ_pending_store(civ_db_t *db, apr_int64_t sequence, apr_int64_t now, const civ_entry_t *entry)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t row[] = {civ_int(sequence), civ_int(now),
                                  civ_text(civ_digest_hex(hex, &entry->evidence_hash)),
                                  civ_text(entry->data)};

    return civ_db_send(db, &civ_ledger_sql[SQL_PENDING_INSERT], row, 4);
}

apr_status_t civ_pending_delete(civ_db_t *db, apr_int64_t last_sequence)
{
    const civ_argument_t arguments[] = {civ_int(last_sequence)};

    return civ_db_execute(db, &civ_ledger_sql[SQL_PENDING_DELETE], arguments, 1, NULL);
}
