/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rewrite.h
 * What somebody could do to a ledger who has the SQLite file, a computer to mine with, and even the ledger's key:
 * make another chain that is sound in itself. It works past the server, as that somebody would.
 */
#ifndef CIV_TESTS_REWRITE_H
#define CIV_TESTS_REWRITE_H

#include <apr.h>

typedef struct rewrite_t {
    const char *database;    /**< the SQLite file */
    const char *key_file;    /**< the ledger's key */
    const char *ledger_name; /**< as in the genesis parameters */
    apr_int64_t from;        /**< the first block to be made anew */
    const char *payload;     /**< canonical: for the first entry of that block; NULL: it stays */
    int difficulty;          /**< for the new headers; -1: as policy demands */
} rewrite_t;

/** Make block @a from and all behind it anew, mined and signed, with index and head row to match. @return 0 on
 * success */
int rewrite_tail(const rewrite_t *what);

/** Take away all blocks from @a from on, with a head row to match. @return 0 on success */
int rewrite_cut(const char *database, apr_int64_t from);

#endif
