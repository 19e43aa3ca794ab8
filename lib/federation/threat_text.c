/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Free text of threats, redacted.
 */
#include "federation/threats_private.h"

/* What was not examined does not leave. */
static const char unexamined[] = "[REDACTED:unexamined]";

const char *civ_threat_text(const civ_federation_t *federation, int is_url, const char *text,
                            apr_size_t length, apr_pool_t *pool)
{
    (void)federation;
    (void)pool;
    return is_url || length == 0 ? text : unexamined;
}
