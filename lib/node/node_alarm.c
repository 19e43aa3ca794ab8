/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The alarm: once stored data contradicts itself, nothing is written until an administrator has looked into it. The reason
 * is kept in a file, <state>/read-only, so that a restart (log rotation does one) does not silence it; removing the file is
 * how the administrator says that the matter is settled.
 */
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "node/node_private.h"

/* Whether the file was there, for all processes of the server. */
static void set_kept(civ_node_t *node, int kept)
{
    node->alarm_kept = kept;
    if (node->context.hot != NULL)
        civ_state_counter_set(node->context.hot, CIV_NODE_ALARM, kept);
}

static int is_kept(const civ_node_t *node)
{
    return node->context.hot != NULL ? civ_state_counter(node->context.hot, CIV_NODE_ALARM) != 0
                                     : node->alarm_kept;
}

static const char *alarm_path(const civ_node_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, config->state_dir, "/read-only", NULL);
}

/* Only the first reason is kept. What cannot be written is in the log, and in the hot state until the next restart. */
static apr_status_t keep(const char *path, const char *reason, apr_pool_t *pool)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    apr_size_t length = strlen(reason);
    apr_status_t status = APR_SUCCESS;

    if (file < 0)
        return errno == EEXIST ? APR_SUCCESS : apr_get_os_error();
    if (write(file, reason, length) != (ssize_t)length || write(file, "\n", 1) != 1 || fsync(file) != 0)
        status = apr_get_os_error();
    close(file);
    return status == APR_SUCCESS ? civ_sync_folder_of(path, pool) : status;
}

void civ_node_alarm_raise(civ_node_t *node, const char *reason)
{
    apr_pool_t *scratch;
    apr_status_t status;

    civ_node_read_only_set(node, reason);
    apr_pool_create(&scratch, NULL);
    status = keep(alarm_path(node->config, scratch), reason, scratch);
    if (status == APR_SUCCESS)
        set_kept(node, 1);
    else
        civ_log_write(node->context.log, CIV_LOG_ERROR, status,
                      "CIV0252: ledger \"%s\": the alarm cannot be kept in the state folder and ends with "
                      "the next restart",
                      node->config->ledger_name);
    apr_pool_destroy(scratch);
}

/** The reason as kept, or NULL when there is no alarm. @return 0 when that cannot be told: the folder is out of reach, as it
 *  is for everything else then */
static int read_kept(const civ_node_config_t *config, const char **reason, apr_pool_t *pool)
{
    char text[CIV_STATE_REASON_SIZE];
    const char *path = alarm_path(config, pool);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    ssize_t got;

    *reason = NULL;
    if (file < 0 && errno == ENOENT)
        return 1;
    if (file < 0) {
        *reason = "an alarm is kept that cannot be read";
        return lstat(path, &info) == 0;
    }
    got = read(file, text, sizeof(text) - 1);
    close(file);
    *reason = "an alarm is kept without its reason";
    if (got > 0) {
        text[got] = '\0';
        text[strcspn(text, "\n")] = '\0';
        *reason = apr_pstrdup(pool, text);
    }
    return 1;
}

void civ_node_alarm_check(civ_node_t *node, apr_pool_t *pool)
{
    const char *reason = civ_node_read_only(node, pool);
    const char *kept;

    if (!read_kept(node->config, &kept, pool))
        return;
    if (kept != NULL && reason == NULL) {
        civ_node_read_only_set(node, kept);
        set_kept(node, 1);
        civ_log_write(node->context.log, CIV_LOG_ERROR, APR_SUCCESS,
                      "CIV0253: ledger \"%s\" is read-only since an earlier alarm: %s; when this is settled, "
                      "remove the "
                      "file \"read-only\" from its state folder",
                      node->config->ledger_name, kept);
    }
    /* Taken away while we run: only what an alarm set may be lifted, not what the configuration refuses. */
    if (kept == NULL && reason != NULL && is_kept(node)) {
        set_kept(node, 0);
        civ_node_read_only_set(node, NULL);
        civ_log_write(
            node->context.log, CIV_LOG_NOTICE, APR_SUCCESS,
            "CIV0254: ledger \"%s\": the alarm was lifted by an administrator; evidence is taken again",
            node->config->ledger_name);
    }
}
