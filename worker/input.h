/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file input.h
 * The configuration as it comes through a pipe.
 */
#ifndef CIV_WORKER_INPUT_H
#define CIV_WORKER_INPUT_H

#include "node/worker_config.h"

/** Read it from standard input, as httpd writes it. @param error a sentence on failure */
apr_status_t civ_input_pipe(civ_worker_config_t *config, const char **error, apr_pool_t *pool);

#endif
