#include "agent/record/staged_record.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "agent/record/record_files.h"
#include "agent/record/staged_inventory.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/mhl/generation.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::EntryType;

// Errors of the format become ours; those of the storage are already.
absl::Status AsReason(const absl::Status& status) {
  if (wire::ParseReason(base::ReasonOf(status))) return status;
  return base::WithReason(
      base::FailedPrecondition(
          "the integrity record that came with the package cannot be continued: ", base::ToStd(status.message()), " [",
          base::ReasonOf(status), "]; `crossdock mhl verify` at the source says more"),
      kReasonRecordInvalid);
}

absl::Status Mismatch(const mhl::Problem& problem) {
  return base::WithReason(
      base::FailedPrecondition("'", base::PercentEscape(problem.path), "' is not what the package's integrity record ",
                               "says (", mhl::Name(*problem.format), " ",
                               mhl::EncodeHash(*problem.format, problem.found), ", recorded ",
                               mhl::EncodeHash(*problem.format, problem.expected),
                               "): it was changed or damaged at the source after it was recorded"),
      kReasonRecordMismatch);
}

}  // namespace

absl::Status RemoveOwnRecord(const Volume& volume, int data, const wire::Manifest& manifest) {
  if (wire::FindEntry(manifest, mhl::kFolder) == nullptr) {
    RETURN_IF_ERROR(RemoveTree(data, mhl::kFolder, volume.calls()));
  }
  for (const wire::Entry& entry : manifest.entries) {
    if (entry.type != EntryType::kDirectory || !IsRecordFolder(entry.path)) continue;
    const base::UniqueFd folder = OpenBeneath(data, entry.path, O_RDONLY | O_DIRECTORY);
    if (!folder) return DestinationError(errno, "cannot open the staging of", entry.path);
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder.get(), entry.path));
    for (const std::string& name : names) {
      if (wire::FindEntry(manifest, mhl::Below(entry.path, name)) != nullptr) continue;
      RETURN_IF_ERROR(RemoveTree(folder.get(), name, volume.calls()));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteRecord(const Volume& volume, int data, const wire::Manifest& manifest, const LandedDigests& digests,
                         const RecordTerms& terms, const std::string& folder, base::Instant now) {
  const wire::Entry* const taken = wire::FindEntry(manifest, mhl::kFolder);
  if (taken != nullptr && taken->type != EntryType::kDirectory) {
    LOG_WARNING("a package has no integrity record: something else has the name ascmhl in it", {{"package", folder}});
    return absl::OkStatus();
  }
  StagedInventory inventory(volume, data, manifest, digests);
  StagedRecordFiles files(volume, data, manifest);
  auto histories = mhl::Histories::Read(inventory, files);
  if (!histories.ok()) return AsReason(histories.status());
  mhl::GenerationRequest request;
  request.creator.created = std::chrono::floor<std::chrono::seconds>(now);
  request.creator.hostname = terms.site;
  request.creator.tool = "crossdock";
  request.creator.tool_version = terms.version;
  request.creator.comment = terms.comment;
  request.process = mhl::Process::kTransfer;
  request.formats = terms.formats;
  request.folder = folder;
  const auto made = mhl::AppendGeneration(inventory, files, *std::move(histories), request);
  if (!made.ok()) return AsReason(made.status());
  for (const mhl::Problem& problem : made->problems) {
    if (problem.kind == mhl::ProblemKind::kMismatch) return Mismatch(problem);
  }
  if (!made->problems.empty()) {
    LOG_WARNING("files that the package's integrity record knows were not there at the source",
                {{"package", folder},
                 {"files", std::to_string(made->problems.size())},
                 {"first", base::PercentEscape(made->problems.front().path)}});
  }
  return absl::OkStatus();
}

}  // namespace crossdock::agent
