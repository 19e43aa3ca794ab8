/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The network's key in backups.
 */
#include "network_key.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "output.h"

static const char *path_in(const char *folder, ctl_backup_file_e which, apr_pool_t *pool)
{
    return apr_pstrcat(pool, folder, "/", ctl_backup_names[which], NULL);
}

static int is_there(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

/** The id that a file keeps. @return APR_SUCCESS; APR_ENOENT; CIV_EINVALID: it is none */
static apr_status_t read_id(char id[CIV_PSEUDONYM_KEY_ID_SIZE], const char *path)
{
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t got;

    if (file < 0)
        return apr_get_os_error();
    got = read(file, id, CIV_PSEUDONYM_KEY_ID_SIZE - 1);
    close(file);
    id[CIV_PSEUDONYM_KEY_ID_SIZE - 1] = '\0';
    return got == CIV_PSEUDONYM_KEY_ID_SIZE - 1 && strspn(id, "0123456789abcdef") == (size_t)got
               ? APR_SUCCESS
               : CIV_EINVALID;
}

static apr_status_t copy_key(const char *from, const char *to, apr_pool_t *pool)
{
    civ_pseudonym_key_t *key;
    apr_status_t status = civ_pseudonym_key_load(&key, from, pool);

    return status == APR_SUCCESS ? civ_pseudonym_key_save(key, to, pool) : status;
}

static apr_status_t copy_id(const char *from, const char *to, apr_pool_t *pool)
{
    char id[CIV_PSEUDONYM_KEY_ID_SIZE];
    ctl_output_t output;
    apr_status_t status = read_id(id, from);

    if (status == APR_SUCCESS)
        status = ctl_output_open(&output, to, pool);
    if (status != APR_SUCCESS)
        return status;
    status = ctl_output_write(&output, apr_pstrcat(pool, id, "\n", NULL), CIV_PSEUDONYM_KEY_ID_SIZE);
    if (status == APR_SUCCESS)
        status = ctl_output_finish(&output);
    ctl_output_abandon(&output);
    return status;
}

ctl_exit_e ctl_network_key_copy(ctl_t *ctl, const civ_node_config_t *config, const char *folder, int with_key)
{
    const char *key = civ_node_pseudonym_key_path(config, ctl->pool);
    const char *id = civ_node_pseudonym_id_path(config, ctl->pool);
    apr_status_t status = copy_id(id, path_in(folder, CTL_BACKUP_NETWORK_ID, ctl->pool), ctl->pool);

    if (status != APR_SUCCESS && !APR_STATUS_IS_ENOENT(status))
        return ctl_failed(status, "\"%s\" cannot be copied", id);
    if (!with_key)
        return CTL_DONE;
    status = copy_key(key, path_in(folder, CTL_BACKUP_NETWORK_KEY, ctl->pool), ctl->pool);
    return status == APR_SUCCESS || APR_STATUS_IS_ENOENT(status)
               ? CTL_DONE
               : ctl_failed(status, "the network's key \"%s\" cannot be copied", key);
}

/* --- putting back --- */

static ctl_exit_e compare_key(ctl_t *ctl, const char *path, const char *wanted)
{
    char id[CIV_PSEUDONYM_KEY_ID_SIZE];
    civ_pseudonym_key_t *key;
    apr_status_t status = civ_pseudonym_key_load(&key, path, ctl->pool);

    if (status != APR_SUCCESS)
        return ctl_failed(status, "the network's key \"%s\" cannot be used", path);
    if (*wanted != '\0' && strcmp(civ_pseudonym_key_id(id, key), wanted) != 0)
        ctl_note(ctl,
                 "the network's key \"%s\" is another one (id %s) than the backup's members are known by "
                 "(id %s): members can change nothing until that one is in its place, and \"pseudonym.id\" "
                 "removed",
                 path, id, wanted);
    return CTL_DONE;
}

/* The id tells the server not to make a new key, which would be in the way of the old one. */
static ctl_exit_e put_id(const ctl_t *ctl, const civ_node_config_t *config, const char *copy)
{
    const char *path = civ_node_pseudonym_id_path(config, ctl->pool);
    apr_status_t status = APR_SUCCESS;

    if (rename(copy, path) != 0)
        status = apr_get_os_error();
    if (status == APR_SUCCESS)
        status = ctl_output_sync_folder_of(path, ctl->pool);
    return status == APR_SUCCESS ? CTL_DONE : ctl_failed(status, "\"%s\" cannot be written", path);
}

static ctl_exit_e put_key(ctl_t *ctl, const civ_node_config_t *config, const char *copy)
{
    const char *path = civ_node_pseudonym_key_path(config, ctl->pool);
    apr_status_t status = APR_SUCCESS;

    if (!is_there(copy)) {
        ctl_note(ctl, "the network's key is not in the backup: put it back as \"%s\"", path);
        return CTL_DONE;
    }
    if (mkdir(apr_pstrcat(ctl->pool, config->state_dir, "/keys", NULL), 0700) != 0 && errno != EEXIST)
        status = apr_get_os_error();
    if (status == APR_SUCCESS)
        status = copy_key(copy, path, ctl->pool);
    return status == APR_SUCCESS ? CTL_DONE
                                 : ctl_failed(status, "the network's key \"%s\" cannot be written", path);
}

ctl_exit_e ctl_network_key_put(ctl_t *ctl, const civ_node_config_t *config, const char *folder)
{
    const char *id_copy = path_in(folder, CTL_BACKUP_NETWORK_ID, ctl->pool);
    const char *path = civ_node_pseudonym_key_path(config, ctl->pool);
    char id[CIV_PSEUDONYM_KEY_ID_SIZE] = "";
    apr_status_t status = read_id(id, id_copy);
    ctl_exit_e result = CTL_DONE;

    /* A backup from before there were pseudonyms. */
    if (APR_STATUS_IS_ENOENT(status))
        return CTL_DONE;
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the id of the network's key in the backup cannot be used");
    if (is_there(path))
        return compare_key(ctl, path, id);
    result = put_id(ctl, config, id_copy);
    if (result == CTL_DONE)
        result = put_key(ctl, config, path_in(folder, CTL_BACKUP_NETWORK_KEY, ctl->pool));
    return result == CTL_DONE && is_there(path) ? compare_key(ctl, path, id) : result;
}
