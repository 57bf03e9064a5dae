// C2SP tlog-witness, the body of add-checkpoint: what a witness is shown.
//
//   old 20            the size that the witness signed last, 0 when it never did
//   <base64 hash>     the consistency proof from there, a line each
//
//   <checkpoint note>
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/transparency/checkpoint.h"

namespace crossdock::transparency {

struct AddCheckpoint {
  uint64_t old_size = 0;
  std::vector<Hash> proof;
  std::string note;  // a checkpoint note, as it is

  std::string Format() const;
  // PROOF_MALFORMED with the line that is wrong. The note is not read.
  static absl::StatusOr<AddCheckpoint> Parse(std::string_view body);
  bool operator==(const AddCheckpoint&) const = default;
};

}  // namespace crossdock::transparency
