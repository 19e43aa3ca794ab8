/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file statements.h
 * All SQL of the ledger, by name. The texts and the tables are in statements.c.
 */
#ifndef CIV_LEDGER_STATEMENTS_H
#define CIV_LEDGER_STATEMENTS_H

#include "store/store.h"

typedef enum civ_ledger_sql_e {
    SQL_GENERATION_READ,
    SQL_GENERATION_BUMP,
    SQL_HEAD_READ,
    SQL_HEAD_ROW,
    SQL_HEAD_INSERT,
    SQL_HEAD_ADVANCE,
    SQL_BLOCK_INSERT,
    SQL_BLOCK_READ,
    SQL_BLOCK_HASH,
    SQL_BLOCK_FIND,
    SQL_BLOCKS_PAGE,
    SQL_BLOCKS_STRAY,
    SQL_BLOCK_LAST,
    SQL_ENTRY_INSERT,
    SQL_ENTRIES_PAGE,
    SQL_ENTRIES_STRAY,
    SQL_LEAVES_PAGE,
    SQL_HASH_INDEX_REST,
    SQL_HASH_INDEX_NEXT,
    SQL_TYPE_INDEX_REST,
    SQL_TYPE_INDEX_NEXT,
    SQL_BLOCK_INDEX_REST,
    SQL_BLOCK_INDEX_NEXT,
    SQL_EVIDENCE_FIRST,
    SQL_POLICY_BEFORE,
    SQL_PENDING_INSERT,
    SQL_PENDING_PAGE,
    SQL_PENDING_STATE,
    SQL_PENDING_FIND,
    SQL_PENDING_DELETE,
    SQL_SEARCH_ALL,
    SQL_SEARCH_TYPE,
    SQL_SEARCH_HASH,
    SQL_LEDGER_COUNT
} civ_ledger_sql_e;

/** The table, indexed by the names above. */
extern const civ_statement_t civ_ledger_sql[SQL_LEDGER_COUNT];

#endif
