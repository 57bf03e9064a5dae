#include "lib/yaml/node.h"

#include "lib/base/status.h"

namespace crossdock::yaml {

const Node* Node::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string_view KindName(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kScalar:
      return "text";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  return "";
}

absl::Status ErrorAt(std::string_view file, int line, int column, std::string_view what) {
  return base::WithReason(base::InvalidArgument(file, ":", line, ":", column, ": ", what), "YAML_INVALID");
}

}  // namespace crossdock::yaml
