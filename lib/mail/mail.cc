#include "lib/mail/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/time/time.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::mail {
namespace {

constexpr long kSecondsMax = 20;
constexpr size_t kAddressMax = 254, kNameMax = 64, kHostMax = 253;
constexpr size_t kSubjectMax = 200;
constexpr size_t kLineMax = 998;  // RFC 5322
constexpr size_t kBodyMax = 16u << 10;

bool IsAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool IsPrintable(char c) { return c >= ' ' && c <= '~'; }

bool IsDomain(std::string_view text) {
  if (text.empty() || text.size() > kHostMax) return false;
  char before = '.';
  for (const char c : text) {
    if (!IsAlnum(c) && c != '-' && c != '.') return false;
    if (before == '.' && (c == '.' || c == '-')) return false;
    before = c;
  }
  return IsAlnum(before);
}

absl::Status Invalid(std::string_view field, std::string_view rule) {
  return base::WithReason(base::InvalidArgument("a mail's ", field, " must be ", rule), "MAIL_INVALID");
}

absl::Status Failed(const Server& server, std::string_view why) {
  return base::WithReason(
      base::Unavailable("the mail server ", server.host, ":", server.port, " took no mail: ", base::PercentEscape(why)),
      "MAIL_FAILED");
}

std::string DateOf(base::Instant instant) {
  const absl::Time time = absl::FromUnixMicros(instant.time_since_epoch().count());
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", time, absl::UTCTimeZone());
}

absl::Status CheckBody(std::string_view body) {
  if (body.size() > kBodyMax) return Invalid("text", "at most 16 KiB");
  size_t line = 0;
  for (const char c : body) {
    if (c != '\n' && !IsPrintable(c)) return Invalid("text", "printable ASCII");
    line = c == '\n' ? 0 : line + 1;
    if (line > kLineMax) return Invalid("text", "lines of at most 998 bytes");
  }
  return absl::OkStatus();
}

struct Upload {
  std::string_view rest;
};

size_t Give(char* to, size_t size, size_t count, void* from) {
  auto* upload = static_cast<Upload*>(from);
  const size_t given = std::min(size * count, upload->rest.size());
  std::memcpy(to, upload->rest.data(), given);
  upload->rest.remove_prefix(given);
  return given;
}

}  // namespace

bool IsAddress(std::string_view text) {
  static constexpr std::string_view kMore = "!#$%&'*+/=?^_`{|}~-";
  const size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > kNameMax || text.size() > kAddressMax) return false;
  char before = '.';
  for (const char c : text.substr(0, at)) {
    if (!IsAlnum(c) && kMore.find(c) == std::string_view::npos && (c != '.' || before == '.')) return false;
    before = c;
  }
  return before != '.' && IsDomain(text.substr(at + 1));
}

bool IsHost(std::string_view text) {
  const bool six = text.find(':') != std::string_view::npos && text.size() <= 45;
  return six ? text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos : IsDomain(text);
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // An address, and no name that begins like one.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

absl::StatusOr<std::string> Format(const Message& message) {
  if (!IsAddress(message.from)) return Invalid("sender", "an address such as crossdock@studio.example");
  if (!IsAddress(message.to)) return Invalid("recipient", "an address such as desk@studio.example");
  if (!IsAddress(message.id)) return Invalid("id", "spelt like an address");
  const bool printable = std::all_of(message.subject.begin(), message.subject.end(), IsPrintable);
  if (message.subject.empty() || message.subject.size() > kSubjectMax || !printable) {
    return Invalid("subject", "1 to 200 bytes of printable ASCII");
  }
  RETURN_IF_ERROR(CheckBody(message.body));
  std::string text = base::StrCat("Date: ", DateOf(message.date), "\r\n", "From: Crossdock <", message.from, ">\r\n",
                                  "To: <", message.to, ">\r\n", "Message-ID: <", message.id, ">\r\n", "Subject: ");
  text += base::StrCat(message.subject, "\r\n", "Auto-Submitted: auto-generated\r\n", "MIME-Version: 1.0\r\n",
                       "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
  for (const char c : message.body) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return text;
}

absl::Status Send(const Server& server, const Message& message) {
  ASSIGN_OR_RETURN(const std::string text, Format(message));
  if (!IsHost(server.host)) return Invalid("server", "a host's name or address");
  if (!server.user.empty() && !server.starttls) return Invalid("server", "encrypted where a password is sent");
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> call(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> to(
      curl_slist_append(nullptr, base::StrCat("<", message.to, ">").c_str()), curl_slist_free_all);
  if (ready != CURLE_OK || !call || !to) return Failed(server, "libcurl does not start");
  const bool six = server.host.find(':') != std::string::npos;
  // What it says in EHLO is the sender's domain: this host's own name is nobody's business.
  const std::string url = base::StrCat("smtp://", six ? "[" : "", server.host, six ? "]" : "", ":", server.port, "/",
                                       message.from.substr(message.from.find('@') + 1));
  const std::string from = base::StrCat("<", message.from, ">");
  Upload upload{text};
  char why[CURL_ERROR_SIZE] = "";
  CURL* c = call.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp");
  curl_easy_setopt(c, CURLOPT_USE_SSL, static_cast<long>(server.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // not every server has 1.3
  if (!server.ca.empty()) {
    curl_easy_setopt(c, CURLOPT_CAINFO, server.ca.c_str());
    curl_easy_setopt(c, CURLOPT_CAPATH, nullptr);  // those and no others
  }
  if (!server.user.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, Give);
  curl_easy_setopt(c, CURLOPT_READDATA, &upload);
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, kSecondsMax);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
  const CURLcode outcome = curl_easy_perform(c);
  if (outcome != CURLE_OK) return Failed(server, *why != '\0' ? why : curl_easy_strerror(outcome));
  return absl::OkStatus();
}

}  // namespace crossdock::mail
