/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "openapi_schemas.h"

/* Schemas are given as JSON text, so that they can be read here as they are sent. */

#define REF(name) CIV_OPENAPI_SCHEMA(name)

const char *const civ_openapi_types[CIV_TYPE_COUNT] = {
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

const civ_openapi_component_t civ_openapi_components[] = {
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

const apr_size_t civ_openapi_component_count =
    sizeof(civ_openapi_components) / sizeof(civ_openapi_components[0]);
