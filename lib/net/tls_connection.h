// A TLS connection for one thread that waits for one peer; every call ends at its deadline.
//
// Not thread-safe; another thread ends what blocks through the deadline's Interrupt.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/net/tls_session.h"
#include "lib/net/wait.h"

namespace crossdock::net {

// Errors as TlsSession's, and TIMEOUT or INTERRUPTED from the wait.
class TlsConnection {
 public:
  // Takes `fd`, which must be non-blocking. `expected_spki` as in TlsSession.
  static absl::StatusOr<std::unique_ptr<TlsConnection>> Handshake(const TlsContext& context, base::UniqueFd fd,
                                                                  std::string expected_spki, const Deadline& deadline);

  // Waits for the first byte, and takes what has come with it. 0: the peer has said close_notify.
  absl::StatusOr<size_t> Read(std::span<char> out, const Deadline& deadline);
  // All of `out`; CONNECTION_LOST when the peer ends before.
  absl::Status ReadFull(std::span<char> out, const Deadline& deadline);
  absl::Status Write(std::string_view bytes, const Deadline& deadline);
  // Says close_notify; reading goes on.
  absl::Status CloseWrite(const Deadline& deadline);
  // Waits for the peer's close_notify, behind which our own must have gone, and gives the clear socket. TLS_FAILED when
  // other bytes come first.
  absl::StatusOr<base::UniqueFd> ToClear(const Deadline& deadline);

  bool HasPending() const { return session_.HasPending(); }
  // As TlsSession's.
  void LimitKey(uint64_t bytes_max) { session_.LimitKey(bytes_max); }
  uint64_t key_updates() const { return session_.key_updates(); }
  const std::string& peer_spki() const { return session_.peer_spki(); }
  int fd() const { return session_.fd(); }

 private:
  explicit TlsConnection(TlsSession session) : session_(std::move(session)) {}

  // What can be had without waiting. OpenSSL gives a record at a time, and tells of a failure only once.
  size_t ReadOn(std::span<char> out);

  TlsSession session_;
  absl::Status failure_;  // what ReadOn met behind the bytes that it took
};

}  // namespace crossdock::net
