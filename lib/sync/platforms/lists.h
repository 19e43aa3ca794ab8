/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file lists.h
 * What the connectors share in reading lists and making items of their elements.
 */
#ifndef CIV_SYNC_PLATFORM_LISTS_H
#define CIV_SYNC_PLATFORM_LISTS_H

#include "base/buffer.h"
#include "sync/connector.h"
#include "sync/fields.h"

/** The elements of an answer: of the array itself (@a member NULL), or of that member of its envelope.
 *  @return APR_SUCCESS; CIV_EINVALID, with the page's fault set, when it is no array */
apr_status_t civ_list_elements(const civ_sync_answer_t *answer, const char *member,
                               const civ_json_t **elements, civ_sync_page_t *page);

/** The list goes on where the answer's Link says. @param is_conditional of the next page
 *  @return APR_SUCCESS; CIV_EINVALID, with the page's fault set, when the link leads elsewhere */
apr_status_t civ_list_next(civ_sync_page_t *page, const civ_sync_request_t *request,
                           const civ_sync_answer_t *answer, int is_conditional);

/** The list goes on at a URL that the answer's body names; it is asked for byte for byte, if it is below the base or one of the
 *  further bases, which get the credentials. @param url NULL: the list ends here
 *  @return APR_SUCCESS; CIV_EINVALID, with the page's fault set, when it leads elsewhere */
apr_status_t civ_list_next_url(const civ_sync_context_t *context, civ_sync_page_t *page,
                               const civ_sync_request_t *request, const char *url);

/** Data with @a fields of @a json and the members of the object that was written to @a more; nothing, NULL, or an object without
 *  members: none. */
const char *civ_item_data(const civ_json_t *json, const civ_data_field_t *fields, const civ_buffer_t *more,
                          apr_pool_t *pool);

#endif
