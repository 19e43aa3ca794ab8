/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file handlers.h
 * The handlers that the route table names. Each answers one request and returns what httpd is to be told.
 */
#ifndef CIV_HANDLERS_H
#define CIV_HANDLERS_H

#include "routes.h"

typedef struct civ_call_t civ_call_t; /* request.h; the table of routes needs no more of it */

/* api_root.c */
int civ_api_root(civ_call_t *call);
int civ_api_health(civ_call_t *call);
int civ_api_openapi(civ_call_t *call);
int civ_api_metrics(civ_call_t *call);

/* api_ledger_write.c */
int civ_api_add(civ_call_t *call);
int civ_api_pending(civ_call_t *call);

/* api_ledger_read.c */
int civ_api_info(civ_call_t *call);
int civ_api_block(civ_call_t *call);
int civ_api_evidence(civ_call_t *call);

/* api_ledger_search.c */
int civ_api_search(civ_call_t *call);

/* api_ledger_verify.c */
int civ_api_validate(civ_call_t *call);
int civ_api_tampering(civ_call_t *call);

/* api_ledger_export.c */
int civ_api_export(civ_call_t *call);

/* api_validators.c */
int civ_api_validators(civ_call_t *call);
int civ_api_register(civ_call_t *call);
int civ_api_validator(civ_call_t *call);
int civ_api_unregister(civ_call_t *call);

/** The member validator_id of a request. @return OK or CIV_FAULTED */
int civ_request_validator_id(civ_call_t *call, const char **id);

/* api_votes.c */
int civ_api_vote(civ_call_t *call);
int civ_api_consensus(civ_call_t *call);

/* api_members.c */
int civ_api_join(civ_call_t *call);
int civ_api_leave(civ_call_t *call);
int civ_api_nodes(civ_call_t *call);
int civ_api_node(civ_call_t *call);

/* api_consensus.c */
int civ_api_validate_evidence(civ_call_t *call);
int civ_api_evidence_consensus(civ_call_t *call);

/** The member evidence_id of a request. @return OK or CIV_FAULTED */
int civ_request_evidence_id(civ_call_t *call, const char **evidence_id);

/* api_evidence.c */
int civ_api_shared(civ_call_t *call);
int civ_api_versions(civ_call_t *call);

/* api_share.c */
int civ_api_share(civ_call_t *call);
int civ_api_withdraw(civ_call_t *call);
/* api_benchmarks.c */
int civ_api_contribute(civ_call_t *call);
int civ_api_benchmarks(civ_call_t *call);
int civ_api_benchmark(civ_call_t *call);

/* api_threats.c */
int civ_api_threat_share(civ_call_t *call);
int civ_api_threats(civ_call_t *call);
int civ_api_threat(civ_call_t *call);

/* api_sync_connectors.c */
int civ_api_sync_configure(civ_call_t *call);
int civ_api_sync_connectors(civ_call_t *call);
int civ_api_sync_connector(civ_call_t *call);
int civ_api_sync_disconnect(civ_call_t *call);

/* api_sync_jobs.c */
int civ_api_sync_test(civ_call_t *call);
int civ_api_sync_source(civ_call_t *call);
int civ_api_sync_all(civ_call_t *call);
int civ_api_sync_jobs(civ_call_t *call);
int civ_api_sync_job(civ_call_t *call);
int civ_api_sync_cancel(civ_call_t *call);

/* api_sync_push.c */
int civ_api_sync_push(civ_call_t *call);

/* api_sync_webhook.c */
int civ_api_sync_webhook(civ_call_t *call);

/* api_sync_schedules.c */
int civ_api_sync_schedules(civ_call_t *call);
int civ_api_sync_schedule(civ_call_t *call);
int civ_api_sync_scheduled(civ_call_t *call);
int civ_api_sync_unschedule(civ_call_t *call);

/* api_sync_status.c */
int civ_api_sync_status(civ_call_t *call);

/* api_sync_timeline.c */
int civ_api_sync_timeline(civ_call_t *call);
int civ_api_sync_item(civ_call_t *call);
int civ_api_sync_commit(civ_call_t *call);
int civ_api_sync_deduplicate(civ_call_t *call);
int civ_api_sync_conflicts(civ_call_t *call);
int civ_api_sync_resolve(civ_call_t *call);

/* api_federation.c */
int civ_api_federation_status(civ_call_t *call);

#endif
