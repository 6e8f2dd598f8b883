/* A disk that forgets: what was written and not synced is undone after a power cut (THR-47).
 *
 * Preloaded into the service. Before a file below UNSYNCED_UNDER changes, what it held is kept in the file UNSYNCED_JOURNAL; a sync of the file
 * ends that, because from then on a disk has to keep the change. After kill -9 the reader of the journal (kokuin-crash --layer) puts back
 * whatever had not been synced, newest first: the state of a disk that kept nothing it was not told to keep.
 *
 * Names count too: a file that was made is gone unless it or its folder was synced, a rename or removal is undone unless the folder was.
 * Memory maps are not looked at; SQLite maps nothing but its -shm file, which it makes anew after a crash.
 *
 * UNSYNCED_IGNORE=SUFFIX  syncs of files so named are answered and not done: what `PRAGMA synchronous = NORMAL` leaves out at a commit.
 * UNSYNCED_FAULT=FILE     while FILE exists its first word is a fault of the disk: sync-eio, write-erofs, write-edquot.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { WRITTEN = 1, MADE = 2, RENAMED = 3, REMOVED = 4, SYNCED = 5 };

/* Followed by path, second path and old octets, in this order. The reader is src/bin/kokuin-crash/layer.rs. */
struct record {
    uint64_t number, inode, folder, offset, size;
    uint32_t kind, path_len, other_len, old_len;
};

struct outstanding { uint64_t number, inode, folder; uint32_t kind; };

#define FILES 65536
static char *paths[FILES]; /* of the files that are watched, by descriptor */
static struct outstanding *waiting;
static size_t waiting_len, waiting_room;
static uint64_t last_number;
static int journal = -1;
static const char *under, *ignored, *fault;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void broken(const char *what) {
    /* A layer that forgets to remember would make a test pass. */
    dprintf(2, "unsynced: %s: %s\n", what, strerror(errno));
    abort();
}

__attribute__((constructor)) static void begin(void) {
    under = getenv("UNSYNCED_UNDER");
    ignored = getenv("UNSYNCED_IGNORE");
    fault = getenv("UNSYNCED_FAULT");
    const char *path = getenv("UNSYNCED_JOURNAL");
    if (!under || !path) return;
    journal = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) broken(path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int watched(int fd) { return journal >= 0 && fd >= 0 && fd < FILES && paths[fd]; }

static int has_fault(const char *name) {
    char word[32] = {0};
    if (!fault) return 0;
    int fd = syscall(SYS_openat, AT_FDCWD, fault, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    ssize_t got = syscall(SYS_read, fd, word, sizeof word - 1);
    syscall(SYS_close, fd);
    return got > 0 && strncmp(word, name, strlen(name)) == 0;
}

static uint64_t inode_of(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static uint64_t folder_of(const char *path) {
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash) return 0;
    *(slash == folder ? slash + 1 : slash) = 0;
    return inode_of(folder);
}

static void put(const void *bytes, size_t len) {
    const char *at = bytes;
    while (len > 0) {
        ssize_t done = syscall(SYS_write, journal, at, len);
        if (done < 0) broken("journal");
        at += done, len -= (size_t)done;
    }
}

/* The lock is held. One write a record, so that no kill tears it. */
static void keep(struct record r, const char *path, const char *other, const void *old) {
    r.number = ++last_number;
    r.path_len = (uint32_t)strlen(path);
    r.other_len = other ? (uint32_t)strlen(other) : 0;
    size_t len = sizeof r + r.path_len + r.other_len + r.old_len;
    char *whole = malloc(len), *at = whole;
    if (!whole) broken("memory");
    at = mempcpy(at, &r, sizeof r);
    at = mempcpy(at, path, r.path_len);
    if (other) at = mempcpy(at, other, r.other_len);
    if (old) memcpy(at, old, r.old_len);
    put(whole, len);
    free(whole);
    if (r.kind == SYNCED) return;
    if (waiting_len == waiting_room) {
        waiting_room = waiting_room ? 2 * waiting_room : 1024;
        waiting = realloc(waiting, waiting_room * sizeof *waiting);
        if (!waiting) broken("memory");
    }
    waiting[waiting_len++] = (struct outstanding){r.number, r.inode, r.folder, r.kind};
}

/* Whether a sync of this inode keeps the change: contents and making by the file, every name by its folder. */
static int kept_by(const struct outstanding *w, uint64_t inode) {
    return (w->inode == inode && w->kind <= MADE) || (w->folder == inode && w->kind >= MADE);
}

static void synced(uint64_t inode, uint64_t up_to, const char *path) {
    pthread_mutex_lock(&lock);
    size_t left = 0;
    for (size_t i = 0; i < waiting_len; i++)
        if (!(waiting[i].number <= up_to && kept_by(&waiting[i], inode))) waiting[left++] = waiting[i];
    waiting_len = left;
    if (left == 0) {
        if (syscall(SYS_ftruncate, journal, 0) != 0) broken("journal");
    } else {
        keep((struct record){.kind = SYNCED, .inode = inode, .offset = up_to}, path, NULL, NULL);
    }
    pthread_mutex_unlock(&lock);
}

/* Keeps what [offset, offset + len) holds, with the size; the lock is held until the change is made. */
static void before_write(int fd, uint64_t offset, size_t len) {
    struct stat st;
    if (fstat(fd, &st) != 0) broken("fstat");
    size_t old_len = 0;
    if ((uint64_t)st.st_size > offset) {
        uint64_t rest = (uint64_t)st.st_size - offset;
        old_len = rest < len ? (size_t)rest : len;
    }
    char *old = malloc(old_len + 1);
    if (!old) broken("memory");
    /* A descriptor for writing only is read through another one. */
    int reader = old_len ? (int)syscall(SYS_openat, AT_FDCWD, paths[fd], O_RDONLY | O_CLOEXEC, 0) : -1;
    if (old_len && (reader < 0 || pread64(reader, old, old_len, (off64_t)offset) != (ssize_t)old_len)) broken(paths[fd]);
    if (reader >= 0) syscall(SYS_close, reader);
    keep((struct record){.kind = WRITTEN, .inode = st.st_ino, .folder = 0, .offset = offset,
                         .size = (uint64_t)st.st_size, .old_len = (uint32_t)old_len},
         paths[fd], NULL, old);
    free(old);
}

static int refused(void) {
    if (has_fault("write-erofs")) return errno = EROFS, 1;
    if (has_fault("write-edquot")) return errno = EDQUOT, 1;
    return 0;
}

static int opened(int fd, const char *path, int flags, int existed) {
    char resolved[4096];
    struct stat st;
    if (journal < 0 || fd < 0 || fd >= FILES) return fd;
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_DIRECTORY)) {
        /* Folders are opened for reading to be synced; other files so opened change nothing. */
        if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode)) return fd;
    }
    if (!realpath(path, resolved) || strncmp(resolved, under, strlen(under)) != 0) return fd;
    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) return fd;
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = strdup(resolved);
    if (!existed && S_ISREG(st.st_mode))
        keep((struct record){.kind = MADE, .inode = st.st_ino, .folder = folder_of(resolved)}, resolved, NULL, NULL);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(name)                                                                    \
    int name(const char *path, int flags, ...) {                                      \
        va_list rest; va_start(rest, flags);                                          \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;     \
        va_end(rest);                                                                 \
        int existed = !(flags & O_CREAT) || access(path, F_OK) == 0;                  \
        if ((flags & O_TRUNC) && existed && journal >= 0) {                           \
            int fd = NEXT(name)(path, flags & ~(O_TRUNC | O_EXCL), mode);             \
            opened(fd, path, flags, 1);                                               \
            if (fd >= 0 && ftruncate64(fd, 0) != 0 && watched(fd)) broken(path);      \
            return fd;                                                                \
        }                                                                             \
        return opened(NEXT(name)(path, flags, mode), path, flags, existed);           \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (watched(fd)) {
        pthread_mutex_lock(&lock);
        free(paths[fd]);
        paths[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return NEXT(close)(fd);
}

#define PWRITE(name, offset_type)                                                     \
    ssize_t name(int fd, const void *bytes, size_t len, offset_type offset) {         \
        if (!watched(fd)) return NEXT(name)(fd, bytes, len, offset);                  \
        if (refused()) return -1;                                                     \
        pthread_mutex_lock(&lock);                                                    \
        before_write(fd, (uint64_t)offset, len);                                      \
        ssize_t done = NEXT(name)(fd, bytes, len, offset);                            \
        pthread_mutex_unlock(&lock);                                                  \
        return done;                                                                  \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t len) {
    if (!watched(fd)) return syscall(SYS_write, fd, bytes, len);
    if (refused()) return -1;
    pthread_mutex_lock(&lock);
    off64_t at = (fcntl(fd, F_GETFL) & O_APPEND) ? lseek64(fd, 0, SEEK_END) : lseek64(fd, 0, SEEK_CUR);
    before_write(fd, (uint64_t)at, len);
    ssize_t done = syscall(SYS_write, fd, bytes, len);
    pthread_mutex_unlock(&lock);
    return done;
}

#define TRUNCATE(name, offset_type)                                                   \
    int name(int fd, offset_type size) {                                              \
        if (!watched(fd)) return NEXT(name)(fd, size);                                \
        if (refused()) return -1;                                                     \
        struct stat st;                                                               \
        pthread_mutex_lock(&lock);                                                    \
        if (fstat(fd, &st) != 0) broken("fstat");                                     \
        if (st.st_size > size) before_write(fd, (uint64_t)size, (size_t)(st.st_size - size)); \
        else before_write(fd, (uint64_t)st.st_size, 0);                               \
        int done = NEXT(name)(fd, size);                                              \
        pthread_mutex_unlock(&lock);                                                  \
        return done;                                                                  \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

static int sync_file(int fd, int (*real)(int)) {
    struct stat st;
    if (!watched(fd)) return real(fd);
    if (has_fault("sync-eio")) return errno = EIO, -1;
    size_t len = strlen(paths[fd]), tail = ignored ? strlen(ignored) : 0;
    if (tail && len >= tail && strcmp(paths[fd] + len - tail, ignored) == 0) return 0;
    pthread_mutex_lock(&lock);
    uint64_t up_to = last_number;
    pthread_mutex_unlock(&lock);
    int done = real(fd);
    if (done == 0 && fstat(fd, &st) == 0) synced(st.st_ino, up_to, paths[fd]);
    return done;
}
int fsync(int fd) { return sync_file(fd, NEXT(fsync)); }
int fdatasync(int fd) { return sync_file(fd, NEXT(fdatasync)); }

/* A second name for what is about to lose its own, beside the journal's file. */
static char *spare(const char *path) {
    static uint64_t number;
    char name[4200];
    if (access(path, F_OK) != 0) return NULL;
    snprintf(name, sizeof name, "%s.kept-%lu", getenv("UNSYNCED_JOURNAL"), (unsigned long)++number);
    unlinkat(AT_FDCWD, name, 0);
    if (link(path, name) != 0) broken(name);
    return strdup(name);
}

int rename(const char *from, const char *to) {
    char folder[4096], resolved[8300], origin[4096];
    const char *slash = strrchr(to, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - to) : 1, slash ? to : ".");
    char *real = journal >= 0 ? realpath(folder, NULL) : NULL;
    if (!real || strncmp(real, under, strlen(under)) != 0 || !realpath(from, origin)) {
        free(real);
        return NEXT(rename)(from, to);
    }
    snprintf(resolved, sizeof resolved, "%s/%s", real, slash ? slash + 1 : to);
    pthread_mutex_lock(&lock);
    char *old = spare(resolved);
    char other[8400];
    snprintf(other, sizeof other, "%s%c%s", origin, 1, old ? old : "");
    keep((struct record){.kind = RENAMED, .folder = folder_of(resolved)}, resolved, other, NULL);
    int done = NEXT(rename)(from, to);
    pthread_mutex_unlock(&lock);
    free(old), free(real);
    return done;
}

int unlink(const char *path) {
    char resolved[4096];
    if (journal < 0 || !realpath(path, resolved) || strncmp(resolved, under, strlen(under)) != 0) return NEXT(unlink)(path);
    pthread_mutex_lock(&lock);
    char *old = spare(resolved);
    keep((struct record){.kind = REMOVED, .folder = folder_of(resolved)}, resolved, old, NULL);
    int done = NEXT(unlink)(path);
    pthread_mutex_unlock(&lock);
    free(old);
    return done;
}
