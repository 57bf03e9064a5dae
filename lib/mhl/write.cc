#include "lib/mhl/write.h"

#include "lib/base/status.h"
#include "lib/mhl/read.h"

namespace crossdock::mhl {
namespace {

constexpr size_t kPiece = 64 << 10;
constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// Length of the well-formed UTF-8 sequence at the start of `text` that XML 1.0 allows; 0 when there is none.
size_t CharacterAt(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto next = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  if (first >= 0xc2 && first <= 0xdf && next(1)) return 2;
  if (first >= 0xe0 && first <= 0xef && next(1) && next(2)) {
    const bool overlong = first == 0xe0 && at(1) < 0xa0;
    const bool surrogate = first == 0xed && at(1) > 0x9f;
    const bool none = first == 0xef && at(1) == 0xbf && at(2) >= 0xbe;  // U+FFFE, U+FFFF
    return overlong || surrogate || none ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4 && next(1) && next(2) && next(3)) {
    return (first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f) ? 0 : 4;
  }
  return 0;
}

// Adds `text` with what XML wants escaped.
absl::Status Put(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size();) {
    const size_t size = CharacterAt(text.substr(i));
    if (size == 0) {
      return base::WithReason(base::InvalidArgument("'", base::PercentEscape(text),
                                                    "' cannot stand in a manifest: it is not UTF-8, or holds control "
                                                    "characters"),
                              kReasonNotWritable);
    }
    switch (text[i]) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      default:
        *out += text.substr(i, size);
    }
    i += size;
  }
  return absl::OkStatus();
}

// 2026-11-20T10:23:16+00:00, with a fraction only where there is one.
std::string Date(base::Instant instant) {
  std::string text = base::FormatInstant(instant);  // 2026-11-20T10:23:16.604240Z
  text.pop_back();
  if (text.ends_with(".000000")) text.resize(text.size() - 7);
  return text + "+00:00";
}

std::string DateAttribute(std::string_view name, const std::optional<base::Instant>& date) {
  return date ? base::StrCat(" ", name, "=\"", Date(*date), "\"") : std::string();
}

absl::Status PutElement(std::string_view indent, std::string_view name, std::string_view text, std::string* out) {
  *out += base::StrCat(indent, "<", name, ">");
  RETURN_IF_ERROR(Put(text, out));
  *out += base::StrCat("</", name, ">\n");
  return absl::OkStatus();
}

absl::Status PutAttribute(std::string_view name, std::string_view text, std::string* out) {
  if (text.empty()) return absl::OkStatus();
  *out += base::StrCat(" ", name, "=\"");
  RETURN_IF_ERROR(Put(text, out));
  *out += '"';
  return absl::OkStatus();
}

// What the format's schema takes for one: [^@]+@[^\.]+\..+
bool IsEmailAddress(std::string_view text) {
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  const size_t dot = text.find('.', at + 1);
  return dot != std::string_view::npos && dot > at + 1 && dot + 1 < text.size();
}

absl::Status PutCreator(const Creator& creator, std::string* out) {
  *out += base::StrCat("  <creatorinfo>\n    <creationdate>", Date(creator.created), "</creationdate>\n");
  RETURN_IF_ERROR(PutElement("    ", "hostname", creator.hostname, out));
  *out += "    <tool";
  RETURN_IF_ERROR(PutAttribute("version", creator.tool_version, out));
  *out += '>';
  RETURN_IF_ERROR(Put(creator.tool, out));
  *out += "</tool>\n";
  for (const Author& author : creator.authors) {
    if (!author.email.empty() && !IsEmailAddress(author.email)) {
      return base::WithReason(base::InvalidArgument("'", base::PercentEscape(author.email), "' is no e-mail address"),
                              kReasonInvalid);
    }
    *out += "    <author";
    RETURN_IF_ERROR(PutAttribute("email", author.email, out));
    RETURN_IF_ERROR(PutAttribute("phone", author.phone, out));
    RETURN_IF_ERROR(PutAttribute("role", author.role, out));
    *out += '>';
    RETURN_IF_ERROR(Put(author.name, out));
    *out += "</author>\n";
  }
  if (!creator.location.empty()) RETURN_IF_ERROR(PutElement("    ", "location", creator.location, out));
  if (!creator.comment.empty()) RETURN_IF_ERROR(PutElement("    ", "comment", creator.comment, out));
  *out += "  </creatorinfo>\n";
  return absl::OkStatus();
}

void PutDirectoryHashes(std::string_view indent, const std::vector<DirectoryHash>& hashes, std::string* out) {
  for (const bool content : {true, false}) {
    const std::string_view name = content ? "content" : "structure";
    *out += base::StrCat(indent, "<", name, ">\n");
    for (const HashFormat format : kHashFormats) {
      for (const DirectoryHash& hash : hashes) {
        const std::string& raw = content ? hash.content : hash.structure;
        if (hash.format != format || raw.empty()) continue;  // others record one of the two alone
        *out += base::StrCat(indent, "  <", Name(format), ">", EncodeHash(format, raw), "</", Name(format), ">\n");
      }
    }
    *out += base::StrCat(indent, "</", name, ">\n");
  }
}

absl::Status PutPath(const std::string& path, const std::string& attributes, std::string* out) {
  RETURN_IF_ERROR(CheckPath(path));
  *out += base::StrCat("      <path", attributes, ">");
  RETURN_IF_ERROR(Put(path, out));
  *out += "</path>\n";
  return absl::OkStatus();
}

}  // namespace

absl::Status ManifestWriter::Flush(size_t above) {
  if (text_.size() <= above) return absl::OkStatus();
  const absl::Status status = sink_(text_);
  text_.clear();
  return status;
}

absl::Status ManifestWriter::Begin(const ManifestHead& head) {
  text_ = base::StrCat(kDeclaration, "<hashlist version=\"2.0\" xmlns=\"", kManifestNamespace, "\">\n");
  RETURN_IF_ERROR(PutCreator(head.creator, &text_));
  text_ += base::StrCat("  <processinfo>\n    <process>", Name(head.process), "</process>\n");
  if (!head.root.empty()) {
    text_ += "    <roothash>\n";
    PutDirectoryHashes("      ", head.root, &text_);
    text_ += "    </roothash>\n";
  }
  if (!head.ignore.empty()) {
    text_ += "    <ignore>\n";
    for (const std::string& pattern : head.ignore) RETURN_IF_ERROR(PutElement("      ", "pattern", pattern, &text_));
    text_ += "    </ignore>\n";
  }
  text_ += "  </processinfo>\n";
  return absl::OkStatus();
}

absl::Status ManifestWriter::OpenHashes() {
  // Without a record there is no such element: an empty one is against the format.
  if (!hashes_) text_ += "  <hashes>\n";
  hashes_ = true;
  return Flush(kPiece);
}

absl::Status ManifestWriter::Add(const FileRecord& record) {
  RETURN_IF_ERROR(OpenHashes());
  text_ += "    <hash>\n";
  const std::string size = record.size ? base::StrCat(" size=\"", *record.size, "\"") : std::string();
  RETURN_IF_ERROR(PutPath(record.path, size + DateAttribute("lastmodificationdate", record.modified), &text_));
  for (const HashFormat format : kHashFormats) {
    for (const FileHash& hash : record.hashes) {
      if (hash.format != format) continue;
      text_ += base::StrCat("      <", Name(format), " action=\"", Name(hash.action), "\"",
                            DateAttribute("hashdate", hash.hashed), ">", EncodeHash(format, hash.raw), "</",
                            Name(format), ">\n");
    }
  }
  if (!record.previous_path.empty()) {
    RETURN_IF_ERROR(PutElement("      ", "previousPath", record.previous_path, &text_));
  }
  if (record.replaced) {
    text_ += base::StrCat("      <metadata><replaced xmlns=\"", kMetadataNamespace, "\"/></metadata>\n");
  }
  text_ += "    </hash>\n";
  return absl::OkStatus();
}

absl::Status ManifestWriter::Add(const DirectoryRecord& record) {
  RETURN_IF_ERROR(OpenHashes());
  text_ += "    <directoryhash>\n";
  RETURN_IF_ERROR(PutPath(record.path, DateAttribute("lastmodificationdate", record.modified), &text_));
  PutDirectoryHashes("      ", record.hashes, &text_);
  text_ += "    </directoryhash>\n";
  return absl::OkStatus();
}

absl::Status ManifestWriter::End(const std::vector<Reference>& references) {
  if (hashes_) text_ += "  </hashes>\n";
  if (!references.empty()) {
    text_ += "  <references>\n";
    for (const Reference& reference : references) {
      text_ += "    <hashlistreference>\n";
      RETURN_IF_ERROR(PutElement("      ", "path", reference.path, &text_));
      RETURN_IF_ERROR(PutElement("      ", "c4", reference.c4, &text_));
      text_ += "    </hashlistreference>\n";
    }
    text_ += "  </references>\n";
  }
  text_ += "</hashlist>\n";
  return Flush(0);
}

absl::StatusOr<std::string> WriteManifest(const Manifest& manifest) {
  std::string all;
  ManifestWriter writer([&](std::string_view bytes) {
    all += bytes;
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(writer.Begin(manifest));
  for (const FileRecord& file : manifest.files) RETURN_IF_ERROR(writer.Add(file));
  for (const DirectoryRecord& directory : manifest.directories) RETURN_IF_ERROR(writer.Add(directory));
  RETURN_IF_ERROR(writer.End(manifest.references));
  return all;
}

absl::StatusOr<std::string> WriteChain(const Chain& chain) {
  std::string text = base::StrCat(kDeclaration, "<ascmhldirectory xmlns=\"", kChainNamespace, "\">\n");
  for (const ChainLink& link : chain) {
    text += base::StrCat("  <hashlist sequencenr=\"", link.number, "\">\n");
    RETURN_IF_ERROR(PutElement("    ", "path", link.path, &text));
    RETURN_IF_ERROR(PutElement("    ", "c4", link.c4, &text));
    text += "  </hashlist>\n";
  }
  return text + "</ascmhldirectory>\n";
}

}  // namespace crossdock::mhl
