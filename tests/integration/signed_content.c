/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signed_content.c
 * Signed requests whose content others pack, read or cut into pieces on its way.
 */
#include "config.h"

#include "integration/signed_scene.h"

#include "base/content_digest.h"
#include "base/request_signature.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static void test_compressed_content(void)
{
    signer_request_t request;
    const char *json;
    apr_size_t length;

    signed_start();
    json = signer_joining("alpha", "alpha");
    request =
        signed_request_of("alpha", SIGNED_JOIN, checks_gzip(signed_server, json, strlen(json), &length));
    CU_ASSERT_PTR_NOT_NULL_FATAL(request.body);
    request.length = length;
    request.more = "Content-Encoding: gzip";
    /* The digest is of what is sent, not of what it is decoded to. */
    request.sent_digest = civ_content_digest_write(json, strlen(json), test_pool());
    SIGNED_REFUSED(signer_send(signed_web, &request), "digest-mismatch", "after its Content-Encoding");
    request.sent_digest = NULL;
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

/* Another module has read the content when the handler starts. */
static void test_content_read_before(void)
{
    signer_request_t request;

    signed_start_with(SIGNER_CONFIG "LoadModule early_reader_module " CIVARCOS_BUILD_DIR
                                    "/tests/support/.libs/early_reader.so\n");
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "alpha"), 201);
    request = signed_request_of("alpha", SIGNED_LEAVE, signed_leaving("alpha"));
    request.sent_digest = civ_content_digest_write("{}", 2, test_pool());
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 401);
    request.sent_digest = NULL;
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 200);
    signed_stop();
}

/* mod_deflate takes headers away that a signature may be about. */
static void test_headers_that_a_filter_takes_away(void)
{
    static const char *const more[] = {"content-encoding", "content-length", NULL};
    const char *json, *packed, *digest;
    apr_size_t length;
    civ_signature_fields_t fields;
    civ_signature_choice_t choice = {0, NULL, more};

    signed_start();
    json = signer_joining("alpha", "alpha");
    packed = checks_gzip(signed_server, json, strlen(json), &length);
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
                                       .authority =
                                           apr_psprintf(test_pool(), "127.0.0.1:%d", signed_server->port),
                                       .target = SIGNED_JOIN,
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

        CU_ASSERT_EQUAL(http_send(signed_web, "POST", SIGNED_JOIN, headers, packed, length)->status, 201);
    }
    signed_stop();
}

static void test_chunked_content(void)
{
    signer_request_t request;
    const char *const *headers;
    http_raw_t *raw;
    apr_size_t half;

    signed_start();
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    raw = http_raw_connect(signed_server->port, test_pool());
    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    http_raw_text(raw, apr_psprintf(test_pool(),
                                    "POST " SIGNED_JOIN " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                    "Transfer-Encoding: chunked\r\n",
                                    signed_server->port));
    for (headers = signer_headers(&request); *headers; headers++) {
        http_raw_text(raw, apr_pstrcat(test_pool(), *headers, "\r\n", NULL));
    }
    http_raw_text(raw, "\r\n");
    half = strlen(request.body) / 2;
    http_raw_chunk(raw, request.body, half);
    http_raw_chunk(raw, request.body + half, strlen(request.body) - half);
    http_raw_chunk(raw, "", 0);
    CU_ASSERT_EQUAL(http_raw_answer(raw, 20)->status, 201);
    signed_stop();
}

static void test_large_content(void)
{
    signer_request_t request;
    const char *joining;

    signed_start();
    joining = signer_joining("alpha", "alpha");
    request = signed_request_of("alpha", SIGNED_JOIN, checks_repeat(joining, " ", 500000, ""));
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 201);
    signed_stop();
}

static const test_case_t cases[] = {
    {"compressed content", test_compressed_content},
    {"content read before", test_content_read_before},
    {"headers that a filter takes away", test_headers_that_a_filter_takes_away},
    {"chunked content", test_chunked_content},
    {"large content", test_large_content},
    {NULL, NULL},
};

const test_suite_t signed_content_suite = {"signed_content", NULL, NULL, cases};
