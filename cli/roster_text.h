// A roster as text: how its entries are written, so that what one verb prints is what another takes and reads back as
// the same. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/yaml/node.h"

namespace crossdock::cli {

// Nodes to build entries from. Text is written without quotes where nobody could read it as anything but itself.
yaml::Node TextNode(std::string_view text);
yaml::Node NumberNode(uint64_t number);
yaml::Node ListNode(const std::vector<std::string>& texts);
yaml::Node MapNode(std::vector<std::pair<std::string, yaml::Node>> entries);

// On one line: {id: lon, country: GB, certifications: []}
std::string FormatEntry(const yaml::Node& node);
// The whole file: a key a line, each entry of a list on a line of its own.
std::string FormatRoster(const yaml::Node& root);

// Whether both say the same, wherever it stands and however it is quoted.
bool SameText(const yaml::Node& a, const yaml::Node& b);

// How many comments stand in `body`.
size_t CountComments(std::string_view body);

}  // namespace crossdock::cli
