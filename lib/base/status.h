/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file status.h
 * The apr_status_t values this library adds to APR's own. They start at APR_OS_START_USERERR, the range APR
 * leaves to applications.
 */
#ifndef CIV_BASE_STATUS_H
#define CIV_BASE_STATUS_H

#include <apr_errno.h>

/** The input breaks a rule of its format; the problem object says which and where. */
#define CIV_EINVALID (APR_OS_START_USERERR + 1)
/** The database is locked by another writer beyond the time we wait. */
#define CIV_EBUSY (APR_OS_START_USERERR + 2)
/** The disk (or a quota, or the configured free-space floor) has no room for a write. */
#define CIV_EFULL (APR_OS_START_USERERR + 3)
/** The database or its folder cannot be written. */
#define CIV_EREADONLY (APR_OS_START_USERERR + 4)
/** The database cannot be reached or opened at all. */
#define CIV_EUNREACHABLE (APR_OS_START_USERERR + 5)
/** The database file itself is damaged (as its own driver reports). */
#define CIV_ECORRUPT (APR_OS_START_USERERR + 6)
/** A uniqueness or check constraint refused the row. */
#define CIV_ECONSTRAINT (APR_OS_START_USERERR + 7)
/** The schema moved under a prepared statement; prepare again and repeat. */
#define CIV_ESCHEMA (APR_OS_START_USERERR + 8)
/** Any other failure of a statement; the log has the driver's words. */
#define CIV_EDATABASE (APR_OS_START_USERERR + 9)
/** What is stored contradicts its own hashes, signature or the signed head: see the log. */
#define CIV_EINTEGRITY (APR_OS_START_USERERR + 10)
/** The state the request presupposes is not there (already joined, nothing pending, key reused ...). */
#define CIV_ECONFLICT (APR_OS_START_USERERR + 11)
/** The append queue holds as many requests as CivarcosQueueLimit allows. */
#define CIV_EQUEUEFULL (APR_OS_START_USERERR + 12)
/** Long work was given up because the process is told to stop. */
#define CIV_EINTERRUPTED (APR_OS_START_USERERR + 13)
/** A commit was sent, and whether it went through could not be found out. */
#define CIV_EUNSETTLED (APR_OS_START_USERERR + 20)

/** Whether a status is one of these, of which apr_strerror knows nothing: whoever reports one says what it is about. */
#define CIV_STATUS_IS_OWN(status) ((status) >= APR_OS_START_USERERR && (status) < APR_OS_START_USERERR + 1000)

/** For a log that has APR explain a status: APR_SUCCESS instead of one of ours, which APR does not understand. */
#define CIV_STATUS_FOR_LOG(status) (CIV_STATUS_IS_OWN(status) ? APR_SUCCESS : (status))

#endif
