/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file paging.h
 * Lists that are given a page at a time: the parameters limit and cursor, and the way to the next page.
 */
#ifndef CIV_PAGING_H
#define CIV_PAGING_H

#include "request.h"

#include "base/json_writer.h"

/** The parameter limit: 1 to 1000, 100 where it is absent. @return OK or CIV_FAULTED */
int civ_paging_limit(civ_call_t *call, int *limit);

/** The parameter cursor; @a position is left alone where it is absent. @return OK or CIV_FAULTED */
int civ_paging_cursor(civ_call_t *call, apr_uint64_t *position);

/** Both, for lists whose positions are numbers from 1 on; @a position is 0 where there is no cursor. @return OK or CIV_FAULTED */
int civ_paging_read(civ_call_t *call, int *limit, apr_int64_t *position);

/** There may be more from @a position on: write next_cursor, and set the Link header to the same request with it. */
void civ_paging_next(civ_call_t *call, civ_json_writer_t *writer, apr_uint64_t position);

/** The same for a cursor that is a text of its own. */
void civ_paging_next_text(civ_call_t *call, civ_json_writer_t *writer, const char *cursor);

#endif
