/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file vocabulary.h
 * Words that describe threats: the severities, and the form of types. What different tools call the same becomes the same.
 */
#ifndef CIV_FEDERATION_VOCABULARY_H
#define CIV_FEDERATION_VOCABULARY_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Bytes of a type, at most. */
#define CIV_THREAT_TYPE_LONGEST 64

/** In rising order, so that they can be compared. */
typedef enum civ_severity_e {
    CIV_SEVERITY_UNKNOWN,
    CIV_SEVERITY_INFO,
    CIV_SEVERITY_LOW,
    CIV_SEVERITY_MEDIUM,
    CIV_SEVERITY_HIGH,
    CIV_SEVERITY_CRITICAL,
    CIV_SEVERITIES
} civ_severity_e;

/** Read a severity or one of its synonyms, in any case. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_severity_parse(civ_severity_e *severity, const char *word);

/** "unknown", "info", "low", "medium", "high" or "critical". */
const char *civ_severity_name(civ_severity_e severity);

/**
 * The type of a threat, an open vocabulary: lower case, each run of spaces and slashes one underscore; then it must be
 * [a-z0-9_-]{1,64}.
 * @param type on @a pool
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_threat_type_parse(const char **type, const char *word, apr_pool_t *pool);

#endif
