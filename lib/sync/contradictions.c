/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file contradictions.c
 * What several platforms say of the same thing at one commit. Each platform's word is its latest: a run that was repeated counts as
 * it ended last. The rows are a function of the items' current versions, so they do not depend on the order of arrival.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/status.h"
#include "sync/timeline_private.h"

/* The newest items of a subject: more are passed over. */
#define POSITIONS_MAX 64

/* Between the SHA and the subject in a name of a hash table. */
#define SEPARATOR 0x1f

typedef struct position_t {
    const char *source, *instance, *type, *native_id, *key, *status, *title, *url;
    apr_int64_t timestamp, attempt;
} position_t;

static const char *const compared[] = {CIV_ITEM_PIPELINE, CIV_ITEM_JOB, CIV_ITEM_BUILD, CIV_ITEM_CHECK, NULL};

const char *civ_contradictions_subject(const char *type, const char *title, apr_pool_t *pool)
{
    const char *const *name = compared;
    civ_digest_t digest;
    char *text, *end;

    while (*name != NULL && strcmp(*name, type) != 0)
        name++;
    if (*name == NULL || title == NULL)
        return "";
    while (apr_isspace(*title))
        title++;
    text = apr_pstrdup(pool, title);
    for (end = text + strlen(text); end > text && apr_isspace(end[-1]); end--)
        end[-1] = '\0';
    if (text[0] == '\0')
        return "";
    for (end = text; *end != '\0'; end++)
        if (*end >= 'A' && *end <= 'Z')
            *end = (char)(*end - 'A' + 'a');
    civ_digest_sha256(&digest, text, strlen(text));
    return civ_digest_hex_dup(&digest, pool);
}

void civ_contradictions_note(civ_timeline_change_t *work, const char *sha, const char *subject)
{
    const char *name;

    if (sha[0] == '\0' || subject[0] == '\0')
        return;
    name = apr_psprintf(work->change->pool, "%s%c%s", sha, SEPARATOR, subject);
    apr_hash_set(work->subjects, name, APR_HASH_KEY_STRING, name);
}

/* Words that say how something went. */
static int is_verdict(const char *status)
{
    return strcmp(status, CIV_STATUS_PASSED) == 0 || strcmp(status, CIV_STATUS_FAILED) == 0 ||
           strcmp(status, CIV_STATUS_UNSTABLE) == 0;
}

static int is_later(const position_t *left, const position_t *right)
{
    if (left->timestamp != right->timestamp)
        return left->timestamp > right->timestamp;
    if (left->attempt != right->attempt)
        return left->attempt > right->attempt;
    return strcmp(left->key, right->key) > 0;
}

static int compare_platforms(const position_t *left, const position_t *right)
{
    int result = strcmp(left->source, right->source);

    return result != 0 ? result : strcmp(left->instance, right->instance);
}

/* Into the list, which is in the order of platforms, or in the place of an earlier word of its own. */
static void take(position_t *positions, int *count, const position_t *position)
{
    int i = 0;

    while (i < *count && compare_platforms(&positions[i], position) < 0)
        i++;
    if (i < *count && compare_platforms(&positions[i], position) == 0) {
        if (is_later(position, &positions[i]))
            positions[i] = *position;
        return;
    }
    memmove(&positions[i + 1], &positions[i], (apr_size_t)(*count - i) * sizeof(*positions));
    positions[i] = *position;
    (*count)++;
}

static apr_status_t read_positions(civ_timeline_change_t *work, const char *sha, const char *subject,
                                   position_t *positions, int *count)
{
    const civ_argument_t arguments[] = {civ_text(sha), civ_text(subject), civ_int(POSITIONS_MAX)};
    apr_pool_t *pool = work->change->pool;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(work->change->db, &civ_timeline_sql[SQL_POSITIONS], arguments, 3, &rows, pool);

    *count = 0;
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        position_t position;
        const char **const texts[] = {&position.source,    &position.instance, &position.type,
                                      &position.native_id, &position.key,      &position.status};
        int i;

        for (i = 0; i < 6; i++)
            *texts[i] = apr_pstrdup(pool, civ_rows_text(rows, i));
        position.title = apr_pstrdup(pool, civ_rows_text(rows, 8));
        position.url = apr_pstrdup(pool, civ_rows_text(rows, 9));
        if (civ_rows_int(rows, 6, &position.timestamp) != APR_SUCCESS ||
            civ_rows_int(rows, 7, &position.attempt) != APR_SUCCESS)
            return CIV_EDATABASE;
        take(positions, count, &position);
    }
    return status;
}

static int differ(const position_t *positions, int count)
{
    const char *first = NULL;
    int i;

    for (i = 0; i < count; i++) {
        if (!is_verdict(positions[i].status))
            continue;
        if (first != NULL && strcmp(first, positions[i].status) != 0)
            return 1;
        first = positions[i].status;
    }
    return 0;
}

static const char *write_positions(const position_t *positions, int count, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;
    int i;

    civ_buffer_init(&out, 512, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_array(&writer);
    for (i = 0; i < count; i++) {
        civ_json_begin_object(&writer);
        civ_json_member_text(&writer, "instance", positions[i].instance);
        civ_json_member_text(&writer, "key", positions[i].key);
        civ_json_member_text(&writer, "native_id", positions[i].native_id);
        civ_json_member_text(&writer, "source", positions[i].source);
        civ_json_member_text(&writer, "status", positions[i].status);
        civ_json_member_text(&writer, "title", positions[i].title);
        civ_json_member_text(&writer, "type", positions[i].type);
        civ_json_member_text(&writer, "url", positions[i].url);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    return out.data;
}

static apr_status_t open_row(civ_timeline_change_t *work, const char *sha, const char *subject,
                             const char *positions)
{
    const civ_argument_t find[] = {civ_text(sha), civ_text(subject)};
    civ_change_t *change = work->change;
    apr_int64_t number;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_timeline_sql[SQL_CONTRADICTION_FIND], find, 2, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) == APR_SUCCESS) {
        if (civ_rows_int(rows, 0, &number) != APR_SUCCESS)
            return CIV_EDATABASE;
        {
            const civ_argument_t row[] = {civ_int(change->now), civ_text(positions), civ_int(number)};

            return civ_db_send(change->db, &civ_timeline_sql[SQL_CONTRADICTION_UPDATE], row, 3);
        }
    }
    {
        const civ_argument_t row[] = {civ_int(++work->contradiction), civ_text(sha), civ_text(subject),
                                      civ_int(change->now), civ_text(positions)};

        return civ_db_send(change->db, &civ_timeline_sql[SQL_CONTRADICTION_INSERT], row, 5);
    }
}

static apr_status_t update_one(civ_timeline_change_t *work, const char *sha, const char *subject)
{
    const civ_argument_t close[] = {civ_int(work->change->now), civ_text(sha), civ_text(subject)};
    position_t positions[POSITIONS_MAX + 1];
    int count;
    apr_status_t status = read_positions(work, sha, subject, positions, &count);

    if (status != APR_SUCCESS)
        return status;
    if (differ(positions, count))
        return open_row(work, sha, subject, write_positions(positions, count, work->change->pool));
    return civ_db_send(work->change->db, &civ_timeline_sql[SQL_CONTRADICTION_CLOSE], close, 3);
}

apr_status_t civ_contradictions_update(civ_timeline_change_t *work)
{
    apr_pool_t *pool = work->change->pool;
    apr_status_t status = APR_SUCCESS;
    apr_hash_index_t *index;

    for (index = apr_hash_first(pool, work->subjects); index != NULL && status == APR_SUCCESS;
         index = apr_hash_next(index)) {
        const char *name = apr_hash_this_key(index);
        const char *separator = strchr(name, SEPARATOR);

        status = update_one(work, apr_pstrmemdup(pool, name, (apr_size_t)(separator - name)), separator + 1);
    }
    return status;
}
