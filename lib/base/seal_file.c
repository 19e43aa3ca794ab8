/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file seal_file.c
 * The file of the sealing keys. Its text is never anywhere but in memory for secrets.
 */
#include "base/seal_private.h"

#include "base/durable.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/status.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD "civarcos-seal-key/1 "

/** 32 bytes in hex: fixed in length, and written and read without a copy elsewhere. */
#define HEX_SIZE ((apr_size_t)2 * CIV_SEAL_KEY_BYTES)

#define LINE_SIZE (sizeof(WORD) - 1 + CIV_SEAL_KEY_ID_SIZE + HEX_SIZE + 1)

/** A full ring, and room for comments. */
#define FILE_MOST 16384

static const char heading[] =
    "# The keys that seal the credentials of connectors. The first one seals, all open. Keep a copy of this "
    "file\n"
    "# apart from copies of the database: with both, the credentials can be read.\n";

/* --- reading --- */

static apr_status_t open_private(int *file, const char *path)
{
    struct stat info;

    /* Not blocking, so that a FIFO in place of the file cannot hang us. */
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0 || fstat(*file, &info) != 0)
        return errno;
    if (!S_ISREG(info.st_mode) || info.st_size > FILE_MOST)
        return CIV_EINVALID;
    return info.st_mode & 077 ? APR_EACCES : APR_SUCCESS;
}

static apr_status_t read_all(char *text, int file)
{
    apr_size_t length = 0;
    ssize_t got;

    while ((got = read(file, text + length, FILE_MOST - length)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        length += (apr_size_t)got;
        if (length >= FILE_MOST)
            return CIV_EINVALID;
    }
    return memchr(text, '\0', length) == NULL ? APR_SUCCESS : CIV_EINVALID;
}

static apr_status_t read_line(civ_seal_key_t *ring, char *line)
{
    civ_seal_slot_t *slot = &ring->slots[ring->count];
    char *id = line + sizeof(WORD) - 1;

    if (ring->count == CIV_SEAL_KEYS_MOST || strlen(line) != LINE_SIZE - 1 ||
        strncmp(line, WORD, sizeof(WORD) - 1) != 0 || id[CIV_SEAL_KEY_ID_SIZE - 1] != ' ' ||
        civ_hex_decode(slot->key, sizeof(slot->key), id + CIV_SEAL_KEY_ID_SIZE) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_seal_ring_name(slot);
    ring->count++;
    return strncmp(id, slot->id, CIV_SEAL_KEY_ID_SIZE - 1) == 0 ? APR_SUCCESS : CIV_EINVALID;
}

static apr_status_t read_lines(civ_seal_key_t *ring, char *text)
{
    apr_status_t status = APR_SUCCESS;
    char *end;

    for (; status == APR_SUCCESS && *text != '\0'; text = end) {
        end = text + strcspn(text, "\n");
        if (*end != '\0')
            *end++ = '\0';
        if (*text != '\0' && *text != '#')
            status = read_line(ring, text);
    }
    return status == APR_SUCCESS && ring->count == 0 ? CIV_EINVALID : status;
}

apr_status_t civ_seal_key_load(civ_seal_key_t **key, const char *path, apr_pool_t *pool)
{
    civ_seal_key_t *ring = civ_seal_ring_alloc(pool);
    char *text = civ_secret_alloc(FILE_MOST + 1, pool);
    apr_status_t status;
    int file = -1;

    *key = NULL;
    if (ring == NULL || text == NULL)
        return APR_ENOMEM;
    status = open_private(&file, path);
    if (status == APR_SUCCESS)
        status = read_all(text, file);
    if (file >= 0)
        close(file);
    if (status == APR_SUCCESS)
        status = read_lines(ring, text);
    civ_secret_wipe(text, FILE_MOST);
    if (status == APR_SUCCESS)
        *key = ring;
    else
        civ_secret_wipe(ring, sizeof(*ring));
    return status;
}

/* --- writing --- */

static apr_status_t write_all(int file, const char *data, apr_size_t length)
{
    while (length > 0) {
        ssize_t put = write(file, data, length);

        if (put < 0 && errno != EINTR)
            return errno;
        if (put > 0) {
            data += put;
            length -= (apr_size_t)put;
        }
    }
    return fsync(file) == 0 ? APR_SUCCESS : errno;
}

static char *write_text(apr_size_t *length, const civ_seal_key_t *key, apr_pool_t *pool)
{
    apr_size_t size = sizeof(heading) + LINE_SIZE * CIV_SEAL_KEYS_MOST;
    char *text = civ_secret_alloc(size, pool);
    char *at = text;
    int i;

    if (text == NULL)
        return NULL;
    memcpy(at, heading, sizeof(heading) - 1);
    at += sizeof(heading) - 1;
    for (i = 0; i < key->count; i++) {
        at += snprintf(at, LINE_SIZE, WORD "%s ", key->slots[i].id);
        civ_hex_encode(at, key->slots[i].key, CIV_SEAL_KEY_BYTES);
        at += HEX_SIZE;
        *at++ = '\n';
    }
    *length = (apr_size_t)(at - text);
    return text;
}

/* mkostemp() makes the file with mode 0600 and O_EXCL; link(), unlike rename(), replaces nothing. */
static apr_status_t put_file(const civ_seal_key_t *key, const char *path, int replaces, apr_pool_t *pool)
{
    char *temporary = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    apr_size_t length;
    char *text = write_text(&length, key, pool);
    apr_status_t status;
    int file;

    if (text == NULL)
        return APR_ENOMEM;
    file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0)
        return errno;
    status = write_all(file, text, length);
    civ_secret_wipe(text, length);
    if (close(file) != 0 && status == APR_SUCCESS)
        status = errno;
    if (status == APR_SUCCESS && (replaces ? rename(temporary, path) : link(temporary, path)) != 0)
        status = errno;
    unlink(temporary);
    return status == APR_SUCCESS ? civ_sync_folder_of(path, pool) : status;
}

apr_status_t civ_seal_key_save(const civ_seal_key_t *key, const char *path, apr_pool_t *pool)
{
    return put_file(key, path, 0, pool);
}

apr_status_t civ_seal_key_replace(const civ_seal_key_t *key, const char *path, apr_pool_t *pool)
{
    return put_file(key, path, 1, pool);
}
