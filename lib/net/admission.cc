#include "lib/net/admission.h"

#include <array>
#include <set>
#include <utility>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/wire/relay_reason.h"

namespace crossdock::net {
namespace {

// What time, another relay or the partner may mend.
absl::Status RefusalStatus(const wire::Refused& refused) {
  static const std::set<std::string_view> passing = {
      wire::kPartnerAbsent,     wire::kLegReplaced,   wire::kNextHopUnreachable,
      wire::kRelayFull,         wire::kRelayDraining, wire::kBundleMissing,
      wire::kTicketNotYetValid, wire::kKeysMissing,   wire::kTicketReplayed};
  const std::string text = base::StrCat("the relay refused the leg: ", base::PercentEscape(refused.detail));
  const absl::Status status = passing.contains(refused.reason) ? base::Unavailable(text) : base::PermissionDenied(text);
  return base::WithReason(status, base::PercentEscape(refused.reason));
}

absl::Status Protocol(std::string_view what) {
  return base::WithReason(base::Unavailable("the relay ", what), wire::kAdmissionProtocol);
}

absl::StatusOr<std::unique_ptr<TlsConnection>> Connect(const TlsKey& key, const std::string& address,
                                                       const std::string& spki, const DialOptions& options,
                                                       const Deadline& deadline) {
  ASSIGN_OR_RETURN(base::UniqueFd fd, Dial(address, deadline, options));
  const TlsContext context(key, TlsRole::kClient, TlsUse::kThenClear);
  return TlsConnection::Handshake(context, std::move(fd), spki, deadline);
}

}  // namespace

absl::Status WriteAdmission(TlsConnection& connection, const wire::AdmissionMessage& message,
                            const Deadline& deadline) {
  return connection.Write(wire::EncodeAdmission(message), deadline);
}

absl::StatusOr<wire::AdmissionMessage> ReadAdmission(TlsConnection& connection, const Deadline& deadline) {
  std::array<char, wire::kAdmissionHeaderSize> head{};
  RETURN_IF_ERROR(connection.ReadFull(head, deadline));
  ASSIGN_OR_RETURN(const wire::AdmissionHeader header, wire::DecodeAdmissionHeader({head.data(), head.size()}));
  std::string payload(header.size, '\0');
  RETURN_IF_ERROR(connection.ReadFull(payload, deadline));
  return wire::DecodeAdmission(header.type, payload);
}

absl::StatusOr<base::UniqueFd> JoinRelay(const TlsKey& key, const JoinRequest& request, const Deadline& deadline) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TlsConnection> connection,
                   Connect(key, request.address, request.relay_spki, request.dial, deadline));
  RETURN_IF_ERROR(WriteAdmission(*connection, request.join, deadline));
  // At once, not only after `joined`: it saves a round trip of the long leg.
  RETURN_IF_ERROR(connection->CloseWrite(deadline));
  ASSIGN_OR_RETURN(const wire::AdmissionMessage answer, ReadAdmission(*connection, deadline));
  if (const auto* refused = std::get_if<wire::Refused>(&answer)) return RefusalStatus(*refused);
  if (!std::holds_alternative<wire::Joined>(answer)) return Protocol("answered a join with something else");
  return connection->ToClear(deadline);
}

absl::StatusOr<std::unique_ptr<Tending>> Tending::Open(const TlsKey& key, const std::string& address,
                                                       const std::string& relay_spki, const Deadline& deadline) {
  ASSIGN_OR_RETURN(std::unique_ptr<TlsConnection> connection, Connect(key, address, relay_spki, {}, deadline));
  RETURN_IF_ERROR(WriteAdmission(*connection, wire::Tend{}, deadline));
  return std::unique_ptr<Tending>(new Tending(std::move(connection)));
}

absl::StatusOr<wire::Status> Tending::Send(const wire::Bundles& bundles, const Deadline& deadline) {
  RETURN_IF_ERROR(WriteAdmission(*connection_, bundles, deadline));
  ASSIGN_OR_RETURN(const wire::AdmissionMessage answer, ReadAdmission(*connection_, deadline));
  if (const auto* refused = std::get_if<wire::Refused>(&answer)) return RefusalStatus(*refused);
  const auto* status = std::get_if<wire::Status>(&answer);
  if (status == nullptr) return Protocol("answered bundles with something else");
  return *status;
}

}  // namespace crossdock::net
