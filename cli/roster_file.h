// A roster's file while a verb changes it: read and checked, changed in memory, checked again as a whole, written.
//
// Every change that is written raises `number`. Comments are lost: the file is written anew from what it says.
// Not thread-safe; one verb owns it for one change.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/output.h"
#include "lib/trust/roster.h"
#include "lib/yaml/node.h"

namespace crossdock::cli {

class RosterFile {
 public:
  // Errors are those of `roster check`.
  static absl::StatusOr<RosterFile> Read(const std::string& path);

  // What stands in the file, before any change.
  const trust::Roster& roster() const { return roster_; }

  // Appends to the list `section` ("sites").
  void Add(std::string_view section, yaml::Node entry);
  // Removes the first entry of `section` in which each key reads its value; an empty key is the entry itself. Gives
  // whether there was one.
  bool Remove(std::string_view section, std::initializer_list<std::pair<std::string_view, std::string_view>> keys);
  // Sets `key` of the entry of `section` with this `name`, or at the top when `section` is empty. Gives whether there
  // was such an entry.
  bool Set(std::string_view section, std::string_view name, std::string_view key, yaml::Node value);

  // What has changed, a line each: "+ sites: {id: van, country: CA}".
  const std::vector<std::string>& changes() const { return changes_; }
  size_t comments_lost() const { return comments_; }

  // Raises the number, checks the roster as `roster check` does, and replaces the file in one step. Gives the new
  // roster; on an error the file is as it was.
  absl::StatusOr<trust::Roster> Write();

 private:
  RosterFile(std::string path, trust::Roster roster, yaml::Node root, size_t comments)
      : path_(std::move(path)), roster_(std::move(roster)), root_(std::move(root)), comments_(comments) {}
  yaml::Node* Find(std::string_view section);

  std::string path_;
  trust::Roster roster_;
  yaml::Node root_;
  size_t comments_;
  std::vector<std::string> changes_;
};

}  // namespace crossdock::cli
