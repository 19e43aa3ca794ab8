/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Severities with their synonyms, and the form of types.
 */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/status.h"
#include "federation/vocabulary.h"

static const struct {
    const char *word;
    civ_severity_e severity;
} severities[] = {
    {"unknown", CIV_SEVERITY_UNKNOWN},
    {"undefined", CIV_SEVERITY_UNKNOWN},
    {"unspecified", CIV_SEVERITY_UNKNOWN},
    {"info", CIV_SEVERITY_INFO},
    {"informational", CIV_SEVERITY_INFO},
    {"information", CIV_SEVERITY_INFO},
    {"none", CIV_SEVERITY_INFO},
    {"note", CIV_SEVERITY_INFO},
    {"low", CIV_SEVERITY_LOW},
    {"minor", CIV_SEVERITY_LOW},
    {"medium", CIV_SEVERITY_MEDIUM},
    {"moderate", CIV_SEVERITY_MEDIUM},
    {"med", CIV_SEVERITY_MEDIUM},
    {"warning", CIV_SEVERITY_MEDIUM},
    {"high", CIV_SEVERITY_HIGH},
    {"important", CIV_SEVERITY_HIGH},
    {"major", CIV_SEVERITY_HIGH},
    {"error", CIV_SEVERITY_HIGH},
    {"critical", CIV_SEVERITY_CRITICAL},
    {"crit", CIV_SEVERITY_CRITICAL},
    {"severe", CIV_SEVERITY_CRITICAL},
    {"emergency", CIV_SEVERITY_CRITICAL},
};

apr_status_t civ_severity_parse(civ_severity_e *severity, const char *word)
{
    size_t i;

    for (i = 0; i < sizeof(severities) / sizeof(severities[0]); i++) {
        if (strcasecmp(word, severities[i].word) == 0) {
            *severity = severities[i].severity;
            return APR_SUCCESS;
        }
    }
    return CIV_EINVALID;
}

const char *civ_severity_name(civ_severity_e severity)
{
    static const char *const names[CIV_SEVERITIES] = {"unknown", "info", "low", "medium", "high", "critical"};

    return names[severity];
}

apr_status_t civ_threat_type_parse(const char **type, const char *word, apr_pool_t *pool)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    char out[CIV_THREAT_TYPE_LONGEST + 1];
    apr_size_t length = 0;

    while (*word) {
        apr_size_t between = strspn(word, " /");

        if (length >= CIV_THREAT_TYPE_LONGEST)
            return CIV_EINVALID;
        out[length++] = between > 0 ? '_' : *word;
        word += between > 0 ? between : 1;
        if (out[length - 1] >= 'A' && out[length - 1] <= 'Z')
            out[length - 1] = (char)(out[length - 1] + ('a' - 'A'));
    }
    out[length] = '\0';
    if (length == 0 || strspn(out, allowed) != length)
        return CIV_EINVALID;
    *type = apr_pstrmemdup(pool, out, length);
    return APR_SUCCESS;
}
