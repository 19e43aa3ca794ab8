/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_record.c
 * What is put on record of a run and of its items: all of it, once, whenever it is killed, and nothing that is nobody's business.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/canonical.h"
#include "support/runner.h"
#include "sync/fields.h"
#include "unit/sync_fixture.h"

#define DATA CIV_HTTP_DATA
#define AT   "2026-03-29T10:00:00Z"
#define ITEM(id)                                                                                             \
    "{\"id\":" id ",\"at\":\"" AT "\",\"updated\":\"" AT "\",\"state\":\"done\",\"name\":\"n" id "\"}"

/* Two pages of issues, a run with a job, metrics, a stream that is forbidden, commits. */
static const sync_answer_t everything[] = {
    {"/project", DATA, "{\"id\":42,\"created\":\"2026-01-01T00:00:00Z\"}", NULL, NULL, 0},
    {"/issues?page=2", DATA, "[" ITEM("3") "," ITEM("2") "]", NULL, NULL, 0},
    {"/issues", DATA, "[" ITEM("1") "," ITEM("2") "]", "/issues?page=2", NULL, 0},
    {"/issues?since=*", DATA, "[]", NULL, NULL, 0},
    {"/runs?*", DATA, "{\"total\":1,\"runs\":[" ITEM("10") "]}", NULL, NULL, 0},
    {"/runs/10/jobs", DATA, "[" ITEM("100") "]", NULL, NULL, 0},
    {"/metrics", DATA, "[" ITEM("900") "]", NULL, NULL, 0},
    {"/folder", DATA, "[\"a\",\"b\"]", NULL, NULL, 0},
    {"/builds/a", DATA, "[" ITEM("20") "]", NULL, NULL, 0},
    {"/builds/b", CIV_HTTP_FORBIDDEN, NULL, NULL, NULL, 0},
    {"/commits", DATA, "[" ITEM("30") "]", NULL, NULL, 0},
    {"/commits?exclude=30", DATA, "[]", NULL, NULL, 0},
    {NULL, DATA, NULL, NULL, NULL, 0},
};
#define REQUESTS 10
#define ITEMS    8

static civ_engine_t *open_engine(const char *name)
{
    static const civ_timeline_t noted = {.is_noted = 1};
    civ_engine_t *engine = sync_engine(name);

    engine->timeline = civ_timeline_writer(&noted);
    engine->is_noted = 1;
    return engine;
}

static const civ_json_t *parse(const char *note)
{
    civ_json_limits_t limits = civ_json_request_limits;
    const civ_json_t *json = NULL;
    civ_problem_t problem;
    civ_buffer_t out;

    limits.size = 65535;
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&json, note, strlen(note), &limits, &problem, test_pool()),
                          APR_SUCCESS);
    /* What is not in its canonical form would have another hash in the ledger. */
    civ_buffer_init(&out, strlen(note) + 1, test_pool());
    CU_ASSERT_EQUAL(civ_canonical_write(&out, json), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(note, out.data);
    return json;
}

static const char *hash_of(const char *text)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, text, strlen(text));
    return civ_digest_hex_dup(&digest, test_pool());
}

/* What the entries say, all together. */
typedef struct record_t {
    int items, parts, ends, answers, failures;
    apr_int64_t stored;
    const char *last;        /**< hash of the last part */
    const civ_json_t *final; /**< that part */
    apr_hash_t *raw;         /**< raw_hash of answers */
} record_t;

static void take_part(record_t *record, const char *note, const civ_json_t *json)
{
    const char *previous = civ_field_text(json, "previous");
    apr_size_t i;

    record->parts++;
    CU_ASSERT_EQUAL(civ_field_int(json, "part", 0), record->parts);
    CU_ASSERT_STRING_EQUAL(previous != NULL ? previous : "none",
                           record->last != NULL ? record->last : "none");
    record->last = hash_of(note);
    record->final = json;
    record->ends += civ_field(json, "outcome") != NULL;
    for (i = 0; i < civ_field_count(json, "answers"); i++) {
        const civ_json_t *answer = &civ_json_get(json, "answers")->as.array.items[i];
        const char *raw = civ_field_text(answer, "raw_hash");

        record->answers++;
        record->failures += strcmp(civ_field_text(answer, "answer"), "data") != 0;
        record->stored += civ_field_int(answer, "stored", 0);
        if (raw != NULL)
            apr_hash_set(record->raw, raw, APR_HASH_KEY_STRING, raw);
    }
}

/* Notes of the whole database, each once. */
static void read_record(record_t *record, const civ_engine_t *engine)
{
    apr_array_header_t *notes = sync_notes(engine);
    apr_hash_t *seen = apr_hash_make(test_pool());
    int i;

    memset(record, 0, sizeof(*record));
    record->raw = apr_hash_make(test_pool());
    for (i = 0; i < notes->nelts; i++) {
        const char *note = APR_ARRAY_IDX(notes, i, const char *);
        const civ_json_t *json = parse(note);

        CU_ASSERT_PTR_NULL(apr_hash_get(seen, note, APR_HASH_KEY_STRING));
        apr_hash_set(seen, note, APR_HASH_KEY_STRING, note);
        if (strcmp(civ_field_text(json, "type"), "civarcos.sync.run") == 0)
            take_part(record, note, json);
        else
            record->items++;
    }
}

/* Each version in the timeline has exactly one entry, and each entry its version. */
static void check_items(const char *name, const civ_engine_t *engine, int expected)
{
    apr_array_header_t *notes = sync_notes(engine);
    int i, items = 0;

    CU_ASSERT_EQUAL(sync_int(name, "SELECT COUNT(*) FROM civ_timeline_versions"), expected);
    for (i = 0; i < notes->nelts; i++) {
        const char *note = APR_ARRAY_IDX(notes, i, const char *);

        if (strstr(note, "\"type\":\"civarcos.sync.item\"") == NULL)
            continue;
        items++;
        CU_ASSERT_EQUAL(
            sync_int(name, apr_psprintf(test_pool(),
                                        "SELECT COUNT(*) FROM civ_timeline_versions WHERE entry_hash = '%s'",
                                        hash_of(note))),
            1);
    }
    CU_ASSERT_EQUAL(items, expected);
}

/* The answer that an item was in is on record too. */
static void check_answers(const record_t *record, const civ_engine_t *engine)
{
    apr_array_header_t *notes = sync_notes(engine);
    int i;

    for (i = 0; i < notes->nelts; i++) {
        const civ_json_t *json = parse(APR_ARRAY_IDX(notes, i, const char *));

        if (strcmp(civ_field_text(json, "type"), "civarcos.sync.item") == 0) {
            CU_ASSERT_PTR_NOT_NULL(
                apr_hash_get(record->raw, civ_field_text(json, "raw_hash"), APR_HASH_KEY_STRING));
        }
    }
}

static void test_run_is_on_record(void)
{
    civ_engine_t *engine = open_engine("record.db");
    civ_sync_report_t *report = sync_go(engine, sync_run(sync_platform(everything)));
    const civ_json_t *kinds;
    record_t record;

    read_record(&record, engine);
    check_items("record.db", engine, ITEMS);
    check_answers(&record, engine);
    CU_ASSERT_EQUAL(record.items, ITEMS);
    CU_ASSERT_EQUAL_FATAL(record.parts, 1);
    CU_ASSERT_EQUAL(record.answers, REQUESTS);
    CU_ASSERT_EQUAL(record.failures, 1);
    CU_ASSERT_EQUAL(record.stored, ITEMS);
    CU_ASSERT_STRING_EQUAL(record.last, report->record);
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "outcome"), "degraded");
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "project_id"), "team/project");
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "source"), "example");
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "instance"), "platform.test");
    CU_ASSERT_EQUAL(civ_field_int(record.final, "run", 0), report->number);
    CU_ASSERT_EQUAL(civ_field_int(record.final, "items_new", 0), ITEMS);
    CU_ASSERT_EQUAL(civ_field_int(record.final, "items_duplicate", 0), 1);
    CU_ASSERT_EQUAL(civ_field_int(record.final, "requests", 0), REQUESTS);
    CU_ASSERT_EQUAL(civ_field_time(record.final, "started"), report->started);
    CU_ASSERT_EQUAL(civ_field_time(record.final, "ended"), report->ended);
    kinds = civ_json_get(record.final, "kinds");
    CU_ASSERT_EQUAL_FATAL((int)civ_field_count(record.final, "kinds"), report->kind_count);
    CU_ASSERT_STRING_EQUAL(civ_field_text(&kinds->as.array.items[1], "kind"), "issue");
    CU_ASSERT_EQUAL(civ_field_int(&kinds->as.array.items[1], "items_new", 0), 3);
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "answers/1/url"), SYNC_BASE "/issues");
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "answers/1/kind"), "issue");
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "answers/1/raw_hash"),
                           hash_of("[" ITEM("1") "," ITEM("2") "]"));
    CU_ASSERT_EQUAL(civ_field_int(record.final, "answers/1/status", 0), 200);
    CU_ASSERT_EQUAL(civ_field_int(record.final, "answers/1/stored", 0), 2);
    CU_ASSERT_EQUAL(sync_int("record.db", "SELECT COUNT(*) FROM civ_sync_answers"), 0);
}

/* Nothing new is one entry. */
static void test_nothing_new_is_one_entry(void)
{
    civ_engine_t *engine = open_engine("idle.db");
    sync_platform_t *platform = sync_platform(everything);
    civ_engine_run_t *run = sync_run(platform);
    const civ_json_t *json;
    int before;

    sync_go(engine, sync_run(sync_platform(everything)));
    before = sync_notes(engine)->nelts;
    run->since = SYNC_NOW - SYNC_DAY;
    sync_go(engine, run);
    CU_ASSERT_EQUAL_FATAL(sync_notes(engine)->nelts, before + 1);
    json = parse(APR_ARRAY_IDX(sync_notes(engine), before, const char *));
    CU_ASSERT_EQUAL(civ_field_int(json, "part", 0), 1);
    CU_ASSERT_EQUAL(civ_field_int(json, "items_new", -1), 0);
    CU_ASSERT_EQUAL((int)civ_field_count(json, "answers"), platform->requests);
    CU_ASSERT_EQUAL(civ_field_time(json, "since"), SYNC_NOW - SYNC_DAY);
}

static void test_off_means_none(void)
{
    civ_engine_t *engine = sync_engine("off.db");
    civ_sync_report_t *report = sync_go(engine, sync_run(sync_platform(everything)));

    CU_ASSERT_EQUAL(report->fresh, ITEMS);
    CU_ASSERT_EQUAL(sync_notes(engine)->nelts, 0);
    CU_ASSERT_STRING_EQUAL(report->record, "");
    CU_ASSERT_EQUAL(sync_int("off.db", "SELECT COUNT(*) FROM civ_sync_answers"), 0);
    CU_ASSERT_EQUAL(sync_int("off.db", "SELECT COUNT(*) FROM civ_timeline_versions WHERE entry_hash <> ''"),
                    0);
}

/* --- killed --- */

static int commits_left;

/* The first thing in each transaction; the fixture makes each one twice. */
static apr_status_t die(void *baton, civ_change_t *change)
{
    (void)baton;
    (void)change;
    if (--commits_left == 0)
        kill(getpid(), SIGKILL);
    return APR_SUCCESS;
}

typedef struct killed_t {
    const char *name;
    int at;
} killed_t;

static int run_and_die(void *baton)
{
    const killed_t *killed = baton;
    civ_engine_run_t *run = sync_run(sync_platform(everything));

    commits_left = killed->at;
    run->fence = die;
    sync_go(open_engine(killed->name), run);
    return 0;
}

/* Whichever commit it dies in, the last one too. */
static void test_killed_at_any_commit(void)
{
    int at, died = -1, resumed = 0;

    for (at = 1; died == -1; at += test_is_slow() ? 6 : 1) {
        killed_t killed = {apr_psprintf(test_pool(), "killed-%d.db", at), at};
        civ_engine_t *engine;
        civ_sync_report_t *report;
        record_t record;

        died = unit_in_child(run_and_die, &killed);
        if (died == 0)
            break; /* it had ended before */
        CU_ASSERT_EQUAL_FATAL(died, -1);
        engine = open_engine(killed.name);
        report = sync_go(engine, sync_run(sync_platform(everything)));
        resumed += report->resumed > 0;
        check_items(killed.name, engine, ITEMS);
        read_record(&record, engine);
        check_answers(&record, engine);
        CU_ASSERT_EQUAL(record.ends, 1);
        CU_ASSERT_EQUAL(record.stored, ITEMS);
        CU_ASSERT_TRUE(record.answers >= REQUESTS);
        CU_ASSERT_STRING_EQUAL(record.last, report->record);
        CU_ASSERT_EQUAL(sync_int(killed.name, "SELECT COUNT(*) FROM civ_sync_answers"), 0);
        CU_ASSERT_EQUAL(sync_int(killed.name, "SELECT COUNT(*) FROM civ_sync_runs WHERE ended = 0"), 0);
    }
    CU_ASSERT_TRUE(at > 2 * REQUESTS);
    /* All but those that had not begun. */
    if (!test_is_slow())
        CU_ASSERT_EQUAL(resumed, at - 3);
}

/* --- long runs --- */

#define PAGES 600

/* Pages of issues with long addresses; nothing else. */
static void answer_long(sync_platform_t *platform, const char *path, civ_http_answer_t *answer,
                        apr_pool_t *pool)
{
    const char *number = strstr(path, "page=");
    int page = number != NULL ? (int)strtol(number + 5, NULL, 10) : 1;

    (void)platform;
    answer->class = CIV_HTTP_DATA;
    answer->status = 200;
    if (strncmp(path, "/issues", 7) == 0) {
        answer->body = apr_psprintf(pool, "[" ITEM("%d") "]", page, page);
        if (page < PAGES)
            answer->next = apr_psprintf(pool, SYNC_BASE "/issues?page=%d&pad=%0180d", page + 1, 7);
    } else if (strncmp(path, "/runs", 5) == 0) {
        answer->body = "{\"total\":0,\"runs\":[]}";
    } else {
        answer->body = strcmp(path, "/project") == 0 ? "{\"id\":42}" : "[]";
    }
}

static void test_long_run_in_parts(void)
{
    civ_engine_t *engine = open_engine("long.db");
    sync_platform_t *platform = sync_platform(NULL);
    civ_sync_report_t *report;
    record_t record;

    platform->answer = answer_long;
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->fresh, PAGES);
    read_record(&record, engine);
    CU_ASSERT_TRUE(record.parts >= 4);
    CU_ASSERT_EQUAL(record.parts, report->record_parts);
    CU_ASSERT_EQUAL(record.ends, 1);
    CU_ASSERT_EQUAL(record.answers, platform->requests);
    CU_ASSERT_EQUAL(record.stored, PAGES);
    CU_ASSERT_STRING_EQUAL(record.last, report->record);
    CU_ASSERT_EQUAL(sync_int("long.db", "SELECT COUNT(*) FROM civ_sync_answers"), 0);
}

/* Told to stop, it is on record so far; then the rest, behind it. */
static void test_stopped_in_between(void)
{
    civ_engine_t *engine = open_engine("stop.db");
    sync_platform_t *platform = sync_platform(NULL);
    record_t record;

    platform->answer = answer_long;
    platform->stop_at = 300;
    sync_go(engine, sync_run(platform));
    read_record(&record, engine);
    CU_ASSERT_EQUAL(record.ends, 1);
    CU_ASSERT_STRING_EQUAL(civ_field_text(record.final, "outcome"), "interrupted");
    platform->stop_at = 0;
    sync_go(engine, sync_run(platform));
    read_record(&record, engine);
    CU_ASSERT_EQUAL(record.ends, 2);
    CU_ASSERT_EQUAL(record.answers, platform->requests);
    CU_ASSERT_EQUAL(record.stored, PAGES);
    CU_ASSERT_EQUAL(civ_field_int(record.final, "resumed", 0), 1);
}

/* What was left over by a run that nobody went on with. */
static void test_forgotten_run(void)
{
    civ_engine_t *engine = open_engine("left.db");
    sync_platform_t *platform = sync_platform(everything);
    civ_engine_run_t *run = sync_run(platform);
    killed_t killed = {"left.db", 9};
    record_t record;

    CU_ASSERT_EQUAL(unit_in_child(run_and_die, &killed), -1);
    CU_ASSERT_TRUE(sync_int("left.db", "SELECT COUNT(*) FROM civ_sync_answers") > 0);
    /* It ended while runs were not put on record. */
    engine->is_noted = 0;
    sync_go(engine, run);
    engine->is_noted = 1;
    sync_go(engine, sync_run(platform));
    read_record(&record, engine);
    CU_ASSERT_EQUAL(record.parts, 1);
    CU_ASSERT_EQUAL(sync_int("left.db", "SELECT COUNT(*) FROM civ_sync_answers"), 0);
}

/* --- nobody's business --- */

static void test_nothing_personal(void)
{
    static const sync_answer_t answers[] = {
        {"/project", DATA, "{\"id\":42}", NULL, NULL, 0},
        {"/issues", DATA,
         "[{\"id\":1,\"at\":\"" AT "\",\"name\":\"for jo@example.org, see https://u:secret@h.example/x\"}]",
         "/issues?by=jo@example.org", NULL, 0},
        {"/issues?by=*", DATA, "[" ITEM("2") "]", NULL, NULL, 0},
        {"/runs?*", DATA, "{\"total\":0,\"runs\":[]}", NULL, NULL, 0},
        {"/metrics", CIV_HTTP_BROKEN, NULL, NULL, NULL, 0},
        {"/*", DATA, "[]", NULL, NULL, 0},
        {NULL, DATA, NULL, NULL, NULL, 0},
    };
    civ_engine_t *engine = open_engine("person.db");
    civ_sync_report_t *report = sync_go(engine, sync_run(sync_platform(answers)));
    apr_array_header_t *notes = sync_notes(engine);
    int i;

    CU_ASSERT_EQUAL(report->fresh, 2);
    CU_ASSERT_EQUAL(notes->nelts, 3);
    for (i = 0; i < notes->nelts; i++) {
        const char *note = APR_ARRAY_IDX(notes, i, const char *);

        CU_ASSERT_PTR_NULL(strstr(note, "jo@example.org"));
        CU_ASSERT_PTR_NULL(strstr(note, "secret"));
    }
    CU_ASSERT_EQUAL(sync_int("person.db", "SELECT COUNT(*) FROM civ_timeline_versions WHERE source_url LIKE "
                                          "'%jo@example.org%' OR title LIKE '%jo@%' OR data LIKE '%jo@%'"),
                    0);
}

static const test_case_t cases[] = {
    {"run_is_on_record", test_run_is_on_record},
    {"nothing_new_is_one_entry", test_nothing_new_is_one_entry},
    {"off_means_none", test_off_means_none},
    {"killed_at_any_commit", test_killed_at_any_commit},
    {"long_run_in_parts", test_long_run_in_parts},
    {"stopped_in_between", test_stopped_in_between},
    {"forgotten_run", test_forgotten_run},
    {"nothing_personal", test_nothing_personal},
    {NULL, NULL},
};
const test_suite_t sync_record_suite = {"record", unit_folder_make, unit_folder_remove, cases};
