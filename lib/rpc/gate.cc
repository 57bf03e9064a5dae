#include "lib/rpc/gate.h"

#include <google/protobuf/descriptor.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/server_context.h>

#include <unordered_set>

#include "lib/base/check.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace crossdock::rpc {
namespace {

constexpr std::string_view kBearer = "Bearer ";

std::string_view ToView(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// The only value of `name`; empty when there is none. Two are ambiguous, so they count as a wrong one.
std::string_view OnlyValue(const grpc::AuthMetadataProcessor::InputMetadata& metadata, const char* name) {
  const auto [first, last] = metadata.equal_range(name);
  if (first == last) return "";
  return std::next(first) == last ? ToView(first->second) : "ambiguous";
}

std::string_view CertificateOf(const grpc::AuthContext& context) {
  const auto values = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  return values.empty() ? "" : ToView(values.front());
}

// gRPC's servers hand out tickets and cannot be told not to. Our own clients never use one, so whoever does is refused:
// every connection has shown its certificate anew.
bool IsResumed(const grpc::AuthContext& context) {
  const auto values = context.FindPropertyValues(GRPC_SSL_SESSION_REUSED_PROPERTY);
  return !values.empty() && ToView(values.front()) != "false";
}

class Processor : public grpc::AuthMetadataProcessor {
 public:
  Processor(const Gate& gate, PortKind port) : gate_(gate), port_(port) {}

  // The authenticator may ask the database, so never on gRPC's polling thread.
  bool IsBlocking() const override { return true; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const std::string_view method = OnlyValue(metadata, ":path");
    const absl::Status admitted = Admit(method, metadata, *context);
    if (admitted.ok()) return grpc::Status::OK;
    LOG_INFO("call refused", {{"method", method.substr(0, 256)},
                              {"reason", base::ReasonOf(admitted)},
                              {"detail", base::ToStd(admitted.message())}});
    return ToGrpcByMessage(admitted);
  }

 private:
  absl::Status Admit(std::string_view method, const InputMetadata& metadata, const grpc::AuthContext& context) const {
    if (IsResumed(context)) {
      return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated,
                                          "a TLS session is not taken up again here: connect without its ticket"),
                              "SESSION_RESUMED");
    }
    return gate_
        .Admit(port_, method, CertificateOf(context), OnlyValue(metadata, "authorization"),
               OnlyValue(metadata, kActingForHeader))
        .status();
  }

  const Gate& gate_;
  const PortKind port_;
};

absl::Status Unauthenticated(std::string_view message) {
  return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated, message), "UNAUTHENTICATED");
}

absl::Status CheckMay(const Caller& caller, const MethodRule& rule) {
  if (!Holds(caller, rule.permission)) {
    if (caller.kind == CallerKind::kAnonymous) {
      return Unauthenticated("this call needs a client certificate or an API token");
    }
    return base::WithReason(base::PermissionDenied(caller.subject, " may not ", PermissionName(rule.permission),
                                                   caller.advice.empty() ? "" : "; ", caller.advice),
                            "PERMISSION_MISSING");
  }
  if (caller.client.empty() || rule.bound != Bound::kRefused) return absl::OkStatus();
  return base::WithReason(base::PermissionDenied(caller.subject, " is bound to one client; this concerns all"),
                          "CLIENT_MISMATCH");
}

std::string_view CertificateOf(const grpc::ServerContextBase& context) {
  // The connection's, which outlives the call's context.
  const auto peer = context.auth_context();
  return peer == nullptr ? "" : CertificateOf(*peer);
}

std::string_view HeaderOf(const grpc::ServerContextBase& context, const char* name) {
  return OnlyValue(context.client_metadata(), name);
}

}  // namespace

Gate::Gate(std::vector<MethodRule> rules, Authenticator& authenticator, const base::Clock& clock)
    : authenticator_(authenticator), clock_(clock) {
  for (const MethodRule& rule : rules) {
    const bool added = rules_.emplace(rule.method, rule).second;
    INVARIANT(added) << "two rules for " << rule.method;
  }
}

absl::Status Gate::CheckCovers(const std::vector<std::string>& services) const {
  std::unordered_set<std::string> unused;
  for (const auto& [method, rule] : rules_) unused.insert(method);
  std::string missing;
  for (const std::string& name : services) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) return base::Internal("no service '", name, "' is compiled in");
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string method = base::StrCat("/", name, "/", service->method(i)->name());
      if (unused.erase(method) == 0) missing += " " + method;
    }
  }
  if (!missing.empty()) return base::Internal("methods without a permission rule:", missing);
  if (!unused.empty()) return base::Internal("a permission rule for a method that is not served: ", *unused.begin());
  return absl::OkStatus();
}

absl::StatusOr<Caller> Gate::Admit(PortKind port, std::string_view method, std::string_view certificate_pem,
                                   std::string_view authorization, std::string_view acting_for) const {
  const auto rule = rules_.find(std::string(method));
  const bool served =
      rule != rules_.end() && (port == PortKind::kAgents) == (rule->second.permission == Permission::kAgent);
  if (!served) {
    return base::WithReason(base::Error(absl::StatusCode::kUnimplemented, "this port serves no such method"),
                            "METHOD_UNKNOWN");
  }
  ASSIGN_OR_RETURN(Caller caller, Identify(certificate_pem, authorization, acting_for));
  RETURN_IF_ERROR(CheckMay(caller, rule->second));
  admitted_.Put(AdmittedCallers::KeyOf(certificate_pem, authorization, acting_for), caller, clock_.MonotonicNow());
  return caller;
}

absl::StatusOr<Caller> Gate::Identify(std::string_view certificate_pem, std::string_view authorization,
                                      std::string_view acting_for) const {
  ASSIGN_OR_RETURN(Caller caller, Authenticate(certificate_pem, authorization));
  return ActingFor(std::move(caller), acting_for);
}

absl::StatusOr<Caller> Gate::Authenticate(std::string_view certificate_pem, std::string_view authorization) const {
  if (!authorization.empty()) {
    if (authorization.substr(0, kBearer.size()) != kBearer) {
      return Unauthenticated("the authorization header is not 'Bearer <token>'");
    }
    return authenticator_.ByToken(authorization.substr(kBearer.size()));
  }
  if (certificate_pem.empty()) return Caller{};
  // A connection outlives the check of its handshake, so that the dates are looked at in each call.
  const auto certificate = ReadPeerCertificate(certificate_pem);
  if (!certificate.ok()) return Unauthenticated(base::ToStd(certificate.status().message()));
  const base::Instant now = clock_.Now();
  if (now > certificate->not_after) {
    return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated, "the client certificate expired at ",
                                        base::FormatSeconds(certificate->not_after)),
                            "CERTIFICATE_EXPIRED");
  }
  return authenticator_.ByCertificate(*certificate);
}

absl::StatusOr<Caller> Gate::CallerOf(const grpc::ServerContextBase& context) const {
  const std::string key = AdmittedCallers::KeyOf(CertificateOf(context), HeaderOf(context, "authorization"),
                                                 HeaderOf(context, kActingForHeader));
  if (const std::optional<Caller> admitted = admitted_.Find(key, clock_.MonotonicNow())) return *admitted;
  return CallerNow(context);
}

absl::StatusOr<Caller> Gate::CallerNow(const grpc::ServerContextBase& context) const {
  return Identify(CertificateOf(context), HeaderOf(context, "authorization"), HeaderOf(context, kActingForHeader));
}

std::shared_ptr<grpc::AuthMetadataProcessor> Gate::ProcessorFor(PortKind port) const {
  return std::make_shared<Processor>(*this, port);
}

}  // namespace crossdock::rpc
