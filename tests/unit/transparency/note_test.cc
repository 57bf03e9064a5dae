// Notes, checkpoints and co-signatures: one spelling, and nothing holds that was not signed.
#include "lib/transparency/note.h"
#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/transparency/add_checkpoint.h"
#include "lib/transparency/checkpoint.h"

namespace crossdock::transparency {
namespace {

constexpr char kOrigin[] = "studio.example/audit/client/northlight";

base::PrivateKey KeyOf(char seed) { return *base::PrivateKey::FromSeed(std::string(32, seed)); }

Checkpoint Example() { return {kOrigin, 3, LeafHash("root")}; }

std::string Refusal(const absl::Status& status) {
  return base::StrCat(base::ReasonOf(status), ": ", base::ToStd(status.message()));
}

TEST_CASE("a key of the Go checksum database has the id that the world knows") {
  // sum.golang.org's, as published with the go command.
  const auto key = NoteKey::Parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
  REQUIRE(key.ok());
  CHECK(base::ToHex(key->Id()) == "033de0ae");
  CHECK(key->Format() == "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
  CHECK_FALSE(NoteKey::Parse("sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8").ok());
}

TEST_CASE("a signed checkpoint comes back as it was, and one changed byte of it does not verify") {
  const Note note = SignCheckpoint(Example(), KeyOf('l'));
  const NoteKey key{kOrigin, NoteKeyType::kEd25519, KeyOf('l').Public()};
  const std::string bytes = note.Format();
  const auto read = ParseCheckpointNote(bytes);
  REQUIRE(read.ok());
  CHECK(read->checkpoint == Example());
  CHECK(read->note.Format() == bytes);
  CHECK(read->note.VerifyBy(key).ok());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto other = ParseCheckpointNote(changed);
    if (other.ok()) CHECK(base::ReasonOf(other->note.VerifyBy(key)) == "NOTE_UNSIGNED");
  }
  CHECK_FALSE(read->note.VerifyBy({kOrigin, NoteKeyType::kEd25519, KeyOf('m').Public()}).ok());
  CHECK_FALSE(read->note.VerifyBy({"another", NoteKeyType::kEd25519, KeyOf('l').Public()}).ok());
}

TEST_CASE("a co-signature holds for its witness, its time and its checkpoint alone") {
  const Note note = SignCheckpoint(Example(), KeyOf('l'));
  const std::chrono::sys_seconds time(std::chrono::seconds(1'700'000'000));
  const NoteSignature line = Cosign(note.text, "studio.example/site/lon/agent/lon-1", KeyOf('w'), time);
  const NoteKey key{"studio.example/site/lon/agent/lon-1", NoteKeyType::kCosignature, KeyOf('w').Public()};
  CHECK(*VerifyCosignature(note.text, line, key) == time);
  // As C2SP has it: the line signs "cosignature/v1\ntime N\n" and the note's text.
  CHECK(base::Verify(key.key, "cosignature/v1\ntime 1700000000\n" + note.text, line.bytes.substr(8)));
  CHECK(*NoteSignature::Parse(line.Format()) == line);

  NoteSignature later = line;
  later.bytes[7] = static_cast<char>(later.bytes[7] ^ 1);
  CHECK_FALSE(VerifyCosignature(note.text, later, key).ok());
  CHECK_FALSE(VerifyCosignature(note.text + "\n", line, key).ok());
  NoteKey plain = key;
  plain.type = NoteKeyType::kEd25519;
  CHECK_FALSE(VerifyCosignature(note.text, line, plain).ok());
}

TEST_CASE("what is not a checkpoint is refused with the line that is wrong") {
  const std::string root = base::ToBase64(BytesOf(LeafHash("root")));
  const auto refusal = [](const std::string& text) { return Refusal(Checkpoint::Parse(text).status()); };
  CHECK(refusal("") == "CHECKPOINT_MALFORMED: the checkpoint ends before its line 1");
  CHECK(refusal("go.sum database tree\n3\n" + root + "\n") ==
        "CHECKPOINT_MALFORMED: line 1 of the checkpoint is no log's name");
  CHECK(refusal("a+b\n3\n" + root + "\n") == "CHECKPOINT_MALFORMED: line 1 of the checkpoint is no log's name");
  for (const char* size : {"03", "+3", " 3", "3 ", "", "-1", "99999999999999999999"}) {
    CHECK(refusal(base::StrCat("a\n", size, "\n", root, "\n")) ==
          "CHECKPOINT_MALFORMED: line 2 of the checkpoint is no size: decimal digits without leading zeros");
  }
  CHECK(refusal("a\n3\n" + root.substr(4) + "\n") ==
        "CHECKPOINT_MALFORMED: line 3 of the checkpoint is not base64 of 32 bytes");
  CHECK(refusal("a\n0\n" + root + "\n") ==
        "CHECKPOINT_MALFORMED: line 3 of the checkpoint is not the root of an empty tree");
  CHECK(refusal("a\n3\n" + root + "\nmore\n") == "CHECKPOINT_MALFORMED: line 4 of the checkpoint: there are three");
}

TEST_CASE("what is not a note is refused with the line that is wrong") {
  const auto refusal = [](const std::string& text) { return Refusal(Note::Parse(text).status()); };
  CHECK(refusal("text\n") == "NOTE_MALFORMED: the note has no empty line before its signatures");
  CHECK(refusal("text\n\n") == "NOTE_MALFORMED: the note's last line is no signature with a line feed at its end");
  CHECK(refusal("text\n\n- a AAAAAAA=\n") ==
        "NOTE_MALFORMED: line 3 of the note is no signature: no em dash and space");
  CHECK(refusal("text\n\n\xe2\x80\x94 a AAAA\n") ==
        "NOTE_MALFORMED: line 3 of the note: the signature is not base64 of a key id and more");
  CHECK(refusal("te\x1bxt\n\n\xe2\x80\x94 a AAAAAAA=\n") ==
        "NOTE_MALFORMED: line 1 of the note has a byte that is no printable ASCII");
}

TEST_CASE("a name with spaces and pluses becomes one that a note can have") {
  CHECK(NoteNameOf("north light+1\n") == "north%20light%2B1%0A");
  CHECK(IsNoteName(NoteNameOf("north light+1\n")));
}

TEST_CASE("what a witness is asked comes back as it was, and other things are refused by line") {
  const AddCheckpoint asked{20, {LeafHash("a"), LeafHash("b")}, SignCheckpoint(Example(), KeyOf('l')).Format()};
  CHECK(*AddCheckpoint::Parse(asked.Format()) == asked);
  const auto refusal = [](const std::string& text) { return Refusal(AddCheckpoint::Parse(text).status()); };
  CHECK(refusal("old 020\n\n") == "PROOF_MALFORMED: line 1 of the request is not 'old' and a size");
  CHECK(refusal("old 2\nAAAA\n\n") == "PROOF_MALFORMED: line 2 of the request is not base64 of 32 bytes");
  CHECK(refusal("old 2\n") == "PROOF_MALFORMED: the request ends in line 2, before its empty line");
}

}  // namespace
}  // namespace crossdock::transparency
