/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file buffer.c
 * The growing byte buffer.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_CAPACITY 64

/* A pool without an abort function answers NULL when memory is out; nobody here could go on. */
static char *allocate(apr_pool_t *pool, apr_size_t size)
{
    char *data = apr_palloc(pool, size);

    if (!data) {
        abort();
    }
    return data;
}

void civ_buffer_init(civ_buffer_t *buffer, apr_size_t capacity, apr_pool_t *pool)
{
    buffer->pool = pool;
    buffer->length = 0;
    buffer->capacity = capacity < SMALLEST_CAPACITY ? SMALLEST_CAPACITY : capacity + 1;
    buffer->data = allocate(pool, buffer->capacity);
    buffer->data[0] = '\0';
}

/* The old bytes stay in the pool until it dies; doubling keeps their sum below the size in use. */
static void grow(civ_buffer_t *buffer, apr_size_t needed)
{
    apr_size_t capacity = buffer->capacity;
    char *data;

    if (needed > APR_SIZE_MAX / 2) {
        abort();
    }
    while (capacity < needed) {
        capacity *= 2;
    }
    data = allocate(buffer->pool, capacity);
    memcpy(data, buffer->data, buffer->length + 1);
    buffer->data = data;
    buffer->capacity = capacity;
}

char *civ_buffer_reserve(civ_buffer_t *buffer, apr_size_t extra)
{
    if (extra >= buffer->capacity - buffer->length) {
        if (extra > APR_SIZE_MAX / 2) {
            abort();
        }
        grow(buffer, buffer->length + extra + 1);
    }
    return buffer->data + buffer->length;
}

void civ_buffer_append(civ_buffer_t *buffer, const void *data, apr_size_t length)
{
    char *place;

    if (length == 0) {
        return;
    }
    place = civ_buffer_reserve(buffer, length);
    memcpy(place, data, length);
    place[length] = '\0';
    buffer->length += length;
}

void civ_buffer_append_text(civ_buffer_t *buffer, const char *text)
{
    civ_buffer_append(buffer, text, strlen(text));
}

void civ_buffer_append_byte(civ_buffer_t *buffer, char byte)
{
    char *place = civ_buffer_reserve(buffer, 1);

    place[0] = byte;
    place[1] = '\0';
    buffer->length++;
}

void civ_buffer_append_format(civ_buffer_t *buffer, const char *format, ...)
{
    apr_size_t room = buffer->capacity - buffer->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    va_end(arguments);
    if (length >= 0 && (apr_size_t)length >= room) {
        char *place = civ_buffer_reserve(buffer, (apr_size_t)length);

        va_start(arguments, format);
        length = vsnprintf(place, (apr_size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    if (length > 0) {
        buffer->length += (apr_size_t)length;
    }
    buffer->data[buffer->length] = '\0';
}
