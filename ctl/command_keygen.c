/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl keygen: key pairs, for the ledger, a validator or a member of a federation.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "base/key_thumbprint.h"
#include "base/keys.h"
#include "options.h"

static ctl_exit_e print_public(const char *path, int id_only, apr_pool_t *pool)
{
    civ_key_t *key;
    apr_status_t status = civ_key_load(&key, path, pool);

    if (APR_STATUS_IS_EACCES(status)) {
        ctl_complain(
            "the key \"%s\" cannot be used: it must be readable by its owner and by nobody else (mode 0600)",
            path);
        return CTL_FAILED;
    }
    if (status == CIV_EINVALID) {
        ctl_complain("\"%s\" is not an Ed25519 private key in PEM", path);
        return CTL_FAULTS;
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be read", path);
    if (id_only) {
        puts(civ_key_thumbprint(civ_public_key_raw(civ_key_public(key)), pool));
        return CTL_DONE;
    }
    fputs(civ_public_key_pem(civ_key_public(key)), stdout);
    return CTL_DONE;
}

static ctl_exit_e make(const char *path, apr_pool_t *pool)
{
    civ_key_t *key;
    apr_status_t status = civ_key_generate(&key, pool);

    if (status == APR_SUCCESS)
        status = civ_key_save(key, path, pool);
    if (APR_STATUS_IS_EEXIST(status)) {
        ctl_complain("\"%s\" is there already; nothing was changed", path);
        return CTL_REFUSED;
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be written", path);
    fputs(civ_public_key_pem(civ_key_public(key)), stdout);
    return CTL_DONE;
}

static ctl_exit_e run(ctl_t *ctl)
{
    const char *path;
    ctl_exit_e result = ctl_options_path(&path, ctl->options->arguments[0], ctl->pool);

    if (result == CTL_DONE)
        result = ctl_account_of_parent(path, ctl->pool);
    if (result != CTL_DONE)
        return result;
    if (ctl->options->public_half || ctl->options->key_id)
        return print_public(path, ctl->options->key_id, ctl->pool);
    return make(path, ctl->pool);
}

static const char *const options[] = {"public", "key-id", NULL};

const ctl_command_t ctl_command_keygen = {
    "keygen",
    "FILE",
    1,
    1,
    "Make an Ed25519 key pair, for a ledger, a validator or a member of a federation",
    options,
    "Writes the private key to FILE (PKCS#8 PEM, mode 0600) and prints the public one (SPKI PEM). A file "
    "that is there is\n"
    "never replaced (exit status 4). As root, the file belongs to the owner of the folder it is made in.\n",
    run,
};
