#include "lib/mhl/manifest.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "lib/base/status.h"

namespace crossdock::mhl {

std::string_view Name(Action action) {
  switch (action) {
    case Action::kOriginal:
      return "original";
    case Action::kVerified:
      return "verified";
    case Action::kFailed:
      return "failed";
  }
  return "";
}

std::string_view Name(Process process) {
  switch (process) {
    case Process::kInPlace:
      return "in-place";
    case Process::kTransfer:
      return "transfer";
    case Process::kFlatten:
      return "flatten";
  }
  return "";
}

std::optional<Process> ParseProcess(std::string_view name) {
  for (const Process process : {Process::kInPlace, Process::kTransfer, Process::kFlatten}) {
    if (Name(process) == name) return process;
  }
  return std::nullopt;
}

absl::Status CheckPath(std::string_view path) {
  const auto bad = [&](std::string_view why) {
    return base::WithReason(base::InvalidArgument("'", base::PercentEscape(path.substr(0, kPathSizeMax)),
                                                  "' is no path of a record: ", why),
                            kReasonInvalid);
  };
  if (path.empty()) return bad("it is empty");
  if (path.size() > kPathSizeMax) return bad("it is too long");
  if (path.find('\0') != std::string_view::npos) return bad("it holds a NUL");
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    if (name.empty() || name == "." || name == "..") return bad("its names must not be empty, '.' or '..'");
    start = end + 1;
  }
  return absl::OkStatus();
}

std::string ManifestName(uint32_t number, std::string_view folder, base::Instant began) {
  // A name has 255 bytes at most, and is not cut inside of a character.
  constexpr size_t kFolderNameMax = 200;
  if (folder.size() > kFolderNameMax) {
    size_t end = kFolderNameMax;
    while (end > 0 && (folder[end] & 0xc0) == 0x80) --end;
    folder = folder.substr(0, end);
  }
  const std::string stamp = base::FormatSeconds(began);  // 2026-11-20T10:23:16Z
  return base::StrCat(absl::StrFormat("%04d", number), "_", folder, "_", stamp.substr(0, 10), "_", stamp.substr(11, 2),
                      stamp.substr(14, 2), stamp.substr(17, 2), "Z.mhl");
}

std::optional<uint32_t> NumberOf(std::string_view manifest_name) {
  if (!manifest_name.ends_with(".mhl") || manifest_name.find('/') != std::string_view::npos) return std::nullopt;
  size_t digits = 0;
  while (digits < manifest_name.size() && manifest_name[digits] >= '0' && manifest_name[digits] <= '9') ++digits;
  const bool parted = manifest_name[digits] == '_' || manifest_name[digits] == '.';
  uint32_t number = 0;
  if (digits < 4 || digits > 9 || !parted ||
      !absl::SimpleAtoi(base::ToAbsl(manifest_name.substr(0, digits)), &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace crossdock::mhl
