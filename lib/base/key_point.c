/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Is a public key a point? OpenSSL takes any 32 bytes, and only fails when a signature is verified with them.
 *
 * RFC 8032, section 5.1.3: with p = 2^255 - 19, the bytes are y below p, and there is an x with x^2 = (y^2 - 1) / (d y^2 + 1)
 * modulo p. d is no square, so the denominator is never 0, and the quotient is a square exactly when the product is.
 */
#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

#include "base/keys.h"
#include "base/status.h"

/* d = -121665 / 121666 */
#define NUMERATOR   121665
#define DENOMINATOR 121666

/** u = (y^2 - 1) and v = (d y^2 + 1), both times 121666, which leaves the quotient as it is. @return 1, or 0 on failure */
static int set_terms(BIGNUM *u, BIGNUM *v, const BIGNUM *y, const BIGNUM *p, BN_CTX *context)
{
    return BN_mod_sqr(u, y, p, context) && BN_copy(v, u) && BN_sub_word(u, 1) &&
           BN_mul_word(u, DENOMINATOR) && BN_mul_word(v, NUMERATOR) && BN_sub(v, p, v) &&
           BN_add_word(v, DENOMINATOR);
}

static int is_point(const unsigned char raw[CIV_KEY_PUBLIC_SIZE], BN_CTX *context)
{
    unsigned char bytes[CIV_KEY_PUBLIC_SIZE];
    BIGNUM *p = BN_CTX_get(context), *y = BN_CTX_get(context), *u = BN_CTX_get(context),
           *v = BN_CTX_get(context);

    memcpy(bytes, raw, sizeof(bytes));
    bytes[CIV_KEY_PUBLIC_SIZE - 1] &= 0x7f; /* the sign of x */
    if (v == NULL || !BN_set_bit(p, 255) || !BN_sub_word(p, 19) ||
        BN_lebin2bn(bytes, sizeof(bytes), y) == NULL)
        return 0;
    if (BN_cmp(y, p) >= 0 || !set_terms(u, v, y, p, context) || !BN_mod_mul(u, u, v, p, context))
        return 0;
    /* Of 0, too, there is a root; such a point has small order, and was refused before. */
    return BN_is_zero(u) || BN_kronecker(u, p, context) == 1;
}

apr_status_t civ_public_key_check(const civ_public_key_t *key)
{
    BN_CTX *context;
    int good = 0;

    ERR_set_mark();
    context = BN_CTX_new();
    if (context != NULL) {
        BN_CTX_start(context);
        good = is_point(civ_public_key_raw(key), context);
        BN_CTX_end(context);
    }
    BN_CTX_free(context);
    ERR_pop_to_mark();
    return good ? APR_SUCCESS : CIV_EINVALID;
}
