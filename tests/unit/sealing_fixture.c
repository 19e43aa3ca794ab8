/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sealing_fixture.c
 * Connectors with secrets, and a key that is changed.
 */
#include "unit/sealing_fixture.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "sync/connectors.h"
#include "sync/fields.h"

civ_problem_t sealing_problem;

apr_pool_t *sealing_moment;

static apr_pool_t *pool_now(void)
{
    return sealing_moment != NULL ? sealing_moment : test_pool();
}

const char *const sealing_platforms[2] = {"example", "other"};

apr_status_t sealing_configure(const civ_engine_t *engine, const char *platform, const char *token)
{
    const char *text = apr_psprintf(pool_now(), "{\"api_token\":\"%s\",\"base_url\":\"https://h\"%s}", token,
                                    platform[0] == 'o' ? ",\"webhook_secret\":\"hOoK\"" : "");
    const civ_json_t *config;
    int repeated;
    apr_status_t status =
        civ_json_parse(&config, text, strlen(text), &civ_json_request_limits, &sealing_problem, pool_now());

    return status == APR_SUCCESS ? civ_connector_put(engine, platform, sync_connector.settings, config, NULL,
                                                     &repeated, &sealing_problem, pool_now())
                                 : status;
}

const char *sealing_token(const civ_engine_t *engine, const char *platform)
{
    const civ_json_t *config, *settings;

    return civ_connector_open(engine, platform, &config, &settings, &sealing_problem, pool_now()) ==
                   APR_SUCCESS
               ? civ_field_text(config, "api_token")
               : NULL;
}

int sealing_is_well(const civ_engine_t *engine)
{
    const civ_json_t *secret;
    const char *first = sealing_token(engine, "example"), *second = sealing_token(engine, "other");

    return first != NULL && second != NULL && strcmp(first, "tOkEn-1") == 0 &&
           strcmp(second, "tOkEn-2") == 0 &&
           civ_connector_secret(engine, "other", "webhook_secret", &secret, &sealing_problem, test_pool()) ==
               APR_SUCCESS &&
           secret != NULL && strcmp(secret->as.text.text, "hOoK") == 0;
}

apr_status_t sealing_finish(const civ_engine_t *engine, civ_rotation_t *rotation)
{
    apr_pool_t *pool;
    apr_status_t status;
    int i;

    apr_pool_create(&pool, pool_now());
    status = civ_rotation_begin(engine, rotation, &sealing_problem, pool);
    for (i = 0; i < 1000 && status == APR_SUCCESS && !rotation->is_done; i++)
        status = civ_rotation_step(engine, rotation, &sealing_problem, pool);
    return status;
}

civ_rotation_t sealing_rotate(const civ_engine_t *engine)
{
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL_FATAL(sealing_finish(engine, &rotation), APR_SUCCESS);
    CU_ASSERT_TRUE_FATAL(rotation.is_done);
    return rotation;
}

civ_seal_key_t *sealing_keys(const civ_engine_t *engine)
{
    civ_seal_key_t *key;

    CU_ASSERT_EQUAL_FATAL(civ_seal_key_load(&key, engine->key_file, test_pool()), APR_SUCCESS);
    return key;
}

civ_engine_t *sealing_engine(const char *name)
{
    civ_engine_t *engine = sync_engine(name);

    CU_ASSERT_EQUAL_FATAL(sealing_configure(engine, sealing_platforms[0], "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(sealing_configure(engine, sealing_platforms[1], "tOkEn-2"), APR_SUCCESS);
    return engine;
}
