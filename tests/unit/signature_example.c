/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_example.c
 * The worked example of docs/formats.md, computed again from its text: by us, and by the shell that it shows.
 */
#include "base/request_signature.h"

#include "base/status.h"
#include "support/document.h"
#include "support/runner.h"
#include "unit/unit_support.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define MANUAL  "docs/formats.md"
#define SECTION "### A request"
#define SHELL   "### With a shell"
#define CREATED APR_INT64_C(1767225595)
#define NONCE   "QWxwaGEtbm9uY2UtMDAwMQ"

/** The example, taken apart. */
typedef struct example_t {
    civ_message_t message;
    civ_header_line_t lines[8];
    const char *headers; /* as they stand there, without Host */
    const char *body;
    const char *base;
    civ_key_t *key;
} example_t;

static char *cut(char *text, const char *at)
{
    char *end = strstr(text, at);

    CU_ASSERT_FATAL(end != NULL);
    *end = '\0';
    return end + strlen(at);
}

static void read_lines(example_t *example, char *text)
{
    char *line, *state;

    for (line = apr_strtok(text, "\n", &state); line != NULL; line = apr_strtok(NULL, "\n", &state)) {
        civ_header_line_t *one = &example->lines[example->message.line_count++];

        CU_ASSERT_FATAL(example->message.line_count < 8);
        one->value = cut(line, ": ");
        one->name = line;
    }
    example->message.lines = example->lines;
}

static example_t *read_example(void)
{
    example_t *example = apr_pcalloc(test_pool(), sizeof(*example));
    char *request = document_block(MANUAL, SECTION, "http");
    char *pem = document_block(MANUAL, SECTION, "pem");
    char *base = document_block(MANUAL, SECTION, "text");
    char *rest;

    CU_ASSERT_FATAL(request != NULL && pem != NULL && base != NULL);
    CU_ASSERT_FATAL(unit_write_file(unit_path("example.pem"), pem, 0600) == 0 &&
                    civ_key_load(&example->key, unit_path("example.pem"), test_pool()) == APR_SUCCESS);
    base[strlen(base) - 1] = '\0';
    example->base = base;
    rest = cut(request, " ");
    example->message.method = request;
    example->message.target = rest;
    rest = cut(rest, " HTTP/1.1\nHost: ");
    example->message.authority = rest;
    rest = cut(rest, "\n");
    example->message.scheme = "https";
    example->body = cut(rest, "\n\n");
    ((char *)example->body)[strlen(example->body) - 1] = '\0';
    example->headers = apr_pstrcat(test_pool(), rest, "\n", NULL);
    read_lines(example, rest);
    return example;
}

static apr_status_t look_up(void *baton, const char *key_id, apr_int64_t created,
                            unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    (void)created;
    (void)pool;
    CU_ASSERT_STRING_EQUAL(key_id, "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U");
    memcpy(key, civ_public_key_raw(civ_key_public(baton)), CIV_KEY_PUBLIC_SIZE);
    return APR_SUCCESS;
}

static void it_verifies(void)
{
    const example_t *example = read_example();
    const char *const names[] = {"fed.example.org"};
    const civ_signature_policy_t policy = {300, 60, names, 1};
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_EVERY, test_pool());
    civ_content_digests_t content;
    civ_signed_request_t request = {&example->message, &content, CREATED + 5, NULL, look_up, example->key};
    civ_request_signature_t result;

    civ_content_hash_add(hash, example->body, strlen(example->body));
    civ_content_hash_get(hash, &content);
    CU_ASSERT_EQUAL(content.length, 140);
    CU_ASSERT_EQUAL(civ_request_signature_verify(&result, &request, &policy, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_signature_label_name(result.label), "ok");
    CU_ASSERT_STRING_EQUAL(result.base, example->base);
    CU_ASSERT_STRING_EQUAL(result.nonce, NONCE);
    CU_ASSERT_EQUAL(result.created, CREATED);
}

static void we_sign_it_so(void)
{
    const example_t *example = read_example();
    const civ_signature_choice_t choice = {CREATED, NONCE, NULL};
    const char *digest = civ_content_digest_write(example->body, strlen(example->body), test_pool());
    const civ_header_line_t lines[] = {{"Content-Type", "application/json"}, {"Content-Digest", digest}};
    civ_message_t message = example->message;
    civ_signature_fields_t fields;

    message.lines = lines;
    message.line_count = 2;
    CU_ASSERT_EQUAL(civ_request_signature_make(&fields, &message, 1, example->key, &choice, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(apr_psprintf(test_pool(),
                                        "Content-Type: application/json\nContent-Digest: %s\n"
                                        "Signature-Input: %s\nSignature: %s\n",
                                        digest, fields.input, fields.signature),
                           example->headers);
    CU_ASSERT_STRING_EQUAL(fields.base, example->base);
}

/* What a command prints. */
static const char *output_of(const char *command)
{
    char *text = apr_pcalloc(test_pool(), 8192);
    FILE *pipe = popen(command, "r");
    size_t length;

    CU_ASSERT_FATAL(pipe != NULL);
    length = fread(text, 1, 8191, pipe);
    text[length] = '\0';
    pclose(pipe);
    return text;
}

static void its_shell_prints_it(void)
{
    const example_t *example = read_example();
    const char *script = document_block(MANUAL, SHELL, "sh");

    if (strncmp(output_of("openssl version 2>&1"), "OpenSSL 3", 9) != 0) {
        test_note("skipped: no OpenSSL 3 to run");
        return;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(script);
    CU_ASSERT_EQUAL(unit_write_file(unit_path("sign.sh"), script, 0600), 0);
    CU_ASSERT_EQUAL(unit_write_file(unit_path("join.json"), example->body, 0600), 0);
    CU_ASSERT_STRING_EQUAL(
        output_of(apr_psprintf(test_pool(),
                               "cd '%s' && . ./sign.sh && created=%" APR_INT64_T_FMT " && nonce=" NONCE
                               " && sign POST fed.example.org /api/federated/join example.pem join.json",
                               unit_folder(), CREATED)),
        example->headers);
}

static const test_case_t cases[] = {
    {"it_verifies", it_verifies},
    {"we_sign_it_so", we_sign_it_so},
    {"its_shell_prints_it", its_shell_prints_it},
    {NULL, NULL},
};

const test_suite_t signature_example_suite = {"signature_example", unit_folder_make, unit_folder_remove,
                                              cases};
