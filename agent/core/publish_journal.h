// The publish journal: what an attempt is about to make visible, written and synced before the orchestrator is asked
// whether it may, so that a crash between its yes and the rename is finished and not forgotten.
//
// Pure and thread-safe.
#pragma once

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
  bool operator==(const PublishJournal&) const = default;
};

std::string Encode(const PublishJournal& journal);
absl::StatusOr<PublishJournal> DecodeJournal(std::string_view bytes);

}  // namespace crossdock::agent
