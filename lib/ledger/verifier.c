/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Re-deriving a chain. The rules are those of docs/formats.md, in its order.
 */
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "ledger/genesis.h"
#include "ledger/proof_of_work.h"
#include "ledger/verifier.h"

/* A block may be ahead of our clock by this much before it counts as coming from the future. */
#define CLOCK_TOLERANCE APR_INT64_C(600000)

#define FMT APR_UINT64_T_FMT

apr_status_t civ_verifier_report(civ_verifier_t *verifier, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    apr_vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return verifier->fault(verifier->baton, verifier->next_height, text);
}

void civ_verifier_init(civ_verifier_t *verifier, const char *ledger_name, const civ_public_key_t *key,
                       civ_verifier_fault_fn fault, void *baton, apr_pool_t *lasting)
{
    memset(verifier, 0, sizeof(*verifier));
    verifier->fault = fault;
    verifier->baton = baton;
    verifier->lasting = lasting;
    verifier->ledger_name = ledger_name;
    verifier->key = key;
    verifier->latest = civ_timestamp_now() + CLOCK_TOLERANCE;
    civ_merkle_frontier_init(&verifier->frontier);
    civ_validator_set_init(&verifier->validators, lasting);
    civ_verifier_validators(verifier);
}

void civ_verifier_validators(civ_verifier_t *verifier)
{
    civ_validator_set_hash(&verifier->validator_set_hash, &verifier->validators, verifier->lasting);
}

void civ_verifier_pass(civ_verifier_t *verifier, const civ_digest_t *stored_leaf)
{
    civ_merkle_frontier_append(&verifier->frontier, stored_leaf);
    verifier->validators_doubtful = 1;
}

/* --- header --- */

/** Once validators are lost, later headers cannot be judged by them; one fault is enough to say so. */
static apr_status_t check_validators(civ_verifier_t *v, const civ_header_t *header)
{
    int doubtful = v->validators_doubtful;

    v->validators_doubtful = 0;
    if (v->validators_lost || civ_digest_equal(&header->validator_set_hash, &v->validator_set_hash))
        return APR_SUCCESS;
    v->validators_lost = 1;
    if (doubtful)
        return APR_SUCCESS;
    return civ_verifier_report(v, "the validator set hash is not that of the validators in force");
}

/** The rules of one header, each with its words. @return the first failure of the fault callback */
static apr_status_t check_fields(civ_verifier_t *v, const civ_header_t *header,
                                 const civ_digest_t *stored_hash)
{
    apr_status_t status = APR_SUCCESS;

    if (stored_hash != NULL && !civ_digest_equal(stored_hash, &v->hash))
        status = civ_verifier_report(v, "the header does not hash to the stored block hash");
    if (status == APR_SUCCESS && header->height != v->next_height)
        status = civ_verifier_report(v, "the header names height %" FMT, header->height);
    if (status == APR_SUCCESS && v->ledger_known && !civ_digest_equal(&header->ledger_id, &v->ledger_id))
        status = civ_verifier_report(v, "the ledger id is not this ledger's");
    if (status == APR_SUCCESS)
        status = check_validators(v, header);
    if (status == APR_SUCCESS && header->timestamp > v->latest) {
        v->clock_only = 1;
        status = civ_verifier_report(v, "the timestamp lies in the future");
        v->clock_only = 0;
    }
    if (status == APR_SUCCESS && header->entry_count == 0)
        status = civ_verifier_report(v, "the block holds no entry");
    return status;
}

static apr_status_t check_link(civ_verifier_t *v, const civ_header_t *header)
{
    static const civ_digest_t zeros;
    apr_status_t status = APR_SUCCESS;

    if (v->next_height == 0)
        return civ_digest_equal(&header->previous_hash, &zeros)
                   ? APR_SUCCESS
                   : civ_verifier_report(v, "the first block names a previous block");
    if (!v->previous_known)
        return APR_SUCCESS;
    if (!civ_digest_equal(&header->previous_hash, &v->previous_hash))
        status =
            civ_verifier_report(v, "the previous hash is not the hash of block %" FMT, v->next_height - 1);
    if (status == APR_SUCCESS && header->timestamp < v->previous.timestamp)
        status = civ_verifier_report(v, "the timestamp lies before that of block %" FMT, v->next_height - 1);
    return status;
}

static apr_status_t check_work(civ_verifier_t *v, const civ_header_t *header)
{
    unsigned bits = civ_header_leading_zero_bits(&v->hash);
    apr_status_t status = APR_SUCCESS;

    if (header->difficulty != v->difficulty)
        status = civ_verifier_report(v, "the difficulty is %u bits where policy demands %u",
                                     header->difficulty, v->difficulty);
    if (status == APR_SUCCESS && (bits < header->difficulty || bits < v->difficulty))
        status = civ_verifier_report(v, "the proof of work has %u leading zero bits, too few", bits);
    return status;
}

static apr_status_t check_signature(civ_verifier_t *v)
{
    const char *statement;

    if (v->signature == NULL || v->key == NULL || v->ledger_name == NULL)
        return APR_SUCCESS;
    statement = civ_block_statement(v->ledger_name, v->next_height, &v->hash, v->pool);
    if (civ_public_key_verify(v->key, v->signature, statement, strlen(statement)) == APR_SUCCESS)
        return APR_SUCCESS;
    return civ_verifier_report(v, "the signature is not the ledger's");
}

apr_status_t civ_verifier_begin(civ_verifier_t *v, apr_uint64_t height, const civ_header_t *header,
                                const civ_digest_t *stored_hash, const unsigned char *signature,
                                apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;

    v->next_height = height;
    v->header = header;
    v->signature = signature;
    v->pool = pool;
    v->next_difficulty = v->difficulty;
    civ_merkle_frontier_init(&v->own);
    civ_merkle_frontier_init(&v->claimed);
    v->log_claimed = v->frontier;
    if (header == NULL) {
        v->validators_doubtful = 1;
        return APR_SUCCESS;
    }
    civ_header_hash(&v->hash, header);
    if (!v->frontier_lost && header->first_leaf != v->frontier.size) {
        v->frontier_lost = 1;
        status = civ_verifier_report(v, "the first entry is number %" FMT " where %" FMT " comes next",
                                     header->first_leaf, v->frontier.size);
    }
    if (status == APR_SUCCESS)
        status = check_fields(v, header, stored_hash);
    if (status == APR_SUCCESS)
        status = check_link(v, header);
    return status;
}

/* --- entries --- */

static apr_status_t read_genesis(civ_verifier_t *v, const civ_entry_t *entry)
{
    civ_public_key_t *key;
    civ_genesis_t genesis;
    apr_status_t status = APR_SUCCESS;

    if (civ_genesis_read(&genesis, entry, v->pool) != APR_SUCCESS)
        return civ_verifier_report(v, "the first entry is not a set of genesis parameters");
    civ_genesis_ledger_id(&v->ledger_id, entry);
    v->ledger_known = 1;
    v->difficulty = v->next_difficulty = genesis.difficulty;
    if (v->header != NULL && !civ_digest_equal(&v->header->ledger_id, &v->ledger_id))
        status = civ_verifier_report(v, "the genesis parameters do not hash to the ledger id");
    if (status == APR_SUCCESS && v->header != NULL && v->header->timestamp != genesis.created)
        status = civ_verifier_report(v, "the genesis parameters were created at another time than the block");
    if (status == APR_SUCCESS && v->header != NULL && v->header->entry_count != 1)
        status = civ_verifier_report(v, "block 0 holds more than the genesis parameters");
    if (status == APR_SUCCESS && v->ledger_name != NULL && strcmp(v->ledger_name, genesis.name) != 0)
        status =
            civ_verifier_report(v, "the genesis parameters are those of the ledger \"%.64s\"", genesis.name);
    if (status == APR_SUCCESS && v->key != NULL &&
        memcmp(civ_public_key_raw(v->key), genesis.public_key, CIV_KEY_PUBLIC_SIZE) != 0)
        status = civ_verifier_report(v, "the genesis parameters name another key than the ledger's");
    /* Without a configuration, the ledger's own word is all there is; its id pins it. */
    if (v->ledger_name == NULL)
        v->ledger_name = apr_pstrdup(v->lasting, genesis.name);
    if (v->key == NULL && civ_public_key_from_raw(&key, genesis.public_key, v->lasting) == APR_SUCCESS)
        v->key = key;
    return status;
}

/** @return APR_NOTFOUND when the entry is of another type */
static apr_status_t read_change(civ_verifier_t *v, const civ_entry_t *entry)
{
    civ_validator_change_t change;
    const char *reason;
    apr_status_t status = civ_validator_read(&change, entry, v->pool);

    if (status == APR_NOTFOUND)
        return status;
    if (status != APR_SUCCESS)
        return civ_verifier_report(v, "an entry that changes the validators cannot be understood");
    if (civ_validator_set_apply(&v->validators, &change, v->frontier.size - 1, &v->changed, &reason) !=
        APR_SUCCESS)
        return civ_verifier_report(v, "an entry that changes the validators cannot be applied: %s", reason);
    v->change = change.removes ? CIV_REMOVED : CIV_REGISTERED;
    v->validators_changed = 1;
    return APR_SUCCESS;
}

static apr_status_t read_meaning(civ_verifier_t *v, const civ_entry_t *entry)
{
    apr_uint32_t difficulty;
    apr_status_t status;

    if (v->next_height == 0 && v->own.size == 1)
        return read_genesis(v, entry);
    if (strcmp(entry->type, CIV_ENTRY_TYPE_GENESIS) == 0)
        return civ_verifier_report(v, "genesis parameters stand elsewhere than in block 0");
    status = read_change(v, entry);
    if (status != APR_NOTFOUND)
        return status;
    status = civ_policy_read(&difficulty, entry, v->pool);
    if (status == APR_SUCCESS)
        v->next_difficulty = difficulty;
    return status == CIV_EINVALID ? civ_verifier_report(v, "a policy entry cannot be understood")
                                  : APR_SUCCESS;
}

apr_status_t civ_verifier_entry(civ_verifier_t *v, const char *data, apr_size_t length,
                                const civ_digest_t *stored_leaf, civ_entry_t *entry, int *good)
{
    civ_digest_t leaf;
    civ_problem_t problem;
    apr_status_t status;

    v->change = CIV_NO_CHANGE;
    civ_merkle_leaf(&leaf, data, length);
    civ_merkle_frontier_append(&v->own, &leaf);
    civ_merkle_frontier_append(&v->claimed, stored_leaf != NULL ? stored_leaf : &leaf);
    civ_merkle_frontier_append(&v->log_claimed, stored_leaf != NULL ? stored_leaf : &leaf);
    civ_merkle_frontier_append(&v->frontier, &leaf);
    *good = civ_entry_read(entry, data, length, &problem, v->pool) == APR_SUCCESS;
    if (!*good)
        v->validators_doubtful = 1;
    if (stored_leaf != NULL && !civ_digest_equal(stored_leaf, &leaf)) {
        v->validators_doubtful = 1;
        status =
            civ_verifier_report(v, "entry %" FMT " does not hash to its stored leaf hash", v->own.size - 1);
        if (status != APR_SUCCESS)
            return status;
    }
    if (!*good)
        return civ_verifier_report(v, "entry %" FMT " is not canonical JSON: %s", v->own.size - 1,
                                   problem.detail);
    return read_meaning(v, entry);
}

apr_status_t civ_verifier_missing(civ_verifier_t *v, const civ_digest_t *stored_leaf)
{
    apr_uint64_t position = v->own.size;

    v->change = CIV_NO_CHANGE;
    v->validators_doubtful = 1;
    if (stored_leaf != NULL) {
        civ_merkle_frontier_append(&v->own, stored_leaf);
        civ_merkle_frontier_append(&v->claimed, stored_leaf);
        civ_merkle_frontier_append(&v->log_claimed, stored_leaf);
        civ_merkle_frontier_append(&v->frontier, stored_leaf);
    } else {
        v->frontier_lost = 1;
    }
    return civ_verifier_report(v, "entry %" FMT " is missing", position);
}

/* --- end of a block --- */

/** The stored leaf hashes fit the header: then they, not the payloads, are what the chain goes on with, and
 * blocks that follow are judged by themselves. */
static int claimed_fits(const civ_verifier_t *v)
{
    civ_digest_t root;

    civ_merkle_frontier_root(&v->claimed, &root);
    return v->claimed.size == v->header->entry_count && civ_digest_equal(&root, &v->header->evidence_root);
}

static apr_status_t check_roots(civ_verifier_t *v)
{
    const civ_header_t *header = v->header;
    civ_digest_t root;
    apr_status_t status = APR_SUCCESS;

    civ_merkle_frontier_root(&v->own, &root);
    if (v->own.size != header->entry_count || !civ_digest_equal(&root, &header->evidence_root)) {
        status = civ_verifier_report(v, "the entries do not hash to the evidence root");
        if (claimed_fits(v))
            v->frontier = v->log_claimed;
        else
            v->frontier_lost = 1;
    }
    if (status != APR_SUCCESS || v->frontier_lost)
        return status;
    civ_merkle_frontier_root(&v->frontier, &root);
    if (!civ_digest_equal(&root, &header->log_root)) {
        v->frontier_lost = 1;
        status = civ_verifier_report(v, "all entries so far do not hash to the log root");
    }
    return status;
}

/** Genesis parameters that cannot be read are reported once; then block 0's header must do for the blocks
 * behind it. */
static void make_do_without_genesis(civ_verifier_t *v)
{
    if (v->ledger_known)
        return;
    v->ledger_id = v->header->ledger_id;
    v->ledger_known = 1;
    v->difficulty = v->next_difficulty = v->header->difficulty;
}

apr_status_t civ_verifier_end(civ_verifier_t *v)
{
    apr_status_t status = APR_SUCCESS;

    v->previous_known = v->header != NULL;
    if (v->header != NULL) {
        /* Work and signature only now: in block 0 they follow from its entry. */
        make_do_without_genesis(v);
        status = check_roots(v);
        if (status == APR_SUCCESS)
            status = check_work(v, v->header);
        if (status == APR_SUCCESS)
            status = check_signature(v);
        v->previous = *v->header;
        v->previous_hash = v->hash;
    }
    if (v->validators_changed)
        civ_verifier_validators(v);
    v->validators_changed = 0;
    v->difficulty = v->next_difficulty;
    v->header = NULL;
    v->signature = NULL;
    v->next_height++;
    return status;
}
