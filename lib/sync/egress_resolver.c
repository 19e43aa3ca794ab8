/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file egress_resolver.c
 * The system's resolver, which nobody can interrupt: a look-up has a thread of its own, and memory that belongs to both until
 * the last of them is done with it.
 */
#include "sync/egress_private.h"

#include "base/status.h"
#include "sync/clock.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

typedef struct look_up_t {
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    int holders; /* who still has it: the caller and the thread */
    int is_finished;
    apr_status_t status;
    int count;
    civ_address_t addresses[CIV_EGRESS_ADDRESSES];
    char name[256];
} look_up_t;

static void let_go(look_up_t *look_up)
{
    int holders;

    pthread_mutex_lock(&look_up->mutex);
    holders = --look_up->holders;
    pthread_mutex_unlock(&look_up->mutex);
    if (holders == 0) {
        pthread_cond_destroy(&look_up->finished);
        pthread_mutex_destroy(&look_up->mutex);
        free(look_up);
    }
}

static void take(look_up_t *look_up, const struct sockaddr *found)
{
    civ_address_t address;

    memset(&address, 0, sizeof(address));
    if (found->sa_family == AF_INET) {
        memcpy(address.bytes, &((const struct sockaddr_in *)(const void *)found)->sin_addr, 4);
    } else if (found->sa_family == AF_INET6) {
        address.is_ipv6 = 1;
        memcpy(address.bytes, &((const struct sockaddr_in6 *)(const void *)found)->sin6_addr, 16);
    } else {
        return;
    }
    if (look_up->count < CIV_EGRESS_ADDRESSES)
        look_up->addresses[look_up->count] = address;
    look_up->count++;
}

static apr_status_t status_of(int code)
{
    switch (code) {
    case 0:
        return APR_SUCCESS;
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
        return APR_NOTFOUND;
    case EAI_MEMORY:
        return APR_ENOMEM;
    default:
        return CIV_EUNREACHABLE;
    }
}

static void *run(void *baton)
{
    look_up_t *look_up = baton;
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    struct addrinfo *at;
    int code;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    code = getaddrinfo(look_up->name, NULL, &hints, &found);
    pthread_mutex_lock(&look_up->mutex);
    for (at = found; code == 0 && at != NULL; at = at->ai_next)
        take(look_up, at->ai_addr);
    look_up->status = status_of(code);
    look_up->is_finished = 1;
    pthread_cond_signal(&look_up->finished);
    pthread_mutex_unlock(&look_up->mutex);
    if (code == 0)
        freeaddrinfo(found);
    let_go(look_up);
    return NULL;
}

/* Signals are for the threads of the program. */
static int start(look_up_t *look_up)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int error;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, run, look_up);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static void wait_a_moment(look_up_t *look_up)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += CIV_CLOCK_SLICE * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&look_up->finished, &look_up->mutex, &until);
}

apr_status_t civ_egress_look_up(const char *name, civ_address_t *addresses, int most, int *count,
                                civ_egress_interrupted_fn *interrupted, void *baton)
{
    look_up_t *look_up = calloc(1, sizeof(*look_up));
    apr_status_t status = APR_SUCCESS;

    *count = 0;
    if (look_up == NULL || strlen(name) >= sizeof(look_up->name)) {
        free(look_up);
        return APR_ENOMEM;
    }
    memcpy(look_up->name, name, strlen(name) + 1);
    pthread_mutex_init(&look_up->mutex, NULL);
    pthread_cond_init(&look_up->finished, NULL);
    look_up->holders = 2;
    if (start(look_up) != 0) {
        let_go(look_up);
        let_go(look_up);
        return APR_ENOMEM;
    }
    pthread_mutex_lock(&look_up->mutex);
    while (!look_up->is_finished && status == APR_SUCCESS) {
        wait_a_moment(look_up);
        if (!look_up->is_finished && interrupted != NULL && interrupted(baton))
            status = CIV_EINTERRUPTED;
    }
    if (status == APR_SUCCESS) {
        status = look_up->status;
        *count = look_up->count;
        if (look_up->count > 0)
            memcpy(addresses, look_up->addresses,
                   sizeof(*addresses) * (apr_size_t)(look_up->count < most ? look_up->count : most));
    }
    pthread_mutex_unlock(&look_up->mutex);
    let_go(look_up);
    return status;
}
