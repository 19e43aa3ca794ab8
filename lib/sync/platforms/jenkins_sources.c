/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins_sources.c
 * What a build was made of: the revisions it checked out, and the change sets since the build before.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "sync/platforms/configuration.h"
#include "sync/platforms/jenkins_private.h"

/** Revisions, and commits, that are named in a build's data; each commit is an item in any case. */
#define REVISIONS_MOST 50
#define CHANGES_MOST   500

/** Bytes of a revision's id at most: of systems other than git it is a number or a path. */
#define REVISION_MOST 200

/* --- revisions --- */

/* The next revision from @a *at on, which is moved behind it; NULL: there is none. @param action that it is of */
static const civ_json_t *next_revision(const civ_json_t *json, apr_size_t *at, const civ_json_t **action)
{
    const civ_json_t *actions = civ_json_get(json, "actions");

    while (*at < civ_field_count(json, "actions")) {
        const char *sha;

        *action = &actions->as.array.items[(*at)++];
        sha = civ_field_text(*action, "lastBuiltRevision/SHA1");
        if (sha != NULL && civ_is_commit(sha))
            return civ_json_get(*action, "lastBuiltRevision");
    }
    return NULL;
}

/* The name of a repository is the last part of its URL, without ".git". */
static int is_repository(const char *url, const char *name)
{
    const char *last = url + strlen(url);
    apr_size_t length;

    while (last > url && strchr("/:", last[-1]) == NULL)
        last--;
    length = strlen(last);
    if (length > 4 && strcmp(last + length - 4, ".git") == 0)
        length -= 4;
    return length > 0 && length == strlen(name) && strncmp(last, name, length) == 0;
}

/* Whether a part of the job's name is that of the repository, as it is in multibranch projects and organisations. */
static int is_named_like(const civ_json_t *action, const char *job, apr_pool_t *pool)
{
    const char *url = civ_field_text(action, "remoteUrls/0");

    while (url != NULL && *job != '\0') {
        apr_size_t length = strcspn(job, "/");

        if (is_repository(url, apr_pstrmemdup(pool, job, length)))
            return 1;
        job += length + (job[length] == '/');
    }
    return 0;
}

/* The only one of all, or of those with such a repository; NULL when there are several, or none. */
static const char *only_revision(const civ_json_t *json, const char *job, apr_pool_t *pool)
{
    const char *only = NULL;
    const civ_json_t *action;
    const civ_json_t *revision;
    apr_size_t at = 0;

    while ((revision = next_revision(json, &at, &action)) != NULL) {
        const char *sha = civ_field_text(revision, "SHA1");

        if (job != NULL && !is_named_like(action, job, pool))
            continue;
        if (only != NULL && strcmp(only, sha) != 0)
            return NULL;
        only = sha;
    }
    return only;
}

/* Libraries are checked out as well, in any order: a wrong commit would be worse than none. */
const char *jenkins_revision(const civ_json_t *json, const char *job, apr_pool_t *pool)
{
    const char *sha = only_revision(json, NULL, pool);

    return sha != NULL ? sha : only_revision(json, job, pool);
}

/* Without the user of "git@host:path", which looks like an e-mail address. */
static const char *plain_url(const char *url, apr_pool_t *pool)
{
    const char *sign = url != NULL ? strchr(url, '@') : NULL;

    if (sign != NULL && strstr(url, "://") == NULL && strchr(sign, ':') != NULL)
        url = sign + 1;
    return civ_field_scrub(url, pool);
}

static void write_revisions(civ_json_writer_t *writer, const civ_json_t *json, apr_pool_t *pool)
{
    const civ_json_t *action;
    const civ_json_t *revision;
    apr_size_t at = 0;
    int count = 0;

    civ_json_name(writer, "revisions");
    civ_json_begin_array(writer);
    while (count++ < REVISIONS_MOST && (revision = next_revision(json, &at, &action)) != NULL) {
        civ_json_begin_object(writer);
        civ_json_member_text(writer, "branch",
                             civ_field_scrub(civ_field_text(revision, "branch/0/name"), pool));
        civ_json_member_text(writer, "commit", civ_field_text(revision, "SHA1"));
        civ_json_member_text(writer, "repository", plain_url(civ_field_text(action, "remoteUrls/0"), pool));
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

/* --- change sets: one of a freestyle build, several of a pipeline --- */

typedef void change_fn(void *baton, const char *kind, const char *id, const civ_json_t *change);

static void for_set(const civ_json_t *set, change_fn *function, void *baton)
{
    const civ_json_t *items = civ_json_get(set, "items");
    const char *kind = civ_field_text(set, "kind");
    apr_size_t i;

    for (i = 0; i < civ_field_count(set, "items"); i++) {
        const char *id = civ_field_id(&items->as.array.items[i], "commitId");

        if (id != NULL && strlen(id) <= REVISION_MOST)
            function(baton, kind != NULL ? kind : "", id, &items->as.array.items[i]);
    }
}

static void for_changes(const civ_json_t *json, change_fn *function, void *baton)
{
    const civ_json_t *sets = civ_json_get(json, "changeSets");
    apr_size_t count = civ_field_count(json, "changeSets");
    apr_size_t i;

    for (i = 0; i < count; i++)
        for_set(&sets->as.array.items[i], function, baton);
    if (count == 0) /* else it would be one of them again */
        for_set(civ_json_get(json, "changeSet"), function, baton);
}

typedef struct change_list_t {
    civ_json_writer_t *writer;
    int count;
} change_list_t;

static void write_change(void *baton, const char *kind, const char *id, const civ_json_t *change)
{
    change_list_t *list = baton;

    (void)kind;
    (void)change;
    if (list->count++ < CHANGES_MOST)
        civ_json_text(list->writer, id);
}

void jenkins_write_sources(civ_json_writer_t *writer, const civ_json_t *json, apr_pool_t *pool)
{
    change_list_t list = {writer, 0};

    write_revisions(writer, json, pool);
    civ_json_name(writer, "changes");
    civ_json_begin_array(writer);
    for_changes(json, write_change, &list);
    civ_json_end_array(writer);
    civ_json_member_int(writer, "change_count", list.count);
}

typedef struct change_items_t {
    const jenkins_build_t *build;
    civ_sync_page_t *page;
} change_items_t;

/* A commit of git or Mercurial is the same in every build; a mere number is only known within this one. */
static const char *id_of(const jenkins_build_t *build, const char *id, apr_pool_t *pool)
{
    return civ_is_commit(id) ? id : jenkins_id(build, apr_pstrcat(pool, "change/", id, NULL), pool);
}

static void make_commit(void *baton, const char *kind, const char *id, const civ_json_t *change)
{
    static const civ_data_field_t fields[] = {{"author", "author/fullName"},
                                              {"commit", "commitId"},
                                              {"message", "msg"},
                                              {"timestamp", "timestamp"},
                                              {NULL, NULL}};
    const change_items_t *items = baton;
    apr_pool_t *pool = civ_sync_page_pool(items->page);
    civ_sync_item_t *item = civ_sync_page_item(items->page, CIV_ITEM_COMMIT, id_of(items->build, id, pool));
    civ_json_writer_t writer;
    civ_buffer_t more;

    item->timestamp = civ_field_int(change, "timestamp", 0);
    if (item->timestamp <= 0)
        item->timestamp = civ_field_time(change, "date");
    if (item->timestamp <= 0)
        item->timestamp = apr_strtoi64(items->build->timestamp, NULL, 10);
    item->title = civ_field_text(change, "msg");
    item->author = civ_field_text(change, "author/fullName");
    item->sha = civ_is_commit(id) ? id : NULL;
    item->is_final = 1;
    civ_buffer_init(&more, 64, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "kind", kind);
    civ_json_end_object(&writer);
    item->data = civ_item_data(change, fields, &more, pool);
}

void jenkins_read_changes(const jenkins_build_t *build, const civ_json_t *json, civ_sync_page_t *page)
{
    change_items_t items = {build, page};

    for_changes(json, make_commit, &items);
}
