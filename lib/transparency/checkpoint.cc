#include "lib/transparency/checkpoint.h"

#include <charconv>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/transparency/proof.h"
#include "lib/transparency/reasons.h"

namespace crossdock::transparency {
namespace {

constexpr size_t kTimeSize = 8;

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kCheckpointMalformed);
}

// The bytes that a witness signs.
std::string Cosigned(std::string_view text, int64_t time) {
  return base::StrCat("cosignature/v1\ntime ", time, "\n", text);
}

absl::StatusOr<std::string_view> TakeLine(std::string_view& text, int number) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return Malformed("the checkpoint ends before its line ", number);
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string Checkpoint::Format() const {
  return base::StrCat(origin, "\n", size, "\n", base::ToBase64(BytesOf(root)), "\n");
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  Checkpoint checkpoint;
  ASSIGN_OR_RETURN(checkpoint.origin, TakeLine(text, 1));
  if (!IsNoteName(checkpoint.origin)) return Malformed("line 1 of the checkpoint is no log's name");
  ASSIGN_OR_RETURN(const std::string_view size, TakeLine(text, 2));
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), checkpoint.size);
  // Also catches signs, leading zeros and white space.
  if (error != std::errc() || checkpoint.size > kTreeSizeMax || std::to_string(checkpoint.size) != size) {
    return Malformed("line 2 of the checkpoint is no size: decimal digits without leading zeros");
  }
  ASSIGN_OR_RETURN(const std::string_view root, TakeLine(text, 3));
  const absl::StatusOr<std::string> bytes = base::FromBase64(root);
  if (!bytes.ok() || bytes->size() != sizeof(Hash) || base::ToBase64(*bytes) != root) {
    return Malformed("line 3 of the checkpoint is not base64 of 32 bytes");
  }
  ASSIGN_OR_RETURN(checkpoint.root, HashOf(*bytes));
  if (checkpoint.size == 0 && checkpoint.root != EmptyRoot()) {
    return Malformed("line 3 of the checkpoint is not the root of an empty tree");
  }
  if (!text.empty()) return Malformed("line 4 of the checkpoint: there are three");
  return checkpoint;
}

absl::StatusOr<CheckpointNote> ParseCheckpointNote(std::string_view bytes) {
  CheckpointNote read;
  ASSIGN_OR_RETURN(read.note, Note::Parse(bytes));
  ASSIGN_OR_RETURN(read.checkpoint, Checkpoint::Parse(read.note.text));
  return read;
}

absl::Status VerifyCheckpoint(const CheckpointNote& note, const NoteKey& key) {
  if (key.type != NoteKeyType::kEd25519 || note.checkpoint.origin != key.name) {
    return base::WithReason(
        base::InvalidArgument("the checkpoint is of ", note.checkpoint.origin, ", and the key of ", key.name),
        kNoteUnsigned);
  }
  return note.note.VerifyBy(key);
}

Note SignCheckpoint(const Checkpoint& checkpoint, const base::PrivateKey& key) {
  Note note{checkpoint.Format(), {}};
  note.Sign(checkpoint.origin, key);
  return note;
}

NoteSignature Cosign(std::string_view text, std::string_view witness, const base::PrivateKey& key,
                     std::chrono::sys_seconds time) {
  const int64_t seconds = time.time_since_epoch().count();
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((seconds >> shift) & 0xff);
  bytes += base::Sign(key, Cosigned(text, seconds));
  const NoteKey by{std::string(witness), NoteKeyType::kCosignature, key.Public()};
  return {by.name, by.Id(), bytes};
}

absl::StatusOr<std::chrono::sys_seconds> VerifyCosignature(std::string_view text, const NoteSignature& line,
                                                           const NoteKey& key) {
  const absl::Status refused = base::WithReason(
      base::InvalidArgument("the checkpoint is not co-signed by ", key.name, " with the key ", base::ToHex(key.Id())),
      kNoteUnsigned);
  if (key.type != NoteKeyType::kCosignature || line.name != key.name || line.key_id != key.Id()) return refused;
  if (line.bytes.size() != kTimeSize + base::kEd25519SignatureSize) return refused;
  uint64_t seconds = 0;
  for (size_t i = 0; i < kTimeSize; ++i) seconds = seconds << 8 | static_cast<unsigned char>(line.bytes[i]);
  if (seconds >> 62 != 0) return refused;
  const auto time = static_cast<int64_t>(seconds);
  if (!base::Verify(key.key, Cosigned(text, time), std::string_view(line.bytes).substr(kTimeSize))) return refused;
  return std::chrono::sys_seconds(std::chrono::seconds(time));
}

}  // namespace crossdock::transparency
