// The publish journal: what an attempt is about to make visible, written and synced before the orchestrator is asked
// whether it may, so that a crash between its yes and the rename is finished and not forgotten.
//
// Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

enum class PublishPhase : uint8_t {
  kPrepared = 1,   // asking, or about to: whether it may publish is not known here
  kCommitted = 2,  // it may, and only this epoch may
  kPublished = 3,  // the package stands at its place; what is left is the receipt and tidying up
};

// What may become of a directory that stands at the destination already.
enum class Merge : uint8_t {
  kNever = 0,    // nothing is added to it: the same content is success, another a refusal
  kWhole = 1,    // the package joins what is there, all of it at once or not at all
  kVisible = 2,  // file by file where the storage cannot do that, with a marker in the directory meanwhile
};
// "never", "whole", "visible".
std::string_view Name(Merge merge);
std::optional<Merge> ParseMerge(std::string_view name);

// How the package gets to its place.
enum class PublishWay : uint8_t {
  kMove = 0,      // nothing stands there: by its one name
  kExchange = 1,  // what is there and what comes, linked into one tree, which takes the old one's name
  kInPlace = 2,   // file by file into what is there
};

// What the generation of an integrity record says that is made where a package joins a directory.
struct JournalRecord {
  std::string site, version, comment;  // up to 64 KiB each
  std::string formats;                 // "c4,xxh128"; empty: no generation is made
  int64_t at_us = 0;                   // since 1970
  bool operator==(const JournalRecord&) const = default;
};

struct PublishJournal {
  PublishPhase phase = PublishPhase::kPrepared;
  std::string transfer;
  std::string agent;
  wire::Epoch epoch;
  wire::PackageForm form = wire::PackageForm::kDirectory;
  std::string destination;     // relative to the volume: the package's directory, or the file of kFile
  std::string listing_digest;  // 32 bytes
  std::string content_root;    // 32 bytes or none
  // For the receipt, which is made from this alone, so that it is the same however often it is made.
  std::string policy_digest;  // 32 bytes or none
  int64_t began_us = 0;       // of the attempt, since 1970
  int64_t ended_us = 0;       // when it was published; 0 before kPublished
  uint8_t verify = 0;         // 0 transit, 1 landed, 2 readback
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t data_inode = 0;       // of the staged tree: what stands at the destination with it is ours
  bool already_present = false;  // nothing is to be moved
  Merge merge = Merge::kNever;
  bool replace = false;  // a file there of the same name, with other content, gives way
  PublishWay way = PublishWay::kMove;
  uint64_t merged_inode = 0;  // kExchange: of the tree that takes the name,
  uint64_t old_inode = 0;     // and of the one that has it
  JournalRecord record;
  bool operator==(const PublishJournal&) const = default;
};

std::string Encode(const PublishJournal& journal);
absl::StatusOr<PublishJournal> DecodeJournal(std::string_view bytes);

}  // namespace crossdock::agent
