/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins_products.c
 * What a finished build has left: its test report, its artifacts, and the fingerprints of files.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/jenkins_private.h"
#include "sync/url.h"

/** Suites and failed cases that are kept, and bytes of them. */
#define SUITES_MOST   200
#define FAILURES_MOST 200
#define PART_SIZE     25000

/* Neither output nor stack traces: they are large, and may hold anything. */
#define SUITES "suites[name,cases[className,name,status]]"
#define TESTS_TREE                                                                                           \
    "failCount,passCount,skipCount,totalCount," SUITES                                                       \
    ",childReports[result[failCount,passCount,skipCount,totalCount," SUITES "]]"
#define ARTIFACTS_TREE "artifacts[fileName,relativePath],fingerprint[fileName,hash,original[name,number]]"

static int has_tests(const civ_json_t *json)
{
    const civ_json_t *actions = civ_json_get(json, "actions");
    apr_size_t i;

    for (i = 0; i < civ_field_count(json, "actions"); i++) {
        const char *name = civ_field_text(&actions->as.array.items[i], "urlName");

        if (name != NULL && strcmp(name, "testReport") == 0)
            return 1;
    }
    return 0;
}

void jenkins_follow_products(const civ_sync_context_t *context, const jenkins_build_t *build,
                             const civ_json_t *json, const civ_sync_item_t *item, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *number = civ_url_encode(build->number, pool);
    civ_sync_request_t request;

    if (has_tests(json)) {
        request = jenkins_request(context, build->job, apr_pstrcat(pool, number, "/testReport", NULL),
                                  TESTS_TREE, pool);
        request.note = jenkins_note(build, pool);
        request.may_be_absent = 1;
        civ_sync_page_follow(page, JENKINS_TEST, &request, item, CIV_SYNC_WHEN_CHANGED);
    }
    if (civ_field_count(json, "artifacts") > 0) {
        request = jenkins_request(context, build->job, number, ARTIFACTS_TREE, pool);
        request.note = jenkins_note(build, pool);
        request.may_be_absent = 1;
        civ_sync_page_follow(page, JENKINS_ARTIFACT, &request, item, CIV_SYNC_WHEN_CHANGED);
    }
}

static civ_sync_item_t *make_item(const char *type, const char *what, const jenkins_build_t *build,
                                  civ_sync_page_t *page)
{
    civ_sync_item_t *item = civ_sync_page_item(page, type, jenkins_id(build, what, civ_sync_page_pool(page)));

    item->timestamp = apr_strtoi64(build->timestamp, NULL, 10);
    item->sha = build->sha[0] != '\0' ? build->sha : NULL;
    item->is_final = 1;
    return item;
}

static void write_build(civ_json_writer_t *writer, const jenkins_build_t *build)
{
    civ_json_member_text(writer, "job", build->job);
    civ_json_member_int(writer, "build", apr_strtoi64(build->number, NULL, 10));
    civ_json_member_int(writer, "build_timestamp", apr_strtoi64(build->timestamp, NULL, 10));
}

/* --- tests --- */

typedef struct counts_t {
    apr_int64_t passed, failed, skipped;
} counts_t;

typedef struct report_t {
    apr_pool_t *pool;
    counts_t counts;
    civ_buffer_t suites, failures; /**< arrays that are still open */
    civ_json_writer_t suite_writer, failure_writer;
    int suite_count, failure_count; /**< that there are */
} report_t;

static int is_status(const civ_json_t *test, const char *left, const char *right)
{
    const char *status = civ_field_text(test, "status");

    return status != NULL && (strcmp(status, left) == 0 || strcmp(status, right) == 0);
}

static void read_case(report_t *report, counts_t *counts, const civ_json_t *test)
{
    civ_json_writer_t *writer = &report->failure_writer;

    counts->passed += is_status(test, "PASSED", "FIXED");
    counts->skipped += is_status(test, "SKIPPED", "SKIPPED");
    if (!is_status(test, "FAILED", "REGRESSION"))
        return;
    counts->failed++;
    report->failure_count++;
    if (report->failure_count > FAILURES_MOST || report->failures.length > PART_SIZE)
        return;
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "class", civ_field_scrub(civ_field_text(test, "className"), report->pool));
    civ_json_member_text(writer, "name", civ_field_scrub(civ_field_text(test, "name"), report->pool));
    civ_json_member_text(writer, "status", civ_field_text(test, "status"));
    civ_json_end_object(writer);
}

static void read_suite(report_t *report, const civ_json_t *suite)
{
    const civ_json_t *cases = civ_json_get(suite, "cases");
    civ_json_writer_t *writer = &report->suite_writer;
    counts_t counts = {0, 0, 0};
    apr_size_t i;

    for (i = 0; i < civ_field_count(suite, "cases"); i++)
        read_case(report, &counts, &cases->as.array.items[i]);
    report->suite_count++;
    if (report->suite_count > SUITES_MOST || report->suites.length > PART_SIZE)
        return;
    civ_json_begin_object(writer);
    civ_json_member_int(writer, "failed", counts.failed);
    civ_json_member_text(writer, "name", civ_field_scrub(civ_field_text(suite, "name"), report->pool));
    civ_json_member_int(writer, "passed", counts.passed);
    civ_json_member_int(writer, "skipped", counts.skipped);
    civ_json_end_object(writer);
}

static void read_suites(report_t *report, const civ_json_t *json)
{
    const civ_json_t *suites = civ_json_get(json, "suites");
    apr_size_t i;

    for (i = 0; i < civ_field_count(json, "suites"); i++)
        read_suite(report, &suites->as.array.items[i]);
}

/* A build of several modules, or axes, has their reports as children; it may leave the number of passed ones to be reckoned. */
static void add_counts(counts_t *counts, const civ_json_t *json)
{
    apr_int64_t failed = civ_field_int(json, "failCount", 0);
    apr_int64_t skipped = civ_field_int(json, "skipCount", 0);
    apr_int64_t all = civ_field_int(json, "totalCount", failed + skipped);

    counts->failed += failed;
    counts->skipped += skipped;
    counts->passed += civ_field_int(json, "passCount", all - failed - skipped);
}

static void read_report(report_t *report, const civ_json_t *json, apr_pool_t *pool)
{
    const civ_json_t *children = civ_json_get(json, "childReports");
    apr_size_t i;

    memset(report, 0, sizeof(*report));
    report->pool = pool;
    civ_buffer_init(&report->suites, 1024, pool);
    civ_buffer_init(&report->failures, 1024, pool);
    civ_json_writer_init(&report->suite_writer, &report->suites);
    civ_json_writer_init(&report->failure_writer, &report->failures);
    civ_json_begin_array(&report->suite_writer);
    civ_json_begin_array(&report->failure_writer);
    read_suites(report, json);
    for (i = 0; i < civ_field_count(json, "childReports"); i++)
        read_suites(report, civ_json_get(&children->as.array.items[i], "result"));
    civ_json_end_array(&report->suite_writer);
    civ_json_end_array(&report->failure_writer);
    add_counts(&report->counts, json);
    if (civ_json_get(json, "failCount") != NULL)
        return;
    for (i = 0; i < civ_field_count(json, "childReports"); i++)
        add_counts(&report->counts, civ_json_get(&children->as.array.items[i], "result"));
}

static const char *test_data(const report_t *report, const jenkins_build_t *build)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 1024, report->pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    write_build(&writer, build);
    civ_json_member_int(&writer, "failed", report->counts.failed);
    civ_json_member_int(&writer, "passed", report->counts.passed);
    civ_json_member_int(&writer, "skipped", report->counts.skipped);
    civ_json_member_int(&writer, "suite_count", report->suite_count);
    civ_json_name(&writer, "failures");
    civ_json_raw(&writer, report->failures.data, report->failures.length);
    civ_json_name(&writer, "suites");
    civ_json_raw(&writer, report->suites.data, report->suites.length);
    civ_json_end_object(&writer);
    return apr_pstrmemdup(report->pool, out.data, out.length);
}

static const char *status_of(const counts_t *counts)
{
    if (counts->failed > 0)
        return CIV_STATUS_FAILED;
    if (counts->passed > 0)
        return CIV_STATUS_PASSED;
    return counts->skipped > 0 ? CIV_STATUS_SKIPPED : CIV_STATUS_UNKNOWN;
}

apr_status_t jenkins_tests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    jenkins_build_t build;
    civ_sync_item_t *item;
    report_t report;

    if (answer->json->type != CIV_JSON_OBJECT ||
        jenkins_note_read(&build, request->note, pool) != APR_SUCCESS)
        return civ_sync_page_fault(page, "The answer is no test report");
    read_report(&report, answer->json, pool);
    item = make_item(CIV_ITEM_TEST_RESULT, "tests", &build, page);
    item->status = status_of(&report.counts);
    item->title = apr_psprintf(
        pool,
        "%s #%s: %" APR_INT64_T_FMT " passed, %" APR_INT64_T_FMT " failed, %" APR_INT64_T_FMT " skipped",
        build.job, build.number, report.counts.passed, report.counts.failed, report.counts.skipped);
    item->url = jenkins_web_url(context, &build, "testReport/", pool);
    item->data = test_data(&report, &build);
    return APR_SUCCESS;
}

/* --- artifacts and fingerprints --- */

/* What there is of one file name: a fingerprint has only the last part of a path. */
typedef struct name_t {
    int artifacts, fingerprints;
    const civ_json_t *fingerprint;
} name_t;

static name_t *name_of(apr_hash_t *names, const civ_json_t *file)
{
    const char *text = civ_field_text(file, "fileName");
    apr_pool_t *pool = apr_hash_pool_get(names);
    name_t *name = apr_hash_get(names, text != NULL ? text : "", APR_HASH_KEY_STRING);

    if (name == NULL) {
        name = apr_pcalloc(pool, sizeof(*name));
        apr_hash_set(names, text != NULL ? text : "", APR_HASH_KEY_STRING, name);
    }
    return name;
}

static apr_hash_t *read_names(const civ_json_t *json, apr_pool_t *pool)
{
    const civ_json_t *files = civ_json_get(json, "artifacts");
    const civ_json_t *fingerprints = civ_json_get(json, "fingerprint");
    apr_hash_t *names = apr_hash_make(pool);
    apr_size_t i;

    for (i = 0; i < civ_field_count(json, "artifacts"); i++)
        name_of(names, &files->as.array.items[i])->artifacts++;
    for (i = 0; i < civ_field_count(json, "fingerprint"); i++) {
        name_t *name = name_of(names, &fingerprints->as.array.items[i]);

        name->fingerprints++;
        name->fingerprint = &fingerprints->as.array.items[i];
    }
    return names;
}

/* A fingerprint belongs to an artifact when no other one of either has this name. */
static const civ_json_t *fingerprint_of(apr_hash_t *names, const civ_json_t *file)
{
    const name_t *name = name_of(names, file);

    return name->artifacts == 1 && name->fingerprints == 1 ? name->fingerprint : NULL;
}

static const char *artifact_data(const jenkins_build_t *build, const civ_json_t *file,
                                 const civ_json_t *fingerprint, apr_pool_t *pool)
{
    static const civ_data_field_t file_fields[] = {
        {"file_name", "fileName"}, {"path", "relativePath"}, {NULL, NULL}};
    const char *origin = civ_field_text(fingerprint, "original/name");
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 256, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    write_build(&writer, build);
    if (fingerprint != NULL)
        civ_json_member_text(&writer, "md5", civ_field_text(fingerprint, "hash"));
    if (origin != NULL) {
        civ_json_member_text(&writer, "made_by", civ_field_scrub(origin, pool));
        civ_json_member_int(&writer, "made_by_build", civ_field_int(fingerprint, "original/number", 0));
    }
    civ_json_end_object(&writer);
    return civ_item_data(file, file_fields, &more, pool);
}

static void read_artifact(const civ_sync_context_t *context, const jenkins_build_t *build, apr_hash_t *names,
                          const civ_json_t *file, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *path = civ_field_text(file, "relativePath");
    civ_sync_item_t *item;

    if (path == NULL)
        return;
    item = make_item(CIV_ITEM_ARTIFACT, apr_pstrcat(pool, "artifact/", path, NULL), build, page);
    item->title = path;
    item->url = jenkins_web_url(context, build,
                                apr_pstrcat(pool, "artifact/", civ_path_encode(path, pool), NULL), pool);
    item->data = artifact_data(build, file, fingerprint_of(names, file), pool);
}

/* Of a file that is no artifact of this build, such as one that it has used, or of one of several with this name. */
static void read_fingerprint(const civ_sync_context_t *context, const jenkins_build_t *build,
                             apr_hash_t *names, const civ_json_t *fingerprint, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *hash = civ_field_text(fingerprint, "hash");
    civ_sync_item_t *item;

    if (hash == NULL || fingerprint_of(names, fingerprint) != NULL)
        return;
    item = make_item(CIV_ITEM_ARTIFACT, apr_pstrcat(pool, "fingerprint/", hash, NULL), build, page);
    item->title = civ_field_text(fingerprint, "fileName");
    item->url = jenkins_web_url(context, build, "fingerprints/", pool);
    item->data = artifact_data(build, fingerprint, fingerprint, pool);
}

apr_status_t jenkins_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *files = civ_json_get(answer->json, "artifacts");
    const civ_json_t *fingerprints = civ_json_get(answer->json, "fingerprint");
    jenkins_build_t build;
    apr_hash_t *names;
    apr_size_t i;

    if (answer->json->type != CIV_JSON_OBJECT ||
        jenkins_note_read(&build, request->note, civ_sync_page_pool(page)) != APR_SUCCESS)
        return civ_sync_page_fault(page, "The answer is no list of artifacts");
    names = read_names(answer->json, civ_sync_page_pool(page));
    for (i = 0; i < civ_field_count(answer->json, "artifacts"); i++)
        read_artifact(context, &build, names, &files->as.array.items[i], page);
    for (i = 0; i < civ_field_count(answer->json, "fingerprint"); i++)
        read_fingerprint(context, &build, names, &fingerprints->as.array.items[i], page);
    return APR_SUCCESS;
}
