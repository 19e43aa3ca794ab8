/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The message by which a client asks for it: a letter, its length, a text. */
static const char commit[] = "Q\0\0\0\013COMMIT";
#define COMMIT_SIZE sizeof(commit) /* with the zero at the end */

typedef struct wire_t {
    proxy_t *proxy;
    int client;
    int server;
} wire_t;

static int open_socket(int port, int listens)
{
    struct sockaddr_in address;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor >= 0 &&
        (listens ? bind(descriptor, (struct sockaddr *)&address, sizeof(address)) || listen(descriptor, 64)
                 : connect(descriptor, (struct sockaddr *)&address, sizeof(address)))) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static int send_all(int descriptor, const char *data, ssize_t length)
{
    while (length > 0) {
        ssize_t sent = send(descriptor, data, (size_t)length, MSG_NOSIGNAL);

        if (sent <= 0) {
            return -1;
        }
        data += sent;
        length -= sent;
    }
    return 0;
}

/* @return -1: the wire is cut */
static int treat_commit(const wire_t *wire, const char *data, ssize_t length)
{
    proxy_t *proxy = wire->proxy;
    apr_uint32_t cut = PROXY_PASS;
    char answer[512];

    if (memmem(data, (size_t)length, commit, COMMIT_SIZE)) {
        cut = apr_atomic_xchg32(&proxy->cut, PROXY_PASS);
    }
    if (cut != PROXY_CUT_BEFORE && send_all(wire->server, data, length)) {
        return -1;
    }
    if (cut == PROXY_CUT_AFTER && recv(wire->server, answer, sizeof(answer), 0) <= 0) {
        return -1;
    }
    if (cut != PROXY_PASS) {
        shutdown(wire->server, SHUT_RDWR);
        if (proxy->on_cut) {
            proxy->on_cut(proxy->baton);
        }
        apr_atomic_inc32(&proxy->cuts);
        return -1;
    }
    return 0;
}

static void *carry(void *baton)
{
    wire_t *wire = baton;
    struct pollfd ends[2] = {{wire->client, POLLIN, 0}, {wire->server, POLLIN, 0}};
    char data[65536];
    int broken = 0;

    while (!broken && poll(ends, 2, -1) > 0) {
        ssize_t length = 0;

        if (ends[1].revents) {
            length = recv(wire->server, data, sizeof(data), 0);
            broken = length <= 0 || send_all(wire->client, data, length);
        }
        if (!broken && ends[0].revents) {
            length = recv(wire->client, data, sizeof(data), 0);
            broken = length <= 0 || treat_commit(wire, data, length);
        }
    }
    close(wire->client);
    close(wire->server);
    free(wire);
    return NULL;
}

static void *take_clients(void *baton)
{
    proxy_t *proxy = baton;
    int client;

    while ((client = accept(proxy->listener, NULL, NULL)) >= 0) {
        wire_t *wire = malloc(sizeof(*wire));
        pthread_t thread;

        *wire = (wire_t){proxy, client, open_socket(proxy->target, 0)};
        if (wire->server < 0 || pthread_create(&thread, NULL, carry, wire) != 0) {
            close(client);
            free(wire);
            continue;
        }
        pthread_detach(thread);
    }
    return NULL;
}

proxy_t *proxy_start(int target)
{
    proxy_t *proxy = calloc(1, sizeof(*proxy));
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    pthread_t thread;

    proxy->target = target;
    proxy->listener = open_socket(0, 1);
    if (proxy->listener < 0 || getsockname(proxy->listener, (struct sockaddr *)&address, &length) ||
        pthread_create(&thread, NULL, take_clients, proxy) != 0) {
        return NULL;
    }
    pthread_detach(thread);
    proxy->port = ntohs(address.sin_port);
    return proxy;
}
