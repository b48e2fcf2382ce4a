// ceiling MOUNTPOINT MEBIBYTES: the fastest file system that libfuse allows, to compare a mount with.
//
// It answers every read from memory, in one copy, and remembers nothing. In its root are `big`, of the
// given size, and the folders `d1000` and `d10000` of as many files of 4 KiB. It runs in the foreground
// until it is unmounted.
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <fuse_lowlevel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { root = 1, big = 2, folder_1000 = 3, folder_10000 = 4, first_1000 = 100000, first_10000 = 200000 };
static char *memory;
static size_t big_size;
static const double a_day = 86400;
static const size_t small_size = 4096;

static int is_folder(fuse_ino_t node) { return node != big && node <= folder_10000; }

static size_t count_of(fuse_ino_t folder) {
    return folder == folder_1000 ? 1000 : folder == folder_10000 ? 10000 : 3;
}

static struct stat status_of(fuse_ino_t node) {
    struct stat status = {.st_ino = node, .st_nlink = 1, .st_mtime = 1700000000, .st_blksize = 1 << 17};
    status.st_mode = is_folder(node) ? S_IFDIR | 0555 : S_IFREG | 0444;
    status.st_size = is_folder(node) ? 0 : node == big ? (off_t)big_size : (off_t)small_size;
    status.st_blocks = (status.st_size + 511) / 512;
    return status;
}

// The entry of a folder at a place, and its name.
static fuse_ino_t entry_at(fuse_ino_t folder, size_t place, char name[16]) {
    if (folder == root) {
        static const char *names[] = {"big", "d1000", "d10000"};
        strcpy(name, names[place]);
        return big + place;
    }
    snprintf(name, 16, "f%05zu", place);
    return (folder == folder_1000 ? first_1000 : first_10000) + place;
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
    if (parent == root) {
        char known[16];
        for (size_t place = 0; place < 3; place++) {
            fuse_ino_t found = entry_at(root, place, known);
            if (!strcmp(name, known)) node = found;
        }
    } else if (name[0] == 'f') {
        size_t place = strtoul(name + 1, NULL, 10);
        char known[16];
        if (place < count_of(parent)) node = entry_at(parent, place, known);
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
    char *reply = malloc(size);
    size_t used = 0;
    for (size_t place = first; place < count_of(folder); place++) {
        char name[16];
        struct fuse_entry_param entry = parameters_of(entry_at(folder, place, name));
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
    char *arguments[] = {words[0], "-o", "fsname=ceiling,subtype=ceiling", NULL};
    struct fuse_args parsed = FUSE_ARGS_INIT(3, arguments);
    struct fuse_session *session = fuse_session_new(&parsed, &operations, sizeof operations, NULL);
    if (!session || fuse_set_signal_handlers(session) || fuse_session_mount(session, words[1])) return 1;
    struct fuse_loop_config *configuration = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(configuration, 16);
    int result = fuse_session_loop_mt(session, configuration);
    fuse_session_unmount(session);
    return result < 0;
}
