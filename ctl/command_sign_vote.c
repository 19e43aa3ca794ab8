/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl sign-vote: what a validator signs, on the validator's own machine.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/keys.h"
#include "options.h"
#include "place.h"

/** Read a hash as API answers have it, or as the text that is signed does. @param base64 the latter, on @a pool */
static ctl_exit_e read_hash(const char **base64, const char *option, const char *text, apr_pool_t *pool)
{
    unsigned char hash[CIV_DIGEST_SIZE];
    unsigned char *bytes;
    apr_size_t length;

    if (text != NULL && civ_hex_decode(hash, sizeof(hash), text) == APR_SUCCESS) {
        *base64 = civ_base64_encode(hash, sizeof(hash), pool);
        return CTL_DONE;
    }
    if (text != NULL && civ_base64_decode(&bytes, &length, text, pool) == APR_SUCCESS &&
        length == CIV_DIGEST_SIZE) {
        *base64 = text;
        return CTL_DONE;
    }
    ctl_complain(
        "sign-vote needs --%s: a SHA-256 hash, 64 lower-case hex digits or 32 bytes in padded base64",
        option);
    return CTL_USAGE;
}

static ctl_exit_e check(const ctl_options_t *options)
{
    ctl_exit_e result;

    if (options->key == NULL || options->name == NULL || options->height < 0 || options->decision == NULL) {
        ctl_complain("sign-vote needs --key, --name, --height, --block-hash, --set-hash and --decision");
        return CTL_USAGE;
    }
    result = ctl_place_check_name(options->name);
    if (result == CTL_DONE && strcmp(options->decision, "accept") != 0 &&
        strcmp(options->decision, "reject") != 0) {
        ctl_complain("--decision is \"accept\" or \"reject\"");
        result = CTL_USAGE;
    }
    return result;
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    const char *block_hash, *set_hash, *text;
    civ_key_t *key;
    ctl_exit_e result = check(options);
    apr_status_t status;

    if (result == CTL_DONE)
        result = read_hash(&block_hash, "block-hash", options->block_hash, ctl->pool);
    if (result == CTL_DONE)
        result = read_hash(&set_hash, "set-hash", options->set_hash, ctl->pool);
    if (result != CTL_DONE)
        return result;
    status = civ_key_load(&key, options->key, ctl->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be used", options->key);
    text = apr_psprintf(ctl->pool, "civarcos-vote/v1\n%s\n%" APR_INT64_T_FMT "\n%s\n%s\n%s\n", options->name,
                        options->height, block_hash, set_hash, options->decision);
    status = civ_key_sign(key, signature, text, strlen(text));
    if (status != APR_SUCCESS)
        return ctl_failed(status, "signing failed");
    puts(civ_base64_encode(signature, sizeof(signature), ctl->pool));
    return CTL_DONE;
}

static const char *const options[] = {"key", "name", "height", "block-hash", "set-hash", "decision", NULL};

const ctl_command_t ctl_command_sign_vote = {
    "sign-vote",
    "",
    0,
    0,
    "Sign a validator's vote on a block",
    options,
    "Prints the signature in base64, for POST /blockchain/vote. What is signed are six lines, each ended by "
    "a line feed:\n"
    "\"civarcos-vote/v1\", the ledger's name, the height, the block's hash, the hash of the validators in "
    "force (both in\n"
    "base64), and \"accept\" or \"reject\".\n",
    run,
};
