/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signed_requests.c
 * What a server makes of signed requests, and of those that pretend to be.
 */
#include "config.h"

#include "integration/ledger_checks.h"
#include "integration/scenario.h"
#include "integration/signed_scene.h"

#include "support/runner.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>

static void test_joining(void)
{
    signer_request_t request;
    http_response_t *answer;

    signed_start();
    request = signed_request_of(NULL, SIGNED_JOIN, signer_joining("alpha", "alpha"));
    SIGNED_REFUSED(signer_send(signed_web, &request), "signature-missing", "needs a signature");
    /* Whoever names a key has to have it. */
    request.key = "beta";
    SIGNED_REFUSED(signer_send(signed_web, &request), "no-applicable-signature",
                   "the key that is needed here");
    request.key = "alpha";
    answer = signer_send(signed_web, &request);
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/node/key_id"), signer_key_id("alpha"));
    answer = http_get(signed_web, "/api/federated/nodes/alpha");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/node/keys/0/key_id"), signer_key_id("alpha"));
    /* One without a key needs no signature, as far as httpd lets it in. */
    CU_ASSERT_EQUAL(http_post(signed_web, SIGNED_JOIN, signer_joining("plain", NULL))->status, 201);
    CU_ASSERT_EQUAL(http_post(signed_web, SIGNED_LEAVE, signed_leaving("plain"))->status, 200);
    signed_stop();
}

static void test_speaking(void)
{
    signer_request_t request;
    http_response_t *answer;

    signed_start();
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "alpha"), 201);
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "beta"), 201);
    request = signed_request_of(NULL, SIGNED_LEAVE, signed_leaving("alpha"));
    SIGNED_REFUSED(signer_send(signed_web, &request), "speaks with a key", "sign the request with it");
    /* Another member's key, and nobody's. */
    request.key = "beta";
    answer = signer_send(signed_web, &request);
    CU_ASSERT(checks_problem_at(answer, 403, "/organization_id"));
    request.key = "gamma";
    SIGNED_REFUSED(signer_send(signed_web, &request), "key-unknown", "cannot be verified");
    request.key = "alpha";
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 200);
    /* It has left: its key is nobody's. */
    SIGNED_REFUSED(signer_send(signed_web, &request), "key-unknown", "cannot be verified");
    signed_stop();
}

/* The same bytes once more: in this process or another one, after a restart, and from another host's point of view. */
static void test_replays(void)
{
    signer_request_t request;
    const char *const *headers;
    const char *body;
    int i;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    body = request.body;
    headers = signer_headers(&request);
    CU_ASSERT_EQUAL(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body))->status, 201);
    for (i = 0; i < 8; i++) {
        http_client_t *other = http_client(signed_server->url, test_pool());

        SIGNED_REFUSED(http_send(other, "POST", SIGNED_JOIN, headers, body, strlen(body)), "used before",
                       "with a nonce of its own");
    }
    CU_ASSERT_EQUAL(harness_graceful(signed_server), 0);
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body)), "used before",
                   "with a nonce of its own");
    CU_ASSERT_EQUAL(harness_restart(signed_server), 0);
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body)), "used before",
                   "with a nonce of its own");
    /* Signed again, it is told what is wrong with it. */
    CU_ASSERT(http_is_problem(signer_send(signed_web, &request), 409));
    /* A request that was refused has used up its nonce as well. */
    request.nonce = "a-nonce-of-a-refused-request";
    headers = signer_headers(&request);
    CU_ASSERT(http_is_problem(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body)), 409));
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body)), "used before",
                   "with a nonce of its own");
    signed_stop();
}

#define CROWD 16

/** One of many who send the same at once. */
typedef struct replayer_t {
    const char *const *headers;
    const char *body;
    int status;
} replayer_t;

static void *APR_THREAD_FUNC send_once(apr_thread_t *thread, void *data)
{
    replayer_t *replayer = data;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    replayer->status = http_send(http_client(signed_server->url, pool), "POST", SIGNED_JOIN,
                                 replayer->headers, replayer->body, strlen(replayer->body))
                           ->status;
    apr_pool_destroy(pool);
    return NULL;
}

/* In one transaction or in several, in one process or in several: one of them is the first. */
static void test_replays_at_once(void)
{
    apr_thread_t *threads[CROWD];
    replayer_t replayers[CROWD];
    signer_request_t request;
    apr_status_t status;
    int round, i, taken;

    signed_start_with(SIGNER_CONFIG SCENARIO_PROCESSES);
    for (round = 0; round < 5; round++) {
        const char *name = apr_psprintf(test_pool(), "member%d", round);

        request = signed_request_of(name, SIGNED_JOIN, signer_joining(name, name));
        taken = 0;
        for (i = 0; i < CROWD; i++) {
            replayers[i].headers = i == 0 ? signer_headers(&request) : replayers[0].headers;
            replayers[i].body = request.body;
            CU_ASSERT_EQUAL_FATAL(apr_thread_create(&threads[i], NULL, send_once, &replayers[i], test_pool()),
                                  APR_SUCCESS);
        }
        for (i = 0; i < CROWD; i++) {
            apr_thread_join(&status, threads[i]);
            taken += replayers[i].status == 201;
            CU_ASSERT(replayers[i].status == 201 || replayers[i].status == 401);
        }
        CU_ASSERT_EQUAL(taken, 1);
    }
    signed_stop();
}

/* A nonce is kept no longer than its signature can be accepted, and the hour that clocks may differ by. */
static void test_expiry_of_nonces(void)
{
    apr_int64_t before = (apr_int64_t)apr_time_sec(apr_time_now()), after;
    const char *database;

    signed_start();
    database = scenario_file(signed_server, "ledger/civarcos.db");
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "alpha"), 201);
    after = (apr_int64_t)apr_time_sec(apr_time_now());
    CU_ASSERT_STRING_EQUAL(
        scenario_sql_text(
            database, apr_psprintf(test_pool(),
                                   "SELECT COUNT(*) FROM civ_replay WHERE expires BETWEEN %" APR_INT64_T_FMT
                                   " AND %" APR_INT64_T_FMT,
                                   (before + 301) * 1000, (after + 301) * 1000)),
        "1");
    signed_stop();
}

/* Whoever sees a request under way cannot use up its nonce. */
static void test_nonces_of_others(void)
{
    signer_request_t request, forged;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    request.nonce = "seen-under-way-by-others";
    forged = request;
    forged.sent_digest = "sha-256=:AAAA:";
    SIGNED_REFUSED(signer_send(signed_web, &forged), "digest-mismatch", "Content-Digest is not the digest");
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

static void test_clocks(void)
{
    static const int wrong[] = {400, -120, 100000, -100000};
    signer_request_t request;
    size_t i;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        request.age = wrong[i];
        SIGNED_REFUSED(signer_send(signed_web, &request), "created-out-of-window", "this answer's Date");
    }
    request.age = 200;
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    harness_configure(signed_server,
                      SIGNER_CONFIG "LogLevel civarcos:info\nCivarcosSignatureWindow 20min 10min\n");
    CU_ASSERT_EQUAL(harness_graceful(signed_server), 0);
    request = signed_request_of("beta", SIGNED_JOIN, signer_joining("beta", "beta"));
    request.age = 1000;
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    request = signed_request_of("gamma", SIGNED_JOIN, signer_joining("gamma", "gamma"));
    request.age = -500;
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

static void test_changes_on_the_way(void)
{
    signer_request_t request;
    const char *const *headers;
    const char *body, *changed;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    body = request.body;
    headers = signer_headers(&request);
    changed = apr_pstrcat(test_pool(), body, " ", NULL);
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, headers, changed, strlen(changed)),
                   "digest-mismatch", "Content-Digest");
    request.path = "/api/federated/j%6Fin";
    CU_ASSERT_STRING_NOT_EQUAL(request.path, SIGNED_JOIN);
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, signer_headers(&request), body, strlen(body)),
                   "signature-invalid", "cannot be verified");
    request.path = SIGNED_JOIN "?limit=1";
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, signer_headers(&request), body, strlen(body)),
                   "signature-invalid", "cannot be verified");
    request = signed_request_of("alpha", SIGNED_JOIN, body);
    request.method = "DELETE";
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, signer_headers(&request), body, strlen(body)),
                   "signature-invalid", "cannot be verified");
    /* Signed as it is sent, whatever it is decoded to. */
    request = signed_request_of("alpha", "/api/federated/j%6Fin", body);
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

static void test_smuggled_headers(void)
{
    static const char *const smuggled[][2] = {
        {"Content-Digest: sha-256=:AAAA:", "digest-malformed"},
        {"Content-Type: application/json", "signature-invalid"},
        {"Signature: sig1=:AAAA:", "signature-malformed"},
        {"Signature-Input: sig1=(\"@method\")", "signature-malformed"},
        {"Signature-Input: other=(\"@method\")", "signature-malformed"},
    };
    signer_request_t request;
    http_response_t *answer;
    size_t i;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    for (i = 0; i < sizeof(smuggled) / sizeof(smuggled[0]); i++) {
        request.more = smuggled[i][0];
        answer = signer_send(signed_web, &request);
        /* Two types of content are none. */
        if (strncmp(smuggled[i][0], "Content-Type", 12) == 0) {
            CU_ASSERT_EQUAL(answer->status, 415);
        } else {
            SIGNED_REFUSED(answer, smuggled[i][1], "");
        }
    }
    request.more = "@method: DELETE";
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 400);
    /* What is said of a proxy by whoever likes to say it, changes nothing. */
    request.more = "X-Forwarded-Host: other.example";
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

static void test_unknown_keys_and_wrong_signatures_look_alike(void)
{
    signer_request_t request;
    const char **headers;
    http_response_t *unknown, *wrong;

    signed_start();
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "alpha"), 201);
    request = signed_request_of("gamma", SIGNED_LEAVE, signed_leaving("alpha"));
    unknown = signer_send(signed_web, &request);
    SIGNED_REFUSED(unknown, "key-unknown", "cannot be verified");
    request.key = "alpha";
    headers = (const char **)signer_headers(&request);
    CU_ASSERT(strncmp(headers[3], "Signature: ", 11) == 0);
    headers[3] = apr_pstrcat(test_pool(), "Signature: sig1=:", checks_repeat("", "A", 86, "==:"), NULL);
    wrong = http_send(signed_web, "POST", SIGNED_LEAVE, headers, request.body, strlen(request.body));
    SIGNED_REFUSED(wrong, "signature-invalid", "cannot be verified");
    CU_ASSERT_STRING_EQUAL(http_json_text(unknown, "/detail"), http_json_text(wrong, "/detail"));
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(unknown, "/request_id"), http_json_text(wrong, "/request_id"));
    signed_stop();
}

/* Where mod_unique_id gives each request an id, that is the one. */
static void test_ids_of_requests(void)
{
    signer_request_t request;
    http_response_t *answer;

    signed_start_with(SIGNER_CONFIG
                      "LogLevel civarcos:info\n"
                      "<IfModule !unique_id_module>\nLoadModule unique_id_module "
                      "${civ_modules}/mod_unique_id.so\n</IfModule>\n"
                      "<IfModule !headers_module>\nLoadModule headers_module ${civ_modules}/mod_headers.so\n"
                      "</IfModule>\nHeader always set X-Unique \"%{UNIQUE_ID}e\"\n");
    request = signed_request_of(NULL, SIGNED_JOIN, signer_joining("alpha", "alpha"));
    answer = signer_send(signed_web, &request);
    SIGNED_REFUSED(answer, "signature-missing", "needs a signature");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/request_id"), checks_header(answer, "X-Unique"));
    /* Nothing is said of ids where nothing was refused for its signature. */
    CU_ASSERT_PTR_NULL(http_json(http_post(signed_web, SIGNED_JOIN, "{}"), "/request_id"));
    signed_stop();
}

/* --- where a request was sent --- */

static void test_authorities(void)
{
    signer_request_t request;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    request.authority = "other.example";
    SIGNED_REFUSED(signer_send(signed_web, &request), "authority-not-ours", "not this server's own");
    request.authority = "127.0.0.1";
    SIGNED_REFUSED(signer_send(signed_web, &request), "authority-not-ours", "not this server's own");
    harness_configure(signed_server, SIGNER_CONFIG
                      "LogLevel civarcos:info\nCivarcosAuthority Other.Example:80 [::1]:8443\n");
    CU_ASSERT_EQUAL(harness_graceful(signed_server), 0);
    request.authority = "other.example";
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    request = signed_request_of("beta", SIGNED_JOIN, signer_joining("beta", "beta"));
    request.authority = "[::1]:8443";
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

/* Without a word about it: the names of the server, on the port that it listens on. */
static void test_own_names(void)
{
    signer_request_t request;
    const char *port;

    /* Nodes of their own, which take over no names of the main server. */
    signed_start_with(
        "LogLevel civarcos:info\nCivarcosAuthority main.example\n"
        "<VirtualHost *:${civ_port}>\nServerName fed.example\nServerAlias also.example *.wild.example\n"
        "CivarcosStateDir \"${civ_state}/fed\"\n</VirtualHost>\n"
        "<VirtualHost *:${civ_port}>\nServerName https://tls.example:443\n"
        "CivarcosStateDir \"${civ_state}/tls\"\n</VirtualHost>\n");
    port = apr_psprintf(test_pool(), ":%d", signed_server->port);
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    request.authority = "fed.example";
    SIGNED_REFUSED(signer_send(signed_web, &request), "authority-not-ours", "not this server's own");
    request.authority = "main.example";
    SIGNED_REFUSED(signer_send(signed_web, &request), "authority-not-ours", "not this server's own");
    request.authority = apr_pstrcat(test_pool(), "a.wild.example", port, NULL);
    SIGNED_REFUSED(signer_send(signed_web, &request), "authority-not-ours", "not this server's own");
    request.authority = apr_pstrcat(test_pool(), "FED.example", port, NULL);
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    request = signed_request_of("beta", SIGNED_JOIN, signer_joining("beta", "beta"));
    request.authority = apr_pstrcat(test_pool(), "also.example", port, NULL);
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    /* Behind a proxy that ends TLS: ServerName says what clients see. */
    request = signed_request_of("gamma", SIGNED_JOIN, signer_joining("gamma", "gamma"));
    request.authority = "tls.example";
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

static const test_case_t cases[] = {
    {"joining", test_joining},
    {"speaking", test_speaking},
    {"replays", test_replays},
    {"replays at once", test_replays_at_once},
    {"expiry of nonces", test_expiry_of_nonces},
    {"nonces of others", test_nonces_of_others},
    {"clocks", test_clocks},
    {"changes on the way", test_changes_on_the_way},
    {"smuggled headers", test_smuggled_headers},
    {"unknown keys and wrong signatures look alike", test_unknown_keys_and_wrong_signatures_look_alike},
    {"ids of requests", test_ids_of_requests},
    {"authorities", test_authorities},
    {"own names", test_own_names},
    {NULL, NULL},
};

const test_suite_t signed_requests_suite = {"signed_requests", NULL, NULL, cases};
