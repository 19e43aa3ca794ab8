/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The ledger without httpd: what reading costs in a short and in a long ledger, and what validation costs against hashing the
 * same bytes alone. Durability is on. The figures are printed, nothing is asserted but that all answers were right.
 *
 * CIVARCOS_BENCH_BLOCKS (default 200000) is the length of the long ledger, CIVARCOS_BENCH_SHORT (default 10000) that of the
 * short one, CIVARCOS_BENCH_DIR (default: TMPDIR or /tmp) where they are made; they are removed afterwards.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/merkle.h"
#include "bench/bench_node.h"

#define ROUNDS     7
#define SECONDS    0.5
#define SAMPLES    4096
#define HASHED     100000 /* blocks hashed for comparison */
#define TYPES      10
#define PAGE_LIMIT 20

typedef struct ledger_t {
    apr_uint64_t blocks;
    civ_node_t *node;
    civ_digest_t evidence[SAMPLES];
    apr_uint64_t heights[SAMPLES];
    apr_pool_t *pool;
} ledger_t;

/* --- filling --- */

static apr_status_t add_one(void *baton, apr_uint32_t number, apr_pool_t *pool)
{
    const ledger_t *ledger = baton;
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

static int make_ledger(ledger_t *ledger, apr_uint64_t blocks, apr_pool_t *pool)
{
    civ_node_config_t *config = apr_pmemdup(pool, &civ_node_defaults, sizeof(civ_node_defaults));

    memset(ledger, 0, sizeof(*ledger));
    ledger->pool = pool;
    ledger->blocks = blocks;
    return bench_node(&ledger->node, config, pool) ||
           bench_fill("blocks made", add_one, ledger, (apr_uint32_t)blocks, pool) || take_samples(ledger);
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
    double began = bench_now(), took;
    unsigned long count = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, ledger->pool);
    do {
        apr_pool_clear(pool);
        if (run(ledger, *sample, pool) != APR_SUCCESS)
            return -1;
        *sample = (*sample + 1) % SAMPLES;
        count++;
        took = bench_now() - began;
    } while (took < SECONDS);
    apr_pool_destroy(pool);
    return took / (double)count * 1e6;
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
        bench_sort(ratios, ROUNDS);
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
    double began = bench_now();
    apr_uint64_t i;

    for (i = 0; i < taken->count; i++) {
        civ_digest_t digest;

        civ_digest_sha256(&digest, taken->blocks[i].header, CIV_HEADER_SIZE);
        civ_digest_sha256(&digest, taken->blocks[i].payload, taken->blocks[i].length);
        civ_merkle_leaf(&digest, taken->blocks[i].payload, taken->blocks[i].length);
    }
    return (bench_now() - began) / (double)taken->count;
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
    began = bench_now();
    status = civ_ledger_validate(civ_node_ledger(ledger->node), 0, APR_UINT64_MAX, print_fault, watch_memory,
                                 &peak, &validation, &problem, ledger->pool);
    took = (bench_now() - began) / (double)validation.blocks;
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

static int run(apr_pool_t *pool)
{
    static ledger_t few, many;

    return make_ledger(&few, (apr_uint64_t)bench_number("CIVARCOS_BENCH_SHORT", 10000), pool) ||
           make_ledger(&many, (apr_uint64_t)bench_number("CIVARCOS_BENCH_BLOCKS", 200000), pool) ||
           compare_reading(&few, &many) || compare_validation(&many);
}

int main(void)
{
    return bench_main("bench_ledger", run);
}
