// One TLS connection in steps, for loops that wait for many (tls_connection.h is for one thread that waits for one).
//
// Not thread-safe: an SSL is never shared by two threads. The descriptor must be non-blocking.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/fd.h"
#include "lib/net/tls_context.h"

namespace crossdock::net {

enum class TlsStep { kDone, kWantRead, kWantWrite };

struct TlsResult {
  TlsStep step = TlsStep::kDone;
  size_t size = 0;  // bytes read or written; a read of 0 with kDone: the peer has said close_notify
};

// How much one key encrypts before the next takes over: well below what AES-GCM bears (RFC 8446, 5.5).
inline constexpr uint64_t kTlsKeyBytesMax = uint64_t{64} << 30;

// Errors carry a reason: TLS_PEER_KEY (not the key expected), TLS_FAILED (not our TLS, or altered on the way),
// CONNECTION_LOST (ended without close_notify).
class TlsSession {
 public:
  // `expected_spki` is the digest that the peer's key must have; empty: any P-256 key, read by peer_spki() and judged
  // by the caller. Takes `fd`.
  TlsSession(const TlsContext& context, base::UniqueFd fd, std::string expected_spki);
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  absl::StatusOr<TlsStep> Handshake();
  absl::StatusOr<TlsResult> Read(std::span<char> out);
  // May write less than `bytes`; call again with the rest. Changes the key each kTlsKeyBytesMax.
  absl::StatusOr<TlsResult> Write(std::string_view bytes);
  // True when Read has something that the socket no longer shows.
  bool HasPending() const;
  // Ends our direction; Read still works.
  absl::StatusOr<TlsStep> SendCloseNotify();
  // Another limit than kTlsKeyBytesMax, and how often it was reached.
  void LimitKey(uint64_t bytes_max);
  uint64_t key_updates() const;

  // Once both sides have said close_notify: the socket, at exactly the byte behind TLS.
  base::UniqueFd ReleaseClear();

  // After the handshake.
  const std::string& peer_spki() const;
  int fd() const;

 private:
  // New keys for what we send from here on, told to the peer with the next write.
  absl::Status UpdateKey();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace crossdock::net
