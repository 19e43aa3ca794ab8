/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * From an evidence object to an entry and its hashes.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/canonical.h"
#include "base/merkle.h"
#include "base/status.h"
#include "ledger/entry.h"

/* An entry stands in an array in an object in a block or an export line: two levels above it, so a stored
 * entry may be nested as deep as a request's less its envelope, whichever of both ways it came in. */
static const civ_json_limits_t entry_limits = {CIV_ENTRY_MAX_SIZE, 64, 100000, 1024};

static apr_status_t read_type(const char **type, const civ_json_t *evidence, const char *pointer,
                              int reserved, civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_json_t *member = civ_json_get(evidence, "type");
    const char *place;

    *type = "";
    if (member == NULL)
        return APR_SUCCESS;
    place = civ_json_pointer_join(pointer, "type", pool);
    if (member->type != CIV_JSON_STRING || strlen(member->as.text.text) != member->as.text.length) {
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, place, pool,
                           "The type of evidence must be a string without NUL characters");
        return CIV_EINVALID;
    }
    if (member->as.text.length > CIV_ENTRY_TYPE_SIZE) {
        civ_problem_set_at(problem, CIV_PROBLEM_LIMIT_EXCEEDED, place, pool,
                           "The type of evidence is longer than %d bytes", CIV_ENTRY_TYPE_SIZE);
        return CIV_EINVALID;
    }
    *type = member->as.text.text;
    if (!reserved && strncmp(*type, CIV_ENTRY_RESERVED_PREFIX, strlen(CIV_ENTRY_RESERVED_PREFIX)) == 0) {
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, place, pool,
                           "Types that begin with \"%s\" are the ledger's own", CIV_ENTRY_RESERVED_PREFIX);
        return CIV_EINVALID;
    }
    return APR_SUCCESS;
}

static void hash_entry(civ_entry_t *entry)
{
    civ_digest_sha256(&entry->evidence_hash, entry->data, entry->length);
    civ_merkle_leaf(&entry->leaf_hash, entry->data, entry->length);
}

apr_status_t civ_entry_make(civ_entry_t *entry, const civ_json_t *evidence, const char *pointer, int reserved,
                            civ_problem_t *problem, apr_pool_t *pool)
{
    civ_buffer_t canonical;

    if (evidence->type != CIV_JSON_OBJECT) {
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, pointer, pool,
                           "Evidence must be a JSON object");
        return CIV_EINVALID;
    }
    if (read_type(&entry->type, evidence, pointer, reserved, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_buffer_init(&canonical, 512, pool);
    if (civ_canonical_write(&canonical, evidence) != APR_SUCCESS) {
        civ_problem_set_at(problem, CIV_PROBLEM_NOT_I_JSON, pointer, pool, "A number is not finite");
        return CIV_EINVALID;
    }
    if (canonical.length > CIV_ENTRY_MAX_SIZE) {
        civ_problem_set_at(problem, CIV_PROBLEM_LIMIT_EXCEEDED, pointer, pool,
                           "One piece of evidence has %" APR_SIZE_T_FMT
                           " bytes in canonical form; at most %d are "
                           "kept: store the document elsewhere and post its SHA-256",
                           canonical.length, CIV_ENTRY_MAX_SIZE);
        return CIV_EINVALID;
    }
    entry->data = canonical.data;
    entry->length = canonical.length;
    hash_entry(entry);
    return APR_SUCCESS;
}

int civ_entry_governs(const civ_entry_t *entry)
{
    return strcmp(entry->type, CIV_ENTRY_TYPE_GENESIS) == 0 ||
           strcmp(entry->type, CIV_ENTRY_TYPE_POLICY) == 0 ||
           strcmp(entry->type, CIV_ENTRY_TYPE_VALIDATOR) == 0;
}

apr_status_t civ_entry_read(civ_entry_t *entry, const char *data, apr_size_t length, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    const civ_json_t *root;

    if (length > CIV_ENTRY_MAX_SIZE) {
        civ_problem_set(problem, CIV_PROBLEM_LIMIT_EXCEEDED, pool, "The entry is larger than %d bytes",
                        CIV_ENTRY_MAX_SIZE);
        return CIV_EINVALID;
    }
    if (civ_json_parse(&root, data, length, &entry_limits, problem, pool) != APR_SUCCESS ||
        civ_entry_make(entry, root, "", 1, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    if (entry->length != length || memcmp(entry->data, data, length) != 0) {
        civ_problem_set(problem, CIV_PROBLEM_INVALID_MEMBER, pool, "The entry is not in canonical form");
        return CIV_EINVALID;
    }
    return APR_SUCCESS;
}
