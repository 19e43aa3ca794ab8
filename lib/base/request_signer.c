/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request_signer.c
 * The signer of requests.
 */
#include "base/request_signature.h"

#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/status.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include <string.h>

#define LABEL       "sig1"
#define NONCE_BYTES 16

static apr_status_t choose_nonce(const char **nonce, const civ_signature_choice_t *choice, apr_pool_t *pool)
{
    unsigned char bytes[NONCE_BYTES];
    apr_status_t status;

    if (choice->nonce != NULL) {
        *nonce = choice->nonce;
        return strlen(*nonce) >= CIV_SIGNATURE_NONCE_LEAST && strlen(*nonce) <= CIV_SIGNATURE_NONCE_MOST
                   ? APR_SUCCESS
                   : CIV_EINVALID;
    }
    status = apr_generate_random_bytes(bytes, sizeof(bytes));
    *nonce = civ_base64url_encode(bytes, sizeof(bytes), pool);
    return status;
}

static void list_names(civ_buffer_t *out, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++)
        civ_buffer_append_format(out, "%s\"%s\"", out->length > 1 ? " " : "", *names);
}

/* The covered components and parameters, in the order that the profile gives them. */
static char *write_input(int has_content, const civ_key_t *key, const civ_signature_choice_t *choice,
                         const char *nonce, apr_pool_t *pool)
{
    static const char *const target[] = {"@method", "@authority", "@path", "@query", NULL};
    static const char *const content[] = {"content-type", "content-digest", NULL};
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_buffer_append_byte(&out, '(');
    list_names(&out, target);
    list_names(&out, has_content ? content : NULL);
    list_names(&out, choice->more);
    civ_buffer_append_format(
        &out, ");created=%" APR_INT64_T_FMT ";keyid=\"%s\";nonce=\"%s\";tag=\"%s\"",
        choice->created != 0 ? choice->created : (apr_int64_t)apr_time_sec(apr_time_now()),
        civ_key_thumbprint(civ_public_key_raw(civ_key_public(key)), pool), nonce, CIV_SIGNATURE_TAG);
    return out.data;
}

apr_status_t civ_request_signature_make(civ_signature_fields_t *fields, const civ_message_t *message,
                                        int has_content, const civ_key_t *key,
                                        const civ_signature_choice_t *choice, apr_pool_t *pool)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    civ_structured_field_t *field;
    civ_buffer_t base;
    apr_status_t status = choose_nonce(&fields->nonce, choice, pool);

    if (status != APR_SUCCESS)
        return status;
    fields->input =
        apr_pstrcat(pool, LABEL "=", write_input(has_content, key, choice, fields->nonce, pool), NULL);
    /* Read again, so that what is signed is what verifiers will make of it. */
    if (civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, fields->input, strlen(fields->input),
                             pool) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_buffer_init(&base, 512, pool);
    if (civ_signature_base(&base, message, &field->members[0], NULL) != CIV_COMPONENT_FINE)
        return CIV_EINVALID;
    status = civ_key_sign(key, signature, base.data, base.length);
    if (status != APR_SUCCESS)
        return status;
    fields->base = base.data;
    fields->signature =
        apr_pstrcat(pool, LABEL "=:", civ_base64_encode(signature, sizeof(signature), pool), ":", NULL);
    return APR_SUCCESS;
}
