/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_pending.c
 * Evidence that waits: counted, kept over a restart, and sealed by number, by size, on request and in time.
 */
#include "ledger_fixture.h"

#include "base/status.h"
#include "base/timestamp.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static apr_status_t seal(fixture_t *fixture, const civ_idempotency_t *idempotency,
                         civ_append_result_t *result, civ_problem_t *problem)
{
    memset(result, 0, sizeof(*result));
    memset(problem, 0, sizeof(*problem));
    return civ_ledger_seal(fixture->ledger, idempotency, result, problem, test_pool());
}

/* Whether block @a height holds exactly @a texts, in order. */
static int holds(fixture_t *fixture, apr_uint64_t height, const char *const *texts, apr_uint32_t count)
{
    civ_block_t *block = fixture_block(fixture, height);
    apr_uint32_t i;

    if (block == NULL || block->header.entry_count != count)
        return 0;
    for (i = 0; i < count; i++)
        if (strcmp(block->entries[i].data, texts[i]) != 0)
            return 0;
    return 1;
}

static const char *const three[] = {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"};

static fixture_t *three_pending(void)
{
    fixture_t *fixture = fixture_start();
    apr_size_t i;

    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(fixture_pend(fixture, three[i]).pending, i + 1);
    return fixture;
}

static void waiting_is_counted_and_kept(void)
{
    apr_int64_t before = civ_timestamp_now();
    fixture_t *fixture = three_pending();
    civ_ledger_head_t head = fixture_head(fixture);
    int i;

    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(head.height, 0);
        CU_ASSERT_EQUAL(head.pending, 3);
        CU_ASSERT(head.oldest_pending >= before && head.oldest_pending <= civ_timestamp_now());
        CU_ASSERT(fixture_is_clean(fixture));
        fixture_close(fixture);
        CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
        head = fixture->head;
    }
}

static void several_at_once_count_each(void)
{
    fixture_t *fixture = fixture_start();
    civ_entry_t entries[3];
    civ_append_result_t result = {0};
    civ_problem_t problem;
    int i;

    for (i = 0; i < 3; i++)
        entries[i] = fixture_entry(three[i]);
    CU_ASSERT_EQUAL(civ_ledger_pend(fixture->ledger, entries, 3, NULL, &result, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(result.pending, 3);
    CU_ASSERT_EQUAL(fixture_pend(fixture, "{\"n\":4}").pending, 4);
}

static void sealing_takes_all_in_order(void)
{
    fixture_t *fixture = three_pending();
    civ_append_result_t result;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(seal(fixture, NULL, &result, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(result.height, 1);
    CU_ASSERT(holds(fixture, 1, three, 3));
    CU_ASSERT_EQUAL(fixture_head(fixture).pending, 0);
    CU_ASSERT_EQUAL(fixture_head(fixture).oldest_pending, 0);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 0);
    CU_ASSERT_EQUAL(fixture->moved_to.oldest_pending, 0);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
    CU_ASSERT_EQUAL(seal(fixture, NULL, &result, &problem), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_CONFLICT);
    CU_ASSERT_EQUAL(fixture_pend(fixture, "{\"n\":4}").pending, 1);
    CU_ASSERT_EQUAL(seal(fixture, NULL, &result, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(result.height, 2);
}

static void nothing_to_seal_is_a_conflict(void)
{
    fixture_t *fixture = fixture_start();
    civ_append_result_t result;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(seal(fixture, NULL, &result, &problem), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_CONFLICT);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
}

static void number_seals(void)
{
    fixture_t *fixture = fixture_make();

    fixture->config.seal_count = 3;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_pend(fixture, three[0]).pending, 1);
    CU_ASSERT_EQUAL(fixture_pend(fixture, three[1]).pending, 2);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    CU_ASSERT_EQUAL(fixture_pend(fixture, three[2]).pending, 0);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT(holds(fixture, 1, three, 3));
    CU_ASSERT(fixture_is_clean(fixture));
}

static void size_seals(void)
{
    fixture_t *fixture = fixture_start();
    char *filler = apr_palloc(test_pool(), 65001);
    const char *json;
    int i;

    memset(filler, 'x', 65000);
    filler[65000] = '\0';
    json = apr_pstrcat(test_pool(), "{\"a\":\"", filler, "\"}", NULL);
    /* 16 of them have 1,040,128 bytes, 17 have more than a mebibyte. */
    for (i = 1; i <= 16; i++)
        CU_ASSERT_EQUAL(fixture_pend(fixture, json).pending, (apr_uint64_t)i);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    CU_ASSERT_EQUAL(fixture_pend(fixture, json).pending, 0);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 1)->header.entry_count, 17);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void time_seals(void)
{
    fixture_t *fixture = fixture_make();

    fixture->config.seal_interval = 3600 * APR_USEC_PER_SEC;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    fixture_pend(fixture, three[0]);
    fixture_pend(fixture, three[1]);
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    /* The oldest one decides. */
    fixture_sql(fixture, "UPDATE civ_pending SET received = received - 3600001 WHERE sequence = "
                         "(SELECT MIN(sequence) FROM civ_pending)");
    fixture->read_only = "not now";
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    fixture->read_only = NULL;
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT(holds(fixture, 1, three, 2));
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
}

static void appending_leaves_what_waits(void)
{
    fixture_t *fixture = three_pending();

    fixture_append(fixture, "{\"n\":4}");
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT_EQUAL(fixture_head(fixture).pending, 3);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 1)->header.entry_count, 1);
}

static void repeat_pends_once(void)
{
    fixture_t *fixture = fixture_start();
    const civ_idempotency_t *key = fixture_idempotency("key", "body");
    civ_entry_t entry = fixture_entry("{\"n\":1}");
    civ_append_result_t result;
    civ_problem_t problem;
    int i;

    for (i = 0; i < 2; i++) {
        memset(&result, 0, sizeof(result));
        CU_ASSERT_EQUAL(civ_ledger_pend(fixture->ledger, &entry, 1, key, &result, &problem, test_pool()),
                        APR_SUCCESS);
        CU_ASSERT_EQUAL(result.pending, 1);
        CU_ASSERT_EQUAL(result.repeated, i);
        fixture_append(fixture, "{\"n\":2}");
    }
    CU_ASSERT_EQUAL(fixture_head(fixture).pending, 1);
    CU_ASSERT_EQUAL(civ_ledger_pend(fixture->ledger, &entry, 1, fixture_idempotency("key", "other"), &result,
                                    &problem, test_pool()),
                    CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_KEY_REUSED);
}

static void repeat_seals_once(void)
{
    fixture_t *fixture = three_pending();
    const civ_idempotency_t *key = fixture_idempotency("key", "");
    civ_append_result_t first, again;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(seal(fixture, key, &first, &problem), APR_SUCCESS);
    fixture_pend(fixture, "{\"n\":4}");
    CU_ASSERT_EQUAL(seal(fixture, key, &again, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(again.repeated, 1);
    CU_ASSERT_EQUAL(again.height, 1);
    CU_ASSERT_STRING_EQUAL(again.block_json, first.block_json);
    CU_ASSERT_EQUAL(fixture_head(fixture).pending, 1);
}

/* All kinds in one batch, in their order: the seal takes what was pended before it, in this batch and before. */
static void one_batch_of_all_kinds(void)
{
    static const char *const sealed[] = {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}", "{\"n\":5}"};
    fixture_t *fixture = three_pending();
    fixture_job_t jobs[6];
    int i;

    memset(jobs, 0, sizeof(jobs));
    for (i = 0; i < 6; i++) {
        jobs[i].kind = FIXTURE_PEND;
        jobs[i].json = apr_psprintf(test_pool(), "{\"n\":%d}", i + 4);
    }
    jobs[1].idempotency = fixture_idempotency("key", "body");
    jobs[2].idempotency = jobs[1].idempotency;
    jobs[3].kind = FIXTURE_SEAL;
    jobs[4].kind = FIXTURE_APPEND;
    fixture_batch(fixture, jobs, 6);
    for (i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(jobs[i].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[0].result.pending, 4);
    CU_ASSERT_EQUAL(jobs[1].result.pending, 5);
    CU_ASSERT_EQUAL(jobs[2].result.pending, 5);
    CU_ASSERT_EQUAL(jobs[2].result.repeated, 1);
    CU_ASSERT_EQUAL(jobs[3].result.height, 2); /* block 1 was the plug's */
    CU_ASSERT_EQUAL(jobs[4].result.height, 3);
    CU_ASSERT_EQUAL(jobs[5].result.pending, 1);
    CU_ASSERT(holds(fixture, 2, sealed, 5));
    CU_ASSERT_EQUAL(fixture_head(fixture).pending, 1);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 1);
    CU_ASSERT_EQUAL(fixture->moved_to.oldest_pending, fixture_head(fixture).oldest_pending);
    CU_ASSERT_EQUAL(fixture->batches, 5);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

static void tampered_waiting_evidence_is_not_sealed(void)
{
    static const char *const changes[] = {
        "UPDATE civ_pending SET payload = '{\"n\":9}' WHERE payload = '{\"n\":2}'",
        "UPDATE civ_pending SET payload = '{\"n\": 2}' WHERE payload = '{\"n\":2}'",
        "UPDATE civ_pending SET payload = '' WHERE payload = '{\"n\":2}'",
        "UPDATE civ_pending SET evidence_hash = upper(evidence_hash) WHERE payload = '{\"n\":2}'",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = three_pending();
        civ_append_result_t result;
        civ_problem_t problem;

        fixture_sql(fixture, "%s", changes[i]);
        CU_ASSERT_EQUAL(seal(fixture, NULL, &result, &problem), CIV_EINTEGRITY);
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_READ_ONLY);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
        CU_ASSERT(strstr(fixture->reason, "pending evidence 2") != NULL);
        CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
        CU_ASSERT_EQUAL(fixture_head(fixture).pending, 3);
        fixture_close(fixture);
    }
}

/* More than a block takes becomes several blocks; the answer is the last one. */
/* Put into the table by somebody who can write to the database: it would be signed by the ledger. */
static void reserved_types_are_not_sealed(void)
{
    static const char *const texts[] = {
        "{\"difficulty\":0,\"type\":\"civarcos.policy\"}",
        "{\"action\":\"register\",\"type\":\"civarcos.validator\"}",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fixture_t *fixture = fixture_start();
        civ_append_result_t result;
        civ_problem_t problem;
        civ_digest_t hash;

        civ_digest_sha256(&hash, texts[i], strlen(texts[i]));
        fixture_sql(
            fixture,
            "INSERT INTO civ_pending (sequence, received, evidence_hash, payload) VALUES (1, 1, '%s', '%s')",
            civ_digest_hex_dup(&hash, test_pool()), texts[i]);
        CU_ASSERT_EQUAL(civ_ledger_seal(fixture->ledger, NULL, &result, &problem, test_pool()),
                        CIV_EINTEGRITY);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
        CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "1");
    }
}

static void too_many_for_one_block(void)
{
    fixture_t *fixture = fixture_make();
    civ_entry_t *entries = apr_palloc(test_pool(), 10000 * sizeof(*entries)), one = fixture_entry("{}");
    civ_append_result_t result;
    civ_problem_t problem;
    int i;

    fixture->config.seal_count = 1000000;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    for (i = 0; i < 10000; i++)
        entries[i] = one;
    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(
            civ_ledger_pend(fixture->ledger, entries, i ? 10000 : 50, NULL, &result, &problem, test_pool()),
            APR_SUCCESS);
    CU_ASSERT_EQUAL(result.pending, 10050);
    CU_ASSERT_EQUAL(seal(fixture, NULL, &result, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(result.height, 2);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 1)->header.entry_count, 10000);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 2)->header.entry_count, 50);
    CU_ASSERT_EQUAL(fixture_head(fixture).pending, 0);
    CU_ASSERT(fixture_is_clean(fixture));
}

static const test_case_t cases[] = {
    {"waiting_is_counted_and_kept", waiting_is_counted_and_kept},
    {"several_at_once_count_each", several_at_once_count_each},
    {"sealing_takes_all_in_order", sealing_takes_all_in_order},
    {"nothing_to_seal_is_a_conflict", nothing_to_seal_is_a_conflict},
    {"number_seals", number_seals},
    {"size_seals", size_seals},
    {"time_seals", time_seals},
    {"appending_leaves_what_waits", appending_leaves_what_waits},
    {"repeat_pends_once", repeat_pends_once},
    {"repeat_seals_once", repeat_seals_once},
    {"one_batch_of_all_kinds", one_batch_of_all_kinds},
    {"tampered_waiting_evidence_is_not_sealed", tampered_waiting_evidence_is_not_sealed},
    {"reserved_types_are_not_sealed", reserved_types_are_not_sealed},
    {"too_many_for_one_block", too_many_for_one_block},
    {NULL, NULL},
};

const test_suite_t ledger_pending_suite = {"ledger_pending", NULL, NULL, cases};
