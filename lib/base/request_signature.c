/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request_signature.c
 * The verifier of signed requests: one function for each step.
 */
#include "base/request_signature.h"

#include "base/status.h"

#include <apr_strings.h>

#include <string.h>

static const char unproven[] =
    "The signature cannot be verified: its key is not known here, or it is not this key's signature of this "
    "request.";

static const struct {
    const char *name;
    const char *advice;
} labels[CIV_SIGNATURE_LABELS] = {
    [CIV_SIGNATURE_GOOD] = {"ok", "The signature is good."},
    [CIV_SIGNATURE_MISSING] = {"signature-missing",
                               "The request needs a signature: the headers Signature-Input and Signature, as "
                               "Accept-Signature has it."},
    [CIV_SIGNATURE_MALFORMED] =
        {"signature-malformed",
         "Signature-Input and Signature must be dictionaries with the same labels, "
         "each of them once, lists of components in the one and 64 bytes in the other."},
    [CIV_SIGNATURE_NONE_APPLICABLE] = {"no-applicable-signature",
                                       "No signature has the tag \"" CIV_SIGNATURE_TAG
                                       "\" and the key that is needed here."},
    [CIV_SIGNATURE_SEVERAL] = {"several-signatures",
                               "More than one signature has the tag \"" CIV_SIGNATURE_TAG
                               "\"; one is expected."},
    [CIV_SIGNATURE_COMPONENTS_INVALID] = {"components-invalid",
                                          "The covered components must be names of headers in lower case or "
                                          "derived components, each of them once, and of plain values."},
    [CIV_SIGNATURE_PARAMETER_MISSING] = {"parameter-missing",
                                         "The signature needs the parameters created, keyid and nonce."},
    [CIV_SIGNATURE_PARAMETER_INVALID] =
        {"parameter-invalid", "A parameter of the signature has a wrong type or value: created and "
                              "expires are integers, expires the greater one; nonce is a string of "
                              "16 to 64 characters, keyid one of 1 to 128."},
    [CIV_SIGNATURE_OUT_OF_WINDOW] = {"created-out-of-window",
                                     "The signature was made too long ago, or in the future; compare the "
                                     "clock with this answer's Date, and sign again."},
    [CIV_SIGNATURE_EXPIRED] = {"expired", "The signature has expired; sign the request again."},
    [CIV_SIGNATURE_COVERAGE] = {"coverage-insufficient",
                                "The signature must cover @method, either @target-uri or all of @authority, "
                                "@path and @query, and with content also content-type and content-digest."},
    [CIV_SIGNATURE_AUTHORITY] = {"authority-not-ours",
                                 "The request was sent to a host and port that are not this server's own."},
    [CIV_SIGNATURE_KEY_UNKNOWN] = {"key-unknown", unproven},
    [CIV_SIGNATURE_ALGORITHM] = {"algorithm-mismatch",
                                 "The parameter alg of the signature may only be \"ed25519\"."},
    [CIV_SIGNATURE_DIGEST_UNSUPPORTED] = {"digest-algorithm-unsupported",
                                          "Content-Digest needs sha-256 or sha-512."},
    [CIV_SIGNATURE_DIGEST_MALFORMED] = {"digest-malformed",
                                        "Content-Digest must be a dictionary of byte sequences, each "
                                        "algorithm once: sha-256=:BASE64:"},
    [CIV_SIGNATURE_DIGEST_MISMATCH] = {"digest-mismatch",
                                       "Content-Digest is not the digest of the content that was sent (after "
                                       "its Content-Encoding)."},
    [CIV_SIGNATURE_COMPONENT_MISSING] = {"component-missing",
                                         "The signature covers something that the request does not have."},
    [CIV_SIGNATURE_INVALID] = {"signature-invalid", unproven},
    [CIV_SIGNATURE_REPLAY] =
        {"replay", "This signature was used before: sign each request anew, with a nonce of its own."},
};

const char *civ_signature_label_name(civ_signature_label_e label)
{
    return labels[label].name;
}

const char *civ_signature_advice(civ_signature_label_e label)
{
    return labels[label].advice;
}

/** A verification on its way. */
typedef struct work_t {
    const civ_signed_request_t *request;
    const civ_signature_policy_t *policy;
    civ_request_signature_t *result;
    unsigned char key[CIV_KEY_PUBLIC_SIZE];
    apr_pool_t *pool;
} work_t;

static apr_status_t fail(work_t *work, civ_signature_label_e label)
{
    work->result->label = work->result->shown = label;
    return CIV_EINVALID;
}

static apr_status_t fail_at(work_t *work, civ_signature_label_e label, const char *culprit)
{
    work->result->culprit = culprit;
    return fail(work, label);
}

/* --- step 2: which signature --- */

static civ_structured_field_t *read_field(work_t *work, const char *text)
{
    civ_structured_field_t *field;

    if (civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, text, strlen(text), work->pool) !=
            APR_SUCCESS ||
        field->has_repeats)
        return NULL;
    return field;
}

/* 64 bytes, and their place in the other field. */
static int has_signature(const civ_structured_field_t *signatures, const char *label)
{
    const civ_structured_member_t *member = civ_structured_get(signatures, label);

    return member != NULL && !member->is_inner_list && member->bare.type == CIV_STRUCTURED_BYTES;
}

static int is_wanted(const work_t *work, const civ_structured_member_t *input)
{
    const char *tag = civ_structured_string(civ_structured_parameter(&input->parameters, "tag"));
    const char *key_id = civ_structured_string(civ_structured_parameter(&input->parameters, "keyid"));

    if (tag == NULL || strcmp(tag, CIV_SIGNATURE_TAG) != 0)
        return 0;
    return work->request->key_id == NULL || (key_id != NULL && strcmp(key_id, work->request->key_id) == 0);
}

static apr_status_t choose(work_t *work, const civ_structured_field_t *inputs,
                           const civ_structured_field_t *signatures)
{
    const civ_structured_member_t *signature, *input = NULL;
    int i;

    for (i = 0; i < inputs->count; i++) {
        if (!is_wanted(work, &inputs->members[i]))
            continue;
        if (input != NULL)
            return fail(work, CIV_SIGNATURE_SEVERAL);
        input = &inputs->members[i];
    }
    if (input == NULL)
        return fail(work, CIV_SIGNATURE_NONE_APPLICABLE);
    signature = civ_structured_get(signatures, input->key);
    if (signature->bare.length != CIV_KEY_SIGNATURE_SIZE)
        return fail_at(work, CIV_SIGNATURE_MALFORMED, input->key);
    memcpy(work->result->signature, signature->bare.text, CIV_KEY_SIGNATURE_SIZE);
    work->result->input = input;
    return APR_SUCCESS;
}

static apr_status_t find_signature(work_t *work)
{
    const char *input_text = civ_message_header(work->request->message, "Signature-Input", work->pool);
    const char *signature_text = civ_message_header(work->request->message, "Signature", work->pool);
    const civ_structured_field_t *inputs, *signatures;
    int i;

    if (input_text == NULL || signature_text == NULL)
        return fail(work, CIV_SIGNATURE_MISSING);
    inputs = read_field(work, input_text);
    if (inputs == NULL)
        return fail_at(work, CIV_SIGNATURE_MALFORMED, "Signature-Input");
    signatures = read_field(work, signature_text);
    if (signatures == NULL || signatures->count != inputs->count)
        return fail_at(work, CIV_SIGNATURE_MALFORMED, "Signature");
    for (i = 0; i < inputs->count; i++)
        if (!inputs->members[i].is_inner_list || !has_signature(signatures, inputs->members[i].key))
            return fail_at(work, CIV_SIGNATURE_MALFORMED, inputs->members[i].key);
    return choose(work, inputs, signatures);
}

/* --- steps 3 to 5: components, parameters, time --- */

static apr_status_t check_components(work_t *work)
{
    return civ_components_check(work->result->input) == CIV_COMPONENT_FINE
               ? APR_SUCCESS
               : fail(work, CIV_SIGNATURE_COMPONENTS_INVALID);
}

/* A String with so many characters; @return NULL when there is none */
static apr_status_t read_text(work_t *work, const char *name, apr_size_t least, apr_size_t most,
                              const char **text)
{
    const civ_structured_bare_t *bare = civ_structured_parameter(&work->result->input->parameters, name);

    if (bare == NULL)
        return fail_at(work, CIV_SIGNATURE_PARAMETER_MISSING, name);
    if (bare->type != CIV_STRUCTURED_STRING || bare->length < least || bare->length > most)
        return fail_at(work, CIV_SIGNATURE_PARAMETER_INVALID, name);
    *text = bare->text;
    return APR_SUCCESS;
}

static apr_status_t check_parameters(work_t *work)
{
    const civ_structured_parameters_t *parameters = &work->result->input->parameters;
    const civ_structured_bare_t *created = civ_structured_parameter(parameters, "created");
    const civ_structured_bare_t *expires = civ_structured_parameter(parameters, "expires");
    apr_status_t status;

    if (created == NULL)
        return fail_at(work, CIV_SIGNATURE_PARAMETER_MISSING, "created");
    if (created->type != CIV_STRUCTURED_INTEGER)
        return fail_at(work, CIV_SIGNATURE_PARAMETER_INVALID, "created");
    if (expires != NULL && (expires->type != CIV_STRUCTURED_INTEGER || expires->number <= created->number))
        return fail_at(work, CIV_SIGNATURE_PARAMETER_INVALID, "expires");
    work->result->created = created->number;
    work->result->nonce_expires = (created->number + work->policy->window_back + 1) * 1000;
    status = read_text(work, "keyid", 1, CIV_SIGNATURE_KEY_ID_MOST, &work->result->key_id);
    if (status == APR_SUCCESS)
        status = read_text(work, "nonce", CIV_SIGNATURE_NONCE_LEAST, CIV_SIGNATURE_NONCE_MOST,
                           &work->result->nonce);
    return status;
}

static apr_status_t check_time(work_t *work)
{
    const civ_structured_bare_t *expires =
        civ_structured_parameter(&work->result->input->parameters, "expires");
    apr_int64_t created = work->result->created, now = work->request->now;

    if (created < now - work->policy->window_back || created > now + work->policy->window_ahead)
        return fail(work, CIV_SIGNATURE_OUT_OF_WINDOW);
    if (expires != NULL && expires->number < now)
        return fail(work, CIV_SIGNATURE_EXPIRED);
    return APR_SUCCESS;
}

/* --- steps 6 and 7: what is covered, and where the request went --- */

static int covers(const civ_structured_member_t *input, const char *name)
{
    int i;

    for (i = 0; i < input->item_count; i++)
        if (input->items[i].parameters.count == 0 && strcmp(input->items[i].bare.text, name) == 0)
            return 1;
    return 0;
}

int civ_request_signature_covers(const civ_request_signature_t *signature, const char *name)
{
    return signature->input != NULL && covers(signature->input, name);
}

static apr_status_t check_coverage(work_t *work)
{
    static const char *const always[] = {"@method", NULL};
    static const char *const target[] = {"@authority", "@path", "@query", NULL};
    static const char *const content[] = {"content-type", "content-digest", NULL};
    const char *const *const needed[] = {always, covers(work->result->input, "@target-uri") ? NULL : target,
                                         work->request->content->length > 0 ? content : NULL};
    const char *const *name;
    apr_size_t i;

    for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        for (name = needed[i]; name != NULL && *name != NULL; name++)
            if (!covers(work->result->input, *name))
                return fail_at(work, CIV_SIGNATURE_COVERAGE, *name);
    return APR_SUCCESS;
}

static apr_status_t check_authority(work_t *work)
{
    static const civ_structured_item_t component = {{CIV_STRUCTURED_STRING, 0, "@authority", 10}, {NULL, 0}};
    const civ_message_t *message = work->request->message;
    civ_buffer_t ours;
    int i;

    civ_buffer_init(&ours, 64, work->pool);
    if (civ_component_value(&ours, message, &component) != CIV_COMPONENT_FINE)
        return fail(work, CIV_SIGNATURE_AUTHORITY);
    for (i = 0; i < work->policy->authority_count; i++) {
        const char *authority =
            civ_authority_normalize(work->policy->authorities[i], message->scheme, work->pool);

        if (authority != NULL && strcmp(authority, ours.data) == 0)
            return APR_SUCCESS;
    }
    return fail(work, CIV_SIGNATURE_AUTHORITY);
}

/* --- steps 8 to 11: key, algorithm, content, signature --- */

static apr_status_t find_key(work_t *work)
{
    apr_status_t status = work->request->lookup(work->request->baton, work->result->key_id,
                                                work->result->created, work->key, work->pool);

    return status == APR_NOTFOUND ? fail(work, CIV_SIGNATURE_KEY_UNKNOWN) : status;
}

static apr_status_t check_algorithm(work_t *work)
{
    const civ_structured_bare_t *algorithm =
        civ_structured_parameter(&work->result->input->parameters, "alg");
    const char *name = civ_structured_string(algorithm);

    return algorithm == NULL || (name != NULL && strcmp(name, "ed25519") == 0)
               ? APR_SUCCESS
               : fail(work, CIV_SIGNATURE_ALGORITHM);
}

/* A digest that nobody signed, of a request without content, is none of our business. */
static apr_status_t check_content(work_t *work)
{
    static const civ_signature_label_e faults[] = {
        [CIV_CONTENT_MISMATCH] = CIV_SIGNATURE_DIGEST_MISMATCH,
        [CIV_CONTENT_UNSUPPORTED] = CIV_SIGNATURE_DIGEST_UNSUPPORTED,
        [CIV_CONTENT_MALFORMED] = CIV_SIGNATURE_DIGEST_MALFORMED,
    };
    civ_content_verdict_e verdict;
    const char *field;

    if (!covers(work->result->input, "content-digest"))
        return APR_SUCCESS;
    field = civ_message_header(work->request->message, "Content-Digest", work->pool);
    if (field == NULL)
        return fail_at(work, CIV_SIGNATURE_COMPONENT_MISSING, "\"content-digest\"");
    verdict = civ_content_digest_check(field, work->request->content, work->pool);
    return verdict == CIV_CONTENT_MATCH ? APR_SUCCESS : fail(work, faults[verdict]);
}

static apr_status_t check_signature(work_t *work)
{
    civ_request_signature_t *result = work->result;
    civ_component_fault_e fault;
    const char *culprit;
    civ_buffer_t base;

    civ_buffer_init(&base, 1024, work->pool);
    fault = civ_signature_base(&base, work->request->message, result->input, &culprit);
    if (fault == CIV_COMPONENT_MISSING)
        return fail_at(work, CIV_SIGNATURE_COMPONENT_MISSING, culprit);
    if (fault != CIV_COMPONENT_FINE)
        return fail_at(work, CIV_SIGNATURE_COMPONENTS_INVALID, culprit);
    result->base = base.data;
    result->base_length = base.length;
    return civ_public_key_verify_raw(work->key, result->signature, base.data, base.length) == APR_SUCCESS
               ? APR_SUCCESS
               : fail(work, CIV_SIGNATURE_INVALID);
}

/* What would be said of a request whose key is unknown, if its key were known. */
static void conceal_key(work_t *work)
{
    civ_structured_member_t const *input = work->result->input;
    civ_buffer_t base;
    const char *culprit = NULL;
    civ_component_fault_e fault;

    if (check_algorithm(work) == APR_SUCCESS && check_content(work) == APR_SUCCESS) {
        civ_buffer_init(&base, 1024, work->pool);
        fault = civ_signature_base(&base, work->request->message, input, &culprit);
        work->result->culprit = fault != CIV_COMPONENT_FINE ? culprit : NULL;
        work->result->shown = fault == CIV_COMPONENT_FINE      ? CIV_SIGNATURE_KEY_UNKNOWN
                              : fault == CIV_COMPONENT_MISSING ? CIV_SIGNATURE_COMPONENT_MISSING
                                                               : CIV_SIGNATURE_COMPONENTS_INVALID;
    }
    work->result->label = CIV_SIGNATURE_KEY_UNKNOWN;
}

apr_status_t civ_request_signature_verify(civ_request_signature_t *result,
                                          const civ_signed_request_t *request,
                                          const civ_signature_policy_t *policy, apr_pool_t *pool)
{
    static apr_status_t (*const steps[])(work_t *) = {
        find_signature,  check_components, check_parameters, check_time,    check_coverage,
        check_authority, find_key,         check_algorithm,  check_content, check_signature,
    };
    work_t work = {request, policy, result, {0}, pool};
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    memset(result, 0, sizeof(*result));
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == APR_SUCCESS; i++)
        status = steps[i](&work);
    if (status == CIV_EINVALID && result->label == CIV_SIGNATURE_KEY_UNKNOWN)
        conceal_key(&work);
    return status;
}
