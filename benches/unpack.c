// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors
//
// The floor of `unpack`: one thread that only decompresses with libzstd and writes the files.
//
//   unpack LIST OUT [sync]
//
// LIST holds, for each package, a line "P offset stored path" (where its zstd frames lie) and a line "F size" for each
// body in the order of the content. Files are numbered, 256 folders, as many as a content-addressed store has.
// Prints seconds for decompressing and writing, then for the syncfs where "sync" is given.
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

enum { CHUNK = 1 << 20 };
static char in[CHUNK], out[CHUNK];
static int folders[256];
static unsigned long number;

static int next_file(void) {
  char name[32];
  snprintf(name, sizeof name, "%lu", number);
  int fd = openat(folders[number++ % 256], name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0) die("open");
  return fd;
}

struct bodies {
  size_t *sizes;
  size_t count, room;
};

static void unpack(ZSTD_DCtx *context, const char *path, long offset, long stored, const struct bodies *bodies) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) die(path);
  size_t at = 0, left = bodies->count > 0 ? bodies->sizes[0] : 0;
  int file = bodies->count > 0 ? next_file() : -1;
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
      while (size > 0 && at < bodies->count) {
        size_t part = size < left ? size : left;
        write_all(file, bytes, part);
        bytes += part;
        size -= part;
        left -= part;
        while (left == 0 && at < bodies->count) {
          close(file);
          if (++at < bodies->count) {
            left = bodies->sizes[at];
            file = next_file();
          }
        }
      }
      more = input.pos < input.size || output.pos == output.size;
    }
  }
  close(fd);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  FILE *list = fopen(argv[1], "r");
  if (list == NULL) die(argv[1]);
  mkdir(argv[2], 0755);
  for (int i = 0; i < 256; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%02x", argv[2], i);
    mkdir(path, 0755);
    if ((folders[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) die(path);
  }
  double start = now();
  ZSTD_DCtx *context = ZSTD_createDCtx();
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 31);
  struct bodies bodies = {NULL, 0, 0};
  char line[8192], path[4096] = "";
  long offset = 0, stored = 0;
  for (;;) {
    int more = fgets(line, sizeof line, list) != NULL;
    if (!more || line[0] == 'P') {
      if (path[0] != 0) unpack(context, path, offset, stored, &bodies);
      if (!more) break;
      if (sscanf(line, "P %ld %ld %4095[^\n]", &offset, &stored, path) != 3) die("list");
      bodies.count = 0;
      continue;
    }
    if (bodies.count == bodies.room) {
      bodies.room = bodies.room * 2 + 1024;
      bodies.sizes = realloc(bodies.sizes, bodies.room * sizeof *bodies.sizes);
      if (bodies.sizes == NULL) die("memory");
    }
    bodies.sizes[bodies.count++] = strtoul(line + 2, NULL, 10);
  }
  double written = now();
  printf("%.4f", written - start);
  if (argc > 3) {
    if (syncfs(folders[0]) != 0) die("syncfs");
    printf(" %.4f", now() - written);
  }
  printf("\n");
  return 0;
}
