/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The network's key of a node.
 */
#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "node/node_private.h"

/* The id that the state folder keeps; empty when there is none that can be read. */
static void read_id(char out[CIV_PSEUDONYM_KEY_ID_SIZE], const char *path, apr_pool_t *pool)
{
    apr_size_t length = CIV_PSEUDONYM_KEY_ID_SIZE - 1;
    apr_file_t *file;

    memset(out, 0, CIV_PSEUDONYM_KEY_ID_SIZE);
    if (apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool) == APR_SUCCESS) {
        (void)apr_file_read_full(file, out, length, NULL);
        apr_file_close(file);
    }
}

static apr_status_t compare_id(civ_node_t *node, const char *path, const char **error)
{
    const char *id_path = civ_node_pseudonym_id_path(node->config, node->pool);
    char known[CIV_PSEUDONYM_KEY_ID_SIZE], id[CIV_PSEUDONYM_KEY_ID_SIZE];

    read_id(known, id_path, node->pool);
    civ_pseudonym_key_id(id, node->pseudonym_key);
    if (known[0] == '\0' || strcmp(known, id) == 0)
        return APR_SUCCESS;
    *error =
        apr_psprintf(node->pool,
                     "the network's key \"%s\" is not the one that \"%s\" names: put the old key back from "
                     "your backup",
                     path, id_path);
    return CIV_EINVALID;
}

static int has_id(const civ_node_t *node)
{
    char id[CIV_PSEUDONYM_KEY_ID_SIZE];

    read_id(id, civ_node_pseudonym_id_path(node->config, node->pool), node->pool);
    return id[0] != '\0';
}

apr_status_t civ_node_load_pseudonym_key(civ_node_t *node, const char **error)
{
    const char *path = civ_node_pseudonym_key_path(node->config, node->pool);
    apr_status_t status = civ_pseudonym_key_load(&node->pseudonym_key, path, node->pool);
    char reason[160];

    if (status == APR_SUCCESS)
        return compare_id(node, path, error);
    /* The folder could not be written when it was to be made. */
    if (APR_STATUS_IS_ENOENT(status) && !has_id(node))
        return APR_SUCCESS;
    if (status == CIV_EINVALID)
        *error = apr_psprintf(node->pool, "\"%s\" is not a key of 32 bytes", path);
    else if (APR_STATUS_IS_EACCES(status))
        *error = apr_psprintf(
            node->pool,
            "the network's key \"%s\" cannot be used: it must be readable by the server's account and by "
            "nobody else (mode 0600)",
            path);
    else
        *error = apr_psprintf(node->pool, "the network's key \"%s\" cannot be read: %s", path,
                              apr_strerror(status, reason, sizeof(reason)));
    return status;
}

const civ_pseudonym_key_t *civ_node_pseudonym_key(const civ_node_t *node)
{
    return node->pseudonym_key;
}
