/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Mining, against the rate at which OpenSSL compresses: SHA-256 over 16 KiB buffers, as "openssl speed -bytes 16384 -evp
 * sha256" measures it, divided by 64 bytes. Both in turn, several times, on one core.
 */
#include <apr_general.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/proof_of_work.h"

#define ROUNDS       5
#define SECONDS      1.0
#define BUFFER_BYTES 16384
#define BITS         16

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/** Compressions a second. */
static double measure_openssl(void)
{
    unsigned char *buffer = calloc(1, BUFFER_BYTES), digest[EVP_MAX_MD_SIZE];
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    double began = now(), took;
    unsigned long count = 0;

    do {
        EVP_DigestInit_ex2(context, sha256, NULL);
        EVP_DigestUpdate(context, buffer, BUFFER_BYTES);
        EVP_DigestFinal_ex(context, digest, NULL);
        count++;
        took = now() - began;
    } while (took < SECONDS);
    EVP_MD_CTX_free(context);
    EVP_MD_free(sha256);
    free(buffer);
    return (double)count * (BUFFER_BYTES / 64.0) / took;
}

/** Nonces a second: blocks of 16 bits, which one thread mines. */
static double measure_mining(apr_pool_t *pool)
{
    civ_header_t header;
    civ_digest_t hash;
    double began = now(), took, nonces = 0;

    memset(&header, 0, sizeof(header));
    header.difficulty = BITS;
    do {
        header.height++;
        civ_mine(&header, &hash, NULL, NULL, pool);
        nonces += (double)header.nonce + 1;
        took = now() - began;
    } while (took < SECONDS);
    return nonces / took;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

int main(void)
{
    double ratios[ROUNDS];
    apr_pool_t *pool;
    int i;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 1;
    for (i = 0; i < ROUNDS; i++) {
        double compressions = measure_openssl();
        double nonces = measure_mining(pool);

        ratios[i] = nonces / compressions;
        printf("round %d: openssl %.2f M compressions/s, mining %.2f M nonces/s, ratio %.2f\n", i + 1,
               compressions / 1e6, nonces / 1e6, ratios[i]);
    }
    qsort(ratios, ROUNDS, sizeof(ratios[0]), compare);
    printf("mining: median ratio %.2f (lowest %.2f, highest %.2f)\n", ratios[ROUNDS / 2], ratios[0],
           ratios[ROUNDS - 1]);
    apr_terminate();
    return 0;
}
