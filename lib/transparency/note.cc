#include "lib/transparency/note.h"

#include <algorithm>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/transparency/reasons.h"

namespace crossdock::transparency {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // an em dash and a space

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kNoteMalformed);
}

bool IsGraphic(char c) { return c > 0x20 && c < 0x7f; }

absl::StatusOr<NoteSignature> ParseSignature(std::string_view line, size_t number) {
  if (!line.starts_with(kDash)) return Malformed("line ", number, " of the note is no signature: no em dash and space");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsNoteName(line.substr(0, space))) {
    return Malformed("line ", number, " of the note does not name who signs, and then the signature");
  }
  const absl::StatusOr<std::string> bytes = base::FromBase64(line.substr(space + 1));
  if (!bytes.ok() || bytes->size() <= kNoteKeyIdSize || base::ToBase64(*bytes) != line.substr(space + 1)) {
    return Malformed("line ", number, " of the note: the signature is not base64 of a key id and more");
  }
  return NoteSignature{std::string(line.substr(0, space)), bytes->substr(0, kNoteKeyIdSize),
                       bytes->substr(kNoteKeyIdSize)};
}

// Text is UTF-8 in the standard; ours is ASCII, which is what our origins and hashes are made of.
absl::Status CheckText(std::string_view text) {
  size_t number = 1;
  for (const char c : text) {
    if (c == '\n') {
      ++number;
    } else if (!IsGraphic(c) && c != ' ') {
      return Malformed("line ", number, " of the note has a byte that is no printable ASCII");
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string NoteNameOf(std::string_view name) {
  std::string escaped;
  for (const char c : base::PercentEscape(name)) {
    if (c == ' ') {
      escaped += "%20";
    } else if (c == '+') {
      escaped += "%2B";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

bool IsNoteName(std::string_view name) {
  return !name.empty() && name.size() <= kNoteNameSizeMax &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsGraphic(c) && c != '+'; });
}

std::string NoteKey::Id() const {
  return base::Sha256(base::StrCat(name, "\n", std::string(1, static_cast<char>(type)), key.Raw()))
      .substr(0, kNoteKeyIdSize);
}

std::string NoteKey::Format() const {
  return base::StrCat(name, "+", base::ToHex(Id()), "+",
                      base::ToBase64(base::StrCat(std::string(1, static_cast<char>(type)), key.Raw())));
}

absl::StatusOr<NoteKey> NoteKey::Parse(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return Malformed("a key is written name+id+base64");
  NoteKey key;
  key.name = text.substr(0, first);
  if (!IsNoteName(key.name)) return Malformed("a key's name has no white space, and at most 255 bytes");
  const absl::StatusOr<std::string> bytes = base::FromBase64(text.substr(second + 1));
  if (!bytes.ok() || bytes->size() != 1 + base::kEd25519KeySize || ((*bytes)[0] != 1 && (*bytes)[0] != 4) ||
      base::ToBase64(*bytes) != text.substr(second + 1)) {
    return Malformed("the key of ", key.name, " is not base64 of a type, 1 or 4, and 32 bytes");
  }
  key.type = static_cast<NoteKeyType>((*bytes)[0]);
  ASSIGN_OR_RETURN(key.key, base::PublicKey::FromRaw(bytes->substr(1)));
  if (text.substr(first + 1, second - first - 1) != base::ToHex(key.Id())) {
    return Malformed("the key of ", key.name, " has another id than ", base::ToHex(key.Id()));
  }
  return key;
}

std::string NoteSignature::Format() const {
  return base::StrCat(kDash, name, " ", base::ToBase64(base::StrCat(key_id, bytes)), "\n");
}

absl::StatusOr<NoteSignature> NoteSignature::Parse(std::string_view line) {
  if (!line.ends_with('\n') || line.find('\n') != line.size() - 1) return Malformed("a signature is one line");
  return ParseSignature(line.substr(0, line.size() - 1), 1);
}

absl::StatusOr<Note> Note::Parse(std::string_view bytes) {
  if (bytes.size() > kNoteSizeMax) return Malformed("a note of ", bytes.size(), " bytes; at most ", kNoteSizeMax);
  // The last empty line: the text may have others.
  const size_t gap = bytes.rfind("\n\n");
  if (gap == std::string_view::npos) return Malformed("the note has no empty line before its signatures");
  Note note;
  note.text = bytes.substr(0, gap + 1);
  RETURN_IF_ERROR(CheckText(note.text));
  size_t number = static_cast<size_t>(std::count(note.text.begin(), note.text.end(), '\n')) + 2;
  std::string_view rest = bytes.substr(gap + 2);
  if (!rest.ends_with('\n')) return Malformed("the note's last line is no signature with a line feed at its end");
  for (; !rest.empty(); ++number) {
    if (note.signatures.size() == kNoteSignaturesMax) {
      return Malformed("line ", number, ": more than ", kNoteSignaturesMax, " signatures");
    }
    const size_t end = rest.find('\n');
    ASSIGN_OR_RETURN(NoteSignature signature, ParseSignature(rest.substr(0, end), number));
    note.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string Note::Format() const {
  std::string bytes = text + "\n";
  for (const NoteSignature& signature : signatures) bytes += signature.Format();
  return bytes;
}

void Note::Sign(std::string_view name, const base::PrivateKey& key) {
  const NoteKey by{std::string(name), NoteKeyType::kEd25519, key.Public()};
  signatures.push_back({by.name, by.Id(), base::Sign(key, text)});
}

absl::Status Note::VerifyBy(const NoteKey& key) const {
  const std::string id = key.Id();
  for (const NoteSignature& each : signatures) {
    if (each.name == key.name && each.key_id == id && base::Verify(key.key, text, each.bytes)) return absl::OkStatus();
  }
  return base::WithReason(
      base::InvalidArgument("the note is not signed by ", key.name, " with the key ", base::ToHex(id)), kNoteUnsigned);
}

}  // namespace crossdock::transparency
