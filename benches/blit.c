// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors
//
// The floor of `transaction`: a whole tree written by one thread with mkdirat, openat and linkat, and its syncfs.
//
//   blit LIST STORE OUT
//
// LIST holds a line for each step, from the top down: "D name" makes a directory and enters it, "U" leaves it,
// "S name<TAB>target" makes a symlink, "L name<TAB>path below STORE" links a file. Prints seconds of both parts.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int folder(int parent, const char *name) {
  if (mkdirat(parent, name, 0755) != 0) die(name);
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die(name);
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  FILE *list = fopen(argv[1], "r");
  if (list == NULL) die(argv[1]);
  // All of it is in memory before the clock starts.
  fseek(list, 0, SEEK_END);
  long size = ftell(list);
  rewind(list);
  char *text = malloc(size + 1);
  if (text == NULL || fread(text, 1, size, list) != (size_t)size) die("list");
  text[size] = 0;
  int store = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (store < 0) die(argv[2]);
  double start = now();
  int stack[256], depth = 0;
  stack[0] = folder(AT_FDCWD, argv[3]);
  for (char *line = text; *line != 0;) {
    char *end = strchr(line, '\n');
    if (end == NULL) break;
    *end = 0;
    char *name = line + 2, *tab = *line == 'U' ? NULL : strchr(name, '\t');
    if (tab != NULL) *tab = 0;
    if (*line == 'D') {
      if (depth == 255) return 3;
      stack[depth + 1] = folder(stack[depth], name);
      depth++;
    } else if (*line == 'U') {
      close(stack[depth--]);
    } else if (tab == NULL) {
      return 3;
    } else if (*line == 'L') {
      if (linkat(store, tab + 1, stack[depth], name, 0) != 0) die(name);
    } else if (symlinkat(tab + 1, stack[depth], name) != 0) {
      die(name);
    }
    line = end + 1;
  }
  double linked = now();
  if (syncfs(stack[0]) != 0) die("syncfs");
  printf("%.4f %.4f\n", linked - start, now() - linked);
  return 0;
}
