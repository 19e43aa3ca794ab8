/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file catalogue.c
 * The table of platforms, and the check of a configuration against it.
 */
#include "sync/catalogue.h"

#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/platforms/platforms.h"
#include "sync/url.h"

#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0, NULL                                                                                        \
    }

/* What every platform's configuration may hold. */
static const civ_connector_setting_t common_settings[] = {
    {"webhook_secret", 1, "What the platform proves its webhooks with"},
    {"ca_file", 0, "PEM file of the authorities to trust instead of the system's"},
    {"proxy", 0, "http://host:port to go through"},
    END};

const civ_platform_t civ_platforms[] = {
    {"github", "GitHub", &civ_connector_github, {"api_token"}},
    {"gitlab", "GitLab", &civ_connector_gitlab, {"api_token"}},
    {"bitbucket",
     "Bitbucket Cloud",
     &civ_connector_bitbucket,
     {NULL}}, /* what belongs to what, the connector says */
    {"azure_devops", "Azure DevOps", &civ_connector_azure_devops, {"personal_access_token", "organization"}},
    {"jenkins", "Jenkins", &civ_connector_jenkins, {"base_url", "username", "api_token"}},
    {"circle_ci", "CircleCI", &civ_connector_circle_ci, {"api_token"}},
};
const int civ_platform_count = (int)(sizeof(civ_platforms) / sizeof(civ_platforms[0]));

const civ_platform_t *civ_platform_find(const char *name)
{
    int i;

    for (i = 0; i < civ_platform_count; i++)
        if (strcmp(civ_platforms[i].name, name) == 0)
            return &civ_platforms[i];
    return NULL;
}

const char *civ_platform_names(apr_pool_t *pool)
{
    const char *names = civ_platforms[0].name;
    int i;

    for (i = 1; i < civ_platform_count; i++)
        names = apr_pstrcat(pool, names, ", ", civ_platforms[i].name, NULL);
    return names;
}

/* --- a configuration --- */

static apr_status_t refuse(civ_problem_t *problem, const char *name, apr_pool_t *pool, const char *what)
{
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER,
                       name != NULL ? civ_json_pointer_join("/config", name, pool) : "/config", pool, "%s",
                       what);
    return CIV_EINVALID;
}

static const civ_connector_setting_t *find_in(const civ_connector_setting_t *settings, const char *name)
{
    for (; settings->name != NULL; settings++)
        if (strcmp(settings->name, name) == 0)
            return settings;
    return NULL;
}

static const civ_connector_setting_t *find_setting(const civ_platform_t *platform, const char *name)
{
    const civ_connector_setting_t *setting = find_in(platform->connector->settings, name);

    return setting != NULL ? setting : find_in(common_settings, name);
}

/* Something that may stand in a header: no control characters. */
static int is_line(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return 0;
    return 1;
}

/* Whether a setting is where requests go: "base_url", "release_url". */
static int is_root(const char *name)
{
    apr_size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, "_url") == 0;
}

/* @param egress NULL: any host will do */
static apr_status_t check_url(const char *name, const char *text, const civ_egress_t *egress,
                              civ_problem_t *problem, apr_pool_t *pool)
{
    civ_url_t url;
    const char *reason = NULL;
    apr_status_t status = civ_url_parse(&url, text, &reason, pool);

    if (status == APR_SUCCESS && strchr(url.path, '?') != NULL) {
        status = CIV_EINVALID;
        reason = "has a query";
    }
    if (status == APR_SUCCESS && egress != NULL)
        status = civ_egress_check(egress, &url, &reason, pool);
    return status == APR_SUCCESS
               ? APR_SUCCESS
               : refuse(problem, name, pool, apr_psprintf(pool, "The URL of %s %s.", name, reason));
}

/* Their names, as a list. */
static const char *settings_of(const civ_platform_t *platform, apr_pool_t *pool)
{
    const civ_connector_setting_t *const tables[] = {platform->connector->settings, common_settings};
    const char *names = "";
    unsigned i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const civ_connector_setting_t *setting;

        for (setting = tables[i]; setting->name != NULL; setting++)
            names = apr_pstrcat(pool, names, names[0] != '\0' ? ", " : "", setting->name, NULL);
    }
    return names;
}

static apr_status_t check_member(const civ_platform_t *platform, const civ_json_member_t *member,
                                 const civ_egress_t *egress, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *name = member->name;
    const char *text = member->value.as.text.text;

    if (strlen(name) != member->name_length || find_setting(platform, name) == NULL)
        return refuse(problem, name, pool,
                      apr_psprintf(pool, "%s has no such setting; it has %s.", platform->title,
                                   settings_of(platform, pool)));
    if (member->value.type != CIV_JSON_STRING || member->value.as.text.length > CIV_SETTING_MOST ||
        (find_setting(platform, name)->is_secret && member->value.as.text.length == 0) ||
        !is_line(text, member->value.as.text.length))
        return refuse(
            problem, name, pool,
            apr_psprintf(
                pool,
                "A setting is a text of up to %d bytes without control characters, and a secret is not "
                "empty.",
                CIV_SETTING_MOST));
    if (is_root(name))
        return check_url(name, text, egress, problem, pool);
    if (strcmp(name, "proxy") == 0) /* it is as near as its administrator wants it */
        return check_url(name, text, NULL, problem, pool);
    if (strcmp(name, "ca_file") == 0 && text[0] != '/')
        return refuse(problem, name, pool, "ca_file is an absolute path on the server.");
    return APR_SUCCESS;
}

/* Whether one of "a|b" is there. */
static int has_one(const civ_json_t *config, const char *names, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, names), *last, *name;

    for (name = apr_strtok(rest, "|", &last); name != NULL; name = apr_strtok(NULL, "|", &last)) {
        const char *value = civ_json_get_text(config, name);

        if (value != NULL && value[0] != '\0')
            return 1;
    }
    return 0;
}

/* What only the connector knows. */
static apr_status_t ask_connector(const civ_platform_t *platform, const civ_json_t *config,
                                  civ_problem_t *problem, apr_pool_t *pool)
{
    civ_connector_access_t access;

    memset(&access, 0, sizeof(access));
    access.headers = apr_array_make(pool, 4, sizeof(civ_connector_header_t));
    access.secret_headers = apr_array_make(pool, 2, sizeof(civ_connector_header_t));
    return platform->connector->prepare(&access, config, problem, pool);
}

apr_status_t civ_platform_check(const civ_platform_t *platform, const civ_egress_t *egress,
                                const civ_json_t *config, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    if (config->type != CIV_JSON_OBJECT)
        return refuse(problem, NULL, pool, "The configuration is an object of settings.");
    for (i = 0; i < config->as.object.count && status == APR_SUCCESS; i++)
        status = check_member(platform, &config->as.object.members[i], egress, problem, pool);
    for (i = 0; i < CIV_PLATFORM_REQUIRED && platform->required[i] != NULL && status == APR_SUCCESS; i++) {
        const char *names = platform->required[i];

        if (!has_one(config, names, pool))
            status = refuse(problem, apr_pstrndup(pool, names, strcspn(names, "|")), pool,
                            apr_psprintf(pool, "The configuration of %s lacks %s%s.", platform->title,
                                         strchr(names, '|') != NULL ? "one of " : "", names));
    }
    return status == APR_SUCCESS ? ask_connector(platform, config, problem, pool) : status;
}

apr_status_t civ_platform_check_project(const civ_platform_t *platform, const char *project_id,
                                        civ_problem_t *problem, apr_pool_t *pool)
{
    apr_size_t length = strlen(project_id);

    if (length > CIV_PROJECT_MOST || length == 0 || !is_line(project_id, length)) {
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, "/project_id", pool,
                           "A project is a text of 1 to %d bytes without control characters.",
                           CIV_PROJECT_MOST);
        return CIV_EINVALID;
    }
    return platform->connector->check_project(project_id, problem, pool);
}
