/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * One table of the members, for writing and for reading.
 */
#include "node/worker_config.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#include "base/json_writer.h"

static const civ_json_limits_t limits = {CIV_WORKER_CONFIG_MOST, 16, 20000, 64};

typedef enum member_type_e { TEXT, INT, UINT32, INT64 } member_type_e;

typedef struct member_t {
    const char *name;
    member_type_e type;
    apr_size_t offset;
} member_t;

#define MEMBER(member, type)                                                                                 \
    {                                                                                                        \
#member, type, offsetof(civ_node_config_t, member)                                                   \
    }
static const member_t members[] = {
    MEMBER(state_dir, TEXT),
    MEMBER(database_driver, TEXT),
    MEMBER(database_parameters, TEXT),
    MEMBER(pool_min, INT),
    MEMBER(pool_max, INT),
    MEMBER(ledger_name, TEXT),
    MEMBER(difficulty, UINT32),
    MEMBER(min_validators, UINT32),
    MEMBER(seal_interval, INT64),
    MEMBER(seal_count, UINT32),
    MEMBER(queue_limit, INT),
    MEMBER(min_free, INT64),
    MEMBER(federation_min_votes, UINT32),
    MEMBER(egress_plain_http, INT),
    MEMBER(sync_ledger, INT),
    MEMBER(worker_threads, INT),
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static void write_node(civ_json_writer_t *writer, const civ_node_config_t *node)
{
    apr_size_t i;
    int j;

    civ_json_begin_object(writer);
    for (i = 0; i < MEMBERS; i++) {
        const void *at = (const char *)node + members[i].offset;

        if (members[i].type == TEXT && *(const char *const *)at != NULL)
            civ_json_member_text(writer, members[i].name, *(const char *const *)at);
        else if (members[i].type == INT)
            civ_json_member_int(writer, members[i].name, *(const int *)at);
        else if (members[i].type == UINT32)
            civ_json_member_int(writer, members[i].name, *(const apr_uint32_t *)at);
        else if (members[i].type == INT64)
            civ_json_member_int(writer, members[i].name, *(const apr_int64_t *)at);
    }
    if (node->egress_allow != NULL) {
        civ_json_name(writer, "egress_allow");
        civ_json_begin_array(writer);
        for (j = 0; j < node->egress_allow->nelts; j++)
            civ_json_text(writer, APR_ARRAY_IDX(node->egress_allow, j, const char *));
        civ_json_end_array(writer);
    }
    civ_json_end_object(writer);
}

void civ_worker_config_write(civ_buffer_t *out, const civ_worker_config_t *config)
{
    const civ_node_config_t *nodes = (const civ_node_config_t *)config->nodes->elts;
    civ_json_writer_t writer;
    int i;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_int(&writer, "version", 1);
    civ_json_member_int(&writer, "parent", config->parent);
    civ_json_member_int(&writer, "log_level", config->log_level);
    civ_json_name(&writer, "nodes");
    civ_json_begin_array(&writer);
    for (i = 0; i < config->nodes->nelts; i++)
        write_node(&writer, &nodes[i]);
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
}

static apr_status_t refuse(civ_problem_t *problem, apr_pool_t *pool, const char *name, const char *what)
{
    civ_problem_set(problem, CIV_PROBLEM_INVALID_MEMBER, pool, "\"%s\" %s", name, what);
    return CIV_EINVALID;
}

static apr_status_t read_member(civ_node_config_t *node, const member_t *member, const civ_json_t *value,
                                civ_problem_t *problem, apr_pool_t *pool)
{
    void *at = (char *)node + member->offset;
    apr_int64_t number;

    if (member->type == TEXT) {
        if (value->type != CIV_JSON_STRING ||
            memchr(value->as.text.text, '\0', value->as.text.length) != NULL)
            return refuse(problem, pool, member->name, "is no text");
        *(const char **)at = apr_pstrdup(pool, value->as.text.text);
        return APR_SUCCESS;
    }
    if (civ_json_to_int64(value, &number) != APR_SUCCESS || number < 0 ||
        (member->type != INT64 && number > APR_INT32_MAX))
        return refuse(problem, pool, member->name, "is no number that it can have");
    if (member->type == INT)
        *(int *)at = (int)number;
    else if (member->type == UINT32)
        *(apr_uint32_t *)at = (apr_uint32_t)number;
    else
        *(apr_int64_t *)at = number;
    return APR_SUCCESS;
}

static apr_status_t read_allowed(civ_node_config_t *node, const civ_json_t *value, civ_problem_t *problem,
                                 apr_pool_t *pool)
{
    apr_size_t i;

    if (value->type != CIV_JSON_ARRAY)
        return refuse(problem, pool, "egress_allow", "is no list");
    node->egress_allow = apr_array_make(pool, 4, sizeof(const char *));
    for (i = 0; i < value->as.array.count; i++) {
        if (value->as.array.items[i].type != CIV_JSON_STRING)
            return refuse(problem, pool, "egress_allow", "holds what is no text");
        APR_ARRAY_PUSH(node->egress_allow, const char *) =
            apr_pstrdup(pool, value->as.array.items[i].as.text.text);
    }
    return APR_SUCCESS;
}

static apr_status_t read_node(civ_node_config_t *node, const civ_json_t *json, civ_problem_t *problem,
                              apr_pool_t *pool)
{
    apr_size_t i, j;

    *node = civ_node_defaults;
    if (json->type != CIV_JSON_OBJECT)
        return refuse(problem, pool, "nodes", "holds what is no object");
    for (i = 0; i < json->as.object.count; i++) {
        const civ_json_member_t *given = &json->as.object.members[i];
        apr_status_t status;

        for (j = 0; j < MEMBERS && strcmp(members[j].name, given->name) != 0; j++)
            continue;
        if (j < MEMBERS)
            status = read_member(node, &members[j], &given->value, problem, pool);
        else if (strcmp(given->name, "egress_allow") == 0)
            status = read_allowed(node, &given->value, problem, pool);
        else
            status = refuse(problem, pool, given->name, "is nothing that a node has");
        if (status != APR_SUCCESS)
            return status;
    }
    if (node->state_dir == NULL || node->state_dir[0] != '/')
        return refuse(problem, pool, "state_dir", "of a node is missing, or no absolute path");
    if (node->ledger_name == NULL)
        return refuse(problem, pool, "ledger_name", "of a node is missing");
    if (node->worker_threads < 1 || node->worker_threads > CIV_WORKER_THREADS_MOST)
        return refuse(problem, pool, "worker_threads", "is not a number from 1 to 16");
    return APR_SUCCESS;
}

apr_status_t civ_worker_config_read(civ_worker_config_t *config, const char *text, apr_size_t length,
                                    civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_json_t *json, *nodes;
    apr_int64_t version = 0, level = CIV_LOG_INFO;
    apr_size_t i;
    apr_status_t status = civ_json_parse(&json, text, length, &limits, problem, pool);

    memset(config, 0, sizeof(*config));
    config->nodes = apr_array_make(pool, 2, sizeof(civ_node_config_t));
    if (status != APR_SUCCESS)
        return status;
    if (civ_json_to_int64(civ_json_get(json, "version"), &version) != APR_SUCCESS || version != 1)
        return refuse(problem, pool, "version", "is not 1: worker and server are not of one version");
    civ_json_to_int64(civ_json_get(json, "parent"), &config->parent);
    civ_json_to_int64(civ_json_get(json, "log_level"), &level);
    config->log_level = level < CIV_LOG_ERROR   ? CIV_LOG_ERROR
                        : level > CIV_LOG_DEBUG ? CIV_LOG_DEBUG
                                                : (civ_log_level_e)level;
    nodes = civ_json_get(json, "nodes");
    if (nodes == NULL || nodes->type != CIV_JSON_ARRAY || nodes->as.array.count == 0)
        return refuse(problem, pool, "nodes", "has none");
    for (i = 0; i < nodes->as.array.count && status == APR_SUCCESS; i++)
        status = read_node(apr_array_push(config->nodes), &nodes->as.array.items[i], problem, pool);
    return status;
}

apr_status_t civ_worker_config_load(civ_worker_config_t *config, const char *path, const char **error,
                                    apr_pool_t *pool)
{
    apr_size_t length = CIV_WORKER_CONFIG_MOST;
    apr_file_t *file;
    civ_problem_t problem;
    apr_finfo_t info;
    char reason[160];
    char *text;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);

    if (status == APR_SUCCESS)
        status = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_OWNER, file);
    if (status == APR_SUCCESS &&
        (info.protection & (APR_FPROT_GREAD | APR_FPROT_WREAD | APR_FPROT_GWRITE | APR_FPROT_WWRITE)) != 0) {
        *error = apr_psprintf(pool, "\"%s\" must be readable by its owner and nobody else (mode 0600)", path);
        return APR_EACCES;
    }
    text = apr_palloc(pool, length + 1);
    if (status == APR_SUCCESS)
        status = apr_file_read_full(file, text, length, &length);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
        *error = apr_psprintf(pool, "\"%s\" cannot be read: %s", path,
                              apr_strerror(status, reason, sizeof(reason)));
        return status;
    }
    text[length] = '\0';
    memset(&problem, 0, sizeof(problem));
    status = civ_worker_config_read(config, text, length, &problem, pool);
    config->owner = info.user;
    if (status != APR_SUCCESS)
        *error = apr_psprintf(pool, "\"%s\" cannot be used: %s", path, problem.detail);
    return status;
}
