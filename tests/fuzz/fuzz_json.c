/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_json.c
 * Any bytes at all go to the JSON reader: it answers with a tree within the caps, or with a problem and its
 * place.
 */
#include "base/json.h"
#include "base/status.h"

#include <apr_general.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const civ_json_limits_t limits = {65536, 16, 1000, 64};

static void demand(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Returns the number of values. No deeper than the cap, or demand() fails. */
static apr_size_t check_value(const civ_json_t *value, unsigned depth)
{
    apr_size_t count = 1;
    apr_size_t i;

    switch (value->type) {
    case CIV_JSON_ARRAY:
        demand(depth < limits.depth);
        for (i = 0; i < value->as.array.count; i++) {
            count += check_value(&value->as.array.items[i], depth + 1);
        }
        break;
    case CIV_JSON_OBJECT:
        demand(depth < limits.depth);
        for (i = 0; i < value->as.object.count; i++) {
            const civ_json_member_t *member = &value->as.object.members[i];

            demand(member->name_length <= limits.name_length && member->name[member->name_length] == '\0');
            demand(memchr(member->name, '\0', member->name_length) ||
                   civ_json_get(value, member->name) == &member->value);
            count += check_value(&member->value, depth + 1);
        }
        break;
    case CIV_JSON_STRING:
    case CIV_JSON_NUMBER:
        demand(value->as.text.text[value->as.text.length] == '\0');
        break;
    default:
        break;
    }
    return count;
}

static void check_problem(const civ_problem_t *problem)
{
    demand(problem->kind == CIV_PROBLEM_MALFORMED_JSON || problem->kind == CIV_PROBLEM_NOT_I_JSON ||
           problem->kind == CIV_PROBLEM_LIMIT_EXCEEDED);
    demand(problem->pointer && (problem->pointer[0] == '\0' || problem->pointer[0] == '/'));
    demand(problem->detail && strlen(problem->detail) < 300);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_started;
    const civ_json_t *root;
    civ_problem_t problem = {0};
    apr_pool_t *pool;

    if (!is_started) {
        is_started = apr_initialize() == APR_SUCCESS;
    }
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 0;
    }
    if (civ_json_parse(&root, (const char *)data, size, &limits, &problem, pool) == APR_SUCCESS) {
        demand(check_value(root, 0) <= limits.values);
    } else {
        demand(root == NULL);
        check_problem(&problem);
    }
    apr_pool_destroy(pool);
    return 0;
}
