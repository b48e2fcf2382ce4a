// ceiling MOUNTPOINT MEBIBYTES: the fastest file system that libfuse allows, to compare a mount with.
//
// It answers every read from memory, in one copy, and remembers nothing. In its root is `big`, of the
// given size; its folders lie as deep as those of a mounted archive that they are compared with, since
// the kernel's walk along a path is a part of every stat(2): `models/many` of 100,000 folders, and
// `models/small/v1/files/d1000` and `…/d10000` of as many files of 4 KiB. It runs in the foreground until it
// is unmounted.
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <fuse_lowlevel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// The nodes that have names, with the node that holds each; and the folders whose entries are numbered.
enum { root = 1, big, models, many, small, version, files, folder_1000, folder_10000, named_end };
static const struct { fuse_ino_t parent; const char *name; } named[named_end] = {
    [big] = {root, "big"}, [models] = {root, "models"}, [many] = {models, "many"}, [small] = {models, "small"},
    [version] = {small, "v1"}, [files] = {version, "files"}, [folder_1000] = {files, "d1000"},
    [folder_10000] = {files, "d10000"}};
static const fuse_ino_t entries_of_folder = 1000000;

static char *memory;
static size_t big_size;
static const double a_day = 86400;
static const size_t small_size = 4096;

// The number of numbered entries in a folder.
static size_t count_of(fuse_ino_t folder) {
    return folder == folder_1000 ? 1000 : folder == folder_10000 ? 10000 : folder == many ? 100000 : 0;
}

static int is_folder(fuse_ino_t node) {
    return node != big && (node < named_end || node / entries_of_folder == many);
}

static struct stat status_of(fuse_ino_t node) {
    struct stat status = {.st_ino = node, .st_nlink = 1, .st_mtime = 1700000000, .st_blksize = 1 << 17};
    status.st_mode = is_folder(node) ? S_IFDIR | 0555 : S_IFREG | 0444;
    status.st_size = is_folder(node) ? 0 : node == big ? (off_t)big_size : (off_t)small_size;
    status.st_blocks = (status.st_size + 511) / 512;
    return status;
}

// The entry of a folder at a place, and its name; 0 behind the last.
static fuse_ino_t entry_at(fuse_ino_t folder, size_t place, char name[16]) {
    if (place < count_of(folder)) {
        snprintf(name, 16, "f%05zu", place);
        return folder * entries_of_folder + place;
    }
    for (fuse_ino_t node = big; node < named_end; node++)
        if (named[node].parent == folder && place-- == 0) {
            strcpy(name, named[node].name);
            return node;
        }
    return 0;
}

static struct fuse_entry_param parameters_of(fuse_ino_t node) {
    return (struct fuse_entry_param){
        .ino = node, .generation = 1, .attr = status_of(node), .attr_timeout = a_day, .entry_timeout = a_day};
}

static void on_init(void *data, struct fuse_conn_info *connection) {
    (void)data;
    connection->max_background = 64;
    connection->congestion_threshold = 48;
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
    fuse_ino_t node = 0;
    char known[16];
    if (count_of(parent)) {
        size_t place = strtoul(name + 1, NULL, 10);
        if (name[0] == 'f' && place < count_of(parent)) node = entry_at(parent, place, known);
    } else {
        fuse_ino_t found;
        for (size_t place = 0; (found = entry_at(parent, place, known)); place++)
            if (!strcmp(name, known)) node = found;
    }
    struct fuse_entry_param entry = {.entry_timeout = a_day};
    if (node) entry = parameters_of(node);
    fuse_reply_entry(request, &entry);
}

static void on_getattr(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info) {
    (void)info;
    struct stat status = status_of(node);
    fuse_reply_attr(request, &status, a_day);
}

static void on_open(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info) {
    (void)node;
    info->keep_cache = 1;
    info->noflush = 1;
    fuse_reply_open(request, info);
}

static void on_read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    size_t end = node == big ? big_size : small_size;
    if ((size_t)offset >= end) {
        fuse_reply_buf(request, NULL, 0);
        return;
    }
    if (offset + size > end) size = end - offset;
    fuse_reply_buf(request, memory + offset, size);
}

static void on_opendir(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info) {
    (void)node;
    info->cache_readdir = 1;
    info->keep_cache = 1;
    fuse_reply_open(request, info);
}

static void list(fuse_req_t request, fuse_ino_t folder, size_t size, off_t first, int with_attributes) {
    char *reply = malloc(size), name[16];
    size_t used = 0;
    fuse_ino_t node;
    for (size_t place = first; (node = entry_at(folder, place, name)); place++) {
        struct fuse_entry_param entry = parameters_of(node);
        size_t length = with_attributes
            ? fuse_add_direntry_plus(request, reply + used, size - used, name, &entry, place + 1)
            : fuse_add_direntry(request, reply + used, size - used, name, &entry.attr, place + 1);
        if (length > size - used) break;
        used += length;
    }
    fuse_reply_buf(request, reply, used);
    free(reply);
}

static void on_readdir(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    list(request, node, size, offset, 0);
}

static void on_readdirplus(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    list(request, node, size, offset, 1);
}

static void on_release(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info) {
    (void)node;
    (void)info;
    fuse_reply_err(request, 0);
}

int main(int count, char **words) {
    if (count != 3) return fprintf(stderr, "usage: ceiling MOUNTPOINT MEBIBYTES\n"), 2;
    big_size = strtoul(words[2], NULL, 10) << 20;
    memory = mmap(NULL, big_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) return perror("mmap"), 1;
    for (size_t i = 0; i < big_size; i += 8) memcpy(memory + i, &i, 8);
    static const struct fuse_lowlevel_ops operations = {
        .init = on_init, .lookup = on_lookup, .getattr = on_getattr, .open = on_open, .read = on_read,
        .opendir = on_opendir, .readdir = on_readdir, .readdirplus = on_readdirplus,
        .release = on_release, .releasedir = on_release};
    char *arguments[] = {words[0], "-o", "fsname=ceiling,subtype=ceiling,default_permissions", NULL};
    struct fuse_args parsed = FUSE_ARGS_INIT(3, arguments);
    struct fuse_session *session = fuse_session_new(&parsed, &operations, sizeof operations, NULL);
    if (!session || fuse_set_signal_handlers(session) || fuse_session_mount(session, words[1])) return 1;
    struct fuse_loop_config *configuration = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(configuration, 16);
    int result = fuse_session_loop_mt(session, configuration);
    fuse_session_unmount(session);
    return result < 0;
}
