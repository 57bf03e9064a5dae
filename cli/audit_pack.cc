#include "cli/audit_pack.h"

#include <charconv>

#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::cli {
namespace {

constexpr std::string_view kAboutKind = "crossdock/audit-export/v1\n";

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), "PACK_MALFORMED");
}

// Takes "name: value\n" from the front of `text`.
absl::StatusOr<std::string> TakeField(std::string_view& text, std::string_view name) {
  const size_t end = text.find('\n');
  const std::string before = base::StrCat(name, ": ");
  if (end == std::string_view::npos || !text.starts_with(before)) return Malformed("about.txt lacks '", name, "'");
  std::string value(text.substr(before.size(), end - before.size()));
  text.remove_prefix(end + 1);
  return value;
}

absl::StatusOr<uint64_t> TakeNumber(std::string_view& text, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string digits, TakeField(text, name));
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (std::to_string(number) != digits) return Malformed("about.txt: '", name, "' is no number");
  return number;
}

}  // namespace

std::string AuditAbout::Format() const {
  return base::StrCat(kAboutKind, "log: ", log, "\norigin: ", origin, "\nfirst: ", first, "\nend: ", end,
                      "\nsize: ", size, "\n");
}

absl::StatusOr<AuditAbout> AuditAbout::Parse(std::string_view text) {
  if (!text.starts_with(kAboutKind)) return Malformed("about.txt does not begin with crossdock/audit-export/v1");
  text.remove_prefix(kAboutKind.size());
  AuditAbout about;
  ASSIGN_OR_RETURN(about.log, TakeField(text, "log"));
  ASSIGN_OR_RETURN(about.origin, TakeField(text, "origin"));
  ASSIGN_OR_RETURN(about.first, TakeNumber(text, "first"));
  ASSIGN_OR_RETURN(about.end, TakeNumber(text, "end"));
  ASSIGN_OR_RETURN(about.size, TakeNumber(text, "size"));
  if (!text.empty() || about.first >= about.end || about.end > about.size || about.size > transparency::kTreeSizeMax) {
    return Malformed("about.txt: first < end ≤ size, and nothing more, is expected");
  }
  return about;
}

std::string FormatProof(const std::vector<transparency::Beside>& proof) {
  std::string text;
  for (const transparency::Beside& each : proof) {
    text +=
        base::StrCat(each.level, each.left ? " left " : " right ", base::ToHex(transparency::BytesOf(each.hash)), "\n");
  }
  return text;
}

absl::StatusOr<std::vector<transparency::Beside>> ParseProof(std::string_view text) {
  std::vector<transparency::Beside> proof;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos || proof.size() > 2 * transparency::kProofHashesMax) {
      return Malformed("proof.txt: line ", number, " is too much, or has no end");
    }
    text.remove_prefix(end + 1);
    transparency::Beside each;
    std::from_chars(line.data(), line.data() + line.size(), each.level);
    const size_t last = line.rfind(' ');
    const absl::StatusOr<std::string> hash =
        base::FromHex(last == std::string_view::npos ? std::string_view("x") : line.substr(last + 1));
    each.left = line.find(" left ") != std::string_view::npos;
    if (!hash.ok() || hash->size() != sizeof(transparency::Hash)) {
      return Malformed("proof.txt: line ", number, " is not 'level left|right hash'");
    }
    each.hash = *transparency::HashOf(*hash);
    if (FormatProof({each}) != base::StrCat(line, "\n")) {
      return Malformed("proof.txt: line ", number, " is not 'level left|right hash'");
    }
    proof.push_back(each);
  }
  return proof;
}

}  // namespace crossdock::cli
