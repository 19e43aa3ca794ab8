/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/harness_private.h"

#include "support/runner.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_SECONDS 60.0 /* httpd with sanitizers on a busy machine */
#define STOP_SECONDS  30.0
#define OLD_SECONDS   10.0
#define PORT_ATTEMPTS 5
#define RUNNING_TEXT  "resuming normal operations"

/* -- Small helpers
 * ------------------------------------------------------------------------------------------------ */

static double now_seconds(void)
{
    return (double)apr_time_now() / APR_USEC_PER_SEC;
}

int harness_wait(int (*condition)(void *baton), void *baton, double seconds)
{
    double deadline = now_seconds() + seconds;

    while (!condition(baton)) {
        if (now_seconds() > deadline) {
            return 1;
        }
        apr_sleep(5000);
    }
    return 0;
}

/* Everything that comes through a pipe, until its writers are gone. */
static char *read_all(int descriptor)
{
    char *text = apr_pstrdup(test_pool(), "");
    char buffer[4096];
    ssize_t count;

    while ((count = read(descriptor, buffer, sizeof(buffer))) > 0 || (count < 0 && errno == EINTR)) {
        if (count > 0) {
            text =
                apr_pstrcat(test_pool(), text, apr_pstrmemdup(test_pool(), buffer, (apr_size_t)count), NULL);
        }
    }
    return text;
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int harness_run(const char *const *argv, const char **output)
{
    int ends[2];
    int status;
    pid_t pid;
    char *text;

    if (pipe(ends)) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[1]);
    text = read_all(ends[0]);
    close(ends[0]);
    if (output) {
        *output = text;
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return -1;
    }
    return exit_code(status);
}

/* A port that nobody had a moment ago. Whoever takes it first makes httpd fail, and then another one is
 * tried. */
static int free_port(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    int port = -1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, length) == 0 &&
        getsockname(descriptor, (struct sockaddr *)&address, &length) == 0) {
        port = ntohs(address.sin_port);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return port;
}

/* -- The process
 * -------------------------------------------------------------------------------------------------- */

/* The environment of httpd. One that is not instrumented itself must load the sanitizer's runtime before
 * everything else; it reports to files, because children have no other place that a test can find. */
static const char *const *make_environment(const char *state_dir)
{
    static const char *const replaced[] = {"LD_PRELOAD=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", NULL};
    apr_array_header_t *all = apr_array_make(test_pool(), 64, sizeof(const char *));
    const char *common =
        apr_psprintf(test_pool(), "abort_on_error=1:log_path='%s/sanitizer/report'", state_dir);
    char **variable;

    if (*CIVARCOS_PRELOAD) {
        APR_ARRAY_PUSH(all, const char *) = "LD_PRELOAD=" CIVARCOS_PRELOAD;
        APR_ARRAY_PUSH(all, const char *) =
            apr_pstrcat(test_pool(), "ASAN_OPTIONS=detect_leaks=0:", common, NULL);
        APR_ARRAY_PUSH(all, const char *) =
            apr_pstrcat(test_pool(), "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:", common, NULL);
    }
    for (variable = environ; *variable; variable++) {
        if (!*CIVARCOS_PRELOAD || !harness_holds_any(*variable, replaced)) {
            APR_ARRAY_PUSH(all, const char *) = *variable;
        }
    }
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

/* In the new process, where only async-signal-safe calls are allowed: other threads may have been holding
 * locks. It gets a process group of its own, and ends with the test program whatever happens to that. */
static void become_httpd(const char *const *argv, const char *const *environment, const char *console)
{
    int output = open(console, O_WRONLY | O_CREAT | O_APPEND, 0644);
    int input = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(input);
    close(output);
    execve(argv[0], (char *const *)argv, (char *const *)environment);
    _exit(127);
}

/* Whether a GET of the static page is answered with any status at all. */
static int answers(int port)
{
    static const char request[] = "GET /index.html HTTP/1.0\r\nHost: localhost\r\n\r\n";
    struct sockaddr_in address;
    struct timeval limit = {5, 0};
    char reply[16];
    ssize_t count = 0;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0) {
        return 0;
    }
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(descriptor, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof(request) - 1)) {
        count = recv(descriptor, reply, sizeof(reply), MSG_WAITALL);
    }
    close(descriptor);
    return count >= 9 && memcmp(reply, "HTTP/1.", 7) == 0;
}

/* Whether the process has ended; then it is collected and forgotten. */
static int has_ended(harness_t *server, int *code)
{
    int status = 0;

    if (server->pid && waitpid(server->pid, &status, WNOHANG) == server->pid) {
        server->pid = 0;
        *code = exit_code(status);
    }
    return server->pid == 0;
}

/* httpd's command line; under valgrind where CIVARCOS_HTTPD_VALGRIND says how that is called. Its processes report to one
 * file each, and there are no more of them than must be. */
static const char *const *command_line(const harness_t *server)
{
    const char *const httpd[] = {CIVARCOS_HTTPD, "-DFOREGROUND", "-f", server->internal->httpd_conf,
                                 "-k",           "start",        NULL};
    static const char *const few[] = {"-c", "StartServers 1",     "-c", "MinSpareThreads 1",
                                      "-c", "MaxSpareThreads 26", NULL};
    apr_array_header_t *words = apr_array_make(test_pool(), 24, sizeof(const char *));
    const char *valgrind = getenv("CIVARCOS_HTTPD_VALGRIND");
    const char *const *word;
    char **given = NULL;

    if (valgrind && *valgrind && apr_tokenize_to_argv(valgrind, &given, test_pool()) == APR_SUCCESS) {
        for (word = (const char *const *)given; *word; word++) {
            APR_ARRAY_PUSH(words, const char *) = *word;
        }
        APR_ARRAY_PUSH(words, const char *) =
            apr_pstrcat(test_pool(), "--log-file=", server->state_dir, "/sanitizer/valgrind.%p", NULL);
    }
    for (word = httpd; *word; word++) {
        APR_ARRAY_PUSH(words, const char *) = *word;
    }
    for (word = few; given && *word; word++) {
        APR_ARRAY_PUSH(words, const char *) = *word;
    }
    APR_ARRAY_PUSH(words, const char *) = NULL;
    return (const char *const *)words->elts;
}

static int launch(harness_t *server)
{
    const char *const *argv = command_line(server);
    const char *const *environment = make_environment(server->state_dir);
    double deadline = now_seconds() + START_SECONDS;
    int code = 0;

    server->pid = fork();
    if (server->pid == 0) {
        become_httpd(argv, environment, server->internal->console);
    }
    if (server->pid < 0) {
        server->pid = 0;
        return -1;
    }
    while (!answers(server->port)) {
        if (has_ended(server, &code) || now_seconds() > deadline) {
            return -1;
        }
        apr_sleep(5000);
    }
    return has_ended(server, &code) ? -1 : 0;
}

static void note_logs(const harness_t *server)
{
    harness_note_file("httpd's console", server->internal->console);
    harness_note_file("httpd's error log", server->error_log);
}

static int start_on_some_port(harness_t *server)
{
    int attempt;

    for (attempt = 1; attempt <= PORT_ATTEMPTS; attempt++) {
        server->port = free_port();
        if (harness_write_httpd_conf(server, server->port) || harness_make_report_folder(server)) {
            return -1;
        }
        if (launch(server) == 0) {
            return 0;
        }
        harness_crash(server);
        /* AH00072: the port was taken meanwhile. Anything else will not get better. */
        if (harness_count_lines(server->error_log, "AH00072") +
                harness_count_lines(server->internal->console, "AH00072") ==
            0) {
            break;
        }
    }
    note_logs(server);
    return -1;
}

harness_t *harness_start(const harness_options_t *options)
{
    harness_t *server = harness_make(options);

    if (!server) {
        return NULL;
    }
    if (start_on_some_port(server)) {
        test_note("httpd does not start");
        harness_free(server);
        return NULL;
    }
    server->url = apr_psprintf(server->internal->pool, "http://127.0.0.1:%d", server->port);
    return server;
}

static int group_is_gone(void *baton)
{
    return kill(-*(pid_t *)baton, 0) != 0;
}

int harness_halt(harness_t *server)
{
    pid_t group = server->pid;
    double deadline;
    int code = -1;

    if (!server->pid) {
        return 0;
    }
    harness_settle(server);
    deadline = now_seconds() + STOP_SECONDS;
    kill(server->pid, SIGTERM);
    while (!has_ended(server, &code)) {
        if (now_seconds() > deadline) {
            test_note("httpd does not stop within %g s", STOP_SECONDS);
            harness_crash(server);
            return -1;
        }
        apr_sleep(5000);
    }
    if (harness_wait(group_is_gone, &group, STOP_SECONDS)) {
        test_note("httpd has left processes behind");
        kill(-group, SIGKILL);
        return -1;
    }
    if (code) {
        test_note("httpd ended with status %d", code);
    }
    return code;
}

void harness_crash(harness_t *server)
{
    pid_t group = server->pid;
    int status;

    if (group) {
        kill(-group, SIGKILL);
        kill(group, SIGKILL);
        waitpid(group, &status, 0);
        server->pid = 0;
        harness_wait(group_is_gone, &group, STOP_SECONDS);
        /* Else the next start warns of it, which no case is interested in. */
        unlink(apr_pstrcat(test_pool(), server->state_dir, "/run/httpd.pid", NULL));
    }
}

int harness_resume(harness_t *server)
{
    if (harness_write_httpd_conf(server, server->port)) {
        return -1;
    }
    if (launch(server)) {
        harness_crash(server);
        note_logs(server);
        return -1;
    }
    return 0;
}

int harness_restart(harness_t *server)
{
    return harness_halt(server) || harness_resume(server) ? -1 : 0;
}

int harness_stop(harness_t *server)
{
    int failed;

    if (!server) {
        return 0;
    }
    failed = harness_halt(server) != 0;
    failed |= !harness_log_is_clean(server, NULL);
    harness_free(server);
    return failed;
}

/* -- Restarts and children
 * ---------------------------------------------------------------------------------------- */

typedef struct old_children_t {
    pid_t pids[256];
    int count;
} old_children_t;

static int old_children_are_gone(void *baton)
{
    old_children_t *old = baton;

    while (old->count > 0 && kill(old->pids[old->count - 1], 0) != 0) {
        old->count--;
    }
    return old->count == 0;
}

/* The parent logs that it runs once for each generation. After that, only children that are still busy with
 * an old request are left of the generation before, and httpd gives them all the time they want; we do not.
 */
static int restart_by_signal(harness_t *server, int signal_number)
{
    int before = harness_count_lines(server->error_log, RUNNING_TEXT);
    double deadline = now_seconds() + START_SECONDS;
    old_children_t old;
    int code = 0;

    old.count = harness_children(server, old.pids, sizeof(old.pids) / sizeof(*old.pids));
    if (!server->pid || kill(server->pid, signal_number)) {
        return -1;
    }
    while (harness_count_lines(server->error_log, RUNNING_TEXT) <= before || !answers(server->port)) {
        if (has_ended(server, &code) || now_seconds() > deadline) {
            test_note("httpd does not come back after signal %d", signal_number);
            return -1;
        }
        apr_sleep(20000);
    }
    if (harness_wait(old_children_are_gone, &old, OLD_SECONDS)) {
        test_note("%d children of the generation before are still busy", old.count);
    }
    return 0;
}

int harness_graceful(harness_t *server)
{
    return restart_by_signal(server, SIGUSR1);
}

int harness_reload(harness_t *server)
{
    harness_settle(server);
    return restart_by_signal(server, SIGHUP);
}

int harness_reload_at_once(harness_t *server)
{
    return restart_by_signal(server, SIGHUP);
}

static int process_is_gone(void *baton)
{
    return kill(*(pid_t *)baton, 0) != 0;
}

int harness_kill_child(harness_t *server, pid_t pid)
{
    if (harness_parent_of(pid) != server->pid || kill(pid, SIGKILL)) {
        return -1;
    }
    return harness_wait(process_is_gone, &pid, STOP_SECONDS);
}
