/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/mock_platform.h"

#include "support/runner.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROWS_MOST     512
#define REQUESTS_MOST 4096
#define HEAD_MOST     65536
#define LINKS_MOST    512

struct mock_platform_t {
    const mock_answer_t *answers;
    unsigned used[ROWS_MOST];
    char *requests[REQUESTS_MOST];
    int request_count;
    int held_from;         /* -1: nothing is */
    int links[LINKS_MOST]; /* descriptors; -1: closed */
    pthread_t threads[LINKS_MOST];
    int link_count;
    int listener;
    int port;
    int other_port;
    pthread_t acceptor;
    pthread_mutex_t mutex;
    SSL_CTX *tls;
};

typedef struct link_t {
    mock_platform_t *mock;
    int index;
    int descriptor;
    SSL *tls;
    char head[HEAD_MOST];
    size_t length;
} link_t;

/* --- bytes --- */

static int send_all(link_t *link, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = link->tls != NULL ? SSL_write(link->tls, data, (int)length)
                                         : send(link->descriptor, data, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return -1;
        data += sent;
        length -= (size_t)sent;
    }
    return 0;
}

static ssize_t receive(link_t *link, char *data, size_t size)
{
    return link->tls != NULL ? SSL_read(link->tls, data, (int)size) : recv(link->descriptor, data, size, 0);
}

static size_t content_length(const char *head)
{
    const char *at = head;

    while ((at = strstr(at, "\r\n")) != NULL) {
        at += 2;
        if (strncasecmp(at, "Content-Length:", 15) == 0)
            return (size_t)strtoul(at + 15, NULL, 10);
    }
    return 0;
}

/* A whole request, with its content, to the beginning of link->head. @return 0 when there is none any more */
static int read_request(link_t *link)
{
    size_t wanted = 0;

    link->length = 0;
    for (;;) {
        char *end;
        ssize_t got;

        link->head[link->length] = '\0';
        end = strstr(link->head, "\r\n\r\n");
        if (end != NULL)
            wanted = (size_t)(end + 4 - link->head) + content_length(link->head);
        if (end != NULL && link->length >= wanted)
            return 1;
        if (link->length + 1 >= HEAD_MOST)
            return 0;
        got = receive(link, link->head + link->length, HEAD_MOST - 1 - link->length);
        if (got <= 0)
            return 0;
        link->length += (size_t)got;
    }
}

/* --- choosing a row --- */

/* How a row fits: 3 its own, 2 as a beginning, 1 as one for all, 0 not. */
static int fits(const mock_answer_t *row, const char *target)
{
    size_t length;

    if (row->target == NULL)
        return 1;
    if (strcmp(row->target, target) == 0)
        return 3;
    length = strlen(row->target);
    return length > 0 && row->target[length - 1] == '*' && strncmp(row->target, target, length - 1) == 0 ? 2
                                                                                                         : 0;
}

static const mock_answer_t *choose_among(mock_platform_t *mock, const char *target, int fit)
{
    const mock_answer_t *last = NULL;
    int i;

    for (i = 0; mock->answers[i].status != 0; i++) {
        const mock_answer_t *row = &mock->answers[i];

        if (fits(row, target) != fit)
            continue;
        last = row;
        if (mock->used[i] < (row->times > 0 ? row->times : 1)) {
            mock->used[i]++;
            return row;
        }
    }
    return last;
}

static const mock_answer_t *choose(mock_platform_t *mock, const char *head)
{
    const char *at = strchr(head, ' ');
    const mock_answer_t *row = NULL;
    char target[8192];
    int fit;

    if (at == NULL)
        return NULL;
    snprintf(target, sizeof(target), "%.*s", (int)strcspn(at + 1, " "), at + 1);
    for (fit = 3; fit > 0 && row == NULL; fit--)
        row = choose_among(mock, target, fit);
    return row;
}

/* Whether this request is not to be answered yet. */
static int is_held(link_t *link, int index)
{
    mock_platform_t *mock = link->mock;
    char byte;
    int held;

    pthread_mutex_lock(&mock->mutex);
    held = mock->held_from >= 0 && index >= mock->held_from;
    pthread_mutex_unlock(&mock->mutex);
    return held && recv(link->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static const mock_answer_t *record(link_t *link)
{
    mock_platform_t *mock = link->mock;
    const mock_answer_t *row;
    int index;

    pthread_mutex_lock(&mock->mutex);
    index = mock->request_count;
    if (index < REQUESTS_MOST)
        mock->requests[mock->request_count++] = strdup(link->head);
    pthread_mutex_unlock(&mock->mutex);
    while (is_held(link, index))
        usleep(2000);
    pthread_mutex_lock(&mock->mutex);
    row = choose(mock, link->head);
    pthread_mutex_unlock(&mock->mutex);
    return row;
}

/* --- answering --- */

/* A text with what stands for a server put in. @return its length */
static size_t put_servers(char *out, size_t size, const mock_platform_t *mock, const char *text,
                          size_t length)
{
    const char *end = text + length;
    size_t used = 0;

    while (text < end && used + 32 < size) {
        int is_self = strncmp(text, "{self}", 6) == 0;
        int is_other = strncmp(text, "{other}", 7) == 0;

        if (is_self || is_other) {
            used += (size_t)snprintf(out + used, size - used, "127.0.0.1:%d",
                                     is_self ? mock->port : mock->other_port);
            text += is_self ? 6 : 7;
        } else {
            out[used++] = *text++;
        }
    }
    out[used] = '\0';
    return used;
}

/* The body, in memory of its own where it names a server. */
static char *put_body(const mock_platform_t *mock, const char *body, size_t *length)
{
    size_t size = *length * 4 + 64;
    char *own;

    if (memmem(body, *length, "{self}", 6) == NULL && memmem(body, *length, "{other}", 7) == NULL)
        return NULL;
    own = malloc(size);
    if (own != NULL)
        *length = put_servers(own, size, mock, body, *length);
    return own;
}

static int send_chunks(link_t *link, const char *body, size_t length, int is_whole)
{
    char size[32];

    snprintf(size, sizeof(size), "%zx\r\n", length);
    if (length > 0 &&
        (send_all(link, size, strlen(size)) || send_all(link, body, length) || send_all(link, "\r\n", 2)))
        return -1;
    return is_whole ? send_all(link, "0\r\n\r\n", 5) : -1;
}

/* Whether the client has what it would get. */
static int is_known(const char *head, const char *headers)
{
    const char *etag = headers != NULL ? strstr(headers, "ETag: ") : NULL;
    const char *known = strcasestr(head, "\r\nIf-None-Match: ");
    size_t length;

    if (etag == NULL || known == NULL)
        return 0;
    length = strcspn(etag + 6, "\r");
    return strncmp(etag + 6, known + 17, length) == 0 && known[17 + length] == '\r';
}

/* @return non-zero when the connection has come to its end */
static int send_answer_with(link_t *link, const mock_answer_t *row, const char *body, size_t length)
{
    int status = row->status == 200 && is_known(link->head, row->headers) ? 304 : row->status;
    const char *lines = row->headers != NULL ? row->headers : "Content-Type: application/json\r\n";
    int is_chunked = row->manner == MOCK_CHUNKED || row->manner == MOCK_HALF_CHUNK;
    char headers[65536];
    char head[66000];
    char framing[64];

    put_servers(headers, sizeof(headers), link->mock, lines, strlen(lines));
    if (is_chunked)
        snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n");
    else
        snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n",
                 row->manner == MOCK_TRUNCATED ? length + 100
                 : row->manner == MOCK_DRIP    ? (size_t)1 << 40
                                               : length);
    if (status == 204 || status == 304)
        framing[0] = '\0';
    snprintf(head, sizeof(head), "HTTP/1.1 %d Mock\r\n%s%s\r\n", status, headers, framing);
    if (send_all(link, head, strlen(head)))
        return -1;
    if (status == 304)
        return 0;
    if (is_chunked)
        return send_chunks(link, body, length, row->manner == MOCK_CHUNKED);
    while (row->manner == MOCK_DRIP) {
        if (send_all(link, length > 0 ? body : "x", 1))
            return -1;
        usleep(2000);
    }
    return send_all(link, body, length) || row->manner == MOCK_TRUNCATED;
}

/* The same. */
static int send_answer(link_t *link, const mock_answer_t *row)
{
    const char *body = row->body != NULL ? row->body : "";
    size_t length = row->length > 0 ? row->length : strlen(body);
    char *own = put_body(link->mock, body, &length);
    int is_over = send_answer_with(link, row, own != NULL ? own : body, length);

    free(own);
    return is_over;
}

static int answer(link_t *link)
{
    static const mock_answer_t none = {NULL, 404, NULL, "{\"message\":\"no row for it\"}", 0, MOCK_PLAIN, 0};
    const mock_answer_t *row = record(link);
    struct linger reset = {1, 0};
    char byte;

    if (row == NULL)
        row = &none;
    switch (row->manner) {
    case MOCK_RESET:
        setsockopt(link->descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        return -1;
    case MOCK_CLOSE:
        return -1;
    case MOCK_SILENT:
        while (receive(link, &byte, 1) > 0)
            continue;
        return -1;
    default:
        return send_answer(link, row);
    }
}

static void *serve(void *baton)
{
    link_t *link = baton;
    mock_platform_t *mock = link->mock;
    sigset_t signals;

    /* OpenSSL writes to clients that have gone. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (mock->tls != NULL) {
        link->tls = SSL_new(mock->tls);
        SSL_set_fd(link->tls, link->descriptor);
    }
    if (link->tls == NULL || SSL_accept(link->tls) == 1) {
        while (read_request(link) && answer(link) == 0)
            continue;
    }
    SSL_free(link->tls);
    pthread_mutex_lock(&mock->mutex);
    mock->links[link->index] = -1;
    close(link->descriptor);
    pthread_mutex_unlock(&mock->mutex);
    free(link);
    return NULL;
}

static void *take_clients(void *baton)
{
    mock_platform_t *mock = baton;
    int client;

    while ((client = accept(mock->listener, NULL, NULL)) >= 0) {
        link_t *link = calloc(1, sizeof(*link));
        int is_started = 0;

        pthread_mutex_lock(&mock->mutex);
        if (link != NULL && mock->link_count < LINKS_MOST) {
            int one = 1;

            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            link->mock = mock;
            link->index = mock->link_count;
            link->descriptor = client;
            mock->links[link->index] = client;
            is_started = pthread_create(&mock->threads[link->index], NULL, serve, link) == 0;
            mock->link_count += is_started;
        }
        pthread_mutex_unlock(&mock->mutex);
        if (!is_started) {
            close(client);
            free(link);
        }
    }
    return NULL;
}

/* --- starting and stopping --- */

static mock_platform_t *start(const mock_answer_t *answers, SSL_CTX *tls)
{
    mock_platform_t *mock = calloc(1, sizeof(*mock));
    struct sockaddr_in address;
    socklen_t length = sizeof(address);

    CU_ASSERT_FATAL(mock != NULL);
    mock->answers = answers;
    mock->held_from = -1;
    mock->tls = tls;
    pthread_mutex_init(&mock->mutex, NULL);
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    mock->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(mock->listener >= 0 &&
                    bind(mock->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                    listen(mock->listener, 64) == 0 &&
                    getsockname(mock->listener, (struct sockaddr *)&address, &length) == 0);
    mock->port = ntohs(address.sin_port);
    CU_ASSERT_FATAL(pthread_create(&mock->acceptor, NULL, take_clients, mock) == 0);
    return mock;
}

mock_platform_t *mock_platform_start(const mock_answer_t *answers)
{
    return start(answers, NULL);
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_EXTENSION *names;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"mock", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

mock_platform_t *mock_platform_start_tls(const mock_answer_t *answers, const char *ca_file)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    EVP_PKEY *key = NULL;
    X509 *certificate;
    FILE *file = fopen(ca_file, "w");

    CU_ASSERT_FATAL(tls != NULL && file != NULL && EVP_PKEY_keygen_init(maker) == 1 &&
                    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker, NID_X9_62_prime256v1) == 1 &&
                    EVP_PKEY_keygen(maker, &key) == 1);
    certificate = make_certificate(key);
    CU_ASSERT_FATAL(SSL_CTX_use_certificate(tls, certificate) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1 &&
                    PEM_write_X509(file, certificate) == 1);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(maker);
    return start(answers, tls);
}

void mock_platform_set_answers(mock_platform_t *mock, const mock_answer_t *answers)
{
    pthread_mutex_lock(&mock->mutex);
    mock->answers = answers;
    memset(mock->used, 0, sizeof(mock->used));
    pthread_mutex_unlock(&mock->mutex);
}

void mock_platform_hold(mock_platform_t *mock, int index)
{
    pthread_mutex_lock(&mock->mutex);
    mock->held_from = index;
    pthread_mutex_unlock(&mock->mutex);
}

void mock_platform_set_other(mock_platform_t *mock, const mock_platform_t *other)
{
    mock->other_port = other->port;
}

/* Freed with the test, so that what was recorded can be read until then. */
static apr_status_t forget(void *baton)
{
    mock_platform_t *mock = baton;
    int i;

    for (i = 0; i < mock->request_count; i++)
        free(mock->requests[i]);
    pthread_mutex_destroy(&mock->mutex);
    SSL_CTX_free(mock->tls);
    free(mock);
    return APR_SUCCESS;
}

void mock_platform_stop(mock_platform_t *mock)
{
    int i;

    shutdown(mock->listener, SHUT_RDWR);
    pthread_join(mock->acceptor, NULL);
    close(mock->listener);
    pthread_mutex_lock(&mock->mutex);
    for (i = 0; i < mock->link_count; i++) {
        if (mock->links[i] >= 0)
            shutdown(mock->links[i], SHUT_RDWR);
    }
    pthread_mutex_unlock(&mock->mutex);
    for (i = 0; i < mock->link_count; i++)
        pthread_join(mock->threads[i], NULL);
    apr_pool_cleanup_register(test_pool(), mock, forget, apr_pool_cleanup_null);
}

/* --- what came --- */

int mock_platform_port(const mock_platform_t *mock)
{
    return mock->port;
}

const char *mock_platform_url(const mock_platform_t *mock)
{
    return apr_psprintf(test_pool(), "%s://127.0.0.1:%d", mock->tls != NULL ? "https" : "http", mock->port);
}

int mock_platform_count(mock_platform_t *mock)
{
    int count;

    pthread_mutex_lock(&mock->mutex);
    count = mock->request_count;
    pthread_mutex_unlock(&mock->mutex);
    return count;
}

const char *mock_platform_request(mock_platform_t *mock, int index)
{
    const char *request;

    pthread_mutex_lock(&mock->mutex);
    request = index < mock->request_count ? mock->requests[index] : NULL;
    pthread_mutex_unlock(&mock->mutex);
    return request;
}

int mock_platform_has_seen(mock_platform_t *mock, const char *text)
{
    int has_seen = 0;
    int i;

    pthread_mutex_lock(&mock->mutex);
    for (i = 0; i < mock->request_count; i++)
        has_seen |= strstr(mock->requests[i], text) != NULL;
    pthread_mutex_unlock(&mock->mutex);
    return has_seen;
}
