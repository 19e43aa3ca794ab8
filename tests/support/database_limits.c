/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file database_limits.c
 * The cases that are not for every database, with the reason. All others run on each.
 */
#include "support/database.h"

#include <apr_strings.h>

#include <stddef.h>
#include <string.h>

static const char of_files[] = "about the files that SQLite keeps its data in";
static const char of_pragmas[] = "about settings that only SQLite has";
static const char of_types[] = "about values of any type in any column, which only SQLite takes";
static const char of_space[] = "about free space, which is told of SQLite's disk alone";
static const char of_stale[] = "about SQLite's statements that grow stale when the schema changes";
static const char of_server[] = "about PostgreSQL's server and its connections";

static const struct {
    const char *name;   /* "suite/case", or the beginning of some, up to a / or _ */
    const char *driver; /* the one it is for */
    const char *reason;
} limits[] = {
    {"bench/adds beside commits", "pgsql", of_server},
    {"clock/server_comes_back", "pgsql", of_server},
    {"clock/trying_again_does_not_wait", "sqlite3", of_files},
    {"failover/", "pgsql", of_server},
    {"ledger_append/little_space_refuses", "sqlite3", of_space},
    {"ledger_append/little_space_refuses_votes", "sqlite3", of_space},
    {"ledger_batch/failure_keeps_no_key", "sqlite3", of_space},
    {"ledger_crash/", "sqlite3", of_files},
    {"ledger_head_states/", "sqlite3", of_files},
    {"ledger_settle/", "pgsql", of_server},
    {"ledger_start/head_row_of_other_types_is_refused", "sqlite3", of_types},
    {"ledger_tampering/hidden_index_rows_are_named", "sqlite3", of_files},
    {"node_files/", "sqlite3", of_files},
    {"outage/absent_at_start", "sqlite3", of_files},
    {"outage/file_", "sqlite3", of_files},
    {"outage/folder_gone", "sqlite3", of_files},
    {"outage_disk/", "sqlite3", of_files},
    {"node_start/cut_chain_is_refused", "sqlite3", of_files},
    {"node_start/database_comes_later", "sqlite3", of_files},
    {"store_connection/settings_are_made", "sqlite3", of_pragmas},
    {"mapping/", "sqlite3", of_pragmas},
    {"store_connection/mapping_is_a_choice", "sqlite3", of_pragmas},
    {"store_connection/settings_are_verified", "sqlite3", of_pragmas},
    {"store_connection/binds_keep_types", "sqlite3", of_types},
    {"store_connection/words_are_rewritten", "sqlite3", of_files},
    {"store_connection/words_know_types", "sqlite3", of_types},
    {"store_connection/free_space_is_told", "sqlite3", of_files},
    {"store_copy/", "sqlite3", of_files},
    {"store_failure/another_owner", "sqlite3", of_files},
    {"store_failure/missing_file_is_not_made", "sqlite3", of_files},
    {"store_failure/file_is_", "sqlite3", of_files},
    {"store_failure/page_count_reached", "sqlite3", of_files},
    {"store_failure/files_cannot_grow", "sqlite3", of_files},
    {"store_failure/rights_go_and_come_back", "sqlite3", of_files},
    {"store_failure/header_is_damaged", "sqlite3", of_files},
    {"store_failure/table_is_damaged", "sqlite3", of_files},
    {"store_failure/folder_is_missing", "sqlite3", of_files},
    {"store_pool/broken_ones_are_replaced", "sqlite3", of_stale},
    {"store_pool/waiting_ends_with_release", "sqlite3", of_stale},
    {"store_transaction/commit_fails", "sqlite3", of_pragmas},
    {"store_transaction/schema_change_is_survived", "sqlite3", of_stale},
    {"store_transaction/schema_change_before_run", "sqlite3", of_stale},
    {"store_transaction/schema_change_after_failure", "sqlite3", of_stale},
    {"store_transaction/schema_change_fails_transaction", "sqlite3", of_stale},
    {"store_pgsql/", "pgsql", of_server},
    {NULL, NULL, NULL},
};

const char *database_limit(const char *suite, const char *name)
{
    char full[256];
    size_t i;

    apr_snprintf(full, sizeof(full), "%s/%s", suite, name);
    for (i = 0; limits[i].name; i++) {
        size_t length = strlen(limits[i].name);
        int is_prefix = strchr("/_", limits[i].name[length - 1]) != NULL;

        if (strncmp(full, limits[i].name, length) == 0 && (is_prefix || full[length] == '\0') &&
            strcmp(limits[i].driver, database_driver()) != 0) {
            return limits[i].reason;
        }
    }
    return NULL;
}
