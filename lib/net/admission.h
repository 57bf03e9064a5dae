// Admission to a relay over a TLS connection: one message at a time, and the dialler's whole way in.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/net/dial.h"
#include "lib/net/tls_connection.h"
#include "lib/net/tls_key.h"
#include "lib/wire/admission.h"

namespace crossdock::net {

absl::Status WriteAdmission(TlsConnection& connection, const wire::AdmissionMessage& message, const Deadline& deadline);
// ADMISSION_PROTOCOL, ADMISSION_VERSION, or the connection's error.
absl::StatusOr<wire::AdmissionMessage> ReadAdmission(TlsConnection& connection, const Deadline& deadline);

struct JoinRequest {
  std::string address;  // of the relay, host:port
  std::string relay_spki;
  wire::Join join;
  DialOptions dial;
};

// Dials the relay, brings the leg, waits for the partner: the socket, in clear, whose next byte is the partner's. A
// refusal is PERMISSION_DENIED, or UNAVAILABLE when trying again may help, with the relay's own reason. Any thread.
absl::StatusOr<base::UniqueFd> JoinRelay(const TlsKey& key, const JoinRequest& request, const Deadline& deadline);

// A tending connection: asks after the relay, and hands it bundles. One thread at a time.
class Tending {
 public:
  static absl::StatusOr<std::unique_ptr<Tending>> Open(const TlsKey& key, const std::string& address,
                                                       const std::string& relay_spki, const Deadline& deadline);
  absl::StatusOr<wire::Status> Send(const wire::Bundles& bundles, const Deadline& deadline);

 private:
  explicit Tending(std::unique_ptr<TlsConnection> connection) : connection_(std::move(connection)) {}
  std::unique_ptr<TlsConnection> connection_;
};

}  // namespace crossdock::net
