/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_json.c
 * Any bytes at all go to the JSON reader: it answers with a tree within the caps, or with a problem and its
 * place.
 */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "base/status.h"

#include <string.h>

fuzz_target_fn fuzz_json;

static const civ_json_limits_t limits = {65536, 16, 1000, 64};

/* Returns the number of values. No deeper than the cap, or FUZZ_DEMAND() fails. */
static apr_size_t check_value(const civ_json_t *value, unsigned depth)
{
    apr_size_t count = 1;
    apr_size_t i;

    switch (value->type) {
    case CIV_JSON_ARRAY:
        FUZZ_DEMAND(depth < limits.depth);
        for (i = 0; i < value->as.array.count; i++) {
            count += check_value(&value->as.array.items[i], depth + 1);
        }
        break;
    case CIV_JSON_OBJECT:
        FUZZ_DEMAND(depth < limits.depth);
        for (i = 0; i < value->as.object.count; i++) {
            const civ_json_member_t *member = &value->as.object.members[i];

            FUZZ_DEMAND(member->name_length <= limits.name_length &&
                        member->name[member->name_length] == '\0');
            FUZZ_DEMAND(memchr(member->name, '\0', member->name_length) ||
                        civ_json_get(value, member->name) == &member->value);
            count += check_value(&member->value, depth + 1);
        }
        break;
    case CIV_JSON_STRING:
    case CIV_JSON_NUMBER:
        FUZZ_DEMAND(value->as.text.text[value->as.text.length] == '\0');
        break;
    default:
        break;
    }
    return count;
}

static void check_problem(const civ_problem_t *problem)
{
    FUZZ_DEMAND(problem->kind == CIV_PROBLEM_MALFORMED_JSON || problem->kind == CIV_PROBLEM_NOT_I_JSON ||
                problem->kind == CIV_PROBLEM_LIMIT_EXCEEDED);
    FUZZ_DEMAND(problem->pointer && (problem->pointer[0] == '\0' || problem->pointer[0] == '/'));
    FUZZ_DEMAND(problem->detail && strlen(problem->detail) < 300);
}

void fuzz_json(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t problem = {0};

    if (civ_json_parse(&root, (const char *)data, size, &limits, &problem, pool) == APR_SUCCESS) {
        FUZZ_DEMAND(check_value(root, 0) <= limits.values);
    } else {
        FUZZ_DEMAND(root == NULL);
        check_problem(&problem);
    }
}
