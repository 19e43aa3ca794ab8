/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file options.h
 * The options of all commands: one table says what each is called, what it takes and what it is for; a command only lists
 * the names of those that it takes.
 */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "ctl.h"

struct ctl_options_t {
    const char *state; /**< absolute, without slashes at its end; NULL where not given */
    const char *driver, *database;
    const char *backup;
    const char *name;
    const char *owner;
    const char *key;
    const char *public_key, *new_key;
    const char *organization;
    const char *ledger_id;
    const char *signed_head;
    const char *decision, *block_hash, *set_hash;
    const char *platform, *project, *since;
    const char *egress_allow;
    const char *config;
    const char *url, *method, *body, *content_type, *idempotency_key;
    apr_int64_t from, to; /**< -1 where not given */
    apr_int64_t height;
    apr_int64_t created;
    apr_int64_t max_faults;
    apr_int64_t difficulty, min_validators;
    int json, quiet;
    int public_half, key_id;
    int curl;
    int egress_plain_http;
    int mirror;
    int with_key;
    int prepare;
    int replace, lose_blocks, another_ledger;
    int help;

    const char *const *arguments;
    int argument_count;
};

/**
 * Read the command line behind the name of @a command. Complains about what it does not understand.
 * @return CTL_DONE or CTL_USAGE
 */
ctl_exit_e ctl_options_read(ctl_options_t *options, const ctl_command_t *command, int argc,
                            const char *const *argv, apr_pool_t *pool);

/** An argument that is a path, made absolute, without slashes at its end. Complains. @return CTL_DONE or CTL_USAGE */
ctl_exit_e ctl_options_path(const char **path, const char *given, apr_pool_t *pool);

/** Print usage, details and options of a command to standard output. */
void ctl_options_help(const ctl_command_t *command);

#endif
