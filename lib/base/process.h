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

}  // namespace crossdock::base
