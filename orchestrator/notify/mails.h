// Tells recipients what happened, by mail: enough to know which transfer it is about and where to read more. Names,
// paths and reasons stay with Crossdock, because a mail is read by every server on its way.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/mail/mail.h"

namespace crossdock::orchestrator::notify {

struct MailRecipient {
  std::string name;     // as policies write it: "client:northlight/security-desk"
  std::string address;  // from the configuration alone: no policy and no caller names one
};

// Thread-safe, as `post` is.
class Mails {
 public:
  // mail::Send with the studio's server, or a double.
  using Post = std::function<absl::Status(const mail::Message&)>;
  Mails(std::string from, std::vector<MailRecipient> recipients, Post post)
      : from_(std::move(from)), recipients_(std::move(recipients)), post_(std::move(post)) {}

  std::set<std::string> names() const;
  // Blocks until the server has taken it. The mail's Message-ID is made of `id`, so that one that comes twice shows.
  // NOTIFY_RECIPIENT_UNKNOWN, NOTIFY_DOCUMENT_INVALID, and what `post` says.
  absl::Status Send(const std::string& recipient, const std::string& id, const std::string& document,
                    base::Instant now) const;

 private:
  const std::string from_;  // address
  const std::vector<MailRecipient> recipients_;
  const Post post_;
};

}  // namespace crossdock::orchestrator::notify
