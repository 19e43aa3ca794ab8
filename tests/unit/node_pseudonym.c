/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_pseudonym.c
 * The network's key of a node: made once, never replaced, refused by name.
 */
#include "support/runner.h"

#include "base/status.h"
#include "unit/node_fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *in(const civ_node_config_t *config, const char *name)
{
    return apr_pstrcat(test_pool(), config->state_dir, "/", name, NULL);
}

static const char *pseudonym_of(const civ_pseudonym_key_t *key)
{
    char out[CIV_PSEUDONYM_SIZE];

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    return apr_pstrdup(test_pool(), civ_pseudonym(out, key, "evidence", "2026Q1", "org-alpha"));
}

/* Preparing again, and a node opened again, find the same key; the other node has another. */
static void key_stays(void)
{
    civ_node_config_t *config = node_configure("stays"), *other = node_configure("other");
    const char *first;

    node_prepare(config);
    first = pseudonym_of(civ_node_pseudonym_key(node_open(config, NULL)));
    node_prepare(config);
    CU_ASSERT_STRING_EQUAL(pseudonym_of(civ_node_pseudonym_key(node_open(config, NULL))), first);
    node_prepare(other);
    CU_ASSERT_STRING_NOT_EQUAL(pseudonym_of(civ_node_pseudonym_key(node_open(other, NULL))), first);
}

/* An installation from before there was such a key has neither it nor its id: they are made beside the ledger that is there. */
static void old_installations_get_one(void)
{
    civ_node_config_t *config = node_configure("old");

    node_prepare(config);
    CU_ASSERT_EQUAL(unlink(in(config, "keys/pseudonym.key")), 0);
    CU_ASSERT_EQUAL(unlink(in(config, "pseudonym.id")), 0);
    CU_ASSERT_EQUAL(unit_write_file(in(config, "civarcos.db"), "a ledger", 0600), 0);
    node_prepare(config);
    pseudonym_of(civ_node_pseudonym_key(node_open(config, NULL)));
}

/* One whose id is not there yet (a start that was cut short) gets that alone. */
static void id_is_made_for_a_key(void)
{
    civ_node_config_t *config = node_configure("half");
    const char *first;

    node_prepare(config);
    first = pseudonym_of(civ_node_pseudonym_key(node_open(config, NULL)));
    CU_ASSERT_EQUAL(unlink(in(config, "pseudonym.id")), 0);
    node_prepare(config);
    CU_ASSERT_EQUAL(access(in(config, "pseudonym.id"), F_OK), 0);
    CU_ASSERT_STRING_EQUAL(pseudonym_of(civ_node_pseudonym_key(node_open(config, NULL))), first);
}

/** Both preparing and opening say what is wrong, or only opening. */
static void is_refused(const civ_node_config_t *config, int already_prepared, const char *words)
{
    const civ_node_context_t context = {.log = &unit_log};
    const char *error = NULL;
    civ_node_t *node = NULL;

    if (!already_prepared) {
        CU_ASSERT_EQUAL(civ_node_prepare(config, geteuid(), getegid(), &error, test_pool()), APR_ENOENT);
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, words));
    }
    error = NULL;
    CU_ASSERT_NOT_EQUAL(civ_node_open(&node, config, &context, &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, in(config, "keys/pseudonym.key")));
    if (already_prepared) {
        CU_ASSERT_PTR_NOT_NULL(strstr(error, words));
    }
}

static void lost_key_is_not_replaced(void)
{
    civ_node_config_t *config = node_configure("lost");

    node_prepare(config);
    CU_ASSERT_EQUAL(unlink(in(config, "keys/pseudonym.key")), 0);
    is_refused(config, 0, "is missing");
    CU_ASSERT_NOT_EQUAL(access(in(config, "keys/pseudonym.key"), F_OK), 0);
}

static void other_key_is_refused(void)
{
    static const char bytes[] = "0123456789abcdef0123456789abcdef";
    civ_node_config_t *config = node_configure("exchanged");

    node_prepare(config);
    CU_ASSERT_EQUAL(unit_write_file(in(config, "keys/pseudonym.key"), bytes, 0600), 0);
    node_prepare(config);
    is_refused(config, 1, "is not the one");
}

static void keys_are_examined(void)
{
    civ_node_config_t *config = node_configure("badkeys");
    const char *path = in(config, "keys/pseudonym.key");

    node_prepare(config);
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    is_refused(config, 1, "mode 0600");
    CU_ASSERT_EQUAL(unit_write_file(path, "short", 0600), 0);
    is_refused(config, 1, "32 bytes");
    CU_ASSERT_EQUAL(unit_write_file(path, "0123456789abcdef0123456789abcdef0", 0600), 0);
    is_refused(config, 1, "32 bytes");
}

static const test_case_t cases[] = {
    {"key_stays", key_stays},
    {"old_installations_get_one", old_installations_get_one},
    {"id_is_made_for_a_key", id_is_made_for_a_key},
    {"lost_key_is_not_replaced", lost_key_is_not_replaced},
    {"other_key_is_refused", other_key_is_refused},
    {"keys_are_examined", keys_are_examined},
    {NULL, NULL},
};

const test_suite_t node_pseudonym_suite = {"node_pseudonym", unit_folder_make, unit_folder_remove, cases};
