/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file dispatch.h
 * From a request to its route's handler.
 */
#ifndef CIV_DISPATCH_H
#define CIV_DISPATCH_H

#include <httpd.h>

/** For ap_hook_handler. */
int civ_dispatch(request_rec *r);

#endif
