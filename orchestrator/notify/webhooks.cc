#include "orchestrator/notify/webhooks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::orchestrator::notify {
namespace {

constexpr std::string_view kKeyPrefix = "whsec_";
constexpr size_t kKeySizeMin = 24, kKeySizeMax = 64;

}  // namespace

absl::StatusOr<std::string> ReadKey(std::string_view text) {
  const std::string_view line = base::ToStd(absl::StripAsciiWhitespace(base::ToAbsl(text)));
  if (line.starts_with(kKeyPrefix)) {
    absl::StatusOr<std::string> key = base::FromBase64(line.substr(kKeyPrefix.size()));
    if (key.ok() && key->size() >= kKeySizeMin && key->size() <= kKeySizeMax) return key;
  }
  return base::WithReason(base::InvalidArgument("a webhook's key is '", kKeyPrefix, "' and ", kKeySizeMin, " to ",
                                                kKeySizeMax, " random bytes in base 64"),
                          "WEBHOOK_KEY_INVALID");
}

std::set<std::string> Webhooks::names() const {
  std::set<std::string> names;
  for (const Recipient& recipient : recipients_) names.insert(recipient.name);
  return names;
}

absl::Status Webhooks::Send(const std::string& recipient, const std::string& id, const std::string& document,
                            base::Instant now) const {
  const auto to = std::find_if(recipients_.begin(), recipients_.end(),
                               [&](const Recipient& each) { return each.name == recipient; });
  if (to == recipients_.end()) {
    return base::WithReason(base::NotFound("there is no recipient '", base::PercentEscape(recipient),
                                           "' in `notify:` of the orchestrator's configuration"),
                            "NOTIFY_RECIPIENT_UNKNOWN");
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string signature = base::HmacSha256(to->key, base::StrCat(id, ".", seconds, ".", document));
  return post_(to->url,
               {base::StrCat("webhook-id: ", id), base::StrCat("webhook-timestamp: ", seconds),
                base::StrCat("webhook-signature: v1,", base::ToBase64(signature))},
               document, to->ca);
}

}  // namespace crossdock::orchestrator::notify
