/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redaction_private.h
 * Inside of redaction, shared by its files only.
 */
#ifndef CIV_FEDERATION_REDACTION_PRIVATE_H
#define CIV_FEDERATION_REDACTION_PRIVATE_H

#include "federation/redaction.h"

/** What stands in place of a find while a text is examined: no pattern takes it for a part of anything. */
#define CIV_REDACTION_FILLER '\1'

/** The owner of a byte that belongs to a marker which was there before: it stays as it is. */
#define CIV_REDACTION_KEEP 255

#define CIV_REDACTION_KEYWORDS_MAX 16

/** A find, while it is looked at: bytes from start to before end of the text. */
typedef struct civ_redaction_match_t {
    const char *text;
    apr_size_t length;
    apr_size_t start;
    apr_size_t end;
} civ_redaction_match_t;

/** Whether a find is one. May move its edges. */
typedef int civ_redaction_check_fn(civ_redaction_match_t *match);

typedef struct civ_redaction_rule_t {
    const char *class_name;
    unsigned stage; /**< of civ_redaction_stage_e */
    /** The pattern is tried only where one of these occurs, whatever its case (given in lower case); ends with NULL. None at
     *  all: always. */
    const char *keywords[CIV_REDACTION_KEYWORDS_MAX];
    /** PCRE2, on bytes. Replaced is the first group, or else everything. No repetition may be able to begin in many places
     *  and run far: then a text of n bytes costs n times a constant. */
    const char *pattern;
    double entropy;                /**< least bits a byte of what is replaced; 0: any */
    civ_redaction_check_fn *check; /**< may be NULL */
} civ_redaction_rule_t;

/** The rules in the order in which they are tried; ends with a NULL pattern. */
extern const civ_redaction_rule_t civ_redaction_rules[];

/** Shannon's entropy of bytes, in bits a byte. */
double civ_redaction_entropy(const char *data, apr_size_t length);

/* Checks. "whole_" widens a find to all characters of the same kind around it. */
civ_redaction_check_fn civ_redaction_key_block;     /**< to the end of the block, or of the text */
civ_redaction_check_fn civ_redaction_to_end;        /**< to the end of the text */
civ_redaction_check_fn civ_redaction_whole_token;   /**< letters, digits, '_', '-' */
civ_redaction_check_fn civ_redaction_whole_value;   /**< on to the end of the value */
civ_redaction_check_fn civ_redaction_guessed_value; /**< holds a digit; on to the end of the value */
civ_redaction_check_fn civ_redaction_secret_value; /**< holds a digit or a sign; on to the end of the value */
civ_redaction_check_fn civ_redaction_jwt;          /**< its first part begins with "ey" */
civ_redaction_check_fn civ_redaction_email;        /**< back over the local part */
civ_redaction_check_fn civ_redaction_url;          /**< back over the scheme */
civ_redaction_check_fn civ_redaction_path;         /**< back over the names before it */
civ_redaction_check_fn civ_redaction_ipv4;         /**< not after a word for a version */
civ_redaction_check_fn civ_redaction_ipv6;         /**< an address by inet_pton */
civ_redaction_check_fn civ_redaction_card;         /**< Luhn (ISO/IEC 7812-1) */
civ_redaction_check_fn civ_redaction_iban;         /**< ISO 13616 mod 97; finds where it ends */
civ_redaction_check_fn civ_redaction_mixed;        /**< lower case, upper case and digits */
civ_redaction_check_fn civ_redaction_hexadecimal;  /**< holds a letter and a digit */

/** As civ_redactor_create, with another limit for one attempt to match: that it is kept can only be seen with a low one. */
apr_status_t civ_redactor_create_limited(const civ_redactor_t **redactor, int use_jit,
                                         apr_uint32_t match_limit, apr_pool_t *pool);

/* -- A text while it is examined (redaction_view.c) -- */

typedef struct civ_redaction_view_t {
    const char *source;    /**< as it came */
    char *work;            /**< the same with finds overwritten by the filler */
    char *lower;           /**< source in lower case */
    unsigned char *owner;  /**< of each byte: 0, class + 1 or CIV_REDACTION_KEEP */
    unsigned char *hidden; /**< of each byte: 0, or class + 1 of what was found in what it decodes to */
    apr_size_t length;
} civ_redaction_view_t;

/** Make a view of @a length bytes on @a pool. The source must stay. */
civ_redaction_view_t *civ_redaction_view(const char *source, apr_size_t length, apr_pool_t *pool);

/** Give the bytes from @a start to before @a end that have no owner yet to a class (or CIV_REDACTION_KEEP). */
void civ_redaction_view_take(civ_redaction_view_t *view, apr_size_t start, apr_size_t end, unsigned owner);

/** Let what was found in decoded text own what has no owner, and round finds to whole UTF-8 characters. */
void civ_redaction_view_settle(civ_redaction_view_t *view);

/* -- Decoding (redaction_decode.c) -- */

/** Percent-decode @a length bytes. @a map gets, for each byte of the result and for its end, where it begins in @a text.
 *  @return the number of bytes of the result; @a length when there was nothing to decode */
apr_size_t civ_redaction_percent_decode(char *out, apr_uint32_t *map, const char *text, apr_size_t length);

/** Leave out characters that nobody sees (soft hyphen, zero-width ones, marks of direction, controls but tab and line breaks), and
 *  write full-width forms and no-break spaces as ASCII. Otherwise as civ_redaction_percent_decode. */
apr_size_t civ_redaction_fold(char *out, apr_uint32_t *map, const char *text, apr_size_t length);

/** Find the next run of base64 from @a *start on, of 40 characters or more, wrapped lines taken together. @a symbols has room
 *  for @a length values. @return non-zero when there is one: its edges, and the values of its characters */
int civ_redaction_base64_run(const char *text, apr_size_t length, apr_size_t *start, apr_size_t *end,
                             unsigned char *symbols, apr_size_t *symbol_count);

/** Put the values of characters together to bytes; NULs, as UTF-16 has them, are left out. @return how many */
apr_size_t civ_redaction_base64_join(char *out, const unsigned char *symbols, apr_size_t count);

/** Non-zero when something in these bytes could be text. */
int civ_redaction_is_texty(const char *data, apr_size_t length);

#endif
