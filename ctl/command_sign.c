/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl sign: the headers that a member's request needs, on the member's own machine.
 */
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <stdio.h>
#include <string.h>

#include "base/keys.h"
#include "base/request_signature.h"
#include "options.h"

#define READ_AT_ONCE 65536

/** Headers of one request: those of the content, one for retries, two of the signature. */
#define MOST_LINES 5

typedef struct sign_t {
    const ctl_options_t *options;
    civ_message_t message;
    civ_header_line_t lines[MOST_LINES];
    apr_pool_t *pool;
} sign_t;

static void add_line(sign_t *sign, const char *name, const char *value)
{
    sign->lines[sign->message.line_count].name = name;
    sign->lines[sign->message.line_count++].value = value;
    sign->message.lines = sign->lines;
}

/* Visible ASCII: it becomes one line of a header. */
static int is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            return 0;
    return 1;
}

static ctl_exit_e take_url(sign_t *sign, const char *url)
{
    apr_uri_t uri;

    if (!is_visible(url) || apr_uri_parse(sign->pool, url, &uri) != APR_SUCCESS || uri.scheme == NULL ||
        uri.hostinfo == NULL || uri.user != NULL || uri.fragment != NULL ||
        (strcmp(uri.scheme, "http") != 0 && strcmp(uri.scheme, "https") != 0) ||
        civ_authority_normalize(uri.hostinfo, uri.scheme, sign->pool) == NULL) {
        ctl_complain(
            "--url is an http or https URL without user and fragment, as it is going to be requested");
        return CTL_USAGE;
    }
    sign->message.scheme = uri.scheme;
    sign->message.authority = uri.hostinfo;
    sign->message.target =
        apr_pstrcat(sign->pool, uri.path != NULL ? uri.path : "/", uri.query != NULL ? "?" : "",
                    uri.query != NULL ? uri.query : "", NULL);
    return CTL_DONE;
}

/* The digest alone is needed, so the content may be of any size. */
static ctl_exit_e take_content(sign_t *sign, const char *path)
{
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_SHA256, sign->pool);
    char *block = apr_palloc(sign->pool, READ_AT_ONCE);
    civ_content_digests_t digests;
    apr_size_t length = READ_AT_ONCE;
    apr_file_t *file;
    civ_buffer_t field;
    apr_status_t status = strcmp(path, "-") == 0
                              ? apr_file_open_stdin(&file, sign->pool)
                              : apr_file_open(&file, path, APR_READ | APR_BINARY, APR_OS_DEFAULT, sign->pool);

    while (status == APR_SUCCESS) {
        status = apr_file_read(file, block, &length);
        if (status == APR_SUCCESS)
            civ_content_hash_add(hash, block, length);
        length = READ_AT_ONCE;
    }
    if (status != APR_EOF)
        return ctl_failed(status, "the content \"%s\" cannot be read", path);
    civ_content_hash_get(hash, &digests);
    civ_buffer_init(&field, 64, sign->pool);
    civ_buffer_append_text(&field, "sha-256=");
    civ_structured_write_bytes(&field, digests.sha256, sizeof(digests.sha256));
    add_line(sign, "Content-Type",
             sign->options->content_type != NULL ? sign->options->content_type : "application/json");
    add_line(sign, "Content-Digest", field.data);
    return CTL_DONE;
}

static ctl_exit_e check(const ctl_options_t *options)
{
    const char *type = options->content_type, *method = options->method, *key = options->idempotency_key;

    if (options->key == NULL || options->url == NULL) {
        ctl_complain("sign needs --key and --url");
        return CTL_USAGE;
    }
    if (method != NULL &&
        (method[0] == '\0' || method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")] != '\0')) {
        ctl_complain("--method is a method of HTTP, such as POST");
        return CTL_USAGE;
    }
    if (key != NULL && (key[0] == '\0' || !is_visible(key))) {
        ctl_complain("--idempotency-key is visible ASCII characters without a space");
        return CTL_USAGE;
    }
    if (type != NULL && (options->body == NULL || type[0] == '\0' || strpbrk(type, "\r\n") != NULL)) {
        ctl_complain("--content-type is the media type of --body");
        return CTL_USAGE;
    }
    if (options->created == 0) {
        ctl_complain("--created is a time in seconds since 1970");
        return CTL_USAGE;
    }
    return CTL_DONE;
}

/* As an argument to a shell. */
static const char *quote(const char *text, apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(text) + 3, pool);
    civ_buffer_append_byte(&out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            civ_buffer_append_text(&out, "'\\''");
        else
            civ_buffer_append_byte(&out, *text);
    }
    civ_buffer_append_byte(&out, '\'');
    return out.data;
}

/* Without curl's own ideas of what a path and a pattern are: the URL is requested as it was signed. */
static void print_command(const sign_t *sign)
{
    const char *body = sign->options->body;
    int i;

    printf("curl --globoff --path-as-is -X %s", sign->message.method);
    for (i = 0; i < sign->message.line_count; i++)
        printf(" \\\n  -H %s",
               quote(apr_pstrcat(sign->pool, sign->lines[i].name, ": ", sign->lines[i].value, NULL),
                     sign->pool));
    if (body != NULL)
        printf(" \\\n  --data-binary %s", quote(apr_pstrcat(sign->pool, "@", body, NULL), sign->pool));
    printf(" \\\n  %s\n", quote(sign->options->url, sign->pool));
}

static void print_lines(const sign_t *sign)
{
    int i;

    for (i = 0; i < sign->message.line_count; i++)
        printf("%s: %s\n", sign->lines[i].name, sign->lines[i].value);
}

static ctl_exit_e make(sign_t *sign)
{
    static const char *const more[] = {"idempotency-key", NULL};
    const ctl_options_t *options = sign->options;
    civ_signature_choice_t choice = {options->created > 0 ? options->created : 0, NULL, NULL};
    civ_signature_fields_t fields;
    civ_key_t *key;
    apr_status_t status = civ_key_load(&key, options->key, sign->pool);

    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be used", options->key);
    if (options->idempotency_key != NULL) {
        add_line(sign, "Idempotency-Key", options->idempotency_key);
        choice.more = more;
    }
    status =
        civ_request_signature_make(&fields, &sign->message, options->body != NULL, key, &choice, sign->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "signing failed");
    add_line(sign, "Signature-Input", fields.input);
    add_line(sign, "Signature", fields.signature);
    return CTL_DONE;
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    sign_t *sign = apr_pcalloc(ctl->pool, sizeof(*sign));
    ctl_exit_e result = check(options);

    sign->options = options;
    sign->pool = ctl->pool;
    sign->message.method = options->method != NULL ? options->method : options->body != NULL ? "POST" : "GET";
    if (result == CTL_DONE)
        result = take_url(sign, options->url);
    if (result == CTL_DONE && options->body != NULL)
        result = take_content(sign, options->body);
    if (result == CTL_DONE)
        result = make(sign);
    if (result != CTL_DONE)
        return result;
    if (options->curl)
        print_command(sign);
    else
        print_lines(sign);
    return CTL_DONE;
}

static const char *const options[] = {"key",     "url",  "method", "body", "content-type", "idempotency-key",
                                      "created", "curl", NULL};

const ctl_command_t ctl_command_sign = {
    "sign",
    "",
    0,
    0,
    "Sign a member's request to the federation",
    options,
    "Prints the headers to add to the request, one a line, as \"curl -H @FILE\" takes them; with --curl the "
    "whole\n"
    "command. A signed request can be sent once, and within five minutes; sign it again to repeat it. The "
    "content\n"
    "must be sent as it is in the file (curl --data-binary).\n",
    run,
};
