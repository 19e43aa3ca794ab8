/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reading lines.
 */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "ctl.h"

#define FIRST_ROOM (256 * 1024)

static apr_status_t clean_up(void *baton)
{
    ctl_lines_t *lines = baton;

    free(lines->buffer);
    lines->buffer = NULL;
    if (lines->owned)
        close(lines->file);
    return APR_SUCCESS;
}

apr_status_t ctl_lines_open(ctl_lines_t **out, const char *path, apr_pool_t *pool)
{
    ctl_lines_t *lines = apr_pcalloc(pool, sizeof(*lines));
    int is_standard = strcmp(path, "-") == 0;
    struct stat info;

    lines->name = is_standard ? "standard input" : path;
    lines->file = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (lines->file < 0)
        return apr_get_os_error();
    lines->owned = !is_standard;
    lines->room = FIRST_ROOM;
    lines->buffer = malloc(lines->room);
    apr_pool_cleanup_register(pool, lines, clean_up, apr_pool_cleanup_null);
    if (lines->buffer == NULL)
        return APR_ENOMEM;
    if (fstat(lines->file, &info) != 0)
        return apr_get_os_error();
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    if (S_ISREG(info.st_mode))
        lines->size = (apr_uint64_t)info.st_size;
    *out = lines;
    return APR_SUCCESS;
}

/** Room for more behind what is there. */
static apr_status_t make_room(ctl_lines_t *lines, apr_size_t most)
{
    char *larger;

    if (lines->begin > 0) {
        memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->end < lines->room)
        return APR_SUCCESS;
    if (lines->end > most)
        return APR_ENOSPC;
    larger = realloc(lines->buffer, lines->room * 2);
    if (larger == NULL)
        return APR_ENOMEM;
    lines->buffer = larger;
    lines->room *= 2;
    return APR_SUCCESS;
}

static apr_status_t fill(ctl_lines_t *lines)
{
    ssize_t got;

    do {
        /* Standard input may have nothing for a long time. */
        apr_status_t status = ctl_interrupt_await(lines->file);

        if (status != APR_SUCCESS)
            return status;
        got = read(lines->file, lines->buffer + lines->end, lines->room - lines->end);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return apr_get_os_error();
    lines->ended = got == 0;
    lines->end += (apr_size_t)got;
    return APR_SUCCESS;
}

apr_status_t ctl_lines_next(ctl_lines_t *lines, const char **line, apr_size_t *length, apr_size_t most,
                            int *whole)
{
    apr_size_t looked = 0;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS) {
        apr_size_t there = lines->end - lines->begin;
        char *start = lines->buffer + lines->begin;
        char *feed = there > looked ? memchr(start + looked, '\n', there - looked) : NULL;

        *whole = feed != NULL;
        *line = start;
        *length = feed != NULL ? (apr_size_t)(feed - start) : there;
        if (*length > most)
            return APR_ENOSPC;
        if (feed != NULL || lines->ended) {
            lines->begin += *length + (feed != NULL);
            lines->read += *length + (feed != NULL);
            return feed != NULL || there > 0 ? APR_SUCCESS : APR_EOF;
        }
        looked = there;
        status = make_room(lines, most);
        if (status == APR_SUCCESS)
            status = fill(lines);
    }
    return status;
}
