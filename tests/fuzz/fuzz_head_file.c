/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_head_file.c
 * The signed head: no file makes it say what its key has not signed, and whatever becomes of one slot, the other counts.
 */
#include "fuzz/fuzz.h"

#include "base/status.h"
#include "ledger/head_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

fuzz_target_fn fuzz_head_file;

#define SLOT_SIZE 1024

static const char ledger_name[] = "fuzz";

/* In memory, so that a disk is not worn out. */
static const char *file_path(void)
{
    static char path[64];

    if (!path[0]) {
        snprintf(path, sizeof(path), "%s/civarcos-fuzz-%ld",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
    }
    return path;
}

static void remove_file(void)
{
    unlink(file_path());
}

static const civ_key_t *ledger_key(apr_pool_t *pool)
{
    static const unsigned char seed[32] = {1, 2, 3};
    civ_key_t *key;

    FUZZ_DEMAND(civ_key_from_seed(&key, seed, pool) == APR_SUCCESS);
    return key;
}

static void write_bytes(const char *mode, long offset, const uint8_t *data, size_t size)
{
    FILE *file = fopen(file_path(), mode);

    FUZZ_DEMAND(file && fseek(file, offset, SEEK_SET) == 0);
    FUZZ_DEMAND(fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void make_hash(civ_digest_t *hash, apr_uint64_t height)
{
    civ_digest_sha256(hash, &height, sizeof(height));
}

static apr_status_t read_head(civ_signed_head_t *head, apr_pool_t *pool)
{
    civ_signed_head_t peeked[2];
    apr_status_t status =
        civ_head_file_read(head, file_path(), ledger_name, civ_key_public(ledger_key(pool)), pool);
    int count = civ_head_file_peek(peeked, file_path(), pool);
    int i;

    FUZZ_DEMAND(count >= 0 && count <= 2);
    FUZZ_DEMAND(status == APR_SUCCESS || status == CIV_EINTEGRITY);
    if (status == APR_SUCCESS) {
        civ_digest_t signed_hash;

        make_hash(&signed_hash, head->height);
        FUZZ_DEMAND(civ_digest_equal(&head->block_hash, &signed_hash)); /* nothing else was ever signed */
    }
    for (i = 0; status == APR_SUCCESS && i < count; i++) {
        if (peeked[i].height == head->height && civ_digest_equal(&peeked[i].block_hash, &head->block_hash)) {
            return status;
        }
    }
    FUZZ_DEMAND(status != APR_SUCCESS);
    return status;
}

static void make_block(civ_block_t *block, apr_uint64_t height, apr_pool_t *pool)
{
    memset(block, 0, sizeof(*block));
    block->header.height = height;
    make_hash(&block->hash, height);
    FUZZ_DEMAND(civ_block_sign(block, ledger_name, ledger_key(pool), pool) == APR_SUCCESS);
}

/* Three heads in a row are written, and the input falls upon the slot of the newest. */
static void check_torn_slot(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    apr_uint64_t height = size > 2 ? (apr_uint64_t)data[0] << 56 | data[1] : 7;
    size_t offset = size > 4 ? ((size_t)data[2] << 8 | data[3]) % SLOT_SIZE : 0;
    civ_signed_head_t head;
    civ_block_t block;
    int i;

    remove_file();
    for (i = 0; i < 3; i++) {
        make_block(&block, height + (apr_uint64_t)i, pool);
        FUZZ_DEMAND(civ_head_file_write(file_path(), &block, ledger_name, pool) == APR_SUCCESS);
    }
    FUZZ_DEMAND(read_head(&head, pool) == APR_SUCCESS && head.height == height + 2);
    write_bytes("r+b", (long)(height % 2 * SLOT_SIZE + offset), data,
                size > SLOT_SIZE - offset ? SLOT_SIZE - offset : size);
    FUZZ_DEMAND(read_head(&head, pool) == APR_SUCCESS);
    FUZZ_DEMAND(head.height == height + 1 || head.height == height + 2);
}

void fuzz_head_file(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_signed_head_t head;

    check_torn_slot(data, size, pool);
    write_bytes("wb", 0, data, size);
    read_head(&head, pool);
    remove_file(); /* libFuzzer ends without further ado */
}
