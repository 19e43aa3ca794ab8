/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file voting_clients.c
 * What clients do to validators and votes: bad input, lists, repeats, crowds, other hosts, other programs. Each case has a
 * server and a ledger of its own.
 */
#include "config.h"

#include "integration/ballot.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "base/encoding.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>

#define CONFIG "CivarcosLedgerName voting.test/ledger\n"

static harness_t *server;
static http_client_t *web;

static void start(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
}

static void stop(void)
{
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

static http_response_t *post_validator(const char *id, const char *key, const char *more)
{
    return http_post(web, "/api/blockchain/validators",
                     apr_psprintf(test_pool(), "{\"validator_id\":%s,\"public_key\":%s%s}", id, key, more));
}

#define KEY   "\"PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\""
#define JWK   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw\"}"
#define ZEROS "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""

static void test_registrations(void)
{
    static const struct {
        const char *id, *key, *more, *pointer;
    } bad[] = {
        {"\"\"", KEY, "", "/validator_id"},
        {"\"..\"", KEY, "", "/validator_id"},
        {"\"a/b\"", KEY, "", "/validator_id"},
        {"7", KEY, "", "/validator_id"},
        {"\"a\"", ZEROS, "", "/public_key"},
        {"\"a\"", "7", "", "/public_key"},
        {"\"a\"", "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", "", "/public_key"},
        {"\"a\"", "\"7////////////////////////////////////////38=\"", "", "/public_key"},
        {"\"a\"", KEY, ",\"stake\":-1", "/stake"},
        {"\"a\"", KEY, ",\"stake\":1.5", "/stake"},
        {"\"a\"", KEY, ",\"stake\":\"1\"", "/stake"},
        {"\"a\"", KEY, ",\"stake\":9007199254740992", "/stake"},
        {"\"a\"", KEY, ",\"steak\":1", "/steak"},
    };
    http_response_t *first, *answer;
    size_t i;

    start();
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT(checks_problem_at(post_validator(bad[i].id, bad[i].key, bad[i].more), 400, bad[i].pointer));
    }
    CU_ASSERT(checks_problem_at(http_post(web, "/api/blockchain/validators", "{\"validator_id\":\"a\"}"), 400,
                                "/public_key"));
    CU_ASSERT_EQUAL(checks_blocks(web), 1);
    CU_ASSERT_EQUAL(post_validator("\"a:b@c-d_e.f\"", JWK, ",\"stake\":9007199254740991")->status, 201);
    /* The same, another key, another id. */
    CU_ASSERT(http_is_problem(post_validator("\"a:b@c-d_e.f\"", KEY, ",\"stake\":9007199254740991"), 409));
    CU_ASSERT(http_is_problem(post_validator("\"b\"", KEY, ""), 409));
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/validators/a:b@c-d_e.f")->status, 200);
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/validators/a%20b"), 404));
    CU_ASSERT_EQUAL(checks_blocks(web), 2);
    /* A repeat under its key gets the first answer, also after the validator is gone. */
    first = scenario_post(web, "/api/blockchain/validators", "one",
                          "{\"validator_id\":\"again\",\"public_key\":"
                          "\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}");
    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(http_send(web, "DELETE", "/api/blockchain/validators/again", NULL, NULL, 0)->status, 200);
    answer = scenario_post(web, "/api/blockchain/validators", "one",
                           "{\"validator_id\":\"again\",\"public_key\":"
                           "\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}");
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(answer->body, first->body);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Idempotent-Replayed"), "true");
    CU_ASSERT(http_is_problem(scenario_post(web, "/api/blockchain/validators", "one",
                                            "{\"validator_id\":\"other\",\"public_key\":" KEY "}"),
                              422));
    CU_ASSERT_EQUAL(checks_blocks(web), 4);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

/* Page by page while others come and go; methods, caches. */
static void test_list(void)
{
    const char *path = "/api/blockchain/validators?limit=2";
    const char *if_none_match[] = {NULL, NULL};
    http_response_t *answer;
    char seen[32] = "";
    int pages = 0;

    start();
    ballot_register_all(web, 5, NULL);
    do {
        int i;

        answer = http_get(web, path);
        CU_ASSERT_EQUAL_FATAL(answer->status, 200);
        for (i = 0; i < http_json_count(answer, "/validators"); i++) {
            const char *id =
                http_json_text(answer, apr_psprintf(test_pool(), "/validators/%d/validator_id", i));

            strncat(seen, id + strlen(id) - 1, 1);
        }
        if (++pages == 1) {
            CU_ASSERT_EQUAL(ballot_remove(web, 1)->status, 200);
            CU_ASSERT_EQUAL(ballot_register(web, 6, 0)->status, 201);
            CU_ASSERT(strstr(checks_header(answer, "Link"), "rel=\"next\"") != NULL);
        }
        path = apr_pstrcat(test_pool(), "/api/blockchain/validators?limit=2&cursor=",
                           http_json_text(answer, "/next_cursor"), NULL);
    } while (http_json(answer, "/next_cursor") && pages < 9);
    CU_ASSERT_STRING_EQUAL(seen, "123456");
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/validators?limit=0"), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/validators?cursor=x"), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/validators?id=x"), 400));
    answer = http_get(web, "/api/blockchain/validators");
    if_none_match[0] = apr_pstrcat(test_pool(), "If-None-Match: ", checks_header(answer, "ETag"), NULL);
    CU_ASSERT_EQUAL(http_send(web, "GET", "/api/blockchain/validators", if_none_match, NULL, 0)->status, 304);
    CU_ASSERT_EQUAL(http_send(web, "HEAD", "/api/blockchain/validators", NULL, NULL, 0)->status, 200);
    answer = http_send(web, "OPTIONS", "/api/blockchain/validators/x", NULL, NULL, 0);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Allow"), "GET, HEAD, DELETE, OPTIONS");
    answer = http_send(web, "OPTIONS", "/api/blockchain/validators", NULL, NULL, 0);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Allow"), "GET, HEAD, POST, OPTIONS");
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

static void test_vote_idempotency(void)
{
    const civ_json_t *block;
    const char *accept, *reject;
    http_response_t *answer;

    start();
    ballot_register_all(web, 3, NULL);
    block = checks_block(web, ballot_add_block(web));
    accept = ballot_body(checks_text(block, "/hash"), ballot_id(1), 1,
                         ballot_signature("voting.test/ledger", 1, block, 1));
    reject = ballot_body(checks_text(block, "/hash"), ballot_id(1), 0,
                         ballot_signature("voting.test/ledger", 1, block, 0));
    answer = scenario_post(web, "/api/blockchain/vote", "k", accept);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_PTR_NULL(http_header(answer, "Idempotent-Replayed"));
    answer = scenario_post(web, "/api/blockchain/vote", "k", accept);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Idempotent-Replayed"), "true");
    /* Votes are public: who repeats one, under whatever key, adds nothing to the database. */
    CU_ASSERT_EQUAL(scenario_post(web, "/api/blockchain/vote", "another", accept)->status, 200);
    CU_ASSERT_EQUAL(scenario_post(web, "/api/blockchain/vote", "still another", accept)->status, 200);
    CU_ASSERT_STRING_EQUAL(scenario_sql_text(scenario_file(server, "ledger/civarcos.db"),
                                             "SELECT COUNT(*) FROM civ_idempotency"),
                           "1");
    /* The key was for another vote: nothing is recorded, not even the contradiction. */
    CU_ASSERT(http_is_problem(scenario_post(web, "/api/blockchain/vote", "k", reject), 422));
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, 4), "votes"), 1);
    CU_ASSERT(http_is_problem(scenario_post(web, "/api/blockchain/vote", "l", reject), 409));
    CU_ASSERT(http_is_problem(scenario_post(web, "/api/blockchain/vote", "l", reject), 409));
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, 4), "votes"), 0);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0220", NULL));
    stop();
}

/* --- many at once --- */

#define THREADS 8

typedef struct crowd_t {
    const char *path;
    const char *bodies[THREADS];
    int statuses[THREADS];
} crowd_t;

typedef struct member_t {
    crowd_t *crowd;
    int number;
    apr_thread_t *thread;
} member_t;

static void *APR_THREAD_FUNC post_one(apr_thread_t *thread, void *data)
{
    member_t *member = data;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    member->crowd->statuses[member->number] =
        http_post(http_client(server->url, pool), member->crowd->path, member->crowd->bodies[member->number])
            ->status;
    apr_pool_destroy(pool);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* @return how many were answered with @a status */
static int post_all(crowd_t *crowd, int status)
{
    member_t members[THREADS];
    int count = 0;
    int i;

    for (i = 0; i < THREADS; i++) {
        members[i].crowd = crowd;
        members[i].number = i;
        CU_ASSERT_EQUAL_FATAL(apr_thread_create(&members[i].thread, NULL, post_one, &members[i], test_pool()),
                              APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_status_t ended;

        apr_thread_join(&ended, members[i].thread);
        count += crowd->statuses[i] == status;
    }
    return count;
}

static void test_crowds(void)
{
    crowd_t crowd = {.path = "/api/blockchain/validators"};
    const civ_json_t *block;
    int i;

    start();
    /* One key, eight ids; then one id, eight keys. */
    for (i = 0; i < THREADS; i++) {
        crowd.bodies[i] = apr_psprintf(test_pool(), "{\"validator_id\":\"v%d\",\"public_key\":" KEY "}", i);
    }
    CU_ASSERT_EQUAL(post_all(&crowd, 201), 1);
    for (i = 0; i < THREADS; i++) {
        const unsigned char *raw = civ_public_key_raw(civ_key_public(ballot_key(100 + i)));

        crowd.bodies[i] = apr_psprintf(test_pool(), "{\"validator_id\":\"w\",\"public_key\":\"%s\"}",
                                       civ_base64_encode(raw, CIV_KEY_PUBLIC_SIZE, test_pool()));
    }
    CU_ASSERT_EQUAL(post_all(&crowd, 201), 1);
    CU_ASSERT_EQUAL(checks_blocks(web), 3);
    ballot_register_all(web, 3, NULL);
    /* One validator, both ways, four times each: whoever is first, it ends as a contradiction, counted once. */
    block = checks_block(web, ballot_add_block(web));
    crowd.path = "/api/blockchain/vote";
    for (i = 0; i < THREADS; i++) {
        crowd.bodies[i] = ballot_body(checks_text(block, "/hash"), ballot_id(1), i % 2,
                                      ballot_signature("voting.test/ledger", 1, block, i % 2));
    }
    i = post_all(&crowd, 200);
    CU_ASSERT(i >= 1 && i <= THREADS / 2);
    CU_ASSERT_EQUAL(http_json_count(ballot_consensus(web, 6), "/consensus/equivocations"), 1);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/validators/validator-1"), "/equivocations"),
                    1);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/validators/validator-1"), "/votes"), 1);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0220", NULL));
    stop();
}

/* Each host has its own validators; a vote is good for one ledger only. */
static void test_two_hosts(void)
{
    static const char config[] =
        CONFIG "<VirtualHost 127.0.0.1:${civ_port}>\nServerName one.test\n</VirtualHost>\n"
               "<VirtualHost 127.0.0.1:${civ_port}>\nServerName two.test\n"
               "CivarcosStateDir \"${civ_state}/two\"\nCivarcosLedgerName two.test/ledger\n</VirtualHost>\n";
    const char *headers[] = {"Host: two.test", "Content-Type: application/json", NULL};
    harness_options_t options = {NULL, config, NULL};
    http_response_t *answer;
    const civ_json_t *block;
    const char *body;

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
    ballot_register_all(web, 3, NULL);
    block = checks_block(web, ballot_add_block(web));
    answer = http_send(web, "GET", "/api/blockchain/validators", headers, NULL, 0);
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 0);
    body = ballot_body(checks_text(block, "/hash"), ballot_id(1), 1,
                       ballot_signature("voting.test/ledger", 1, block, 1));
    CU_ASSERT(
        http_is_problem(http_send(web, "POST", "/api/blockchain/vote", headers, body, strlen(body)), 404));
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/vote", body)->status, 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

/* --- other programs --- */

static int has_programs(void)
{
    const char *argv[] = {"sh", "-c",
                          "command -v python3 && command -v openssl && command -v jq && "
                          "command -v xxd && command -v curl",
                          NULL};

    if (harness_run(argv, NULL) == 0) {
        return 1;
    }
    test_note("skipped: needs python3, openssl, jq, xxd and curl");
    return 0;
}

/* The commands of a section of the manual, run as they stand there, with the tool just built. The last signature they make
 * is kept in a file. */
static int run_manual(const char *section)
{
    const char *script = apr_psprintf(
        test_pool(),
        "set -e; mkdir -p '%s/manual'; cd '%s/manual'; API='%s/api'; PATH='%s/ctl':$PATH; "
        "awk -v wanted='## `%s`' '$0 == wanted { on = 1; next } /^## / { on = 0 } "
        "on && /^```sh/ { code = 1; next } /^```/ { code = 0 } on && code' '%s/docs/api.md' >commands; "
        "test -s commands; . ./commands >answer; printf %%s \"$SIGNATURE\" >signature",
        server->state_dir, server->state_dir, server->url, CIVARCOS_BUILD_DIR, section, test_source_dir());
    const char *argv[] = {"sh", "-c", script, NULL};
    const char *output = "";
    int status = harness_run(argv, &output);

    if (status != 0) {
        test_note("%s: %s", section, output);
    }
    return status;
}

static void test_manual(void)
{
    http_response_t *answer;
    const char *signature;

    if (!has_programs()) {
        return;
    }
    start();
    CU_ASSERT_EQUAL(run_manual("POST /blockchain/validators"), 0);
    CU_ASSERT_EQUAL(run_manual("POST /blockchain/vote"), 0);
    answer = ballot_consensus(web, 2);
    CU_ASSERT_EQUAL(http_json_count(answer, "/consensus/validations"), 1);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "validations/0/validator_id"), "alice");
    /* What the tool signs is what was sent. */
    signature = test_read_file(scenario_file(server, "manual/signature"), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(signature);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "validations/0/signature"), signature);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

/* The independent verifier derives the sets too, and misses a registration that was taken out of a header's past. */
static void test_export(void)
{
    const char *path, *argv[] = {"python3", NULL, NULL, NULL}, *output = "";
    http_response_t *export;
    char *text, *at;

    if (!has_programs()) {
        return;
    }
    start();
    ballot_register_all(web, 3, NULL);
    ballot_add_block(web);
    CU_ASSERT_EQUAL(ballot_remove(web, 2)->status, 200);
    ballot_add_block(web);
    export = http_get(web, "/api/blockchain/export");
    path = scenario_file(server, "export.ndjson");
    argv[1] = apr_pstrcat(test_pool(), test_source_dir(), "/tests/verifier/verify_export.py", NULL);
    argv[2] = path;
    CU_ASSERT_EQUAL(scenario_write_file(path, export->body, export->length), 0);
    CU_ASSERT_EQUAL(harness_run(argv, &output), 0);
    CU_ASSERT(strstr(output, "no fault") != NULL);
    text = apr_pstrmemdup(test_pool(), export->body, export->length);
    at = strstr(strstr(text, "\"index\":4,"), "\"validator_set_hash\":\"");
    memset(at + 22, 'a', 64);
    CU_ASSERT_EQUAL(scenario_write_file(path, text, export->length), 0);
    CU_ASSERT_EQUAL(harness_run(argv, &output), 1);
    CU_ASSERT(strstr(output, "block 4: the validator set hash is not that of the validators in force") !=
              NULL);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

static const test_case_t cases[] = {{"registrations", test_registrations},
                                    {"list", test_list},
                                    {"vote_idempotency", test_vote_idempotency},
                                    {"crowds", test_crowds},
                                    {"two_hosts", test_two_hosts},
                                    {"manual", test_manual},
                                    {"export", test_export},
                                    {NULL, NULL}};

const test_suite_t voting_clients_suite = {"voting_clients", NULL, NULL, cases};
