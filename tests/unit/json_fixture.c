/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "unit/json_fixture.h"

#include "support/runner.h"

#include "base/buffer.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

const civ_json_limits_t json_wide = {10000000, 256, 1000000, 1024};

civ_problem_t json_last_problem;

const civ_json_t *json_parse_n(const char *text, apr_size_t length, const civ_json_limits_t *limits)
{
    const civ_json_t *root = (const civ_json_t *)"not touched";
    apr_status_t status;
    char *copy = malloc(length + 1); /* exact, so that valgrind and ASan see a read beyond it */

    memset(&json_last_problem, 0, sizeof(json_last_problem));
    memcpy(copy, text, length);
    copy = realloc(copy, length ? length : 1);
    status = civ_json_parse(&root, copy, length, limits, &json_last_problem, test_pool());
    memset(copy, 'X', length); /* the tree must not point into the document */
    free(copy);
    CU_ASSERT_EQUAL(status, root ? APR_SUCCESS : CIV_EINVALID);
    return root;
}

const civ_json_t *json_parse(const char *text)
{
    return json_parse_n(text, strlen(text), &json_wide);
}

/* Refused as @a kind, at @a pointer; detail must contain @a word when one is given. */
int json_is_refused(const char *text, apr_size_t length, const civ_json_limits_t *limits,
                    civ_problem_kind_e kind, const char *pointer, const char *word)
{
    const civ_json_t *root = json_parse_n(text, length, limits);

    if (!root && json_last_problem.kind == kind && json_last_problem.pointer && json_last_problem.detail &&
        (!pointer || strcmp(json_last_problem.pointer, pointer) == 0) &&
        (!word || strstr(json_last_problem.detail, word))) {
        return 1;
    }
    test_note("%.60s: %s", text,
              root ? "taken"
                   : apr_psprintf(test_pool(), "kind %d at \"%s\": %s", json_last_problem.kind,
                                  json_last_problem.pointer ? json_last_problem.pointer : "(null)",
                                  json_last_problem.detail ? json_last_problem.detail : "(null)"));
    return 0;
}

int json_is_malformed(const char *text, const char *pointer)
{
    return json_is_refused(text, strlen(text), &json_wide, CIV_PROBLEM_MALFORMED_JSON, pointer, NULL);
}

int json_is_not_i_json(const char *text, const char *pointer, const char *word)
{
    return json_is_refused(text, strlen(text), &json_wide, CIV_PROBLEM_NOT_I_JSON, pointer, word);
}

int json_is_beyond(const char *text, const civ_json_limits_t *limits, const char *pointer)
{
    return json_is_refused(text, strlen(text), limits, CIV_PROBLEM_LIMIT_EXCEEDED, pointer, NULL);
}

char *json_repeat(const char *text, apr_size_t times)
{
    civ_buffer_t buffer;

    civ_buffer_init(&buffer, strlen(text) * times, test_pool());
    while (times-- > 0) {
        civ_buffer_append_text(&buffer, text);
    }
    return buffer.data;
}
