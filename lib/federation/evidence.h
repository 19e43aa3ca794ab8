/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence.h
 * Evidence that members have shared. Versions are append-only, each of one member's own evidence: nobody replaces another's, and
 * what was shared ends only by a withdrawal of its author, which leaves a tombstone.
 */
#ifndef CIV_FEDERATION_EVIDENCE_H
#define CIV_FEDERATION_EVIDENCE_H

#include "federation/benchmarks.h"
#include "federation/commitment.h"
#include "federation/consensus.h"
#include "federation/federation.h"
#include "federation/speaker.h"

/** What leaves the organisation. The numbers are kept in the database: they never change. */
typedef enum civ_privacy_e {
    CIV_PRIVACY_PRIVATE,    /**< nothing but a commitment */
    CIV_PRIVACY_AGGREGATED, /**< numbers, into statistics over several members */
    CIV_PRIVACY_ANONYMIZED, /**< a record without its author's name */
    CIV_PRIVACY_COUNT
} civ_privacy_e;

/** "private", "aggregated", "anonymized"; and back: @return CIV_PRIVACY_COUNT for what is none of them. */
const char *civ_privacy_name(civ_privacy_e privacy);
civ_privacy_e civ_privacy_from_name(const char *name);

/** Hex digits of an evidence id, and a NUL. */
#define CIV_EVIDENCE_ID_SIZE 33

/** Longest id that a member gives its own evidence, in bytes. It never leaves. */
#define CIV_OWN_ID_SIZE 256

/** Variants of a record, from the fullest on. Shown is the first whose group has members enough. */
#define CIV_RECORD_VARIANTS 3

/** What is to be shared, after everything that must not leave was taken away. */
typedef struct civ_draft_t {
    civ_privacy_e privacy;
    const char *type;   /**< of the table of types */
    const char *own_id; /**< the member's own name for it, 1 to 256 bytes; NULL: it has none */
    /** CIV_PRIVACY_ANONYMIZED: members of the record besides id, version, source and level, as JSON objects: all that may
     *  leave; without what few members may have in common; without all that members may have in common. */
    const char *content[CIV_RECORD_VARIANTS];
    /** What those have in common who share the first, and the second. The last one is always shown. */
    const char *group[CIV_RECORD_VARIANTS - 1];
    const civ_measurement_t *measurements; /**< CIV_PRIVACY_AGGREGATED: 1 to CIV_METRICS_OF_CONTRIBUTION */
    apr_size_t measurement_count;
    const civ_digest_t *commitment; /**< CIV_PRIVACY_PRIVATE */
} civ_draft_t;

/** A version of evidence, as everybody may see it. */
typedef struct civ_shared_t {
    apr_int64_t number; /**< in the order of sharing, from 1 */
    const char *evidence_id;
    apr_int64_t version; /**< from 1 */
    civ_privacy_e privacy;
    const char *type;
    apr_int64_t shared;    /**< in ms */
    apr_int64_t withdrawn; /**< 0: it was not */
    int is_latest;
    const char *source;    /**< its author's pseudonym, where it is told what was shared; else NULL */
    const char *record;    /**< the public record, a JSON object in canonical form; "" where none is public */
    const char *signature; /**< the node's over it; see record.h */
    const char *digest;    /**< in hex, as the ledger has it: of the barest record, or the commitment */
    civ_tally_t tally;
    civ_opinion_e opinion;
} civ_shared_t;

/**
 * Share evidence; a known own id makes a new version. The same content again changes nothing.
 * @param shared set on success
 * @param repeated set to whether it was there already
 * @return APR_SUCCESS; CIV_ECONFLICT (CONFLICT): it was withdrawn; refusals of civ_member_speaking; as civ_transactor_t's run
 */
apr_status_t civ_federation_share(civ_federation_t *federation, const civ_speaker_t *speaker,
                                  const civ_draft_t *draft, const civ_idempotency_t *idempotency,
                                  civ_shared_t *shared, int *repeated, civ_problem_t *problem,
                                  apr_pool_t *pool);

/**
 * A salt for a commitment. Without an Idempotency-Key it is a random one. With one it follows from that, the speaker, the
 * request and the network's key, so that who asks again because the answer was lost gets it again, and nobody has to keep it.
 * @return APR_SUCCESS; CIV_EUNREACHABLE (UNAVAILABLE): there is no network key; errors of random numbers
 */
apr_status_t civ_federation_salt(const civ_federation_t *federation, const char *organization_id,
                                 const civ_idempotency_t *idempotency,
                                 unsigned char salt[CIV_COMMITMENT_SALT_SIZE], civ_problem_t *problem,
                                 apr_pool_t *pool);

/**
 * Whether the speaker may share: what a dry run does besides showing what would leave. A signature is used up by it.
 * @return as civ_federation_share
 */
apr_status_t civ_federation_rehearse(civ_federation_t *federation, const civ_speaker_t *speaker,
                                     civ_problem_t *problem, apr_pool_t *pool);

/**
 * Withdraw all versions of one's own evidence: their records go, a tombstone with digests and time stays.
 * @param reason already redacted; "" for none
 * @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND): there is no such evidence of this member; CIV_ECONFLICT: it was withdrawn
 */
apr_status_t civ_federation_withdraw(civ_federation_t *federation, const civ_speaker_t *speaker,
                                     const char *evidence_id, const char *reason,
                                     const civ_idempotency_t *idempotency, civ_shared_t *tombstone,
                                     civ_problem_t *problem, apr_pool_t *pool);

typedef struct civ_evidence_query_t {
    const char *type;   /**< NULL: any */
    apr_int64_t since;  /**< shared at that time or later, in ms; APR_INT64_MIN: any */
    apr_int64_t before; /**< numbers below this (paging); APR_INT64_MAX: from the newest */
    int limit;          /**< 1 to 1000 */
} civ_evidence_query_t;

typedef struct civ_shared_page_t {
    civ_shared_t *items; /**< newest first */
    int count;
    int more; /**< non-zero: go on before the last one's number */
} civ_shared_page_t;

/** The newest versions of what was shared anonymized and not withdrawn. */
apr_status_t civ_federation_evidence(civ_federation_t *federation, const civ_evidence_query_t *query,
                                     civ_shared_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

/** All versions of one piece of evidence that are public, newest first; withdrawn ones as tombstones.
 *  @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND) */
apr_status_t civ_federation_versions(civ_federation_t *federation, const char *evidence_id,
                                     civ_shared_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

/* --- votes --- */

/** A vote on a version of evidence. */
typedef struct civ_validation_vote_t {
    const char *voter; /**< a pseudonym, the same for all votes of one member in one quarter */
    int is_valid;
    apr_int64_t confidence; /**< in ten-thousandths */
    apr_int64_t voted;      /**< in ms */
} civ_validation_vote_t;

typedef struct civ_evidence_consensus_t {
    const char *evidence_id;
    apr_int64_t version;
    civ_tally_t tally;
    civ_opinion_e opinion;
    apr_uint32_t min_votes;
    civ_fraction_t threshold;
    const civ_validation_vote_t *votes; /**< in the order in which they came; at most CIV_VOTES_SHOWN */
    apr_size_t count;
} civ_evidence_consensus_t;

/** Most votes that a consensus lists; all are counted. */
#define CIV_VOTES_SHOWN 1000

/**
 * Vote on the newest version of evidence.
 * @param version the version meant; 0: the newest
 * @return APR_SUCCESS (also when this very vote was cast before); APR_NOTFOUND (NOT_FOUND); CIV_ECONFLICT (CONFLICT): the
 * member has voted differently, there is a newer version, or it was withdrawn; APR_EACCES (FORBIDDEN): it is the member's own
 */
apr_status_t civ_federation_vote(civ_federation_t *federation, const civ_speaker_t *speaker,
                                 const char *evidence_id, apr_int64_t version, int is_valid,
                                 apr_int64_t confidence, const civ_idempotency_t *idempotency, int *repeated,
                                 civ_problem_t *problem, apr_pool_t *pool);

/** What the votes on a version (0: the newest) come to. @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND) */
apr_status_t civ_federation_consensus(civ_federation_t *federation, const char *evidence_id,
                                      apr_int64_t version, civ_evidence_consensus_t *consensus,
                                      civ_problem_t *problem, apr_pool_t *pool);

#endif
