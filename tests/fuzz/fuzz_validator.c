/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_validator.c
 * Entries of validators, one a line: what is read is what the ledger itself would have written, and whatever they do to a set,
 * its bounds hold and its hash depends on nothing but who is in it.
 */
#include "fuzz/fuzz.h"

#include "ledger/validator_set.h"

#include <string.h>

fuzz_target_fn fuzz_validator;

#define MOST_LINES 64

static void check_change(const civ_validator_change_t *change, const civ_entry_t *entry, apr_pool_t *pool)
{
    civ_entry_t again;

    FUZZ_DEMAND(civ_validator_id_is_valid(change->id));
    FUZZ_DEMAND(civ_validator_entry(&again, change, pool) == APR_SUCCESS);
    FUZZ_DEMAND(again.length == entry->length && memcmp(again.data, entry->data, entry->length) == 0);
    FUZZ_DEMAND(change->removes || (change->stake >= 0 && change->stake <= CIV_STAKE_MAX));
}

/* The same members in another order of coming make the same set. */
static void check_set(const civ_validator_set_t *set, apr_pool_t *pool)
{
    civ_validator_set_t again;
    civ_digest_t one, other;
    apr_size_t i, k;

    FUZZ_DEMAND(set->count <= CIV_VALIDATORS_MAX);
    FUZZ_DEMAND(civ_validator_set_stake(set) <= CIV_STAKE_TOTAL_MAX);
    civ_validator_set_init(&again, pool);
    for (i = set->count; i > 0; i--) {
        const civ_validator_member_t *member = &set->members[i - 1];

        FUZZ_DEMAND(civ_validator_set_find(set, member->id) == member);
        FUZZ_DEMAND(civ_validator_set_add(&again, member) == APR_SUCCESS);
        for (k = 0; k < i - 1; k++) {
            FUZZ_DEMAND(memcmp(set->members[k].key, member->key, CIV_KEY_PUBLIC_SIZE) != 0);
        }
    }
    civ_validator_set_hash(&one, set, pool);
    civ_validator_set_hash(&other, &again, pool);
    FUZZ_DEMAND(civ_digest_equal(&one, &other));
}

void fuzz_validator(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_validator_set_t set;
    apr_uint64_t leaf;

    civ_validator_set_init(&set, pool);
    for (leaf = 1; size > 0 && leaf <= MOST_LINES; leaf++) {
        const char *line = fuzz_line(&data, &size, pool);
        civ_validator_change_t change;
        civ_problem_t problem = {0};
        const char *reason = NULL;
        civ_entry_t entry;

        if (civ_entry_read(&entry, line, strlen(line), &problem, pool) != APR_SUCCESS ||
            civ_validator_read(&change, &entry, pool) != APR_SUCCESS) {
            continue;
        }
        check_change(&change, &entry, pool);
        if (civ_validator_set_apply(&set, &change, leaf, NULL, &reason) != APR_SUCCESS) {
            FUZZ_DEMAND(reason != NULL);
        } else {
            FUZZ_DEMAND((civ_validator_set_find(&set, change.id) == NULL) == (change.removes != 0));
        }
    }
    check_set(&set, pool);
}
