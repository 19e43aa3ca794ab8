/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_fixture.h
 * What the tests of lib/store share: statements, connections to databases of the suite's folder, and a second way
 * to the same that knows nothing of lib/store.
 */
#ifndef CIV_TESTS_STORE_FIXTURE_H
#define CIV_TESTS_STORE_FIXTURE_H

#include "store/store.h"
#include "support/database.h"
#include "unit/unit_support.h"

enum {
    STORE_INSERT,    /**< id, name, value */
    STORE_READ,      /**< id: name, value */
    STORE_COUNT,     /**< how many things */
    STORE_RAISE,     /**< adds an amount to every value */
    STORE_TYPES,     /**< an integer, a text: their types, themselves, whether the integer is above 9 */
    STORE_CONSTANTS, /**< values of many kinds */
    STORE_OCTETS,    /**< a text: its octets, and where a second one stands in it */
    STORE_KINDS,     /**< octets and integer of texts, integers, blobs and NULL */
    STORE_LIKE,      /**< a literal per cent sign */
    STORE_TWELVE,    /**< the sum of twelve integers */
    STORE_BROKEN,    /**< no SQL */
    STORE_JOURNAL,   /**< PRAGMA journal_mode */
    STORE_SYNCHRONOUS,
    STORE_BUSY,
    STORE_MAP,       /**< PRAGMA mmap_size */
    STORE_CACHE,     /**< PRAGMA cache_size */
    STORE_MARK,      /**< PRAGMA cache_size=777: marks a connection */
    STORE_FEW_PAGES, /**< PRAGMA max_page_count=16 */
    STORE_FOREIGN,   /**< PRAGMA foreign_keys=ON */
    STORE_CHILD,     /**< id, parent: a row whose parent is only looked for at commit */
    STORE_COUNT_OF_STATEMENTS
};

extern civ_statement_t store_sql[];

/** Configuration for a database file; on test_pool(). */
civ_store_config_t *store_config(const char *path);

/** A connection to a new or old file of that name, with its tables. */
civ_db_t *store_open(const char *name);

/** Insert a thing. */
apr_status_t store_insert(civ_db_t *db, apr_int64_t id, const char *name, apr_int64_t value);

/** First column of the first row as text, or the name of the failure. */
const char *store_text(civ_db_t *db, int statement);

/** Things counted by the connection; -1 on failure. */
apr_int64_t store_count(civ_db_t *db);

/** A plain connection to a database of the folder. */
database_t *store_raw(const char *name);

/** Run SQL on a plain connection of its own. */
void store_raw_run(const char *name, const char *sql);

/** First column of a select on a plain connection; -1 when there is none. */
apr_int64_t store_raw_int(const char *name, const char *sql);

#endif
