#include "orchestrator/identity/https.h"

#include <curl/curl.h>

#include <memory>

#include "lib/base/status.h"

namespace crossdock::orchestrator::identity {
namespace {

constexpr long kSecondsMax = 10;

size_t Take(const char* data, size_t, size_t size, void* to) {
  auto* document = static_cast<std::string*>(to);
  if (document->size() + size > kDocumentMax) return 0;  // an error, for libcurl
  document->append(data, size);
  return size;
}

absl::Status Failed(const std::string& url, std::string_view why) {
  return base::WithReason(base::Unavailable("cannot read ", url, ": ", why), "HTTPS_FAILED");
}

}  // namespace

absl::StatusOr<std::string> Get(const std::string& url, const std::string& ca_file) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> call(curl_easy_init(), curl_easy_cleanup);
  if (ready != CURLE_OK || !call) return Failed(url, "libcurl does not start");
  std::string document;
  char why[CURL_ERROR_SIZE] = "";
  CURL* c = call.get();
  curl_easy_setopt(c, CURLOPT_URL, url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // not every provider has 1.3
  if (!ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, kSecondsMax);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, Take);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &document);
  const CURLcode outcome = curl_easy_perform(c);
  if (outcome == CURLE_WRITE_ERROR) return Failed(url, "the answer is too long");
  if (outcome != CURLE_OK) return Failed(url, *why != '\0' ? why : curl_easy_strerror(outcome));
  long status = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return Failed(url, base::StrCat("it answers with ", status));
  return document;
}

}  // namespace crossdock::orchestrator::identity
