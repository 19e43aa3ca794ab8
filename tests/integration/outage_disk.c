/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file outage_disk.c
 * A disk without room: nothing is stored and clients are told so, what is stored stays readable, and all goes on by itself
 * when there is room again.
 *
 * A small file system of its own is mounted where that is possible (root). Elsewhere, and everywhere with
 * CIVARCOS_NO_MOUNT=1, the processes are forbidden to write beyond a small size, which looks the same to SQLite.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK_SIZE "size=12m"
/* Enough for what SQLite makes when it opens a database, which has to go on. */
#define MOST_BYTES 65536

#define KEPT 4 /* blocks that are there before the outage */

typedef struct disk_t {
    char *folder; /* of the whole server */
    char *path;   /* of the small disk in it */
    int mounted;
    harness_t *server;
    http_client_t *web;
} disk_t;

/* -- The disk
 * ---------------------------------------------------------------------------------------------------------- */

static int may_mount(void)
{
    return getenv("CIVARCOS_NO_MOUNT") == NULL;
}

static int open_disk(disk_t *disk, const char *config, int may_mount)
{
    harness_options_t options = {NULL, NULL, NULL};
    int i;

    memset(disk, 0, sizeof(*disk));
    disk->folder = apr_pstrdup(test_pool(), "/tmp/civarcos-disk-XXXXXX");
    if (!mkdtemp(disk->folder) || chmod(disk->folder, 0755)) {
        return -1;
    }
    disk->path = apr_pstrcat(test_pool(), disk->folder, "/disk", NULL);
    if (mkdir(disk->path, 0755)) {
        return -1;
    }
    disk->mounted = may_mount && mount("tmpfs", disk->path, "tmpfs", 0, DISK_SIZE) == 0;
    if (may_mount && !disk->mounted) {
        test_note("no file system can be mounted (%s): the processes' files are limited instead",
                  strerror(errno));
    }
    options.state_dir = disk->folder;
    options.config = apr_pstrcat(test_pool(), "CivarcosStateDir \"", disk->path, "\"\n", config, NULL);
    disk->server = harness_start(&options);
    if (!disk->server) {
        return -1;
    }
    disk->web = http_client(disk->server->url, test_pool());
    for (i = 1; i <= KEPT; i++) {
        CU_ASSERT_EQUAL(scenario_add(disk->web, i)->status, 201);
    }
    return 0;
}

static void close_disk(disk_t *disk)
{
    const char *argv[] = {"rm", "-rf", disk->folder, NULL};

    CU_ASSERT_EQUAL(harness_stop(disk->server), 0);
    if (disk->mounted) {
        CU_ASSERT_EQUAL(umount(disk->path), 0);
    }
    harness_run(argv, NULL);
}

/* In a process of its own, which takes on the rights of the one that is limited: root may not do without. */
static int limit_one(pid_t pid, rlim_t size)
{
    struct rlimit limit;
    struct stat info;

    if (stat(apr_psprintf(test_pool(), "/proc/%ld", (long)pid), &info) != 0 ||
        (geteuid() == 0 && (setgid(info.st_gid) != 0 || setuid(info.st_uid) != 0)) ||
        prlimit(pid, RLIMIT_FSIZE, NULL, &limit) != 0) {
        return 1;
    }
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    return prlimit(pid, RLIMIT_FSIZE, &limit, NULL) != 0;
}

/* Forbid (or allow again) the children to make files longer than this. */
static void limit_files(const disk_t *disk, rlim_t size)
{
    pid_t children[64];
    int count = harness_children(disk->server, children, 64);
    int limited = 0;
    int i;

    for (i = 0; i < count; i++) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
            _exit(limit_one(children[i], size));
        }
        /* The one process that stays root (a daemon of httpd's own) writes no database. */
        limited += waitpid(pid, &status, 0) == pid && status == 0;
    }
    CU_ASSERT(limited > 0);
}

static const char *filler(const disk_t *disk)
{
    return apr_pstrcat(test_pool(), disk->path, "/filler", NULL);
}

/* Leave only so many bytes. */
static void fill(const disk_t *disk, long left)
{
    static const char zeros[4096];
    int file;

    if (!disk->mounted) {
        limit_files(disk, MOST_BYTES);
        return;
    }
    file = open(filler(disk), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    while (write(file, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros)) {
        continue;
    }
    if (left > 0) {
        CU_ASSERT_EQUAL(ftruncate(file, lseek(file, 0, SEEK_END) - left), 0);
    }
    close(file);
}

static void make_room(const disk_t *disk)
{
    if (!disk->mounted) {
        limit_files(disk, RLIM_INFINITY);
        return;
    }
    CU_ASSERT_EQUAL(unlink(filler(disk)), 0);
}

/* -- Cases
 * ------------------------------------------------------------------------------------------------------------- */

static int is_refused(const http_response_t *response)
{
    const char *retry = http_header(response, "Retry-After");

    return http_is_problem(response, 503) && retry && strtol(retry, NULL, 10) > 0 &&
           strcmp(http_json_text(response, "/type"), "urn:civarcos:problem:unavailable") == 0;
}

/* What fits into the files that SQLite has already may still be stored; each block that is acknowledged counts. The end is
 * reached when nothing was taken three times in a row. @return how many were acknowledged */
static int add_until_refused(disk_t *disk)
{
    int refused = 0;
    int added = 0;

    while (refused < 3 && added < 5000) {
        http_response_t *response = scenario_add(disk->web, 100 + added);

        if (response->status == 201) {
            refused = 0;
            added++;
        } else {
            CU_ASSERT(is_refused(response));
            refused++;
        }
        http_forget(disk->web);
    }
    CU_ASSERT_EQUAL(refused, 3);
    return added;
}

static void expect_reading(disk_t *disk, int blocks)
{
    scenario_chain_t *chain = scenario_export(disk->web);

    CU_ASSERT_EQUAL(chain->count, blocks);
    CU_ASSERT_EQUAL(chain->broken, 0);
    CU_ASSERT_EQUAL(scenario_blocks(disk->web), blocks);
    CU_ASSERT_EQUAL(http_get(disk->web, "/api/blockchain/block/2")->status, 200);
    CU_ASSERT_EQUAL(http_get(disk->web, "/api/blockchain/search?type=scenario")->status, 200);
    CU_ASSERT(scenario_is_valid(disk->web));
}

static int takes_more(void *baton)
{
    disk_t *disk = baton;
    int status =
        scenario_post(disk->web, "/api/blockchain/add", "after", "{\"evidence\":{\"after\":1}}")->status;

    http_forget(disk->web);
    return status == 201;
}

static void run_full(int with_mount)
{
    disk_t disk;
    int blocks;

    CU_ASSERT_EQUAL_FATAL(open_disk(&disk, "CivarcosMinFree 0\nCivarcosHotBlocks 2\n", with_mount), 0);
    fill(&disk, 0);
    blocks = 1 + KEPT + add_until_refused(&disk);
    expect_reading(&disk, blocks);
    CU_ASSERT(is_refused(scenario_add(disk.web, 1)));
    make_room(&disk);
    CU_ASSERT_EQUAL(harness_wait(takes_more, &disk, 15), 0);
    CU_ASSERT(scenario_is_healthy(disk.web));
    CU_ASSERT_EQUAL(scenario_add(disk.web, 2)->status, 201);
    expect_reading(&disk, blocks + 2);
    CU_ASSERT(
        harness_log_is_clean(disk.server, "CIV0102", "?CIV0103", "?CIV0212", "?CIV0210", "?AH00646", NULL));
    close_disk(&disk);
}

static void test_disk_full(void)
{
    run_full(may_mount());
}

/* What stands in for a full disk where none can be mounted is tried everywhere. */
static void test_files_limited(void)
{
    run_full(0);
}

/* The floor is reached long before the disk is full. */
static void test_least_free_space(void)
{
    disk_t disk;
    http_response_t *health;

    CU_ASSERT_EQUAL_FATAL(open_disk(&disk, "CivarcosMinFree 4M\n", may_mount()), 0);
    if (!disk.mounted) {
        test_note("skipped: needs a file system of its own");
    } else {
        fill(&disk, 3 * 1024 * 1024);
        CU_ASSERT(is_refused(scenario_add(disk.web, 1)));
        CU_ASSERT(is_refused(http_post(disk.web, "/api/blockchain/pending", "{\"evidence\":{}}")));
        health = http_get(disk.web, "/api/health");
        CU_ASSERT_EQUAL(health->status, 503);
        CU_ASSERT_STRING_NOT_EQUAL(http_json_text(health, "/database"), "ok");
        expect_reading(&disk, 1 + KEPT);
        make_room(&disk);
        /* At once: the space is looked at before each transaction. */
        CU_ASSERT_EQUAL(scenario_add(disk.web, 1)->status, 201);
        CU_ASSERT(scenario_is_healthy(disk.web));
        expect_reading(&disk, 2 + KEPT);
        CU_ASSERT(harness_log_is_clean(disk.server, "CIV0211", NULL));
    }
    close_disk(&disk);
}

/* Many at once, while room comes and goes: what is acknowledged stays. */
static void test_full_now_and_then(void)
{
    scenario_load_t load;
    disk_t disk;
    int i;

    CU_ASSERT_EQUAL_FATAL(open_disk(&disk, "CivarcosMinFree 4M\nCivarcosDifficulty 2\n", may_mount()), 0);
    if (!disk.mounted) {
        test_note("skipped: needs a file system of its own");
    } else {
        memset(&load, 0, sizeof(load));
        load.url = disk.server->url;
        load.label = "disk";
        load.threads = 8;
        scenario_load_start(&load);
        for (i = 0; i < 3; i++) {
            apr_uint32_t refused = load.refused;

            CU_ASSERT_EQUAL(scenario_load_wait(&load, 20), 0);
            fill(&disk, 1024 * 1024);
            while (load.refused == refused) {
                apr_sleep(1000);
            }
            make_room(&disk);
        }
        CU_ASSERT_EQUAL(scenario_load_wait(&load, 20), 0);
        scenario_load_stop(&load);
        CU_ASSERT(scenario_load_is_kept(&load, scenario_export(disk.web)));
        CU_ASSERT(scenario_is_valid(disk.web));
        scenario_load_free(&load);
        CU_ASSERT(harness_log_is_clean(disk.server, "CIV0211", NULL));
    }
    close_disk(&disk);
}

static const test_case_t cases[] = {{"disk_full", test_disk_full},
                                    {"files_limited", test_files_limited},
                                    {"least_free_space", test_least_free_space},
                                    {"full_now_and_then", test_full_now_and_then},
                                    {NULL, NULL}};

const test_suite_t outage_disk_suite = {"outage_disk", NULL, NULL, cases};
