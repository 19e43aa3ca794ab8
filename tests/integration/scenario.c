/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/scenario.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <dirent.h>
#include <fcntl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- Rounds
 * --------------------------------------------------------------------------------------------------------- */

int scenario_rounds(int usual)
{
    const char *given = getenv("CIVARCOS_ROUNDS");
    int rounds = given ? (int)strtol(given, NULL, 10) : 0;

    return rounds > 0 ? rounds : usual;
}

apr_uint64_t scenario_seed(void)
{
    const char *given = getenv("CIVARCOS_SEED");
    apr_uint64_t seed = given ? strtoull(given, NULL, 10) : (apr_uint64_t)apr_time_now();

    test_note("CIVARCOS_SEED=%" APR_UINT64_T_FMT, seed);
    return seed ? seed : 1;
}

/* xorshift64*. */
unsigned scenario_random(apr_uint64_t *seed, unsigned limit)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (unsigned)((*seed * APR_UINT64_C(2685821657736338717)) >> 33) % limit;
}

/* -- Requests
 * ------------------------------------------------------------------------------------------------------- */

http_response_t *scenario_post(http_client_t *client, const char *path, const char *key, const char *json)
{
    const char *headers[] = {"Content-Type: application/json", NULL, NULL};

    if (key) {
        headers[1] = apr_pstrcat(test_pool(), "Idempotency-Key: ", key, NULL);
    }
    return http_send(client, "POST", path, headers, json, strlen(json));
}

http_response_t *scenario_add(http_client_t *client, int number)
{
    return http_post(client, "/api/blockchain/add",
                     apr_psprintf(test_pool(), "{\"evidence\":{\"type\":\"scenario\",\"n\":%d}}", number));
}

int scenario_is_valid(http_client_t *client)
{
    http_response_t *response = http_get(client, "/api/blockchain/validate");

    if (response->status == 200 && http_json_bool(response, "/validation/is_valid") == 1) {
        return 1;
    }
    test_note("not valid: %d %s", response->status, response->error ? response->error : response->body);
    return 0;
}

int scenario_is_healthy(http_client_t *client)
{
    http_response_t *response = http_get(client, "/api/health");

    if (response->status == 200 && strcmp(http_json_text(response, "/status"), "ok") == 0) {
        return 1;
    }
    test_note("not healthy: %d %s", response->status, response->error ? response->error : response->body);
    return 0;
}

double scenario_metric(http_client_t *client, const char *name)
{
    http_response_t *response = http_get(client, "/api/metrics");
    const char *line = apr_pstrcat(test_pool(), "\n", name, " ", NULL);
    const char *found = response->status == 200 ? strstr(response->body, line) : NULL;

    return found ? strtod(found + strlen(line), NULL) : -1;
}

int scenario_blocks(http_client_t *client)
{
    return (int)http_json_int(http_get(client, "/api/blockchain/info"), "/blockchain/total_blocks");
}

/* -- Files and SQL
 * -------------------------------------------------------------------------------------------------- */

const char *scenario_file(const harness_t *server, const char *name)
{
    return apr_pstrcat(test_pool(), server->state_dir, "/", name, NULL);
}

int scenario_write_file(const char *path, const char *data, apr_size_t length)
{
    FILE *file = fopen(path, "wb");
    int failed;

    if (!file) {
        return -1;
    }
    failed = fwrite(data, 1, length, file) != length;
    return fclose(file) || failed ? -1 : 0;
}

int scenario_sql(const char *path, const char *sql)
{
    return database_do(path, sql);
}

const char *scenario_sql_text(const char *path, const char *sql)
{
    return database_ask(path, sql, test_pool());
}

/* -- A chain
 * -------------------------------------------------------------------------------------------------------- */

static const char *text_member(const civ_json_t *object, const char *name)
{
    const char *text = object ? civ_json_get_text(object, name) : NULL;

    return text ? text : "(absent)";
}

const char *scenario_chain_text(const scenario_chain_t *chain, int index, const char *name)
{
    return index < chain->count ? text_member(APR_ARRAY_IDX(chain->json, index, const civ_json_t *), name)
                                : "(absent)";
}

static void count_evidence(scenario_chain_t *chain, const civ_json_t *block)
{
    const civ_json_t *hashes = civ_json_get(block, "evidence_hashes");
    apr_size_t i;

    for (i = 0; hashes && i < hashes->as.array.count; i++) {
        const char *hash = hashes->as.array.items[i].as.text.text;
        int *count = apr_hash_get(chain->evidence, hash, APR_HASH_KEY_STRING);

        if (!count) {
            count = apr_pcalloc(test_pool(), sizeof(*count));
            apr_hash_set(chain->evidence, hash, APR_HASH_KEY_STRING, count);
        }
        chain->repeated += ++*count == 2;
    }
}

static void add_line(scenario_chain_t *chain, const char *line)
{
    static const civ_json_limits_t limits = {16 * 1024 * 1024, 128, 1000000, 4096};
    civ_problem_t problem;
    const civ_json_t *block = NULL;
    apr_int64_t index = -1;

    if (civ_json_parse(&block, line, strlen(line), &limits, &problem, test_pool()) != APR_SUCCESS ||
        !civ_json_get(block, "index") ||
        civ_json_to_int64(civ_json_get(block, "index"), &index) != APR_SUCCESS || index != chain->count ||
        (chain->count > 0 && strcmp(text_member(block, "previous_hash"),
                                    scenario_chain_text(chain, chain->count - 1, "hash")) != 0)) {
        chain->broken++;
        return;
    }
    APR_ARRAY_PUSH(chain->json, const civ_json_t *) = block;
    chain->count++;
    count_evidence(chain, block);
}

scenario_chain_t *scenario_chain(const char *text)
{
    scenario_chain_t *chain = apr_pcalloc(test_pool(), sizeof(*chain));
    char *state;
    char *line;

    chain->json = apr_array_make(test_pool(), 256, sizeof(const civ_json_t *));
    chain->evidence = apr_hash_make(test_pool());
    for (line = apr_strtok(apr_pstrdup(test_pool(), text), "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        add_line(chain, line);
    }
    return chain;
}

scenario_chain_t *scenario_export(http_client_t *client)
{
    http_response_t *response = http_get(client, "/api/blockchain/export");

    if (response->status != 200) {
        test_note("no export: %d %s", response->status, response->error ? response->error : response->body);
    }
    return scenario_chain(response->status == 200 ? response->body : "");
}

/* A private file with the same bytes and the same owner. */
static int copy_key(const char *from, const char *to)
{
    struct stat info;
    unsigned long length;
    const char *bytes = test_read_file(from, &length);
    int file = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int failed = file < 0 || bytes == NULL || write(file, bytes, length) != (ssize_t)length;

    if (file >= 0)
        close(file);
    return failed || stat(from, &info) != 0 || chown(to, info.st_uid, info.st_gid) != 0;
}

const char *scenario_prepare_host(const harness_t *first, const char *name, const civ_key_t *key)
{
    const char *folder = scenario_file(first, name);
    const char *ledger = apr_pstrcat(test_pool(), folder, "/ledger", NULL);
    const char *keys = apr_pstrcat(test_pool(), ledger, "/keys", NULL);
    const char *path = apr_pstrcat(test_pool(), keys, "/ledger.pem", NULL);
    const char *original = scenario_file(first, "ledger/keys/ledger.pem");
    struct stat info;

    if (stat(original, &info) || mkdir(folder, 0755) || mkdir(ledger, 0700) || mkdir(keys, 0700) ||
        copy_key(scenario_file(first, "ledger/keys/pseudonym.key"),
                 apr_pstrcat(test_pool(), keys, "/pseudonym.key", NULL)))
        return NULL;
    if (key != NULL ? civ_key_save(key, path, test_pool()) != APR_SUCCESS ||
                          chown(path, info.st_uid, info.st_gid) != 0
                    : copy_key(original, path))
        return NULL;
    return chown(keys, info.st_uid, info.st_gid) == 0 && chown(ledger, info.st_uid, info.st_gid) == 0 ? folder
                                                                                                      : NULL;
}

pid_t scenario_worker(const harness_t *server, int *count)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    pid_t found = 0;

    *count = 0;
    while (folder && (entry = readdir(folder))) {
        char line[256] = "";
        int pid, owner;
        char state;
        char name[64];
        FILE *file = fopen(apr_psprintf(test_pool(), "/proc/%s/stat", entry->d_name), "r");

        if (!file)
            continue;
        if (fgets(line, sizeof(line), file) &&
            sscanf(line, "%d (%63[^)]) %c %d", &pid, name, &state, &owner) == 4 && state != 'Z' &&
            owner == server->pid && strcmp(name, "civarcos-worker") == 0) {
            found = pid;
            (*count)++;
        }
        fclose(file);
    }
    if (folder)
        closedir(folder);
    return found;
}
