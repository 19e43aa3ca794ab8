/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_proof_of_work.c
 * Mining: the smallest nonce, all processors, giving up.
 */
#include "support/runner.h"

#include "base/status.h"
#include "ledger/proof_of_work.h"

#include <apr_atomic.h>

#include <unistd.h>

static civ_header_t header_with(apr_uint32_t difficulty, apr_int64_t timestamp)
{
    civ_header_t header = {.difficulty = difficulty, .timestamp = timestamp, .height = 3, .entry_count = 1};

    return header;
}

static unsigned bits_of(const civ_header_t *header)
{
    civ_digest_t hash;

    civ_header_hash(&hash, header);
    return civ_header_leading_zero_bits(&hash);
}

static int never(void *baton)
{
    (void)baton;
    return 0;
}

static int always(void *baton)
{
    (void)apr_atomic_inc32(baton);
    return 1;
}

static int count_calls(void *baton)
{
    (void)apr_atomic_inc32(baton);
    return 0;
}

/* Mined once, and every smaller nonce tried by hashing the whole header. */
static void nonce_is_the_smallest(void)
{
    apr_uint32_t difficulty;

    for (difficulty = 0; difficulty <= 12; difficulty++) {
        civ_header_t header = header_with(difficulty, 1000 + difficulty), other;
        civ_digest_t hash, again;

        CU_ASSERT_EQUAL_FATAL(civ_mine(&header, &hash, never, NULL, test_pool()), APR_SUCCESS);
        civ_header_hash(&again, &header);
        CU_ASSERT(civ_digest_equal(&hash, &again));
        CU_ASSERT(civ_header_leading_zero_bits(&hash) >= difficulty);
        CU_ASSERT(header.nonce < APR_UINT64_C(1) << 53);
        other = header;
        for (other.nonce = 0; other.nonce < header.nonce; other.nonce++)
            if (bits_of(&other) >= difficulty)
                break;
        CU_ASSERT_EQUAL(other.nonce, header.nonce);
    }
}

static void difficulty_zero_takes_any_hash(void)
{
    civ_header_t header = header_with(0, 5);
    civ_digest_t hash;

    header.nonce = 12345; /* what stands there does not matter */
    CU_ASSERT_EQUAL(civ_mine(&header, &hash, NULL, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(header.nonce, 0);
}

static void result_is_the_same_each_time(void)
{
    civ_header_t one = header_with(13, 77), two = header_with(13, 77);
    civ_digest_t hash;

    two.nonce = APR_UINT64_MAX;
    CU_ASSERT_EQUAL(civ_mine(&one, &hash, NULL, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_mine(&two, &hash, NULL, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(one.nonce, two.nonce);
}

static void many_bits_use_all_processors(void)
{
    apr_uint32_t difficulty;

    for (difficulty = CIV_MINE_ALONE_BITS; difficulty <= CIV_MINE_ALONE_BITS + 2; difficulty++) {
        civ_header_t header = header_with(difficulty, 4711);
        civ_digest_t hash;

        CU_ASSERT_EQUAL_FATAL(civ_mine(&header, &hash, NULL, NULL, test_pool()), APR_SUCCESS);
        CU_ASSERT(bits_of(&header) >= difficulty);
        CU_ASSERT(civ_header_leading_zero_bits(&hash) == bits_of(&header));
        CU_ASSERT(header.nonce < APR_UINT64_C(1) << 53);
    }
}

/* A header whose smallest nonce lies beyond the first 65,536: only then is anybody asked. */
static civ_header_t slow_header(apr_uint32_t difficulty)
{
    civ_header_t header = header_with(difficulty, 0);
    civ_digest_t hash;

    do {
        header.timestamp++;
        CU_ASSERT_FATAL(civ_mine(&header, &hash, NULL, NULL, test_pool()) == APR_SUCCESS);
    } while (header.nonce < 65536);
    return header;
}

static void one_thread_gives_up(void)
{
    civ_header_t header = slow_header(16), again = header;
    apr_uint32_t asked = 0;
    civ_digest_t hash;

    CU_ASSERT_EQUAL(civ_mine(&again, &hash, always, &asked, test_pool()), CIV_EINTERRUPTED);
    CU_ASSERT_EQUAL(asked, 1);
    asked = 0;
    CU_ASSERT_EQUAL(civ_mine(&again, &hash, count_calls, &asked, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(asked, header.nonce / 65536);
    CU_ASSERT_EQUAL(again.nonce, header.nonce);
}

static void all_threads_give_up(void)
{
    civ_header_t header = header_with(CIV_DIFFICULTY_MAX, 1);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    apr_uint32_t asked = 0;
    civ_digest_t hash;

    CU_ASSERT_EQUAL(civ_mine(&header, &hash, always, &asked, test_pool()), CIV_EINTERRUPTED);
    CU_ASSERT_EQUAL(asked, processors < 1 ? 1 : processors > 64 ? 64 : processors); /* each for itself */
}

static void beyond_32_bits_is_refused(void)
{
    civ_header_t header = header_with(33, 1);
    civ_digest_t hash;

    CU_ASSERT_EQUAL(CIV_DIFFICULTY_MAX, 32);
    CU_ASSERT_EQUAL(civ_mine(&header, &hash, NULL, NULL, test_pool()), CIV_EINVALID);
    header.difficulty = 0xffffffff;
    CU_ASSERT_EQUAL(civ_mine(&header, &hash, NULL, NULL, test_pool()), CIV_EINVALID);
}

static const test_case_t cases[] = {
    {"nonce_is_the_smallest", nonce_is_the_smallest},
    {"difficulty_zero_takes_any_hash", difficulty_zero_takes_any_hash},
    {"result_is_the_same_each_time", result_is_the_same_each_time},
    {"many_bits_use_all_processors", many_bits_use_all_processors},
    {"one_thread_gives_up", one_thread_gives_up},
    {"all_threads_give_up", all_threads_give_up},
    {"beyond_32_bits_is_refused", beyond_32_bits_is_refused},
    {NULL, NULL},
};

const test_suite_t ledger_proof_of_work_suite = {"ledger_proof_of_work", NULL, NULL, cases};
