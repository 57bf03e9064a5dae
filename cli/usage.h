// What is wrong with a command line that could not be read, in a sentence that names what there is instead.
//
// Pure; any thread. Knows the tree of commands, not their meaning.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace crossdock::cli {

struct UsageError {
  std::string reason;   // COMMAND_UNKNOWN, COMMAND_MISSING, OPTION_UNKNOWN or USAGE_INVALID
  std::string message;  // not escaped: it repeats words of the command line
};

// `error` is what CLI11 thought of it: the last resort, because it often names only what follows from a wrong word.
UsageError Diagnose(const CLI::App& app, int argc, const char* const* argv, const CLI::ParseError& error);

// Whether --json stands on a command line that may not have been read to its end.
bool AsksForJson(int argc, const char* const* argv);

}  // namespace crossdock::cli
