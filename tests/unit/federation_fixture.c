/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "unit/federation_fixture.h"

#include "support/runner.h"

const civ_json_limits_t fixture_limits = {2097152, 64, 100000, 1024};

const civ_redactor_t *fixture_redactor;

static apr_pool_t *suite_pool;

int fixture_make_redactor(void)
{
    return apr_pool_create(&suite_pool, NULL) != APR_SUCCESS ||
           civ_redactor_create(&fixture_redactor, !test_is_slow(), suite_pool) != APR_SUCCESS;
}

int fixture_drop_redactor(void)
{
    apr_pool_destroy(suite_pool);
    return 0;
}
