/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fields.h
 * Reading the fields of platforms' answers, where each may be absent, null, or of another type than the manual says; and
 * making an item's data out of them. Paths are names joined by '/': "commit/author/name"; a name that is a number is an
 * index of an array. A name that holds '/' itself cannot be reached.
 */
#ifndef CIV_SYNC_FIELDS_H
#define CIV_SYNC_FIELDS_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/json.h"

/** What is at @a path, or NULL. "" is @a json itself; NULL in, NULL out. */
const civ_json_t *civ_field(const civ_json_t *json, const char *path);

/** A string; NULL when absent, no string, or empty. Lives with @a json. */
const char *civ_field_text(const civ_json_t *json, const char *path);

/** An id: a string or an integer as text, digit by digit; NULL when absent or neither. */
const char *civ_field_id(const civ_json_t *json, const char *path);

/** An integer, also when sent as a string; @a otherwise when it is none. */
apr_int64_t civ_field_int(const civ_json_t *json, const char *path, apr_int64_t otherwise);

/** Whether it is there and true. */
int civ_field_is_true(const civ_json_t *json, const char *path);

/** How many elements an array has; 0 for anything else. */
apr_size_t civ_field_count(const civ_json_t *json, const char *path);

/** An instant in milliseconds from a string in any of the platforms' forms (without a zone: UTC); 0 when absent, unreadable,
 *  or a way to say "never" (the years before 1971). */
apr_int64_t civ_field_time(const civ_json_t *json, const char *path);

/** The same for a text. */
apr_int64_t civ_time_of_text(const char *text);

/** The platform's word for a state, and ours. */
typedef struct civ_word_t {
    const char *native;
    const char *word;
} civ_word_t;

/** Our word; @a words ends with a NULL native. CIV_STATUS_UNKNOWN for a word that is not there, or NULL. Case counts. */
const char *civ_word(const civ_word_t *words, const char *native);

/** One member of an item's data. */
typedef struct civ_data_field_t {
    const char *name; /**< in the data */
    const char *path; /**< in the answer */
} civ_data_field_t;

/** A text without e-mail addresses, and without the user information of URLs. NULL in, NULL out. */
const char *civ_field_scrub(const char *text, apr_pool_t *pool);

/** The same for every string of a document, in place; as deep as it was parsed. Names of members stay. */
void civ_field_scrub_all(civ_json_t *json, apr_pool_t *pool);

/**
 * Data of an item: a JSON object in RFC 8785 form with those of @a fields that are there and not null; objects and arrays with all
 * that is in them. E-mail addresses in strings become "[e-mail]", user names and passwords in URLs and the values of members that are
 * named like secrets (token, password, authorization ...) are taken out. A string longer than 4,000 bytes is cut.
 * @param fields ended by a NULL name
 */
const char *civ_field_data(const civ_json_t *json, const civ_data_field_t *fields, apr_pool_t *pool);

#endif
