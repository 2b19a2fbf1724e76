/* A disk that loses power, fills up or fails, for the one program that it is preloaded into.
 *
 * Files below $FAULT_ROOT are mirrored into $FAULT_DURABLE, and only what the program has made
 * durable reaches the mirror: the content of a file at each successful fsync and fdatasync, renames
 * and unlinks. sync_file_range, flushes by the kernel and the page cache count for nothing. So the
 * mirror is what a disk may hold after a power cut in the worst case that POSIX allows.
 *
 *   FAULT_UNSYNCED=name   syncs of files of that name make nothing durable
 *   FAULT_CUT=n           before the n-th write or sync below the root the power goes
 *   FAULT_AFTER=n         from the n-th write or sync on,
 *   FAULT_WRITE=errno       writes fail so
 *   FAULT_SYNC=errno        syncs fail so
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t mirror_lock = PTHREAD_MUTEX_INITIALIZER;
static long events;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static void make_parents(char *path) {
    for (char *p = path + 1; *p; p++)
        if (*p == '/') { *p = 0; mkdir(path, 0755); *p = '/'; }
}

/* The part of a path below the root; 0 when it is not below it. */
static const char *below_root(const char *path) {
    const char *root = getenv("FAULT_ROOT");
    if (!root) return 0;
    size_t n = strlen(root);
    return strncmp(path, root, n) || (path[n] != '/' && path[n]) ? 0 : path + n;
}

static int path_of(int fd, char *path, size_t cap) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, cap - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return 1;
}

static int mirror_path(const char *path, char *out, size_t cap) {
    const char *durable = getenv("FAULT_DURABLE"), *below = below_root(path);
    if (!durable || !below) return 0;
    return snprintf(out, cap, "%s%s", durable, below) < (int)cap;
}

static int real_rename(const char *from, const char *to) {
    int (*f)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return f(from, to);
}

static ssize_t real_write(int fd, const void *from, size_t count) {
    ssize_t (*f)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return f(fd, from, count);
}

/* Copies the file behind `fd`, as it is now, into the mirror, atomically. Holes stay holes. */
static void make_durable(int fd) {
    char path[4096], dest[4096], temp[4200];
    struct stat st;
    if (!path_of(fd, path, sizeof path) || !mirror_path(path, dest, sizeof dest)) return;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) return;
    const char *name = strrchr(path, '/') + 1, *unsynced = getenv("FAULT_UNSYNCED");
    if (unsynced && !strcmp(name, unsynced)) return;
    snprintf(temp, sizeof temp, "%s.cut", dest);

    pthread_mutex_lock(&mirror_lock);
    make_parents(dest);
    int out = open(temp, O_WRONLY | O_CREAT | O_TRUNC, 0644), in = open(path, O_RDONLY);
    static char buffer[1 << 16], zeros[1 << 16];
    off_t at = 0;
    ssize_t got;
    int whole = out >= 0 && in >= 0;
    while (whole && (got = pread(in, buffer, sizeof buffer, at)) > 0) {
        if (memcmp(buffer, zeros, got) == 0) lseek(out, got, SEEK_CUR);
        else if (real_write(out, buffer, got) != got) whole = 0;
        at += got;
    }
    if (whole && ftruncate(out, at)) whole = 0;
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    if (whole) real_rename(temp, dest);
    pthread_mutex_unlock(&mirror_lock);
}

/* Counts a write or a sync; the errno that it fails with, or 0. */
static int event(int fd, const char *failure) {
    char path[4096];
    int saved = errno;
    if (!path_of(fd, path, sizeof path) || !below_root(path)) { errno = saved; return 0; }
    errno = saved;
    long now = __atomic_add_fetch(&events, 1, __ATOMIC_SEQ_CST), cut = number("FAULT_CUT");
    if (cut && now >= cut) {
        pthread_mutex_lock(&mirror_lock); /* a sync that is on its way is whole or is not */
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    long after = number("FAULT_AFTER");
    return after && now >= after ? (int)number(failure) : 0;
}

static int sync_with(const char *name, int fd) {
    int failure = event(fd, "FAULT_SYNC");
    if (failure) { errno = failure; return -1; }
    int (*f)(int) = dlsym(RTLD_NEXT, name);
    int r = f(fd);
    if (!r) make_durable(fd);
    return r;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

static ssize_t pwrite_with(const char *name, int fd, const void *from, size_t count, off_t at) {
    int failure = event(fd, "FAULT_WRITE");
    if (failure) { errno = failure; return -1; }
    ssize_t (*f)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, name);
    return f(fd, from, count, at);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at) {
    return pwrite_with("pwrite", fd, from, count, at);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off_t at) {
    return pwrite_with("pwrite64", fd, from, count, at);
}

ssize_t write(int fd, const void *from, size_t count) {
    int failure = event(fd, "FAULT_WRITE");
    if (failure) { errno = failure; return -1; }
    return real_write(fd, from, count);
}

int rename(const char *from, const char *to) {
    char a[4096], b[4096];
    int r = real_rename(from, to);
    if (!r && mirror_path(from, a, sizeof a) && mirror_path(to, b, sizeof b)) real_rename(a, b);
    return r;
}

int unlink(const char *path) {
    int (*f)(const char *) = dlsym(RTLD_NEXT, "unlink");
    char mirrored[4096];
    int r = f(path);
    if (!r && mirror_path(path, mirrored, sizeof mirrored)) f(mirrored);
    return r;
}
