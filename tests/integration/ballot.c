/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/ballot.h"
#include "integration/ledger_checks.h"

#include "base/encoding.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

const civ_key_t *ballot_key(int number)
{
    unsigned char seed[32];
    civ_key_t *key = NULL;

    memset(seed, number, sizeof(seed));
    CU_ASSERT_FATAL(civ_key_from_seed(&key, seed, test_pool()) == APR_SUCCESS);
    return key;
}

const char *ballot_id(int number)
{
    return apr_psprintf(test_pool(), "validator-%d", number);
}

static const char *json_pem(int number)
{
    const char *pem = civ_public_key_pem(civ_key_public(ballot_key(number)));
    char *out = apr_pcalloc(test_pool(), 2 * strlen(pem) + 1), *at;

    for (at = out; *pem; pem++) {
        if (*pem == '\n') {
            *at++ = '\\';
            *at++ = 'n';
        } else {
            *at++ = *pem;
        }
    }
    return out;
}

http_response_t *ballot_register(http_client_t *client, int number, apr_int64_t stake)
{
    return http_post(client, "/api/blockchain/validators",
                     apr_psprintf(test_pool(),
                                  "{\"validator_id\":\"%s\",\"public_key\":\"%s\",\"stake\":%" APR_INT64_T_FMT
                                  "}",
                                  ballot_id(number), json_pem(number), stake));
}

static const char *base64_of_hex(const char *hex)
{
    unsigned char bytes[32] = {0};

    CU_ASSERT(civ_hex_decode(bytes, sizeof(bytes), hex) == APR_SUCCESS);
    return civ_base64_encode(bytes, sizeof(bytes), test_pool());
}

const char *ballot_signature(const char *ledger, int number, const civ_json_t *block, int accepts)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    const char *text =
        apr_psprintf(test_pool(), "civarcos-vote/v1\n%s\n%" APR_INT64_T_FMT "\n%s\n%s\n%s\n", ledger,
                     checks_int(block, "/index"), base64_of_hex(checks_text(block, "/hash")),
                     base64_of_hex(checks_text(block, "/validator_set_hash")), accepts ? "accept" : "reject");

    CU_ASSERT(civ_key_sign(ballot_key(number), signature, text, strlen(text)) == APR_SUCCESS);
    return civ_base64_encode(signature, sizeof(signature), test_pool());
}

const char *ballot_body(const char *hash, const char *id, int accepts, const char *signature)
{
    return apr_psprintf(
        test_pool(), "{\"block_hash\":\"%s\",\"validator_id\":\"%s\",\"is_valid\":%s,\"signature\":\"%s\"}",
        hash, id, accepts ? "true" : "false", signature);
}

http_response_t *ballot_vote(http_client_t *client, int number, apr_int64_t index, int accepts)
{
    const civ_json_t *block = checks_block(client, index);
    const char *ledger = http_json_text(http_get(client, "/api/blockchain/info"), "/blockchain/ledger_name");

    CU_ASSERT_FATAL(block != NULL);
    return http_post(client, "/api/blockchain/vote",
                     ballot_body(checks_text(block, "/hash"), ballot_id(number), accepts,
                                 ballot_signature(ledger, number, block, accepts)));
}

http_response_t *ballot_consensus(http_client_t *client, apr_int64_t index)
{
    const civ_json_t *block = checks_block(client, index);

    CU_ASSERT_FATAL(block != NULL);
    return http_get(
        client, apr_pstrcat(test_pool(), "/api/blockchain/consensus/", checks_text(block, "/hash"), NULL));
}
