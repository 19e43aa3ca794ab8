/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "template.h"

#include <string.h>

int civ_template_match(const char *template, const char *path, civ_segment_t segments[CIV_TEMPLATE_MAX])
{
    int count = 0;

    while (*template) {
        const char *end;

        if (*template != '{') {
            if (*template ++ != *path++) {
                return -1;
            }
            continue;
        }
        end = strchr(template, '}');
        if (!end || count == CIV_TEMPLATE_MAX) {
            return -1;
        }
        segments[count].text = path;
        segments[count].length = strcspn(path, "/");
        if (segments[count].length == 0) {
            return -1;
        }
        path += segments[count++].length;
        template = end + 1;
    }
    return *path ? -1 : count;
}
