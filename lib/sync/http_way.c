/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_way.c
 * Where a request may go: its name is looked up once and checked, libcurl is told what came of it, and the socket is checked
 * again before it connects.
 */
#include "sync/http_private.h"

#include "base/status.h"

#include <apr_strings.h>

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

int civ_http_is_late(const civ_http_transfer_t *transfer)
{
    return transfer->until > 0 && civ_clock_steady(transfer->http->clock) >= transfer->until;
}

/* A name server that does not answer is waited for by the system for half a minute, and longer. */
static int is_given_up(void *transfer)
{
    return civ_http_is_late(transfer) || civ_http_is_interrupted(((civ_http_transfer_t *)transfer)->http);
}

static apr_status_t fill_pin(civ_http_transfer_t *transfer, civ_http_pin_t *pin, const civ_url_t *url)
{
    civ_http_t *http = transfer->http;
    apr_status_t status = civ_egress_resolve(http->egress, url, pin->addresses, &pin->count, is_given_up,
                                             transfer, &transfer->fault, transfer->pool);

    if ((status == APR_SUCCESS || status == CIV_EINTERRUPTED) && civ_http_is_late(transfer) &&
        !civ_http_is_interrupted(http))
        status = APR_TIMEUP;
    if (status != APR_SUCCESS && status != CIV_EINVALID && status != CIV_EINTERRUPTED) {
        transfer->is_sentence = 1;
        transfer->fault = apr_psprintf(transfer->pool, "the name %s%s could not be looked up%s", url->host,
                                       http->proxy != NULL ? ", of the proxy," : "",
                                       status == APR_TIMEUP ? " in time" : "");
    }
    if (status != APR_SUCCESS)
        return status;
    civ_http_authority(pin->name, url);
    pin->made = civ_clock_steady(http->clock);
    return APR_SUCCESS;
}

/* A name that was looked up a short while ago, or is now. Between the check and the connection it is not looked up again. */
static apr_status_t find_pin(civ_http_transfer_t *transfer, const civ_url_t *url)
{
    civ_http_t *http = transfer->http;
    apr_int64_t now = civ_clock_steady(http->clock);
    civ_http_pin_t *oldest = &http->pins[0];
    char name[sizeof(http->pins[0].name)];
    int i;

    civ_http_authority(name, url);
    for (i = 0; i < CIV_HTTP_PINS; i++) {
        civ_http_pin_t *pin = &http->pins[i];

        if (strcmp(pin->name, name) == 0) {
            oldest = pin;
            if (now - pin->made < CIV_HTTP_PIN_TIME)
                break;
            pin->name[0] = '\0';
            break;
        }
        if (pin->name[0] == '\0' || (oldest->name[0] != '\0' && pin->made < oldest->made))
            oldest = pin;
    }
    transfer->pin = oldest;
    if (strcmp(oldest->name, name) == 0)
        return APR_SUCCESS;
    oldest->name[0] = '\0';
    return fill_pin(transfer, oldest, url);
}

/* With a proxy, it is the proxy that is connected to, and that looks up names. */
apr_status_t civ_http_check_way(civ_http_transfer_t *transfer)
{
    civ_http_t *http = transfer->http;
    apr_status_t status = civ_egress_check(http->egress, transfer->url, &transfer->fault, transfer->pool);

    if (status != APR_SUCCESS)
        return status;
    return find_pin(transfer, http->proxy != NULL ? &http->proxy_url : transfer->url);
}

/* What libcurl is about to connect to has to be one of the addresses that were checked. */
curl_socket_t civ_http_open_socket(void *baton, curlsocktype purpose, struct curl_sockaddr *target)
{
    civ_http_transfer_t *transfer = baton;
    civ_address_t address;
    int i;

    memset(&address, 0, sizeof(address));
    if (target->family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, &target->addr, sizeof(in));
        memcpy(address.bytes, &in.sin_addr, 4);
    } else if (target->family == AF_INET6) {
        struct sockaddr_in6 in;

        /* An IPv6 address does not fit into the member's type; libcurl has room behind it. */
        memcpy(&in, (const char *)target + offsetof(struct curl_sockaddr, addr), sizeof(in));
        address.is_ipv6 = 1;
        memcpy(address.bytes, &in.sin6_addr, 16);
    }
    for (i = 0; purpose == CURLSOCKTYPE_IPCXN && i < transfer->pin->count; i++) {
        if (civ_address_equal(&address, &transfer->pin->addresses[i]))
            return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
    }
    transfer->is_refused = 1;
    return CURL_SOCKET_BAD;
}

/* A node of our own, so that libcurl gets no copy of a secret to forget somewhere. */
void civ_http_add_line(struct curl_slist ***end, const char *line, apr_pool_t *pool)
{
    struct curl_slist *node = apr_pcalloc(pool, sizeof(*node));

    node->data = (char *)(apr_uintptr_t)line;
    **end = node;
    *end = &node->next;
}

/* Tell libcurl what the name leads to. The lines have to live as long as the transfer. */
void civ_http_set_addresses(const civ_http_transfer_t *transfer)
{
    const civ_http_pin_t *pin = transfer->pin;
    apr_pool_t *pool = transfer->pool;
    struct curl_slist *list = NULL;
    struct curl_slist **end = &list;
    const char *line = apr_pstrcat(pool, pin->name, ":", NULL);
    char text[CIV_ADDRESS_SIZE];
    int i;

    if (pin->name[0] == '[')
        return;
    for (i = 0; i < pin->count; i++) {
        civ_address_format(text, &pin->addresses[i]);
        line = apr_pstrcat(pool, line, i > 0 ? "," : "", pin->addresses[i].is_ipv6 ? "[" : "", text,
                           pin->addresses[i].is_ipv6 ? "]" : "", NULL);
    }
    civ_http_add_line(&end, apr_pstrcat(pool, "-", pin->name, NULL), pool);
    civ_http_add_line(&end, line, pool);
    curl_easy_setopt(transfer->http->easy, CURLOPT_RESOLVE, list);
}
