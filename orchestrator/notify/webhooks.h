// Tells recipients what happened, by webhooks that they can verify: signed as Standard Webhooks 1.0.0 has it (symmetric
// keys, `v1`), so that they check them with a library of theirs.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"

namespace crossdock::orchestrator::notify {

struct Recipient {
  std::string name;  // as policies write it: "client:northlight/security-desk"
  std::string url;   // https
  std::string ca;    // file with the authorities to believe; empty: the system's
  std::string key;   // raw bytes
};

// The raw key of a file that holds "whsec_" and 24 … 64 bytes in base 64. WEBHOOK_KEY_INVALID.
absl::StatusOr<std::string> ReadKey(std::string_view text);

// Thread-safe, as `post` is.
class Webhooks {
 public:
  // https::PostJson, or a double: (url, headers, document, ca file).
  using Post = std::function<absl::Status(const std::string&, const std::vector<std::string>&, const std::string&,
                                          const std::string&)>;
  Webhooks(std::vector<Recipient> recipients, Post post) : recipients_(std::move(recipients)), post_(std::move(post)) {}

  std::set<std::string> names() const;
  // Blocks until it is answered. `id` is the same whenever the same message is sent again. NOTIFY_RECIPIENT_UNKNOWN,
  // and what `post` says.
  absl::Status Send(const std::string& recipient, const std::string& id, const std::string& document,
                    base::Instant now) const;

 private:
  const std::vector<Recipient> recipients_;
  const Post post_;
};

}  // namespace crossdock::orchestrator::notify
