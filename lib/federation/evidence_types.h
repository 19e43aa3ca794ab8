/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_types.h
 * What may leave of evidence, by its type: the fields, and what each is made into. Whatever is not in these tables stays.
 */
#ifndef CIV_FEDERATION_EVIDENCE_TYPES_H
#define CIV_FEDERATION_EVIDENCE_TYPES_H

#include <apr.h>

#define CIV_EVIDENCE_ALIASES_MAX 8

/** What a field is made into. */
typedef enum civ_field_kind_e {
    CIV_FIELD_NUMBER, /**< a number, clipped and rounded as metrics.h has it for the field's name */
    CIV_FIELD_BAND,   /**< a number that tells a size, as the powers of two it lies between: "1024-2047" */
    CIV_FIELD_WORD,   /**< one of a fixed list of words, else "other" */
    CIV_FIELD_MAJOR,  /**< the first number of a version */
    CIV_FIELD_FLAG,   /**< true or false */
    CIV_FIELD_TEXT    /**< free text, redacted and cut */
} civ_field_kind_e;

/** Whether a field could tell who it comes from, together with others. */
typedef enum civ_field_quasi_e {
    CIV_FIELD_PLAIN,
    CIV_FIELD_LANGUAGE, /**< part of the group: dropped when there are too few of it */
    CIV_FIELD_SIZE,     /**< part of the group: dropped first */
    CIV_FIELD_DETAIL    /**< dropped as soon as anything is */
} civ_field_quasi_e;

/** A word of a list, with other spellings. The first is what leaves. */
typedef struct civ_field_word_t {
    const char
        *spellings[CIV_EVIDENCE_ALIASES_MAX]; /**< in lower case, '-' for blanks and '_'; ends with NULL */
} civ_field_word_t;

typedef struct civ_evidence_field_t {
    const char
        *names[CIV_EVIDENCE_ALIASES_MAX]; /**< the first is what leaves, all are looked for; ends with NULL */
    civ_field_kind_e kind;
    civ_field_quasi_e quasi;
    const civ_field_word_t *words; /**< of a CIV_FIELD_WORD; ends with an empty one */
} civ_evidence_field_t;

typedef struct civ_evidence_type_t {
    const char *names[CIV_EVIDENCE_ALIASES_MAX]; /**< the first is what leaves; ends with NULL */
    const civ_evidence_field_t *metrics;         /**< members of "quality_metrics"; ends with an empty one */
} civ_evidence_type_t;

/** All types, each with its metrics; the last but the empty one is "other". */
extern const civ_evidence_type_t civ_evidence_types[];

/** Members of "patterns", the same for every type; ends with an empty one. */
extern const civ_evidence_field_t civ_evidence_patterns[];

/** The type of a name or another spelling of it (case, blanks, '-' and '_' do not matter); "other" for what is unknown or
 *  NULL. Never NULL. */
const civ_evidence_type_t *civ_evidence_type_of(const char *name);

/** The word of a list that a text is a spelling of, as it leaves; NULL for none. */
const char *civ_field_word_of(const civ_field_word_t *words, const char *text);

#endif
