/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl init: a new ledger, before httpd is started for the first time.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "base/encoding.h"
#include "node/offline.h"
#include "options.h"
#include "place.h"

static ctl_exit_e configure(civ_node_config_t *config, const ctl_options_t *options)
{
    *config = civ_node_defaults;
    config->state_dir = options->state;
    config->ledger_name = options->name;
    config->database_driver = options->driver;
    config->database_parameters = options->database;
    if (options->difficulty >= 0)
        config->difficulty = (apr_uint32_t)options->difficulty;
    if (options->min_validators >= 0)
        config->min_validators = (apr_uint32_t)options->min_validators;
    if (options->difficulty > CIV_DIFFICULTY_MAX || options->min_validators > 1000000) {
        ctl_complain("--difficulty takes up to %d, --min-validators up to 1000000", CIV_DIFFICULTY_MAX);
        return CTL_USAGE;
    }
    return ctl_place_check_name(options->name);
}

static int is_interrupted(void *baton)
{
    (void)baton;
    return ctl_interrupt_signal() != 0;
}

/** A database without a first block, which was not there before. The key stays: it is of no harm, and of use next time. */
static void take_away(civ_node_t *node, const civ_node_config_t *config, apr_pool_t *pool)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    const char *path = config->database_parameters != NULL ? config->database_parameters
                                                           : civ_node_database_path(config, pool);
    civ_ledger_head_t head;
    unsigned i;

    /* A server may have been waiting for the file, and begun a ledger in it. */
    if (civ_ledger_read_head(civ_node_ledger(node), &head, pool) != APR_NOTFOUND)
        return;
    if (config->database_driver != NULL && strcmp(config->database_driver, "sqlite3") != 0)
        return;
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        unlink(apr_pstrcat(pool, path, ends[i], NULL));
}

static ctl_exit_e begin(ctl_t *ctl, const civ_node_config_t *config)
{
    civ_node_context_t context = {.log = &ctl->log, .interrupted = is_interrupted};
    civ_problem_t problem;
    const char *error;
    civ_node_t *node;
    civ_block_t *block;
    apr_status_t status = civ_node_prepare(config, geteuid(), getegid(), &error, ctl->pool);

    if (status == APR_SUCCESS)
        status = civ_node_open(&node, config, &context, &error, ctl->pool);
    if (status != APR_SUCCESS) {
        ctl_complain("%s", error != NULL ? error : ctl_reason(status, ctl->pool));
        return CTL_FAILED;
    }
    status = civ_node_start(node, ctl->pool);
    if (status != APR_SUCCESS) {
        take_away(node, config, ctl->pool);
        return ctl_failed(status, "the ledger could not be made");
    }
    status = civ_ledger_block(civ_node_ledger(node), 0, &block, &problem, ctl->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the ledger could not be read back");
    printf("ledger: %s\nledger-id: %s\n", config->ledger_name,
           civ_digest_hex_dup(civ_ledger_id(civ_node_ledger(node)), ctl->pool));
    return ctl_place_print_key(config, ctl->pool);
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    civ_node_config_t config;
    ctl_exit_e result;

    if (options->state == NULL || options->name == NULL) {
        ctl_complain("init needs --state DIR and --name NAME");
        return CTL_USAGE;
    }
    result = configure(&config, options);
    if (result == CTL_DONE)
        result = ctl_place_enter(ctl);
    if (result == CTL_DONE)
        result = ctl_place_is_free(&config, ctl->pool);
    return result == CTL_DONE ? begin(ctl, &config) : result;
}

static const char *const options[] = {"state",      "name",           "owner", "driver", "database",
                                      "difficulty", "min-validators", "quiet", NULL};

const ctl_command_t ctl_command_init = {
    "init",
    "",
    0,
    0,
    "Make a new ledger: state folder, key, database and first block",
    options,
    "Prints the ledger's id and its public key: keep both elsewhere. A key that lies in "
    "STATE/keys/ledger.pem already is\n"
    "used. Where there is a database or a signed head, nothing is done (exit status 4). httpd needs the same "
    "name in\n"
    "CivarcosLedgerName; the other settings may be changed later.\n",
    run,
};
