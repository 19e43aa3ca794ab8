/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins_builds.c
 * The builds of a job, newest first, in ranges. Ranges count from the newest, so builds that are added while the list is read are
 * seen twice, and such that are removed would make others slip through: a range starts some before the end of the last one, and goes
 * back when it finds that this was not enough.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/jenkins_private.h"
#include "sync/url.h"

/** Builds of a range, those of it that were in the one before as well, and how far it goes back. */
#define PAGE      100
#define OVERLAP   10
#define BACK      50
#define PAGE_MOST 2000

/** Causes that are kept. */
#define CAUSES_MOST 20

/** Tag of a request for one build; those for a range have the number of builds that it may have. */
#define TAG_ONE "one"

#define CHANGES "[kind,items[commitId,timestamp,date,msg,author[fullName]]]"

/** What is asked of a build. What differs from answer to answer (estimates, scores) and parameters, which may be secrets, are not. */
#define FIELDS                                                                                               \
    "number,timestamp,duration,building,result,displayName,builtOn,"                                         \
    "actions[_class,urlName,totalCount,failCount,skipCount,remoteUrls,lastBuiltRevision[SHA1,branch[name]]," \
    "causes[_class,shortDescription,userId,upstreamProject,upstreamBuild]],"                                 \
    "changeSet" CHANGES ",changeSets" CHANGES ",artifacts[fileName]{0,1}"

static const civ_word_t results[] = {
    {"SUCCESS", CIV_STATUS_PASSED},   {"UNSTABLE", CIV_STATUS_UNSTABLE}, {"FAILURE", CIV_STATUS_FAILED},
    {"ABORTED", CIV_STATUS_CANCELED}, {"NOT_BUILT", CIV_STATUS_SKIPPED}, {NULL, NULL},
};

static const civ_data_field_t fields[] = {
    {"building", "building"}, {"display_name", "displayName"}, {"node", "builtOn"}, {"number", "number"},
    {"result", "result"},     {"timestamp", "timestamp"},      {NULL, NULL},
};

/** Causes by which a build repeats one of the same job. Their descriptions name it, in any language: "#12". */
static const civ_word_t repetitions[] = {
    {"org.jenkinsci.plugins.workflow.cps.replay.ReplayCause", "replay"},
    {"org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause", "restart"},
    {"com.sonyericsson.rebuild.RebuildCause", "rebuild"},
    {"com.chikli.hudson.plugin.naginator.NaginatorCause", "retry"},
    {NULL, NULL},
};

/* --- requests --- */

static civ_sync_request_t list_request(const civ_sync_context_t *context, const char *job, const char *last,
                                       apr_int64_t position, apr_int64_t count, apr_pool_t *pool)
{
    const jenkins_build_t place = {job, last, "", ""};
    const char *tree = apr_psprintf(pool, "allBuilds[" FIELDS "]{%" APR_INT64_T_FMT ",%" APR_INT64_T_FMT "}",
                                    position, position + count);
    civ_sync_request_t request = jenkins_request(context, job, "", tree, pool);

    request.tag = apr_psprintf(pool, "%" APR_INT64_T_FMT, count);
    request.note = jenkins_note(&place, pool);
    request.position = position;
    request.may_be_absent = 1; /* removed since its folder was listed, as branches' jobs are */
    return request;
}

apr_status_t jenkins_builds_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_int64_t newest = jenkins_newest(context, range->stream, pool);
    civ_sync_request_t request = list_request(context, range->stream, "", 0, PAGE, pool);

    if (newest == 0 || (newest > 0 && newest < range->from))
        return APR_SUCCESS; /* nothing but what was read long ago */
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* --- a build --- */

static const char *find_number_sign(const char *text)
{
    const char *sign = text != NULL ? strchr(text, '#') : NULL;
    apr_size_t length = sign != NULL ? strspn(sign + 1, "0123456789") : 0;

    return length > 0 && length < 12 ? sign + 1 : NULL;
}

static void write_repetition(civ_json_writer_t *writer, const civ_json_t *cause)
{
    const char *class = civ_field_text(cause, "_class");
    const char *how = civ_word(repetitions, class);
    const char *number = find_number_sign(civ_field_text(cause, "shortDescription"));

    if (class == NULL || strcmp(how, CIV_STATUS_UNKNOWN) == 0)
        return;
    civ_json_member_text(writer, "repeats_by", how);
    if (number != NULL)
        civ_json_member_int(writer, "repeats", apr_strtoi64(number, NULL, 10));
    else if (civ_field_int(cause, "upstreamBuild", 0) > 0)
        civ_json_member_int(writer, "repeats", civ_field_int(cause, "upstreamBuild", 0));
}

static void write_cause(civ_json_writer_t *writer, const civ_json_t *cause, apr_pool_t *pool)
{
    static const civ_data_field_t cause_fields[] = {
        {"class", "_class"},
        {"description", "shortDescription"},
        {"upstream_build", "upstreamBuild"},
        {"upstream_job", "upstreamProject"},
        {"user", "userId"},
        {NULL, NULL},
    };
    const char *data = civ_field_data(cause, cause_fields, pool);

    civ_json_raw(writer, data, strlen(data));
}

/* The causes of a build: of whichever action has some. */
static const civ_json_t *find_causes(const civ_json_t *json)
{
    const civ_json_t *actions = civ_json_get(json, "actions");
    apr_size_t i;

    for (i = 0; i < civ_field_count(json, "actions"); i++)
        if (civ_field_count(&actions->as.array.items[i], "causes") > 0)
            return civ_json_get(&actions->as.array.items[i], "causes");
    return NULL;
}

static void write_causes(civ_json_writer_t *writer, const civ_json_t *causes, apr_pool_t *pool)
{
    apr_size_t i;
    int repeats = 0;

    if (causes == NULL)
        return;
    civ_json_name(writer, "causes");
    civ_json_begin_array(writer);
    for (i = 0; i < causes->as.array.count && i < CAUSES_MOST; i++)
        write_cause(writer, &causes->as.array.items[i], pool);
    civ_json_end_array(writer);
    for (i = 0; i < causes->as.array.count && !repeats; i++) {
        const char *class = civ_field_text(&causes->as.array.items[i], "_class");

        repeats = strcmp(civ_word(repetitions, class), CIV_STATUS_UNKNOWN) != 0;
        if (repeats)
            write_repetition(writer, &causes->as.array.items[i]);
    }
}

/* How many tests there were, which is known also where their report is not. */
static void write_tests(civ_json_writer_t *writer, const civ_json_t *json, apr_pool_t *pool)
{
    static const civ_data_field_t test_fields[] = {
        {"failed", "failCount"}, {"skipped", "skipCount"}, {"total", "totalCount"}, {NULL, NULL}};
    const civ_json_t *actions = civ_json_get(json, "actions");
    apr_size_t i;

    for (i = 0; i < civ_field_count(json, "actions"); i++) {
        const civ_json_t *action = &actions->as.array.items[i];

        if (civ_field_int(action, "totalCount", -1) >= 0) {
            const char *data = civ_field_data(action, test_fields, pool);

            civ_json_name(writer, "tests");
            civ_json_raw(writer, data, strlen(data));
            return;
        }
    }
}

static const char *more_data(const char *job, const civ_json_t *json, int is_final, civ_buffer_t *more,
                             apr_pool_t *pool)
{
    civ_json_writer_t writer;

    civ_buffer_init(more, 1024, pool);
    civ_json_writer_init(&writer, more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "job", job);
    if (is_final)
        civ_json_member_int(&writer, "duration", civ_field_int(json, "duration", 0));
    write_causes(&writer, find_causes(json), pool);
    write_tests(&writer, json, pool);
    jenkins_write_sources(&writer, json, pool);
    civ_json_end_object(&writer);
    return civ_item_data(json, fields, more, pool);
}

static const char *find_user(const civ_json_t *causes)
{
    const char *user = NULL;
    apr_size_t i;

    for (i = 0; causes != NULL && i < causes->as.array.count && user == NULL; i++)
        user = civ_field_text(&causes->as.array.items[i], "userId");
    return user;
}

static const char *title_of(const jenkins_build_t *build, const civ_json_t *json, apr_pool_t *pool)
{
    const char *name = civ_field_text(json, "displayName");

    return apr_pstrcat(pool, build->job, " ",
                       name != NULL ? name : apr_pstrcat(pool, "#", build->number, NULL), NULL);
}

/* Jenkins does not tell when a build has changed last: its duration leaves out some of the time. */
static civ_sync_item_t *make_item(const civ_sync_context_t *context, const jenkins_build_t *build,
                                  const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_BUILD, jenkins_id(build, NULL, pool));
    const char *result = civ_field_text(json, "result");
    civ_buffer_t more;

    item->is_final = !civ_field_is_true(json, "building") && result != NULL;
    item->timestamp = civ_field_int(json, "timestamp", 0);
    item->status = item->is_final ? civ_word(results, result) : CIV_STATUS_RUNNING;
    item->title = title_of(build, json, pool);
    item->author = find_user(find_causes(json));
    item->sha = build->sha[0] != '\0' ? build->sha : NULL;
    item->url = jenkins_web_url(context, build, "", pool);
    item->data = more_data(build->job, json, item->is_final, &more, pool);
    return item;
}

static civ_sync_request_t one_request(const civ_sync_context_t *context, const jenkins_build_t *build,
                                      apr_pool_t *pool)
{
    civ_sync_request_t request =
        jenkins_request(context, build->job, civ_url_encode(build->number, pool), FIELDS, pool);

    request.tag = TAG_ONE;
    request.note = jenkins_note(build, pool);
    return request;
}

static void read_build(const civ_sync_context_t *context, const char *job, const civ_json_t *json,
                       civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    jenkins_build_t build = {job, civ_field_id(json, "number"), civ_field_id(json, "timestamp"), NULL};
    civ_sync_request_t again;
    civ_sync_item_t *item;

    if (civ_field_int(json, "number", 0) <= 0 || civ_field_int(json, "timestamp", 0) <= 0) {
        civ_sync_page_warn(page, "A build of %s was left out: it has no number or no time", job);
        return;
    }
    build.sha = jenkins_revision(json, job, pool);
    if (build.sha == NULL)
        build.sha = "";
    civ_sync_page_saw(page, civ_field_int(json, "timestamp", 0));
    item = make_item(context, &build, json, page);
    again = one_request(context, &build, pool);
    civ_sync_page_recheck(page, item, &again);
    jenkins_read_changes(&build, json, page);
    if (item->is_final)
        jenkins_follow_products(context, &build, json, item, page);
}

/* --- answers --- */

/* The number now belongs to another build: the job was made anew. */
static int is_another(const jenkins_build_t *asked, const civ_json_t *json)
{
    const char *timestamp = civ_field_id(json, "timestamp");

    return timestamp == NULL || strcmp(timestamp, asked->timestamp) != 0;
}

/* The number of the first, or of the last, build of a range that has one; 0: none has. */
static apr_int64_t number_in(const civ_json_t *builds, int want_last)
{
    apr_size_t count = builds->as.array.count;
    apr_int64_t number = 0;
    apr_size_t i;

    for (i = 0; i < count && number <= 0; i++)
        number = civ_field_int(&builds->as.array.items[want_last ? count - 1 - i : i], "number", 0);
    return number > 0 ? number : 0;
}

static apr_status_t follow_list(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const jenkins_build_t *place, const civ_json_t *builds, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_int64_t asked = apr_strtoi64(request->tag, NULL, 10);
    apr_int64_t last = number_in(builds, 1);
    civ_sync_request_t next;

    if (builds->as.array.count < (apr_size_t)asked)
        return APR_SUCCESS;
    if (last == 0)
        return civ_sync_page_fault(page, "The builds of %s have no numbers", place->job);
    next = list_request(context, place->job, apr_psprintf(pool, "%" APR_INT64_T_FMT, last),
                        request->position + asked - OVERLAP, PAGE, pool);
    civ_sync_page_next(page, &next);
    return APR_SUCCESS;
}

/* Whether builds may have slipped from this range into the one before since that was read: it has none of them any more. */
static int has_gap(const civ_sync_request_t *request, const jenkins_build_t *place, const civ_json_t *builds)
{
    return request->position > 0 && number_in(builds, 0) < apr_strtoi64(place->number, NULL, 10);
}

static apr_status_t go_back(const civ_sync_context_t *context, const civ_sync_request_t *request,
                            const jenkins_build_t *place, civ_sync_page_t *page)
{
    apr_int64_t back = request->position < BACK ? request->position : BACK;
    apr_int64_t count = apr_strtoi64(request->tag, NULL, 10) + back;
    civ_sync_request_t next;

    if (count > PAGE_MOST)
        return civ_sync_page_fault(page, "Builds of %s are removed faster than they can be read", place->job);
    next = list_request(context, place->job, place->number, request->position - back, count,
                        civ_sync_page_pool(page));
    civ_sync_page_next(page, &next);
    return APR_SUCCESS;
}

apr_status_t jenkins_builds_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    jenkins_build_t place;
    const civ_json_t *builds;
    apr_status_t status = jenkins_note_read(&place, request->note, civ_sync_page_pool(page));
    apr_size_t i;

    if (status != APR_SUCCESS || request->tag == NULL)
        return civ_sync_page_fault(page, "The request is of another version of the connector");
    if (strcmp(request->tag, TAG_ONE) == 0) {
        if (is_another(&place, answer->json))
            civ_sync_page_gone(page);
        else
            read_build(context, place.job, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "allBuilds", &builds, page);
    if (status != APR_SUCCESS)
        return status;
    if (has_gap(request, &place, builds))
        return go_back(context, request, &place, page);
    for (i = 0; i < builds->as.array.count; i++)
        read_build(context, place.job, &builds->as.array.items[i], page);
    return follow_list(context, request, &place, builds, page);
}
