/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_message.c
 * What platforms say to requests that they do not accept: what is shown of it is one bounded line of UTF-8 without control characters and
 * without a secret.
 */
#include "fuzz/fuzz.h"

#include "base/json_scan.h"
#include "sync/answer_message.h"

#include <string.h>

fuzz_target_fn fuzz_message;

static const char *const secrets[] = {"PRIVATE-TOKEN: glpat-81c0ffee81c0",
                                      "Authorization: Basic am86YXBwLXBhc3MtNzczMQ==", NULL};
static const char *const never[] = {
    "glpat-81", "c0ffee81", "am86YXBw", "NzczMQ==", "app-pass", "ass-7731", NULL};

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        FUZZ_DEMAND((unsigned char)*text >= ' ' && *text != 0x7f);
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

void fuzz_message(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *message = civ_answer_message((const char *)data, size, secrets, pool);
    civ_json_fault_t fault;
    int i;

    if (message == NULL)
        return;
    FUZZ_DEMAND(message[0] != '\0' && characters(message) <= CIV_ANSWER_MESSAGE_MOST + 3);
    civ_json_scan(&fault, message, strlen(message));
    FUZZ_DEMAND(fault.kind == CIV_JSON_FAULT_NONE);
    for (i = 0; never[i] != NULL; i++)
        FUZZ_DEMAND(strstr(message, never[i]) == NULL);
}
