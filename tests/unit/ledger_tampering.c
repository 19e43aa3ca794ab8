/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_tampering.c
 * Every column of every table that belongs to sealed blocks, changed by itself in several ways, rows deleted
 * and rows put in: validation names each, and the block. The columns are asked of the database, so that one that
 * is added is covered by itself.
 */
#include "ledger_fixture.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

typedef struct table_t {
    const char *name, *key;
    const char *block;   /**< SQL for the block of a row of saved_..., or NULL where it belongs to none */
    const char *counter; /**< a column that nothing is derived from: it tells caches to look again */
} table_t;

static const table_t tables[] = {
    {"civ_blocks", "height", "height", NULL},
    {"civ_entries", "leaf_index", "height", NULL},
    {"civ_head", "id", NULL, "generation"},
    {"civ_validators", "leaf_index", NULL, NULL},
    {"civ_votes", "(height * 100000.0 + registration)", NULL, NULL},
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* Four validators, one of them removed again; two blocks with votes, among them a contradiction. */
static void add_votes(fixture_t *fixture)
{
    apr_uint64_t decided, undecided;
    int i;

    for (i = 1; i <= 4; i++)
        fixture_register(fixture, i, 10 * i);
    decided = fixture_append(fixture, "{\"voted\":1}").height;
    fixture_unregister(fixture, 2);
    undecided = fixture_append(fixture, "{\"voted\":2}").height;
    for (i = 1; i <= 4; i++)
        CU_ASSERT_EQUAL(fixture_vote(fixture, i, decided, i != 3), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_vote(fixture, 4, undecided, 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_vote(fixture, 4, undecided, 1), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(fixture_vote(fixture, 1, undecided, 1), APR_SUCCESS);
}

static fixture_t *make_ledger(void)
{
    static const char *const texts[] = {"{\"a\":1,\"type\":\"first type\"}", "{\"type\":\"other\"}",
                                        "{\"c\":\"d\"}"};
    fixture_t *fixture = fixture_start();
    apr_size_t i;

    for (i = 1; i <= 3; i++)
        fixture_append_many(fixture, texts, i);
    fixture_append(fixture, "{\"a\":1,\"type\":\"first type\"}");
    fixture_append(fixture, "{\"z\":9,\"type\":\"last\"}");
    add_votes(fixture);
    for (i = 0; i < TABLES; i++)
        fixture_sql(fixture, "CREATE TABLE saved_%s AS SELECT * FROM %s", tables[i].name, tables[i].name);
    CU_ASSERT(fixture_is_clean(fixture));
    return fixture;
}

static void restore(const fixture_t *fixture, const table_t *table)
{
    fixture_sql(fixture, "BEGIN; DELETE FROM %s; INSERT INTO %s SELECT * FROM saved_%s; COMMIT", table->name,
                table->name, table->name);
}

/* Whether the table differs from what was saved, types of values included. */
static int is_changed(const fixture_t *fixture, const table_t *table, const apr_array_header_t *columns)
{
    const char *all = "''";
    int i;

    for (i = 0; i < columns->nelts; i++)
        all = apr_psprintf(test_pool(), "%s || '|' || quote(%s) || typeof(%s)", all,
                           APR_ARRAY_IDX(columns, i, const char *), APR_ARRAY_IDX(columns, i, const char *));
    return strcmp(
               fixture_value(fixture,
                             "SELECT CASE WHEN (SELECT COALESCE(group_concat(%s), '') FROM (SELECT * FROM %s "
                             "ORDER BY %s) r) <> (SELECT COALESCE(group_concat(%s), '') FROM (SELECT * FROM "
                             "saved_%s ORDER BY %s) s) THEN 1 ELSE 0 END",
                             all, table->name, table->key, all, table->name, table->key),
               "1") == 0;
}

static apr_array_header_t *columns_of(const fixture_t *fixture, const table_t *table)
{
    apr_array_header_t *columns = apr_array_make(test_pool(), 8, sizeof(const char *));
    const char *name;

    while ((name = fixture_value(fixture, "SELECT name FROM pragma_table_info('%s') WHERE cid = %d",
                                 table->name, columns->nelts)) != NULL)
        APR_ARRAY_PUSH(columns, const char *) = name;
    return columns;
}

/* The keys of the first, a middle and the last row. */
static apr_array_header_t *rows_of(const fixture_t *fixture, const table_t *table)
{
    apr_array_header_t *keys = apr_array_make(test_pool(), 3, sizeof(const char *));
    int place;

    for (place = 0; place <= 2; place++) {
        const char *key = fixture_value(
            fixture, "SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET (SELECT (COUNT(*) - 1) * %d / 2 FROM %s)",
            table->key, table->name, table->key, place, table->name);

        if (keys->nelts == 0 || strcmp(key, APR_ARRAY_IDX(keys, keys->nelts - 1, const char *)) != 0)
            APR_ARRAY_PUSH(keys, const char *) = key;
    }
    return keys;
}

/* New values for a column, with c for the old one. Those that break a constraint or change nothing are left out. */
static const char *const alterations[] = {
    /* integers, and what is no integer */
    "c + 1",
    "c - 1",
    "-1 - c",
    "c + 1000000",
    "9223372036854775807",
    "'junk'",
    "CAST(c AS TEXT) || '.5'",
    "''",
    /* texts */
    "CASE substr(c, 1, 1) WHEN 'a' THEN 'b' ELSE 'a' END || substr(c, 2)",
    "substr(c, 1, length(c) / 2) || CASE substr(c, length(c) / 2 + 1, 1) WHEN '1' THEN '2' ELSE '1' END || "
    "substr(c, length(c) / 2 + 2)",
    "substr(c, 1, length(c) - 1) || CASE substr(c, length(c)) WHEN '0' THEN '1' ELSE '0' END",
    "substr(c, 1, length(c) - 1)",
    "substr(c, 2)",
    "c || '0'",
    "c || ' '",
    "' ' || c",
    "c || char(0) || 'junk'",
    "char(0) || c",
    "upper(c)",
    "CAST(x'ff' || c AS TEXT)",
    /* the same bytes as another type, which no comparison finds any more */
    "CAST(c AS BLOB)",
    "CAST(CAST(c AS TEXT) AS BLOB)",
};
#define ALTERATIONS (sizeof(alterations) / sizeof(alterations[0]))

typedef struct walk_t {
    fixture_t *fixture;
    const table_t *table;
    const apr_array_header_t *columns;
    const char *column, *key;
    apr_int64_t block;
    int tried, missed;
} walk_t;

/* After a change: a fault must be named. Then all is put back, and there must be none. */
static void judge(walk_t *walk, const char *what)
{
    fixture_faults_t *faults;

    if (!is_changed(walk->fixture, walk->table, walk->columns))
        return;
    faults = fixture_validate(walk->fixture, 0, APR_UINT64_MAX);
    walk->tried++;
    if (!fixture_names(faults, walk->block, NULL)) {
        walk->missed++;
        test_note("%s.%s of row %s: %s: %d faults, none of block %" APR_INT64_T_FMT, walk->table->name,
                  walk->column, walk->key, what, faults->count, walk->block);
    }
    restore(walk->fixture, walk->table);
    if (!fixture_is_clean(walk->fixture))
        walk->missed++;
}

/* Where the column is part of a key that must be unique, what cannot be is left out. */
static void swap_values(const walk_t *walk, const char *other)
{
    const table_t *table = walk->table;
    const char *neither =
        strcmp(fixture_value(walk->fixture, "SELECT type FROM pragma_table_info('%s') WHERE name = '%s'",
                             table->name, walk->column),
               "BIGINT") == 0
            ? "-77"
            : "''";
    const char *const rows[] = {walk->key, other};
    int i;

    fixture_sql(walk->fixture, "UPDATE OR IGNORE %s SET %s = %s WHERE %s = %s", table->name, walk->column,
                neither, table->key, walk->key);
    for (i = 0; i < 2; i++)
        fixture_sql(walk->fixture,
                    "UPDATE OR IGNORE %s SET %s = (SELECT %s FROM saved_%s WHERE %s = %s) WHERE %s = %s",
                    table->name, walk->column, walk->column, table->name, table->key, rows[i], table->key,
                    rows[1 - i]);
}

/* Values trade places with those of the next row; of keys, the rows do. */
static void swap_with_another_row(walk_t *walk)
{
    const table_t *table = walk->table;
    const char *other =
        fixture_value(walk->fixture, "SELECT %s FROM saved_%s WHERE %s <> %s ORDER BY abs(%s - %s) LIMIT 1",
                      table->key, table->name, table->key, walk->key, table->key, walk->key);

    if (other == NULL)
        return;
    if (strcmp(walk->column, table->key) == 0)
        fixture_sql(walk->fixture,
                    "BEGIN; UPDATE %s SET %s = -77 WHERE %s = %s; UPDATE %s SET %s = %s WHERE %s = %s; "
                    "UPDATE %s SET %s = %s WHERE %s = -77; COMMIT",
                    table->name, table->key, table->key, walk->key, table->name, table->key, walk->key,
                    table->key, other, table->name, table->key, other, table->key);
    else
        swap_values(walk, other);
    judge(walk, apr_psprintf(test_pool(), "swapped with row %s", other));
}

static void alter_column(walk_t *walk)
{
    size_t i;

    for (i = 0; i < ALTERATIONS; i++) {
        const char *value =
            apr_psprintf(test_pool(), "(SELECT %s FROM (SELECT %s AS c FROM saved_%s WHERE %s = %s) s)",
                         alterations[i], walk->column, walk->table->name, walk->table->key, walk->key);

        fixture_sql(walk->fixture, "UPDATE OR IGNORE %s SET %s = %s WHERE %s = %s AND typeof(%s) <> 'null'%s",
                    walk->table->name, walk->column, value, walk->table->key, walk->key, value,
                    strcmp(walk->column, walk->table->key) != 0
                        ? ""
                        : apr_psprintf(test_pool(), " AND typeof(%s) = 'integer'", value));
        judge(walk, alterations[i]);
    }
}

/* Each row for each column; or, where that takes too long, one row for each fourth column. */
static void walk_table(const char *name)
{
    fixture_t *fixture = make_ledger();
    walk_t walk = {.fixture = fixture, .table = tables};
    apr_array_header_t *keys;
    int i, j;

    while (strcmp(walk.table->name, name) != 0)
        walk.table++;
    keys = rows_of(fixture, walk.table);
    walk.columns = columns_of(fixture, walk.table);
    CU_ASSERT_FATAL(walk.columns->nelts >= 3 && keys->nelts >= 1);
    for (i = 0; i < walk.columns->nelts; i++) {
        for (j = 0; j < keys->nelts; j++) {
            const char *block;
            int before = walk.tried;

            if (test_is_slow() && (j != i % keys->nelts || i != 1))
                continue;
            walk.column = APR_ARRAY_IDX(walk.columns, i, const char *);
            if (walk.table->counter != NULL && strcmp(walk.column, walk.table->counter) == 0)
                continue;
            walk.key = APR_ARRAY_IDX(keys, j, const char *);
            block = walk.table->block == NULL
                        ? "-1"
                        : fixture_value(fixture, "SELECT %s FROM saved_%s r WHERE %s = %s", walk.table->block,
                                        name, walk.table->key, walk.key);
            walk.block = apr_atoi64(block);
            alter_column(&walk);
            swap_with_another_row(&walk);
            /* PostgreSQL's integers take nothing beyond their range, and some are at its end already. */
            CU_ASSERT(walk.tried >= before + (database_is_pgsql() ? 2 : 3));
        }
    }
    test_note("%s: %d changes", name, walk.tried);
    CU_ASSERT_EQUAL(walk.missed, 0);
}

static void every_column_of_blocks(void)
{
    walk_table("civ_blocks");
}

static void every_column_of_entries(void)
{
    walk_table("civ_entries");
}

static void every_column_of_the_head(void)
{
    walk_table("civ_head");
}

static void every_column_of_validators(void)
{
    walk_table("civ_validators");
}

static void every_column_of_votes(void)
{
    walk_table("civ_votes");
}

/* A new table of the ledger must be added to the walk, or here to those that belong to no sealed block. */
static void every_table_is_walked(void)
{
    fixture_t *fixture = make_ledger();

    CU_ASSERT_STRING_EQUAL(
        fixture_value(fixture,
                      "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'table' "
                      "AND name LIKE 'civ%%' ORDER BY name) n"),
        "civ_blocks,civ_entries,civ_head,civ_idempotency,civ_pending,civ_replay,civ_schema,civ_validators,"
        "civ_votes");
}

static void deleted_rows_are_named(void)
{
    fixture_t *fixture = make_ledger();
    size_t i;
    int j;

    for (i = 0; i < TABLES; i++) {
        apr_array_header_t *keys = rows_of(fixture, &tables[i]);

        for (j = 0; j < keys->nelts; j++) {
            const char *key = APR_ARRAY_IDX(keys, j, const char *);
            const char *block = tables[i].block == NULL
                                    ? "-1"
                                    : fixture_value(fixture, "SELECT %s FROM saved_%s r WHERE %s = %s",
                                                    tables[i].block, tables[i].name, tables[i].key, key);

            fixture_sql(fixture, "DELETE FROM %s WHERE %s = %s", tables[i].name, tables[i].key, key);
            CU_ASSERT(fixture_finds(fixture, apr_atoi64(block), NULL));
            restore(fixture, &tables[i]);
            CU_ASSERT(fixture_is_clean(fixture));
        }
        fixture_sql(fixture, "DELETE FROM %s", tables[i].name);
        CU_ASSERT(fixture_finds(fixture, -1, NULL));
        restore(fixture, &tables[i]);
    }
    CU_ASSERT(fixture_is_clean(fixture));
}

/* Copies of real rows under keys that are not the chain's. */
static void stray_rows_are_named(void)
{
    static const char *const keys[] = {"-1", "-9223372036854775807", "1000", "9223372036854775807"};
    static const struct {
        int table;
        const char *insert, *words;
    } rows[] = {
        {0,
         "INSERT INTO civ_blocks SELECT %s, upper(hash), header, signature FROM civ_blocks WHERE "
         "height = 5",
         "block row %s does not belong to the chain"},
        {1,
         "INSERT INTO civ_entries SELECT %s, height, leaf_hash, evidence_hash, type, payload FROM "
         "civ_entries "
         "WHERE leaf_index = 5",
         "entry row %s does not belong to the chain"},
        {2,
         "INSERT INTO civ_head SELECT %s, height, block_hash, leaf_count, frontier, difficulty, generation "
         "FROM "
         "civ_head",
         "more than one head row"},
    };
    fixture_t *fixture = make_ledger();
    size_t i, j;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
            const char *words =
                strstr(rows[i].words, "%s") == NULL
                    ? rows[i].words
                    : apr_pstrcat(test_pool(),
                                  strstr(rows[i].words, "block") == rows[i].words ? "block row " : "row ",
                                  keys[j], " does not belong to the chain", NULL);
            const char *at = strstr(rows[i].insert, "%s");

            fixture_sql(fixture, "%s%s%s",
                        apr_pstrndup(test_pool(), rows[i].insert, (apr_size_t)(at - rows[i].insert)), keys[j],
                        at + 2);
            CU_ASSERT(fixture_finds(fixture, -1, words));
            restore(fixture, &tables[rows[i].table]);
            CU_ASSERT(fixture_is_clean(fixture));
        }
    }
}

/* One past the end, where the next append would put its own. */
static void rows_just_past_the_end_are_named(void)
{
    fixture_t *fixture = make_ledger();
    civ_ledger_head_t head = fixture_head(fixture);

    fixture_sql(fixture,
                "INSERT INTO civ_entries SELECT %" APR_UINT64_T_FMT
                ", height, leaf_hash, evidence_hash, type, payload FROM civ_entries WHERE leaf_index = 1",
                head.frontier.size);
    CU_ASSERT(fixture_finds(fixture, -1, "does not belong to the chain"));
    restore(fixture, &tables[1]);
    fixture_sql(fixture,
                "INSERT INTO civ_blocks SELECT (SELECT MAX(height) + 1 FROM civ_blocks), upper(hash), "
                "header, signature FROM civ_blocks WHERE height = 5");
    CU_ASSERT(fixture_finds(fixture, -1, "does not belong to the chain"));
    restore(fixture, &tables[0]);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* SQLite keeps an index in pages of its own. One that is led to the pages of a smaller one hides what these lack. */
static void hidden_index_rows_are_named(void)
{
    static const char *const indexes[] = {
        "civ_entries_by_hash",       "civ_entries_by_type",   "civ_blocks_hash",     "civ_votes_by_height",
        "civ_votes_by_registration", "civ_validators_by_end", "civ_validators_by_id"};
    static const char *const others[] = {"civ_entries (evidence_hash, leaf_index) WHERE leaf_index < 2",
                                         "civ_entries (type, leaf_index) WHERE leaf_index < 2",
                                         "civ_blocks (hash) WHERE height < 2",
                                         "civ_votes (height, registration) WHERE verdict > 1",
                                         "civ_votes (registration, verdict) WHERE verdict > 1",
                                         "civ_validators (end_height, leaf_index) WHERE end_height > 99",
                                         "civ_validators (validator_id, leaf_index) WHERE end_height > 99"};
    size_t i;

    for (i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        fixture_t *fixture = make_ledger();

        fixture_sql(fixture, "CREATE INDEX smaller ON %s", others[i]);
        CU_ASSERT(fixture_is_clean(fixture));
        fixture_sql(
            fixture,
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM "
            "sqlite_master WHERE name = 'smaller') WHERE name = '%s'; DELETE FROM sqlite_master WHERE "
            "name = 'smaller'",
            indexes[i]);
        fixture_close(fixture);
        CU_ASSERT_EQUAL(fixture_open(fixture), APR_SUCCESS);
        CU_ASSERT(fixture_finds(fixture, -1, "does not hold what its table holds"));
    }
}

static void triggers_and_views_are_named(void)
{
    fixture_t *fixture = make_ledger();

    fixture_sql(
        fixture,
        database_is_pgsql()
            ? "CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM civ_pending; "
              "RETURN NULL; END $$; CREATE TRIGGER thief AFTER INSERT ON civ_pending EXECUTE FUNCTION steal()"
            : "CREATE TRIGGER thief AFTER INSERT ON civ_pending BEGIN DELETE FROM civ_pending; END");
    CU_ASSERT(fixture_finds(fixture, -1, "1 triggers or views"));
    fixture_sql(fixture, database_is_pgsql() ? "DROP TRIGGER thief ON civ_pending" : "DROP TRIGGER thief");
    CU_ASSERT(fixture_is_clean(fixture));
    fixture_sql(fixture, "CREATE VIEW look AS SELECT 1");
    CU_ASSERT(fixture_finds(fixture, -1, "1 triggers or views"));
    fixture_sql(fixture, "DROP VIEW look");
    CU_ASSERT(fixture_is_clean(fixture));
}

static const test_case_t cases[] = {
    {"every_column_of_blocks", every_column_of_blocks},
    {"every_column_of_entries", every_column_of_entries},
    {"every_column_of_the_head", every_column_of_the_head},
    {"every_column_of_validators", every_column_of_validators},
    {"every_column_of_votes", every_column_of_votes},
    {"every_table_is_walked", every_table_is_walked},
    {"deleted_rows_are_named", deleted_rows_are_named},
    {"stray_rows_are_named", stray_rows_are_named},
    {"rows_just_past_the_end_are_named", rows_just_past_the_end_are_named},
    {"hidden_index_rows_are_named", hidden_index_rows_are_named},
    {"triggers_and_views_are_named", triggers_and_views_are_named},
    {NULL, NULL},
};

const test_suite_t ledger_tampering_suite = {"ledger_tampering", NULL, NULL, cases};
