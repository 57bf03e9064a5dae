// As our programs do (lib/base/process.h): a write to a peer that has gone is an error, not the end.
#include <csignal>

#define CATCH_CONFIG_RUNNER
#include "catch2/catch.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return Catch::Session().run(argc, argv);
}
