/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_files.c
 * What a node has on disk: made with the right modes and owner, never replaced, refused by name.
 */
#include "support/runner.h"

#include "unit/node_fixture.h"
#include "unit/unit_trace.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Permission bits, or -1 when it is not there or not of that type. */
static int mode_of(const char *path, mode_t type)
{
    struct stat info;

    if (lstat(path, &info) != 0 || (info.st_mode & S_IFMT) != type)
        return -1;
    return (int)(info.st_mode & 07777);
}

static struct stat stat_of(const char *path)
{
    struct stat info;

    memset(&info, 0, sizeof(info));
    CU_ASSERT_EQUAL(lstat(path, &info), 0);
    return info;
}

static const char *in(const civ_node_config_t *config, const char *name)
{
    return apr_pstrcat(test_pool(), config->state_dir, "/", name, NULL);
}

/* Whatever the umask: one that takes nothing away, and the usual one. */
static void files_are_made(void)
{
    static const mode_t masks[] = {0, 022, 077};
    apr_size_t i;

    for (i = 0; i < 3; i++) {
        civ_node_config_t *config = node_configure(apr_psprintf(test_pool(), "new%d/deep/state", (int)i));
        const char *parent = unit_path(apr_psprintf(test_pool(), "new%d", (int)i));
        mode_t before = umask(masks[i]);

        node_prepare(config);
        umask(before);
        CU_ASSERT_EQUAL(mode_of(config->state_dir, S_IFDIR), 0700);
        CU_ASSERT_EQUAL(mode_of(in(config, "keys"), S_IFDIR), 0700);
        CU_ASSERT_EQUAL(mode_of(in(config, "keys/ledger.pem"), S_IFREG), 0600);
        CU_ASSERT_EQUAL(mode_of(in(config, "keys/pseudonym.key"), S_IFREG), 0600);
        CU_ASSERT_EQUAL(stat_of(in(config, "keys/pseudonym.key")).st_size, 32);
        CU_ASSERT_EQUAL(mode_of(in(config, "keys/secrets.key"), S_IFREG), 0600);
        CU_ASSERT_EQUAL(mode_of(in(config, "pseudonym.id"), S_IFREG), 0600);
        CU_ASSERT_EQUAL(mode_of(in(config, "civarcos.db"), S_IFREG), 0600);
        CU_ASSERT_EQUAL(stat_of(in(config, "civarcos.db")).st_size, 0);
        CU_ASSERT_EQUAL(mode_of(parent, S_IFDIR) & 022, 0);
    }
}

static void nothing_is_replaced(void)
{
    civ_node_config_t *config = node_configure("again");
    struct stat key, database;
    unsigned long length;
    const char *pem, *secrets;

    node_prepare(config);
    CU_ASSERT_EQUAL(unit_write_file(in(config, "civarcos.db"), "precious", 0640), 0);
    key = stat_of(in(config, "keys/ledger.pem"));
    database = stat_of(in(config, "civarcos.db"));
    pem = test_read_file(in(config, "keys/ledger.pem"), &length);
    secrets = test_read_file(in(config, "keys/secrets.key"), &length);
    CU_ASSERT_FATAL(pem != NULL && secrets != NULL);
    node_prepare(config);
    CU_ASSERT_EQUAL(stat_of(in(config, "keys/ledger.pem")).st_ino, key.st_ino);
    CU_ASSERT_EQUAL(stat_of(in(config, "civarcos.db")).st_ino, database.st_ino);
    CU_ASSERT_STRING_EQUAL(test_read_file(in(config, "keys/ledger.pem"), &length), pem);
    CU_ASSERT_STRING_EQUAL(test_read_file(in(config, "keys/secrets.key"), &length), secrets);
    CU_ASSERT_STRING_EQUAL(test_read_file(in(config, "civarcos.db"), &length), "precious");
    CU_ASSERT_EQUAL(mode_of(in(config, "civarcos.db"), S_IFREG), 0640);
}

static void databases_elsewhere(void)
{
    civ_node_config_t *config = node_configure("elsewhere");

    config->database_parameters = unit_path("other.db");
    node_prepare(config);
    CU_ASSERT_EQUAL(mode_of(unit_path("other.db"), S_IFREG), 0600);
    CU_ASSERT_EQUAL(mode_of(in(config, "civarcos.db"), S_IFREG), -1);
    config = node_configure("server");
    config->database_driver = "pgsql";
    config->database_parameters = unit_path("host=localhost");
    node_prepare(config);
    CU_ASSERT_EQUAL(mode_of(unit_path("host=localhost"), S_IFREG), -1);
}

/** Preparing fails with a sentence that names @a path. */
static void fails_by_name(const civ_node_config_t *config, const char *path)
{
    const char *error = NULL;

    CU_ASSERT_NOT_EQUAL(civ_node_prepare(config, geteuid(), getegid(), &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    if (strstr(error, apr_psprintf(test_pool(), "\"%s\": ", path)) == NULL) {
        CU_FAIL("the sentence does not name the path");
        test_note("%s", error);
    }
}

static void obstacles_are_named(void)
{
    civ_node_config_t *config = node_configure("file");

    CU_ASSERT_EQUAL(unit_write_file(config->state_dir, "", 0600), 0);
    fails_by_name(config, config->state_dir);
    config = node_configure("file/below");
    fails_by_name(config, config->state_dir);
    config = node_configure("keysfile");
    CU_ASSERT_EQUAL(mkdir(config->state_dir, 0700), 0);
    CU_ASSERT_EQUAL(unit_write_file(in(config, "keys"), "", 0600), 0);
    fails_by_name(config, in(config, "keys"));
    config = node_configure("dbfolder");
    node_prepare(config);
    CU_ASSERT_EQUAL(unlink(in(config, "civarcos.db")), 0);
    CU_ASSERT_EQUAL(mkdir(in(config, "civarcos.db"), 0700), 0);
    fails_by_name(config, in(config, "civarcos.db"));
}

/* A new key beside an old ledger would be no help: the old one has to come back. */
static void lost_key_is_not_replaced(void)
{
    civ_node_config_t *config = node_configure("lost");
    const char *path = in(config, "keys/ledger.pem"), *error = NULL;

    node_prepare(config);
    CU_ASSERT_EQUAL(unlink(path), 0);
    /* An empty file is no ledger yet. */
    node_prepare(config);
    CU_ASSERT_EQUAL(unit_write_file(in(config, "civarcos.db"), "a ledger", 0600), 0);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(civ_node_prepare(config, geteuid(), getegid(), &error, test_pool()), APR_ENOENT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, path));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, in(config, "civarcos.db")));
    CU_ASSERT_EQUAL(mode_of(path, S_IFREG), -1);
}

/* What is left of a database says that there was one: a new one would bury it. */
static void lost_database_is_not_replaced(void)
{
    static const char *const traces[] = {"signed-head", "civarcos.db-wal"};
    civ_node_config_t *config = node_configure("gone");
    const char *path = in(config, "civarcos.db");
    int i;

    for (i = 0; i < 2; i++) {
        node_prepare(config);
        CU_ASSERT_EQUAL(mode_of(path, S_IFREG), 0600);
        CU_ASSERT_EQUAL(unlink(path), 0);
        CU_ASSERT_EQUAL(unit_write_file(in(config, traces[i]), "trace", 0600), 0);
        node_prepare(config);
        CU_ASSERT_EQUAL(mode_of(path, S_IFREG), -1);
        CU_ASSERT_EQUAL(unlink(in(config, traces[i])), 0);
    }
}

static int prepare_watched(void *baton, int mark)
{
    const char *error = NULL;

    (void)mark;
    return civ_node_prepare(baton, geteuid(), getegid(), &error, test_pool()) == APR_SUCCESS ? 0 : 1;
}

static int is_synced(const trace_t *trace, const char *path)
{
    int i;

    for (i = 0; i < trace->steps->nelts; i++) {
        const trace_step_t *step = &APR_ARRAY_IDX(trace->steps, i, trace_step_t);

        if (step->kind == TRACE_SYNC && strcmp(step->path, path) == 0)
            return 1;
    }
    return 0;
}

/* A power cut after the first block does not take the folder of it all, nor the key. */
static void new_names_are_synced(void)
{
    civ_node_config_t *config = node_configure("synced");
    const trace_t *trace;

    if (!unit_trace_possible())
        return;
    trace = unit_trace(prepare_watched, config, unit_folder(), -1, test_pool());
    CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
    CU_ASSERT_EQUAL(trace->code, 0);
    CU_ASSERT(is_synced(trace, unit_folder()));
    CU_ASSERT(is_synced(trace, config->state_dir));
    CU_ASSERT(is_synced(trace, in(config, "keys")));
}

/* In a child that is not root. */
static int prepare_without_rights(void *baton)
{
    const civ_node_config_t *config = baton;
    const char *error = NULL;
    apr_status_t status;

    if (unit_become_nobody() != 0)
        return 10;
    status = civ_node_prepare(config, geteuid(), getegid(), &error, test_pool());
    if (!APR_STATUS_IS_EACCES(status) || error == NULL)
        return 11;
    return strstr(error, config->state_dir) != NULL ? 0 : 12;
}

static void missing_rights_are_named(void)
{
    civ_node_config_t *config = node_configure("locked/state");

    CU_ASSERT_EQUAL(chmod(unit_folder(), 0755), 0);
    CU_ASSERT_EQUAL(mkdir(unit_path("locked"), 0555), 0);
    CU_ASSERT_EQUAL(unit_in_child(prepare_without_rights, config), 0);
    CU_ASSERT_EQUAL(mode_of(config->state_dir, S_IFDIR), -1);
    /* The same in a folder of the state folder. */
    config = node_configure("half");
    CU_ASSERT_EQUAL(mkdir(config->state_dir, 0755), 0);
    CU_ASSERT_EQUAL(mkdir(in(config, "keys"), 0555), 0);
    CU_ASSERT_EQUAL(unit_in_child(prepare_without_rights, config), 0);
}

static void root_gives_away(void)
{
    static const char *const names[] = {
        ".",          "keys", "keys/ledger.pem", "keys/pseudonym.key", "keys/secrets.key", "pseudonym.id",
        "civarcos.db"};
    civ_node_config_t *config = node_configure("given");
    const char *error = NULL;
    apr_size_t i;

    if (geteuid() != 0) {
        test_note("skipped: needs root");
        return;
    }
    CU_ASSERT_EQUAL(civ_node_prepare(config, UNIT_NOBODY, UNIT_NOBODY - 1, &error, test_pool()), APR_SUCCESS);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CU_ASSERT_EQUAL(stat_of(in(config, names[i])).st_uid, UNIT_NOBODY);
        CU_ASSERT_EQUAL(stat_of(in(config, names[i])).st_gid, UNIT_NOBODY - 1);
    }
    /* What is somebody else's stays so. */
    CU_ASSERT_EQUAL(chown(in(config, "keys/ledger.pem"), 12345, 12345), 0);
    CU_ASSERT_EQUAL(civ_node_prepare(config, UNIT_NOBODY, UNIT_NOBODY, &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(stat_of(in(config, "keys/ledger.pem")).st_uid, 12345);
    CU_ASSERT_EQUAL(stat_of(in(config, "civarcos.db")).st_gid, UNIT_NOBODY - 1);
}

/* Root gives away neither a link nor what it points to. */
static void links_are_not_followed(void)
{
    civ_node_config_t *config = node_configure("linked");
    const char *target = unit_path("roots-own"), *error = NULL;

    if (geteuid() != 0) {
        test_note("skipped: needs root");
        return;
    }
    CU_ASSERT_EQUAL(unit_write_file(target, "", 0600), 0);
    CU_ASSERT_EQUAL(mkdir(config->state_dir, 0700), 0);
    CU_ASSERT_EQUAL(symlink(target, in(config, "civarcos.db")), 0);
    CU_ASSERT_EQUAL(civ_node_prepare(config, UNIT_NOBODY, UNIT_NOBODY, &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(stat_of(target).st_uid, 0);
    CU_ASSERT_EQUAL(stat_of(in(config, "civarcos.db")).st_uid, 0);
    CU_ASSERT_EQUAL(stat_of(in(config, "keys")).st_uid, UNIT_NOBODY);
}

/** Opening fails with a sentence that contains all of @a words. */
static void open_fails(const civ_node_config_t *config, const char *first, const char *second)
{
    const civ_node_context_t context = {.log = &unit_log};
    const char *error = NULL;
    civ_node_t *node = NULL;

    CU_ASSERT_NOT_EQUAL(civ_node_open(&node, config, &context, &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, first));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, second));
}

static void keys_are_examined(void)
{
    civ_node_config_t *config = node_configure("badkeys");
    const char *path = in(config, "keys/ledger.pem");

    node_prepare(config);
    CU_ASSERT_PTR_NOT_NULL(node_open(config, NULL));
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    open_fails(config, path, "mode 0600");
    CU_ASSERT_EQUAL(chmod(path, 0620), 0);
    open_fails(config, path, "mode 0600");
    CU_ASSERT_EQUAL(unit_write_file(path, "garbage", 0600), 0);
    open_fails(config, path, "is not an Ed25519 private key");
    CU_ASSERT_EQUAL(unit_write_file(path, "", 0600), 0);
    open_fails(config, path, "is not an Ed25519 private key");
    CU_ASSERT_EQUAL(unlink(path), 0);
    open_fails(config, path, "cannot be read");
}

static void drivers_are_examined(void)
{
    civ_node_config_t *config = node_configure("driver");

    node_prepare(config);
    config->database_driver = "oracle";
    open_fails(config, "\"oracle\"", "cannot be used");
}

static const test_case_t cases[] = {
    {"files_are_made", files_are_made},
    {"nothing_is_replaced", nothing_is_replaced},
    {"databases_elsewhere", databases_elsewhere},
    {"obstacles_are_named", obstacles_are_named},
    {"new_names_are_synced", new_names_are_synced},
    {"lost_key_is_not_replaced", lost_key_is_not_replaced},
    {"lost_database_is_not_replaced", lost_database_is_not_replaced},
    {"missing_rights_are_named", missing_rights_are_named},
    {"root_gives_away", root_gives_away},
    {"links_are_not_followed", links_are_not_followed},
    {"keys_are_examined", keys_are_examined},
    {"drivers_are_examined", drivers_are_examined},
    {NULL, NULL},
};

const test_suite_t node_files_suite = {"node_files", unit_folder_make, unit_folder_remove, cases};
