/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_labels.c
 * Signed requests that are refused: what must be there and agree, step by step, and by which name each fault is called.
 */
#include "unit/request_fixture.h"

#include "base/encoding.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* Sign with a Signature-Input of our own. */
static void sign_input(spoiled_t *one, const char *input)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    civ_structured_field_t *field;
    civ_buffer_t base;

    CU_ASSERT_FATAL(civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, input, strlen(input),
                                         test_pool()) == APR_SUCCESS);
    civ_buffer_init(&base, 0, test_pool());
    civ_signature_base(&base, &one->message, &field->members[0], NULL);
    civ_key_sign(request_key("alpha"), signature, base.data, base.length);
    request_add_line(one, "Signature-Input", input);
    request_add_line(one, "Signature",
                     apr_pstrcat(test_pool(), field->members[0].key, "=:",
                                 civ_base64_encode(signature, sizeof(signature), test_pool()), ":", NULL));
}

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
    spoiled_t *one = request_unsigned(REQUEST_BODY);
    size_t i;

    IS(one, "signature-missing");
    request_add_line(one, "Signature", "sig1=:AAAA:");
    IS(one, "signature-missing");
    one = request_signed(REQUEST_BODY);
    one->message.line_count--;
    IS(one, "signature-missing");
    for (i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        one = request_signed(REQUEST_BODY);
        *request_line(one, "Signature") = signatures[i];
        IS(one, "signature-malformed");
    }
    one = request_signed(REQUEST_BODY);
    *request_line(one, "Signature") =
        apr_pstrcat(test_pool(), *request_line(one, "Signature"), ", sig2=:AAAA:", NULL);
    IS(one, "signature-malformed");
    one = request_signed(REQUEST_BODY);
    *request_line(one, "Signature-Input") = "sig1=(";
    IS(one, "signature-malformed");
    *request_line(one, "Signature-Input") = "sig1=\"@method\";tag=\"civarcos-fed\"";
    IS(one, "signature-malformed");
    CU_ASSERT_EQUAL(request_look_ups, 0);
}

static void the_tag_chooses(void)
{
    civ_signature_choice_t choice = {REQUEST_NOW, REQUEST_NONCE, NULL};
    spoiled_t *one = request_signed(REQUEST_BODY);
    const char *input = *request_line(one, "Signature-Input"), *signature = *request_line(one, "Signature");
    spoiled_t *other = request_unsigned(REQUEST_BODY);

    *request_line(one, "Signature-Input") =
        apr_pstrcat(test_pool(), "x=(\"date\");tag=\"other\", y=();tag=civarcos-fed, ", input, NULL);
    *request_line(one, "Signature") = apr_pstrcat(test_pool(), "x=:AAAA:, ", signature, ", y=::", NULL);
    IS(one, "ok");
    *request_line(one, "Signature-Input") = "x=(\"date\");tag=\"other\"";
    *request_line(one, "Signature") = "x=:AAAA:";
    IS(one, "no-applicable-signature");

    /* One request by two keys: which one counts has to be said. */
    one = request_signed(REQUEST_BODY);
    request_sign(other, request_key("beta"), &choice);
    *request_line(one, "Signature-Input") =
        apr_pstrcat(test_pool(), input, ", b", *request_line(other, "Signature-Input"), NULL);
    *request_line(one, "Signature") =
        apr_pstrcat(test_pool(), signature, ", b", *request_line(other, "Signature"), NULL);
    IS(one, "several-signatures");
    one->key_id = request_key_id(request_key("beta"));
    IS(one, "ok");
    CU_ASSERT_STRING_EQUAL(request_last.key_id, one->key_id);
    one->key_id = request_key_id(request_key("gamma"));
    IS(one, "no-applicable-signature");
}

#define COVERED "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"content-digest\""
#define REST    ";created=1767225600;nonce=\"" REQUEST_NONCE "\";tag=\"civarcos-fed\""

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
        {"(" COVERED ");keyid=\"%s\";nonce=\"" REQUEST_NONCE "\";tag=\"civarcos-fed\"", "parameter-missing"},
        {"(" COVERED ");keyid=\"%s\";created=1767225600;tag=\"civarcos-fed\"", "parameter-missing"},
        {"(" COVERED ")" REST ";keyid=%s", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"\"", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";expires=1767225600", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";expires=1767225601.0", "parameter-invalid"},
        {"(" COVERED ")" REST ";keyid=\"%s\";expires=1767225601", "ok"},
        {"(" COVERED ");created=1767225600.0;nonce=\"" REQUEST_NONCE "\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "parameter-invalid"},
        {"(" COVERED ");created=1767225600;nonce=\"123456789012345\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "parameter-invalid"},
        {"(" COVERED ");created=1767225600;nonce=\"1234567890123456\";keyid=\"%s\";tag=\"civarcos-fed\"",
         "ok"},
        {"(" COVERED ");created=1767225600;nonce=\"" REQUEST_NONCE REQUEST_NONCE REQUEST_NONCE
         "\";keyid=\"%s\";tag=\"civarcos-fed\"",
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
        spoiled_t *one = request_unsigned(REQUEST_BODY);
        const char *mark = strstr(rows[i][0], "%s");
        const char *input =
            mark == NULL
                ? rows[i][0]
                : apr_pstrcat(test_pool(),
                              apr_pstrmemdup(test_pool(), rows[i][0], (apr_size_t)(mark - rows[i][0])),
                              request_key_id(request_key("alpha")), mark + 2, NULL);

        /* A thumbprint may begin with a digit or a hyphen; a token may not. */
        if (strstr(rows[i][0], "keyid=%s") != NULL)
            input = apr_pstrcat(test_pool(), "(" COVERED ")" REST ";keyid=token", NULL);
        sign_input(one, apr_pstrcat(test_pool(), "sig1=", input, NULL));
        IS(one, rows[i][1]);
        if (strcmp(civ_signature_label_name(request_last.label), rows[i][1]) != 0)
            test_note("%s: %s", civ_signature_label_name(request_last.label), input);
    }
}

static void the_window(void)
{
    spoiled_t *one = request_signed(REQUEST_BODY);

    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW + 300), "ok");
    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW + 301), "created-out-of-window");
    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW - 60), "ok");
    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW - 61), "created-out-of-window");
    one = request_unsigned(NULL);
    sign_input(one,
               apr_pstrcat(test_pool(), "a=(\"@method\" \"@target-uri\")" REST ";expires=1767225610;keyid=\"",
                           request_key_id(request_key("alpha")), "\"", NULL));
    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW + 10), "ok");
    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW + 11), "expired");
}

static void digests(void)
{
    spoiled_t *one;
    civ_signature_choice_t choice = {REQUEST_NOW, REQUEST_NONCE, NULL};
    static const char *const rows[][2] = {
        {"md5=:AAAA:", "digest-algorithm-unsupported"},
        {"sha-256", "digest-malformed"},
        {"sha-256=:AAAA:", "digest-mismatch"},
        {"sha-512=:AAAA:", "digest-mismatch"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        one = request_unsigned(REQUEST_BODY);
        *request_line(one, "Content-Digest") = rows[i][0];
        request_sign(one, request_key("alpha"), &choice);
        IS(one, rows[i][1]);
    }
    one = request_signed(REQUEST_BODY);
    one->lines[1].name = "Repr-Digest";
    IS(one, "component-missing");
}

/* Who asks cannot find out by it which keys are known here. */
static void unknown_keys_look_like_wrong_signatures(void)
{
    civ_signature_choice_t choice = {REQUEST_NOW, REQUEST_NONCE, NULL};
    static const char *const names[] = {"alpha", "gamma"};
    const char *advice[2][4];
    int i, fault;

    for (i = 0; i < 2; i++) {
        for (fault = 0; fault < 4; fault++) {
            spoiled_t *one = request_unsigned(REQUEST_BODY);

            if (fault == 2)
                *request_line(one, "Content-Digest") = "md5=:AAAA:";
            request_sign(one, request_key(names[i]), &choice);
            if (fault == 0)
                *request_line(one, "Content-Type") = "text/plain";
            if (fault == 1)
                one->body = REQUEST_BODY " ";
            if (fault == 3)
                one->lines[0].name = "X-Type";
            request_verify(one);
            advice[i][fault] = civ_signature_advice(request_last.shown);
            if (i == 1)
                CU_ASSERT_EQUAL(request_last.label, CIV_SIGNATURE_KEY_UNKNOWN);
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
    spoiled_t *one = request_signed(NULL);
    civ_content_digests_t content = {0};
    civ_signed_request_t request = {&one->message, &content, REQUEST_NOW, NULL, fail_to_look_up, NULL};

    CU_ASSERT_EQUAL(civ_request_signature_verify(&request_last, &request, &request_policy, test_pool()),
                    CIV_EUNREACHABLE);
}

static const test_case_t cases[] = {
    {"fields_must_be_there_and_agree", fields_must_be_there_and_agree},
    {"the_tag_chooses", the_tag_chooses},
    {"inputs_and_labels", inputs_and_labels},
    {"the_window", the_window},
    {"digests", digests},
    {"unknown_keys_look_like_wrong_signatures", unknown_keys_look_like_wrong_signatures},
    {"a_failed_look_up_proves_nothing", a_failed_look_up_proves_nothing},
    {NULL, NULL},
};

const test_suite_t signature_labels_suite = {"signature_labels", NULL, NULL, cases};
