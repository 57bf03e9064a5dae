// A site's own program looks at a package before anything of it leaves: a virus scanner, a watermark check.
//
// It is run as the agent's user, without a shell, in a process group of its own, with none of the agent's files open
// and no environment but PATH and LANG. On its standard input it is given the files' absolute paths, each ended by a
// NUL. Exit code 0: clean. 1: it found something, and what it wrote says what. Anything else, a signal, or too long: it
// could not say. Whatever it left running is killed when it ends.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/clock.h"

namespace crossdock::agent {

// Thread-safe.
class ReleaseScan {
 public:
  virtual ~ReleaseScan() = default;
  // Blocks. OK: clean. RELEASE_SCAN_FOUND with what the program wrote; RELEASE_SCAN_FAILED when it could not say;
  // kCancelled soon after `stop`.
  virtual absl::Status Run(const std::vector<std::string>& files, std::stop_token stop) const = 0;
};

class ScanHook : public ReleaseScan {
 public:
  // `program`: an absolute path. The process ignores SIGPIPE (base::SetUpProcess). `clock` outlives it.
  ScanHook(std::string program, std::chrono::milliseconds within, const base::Clock& clock)
      : program_(std::move(program)), within_(within), clock_(clock) {}

  absl::Status Run(const std::vector<std::string>& files, std::stop_token stop) const override;

  // Of what the program writes, so much is told.
  static constexpr size_t kSaidMax = 1000;

 private:
  const std::string program_;
  const std::chrono::milliseconds within_;
  const base::Clock& clock_;
};

}  // namespace crossdock::agent
