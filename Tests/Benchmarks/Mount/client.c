// client TEST PATH [SECONDS]: measures one thing of a file or folder and prints a number.
//
//   seq      bytes/s of a sequential read in 1 MiB pieces       seq-warm   the same again, from the page cache
//   two      bytes/s of two threads, each reading its half      mmap       bytes/s of a walk through a mapping
//   mmap-warm                                                   random     4 KiB reads/s at random places
//   open     open+read+close/s of f00000 … f00999 in a folder   stat       stat/s of the same
//   list     entries/s of a listing                             list-long  entries/s of a listing with attributes
//   memory   bytes/s of writing to PATH mebibytes of fresh memory, a byte a page
//
// What is not called warm begins with the file's pages dropped from the page cache, or with the kernel's
// names dropped (list-long, by root). Reads are of whole files or for SECONDS (0.5).
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *path;
static double seconds = 0.5;
static const size_t piece = 1 << 20;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int opened(int is_cold) {
    int file = open(path, O_RDONLY);
    if (file < 0) fail(path);
    if (is_cold) posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    return file;
}

static size_t size_of(int file) {
    struct stat status;
    if (fstat(file, &status)) fail("fstat");
    return status.st_size;
}

static void read_range(int file, size_t start, size_t end) {
    char *buffer = aligned_alloc(4096, piece);
    while (start < end) {
        ssize_t count = pread(file, buffer, end - start < piece ? end - start : piece, start);
        if (count <= 0) fail("pread");
        start += count;
    }
    free(buffer);
}

static double sequential(int is_cold) {
    int file = opened(is_cold);
    size_t size = size_of(file);
    if (!is_cold) read_range(file, 0, size);
    double start = now();
    read_range(file, 0, size);
    return size / (now() - start);
}

static void *read_half(void *number) {
    int file = opened(0);
    size_t size = size_of(file), half = size / 2;
    if (number) read_range(file, half, size);
    else read_range(file, 0, half);
    return NULL;
}

static double two_streams(void) {
    size_t size = size_of(opened(1));
    pthread_t threads[2];
    double start = now();
    for (intptr_t i = 0; i < 2; i++) pthread_create(&threads[i], NULL, read_half, (void *)i);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    return size / (now() - start);
}

static double mapping(int is_cold) {
    int file = opened(is_cold);
    size_t size = size_of(file);
    const volatile char *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) fail("mmap");
    unsigned long sum = 0;
    double start = 0;
    for (int turn = is_cold; turn < 2; turn++) {
        start = now();
        for (size_t i = 0; i < size; i += 64) sum += bytes[i];
    }
    return size / (now() - start) + (sum == 1);
}

static double random_reads(void) {
    int file = opened(1);
    size_t pages = size_of(file) / 4096, count = 0;
    posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
    static char buffer[4096];
    uint64_t x = 88172645463325252ull;
    double start = now();
    do {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        if (pread(file, buffer, 4096, (off_t)(x % pages) * 4096) <= 0) fail("pread");
        count++;
    } while (count % 16 || now() - start < seconds);
    return count / (now() - start);
}

static double each_file(int reads) {
    char name[4096], buffer[4096];
    size_t count = 0;
    // The first turn is not timed: it is the servers that are compared, not how they find a file first.
    double start = 0;
    do {
        if (count == 1000) start = now();
        for (int i = 0; i < 1000; i++, count++) {
            struct stat status;
            snprintf(name, sizeof name, "%s/f%05d", path, i);
            if (!reads) {
                if (stat(name, &status)) fail(name);
                continue;
            }
            int file = open(name, O_RDONLY);
            if (file < 0 || read(file, buffer, 4096) < 0) fail(name);
            close(file);
        }
    } while (count < 2000 || now() - start < seconds);
    return (count - 1000) / (now() - start);
}

static double listing(int is_long) {
    if (is_long) {
        int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
        if (drop >= 0 && write(drop, "2", 1) < 0) fail("drop_caches");
    }
    size_t count = 0;
    double start = now();
    DIR *folder = opendir(path);
    if (!folder) fail(path);
    for (struct dirent *entry; (entry = readdir(folder)); count++) {
        struct stat status;
        if (is_long && fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) fail(entry->d_name);
    }
    return count / (now() - start);
}

static double touch_memory(void) {
    size_t size = atof(path) * (1 << 20);
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) fail("mmap");
    double start = now();
    for (size_t i = 0; i < size; i += 4096) bytes[i] = 1;
    return size / (now() - start);
}

int main(int count, char **words) {
    if (count < 3) return fprintf(stderr, "usage: client TEST PATH [SECONDS]\n"), 2;
    const char *test = words[1];
    path = words[2];
    if (count > 3) seconds = atof(words[3]);
    double value = !strcmp(test, "seq") ? sequential(1)
        : !strcmp(test, "seq-warm") ? sequential(0)
        : !strcmp(test, "two") ? two_streams()
        : !strcmp(test, "mmap") ? mapping(1)
        : !strcmp(test, "mmap-warm") ? mapping(0)
        : !strcmp(test, "random") ? random_reads()
        : !strcmp(test, "open") ? each_file(1)
        : !strcmp(test, "stat") ? each_file(0)
        : !strcmp(test, "memory") ? touch_memory()
        : !strcmp(test, "list") ? listing(0)
        : !strcmp(test, "list-long") ? listing(1) : -1;
    printf("%.1f\n", value);
    return value < 0;
}
