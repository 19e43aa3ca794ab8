/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_worker_config.c
 * A worker's configuration: what is taken can be written, and is the same when it is read again.
 */
#include "fuzz/fuzz.h"

#include "node/worker_config.h"

#include <string.h>

fuzz_target_fn fuzz_worker_config;

void fuzz_worker_config(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_worker_config_t config;
    civ_problem_t problem = {0};
    civ_buffer_t first, second;

    if (civ_worker_config_read(&config, (const char *)data, size, &problem, pool) != APR_SUCCESS) {
        FUZZ_DEMAND(problem.detail != NULL);
        return;
    }
    FUZZ_DEMAND(config.nodes->nelts > 0);
    civ_buffer_init(&first, 0, pool);
    civ_buffer_init(&second, 0, pool);
    civ_worker_config_write(&first, &config);
    FUZZ_DEMAND(civ_worker_config_read(&config, first.data, first.length, &problem, pool) == APR_SUCCESS);
    civ_worker_config_write(&second, &config);
    FUZZ_DEMAND(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
}
