/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_list.c
 * Reading the timeline, page by page.
 *
 * Places of a page are found first, in one index that has the order already ("lane"); then what stands there. A cursor is the
 * place of the last item and the number of the last move before the first page: items that have moved since are taken from
 * where they were. So each item has one place for one reader.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/timeline_private.h"

/* Projects of one name, on different platforms. */
#define PROJECTS_MAX 64

#define LAST_ITEM APR_INT64_MAX

enum {
    SQL_LAST_MOVE,
    SQL_PROJECTS,
    SQL_MOVED_UP,
    SQL_MOVED_DOWN,
    SQL_ENTRIES,
    SQL_BY_KEY,
    SQL_HISTORY,
    SQL_LINKED,
    SQL_LANES, /* of each lane two: up and down */
    SQL_LIST_COUNT = SQL_LANES + 12
};

enum { LANE_ALL, LANE_TYPE, LANE_SOURCE, LANE_SOURCE_TYPE, LANE_PROJECT, LANE_PROJECT_TYPE };

#define PLACES(index, where)                                                                                 \
    "SELECT timestamp, item, version, size FROM civ_timeline_items CIV_BY(" index ") WHERE " where
#define UP                                                                                                   \
    "(timestamp, item) > (%lld, %lld) AND timestamp <= %lld AND placed <= %lld ORDER BY timestamp, item "    \
    "LIMIT %lld"
#define DOWN                                                                                                 \
    "(timestamp, item) < (%lld, %lld) AND timestamp >= %lld AND placed <= %lld ORDER BY timestamp DESC, "    \
    "item DESC LIMIT %lld"
#define MOVED                                                                                                \
    "SELECT m.timestamp, m.item, m.version, i.size FROM civ_timeline_moves m JOIN civ_timeline_items i ON "  \
    "i.item = m.item JOIN civ_timeline_projects p ON p.project = m.project WHERE m.move > %lld AND "         \
    "m.placed <= %lld AND (%s = '' OR i.type = %s) AND (%s = '' OR p.source = %s) AND (%s = '' OR "          \
    "p.project_id = %s) AND "
#define NUMBERS_24                                                                                           \
    "%lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, " \
    "%lld, %lld, %lld, %lld, %lld, %lld, %lld"

static const civ_statement_t sql[SQL_LIST_COUNT] = {
    [SQL_LAST_MOVE] = {"timeline_last_move", "SELECT COALESCE(MAX(move), 0) FROM civ_timeline_moves"},
    [SQL_PROJECTS] = {"timeline_projects", "SELECT project FROM civ_timeline_projects WHERE project_id = %s "
                                           "AND (%s = '' OR source = %s) ORDER BY project LIMIT %lld"},
    [SQL_MOVED_UP] = {"timeline_moved_up", MOVED "(m.timestamp, m.item) > (%lld, %lld) AND "
                                                 "m.timestamp <= %lld ORDER BY m.timestamp, m.item "
                                                 "LIMIT %lld"},
    [SQL_MOVED_DOWN] = {"timeline_moved_down", MOVED "(m.timestamp, m.item) < (%lld, %lld) AND "
                                                     "m.timestamp >= %lld ORDER BY m.timestamp DESC, m.item "
                                                     "DESC LIMIT %lld"},
    [SQL_ENTRIES] = {"timeline_entries", CIV_ENTRY_FROM "WHERE v.number IN (" NUMBERS_24 ") LIMIT 24"},
    [SQL_BY_KEY] = {"timeline_by_key", CIV_ENTRY_FROM "WHERE i.item_key = %s AND v.number = i.version"},
    [SQL_HISTORY] = {"timeline_history", CIV_ENTRY_FROM
                     "WHERE v.item = (SELECT item FROM civ_timeline_items WHERE item_key = %s) "
                     "AND v.version < %lld ORDER BY v.version DESC LIMIT 24"},
    [SQL_LINKED] = {"timeline_linked",
                    "SELECT timestamp, item, version, size FROM civ_timeline_items "
                    "CIV_BY(civ_timeline_items_by_sha) WHERE sha = %s AND sha <> '' AND item > %lld "
                    "ORDER BY item LIMIT %lld"},
    {"timeline_all_up", PLACES("civ_timeline_by_time", UP)},
    {"timeline_all_down", PLACES("civ_timeline_by_time", DOWN)},
    {"timeline_type_up", PLACES("civ_timeline_by_type", "type = %s AND " UP)},
    {"timeline_type_down", PLACES("civ_timeline_by_type", "type = %s AND " DOWN)},
    {"timeline_source_up", PLACES("civ_timeline_by_source", "source = %s AND " UP)},
    {"timeline_source_down", PLACES("civ_timeline_by_source", "source = %s AND " DOWN)},
    {"timeline_source_type_up", PLACES("civ_timeline_by_source_type", "source = %s AND type = %s AND " UP)},
    {"timeline_source_type_down",
     PLACES("civ_timeline_by_source_type", "source = %s AND type = %s AND " DOWN)},
    {"timeline_project_up", PLACES("civ_timeline_by_project", "project = %lld AND " UP)},
    {"timeline_project_down", PLACES("civ_timeline_by_project", "project = %lld AND " DOWN)},
    {"timeline_project_type_up",
     PLACES("civ_timeline_by_project_type", "project = %lld AND type = %s AND " UP)},
    {"timeline_project_type_down",
     PLACES("civ_timeline_by_project_type", "project = %lld AND type = %s AND " DOWN)},
};
const civ_statement_set_t civ_timeline_list_statements = {sql, SQL_LIST_COUNT};

/* Where an item is, and its version there. */
typedef struct place_t {
    apr_int64_t timestamp, item, version, size;
} place_t;

typedef struct reading_t {
    civ_db_t *db;
    const civ_timeline_query_t *query;
    apr_int64_t timestamp, item; /**< after this place */
    apr_int64_t bound;           /**< and not beyond this instant */
    apr_int64_t moves;           /**< the last move before the first page */
    apr_array_header_t *places;  /**< place_t */
    apr_pool_t *pool;
} reading_t;

/* --- cursors --- */

static apr_status_t read_cursor(reading_t *reading, civ_problem_t *problem)
{
    const char *text = reading->query->cursor;
    apr_int64_t *const parts[] = {&reading->timestamp, &reading->item, &reading->moves};
    const char *rest = text[0] != '\0' ? text + 1 : text;
    char *end = NULL;
    int i;

    for (i = 0; i < 3; i++) {
        if (rest[0] < '0' || rest[0] > '9')
            break;
        *parts[i] = apr_strtoi64(rest, &end, 10);
        if (*end != (i < 2 ? '.' : '\0'))
            break;
        rest = end + 1;
    }
    if (i == 3 && text[0] == (reading->query->is_descending ? 'd' : 'a'))
        return APR_SUCCESS;
    civ_problem_set(problem, CIV_PROBLEM_INVALID_PARAMETER, reading->pool,
                    "The cursor is none that a page of this order has given");
    if (problem != NULL)
        problem->parameter = "cursor";
    return CIV_EINVALID;
}

static const char *write_cursor(const reading_t *reading, const place_t *last)
{
    return apr_psprintf(reading->pool, "%c%" APR_INT64_T_FMT ".%" APR_INT64_T_FMT ".%" APR_INT64_T_FMT,
                        reading->query->is_descending ? 'd' : 'a', last->timestamp, last->item,
                        reading->moves);
}

static apr_status_t begin(reading_t *reading, civ_problem_t *problem)
{
    const civ_timeline_query_t *query = reading->query;
    apr_int64_t end = query->end > 0 ? query->end : CIV_TIMESTAMP_MAX;
    civ_rows_t *rows;
    apr_status_t status;

    reading->bound = query->is_descending ? query->start : end;
    reading->timestamp = query->is_descending ? end : query->start;
    reading->item = query->is_descending ? LAST_ITEM : 0;
    if (query->cursor != NULL)
        return read_cursor(reading, problem);
    status = civ_db_select(reading->db, &sql[SQL_LAST_MOVE], NULL, 0, &rows, reading->pool);
    if (status == APR_SUCCESS &&
        (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &reading->moves) != APR_SUCCESS))
        status = CIV_EDATABASE;
    return status;
}

/* --- places --- */

static apr_status_t read_places(reading_t *reading, int statement, const civ_argument_t *arguments, int count)
{
    civ_rows_t *rows;
    apr_pool_t *pool;
    apr_status_t status;

    apr_pool_create(&pool, reading->pool);
    status = civ_db_select(reading->db, &sql[statement], arguments, count, &rows, pool);
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        place_t *place = apr_array_push(reading->places);

        if (civ_rows_int(rows, 0, &place->timestamp) != APR_SUCCESS ||
            civ_rows_int(rows, 1, &place->item) != APR_SUCCESS ||
            civ_rows_int(rows, 2, &place->version) != APR_SUCCESS ||
            civ_rows_int(rows, 3, &place->size) != APR_SUCCESS)
            status = CIV_EDATABASE;
    }
    apr_pool_destroy(pool);
    return status;
}

static apr_status_t read_lane(reading_t *reading, int lane, const civ_argument_t *fixed, int fixed_count)
{
    civ_argument_t arguments[7];
    int count;

    for (count = 0; count < fixed_count; count++)
        arguments[count] = fixed[count];
    arguments[count++] = civ_int(reading->timestamp);
    arguments[count++] = civ_int(reading->item);
    arguments[count++] = civ_int(reading->bound);
    arguments[count++] = civ_int(reading->moves);
    arguments[count++] = civ_int(reading->query->limit + 1);
    return read_places(reading, SQL_LANES + 2 * lane + (reading->query->is_descending ? 1 : 0), arguments,
                       count);
}

static apr_status_t read_projects(reading_t *reading)
{
    const civ_timeline_query_t *query = reading->query;
    const char *source = query->source != NULL ? query->source : "";
    const civ_argument_t find[] = {civ_text(query->project_id), civ_text(source), civ_text(source),
                                   civ_int(PROJECTS_MAX)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(reading->db, &sql[SQL_PROJECTS], find, 4, &rows, reading->pool);

    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_argument_t fixed[2];
        apr_int64_t project;

        if (civ_rows_int(rows, 0, &project) != APR_SUCCESS)
            return CIV_EDATABASE;
        fixed[0] = civ_int(project);
        fixed[1] = civ_text(query->type);
        status = query->type != NULL ? read_lane(reading, LANE_PROJECT_TYPE, fixed, 2)
                                     : read_lane(reading, LANE_PROJECT, fixed, 1);
    }
    return status;
}

/* Afterwards, so that what moves in between is found, here at the latest. */
static apr_status_t read_moved(reading_t *reading)
{
    const civ_timeline_query_t *query = reading->query;
    const civ_argument_t type = civ_text(query->type != NULL ? query->type : "");
    const civ_argument_t source = civ_text(query->source != NULL ? query->source : "");
    const civ_argument_t project = civ_text(query->project_id != NULL ? query->project_id : "");
    const civ_argument_t arguments[] = {civ_int(reading->moves),
                                        civ_int(reading->moves),
                                        type,
                                        type,
                                        source,
                                        source,
                                        project,
                                        project,
                                        civ_int(reading->timestamp),
                                        civ_int(reading->item),
                                        civ_int(reading->bound),
                                        civ_int(query->limit + 1)};

    return read_places(reading, query->is_descending ? SQL_MOVED_DOWN : SQL_MOVED_UP, arguments, 12);
}

static int compare_up(const void *left, const void *right)
{
    const place_t *a = left, *b = right;

    if (a->timestamp != b->timestamp)
        return a->timestamp < b->timestamp ? -1 : 1;
    return a->item < b->item ? -1 : a->item > b->item;
}

static int compare_down(const void *left, const void *right)
{
    return compare_up(right, left);
}

static apr_status_t find_places(reading_t *reading)
{
    const civ_timeline_query_t *query = reading->query;
    const civ_argument_t fixed[] = {civ_text(query->source != NULL ? query->source : query->type),
                                    civ_text(query->type)};
    int lane = query->source != NULL && query->type != NULL ? LANE_SOURCE_TYPE
               : query->source != NULL                      ? LANE_SOURCE
               : query->type != NULL                        ? LANE_TYPE
                                                            : LANE_ALL;
    place_t *places;
    apr_status_t status;
    int i, count;

    reading->places = apr_array_make(reading->pool, query->limit + 1, sizeof(place_t));
    status = query->project_id != NULL
                 ? read_projects(reading)
                 : read_lane(reading, lane, fixed, (query->source != NULL) + (query->type != NULL));
    if (status == APR_SUCCESS)
        status = read_moved(reading);
    places = (place_t *)reading->places->elts;
    qsort(places, (size_t)reading->places->nelts, sizeof(*places),
          query->is_descending ? compare_down : compare_up);
    /* What has moved between two of the questions was found twice. */
    for (i = count = 0; i < reading->places->nelts; i++)
        if (count == 0 || compare_up(&places[count - 1], &places[i]) != 0)
            places[count++] = places[i];
    reading->places->nelts = count;
    return status;
}

/* --- what stands there --- */

static apr_status_t read_batch(civ_db_t *db, const place_t *places, int count, civ_timeline_page_t *page,
                               apr_pool_t *pool)
{
    civ_timeline_entry_t found[CIV_TIMELINE_BATCH];
    civ_argument_t arguments[CIV_TIMELINE_BATCH];
    civ_rows_t *rows;
    apr_pool_t *scratch;
    apr_status_t status;
    int i, j, have = 0;

    for (i = 0; i < CIV_TIMELINE_BATCH; i++)
        arguments[i] = civ_int(places[i < count ? i : count - 1].version);
    apr_pool_create(&scratch, pool);
    status = civ_db_select(db, &sql[SQL_ENTRIES], arguments, CIV_TIMELINE_BATCH, &rows, scratch);
    while (status == APR_SUCCESS && have < CIV_TIMELINE_BATCH && civ_rows_next(rows) == APR_SUCCESS)
        status = civ_timeline_read(&found[have++], rows, pool);
    apr_pool_destroy(scratch);
    for (i = 0; i < count && status == APR_SUCCESS; i++) {
        for (j = 0; j < have && found[j].row != places[i].version; j++)
            continue;
        if (j == have)
            return CIV_EDATABASE;
        page->entries[page->count++] = found[j];
    }
    return status;
}

static apr_status_t read_entries(civ_db_t *db, const place_t *places, int count, civ_timeline_page_t *page,
                                 apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    page->entries = apr_pcalloc(pool, ((apr_size_t)count + 1) * sizeof(*page->entries));
    page->count = 0;
    for (i = 0; i < count && status == APR_SUCCESS; i += CIV_TIMELINE_BATCH)
        status = read_batch(db, places + i, count - i < CIV_TIMELINE_BATCH ? count - i : CIV_TIMELINE_BATCH,
                            page, pool);
    return status;
}

/* How many of the places fit on the page: one at least. */
static int fit(const apr_array_header_t *places, int limit)
{
    const place_t *place = (const place_t *)places->elts;
    apr_int64_t bytes = 0;
    int i;

    for (i = 0; i < places->nelts && i < limit; i++) {
        bytes += place[i].size;
        if (i > 0 && bytes > CIV_TIMELINE_PAGE_BYTES)
            break;
    }
    return i;
}

apr_status_t civ_timeline_list(civ_store_t *store, const civ_timeline_query_t *query,
                               civ_timeline_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    reading_t reading = {.query = query, .pool = pool};
    const place_t *places;
    apr_status_t status;
    int count;

    memset(page, 0, sizeof(*page));
    if (query->limit < 1 || query->limit > CIV_TIMELINE_LIMIT_MAX)
        return APR_EINVAL;
    status = civ_store_acquire(store, &reading.db);
    if (status != APR_SUCCESS)
        return status;
    status = begin(&reading, problem);
    if (status == APR_SUCCESS)
        status = find_places(&reading);
    if (status == APR_SUCCESS) {
        places = (const place_t *)reading.places->elts;
        count = fit(reading.places, query->limit);
        status = read_entries(reading.db, places, count, page, pool);
        if (count < reading.places->nelts)
            page->next = write_cursor(&reading, &places[count - 1]);
    }
    civ_store_release(store, reading.db);
    return status;
}

/* --- single items --- */

static apr_status_t read_rows(civ_store_t *store, int statement, const civ_argument_t *arguments, int count,
                              civ_timeline_page_t *page, apr_pool_t *pool)
{
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    memset(page, 0, sizeof(*page));
    page->entries = apr_pcalloc(pool, CIV_TIMELINE_BATCH * sizeof(*page->entries));
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[statement], arguments, count, &rows, pool);
    while (status == APR_SUCCESS && page->count < CIV_TIMELINE_BATCH && civ_rows_next(rows) == APR_SUCCESS)
        status = civ_timeline_read(&page->entries[page->count++], rows, pool);
    civ_store_release(store, db);
    return status;
}

apr_status_t civ_timeline_get(civ_store_t *store, const char *key, civ_timeline_entry_t *entry,
                              apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(key);
    civ_timeline_page_t page;
    apr_status_t status = read_rows(store, SQL_BY_KEY, &argument, 1, &page, pool);

    if (status != APR_SUCCESS)
        return status;
    if (page.count == 0)
        return APR_NOTFOUND;
    *entry = page.entries[0];
    return APR_SUCCESS;
}

apr_status_t civ_timeline_history(civ_store_t *store, const char *key, apr_int64_t before,
                                  civ_timeline_page_t *page, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(key), civ_int(before > 0 ? before : APR_INT64_MAX)};

    return read_rows(store, SQL_HISTORY, arguments, 2, page, pool);
}

apr_status_t civ_timeline_linked(civ_store_t *store, const char *sha, apr_int64_t after, int limit,
                                 civ_timeline_page_t *page, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(sha), civ_int(after), civ_int(limit + 1)};
    reading_t reading = {.pool = pool};
    apr_status_t status;
    int count;

    memset(page, 0, sizeof(*page));
    if (limit < 1 || limit > CIV_TIMELINE_LIMIT_MAX)
        return APR_EINVAL;
    status = civ_store_acquire(store, &reading.db);
    if (status != APR_SUCCESS)
        return status;
    reading.places = apr_array_make(pool, limit + 1, sizeof(place_t));
    status = read_places(&reading, SQL_LINKED, arguments, 3);
    count = fit(reading.places, limit);
    if (status == APR_SUCCESS)
        status = read_entries(reading.db, (const place_t *)reading.places->elts, count, page, pool);
    if (status == APR_SUCCESS && count < reading.places->nelts)
        page->next = apr_psprintf(pool, "%" APR_INT64_T_FMT, page->entries[count - 1].number);
    civ_store_release(store, reading.db);
    return status;
}
