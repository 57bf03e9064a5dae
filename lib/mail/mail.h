// Short plain mails over SMTP, by libcurl.
//
// One recipient a mail, seven-bit text, twenty seconds, no proxy of the environment. What a header or an address may
// not hold is refused and never repaired: a line end in one of them would be another header, or another recipient.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"

namespace crossdock::mail {

struct Server {
  std::string host;
  uint16_t port = 587;
  // Nothing but EHLO is said in the clear, and the certificate must be the host's. Without it nothing is encrypted.
  bool starttls = true;
  std::string ca;    // file with the authorities to believe; empty: the system's
  std::string user;  // empty: without signing in
  std::string password;
};

struct Message {
  std::string from;     // address
  std::string to;       // address
  std::string id;       // name@domain; the same whenever the same mail is sent again
  std::string subject;  // printable ASCII
  base::Instant date;
  std::string body;  // printable ASCII in lines that end with \n
};

// name@domain, ASCII, without comments, quotes or routes.
bool IsAddress(std::string_view text);

// Letters, digits, dots and hyphens; or an IP address, IPv6 without brackets.
bool IsHost(std::string_view text);
// 127.0.0.0/8, ::1, localhost.
bool IsLoopback(std::string_view host);

// The text as it is sent, its lines ended by \r\n. INVALID_ARGUMENT (MAIL_INVALID) with the field that is wrong.
absl::StatusOr<std::string> Format(const Message& message);

// Blocks; any thread. OK when the server has taken it. MAIL_INVALID; UNAVAILABLE (MAIL_FAILED) says why not.
absl::Status Send(const Server& server, const Message& message);

}  // namespace crossdock::mail
