/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_items.c
 * One item with all its versions, and all that is known of one commit.
 */
#include "config.h"

#include "integration/scenario.h"
#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define LIST   "/repos/octo/demo/pulls?state=all&sort=updated&direction=desc&per_page=100"
#define COMMIT "c200000000000000000000000000000000000000"
/* What an answer that ends with version 2 gives. */
#define BEFORE_TWO "AQAAAAAAAAAC"
#define PULL(state, updated)                                                                                 \
    "[{\"id\":71,\"number\":1,\"state\":\"" state "\",\"title\":\"It is " state                              \
    "\",\"user\":{\"login\":\"ada\"},\"created_at\":\"2026-02-01T10:00:00Z\",\"updated_at\":\"" updated      \
    "\",\"closed_at\":null,\"merged_at\":null,\"head\":{\"ref\":\"t\",\"sha\":\"" COMMIT                     \
    "\"},\"base\":{\"ref\":\"main\",\"sha\":\"b000000000000000000000000000000000000000\"}}]"

static const mock_answer_t pulls[] = {
    {LIST, 200, NULL, PULL("open", "2026-02-01T12:00:00Z"), 0, MOCK_PLAIN, 1},
    {LIST, 200, NULL, PULL("closed", "2026-02-03T12:00:00Z"), 0, MOCK_PLAIN, 100000},
    {NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0},
};

static sync_scene_t *scene;

static http_response_t *get(const char *path, const char *rest)
{
    return http_get(scene->web, apr_pstrcat(test_pool(), path, rest, NULL));
}

static void check_history(const char *id)
{
    http_response_t *answer = get("/api/sync/timeline/", id);

    CU_ASSERT_EQUAL_FATAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/item/id"), id);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/item/title"), "It is closed");
    CU_ASSERT_EQUAL(http_json_int(answer, "/item/versions"), 2);
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 2);
    CU_ASSERT_EQUAL(http_json_int(answer, "/history/0/version"), 2);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/history/0/is_current"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/history/0/title"), "It is closed");
    CU_ASSERT_EQUAL(http_json_int(answer, "/history/1/version"), 1);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/history/1/is_current"), 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/history/1/title"), "It is open");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/history/1/updated_at"), "2026-02-01T12:00:00.000Z");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/history/0/content_hash"),
                           http_json_text(answer, "/item/content_hash"));
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(answer, "/history/1/content_hash"),
                               http_json_text(answer, "/item/content_hash"));
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/history/1/raw_hash")), 64);
    CU_ASSERT(strstr(http_json_text(answer, "/history/1/source_url"), LIST) != NULL);
    CU_ASSERT(http_header(answer, "Link") == NULL);
    answer = get("/api/sync/timeline/", apr_pstrcat(test_pool(), id, "?cursor=" BEFORE_TWO, NULL));
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/history/0/title"), "It is open");
}

static void an_item_has_its_history(void)
{
    http_response_t *answer;

    scene = sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 7, 1, pulls));
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    answer = get("/api/sync/timeline", "?type=pull_request");
    CU_ASSERT_EQUAL_FATAL(http_json_int(answer, "/count"), 1);
    check_history(http_json_text(answer, "/timeline/0/id"));
    CU_ASSERT(http_is_problem(get("/api/sync/timeline/", "00"), 404));
    CU_ASSERT(http_is_problem(get("/api/sync/timeline/", apr_pstrcat(test_pool(), COMMIT, "?cursor=x", NULL)),
                              400));
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
}

static void a_commit_links_what_is_about_it(void)
{
    http_response_t *answer;

    scene = sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 7, 1, pulls));
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    answer = get("/api/sync/commits/", COMMIT);
    CU_ASSERT_EQUAL_FATAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/sha"), COMMIT);
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/items/0/sha"), COMMIT);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/items/1/sha"), COMMIT);
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(answer, "/items/0/type"),
                               http_json_text(answer, "/items/1/type"));
    CU_ASSERT(http_header(answer, "Link") == NULL);
    /* One after the other. */
    answer = get("/api/sync/commits/", COMMIT "?limit=1");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(http_header(answer, "Link"));
    CU_ASSERT(strstr(http_header(answer, "Link"), "/api/sync/commits/" COMMIT "?limit=1&cursor=") != NULL);
    answer = get("/api/sync/commits/", apr_pstrcat(test_pool(), COMMIT "?limit=1&cursor=",
                                                   http_json_text(answer, "/next_cursor"), NULL));
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT(http_json(answer, "/next_cursor") == NULL);
    /* Nobody has told of it; and what is no commit. */
    answer = get("/api/sync/commits/", "f200000000000000000000000000000000000000");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 0);
    CU_ASSERT(http_is_problem(get("/api/sync/commits/", "c2000"), 400));
    CU_ASSERT(http_is_problem(get("/api/sync/commits/", "C200000000000000000000000000000000000000"), 400));
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"an_item_has_its_history", an_item_has_its_history},
    {"a_commit_links_what_is_about_it", a_commit_links_what_is_about_it},
    {NULL, NULL},
};
const test_suite_t sync_items_suite = {"sync_items", NULL, NULL, cases};
