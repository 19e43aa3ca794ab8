/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_vocabulary.c
 * Words that describe threats.
 */
#include "federation/vocabulary.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static void severities(void)
{
    static const char *const rows[][2] = {
        {"low", "low"},         {"LOW", "low"},
        {"minor", "low"},       {"Medium", "medium"},
        {"moderate", "medium"}, {"high", "high"},
        {"Important", "high"},  {"critical", "critical"},
        {"SEVERE", "critical"}, {"informational", "info"},
        {"info", "info"},       {"unknown", "unknown"},
    };
    static const char *const refused[] = {"", "lo", "lower", " low", "1", "extreme", "hig\xc4\xa3"};
    civ_severity_e severity;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(civ_severity_parse(&severity, rows[i][0]), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(civ_severity_name(severity), rows[i][1]);
    }
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        CU_ASSERT_EQUAL(civ_severity_parse(&severity, refused[i]), CIV_EINVALID);
}

/* Each name is read as itself, and they rise. */
static void severities_read_back(void)
{
    civ_severity_e severity, again;

    for (severity = 0; severity < CIV_SEVERITIES; severity++) {
        CU_ASSERT_EQUAL(civ_severity_parse(&again, civ_severity_name(severity)), APR_SUCCESS);
        CU_ASSERT_EQUAL(again, severity);
    }
    CU_ASSERT(CIV_SEVERITY_UNKNOWN < CIV_SEVERITY_INFO && CIV_SEVERITY_INFO < CIV_SEVERITY_LOW &&
              CIV_SEVERITY_HIGH < CIV_SEVERITY_CRITICAL);
}

static void types(void)
{
    static const char *const rows[][2] = {
        {"malware", "malware"},
        {"Malware", "malware"},
        {"supply_chain", "supply_chain"},
        {"Supply Chain", "supply_chain"},
        {"supply  /  chain", "supply_chain"},
        {"c2-server", "c2-server"},
        {"0day", "0day"},
    };
    static const char *const refused[] = {"", "a.b", "a\nb", "<b>", "\xc3\xa4", "a'b", "a%b"};
    const char *type = NULL;
    char *longest = apr_pcalloc(test_pool(), CIV_THREAT_TYPE_LONGEST + 2);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(civ_threat_type_parse(&type, rows[i][0], test_pool()), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(type, rows[i][1]);
    }
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        CU_ASSERT_EQUAL(civ_threat_type_parse(&type, refused[i], test_pool()), CIV_EINVALID);
    memset(longest, 'a', CIV_THREAT_TYPE_LONGEST);
    CU_ASSERT_EQUAL(civ_threat_type_parse(&type, longest, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(type, longest);
    longest[CIV_THREAT_TYPE_LONGEST] = 'a';
    CU_ASSERT_EQUAL(civ_threat_type_parse(&type, longest, test_pool()), CIV_EINVALID);
}

static const test_case_t cases[] = {
    {"severities", severities},
    {"severities_read_back", severities_read_back},
    {"types", types},
    {NULL, NULL},
};

const test_suite_t federation_vocabulary_suite = {"federation_vocabulary", NULL, NULL, cases};
