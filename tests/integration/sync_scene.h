/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_scene.h
 * A server that synchronises, a small server in the place of GitHub, and repositories on it whose lists have several pages.
 */
#ifndef CIV_TESTS_SYNC_SCENE_H
#define CIV_TESTS_SYNC_SCENE_H

#include "integration/ctl_tool.h"
#include "support/mock_platform.h"

#define SYNC_SCENE_TOKEN "ghp_TheSecretOfThisScene0123456789"

/* Nobody works, and no platform of the test may be asked. */
#define SYNC_SCENE_OFF "CivarcosWorker off\nCivarcosDifficulty 4\n"

/* Nobody works but whom the test starts, or httpd's own worker does. */
#define SYNC_SCENE_ALONE                                                                                     \
    "CivarcosWorker off\nCivarcosDifficulty 4\nCivarcosEgressAllow 127.0.0.1\nCivarcosEgressPlainHttp On\n"  \
    "CivarcosSealCount 10000\n"
#define SYNC_SCENE_MANAGED                                                                                   \
    "CivarcosWorker managed \"" CIVARCOS_BUILD_DIR "/worker/civarcos-worker\"\nCivarcosDifficulty 4\n"       \
    "CivarcosEgressAllow 127.0.0.1\nCivarcosEgressPlainHttp On\nCivarcosSealCount 10000\n"

/** Items of such a repository: itself, three of each, three metrics. */
#define SYNC_SCENE_ITEMS 13

typedef struct sync_scene_t {
    harness_t *server;
    http_client_t *web;
    mock_platform_t *platform;
    const char *database; /**< of the ledger, for scenario_sql */
    const char *config;   /**< a worker's, as a file */
} sync_scene_t;

/** Start a server, and with @a answers (ended by status 0; or NULL) a platform; wait for a worker that httpd manages. Nothing is
 *  configured. Ends the test that fails to. */
sync_scene_t *sync_scene_open(const char *config, const mock_answer_t *answers);

/** End both. */
void sync_scene_close(sync_scene_t *scene);

/** Start both, and configure GitHub. Ends the test that fails to. @param answers ended by status 0 */
sync_scene_t *sync_scene_start(const char *config, const mock_answer_t *answers);

/** End both. The log must be clean but for what was looked at. */
void sync_scene_stop(sync_scene_t *scene);

/** POST sync/configure for GitHub, with the platform's URL; GitHub's own where there is none. */
http_response_t *sync_scene_configure(const sync_scene_t *scene);

/**
 * Rows of a repository "owner/name", or of several "owner/name-0", "owner/name-1" ... with ids from @a first_id on, and before them @a
 * instead (ended by status 0; NULL: none). Each has three pull requests, three commits and three releases, on two pages each.
 */
const mock_answer_t *sync_scene_repositories(const char *name, int first_id, int count,
                                             const mock_answer_t *instead);

/** The state word of GitHub, as GET sync/status has it. */
const char *sync_scene_state(const sync_scene_t *scene);

/** A member of GitHub's connector there. */
const char *sync_scene_member(const sync_scene_t *scene, const char *name);

/** civarcosctl sync-once for a project of GitHub. @return whether it ended so */
int sync_scene_once(const sync_scene_t *scene, int expected, const char **output, const char *project_id);

/** The same, started and left. @param output -1: nowhere */
pid_t sync_scene_begin(const sync_scene_t *scene, int output, const char *project_id);

/** How many threads the next worker of the test's own has; four, unless this is called. */
void sync_scene_set_threads(sync_scene_t *scene, int threads);

/** A worker of the test's own, as a service manager would start one. */
pid_t sync_scene_worker(const sync_scene_t *scene);

/** POST sync/source. @param prefer of the header of that name */
http_response_t *sync_scene_ask(const sync_scene_t *scene, const char *project_id, const char *prefer);

/** Wait until the platform has been asked @a count times in all. @return 0 when it was */
int sync_scene_wait_asked(const sync_scene_t *scene, int count);

/** Whoever had a job is gone: the next one need not wait for its lease to run out. */
void sync_scene_end_leases(const sync_scene_t *scene);

/** What the timeline has of a project: a line for each item, sorted, in which the project's own name is "NAME" and the first digits of its
 *  ids "ID". */
const char *sync_scene_timeline(const sync_scene_t *scene, const char *name, int id);

#endif
