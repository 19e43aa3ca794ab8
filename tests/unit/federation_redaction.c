/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_redaction.c
 * Free text: what is taken out of it, what stays, and what hostile text can do. Secrets are put together at run time, so that
 * no scanner of sources takes offence.
 */
#include "support/runner.h"

#include "base/json.h"
#include "federation/redaction.h"
#include "unit/federation_fixture.h"

#include <apr_strings.h>

#include <string.h>

static const civ_redaction_options_t usual = {CIV_REDACT_USUAL, NULL};

static const char *redact_n(const civ_redaction_options_t *options, const char *text, apr_size_t length,
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

static const char *redact(const char *text)
{
    return redact_n(&usual, text, strlen(text), NULL);
}

/** How many of a class. */
static unsigned count_of(const civ_redaction_counts_t *counts, const char *name)
{
    apr_size_t i;

    for (i = 0; i < civ_redactor_class_count(fixture_redactor); i++) {
        if (strcmp(civ_redactor_class_name(fixture_redactor, i), name) == 0) {
            return counts->of_class[i];
        }
    }
    return 0;
}

/** A few concatenated parts. */
#define JOINED(...) apr_pstrcat(test_pool(), __VA_ARGS__, NULL)

/** Nothing of @a secret is left, and it was counted under @a name. */
static void goes(const char *name, const char *text, const char *secret)
{
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redact_n(&usual, text, strlen(text), &counts);

    if (strstr(out, secret) != NULL || count_of(&counts, name) == 0) {
        CU_FAIL("a secret stays, or is of another class");
        test_note("%s: %s", name, out);
    }
}

static void stays(const char *text)
{
    const char *out = redact(text);

    if (strcmp(out, text) != 0) {
        CU_FAIL("what is no secret goes");
        test_note("%s: %s", text, out);
    }
}

static const char *joined_parts(const civ_json_t *parts)
{
    const char *out = "";
    apr_size_t i;

    for (i = 0; i < parts->as.array.count; i++) {
        out = apr_pstrcat(test_pool(), out, parts->as.array.items[i].as.text.text, NULL);
    }
    return out;
}

static const civ_json_t *read_vectors(void)
{
    const char *shared = test_shared_dir();
    const civ_json_t *root;
    unsigned long length;
    char *text;

    if (shared == NULL) {
        test_note("skipped: no shared data");
        return NULL;
    }
    text =
        test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/federation/redaction.json", NULL), &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&root, text, length, &fixture_limits, NULL, test_pool()),
                          APR_SUCCESS);
    return root;
}

static void vectors_secrets(void)
{
    const civ_json_t *root = read_vectors(), *list = root ? civ_json_get(root, "secrets") : NULL;
    apr_size_t i;

    for (i = 0; list != NULL && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];

        goes(civ_json_get_text(item, "class"), joined_parts(civ_json_get(item, "text_parts")),
             joined_parts(civ_json_get(item, "secret_parts")));
    }
}

static void vectors_persons(void)
{
    const civ_json_t *root = read_vectors(), *list = root ? civ_json_get(root, "pii") : NULL;
    apr_size_t i;

    for (i = 0; list != NULL && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *value = civ_json_get_text(item, "value");

        goes(civ_json_get_text(item, "class"), value, value);
        goes(civ_json_get_text(item, "class"), JOINED("found ", value, " in the log"), value);
    }
}

static void vectors_survivors(void)
{
    const civ_json_t *root = read_vectors(), *list = root ? civ_json_get(root, "must_survive") : NULL;
    apr_size_t i;

    for (i = 0; list != NULL && i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *value = civ_json_get_text(item, "value");

        if (strcmp(civ_json_get_text(item, "id"), "example-aws") == 0) {
            goes("aws-key-id", value, value);
        } else {
            stays(value);
            stays(JOINED("see ", value, " for more"));
        }
    }
}

static const test_case_t cases[] = {
    {"vectors_secrets", vectors_secrets},
    {"vectors_persons", vectors_persons},
    {"vectors_survivors", vectors_survivors},
    {NULL, NULL},
};

const test_suite_t federation_redaction_suite = {"federation_redaction", fixture_make_redactor,
                                                 fixture_drop_redactor, cases};
