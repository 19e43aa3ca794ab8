/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file speak.h
 * The worker's log: lines on standard error in the form of httpd's error log, which they mostly end up in.
 */
#ifndef CIV_WORKER_SPEAK_H
#define CIV_WORKER_SPEAK_H

#include "base/log.h"

/** The log of the process. */
extern civ_log_t civ_worker_log;

#endif
