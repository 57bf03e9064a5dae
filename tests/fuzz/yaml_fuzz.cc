// Any bytes as strict YAML: refused with a place that exists, or a tree within its limits that is the same when it is
// written out and read again.
#include <algorithm>
#include <set>

#include "lib/yaml/characters.h"
#include "lib/yaml/parse.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

using yaml::Node;

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// In one line, everything in quotes and brackets.
void Write(const Node& node, std::string* out) {
  if (node.IsScalar()) {
    *out += Quoted(node.scalar);
    return;
  }
  *out += node.IsMap() ? "{" : "[";
  for (const Node& item : node.items) {
    Write(item, out);
    *out += ", ";
  }
  for (const yaml::Entry& entry : node.entries) {
    *out += Quoted(entry.key) + ": ";
    Write(entry.value, out);
    *out += ", ";
  }
  *out += node.IsMap() ? "}" : "]";
}

bool Same(const Node& a, const Node& b) {
  return a.kind == b.kind && a.scalar == b.scalar &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), Same) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const auto& one, const auto& two) { return one.key == two.key && Same(one.value, two.value); });
}

void CheckNode(const Node& node, int depth, int lines) {
  INVARIANT(depth <= yaml::kDepthMax || node.IsScalar()) << "deeper than " << yaml::kDepthMax;
  INVARIANT(node.line >= 1 && node.line <= lines && node.column >= 1) << node.line << ":" << node.column;
  INVARIANT(!yaml::FindBadCharacter(node.scalar)) << "a character that nobody sees";
  for (const Node& item : node.items) CheckNode(item, depth + 1, lines);
  std::set<std::string_view> keys;
  for (const yaml::Entry& entry : node.entries) {
    INVARIANT(!entry.key.empty() && keys.insert(entry.key).second) << "a key that is empty or stands twice";
    INVARIANT(!yaml::FindBadCharacter(entry.key)) << "a character that nobody sees";
    CheckNode(entry.value, depth + 1, lines);
  }
}

// file:line:column: of a complaint lies within the text, or just behind it.
void CheckPlace(const absl::Status& status, int lines) {
  int line = 0;
  int column = 0;
  const std::string message(base::ToStd(status.message()));
  INVARIANT(std::sscanf(message.c_str(), "fuzz.yaml:%d:%d: ", &line, &column) == 2) << message;
  // The reader puts a line of its own behind the text.
  INVARIANT(line >= 1 && line <= lines + 1 && column >= 1) << message << " of " << lines << " lines";
}

}  // namespace

bool FuzzYaml(std::string_view input) {
  const int lines = static_cast<int>(std::count(input.begin(), input.end(), '\n')) + 1;
  absl::StatusOr<yaml::Map> map = yaml::Parse(input, "fuzz.yaml");
  if (!map.ok()) {
    CheckRefusal(map.status());
    CheckPlace(map.status(), lines);
    return false;
  }
  INVARIANT(input.size() <= yaml::kTextMax) << input.size();
  CheckNode(map->node(), 1, lines);
  if (!map->node().entries.empty()) INVARIANT(!map->Finish().ok()) << "keys that nobody asked for";

  std::string text;
  Write(map->node(), &text);
  if (text.size() > yaml::kTextMax) return true;
  const absl::StatusOr<yaml::Map> again = yaml::Parse(text, "again.yaml");
  INVARIANT(again.ok()) << again.status();
  INVARIANT(Same(map->node(), again->node())) << "another tree";
  return true;
}

}  // namespace crossdock::fuzz
