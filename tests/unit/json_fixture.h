/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_fixture.h
 * Documents for the JSON reader, read from memory without a byte to spare, and what became of the last one.
 */
#ifndef CIV_TESTS_JSON_FIXTURE_H
#define CIV_TESTS_JSON_FIXTURE_H

#include "base/json.h"

/** Caps that only the tests of caps meet. */
extern const civ_json_limits_t json_wide;

/** Of the document read last. */
extern civ_problem_t json_last_problem;

/** The tree, on test_pool(), or NULL. */
const civ_json_t *json_parse_n(const char *text, apr_size_t length, const civ_json_limits_t *limits);

/** As json_parse_n, with json_wide. */
const civ_json_t *json_parse(const char *text);

/** Refused as @a kind, at @a pointer (NULL: anywhere) and, where @a word is not NULL, with it in the detail;
 *  else a note says why not. */
int json_is_refused(const char *text, apr_size_t length, const civ_json_limits_t *limits,
                    civ_problem_kind_e kind, const char *pointer, const char *word);

/** The same for one kind each; with json_wide where no caps are given. */
int json_is_malformed(const char *text, const char *pointer);
int json_is_not_i_json(const char *text, const char *pointer, const char *word);
int json_is_beyond(const char *text, const civ_json_limits_t *limits, const char *pointer);

/** @a text so many times over, on test_pool(). */
char *json_repeat(const char *text, apr_size_t times);

#endif
