// Reading a map of strict YAML by key, typed and bounded. Each reader marks its key as known; Finish() then complains
// about the keys that nobody read, so a misspelt setting stops the start instead of being ignored.
//
// Every error is kInvalidArgument with reason YAML_INVALID: `file:line:column: what is wrong; what to write instead`.
// A Map shares the tree that it came from and is cheap to copy; a copy has its own marks. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/strings.h"
#include "lib/yaml/node.h"

namespace crossdock::yaml {

struct Tree {
  std::string file;
  Node root;
};

class Map {
 public:
  // `node` is a kMap within `tree`.
  Map(std::shared_ptr<const Tree> tree, const Node* node) : tree_(std::move(tree)), node_(node) {}

  bool Has(std::string_view key) { return Find(key) != nullptr; }

  // Text of 1 … `size_max` bytes on one line.
  absl::StatusOr<std::string> String(std::string_view key, size_t size_max = 4096);
  absl::StatusOr<std::string> StringOr(std::string_view key, std::string_view fallback, size_t size_max = 4096);
  // Text that is one of `words`.
  absl::StatusOr<std::string> OneOf(std::string_view key, std::initializer_list<std::string_view> words);
  absl::StatusOr<std::string> OneOfOr(std::string_view key, std::string_view fallback,
                                      std::initializer_list<std::string_view> words);
  // A whole number without quotes, min … max inclusive.
  absl::StatusOr<int64_t> Int(std::string_view key, int64_t min, int64_t max);
  absl::StatusOr<int64_t> IntOr(std::string_view key, int64_t fallback, int64_t min, int64_t max);
  // true or false, without quotes; yes, no, on and off are text.
  absl::StatusOr<bool> Bool(std::string_view key);
  absl::StatusOr<bool> BoolOr(std::string_view key, bool fallback);
  // 500ms, 30s, 72h, 90d (quantity.h); min … max inclusive.
  absl::StatusOr<std::chrono::milliseconds> Duration(std::string_view key, std::chrono::milliseconds min = {},
                                                     std::chrono::milliseconds max = kDurationMax);
  absl::StatusOr<std::chrono::milliseconds> DurationOr(std::string_view key, std::chrono::milliseconds fallback,
                                                       std::chrono::milliseconds min = {},
                                                       std::chrono::milliseconds max = kDurationMax);
  // 512B, 5TiB, 2GB; in bytes.
  absl::StatusOr<int64_t> ByteSize(std::string_view key);
  absl::StatusOr<int64_t> ByteSizeOr(std::string_view key, int64_t fallback);
  // 500Mbit/s; in bits a second.
  absl::StatusOr<int64_t> BitRate(std::string_view key);
  absl::StatusOr<int64_t> BitRateOr(std::string_view key, int64_t fallback);
  // A list of texts without repetition; may be empty. The second form is empty when the key is absent.
  absl::StatusOr<std::vector<std::string>> StringList(std::string_view key);
  absl::StatusOr<std::vector<std::string>> StringListOrEmpty(std::string_view key);

  absl::StatusOr<Map> SubMap(std::string_view key);
  absl::StatusOr<std::optional<Map>> OptionalSubMap(std::string_view key);
  // A list of maps; the second form is empty when the key is absent.
  absl::StatusOr<std::vector<Map>> SubMaps(std::string_view key);
  absl::StatusOr<std::vector<Map>> SubMapsOrEmpty(std::string_view key);

  // The raw value, or null; marks the key as known. For what the readers above cannot say.
  const Node* Find(std::string_view key);
  // As Find, but an absent key is a complaint.
  absl::StatusOr<const Node*> Require(std::string_view key);
  // All entries in order, all marked as known: for maps whose keys are data.
  const std::vector<Entry>& Entries();
  // A Map over `node`, which is a kMap of the same tree.
  Map At(const Node& node) const { return Map(tree_, &node); }

  // A complaint at the value of `key` (at the map when it is absent), for what the caller finds wrong with it.
  template <typename... Parts>
  absl::Status Error(std::string_view key, const Parts&... parts) const {
    const Node* value = node_->Find(key);
    return ErrorAtNode(value == nullptr ? *node_ : *value, parts...);
  }
  template <typename... Parts>
  absl::Status ErrorAtNode(const Node& node, const Parts&... parts) const {
    return ErrorAt(tree_->file, node.line, node.column, base::StrCat(parts...));
  }

  // The last call: complains about the first key that was never asked for, naming the nearest that was.
  absl::Status Finish() const;

  const std::string& file() const { return tree_->file; }
  const Node& node() const { return *node_; }

  static constexpr std::chrono::milliseconds kDurationMax = std::chrono::hours(24 * 3650);

 private:
  // The text at `node`, which must be a scalar; `what` says in complaints what is expected.
  absl::StatusOr<std::string_view> Scalar(std::string_view key, const Node& node, std::string_view what) const;
  template <typename T, typename Parser>
  absl::StatusOr<T> Quantity(std::string_view key, std::string_view what, Parser parse);

  std::shared_ptr<const Tree> tree_;
  const Node* node_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace crossdock::yaml
