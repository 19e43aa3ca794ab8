/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "input.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"

#define LENGTH_SIZE 9 /* 8 digits and a line feed */

apr_status_t civ_input_pipe(civ_worker_config_t *config, const char **error, apr_pool_t *pool)
{
    char prefix[LENGTH_SIZE + 1] = "";
    apr_size_t length = 0;
    apr_file_t *input;
    civ_problem_t problem;
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
    memset(&problem, 0, sizeof(problem));
    status = civ_worker_config_read(config, text, length, &problem, pool);
    if (status != APR_SUCCESS)
        *error = apr_pstrcat(pool, "the configuration in the pipe cannot be used: ", problem.detail, NULL);
    return status;
}
