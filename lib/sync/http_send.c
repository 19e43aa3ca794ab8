/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_send.c
 * A request until its outcome is known: its turn, redirects by hand, what the answer means, waits and repetitions.
 */
#include "sync/http_private.h"

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/link_header.h"

#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include <string.h>

typedef struct sending_t {
    civ_http_t *http;
    const civ_http_request_t *request;
    civ_http_answer_t *answer;
    apr_pool_t *pool;
    apr_int64_t begin;   /* steady */
    apr_int64_t limited; /* milliseconds waited for limits */
    unsigned throttles;  /* how often a limit was met */
    civ_limiter_key_t account;
    civ_rate_decision_t decision; /* of the last answer */
    int is_final;                 /* repeating would not help */
} sending_t;

/* One try, with its redirects. */
typedef struct trail_t {
    civ_url_t url;
    unsigned hops;
    int has_credentials; /* for good no more once it has led elsewhere */
    int is_permanent;    /* all hops so far */
} trail_t;

static void conclude(sending_t *sending, civ_http_class_e class, const char *reason)
{
    sending->answer->class = class;
    sending->answer->reason = reason;
}

/* --- waiting --- */

static apr_status_t pause_for(sending_t *sending, civ_http_wait_e why, apr_int64_t wait)
{
    civ_http_t *http = sending->http;
    apr_int64_t end = civ_clock_steady(http->clock) + wait;
    apr_status_t status = APR_SUCCESS;
    apr_int64_t left;

    if (http->waiting != NULL)
        http->waiting(http->baton, why, wait, why == CIV_HTTP_WAIT_RETRY ? sending->answer->reason : NULL);
    while (status == APR_SUCCESS && (left = end - civ_clock_steady(http->clock)) > 0) {
        if (civ_http_is_interrupted(http))
            status = CIV_EINTERRUPTED;
        else
            http->clock->sleep(http->clock->baton, left < CIV_CLOCK_SLICE ? left : CIV_CLOCK_SLICE);
    }
    if (http->waiting != NULL)
        http->waiting(http->baton, why, 0, NULL);
    sending->answer->waited += wait;
    if (why == CIV_HTTP_WAIT_LIMIT) {
        http->counts.throttled += wait;
        sending->limited += wait;
    }
    return status;
}

/* Whether there is patience left for a wait. */
static int has_patience(const sending_t *sending, apr_int64_t wait)
{
    const civ_http_policy_t *policy = &sending->http->policy;
    apr_int64_t spent = civ_clock_steady(sending->http->clock) - sending->begin;

    return wait <= policy->longest_wait && spent + wait <= policy->longest_request;
}

/* When the time for all tries is over, on the steady clock; 0: there is no such bound. */
static apr_int64_t end_of_patience(const sending_t *sending)
{
    apr_int64_t patience = sending->request->patience;

    return patience > 0 ? sending->begin + sending->limited + patience : 0;
}

static void put_off(sending_t *sending, apr_int64_t wait)
{
    char until[CIV_TIMESTAMP_SIZE];

    sending->answer->retry_at = civ_clock_now(sending->http->clock) + wait;
    civ_timestamp_format(until, sending->answer->retry_at);
    conclude(sending, CIV_HTTP_THROTTLED,
             sending->throttles > 0
                 ? apr_pstrcat(sending->pool, "the server's rate limit: there will be no data before ", until,
                               NULL)
                 : apr_pstrcat(sending->pool, "held back until ", until,
                               ": the host has asked for a pause, or what is left of the quota is kept for "
                               "people",
                               NULL));
}

/* Wait until the limiter lets the request go. @return CIV_EBUSY when that takes too long: the answer says so */
static apr_status_t take_turn(sending_t *sending)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS) {
        apr_int64_t wait = civ_limiter_take(sending->http->limiter, &sending->account);

        if (wait <= 0)
            return APR_SUCCESS;
        if (!has_patience(sending, wait)) {
            put_off(sending, wait);
            return CIV_EBUSY;
        }
        status = pause_for(sending, CIV_HTTP_WAIT_LIMIT, wait);
    }
    return status;
}

/* --- taking in an answer --- */

static const char *find_field(void *baton, const char *name)
{
    return civ_http_field(baton, name);
}

static char *plain_type(const char *value, apr_pool_t *pool)
{
    char *type = apr_pstrmemdup(pool, value, strcspn(value, "; \t,"));
    char *at;

    for (at = type; *at != '\0'; at++)
        *at = (char)apr_tolower(*at);
    return type;
}

static void take_fields(sending_t *sending, const civ_http_transfer_t *transfer)
{
    civ_http_answer_t *answer = sending->answer;
    const char *value;

    answer->status = transfer->status;
    answer->fields = transfer->fields;
    answer->field_count = transfer->field_count;
    answer->etag = civ_http_field(answer, "etag");
    answer->last_modified = civ_http_field(answer, "last-modified");
    value = civ_http_field(answer, "content-type");
    answer->content_type = value != NULL ? plain_type(value, sending->pool) : NULL;
    value = civ_http_field(answer, "date");
    answer->date = 0;
    if (value != NULL && apr_date_parse_http(value) != APR_DATE_BAD)
        answer->date = apr_time_as_msec(apr_date_parse_http(value));
}

static void take_body(sending_t *sending, const civ_http_transfer_t *transfer)
{
    static const char mark[] = "\xef\xbb\xbf";
    civ_http_answer_t *answer = sending->answer;
    const char *body = transfer->body_length > 0 ? sending->http->body : "";
    apr_size_t length = transfer->body_length;

    civ_digest_sha256(&answer->digest, body, length);
    if (!sending->request->is_download && length >= 3 && memcmp(body, mark, 3) == 0) {
        body += 3;
        length -= 3;
    }
    answer->body = apr_pstrmemdup(sending->pool, body, length);
    answer->length = length;
    civ_http_release_body(sending->http);
}

/* What an answer to our credential says of limits; those of other hosts, of redirected downloads, are no concern of it. */
static void take_rate(sending_t *sending, const trail_t *trail)
{
    civ_http_t *http = sending->http;
    civ_http_answer_t *answer = sending->answer;
    int says = answer->status == 403 && civ_rate_text_says_limited(answer->body, answer->length);

    civ_rate_read(&answer->rate, find_field, answer, civ_clock_now(http->clock));
    civ_rate_decide(&sending->decision, answer->status, &answer->rate, says, sending->throttles,
                    &http->policy.pace, http->clock);
    if (!trail->has_credentials)
        return;
    if (answer->rate.remaining != CIV_RATE_UNKNOWN)
        http->counts.remaining = answer->rate.remaining;
    civ_limiter_note(http->limiter, &sending->account, &answer->rate, sending->decision.wait);
    if (sending->decision.is_limited) {
        civ_limiter_pause(http->limiter, sending->account.host, sending->decision.wait);
        civ_log_write(http->log, CIV_LOG_INFO, APR_SUCCESS,
                      "CIV0700: %s limits us (status %d); nothing is sent to it for %" APR_INT64_T_FMT " ms",
                      sending->account.host, answer->status, sending->decision.wait);
    }
}

static void take_next(sending_t *sending, const trail_t *trail)
{
    civ_http_answer_t *answer = sending->answer;
    const char *link = civ_link_find(civ_http_field(answer, "link"), "next", sending->pool);

    if (link == NULL || !trail->has_credentials)
        return;
    if (civ_http_admit(sending->http, trail->url.text, link, &answer->next, &answer->next_refused,
                       sending->pool) == APR_SUCCESS)
        return;
    answer->next_refused =
        apr_pstrcat(sending->pool, "the next page is not followed: ", answer->next_refused, NULL);
    civ_log_write(sending->http->log, CIV_LOG_WARNING, APR_SUCCESS, "CIV0701: %s: %s", sending->account.host,
                  answer->next_refused);
}

/* --- redirects --- */

static int is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Go to where the answer points, if that is allowed. @return whether the trail goes on */
static int follow(sending_t *sending, trail_t *trail)
{
    civ_http_t *http = sending->http;
    const char *location = civ_http_field(sending->answer, "location");
    const char *fault = "";
    civ_url_t target;
    int is_trusted;

    if (!is_redirect(sending->answer->status) || location == NULL || !civ_http_is_get(sending->request))
        return 0;
    sending->is_final = 1; /* unless it is followed */
    if (civ_url_resolve(&target, &trail->url, location, &fault, sending->pool) != APR_SUCCESS) {
        conclude(sending, CIV_HTTP_REFUSED,
                 apr_psprintf(sending->pool, "a redirect to a URL that %s", fault));
        return 0;
    }
    is_trusted = trail->has_credentials && civ_http_is_trusted(http, &target);
    if (!is_trusted && (!sending->request->is_download || civ_http_is_sign_in(location))) {
        const civ_http_expectation_t expectation = {1, 0};

        civ_http_classify(sending->answer, &expectation, 0, sending->pool);
        if (sending->answer->class != CIV_HTTP_AUTH_FAILED)
            conclude(
                sending, CIV_HTTP_REFUSED,
                apr_psprintf(sending->pool,
                             "a redirect to %s, outside of the base URL, where the credentials must not go",
                             target.host));
        return 0;
    }
    if (trail->url.is_https && !target.is_https) {
        conclude(sending, CIV_HTTP_REFUSED, "a redirect from https to plain http");
        return 0;
    }
    if (trail->hops == http->policy.redirects) {
        conclude(sending, CIV_HTTP_REFUSED, "too many redirects");
        return 0;
    }
    sending->is_final = 0;
    trail->hops++;
    trail->is_permanent &= sending->answer->status == 301 || sending->answer->status == 308;
    trail->has_credentials = is_trusted;
    trail->url = target;
    return 1;
}

/* --- one try --- */

static void describe_fault(sending_t *sending, const civ_http_transfer_t *transfer)
{
    civ_http_answer_t *answer = sending->answer;

    answer->status = 0;
    answer->field_count = 0;
    answer->rate.limit = answer->rate.remaining = answer->rate.reset = answer->rate.retry_after =
        CIV_RATE_UNKNOWN;
    memset(&sending->decision, 0, sizeof(sending->decision));
    if (transfer->is_too_large)
        conclude(sending, CIV_HTTP_TOO_LARGE, "the answer is larger than what is taken in");
    else if (transfer->is_sentence)
        conclude(sending, CIV_HTTP_BROKEN, transfer->fault);
    else
        conclude(sending, CIV_HTTP_BROKEN,
                 apr_psprintf(sending->pool, "the server %s %s", transfer->url->host, transfer->fault));
    sending->is_final = transfer->is_too_large || transfer->is_final;
}

static void classify(sending_t *sending, trail_t *trail)
{
    civ_http_answer_t *answer = sending->answer;
    const civ_http_request_t *request = sending->request;
    const civ_http_expectation_t expectation = {civ_http_is_get(request), request->is_download};

    civ_http_classify(answer, &expectation, sending->decision.is_limited, sending->pool);
    if (trail->hops > 0 && trail->is_permanent && trail->has_credentials)
        answer->moved_to = trail->url.text;
    if (answer->class == CIV_HTTP_UNCHANGED)
        sending->http->counts.unchanged++;
    take_next(sending, trail);
}

/* @return APR_SUCCESS: the answer says what happened; CIV_EINTERRUPTED, APR_ENOMEM */
static apr_status_t hop(sending_t *sending, trail_t *trail, int *goes_on)
{
    civ_http_transfer_t transfer = {0};
    apr_status_t status;

    transfer.http = sending->http;
    transfer.request = sending->request;
    transfer.url = &trail->url;
    transfer.has_credentials = trail->has_credentials;
    transfer.body_most =
        sending->request->body_most > 0 ? sending->request->body_most : sending->http->policy.body_most;
    transfer.pool = sending->pool;
    transfer.until = end_of_patience(sending);
    *goes_on = 0;
    status = civ_http_transfer(&transfer);
    sending->answer->url = trail->url.text;
    sending->answer->received += transfer.received;
    if (status == CIV_EINVALID) {
        conclude(sending, CIV_HTTP_REFUSED, apr_psprintf(sending->pool, "the URL %s", transfer.fault));
        sending->is_final = 1;
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS)
        return status;
    if (transfer.is_too_large || transfer.fault != NULL) {
        describe_fault(sending, &transfer);
        return APR_SUCCESS;
    }
    take_fields(sending, &transfer);
    take_body(sending, &transfer);
    take_rate(sending, trail);
    *goes_on = follow(sending, trail);
    if (!*goes_on && !sending->is_final)
        classify(sending, trail);
    return APR_SUCCESS;
}

static apr_status_t try_once(sending_t *sending, const civ_url_t *url)
{
    trail_t trail = {*url, 0, civ_http_is_trusted(sending->http, url), 1};
    apr_status_t status = APR_SUCCESS;
    int goes_on = 1;

    sending->answer->tries++;
    sending->is_final = 0;
    while (status == APR_SUCCESS && goes_on)
        status = hop(sending, &trail, &goes_on);
    return status;
}

/* --- all tries --- */

/* What to do after a try: 0 to stop, else to try again, all waits being over. */
static apr_status_t prepare_again(sending_t *sending, int *again)
{
    const civ_http_policy_t *policy = &sending->http->policy;
    civ_http_answer_t *answer = sending->answer;
    unsigned tries = sending->request->tries > 0 ? sending->request->tries : policy->tries;
    apr_int64_t end = end_of_patience(sending);
    apr_int64_t wait;

    *again = 0;
    if (sending->is_final)
        return APR_SUCCESS;
    if (answer->class == CIV_HTTP_THROTTLED) {
        /* The wait itself is the limiter's, which holds us back at the next turn. */
        *again =
            ++sending->throttles <= policy->throttle_waits && has_patience(sending, sending->decision.wait);
        if (!*again)
            put_off(sending, sending->decision.wait);
        return APR_SUCCESS;
    }
    if (!civ_http_is_transient(answer) || !civ_http_may_repeat(sending->request) ||
        answer->tries - sending->throttles >= tries)
        return APR_SUCCESS;
    wait = answer->rate.retry_after != CIV_RATE_UNKNOWN
               ? answer->rate.retry_after
               : civ_rate_backoff(answer->tries - sending->throttles, &policy->pace, sending->http->clock);
    if (!has_patience(sending, wait) || (end > 0 && civ_clock_steady(sending->http->clock) + wait >= end))
        return APR_SUCCESS;
    *again = 1;
    sending->http->counts.retries++;
    return pause_for(sending, CIV_HTTP_WAIT_RETRY, wait);
}

/* The URL to begin with: below the base, or one of also. */
static apr_status_t find_start(sending_t *sending, civ_url_t *url)
{
    const civ_http_t *http = sending->http;
    const char *text = sending->request->url;
    const char *reason = "is missing";
    const char *base = http->bases[0].text;
    apr_size_t length = strlen(base);

    while (length > 0 && base[length - 1] == '/')
        length--;
    if (text != NULL && text[0] == '/')
        text = apr_pstrcat(sending->pool, apr_pstrmemdup(sending->pool, base, length), text, NULL);
    if (text == NULL || civ_url_parse(url, text, &reason, sending->pool) != APR_SUCCESS ||
        (!civ_http_is_trusted(http, url) && !sending->request->is_download)) {
        if (text != NULL && url->host != NULL)
            reason = "is outside of the base URL, where the credentials must not go";
        conclude(sending, CIV_HTTP_REFUSED, apr_psprintf(sending->pool, "the URL %s", reason));
        return CIV_EINVALID;
    }
    return APR_SUCCESS;
}

apr_status_t civ_http_send(civ_http_t *http, const civ_http_request_t *request, civ_http_answer_t *answer,
                           apr_pool_t *pool)
{
    sending_t sending = {0};
    apr_status_t status = APR_SUCCESS;
    civ_url_t url = {0};
    int again = 1;

    memset(answer, 0, sizeof(*answer));
    answer->body = "";
    answer->rate.limit = answer->rate.remaining = answer->rate.reset = answer->rate.retry_after =
        CIV_RATE_UNKNOWN;
    sending.http = http;
    sending.request = request;
    sending.answer = answer;
    sending.pool = pool;
    sending.begin = civ_clock_steady(http->clock);
    sending.account = http->account;
    sending.account.is_for_human = request->is_for_human;
    if (find_start(&sending, &url) != APR_SUCCESS)
        return APR_SUCCESS;
    answer->url = url.text;
    while (status == APR_SUCCESS && again) {
        status = take_turn(&sending);
        if (status == CIV_EBUSY)
            return APR_SUCCESS;
        if (status == APR_SUCCESS)
            status = try_once(&sending, &url);
        if (status == APR_SUCCESS)
            status = prepare_again(&sending, &again);
    }
    civ_log_write(http->log, CIV_LOG_DEBUG, status, "CIV0702: %s: status %d, %s, try %u",
                  sending.account.host, answer->status, civ_http_class_name(answer->class), answer->tries);
    return status;
}
