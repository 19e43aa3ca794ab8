/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_fixture.h
 * A server with a platform's answers from files, and runs of the real connector, client and engine against it.
 */
#ifndef CIV_TESTS_PLATFORM_FIXTURE_H
#define CIV_TESTS_PLATFORM_FIXTURE_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "support/mock_platform.h"
#include "sync/connectors.h"
#include "sync/platforms/platforms.h"
#include "sync/fields.h"
#include "unit/sync_fixture.h"

/** The Date of all answers, SYNC_NOW, and what they are. */
#define PLATFORM_DATE    "Date: Wed, 01 Apr 2026 00:00:00 GMT\r\n"
#define PLATFORM_HEADERS "Content-Type: application/json; charset=utf-8\r\n" PLATFORM_DATE

/** A row of answers, and the row behind the last one. */
#define PLATFORM_ANSWER(target, status, headers, body)                                                       \
    {                                                                                                        \
        target, status, headers, body, 0, MOCK_PLAIN, 0                                                      \
    }
#define PLATFORM_END PLATFORM_ANSWER(NULL, 0, NULL, NULL)

/** Which platform, and how it is reached. A static table of the platform's tests. */
typedef struct platform_setup_t {
    const civ_connector_t *connector;
    const char *folder; /**< below tests/fixtures; its MANIFEST.json lists url, status, file and headers */
    const char *recorded_as; /**< name in the shared manifest: "azure" */
    const char *vendor;      /**< "https://api.github.com": in headers and bodies it becomes this server */
    const char *base_path;   /**< behind this server's URL, in base_url: "/" */
    const char *secrets;     /**< members of the configuration: "\"api_token\":\"t\"" */
    const char *settings;    /**< the others without base_url, each with a comma behind it; "" for none */
    const char *instance;
    const char *project_id;
} platform_setup_t;

/** Our own project: rows of @a instead (ended by status 0; NULL: none), and those of the folder for all other targets. */
const mock_answer_t *platform_answers(const platform_setup_t *setup, const mock_answer_t *instead);

/** The body of a file there. */
const char *platform_body(const platform_setup_t *setup, const char *file);

/** Where the recorded answers are; NULL, with a note that the case is skipped, where they are absent. */
const char *platform_recordings(void);

/** The recorded answers that @a is_wanted takes (an entry of the shared manifest), and rows of @a instead before them. What has a query
 *  answers to any query of that path as well. Only where platform_recordings is not NULL. */
const mock_answer_t *platform_recorded(const platform_setup_t *setup, const mock_answer_t *instead,
                                       int (*is_wanted)(const civ_json_t *entry, void *baton), void *baton);

/** What the last of the two below was told. */
extern civ_problem_t platform_problem;

/** Have a connector prepare its access from a configuration, given as JSON. */
apr_status_t platform_prepare(const civ_connector_t *connector, civ_connector_access_t *access,
                              const char *config);

/** Expect it to refuse the configuration with this pointer, and not to repeat the secret "hunter2". */
void platform_refuses(const civ_connector_t *connector, const char *config, const char *pointer);

/** A connection: server, client, engine with a database of that name, and what was stored. */
typedef struct platform_t {
    mock_platform_t *mock;
    civ_engine_t *engine;
    civ_engine_run_t *run;
    apr_hash_t *items; /**< "type native_id" to civ_sync_item_t: as stored last */
    civ_timeline_writer_t inner;
} platform_t;

/** Connect to such a server; rate limits are not waited for. */
platform_t *platform_connect(const platform_setup_t *setup, const char *database,
                             const mock_answer_t *answers);

/** Run it; the server stops with @a platform_end. */
civ_sync_report_t *platform_go(platform_t *platform);
void platform_end(platform_t *platform);

/** An item that must be there: fails the test, and is an empty one, when it is not. */
const civ_sync_item_t *platform_item(const platform_t *platform, const char *type, const char *native_id);

/** A member of an item's data as text; "" when it is not there. */
const char *platform_data(const civ_sync_item_t *item, const char *path);

/** Expect an item to have this status; NULL: none. */
void platform_is_status(const platform_t *platform, const char *type, const char *native_id,
                        const char *status);

/** How many items of a type there are. */
int platform_count(const platform_t *platform, const char *type);

/** How many requests had this in their first line. */
int platform_asked(const platform_t *platform, const char *words);

#endif
