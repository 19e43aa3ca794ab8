/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_patience.c
 * Waiting: for limits, before repetitions, and not at all when told to stop. The clock is the test's, so hours pass at once.
 */
#include "unit/http_fixture.h"

#include "base/status.h"

#include <apr_strings.h>

#include <string.h>

#define DATE "Date: Wed, 21 Oct 2026 07:28:00 GMT\r\n"
#define JSON "Content-Type: application/json\r\n"

typedef struct scene_t {
    fixture_clock_t clock; /* first: the baton of the callbacks */
    mock_platform_t *mock;
    civ_http_config_t config;
    civ_http_t *http;
    apr_int64_t announced;
    int waits;
    const char *fault; /* the last one that was told */
} scene_t;

static void hear(void *baton, civ_http_wait_e why, apr_int64_t milliseconds, const char *fault)
{
    scene_t *scene = baton;

    /* A wait of no time at all is told in the same way as its end. */
    CU_ASSERT(fault == NULL || why == CIV_HTTP_WAIT_RETRY);
    CU_ASSERT(fault != NULL || why != CIV_HTTP_WAIT_RETRY || milliseconds == 0);
    if (fault != NULL)
        scene->fault = apr_pstrdup(test_pool(), fault);
    scene->announced += milliseconds;
    scene->waits += milliseconds > 0;
}

static void begin(scene_t *scene, const mock_answer_t *answers)
{
    memset(scene, 0, sizeof(*scene));
    fixture_clock_init(&scene->clock);
    scene->mock = mock_platform_start(answers);
    scene->config = fixture_config(scene->mock);
    scene->config.clock = &scene->clock.clock;
    scene->config.interrupted = fixture_interrupted;
    scene->config.waiting = hear;
    scene->config.baton = scene;
    scene->http = fixture_client(&scene->config);
}

/* What is limited once, and how long is waited for it. */
static void waits_for(const char *headers, int status, const char *body, apr_int64_t wait)
{
    const mock_answer_t answers[] = {{NULL, status, headers, body, 0, MOCK_PLAIN, 1},
                                     {NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                     MOCK_END};
    civ_http_answer_t *answer;
    scene_t scene;

    begin(&scene, answers);
    answer = fixture_get(scene.http, "/");
    mock_platform_stop(scene.mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(answer->tries, 2);
    CU_ASSERT_EQUAL(scene.clock.slept, wait);
    CU_ASSERT_EQUAL(scene.announced, wait);
    CU_ASSERT_EQUAL(answer->waited, wait);
    CU_ASSERT_EQUAL(civ_http_counts(scene.http).throttled, wait);
    if (scene.clock.slept != wait)
        test_note("waited %d ms instead of %d", (int)scene.clock.slept, (int)wait);
}

static void limits(void)
{
    waits_for(DATE "Retry-After: 7\r\n", 429, "", 7000);
    waits_for(DATE "Retry-After: Wed, 21 Oct 2026 07:30:00 GMT\r\n", 429, "", 120000);
    waits_for("Retry-After: 60\r\n", 403, "", 60000);
    waits_for(DATE "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1792567740\r\n", 403, "", 60000);
    waits_for(DATE "RateLimit-Remaining: 0\r\nRateLimit-Reset: 30\r\n", 429, "", 30000);
    waits_for(JSON, 403, "{\"message\":\"You have exceeded a secondary rate limit.\"}", 60000);
    waits_for(JSON, 403, "{\"message\":\"You have triggered an abuse detection mechanism\"}", 60000);
    waits_for(JSON, 429, "", 60000);
}

/* Azure says how long to wait with a good answer: it is taken, and the next request waits. */
static void good_answer_with_a_wait(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, JSON "Retry-After: 20\r\n", "[1]", 0, MOCK_PLAIN, 1},
                                            {NULL, 200, NULL, "[2]", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    civ_http_answer_t *answer;
    scene_t scene;

    begin(&scene, answers);
    answer = fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(scene.clock.slept, 0);
    answer = fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(scene.clock.slept, 20000);
    mock_platform_stop(scene.mock);
}

/* The next period is awaited, and a moment more, so that not all come at once. */
static void used_up_quota(void)
{
    static const mock_answer_t answers[] = {
        {NULL, 200,
         JSON DATE "X-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1792567740\r\n",
         "[1]", 0, MOCK_PLAIN, 1},
        {NULL, 200, NULL, "[2]", 0, MOCK_PLAIN, 0},
        MOCK_END};
    scene_t scene;

    begin(&scene, answers);
    fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(civ_http_counts(scene.http).remaining, 0);
    fixture_get(scene.http, "/");
    mock_platform_stop(scene.mock);
    CU_ASSERT(scene.clock.slept >= 61000 && scene.clock.slept <= 65000);
}

/* A tenth of the quota is people's. */
static void quota_kept_for_people(void)
{
    static const mock_answer_t answers[] = {
        {NULL, 200,
         JSON DATE
         "X-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 501\r\nX-RateLimit-Reset: 1792567740\r\n",
         "[1]", 0, MOCK_PLAIN, 1},
        {NULL, 200,
         JSON DATE
         "X-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 500\r\nX-RateLimit-Reset: 1792567740\r\n",
         "[2]", 0, MOCK_PLAIN, 2},
        {NULL, 200, NULL, "[3]", 0, MOCK_PLAIN, 0},
        MOCK_END};
    civ_http_request_t for_human = {.url = "/", .is_for_human = 1};
    civ_http_answer_t answer;
    scene_t scene;

    begin(&scene, answers);
    fixture_get(scene.http, "/");
    fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(scene.clock.slept, 0);
    CU_ASSERT_EQUAL(civ_http_send(scene.http, &for_human, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(scene.clock.slept, 0);
    fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(scene.clock.slept, 60000);
    mock_platform_stop(scene.mock);
}

/* Who limits us again and again is asked less and less often, and then no more. */
static void limited_for_ever(void)
{
    static const mock_answer_t answers[] = {{NULL, 429, JSON, "{}", 0, MOCK_PLAIN, 0}, MOCK_END};
    civ_http_policy_t policy;
    civ_http_answer_t *answer;
    scene_t scene;

    begin(&scene, answers);
    policy = *scene.config.policy;
    policy.throttle_waits = 3;
    policy.longest_request = 3600000;
    scene.config.policy = &policy;
    scene.http = fixture_client(&scene.config);
    answer = fixture_get(scene.http, "/");
    mock_platform_stop(scene.mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_THROTTLED);
    CU_ASSERT_EQUAL(mock_platform_count(scene.mock), 4);
    CU_ASSERT_EQUAL(scene.clock.slept, 60000 + 120000 + 240000);
    CU_ASSERT_EQUAL(answer->retry_at, scene.clock.now + 480000);
}

static void wait_that_is_too_long(void)
{
    static const mock_answer_t answers[] = {{NULL, 429, JSON "Retry-After: 901\r\n", "{}", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    civ_http_answer_t *answer;
    scene_t scene;

    begin(&scene, answers);
    answer = fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_THROTTLED);
    CU_ASSERT_EQUAL(answer->retry_at, FIXTURE_NOW + 901000);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->reason, "2026-10-21T07:43:01"));
    /* And nothing is asked of it before. */
    answer = fixture_get(scene.http, "/");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_THROTTLED);
    CU_ASSERT_EQUAL(answer->retry_at, FIXTURE_NOW + 901000);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->reason, "held back until 2026-10-21T07:43:01"));
    CU_ASSERT_EQUAL(scene.clock.slept, 0);
    mock_platform_stop(scene.mock);
    CU_ASSERT_EQUAL(mock_platform_count(scene.mock), 1);
}

static apr_status_t find_nothing(void *baton, const char *host, civ_address_t *addresses, int most,
                                 int *count)
{
    (void)baton, (void)host, (void)addresses, (void)most;
    *count = 0;
    return APR_NOTFOUND;
}

static const char *reason_of(const civ_http_config_t *config)
{
    return fixture_get(fixture_client(config), "/")->reason;
}

/* Who reads it must know which name and which port, and whether it is the platform's or the proxy's. */
static void what_cannot_be_reached_is_named(void)
{
    static const mock_answer_t answers[] = {MOCK_END};
    static const char *const allow[] = {"127.0.0.0/8", "ci.example", "proxy.example", NULL};
    civ_egress_config_t rules = {.allow = allow, .resolver = find_nothing};
    const char *error = NULL, *port;
    civ_egress_t *egress;
    scene_t scene;

    begin(&scene, answers);
    scene.config.base = apr_pstrdup(test_pool(), mock_platform_url(scene.mock));
    mock_platform_stop(scene.mock);
    port = strrchr(scene.config.base, ':') + 1;
    CU_ASSERT_STRING_EQUAL(
        reason_of(&scene.config),
        apr_pstrcat(test_pool(), "the server 127.0.0.1 could not be connected to on port ", port, NULL));
    scene.config.egress = fixture_egress(allow);
    scene.config.proxy = scene.config.base;
    scene.config.base = "http://ci.example/";
    CU_ASSERT_STRING_EQUAL(
        reason_of(&scene.config),
        apr_pstrcat(test_pool(), "the proxy 127.0.0.1 could not be connected to on port ", port, NULL));
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    scene.config.egress = egress;
    scene.config.proxy = NULL;
    CU_ASSERT_STRING_EQUAL(reason_of(&scene.config), "the name ci.example could not be looked up");
    scene.config.proxy = "http://proxy.example:3128";
    CU_ASSERT_STRING_EQUAL(reason_of(&scene.config),
                           "the name proxy.example, of the proxy, could not be looked up");
}

/* What was limited for one client is limited for all that talk to the host. A credential that is new there may ask for itself. */
static void others_wait_too(void)
{
    static const mock_answer_t answers[] = {{"/before", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            {NULL, 429, JSON "Retry-After: 7\r\n", "{}", 0, MOCK_PLAIN, 1},
                                            {NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    civ_limiter_config_t limits_config = {0};
    civ_http_policy_t hurry;
    civ_http_t *other;
    scene_t scene;

    begin(&scene, answers);
    limits_config.clock = &scene.clock.clock;
    CU_ASSERT_EQUAL_FATAL(civ_limiter_create(&scene.config.limiter, &limits_config, test_pool()),
                          APR_SUCCESS);
    scene.config.credential = "connector-2";
    other = fixture_client(&scene.config);
    CU_ASSERT_EQUAL(fixture_get(other, "/before")->class, CIV_HTTP_DATA);
    hurry = *scene.config.policy;
    hurry.throttle_waits = 0;
    scene.config.policy = &hurry;
    scene.config.credential = "connector-1";
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&scene.config), "/")->class, CIV_HTTP_THROTTLED);
    scene.config.credential = "connector-3";
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&scene.config), "/")->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(scene.clock.slept, 0);
    CU_ASSERT_EQUAL(fixture_get(other, "/")->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(scene.clock.slept, 7000);
    mock_platform_stop(scene.mock);
}

/* Full jitter: by chance up to 1 s, 2 s, 4 s ... and what the server says instead, if it says something. */
static void repetitions(void)
{
    static const mock_answer_t answers[] = {{"/a", 503, JSON, "{}", 0, MOCK_PLAIN, 0},
                                            {"/b", 503, JSON "Retry-After: 3\r\n", "{}", 0, MOCK_PLAIN, 1},
                                            {"/b", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    civ_http_policy_t policy;
    scene_t scene;

    begin(&scene, answers);
    policy = *scene.config.policy;
    policy.pace = civ_http_default_policy.pace;
    scene.config.policy = &policy;
    scene.http = fixture_client(&scene.config);
    scene.clock.chance = 1000;
    CU_ASSERT_EQUAL(fixture_get(scene.http, "/a")->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(scene.clock.slept, 2000 + 4000 + 8000 + 16000 + 32000);
    scene.clock.slept = 0;
    scene.clock.chance = 0;
    CU_ASSERT_EQUAL(fixture_get(scene.http, "/a")->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(scene.clock.slept, 0);
    CU_ASSERT_EQUAL(fixture_get(scene.http, "/b")->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(scene.clock.slept, 3000);
    mock_platform_stop(scene.mock);
}

/* All tries and waits together have an end. */
static void patience_ends(void)
{
    static const mock_answer_t answers[] = {{NULL, 503, JSON "Retry-After: 400\r\n", "{}", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    civ_http_answer_t *answer;
    scene_t scene;

    begin(&scene, answers);
    answer = fixture_get(scene.http, "/");
    mock_platform_stop(scene.mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer->tries, 3);
    CU_ASSERT_EQUAL(scene.clock.slept, 800000);
}

/* Told to stop after a few looks around, a client in the middle of a long wait has let less than a second pass since. */
static void interrupted_while_waiting(void)
{
    static const mock_answer_t answers[] = {{NULL, 429, JSON "Retry-After: 600\r\n", "{}", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    const civ_http_request_t request = {.url = "/"};
    civ_http_answer_t answer;
    scene_t scene;

    begin(&scene, answers);
    scene.clock.sleeps_left = 4;
    CU_ASSERT_EQUAL(civ_http_send(scene.http, &request, &answer, test_pool()), CIV_EINTERRUPTED);
    CU_ASSERT_EQUAL(scene.clock.slept, 4 * CIV_CLOCK_SLICE);
    CU_ASSERT(CIV_CLOCK_SLICE <= 500);
    mock_platform_stop(scene.mock);
}

/* Whoever has little patience waits for limits all the same, but for no repetition that comes too late for him. */
static void little_patience(void)
{
    static const mock_answer_t limited[] = {{NULL, 429, JSON "Retry-After: 60\r\n", "{}", 0, MOCK_PLAIN, 1},
                                            {NULL, 503, JSON "Retry-After: 3\r\n", "{}", 0, MOCK_PLAIN, 1},
                                            {NULL, 503, JSON "Retry-After: 3\r\n", "{}", 0, MOCK_PLAIN, 1},
                                            {NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    civ_http_request_t request;
    civ_http_answer_t answer;
    scene_t scene;

    begin(&scene, limited);
    memset(&request, 0, sizeof(request));
    request.url = "/";
    request.patience = 5000;
    CU_ASSERT_EQUAL(civ_http_send(scene.http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer.tries, 3);
    CU_ASSERT_EQUAL(scene.clock.slept, 63000);
    mock_platform_stop(scene.mock);
}

static apr_status_t find_slowly(void *baton, const char *host, civ_address_t *addresses, int most, int *count)
{
    fixture_clock_t *clock = baton;

    (void)host, (void)most;
    clock->now += 6000;
    *count = 1;
    return civ_address_parse(&addresses[0], "127.0.0.1");
}

/* A look-up of the name is a part of what is waited for. */
static void little_patience_with_names(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    static const char *const allow[] = {"slow.example", NULL};
    civ_http_request_t request = {.url = "/", .patience = 5000};
    civ_egress_config_t rules = {.allow = allow, .resolver = find_slowly};
    const char *error = NULL;
    civ_http_answer_t answer;
    civ_egress_t *egress;
    scene_t scene;

    begin(&scene, answers);
    rules.resolver_baton = &scene.clock;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    scene.config.egress = egress;
    scene.config.base = apr_psprintf(test_pool(), "http://slow.example:%d", mock_platform_port(scene.mock));
    scene.http = fixture_client(&scene.config);
    CU_ASSERT_EQUAL(civ_http_send(scene.http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer.tries, 1);
    CU_ASSERT_STRING_EQUAL(answer.reason, "the name slow.example could not be looked up in time");
    CU_ASSERT_EQUAL(mock_platform_count(scene.mock), 0);
    mock_platform_stop(scene.mock);
}

static const test_case_t cases[] = {
    {"limits", limits},
    {"good_answer_with_a_wait", good_answer_with_a_wait},
    {"used_up_quota", used_up_quota},
    {"quota_kept_for_people", quota_kept_for_people},
    {"limited_for_ever", limited_for_ever},
    {"wait_that_is_too_long", wait_that_is_too_long},
    {"others_wait_too", others_wait_too},
    {"repetitions", repetitions},
    {"patience_ends", patience_ends},
    {"interrupted_while_waiting", interrupted_while_waiting},
    {"what_cannot_be_reached_is_named", what_cannot_be_reached_is_named},
    {"little_patience", little_patience},
    {"little_patience_with_names", little_patience_with_names},
    {NULL, NULL},
};
const test_suite_t http_patience_suite = {"http_patience", NULL, NULL, cases};
