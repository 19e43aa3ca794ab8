/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file tampering_walk.c
 * A walk through the schema: every column of every table that belongs to sealed blocks is changed, one at a time, in
 * several ways, in a row in the middle and in the last one; each time the server has to name the block.
 */
#include "config.h"

#include "integration/ballot.h"
#include "integration/tampering.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define MIDDLE 4

typedef struct table_t {
    const char *name;
    const char *key;      /* the column that names a row */
    int rows[2];          /* by their keys; -1: there is no second one */
    apr_int64_t block[2]; /* that they belong to */
    const char *counter;  /* a column that nothing is derived from: it tells caches to look again */
} table_t;

/* Block 0 has one entry, each other one two. */
#define MIDDLE_LEAF (2 * MIDDLE)
#define LAST_LEAF   (2 * TAMPERING_LAST)

/* Behind them, three validators are registered, and vote on a block of one entry, which is the newest. */
#define VALIDATORS     3
#define VALIDATOR_LEAF (LAST_LEAF + 1)
#define VOTED          (TAMPERING_LAST + VALIDATORS + 1)

static const table_t tables[] = {
    {"civ_blocks", "height", {MIDDLE, TAMPERING_LAST}, {MIDDLE, TAMPERING_LAST}, NULL},
    {"civ_entries", "leaf_index", {MIDDLE_LEAF, LAST_LEAF}, {MIDDLE, TAMPERING_LAST}, NULL},
    {"civ_validators", "leaf_index", {VALIDATOR_LEAF, -1}, {TAMPERING_LAST + 1, VOTED}, NULL},
    {"civ_votes",
     "(height * 100.0 + registration)",
     {VOTED * 100 + VALIDATOR_LEAF, -1},
     {VOTED, VOTED},
     NULL},
    {"civ_head", "id", {1, -1}, {VOTED, VOTED + 1}, "generation"},
    {NULL, NULL, {0, 0}, {0, 0}, NULL},
};

/* What is not part of a sealed block, and why it need not be. A name that ends in '_' is the beginning of several. */
static const struct {
    const char *name;
    const char *reason;
} others[] = {
    {"civ_pending", "evidence that is not sealed yet, so nothing has been promised about it"},
    {"civ_idempotency", "answers to repeated requests; the block they name is read and checked anew"},
    {"civ_replay", "nonces of signed requests, which are forgotten after a while"},
    {"civ_fed_", "the federation: the ledger has digests of what happened there"},
    {"civ_sync_", "the sync engine's own work: jobs, cursors, configurations"},
    {"civ_timeline_", "what platforms told: the ledger has digests of it"},
    {"civ_schema", "which version the tables have"},
    {NULL, NULL},
};

/* In these, %s is the column. */
static const char *const key_changes[] = {"%s + 1000000", "-%s - 7", NULL};
static const char *const number_changes[] = {
    "%s + 1000000", "%s - 1", "-%s - 7", "CAST(CAST(%s AS TEXT) AS BLOB)", "%s || ' '", "%s + 0.5", NULL};
static const char *const text_changes[] = {
    "CASE substr(%s, 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(%s, 2)",
    "substr(%s, 1, length(%s) - 1)",
    "substr(%s, 1, length(%s) - 1) || 'b'",
    "%s || ' '",
    "%s || char(0) || 'x'",
    "upper(%s)",
    "''",
    "0",
    "CAST(%s AS BLOB)",
    NULL};

static harness_t *server;

static void vote(http_client_t *web)
{
    int i;

    for (i = 1; i <= VALIDATORS; i++) {
        CU_ASSERT_EQUAL(ballot_register(web, i, 5)->status, 201);
    }
    CU_ASSERT_EQUAL(http_json_int(scenario_add(web, 1), "/block/index"), VOTED);
    for (i = 1; i <= VALIDATORS; i++) {
        CU_ASSERT_EQUAL(ballot_vote(web, i, VOTED, i < VALIDATORS)->status, 200);
    }
}

static int setup(void)
{
    server = tampering_start();
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static const char *put_in(const char *change, const char *column)
{
    const char *parts[] = {"", "", ""};
    const char *mark;
    int i = 0;

    while ((mark = strstr(change, "%s"))) {
        parts[i++] = apr_pstrmemdup(test_pool(), change, (apr_size_t)(mark - change));
        change = mark + 2;
    }
    return i == 0   ? change
           : i == 1 ? apr_pstrcat(test_pool(), parts[0], column, change, NULL)
                    : apr_pstrcat(test_pool(), parts[0], column, parts[1], column, change, NULL);
}

/* Change one value. @return 0 when it makes no difference */
static int change_value(const table_t *table, const char *column, int row, const char *change)
{
    const char *database = tampering_database(server);
    const char *where = apr_psprintf(test_pool(), "WHERE %s = %d", table->key, table->rows[row]);
    const char *before = apr_psprintf(test_pool(), "SELECT quote(%s) FROM %s %s", column, table->name, where);
    const char *value = scenario_sql_text(database, before);
    const char *rowid = apr_psprintf(test_pool(), "SELECT count(*) FROM %s WHERE quote(%s) = %s", table->name,
                                     column, apr_psprintf(test_pool(), "quote(%s)", value));
    const char *same = scenario_sql_text(database, rowid);

    /* A key that another row has already is left as it is. */
    CU_ASSERT_EQUAL(scenario_sql(database, apr_psprintf(test_pool(), "UPDATE OR IGNORE %s SET %s = %s %s",
                                                        table->name, column, put_in(change, column), where)),
                    0);
    return strcmp(scenario_sql_text(database, rowid), same) != 0;
}

/* The reports must tell a changed hash or header from what was stored. */
static int hashes_are_told(http_client_t *web, apr_int64_t index)
{
    http_response_t *response = http_get(web, "/api/blockchain/tampering");
    int i;

    for (i = 0; i < http_json_count(response, "/tampered"); i++) {
        const char *at = apr_psprintf(test_pool(), "/tampered/%d", i);

        if (http_json_int(response, apr_pstrcat(test_pool(), at, "/block_index", NULL)) == index) {
            return strcmp(http_json_text(response, apr_pstrcat(test_pool(), at, "/stored_hash", NULL)),
                          http_json_text(response, apr_pstrcat(test_pool(), at, "/calculated_hash", NULL))) !=
                   0;
        }
    }
    return 0;
}

static int is_well(void *web)
{
    return http_get(web, "/api/health")->status == 200;
}

static void walk_column(http_client_t *web, const table_t *table, const char *column, const char *type)
{
    int is_text = strstr(type, "CHAR") || strcmp(type, "TEXT") == 0;
    /* SQLite itself holds the keys to be integers. */
    const char *const *changes = is_text                           ? text_changes
                                 : strcmp(column, table->key) == 0 ? key_changes
                                                                   : number_changes;
    const char *const *change;
    int made = 0;
    int row;

    for (row = 0; row < 2 && table->rows[row] >= 0; row++) {
        for (change = changes; *change; change++) {
            if (!change_value(table, column, row, *change)) {
                continue;
            }
            made++;
            /* A head row may also claim a block that there never was. */
            if (!tampering_is_named(web, table->block[row], NULL) &&
                !(table->rows[1] < 0 && tampering_is_named(web, table->block[1], NULL))) {
                test_note("%s.%s = %s goes unnoticed in row %d", table->name, column, *change,
                          table->rows[row]);
                CU_FAIL("a change goes unnoticed");
            }
            if (change == text_changes && strcmp(table->name, "civ_blocks") == 0 &&
                strcmp(column, "signature") != 0) {
                CU_ASSERT(hashes_are_told(web, table->block[row]));
            }
            CU_ASSERT_EQUAL(tampering_restore(server), 0);
            http_forget(web);
        }
    }
    /* PostgreSQL's integers take nothing beyond their range, and some are at its end already. */
    CU_ASSERT(made >= (database_is_pgsql() ? 1 : 2));
    CU_ASSERT(scenario_is_valid(web));
}

static void test_every_column(void)
{
    http_client_t *web = http_client(server->url, test_pool());
    const char *database = tampering_database(server);
    const table_t *table;
    int columns = 0;

    vote(web);
    CU_ASSERT_EQUAL_FATAL(tampering_save(server), 0);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT_EQUAL(tampering_count(web), 0);
    for (table = tables; table->name; table++) {
        const char *column;
        int i;

        for (i = 0; (column = scenario_sql_text(
                         database,
                         apr_psprintf(test_pool(), "SELECT name FROM pragma_table_info('%s') WHERE cid = %d",
                                      table->name, i)));
             i++) {
            if (table->counter && strcmp(column, table->counter) == 0) {
                continue;
            }
            walk_column(web, table, column,
                        scenario_sql_text(database, apr_psprintf(test_pool(),
                                                                 "SELECT type FROM pragma_table_info('%s') "
                                                                 "WHERE cid = %d",
                                                                 table->name, i)));
            columns++;
        }
    }
    CU_ASSERT(columns >= 30);
    /* All is as it was; but nobody has looked into it yet. */
    CU_ASSERT(tampering_is_alarmed(web, "validation found block"));
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(tampering_is_alarmed(web, "validation found block"));
    tampering_lift_alarm(server);
    CU_ASSERT_EQUAL(harness_wait(is_well, web, 10), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT_EQUAL(scenario_add(web, 1)->status, 201);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0253", NULL));
}

/* A table that is new must be put into one of the two lists above. */
static void test_every_table(void)
{
    const char *database = tampering_database(server);
    const char *name;
    int i;

    for (i = 0;
         (name = scenario_sql_text(
              database,
              apr_psprintf(test_pool(),
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT "
                           "LIKE 'sqlite_%%' AND name NOT LIKE 'saved_%%' ORDER BY name LIMIT 1 OFFSET %d",
                           i)));
         i++) {
        int known = 0;
        int k;

        for (k = 0; tables[k].name; k++) {
            known += strcmp(tables[k].name, name) == 0;
        }
        for (k = 0; others[k].name; k++) {
            apr_size_t length = strlen(others[k].name);
            int begins = others[k].name[length - 1] == '_';

            known += begins ? strncmp(others[k].name, name, length) == 0 : strcmp(others[k].name, name) == 0;
        }
        if (known != 1) {
            test_note("nobody says whether %s belongs to sealed blocks", name);
        }
        CU_ASSERT_EQUAL(known, 1);
    }
    CU_ASSERT(i >= 6);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"every_table", test_every_table}, {"every_column", test_every_column}, {NULL, NULL}};

const test_suite_t tampering_walk_suite = {"tampering_walk", setup, teardown, cases};
