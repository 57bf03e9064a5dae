// An auditor's pack: a directory that proves by itself what it says. `audit export` writes it, `audit verify` judges
// it, and the recipe in its README does so without any program of ours.
//
//   about.txt          which log, which numbers, of which checkpoint
//   leaves.jsonl       the leaves, a line each, byte for byte as they were hashed
//   events.csv         the same for a spreadsheet, and
//   events.syslog      for a log collector, RFC 5424, and
//   controls.csv       by the MPA controls under which they are evidence; nothing verifies these three
//   hashes.txt         each leaf's hash as the log has it: names the first leaf that is not what it was
//   checkpoint.txt     the signed note, with the witnesses' lines
//   checkpoints.txt    all notes of a whole log, an empty line after each
//   proof.txt          what stands beside the leaves in the tree: "level left|right hash" a line
//   log.key            the log's key; compare it with what the studio gave you otherwise
//   witnesses/         AGENT.identity and AGENT.grant: who the witnesses are
//   held/              AGENT.note: what an agent keeps that has refused this log; only after a forgery
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/transparency/checkpoint.h"
#include "lib/transparency/proof.h"

namespace crossdock::cli {

struct AuditAbout {
  std::string log;     // "client/northlight", "studio"
  std::string origin;  // its name in notes
  uint64_t first = 0;
  uint64_t end = 0;   // one beyond the last leaf
  uint64_t size = 0;  // of the checkpoint

  std::string Format() const;
  // PACK_MALFORMED.
  static absl::StatusOr<AuditAbout> Parse(std::string_view text);
};

std::string FormatProof(const std::vector<transparency::Beside>& proof);
absl::StatusOr<std::vector<transparency::Beside>> ParseProof(std::string_view text);

// The recipe, with this pack's numbers in it.
std::string PackReadme(const AuditAbout& about);

struct PackDemands {
  std::string directory;
  std::string log_key;               // as in log.key; empty: the pack's own
  int sites = 0;                     // co-signatures of so many sites
  std::string roster;                // file: whose word the witnesses' names are; needed for `sites`
  std::vector<std::string> against;  // notes that agents keep, and directories of earlier exports
};

// What was found. It is sound when there is no finding.
struct PackVerdict {
  struct Finding {
    std::string reason;  // LEAF_CHANGED, LEAVES_MISSING, CHECKPOINT_CONTRADICTED, …
    uint64_t first_bad = 0;
    uint64_t last_bad = 0;  // the first bad one is among these
    std::string text;
  };
  AuditAbout about;
  std::vector<Finding> findings;
  std::vector<std::string> sites;  // that co-signed the checkpoint, by the roster
  uint64_t checkpoints = 0;        // that hold
};
// An error when the directory cannot be read as a pack (audit_read.h), is of another log than the key (PACK_OTHER_LOG),
// or an earlier export is not sound itself (PACK_UNSOUND).
absl::StatusOr<PackVerdict> VerifyPack(const PackDemands& demands, base::Instant now);

}  // namespace crossdock::cli
