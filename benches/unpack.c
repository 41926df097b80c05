// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors
//
// The floor of `unpack`: one thread that only decompresses with libzstd and writes the files.
//
//   unpack LIST OUT [sync|decompress]
//
// LIST holds for each package a line "P offset stored path" (where its zstd frames lie), a line "D path" for each folder,
// parents first, and for each body, in the order of the content, "F size" and a line "N path" for each of its files.
// Prints seconds for decompressing and writing, then for the syncfs where "sync" is given. "decompress" writes nothing.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0) die("write");
    bytes += n;
    size -= n;
  }
}

enum { CHUNK = 1 << 20, MANY = 256 };
static char in[CHUNK], out[CHUNK], small[CHUNK];
static int top, dry;

struct body {
  size_t size, first, names;
};

struct package {
  struct body *bodies;
  size_t count, room;
  char **names;
  size_t named, named_room;
};

static int new_file(const char *path) {
  int fd = openat(top, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0) die(path);
  return fd;
}

// The body that is being written: small ones are gathered and written at once, large ones piece by piece.
static const struct body *current;
static size_t filled;
static int open_files[MANY];

static void begin(const struct package *package, const struct body *body) {
  current = body;
  filled = 0;
  if (body->size <= CHUNK || dry) return;
  if (body->names > MANY) die("too many copies of a large file");
  for (size_t i = 0; i < body->names; i++) open_files[i] = new_file(package->names[body->first + i]);
}

static void data(const char *bytes, size_t size) {
  if (dry) {
  } else if (current->size <= CHUNK) memcpy(small + filled, bytes, size);
  else
    for (size_t i = 0; i < current->names; i++) write_all(open_files[i], bytes, size);
  filled += size;
}

static void end(const struct package *package) {
  if (dry) return;
  for (size_t i = 0; i < current->names; i++) {
    if (current->size > CHUNK) close(open_files[i]);
    else {
      int fd = new_file(package->names[current->first + i]);
      write_all(fd, small, filled);
      close(fd);
    }
  }
}

static void unpack(ZSTD_DCtx *context, const char *path, long offset, long stored, const struct package *package) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) die(path);
  size_t at = 0;
  for (; at < package->count && package->bodies[at].size == 0; at++) begin(package, &package->bodies[at]), end(package);
  if (at < package->count) begin(package, &package->bodies[at]);
  for (long done = 0; done < stored;) {
    long want = stored - done < CHUNK ? stored - done : CHUNK;
    ssize_t n = pread(fd, in, want, offset + done);
    if (n <= 0) die("read");
    done += n;
    ZSTD_inBuffer input = {in, n, 0};
    for (int more = 1; more;) {
      ZSTD_outBuffer output = {out, CHUNK, 0};
      size_t result = ZSTD_decompressStream(context, &output, &input);
      if (ZSTD_isError(result)) {
        fprintf(stderr, "%s: %s\n", path, ZSTD_getErrorName(result));
        exit(1);
      }
      const char *bytes = out;
      size_t size = output.pos;
      while (size > 0 && at < package->count) {
        size_t left = current->size - filled, part = size < left ? size : left;
        data(bytes, part);
        bytes += part;
        size -= part;
        if (filled < current->size) continue;
        end(package);
        if (++at < package->count) begin(package, &package->bodies[at]);
      }
      more = input.pos < input.size || output.pos == output.size;
    }
  }
  close(fd);
}

static void *grow(void *list, size_t count, size_t *room, size_t each) {
  if (count < *room) return list;
  *room = *room * 2 + 1024;
  list = realloc(list, *room * each);
  if (list == NULL) die("memory");
  return list;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  FILE *list = fopen(argv[1], "r");
  if (list == NULL) die(argv[1]);
  dry = argc > 3 && strcmp(argv[3], "decompress") == 0;
  mkdir(argv[2], 0755);
  if ((top = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) die(argv[2]);
  double start = now();
  ZSTD_DCtx *context = ZSTD_createDCtx();
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 31);
  struct package package = {0};
  char line[8192], path[4096] = "";
  long offset = 0, stored = 0;
  for (;;) {
    int more = fgets(line, sizeof line, list) != NULL;
    if (!more || line[0] == 'P') {
      if (path[0] != 0) unpack(context, path, offset, stored, &package);
      if (!more) break;
      if (sscanf(line, "P %ld %ld %4095[^\n]", &offset, &stored, path) != 3) die("list");
      for (size_t i = 0; i < package.named; i++) free(package.names[i]);
      package.count = package.named = 0;
      continue;
    }
    line[strcspn(line, "\n")] = 0;
    if (line[0] == 'D') mkdirat(top, line + 2, 0755);
    else if (line[0] == 'F') {
      package.bodies = grow(package.bodies, package.count, &package.room, sizeof *package.bodies);
      package.bodies[package.count++] = (struct body){strtoul(line + 2, NULL, 10), package.named, 0};
    } else {
      package.names = grow(package.names, package.named, &package.named_room, sizeof *package.names);
      package.names[package.named++] = strdup(line + 2);
      package.bodies[package.count - 1].names++;
    }
  }
  double written = now();
  printf("%.4f", written - start);
  if (argc > 3 && !dry) {
    if (syncfs(top) != 0) die("syncfs");
    printf(" %.4f", now() - written);
  }
  printf("\n");
  return 0;
}
