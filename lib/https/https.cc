#include "lib/https/https.h"

#include <curl/curl.h>

#include <memory>
#include <optional>

#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::https {
namespace {

constexpr long kSecondsMax = 10;

size_t Take(const char* data, size_t, size_t size, void* to) {
  auto* document = static_cast<std::string*>(to);
  if (document->size() + size > kDocumentMax) return 0;  // an error, for libcurl
  document->append(data, size);
  return size;
}

absl::Status Failed(const std::string& url, std::string_view why) {
  return base::WithReason(base::Unavailable("cannot reach ", url, ": ", why), "HTTPS_FAILED");
}

struct Answer {
  long status = 0;
  std::string document;
};

absl::StatusOr<Answer> Call(const std::string& url, const std::optional<std::string>& body, const std::string& ca_file,
                            const std::vector<std::string>& headers = {}) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> call(curl_easy_init(), curl_easy_cleanup);
  if (ready != CURLE_OK || !call) return Failed(url, "libcurl does not start");
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> lines(nullptr, curl_slist_free_all);
  for (const std::string& header : headers) {
    curl_slist* longer = curl_slist_append(lines.get(), header.c_str());
    if (longer == nullptr) return Failed(url, "no memory");
    (void)lines.release();
    lines.reset(longer);
  }
  Answer answer;
  char why[CURL_ERROR_SIZE] = "";
  CURL* c = call.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // not every provider has 1.3
  if (!ca_file.empty()) {
    curl_easy_setopt(c, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(c, CURLOPT_CAPATH, nullptr);  // these alone
  }
  if (body) curl_easy_setopt(c, CURLOPT_POSTFIELDS, body->c_str());
  if (lines) curl_easy_setopt(c, CURLOPT_HTTPHEADER, lines.get());
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, kSecondsMax);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, Take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer.document);
  const CURLcode outcome = curl_easy_perform(c);
  if (outcome == CURLE_WRITE_ERROR) return Failed(url, "the answer is too long");
  if (outcome != CURLE_OK) return Failed(url, *why != '\0' ? why : curl_easy_strerror(outcome));
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace

absl::StatusOr<std::string> Get(const std::string& url, const std::string& ca_file) {
  ASSIGN_OR_RETURN(Answer answer, Call(url, std::nullopt, ca_file));
  if (answer.status != 200) return Failed(url, base::StrCat("it answers with ", answer.status));
  return std::move(answer.document);
}

absl::StatusOr<std::string> Post(const std::string& url, const Form& form, const std::string& ca_file) {
  ASSIGN_OR_RETURN(Answer answer, Call(url, EncodeForm(form), ca_file));
  if (answer.status != 200 && answer.status != 400) return Failed(url, base::StrCat("it answers with ", answer.status));
  return std::move(answer.document);
}

absl::Status PostJson(const std::string& url, const std::vector<std::string>& headers, const std::string& document,
                      const std::string& ca_file) {
  std::vector<std::string> all = {"content-type: application/json"};
  all.insert(all.end(), headers.begin(), headers.end());
  ASSIGN_OR_RETURN(const Answer answer, Call(url, document, ca_file, all));
  if (answer.status < 200 || answer.status > 299) return Failed(url, base::StrCat("it answers with ", answer.status));
  return absl::OkStatus();
}

std::string EncodeForm(const Form& form) {
  static constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  const auto put = [&out](std::string_view text) {
    for (const char c : text) {
      if (kPlain.find(c) != std::string_view::npos) {
        out += c;
      } else {
        out += {'%', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[static_cast<unsigned char>(c) & 15]};
      }
    }
  };
  for (const auto& [name, value] : form) {
    if (!out.empty()) out += '&';
    put(name);
    out += '=';
    put(value);
  }
  return out;
}

}  // namespace crossdock::https
