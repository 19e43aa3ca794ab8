/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file verifier.c
 * A program that shares no code with the server (tests/verifier) re-derives every hash of an export that was made while
 * others wrote; and the project's own test results as evidence.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG "CivarcosLedgerName verified.test/ledger\nCivarcosStateRefresh 100\n"

static harness_t *server;

static int setup(void)
{
    harness_options_t options = {NULL, CONFIG "CivarcosDifficulty 8\n", NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static http_client_t *client(void)
{
    return http_client(server->url, test_pool());
}

/* -- The verifier
 * --------------------------------------------------------------------------------------------------- */

static const char *script(const char *name)
{
    return apr_pstrcat(test_pool(), test_source_dir(), "/tests/", name, NULL);
}

static int has_python(void)
{
    const char *argv[] = {"python3", "--version", NULL};

    if (harness_run(argv, NULL) == 0) {
        return 1;
    }
    test_note("skipped: needs python3");
    return 0;
}

/* Save an answer for the verifier. */
static const char *save(const char *name, const http_response_t *response)
{
    const char *path = scenario_file(server, name);

    CU_ASSERT_EQUAL(response->status, 200);
    CU_ASSERT_EQUAL(scenario_write_file(path, response->body, response->length), 0);
    return path;
}

/* @return what the verifier said, when it ended as it should; else NULL */
static const char *verify(int code, const char *export, const char *option, const char *value,
                          const char *more, const char *its_value)
{
    const char *argv[] = {
        "python3", script("verifier/verify_export.py"), export, option, value, more, its_value, NULL};
    const char *output = "";
    int ended = harness_run(argv, &output);

    if (ended == code) {
        return output;
    }
    test_note("the verifier ended with %d, not %d: %s", ended, code, output);
    return NULL;
}

/* -- Evidence of all kinds
 * ------------------------------------------------------------------------------------------- */

static const char *various(const char *label, int thread, int number, apr_pool_t *pool)
{
    const char *mark =
        apr_psprintf(pool, "\"type\":\"various\",\"mark\":\"%s-%d-%d\"", label, thread, number);

    switch (number % 5) {
    case 0:
        return apr_psprintf(pool,
                            "{\"evidence\": {%s, \"text\": \"Gr\303\274\303\237e, \344\270\226\347\225\214 "
                            "\\ud83d\\ude80 \\u0007\\u2028\\u0000\\\"\\\\\\/\", \"\\u20ac\": 1, \"\\r\": 2, "
                            "\"\\ufb33\": 3, \"\\ud83d\\ude00\": 4}}",
                            mark);
    case 1:
        return apr_psprintf(pool,
                            "{\"evidence\":{%s,\"floats\":[%d.%d, 1.5e-7, 1E+21, -0.0, 0.1e1, 4.50, 1e-27, "
                            "5e-324, 1.7976931348623157e308, 333333333.33333329, %d]}}",
                            mark, thread, number, number);
    case 2:
        return apr_psprintf(pool, "{\"evidence\":[{%s,\"part\":1},{\"part\":2,%s},{%s,\"part\":\t3}]}", mark,
                            mark, mark);
    case 3:
        return apr_psprintf(
            pool, "{\"evidence\":{\"z\":{\"b\":[[],{},[{\"a\":null}]],\"a\":[true,false]},%s}}", mark);
    default:
        return apr_psprintf(pool, "{\"evidence\":{\"pad\":\"%*d\",%s}}", 100 + number % 4000, number, mark);
    }
}

static void change_difficulty(scenario_load_t *load, const char *bits)
{
    harness_configure(server, apr_pstrcat(test_pool(), CONFIG "CivarcosDifficulty ", bits, "\n", NULL));
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(scenario_load_wait(load, 100), 0);
}

static void test_export_under_load(void)
{
    scenario_load_t load;
    http_client_t *web = client();
    http_response_t *early;
    http_response_t *late;
    http_response_t *whole;
    const char *info;
    const char *said;
    scenario_chain_t *chain;

    if (!has_python()) {
        return;
    }
    memset(&load, 0, sizeof(load));
    load.url = server->url;
    load.label = "verified";
    load.threads = 8;
    load.body = various;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 300), 0);
    early = http_get(web, "/api/blockchain/export");
    change_difficulty(&load, "10");
    change_difficulty(&load, "3");
    late = http_get(web, "/api/blockchain/export");
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 50), 0);
    scenario_load_stop(&load);
    whole = http_get(web, "/api/blockchain/export");
    chain = scenario_chain(whole->body);
    CU_ASSERT(scenario_load_is_kept(&load, chain));
    scenario_load_free(&load);
    /* Both exports were made while others wrote: the same chain, up to where each ends. */
    CU_ASSERT(early->length > 0 && early->length < late->length && late->length < whole->length);
    CU_ASSERT_EQUAL(memcmp(early->body, whole->body, early->length), 0);
    CU_ASSERT_EQUAL(memcmp(late->body, whole->body, late->length), 0);
    said = verify(0, save("early.ndjson", early), "--signatures", "all", NULL, NULL);
    CU_ASSERT(said && strstr(said, "no fault"));
    info = http_json_text(http_get(web, "/api/blockchain/info"), "/blockchain/ledger_id");
    said = verify(0, save("late.ndjson", late), "--signatures", "last", "--ledger-id", info);
    CU_ASSERT(said && strstr(said, "no fault"));
    /* The signed head that the server keeps is the end of it. */
    said = verify(0, save("whole.ndjson", whole), "--signatures=last", "--signed-head",
                  scenario_file(server, "ledger/signed-head"), NULL);
    CU_ASSERT(said && strstr(said, apr_psprintf(test_pool(), "newest block %d, hash %s", chain->count - 1,
                                                scenario_chain_text(chain, chain->count - 1, "hash"))));
    /* It notices a missing end, by the signed head alone. */
    CU_ASSERT_PTR_NOT_NULL(verify(1, scenario_file(server, "late.ndjson"), "--signatures=last",
                                  "--signed-head", scenario_file(server, "ledger/signed-head"), NULL));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/search?type=civarcos.policy"), "/count"), 2);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Damage
 * --------------------------------------------------------------------------------------------------------- */

/* Change one character somewhere behind a text in the line of a block. */
static const char *damage(const http_response_t *export, int block, const char *behind, char with)
{
    char *text = apr_pstrmemdup(test_pool(), export->body, export->length);
    char *line = strstr(text, apr_psprintf(test_pool(), "{\"index\":%d,", block));
    char *place = line ? strstr(line, behind) : NULL;
    const char *path = scenario_file(server, "damaged.ndjson");

    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    place += strlen(behind);
    *place = *place == with ? (char)(with + 1) : with;
    CU_ASSERT_EQUAL(scenario_write_file(path, text, export->length), 0);
    return path;
}

static void expect_fault(const char *path, int block)
{
    const char *said = verify(1, path, "--max-faults", "2000", NULL, NULL);

    CU_ASSERT(said && strstr(said, apr_psprintf(test_pool(), "block %d: ", block)));
}

static void test_damaged_exports(void)
{
    static const char *const members[] = {
        "\"previous_hash\":\"",      "\"hash\":\"",      "\"evidence_root\":\"",
        "\"log_root\":\"",           "\"signature\":\"", "\"evidence_hashes\":[\"",
        "\"validator_set_hash\":\"", "\"n\":",           NULL};
    http_client_t *web = client();
    http_response_t *export;
    int last;
    int i;

    if (!has_python()) {
        return;
    }
    for (i = 1; i <= 6; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, i)->status, 201);
    }
    last = scenario_blocks(web) - 1;
    export = http_get(web, apr_psprintf(test_pool(), "/api/blockchain/export?from=%d", last - 5));
    CU_ASSERT_EQUAL(export->status, 200);
    CU_ASSERT_PTR_NOT_NULL(verify(0, save("part.ndjson", export), "--part", NULL, NULL, NULL));
    for (i = 0; members[i]; i++) {
        const char *path = damage(export, last - 3, members[i], '7');
        const char *said;

        /* Without the beginning, name and key must be given for signatures. */
        if (strcmp(members[i], "\"signature\":\"") == 0 || strcmp(members[i], "\"log_root\":\"") == 0) {
            continue;
        }
        said = verify(1, path, "--part", NULL, NULL, NULL);
        CU_ASSERT(said && strstr(said, apr_psprintf(test_pool(), "block %d: ", last - 3)));
    }
    export = http_get(web, "/api/blockchain/export?to=40");
    CU_ASSERT_PTR_NOT_NULL(verify(0, save("whole.ndjson", export), "--signatures", "all", NULL, NULL));
    expect_fault(damage(export, 7, "\"signature\":\"", 'x'), 7);
    expect_fault(damage(export, 7, "\"log_root\":\"", '7'), 7);
    expect_fault(damage(export, 7, "\"timestamp\":\"2", '1'), 7);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Proofs
 * --------------------------------------------------------------------------------------------------------- */

static void test_proof(void)
{
    http_client_t *web = client();
    http_response_t *added = http_post(web, "/api/blockchain/add",
                                       "{\"evidence\":[{\"p\":1},{\"p\":2},{\"p\":3},{\"p\":4},{\"p\":5}]}");
    const char *hash = http_json_text(added, "/block/evidence_hashes/3");
    const char *index = apr_itoa(test_pool(), (int)http_json_int(added, "/block/index"));
    http_response_t *answer =
        http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", hash, NULL));
    const char *said;
    const char *block;
    char *wrong;

    if (!has_python()) {
        return;
    }
    CU_ASSERT_EQUAL(http_json_int(answer, "/result/proof/tree_size"), 5);
    save("proof.json", answer);
    save("part.ndjson", http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/export?from=", index, NULL)));
    said = verify(0, scenario_file(server, "part.ndjson"), "--part", "--proof",
                  scenario_file(server, "proof.json"), NULL);
    CU_ASSERT(said && strstr(said, apr_psprintf(test_pool(), "entry 3 of block %s", index)));
    /* An auditor with nothing but the block. */
    block =
        save("block.json", http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/block/", index, NULL)));
    said = verify(0, "--proof", scenario_file(server, "proof.json"), "--block", block, NULL);
    CU_ASSERT(said && strstr(said, "verified against block"));
    wrong = strstr(apr_pstrmemdup(test_pool(), answer->body, answer->length), "{\"success\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(wrong, "{\"p\":4}"));
    strstr(wrong, "{\"p\":4}")[5] = '6';
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(server, "wrong.json"), wrong, strlen(wrong)), 0);
    CU_ASSERT_PTR_NOT_NULL(verify(1, "--proof", scenario_file(server, "wrong.json"), "--block", block, NULL));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Our own results
 * -------------------------------------------------------------------------------------------------- */

/* A unit test program's TAP becomes evidence, is found again, and is proven to be there. */
static void test_own_results(void)
{
    const char *program = CIVARCOS_BUILD_DIR "/tests/unit/test_base";
    const char *run[] = {program, "base_timestamp/", NULL};
    const char *convert[] = {"python3", script("tools/tap_to_evidence.py"), "--suite", "test_base", NULL,
                             NULL};
    http_client_t *web = client();
    http_response_t *found;
    const char *tap = "";
    const char *json = "";
    const char *said;
    struct stat info;

    if (stat(program, &info) || !has_python()) {
        test_note("skipped: needs python3 and tests/unit/test_base");
        return;
    }
    CU_ASSERT_EQUAL(harness_run(run, &tap), 0);
    convert[4] = scenario_file(server, "results.log");
    CU_ASSERT_EQUAL(scenario_write_file(convert[4], tap, strlen(tap)), 0);
    CU_ASSERT_EQUAL(harness_run(convert, &json), 0);
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add", json)->status, 201);
    found = http_get(web, "/api/blockchain/search?type=test_result&q=base_timestamp");
    CU_ASSERT_EQUAL(http_json_int(found, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(found, "/results/0/evidence/suite"), "test_base");
    CU_ASSERT(http_json_int(found, "/results/0/evidence/passed") > 0);
    CU_ASSERT_EQUAL(http_json_int(found, "/results/0/evidence/failed"), 0);
    save("results.proof",
         http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/",
                                   http_json_text(found, "/results/0/evidence_hash"), NULL)));
    save("results.block", http_get(web, apr_psprintf(test_pool(), "/api/blockchain/block/%d",
                                                     (int)http_json_int(found, "/results/0/block_index"))));
    said = verify(0, "--proof", scenario_file(server, "results.proof"), "--block",
                  scenario_file(server, "results.block"), NULL);
    CU_ASSERT(said && strstr(said, "verified against block"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {{"export_under_load", test_export_under_load},
                                    {"damaged_exports", test_damaged_exports},
                                    {"proof", test_proof},
                                    {"own_results", test_own_results},
                                    {NULL, NULL}};

const test_suite_t verifier_suite = {"verifier", setup, teardown, cases};
