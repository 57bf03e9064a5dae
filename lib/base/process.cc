#include "lib/base/process.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>

#include "lib/base/check.h"

namespace crossdock::base {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void SetUpProcess() {
  const sigset_t set = StopSignals();
  INVARIANT(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0) << "cannot block signals";
  signal(SIGPIPE, SIG_IGN);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

int WaitForStop() {
  const sigset_t set = StopSignals();
  int number = 0;
  while (sigwait(&set, &number) != 0) {
  }
  return number;
}

void GiveMemoryBack() {
  malloc_trim(0);
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* bottom = nullptr;
  size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &bottom, &size) == 0;
  pthread_attr_destroy(&attributes);
  if (!known) return;
  // The page below this frame's stays for what is still called from here.
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto from = reinterpret_cast<uintptr_t>(bottom);
  const uintptr_t to = (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - page) & ~(page - 1);
  if (to > from) madvise(bottom, to - from, MADV_DONTNEED);
}

}  // namespace crossdock::base
