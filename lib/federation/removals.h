/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file removals.h
 * What did not leave of evidence as it came, and why: told to its author, who looks at it before anything is shared. One list for the
 * levels that let something leave.
 */
#ifndef CIV_FEDERATION_REMOVALS_H
#define CIV_FEDERATION_REMOVALS_H

#include "base/json_writer.h"
#include "federation/evidence_fields.h"
#include "federation/redaction.h"

/** So many removals are listed, more are only counted. */
#define CIV_REMOVED_LISTED_MAX 200

typedef enum civ_removal_e {
    CIV_REMOVED_NOT_LISTED, /**< no field that leaves is called that, or another one was taken for it */
    CIV_REMOVED_PERSON,     /**< names somebody */
    CIV_REMOVED_UNUSABLE,   /**< the field leaves, but this is no value for it */
    CIV_REMOVED_PRECISION,  /**< left as less: rounded, clipped, a band, a day, a word of a list */
    CIV_REMOVED_REDACTED,   /**< a text left with parts replaced */
    CIV_REMOVED_LENGTH      /**< a text left cut */
} civ_removal_e;

typedef struct civ_removed_t {
    const char
        *pointer; /**< RFC 6901, into the evidence; what is redacted in texts is redacted in it as well */
    civ_removal_e reason;
    const char *classes; /**< of CIV_REMOVED_REDACTED: "email:2 jwt:1"; else NULL */
} civ_removed_t;

typedef struct civ_removals_t {
    const civ_redactor_t *redactor;
    const char *const *words;
    apr_pool_t *pool;
    civ_removed_t *listed; /**< the first ones */
    apr_size_t listed_count;
    apr_size_t count; /**< how many there were */
    civ_redaction_counts_t redactions;
} civ_removals_t;

/** Begin with none. Names are cleaned by @a redactor and @a words (as civ_anonymise_options_t has them). What is listed lives on @a pool. */
void civ_removals_init(civ_removals_t *removals, const civ_redactor_t *redactor, const char *const *words,
                       apr_pool_t *pool);

/** A member that was taken for a field. */
void civ_removals_add(civ_removals_t *removals, const civ_found_t *found, civ_removal_e reason);

/** A text of which parts were replaced; they are counted. */
void civ_removals_add_redacted(civ_removals_t *removals, const civ_found_t *found,
                               const civ_redaction_counts_t *counts);

/** The type, where it left under another name. */
void civ_removals_add_type(civ_removals_t *removals, const civ_fields_t *fields);

/** Whatever was not taken for a field. */
void civ_removals_add_rest(civ_removals_t *removals, const civ_fields_t *fields);

/** Write them: {"removed": [{"pointer", "reason", "classes"?}...], "removed_count", "redactions": {class: count}} as members of an object
 *  that is open. */
void civ_removals_write(civ_json_writer_t *writer, const civ_removals_t *removals);

/** Stable name of a reason, such as "not-allow-listed". */
const char *civ_removal_name(civ_removal_e reason);

#endif
