/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "prefer.h"

#include <apr_lib.h>

#include <string.h>
#include <strings.h>

/* A place in the header, and where it ends. */
typedef struct scan_t {
    const char *at;
} scan_t;

static void skip_space(scan_t *scan)
{
    while (*scan->at == ' ' || *scan->at == '\t') {
        scan->at++;
    }
}

static int is_end(char byte)
{
    return !byte || byte == ',' || byte == ';' || byte == '=' || byte == ' ' || byte == '\t';
}

/* A token, or what stands between quotes; @a length bytes from the result on. */
static const char *take_word(scan_t *scan, apr_size_t *length)
{
    const char *start;

    skip_space(scan);
    if (*scan->at == '"') {
        start = ++scan->at;
        while (*scan->at && *scan->at != '"') {
            scan->at += scan->at[0] == '\\' && scan->at[1] ? 2 : 1;
        }
        *length = (apr_size_t)(scan->at - start);
        scan->at += *scan->at ? 1 : 0;
    } else {
        for (start = scan->at; !is_end(*scan->at); scan->at++) {
            continue;
        }
        *length = (apr_size_t)(scan->at - start);
    }
    skip_space(scan);
    return start;
}

static int is_named(const char *name, apr_size_t length, const char *expected)
{
    return length == strlen(expected) && strncasecmp(name, expected, length) == 0;
}

/* Seconds, or -1. */
static int read_seconds(const char *text, apr_size_t length)
{
    int value = 0;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        if (!apr_isdigit(text[i])) {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
        if (value > CIV_PREFER_WAIT_MOST) {
            value = CIV_PREFER_WAIT_MOST;
        }
    }
    return length > 0 ? value : -1;
}

void civ_prefer_read(civ_prefer_t *prefer, const char *text)
{
    scan_t scan = {text ? text : ""};

    prefer->respond_async = 0;
    prefer->wait = -1;
    while (*scan.at) {
        apr_size_t name_length;
        apr_size_t value_length = 0;
        const char *name = take_word(&scan, &name_length);
        const char *value = "";

        if (*scan.at == '=') {
            scan.at++;
            value = take_word(&scan, &value_length);
        }
        if (is_named(name, name_length, "respond-async")) {
            prefer->respond_async = 1;
        } else if (is_named(name, name_length, "wait") && prefer->wait < 0) {
            prefer->wait = read_seconds(value, value_length);
        }
        /* Parameters of the preference; none of ours has any. */
        while (*scan.at && *scan.at != ',') {
            scan.at++;
            take_word(&scan, &value_length);
        }
        scan.at += *scan.at ? 1 : 0;
        skip_space(&scan);
    }
}
