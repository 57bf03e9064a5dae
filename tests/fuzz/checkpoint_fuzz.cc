// Any bytes as a checkpoint's note, a co-signature line or a key: what is read is written again to the same bytes, and
// no signature holds by a key that did not make it.
#include "lib/transparency/checkpoint.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

using namespace transparency;

void CheckKey(std::string_view input) {
  const absl::StatusOr<NoteKey> key = NoteKey::Parse(input);
  if (!key.ok()) return CheckRefusal(key.status());
  INVARIANT(key->Format() == input) << "two spellings of one key";
}

void CheckLine(std::string_view input, std::string_view text) {
  static const base::PrivateKey witness = *base::PrivateKey::FromSeed(std::string(32, 'n'));
  const absl::StatusOr<NoteSignature> line = NoteSignature::Parse(input);
  if (!line.ok()) return CheckRefusal(line.status());
  INVARIANT(line->Format() == input) << "two spellings of one signature line";
  const NoteKey key{line->name, NoteKeyType::kCosignature, witness.Public()};
  INVARIANT(!VerifyCosignature(text, *line, key).ok()) << "a signature by a key that signs nothing";
}

}  // namespace

bool FuzzCheckpoint(std::string_view input) {
  CheckKey(input);
  CheckLine(input, "text\n");
  const absl::StatusOr<Note> note = Note::Parse(input);
  if (!note.ok()) {
    CheckRefusal(note.status());
    return false;
  }
  INVARIANT(note->Format() == input) << "two spellings of one note";
  for (const NoteSignature& each : note->signatures) CheckLine(each.Format(), note->text);
  const absl::StatusOr<CheckpointNote> read = ParseCheckpointNote(input);
  if (!read.ok()) {
    CheckRefusal(read.status());
    return false;
  }
  INVARIANT(read->checkpoint.Format() == note->text) << "two spellings of one checkpoint";
  return true;
}

}  // namespace crossdock::fuzz
