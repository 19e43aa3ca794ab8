/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_table.c
 * What the table of platforms says agrees with what each connector says of itself.
 */
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "sync/catalogue.h"
#include "sync/connectors.h"

static int has_setting(const civ_connector_t *connector, const char *name, size_t length)
{
    const civ_connector_setting_t *setting;

    for (setting = connector->settings; setting->name != NULL; setting++)
        if (strlen(setting->name) == length && strncmp(setting->name, name, length) == 0)
            return 1;
    return 0;
}

/* Each name of "a|b". */
static int has_all(const civ_connector_t *connector, const char *names)
{
    for (;;) {
        size_t length = strcspn(names, "|");

        if (!has_setting(connector, names, length))
            return 0;
        if (names[length] == '\0')
            return 1;
        names += length + 1;
    }
}

static void test_rows(void)
{
    int count, i, j;

    for (count = 0; civ_connectors[count] != NULL; count++)
        CU_ASSERT_PTR_NOT_NULL(civ_platform_find(civ_connectors[count]->platform));
    CU_ASSERT_EQUAL(count, civ_platform_count);
    for (i = 0; i < civ_platform_count; i++) {
        const civ_platform_t *row = &civ_platforms[i];

        CU_ASSERT_STRING_EQUAL(row->name, row->connector->platform);
        CU_ASSERT_STRING_EQUAL(row->title, row->connector->title);
        CU_ASSERT_PTR_NOT_NULL(row->connector->check_project);
        for (j = 0; j < CIV_PLATFORM_REQUIRED && row->required[j] != NULL; j++)
            CU_ASSERT_TRUE(has_all(row->connector, row->required[j]));
    }
}

/* Who has misspelt a setting sees what there is. */
static void test_settings_are_named(void)
{
    static const char text[] = "{\"api_token\":\"a\",\"tokn\":\"b\"}";
    const civ_json_t *config;
    civ_problem_t problem;

    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL_FATAL(
        civ_json_parse(&config, text, strlen(text), &civ_json_request_limits, &problem, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_platform_check(civ_platform_find("github"), NULL, config, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/config/tokn");
    CU_ASSERT_STRING_EQUAL(problem.detail, "GitHub has no such setting; it has api_token, base_url, "
                                           "api_version, webhook_secret, ca_file, proxy.");
}

static const test_case_t cases[] = {
    {"rows", test_rows},
    {"settings_are_named", test_settings_are_named},
    {NULL, NULL},
};

const test_suite_t platform_table_suite = {"platform_table", NULL, NULL, cases};
