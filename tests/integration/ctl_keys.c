/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl_keys.c
 * civarcosctl init, keygen, sign-vote and sign-rotation; what it shows on a terminal; and what root does not do in somebody else's folder.
 */
#include "integration/ctl_tool.h"
#include "integration/ledger_checks.h"

#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/keys.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define NAME "begun.test/ledger"

/* -- Keys
 * --------------------------------------------------------------------------------------------------------------- */

static void test_keygen(void)
{
    harness_t *server = harness_start(NULL);
    const char *path;
    const char *made;
    const char *said;
    civ_key_t *key;
    struct stat info;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    path = apr_pstrcat(test_pool(), tool_folder(server, "keys"), "/validator.pem", NULL);
    CU_ASSERT(tool_ends(0, &made, "keygen", path, NULL));
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(info.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(civ_key_load(&key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_public_key_pem(civ_key_public(key)), made);
    CU_ASSERT(tool_ends(0, &said, "keygen", "--public", path, NULL));
    CU_ASSERT_STRING_EQUAL(said, made);
    CU_ASSERT(tool_ends(0, &said, "keygen", "--key-id", path, NULL));
    CU_ASSERT_STRING_EQUAL(
        said,
        apr_pstrcat(test_pool(), civ_key_thumbprint(civ_public_key_raw(civ_key_public(key)), test_pool()),
                    "\n", NULL));
    /* Never replaced. */
    CU_ASSERT(tool_ends(4, NULL, "keygen", path, NULL));
    CU_ASSERT(tool_ends(0, &said, "keygen", "--public", path, NULL));
    CU_ASSERT_STRING_EQUAL(said, made);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    CU_ASSERT(tool_ends(3, NULL, "keygen", "--public", path, NULL));
    CU_ASSERT(tool_ends(3, NULL, "keygen", "/nonexistent/key.pem", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_sign_vote(void)
{
    static const char *const hash = "AMzBwuqLzyZvAAHWe5a+4Xi4YL9slS2a4hmWb30ujOo=";
    static const char *const hex = "00ccc1c2ea8bcf266f0001d67b96bee178b860bf6c952d9ae219966f7d2e8cea";
    static const char *const shouted = "00CCC1C2EA8BCF266F0001D67B96BEE178B860BF6C952D9AE219966F7D2E8CEA";
    static const char text[] = "civarcos-vote/v1\n" NAME "\n7\nAMzBwuqLzyZvAAHWe5a+4Xi4YL9slS2a4hmWb30ujOo=\n"
                               "AMzBwuqLzyZvAAHWe5a+4Xi4YL9slS2a4hmWb30ujOo=\nreject\n";
    harness_t *server = harness_start(NULL);
    unsigned char *signature;
    apr_size_t length;
    const char *path;
    const char *again;
    char *said;
    civ_key_t *key;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    path = apr_pstrcat(test_pool(), tool_folder(server, "keys"), "/validator.pem", NULL);
    CU_ASSERT(tool_ends(0, NULL, "keygen", path, NULL));
    CU_ASSERT(tool_ends(0, (const char **)&said, "sign-vote", "--key", path, "--name", NAME, "--height", "7",
                        "--block-hash", hash, "--set-hash", hash, "--decision", "reject", NULL));
    /* As the interface answers; Ed25519 signs the same text the same way. */
    CU_ASSERT(tool_ends(0, &again, "sign-vote", "--key", path, "--name", NAME, "--height", "7",
                        "--block-hash", hex, "--set-hash", hex, "--decision", "reject", NULL));
    CU_ASSERT_STRING_EQUAL(again, said);
    said = apr_pstrmemdup(test_pool(), said, strcspn(said, "\n"));
    CU_ASSERT_EQUAL_FATAL(civ_base64_decode(&signature, &length, said, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(length, CIV_KEY_SIGNATURE_SIZE);
    CU_ASSERT_EQUAL(civ_key_load(&key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(key), signature, text, strlen(text)), APR_SUCCESS);
    CU_ASSERT(tool_ends(2, NULL, "sign-vote", "--key", path, "--name", NAME, "--height", "7", "--block-hash",
                        hash, "--set-hash", hash, "--decision", "maybe", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign-vote", "--key", path, "--name", NAME, "--height", "7", "--block-hash",
                        "x", "--set-hash", hash, "--decision", "accept", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign-vote", "--key", path, "--name", NAME, "--height", "7", "--block-hash",
                        hash, "--set-hash", shouted, "--decision", "accept", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign-vote", "--key", path, "--name", NAME, "--height", "7", "--block-hash",
                        hash, "--decision", "accept", NULL));
    CU_ASSERT(tool_ends(0, &again, "sign-vote", "--help", NULL));
    CU_ASSERT(strstr(again, "height of the block that is voted on") != NULL);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* The lines that the tool prints, as http_send takes them. */
static const char *const *lines_of(const char *said)
{
    const char **lines = apr_pcalloc(test_pool(), 8 * sizeof(*lines));
    char *state, *line;
    int count = 0;

    for (line = apr_strtok(apr_pstrdup(test_pool(), said), "\n", &state); line && count < 7;
         line = apr_strtok(NULL, "\n", &state)) {
        lines[count++] = line;
    }
    return lines;
}

static const char *write_joining(const harness_t *server, const char *organization, const char *public_key)
{
    const char *path = scenario_file(server, "join.json");
    const char *quoted = "";
    const char *byte;

    /* Lines of PEM within a JSON text. */
    for (byte = public_key; *byte; byte++) {
        quoted = *byte == '\n' ? apr_pstrcat(test_pool(), quoted, "\\n", NULL)
                               : apr_psprintf(test_pool(), "%s%c", quoted, *byte);
    }
    quoted = apr_psprintf(
        test_pool(),
        "{\"organization_id\":\"%s\",\"evidence_endpoint\":\"https://a.example/\",\"public_key\":"
        "\"%s\"}",
        organization, quoted);
    CU_ASSERT_EQUAL(scenario_write_file(path, quoted, strlen(quoted)), 0);
    return path;
}

/* What it signs, a server believes. */
static void test_sign(void)
{
    harness_options_t options = {NULL, "CivarcosAuthority 127.0.0.1:${civ_port}\n", NULL};
    harness_t *server = harness_start(&options);
    http_client_t *web;
    const char *path, *body, *url, *said, *text, *made;
    unsigned long length;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    path = apr_pstrcat(test_pool(), tool_folder(server, "keys"), "/member.pem", NULL);
    CU_ASSERT(tool_ends(0, &made, "keygen", path, NULL));
    body = write_joining(server, "alpha", made);
    text = test_read_file(body, &length);
    url = apr_pstrcat(test_pool(), server->url, "/api/federated/join", NULL);
    CU_ASSERT(tool_ends(0, &said, "sign", "--key", path, "--url", url, "--body", body, "--idempotency-key",
                        "7", NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "\"content-digest\" \"idempotency-key\""));
    CU_ASSERT_EQUAL(http_send(web, "POST", "/api/federated/join", lines_of(said), text, length)->status, 201);
    CU_ASSERT_EQUAL(http_send(web, "POST", "/api/federated/join", lines_of(said), text, length)->status, 401);
    CU_ASSERT(tool_ends(0, &said, "sign", "--key", path, "--url", url, "--body", body, "--created",
                        "1600000000", NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, ";created=1600000000;"));
    CU_ASSERT_EQUAL(http_send(web, "POST", "/api/federated/join", lines_of(said), text, length)->status, 401);
    CU_ASSERT(
        tool_ends(0, &said, "sign", "--key", path, "--url", "https://a.example/it's?a=b", "--curl", NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "-X GET"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "'https://a.example/it'\\''s?a=b'\n"));
    CU_ASSERT_PTR_NULL(strstr(said, "Content-"));
    CU_ASSERT_EQUAL(http_post(web, "/api/federated/leave", "{\"organization_id\":\"alpha\"}")->status, 401);
    CU_ASSERT(harness_log_is_clean(server, "is not accepted: replay (",
                                   "is not accepted: signature-missing (This organisation", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_sign_refuses(void)
{
    static const char *const urls[] = {
        "a.example/x",          "ftp://a.example/",      "https://u:p@a.example/",
        "https://a.example/#x", "https://a.example/a b", "https:///x",
        "https://a.example/\n", "https://a.example:x/",  ""};
    harness_t *server = harness_start(NULL);
    const char *path;
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    path = apr_pstrcat(test_pool(), tool_folder(server, "keys"), "/member.pem", NULL);
    CU_ASSERT(tool_ends(0, NULL, "keygen", path, NULL));
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        CU_ASSERT(tool_ends(2, NULL, "sign", "--key", path, "--url", urls[i], NULL));
    }
#define GOOD "sign", "--key", path, "--url", "https://a.example/"
    CU_ASSERT(tool_ends(0, NULL, GOOD, NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign", "--url", "https://a.example/", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign", "--key", path, NULL));
    CU_ASSERT(tool_ends(2, NULL, GOOD, "--method", "PO ST", NULL));
    CU_ASSERT(tool_ends(2, NULL, GOOD, "--idempotency-key", "a b", NULL));
    CU_ASSERT(tool_ends(2, NULL, GOOD, "--content-type", "text/plain", NULL));
    CU_ASSERT(tool_ends(2, NULL, GOOD, "--body", path, "--content-type", "text/plain\r\nX: y", NULL));
    CU_ASSERT(tool_ends(2, NULL, GOOD, "--created", "0", NULL));
    CU_ASSERT(tool_ends(3, NULL, GOOD, "--body", "/nonexistent", NULL));
    CU_ASSERT(tool_ends(3, NULL, "sign", "--key", "/nonexistent", "--url", "https://a.example/", NULL));
#undef GOOD
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_sign_rotation(void)
{
    harness_t *server = harness_start(NULL);
    const char *folder, *old, *other, *text, *pem;
    unsigned char *signature;
    apr_size_t length;
    civ_key_t *keys[2];
    char *said[3];
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    folder = tool_folder(server, "keys");
    old = apr_pstrcat(test_pool(), folder, "/old.pem", NULL);
    other = apr_pstrcat(test_pool(), folder, "/new.pem", NULL);
    CU_ASSERT(tool_ends(0, NULL, "keygen", old, NULL));
    CU_ASSERT(tool_ends(0, &pem, "keygen", other, NULL));
    CU_ASSERT_EQUAL_FATAL(civ_key_load(&keys[0], old, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_key_load(&keys[1], other, test_pool()), APR_SUCCESS);
    text = apr_pstrcat(test_pool(), folder, "/new.pub", NULL);
    CU_ASSERT_EQUAL(scenario_write_file(text, pem, strlen(pem)), 0);
    /* As a file, as PEM, as 32 bytes. */
    CU_ASSERT(tool_ends(0, (const char **)&said[0], "sign-rotation", "--key", old, "--organization", "org:1",
                        "--new-key", text, NULL));
    CU_ASSERT(tool_ends(0, (const char **)&said[1], "sign-rotation", "--key", old, "--organization", "org:1",
                        "--new-key", pem, NULL));
    CU_ASSERT(tool_ends(
        0, (const char **)&said[2], "sign-rotation", "--key", old, "--organization", "org:1", "--new-key",
        civ_base64_encode(civ_public_key_raw(civ_key_public(keys[1])), CIV_KEY_PUBLIC_SIZE, test_pool()),
        NULL));
    text =
        apr_pstrcat(test_pool(), "civarcos-rotation/v1\norg:1\n",
                    civ_key_thumbprint(civ_public_key_raw(civ_key_public(keys[0])), test_pool()), "\n",
                    civ_key_thumbprint(civ_public_key_raw(civ_key_public(keys[1])), test_pool()), "\n", NULL);
    CU_ASSERT_STRING_EQUAL(said[1], said[0]);
    CU_ASSERT_STRING_EQUAL(said[2], said[0]);
    for (i = 0; i < 3; i++) {
        said[i] = apr_pstrmemdup(test_pool(), said[i], strcspn(said[i], "\n"));
        CU_ASSERT_EQUAL_FATAL(civ_base64_decode(&signature, &length, said[i], test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(length, CIV_KEY_SIGNATURE_SIZE);
        CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(keys[0]), signature, text, strlen(text)),
                        APR_SUCCESS);
    }
    CU_ASSERT(
        tool_ends(2, NULL, "sign-rotation", "--key", old, "--organization", "a/b", "--new-key", pem, NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign-rotation", "--key", old, "--organization", "org", NULL));
    CU_ASSERT(
        tool_ends(2, NULL, "sign-rotation", "--key", other, "--organization", "org", "--new-key", pem, NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign-rotation", "--key", old, "--organization", "org", "--new-key",
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sign-rotation", "--key", old, "--organization", "org", "--new-key",
                        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", NULL));
    CU_ASSERT(tool_ends(3, NULL, "sign-rotation", "--key", old, "--organization", "org", "--new-key",
                        "/nonexistent/key.pub", NULL));
    CU_ASSERT(tool_ends(3, NULL, "sign-rotation", "--key", "/nonexistent/key.pem", "--organization", "org",
                        "--new-key", pem, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- A new ledger
 * -------------------------------------------------------------------------------------------------------- */

/* Made by the tool, then served. */
static void test_init(void)
{
    harness_t *server = harness_start(NULL);
    harness_t *other;
    http_client_t *web;
    const char *folder;
    const char *state;
    const char *said;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    folder = scenario_file(server, "begun");
    CU_ASSERT_EQUAL(mkdir(folder, 0755), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
    state = tool_folder(server, "begun/ledger");
    CU_ASSERT(tool_ends(2, NULL, "init", "--state", state, NULL));
    CU_ASSERT(tool_ends(2, NULL, "init", "--state", state, "--name", "with space", NULL));
    CU_ASSERT(tool_ends(0, &said, "init", "--state", state, "--name", NAME, "--difficulty", "4", NULL));
    CU_ASSERT(tool_ends(4, NULL, "init", "--state", state, "--name", NAME, NULL));
    other = tool_serve(folder, NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    web = http_client(other->url, test_pool());
    CU_ASSERT(strstr(said, http_json_text(http_get(web, "/api/blockchain/info"), "/blockchain/ledger_id")) !=
              NULL);
    CU_ASSERT(strstr(said, http_json_text(http_get(web, "/api/blockchain/info"), "/blockchain/public_key")) !=
              NULL);
    CU_ASSERT_EQUAL(tool_add(other, 1), 0);
    CU_ASSERT_EQUAL(scenario_blocks(web), 2);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(other, NULL));
    CU_ASSERT_EQUAL(harness_stop(other), 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

typedef struct beginning_t {
    const char *state;
} beginning_t;

static int is_mining(void *baton)
{
    const beginning_t *beginning = baton;

    return tool_exists(beginning->state, "civarcos.db-wal");
}

/* A first block that takes hours, given up. */
static void test_init_interrupted(void)
{
    harness_t *server = harness_start(NULL);
    beginning_t beginning;
    pid_t pid;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    beginning.state = tool_folder(server, "begun");
    pid = tool_start(-1, -1, "init", "--state", beginning.state, "--name", NAME, "--difficulty", "32", NULL);
    CU_ASSERT_EQUAL(harness_wait(is_mining, &beginning, 60), 0);
    kill(pid, SIGINT);
    CU_ASSERT_EQUAL(tool_wait(pid), 128 + SIGINT);
    CU_ASSERT(!tool_exists(beginning.state, "civarcos.db") && !tool_exists(beginning.state, "signed-head"));
    CU_ASSERT(tool_ends(0, NULL, "init", "--state", beginning.state, "--name", NAME, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- A terminal
 * ---------------------------------------------------------------------------------------------------------- */

/* What the tool prints on a terminal of its own. */
static const char *on_terminal(const char *quiet)
{
    const char *fixture =
        apr_pstrcat(test_pool(), test_source_dir(), "/tests/fixtures/export-small.ndjson", NULL);
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char *text = apr_pcalloc(test_pool(), 65536);
    size_t length = 0;
    ssize_t got;
    int slave;
    pid_t pid;

    CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_FATAL(slave >= 0);
    pid = tool_start(-1, slave, "verify", fixture, quiet, NULL);
    close(slave);
    /* The end of the other side is an error here. */
    while ((got = read(master, text + length, 65535 - length)) > 0) {
        length += (size_t)got;
    }
    close(master);
    CU_ASSERT_EQUAL(tool_wait(pid), 0);
    return text;
}

static void test_terminal(void)
{
    const char *fixture =
        apr_pstrcat(test_pool(), test_source_dir(), "/tests/fixtures/export-small.ndjson", NULL);
    const char *said;

    setenv("TERM", "xterm", 1);
    said = on_terminal(NULL);
    CU_ASSERT(strstr(said, "\rverifying [########################] 100 %, 10 of 10 blocks, ") != NULL);
    CU_ASSERT(strstr(said, "\033[K") != NULL && strstr(said, "result: intact") != NULL);
    said = on_terminal("--quiet");
    CU_ASSERT(strchr(said, '\033') == NULL && strstr(said, "result: intact") != NULL);
    setenv("TERM", "dumb", 1);
    CU_ASSERT(strchr(on_terminal(NULL), '\033') == NULL);
    CU_ASSERT(tool_ends(0, &said, "verify", fixture, NULL));
    CU_ASSERT(strchr(said, '\033') == NULL && strchr(said, '\r') == NULL &&
              strstr(said, "verifying") == NULL);
    unsetenv("TERM");
}

/* -- Root
 * ---------------------------------------------------------------------------------------------------------------- */

/* Links in the account's folder that lead to what is root's: the account has no right to that, so the tool has none. */
static void test_links_of_others(void)
{
    static const char PRECIOUS[] = "root's own";
    static const char *const names[] = {"incoming", "civarcos.db-wal", "signed-head"};
    harness_t *server = harness_start(NULL);
    const char *precious;
    const char *state;
    const char *said;
    const char *export;
    unsigned i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    precious = scenario_file(server, "htdocs/precious");
    CU_ASSERT_EQUAL(mkdir(precious, 0700), 0);
    precious = scenario_file(server, "htdocs/precious/signed-head");
    CU_ASSERT_EQUAL(scenario_write_file(precious, PRECIOUS, strlen(PRECIOUS)), 0);
    CU_ASSERT_EQUAL(tool_add(server, 1), 0);
    export = tool_save_export(server, "export.ndjson");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        state = tool_folder(server, apr_psprintf(test_pool(), "state-%u", i));
        CU_ASSERT_EQUAL(
            symlink(scenario_file(server, i == 0 ? "htdocs/precious" : "htdocs/precious/signed-head"),
                    apr_pstrcat(test_pool(), state, "/", names[i], NULL)),
            0);
        CU_ASSERT(tool_run(&said, "import", "--state", state, export, NULL) != 0 || geteuid() != 0);
        CU_ASSERT_STRING_EQUAL(test_read_file(precious, NULL), PRECIOUS);
    }
    state = tool_folder(server, "state-of-account");
    CU_ASSERT_EQUAL(
        symlink(scenario_file(server, "htdocs/precious"), apr_pstrcat(test_pool(), state, "/link", NULL)), 0);
    if (geteuid() == 0) {
        CU_ASSERT(tool_ends(3, NULL, "export", "--state", tool_state(server),
                            apr_pstrcat(test_pool(), state, "/link/export.ndjson", NULL), NULL));
        CU_ASSERT(tool_ends(3, NULL, "backup", "--state", tool_state(server),
                            apr_pstrcat(test_pool(), state, "/link/backup", NULL), NULL));
        CU_ASSERT(tool_ends(3, NULL, "import", "--state", apr_pstrcat(test_pool(), state, "/link", NULL),
                            "--owner", "nobody", export, NULL));
        CU_ASSERT(!tool_exists(state, "link/export.ndjson") && !tool_exists(state, "link/backup"));
    }
    /* A folder of root's in somebody else's could be any folder of root's. */
    CU_ASSERT_EQUAL(mkdir(apr_pstrcat(test_pool(), state, "/rooted", NULL), 0700), 0);
    if (geteuid() == 0) {
        CU_ASSERT(
            tool_ends(3, &said, "verify", "--state", apr_pstrcat(test_pool(), state, "/rooted", NULL), NULL));
        CU_ASSERT(strstr(said, "somebody else could put another folder in its place") != NULL);
    }
    /* Nor is the state folder itself a link. */
    CU_ASSERT_EQUAL(symlink(tool_state(server), scenario_file(server, "link")), 0);
    CU_ASSERT(tool_ends(3, NULL, "verify", "--state", scenario_file(server, "link"), NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {
    {"keygen", test_keygen},
    {"sign-vote", test_sign_vote},
    {"sign", test_sign},
    {"sign refuses", test_sign_refuses},
    {"sign-rotation", test_sign_rotation},
    {"init", test_init},
    {"init interrupted", test_init_interrupted},
    {"terminal", test_terminal},
    {"links of others", test_links_of_others},
    {NULL, NULL},
};

extern const test_suite_t ctl_keys_suite;
const test_suite_t ctl_keys_suite = {"ctl_keys", NULL, NULL, cases};
