/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signed_elsewhere.c
 * Requests that are signed by programs that share no code with us, and the protocol that they come by.
 */
#include "config.h"

#include "integration/signed_scene.h"

#include "support/document.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Key, content and folder of one that joins. */
static const char *prepare_signer(const char *organization, const char **key, const char **body)
{
    *key = scenario_file(signed_server, "member.pem");
    *body = scenario_file(signed_server, "join.json");
    CU_ASSERT_EQUAL(civ_key_save(signer_key(organization), *key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(scenario_write_file(*body, signer_joining(organization, organization),
                                        strlen(signer_joining(organization, organization))),
                    0);
    return apr_psprintf(test_pool(), "127.0.0.1:%d", signed_server->port);
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
    answer = http_send(signed_web, "POST", SIGNED_JOIN, headers, text, length);
    CU_ASSERT_EQUAL(answer->status, 201);
    if (answer->status != 201) {
        test_note("%s", answer->body);
    }
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, headers, text, length), "used before",
                   "with a nonce of its own");
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
    signed_start();
    authority = prepare_signer("alpha", &key, &body);
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(signed_server, "sign.sh"), script, strlen(script)), 0);
    send_joining(headers_of(apr_psprintf(test_pool(), ". '%s' && sign POST %s " SIGNED_JOIN " '%s' '%s'",
                                         scenario_file(signed_server, "sign.sh"), authority, key, body)),
                 body);
    signed_stop();
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
    signed_start_on(
        "event",
        "<IfModule !http2_module>\nLoadModule http2_module ${civ_modules}/mod_http2.so\n</IfModule>\n"
        "Protocols h2c http/1.1\n" SIGNER_CONFIG "LogLevel civarcos:info\n");
    authority = prepare_signer("alpha", &key, &body);
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    headers = "";
    for (lines = signer_headers(&request); *lines; lines++) {
        headers = apr_pstrcat(test_pool(), headers, *lines, "\n", NULL);
    }
    CU_ASSERT_EQUAL(scenario_write_file(scenario_file(signed_server, "headers"), headers, strlen(headers)),
                    0);
    said = apr_psprintf(
        test_pool(),
        "curl -s -o '%s' -w '%%{http_version} %%{http_code}' --http2-prior-knowledge -H '@%s' "
        "--data-binary '@%s' 'http://%s" SIGNED_JOIN "'",
        scenario_file(signed_server, "answer"), scenario_file(signed_server, "headers"), body, authority);
    lines = headers_of(said);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    CU_ASSERT_STRING_EQUAL(lines[0], "2 201");
    lines = headers_of(said);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    CU_ASSERT_STRING_EQUAL(lines[0], "2 401");
    signed_stop();
}

static void test_signed_by_an_npm_library(void)
{
    const char *authority, *key, *body, *folder;

    if (!has_program("node --version && npm --version")) {
        test_note("skipped: no node and npm");
        return;
    }
    signed_start();
    folder = scenario_file(signed_server, "npm");
    if (!has_program(apr_psprintf(test_pool(),
                                  "mkdir '%s' && cd '%s' && timeout 120 npm --fetch-retries=0 "
                                  "--fetch-timeout=30000 --cache '%s/cache' install --no-audit "
                                  "--no-fund --ignore-scripts http-message-signatures@1",
                                  folder, folder, folder))) {
        test_note("skipped: npm cannot install http-message-signatures");
        signed_stop();
        return;
    }
    authority = prepare_signer("beta", &key, &body);
    send_joining(
        headers_of(apr_psprintf(
            test_pool(), "node '%s/tests/tools/sign_request.mjs' '%s' '%s' 'http://%s" SIGNED_JOIN "' '%s'",
            test_source_dir(), folder, key, authority, body)),
        body);
    signed_stop();
}

static const test_case_t cases[] = {
    {"signed with a shell", test_signed_with_a_shell},
    {"signed by an npm library", test_signed_by_an_npm_library},
    {"over HTTP/2", test_over_http_2},
    {NULL, NULL},
};

const test_suite_t signed_elsewhere_suite = {"signed_elsewhere", NULL, NULL, cases};
