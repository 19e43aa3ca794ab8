/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_fixture.h
 * A server with GitHub's answers from files, and runs of the real connector, client and engine against it.
 */
#ifndef CIV_TESTS_GITHUB_FIXTURE_H
#define CIV_TESTS_GITHUB_FIXTURE_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "support/mock_platform.h"
#include "sync/connectors.h"
#include "unit/sync_fixture.h"

#define GITHUB_TOKEN "ghp_fixture0b5e55ed"
#define GITHUB_REPO  "/repos/octo/tool"

/** The Date of all answers, SYNC_NOW, and what they are. */
#define GITHUB_DATE    "Date: Wed, 01 Apr 2026 00:00:00 GMT\r\n"
#define GITHUB_HEADERS "Content-Type: application/json; charset=utf-8\r\n" GITHUB_DATE

/** Our own repository: rows of @a instead (ended by status 0; NULL: none), and those of tests/fixtures/github for all other targets. */
const mock_answer_t *github_answers(const mock_answer_t *instead);

/** The body of a file there. */
const char *github_body(const char *file);

/** A repository out of the recorded answers in @a folder: each path with whatever query the
 *  connector asks with. */
const mock_answer_t *github_recorded(const char *folder, const char *project);

/** A connection: server, client, engine with a database of that name, and what was stored. */
typedef struct github_t {
    mock_platform_t *mock;
    civ_engine_t *engine;
    civ_engine_run_t *run;
    apr_hash_t *items; /**< "type native_id" to civ_sync_item_t: as stored last */
    civ_timeline_writer_t inner;
} github_t;

/** Connect to such a server; rate limits are not waited for. */
github_t *github_connect(const char *database, const mock_answer_t *answers);

/** Run it; the server stops with @a github_end. */
civ_sync_report_t *github_go(github_t *github);
void github_end(github_t *github);

/** An item that must be there: fails the test, and is an empty one, when it is not. */
const civ_sync_item_t *github_item(const github_t *github, const char *type, const char *native_id);

/** How many items of a type there are. */
int github_count(const github_t *github, const char *type);

/** How many requests had this in their first line. */
int github_asked(const github_t *github, const char *words);

#endif
