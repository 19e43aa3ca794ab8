/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redaction_fixture.h
 * Free text and what is left of it, for the suites about redaction. All results are on test_pool().
 */
#ifndef CIV_TESTS_REDACTION_FIXTURE_H
#define CIV_TESTS_REDACTION_FIXTURE_H

#include "federation/redaction.h"

#include <apr_strings.h>

/** A few concatenated parts. */
#define JOINED(...) apr_pstrcat(test_pool(), __VA_ARGS__, NULL)

/** All but references. */
extern const civ_redaction_options_t redaction_usual;

/** What is left of a text, which must be left as it is the second time; @a counts may be NULL. */
const char *redaction_apply(const civ_redaction_options_t *options, const char *text, apr_size_t length,
                            civ_redaction_counts_t *counts);

/** The same, as usual. */
const char *redaction_of(const char *text);

/** How many of a class. */
unsigned redaction_count(const civ_redaction_counts_t *counts, const char *name);

#endif
