/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Manifests, and backups as they are found.
 */
#include "manifest.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/json_writer.h"

#define FORMAT "civarcos-backup/v1"

/* More than any manifest. */
#define MANIFEST_SIZE 65536

static const civ_json_limits_t limits = {MANIFEST_SIZE, 8, 200, 64};

const char *const ctl_backup_names[CTL_BACKUP_FILES] = {"civarcos.db", "signed-head", "ledger.pem",
                                                        "pseudonym.key", "pseudonym.id"};

/* --- writing --- */

static void write_file(civ_json_writer_t *writer, const ctl_manifest_t *manifest, ctl_backup_file_e which,
                       apr_pool_t *pool)
{
    if (!manifest->files[which].there)
        return;
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "name", ctl_backup_names[which]);
    civ_json_member_uint(writer, "size", manifest->files[which].size);
    civ_json_member_text(writer, "sha256", civ_digest_hex_dup(&manifest->files[which].sha256, pool));
    civ_json_end_object(writer);
}

const char *ctl_manifest_write(const ctl_manifest_t *manifest, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;
    int i;

    civ_buffer_init(&out, 1024, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "format", FORMAT);
    civ_json_member_text(&writer, "created", manifest->created);
    civ_json_member_text(&writer, "program", ctl_version);
    civ_json_member_text(&writer, "ledger", manifest->ledger);
    civ_json_member_text(&writer, "ledger_id", civ_digest_hex_dup(&manifest->ledger_id, pool));
    civ_json_member_text(&writer, "public_key",
                         civ_base64_encode(manifest->public_key, CIV_KEY_PUBLIC_SIZE, pool));
    civ_json_member_uint(&writer, "height", manifest->height);
    civ_json_member_text(&writer, "block_hash", civ_digest_hex_dup(&manifest->block_hash, pool));
    civ_json_member_uint(&writer, "entries", manifest->entries);
    civ_json_name(&writer, "files");
    civ_json_begin_array(&writer);
    for (i = 0; i < CTL_BACKUP_FILES; i++)
        write_file(&writer, manifest, (ctl_backup_file_e)i, pool);
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
    civ_buffer_append_byte(&out, '\n');
    return out.data;
}

/* --- reading --- */

static int read_count(const civ_json_t *object, const char *name, apr_uint64_t *out)
{
    const civ_json_t *member = civ_json_get(object, name);
    apr_int64_t value;

    if (member == NULL || civ_json_to_int64(member, &value) != APR_SUCCESS || value < 0)
        return 0;
    *out = (apr_uint64_t)value;
    return 1;
}

static int read_digest(const civ_json_t *object, const char *name, civ_digest_t *out)
{
    const char *text = civ_json_get_text(object, name);

    return text != NULL && civ_digest_from_hex(out, text) == APR_SUCCESS;
}

static const char *read_key(ctl_manifest_t *manifest, const civ_json_t *root, apr_pool_t *pool)
{
    const char *text = civ_json_get_text(root, "public_key");
    unsigned char *raw;
    apr_size_t length;

    if (text == NULL || civ_base64_decode(&raw, &length, text, pool) != APR_SUCCESS ||
        length != CIV_KEY_PUBLIC_SIZE)
        return "\"public_key\" is not 32 bytes in base64";
    memcpy(manifest->public_key, raw, CIV_KEY_PUBLIC_SIZE);
    return NULL;
}

static const char *read_one_file(ctl_manifest_t *manifest, const civ_json_t *object)
{
    const char *name = civ_json_get_text(object, "name");
    int i;

    for (i = 0; i < CTL_BACKUP_FILES && name != NULL; i++) {
        if (strcmp(name, ctl_backup_names[i]) != 0)
            continue;
        if (manifest->files[i].there || !read_count(object, "size", &manifest->files[i].size) ||
            !read_digest(object, "sha256", &manifest->files[i].sha256))
            return "an entry of \"files\" is not as it must be";
        manifest->files[i].there = 1;
        return NULL;
    }
    return "\"files\" names a file that does not belong to a backup";
}

static const char *read_files(ctl_manifest_t *manifest, const civ_json_t *root)
{
    const civ_json_t *files = civ_json_get(root, "files");
    const char *problem = NULL;
    apr_size_t i;

    if (files == NULL || files->type != CIV_JSON_ARRAY)
        return "\"files\" is missing";
    for (i = 0; i < files->as.array.count && problem == NULL; i++)
        problem = read_one_file(manifest, &files->as.array.items[i]);
    if (problem == NULL &&
        (!manifest->files[CTL_BACKUP_DATABASE].there || !manifest->files[CTL_BACKUP_HEAD].there))
        problem = "\"files\" lacks the database or the signed head";
    return problem;
}

static const char *read_members(ctl_manifest_t *manifest, const civ_json_t *root, apr_pool_t *pool)
{
    const char *format = civ_json_get_text(root, "format");
    const char *problem;

    if (format == NULL || strcmp(format, FORMAT) != 0)
        return "its format is not \"" FORMAT "\"";
    manifest->created = civ_json_get_text(root, "created");
    manifest->ledger = civ_json_get_text(root, "ledger");
    if (manifest->created == NULL || manifest->ledger == NULL ||
        !read_digest(root, "ledger_id", &manifest->ledger_id) ||
        !read_digest(root, "block_hash", &manifest->block_hash) ||
        !read_count(root, "height", &manifest->height) || !read_count(root, "entries", &manifest->entries))
        return "a member is missing, or not in the form it must have";
    problem = read_key(manifest, root, pool);
    return problem != NULL ? problem : read_files(manifest, root);
}

apr_status_t ctl_manifest_read(ctl_manifest_t *manifest, const char *text, apr_size_t length,
                               const char **out, apr_pool_t *pool)
{
    const civ_json_t *root;
    civ_problem_t problem;

    memset(manifest, 0, sizeof(*manifest));
    *out = NULL;
    if (civ_json_parse(&root, text, length, &limits, &problem, pool) != APR_SUCCESS)
        *out = problem.detail;
    else
        *out = read_members(manifest, root, pool);
    return *out == NULL ? APR_SUCCESS : CIV_EINVALID;
}

/* --- a backup --- */

static apr_status_t close_files(void *baton)
{
    ctl_backup_t *backup = baton;
    int i;

    for (i = 0; i < CTL_BACKUP_FILES; i++)
        if (backup->files[i] >= 0)
            close(backup->files[i]);
    return APR_SUCCESS;
}

/* As root we may read everything; what is handed on to another account must be what that backup is made of. */
static ctl_exit_e open_file(int *file, int folder, const char *path, const char *name)
{
    struct stat above, info;

    *file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*file < 0)
        return ctl_failed(errno, "\"%s/%s\" cannot be read", path, name);
    if (fstat(folder, &above) == 0 && fstat(*file, &info) == 0 && S_ISREG(info.st_mode) &&
        (geteuid() != 0 || (info.st_uid == above.st_uid && info.st_nlink == 1)))
        return CTL_DONE;
    ctl_complain("\"%s/%s\" is not a file of the folder's owner", path, name);
    return CTL_FAILED;
}

static ctl_exit_e read_manifest(ctl_backup_t *backup, int folder, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, MANIFEST_SIZE);
    const char *problem;
    struct stat info;
    ssize_t got;
    ctl_exit_e result;
    int file;

    if (fstatat(folder, CTL_MANIFEST_NAME, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        ctl_complain("\"%s\" is no complete backup: it has no manifest", backup->path);
        return CTL_FAULTS;
    }
    result = open_file(&file, folder, backup->path, CTL_MANIFEST_NAME);
    if (result != CTL_DONE)
        return result;
    got = read(file, text, MANIFEST_SIZE);
    close(file);
    if (got < 0)
        return ctl_failed(errno, "\"%s/%s\" cannot be read", backup->path, CTL_MANIFEST_NAME);
    if (ctl_manifest_read(&backup->manifest, text, (apr_size_t)got, &problem, pool) == APR_SUCCESS)
        return CTL_DONE;
    ctl_complain("the manifest of \"%s\" cannot be understood: %s", backup->path, problem);
    return CTL_FAULTS;
}

ctl_exit_e ctl_backup_open(ctl_backup_t *backup, const char *path, apr_pool_t *pool)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    ctl_exit_e result;
    int i;

    memset(backup, 0, sizeof(*backup));
    backup->path = path;
    for (i = 0; i < CTL_BACKUP_FILES; i++)
        backup->files[i] = -1;
    if (folder < 0)
        return ctl_failed(errno, "the backup \"%s\" cannot be read", path);
    apr_pool_cleanup_register(pool, backup, close_files, apr_pool_cleanup_null);
    result = read_manifest(backup, folder, pool);
    for (i = 0; i < CTL_BACKUP_FILES && result == CTL_DONE; i++)
        if (backup->manifest.files[i].there)
            result = open_file(&backup->files[i], folder, path, ctl_backup_names[i]);
    close(folder);
    return result;
}

apr_status_t ctl_backup_check(const ctl_backup_t *backup, ctl_backup_file_e which, int file,
                              const char **fault, apr_pool_t *pool)
{
    civ_digest_t sha256;
    apr_uint64_t size;
    apr_status_t status = civ_digest_file(&sha256, &size, file);

    *fault = NULL;
    if (status == APR_SUCCESS && size != backup->manifest.files[which].size)
        *fault = apr_psprintf(pool,
                              "the file %s has %" APR_UINT64_T_FMT " bytes, not the %" APR_UINT64_T_FMT
                              " of the manifest",
                              ctl_backup_names[which], size, backup->manifest.files[which].size);
    else if (status == APR_SUCCESS && !civ_digest_equal(&sha256, &backup->manifest.files[which].sha256))
        *fault = apr_psprintf(pool, "the file %s does not have the SHA-256 of the manifest",
                              ctl_backup_names[which]);
    return status;
}
