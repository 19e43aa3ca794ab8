/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signed_requests.c
 * What a server makes of signed requests, and of those that pretend to be.
 */
#include "config.h"

#include "integration/ledger_checks.h"
#include "integration/scenario.h"
#include "integration/signer.h"

#include "base/content_digest.h"
#include "base/request_signature.h"
#include "support/document.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN  "/api/federated/join"
#define LEAVE "/api/federated/leave"

/* Causes that a stranger is not told are warnings. */
#define WARNED "?CIV0600", "?CIV0601"

static harness_t *server;
static http_client_t *web;

static void start_on(const char *mpm, const char *config)
{
    harness_options_t options = {mpm, config, NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
}

static void start_with(const char *config)
{
    start_on(NULL, config);
}

static void start(void)
{
    start_with(SIGNER_CONFIG "LogLevel civarcos:info\n");
}

static void stop(void)
{
    CU_ASSERT(harness_log_is_clean(server, WARNED, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

static const char *leaving(const char *organization)
{
    return apr_psprintf(test_pool(), "{\"organization_id\":\"%s\"}", organization);
}

static signer_request_t request_of(const char *key, const char *path, const char *body)
{
    signer_request_t request = {.server = server, .key = key, .path = path, .body = body};

    return request;
}

#define REFUSED(answer, label, words) CU_ASSERT(signer_is_refused(server, answer, label, words))

static void test_joining(void)
{
    signer_request_t request;
    http_response_t *answer;

    start();
    request = request_of(NULL, JOIN, signer_joining("alpha", "alpha"));
    REFUSED(signer_send(web, &request), "signature-missing", "needs a signature");
    /* Whoever names a key has to have it. */
    request.key = "beta";
    REFUSED(signer_send(web, &request), "no-applicable-signature", "the key that is needed here");
    request.key = "alpha";
    answer = signer_send(web, &request);
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/node/key_id"), signer_key_id("alpha"));
    answer = http_get(web, "/api/federated/nodes/alpha");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/node/keys/0/key_id"), signer_key_id("alpha"));
    /* One without a key needs no signature, as far as httpd lets it in. */
    CU_ASSERT_EQUAL(http_post(web, JOIN, signer_joining("plain", NULL))->status, 201);
    CU_ASSERT_EQUAL(http_post(web, LEAVE, leaving("plain"))->status, 200);
    stop();
}

static void test_speaking(void)
{
    signer_request_t request;
    http_response_t *answer;

    start();
    CU_ASSERT_EQUAL(signer_join(web, server, "alpha"), 201);
    CU_ASSERT_EQUAL(signer_join(web, server, "beta"), 201);
    request = request_of(NULL, LEAVE, leaving("alpha"));
    REFUSED(signer_send(web, &request), "speaks with a key", "sign the request with it");
    /* Another member's key, and nobody's. */
    request.key = "beta";
    answer = signer_send(web, &request);
    CU_ASSERT(checks_problem_at(answer, 403, "/organization_id"));
    request.key = "gamma";
    REFUSED(signer_send(web, &request), "key-unknown", "cannot be verified");
    request.key = "alpha";
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 200);
    /* It has left: its key is nobody's. */
    REFUSED(signer_send(web, &request), "key-unknown", "cannot be verified");
    stop();
}

/* The same bytes once more: in this process or another one, after a restart, and from another host's point of view. */
static void test_replays(void)
{
    signer_request_t request;
    const char *const *headers;
    const char *body;
    int i;

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    body = request.body;
    headers = signer_headers(&request);
    CU_ASSERT_EQUAL(http_send(web, "POST", JOIN, headers, body, strlen(body))->status, 201);
    for (i = 0; i < 8; i++) {
        http_client_t *other = http_client(server->url, test_pool());

        REFUSED(http_send(other, "POST", JOIN, headers, body, strlen(body)), "used before",
                "with a nonce of its own");
    }
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    REFUSED(http_send(web, "POST", JOIN, headers, body, strlen(body)), "used before",
            "with a nonce of its own");
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    REFUSED(http_send(web, "POST", JOIN, headers, body, strlen(body)), "used before",
            "with a nonce of its own");
    /* Signed again, it is told what is wrong with it. */
    CU_ASSERT(http_is_problem(signer_send(web, &request), 409));
    /* A request that was refused has used up its nonce as well. */
    request.nonce = "a-nonce-of-a-refused-request";
    headers = signer_headers(&request);
    CU_ASSERT(http_is_problem(http_send(web, "POST", JOIN, headers, body, strlen(body)), 409));
    REFUSED(http_send(web, "POST", JOIN, headers, body, strlen(body)), "used before",
            "with a nonce of its own");
    stop();
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
    replayer->status = http_send(http_client(server->url, pool), "POST", JOIN, replayer->headers,
                                 replayer->body, strlen(replayer->body))
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

    start_with(SIGNER_CONFIG SCENARIO_PROCESSES);
    for (round = 0; round < 5; round++) {
        const char *name = apr_psprintf(test_pool(), "member%d", round);

        request = request_of(name, JOIN, signer_joining(name, name));
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
    stop();
}

/* A nonce is kept no longer than its signature can be accepted, and the hour that clocks may differ by. */
static void test_expiry_of_nonces(void)
{
    apr_int64_t before = (apr_int64_t)apr_time_sec(apr_time_now()), after;
    const char *database;

    start();
    database = scenario_file(server, "ledger/civarcos.db");
    CU_ASSERT_EQUAL(signer_join(web, server, "alpha"), 201);
    after = (apr_int64_t)apr_time_sec(apr_time_now());
    CU_ASSERT_STRING_EQUAL(
        scenario_sql_text(
            database, apr_psprintf(test_pool(),
                                   "SELECT COUNT(*) FROM civ_replay WHERE expires BETWEEN %" APR_INT64_T_FMT
                                   " AND %" APR_INT64_T_FMT,
                                   (before + 301) * 1000, (after + 301) * 1000)),
        "1");
    stop();
}

/* Whoever sees a request under way cannot use up its nonce. */
static void test_nonces_of_others(void)
{
    signer_request_t request, forged;

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    request.nonce = "seen-under-way-by-others";
    forged = request;
    forged.sent_digest = "sha-256=:AAAA:";
    REFUSED(signer_send(web, &forged), "digest-mismatch", "Content-Digest is not the digest");
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

static void test_clocks(void)
{
    static const int wrong[] = {400, -120, 100000, -100000};
    signer_request_t request;
    size_t i;

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        request.age = wrong[i];
        REFUSED(signer_send(web, &request), "created-out-of-window", "this answer's Date");
    }
    request.age = 200;
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    harness_configure(server, SIGNER_CONFIG "LogLevel civarcos:info\nCivarcosSignatureWindow 20min 10min\n");
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    request = request_of("beta", JOIN, signer_joining("beta", "beta"));
    request.age = 1000;
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    request = request_of("gamma", JOIN, signer_joining("gamma", "gamma"));
    request.age = -500;
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

static void test_changes_on_the_way(void)
{
    signer_request_t request;
    const char *const *headers;
    const char *body, *changed;

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    body = request.body;
    headers = signer_headers(&request);
    changed = apr_pstrcat(test_pool(), body, " ", NULL);
    REFUSED(http_send(web, "POST", JOIN, headers, changed, strlen(changed)), "digest-mismatch",
            "Content-Digest");
    request.path = "/api/federated/j%6Fin";
    CU_ASSERT_STRING_NOT_EQUAL(request.path, JOIN);
    REFUSED(http_send(web, "POST", JOIN, signer_headers(&request), body, strlen(body)), "signature-invalid",
            "cannot be verified");
    request.path = JOIN "?limit=1";
    REFUSED(http_send(web, "POST", JOIN, signer_headers(&request), body, strlen(body)), "signature-invalid",
            "cannot be verified");
    request = request_of("alpha", JOIN, body);
    request.method = "DELETE";
    REFUSED(http_send(web, "POST", JOIN, signer_headers(&request), body, strlen(body)), "signature-invalid",
            "cannot be verified");
    /* Signed as it is sent, whatever it is decoded to. */
    request = request_of("alpha", "/api/federated/j%6Fin", body);
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
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

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    for (i = 0; i < sizeof(smuggled) / sizeof(smuggled[0]); i++) {
        request.more = smuggled[i][0];
        answer = signer_send(web, &request);
        /* Two types of content are none. */
        if (strncmp(smuggled[i][0], "Content-Type", 12) == 0) {
            CU_ASSERT_EQUAL(answer->status, 415);
        } else {
            REFUSED(answer, smuggled[i][1], "");
        }
    }
    request.more = "@method: DELETE";
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 400);
    /* What is said of a proxy by whoever likes to say it, changes nothing. */
    request.more = "X-Forwarded-Host: other.example";
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

static void test_unknown_keys_and_wrong_signatures_look_alike(void)
{
    signer_request_t request;
    const char **headers;
    http_response_t *unknown, *wrong;

    start();
    CU_ASSERT_EQUAL(signer_join(web, server, "alpha"), 201);
    request = request_of("gamma", LEAVE, leaving("alpha"));
    unknown = signer_send(web, &request);
    REFUSED(unknown, "key-unknown", "cannot be verified");
    request.key = "alpha";
    headers = (const char **)signer_headers(&request);
    CU_ASSERT(strncmp(headers[3], "Signature: ", 11) == 0);
    headers[3] = apr_pstrcat(test_pool(), "Signature: sig1=:", checks_repeat("", "A", 86, "==:"), NULL);
    wrong = http_send(web, "POST", LEAVE, headers, request.body, strlen(request.body));
    REFUSED(wrong, "signature-invalid", "cannot be verified");
    CU_ASSERT_STRING_EQUAL(http_json_text(unknown, "/detail"), http_json_text(wrong, "/detail"));
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(unknown, "/request_id"), http_json_text(wrong, "/request_id"));
    stop();
}

/* Where mod_unique_id gives each request an id, that is the one. */
static void test_ids_of_requests(void)
{
    signer_request_t request;
    http_response_t *answer;

    start_with(SIGNER_CONFIG
               "LogLevel civarcos:info\n"
               "<IfModule !unique_id_module>\nLoadModule unique_id_module "
               "${civ_modules}/mod_unique_id.so\n</IfModule>\n"
               "<IfModule !headers_module>\nLoadModule headers_module ${civ_modules}/mod_headers.so\n"
               "</IfModule>\nHeader always set X-Unique \"%{UNIQUE_ID}e\"\n");
    request = request_of(NULL, JOIN, signer_joining("alpha", "alpha"));
    answer = signer_send(web, &request);
    REFUSED(answer, "signature-missing", "needs a signature");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/request_id"), checks_header(answer, "X-Unique"));
    /* Nothing is said of ids where nothing was refused for its signature. */
    CU_ASSERT_PTR_NULL(http_json(http_post(web, JOIN, "{}"), "/request_id"));
    stop();
}

/* --- content --- */

static void test_compressed_content(void)
{
    signer_request_t request;
    const char *json;
    apr_size_t length;

    start();
    json = signer_joining("alpha", "alpha");
    request = request_of("alpha", JOIN, checks_gzip(server, json, strlen(json), &length));
    CU_ASSERT_PTR_NOT_NULL_FATAL(request.body);
    request.length = length;
    request.more = "Content-Encoding: gzip";
    /* The digest is of what is sent, not of what it is decoded to. */
    request.sent_digest = civ_content_digest_write(json, strlen(json), test_pool());
    REFUSED(signer_send(web, &request), "digest-mismatch", "after its Content-Encoding");
    request.sent_digest = NULL;
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

/* Another module has read the content when the handler starts. */
static void test_content_read_before(void)
{
    signer_request_t request;

    start_with(SIGNER_CONFIG "LoadModule early_reader_module " CIVARCOS_BUILD_DIR
                             "/tests/support/.libs/early_reader.so\n");
    CU_ASSERT_EQUAL(signer_join(web, server, "alpha"), 201);
    request = request_of("alpha", LEAVE, leaving("alpha"));
    request.sent_digest = civ_content_digest_write("{}", 2, test_pool());
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 401);
    request.sent_digest = NULL;
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 200);
    stop();
}

/* mod_deflate takes headers away that a signature may be about. */
static void test_headers_that_a_filter_takes_away(void)
{
    static const char *const more[] = {"content-encoding", "content-length", NULL};
    const char *json, *packed, *digest;
    apr_size_t length;
    civ_signature_fields_t fields;
    civ_signature_choice_t choice = {0, NULL, more};

    start();
    json = signer_joining("alpha", "alpha");
    packed = checks_gzip(server, json, strlen(json), &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
    digest = civ_content_digest_write(packed, length, test_pool());
    {
        const civ_header_line_t lines[] = {
            {"Content-Type", "application/json"},
            {"Content-Digest", digest},
            {"Content-Encoding", "gzip"},
            {"Content-Length", apr_psprintf(test_pool(), "%" APR_SIZE_T_FMT, length)}};
        const civ_message_t message = {.method = "POST",
                                       .scheme = "http",
                                       .authority = apr_psprintf(test_pool(), "127.0.0.1:%d", server->port),
                                       .target = JOIN,
                                       .lines = lines,
                                       .line_count = 4};

        CU_ASSERT_FATAL(civ_request_signature_make(&fields, &message, 1, signer_key("alpha"), &choice,
                                                   test_pool()) == APR_SUCCESS);
    }
    {
        const char *const headers[] = {"Content-Type: application/json",
                                       "Content-Encoding: gzip",
                                       apr_pstrcat(test_pool(), "Content-Digest: ", digest, NULL),
                                       apr_pstrcat(test_pool(), "Signature-Input: ", fields.input, NULL),
                                       apr_pstrcat(test_pool(), "Signature: ", fields.signature, NULL),
                                       NULL};

        CU_ASSERT_EQUAL(http_send(web, "POST", JOIN, headers, packed, length)->status, 201);
    }
    stop();
}

static void test_chunked_content(void)
{
    signer_request_t request;
    const char *const *headers;
    http_raw_t *raw;
    apr_size_t half;

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    raw = http_raw_connect(server->port, test_pool());
    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    http_raw_text(raw, apr_psprintf(test_pool(),
                                    "POST " JOIN " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                    "Transfer-Encoding: chunked\r\n",
                                    server->port));
    for (headers = signer_headers(&request); *headers; headers++) {
        http_raw_text(raw, apr_pstrcat(test_pool(), *headers, "\r\n", NULL));
    }
    http_raw_text(raw, "\r\n");
    half = strlen(request.body) / 2;
    http_raw_chunk(raw, request.body, half);
    http_raw_chunk(raw, request.body + half, strlen(request.body) - half);
    http_raw_chunk(raw, "", 0);
    CU_ASSERT_EQUAL(http_raw_answer(raw, 20)->status, 201);
    stop();
}

static void test_large_content(void)
{
    signer_request_t request;
    const char *joining;

    start();
    joining = signer_joining("alpha", "alpha");
    request = request_of("alpha", JOIN, checks_repeat(joining, " ", 500000, ""));
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

/* --- where a request was sent --- */

static void test_authorities(void)
{
    signer_request_t request;

    start();
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    request.authority = "other.example";
    REFUSED(signer_send(web, &request), "authority-not-ours", "not this server's own");
    request.authority = "127.0.0.1";
    REFUSED(signer_send(web, &request), "authority-not-ours", "not this server's own");
    harness_configure(server, SIGNER_CONFIG
                      "LogLevel civarcos:info\nCivarcosAuthority Other.Example:80 [::1]:8443\n");
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    request.authority = "other.example";
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    request = request_of("beta", JOIN, signer_joining("beta", "beta"));
    request.authority = "[::1]:8443";
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

/* Without a word about it: the names of the server, on the port that it listens on. */
static void test_own_names(void)
{
    signer_request_t request;
    const char *port;

    /* Nodes of their own, which take over no names of the main server. */
    start_with(
        "LogLevel civarcos:info\nCivarcosAuthority main.example\n"
        "<VirtualHost *:${civ_port}>\nServerName fed.example\nServerAlias also.example *.wild.example\n"
        "CivarcosStateDir \"${civ_state}/fed\"\n</VirtualHost>\n"
        "<VirtualHost *:${civ_port}>\nServerName https://tls.example:443\n"
        "CivarcosStateDir \"${civ_state}/tls\"\n</VirtualHost>\n");
    port = apr_psprintf(test_pool(), ":%d", server->port);
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    request.authority = "fed.example";
    REFUSED(signer_send(web, &request), "authority-not-ours", "not this server's own");
    request.authority = "main.example";
    REFUSED(signer_send(web, &request), "authority-not-ours", "not this server's own");
    request.authority = apr_pstrcat(test_pool(), "a.wild.example", port, NULL);
    REFUSED(signer_send(web, &request), "authority-not-ours", "not this server's own");
    request.authority = apr_pstrcat(test_pool(), "FED.example", port, NULL);
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    request = request_of("beta", JOIN, signer_joining("beta", "beta"));
    request.authority = apr_pstrcat(test_pool(), "also.example", port, NULL);
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    /* Behind a proxy that ends TLS: ServerName says what clients see. */
    request = request_of("gamma", JOIN, signer_joining("gamma", "gamma"));
    request.authority = "tls.example";
    CU_ASSERT_EQUAL(signer_send(web, &request)->status, 201);
    stop();
}

/* --- signers that share no code with us --- */

/* Key, content and folder of one that joins. */
static const char *prepare_signer(const char *organization, const char **key, const char **body)
{
    *key = scenario_file(server, "member.pem");
    *body = scenario_file(server, "join.json");
    CU_ASSERT_EQUAL(civ_key_save(signer_key(organization), *key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(scenario_write_file(*body, signer_joining(organization, organization),
                                        strlen(signer_joining(organization, organization))),
                    0);
    return apr_psprintf(test_pool(), "127.0.0.1:%d", server->port);
}

/* The lines that a command prints, as headers; NULL when it does not end well. */
static const char *const *headers_of(const char *command)
{
    const char **headers = apr_pcalloc(test_pool(), 10 * sizeof(*headers));
    char *text = apr_pcalloc(test_pool(), 8192);
    FILE *pipe = popen(command, "r");
    char *line, *state;
    int count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    if (fread(text, 1, 8191, pipe) == 0) {
        text[0] = '\0';
    }
    if (pclose(pipe) != 0) {
        return NULL;
    }
    for (line = apr_strtok(text, "\n", &state); line && count < 9; line = apr_strtok(NULL, "\n", &state)) {
        headers[count++] = line;
    }
    return headers;
}

static int has_program(const char *test)
{
    return system(apr_pstrcat(test_pool(), "(", test, ") >/dev/null 2>&1", NULL)) == 0;
}

static void send_joining(const char *const *headers, const char *body)
{
    unsigned long length;
    const char *text = test_read_file(body, &length);
    http_response_t *answer;

    CU_ASSERT_PTR_NOT_NULL_FATAL(headers);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    answer = http_send(web, "POST", JOIN, headers, text, length);
    CU_ASSERT_EQUAL(answer->status, 201);
    if (answer->status != 201) {
        test_note("%s", answer->body);
    }
    REFUSED(http_send(web, "POST", JOIN, headers, text, length), "used before", "with a nonce of its own");
}

/* The lines of shell that the manual shows, with the openssl program. */
static void test_signed_with_a_shell(void)
{
    const char *script = document_block("docs/formats.md", "### With a shell", "sh");
    const char *authority, *key, *body;

    if (!has_program("openssl version | grep 'OpenSSL 3'")) {
        test_note("skipped: no OpenSSL 3 to run");
        return;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(script);
    start();
    authority = prepare_signer("alpha", &key, &body);
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(server, "sign.sh"), script, strlen(script)), 0);
    send_joining(headers_of(apr_psprintf(test_pool(), ". '%s' && sign POST %s " JOIN " '%s' '%s'",
                                         scenario_file(server, "sign.sh"), authority, key, body)),
                 body);
    stop();
}

/* There, httpd makes up a Host header and has other filters in front of ours. */
static void test_over_http_2(void)
{
    const char *authority, *key, *body, *headers, *said;
    const char *const *lines;
    signer_request_t request;

    if (!has_program("curl --version | grep HTTP2") ||
        !has_program("test -e '" CIVARCOS_HTTPD_MODULES "/mod_http2.so'")) {
        test_note("skipped: no HTTP/2");
        return;
    }
    /* Not on prefork. */
    start_on("event",
             "<IfModule !http2_module>\nLoadModule http2_module ${civ_modules}/mod_http2.so\n</IfModule>\n"
             "Protocols h2c http/1.1\n" SIGNER_CONFIG "LogLevel civarcos:info\n");
    authority = prepare_signer("alpha", &key, &body);
    request = request_of("alpha", JOIN, signer_joining("alpha", "alpha"));
    headers = "";
    for (lines = signer_headers(&request); *lines; lines++) {
        headers = apr_pstrcat(test_pool(), headers, *lines, "\n", NULL);
    }
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(server, "headers"), headers, strlen(headers)), 0);
    said =
        apr_psprintf(test_pool(),
                     "curl -s -o '%s' -w '%%{http_version} %%{http_code}' --http2-prior-knowledge -H '@%s' "
                     "--data-binary '@%s' 'http://%s" JOIN "'",
                     scenario_file(server, "answer"), scenario_file(server, "headers"), body, authority);
    lines = headers_of(said);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    CU_ASSERT_STRING_EQUAL(lines[0], "2 201");
    lines = headers_of(said);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    CU_ASSERT_STRING_EQUAL(lines[0], "2 401");
    stop();
}

static void test_signed_by_an_npm_library(void)
{
    const char *authority, *key, *body, *folder;

    if (!has_program("node --version && npm --version")) {
        test_note("skipped: no node and npm");
        return;
    }
    start();
    folder = scenario_file(server, "npm");
    if (!has_program(apr_psprintf(test_pool(),
                                  "mkdir '%s' && cd '%s' && timeout 120 npm --fetch-retries=0 "
                                  "--fetch-timeout=30000 --cache '%s/cache' install --no-audit "
                                  "--no-fund --ignore-scripts http-message-signatures@1",
                                  folder, folder, folder))) {
        test_note("skipped: npm cannot install http-message-signatures");
        stop();
        return;
    }
    authority = prepare_signer("beta", &key, &body);
    send_joining(headers_of(apr_psprintf(
                     test_pool(), "node '%s/tests/tools/sign_request.mjs' '%s' '%s' 'http://%s" JOIN "' '%s'",
                     test_source_dir(), folder, key, authority, body)),
                 body);
    stop();
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
    {"compressed content", test_compressed_content},
    {"content read before", test_content_read_before},
    {"headers that a filter takes away", test_headers_that_a_filter_takes_away},
    {"chunked content", test_chunked_content},
    {"large content", test_large_content},
    {"authorities", test_authorities},
    {"own names", test_own_names},
    {"signed with a shell", test_signed_with_a_shell},
    {"signed by an npm library", test_signed_by_an_npm_library},
    {"over HTTP/2", test_over_http_2},
    {NULL, NULL},
};

const test_suite_t signed_requests_suite = {"signed_requests", NULL, NULL, cases};
