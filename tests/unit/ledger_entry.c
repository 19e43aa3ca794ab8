/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_entry.c
 * Entries: canonical form, hashes, limits to the byte, the rules of "type".
 */
#include "support/runner.h"

#include "base/merkle.h"
#include "base/status.h"
#include "ledger/entry.h"

#include <apr_strings.h>

#include <string.h>

static const civ_json_limits_t wide = {1 << 20, 72, 100000, 1024};

static civ_problem_t last_problem;

static apr_status_t make(civ_entry_t *entry, const char *json, int reserved)
{
    const civ_json_t *root;

    memset(&last_problem, 0, sizeof(last_problem));
    CU_ASSERT_FATAL(civ_json_parse(&root, json, strlen(json), &wide, &last_problem, test_pool()) ==
                    APR_SUCCESS);
    return civ_entry_make(entry, root, "/evidence/3", reserved, &last_problem, test_pool());
}

static int is_refused(const char *json, civ_problem_kind_e kind, const char *pointer)
{
    civ_entry_t entry;

    return make(&entry, json, 0) == CIV_EINVALID && last_problem.kind == kind && last_problem.pointer &&
           strcmp(last_problem.pointer, pointer) == 0 && last_problem.detail;
}

/* An object whose canonical form has @a length bytes. */
static const char *object_of(apr_size_t length)
{
    char *filler = apr_palloc(test_pool(), length);

    memset(filler, 'x', length);
    filler[length - strlen("{\"a\":\"\"}")] = '\0';
    return apr_pstrcat(test_pool(), "{\"a\":\"", filler, "\"}", NULL);
}

static void entry_is_canonical_and_hashed(void)
{
    static const char expected[] = "{\"a\":1,\"type\":\"t\\n\",\"z\":[1e+21,\"\xc3\xa9\"]}";
    civ_digest_t digest;
    civ_entry_t entry;

    CU_ASSERT_EQUAL_FATAL(
        make(&entry, " {\"z\" : [1E21, \"\\u00e9\"], \"type\":\"\\u0074\\n\", \"a\": 1.0}", 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.data, expected);
    CU_ASSERT_EQUAL(entry.length, strlen(expected));
    CU_ASSERT_STRING_EQUAL(entry.type, "t\n");
    civ_digest_sha256(&digest, expected, strlen(expected));
    CU_ASSERT(civ_digest_equal(&digest, &entry.evidence_hash));
    civ_digest_sha256_two(&digest, "", 1, expected, strlen(expected));
    CU_ASSERT(civ_digest_equal(&digest, &entry.leaf_hash));
}

static void size_is_limited_to_the_byte(void)
{
    civ_entry_t entry, again;

    CU_ASSERT_EQUAL(CIV_ENTRY_MAX_SIZE, 65535);
    CU_ASSERT_EQUAL(make(&entry, object_of(65535), 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(entry.length, 65535);
    CU_ASSERT_EQUAL(civ_entry_read(&again, entry.data, entry.length, &last_problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT(is_refused(object_of(65536), CIV_PROBLEM_LIMIT_EXCEEDED, "/evidence/3"));
    CU_ASSERT_EQUAL(civ_entry_read(&again, object_of(65536), 65536, &last_problem, test_pool()),
                    CIV_EINVALID);
    /* What counts is the canonical form, not what was posted. */
    CU_ASSERT_EQUAL(make(&entry, apr_pstrcat(test_pool(), "   ", object_of(65535), NULL), 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(make(&entry, "{}", 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(entry.length, CIV_ENTRY_MIN_SIZE);
}

static void only_objects_are_entries(void)
{
    static const char *const others[] = {"[]", "[{}]", "\"a\"", "1", "null", "true"};
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT(is_refused(others[i], CIV_PROBLEM_INVALID_MEMBER, "/evidence/3"));
}

static const char *with_type(apr_size_t length)
{
    char *type = apr_pcalloc(test_pool(), length + 1);

    memset(type, 't', length);
    return apr_pstrcat(test_pool(), "{\"type\":\"", type, "\"}", NULL);
}

static void type_has_rules(void)
{
    static const char *const others[] = {"1", "null", "true", "[]", "{}", "\"a\\u0000b\"", "\"\\u0000\""};
    civ_entry_t entry;
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT(is_refused(apr_pstrcat(test_pool(), "{\"type\":", others[i], "}", NULL),
                             CIV_PROBLEM_INVALID_MEMBER, "/evidence/3/type"));
    CU_ASSERT_EQUAL(make(&entry, "{\"Type\":1}", 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.type, "");
    CU_ASSERT_EQUAL(make(&entry, "{\"type\":\"\"}", 0), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.type, "");
    CU_ASSERT_EQUAL(make(&entry, with_type(128), 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(strlen(entry.type), 128);
    CU_ASSERT(is_refused(with_type(129), CIV_PROBLEM_LIMIT_EXCEEDED, "/evidence/3/type"));
}

static void reserved_types_are_the_ledgers(void)
{
    civ_entry_t entry;

    CU_ASSERT(is_refused("{\"type\":\"civarcos.genesis\"}", CIV_PROBLEM_INVALID_MEMBER, "/evidence/3/type"));
    CU_ASSERT(is_refused("{\"type\":\"civarcos.policy\",\"difficulty\":0}", CIV_PROBLEM_INVALID_MEMBER,
                         "/evidence/3/type"));
    CU_ASSERT(is_refused("{\"type\":\"civarcos.\"}", CIV_PROBLEM_INVALID_MEMBER, "/evidence/3/type"));
    CU_ASSERT(
        is_refused("{\"type\":\"civarcos\\u002epolicy\"}", CIV_PROBLEM_INVALID_MEMBER, "/evidence/3/type"));
    CU_ASSERT_EQUAL(make(&entry, "{\"type\":\"civarcos\"}", 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(make(&entry, "{\"type\":\"Civarcos.policy\"}", 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(make(&entry, "{\"type\":\"civarcos.policy\"}", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(make(&entry, "{\"x\":{\"type\":\"civarcos.policy\"}}", 0), APR_SUCCESS);
}

static void reading_takes_only_canonical_text(void)
{
    static const char *const bad[] = {
        "{\"b\":1,\"a\":1}",
        "{\"a\": 1}",
        " {\"a\":1}",
        "{\"a\":1}\n",
        "{\"a\":1.0}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\/\"}",
        "{\"a\":-0}",
        "[]",
        "",
        "{",
        "{\"type\":1}",
        "{\"a\":1,\"a\":1}",
    };
    civ_entry_t entry;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(&last_problem, 0, sizeof(last_problem));
        CU_ASSERT_EQUAL(civ_entry_read(&entry, bad[i], strlen(bad[i]), &last_problem, test_pool()),
                        CIV_EINVALID);
        CU_ASSERT(last_problem.kind != CIV_PROBLEM_NONE && last_problem.detail);
    }
    CU_ASSERT_EQUAL(civ_entry_read(&entry, "{\"a\":1}", 7, &last_problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_entry_read(&entry, "{\"type\":\"civarcos.policy\"}", 26, &last_problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.type, "civarcos.policy");
}

/* Whatever can be made can be read back: else a block could be sealed that is then taken for damaged. */
static void what_is_made_can_be_read(void)
{
    static const char *const texts[] = {
        "{\"a\":9007199254740991,\"b\":-9007199254740991}",
        "{\"a\":1e21,\"b\":1e300,\"c\":1e-7,\"d\":123456.789e-2}",
        "{\"a\":0.1,\"b\":5e-324,\"c\":1.7976931348623157e308}",
        "{\"a\":\"\\u0001\\u007f\\ud83d\\ude00\\u0000\"}",
        "{\"\":{\"\":[[[[]]]]}}",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        civ_entry_t entry, again;

        CU_ASSERT_EQUAL_FATAL(make(&entry, texts[i], 0), APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_entry_read(&again, entry.data, entry.length, &last_problem, test_pool()),
                        APR_SUCCESS);
        CU_ASSERT(civ_digest_equal(&entry.evidence_hash, &again.evidence_hash));
        CU_ASSERT_EQUAL(strlen(entry.data), entry.length);
    }
}

static const test_case_t cases[] = {
    {"entry_is_canonical_and_hashed", entry_is_canonical_and_hashed},
    {"size_is_limited_to_the_byte", size_is_limited_to_the_byte},
    {"only_objects_are_entries", only_objects_are_entries},
    {"type_has_rules", type_has_rules},
    {"reserved_types_are_the_ledgers", reserved_types_are_the_ledgers},
    {"reading_takes_only_canonical_text", reading_takes_only_canonical_text},
    {"what_is_made_can_be_read", what_is_made_can_be_read},
    {NULL, NULL},
};

const test_suite_t ledger_entry_suite = {"ledger_entry", NULL, NULL, cases};
