/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signer.c
 * Members of the federation, and the requests that they sign.
 */
#include "integration/signer.h"

#include "base/content_digest.h"
#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/request_signature.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

const civ_key_t *signer_key(const char *name)
{
    unsigned char seed[32] = {0};
    civ_key_t *key = NULL;

    memcpy(seed, name, strlen(name));
    CU_ASSERT_FATAL(civ_key_from_seed(&key, seed, test_pool()) == APR_SUCCESS);
    return key;
}

const char *signer_key_id(const char *name)
{
    return civ_key_thumbprint(civ_public_key_raw(civ_key_public(signer_key(name))), test_pool());
}

const char *signer_public_key(const char *name)
{
    return civ_base64_encode(civ_public_key_raw(civ_key_public(signer_key(name))), CIV_KEY_PUBLIC_SIZE,
                             test_pool());
}

static const char *own_authority(const signer_request_t *request)
{
    return apr_psprintf(test_pool(), "127.0.0.1:%d", request->server->port);
}

const char *const *signer_headers(const signer_request_t *request)
{
    civ_header_line_t lines[2] = {{"Content-Type", "application/json"}, {"Content-Digest", NULL}};
    civ_signature_choice_t choice = {0, request->nonce, NULL};
    civ_message_t message = {.method = request->method ? request->method : "POST",
                             .scheme = "http",
                             .authority = request->authority ? request->authority : own_authority(request),
                             .target = request->path,
                             .lines = lines,
                             .line_count = 2};
    const char **headers = apr_pcalloc(test_pool(), 8 * sizeof(*headers));
    apr_size_t length = request->length || !request->body ? request->length : strlen(request->body);
    civ_signature_fields_t fields;
    int count = 0;

    choice.created = (apr_int64_t)apr_time_sec(apr_time_now()) - request->age;
    lines[1].value = request->sent_digest
                         ? request->sent_digest
                         : civ_content_digest_write(request->body ? request->body : "", length, test_pool());
    if (request->body) {
        headers[count++] = "Content-Type: application/json";
        headers[count++] = apr_pstrcat(test_pool(), "Content-Digest: ", lines[1].value, NULL);
    }
    if (request->authority) {
        headers[count++] = apr_pstrcat(test_pool(), "Host: ", request->authority, NULL);
    }
    if (request->key) {
        CU_ASSERT_FATAL(civ_request_signature_make(&fields, &message, request->body != NULL,
                                                   signer_key(request->key), &choice,
                                                   test_pool()) == APR_SUCCESS);
        headers[count++] = apr_pstrcat(test_pool(), "Signature-Input: ", fields.input, NULL);
        headers[count++] = apr_pstrcat(test_pool(), "Signature: ", fields.signature, NULL);
    }
    if (request->more) {
        headers[count] = request->more;
    }
    return headers;
}

http_response_t *signer_send(http_client_t *client, const signer_request_t *request)
{
    return http_send(client, request->method ? request->method : "POST", request->path,
                     signer_headers(request), request->body,
                     request->length || !request->body ? request->length : strlen(request->body));
}

const char *signer_joining(const char *organization, const char *key)
{
    const char *member =
        key ? apr_psprintf(test_pool(), ",\"public_key\":\"%s\"", signer_public_key(key)) : "";

    return apr_psprintf(
        test_pool(), "{\"organization_id\":\"%s\",\"evidence_endpoint\":\"https://%s.example/evidence\"%s}",
        organization, organization, member);
}

int signer_join(http_client_t *client, const harness_t *server, const char *organization)
{
    signer_request_t request = {.server = server,
                                .key = organization,
                                .path = "/api/federated/join",
                                .body = signer_joining(organization, organization)};

    return signer_send(client, &request)->status;
}

/* Both in one line of the log. */
static int is_logged(const harness_t *server, const char *id, const char *label)
{
    unsigned long length;
    char *log = test_read_file(server->error_log, &length);
    char *line, *state;

    for (line = apr_strtok(log, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        if (strstr(line, id) && strstr(line, label)) {
            return 1;
        }
    }
    return 0;
}

int signer_is_refused(const harness_t *server, const http_response_t *answer, const char *label,
                      const char *words)
{
    const char *fault = NULL;

    if (!http_is_problem(answer, 401)) {
        fault = "it is no problem of status 401";
    } else if (!http_header(answer, "Date")) {
        fault = "it has no Date";
    } else if (!http_header(answer, "Accept-Signature") ||
               strcmp(http_header(answer, "Accept-Signature"), CIV_SIGNATURE_ACCEPT) != 0) {
        fault = "it has no Accept-Signature";
    } else if (!http_header(answer, "WWW-Authenticate")) {
        fault = "it has no WWW-Authenticate";
    } else if (!strstr(http_json_text(answer, "/detail"), words)) {
        fault = "its detail is another one";
    } else if (!is_logged(server, http_json_text(answer, "/request_id"), label)) {
        fault = "the log does not say why";
    }
    if (fault) {
        test_note("%s: %s: %s", label, fault, answer->body ? answer->body : "(nothing)");
    }
    return fault == NULL;
}
