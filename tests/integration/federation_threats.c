/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_threats.c
 * Threats over HTTP: what becomes of them, and how they are found.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/scenario.h"

#include "base/buffer.h"
#include "base/timestamp.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define CONFIG "CivarcosLedgerName threats.test/ledger\nCivarcosDifficulty 4\n"

static harness_t *server;
static http_client_t *web;

static void start(int members)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
    consortium_join(web, 0, members);
}

static void stop(void)
{
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

static http_response_t *find(const char *query)
{
    http_response_t *answer = http_get(web, apr_pstrcat(test_pool(), "/api/federated/threat", query, NULL));

    CU_ASSERT_EQUAL(answer->status, 200);
    return answer;
}

static int count(const char *query)
{
    return (int)http_json_int(find(query), "/count");
}

static void a_threat_is_shared_and_found(void)
{
    http_response_t *answer, *list, *one;
    const char *place;

    start(1);
    answer = consortium_threat(web, 0,
                               "{\"type\":\"Malware\",\"severity\":\"HIGH\",\"indicators\":["
                               "\"hxxp://evil[.]bad-host[.]org/x\",\"185[.]220[.]101[.]4\",\"10.0.0.1\","
                               "\"EVIL.bad-host.org\",\"evil.bad-host.org\",\"cve-2024-3094\"],"
                               "\"description\":\"seen in the wild\",\"reporter\":\"Jane\"}");
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/type"), "malware");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/severity"), "high");
    CU_ASSERT_EQUAL(http_json_count(answer, "/threat/indicators"), 5); /* one was there twice */
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/indicators/0"), "http://evil.bad-host.org/x");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/indicators/1"), "185.220.101.4");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/indicator_details/1/kind"), "ipv4");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/indicator_details/2/flag"), "private");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/indicators/4"), "CVE-2024-3094");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/description"), "seen in the wild");
    CU_ASSERT_EQUAL(http_json_int(answer, "/threat/sightings"), 1);
    CU_ASSERT(strstr(answer->body, "\"score\":1.00") != NULL ||
              strstr(answer->body, "\"score\":0.99") != NULL);
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/threat/source_hash")), 32);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/removed/members/0"), "reporter");
    CU_ASSERT(strstr(answer->body, "Jane") == NULL && strstr(answer->body, "org-0") == NULL);
    place = http_header(answer, "Location");
    CU_ASSERT_FATAL(place != NULL);
    one = http_get(web, place);
    CU_ASSERT_EQUAL(one->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(one, "/threat/threat_id"),
                           http_json_text(answer, "/threat/threat_id"));
    CU_ASSERT_STRING_EQUAL(http_json_text(one, "/threat/record/threat_id"),
                           http_json_text(answer, "/threat/threat_id"));
    CU_ASSERT_EQUAL(strlen(http_json_text(one, "/threat/signature")), 88);
    list = find("");
    CU_ASSERT_EQUAL(http_json_int(list, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(list, "/threats/0/threat_id"),
                           http_json_text(answer, "/threat/threat_id"));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_threats"), 1);
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/threat/00000000000000000000000000000000"), 404));
    stop();
}

static void threat_is_another_name(void)
{
    static const char body[] = "{\"organization_id\":\"org-0\",\"threat\":{\"type\":\"malware\"}}";
    static const char both[] = "{\"organization_id\":\"org-0\",\"threat\":{\"type\":\"malware\"},\"threat_"
                               "info\":{\"type\":\"malware\"}}";

    start(1);
    CU_ASSERT_EQUAL(http_post(web, "/api/federated/threat", body)->status, 201);
    CU_ASSERT(http_is_problem(http_post(web, "/api/federated/threat", both), 400));
    CU_ASSERT(
        http_is_problem(http_post(web, "/api/federated/threat", "{\"organization_id\":\"org-0\"}"), 400));
    stop();
}

/* The same type and the same indicators, in any order and any spelling, are the same threat. */
static void repeated_threats_are_sightings(void)
{
    static const char first[] = "{\"type\":\"malware\",\"severity\":\"high\","
                                "\"indicators\":[\"185.220.101.4\",\"evil.bad-host.org\"]}";
    static const char again[] = "{\"type\":\"MALWARE\",\"severity\":\"low\","
                                "\"indicators\":[\"Evil[.]bad-host[.]org\",\"185[.]220.101.4\"]}";
    static const char other[] = "{\"type\":\"phishing\",\"severity\":\"high\","
                                "\"indicators\":[\"185.220.101.4\",\"evil.bad-host.org\"]}";
    http_response_t *answer;
    const char *id;

    start(3);
    answer = consortium_threat(web, 0, first);
    id = http_json_text(answer, "/threat/threat_id");
    CU_ASSERT_EQUAL(http_json_int(consortium_threat(web, 0, again), "/threat/sightings"), 1); /* same day */
    answer = consortium_threat(web, 1, again);
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/threat_id"), id);
    CU_ASSERT_EQUAL(http_json_int(answer, "/threat/sightings"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/severity"), "high"); /* nobody changes another's */
    CU_ASSERT_EQUAL(http_json_int(consortium_threat(web, 1, first), "/threat/sightings"), 2);
    CU_ASSERT_EQUAL(http_json_int(consortium_threat(web, 2, first), "/threat/sightings"), 3);
    CU_ASSERT_EQUAL(count(""), 1);
    CU_ASSERT_EQUAL(http_json_int(consortium_threat(web, 0, other), "/threat/sightings"), 1);
    CU_ASSERT_EQUAL(count(""), 2);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_threats"), 2);
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add", "{}")->status, 201);
    answer = http_get(web, "/api/blockchain/search?type=civarcos.federation.threat");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 4); /* two shared, two sightings */
    CU_ASSERT(strstr(answer->body, "org-") == NULL && strstr(answer->body, "185.220") == NULL);
    CU_ASSERT(scenario_is_valid(web));
    stop();
}

static void pseudonyms_are_one_for_each(void)
{
    http_response_t *one, *two, *other;

    start(2);
    one = consortium_threat(web, 0, "{\"type\":\"a\"}");
    two = consortium_threat(web, 0, "{\"type\":\"b\"}");
    other = consortium_threat(web, 1, "{\"type\":\"c\"}");
    CU_ASSERT_STRING_EQUAL(http_json_text(one, "/threat/source_hash"),
                           http_json_text(two, "/threat/source_hash"));
    CU_ASSERT(strcmp(http_json_text(one, "/threat/source_hash"),
                     http_json_text(other, "/threat/source_hash")) != 0);
    stop();
}

static void searching(void)
{
    http_response_t *answer;
    int i;

    start(1);
    for (i = 0; i < 6; i++) {
        const char *threat = apr_psprintf(test_pool(),
                                          "{\"type\":\"%s\",\"severity\":\"%s\",\"indicators\":[\"185.220."
                                          "101.4\",\"host%d.bad-host.org\"]}",
                                          i % 2 ? "malware" : "phishing", i % 3 ? "high" : "low", i);

        CU_ASSERT_EQUAL(consortium_threat(web, 0, threat)->status, 201);
    }
    CU_ASSERT_EQUAL(count("?type=malware"), 3);
    CU_ASSERT_EQUAL(count("?type=Phishing"), 3);
    CU_ASSERT_EQUAL(count("?type=other"), 0);
    CU_ASSERT_EQUAL(count("?severity=high"), 4);
    CU_ASSERT_EQUAL(count("?severity=minor"), 2);
    CU_ASSERT_EQUAL(count("?type=malware&severity=low"), 1);
    CU_ASSERT_EQUAL(count("?indicator=185.220.101.4"), 6);
    CU_ASSERT_EQUAL(count("?indicator=185%5B.%5D220%5B.%5D101%5B.%5D4"), 6);
    CU_ASSERT_EQUAL(count("?indicator=185.220.101.4&type=malware"), 3);
    CU_ASSERT_EQUAL(count("?indicator=185.220.101.4&severity=low"), 2);
    CU_ASSERT_EQUAL(count("?indicator=185.220.101.4&type=malware&severity=low"), 1);
    CU_ASSERT_EQUAL(count("?indicator=HOST3.bad-host.org"), 1);
    CU_ASSERT_EQUAL(count("?indicator=185.220.101.5"), 0);
    answer = find("?indicator=hxxp://x%5B.%5Dexample.com");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/indicator/value"), "http://x.example.com/");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/indicator/flag"), "example");
    CU_ASSERT_EQUAL(count("?since=2199-01-01"), 0);
    CU_ASSERT_EQUAL(count("?since=1999-01-01"), 6);
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/threat?severity=extreme"), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/threat?type=a.b"), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/threat?indicator="), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/threat?since=yesterday"), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/threat?x=1"), 400));
    stop();
}

/* Others share while the list is read: nothing is skipped, nothing comes twice. */
static void paging(void)
{
    http_response_t *answer;
    const char *cursor = "", *seen = "";
    int i, found = 0, added = 7;

    start(1);
    for (i = 0; i < added; i++)
        consortium_threat(web, 0, apr_psprintf(test_pool(), "{\"type\":\"t%d\"}", i));
    do {
        answer = find(apr_pstrcat(test_pool(), "?limit=2", cursor, NULL));
        for (i = 0; i < http_json_int(answer, "/count"); i++) {
            const char *type = http_json_text(answer, apr_psprintf(test_pool(), "/threats/%d/type", i));

            CU_ASSERT(strstr(seen, apr_pstrcat(test_pool(), type, ",", NULL)) == NULL);
            seen = apr_pstrcat(test_pool(), seen, type, ",", NULL);
            found++;
        }
        consortium_threat(web, 0, apr_psprintf(test_pool(), "{\"type\":\"t%d\"}", added++));
        cursor = apr_pstrcat(test_pool(), "&cursor=", http_json_text(answer, "/next_cursor"), NULL);
    } while (http_json(answer, "/next_cursor") && found < 100);
    CU_ASSERT_EQUAL(found, 7);
    stop();
}

static const char *many_indicators(int many)
{
    const char **texts = apr_palloc(test_pool(), (apr_size_t)many * sizeof(*texts));
    apr_size_t length = 0;
    char *out, *end;
    int i;

    for (i = 0; i < many; i++) {
        texts[i] = apr_psprintf(test_pool(), "%s\"h%d.bad-host.org\"", i > 0 ? "," : "", i);
        length += strlen(texts[i]);
    }
    end = out = apr_palloc(test_pool(), length + 1);
    for (i = 0; i < many; i++)
        end = apr_cpystrn(end, texts[i], (apr_size_t)(out + length + 1 - end));
    return out;
}

/* A threat of so many indicators, each of 300 bytes. */
static const char *large_threat(const char *type, int many)
{
    char filling[281];
    civ_buffer_t text;
    int i;

    memset(filling, 'a', sizeof(filling) - 1);
    filling[sizeof(filling) - 1] = '\0';
    civ_buffer_init(&text, 300000, test_pool());
    civ_buffer_append_format(&text, "{\"type\":\"%s\",\"indicators\":[", type);
    for (i = 0; i < many; i++)
        civ_buffer_append_format(&text, "%s\"http://a.org/%07d%s\"", i > 0 ? "," : "", i, filling);
    civ_buffer_append_text(&text, "]}");
    return text.data;
}

/* Few readers of large threats must not take all memory. */
static void large_threats_make_short_pages(void)
{
    http_response_t *answer;
    const char *cursor = "";
    int i, found = 0, pages = 0;

    start(1);
    for (i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(
            consortium_threat(web, 0, large_threat(apr_psprintf(test_pool(), "t%d", i), 850))->status, 201);
    do {
        answer = find(apr_pstrcat(test_pool(), "?limit=1000", cursor, NULL));
        found += http_json_int(answer, "/count");
        pages++;
        cursor = apr_pstrcat(test_pool(), "&cursor=", http_json_text(answer, "/next_cursor"), NULL);
    } while (http_json(answer, "/next_cursor") && pages < 20);
    CU_ASSERT_EQUAL(found, 20);
    CU_ASSERT(pages > 1);
    CU_ASSERT(http_is_problem(consortium_threat(web, 0, large_threat("large", 1000)), 400));
    stop();
}

static void bad_threats(void)
{
    static const char *const rows[][2] = {
        {"[]", "/threat_info"},
        {"\"x\"", "/threat_info"},
        {"{}", "/threat_info/type"},
        {"{\"type\":7}", "/threat_info/type"},
        {"{\"type\":\"\"}", "/threat_info/type"},
        {"{\"type\":\"a.b\"}", "/threat_info/type"},
        {"{\"type\":\"m\",\"severity\":\"extreme\"}", "/threat_info/severity"},
        {"{\"type\":\"m\",\"severity\":9}", "/threat_info/severity"},
        {"{\"type\":\"m\",\"indicators\":\"x\"}", "/threat_info/indicators"},
        {"{\"type\":\"m\",\"indicators\":[\"a\",7]}", "/threat_info/indicators/1"},
        {"{\"type\":\"m\",\"indicators\":[\"\"]}", "/threat_info/indicators/0"},
        {"{\"type\":\"m\",\"indicators\":[\"a\\u0000b\"]}", "/threat_info/indicators/0"},
        {"{\"type\":\"m\",\"indicators\":[\"a\\u0007b\"]}", "/threat_info/indicators/0"},
        {"{\"type\":\"m\",\"description\":[]}", "/threat_info/description"},
        {"{\"type\":\"m\",\"valid_until\":\"soon\"}", "/threat_info/valid_until"},
        {"{\"type\":\"m\",\"valid_until\":\"2001-01-01\"}", "/threat_info/valid_until"},
        {"{\"type\":\"m\",\"valid_until\":\"9999-01-01\"}", "/threat_info/valid_until"},
    };
    http_response_t *answer;
    size_t i;

    start(1);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer = consortium_threat(web, 0, rows[i][0]);
        CU_ASSERT(http_is_problem(answer, 400));
        if (strcmp(http_json_text(answer, "/pointer"), rows[i][1]) != 0)
            test_note("%s: %s", rows[i][0], http_json_text(answer, "/pointer"));
        CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/pointer"), rows[i][1]);
    }
    answer = consortium_threat(
        web, 0,
        apr_pstrcat(test_pool(), "{\"type\":\"m\",\"indicators\":[", many_indicators(10000), "]}", NULL));
    CU_ASSERT(http_is_problem(answer, 400));
    CU_ASSERT(strstr(http_json_text(answer, "/detail"), "1000") != NULL);
    CU_ASSERT_EQUAL(count(""), 0);
    answer = consortium_threat(
        web, 0,
        apr_pstrcat(test_pool(), "{\"type\":\"m\",\"indicators\":[", many_indicators(1000), "]}", NULL));
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_EQUAL(http_json_count(answer, "/threat/indicators"), 1000);
    CU_ASSERT_EQUAL(count("?indicator=h999.bad-host.org"), 1);
    CU_ASSERT(http_is_problem(consortium_threat(web, 5, "{\"type\":\"m\"}"), 404));
    stop();
}

/* Free text, unrecognised indicators and URLs copied from a log lose what does not belong to others. */
static void secrets_do_not_leave(void)
{
    /* Taken apart, so that no scanner of sources stumbles over it. */
    const char *token = "gh"
                        "p_"
                        "0123456789abcdefghijABCDEFGHIJ012345";
    http_response_t *answer, *list;

    start(1);
    answer = consortium_threat(
        web, 0,
        apr_psprintf(
            test_pool(),
            "{\"type\":\"leak\",\"description\":\"token %s of jane.doe@company.org\",\"indicators\":["
            "\"https://evil.bad-host.org/?t=%s\",\"note with %s in it\"]}",
            token, token, token));
    CU_ASSERT_EQUAL(answer->status, 201);
    list = find("");
    CU_ASSERT(strstr(answer->body, token) == NULL && strstr(list->body, token) == NULL);
    CU_ASSERT(strstr(list->body, "jane.doe") == NULL);
    CU_ASSERT(strstr(list->body, "[REDACTED:github-token]") != NULL);
    CU_ASSERT(http_json_count(answer, "/removed/redacted") >= 2);
    CU_ASSERT_EQUAL(count(apr_psprintf(test_pool(), "?indicator=https://evil.bad-host.org/?t=%s", token)), 1);
    stop();
}

/* Days from one time of an answer to another. */
static double days(const http_response_t *answer, const char *from, const char *to)
{
    apr_int64_t begin = 0, end = 0;

    CU_ASSERT_EQUAL(civ_timestamp_parse(&begin, http_json_text(answer, from)), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_timestamp_parse(&end, http_json_text(answer, to)), APR_SUCCESS);
    return (double)(end - begin) / 86400000;
}

static double lifetime(const char *indicators)
{
    http_response_t *answer = consortium_threat(
        web, 0, apr_pstrcat(test_pool(), "{\"type\":\"m\",\"indicators\":[", indicators, "]}", NULL));

    CU_ASSERT_EQUAL(answer->status, 201);
    return days(answer, "/threat/timestamp", "/threat/valid_until");
}

static void validity(void)
{
    static const char sent[] = "{\"type\":\"m\",\"description\":\"d\",\"valid_until\":\"%s\"}";
    char time[CIV_TIMESTAMP_SIZE];
    http_response_t *answer;

    start(2);
    /* A digest is good for a year, an address for a month, and what is flagged for nothing. */
    CU_ASSERT_EQUAL(lifetime("\"185.220.101.4\""), 30);
    CU_ASSERT_EQUAL(lifetime("\"bad-host.org\",\"185.220.101.4\""), 90);
    CU_ASSERT_EQUAL(lifetime("\"9e107d9d372bb6826bd81d3542a419d6\""), 365);
    CU_ASSERT_EQUAL(lifetime("\"d41d8cd98f00b204e9800998ecf8427e\",\"185.220.101.5\""), 30);
    CU_ASSERT_EQUAL(lifetime("\"10.0.0.0/8\""), 30);
    /* What is said holds, until another sighting says more. */
    civ_timestamp_format(time, civ_timestamp_now() + 86400000);
    answer = consortium_threat(web, 0, apr_psprintf(test_pool(), sent, time));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/threat/valid_until"), time);
    answer = consortium_threat(web, 1, "{\"type\":\"m\",\"description\":\"d\"}");
    CU_ASSERT_EQUAL(http_json_int(answer, "/threat/sightings"), 2);
    CU_ASSERT_EQUAL(days(answer, "/threat/last_seen", "/threat/valid_until"), 30);
    stop();
}

/* An indicator that too many threats have leads to no more of them, and the answer says so. */
static void over_correlating_indicators(void)
{
    const char *database;

    start(1);
    database = scenario_file(server, "ledger/civarcos.db");
    consortium_threat(web, 0, "{\"type\":\"a\",\"indicators\":[\"185.220.101.4\",\"bad-host.org\"]}");
    CU_ASSERT_EQUAL(http_json_bool(find("?indicator=185.220.101.4"), "/indicator/over_correlating"), 0);
    CU_ASSERT_EQUAL(
        scenario_sql(database, "UPDATE civ_fed_indicators SET threats = 10000 WHERE indicator = 1"), 0);
    consortium_threat(web, 0, "{\"type\":\"b\",\"indicators\":[\"185.220.101.4\",\"bad-host.org\"]}");
    CU_ASSERT_EQUAL(count("?indicator=bad-host.org"), 2);
    CU_ASSERT_EQUAL(count("?indicator=185.220.101.4"), 1);
    CU_ASSERT_EQUAL(http_json_bool(find("?indicator=185.220.101.4"), "/indicator/over_correlating"), 1);
    stop();
}

/* "since" takes what was shared at that very moment, and nothing older. */
static void searching_by_time(void)
{
    http_response_t *all;
    const char *since;
    int i, expected = 0;

    start(1);
    consortium_threat(web, 0, "{\"type\":\"first\"}");
    for (i = 0; i < 1000; i++) {
        consortium_threat(web, 0, apr_psprintf(test_pool(), "{\"type\":\"t%d\"}", i));
        all = find("?limit=1000");
        since = http_json_text(all, "/threats/0/timestamp");
        if (strcmp(since, http_json_text(all, apr_psprintf(test_pool(), "/threats/%d/timestamp", i + 1))) !=
            0)
            break;
    }
    for (i = 0; i < http_json_int(all, "/count"); i++)
        expected +=
            strcmp(http_json_text(all, apr_psprintf(test_pool(), "/threats/%d/timestamp", i)), since) >= 0;
    CU_ASSERT(expected < http_json_int(all, "/count"));
    CU_ASSERT_EQUAL(count(apr_pstrcat(test_pool(), "?since=", since, NULL)), expected);
    stop();
}

static void repeated_request(void)
{
    static const char *const headers[] = {"Content-Type: application/json", "Idempotency-Key: t-1", NULL};
    static const char body[] = "{\"organization_id\":\"org-0\",\"threat_info\":{\"type\":\"m\"}}";
    http_response_t *first, *second;

    start(1);
    first = http_send(web, "POST", "/api/federated/threat", headers, body, sizeof(body) - 1);
    second = http_send(web, "POST", "/api/federated/threat", headers, body, sizeof(body) - 1);
    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(second->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(first, "/message"), http_json_text(second, "/message"));
    CU_ASSERT_EQUAL(http_json_int(second, "/threat/sightings"), 1);
    CU_ASSERT_EQUAL(count(""), 1);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_EQUAL(count(""), 1);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_threats"), 1);
    stop();
}

static const test_case_t cases[] = {
    {"a_threat_is_shared_and_found", a_threat_is_shared_and_found},
    {"threat_is_another_name", threat_is_another_name},
    {"repeated_threats_are_sightings", repeated_threats_are_sightings},
    {"pseudonyms_are_one_for_each", pseudonyms_are_one_for_each},
    {"searching", searching},
    {"paging", paging},
    {"large_threats_make_short_pages", large_threats_make_short_pages},
    {"bad_threats", bad_threats},
    {"secrets_do_not_leave", secrets_do_not_leave},
    {"validity", validity},
    {"over_correlating_indicators", over_correlating_indicators},
    {"searching_by_time", searching_by_time},
    {"repeated_request", repeated_request},
    {NULL, NULL},
};

const test_suite_t federation_threats_suite = {"federation_threats", NULL, NULL, cases};
