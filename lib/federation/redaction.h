/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file redaction.h
 * Taking secrets, personal data and places out of free text before it leaves. Each find is replaced by "[REDACTED:class]".
 * What cannot be examined within the limits is replaced as a whole ("[REDACTED:unexamined]"), never passed. Nobody is asked
 * whether a token is valid: the text goes nowhere.
 */
#ifndef CIV_FEDERATION_REDACTION_H
#define CIV_FEDERATION_REDACTION_H

#include <apr_errno.h>
#include <apr_pools.h>

/** The longest text that is examined, in bytes; a longer one is replaced as a whole. */
#define CIV_REDACTION_INPUT_MAX 1048576

/** More classes than there are. */
#define CIV_REDACTION_CLASSES_MAX 96

/** What to look for; or-ed together. */
typedef enum civ_redaction_stage_e {
    CIV_REDACT_SECRETS = 1,    /**< keys, tokens, passwords, headers that carry them */
    CIV_REDACT_PERSONS = 2,    /**< e-mail, addresses, bank accounts, cards, telephone numbers */
    CIV_REDACT_PLACES = 4,     /**< home folders and internal host names */
    CIV_REDACT_REFERENCES = 8, /**< URLs, paths, file names, any host name, commit ids, UUIDs, user names */
    CIV_REDACT_USUAL = 7,      /**< all but references, which a commit id or a digest is */
    CIV_REDACT_ALL = 15
} civ_redaction_stage_e;

/** The rules, compiled. Never changes once made, so that any number of threads may use it at once. */
typedef struct civ_redactor_t civ_redactor_t;

/** How many replacements were made, by class. Adds up over calls. */
typedef struct civ_redaction_counts_t {
    apr_uint32_t of_class[CIV_REDACTION_CLASSES_MAX];
    apr_uint32_t total;
} civ_redaction_counts_t;

typedef struct civ_redaction_options_t {
    unsigned stages; /**< of civ_redaction_stage_e */
    const char *const
        *words; /**< further words to take out (class "own-name"), whatever their case; ends with NULL. May be
                                   NULL. UTF-8; only ASCII letters are compared without case */
} civ_redaction_options_t;

/** Everything that is compiled and measured once, for the process. Lives on @a pool.
 *  @param use_jit zero: interpret the patterns, as where memory cannot be made executable (that is also noticed)
 *  @return APR_SUCCESS or APR_ENOMEM */
apr_status_t civ_redactor_create(const civ_redactor_t **redactor, int use_jit, apr_pool_t *pool);

/** The classes: their number, and the name of each from 0 on, such as "github-token". */
apr_size_t civ_redactor_class_count(const civ_redactor_t *redactor);
const char *civ_redactor_class_name(const civ_redactor_t *redactor, apr_size_t index);

/**
 * Redact one text. Percent-encoding is seen through (three times over), and so are runs of 40 and more base64 characters
 * (once): what is found inside takes the encoded characters with it. The result holds nothing that another call with the same
 * options would replace.
 * @param text UTF-8, may hold NULs
 * @param counts added to; may be NULL
 * @param length_out bytes of the result
 * @return the redacted text, NUL-terminated, on @a pool; @a text itself when nothing was found
 */
const char *civ_redact(const civ_redactor_t *redactor, const civ_redaction_options_t *options,
                       const char *text, apr_size_t length, civ_redaction_counts_t *counts,
                       apr_size_t *length_out, apr_pool_t *pool);

#endif
