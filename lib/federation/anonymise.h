/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file anonymise.h
 * From evidence to what leaves of it. Everything is looked up in the tables of evidence_types.h and made anew: numbers are
 * clipped and rounded, sizes become bands, words come from lists, times become days, and only few short texts pass, through
 * redaction. Nothing else of the evidence is in the result, neither values nor names. Docs/federation.md says so in plain words.
 */
#ifndef CIV_FEDERATION_ANONYMISE_H
#define CIV_FEDERATION_ANONYMISE_H

#include "base/json.h"
#include "base/json_writer.h"
#include "federation/metrics.h"
#include "federation/redaction.h"
#include "federation/removals.h"

/** Variants of a record: whole; without size and details; without the language as well. */
#define CIV_ANONYMISED_LEVELS 3

/** Characters of a free text that may leave. */
#define CIV_ANONYMISED_TEXT_MAX 280

typedef struct civ_anonymise_options_t {
    const civ_redactor_t *redactor;
    apr_int64_t now; /**< milliseconds: the day of evidence without a time, and the latest that is believed */
    const char *const
        *words; /**< what the author is called: identifier, names; ends with NULL; may be NULL */
} civ_anonymise_options_t;

typedef struct civ_anonymised_t {
    const char *type;                                   /**< evidence_type */
    char timestamp[11];                                 /**< the day, "2026-11-22" */
    apr_int64_t day;                                    /**< its first millisecond */
    const char *quality_metrics[CIV_ANONYMISED_LEVELS]; /**< a JSON object */
    const char *patterns[CIV_ANONYMISED_LEVELS];        /**< a JSON object */
    /** The records that could be taken for this one: "type|language|size", "type|language", "type". A record leaves at the
     *  first level of whose group there are enough; where there are too few even of the last, it does not leave. */
    const char *group[CIV_ANONYMISED_LEVELS];
    civ_removals_t removals;
} civ_anonymised_t;

/**
 * The anonymised level. Pure: reads and writes nothing but memory. Everything in the result lives on @a pool or is constant.
 * @param problem filled (INVALID_MEMBER at "") when the evidence is no object
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_anonymise(civ_anonymised_t *out, const civ_json_t *evidence,
                           const civ_anonymise_options_t *options, civ_problem_t *problem, apr_pool_t *pool);

/** Write the record's members evidence_type, quality_metrics, patterns and timestamp into an object that is open. */
void civ_anonymised_write(civ_json_writer_t *writer, const civ_anonymised_t *record, int level);

/** One number for the aggregator. */
typedef struct civ_aggregate_t {
    const civ_metric_t *metric;
    double value; /**< clipped */
} civ_aggregate_t;

typedef struct civ_aggregated_t {
    const char *type;               /**< evidence_type */
    const civ_aggregate_t *numbers; /**< of each metric at most one */
    apr_size_t count;
    civ_removals_t removals; /**< all but numbers that leave as they came */
} civ_aggregated_t;

/**
 * The aggregated level: the known metrics of the evidence, and nothing else of it.
 * @param options the time does not matter
 * @return as for civ_anonymise
 */
apr_status_t civ_aggregate(civ_aggregated_t *out, const civ_json_t *evidence,
                           const civ_anonymise_options_t *options, civ_problem_t *problem, apr_pool_t *pool);

#endif
