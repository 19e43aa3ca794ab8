/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The signed head kept beside the database.
 */
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/encoding.h"
#include "base/status.h"
#include "ledger/head_file.h"

#define SLOT_SIZE 1024

static apr_status_t slot_text(char slot[SLOT_SIZE], const civ_block_t *block, const char *ledger_name,
                              apr_pool_t *pool)
{
    const char *text =
        apr_pstrcat(pool, civ_block_statement(ledger_name, block->header.height, &block->hash, pool),
                    civ_base64_encode(block->signature, CIV_KEY_SIGNATURE_SIZE, pool), "\n", NULL);
    apr_size_t length = strlen(text);

    if (length > SLOT_SIZE - 1)
        return APR_EINVAL;
    /* Filled up with spaces and ended by a line feed: the file reads well in a pager. */
    memset(slot, ' ', SLOT_SIZE);
    memcpy(slot, text, length);
    slot[SLOT_SIZE - 1] = '\n';
    return APR_SUCCESS;
}

/** Cut one line off @a text; NULL when there is none. */
static char *take_line(char **text)
{
    char *line = *text;
    char *end = strchr(line, '\n');

    if (end == NULL)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

static apr_status_t read_digest(civ_digest_t *out, const char *base64, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length;

    if (civ_base64_decode(&bytes, &length, base64, pool) != APR_SUCCESS || length != CIV_DIGEST_SIZE)
        return CIV_EINVALID;
    memcpy(out->bytes, bytes, CIV_DIGEST_SIZE);
    return APR_SUCCESS;
}

/** The lines of a slot, unverified. */
static apr_status_t parse_slot(civ_signed_head_t *head, const char **signature, const char *slot,
                               apr_pool_t *pool)
{
    char *text = apr_pstrmemdup(pool, slot, SLOT_SIZE);
    const char *magic = take_line(&text);
    const char *name = magic != NULL ? take_line(&text) : NULL;
    const char *height = name != NULL ? take_line(&text) : NULL;
    const char *hash = height != NULL ? take_line(&text) : NULL;

    *signature = hash != NULL ? take_line(&text) : NULL;
    if (*signature == NULL || read_digest(&head->block_hash, hash, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    head->height = strtoull(height, NULL, 10);
    return APR_SUCCESS;
}

static apr_status_t read_slot(civ_signed_head_t *head, const char *slot, const char *ledger_name,
                              const civ_public_key_t *key, apr_pool_t *pool)
{
    const char *statement, *signature;
    unsigned char *bytes;
    apr_size_t length;

    if (parse_slot(head, &signature, slot, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    statement = civ_block_statement(ledger_name, head->height, &head->block_hash, pool);
    if (civ_base64_decode(&bytes, &length, signature, pool) != APR_SUCCESS ||
        length != CIV_KEY_SIGNATURE_SIZE)
        return CIV_EINVALID;
    /* What is verified is the statement made anew, so magic, name and height count as read only if they are
     * in it. */
    return civ_public_key_verify(key, bytes, statement, strlen(statement));
}

static apr_status_t read_slots(char slots[2 * SLOT_SIZE], const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got;

    if (file < 0)
        return apr_get_os_error();
    memset(slots, 0, 2 * SLOT_SIZE);
    got = pread(file, slots, 2 * SLOT_SIZE, 0);
    close(file);
    return got < 0 ? apr_get_os_error() : APR_SUCCESS;
}

apr_status_t civ_head_file_read(civ_signed_head_t *head, const char *path, const char *ledger_name,
                                const civ_public_key_t *key, apr_pool_t *pool)
{
    char slots[2 * SLOT_SIZE];
    civ_signed_head_t found;
    int i, good = 0;
    apr_status_t status = read_slots(slots, path);

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < 2; i++) {
        if (read_slot(&found, slots + i * SLOT_SIZE, ledger_name, key, pool) != APR_SUCCESS)
            continue;
        if (!good || found.height > head->height)
            *head = found;
        good = 1;
    }
    return good ? APR_SUCCESS : CIV_EINTEGRITY;
}

int civ_head_file_peek(civ_signed_head_t heads[2], const char *path, apr_pool_t *pool)
{
    char slots[2 * SLOT_SIZE];
    const char *signature;
    int i, count = 0;

    if (read_slots(slots, path) != APR_SUCCESS)
        return 0;
    for (i = 0; i < 2; i++)
        if (parse_slot(&heads[count], &signature, slots + i * SLOT_SIZE, pool) == APR_SUCCESS)
            count++;
    return count;
}

static apr_status_t write_all(int file, const char *data, apr_size_t length, off_t offset)
{
    while (length > 0) {
        ssize_t wrote = pwrite(file, data, length, offset);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return apr_get_os_error();
        data += wrote;
        offset += wrote;
        length -= (apr_size_t)wrote;
    }
    return APR_SUCCESS;
}

/* As SQLite does with its side files: what root makes belongs to whom the folder belongs. */
static void give_to_owner_of_folder(int file, const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    struct stat info;

    if (geteuid() == 0 && slash != NULL &&
        stat(apr_pstrndup(pool, path, (apr_size_t)(slash - path) + 1), &info) == 0 && info.st_uid != 0 &&
        fchown(file, info.st_uid, info.st_gid) != 0)
        return;
}

/* Both slots at once, under another name first, so that a file that exists always holds a good slot. */
static apr_status_t create(const char *path, const char *slot, apr_pool_t *pool)
{
    const char *temporary = apr_psprintf(pool, "%s.%ld", path, (long)getpid());
    apr_status_t status;
    int file;

    /* Left by a process of the same number that died here, or planted: never written through. */
    unlink(temporary);
    file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (file < 0)
        return apr_get_os_error();
    give_to_owner_of_folder(file, path, pool);
    status = write_all(file, slot, SLOT_SIZE, 0);
    if (status == APR_SUCCESS)
        status = write_all(file, slot, SLOT_SIZE, SLOT_SIZE);
    if (status == APR_SUCCESS && fsync(file) != 0)
        status = apr_get_os_error();
    close(file);
    if (status == APR_SUCCESS && rename(temporary, path) != 0)
        status = apr_get_os_error();
    if (status != APR_SUCCESS) {
        unlink(temporary);
        return status;
    }
    return civ_sync_folder_of(path, pool);
}

apr_status_t civ_head_file_write(const char *path, const civ_block_t *block, const char *ledger_name,
                                 apr_pool_t *pool)
{
    char slot[SLOT_SIZE];
    apr_status_t status = slot_text(slot, block, ledger_name, pool);
    int file;

    if (status != APR_SUCCESS)
        return status;
    file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        status = apr_get_os_error();
        return APR_STATUS_IS_ENOENT(status) ? create(path, slot, pool) : status;
    }
    status = write_all(file, slot, SLOT_SIZE, block->header.height % 2 == 0 ? 0 : SLOT_SIZE);
    close(file);
    return status;
}

apr_status_t civ_head_file_sync(const char *path)
{
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    apr_status_t status = APR_SUCCESS;

    if (file < 0)
        return apr_get_os_error();
    if (fdatasync(file) != 0)
        status = apr_get_os_error();
    close(file);
    return status;
}
