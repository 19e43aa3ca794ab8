/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl_transfer.c
 * civarcosctl export and import: the same bytes there and back, a ledger that goes on elsewhere, and nothing left of what
 * is not whole.
 */
#include "integration/ballot.h"
#include "integration/ctl_tool.h"
#include "integration/tampering.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME TAMPERING_NAME

/* A folder with a "ledger" that has the key of the server's, or none; for a server of its own. */
static const char *make_place(const harness_t *server, const char *name, int with_key)
{
    const char *folder = scenario_file(server, name);
    const char *state = apr_pstrcat(test_pool(), name, "/ledger", NULL);

    CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0755), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
    tool_folder(server, state);
    if (with_key) {
        const char *keys = tool_folder(server, apr_pstrcat(test_pool(), state, "/keys", NULL));

        CU_ASSERT_EQUAL(tool_copy(server, scenario_file(server, "ledger/keys/ledger.pem"),
                                  apr_pstrcat(test_pool(), keys, "/ledger.pem", NULL)),
                        0);
    }
    return scenario_file(server, state);
}

static int is_empty_of_ledgers(const char *state)
{
    return !tool_exists(state, "civarcos.db") && !tool_exists(state, "signed-head") &&
           !tool_exists(state, "incoming");
}

static int same_files(const char *left, const char *right)
{
    unsigned long left_length = 0;
    unsigned long right_length = 0;
    char *left_data = test_read_file(left, &left_length);
    char *right_data = test_read_file(right, &right_length);

    return left_data && right_data && left_length == right_length &&
           memcmp(left_data, right_data, left_length) == 0;
}

/* -- There and back
 * ----------------------------------------------------------------------------------------------------- */

static void test_round_trip(void)
{
    harness_t *server = tampering_start();
    harness_t *other;
    const char *export;
    const char *again;
    const char *state;
    const char *said;
    struct stat file;
    struct stat folder;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    export = tool_save_export(server, "export.ndjson");
    again = apr_pstrcat(test_pool(), tool_folder(server, "out"), "/again.ndjson", NULL);
    CU_ASSERT(tool_ends(0, NULL, "export", "--state", tool_state(server), again, NULL));
    CU_ASSERT(same_files(export, again));
    CU_ASSERT(tool_ends(4, NULL, "export", "--state", tool_state(server), again, NULL));
    state = make_place(server, "elsewhere", 1);
    CU_ASSERT(tool_ends(0, &said, "import", "--state", state, export, NULL));
    CU_ASSERT(strstr(said, "imported: ") != NULL && strstr(said, "mirror") == NULL);
    CU_ASSERT(!tool_exists(state, "incoming"));
    CU_ASSERT_EQUAL(stat(apr_pstrcat(test_pool(), state, "/civarcos.db", NULL), &file), 0);
    CU_ASSERT_EQUAL(stat(state, &folder), 0);
    CU_ASSERT(file.st_uid == folder.st_uid && (file.st_mode & 0777) == 0600);
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", state, "--height", "9", NULL));
    CU_ASSERT(tool_ends(0, &said, "export", "--state", state, "-", "--quiet", NULL));
    CU_ASSERT_STRING_EQUAL(said, test_read_file(export, NULL));
    /* The chain goes on where it was taken to. */
    other = tool_serve(scenario_file(server, "elsewhere"), NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    CU_ASSERT_EQUAL(tool_add(other, 2), 0);
    CU_ASSERT(scenario_is_valid(http_client(other->url, test_pool())));
    CU_ASSERT_EQUAL(scenario_blocks(http_client(other->url, test_pool())), TAMPERING_LAST + 3);
    CU_ASSERT_EQUAL(http_json_int(http_get(http_client(other->url, test_pool()),
                                           "/api/blockchain/search?type=ab&limit=100"),
                                  "/count"),
                    2 * TAMPERING_LAST);
    CU_ASSERT(harness_log_is_clean(other, NULL));
    CU_ASSERT_EQUAL(harness_stop(other), 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Validators come and go by what the blocks say, so they are there after an import; votes are not in any block. */
static void test_validators(void)
{
    static const apr_int64_t stakes[] = {40, 30, 30};
    harness_t *server = tampering_start();
    harness_t *other;
    http_client_t *web;
    const char *export;
    const char *state;
    apr_int64_t voted;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    ballot_register_all(web, 3, stakes);
    voted = ballot_add_block(web);
    CU_ASSERT_EQUAL(ballot_vote(web, 1, voted, 1)->status, 200);
    CU_ASSERT_EQUAL(ballot_remove(web, 3)->status, 200);
    export = tool_save_export(server, "export.ndjson");
    CU_ASSERT(tool_ends(0, NULL, "verify", export, NULL));
    state = make_place(server, "elsewhere", 1);
    CU_ASSERT(tool_ends(0, NULL, "import", "--state", state, export, NULL));
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", state, NULL));
    other = tool_serve(scenario_file(server, "elsewhere"), NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    web = http_client(other->url, test_pool());
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/info"), "/blockchain/validators"), 2);
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, voted), "total_stake"), 100);
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, voted), "votes"), 0);
    CU_ASSERT_EQUAL(ballot_vote(web, 3, voted, 1)->status, 200);
    CU_ASSERT_EQUAL(ballot_vote(web, 2, ballot_add_block(web), 1)->status, 200);
    CU_ASSERT_EQUAL(ballot_remove(web, 2)->status, 200);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(other, NULL));
    CU_ASSERT_EQUAL(harness_stop(other), 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* With a key that is not the ledger's: all can be read, nothing written. */
static void serve_mirror(const harness_t *server, const char *state)
{
    harness_t *mirror;
    http_client_t *web;

    tool_folder(server, "mirror/ledger/keys");
    CU_ASSERT(tool_ends(0, NULL, "keygen", apr_pstrcat(test_pool(), state, "/keys/ledger.pem", NULL), NULL));
    mirror = tool_serve(scenario_file(server, "mirror"), NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mirror);
    web = http_client(mirror->url, test_pool());
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/block/9")->status, 200);
    CU_ASSERT(http_is_problem(scenario_add(web, 1), 503));
    CU_ASSERT(harness_log_is_clean(mirror, "CIV0207", "CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(mirror), 0);
}

/* Without the key it can be read and verified; a ledger that is there stays what it is. */
static void test_mirror(void)
{
    harness_t *server = tampering_start();
    const char *export;
    const char *state;
    const char *said;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    export = tool_save_export(server, "export.ndjson");
    state = make_place(server, "mirror", 0);
    CU_ASSERT(tool_ends(0, &said, "import", "--state", state, export, NULL));
    CU_ASSERT(strstr(said, "a mirror, that cannot be appended to") != NULL);
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", state, NULL));
    CU_ASSERT(tool_ends(4, NULL, "import", "--state", state, export, NULL));
    CU_ASSERT(tool_ends(4, NULL, "import", "--state", tool_state(server), export, NULL));
    CU_ASSERT(scenario_is_valid(http_client(server->url, test_pool())));
    serve_mirror(server, state);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Refused
 * ------------------------------------------------------------------------------------------------------------ */

static void test_forged(void)
{
    harness_t *server = tampering_start();
    harness_t *forger = tampering_start();
    const char *export;
    const char *state;
    const char *said;
    unsigned long length = 0;
    char *signature;
    char *text;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(forger);
    state = make_place(server, "place", 1);
    /* Sound in itself, with the same name, but made with another key. */
    export = tool_save_export(forger, "export.ndjson");
    CU_ASSERT(tool_ends(1, &said, "import", "--state", state, export, NULL));
    CU_ASSERT(strstr(said, "fault: block 0: the genesis parameters name another key") == said);
    CU_ASSERT(strstr(said, "nothing was imported") != NULL && strstr(said, "imported: ") == NULL);
    CU_ASSERT(is_empty_of_ledgers(state));
    /* The last signature is another one: all before it was stored already. */
    export = tool_save_export(server, "export.ndjson");
    text = test_read_file(export, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    signature = strstr(strstr(text, "{\"index\":9,"), "\"signature\":\"") + strlen("\"signature\":\"");
    *signature = *signature == 'A' ? 'B' : 'A';
    CU_ASSERT_EQUAL(scenario_write_file(export, text, length), 0);
    CU_ASSERT(tool_ends(1, &said, "import", "--state", state, export, NULL));
    CU_ASSERT(strstr(said, "fault: block 9: the signature is not the ledger's") == said);
    CU_ASSERT(is_empty_of_ledgers(state));
    CU_ASSERT_EQUAL(harness_stop(forger), 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Broken off
 * --------------------------------------------------------------------------------------------------------- */

typedef struct half_t {
    const char *state;
    pid_t pid;
    int input; /* the rest of the export would come through here */
} half_t;

static int has_begun(void *baton)
{
    const half_t *half = baton;

    return tool_exists(half->state, "incoming/civarcos.db");
}

/* An import that has got the first blocks of its export, and waits for more. */
static half_t begin(const harness_t *server, const char *state)
{
    unsigned long length = 0;
    char *text = test_read_file(tool_save_export(server, "export.ndjson"), &length);
    half_t half = {state, 0, -1};
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    half.pid = tool_start(ends[0], -1, "import", "--state", state, "-", NULL);
    close(ends[0]);
    half.input = ends[1];
    CU_ASSERT(write(half.input, text, length / 2) == (ssize_t)(length / 2));
    CU_ASSERT_EQUAL(harness_wait(has_begun, &half, 60), 0);
    return half;
}

static void test_killed(void)
{
    harness_t *server = tampering_start();
    const char *state;
    half_t half;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    state = make_place(server, "place", 1);
    half = begin(server, state);
    /* While one is at work another one keeps away. */
    CU_ASSERT(tool_ends(4, NULL, "import", "--state", state, scenario_file(server, "export.ndjson"), NULL));
    kill(half.pid, SIGKILL);
    CU_ASSERT_EQUAL(tool_wait(half.pid), 128 + SIGKILL);
    close(half.input);
    CU_ASSERT(!tool_exists(state, "civarcos.db") && !tool_exists(state, "signed-head"));
    CU_ASSERT(tool_ends(3, NULL, "verify", "--state", state, NULL));
    /* What it left is in nobody's way. */
    CU_ASSERT(tool_ends(0, NULL, "import", "--state", state, scenario_file(server, "export.ndjson"), NULL));
    CU_ASSERT(tool_ends(0, NULL, "verify", "--state", state, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_interrupted(void)
{
    static const int signals[] = {SIGTERM, SIGINT};
    harness_t *server = tampering_start();
    const char *state;
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    state = make_place(server, "place", 1);
    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        half_t half = begin(server, state);

        kill(half.pid, signals[i]);
        CU_ASSERT_EQUAL(tool_wait(half.pid), 128 + signals[i]);
        close(half.input);
        CU_ASSERT(is_empty_of_ledgers(state));
    }
    /* An export whose end never comes. */
    {
        half_t half = begin(server, state);

        close(half.input);
        CU_ASSERT_EQUAL(tool_wait(half.pid), 1);
        CU_ASSERT(is_empty_of_ledgers(state));
    }
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {
    {"round trip", test_round_trip},
    {"validators", test_validators},
    {"mirror", test_mirror},
    {"forged", test_forged},
    {"killed", test_killed},
    {"interrupted", test_interrupted},
    {NULL, NULL},
};

extern const test_suite_t ctl_transfer_suite;
const test_suite_t ctl_transfer_suite = {"ctl_transfer", NULL, NULL, cases};
