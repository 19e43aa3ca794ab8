/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http.c
 * Making a client, and what it is asked besides requests.
 */
#include "config.h"

#include "sync/http_private.h"

#include "base/secret.h"
#include "base/status.h"
#include "sync/answer_message.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Bytes of a file of authorities at most. */
#define CA_FILE_MOST 4194304

const civ_http_policy_t civ_http_default_policy = {
    .connect_timeout = 10000,
    .stall_time = 60000,
    .stall_bytes = 60,
    .total_timeout = 300000,
    .body_most = (apr_size_t)64 << 20,
    .redirects = 5,
    .tries = 6,
    .throttle_waits = 6,
    .longest_wait = 900000,
    .longest_request = 900000,
    .rate = 0,
    .burst = 100,
    .pace = {.throttle_first = 60000, .throttle_most = 900000, .backoff_base = 1000, .backoff_most = 60000},
};

/* libcurl has a start of its own, once in a process. */
static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static apr_status_t destroy(void *baton)
{
    civ_http_t *http = baton;
    civ_http_pipe_t pipe;

    civ_http_block_pipe(&pipe);
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    civ_http_allow_pipe(&pipe);
    if (http->body != NULL)
        civ_secret_wipe(http->body, http->body_size);
    free(http->body);
    return APR_SUCCESS;
}

/* --- reading the configuration --- */

/* "Name: value" without anything that could end the line. */
static int is_header(const char *line)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    apr_size_t name = strspn(line, token);
    const unsigned char *at = (const unsigned char *)line + name;

    if (name == 0 || *at != ':' || at[1 + strspn((const char *)at + 1, " \t")] == '\0')
        return 0;
    for (; *at != '\0'; at++) {
        if ((*at < ' ' && *at != '\t') || *at == 0x7f)
            return 0;
    }
    return 1;
}

static int count_lines(const char *const *lines)
{
    int count = 0;

    while (lines != NULL && lines[count] != NULL)
        count++;
    return count;
}

static apr_status_t take_headers(civ_http_t *http, const civ_http_config_t *config, const char **error,
                                 apr_pool_t *pool)
{
    int count = count_lines(config->headers);
    int secret_count = count_lines(config->secrets);
    const char **headers = apr_pcalloc(pool, sizeof(*headers) * (apr_size_t)(count + 1));
    char **secrets = apr_pcalloc(pool, sizeof(*secrets) * (apr_size_t)(secret_count + 1));
    int i;

    for (i = 0; i < count; i++) {
        headers[i] = apr_pstrdup(pool, config->headers[i]);
        if (!is_header(headers[i])) {
            *error = "a header is not a name, a colon and a value in one line";
            return CIV_EINVALID;
        }
    }
    for (i = 0; i < secret_count; i++) {
        secrets[i] = civ_secret_dup(config->secrets[i], pool);
        if (secrets[i] == NULL)
            return APR_ENOMEM;
        if (!is_header(secrets[i])) {
            *error = "the credential has characters that no header may have, or is empty";
            return CIV_EINVALID;
        }
    }
    http->headers = headers;
    http->secrets = secrets;
    return APR_SUCCESS;
}

static apr_status_t take_url(civ_http_t *http, civ_url_t *url, const char *text, const char *what,
                             const char **error, apr_pool_t *pool)
{
    const char *reason = "";
    apr_status_t status = civ_url_parse(url, text != NULL ? text : "", &reason, pool);

    if (status == APR_SUCCESS)
        status = civ_egress_check(http->egress, url, &reason, pool);
    if (status != APR_SUCCESS)
        *error = apr_psprintf(pool, "%s %s", what, reason);
    return status;
}

static apr_status_t take_bases(civ_http_t *http, const civ_http_config_t *config, const char **error,
                               apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    http->base_count = 1 + count_lines(config->also);
    http->bases = apr_pcalloc(pool, sizeof(*http->bases) * (apr_size_t)http->base_count);
    for (i = 0; status == APR_SUCCESS && i < http->base_count; i++) {
        status = take_url(http, &http->bases[i], i == 0 ? config->base : config->also[i - 1], "the base URL",
                          error, pool);
        if (status == APR_SUCCESS && strchr(http->bases[i].path, '?') != NULL) {
            *error = "the base URL has a query";
            status = CIV_EINVALID;
        }
    }
    return status;
}

static apr_status_t take_proxy(civ_http_t *http, const civ_http_config_t *config, const char **error,
                               apr_pool_t *pool)
{
    apr_status_t status;

    if (config->proxy == NULL)
        return APR_SUCCESS;
    status = take_url(http, &http->proxy_url, config->proxy, "the proxy's URL", error, pool);
    if (status == APR_SUCCESS && http->proxy_url.path[strspn(http->proxy_url.path, "/")] != '\0') {
        *error = "the proxy's URL has a path";
        status = CIV_EINVALID;
    }
    if (status == APR_SUCCESS && config->proxy_secret != NULL) {
        http->proxy_secret = civ_secret_dup(config->proxy_secret, pool);
        status = http->proxy_secret != NULL ? APR_SUCCESS : APR_ENOMEM;
    }
    http->proxy = http->proxy_url.text;
    return status;
}

static apr_status_t take_ca_file(civ_http_t *http, const civ_http_config_t *config, const char **error,
                                 apr_pool_t *pool)
{
    struct stat info;

    if (config->ca_file == NULL)
        return APR_SUCCESS;
    http->ca_file = apr_pstrdup(pool, config->ca_file);
    /* Reading a pipe or a device may have no end, and would not be interrupted. What else is wrong is not told: who has named the
     * file need not be allowed to know what there is. */
    if (stat(http->ca_file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= CA_FILE_MOST &&
        access(http->ca_file, R_OK) == 0)
        return APR_SUCCESS;
    *error = apr_psprintf(pool, "ca_file (%.120s) is no file that can be read, or is larger than 4 MiB",
                          http->ca_file);
    return CIV_EINVALID;
}

static apr_status_t take_limiter(civ_http_t *http, const civ_http_config_t *config, apr_pool_t *pool)
{
    civ_limiter_config_t own = {0};
    char authority[264];

    http->account.host = apr_pstrdup(pool, civ_http_authority(authority, &http->bases[0]));
    http->account.credential = apr_pstrdup(pool, config->credential != NULL ? config->credential : "");
    http->account.rate = http->policy.rate;
    http->account.burst = http->policy.burst > 0 ? http->policy.burst : 1;
    http->limiter = config->limiter;
    if (http->limiter != NULL)
        return APR_SUCCESS;
    own.clock = http->clock;
    return civ_limiter_create(&http->limiter, &own, pool);
}

apr_status_t civ_http_create(civ_http_t **made, const civ_http_config_t *config, const char **error,
                             apr_pool_t *pool)
{
    static pthread_once_t started = PTHREAD_ONCE_INIT;
    civ_http_t *http = apr_pcalloc(pool, sizeof(*http));
    apr_status_t status;

    pthread_once(&started, start_curl);
    *error = "there is not enough memory";
    http->policy = config->policy != NULL ? *config->policy : civ_http_default_policy;
    http->clock = config->clock != NULL ? config->clock : &civ_clock_system;
    http->egress = config->egress;
    http->interrupted = config->interrupted;
    http->waiting = config->waiting;
    http->baton = config->baton;
    http->log = config->log;
    http->user_agent =
        apr_pstrdup(pool, config->user_agent != NULL ? config->user_agent : "mod_civarcos/" CIVARCOS_VERSION);
    http->counts.remaining = CIV_RATE_UNKNOWN;
    status = take_bases(http, config, error, pool);
    if (status == APR_SUCCESS)
        status = take_headers(http, config, error, pool);
    if (status == APR_SUCCESS)
        status = take_proxy(http, config, error, pool);
    if (status == APR_SUCCESS)
        status = take_ca_file(http, config, error, pool);
    if (status == APR_SUCCESS)
        status = take_limiter(http, config, pool);
    if (status != APR_SUCCESS)
        return status;
    http->easy = curl_easy_init();
    http->multi = curl_multi_init();
    apr_pool_cleanup_register(pool, http, destroy, apr_pool_cleanup_null);
    if (http->easy == NULL || http->multi == NULL)
        return APR_ENOMEM;
    *made = http;
    return APR_SUCCESS;
}

/* --- what others ask --- */

char *civ_http_authority(char out[264], const civ_url_t *url)
{
    int is_ipv6 = strchr(url->host, ':') != NULL;

    snprintf(out, 264, is_ipv6 ? "[%s]:%d" : "%s:%d", url->host, url->port);
    return out;
}

int civ_http_is_trusted(const civ_http_t *http, const civ_url_t *url)
{
    int i;

    for (i = 0; i < http->base_count; i++) {
        if (civ_url_is_below(url, &http->bases[i]))
            return 1;
    }
    return 0;
}

int civ_http_is_get(const civ_http_request_t *request)
{
    return request->content == NULL && (request->method == NULL || strcmp(request->method, "GET") == 0);
}

int civ_http_may_repeat(const civ_http_request_t *request)
{
    return request->may_repeat || civ_http_is_get(request);
}

int civ_http_is_interrupted(civ_http_t *http)
{
    return http->interrupted != NULL && http->interrupted(http->baton);
}

apr_status_t civ_http_admit(const civ_http_t *http, const char *from, const char *text, const char **absolute,
                            const char **reason, apr_pool_t *pool)
{
    civ_url_t base = http->bases[0];
    civ_url_t url;
    const char *fault = "";
    apr_status_t status = from != NULL ? civ_url_parse(&base, from, &fault, pool) : APR_SUCCESS;

    if (status == APR_SUCCESS)
        status = civ_url_resolve(&url, &base, text, &fault, pool);
    if (status == APR_SUCCESS && !civ_http_is_trusted(http, &url)) {
        fault = "leads outside of the base URL, where the credentials must not go";
        status = CIV_EINVALID;
    }
    if (status != APR_SUCCESS) {
        *reason = apr_psprintf(pool, "the URL %s", fault);
        return status;
    }
    *absolute = url.text;
    return APR_SUCCESS;
}

const char *civ_http_message(const civ_http_t *http, const civ_http_answer_t *answer, apr_pool_t *pool)
{
    return civ_answer_message(answer->body, answer->length, (const char *const *)http->secrets, pool);
}

civ_http_counts_t civ_http_counts(const civ_http_t *http)
{
    return http->counts;
}
