/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_scene.c
 * Repositories are tables of answers; nothing here knows what the connector asks for first.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "{name}" is owner/name, and "{id}" a number. */
#define REPOSITORY                                                                                           \
    "{\"id\":{id},\"full_name\":\"{name}\",\"created_at\":\"2026-01-02T03:04:05Z\","                         \
    "\"updated_at\":\"2026-01-03T03:04:05Z\",\"owner\":{\"login\":\"octo\"},\"default_branch\":\"main\"}"
#define PULL(number)                                                                                         \
    "{\"id\":{id}" #number ",\"number\":" #number ",\"state\":\"closed\",\"title\":\"Change " #number        \
    "\",\"user\":{\"login\":\"ada\"},\"created_at\":\"2026-02-0" #number                                     \
    "T10:00:00Z\",\"updated_at\":\"2026-02-0" #number "T12:00:00Z\",\"closed_at\":\"2026-02-0" #number       \
    "T12:00:00Z\",\"merged_at\":null,\"head\":{\"ref\":\"t\",\"sha\":\"a" #number                            \
    "00000000000000000000000000000000000000\"},\"base\":{\"ref\":\"main\",\"sha\":"                          \
    "\"b000000000000000000000000000000000000000\"}}"
#define COMMIT(number)                                                                                       \
    "{\"sha\":\"c" #number                                                                                   \
    "00000000000000000000000000000000000000\",\"commit\":{\"author\":{\"name\":\"Ada\",\"email\":"           \
    "\"ada@people.example\",\"date\":\"2026-03-0" #number                                                    \
    "T10:00:00Z\"},\"committer\":{\"name\":\"Ada\",\"email\":\"ada@people.example\",\"date\":\"2026-03-"     \
    "0" #number "T10:00:00Z\"},\"message\":\"Commit " #number                                                \
    "\",\"tree\":{\"sha\":\"d000000000000000000000000000000000000000\"}},\"author\":{\"login\":\"ada\"},"    \
    "\"committer\":null,\"parents\":[]}"
#define RELEASE(number)                                                                                      \
    "{\"id\":{id}" #number ",\"tag_name\":\"v" #number "\",\"name\":\"v" #number                             \
    "\",\"created_at\":\"2026-04-0" #number "T03:04:05Z\",\"published_at\":\"2026-04-0" #number              \
    "T03:04:05Z\",\"author\":{\"login\":\"octo\"},\"assets\":[]}"

#define TYPE "Content-Type: application/json\r\n"
#define LINK(list)                                                                                           \
    TYPE "ETag: \"" list "-{id}-1\"\r\nLink: <http://{self}/repositories/{id}/" list                         \
         "per_page=100&page=2>; rel=\"next\", <http://{self}/repositories/{id}/" list                        \
         "per_page=100&page=2>; rel=\"last\"\r\n"
#define TAG(name) TYPE "ETag: \"" name "-{id}\"\r\n"

#define PULLS "pulls?state=all&sort=updated&direction=desc&"

static const struct {
    const char *target, *headers, *body;
} rows[] = {
    {"/repos/{name}", TAG("repo"), REPOSITORY},
    {"/repos/{name}/" PULLS "per_page=100", LINK(PULLS), "[" PULL(3) "," PULL(2) "]"},
    {"/repositories/{id}/" PULLS "per_page=100&page=2", TAG("pulls-2"), "[" PULL(1) "]"},
    {"/repos/{name}/pulls/*", TYPE, "[]"},
    {"/repos/{name}/commits?per_page=100", LINK("commits?"), "[" COMMIT(3) "," COMMIT(2) "]"},
    {"/repositories/{id}/commits?per_page=100&page=2", TAG("commits-2"), "[" COMMIT(1) "]"},
    {"/repos/{name}/releases?per_page=100", LINK("releases?"), "[" RELEASE(3) "," RELEASE(2) "]"},
    {"/repositories/{id}/releases?per_page=100&page=2", TAG("releases-2"), "[" RELEASE(1) "]"},
    {"/repos/{name}/stats/participation", TAG("participation"), "{\"all\":[1],\"owner\":[1]}"},
    {"/repos/{name}/stats/code_frequency", TAG("frequency"), "[[1,2,-3]]"},
    {"/repos/{name}/languages", TAG("languages"), "{\"C\":1}"},
    {"/repos/{name}/commits/*", TYPE,
     "{\"total_count\":0,\"check_runs\":[],\"statuses\":[],\"state\":\"pending\"}"},
    {"/repos/{name}/actions/*", TYPE, "{\"total_count\":0,\"workflow_runs\":[],\"artifacts\":[]}"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Every occurrence; @a instead does not hold @a words. */
static const char *put_for(const char *text, const char *words, const char *instead)
{
    const char *at;

    while ((at = strstr(text, words)) != NULL) {
        text = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), text, (apr_size_t)(at - text)), instead,
                           at + strlen(words), NULL);
    }
    return text;
}

static const char *fill(const char *text, const char *name, int id)
{
    return put_for(put_for(text, "{name}", name), "{id}", apr_itoa(test_pool(), id));
}

const mock_answer_t *sync_scene_repositories(const char *name, int first_id, int count,
                                             const mock_answer_t *instead)
{
    mock_answer_t *answers;
    int extra = 0;
    int i;

    while (instead && instead[extra].status != 0) {
        extra++;
    }
    answers = apr_pcalloc(test_pool(), (size_t)(extra + count * ROWS + 1) * sizeof(*answers));
    if (extra > 0) {
        memcpy(answers, instead, (size_t)extra * sizeof(*answers));
    }
    for (i = 0; i < count * ROWS; i++) {
        mock_answer_t *row = &answers[extra + i];
        const char *own = count == 1 ? name : apr_psprintf(test_pool(), "%s-%d", name, i / ROWS);

        row->target = fill(rows[i % ROWS].target, own, first_id + i / ROWS);
        row->headers = fill(rows[i % ROWS].headers, own, first_id + i / ROWS);
        row->body = fill(rows[i % ROWS].body, own, first_id + i / ROWS);
        row->status = 200;
        row->times = 1000000;
    }
    return answers;
}

/* --- a worker --- */

static const char *write_config(const sync_scene_t *scene, int threads)
{
    const char *path = apr_pstrcat(test_pool(), tool_state(scene->server), "/worker.json", NULL);
    const char *ledger =
        http_json_text(http_get(scene->web, "/api/blockchain/info"), "/blockchain/ledger_name");
    const char *database = "";
    const char *config;
    struct stat owner;

    if (database_is_pgsql()) {
        database = apr_psprintf(test_pool(), ",\"database_driver\":\"pgsql\",\"database_parameters\":\"%s\"",
                                database_parameters(scene->database, test_pool()));
    }
    config = apr_psprintf(test_pool(),
                          "{\"version\":1,\"nodes\":[{\"state_dir\":\"%s\",\"ledger_name\":\"%s\","
                          "\"egress_allow\":[\"127.0.0.1\"],\"egress_plain_http\":1,"
                          "\"worker_threads\":%d%s}]}",
                          tool_state(scene->server), ledger, threads, database);
    CU_ASSERT_EQUAL_FATAL(scenario_write_file(path, config, strlen(config)), 0);
    CU_ASSERT_EQUAL_FATAL(stat(tool_state(scene->server), &owner), 0);
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0600), 0);
    CU_ASSERT_EQUAL_FATAL(chown(path, owner.st_uid, owner.st_gid), 0);
    return path;
}

void sync_scene_set_threads(sync_scene_t *scene, int threads)
{
    scene->config = write_config(scene, threads);
}

/* With the account of httpd. */
pid_t sync_scene_worker(const sync_scene_t *scene)
{
    static const char program[] = CIVARCOS_BUILD_DIR "/worker/civarcos-worker";
    struct stat owner;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(stat(scene->config, &owner), 0);
    pid = fork();
    if (pid == 0) {
        int log = open("/dev/null", O_WRONLY);

        dup2(log, STDERR_FILENO);
        if (geteuid() == 0 &&
            (setgroups(0, NULL) != 0 || setgid(owner.st_gid) != 0 || setuid(owner.st_uid) != 0)) {
            _exit(126);
        }
        execl(program, program, "--config", scene->config, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* --- starting and stopping --- */

static int is_well(void *baton)
{
    http_client_t *web = baton;

    http_forget(web);
    return strcmp(http_json_text(http_get(web, "/api/health"), "/worker"), "ok") == 0;
}

sync_scene_t *sync_scene_open(const char *config, const mock_answer_t *answers)
{
    sync_scene_t *scene = apr_pcalloc(test_pool(), sizeof(*scene));
    harness_options_t options = {NULL, config, NULL};

    scene->platform = answers ? mock_platform_start(answers) : NULL;
    scene->server = harness_start(&options);
    CU_ASSERT_FATAL(scene->server != NULL);
    scene->web = http_client(scene->server->url, test_pool());
    scene->database = apr_pstrcat(test_pool(), tool_state(scene->server), "/civarcos.db", NULL);
    if (strstr(config, "managed") != NULL) {
        CU_ASSERT_EQUAL_FATAL(harness_wait(is_well, scene->web, 30), 0);
    }
    return scene;
}

sync_scene_t *sync_scene_start(const char *config, const mock_answer_t *answers)
{
    sync_scene_t *scene = sync_scene_open(config, answers);

    CU_ASSERT_EQUAL_FATAL(sync_scene_configure(scene)->status, 200);
    scene->config = write_config(scene, 4);
    return scene;
}

void sync_scene_stop(sync_scene_t *scene)
{
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

void sync_scene_close(sync_scene_t *scene)
{
    if (scene->platform) {
        mock_platform_stop(scene->platform);
    }
    CU_ASSERT_EQUAL(harness_stop(scene->server), 0);
}

http_response_t *sync_scene_configure(const sync_scene_t *scene)
{
    return http_post(
        scene->web, "/api/sync/configure",
        apr_psprintf(test_pool(),
                     "{\"platform\":\"github\",\"config\":{\"api_token\":\"" SYNC_SCENE_TOKEN
                     "\",\"base_url\":\"%s\"}}",
                     scene->platform ? mock_platform_url(scene->platform) : "https://api.github.com"));
}

/* --- what the server says --- */

const char *sync_scene_member(const sync_scene_t *scene, const char *name)
{
    const char *pointer = apr_pstrcat(test_pool(), "/sync_status/connectors/github/", name, NULL);

    http_forget(scene->web);
    return apr_pstrdup(test_pool(), http_json_text(http_get(scene->web, "/api/sync/status"), pointer));
}

const char *sync_scene_state(const sync_scene_t *scene)
{
    return sync_scene_member(scene, "state");
}

http_response_t *sync_scene_ask(const sync_scene_t *scene, const char *project_id, const char *prefer)
{
    const char *const headers[] = {"Content-Type: application/json",
                                   apr_pstrcat(test_pool(), "Prefer: ", prefer, NULL), NULL};
    const char *body =
        apr_psprintf(test_pool(), "{\"platform\":\"github\",\"project_id\":\"%s\"}", project_id);

    return http_send(scene->web, "POST", "/api/sync/source", headers, body, strlen(body));
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Without the time, which is that of the run where an item has none of its own. */
static const char *line_of(const http_response_t *answer, int index)
{
    static const char *const members[] = {"type", "native_id", "status", "title", "sha", "author"};
    const char *line = "";
    unsigned m;

    for (m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
        line = apr_pstrcat(
            test_pool(), line,
            http_json_text(answer, apr_psprintf(test_pool(), "/timeline/%d/%s", index, members[m])), " ",
            NULL);
    }
    return apr_psprintf(test_pool(), "%s%" APR_INT64_T_FMT "\n", line,
                        http_json_int(answer, apr_psprintf(test_pool(), "/timeline/%d/versions", index)));
}

const char *sync_scene_timeline(const sync_scene_t *scene, const char *name, int id)
{
    http_response_t *answer = http_get(
        scene->web, apr_psprintf(test_pool(), "/api/sync/timeline?order=asc&limit=100&project_id=%s", name));
    apr_array_header_t *lines = apr_array_make(test_pool(), 100, sizeof(const char *));
    int i;

    for (i = 0; i < http_json_count(answer, "/timeline"); i++) {
        APR_ARRAY_PUSH(lines, const char *) =
            put_for(put_for(line_of(answer, i), name, "NAME"), apr_itoa(test_pool(), id), "ID");
    }
    qsort(lines->elts, (size_t)lines->nelts, sizeof(const char *), compare);
    return apr_array_pstrcat(test_pool(), lines, '\0');
}

/* --- the tool --- */

static const char *const *arguments(const sync_scene_t *scene, const char *project_id)
{
    const char **all = apr_pcalloc(test_pool(), 20 * sizeof(*all));
    int count = 0;

    all[count++] = CIVARCOS_BUILD_DIR "/ctl/civarcosctl";
    all[count++] = "sync-once";
    all[count++] = "--state";
    all[count++] = tool_state(scene->server);
    if (database_is_pgsql()) {
        all[count++] = "--driver";
        all[count++] = database_driver();
        all[count++] = "--database";
        all[count++] = database_parameters(scene->database, test_pool());
    }
    all[count++] = "--egress-allow";
    all[count++] = "127.0.0.1";
    all[count++] = "--egress-plain-http";
    if (project_id) {
        all[count++] = "--platform";
        all[count++] = "github";
        all[count++] = "--project";
        all[count++] = project_id;
    }
    return all;
}

int sync_scene_once(const sync_scene_t *scene, int expected, const char **output, const char *project_id)
{
    const char *said = "";
    int status = harness_run(arguments(scene, project_id), &said);

    if (output) {
        *output = said;
    }
    if (status != expected) {
        test_note("sync-once ended with %d, not %d: %s", status, expected, said);
    }
    return status == expected;
}

pid_t sync_scene_begin(const sync_scene_t *scene, int output, const char *project_id)
{
    return tool_start_argv(-1, output, arguments(scene, project_id));
}

typedef struct asked_t {
    const sync_scene_t *scene;
    int count;
} asked_t;

static int is_asked(void *baton)
{
    const asked_t *asked = baton;

    return mock_platform_count(asked->scene->platform) >= asked->count;
}

int sync_scene_wait_asked(const sync_scene_t *scene, int count)
{
    asked_t asked = {scene, count};

    return harness_wait(is_asked, &asked, 60);
}

void sync_scene_end_leases(const sync_scene_t *scene)
{
    CU_ASSERT_EQUAL(
        scenario_sql(scene->database, "UPDATE civ_sync_jobs SET lease_until = 1, tries = 0 WHERE state = 1"),
        0);
}
