/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "openapi.h"

#include "routes.h"
#include "version.h"

#include "base/json_writer.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* Schemas are given as JSON text, so that they can be read here as they are sent. */

#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

static const char *const type_schemas[CIV_TYPE_COUNT] = {
    [CIV_TYPE_STRING] = "{\"type\":\"string\"}",
    [CIV_TYPE_INTEGER] = "{\"type\":\"integer\",\"minimum\":0}",
    [CIV_TYPE_BOOLEAN] = "{\"type\":\"boolean\"}",
    [CIV_TYPE_TIMESTAMP] = "{\"type\":\"string\",\"description\":\"RFC 3339 date-time, or a date\"}",
    [CIV_TYPE_HASH] = REF("Hash"),
    [CIV_TYPE_HASHES] = "{\"type\":\"array\",\"items\":" REF("Hash") "}",
    [CIV_TYPE_LIMIT] = "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}",
    [CIV_TYPE_BLOCK_NAME] = "{\"oneOf\":[{\"type\":\"string\",\"pattern\":\"^(0|[1-9][0-9]{0,17})$\"},"
                            "{\"const\":\"latest\"}," REF("Hash") "]}",
    [CIV_TYPE_EVIDENCE] =
        "{\"oneOf\":[" REF("Evidence") ",{\"type\":\"array\",\"minItems\":1,\"maxItems\":10000,"
                                       "\"items\":" REF("Evidence") "}]}",
    [CIV_TYPE_OBJECT] = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
    [CIV_TYPE_BLOCK] = REF("Block"),
    [CIV_TYPE_INFO] = REF("Blockchain"),
    [CIV_TYPE_RESULT] = REF("ProvenResult"),
    [CIV_TYPE_RESULTS] = "{\"type\":\"array\",\"items\":" REF("Result") "}",
    [CIV_TYPE_VALIDATION] = REF("Validation"),
    [CIV_TYPE_TAMPERED] = "{\"type\":\"array\",\"items\":" REF("TamperedBlock") "}",
    [CIV_TYPE_NULLABLE_STRING] = "{\"type\":[\"string\",\"null\"]}",
    [CIV_TYPE_VALIDATOR_ID] = REF("ValidatorId"),
    [CIV_TYPE_PUBLIC_KEY] = REF("PublicKey"),
    [CIV_TYPE_PEM] = "{\"type\":\"string\",\"description\":\"SPKI PEM\"}",
    [CIV_TYPE_STAKE] = "{\"type\":\"integer\",\"minimum\":0,\"maximum\":9007199254740991}",
    [CIV_TYPE_REPUTATION] = "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}",
    [CIV_TYPE_SIGNATURE] = REF("Signature"),
    [CIV_TYPE_VALIDATORS] = "{\"type\":\"array\",\"items\":" REF("Validator") "}",
    [CIV_TYPE_CONSENSUS] = REF("Consensus"),
    [CIV_TYPE_ORGANIZATION_ID] = REF("OrganizationId"),
    [CIV_TYPE_URL] = "{\"type\":\"string\",\"format\":\"uri\",\"maxLength\":2048}",
    [CIV_TYPE_ANY_OBJECT] = "{\"type\":\"object\"}",
    [CIV_TYPE_NODE] = REF("Node"),
    [CIV_TYPE_NODES] = "{\"type\":\"array\",\"items\":" REF("Node") "}",
    [CIV_TYPE_NETWORK] = REF("NetworkStats"),
    [CIV_TYPE_EVIDENCE_ID] = "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{32}$\"}",
    [CIV_TYPE_VERSION] = "{\"type\":\"integer\",\"minimum\":1}",
    [CIV_TYPE_PRIVACY] = "{\"enum\":[\"anonymized\",\"aggregated\",\"private\"],\"default\":\"anonymized\"}",
    [CIV_TYPE_CONFIDENCE] = "{\"type\":\"number\",\"minimum\":0,\"maximum\":1,\"default\":1}",
    [CIV_TYPE_SHARED] = REF("SharedEvidence"),
    [CIV_TYPE_SHARED_LIST] = "{\"type\":\"array\",\"items\":" REF("SharedEvidence") "}",
    [CIV_TYPE_REMOVED] =
        "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"pointer\":{\"type\":"
        "\"string\"},\"reason\":{\"type\":\"string\"}}}}",
    [CIV_TYPE_EVIDENCE_CONSENSUS] = REF("EvidenceConsensus"),
    [CIV_TYPE_METRIC] = REF("MetricName"),
    [CIV_TYPE_METRICS] =
        "{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":100,\"propertyNames\":" REF(
            "MetricName") ","
                          "\"additionalProperties\":{\"type\":\"number\"}}",
    [CIV_TYPE_METRIC_NAMES] = "{\"type\":\"array\",\"items\":" REF("MetricName") "}",
    [CIV_TYPE_STATISTICS] = REF("Statistics"),
    [CIV_TYPE_THREAT_INFO] = REF("ThreatInfo"),
    [CIV_TYPE_THREAT_ID] = "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{32}$\"}",
    [CIV_TYPE_SEVERITY] = "{\"type\":\"string\"}",
    [CIV_TYPE_THREAT] = REF("Threat"),
    [CIV_TYPE_THREATS] = "{\"type\":\"array\",\"items\":" REF("Threat") "}",
    [CIV_TYPE_INDICATOR] = REF("Indicator"),
    [CIV_TYPE_WITHHELD] = REF("Withheld"),
    [CIV_TYPE_PLATFORM] = REF("Platform"),
    [CIV_TYPE_CONNECTOR_CONFIG] = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\","
                                  "\"minLength\":1,\"maxLength\":8192}}",
    [CIV_TYPE_CONNECTOR] = REF("Connector"),
    [CIV_TYPE_CONNECTORS] = "{\"type\":\"array\",\"items\":" REF("Connector") "}",
    [CIV_TYPE_PROJECT] = REF("Project"),
    [CIV_TYPE_PROJECT_CONFIG] = "{\"type\":\"object\",\"propertyNames\":" REF(
        "Platform") ",\"additionalProperties\":{\"oneOf\":[" REF("Project") ",{\"type\":\"array\","
                                                                            "\"items\":" REF("Project") "}]}"
                                                                                                        "}",
    [CIV_TYPE_JOB] = REF("Job"),
    [CIV_TYPE_JOBS] = "{\"type\":\"array\",\"items\":" REF("Job") "}",
    [CIV_TYPE_JOB_STATUS] = REF("JobStatus"),
    [CIV_TYPE_JOB_STATUSES] = "{\"type\":\"array\",\"items\":" REF("JobStatus") "}",
    [CIV_TYPE_NUMBER_ID] = "{\"type\":\"string\",\"pattern\":\"^[1-9][0-9]{0,17}$\"}",
    [CIV_TYPE_INTERVAL] = "{\"type\":\"string\",\"pattern\":\"^[0-9]{1,9}[smhd]$\"}",
    [CIV_TYPE_SCHEDULE] = REF("Schedule"),
    [CIV_TYPE_SCHEDULES] = "{\"type\":\"array\",\"items\":" REF("Schedule") "}",
    [CIV_TYPE_SYNC_STATUS] = REF("SyncStatus"),
    [CIV_TYPE_ORDER] = "{\"enum\":[\"asc\",\"desc\"],\"default\":\"asc\"}",
    [CIV_TYPE_ITEM] = REF("Item"),
    [CIV_TYPE_ITEM_VERSIONS] = "{\"type\":\"array\",\"items\":" REF("ItemVersion") "}",
    [CIV_TYPE_ITEMS] = "{\"type\":\"array\",\"items\":" REF("Item") "}",
    [CIV_TYPE_CONFLICT_KIND] = "{\"enum\":[\"versions\",\"platforms\"],\"default\":\"versions\"}",
    [CIV_TYPE_CONFLICTS] = "{\"type\":\"array\",\"items\":" REF("Conflict") "}",
    [CIV_TYPE_POLICY] = "{\"enum\":[\"most_complete\",\"latest\",\"prefer\"],\"default\":\"most_complete\"}",
    [CIV_TYPE_COMMIT] = "{\"type\":\"string\",\"pattern\":\"^([0-9a-f]{40}|[0-9a-f]{64})$\"}",
    [CIV_TYPE_COMMIT_STATE] = "{\"enum\":[\"pending\",\"success\",\"failure\",\"error\"]}",
    [CIV_TYPE_WEBHOOK_RESULT] = "{\"enum\":[\"queued\",\"repeated\",\"ignored\"]}",
};

#define INDEX        "{\"type\":\"integer\",\"minimum\":0}"
#define INSTANT      "{\"type\":\"string\",\"format\":\"date-time\"}"
#define TEXT         "{\"type\":\"string\"}"
#define MAYBE_TEXT   "{\"type\":[\"string\",\"null\"]}"
#define MAYBE_INDEX  "{\"type\":[\"integer\",\"null\"],\"minimum\":0}"
#define MAYBE_NUMBER "{\"type\":[\"number\",\"null\"]}"
#define TEXTS        "{\"type\":\"array\",\"items\":" TEXT "}"
#define HASH         REF("Hash")
#define HASHES       "{\"type\":\"array\",\"items\":" HASH "}"
#define MAYBE_HASH   "{\"anyOf\":[" HASH ",{\"type\":\"null\"}]}"

#define RESULT_PROPERTIES                                                                                    \
    "\"evidence\":" REF("Evidence") ",\"evidence_hash\":" HASH ",\"block_index\":" INDEX                     \
                                    ",\"block_hash\":" HASH ",\"timestamp\":" INSTANT                        \
                                    ",\"leaf_index\":" INDEX
#define RESULT_NAMES                                                                                         \
    "\"evidence\",\"evidence_hash\",\"block_index\",\"block_hash\",\"timestamp\",\"leaf_index\""

static const struct {
    const char *name;
    const char *schema;
} components[] = {
    {"Hash", "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{64}$\",\"description\":\"SHA-256, in hex\"}"},
    {"Evidence",
     "{\"type\":\"object\",\"description\":\"Any I-JSON object; at most 65,535 bytes in RFC 8785 form\","
     "\"properties\":{\"type\":{\"type\":\"string\",\"maxLength\":128}}}"},
    {"Block",
     "{\"type\":\"object\",\"required\":[\"index\",\"timestamp\",\"evidence\",\"previous_hash\","
     "\"nonce\","
     "\"hash\"],"
     "\"properties\":{\"index\":" INDEX ",\"timestamp\":" INSTANT
     ",\"evidence\":{\"type\":\"array\",\"items\":" REF(
         "Evidence") "},\"previous_hash\":" HASH
                     ",\"nonce\":{\"type\":[\"integer\",\"string\"]},\"hash\":" HASH ",\"difficulty\":" INDEX
                     ",\"ledger_id\":" HASH ",\"evidence_root\":" HASH ",\"evidence_count\":" INDEX
                     ",\"first_leaf\":" INDEX ",\"log_root\":" HASH ",\"validator_set_hash\":" HASH
                     ",\"signature\":" TEXT ",\"evidence_hashes\":" HASHES "}}"},
    {"Blockchain",
     "{\"type\":\"object\",\"required\":[\"total_blocks\",\"total_evidence\",\"pending_evidence\","
     "\"latest_block_hash\",\"difficulty\",\"validators\"],\"properties\":{\"total_blocks\":" INDEX
     ",\"total_evidence\":" INDEX ",\"pending_evidence\":" INDEX ",\"latest_block_hash\":" HASH
     ",\"latest_timestamp\":" INSTANT ",\"difficulty\":" INDEX ",\"validators\":" INDEX
     ",\"min_validators\":" INDEX ",\"ledger_name\":" TEXT ",\"ledger_id\":" HASH ",\"log_root\":" HASH
     ",\"public_key\":" TEXT "}}"},
    {"Result",
     "{\"type\":\"object\",\"required\":[" RESULT_NAMES "],\"properties\":{" RESULT_PROPERTIES "}}"},
    {"ProvenResult",
     "{\"type\":\"object\",\"required\":[" RESULT_NAMES ",\"proof\"],\"properties\":{" RESULT_PROPERTIES
     ",\"proof\":{\"type\":\"object\",\"required\":[\"leaf_hash\",\"index\",\"tree_size\",\"root\","
     "\"path\"],"
     "\"properties\":{\"leaf_hash\":" HASH ",\"index\":" INDEX ",\"tree_size\":" INDEX ",\"root\":" HASH
     ",\"path\":" HASHES "}}}}"},
    {"Validation",
     "{\"type\":\"object\",\"required\":[\"is_valid\",\"total_blocks\",\"first\",\"last\",\"errors\"],"
     "\"properties\":{\"is_valid\":{\"type\":\"boolean\"},\"total_blocks\":" INDEX ",\"first\":" INDEX
     ",\"last\":" INDEX ",\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
     "{\"block_index\":" INDEX ",\"errors\":" TEXTS "}}},\"truncated\":{\"type\":\"boolean\"}}}"},
    {"TamperedBlock",
     "{\"type\":\"object\",\"required\":[\"block_index\",\"stored_hash\",\"calculated_hash\",\"errors\"],"
     "\"properties\":{\"block_index\":" INDEX ",\"stored_hash\":" MAYBE_HASH
     ",\"calculated_hash\":" MAYBE_HASH ",\"errors\":" TEXTS "}}"},
    {"ValidatorId", "{\"type\":\"string\",\"pattern\":\"^(?![.]{1,2}$)[A-Za-z0-9._:@-]{1,128}$\"}"},
    {"PublicKey",
     "{\"oneOf\":[{\"type\":\"string\",\"description\":\"SPKI PEM, or 32 bytes in base64 or base64url\"},"
     "{\"type\":\"object\",\"description\":\"A JWK (RFC 8037)\",\"required\":[\"kty\",\"crv\",\"x\"],"
     "\"properties\":{\"kty\":{\"const\":\"OKP\"},\"crv\":{\"const\":\"Ed25519\"},\"x\":" TEXT "}}]}"},
    {"Signature",
     "{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9+/]{86}==$\",\"description\":\"Ed25519, base64\"}"},
    {"Validator",
     "{\"type\":\"object\",\"required\":[\"validator_id\",\"public_key\",\"stake\",\"reputation\","
     "\"joined_at\"],\"properties\":{\"validator_id\":" REF(
         "ValidatorId") ",\"public_key\":" TEXT ",\"stake\":" INDEX
                        ",\"reputation\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
                        "\"joined_at\":" INSTANT ",\"votes\":" INDEX ",\"votes_agreed\":" INDEX
                        ",\"votes_disagreed\":" INDEX ",\"equivocations\":" INDEX "}}"},
    {"Consensus",
     "{\"type\":\"object\",\"required\":[\"has_consensus\",\"agreement\",\"votes\","
     "\"outcome\",\"weighted_by\","
     "\"accepted_stake\",\"rejected_stake\",\"total_stake\",\"threshold\",\"validators\","
     "\"min_validators\","
     "\"block_index\",\"block_hash\",\"validator_set_hash\",\"validations\","
     "\"equivocations\"],"
     "\"properties\":{\"has_consensus\":{\"type\":\"boolean\"},\"agreement\":{\"type\":"
     "\"number\","
     "\"minimum\":0,\"maximum\":1},\"votes\":" INDEX
     ",\"outcome\":{\"enum\":[\"pending\",\"accepted\",\"rejected\"]},\"reason\":" TEXT
     ",\"weighted_by\":{\"enum\":[\"stake\",\"validator\"]},\"accepted_stake\":" INDEX
     ",\"rejected_stake\":" INDEX ",\"total_stake\":" INDEX ",\"threshold\":" INDEX ",\"validators\":" INDEX
     ",\"min_validators\":" INDEX ",\"block_index\":" INDEX ",\"block_hash\":" HASH
     ",\"validator_set_hash\":" HASH
     ",\"validations\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":["
     "\"validator_id\","
     "\"stake\",\"is_valid\",\"signature\"],\"properties\":{\"validator_id\":" REF(
         "ValidatorId") ",\"stake\":" INDEX
                        ",\"is_valid\":{\"type\":\"boolean\"},\"signature\":" REF(
                            "Signature") "}}},\"equivocations\":{\"type\":\"array\","
                                         "\"items\":{\"type\":\"object\",\"required\":["
                                         "\"validator_id\",\"stake\",\"accept_signature\","
                                         "\"reject_signature\"],"
                                         "\"properties\":{\"validator_id\":" REF(
                                             "ValidatorId") ",\"stake\":" INDEX
                                                            ",\"accept_signature\":" REF(
                                                                "Signature") ",\"reject_"
                                                                             "signature\""
                                                                             ":" REF("Signat"
                                                                                     "ure") "}}}}}"},
    {"OrganizationId", "{\"type\":\"string\",\"pattern\":\"^(?![.]{1,2}$)[A-Za-z0-9._:@-]{1,128}$\"}"},
    {"Node",
     "{\"type\":\"object\",\"required\":[\"organization_id\",\"evidence_endpoint\",\"public_key\",\"joined_"
     "at\","
     "\"reputation_score\",\"metadata\"],\"properties\":{\"organization_id\":" REF(
         "OrganizationId") ","
                           "\"evidence_endpoint\":" TEXT ",\"public_key\":" MAYBE_TEXT
                           ",\"key_id\":" MAYBE_TEXT ",\"joined_at\":" INSTANT ",\"left_at\":" INSTANT
                           ",\"reputation_score\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
                           "\"outcomes\":{\"type\":\"object\",\"properties\":{\"evidence_accepted\":" INDEX
                           ",\"evidence_rejected\":" INDEX ",\"votes_agreed\":" INDEX
                           ",\"votes_disagreed\":" INDEX "}},\"metadata\":{\"type\":\"object\"},"
                           "\"keys\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
                           "\"key_id\":" TEXT ",\"public_key\":" TEXT ",\"valid_from\":" INSTANT
                           ",\"valid_until\":" MAYBE_TEXT ",\"rotation\":" TEXT
                           "}}},\"record\":{\"type\":\"object\"},\"signature\":" REF("Signature") "}}"},
    {"SharedEvidence",
     "{\"type\":\"object\",\"required\":[\"evidence_id\",\"evidence_type\",\"privacy_level\"],\"properties\":"
     "{"
     "\"evidence_id\":" TEXT ",\"version\":" INDEX ",\"evidence_type\":" TEXT
     ",\"quality_metrics\":{\"type\":\"object\"},\"patterns\":{},\"timestamp\":" TEXT ",\"source_hash\":" TEXT
     ",\"privacy_level\":" TEXT ",\"withdrawn_at\":" INSTANT ",\"withdrawn_record\":" HASH ",\"reason\":" TEXT
     ",\"commitment\":" HASH ",\"salt\":" TEXT ",\"signature\":" REF(
         "Signature") ",\"votes\":" INDEX
                      ",\"outcome\":{\"enum\":[\"pending\",\"accepted\",\"rejected\",\"contested\"]}}}"},
    {"EvidenceConsensus",
     "{\"type\":\"object\",\"required\":[\"has_consensus\",\"agreement\",\"votes\",\"threshold\",\"outcome\","
     "\"validations\"],\"properties\":{\"evidence_id\":" TEXT ",\"version\":" INDEX
     ",\"has_consensus\":{\"type\":\"boolean\"},\"outcome\":{\"enum\":[\"pending\",\"accepted\",\"rejected\","
     "\"contested\"]},\"agreement\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},\"votes\":" INDEX
     ",\"threshold\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},\"min_votes\":" INDEX
     ",\"reason\":" TEXT
     ",\"validations\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"voter\":" TEXT
     ",\"is_valid\":{\"type\":\"boolean\"},\"confidence\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
     "\"timestamp\":" INSTANT "}}}}}"},
    {"NetworkStats",
     "{\"type\":\"object\",\"required\":[\"total_nodes\",\"total_shared_evidence\",\"total_benchmarks\","
     "\"total_threats\",\"avg_reputation\"],\"properties\":{\"total_nodes\":" INDEX
     ",\"total_shared_evidence\":" INDEX ",\"total_benchmarks\":" INDEX ",\"total_threats\":" INDEX
     ",\"total_votes\":" INDEX ",\"avg_reputation\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1}}}"},
    {"MetricName", "{\"type\":\"string\",\"pattern\":\"^(?![.]{1,2}$)[A-Za-z0-9_.-]{1,64}$\"}"},
    {"Statistics",
     "{\"type\":\"object\",\"required\":[\"metric\",\"count\",\"min\",\"max\",\"avg\",\"median\",\"p25\","
     "\"p75\","
     "\"p90\",\"epoch\",\"released_at\",\"withheld\"],\"properties\":{\"metric\":" REF(
         "MetricName") ",\"count\":" INDEX ",\"min\":{\"type\":\"null\"},\"max\":{\"type\":\"null\"},\"avg\":"
                       "{\"type\":\"number\"},\"median\":" MAYBE_NUMBER ",\"p10\":" MAYBE_NUMBER
                       ",\"p25\":" MAYBE_NUMBER ",\"p75\":" MAYBE_NUMBER ",\"p90\":" MAYBE_NUMBER
                       ",\"epoch\":" TEXT ",\"released_at\":" INSTANT ",\"minimum\":" INDEX
                       ",\"withheld\":{\"type\":\"object\",\"additionalProperties\":" TEXT "}}}"},
    {"ThreatInfo",
     "{\"type\":\"object\",\"required\":[\"type\"],\"properties\":{\"type\":{\"type\":\"string\","
     "\"maxLength\":64},"
     "\"severity\":" TEXT ",\"indicators\":{\"type\":\"array\",\"maxItems\":1000,\"items\":" TEXT
     "},\"description\":{\"type\":\"string\",\"maxLength\":16384},\"valid_until\":" INSTANT "}}"},
    {"Indicator", "{\"type\":\"object\",\"required\":[\"kind\",\"value\"],\"properties\":{\"kind\":" TEXT
                  ",\"value\":" TEXT ",\"flag\":" TEXT ",\"reason\":" TEXT
                  ",\"over_correlating\":{\"type\":\"boolean\"}}}"},
    {"Threat",
     "{\"type\":\"object\",\"required\":[\"threat_id\",\"type\",\"severity\",\"indicators\",\"timestamp\","
     "\"source_hash\",\"sightings\",\"valid_until\",\"score\"],\"properties\":{\"threat_id\":" TEXT
     ",\"type\":" TEXT
     ",\"severity\":{\"enum\":[\"unknown\",\"info\",\"low\",\"medium\",\"high\",\"critical\"]},"
     "\"indicators\":" TEXTS ",\"indicator_details\":{\"type\":\"array\",\"items\":" REF(
         "Indicator") "},\"description\":" TEXT ",\"timestamp\":" INSTANT ",\"source_hash\":" TEXT
                      ",\"sightings\":" INDEX ",\"last_seen\":" INSTANT ",\"valid_until\":" INSTANT
                      ",\"score\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},\"record\":{\"type\":"
                      "\"object\"},"
                      "\"signature\":" REF("Signature") "}}"},
    {"Withheld", "{\"type\":\"object\",\"properties\":{\"members\":" TEXTS
                 ",\"redacted\":{\"type\":\"object\",\"additionalProperties\":" INDEX "}}}"},
    {"Platform",
     "{\"enum\":[\"github\",\"gitlab\",\"bitbucket\",\"azure_devops\",\"jenkins\",\"circle_ci\"]}"},
    {"Project", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":512}"},
    {"Connector",
     "{\"type\":\"object\",\"required\":[\"connector_name\",\"connected\",\"state\",\"reason\",\"last_sync\","
     "\"next_attempt\",\"config\"],\"properties\":{\"connector_name\":" REF(
         "Platform") ",\"connected\":{\"type\":[\"boolean\",\"null\"]},\"state\":{\"enum\":[\"unconfigured\","
                     "\"ready\","
                     "\"running\",\"throttled\",\"degraded\",\"auth_failed\",\"failed\",\"stalled\"]},"
                     "\"reason\":" MAYBE_TEXT ",\"since\":" MAYBE_TEXT ",\"last_sync\":" MAYBE_TEXT
                     ",\"next_attempt\":" MAYBE_TEXT ",\"configured_at\":" MAYBE_TEXT
                     ",\"config\":{\"type\":[\"object\",\"null\"]},\"secrets\":" TEXTS
                     ",\"jobs\":{\"type\":\"object\","
                     "\"properties\":{"
                     "\"running\":" INDEX ",\"waiting\":" INDEX "}}}}"},
    {"Job",
     "{\"type\":\"object\",\"required\":[\"job_id\",\"action\",\"platform\",\"project_id\",\"state\","
     "\"partial\","
     "\"reason\",\"progress\"],\"properties\":{\"job_id\":" TEXT
     ",\"action\":{\"enum\":[\"sync\",\"test\",\"push\"]},\"platform\":" REF(
         "Platform") ",\"project_id\":" MAYBE_TEXT ",\"since\":" MAYBE_TEXT
                     ",\"state\":{\"enum\":[\"queued\",\"running\",\"succeeded\",\"failed\",\"cancelled\"]},"
                     "\"partial\":{\"type\":\"boolean\"},\"reason\":" MAYBE_TEXT
                     ",\"last_fault\":{\"type\":[\"object\",\"null\"],\"required\":[\"detail\",\"at\"],"
                     "\"properties\":{\"detail\":" TEXT ",\"at\":" INSTANT "}}"
                     ",\"cancel_requested\":{\"type\":\"boolean\"},\"asked_at\":" INSTANT
                     ",\"not_before\":" MAYBE_TEXT ",\"started_at\":" MAYBE_TEXT ",\"ended_at\":" MAYBE_TEXT
                     ",\"progress\":{\"type\":\"object\",\"properties\":{\"pages\":" INDEX ",\"items\":" INDEX
                     ",\"waiting_until\":" MAYBE_TEXT ",\"items_remaining\":" MAYBE_INDEX
                     ",\"seconds_remaining\":" MAYBE_INDEX "}},\"report\":{\"type\":\"object\"}}}"},
    {"JobStatus",
     "{\"type\":\"object\",\"required\":[\"connector_name\",\"last_sync\",\"success\",\"evidence_count\","
     "\"error_message\"],\"properties\":{\"connector_name\":" REF("Platform") ",\"project_id\":" REF(
         "Project") ",\"job_id\":" TEXT ",\"last_sync\":" MAYBE_TEXT
                    ",\"success\":{\"type\":\"boolean\"},\"partial\":{"
                    "\"type\":\"boolean\"},\"state\":" TEXT ",\"evidence_count\":" INDEX
                    ",\"error_message\":" MAYBE_TEXT "}}"},
    {"Schedule",
     "{\"type\":\"object\",\"required\":[\"schedule_id\",\"platform\",\"project_id\",\"interval\",\"origin\","
     "\"next_run\",\"last_run\"],\"properties\":{\"schedule_id\":" TEXT
     ",\"platform\":" REF("Platform") ",\"project_id\":" REF(
         "Project") ",\"interval\":" TEXT ",\"origin\":{\"enum\":[\"api\",\"directive\"]},"
                    "\"next_run\":" MAYBE_TEXT ",\"last_run\":" MAYBE_TEXT ",\"last_job_id\":" MAYBE_TEXT
                    "}}"},
    {"SyncStatus",
     "{\"type\":\"object\",\"required\":[\"total_connectors\",\"connected_connectors\",\"connectors\"],"
     "\"properties\":{\"total_connectors\":" INDEX ",\"connected_connectors\":" INDEX
     ",\"total_evidence\":" INDEX ",\"unique_evidence\":" INDEX
     ",\"connectors\":{\"type\":\"object\",\"additionalProperties\":" REF("Connector") "}}}"},
    {"Item",
     "{\"type\":\"object\",\"required\":[\"id\",\"type\",\"source\",\"project_id\",\"native_id\","
     "\"timestamp\","
     "\"status\",\"title\",\"author\",\"sha\",\"url\",\"data\",\"content_hash\",\"version\",\"block_index\"],"
     "\"properties\":{\"id\":" HASH ",\"type\":" TEXT ",\"source\":" REF("Platform") ",\"project_id\":" REF(
         "Project") ",\"native_id\":" TEXT ",\"timestamp\":" MAYBE_TEXT ",\"updated_at\":" MAYBE_TEXT
                    ",\"status\":" MAYBE_TEXT ",\"title\":" MAYBE_TEXT ",\"author\":" MAYBE_TEXT
                    ",\"sha\":" MAYBE_TEXT ",\"url\":" MAYBE_TEXT
                    ",\"data\":{\"type\":\"object\"},\"content_hash\":" HASH ",\"version\":" INDEX
                    ",\"versions\":" INDEX ",\"gone_at\":" MAYBE_TEXT
                    ",\"block_index\":{\"type\":[\"integer\",\"null\"]},\"entry_hash\":" MAYBE_HASH "}}"},
    {"ItemVersion",
     "{\"type\":\"object\",\"required\":[\"version\",\"is_current\",\"stored_at\",\"data\",\"content_hash\"],"
     "\"properties\":{\"version\":" INDEX ",\"is_current\":{\"type\":\"boolean\"},\"stored_at\":" TEXT
     ",\"timestamp\":" MAYBE_TEXT ",\"updated_at\":" MAYBE_TEXT ",\"attempt\":" INDEX
     ",\"status\":" MAYBE_TEXT ",\"title\":" MAYBE_TEXT ",\"author\":" MAYBE_TEXT ",\"sha\":" MAYBE_TEXT
     ",\"url\":" MAYBE_TEXT ",\"source_url\":" MAYBE_TEXT
     ",\"data\":{\"type\":\"object\"},\"content_hash\":" HASH ",\"raw_hash\":" MAYBE_HASH
     ",\"block_index\":{\"type\":[\"integer\",\"null\"]},\"entry_hash\":" MAYBE_HASH "}}"},
    {"Accepted",
     "{\"type\":\"object\",\"required\":[\"success\"],\"properties\":{\"success\":{\"type\":\"boolean\"},"
     "\"job\":" REF("Job") ",\"jobs\":{\"type\":\"array\",\"items\":" REF("Job") "},\"total\":" INDEX
                                                                                 ",\"message\":" TEXT "}}"},
    {"Conflict",
     "{\"type\":\"object\",\"required\":[\"key\",\"conflicts\",\"candidates\",\"resolved\"],\"properties\":{"
     "\"key\":" TEXT ",\"conflicts\":" INDEX
     ",\"candidates\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
     "\"opened_at\":" MAYBE_TEXT ",\"sha\":" TEXT ",\"resolved\":{\"type\":[\"object\",\"null\"]},"
     "\"event\":{\"type\":\"object\"}}}"},
    {"Problem", "{\"type\":\"object\",\"description\":\"RFC "
                "9457\",\"required\":[\"type\",\"title\",\"status\",\"detail\","
                "\"success\",\"error\"],\"properties\":{\"type\":{\"type\":\"string\",\"format\":\"uri\"},"
                "\"title\":" TEXT ",\"status\":{\"type\":\"integer\"},\"detail\":" TEXT
                ",\"success\":{\"const\":false},\"error\":" TEXT
                ",\"pointer\":{\"type\":\"string\",\"description\":\"RFC 6901: the member at "
                "fault\"},\"parameter\":" TEXT "}}"},
};

/* What a status means here; those that carry a problem say so. */
static const struct {
    int status;
    const char *description;
    int is_problem;
} statuses[] = {
    {200, "Done", 0},
    {201, "Made; Location tells where it is", 0},
    {202, "Accepted", 0},
    {304, "The client has it already", 0},
    {400, "Malformed or invalid", 1},
    {401, "Not signed as it must be; Accept-Signature says how", 1},
    {403, "Not allowed", 1},
    {404, "There is no such thing", 1},
    {406, "Nothing that the client accepts", 1},
    {408, "The request came too slowly", 0},
    {409, "In conflict with the state", 1},
    {413, "The body is too large", 1},
    {415, "The body is not JSON in UTF-8, or is encoded", 1},
    {422, "The Idempotency-Key was used with another body", 1},
    {429, "Too many at once; Retry-After tells when", 1},
    {502, "A platform has not done it", 1},
    {503, "Not now; Retry-After tells when", 1},
};

static void write_raw(civ_json_writer_t *writer, const char *json)
{
    civ_json_raw(writer, json, strlen(json));
}

static void write_parameter(civ_json_writer_t *writer, const char *name, const char *in, int required,
                            const char *description, const char *schema)
{
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "name", name);
    civ_json_member_text(writer, "in", in);
    civ_json_member_bool(writer, "required", required);
    civ_json_member_text(writer, "description", description);
    civ_json_name(writer, "schema");
    write_raw(writer, schema);
    civ_json_end_object(writer);
}

/* A route that may answer before its work is over. */
static int is_deferrable(const civ_route_t *route)
{
    int i;

    for (i = 0; i < CIV_ROUTE_STATUSES && route->failures[i]; i++) {
        if (route->failures[i] == 202) {
            return 1;
        }
    }
    return 0;
}

static void write_parameters(civ_json_writer_t *writer, const civ_route_t *route)
{
    const civ_field_t *field;

    civ_json_name(writer, "parameters");
    civ_json_begin_array(writer);
    for (field = route->parameters; field && field->name; field++) {
        write_parameter(writer, field->name, field->need == CIV_IN_PATH ? "path" : "query",
                        field->need == CIV_IN_PATH, field->description, type_schemas[field->type]);
    }
    if (route->body) {
        write_parameter(writer, "Idempotency-Key", "header", 0,
                        "A repeat with the same key and body within 24 hours gets the first answer again",
                        "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}");
    }
    if (is_deferrable(route)) {
        write_parameter(writer, "Prefer", "header", 0,
                        "respond-async, or wait=N: seconds to wait for the work to be over",
                        "{\"type\":\"string\"}");
    }
    civ_json_end_array(writer);
}

/* An object schema of fields, closed or open to more; answers start with "success". */
static void write_object_schema(civ_json_writer_t *writer, const civ_field_t *fields, int is_answer)
{
    const civ_field_t *field;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "type", "object");
    civ_json_name(writer, "required");
    civ_json_begin_array(writer);
    if (is_answer) {
        civ_json_text(writer, "success");
    }
    for (field = fields; field->name; field++) {
        if (field->need == CIV_REQUIRED) {
            civ_json_text(writer, field->name);
        }
    }
    civ_json_end_array(writer);
    civ_json_name(writer, "properties");
    civ_json_begin_object(writer);
    if (is_answer) {
        civ_json_name(writer, "success");
        write_raw(writer, "{\"type\":\"boolean\"}");
    }
    for (field = fields; field->name; field++) {
        civ_json_name(writer, field->name);
        write_raw(writer, type_schemas[field->type]);
    }
    civ_json_end_object(writer);
    if (!is_answer) {
        civ_json_member_bool(writer, "additionalProperties", 0);
    }
    civ_json_end_object(writer);
}

static void begin_content(civ_json_writer_t *writer, const char *media_type)
{
    civ_json_name(writer, "content");
    civ_json_begin_object(writer);
    civ_json_name(writer, media_type);
    civ_json_begin_object(writer);
    civ_json_name(writer, "schema");
}

static void end_content(civ_json_writer_t *writer)
{
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

static void write_request_body(civ_json_writer_t *writer, const civ_route_t *route)
{
    civ_json_name(writer, "requestBody");
    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "required", 1);
    begin_content(writer, "application/json");
    if (route->body != civ_raw_body) {
        write_object_schema(writer, route->body, 0);
    } else {
        write_raw(writer, "{\"type\":\"object\",\"description\":\"What the platform sends\"}");
    }
    end_content(writer);
    civ_json_end_object(writer);
}

static void write_success_content(civ_json_writer_t *writer, const civ_route_t *route)
{
    begin_content(writer, route->media_type);
    if (route->answer) {
        write_object_schema(writer, route->answer, 1);
    } else if (strcmp(route->media_type, "application/json") == 0) {
        write_raw(writer, "{\"type\":\"object\"}");
    } else {
        write_raw(writer, TEXT);
    }
    end_content(writer);
}

static void write_response(civ_json_writer_t *writer, const civ_route_t *route, int status)
{
    apr_size_t i = 0;
    char name[12];

    while (statuses[i].status != status) {
        i++;
    }
    apr_snprintf(name, sizeof(name), "%d", status);
    civ_json_name(writer, name);
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "description", statuses[i].description);
    if (status == route->status || status == 200) {
        write_success_content(writer, route);
    } else if (status == 202) {
        begin_content(writer, "application/json");
        write_raw(writer, REF("Accepted"));
        end_content(writer);
    } else if (statuses[i].is_problem) {
        begin_content(writer, "application/problem+json");
        write_raw(writer, REF("Problem"));
        end_content(writer);
    }
    civ_json_end_object(writer);
}

static void write_responses(civ_json_writer_t *writer, const civ_route_t *route)
{
    int i;

    civ_json_name(writer, "responses");
    civ_json_begin_object(writer);
    write_response(writer, route, route->status);
    for (i = 0; i < CIV_ROUTE_STATUSES && route->failures[i]; i++) {
        write_response(writer, route, route->failures[i]);
    }
    civ_json_name(writer, "default");
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "description", "Another error");
    begin_content(writer, "application/problem+json");
    write_raw(writer, REF("Problem"));
    end_content(writer);
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

/* "get" and "/blockchain/block/{index}" become "get_blockchain_block_index". */
static const char *operation_id(const char *method, const char *template, apr_pool_t *pool)
{
    char *id = apr_pstrcat(pool, method, template, NULL);
    char *out = id;
    const char *in;

    for (in = id; *in; in++) {
        if (apr_isalnum(*in)) {
            *out++ = *in;
        } else if (out[-1] != '_' && in[1]) {
            *out++ = '_';
        }
    }
    *out = '\0';
    return id;
}

static void write_operation(civ_json_writer_t *writer, const civ_route_t *route, apr_pool_t *pool)
{
    static const char *const methods[CIV_METHOD_COUNT] = {"get", "post", "delete"};
    const char *method = methods[route->method];

    civ_json_name(writer, method);
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "operationId", operation_id(method, route->template, pool));
    civ_json_member_text(writer, "summary", route->summary);
    write_parameters(writer, route);
    if (route->body) {
        write_request_body(writer, route);
    }
    write_responses(writer, route);
    civ_json_end_object(writer);
}

/* The routes of one template stand together in its path item. */
static void write_paths(civ_json_writer_t *writer, apr_pool_t *pool)
{
    int i;
    int j;

    civ_json_name(writer, "paths");
    civ_json_begin_object(writer);
    for (i = 0; i < civ_route_count; i++) {
        for (j = 0; j < i && strcmp(civ_routes[j].template, civ_routes[i].template) != 0; j++) {
            continue;
        }
        if (j < i) {
            continue;
        }
        civ_json_name(writer, civ_routes[i].template);
        civ_json_begin_object(writer);
        for (j = i; j < civ_route_count; j++) {
            if (strcmp(civ_routes[j].template, civ_routes[i].template) == 0) {
                write_operation(writer, &civ_routes[j], pool);
            }
        }
        civ_json_end_object(writer);
    }
    civ_json_end_object(writer);
}

static void write_components(civ_json_writer_t *writer)
{
    apr_size_t i;

    civ_json_name(writer, "components");
    civ_json_begin_object(writer);
    civ_json_name(writer, "schemas");
    civ_json_begin_object(writer);
    for (i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
        civ_json_name(writer, components[i].name);
        write_raw(writer, components[i].schema);
    }
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

void civ_openapi_write(civ_buffer_t *out, const char *prefix)
{
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "openapi", "3.1.0");
    civ_json_name(&writer, "info");
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "title", "mod_civarcos");
    civ_json_member_text(&writer, "version", civ_version());
    civ_json_member_text(&writer, "description", "An evidence ledger in an Apache HTTP server.");
    civ_json_name(&writer, "license");
    write_raw(&writer, "{\"name\":\"Apache 2.0\",\"identifier\":\"Apache-2.0\"}");
    civ_json_end_object(&writer);
    civ_json_name(&writer, "servers");
    civ_json_begin_array(&writer);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "url", *prefix ? prefix : "/");
    civ_json_end_object(&writer);
    civ_json_end_array(&writer);
    write_paths(&writer, out->pool);
    write_components(&writer);
    civ_json_end_object(&writer);
}
