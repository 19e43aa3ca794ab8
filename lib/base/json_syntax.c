/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_syntax.c
 * yajl as a judge of grammar alone.
 */
#include "base/json_syntax.h"

#include "base/json_parser.h"

#include <string.h>

static int open_container(void *baton)
{
    unsigned *depth = baton;

    return ++*depth <= CIV_JSON_MOST_LEVELS;
}

static int close_container(void *baton)
{
    unsigned *depth = baton;

    --*depth;
    return 1;
}

/* Without a callback for numbers, yajl would convert them, and fail on large ones. */
static int take_number(void *baton, const char *text, size_t length)
{
    (void)baton;
    (void)text;
    (void)length;
    return 1;
}

int civ_json_is_complete(const char *data, apr_size_t length)
{
    yajl_callbacks callbacks;
    unsigned depth = 0;
    yajl_handle handle;
    int is_complete;

    memset(&callbacks, 0, sizeof(callbacks));
    callbacks.yajl_number = take_number;
    callbacks.yajl_start_map = callbacks.yajl_start_array = open_container;
    callbacks.yajl_end_map = callbacks.yajl_end_array = close_container;
    handle = yajl_alloc(&callbacks, NULL, &depth);
    if (handle == NULL)
        return 0;
    yajl_config(handle, yajl_dont_validate_strings, 1);
    is_complete = yajl_parse(handle, (const unsigned char *)data, length) == yajl_status_ok &&
                  yajl_complete_parse(handle) == yajl_status_ok;
    yajl_free(handle);
    return is_complete;
}
