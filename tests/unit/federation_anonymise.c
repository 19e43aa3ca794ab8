/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_anonymise.c
 * What leaves of evidence: the example of docs/federation.md, each kind of field, and what evidence of all shapes cannot bring
 * out.
 */
#include "support/runner.h"

#include "base/canonical.h"
#include "base/encoding.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "federation/anonymise.h"
#include "federation/commitment.h"
#include "federation/evidence_types.h"
#include "unit/federation_fixture.h"

#include <apr_strings.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static civ_anonymised_t record;
static civ_aggregated_t aggregated;

/* The 22nd of November 2026. */
static const apr_int64_t now = APR_INT64_C(1795305600000) + 12345678;

static const char *const own_words[] = {"acme", "acme corp", NULL};

static const civ_json_t *parsed(const char *text)
{
    const civ_json_t *root = NULL;
    civ_problem_t problem = {0};

    if (civ_json_parse(&root, text, strlen(text), &fixture_limits, &problem, test_pool()) != APR_SUCCESS) {
        test_note("%s: %s", problem.detail, text);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    return root;
}

static const civ_anonymised_t *anonymise(const char *evidence)
{
    const civ_anonymise_options_t options = {fixture_redactor, now, own_words};

    CU_ASSERT_EQUAL_FATAL(civ_anonymise(&record, parsed(evidence), &options, NULL, test_pool()), APR_SUCCESS);
    return &record;
}

static const char *record_text(int level)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, test_pool());
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_anonymised_write(&writer, &record, level);
    civ_json_end_object(&writer);
    return out.data;
}

static const char *report_text(const civ_removals_t *removals)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, test_pool());
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_removals_write(&writer, removals);
    civ_json_end_object(&writer);
    return out.data;
}

static const char *canonical(const char *text)
{
    civ_buffer_t out;

    civ_buffer_init(&out, 256, test_pool());
    CU_ASSERT_EQUAL(civ_canonical_write(&out, parsed(text)), APR_SUCCESS);
    return out.data;
}

/* ---- the manual ---- */

/** A fenced block of docs/federation.md. */
static const char *documented(const char *name)
{
    unsigned long length;
    const char *manual =
        test_read_file(apr_pstrcat(test_pool(), test_source_dir(), "/docs/federation.md", NULL), &length);
    const char *fence = apr_pstrcat(test_pool(), "\n```json ", name, "\n", NULL), *begin, *end;

    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    begin = strstr(manual, fence);
    CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
    begin += strlen(fence);
    end = strstr(begin, "\n```\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    return apr_pstrmemdup(test_pool(), begin, (apr_size_t)(end - begin));
}

static void is_documented(const char *name, const char *text)
{
    const char *wanted = canonical(documented(name)), *got = canonical(text);

    if (strcmp(wanted, got) != 0) {
        CU_FAIL("the manual says something else");
        test_note("%s: %s", name, text);
    }
}

static const civ_aggregated_t *aggregate(const char *evidence)
{
    const civ_anonymise_options_t options = {fixture_redactor, now, own_words};

    CU_ASSERT_EQUAL_FATAL(civ_aggregate(&aggregated, parsed(evidence), &options, NULL, test_pool()),
                          APR_SUCCESS);
    return &aggregated;
}

static const char *aggregate_text(const char *evidence)
{
    char number[CIV_CANONICAL_NUMBER_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t out;
    apr_size_t i;

    aggregate(evidence);
    civ_buffer_init(&out, 256, test_pool());
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    for (i = 0; i < aggregated.count; i++) {
        CU_ASSERT_EQUAL(civ_canonical_number(number, aggregated.numbers[i].value), APR_SUCCESS);
        civ_json_name(&writer, aggregated.numbers[i].metric->name);
        civ_json_raw(&writer, number, strlen(number));
    }
    civ_json_end_object(&writer);
    return out.data;
}

static void manual_says_what_leaves(void)
{
    const char *evidence = documented("evidence");

    anonymise(evidence);
    is_documented("leaves", record_text(0));
    is_documented("suppressed", record_text(2));
    is_documented("removed", report_text(&record.removals));
    is_documented("aggregated", aggregate_text(evidence));
    is_documented("aggregated-removed", report_text(&aggregated.removals));
}

static void manual_lists_all_classes(void)
{
    unsigned long length;
    const char *manual =
        test_read_file(apr_pstrcat(test_pool(), test_source_dir(), "/docs/federation.md", NULL), &length);
    apr_size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    for (i = 0; i < civ_redactor_class_count(fixture_redactor); i++) {
        const char *name =
            apr_pstrcat(test_pool(), "`", civ_redactor_class_name(fixture_redactor, i), "`", NULL);

        if (strstr(manual, name) == NULL && i > 0) {
            CU_FAIL("a class is not in the manual");
            test_note("%s", name);
        }
    }
}

/* ---- fields ---- */

static void metrics_are(const char *evidence, const char *metrics)
{
    anonymise(evidence);
    if (strcmp(record.quality_metrics[0], metrics) != 0) {
        CU_FAIL("other metrics leave");
        test_note("%s: %s", evidence, record.quality_metrics[0]);
    }
}

static void patterns_are(const char *evidence, const char *patterns)
{
    anonymise(evidence);
    if (strcmp(record.patterns[0], patterns) != 0) {
        CU_FAIL("other patterns leave");
        test_note("%s: %s", evidence, record.patterns[0]);
    }
}

static void numbers_are_clipped_and_rounded(void)
{
    metrics_are("{\"type\":\"coverage\",\"coverage\":85.37}", "{\"coverage\":85.5}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":101}", "{\"coverage\":100}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":-1e300}", "{\"coverage\":0}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":-0.1}", "{\"coverage\":0}");
    metrics_are("{\"type\":\"security\",\"mean_cvss\":7.26}", "{\"mean_cvss\":7.3}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":\"85\"}", "{}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":{\"value\":85}}", "{}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":null}", "{}");
}

static void sizes_become_bands(void)
{
    static const char *const rows[][2] = {
        {"0", "0"},
        {"1", "1"},
        {"2", "2-3"},
        {"3", "2-3"},
        {"4", "4-7"},
        {"0.5", "0"},
        {"1023", "512-1023"},
        {"1024", "1024-2047"},
        {"1e300", "1099511627776-2199023255551"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        metrics_are(apr_psprintf(test_pool(), "{\"type\":\"sbom\",\"components\":%s}", rows[i][0]),
                    apr_psprintf(test_pool(), "{\"components\":\"%s\"}", rows[i][1]));
    }
    metrics_are("{\"type\":\"sbom\",\"components\":-1}", "{}");
}

static void words_come_from_lists(void)
{
    patterns_are("{\"language\":\"C++\"}", "{\"language\":\"cpp\"}");
    patterns_are("{\"language\":\"AcmeScript\"}", "{\"language\":\"other\"}");
    patterns_are("{\"languages\":[\"go\",\"c\"]}", "{\"language\":\"go\"}");
    patterns_are("{\"languages\":[]}", "{}");
    patterns_are("{\"language\":{\"name\":\"go\"}}", "{}");
    patterns_are("{\"tool\":\"OWASP ZAP\",\"tool_version\":\"v2.15.0\"}",
                 "{\"tool\":\"owasp-zap\",\"tool_version\":2}");
    patterns_are("{\"tool_version\":\"99999.1\"}", "{}");
    patterns_are("{\"tool_version\":\"build jane\"}", "{}");
    patterns_are("{\"status\":\"SUCCESS\",\"signed\":true}", "{\"status\":\"passed\",\"signed\":true}");
    patterns_are("{\"signed\":\"true\"}", "{}");
}

static void containers_are_looked_into(void)
{
    metrics_are("{\"type\":\"coverage\",\"metrics\":{\"coverage\":50}}", "{\"coverage\":50}");
    metrics_are("{\"type\":\"coverage\",\"data\":{\"coverage\":50}}", "{\"coverage\":50}");
    metrics_are("{\"type\":\"coverage\",\"data\":{\"results\":{\"coverage\":50}}}", "{\"coverage\":50}");
    metrics_are("{\"type\":\"coverage\",\"other\":{\"coverage\":50}}", "{}");
    metrics_are("{\"type\":\"coverage\",\"data\":{\"data\":{\"coverage\":50}}}", "{}");
    metrics_are("{\"type\":\"coverage\",\"coverage\":1,\"metrics\":{\"coverage\":50}}", "{\"coverage\":1}");
    metrics_are("{\"type\":\"coverage\",\"code_coverage\":2,\"coverage\":1}", "{\"coverage\":1}");
    metrics_are("{\"type\":\"coverage\",\"metrics\":[{\"coverage\":50}]}", "{}");
}

static void types_are_known_or_other(void)
{
    CU_ASSERT_STRING_EQUAL(anonymise("{\"type\":\"Unit Test\"}")->type, "test_results");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"evidence_type\":\"security-scan\"}")->type, "security_scan");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"type\":\"acme-internal\"}")->type, "other");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"type\":5}")->type, "other");
    CU_ASSERT_STRING_EQUAL(anonymise("{}")->type, "other");
    CU_ASSERT_STRING_EQUAL(record_text(0),
                           "{\"evidence_type\":\"other\",\"quality_metrics\":{},\"patterns\":{},"
                           "\"timestamp\":\"2026-11-22\"}");
}

static void times_become_days(void)
{
    CU_ASSERT_STRING_EQUAL(anonymise("{\"timestamp\":\"2026-10-01T00:30:00+02:00\"}")->timestamp,
                           "2026-09-30");
    CU_ASSERT_EQUAL(record.day % 86400000, 0);
    CU_ASSERT_STRING_EQUAL(anonymise("{\"data\":{\"created_at\":\"2026-10-01\"}}")->timestamp, "2026-10-01");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"timestamp\":\"2027-10-01\"}")->timestamp, "2026-11-22");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"timestamp\":\"1066-10-14\"}")->timestamp, "2026-11-22");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"timestamp\":\"yesterday\"}")->timestamp, "2026-11-22");
    CU_ASSERT_STRING_EQUAL(anonymise("{\"timestamp\":1795305600}")->timestamp, "2026-11-22");
}

static void texts_are_redacted_and_cut(void)
{
    const char *summary;
    unsigned i;

    patterns_are(
        "{\"summary\":\"ACME\\u0000 found it in src/db/login.py\\n at 10.1.2.3, see https://x.example/1\"}",
        "{\"summary\":\"[REDACTED:own-name]  found it in [REDACTED:path]  at [REDACTED:ipv4], see "
        "[REDACTED:url]\"}");
    CU_ASSERT_EQUAL(record.removals.redactions.total, 4);
    /* Never within a character, nor within a marker. */
    for (i = 270; i <= 281; i++) {
        char *text = apr_palloc(test_pool(), i + 1);

        memset(text, '-', i);
        text[i] = '\0';
        anonymise(apr_psprintf(test_pool(), "{\"summary\":\"%s me@example.com\\u00e9\"}", text));
        summary = civ_json_get_text(parsed(record.patterns[0]), "summary");
        CU_ASSERT_PTR_NOT_NULL_FATAL(summary);
        CU_ASSERT(strlen(summary) <= 281);
        CU_ASSERT_EQUAL(strstr(summary, "[REDACTED") != NULL, strstr(summary, "[REDACTED:email]") != NULL);
        CU_ASSERT_PTR_NULL(strstr(summary, "example"));
    }
}

static void groups_lose_parts(void)
{
    anonymise(
        "{\"type\":\"test\",\"language\":\"py\",\"loc\":5000,\"framework\":\"pytest\",\"status\":\"ok\","
        "\"pass_rate\":99,\"total\":77,\"summary\":\"fine\"}");
    CU_ASSERT_STRING_EQUAL(record.group[0], "test_results|python|4096-8191");
    CU_ASSERT_STRING_EQUAL(record.group[1], "test_results|python");
    CU_ASSERT_STRING_EQUAL(record.group[2], "test_results");
    CU_ASSERT_STRING_EQUAL(record.quality_metrics[0], "{\"test_pass_rate\":99,\"test_count\":\"64-127\"}");
    CU_ASSERT_STRING_EQUAL(record.quality_metrics[1], "{\"test_pass_rate\":99}");
    CU_ASSERT_STRING_EQUAL(record.patterns[1], "{\"language\":\"python\",\"status\":\"passed\"}");
    CU_ASSERT_STRING_EQUAL(record.patterns[2], "{\"status\":\"passed\"}");
    anonymise("{}");
    CU_ASSERT_STRING_EQUAL(record.group[0], "other|-|-");
}

static void report_is_bounded(void)
{
    civ_buffer_t out;
    int i;

    civ_buffer_init(&out, 0, test_pool());
    civ_buffer_append_text(&out, "{\"coverage\":1");
    for (i = 0; i < 1000; i++) {
        civ_buffer_append_format(&out, ",\"field%d\":%d", i, i);
    }
    civ_buffer_append_text(&out, "}");
    anonymise(out.data);
    CU_ASSERT_EQUAL(record.removals.listed_count, CIV_REMOVED_LISTED_MAX);
    CU_ASSERT_EQUAL(record.removals.count, 1000);
    CU_ASSERT_PTR_NOT_NULL(strstr(report_text(&record.removals), "\"removed_count\":1000"));
}

/* One reason for each pointer: "pointer=reason", in their order. */
static const char *reasons(const civ_removals_t *removals)
{
    const char *text = "";
    apr_size_t i;

    for (i = 0; i < removals->listed_count; i++) {
        text = apr_pstrcat(test_pool(), text, *text ? " " : "", removals->listed[i].pointer, "=",
                           civ_removal_name(removals->listed[i].reason), NULL);
    }
    return text;
}

/* Numbers that leave as they came are not among it, however coarse they are at the other level. */
static void aggregated_says_what_stays(void)
{
    aggregate("{\"type\":\"coverage\",\"coverage\":71.37}");
    CU_ASSERT_EQUAL(aggregated.count, 1);
    CU_ASSERT_EQUAL(aggregated.removals.count, 0);
    CU_ASSERT_STRING_EQUAL(report_text(&aggregated.removals),
                           "{\"removed\":[],\"removed_count\":0,\"redactions\":{}}");
    aggregate("{\"type\":\"coverage\",\"coverage\":100.5,\"line_coverage\":\"71\",\"branch_coverage\":-0,"
              "\"language\":\"go\",\"signed\":true,\"timestamp\":\"2026-10-01\",\"author\":\"Jane\",\"x\":{"
              "\"y\":1}}");
    CU_ASSERT_EQUAL(aggregated.count, 2);
    CU_ASSERT_STRING_EQUAL(
        reasons(&aggregated.removals),
        "/coverage=generalised /line_coverage=unusable /timestamp=not-allow-listed "
        "/language=not-allow-listed /signed=not-allow-listed /author=person /x=not-allow-listed");
    CU_ASSERT_EQUAL(aggregated.removals.count, 7);
    /* Where it was found, by which name; what the sharer is called is in no name. */
    aggregate("{\"type\":\"Unit Test\",\"data\":{\"metrics\":{\"pass_rate\":-5,\"acme\":1}}}");
    CU_ASSERT_STRING_EQUAL(reasons(&aggregated.removals),
                           "/type=generalised /data/metrics/pass_rate=generalised "
                           "/data/metrics/[REDACTED:own-name]=not-allow-listed");
}

static void only_objects_are_evidence(void)
{
    const civ_anonymise_options_t options = {fixture_redactor, now, NULL};
    civ_problem_t problem = {0};

    CU_ASSERT_EQUAL(civ_anonymise(&record, parsed("[1]"), &options, &problem, test_pool()), CIV_EINVALID);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INVALID_MEMBER);
    CU_ASSERT_EQUAL(civ_aggregate(&aggregated, parsed("3"), &options, &problem, test_pool()), CIV_EINVALID);
}

/* ---- tables ---- */

static void check_fields(const civ_evidence_field_t *fields, int are_metrics)
{
    int i, j;

    for (i = 0; fields[i].names[0] != NULL; i++) {
        int is_number = fields[i].kind == CIV_FIELD_NUMBER || fields[i].kind == CIV_FIELD_BAND;

        if (are_metrics && (!is_number || civ_metric_find(fields[i].names[0]) == NULL)) {
            CU_FAIL("a field is no metric");
            test_note("%s", fields[i].names[0]);
        }
        CU_ASSERT((fields[i].kind == CIV_FIELD_WORD) == (fields[i].words != NULL));
        for (j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(fields[i].names[0], fields[j].names[0]);
        }
    }
    CU_ASSERT(i < 32);
}

static void tables_are_sound(void)
{
    const civ_evidence_type_t *type;
    const civ_metric_t *metric;

    for (type = civ_evidence_types; type->names[0] != NULL; type++) {
        check_fields(type->metrics, 1);
        CU_ASSERT_PTR_EQUAL(civ_evidence_type_of(type->names[0]), type);
    }
    check_fields(civ_evidence_patterns, 0);
    for (metric = civ_metrics; metric->name != NULL; metric++) {
        CU_ASSERT(metric->lower < metric->upper && metric->grid > 0);
        CU_ASSERT(metric[1].name == NULL || strcmp(metric->name, metric[1].name) < 0);
        CU_ASSERT_PTR_EQUAL(civ_metric_find(metric->name), metric);
    }
}

static void numbers_are_finite(void)
{
    const civ_metric_t *metric = civ_metric_find("coverage");
    double value = 1e9;

    CU_ASSERT_EQUAL(civ_metric_clip(metric, &value), APR_SUCCESS);
    CU_ASSERT_EQUAL(value, 100);
    value = (double)INFINITY;
    CU_ASSERT_EQUAL(civ_metric_clip(metric, &value), CIV_EINVALID);
    value = (double)NAN;
    CU_ASSERT_EQUAL(civ_metric_clip(metric, &value), CIV_EINVALID);
}

/* What a security officer reads is what is done: all metrics, and no others. */
static void metrics_are_documented(void)
{
    unsigned long length;
    const char *text =
        test_read_file(apr_pstrcat(test_pool(), test_source_dir(), "/docs/federation.md", NULL), &length);
    const char *line = text ? strstr(text, "| metric | in | bounds | step |\n|---|---|---|---|\n") : NULL;
    const civ_metric_t *metric;

    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    line = strchr(strchr(line, '\n') + 1, '\n') + 1;
    for (metric = civ_metrics; metric->name != NULL; metric++) {
        char row[200];

        snprintf(row, sizeof(row), "| `%s` | %s | %.10g to %.10g | %.10g |\n", metric->name, metric->unit,
                 metric->lower, metric->upper, metric->grid);
        if (strncmp(line, row, strlen(row)) != 0) {
            test_note("docs/federation.md lacks or has otherwise: %s", row);
            CU_FAIL_FATAL("the table of metrics in the documentation is another one");
        }
        line += strlen(row);
    }
    CU_ASSERT_EQUAL(*line, '\n');
}

/* Computed with another program. */
static void commitments(void)
{
    unsigned char salt[CIV_COMMITMENT_SALT_SIZE], other[CIV_COMMITMENT_SALT_SIZE];
    civ_digest_t digest;
    int i;

    for (i = 0; i < CIV_COMMITMENT_SALT_SIZE; i++) {
        salt[i] = (unsigned char)i;
    }
    CU_ASSERT_EQUAL(civ_commitment(&digest, salt, parsed("{\"b\": [1.0, true], \"a\": \"x\"}"), test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&digest, test_pool()),
                           "566d90d33c4961b1a696d1f1a84feeab90eff6a27ea8eae2ccc68a7699c47164");
    CU_ASSERT_EQUAL(civ_commitment_salt(salt), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_commitment_salt(other), APR_SUCCESS);
    CU_ASSERT_NOT_EQUAL(memcmp(salt, other, sizeof(salt)), 0);
}

static const test_case_t cases[] = {
    {"manual_says_what_leaves", manual_says_what_leaves},
    {"manual_lists_all_classes", manual_lists_all_classes},
    {"numbers_are_clipped_and_rounded", numbers_are_clipped_and_rounded},
    {"sizes_become_bands", sizes_become_bands},
    {"words_come_from_lists", words_come_from_lists},
    {"containers_are_looked_into", containers_are_looked_into},
    {"types_are_known_or_other", types_are_known_or_other},
    {"times_become_days", times_become_days},
    {"texts_are_redacted_and_cut", texts_are_redacted_and_cut},
    {"groups_lose_parts", groups_lose_parts},
    {"report_is_bounded", report_is_bounded},
    {"aggregated_says_what_stays", aggregated_says_what_stays},
    {"only_objects_are_evidence", only_objects_are_evidence},
    {"tables_are_sound", tables_are_sound},
    {"numbers_are_finite", numbers_are_finite},
    {"metrics_are_documented", metrics_are_documented},
    {"commitments", commitments},
    {NULL, NULL},
};

const test_suite_t federation_anonymise_suite = {"federation_anonymise", fixture_make_redactor,
                                                 fixture_drop_redactor, cases};
