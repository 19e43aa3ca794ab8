/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The dialects there are, and SQL with their words filled in.
 */
#include "config.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "store/dialect.h"

static const civ_dialect_t *const dialects[] = {
    &civ_dialect_sqlite,
#ifdef CIVARCOS_PGSQL
    &civ_dialect_pgsql,
#endif
    NULL,
};

const civ_dialect_t *civ_dialect_find(const char *driver)
{
    const civ_dialect_t *const *dialect;

    for (dialect = dialects; *dialect != NULL; dialect++)
        if (strcmp((*dialect)->driver, driver) == 0)
            return *dialect;
    return NULL;
}

static const civ_dialect_word_t *word_at(const civ_dialect_t *dialect, const char *text, apr_size_t *length)
{
    const civ_dialect_word_t *word;

    for (word = dialect->words; word->name != NULL; word++) {
        *length = strlen(word->name);
        if (strncmp(text, word->name, *length) == 0 && text[*length] == '(')
            return word;
    }
    return NULL;
}

/** The end of the argument that begins at @a text: its closing parenthesis. */
static const char *end_of_argument(const char *text)
{
    int depth = 0;

    for (; *text != '\0'; text++) {
        if (*text == '(')
            depth++;
        else if (*text == ')' && depth-- == 0)
            break;
    }
    return text;
}

static void fill_template(civ_buffer_t *out, const char *template, const char *argument, apr_size_t length)
{
    for (; *template != '\0'; template ++) {
        if (*template == '$')
            civ_buffer_append(out, argument, length);
        else
            civ_buffer_append_byte(out, *template);
    }
}

const char *civ_dialect_rewrite(const civ_dialect_t *dialect, const char *text, apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(text) + 64, pool);
    while (*text != '\0') {
        apr_size_t length;
        const civ_dialect_word_t *word = word_at(dialect, text, &length);

        if (word != NULL) {
            const char *argument = text + length + 1;
            const char *end = end_of_argument(argument);

            fill_template(&out, word->template, argument, (apr_size_t)(end - argument));
            text = *end == ')' ? end + 1 : end;
        } else {
            civ_buffer_append_byte(&out, *text++);
        }
    }
    return out.data;
}

static const char *supported_drivers(apr_pool_t *pool)
{
    const civ_dialect_t *const *dialect;
    const char *names = NULL;

    for (dialect = dialects; *dialect != NULL; dialect++)
        names = apr_pstrcat(pool, names != NULL ? names : "", names != NULL ? ", " : "", (*dialect)->driver,
                            NULL);
    return names;
}

apr_status_t civ_store_check_driver(const char *driver, const char **error, apr_pool_t *pool)
{
    const apr_dbd_driver_t *loaded;
    apr_status_t status;
    char reason[160];

#ifndef CIVARCOS_PGSQL
    if (strcmp(driver, "pgsql") == 0) {
        *error = "this mod_civarcos was built without PostgreSQL (configure --without-pgsql)";
        return APR_ENOTIMPL;
    }
#endif
    if (civ_dialect_find(driver) == NULL) {
        *error = apr_psprintf(pool, "the database driver \"%s\" is not supported (supported: %s)", driver,
                              supported_drivers(pool));
        return APR_ENOTIMPL;
    }
    status = apr_dbd_get_driver(pool, driver, &loaded);
    if (status != APR_SUCCESS)
        *error = apr_psprintf(pool, "apr_dbd cannot load its driver \"%s\" (%s): is its package installed?",
                              driver, apr_strerror(status, reason, sizeof(reason)));
    return status;
}

const char *civ_store_fault_of_parameters(const char *driver, const char *parameters, apr_pool_t *pool)
{
    const civ_dialect_t *dialect = civ_dialect_find(driver);

    return dialect != NULL && dialect->fault_of_parameters != NULL
               ? dialect->fault_of_parameters(parameters, pool)
               : NULL;
}

int civ_store_tells_free_space(const char *driver)
{
    const civ_dialect_t *dialect = civ_dialect_find(driver);

    return dialect != NULL && dialect->free_space != NULL;
}
