#include "lib/net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <cstring>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/net/tls_verify.h"

namespace crossdock::net {

struct TlsSession::State {
  base::UniqueFd fd;
  std::string expected_spki;
  std::string peer_spki;
  bool wrong_key = false;
  uint64_t key_bytes_max = kTlsKeyBytesMax;
  uint64_t key_bytes = 0;  // encrypted with the present key
  uint64_t key_updates = 0;
  bool write_pending = false;  // OpenSSL wants the same write again
  std::unique_ptr<SSL, void (*)(SSL*)> ssl{nullptr, SSL_free};
};

namespace {

template <typename... Parts>
absl::Status Failed(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::Unavailable(parts...), reason);
}

struct PeerCheck {
  const std::string* expected = nullptr;
  std::string* seen = nullptr;
  bool* wrong = nullptr;
};

// What the last call on `ssl` that returned `result` wants, or its error.
absl::StatusOr<TlsStep> Outcome(SSL* ssl, int result, bool wrong_key) {
  const int error_number = errno;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_NONE:
      return TlsStep::kDone;
    case SSL_ERROR_WANT_READ:
      return TlsStep::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return TlsStep::kWantWrite;
    // Where the peer has said farewell, OpenSSL says so of every call that fails, whatever failed it.
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
      if (wrong_key) break;
      return Failed("CONNECTION_LOST",
                    "the connection was lost: ", error_number == 0 ? "ended by the peer" : std::strerror(error_number));
    default:
      break;
  }
  if (wrong_key) return Failed("TLS_PEER_KEY", "the peer holds another key than the one expected of it");
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return Failed("CONNECTION_LOST", "the connection ended without a farewell");
  }
  const char* why = ERR_reason_error_string(code);
  return Failed("TLS_FAILED", "TLS failed: ", why == nullptr ? "unknown error" : why);
}

}  // namespace

int VerifyByKey(x509_store_ctx_st* store, void*) {
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* check = static_cast<const PeerCheck*>(SSL_get_app_data(ssl));
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  *check->seen = certificate == nullptr ? std::string() : SpkiOf(certificate);
  const bool fits = !check->seen->empty() && (check->expected->empty() || *check->seen == *check->expected);
  *check->wrong = !fits;
  X509_STORE_CTX_set_error(store, fits ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return fits ? 1 : 0;
}

TlsSession::TlsSession(const TlsContext& context, base::UniqueFd fd, std::string expected_spki)
    : state_(std::make_unique<State>()) {
  state_->fd = std::move(fd);
  state_->expected_spki = std::move(expected_spki);
  state_->ssl.reset(SSL_new(context.get()));
  INVARIANT(state_->ssl != nullptr && SSL_set_fd(state_->ssl.get(), state_->fd.get()) == 1) << "making a TLS session";
  context.role() == TlsRole::kClient ? SSL_set_connect_state(state_->ssl.get())
                                     : SSL_set_accept_state(state_->ssl.get());
}

TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

absl::StatusOr<TlsStep> TlsSession::Handshake() {
  PeerCheck check{&state_->expected_spki, &state_->peer_spki, &state_->wrong_key};
  SSL_set_app_data(state_->ssl.get(), &check);
  ERR_clear_error();
  const int result = SSL_do_handshake(state_->ssl.get());
  SSL_set_app_data(state_->ssl.get(), nullptr);
  return Outcome(state_->ssl.get(), result, state_->wrong_key);
}

absl::StatusOr<TlsResult> TlsSession::Read(std::span<char> out) {
  ERR_clear_error();
  size_t size = 0;
  const int result = SSL_read_ex(state_->ssl.get(), out.data(), out.size(), &size);
  if (result == 1) return TlsResult{TlsStep::kDone, size};
  if (SSL_get_error(state_->ssl.get(), result) == SSL_ERROR_ZERO_RETURN) return TlsResult{TlsStep::kDone, 0};
  ASSIGN_OR_RETURN(const TlsStep step, Outcome(state_->ssl.get(), result, false));
  return TlsResult{step, 0};
}

absl::StatusOr<TlsResult> TlsSession::Write(std::string_view bytes) {
  // Before a write, not behind one: an update that still waits to be sent would stand in the way of close_notify.
  if (state_->key_bytes >= state_->key_bytes_max && !state_->write_pending) RETURN_IF_ERROR(UpdateKey());
  ERR_clear_error();
  size_t size = 0;
  const int result = SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &size);
  state_->write_pending = result != 1;
  state_->key_bytes += size;
  if (result == 1) return TlsResult{TlsStep::kDone, size};
  ASSIGN_OR_RETURN(const TlsStep step, Outcome(state_->ssl.get(), result, false));
  return TlsResult{step, 0};
}

absl::StatusOr<TlsStep> TlsSession::SendCloseNotify() {
  if ((SSL_get_shutdown(state_->ssl.get()) & SSL_SENT_SHUTDOWN) != 0) return TlsStep::kDone;
  ERR_clear_error();
  const int result = SSL_shutdown(state_->ssl.get());
  if (result >= 0) return TlsStep::kDone;  // 0: ours is sent, theirs is to come
  return Outcome(state_->ssl.get(), result, false);
}

absl::Status TlsSession::UpdateKey() {
  ERR_clear_error();
  if (SSL_key_update(state_->ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) {
    return Failed("TLS_FAILED", "the TLS key cannot be changed now");
  }
  state_->key_bytes = 0;
  ++state_->key_updates;
  return absl::OkStatus();
}

base::UniqueFd TlsSession::ReleaseClear() {
  INVARIANT(SSL_get_shutdown(state_->ssl.get()) == (SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) &&
            SSL_has_pending(state_->ssl.get()) == 0)
      << "TLS has not ended on both sides";
  state_->ssl.reset();
  return std::move(state_->fd);
}

bool TlsSession::HasPending() const { return SSL_has_pending(state_->ssl.get()) == 1; }

void TlsSession::LimitKey(uint64_t bytes_max) { state_->key_bytes_max = bytes_max; }
uint64_t TlsSession::key_updates() const { return state_->key_updates; }

const std::string& TlsSession::peer_spki() const { return state_->peer_spki; }
int TlsSession::fd() const { return state_->fd.get(); }

}  // namespace crossdock::net
