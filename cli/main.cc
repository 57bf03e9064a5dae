#include <iostream>

#include "cli/command.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/rpc/log.h"
#include "lib/rpc/tls.h"

int main(int argc, char** argv) {
  using namespace crossdock;  // NOLINT: main
  if (const absl::Status locked = rpc::TlsLockDown(); !locked.ok()) {
    std::cerr << "crossdock: " << locked.message() << '\n';
    return 7;
  }
  base::ConfigureLog("crossdock", base::LogLevel::kError);
  rpc::RouteGrpcLog();
  const base::SystemClock clock;
  base::SystemRandom random;
  cli::Context context{std::cin, std::cout, std::cerr, clock, random, false, {}, {}};
  return cli::Run(argc, argv, context);
}
