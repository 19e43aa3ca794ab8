/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file consortium.c
 * Organisations without keys.
 */
#include "integration/consortium.h"

#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "base/buffer.h"
#include "base/canonical.h"
#include "base/keys.h"
#include "federation/record.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

void consortium_join(http_client_t *web, int from, int to)
{
    int i;

    for (i = from; i < to; i++) {
        const char *body = apr_psprintf(test_pool(),
                                        "{\"organization_id\":\"org-%d\","
                                        "\"evidence_endpoint\":\"https://org-%d.example/evidence\"}",
                                        i, i);

        CU_ASSERT_EQUAL(http_post(web, "/api/federated/join", body)->status, 201);
    }
}

http_response_t *consortium_contribute(http_client_t *web, int number, const char *metrics)
{
    return http_post(
        web, "/api/federated/benchmark",
        apr_psprintf(test_pool(), "{\"organization_id\":\"org-%d\",\"metrics\":{%s}}", number, metrics));
}

http_response_t *consortium_threat(http_client_t *web, int number, const char *threat)
{
    return http_post(web, "/api/federated/threat",
                     apr_pstrcat(test_pool(), "{\"organization_id\":\"org-", apr_itoa(test_pool(), number),
                                 "\",\"threat_info\":", threat, "}", NULL));
}

http_response_t *consortium_share(http_client_t *web, int number, const char *evidence, const char *more)
{
    return http_post(web, "/api/federated/share",
                     apr_pstrcat(test_pool(), "{\"organization_id\":\"org-", apr_itoa(test_pool(), number),
                                 "\",\"evidence\":", evidence, more, "}", NULL));
}

const char *consortium_shared(http_client_t *web, int number, const char *evidence)
{
    http_response_t *answer = consortium_share(web, number, evidence, "");

    CU_ASSERT_EQUAL(answer->status, 201);
    return http_json_text(answer, "/evidence/evidence_id");
}

http_response_t *consortium_vote(http_client_t *web, int number, const char *evidence_id, int is_valid,
                                 const char *more)
{
    return http_post(web, "/api/federated/validate",
                     apr_psprintf(test_pool(),
                                  "{\"organization_id\":\"org-%d\",\"evidence_id\":\"%s\",\"is_valid\":%s%s}",
                                  number, evidence_id, is_valid ? "true" : "false", more));
}

http_response_t consortium_example(const harness_t *server, const char *command)
{
    static const char theirs[] = "http://localhost:8000";
    const char *place = strstr(command, theirs), *output = NULL;
    const char *argv[] = {"/bin/sh", "-c", NULL, NULL};
    const civ_json_t *json;

    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    argv[2] = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), command, (apr_size_t)(place - command)),
                          "-s ", server->url, place + strlen(theirs), NULL);
    CU_ASSERT_EQUAL(harness_run(argv, &output), 0);
    json = checks_parse(output, strlen(output));
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return checks_view(json);
}

/* What a member of a listing adds to the record is the node's own, and not signed. */
static const civ_json_t *record_of(const civ_json_t *item)
{
    static const char *const added[] = {"signature", "outcome", "votes"};
    civ_json_t *record = apr_pmemdup(test_pool(), item, sizeof(*item));
    apr_size_t i, j, kept = 0;

    record->as.object.members = apr_pmemdup(test_pool(), item->as.object.members,
                                            item->as.object.count * sizeof(*item->as.object.members));
    for (i = 0; i < item->as.object.count; i++) {
        for (j = 0; j < 3 && strcmp(added[j], item->as.object.members[i].name) != 0; j++) {
            continue;
        }
        if (j == 3) {
            record->as.object.members[kept++] = item->as.object.members[i];
        }
    }
    record->as.object.count = kept;
    return record;
}

const char *consortium_record(http_client_t *web, const http_response_t *answer, const char *pointer)
{
    const civ_json_t *item = http_json(answer, pointer), *record;
    const char *pem = http_json_text(http_get(web, "/api/blockchain/info"), "/blockchain/public_key");
    const char *signature = item ? checks_text(item, "/signature") : "";
    civ_public_key_t *key;
    civ_buffer_t text;

    if (!item || item->type != CIV_JSON_OBJECT ||
        civ_public_key_from_pem(&key, pem, test_pool()) != APR_SUCCESS) {
        return "(no record)";
    }
    record = record_of(item);
    civ_buffer_init(&text, 1024, test_pool());
    if (civ_canonical_write(&text, record) != APR_SUCCESS ||
        civ_record_verify("evidence", text.data, text.length, signature, key, test_pool()) != APR_SUCCESS) {
        test_note("%s: the record is not as it was signed: %s", pointer, text.data);
        return "(not signed)";
    }
    return checks_hash(record);
}

http_response_t *consortium_history(http_client_t *web, const char *kind)
{
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add", "{}")->status, 201);
    return http_get(
        web,
        apr_pstrcat(test_pool(), "/api/blockchain/search?limit=1000&type=civarcos.federation.", kind, NULL));
}

int consortium_says_nothing(const char *where, const char *text, const char *const *secrets)
{
    int found = 0;

    for (; *secrets; secrets++) {
        if (strstr(text, *secrets)) {
            test_note("%s: there is \"%s\" in it", where, *secrets);
            found++;
        }
    }
    return found == 0;
}
