/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The aggregated level: one number for each metric that is known.
 */
#include "base/canonical.h"
#include "federation/anonymise.h"
#include "federation/evidence_fields.h"

#include <apr_strings.h>

apr_status_t civ_aggregate(const civ_aggregate_t **out, apr_size_t *count, const char **type,
                           const civ_json_t *evidence, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_aggregate_t *list = apr_palloc(pool, CIV_FOUND_MAX * sizeof(*list));
    civ_fields_t fields;
    apr_status_t status = civ_fields_find(&fields, evidence, problem, pool);
    int i;

    *out = list;
    *count = 0;
    *type = NULL;
    if (status != APR_SUCCESS) {
        return status;
    }
    *type = fields.type->names[0];
    for (i = 0; fields.type->metrics[i].names[0] != NULL; i++) {
        const civ_metric_t *metric = civ_metric_find(fields.type->metrics[i].names[0]);
        const civ_json_t *found = fields.metrics[i].value;

        if (metric != NULL && found != NULL && found->type == CIV_JSON_NUMBER) {
            double value = civ_canonical_read_number(found->as.text.text);

            if (civ_metric_clip(metric, &value) == APR_SUCCESS) {
                list[*count].metric = metric;
                list[(*count)++].value = value;
            }
        }
    }
    return APR_SUCCESS;
}
