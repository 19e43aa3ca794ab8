/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file worker_supervisor.c
 * As mod_cgid does with its daemon, but for three things: the worker is a program of its own; it ends, and is waited for, when
 * the configuration it was started with goes away; and one that ends again and again is started later and later.
 */
#include "worker_supervisor.h"

#include "node/worker_config.h"

#include <ap_mpm.h>
#include <http_log.h>
#include <mpm_common.h>

#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

APLOG_USE_MODULE(civarcos);

/** A worker that has worked for so long has not failed at its start. */
#define STEADY apr_time_from_sec(60)

/** The longest pause before the next one, in seconds. */
#define LONGEST_DELAY 60

/** How long a worker may take to end before it is killed: it hands its job back within two seconds. */
#define ENDING apr_time_from_sec(4)

/** What a process ends with that could not become the worker; as of a shell. */
#define CANNOT_RUN 127

/** The greatest exit status that a worker ends with, and the first number that is no signal of old. */
#define WORKER_EXITS_MOST 2
#define FIRST_NO_SIGNAL   32

/** Room for how a worker has ended. */
#define ENDED_SIZE 120

/** One worker after the other, of one configuration. */
typedef struct supervisor_t {
    server_rec *server;
    apr_pool_t *pool;
    const char *program;
    civ_buffer_t config; /**< what is written into the pipe */
    apr_proc_t process;
    int is_running, is_ending;
    int is_registered; /**< APR calls maintain for it; what is not, must not be unregistered */
    int failures;      /**< one after the other */
    apr_time_t begun;
} supervisor_t;

static void start(supervisor_t *supervisor, int delay);

/* The worker keeps nothing of httpd's open but the error log. */
static void close_others(void)
{
    struct rlimit limit = {1024, 1024};
    int most, i;

    getrlimit(RLIMIT_NOFILE, &limit);
    most = limit.rlim_cur > 65536 ? 65536 : (int)limit.rlim_cur;
    for (i = STDERR_FILENO + 1; i < most; i++) {
        close(i);
    }
}

/* Never returns. */
static void become_worker(const supervisor_t *supervisor, int input, int delay)
{
    const char *const arguments[] = {supervisor->program, "--managed", NULL};
    sigset_t none;

    dup2(input, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    close_others();
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (ap_run_drop_privileges(supervisor->pool, supervisor->server) == OK) {
        sleep((unsigned)delay); /* here and not in httpd, which has other things to do */
        execv(supervisor->program, (char *const *)arguments);
    }
    _exit(CANNOT_RUN);
}

static void unregister(supervisor_t *supervisor)
{
    /* A pool that is cleared does so by itself, before our own cleanup. */
    if (supervisor->is_registered) {
        apr_proc_other_child_unregister(supervisor);
    }
}

static int is_stopping(void)
{
    int state = 0;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* For a number that is an exit status or a signal: httpd has taken it apart already, and does not pass on which it was. A worker exits with
 * 0 to 2, and its program's absence is CANNOT_RUN; it catches SIGINT (2) and is started with SIGHUP (1) ignored, so these are no signals. */
static const char *describe(char out[ENDED_SIZE], int status)
{
    if (status == CANNOT_RUN)
        return "with exit status 127: its program cannot be run by the account that User names";
    if (status > WORKER_EXITS_MOST && status < FIRST_NO_SIGNAL)
        apr_snprintf(out, ENDED_SIZE, "by signal %d (%s)", status, strsignal(status));
    else
        apr_snprintf(out, ENDED_SIZE, "with exit status %d; see its own messages before this one", status);
    return out;
}

/* httpd's child has ended, or is to. */
static void maintain(int reason, void *baton, int status)
{
    supervisor_t *supervisor = baton;
    apr_time_t lived = apr_time_now() - supervisor->begun;
    char ended[ENDED_SIZE];
    int delay;

    if (reason == APR_OC_REASON_RESTART) {
        supervisor->is_ending = 1;
        kill(supervisor->process.pid, SIGTERM);
        return;
    }
    if (reason == APR_OC_REASON_UNREGISTER) {
        supervisor->is_registered = 0;
    }
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST) {
        return;
    }
    supervisor->is_running = 0;
    unregister(supervisor);
    /* prefork ends all of its process group, the worker too. */
    if (supervisor->is_ending || is_stopping()) {
        return;
    }
    if (lived >= STEADY) {
        supervisor->failures = 0;
    }
    delay = supervisor->failures == 0  ? 0
            : supervisor->failures > 6 ? LONGEST_DELAY
                                       : 1 << (supervisor->failures - 1);
    supervisor->failures++;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, supervisor->server,
                 "CIV0740: the worker has ended %s; the next one starts in %d seconds",
                 describe(ended, status), delay);
    start(supervisor, delay);
}

/* A pipe that takes all of it at once: nobody waits for a worker to read. */
static apr_status_t fill_pipe(supervisor_t *supervisor, int ends[2])
{
    const civ_buffer_t *config = &supervisor->config;
    ssize_t written;

    if (pipe(ends) != 0) {
        return errno;
    }
#ifdef F_SETPIPE_SZ
    if (config->length > 65536) {
        fcntl(ends[1], F_SETPIPE_SZ, (int)config->length);
    }
#endif
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    written = write(ends[1], config->data, config->length);
    close(ends[1]);
    if (written == (ssize_t)config->length) {
        return APR_SUCCESS;
    }
    close(ends[0]);
    return written < 0 ? errno : APR_ENOSPC;
}

static void start(supervisor_t *supervisor, int delay)
{
    int ends[2];
    pid_t pid;
    apr_status_t status = fill_pipe(supervisor, ends);

    if (status == APR_SUCCESS) {
        pid = fork();
        if (pid == 0) {
            become_worker(supervisor, ends[0], delay);
        }
        status = pid < 0 ? errno : APR_SUCCESS;
        close(ends[0]);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, status, supervisor->server,
                     "CIV0741: the worker cannot be started; there is none until the next restart");
        return;
    }
    supervisor->begun = apr_time_now() + apr_time_from_sec(delay);
    supervisor->process.pid = pid;
    supervisor->is_running = supervisor->is_registered = 1;
    apr_proc_other_child_register(&supervisor->process, maintain, supervisor, NULL, supervisor->pool);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, supervisor->server, "CIV0742: the worker is process %d",
                 (int)pid);
}

/* 1 when it has gone, also where httpd has taken note of it already. */
static int has_gone(const supervisor_t *supervisor)
{
    int status;
    pid_t pid = waitpid(supervisor->process.pid, &status, WNOHANG);

    return pid == supervisor->process.pid || (pid < 0 && errno == ECHILD);
}

/* The configuration goes away: so does its worker, before there can be another one. */
static apr_status_t end(void *baton)
{
    supervisor_t *supervisor = baton;
    apr_time_t until = apr_time_now() + ENDING;

    supervisor->is_ending = 1;
    if (!supervisor->is_running) {
        return APR_SUCCESS;
    }
    unregister(supervisor);
    kill(supervisor->process.pid, SIGTERM);
    while (!has_gone(supervisor)) {
        if (apr_time_now() >= until) {
            kill(supervisor->process.pid, SIGKILL);
            waitpid(supervisor->process.pid, NULL, 0);
            break;
        }
        apr_sleep(apr_time_from_msec(10));
    }
    supervisor->is_running = 0;
    return APR_SUCCESS;
}

/* Those that a worker can work for. */
static apr_array_header_t *choose(const apr_array_header_t *nodes, apr_pool_t *pool)
{
    apr_array_header_t *chosen = apr_array_make(pool, nodes->nelts, sizeof(civ_node_config_t));
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        const civ_slot_t *slot = APR_ARRAY_IDX(nodes, i, const civ_slot_t *);

        if (slot->is_mounted && !slot->is_skipped) {
            APR_ARRAY_PUSH(chosen, civ_node_config_t) = slot->config;
        }
    }
    return chosen;
}

static void write_config(supervisor_t *supervisor, apr_array_header_t *chosen, apr_pool_t *pool)
{
    civ_worker_config_t config;
    civ_buffer_t json;

    config.parent = getpid();
    config.log_level = (civ_log_level_e)ap_get_server_module_loglevel(supervisor->server, APLOG_MODULE_INDEX);
    config.nodes = chosen;
    civ_buffer_init(&json, 1024, pool);
    civ_worker_config_write(&json, &config);
    civ_buffer_init(&supervisor->config, json.length + 16, pool);
    civ_buffer_append_format(&supervisor->config, "%08x\n", (unsigned)json.length);
    civ_buffer_append(&supervisor->config, json.data, json.length);
}

void civ_supervisor_start(const apr_array_header_t *nodes, server_rec *main_server, apr_pool_t *pconf)
{
    const civ_settings_t *settings = &civ_server_config(main_server)->values;
    apr_array_header_t *chosen = choose(nodes, pconf);
    supervisor_t *supervisor;

    if (settings->worker != CIV_WORKER_MANAGED || chosen->nelts == 0) {
        return;
    }
    if (access(settings->worker_program, X_OK) != 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, errno, main_server,
                     "CIV0743: \"%s\" cannot be run, so nothing is synchronised; " CIV_DIRECTIVE_WORKER
                     " names another program, or says external or off",
                     settings->worker_program);
        return;
    }
    supervisor = apr_pcalloc(pconf, sizeof(*supervisor));
    supervisor->server = main_server;
    supervisor->pool = pconf;
    supervisor->program = settings->worker_program;
    write_config(supervisor, chosen, pconf);
    apr_pool_cleanup_register(pconf, supervisor, end, apr_pool_cleanup_null);
    start(supervisor, 0);
}
