/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The timeline without httpd: what storing and reading cost with few and with many items. Durability is on; each page of 100 items
 * is one commit. The figures are printed, nothing is asserted but that all answers were right.
 *
 * Words as arguments choose the operations whose names have one of them. CIVARCOS_BENCH_ITEMS (default 1000000) is how many the long
 * timeline has, CIVARCOS_BENCH_SHORT (default 10000) the short one, CIVARCOS_BENCH_DIR (default: TMPDIR or /tmp) where they are made; they
 * are removed afterwards. CIVARCOS_BENCH_LEDGER=on puts all of it on record as well.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/bench_node.h"
#include "sync/timeline.h"

#define ROUNDS       7
#define SECONDS      0.3
#define PAGE_ITEMS   100
#define FILL_ITEMS   1000
#define PROJECTS     50
#define PAGE_LIMIT   20
#define FIRST_MOMENT APR_INT64_C(1577836800000)
#define MINUTE       APR_INT64_C(60000)

typedef struct history_t {
    civ_node_t *node;
    apr_int64_t items; /**< so many are there */
    unsigned sample;   /**< moves on with each operation */
    apr_pool_t *pool;
} history_t;

static double processor_time(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* --- items --- */

static const struct {
    const char *source, *instance, *type;
} sorts[] = {
    {"github", "api.github.com", CIV_ITEM_COMMIT},   {"github", "api.github.com", CIV_ITEM_PULL_REQUEST},
    {"github", "api.github.com", CIV_ITEM_PIPELINE}, {"jenkins", "ci.example.org", CIV_ITEM_BUILD},
    {"gitlab", "gitlab.com", CIV_ITEM_ISSUE},
};
#define SORTS (sizeof(sorts) / sizeof(sorts[0]))
enum { COMMITS, PULL_REQUESTS, PIPELINES, BUILDS, ISSUES }; /* as above */

static const char *sha_of(apr_int64_t number, apr_pool_t *pool)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, &number, sizeof(number));
    return apr_pstrmemdup(pool, civ_digest_hex_dup(&digest, pool), 40);
}

/* As platforms give them: a page is of one list of one project. */
static int sort_of(apr_int64_t number)
{
    return (int)(number / PAGE_ITEMS % SORTS);
}

static const char *project_of(apr_int64_t number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "octo/project-%d", (int)(number / PAGE_ITEMS / SORTS % PROJECTS));
}

/* Commits and pull requests have one of their own; what was built, that of a commit. */
static const char *revision_of(apr_int64_t number, apr_pool_t *pool)
{
    const int sort = sort_of(number);

    return sort == ISSUES ? "" : sha_of(sort >= PIPELINES ? number - sort * PAGE_ITEMS : number, pool);
}

/* @param edition 0: the first; others have another content and a later time of change */
static apr_status_t make_item(civ_sync_item_t *item, apr_int64_t number, int edition, apr_pool_t *pool)
{
    civ_problem_t problem;

    memset(item, 0, sizeof(*item));
    item->source = sorts[sort_of(number)].source;
    item->instance = sorts[sort_of(number)].instance;
    item->type = sorts[sort_of(number)].type;
    item->scope = item->project_id = project_of(number, pool);
    item->native_id =
        sort_of(number) == COMMITS ? sha_of(number, pool) : apr_psprintf(pool, "%" APR_INT64_T_FMT, number);
    item->timestamp = FIRST_MOMENT + number * MINUTE;
    item->updated = item->timestamp + edition;
    item->status = edition % 2 ? CIV_STATUS_FAILED : CIV_STATUS_PASSED;
    item->title = apr_psprintf(pool, "Change %" APR_INT64_T_FMT " of the module", number);
    item->author = "developer";
    item->sha = revision_of(number, pool);
    item->url = apr_psprintf(pool, "https://example.org/%s/%" APR_INT64_T_FMT, item->project_id, number);
    item->source_url = "https://api.example.org/list?per_page=100";
    item->data = apr_psprintf(
        pool,
        "{\"author\":\"developer\",\"edition\":%d,\"message\":\"It does what was asked for, and is "
        "tested; see the description of the change it came with.\",\"number\":%" APR_INT64_T_FMT
        ",\"parents\":[\"%s\"],\"state\":\"completed\",\"title\":\"%s\"}",
        edition, number, sha_of(number - 1, pool), item->title);
    return civ_sync_item_finish(item, &problem, pool);
}

typedef struct page_t {
    const civ_engine_t *engine;
    civ_sync_item_t *items;
    civ_timeline_outcome_e *outcomes;
    int count;
} page_t;

static apr_status_t apply(void *baton, civ_change_t *change)
{
    page_t *page = baton;
    const civ_timeline_writer_t *timeline = &page->engine->timeline;

    return timeline->store(timeline->baton, change, page->items, page->count, page->outcomes);
}

/* Store a page in one commit. @return APR_EGENERAL when something else came of it than @a expected */
static apr_status_t store(history_t *history, apr_int64_t first, int count, int edition,
                          civ_timeline_outcome_e expected, apr_pool_t *pool)
{
    page_t page = {civ_node_engine(history->node), NULL, NULL, count};
    apr_status_t status = APR_SUCCESS;
    civ_problem_t problem;
    int i;

    page.items = apr_palloc(pool, (apr_size_t)count * sizeof(*page.items));
    page.outcomes = apr_palloc(pool, (apr_size_t)count * sizeof(*page.outcomes));
    for (i = 0; i < count && status == APR_SUCCESS; i++)
        status = make_item(&page.items[i], first + i, edition, pool);
    if (status == APR_SUCCESS)
        status = civ_change_run(&page.engine->transactor, apply, &page, &problem, pool);
    for (i = 0; i < count && status == APR_SUCCESS; i++)
        status = page.outcomes[i] == expected ? APR_SUCCESS : APR_EGENERAL;
    return status;
}

/* --- histories --- */

static int fill(history_t *history, apr_int64_t items)
{
    double began = bench_now();
    apr_pool_t *pool;

    apr_pool_create(&pool, history->pool);
    while (history->items < items) {
        apr_pool_clear(pool);
        if (store(history, history->items, FILL_ITEMS, 0, CIV_TIMELINE_NEW, pool) != APR_SUCCESS)
            return 1;
        history->items += FILL_ITEMS;
    }
    apr_pool_destroy(pool);
    printf("# %" APR_INT64_T_FMT " items stored in %.1f s, %.0f a second, %d in a commit\n", items,
           bench_now() - began, (double)items / (bench_now() - began), FILL_ITEMS);
    return 0;
}

static int make_history(history_t *history, apr_int64_t items, apr_pool_t *pool)
{
    civ_node_config_t *config = apr_pmemdup(pool, &civ_node_defaults, sizeof(civ_node_defaults));
    const char *ledger = getenv("CIVARCOS_BENCH_LEDGER");

    memset(history, 0, sizeof(*history));
    history->pool = pool;
    config->sync_ledger = ledger != NULL && strcmp(ledger, "on") == 0;
    return bench_node(&history->node, config, pool) || fill(history, items);
}

/* --- operations --- */

static apr_int64_t any(history_t *history)
{
    history->sample = history->sample * 1103515245U + 12345U;
    return (apr_int64_t)(((apr_uint64_t)history->sample * 2654435761U >> 8) % (apr_uint64_t)history->items);
}

static apr_status_t list(history_t *history, const civ_timeline_query_t *query, apr_pool_t *pool)
{
    civ_timeline_page_t page;
    civ_problem_t problem;
    apr_status_t status =
        civ_timeline_list(civ_node_engine(history->node)->store, query, &page, &problem, pool);

    return status == APR_SUCCESS && page.count != query->limit ? APR_EGENERAL : status;
}

static apr_status_t newest(history_t *history, apr_pool_t *pool)
{
    const civ_timeline_query_t query = {.is_descending = 1, .limit = PAGE_LIMIT};

    return list(history, &query, pool);
}

/* From a moment on that has a page behind it, for each of the sorts and projects. */
static apr_status_t from_then_on(history_t *history, const char *type, const char *source, apr_pool_t *pool)
{
    apr_int64_t number = any(history) / 2;
    const civ_timeline_query_t query = {
        .start = FIRST_MOMENT + number * MINUTE, .type = type, .source = source, .limit = PAGE_LIMIT};

    return list(history, &query, pool);
}

static apr_status_t of_all(history_t *history, apr_pool_t *pool)
{
    return from_then_on(history, NULL, NULL, pool);
}

static apr_status_t of_type(history_t *history, apr_pool_t *pool)
{
    return from_then_on(history, CIV_ITEM_BUILD, NULL, pool);
}

static apr_status_t of_source(history_t *history, apr_pool_t *pool)
{
    return from_then_on(history, NULL, "gitlab", pool);
}

/* From a moment on in which lists of the project begin. */
static apr_status_t from_lists_on(history_t *history, const char *type, apr_pool_t *pool)
{
    apr_int64_t number = any(history) / 2 / PAGE_ITEMS / (apr_int64_t)SORTS * (apr_int64_t)SORTS * PAGE_ITEMS;
    const civ_timeline_query_t query = {.start = FIRST_MOMENT + number * MINUTE,
                                        .type = type,
                                        .project_id = project_of(number, pool),
                                        .limit = PAGE_LIMIT};

    return list(history, &query, pool);
}

static apr_status_t of_project(history_t *history, apr_pool_t *pool)
{
    return from_lists_on(history, NULL, pool);
}

static apr_status_t of_project_and_type(history_t *history, apr_pool_t *pool)
{
    return from_lists_on(history, CIV_ITEM_COMMIT, pool);
}

static apr_status_t second_page(history_t *history, apr_pool_t *pool)
{
    civ_timeline_query_t query = {.start = FIRST_MOMENT + any(history) / 2 * MINUTE, .limit = PAGE_LIMIT};
    civ_timeline_page_t page;
    civ_problem_t problem;
    apr_status_t status =
        civ_timeline_list(civ_node_engine(history->node)->store, &query, &page, &problem, pool);

    query.cursor = page.next;
    return status == APR_SUCCESS ? list(history, &query, pool) : status;
}

static apr_status_t one_item(history_t *history, apr_pool_t *pool)
{
    civ_timeline_entry_t entry;
    civ_sync_item_t item;
    apr_status_t status = make_item(&item, any(history), 0, pool);

    return status == APR_SUCCESS ? civ_timeline_get(civ_node_engine(history->node)->store,
                                                    civ_digest_hex_dup(&item.key, pool), &entry, pool)
                                 : status;
}

static apr_status_t one_commit(history_t *history, apr_pool_t *pool)
{
    const apr_int64_t number = any(history) / PAGE_ITEMS / SORTS * SORTS * PAGE_ITEMS;
    civ_timeline_page_t page;
    apr_status_t status = civ_timeline_linked(civ_node_engine(history->node)->store, sha_of(number, pool), 0,
                                              PAGE_LIMIT, &page, pool);

    return status == APR_SUCCESS && page.count == 0 ? APR_EGENERAL : status;
}

static apr_status_t store_new(history_t *history, apr_pool_t *pool)
{
    apr_status_t status = store(history, history->items, PAGE_ITEMS, 0, CIV_TIMELINE_NEW, pool);

    history->items += PAGE_ITEMS;
    return status;
}

static apr_status_t store_seen(history_t *history, apr_pool_t *pool)
{
    apr_int64_t first = any(history) % (history->items - PAGE_ITEMS);

    return store(history, first, PAGE_ITEMS, 0, CIV_TIMELINE_DUPLICATE, pool);
}

static const struct {
    const char *name;
    apr_status_t (*run)(history_t *history, apr_pool_t *pool);
    int items; /**< of one operation */
} operations[] = {
    {"newest 20", newest, 1},
    {"20 from a moment on", of_all, 1},
    {"20 of a type", of_type, 1},
    {"20 of a source", of_source, 1},
    {"20 of a project", of_project, 1},
    {"20 of a project and type", of_project_and_type, 1},
    {"two pages of 20, by the cursor", second_page, 1},
    {"an item by its key", one_item, 1},
    {"what is known of a commit", one_commit, 1},
    {"a page of 100 items seen again, an item", store_seen, PAGE_ITEMS},
    {"a page of 100 new items, an item", store_new, PAGE_ITEMS},
};

/** Microseconds for one, and those of a processor. Negative when an answer was wrong. */
static double measure(history_t *history, size_t operation, double *processor)
{
    double began = bench_now(), used = processor_time(), took;
    unsigned long count = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, history->pool);
    do {
        apr_pool_clear(pool);
        if (operations[operation].run(history, pool) != APR_SUCCESS)
            return -1;
        count += (unsigned long)operations[operation].items;
        took = bench_now() - began;
    } while (took < SECONDS);
    apr_pool_destroy(pool);
    *processor = (processor_time() - used) / (double)count * 1e6;
    return took / (double)count * 1e6;
}

static double middle(double *values)
{
    bench_sort(values, ROUNDS);
    return values[ROUNDS / 2];
}

static int has_a_word(const char *name, char *const *words)
{
    while (*words != NULL && strstr(name, *words) == NULL)
        words++;
    return *words != NULL;
}

/* @param chosen words of the operations that are wanted; none: all */
static int compare(history_t *few, history_t *many, char *const *chosen)
{
    apr_int64_t before[] = {few->items, many->items};
    size_t i;

    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        double one[ROUNDS], other[ROUNDS], ratios[ROUNDS], used[2][ROUNDS], used_ratios[ROUNDS];
        int round;

        if (chosen[0] != NULL && !has_a_word(operations[i].name, chosen))
            continue;
        for (round = 0; round < ROUNDS; round++) {
            one[round] = measure(few, i, &used[0][round]);
            other[round] = measure(many, i, &used[1][round]);
            if (one[round] < 0 || other[round] < 0)
                return fprintf(stderr, "%s: a wrong answer\n", operations[i].name), 1;
            ratios[round] = other[round] / one[round];
            used_ratios[round] = used[1][round] / used[0][round];
        }
        bench_sort(ratios, ROUNDS);
        printf("%s: %.1f us with %" APR_INT64_T_FMT " items, %.1f us with %" APR_INT64_T_FMT
               ", median ratio %.2f (%.2f to %.2f); of a processor %.1f us, %.1f us, %.2f\n",
               operations[i].name, middle(one), before[0], middle(other), before[1], ratios[ROUNDS / 2],
               ratios[0], ratios[ROUNDS - 1], middle(used[0]), middle(used[1]), middle(used_ratios));
    }
    return 0;
}

static char *const *words; /* arguments of the program */

static int run(apr_pool_t *pool)
{
    static history_t few, many;

    return make_history(&few, bench_number("CIVARCOS_BENCH_SHORT", 10000), pool) ||
           make_history(&many, bench_number("CIVARCOS_BENCH_ITEMS", 1000000), pool) ||
           compare(&few, &many, words);
}

int main(int argc, char **argv)
{
    words = argv + (argc > 0);
    return bench_main("bench_timeline", run);
}
