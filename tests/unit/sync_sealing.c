/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_sealing.c
 * The key of connectors' secrets is changed: beside those who use it, and by one who is killed at any moment.
 */
#include <apr_strings.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"
#include "sync/connectors.h"
#include "sync/fields.h"
#include "sync/sealing.h"
#include "unit/sync_fixture.h"
#include "unit/unit_trace.h"

static civ_problem_t problem;

/* Who goes on for long clears it: there are only so many places for secrets. */
static apr_pool_t *moment;

static apr_pool_t *pool_now(void)
{
    return moment != NULL ? moment : test_pool();
}

/* Two platforms, three secrets. */
static const char *const platforms[] = {"example", "other"};

static apr_status_t configure(const civ_engine_t *engine, const char *platform, const char *token)
{
    const char *text = apr_psprintf(pool_now(), "{\"api_token\":\"%s\",\"base_url\":\"https://h\"%s}", token,
                                    platform[0] == 'o' ? ",\"webhook_secret\":\"hOoK\"" : "");
    const civ_json_t *config;
    int repeated;
    apr_status_t status =
        civ_json_parse(&config, text, strlen(text), &civ_json_request_limits, &problem, pool_now());

    return status == APR_SUCCESS ? civ_connector_put(engine, platform, sync_connector.settings, config, NULL,
                                                     &repeated, &problem, pool_now())
                                 : status;
}

/* @return the token in clear; NULL: it cannot be opened */
static const char *token_of(const civ_engine_t *engine, const char *platform)
{
    const civ_json_t *config, *settings;

    return civ_connector_open(engine, platform, &config, &settings, &problem, pool_now()) == APR_SUCCESS
               ? civ_field_text(config, "api_token")
               : NULL;
}

static int can_be_opened(const civ_engine_t *engine)
{
    const civ_json_t *secret;
    const char *first = token_of(engine, "example"), *second = token_of(engine, "other");

    return first != NULL && second != NULL && strcmp(first, "tOkEn-1") == 0 &&
           strcmp(second, "tOkEn-2") == 0 &&
           civ_connector_secret(engine, "other", "webhook_secret", &secret, &problem, test_pool()) ==
               APR_SUCCESS &&
           secret != NULL && strcmp(secret->as.text.text, "hOoK") == 0;
}

static apr_status_t finish(const civ_engine_t *engine, civ_rotation_t *rotation)
{
    apr_pool_t *pool;
    apr_status_t status;
    int i;

    apr_pool_create(&pool, pool_now());
    status = civ_rotation_begin(engine, rotation, &problem, pool);
    for (i = 0; i < 1000 && status == APR_SUCCESS && !rotation->is_done; i++)
        status = civ_rotation_step(engine, rotation, &problem, pool);
    return status;
}

static civ_rotation_t rotate(const civ_engine_t *engine)
{
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL_FATAL(finish(engine, &rotation), APR_SUCCESS);
    CU_ASSERT_TRUE_FATAL(rotation.is_done);
    return rotation;
}

static civ_seal_key_t *keys_of(const civ_engine_t *engine)
{
    civ_seal_key_t *key;

    CU_ASSERT_EQUAL_FATAL(civ_seal_key_load(&key, engine->key_file, test_pool()), APR_SUCCESS);
    return key;
}

static civ_engine_t *configured_engine(const char *name)
{
    civ_engine_t *engine = sync_engine(name);

    CU_ASSERT_EQUAL_FATAL(configure(engine, platforms[0], "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(configure(engine, platforms[1], "tOkEn-2"), APR_SUCCESS);
    return engine;
}

/* How many secrets name a key. */
static int named(const char *name, const char *key_id)
{
    return (int)sync_int(name,
                         apr_pstrcat(test_pool(), "SELECT SUM((LENGTH(sealed) - LENGTH(REPLACE(sealed, '",
                                     key_id, "', ''))) / 16) FROM civ_sync_connectors", NULL));
}

/* --- one after the other --- */

static void test_all_are_sealed_anew(void)
{
    static const char rest[] = "SELECT group_concat(platform || settings || state || reason || since || "
                               "configured || synced) FROM civ_sync_connectors";
    civ_engine_t *engine = configured_engine("anew.db");
    const char *before = sync_text("anew.db", rest);
    const char *old = civ_seal_key_id(keys_of(engine));
    civ_rotation_t rotation = rotate(engine);
    apr_array_header_t *notes = sync_notes(engine);

    CU_ASSERT_TRUE(rotation.is_made);
    CU_ASSERT_EQUAL(rotation.secrets, 3);
    CU_ASSERT_EQUAL(rotation.sealed, 3);
    CU_ASSERT_EQUAL(rotation.keys, 1);
    CU_ASSERT_EQUAL(rotation.unopened->nelts, 0);
    CU_ASSERT_TRUE(can_be_opened(engine));
    CU_ASSERT_EQUAL(civ_seal_key_count(keys_of(engine)), 1);
    CU_ASSERT_STRING_EQUAL(civ_seal_key_id(keys_of(engine)), rotation.key_id);
    CU_ASSERT_STRING_NOT_EQUAL(rotation.key_id, old);
    CU_ASSERT_EQUAL(named("anew.db", old), 0);
    CU_ASSERT_EQUAL(named("anew.db", rotation.key_id), 3);
    /* Nothing else has changed, and what is stored now is on record. */
    CU_ASSERT_STRING_EQUAL(sync_text("anew.db", rest), before);
    CU_ASSERT_EQUAL_FATAL(notes->nelts, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(APR_ARRAY_IDX(notes, 3, const char *), "\"action\":\"resealed\""));
    /* What is configured from now on, and once more. */
    CU_ASSERT_EQUAL(configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("anew.db", rotation.key_id), 3);
    CU_ASSERT_STRING_NOT_EQUAL(rotate(engine).key_id, rotation.key_id);
    CU_ASSERT_TRUE(can_be_opened(engine));
}

/* Other hosts get the file before anything is sealed with the new key. */
static void test_prepared_key_waits(void)
{
    civ_engine_t *engine = sync_engine("prepared.db");
    const char *old = civ_seal_key_id(keys_of(engine));
    civ_rotation_t rotation;
    int i;

    for (i = 0; i < 2; i++) {
        memset(&rotation, 0, sizeof(rotation));
        CU_ASSERT_EQUAL(civ_rotation_begin(engine, &rotation, &problem, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(rotation.is_made, i == 0);
        CU_ASSERT_EQUAL(rotation.keys, 2);
    }
    CU_ASSERT_EQUAL(configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(configure(engine, "other", "tOkEn-2"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("prepared.db", old), 3);
    CU_ASSERT_EQUAL(civ_rotation_step(engine, &rotation, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_FALSE(rotation.is_done);
    CU_ASSERT_EQUAL(named("prepared.db", rotation.key_id), 3);
    /* The old key is there still, and is not used any more. */
    CU_ASSERT_EQUAL(civ_seal_key_count(keys_of(engine)), 2);
    CU_ASSERT_EQUAL(configure(engine, "example", "tOkEn-1"), APR_SUCCESS);
    CU_ASSERT_EQUAL(named("prepared.db", old), 0);
    CU_ASSERT_FALSE(rotate(engine).is_made);
    CU_ASSERT_TRUE(can_be_opened(engine));
}

/* A host that did not know better has sealed one with the old key. */
static void test_key_in_use_stays(void)
{
    civ_engine_t *engine = configured_engine("stays.db");
    const char *old = civ_seal_key_id(keys_of(engine));
    civ_rotation_t rotation;

    CU_ASSERT_EQUAL(database_do(unit_path("stays.db"), "UPDATE civ_sync_connectors SET settings = "
                                                       "replace(settings, 'https://h', 'https://x') WHERE "
                                                       "platform = 'other'"),
                    0);
    rotation = rotate(engine);
    CU_ASSERT_EQUAL(rotation.sealed, 1);
    CU_ASSERT_EQUAL_FATAL(rotation.unopened->nelts, 2);
    CU_ASSERT_STRING_EQUAL(APR_ARRAY_IDX(rotation.unopened, 0, const char *), "other: api_token");
    CU_ASSERT_EQUAL(civ_seal_key_count(keys_of(engine)), 2);
    CU_ASSERT_EQUAL(named("stays.db", old), 2);
    CU_ASSERT_STRING_EQUAL(token_of(engine, "example"), "tOkEn-1");
    CU_ASSERT_PTR_NULL(token_of(engine, "other"));
    /* Put back what was tampered with: nothing was lost. */
    CU_ASSERT_EQUAL(database_do(unit_path("stays.db"), "UPDATE civ_sync_connectors SET settings = "
                                                       "replace(settings, 'https://x', 'https://h')"),
                    0);
    CU_ASSERT_TRUE(can_be_opened(engine));
    CU_ASSERT_EQUAL(rotate(engine).keys, 1);
    CU_ASSERT_TRUE(can_be_opened(engine));
}

/* What cannot be read at all may name any key. */
static void test_unreadable_row_keeps_all(void)
{
    civ_engine_t *engine = configured_engine("row.db");
    civ_rotation_t rotation;

    CU_ASSERT_EQUAL(database_do(unit_path("row.db"),
                                "UPDATE civ_sync_connectors SET sealed = '{' WHERE platform = 'other'"),
                    0);
    rotation = rotate(engine);
    CU_ASSERT_EQUAL(rotation.sealed, 1);
    CU_ASSERT_EQUAL(rotation.unopened->nelts, 1);
    CU_ASSERT_EQUAL(rotation.keys, 2);
}

static void test_file_that_cannot_be_used(void)
{
    civ_engine_t *engine = configured_engine("file.db");
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    CU_ASSERT_EQUAL(chmod(engine->key_file, 0640), 0);
    CU_ASSERT_EQUAL(finish(engine, &rotation), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "nobody but its owner"));
    CU_ASSERT_NOT_EQUAL(configure(engine, "example", "x"), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(token_of(engine, "example"));
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "key file"));
    CU_ASSERT_EQUAL(chmod(engine->key_file, 0600), 0);
    CU_ASSERT_TRUE(can_be_opened(engine));
    CU_ASSERT_EQUAL(unit_write_file(engine->key_file, "nonsense\n", 0600), 0);
    CU_ASSERT_EQUAL(finish(engine, &rotation), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "no file of such keys"));
}

/* --- killed --- */

typedef struct victim_t {
    const char *name;
    civ_transactor_t inner;
    const civ_change_steps_t *steps;
    int mark;   /**< say so at each point; -1: do not */
    int points; /**< passed so far */
    int die_at; /**< at this one; 0: never */
} victim_t;

static void point(victim_t *victim)
{
    if (victim->mark >= 0 && write(victim->mark, ".", 1) != 1)
        _exit(99);
    if (++victim->points == victim->die_at)
        kill(getpid(), SIGKILL);
}

static apr_status_t apply_and_tell(void *baton, civ_change_t *change)
{
    victim_t *victim = baton;
    apr_status_t status;

    point(victim);
    status = victim->steps->apply(victim->steps->baton, change);
    point(victim);
    return status;
}

/* Around each transaction, and around what is done within it. */
static apr_status_t transact(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                             civ_problem_t *complaint, apr_pool_t *pool)
{
    victim_t *victim = baton;
    civ_change_steps_t own = *steps;
    apr_status_t status;

    victim->steps = steps;
    own.apply = apply_and_tell;
    own.baton = victim;
    point(victim);
    status = victim->inner.run(victim->inner.baton, &own, result, complaint, pool);
    point(victim);
    return status;
}

static int rotate_watched(victim_t *victim, int mark)
{
    civ_engine_t *engine = sync_engine(victim->name);
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    victim->inner = engine->transactor;
    victim->mark = mark;
    engine->transactor.run = transact;
    engine->transactor.baton = victim;
    return finish(engine, &rotation) == APR_SUCCESS && rotation.is_done ? 0 : 1;
}

static int rotate_traced(void *baton, int mark)
{
    return rotate_watched(baton, mark);
}

static int rotate_or_die(void *baton)
{
    return rotate_watched(baton, -1);
}

static int count_unfinished(void)
{
    DIR *folder = opendir(unit_folder());
    const struct dirent *entry;
    int count = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        count += strstr(entry->d_name, ".unfinished-") != NULL;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* In a process of its own, as all that use the database here. @return 0: all is well, before and after it is finished */
static int look_and_finish(void *baton)
{
    civ_engine_t *engine = sync_engine(baton);
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    if (!can_be_opened(engine))
        return 2;
    if (configure(engine, "example", "tOkEn-1") != APR_SUCCESS || !can_be_opened(engine))
        return 3;
    if (finish(engine, &rotation) != APR_SUCCESS || !rotation.is_done)
        return 4;
    if (!can_be_opened(engine))
        return 5;
    return civ_seal_key_count(keys_of(engine)) == 1 && count_unfinished() == 0 ? 0 : 6;
}

static int make_configured(void *baton)
{
    return can_be_opened(configured_engine(baton)) ? 0 : 1;
}

static void test_killed_around_transactions(void)
{
    static char name[] = "killed.db";
    int at, result = -1;

    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    for (at = 1; at < 100 && result != 0; at++) {
        victim_t victim = {.name = name, .die_at = at};

        result = unit_in_child(rotate_or_die, &victim);
        CU_ASSERT_FATAL(result == -1 || result == 0);
        CU_ASSERT_EQUAL_FATAL(unit_in_child(look_and_finish, name), 0);
    }
    /* Three transactions, each tried twice. */
    CU_ASSERT_EQUAL(at, 3 * 6 + 2);
}

static void test_killed_at_any_change(void)
{
    static char name[] = "traced.db";
    victim_t victim = {.name = name};
    const trace_t *trace;
    int at = 0;

    if (!unit_trace_possible())
        return;
    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    do {
        trace = unit_trace(rotate_traced, &victim, unit_folder(), at++, test_pool());
        CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
        CU_ASSERT_FATAL(trace->code == -1 || trace->code == 0);
        CU_ASSERT_EQUAL_FATAL(unit_in_child(look_and_finish, name), 0);
    } while (trace->code != 0 && at < 2000);
    CU_ASSERT_EQUAL(trace->code, 0);
    test_note("killed at %d moments", at - 1);
}

/* --- beside others --- */

#define USES 200

typedef struct user_t {
    const char *name, *platform;
} user_t;

/* What was configured last can be opened at any time. */
static int use(void *baton)
{
    const user_t *user = baton;
    civ_engine_t *engine = sync_engine(user->name);
    char token[32] = "";
    int i;

    apr_pool_create(&moment, test_pool());
    for (i = 0; i < (test_is_slow() ? USES / 10 : USES); i++) {
        const char *found;

        apr_pool_clear(moment);
        if (i % 8 == 0) {
            apr_snprintf(token, sizeof(token), "tOkEn-%d", i);
            if (configure(engine, user->platform, token) != APR_SUCCESS)
                return 2;
        }
        found = token_of(engine, user->platform);
        if (found == NULL || strcmp(found, token) != 0) {
            test_note("%s: %s, not %s: %s", user->platform, found, token, problem.detail);
            return 3;
        }
    }
    return 0;
}

/* Until it is told to end. */
static int rotate_often(void *baton)
{
    civ_engine_t *engine = sync_engine(baton);

    apr_pool_create(&moment, test_pool());
    do {
        civ_rotation_t rotation;

        apr_pool_clear(moment);
        memset(&rotation, 0, sizeof(rotation));
        if (finish(engine, &rotation) != APR_SUCCESS || !rotation.is_done)
            return 1;
    } while (access(unit_path("enough"), F_OK) != 0);
    return 0;
}

/* Two who rotate at the same time, too. */
static void test_beside_those_who_use_it(void)
{
    static char name[] = "beside.db";
    user_t users[2] = {{name, platforms[0]}, {name, platforms[1]}};
    int using[2], rotating[2], i;

    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    for (i = 0; i < 2; i++)
        using[i] = unit_child_start(use, &users[i]);
    for (i = 0; i < 2; i++)
        rotating[i] = unit_child_start(rotate_often, name);
    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(unit_child_wait(using[i]), 0);
    CU_ASSERT_EQUAL(unit_write_file(unit_path("enough"), "", 0600), 0);
    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(unit_child_wait(rotating[i]), 0);
    CU_ASSERT_EQUAL(count_unfinished(), 0);
}

/* Reads as fast as it can. */
static int open_often(void *baton)
{
    civ_engine_t *engine = sync_engine(baton);
    int i;

    apr_pool_create(&moment, test_pool());
    for (i = 0; access(unit_path("read-enough"), F_OK) != 0; i++) {
        apr_pool_clear(moment);
        if (token_of(engine, "example") == NULL) {
            test_note("%s", problem.detail);
            return 3;
        }
    }
    return i > 0 ? 0 : 4;
}

typedef struct stopper_t {
    const char *name;
    int reader;
} stopper_t;

static int stop_and_rotate(void *baton)
{
    const stopper_t *stopper = baton;
    civ_engine_t *engine = sync_engine(stopper->name);
    unsigned seed = (unsigned)apr_time_now();
    int i, code = 0;

    test_note("seed %u", seed);
    apr_pool_create(&moment, test_pool());
    for (i = 0; i < (test_is_slow() ? 5 : 150) && code == 0; i++) {
        civ_rotation_t rotation;

        apr_pool_clear(moment);
        apr_sleep(rand_r(&seed) % 1000);
        kill(stopper->reader, SIGSTOP);
        memset(&rotation, 0, sizeof(rotation));
        code = finish(engine, &rotation) == APR_SUCCESS && rotation.is_done ? 0 : 1;
        kill(stopper->reader, SIGCONT);
    }
    return code;
}

/* A whole rotation goes by between any two of a reader's steps: after it has read a secret, the key is gone. */
static void test_reader_that_is_overtaken(void)
{
    static char name[] = "overtaken.db";
    stopper_t stopper = {name, 0};

    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    stopper.reader = unit_child_start(open_often, name);
    CU_ASSERT_EQUAL(unit_in_child(stop_and_rotate, &stopper), 0);
    CU_ASSERT_EQUAL(unit_write_file(unit_path("read-enough"), "", 0600), 0);
    CU_ASSERT_EQUAL(unit_child_wait(stopper.reader), 0);
}

static const test_case_t cases[] = {
    {"all_are_sealed_anew", test_all_are_sealed_anew},
    {"prepared_key_waits", test_prepared_key_waits},
    {"key_in_use_stays", test_key_in_use_stays},
    {"unreadable_row_keeps_all", test_unreadable_row_keeps_all},
    {"file_that_cannot_be_used", test_file_that_cannot_be_used},
    {"killed_around_transactions", test_killed_around_transactions},
    {"killed_at_any_change", test_killed_at_any_change},
    {"beside_those_who_use_it", test_beside_those_who_use_it},
    {"reader_that_is_overtaken", test_reader_that_is_overtaken},
    {NULL, NULL},
};
const test_suite_t sync_sealing_suite = {"sealing", unit_folder_make, unit_folder_remove, cases};
