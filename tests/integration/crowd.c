/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file crowd.c
 * Clients on threads, and the server that they ask.
 */
#include "config.h"

#include "integration/crowd.h"

#include "integration/scenario.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define PATIENCE apr_time_from_sec(60)
#define PAUSE    apr_time_from_msec(20)

harness_t *crowd_server;

/* --- clients --- */

void crowd_start_client(crowd_client_t *client, int number, const char *one, const char *other,
                        void *(*work)(void *baton), void *baton)
{
    client->number = number;
    apr_pool_create(&client->pool, NULL);
    client->web[0] = http_client(one, client->pool);
    client->web[1] = strcmp(one, other) ? http_client(other, client->pool) : client->web[0];
    CU_ASSERT_EQUAL_FATAL(pthread_create(&client->thread, NULL, work, baton), 0);
}

void crowd_wait_client(crowd_client_t *client)
{
    pthread_join(client->thread, NULL);
    if (client->repeated) {
        test_note("client %d sent %d requests again", client->number, client->repeated);
    }
}

void crowd_end_client(crowd_client_t *client)
{
    apr_pool_destroy(client->pool);
}

http_response_t *crowd_post(crowd_client_t *client, const char *path, const char *key, const char *json)
{
    const char *headers[] = {"Content-Type: application/json",
                             apr_pstrcat(client->pool, "Idempotency-Key: ", key, NULL), NULL};
    apr_time_t deadline = apr_time_now() + PATIENCE;
    http_response_t *answer;
    int tries = 0;

    do {
        if (tries > 0) {
            client->repeated++;
            apr_sleep(PAUSE);
        }
        answer =
            http_send(client->web[(client->number + tries++) % 2], "POST", path, headers, json, strlen(json));
    } while ((answer->status == 0 || answer->status == 503) && apr_time_now() < deadline);
    return answer;
}

/* --- the server --- */

int crowd_setup(const char *config)
{
    harness_options_t options = {NULL, config, NULL};

    crowd_server = harness_start(&options);
    return crowd_server == NULL;
}

int crowd_teardown(void)
{
    return harness_stop(crowd_server);
}

http_client_t *crowd_web(const harness_t *server)
{
    return http_client(server->url, test_pool());
}

apr_int64_t crowd_stored(const char *sql)
{
    const char *text = scenario_sql_text(scenario_file(crowd_server, "ledger/civarcos.db"), sql);

    return text ? apr_atoi64(text) : -1;
}
