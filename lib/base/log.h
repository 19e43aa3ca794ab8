/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file log.h
 * How the library speaks without knowing where: a callback that the face (module, worker, ctl) provides.
 * Each message starts with a number of its own, "CIV0001: ", so that an administrator can search for it;
 * a guard sees that no number is used twice. Secrets never go into a message.
 */
#ifndef CIV_BASE_LOG_H
#define CIV_BASE_LOG_H

#include <apr_errno.h>

/** Levels, a subset of syslog's, in the same order as httpd's. */
typedef enum civ_log_level_e {
    CIV_LOG_ERROR = 3,
    CIV_LOG_WARNING = 4,
    CIV_LOG_NOTICE = 5,
    CIV_LOG_INFO = 6,
    CIV_LOG_DEBUG = 7
} civ_log_level_e;

/**
 * Takes one finished line. @a status is the APR status that goes with it, or APR_SUCCESS for none. Called
 * from any thread; must not block for long.
 */
typedef void (*civ_log_fn)(void *baton, civ_log_level_e level, apr_status_t status, const char *message);

typedef struct civ_log_t {
    civ_log_fn write; /**< NULL: silent */
    void *baton;
    civ_log_level_e level; /**< the most verbose level wanted */
} civ_log_t;

/**
 * Write one line (up to 2,000 bytes, longer ones are cut) when @a log wants @a level. The level is tested
 * before anything is formatted. @a log may be NULL. Control characters in the result are escaped as \xHH, so
 * that nobody can forge a second line.
 */
void civ_log_write(const civ_log_t *log, civ_log_level_e level, apr_status_t status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
