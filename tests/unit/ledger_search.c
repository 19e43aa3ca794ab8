/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_search.c
 * Finding sealed evidence: each condition, all of them together, paging; and the proof of one entry.
 */
#include "ledger_fixture.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* The conditions of a search are written over those that let everything pass. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* Leaf 0 is genesis; leaf i + 1 is evidence i. Blocks take 1, 2, 3, 1, 2, 3 ... of them. */
static const char *const evidence[] = {
    "{\"n\":0,\"type\":\"build\"}",
    "{\"n\":1,\"note\":\"Straße 50% _x\",\"type\":\"scan\"}",
    "{\"n\":2}",
    "{\"n\":3,\"note\":\"NEEDLE\",\"type\":\"build\"}",
    "{\"n\":4,\"note\":\"a needle in hay\",\"type\":\"scan\"}",
    "{\"n\":5,\"type\":\"Build\"}",
    "{\"n\":6,\"note\":\"nEEdle\"}",
    "{\"n\":2}",
    "{\"n\":8,\"type\":\"build\"}",
    "{\"n\":9,\"note\":\"it's \\\"quoted\\\"\",\"type\":\"it's\"}",
    "{\"n\":10,\"type\":\"scan\"}",
    "{\"n\":2}",
};
#define EVIDENCE (sizeof(evidence) / sizeof(evidence[0]))

static const civ_search_t any = {.since = APR_INT64_MIN,
                                 .until = APR_INT64_MAX,
                                 .block_to = APR_UINT64_MAX,
                                 .before_leaf = APR_UINT64_MAX,
                                 .limit = 1000};

/* Seconds after genesis of the blocks 1 to 6. */
static const int spread[] = {10, 20, 30, 40, 50, 60};
static const int bunched[] = {10, 20, 20, 20, 50, 50};

static fixture_t *filled_at(const int seconds[6])
{
    fixture_t *fixture = fixture_start();
    apr_int64_t start = fixture_head(fixture).timestamp;
    apr_size_t i = 0, take = 1;
    int height;

    for (height = 1; i < EVIDENCE; height++) {
        fixture_forge(fixture, &(forgery_t){.texts = evidence + i,
                                            .count = take,
                                            .difficulty = -1,
                                            .time = start + seconds[height - 1] * 1000});
        i += take;
        take = take % 3 + 1;
    }
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 6);
    return fixture;
}

static fixture_t *filled(void)
{
    return filled_at(spread);
}

static civ_search_page_t find(fixture_t *fixture, civ_search_t search)
{
    civ_search_page_t page = {0};
    civ_problem_t problem = {0};

    CU_ASSERT_EQUAL(civ_ledger_search(fixture->ledger, &search, &page, &problem, test_pool()), APR_SUCCESS);
    return page;
}

/* The leaf indexes found, newest first, as text: "8 5 4". */
static const char *leaves(const civ_search_page_t *page)
{
    const char *text = "";
    int i;

    for (i = 0; i < page->count; i++)
        text = apr_psprintf(test_pool(), "%s%s%" APR_UINT64_T_FMT, text, i ? " " : "",
                            page->results[i].leaf_index);
    return text;
}

static const char *found(fixture_t *fixture, civ_search_t search)
{
    civ_search_page_t page = find(fixture, search);

    CU_ASSERT_EQUAL(page.more, 0);
    return leaves(&page);
}

#define WITH(...)                                                                                            \
    ((civ_search_t){.since = APR_INT64_MIN,                                                                  \
                    .until = APR_INT64_MAX,                                                                  \
                    .block_to = APR_UINT64_MAX,                                                              \
                    .before_leaf = APR_UINT64_MAX,                                                           \
                    .limit = 1000,                                                                           \
                    __VA_ARGS__})

static void everything_is_found_newest_first(void)
{
    fixture_t *fixture = filled();
    civ_search_page_t page = find(fixture, any);
    int i;

    CU_ASSERT_STRING_EQUAL(leaves(&page), "12 11 10 9 8 7 6 5 4 3 2 1 0");
    CU_ASSERT_EQUAL(page.more, 0);
    for (i = 0; i < page.count; i++) {
        const civ_evidence_t *result = &page.results[i];
        civ_block_t *block = fixture_block(fixture, result->block_index);

        CU_ASSERT_FATAL(block != NULL);
        CU_ASSERT(civ_digest_equal(&result->block_hash, &block->hash));
        CU_ASSERT_EQUAL(result->timestamp, block->header.timestamp);
        CU_ASSERT_STRING_EQUAL(result->entry.data,
                               block->entries[result->leaf_index - block->header.first_leaf].data);
        if (result->leaf_index > 0)
            CU_ASSERT_STRING_EQUAL(result->entry.data, evidence[result->leaf_index - 1]);
    }
}

static void by_type(void)
{
    fixture_t *fixture = filled();

    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "build")), "9 4 1");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "scan")), "11 5 2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "Build")), "6");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "it's")), "10");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "civarcos.genesis")), "0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "")), "12 8 7 3");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "buil")), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "buil%")), "");
}

static void by_hash(void)
{
    fixture_t *fixture = filled();
    civ_entry_t twice = fixture_entry("{\"n\":2}"), once = fixture_entry(evidence[3]);
    civ_entry_t never = fixture_entry("{\"n\":\"none\"}");

    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &twice.evidence_hash)), "12 8 3");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &once.evidence_hash)), "4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &never.evidence_hash)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &once.leaf_hash)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &once.evidence_hash, .type = "build")), "4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &once.evidence_hash, .type = "scan")), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &once.evidence_hash, .text = "needle")), "4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &once.evidence_hash, .text = "hay")), "");
}

static void by_text(void)
{
    fixture_t *fixture = filled();

    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "needle")), "7 5 4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "NeEdLe")), "7 5 4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "NEEDLE IN HAY")), "5");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "\"N\":10,")), "11");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "50% _")), "2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "%")), "2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "_x")), "2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "straße")), "2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "it's \\\"q")), "10");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "haystack")), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "")), found(fixture, any));
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "needle", .type = "scan")), "5");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.text = "needle", .type = "other")), "");
}

static void by_time(void)
{
    fixture_t *fixture = filled();
    apr_int64_t genesis = fixture_known_block(fixture, 0)->header.timestamp;
    apr_int64_t third = genesis + 30000;

    /* Block 3 holds leaves 4 to 6; it is the newest but three. */
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = third)), "12 11 10 9 8 7 6 5 4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = third + 1)), "12 11 10 9 8 7");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = third - 1)), "12 11 10 9 8 7 6 5 4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.until = third)), "6 5 4 3 2 1 0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.until = third - 1)), "3 2 1 0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.until = third + 1)), "6 5 4 3 2 1 0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = third, .until = third)), "6 5 4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = third + 1, .until = third + 9999)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = third, .until = third - 1)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = genesis + 60001)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.until = genesis - 1)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.until = genesis)), "0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = APR_INT64_MIN + 1, .until = APR_INT64_MAX - 1)),
                           found(fixture, any));
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

/* Blocks of one and the same millisecond are all found. */
static void by_equal_times(void)
{
    fixture_t *fixture = filled_at(bunched);
    apr_int64_t genesis = fixture_known_block(fixture, 0)->header.timestamp;

    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = genesis + 20000)), "12 11 10 9 8 7 6 5 4 3 2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.until = genesis + 20000)), "7 6 5 4 3 2 1 0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.since = genesis + 20000, .until = genesis + 20000)),
                           "7 6 5 4 3 2");
}

static void by_block(void)
{
    fixture_t *fixture = filled();

    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = 3)), "12 11 10 9 8 7 6 5 4");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_to = 2)), "3 2 1 0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = 2, .block_to = 3)), "6 5 4 3 2");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = 6, .block_to = 6)), "12 11 10");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = 6, .block_to = 99)), "12 11 10");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = 7)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = APR_UINT64_MAX)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_from = 3, .block_to = 2)), "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.block_to = 0)), "0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.before_leaf = 4)), "3 2 1 0");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.before_leaf = 0)), "");
}

static void by_all_together(void)
{
    fixture_t *fixture = filled();
    apr_int64_t genesis = fixture_known_block(fixture, 0)->header.timestamp;
    civ_entry_t entry = fixture_entry(evidence[4]);

    CU_ASSERT_STRING_EQUAL(
        found(fixture, WITH(.type = "scan", .text = "Needle", .since = genesis + 20000,
                            .until = genesis + 40000, .block_from = 1, .block_to = 5, .before_leaf = 12)),
        "5");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "scan", .text = "Needle", .hash = &entry.evidence_hash,
                                               .since = genesis + 20000, .until = genesis + 40000,
                                               .block_from = 1, .block_to = 5, .before_leaf = 6)),
                           "5");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "scan", .text = "Needle", .since = genesis + 20000,
                                               .until = genesis + 40000, .block_from = 4)),
                           "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.type = "scan", .text = "Needle", .since = genesis + 30001)),
                           "");
    CU_ASSERT_STRING_EQUAL(found(fixture, WITH(.hash = &entry.evidence_hash, .before_leaf = 5)), "");
}

/* --- paging --- */

/* All pages of @a search put together; @a between is appended after each page. */
static const char *paged(fixture_t *fixture, civ_search_t search, const char *between)
{
    const char *text = "";
    civ_search_page_t page;
    int pages = 0;

    do {
        page = find(fixture, search);
        CU_ASSERT(page.count <= search.limit);
        text = apr_pstrcat(test_pool(), text, *text && page.count ? " " : "", leaves(&page), NULL);
        CU_ASSERT(!page.more || page.next_before < search.before_leaf);
        search.before_leaf = page.next_before;
        if (between != NULL)
            fixture_append(fixture, between);
    } while (page.more && ++pages < 100);
    return text;
}

static void pages_neither_skip_nor_repeat(void)
{
    fixture_t *fixture = filled();
    civ_entry_t twice = fixture_entry("{\"n\":2}");
    int limit;

    for (limit = 1; limit <= 14; limit++) {
        CU_ASSERT_STRING_EQUAL(paged(fixture, WITH(.limit = limit), NULL), "12 11 10 9 8 7 6 5 4 3 2 1 0");
        CU_ASSERT_STRING_EQUAL(paged(fixture, WITH(.limit = limit, .type = "build"), NULL), "9 4 1");
        CU_ASSERT_STRING_EQUAL(paged(fixture, WITH(.limit = limit, .text = "needle"), NULL), "7 5 4");
        CU_ASSERT_STRING_EQUAL(paged(fixture, WITH(.limit = limit, .hash = &twice.evidence_hash), NULL),
                               "12 8 3");
        CU_ASSERT_STRING_EQUAL(paged(fixture, WITH(.limit = limit, .block_from = 2, .block_to = 3), NULL),
                               "6 5 4 3 2");
    }
}

static void pages_hold_while_others_append(void)
{
    fixture_t *fixture = filled();
    int limit;

    for (limit = 1; limit <= 4; limit++) {
        CU_ASSERT_STRING_EQUAL(
            paged(fixture, WITH(.limit = limit, .before_leaf = 13), "{\"n\":2,\"type\":\"build\"}"),
            "12 11 10 9 8 7 6 5 4 3 2 1 0");
        CU_ASSERT_STRING_EQUAL(
            paged(fixture, WITH(.limit = limit, .before_leaf = 13, .type = "build"), "{\"type\":\"build\"}"),
            "9 4 1");
    }
}

/* More bytes than a page takes: fewer results than the limit, and the rest on the pages that follow. */
static void bytes_of_a_page_are_capped(void)
{
    enum { COUNT = 150 };
    fixture_t *fixture = fixture_start();
    char *filler = apr_palloc(test_pool(), 60001);
    const char **texts = apr_palloc(test_pool(), COUNT * sizeof(*texts));
    civ_search_t search = WITH(.block_from = 1);
    civ_search_page_t page;
    apr_uint64_t expected = COUNT;
    int i, pages = 0;

    memset(filler, 'y', 60000);
    filler[60000] = '\0';
    for (i = 0; i < COUNT; i++)
        texts[i] = apr_psprintf(test_pool(), "{\"i\":%d,\"text\":\"%s\"}", i, filler);
    fixture_append_many(fixture, texts, COUNT);
    do {
        page = find(fixture, search);
        CU_ASSERT(page.count > 0 && page.count < COUNT);
        for (i = 0; i < page.count; i++)
            CU_ASSERT_EQUAL(page.results[i].leaf_index, expected--);
        search.before_leaf = page.next_before;
        pages++;
    } while (page.more && pages < 10);
    CU_ASSERT_EQUAL(expected, 0);
    CU_ASSERT(pages >= 2);
}

/* --- damage --- */

static void damaged_rows_are_not_given_out(void)
{
    static const char *const changes[] = {
        "UPDATE civ_entries SET payload = '{\"n\":7}' WHERE leaf_index = 5",
        "UPDATE civ_entries SET type = 'x' WHERE leaf_index = 5",
        "UPDATE civ_entries SET height = 2 WHERE leaf_index = 5",
        "UPDATE civ_entries SET evidence_hash = (SELECT evidence_hash FROM civ_entries WHERE "
        "leaf_index = 2) WHERE leaf_index = 5",
        "UPDATE civ_blocks SET hash = lower(hex(zeroblob(32))) WHERE height = 3",
        "UPDATE civ_blocks SET header = '00' WHERE height = 3",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = filled();
        civ_search_page_t page;
        civ_problem_t problem = {0};

        fixture_sql(fixture, "%s", changes[i]);
        CU_ASSERT_EQUAL(civ_ledger_search(fixture->ledger, &any, &page, &problem, test_pool()),
                        CIV_EINTEGRITY);
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INTERNAL);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
        fixture_close(fixture);
    }
}

/* --- proofs --- */

static apr_status_t prove(fixture_t *fixture, const char *json, civ_evidence_proof_t *proof,
                          civ_problem_t *problem)
{
    civ_entry_t entry = fixture_entry(json);

    memset(proof, 0, sizeof(*proof));
    return civ_ledger_evidence(fixture->ledger, &entry.evidence_hash, proof, problem, test_pool());
}

static int is_proven(const civ_evidence_proof_t *proof)
{
    civ_digest_t leaf;

    civ_merkle_leaf(&leaf, proof->evidence.entry.data, proof->evidence.entry.length);
    return civ_merkle_verify_inclusion(&leaf, proof->index, proof->tree_size, proof->path, proof->path_length,
                                       &proof->root) == APR_SUCCESS;
}

static void proofs_verify(void)
{
    fixture_t *fixture = filled();
    civ_evidence_proof_t proof;
    civ_problem_t problem;
    apr_size_t i;

    for (i = 0; i < EVIDENCE; i++) {
        civ_block_t *block;

        CU_ASSERT_EQUAL_FATAL(prove(fixture, evidence[i], &proof, &problem), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(proof.evidence.entry.data, evidence[i]);
        block = fixture_block(fixture, proof.evidence.block_index);
        CU_ASSERT_FATAL(block != NULL);
        CU_ASSERT(civ_digest_equal(&proof.root, &block->header.evidence_root));
        CU_ASSERT(civ_digest_equal(&proof.evidence.block_hash, &block->hash));
        CU_ASSERT_EQUAL(proof.evidence.timestamp, block->header.timestamp);
        CU_ASSERT_EQUAL(proof.evidence.leaf_index, block->header.first_leaf + proof.index);
        CU_ASSERT_EQUAL(proof.tree_size, block->header.entry_count);
        CU_ASSERT(is_proven(&proof));
        proof.index++;
        CU_ASSERT(!is_proven(&proof));
    }
}

static void proofs_of_a_large_block_verify(void)
{
    enum { COUNT = 137 };
    fixture_t *fixture = fixture_start();
    const char **texts = apr_palloc(test_pool(), COUNT * sizeof(*texts));
    civ_evidence_proof_t proof;
    civ_problem_t problem;
    int i, wrong = 0;

    for (i = 0; i < COUNT; i++)
        texts[i] = apr_psprintf(test_pool(), "{\"i\":%d}", i);
    fixture_append_many(fixture, texts, COUNT);
    for (i = 0; i < COUNT; i += 4)
        wrong += prove(fixture, texts[i], &proof, &problem) != APR_SUCCESS || !is_proven(&proof) ||
                 proof.index != (apr_uint64_t)i;
    CU_ASSERT_EQUAL(wrong, 0);
}

static void first_of_equal_entries_is_given(void)
{
    fixture_t *fixture = filled();
    civ_evidence_proof_t proof;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(prove(fixture, "{\"n\":2}", &proof, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(proof.evidence.leaf_index, 3);
    CU_ASSERT_EQUAL(proof.evidence.block_index, 2);
}

static void unknown_evidence_is_not_found(void)
{
    fixture_t *fixture = filled();
    civ_evidence_proof_t proof;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(prove(fixture, "{\"n\":77}", &proof, &problem), APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    fixture_pend(fixture, "{\"n\":77}");
    CU_ASSERT_EQUAL(prove(fixture, "{\"n\":77}", &proof, &problem), APR_NOTFOUND);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

static void misleading_index_is_noticed(void)
{
    static const char *const changes[] = {
        "UPDATE civ_entries SET height = 1 WHERE leaf_index = 4",
        "UPDATE civ_entries SET height = 99 WHERE leaf_index = 4",
        "UPDATE civ_entries SET height = -1 WHERE leaf_index = 4",
        "UPDATE civ_entries SET evidence_hash = (SELECT evidence_hash FROM civ_entries WHERE "
        "leaf_index = 4) WHERE leaf_index = 2",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = filled();
        civ_evidence_proof_t proof;
        civ_problem_t problem;

        fixture_sql(fixture, "%s", changes[i]);
        CU_ASSERT_EQUAL(prove(fixture, evidence[3], &proof, &problem), CIV_EINTEGRITY);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
        fixture_close(fixture);
    }
}

static const test_case_t cases[] = {
    {"everything_is_found_newest_first", everything_is_found_newest_first},
    {"by_type", by_type},
    {"by_hash", by_hash},
    {"by_text", by_text},
    {"by_time", by_time},
    {"by_equal_times", by_equal_times},
    {"by_block", by_block},
    {"by_all_together", by_all_together},
    {"pages_neither_skip_nor_repeat", pages_neither_skip_nor_repeat},
    {"pages_hold_while_others_append", pages_hold_while_others_append},
    {"bytes_of_a_page_are_capped", bytes_of_a_page_are_capped},
    {"damaged_rows_are_not_given_out", damaged_rows_are_not_given_out},
    {"proofs_verify", proofs_verify},
    {"proofs_of_a_large_block_verify", proofs_of_a_large_block_verify},
    {"first_of_equal_entries_is_given", first_of_equal_entries_is_given},
    {"unknown_evidence_is_not_found", unknown_evidence_is_not_found},
    {"misleading_index_is_noticed", misleading_index_is_noticed},
    {NULL, NULL},
};

const test_suite_t ledger_search_suite = {"ledger_search", NULL, NULL, cases};
