/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file threats.h
 * Threats that members tell each other of: a type, a severity, indicators. What is shared bears a pseudonym instead of a
 * name, and nothing but what is named here: other members of what was sent are left out, free text is redacted.
 *
 * The same type with the same indicators is the same threat, whoever shares it: the second time it is a sighting, of which
 * each member has one a day. A sighting prolongs it.
 */
#ifndef CIV_FEDERATION_THREATS_H
#define CIV_FEDERATION_THREATS_H

#include "base/json.h"
#include "federation/federation.h"
#include "federation/indicator.h"
#include "federation/redaction.h"
#include "federation/speaker.h"
#include "federation/vocabulary.h"

/** Indicators of one threat, at most. */
#define CIV_THREAT_INDICATORS 1000

/** Bytes of all indicators of one threat as they are shared, at most: with what is said of each, they fit into a record. */
#define CIV_THREAT_BYTES 262144

/** Bytes of a description as it comes, at most. */
#define CIV_THREAT_DESCRIPTION 16384

/** An indicator is looked up in so many threats, at most; what is in more of them says nothing. */
#define CIV_INDICATOR_THREATS 10000

/** Days that a threat can be valid from now on, at most. */
#define CIV_THREAT_DAYS 1827

/** Room for the id of a threat: 32 hex digits and a NUL. */
#define CIV_THREAT_ID_SIZE 33

/** A threat as it is shared. Made by civ_threat_prepare. */
typedef struct civ_threat_report_t {
    const char *type;
    civ_severity_e severity;
    const char *description;           /**< redacted; "" for none */
    const civ_indicator_t *indicators; /**< each once, in the order in which they were sent */
    apr_size_t count;
    apr_int64_t valid_until;    /**< ms; 0: not said */
    const char *const *ignored; /**< names of members that are left out, ended by NULL */
    civ_redaction_counts_t redacted;
    char id[CIV_THREAT_ID_SIZE]; /**< of type and indicators */
} civ_threat_report_t;

/**
 * Read what a member sent, and make of it what is shared.
 * @param words what the member is called, ended by NULL: taken out of the description; NULL: nothing. Indicators keep it:
 * others are attacked in its name
 * @param threat an object
 * @param pointer where it is in the request, such as "/threat_info"
 * @return APR_SUCCESS; CIV_EINVALID (INVALID_MEMBER, LIMIT_EXCEEDED)
 */
apr_status_t civ_threat_prepare(const civ_redactor_t *redactor, const char *const *words,
                                const civ_json_t *threat, const char *pointer, civ_threat_report_t *report,
                                civ_problem_t *problem, apr_pool_t *pool);

/** One indicator as it is shared, and looked for. @param counts of what was redacted in it; may be NULL
 *  @return as civ_indicator_recognise */
apr_status_t civ_threat_indicator(const civ_redactor_t *redactor, civ_indicator_t *indicator,
                                  const char *text, civ_redaction_counts_t *counts, apr_pool_t *pool);

/** A threat as everybody sees it. */
typedef struct civ_threat_t {
    apr_int64_t number; /**< in the order in which they were first shared; never sent */
    const char *id;
    const char *type;
    civ_severity_e severity;
    const char *indicators; /**< JSON: an array of texts */
    const char
        *details; /**< JSON: an array of objects: kind, value, and where there is one flag and reason */
    const char *description;                     /**< "" for none */
    const char *source_hash;                     /**< pseudonym of who shared it first */
    apr_int64_t created, last_seen, valid_until; /**< ms */
    apr_int64_t sightings;                       /**< the first time is one */
    const char *record, *signature;              /**< what it is as the node has signed it, see record.h */
} civ_threat_t;

/** Hundredths: 100 when it was seen last, falling evenly to 0 when it is not valid any more. */
int civ_threat_score(const civ_threat_t *threat, apr_int64_t now);

/**
 * Share a threat.
 * @param is_new set to whether nobody had shared it before
 * @return APR_SUCCESS; APR_NOTFOUND, APR_EACCES as every speaker's; as civ_transactor_t's run
 */
apr_status_t civ_threat_share(civ_federation_t *federation, const civ_speaker_t *speaker,
                              const civ_threat_report_t *report, const civ_idempotency_t *idempotency,
                              civ_threat_t *threat, int *is_new, int *repeated, civ_problem_t *problem,
                              apr_pool_t *pool);

/** What to list. */
typedef struct civ_threat_query_t {
    const char *type;                 /**< NULL: any */
    int severity;                     /**< a civ_severity_e; -1: any */
    const civ_indicator_t *indicator; /**< NULL: any */
    apr_int64_t since;                /**< first shared then or later, ms */
    apr_int64_t before;               /**< number of a threat that has been listed; 0: from the newest on */
    int limit;                        /**< 1 to 1000 */
} civ_threat_query_t;

typedef struct civ_threat_page_t {
    civ_threat_t *threats; /**< newest first */
    int count;
    int more;      /**< non-zero: go on before the last one's number */
    int is_common; /**< the indicator is in so many threats that not all are listed */
} civ_threat_page_t;

/** List threats. */
apr_status_t civ_threat_search(civ_federation_t *federation, const civ_threat_query_t *query,
                               civ_threat_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

/** One threat. @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND); database errors */
apr_status_t civ_threat_read(civ_federation_t *federation, const char *id, civ_threat_t *threat,
                             civ_problem_t *problem, apr_pool_t *pool);

#endif
