/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_items.c
 * Items and their keys, fields of answers, requests, and JSON that is none quite.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "support/runner.h"
#include "sync/fields.h"
#include "sync/foreign_json.h"
#include "unit/sync_fixture.h"

static const civ_json_t *parse(const char *text)
{
    const civ_json_t *json = NULL;
    civ_problem_t problem;

    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL(civ_foreign_json_parse(&json, text, strlen(text), &problem, test_pool()), APR_SUCCESS);
    return json;
}

/* --- identity --- */

static void test_key_and_content(void)
{
    civ_sync_item_t item, other;
    civ_problem_t problem;
    civ_digest_t expected;
    const char *joined = "github\x1f"
                         "api.github.com\x1f"
                         "pipeline\x1f"
                         "1296269\x1f"
                         "30433642";

    memset(&item, 0, sizeof(item));
    item.source = "github";
    item.instance = "api.github.com";
    item.type = CIV_ITEM_PIPELINE;
    item.scope = "1296269";
    item.project_id = "octo/hello";
    item.native_id = "30433642";
    item.timestamp = SYNC_NOW;
    item.data = "{\"status\":\"completed\",\"conclusion\":\"success\"}";
    item.title = "Fix by jo@example.org";
    item.url = "https://jo:secret@h.example/x";
    other = item;
    CU_ASSERT_EQUAL(civ_sync_item_finish(&item, &problem, test_pool()), APR_SUCCESS);
    civ_digest_sha256(&expected, joined, strlen(joined));
    CU_ASSERT_TRUE(civ_digest_equal(&item.key, &expected));
    civ_digest_sha256(&expected, "{\"conclusion\":\"success\",\"status\":\"completed\"}", 45);
    CU_ASSERT_TRUE(civ_digest_equal(&item.content_hash, &expected));
    CU_ASSERT_STRING_EQUAL(item.title, "Fix by [e-mail]");
    CU_ASSERT_STRING_EQUAL(item.url, "https://h.example/x");
    /* The order of members is no difference, an attempt is. */
    other.data = "{ \"conclusion\":\"success\", \"status\":\"completed\"}";
    other.attempt = 2;
    CU_ASSERT_EQUAL(civ_sync_item_finish(&other, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(civ_digest_equal(&item.content_hash, &other.content_hash));
    CU_ASSERT_STRING_EQUAL(other.native_id, "30433642#2");
    CU_ASSERT_FALSE(civ_digest_equal(&item.key, &other.key));
}

/* A platform's address of the next page may be longer than what is stored of it. */
static void test_long_addresses_are_cut(void)
{
    char *url = apr_palloc(test_pool(), 8001);
    civ_sync_item_t item;
    civ_problem_t problem;

    memset(url, 'a', 8000);
    url[8000] = '\0';
    memset(&item, 0, sizeof(item));
    item.source = "bitbucket";
    item.instance = "api.bitbucket.org";
    item.type = CIV_ITEM_COMMIT;
    item.scope = item.project_id = "w/r";
    item.native_id = "1";
    item.timestamp = SYNC_NOW;
    item.source_url = item.url = url;
    CU_ASSERT_EQUAL(civ_sync_item_finish(&item, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(strlen(item.source_url), CIV_ITEM_SOURCE_URL_MAX);
    CU_ASSERT_EQUAL(strlen(item.url), CIV_ITEM_URL_MAX);
}

/* An answer is gone before its items are stored. */
static void test_item_outlives_its_answer(void)
{
    char title[] = "title", author[] = "author", sha[] = "acb5820", url[] = "https://h/", scope[] = "7";
    civ_sync_item_t item;
    civ_problem_t problem;

    memset(&item, 0, sizeof(item));
    item.source = "github";
    item.instance = "api.github.com";
    item.type = CIV_ITEM_COMMIT;
    item.project_id = "octo/hello";
    item.scope = scope;
    item.native_id = "1";
    item.timestamp = SYNC_NOW;
    item.title = title;
    item.author = author;
    item.sha = sha;
    item.url = url;
    CU_ASSERT_EQUAL(civ_sync_item_finish(&item, &problem, test_pool()), APR_SUCCESS);
    title[0] = author[0] = sha[0] = url[0] = scope[0] = '?';
    CU_ASSERT_STRING_EQUAL(item.scope, "7");
    CU_ASSERT_STRING_EQUAL(item.title, "title");
    CU_ASSERT_STRING_EQUAL(item.author, "author");
    CU_ASSERT_STRING_EQUAL(item.sha, "acb5820");
    CU_ASSERT_STRING_EQUAL(item.url, "https://h/");
}

/* Whoever made its data: what must not be in it is not. */
static void test_items_are_scrubbed(void)
{
    civ_sync_item_t item;
    civ_problem_t problem;

    memset(&item, 0, sizeof(item));
    item.source = item.instance = item.scope = item.project_id = "x";
    item.type = CIV_ITEM_COMMIT;
    item.native_id = "1";
    item.timestamp = SYNC_NOW;
    item.url = "https://jo:hidden@host.example/1";
    item.data = "{\"a\":[{\"b\":\"https://jo:hidden@host.example/\"}],\"c\":\"by "
                "jo\\u0040host.example\",\"d\":\"@jo\"}";
    CU_ASSERT_EQUAL(civ_sync_item_finish(&item, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(item.url, "https://host.example/1");
    CU_ASSERT_STRING_EQUAL(item.data,
                           "{\"a\":[{\"b\":\"https://host.example/\"}],\"c\":\"by [e-mail]\",\"d\":\"@jo\"}");
}

static void test_unfit_items_are_refused(void)
{
    static const struct {
        const char *type, *native_id, *status, *data;
        apr_int64_t timestamp;
    } unfit[] = {
        {"comit", "1", NULL, NULL, 1},  {NULL, "1", NULL, NULL, 1},          {"commit", NULL, NULL, NULL, 1},
        {"commit", "", NULL, NULL, 1},  {"commit", "1", "success", NULL, 1}, {"commit", "1", NULL, NULL, 0},
        {"commit", "1", NULL, "[]", 1}, {"commit", "1", NULL, "{", 1},
    };
    unsigned i;

    for (i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        civ_sync_item_t item;
        civ_problem_t problem;

        memset(&item, 0, sizeof(item));
        memset(&problem, 0, sizeof(problem));
        item.source = item.instance = item.scope = item.project_id = "x";
        item.type = unfit[i].type;
        item.native_id = unfit[i].native_id;
        item.status = unfit[i].status;
        item.data = unfit[i].data;
        item.timestamp = unfit[i].timestamp;
        CU_ASSERT_EQUAL(civ_sync_item_finish(&item, &problem, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NOT_NULL(problem.detail);
    }
}

/* The vectors that may lie beside the project name kinds by the platforms' words, which are no types of ours: keys and content
 * are compared through the functions below civ_sync_item_finish. */
static void test_shared_vectors(void)
{
    const char *folder = test_shared_dir();
    const civ_json_t *vectors;
    apr_size_t i;
    char *text;

    text = folder != NULL
               ? test_read_file(
                     apr_pstrcat(test_pool(), folder, "/vectors/federation/sync-identity.json", NULL), NULL)
               : NULL;
    if (text == NULL) {
        test_note("skipped: no shared data");
        return;
    }
    vectors = parse(text);
    CU_ASSERT_TRUE(civ_field_count(vectors, "records") >= 4);
    for (i = 0; i < civ_field_count(vectors, "records"); i++) {
        const civ_json_t *vector = &civ_field(vectors, "records")->as.array.items[i];
        civ_sync_item_t item;
        civ_problem_t problem;

        memset(&item, 0, sizeof(item));
        item.source = civ_field_text(vector, "record/platform");
        item.instance = civ_field_text(vector, "record/instance");
        item.type = civ_field_text(vector, "record/kind");
        item.scope = civ_field_text(vector, "record/scope");
        item.native_id = civ_field_id(vector, "record/native_id");
        civ_sync_item_key(&item.key, &item);
        CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&item.key, test_pool()),
                               civ_field_text(vector, "natural_key_sha256"));
        item.type = CIV_ITEM_PIPELINE;
        item.timestamp = civ_field_time(vector, "record/updated_at");
        item.project_id = item.scope;
        {
            static const civ_data_field_t all[] = {{"conclusion", "conclusion"},
                                                   {"head_sha", "head_sha"},
                                                   {"status", "status"},
                                                   {"sha", "sha"},
                                                   {NULL, NULL}};

            item.data = civ_field_data(civ_field(vector, "record/data"), all, test_pool());
        }
        CU_ASSERT_EQUAL(civ_sync_item_finish(&item, &problem, test_pool()), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(item.data, civ_field_text(vector, "content_jcs"));
        CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&item.content_hash, test_pool()),
                               civ_field_text(vector, "content_sha256"));
    }
}

/* --- fields --- */

static void test_fields(void)
{
    const civ_json_t *json =
        parse("{\"a\":{\"b\":[1,{\"c\":\"x\"}],\"n\":null,\"e\":\"\"},\"id\":9007199254740993,"
              "\"small\":30433642,\"text\":\"12\",\"f\":1.5,\"t\":true}");

    CU_ASSERT_STRING_EQUAL(civ_field_text(json, "a/b/1/c"), "x");
    CU_ASSERT_PTR_NULL(civ_field_text(json, "a/b/2/c"));
    CU_ASSERT_PTR_NULL(civ_field_text(json, "a/n"));
    CU_ASSERT_PTR_NULL(civ_field_text(json, "a/e"));
    CU_ASSERT_PTR_NULL(civ_field_text(json, "small"));
    CU_ASSERT_PTR_NULL(civ_field(NULL, "small"));
    CU_ASSERT_STRING_EQUAL(civ_field_id(json, "id"), "9007199254740993");
    CU_ASSERT_STRING_EQUAL(civ_field_id(json, "small"), "30433642");
    CU_ASSERT_PTR_NULL(civ_field_id(json, "f"));
    CU_ASSERT_EQUAL(civ_field_int(json, "text", -1), 12);
    CU_ASSERT_EQUAL(civ_field_int(json, "f", -1), -1);
    CU_ASSERT_EQUAL(civ_field_int(json, "absent", -1), -1);
    CU_ASSERT_TRUE(civ_field_is_true(json, "t"));
    CU_ASSERT_FALSE(civ_field_is_true(json, "small"));
    CU_ASSERT_EQUAL(civ_field_count(json, "a/b"), 2);
}

static void test_times(void)
{
    static const struct {
        const char *text;
        apr_int64_t expected;
    } times[] = {
        {"2026-04-01T00:00:00Z", SYNC_NOW},
        {"2026-04-01T00:00:00.2237625Z", SYNC_NOW + 223},
        {"2026-04-01T02:00:00.000+02:00", SYNC_NOW},
        {"2026-04-01T02:00:00+0200", SYNC_NOW},
        {"2026-03-31T22:00:00.5-0200", SYNC_NOW + 500},
        {"2026-04-01T00:00:00", SYNC_NOW},
        {"2026-04-01T00:00:00.123456", SYNC_NOW + 123},
        {"2026-04-01 00:00:00 UTC", SYNC_NOW},
        {"2026-04-01 02:00:00 +0200", SYNC_NOW},
        {"2026-03-31 22:00:00 -0200", SYNC_NOW},
        {"2026-04-01", SYNC_NOW},
        {"0001-01-01T00:00:00", 0},
        {"1970-01-01T00:00:00Z", 0},
        {"yesterday", 0},
        {"", 0},
        {NULL, 0},
    };
    unsigned i;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        CU_ASSERT_EQUAL(civ_time_of_text(times[i].text), times[i].expected);
    CU_ASSERT_STRING_EQUAL(civ_query_time(SYNC_NOW + 999, test_pool()), "2026-04-01T00:00:00Z");
}

static void test_data_is_scrubbed(void)
{
    static const civ_data_field_t fields[] = {
        {"z", "z"}, {"a", "deep/er"}, {"gone", "gone"}, {"n", "n"}, {NULL, NULL}};
    const civ_json_t *json =
        parse("{\"n\":null,\"deep\":{\"er\":{\"runners_token\":\"s3cret\",\"Password\":\"p\",\"author\":\"Jo "
              "<jo.doe+x@mail.example.org> and @team\",\"clone\":\"https://jo:pw@host.example/x.git?a=1\","
              "\"list\":[\"a@b\",\"x@y.zz.\"]}},\"z\":1.50}");

    CU_ASSERT_STRING_EQUAL(civ_field_data(json, fields, test_pool()),
                           "{\"a\":{\"author\":\"Jo <[e-mail]> and @team\",\"clone\":\"https://host.example/"
                           "x.git?a=1\",\"list\":[\"a@b\",\"[e-mail].\"]},\"z\":1.5}");
}

static void test_data_is_bounded(void)
{
    static const civ_data_field_t fields[] = {{"list", "list"}, {"long", "long"}, {NULL, NULL}};
    civ_buffer_t text;
    const char *data;
    int i;

    civ_buffer_init(&text, 0, test_pool());
    civ_buffer_append_text(&text, "{\"long\":\"");
    for (i = 0; i < 5000; i++)
        civ_buffer_append_text(&text, "\xc3\xa4");
    civ_buffer_append_text(&text, "\",\"list\":[\"\"");
    for (i = 0; i < 300; i++)
        civ_buffer_append_format(&text, ",\"%0600d\"", i);
    civ_buffer_append_text(&text, "]}");
    data = civ_field_data(parse(text.data), fields, test_pool());
    CU_ASSERT_TRUE(strlen(data) <= CIV_ITEM_DATA_MAX);
    CU_ASSERT_EQUAL(strlen(data), strlen("{\"long\":\"\"}") + 4000);
    parse(data);
}

static void test_foreign_json(void)
{
    const civ_json_t *json =
        parse("\xef\xbb\xbf{\"half\":\"a\\ud83d!\",\"pair\":\"\\ud83d\\ude00\",\"nul\":\"a\\u0000b\","
              "\"latin\":\"caf\xe9 \xc3\xa9\",\"big\":12345678901234567890,\"ok\":1e3,\"esc\":\"\\\"\"}");
    const civ_json_t *root;
    civ_problem_t problem;

    CU_ASSERT_STRING_EQUAL(civ_field_text(json, "half"), "a\xef\xbf\xbd!");
    CU_ASSERT_STRING_EQUAL(civ_field_text(json, "pair"), "\xf0\x9f\x98\x80");
    CU_ASSERT_STRING_EQUAL(civ_field_text(json, "nul"), "a\xef\xbf\xbd"
                                                        "b");
    CU_ASSERT_STRING_EQUAL(civ_field_text(json, "latin"), "caf\xef\xbf\xbd \xc3\xa9");
    CU_ASSERT_STRING_EQUAL(civ_field_id(json, "big"), "12345678901234567890");
    CU_ASSERT_STRING_EQUAL(civ_field_text(json, "esc"), "\"");
    CU_ASSERT_EQUAL(civ_foreign_json_parse(&root, "{\"a\":\"\\ud83d", 12, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_foreign_json_parse(&root, "<html>", 6, &problem, test_pool()), CIV_EINVALID);
}

static void test_queries(void)
{
    apr_pool_t *pool = test_pool();

    CU_ASSERT_STRING_EQUAL(civ_path_encode("a b/c+d/\xc3\xa4", pool), "a%20b/c%2Bd/%C3%A4");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x", "t", "a:b/c", pool), "https://h/x?t=a%3Ab%2Fc");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x?a=1", "t", "2", pool), "https://h/x?a=1&t=2");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x?t=1&a=%2F", "t", "2", pool), "https://h/x?t=2&a=%2F");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x?at=1&t=1", "t", "2", pool), "https://h/x?at=1&t=2");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x?t=1&a=1", "t", NULL, pool), "https://h/x?a=1");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x?a=1&t=1", "t", NULL, pool), "https://h/x?a=1");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x?t=1", "t", NULL, pool), "https://h/x");
    CU_ASSERT_STRING_EQUAL(civ_query_set("https://h/x", "t", NULL, pool), "https://h/x");
}

static const test_case_t cases[] = {
    {"key_and_content", test_key_and_content},
    {"long_addresses_are_cut", test_long_addresses_are_cut},
    {"item_outlives_its_answer", test_item_outlives_its_answer},
    {"items_are_scrubbed", test_items_are_scrubbed},
    {"unfit_items_are_refused", test_unfit_items_are_refused},
    {"shared_vectors", test_shared_vectors},
    {"fields", test_fields},
    {"times", test_times},
    {"data_is_scrubbed", test_data_is_scrubbed},
    {"data_is_bounded", test_data_is_bounded},
    {"foreign_json", test_foreign_json},
    {"queries", test_queries},
    {NULL, NULL},
};
const test_suite_t sync_items_suite = {"items", unit_folder_make, unit_folder_remove, cases};
