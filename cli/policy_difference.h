// A stored difference of two versions (lib/policy/diff_document.h), for people.
#pragma once

#include <iosfwd>
#include <string>

namespace crossdock::cli {

// Nothing for "" and {}.
void PrintDifference(const std::string& json, std::ostream& out);

}  // namespace crossdock::cli
