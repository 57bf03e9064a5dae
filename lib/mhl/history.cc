#include "lib/mhl/history.h"

#include <algorithm>
#include <set>

#include "lib/base/status.h"
#include "lib/mhl/read.h"

namespace crossdock::mhl {
namespace {

template <typename... Parts>
absl::Status Broken(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::FailedPrecondition(parts...), reason);
}

// `every`: there are no histories but these.
absl::Status CheckReferences(const std::vector<History>& all, bool every) {
  std::unordered_map<std::string, const std::string*> chained;  // the C4 of each manifest, by its path in the tree
  std::set<std::string> folders;
  for (const History& history : all) {
    folders.insert(Below(history.root, kFolder));
    for (const ChainLink& link : history.chain) {
      chained.emplace(Below(Below(history.root, kFolder), link.path), &link.c4);
    }
  }
  for (const History& outer : all) {
    for (const GenerationHead& manifest : outer.generations) {
      for (const Reference& reference : manifest.references) {
        const std::string path = Below(outer.root, reference.path);
        if (!every && !folders.contains(path.substr(0, path.rfind('/')))) continue;
        const auto found = chained.find(path);
        if (found == chained.end()) {
          return Broken(kReasonManifestMissing, "'", base::PercentEscape(path),
                        "' is referred to and not in any chain");
        }
        if (*found->second != reference.c4) {
          return Broken(kReasonManifestAltered, "'", base::PercentEscape(path), "' is not the one that is referred to");
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string Below(std::string_view directory, std::string_view path) {
  if (directory.empty() || path.empty()) return std::string(directory.empty() ? path : directory);
  return base::StrCat(directory, "/", path);
}

std::string_view Within(std::string_view directory, std::string_view path) {
  return directory.empty() ? path : path.substr(std::min(directory.size() + 1, path.size()));
}

bool IsBelow(std::string_view directory, std::string_view path) {
  return directory.empty() ||
         (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

std::vector<std::string> History::ignore() const {
  std::vector<std::string> list;
  if (!generations.empty()) list = generations.back().ignore;
  AddPatterns(&list, DefaultIgnorePatterns());
  return list;
}

void History::Add(Manifest manifest) {
  // All names leave before one arrives: files may have changed places.
  std::vector<std::pair<std::string, KnownFile>> renamed;
  for (const FileRecord& file : manifest.files) {
    if (file.previous_path.empty()) continue;
    const auto old = known.find(file.previous_path);
    if (old == known.end()) continue;
    renamed.emplace_back(file.path, std::move(old->second));
    known.erase(old);
  }
  for (auto& [path, file] : renamed) known[path] = std::move(file);
  for (FileRecord& file : manifest.files) {
    KnownFile& one = known[file.path];
    if (file.size) one.size = file.size;
    if (file.modified) one.modified = file.modified;
    if (file.replaced) one.digests.clear();
    for (FileHash& hash : file.hashes) {
      if (hash.action != Action::kFailed) one.digests.emplace(hash.format, std::move(hash.raw));
    }
  }
  if (!generations.empty()) generations.back().directories = {};
  GenerationHead& head = generations.emplace_back();
  static_cast<ManifestHead&>(head) = std::move(manifest);
  head.files = manifest.files.size();
  head.directories = std::move(manifest.directories);
  head.references = std::move(manifest.references);
}

absl::StatusOr<History> ReadHistory(RecordFiles& files, const std::string& root, size_t* budget) {
  History history;
  history.root = root;
  const std::string folder = Below(root, kFolder);
  const std::string shown = base::PercentEscape(root.empty() ? "." : root);
  const auto names = files.List(folder);
  // An empty folder is what a first generation leaves that was never finished.
  if (absl::IsNotFound(names.status()) || (names.ok() && names->empty())) {
    return base::WithReason(base::NotFound("'", shown, "' has no history: there is no ", kFolder, " in it"),
                            kReasonNoHistory);
  }
  RETURN_IF_ERROR(names.status());
  if (std::find(names->begin(), names->end(), kChainName) == names->end()) {
    return Broken(kReasonNoChain, "the history of '", shown, "' has no ", kChainName);
  }
  const std::string chain_path = Below(folder, kChainName);
  ASSIGN_OR_RETURN(const std::string chain, files.Read(chain_path, 16u << 20));
  ASSIGN_OR_RETURN(history.chain, ReadChain(chain, chain_path));
  std::set<std::string> listed;
  for (const ChainLink& link : history.chain) {
    const auto number = NumberOf(link.path);
    if (!number || *number != link.number) {
      return Broken(kReasonChainInvalid, "'", base::PercentEscape(link.path), "' is no name of generation ",
                    link.number);
    }
    listed.insert(link.path);
    const std::string path = Below(folder, link.path);
    auto xml = files.Read(path, *budget);
    if (absl::IsNotFound(xml.status())) {
      return Broken(kReasonManifestMissing, "'", base::PercentEscape(path), "' is in the chain and not in its folder");
    }
    RETURN_IF_ERROR(xml.status());
    *budget -= std::min(*budget, xml->size());
    if (C4Of(*xml) != link.c4) {
      return Broken(kReasonManifestAltered, "'", base::PercentEscape(path), "' is not what the chain says");
    }
    ASSIGN_OR_RETURN(Manifest manifest, ReadManifest(*xml, path));
    xml = std::string();  // before the files are known as well
    history.Add(std::move(manifest));
  }
  for (const std::string& name : *names) {
    if (!name.starts_with("._") && NumberOf(name) && !listed.contains(name)) history.unlisted.push_back(name);
  }
  std::sort(history.unlisted.begin(), history.unlisted.end());
  return history;
}

absl::StatusOr<Histories> Histories::Read(const Inventory& inventory, RecordFiles& files, size_t size_max) {
  std::set<std::string> roots;
  constexpr std::string_view kSuffix = "/ascmhl";
  for (size_t i = 0; i < inventory.size(); ++i) {
    const Item item = inventory.item(i);
    if (!item.directory || !item.path.ends_with(kSuffix)) continue;
    const std::string root(item.path.substr(0, item.path.size() - kSuffix.size()));
    // Nothing in a record is itself recorded.
    const bool inside = root == kFolder || root.starts_with("ascmhl/") || root.ends_with(kSuffix) ||
                        root.find("/ascmhl/") != std::string::npos;
    if (!inside) roots.insert(root);
  }
  return ReadRoots(roots, /*every=*/true, files, size_max);
}

absl::StatusOr<Histories> Histories::ReadSome(const std::vector<std::string>& roots, RecordFiles& files,
                                              size_t size_max) {
  return ReadRoots({roots.begin(), roots.end()}, /*every=*/false, files, size_max);
}

absl::StatusOr<Histories> Histories::ReadRoots(const std::set<std::string>& roots, bool every, RecordFiles& files,
                                               size_t size_max) {
  Histories histories;
  auto top = ReadHistory(files, "", &size_max);
  if (!top.ok() && base::ReasonOf(top.status()) != kReasonNoHistory) return top.status();
  histories.all_.push_back(top.ok() ? *std::move(top) : History());
  if (roots.size() > kHistoriesMax) {
    return base::WithReason(base::InvalidArgument("more than ", kHistoriesMax, " folders have a history of their own"),
                            kReasonTooLarge);
  }
  for (const std::string& root : roots) {  // ascending: an outer one is a prefix of its inner ones
    ASSIGN_OR_RETURN(History history, ReadHistory(files, root, &size_max));
    histories.all_.push_back(std::move(history));
  }
  RETURN_IF_ERROR(CheckReferences(histories.all_, every));
  histories.AddIgnored({});
  return histories;
}

void Histories::AddIgnored(const std::vector<std::string>& patterns) {
  rules_.clear();
  for (const History& history : all_) {
    std::vector<std::string> list = history.ignore();
    AddPatterns(&list, patterns);
    rules_.emplace_back(list);
  }
}

bool Histories::empty() const {
  return std::all_of(all_.begin(), all_.end(), [](const History& history) { return history.chain.empty(); });
}

size_t Histories::OwnerOf(std::string_view path) const {
  for (size_t i = all_.size() - 1; i > 0; --i) {
    if (IsBelow(all_[i].root, path)) return i;
  }
  return 0;
}

size_t Histories::OuterOf(size_t inner) const { return OwnerOf(all_[inner].root); }

bool Histories::Ignores(std::string_view path, bool directory) const {
  for (size_t i = 0; i < all_.size(); ++i) {
    if (IsBelow(all_[i].root, path) && rules_[i].Ignores(Within(all_[i].root, path), directory)) return true;
  }
  return false;
}

}  // namespace crossdock::mhl
