/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file keys.c
 * Ed25519 keys: their files through OpenSSL, their use through libsodium, which signs and verifies at more than twice
 * OpenSSL's speed (it computes in 51-bit limbs where OpenSSL's generic code has 26-bit ones). OpenSSL wipes private keys and
 * memory BIOs when it frees them. Other users of OpenSSL in the process share the thread's error queue, so whatever fails here
 * takes its entries away again.
 */
#include "base/keys.h"

#include "base/private_file.h"
#include "base/status.h"

#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** A PKCS#8 Ed25519 key takes 119 bytes; text around it is allowed. */
#define MOST_FILE_BYTES 65536

struct civ_public_key_t {
    unsigned char raw[CIV_KEY_PUBLIC_SIZE];
    const char *pem;
};

struct civ_key_t {
    EVP_PKEY *pkey; /**< the pair */
    civ_public_key_t public_half;
    unsigned char
        secret[crypto_sign_ed25519_SECRETKEYBYTES]; /**< seed and public half, as libsodium wants them */
};

_Static_assert(CIV_KEY_PUBLIC_SIZE == crypto_sign_ed25519_PUBLICKEYBYTES, "the same key");
_Static_assert(CIV_KEY_SIGNATURE_SIZE == crypto_sign_ed25519_BYTES, "the same signature");

static apr_status_t free_pkey(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

/* Points whose order divides the cofactor: with such a key, one signature is good for many messages. */
static int has_small_order(const unsigned char raw[CIV_KEY_PUBLIC_SIZE])
{
    static const unsigned char points[][CIV_KEY_PUBLIC_SIZE] = {
        {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
         0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
         0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    unsigned char plain[CIV_KEY_PUBLIC_SIZE];
    apr_size_t i;

    memcpy(plain, raw, sizeof(plain));
    plain[CIV_KEY_PUBLIC_SIZE - 1] &= 0x7f; /* the sign of x */
    for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        if (memcmp(plain, points[i], sizeof(plain)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What stands before the 32 bytes in the DER form of SubjectPublicKeyInfo (RFC 8410). */
static const unsigned char spki_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                            0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

/* Work the PEM out once, so that everybody may read it later without a lock. OpenSSL would take as long for it as for a
 * signature. */
static apr_status_t describe(civ_public_key_t *key, apr_pool_t *pool)
{
    unsigned char der[sizeof(spki_prefix) + CIV_KEY_PUBLIC_SIZE];
    char text[sodium_base64_ENCODED_LEN(sizeof(der), sodium_base64_VARIANT_ORIGINAL)];

    if (has_small_order(key->raw))
        return CIV_EINVALID;
    memcpy(der, spki_prefix, sizeof(spki_prefix));
    memcpy(der + sizeof(spki_prefix), key->raw, CIV_KEY_PUBLIC_SIZE);
    /* One line: PEM has 64 characters in one. */
    sodium_bin2base64(text, sizeof(text), der, sizeof(der), sodium_base64_VARIANT_ORIGINAL);
    key->pem = apr_pstrcat(pool, "-----BEGIN PUBLIC KEY-----\n", text, "\n-----END PUBLIC KEY-----\n", NULL);
    return APR_SUCCESS;
}

/* The public half of @a pkey. */
static apr_status_t extract(civ_public_key_t *key, EVP_PKEY *pkey, apr_pool_t *pool)
{
    size_t length = sizeof(key->raw);

    if (EVP_PKEY_id(pkey) != EVP_PKEY_ED25519 || EVP_PKEY_get_raw_public_key(pkey, key->raw, &length) != 1 ||
        length != sizeof(key->raw))
        return CIV_EINVALID;
    return describe(key, pool);
}

static apr_status_t wipe_secret(void *data)
{
    civ_key_t *key = data;

    sodium_memzero(key->secret, sizeof(key->secret));
    return APR_SUCCESS;
}

static apr_status_t take_secret(civ_key_t *key, apr_pool_t *pool)
{
    unsigned char seed[crypto_sign_ed25519_SEEDBYTES], public_half[CIV_KEY_PUBLIC_SIZE];
    size_t length = sizeof(seed);
    apr_status_t status = CIV_EINVALID;

    if (sodium_init() < 0)
        return APR_EGENERAL;
    apr_pool_cleanup_register(pool, key, wipe_secret, apr_pool_cleanup_null);
    if (EVP_PKEY_get_raw_private_key(key->pkey, seed, &length) == 1 && length == sizeof(seed) &&
        crypto_sign_ed25519_seed_keypair(public_half, key->secret, seed) == 0)
        status =
            memcmp(public_half, key->public_half.raw, sizeof(public_half)) == 0 ? APR_SUCCESS : APR_EGENERAL;
    sodium_memzero(seed, sizeof(seed));
    return status;
}

/* What @a pkey (NULL: whatever made it failed) is as a key pair. */
static apr_status_t wrap_pair(civ_key_t **key, EVP_PKEY *pkey, apr_pool_t *pool)
{
    civ_key_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status = CIV_EINVALID;

    if (pkey) {
        apr_pool_cleanup_register(pool, pkey, free_pkey, apr_pool_cleanup_null);
        made->pkey = pkey;
        status = extract(&made->public_half, pkey, pool);
    }
    if (status == APR_SUCCESS)
        status = take_secret(made, pool);
    *key = status == APR_SUCCESS ? made : NULL;
    return status;
}

static apr_status_t wrap_public(civ_public_key_t **key, EVP_PKEY *pkey, apr_pool_t *pool)
{
    civ_public_key_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status = pkey ? extract(made, pkey, pool) : CIV_EINVALID;

    EVP_PKEY_free(pkey);
    *key = status == APR_SUCCESS ? made : NULL;
    return status;
}

apr_status_t civ_key_generate(civ_key_t **key, apr_pool_t *pool)
{
    EVP_PKEY_CTX *context;
    EVP_PKEY *pkey = NULL;
    apr_status_t status = APR_EGENERAL;

    ERR_set_mark();
    context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, NULL);
    if (context && EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &pkey) == 1) {
        status = wrap_pair(key, pkey, pool);
    }
    EVP_PKEY_CTX_free(context);
    ERR_pop_to_mark();
    return status;
}

apr_status_t civ_key_from_seed(civ_key_t **key, const unsigned char seed[32], apr_pool_t *pool)
{
    apr_status_t status;

    ERR_set_mark();
    status = wrap_pair(key, EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32), pool);
    ERR_pop_to_mark();
    return status;
}

/* ---- files
 * --------------------------------------------------------------------------------------------------- */

/* Read all of @a file into @a bio. */
static apr_status_t read_all(BIO *bio, int file)
{
    char block[1024];
    apr_status_t status = APR_SUCCESS;
    apr_size_t total = 0;
    ssize_t got;

    while ((got = read(file, block, sizeof(block))) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = errno;
            break;
        }
        total += (apr_size_t)got;
        if (total > MOST_FILE_BYTES || BIO_write(bio, block, (int)got) != got) {
            status = CIV_EINVALID;
            break;
        }
    }
    OPENSSL_cleanse(block, sizeof(block));
    return status;
}

/* Without this, OpenSSL would ask for a password on the terminal. */
static int no_password(char *out, int size, int is_writing, void *baton)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)baton;
    return -1;
}

apr_status_t civ_key_load(civ_key_t **key, const char *path, apr_pool_t *pool)
{
    BIO *bio = NULL;
    apr_status_t status;
    int file = -1;

    *key = NULL;
    ERR_set_mark();
    status = civ_private_file_open(&file, path);
    if (status != APR_SUCCESS) {
        goto leave;
    }
    bio = BIO_new(BIO_s_mem());
    status = bio ? read_all(bio, file) : APR_ENOMEM;
    if (status == APR_SUCCESS) {
        status = wrap_pair(key, PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL), pool);
    }

leave:
    BIO_free(bio);
    if (file >= 0) {
        close(file);
    }
    ERR_pop_to_mark();
    return status;
}

apr_status_t civ_key_save(const civ_key_t *key, const char *path, apr_pool_t *pool)
{
    BIO *bio;
    char *text;
    apr_status_t status = APR_ENOMEM;

    ERR_set_mark();
    bio = BIO_new(BIO_s_mem());
    if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1) {
        long length = BIO_get_mem_data(bio, &text);

        status = civ_private_file_put(path, text, (size_t)length, pool);
    }
    BIO_free(bio);
    ERR_pop_to_mark();
    return status;
}

/* ---- use
 * ----------------------------------------------------------------------------------------------------- */

apr_status_t civ_key_sign(const civ_key_t *key, unsigned char signature[CIV_KEY_SIGNATURE_SIZE],
                          const void *data, apr_size_t length)
{
    return crypto_sign_ed25519_detached(signature, NULL, data, length, key->secret) == 0 ? APR_SUCCESS
                                                                                         : APR_EGENERAL;
}

const civ_public_key_t *civ_key_public(const civ_key_t *key)
{
    return &key->public_half;
}

apr_status_t civ_public_key_from_raw(civ_public_key_t **key, const unsigned char raw[CIV_KEY_PUBLIC_SIZE],
                                     apr_pool_t *pool)
{
    civ_public_key_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status;

    memcpy(made->raw, raw, CIV_KEY_PUBLIC_SIZE);
    status = describe(made, pool);
    *key = status == APR_SUCCESS ? made : NULL;
    return status;
}

apr_status_t civ_public_key_from_pem(civ_public_key_t **key, const char *pem, apr_pool_t *pool)
{
    size_t length = strlen(pem);
    apr_status_t status = CIV_EINVALID;
    BIO *bio;

    *key = NULL;
    if (length > MOST_FILE_BYTES) {
        return status;
    }
    ERR_set_mark();
    bio = BIO_new_mem_buf(pem, (int)length);
    if (bio) {
        status = wrap_public(key, PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL), pool);
    }
    BIO_free(bio);
    ERR_pop_to_mark();
    return status;
}

const unsigned char *civ_public_key_raw(const civ_public_key_t *key)
{
    return key->raw;
}

const char *civ_public_key_pem(const civ_public_key_t *key)
{
    return key->pem;
}

apr_status_t civ_public_key_verify_raw(const unsigned char raw[CIV_KEY_PUBLIC_SIZE],
                                       const unsigned char signature[CIV_KEY_SIGNATURE_SIZE],
                                       const void *data, apr_size_t length)
{
    return crypto_sign_ed25519_verify_detached(signature, data, length, raw) == 0 ? APR_SUCCESS
                                                                                  : CIV_EINVALID;
}

apr_status_t civ_public_key_verify(const civ_public_key_t *key,
                                   const unsigned char signature[CIV_KEY_SIGNATURE_SIZE], const void *data,
                                   apr_size_t length)
{
    return civ_public_key_verify_raw(key->raw, signature, data, length);
}
