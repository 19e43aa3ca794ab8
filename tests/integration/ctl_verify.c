/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl_verify.c
 * civarcosctl verify: of a live database, and of exports whole, damaged and cut off; and its exit statuses.
 */
#include "integration/ctl_tool.h"
#include "integration/ledger_checks.h"
#include "integration/rewrite.h"
#include "integration/tampering.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

#define CONFIG "CivarcosLedgerName verified.test/ledger\nCivarcosDifficulty 4\n"

/* -- The database
 * ------------------------------------------------------------------------------------------------------- */

static void test_under_load(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};
    harness_t *server = harness_start(&options);
    scenario_load_t load = {.label = "verify", .threads = 4};
    const civ_json_t *answer;
    scenario_chain_t *chain;
    const char *said;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    load.url = server->url;
    scenario_load_start(&load);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(&load, 40), 0);
        CU_ASSERT(tool_ends(0, &said, "verify", "--state", tool_state(server), NULL));
        CU_ASSERT(strstr(said, "result: intact; blocks 0 to ") == said);
    }
    scenario_load_stop(&load);
    chain = scenario_export(http_client(server->url, test_pool()));
    CU_ASSERT(scenario_load_is_kept(&load, chain));
    scenario_load_free(&load);
    CU_ASSERT(tool_ends(0, &said, "verify", "--state", tool_state(server), "--json", "--quiet", NULL));
    answer = checks_parse(said, strlen(said));
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    CU_ASSERT_STRING_EQUAL(checks_text(answer, "/result"), "intact");
    CU_ASSERT_STRING_EQUAL(checks_text(answer, "/ledger"), "verified.test/ledger");
    CU_ASSERT_EQUAL(checks_int(answer, "/last_block"), chain->count - 1);
    CU_ASSERT_EQUAL(checks_int(answer, "/blocks"), chain->count);
    CU_ASSERT_STRING_EQUAL(checks_text(answer, "/newest_hash"),
                           scenario_chain_text(chain, chain->count - 1, "hash"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void change(const harness_t *server, const char *sql)
{
    CU_ASSERT_EQUAL(scenario_sql(tampering_database(server), sql), 0);
}

static void expect_fault(const harness_t *server, const char *fault)
{
    const char *said;

    CU_ASSERT(tool_ends(1, &said, "verify", "--state", tool_state(server), NULL));
    if (!strstr(said, apr_pstrcat(test_pool(), "fault: ", fault, NULL))) {
        test_note("no fault \"%s\": %s", fault, said);
        CU_FAIL("a fault is not named");
    }
    CU_ASSERT(strstr(said, "result: faulty") != NULL);
    CU_ASSERT_EQUAL(tampering_restore(server), 0);
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", tool_state(server), NULL));
    CU_ASSERT(!tool_exists(tool_state(server), "read-only"));
}

/* Looking from outside raises no alarm: that is the server's business. */
static void test_tampered_database(void)
{
    harness_t *server = tampering_start();
    rewrite_t forgery = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    change(server, "UPDATE civ_entries SET payload = replace(payload, '9', '7') WHERE leaf_index = 8");
    expect_fault(server, "block 4: ");
    change(server, "DELETE FROM civ_blocks WHERE height = 4");
    expect_fault(server, "block 4: the block is missing");
    change(server, "DELETE FROM civ_blocks WHERE height = 0");
    expect_fault(server, "block 0: the block is missing");
    change(server, "DELETE FROM civ_head");
    expect_fault(server, "block 9: the head row is missing");
    CU_ASSERT_EQUAL(rewrite_cut(tampering_database(server), TAMPERING_LAST), 0);
    expect_fault(server, "block 8: the signed head beside the database names block 9");
    forgery.database = tampering_database(server);
    forgery.key_file = scenario_file(server, "ledger/keys/ledger.pem");
    forgery.ledger_name = TAMPERING_NAME;
    forgery.from = 4;
    forgery.payload = "{\"n\":0,\"type\":\"ab\"}";
    forgery.difficulty = -1;
    CU_ASSERT_EQUAL(rewrite_tail(&forgery), 0);
    expect_fault(server, "block 9: block 9 is another one than the signed head");
    CU_ASSERT(harness_log_is_clean(server, "?CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_ranges_and_pins(void)
{
    harness_t *server = tampering_start();
    const char *state;
    const char *said;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    state = tool_state(server);
    CU_ASSERT(tool_ends(0, &said, "verify", "--state", state, "--from", "3", "--to", "5", NULL));
    CU_ASSERT(strstr(said, "blocks 3 to 5, 3 read") != NULL);
    CU_ASSERT(tool_ends(2, NULL, "verify", "--state", state, "--from", "30", NULL));
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", state, "--height", "9", NULL));
    CU_ASSERT(tool_ends(1, NULL, "verify", "--state", state, "--height", "10", NULL));
    CU_ASSERT(tool_ends(1, NULL, "verify", "--state", state, "--ledger-id",
                        "9c302294f80b0088062166e0b4ed13ba358d82677a6c8097dcf2c91d66c5d062", NULL));
    CU_ASSERT(tool_ends(1, NULL, "verify", "--state", state, "--name", "another.test/ledger", NULL));
    CU_ASSERT(tool_ends(0, &said, "verify", "--database", tampering_database(server), NULL));
    CU_ASSERT(strstr(said, "not checked: whose ledger this is") != NULL);
    CU_ASSERT(strstr(said, "not checked: whether blocks are missing at its end") != NULL);
    change(server, "UPDATE civ_blocks SET signature = 'x'");
    CU_ASSERT(tool_ends(1, &said, "verify", "--state", state, "--max-faults", "3", NULL));
    CU_ASSERT(strstr(said, "3 faults, given up") != NULL);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Exports
 * ------------------------------------------------------------------------------------------------------------ */

/* Change a character behind a text in the line of a block. */
static const char *damage(const harness_t *server, const char *export, int block, const char *behind)
{
    unsigned long length = 0;
    char *text = test_read_file(export, &length);
    char *line = text ? strstr(text, apr_psprintf(test_pool(), "{\"index\":%d,", block)) : NULL;
    char *place = line ? strstr(line, behind) : NULL;
    const char *path = scenario_file(server, "damaged.ndjson");

    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    place += strlen(behind);
    *place = *place == '7' ? '8' : '7';
    CU_ASSERT_EQUAL(scenario_write_file(path, text, length), 0);
    return path;
}

static void test_damaged_export(void)
{
    static const char *const members[] = {
        "\"previous_hash\":\"",    "\"nonce\":",       "\"hash\":\"",     "\"evidence_root\":\"",
        "\"log_root\":\"",         "\"signature\":\"", "\"n\":",          "\"difficulty\":",
        "\"evidence_hashes\":[\"", "\"timestamp\":\"", "\"first_leaf\":", NULL};
    harness_t *server = tampering_start();
    const char *export;
    const char *said;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    export = tool_save_export(server, "export.ndjson");
    CU_ASSERT(tool_ends(0, &said, "verify", export, NULL));
    CU_ASSERT(strstr(said, "not checked: who made this export") != NULL);
    for (i = 0; members[i]; i++) {
        CU_ASSERT(tool_ends(1, &said, "verify", damage(server, export, 5, members[i]), NULL));
        CU_ASSERT(strstr(said, "fault: block 5: ") == said);
    }
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Up to the end of line @a lines, and @a more bytes. */
static const char *cut(const harness_t *server, const char *export, int lines, int more)
{
    unsigned long length = 0;
    char *text = test_read_file(export, &length);
    const char *path = scenario_file(server, "cut.ndjson");
    char *end = text;

    while (lines-- > 0) {
        end = strchr(end, '\n') + 1;
    }
    CU_ASSERT_EQUAL(scenario_write_file(path, text, (apr_size_t)(end - text) + (apr_size_t)more), 0);
    return path;
}

static void test_incomplete_export(void)
{
    harness_t *server = tampering_start();
    const char *export;
    const char *head;
    const char *said;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    export = tool_save_export(server, "export.ndjson");
    head = scenario_file(server, "ledger/signed-head");
    CU_ASSERT(tool_ends(0, NULL, "verify", export, "--signed-head", head, "--height", "9", NULL));
    /* Without anything to compare with, an export that ends at the end of a line looks complete; it says so. */
    CU_ASSERT(tool_ends(0, &said, "verify", cut(server, export, 6, 0), NULL));
    CU_ASSERT(strstr(said, "not checked: whether blocks are missing at its end") != NULL);
    CU_ASSERT(tool_ends(1, &said, "verify", cut(server, export, 6, 0), "--signed-head", head, NULL));
    CU_ASSERT(strstr(said, "fault: block 5: the export ends here, but the signed head names block 9") ==
              said);
    CU_ASSERT(tool_ends(1, &said, "verify", cut(server, export, 6, 0), "--height", "9", NULL));
    CU_ASSERT(strstr(said, "fault: block 5: the export ends here, not at block 9") == said);
    CU_ASSERT(tool_ends(1, &said, "verify", cut(server, export, 6, 100), NULL));
    CU_ASSERT(strstr(said, "fault: block 6: its line is cut off") == said);
    CU_ASSERT(tool_ends(1, &said, "verify", cut(server, export, 0, 0), NULL));
    CU_ASSERT(strstr(said, "holds no block") != NULL);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Sound in itself, but not the ledger that one has in mind. */
static void test_pinned_export(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;
    const char *export;
    const char *key;
    const char *said;
    const char *id;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    id = http_json_text(http_get(web, "/api/blockchain/info"), "/blockchain/ledger_id");
    key = http_json_text(http_get(web, "/api/blockchain/info"), "/blockchain/public_key");
    export = tool_save_export(server, "export.ndjson");
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(server, "public.pem"), key, strlen(key)), 0);
    CU_ASSERT(tool_ends(0, &said, "verify", export, "--public-key", scenario_file(server, "public.pem"),
                        "--ledger-id", id, NULL));
    CU_ASSERT(strstr(said, "who made this") == NULL);
    CU_ASSERT(tool_ends(1, NULL, "verify", export, "--public-key",
                        "TvzbNGNUXdX1DsNSBE2tfSQLRG8/2o5nTabvTxLjPdo=", NULL));
    CU_ASSERT(tool_ends(1, &said, "verify", export, "--ledger-id",
                        "9c302294f80b0088062166e0b4ed13ba358d82677a6c8097dcf2c91d66c5d062", NULL));
    CU_ASSERT(strstr(said, "fault: block 0: the ledger's id is ") == said);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Exit statuses
 * ------------------------------------------------------------------------------------------------------ */

static void test_statuses(void)
{
    const char *fixture =
        apr_pstrcat(test_pool(), test_source_dir(), "/tests/fixtures/export-small.ndjson", NULL);
    const char *said;

    CU_ASSERT(tool_ends(0, &said, "--version", NULL));
    CU_ASSERT(strstr(said, "civarcosctl ") == said);
    CU_ASSERT(tool_ends(0, &said, "--help", NULL));
    CU_ASSERT(strstr(said, "verify") != NULL && strstr(said, "restore") != NULL);
    CU_ASSERT(tool_ends(0, &said, "verify", "--help", NULL));
    CU_ASSERT(strstr(said, "--signed-head FILE") != NULL);
    CU_ASSERT(tool_ends(2, NULL, "unknown", NULL));
    CU_ASSERT(tool_ends(2, NULL, "verify", NULL));
    CU_ASSERT(tool_ends(2, NULL, "verify", "--unknown", NULL));
    CU_ASSERT(tool_ends(2, NULL, "verify", "--state", NULL));
    CU_ASSERT(tool_ends(2, NULL, "verify", "--to", "x", fixture, NULL));
    CU_ASSERT(tool_ends(2, NULL, "verify", fixture, fixture, NULL));
    CU_ASSERT(tool_ends(3, NULL, "verify", "/nonexistent/export.ndjson", NULL));
    CU_ASSERT(tool_ends(3, NULL, "verify", "--state", "/nonexistent", NULL));
    CU_ASSERT(tool_ends(3, NULL, "verify", "--backup", "/nonexistent", NULL));
    CU_ASSERT(tool_ends(3, NULL, "verify", "--database", fixture, NULL));
    CU_ASSERT(tool_ends(0, NULL, "verify", "--to", "3", fixture, NULL));
}

static const test_case_t cases[] = {
    {"under load", test_under_load},
    {"tampered database", test_tampered_database},
    {"ranges and pins", test_ranges_and_pins},
    {"damaged export", test_damaged_export},
    {"incomplete export", test_incomplete_export},
    {"pinned export", test_pinned_export},
    {"exit statuses", test_statuses},
    {NULL, NULL},
};

extern const test_suite_t ctl_verify_suite;
const test_suite_t ctl_verify_suite = {"ctl_verify", NULL, NULL, cases};
