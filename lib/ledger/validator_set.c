/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Entries of type civarcos.validator, and the set that follows from them.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "ledger/validator_set.h"

#define ID_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-"

#define ACTION_REGISTER "register"
#define ACTION_REMOVE   "remove"

static const civ_json_limits_t limits = {4096, 2, 100, 64};

int civ_validator_id_is_valid(const char *id)
{
    apr_size_t length = strlen(id);

    return length >= 1 && length <= CIV_VALIDATOR_ID_SIZE && strspn(id, ID_ALPHABET) == length &&
           strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

/* --- entries --- */

apr_status_t civ_validator_entry(civ_entry_t *entry, const civ_validator_change_t *change, apr_pool_t *pool)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_problem_t problem;
    civ_buffer_t json;

    /* In canonical order. */
    civ_buffer_init(&json, 320, pool);
    civ_json_writer_init(&writer, &json);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "action", change->removes ? ACTION_REMOVE : ACTION_REGISTER);
    civ_json_member_text(&writer, "created", civ_timestamp_format(time, change->created));
    if (!change->removes) {
        civ_json_member_text(&writer, "public_key",
                             civ_base64_encode(change->key, CIV_KEY_PUBLIC_SIZE, pool));
        civ_json_member_int(&writer, "stake", change->stake);
    }
    civ_json_member_text(&writer, "type", CIV_ENTRY_TYPE_VALIDATOR);
    civ_json_member_text(&writer, "validator_id", change->id);
    civ_json_end_object(&writer);
    return civ_entry_read(entry, json.data, json.length, &problem, pool);
}

static apr_status_t read_registration(civ_validator_change_t *change, const civ_json_t *root,
                                      apr_pool_t *pool)
{
    const char *key = civ_json_get_text(root, "public_key");
    const civ_json_t *stake = civ_json_get(root, "stake");
    unsigned char *raw;
    apr_size_t length;

    if (key == NULL || stake == NULL || civ_json_to_int64(stake, &change->stake) != APR_SUCCESS ||
        change->stake < 0 || civ_base64_decode(&raw, &length, key, pool) != APR_SUCCESS ||
        length != CIV_KEY_PUBLIC_SIZE)
        return CIV_EINVALID;
    memcpy(change->key, raw, CIV_KEY_PUBLIC_SIZE);
    return APR_SUCCESS;
}

static apr_status_t read_members(civ_validator_change_t *change, const civ_json_t *root, apr_pool_t *pool)
{
    const char *action = civ_json_get_text(root, "action");
    const char *created = civ_json_get_text(root, "created");
    const char *id = civ_json_get_text(root, "validator_id");

    if (action == NULL || created == NULL || id == NULL || !civ_validator_id_is_valid(id) ||
        civ_timestamp_parse(&change->created, created) != APR_SUCCESS)
        return CIV_EINVALID;
    change->id = apr_pstrdup(pool, id);
    change->removes = strcmp(action, ACTION_REMOVE) == 0;
    return change->removes ? APR_SUCCESS : read_registration(change, root, pool);
}

apr_status_t civ_validator_read(civ_validator_change_t *change, const civ_entry_t *entry, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t problem;
    civ_entry_t again;

    memset(change, 0, sizeof(*change));
    if (strcmp(entry->type, CIV_ENTRY_TYPE_VALIDATOR) != 0)
        return APR_NOTFOUND;
    if (civ_json_parse(&root, entry->data, entry->length, &limits, &problem, pool) != APR_SUCCESS ||
        read_members(change, root, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    /* Exactly these members: what is not understood must not pass. */
    if (civ_validator_entry(&again, change, pool) != APR_SUCCESS ||
        !civ_digest_equal(&again.evidence_hash, &entry->evidence_hash))
        return CIV_EINVALID;
    return APR_SUCCESS;
}

/* --- the set --- */

void civ_validator_set_init(civ_validator_set_t *set, apr_pool_t *pool)
{
    memset(set, 0, sizeof(*set));
    set->pool = pool;
}

/** Where the id stands, or would stand. */
static apr_size_t place_of(const civ_validator_set_t *set, const char *id, int *found)
{
    apr_size_t low = 0, high = set->count;

    *found = 0;
    while (low < high) {
        apr_size_t middle = low + (high - low) / 2;
        int order = strcmp(set->members[middle].id, id);

        if (order == 0) {
            *found = 1;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const civ_validator_member_t *civ_validator_set_find(const civ_validator_set_t *set, const char *id)
{
    int found;
    apr_size_t place = place_of(set, id, &found);

    return found ? &set->members[place] : NULL;
}

const civ_validator_member_t *civ_validator_set_registered(const civ_validator_set_t *set,
                                                           apr_uint64_t registration)
{
    apr_size_t i;

    for (i = 0; i < set->count; i++)
        if (set->members[i].registration == registration)
            return &set->members[i];
    return NULL;
}

static const civ_validator_member_t *holder_of(const civ_validator_set_t *set,
                                               const unsigned char key[CIV_KEY_PUBLIC_SIZE])
{
    apr_size_t i;

    for (i = 0; i < set->count; i++)
        if (memcmp(set->members[i].key, key, CIV_KEY_PUBLIC_SIZE) == 0)
            return &set->members[i];
    return NULL;
}

static void make_room(civ_validator_set_t *set)
{
    civ_validator_member_t *members;

    if (set->count < set->room)
        return;
    set->room = set->room > 0 ? 2 * set->room : 8;
    members = apr_palloc(set->pool, set->room * sizeof(*members));
    if (set->count > 0)
        memcpy(members, set->members, set->count * sizeof(*members));
    set->members = members;
}

apr_status_t civ_validator_set_add(civ_validator_set_t *set, const civ_validator_member_t *member)
{
    int found;
    apr_size_t place = place_of(set, member->id, &found);

    if (found || set->count >= CIV_VALIDATORS_MAX)
        return CIV_ECONFLICT;
    make_room(set);
    memmove(set->members + place + 1, set->members + place, (set->count - place) * sizeof(*set->members));
    set->members[place] = *member;
    set->count++;
    return APR_SUCCESS;
}

static apr_status_t take_out(civ_validator_set_t *set, const char *id, civ_validator_member_t *changed,
                             const char **reason)
{
    int found;
    apr_size_t place = place_of(set, id, &found);

    if (!found) {
        *reason = "there is no validator with this id";
        return APR_NOTFOUND;
    }
    *changed = set->members[place];
    set->count--;
    memmove(set->members + place, set->members + place + 1, (set->count - place) * sizeof(*set->members));
    return APR_SUCCESS;
}

static const char *refusal(const civ_validator_set_t *set, const civ_validator_change_t *change)
{
    if (civ_validator_set_find(set, change->id) != NULL)
        return "a validator with this id is registered already";
    if (holder_of(set, change->key) != NULL)
        return "another validator holds this public key";
    if (set->count >= CIV_VALIDATORS_MAX)
        return "there are as many validators as a ledger can have";
    if (change->stake > CIV_STAKE_TOTAL_MAX - civ_validator_set_stake(set))
        return "the stake of all validators together would be more than 2^62";
    return NULL;
}

apr_status_t civ_validator_set_apply(civ_validator_set_t *set, const civ_validator_change_t *change,
                                     apr_uint64_t leaf, civ_validator_member_t *changed, const char **reason)
{
    civ_validator_member_t member;

    memset(&member, 0, sizeof(member));
    if (change->removes) {
        apr_status_t status = take_out(set, change->id, &member, reason);

        if (status != APR_SUCCESS)
            return status;
    } else {
        *reason = refusal(set, change);
        if (*reason != NULL)
            return CIV_ECONFLICT;
        apr_cpystrn(member.id, change->id, sizeof(member.id));
        memcpy(member.key, change->key, sizeof(member.key));
        member.stake = change->stake;
        member.registration = leaf;
        civ_validator_set_add(set, &member);
    }
    if (changed != NULL)
        *changed = member;
    return APR_SUCCESS;
}

apr_int64_t civ_validator_set_stake(const civ_validator_set_t *set)
{
    apr_int64_t stake = 0;
    apr_size_t i;

    for (i = 0; i < set->count; i++)
        stake += set->members[i].stake;
    return stake;
}

/* --- the hash --- */

const char *civ_validator_key_text(const civ_validator_member_t *member, apr_pool_t *pool)
{
    unsigned char key[1 + CIV_KEY_PUBLIC_SIZE] = {0x01}; /* Ed25519 */
    civ_digest_t digest;
    char hint[9];
    char *name = apr_pstrcat(pool, member->id, "\n", NULL);

    memcpy(key + 1, member->key, CIV_KEY_PUBLIC_SIZE);
    civ_digest_sha256_two(&digest, name, strlen(name), key, sizeof(key));
    civ_hex_encode(hint, digest.bytes, 4);
    return apr_pstrcat(pool, member->id, "+", hint, "+", civ_base64_encode(key, sizeof(key), pool), NULL);
}

void civ_validator_set_hash(civ_digest_t *hash, const civ_validator_set_t *set, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t json;
    apr_pool_t *scratch;
    apr_size_t i;

    apr_pool_create(&scratch, pool);
    civ_buffer_init(&json, 2 + set->count * 128, scratch);
    civ_json_writer_init(&writer, &json);
    civ_json_begin_array(&writer);
    for (i = 0; i < set->count; i++) {
        civ_json_begin_object(&writer);
        civ_json_member_text(&writer, "key", civ_validator_key_text(&set->members[i], scratch));
        civ_json_member_int(&writer, "stake", set->members[i].stake);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_digest_sha256(hash, json.data, json.length);
    apr_pool_destroy(scratch);
}
