/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "media.h"

#include <string.h>
#include <strings.h>

/** A part of the header that is being read. */
typedef struct media_text_t {
    const char *text;
    size_t length;
} media_text_t;

/** One media range: type and subtype, q in thousandths. */
typedef struct media_range_t {
    media_text_t type;
    media_text_t subtype;
    int quality;
} media_range_t;

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* tchar of RFC 9110. */
static size_t token_length(const char *at)
{
    return strspn(at, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

static int is_text(const media_text_t *part, const char *text)
{
    return strlen(text) == part->length && strncasecmp(part->text, text, part->length) == 0;
}

static const char *read_token(const char *at, media_text_t *token)
{
    token->text = at;
    token->length = token_length(at);
    return token->length ? at + token->length : NULL;
}

/* A parameter's value: a token, or a quoted string (given without its quotes, with its backslashes). */
static const char *read_value(const char *at, media_text_t *value)
{
    if (*at != '"') {
        return read_token(at, value);
    }
    value->text = ++at;
    while (*at && *at != '"') {
        at += *at == '\\' && at[1] ? 2 : 1;
    }
    value->length = (size_t)(at - value->text);
    return *at == '"' ? at + 1 : NULL;
}

/* Takes each parameter. Returns 0 to refuse it. */
typedef int (*parameter_fn)(void *baton, const media_text_t *name, const media_text_t *value);

/* Any number of ;name=value. Returns where they end, or NULL when they are malformed. */
static const char *read_parameters(const char *at, parameter_fn take, void *baton)
{
    for (at = skip_space(at); *at == ';'; at = skip_space(at)) {
        media_text_t name;
        media_text_t value;

        at = skip_space(at + 1);
        if (*at == ';' || *at == ',' || *at == '\0') {
            continue;
        }
        at = read_token(at, &name);
        if (!at || *at != '=') {
            return NULL;
        }
        at = read_value(at + 1, &value);
        if (!at || !take(baton, &name, &value)) {
            return NULL;
        }
    }
    return at;
}

/* 0, 0.5, 1.000 and the like, in thousandths; -1 for anything else. */
static int read_quality(const media_text_t *value)
{
    int quality = 0;
    size_t i;

    if (value->length < 1 || value->length > 5 || (value->text[0] != '0' && value->text[0] != '1') ||
        (value->length > 1 && value->text[1] != '.')) {
        return -1;
    }
    for (i = 2; i < 5; i++) {
        int digit = i < value->length ? value->text[i] - '0' : 0;

        if (digit < 0 || digit > 9) {
            return -1;
        }
        quality = quality * 10 + digit;
    }
    quality += value->text[0] == '1' ? 1000 : 0;
    return quality <= 1000 ? quality : -1;
}

static int take_quality(void *baton, const media_text_t *name, const media_text_t *value)
{
    media_range_t *range = baton;

    if (is_text(name, "q")) {
        range->quality = read_quality(value);
    }
    return range->quality >= 0;
}

static const char *read_range(const char *at, media_range_t *range)
{
    range->quality = 1000;
    at = read_token(at, &range->type);
    if (!at || *at != '/') {
        return NULL;
    }
    at = read_token(at + 1, &range->subtype);
    return at ? read_parameters(at, take_quality, range) : NULL;
}

/* How closely the range names the type: 0 not at all, 1 for a full wildcard, 2 for type/wildcard, 3 for both.
 */
static int closeness(const media_range_t *range, const char *type)
{
    const char *slash = strchr(type, '/');
    size_t type_length = (size_t)(slash - type);

    if (is_text(&range->type, "*")) {
        return is_text(&range->subtype, "*") ? 1 : 0;
    }
    if (range->type.length != type_length || strncasecmp(range->type.text, type, type_length) != 0) {
        return 0;
    }
    if (is_text(&range->subtype, "*")) {
        return 2;
    }
    return is_text(&range->subtype, slash + 1) ? 3 : 0;
}

int civ_media_accepts(const char *accept, const char *type)
{
    int best = 0;
    int quality = 0;
    int ranges = 0;

    if (!accept) {
        return 1;
    }
    for (accept = skip_space(accept); *accept; accept = skip_space(accept)) {
        media_range_t range;
        int close;

        if (*accept == ',') {
            accept++;
            continue;
        }
        accept = read_range(accept, &range);
        if (!accept || (*accept && *accept != ',')) {
            return 1;
        }
        ranges++;
        close = closeness(&range, type);
        if (close > best || (close && close == best && range.quality > quality)) {
            best = close;
            quality = range.quality;
        }
    }
    return ranges == 0 || quality > 0;
}

static int take_charset(void *baton, const media_text_t *name, const media_text_t *value)
{
    (void)baton;
    return !is_text(name, "charset") || is_text(value, "utf-8") || is_text(value, "utf8");
}

int civ_media_is_json(const char *content_type)
{
    media_text_t type;
    media_text_t subtype;
    const char *at = content_type ? read_token(skip_space(content_type), &type) : NULL;

    if (!at || *at != '/' || !is_text(&type, "application")) {
        return 0;
    }
    at = read_token(at + 1, &subtype);
    if (!at || !(is_text(&subtype, "json") ||
                 (subtype.length > 5 && strncasecmp(subtype.text + subtype.length - 5, "+json", 5) == 0))) {
        return 0;
    }
    at = read_parameters(at, take_charset, NULL);
    return at && *at == '\0';
}

/* The tag as a client may know it: with what a compressing filter appended. */
static int is_tag(const char *text, size_t length, const char *tag)
{
    static const char *const suffixes[] = {"", "-gzip", "-br", ";gzip", ";br"};
    size_t tag_length = strlen(tag);
    size_t i;

    if (length < tag_length || memcmp(text, tag, tag_length) != 0) {
        return 0;
    }
    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (length - tag_length == strlen(suffixes[i]) &&
            memcmp(text + tag_length, suffixes[i], length - tag_length) == 0) {
            return 1;
        }
    }
    return 0;
}

int civ_media_has_tag(const char *if_none_match, const char *tag)
{
    const char *at = if_none_match ? skip_space(if_none_match) : "";

    if (*at == '*') {
        return *skip_space(at + 1) == '\0';
    }
    while (*at) {
        const char *end;

        if (*at == ',' || *at == ' ' || *at == '\t') {
            at++;
            continue;
        }
        at += strncmp(at, "W/", 2) == 0 ? 2 : 0;
        end = *at == '"' ? strchr(at + 1, '"') : NULL;
        if (!end) {
            return 0;
        }
        if (is_tag(at + 1, (size_t)(end - at - 1), tag)) {
            return 1;
        }
        at = end + 1;
    }
    return 0;
}
