/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The aggregated level: one number for each metric that is known.
 */
#include "base/canonical.h"
#include "federation/anonymise.h"
#include "federation/evidence_fields.h"

#include <string.h>

/* @return 0 where it is no number of the metric */
static int take_number(civ_aggregate_t *out, const char *name, const civ_found_t *found,
                       civ_removals_t *removals)
{
    const civ_json_t *value = found->value;
    double given;

    out->metric = civ_metric_find(name);
    if (out->metric == NULL || value->type != CIV_JSON_NUMBER) {
        return 0;
    }
    given = out->value = civ_canonical_read_number(value->as.text.text);
    if (civ_metric_clip(out->metric, &out->value) != APR_SUCCESS) {
        return 0;
    }
    if (out->value < given || out->value > given) {
        civ_removals_add(removals, found, CIV_REMOVED_PRECISION);
    }
    return 1;
}

/* Fields of the other level: at this one they stay. */
static void report_other_fields(civ_removals_t *removals, const civ_fields_t *fields)
{
    int i;

    if (fields->time.value != NULL) {
        civ_removals_add(removals, &fields->time, CIV_REMOVED_NOT_LISTED);
    }
    for (i = 0; civ_evidence_patterns[i].names[0] != NULL; i++) {
        if (fields->patterns[i].value != NULL) {
            civ_removals_add(removals, &fields->patterns[i], CIV_REMOVED_NOT_LISTED);
        }
    }
}

apr_status_t civ_aggregate(civ_aggregated_t *out, const civ_json_t *evidence,
                           const civ_anonymise_options_t *options, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_aggregate_t *list = apr_palloc(pool, CIV_FOUND_MAX * sizeof(*list));
    civ_fields_t fields;
    apr_status_t status = civ_fields_find(&fields, evidence, problem, pool);
    int i;

    memset(out, 0, sizeof(*out));
    if (status != APR_SUCCESS) {
        return status;
    }
    out->type = fields.type->names[0];
    out->numbers = list;
    civ_removals_init(&out->removals, options->redactor, options->words, pool);
    civ_removals_add_type(&out->removals, &fields);
    for (i = 0; fields.type->metrics[i].names[0] != NULL; i++) {
        if (fields.metrics[i].value == NULL) {
            continue;
        }
        if (take_number(&list[out->count], fields.type->metrics[i].names[0], &fields.metrics[i],
                        &out->removals)) {
            out->count++;
        } else {
            civ_removals_add(&out->removals, &fields.metrics[i], CIV_REMOVED_UNUSABLE);
        }
    }
    report_other_fields(&out->removals, &fields);
    civ_removals_add_rest(&out->removals, &fields);
    return APR_SUCCESS;
}
