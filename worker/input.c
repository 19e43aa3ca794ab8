/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "input.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"

#define LENGTH_SIZE 9 /* 8 digits and a line feed */

static apr_status_t parse(civ_worker_config_t *config, const char *text, apr_size_t length, const char *from,
                          const char **error, apr_pool_t *pool)
{
    civ_problem_t problem;
    apr_status_t status;

    memset(&problem, 0, sizeof(problem));
    status = civ_worker_config_read(config, text, length, &problem, pool);
    if (status != APR_SUCCESS)
        *error = apr_psprintf(pool, "%s cannot be used: %s", from, problem.detail);
    return status;
}

apr_status_t civ_input_pipe(civ_worker_config_t *config, const char **error, apr_pool_t *pool)
{
    char prefix[LENGTH_SIZE + 1] = "";
    apr_size_t length = 0;
    apr_file_t *input;
    char *text;
    apr_status_t status = apr_file_open_stdin(&input, pool);

    if (status == APR_SUCCESS)
        status = apr_file_read_full(input, prefix, LENGTH_SIZE, NULL);
    if (status == APR_SUCCESS && prefix[LENGTH_SIZE - 1] == '\n' &&
        strspn(prefix, "0123456789abcdef") == LENGTH_SIZE - 1)
        length = (apr_size_t)apr_strtoi64(prefix, NULL, 16);
    if (length == 0 || length > CIV_WORKER_CONFIG_MOST) {
        *error = "no configuration came through the pipe; by hand, use --config FILE";
        return status != APR_SUCCESS ? status : CIV_EINVALID;
    }
    text = apr_palloc(pool, length + 1);
    status = apr_file_read_full(input, text, length, NULL);
    if (status != APR_SUCCESS) {
        *error = "the configuration in the pipe is cut short";
        return status;
    }
    text[length] = '\0';
    return parse(config, text, length, "the configuration in the pipe", error, pool);
}

apr_status_t civ_input_file(civ_worker_config_t *config, const char *path, const char **error,
                            apr_pool_t *pool)
{
    apr_size_t length = CIV_WORKER_CONFIG_MOST;
    apr_file_t *file;
    apr_finfo_t info;
    char reason[160];
    char *text;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);

    if (status == APR_SUCCESS)
        status = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_SIZE, file);
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
    return parse(config, text, length, apr_psprintf(pool, "\"%s\"", path), error, pool);
}
