/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/metrics.h"

#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by name. A share of a whole is in percent. Docs/federation.md has the same table. */
const civ_metric_t civ_metrics[] = {
    {"accessibility_score", "percent", 0, 100, 0.5},
    {"approval_rate", "percent", 0, 100, 0.5},
    {"approvals", "count", 0, 1000000, 1},
    {"availability", "percent", 0, 100, 0.5},
    {"branch_coverage", "percent", 0, 100, 0.5},
    {"bugs", "count", 0, 1000000, 1},
    {"build_seconds", "seconds", 0, 1000000, 1},
    {"builds", "count", 0, 1000000, 1},
    {"change_failure_rate", "percent", 0, 100, 0.5},
    {"classes", "count", 0, 1000000, 1},
    {"code_duplication", "percent", 0, 100, 0.5},
    {"code_smells", "count", 0, 1000000, 1},
    {"cognitive_complexity", "score", 0, 1000, 0.5},
    {"comment_ratio", "percent", 0, 100, 0.5},
    {"comments", "count", 0, 1000000, 1},
    {"complexity", "score", 0, 1000, 0.5},
    {"compliance_score", "percent", 0, 100, 0.5},
    {"components", "count", 0, 1000000, 1},
    {"controls_passed", "count", 0, 1000000, 1},
    {"controls_total", "count", 0, 1000000, 1},
    {"coverage", "percent", 0, 100, 0.5},
    {"cpu_percent", "percent", 0, 100, 0.5},
    {"critical_vulnerabilities", "count", 0, 1000000, 1},
    {"dependencies", "count", 0, 1000000, 1},
    {"deployment_success_rate", "percent", 0, 100, 0.5},
    {"deployments", "count", 0, 1000000, 1},
    {"deployments_per_week", "per week", 0, 10000, 0.5},
    {"direct_dependencies", "count", 0, 1000000, 1},
    {"documentation_coverage", "percent", 0, 100, 0.5},
    {"documentation_score", "percent", 0, 100, 0.5},
    {"duration_seconds", "seconds", 0, 1000000, 1},
    {"error_rate", "percent", 0, 100, 0.5},
    {"errors", "count", 0, 1000000, 1},
    {"files", "count", 0, 1000000, 1},
    {"fix_hours", "hours", 0, 100000, 1},
    {"fixed_vulnerabilities", "count", 0, 1000000, 1},
    {"flaky_rate", "percent", 0, 100, 0.5},
    {"function_coverage", "percent", 0, 100, 0.5},
    {"functions", "count", 0, 1000000, 1},
    {"high_vulnerabilities", "count", 0, 1000000, 1},
    {"info_findings", "count", 0, 1000000, 1},
    {"issues", "count", 0, 1000000, 1},
    {"latency_p50_ms", "milliseconds", 0, 1000000, 1},
    {"latency_p95_ms", "milliseconds", 0, 1000000, 1},
    {"latency_p99_ms", "milliseconds", 0, 1000000, 1},
    {"lead_time_hours", "hours", 0, 100000, 1},
    {"licenses", "count", 0, 1000000, 1},
    {"line_coverage", "percent", 0, 100, 0.5},
    {"lines_changed", "count", 0, 10000000, 10},
    {"lines_of_code", "count", 0, 100000000, 1000},
    {"low_vulnerabilities", "count", 0, 1000000, 1},
    {"maintainability_index", "percent", 0, 100, 0.5},
    {"max_cvss", "score", 0, 10, 0.1},
    {"mean_cvss", "score", 0, 10, 0.1},
    {"medium_vulnerabilities", "count", 0, 1000000, 1},
    {"memory_mb", "megabytes", 0, 10000000, 1},
    {"mutation_score", "percent", 0, 100, 0.5},
    {"outdated_dependencies", "count", 0, 1000000, 1},
    {"pages", "count", 0, 1000000, 1},
    {"performance_score", "percent", 0, 100, 0.5},
    {"quality_score", "percent", 0, 100, 0.5},
    {"readability_score", "score", 0, 100, 0.5},
    {"recovery_hours", "hours", 0, 100000, 1},
    {"review_coverage", "percent", 0, 100, 0.5},
    {"review_hours", "hours", 0, 100000, 1},
    {"reviewers", "count", 0, 1000000, 1},
    {"risk_score", "score", 0, 100, 0.5},
    {"secrets_found", "count", 0, 1000000, 1},
    {"security_score", "percent", 0, 100, 0.5},
    {"slsa_level", "level", 0, 4, 1},
    {"statement_coverage", "percent", 0, 100, 0.5},
    {"success_rate", "percent", 0, 100, 0.5},
    {"technical_debt_hours", "hours", 0, 1000000, 1},
    {"test_count", "count", 0, 1000000, 1},
    {"test_pass_rate", "percent", 0, 100, 0.5},
    {"tests_failed", "count", 0, 1000000, 1},
    {"tests_passed", "count", 0, 1000000, 1},
    {"tests_skipped", "count", 0, 1000000, 1},
    {"throughput_rps", "per second", 0, 10000000, 1},
    {"violations", "count", 0, 1000000, 1},
    {"vulnerabilities", "count", 0, 1000000, 1},
    {"warnings", "count", 0, 1000000, 1},
    {NULL, NULL, 0, 0, 0},
};

static int compare(const void *name, const void *metric)
{
    return strcmp(name, ((const civ_metric_t *)metric)->name);
}

const civ_metric_t *civ_metric_find(const char *name)
{
    return bsearch(name, civ_metrics, sizeof(civ_metrics) / sizeof(civ_metrics[0]) - 1,
                   sizeof(civ_metrics[0]), compare);
}

apr_status_t civ_metric_clip(const civ_metric_t *metric, double *value)
{
    if (!isfinite(*value)) {
        return CIV_EINVALID;
    }
    *value = fmin(fmax(*value, metric->lower), metric->upper);
    return APR_SUCCESS;
}

double civ_metric_round(const civ_metric_t *metric, double value)
{
    /* A grid of 0.1 has no exact number: what is divided by is the inverse, which has. */
    double steps = 1 / metric->grid;
    double rounded =
        metric->grid < 1 ? round(value * steps) / steps : round(value / metric->grid) * metric->grid;

    /* Never minus zero. */
    return fmin(fmax(rounded, metric->lower), metric->upper) + 0.0;
}
