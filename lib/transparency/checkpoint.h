// C2SP tlog-checkpoint: the three lines that a log signs about its tree; and cosignature/v1, what a witness adds when
// it has seen that the tree continues the one it signed before. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/transparency/hash.h"
#include "lib/transparency/note.h"

namespace crossdock::transparency {

struct Checkpoint {
  std::string origin;  // the log's name, a note name
  uint64_t size = 0;
  Hash root{};

  // The note's text: origin, size, base64 of the root, each on a line.
  std::string Format() const;
  // CHECKPOINT_MALFORMED with the line that is wrong. Extension lines are refused: nobody here writes any.
  static absl::StatusOr<Checkpoint> Parse(std::string_view text);
  bool operator==(const Checkpoint&) const = default;
};

// A note with its checkpoint read.
struct CheckpointNote {
  Note note;
  Checkpoint checkpoint;
};
absl::StatusOr<CheckpointNote> ParseCheckpointNote(std::string_view bytes);
// NOTE_UNSIGNED unless `key` is a log's, the checkpoint is of that log, and its signature holds. One key signs many
// logs under their names; a signature line's name is not signed, so the name in the text is what counts.
absl::Status VerifyCheckpoint(const CheckpointNote& note, const NoteKey& key);
// Signed by the log's key under its origin's name.
Note SignCheckpoint(const Checkpoint& checkpoint, const base::PrivateKey& key);

// A witness's line about the note's text, at `time` (whole seconds).
NoteSignature Cosign(std::string_view text, std::string_view witness, const base::PrivateKey& key,
                     std::chrono::sys_seconds time);
// When the witness signed; NOTE_UNSIGNED when the line is not `key`'s (of type kCosignature) or does not hold.
absl::StatusOr<std::chrono::sys_seconds> VerifyCosignature(std::string_view text, const NoteSignature& line,
                                                           const NoteKey& key);

}  // namespace crossdock::transparency
