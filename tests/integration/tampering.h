/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file tampering.h
 * A ledger to be tampered with, and what the server has to say about it.
 */
#ifndef CIV_TESTS_TAMPERING_H
#define CIV_TESTS_TAMPERING_H

#include "integration/scenario.h"

#define TAMPERING_NAME "tampered.test/ledger"
#define TAMPERING_LAST 9 /**< the newest block of the ledger */

/** A server with a fresh ledger of blocks 0 to TAMPERING_LAST, each of 2 entries but the first, built over HTTP. NULL
 *  where that fails. */
harness_t *tampering_start(void);

/** The SQLite file. */
const char *tampering_database(const harness_t *server);

/** Keep the tables as they are now for tampering_restore(). @return 0 on success */
int tampering_save(const harness_t *server);

/** Put the tables of the ledger back as they were at the start, or when they were saved. @return 0 on success */
int tampering_restore(const harness_t *server);

/** Remove the file that keeps the alarm, as an administrator does who has looked into it. */
void tampering_lift_alarm(const harness_t *server);

/**
 * Whether validate and tampering both find fault with block @a index: as the index of a report, or (where the block is not
 * there any more) in the words of one.
 * @param words what one of the faults must say, or NULL
 */
int tampering_is_named(http_client_t *client, apr_int64_t index, const char *words);

/** How many blocks tampering reports. */
int tampering_count(http_client_t *client);

/** Whether the server refuses to write for the reason (part of it), and health says so. */
int tampering_is_alarmed(http_client_t *client, const char *reason);

#endif
