/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_scan.h
 * A look at the raw bytes of a JSON document before it is parsed, and at its numbers, for what yajl does not
 * refuse: it replaces lone surrogates, takes vertical tabs and form feeds for white space, and knows
 * surrogates in UTF-8 only in part.
 */
#ifndef CIV_BASE_JSON_SCAN_H
#define CIV_BASE_JSON_SCAN_H

#include <apr.h>

typedef enum civ_json_fault_kind_e {
    CIV_JSON_FAULT_NONE,
    CIV_JSON_FAULT_BYTE_ORDER_MARK, /**< at the very start */
    CIV_JSON_FAULT_UTF8,            /**< overlong, a surrogate, beyond U+10FFFF, cut off, or a stray byte */
    CIV_JSON_FAULT_SURROGATE, /**< a \uXXXX escape that is half of a pair, or a pair in the wrong order */
    CIV_JSON_FAULT_CONTROL    /**< a control character where JSON has none */
} civ_json_fault_kind_e;

typedef struct civ_json_fault_t {
    civ_json_fault_kind_e kind;
    apr_size_t offset; /**< of the first byte at fault; of the backslash for an escape */
} civ_json_fault_t;

/** Find the first fault in @a length bytes. Tabs and line ends within strings are left to the parser, as is
 * every breach of the grammar; beyond the first of these the answer means nothing. Thread-safe, allocates
 * nothing. */
void civ_json_scan(civ_json_fault_t *fault, const char *data, apr_size_t length);

/** What makes a number literal of correct syntax unfit for I-JSON, as the beginning of a sentence, or NULL.
 */
const char *civ_json_number_fault(const char *text, apr_size_t length);

#endif
