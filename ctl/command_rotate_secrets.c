/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl rotate-secrets: another key for the secrets of connectors, beside a server and workers that use them.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "progress.h"
#include "sync/sealing.h"
#include "sync_target.h"

typedef struct rotating_t {
    ctl_t *ctl;
    civ_log_t log;
    ctl_progress_t progress;
    const civ_engine_t *engine;
    civ_rotation_t rotation;
} rotating_t;

static void write_log(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    rotating_t *rotating = baton;

    ctl_progress_hide(&rotating->progress);
    rotating->ctl->log.write(rotating->ctl->log.baton, level, status, message);
}

static ctl_exit_e cannot(const rotating_t *rotating, apr_status_t status, const civ_problem_t *problem)
{
    if (problem->detail == NULL)
        return ctl_failed(status, "the key in \"%s\" cannot be changed", rotating->engine->key_file);
    ctl_complain("the key in \"%s\" cannot be changed: %s", rotating->engine->key_file, problem->detail);
    return CTL_FAILED;
}

static ctl_exit_e begin(rotating_t *rotating)
{
    civ_rotation_t *rotation = &rotating->rotation;
    civ_problem_t problem;
    apr_pool_t *pool;
    apr_status_t status;
    ctl_exit_e result = CTL_DONE;

    memset(&problem, 0, sizeof(problem));
    apr_pool_create(&pool, rotating->ctl->pool);
    status = civ_rotation_begin(rotating->engine, rotation, &problem, pool);
    if (status != APR_SUCCESS)
        result = cannot(rotating, status, &problem);
    else if (rotation->is_made)
        ctl_note(rotating->ctl, "the new key %s is in \"%s\"", rotation->key_id, rotating->engine->key_file);
    else
        ctl_note(rotating->ctl, "\"%s\" has the new key %s already: going on with it",
                 rotating->engine->key_file, rotation->key_id);
    apr_pool_destroy(pool);
    return result;
}

static void name_unopened(const civ_rotation_t *rotation, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < rotation->unopened->nelts; i++)
        ctl_complain("%s: it cannot be opened, and stays as it is",
                     ctl_printable(APR_ARRAY_IDX(rotation->unopened, i, const char *), pool));
}

static ctl_exit_e interrupted(const rotating_t *rotating)
{
    ctl_note(rotating->ctl, "all secrets can be opened as before; this command again goes on");
    return CTL_FAILED;
}

/* Secrets that are configured while this is at work take further steps. */
static ctl_exit_e seal_all(rotating_t *rotating)
{
    civ_rotation_t *rotation = &rotating->rotation;
    ctl_exit_e result = CTL_DONE;
    civ_problem_t problem;
    apr_pool_t *pool;

    memset(&problem, 0, sizeof(problem));
    apr_pool_create(&pool, rotating->ctl->pool);
    while (result == CTL_DONE && !rotation->is_done) {
        apr_status_t status;

        apr_pool_clear(pool);
        status = civ_rotation_step(rotating->engine, rotation, &problem, pool);
        if (status != APR_SUCCESS)
            result = cannot(rotating, status, &problem);
        else if (rotation->is_done)
            name_unopened(rotation, pool);
        else if (ctl_progress_tell(&rotating->progress, (apr_uint64_t)rotation->sealed, 0) != APR_SUCCESS)
            result = interrupted(rotating);
        if (rotation->is_done && rotation->unopened->nelts > 0 && result == CTL_DONE)
            result = CTL_DEGRADED;
    }
    ctl_progress_hide(&rotating->progress);
    apr_pool_destroy(pool);
    return result;
}

static ctl_exit_e print(const rotating_t *rotating, ctl_exit_e result)
{
    const civ_rotation_t *rotation = &rotating->rotation;

    if (result != CTL_DONE && result != CTL_DEGRADED)
        return result;
    printf("key %s: %d of %d secrets sealed anew, %d older %s removed, %d left\n", rotation->key_id,
           rotation->sealed, rotation->secrets, rotation->dropped, rotation->dropped == 1 ? "key" : "keys",
           rotation->keys - 1);
    if (result == CTL_DEGRADED)
        ctl_complain(
            "%s; put the line of the key that they were sealed with back into \"%s\", or configure or delete "
            "these connectors, then give this command again",
            rotation->keys > 1 ? "the older keys that these secrets name are kept"
                               : "the file has no key that these secrets could be opened with",
            rotating->engine->key_file);
    return fflush(stdout) == 0 ? result : CTL_FAILED;
}

static ctl_exit_e print_prepared(const rotating_t *rotating)
{
    printf("key %s: prepared; copy \"%s\" to all hosts that share the database, then give this command "
           "without --prepare\n",
           rotating->rotation.key_id, rotating->engine->key_file);
    return fflush(stdout) == 0 ? CTL_DONE : CTL_FAILED;
}

static ctl_exit_e run(ctl_t *ctl)
{
    rotating_t *rotating = apr_pcalloc(ctl->pool, sizeof(*rotating));
    ctl_exit_e result;
    civ_node_t *node;

    rotating->ctl = ctl;
    rotating->log.write = write_log;
    rotating->log.baton = rotating;
    rotating->log.level = CIV_LOG_WARNING;
    result = ctl_sync_node_open(&node, &rotating->log, ctl);
    if (result != CTL_DONE)
        return result;
    rotating->engine = civ_node_engine(node);
    ctl_progress_start(&rotating->progress, ctl, "sealing", "secrets");
    result = begin(rotating);
    if (result != CTL_DONE)
        return result;
    if (ctl->options->prepare)
        return print_prepared(rotating);
    if (ctl_interrupt_signal() != 0)
        return interrupted(rotating);
    return print(rotating, seal_all(rotating));
}

static const char *const options[] = {"config", "state", "driver", "database", "prepare", "quiet", NULL};

const ctl_command_t ctl_command_rotate_secrets = {
    "rotate-secrets",
    "",
    0,
    0,
    "Change the key that seals the secrets of connectors",
    options,
    "A new key is put into keys/secrets.key of the state folder, all secrets of connectors in the database\n"
    "are sealed with it in one transaction, and the older keys are taken out of the file once nothing is\n"
    "sealed with them. httpd and its worker go on meanwhile, and need no restart. Killed or interrupted at\n"
    "any moment, all secrets can be opened, and the same command again goes on where it was. Where several\n"
    "hosts share the database: first --prepare on one of them, then copy the file to the others, then the\n"
    "same command without --prepare, then copy the file again.\n"
    "\n"
    "Exit status: 0 done, 2 the command line is wrong, 3 it has failed, 5 done, but for secrets that cannot\n"
    "be opened with any key of the file.\n",
    run,
};
