/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Finding the ledger.
 */
#include "target.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "base/encoding.h"
#include "options.h"

/* More than any public key in PEM. */
#define KEY_FILE_SIZE 4096

/* --- pins --- */

static apr_status_t read_small_file(char text[KEY_FILE_SIZE], const char *path)
{
    FILE *file = fopen(path, "re");
    size_t got;

    if (file == NULL)
        return apr_get_os_error();
    got = fread(text, 1, KEY_FILE_SIZE - 1, file);
    fclose(file);
    text[got] = '\0';
    return APR_SUCCESS;
}

ctl_exit_e ctl_public_key_read(const civ_public_key_t **out, const char *option, const char *given,
                               apr_pool_t *pool)
{
    char text[KEY_FILE_SIZE];
    civ_public_key_t *key = NULL;
    unsigned char *raw;
    apr_size_t length;
    apr_status_t status;

    /* 32 bytes in base64 are 44 characters, and end with "=". */
    if (civ_base64_decode(&raw, &length, given, pool) == APR_SUCCESS && length == CIV_KEY_PUBLIC_SIZE) {
        status = civ_public_key_from_raw(&key, raw, pool);
    } else if (strncmp(given, "-----BEGIN ", 11) == 0) {
        status = civ_public_key_from_pem(&key, given, pool);
    } else {
        status = read_small_file(text, given);
        if (status != APR_SUCCESS)
            return ctl_failed(status, "--%s: \"%s\" cannot be read", option, given);
        status = civ_public_key_from_pem(&key, text, pool);
    }
    if (status != APR_SUCCESS) {
        ctl_complain("--%s: \"%s\" is no Ed25519 public key", option, given);
        return CTL_USAGE;
    }
    *out = key;
    return CTL_DONE;
}

ctl_exit_e ctl_pins_read(ctl_pins_t *pins, ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;

    memset(pins, 0, sizeof(*pins));
    pins->name = options->name;
    if (options->ledger_id != NULL) {
        if (civ_digest_from_hex(&pins->ledger_id, options->ledger_id) != APR_SUCCESS) {
            ctl_complain("--ledger-id takes 64 lower-case hexadecimal digits");
            return CTL_USAGE;
        }
        pins->ledger_id_known = 1;
    }
    if (options->public_key != NULL)
        return ctl_public_key_read(&pins->key, "public-key", options->public_key, ctl->pool);
    return CTL_DONE;
}

ctl_exit_e ctl_pins_signed_head(civ_signed_head_t *head, const char *path, const char *name,
                                const civ_public_key_t *key, apr_pool_t *pool)
{
    apr_status_t status = civ_head_file_read(head, path, name, key, pool);

    if (status == CIV_EINTEGRITY) {
        ctl_complain("the signed head \"%s\" does not bear the signature of this ledger's key", path);
        return CTL_FAULTS;
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the signed head \"%s\" cannot be read", path);
    return CTL_DONE;
}

/* --- the ledger --- */

/* The private key is read for its public half alone; a tool that only reads may well have no right to it. */
static void pin_state_key(ctl_pins_t *pins, const char *state, apr_pool_t *pool)
{
    civ_node_config_t config = {.state_dir = state};
    civ_key_t *key;

    if (pins->key != NULL || civ_key_load(&key, civ_node_key_path(&config, pool), pool) != APR_SUCCESS)
        return;
    pins->key = civ_key_public(key);
    pins->key_from_state = 1;
}

ctl_exit_e ctl_target_open(civ_offline_t **target, ctl_pins_t *pins, ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    civ_offline_config_t *config = apr_pcalloc(ctl->pool, sizeof(*config));
    const char *error;
    ctl_exit_e result;
    apr_status_t status;

    if (options->state == NULL && options->database == NULL) {
        ctl_complain("where is the ledger? Give --state DIR, or --database PARAMETERS");
        return CTL_USAGE;
    }
    result = options->state != NULL ? ctl_account_of_folder(options->state, ctl->pool)
             : options->driver == NULL || strcmp(options->driver, "sqlite3") == 0
                 ? ctl_account_of_parent(options->database, ctl->pool)
                 : CTL_DONE;
    if (result != CTL_DONE)
        return result;
    if (options->state != NULL)
        pin_state_key(pins, options->state, ctl->pool);
    config->state_dir = options->state;
    config->database_driver = options->driver;
    config->database_parameters = options->database;
    config->ledger_name = pins->name;
    config->public_key = pins->key;
    config->log = &ctl->log;
    status = civ_offline_open(target, config, &error, ctl->pool);
    if (status != APR_SUCCESS) {
        ctl_complain("%s", error);
        return CTL_FAILED;
    }
    return CTL_DONE;
}
