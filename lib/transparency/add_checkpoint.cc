#include "lib/transparency/add_checkpoint.h"

#include <charconv>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/transparency/proof.h"
#include "lib/transparency/reasons.h"

namespace crossdock::transparency {
namespace {

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kProofMalformed);
}

}  // namespace

std::string AddCheckpoint::Format() const {
  std::string body = base::StrCat("old ", old_size, "\n");
  for (const Hash& hash : proof) body += base::StrCat(base::ToBase64(BytesOf(hash)), "\n");
  return base::StrCat(body, "\n", note);
}

absl::StatusOr<AddCheckpoint> AddCheckpoint::Parse(std::string_view body) {
  AddCheckpoint request;
  for (size_t number = 1;; ++number) {
    const size_t end = body.find('\n');
    if (end == std::string_view::npos) return Malformed("the request ends in line ", number, ", before its empty line");
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(end + 1);
    if (number == 1) {
      const std::string_view digits = line.starts_with("old ") ? line.substr(4) : "";
      std::from_chars(digits.data(), digits.data() + digits.size(), request.old_size);
      if (std::to_string(request.old_size) != digits || request.old_size > kTreeSizeMax) {
        return Malformed("line 1 of the request is not 'old' and a size");
      }
    } else if (line.empty()) {
      if (body.size() > kNoteSizeMax) return Malformed("the request's note has ", body.size(), " bytes");
      request.note = body;
      return request;
    } else {
      if (request.proof.size() == kProofHashesMax) return Malformed("line ", number, ": too many hashes for any tree");
      const absl::StatusOr<std::string> bytes = base::FromBase64(line);
      if (!bytes.ok() || bytes->size() != sizeof(Hash) || base::ToBase64(*bytes) != line) {
        return Malformed("line ", number, " of the request is not base64 of 32 bytes");
      }
      request.proof.push_back(*HashOf(*bytes));
    }
  }
}

}  // namespace crossdock::transparency
