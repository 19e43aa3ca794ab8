/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What goes to standard error.
 */
#include "ctl.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "options.h"

#define LONGEST 2000

const char *ctl_printable(const char *text, apr_pool_t *pool)
{
    const unsigned char *at = (const unsigned char *)text;
    civ_buffer_t out;

    civ_buffer_init(&out, 128, pool);
    for (; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f)
            civ_buffer_append_format(&out, "\\x%02X", *at);
        else if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            /* The control characters beyond ASCII. */
            civ_buffer_append_format(&out, "\\x%02X", *++at);
        else
            civ_buffer_append_byte(&out, (char)*at);
    }
    return out.data;
}

static void speak(const char *format, va_list arguments, const char *reason)
{
    char text[LONGEST];
    apr_pool_t *pool;

    apr_vsnprintf(text, sizeof(text), format, arguments);
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    fprintf(stderr, "civarcosctl: %s%s%s\n", ctl_printable(text, pool), reason != NULL ? ": " : "",
            reason != NULL ? reason : "");
    apr_pool_destroy(pool);
}

void ctl_complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    speak(format, arguments, NULL);
    va_end(arguments);
}

void ctl_note(const ctl_t *ctl, const char *format, ...)
{
    va_list arguments;

    if (ctl->options->quiet)
        return;
    va_start(arguments, format);
    speak(format, arguments, NULL);
    va_end(arguments);
}

const char *ctl_reason(apr_status_t status, apr_pool_t *pool)
{
    static const struct {
        apr_status_t status;
        const char *words;
    } ours[] = {
        {CIV_EINVALID, "not in the form it must have"},
        {CIV_EBUSY, "the database is locked by somebody else"},
        {CIV_EFULL, "there is no room left"},
        {CIV_EREADONLY, "the database cannot be written"},
        {CIV_EUNREACHABLE, "the database cannot be opened"},
        {CIV_ECORRUPT, "the database file is damaged"},
        {CIV_ECONSTRAINT, "the database refused a row that is there already"},
        {CIV_ESCHEMA, "the tables changed meanwhile"},
        {CIV_EDATABASE, "the database cannot be read as a ledger's"},
        {CIV_EINTEGRITY, "what is stored contradicts itself"},
        {CIV_ECONFLICT, "something is there already"},
        {CIV_EINTERRUPTED, "interrupted"},
        {APR_ENOTIMPL, "this database cannot do that"},
    };
    char reason[160];
    unsigned i;

    for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (ours[i].status == status)
            return ours[i].words;
    return apr_pstrdup(pool, apr_strerror(status, reason, sizeof(reason)));
}

ctl_exit_e ctl_failed(apr_status_t status, const char *format, ...)
{
    va_list arguments;
    apr_pool_t *pool;

    /* main() says what needs to be said of a signal. */
    if (status == CIV_EINTERRUPTED && ctl_interrupt_signal() != 0)
        return CTL_FAILED;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return CTL_FAILED;
    va_start(arguments, format);
    speak(format, arguments, ctl_reason(status, pool));
    va_end(arguments);
    apr_pool_destroy(pool);
    return CTL_FAILED;
}
