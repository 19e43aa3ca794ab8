/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/evidence_types.h"

#include <apr_lib.h>

#include <stddef.h>
#include <string.h>

/* ---- words ---- */

#define WORD(...)                                                                                            \
    {                                                                                                        \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define NO_MORE_WORDS                                                                                        \
    {                                                                                                        \
        {                                                                                                    \
            NULL                                                                                             \
        }                                                                                                    \
    }

static const civ_field_word_t languages[] = {
    WORD("python", "py", "python3"),
    WORD("javascript", "js", "ecmascript"),
    WORD("typescript", "ts"),
    WORD("java"),
    WORD("kotlin", "kt"),
    WORD("scala"),
    WORD("c"),
    WORD("cpp", "c++", "cxx"),
    WORD("csharp", "c#", "cs"),
    WORD("go", "golang"),
    WORD("rust", "rs"),
    WORD("ruby", "rb"),
    WORD("php"),
    WORD("swift"),
    WORD("objective-c", "objc"),
    WORD("dart"),
    WORD("r"),
    WORD("perl"),
    WORD("shell", "bash", "sh"),
    WORD("sql"),
    NO_MORE_WORDS,
};

static const civ_field_word_t frameworks[] = {
    WORD("pytest"),
    WORD("unittest"),
    WORD("junit", "junit4", "junit5"),
    WORD("testng"),
    WORD("jest"),
    WORD("mocha"),
    WORD("vitest"),
    WORD("cypress"),
    WORD("playwright"),
    WORD("selenium"),
    WORD("go-test"),
    WORD("cargo-test"),
    WORD("rspec"),
    WORD("phpunit"),
    WORD("nunit"),
    WORD("xunit"),
    WORD("googletest", "gtest"),
    WORD("catch2"),
    WORD("cunit"),
    WORD("spring", "spring-boot"),
    WORD("django"),
    WORD("flask"),
    WORD("fastapi"),
    WORD("rails"),
    WORD("react"),
    WORD("angular"),
    WORD("vue", "vue.js"),
    WORD("express"),
    WORD("dotnet", ".net", "asp.net"),
    NO_MORE_WORDS,
};

static const civ_field_word_t tools[] = {
    WORD("sonarqube", "sonar", "sonarcloud"),
    WORD("codeql"),
    WORD("semgrep"),
    WORD("bandit"),
    WORD("eslint"),
    WORD("pylint"),
    WORD("flake8"),
    WORD("ruff"),
    WORD("mypy"),
    WORD("clang-tidy"),
    WORD("coverity"),
    WORD("checkmarx"),
    WORD("fortify"),
    WORD("snyk"),
    WORD("trivy"),
    WORD("grype"),
    WORD("owasp-zap", "zap"),
    WORD("dependency-check", "owasp-dependency-check"),
    WORD("dependabot"),
    WORD("gitleaks"),
    WORD("trufflehog"),
    WORD("syft"),
    WORD("cyclonedx"),
    WORD("jacoco"),
    WORD("coverage.py", "coverage-py"),
    WORD("lcov", "gcov"),
    WORD("istanbul", "nyc"),
    WORD("lighthouse"),
    WORD("axe", "axe-core"),
    WORD("k6"),
    WORD("jmeter"),
    WORD("gatling"),
    WORD("locust"),
    NO_MORE_WORDS,
};

static const civ_field_word_t statuses[] = {
    WORD("passed", "pass", "success", "successful", "ok", "succeeded", "green"),
    WORD("failed", "fail", "failure", "error", "broken", "red"),
    WORD("unstable", "warning", "warnings", "partial"),
    WORD("skipped", "not-run"),
    WORD("cancelled", "canceled", "aborted"),
    WORD("running", "in-progress", "pending", "queued"),
    WORD("approved", "accepted"),
    WORD("rejected", "changes-requested", "declined"),
    WORD("merged"),
    WORD("open", "opened"),
    WORD("closed"),
    WORD("rolled-back", "rollback"),
    NO_MORE_WORDS,
};

static const civ_field_word_t severities[] = {
    WORD("critical", "blocker"),
    WORD("high", "major", "important"),
    WORD("medium", "moderate"),
    WORD("low", "minor"),
    WORD("info", "informational", "none", "note", "negligible"),
    NO_MORE_WORDS,
};

static const civ_field_word_t platforms[] = {
    WORD("linux"),
    WORD("windows"),
    WORD("macos", "darwin", "osx"),
    WORD("android"),
    WORD("ios"),
    WORD("container", "docker"),
    WORD("embedded"),
    WORD("kubernetes", "k8s"),
    NO_MORE_WORDS,
};

static const civ_field_word_t environments[] = {
    WORD("production", "prod", "live"),
    WORD("staging", "stage", "preproduction", "pre-production"),
    WORD("test", "testing", "qa"),
    WORD("development", "dev"),
    NO_MORE_WORDS,
};

static const civ_field_word_t standards[] = {
    WORD("iso-27001", "iso27001"),
    WORD("soc-2", "soc2"),
    WORD("pci-dss", "pci"),
    WORD("hipaa"),
    WORD("gdpr"),
    WORD("nist-800-53", "nist-sp-800-53"),
    WORD("nist-csf"),
    WORD("fedramp"),
    WORD("iso-26262"),
    WORD("iec-62304"),
    WORD("iec-61508"),
    WORD("do-178c"),
    WORD("owasp-asvs", "asvs"),
    WORD("owasp-top-10"),
    WORD("cis"),
    WORD("wcag-a", "wcag2a"),
    WORD("wcag-aa", "wcag2aa", "wcag-2.1-aa", "wcag21aa"),
    WORD("wcag-aaa", "wcag2aaa"),
    WORD("slsa"),
    WORD("misra-c", "misra"),
    NO_MORE_WORDS,
};

static const civ_field_word_t formats[] = {
    WORD("cyclonedx"), WORD("spdx"),    WORD("swid"),      WORD("sarif"), WORD("junit-xml"),
    WORD("cobertura"), WORD("in-toto"), WORD("lcov-info"), NO_MORE_WORDS,
};

static const civ_field_word_t levels[] = {
    WORD("unit"),
    WORD("integration"),
    WORD("system", "end-to-end", "e2e"),
    WORD("acceptance"),
    WORD("regression"),
    WORD("smoke"),
    WORD("load", "performance", "stress"),
    WORD("static", "sast"),
    WORD("dynamic", "dast"),
    WORD("dependencies", "dependency", "sca"),
    WORD("secrets", "secret"),
    WORD("penetration", "pentest"),
    NO_MORE_WORDS,
};

/* ---- fields ---- */

#define NUMBER(...)                                                                                          \
    {                                                                                                        \
        {__VA_ARGS__}, CIV_FIELD_NUMBER, CIV_FIELD_PLAIN, NULL                                               \
    }
#define BAND(...)                                                                                            \
    {                                                                                                        \
        {__VA_ARGS__}, CIV_FIELD_BAND, CIV_FIELD_PLAIN, NULL                                                 \
    }
#define NO_MORE_FIELDS                                                                                       \
    {                                                                                                        \
        {NULL}, CIV_FIELD_FLAG, CIV_FIELD_PLAIN, NULL                                                        \
    }

const civ_evidence_field_t civ_evidence_patterns[] = {
    {{"language", "programming_language", "lang", "languages"},
     CIV_FIELD_WORD,
     CIV_FIELD_LANGUAGE,
     languages},
    {{"size", "lines_of_code", "loc", "ncloc", "lines", "project_size"},
     CIV_FIELD_BAND,
     CIV_FIELD_SIZE,
     NULL},
    {{"framework", "test_framework"}, CIV_FIELD_WORD, CIV_FIELD_DETAIL, frameworks},
    {{"tool", "scanner", "analyzer", "tool_name"}, CIV_FIELD_WORD, CIV_FIELD_DETAIL, tools},
    {{"tool_version", "scanner_version"}, CIV_FIELD_MAJOR, CIV_FIELD_DETAIL, NULL},
    {{"language_version", "runtime_version"}, CIV_FIELD_MAJOR, CIV_FIELD_DETAIL, NULL},
    {{"platform", "os", "operating_system"}, CIV_FIELD_WORD, CIV_FIELD_DETAIL, platforms},
    {{"standard", "regulation"}, CIV_FIELD_WORD, CIV_FIELD_DETAIL, standards},
    {{"format", "document_format"}, CIV_FIELD_WORD, CIV_FIELD_DETAIL, formats},
    {{"level", "test_level", "test_type", "scan_type"}, CIV_FIELD_WORD, CIV_FIELD_PLAIN, levels},
    {{"environment", "stage"}, CIV_FIELD_WORD, CIV_FIELD_PLAIN, environments},
    {{"status", "result", "outcome", "conclusion", "state"}, CIV_FIELD_WORD, CIV_FIELD_PLAIN, statuses},
    {{"severity", "max_severity", "highest_severity"}, CIV_FIELD_WORD, CIV_FIELD_PLAIN, severities},
    {{"automated", "is_automated"}, CIV_FIELD_FLAG, CIV_FIELD_PLAIN, NULL},
    {{"signed", "is_signed"}, CIV_FIELD_FLAG, CIV_FIELD_PLAIN, NULL},
    {{"summary", "description", "finding", "message", "notes"}, CIV_FIELD_TEXT, CIV_FIELD_DETAIL, NULL},
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t test_results[] = {
    NUMBER("test_pass_rate", "pass_rate"),
    NUMBER("coverage", "code_coverage", "test_coverage"),
    NUMBER("flaky_rate"),
    NUMBER("mutation_score"),
    BAND("test_count", "tests_total", "total_tests", "total", "tests"),
    BAND("tests_passed", "passed"),
    BAND("tests_failed", "failed", "failures"),
    BAND("tests_skipped", "skipped"),
    BAND("duration_seconds", "duration"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t coverage[] = {
    NUMBER("coverage", "code_coverage", "test_coverage", "coverage_percent", "percentage"),
    NUMBER("line_coverage", "lines_percent"),
    NUMBER("branch_coverage", "branches_percent"),
    NUMBER("function_coverage"),
    NUMBER("statement_coverage"),
    NUMBER("mutation_score"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t static_analysis[] = {
    NUMBER("complexity", "cyclomatic_complexity"),
    NUMBER("cognitive_complexity"),
    NUMBER("maintainability_index", "maintainability"),
    NUMBER("code_duplication", "duplication", "duplicated_lines_density"),
    NUMBER("quality_score", "score"),
    BAND("issues", "findings", "total_issues"),
    BAND("errors"),
    BAND("warnings"),
    BAND("bugs"),
    BAND("code_smells"),
    BAND("technical_debt_hours"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t security_scan[] = {
    NUMBER("security_score", "score"),
    NUMBER("risk_score"),
    NUMBER("mean_cvss", "average_cvss"),
    NUMBER("max_cvss", "cvss", "cvss_score"),
    BAND("vulnerabilities", "total_vulnerabilities", "vulnerability_count", "findings"),
    BAND("critical_vulnerabilities", "critical"),
    BAND("high_vulnerabilities", "high"),
    BAND("medium_vulnerabilities", "medium"),
    BAND("low_vulnerabilities", "low"),
    BAND("info_findings", "info"),
    BAND("fixed_vulnerabilities", "fixed"),
    BAND("secrets_found"),
    BAND("fix_hours", "mean_time_to_fix_hours"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t sbom[] = {
    BAND("components", "component_count"),
    BAND("dependencies", "dependency_count"),
    BAND("direct_dependencies"),
    BAND("outdated_dependencies", "outdated"),
    BAND("vulnerabilities", "vulnerable_components"),
    BAND("licenses", "license_count"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t code_quality[] = {
    NUMBER("quality_score", "score"),
    NUMBER("coverage", "code_coverage", "test_coverage"),
    NUMBER("complexity", "cyclomatic_complexity"),
    NUMBER("cognitive_complexity"),
    NUMBER("maintainability_index", "maintainability"),
    NUMBER("code_duplication", "duplication"),
    NUMBER("comment_ratio"),
    NUMBER("security_score"),
    NUMBER("documentation_coverage"),
    BAND("functions", "function_count"),
    BAND("classes", "class_count"),
    BAND("files", "file_count"),
    BAND("code_smells"),
    BAND("technical_debt_hours"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t build[] = {
    NUMBER("success_rate"),
    BAND("build_seconds", "duration_seconds", "duration"),
    BAND("builds", "build_count"),
    BAND("warnings"),
    BAND("errors"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t deployment[] = {
    NUMBER("deployment_success_rate", "success_rate"),
    NUMBER("change_failure_rate"),
    NUMBER("availability", "uptime"),
    BAND("deployments", "deployment_count"),
    BAND("deployments_per_week", "deployment_frequency"),
    BAND("lead_time_hours", "lead_time"),
    BAND("recovery_hours", "mttr_hours", "mttr"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t code_review[] = {
    NUMBER("review_coverage"),
    NUMBER("approval_rate"),
    BAND("reviewers", "reviewer_count"),
    BAND("approvals", "approval_count"),
    BAND("comments", "comment_count"),
    BAND("lines_changed", "changes"),
    BAND("review_hours", "time_to_review_hours"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t performance[] = {
    NUMBER("performance_score", "score"),
    NUMBER("error_rate"),
    NUMBER("availability", "uptime"),
    NUMBER("cpu_percent", "cpu"),
    BAND("latency_p50_ms", "p50_ms", "p50", "median_ms"),
    BAND("latency_p95_ms", "p95_ms", "p95"),
    BAND("latency_p99_ms", "p99_ms", "p99"),
    BAND("throughput_rps", "throughput", "requests_per_second"),
    BAND("memory_mb", "memory"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t accessibility[] = {
    NUMBER("accessibility_score", "score"),
    BAND("violations", "issues"),
    BAND("pages", "pages_tested"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t documentation[] = {
    NUMBER("documentation_coverage", "coverage"),
    NUMBER("documentation_score", "score"),
    NUMBER("readability_score", "readability"),
    BAND("pages", "page_count"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t compliance[] = {
    NUMBER("compliance_score", "score"),
    BAND("controls_total", "controls"),
    BAND("controls_passed", "passed"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t provenance[] = {
    NUMBER("slsa_level", "build_level"),
    NO_MORE_FIELDS,
};

static const civ_evidence_field_t other[] = {
    NUMBER("quality_score", "score"),
    NUMBER("coverage", "code_coverage", "test_coverage"),
    NUMBER("complexity", "cyclomatic_complexity"),
    NUMBER("security_score"),
    NUMBER("success_rate"),
    NUMBER("test_pass_rate", "pass_rate"),
    BAND("issues", "findings"),
    BAND("vulnerabilities"),
    NO_MORE_FIELDS,
};

const civ_evidence_type_t civ_evidence_types[] = {
    {{"test_results", "test_result", "test", "tests", "unit_test", "unit_tests", "integration_test"},
     test_results},
    {{"coverage", "test_coverage", "code_coverage"}, coverage},
    {{"static_analysis", "sast", "lint", "code_analysis"}, static_analysis},
    {{"security_scan", "security", "vulnerability_scan", "dast", "dependency_scan", "penetration_test",
      "pentest"},
     security_scan},
    {{"sbom", "bill_of_materials"}, sbom},
    {{"code_quality", "code_metrics", "quality_metrics", "quality", "metrics", "complexity"}, code_quality},
    {{"build", "ci_build", "pipeline", "workflow_run"}, build},
    {{"deployment", "release", "deploy"}, deployment},
    {{"code_review", "review", "pull_request", "merge_request", "peer_review"}, code_review},
    {{"approval", "sign_off"}, code_review},
    {{"performance", "performance_test", "load_test", "benchmark"}, performance},
    {{"accessibility", "accessibility_scan", "a11y"}, accessibility},
    {{"documentation", "docs"}, documentation},
    {{"compliance", "audit", "compliance_check"}, compliance},
    {{"provenance", "attestation", "slsa"}, provenance},
    {{"other"}, other},
    {{NULL}, NULL},
};

/* ---- looking up ---- */

/* Compares as if case, blanks, '-' and '_' were one. */
static int is_spelling(const char *name, const char *text)
{
    for (; *name != '\0' && *text != '\0'; name++, text++) {
        char left = *name == '_' || *name == ' ' ? '-' : *name;
        char right = *text == '_' || *text == ' ' ? '-' : (char)apr_tolower(*text);

        if (left != right) {
            return 0;
        }
    }
    return *name == *text;
}

static int is_one_of(const char *const *names, const char *text)
{
    int i;

    for (i = 0; i < CIV_EVIDENCE_ALIASES_MAX && names[i] != NULL; i++) {
        if (is_spelling(names[i], text)) {
            return 1;
        }
    }
    return 0;
}

const civ_evidence_type_t *civ_evidence_type_of(const char *name)
{
    const civ_evidence_type_t *type = civ_evidence_types;

    /* The last type is "other". */
    while (type[1].names[0] != NULL && (name == NULL || !is_one_of(type->names, name))) {
        type++;
    }
    return type;
}

const char *civ_field_word_of(const civ_field_word_t *words, const char *text)
{
    for (; words->spellings[0] != NULL; words++) {
        if (is_one_of(words->spellings, text)) {
            return words->spellings[0];
        }
    }
    return NULL;
}
