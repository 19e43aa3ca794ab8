/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file unit_trace.h
 * Watch what a process does to its files, system call by system call (ptrace), or kill it at any of these; and put files
 * together as a crash at some point may have left them.
 */
#ifndef CIV_TESTS_UNIT_TRACE_H
#define CIV_TESTS_UNIT_TRACE_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef enum trace_kind_e {
    TRACE_WRITE,
    TRACE_TRUNCATE, /**< to offset */
    TRACE_REMOVE,
    TRACE_SYNC,
    TRACE_MARK /**< the process has said something: data */
} trace_kind_e;

typedef struct trace_step_t {
    trace_kind_e kind;
    const char *path; /**< of the file */
    apr_off_t offset;
    const char *data;
    apr_size_t length;
} trace_step_t;

typedef struct trace_t {
    apr_array_header_t *steps; /**< trace_step_t, in order */
    int code;                  /**< exit status of the process; -1 when it was killed or crashed */
    apr_pool_t *pool;
} trace_t;

/** Whether processes can be watched here. Notes why not. */
int unit_trace_possible(void);

/**
 * Run @a body in a process of its own, and watch what it does to the files of @a folder.
 * @param body what it writes to @a mark becomes a step; its result is the exit status
 * @param kill_at kill it (SIGKILL) when it is about to do step so many, counted from 0; -1: let it run
 * @return NULL when it cannot be watched
 */
trace_t *unit_trace(int (*body)(void *baton, int mark), void *baton, const char *folder, int kill_at,
                    apr_pool_t *pool);

/** What of the writes that were not synced has come to the disk. */
typedef struct trace_luck_t {
    const char *path;  /**< all of this file's; NULL: of all files */
    apr_uint64_t seed; /**< not 0: any sectors, drawn from it */
} trace_luck_t;

/** Do to the files what the first @a count steps did, with those that were not synced as @a luck has it (NULL: nothing of
 *  them). The files are as they were before the first step. */
void unit_trace_replay(const trace_t *trace, int count, const trace_luck_t *luck);

#endif
