// The tree that strict YAML becomes: maps with ordered keys, lists, scalars; each knows where it stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace crossdock::yaml {

struct Entry;

// Lines and columns count from 1; columns count bytes.
struct Node {
  enum class Kind { kScalar, kList, kMap };

  Kind kind = Kind::kScalar;
  int line = 1;
  int column = 1;
  std::string scalar;          // of a kScalar; nothing is interpreted here: 007 never becomes 7
  bool quoted = false;         // of a kScalar: in quotes, or a block, so never a number or a boolean
  std::vector<Node> items;     // of a kList
  std::vector<Entry> entries;  // of a kMap, in the file's order, keys unique

  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsList() const { return kind == Kind::kList; }
  bool IsMap() const { return kind == Kind::kMap; }
  // The value at `key` of a kMap, or null.
  const Node* Find(std::string_view key) const;
};

struct Entry {
  std::string key;
  int line = 1;
  int column = 1;
  Node value;
};

// "a list", "a map", "text", for complaints.
std::string_view KindName(const Node& node);

// The complaint `file:line:column: what`, kInvalidArgument with reason YAML_INVALID.
absl::Status ErrorAt(std::string_view file, int line, int column, std::string_view what);

}  // namespace crossdock::yaml
