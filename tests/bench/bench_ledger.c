/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The ledger without httpd: what reading costs in a short and in a long ledger, and what validation costs against hashing the
 * same bytes alone. Durability is on. The figures are printed, nothing is asserted but that all answers were right.
 *
 * CIVARCOS_BENCH_BLOCKS (default 200000) is the length of the long ledger, CIVARCOS_BENCH_SHORT (default 10000) that of the
 * short one, CIVARCOS_BENCH_DIR (default: TMPDIR or /tmp) where they are made; they are removed afterwards.
 */
#include <apr_atomic.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/merkle.h"
#include "node/node.h"

#define THREADS    32
#define ROUNDS     7
#define SECONDS    0.5
#define SAMPLES    4096
#define HASHED     100000 /* blocks hashed for comparison */
#define TYPES      10
#define PAGE_LIMIT 20

typedef struct ledger_t {
    const char *folder;
    apr_uint64_t blocks;
    civ_node_t *node;
    civ_digest_t evidence[SAMPLES];
    apr_uint64_t heights[SAMPLES];
    volatile apr_uint32_t next; /**< while it is filled */
    volatile apr_uint32_t failed;
    apr_pool_t *pool;
} ledger_t;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long number_from(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtol(text, NULL, 10) : otherwise;
}

static void log_line(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    (void)baton;
    (void)status;
    if (level <= CIV_LOG_WARNING)
        fprintf(stderr, "%s\n", message);
}

/* --- filling --- */

static apr_status_t add_one(ledger_t *ledger, apr_uint32_t number, apr_pool_t *pool)
{
    const char *text = apr_psprintf(
        pool,
        "{\"type\":\"type-%u\",\"source\":\"ci.example.org\",\"run\":\"run-%u\",\"suite\":\"unit\","
        "\"passed\":412,\"failed\":0,\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\"}",
        number % TYPES, number);
    civ_append_result_t result;
    const civ_json_t *json;
    civ_problem_t problem;
    civ_entry_t entry;
    apr_status_t status = civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &problem, pool);

    if (status == APR_SUCCESS)
        status = civ_entry_make(&entry, json, "", 0, &problem, pool);
    if (status == APR_SUCCESS)
        status = civ_ledger_append(civ_node_ledger(ledger->node), &entry, 1, NULL, &result, &problem, pool);
    return status;
}

static void *APR_THREAD_FUNC fill_some(apr_thread_t *thread, void *data)
{
    ledger_t *ledger = data;
    apr_pool_t *pool;
    apr_uint32_t number;

    (void)thread;
    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    while (!apr_atomic_read32(&ledger->failed) &&
           (number = apr_atomic_inc32(&ledger->next)) < ledger->blocks) {
        apr_pool_clear(pool);
        if (add_one(ledger, number, pool) != APR_SUCCESS)
            apr_atomic_set32(&ledger->failed, 1);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static int fill(ledger_t *ledger)
{
    apr_thread_t *threads[THREADS];
    double began = now();
    apr_status_t status;
    int i, made = 0;

    for (i = 0; i < THREADS; i++)
        if (apr_thread_create(&threads[made], NULL, fill_some, ledger, ledger->pool) == APR_SUCCESS)
            made++;
    for (i = 0; i < made; i++)
        apr_thread_join(&status, threads[i]);
    printf("# %" APR_UINT64_T_FMT " blocks made by %d threads, %.0f a second\n", ledger->blocks, made,
           (double)ledger->blocks / (now() - began));
    return made == 0 || ledger->failed;
}

static int take_samples(ledger_t *ledger)
{
    unsigned seed = 1;
    int i;

    for (i = 0; i < SAMPLES; i++) {
        civ_problem_t problem;
        civ_block_t *block;
        apr_pool_t *pool;

        apr_pool_create(&pool, ledger->pool);
        ledger->heights[i] = 1 + (apr_uint64_t)rand_r(&seed) % ledger->blocks;
        if (civ_ledger_block(civ_node_ledger(ledger->node), ledger->heights[i], &block, &problem, pool) !=
            APR_SUCCESS)
            return 1;
        ledger->evidence[i] = block->entries[0].evidence_hash;
        apr_pool_destroy(pool);
    }
    return 0;
}

static int make_ledger(ledger_t *ledger, const char *parent, apr_uint64_t blocks, apr_pool_t *pool)
{
    static const civ_log_t log = {log_line, NULL, CIV_LOG_WARNING};
    static const civ_node_context_t context = {.log = &log};
    civ_node_config_t *config = apr_pmemdup(pool, &civ_node_defaults, sizeof(civ_node_defaults));
    const char *error = "";
    char *folder = apr_pstrcat(pool, parent, "/civarcos-bench-XXXXXX", NULL);

    memset(ledger, 0, sizeof(*ledger));
    ledger->pool = pool;
    ledger->blocks = blocks;
    ledger->folder = mkdtemp(folder);
    config->state_dir = folder;
    config->ledger_name = "bench.example.org/civarcos";
    if (ledger->folder == NULL || civ_node_prepare(config, 0, 0, &error, pool) != APR_SUCCESS ||
        civ_node_open(&ledger->node, config, &context, &error, pool) != APR_SUCCESS ||
        civ_node_start(ledger->node, pool) != APR_SUCCESS) {
        fprintf(stderr, "no ledger in %s: %s\n", folder, error);
        return 1;
    }
    return fill(ledger) || take_samples(ledger);
}

static void remove_folder(const char *folder, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;

    if (folder == NULL || apr_dir_open(&dir, folder, pool) != APR_SUCCESS)
        return;
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        const char *path = apr_pstrcat(pool, folder, "/", info.name, NULL);

        if (strcmp(info.name, ".") == 0 || strcmp(info.name, "..") == 0)
            continue;
        if (info.filetype == APR_DIR)
            remove_folder(path, pool);
        else
            apr_file_remove(path, pool);
    }
    apr_dir_close(dir);
    apr_dir_remove(folder, pool);
}

/* --- reading --- */

typedef apr_status_t (*operation_fn)(const ledger_t *ledger, int sample, apr_pool_t *pool);

static apr_status_t read_block(const ledger_t *ledger, int sample, apr_pool_t *pool)
{
    civ_problem_t problem;
    civ_digest_t hash;
    const char *json;
    apr_size_t length;

    return civ_node_block(ledger->node, ledger->heights[sample], &json, &length, &hash, &problem, pool);
}

static apr_status_t read_evidence(const ledger_t *ledger, int sample, apr_pool_t *pool)
{
    civ_evidence_proof_t proof;
    civ_problem_t problem;

    return civ_ledger_evidence(civ_node_ledger(ledger->node), &ledger->evidence[sample], &proof, &problem,
                               pool);
}

static apr_status_t search_type(const ledger_t *ledger, int sample, apr_pool_t *pool)
{
    const civ_search_t search = {.type = apr_psprintf(pool, "type-%d", sample % TYPES),
                                 .since = APR_INT64_MIN,
                                 .until = APR_INT64_MAX,
                                 .block_to = APR_UINT64_MAX,
                                 .before_leaf = APR_UINT64_MAX,
                                 .limit = PAGE_LIMIT};
    civ_search_page_t page;
    civ_problem_t problem;
    apr_status_t status = civ_ledger_search(civ_node_ledger(ledger->node), &search, &page, &problem, pool);

    return status == APR_SUCCESS && page.count != PAGE_LIMIT ? APR_EGENERAL : status;
}

static const struct {
    const char *name;
    operation_fn run;
} operations[] = {
    {"block/N, any", read_block},
    {"evidence/{hash} with its proof", read_evidence},
    {"search by type, newest 20", search_type},
};

/** Microseconds for one. Negative when an answer was wrong. */
static double measure(const ledger_t *ledger, operation_fn run, int *sample)
{
    double began = now(), took;
    unsigned long count = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, ledger->pool);
    do {
        apr_pool_clear(pool);
        if (run(ledger, *sample, pool) != APR_SUCCESS)
            return -1;
        *sample = (*sample + 1) % SAMPLES;
        count++;
        took = now() - began;
    } while (took < SECONDS);
    apr_pool_destroy(pool);
    return took / (double)count * 1e6;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

static int compare_reading(const ledger_t *few, const ledger_t *many)
{
    size_t i;

    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        double ratios[ROUNDS], one = 0, other = 0;
        int round, sample[2] = {0, 0};

        for (round = 0; round < ROUNDS; round++) {
            one = measure(few, operations[i].run, &sample[0]);
            other = measure(many, operations[i].run, &sample[1]);
            if (one < 0 || other < 0)
                return 1;
            ratios[round] = other / one;
        }
        qsort(ratios, ROUNDS, sizeof(ratios[0]), compare_doubles);
        printf("%s: %.1f us with %" APR_UINT64_T_FMT " blocks, %.1f us with %" APR_UINT64_T_FMT
               ", median ratio %.2f (%.2f to %.2f)\n",
               operations[i].name, one, few->blocks, other, many->blocks, ratios[ROUNDS / 2], ratios[0],
               ratios[ROUNDS - 1]);
    }
    return 0;
}

/* --- validation --- */

static long status_kib(const char *field)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtol(line + strlen(field), NULL, 10);
    if (file != NULL)
        fclose(file);
    return value;
}

/* The most that the process has had for itself; pages of the database are the system's. */
static apr_status_t watch_memory(void *baton, apr_uint64_t done, apr_uint64_t total)
{
    long *peak = baton, size = status_kib("RssAnon:");

    (void)done;
    (void)total;
    *peak = size > *peak ? size : *peak;
    return APR_SUCCESS;
}

static apr_status_t print_fault(void *baton, const civ_fault_t *fault)
{
    (void)baton;
    fprintf(stderr, "block %" APR_UINT64_T_FMT ": %s\n", fault->block_index, fault->text);
    return APR_SUCCESS;
}

typedef struct bytes_t {
    unsigned char header[CIV_HEADER_SIZE];
    char *payload;
    apr_size_t length;
} bytes_t;

typedef struct taken_t {
    bytes_t *blocks;
    apr_uint64_t count;
    apr_pool_t *pool;
} taken_t;

static apr_status_t take_bytes(void *baton, const civ_block_t *block, apr_pool_t *pool)
{
    taken_t *taken = baton;
    bytes_t *bytes = &taken->blocks[taken->count++];

    (void)pool;
    civ_header_pack(bytes->header, &block->header);
    bytes->length = block->entries[0].length;
    bytes->payload = apr_pmemdup(taken->pool, block->entries[0].data, bytes->length);
    return APR_SUCCESS;
}

/** Seconds a block: header, entry, and entry as a leaf. */
static double measure_hashing(const taken_t *taken)
{
    double began = now();
    apr_uint64_t i;

    for (i = 0; i < taken->count; i++) {
        civ_digest_t digest;

        civ_digest_sha256(&digest, taken->blocks[i].header, CIV_HEADER_SIZE);
        civ_digest_sha256(&digest, taken->blocks[i].payload, taken->blocks[i].length);
        civ_merkle_leaf(&digest, taken->blocks[i].payload, taken->blocks[i].length);
    }
    return (now() - began) / (double)taken->count;
}

static int compare_validation(const ledger_t *ledger)
{
    taken_t taken = {.pool = ledger->pool};
    apr_uint64_t last = ledger->blocks < HASHED ? ledger->blocks : HASHED;
    civ_validation_t validation;
    civ_problem_t problem;
    double began, took, hashing;
    long idle, peak;
    apr_status_t status;

    idle = peak = status_kib("RssAnon:");
    began = now();
    status = civ_ledger_validate(civ_node_ledger(ledger->node), 0, APR_UINT64_MAX, print_fault, watch_memory,
                                 &peak, &validation, &problem, ledger->pool);
    took = (now() - began) / (double)validation.blocks;
    taken.blocks = apr_palloc(ledger->pool, (last + 1) * sizeof(bytes_t));
    if (status != APR_SUCCESS || validation.faults > 0 ||
        civ_ledger_walk(civ_node_ledger(ledger->node), 1, last, take_bytes, &taken, ledger->pool) !=
            APR_SUCCESS)
        return 1;
    hashing = measure_hashing(&taken);
    printf("validation of %" APR_UINT64_T_FMT
           " blocks: %.1f us a block, hashing alone %.2f us, ratio %.1f; memory %.1f MiB "
           "before, %.1f MiB at most\n",
           validation.blocks, took * 1e6, hashing * 1e6, took / hashing, (double)idle / 1024,
           (double)peak / 1024);
    return 0;
}

int main(void)
{
    const char *parent = getenv("CIVARCOS_BENCH_DIR");
    static ledger_t few, many;
    apr_pool_t *outer, *pool; /* connections go before what they were made with */
    int failed;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&outer, NULL) != APR_SUCCESS ||
        civ_store_initialize(outer) != APR_SUCCESS || apr_pool_create(&pool, outer) != APR_SUCCESS)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (parent == NULL)
        parent = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    failed = make_ledger(&few, parent, (apr_uint64_t)number_from("CIVARCOS_BENCH_SHORT", 10000), pool) ||
             make_ledger(&many, parent, (apr_uint64_t)number_from("CIVARCOS_BENCH_BLOCKS", 200000), pool) ||
             compare_reading(&few, &many) || compare_validation(&many);
    if (failed)
        fprintf(stderr, "bench_ledger: something failed\n");
    remove_folder(few.folder, outer);
    remove_folder(many.folder, outer);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
