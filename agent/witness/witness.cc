#include "agent/witness/witness.h"

#include <filesystem>
#include <utility>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/transparency/proof.h"

namespace crossdock::agent {
namespace {

using transparency::Checkpoint;
using transparency::CheckpointNote;

template <typename... Parts>
absl::Status Refuse(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::FailedPrecondition(parts...), reason);
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) || error;
}

}  // namespace

Witness::Witness(std::string directory, std::string trust_domain, std::string name, base::PrivateKey key)
    : directory_(std::move(directory)),
      trust_domain_(std::move(trust_domain)),
      name_(std::move(name)),
      key_(std::move(key)) {}

WitnessAnswer Witness::Answer(const WitnessRequest& request, base::Instant now) {
  base::MutexLock lock(mutex_);
  WitnessAnswer answer;
  answer.log = request.log;
  const absl::StatusOr<std::string> line = Judge(request, now, answer);
  if (line.ok()) {
    answer.cosignature = *line;
    return answer;
  }
  answer.reason = base::ReasonOf(line.status());
  if (answer.reason.empty()) answer.reason = "WITNESS_FAILED";
  answer.detail = std::string(line.status().message());
  if (answer.reason != kWitnessStale) {
    LOG_ERROR("AN AUDIT LOG WAS NOT WITNESSED",
              {{"log", base::PercentEscape(request.log)}, {"reason", answer.reason}, {"detail", answer.detail}});
  }
  return answer;
}

absl::StatusOr<std::string> Witness::Judge(const WitnessRequest& request, base::Instant now, WitnessAnswer& answer) {
  ASSIGN_OR_RETURN(const auto asked, transparency::AddCheckpoint::Parse(request.add_checkpoint));
  ASSIGN_OR_RETURN(CheckpointNote next, transparency::ParseCheckpointNote(asked.note));
  const Checkpoint& checkpoint = next.checkpoint;
  answer.size = checkpoint.size;
  if (!checkpoint.origin.starts_with(trust_domain_ + "/audit/")) {
    return Refuse(kWitnessLogUnknown, "the log ", checkpoint.origin, " is none of ", trust_domain_);
  }
  ASSIGN_OR_RETURN(const transparency::NoteKey log_key, transparency::NoteKey::Parse(request.log_key));
  RETURN_IF_ERROR(transparency::VerifyCheckpoint(next, log_key));
  const std::string stem = base::StrCat(directory_, "/", base::ToHex(base::Sha256(checkpoint.origin)));
  RETURN_IF_ERROR(CheckKey(stem, request.log_key, checkpoint.origin));

  const absl::Status continues = CheckContinues(stem, next, asked, answer);
  if (!answer.held.empty() && !IsThere(stem + ".conflict")) {
    // Two notes by one key that contradict each other: whoever holds both proves it. The first one is kept.
    RETURN_IF_ERROR(base::WriteFileAtomic(stem + ".conflict", asked.note));
  }
  RETURN_IF_ERROR(continues);
  const auto line = transparency::Cosign(next.note.text, name_, key_, std::chrono::floor<std::chrono::seconds>(now));
  next.note.signatures.push_back(line);
  RETURN_IF_ERROR(base::WriteFileAtomic(stem + ".note", next.note.Format()));
  return line.Format();
}

absl::Status Witness::CheckContinues(const std::string& stem, const CheckpointNote& next,
                                     const transparency::AddCheckpoint& asked, WitnessAnswer& answer) const {
  const Checkpoint& checkpoint = next.checkpoint;
  Checkpoint seen{checkpoint.origin, 0, transparency::EmptyRoot()};
  std::string held;
  if (const std::string path = stem + ".note"; IsThere(path)) {
    ASSIGN_OR_RETURN(held, base::ReadFile(path, transparency::kNoteSizeMax));
    const absl::StatusOr<CheckpointNote> read = transparency::ParseCheckpointNote(held);
    if (!read.ok()) return base::Annotate(read.status(), path);
    seen = read->checkpoint;
  }
  answer.seen_size = seen.size;
  if (checkpoint.size < seen.size) {
    answer.held = held;
    return Refuse(kWitnessShrunk, "the log ", checkpoint.origin, " has ", checkpoint.size, " leaves; ", seen.size,
                  " were co-signed here: number ", checkpoint.size, " is gone");
  }
  if (asked.old_size != seen.size) {
    return Refuse(kWitnessStale, "the proof begins at ", asked.old_size, "; ", seen.size, " were co-signed here");
  }
  if (!transparency::VerifyConsistency(seen.size, seen.root, checkpoint.size, checkpoint.root, asked.proof).ok()) {
    answer.held = held;
    return Refuse(kWitnessForked, "the log ", checkpoint.origin, " with ", checkpoint.size,
                  " leaves does not continue the one with ", seen.size,
                  " that was co-signed here: one of these is another one now");
  }
  return absl::OkStatus();
}

// The first key is believed, as the first tree is; from then on it is the only one.
absl::Status Witness::CheckKey(const std::string& stem, const std::string& log_key, const std::string& origin) {
  const std::string path = stem + ".key";
  if (IsThere(path)) {
    ASSIGN_OR_RETURN(const std::string believed, base::ReadFile(path, 1024));
    if (believed == log_key + "\n") return absl::OkStatus();
    return Refuse(kWitnessKeyChanged, "the log ", origin, " is signed by another key than the one believed since the ",
                  "first time. If the studio really has a new one, remove ", path);
  }
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  size_t logs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    logs += entry.path().extension() == ".key" ? 1 : 0;
  }
  if (logs >= kWitnessedLogsMax) return Refuse(kWitnessFull, logs, " logs are kept in ", directory_, "; no more are");
  return base::WriteFileAtomic(path, log_key + "\n");
}

}  // namespace crossdock::agent
