/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Addresses, networks, domain names and URLs.
 */
#include <arpa/inet.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/buffer.h"
#include "federation/indicator_private.h"

#define LABEL_LONGEST 63
#define HIGHEST_PORT  65535

static int is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Without the process's locale. */
static int is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static char *lower(const char *text, apr_size_t length, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text, length), *byte;

    for (byte = copy; *byte; byte++) {
        if (*byte >= 'A' && *byte <= 'Z')
            *byte = (char)(*byte + ('a' - 'A'));
    }
    return copy;
}

/* Decimal digits to the end of the text, without a leading zero. */
static int read_number(unsigned *number, const char *text, unsigned most)
{
    unsigned value = 0;

    if (!is_digit(text[0]) || (text[0] == '0' && text[1]))
        return 0;
    for (; is_digit(*text); text++) {
        value = 10 * value + (unsigned)(*text - '0');
        if (value > most)
            return 0;
    }
    *number = value;
    return *text == '\0';
}

/* --- addresses and networks --- */

static const char *write_ipv6(const unsigned char *address, apr_pool_t *pool)
{
    char text[INET6_ADDRSTRLEN];

    /* As RFC 5952 has it, with the last four bytes in dotted decimal where they are a mapped IPv4 address. */
    return apr_pstrdup(pool, inet_ntop(AF_INET6, address, text, sizeof(text)));
}

static const char *write_ipv4(const unsigned char *address, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
}

/* The bytes of an address, without brackets. @return 4, 16 or 0 */
static unsigned read_address(unsigned char address[16], const char *text)
{
    unsigned i, part;
    char digits[4];

    if (strchr(text, ':'))
        return inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
    for (i = 0; i < 4; i++) {
        apr_size_t length = strspn(text, "0123456789");

        if (length == 0 || length > 3 || text[length] != (i < 3 ? '.' : '\0'))
            return 0;
        apr_cpystrn(digits, text, length + 1);
        if (!read_number(&part, digits, 255))
            return 0;
        address[i] = (unsigned char)part;
        text += length + 1;
    }
    return 4;
}

int civ_indicator_address(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    unsigned char address[16];
    apr_size_t length = strlen(text);
    unsigned bytes;

    if (length > 2 && text[0] == '[' && text[length - 1] == ']') {
        text = apr_pstrmemdup(pool, text + 1, length - 2);
        if (!strchr(text, ':'))
            return 0;
    }
    bytes = read_address(address, text);
    if (bytes == 0)
        return 0;
    indicator->kind = bytes == 4 ? CIV_INDICATOR_IPV4 : CIV_INDICATOR_IPV6;
    indicator->value = bytes == 4 ? write_ipv4(address, pool) : write_ipv6(address, pool);
    indicator->flag =
        bytes == 4 ? civ_indicator_flag_ipv4(address, 32) : civ_indicator_flag_ipv6(address, 128);
    return 1;
}

static void clear_behind(unsigned char *address, unsigned bytes, unsigned bits)
{
    unsigned i;

    for (i = bits; i < 8 * bytes; i++)
        address[i / 8] &= (unsigned char)~(0x80U >> i % 8);
}

int civ_indicator_network(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    const char *slash = strchr(text, '/');
    unsigned char address[16];
    unsigned bytes, bits;

    if (!slash || slash - text >= INET6_ADDRSTRLEN)
        return 0;
    text = apr_pstrmemdup(pool, text, (apr_size_t)(slash - text));
    bytes = read_address(address, text);
    if (bytes == 0 || !read_number(&bits, slash + 1, 8 * bytes))
        return 0;
    if (bits == 8 * bytes)
        return civ_indicator_address(indicator, text, pool);
    clear_behind(address, bytes, bits);
    indicator->kind = bytes == 4 ? CIV_INDICATOR_IPV4_NETWORK : CIV_INDICATOR_IPV6_NETWORK;
    indicator->value =
        apr_psprintf(pool, "%s/%u", bytes == 4 ? write_ipv4(address, pool) : write_ipv6(address, pool), bits);
    indicator->flag =
        bytes == 4 ? civ_indicator_flag_ipv4(address, bits) : civ_indicator_flag_ipv6(address, bits);
    return 1;
}

/* --- names --- */

/* What comes behind the dot of file names, and is no top-level domain. */
static const char *const file_endings[] = {
    "bat", "bin",  "cfg", "class", "cmd", "conf", "csv",  "dat", "dll",  "doc", "docm", "docx",
    "elf", "exe",  "gif", "gz",    "hta", "html", "htm",  "ini", "iso",  "jar", "jpeg", "jpg",
    "js",  "json", "lnk", "log",   "msi", "pdf",  "php",  "png", "ps1",  "rar", "scr",  "sys",
    "tar", "tmp",  "txt", "vbs",   "xls", "xlsm", "xlsx", "xml", "yaml", "yml",
};

static int is_label(const char *label, apr_size_t length)
{
    apr_size_t i;

    if (length == 0 || length > LABEL_LONGEST || label[0] == '-' || label[length - 1] == '-')
        return 0;
    for (i = 0; i < length; i++) {
        if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-' && label[i] != '_')
            return 0;
    }
    return 1;
}

/* Letters, or punycode; never what files end with. */
static int is_top_level(const char *label)
{
    apr_size_t i, length = strlen(label);

    if (strncmp(label, "xn--", 4) == 0)
        return length > 4;
    for (i = 0; i < length; i++) {
        if (!is_letter(label[i]))
            return 0;
    }
    for (i = 0; i < sizeof(file_endings) / sizeof(file_endings[0]); i++) {
        if (strcmp(label, file_endings[i]) == 0)
            return 0;
    }
    return length >= 2;
}

int civ_indicator_domain(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);
    const char *name, *label, *dot;

    if (length > 1 && text[length - 1] == '.')
        length--;
    if (length > CIV_DOMAIN_LONGEST)
        return 0;
    name = lower(text, length, pool);
    if (strcmp(name, "localhost") != 0) {
        for (label = name; (dot = strchr(label, '.')); label = dot + 1) {
            if (!is_label(label, (apr_size_t)(dot - label)))
                return 0;
        }
        if (label == name || !is_label(label, strlen(label)) || !is_top_level(label))
            return 0;
    }
    indicator->kind = CIV_INDICATOR_DOMAIN;
    indicator->value = name;
    indicator->flag = civ_indicator_flag_domain(name);
    return 1;
}

/* --- URLs --- */

static const struct {
    const char *written, *scheme, *port;
} schemes[] = {
    {"http", "http", "80"}, {"https", "https", "443"}, {"ftp", "ftp", "21"},      {"ftps", "ftps", "990"},
    {"hxxp", "http", "80"}, {"hxxps", "https", "443"}, {"h**p", "http", "80"},    {"h**ps", "https", "443"},
    {"hxtp", "http", "80"}, {"htxp", "http", "80"},    {"hxtps", "https", "443"}, {"htxps", "https", "443"},
    {"fxp", "ftp", "21"},   {"fxps", "ftps", "990"},
};

/* "host", "host:port" or "[address]:port". @return whether it is one; a port that goes without saying is left out */
static int add_authority(civ_buffer_t *out, civ_indicator_t *host, const char *authority,
                         const char *usual_port, apr_pool_t *pool)
{
    const char *bracket = authority[0] == '[' ? strchr(authority, ']') : NULL;
    const char *colon = strchr(bracket ? bracket : authority, ':');
    unsigned port;

    if (bracket && bracket[1] && bracket[1] != ':')
        return 0;
    if (colon) {
        authority = apr_pstrmemdup(pool, authority, (apr_size_t)(colon - authority));
        colon++;
    }
    if (!civ_indicator_address(host, authority, pool) && !civ_indicator_domain(host, authority, pool))
        return 0;
    if (host->kind == CIV_INDICATOR_IPV6)
        civ_buffer_append_format(out, "[%s]", host->value);
    else
        civ_buffer_append_text(out, host->value);
    if (colon && *colon && strcmp(colon, usual_port) != 0) {
        if (!read_number(&port, colon, HIGHEST_PORT))
            return 0;
        civ_buffer_append_format(out, ":%u", port);
    }
    return 1;
}

static int is_hex(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static char upper(char byte)
{
    return (char)(byte >= 'a' && byte <= 'z' ? byte - ('a' - 'A') : byte);
}

static void add_rest(civ_buffer_t *out, const char *rest)
{
    if (*rest != '/')
        civ_buffer_append_byte(out, '/');
    for (; *rest; rest++) {
        if ((unsigned char)*rest >= 0x80) {
            civ_buffer_append_format(out, "%%%02X", (unsigned)(unsigned char)*rest);
        } else if (*rest == '%' && is_hex(rest[1]) && is_hex(rest[2])) {
            civ_buffer_append_byte(out, '%');
            civ_buffer_append_byte(out, upper(rest[1]));
            civ_buffer_append_byte(out, upper(rest[2]));
            rest += 2;
        } else {
            civ_buffer_append_byte(out, *rest);
        }
    }
}

int civ_indicator_url(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    const char *colon = strstr(text, "://"), *authority, *end, *at;
    civ_indicator_t host;
    civ_buffer_t out;
    const char *scheme;
    apr_size_t i, count = sizeof(schemes) / sizeof(schemes[0]);

    if (!colon || strchr(text, ' '))
        return 0;
    scheme = lower(text, (apr_size_t)(colon - text), pool);
    for (i = 0; i < count && strcmp(scheme, schemes[i].written) != 0; i++)
        ;
    if (i == count)
        return 0;
    end = colon + 3 + strcspn(colon + 3, "/?#\\"); /* clients take a backslash for a slash */
    authority = apr_pstrmemdup(pool, colon + 3, (apr_size_t)(end - colon - 3));
    at = strrchr(authority, '@'); /* what stands before it may be a password */
    civ_buffer_init(&out, strlen(text) + 16, pool);
    civ_buffer_append_format(&out, "%s://", schemes[i].scheme);
    if (!add_authority(&out, &host, at ? at + 1 : authority, schemes[i].port, pool))
        return 0;
    add_rest(&out, end);
    if (out.length > CIV_INDICATOR_LONGEST) /* percent-encoding made it so */
        return 0;
    indicator->kind = CIV_INDICATOR_URL;
    indicator->value = out.data;
    indicator->flag = host.flag;
    return 1;
}
