/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file seal_file.c
 * The file of the sealing keys. Its text is never anywhere but in memory for secrets.
 */
#include "base/seal_private.h"

#include "base/encoding.h"
#include "base/private_file.h"
#include "base/secret.h"
#include "base/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORD "civarcos-seal-key/1 "

/** 32 bytes in hex: fixed in length, and written and read without a copy elsewhere. */
#define HEX_SIZE ((apr_size_t)2 * CIV_SEAL_KEY_BYTES)

#define LINE_SIZE (sizeof(WORD) - 1 + CIV_SEAL_KEY_ID_SIZE + HEX_SIZE + 1)

/** A full ring, and room for comments. */
#define FILE_MOST 16384

static const char heading[] =
    "# Keys that seal the credentials of connectors. All open; \"civarcosctl rotate-secrets\" changes them.\n"
    "# Keep a copy apart from those of the database: with both, they can be read.\n";

/* --- reading --- */

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
    status = civ_private_file_open(&file, path);
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

static apr_status_t put_file(const civ_seal_key_t *key, const char *path, int replaces, apr_pool_t *pool)
{
    apr_size_t length;
    char *text = write_text(&length, key, pool);
    apr_status_t status;

    if (text == NULL)
        return APR_ENOMEM;
    if (replaces)
        civ_private_file_sweep(path, pool);
    status = replaces ? civ_private_file_replace(path, text, length, pool)
                      : civ_private_file_put(path, text, length, pool);
    civ_secret_wipe(text, length);
    return status;
}

apr_status_t civ_seal_key_save(const civ_seal_key_t *key, const char *path, apr_pool_t *pool)
{
    return put_file(key, path, 0, pool);
}

apr_status_t civ_seal_key_replace(const civ_seal_key_t *key, const char *path, apr_pool_t *pool)
{
    return put_file(key, path, 1, pool);
}
