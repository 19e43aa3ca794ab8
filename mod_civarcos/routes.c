/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "routes.h"

#include "handlers.h"

#include <apr_strings.h>

#include <assert.h>

#define JSON       "application/json"
#define NDJSON     "application/x-ndjson"
#define PROMETHEUS "text/plain"

#define END_OF_FIELDS                                                                                        \
    {                                                                                                        \
        NULL, CIV_TYPE_STRING, NULL, CIV_OPTIONAL                                                            \
    }

/* --- parameters --- */

static const civ_field_t range_parameters[] = {
    {"from", CIV_TYPE_INTEGER, "First block, 0 by default", CIV_OPTIONAL},
    {"to", CIV_TYPE_INTEGER, "Last block, inclusive; the newest by default", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t block_parameters[] = {
    {"index", CIV_TYPE_BLOCK_NAME, "An index, \"latest\", or a block hash", CIV_IN_PATH}, END_OF_FIELDS};

static const civ_field_t evidence_parameters[] = {
    {"hash", CIV_TYPE_HASH, "SHA-256 of the canonical evidence (RFC 8785)", CIV_IN_PATH}, END_OF_FIELDS};

static const civ_field_t search_parameters[] = {
    {"type", CIV_TYPE_STRING, "Only evidence whose member type is this", CIV_OPTIONAL},
    {"since", CIV_TYPE_TIMESTAMP, "Only blocks sealed at this time or later", CIV_OPTIONAL},
    {"until", CIV_TYPE_TIMESTAMP, "Only blocks sealed at this time or earlier", CIV_OPTIONAL},
    {"block_from", CIV_TYPE_INTEGER, "Only this block and later ones", CIV_OPTIONAL},
    {"block_to", CIV_TYPE_INTEGER, "Only this block and earlier ones", CIV_OPTIONAL},
    {"hash", CIV_TYPE_HASH, "Only evidence with this hash", CIV_OPTIONAL},
    {"q", CIV_TYPE_STRING, "Only evidence that holds this text (ASCII letters in either case)", CIV_OPTIONAL},
    {"limit", CIV_TYPE_LIMIT, "Most results of one answer", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t list_parameters[] = {
    {"limit", CIV_TYPE_LIMIT, "Most items of one answer", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t validator_parameters[] = {
    {"validator_id", CIV_TYPE_VALIDATOR_ID, "Id of a validator that is registered", CIV_IN_PATH},
    END_OF_FIELDS};

static const civ_field_t consensus_parameters[] = {
    {"block_hash", CIV_TYPE_HASH, "Hash of a block", CIV_IN_PATH}, END_OF_FIELDS};

static const civ_field_t node_parameters[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Id of an organization that is or was in", CIV_IN_PATH},
    END_OF_FIELDS};

static const civ_field_t shared_parameters[] = {
    {"type", CIV_TYPE_STRING, "Only evidence of this type", CIV_OPTIONAL},
    {"privacy_level", CIV_TYPE_PRIVACY, "Evidence of this level", CIV_OPTIONAL},
    {"since", CIV_TYPE_TIMESTAMP, "Only what was shared at this time or later", CIV_OPTIONAL},
    {"limit", CIV_TYPE_LIMIT, "Most items of one answer", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t versions_parameters[] = {
    {"evidence_id", CIV_TYPE_EVIDENCE_ID, "Id of shared evidence", CIV_IN_PATH}, END_OF_FIELDS};

static const civ_field_t evidence_consensus_parameters[] = {
    {"evidence_id", CIV_TYPE_EVIDENCE_ID, "Id of shared evidence", CIV_IN_PATH},
    {"version", CIV_TYPE_VERSION, "A version of it, the newest by default", CIV_OPTIONAL},
    END_OF_FIELDS};
static const civ_field_t metric_parameters[] = {{"metric", CIV_TYPE_METRIC, "Name of a metric", CIV_IN_PATH},
                                                END_OF_FIELDS};

static const civ_field_t threats_parameters[] = {
    {"type", CIV_TYPE_STRING, "Only threats of this type", CIV_OPTIONAL},
    {"severity", CIV_TYPE_SEVERITY, "Only threats of this severity, or a synonym of it", CIV_OPTIONAL},
    {"indicator", CIV_TYPE_STRING, "Only threats with this indicator; it may be defanged", CIV_OPTIONAL},
    {"since", CIV_TYPE_TIMESTAMP, "Only what was first shared then or later", CIV_OPTIONAL},
    {"limit", CIV_TYPE_LIMIT, "Most items of one answer", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t threat_parameters[] = {
    {"threat_id", CIV_TYPE_THREAT_ID, "Id of a threat", CIV_IN_PATH}, END_OF_FIELDS};

static const civ_field_t platform_parameters[] = {{"platform", CIV_TYPE_PLATFORM, "A platform", CIV_IN_PATH},
                                                  END_OF_FIELDS};

static const civ_field_t job_parameters[] = {{"job_id", CIV_TYPE_NUMBER_ID, "Id of a job", CIV_IN_PATH},
                                             END_OF_FIELDS};

static const civ_field_t schedule_parameters[] = {
    {"schedule_id", CIV_TYPE_NUMBER_ID, "Id of a schedule", CIV_IN_PATH}, END_OF_FIELDS};

static const civ_field_t timeline_parameters[] = {
    {"start_time", CIV_TYPE_TIMESTAMP, "Only what happened then or later", CIV_OPTIONAL},
    {"end_time", CIV_TYPE_TIMESTAMP, "Only what happened then or earlier", CIV_OPTIONAL},
    {"type", CIV_TYPE_STRING, "Only items of this type", CIV_OPTIONAL},
    {"source", CIV_TYPE_PLATFORM, "Only items of this platform", CIV_OPTIONAL},
    {"project_id", CIV_TYPE_PROJECT, "Only items of this project", CIV_OPTIONAL},
    {"order", CIV_TYPE_ORDER, "Oldest or newest first", CIV_OPTIONAL},
    {"limit", CIV_TYPE_LIMIT, "Most items of one answer", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t item_parameters[] = {
    {"id", CIV_TYPE_HASH, "Id of an item of the timeline", CIV_IN_PATH},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t commit_parameters[] = {
    {"sha", CIV_TYPE_COMMIT, "The whole SHA of a commit", CIV_IN_PATH},
    {"limit", CIV_TYPE_LIMIT, "Most items of one answer", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t conflicts_parameters[] = {
    {"kind", CIV_TYPE_CONFLICT_KIND, "Of what: versions of one item, or words of several platforms",
     CIV_OPTIONAL},
    {"limit", CIV_TYPE_LIMIT, "Most conflicts of one answer; never more than 100", CIV_OPTIONAL},
    {"cursor", CIV_TYPE_STRING, "next_cursor of the answer before", CIV_OPTIONAL},
    END_OF_FIELDS};

/* --- request bodies --- */

static const civ_field_t empty_body[] = {END_OF_FIELDS};

static const civ_field_t resolve_body[] = {
    {"policy", CIV_TYPE_POLICY, "How it is decided, most_complete by default", CIV_OPTIONAL},
    {"key", CIV_TYPE_HASH, "Which item; all conflicts that are open now by default", CIV_OPTIONAL},
    {"prefer", CIV_TYPE_HASH, "With the policy prefer: content_hash of the version that counts",
     CIV_OPTIONAL},
    {"reason", CIV_TYPE_STRING, "Why, for the record", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t configure_body[] = {{"platform", CIV_TYPE_PLATFORM, "Which platform", CIV_REQUIRED},
                                             {"config", CIV_TYPE_CONNECTOR_CONFIG,
                                              "Where it is, and credentials, which no answer ever shows",
                                              CIV_REQUIRED},
                                             END_OF_FIELDS};

static const civ_field_t source_body[] = {
    {"platform", CIV_TYPE_PLATFORM, "Which platform", CIV_REQUIRED},
    {"project_id", CIV_TYPE_PROJECT, "Which project, as the platform calls it", CIV_REQUIRED},
    {"since", CIV_TYPE_TIMESTAMP, "Everything from then on, also what is there; else what is new",
     CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t push_body[] = {
    {"platform", CIV_TYPE_PLATFORM, "Which platform", CIV_REQUIRED},
    {"project_id", CIV_TYPE_PROJECT, "Which project, as the platform calls it", CIV_REQUIRED},
    {"sha", CIV_TYPE_COMMIT, "The whole SHA of the commit", CIV_REQUIRED},
    {"state", CIV_TYPE_COMMIT_STATE, "The status", CIV_REQUIRED},
    {"context", CIV_TYPE_STRING, "What it is the status of; a later one of the same name replaces it",
     CIV_REQUIRED},
    {"description", CIV_TYPE_STRING, "A sentence for people", CIV_OPTIONAL},
    {"target_url", CIV_TYPE_URL, "Where there is more about it", CIV_OPTIONAL},
    END_OF_FIELDS};

const civ_field_t civ_raw_body[] = {END_OF_FIELDS};

static const civ_field_t all_body[] = {{"project_config", CIV_TYPE_PROJECT_CONFIG,
                                        "Projects of each platform; every scheduled one by default",
                                        CIV_OPTIONAL},
                                       END_OF_FIELDS};

static const civ_field_t schedule_body[] = {
    {"platform", CIV_TYPE_PLATFORM, "Which platform", CIV_REQUIRED},
    {"project_id", CIV_TYPE_PROJECT, "Which project, as the platform calls it", CIV_REQUIRED},
    {"interval", CIV_TYPE_INTERVAL, "How often", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t share_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Who shares", CIV_REQUIRED},
    {"evidence", CIV_TYPE_ANY_OBJECT, "What is shared, as it is at home", CIV_REQUIRED},
    {"privacy_level", CIV_TYPE_PRIVACY, "What of it may leave, anonymized by default", CIV_OPTIONAL},
    {"dry_run", CIV_TYPE_BOOLEAN, "Show what would leave, and store nothing", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t withdraw_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Who has shared it", CIV_REQUIRED},
    {"evidence_id", CIV_TYPE_EVIDENCE_ID, "What is withdrawn, in all its versions", CIV_REQUIRED},
    {"reason", CIV_TYPE_STRING, "Why, for all to see", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t validate_evidence_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Who votes", CIV_REQUIRED},
    {"evidence_id", CIV_TYPE_EVIDENCE_ID, "On what", CIV_REQUIRED},
    {"version", CIV_TYPE_VERSION, "On which version; refused when there is a newer one", CIV_OPTIONAL},
    {"is_valid", CIV_TYPE_BOOLEAN, "Whether it holds", CIV_REQUIRED},
    {"confidence", CIV_TYPE_CONFIDENCE, "How sure; what lies outside is taken as the nearest", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t join_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "What it is called", CIV_REQUIRED},
    {"evidence_endpoint", CIV_TYPE_URL, "Where others reach it; never fetched here", CIV_REQUIRED},
    {"public_key", CIV_TYPE_PUBLIC_KEY, "Its Ed25519 key, with which this request is signed", CIV_OPTIONAL},
    {"rotation", CIV_TYPE_SIGNATURE, "For another key: the old one's signature over the rotation",
     CIV_OPTIONAL},
    {"metadata", CIV_TYPE_ANY_OBJECT, "Whatever it says of itself, up to 16 KiB", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t leave_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Who leaves", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t contribute_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Who contributes", CIV_REQUIRED},
    {"metrics", CIV_TYPE_METRICS, "Up to 100 numbers by name", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t threat_body[] = {
    {"organization_id", CIV_TYPE_ORGANIZATION_ID, "Who shares it", CIV_REQUIRED},
    {"threat_info", CIV_TYPE_THREAT_INFO, "The threat", CIV_OPTIONAL},
    {"threat", CIV_TYPE_THREAT_INFO, "The same, instead of threat_info", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t add_body[] = {
    {"evidence", CIV_TYPE_EVIDENCE, "What to seal; left out, all pending evidence is sealed", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t pending_body[] = {
    {"evidence", CIV_TYPE_EVIDENCE, "What to keep for the next block", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t register_body[] = {
    {"validator_id", CIV_TYPE_VALIDATOR_ID, "What it is called", CIV_REQUIRED},
    {"public_key", CIV_TYPE_PUBLIC_KEY, "Its Ed25519 key: SPKI PEM, 32 bytes in base64, or a JWK",
     CIV_REQUIRED},
    {"stake", CIV_TYPE_STAKE, "What its votes weigh, 0 by default", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t vote_body[] = {
    {"block_hash", CIV_TYPE_HASH, "The block", CIV_REQUIRED},
    {"validator_id", CIV_TYPE_VALIDATOR_ID, "Who votes", CIV_REQUIRED},
    {"is_valid", CIV_TYPE_BOOLEAN, "Accept or reject", CIV_REQUIRED},
    {"signature", CIV_TYPE_SIGNATURE, "The validator's, over the six lines of the vote", CIV_REQUIRED},
    END_OF_FIELDS};

/* --- answers --- */

static const civ_field_t root_answer[] = {
    {"service", CIV_TYPE_STRING, "Always civarcos", CIV_REQUIRED},
    {"version", CIV_TYPE_STRING, "Version of mod_civarcos", CIV_REQUIRED},
    {"endpoints", CIV_TYPE_OBJECT, "Every route, and what it is for", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t health_answer[] = {
    {"status", CIV_TYPE_STRING, "ok or degraded", CIV_REQUIRED},
    {"version", CIV_TYPE_STRING, "Version of mod_civarcos", CIV_REQUIRED},
    {"database", CIV_TYPE_STRING, "ok, or what is wrong with it", CIV_REQUIRED},
    {"head", CIV_TYPE_STRING, "ok, inconsistent, or unknown where the database cannot be read", CIV_REQUIRED},
    {"worker", CIV_TYPE_STRING,
     "ok, starting (it has not been heard of since the start), silent, unknown, or off", CIV_REQUIRED},
    {"read_only", CIV_TYPE_NULLABLE_STRING, "Why nothing is written, or null", CIV_REQUIRED},
    {"height", CIV_TYPE_INTEGER, "Index of the newest block", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t add_answer[] = {{"block", CIV_TYPE_BLOCK, "The new block", CIV_REQUIRED},
                                         {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
                                         END_OF_FIELDS};

static const civ_field_t pending_answer[] = {
    {"pending_evidence", CIV_TYPE_INTEGER, "How much waits now", CIV_REQUIRED},
    {"evidence_hashes", CIV_TYPE_HASHES, "Of what was sent, in order", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t info_answer[] = {{"blockchain", CIV_TYPE_INFO, "The ledger", CIV_REQUIRED},
                                          END_OF_FIELDS};

static const civ_field_t block_answer[] = {{"block", CIV_TYPE_BLOCK, "The block", CIV_REQUIRED},
                                           END_OF_FIELDS};

static const civ_field_t search_answer[] = {
    {"results", CIV_TYPE_RESULTS, "Newest first", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many results this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There may be more: the value of cursor for it", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t evidence_answer[] = {
    {"result", CIV_TYPE_RESULT, "The evidence, its block, and the proof that it is in there", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t validate_answer[] = {
    {"validation", CIV_TYPE_VALIDATION, "What was found", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t tampering_answer[] = {
    {"tampered", CIV_TYPE_TAMPERED, "Blocks that are not what they were", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many these are", CIV_REQUIRED},
    {"truncated", CIV_TYPE_BOOLEAN, "There are more than are listed", CIV_OPTIONAL},
    END_OF_FIELDS};

#define VALIDATOR_FIELDS                                                                                     \
    {"validator_id", CIV_TYPE_VALIDATOR_ID, "What it is called", CIV_REQUIRED},                              \
        {"public_key", CIV_TYPE_PEM, "Its Ed25519 key", CIV_REQUIRED},                                       \
        {"stake", CIV_TYPE_STAKE, "What its votes weigh", CIV_REQUIRED},                                     \
        {"reputation", CIV_TYPE_REPUTATION, "What its votes have come to", CIV_REQUIRED},                    \
        {"joined_at", CIV_TYPE_TIMESTAMP, "When it was registered", CIV_REQUIRED},                           \
        {"votes", CIV_TYPE_INTEGER, "Votes it has cast", CIV_REQUIRED},                                      \
        {"votes_agreed", CIV_TYPE_INTEGER, "Those that blocks were decided by", CIV_REQUIRED},               \
        {"votes_disagreed", CIV_TYPE_INTEGER, "Those that blocks were decided against", CIV_REQUIRED},       \
    {                                                                                                        \
        "equivocations", CIV_TYPE_INTEGER, "Blocks that it has both accepted and rejected", CIV_REQUIRED     \
    }

static const civ_field_t validator_answer[] = {VALIDATOR_FIELDS, END_OF_FIELDS};

static const civ_field_t change_answer[] = {
    VALIDATOR_FIELDS, {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t validators_answer[] = {
    {"validators", CIV_TYPE_VALIDATORS, "In the order of their registration", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t consensus_answer[] = {
    {"consensus", CIV_TYPE_CONSENSUS, "What the votes on the block come to", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t join_answer[] = {{"node", CIV_TYPE_NODE, "The member", CIV_REQUIRED},
                                          {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
                                          END_OF_FIELDS};

static const civ_field_t message_answer[] = {{"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
                                             END_OF_FIELDS};

static const civ_field_t nodes_answer[] = {
    {"nodes", CIV_TYPE_NODES, "The members, in the order of first joining", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t node_answer[] = {
    {"node", CIV_TYPE_NODE, "The member, its keys, and its record as the node has signed it", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t benchmarks_answer[] = {
    {"metrics", CIV_TYPE_METRIC_NAMES, "Names of the metrics of which something is published", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t benchmark_answer[] = {
    {"statistics", CIV_TYPE_STATISTICS, "What is published", CIV_OPTIONAL},
    {"metric", CIV_TYPE_METRIC, "The metric, where nothing is published", CIV_OPTIONAL},
    {"error", CIV_TYPE_STRING, "Then, why", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t threat_share_answer[] = {
    {"threat", CIV_TYPE_THREAT, "The threat as all see it", CIV_REQUIRED},
    {"removed", CIV_TYPE_WITHHELD, "What did not leave as it came", CIV_REQUIRED},
    {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t threats_answer[] = {
    {"threats", CIV_TYPE_THREATS, "Newest first", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"indicator", CIV_TYPE_INDICATOR, "The indicator asked for, as it is looked up", CIV_OPTIONAL},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t threat_answer[] = {
    {"threat", CIV_TYPE_THREAT, "The threat, and its record as the node has signed it", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t network_answer[] = {
    {"network_stats", CIV_TYPE_NETWORK, "What there is in the network", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t shared_answer[] = {
    {"evidence", CIV_TYPE_SHARED_LIST, "Newest first", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t share_answer[] = {
    {"evidence", CIV_TYPE_SHARED, "What leaves, all of it", CIV_REQUIRED},
    {"shown_while_few_share_it", CIV_TYPE_ANY_OBJECT, "What others see at least", CIV_OPTIONAL},
    {"removed", CIV_TYPE_REMOVED, "What does not leave as it came, and why", CIV_OPTIONAL},
    {"removed_count", CIV_TYPE_INTEGER, "How many those are; not all are listed", CIV_OPTIONAL},
    {"redactions", CIV_TYPE_ANY_OBJECT, "What was taken out of texts, by class", CIV_OPTIONAL},
    {"dry_run", CIV_TYPE_BOOLEAN, "Nothing was stored", CIV_OPTIONAL},
    {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t withdraw_answer[] = {
    {"evidence", CIV_TYPE_SHARED, "What is left of it", CIV_REQUIRED},
    {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t evidence_consensus_answer[] = {
    {"consensus", CIV_TYPE_EVIDENCE_CONSENSUS, "What the votes come to", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t connector_answer[] = {
    {"connector", CIV_TYPE_CONNECTOR, "How it is, without its secrets", CIV_REQUIRED},
    {"message", CIV_TYPE_STRING, "For people", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t connectors_answer[] = {
    {"connectors", CIV_TYPE_CONNECTORS, "All platforms, configured or not", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many there are", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t test_answer[] = {
    {"connector", CIV_TYPE_CONNECTOR, "How it is after the test", CIV_REQUIRED},
    {"job", CIV_TYPE_JOB, "The test", CIV_REQUIRED},
    {"message", CIV_TYPE_STRING, "What came of it", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t source_answer[] = {
    {"sync_status", CIV_TYPE_JOB_STATUS, "What came of it", CIV_REQUIRED}, END_OF_FIELDS};

static const civ_field_t all_answer[] = {
    {"sync_statuses", CIV_TYPE_JOB_STATUSES, "What came of each project", CIV_REQUIRED},
    {"total", CIV_TYPE_INTEGER, "How many projects these are", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t job_answer[] = {{"job", CIV_TYPE_JOB, "The job", CIV_REQUIRED},
                                         {"message", CIV_TYPE_STRING, "For people", CIV_OPTIONAL},
                                         END_OF_FIELDS};

static const civ_field_t webhook_answer[] = {
    {"result", CIV_TYPE_WEBHOOK_RESULT, "What became of the delivery", CIV_REQUIRED},
    {"jobs", CIV_TYPE_JOBS, "The synchronisations that it has woken", CIV_REQUIRED},
    {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t jobs_answer[] = {
    {"jobs", CIV_TYPE_JOBS, "Newest first", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t schedule_answer[] = {{"schedule", CIV_TYPE_SCHEDULE, "The schedule", CIV_REQUIRED},
                                              END_OF_FIELDS};

static const civ_field_t schedules_answer[] = {
    {"schedules", CIV_TYPE_SCHEDULES, "In the order in which they were made", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t timeline_answer[] = {
    {"timeline", CIV_TYPE_ITEMS, "What happened, in order", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t item_answer[] = {
    {"item", CIV_TYPE_ITEM, "The item as it is now", CIV_REQUIRED},
    {"history", CIV_TYPE_ITEM_VERSIONS, "All that was told of it, what was stored last first", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many versions this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t commit_answer[] = {
    {"sha", CIV_TYPE_COMMIT, "The commit", CIV_REQUIRED},
    {"items", CIV_TYPE_ITEMS, "What the platforms know of it, in the order in which it came", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many this answer holds", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t deduplicate_answer[] = {
    {"duplicates_removed", CIV_TYPE_INTEGER, "How many versions that said nothing new", CIV_REQUIRED},
    {"message", CIV_TYPE_STRING, "For people", CIV_REQUIRED},
    END_OF_FIELDS};

static const civ_field_t conflicts_answer[] = {
    {"conflicts", CIV_TYPE_CONFLICTS, "Those that are open, or that were resolved just now", CIV_REQUIRED},
    {"count", CIV_TYPE_INTEGER, "How many", CIV_REQUIRED},
    {"next_cursor", CIV_TYPE_STRING, "There are more: the value of cursor for them", CIV_OPTIONAL},
    END_OF_FIELDS};

static const civ_field_t sync_status_answer[] = {
    {"sync_status", CIV_TYPE_SYNC_STATUS, "All platforms", CIV_REQUIRED}, END_OF_FIELDS};

/* --- the table --- */

/* clang-format off */
const civ_route_t civ_routes[] = {
    {CIV_GET, "/", "This list of endpoints",
     civ_api_root, NULL, NULL, root_answer, JSON, 200, 0, {304, 400, 406, 0}},
    {CIV_GET, "/health", "Whether this node can do its work",
     civ_api_health, NULL, NULL, health_answer, JSON, 200, 0, {400, 406, 503, 0}},
    {CIV_GET, "/openapi.json", "This interface as an OpenAPI 3.1 description",
     civ_api_openapi, NULL, NULL, NULL, JSON, 200, 0, {304, 400, 406, 0}},
    {CIV_GET, "/metrics", "Measurements in Prometheus' text format",
     civ_api_metrics, NULL, NULL, NULL, PROMETHEUS, 200, 0, {400, 406, 0}},

    {CIV_POST, "/federated/join", "Join the federated evidence network",
     civ_api_join, NULL, join_body, join_answer, JSON, 201, 1,
     {400, 401, 403, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_POST, "/federated/leave", "Leave the federated evidence network",
     civ_api_leave, NULL, leave_body, message_answer, JSON, 200, 1,
     {400, 401, 403, 404, 406, 408, 413, 415, 422, 503, 0}},
    {CIV_GET, "/federated/nodes", "The organizations that are in",
     civ_api_nodes, list_parameters, NULL, nodes_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/federated/nodes/{organization_id}", "One organization, with the history of its keys",
     civ_api_node, node_parameters, NULL, node_answer, JSON, 200, 1, {304, 400, 404, 406, 503, 0}},
    {CIV_POST, "/federated/share", "Share evidence, at one of three privacy levels",
     civ_api_share, NULL, share_body, share_answer, JSON, 201, 1,
     {200, 400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_POST, "/federated/withdraw", "Take back evidence that was shared",
     civ_api_withdraw, NULL, withdraw_body, withdraw_answer, JSON, 200, 1,
     {400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/federated/evidence", "The evidence that members have shared, newest first",
     civ_api_shared, shared_parameters, NULL, shared_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/federated/evidence/{evidence_id}", "All versions of shared evidence, newest first",
     civ_api_versions, versions_parameters, NULL, shared_answer, JSON, 200, 1, {304, 400, 404, 406, 503, 0}},
    {CIV_POST, "/federated/validate", "Vote on another member's evidence",
     civ_api_validate_evidence, NULL, validate_evidence_body, evidence_consensus_answer, JSON, 200, 1,
     {400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/federated/consensus/{evidence_id}", "What the members' votes on evidence come to",
     civ_api_evidence_consensus, evidence_consensus_parameters, NULL, evidence_consensus_answer, JSON, 200, 1,
     {304, 400, 404, 406, 503, 0}},
    {CIV_POST, "/federated/benchmark", "Contribute numbers to benchmarks",
     civ_api_contribute, NULL, contribute_body, message_answer, JSON, 200, 1,
     {400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/federated/benchmark", "The metrics of which statistics are published",
     civ_api_benchmarks, list_parameters, NULL, benchmarks_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/federated/benchmark/{metric}", "Statistics over the members' numbers",
     civ_api_benchmark, metric_parameters, NULL, benchmark_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_POST, "/federated/threat", "Share a threat, under a pseudonym",
     civ_api_threat_share, NULL, threat_body, threat_share_answer, JSON, 201, 1,
     {400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/federated/threat", "Threats that members have shared, newest first",
     civ_api_threats, threats_parameters, NULL, threats_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/federated/threat/{threat_id}", "One threat",
     civ_api_threat, threat_parameters, NULL, threat_answer, JSON, 200, 1, {304, 400, 404, 406, 503, 0}},
    {CIV_GET, "/federated/status", "The network in numbers",
     civ_api_federation_status, NULL, NULL, network_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},

    {CIV_POST, "/blockchain/add", "Seal evidence, or all pending evidence, as a new block",
     civ_api_add, NULL, add_body, add_answer, JSON, 201, 1,
     {400, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_POST, "/blockchain/pending", "Keep evidence to be sealed with the next block",
     civ_api_pending, NULL, pending_body, pending_answer, JSON, 202, 1,
     {400, 406, 408, 413, 415, 422, 503, 0}},
    {CIV_GET, "/blockchain/info", "The ledger: size, head, difficulty, public key",
     civ_api_info, NULL, NULL, info_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/blockchain/block/{index}", "A block by index or hash, or the latest",
     civ_api_block, block_parameters, NULL, block_answer, JSON, 200, 1, {304, 400, 404, 406, 503, 0}},
    {CIV_GET, "/blockchain/search", "Search the sealed evidence, newest first",
     civ_api_search, search_parameters, NULL, search_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/blockchain/evidence/{hash}", "Evidence by its hash, with its proof of inclusion",
     civ_api_evidence, evidence_parameters, NULL, evidence_answer, JSON, 200, 1,
     {304, 400, 404, 406, 503, 0}},
    {CIV_GET, "/blockchain/validate", "Re-derive every block and name what is wrong",
     civ_api_validate, range_parameters, NULL, validate_answer, JSON, 200, 1, {304, 400, 406, 429, 503, 0}},
    {CIV_GET, "/blockchain/tampering", "The blocks that were tampered with",
     civ_api_tampering, range_parameters, NULL, tampering_answer, JSON, 200, 1, {304, 400, 406, 429, 503, 0}},
    {CIV_GET, "/blockchain/validators", "The validators that are registered now",
     civ_api_validators, list_parameters, NULL, validators_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_POST, "/blockchain/validators", "Register a validator, from the next block on",
     civ_api_register, NULL, register_body, change_answer, JSON, 201, 1,
     {400, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/blockchain/validators/{validator_id}", "One validator",
     civ_api_validator, validator_parameters, NULL, validator_answer, JSON, 200, 1,
     {304, 400, 404, 406, 503, 0}},
    {CIV_DELETE, "/blockchain/validators/{validator_id}", "Remove a validator, from the next block on",
     civ_api_unregister, validator_parameters, NULL, change_answer, JSON, 200, 1, {400, 404, 406, 503, 0}},
    {CIV_POST, "/blockchain/vote", "Accept or reject a block, signed by a validator",
     civ_api_vote, NULL, vote_body, consensus_answer, JSON, 200, 1,
     {400, 404, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/blockchain/consensus/{block_hash}", "What the validators' votes on a block come to",
     civ_api_consensus, consensus_parameters, NULL, consensus_answer, JSON, 200, 1,
     {304, 400, 404, 406, 503, 0}},
    {CIV_GET, "/blockchain/export", "The blocks, one JSON object a line",
     civ_api_export, range_parameters, NULL, NULL, NDJSON, 200, 1, {304, 400, 406, 429, 503, 0}},

    {CIV_POST, "/sync/configure", "Configure the connector of a platform",
     civ_api_sync_configure, NULL, configure_body, connector_answer, JSON, 200, 1,
     {400, 406, 408, 413, 415, 422, 503, 0}},
    {CIV_GET, "/sync/connectors", "How the connectors are",
     civ_api_sync_connectors, NULL, NULL, connectors_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/sync/connectors/{platform}", "How one connector is",
     civ_api_sync_connector, platform_parameters, NULL, connector_answer, JSON, 200, 1,
     {304, 400, 404, 406, 503, 0}},
    {CIV_DELETE, "/sync/connectors/{platform}", "Take a connector's configuration away",
     civ_api_sync_disconnect, platform_parameters, NULL, message_answer, JSON, 200, 1,
     {400, 404, 406, 503, 0}},
    {CIV_POST, "/sync/connectors/{platform}/test", "Ask the platform whether it takes the credentials",
     civ_api_sync_test, platform_parameters, NULL, test_answer, JSON, 200, 1,
     {202, 400, 404, 406, 409, 503, 0}},
    {CIV_POST, "/sync/source", "Synchronise one project",
     civ_api_sync_source, NULL, source_body, source_answer, JSON, 200, 1,
     {202, 400, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_POST, "/sync/all", "Synchronise many projects",
     civ_api_sync_all, NULL, all_body, all_answer, JSON, 200, 1,
     {202, 400, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_POST, "/sync/push", "Set the status of a commit on its platform",
     civ_api_sync_push, NULL, push_body, job_answer, JSON, 200, 1,
     {202, 400, 406, 408, 409, 413, 415, 422, 502, 503, 0}},
    {CIV_POST, "/sync/webhook/{platform}", "A platform tells that there is something new",
     civ_api_sync_webhook, platform_parameters, civ_raw_body, webhook_answer, JSON, 200, 1,
     {202, 400, 403, 404, 406, 408, 413, 415, 503, 0}},
    {CIV_GET, "/sync/jobs", "What was asked for and what became of it, newest first",
     civ_api_sync_jobs, list_parameters, NULL, jobs_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_GET, "/sync/jobs/{job_id}", "One job",
     civ_api_sync_job, job_parameters, NULL, job_answer, JSON, 200, 1, {304, 400, 404, 406, 503, 0}},
    {CIV_DELETE, "/sync/jobs/{job_id}", "Cancel a job",
     civ_api_sync_cancel, job_parameters, NULL, job_answer, JSON, 200, 1, {400, 404, 406, 409, 503, 0}},
    {CIV_GET, "/sync/schedules", "The projects that are synchronised regularly",
     civ_api_sync_schedules, list_parameters, NULL, schedules_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_POST, "/sync/schedules", "Synchronise a project regularly",
     civ_api_sync_schedule, NULL, schedule_body, schedule_answer, JSON, 201, 1,
     {200, 400, 406, 408, 409, 413, 415, 422, 503, 0}},
    {CIV_GET, "/sync/schedules/{schedule_id}", "One of them",
     civ_api_sync_scheduled, schedule_parameters, NULL, schedule_answer, JSON, 200, 1,
     {304, 400, 404, 406, 503, 0}},
    {CIV_DELETE, "/sync/schedules/{schedule_id}", "Synchronise a project no longer regularly",
     civ_api_sync_unschedule, schedule_parameters, NULL, message_answer, JSON, 200, 1,
     {400, 404, 406, 409, 503, 0}},
    {CIV_GET, "/sync/timeline", "What happened on all platforms, in the order of time",
     civ_api_sync_timeline, timeline_parameters, NULL, timeline_answer, JSON, 200, 1,
     {304, 400, 406, 503, 0}},
    {CIV_GET, "/sync/timeline/{id}", "One item with all its versions",
     civ_api_sync_item, item_parameters, NULL, item_answer, JSON, 200, 1, {304, 400, 404, 406, 503, 0}},
    {CIV_GET, "/sync/commits/{sha}", "What all platforms know of one commit",
     civ_api_sync_commit, commit_parameters, NULL, commit_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
    {CIV_POST, "/sync/deduplicate", "Remove versions that say nothing new",
     civ_api_sync_deduplicate, NULL, empty_body, deduplicate_answer, JSON, 200, 1,
     {400, 406, 408, 413, 415, 503, 0}},
    {CIV_GET, "/sync/conflicts", "What contradicts itself",
     civ_api_sync_conflicts, conflicts_parameters, NULL, conflicts_answer, JSON, 200, 1,
     {304, 400, 406, 503, 0}},
    {CIV_POST, "/sync/conflicts/resolve", "Decide which of several versions counts",
     civ_api_sync_resolve, NULL, resolve_body, conflicts_answer, JSON, 200, 1,
     {400, 404, 406, 408, 413, 415, 503, 0}},
    {CIV_GET, "/sync/status", "The synchronisation of all platforms at a glance",
     civ_api_sync_status, NULL, NULL, sync_status_answer, JSON, 200, 1, {304, 400, 406, 503, 0}},
};
/* clang-format on */

#define ROUTE_COUNT (sizeof(civ_routes) / sizeof(civ_routes[0]))

static_assert(ROUTE_COUNT <= CIV_ROUTE_MAX, "the metrics have no counters for so many routes");

const int civ_route_count = (int)ROUTE_COUNT;

static const char *const method_names[CIV_METHOD_COUNT] = {"GET", "POST", "DELETE"};

const char *civ_route_method(const civ_route_t *route)
{
    return method_names[route->method];
}

const civ_route_t *civ_route_find(civ_method_e method, const char *path,
                                  civ_segment_t segments[CIV_TEMPLATE_MAX], int *known)
{
    const civ_route_t *route;

    *known = 0;
    for (route = civ_routes; route < civ_routes + ROUTE_COUNT; route++) {
        if (civ_template_match(route->template, path, segments) < 0) {
            continue;
        }
        *known = 1;
        if (route->method == method) {
            return route;
        }
    }
    return NULL;
}

void civ_route_allow(const char *path, char allow[CIV_ALLOW_SIZE])
{
    static const char *const names[CIV_METHOD_COUNT] = {"GET, HEAD, ", "POST, ", "DELETE, "};
    civ_segment_t segments[CIV_TEMPLATE_MAX];
    civ_method_e method;
    char *end = allow;
    int known;

    for (method = 0; method < CIV_METHOD_COUNT; method++) {
        if (civ_route_find(method, path, segments, &known)) {
            end = apr_cpystrn(end, names[method], CIV_ALLOW_SIZE - (apr_size_t)(end - allow));
        }
    }
    apr_cpystrn(end, "OPTIONS", CIV_ALLOW_SIZE - (apr_size_t)(end - allow));
}
