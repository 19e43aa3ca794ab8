/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_members.c
 * Organisations join, leave and are listed over HTTP: the examples as they are printed, bad requests, paging, caching, repeats,
 * and who is in on which virtual host.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"
#include "support/runner.h"

#include "base/merkle.h"

#include <apr_strings.h>

#include <string.h>

#define JOIN   "/api/federated/join"
#define LEAVE  "/api/federated/leave"
#define NODES  "/api/federated/nodes"
#define STATUS "/api/federated/status"

#define ENDPOINT "\"evidence_endpoint\": \"https://org.example/api\""

#define CONFIG                                                                                               \
    "CivarcosDifficulty 4\nCivarcosSealInterval 1h\nCivarcosSealCount 5\nCivarcosEgressPlainHttp Off\n"      \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName one.test\n</VirtualHost>\n"                             \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName signed.test\nCivarcosStateDir "                         \
    "\"${civ_state}/signed\"\n"                                                                              \
    "CivarcosFederationJoin signed\nCivarcosEgressPlainHttp On\n</VirtualHost>\n"                            \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName closed.test\nCivarcosStateDir "                         \
    "\"${civ_state}/closed\"\n"                                                                              \
    "CivarcosFederationJoin closed\n</VirtualHost>\n"                                                        \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName open.test\nCivarcosStateDir \"${civ_state}/open\"\n"    \
    "CivarcosFederationJoin open\n</VirtualHost>\n"

static harness_t *server;

static int setup(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static http_response_t *ask(http_client_t *web, const char *host, const char *path)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "Host: ", host, NULL), NULL};

    return http_send(web, "GET", path, headers, NULL, 0);
}

static http_response_t *tell(http_client_t *web, const char *host, const char *path, const char *json)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "Host: ", host, NULL), "Content-Type: application/json",
                             NULL};

    return http_send(web, "POST", path, headers, json, strlen(json));
}

static http_response_t *join(http_client_t *web, const char *id)
{
    return http_post(web, JOIN, apr_psprintf(test_pool(), "{\"organization_id\": \"%s\", " ENDPOINT "}", id));
}

static http_response_t *leave(http_client_t *web, const char *id)
{
    return http_post(web, LEAVE, apr_psprintf(test_pool(), "{\"organization_id\": \"%s\"}", id));
}

static apr_int64_t members(http_client_t *web)
{
    return http_json_int(http_get(web, STATUS), "/network_stats/total_nodes");
}

/* -- The examples ------------------------------------------------------------------------------------------ */

static void test_examples(void)
{
    http_response_t answer = consortium_example(
        server,
        "curl -X POST http://localhost:8000/api/federated/join \\\n"
        "  -H \"Content-Type: application/json\" \\\n"
        "  -d '{\"organization_id\": \"org1\", \"evidence_endpoint\": \"https://org1.example.com/api\"}'");

    CU_ASSERT_EQUAL(http_json_bool(&answer, "/success"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(&answer, "/node/organization_id"), "org1");
    CU_ASSERT_STRING_EQUAL(http_json_text(&answer, "/node/evidence_endpoint"),
                           "https://org1.example.com/api");
    CU_ASSERT_EQUAL(http_json(&answer, "/node/public_key")->type, CIV_JSON_NULL);
    CU_ASSERT_EQUAL(http_json(&answer, "/node/reputation_score")->type, CIV_JSON_NUMBER);
    CU_ASSERT_EQUAL(http_json_count(&answer, "/node/metadata"), 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(&answer, "/message"),
                           "Successfully joined the federated evidence network");
    answer = consortium_example(server, "curl http://localhost:8000/api/federated/status");
    CU_ASSERT_EQUAL(http_json_bool(&answer, "/success"), 1);
    CU_ASSERT_EQUAL(http_json_int(&answer, "/network_stats/total_nodes"), 1);
    CU_ASSERT_EQUAL(http_json_int(&answer, "/network_stats/total_shared_evidence"), 0);
    CU_ASSERT_EQUAL(http_json_int(&answer, "/network_stats/total_benchmarks"), 0);
    CU_ASSERT_EQUAL(http_json_int(&answer, "/network_stats/total_threats"), 0);
    CU_ASSERT_PTR_NOT_NULL(http_json(&answer, "/network_stats/avg_reputation"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Answers ----------------------------------------------------------------------------------------------- */

static void test_join_and_leave(void)
{
    http_client_t *web = checks_client(server);
    apr_int64_t before = members(web);
    http_response_t *joined = http_post(
        web, JOIN,
        "{\"organization_id\": \"come:and@go_1.x-y\", \"evidence_endpoint\": "
        "\"https://a.example:8443/x?y=z\", "
        "\"public_key\": null, \"metadata\": {\"contact\": \"a@b.example\", \"deep\": [{\"n\": 1.50}]}}");
    http_response_t *found;

    CU_ASSERT_EQUAL(joined->status, 201);
    CU_ASSERT_STRING_EQUAL(checks_header(joined, "Location"), NODES "/come:and@go_1.x-y");
    CU_ASSERT_STRING_EQUAL(http_json_text(joined, "/node/metadata/contact"), "a@b.example");
    CU_ASSERT_PTR_NULL(http_json(joined, "/node/left_at"));
    found = http_get(web, checks_header(joined, "Location"));
    CU_ASSERT_EQUAL(found->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(found, "/node/joined_at"),
                           http_json_text(joined, "/node/joined_at"));
    CU_ASSERT_STRING_EQUAL(http_json_text(found, "/node/record/organization_id"), "come:and@go_1.x-y");
    CU_ASSERT_EQUAL(strlen(http_json_text(found, "/node/signature")), 88);
    CU_ASSERT_EQUAL(http_json_count(found, "/node/keys"), 0);
    CU_ASSERT_EQUAL(members(web), before + 1);
    CU_ASSERT(checks_problem_at(join(web, "come:and@go_1.x-y"), 409, "/organization_id"));

    CU_ASSERT_EQUAL(leave(web, "come:and@go_1.x-y")->status, 200);
    CU_ASSERT_EQUAL(members(web), before);
    CU_ASSERT(checks_problem_at(leave(web, "come:and@go_1.x-y"), 404, "/organization_id"));
    /* What remains is that it was there. */
    found = http_get(web, checks_header(joined, "Location"));
    CU_ASSERT_EQUAL(found->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(found, "/node/left_at"),
                           http_json_text(found, "/node/record/left_at"));
    CU_ASSERT_PTR_NULL(strstr(http_get(web, NODES)->body, "come:and@go_1.x-y"));
    CU_ASSERT_EQUAL(join(web, "come:and@go_1.x-y")->status, 201);
    CU_ASSERT_EQUAL(members(web), before + 1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_no_organisation(void)
{
    http_client_t *web = checks_client(server);

    CU_ASSERT(http_is_problem(http_get(web, NODES "/nobody"), 404));
    CU_ASSERT(http_is_problem(http_get(web, NODES "/no%20body"), 404));
    CU_ASSERT(checks_problem_at(leave(web, "nobody"), 404, "/organization_id"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Bad requests ------------------------------------------------------------------------------------------ */

static const struct {
    const char *json;
    const char *pointer; /* NULL: of the whole */
} bad_joins[] = {
    {"", NULL},
    {"{", NULL},
    {"[]", ""},
    {"\"org\"", ""},
    {"{}", "/organization_id"},
    {"{" ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": null, " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": 7, " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": \"\", " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": \"..\", " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": \"a/b\", " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": \"a\\u0000b\", " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": \"b\\u00fcro\", " ENDPOINT "}", "/organization_id"},
    {"{\"organization_id\": \"bad\"}", "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", \"evidence_endpoint\": null}", "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", \"evidence_endpoint\": \"org.example\"}", "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", \"evidence_endpoint\": \"http://org.example\"}", "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", \"evidence_endpoint\": \"https://u:p@org.example\"}",
     "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", \"evidence_endpoint\": \"https://org.example\\u0000.evil\"}",
     "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", \"evidence_endpoint\": \"file:///etc/passwd\"}", "/evidence_endpoint"},
    {"{\"organization_id\": \"bad\", " ENDPOINT ", \"metadata\": []}", "/metadata"},
    {"{\"organization_id\": \"bad\", " ENDPOINT ", \"metadata\": \"x\"}", "/metadata"},
    {"{\"organization_id\": \"bad\", " ENDPOINT ", \"metadata\": null}", "/metadata"},
    {"{\"organization_id\": \"bad\", " ENDPOINT ", \"rotation\": 7}", "/rotation"},
    {"{\"organization_id\": \"bad\", " ENDPOINT ", \"public_key\": 7}", "/public_key"},
    {"{\"organization_id\": \"bad\", " ENDPOINT ", \"public_key\": \"\"}", "/public_key"},
    {"{\"organization_id\": \"bad\", " ENDPOINT
     ", \"public_key\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
     "/public_key"},
    {"{\"organization_id\": \"bad\", " ENDPOINT
     ", \"public_key\": {\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": "
     "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}",
     "/public_key"},
    {"{\"organization_id\": \"bad\", \"organization_id\": \"bad2\", " ENDPOINT "}", NULL},
};

static void test_bad_joins(void)
{
    http_client_t *web = checks_client(server);
    apr_int64_t before = members(web);
    size_t i;

    for (i = 0; i < sizeof(bad_joins) / sizeof(bad_joins[0]); i++) {
        http_response_t *response = http_post(web, JOIN, bad_joins[i].json);
        int good = bad_joins[i].pointer ? checks_problem_at(response, 400, bad_joins[i].pointer)
                                        : http_is_problem(response, 400);

        if (!good) {
            test_note("%s", bad_joins[i].json);
        }
        CU_ASSERT(good);
    }
    CU_ASSERT_EQUAL(members(web), before);
    CU_ASSERT(http_is_problem(http_get(web, NODES "/bad"), 404));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_metadata_has_an_end(void)
{
    http_client_t *web = checks_client(server);
    const char *begin = "{\"organization_id\": \"large\", " ENDPOINT ", \"metadata\": {\"a\":\"";
    char *fits = checks_repeat(begin, "x", 16384 - 8, "\"}}");
    char *large = checks_repeat(begin, "x", 16384 - 7, "\"}}");
    char *deep =
        checks_repeat("{\"organization_id\": \"deep\", " ENDPOINT ", \"metadata\": {\"a\":", "[", 62, "");

    CU_ASSERT(checks_problem_at(http_post(web, JOIN, large), 400, "/metadata"));
    CU_ASSERT_EQUAL(http_post(web, JOIN, fits)->status, 201);
    CU_ASSERT_EQUAL(leave(web, "large")->status, 200);
    /* As deep as a request may be, its record is, too. */
    deep = apr_pstrcat(test_pool(), deep, checks_repeat("", "]", 62, "}}"), NULL);
    CU_ASSERT_EQUAL(http_post(web, JOIN, deep)->status, 201);
    CU_ASSERT_EQUAL(leave(web, "deep")->status, 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_bad_transport(void)
{
    static const char json[] = "{\"organization_id\": \"bad\", " ENDPOINT "}";
    const char *text[] = {"Content-Type: text/plain", NULL}, *none[] = {"Content-Type:", NULL};
    http_client_t *web = checks_client(server);
    http_response_t *response;
    char *large = checks_repeat("{\"organization_id\": \"bad\", \"x\": \"", "x", 1048576, "\"}");

    CU_ASSERT(http_is_problem(http_send(web, "POST", JOIN, text, json, strlen(json)), 415));
    CU_ASSERT(http_is_problem(http_send(web, "POST", LEAVE, none, json, strlen(json)), 415));
    CU_ASSERT(http_is_problem(http_post(web, JOIN, large), 413));
    response = http_send(web, "GET", JOIN, NULL, NULL, 0);
    CU_ASSERT(http_is_problem(response, 405));
    CU_ASSERT_STRING_EQUAL(checks_header(response, "Allow"), "POST, OPTIONS");
    CU_ASSERT(http_is_problem(http_post(web, NODES, json), 405));
    CU_ASSERT(http_is_problem(http_send(web, "DELETE", NODES "/bad", NULL, NULL, 0), 405));
    CU_ASSERT(http_is_problem(http_get(web, NODES "?limit=0"), 400));
    CU_ASSERT(http_is_problem(http_get(web, NODES "?limit=1001"), 400));
    CU_ASSERT(http_is_problem(http_get(web, NODES "?cursor=x"), 400));
    CU_ASSERT(http_is_problem(http_get(web, NODES "?cursor=18446744073709551615"), 400));
    CU_ASSERT(http_is_problem(http_get(web, NODES "?unknown=1"), 400));
    CU_ASSERT(http_is_problem(http_get(web, NODES "/bad"), 404));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Nobody takes up a key without showing that it is his. */
static void test_key_needs_its_signature(void)
{
    http_client_t *web = checks_client(server);
    http_response_t *response =
        http_post(web, JOIN,
                  "{\"organization_id\": \"keyed\", " ENDPOINT
                  ", \"public_key\": \"PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\"}");

    CU_ASSERT(response->status == 401 || response->status == 403);
    CU_ASSERT(http_is_problem(http_get(web, NODES "/keyed"), 404));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Lists ------------------------------------------------------------------------------------------------- */

/* Whoever was in from first to last is met once, whatever others do meanwhile. */
static void test_paging(void)
{
    http_client_t *web = checks_client(server);
    const char *path = NODES "?limit=3";
    const char *seen = ",";
    int i, pages;

    for (i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(join(web, apr_psprintf(test_pool(), "paged-%d", i))->status, 201);
    }
    CU_ASSERT_EQUAL(http_json_int(http_get(web, NODES "?limit=1000"), "/count"), members(web));
    for (pages = 0; path && pages < 20; pages++) {
        http_response_t *page = http_get(web, path);
        int count = (int)http_json_int(page, "/count");

        CU_ASSERT_EQUAL(page->status, 200);
        CU_ASSERT_EQUAL(http_json_count(page, "/nodes"), count);
        for (i = 0; i < count; i++) {
            const char *id = http_json_text(page, apr_psprintf(test_pool(), "/nodes/%d/organization_id", i));

            CU_ASSERT_PTR_NULL(strstr(seen, apr_pstrcat(test_pool(), ",", id, ",", NULL)));
            seen = apr_pstrcat(test_pool(), seen, id, ",", NULL);
        }
        path = NULL;
        if (http_json(page, "/next_cursor")) {
            path = apr_pstrcat(test_pool(), NODES "?limit=3&cursor=", http_json_text(page, "/next_cursor"),
                               NULL);
            CU_ASSERT_STRING_EQUAL(checks_header(page, "Link"),
                                   apr_psprintf(test_pool(), "<%s>; rel=\"next\"", path));
        }
        /* One comes and goes behind, one stays; one that was seen leaves. */
        CU_ASSERT_EQUAL(join(web, "passing")->status, 201);
        CU_ASSERT_EQUAL(leave(web, "passing")->status, 200);
        if (pages == 0) {
            CU_ASSERT_EQUAL(join(web, "late")->status, 201);
        }
        if (strstr(seen, ",paged-0,") && pages < 15) {
            leave(web, "paged-0");
        }
    }
    CU_ASSERT(pages < 20);
    for (i = 0; i < 10; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(seen, apr_psprintf(test_pool(), ",paged-%d,", i)));
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(seen, ",late,"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- HTTP -------------------------------------------------------------------------------------------------- */

static void test_caching_and_methods(void)
{
    static const char *const paths[] = {NODES, NODES "?limit=2", NODES "/cached", STATUS};
    http_client_t *web = checks_client(server);
    size_t i;

    CU_ASSERT_EQUAL(join(web, "cached")->status, 201);
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        http_response_t *got = http_get(web, paths[i]), *again;
        const char *headers[] = {
            apr_pstrcat(test_pool(), "If-None-Match: ", checks_header(got, "ETag"), NULL), NULL};

        CU_ASSERT_EQUAL(got->status, 200);
        again = http_send(web, "GET", paths[i], headers, NULL, 0);
        CU_ASSERT_EQUAL(again->status, 304);
        CU_ASSERT_EQUAL(again->length, 0);
        CU_ASSERT_STRING_EQUAL(checks_header(again, "ETag"), checks_header(got, "ETag"));
        again = http_send(web, "HEAD", paths[i], NULL, NULL, 0);
        CU_ASSERT_EQUAL(again->status, 200);
        CU_ASSERT_EQUAL(again->length, 0);
        CU_ASSERT_STRING_EQUAL(checks_header(again, "Content-Length"), checks_header(got, "Content-Length"));
        again = http_send(web, "OPTIONS", paths[i], NULL, NULL, 0);
        CU_ASSERT_EQUAL(again->status, 204);
        CU_ASSERT_STRING_EQUAL(checks_header(again, "Allow"), "GET, HEAD, OPTIONS");
        /* What changes gets another tag. */
        CU_ASSERT_EQUAL(leave(web, "cached")->status, 200);
        if (i != 1) {
            CU_ASSERT_EQUAL(http_send(web, "GET", paths[i], headers, NULL, 0)->status, 200);
        }
        CU_ASSERT_EQUAL(join(web, "cached")->status, 201);
    }
    CU_ASSERT_EQUAL(http_send(web, "OPTIONS", JOIN, NULL, NULL, 0)->status, 204);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_repeats(void)
{
    static const char json[] = "{\"organization_id\": \"once\", " ENDPOINT "}";
    static const char gone[] = "{\"organization_id\": \"once\"}";
    http_client_t *web = checks_client(server);
    http_response_t *first = scenario_post(web, JOIN, "join once", json);
    http_response_t *again = scenario_post(web, JOIN, "join once", json);
    const http_response_t *joined = first;
    apr_int64_t before = members(web);

    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_PTR_NULL(http_header(first, "Idempotent-Replayed"));
    CU_ASSERT_EQUAL(again->status, 201);
    CU_ASSERT_STRING_EQUAL(checks_header(again, "Idempotent-Replayed"), "true");
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    CU_ASSERT_STRING_EQUAL(checks_header(again, "Location"), checks_header(first, "Location"));
    CU_ASSERT_EQUAL(members(web), before);
    CU_ASSERT(http_is_problem(scenario_post(web, JOIN, "join once",
                                            "{\"organization_id\": \"once\", " ENDPOINT
                                            ", \"metadata\": {\"a\": 1}}"),
                              422));
    /* A key is its organisation's own. */
    CU_ASSERT_EQUAL(
        scenario_post(web, JOIN, "join once", "{\"organization_id\": \"twice\", " ENDPOINT "}")->status, 201);
    CU_ASSERT_EQUAL(members(web), ++before);
    /* Without the key, and with another one, it is a second join. */
    CU_ASSERT(http_is_problem(http_post(web, JOIN, json), 409));
    CU_ASSERT(http_is_problem(scenario_post(web, JOIN, "join again", json), 409));

    first = scenario_post(web, LEAVE, "leave once", gone);
    again = scenario_post(web, LEAVE, "leave once", gone);
    CU_ASSERT_EQUAL(first->status, 200);
    CU_ASSERT_PTR_NULL(http_header(first, "Idempotent-Replayed"));
    CU_ASSERT_EQUAL(again->status, 200);
    CU_ASSERT_STRING_EQUAL(checks_header(again, "Idempotent-Replayed"), "true");
    CU_ASSERT_STRING_EQUAL(again->body, first->body);
    CU_ASSERT_EQUAL(members(web), before - 1);
    CU_ASSERT_STRING_EQUAL(scenario_post(web, JOIN, "join once", json)->body, joined->body);
    CU_ASSERT_EQUAL(members(web), before - 1);
    /* What was refused has not taken the key. */
    CU_ASSERT_EQUAL(scenario_post(web, JOIN, "join again", json)->status, 201);
    CU_ASSERT_EQUAL(members(web), before);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Nodes ------------------------------------------------------------------------------------------------- */

static void test_hosts_have_members_of_their_own(void)
{
    static const char json[] = "{\"organization_id\": \"theirs\", " ENDPOINT "}";
    http_client_t *web = checks_client(server);
    apr_int64_t before = http_json_int(ask(web, "one.test", STATUS), "/network_stats/total_nodes");

    CU_ASSERT_EQUAL(tell(web, "open.test", JOIN, json)->status, 201);
    CU_ASSERT_EQUAL(http_json_int(ask(web, "open.test", STATUS), "/network_stats/total_nodes"), 1);
    CU_ASSERT_EQUAL(http_json_int(ask(web, "open.test", NODES), "/count"), 1);
    CU_ASSERT_EQUAL(http_json_int(ask(web, "one.test", STATUS), "/network_stats/total_nodes"), before);
    CU_ASSERT(http_is_problem(ask(web, "one.test", NODES "/theirs"), 404));
    CU_ASSERT_PTR_NULL(strstr(ask(web, "one.test", NODES "?limit=1000")->body, "theirs"));
    /* The same id is another organisation there. */
    CU_ASSERT_EQUAL(tell(web, "one.test", JOIN, json)->status, 201);
    CU_ASSERT_EQUAL(tell(web, "one.test", LEAVE, "{\"organization_id\": \"theirs\"}")->status, 200);
    CU_ASSERT_PTR_NULL(http_json(ask(web, "open.test", NODES "/theirs"), "/node/left_at"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_policies(void)
{
    static const char json[] = "{\"organization_id\": \"org\", \"evidence_endpoint\": \"%s://org.example\"}";
    const char *https = apr_psprintf(test_pool(), json, "https"),
               *http = apr_psprintf(test_pool(), json, "http");
    http_client_t *web = checks_client(server);

    CU_ASSERT(checks_problem_at(tell(web, "signed.test", JOIN, https), 403, "/public_key"));
    /* This one takes http. */
    CU_ASSERT(checks_problem_at(tell(web, "signed.test", JOIN, http), 403, "/public_key"));
    CU_ASSERT(checks_problem_at(tell(web, "closed.test", JOIN, https), 403, NULL));
    CU_ASSERT(checks_problem_at(tell(web, "closed.test", JOIN, http), 400, "/evidence_endpoint"));
    CU_ASSERT_EQUAL(http_json_int(ask(web, "closed.test", STATUS), "/network_stats/total_nodes"), 0);
    CU_ASSERT_EQUAL(http_json_int(ask(web, "signed.test", STATUS), "/network_stats/total_nodes"), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- On record --------------------------------------------------------------------------------------------- */

/* Whether the proof of an answer leads from the text of an entry to the root of its block. */
static int is_proven(http_client_t *web, const http_response_t *found, const char *entry)
{
    http_response_t *block =
        http_get(web, apr_psprintf(test_pool(), "/api/blockchain/block/%" APR_INT64_T_FMT,
                                   http_json_int(found, "/result/block_index")));
    int i, count = http_json_count(found, "/result/proof/path");
    civ_digest_t path[CIV_MERKLE_MAX_DEPTH], leaf, root;

    for (i = 0; i < count && i < CIV_MERKLE_MAX_DEPTH; i++) {
        civ_digest_from_hex(&path[i],
                            http_json_text(found, apr_psprintf(test_pool(), "/result/proof/path/%d", i)));
    }
    civ_merkle_leaf(&leaf, entry, strlen(entry));
    return count >= 0 &&
           civ_digest_from_hex(&root, http_json_text(block, "/block/evidence_root")) == APR_SUCCESS &&
           civ_merkle_verify_inclusion(&leaf, (apr_uint64_t)http_json_int(found, "/result/proof/index"),
                                       (apr_uint64_t)http_json_int(found, "/result/proof/tree_size"), path,
                                       (apr_size_t)count, &root) == APR_SUCCESS;
}

/* Whoever knows the record of a member finds it in the ledger, with its proof, and learns nothing else there. */
static void test_members_are_on_record(void)
{
    http_client_t *web = checks_client(server);
    http_response_t *node, *found, *joined = join(web, "audited");
    const char *entry;
    int i;

    CU_ASSERT_EQUAL(joined->status, 201);
    for (i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(join(web, apr_psprintf(test_pool(), "filler-%d", i))->status, 201);
    }
    node = http_get(web, NODES "/audited");
    entry =
        apr_psprintf(test_pool(),
                     "{\"action\":\"join\",\"created\":\"%s\",\"record\":\"%s\","
                     "\"type\":\"civarcos.federation.member\"}",
                     http_json_text(node, "/node/joined_at"), checks_hash(http_json(node, "/node/record")));
    found =
        http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", checks_hash_text(entry), NULL));
    CU_ASSERT_EQUAL(found->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(found, "/result/evidence/type"), "civarcos.federation.member");
    CU_ASSERT(is_proven(web, found, entry));
    CU_ASSERT(!is_proven(web, found, "{}"));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/search?q=audited"), "/count"), 0);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/search?q=org.example"), "/count"), 0);
    /* Clients cannot write such history. */
    CU_ASSERT(checks_problem_at(
        http_post(web, "/api/blockchain/add", apr_psprintf(test_pool(), "{\"evidence\":%s}", entry)), 400,
        "/evidence/type"));
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"examples", test_examples},
    {"join_and_leave", test_join_and_leave},
    {"no_organisation", test_no_organisation},
    {"bad_joins", test_bad_joins},
    {"metadata_has_an_end", test_metadata_has_an_end},
    {"bad_transport", test_bad_transport},
    {"key_needs_its_signature", test_key_needs_its_signature},
    {"paging", test_paging},
    {"caching_and_methods", test_caching_and_methods},
    {"repeats", test_repeats},
    {"hosts_have_members_of_their_own", test_hosts_have_members_of_their_own},
    {"policies", test_policies},
    {"members_are_on_record", test_members_are_on_record},
    {NULL, NULL},
};

const test_suite_t federation_members_suite = {"federation_members", setup, teardown, cases};
