/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * A node beside a server.
 */
#include "sync_target.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "node/worker_config.h"
#include "options.h"
#include "sync/connectors.h"
#include "target.h"

static apr_array_header_t *split(const char *places, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *state;
    const char *place;

    for (place = apr_strtok(apr_pstrdup(pool, places), ", ", &state); place != NULL;
         place = apr_strtok(NULL, ", ", &state))
        *(const char **)apr_array_push(list) = place;
    return list;
}

/* What httpd knows from its configuration: the name is the ledger's own, the rest is at its defaults, which nothing here depends on. */
static ctl_exit_e describe_by_options(civ_node_config_t *config, ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    civ_offline_t *ledger;
    ctl_pins_t pins;
    ctl_exit_e result;

    memset(&pins, 0, sizeof(pins));
    if (options->state == NULL) {
        ctl_complain("where is the node? Give --state DIR, or --config FILE");
        return CTL_USAGE;
    }
    result = ctl_target_open(&ledger, &pins, ctl);
    if (result != CTL_DONE)
        return result;
    if (ledger->name == NULL) {
        ctl_complain("block 0 cannot be understood: %s", ledger->fault);
        return CTL_FAULTS;
    }
    *config = civ_node_defaults;
    config->state_dir = options->state;
    config->database_driver = options->driver != NULL ? options->driver : config->database_driver;
    config->database_parameters = options->database;
    config->ledger_name = ledger->name;
    config->egress_plain_http = options->egress_plain_http;
    if (options->egress_allow != NULL)
        config->egress_allow = split(options->egress_allow, ctl->pool);
    return CTL_DONE;
}

/* Root does what the file says with the rights of the folder's owner: who else could write it would have those rights. */
static ctl_exit_e check_owner(const civ_worker_config_t *worker, const char *file, const char *folder)
{
    struct stat info;

    if (geteuid() != 0 || worker->owner == 0 || (stat(folder, &info) == 0 && info.st_uid == worker->owner))
        return CTL_DONE;
    ctl_complain("\"%s\" belongs neither to root nor to the owner of \"%s\"", file, folder);
    return CTL_FAILED;
}

/* What a worker knows: the file is read with the rights of the caller. */
static ctl_exit_e describe_by_file(civ_node_config_t *config, ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    civ_worker_config_t worker;
    const civ_node_config_t *found = NULL;
    const char *error = NULL;
    ctl_exit_e result;
    int i;

    if (options->driver != NULL || options->database != NULL || options->egress_allow != NULL ||
        options->egress_plain_http) {
        ctl_complain("--config has it all: it goes with --state only, which chooses one of its nodes");
        return CTL_USAGE;
    }
    memset(&worker, 0, sizeof(worker));
    if (civ_worker_config_load(&worker, options->config, &error, ctl->pool) != APR_SUCCESS) {
        ctl_complain("%s", error);
        return CTL_FAILED;
    }
    for (i = 0; i < worker.nodes->nelts; i++) {
        const civ_node_config_t *node = &APR_ARRAY_IDX(worker.nodes, i, civ_node_config_t);

        if (options->state == NULL ? worker.nodes->nelts == 1 : strcmp(options->state, node->state_dir) == 0)
            found = node;
    }
    if (found == NULL) {
        ctl_complain(options->state == NULL ? "\"%s\" has several nodes: choose one with --state DIR"
                                            : "\"%s\" has no node with that state folder",
                     options->config);
        return CTL_USAGE;
    }
    *config = *found;
    result = check_owner(&worker, options->config, config->state_dir);
    return result == CTL_DONE ? ctl_account_of_folder(config->state_dir, ctl->pool) : result;
}

static const char *own_name(apr_pool_t *pool)
{
    char host[65] = "";

    gethostname(host, sizeof(host) - 1);
    return apr_psprintf(pool, "%s:%d", host, (int)getpid());
}

static ctl_exit_e describe(civ_node_config_t **config, ctl_t *ctl)
{
    *config = apr_pcalloc(ctl->pool, sizeof(**config));
    return ctl->options->config != NULL ? describe_by_file(*config, ctl) : describe_by_options(*config, ctl);
}

static ctl_exit_e cannot_be_used(apr_status_t status, const civ_node_config_t *config, const char *error)
{
    return ctl_failed(status, "the node in \"%s\" cannot be used%s%s", config->state_dir,
                      error != NULL ? ": " : "", error != NULL ? error : "");
}

static ctl_exit_e open_node(civ_node_t **node, const civ_node_config_t *config, const civ_log_t *log,
                            ctl_t *ctl)
{
    civ_node_context_t context;
    civ_problem_t problem;
    civ_state_head_t head;
    const char *error = NULL;
    apr_status_t status;

    memset(&context, 0, sizeof(context));
    context.log = log;
    status = civ_node_open(node, config, &context, &error, ctl->pool);
    if (status == APR_SUCCESS)
        status = civ_node_head(*node, &head, &problem, ctl->pool);
    return status == APR_SUCCESS ? CTL_DONE : cannot_be_used(status, config, error);
}

ctl_exit_e ctl_sync_node_open(civ_node_t **node, const civ_log_t *log, ctl_t *ctl)
{
    civ_node_config_t *config;
    ctl_exit_e result = describe(&config, ctl);

    return result == CTL_DONE ? open_node(node, config, log, ctl) : result;
}

ctl_exit_e ctl_sync_target_open(civ_runner_t *runner, const civ_log_t *log, ctl_t *ctl)
{
    civ_node_config_t *config;
    civ_limiter_config_t limits;
    civ_egress_t *egress;
    const char *error = NULL;
    civ_node_t *node;
    ctl_exit_e result = describe(&config, ctl);
    apr_status_t status;

    if (result != CTL_DONE)
        return result;
    memset(runner, 0, sizeof(*runner));
    memset(&limits, 0, sizeof(limits));
    status = civ_node_egress(&egress, config, &error, ctl->pool);
    if (status != APR_SUCCESS)
        return cannot_be_used(status, config, error);
    result = open_node(&node, config, log, ctl);
    if (result != CTL_DONE)
        return result;
    status = civ_node_ready_seal_key(node, ctl->pool);
    if (status == APR_SUCCESS)
        status = civ_limiter_create(&runner->limiter, &limits, ctl->pool);
    if (status != APR_SUCCESS)
        return cannot_be_used(status, config, NULL);
    runner->engine = civ_node_engine(node);
    runner->connectors = civ_connectors;
    runner->egress = egress;
    runner->worker = own_name(ctl->pool);
    runner->is_guest = 1;
    runner->log = log;
    return CTL_DONE;
}
