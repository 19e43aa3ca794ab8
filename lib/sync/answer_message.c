/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file answer_message.c
 * Finding a platform's message, and making it fit to be shown.
 */
#include "sync/answer_message.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "sync/fields.h"
#include "sync/foreign_json.h"
#include "sync/platforms/configuration.h"

/** Bytes of an answer that are looked at, of what is gathered from it, and levels of containers. */
#define BODY_MOST   262144
#define TEXT_MOST   8192
#define LEVELS_MOST 4

/** Elements of a list, and members of an object, that are gathered. */
#define ELEMENTS_MOST 8

/** So many bytes of a secret, one behind the other, are as bad as all of it. */
#define PART 8

#define CONCEALED "[redacted]"

/* Whether a character of UTF-8 goes on here. */
static int is_inside(const char *at)
{
    return ((unsigned char)*at & 0xc0) == 0x80;
}

/* --- gathering --- */

/* Where messages are, in this order. What they have beside it (ids, links to manuals) helps nobody here. */
static const char *const members[] = {"message", "error", "error_description", "detail", "errors", "fields"};

static void gather(civ_buffer_t *out, const civ_json_t *json, int level);

/* @param length is cut to TEXT_MOST, behind a whole character */
static void gather_text(civ_buffer_t *out, const char *text, apr_size_t length)
{
    if (length > TEXT_MOST)
        for (length = TEXT_MOST; length > 0 && is_inside(text + length); length--)
            ;
    if (length > 0 && out->length > 0 && out->data[out->length - 1] != ' ')
        civ_buffer_append_text(out, "; ");
    civ_buffer_append(out, text, length);
}

/* An object that has no message says what it has to say by its members: {"field": "state", "code": "invalid"}. */
static void gather_members(civ_buffer_t *out, const civ_json_t *json, int level)
{
    apr_size_t i;

    for (i = 0; i < json->as.object.count && i < ELEMENTS_MOST; i++) {
        const civ_json_member_t *member = &json->as.object.members[i];

        if (member->value.type != CIV_JSON_STRING && member->value.type != CIV_JSON_ARRAY)
            continue;
        gather_text(out, member->name, member->name_length);
        civ_buffer_append_text(out, ": ");
        gather(out, &member->value, level + 1);
    }
}

static void gather_object(civ_buffer_t *out, const civ_json_t *json, int level)
{
    apr_size_t before = out->length;
    apr_size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const civ_json_t *member = civ_json_get(json, members[i]);

        if (member != NULL)
            gather(out, member, level + 1);
    }
    if (out->length == before && level > 0)
        gather_members(out, json, level);
}

static void gather(civ_buffer_t *out, const civ_json_t *json, int level)
{
    apr_size_t i;

    if (level > LEVELS_MOST || out->length > TEXT_MOST)
        return;
    if (json->type == CIV_JSON_STRING)
        gather_text(out, json->as.text.text, json->as.text.length);
    else if (json->type == CIV_JSON_OBJECT)
        gather_object(out, json, level);
    else if (json->type == CIV_JSON_ARRAY)
        for (i = 0; i < json->as.array.count && i < ELEMENTS_MOST; i++)
            gather(out, &json->as.array.items[i], level + 1);
}

/* --- one line --- */

/* What is not to be seen, or changes how the rest is shown: controls, marks of direction, of lines and of no width, tags. Whoever puts
 * them into a credential hides it from us, and from nobody who reads it. */
static const struct {
    unsigned first, last;
} unseen[] = {
    {0x0, 0x1f},      {0x7f, 0x9f},       {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
    {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

/* @param length of the character, in bytes: the text is UTF-8, as the parser has seen to */
static int is_unseen(const unsigned char *at, const unsigned char *end, apr_size_t *length)
{
    unsigned character = *at < 0x80 ? *at : *at < 0xe0 ? *at & 0x1fu : *at < 0xf0 ? *at & 0x0fu : *at & 0x07u;
    unsigned i;

    for (*length = 1; at + *length < end && is_inside((const char *)at + *length); (*length)++)
        character = character << 6 | (at[*length] & 0x3fu);
    for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
        if (character >= unseen[i].first && character <= unseen[i].last)
            return 1;
    return 0;
}

/* White space of any sort becomes one space; what else is not to be seen is left out. */
static char *make_line(const civ_buffer_t *text, apr_pool_t *pool)
{
    const unsigned char *at = (const unsigned char *)text->data;
    const unsigned char *end = at + text->length;
    char *line = apr_palloc(pool, text->length + 1);
    char *to = line;
    apr_size_t length;

    for (; at < end; at += length) {
        int is_hidden = is_unseen(at, end, &length);

        if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
            if (to > line && to[-1] != ' ')
                *to++ = ' ';
        } else if (!is_hidden) {
            memcpy(to, at, length);
            to += length;
        }
    }
    while (to > line && to[-1] == ' ')
        to--;
    *to = '\0';
    return line;
}

/* --- secrets --- */

/* How many bytes are the same from here on, whole characters. */
static apr_size_t common_length(const char *text, const char *part)
{
    apr_size_t length = 0;

    while (part[length] != '\0' && text[length] == part[length])
        length++;
    while (length > 0 && is_inside(text + length))
        length--;
    return length;
}

/* How much of a secret is at @a text, from whichever of its bytes on; 0: not enough to matter. */
static apr_size_t match(const char *text, const char *secret)
{
    const char *part;
    apr_size_t most = 0;

    for (part = secret; *part != '\0' && !is_inside(text); part++) {
        apr_size_t length = *part == *text ? common_length(text, part) : 0;

        if (length > most && (length >= PART || (part == secret && secret[length] == '\0')))
            most = length;
    }
    return most;
}

static const char *conceal(const char *text, const char *secret, apr_pool_t *pool)
{
    civ_buffer_t out;

    if (secret[0] == '\0')
        return text;
    civ_buffer_init(&out, strlen(text) + 1, pool);
    while (*text != '\0') {
        apr_size_t length = match(text, secret);

        if (length > 0)
            civ_buffer_append_text(&out, CONCEALED);
        else
            civ_buffer_append_byte(&out, *text);
        text += length > 0 ? length : 1;
    }
    return out.data;
}

/* "user:password": the user name is no secret by itself. */
static const char *conceal_basic(const char *text, const char *encoded, apr_pool_t *pool)
{
    unsigned char *decoded;
    apr_size_t length;
    const char *password;
    char *pair;

    if (civ_base64_decode(&decoded, &length, encoded, pool) != APR_SUCCESS)
        return text;
    pair = civ_secret_alloc(length + 1, pool);
    if (pair == NULL)
        return "";
    memcpy(pair, decoded, length);
    civ_secret_wipe(decoded, length);
    password = strchr(pair, ':');
    return conceal(text, password != NULL ? password + 1 : pair, pool);
}

/* A line has "Name: secret" or "Name: Scheme secret". */
static const char *conceal_line(const char *text, const char *line, apr_pool_t *pool)
{
    const char *value = strchr(line, ':');
    const char *space;

    if (value == NULL)
        return text;
    value++;
    value += strspn(value, " ");
    space = strchr(value, ' ');
    if (space == NULL)
        return conceal(text, value, pool);
    if (strncasecmp(value, "Basic ", 6) == 0)
        text = conceal_basic(text, space + 1, pool);
    return conceal(text, space + 1, pool);
}

const char *civ_answer_message(const char *body, apr_size_t length, const char *const *secrets,
                               apr_pool_t *pool)
{
    const civ_json_t *json;
    civ_problem_t problem;
    civ_buffer_t out;
    const char *text;
    const char *shown;

    if (length > BODY_MOST || civ_foreign_json_parse(&json, body, length, &problem, pool) != APR_SUCCESS ||
        json->type != CIV_JSON_OBJECT)
        return NULL;
    civ_buffer_init(&out, 512, pool);
    gather(&out, json, 0);
    text = make_line(&out, pool);
    for (; secrets != NULL && *secrets != NULL; secrets++)
        text = conceal_line(text, *secrets, pool);
    text = civ_field_scrub(text, pool);
    if (text[0] == '\0')
        return NULL;
    shown = civ_first_characters(text, CIV_ANSWER_MESSAGE_MOST, pool);
    return strlen(shown) < strlen(text) ? apr_pstrcat(pool, shown, "...", NULL) : shown;
}
