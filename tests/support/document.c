/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file document.c
 * Examples of the manual.
 */
#include "support/document.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

char *document_block(const char *file, const char *heading, const char *language)
{
    unsigned long length;
    char *text = test_read_file(apr_pstrcat(test_pool(), test_source_dir(), "/", file, NULL), &length);
    char *begin = text ? strstr(text, apr_pstrcat(test_pool(), "\n", heading, "\n", NULL)) : NULL;
    const char *fence = apr_pstrcat(test_pool(), "\n```", language, "\n", NULL);
    char *end;

    begin = begin ? strstr(begin, fence) : NULL;
    end = begin ? strstr(begin + strlen(fence) - 1, "\n```\n") : NULL;
    if (!end) {
        test_note("%s has no block of %s behind \"%s\"", file, language, heading);
        return NULL;
    }
    begin += strlen(fence);
    return apr_pstrmemdup(test_pool(), begin, (apr_size_t)(end + 1 - begin));
}
