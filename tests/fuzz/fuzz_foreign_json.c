/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_foreign_json.c
 * Answers of platforms: what is understood of them, after mending where that is needed, is I-JSON; and what becomes the data of an
 * item is in canonical form, within its bounds, and stays as it is when it is made once more.
 */
#include "fuzz/fuzz.h"

#include "base/canonical.h"
#include "sync/fields.h"
#include "sync/foreign_json.h"
#include "sync/item.h"

#include <string.h>

fuzz_target_fn fuzz_foreign_json;

static const civ_json_limits_t limits = {CIV_ITEM_DATA_MAX, 64, 100000, 4096};

static const char *make_data(const civ_json_t *json, const char *path, apr_pool_t *pool)
{
    const civ_data_field_t fields[] = {{"whole", path}, {NULL, NULL}};

    return civ_field_data(json, fields, pool);
}

void fuzz_foreign_json(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const civ_json_t *json;
    const civ_json_t *again;
    civ_problem_t problem;
    civ_buffer_t out;
    const char *text;

    if (civ_foreign_json_parse(&json, (const char *)data, size, &problem, pool) != APR_SUCCESS)
        return;
    civ_buffer_init(&out, 0, pool);
    FUZZ_DEMAND(civ_canonical_write(&out, json) == APR_SUCCESS);
    text = make_data(json, "", pool);
    FUZZ_DEMAND(strlen(text) <= CIV_ITEM_DATA_MAX);
    FUZZ_DEMAND(civ_json_parse(&again, text, strlen(text), &limits, &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(strcmp(make_data(again, "whole", pool), text) == 0);
    civ_field_time(json, "0/updated_at");
    civ_field_int(json, "id", 0);
}
