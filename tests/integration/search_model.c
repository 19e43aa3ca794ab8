/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "integration/search_model.h"

#include "integration/ledger_checks.h"
#include "support/runner.h"

#include "base/timestamp.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define SEARCH "/api/blockchain/search"

const search_conditions_t search_all = {NULL, NULL, NULL, APR_INT64_MIN, APR_INT64_MAX, 0, APR_INT64_MAX};

static void take_block(apr_array_header_t *entries, const civ_json_t *block)
{
    const civ_json_t *evidence = civ_json_get(block, "evidence");
    apr_size_t i;

    for (i = 0; i < evidence->as.array.count; i++) {
        search_entry_t *entry = &APR_ARRAY_PUSH(entries, search_entry_t);

        entry->leaf = checks_int(block, "/first_leaf") + (apr_int64_t)i;
        entry->block = checks_int(block, "/index");
        entry->block_hash = checks_text(block, "/hash");
        entry->time_text = checks_text(block, "/timestamp");
        CU_ASSERT(civ_timestamp_parse(&entry->time, entry->time_text) == APR_SUCCESS);
        entry->evidence = &evidence->as.array.items[i];
        entry->hash = checks_hash(entry->evidence);
        entry->type = civ_json_get_text(entry->evidence, "type");
    }
}

apr_array_header_t *search_entries(http_client_t *client)
{
    apr_array_header_t *entries = apr_array_make(test_pool(), 256, sizeof(search_entry_t));
    const char *line = http_get(client, "/api/blockchain/export")->body;

    for (; *line; line = strchr(line, '\n') + 1) {
        take_block(entries, checks_parse(line, strcspn(line, "\n")));
    }
    return entries;
}

/* Only the members that the fixture writes are looked into: the texts searched for are in no other place. */
static int holds_text(const search_entry_t *entry, const char *text)
{
    static const char *const members[] = {"Tool", "note", "type", NULL};
    const char *const *member;

    for (member = members; *member; member++) {
        const char *value = civ_json_get_text(entry->evidence, *member);
        char *lower = apr_pstrdup(test_pool(), value ? value : "");
        char *at;

        for (at = lower; *at; at++) {
            *at = (char)apr_tolower(*at);
        }
        if (strstr(lower, text)) {
            return 1;
        }
    }
    return 0;
}

static int matches(const search_entry_t *entry, const search_conditions_t *wanted)
{
    return (!wanted->type || (entry->type && strcmp(entry->type, wanted->type) == 0)) &&
           (!wanted->hash || strcmp(entry->hash, wanted->hash) == 0) &&
           (!wanted->text || holds_text(entry, wanted->text)) && entry->time >= wanted->since &&
           entry->time <= wanted->until && entry->block >= wanted->from && entry->block <= wanted->to;
}

static int is_entry(const civ_json_t *result, const search_entry_t *entry)
{
    return checks_int(result, "/leaf_index") == entry->leaf &&
           checks_int(result, "/block_index") == entry->block &&
           strcmp(checks_text(result, "/block_hash"), entry->block_hash) == 0 &&
           strcmp(checks_text(result, "/timestamp"), entry->time_text) == 0 &&
           strcmp(checks_text(result, "/evidence_hash"), entry->hash) == 0 &&
           strcmp(checks_hash(civ_json_get(result, "evidence")), entry->hash) == 0;
}

const char *search_next_page(const http_response_t *page)
{
    const char *link = http_header(page, "Link");
    const char *end = link ? strchr(link, '>') : NULL;

    if (!link) {
        CU_ASSERT_PTR_NULL(http_json(page, "/next_cursor"));
        return NULL;
    }
    CU_ASSERT_FATAL(*link == '<' && end != NULL);
    CU_ASSERT_STRING_EQUAL(end, ">; rel=\"next\"");
    CU_ASSERT(strstr(link, apr_pstrcat(test_pool(), "cursor=", http_json_text(page, "/next_cursor"), ">",
                                       NULL)) != NULL);
    return apr_pstrmemdup(test_pool(), link + 1, (apr_size_t)(end - link - 1));
}

apr_array_header_t *search_collect(http_client_t *client, const char *path, int limit)
{
    apr_array_header_t *results = apr_array_make(test_pool(), 64, sizeof(const civ_json_t *));
    int pages = 0;

    while (path) {
        http_response_t *page = http_get(client, path);
        int count = http_json_count(page, "/results");
        int i;

        CU_ASSERT_FATAL(page->status == 200 && ++pages < 1000);
        CU_ASSERT(http_json_bool(page, "/success") == 1);
        CU_ASSERT(http_json_int(page, "/count") == count && count <= limit);
        for (i = 0; i < count; i++) {
            APR_ARRAY_PUSH(results, const civ_json_t *) =
                http_json(page, apr_psprintf(test_pool(), "/results/%d", i));
        }
        path = search_next_page(page);
    }
    return results;
}

void search_check(http_client_t *client, const char *query, const search_conditions_t *wanted, int least)
{
    static const int limits[] = {1000, 7};
    apr_array_header_t *entries = search_entries(client);
    int found = 0;
    int k;

    for (k = 0; k < 2; k++) {
        const char *path =
            apr_psprintf(test_pool(), SEARCH "?%s%slimit=%d", query, *query ? "&" : "", limits[k]);
        apr_array_header_t *results = search_collect(client, path, limits[k]);
        int i;

        found = 0;
        for (i = entries->nelts - 1; i >= 0; i--) {
            const search_entry_t *entry = &APR_ARRAY_IDX(entries, i, search_entry_t);

            if (matches(entry, wanted)) {
                CU_ASSERT(found < results->nelts &&
                          is_entry(APR_ARRAY_IDX(results, found, const civ_json_t *), entry));
                found++;
            }
        }
        CU_ASSERT(found == results->nelts && found >= least);
        if (found != results->nelts) {
            test_note("%s: %d expected, %d found", path, found, results->nelts);
        }
    }
}
