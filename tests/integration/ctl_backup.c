/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl_backup.c
 * civarcosctl backup and restore: taken while others write, served elsewhere, damaged, in the way of a ledger that is there.
 */
#include "integration/ctl_tool.h"
#include "integration/rewrite.h"
#include "integration/tampering.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME   "backup.test/ledger"
#define CONFIG "CivarcosLedgerName " NAME "\nCivarcosDifficulty 4\n"

static harness_t *start(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    return harness_start(&options);
}

static const char *in(const char *folder, const char *name)
{
    return apr_pstrcat(test_pool(), folder, "/", name, NULL);
}

/* The folder for a server of its own, whose ledger is not there yet. */
static const char *make_place(const harness_t *server, const char *name)
{
    const char *folder = scenario_file(server, name);

    CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0755), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
    return tool_folder(server, apr_pstrcat(test_pool(), name, "/ledger", NULL));
}

/* -- There and back
 * ----------------------------------------------------------------------------------------------------- */

static void serve_restored(const harness_t *server, const char *whole)
{
    harness_t *other = tool_serve(scenario_file(server, "elsewhere"), NAME);
    http_client_t *web;
    http_response_t *export;

    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    web = http_client(other->url, test_pool());
    CU_ASSERT(scenario_is_valid(web));
    export = http_get(web, "/api/blockchain/export");
    /* It ends earlier, and is the same up to there. */
    CU_ASSERT(export->length > 0 && export->length < strlen(whole));
    CU_ASSERT_EQUAL(memcmp(export->body, whole, export->length), 0);
    CU_ASSERT_EQUAL(tool_add(other, 1), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(other, NULL));
    CU_ASSERT_EQUAL(harness_stop(other), 0);
}

static void test_under_load(void)
{
    harness_t *server = start();
    scenario_load_t load = {.label = "backup", .threads = 4};
    const char *folder;
    const char *state;
    const char *said;
    http_client_t *web;
    int before;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    folder = tool_folder(server, "backups");
    load.url = server->url;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 100), 0);
    before = scenario_blocks(web);
    for (i = 0; i < 5; i++) {
        const char *backup = in(folder, apr_itoa(test_pool(), i));

        CU_ASSERT(tool_ends(0, &said, "backup", "--state", tool_state(server), backup, "--with-key", NULL));
        CU_ASSERT(strstr(said, "backup: ") == said);
        /* What was acknowledged before is in it, and the signed head is that of its last block. */
        CU_ASSERT(tool_ends(0, &said, "verify", "--backup", backup, "--height",
                            apr_itoa(test_pool(), before - 1), NULL));
        CU_ASSERT(strstr(said, "result: intact") != NULL);
    }
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 20), 0);
    scenario_load_stop(&load);
    CU_ASSERT(scenario_load_is_kept(&load, scenario_export(web)));
    scenario_load_free(&load);
    state = make_place(server, "elsewhere");
    CU_ASSERT(tool_ends(0, &said, "restore", in(folder, "4"), "--state", state, NULL));
    CU_ASSERT(strstr(said, "restored: ") != NULL);
    CU_ASSERT(!tool_exists(state, "incoming"));
    serve_restored(server, http_get(web, "/api/blockchain/export")->body);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_key_stays(void)
{
    harness_t *server = start();
    const char *folder;
    const char *state;
    const char *said;
    struct stat info;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    folder = tool_folder(server, "backups");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server), in(folder, "plain"), NULL));
    CU_ASSERT(!tool_exists(in(folder, "plain"), "ledger.pem"));
    CU_ASSERT(
        tool_ends(0, NULL, "backup", "--state", tool_state(server), in(folder, "full"), "--with-key", NULL));
    CU_ASSERT_EQUAL(stat(in(folder, "full/ledger.pem"), &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(stat(in(folder, "full"), &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0700);
    /* It takes the place of nothing. */
    CU_ASSERT(tool_ends(4, NULL, "backup", "--state", tool_state(server), in(folder, "full"), NULL));
    state = make_place(server, "elsewhere");
    CU_ASSERT(tool_ends(0, &said, "restore", in(folder, "plain"), "--state", state, NULL));
    CU_ASSERT(strstr(said, "private key is not in the backup") != NULL);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* The network's key as a folder has it, in hex; "" where there is none. */
static const char *network_key(const char *path)
{
    char *hex = apr_pcalloc(test_pool(), 2 * 32 + 1);
    FILE *file = fopen(path, "rb");
    int byte;
    int i;

    for (i = 0; file && i < 32 && (byte = fgetc(file)) != EOF; i++) {
        apr_snprintf(hex + (apr_size_t)i * 2, 3, "%02x", byte);
    }
    if (file) {
        fclose(file);
    }
    return hex;
}

static int write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    int failed = !file || fputs(text, file) < 0;

    return (file && fclose(file) != 0) || failed;
}

/* Without its key a network's members could not go on under their pseudonyms. */
static void test_network_key(void)
{
    harness_t *server = start();
    const char *folder;
    const char *mine;
    const char *state;
    const char *said;
    struct stat info;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    folder = tool_folder(server, "backups");
    mine = network_key(in(tool_state(server), "keys/pseudonym.key"));
    CU_ASSERT_EQUAL(strlen(mine), 64);
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server), in(folder, "plain"), NULL));
    CU_ASSERT(!tool_exists(in(folder, "plain"), "pseudonym.key"));
    CU_ASSERT(
        tool_ends(0, NULL, "backup", "--state", tool_state(server), in(folder, "full"), "--with-key", NULL));
    CU_ASSERT_EQUAL(stat(in(folder, "full/pseudonym.key"), &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
    CU_ASSERT(tool_ends(0, NULL, "verify", "--backup", in(folder, "full"), NULL));
    /* A new one must not be made where the old one only has to be put back. */
    state = make_place(server, "without");
    CU_ASSERT(tool_ends(0, &said, "restore", in(folder, "plain"), "--state", state, NULL));
    CU_ASSERT(strstr(said, "network's key is not in the backup") != NULL);
    CU_ASSERT(tool_exists(state, "pseudonym.id"));
    CU_ASSERT(!tool_exists(state, "keys/pseudonym.key"));
    state = make_place(server, "elsewhere");
    CU_ASSERT(tool_ends(0, &said, "restore", in(folder, "full"), "--state", state, NULL));
    CU_ASSERT_STRING_EQUAL(network_key(in(state, "keys/pseudonym.key")), mine);
    CU_ASSERT(tool_exists(state, "pseudonym.id"));
    /* The key that is there stays; that it is another one is said. */
    CU_ASSERT_EQUAL(unlink(in(state, "keys/pseudonym.key")), 0);
    CU_ASSERT_EQUAL(write_file(scenario_file(server, "other.key"), "0123456789abcdef0123456789abcdef"), 0);
    CU_ASSERT_EQUAL(tool_copy(server, scenario_file(server, "other.key"), in(state, "keys/pseudonym.key")),
                    0);
    CU_ASSERT(tool_ends(0, &said, "restore", in(folder, "full"), "--state", state, "--replace", NULL));
    CU_ASSERT(strstr(said, "is another one") != NULL);
    CU_ASSERT_STRING_NOT_EQUAL(network_key(in(state, "keys/pseudonym.key")), mine);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- What is not whole
 * -------------------------------------------------------------------------------------------------- */

static void expect_refused(const char *backup, const char *state, const char *words)
{
    const char *said;

    CU_ASSERT(tool_ends(1, &said, "verify", "--backup", backup, NULL));
    CU_ASSERT(tool_ends(1, &said, "restore", backup, "--state", state, NULL));
    if (!strstr(said, words)) {
        test_note("no \"%s\": %s", words, said);
        CU_FAIL("the reason is not named");
    }
    CU_ASSERT(!tool_exists(state, "civarcos.db") && !tool_exists(state, "signed-head"));
    CU_ASSERT(!tool_exists(state, "incoming"));
}

/* Change one byte of a file, and change it back. */
static void flip(const char *path, long offset)
{
    FILE *file = fopen(path, "r+");
    int byte;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, offset, SEEK_SET);
    byte = fgetc(file);
    fseek(file, offset, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void test_damaged(void)
{
    harness_t *server = start();
    const char *backup;
    const char *state;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_EQUAL(tool_add(server, 20), 0);
    backup = in(tool_folder(server, "backups"), "1");
    state = make_place(server, "elsewhere");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server), backup, NULL));
    flip(in(backup, "civarcos.db"), 9000);
    expect_refused(backup, state, "the file civarcos.db does not have the SHA-256 of the manifest");
    flip(in(backup, "civarcos.db"), 9000);
    flip(in(backup, "signed-head"), 100);
    expect_refused(backup, state, "the file signed-head does not have the SHA-256 of the manifest");
    flip(in(backup, "signed-head"), 100);
    CU_ASSERT_EQUAL(truncate(in(backup, "signed-head"), 2000), 0);
    expect_refused(backup, state, "the file signed-head has 2000 bytes");
    CU_ASSERT_EQUAL(unlink(in(backup, "manifest.json")), 0);
    expect_refused(backup, state, "has no manifest");
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* What a manifest must not be; above all it must not lead anywhere else. */
static void test_bad_manifests(void)
{
    static const char *const changes[][2] = {
        {"civarcos-backup/v1", "civarcos-backup/v2"},
        {"\"name\":\"signed-head\"", "\"name\":\"../ledger/signed-head\""},
        {"\"name\":\"signed-head\"", "\"name\":\"civarcos.db\""},
        {"\"name\":\"signed-head\"", "\"name\":\"ledger.pem\""},
        {"\"height\":", "\"height\":-"},
        {"\"height\":", "\"height\":1"},
        {"\"ledger_id\":\"", "\"ledger_id\":\"0"},
        {"\"public_key\":\"", "\"public_key\":\"A"},
        {"\"files\":[", "\"files\":["
                        "{\"name\":\"ledger.pem\",\"size\":1},"},
        {"{", "["},
        {NAME, "another.test/ledger"},
    };
    harness_t *server = start();
    const char *backup;
    const char *state;
    const char *whole;
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_EQUAL(tool_add(server, 1), 0);
    backup = in(tool_folder(server, "backups"), "1");
    state = make_place(server, "elsewhere");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server), backup, NULL));
    whole = test_read_file(in(backup, "manifest.json"), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const char *at = strstr(whole, changes[i][0]);
        const char *text;

        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        text = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), whole, (apr_size_t)(at - whole)),
                           changes[i][1], at + strlen(changes[i][0]), NULL);
        CU_ASSERT_EQUAL(scenario_write_file(in(backup, "manifest.json"), text, strlen(text)), 0);
        CU_ASSERT(tool_ends(1, NULL, "verify", "--backup", backup, NULL));
        CU_ASSERT(tool_ends(1, NULL, "restore", backup, "--state", state, NULL));
        CU_ASSERT(!tool_exists(state, "civarcos.db") && !tool_exists(state, "incoming"));
    }
    CU_ASSERT_EQUAL(scenario_write_file(in(backup, "manifest.json"), whole, strlen(whole)), 0);
    CU_ASSERT(tool_ends(0, NULL, "verify", "--backup", backup, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Somebody who can change the manifest as well cannot make another ledger pass for this one. */
static void test_exchanged(void)
{
    harness_t *server = start();
    harness_t *forger = start();
    const char *backup;
    const char *said;
    const char *id;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(forger);
    backup = in(tool_folder(forger, "backups"), "1");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(forger), backup, NULL));
    id = http_json_text(http_get(http_client(server->url, test_pool()), "/api/blockchain/info"),
                        "/blockchain/ledger_id");
    CU_ASSERT(tool_ends(1, NULL, "verify", "--backup", backup, "--ledger-id", id, NULL));
    CU_ASSERT(tool_ends(1, NULL, "verify", "--backup", backup, "--height", "1", NULL));
    CU_ASSERT(tool_ends(1, NULL, "verify", "--backup", backup, "--signed-head",
                        in(tool_state(server), "signed-head"), NULL));
    CU_ASSERT(tool_ends(0, NULL, "verify", "--backup", backup, "--height", "0", "--signed-head",
                        in(tool_state(forger), "signed-head"), NULL));
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    CU_ASSERT(tool_ends(4, &said, "restore", backup, "--state", tool_state(server), "--replace", NULL));
    CU_ASSERT(strstr(said, "--another-ledger") != NULL);
    CU_ASSERT_EQUAL(harness_resume(server), 0);
    CU_ASSERT(scenario_is_valid(http_client(server->url, test_pool())));
    CU_ASSERT_EQUAL(harness_stop(forger), 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* A ledger that was cut short gets no fresh certificate. */
static void test_rolled_back(void)
{
    harness_t *server = tampering_start();
    const char *folder;
    const char *said;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    folder = tool_folder(server, "backups");
    CU_ASSERT_EQUAL(rewrite_cut(tampering_database(server), TAMPERING_LAST), 0);
    CU_ASSERT(tool_ends(1, &said, "backup", "--state", tool_state(server), in(folder, "1"), NULL));
    CU_ASSERT(strstr(said, "fault: the signed head beside the database names block 9") != NULL);
    CU_ASSERT(!tool_exists(folder, "1"));
    CU_ASSERT(harness_log_is_clean(server, "?CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- In the way of another
 * --------------------------------------------------------------------------------------------- */

static void test_going_back(void)
{
    harness_t *server = start();
    http_client_t *web;
    const char *backup;
    const char *said;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    CU_ASSERT_EQUAL(tool_add(server, 5), 0);
    backup = in(tool_folder(server, "backups"), "1");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server), backup, NULL));
    /* The same ledger, as long: nothing is lost, but httpd has it open. */
    CU_ASSERT(tool_ends(4, &said, "restore", backup, "--state", tool_state(server), NULL));
    CU_ASSERT(strstr(said, "--replace") != NULL);
    CU_ASSERT(tool_ends(4, &said, "restore", backup, "--state", tool_state(server), "--replace", NULL));
    CU_ASSERT(strstr(said, "is in use: stop httpd first") != NULL);
    CU_ASSERT_EQUAL(tool_add(server, 3), 0);
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    CU_ASSERT(tool_ends(4, &said, "restore", backup, "--state", tool_state(server), "--replace", NULL));
    CU_ASSERT(strstr(said, "does not have block 8") != NULL && strstr(said, "--lose-blocks") != NULL);
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", tool_state(server), "--height", "8", NULL));
    /* The signed head is witness enough. */
    CU_ASSERT_EQUAL(unlink(in(tool_state(server), "civarcos.db")), 0);
    CU_ASSERT(tool_ends(4, &said, "restore", backup, "--state", tool_state(server), "--replace", NULL));
    CU_ASSERT(strstr(said, "does not have block 8") != NULL);
    CU_ASSERT(tool_ends(0, &said, "restore", backup, "--state", tool_state(server), "--replace",
                        "--lose-blocks", NULL));
    CU_ASSERT(strstr(said, "; what was there before is in ") != NULL);
    CU_ASSERT_EQUAL(harness_resume(server), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT_EQUAL(scenario_blocks(web), 6);
    CU_ASSERT_EQUAL(tool_add(server, 1), 0);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* The database alone, put back by hand beside the newer signed head: that is an alarm. */
static void test_by_hand(void)
{
    harness_t *server = start();
    http_client_t *web;
    const char *backup;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    backup = in(tool_folder(server, "backups"), "1");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server), backup, NULL));
    CU_ASSERT_EQUAL(tool_add(server, 2), 0);
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    CU_ASSERT_EQUAL(tool_copy(server, in(backup, "civarcos.db"), in(tool_state(server), "civarcos.db")), 0);
    CU_ASSERT(tool_ends(1, NULL, "verify", "--state", tool_state(server), NULL));
    CU_ASSERT_EQUAL(harness_resume(server), 0);
    CU_ASSERT(!scenario_is_healthy(web));
    CU_ASSERT(http_is_problem(scenario_add(web, 1), 503));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Broken off
 * --------------------------------------------------------------------------------------------------------- */

typedef struct temporary_t {
    const char *folder;
    const char *found; /* what a backup is called until it is whole */
} temporary_t;

static int is_at_work(void *baton)
{
    temporary_t *temporary = baton;
    DIR *folder = opendir(temporary->folder);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, "1.", 2) == 0) {
            temporary->found = in(temporary->folder, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return temporary->found != NULL || tool_exists(temporary->folder, "1");
}

/* Killed somewhere on its way: what has the name of the backup is one, and what has not is none. */
static void test_killed(void)
{
    harness_t *server = start();
    const char *state;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_EQUAL(tool_add(server, 200), 0);
    state = make_place(server, "elsewhere");
    for (i = 0; i < 10; i++) {
        temporary_t temporary = {tool_folder(server, apr_psprintf(test_pool(), "backups-%d", i)), NULL};
        pid_t pid =
            tool_start(-1, -1, "backup", "--state", tool_state(server), in(temporary.folder, "1"), NULL);

        CU_ASSERT_EQUAL(harness_wait(is_at_work, &temporary, 60), 0);
        kill(pid, i < 8 ? SIGKILL : SIGTERM);
        tool_wait(pid);
        if (tool_exists(temporary.folder, "1")) {
            CU_ASSERT(tool_ends(0, NULL, "verify", "--backup", in(temporary.folder, "1"), NULL));
        } else if (i < 8) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(temporary.found);
            CU_ASSERT(tool_ends(1, NULL, "restore", temporary.found, "--state", state, NULL) ||
                      tool_exists(temporary.found, "manifest.json"));
        } else {
            CU_ASSERT(!tool_exists(temporary.found, ""));
        }
    }
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", tool_state(server),
                        in(scenario_file(server, "backups-0"), "2"), NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

typedef struct restoring_t {
    const char *state;
    pid_t pid;
} restoring_t;

/* Or is done already. */
static int has_begun(void *baton)
{
    const restoring_t *restoring = baton;
    siginfo_t ended = {0};

    waitid(P_PID, (id_t)restoring->pid, &ended, WEXITED | WNOHANG | WNOWAIT);
    return tool_exists(restoring->state, "incoming") || ended.si_pid != 0;
}

/* Whenever it is killed, there is a whole ledger. */
static void test_restore_killed(void)
{
    harness_t *server = start();
    const char *backup;
    const char *state;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    state = tool_state(server);
    CU_ASSERT_EQUAL(tool_add(server, 100), 0);
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    backup = in(tool_folder(server, "backups"), "1");
    CU_ASSERT(tool_ends(0, NULL, "backup", "--state", state, backup, NULL));
    for (i = 0; i < 10; i++) {
        restoring_t restoring = {state,
                                 tool_start(-1, -1, "restore", backup, "--state", state, "--replace", NULL)};

        CU_ASSERT_EQUAL(harness_wait(has_begun, &restoring, 60), 0);
        kill(restoring.pid, SIGKILL);
        tool_wait(restoring.pid);
        CU_ASSERT(tool_ends(0, NULL, "verify", "--state", state, "--height", "100", NULL));
    }
    CU_ASSERT(tool_ends(0, NULL, "restore", backup, "--state", state, "--replace", NULL));
    CU_ASSERT(!tool_exists(state, "incoming"));
    CU_ASSERT_EQUAL(harness_resume(server), 0);
    CU_ASSERT(scenario_is_healthy(http_client(server->url, test_pool())));
    CU_ASSERT_EQUAL(tool_add(server, 1), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {
    {"under load", test_under_load},
    {"key stays", test_key_stays},
    {"network key", test_network_key},
    {"damaged", test_damaged},
    {"bad manifests", test_bad_manifests},
    {"exchanged", test_exchanged},
    {"rolled back", test_rolled_back},
    {"going back", test_going_back},
    {"by hand", test_by_hand},
    {"killed", test_killed},
    {"restore killed", test_restore_killed},
    {NULL, NULL},
};

extern const test_suite_t ctl_backup_suite;
const test_suite_t ctl_backup_suite = {"ctl_backup", NULL, NULL, cases};
