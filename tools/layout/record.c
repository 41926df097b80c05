// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors
//
// Preloaded into an executable (LD_PRELOAD), writes which pages of its file it touches to the file that PAGE_LOG names, in
// the order of their first use, a number a line. All that is loaded and never written is taken away at the start, and
// userfaultfd(2) tells when a page is missed; then it is put back. An address that the kernel itself reads counts too, and a
// page fault that brings its neighbours along does not count them, which neither /proc nor perf can tell.
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, MOST = 16 };
struct part { unsigned long address, offset, size; };

static struct part parts[MOST];
static int count, faults, file, out;
static unsigned char page[PAGE] __attribute__((aligned(PAGE)));

static void say(unsigned long number) {
  char text[24];
  int at = sizeof text;
  text[--at] = '\n';
  do text[--at] = '0' + number % 10; while (number /= 10);
  if (write(out, text + at, sizeof text - at) < 0) _exit(120);
}

// Calls nothing of the program's own, whose pages may be missing.
static void *serve(void *unused) {
  struct uffd_msg message;
  for (;;) {
    struct pollfd wait = {faults, POLLIN, 0};
    poll(&wait, 1, -1);
    if (read(faults, &message, sizeof message) != sizeof message) continue;
    if (message.event != UFFD_EVENT_PAGEFAULT) continue;
    unsigned long address = message.arg.pagefault.address & ~(PAGE - 1ul);
    for (int i = 0; i < count; i++) {
      if (address < parts[i].address || address >= parts[i].address + parts[i].size) continue;
      unsigned long offset = address - parts[i].address + parts[i].offset;
      if (pread(file, page, PAGE, offset) <= 0) _exit(121);
      struct uffdio_copy copy = {address, (unsigned long)page, PAGE, 0, 0};
      ioctl(faults, UFFDIO_COPY, &copy);
      say(offset / PAGE);
      break;
    }
  }
  return unused;
}

__attribute__((constructor)) static void start(void) {
  const char *log = getenv("PAGE_LOG");
  if (!log) return;
  // Only this process: not the programs that it starts.
  unsetenv("LD_PRELOAD");
  out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  struct uffdio_api api = {UFFD_API, 0, 0};
  if (out < 0 || file < 0 || faults < 0 || ioctl(faults, UFFDIO_API, &api)) _exit(122);
  Elf64_Ehdr header;
  Elf64_Phdr table[MOST];
  if (pread(file, &header, sizeof header, 0) != sizeof header || header.e_phnum > MOST) _exit(123);
  if (pread(file, table, header.e_phnum * sizeof *table, header.e_phoff) < 0) _exit(123);
  pthread_t thread;
  if (pthread_create(&thread, 0, serve, 0)) _exit(124);
  // The thread must be past the code that starts it, which calls the program's own malloc.
  usleep(50000);
  for (int i = 0; i < header.e_phnum; i++) {
    if (table[i].p_type != PT_LOAD || table[i].p_flags & PF_W) continue;
    unsigned long from = table[i].p_vaddr & ~(PAGE - 1ul);
    unsigned long size = ((table[i].p_vaddr + table[i].p_filesz + PAGE - 1) & ~(PAGE - 1ul)) - from;
    int rights = PROT_READ | PROT_WRITE | (table[i].p_flags & PF_X ? PROT_EXEC : 0);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    if (mmap((void *)from, size, rights, flags, -1, 0) == MAP_FAILED) _exit(125);
    madvise((void *)from, size, MADV_NOHUGEPAGE);
    struct uffdio_register missing = {{from, size}, UFFDIO_REGISTER_MODE_MISSING, 0};
    if (ioctl(faults, UFFDIO_REGISTER, &missing)) _exit(126);
    parts[count++] = (struct part){from, table[i].p_offset & ~(PAGE - 1ul), size};
  }
}
