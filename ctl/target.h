/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file target.h
 * The ledger that a command is about, as --state, --driver and --database name it; and what it is compared with.
 */
#ifndef CTL_TARGET_H
#define CTL_TARGET_H

#include "ctl.h"

#include "ledger/head_file.h"
#include "node/offline.h"

/** What the caller knows of the ledger: nothing of it comes from what is examined. */
typedef struct ctl_pins_t {
    const civ_public_key_t *key; /**< --public-key, else the state folder's own key; NULL: not known */
    int key_from_state;          /**< it is the state folder's */
    civ_digest_t ledger_id;      /**< --ledger-id */
    int ledger_id_known;
    const char *name; /**< --name, or NULL */
} ctl_pins_t;

/** Read --public-key, --ledger-id and --name. Complains. */
ctl_exit_e ctl_pins_read(ctl_pins_t *pins, ctl_t *ctl);

/** Read a public key as options give it: the name of a file with SPKI PEM, that PEM itself, or the 32 bytes in base64. On
 *  @a pool. Complains, of the option @a option. */
ctl_exit_e ctl_public_key_read(const civ_public_key_t **key, const char *option, const char *given,
                               apr_pool_t *pool);

/** The key of a signed head's file is that of the ledger: read --signed-head once name and key are known.
 *  @return CTL_DONE; CTL_FAULTS when the file bears no good signature (said as a complaint); CTL_FAILED */
ctl_exit_e ctl_pins_signed_head(civ_signed_head_t *head, const char *path, const char *name,
                                const civ_public_key_t *key, apr_pool_t *pool);

/** Open the ledger for reading; as root with the rights of the owner of the state folder. The state folder's key
 *  becomes a pin where --public-key was not given. Complains. */
ctl_exit_e ctl_target_open(civ_offline_t **target, ctl_pins_t *pins, ctl_t *ctl);

#endif
