#include "orchestrator/api/access_services.h"

#include "lib/trust/values.h"
#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/engine/access.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = admin::v1;

engine::Access AccessOf(const ApiContext& api) { return {api.database, api.clock, api.random}; }
engine::AccessActor ActorOf(const rpc::Caller& caller) { return {caller.subject, caller.person}; }

void Fill(const RoleGrant& grant, base::Instant now, v1::RoleGrant* out) {
  out->set_grant(grant.id);
  out->set_person(grant.person);
  out->set_role(grant.role);
  out->set_client(grant.client);
  out->set_reason(grant.reason);
  out->set_granted_by(grant.granted_by);
  Put(grant.granted, out->mutable_granted());
  Put(grant.expires, out->mutable_expires());
  out->set_state(std::string(Name(StateOf(grant, now))));
  if (grant.ended) Put(*grant.ended, out->mutable_ended());
  out->set_ended_by(grant.ended_by);
}

void Fill(const store::AccessReview& review, v1::AccessReview* out) {
  out->set_review(review.id);
  Put(review.opened, out->mutable_opened());
  out->set_opened_by(review.opened_by);
  Put(review.ends, out->mutable_ends());
  if (review.closed) Put(*review.closed, out->mutable_closed());
  out->set_closed_by(review.closed_by);
}

absl::Status CheckRole(const v1::GrantRoleRequest& request) {
  const std::optional<rpc::Role> role = rpc::RoleOf(request.role());
  if (!role) {
    return rpc::InvalidFields({{"role", base::StrCat("there is no role '", base::PercentEscape(request.role()), "'")}});
  }
  if (request.client().empty()) return absl::OkStatus();
  if (!trust::IsId(request.client())) return rpc::InvalidFields({{"client", "is no client's name"}});
  if (FitsOneClient(*role)) return absl::OkStatus();
  return base::WithReason(
      base::InvalidArgument("what ", request.role(), " does concerns the whole studio: it is given without a client"),
      "ROLE_NOT_FOR_CLIENT");
}

}  // namespace

grpc::Status RoleService::GrantRole(grpc::ServerContext* context, const v1::GrantRoleRequest* request,
                                    v1::GrantRoleResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(CheckRole(*request));
    if (!request->has_expires()) return rpc::InvalidFields({{"expires", "is missing: every role has an end"}});
    const engine::ConfiguredRoles configured = [&](const trust::Roster& roster, const std::string& person) {
      return api_.roles_of_users == nullptr ? std::vector<HeldRole>()
                                            : ConfiguredRolesOf(*api_.roles_of_users, roster, person);
    };
    ASSIGN_OR_RETURN(const RoleGrant grant, engine::GrantRole(AccessOf(api_),
                                                              {request->person(), request->role(), request->client(),
                                                               request->reason(), ToInstant(request->expires())},
                                                              configured, ActorOf(caller)));
    Fill(grant, api_.clock.Now(), response->mutable_grant());
    return absl::OkStatus();
  });
}

grpc::Status RoleService::RevokeRole(grpc::ServerContext* context, const v1::RevokeRoleRequest* request,
                                     v1::RevokeRoleResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const RoleGrant grant,
                     engine::RevokeRole(AccessOf(api_), request->grant(), request->reason(), ActorOf(caller)));
    Fill(grant, api_.clock.Now(), response->mutable_grant());
    return absl::OkStatus();
  });
}

grpc::Status RoleService::ListRoleGrants(grpc::ServerContext* context, const v1::ListRoleGrantsRequest* request,
                                         v1::ListRoleGrantsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    const std::string filter = base::StrCat(request->person(), request->ended_too() ? "\nall" : "\nlive");
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(auto position, ParsePageToken(request->page_token(), 1, filter));
    position.resize(1);
    const base::Instant now = api_.clock.Now();
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      const std::vector<RoleGrant> grants = store::ListRoleGrants(tx, request->person(), position[0], size);
      for (const RoleGrant& grant : grants) {
        if (request->ended_too() || StateOf(grant, now) == GrantState::kLive) Fill(grant, now, response->add_grants());
      }
      if (static_cast<int>(grants.size()) == size) {
        response->set_next_page_token(FormatPageToken({grants.back().id}, filter));
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status AccessReviewService::OpenAccessReview(grpc::ServerContext* context,
                                                   const v1::OpenAccessReviewRequest* request,
                                                   v1::OpenAccessReviewResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    if (!request->has_ends()) return rpc::InvalidFields({{"ends", "is missing: every review has an end"}});
    ASSIGN_OR_RETURN(const store::AccessReview review, engine::OpenReview(AccessOf(api_), ToInstant(request->ends()),
                                                                          request->reviewer(), ActorOf(caller)));
    Fill(review, response->mutable_review());
    return absl::OkStatus();
  });
}

grpc::Status AccessReviewService::GetAccessReview(grpc::ServerContext* context,
                                                  const v1::GetAccessReviewRequest* request,
                                                  v1::GetAccessReviewResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    const base::Instant now = api_.clock.Now();
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      const std::optional<store::AccessReview> review = store::GetAccessReview(tx, request->review());
      if (!review) {
        return base::WithReason(
            base::NotFound("there is no access review",
                           request->review().empty() ? "" : base::StrCat(" '", base::PercentEscape(request->review())),
                           request->review().empty() ? "" : "'"),
            "ACCESS_REVIEW_UNKNOWN");
      }
      Fill(*review, response->mutable_review());
      for (const store::AccessReviewEntry& entry : store::AccessReviewEntries(tx, review->id)) {
        v1::AccessReviewEntry& out = *response->add_entries();
        Fill(entry.grant, now, out.mutable_grant());
        out.set_reviewer(entry.reviewer);
        out.set_decision(entry.decision);
        if (entry.decided) Put(*entry.decided, out.mutable_decided());
        out.set_decided_by(entry.decided_by);
        out.set_note(entry.note);
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status AccessReviewService::AttestAccess(grpc::ServerContext* context, const v1::AttestAccessRequest* request,
                                               v1::AttestAccessResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    return engine::DecideAccess(AccessOf(api_), request->review(), request->grant(), !request->suspend(),
                                request->note(), ActorOf(caller));
  });
}

grpc::Status AccessReviewService::CloseAccessReview(grpc::ServerContext* context,
                                                    const v1::CloseAccessReviewRequest* request,
                                                    v1::CloseAccessReviewResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const store::AccessReview review,
                     engine::CloseReview(AccessOf(api_), request->review(), ActorOf(caller)));
    Fill(review, response->mutable_review());
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::api
