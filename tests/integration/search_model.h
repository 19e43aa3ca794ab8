/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file search_model.h
 * What a search has to find, computed from the export.
 */
#ifndef CIV_TESTS_SEARCH_MODEL_H
#define CIV_TESTS_SEARCH_MODEL_H

#include "integration/http.h"

#include "base/json.h"

#include <apr_tables.h>

/** One sealed entry, as the export has it. */
typedef struct search_entry_t {
    apr_int64_t leaf;
    apr_int64_t block;
    apr_int64_t time;
    const char *block_hash;
    const char *time_text;
    const char *hash;
    const char *type; /**< NULL: none */
    const civ_json_t *evidence;
} search_entry_t;

/** The conditions of a search, as the model applies them. */
typedef struct search_conditions_t {
    const char *type;
    const char *hash;
    const char *text; /**< in lower case */
    apr_int64_t since;
    apr_int64_t until;
    apr_int64_t from;
    apr_int64_t to;
} search_conditions_t;

/** No condition at all. */
extern const search_conditions_t search_all;

/** All entries (search_entry_t), oldest first. */
apr_array_header_t *search_entries(http_client_t *client);

/** The path that Link leads to, or NULL at the end. */
const char *search_next_page(const http_response_t *page);

/** Follow a search to its end. @return results (const civ_json_t *), as they came */
apr_array_header_t *search_collect(http_client_t *client, const char *path, int limit);

/** That a search finds just what the model does, and at least so many, newest first, whatever the size of the
 *  pages. */
void search_check(http_client_t *client, const char *query, const search_conditions_t *wanted, int least);

#endif
