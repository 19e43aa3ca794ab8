/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file check.h
 * What one directive alone cannot see. Runs for "httpd -t" as well as at every start.
 */
#ifndef CIV_CHECK_H
#define CIV_CHECK_H

#include <httpd.h>

/** For ap_hook_check_config. */
int civ_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

#endif
