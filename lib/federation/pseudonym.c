/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/pseudonym.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/private_file.h"
#include "base/status.h"
#include "base/timestamp.h"

#include <apr_general.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define PSEUDONYM_DOMAIN "civarcos-fed-pseudonym/1"
#define KEY_ID_DOMAIN    "civarcos-fed-pseudonym-key-id/1"
#define SEPARATOR        "\x1f"

struct civ_pseudonym_key_t {
    unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE];
};

static apr_status_t wipe(void *data)
{
    sodium_memzero(data, sizeof(civ_pseudonym_key_t));
    return APR_SUCCESS;
}

static civ_pseudonym_key_t *new_key(apr_pool_t *pool)
{
    civ_pseudonym_key_t *key = apr_pcalloc(pool, sizeof(*key));

    apr_pool_cleanup_register(pool, key, wipe, apr_pool_cleanup_null);
    return key;
}

apr_status_t civ_pseudonym_key_generate(civ_pseudonym_key_t **key, apr_pool_t *pool)
{
    *key = new_key(pool);
    return apr_generate_random_bytes((*key)->bytes, CIV_PSEUDONYM_KEY_SIZE);
}

civ_pseudonym_key_t *civ_pseudonym_key_from_bytes(const unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE],
                                                  apr_pool_t *pool)
{
    civ_pseudonym_key_t *key = new_key(pool);

    memcpy(key->bytes, bytes, CIV_PSEUDONYM_KEY_SIZE);
    return key;
}

/* @return APR_SUCCESS when there are just as many bytes as wanted */
static apr_status_t read_exactly(int file, unsigned char *out, size_t wanted)
{
    size_t total = 0;
    ssize_t got;

    do {
        unsigned char beyond;

        got = total < wanted ? read(file, out + total, wanted - total) : read(file, &beyond, 1);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        total += got > 0 ? (size_t)got : 0;
    } while (got != 0 && total <= wanted);
    return total == wanted ? APR_SUCCESS : CIV_EINVALID;
}

apr_status_t civ_pseudonym_key_load(civ_pseudonym_key_t **out, const char *path, apr_pool_t *pool)
{
    civ_pseudonym_key_t *key = new_key(pool);
    int file = -1;
    apr_status_t status = civ_private_file_open(&file, path);

    *out = NULL;
    if (status == APR_SUCCESS) {
        status = read_exactly(file, key->bytes, CIV_PSEUDONYM_KEY_SIZE);
    }
    if (file >= 0) {
        close(file);
    }
    /* What a file system may leave of a file after a power cut. */
    if (status == APR_SUCCESS && sodium_is_zero(key->bytes, CIV_PSEUDONYM_KEY_SIZE)) {
        status = CIV_EINVALID;
    }
    if (status == APR_SUCCESS) {
        *out = key;
    }
    return status;
}

apr_status_t civ_pseudonym_key_save(const civ_pseudonym_key_t *key, const char *path, apr_pool_t *pool)
{
    return civ_private_file_put(path, key->bytes, CIV_PSEUDONYM_KEY_SIZE, pool);
}

/* HMAC-SHA-256 of texts, one after the other; the first bytes of it in hex. The last text is followed by NULL. */
static char *hmac_hex(char *out, apr_size_t bytes, const civ_pseudonym_key_t *key, const char *const *texts)
{
    crypto_auth_hmacsha256_state state;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, key->bytes, CIV_PSEUDONYM_KEY_SIZE);
    for (; *texts != NULL; texts++) {
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)*texts, strlen(*texts));
    }
    crypto_auth_hmacsha256_final(&state, digest);
    sodium_memzero(&state, sizeof(state));
    civ_hex_encode(out, digest, bytes);
    return out;
}

char *civ_pseudonym_key_id(char out[CIV_PSEUDONYM_KEY_ID_SIZE], const civ_pseudonym_key_t *key)
{
    const char *const texts[] = {KEY_ID_DOMAIN, NULL};

    return hmac_hex(out, (CIV_PSEUDONYM_KEY_ID_SIZE - 1) / 2, key, texts);
}

char *civ_pseudonym(char out[CIV_PSEUDONYM_SIZE], const civ_pseudonym_key_t *key, const char *purpose,
                    const char *epoch, const char *organization_id)
{
    const char *const texts[] = {PSEUDONYM_DOMAIN, SEPARATOR,       purpose, "/", epoch,
                                 SEPARATOR,        organization_id, NULL};

    return hmac_hex(out, (CIV_PSEUDONYM_SIZE - 1) / 2, key, texts);
}

char *civ_epoch_of(char out[CIV_EPOCH_SIZE], apr_int64_t milliseconds)
{
    char text[CIV_TIMESTAMP_SIZE];
    int month;

    civ_timestamp_format(text, milliseconds);
    month = (text[5] - '0') * 10 + (text[6] - '0');
    memcpy(out, text, 4);
    out[4] = 'Q';
    out[5] = (char)('1' + (month - 1) / 3);
    out[6] = '\0';
    return out;
}
