/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The store's own tables, and all its SQL on them.
 */
#include "store/tables.h"

static const char *const create_answers[] = {
    "CREATE TABLE civ_idempotency (key_hash CHAR(64) PRIMARY KEY, request_hash CHAR(64) NOT NULL, "
    "created BIGINT NOT NULL, answer TEXT NOT NULL)",
    "CREATE INDEX civ_idempotency_created ON civ_idempotency (created)",
    NULL,
};

static const char *const create_nonces[] = {
    "CREATE TABLE civ_replay (key_id VARCHAR(128) NOT NULL, nonce VARCHAR(64) NOT NULL, "
    "expires BIGINT NOT NULL, PRIMARY KEY (key_id, nonce))",
    "CREATE INDEX civ_replay_expires ON civ_replay (expires)",
    NULL,
};

static const civ_schema_step_t steps[] = {
    {1, "answers kept for Idempotency-Key", create_answers},
    {2, "nonces of signed requests", create_nonces},
};

const civ_schema_t civ_store_schema = {"store", steps, sizeof(steps) / sizeof(steps[0])};

const civ_statement_t civ_store_sql[STORE_SQL_COUNT] = {
    [STORE_ANSWER_FIND] = {"idempotency_find", "SELECT request_hash, created, answer FROM civ_idempotency "
                                               "WHERE key_hash = %s LIMIT 1"},
    [STORE_ANSWER_FORGET] = {"idempotency_forget", "DELETE FROM civ_idempotency WHERE key_hash = %s"},
    [STORE_ANSWER_RECORD] =
        {"idempotency_record",
         "INSERT INTO civ_idempotency (key_hash, request_hash, created, answer) VALUES (%s, %s, %lld, %s)"},
    [STORE_ANSWER_OLDEST] = {"idempotency_oldest",
                             "SELECT created FROM civ_idempotency WHERE created < %lld LIMIT 1"},
    [STORE_ANSWER_EXPIRE] = {"idempotency_expire",
                             "DELETE FROM civ_idempotency WHERE key_hash IN (SELECT key_hash FROM "
                             "civ_idempotency WHERE created < %lld ORDER BY created LIMIT 1000)"},
    [STORE_NONCE_FIND] = {"replay_find",
                          "SELECT expires FROM civ_replay WHERE key_id = %s AND nonce = %s LIMIT 1"},
    [STORE_NONCE_FORGET] = {"replay_forget", "DELETE FROM civ_replay WHERE key_id = %s AND nonce = %s"},
    [STORE_NONCE_RECORD] = {"replay_record",
                            "INSERT INTO civ_replay (key_id, nonce, expires) VALUES (%s, %s, %lld)"},
    [STORE_NONCE_OLDEST] = {"replay_oldest", "SELECT expires FROM civ_replay WHERE expires <= %lld LIMIT 1"},
    [STORE_NONCE_EXPIRE] = {"replay_expire",
                            "DELETE FROM civ_replay WHERE (key_id, nonce) IN (SELECT key_id, nonce FROM "
                            "civ_replay WHERE expires <= %lld ORDER BY expires LIMIT 1000)"},
};

const civ_statement_set_t civ_store_statements = {civ_store_sql, STORE_SQL_COUNT};
