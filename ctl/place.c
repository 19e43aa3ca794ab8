/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Where a ledger is going to be.
 */
#include "place.h"

#include <apr_strings.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "base/encoding.h"
#include "node/folder.h"
#include "options.h"

#define NAME_SIZE 255

ctl_exit_e ctl_place_check_name(const char *name)
{
    const char *at;

    for (at = name; *at > ' ' && *at < 0x7f; at++)
        continue;
    if (*at == '\0' && at > name && at - name <= NAME_SIZE)
        return CTL_DONE;
    ctl_complain("a ledger's name is 1 to %d printable ASCII characters without spaces", NAME_SIZE);
    return CTL_USAGE;
}

/* --- entering --- */

/** The folder is made by root only where nobody else can interfere; else the account has to make it. */
static ctl_exit_e make_folder_as_root(const char *state, const char *owner, apr_pool_t *pool)
{
    const struct passwd *account = owner != NULL ? getpwnam(owner) : NULL;
    const char *error = NULL;
    struct stat info;

    if (owner != NULL && account == NULL) {
        ctl_complain("there is no account \"%s\"", owner);
        return CTL_USAGE;
    }
    if (lstat(state, &info) == 0 && info.st_uid != 0) {
        if (account == NULL || account->pw_uid == info.st_uid)
            return CTL_DONE;
        ctl_complain("the folder \"%s\" belongs to somebody else than \"%s\"", state, owner);
        return CTL_REFUSED;
    }
    if (account == NULL) {
        ctl_complain("whom shall the state folder belong to? Name httpd's User with --owner");
        return CTL_USAGE;
    }
    if (civ_folder_make(state, account->pw_uid, account->pw_gid, &error, pool) == APR_SUCCESS)
        return ctl_account_become(account->pw_uid, account->pw_gid);
    ctl_complain("%s", error != NULL ? error : "the state folder cannot be made");
    return CTL_FAILED;
}

ctl_exit_e ctl_place_enter(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    ctl_exit_e result = CTL_DONE;

    if (geteuid() == 0)
        result = make_folder_as_root(options->state, options->owner, ctl->pool);
    else if (options->owner != NULL)
        ctl_note(ctl, "--owner is for root");
    /* As root the folder is there: either it was, or it was made above. */
    if (result == CTL_DONE && geteuid() != 0 && mkdir(options->state, 0700) != 0 && errno != EEXIST)
        return ctl_failed(errno, "the folder \"%s\" cannot be made", options->state);
    return result == CTL_DONE ? ctl_account_of_folder(options->state, ctl->pool) : result;
}

/* --- looking --- */

static ctl_exit_e is_absent(const char *path, int may_be_empty)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return errno == ENOENT ? CTL_DONE : ctl_failed(errno, "\"%s\" cannot be looked at", path);
    if (may_be_empty && S_ISREG(info.st_mode) && info.st_size == 0)
        return CTL_DONE;
    ctl_complain("\"%s\" is there already; nothing was changed", path);
    return CTL_REFUSED;
}

ctl_exit_e ctl_place_is_free(const civ_node_config_t *config, apr_pool_t *pool)
{
    const char *database = config->database_parameters != NULL ? config->database_parameters
                                                               : civ_node_database_path(config, pool);
    ctl_exit_e result = is_absent(civ_node_head_path(config, pool), 0);

    if (result != CTL_DONE ||
        (config->database_driver != NULL && strcmp(config->database_driver, "sqlite3") != 0))
        return result;
    result = is_absent(database, 1);
    /* SQLite would take what belonged to another database for this one's. */
    return result == CTL_DONE ? is_absent(apr_pstrcat(pool, database, "-wal", NULL), 0) : result;
}

ctl_exit_e ctl_place_print_key(const civ_node_config_t *config, apr_pool_t *pool)
{
    const civ_public_key_t *public_key;
    civ_key_t *key;
    apr_status_t status = civ_key_load(&key, civ_node_key_path(config, pool), pool);

    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be read", civ_node_key_path(config, pool));
    public_key = civ_key_public(key);
    printf("public-key: %s\n%s", civ_base64_encode(civ_public_key_raw(public_key), CIV_KEY_PUBLIC_SIZE, pool),
           civ_public_key_pem(public_key));
    return CTL_DONE;
}
