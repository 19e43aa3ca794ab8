/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/harness_private.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_pools.h>
#include <apr_strings.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readable for the account that a root-started httpd changes to. */
static char *make_folder(apr_pool_t *pool)
{
    const char *parent = getenv("TMPDIR");
    char *path = apr_pstrcat(pool, parent && *parent ? parent : "/tmp", "/civarcos-test-XXXXXX", NULL);

    if (!mkdtemp(path) || chmod(path, 0755)) {
        test_note("cannot make %s: %s", path, strerror(errno));
        return NULL;
    }
    return path;
}

static void remove_folder(const char *path)
{
    const char *argv[] = {"rm", "-rf", path, NULL};

    if (getenv("CIVARCOS_KEEP")) {
        test_note("kept: %s", path);
    } else {
        harness_run(argv, NULL);
    }
}

int harness_make_report_folder(const harness_t *server)
{
    char *path = apr_pstrcat(test_pool(), server->state_dir, "/sanitizer", NULL);

    if ((mkdir(path, 0777) && errno != EEXIST) || chmod(path, 01777)) {
        return -1;
    }
    return 0;
}

int harness_write_httpd_conf(const harness_t *server, int port)
{
    const char *script = apr_pstrcat(test_pool(), test_source_dir(), "/conf/make-httpd-conf.sh", NULL);
    const char *argv[] = {"sh",        script,
                          "--build",   CIVARCOS_BUILD_DIR,
                          "--state",   server->state_dir,
                          "--port",    apr_itoa(test_pool(), port),
                          "--mpm",     server->internal->mpm,
                          "--include", server->internal->config_file,
                          NULL};
    const char *output = "";

    if (harness_run(argv, &output) != 0) {
        test_note("%s", output);
        return -1;
    }
    return 0;
}

static const char *wanted_mpm(const harness_options_t *options)
{
    const char *given = options && options->mpm ? options->mpm : getenv("CIVARCOS_MPM");

    return given && *given ? given : "event";
}

harness_t *harness_make(const harness_options_t *options)
{
    apr_pool_t *pool;
    harness_t *server;
    struct harness_private_t *internal;

    apr_pool_create(&pool, NULL);
    server = apr_pcalloc(pool, sizeof(*server));
    internal = server->internal = apr_pcalloc(pool, sizeof(*internal));
    internal->pool = pool;
    internal->mpm = apr_pstrdup(pool, wanted_mpm(options));
    internal->keeps_state = options && options->state_dir;
    server->state_dir = internal->keeps_state ? apr_pstrdup(pool, options->state_dir) : make_folder(pool);
    if (!server->state_dir) {
        apr_pool_destroy(pool);
        return NULL;
    }
    server->error_log = apr_pstrcat(pool, server->state_dir, "/logs/error_log", NULL);
    internal->config_file = apr_pstrcat(pool, server->state_dir, "/extra.conf", NULL);
    internal->console = apr_pstrcat(pool, server->state_dir, "/logs/console", NULL);
    internal->httpd_conf = apr_pstrcat(pool, server->state_dir, "/run/httpd.conf", NULL);
    harness_configure(server, options && options->config ? options->config : "");
    return server;
}

void harness_free(harness_t *server)
{
    if (!server->internal->keeps_state) {
        remove_folder(server->state_dir);
    }
    apr_pool_destroy(server->internal->pool);
}

/* The directive for the node with this state folder, given as configuration files write it. */
static const char *database_line(const harness_t *server, const char *folder)
{
    static const char variable[] = "${civ_state}";

    if (strncmp(folder, variable, sizeof(variable) - 1) == 0) {
        folder = apr_pstrcat(test_pool(), server->state_dir, folder + sizeof(variable) - 1, NULL);
    }
    return apr_psprintf(
        test_pool(), "CivarcosDatabase pgsql \"%s\"\n",
        database_parameters(apr_pstrcat(test_pool(), folder, "/civarcos.db", NULL), test_pool()));
}

/* Where tests run on PostgreSQL, and the configuration does not say anything of its own: a database for each node. */
static const char *with_databases(const harness_t *server, const char *config)
{
    static const char folder[] = "CivarcosStateDir ";
    const char *all = database_line(server, "${civ_state}/ledger");
    const char *place;

    while ((place = strstr(config, folder))) {
        const char *name = place + sizeof(folder) - 1 + (place[sizeof(folder) - 1] == '"');
        const char *line = database_line(server, apr_pstrmemdup(test_pool(), name, strcspn(name, "\"\n")));
        const char *end = place + strcspn(place, "\n");

        all = apr_pstrcat(test_pool(), all, apr_pstrmemdup(test_pool(), config, (apr_size_t)(end - config)),
                          "\n", line, NULL);
        config = end + (*end == '\n');
    }
    return apr_pstrcat(test_pool(), all, config, NULL);
}

static int write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    int failed;

    if (!file) {
        return -1;
    }
    failed = fputs(text, file) < 0;
    return fclose(file) || failed ? -1 : 0;
}

void harness_configure(harness_t *server, const char *config)
{
    /* Only for those who are about it: it is a process more, and writes to the database now and then. */
    if (!strstr(config, "CivarcosWorker ")) {
        config = apr_pstrcat(test_pool(), "CivarcosWorker off\n", config, NULL);
    }
    if (database_is_pgsql() && !strstr(config, "CivarcosDatabase ")) {
        config = with_databases(server, config);
    }
    /* There a client that stays keeps a thread, and with it the process that is to end, for as long. */
    if (strcmp(server->internal->mpm, "event") != 0) {
        config = apr_pstrcat(test_pool(), "KeepAliveTimeout 1\n", config, NULL);
    }
    if (write_file(server->internal->config_file, config)) {
        test_note("cannot write %s: %s", server->internal->config_file, strerror(errno));
    }
}

int harness_config_test(const char *config, const char **output)
{
    harness_options_t options = {NULL, config, NULL};
    harness_t *server = harness_make(&options);
    const char *argv[] = {"env",
                          "LD_PRELOAD=" CIVARCOS_PRELOAD,
                          "ASAN_OPTIONS=detect_leaks=0",
                          CIVARCOS_HTTPD,
                          "-t",
                          "-f",
                          NULL,
                          NULL};
    int code = -1;

    *output = "";
    if (!server) {
        return -1;
    }
    if (harness_write_httpd_conf(server, 9) == 0) {
        argv[6] = server->internal->httpd_conf;
        code = harness_run(argv, output);
    }
    harness_free(server);
    return code;
}
