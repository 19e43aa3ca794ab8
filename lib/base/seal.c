/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file seal.c
 * Sealing and opening: AES-256-GCM by OpenSSL. Key files are in seal_file.c.
 */
#include "base/seal_private.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/status.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string.h>

#define VERSION    "v1."
#define NONCE_SIZE 12
#define TAG_SIZE   16

void civ_seal_ring_name(civ_seal_slot_t *slot)
{
    static const char label[] = "civarcos-seal-key/1";
    civ_digest_t digest;

    civ_digest_sha256_two(&digest, label, sizeof(label), slot->key, sizeof(slot->key));
    civ_hex_encode(slot->id, digest.bytes, CIV_SEAL_KEY_ID_SIZE / 2);
}

civ_seal_key_t *civ_seal_ring_alloc(apr_pool_t *pool)
{
    return civ_secret_alloc(sizeof(civ_seal_key_t), pool);
}

apr_status_t civ_seal_key_make(civ_seal_key_t **key, apr_pool_t *pool)
{
    civ_seal_key_t *made = civ_seal_ring_alloc(pool);

    if (made == NULL)
        return APR_ENOMEM;
    if (RAND_priv_bytes(made->slots[0].key, CIV_SEAL_KEY_BYTES) != 1)
        return APR_EGENERAL;
    civ_seal_ring_name(&made->slots[0]);
    made->count = 1;
    *key = made;
    return APR_SUCCESS;
}

apr_status_t civ_seal_key_rotate(civ_seal_key_t **rotated, const civ_seal_key_t *key, apr_pool_t *pool)
{
    apr_status_t status;

    if (key->count >= CIV_SEAL_KEYS_MOST)
        return APR_ENOSPC;
    status = civ_seal_key_make(rotated, pool);
    if (status != APR_SUCCESS)
        return status;
    memcpy(&(*rotated)->slots[1], key->slots, sizeof(key->slots[0]) * (apr_size_t)key->count);
    (*rotated)->count = key->count + 1;
    return APR_SUCCESS;
}

const char *civ_seal_key_id(const civ_seal_key_t *key)
{
    return key->slots[0].id;
}

int civ_seal_key_count(const civ_seal_key_t *key)
{
    return key->count;
}

apr_status_t civ_seal_key_pick(civ_seal_key_t **picked, const civ_seal_key_t *key, unsigned places,
                               apr_pool_t *pool)
{
    civ_seal_key_t *ring = civ_seal_ring_alloc(pool);
    int i;

    if (ring == NULL)
        return APR_ENOMEM;
    for (i = 0; i < key->count; i++) {
        if (places & 1u << i)
            ring->slots[ring->count++] = key->slots[i];
    }
    *picked = ring;
    return APR_SUCCESS;
}

static int find(const civ_seal_key_t *key, const char *id)
{
    int i;

    for (i = 0; i < key->count; i++) {
        if (strncmp(key->slots[i].id, id, CIV_SEAL_KEY_ID_SIZE - 1) == 0)
            return i;
    }
    return -1;
}

/* --- what it is bound to --- */

static void bind_text(civ_buffer_t *data, const char *text)
{
    apr_size_t length = strlen(text);
    const unsigned char size[4] = {(unsigned char)(length >> 24), (unsigned char)(length >> 16),
                                   (unsigned char)(length >> 8), (unsigned char)length};

    civ_buffer_append(data, size, sizeof(size));
    civ_buffer_append(data, text, length);
}

static void bind_all(civ_buffer_t *data, const char *id, const char *owner, const char *field,
                     apr_pool_t *pool)
{
    civ_buffer_init(data, 128, pool);
    bind_text(data, "civarcos-seal/1");
    bind_text(data, id);
    bind_text(data, owner);
    bind_text(data, field);
}

/* --- the cipher --- */

/* @a box is nonce, ciphertext, tag, of which the nonce is there already. */
static int encrypt(unsigned char *box, const unsigned char *key, const civ_buffer_t *bound,
                   const void *secret, apr_size_t length)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done;
    int is_good;

    is_good =
        context != NULL && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, box) == 1 &&
        EVP_EncryptUpdate(context, NULL, &done, (const unsigned char *)bound->data, (int)bound->length) ==
            1 &&
        EVP_EncryptUpdate(context, box + NONCE_SIZE, &done, length > 0 ? secret : box, (int)length) == 1 &&
        EVP_EncryptFinal_ex(context, box + NONCE_SIZE + done, &done) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, box + NONCE_SIZE + length) == 1;
    EVP_CIPHER_CTX_free(context);
    return is_good;
}

static int decrypt(unsigned char *secret, const unsigned char *key, const civ_buffer_t *bound,
                   unsigned char *box, apr_size_t length)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done;
    int is_good;

    is_good = context != NULL && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, box) == 1 &&
              EVP_DecryptUpdate(context, NULL, &done, (const unsigned char *)bound->data,
                                (int)bound->length) == 1 &&
              EVP_DecryptUpdate(context, secret, &done, box + NONCE_SIZE, (int)length) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, box + NONCE_SIZE + length) == 1 &&
              EVP_DecryptFinal_ex(context, secret + done, &done) == 1;
    EVP_CIPHER_CTX_free(context);
    return is_good;
}

apr_status_t civ_seal(char **sealed, const civ_seal_key_t *key, const char *owner, const char *field,
                      const void *secret, apr_size_t length, apr_pool_t *pool)
{
    const civ_seal_slot_t *slot = &key->slots[0];
    unsigned char *box;
    civ_buffer_t bound;
    int is_good;

    if (length > CIV_SEAL_MOST)
        return CIV_EINVALID;
    bind_all(&bound, slot->id, owner, field, pool);
    box = apr_palloc(pool, NONCE_SIZE + length + TAG_SIZE);
    ERR_set_mark();
    is_good = RAND_bytes(box, NONCE_SIZE) == 1 && encrypt(box, slot->key, &bound, secret, length);
    ERR_pop_to_mark();
    if (!is_good)
        return APR_EGENERAL;
    *sealed = apr_pstrcat(pool, VERSION, slot->id, ".",
                          civ_base64url_encode(box, NONCE_SIZE + length + TAG_SIZE, pool), NULL);
    return APR_SUCCESS;
}

/* The key's id within a sealed text, and what follows it; NULL: it is none. */
static const char *read_id(const char **box, const char *sealed)
{
    const char *id = sealed + sizeof(VERSION) - 1;

    if (strncmp(sealed, VERSION, sizeof(VERSION) - 1) != 0 ||
        strspn(id, "0123456789abcdef") != CIV_SEAL_KEY_ID_SIZE - 1 || id[CIV_SEAL_KEY_ID_SIZE - 1] != '.')
        return NULL;
    *box = id + CIV_SEAL_KEY_ID_SIZE;
    return id;
}

int civ_seal_key_place(const civ_seal_key_t *key, const char *sealed)
{
    const char *box;
    const char *id = read_id(&box, sealed);

    return id != NULL ? find(key, id) : -1;
}

apr_status_t civ_seal_open(char **secret, apr_size_t *length, const civ_seal_key_t *key, const char *owner,
                           const char *field, const char *sealed, apr_pool_t *pool)
{
    const char *text;
    const char *id = read_id(&text, sealed);
    const civ_seal_slot_t *slot;
    unsigned char *box;
    civ_buffer_t bound;
    apr_size_t size;
    int is_good, place;

    *secret = NULL;
    if (id == NULL || civ_base64url_decode(&box, &size, text, pool) != APR_SUCCESS ||
        size < NONCE_SIZE + TAG_SIZE || size > NONCE_SIZE + TAG_SIZE + CIV_SEAL_MOST)
        return CIV_EINVALID;
    place = find(key, id);
    if (place < 0)
        return APR_NOTFOUND;
    slot = &key->slots[place];
    *length = size - NONCE_SIZE - TAG_SIZE;
    *secret = civ_secret_alloc(*length + 1, pool);
    if (*secret == NULL)
        return APR_ENOMEM;
    bind_all(&bound, slot->id, owner, field, pool);
    ERR_set_mark();
    is_good = decrypt((unsigned char *)*secret, slot->key, &bound, box, *length);
    ERR_pop_to_mark();
    if (!is_good) {
        civ_secret_wipe(*secret, *length);
        *secret = NULL;
        return CIV_EINTEGRITY;
    }
    return APR_SUCCESS;
}
