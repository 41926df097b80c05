// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

// Stands in for a compiler: runs the real one of the same name in /usr/bin, and adds the processor time of it and of all
// that it started, in microseconds, to the file that BENCH_LOG names.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  (void)argc;
  const char *slash = strrchr(argv[0], '/');
  char real[256];
  snprintf(real, sizeof real, "/usr/bin/%s", slash ? slash + 1 : argv[0]);
  pid_t child = fork();
  if (child == 0) {
    // A driver finds its parts by the name that it was called by.
    argv[0] = real;
    execv(real, argv);
    _exit(127);
  }
  int status;
  struct rusage used;
  if (child < 0 || wait4(child, &status, 0, &used) < 0) return 126;
  const char *log = getenv("BENCH_LOG");
  int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
  if (fd >= 0) {
    long long us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    char line[32];
    int length = snprintf(line, sizeof line, "%lld\n", us);
    if (write(fd, line, length) < 0) return 125;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
