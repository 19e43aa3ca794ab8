/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_fixture.h
 * What the tests of lib/sync's engine share: a platform made of a table of answers, a connector for it, and a timeline on a database.
 */
#ifndef CIV_TESTS_SYNC_FIXTURE_H
#define CIV_TESTS_SYNC_FIXTURE_H

#include "sync/engine.h"
#include "unit/unit_support.h"

#define SYNC_BASE "https://platform.test/api"

/** The server's clock: 2026-04-01T00:00:00Z. */
#define SYNC_NOW  APR_INT64_C(1775001600000)
#define SYNC_DAY  APR_INT64_C(86400000)
#define SYNC_HOUR APR_INT64_C(3600000)

/** An answer of the platform to one URL; a table ends with a NULL url. */
typedef struct sync_answer_t {
    const char *url; /**< behind SYNC_BASE; a '*' at its end stands for anything */
    civ_http_class_e class;
    const char *body; /**< NULL: none */
    const char *next; /**< of Link, behind SYNC_BASE; NULL: none */
    const char *etag;
    int times; /**< after so many it is used up; 0: never */
} sync_answer_t;

/** The platform: what is asked of it goes through here. */
typedef struct sync_platform_t {
    const sync_answer_t *answers;
    int *used; /**< of each answer */
    /** Instead of the table. */
    void (*answer)(struct sync_platform_t *platform, const char *path, civ_http_answer_t *answer,
                   apr_pool_t *pool);
    void *answer_baton;
    int requests;
    int die_at;                /**< kill -9 when so many requests have been made; 0: never */
    int stop_at;               /**< be told to stop then; 0: never */
    apr_int64_t date;          /**< of the server */
    apr_int64_t tick;          /**< by which it goes on with each request */
    apr_array_header_t *asked; /**< const char *: paths, a '+' behind those with a validator */
} sync_platform_t;

/** A fresh platform on test_pool(). */
sync_platform_t *sync_platform(const sync_answer_t *answers);

/** Whether a path with these words was asked for; how often. */
int sync_asked(const sync_platform_t *platform, const char *words);

/** The kinds: project (essential), issue (updated), run (created, at most 1000 in a window), job (parts of runs), metric (all,
 *  conditional), folder (all, names streams), build (streamed, newest first), commit (bookmark). */
extern const civ_connector_t sync_connector;

/** A database of that name with all tables. */
civ_engine_t *sync_engine(const char *name);

/** A run against the platform. */
civ_engine_run_t *sync_run(sync_platform_t *platform);

/** Run it; the report on test_pool(). */
civ_sync_report_t *sync_go(civ_engine_t *engine, civ_engine_run_t *run);

/** All that changes have put on record there, in order: const char *. */
apr_array_header_t *sync_notes(const civ_engine_t *engine);

/** Report of a kind. */
const civ_kind_report_t *sync_kind(const civ_sync_report_t *report, const char *name);

/** First column of the first row as an integer, by a way of its own. */
apr_int64_t sync_int(const char *name, const char *sql);

/** The same as text. */
const char *sync_text(const char *name, const char *sql);

/** All that the timeline holds, as one text: to compare two of them. */
const char *sync_contents(const char *name);

#endif
