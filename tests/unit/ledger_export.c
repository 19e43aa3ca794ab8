/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_export.c
 * An export read back: every block, every member of a line altered, missing or added, and a whole export judged
 * without a database.
 */
#include "ledger_fixture.h"

#include "base/status.h"
#include "ledger/export_reader.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <stdlib.h>
#include <string.h>

static apr_status_t keep_line(void *baton, const civ_block_t *block, apr_pool_t *pool)
{
    apr_array_header_t *lines = baton;
    civ_buffer_t out;

    (void)pool;
    civ_buffer_init(&out, 0, test_pool());
    civ_block_write_json(&out, block, test_pool());
    APR_ARRAY_PUSH(lines, const char *) = out.data;
    return APR_SUCCESS;
}

/* The lines of a ledger with policy, pending and large blocks. */
static apr_array_header_t *export_of(fixture_t *fixture)
{
    static const char *const texts[] = {"{\"a\":[1,2.5,\"x\"],\"type\":\"t\"}", "{}",
                                        "{\"\\u00e9\":\"\\n\"}"};
    apr_array_header_t *lines = apr_array_make(test_pool(), 8, sizeof(const char *));

    fixture_append_many(fixture, texts, 3);
    fixture_append(fixture, "{\"n\":2}");
    fixture_forge(fixture,
                  &(forgery_t){.json = "{\"difficulty\":6,\"type\":\"civarcos.policy\"}", .difficulty = -1});
    fixture_append_many(fixture, texts, 2);
    CU_ASSERT_EQUAL(
        civ_ledger_walk(fixture->ledger, 0, fixture_head(fixture).height, keep_line, lines, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(lines->nelts, 5);
    return lines;
}

static const char *line_of(const apr_array_header_t *lines, int i)
{
    return APR_ARRAY_IDX(lines, i, const char *);
}

static civ_problem_t last_problem;

static civ_block_t *read_line(const char *line)
{
    apr_size_t length = strlen(line);
    char *copy = malloc(length ? length : 1); /* exact, so that a read beyond it is seen */
    civ_block_t *block = NULL;
    apr_status_t status;

    memset(&last_problem, 0, sizeof(last_problem));
    memcpy(copy, line, length);
    status = civ_export_read(&block, copy, length, &last_problem, test_pool());
    memset(copy, 'X', length);
    free(copy);
    CU_ASSERT_EQUAL(status, block ? APR_SUCCESS : CIV_EINVALID);
    return block;
}

/* The line with the first @a from replaced by @a to. */
static const char *altered(const char *line, const char *from, const char *to)
{
    const char *at = strstr(line, from);

    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    return apr_pstrcat(test_pool(), apr_pstrndup(test_pool(), line, (apr_size_t)(at - line)), to,
                       at + strlen(from), NULL);
}

static int is_refused(const char *line, civ_problem_kind_e kind, const char *pointer)
{
    civ_block_t *block = read_line(line);
    int right = block == NULL && last_problem.kind == kind && last_problem.detail && last_problem.pointer &&
                (pointer == NULL || strcmp(last_problem.pointer, pointer) == 0);

    if (!right)
        test_note("%.200s: %s, kind %d at \"%s\"", line, block ? "taken" : "refused", last_problem.kind,
                  last_problem.pointer ? last_problem.pointer : "(null)");
    return right;
}

static void every_line_comes_back(void)
{
    fixture_t *fixture = fixture_start();
    apr_array_header_t *lines = export_of(fixture);
    int i;

    for (i = 0; i < lines->nelts; i++) {
        civ_block_t *block = read_line(line_of(lines, i)), *stored = fixture_block(fixture, (apr_uint64_t)i);
        civ_buffer_t again;

        CU_ASSERT_FATAL(block != NULL && stored != NULL);
        CU_ASSERT(civ_digest_equal(&block->hash, &stored->hash));
        CU_ASSERT(memcmp(block->signature, stored->signature, sizeof(block->signature)) == 0);
        civ_buffer_init(&again, 0, test_pool());
        civ_block_write_json(&again, block, test_pool());
        CU_ASSERT_STRING_EQUAL(again.data, line_of(lines, i));
    }
}

/* What JSON leaves open is open here as well. */
static void form_of_the_json_is_free(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 1), *moved;

    CU_ASSERT(read_line(apr_pstrcat(test_pool(), " ", line, "\r\n", NULL)) != NULL);
    CU_ASSERT(read_line(altered(line, "{\"index\":1,", "{ \"index\" : 1 ,\t")) != NULL);
    CU_ASSERT(read_line(altered(line, "\"index\"", "\"\\u0069ndex\"")) != NULL);
    CU_ASSERT(read_line(altered(line, "[1,2.5,\"x\"]", "[1.0, 25e-1, \"\\u0078\"]")) != NULL);
    moved = altered(altered(line, "\"index\":1,", ""), "{", "{\"index\":1,");
    CU_ASSERT(read_line(moved) != NULL);
    moved = altered(altered(line, "\"index\":1,", ""), "\"evidence\":", "\"index\":1,\"evidence\":");
    CU_ASSERT(read_line(moved) != NULL);
}

static void only_one_object_is_taken(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 1);

    CU_ASSERT(is_refused("", CIV_PROBLEM_MALFORMED_JSON, NULL));
    CU_ASSERT(is_refused("\n", CIV_PROBLEM_MALFORMED_JSON, NULL));
    CU_ASSERT(is_refused("{}", CIV_PROBLEM_INVALID_MEMBER, ""));
    CU_ASSERT(is_refused("[]", CIV_PROBLEM_INVALID_MEMBER, ""));
    CU_ASSERT(is_refused("null", CIV_PROBLEM_INVALID_MEMBER, ""));
    CU_ASSERT(is_refused(apr_pstrcat(test_pool(), "[", line, "]", NULL), CIV_PROBLEM_INVALID_MEMBER, ""));
    CU_ASSERT(is_refused(apr_pstrcat(test_pool(), line, line, NULL), CIV_PROBLEM_MALFORMED_JSON, NULL));
    CU_ASSERT(
        is_refused(apr_pstrndup(test_pool(), line, strlen(line) - 1), CIV_PROBLEM_MALFORMED_JSON, NULL));
    CU_ASSERT(is_refused(altered(line, "{\"index\":1,", "{\"index\":1,\"index\":1,"), CIV_PROBLEM_NOT_I_JSON,
                         NULL));
    CU_ASSERT(
        is_refused(altered(line, "{\"index\"", "{\"more\":1,\"index\""), CIV_PROBLEM_INVALID_MEMBER, ""));
}

static const char *const members[] = {
    "index",      "timestamp",  "evidence",           "previous_hash", "nonce",
    "hash",       "difficulty", "ledger_id",          "evidence_root", "evidence_count",
    "first_leaf", "log_root",   "validator_set_hash", "signature",     "evidence_hashes",
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

/* The text of a member of the line, name and value; no value of it holds the text of a name that follows. */
static const char *member_of(const char *line, size_t i)
{
    const char *begin = strstr(line, apr_psprintf(test_pool(), "\"%s\":", members[i]));
    const char *end = i + 1 < MEMBERS ? strstr(begin, apr_psprintf(test_pool(), ",\"%s\":", members[i + 1]))
                                      : line + strlen(line) - 1;

    return apr_pstrndup(test_pool(), begin, (apr_size_t)(end - begin));
}

/* A member that is missing, has another name, or another type. */
static void every_member_is_needed(void)
{
    static const char *const values[] = {"null", "true",  "{}", "[]",  "[[]]",
                                         "\"\"", "\"x\"", "-1", "1.5", "1e999"};
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 1);
    size_t i, j;

    for (i = 0; i < MEMBERS; i++) {
        const char *member = member_of(line, i);
        const char *comma = i + 1 < MEMBERS ? "," : "";
        const char *pointer = apr_pstrcat(test_pool(), "/", members[i], NULL);

        CU_ASSERT(is_refused(i + 1 < MEMBERS
                                 ? altered(line, apr_pstrcat(test_pool(), member, comma, NULL), "")
                                 : altered(line, apr_pstrcat(test_pool(), ",", member, NULL), ""),
                             CIV_PROBLEM_INVALID_MEMBER, ""));
        CU_ASSERT(
            is_refused(altered(line, apr_pstrcat(test_pool(), "\"", members[i], "\":", NULL), "\"other\":"),
                       CIV_PROBLEM_INVALID_MEMBER, pointer));
        for (j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            civ_block_t *block = read_line(
                altered(line, member, apr_pstrcat(test_pool(), "\"", members[i], "\":", values[j], NULL)));

            CU_ASSERT(block == NULL);
            if (block == NULL && last_problem.kind == CIV_PROBLEM_INVALID_MEMBER)
                CU_ASSERT(strncmp(last_problem.pointer, pointer, strlen(pointer)) == 0);
        }
    }
}

/* All that the header holds is bound by the hash, the rest by the hashes beside it; forms are exact. */
static void values_are_exact(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 1), *time = member_of(line, 1), *hash = member_of(line, 5);
    const char *nonce = member_of(line, 4), *signature = member_of(line, 13);

    CU_ASSERT(
        is_refused(altered(line, "{\"index\":1,", "{\"index\":2,"), CIV_PROBLEM_INVALID_MEMBER, "/hash"));
    CU_ASSERT(
        is_refused(altered(line, "{\"index\":1,", "{\"index\":1.0,"), CIV_PROBLEM_INVALID_MEMBER, "/index"));
    CU_ASSERT(
        is_refused(altered(line, "{\"index\":1,", "{\"index\":1e0,"), CIV_PROBLEM_INVALID_MEMBER, "/index"));
    CU_ASSERT(is_refused(altered(line, "{\"index\":1,", "{\"index\":9007199254740992,"),
                         CIV_PROBLEM_NOT_I_JSON, NULL));
    CU_ASSERT(is_refused(altered(line, nonce, "\"nonce\":-0"), CIV_PROBLEM_INVALID_MEMBER, "/nonce"));
    CU_ASSERT(is_refused(altered(line, "\"difficulty\":4", "\"difficulty\":3"), CIV_PROBLEM_INVALID_MEMBER,
                         "/hash"));
    CU_ASSERT(is_refused(altered(line, "\"difficulty\":4", "\"difficulty\":4294967300"),
                         CIV_PROBLEM_INVALID_MEMBER, "/difficulty"));
    CU_ASSERT(is_refused(altered(line, "\"first_leaf\":1", "\"first_leaf\":2"), CIV_PROBLEM_INVALID_MEMBER,
                         "/hash"));
    CU_ASSERT(is_refused(altered(line, "\"evidence_count\":3", "\"evidence_count\":2"),
                         CIV_PROBLEM_INVALID_MEMBER, "/hash"));
    CU_ASSERT(is_refused(altered(line, "\"evidence_count\":3", "\"evidence_count\":10001"),
                         CIV_PROBLEM_INVALID_MEMBER, "/evidence_count"));
    CU_ASSERT(is_refused(altered(line, time, altered(time, "Z", "+00:00")), CIV_PROBLEM_INVALID_MEMBER,
                         "/timestamp"));
    CU_ASSERT(
        is_refused(altered(line, time, altered(time, "Z", "0Z")), CIV_PROBLEM_INVALID_MEMBER, "/timestamp"));
    CU_ASSERT(
        is_refused(altered(line, time, altered(time, "T", "t")), CIV_PROBLEM_INVALID_MEMBER, "/timestamp"));
    CU_ASSERT(is_refused(altered(line, time, "\"timestamp\":\"1969-12-31T23:59:59.999Z\""),
                         CIV_PROBLEM_INVALID_MEMBER, "/timestamp"));
    CU_ASSERT(is_refused(altered(line, time, "\"timestamp\":\"2026-01-01T00:00:00.000Z\\u0000\""),
                         CIV_PROBLEM_INVALID_MEMBER, "/timestamp"));
    CU_ASSERT(is_refused(altered(line, time, "\"timestamp\":\"2026-01-01T00:00:00.000Z\""),
                         CIV_PROBLEM_INVALID_MEMBER, "/hash"));
    CU_ASSERT(
        is_refused(altered(line, hash, altered(hash, ":\"", ":\" ")), CIV_PROBLEM_INVALID_MEMBER, "/hash"));
    CU_ASSERT(
        is_refused(altered(line, hash, altered(hash, ":\"0", ":\"1")), CIV_PROBLEM_INVALID_MEMBER, "/hash"));
    CU_ASSERT(is_refused(altered(line, signature, altered(signature, "==", "")), CIV_PROBLEM_INVALID_MEMBER,
                         "/signature"));
    CU_ASSERT(is_refused(altered(line, signature, "\"signature\":\"AAAA\""), CIV_PROBLEM_INVALID_MEMBER,
                         "/signature"));
}

/* Every hash of a line, with one digit changed, and in capitals. */
static void digests_are_exact(void)
{
    static const size_t digests[] = {3, 5, 7, 8, 11, 12};
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 1);
    size_t i;

    for (i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        const char *member = member_of(line, digests[i]);
        char *changed = apr_pstrdup(test_pool(), member);
        char *last = changed + strlen(changed) - 2;

        *last = *last == '0' ? '1' : '0';
        CU_ASSERT(is_refused(altered(line, member, changed), CIV_PROBLEM_INVALID_MEMBER, "/hash"));
        *last = 'A';
        CU_ASSERT(is_refused(altered(line, member, changed), CIV_PROBLEM_INVALID_MEMBER,
                             apr_pstrcat(test_pool(), "/", members[digests[i]], NULL)));
    }
}

static void evidence_must_fit_its_hashes(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 1);
    const char *hashes = member_of(line, 14), *evidence = member_of(line, 2);
    char *changed = apr_pstrdup(test_pool(), hashes);

    CU_ASSERT(is_refused(altered(line, "1,2.5", "1,2.6"), CIV_PROBLEM_INVALID_MEMBER, "/evidence_hashes/0"));
    CU_ASSERT(
        is_refused(altered(line, "\"\\n\"}", "\"\\t\"}"), CIV_PROBLEM_INVALID_MEMBER, "/evidence_hashes/2"));
    CU_ASSERT(is_refused(altered(line, ",{},", ",[],"), CIV_PROBLEM_INVALID_MEMBER, "/evidence/1"));
    CU_ASSERT(is_refused(altered(line, "\"type\":\"t\"", "\"type\":7"), CIV_PROBLEM_INVALID_MEMBER,
                         "/evidence/0/type"));
    CU_ASSERT(is_refused(altered(line, ",{},", ","), CIV_PROBLEM_INVALID_MEMBER, "/evidence"));
    CU_ASSERT(
        is_refused(altered(line, evidence,
                           apr_pstrcat(test_pool(), apr_pstrndup(test_pool(), evidence, strlen(evidence) - 1),
                                       ",{}]", NULL)),
                   CIV_PROBLEM_INVALID_MEMBER, "/evidence"));
    changed[strlen(changed) - 3] = changed[strlen(changed) - 3] == '0' ? '1' : '0';
    CU_ASSERT(is_refused(altered(line, hashes, changed), CIV_PROBLEM_INVALID_MEMBER, "/evidence_hashes/2"));
    CU_ASSERT(is_refused(altered(line, "\"evidence_hashes\":[", "\"evidence_hashes\":[null,"),
                         CIV_PROBLEM_INVALID_MEMBER, "/evidence_hashes"));
    CU_ASSERT(is_refused(altered(line, hashes, "\"evidence_hashes\":[1,2,3]"), CIV_PROBLEM_INVALID_MEMBER,
                         "/evidence_hashes/0"));
}

static void depth_and_size_are_limited(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 2);
    char *open = apr_palloc(test_pool(), 81), *close = apr_palloc(test_pool(), 81);
    char *large;
    civ_block_t *block;

    memset(open, '[', 80);
    memset(close, ']', 80);
    open[80] = close[80] = '\0';
    CU_ASSERT(
        is_refused(altered(line, "{\"n\":2}", apr_pstrcat(test_pool(), "{\"n\":", open, close, "}", NULL)),
                   CIV_PROBLEM_LIMIT_EXCEEDED, NULL));
    large = apr_palloc(test_pool(), 65537);
    memset(large, 'x', 65536);
    large[65536] = '\0';
    CU_ASSERT(
        is_refused(altered(line, "{\"n\":2}", apr_pstrcat(test_pool(), "{\"n\":\"", large, "\"}", NULL)),
                   CIV_PROBLEM_LIMIT_EXCEEDED, "/evidence/0"));
    /* Not a byte of it is looked at. */
    CU_ASSERT_EQUAL(civ_export_read(&block, "", CIV_EXPORT_LINE_SIZE + 1, &last_problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(last_problem.kind, CIV_PROBLEM_LIMIT_EXCEEDED);
}

/* The deepest and the largest that a ledger takes comes back out of its export. */
static void whatever_is_sealed_can_be_read(void)
{
    fixture_t *fixture = fixture_start();
    char open[64], close[64], *large = apr_palloc(test_pool(), 65536);
    apr_array_header_t *lines = apr_array_make(test_pool(), 8, sizeof(const char *));

    memset(open, '[', 63);
    memset(close, ']', 63);
    open[63] = close[63] = '\0';
    memset(large, 'x', 65535 - 8);
    large[65535 - 8] = '\0';
    fixture_append(fixture, apr_pstrcat(test_pool(), "{\"deep\":", open, close, "}", NULL));
    fixture_append(fixture, apr_pstrcat(test_pool(), "{\"a\":\"", large, "\"}", NULL));
    CU_ASSERT_EQUAL(civ_ledger_walk(fixture->ledger, 1, 2, keep_line, lines, test_pool()), APR_SUCCESS);
    CU_ASSERT(read_line(line_of(lines, 0)) != NULL);
    CU_ASSERT(read_line(line_of(lines, 1)) != NULL);
}

/* --- walking --- */

static apr_status_t stop_at_2(void *baton, const civ_block_t *block, apr_pool_t *pool)
{
    (void)pool;
    *(apr_uint64_t *)baton = block->header.height;
    return block->header.height == 2 ? APR_INCOMPLETE : APR_SUCCESS;
}

static void walk_ends_where_it_should(void)
{
    fixture_t *fixture = fixture_start();
    apr_array_header_t *lines = export_of(fixture);
    apr_uint64_t seen = 99;

    CU_ASSERT_EQUAL(civ_ledger_walk(fixture->ledger, 0, 4, stop_at_2, &seen, test_pool()), APR_INCOMPLETE);
    CU_ASSERT_EQUAL(seen, 2);
    CU_ASSERT_EQUAL(civ_ledger_walk(fixture->ledger, 3, 9, stop_at_2, &seen, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(seen, 4);
    apr_array_clear(lines);
    CU_ASSERT_EQUAL(civ_ledger_walk(fixture->ledger, 2, 3, keep_line, lines, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(lines->nelts, 2);
    fixture_sql(fixture, "UPDATE civ_entries SET payload = '{}' WHERE leaf_index = 4");
    CU_ASSERT_EQUAL(civ_ledger_walk(fixture->ledger, 0, 4, stop_at_2, &seen, test_pool()), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
}

/* --- judging a whole export --- */

typedef struct judge_t {
    int faults;
    apr_uint64_t height;
    const char *text; /**< of the first */
} judge_t;

static apr_status_t take_fault(void *baton, apr_uint64_t height, const char *text)
{
    judge_t *judge = baton;

    if (judge->faults++ == 0) {
        judge->height = height;
        judge->text = apr_pstrdup(test_pool(), text);
    }
    return APR_SUCCESS;
}

static judge_t judge_lines(const apr_array_header_t *lines, const char *name, const civ_public_key_t *key)
{
    judge_t judge = {0, 0, ""};
    civ_verifier_t verifier;
    int i;

    civ_verifier_init(&verifier, name, key, take_fault, &judge, test_pool());
    for (i = 0; i < lines->nelts; i++) {
        civ_block_t *block = read_line(line_of(lines, i));
        apr_pool_t *pool;

        CU_ASSERT_FATAL(block != NULL);
        apr_pool_create(&pool, test_pool());
        CU_ASSERT_EQUAL(civ_export_verify_line(&verifier, block, pool), APR_SUCCESS);
        apr_pool_destroy(pool);
    }
    return judge;
}

static int judged(const apr_array_header_t *lines, apr_uint64_t height, const char *words)
{
    judge_t judge = judge_lines(lines, NULL, NULL);
    int right = judge.faults > 0 && judge.height == height && strstr(judge.text, words) != NULL;

    if (!right)
        test_note("%d faults; block %" APR_UINT64_T_FMT ": %s", judge.faults, judge.height, judge.text);
    return right;
}

static void sound_export_has_no_fault(void)
{
    fixture_t *fixture = fixture_start();
    apr_array_header_t *lines = export_of(fixture);

    CU_ASSERT_EQUAL(judge_lines(lines, NULL, NULL).faults, 0);
    CU_ASSERT_EQUAL(judge_lines(lines, fixture->config.name, civ_key_public(fixture->config.key)).faults, 0);
    CU_ASSERT(judge_lines(lines, "another", NULL).faults > 0);
    CU_ASSERT(judge_lines(lines, NULL, civ_key_public(fixture_other_key())).faults > 0);
}

static void order_of_lines_counts(void)
{
    apr_array_header_t *lines = export_of(fixture_start()), *other;
    const char *line = line_of(lines, 2);

    other = apr_array_copy(test_pool(), lines);
    APR_ARRAY_IDX(other, 2, const char *) = line_of(lines, 3);
    APR_ARRAY_IDX(other, 3, const char *) = line;
    CU_ASSERT(judged(other, 2, "number"));
    other = apr_array_copy(test_pool(), lines);
    APR_ARRAY_IDX(other, 3, const char *) = line;
    CU_ASSERT(judged(other, 3, "number"));
    other = apr_array_copy(test_pool(), lines);
    memmove(other->elts, other->elts + sizeof(const char *),
            (size_t)(other->nelts - 1) * sizeof(const char *));
    other->nelts--;
    CU_ASSERT(judged(other, 0, ""));
}

/* Lines that are blocks by themselves, but not of this chain: made by a forger with the ledger's key. */
static void forged_lines_are_faulted(void)
{
    static const struct {
        forgery_t forgery;
        const char *words;
    } rows[] = {
        {{.json = "{}", .difficulty = -1, .lazy = 1}, "too few"},
        {{.json = "{}", .difficulty = 0}, "where policy demands 6"},
        {{.json = "{}", .difficulty = -1, .later = 3600000}, "future"},
        {{.json = "{}", .difficulty = -1, .later = -3600000}, "before"},
        {{.json = "{\"type\":\"civarcos.genesis\"}", .difficulty = -1}, "elsewhere than in block 0"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture_t *fixture = fixture_start();
        apr_array_header_t *lines = export_of(fixture);

        fixture_forge(fixture, &rows[i].forgery);
        CU_ASSERT_EQUAL(civ_ledger_walk(fixture->ledger, 5, 5, keep_line, lines, test_pool()), APR_SUCCESS);
        CU_ASSERT(judged(lines, 5, rows[i].words));
        fixture_close(fixture);
    }
}

static void signatures_of_lines_count(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    const char *line = line_of(lines, 3);

    APR_ARRAY_IDX(lines, 3, const char *) =
        altered(line, member_of(line, 13), member_of(line_of(lines, 2), 13));
    CU_ASSERT(judged(lines, 3, "the signature is not the ledger's"));
}

static apr_status_t refuse_fault(void *baton, apr_uint64_t height, const char *text)
{
    (void)baton;
    (void)height;
    (void)text;
    return APR_INCOMPLETE;
}

static void callback_ends_the_judgement(void)
{
    apr_array_header_t *lines = export_of(fixture_start());
    civ_verifier_t verifier;

    civ_verifier_init(&verifier, NULL, NULL, refuse_fault, NULL, test_pool());
    CU_ASSERT_EQUAL(civ_export_verify_line(&verifier, read_line(line_of(lines, 1)), test_pool()),
                    APR_INCOMPLETE);
}

static const test_case_t cases[] = {
    {"every_line_comes_back", every_line_comes_back},
    {"form_of_the_json_is_free", form_of_the_json_is_free},
    {"only_one_object_is_taken", only_one_object_is_taken},
    {"every_member_is_needed", every_member_is_needed},
    {"values_are_exact", values_are_exact},
    {"digests_are_exact", digests_are_exact},
    {"evidence_must_fit_its_hashes", evidence_must_fit_its_hashes},
    {"depth_and_size_are_limited", depth_and_size_are_limited},
    {"whatever_is_sealed_can_be_read", whatever_is_sealed_can_be_read},
    {"walk_ends_where_it_should", walk_ends_where_it_should},
    {"sound_export_has_no_fault", sound_export_has_no_fault},
    {"order_of_lines_counts", order_of_lines_counts},
    {"forged_lines_are_faulted", forged_lines_are_faulted},
    {"signatures_of_lines_count", signatures_of_lines_count},
    {"callback_ends_the_judgement", callback_ends_the_judgement},
    {NULL, NULL},
};

const test_suite_t ledger_export_suite = {"ledger_export", NULL, NULL, cases};
