/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The ledger's tables and all its SQL.
 *
 * civ_blocks, civ_entries and civ_head are the ledger; columns that only serve searching are derived from the others, and
 * verified as they are. The head row also counts commits (generation), so that others notice them. civ_pending is what waits
 * to be sealed. Few tables on purpose: each one touched is a page more to sync for each block.
 *
 * civ_validators is derived from the entries too, but for the counts of votes in it, which follow from civ_votes; the votes
 * themselves bear their validators' signatures.
 */
#include "ledger/ledger.h"
#include "ledger/statements.h"

static const char *const create_tables[] = {
    "CREATE TABLE civ_head (CIV_KEY(id), height BIGINT NOT NULL, block_hash CHAR(64) NOT NULL, "
    "leaf_count BIGINT NOT NULL, frontier TEXT NOT NULL, difficulty BIGINT NOT NULL, generation BIGINT NOT "
    "NULL)",
    "CREATE TABLE civ_blocks (CIV_KEY(height), hash CHAR(64) NOT NULL, "
    "header CHAR(432) NOT NULL, signature CHAR(88) NOT NULL)",
    "CREATE UNIQUE INDEX civ_blocks_hash ON civ_blocks (hash)",
    "CREATE TABLE civ_entries (CIV_KEY(leaf_index), height BIGINT NOT NULL, leaf_hash CHAR(64) NOT NULL, "
    "evidence_hash CHAR(64) NOT NULL, type VARCHAR(128) NOT NULL, payload TEXT NOT NULL)",
    "CREATE INDEX civ_entries_by_hash ON civ_entries (evidence_hash, leaf_index)",
    "CREATE INDEX civ_entries_by_type ON civ_entries (type, leaf_index)",
    "CREATE TABLE civ_pending (CIV_KEY(sequence), received BIGINT NOT NULL, evidence_hash CHAR(64) NOT NULL, "
    "payload TEXT NOT NULL)",
    NULL,
};

static const char *const create_votes[] = {
    "CREATE TABLE civ_validators (CIV_KEY(leaf_index), validator_id VARCHAR(128) NOT NULL, "
    "public_key CHAR(44) NOT NULL, stake BIGINT NOT NULL, joined BIGINT NOT NULL, "
    "first_height BIGINT NOT NULL, end_height BIGINT NOT NULL, votes BIGINT NOT NULL, "
    "agreed BIGINT NOT NULL, disagreed BIGINT NOT NULL, equivocated BIGINT NOT NULL)",
    "CREATE INDEX civ_validators_by_end ON civ_validators (end_height, leaf_index)",
    "CREATE INDEX civ_validators_by_id ON civ_validators (validator_id, leaf_index)",
    "CREATE TABLE civ_votes (height BIGINT NOT NULL, registration BIGINT NOT NULL, "
    "accept_signature VARCHAR(88) NOT NULL, reject_signature VARCHAR(88) NOT NULL, "
    "verdict BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX civ_votes_by_height ON civ_votes (height, registration)",
    "CREATE INDEX civ_votes_by_registration ON civ_votes (registration, verdict)",
    NULL,
};

static const civ_schema_step_t steps[] = {
    {1, "blocks, entries, head, pending evidence", create_tables},
    {2, "validators and votes", create_votes},
};

const civ_schema_t civ_ledger_schema = {"ledger", steps, sizeof(steps) / sizeof(steps[0])};

/* Read from the index alone. */
#define HASH_INDEX  "SELECT evidence_hash, leaf_index FROM civ_entries CIV_BY(civ_entries_by_hash) "
#define TYPE_INDEX  "SELECT type, leaf_index FROM civ_entries CIV_BY(civ_entries_by_type) "
#define BLOCK_INDEX "SELECT hash, height FROM civ_blocks CIV_BY(civ_blocks_hash) "

/* In the statement itself, so that head and rows are of one moment while others append. */
#define HEAD_HEIGHT "(SELECT COALESCE(MAX(height), -1) FROM civ_head WHERE id = 1)"
#define HEAD_LEAVES "(SELECT COALESCE(MAX(leaf_count), 0) FROM civ_head WHERE id = 1)"

/* Where in the leaves a search may look: first, then one past the last. */
#define LEAF_RANGE " e.leaf_index >= %lld AND e.leaf_index < %lld "
#define SEARCH_FROM                                                                                          \
    "SELECT e.leaf_index, e.height, e.evidence_hash, e.type, e.payload, b.hash, b.header "                   \
    "FROM civ_entries e JOIN civ_blocks b ON b.height = e.height WHERE "
#define NEWEST_FIRST " ORDER BY e.leaf_index DESC LIMIT %lld"

/* The end_height of a validator that was not removed. */
#define STILL_THERE "9223372036854775807"

#define VALIDATOR_FROM                                                                                       \
    "SELECT leaf_index, validator_id, public_key, CIV_INTEGER(stake), CIV_INTEGER(joined), "                 \
    "CIV_INTEGER(first_height), CIV_INTEGER(end_height), CIV_INTEGER(votes), CIV_INTEGER(agreed), "          \
    "CIV_INTEGER(disagreed), CIV_INTEGER(equivocated), CIV_OCTETS(validator_id), CIV_OCTETS(public_key) "    \
    "FROM civ_validators "

/* Votes of a registration, from the index alone. */
#define VOTES_OF "(SELECT COUNT(*) FROM civ_votes t WHERE t.registration = v.leaf_index"

const civ_statement_t civ_ledger_sql[SQL_LEDGER_COUNT] = {
    [SQL_GENERATION_READ] = {"generation_read", "SELECT generation FROM civ_head WHERE id = 1"},
    [SQL_GENERATION_BUMP] = {"generation_bump",
                             "UPDATE civ_head SET generation = generation + 1 WHERE id = 1"},

    [SQL_HEAD_READ] =
        {"head_read",
         "SELECT h.height, h.block_hash, h.leaf_count, h.frontier, h.difficulty, h.generation, b.hash, "
         "b.header, b.signature FROM civ_head h LEFT JOIN civ_blocks b ON b.height = h.height WHERE h.id = "
         "1"},
    [SQL_HEAD_ROW] = {"head_row",
                      "SELECT id, CIV_INTEGER(height), block_hash, CIV_INTEGER(leaf_count), frontier, "
                      "CIV_INTEGER(difficulty), "
                      "CIV_OCTETS(block_hash), CIV_OCTETS(frontier) FROM civ_head ORDER BY id LIMIT 3"},
    [SQL_HEAD_INSERT] = {"head_insert", "INSERT INTO civ_head (id, height, block_hash, leaf_count, frontier, "
                                        "difficulty, generation) VALUES (1, %lld, %s, %lld, %s, %lld, 1)"},
    [SQL_HEAD_ADVANCE] =
        {"head_advance",
         "UPDATE civ_head SET height = %lld, block_hash = %s, leaf_count = %lld, "
         "frontier = %s, difficulty = %lld, generation = generation + 1 WHERE id = 1 AND height = %lld AND "
         "block_hash = %s"},

    [SQL_BLOCK_INSERT] = {"block_insert", "INSERT INTO civ_blocks (height, hash, header, signature) "
                                          "VALUES (%lld, %s, %s, %s)"},
    [SQL_BLOCK_READ] = {"block_read", "SELECT hash, header, signature FROM civ_blocks WHERE height = %lld"},
    [SQL_BLOCK_HASH] = {"block_hash", "SELECT hash FROM civ_blocks WHERE height = %lld"},
    [SQL_BLOCK_FIND] = {"block_find", "SELECT height FROM civ_blocks WHERE hash = %s"},
    [SQL_BLOCKS_PAGE] = {"blocks_page",
                         "SELECT height, hash, header, signature, CIV_OCTETS(hash), CIV_OCTETS(header), "
                         "CIV_OCTETS(signature) FROM civ_blocks WHERE height >= %lld AND height <= %lld "
                         "ORDER BY height LIMIT %lld"},
    [SQL_BLOCKS_STRAY] = {"blocks_stray",
                          "SELECT height FROM civ_blocks WHERE height < 0 UNION ALL "
                          "SELECT height FROM civ_blocks WHERE height > " HEAD_HEIGHT " LIMIT 100"},
    [SQL_BLOCK_LAST] = {"block_last", "SELECT height FROM civ_blocks ORDER BY height DESC LIMIT 1"},

    [SQL_ENTRY_INSERT] = {"entry_insert",
                          "INSERT INTO civ_entries (leaf_index, height, leaf_hash, "
                          "evidence_hash, type, payload) VALUES (%lld, %lld, %s, %s, %s, %s)"},
    [SQL_ENTRIES_PAGE] =
        {"entries_page",
         "SELECT leaf_index, leaf_hash, payload, CIV_INTEGER(height), evidence_hash, type, "
         "CIV_OCTETS(leaf_hash), CIV_OCTETS(payload), CIV_OCTETS(evidence_hash), CIV_OCTETS(type) "
         "FROM civ_entries WHERE leaf_index >= %lld AND leaf_index < %lld "
         "ORDER BY leaf_index LIMIT %lld"},
    [SQL_ENTRIES_STRAY] = {"entries_stray",
                           "SELECT leaf_index FROM civ_entries WHERE leaf_index < 0 UNION ALL "
                           "SELECT leaf_index FROM civ_entries WHERE leaf_index >= " HEAD_LEAVES
                           " LIMIT 100"},
    [SQL_LEAVES_PAGE] = {"leaves_page",
                         "SELECT leaf_index, leaf_hash FROM civ_entries WHERE leaf_index >= %lld AND "
                         "leaf_index < %lld ORDER BY leaf_index LIMIT %lld"},

    /* Two statements for each index: the rest of the rows with one text, and the rows behind that text. One comparison of
     * (text, key) pairs would say the same, but SQLite would read all rows of the text again for each page. */
    [SQL_HASH_INDEX_REST] = {"hash_index_rest", HASH_INDEX "WHERE evidence_hash = %s AND leaf_index > %lld "
                                                           "ORDER BY leaf_index LIMIT %lld"},
    [SQL_HASH_INDEX_NEXT] = {"hash_index_next", HASH_INDEX "WHERE evidence_hash > %s "
                                                           "ORDER BY evidence_hash, leaf_index LIMIT %lld"},
    [SQL_TYPE_INDEX_REST] = {"type_index_rest", TYPE_INDEX
                             "WHERE type = %s AND leaf_index > %lld ORDER BY leaf_index LIMIT %lld"},
    [SQL_TYPE_INDEX_NEXT] = {"type_index_next",
                             TYPE_INDEX "WHERE type > %s ORDER BY type, leaf_index LIMIT %lld"},
    [SQL_BLOCK_INDEX_REST] = {"block_index_rest",
                              BLOCK_INDEX "WHERE hash = %s AND height > %lld ORDER BY height LIMIT %lld"},
    [SQL_BLOCK_INDEX_NEXT] = {"block_index_next",
                              BLOCK_INDEX "WHERE hash > %s ORDER BY hash, height LIMIT %lld"},
    [SQL_EVIDENCE_FIRST] = {"evidence_first", "SELECT leaf_index, height FROM civ_entries "
                                              "WHERE evidence_hash = %s ORDER BY leaf_index LIMIT 1"},
    [SQL_POLICY_BEFORE] = {"policy_before",
                           "SELECT payload FROM civ_entries WHERE type = %s AND leaf_index < %lld "
                           "ORDER BY leaf_index DESC LIMIT 1"},

    [SQL_PENDING_INSERT] = {"pending_insert",
                            "INSERT INTO civ_pending (sequence, received, evidence_hash, payload) "
                            "VALUES (%lld, %lld, %s, %s)"},
    [SQL_PENDING_PAGE] = {"pending_page", "SELECT sequence, evidence_hash, payload FROM civ_pending "
                                          "WHERE sequence > %lld ORDER BY sequence LIMIT %lld"},
    [SQL_PENDING_STATE] = {"pending_state",
                           "SELECT COUNT(*), COALESCE(SUM(CIV_OCTETS(payload)), 0), "
                           "COALESCE(MIN(received), 0), COALESCE(MAX(sequence), 0) FROM civ_pending"},
    [SQL_PENDING_FIND] = {"pending_find", "SELECT evidence_hash FROM civ_pending WHERE sequence = %lld"},
    [SQL_PENDING_DELETE] = {"pending_delete", "DELETE FROM civ_pending WHERE sequence <= %lld"},

    [SQL_SEARCH_ALL] = {"search_all", SEARCH_FROM LEAF_RANGE NEWEST_FIRST},
    [SQL_SEARCH_TYPE] = {"search_type", SEARCH_FROM LEAF_RANGE "AND e.type = %s" NEWEST_FIRST},
    [SQL_SEARCH_HASH] = {"search_hash", SEARCH_FROM LEAF_RANGE "AND e.evidence_hash = %s" NEWEST_FIRST},

    [SQL_VALIDATOR_INSERT] = {"validator_insert",
                              "INSERT INTO civ_validators (leaf_index, validator_id, public_key, stake, "
                              "joined, first_height, end_height, votes, agreed, disagreed, equivocated) "
                              "VALUES (%lld, %s, %s, %lld, %lld, %lld, " STILL_THERE ", 0, 0, 0, 0)"},
    [SQL_VALIDATOR_END] = {"validator_end",
                           "UPDATE civ_validators SET end_height = %lld WHERE leaf_index = %lld AND "
                           "end_height = " STILL_THERE},
    [SQL_VALIDATOR_COUNT] = {"validator_count",
                             "UPDATE civ_validators SET votes = votes + %lld, agreed = agreed + %lld, "
                             "disagreed = disagreed + %lld, equivocated = equivocated + %lld "
                             "WHERE leaf_index = %lld"},
    [SQL_VALIDATORS_BETWEEN] = {"validators_between",
                                VALIDATOR_FROM "WHERE end_height > %lld AND first_height <= %lld "
                                               "ORDER BY leaf_index LIMIT %lld"},
    [SQL_VALIDATORS_NOW] = {"validators_now",
                            VALIDATOR_FROM "WHERE end_height = " STILL_THERE " AND leaf_index > %lld "
                                           "ORDER BY leaf_index LIMIT %lld"},
    [SQL_VALIDATOR_ENDED] = {"validator_ended",
                             VALIDATOR_FROM "WHERE validator_id = %s AND end_height = %lld LIMIT 1"},
    [SQL_VALIDATOR_ROW] = {"validator_row", VALIDATOR_FROM "WHERE leaf_index = %lld"},
    [SQL_VALIDATOR_KNOWN] = {"validator_known", "SELECT leaf_index FROM civ_validators WHERE "
                                                "validator_id = %s ORDER BY leaf_index LIMIT 1"},
    /* Conditions, since SQLite counts all rows by whatever index is smallest. */
    [SQL_VALIDATORS_COUNT] = {"validators_count",
                              "SELECT (SELECT COUNT(*) FROM civ_validators WHERE leaf_index >= 0), "
                              "(SELECT COUNT(*) FROM civ_validators CIV_BY(civ_validators_by_end) "
                              "WHERE end_height >= 0), "
                              "(SELECT COUNT(*) FROM civ_validators CIV_BY(civ_validators_by_id) "
                              "WHERE validator_id >= '')"},
    [SQL_VALIDATORS_STRAY] = {"validators_stray",
                              "SELECT v.leaf_index FROM civ_validators v LEFT JOIN civ_entries e ON "
                              "e.leaf_index = v.leaf_index WHERE e.type <> %s OR v.leaf_index < 0 OR "
                              "v.leaf_index >= " HEAD_LEAVES " LIMIT 100"},
    [SQL_VALIDATOR_ENTRIES] =
        {"validator_entries",
         "SELECT leaf_index, payload FROM civ_entries WHERE type = %s AND leaf_index >= %lld "
         "AND leaf_index < %lld ORDER BY leaf_index LIMIT %lld"},
    [SQL_STANDINGS_PAGE] =
        {"standings_page",
         "SELECT leaf_index, CIV_INTEGER(votes), CIV_INTEGER(agreed), CIV_INTEGER(disagreed), "
         "CIV_INTEGER(equivocated), " VOTES_OF "), " VOTES_OF " AND t.verdict = 1), " VOTES_OF
         " AND t.verdict = 2), " VOTES_OF " AND t.verdict = 3) FROM civ_validators v "
         "WHERE leaf_index > %lld ORDER BY leaf_index LIMIT %lld"},

    [SQL_VOTE_INSERT] = {"vote_insert", "INSERT INTO civ_votes (height, registration, accept_signature, "
                                        "reject_signature, verdict) VALUES (%lld, %lld, %s, %s, 0)"},
    [SQL_VOTE_UPDATE] = {"vote_update", "UPDATE civ_votes SET accept_signature = %s, reject_signature = %s "
                                        "WHERE height = %lld AND registration = %lld"},
    [SQL_VOTE_JUDGE] = {"vote_judge",
                        "UPDATE civ_votes SET verdict = %lld WHERE height = %lld AND registration = %lld"},
    [SQL_VOTES_OF_BLOCK] = {"votes_of_block",
                            "SELECT CIV_INTEGER(registration), accept_signature, reject_signature, "
                            "CIV_INTEGER(verdict), CIV_OCTETS(accept_signature), "
                            "CIV_OCTETS(reject_signature) FROM civ_votes CIV_BY(civ_votes_by_height) "
                            "WHERE height = %lld "
                            "ORDER BY registration LIMIT %lld"},
    [SQL_VOTES_NEXT] = {"votes_next", "SELECT CIV_INTEGER(height) FROM civ_votes "
                                      "CIV_BY(civ_votes_by_height) WHERE height > %lld "
                                      "ORDER BY height LIMIT 1"},
    [SQL_VOTES_COUNT] = {"votes_count", "SELECT (SELECT COUNT(*) FROM civ_votes CIV_BY(civ_votes_by_height) "
                                        "WHERE height >= 0), "
                                        "(SELECT COUNT(*) FROM civ_votes CIV_BY(civ_votes_by_registration) "
                                        "WHERE registration >= 0)"},
    [SQL_VOTES_STRAY] = {"votes_stray",
                         "SELECT height FROM civ_votes WHERE height < 0 UNION ALL "
                         "SELECT height FROM civ_votes WHERE height > " HEAD_HEIGHT " LIMIT 100"},
};

const civ_statement_set_t civ_ledger_statements = {civ_ledger_sql, SQL_LEDGER_COUNT};
