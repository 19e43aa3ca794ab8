/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl sign-rotation: what an organisation signs with its old key to go on under a new one, on its own machine.
 */
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "base/keys.h"
#include "federation/members.h"
#include "options.h"
#include "target.h"

static ctl_exit_e check(const ctl_options_t *options)
{
    if (options->key == NULL || options->organization == NULL || options->new_key == NULL) {
        ctl_complain("sign-rotation needs --key, --organization and --new-key");
        return CTL_USAGE;
    }
    if (!civ_organization_id_is_valid(options->organization)) {
        ctl_complain("--organization is 1 to %d of A-Z a-z 0-9 . _ : @ - and neither \".\" nor \"..\"",
                     CIV_ORGANIZATION_ID_SIZE);
        return CTL_USAGE;
    }
    return CTL_DONE;
}

static ctl_exit_e sign(const civ_key_t *old, const civ_public_key_t *key, ctl_t *ctl)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    const char *old_id = civ_key_thumbprint(civ_public_key_raw(civ_key_public(old)), ctl->pool);
    const char *new_id = civ_key_thumbprint(civ_public_key_raw(key), ctl->pool);
    const char *text = civ_rotation_text(ctl->options->organization, old_id, new_id, ctl->pool);
    apr_status_t status;

    if (civ_public_key_check(key) != APR_SUCCESS) {
        ctl_complain("--new-key: no federation takes that key");
        return CTL_USAGE;
    }
    if (strcmp(old_id, new_id) == 0) {
        ctl_complain("--new-key is the key that the organisation has already");
        return CTL_USAGE;
    }
    status = civ_key_sign(old, signature, text, strlen(text));
    if (status != APR_SUCCESS)
        return ctl_failed(status, "signing failed");
    puts(civ_base64_encode(signature, sizeof(signature), ctl->pool));
    return CTL_DONE;
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    const civ_public_key_t *key;
    civ_key_t *old;
    ctl_exit_e result = check(options);
    apr_status_t status;

    if (result == CTL_DONE)
        result = ctl_public_key_read(&key, "new-key", options->new_key, ctl->pool);
    if (result != CTL_DONE)
        return result;
    status = civ_key_load(&old, options->key, ctl->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be used", options->key);
    return sign(old, key, ctl);
}

static const char *const options[] = {"key", "organization", "new-key", NULL};

const ctl_command_t ctl_command_sign_rotation = {
    "sign-rotation",
    "",
    0,
    0,
    "Sign an organisation's new key with its old one",
    options,
    "Prints the signature in base64, for the member \"rotation\" of POST /federated/join; that request "
    "itself is "
    "signed with\n"
    "the new key. What is signed are four lines, each ended by a line feed: \"civarcos-rotation/v1\", the "
    "organisation's id,\n"
    "and the thumbprints (RFC 7638) of the old and of the new key.\n",
    run,
};
