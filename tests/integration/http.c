/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "integration/http.h"

#include "base/buffer.h"
#include "support/runner.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <curl/curl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_SECONDS 120L

struct http_client_t {
    CURL *curl;
    char *url;
    apr_pool_t *answers; /**< emptied by http_forget() */
};

struct http_raw_t {
    int descriptor; /**< -1 when closed */
    apr_pool_t *pool;
};

static const civ_json_limits_t answer_limits = {64 * 1024 * 1024, 128, 5000000, 4096};

/* -- Answers
 * ------------------------------------------------------------------------------------------------------ */

static http_response_t *new_response(apr_pool_t *pool)
{
    http_response_t *response = apr_pcalloc(pool, sizeof(*response));

    response->headers = apr_table_make(pool, 16);
    response->body = "";
    return response;
}

static int is_json_type(const char *type)
{
    const char *end = type ? strpbrk(type, "; ") : NULL;
    apr_size_t length = end ? (apr_size_t)(end - type) : type ? strlen(type) : 0;

    return (length == 16 && strncasecmp(type, "application/json", 16) == 0) ||
           (length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}

/* A server that sends broken JSON must be seen: json stays NULL, and the reason is noted. */
static void parse_body(http_response_t *response, apr_pool_t *pool)
{
    civ_problem_t problem = {CIV_PROBLEM_NONE, NULL, NULL, NULL, 0};

    if (response->length && is_json_type(http_header(response, "Content-Type")) &&
        !http_header(response, "Content-Encoding") &&
        civ_json_parse(&response->json, response->body, response->length, &answer_limits, &problem, pool)) {
        response->json = NULL;
        response->error = apr_pstrcat(pool, "the answer is no good JSON: ", problem.detail, NULL);
    }
}

/* "Name: value" as it came, without its line end. Status lines and the empty line at the end are no fields.
 */
static void add_field(http_response_t *response, const char *line, apr_size_t length)
{
    apr_pool_t *pool = apr_table_elts(response->headers)->pool;
    const char *colon = memchr(line, ':', length);
    const char *end = line + length;
    const char *value;

    if (!colon || strncmp(line, "HTTP/", 5) == 0) {
        return;
    }
    for (value = colon + 1; value < end && apr_isspace(*value); value++) {
    }
    while (end > value && apr_isspace(end[-1])) {
        end--;
    }
    apr_table_mergen(response->headers, apr_pstrmemdup(pool, line, (apr_size_t)(colon - line)),
                     apr_pstrmemdup(pool, value, (apr_size_t)(end - value)));
}

const char *http_header(const http_response_t *response, const char *name)
{
    return apr_table_get(response->headers, name);
}

/* -- The client over libcurl
 * -------------------------------------------------------------------------------------- */

/* libcurl itself must be set up once, before there are threads that use it. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    atexit(curl_global_cleanup);
}

static apr_status_t close_client(void *data)
{
    http_client_t *client = data;

    curl_easy_cleanup(client->curl);
    return APR_SUCCESS;
}

http_client_t *http_client(const char *url, apr_pool_t *pool)
{
    http_client_t *client = apr_pcalloc(pool, sizeof(*client));

    pthread_once(&curl_once, start_curl);
    client->url = apr_pstrdup(pool, url);
    client->curl = curl_easy_init();
    apr_pool_create(&client->answers, pool);
    apr_pool_cleanup_register(pool, client, close_client, apr_pool_cleanup_null);
    return client;
}

void http_forget(http_client_t *client)
{
    apr_pool_clear(client->answers);
}

static size_t take_header(char *line, size_t size, size_t count, void *baton)
{
    http_response_t *response = baton;

    /* A 100 Continue comes before the answer proper. */
    if (size * count > 5 && strncmp(line, "HTTP/", 5) == 0) {
        apr_table_clear(response->headers);
    }
    add_field(response, line, size * count);
    return size * count;
}

static size_t take_body(char *data, size_t size, size_t count, void *baton)
{
    civ_buffer_append(baton, data, size * count);
    return size * count;
}

static struct curl_slist *header_list(const char *const *headers)
{
    struct curl_slist *list = NULL;

    for (; headers && *headers; headers++) {
        list = curl_slist_append(list, *headers);
    }
    return list;
}

static void set_method(CURL *curl, const char *method, const char *body, apr_size_t length)
{
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    } else if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static void set_common(CURL *curl, const char *url, http_response_t *response, civ_buffer_t *body)
{
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, REQUEST_SECONDS);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, response);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

http_response_t *http_send(http_client_t *client, const char *method, const char *path,
                           const char *const *headers, const char *body, apr_size_t length)
{
    apr_pool_t *pool = client->answers;
    http_response_t *response = new_response(pool);
    struct curl_slist *list = header_list(headers);
    civ_buffer_t buffer;
    CURLcode code;
    long status = 0;

    civ_buffer_init(&buffer, 1024, pool);
    set_common(client->curl, apr_pstrcat(pool, client->url, path, NULL), response, &buffer);
    set_method(client->curl, method, body, length);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, list);
    code = curl_easy_perform(client->curl);
    curl_slist_free_all(list);
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(client->curl, CURLINFO_TOTAL_TIME, &response->seconds);
    response->body = buffer.data;
    response->length = buffer.length;
    if (code != CURLE_OK) {
        response->error = curl_easy_strerror(code);
        return response;
    }
    response->status = (int)status;
    parse_body(response, pool);
    return response;
}

http_response_t *http_get(http_client_t *client, const char *path)
{
    return http_send(client, "GET", path, NULL, NULL, 0);
}

http_response_t *http_post(http_client_t *client, const char *path, const char *json)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};

    return http_send(client, "POST", path, headers, json, strlen(json));
}

/* -- Looking into JSON
 * -------------------------------------------------------------------------------------------- */

/* One reference token, unescaped (RFC 6901, section 4), into a buffer. */
static void read_token(const char *from, apr_size_t length, char *to, apr_size_t size)
{
    apr_size_t i;
    apr_size_t used = 0;

    for (i = 0; i < length && used + 1 < size; i++) {
        char byte = from[i];

        if (byte == '~' && i + 1 < length) {
            byte = from[++i] == '1' ? '/' : '~';
        }
        to[used++] = byte;
    }
    to[used] = '\0';
}

static const civ_json_t *step_into(const civ_json_t *value, const char *token)
{
    char *end;
    unsigned long index;

    if (value->type != CIV_JSON_ARRAY) {
        return civ_json_get(value, token);
    }
    index = strtoul(token, &end, 10);
    return *end == '\0' && end != token && index < value->as.array.count ? &value->as.array.items[index]
                                                                         : NULL;
}

const civ_json_t *http_json(const http_response_t *response, const char *pointer)
{
    const civ_json_t *value = response->json;
    char token[1024];

    while (value && *pointer == '/') {
        apr_size_t length = strcspn(++pointer, "/");

        read_token(pointer, length, token, sizeof(token));
        value = step_into(value, token);
        pointer += length;
    }
    return value;
}

const char *http_json_text(const http_response_t *response, const char *pointer)
{
    const civ_json_t *value = http_json(response, pointer);

    return value && value->type == CIV_JSON_STRING ? value->as.text.text : "(absent)";
}

apr_int64_t http_json_int(const http_response_t *response, const char *pointer)
{
    const civ_json_t *value = http_json(response, pointer);
    apr_int64_t number;

    if (!value || value->type != CIV_JSON_NUMBER || civ_json_to_int64(value, &number)) {
        return APR_INT64_MIN;
    }
    return number;
}

int http_json_bool(const http_response_t *response, const char *pointer)
{
    const civ_json_t *value = http_json(response, pointer);

    return value && value->type == CIV_JSON_BOOLEAN ? value->as.boolean != 0 : -1;
}

int http_json_count(const http_response_t *response, const char *pointer)
{
    const civ_json_t *value = http_json(response, pointer);

    if (value && value->type == CIV_JSON_ARRAY) {
        return (int)value->as.array.count;
    }
    return value && value->type == CIV_JSON_OBJECT ? (int)value->as.object.count : -1;
}

int http_is_problem(const http_response_t *response, int status)
{
    const char *type = http_header(response, "Content-Type");
    const char *detail = http_json_text(response, "/detail");

    if (response->status == status && type && strncmp(type, "application/problem+json", 24) == 0 &&
        http_json_int(response, "/status") == status && http_json_bool(response, "/success") == 0 &&
        strcmp(detail, "(absent)") != 0 && strcmp(detail, http_json_text(response, "/error")) == 0 &&
        strcmp(http_json_text(response, "/type"), "(absent)") != 0 &&
        strcmp(http_json_text(response, "/title"), "(absent)") != 0) {
        return 1;
    }
    test_note("no proper problem with status %d: got %d, %s, %s", status, response->status,
              type ? type : "no type", response->error ? response->error : response->body);
    return 0;
}

/* -- The raw connection
 * ------------------------------------------------------------------------------------------- */

static apr_status_t close_raw(void *data)
{
    http_raw_close(data, 0);
    return APR_SUCCESS;
}

http_raw_t *http_raw_connect(int port, apr_pool_t *pool)
{
    http_raw_t *raw = apr_pcalloc(pool, sizeof(*raw));
    struct sockaddr_in address;
    int on = 1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    raw->pool = pool;
    raw->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    apr_pool_cleanup_register(pool, raw, close_raw, apr_pool_cleanup_null);
    if (raw->descriptor < 0 || connect(raw->descriptor, (struct sockaddr *)&address, sizeof(address))) {
        return NULL;
    }
    /* What a case sends in pieces shall arrive in pieces. */
    setsockopt(raw->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return raw;
}

int http_raw_send(http_raw_t *raw, const void *data, apr_size_t length)
{
    const char *next = data;

    while (length > 0) {
        ssize_t count = send(raw->descriptor, next, length, MSG_NOSIGNAL);

        if (count < 0 && errno != EINTR) {
            return -1;
        }
        if (count > 0) {
            next += count;
            length -= (apr_size_t)count;
        }
    }
    return 0;
}

int http_raw_text(http_raw_t *raw, const char *text)
{
    return http_raw_send(raw, text, strlen(text));
}

int http_raw_chunk(http_raw_t *raw, const void *data, apr_size_t length)
{
    char head[32];

    apr_snprintf(head, sizeof(head), "%" APR_UINT64_T_HEX_FMT "\r\n", (apr_uint64_t)length);
    return http_raw_text(raw, head) || http_raw_send(raw, data, length) || http_raw_text(raw, "\r\n") ? -1
                                                                                                      : 0;
}

void http_raw_half_close(http_raw_t *raw)
{
    shutdown(raw->descriptor, SHUT_WR);
}

void http_raw_close(http_raw_t *raw, int reset)
{
    struct linger abruptly = {1, 0};

    if (raw->descriptor < 0) {
        return;
    }
    if (reset) {
        setsockopt(raw->descriptor, SOL_SOCKET, SO_LINGER, &abruptly, sizeof(abruptly));
    }
    close(raw->descriptor);
    raw->descriptor = -1;
}

/* Add what comes next. Returns 0 at the end of the stream, after an error or when the time is over. */
static int read_more(http_raw_t *raw, civ_buffer_t *buffer, apr_time_t deadline)
{
    char piece[16384];
    apr_interval_time_t left = deadline - apr_time_now();
    struct pollfd wanted = {raw->descriptor, POLLIN, 0};
    ssize_t count;

    if (left <= 0 || poll(&wanted, 1, (int)(left / 1000) + 1) <= 0) {
        return 0;
    }
    count = recv(raw->descriptor, piece, sizeof(piece), 0);
    if (count <= 0) {
        return 0;
    }
    civ_buffer_append(buffer, piece, (apr_size_t)count);
    return 1;
}

/* Takes a chunked body apart. Returns 0 while it is incomplete. */
static int join_chunks(const char *from, civ_buffer_t *body)
{
    civ_buffer_init(body, 1024, body->pool);
    for (;;) {
        char *line_end = strstr(from, "\r\n");
        char *digits_end;
        unsigned long length = strtoul(from, &digits_end, 16);

        if (!line_end || digits_end == from) {
            return 0;
        }
        if (length == 0) {
            return strstr(line_end, "\r\n\r\n") != NULL;
        }
        if (strlen(line_end) < length + 4) {
            return 0;
        }
        civ_buffer_append(body, line_end + 2, length);
        from = line_end + 2 + length + 2;
    }
}

static void read_head(http_response_t *response, const char *head, const char *end)
{
    const char *line = head;

    response->status = (int)strtol(head + strcspn(head, " "), NULL, 10);
    while (line < end) {
        const char *line_end = strstr(line, "\r\n");

        add_field(response, line, (apr_size_t)(line_end - line));
        line = line_end + 2;
    }
}

/* Whether the body is there as a whole; it is set as far as it is. */
static int read_body(http_response_t *response, const char *start, apr_size_t available, apr_pool_t *pool)
{
    const char *length = http_header(response, "Content-Length");
    const char *coding = http_header(response, "Transfer-Encoding");
    civ_buffer_t joined = {NULL, 0, 0, pool};
    int complete = 0;

    response->body = start;
    response->length = available;
    if (response->status < 200 || response->status == 204 || response->status == 304) {
        response->length = 0;
        complete = 1;
    } else if (coding) {
        complete = join_chunks(start, &joined);
        response->body = joined.data;
        response->length = joined.length;
    } else if (length) {
        complete = available >= strtoul(length, NULL, 10);
    }
    return complete;
}

http_response_t *http_raw_answer(http_raw_t *raw, double seconds)
{
    apr_time_t start = apr_time_now();
    apr_time_t deadline = start + (apr_time_t)(seconds * APR_USEC_PER_SEC);
    http_response_t *response = new_response(raw->pool);
    const char *head_end = NULL;
    civ_buffer_t all;
    int more = 1;

    civ_buffer_init(&all, 4096, raw->pool);
    while (more && !(head_end = strstr(all.data, "\r\n\r\n"))) {
        more = read_more(raw, &all, deadline);
    }
    if (!head_end) {
        response->error = "no complete answer came";
        return response;
    }
    read_head(response, all.data, head_end);
    do {
        const char *body = strstr(all.data, "\r\n\r\n") + 4;

        if (read_body(response, body, all.length - (apr_size_t)(body - all.data), raw->pool)) {
            break;
        }
    } while (read_more(raw, &all, deadline));
    response->seconds = (double)(apr_time_now() - start) / APR_USEC_PER_SEC;
    parse_body(response, raw->pool);
    return response;
}
