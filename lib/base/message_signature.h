/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file message_signature.h
 * HTTP Message Signatures (RFC 9421): from component identifiers and a message to the text that is signed. Nothing here knows
 * of a server or of keys; request_signature.h does. Thread-safe, no state.
 */
#ifndef CIV_BASE_MESSAGE_SIGNATURE_H
#define CIV_BASE_MESSAGE_SIGNATURE_H

#include <apr_errno.h>

#include "base/buffer.h"
#include "base/structured_field.h"

/** One header line. */
typedef struct civ_header_line_t {
    const char *name; /**< in any case */
    const char *value;
} civ_header_line_t;

/** What a header is when it is read as a structured field; needed where a signature covers it with ";sf". */
typedef struct civ_header_kind_t {
    const char *name; /**< lower case */
    civ_structured_kind_e kind;
} civ_header_kind_t;

/** A request or response, as it was sent. */
typedef struct civ_message_t {
    const char *method;    /**< as sent */
    const char *scheme;    /**< what the receiver knows to be true, never from a header; lower case */
    const char *authority; /**< the Host header (or :authority) as received */
    const char *target;    /**< the request target as in the request line, neither decoded nor normalised */
    const civ_header_line_t *lines; /**< in the order in which they came */
    int line_count;
    int status;                          /**< of a response; 0 in a request */
    const struct civ_message_t *request; /**< of a response: what it answers; else NULL */
    const civ_header_kind_t *kinds;      /**< of headers beyond those that are known here; may be NULL */
    int kind_count;
} civ_message_t;

/** Why there is no signature base. */
typedef enum civ_component_fault_e {
    CIV_COMPONENT_FINE,
    CIV_COMPONENT_MISSING,   /**< the message has no such thing */
    CIV_COMPONENT_AMBIGUOUS, /**< a query parameter that comes twice */
    CIV_COMPONENT_UNKNOWN,   /**< no derived component of this name */
    CIV_COMPONENT_PARAMETER_UNKNOWN, /**< a parameter that is not known, not for this component, or of a wrong value */
    CIV_COMPONENT_PARAMETERS_INCOMPATIBLE, /**< parameters that exclude one another, or ";req" without a request */
    CIV_COMPONENT_INVALID,   /**< no component identifier; or a value that cannot stand in a signature base */
    CIV_COMPONENT_DUPLICATE, /**< one component twice */
    CIV_COMPONENT_FAULTS
} civ_component_fault_e;

/** The word for a fault, such as "component-missing". */
const char *civ_component_fault_name(civ_component_fault_e fault);

/**
 * Append the value of one component, without its name: a header's lines joined, or what is derived from the request.
 * Known are @method, @target-uri, @authority, @scheme, @request-target, @path, @query, @query-param and @status; the
 * parameters sf, key, bs, req and name. Trailers (tr) are always missing: no message here has any.
 * @return CIV_COMPONENT_FINE; otherwise what was appended is of no use
 */
civ_component_fault_e civ_component_value(civ_buffer_t *out, const civ_message_t *message,
                                          const civ_structured_item_t *component);

/**
 * Check a list of covered components by itself: names are Strings, lower case, none twice, @signature-params not among them.
 * @param input a member of Signature-Input
 */
civ_component_fault_e civ_components_check(const civ_structured_member_t *input);

/**
 * Append the signature base: a line for each component, and the line of the signature's own parameters.
 * @param input a member of Signature-Input; its parameters are written in the order that they have
 * @param culprit on a fault, the identifier at fault, on the buffer's pool; may be NULL
 */
civ_component_fault_e civ_signature_base(civ_buffer_t *out, const civ_message_t *message,
                                         const civ_structured_member_t *input, const char **culprit);

/**
 * An authority as @authority has it: lower case, without the port where that is the scheme's own.
 * @return on @a pool; NULL when it is none
 */
const char *civ_authority_normalize(const char *authority, const char *scheme, apr_pool_t *pool);

/** All lines of a header, each trimmed, obsolete folding undone, joined with ", "; NULL when there is none. On @a pool.
 *  @param name in any case */
const char *civ_message_header(const civ_message_t *message, const char *name, apr_pool_t *pool);

#endif
