/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_configuration.c
 * What a client is made with: what is refused, whose authorities it trusts, and the proxy that it goes through.
 */
#include "unit/http_fixture.h"

#include "base/status.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void bad_configurations(void)
{
    static const mock_answer_t answers[] = {MOCK_END};
    static const char *const bad_bases[] = {"",
                                            "ftp://127.0.0.1/",
                                            "http://127.0.0.1/?a=b",
                                            "http://user@127.0.0.1/",
                                            "http://10.0.0.1/",
                                            "https://localhost/"};
    static const char *const bad_secrets[] = {"Authorization", "Authorization: a\r\nX: y", "A b: c",
                                              "X:", ": x"};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    const char *secrets[] = {NULL, NULL};
    const char *error = "";
    civ_http_t *http;
    size_t i;

    for (i = 0; i < sizeof(bad_bases) / sizeof(bad_bases[0]); i++) {
        civ_http_config_t bad = config;

        bad.base = bad_bases[i];
        CU_ASSERT_EQUAL(civ_http_create(&http, &bad, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT(strncmp(error, "the base URL ", 13) == 0);
    }
    for (i = 0; i < sizeof(bad_secrets) / sizeof(bad_secrets[0]); i++) {
        civ_http_config_t bad = config;

        secrets[0] = bad_secrets[i];
        bad.secrets = secrets;
        CU_ASSERT_EQUAL(civ_http_create(&http, &bad, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NULL(strstr(error, bad_secrets[i]));
    }
    config.ca_file = "/nonexistent/ca.pem";
    CU_ASSERT_EQUAL(civ_http_create(&http, &config, &error, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "ca_file (/nonexistent/ca.pem)"));
    config.ca_file = NULL;
    config.proxy = "http://10.0.0.1:3128";
    CU_ASSERT_EQUAL(civ_http_create(&http, &config, &error, test_pool()), CIV_EINVALID);
    mock_platform_stop(mock);
}

/* What nobody can read to its end would hold up its worker for ever, and who configures a connector is not its administrator. */
static void authorities_that_are_no_file(void)
{
    static const mock_answer_t answers[] = {MOCK_END};
    char *folder = apr_pstrdup(test_pool(), "/tmp/civarcos-ca-XXXXXX");
    const char *files[] = {"/dev/zero", NULL, NULL, NULL};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    const char *error;
    civ_http_t *http;
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    files[1] = folder;
    files[2] = apr_pstrcat(test_pool(), folder, "/fifo", NULL);
    files[3] = apr_pstrcat(test_pool(), folder, "/large", NULL);
    CU_ASSERT_EQUAL_FATAL(mkfifo(files[2], 0600), 0);
    CU_ASSERT_FATAL(fclose(fopen(files[3], "w")) == 0);
    CU_ASSERT_EQUAL_FATAL(truncate(files[3], 1 << 30), 0);
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        config.ca_file = files[i];
        error = "";
        CU_ASSERT_EQUAL(civ_http_create(&http, &config, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "ca_file"));
    }
    mock_platform_stop(mock);
    remove(files[2]);
    remove(files[3]);
    remove(folder);
}

/* A certificate is checked against the connector's own authorities; without them it is not trusted, and that is not tried
 * again. */
static void own_authority(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    char *ca_file = apr_pstrdup(test_pool(), "/tmp/civarcos-ca-XXXXXX");
    mock_platform_t *mock;
    civ_http_config_t config;
    civ_http_answer_t *answer;
    int file = mkstemp(ca_file);

    CU_ASSERT_FATAL(file >= 0);
    mock = mock_platform_start_tls(answers, ca_file);
    config = fixture_config(mock);
    answer = fixture_get(fixture_client(&config), "/");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer->tries, 1);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 0);
    config.ca_file = ca_file;
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    mock_platform_stop(mock);
    remove(ca_file);
}

/* A proxy gets the whole URL, a password of its own, and nothing from the environment. */
static void proxies(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    static const char *const allow[] = {"127.0.0.0/8", "ci.example", NULL};
    mock_platform_t *proxy = mock_platform_start(answers);
    mock_platform_t *direct = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(direct);

    setenv("http_proxy", mock_platform_url(proxy), 1);
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    unsetenv("http_proxy");
    CU_ASSERT_EQUAL(mock_platform_count(direct), 1);
    CU_ASSERT_EQUAL(mock_platform_count(proxy), 0);
    config.egress = fixture_egress(allow);
    config.base = "http://ci.example/";
    config.proxy = mock_platform_url(proxy);
    config.proxy_secret = "somebody:else";
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/job")->class, CIV_HTTP_DATA);
    mock_platform_stop(proxy);
    mock_platform_stop(direct);
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(proxy), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(proxy, 0), "GET http://ci.example/job HTTP/1.1\r\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(mock_platform_request(proxy, 0), "\r\nProxy-Authorization: Basic c29tZWJvZHk6ZWxzZQ==\r\n"));
}

/* For https a proxy is asked for a tunnel, and sees nothing of what goes through it. One that does not let us is not asked again. */
static void tunnels(void)
{
    static const mock_answer_t answers[] = {{NULL, 407, NULL, "{}", 0, MOCK_PLAIN, 0}, MOCK_END};
    static const char *const allow[] = {"127.0.0.0/8", NULL};
    mock_platform_t *proxy = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(proxy);
    civ_http_answer_t *answer;

    config.egress = fixture_egress(allow);
    config.base = "https://ci.example/";
    config.proxy = mock_platform_url(proxy);
    answer = fixture_get(fixture_client(&config), "/job");
    mock_platform_stop(proxy);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_BROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->reason, "proxy"));
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(proxy), 1);
    CU_ASSERT_EQUAL(strncmp(mock_platform_request(proxy, 0), "CONNECT ci.example:443 HTTP/1.1\r\n", 33), 0);
    CU_ASSERT_FALSE(mock_platform_has_seen(proxy, FIXTURE_TOKEN));
    CU_ASSERT_FALSE(mock_platform_has_seen(proxy, "/job"));
}

static const test_case_t cases[] = {
    {"bad_configurations", bad_configurations},
    {"authorities_that_are_no_file", authorities_that_are_no_file},
    {"own_authority", own_authority},
    {"proxies", proxies},
    {"tunnels", tunnels},
    {NULL, NULL},
};

const test_suite_t http_configuration_suite = {"http_configuration", NULL, NULL, cases};
