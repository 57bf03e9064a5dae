#include "orchestrator/api/page.h"

#include <algorithm>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::orchestrator::api {
namespace {

constexpr size_t kTokenSizeMax = 2048;
constexpr size_t kFilterDigestSize = 8;

std::string FilterDigest(std::string_view filter) { return base::Sha256(filter).substr(0, kFilterDigestSize); }

}  // namespace

absl::StatusOr<int> PageSize(int32_t asked) {
  if (asked < 0) return base::WithReason(base::InvalidArgument("page_size is below 0"), "FIELD_INVALID");
  return asked == 0 ? kPageSizeUsual : std::min<int>(asked, kPageSizeMax);
}

std::string FormatPageToken(const std::vector<std::string>& position, std::string_view filter) {
  std::string text = FilterDigest(filter);
  for (const std::string& part : position) text += base::PercentEscape(part) + "\n";
  return base::ToBase64(text);
}

absl::StatusOr<std::vector<std::string>> ParsePageToken(std::string_view token, size_t parts, std::string_view filter) {
  std::vector<std::string> position;
  if (token.empty()) return position;
  const absl::Status invalid = base::WithReason(
      base::InvalidArgument("page_token is not one of this list: ask for the first page again"), "PAGE_TOKEN_INVALID");
  if (token.size() > kTokenSizeMax) return invalid;
  const auto text = base::FromBase64(token);
  if (!text.ok() || text->size() < kFilterDigestSize) return invalid;
  if (text->substr(0, kFilterDigestSize) != FilterDigest(filter)) return invalid;
  for (size_t begin = kFilterDigestSize; begin < text->size();) {
    const size_t end = text->find('\n', begin);
    std::string part;
    if (end == std::string::npos || !base::PercentUnescape(text->substr(begin, end - begin), &part)) return invalid;
    position.push_back(std::move(part));
    begin = end + 1;
  }
  if (position.size() != parts) return invalid;
  return position;
}

}  // namespace crossdock::orchestrator::api
