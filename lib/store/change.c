/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file change.c
 * The plainest change.
 */
#include "store/change.h"

#include <string.h>

apr_status_t civ_change_run(const civ_transactor_t *transactor, civ_change_fn apply, void *baton,
                            civ_problem_t *problem, apr_pool_t *pool)
{
    civ_change_steps_t steps;
    civ_change_result_t result;

    memset(&steps, 0, sizeof(steps));
    memset(&result, 0, sizeof(result));
    steps.apply = apply;
    steps.baton = baton;
    return transactor->run(transactor->baton, &steps, &result, problem, pool);
}
