/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file privileges.c
 * What root's parent process does, and does not, in a folder that belongs to the server's account; and that a node which
 * cannot be opened takes nothing else down with it. Started by somebody else than root, the same holds trivially, and only
 * the second half is left to be shown.
 */
#include "integration/harness.h"
#include "integration/http.h"
#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char PRECIOUS[] = "root's own";

/** A file of root's, elsewhere, that links in the state folder will point to. */
static const char *make_precious(const harness_t *server)
{
    const char *path = scenario_file(server, "htdocs/precious");

    CU_ASSERT_EQUAL(scenario_write_file(path, PRECIOUS, strlen(PRECIOUS)), 0);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    return path;
}

static int is_untouched(const char *path)
{
    unsigned long length = 0;
    char *content = test_read_file(path, &length);
    struct stat info;

    return stat(path, &info) == 0 && info.st_uid == geteuid() && length == strlen(PRECIOUS) &&
           memcmp(content, PRECIOUS, length) == 0;
}

static void plant(const harness_t *server, const char *name, const char *target)
{
    const char *path = scenario_file(server, name);

    unlink(path);
    CU_ASSERT_EQUAL(symlink(target, path), 0);
}

/* The names that a start writes to, and those it makes on the way, all led to one file. */
static void links_are_not_followed(void)
{
    harness_t *server = harness_start(NULL);
    const char *precious;
    pid_t parent;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    precious = make_precious(server);
    parent = server->pid;
    plant(server, "ledger/signed-head", precious);
    for (i = 0; i < 200; i++)
        plant(server, apr_psprintf(test_pool(), "ledger/signed-head.%ld", (long)parent + i), precious);
    plant(server, "ledger/read-only", precious);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT(is_untouched(precious));
    CU_ASSERT_EQUAL(http_get(http_client(server->url, test_pool()), "/index.html")->status, 200);
    CU_ASSERT(harness_log_is_clean(server, "?CIV0201", "?CIV0204", "?CIV0212", "?CIV0252", "?CIV0253",
                                   "?CIV0314", "?CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* A key that others may read is refused; at a restart that is no reason to end the whole server. */
static void broken_node_stands_alone(void)
{
    harness_t *server = harness_start(NULL);
    http_client_t *web;
    const char *key;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    key = scenario_file(server, "ledger/keys/ledger.pem");
    CU_ASSERT_EQUAL(chmod(key, 0644), 0);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(http_get(web, "/index.html")->status, 200);
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/info"), 503));
    CU_ASSERT_EQUAL(chmod(key, 0600), 0);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/info")->status, 200);
    CU_ASSERT_EQUAL(scenario_add(web, 1)->status, 201);
    CU_ASSERT(harness_log_is_clean(server, "?CIV0310", "?CIV0313", "?CIV0326", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {
    {"links are not followed", links_are_not_followed},
    {"broken node stands alone", broken_node_stands_alone},
    {NULL, NULL},
};

extern const test_suite_t privileges_suite;
const test_suite_t privileges_suite = {"privileges", NULL, NULL, cases};
