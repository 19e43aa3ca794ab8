/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl_tool.c
 * civarcosctl as a process of its own.
 */
#include "integration/ctl_tool.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const *arguments(va_list list)
{
    apr_array_header_t *all = apr_array_make(test_pool(), 16, sizeof(const char *));
    const char *one;

    APR_ARRAY_PUSH(all, const char *) = CIVARCOS_BUILD_DIR "/ctl/civarcosctl";
    while ((one = va_arg(list, const char *)) != NULL) {
        APR_ARRAY_PUSH(all, const char *) = one;
    }
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

int tool_run(const char **output, ...)
{
    const char *const *argv;
    va_list list;

    va_start(list, output);
    argv = arguments(list);
    va_end(list);
    return harness_run(argv, output);
}

int tool_ends(int expected, const char **output, ...)
{
    const char *const *argv;
    const char *said = "";
    va_list list;
    int status;

    va_start(list, output);
    argv = arguments(list);
    va_end(list);
    status = harness_run(argv, &said);
    if (output) {
        *output = said;
    }
    if (status != expected) {
        test_note("civarcosctl %s ended with %d, not %d: %s", argv[1], status, expected, said);
    }
    return status == expected;
}

static void use(int descriptor, int as)
{
    if (descriptor < 0) {
        descriptor = open("/dev/null", O_RDWR);
    }
    dup2(descriptor, as);
}

pid_t tool_start_argv(int input, int output, const char *const *argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        use(input, STDIN_FILENO);
        use(output, STDOUT_FILENO);
        dup2(STDOUT_FILENO, STDERR_FILENO);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return pid;
}

pid_t tool_start(int input, int output, ...)
{
    const char *const *argv;
    va_list list;

    va_start(list, output);
    argv = arguments(list);
    va_end(list);
    return tool_start_argv(input, output, argv);
}

int tool_wait(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *tool_state(const harness_t *server)
{
    return scenario_file(server, "ledger");
}

static void give_to_account(const harness_t *server, const char *path)
{
    struct stat info;

    if (geteuid() == 0 && stat(tool_state(server), &info) == 0 &&
        chown(path, info.st_uid, info.st_gid) != 0) {
        test_note("cannot give %s away: %s", path, strerror(errno));
    }
}

const char *tool_folder(const harness_t *server, const char *name)
{
    const char *path = scenario_file(server, name);

    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    give_to_account(server, path);
    return path;
}

int tool_copy(const harness_t *server, const char *from, const char *to)
{
    unsigned long length = 0;
    char *data = test_read_file(from, &length);

    if (!data || scenario_write_file(to, data, length) != 0 || chmod(to, 0600) != 0) {
        return -1;
    }
    give_to_account(server, to);
    return 0;
}

int tool_exists(const char *folder, const char *name)
{
    struct stat info;

    return lstat(apr_pstrcat(test_pool(), folder, "/", name, NULL), &info) == 0;
}

const char *tool_save_export(const harness_t *server, const char *name)
{
    http_response_t *export = http_get(http_client(server->url, test_pool()), "/api/blockchain/export");
    const char *path = scenario_file(server, name);

    CU_ASSERT_EQUAL(export->status, 200);
    CU_ASSERT_EQUAL(scenario_write_file(path, export->body, export->length), 0);
    return path;
}

int tool_add(const harness_t *server, int count)
{
    http_client_t *web = http_client(server->url, test_pool());
    int i;
    int failed = 0;

    for (i = 0; i < count; i++) {
        failed += scenario_add(web, i)->status != 201;
    }
    return failed;
}

harness_t *tool_serve(const char *folder, const char *ledger_name)
{
    harness_options_t options = {
        NULL, apr_psprintf(test_pool(), "CivarcosLedgerName %s\nCivarcosDifficulty 4\n", ledger_name),
        folder};

    return harness_start(&options);
}
