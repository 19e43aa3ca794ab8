/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file audit.h
 * What of the configuration of synchronisation is put on record in the ledger.
 */
#ifndef CIV_SYNC_AUDIT_H
#define CIV_SYNC_AUDIT_H

#include "store/change.h"

/**
 * Within a change: put it on record, as an entry of type "civarcos.sync.<kind>" with the members action, created, platform and record:
 * the SHA-256 of @a record.
 * @param record bytes that say what it is about, secrets in sealed form only
 */
void civ_sync_audit(civ_change_t *change, const char *kind, const char *action, const char *platform,
                    const char *record);

#endif
