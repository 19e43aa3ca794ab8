/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Which kind a text is of: defanging taken out, then one attempt after the other.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/status.h"
#include "federation/indicator_private.h"

#define EMAIL_LOCAL_LONGEST 64

/* Scheme, mail box and host end before this; what stands behind is no host. */
#define HOST_PART_LONGEST 512

static const char white_space[] = " \t\r\n";

static const struct {
    const char *name;
    int days;
} kinds[CIV_INDICATOR_KINDS] = {
    {"other", 30},   {"ipv4", 30},    {"ipv6", 30},  {"ipv4-network", 60}, {"ipv6-network", 60},
    {"domain", 90},  {"url", 30},     {"email", 90}, {"md5", 365},         {"sha1", 365},
    {"sha256", 365}, {"sha512", 365}, {"cve", 365},
};

/* --- refanging --- */

/* Written in lower case; each ends with a closing bracket, and none of the replacements has one. */
static const struct {
    const char *defanged;
    char plain[4];
    int in_paths; /* brackets that no path may have unescaped */
} fangs[] = {
    {"[.]", ".", 1},   {"(.)", ".", 0}, {"{.}", ".", 1},     {"[dot]", ".", 1}, {"(dot)", ".", 0},
    {"{dot}", ".", 1}, {"[:]", ":", 1}, {"[://]", "://", 1}, {"[/]", "/", 1},   {"[@]", "@", 1},
    {"(@)", "@", 0},   {"{@}", "@", 1}, {"[at]", "@", 1},    {"(at)", "@", 0},  {"{at}", "@", 1},
};

static char lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

static int ends_with(const char *text, apr_size_t length, const char *ending)
{
    apr_size_t i, size = strlen(ending);

    if (length < size)
        return 0;
    for (i = 0; i < size; i++) {
        if (lower(text[length - size + i]) != ending[i])
            return 0;
    }
    return 1;
}

/* Where the path of a URL begins, or 0. */
static apr_size_t path_start(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i + 3 <= length && memcmp(text + i, "://", 3) != 0; i++)
        ;
    for (i += 3; i < length; i++) {
        if (strchr("/?#", text[i]))
            return i;
    }
    return 0;
}

char *civ_indicator_refang(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) + 1);
    apr_size_t length = 0, i;

    for (; *text; text++) {
        out[length++] = *text;
        if (!strchr(")]}", *text))
            continue;
        for (i = 0; i < sizeof(fangs) / sizeof(fangs[0]); i++) {
            if (!ends_with(out, length, fangs[i].defanged) ||
                (!fangs[i].in_paths && (length > HOST_PART_LONGEST || path_start(out, length) > 0)))
                continue;
            length -= strlen(fangs[i].defanged);
            memcpy(out + length, fangs[i].plain, strlen(fangs[i].plain));
            length += strlen(fangs[i].plain);
            break;
        }
    }
    out[length] = '\0';
    return out;
}

/* --- kinds --- */

static int is_email(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    static const char atoms[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.";
    const char *at = strchr(text, '@');
    char *local, *byte;
    civ_indicator_t domain;
    apr_size_t length;

    if (!at || at == text || at - text > EMAIL_LOCAL_LONGEST || at[1] == '\0')
        return 0;
    length = (apr_size_t)(at - text);
    local = apr_pstrmemdup(pool, text, length);
    for (byte = local; *byte; byte++)
        *byte = lower(*byte);
    if (strspn(local, atoms) != length || local[0] == '.' || local[length - 1] == '.' || strstr(local, ".."))
        return 0;
    if (!civ_indicator_domain(&domain, at + 1, pool))
        return 0;
    indicator->kind = CIV_INDICATOR_EMAIL;
    indicator->value = apr_pstrcat(pool, local, "@", domain.value, NULL);
    indicator->flag = domain.flag;
    return 1;
}

static int is_digest(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    static const struct {
        const char *prefixes[2];
        apr_size_t digits;
        civ_indicator_kind_e kind;
    } rows[] = {
        {{"md5:", "md5:"}, 32, CIV_INDICATOR_MD5},
        {{"sha1:", "sha-1:"}, 40, CIV_INDICATOR_SHA1},
        {{"sha256:", "sha-256:"}, 64, CIV_INDICATOR_SHA256},
        {{"sha512:", "sha-512:"}, 128, CIV_INDICATOR_SHA512},
    };
    char *value = apr_pstrdup(pool, text), *byte;
    apr_size_t i, j, count = sizeof(rows) / sizeof(rows[0]), digits;

    for (byte = value; *byte; byte++)
        *byte = lower(*byte);
    for (i = 0; i < count; i++) {
        const char *hex = value;

        for (j = 0; j < 2 && hex == value; j++) {
            if (strncmp(value, rows[i].prefixes[j], strlen(rows[i].prefixes[j])) == 0)
                hex += strlen(rows[i].prefixes[j]);
        }
        digits = strspn(hex, "0123456789abcdef");
        if (digits == rows[i].digits && hex[digits] == '\0') {
            indicator->kind = rows[i].kind;
            indicator->value = hex;
            indicator->flag = civ_indicator_flag_digest(hex);
            return 1;
        }
    }
    return 0;
}

/* CVE-YYYY-NNNN, with up to 19 digits at the end. */
static int is_cve(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789";
    apr_size_t length;

    if (lower(text[0]) != 'c' || lower(text[1]) != 'v' || lower(text[2]) != 'e' || text[3] != '-')
        return 0;
    if (strspn(text + 4, digits) != 4 || text[8] != '-')
        return 0;
    length = strspn(text + 9, digits);
    if (length < 4 || length > 19 || text[9 + length])
        return 0;
    indicator->kind = CIV_INDICATOR_CVE;
    indicator->value = apr_pstrcat(pool, "CVE", text + 3, NULL);
    indicator->flag = CIV_FLAG_NONE;
    return 1;
}

/* Addresses before names, which they look like; URLs before what may stand in them. */
static int (*const attempts[])(civ_indicator_t *indicator, const char *text, apr_pool_t *pool) = {
    civ_indicator_url, civ_indicator_address, civ_indicator_network, is_digest, is_cve,
    is_email,          civ_indicator_domain,
};

apr_status_t civ_indicator_recognise(civ_indicator_t *indicator, const char *text, apr_pool_t *pool)
{
    apr_size_t length, i;
    const char *plain;

    text += strspn(text, white_space);
    length = strlen(text);
    while (length > 0 && strchr(white_space, text[length - 1]))
        length--;
    if (length == 0 || length > CIV_INDICATOR_LONGEST)
        return CIV_EINVALID;
    for (i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return CIV_EINVALID;
    }
    text = apr_pstrmemdup(pool, text, length);
    plain = civ_indicator_refang(text, pool);
    for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        if (attempts[i](indicator, plain, pool))
            return APR_SUCCESS;
    }
    indicator->kind = CIV_INDICATOR_OTHER;
    indicator->value = text;
    indicator->flag = CIV_FLAG_NONE;
    return APR_SUCCESS;
}

const char *civ_indicator_kind_name(civ_indicator_kind_e kind)
{
    return kinds[kind].name;
}

int civ_indicator_days(civ_indicator_kind_e kind)
{
    return kinds[kind].days;
}
