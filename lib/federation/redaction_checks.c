/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What a pattern cannot say: arithmetic on digits, entropy, and where a find begins and ends.
 */
#include "federation/redaction_private.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

double civ_redaction_entropy(const char *data, apr_size_t length)
{
    apr_size_t seen[256] = {0};
    double bits = 0;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        seen[(unsigned char)data[i]]++;
    }
    for (i = 0; i < 256; i++) {
        if (seen[i] > 0) {
            double share = (double)seen[i] / (double)length;

            bits -= share * log2(share);
        }
    }
    return bits;
}

/* ---- widening ---- */

typedef int character_fn(unsigned char byte);

static int is_token(unsigned char byte)
{
    return apr_isalnum(byte) || byte == '_' || byte == '-';
}

static int is_scheme(unsigned char byte)
{
    return apr_isalnum(byte) || byte == '+' || byte == '-' || byte == '.';
}

/* RFC 5321 would allow more, such as what separates the parts of a URL. */
static int is_local_part(unsigned char byte)
{
    return apr_isalnum(byte) || byte >= 0x80 || (byte != 0 && strchr("%+-._~", byte) != NULL);
}

static int is_path(unsigned char byte)
{
    return apr_isalnum(byte) || byte >= 0x80 || (byte != 0 && strchr("_.~@+%-/\\:", byte) != NULL);
}

/* As the patterns of values have it. */
static int is_value(unsigned char byte)
{
    return byte > 0x20 && byte != 0x7f && strchr("\"'`,;<>\\", byte) == NULL;
}

static void widen_left(civ_redaction_match_t *match, character_fn *belongs)
{
    while (match->start > 0 && belongs((unsigned char)match->text[match->start - 1])) {
        match->start--;
    }
}

static void widen_right(civ_redaction_match_t *match, character_fn *belongs)
{
    while (match->end < match->length && belongs((unsigned char)match->text[match->end])) {
        match->end++;
    }
}

int civ_redaction_whole_token(civ_redaction_match_t *match)
{
    widen_left(match, is_token);
    widen_right(match, is_token);
    return 1;
}

int civ_redaction_whole_value(civ_redaction_match_t *match)
{
    widen_right(match, is_value);
    return 1;
}

int civ_redaction_url(civ_redaction_match_t *match)
{
    widen_left(match, is_scheme);
    return 1;
}

int civ_redaction_path(civ_redaction_match_t *match)
{
    widen_left(match, is_path);
    widen_right(match, is_path);
    return 1;
}

int civ_redaction_email(civ_redaction_match_t *match)
{
    widen_left(match, is_local_part);
    return 1;
}

int civ_redaction_jwt(civ_redaction_match_t *match)
{
    apr_size_t found = match->start;

    widen_left(match, is_token);
    for (; found >= match->start + 2; found--) {
        if (match->text[found - 2] == 'e' && match->text[found - 1] == 'y') {
            return 1;
        }
    }
    return 0;
}

int civ_redaction_to_end(civ_redaction_match_t *match)
{
    match->end = match->length;
    return 1;
}

/* A block that was cut off goes to the end of the text: what is left of a key is still secret. */
int civ_redaction_key_block(civ_redaction_match_t *match)
{
    const char *from = match->text + match->end, *to = match->text + match->length;
    const char *end = memmem(from, (apr_size_t)(to - from), "END ", 4);

    end = end != NULL ? memmem(end, (apr_size_t)(to - end), "PRIVATE KEY", 11) : NULL;
    if (end == NULL) {
        return civ_redaction_to_end(match);
    }
    end += 11;
    while (end < to && (apr_isupper(*end) || *end == ' ')) {
        end++;
    }
    /* "END PRIVATE KEY" said in passing, inside of a block that has no end. */
    if (end == to || *end != '-') {
        return civ_redaction_to_end(match);
    }
    while (end < to && *end == '-') {
        end++;
    }
    match->end = (apr_size_t)(end - match->text);
    return 1;
}

/* ---- values ---- */

static int holds(const civ_redaction_match_t *match, character_fn *wanted)
{
    apr_size_t i;

    for (i = match->start; i < match->end; i++) {
        if (wanted((unsigned char)match->text[i])) {
            return 1;
        }
    }
    return 0;
}

static int is_digit(unsigned char byte)
{
    return apr_isdigit(byte) != 0;
}

static int is_lower(unsigned char byte)
{
    return apr_islower(byte) != 0;
}

static int is_upper(unsigned char byte)
{
    return apr_isupper(byte) != 0;
}

static int is_telling(unsigned char byte)
{
    return apr_isdigit(byte) || byte >= 0x80 || (byte != 0 && strchr("!#$%&*+=?@^|~", byte) != NULL);
}

int civ_redaction_guessed_value(civ_redaction_match_t *match)
{
    return holds(match, is_digit) && civ_redaction_whole_value(match);
}

int civ_redaction_secret_value(civ_redaction_match_t *match)
{
    return holds(match, is_telling) && civ_redaction_whole_value(match);
}

int civ_redaction_mixed(civ_redaction_match_t *match)
{
    return holds(match, is_digit) && holds(match, is_lower) && holds(match, is_upper);
}

int civ_redaction_hexadecimal(civ_redaction_match_t *match)
{
    return holds(match, is_digit) && (holds(match, is_lower) || holds(match, is_upper));
}

/* ---- addresses ---- */

/* "version 1.2.3.4", "release=1.2.3.4", "v1.2.3.4": four numbers, but no address. */
int civ_redaction_ipv4(civ_redaction_match_t *match)
{
    static const char *const words[] = {"version", "release", "build", "ver", "v"};
    apr_size_t end = match->start, i;

    while (end > 0 && match->start - end < 8 && strchr(" \t:=\"'", match->text[end - 1]) != NULL) {
        end--;
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        apr_size_t length = strlen(words[i]);

        if (end >= length && strncasecmp(match->text + end - length, words[i], length) == 0 &&
            (end == length || !apr_isalnum(match->text[end - length - 1]))) {
            return 0;
        }
    }
    return 1;
}

int civ_redaction_ipv6(civ_redaction_match_t *match)
{
    apr_size_t length = match->end - match->start, digits = 0, i;
    struct in6_addr address;
    char text[64];

    /* A colon after an address is no part of it. */
    if (length > 2 && match->text[match->end - 1] == ':' && match->text[match->end - 2] != ':') {
        match->end--;
        length--;
    }
    if (length >= sizeof(text)) {
        return 0;
    }
    memcpy(text, match->text + match->start, length);
    text[length] = '\0';
    for (i = 0; i < length; i++) {
        digits += apr_isxdigit(text[i]) != 0;
    }
    /* "a::b" is a name in some languages, and "::1" is everybody. */
    return digits >= 3 && inet_pton(AF_INET6, text, &address) == 1;
}

/* ---- numbers with check digits ---- */

int civ_redaction_card(civ_redaction_match_t *match)
{
    unsigned sum = 0, digits = 0;
    apr_size_t i;

    for (i = match->end; i > match->start; i--) {
        unsigned char byte = (unsigned char)match->text[i - 1];

        if (apr_isdigit(byte)) {
            unsigned value = (unsigned)(byte - '0') * (digits % 2 + 1);

            sum += value > 9 ? value - 9 : value;
            digits++;
        }
    }
    return digits >= 12 && digits <= 19 && sum % 10 == 0;
}

/* The first four characters count as if they stood last, letters as 10 to 35. */
static unsigned iban_remainder(const char *compact, apr_size_t length)
{
    unsigned rest = 0;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        char byte = compact[(i + 4) % length];

        if (apr_isdigit(byte)) {
            rest = (rest * 10 + (unsigned)(byte - '0')) % 97;
        } else {
            rest = (rest * 100 + (unsigned)(byte - 'A') + 10) % 97;
        }
    }
    return rest;
}

/* The words after a number in groups may look like more of it: the longest beginning that is right is the number. */
int civ_redaction_iban(civ_redaction_match_t *match)
{
    apr_size_t ends[35], length = 0, i;
    char compact[35];

    for (i = match->start; i < match->end && length < 34; i++) {
        if (match->text[i] != ' ') {
            compact[length++] = match->text[i];
            ends[length] = i + 1;
        }
    }
    for (; length >= 15; length--) {
        int is_end = ends[length] == match->length || !apr_isalnum(match->text[ends[length]]);

        if (is_end && iban_remainder(compact, length) == 1) {
            match->end = ends[length];
            return 1;
        }
    }
    return 0;
}
