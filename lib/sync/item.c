/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file item.c
 * What makes an item fit to be stored.
 */
#include "sync/item.h"

#include <apr_strings.h>
#include <string.h>

#include "base/canonical.h"
#include "base/json.h"
#include "base/status.h"
#include "sync/fields.h"

static const char *const types[] = {
    CIV_ITEM_COMMIT,      CIV_ITEM_PULL_REQUEST, CIV_ITEM_REVIEW,     CIV_ITEM_ISSUE,
    CIV_ITEM_WORK_ITEM,   CIV_ITEM_PIPELINE,     CIV_ITEM_JOB,        CIV_ITEM_BUILD,
    CIV_ITEM_TEST_RESULT, CIV_ITEM_CHECK,        CIV_ITEM_RELEASE,    CIV_ITEM_DEPLOYMENT,
    CIV_ITEM_ARTIFACT,    CIV_ITEM_CODE_METRICS, CIV_ITEM_REPOSITORY, NULL,
};

static const char *const states[] = {
    CIV_STATUS_PASSED,
    CIV_STATUS_FAILED,
    CIV_STATUS_UNSTABLE,
    CIV_STATUS_CANCELED,
    CIV_STATUS_SKIPPED,
    CIV_STATUS_RUNNING,
    CIV_STATUS_OPEN,
    CIV_STATUS_MERGED,
    CIV_STATUS_CLOSED,
    CIV_STATUS_UNKNOWN,
    NULL,
};

static const civ_json_limits_t data_limits = {CIV_ITEM_DATA_MAX, 64, 100000, 1024};

static int is_one_of(const char *const *words, const char *word)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return 1;
    return 0;
}

int civ_item_type_is_known(const char *word)
{
    return is_one_of(types, word);
}

const char *civ_item_type_names(apr_pool_t *pool)
{
    const char *names = types[0];
    int i;

    for (i = 1; types[i] != NULL; i++)
        names = apr_pstrcat(pool, names, ", ", types[i], NULL);
    return names;
}

void civ_sync_item_key(civ_digest_t *key, const civ_sync_item_t *item)
{
    const char *const parts[] = {item->source, item->instance, item->type, item->scope, item->native_id};
    char text[2 * CIV_ITEM_SCOPE_MAX + CIV_ITEM_NATIVE_ID_MAX + 128];
    apr_size_t length = 0;
    unsigned i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        apr_size_t part = strlen(parts[i]);

        if (i > 0)
            text[length++] = 0x1f;
        /* civ_sync_item_finish has taken care that all of it has room. */
        if (part > sizeof(text) - length - 1)
            part = sizeof(text) - length - 1;
        memcpy(text + length, parts[i], part);
        length += part;
    }
    civ_digest_sha256(key, text, length);
}

static const char *cut(const char *text, apr_size_t most, apr_pool_t *pool)
{
    apr_size_t length;

    if (text == NULL || text[0] == '\0')
        return NULL;
    length = strlen(text);
    if (length <= most)
        return apr_pstrdup(pool, text);
    length = most;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return apr_pstrndup(pool, text, length);
}

static const char *find_fault(const civ_sync_item_t *item)
{
    if (item->type == NULL || !is_one_of(types, item->type))
        return "its type is none";
    if (item->status != NULL && !is_one_of(states, item->status))
        return "its status is none";
    if (item->native_id == NULL || item->native_id[0] == '\0')
        return "it has no id";
    if (strlen(item->native_id) > CIV_ITEM_NATIVE_ID_MAX - 24)
        return "its id is too long";
    if (strlen(item->scope) > CIV_ITEM_SCOPE_MAX || strlen(item->instance) > CIV_ITEM_SCOPE_MAX)
        return "its project's id is too long";
    if (item->timestamp <= 0)
        return "it has no time";
    if (item->sha != NULL && strlen(item->sha) > CIV_ITEM_SHA_MAX)
        return "its SHA is too long";
    return NULL;
}

static apr_status_t canonicalise(civ_sync_item_t *item, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *text = item->data != NULL ? item->data : "{}";
    const civ_json_t *data;
    civ_buffer_t out;
    apr_status_t status;

    status = civ_json_parse(&data, text, strlen(text), &data_limits, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    if (data->type != CIV_JSON_OBJECT) {
        civ_problem_set(problem, CIV_PROBLEM_INVALID_MEMBER, pool, "its data is no object");
        return CIV_EINVALID;
    }
    /* Connectors do so where they make data of an answer's fields; this is for what they write themselves. */
    civ_field_scrub_all((civ_json_t *)data, pool);
    civ_buffer_init(&out, strlen(text) + 16, pool);
    status = civ_canonical_write(&out, data);
    if (status == APR_SUCCESS && out.length > CIV_ITEM_DATA_MAX) {
        civ_problem_set(problem, CIV_PROBLEM_LIMIT_EXCEEDED, pool, "its data is too long");
        return CIV_EINVALID;
    }
    if (status == APR_SUCCESS) {
        item->data = out.data;
        civ_digest_sha256(&item->content_hash, out.data, out.length);
    }
    return status;
}

apr_status_t civ_sync_item_finish(civ_sync_item_t *item, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = find_fault(item);
    apr_status_t status;

    if (fault != NULL) {
        civ_problem_set(problem, CIV_PROBLEM_INVALID_MEMBER, pool, "%s", fault);
        return CIV_EINVALID;
    }
    status = canonicalise(item, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    if (item->attempt > 1)
        item->native_id = apr_psprintf(pool, "%s#%" APR_INT64_T_FMT, item->native_id, item->attempt);
    item->title = cut(civ_field_scrub(item->title, pool), CIV_ITEM_TITLE_MAX, pool);
    item->author = cut(civ_field_scrub(item->author, pool), CIV_ITEM_AUTHOR_MAX, pool);
    item->scope = apr_pstrdup(pool, item->scope);
    item->url = cut(civ_field_scrub(item->url, pool), CIV_ITEM_URL_MAX, pool);
    item->source_url = cut(item->source_url, CIV_ITEM_SOURCE_URL_MAX, pool);
    item->sha = cut(item->sha, CIV_ITEM_SHA_MAX, pool);
    civ_sync_item_key(&item->key, item);
    return APR_SUCCESS;
}
