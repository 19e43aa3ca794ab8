/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file webhook_hint.c
 * What a delivery says: which project, which event, and by what it is known again.
 */
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sync/fields.h"
#include "sync/foreign_json.h"
#include "sync/webhook.h"

#define PATHS_MOST 10

/** Bytes of a project's name at most, as in a project_id. */
#define NAME_MOST 512

/** How a platform's deliveries are read; lists end with NULL. */
typedef struct layout_t {
    const char *platform;
    const char *event_header, *event_path; /**< what the event is called */
    const char *const *events;     /**< relevant ones; with a '*' at its end: that begin so. NULL: all */
    const char *const *id_headers; /**< the first that is there counts */
    const char *id_path;
    /** The id is not under the signature, so whoever has seen a delivery could send it again under another one: the body is a mark too. */
    int marks_body;
    const char *projects[PATHS_MOST]; /**< where names and ids of the project are */
    /** More names, or another id, than paths can reach. */
    void (*more)(civ_webhook_hint_t *hint, const civ_json_t *json, const char **id, apr_pool_t *pool);
} layout_t;

static void add_name(civ_webhook_hint_t *hint, const char *name)
{
    int i;

    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MOST)
        return;
    for (i = 0; i < hint->name_count; i++)
        if (strcmp(hint->names[i], name) == 0)
            return;
    if (hint->name_count < CIV_WEBHOOK_NAMES)
        hint->names[hint->name_count++] = name;
}

/* --- Jenkins --- */

/* "job/folder/job/name/", also at the end of a URL, is "folder/name". */
static const char *job_of(const char *url, apr_pool_t *pool)
{
    const char *host = url != NULL ? strstr(url, "://") : NULL;
    const char *at = host != NULL ? strchr(host + 3, '/') : url;
    const char *name = NULL;

    at = at != NULL ? strstr(at, "job/") : NULL;
    while (at != NULL && at != url && at[-1] != '/')
        at = strstr(at + 1, "job/");
    while (at != NULL && strncmp(at, "job/", 4) == 0) {
        apr_size_t length = strcspn(at + 4, "/?#");
        const char *segment = apr_punescape_url(pool, apr_pstrmemdup(pool, at + 4, length), NULL, NULL, 0);

        if (length == 0 || segment == NULL || (name != NULL && strlen(name) > NAME_MOST))
            return NULL;
        name = name != NULL ? apr_pstrcat(pool, name, "/", segment, NULL) : segment;
        at += 4 + length;
        at += *at == '/';
    }
    return name;
}

static void read_jenkins(civ_webhook_hint_t *hint, const civ_json_t *json, const char **id, apr_pool_t *pool)
{
    const char *number = civ_field_id(json, "build/number");
    const char *phase = civ_field_text(json, "build/phase");

    add_name(hint, job_of(civ_field_text(json, "url"), pool));
    add_name(hint, job_of(civ_field_text(json, "build/full_url"), pool));
    add_name(hint, job_of(civ_field_text(json, "build/url"), pool));
    if (*id == NULL && number != NULL && hint->name_count > 0)
        *id = apr_pstrcat(pool, hint->names[0], "#", number, " ", phase != NULL ? phase : "", " ",
                          civ_field_id(json, "build/timestamp"), NULL);
}

/* --- CircleCI --- */

/* It has a long and a short word for where a project comes from. */
static void read_circle_ci(civ_webhook_hint_t *hint, const civ_json_t *json, const char **id,
                           apr_pool_t *pool)
{
    const char *slug = civ_field_text(json, "project/slug");

    (void)id;
    if (slug != NULL && strncmp(slug, "github/", 7) == 0)
        add_name(hint, apr_pstrcat(pool, "gh/", slug + 7, NULL));
    if (slug != NULL && strncmp(slug, "bitbucket/", 10) == 0)
        add_name(hint, apr_pstrcat(pool, "bb/", slug + 10, NULL));
    if (slug != NULL && strncmp(slug, "gh/", 3) == 0)
        add_name(hint, apr_pstrcat(pool, "github/", slug + 3, NULL));
    if (slug != NULL && strncmp(slug, "bb/", 3) == 0)
        add_name(hint, apr_pstrcat(pool, "bitbucket/", slug + 3, NULL));
}

/* --- the table --- */

static const char *const github_events[] = {
    "push",    "pull_request*", "workflow_run", "workflow_job", "check_run", "check_suite", "status",
    "release", "repository",    "create",       "delete",       "issues",    "deployment*", NULL};
static const char *const gitlab_events[] = {
    "Push Hook",    "Tag Push Hook", "Merge Request Hook", "Pipeline Hook",   "Job Hook",    "Build Hook",
    "Release Hook", "Note Hook",     "Issue Hook",         "Deployment Hook", "System Hook", NULL};
static const char *const bitbucket_events[] = {
    "repo:push", "repo:commit_status_*", "repo:updated", "pullrequest:*", "issue:*", NULL};
static const char *const azure_events[] = {
    "build.*", "git.*", "workitem.*", "ms.vss-release.*", "ms.vss-pipelines.*", NULL};
static const char *const circle_ci_events[] = {"workflow-completed", "job-completed", NULL};

static const char *const github_ids[] = {"X-GitHub-Delivery", NULL};
static const char *const gitlab_ids[] = {"webhook-id", "Idempotency-Key", NULL};
static const char *const bitbucket_ids[] = {"X-Request-UUID", NULL};
static const char *const jenkins_ids[] = {"Idempotency-Key", NULL};

static const layout_t layouts[] = {
    {.platform = "github",
     .event_header = "X-GitHub-Event",
     .events = github_events,
     .id_headers = github_ids,
     .marks_body = 1,
     .projects = {"repository/full_name", "repository/id"}},
    {.platform = "gitlab",
     .event_header = "X-Gitlab-Event",
     .events = gitlab_events,
     .id_headers = gitlab_ids,
     .projects = {"project/path_with_namespace", "project/id", "project_id", "path_with_namespace"}},
    {.platform = "bitbucket",
     .event_header = "X-Event-Key",
     .events = bitbucket_events,
     .id_headers = bitbucket_ids,
     .marks_body = 1,
     .projects = {"repository/full_name", "repository/uuid"}},
    {.platform = "azure_devops",
     .event_path = "eventType",
     .events = azure_events,
     .id_path = "id",
     .projects = {"resourceContainers/project/id", "resource/project/name", "resource/project/id",
                  "resource/definition/project/name", "resource/repository/project/name",
                  "resource/repository/project/id", "resource/fields/System.TeamProject",
                  "resource/revision/fields/System.TeamProject"}},
    {.platform = "jenkins", .id_headers = jenkins_ids, .projects = {"project_id"}, .more = read_jenkins},
    {.platform = "circle_ci",
     .event_header = "circleci-event-type",
     .event_path = "type",
     .events = circle_ci_events,
     .id_path = "id",
     .projects = {"project/slug", "project/id"},
     .more = read_circle_ci},
};

/* --- reading --- */

static const char *header(const civ_webhook_t *webhook, const char *name)
{
    return name != NULL ? webhook->header(webhook->baton, name) : NULL;
}

static int is_relevant(const layout_t *layout, const char *event)
{
    const char *const *known;

    if (layout->events == NULL)
        return 1;
    for (known = layout->events; event != NULL && *known != NULL; known++) {
        apr_size_t length = strlen(*known);

        if ((*known)[length - 1] == '*' ? strncmp(*known, event, length - 1) == 0
                                        : strcmp(*known, event) == 0)
            return 1;
    }
    return 0;
}

/* @a kind keeps ids and bodies apart. */
static void add_mark(civ_webhook_hint_t *hint, const char *kind, const void *data, apr_size_t length)
{
    civ_digest_sha256_two(&hint->marks[hint->mark_count++], kind, strlen(kind) + 1, data, length);
}

/* The member "payload" of a form: what GitHub sends where its content type was left as it was. */
static const char *payload_of(const civ_webhook_t *webhook, apr_pool_t *pool)
{
    static const char name[] = "payload=";
    const char *at = webhook->body, *end = webhook->body + webhook->length;

    while (at < end) {
        const char *next = memchr(at, '&', (apr_size_t)(end - at));
        apr_size_t length = (apr_size_t)((next != NULL ? next : end) - at);

        if (length > sizeof(name) - 1 && memcmp(at, name, sizeof(name) - 1) == 0)
            return apr_punescape_url(pool,
                                     apr_pstrmemdup(pool, at + sizeof(name) - 1, length - (sizeof(name) - 1)),
                                     NULL, NULL, 1);
        at += length + 1;
    }
    return NULL;
}

static apr_status_t parse(const civ_json_t **json, const civ_webhook_t *webhook, civ_problem_t *problem,
                          apr_pool_t *pool)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = header(webhook, "Content-Type");
    const char *text = webhook->body;
    apr_size_t length = webhook->length;
    apr_status_t status = CIV_EINVALID;

    if (type != NULL && strncasecmp(type, form, sizeof(form) - 1) == 0) {
        text = payload_of(webhook, pool);
        length = text != NULL ? strlen(text) : 0;
    }
    if (text != NULL)
        status = civ_foreign_json_parse(json, text, length, problem, pool);
    if (text == NULL || (status == APR_SUCCESS && (*json)->type != CIV_JSON_OBJECT)) {
        civ_problem_set(problem, CIV_PROBLEM_MALFORMED_JSON, pool,
                        "The delivery is neither a JSON object nor a form with one as its payload.");
        return CIV_EINVALID;
    }
    return status;
}

static void read_marks(civ_webhook_hint_t *hint, const layout_t *layout, const civ_json_t *json,
                       const char *id, const civ_webhook_t *webhook)
{
    const char *const *name;

    for (name = layout->id_headers; id == NULL && name != NULL && *name != NULL; name++)
        id = header(webhook, *name);
    if (id == NULL && layout->id_path != NULL)
        id = civ_field_id(json, layout->id_path);
    if (id != NULL && id[0] != '\0')
        add_mark(hint, "id", id, strlen(id));
    if (layout->marks_body || (hint->mark_count == 0 && layout->events != NULL))
        add_mark(hint, "body", webhook->body, webhook->length);
}

apr_status_t civ_webhook_read(civ_webhook_hint_t *hint, const char *platform, const civ_webhook_t *webhook,
                              civ_problem_t *problem, apr_pool_t *pool)
{
    const layout_t *layout = layouts;
    const civ_json_t *json;
    const char *event, *id = NULL;
    apr_status_t status = parse(&json, webhook, problem, pool);
    int i;

    memset(hint, 0, sizeof(*hint));
    hint->platform = platform;
    if (status != APR_SUCCESS)
        return status;
    while (strcmp(layout->platform, platform) != 0)
        if (++layout == layouts + sizeof(layouts) / sizeof(layouts[0]))
            return APR_SUCCESS;
    event = header(webhook, layout->event_header);
    if (event == NULL && layout->event_path != NULL)
        event = civ_field_text(json, layout->event_path);
    hint->is_relevant = is_relevant(layout, event);
    if (event == NULL && layout->events != NULL)
        hint->missing = layout->event_header != NULL ? layout->event_header : layout->event_path;
    for (i = 0; i < PATHS_MOST && layout->projects[i] != NULL; i++)
        add_name(hint, civ_field_id(json, layout->projects[i]));
    if (layout->more != NULL)
        layout->more(hint, json, &id, pool);
    read_marks(hint, layout, json, id, webhook);
    return APR_SUCCESS;
}
