/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_query.c
 * Query strings: what is taken is bounded, in UTF-8, and the same again once it is encoded anew.
 */
#include "fuzz/fuzz.h"

#include "mod_civarcos/query.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "base/status.h"

#include <apr_lib.h>

#include <string.h>

fuzz_target_fn fuzz_query;

/* The JSON reader has its own idea of UTF-8, and it must be the same. */
static void check_utf8(const char *text, apr_pool_t *pool)
{
    civ_json_fault_t fault;
    civ_buffer_t quoted;

    civ_buffer_init(&quoted, 0, pool);
    civ_buffer_append_byte(&quoted, '"');
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x20 && *text != '"' && *text != '\\') {
            civ_buffer_append_byte(&quoted, *text);
        }
    }
    civ_buffer_append_byte(&quoted, '"');
    civ_json_scan(&fault, quoted.data, quoted.length);
    FUZZ_DEMAND(civ_query_is_utf8(quoted.data) == (fault.kind == CIV_JSON_FAULT_NONE));
}

static void append_encoded(civ_buffer_t *out, const char *text, apr_pool_t *pool)
{
    const char *encoded = civ_query_encode(text, pool);

    FUZZ_DEMAND(
        !encoded[strspn(encoded, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")]);
    civ_buffer_append_text(out, encoded);
}

static void check_pairs(const civ_query_t *query, apr_pool_t *pool)
{
    civ_problem_t problem = {0};
    civ_buffer_t text;
    civ_query_t again;
    int i;

    civ_buffer_init(&text, 0, pool);
    for (i = 0; i < query->count; i++) {
        FUZZ_DEMAND(civ_query_is_utf8(query->pairs[i].name) && civ_query_is_utf8(query->pairs[i].value));
        FUZZ_DEMAND(query->pairs[i].value[0] != '\0');
        FUZZ_DEMAND(civ_query_get(query, query->pairs[i].name) == query->pairs[i].value);
        append_encoded(&text, query->pairs[i].name, pool);
        civ_buffer_append_byte(&text, '=');
        append_encoded(&text, query->pairs[i].value, pool);
        civ_buffer_append_byte(&text, '&');
    }
    if (text.length > CIV_QUERY_SIZE) {
        return;
    }
    FUZZ_DEMAND(civ_query_parse(&again, text.data, &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(again.count == query->count);
    for (i = 0; i < query->count; i++) {
        FUZZ_DEMAND(strcmp(again.pairs[i].name, query->pairs[i].name) == 0);
        FUZZ_DEMAND(strcmp(again.pairs[i].value, query->pairs[i].value) == 0);
    }
}

void fuzz_query(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    civ_problem_t problem = {0};
    civ_query_t query;

    check_utf8(text, pool);
    if (civ_query_parse(&query, text, &problem, pool) == APR_SUCCESS) {
        FUZZ_DEMAND(query.count >= 0 && query.count <= CIV_QUERY_MAX && strlen(text) <= CIV_QUERY_SIZE);
        check_pairs(&query, pool);
    } else {
        FUZZ_DEMAND(problem.kind == CIV_PROBLEM_INVALID_PARAMETER && problem.detail &&
                    strlen(problem.detail) < 300);
        FUZZ_DEMAND(!problem.parameter || civ_query_is_utf8(problem.parameter));
    }
}
