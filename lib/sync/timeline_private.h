/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_private.h
 * What the files of the timeline share: its statements, an item's state while a change is made, and the rows of entries.
 */
#ifndef CIV_SYNC_TIMELINE_PRIVATE_H
#define CIV_SYNC_TIMELINE_PRIVATE_H

#include <apr_hash.h>

#include "sync/timeline.h"

/** The same as CIV_STORE_MAX_ARGUMENTS: what a statement with a list of numbers or keys takes at once. */
#define CIV_TIMELINE_BATCH 24

typedef enum civ_timeline_sql_e {
    SQL_LAST_NUMBERS,
    SQL_PROJECT_FIND,
    SQL_PROJECT_INSERT,
    SQL_STATES,
    SQL_ITEM_INSERT,
    SQL_ITEM_SEEN,
    SQL_ITEM_GONE,
    SQL_ITEM_RAISE,
    SQL_ITEM_TURN,
    SQL_ITEM_GROWN,
    SQL_VERSION_INSERT,
    SQL_VERSION_EXACT,
    SQL_VERSION_RAISE,
    SQL_VERSION_CHOOSE,
    SQL_MOVE_INSERT,
    SQL_CONFLICT_OPEN,
    SQL_CONFLICT_INSERT,
    SQL_CONFLICT_PASS,
    SQL_POSITIONS,
    SQL_CONTRADICTION_FIND,
    SQL_CONTRADICTION_INSERT,
    SQL_CONTRADICTION_UPDATE,
    SQL_CONTRADICTION_CLOSE,
    SQL_TIMELINE_COUNT
} civ_timeline_sql_e;

extern const civ_statement_t civ_timeline_sql[SQL_TIMELINE_COUNT];
extern const civ_statement_set_t civ_timeline_list_statements;
extern const civ_statement_set_t civ_conflicts_statements;
extern const civ_statement_set_t civ_deduplicate_statements;
extern const civ_statement_set_t civ_timeline_totals_statements;

/** The step that makes the totals of what is there. */
extern const char *const civ_timeline_totals_tables[];

/** States of a row of civ_timeline_conflicts and civ_timeline_contradictions. */
enum { CIV_CONFLICT_OPEN, CIV_CONFLICT_RESOLVED, CIV_CONFLICT_PASSED };

/** What decides which of two versions of an item is current; compared in this order. */
typedef struct civ_rank_t {
    apr_int64_t attempt, updated;
    apr_int64_t chosen; /**< by a person: 1 */
    apr_int64_t origin, revision;
    char hash[CIV_DIGEST_HEX_SIZE]; /**< of the content */
} civ_rank_t;

/** <0, 0, >0 */
int civ_rank_compare(const civ_rank_t *left, const civ_rank_t *right);

/** The same by attempt and time alone: 0 is a conflict, unless the contents are the same. */
int civ_rank_compare_time(const civ_rank_t *left, const civ_rank_t *right);

/** A version as the item's row repeats it. */
typedef struct civ_place_t {
    apr_int64_t row;     /**< of the version */
    apr_int64_t project; /**< row */
    apr_int64_t timestamp, size;
    const char *status, *sha;
    const char *subject; /**< what is compared between platforms: hex of a digest; "" for nothing */
} civ_place_t;

/** An item during a change. */
typedef struct civ_item_state_t {
    apr_int64_t number; /**< 0: there is none yet */
    apr_int64_t versions, placed;
    const char *key; /**< hex */
    civ_rank_t rank; /**< of the current version */
    civ_place_t current;
    int is_seen; /**< on the list already */
} civ_item_state_t;

/** A change to the timeline under way. */
typedef struct civ_timeline_change_t {
    civ_change_t *change;
    const civ_timeline_t *timeline;
    apr_int64_t item, version, move, project, conflict, contradiction; /**< the last numbers given */
    apr_hash_t *states;                                                /**< hex key -> civ_item_state_t * */
    apr_hash_t *projects;       /**< source 0x1F project_id -> apr_int64_t * */
    apr_array_header_t *seen;   /**< apr_int64_t: items to be noted as seen */
    apr_array_header_t *totals; /**< civ_timeline_total_t: what is to be added to them */
    apr_hash_t *subjects;       /**< sha + subject -> itself: what is to be compared again */
} civ_timeline_change_t;

/** Start: read the last numbers. */
apr_status_t civ_timeline_begin(civ_timeline_change_t *work, const civ_timeline_t *timeline,
                                civ_change_t *change);

/** Write what was put off: sightings, contradictions. */
apr_status_t civ_timeline_finish(civ_timeline_change_t *work);

/** Note that so many rows of a platform came (or, below zero, went) with this change. @param totals civ_timeline_total_t
 *  @param source lives as long as @a totals */
void civ_timeline_totals_note(apr_array_header_t *totals, const char *source, apr_int64_t items,
                              apr_int64_t versions);

/** Add what was noted to the totals: in the transaction of the rows, after them. */
apr_status_t civ_timeline_totals_write(const apr_array_header_t *totals, civ_db_t *db);

/** Load the states of up to CIV_TIMELINE_BATCH keys (hex) into work->states; keys that are not there are not. */
apr_status_t civ_timeline_load(civ_timeline_change_t *work, const char *const *keys, int count);

/** Make another version the current one. @param new_rows how many versions were added with it */
apr_status_t civ_timeline_turn(civ_timeline_change_t *work, civ_item_state_t *state, const civ_rank_t *rank,
                               const civ_place_t *place, int new_rows);

/** The row of a project, made where there is none. */
apr_status_t civ_timeline_project(civ_timeline_change_t *work, const char *source, const char *project_id,
                                  apr_int64_t *number);

/** Have the platforms' words about this subject of this commit compared at the end. Empty ones are passed over. */
void civ_contradictions_note(civ_timeline_change_t *work, const char *sha, const char *subject);

/** Compare them. */
apr_status_t civ_contradictions_update(civ_timeline_change_t *work);

/** What is compared between platforms: "" where nothing is, else a digest of the title, in hex. */
const char *civ_contradictions_subject(const char *type, const char *title, apr_pool_t *pool);

/** The ledger's entry for a version; @a hash becomes its evidence hash. */
const char *civ_timeline_note(const civ_sync_item_t *item, apr_int64_t version, civ_digest_t *hash,
                              apr_pool_t *pool);

/* --- conflicts --- */

typedef enum civ_conflicts_sql_e {
    SQL_CONFLICTS_PAGE,
    SQL_CONFLICT_OF_KEY,
    SQL_CONFLICT_BY_NUMBER,
    SQL_CONFLICT_LAST,
    SQL_CONFLICT_CLOSE,
    SQL_CANDIDATES,
    SQL_CONTRADICTIONS_PAGE,
    SQL_CONFLICTS_COUNT
} civ_conflicts_sql_e;

extern const civ_statement_t civ_conflicts_sql[SQL_CONFLICTS_COUNT];

struct civ_conflict_t;

/** Run one of the three selects of conflicts, and read them with their candidates. @param array of civ_conflict_t: they are pushed */
apr_status_t civ_conflicts_read(civ_db_t *db, civ_conflicts_sql_e statement, const civ_argument_t *arguments,
                                int count, apr_array_header_t *array, apr_pool_t *pool);

/* --- entries --- */

/** Columns of an entry; from versions v, items i, projects p. */
#define CIV_ENTRY_COLUMNS                                                                                    \
    "i.item, i.item_key, i.type, i.source, i.instance, i.scope, i.native_id, p.project_id, v.timestamp, "    \
    "v.updated, v.attempt, v.revision, v.origin, v.status, v.title, v.author, v.sha, v.url, v.source_url, "  \
    "v.data, v.content_hash, v.raw_hash, v.entry_hash, v.number, v.version, i.versions, i.version, "         \
    "v.stored, i.first_seen, i.last_seen, i.gone "
#define CIV_ENTRY_FROM                                                                                       \
    "SELECT " CIV_ENTRY_COLUMNS                                                                              \
    "FROM civ_timeline_versions v JOIN civ_timeline_items i ON i.item = v.item JOIN "                        \
    "civ_timeline_projects p ON p.project = v.project "

/** Read a row of CIV_ENTRY_COLUMNS. @return APR_SUCCESS or CIV_EDATABASE */
apr_status_t civ_timeline_read(civ_timeline_entry_t *entry, civ_rows_t *rows, apr_pool_t *pool);

#endif
