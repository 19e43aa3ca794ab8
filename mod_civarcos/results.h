/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file results.h
 * How a piece of sealed evidence is shown, in a search and alone.
 */
#ifndef CIV_RESULTS_H
#define CIV_RESULTS_H

#include "base/json_writer.h"
#include "ledger/ledger.h"

/** Write the members evidence, evidence_hash, block_index, block_hash, timestamp, leaf_index into the open
 * object. */
void civ_results_write(civ_json_writer_t *writer, const civ_evidence_t *evidence);

#endif
