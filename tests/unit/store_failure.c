/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_failure.c
 * Locks, constraints, full disks, missing rights, damaged and missing files: each is told apart, and nothing is
 * half stored.
 */
#include "support/runner.h"

#include "unit/store_fixture.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT "SELECT COUNT(*) FROM things"

static void another_writer(void)
{
    civ_db_t *db = store_open("busy.db");
    database_t *raw = store_raw("busy.db");
    apr_time_t began = apr_time_now();
    int unknown;

    CU_ASSERT_EQUAL(database_shut_out(raw), 0);
    CU_ASSERT_EQUAL(civ_db_begin(db), CIV_EBUSY);
    CU_ASSERT(apr_time_now() - began < apr_time_from_sec(20));
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    /* Readers are not held up. */
    CU_ASSERT_EQUAL(store_count(db), 0);
    CU_ASSERT_EQUAL(database_run(raw, "COMMIT"), 0);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    database_close(raw);
}

/* Somebody works on the file alone: even reading has to wait. The driver calls that an error like any other. */
static void another_owner(void)
{
    database_t *raw = store_raw("owner.db");
    civ_db_t *db;

    CU_ASSERT_EQUAL(
        database_run(raw, "PRAGMA locking_mode=EXCLUSIVE; CREATE TABLE things (id); BEGIN EXCLUSIVE"), 0);
    CU_ASSERT_EQUAL(civ_db_open(&db, store_config(unit_path("owner.db")), test_pool()), CIV_EBUSY);
    database_close(raw);
    CU_ASSERT_EQUAL(civ_db_open(&db, store_config(unit_path("owner.db")), test_pool()), APR_SUCCESS);
}

static void page_count_reached(void)
{
    civ_db_t *db = store_open("pages.db");
    char *large = apr_palloc(test_pool(), 200001);
    int unknown;

    memset(large, 'x', 200000);
    large[200000] = '\0';
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_FEW_PAGES), "16");
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "small", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 2, large, 1), CIV_EFULL);
    CU_ASSERT_EQUAL(store_insert(db, 3, "late", 1), CIV_EFULL);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_EFULL);
    CU_ASSERT_EQUAL(unknown, 0);
    CU_ASSERT_EQUAL(store_raw_int("pages.db", COUNT), 0);
    CU_ASSERT_EQUAL(store_insert(db, 2, large, 1), CIV_EFULL);
    CU_ASSERT_EQUAL(store_insert(db, 4, "small", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("pages.db", COUNT), 1);
}

/* In a child: no file may grow any more. Returns 0 when all was as promised. */
static int write_without_room(void *baton)
{
    const struct rlimit none = {8192, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    civ_store_config_t *config = baton;
    int i, unknown = 0;
    apr_status_t status;
    civ_db_t *db;

    signal(SIGXFSZ, SIG_IGN);
    if (civ_db_open(&db, config, test_pool()) != APR_SUCCESS || store_count(db) != 0)
        return 10;
    if (setrlimit(RLIMIT_FSIZE, &none) != 0 || civ_db_begin(db) != APR_SUCCESS)
        return 11;
    for (i = 0; i < 100; i++)
        if (store_insert(db, i, apr_psprintf(test_pool(), "%d %0200d", i, i), 1) != APR_SUCCESS)
            return 12;
    status = civ_db_commit(db, &unknown);
    if (status != CIV_EUNREACHABLE && status != CIV_EFULL)
        return 13;
    if (unknown != 1)
        return 14;
    if (civ_db_in_transaction(db))
        return 15;
    civ_db_close(db);
    if (setrlimit(RLIMIT_FSIZE, &all) != 0 || civ_db_open(&db, config, test_pool()) != APR_SUCCESS ||
        store_count(db) != 0 || store_insert(db, 1, "a", 1) != APR_SUCCESS)
        return 16;
    civ_db_close(db);
    return 0;
}

static void files_cannot_grow(void)
{
    civ_store_config_t *config = store_config(unit_path("room.db"));

    civ_db_close(store_open("room.db"));
    CU_ASSERT_EQUAL(unit_in_child(write_without_room, config), 0);
    CU_ASSERT_EQUAL(store_raw_int("room.db", COUNT), 1);
}

/* Write through the pool. Opening may find out already. */
static apr_status_t pool_insert(civ_store_t *store, apr_int64_t id)
{
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = store_insert(db, id, apr_psprintf(test_pool(), "%" APR_INT64_T_FMT, id), 0);
    civ_store_release(store, db);
    return status;
}

/* In a child that is not root: the rights go and come back, and one and the same pool lives on. A connection
 * opened before stays as good as it was, so it is held and another one has to be opened. It has written something:
 * to an empty write-ahead log, SQLite gives the rights that the database has when it is met. */
static int write_without_rights(void *baton)
{
    civ_store_config_t *config = baton;
    const char *folder = unit_path("rights");
    apr_pool_t *pool, *later;
    civ_store_t *store;
    civ_db_t *held;

    apr_pool_create(&pool, NULL);
    apr_pool_create(&later, NULL);
    if (unit_become_nobody() != 0 || civ_store_create(&store, config, pool) != APR_SUCCESS ||
        civ_store_acquire(store, &held) != APR_SUCCESS || store_insert(held, 9, "9", 1) != APR_SUCCESS)
        return 10;
    if (chmod(config->parameters, 0400) != 0)
        return 11;
    if (pool_insert(store, 1) != CIV_EREADONLY || pool_insert(store, 1) != CIV_EREADONLY)
        return 12;
    if (chmod(config->parameters, 0600) != 0 || pool_insert(store, 2) != APR_SUCCESS)
        return 13;
    civ_store_release(store, held);
    if (pool_insert(store, 3) != APR_SUCCESS || chmod(folder, 0) != 0)
        return 14;
    /* A pool that has to open finds no way, until it is there again. */
    if (civ_store_create(&store, config, later) != APR_SUCCESS || pool_insert(store, 4) != CIV_EUNREACHABLE)
        return 15;
    if (chmod(folder, 0700) != 0 || pool_insert(store, 5) != APR_SUCCESS)
        return 16;
    apr_pool_destroy(later);
    apr_pool_destroy(pool);
    return 0;
}

static void rights_go_and_come_back(void)
{
    const char *folder = unit_path("rights");
    const char *path = unit_path("rights/file.db");
    civ_store_config_t *config = store_config(path);
    int result;

    CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
    civ_db_close(store_open("rights/file.db"));
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chmod(unit_folder(), 0755), 0);
        CU_ASSERT_EQUAL(chown(folder, UNIT_NOBODY, UNIT_NOBODY), 0);
        CU_ASSERT_EQUAL(chown(path, UNIT_NOBODY, UNIT_NOBODY), 0);
    }
    result = unit_in_child(write_without_rights, config);
    CU_ASSERT_EQUAL(result, 0);
    if (result != 0)
        test_note("the child ended with %d", result);
    CU_ASSERT_EQUAL(store_raw_int("rights/file.db", COUNT), 4);
}

static void overwrite(const char *name, long offset, size_t length)
{
    FILE *file = fopen(unit_path(name), "r+");

    CU_ASSERT_FATAL(file != NULL);
    fseek(file, offset, SEEK_SET);
    while (length-- > 0)
        fputc('!', file);
    fclose(file);
}

static void header_is_damaged(void)
{
    civ_store_config_t *config = store_config(unit_path("header.db"));
    civ_store_t *store;
    civ_db_t *db;

    civ_db_close(store_open("header.db"));
    overwrite("header.db", 0, 100);
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_ECORRUPT);
    CU_ASSERT_EQUAL(civ_store_create(&store, config, test_pool()), APR_SUCCESS);
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_store_acquire(store, &db), CIV_ECORRUPT);
    CU_ASSERT(unit_log_has("CIV0102"));
}

/* The header is well, a table is not: found when it is read, and not believed. */
static void table_is_damaged(void)
{
    civ_db_t *db = store_open("table.db");
    apr_int64_t page = 4096;

    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    civ_db_close(db);
    page *= store_raw_int("table.db", "SELECT rootpage FROM sqlite_master WHERE name = 'things'") - 1;
    overwrite("table.db", (long)page, 4096);
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, store_config(unit_path("table.db")), test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 2, "b", 1), CIV_ECORRUPT);
}

static void folder_is_missing(void)
{
    civ_store_config_t *config = store_config(unit_path("later/file.db"));
    civ_store_t *store;
    civ_db_t *db;

    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0103"));
    /* Making the pool opens nothing, so the database may come later. */
    CU_ASSERT_EQUAL_FATAL(civ_store_create(&store, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_store_acquire(store, &db), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(mkdir(unit_path("later"), 0700), 0);
    CU_ASSERT_EQUAL_FATAL(civ_store_acquire(store, &db), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_JOURNAL), "wal");
    civ_store_release(store, db);
}

/* Beside a file that is not there SQLite would throw away the log that belongs to it. */
static void missing_file_is_not_made(void)
{
    civ_store_config_t *config = store_config(unit_path("must.db"));
    const char *path = unit_path("must.db"), *log = unit_path("must.db-wal");
    struct stat info;
    civ_db_t *db;

    config->must_exist = 1;
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0103"));
    CU_ASSERT(unit_log_has("none is made in its place"));
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    /* An empty one that was put there is what a new database begins with, but not where a log is left of an old one. */
    CU_ASSERT_EQUAL(unit_write_file(path, "", 0600), 0);
    CU_ASSERT_EQUAL(unit_write_file(log, "frames", 0600), 0);
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(stat(log, &info), 0);
    CU_ASSERT_EQUAL(info.st_size, 6);
    CU_ASSERT_EQUAL(unlink(log), 0);
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
}

/* What is written to a file that has no name any more is lost when the last process closes it. */
static void file_is_moved_away(void)
{
    civ_db_t *db = store_open("moved.db");
    const char *path = unit_path("moved.db"), *aside = unit_path("aside.db");
    int unknown;

    CU_ASSERT_EQUAL(rename(path, aside), 0);
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_begin(db), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0255"));
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(rename(aside, path), 0);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(rename(path, aside), 0);
    /* In the middle: it is committed, but where nobody finds it. */
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(unknown, 1);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(rename(aside, path), 0);
    CU_ASSERT_EQUAL(store_raw_int("moved.db", COUNT), 1);
}

/* Another file in its place is another database. */
static void file_is_replaced(void)
{
    civ_db_t *db = store_open("replaced.db");

    CU_ASSERT_EQUAL(unit_write_file(unit_path("other.db"), "", 0600), 0);
    CU_ASSERT_EQUAL(rename(unit_path("other.db"), unit_path("replaced.db")), 0);
    CU_ASSERT_EQUAL(civ_db_begin(db), CIV_EUNREACHABLE);
}

static const test_case_t cases[] = {
    {"another_writer", another_writer},
    {"another_owner", another_owner},
    {"page_count_reached", page_count_reached},
    {"files_cannot_grow", files_cannot_grow},
    {"rights_go_and_come_back", rights_go_and_come_back},
    {"header_is_damaged", header_is_damaged},
    {"table_is_damaged", table_is_damaged},
    {"folder_is_missing", folder_is_missing},
    {"missing_file_is_not_made", missing_file_is_not_made},
    {"file_is_moved_away", file_is_moved_away},
    {"file_is_replaced", file_is_replaced},
    {NULL, NULL},
};

const test_suite_t store_failure_suite = {"store_failure", unit_folder_make, unit_folder_remove, cases};
