/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redaction_fixture.c
 * Redacting twice, and counting.
 */
#include "unit/redaction_fixture.h"

#include "support/runner.h"
#include "unit/federation_fixture.h"

#include <string.h>

const civ_redaction_options_t redaction_usual = {CIV_REDACT_USUAL, NULL};

const char *redaction_apply(const civ_redaction_options_t *options, const char *text, apr_size_t length,
                            civ_redaction_counts_t *counts)
{
    apr_size_t out_length, again_length;
    const char *out = civ_redact(fixture_redactor, options, text, length, counts, &out_length, test_pool());
    const char *again =
        civ_redact(fixture_redactor, options, out, out_length, NULL, &again_length, test_pool());

    CU_ASSERT_EQUAL(strlen(out) == out_length || memchr(text, '\0', length) != NULL, 1);
    CU_ASSERT_PTR_EQUAL(again, out);
    return out;
}

const char *redaction_of(const char *text)
{
    return redaction_apply(&redaction_usual, text, strlen(text), NULL);
}

unsigned redaction_count(const civ_redaction_counts_t *counts, const char *name)
{
    apr_size_t i;

    for (i = 0; i < civ_redactor_class_count(fixture_redactor); i++) {
        if (strcmp(civ_redactor_class_name(fixture_redactor, i), name) == 0) {
            return counts->of_class[i];
        }
    }
    return 0;
}
