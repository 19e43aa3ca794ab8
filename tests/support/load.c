/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * A closed loop of keep-alive connections over epoll. It reads as little of an answer as it must: status, length and
 * whether the connection stays, and that many bytes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/load.h"

#define MAX_REQUEST 8192
#define MAX_HEAD    4096
#define MAX_SAMPLES 2000000
#define EVENTS      64
#define READ_SIZE   65536

/** What a chunked body ends with, and nothing in it can hold: JSON escapes carriage returns. */
#define LAST_CHUNK      "\r\n0\r\n\r\n"
#define LAST_CHUNK_SIZE 7

typedef struct connection_t {
    int socket;
    char head[MAX_HEAD];
    apr_size_t head_length;
    apr_size_t body_left; /**< bytes of the answer's body still to come */
    int in_body;
    int is_chunked;
    int is_last;                /**< the server closes the connection after this answer */
    char tail[LAST_CHUNK_SIZE]; /**< of what has come of a chunked answer */
    int status;
    double sent;
} connection_t;

typedef struct runner_t {
    const load_t *load;
    load_result_t *result;
    float *samples;
    unsigned long sample_count, number;
    int poll;
    char buffer[READ_SIZE];
} runner_t;

double load_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int connect_one(runner_t *runner, connection_t *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)runner->load->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0)
        return -1;
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return epoll_ctl(runner->poll, EPOLL_CTL_ADD, connection->socket, &event);
}

static int is_enough(const runner_t *runner)
{
    return runner->load->requests > 0 && runner->number >= runner->load->requests;
}

static int send_next(runner_t *runner, connection_t *connection)
{
    char request[MAX_REQUEST];
    apr_size_t length =
        runner->load->request(request, sizeof(request), runner->number++, runner->load->baton);

    connection->head_length = 0;
    connection->in_body = 0;
    connection->sent = load_clock();
    /* A request is smaller than any socket buffer, so one send takes it whole. */
    return send(connection->socket, request, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

static void finish_answer(runner_t *runner, const connection_t *connection)
{
    if (connection->status != runner->load->expected) {
        runner->result->failures++;
        return;
    }
    runner->result->answers++;
    if (runner->sample_count < MAX_SAMPLES)
        runner->samples[runner->sample_count++] = (float)((load_clock() - connection->sent) * 1000);
}

/** Find the end of the head in what has come, and what it says. @return bytes that belong to the body, or -1 */
static long read_head(connection_t *connection)
{
    char *end, *field;

    connection->head[connection->head_length] = '\0';
    end = strstr(connection->head, "\r\n\r\n");
    if (end == NULL)
        return -1;
    field = strcasestr(connection->head, "\r\nContent-Length:");
    connection->status = (int)strtol(connection->head + 9, NULL, 10);
    connection->body_left = field != NULL ? strtoul(field + 17, NULL, 10) : 0;
    connection->is_chunked = strcasestr(connection->head, "\r\nTransfer-Encoding: chunked") != NULL;
    connection->is_last = strcasestr(connection->head, "\r\nConnection: close") != NULL;
    connection->in_body = 1;
    return (long)(connection->head_length - (apr_size_t)(end + 4 - connection->head));
}

/** Keep the end of what has come. @return 1 when the last chunk ends there */
static int take_tail(connection_t *connection, const char *data, apr_size_t length)
{
    apr_size_t part = length < LAST_CHUNK_SIZE ? length : LAST_CHUNK_SIZE;

    memmove(connection->tail, connection->tail + part, LAST_CHUNK_SIZE - part);
    memcpy(connection->tail + LAST_CHUNK_SIZE - part, data + length - part, part);
    return memcmp(connection->tail, LAST_CHUNK, LAST_CHUNK_SIZE) == 0;
}

/** Take what has come. @return 1 when the answer is complete, 0 when more is to come, -1 on failure */
static int take(runner_t *runner, connection_t *connection)
{
    ssize_t got = recv(connection->socket, runner->buffer, sizeof(runner->buffer), 0);
    long body = got;
    int is_end;

    if (got <= 0)
        return -1;
    is_end = take_tail(connection, runner->buffer, (apr_size_t)got);
    if (!connection->in_body) {
        apr_size_t room = MAX_HEAD - 1 - connection->head_length;
        apr_size_t part = (apr_size_t)got < room ? (apr_size_t)got : room;

        memcpy(connection->head + connection->head_length, runner->buffer, part);
        connection->head_length += part;
        body = read_head(connection);
        if (body < 0)
            return room == 0 ? -1 : 0;
        body += got - (long)part;
    }
    if (connection->is_chunked)
        return is_end;
    connection->body_left -=
        (apr_size_t)body < connection->body_left ? (apr_size_t)body : connection->body_left;
    return connection->body_left == 0;
}

static void serve_event(runner_t *runner, connection_t *connection, int may_send)
{
    int done = take(runner, connection), is_last;

    if (done == 0)
        return;
    if (done > 0)
        finish_answer(runner, connection);
    else
        runner->result->failures++;
    is_last = done < 0 || connection->is_last;
    may_send = may_send && !is_enough(runner);
    if (is_last || !may_send || send_next(runner, connection) != 0) {
        close(connection->socket);
        connection->socket = -1;
        if (is_last && may_send && connect_one(runner, connection) == 0)
            send_next(runner, connection);
    }
}

static int open_connections(const connection_t *connections, int count)
{
    int i, open = 0;

    for (i = 0; i < count; i++)
        open += connections[i].socket >= 0;
    return open;
}

static int compare(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;

    return a < b ? -1 : a > b;
}

static void summarize(runner_t *runner, double seconds)
{
    load_result_t *result = runner->result;
    unsigned long count = runner->sample_count;

    result->seconds = seconds;
    result->rate = (double)result->answers / seconds;
    if (count == 0)
        return;
    qsort(runner->samples, count, sizeof(*runner->samples), compare);
    result->p50 = (double)runner->samples[count / 2];
    result->p99 = (double)runner->samples[count * 99 / 100];
    result->longest = (double)runner->samples[count - 1];
}

static void run_loop(runner_t *runner, connection_t *connections, double end)
{
    struct epoll_event events[EVENTS];
    int count = runner->load->connections, i;

    while (open_connections(connections, count) > 0) {
        double now = load_clock();
        int ready = epoll_wait(runner->poll, events, EVENTS, 1000);

        /* After the end, answers under way are still taken, for ten seconds at most. */
        if (now > end + 10 || (ready < 0 && errno != EINTR))
            break;
        for (i = 0; i < ready; i++)
            serve_event(runner, events[i].data.ptr, now < end);
    }
}

int load_run(const load_t *load, load_result_t *result, apr_pool_t *pool)
{
    runner_t *runner = calloc(1, sizeof(*runner));
    connection_t *connections = apr_pcalloc(pool, (apr_size_t)load->connections * sizeof(*connections));
    double began;
    int i, status = 0;

    memset(result, 0, sizeof(*result));
    if (runner == NULL)
        return -1;
    runner->load = load;
    runner->result = result;
    runner->samples = malloc(MAX_SAMPLES * sizeof(*runner->samples));
    runner->poll = epoll_create1(EPOLL_CLOEXEC);
    began = load_clock();
    for (i = 0; i < load->connections && status == 0; i++)
        if (connect_one(runner, &connections[i]) != 0 || send_next(runner, &connections[i]) != 0)
            status = -1;
    if (status == 0) {
        run_loop(runner, connections, began + load->seconds);
        summarize(runner, load_clock() - began);
    }
    for (i = 0; i < load->connections; i++)
        if (connections[i].socket > 0)
            close(connections[i].socket);
    close(runner->poll);
    free(runner->samples);
    free(runner);
    return status;
}
