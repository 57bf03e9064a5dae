#include "orchestrator/engine/requests.h"

#include "lib/base/status.h"
#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::engine {

absl::Status RequestIdReused(const Actor& actor) {
  return base::WithReason(base::InvalidArgument("request_id '", base::PercentEscape(actor.request_id),
                                                "' was used for another call: each call needs its own"),
                          "REQUEST_ID_REUSED");
}

absl::StatusOr<std::optional<std::string>> EarlierResource(pg::Tx& tx, const Actor& actor, std::string_view method) {
  std::optional<std::string> resource;
  if (actor.request_id.empty()) return resource;
  if (actor.request_id.size() > kRequestIdSizeMax) {
    return base::WithReason(base::InvalidArgument("request_id must have at most ", kRequestIdSizeMax, " bytes"),
                            "REQUEST_ID_INVALID");
  }
  const std::optional<store::Request> earlier = store::FindRequest(tx, actor.subject, actor.request_id);
  if (!earlier) return resource;
  if (earlier->method != method) return RequestIdReused(actor);
  resource = earlier->resource;
  return resource;
}

absl::Status Remember(pg::Tx& tx, const Actor& actor, std::string_view method, std::string_view resource,
                      base::Instant now) {
  if (actor.request_id.empty()) return absl::OkStatus();
  const store::Request request{std::string(method), std::string(resource)};
  if (store::RememberRequest(tx, actor.subject, actor.request_id, request, now)) return absl::OkStatus();
  return base::Error(absl::StatusCode::kAborted, "the same call is being made twice at once: try again");
}

absl::StatusOr<bool> IsRepeat(pg::Tx& tx, const Actor& actor, std::string_view method, std::string_view resource,
                              base::Instant now) {
  ASSIGN_OR_RETURN(const std::optional<std::string> earlier, EarlierResource(tx, actor, method));
  if (earlier && *earlier != resource) return RequestIdReused(actor);
  if (earlier) return true;
  RETURN_IF_ERROR(Remember(tx, actor, method, resource, now));
  return false;
}

absl::Status ForgetRequests(const Context& context, base::Instant now) {
  return context.database.Transact([&](pg::Tx& tx) {
    store::ForgetRequestsBefore(tx, now - kRequestsKeptFor);
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::engine
