/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Values that can hardly be indicators. Addresses: the special-purpose registries of RFC 6890; names: RFC 6761 and RFC 2606.
 */
#include <string.h>

#include "federation/indicator_private.h"

/* The first row that holds the address counts; a network that holds one and more is not that of any row. */
static const struct {
    unsigned char address[4];
    unsigned char bits;
    civ_indicator_flag_e flag;
} ipv4_rows[] = {
    {{0, 0, 0, 0}, 32, CIV_FLAG_UNSPECIFIED},
    {{0, 0, 0, 0}, 8, CIV_FLAG_RESERVED},
    {{10, 0, 0, 0}, 8, CIV_FLAG_PRIVATE},
    {{100, 64, 0, 0}, 10, CIV_FLAG_SHARED},
    {{127, 0, 0, 0}, 8, CIV_FLAG_LOOPBACK},
    {{169, 254, 0, 0}, 16, CIV_FLAG_LINK_LOCAL},
    {{172, 16, 0, 0}, 12, CIV_FLAG_PRIVATE},
    {{192, 0, 0, 0}, 24, CIV_FLAG_RESERVED},
    {{192, 0, 2, 0}, 24, CIV_FLAG_DOCUMENTATION},
    {{192, 88, 99, 0}, 24, CIV_FLAG_TRANSLATED},
    {{192, 168, 0, 0}, 16, CIV_FLAG_PRIVATE},
    {{198, 18, 0, 0}, 15, CIV_FLAG_RESERVED},
    {{198, 51, 100, 0}, 24, CIV_FLAG_DOCUMENTATION},
    {{203, 0, 113, 0}, 24, CIV_FLAG_DOCUMENTATION},
    {{233, 252, 0, 0}, 24, CIV_FLAG_DOCUMENTATION},
    {{224, 0, 0, 0}, 4, CIV_FLAG_MULTICAST},
    {{255, 255, 255, 255}, 32, CIV_FLAG_BROADCAST},
    {{240, 0, 0, 0}, 4, CIV_FLAG_RESERVED},
    {{1, 0, 0, 1}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{1, 1, 1, 1}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{1, 1, 1, 2}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{1, 1, 1, 3}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{4, 2, 2, 1}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{4, 2, 2, 2}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{8, 8, 4, 4}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{8, 8, 8, 8}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{9, 9, 9, 9}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{9, 9, 9, 10}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{9, 9, 9, 11}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{94, 140, 14, 14}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{94, 140, 15, 15}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{149, 112, 112, 112}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{208, 67, 220, 220}, 32, CIV_FLAG_PUBLIC_RESOLVER},
    {{208, 67, 222, 222}, 32, CIV_FLAG_PUBLIC_RESOLVER},
};

static const struct {
    unsigned char address[16];
    unsigned char bits;
    civ_indicator_flag_e flag;
} ipv6_rows[] = {
    {{0}, 128, CIV_FLAG_UNSPECIFIED},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, CIV_FLAG_LOOPBACK},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, CIV_FLAG_TRANSLATED}, /* IPv4-mapped */
    {{0}, 96, CIV_FLAG_TRANSLATED},                                        /* IPv4-compatible */
    {{0x00, 0x64, 0xff, 0x9b}, 96, CIV_FLAG_TRANSLATED},                   /* NAT64 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, CIV_FLAG_TRANSLATED},       /* NAT64, local */
    {{0x01, 0x00}, 64, CIV_FLAG_RESERVED},                                 /* discard only */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, CIV_FLAG_DOCUMENTATION},
    {{0x3f, 0xff}, 20, CIV_FLAG_DOCUMENTATION},
    {{0x20, 0x01, 0x00, 0x00}, 32, CIV_FLAG_TRANSLATED}, /* Teredo */
    {{0x20, 0x01, 0x00, 0x00}, 23, CIV_FLAG_RESERVED},   /* IETF protocol assignments */
    {{0x20, 0x02}, 16, CIV_FLAG_TRANSLATED},             /* 6to4 */
    {{0xfc, 0x00}, 7, CIV_FLAG_PRIVATE},
    {{0xfe, 0x80}, 10, CIV_FLAG_LINK_LOCAL},
    {{0xfe, 0xc0}, 10, CIV_FLAG_RESERVED}, /* site-local, given up */
    {{0xff, 0x00}, 8, CIV_FLAG_MULTICAST},
    {{0x20, 0x01, 0x48, 0x60, 0x48, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x44}, 128, CIV_FLAG_PUBLIC_RESOLVER},
    {{0x20, 0x01, 0x48, 0x60, 0x48, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x88}, 128, CIV_FLAG_PUBLIC_RESOLVER},
    {{0x26, 0x06, 0x47, 0x00, 0x47, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x01}, 128, CIV_FLAG_PUBLIC_RESOLVER},
    {{0x26, 0x06, 0x47, 0x00, 0x47, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x11}, 128, CIV_FLAG_PUBLIC_RESOLVER},
    {{0x26, 0x20, 0x00, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xfe}, 128, CIV_FLAG_PUBLIC_RESOLVER},
    {{0x26, 0x20, 0x01, 0x19, 0x00, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x35}, 128, CIV_FLAG_PUBLIC_RESOLVER},
};

/* A name is that name or below it. */
static const struct {
    const char *name;
    civ_indicator_flag_e flag;
} name_rows[] = {
    {"localhost", CIV_FLAG_SPECIAL_NAME},
    {"localdomain", CIV_FLAG_SPECIAL_NAME},
    {"local", CIV_FLAG_SPECIAL_NAME},
    {"internal", CIV_FLAG_SPECIAL_NAME},
    {"intranet", CIV_FLAG_SPECIAL_NAME},
    {"lan", CIV_FLAG_SPECIAL_NAME},
    {"home", CIV_FLAG_SPECIAL_NAME},
    {"corp", CIV_FLAG_SPECIAL_NAME},
    {"home.arpa", CIV_FLAG_SPECIAL_NAME},
    {"in-addr.arpa", CIV_FLAG_SPECIAL_NAME},
    {"ip6.arpa", CIV_FLAG_SPECIAL_NAME},
    {"invalid", CIV_FLAG_SPECIAL_NAME},
    {"test", CIV_FLAG_EXAMPLE},
    {"example", CIV_FLAG_EXAMPLE},
    {"example.com", CIV_FLAG_EXAMPLE},
    {"example.net", CIV_FLAG_EXAMPLE},
    {"example.org", CIV_FLAG_EXAMPLE},
    {"example.edu", CIV_FLAG_EXAMPLE},
    {"dns.google", CIV_FLAG_PUBLIC_RESOLVER},
    {"one.one.one.one", CIV_FLAG_PUBLIC_RESOLVER},
    {"cloudflare-dns.com", CIV_FLAG_PUBLIC_RESOLVER},
    {"dns.quad9.net", CIV_FLAG_PUBLIC_RESOLVER},
    {"dns.opendns.com", CIV_FLAG_PUBLIC_RESOLVER},
    {"dns.adguard-dns.com", CIV_FLAG_PUBLIC_RESOLVER},
};

/* Digests of no bytes at all. */
static const char *const empty_digests[] = {
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd"
    "47417a81a538327af927da3e",
};

/* Networks with fewer bits than these hold so much that they say nothing. */
#define LEAST_IPV4_BITS 8
#define LEAST_IPV6_BITS 16

static const struct {
    const char *name, *reason;
} flags[CIV_FLAGS] = {
    {NULL, NULL},
    {"private", "an address of a private network"},
    {"loopback", "an address of the host itself"},
    {"link-local", "an address that is valid on one link only"},
    {"shared-address", "an address that providers share among customers (RFC 6598)"},
    {"documentation", "an address reserved for documentation"},
    {"multicast", "a multicast address"},
    {"unspecified", "the unspecified address"},
    {"broadcast", "the broadcast address"},
    {"reserved", "an address reserved for other uses"},
    {"translated", "an address that stands for another one (mapped, NAT64, 6to4, Teredo)"},
    {"too-broad", "a network so large that it says nothing"},
    {"public-resolver", "a well-known public name server"},
    {"special-name", "a name that means something else on every network"},
    {"example", "a name reserved for examples and tests"},
    {"empty-file", "the digest of an empty file"},
};

static int shares_bits(const unsigned char *left, const unsigned char *right, unsigned bits)
{
    unsigned rest = bits % 8, mask = 0xff00U >> rest & 0xff;

    if (memcmp(left, right, bits / 8) != 0)
        return 0;
    return rest == 0 || (left[bits / 8] & mask) == (right[bits / 8] & mask);
}

civ_indicator_flag_e civ_indicator_flag_ipv4(const unsigned char *address, unsigned bits)
{
    size_t i;

    for (i = 0; i < sizeof(ipv4_rows) / sizeof(ipv4_rows[0]); i++) {
        if (bits >= ipv4_rows[i].bits && shares_bits(address, ipv4_rows[i].address, ipv4_rows[i].bits))
            return ipv4_rows[i].flag;
    }
    return bits < LEAST_IPV4_BITS ? CIV_FLAG_TOO_BROAD : CIV_FLAG_NONE;
}

civ_indicator_flag_e civ_indicator_flag_ipv6(const unsigned char *address, unsigned bits)
{
    size_t i;

    for (i = 0; i < sizeof(ipv6_rows) / sizeof(ipv6_rows[0]); i++) {
        if (bits >= ipv6_rows[i].bits && shares_bits(address, ipv6_rows[i].address, ipv6_rows[i].bits))
            return ipv6_rows[i].flag;
    }
    return bits < LEAST_IPV6_BITS ? CIV_FLAG_TOO_BROAD : CIV_FLAG_NONE;
}

civ_indicator_flag_e civ_indicator_flag_domain(const char *name)
{
    size_t i, length = strlen(name);

    for (i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
        size_t end = strlen(name_rows[i].name);

        if (length >= end && strcmp(name + length - end, name_rows[i].name) == 0 &&
            (length == end || name[length - end - 1] == '.'))
            return name_rows[i].flag;
    }
    return CIV_FLAG_NONE;
}

civ_indicator_flag_e civ_indicator_flag_digest(const char *hex)
{
    size_t i;

    for (i = 0; i < sizeof(empty_digests) / sizeof(empty_digests[0]); i++) {
        if (strcmp(hex, empty_digests[i]) == 0)
            return CIV_FLAG_EMPTY_FILE;
    }
    return CIV_FLAG_NONE;
}

const char *civ_indicator_flag_name(civ_indicator_flag_e flag)
{
    return flags[flag].name;
}

const char *civ_indicator_flag_reason(civ_indicator_flag_e flag)
{
    return flags[flag].reason;
}
