// C2SP signed-note: a text, an empty line, and a line for each signature.
//
//   studio.example/audit/client/northlight
//   3
//   <base64 of the root>
//
//   — studio.example/audit/client/northlight <base64 of 4 bytes of key id and the signature>
//
// Ed25519 only: type 1 signs the text itself, type 4 is a witness's cosignature/v1 (checkpoint.h). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/ed25519.h"

namespace crossdock::transparency {

inline constexpr size_t kNoteSizeMax = 64u << 10;
inline constexpr size_t kNoteSignaturesMax = 100;
inline constexpr size_t kNoteNameSizeMax = 255;
inline constexpr size_t kNoteKeyIdSize = 4;

enum class NoteKeyType : unsigned char { kEd25519 = 1, kCosignature = 4 };

// Who a signature line says it is by: name and key id.
struct NoteKey {
  std::string name;  // no white space and no plus
  NoteKeyType type = NoteKeyType::kEd25519;
  base::PublicKey key;

  std::string Id() const;  // 4 bytes: SHA-256(name || 0x0A || type || key)[:4]
  // "name+<hex id>+<base64 of type and key>": the form in which C2SP writes a verifier's key.
  std::string Format() const;
  // NOTE_MALFORMED.
  static absl::StatusOr<NoteKey> Parse(std::string_view text);
  bool operator==(const NoteKey&) const = default;
};

// `name` as it may stand in a key's name: what is not printable, white space, plus and % become %XX.
std::string NoteNameOf(std::string_view name);
bool IsNoteName(std::string_view name);

struct NoteSignature {
  std::string name;
  std::string key_id;  // 4 bytes
  std::string bytes;   // what follows the id

  // "— name base64\n"
  std::string Format() const;
  // One such line, with its end.
  static absl::StatusOr<NoteSignature> Parse(std::string_view line);
  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // ends with \n
  std::vector<NoteSignature> signatures;

  // Reads the one spelling; NOTE_MALFORMED with the line that is wrong. Nothing is verified.
  static absl::StatusOr<Note> Parse(std::string_view bytes);
  std::string Format() const;

  // Adds a signature of type 1. `name` is a note name.
  void Sign(std::string_view name, const base::PrivateKey& key);
  // NOTE_UNSIGNED unless a line of that name and key id holds. Of type 1.
  absl::Status VerifyBy(const NoteKey& key) const;
};

}  // namespace crossdock::transparency
