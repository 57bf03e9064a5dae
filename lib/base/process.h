// Set-up and end of a process: the same in every program.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace crossdock::base {

// Call first in main, before any thread: blocks SIGTERM and SIGINT (WaitForStop takes them), ignores SIGPIPE, switches
// core dumps off, raises the descriptor limit to its hard maximum.
void SetUpProcess();

// Blocks until SIGTERM or SIGINT arrives, and returns its number.
int WaitForStop();

// Gives the kernel what the heap, and this thread's stack below the caller, held and do not use any more. For a thread
// that has done the most that it will ever do and goes on for hours.
void GiveMemoryBack();

}  // namespace crossdock::base
