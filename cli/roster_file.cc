#include "cli/roster_file.h"

#include <sys/stat.h>

#include <algorithm>

#include "cli/roster_text.h"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/yaml/parse.h"

namespace crossdock::cli {
namespace {

constexpr size_t kBodyMax = 1u << 20;

using Keys = std::initializer_list<std::pair<std::string_view, std::string_view>>;

bool Matches(const yaml::Node& entry, Keys keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const auto& each) {
    const yaml::Node* value = each.first.empty() ? &entry : entry.Find(each.first);
    return value != nullptr && value->scalar == each.second;
  });
}

void SetEntry(yaml::Node& map, std::string_view key, yaml::Node value) {
  for (yaml::Entry& entry : map.entries) {
    if (entry.key != key) continue;
    entry.value = std::move(value);
    return;
  }
  map.entries.push_back({std::string(key), 1, 1, std::move(value)});
}

}  // namespace

absl::StatusOr<RosterFile> RosterFile::Read(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string body, base::ReadFile(path, kBodyMax));
  ASSIGN_OR_RETURN(trust::Roster roster, trust::Roster::Parse(body, path));
  ASSIGN_OR_RETURN(const yaml::Map map, yaml::Parse(body, path));
  return RosterFile(path, std::move(roster), map.node(), CountComments(body));
}

yaml::Node* RosterFile::Find(std::string_view section) {
  const auto found = std::find_if(root_.entries.begin(), root_.entries.end(),
                                  [&](const yaml::Entry& entry) { return entry.key == section; });
  return found == root_.entries.end() ? nullptr : &found->value;
}

void RosterFile::Add(std::string_view section, yaml::Node entry) {
  if (Find(section) == nullptr) SetEntry(root_, section, ListNode({}));
  changes_.push_back(base::StrCat("+ ", section, ": ", FormatEntry(entry)));
  Find(section)->items.push_back(std::move(entry));
}

bool RosterFile::Remove(std::string_view section, Keys keys) {
  yaml::Node* list = Find(section);
  if (list == nullptr) return false;
  const auto found = std::find_if(list->items.begin(), list->items.end(),
                                  [&](const yaml::Node& entry) { return Matches(entry, keys); });
  if (found == list->items.end()) return false;
  changes_.push_back(base::StrCat("- ", section, ": ", FormatEntry(*found)));
  list->items.erase(found);
  return true;
}

bool RosterFile::Set(std::string_view section, std::string_view name, std::string_view key, yaml::Node value) {
  yaml::Node* at = &root_;
  std::string where;
  if (!section.empty()) {
    yaml::Node* list = Find(section);
    if (list == nullptr) return false;
    const auto found = std::find_if(list->items.begin(), list->items.end(), [&](const yaml::Node& entry) {
      return Matches(entry, {{"name", name}});
    });
    if (found == list->items.end()) return false;
    at = &*found;
    where = base::StrCat(section, ": ", name, ": ");
  }
  if (const yaml::Node* old = at->Find(key); old != nullptr) {
    changes_.push_back(base::StrCat("- ", where, key, ": ", FormatEntry(*old)));
  }
  changes_.push_back(base::StrCat("+ ", where, key, ": ", FormatEntry(value)));
  SetEntry(*at, key, std::move(value));
  return true;
}

absl::StatusOr<trust::Roster> RosterFile::Write() {
  SetEntry(root_, "number", NumberNode(roster_.number() + 1));
  const std::string body = FormatRoster(root_);
  const std::string changed = base::StrCat(path_, " as it would be");
  ASSIGN_OR_RETURN(trust::Roster roster, trust::Roster::Parse(body, changed));
  ASSIGN_OR_RETURN(const yaml::Map again, yaml::Parse(body, changed));
  // An officer is going to sign this: nothing but the change may be another word.
  if (!SameText(again.node(), root_)) {
    return base::Internal(path_, " cannot be written so that it reads back the same; edit it by hand");
  }
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return base::Errno(errno, path_);
  RETURN_IF_ERROR(base::WriteFileAtomic(path_, body, info.st_mode & 0777));
  return roster;
}

}  // namespace crossdock::cli
