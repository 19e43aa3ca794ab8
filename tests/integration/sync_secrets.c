/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_secrets.c
 * The key of the connectors' secrets is changed by the real tool beside a real httpd and its worker, which are not restarted.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOOK "the secret of the webhook"

/* One platform that is read, and one that delivers: its secret is what it shows. */
static sync_scene_t *start(const char *config)
{
    sync_scene_t *scene = sync_scene_start(config, sync_scene_repositories("octo/demo", 71, 1, NULL));

    CU_ASSERT_EQUAL_FATAL(
        http_post(scene->web, "/api/sync/configure",
                  "{\"platform\":\"gitlab\",\"config\":{\"api_token\":\"glpat-TheSecretOfThisTest\","
                  "\"webhook_secret\":\"" HOOK "\"}}")
            ->status,
        200);
    return scene;
}

static int deliver(const sync_scene_t *scene, const char *secret)
{
    static const char body[] = "{\"project_id\":15}";
    const char *const headers[] = {"Content-Type: application/json", "X-Gitlab-Event: Push Hook",
                                   apr_pstrcat(test_pool(), "X-Gitlab-Token: ", secret, NULL), NULL};

    return http_send(scene->web, "POST", "/api/sync/webhook/gitlab", headers, body, strlen(body))->status;
}

static int is_read(const sync_scene_t *scene)
{
    http_response_t *answer = sync_scene_ask(scene, "octo/demo", "wait=60");

    return answer->status == 200 && http_json_bool(answer, "/success") == 1;
}

static const char *key_file(const sync_scene_t *scene)
{
    return apr_pstrcat(test_pool(), tool_state(scene->server), "/keys/secrets.key", NULL);
}

/* The words of its lines with keys. */
static int count_keys(const sync_scene_t *scene)
{
    unsigned long length;
    const char *text = test_read_file(key_file(scene), &length);
    int count = 0;

    for (; text != NULL && (text = strstr(text, "civarcos-seal-key/1 ")) != NULL; text++) {
        count++;
    }
    return count;
}

/* Which keys the sealed secrets name. */
static const char *names(const sync_scene_t *scene)
{
    return scenario_sql_text(scene->database, "SELECT group_concat(sealed) FROM civ_sync_connectors");
}

static int rotate(const sync_scene_t *scene, int expected, const char **said)
{
    return tool_ends(expected, said, "rotate-secrets", "--config", scene->config, NULL);
}

static pid_t begin_to_rotate(const sync_scene_t *scene)
{
    return tool_start(-1, -1, "rotate-secrets", "--config", scene->config, NULL);
}

/* --- beside httpd and its worker --- */

static void rotated_beside_httpd_and_worker(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_MANAGED);
    const char *said, *before = names(scene), *id;
    http_response_t *record;
    int count;
    pid_t worker = scenario_worker(scene->server, &count);

    CU_ASSERT(is_read(scene));
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
    CU_ASSERT(rotate(scene, 0, &said));
    CU_ASSERT(strstr(said, ": 3 of 3 secrets sealed anew, 1 older key removed, 0 left\n") != NULL);
    CU_ASSERT(strstr(said, SYNC_SCENE_TOKEN) == NULL && strchr(said, '\033') == NULL);
    id = strstr(said, "key ") != NULL ? apr_pstrmemdup(test_pool(), strstr(said, "\nkey ") + 5, 16) : "";
    CU_ASSERT(strstr(before, id) == NULL && strstr(names(scene), id) != NULL);
    CU_ASSERT(strstr(names(scene), apr_pstrmemdup(test_pool(), strstr(before, "v1."), 19)) == NULL);
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    /* Nobody was restarted, and all have the new key. */
    CU_ASSERT(is_read(scene));
    CU_ASSERT_EQUAL(scenario_worker(scene->server, &count), worker);
    CU_ASSERT(mock_platform_has_seen(scene->platform, "Bearer " SYNC_SCENE_TOKEN));
    CU_ASSERT_STRING_EQUAL(sync_scene_state(scene), "ready");
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
    CU_ASSERT_EQUAL(deliver(scene, "another"), 403);
    CU_ASSERT_EQUAL(sync_scene_configure(scene)->status, 200);
    CU_ASSERT(is_read(scene));
    /* On record: three times configured, twice sealed anew. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/blockchain/add", "{}")->status, 201);
    record = http_get(scene->web, "/api/blockchain/search?type=civarcos.sync.connector");
    CU_ASSERT_EQUAL(http_json_int(record, "/count"), 5);
    CU_ASSERT_STRING_EQUAL(http_json_text(record, "/results/1/evidence/action"), "resealed");
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0800", NULL));
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
}

/* Again and again, and killed as often; whoever uses the secrets notices nothing. */
static void killed_beside_httpd_and_worker(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_MANAGED);
    const char *given = getenv("CIVARCOS_SEED");
    apr_uint64_t seed = given ? strtoull(given, NULL, 10) : (apr_uint64_t)apr_time_now();
    const char *said;
    int i, killed = 0;

    test_note("CIVARCOS_SEED=%" APR_UINT64_T_FMT, seed);
    for (i = 0; i < (test_is_slow() ? 4 : 24); i++) {
        pid_t tool = begin_to_rotate(scene);

        if (i % 6 == 0) {
            CU_ASSERT_EQUAL(sync_scene_configure(scene)->status, 200);
        }
        CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
        apr_sleep(scenario_random(&seed, 40000));
        if (i % 4 != 3) {
            kill(tool, SIGKILL);
        }
        killed += tool_wait(tool) != 0;
        CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
        CU_ASSERT(i % 6 != 0 || is_read(scene));
    }
    test_note("%d of %d were killed on the way", killed, i);
    CU_ASSERT(rotate(scene, 0, &said));
    CU_ASSERT(strstr(said, " 0 left\n") != NULL);
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
    CU_ASSERT(is_read(scene));
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
}

/* --- what the tool says --- */

static void prepared_for_other_hosts(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    const char *said, *before = names(scene);

    CU_ASSERT(tool_ends(0, &said, "rotate-secrets", "--prepare", "--config", scene->config, NULL));
    CU_ASSERT(strstr(said, ": prepared; copy \"") != NULL);
    CU_ASSERT(tool_ends(0, &said, "rotate-secrets", "--prepare", "--config", scene->config, NULL));
    CU_ASSERT(strstr(said, "already") != NULL);
    CU_ASSERT_EQUAL(count_keys(scene), 2);
    CU_ASSERT_STRING_EQUAL(names(scene), before);
    CU_ASSERT(tool_ends(0, &said, "rotate-secrets", "--quiet", "--config", scene->config, NULL));
    CU_ASSERT(strncmp(said, "key ", 4) == 0);
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    sync_scene_stop(scene);
}

static void unopened_secrets_are_named(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    const char *said;

    CU_ASSERT_EQUAL(scenario_sql(scene->database, "UPDATE civ_sync_connectors SET settings = '{\"a\":1}' "
                                                  "WHERE platform = 'gitlab'"),
                    0);
    CU_ASSERT(rotate(scene, 5, &said));
    CU_ASSERT(strstr(said, "gitlab: api_token: it cannot be opened") != NULL);
    CU_ASSERT(strstr(said, "gitlab: webhook_secret: it cannot be opened") != NULL);
    CU_ASSERT(strstr(said, ": 1 of 3 secrets sealed anew, 0 older keys removed, 1 left\n") != NULL);
    CU_ASSERT(strstr(said, "the older keys that these secrets name are kept; put the line") != NULL);
    CU_ASSERT(strstr(said, "configure or delete these connectors") != NULL);
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    CU_ASSERT_EQUAL(http_send(scene->web, "DELETE", "/api/sync/connectors/gitlab", NULL, NULL, 0)->status,
                    200);
    CU_ASSERT(rotate(scene, 0, &said));
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    sync_scene_stop(scene);
}

/* The file was lost, and configuring another connector has made a new one: what the old one had sealed waits for it to be found. */
static void unopened_secrets_whose_key_is_gone(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    unsigned long length;
    const char *said, *lost = test_read_file(key_file(scene), &length), *found;

    CU_ASSERT_PTR_NOT_NULL_FATAL(lost);
    CU_ASSERT_EQUAL(unlink(key_file(scene)), 0);
    CU_ASSERT_EQUAL(sync_scene_configure(scene)->status, 200);
    CU_ASSERT(rotate(scene, 5, &said));
    CU_ASSERT(strstr(said, "gitlab: api_token: it cannot be opened") != NULL);
    CU_ASSERT(strstr(said, "gitlab: webhook_secret: it cannot be opened") != NULL);
    CU_ASSERT(strstr(said, "github") == NULL);
    CU_ASSERT(strstr(said, ": 1 of 3 secrets sealed anew, 1 older key removed, 0 left\n") != NULL);
    CU_ASSERT(strstr(said,
                     "the file has no key that these secrets could be opened with; put the line of the key "
                     "that they were sealed with back into \"") != NULL);
    CU_ASSERT(strstr(said, "are kept") == NULL);
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 503);
    /* As it says. */
    found = apr_pstrcat(test_pool(), test_read_file(key_file(scene), &length),
                        strstr(lost, "civarcos-seal-key/1 "), NULL);
    CU_ASSERT_EQUAL(scenario_write_file(key_file(scene), found, strlen(found)), 0);
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
    CU_ASSERT(rotate(scene, 0, &said));
    CU_ASSERT(strstr(said, ": 2 of 3 secrets sealed anew, 1 older key removed, 0 left\n") != NULL);
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0801", NULL));
    sync_scene_stop(scene);
}

/* Whoever configures a connector is refused, and the log says why; nothing is stored in clear, and the file is left alone. */
static void file_that_seals_nothing(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    unsigned long length;
    const char *before = names(scene), *text = test_read_file(key_file(scene), &length);
    const char *empty = "# no key\n";
    http_response_t *answer;

    CU_ASSERT_EQUAL(chmod(key_file(scene), 0640), 0);
    answer = sync_scene_configure(scene);
    CU_ASSERT(http_is_problem(answer, 503));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/detail"), "Secrets cannot be stored at the moment.");
    CU_ASSERT(harness_log_has(scene->server,
                              "CIV0786: the key file of connectors' secrets cannot be used, so none", 10));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0786", NULL));
    CU_ASSERT_EQUAL(chmod(key_file(scene), 0600), 0);
    CU_ASSERT_EQUAL(scenario_write_file(key_file(scene), empty, strlen(empty)), 0);
    CU_ASSERT(http_is_problem(sync_scene_configure(scene), 503));
    CU_ASSERT(harness_log_has(
        scene->server, "CIV0786: the key file of connectors' secrets holds no such keys, so none", 10));
    CU_ASSERT(!harness_log_has(scene->server, "does not understand", 0)); /* APR, a status of ours */
    CU_ASSERT(!harness_log_has(scene->server, SYNC_SCENE_TOKEN, 0));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0786", NULL));
    CU_ASSERT_STRING_EQUAL(test_read_file(key_file(scene), &length), empty);
    CU_ASSERT_STRING_EQUAL(names(scene), before);
    CU_ASSERT_EQUAL(scenario_write_file(key_file(scene), text, strlen(text)), 0);
    CU_ASSERT_EQUAL(sync_scene_configure(scene)->status, 200);
    CU_ASSERT_STRING_NOT_EQUAL(names(scene), before);
    sync_scene_stop(scene);
}

/* One that is no file of keys, or that others may read, or is gone: nothing is changed, and no new one made. */
static void file_that_cannot_be_used(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    const char *said, *away = apr_pstrcat(test_pool(), key_file(scene), ".away", NULL);

    CU_ASSERT_EQUAL(chmod(key_file(scene), 0640), 0);
    CU_ASSERT(rotate(scene, 3, &said));
    CU_ASSERT(strstr(said, "nobody but its owner") != NULL && strstr(said, "secrets.key") != NULL);
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 503);
    CU_ASSERT(harness_log_has(scene->server, "CIV0801", 10));
    CU_ASSERT(!harness_log_has(scene->server, "does not understand", 0)); /* APR, a status of ours */
    CU_ASSERT_EQUAL(chmod(key_file(scene), 0600), 0);
    CU_ASSERT_EQUAL(rename(key_file(scene), away), 0);
    CU_ASSERT(rotate(scene, 3, &said));
    CU_ASSERT(strstr(said, "The key file of the secrets cannot be read") != NULL);
    CU_ASSERT(access(key_file(scene), F_OK) != 0);
    CU_ASSERT_EQUAL(rename(away, key_file(scene)), 0);
    CU_ASSERT_EQUAL(deliver(scene, HOOK), 200);
    CU_ASSERT(rotate(scene, 0, NULL));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0801", NULL));
    sync_scene_stop(scene);
}

static void wrong_places(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    const char *said, *state = tool_state(scene->server), *before = names(scene);

    CU_ASSERT(tool_ends(2, NULL, "rotate-secrets", NULL));
    CU_ASSERT(tool_ends(2, NULL, "rotate-secrets", "--state", state, "surplus", NULL));
    CU_ASSERT(tool_ends(2, NULL, "rotate-secrets", "--config", scene->config, "--state", "/nowhere", NULL));
    CU_ASSERT(tool_ends(3, &said, "rotate-secrets", "--state", "/nowhere", NULL));
    CU_ASSERT(strstr(said, "/nowhere") != NULL);
    CU_ASSERT(tool_ends(3, &said, "rotate-secrets", "--state", state, "--database", "/nowhere/x.db", NULL));
    CU_ASSERT(strstr(said, "/nowhere/x.db") != NULL);
    CU_ASSERT(tool_ends(3, &said, "rotate-secrets", "--state", state, "--driver", "pgsql", "--database",
                        "host=127.0.0.1 port=1 dbname=x user=x password=geheim", NULL));
    CU_ASSERT(strstr(said, "Connection refused") != NULL && strstr(said, "geheim") == NULL);
    CU_ASSERT_EQUAL(count_keys(scene), 1);
    CU_ASSERT_STRING_EQUAL(names(scene), before);
    sync_scene_stop(scene);
}

/* Whoever owns the file could choose what is done, with the rights of somebody else. */
static void file_of_a_stranger(void)
{
    sync_scene_t *scene = start(SYNC_SCENE_ALONE);
    const char *said, *before = names(scene), *copy = apr_pstrcat(test_pool(), scene->config, ".copy", NULL);
    unsigned long length;
    const char *text = test_read_file(scene->config, &length);

    if (geteuid() == 0) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        CU_ASSERT_EQUAL_FATAL(scenario_write_file(copy, text, length), 0);
        CU_ASSERT_EQUAL(chmod(copy, 0600), 0);
        CU_ASSERT_EQUAL(chown(copy, 65534, 65534), 0);
        CU_ASSERT(tool_ends(3, &said, "rotate-secrets", "--config", copy, NULL));
        CU_ASSERT(strstr(said, "neither to root nor to the owner of") != NULL);
        CU_ASSERT(tool_ends(3, &said, "sync-once", "--config", copy, NULL));
        CU_ASSERT_EQUAL(count_keys(scene), 1);
        CU_ASSERT_STRING_EQUAL(names(scene), before);
    }
    CU_ASSERT(rotate(scene, 0, NULL));
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"rotated_beside_httpd_and_worker", rotated_beside_httpd_and_worker},
    {"killed_beside_httpd_and_worker", killed_beside_httpd_and_worker},
    {"prepared_for_other_hosts", prepared_for_other_hosts},
    {"unopened_secrets_are_named", unopened_secrets_are_named},
    {"unopened_secrets_whose_key_is_gone", unopened_secrets_whose_key_is_gone},
    {"file_that_seals_nothing", file_that_seals_nothing},
    {"file_that_cannot_be_used", file_that_cannot_be_used},
    {"wrong_places", wrong_places},
    {"file_of_a_stranger", file_of_a_stranger},
    {NULL, NULL},
};
const test_suite_t sync_secrets_suite = {"sync_secrets", NULL, NULL, cases};
