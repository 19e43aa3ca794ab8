/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * A text while it is examined: which byte belongs to which find.
 */
#include "federation/redaction_private.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

civ_redaction_view_t *civ_redaction_view(const char *source, apr_size_t length, apr_pool_t *pool)
{
    civ_redaction_view_t *view = apr_pcalloc(pool, sizeof(*view));
    apr_size_t i;

    view->source = source;
    view->length = length;
    view->work = apr_palloc(pool, length + 1);
    memcpy(view->work, source, length);
    view->work[length] = '\0';
    view->lower = apr_palloc(pool, length + 1);
    for (i = 0; i < length; i++) {
        view->lower[i] = (char)(source[i] >= 'A' && source[i] <= 'Z' ? source[i] + 32 : source[i]);
    }
    view->lower[length] = '\0';
    view->owner = apr_pcalloc(pool, length + 1);
    view->hidden = apr_pcalloc(pool, length + 1);
    return view;
}

void civ_redaction_view_take(civ_redaction_view_t *view, apr_size_t start, apr_size_t end, unsigned owner)
{
    apr_size_t i;

    for (i = start; i < end; i++) {
        if (view->owner[i] == 0) {
            view->owner[i] = (unsigned char)owner;
            view->work[i] = CIV_REDACTION_FILLER;
        }
    }
}

static int is_continuation(char byte)
{
    return (byte & 0xc0) == 0x80;
}

static int is_find(unsigned owner)
{
    return owner != 0 && owner != CIV_REDACTION_KEEP;
}

void civ_redaction_view_settle(civ_redaction_view_t *view)
{
    apr_size_t i;

    for (i = 0; i < view->length; i++) {
        if (view->hidden[i] != 0) {
            civ_redaction_view_take(view, i, i + 1, view->hidden[i]);
        }
    }
    for (i = 1; i < view->length; i++) {
        if (is_continuation(view->source[i]) && is_find(view->owner[i - 1])) {
            civ_redaction_view_take(view, i, i + 1, view->owner[i - 1]);
        }
    }
    for (i = view->length; i-- > 1;) {
        if (is_continuation(view->source[i]) && is_find(view->owner[i])) {
            civ_redaction_view_take(view, i - 1, i, view->owner[i]);
        }
    }
}
