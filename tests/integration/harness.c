/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/harness_private.h"

#include "support/database.h"
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

/* -- The folder
 * --------------------------------------------------------------------------------------------------- */

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

/* What a sanitizer in a child that has dropped its privileges must be able to write to. */
static int make_report_folder(const char *state_dir)
{
    char *path = apr_pstrcat(test_pool(), state_dir, "/sanitizer", NULL);

    if ((mkdir(path, 0777) && errno != EEXIST) || chmod(path, 01777)) {
        return -1;
    }
    return 0;
}

static int make_configuration(const char *state_dir, int port, const char *mpm, const char *include)
{
    const char *script = apr_pstrcat(test_pool(), test_source_dir(), "/conf/make-httpd-conf.sh", NULL);
    const char *argv[] = {"sh",      script,    "--build",   CIVARCOS_BUILD_DIR,
                          "--state", state_dir, "--port",    apr_itoa(test_pool(), port),
                          "--mpm",   mpm,       "--include", include,
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

static harness_t *make_server(const harness_options_t *options)
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

static void free_server(harness_t *server)
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
        if (make_configuration(server->state_dir, server->port, server->internal->mpm,
                               server->internal->config_file) ||
            make_report_folder(server->state_dir)) {
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
    harness_t *server = make_server(options);

    if (!server) {
        return NULL;
    }
    if (start_on_some_port(server)) {
        test_note("httpd does not start");
        free_server(server);
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
    if (make_configuration(server->state_dir, server->port, server->internal->mpm,
                           server->internal->config_file)) {
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
    free_server(server);
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

/* -- Configuration tests
 * ------------------------------------------------------------------------------------------ */

int harness_config_test(const char *config, const char **output)
{
    harness_options_t options = {NULL, config, NULL};
    harness_t *server = make_server(&options);
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
    if (make_configuration(server->state_dir, 9, server->internal->mpm, server->internal->config_file) == 0) {
        argv[6] = server->internal->httpd_conf;
        code = harness_run(argv, output);
    }
    free_server(server);
    return code;
}
