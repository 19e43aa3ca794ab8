/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl: the administrator's tool. Works on the files of a ledger directly, with httpd running or stopped.
 */
#include "ctl.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "store/store.h"

static const ctl_command_t *const commands[] = {
    &ctl_command_backup,        &ctl_command_export,    &ctl_command_import,         &ctl_command_init,
    &ctl_command_keygen,        &ctl_command_restore,   &ctl_command_rotate_secrets, &ctl_command_sign,
    &ctl_command_sign_rotation, &ctl_command_sign_vote, &ctl_command_sync_once,      &ctl_command_verify,
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
    unsigned i;

    fprintf(out, "usage: civarcosctl COMMAND [options]\n"
                 "       civarcosctl COMMAND --help\n"
                 "       civarcosctl --version\n\n");
    for (i = 0; i < COUNT; i++)
        fprintf(out, "  %-14s  %s\n", commands[i]->name, commands[i]->summary);
}

static void write_log(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    (void)baton;
    (void)level;
    (void)status;
    fprintf(stderr, "civarcosctl: %s\n", message);
}

static const ctl_command_t *find(const char *name)
{
    unsigned i;

    for (i = 0; i < COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static ctl_exit_e run(int argc, const char *const *argv, apr_pool_t *pool)
{
    /* Databases that are closed with the pool may still want to say something. */
    ctl_options_t *options = apr_pcalloc(pool, sizeof(*options));
    ctl_t *ctl = apr_pcalloc(pool, sizeof(*ctl));
    const ctl_command_t *command;
    ctl_exit_e result;
    apr_status_t status;

    if (argc < 2 || (command = find(argv[1])) == NULL) {
        if (argc >= 2 && strcmp(argv[1], "--version") == 0)
            return printf("civarcosctl %s\n", ctl_version) > 0 ? CTL_DONE : CTL_FAILED;
        if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
            print_usage(stdout);
            return CTL_DONE;
        }
        if (argc >= 2)
            ctl_complain("there is no command \"%s\"", argv[1]);
        print_usage(stderr);
        return CTL_USAGE;
    }
    result = ctl_options_read(options, command, argc - 1, argv + 1, pool);
    if (result != CTL_DONE)
        return result;
    if (options->help) {
        ctl_options_help(command);
        return CTL_DONE;
    }
    ctl->pool = pool;
    ctl->options = options;
    ctl->log.write = write_log;
    ctl->log.level = CIV_LOG_WARNING;
    status = civ_store_initialize(pool);
    return status == APR_SUCCESS ? command->run(ctl) : ctl_failed(status, "APR cannot be used");
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    ctl_exit_e result;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return CTL_FAILED;
    umask(077);
    ctl_interrupt_listen();
    result = run(argc, argv, pool);
    apr_pool_destroy(pool);
    if (fflush(stdout) != 0)
        result = CTL_FAILED;
    if (ctl_interrupt_signal() != 0 && result != CTL_DONE) {
        ctl_complain("interrupted");
        ctl_interrupt_die();
    }
    return result;
}
