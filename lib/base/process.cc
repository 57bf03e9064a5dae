#include "lib/base/process.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

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

}  // namespace crossdock::base
