/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What there is to measure of the federation. All of it is in shared memory: the totals are kept with each commit there, the signatures are
 * counted there.
 */
#include "metrics.h"

#include <assert.h>

static_assert(CIV_NODE_TOTALS + CIV_TOTAL_COUNT <= CIV_NODE_SIGNATURES,
              "totals and signatures share counters");
static_assert(CIV_NODE_SIGNATURES + CIV_SIGNATURE_LABELS <= CIV_NODE_COUNTER_COUNT,
              "signatures and the face's own share counters");

static const struct {
    civ_total_e total;
    const char *name;
    const char *help;
} totals[] = {
    {CIV_TOTAL_MEMBERS, "civarcos_federation_members", "Organisations that are in."},
    {CIV_TOTAL_EVIDENCE, "civarcos_federation_evidence", "Evidence shared and not withdrawn."},
    {CIV_TOTAL_VOTES, "civarcos_federation_votes", "Votes on evidence."},
    {CIV_TOTAL_BENCHMARKS, "civarcos_federation_benchmark_values", "Values contributed to benchmarks."},
    {CIV_TOTAL_THREATS, "civarcos_federation_threats", "Threats shared."},
};

void civ_metrics_write_federation(civ_buffer_t *out, const civ_call_t *call)
{
    civ_totals_t all;
    civ_problem_t problem;
    size_t i;

    if (!call->node || civ_node_federation_totals(call->node, &all, &problem, call->r->pool) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        civ_metrics_write_head(out, totals[i].name, "gauge", totals[i].help);
        civ_buffer_append_format(out, "%s %" APR_INT64_T_FMT "\n", totals[i].name,
                                 all.values[totals[i].total]);
    }
}

static apr_int64_t judged(const civ_call_t *call, int label)
{
    return civ_state_counter(call->slot->hot, (unsigned)(CIV_NODE_SIGNATURES + label));
}

void civ_metrics_write_signatures(civ_buffer_t *out, const civ_call_t *call)
{
    int label;

    civ_metrics_write_head(out, "civarcos_signatures_verified_total", "counter",
                           "Requests whose signature was good.");
    civ_buffer_append_format(out, "civarcos_signatures_verified_total %" APR_INT64_T_FMT "\n",
                             judged(call, CIV_SIGNATURE_GOOD));
    civ_metrics_write_head(out, "civarcos_signatures_refused_total", "counter",
                           "Requests refused for their signature, or for their lack of one.");
    for (label = CIV_SIGNATURE_GOOD + 1; label < CIV_SIGNATURE_LABELS; label++) {
        if (label == CIV_SIGNATURE_KEY_UNKNOWN) {
            continue; /* counted as an invalid signature */
        }
        civ_buffer_append_format(out,
                                 "civarcos_signatures_refused_total{reason=\"%s\"} %" APR_INT64_T_FMT "\n",
                                 civ_signature_label_name((civ_signature_label_e)label), judged(call, label));
    }
}
