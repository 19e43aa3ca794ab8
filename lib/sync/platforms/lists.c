/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file lists.c
 * Reading lists.
 */
#include "sync/platforms/lists.h"

#include <apr_strings.h>
#include <string.h>

apr_status_t civ_list_elements(const civ_sync_answer_t *answer, const char *member,
                               const civ_json_t **elements, civ_sync_page_t *page)
{
    *elements = member != NULL ? civ_json_get(answer->json, member) : answer->json;
    if (*elements != NULL && (*elements)->type == CIV_JSON_ARRAY)
        return APR_SUCCESS;
    return civ_sync_page_fault(page, "The answer has no list%s%s", member != NULL ? " named " : "",
                               member != NULL ? member : "");
}

apr_status_t civ_list_next(civ_sync_page_t *page, const civ_sync_request_t *request,
                           const civ_sync_answer_t *answer, int is_conditional)
{
    civ_sync_request_t next = *request;

    next.is_conditional = is_conditional;
    next.position++;
    if (!civ_sync_page_next_link(page, &next, answer) && answer->next_refused != NULL)
        return civ_sync_page_fault(page, "The list goes on, but not on this server: %s",
                                   answer->next_refused);
    return APR_SUCCESS;
}

const char *civ_item_data(const civ_json_t *json, const civ_data_field_t *fields, const civ_buffer_t *more,
                          apr_pool_t *pool)
{
    const char *data = civ_field_data(json, fields, pool);

    if (more == NULL || more->length <= strlen("{}"))
        return data;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, more->data, more->length - 1),
                       strcmp(data, "{}") == 0 ? "" : ",", data + 1, NULL);
}
