/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * From what a member sent to what is shared: recognised, normalised, redacted, and everything else left out.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/timestamp.h"
#include "federation/threats_private.h"

#define MILLISECONDS_OF_DAY 86400000

/* Where a fault is. */
typedef struct place_t {
    const char *pointer;
    civ_problem_t *problem;
    apr_pool_t *pool;
} place_t;

static apr_status_t fault(const place_t *place, const char *name, const char *detail)
{
    const char *pointer =
        name != NULL ? civ_json_pointer_join(place->pointer, name, place->pool) : place->pointer;

    civ_problem_set_at(place->problem, CIV_PROBLEM_INVALID_MEMBER, pointer, place->pool, "%s", detail);
    return CIV_EINVALID;
}

static apr_status_t fault_of_indicator(const place_t *place, apr_size_t index, const char *detail)
{
    const char *list = civ_json_pointer_join(place->pointer, "indicators", place->pool);

    civ_problem_set_at(place->problem, CIV_PROBLEM_INVALID_MEMBER,
                       civ_json_pointer_index(list, index, place->pool), place->pool, "%s", detail);
    return CIV_EINVALID;
}

static const char *redact(const civ_redactor_t *redactor, const civ_redaction_options_t *options,
                          const char *text, civ_redaction_counts_t *counts, apr_pool_t *pool)
{
    apr_size_t length;

    return civ_redact(redactor, options, text, strlen(text), counts, &length, pool);
}

/* --- members --- */

static apr_status_t read_type(const place_t *place, const civ_json_t *threat, civ_threat_report_t *report)
{
    const char *text = civ_json_get_text(threat, "type");

    if (text == NULL || civ_threat_type_parse(&report->type, text, place->pool) != APR_SUCCESS)
        return fault(place, "type",
                     "The type of a threat is a word of 1 to 64 of a-z 0-9 _ - such as malware or phishing");
    return APR_SUCCESS;
}

static apr_status_t read_severity(const place_t *place, const civ_json_t *threat, civ_threat_report_t *report)
{
    const civ_json_t *member = civ_json_get(threat, "severity");
    const char *text = civ_json_get_text(threat, "severity");

    report->severity = CIV_SEVERITY_UNKNOWN;
    if (member == NULL || member->type == CIV_JSON_NULL)
        return APR_SUCCESS;
    if (text == NULL || civ_severity_parse(&report->severity, text) != APR_SUCCESS)
        return fault(place, "severity",
                     "The severity is one of low, medium, high, critical, info, unknown, or left out");
    return APR_SUCCESS;
}

static apr_status_t read_description(const place_t *place, const civ_redactor_t *redactor,
                                     const char *const *words, const civ_json_t *threat,
                                     civ_threat_report_t *report)
{
    const civ_redaction_options_t options = {CIV_REDACT_USUAL, words};
    const civ_json_t *member = civ_json_get(threat, "description");
    const char *text = civ_json_get_text(threat, "description");

    report->description = "";
    if (member == NULL || member->type == CIV_JSON_NULL)
        return APR_SUCCESS;
    if (text == NULL || strlen(text) > CIV_THREAT_DESCRIPTION)
        return fault(place, "description", "The description is a text of at most 16384 bytes without NULs");
    report->description = redact(redactor, &options, text, &report->redacted, place->pool);
    return APR_SUCCESS;
}

static apr_status_t read_valid_until(const place_t *place, const civ_json_t *threat,
                                     civ_threat_report_t *report)
{
    const civ_json_t *member = civ_json_get(threat, "valid_until");
    const char *text = civ_json_get_text(threat, "valid_until");
    apr_int64_t now = civ_timestamp_now();

    if (member == NULL || member->type == CIV_JSON_NULL)
        return APR_SUCCESS;
    if (text == NULL || civ_timestamp_parse(&report->valid_until, text) != APR_SUCCESS)
        return fault(place, "valid_until", "This is no RFC 3339 date-time");
    if (report->valid_until <= now)
        return fault(place, "valid_until", "A threat must be valid beyond now");
    if (report->valid_until > now + CIV_THREAT_DAYS * (apr_int64_t)MILLISECONDS_OF_DAY)
        return fault(place, "valid_until", "A threat is valid for at most 1827 days; a sighting prolongs it");
    return APR_SUCCESS;
}

apr_status_t civ_threat_indicator(const civ_redactor_t *redactor, civ_indicator_t *indicator,
                                  const char *text, civ_redaction_counts_t *counts, apr_pool_t *pool)
{
    static const civ_redaction_options_t usual = {CIV_REDACT_USUAL, NULL};
    static const civ_redaction_options_t secrets = {CIV_REDACT_SECRETS, NULL};
    apr_status_t status = civ_indicator_recognise(indicator, text, pool);

    if (status != APR_SUCCESS)
        return status;
    if (indicator->kind == CIV_INDICATOR_OTHER)
        indicator->value = redact(redactor, &usual, indicator->value, counts, pool);
    else if (indicator->kind == CIV_INDICATOR_URL) /* one that was copied from a log may hold a token */
        indicator->value = redact(redactor, &secrets, indicator->value, counts, pool);
    return APR_SUCCESS;
}

static apr_status_t read_indicators(const place_t *place, const civ_redactor_t *redactor,
                                    const civ_json_t *threat, civ_threat_report_t *report)
{
    const civ_json_t *list = civ_json_get(threat, "indicators");
    apr_hash_t *seen = apr_hash_make(place->pool);
    civ_indicator_t *indicators;
    apr_size_t i, bytes = 0;

    if (list == NULL || list->type == CIV_JSON_NULL)
        return APR_SUCCESS;
    if (list->type != CIV_JSON_ARRAY)
        return fault(place, "indicators", "The indicators are a list of texts");
    if (list->as.array.count > CIV_THREAT_INDICATORS)
        return fault(place, "indicators",
                     "A threat has at most 1000 indicators: share more of them as several threats");
    indicators = apr_pcalloc(place->pool, (list->as.array.count + 1) * sizeof(*indicators));
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        civ_indicator_t *indicator = &indicators[report->count];
        const char *key;

        if (item->type != CIV_JSON_STRING || strlen(item->as.text.text) != item->as.text.length ||
            civ_threat_indicator(redactor, indicator, item->as.text.text, &report->redacted, place->pool) !=
                APR_SUCCESS)
            return fault_of_indicator(place, i,
                                      "An indicator is a text of 1 to 2048 bytes without control characters");
        key = civ_indicator_key(indicator, place->pool);
        if (apr_hash_get(seen, key, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(seen, key, APR_HASH_KEY_STRING, key);
            report->count++;
            bytes += strlen(indicator->value);
        }
        if (bytes > CIV_THREAT_BYTES)
            return fault(
                place, "indicators",
                "The indicators of a threat have at most 262144 bytes: share more of them as several "
                "threats");
    }
    report->indicators = indicators;
    return APR_SUCCESS;
}

static void list_ignored(const place_t *place, const civ_json_t *threat, civ_threat_report_t *report)
{
    static const char *const taken[] = {"type", "severity", "indicators", "description", "valid_until"};
    apr_array_header_t *names = apr_array_make(place->pool, 4, sizeof(const char *));
    apr_size_t i, j, count = sizeof(taken) / sizeof(taken[0]);

    for (i = 0; i < threat->as.object.count; i++) {
        const char *name = threat->as.object.members[i].name;

        for (j = 0; j < count && strcmp(name, taken[j]) != 0; j++)
            ;
        if (j == count)
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    APR_ARRAY_PUSH(names, const char *) = NULL;
    report->ignored = (const char *const *)names->elts;
}

/* --- identity --- */

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The type and the set of indicators, whatever their order; where there are none, the description. */
static void identify(civ_threat_report_t *report, apr_pool_t *pool)
{
    const char **keys = apr_palloc(pool, (report->count + 1) * sizeof(*keys));
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_digest_t digest;
    civ_buffer_t text;
    apr_size_t i;

    for (i = 0; i < report->count; i++)
        keys[i] = civ_indicator_key(&report->indicators[i], pool);
    if (report->count > 1)
        qsort(keys, report->count, sizeof(*keys), by_text);
    civ_buffer_init(&text, 256, pool);
    civ_buffer_append_text(&text, "civarcos-threat/1\n");
    civ_buffer_append_text(&text, report->type);
    for (i = 0; i < report->count; i++) {
        civ_buffer_append_byte(&text, '\n');
        civ_buffer_append_text(&text, keys[i]);
    }
    if (report->count == 0) {
        civ_buffer_append_text(&text, "\n-\n");
        civ_buffer_append_text(&text, report->description);
    }
    civ_digest_sha256(&digest, text.data, text.length);
    apr_cpystrn(report->id, civ_digest_hex(hex, &digest), sizeof(report->id));
}

apr_status_t civ_threat_prepare(const civ_redactor_t *redactor, const char *const *words,
                                const civ_json_t *threat, const char *pointer, civ_threat_report_t *report,
                                civ_problem_t *problem, apr_pool_t *pool)
{
    const place_t place = {pointer, problem, pool};
    apr_status_t status;

    memset(report, 0, sizeof(*report));
    if (threat == NULL || threat->type != CIV_JSON_OBJECT)
        return fault(&place, NULL, "A threat is an object");
    status = read_type(&place, threat, report);
    if (status == APR_SUCCESS)
        status = read_severity(&place, threat, report);
    if (status == APR_SUCCESS)
        status = read_description(&place, redactor, words, threat, report);
    if (status == APR_SUCCESS)
        status = read_valid_until(&place, threat, report);
    if (status == APR_SUCCESS)
        status = read_indicators(&place, redactor, threat, report);
    if (status != APR_SUCCESS)
        return status;
    list_ignored(&place, threat, report);
    identify(report, pool);
    return APR_SUCCESS;
}
