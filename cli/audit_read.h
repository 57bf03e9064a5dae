// Reads an auditor's pack (audit_pack.h) as files from somebody who may want to deceive: regular files alone, each with
// a limit, and nothing is believed because it stands there. What it all means is audit_verify.cc's to say.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/audit_pack.h"
#include "lib/transparency/hash.h"

namespace crossdock::cli {

// Of one pack. Reading keeps 64 bytes of each leaf.
inline constexpr uint64_t kPackLeavesMax = 50'000'000;
inline constexpr size_t kPackLeafSizeMax = 4u << 20;
inline constexpr size_t kPackWitnessesMax = 1'000;

// Errors of all: PACK_MALFORMED (with the file and what is wrong), PACK_TOO_LARGE, or the file system's.

struct PackHead {
  AuditAbout about;
  transparency::CheckpointNote checkpoint;
  std::vector<transparency::Beside> proof;
  transparency::NoteKey key;  // the pack's own
};
absl::StatusOr<PackHead> ReadPackHead(const std::string& directory);

struct PackLeaves {
  std::vector<transparency::Hash> hashes;  // of the leaves that are there, at most as many as about.txt says
  std::vector<transparency::Hash> said;    // hashes.txt
  std::optional<uint64_t> parted;          // the first number at which these differ
  bool gone = false;                       // that number's line is empty: the row was not there any more
  bool more = false;                       // there are more leaves than about.txt says
};
// One leaf at a time.
absl::StatusOr<PackLeaves> ReadPackLeaves(const std::string& directory, const AuditAbout& about);

// The notes of checkpoints.txt, one at a time, in rising size. Nothing when there is no such file.
absl::Status ReadPackCheckpoints(const std::string& directory,
                                 const std::function<void(const transparency::CheckpointNote&)>& take);

struct PackWitness {
  std::string identity;
  std::string grant;
};
absl::StatusOr<std::vector<PackWitness>> ReadPackWitnesses(const std::string& directory);

// A checkpoint's note from a file of somebody's.
absl::StatusOr<transparency::CheckpointNote> ReadNote(const std::string& path);
// The files of held/, by name.
absl::StatusOr<std::vector<std::string>> ListPackHeld(const std::string& directory);

}  // namespace crossdock::cli
