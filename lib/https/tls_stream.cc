#include "lib/https/tls_stream.h"

#include <curl/curl.h>
#include <poll.h>

#include <chrono>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::https {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

struct TlsStream::Handle {
  std::string address;
  std::unique_ptr<CURL, void (*)(CURL*)> curl{curl_easy_init(), curl_easy_cleanup};
  curl_socket_t socket = CURL_SOCKET_BAD;
  char why[CURL_ERROR_SIZE] = "";

  absl::Status Failed(CURLcode code) const {
    return base::WithReason(
        base::Unavailable("the stream to ", address, ": ", *why != '\0' ? why : curl_easy_strerror(code)),
        "TLS_STREAM_FAILED");
  }
};

absl::StatusOr<TlsStream> TlsStream::Connect(const TlsPeer& peer) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto handle = std::make_shared<Handle>();
  handle->address = peer.address;
  if (ready != CURLE_OK || !handle->curl) return handle->Failed(CURLE_FAILED_INIT);
  CURL* c = handle->curl.get();
  curl_easy_setopt(c, CURLOPT_URL, base::StrCat("https://", peer.address, "/").c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L);  // what follows is not HTTP
  curl_easy_setopt(c, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!peer.ca_file.empty()) {
    curl_easy_setopt(c, CURLOPT_CAINFO, peer.ca_file.c_str());
    curl_easy_setopt(c, CURLOPT_CAPATH, nullptr);  // these alone
  }
  if (!peer.certificate_file.empty()) curl_easy_setopt(c, CURLOPT_SSLCERT, peer.certificate_file.c_str());
  if (!peer.key_file.empty()) curl_easy_setopt(c, CURLOPT_SSLKEY, peer.key_file.c_str());
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, static_cast<long>(kPatience.count()));
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, handle->why);
  if (const CURLcode code = curl_easy_perform(c); code != CURLE_OK) return handle->Failed(code);
  if (const CURLcode code = curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &handle->socket); code != CURLE_OK) {
    return handle->Failed(code);
  }
  return TlsStream(std::move(handle));
}

absl::Status TlsStream::Write(std::string_view bytes) {
  const base::SystemClock clock;
  const base::Steady end = clock.MonotonicNow() + kPatience;
  while (!bytes.empty()) {
    size_t taken = 0;
    const CURLcode code = curl_easy_send(handle_->curl.get(), bytes.data(), bytes.size(), &taken);
    if (code == CURLE_OK) {
      bytes.remove_prefix(taken);
      continue;
    }
    if (code != CURLE_AGAIN) return handle_->Failed(code);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock.MonotonicNow());
    pollfd wanted{handle_->socket, POLLOUT, 0};
    if (left.count() <= 0 || ::poll(&wanted, 1, static_cast<int>(left.count())) == 0) {
      return handle_->Failed(CURLE_OPERATION_TIMEDOUT);
    }
  }
  return absl::OkStatus();
}

absl::Status TlsStream::CheckOpen() {
  char heard[4096];
  while (true) {
    size_t size = 0;
    const CURLcode code = curl_easy_recv(handle_->curl.get(), heard, sizeof(heard), &size);
    if (code == CURLE_AGAIN) return absl::OkStatus();
    if (code != CURLE_OK) return handle_->Failed(code);
    if (size == 0) {
      return base::WithReason(base::Unavailable(handle_->address, " has closed the stream"), "TLS_STREAM_FAILED");
    }
  }
}

}  // namespace crossdock::https
