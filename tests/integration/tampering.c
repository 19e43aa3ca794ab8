/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file tampering.c
 * Rows that are gone, exchanged or invented, and chains that were made anew by somebody who can mine and sign.
 * tampering_walk.c changes single values.
 */
#include "config.h"

#include "integration/tampering.h"

#include "integration/rewrite.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG "CivarcosLedgerName " TAMPERING_NAME "\nCivarcosDifficulty 4\nCivarcosSealInterval 1h\n"

/* -- The ledger
 * -------------------------------------------------------------------------------------------------------- */

const char *tampering_database(const harness_t *server)
{
    return scenario_file(server, "ledger/civarcos.db");
}

harness_t *tampering_start(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};
    harness_t *server = harness_start(&options);
    http_client_t *web;
    int i;

    if (!server) {
        return NULL;
    }
    web = http_client(server->url, test_pool());
    for (i = 1; i <= TAMPERING_LAST; i++) {
        const char *json = apr_psprintf(
            test_pool(), "{\"evidence\":[{\"type\":\"ab\",\"n\":%d},{\"type\":\"ab\",\"n\":%d}]}", 2 * i,
            2 * i + 1);

        if (http_json_int(http_post(web, "/api/blockchain/add", json), "/block/index") != i) {
            harness_stop(server);
            return NULL;
        }
    }
    if (tampering_save(server)) {
        harness_stop(server);
        return NULL;
    }
    return server;
}

/* Everything that belongs to sealed blocks and votes. */
static const char *const tables[] = {"civ_blocks", "civ_entries", "civ_validators",
                                     "civ_votes",  "civ_head",    NULL};

/* For each table, @a first, its name, @a second, its name, @a third. */
static const char *for_each_table(const char *first, const char *second, const char *third)
{
    const char *all = "";
    int i;

    for (i = 0; tables[i]; i++) {
        all = apr_pstrcat(test_pool(), all, first, tables[i], second, tables[i], third, NULL);
    }
    return all;
}

int tampering_save(const harness_t *server)
{
    const char *saved = scenario_file(server, "saved.db");

    if (database_is_pgsql()) {
        return scenario_sql(
            tampering_database(server),
            apr_pstrcat(test_pool(), for_each_table("DROP TABLE IF EXISTS saved_", "; -- ", "\n"),
                        for_each_table("CREATE TABLE saved_", " AS SELECT * FROM ", "; "), NULL));
    }
    unlink(saved);
    return scenario_sql(tampering_database(server), apr_psprintf(test_pool(), "VACUUM INTO '%s'", saved));
}

void tampering_lift_alarm(const harness_t *server)
{
    CU_ASSERT_EQUAL(unlink(scenario_file(server, "ledger/read-only")), 0);
}

int tampering_restore(const harness_t *server)
{
    const char *begin = "BEGIN; ";
    const char *put_back =
        apr_pstrcat(test_pool(), for_each_table("DELETE FROM ", "; -- ", "\n"),
                    for_each_table("INSERT INTO ", " SELECT * FROM saved_", "; "), "COMMIT", NULL);

    if (!database_is_pgsql()) {
        begin = apr_psprintf(test_pool(), "PRAGMA synchronous = OFF; ATTACH '%s' AS saved; BEGIN IMMEDIATE; ",
                             scenario_file(server, "saved.db"));
        put_back = apr_pstrcat(test_pool(), for_each_table("DELETE FROM main.", "; -- ", "\n"),
                               for_each_table("INSERT INTO main.", " SELECT * FROM saved.", "; "),
                               "COMMIT; DETACH saved", NULL);
    }
    return scenario_sql(tampering_database(server), apr_pstrcat(test_pool(), begin, put_back, NULL));
}

/* -- The reports
 * ------------------------------------------------------------------------------------------------------- */

static int has_word(const char *text, const char *word)
{
    const char *found = strstr(text, word);

    return found && !(found[strlen(word)] >= '0' && found[strlen(word)] <= '9');
}

/* "block 12" or "block row 12" in a text, but not "block 123". */
static int mentions(const char *text, apr_int64_t index)
{
    return has_word(text, apr_psprintf(test_pool(), "block %" APR_INT64_T_FMT, index)) ||
           has_word(text, apr_psprintf(test_pool(), "block row %" APR_INT64_T_FMT, index));
}

static const char *fault_text(const http_response_t *response, const char *list, int report, int fault)
{
    return http_json_text(response, apr_psprintf(test_pool(), "%s/%d/errors/%d", list, report, fault));
}

static int is_named_in(const http_response_t *response, const char *list, apr_int64_t index,
                       const char *words)
{
    int named = 0;
    int said = words == NULL;
    int i;
    int k;

    for (i = 0; i < http_json_count(response, list); i++) {
        const char *at = apr_psprintf(test_pool(), "%s/%d", list, i);
        int here = http_json_int(response, apr_pstrcat(test_pool(), at, "/block_index", NULL)) == index;

        for (k = 0; k < http_json_count(response, apr_pstrcat(test_pool(), at, "/errors", NULL)); k++) {
            const char *text = fault_text(response, list, i, k);

            named |= here || mentions(text, index);
            said |= words && strstr(text, words);
        }
    }
    if (!named || !said) {
        test_note("block %d is not named (or not by \"%s\"): %s", (int)index, words ? words : "",
                  response->body);
    }
    return named && said;
}

int tampering_is_named(http_client_t *web, apr_int64_t index, const char *words)
{
    http_response_t *validation = http_get(web, "/api/blockchain/validate");
    http_response_t *tampering = http_get(web, "/api/blockchain/tampering");
    int i;
    int complete = 1;

    for (i = 0; i < http_json_count(tampering, "/tampered"); i++) {
        const char *at = apr_psprintf(test_pool(), "/tampered/%d", i);

        complete &= http_json(tampering, apr_pstrcat(test_pool(), at, "/stored_hash", NULL)) != NULL &&
                    http_json(tampering, apr_pstrcat(test_pool(), at, "/calculated_hash", NULL)) != NULL;
    }
    return validation->status == 200 && tampering->status == 200 && complete &&
           http_json_bool(validation, "/validation/is_valid") == 0 &&
           is_named_in(validation, "/validation/errors", index, words) &&
           is_named_in(tampering, "/tampered", index, words);
}

int tampering_count(http_client_t *web)
{
    return (int)http_json_int(http_get(web, "/api/blockchain/tampering"), "/count");
}

int tampering_is_alarmed(http_client_t *web, const char *reason)
{
    http_response_t *health = http_get(web, "/api/health");
    http_response_t *added = scenario_add(web, 1);

    if (health->status == 503 && strcmp(http_json_text(health, "/status"), "degraded") == 0 &&
        strstr(http_json_text(health, "/read_only"), reason) && http_is_problem(added, 503) &&
        strcmp(http_json_text(added, "/type"), "urn:civarcos:problem:read-only") == 0) {
        return 1;
    }
    test_note("no alarm \"%s\": %s; %s", reason, health->body, added->body);
    return 0;
}

/* -- Cases: each has a ledger of its own
 * ------------------------------------------------------------------------------ */

static void change(const harness_t *server, const char *sql)
{
    CU_ASSERT_EQUAL(scenario_sql(tampering_database(server), sql), 0);
}

/* Do it, see it named, undo it. */
static void expect_named(harness_t *server, const char *sql, apr_int64_t index, const char *words)
{
    http_client_t *web = http_client(server->url, test_pool());

    change(server, sql);
    CU_ASSERT(tampering_is_named(web, index, words));
    CU_ASSERT_EQUAL(tampering_restore(server), 0);
    CU_ASSERT(scenario_is_valid(web));
}

static void test_rows_gone(void)
{
    harness_t *server = tampering_start();

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    expect_named(server, "DELETE FROM civ_entries WHERE leaf_index = 8", 4, "is missing");
    expect_named(server, "DELETE FROM civ_entries WHERE leaf_index = 18", 9, "is missing");
    expect_named(server, "DELETE FROM civ_entries", 5, "is missing");
    expect_named(server, "DELETE FROM civ_blocks WHERE height = 4", 4, "the block is missing");
    expect_named(server, "DELETE FROM civ_blocks WHERE height = 0", 0, "the block is missing");
    expect_named(server, "DELETE FROM civ_blocks WHERE height = 9", 9, "is missing");
    expect_named(server, "DELETE FROM civ_blocks", 9, NULL);
    expect_named(server, "DELETE FROM civ_head", 9, "the head row is missing");
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_rows_too_many(void)
{
    harness_t *server = tampering_start();

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    expect_named(server,
                 "INSERT INTO civ_head SELECT 2, height, block_hash, leaf_count, frontier, difficulty, "
                 "generation FROM civ_head",
                 9, "more than one head row");
    expect_named(server,
                 "INSERT INTO civ_blocks SELECT 10, upper(hash), header, signature FROM civ_blocks WHERE "
                 "height = 9",
                 9, "does not belong");
    expect_named(server,
                 "INSERT INTO civ_blocks SELECT -1, upper(hash), header, signature FROM civ_blocks WHERE "
                 "height = 9",
                 9, "does not belong");
    expect_named(
        server,
        "INSERT INTO civ_entries SELECT 19, height, leaf_hash, evidence_hash, type, payload FROM civ_entries "
        "WHERE leaf_index = 18",
        9, "does not belong");
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* SQL in which %s stands for where the tables were saved: a database beside, or names with a prefix. */
static void change_by_saved(harness_t *server, const char *sql)
{
    const char *mark = strstr(sql, "%s");
    const char *attach =
        apr_psprintf(test_pool(), "ATTACH '%s' AS saved; ", scenario_file(server, "saved.db"));

    change(server, apr_psprintf(test_pool(), "%s%.*s%s%s", database_is_pgsql() ? "" : attach,
                                (int)(mark - sql), sql, database_is_pgsql() ? "saved_" : "saved.", mark + 2));
}

static void test_swapped(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    change_by_saved(server, "UPDATE civ_blocks SET signature = (SELECT b.signature FROM %sciv_blocks b WHERE "
                            "b.height = 7 - civ_blocks.height) WHERE height IN (3, 4)");
    CU_ASSERT(tampering_is_named(web, 3, "the signature is not the ledger's"));
    CU_ASSERT(tampering_is_named(web, 4, "the signature is not the ledger's"));
    CU_ASSERT_EQUAL(tampering_count(web), 2);
    CU_ASSERT_EQUAL(tampering_restore(server), 0);
    change_by_saved(server,
                    "UPDATE civ_entries SET (leaf_hash, payload) = (SELECT e.leaf_hash, e.payload FROM "
                    "%sciv_entries e WHERE e.leaf_index = 17 - civ_entries.leaf_index) WHERE leaf_index IN "
                    "(8, 9)");
    CU_ASSERT(tampering_is_named(web, 4, "evidence root"));
    CU_ASSERT(tampering_is_named(web, 5, "evidence root"));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* The end cut off, with a head row that fits: only the signed head tells. */
static void test_cut_short(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    CU_ASSERT_EQUAL(rewrite_cut(tampering_database(server), TAMPERING_LAST), 0);
    /* No validation is needed to notice it: who writes compares. */
    CU_ASSERT(http_is_problem(scenario_add(web, 1), 503));
    CU_ASSERT(tampering_is_alarmed(web, "block 9"));
    CU_ASSERT(tampering_is_named(web, TAMPERING_LAST, "blocks were removed"));
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(harness_log_has(server, "blocks were removed", 5));
    CU_ASSERT(tampering_is_alarmed(web, "block 9"));
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/block/3")->status, 200);
    CU_ASSERT_EQUAL(tampering_restore(server), 0);
    tampering_lift_alarm(server);
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0253", "CIV0317", "?CIV0254", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static rewrite_t forgery(const harness_t *server)
{
    rewrite_t what = {tampering_database(server),
                      scenario_file(server, "ledger/keys/ledger.pem"),
                      TAMPERING_NAME,
                      4,
                      NULL,
                      -1};

    return what;
}

static void test_less_work(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;
    rewrite_t what;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    what = forgery(server);
    what.difficulty = 0;
    CU_ASSERT_EQUAL(rewrite_tail(&what), 0);
    CU_ASSERT(tampering_is_named(web, 4, "the difficulty is 0 bits where policy demands 4"));
    CU_ASSERT(tampering_is_named(web, TAMPERING_LAST, "the difficulty is 0 bits where policy demands 4"));
    CU_ASSERT(tampering_is_alarmed(web, ""));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* By somebody who has the ledger's key: sound in itself, so that all depends on what is kept beside it. */
static void test_made_anew(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;
    rewrite_t what;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    what = forgery(server);
    what.payload = "{\"n\":0,\"type\":\"ab\"}";
    CU_ASSERT_EQUAL(rewrite_tail(&what), 0);
    CU_ASSERT(http_is_problem(scenario_add(web, 1), 503));
    CU_ASSERT(tampering_is_named(web, TAMPERING_LAST, "the chain was rewritten"));
    /* The forger has done everything else right. */
    CU_ASSERT_EQUAL(tampering_count(web), 1);
    CU_ASSERT_EQUAL(http_json_count(http_get(web, "/api/blockchain/tampering"), "/tampered/0/errors"), 1);
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(harness_log_has(server, "the chain was rewritten", 5));
    CU_ASSERT(tampering_is_alarmed(web, ""));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0253", "CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_signed_head_gone(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    CU_ASSERT_EQUAL(unlink(scenario_file(server, "ledger/signed-head")), 0);
    CU_ASSERT(tampering_is_named(web, TAMPERING_LAST, "there is no signed head beside the database"));
    CU_ASSERT(tampering_is_alarmed(web, "signed head"));
    /* An administrator who lifts the alarm and starts anew accepts the end as it is; the log says so. */
    tampering_lift_alarm(server);
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT_EQUAL(scenario_add(web, 1)->status, 201);
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0203", "?CIV0254", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_signed_head_damaged(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;
    unsigned long length;
    char *head;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    head = test_read_file(scenario_file(server, "ledger/signed-head"), &length);
    CU_ASSERT_EQUAL_FATAL(length, 2048);
    /* One slot may be torn by a crash; the other one counts. */
    memset(head + (TAMPERING_LAST % 2 ? 1024 : 0), 'x', 512);
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(server, "ledger/signed-head"), head, length), 0);
    CU_ASSERT(scenario_is_valid(web));
    memset(head, 'x', length);
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(server, "ledger/signed-head"), head, length), 0);
    CU_ASSERT(tampering_is_named(web, TAMPERING_LAST, "the signed head beside the database is damaged"));
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(tampering_is_alarmed(web, "the signed head beside the database is damaged"));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0253", "CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Reading notices it too, without a validation: what leaves here was hashed again on the way. */
static void test_noticed_by_reading(void)
{
    harness_t *server = tampering_start();
    http_client_t *web;
    const char *evidence;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    evidence = http_json_text(http_get(web, "/api/blockchain/block/4"), "/block/evidence_hashes/1");
    change(server, "UPDATE civ_entries SET payload = '{\"n\":0,\"type\":\"ab\"}' WHERE leaf_index = 8");
    CU_ASSERT(http_is_problem(
        http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", evidence, NULL)), 500));
    CU_ASSERT(tampering_is_alarmed(web, "block 4"));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {{"rows_gone", test_rows_gone},
                                    {"rows_too_many", test_rows_too_many},
                                    {"swapped", test_swapped},
                                    {"cut_short", test_cut_short},
                                    {"less_work", test_less_work},
                                    {"made_anew", test_made_anew},
                                    {"signed_head_gone", test_signed_head_gone},
                                    {"signed_head_damaged", test_signed_head_damaged},
                                    {"noticed_by_reading", test_noticed_by_reading},
                                    {NULL, NULL}};

const test_suite_t tampering_suite = {"tampering", NULL, NULL, cases};
