#include "agent/record/joined_record.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "agent/record/record_files.h"
#include "agent/record/staged_inventory.h"
#include "agent/storage/io_reason.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/mhl/check.h"
#include "lib/mhl/generation.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

std::string Above(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string LastOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What arrived, under the names that it gets there. Records are none of it.
class ArrivedInventory : public mhl::Inventory {
 public:
  explicit ArrivedInventory(const Joining& joining)
      : all_(joining.volume, joining.data, joining.manifest, joining.digests) {
    if (joining.one_file) name_ = LastOf(joining.destination);
    for (size_t i = 0; i < all_.size(); ++i) {
      const mhl::Item item = all_.item(i);
      if (!item.directory && RecordFolderOf(item.path).empty()) items_.push_back(static_cast<uint32_t>(i));
    }
  }
  size_t size() const override { return items_.size(); }
  mhl::Item item(size_t index) const override {
    mhl::Item item = all_.item(items_[index]);
    if (!name_.empty()) item.path = name_;
    return item;
  }
  absl::StatusOr<mhl::Digests> Hash(size_t index, const std::vector<mhl::HashFormat>& formats) override {
    return all_.Hash(items_[index], formats);
  }

 private:
  StagedInventory all_;
  std::string name_;
  std::vector<uint32_t> items_;
};

// To see whether a generation could be written.
class UnwrittenRecordFiles : public TreeRecordFiles {
 public:
  using TreeRecordFiles::TreeRecordFiles;
  absl::Status MakeDirectory(const std::string&) override { return absl::OkStatus(); }
  absl::Status Write(const std::string&, const std::function<absl::Status(const mhl::Sink&)>&) override {
    return absl::OkStatus();
  }
};

// The folders inside of the tree into which something came and that have a history.
std::vector<std::string> FoldersWithHistory(const mhl::Inventory& inventory, int tree) {
  std::set<std::string> seen;
  std::vector<std::string> folders;
  for (size_t i = 0; i < inventory.size(); ++i) {
    const std::string path(inventory.item(i).path);
    for (std::string at = Above(path); !at.empty() && seen.insert(at).second; at = Above(at)) {
      if (Stands(tree, mhl::Below(at, mhl::kFolder))) folders.push_back(at);
    }
  }
  return folders;
}

bool BelongsToOneAbove(const Volume& volume, const std::string& destination) {
  for (std::string at = destination; !at.empty();) {
    at = Above(at);
    if (Stands(volume.root(), mhl::Below(mhl::Below(at, mhl::kFolder), mhl::kChainName))) return true;
  }
  return false;
}

// Whether the tree is to have a generation at all.
bool IsRecorded(const Joining& joining, int tree) {
  if (Stands(tree, mhl::kFolder)) {
    if (OpenBeneath(tree, mhl::kFolder, O_RDONLY | O_DIRECTORY)) return true;
    LOG_WARNING("what was joined has no integrity record: something else has the name ascmhl there", {});
    return false;
  }
  if (joining.one_file || joining.destination.empty()) return false;
  if (!BelongsToOneAbove(joining.volume, joining.destination)) return true;
  LOG_WARNING(
      "what was joined belongs to the integrity record of a directory above, which `crossdock mhl create` adds to",
      {{"destination", base::PercentEscape(joining.destination)}});
  return false;
}

absl::Status AsReason(const absl::Status& status, std::string_view whose, std::string_view where) {
  if (wire::ParseReason(base::ReasonOf(status))) return status;
  return base::WithReason(base::FailedPrecondition("the integrity record of ", whose, " cannot be continued: ",
                                                   base::ToStd(status.message()), " [", base::ReasonOf(status),
                                                   "]; `crossdock mhl verify` ", where, " says more"),
                          kReasonRecordInvalid);
}

template <typename... Parts>
absl::Status Mismatch(const mhl::Problem& problem, const Parts&... parts) {
  return base::WithReason(
      base::FailedPrecondition("'", base::PercentEscape(problem.path), "' is not what the integrity record of ",
                               parts..., " (", mhl::Name(*problem.format), " ",
                               mhl::EncodeHash(*problem.format, problem.found), ", recorded ",
                               mhl::EncodeHash(*problem.format, problem.expected), ")"),
      kReasonRecordMismatch);
}

absl::Status Extend(const Joining& joining, int tree, mhl::RecordFiles& files) {
  if (!IsRecorded(joining, tree)) return absl::OkStatus();
  const std::string directory = joining.one_file ? Above(joining.destination) : joining.destination;
  const std::string shown = base::StrCat("'", base::PercentEscape(directory), "'");
  ArrivedInventory inventory(joining);
  auto histories = mhl::Histories::ReadSome(FoldersWithHistory(inventory, tree), files);
  if (!histories.ok()) return AsReason(histories.status(), base::StrCat("the directory ", shown), "there");
  mhl::GenerationRequest request;
  request.creator.created = std::chrono::floor<std::chrono::seconds>(joining.at);
  request.creator.hostname = joining.terms.site;
  request.creator.tool = "crossdock";
  request.creator.tool_version = joining.terms.version;
  request.creator.comment = joining.terms.comment;
  request.process = mhl::Process::kTransfer;
  request.formats = joining.terms.formats;
  request.folder = directory.empty() ? "volume" : LastOf(directory);
  request.partial = true;
  request.replaces = joining.replace;
  const auto made = mhl::AppendGeneration(inventory, files, *std::move(histories), request);
  if (!made.ok()) return AsReason(made.status(), base::StrCat("the directory ", shown), "there");
  if (made->problems.empty()) return absl::OkStatus();
  return Mismatch(made->problems.front(), "the directory ", shown,
                  " says: that knows another file of this name, and `replace` was not asked for");
}

}  // namespace

absl::Status ExtendRecord(const Joining& joining, int tree) {
  TreeRecordFiles files(joining.volume, tree);
  return Extend(joining, tree, files);
}

absl::Status CheckExtendRecord(const Joining& joining, int tree) {
  UnwrittenRecordFiles files(joining.volume, tree);
  return Extend(joining, tree, files);
}

absl::Status CheckOwnRecord(const Volume& volume, int data, const wire::Manifest& manifest,
                            const LandedDigests& digests) {
  const bool brought = std::any_of(manifest.entries.begin(), manifest.entries.end(),
                                   [](const wire::Entry& entry) { return IsRecordFolder(entry.path); });
  if (!brought) return absl::OkStatus();
  StagedInventory inventory(volume, data, manifest, digests);
  StagedRecordFiles files(volume, data, manifest);
  const auto histories = mhl::Histories::Read(inventory, files);
  if (!histories.ok()) return AsReason(histories.status(), "the package", "at the source");
  if (histories->empty()) return absl::OkStatus();
  const auto checked = mhl::CheckTree(inventory, *histories);
  RETURN_IF_ERROR(checked.status());
  for (const mhl::Problem& problem : checked->problems) {
    if (problem.kind != mhl::ProblemKind::kMismatch) continue;
    return Mismatch(problem, "the package says: it was changed or damaged at the source after it was recorded");
  }
  return absl::OkStatus();
}

bool KeptRecords::StaysBehind(const std::string& path) {
  const std::string_view folder = RecordFolderOf(path);
  if (folder.empty()) return false;
  auto which = folders_.find(folder);
  if (which == folders_.end()) {
    const std::string chain = mhl::Below(folder, mhl::kChainName);
    const std::string there = mhl::Below(destination_, chain);
    Which found = Which::kNone;
    if (Stands(volume_.root(), there)) {
      const bool continued =
          Stands(data_, chain) && ContinuedRecord(volume_, data_, chain, volume_.root(), there).has_value();
      found = continued ? Which::kChain : Which::kAll;
    }
    which = folders_.emplace(folder, found).first;
  }
  return which->second == Which::kAll || (which->second == Which::kChain && IsRecordChain(path));
}

}  // namespace crossdock::agent
