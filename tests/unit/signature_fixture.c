/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_fixture.c
 * Published vectors where they are at hand.
 */
#include "unit/signature_fixture.h"

#include "support/runner.h"

#include <apr_strings.h>

const civ_json_t *signature_vectors(const char *name)
{
    static const civ_json_limits_t limits = {10000000, 64, 1000000, 1024};
    const char *shared = test_shared_dir();
    const civ_json_t *root = NULL;
    civ_problem_t problem = {0};
    unsigned long length;
    char *text;

    if (shared == NULL) {
        test_note("skipped: no shared data");
        return NULL;
    }
    text = test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/federation/", name, NULL), &length);
    CU_ASSERT_FATAL(text != NULL &&
                    civ_json_parse(&root, text, length, &limits, &problem, test_pool()) == APR_SUCCESS);
    return root;
}

const civ_json_t *signature_array(const civ_json_t *object, const char *name)
{
    const civ_json_t *array = civ_json_get(object, name);

    CU_ASSERT_FATAL(array != NULL && array->type == CIV_JSON_ARRAY);
    return array;
}

const char *signature_text(const civ_json_t *object, const char *name)
{
    const char *text = civ_json_get_text(object, name);

    CU_ASSERT_FATAL(text != NULL);
    return text;
}
