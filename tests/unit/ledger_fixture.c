/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_fixture.c
 * Opening, closing, appending, and looking behind the ledger's back.
 */
#include "ledger_fixture.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const civ_json_limits_t limits = {1 << 20, 72, 100000, 1024};

/* --- the observer --- */

static void saw_block(void *baton, const civ_block_t *block, const char *json, apr_size_t length)
{
    fixture_t *fixture = baton;

    (void)block;
    apr_thread_mutex_lock(fixture->lock);
    fixture->sealed += json[0] == '{' && strlen(json) == length;
    apr_thread_mutex_unlock(fixture->lock);
}

static void saw_head(void *baton, const civ_ledger_head_t *head)
{
    fixture_t *fixture = baton;

    apr_thread_mutex_lock(fixture->lock);
    fixture->head_moves++;
    fixture->moved_to = *head;
    if (fixture->gate_closed) {
        fixture->gate_reached = 1;
        apr_thread_cond_broadcast(fixture->moved);
        while (fixture->gate_closed)
            apr_thread_cond_wait(fixture->moved, fixture->lock);
    }
    apr_thread_mutex_unlock(fixture->lock);
}

static void saw_integrity_lost(void *baton, const char *reason)
{
    fixture_t *fixture = baton;

    apr_thread_mutex_lock(fixture->lock);
    fixture->integrity_lost++;
    apr_cpystrn(fixture->reason, reason, sizeof(fixture->reason));
    apr_thread_mutex_unlock(fixture->lock);
}

static const char *tell_read_only(void *baton, apr_pool_t *pool)
{
    const fixture_t *fixture = baton;

    return fixture->read_only ? apr_pstrdup(pool, fixture->read_only) : NULL;
}

static int tell_interrupted(void *baton)
{
    fixture_t *fixture = baton;
    int answer;

    apr_thread_mutex_lock(fixture->lock);
    answer = fixture->interrupted;
    apr_thread_mutex_unlock(fixture->lock);
    return answer;
}

static void saw_batch(void *baton, int requests, int blocks, apr_interval_time_t took, apr_status_t status)
{
    fixture_t *fixture = baton;

    (void)blocks;
    (void)took;
    apr_thread_mutex_lock(fixture->lock);
    fixture->batches++;
    fixture->failed_batches += status != APR_SUCCESS;
    if (requests > fixture->largest_batch)
        fixture->largest_batch = requests;
    apr_thread_mutex_unlock(fixture->lock);
}

/* --- making --- */

static apr_status_t close_when_case_ends(void *baton)
{
    fixture_close(baton);
    return APR_SUCCESS;
}

static apr_status_t remove_folder(void *baton)
{
    const fixture_t *fixture = baton;
    apr_finfo_t info;
    apr_dir_t *folder;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    if (apr_dir_open(&folder, fixture->folder, pool) == APR_SUCCESS) {
        while (apr_dir_read(&info, APR_FINFO_NAME, folder) == APR_SUCCESS)
            if (info.name[0] != '.')
                unlink(apr_pstrcat(pool, fixture->folder, "/", info.name, NULL));
        apr_dir_close(folder);
    }
    rmdir(fixture->folder);
    apr_pool_destroy(pool);
    return APR_SUCCESS;
}

static civ_key_t *key_of(unsigned char seed)
{
    unsigned char bytes[32];
    civ_key_t *key = NULL;

    memset(bytes, seed, sizeof(bytes));
    CU_ASSERT_FATAL(civ_key_from_seed(&key, bytes, test_pool()) == APR_SUCCESS);
    return key;
}

const civ_key_t *fixture_other_key(void)
{
    return key_of(99);
}

static void fill_config(fixture_t *fixture)
{
    fixture->config = (civ_ledger_config_t){
        .name = "ledger.example.org/test",
        .head_file = fixture->head_file,
        .key = key_of(7),
        .difficulty = 4,
        .seal_count = 256,
        .seal_interval = 10 * APR_USEC_PER_SEC,
        .min_validators = 3,
        .queue_limit = 4096,
    };
    fixture->sets[0] = civ_store_statements;
    fixture->sets[1] = civ_ledger_statements;
    fixture->store_config =
        (civ_store_config_t){.driver = database_driver(),
                             .parameters = database_parameters(fixture->database, test_pool()),
                             .sets = fixture->sets,
                             .set_count = 2,
                             .pool_min = 1,
                             .pool_max = 8};
}

static fixture_t *make_on(const char *folder)
{
    apr_pool_t *pool = test_pool();
    fixture_t *fixture = apr_pcalloc(pool, sizeof(*fixture));

    fixture->folder = folder;
    fixture->database = apr_pstrcat(pool, folder, "/civarcos.db", NULL);
    fixture->head_file = apr_pstrcat(pool, folder, "/head", NULL);
    apr_thread_mutex_create(&fixture->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    apr_thread_cond_create(&fixture->moved, pool);
    fixture->observer = (civ_ledger_observer_t){
        fixture,        saw_block,        saw_head, saw_integrity_lost, saw_integrity_lost,
        tell_read_only, tell_interrupted, saw_batch};
    fill_config(fixture);
    apr_pool_cleanup_register(pool, fixture, close_when_case_ends, apr_pool_cleanup_null);
    return fixture;
}

fixture_t *fixture_make(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = apr_pstrcat(test_pool(), parent && *parent ? parent : "/tmp", "/civ-ledger-XXXXXX", NULL);
    fixture_t *fixture;

    CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
    fixture = make_on(folder);
    /* Clean-ups run in reverse: the folder goes when all that is registered later is closed. */
    apr_pool_cleanup_kill(test_pool(), fixture, close_when_case_ends);
    apr_pool_cleanup_register(test_pool(), fixture, remove_folder, apr_pool_cleanup_null);
    apr_pool_cleanup_register(test_pool(), fixture, close_when_case_ends, apr_pool_cleanup_null);
    return fixture;
}

fixture_t *fixture_make_beside(const fixture_t *other)
{
    return make_on(other->folder);
}

static apr_status_t bring_up_tables(fixture_t *fixture)
{
    civ_db_t *db;
    apr_status_t status = civ_db_open(&db, &fixture->store_config, NULL);

    if (status != APR_SUCCESS)
        return status;
    status = civ_schema_upgrade(db, &civ_store_schema, NULL, fixture->pool);
    if (status == APR_SUCCESS)
        status = civ_schema_upgrade(db, &civ_ledger_schema, NULL, fixture->pool);
    civ_db_close(db);
    return status;
}

apr_status_t fixture_open(fixture_t *fixture)
{
    apr_status_t status;

    apr_pool_create(&fixture->pool, NULL);
    status = bring_up_tables(fixture);
    if (status == APR_SUCCESS)
        status = civ_store_create(&fixture->store, &fixture->store_config, fixture->pool);
    fixture->config.store = fixture->store;
    fixture->config.observer = &fixture->observer;
    if (status == APR_SUCCESS)
        status = civ_ledger_open(&fixture->ledger, &fixture->config, fixture->pool);
    return status == APR_SUCCESS ? civ_ledger_start(fixture->ledger, &fixture->head, fixture->pool) : status;
}

void fixture_close(fixture_t *fixture)
{
    if (fixture->pool != NULL)
        apr_pool_destroy(fixture->pool);
    fixture->pool = NULL;
    fixture->store = NULL;
    fixture->ledger = NULL;
}

fixture_t *fixture_start(void)
{
    fixture_t *fixture = fixture_make();

    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    return fixture;
}

/* --- using --- */

civ_entry_t fixture_entry(const char *json)
{
    const civ_json_t *root;
    civ_problem_t problem = {0};
    civ_entry_t entry;

    CU_ASSERT_FATAL(civ_json_parse(&root, json, strlen(json), &limits, &problem, test_pool()) == APR_SUCCESS);
    CU_ASSERT_FATAL(civ_entry_make(&entry, root, "", 1, &problem, test_pool()) == APR_SUCCESS);
    return entry;
}

civ_append_result_t fixture_append_many(fixture_t *fixture, const char *const *json, apr_size_t count)
{
    civ_entry_t *entries = apr_palloc(test_pool(), count * sizeof(*entries));
    civ_append_result_t result = {0};
    civ_problem_t problem = {0};
    apr_status_t status;
    apr_size_t i;

    for (i = 0; i < count; i++)
        entries[i] = fixture_entry(json[i]);
    status = civ_ledger_append(fixture->ledger, entries, count, NULL, &result, &problem, test_pool());
    if (status != APR_SUCCESS)
        test_note("append: %d: %s", status, problem.detail ? problem.detail : "");
    CU_ASSERT_EQUAL(status, APR_SUCCESS);
    return result;
}

civ_append_result_t fixture_append(fixture_t *fixture, const char *json)
{
    return fixture_append_many(fixture, &json, 1);
}

civ_append_result_t fixture_pend(fixture_t *fixture, const char *json)
{
    civ_entry_t entry = fixture_entry(json);
    civ_append_result_t result = {0};
    civ_problem_t problem = {0};

    CU_ASSERT_EQUAL(civ_ledger_pend(fixture->ledger, &entry, 1, NULL, &result, &problem, test_pool()),
                    APR_SUCCESS);
    return result;
}

const civ_idempotency_t *fixture_idempotency(const char *key, const char *body)
{
    civ_idempotency_t *idempotency = apr_palloc(test_pool(), sizeof(*idempotency));

    civ_digest_sha256(&idempotency->key, key, strlen(key));
    civ_digest_sha256(&idempotency->request, body, strlen(body));
    return idempotency;
}

civ_ledger_head_t fixture_head(fixture_t *fixture)
{
    civ_ledger_head_t head = {0};

    CU_ASSERT_EQUAL(civ_ledger_read_head(fixture->ledger, &head, test_pool()), APR_SUCCESS);
    return head;
}

civ_block_t *fixture_block(fixture_t *fixture, apr_uint64_t height)
{
    civ_block_t *block = NULL;
    civ_problem_t problem = {0};

    if (civ_ledger_block(fixture->ledger, height, &block, &problem, test_pool()) != APR_SUCCESS)
        return NULL;
    return block;
}

const civ_block_t *fixture_known_block(fixture_t *fixture, apr_uint64_t height)
{
    const civ_block_t *block = fixture_block(fixture, height);

    CU_ASSERT_FATAL(block != NULL);
    return block;
}

/* --- behind its back --- */

void fixture_sql(const fixture_t *fixture, const char *format, ...)
{
    const char *sql;
    va_list arguments;

    va_start(arguments, format);
    sql = apr_pvsprintf(test_pool(), format, arguments);
    va_end(arguments);
    CU_ASSERT_EQUAL_FATAL(database_do(fixture->database, sql), 0);
}

const char *fixture_value(const fixture_t *fixture, const char *format, ...)
{
    database_t *raw = database_open(fixture->database);
    const char *sql, *value;
    va_list arguments;
    int failed;

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    va_start(arguments, format);
    sql = apr_pvsprintf(test_pool(), format, arguments);
    va_end(arguments);
    value = database_text(raw, sql, &failed, test_pool());
    database_close(raw);
    CU_ASSERT_FALSE(failed);
    return value;
}

/* --- validation --- */

static apr_status_t take_fault(void *baton, const civ_fault_t *fault)
{
    fixture_faults_t *faults = baton;
    apr_pool_t *pool = test_pool();

    if (faults->count < 64)
        faults->faults[faults->count] = (fixture_fault_t){fault->block_index, apr_pstrdup(pool, fault->text),
                                                          apr_pstrdup(pool, fault->stored_hash),
                                                          apr_pstrdup(pool, fault->calculated_hash)};
    faults->count++;
    return APR_SUCCESS;
}

fixture_faults_t *fixture_validate(fixture_t *fixture, apr_uint64_t first, apr_uint64_t last)
{
    fixture_faults_t *faults = apr_pcalloc(test_pool(), sizeof(*faults));

    faults->status = civ_ledger_validate(fixture->ledger, first, last, take_fault, NULL, faults,
                                         &faults->validation, &faults->problem, test_pool());
    return faults;
}

static void note_faults(const fixture_faults_t *faults)
{
    int i;

    test_note("validation: status %d, %d faults", faults->status, faults->count);
    for (i = 0; i < faults->count && i < 10; i++)
        test_note("block %" APR_UINT64_T_FMT ": %s", faults->faults[i].block, faults->faults[i].text);
}

int fixture_is_clean(fixture_t *fixture)
{
    fixture_faults_t *faults = fixture_validate(fixture, 0, APR_UINT64_MAX);
    int clean = faults->status == APR_SUCCESS && faults->count == 0;

    if (!clean)
        note_faults(faults);
    return clean;
}

int fixture_names(const fixture_faults_t *faults, apr_int64_t block, const char *words)
{
    int i;

    for (i = 0; faults->status == APR_SUCCESS && i < faults->count && i < 64; i++)
        if ((block < 0 || faults->faults[i].block == (apr_uint64_t)block) &&
            (words == NULL || strstr(faults->faults[i].text, words) != NULL))
            return 1;
    return 0;
}

int fixture_finds(fixture_t *fixture, apr_int64_t block, const char *words)
{
    fixture_faults_t *faults = fixture_validate(fixture, 0, APR_UINT64_MAX);
    int found = fixture_names(faults, block, words);

    if (!found) {
        test_note("wanted: block %" APR_INT64_T_FMT ": %s", block, words ? words : "any fault");
        note_faults(faults);
    }
    return found;
}
