#include "lib/yaml/map.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "lib/base/nearest.h"
#include "lib/base/status.h"
#include "lib/yaml/quantity.h"

namespace crossdock::yaml {
namespace {

std::string Quoted(std::string_view word) { return base::StrCat("'", word, "'"); }

template <typename Words>
std::string Listed(const Words& words) {
  std::vector<std::string> quoted;
  for (const auto& word : words) quoted.push_back(Quoted(word));
  return absl::StrJoin(quoted, ", ");
}

}  // namespace

const Node* Map::Find(std::string_view key) {
  known_.emplace(key);
  return node_->Find(key);
}

absl::StatusOr<const Node*> Map::Require(std::string_view key) {
  const Node* node = Find(key);
  if (node == nullptr) return ErrorAtNode(*node_, "'", key, "' is missing; add it");
  return node;
}

const std::vector<Entry>& Map::Entries() {
  for (const Entry& entry : node_->entries) known_.insert(entry.key);
  return node_->entries;
}

absl::StatusOr<std::string_view> Map::Scalar(std::string_view key, const Node& node, std::string_view what) const {
  if (node.IsScalar()) return std::string_view(node.scalar);
  return ErrorAtNode(node, "'", key, "' is ", KindName(node), "; write ", what);
}

absl::StatusOr<std::string> Map::String(std::string_view key, size_t size_max) {
  ASSIGN_OR_RETURN(const Node* node, Require(key));
  ASSIGN_OR_RETURN(std::string_view text, Scalar(key, *node, "text"));
  if (text.empty()) return ErrorAtNode(*node, "'", key, "' is empty; write something, or remove the key");
  if (text.size() > size_max) return ErrorAtNode(*node, "'", key, "' is longer than ", size_max, " bytes; shorten it");
  if (text.find('\n') != std::string_view::npos) {
    return ErrorAtNode(*node, "'", key, "' has several lines; write one line");
  }
  return std::string(text);
}

absl::StatusOr<std::string> Map::StringOr(std::string_view key, std::string_view fallback, size_t size_max) {
  if (!Has(key)) return std::string(fallback);
  return String(key, size_max);
}

absl::StatusOr<std::string> Map::OneOf(std::string_view key, std::initializer_list<std::string_view> words) {
  ASSIGN_OR_RETURN(std::string text, String(key));
  if (std::find(words.begin(), words.end(), text) != words.end()) return text;
  return Error(key, "'", text, "' is not possible for '", key, "'; write one of ", Listed(words));
}

absl::StatusOr<std::string> Map::OneOfOr(std::string_view key, std::string_view fallback,
                                         std::initializer_list<std::string_view> words) {
  if (!Has(key)) return std::string(fallback);
  return OneOf(key, words);
}

template <typename T, typename Parser>
absl::StatusOr<T> Map::Quantity(std::string_view key, std::string_view what, Parser parse) {
  ASSIGN_OR_RETURN(const Node* node, Require(key));
  ASSIGN_OR_RETURN(std::string_view text, Scalar(key, *node, what));
  absl::StatusOr<T> value = parse(text);
  if (!value.ok()) return ErrorAtNode(*node, "'", key, "': ", base::ToStd(value.status().message()));
  return value;
}

absl::StatusOr<int64_t> Map::Int(std::string_view key, int64_t min, int64_t max) {
  ASSIGN_OR_RETURN(int64_t value, Quantity<int64_t>(key, "a whole number", ParseInteger));
  const Node* node = Find(key);
  if (node->quoted) return ErrorAtNode(*node, "'", key, "' is text; write ", value, " without quotes");
  if (value < min || value > max) {
    return ErrorAtNode(*node, "'", key, "' is ", value, "; write a number from ", min, " to ", max);
  }
  return value;
}

absl::StatusOr<int64_t> Map::IntOr(std::string_view key, int64_t fallback, int64_t min, int64_t max) {
  if (!Has(key)) return fallback;
  return Int(key, min, max);
}

absl::StatusOr<bool> Map::Bool(std::string_view key) {
  ASSIGN_OR_RETURN(const Node* node, Require(key));
  ASSIGN_OR_RETURN(std::string_view text, Scalar(key, *node, "true or false"));
  if (!node->quoted && text == "true") return true;
  if (!node->quoted && text == "false") return false;
  return ErrorAtNode(*node, "'", key, "' is '", text, "'; write true or false, without quotes");
}

absl::StatusOr<bool> Map::BoolOr(std::string_view key, bool fallback) {
  if (!Has(key)) return fallback;
  return Bool(key);
}

absl::StatusOr<std::chrono::milliseconds> Map::Duration(std::string_view key, std::chrono::milliseconds min,
                                                        std::chrono::milliseconds max) {
  ASSIGN_OR_RETURN(auto value, Quantity<std::chrono::milliseconds>(key, "a duration, as in 30s", ParseDuration));
  if (value >= min && value <= max) return value;
  return Error(key, "'", key, "' is ", FormatDuration(value), "; write a duration from ", FormatDuration(min), " to ",
               FormatDuration(max));
}

absl::StatusOr<std::chrono::milliseconds> Map::DurationOr(std::string_view key, std::chrono::milliseconds fallback,
                                                          std::chrono::milliseconds min,
                                                          std::chrono::milliseconds max) {
  if (!Has(key)) return fallback;
  return Duration(key, min, max);
}

absl::StatusOr<int64_t> Map::ByteSize(std::string_view key) {
  return Quantity<int64_t>(key, "a size, as in 5TiB", ParseByteSize);
}

absl::StatusOr<int64_t> Map::ByteSizeOr(std::string_view key, int64_t fallback) {
  if (!Has(key)) return fallback;
  return ByteSize(key);
}

absl::StatusOr<int64_t> Map::BitRate(std::string_view key) {
  return Quantity<int64_t>(key, "a rate, as in 500Mbit/s", ParseBitRate);
}

absl::StatusOr<int64_t> Map::BitRateOr(std::string_view key, int64_t fallback) {
  if (!Has(key)) return fallback;
  return BitRate(key);
}

absl::StatusOr<std::vector<std::string>> Map::StringList(std::string_view key) {
  ASSIGN_OR_RETURN(const Node* node, Require(key));
  if (!node->IsList()) return ErrorAtNode(*node, "'", key, "' is ", KindName(*node), "; write a list, as in [a, b]");
  std::vector<std::string> list;
  std::set<std::string_view> seen;
  for (const Node& item : node->items) {
    ASSIGN_OR_RETURN(std::string_view text, Scalar(key, item, "text in the list"));
    if (text.empty()) return ErrorAtNode(item, "empty text in '", key, "'; write something, or remove it");
    if (!seen.insert(text).second) return ErrorAtNode(item, "'", text, "' stands twice in '", key, "'; keep one");
    list.emplace_back(text);
  }
  return list;
}

absl::StatusOr<std::vector<std::string>> Map::StringListOrEmpty(std::string_view key) {
  if (!Has(key)) return std::vector<std::string>();
  return StringList(key);
}

absl::StatusOr<Map> Map::SubMap(std::string_view key) {
  ASSIGN_OR_RETURN(const Node* node, Require(key));
  if (!node->IsMap())
    return ErrorAtNode(*node, "'", key, "' is ", KindName(*node), "; write a map, as in {key: value}");
  return At(*node);
}

absl::StatusOr<std::optional<Map>> Map::OptionalSubMap(std::string_view key) {
  if (!Has(key)) return std::optional<Map>();
  ASSIGN_OR_RETURN(Map map, SubMap(key));
  return std::optional<Map>(std::move(map));
}

absl::StatusOr<std::vector<Map>> Map::SubMaps(std::string_view key) {
  ASSIGN_OR_RETURN(const Node* node, Require(key));
  if (!node->IsList()) return ErrorAtNode(*node, "'", key, "' is ", KindName(*node), "; write a list of maps");
  std::vector<Map> maps;
  for (const Node& item : node->items) {
    if (!item.IsMap()) return ErrorAtNode(item, KindName(item), " in '", key, "'; write a map, as in {key: value}");
    maps.push_back(At(item));
  }
  return maps;
}

absl::StatusOr<std::vector<Map>> Map::SubMapsOrEmpty(std::string_view key) {
  if (!Has(key)) return std::vector<Map>();
  return SubMaps(key);
}

absl::Status Map::Finish() const {
  for (const Entry& entry : node_->entries) {
    if (known_.contains(entry.key)) continue;
    const std::string nearest = base::Nearest(entry.key, {known_.begin(), known_.end()});
    const std::string advice =
        nearest.empty() ? base::StrCat("known here: ", Listed(known_)) : base::StrCat("write '", nearest, "'?");
    return ErrorAt(tree_->file, entry.line, entry.column, base::StrCat("unknown key '", entry.key, "'; ", advice));
  }
  return absl::OkStatus();
}

}  // namespace crossdock::yaml
