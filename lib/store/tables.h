/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file tables.h
 * The store's own statements, by name; for the files of lib/store only. The texts and the tables are in tables.c.
 */
#ifndef CIV_STORE_TABLES_H
#define CIV_STORE_TABLES_H

#include "store/store.h"

typedef enum civ_store_sql_e {
    STORE_ANSWER_FIND,
    STORE_ANSWER_FORGET,
    STORE_ANSWER_RECORD,
    STORE_ANSWER_OLDEST,
    STORE_ANSWER_EXPIRE,
    STORE_NONCE_FIND,
    STORE_NONCE_FORGET,
    STORE_NONCE_RECORD,
    STORE_NONCE_OLDEST,
    STORE_NONCE_EXPIRE,
    STORE_SQL_COUNT
} civ_store_sql_e;

extern const civ_statement_t civ_store_sql[STORE_SQL_COUNT];

#endif
