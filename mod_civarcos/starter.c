/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "starter.h"

#include <ap_mpm.h>
#include <http_log.h>
#include <mpm_common.h>

#include <errno.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

APLOG_USE_MODULE(civarcos);

/* The process that this one works for, or 0. */
static pid_t employer;

int civ_starter_is_orphan(void)
{
    return employer != 0 && getppid() != employer;
}

/* Never returns: the pools, locks and buffers of the parent are not this process's to clean up. */
static void run_in_child(civ_start_fn work, void *baton, server_rec *main_server, apr_pool_t *ptemp)
{
    int result = CIV_START_FAILED;

    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    if (ap_run_drop_privileges(ptemp, main_server) == OK) {
        result = (int)work(baton);
    }
    _exit(result);
}

static int is_ending(void)
{
    int state = 0;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* The handlers of httpd's signals only take notes; who wants to stop need not wait for the first block to be mined. */
static int wait_for(pid_t child, int *status)
{
    pid_t ended;

    while ((ended = waitpid(child, status, 0)) < 0 && errno == EINTR) {
        if (is_ending()) {
            kill(child, SIGTERM);
        }
    }
    return ended == child ? 0 : errno;
}

civ_start_e civ_starter_run(civ_start_fn work, void *baton, server_rec *main_server, apr_pool_t *ptemp)
{
    int status = 0;
    int error = 0;
    pid_t parent = getpid();
    pid_t child = fork();

    if (child == 0) {
        employer = parent;
        run_in_child(work, baton, main_server, ptemp);
    }
    error = child < 0 ? errno : wait_for(child, &status);
    if (error == 0 && WIFEXITED(status) &&
        (WEXITSTATUS(status) == CIV_START_DONE || WEXITSTATUS(status) == CIV_START_DEGRADED ||
         WEXITSTATUS(status) == CIV_START_FAILED)) {
        return (civ_start_e)WEXITSTATUS(status);
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, error, main_server,
                 "CIV0319: the process that starts the nodes did not come to its end (%s %d)",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return CIV_START_FAILED;
}
