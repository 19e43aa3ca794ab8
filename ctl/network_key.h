/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file network_key.h
 * The network's key in backups. From it the pseudonyms of members are made; its id, which is no secret, tells which key belongs
 * to a database.
 */
#ifndef CTL_NETWORK_KEY_H
#define CTL_NETWORK_KEY_H

#include "manifest.h"

#include "node/node.h"

/** Copy the id, and @a with_key the key, of a state folder into the folder of a backup; what is not there is left out.
 *  Complains. @return CTL_DONE or CTL_FAILED */
ctl_exit_e ctl_network_key_copy(ctl_t *ctl, const civ_node_config_t *config, const char *folder,
                                int with_key);

/** Put what was taken of a backup, and compared with its manifest, into a state folder: a key that is there stays; one that is
 *  missing, or another one than the backup's, is told. @param folder where the files of the backup are
 *  @return CTL_DONE or CTL_FAILED */
ctl_exit_e ctl_network_key_put(ctl_t *ctl, const civ_node_config_t *config, const char *folder);

#endif
