/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_profile.c
 * Signed requests: what our signer makes is good, and each thing that may be wrong with it is called by its name.
 */
#include "base/request_signature.h"

#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/status.h"
#include "support/runner.h"
#include "unit/signature_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define NOW   APR_INT64_C(1767225600)
#define NONCE "QWxwaGEtbm9uY2UtMDAwMQ"
#define BODY  "{\"evidence_id\":\"ev-1\",\"vote\":\"valid\"}"

static const char *const our_names[] = {"Fed.example.org"};
static const civ_signature_policy_t policy = {300, 60, our_names, 1};

/* A key of a name of its own. */
static civ_key_t *key_of(const char *name)
{
    unsigned char seed[32] = {0};
    civ_key_t *key = NULL;

    memcpy(seed, name, strlen(name));
    CU_ASSERT_FATAL(civ_key_from_seed(&key, seed, test_pool()) == APR_SUCCESS);
    return key;
}

static const char *id_of(const civ_key_t *key)
{
    return civ_key_thumbprint(civ_public_key_raw(civ_key_public(key)), test_pool());
}

/** A request that a case may spoil. */
typedef struct case_t {
    civ_message_t message;
    civ_header_line_t lines[8];
    const char *body;
    const char *key_id; /* the one that is wanted */
    const char *input, *signature;
} case_t;

static void add_line(case_t *one, const char *name, const char *value)
{
    one->lines[one->message.line_count].name = name;
    one->lines[one->message.line_count++].value = value;
    one->message.lines = one->lines;
}

static const char **line_of(case_t *one, const char *name)
{
    int i;

    for (i = 0; i < one->message.line_count; i++)
        if (strcmp(one->lines[i].name, name) == 0)
            return &one->lines[i].value;
    CU_FAIL_FATAL("no such line");
    return NULL;
}

static case_t *request_without_signature(const char *body)
{
    case_t *one = apr_pcalloc(test_pool(), sizeof(*one));

    one->message.method = "POST";
    one->message.scheme = "https";
    one->message.authority = "fed.example.org";
    one->message.target = "/api/federated/share?dry_run=true";
    one->body = body;
    if (body != NULL) {
        add_line(one, "Content-Type", "application/json");
        add_line(one, "Content-Digest", civ_content_digest_write(body, strlen(body), test_pool()));
    }
    return one;
}

static void sign_with(case_t *one, const civ_key_t *key, const civ_signature_choice_t *choice)
{
    civ_signature_fields_t fields;

    CU_ASSERT_FATAL(civ_request_signature_make(&fields, &one->message, one->body != NULL, key, choice,
                                               test_pool()) == APR_SUCCESS);
    add_line(one, "Signature-Input", fields.input);
    add_line(one, "Signature", fields.signature);
}

static case_t *signed_request(const char *body)
{
    civ_signature_choice_t choice = {NOW, NULL, NULL};
    case_t *one = request_without_signature(body);

    sign_with(one, key_of("alpha"), &choice);
    return one;
}

/* Sign with a Signature-Input of our own. */
static void sign_input(case_t *one, const char *input)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    civ_structured_field_t *field;
    civ_buffer_t base;

    CU_ASSERT_FATAL(civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, input, strlen(input),
                                         test_pool()) == APR_SUCCESS);
    civ_buffer_init(&base, 0, test_pool());
    civ_signature_base(&base, &one->message, &field->members[0], NULL);
    civ_key_sign(key_of("alpha"), signature, base.data, base.length);
    add_line(one, "Signature-Input", input);
    add_line(one, "Signature",
             apr_pstrcat(test_pool(), field->members[0].key,
                         "=:", civ_base64_encode(signature, sizeof(signature), test_pool()), ":", NULL));
}

/* The keys of alpha and beta, alpha's only from an hour before NOW on. */
static apr_status_t look_up(void *baton, const char *key_id, apr_int64_t created,
                            unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    static const char *const names[] = {"alpha", "beta"};
    size_t i;

    (void)pool;
    *(int *)baton += 1;
    for (i = 0; i < 2; i++) {
        civ_key_t *one = key_of(names[i]);

        if (strcmp(id_of(one), key_id) == 0 && (i != 0 || created >= NOW - 3600)) {
            memcpy(key, civ_public_key_raw(civ_key_public(one)), CIV_KEY_PUBLIC_SIZE);
            return APR_SUCCESS;
        }
    }
    return APR_NOTFOUND;
}

static civ_request_signature_t last;
static int look_ups;

static const char *verify_at(case_t *one, apr_int64_t now)
{
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_EVERY, test_pool());
    civ_content_digests_t content;
    civ_signed_request_t request = {&one->message, &content, now, one->key_id, look_up, &look_ups};
    apr_status_t status;

    look_ups = 0;
    if (one->body != NULL)
        civ_content_hash_add(hash, one->body, strlen(one->body));
    civ_content_hash_get(hash, &content);
    status = civ_request_signature_verify(&last, &request, &policy, test_pool());
    CU_ASSERT_EQUAL(status, last.label == CIV_SIGNATURE_GOOD ? APR_SUCCESS : CIV_EINVALID);
    return civ_signature_label_name(last.label);
}

static const char *verify(case_t *one)
{
    return verify_at(one, NOW);
}

#define IS(one, expected) CU_ASSERT_STRING_EQUAL(verify(one), expected)

static void what_we_sign_is_good(void)
{
    case_t *one = signed_request(BODY);
    civ_buffer_t again;

    IS(one, "ok");
    CU_ASSERT_STRING_EQUAL(last.key_id, id_of(key_of("alpha")));
    CU_ASSERT_EQUAL(last.created, NOW);
    CU_ASSERT_EQUAL(last.nonce_expires, (NOW + 301) * 1000);
    CU_ASSERT_EQUAL(strlen(last.nonce), 22);
    CU_ASSERT_PTR_NULL(last.culprit);
    CU_ASSERT_EQUAL(strlen(last.base), last.base_length);
    CU_ASSERT_EQUAL(
        civ_public_key_verify(civ_key_public(key_of("alpha")), last.signature, last.base, last.base_length),
        APR_SUCCESS);
    CU_ASSERT(civ_request_signature_covers(&last, "content-digest"));
    CU_ASSERT(!civ_request_signature_covers(&last, "idempotency-key"));
    civ_buffer_init(&again, 0, test_pool());
    CU_ASSERT_EQUAL(civ_signature_base(&again, &one->message, last.input, NULL), CIV_COMPONENT_FINE);
    CU_ASSERT_STRING_EQUAL(again.data, last.base);
    IS(signed_request(NULL), "ok");
    CU_ASSERT(!civ_request_signature_covers(&last, "content-digest"));
}

static void nonces_are_never_the_same(void)
{
    const char *first;

    IS(signed_request(NULL), "ok");
    first = last.nonce;
    IS(signed_request(NULL), "ok");
    CU_ASSERT_STRING_NOT_EQUAL(first, last.nonce);
}

static void more_may_be_covered(void)
{
    static const char *const more[] = {"idempotency-key", NULL};
    civ_signature_choice_t choice = {NOW, NONCE, more};
    civ_signature_fields_t fields;
    case_t *one = request_without_signature(BODY);

    CU_ASSERT_EQUAL(
        civ_request_signature_make(&fields, &one->message, 1, key_of("alpha"), &choice, test_pool()),
        CIV_EINVALID);
    add_line(one, "Idempotency-Key", "\"7\"");
    sign_with(one, key_of("alpha"), &choice);
    IS(one, "ok");
    CU_ASSERT(civ_request_signature_covers(&last, "idempotency-key"));
    *line_of(one, "Idempotency-Key") = "\"8\"";
    IS(one, "signature-invalid");
}

static void the_signer_refuses_what_would_be_refused(void)
{
    civ_signature_choice_t short_nonce = {NOW, "123456789012345", NULL};
    civ_signature_choice_t choice = {NOW, NONCE, NULL};
    civ_signature_fields_t fields;
    case_t *one = request_without_signature(BODY);

    CU_ASSERT_EQUAL(
        civ_request_signature_make(&fields, &one->message, 1, key_of("alpha"), &short_nonce, test_pool()),
        CIV_EINVALID);
    one->message.line_count = 1;
    CU_ASSERT_EQUAL(
        civ_request_signature_make(&fields, &one->message, 1, key_of("alpha"), &choice, test_pool()),
        CIV_EINVALID);
}

/* --- what may be changed on the way --- */

static void what_is_covered_cannot_be_changed(void)
{
    case_t *one = signed_request(BODY);

    one->message.method = "DELETE";
    IS(one, "signature-invalid");
    one->message.method = "post";
    IS(one, "signature-invalid");
    one = signed_request(BODY);
    one->message.target = "/api/federated/share?dry_run=false";
    IS(one, "signature-invalid");
    one->message.target = "/api/federated/share";
    IS(one, "signature-invalid");
    one = signed_request(BODY);
    one->message.authority = "other.example.org";
    IS(one, "authority-not-ours");
    one = signed_request(BODY);
    *line_of(one, "Content-Type") = "application/json; charset=utf-8";
    IS(one, "signature-invalid");
    one = signed_request(BODY);
    one->body = BODY " ";
    IS(one, "digest-mismatch");
    *line_of(one, "Content-Digest") = civ_content_digest_write(one->body, strlen(one->body), test_pool());
    IS(one, "signature-invalid");
    one = signed_request(BODY);
    add_line(one, "Content-Type", "text/plain");
    IS(one, "signature-invalid");
    one = signed_request(NULL);
    one->body = BODY;
    IS(one, "coverage-insufficient");
    one = signed_request(BODY);
    one->body = NULL;
    IS(one, "digest-mismatch");
}

static void what_is_not_covered_may_be_changed(void)
{
    case_t *one = signed_request(BODY);

    add_line(one, "Via", "1.1 proxy");
    one->message.authority = "FED.EXAMPLE.ORG:443";
    IS(one, "ok");
}

static void the_key_is_the_named_one(void)
{
    civ_signature_choice_t choice = {NOW, NONCE, NULL};
    case_t *one = request_without_signature(BODY);
    const char **input;

    sign_with(one, key_of("beta"), &choice);
    IS(one, "ok");
    input = line_of(one, "Signature-Input");
    *input = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), *input, strstr(*input, "keyid=") - *input),
                         "keyid=\"", id_of(key_of("alpha")), strstr(*input, "\";nonce"), NULL);
    IS(one, "signature-invalid");
    one = request_without_signature(BODY);
    sign_with(one, key_of("gamma"), &choice);
    IS(one, "key-unknown");
    CU_ASSERT_EQUAL(look_ups, 1);
    /* A key that its owner did not have yet. */
    choice.created = NOW - 3601;
    one = request_without_signature(BODY);
    sign_with(one, key_of("alpha"), &choice);
    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW - 3601), "key-unknown");
}

/* S + L is another spelling of S; whoever takes both has two signatures of one request. */
static void one_signature_has_one_spelling(void)
{
    static const unsigned char order[] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                          0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                          0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    case_t *one = signed_request(BODY);
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    unsigned carry = 0;
    int i;

    IS(one, "ok");
    memcpy(signature, last.signature, sizeof(signature));
    for (i = 0; i < 32; i++) {
        carry += signature[32 + i] + order[i];
        signature[32 + i] = (unsigned char)carry;
        carry >>= 8;
    }
    CU_ASSERT_EQUAL(carry, 0);
    *line_of(one, "Signature") = apr_pstrcat(
        test_pool(), "sig1=:", civ_base64_encode(signature, sizeof(signature), test_pool()), ":", NULL);
    IS(one, "signature-invalid");
}

/* --- steps --- */

static void fields_must_be_there_and_agree(void)
{
    static const char *const signatures[] = {
        "sig1=1",
        "sig1=(:AAAA:)",
        "sig1=:AAAA:",
        "sig2=:AAAA:",
        "sig1=",
        "sig1=:AAAA:, sig2=:AAAA:",
        "sig1=:AAAA:, sig1=:AAAA:",
    };
    case_t *one = request_without_signature(BODY);
    size_t i;

    IS(one, "signature-missing");
    add_line(one, "Signature", "sig1=:AAAA:");
    IS(one, "signature-missing");
    one = signed_request(BODY);
    one->message.line_count--;
    IS(one, "signature-missing");
    for (i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        one = signed_request(BODY);
        *line_of(one, "Signature") = signatures[i];
        IS(one, "signature-malformed");
    }
    one = signed_request(BODY);
    *line_of(one, "Signature") = apr_pstrcat(test_pool(), *line_of(one, "Signature"), ", sig2=:AAAA:", NULL);
    IS(one, "signature-malformed");
    one = signed_request(BODY);
    *line_of(one, "Signature-Input") = "sig1=(";
    IS(one, "signature-malformed");
    *line_of(one, "Signature-Input") = "sig1=\"@method\";tag=\"civarcos-fed\"";
    IS(one, "signature-malformed");
    CU_ASSERT_EQUAL(look_ups, 0);
}

static void the_tag_chooses(void)
{
    civ_signature_choice_t choice = {NOW, NONCE, NULL};
    case_t *one = signed_request(BODY);
    const char *input = *line_of(one, "Signature-Input"), *signature = *line_of(one, "Signature");
    case_t *other = request_without_signature(BODY);

    *line_of(one, "Signature-Input") =
        apr_pstrcat(test_pool(), "x=(\"date\");tag=\"other\", y=();tag=civarcos-fed, ", input, NULL);
    *line_of(one, "Signature") = apr_pstrcat(test_pool(), "x=:AAAA:, ", signature, ", y=::", NULL);
    IS(one, "ok");
    *line_of(one, "Signature-Input") = "x=(\"date\");tag=\"other\"";
    *line_of(one, "Signature") = "x=:AAAA:";
    IS(one, "no-applicable-signature");

    /* One request by two keys: which one counts has to be said. */
    one = signed_request(BODY);
    sign_with(other, key_of("beta"), &choice);
    *line_of(one, "Signature-Input") =
        apr_pstrcat(test_pool(), input, ", b", *line_of(other, "Signature-Input"), NULL);
    *line_of(one, "Signature") =
        apr_pstrcat(test_pool(), signature, ", b", *line_of(other, "Signature"), NULL);
    IS(one, "several-signatures");
    one->key_id = id_of(key_of("beta"));
    IS(one, "ok");
    CU_ASSERT_STRING_EQUAL(last.key_id, one->key_id);
    one->key_id = id_of(key_of("gamma"));
    IS(one, "no-applicable-signature");
}

#define COVERED "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"content-digest\""
#define REST    ";created=1767225600;nonce=\"" NONCE "\";tag=\"civarcos-fed\""

/* A label for each input; %s is alpha's key id. */
static void inputs_and_labels(void)
{
    static const char *const rows[][2] = {
        {"(" COVERED ")" REST ";keyid=\"%s\"", "ok"},
        {"(" COVERED ")" REST ";keyid=\"%s\";alg=\"ed25519\"", "ok"},
        {"(" COVERED ")" REST ";keyid=\"%s\";future=\"1\"", "ok"},
        {"(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\")" REST ";keyid=\"%s\"", "ok"},
        {"(" COVERED " \"@path\")" REST ";keyid=\"%s\"", "components-invalid"},
        {"(" COVERED " \"@path\")" REST, "components-invalid"},
        {"(" COVERED " 1)" REST, "components-invalid"},
        {"(" COVERED " \"@signature-params\")" REST ";keyid=\"%s\"", "components-invalid"},
        {"(" COVERED " path)" REST ";keyid=\"%s\"", "components-invalid"},
        {"(" COVERED " \"@path\";x)" REST ";keyid=\"%s\"", "components-invalid"},
        {"(" COVERED " \"@frob\")" REST ";keyid=\"%s\"", "components-invalid"},
        {"(" COVERED ")" REST, "parameter-missing"},
        {"(" COVERED ");keyid=\"%s\";nonce=\"" NONCE "\";tag=\"civarcos-fed\"", "parameter-missing"},
        {"(" COVERED ");keyid=\"%s\";created=1767225600;tag=\"civarcos-fed\"", "parameter-missing"},
        {"(" COVERED ")" REST ";keyid=%s", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"\"", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";expires=1767225600", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";expires=1767225601.0", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";expires=1767225601", "ok"},
        {"(" COVERED ");created=1767225600.0;nonce=\"" NONCE "\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "parameter-invalid"},
        {"(" COVERED ");created=1767225600;nonce=\"123456789012345\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "parameter-invalid"},
        {"(" COVERED ");created=1767225600;nonce=\"1234567890123456\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "ok"},
        {"(" COVERED ");created=1767225600;nonce=\"" NONCE NONCE NONCE "\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "parameter-invalid"},
        {"(" COVERED ");created=1767225600;nonce=token67890123456;keyid=\"%s\";tag=\"civarcos-fed\"",
         "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";created=1767225600", "signature-malformed"},
        {"(\"@authority\" \"@path\" \"@query\" \"content-type\" \"content-digest\")" REST ";keyid=\"%s\"",
         "coverage-insufficient"},
        {"(\"@method\" \"@path\" \"@query\" \"content-type\" \"content-digest\")" REST ";keyid=\"%s\"",
         "coverage-insufficient"},
        {"(\"@method\" \"@authority\" \"@query\" \"content-type\" \"content-digest\")" REST ";keyid=\"%s\"",
         "coverage-insufficient"},
        {"(\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-digest\")" REST ";keyid=\"%s\"",
         "coverage-insufficient"},
        {"(\"@method\" \"@target-uri\" \"content-digest\")" REST ";keyid=\"%s\"", "coverage-insufficient"},
        {"(\"@method\" \"@target-uri\" \"content-type\")" REST ";keyid=\"%s\"", "coverage-insufficient"},
        {"(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\";key=\"sha-256\")" REST
         ";keyid=\"%s\"",
         "coverage-insufficient"},
        {"(" COVERED ")" REST ";keyid=\"http://127.0.0.1/%s\"", "key-unknown"},
        {"(" COVERED ")" REST ";keyid=\"%s\";alg=\"hmac-sha256\"", "algorithm-mismatch"},
        {"(" COVERED ")" REST ";keyid=\"%s\";alg=ed25519", "algorithm-mismatch"},
        {"(" COVERED " \"date\")" REST ";keyid=\"%s\"", "component-missing"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        case_t *one = request_without_signature(BODY);
        const char *mark = strstr(rows[i][0], "%s");
        const char *input =
            mark == NULL
                ? rows[i][0]
                : apr_pstrcat(test_pool(),
                              apr_pstrmemdup(test_pool(), rows[i][0], (apr_size_t)(mark - rows[i][0])),
                              id_of(key_of("alpha")), mark + 2, NULL);

        /* A thumbprint may begin with a digit or a hyphen; a token may not. */
        if (strstr(rows[i][0], "keyid=%s") != NULL)
            input = apr_pstrcat(test_pool(), "(" COVERED ")" REST ";keyid=token", NULL);
        sign_input(one, apr_pstrcat(test_pool(), "sig1=", input, NULL));
        IS(one, rows[i][1]);
        if (strcmp(civ_signature_label_name(last.label), rows[i][1]) != 0)
            test_note("%s: %s", civ_signature_label_name(last.label), input);
    }
}

static void the_window(void)
{
    case_t *one = signed_request(BODY);

    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW + 300), "ok");
    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW + 301), "created-out-of-window");
    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW - 60), "ok");
    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW - 61), "created-out-of-window");
    one = request_without_signature(NULL);
    sign_input(one,
               apr_pstrcat(test_pool(), "a=(\"@method\" \"@target-uri\")" REST ";expires=1767225610;keyid=\"",
                           id_of(key_of("alpha")), "\"", NULL));
    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW + 10), "ok");
    CU_ASSERT_STRING_EQUAL(verify_at(one, NOW + 11), "expired");
}

static void digests(void)
{
    case_t *one;
    civ_signature_choice_t choice = {NOW, NONCE, NULL};
    static const char *const rows[][2] = {
        {"md5=:AAAA:", "digest-algorithm-unsupported"},
        {"sha-256", "digest-malformed"},
        {"sha-256=:AAAA:", "digest-mismatch"},
        {"sha-512=:AAAA:", "digest-mismatch"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        one = request_without_signature(BODY);
        *line_of(one, "Content-Digest") = rows[i][0];
        sign_with(one, key_of("alpha"), &choice);
        IS(one, rows[i][1]);
    }
    one = signed_request(BODY);
    one->lines[1].name = "Repr-Digest";
    IS(one, "component-missing");
}

/* Who asks cannot find out by it which keys are known here. */
static void unknown_keys_look_like_wrong_signatures(void)
{
    civ_signature_choice_t choice = {NOW, NONCE, NULL};
    static const char *const names[] = {"alpha", "gamma"};
    const char *advice[2][4];
    int i, fault;

    for (i = 0; i < 2; i++) {
        for (fault = 0; fault < 4; fault++) {
            case_t *one = request_without_signature(BODY);

            if (fault == 2)
                *line_of(one, "Content-Digest") = "md5=:AAAA:";
            sign_with(one, key_of(names[i]), &choice);
            if (fault == 0)
                *line_of(one, "Content-Type") = "text/plain";
            if (fault == 1)
                one->body = BODY " ";
            if (fault == 3)
                one->lines[0].name = "X-Type";
            verify(one);
            advice[i][fault] = civ_signature_advice(last.shown);
            if (i == 1)
                CU_ASSERT_EQUAL(last.label, CIV_SIGNATURE_KEY_UNKNOWN);
        }
    }
    for (fault = 0; fault < 4; fault++)
        CU_ASSERT_STRING_EQUAL(advice[0][fault], advice[1][fault]);
    CU_ASSERT_STRING_EQUAL(advice[0][1], civ_signature_advice(CIV_SIGNATURE_DIGEST_MISMATCH));
}

static apr_status_t fail_to_look_up(void *baton, const char *key_id, apr_int64_t created,
                                    unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    (void)baton;
    (void)key_id;
    (void)created;
    (void)key;
    (void)pool;
    return CIV_EUNREACHABLE;
}

static void a_failed_look_up_proves_nothing(void)
{
    case_t *one = signed_request(NULL);
    civ_content_digests_t content = {0};
    civ_signed_request_t request = {&one->message, &content, NOW, NULL, fail_to_look_up, NULL};

    CU_ASSERT_EQUAL(civ_request_signature_verify(&last, &request, &policy, test_pool()), CIV_EUNREACHABLE);
}

/* A member of a Dictionary, which our own signer does as it says. */
static void what_servers_ask_for(void)
{
    civ_structured_field_t *field = NULL;
    const civ_structured_bare_t *created;
    int i;

    CU_ASSERT_EQUAL_FATAL(civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, CIV_SIGNATURE_ACCEPT,
                                               strlen(CIV_SIGNATURE_ACCEPT), test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL(field->count, 1);
    created = civ_structured_parameter(&field->members[0].parameters, "created");
    CU_ASSERT(created != NULL && created->type == CIV_STRUCTURED_BOOLEAN && created->number == 1);
    CU_ASSERT_STRING_EQUAL(
        civ_structured_string(civ_structured_parameter(&field->members[0].parameters, "tag")),
        CIV_SIGNATURE_TAG);
    IS(signed_request(BODY), "ok");
    for (i = 0; i < field->members[0].item_count; i++)
        CU_ASSERT(civ_request_signature_covers(&last, field->members[0].items[i].bare.text));
}

static const test_case_t cases[] = {
    {"what_we_sign_is_good", what_we_sign_is_good},
    {"nonces_are_never_the_same", nonces_are_never_the_same},
    {"more_may_be_covered", more_may_be_covered},
    {"the_signer_refuses_what_would_be_refused", the_signer_refuses_what_would_be_refused},
    {"what_is_covered_cannot_be_changed", what_is_covered_cannot_be_changed},
    {"what_is_not_covered_may_be_changed", what_is_not_covered_may_be_changed},
    {"the_key_is_the_named_one", the_key_is_the_named_one},
    {"one_signature_has_one_spelling", one_signature_has_one_spelling},
    {"fields_must_be_there_and_agree", fields_must_be_there_and_agree},
    {"the_tag_chooses", the_tag_chooses},
    {"inputs_and_labels", inputs_and_labels},
    {"the_window", the_window},
    {"digests", digests},
    {"unknown_keys_look_like_wrong_signatures", unknown_keys_look_like_wrong_signatures},
    {"a_failed_look_up_proves_nothing", a_failed_look_up_proves_nothing},
    {"what_servers_ask_for", what_servers_ask_for},
    {NULL, NULL},
};

const test_suite_t signature_profile_suite = {"signature_profile", NULL, NULL, cases};
