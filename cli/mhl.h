// crossdock mhl create|verify|info: the integrity record of a directory (ASC MHL v2.0).
#pragma once

#include "cli/command.h"

namespace crossdock::cli {

void AddMhl(CLI::App& app, Context& context);

}  // namespace crossdock::cli
