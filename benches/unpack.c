// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors
//
// The floors of `unpack`, with libzstd:
//
//   unpack LIST OUT write|decompress     one thread that decompresses and writes the files (or writes nothing)
//   unpack LIST OUT install THREADS      all that an installation does to stones and files: SHA-256 of stones and files, XXH3
//                                        of payloads and files, a store of distinct files, a tree of links, both on the disk
//
// LIST holds for each package a line "P offset stored path" (where its zstd frames lie), a line "D path" for each folder,
// parents first, and for each body, in the order of the content, "F size" and a line "N path" for each of its files.
// Prints seconds for the work, and for the syncfs after it.
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

enum { CHUNK = 1 << 20, MANY = 256, ASSET = 72, WRITE_OUT = 192 << 20 };

struct body {
  size_t size, first, names;
  char asset[ASSET]; // its path in the store, where there is one
};

struct package {
  char *path;
  long offset, stored;
  struct body *bodies;
  size_t count, room;
  char **names, **folders;
  size_t named, named_room, foldered, foldered_room;
};

static struct package *packages;
static size_t packages_count, packages_room;
static int top, store, tree, dry, whole;
static atomic_size_t next_package, next_tree, written;
static atomic_int over;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void sync_all(void) {
  if (syncfs(top) != 0) die("syncfs");
}

static void *grow(void *list, size_t count, size_t *room, size_t each) {
  if (count < *room) return list;
  *room = *room * 2 + 64;
  list = realloc(list, *room * each);
  if (list == NULL) die("memory");
  return list;
}

static void write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0) die("write");
    bytes += n;
    size -= n;
  }
}

static int new_file(int folder, const char *path) {
  int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0 && !(whole && errno == EEXIST)) die(path);
  return fd;
}

// One thread's work. Small bodies are gathered and written at once, large ones piece by piece.
struct worker {
  ZSTD_DCtx *context;
  XXH3_state_t *file_hash, *payload_hash;
  SHA256_CTX sha;
  struct package *package;
  struct body *current;
  size_t filled;
  int open_files[MANY], number;
  char in[CHUNK], out[CHUNK], small[CHUNK];
};

static void begin(struct worker *w, struct body *body) {
  w->current = body;
  w->filled = 0;
  if (whole) XXH3_128bits_reset(w->file_hash), SHA256_Init(&w->sha);
  if (body->size <= CHUNK || dry) return;
  if (whole) {
    char name[16];
    snprintf(name, sizeof name, ".%d", w->number);
    w->open_files[0] = new_file(store, name);
    return;
  }
  if (body->names > MANY) die("too many copies of a large file");
  for (size_t i = 0; i < body->names; i++) w->open_files[i] = new_file(top, w->package->names[body->first + i]);
}

static void data(struct worker *w, const char *bytes, size_t size) {
  size_t files = whole ? 1 : w->current->names;
  if (whole) XXH3_128bits_update(w->file_hash, bytes, size), SHA256_Update(&w->sha, bytes, size);
  if (dry) {
  } else if (w->current->size <= CHUNK) memcpy(w->small + w->filled, bytes, size);
  else
    for (size_t i = 0; i < files; i++) write_all(w->open_files[i], bytes, size);
  w->filled += size;
}

static void keep(struct worker *w, struct body *body) {
  static const struct timespec epoch[2] = {{1, 0}, {1, 0}};
  unsigned char digest[SHA256_DIGEST_LENGTH];
  XXH3_128bits_digest(w->file_hash);
  SHA256_Final(digest, &w->sha);
  char *at = body->asset + sprintf(body->asset, "%02x/", digest[0]);
  for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) at += sprintf(at, "%02x", digest[i]);
  int fd;
  if (body->size > CHUNK) {
    char name[16];
    snprintf(name, sizeof name, ".%d", w->number);
    fd = w->open_files[0];
    if (renameat(store, name, store, body->asset) != 0) die("rename");
  } else {
    fd = new_file(store, body->asset);
    if (fd < 0) return; // Another body has the same bytes.
    write_all(fd, w->small, w->filled);
  }
  futimens(fd, epoch);
  close(fd);
  written += body->size;
}

static void end(struct worker *w) {
  struct body *body = w->current;
  if (dry) return;
  if (whole) {
    keep(w, body);
    return;
  }
  for (size_t i = 0; i < body->names; i++) {
    int fd = body->size > CHUNK ? w->open_files[i] : new_file(top, w->package->names[body->first + i]);
    if (body->size <= CHUNK) write_all(fd, w->small, w->filled);
    close(fd);
  }
}

static void hash_stone(struct worker *w, int fd) {
  SHA256_CTX sha;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Init(&sha);
  for (ssize_t n; (n = read(fd, w->in, CHUNK)) > 0;) SHA256_Update(&sha, w->in, n);
  SHA256_Final(digest, &sha);
}

static void unpack(struct worker *w, struct package *package) {
  int fd = open(package->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) die(package->path);
  w->package = package;
  if (whole) hash_stone(w, fd), XXH3_64bits_reset(w->payload_hash);
  size_t at = 0;
  for (; at < package->count && package->bodies[at].size == 0; at++) begin(w, &package->bodies[at]), end(w);
  if (at < package->count) begin(w, &package->bodies[at]);
  for (long done = 0; done < package->stored;) {
    long left = package->stored - done;
    ssize_t n = pread(fd, w->in, left < CHUNK ? left : CHUNK, package->offset + done);
    if (n <= 0) die("read");
    done += n;
    if (whole) XXH3_64bits_update(w->payload_hash, w->in, n);
    ZSTD_inBuffer input = {w->in, n, 0};
    for (int more = 1; more;) {
      ZSTD_outBuffer output = {w->out, CHUNK, 0};
      size_t result = ZSTD_decompressStream(w->context, &output, &input);
      if (ZSTD_isError(result)) {
        fprintf(stderr, "%s: %s\n", package->path, ZSTD_getErrorName(result));
        exit(1);
      }
      const char *bytes = w->out;
      size_t size = output.pos;
      while (size > 0 && at < package->count) {
        size_t rest = w->current->size - w->filled, part = size < rest ? size : rest;
        data(w, bytes, part);
        bytes += part;
        size -= part;
        if (w->filled < w->current->size) continue;
        end(w);
        if (++at < package->count) begin(w, &package->bodies[at]);
      }
      more = input.pos < input.size || output.pos == output.size;
    }
  }
  close(fd);
}

// Gives the disk work while others still unpack and link.
static void *write_out(void *unused) {
  (void)unused;
  for (size_t last = 0; !over; usleep(1000)) {
    if (written - last < WRITE_OUT) continue;
    last = written;
    sync_all();
  }
  return NULL;
}

static void *unpack_all(void *number) {
  struct worker *w = calloc(1, sizeof *w);
  if (w == NULL) die("memory");
  w->number = (int)(size_t)number;
  w->context = ZSTD_createDCtx();
  w->file_hash = XXH3_createState();
  w->payload_hash = XXH3_createState();
  ZSTD_DCtx_setParameter(w->context, ZSTD_d_windowLogMax, 31);
  for (size_t i; (i = next_package++) < packages_count;) {
    if (!whole)
      for (size_t j = 0; j < packages[i].foldered; j++) mkdirat(top, packages[i].folders[j], 0755);
    unpack(w, &packages[i]);
  }
  return NULL;
}

static void *link_all(void *unused) {
  (void)unused;
  for (size_t i; (i = next_tree++) < packages_count;) {
    struct package *p = &packages[i];
    for (size_t j = 0; j < p->foldered; j++) mkdirat(tree, p->folders[j], 0755);
    for (size_t j = 0; j < p->count; j++)
      for (size_t k = 0; k < p->bodies[j].names; k++)
        if (linkat(store, p->bodies[j].asset, tree, p->names[p->bodies[j].first + k], 0) != 0) die("link");
  }
  return NULL;
}

static void on_threads(size_t count, void *(*work)(void *)) {
  pthread_t threads[64];
  if (count > 64) count = 64;
  for (size_t i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) die("thread");
  for (size_t i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void read_list(const char *path) {
  FILE *list = fopen(path, "r");
  if (list == NULL) die(path);
  char line[8192], name[4096];
  struct package *p = NULL;
  while (fgets(line, sizeof line, list) != NULL) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == 'P') {
      packages = grow(packages, packages_count, &packages_room, sizeof *packages);
      p = &packages[packages_count++];
      *p = (struct package){0};
      if (sscanf(line, "P %ld %ld %4095[^\n]", &p->offset, &p->stored, name) != 3) die("list");
      p->path = strdup(name);
    } else if (p == NULL) die("list");
    else if (line[0] == 'D') {
      p->folders = grow(p->folders, p->foldered, &p->foldered_room, sizeof *p->folders);
      p->folders[p->foldered++] = strdup(line + 2);
    } else if (line[0] == 'F') {
      p->bodies = grow(p->bodies, p->count, &p->room, sizeof *p->bodies);
      p->bodies[p->count++] = (struct body){strtoul(line + 2, NULL, 10), p->named, 0, ""};
    } else {
      p->names = grow(p->names, p->named, &p->named_room, sizeof *p->names);
      p->names[p->named++] = strdup(line + 2);
      p->bodies[p->count - 1].names++;
    }
  }
  fclose(list);
}

static int folder(int parent, const char *name) {
  mkdirat(parent, name, 0755);
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die(name);
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  dry = strcmp(argv[3], "decompress") == 0;
  whole = strcmp(argv[3], "install") == 0 && argc > 4;
  read_list(argv[1]);
  top = folder(AT_FDCWD, argv[2]);
  double start = now();
  size_t threads = 1;
  if (whole) {
    threads = strtoul(argv[4], NULL, 10);
    store = folder(top, "store");
    tree = folder(top, "tree");
    for (int i = 0; i < 256; i++) {
      char name[8];
      snprintf(name, sizeof name, "%02x", i);
      mkdirat(store, name, 0700);
    }
  }
  pthread_t disk;
  if (whole && pthread_create(&disk, NULL, write_out, NULL) != 0) die("thread");
  on_threads(threads, unpack_all);
  if (whole) {
    written += WRITE_OUT;
    on_threads(threads, link_all);
    over = 1;
    pthread_join(disk, NULL);
  }
  double worked = now();
  if (!dry) sync_all();
  printf("%.4f %.4f\n", worked - start, now() - worked);
  return 0;
}
