#include "cli/roster_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// A word that stays text without quotes, for our reader and for every other. `more` may stand in it too.
bool IsPlainWord(std::string_view text, std::string_view more = "") {
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text[0]))) return false;
  for (const std::string_view other : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (absl::EqualsIgnoreCase(base::ToAbsl(text), base::ToAbsl(other))) return false;
  }
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
           more.find(c) != std::string_view::npos;
  });
}

std::string FormatScalar(const yaml::Node& node) {
  const std::string& text = node.scalar;
  if (IsPlainWord(text, node.quoted ? "" : "/")) return text;
  if (!node.quoted && (IsNumber(text) || text == "true" || text == "false")) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return quoted + '"';
}

}  // namespace

yaml::Node TextNode(std::string_view text) {
  yaml::Node node;
  node.scalar = std::string(text);
  node.quoted = true;
  return node;
}

yaml::Node NumberNode(uint64_t number) {
  yaml::Node node = TextNode(std::to_string(number));
  node.quoted = false;
  return node;
}

yaml::Node ListNode(const std::vector<std::string>& texts) {
  yaml::Node node;
  node.kind = yaml::Node::Kind::kList;
  for (const std::string& text : texts) node.items.push_back(TextNode(text));
  return node;
}

yaml::Node MapNode(std::vector<std::pair<std::string, yaml::Node>> entries) {
  yaml::Node node;
  node.kind = yaml::Node::Kind::kMap;
  for (auto& [key, value] : entries) node.entries.push_back({key, 1, 1, std::move(value)});
  return node;
}

std::string FormatEntry(const yaml::Node& node) {
  if (node.IsScalar()) return FormatScalar(node);
  std::string text;
  for (const yaml::Node& item : node.items) text += (text.empty() ? "" : ", ") + FormatEntry(item);
  for (const yaml::Entry& entry : node.entries) {
    text += base::StrCat(text.empty() ? "" : ", ", FormatScalar(TextNode(entry.key)), ": ", FormatEntry(entry.value));
  }
  return node.IsList() ? base::StrCat("[", text, "]") : base::StrCat("{", text, "}");
}

std::string FormatRoster(const yaml::Node& root) {
  std::string text;
  for (const yaml::Entry& entry : root.entries) {
    text += FormatScalar(TextNode(entry.key)) + ":";
    if (entry.value.IsList() && !entry.value.items.empty()) {
      text += "\n";
      for (const yaml::Node& item : entry.value.items) text += base::StrCat("  - ", FormatEntry(item), "\n");
    } else {
      text += base::StrCat(" ", FormatEntry(entry.value), "\n");
    }
  }
  return text;
}

bool SameText(const yaml::Node& a, const yaml::Node& b) {
  return a.kind == b.kind && a.scalar == b.scalar &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), SameText) &&
         std::equal(
             a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
             [](const yaml::Entry& x, const yaml::Entry& y) { return x.key == y.key && SameText(x.value, y.value); });
}

size_t CountComments(std::string_view body) {
  size_t count = 0;
  char quote = 0;      // which one is open
  char before = '\n';  // a comment, and a quote that opens, stand after a space or a bracket
  for (size_t i = 0; i < body.size(); before = body[i++]) {
    const char c = body[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if (c == '#' && (before == ' ' || before == '\n')) {
      ++count;
      i = std::min(body.find('\n', i), body.size() - 1);
    } else if ((c == '"' || c == '\'') && std::string_view(" \n[{,:").find(before) != std::string_view::npos) {
      quote = c;
    }
  }
  return count;
}

}  // namespace crossdock::cli
