/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file live_bytes.h
 * How a test and the counter that is loaded into a server (live_bytes.c) find each other: a file of numbers, one for each
 * process.
 */
#ifndef CIV_TESTS_LIVE_BYTES_H
#define CIV_TESTS_LIVE_BYTES_H

#include <sys/types.h>

/** The environment variable that names the file. Without it nothing is counted. */
#define LIVE_BYTES_VARIABLE "CIVARCOS_LIVE_BYTES"

/** Processes of one server have numbers near each other, so they do not meet. */
#define LIVE_BYTES_SLOTS 4096
#define LIVE_BYTES_SIZE  (LIVE_BYTES_SLOTS * sizeof(long))

static inline size_t live_bytes_slot(pid_t process)
{
    return (size_t)process % LIVE_BYTES_SLOTS;
}

#endif
