/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_validators.c
 * Validators: the entries, the set that follows from them, its hash in the headers; and the votes on blocks.
 */
#include "ledger_fixture.h"

#include "base/encoding.h"
#include "ledger/vote.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static void ids_are_checked(void)
{
    static const char *const good[] = {"a", "A.b_c:d@e-9", "...", "-"};
    static const char *const bad[] = {"", ".", "..", "a b", "a/b", "a+b", "\xc3\xa4", "a\n"};
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT(civ_validator_id_is_valid(good[i]));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT(!civ_validator_id_is_valid(bad[i]));
    CU_ASSERT(civ_validator_id_is_valid(apr_psprintf(test_pool(), "%0128d", 0)));
    CU_ASSERT(!civ_validator_id_is_valid(apr_psprintf(test_pool(), "%0129d", 0)));
}

/* --- entries --- */

#define KEY "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define REGISTER                                                                                             \
    "{\"action\":\"register\",\"created\":\"2026-11-22T07:05:21.123Z\",\"public_key\":\"" KEY                \
    "\",\"stake\":5,\"type\":\"civarcos.validator\",\"validator_id\":\"a\"}"
#define REMOVE                                                                                               \
    "{\"action\":\"remove\",\"created\":\"2026-11-22T07:05:21.123Z\",\"type\":\"civarcos.validator\","       \
    "\"validator_id\":\"a\"}"

static apr_status_t read_change(const char *json, civ_validator_change_t *change)
{
    civ_entry_t entry = fixture_entry(json);

    return civ_validator_read(change, &entry, test_pool());
}

static void entries_are_read(void)
{
    civ_validator_change_t change;
    civ_entry_t entry;

    CU_ASSERT_EQUAL(read_change(REGISTER, &change), APR_SUCCESS);
    CU_ASSERT(!change.removes && change.stake == 5 && change.key[31] == 1);
    CU_ASSERT_STRING_EQUAL(change.id, "a");
    CU_ASSERT_EQUAL(civ_validator_entry(&entry, &change, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.data, REGISTER);
    CU_ASSERT_EQUAL(read_change(REMOVE, &change), APR_SUCCESS);
    CU_ASSERT(change.removes);
    CU_ASSERT_EQUAL(civ_validator_entry(&entry, &change, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(entry.data, REMOVE);
    CU_ASSERT_EQUAL(read_change("{\"type\":\"civarcos.policy\"}", &change), APR_NOTFOUND);
}

static const char *replaced(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);

    CU_ASSERT_FATAL(at != NULL);
    return apr_pstrcat(test_pool(), apr_pstrndup(test_pool(), text, (apr_size_t)(at - text)), new,
                       at + strlen(old), NULL);
}

static void other_entries_are_faults(void)
{
    static const struct {
        const char *text, *old, *new;
    } changes[] = {
        {REGISTER, "register", "Register"},
        {REGISTER, "\"stake\":5,", ""},
        {REGISTER, "\"stake\":5", "\"stake\":-1"},
        {REGISTER, "\"stake\":5", "\"stake\":5.5"},
        {REGISTER, "\"stake\":5", "\"stake\":\"5\""},
        {REGISTER, "\"stake\":5", "\"stake\":5,\"more\":1"},
        {REGISTER, "AQEBAQEB", "AQEB"},
        {REGISTER, KEY, "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"},
        {REGISTER, "\"validator_id\":\"a\"", "\"validator_id\":\"a b\""},
        {REGISTER, "\"validator_id\":\"a\"", "\"validator_id\":7"},
        {REGISTER, "21.123Z", "21Z"},
        {REGISTER, "2026-11-22T07:05:21.123Z", "yesterday"},
        {REMOVE, "\"remove\"", "\"remove\",\"stake\":0"},
        {REMOVE, "\"action\":\"remove\",", ""},
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        civ_validator_change_t change;

        CU_ASSERT_EQUAL(read_change(replaced(changes[i].text, changes[i].old, changes[i].new), &change),
                        CIV_EINVALID);
    }
}

/* --- sets --- */

static civ_validator_change_t change_of(const char *id, int key, apr_int64_t stake)
{
    civ_validator_change_t change = {.id = id, .stake = stake};

    memset(change.key, key & 0xff, sizeof(change.key));
    memcpy(change.key, &key, sizeof(key));
    return change;
}

/* The hash of this set was worked out by another program. Its order is that of bytes, not of registration. */
static void hash_of_a_set(void)
{
    static const struct {
        const char *id;
        int key;
        apr_int64_t stake;
    } members[] = {{"a-b", 2, 0}, {"a", 1, 5}, {"Z", 3, CIV_STAKE_MAX}, {"a.b", 4, 1}};
    civ_validator_set_t set;
    civ_digest_t hash, none;
    const char *reason;
    size_t i;

    civ_validator_set_init(&set, test_pool());
    civ_validator_set_hash(&none, &set, test_pool());
    CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&none, test_pool()),
                           "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
    for (i = 0; i < 4; i++) {
        civ_validator_change_t change = change_of(members[i].id, members[i].key, members[i].stake);

        memset(change.key, members[i].key, sizeof(change.key));
        CU_ASSERT_EQUAL(civ_validator_set_apply(&set, &change, i, NULL, &reason), APR_SUCCESS);
    }
    civ_validator_set_hash(&hash, &set, test_pool());
    CU_ASSERT_STRING_EQUAL(civ_digest_hex_dup(&hash, test_pool()),
                           "2d4e816d63e6c79b44ff0af1f373f0995e566bb6a6a4e84585345e01a5f0f39a");
    for (i = 0; i < 4; i++) {
        const civ_validator_change_t change = {.removes = 1, .id = members[i].id};

        CU_ASSERT_EQUAL(civ_validator_set_apply(&set, &change, i, NULL, &reason), APR_SUCCESS);
    }
    civ_validator_set_hash(&hash, &set, test_pool());
    CU_ASSERT(civ_digest_equal(&hash, &none));
}

static apr_status_t apply(civ_validator_set_t *set, const char *id, int key, apr_int64_t stake)
{
    const civ_validator_change_t change = change_of(id, key, stake);
    const char *reason;

    return civ_validator_set_apply(set, &change, (apr_uint64_t)key, NULL, &reason);
}

static void what_a_set_refuses(void)
{
    const civ_validator_change_t stranger = {.removes = 1, .id = "nobody"};
    civ_validator_set_t set;
    const char *reason;
    int i;

    civ_validator_set_init(&set, test_pool());
    CU_ASSERT_EQUAL(apply(&set, "a", 1, 7), APR_SUCCESS);
    CU_ASSERT_EQUAL(apply(&set, "a", 1, 7), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(apply(&set, "a", 2, 7), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(apply(&set, "b", 1, 7), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(civ_validator_set_apply(&set, &stranger, 0, NULL, &reason), APR_NOTFOUND);
    CU_ASSERT_EQUAL(set.count, 1);
    /* 512 times 2^53 is 2^62; each lacks one of 2^53. */
    civ_validator_set_init(&set, test_pool());
    for (i = 1; i <= 512; i++)
        CU_ASSERT_EQUAL(apply(&set, apr_psprintf(test_pool(), "v%d", i), i, CIV_STAKE_MAX), APR_SUCCESS);
    CU_ASSERT_EQUAL(apply(&set, "more", 513, 513), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(apply(&set, "more", 513, 512), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_validator_set_stake(&set), CIV_STAKE_TOTAL_MAX);
    for (i = 514; i <= CIV_VALIDATORS_MAX; i++)
        CU_ASSERT_EQUAL(apply(&set, apr_psprintf(test_pool(), "v%d", i), i, 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(apply(&set, "last", 2000, 0), CIV_ECONFLICT);
    CU_ASSERT_PTR_NOT_NULL(civ_validator_set_find(&set, "v777"));
    CU_ASSERT_PTR_NULL(civ_validator_set_find(&set, "v2000"));
}

/* --- the ledger --- */

static const char *set_hash(fixture_t *fixture, apr_uint64_t height)
{
    return civ_digest_hex_dup(&fixture_known_block(fixture, height)->header.validator_set_hash, test_pool());
}

static void headers_follow(void)
{
    fixture_t *fixture = fixture_start();
    const char *none = set_hash(fixture, 0), *one;

    CU_ASSERT_EQUAL(fixture_register(fixture, 1, 5), APR_SUCCESS); /* block 1 */
    CU_ASSERT_STRING_EQUAL(set_hash(fixture, 1), none);
    CU_ASSERT_EQUAL(fixture_head(fixture).validators, 1);
    CU_ASSERT_EQUAL(fixture->moved_to.validators, 1);
    fixture_append(fixture, "{}"); /* 2 */
    one = set_hash(fixture, 2);
    CU_ASSERT_STRING_NOT_EQUAL(one, none);
    CU_ASSERT_EQUAL(fixture_register(fixture, 1, 5), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(fixture_register(fixture, 2, 5), APR_SUCCESS); /* 3 */
    CU_ASSERT_STRING_EQUAL(set_hash(fixture, 3), one);
    CU_ASSERT_EQUAL(fixture_unregister(fixture, 2), APR_SUCCESS); /* 4 */
    CU_ASSERT_EQUAL(fixture_unregister(fixture, 2), APR_NOTFOUND);
    CU_ASSERT_STRING_NOT_EQUAL(set_hash(fixture, 4), one);
    fixture_append(fixture, "{}"); /* 5 */
    CU_ASSERT_STRING_EQUAL(set_hash(fixture, 5), one);
    CU_ASSERT_EQUAL(fixture_unregister(fixture, 1), APR_SUCCESS); /* 6 */
    fixture_append(fixture, "{}");
    CU_ASSERT_STRING_EQUAL(set_hash(fixture, 7), none);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 7);
    CU_ASSERT(fixture_is_clean(fixture));
}

static fixture_t *voted_ledger(void)
{
    fixture_t *fixture = fixture_start();
    int i;

    for (i = 1; i <= 3; i++)
        CU_ASSERT_EQUAL(fixture_register(fixture, i, 1), APR_SUCCESS);
    fixture_append(fixture, "{\"n\":4}");
    CU_ASSERT_EQUAL(fixture_unregister(fixture, 2), APR_SUCCESS); /* 5 */
    fixture_append(fixture, "{\"n\":6}");
    for (i = 1; i <= 3; i++)
        CU_ASSERT_EQUAL(fixture_vote(fixture, i, 4, i != 3), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_vote(fixture, 1, 6, 0), APR_SUCCESS);
    return fixture;
}

/* The set is derived from the entries before, wherever validation begins. */
static void parts_are_validated(void)
{
    fixture_t *fixture = voted_ledger();
    apr_uint64_t first, last;

    for (first = 0; first <= 6; first++)
        for (last = first; last <= 7; last++)
            CU_ASSERT_EQUAL(fixture_validate(fixture, first, last)->count, 0);
    fixture_sql(fixture, "UPDATE civ_votes SET accept_signature = '' || substr(reject_signature, 1), "
                         "reject_signature = accept_signature WHERE height = 4");
    for (first = 0; first <= 4; first++)
        CU_ASSERT(fixture_names(fixture_validate(fixture, first, 5), 4, "does not bear its signature"));
    CU_ASSERT_EQUAL(fixture_validate(fixture, 5, 6)->count, 0);
}

static void outcomes_are_told(void)
{
    fixture_t *fixture = voted_ledger();
    civ_consensus_t consensus = fixture_consensus(fixture, 4);

    CU_ASSERT_EQUAL(consensus.quorum.outcome, CIV_OUTCOME_ACCEPTED);
    CU_ASSERT_PTR_NULL(consensus.reason);
    CU_ASSERT_EQUAL(consensus.count, 3);
    consensus = fixture_consensus(fixture, 6);
    /* Of two validators, where three are demanded. */
    CU_ASSERT_EQUAL(consensus.quorum.outcome, CIV_OUTCOME_PENDING);
    CU_ASSERT_EQUAL(consensus.quorum.verdict, CIV_OUTCOME_REJECTED);
    CU_ASSERT_PTR_NOT_NULL(consensus.reason);
    CU_ASSERT_STRING_EQUAL(
        fixture_value(fixture, "SELECT group_concat('' || votes || agreed || disagreed || equivocated) FROM "
                               "(SELECT * FROM civ_validators ORDER BY leaf_index) v"),
        "2200,1100,1010");
    /* A decision that is undone: then the votes on it have come to nothing. */
    CU_ASSERT_EQUAL(fixture_vote(fixture, 2, 4, 0), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(fixture_consensus(fixture, 4).quorum.outcome, CIV_OUTCOME_REJECTED);
    CU_ASSERT_STRING_EQUAL(
        fixture_value(fixture, "SELECT group_concat('' || votes || agreed || disagreed || equivocated) FROM "
                               "(SELECT * FROM civ_validators ORDER BY leaf_index) v"),
        "2110,1001,1100");
    CU_ASSERT(fixture_is_clean(fixture));
}

/* A forged row is not counted: nobody gets an answer made of it. */
static void forged_votes_are_met(void)
{
    fixture_t *fixture = voted_ledger();
    const civ_block_t *block = fixture_known_block(fixture, 4);
    civ_consensus_t consensus;
    civ_problem_t problem;

    fixture_sql(fixture, "UPDATE civ_votes SET accept_signature = (SELECT accept_signature FROM civ_votes "
                         "WHERE height = 4 AND registration = 1), reject_signature = '' "
                         "WHERE height = 4 AND registration = 3");
    CU_ASSERT_EQUAL(civ_ledger_consensus(fixture->ledger, &block->hash, &consensus, &problem, test_pool()),
                    CIV_EINTEGRITY);
    CU_ASSERT(strstr(fixture->reason, "the vote of validator-3 does not bear its signature") != NULL);
}

/* The validators are compared with the newest, signed header before anything is built on them. */
static void changed_validators_stop_the_ledger(void)
{
    fixture_t *fixture = voted_ledger(), *other = fixture_make_beside(fixture);

    fixture_sql(fixture, "UPDATE civ_validators SET stake = 1000 WHERE leaf_index = 1");
    CU_ASSERT_EQUAL(fixture_open(other), CIV_EINTEGRITY);
    CU_ASSERT(strstr(other->reason, "the validators are not those that the newest block names") != NULL);
    CU_ASSERT_EQUAL(fixture_register(fixture, 9, 1), CIV_EINTEGRITY);
    CU_ASSERT_STRING_EQUAL(fixture_value(other, "SELECT height FROM civ_head"), "6");
}

static void forged_changes_are_named(void)
{
    static const struct {
        const char *json, *words;
    } rows[] = {
        {"{\"type\":\"civarcos.validator\"}", "cannot be understood"},
        {REMOVE, "cannot be applied: there is no validator with this id"},
        {"{\"action\":\"register\",\"created\":\"2026-11-22T07:05:21.123Z\",\"public_key\":\"" KEY
         "\",\"stake\":5,\"type\":\"civarcos.validator\",\"validator_id\":\"validator-1\"}",
         "cannot be applied: a validator with this id"},
        {REGISTER, "the validator a has no row"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture_t *fixture = voted_ledger();
        civ_digest_t hash = fixture_head(fixture).validator_set_hash;

        fixture_forge(fixture, &(forgery_t){.json = rows[i].json, .difficulty = -1, .validators = &hash});
        CU_ASSERT(fixture_finds(fixture, 7, rows[i].words));
    }
}

/* Blocks whose headers do not follow the entries. */
/* Who is in force is compared with what the newest block names before anybody is told. */
static void changed_validators_are_not_given_out(void)
{
    static const char *const changes[] = {
        "UPDATE civ_validators SET stake = stake + 1000 WHERE leaf_index = 1",
        "UPDATE civ_validators SET public_key = (SELECT public_key FROM civ_validators WHERE leaf_index = 2) "
        "WHERE leaf_index = 1",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = voted_ledger();
        civ_validator_page_t page;
        civ_problem_t problem;

        CU_ASSERT_EQUAL(civ_ledger_validators(fixture->ledger, -1, 10, &page, &problem, test_pool()),
                        APR_SUCCESS);
        fixture_sql(fixture, "%s", changes[i]);
        CU_ASSERT_EQUAL(civ_ledger_validators(fixture->ledger, -1, 10, &page, &problem, test_pool()),
                        CIV_EINTEGRITY);
        CU_ASSERT(fixture->integrity_lost > 0);
    }
}

static void forged_sets_are_named(void)
{
    fixture_t *fixture = voted_ledger();
    civ_digest_t none;

    civ_digest_sha256(&none, "[]", 2);
    fixture_forge(fixture, &(forgery_t){.json = "{}", .difficulty = -1, .validators = &none});
    CU_ASSERT(fixture_finds(fixture, 7, "the validator set hash is not that of the validators in force"));
    CU_ASSERT_EQUAL(fixture_validate(fixture, 0, APR_UINT64_MAX)->count, 1);
    CU_ASSERT(fixture_names(fixture_validate(fixture, 7, 7), 7, "the validator set hash"));
}

/* An entry that is damaged is named where it stands; the blocks behind it are not blamed for what cannot be derived any more. */
static void damage_is_named_where_it_is(void)
{
    static const char *const changes[] = {
        "UPDATE civ_entries SET payload = 'junk' WHERE leaf_index = 1",
        "UPDATE civ_entries SET payload = replace(payload, '\"stake\":1', '\"stake\":2') WHERE leaf_index = "
        "1",
        "UPDATE civ_entries SET payload = replace(payload, 'register', 'resign') WHERE leaf_index = 1",
        "DELETE FROM civ_entries WHERE leaf_index = 1",
        "UPDATE civ_blocks SET header = 'junk' WHERE height = 1",
    };
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fixture_t *fixture = voted_ledger();
        fixture_faults_t *faults;
        int k;

        fixture_sql(fixture, "%s", changes[i]);
        faults = fixture_validate(fixture, 0, APR_UINT64_MAX);
        CU_ASSERT(faults->count > 0);
        for (k = 0; k < faults->count; k++) {
            if (faults->faults[k].block != 1)
                test_note("%s: block %d: %s", changes[i], (int)faults->faults[k].block,
                          faults->faults[k].text);
            CU_ASSERT_EQUAL(faults->faults[k].block, 1);
        }
    }
}

/* Tables as they were before there were validators. */
static void older_ledgers_are_taken_over(void)
{
    fixture_t *fixture = fixture_start();

    fixture_append(fixture, "{\"n\":1}");
    fixture_close(fixture);
    fixture_sql(fixture, "DROP TABLE civ_votes; DROP TABLE civ_validators; "
                         "UPDATE civ_schema SET version = 1 WHERE area = 'ledger'");
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT(fixture_is_clean(fixture));
    CU_ASSERT_EQUAL(fixture_register(fixture, 1, 1), APR_SUCCESS);
    fixture_append(fixture, "{\"n\":2}");
    CU_ASSERT_EQUAL(fixture_vote(fixture, 1, 3, 1), APR_SUCCESS);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* --- the shared example --- */

/* Split a verifier key: name, hash, key. */
static civ_validator_member_t member_of(const char *vkey)
{
    civ_validator_member_t member = {.id = ""};
    const char *plus = strchr(vkey, '+');
    unsigned char *bytes = NULL;
    apr_size_t length;

    CU_ASSERT_FATAL(plus != NULL && plus[9] == '+' &&
                    civ_base64_decode(&bytes, &length, plus + 10, test_pool()) == APR_SUCCESS &&
                    length == 33);
    apr_cpystrn(member.id, vkey, (apr_size_t)(plus - vkey) + 1);
    memcpy(member.key, bytes + 1, 32);
    return member;
}

static void check_signatures(const civ_json_t *root, const civ_validator_set_t *set,
                             const civ_vote_subject_t *subject)
{
    const char *line = strstr(civ_json_get_text(root, "note"), "\n\n") + 2;
    apr_size_t i;
    int good = 0;

    for (i = 0; i < set->count; i++) {
        const char *at = strstr(line, set->members[i].id), *end;
        unsigned char *bytes;
        apr_size_t length;

        CU_ASSERT_FATAL(at != NULL);
        at += strlen(set->members[i].id) + 1;
        end = strchr(at, '\n');
        CU_ASSERT_FATAL(civ_base64_decode(&bytes, &length,
                                          apr_pstrndup(test_pool(), at, (apr_size_t)(end - at)),
                                          test_pool()) == APR_SUCCESS &&
                        length == 4 + CIV_KEY_SIGNATURE_SIZE);
        good += civ_vote_verify(subject, 1, set->members[i].key, bytes + 4, test_pool()) == APR_SUCCESS;
        CU_ASSERT_EQUAL(civ_vote_verify(subject, 0, set->members[i].key, bytes + 4, test_pool()),
                        CIV_EINVALID);
    }
    CU_ASSERT_EQUAL(good, 3);
}

static void shared_votes(void)
{
    static const civ_json_limits_t limits = {1 << 16, 16, 1000, 100};
    const char *shared = test_shared_dir();
    civ_vote_subject_t subject = {.ledger_name = "ledger.example.org/acme", .height = 4};
    const civ_json_t *root, *keys;
    civ_validator_set_t set;
    unsigned char *bytes;
    unsigned long length;
    apr_size_t i, size;
    char *text, *hash;

    if (!shared) {
        test_note("skipped: no shared data");
        return;
    }
    text =
        test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/ledger/block/votes.json", NULL), &length);
    CU_ASSERT_FATAL(text != NULL &&
                    civ_json_parse(&root, text, length, &limits, NULL, test_pool()) == APR_SUCCESS);
    civ_validator_set_init(&set, test_pool());
    keys = civ_json_get(root, "vkeys");
    for (i = 0; i < keys->as.array.count; i++) {
        const civ_json_t *item = &keys->as.array.items[i];
        civ_validator_member_t member = member_of(civ_json_get_text(item, "vkey"));

        civ_json_to_int64(civ_json_get(item, "stake"), &member.stake);
        CU_ASSERT_EQUAL(civ_validator_set_add(&set, &member), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(civ_validator_key_text(civ_validator_set_find(&set, member.id), test_pool()),
                               civ_json_get_text(item, "vkey"));
    }
    civ_validator_set_hash(&subject.validator_set_hash, &set, test_pool());
    text = apr_pstrdup(test_pool(), civ_json_get_text(root, "text"));
    hash = strstr(text, "\n4\n") + 3;
    CU_ASSERT_FATAL(civ_base64_decode(&bytes, &size, apr_pstrndup(test_pool(), hash, 44), test_pool()) ==
                        APR_SUCCESS &&
                    size == CIV_DIGEST_SIZE);
    memcpy(subject.block_hash.bytes, bytes, CIV_DIGEST_SIZE);
    CU_ASSERT_STRING_EQUAL(civ_vote_statement(&subject, 1, test_pool()), text);
    check_signatures(root, &set, &subject);
}

static const test_case_t cases[] = {
    {"ids_are_checked", ids_are_checked},
    {"entries_are_read", entries_are_read},
    {"other_entries_are_faults", other_entries_are_faults},
    {"hash_of_a_set", hash_of_a_set},
    {"what_a_set_refuses", what_a_set_refuses},
    {"headers_follow", headers_follow},
    {"parts_are_validated", parts_are_validated},
    {"outcomes_are_told", outcomes_are_told},
    {"forged_votes_are_met", forged_votes_are_met},
    {"changed_validators_stop_the_ledger", changed_validators_stop_the_ledger},
    {"forged_changes_are_named", forged_changes_are_named},
    {"changed_validators_are_not_given_out", changed_validators_are_not_given_out},
    {"forged_sets_are_named", forged_sets_are_named},
    {"damage_is_named_where_it_is", damage_is_named_where_it_is},
    {"older_ledgers_are_taken_over", older_ledgers_are_taken_over},
    {"shared_votes", shared_votes},
    {NULL, NULL},
};

const test_suite_t ledger_validators_suite = {"ledger_validators", NULL, NULL, cases};
