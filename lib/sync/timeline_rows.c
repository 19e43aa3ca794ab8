/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_rows.c
 * The tables of the timeline, the SQL of storing, and reading entries.
 *
 * An item's row is small, and repeats of its current version what lists are ordered and filtered by; what is large is with the
 * versions, which are written once.
 */
#include <apr_strings.h>

#include "base/status.h"
#include "sync/timeline_private.h"

static const char *const tables[] = {
    "CREATE TABLE civ_timeline_projects (CIV_KEY(project), source VARCHAR(32) NOT NULL, "
    "project_id VARCHAR(512) NOT NULL)",
    "CREATE UNIQUE INDEX civ_timeline_projects_by_id ON civ_timeline_projects (project_id, source)",

    "CREATE TABLE civ_timeline_items (CIV_KEY(item), item_key CHAR(64) NOT NULL, "
    "source VARCHAR(32) NOT NULL, type VARCHAR(32) NOT NULL, project BIGINT NOT NULL, "
    "timestamp BIGINT NOT NULL, placed BIGINT NOT NULL, version BIGINT NOT NULL, size BIGINT NOT NULL, "
    "versions BIGINT NOT NULL, attempt BIGINT NOT NULL, updated BIGINT NOT NULL, chosen BIGINT NOT NULL, "
    "origin BIGINT NOT NULL, revision BIGINT NOT NULL, content_hash CHAR(64) NOT NULL, "
    "status VARCHAR(16) NOT NULL, sha VARCHAR(64) NOT NULL, subject VARCHAR(64) NOT NULL, "
    "first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL, gone BIGINT NOT NULL, "
    "instance VARCHAR(512) NOT NULL, scope VARCHAR(512) NOT NULL, native_id VARCHAR(512) NOT NULL)",
    "CREATE UNIQUE INDEX civ_timeline_items_by_key ON civ_timeline_items (item_key)",
    "CREATE INDEX civ_timeline_by_time ON civ_timeline_items (timestamp, item)",
    "CREATE INDEX civ_timeline_by_type ON civ_timeline_items (type, timestamp, item)",
    "CREATE INDEX civ_timeline_by_source ON civ_timeline_items (source, timestamp, item)",
    "CREATE INDEX civ_timeline_by_source_type ON civ_timeline_items (source, type, timestamp, item)",
    "CREATE INDEX civ_timeline_by_project ON civ_timeline_items (project, timestamp, item)",
    "CREATE INDEX civ_timeline_by_project_type ON civ_timeline_items (project, type, timestamp, item)",
    "CREATE INDEX civ_timeline_items_by_sha ON civ_timeline_items (sha, item) WHERE sha <> ''",
    "CREATE INDEX civ_timeline_by_subject ON civ_timeline_items (sha, subject, item) WHERE subject <> ''",

    "CREATE TABLE civ_timeline_versions (CIV_KEY(number), item BIGINT NOT NULL, version BIGINT NOT NULL, "
    "timestamp BIGINT NOT NULL, project BIGINT NOT NULL, attempt BIGINT NOT NULL, updated BIGINT NOT NULL, "
    "chosen BIGINT NOT NULL, origin BIGINT NOT NULL, revision BIGINT NOT NULL, "
    "content_hash CHAR(64) NOT NULL, raw_hash CHAR(64) NOT NULL, entry_hash VARCHAR(64) NOT NULL, "
    "stored BIGINT NOT NULL, status VARCHAR(16) NOT NULL, title VARCHAR(1024) NOT NULL, "
    "author VARCHAR(256) NOT NULL, sha VARCHAR(64) NOT NULL, url VARCHAR(2048) NOT NULL, "
    "source_url VARCHAR(4096) NOT NULL, data TEXT NOT NULL)",
    "CREATE INDEX civ_timeline_versions_by_item ON civ_timeline_versions (item, version)",
    "CREATE INDEX civ_timeline_versions_by_content ON civ_timeline_versions (item, updated, attempt, "
    "content_hash)",

    /* Where items were before they went elsewhere, for those who read page after page meanwhile. */
    "CREATE TABLE civ_timeline_moves (CIV_KEY(move), item BIGINT NOT NULL, project BIGINT NOT NULL, "
    "timestamp BIGINT NOT NULL, placed BIGINT NOT NULL, version BIGINT NOT NULL)",
    "CREATE INDEX civ_timeline_moves_by_version ON civ_timeline_moves (version)",

    "CREATE TABLE civ_timeline_conflicts (CIV_KEY(conflict), item BIGINT NOT NULL, attempt BIGINT NOT NULL, "
    "updated BIGINT NOT NULL, state BIGINT NOT NULL, opened BIGINT NOT NULL, closed BIGINT NOT NULL, "
    "event TEXT NOT NULL)",
    "CREATE INDEX civ_timeline_conflicts_by_item ON civ_timeline_conflicts (item, conflict)",
    "CREATE INDEX civ_timeline_conflicts_open ON civ_timeline_conflicts (conflict) WHERE state = 0",

    "CREATE TABLE civ_timeline_contradictions (CIV_KEY(contradiction), sha VARCHAR(64) NOT NULL, "
    "subject VARCHAR(64) NOT NULL, state BIGINT NOT NULL, opened BIGINT NOT NULL, closed BIGINT NOT NULL, "
    "positions TEXT NOT NULL)",
    "CREATE UNIQUE INDEX civ_timeline_contradictions_by_subject ON civ_timeline_contradictions (sha, "
    "subject)",
    "CREATE INDEX civ_timeline_contradictions_open ON civ_timeline_contradictions (contradiction) WHERE "
    "state = 0",
    NULL,
};

static const civ_schema_step_t steps[] = {
    {1, "timeline, versions and conflicts", tables},
    {2, "totals of the timeline", civ_timeline_totals_tables},
};
const civ_schema_t civ_timeline_schema = {"timeline", steps, sizeof(steps) / sizeof(steps[0])};

#define KEYS_24                                                                                              \
    "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s"
#define NUMBERS_23                                                                                           \
    "%lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, " \
    "%lld, %lld, %lld, %lld, %lld, %lld"

const civ_statement_t civ_timeline_sql[SQL_TIMELINE_COUNT] = {
    [SQL_LAST_NUMBERS] = {"timeline_last",
                          "SELECT (SELECT COALESCE(MAX(item), 0) FROM civ_timeline_items), "
                          "(SELECT COALESCE(MAX(number), 0) FROM civ_timeline_versions), "
                          "(SELECT COALESCE(MAX(move), 0) FROM civ_timeline_moves), "
                          "(SELECT COALESCE(MAX(project), 0) FROM civ_timeline_projects), "
                          "(SELECT COALESCE(MAX(conflict), 0) FROM civ_timeline_conflicts), "
                          "(SELECT COALESCE(MAX(contradiction), 0) FROM civ_timeline_contradictions)"},
    [SQL_PROJECT_FIND] = {"timeline_project", "SELECT project FROM civ_timeline_projects WHERE "
                                              "project_id = %s AND source = %s"},
    [SQL_PROJECT_INSERT] = {"timeline_project_insert", "INSERT INTO civ_timeline_projects (project, source, "
                                                       "project_id) VALUES (%lld, %s, %s)"},
    [SQL_STATES] = {"timeline_states",
                    "SELECT item_key, item, versions, placed, version, project, timestamp, size, attempt, "
                    "updated, chosen, origin, revision, content_hash, status, sha, subject "
                    "FROM civ_timeline_items WHERE item_key IN (" KEYS_24 ") LIMIT 24"},
    [SQL_ITEM_INSERT] =
        {"timeline_item_insert",
         "INSERT INTO civ_timeline_items (item, item_key, source, type, project, timestamp, placed, version, "
         "size, versions, attempt, updated, chosen, origin, revision, content_hash, status, sha, subject, "
         "first_seen, last_seen, gone, instance, scope, native_id) VALUES (%lld, %s, %s, %s, %lld, %lld, 0, "
         "%lld, %lld, 1, %lld, %lld, 0, %lld, %lld, %s, %s, %s, %s, %lld, %lld, 0, %s, %s, %s)"},
    [SQL_ITEM_SEEN] = {"timeline_item_seen",
                       "UPDATE civ_timeline_items SET last_seen = %lld, gone = 0 WHERE item IN (" NUMBERS_23
                       ")"},
    [SQL_ITEM_GONE] = {"timeline_item_gone",
                       "UPDATE civ_timeline_items SET gone = %lld WHERE item_key = %s AND gone = 0"},
    [SQL_ITEM_RAISE] = {"timeline_item_raise", "UPDATE civ_timeline_items SET attempt = %lld, "
                                               "updated = %lld, chosen = %lld, origin = %lld, "
                                               "revision = %lld WHERE item = %lld"},
    [SQL_ITEM_TURN] =
        {"timeline_item_turn",
         "UPDATE civ_timeline_items SET project = %lld, timestamp = %lld, placed = %lld, version = %lld, "
         "size = %lld, versions = %lld, attempt = %lld, updated = %lld, chosen = %lld, origin = %lld, "
         "revision = %lld, content_hash = %s, status = %s, sha = %s, subject = %s WHERE item = %lld"},
    [SQL_ITEM_GROWN] = {"timeline_item_grown",
                        "UPDATE civ_timeline_items SET versions = %lld WHERE item = %lld"},
    [SQL_VERSION_INSERT] =
        {"timeline_version_insert",
         "INSERT INTO civ_timeline_versions (number, item, version, timestamp, project, attempt, updated, "
         "chosen, origin, revision, content_hash, raw_hash, entry_hash, stored, status, title, author, sha, "
         "url, source_url, data) VALUES (%lld, %lld, %lld, %lld, %lld, %lld, %lld, 0, %lld, %lld, %s, %s, "
         "%s, %lld, %s, %s, %s, %s, %s, %s, %s)"},
    [SQL_VERSION_EXACT] =
        {"timeline_version_exact",
         "SELECT number, chosen, origin, revision, project, timestamp, status, sha, CIV_OCTETS(data), title "
         "FROM civ_timeline_versions WHERE item = %lld AND updated = %lld AND attempt = %lld AND "
         "content_hash = %s ORDER BY chosen DESC, number LIMIT 1"},
    [SQL_VERSION_RAISE] = {"timeline_version_raise",
                           "UPDATE civ_timeline_versions SET attempt = %lld, updated = %lld, "
                           "chosen = %lld, origin = %lld, revision = %lld WHERE number = %lld"},
    [SQL_VERSION_CHOOSE] = {"timeline_version_choose",
                            "UPDATE civ_timeline_versions SET chosen = CASE WHEN number = %lld THEN 1 ELSE 0 "
                            "END WHERE item = %lld AND updated = %lld AND attempt = %lld"},
    [SQL_MOVE_INSERT] = {"timeline_move_insert",
                         "INSERT INTO civ_timeline_moves (move, item, project, timestamp, placed, version) "
                         "VALUES (%lld, %lld, %lld, %lld, %lld, %lld)"},
    [SQL_CONFLICT_OPEN] = {"timeline_conflict_open", "SELECT conflict FROM civ_timeline_conflicts WHERE "
                                                     "item = %lld AND state = 0 LIMIT 1"},
    [SQL_CONFLICT_INSERT] = {"timeline_conflict_insert",
                             "INSERT INTO civ_timeline_conflicts (conflict, item, attempt, updated, state, "
                             "opened, closed, event) VALUES (%lld, %lld, %lld, %lld, 0, %lld, 0, '')"},
    [SQL_CONFLICT_PASS] = {"timeline_conflict_pass",
                           "UPDATE civ_timeline_conflicts SET state = 2, closed = %lld WHERE item = %lld "
                           "AND state = 0"},
    [SQL_POSITIONS] = {"timeline_positions",
                       "SELECT i.source, i.instance, i.type, i.native_id, i.item_key, i.status, i.timestamp, "
                       "i.attempt, v.title, v.url FROM civ_timeline_items i JOIN civ_timeline_versions v "
                       "ON v.number = i.version WHERE i.sha = %s AND i.subject = %s AND i.subject <> '' "
                       "ORDER BY i.item DESC LIMIT %lld"},
    [SQL_CONTRADICTION_FIND] = {"timeline_contradiction",
                                "SELECT contradiction, state FROM civ_timeline_contradictions WHERE sha = %s "
                                "AND subject = %s"},
    [SQL_CONTRADICTION_INSERT] = {"timeline_contradiction_insert",
                                  "INSERT INTO civ_timeline_contradictions (contradiction, sha, subject, "
                                  "state, opened, closed, positions) VALUES (%lld, %s, %s, 0, %lld, 0, %s)"},
    [SQL_CONTRADICTION_UPDATE] = {"timeline_contradiction_update",
                                  "UPDATE civ_timeline_contradictions SET opened = CASE WHEN state = 0 THEN "
                                  "opened ELSE %lld END, state = 0, closed = 0, positions = %s WHERE "
                                  "contradiction = %lld"},
    [SQL_CONTRADICTION_CLOSE] = {"timeline_contradiction_close",
                                 "UPDATE civ_timeline_contradictions SET state = 2, closed = %lld WHERE "
                                 "sha = %s AND subject = %s AND state = 0"},
};
static const civ_statement_set_t statements = {civ_timeline_sql, SQL_TIMELINE_COUNT};

const civ_statement_set_t *const civ_timeline_statements[CIV_TIMELINE_SETS] = {
    &statements,
    &civ_timeline_list_statements,
    &civ_conflicts_statements,
    &civ_deduplicate_statements,
    &civ_timeline_totals_statements,
};

apr_status_t civ_timeline_read(civ_timeline_entry_t *entry, civ_rows_t *rows, apr_pool_t *pool)
{
    const char **const texts[] = {NULL,
                                  &entry->key,
                                  &entry->type,
                                  &entry->source,
                                  &entry->instance,
                                  &entry->scope,
                                  &entry->native_id,
                                  &entry->project_id,
                                  NULL,
                                  NULL,
                                  NULL,
                                  NULL,
                                  NULL,
                                  &entry->status,
                                  &entry->title,
                                  &entry->author,
                                  &entry->sha,
                                  &entry->url,
                                  &entry->source_url,
                                  &entry->data,
                                  &entry->content_hash,
                                  &entry->raw_hash,
                                  &entry->entry_hash};
    apr_int64_t origin, current;
    const struct {
        int column;
        apr_int64_t *value;
    } numbers[] = {{0, &entry->number},     {8, &entry->timestamp}, {9, &entry->updated},
                   {10, &entry->attempt},   {11, &entry->revision}, {12, &origin},
                   {23, &entry->row},       {24, &entry->version},  {25, &entry->versions},
                   {26, &current},          {27, &entry->stored},   {28, &entry->first_seen},
                   {29, &entry->last_seen}, {30, &entry->gone}};
    int i;

    for (i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
        if (texts[i] != NULL)
            *texts[i] = apr_pstrdup(pool, civ_rows_text(rows, i));
    for (i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++)
        if (civ_rows_int(rows, numbers[i].column, numbers[i].value) != APR_SUCCESS)
            return CIV_EDATABASE;
    entry->origin = (civ_item_origin_e)origin;
    entry->is_current = current == entry->row;
    return APR_SUCCESS;
}
