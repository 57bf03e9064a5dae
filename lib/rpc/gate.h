// Gate is the one place where calls are let in: who calls, and may they call this?
//
// It runs inside gRPC before any handler, for every call of every kind on every port, unknown methods included. What
// has no rule is refused, and a service with a method that has no rule stops the start.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/rpc/admitted.h"
#include "lib/rpc/caller.h"

namespace grpc {
class AuthMetadataProcessor;
class ServerContextBase;
}  // namespace grpc

namespace crossdock::rpc {

// Two kinds of port. Agents: a client certificate is required, and only agents' methods are served. API: a certificate
// is optional (verified when given), a token may stand in its place, and agents' methods are not served.
enum class PortKind { kAgents, kApi };

// What a method is to a caller who is bound to one client.
enum class Bound {
  kRefused,  // it concerns the whole studio
  kOwn,      // its handler shows and does that client's alone
  kShared,   // what it takes and answers is no client's
};

struct MethodRule {
  std::string_view method;  // "/crossdock.studio.v1.EventService/PublishEvent"
  Permission permission;
  Bound bound = Bound::kRefused;
};

// Resolves credentials to callers. Thread-safe; called for each call, so it answers from memory whenever it can.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // The caller that holds an API token's secret. UNAUTHENTICATED for an unknown, expired or revoked one.
  virtual absl::StatusOr<Caller> ByToken(std::string_view secret) = 0;
  // The caller with a certificate that TLS has verified. UNAUTHENTICATED when its key is denied.
  virtual absl::StatusOr<Caller> ByCertificate(const PeerCertificate& certificate) = 0;
};

// Thread-safe. Must outlive the server that uses it, as `authenticator` and `clock` must outlive the gate.
class Gate {
 public:
  Gate(std::vector<MethodRule> rules, Authenticator& authenticator, const base::Clock& clock);

  // An error that names each method of these services ("crossdock.studio.v1.EventService") without a rule, and each
  // rule for a method that none of them has.
  absl::Status CheckCovers(const std::vector<std::string>& services) const;

  // The decision: UNIMPLEMENTED for what has no rule or is not served on this port, UNAUTHENTICATED without
  // credentials, PERMISSION_DENIED when the caller lacks the permission (PERMISSION_MISSING) or is bound to one client
  // and the method is not (CLIENT_MISMATCH). `certificate_pem`, `authorization` and `acting_for`, the value of
  // kActingForHeader, are empty when absent.
  absl::StatusOr<Caller> Admit(PortKind port, std::string_view method, std::string_view certificate_pem,
                               std::string_view authorization, std::string_view acting_for = "") const;

  // Who makes the call whose handler this is, as the gate found when it let the call in; nothing is verified again
  // unless that is longer ago than AdmittedCallers::kKeep.
  absl::StatusOr<Caller> CallerOf(const grpc::ServerContextBase& context) const;
  // The same, verified now: for calls that last, whose caller's credentials may have ended meanwhile.
  absl::StatusOr<Caller> CallerNow(const grpc::ServerContextBase& context) const;

  // The gate as gRPC wants it, for the credentials of one port.
  std::shared_ptr<grpc::AuthMetadataProcessor> ProcessorFor(PortKind port) const;

 private:
  absl::StatusOr<Caller> Identify(std::string_view certificate_pem, std::string_view authorization,
                                  std::string_view acting_for) const;
  absl::StatusOr<Caller> Authenticate(std::string_view certificate_pem, std::string_view authorization) const;

  std::unordered_map<std::string, MethodRule> rules_;
  Authenticator& authenticator_;
  const base::Clock& clock_;
  mutable AdmittedCallers admitted_;
};

}  // namespace crossdock::rpc
