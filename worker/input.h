/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file input.h
 * Where the configuration comes from: a pipe, or a file.
 */
#ifndef CIV_WORKER_INPUT_H
#define CIV_WORKER_INPUT_H

#include "node/worker_config.h"

/** Read it from standard input, as httpd writes it. @param error a sentence on failure */
apr_status_t civ_input_pipe(civ_worker_config_t *config, const char **error, apr_pool_t *pool);

/** Read it from a file, which only its owner may be able to read: it may hold passwords. */
apr_status_t civ_input_file(civ_worker_config_t *config, const char *path, const char **error,
                            apr_pool_t *pool);

#endif
