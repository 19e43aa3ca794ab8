/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file egress_address.c
 * Addresses, and which of them are not public: the special-purpose registries of IANA (RFC 6890 and its successors).
 */
#include "sync/egress_private.h"

#include "base/status.h"

#include <arpa/inet.h>
#include <string.h>

/* The first block that an address is in counts. */
static const struct {
    unsigned char bytes[4];
    int bits;
    const char *kind;
} ipv4_blocks[] = {
    {{0}, 8, "an address of this host"},
    {{10}, 8, "a private address"},
    {{100, 64}, 10, "a carrier's shared address"},
    {{127}, 8, "a loopback address"},
    {{169, 254}, 16, "a link-local address"},
    {{172, 16}, 12, "a private address"},
    {{192, 0, 0}, 24, "an address for protocols"},
    {{192, 0, 2}, 24, "an address for documentation"},
    {{192, 88, 99}, 24, "a relay's address"},
    {{192, 168}, 16, "a private address"},
    {{198, 18}, 15, "an address for benchmarks"},
    {{198, 51, 100}, 24, "an address for documentation"},
    {{203, 0, 113}, 24, "an address for documentation"},
    {{224}, 4, "a multicast address"},
    {{240}, 4, "a reserved address"},
};

static const struct {
    unsigned char bytes[16];
    int bits;
    const char *kind;
} ipv6_blocks[] = {
    {{0x20, 0x01}, 23, "an address for protocols"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "an address for documentation"},
    {{0x3f, 0xff}, 20, "an address for documentation"},
    {{0x20}, 3, NULL}, /* all that is public, but for what is above */
    {{0}, 127, "a loopback address"},
    {{0xfc}, 7, "a private address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a private address"},
    {{0xff}, 8, "a multicast address"},
    {{0}, 0, "a reserved address"},
};

/* Blocks whose addresses stand for an IPv4 address, and where in them it is. */
static const struct {
    unsigned char bytes[16];
    int bits;
    int offset;
} carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},       /* mapped, RFC 4291 */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 96, 12},       /* translated, RFC 2765 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 96, 12}, /* NAT64, RFC 6052 */
    {{0x20, 0x02}, 16, 2},                                      /* 6to4, RFC 3056 */
};

int civ_address_in(const unsigned char *bytes, const unsigned char *block, int bits)
{
    int whole = bits / 8;
    int rest = bits % 8;

    return memcmp(bytes, block, (apr_size_t)whole) == 0 &&
           (rest == 0 || ((bytes[whole] ^ block[whole]) >> (8 - rest)) == 0);
}

int civ_address_carried(civ_address_t *inner, const civ_address_t *address)
{
    apr_size_t i;

    for (i = 0; address->is_ipv6 && i < sizeof(carriers) / sizeof(carriers[0]); i++) {
        if (civ_address_in(address->bytes, carriers[i].bytes, carriers[i].bits)) {
            memset(inner, 0, sizeof(*inner));
            memcpy(inner->bytes, address->bytes + carriers[i].offset, 4);
            return 1;
        }
    }
    return 0;
}

const char *civ_address_kind(const civ_address_t *address)
{
    civ_address_t inner;
    apr_size_t i;

    if (civ_address_carried(&inner, address))
        return civ_address_kind(&inner);
    if (!address->is_ipv6) {
        for (i = 0; i < sizeof(ipv4_blocks) / sizeof(ipv4_blocks[0]); i++) {
            if (civ_address_in(address->bytes, ipv4_blocks[i].bytes, ipv4_blocks[i].bits))
                return ipv4_blocks[i].kind;
        }
        return NULL;
    }
    for (i = 0; !civ_address_in(address->bytes, ipv6_blocks[i].bytes, ipv6_blocks[i].bits); i++)
        continue;
    return ipv6_blocks[i].kind;
}

/* Where clouds have their metadata service, which hands out credentials to whoever asks. */
int civ_address_is_metadata(const civ_address_t *address)
{
    static const unsigned char ipv4[][4] = {
        {169, 254, 169, 254}, /* most */
        {169, 254, 170, 2},   /* containers at Amazon */
        {169, 254, 170, 23},  /* pods at Amazon */
        {100, 100, 100, 200}, /* Alibaba */
        {192, 0, 0, 192},     /* Oracle */
        {168, 63, 129, 16},   /* Azure's wire server */
    };
    static const unsigned char ipv6[16] = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
    civ_address_t inner;
    apr_size_t i;

    if (civ_address_carried(&inner, address))
        return civ_address_is_metadata(&inner);
    if (address->is_ipv6)
        return memcmp(address->bytes, ipv6, sizeof(ipv6)) == 0;
    for (i = 0; i < sizeof(ipv4) / sizeof(ipv4[0]); i++) {
        if (memcmp(address->bytes, ipv4[i], 4) == 0)
            return 1;
    }
    return 0;
}

/* Four decimal numbers; inet_pton() refuses leading zeros already on most systems, but not on all. */
static int has_leading_zero(const char *text)
{
    for (; *text != '\0'; text += strcspn(text, "."), text += *text == '.') {
        if (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
            return 1;
    }
    return 0;
}

apr_status_t civ_address_parse(civ_address_t *address, const char *text)
{
    memset(address, 0, sizeof(*address));
    address->is_ipv6 = strchr(text, ':') != NULL;
    if (!address->is_ipv6 && has_leading_zero(text))
        return CIV_EINVALID;
    return inet_pton(address->is_ipv6 ? AF_INET6 : AF_INET, text, address->bytes) == 1 ? APR_SUCCESS
                                                                                       : CIV_EINVALID;
}

char *civ_address_format(char out[CIV_ADDRESS_SIZE], const civ_address_t *address)
{
    if (inet_ntop(address->is_ipv6 ? AF_INET6 : AF_INET, address->bytes, out, CIV_ADDRESS_SIZE) == NULL)
        out[0] = '\0';
    return out;
}

int civ_address_equal(const civ_address_t *left, const civ_address_t *right)
{
    return left->is_ipv6 == right->is_ipv6 && memcmp(left->bytes, right->bytes, left->is_ipv6 ? 16 : 4) == 0;
}
