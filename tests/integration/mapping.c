/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mapping.c
 * Whether httpd's processes read SQLite's file through a mapping, as CivarcosDatabaseMap says.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define CHILDREN_MOST 64

static int has_mapping(pid_t pid)
{
    static const char name[] = "/civarcos.db\n";
    char line[1024];
    int found = 0;
    FILE *file = fopen(apr_psprintf(test_pool(), "/proc/%ld/maps", (long)pid), "r");

    while (file && !found && fgets(line, sizeof(line), file)) {
        apr_size_t length = strlen(line);

        found = length > strlen(name) && strcmp(line + length - strlen(name), name) == 0;
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/* How many of the children have one, after a restart has put all there is into the file, and somebody has read from it. */
static int mapping_children(const char *config)
{
    harness_options_t options = {NULL, config, NULL};
    harness_t *server = harness_start(&options);
    pid_t children[CHILDREN_MOST];
    http_client_t *web;
    int found = 0;
    int count;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add", "{\"evidence\":{\"type\":\"x\"}}")->status, 201);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/search?type=x"), "/count"), 1);
    count = harness_children(server, children, CHILDREN_MOST);
    CU_ASSERT(count > 0);
    for (i = 0; i < count; i++) {
        found += has_mapping(children[i]);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    return found;
}

static void as_configured(void)
{
    CU_ASSERT(mapping_children("CivarcosWorker off\n") > 0);
    CU_ASSERT_EQUAL(mapping_children("CivarcosWorker off\nCivarcosDatabaseMap 0\n"), 0);
}

static const test_case_t cases[] = {{"as_configured", as_configured}, {NULL, NULL}};
const test_suite_t mapping_suite = {"mapping", NULL, NULL, cases};
