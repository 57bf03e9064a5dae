#include "orchestrator/api/policy_service.h"

#include <algorithm>

#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/store/policy_life.h"

namespace crossdock::orchestrator::api {
namespace {

constexpr int kExamplesMax = 1'000;
constexpr int kExamples = 10;
constexpr int kEvents = 100;

int Limited(int asked, int otherwise, int most) { return asked <= 0 ? otherwise : std::min(asked, most); }

void AddLife(pg::Tx& tx, admin::v1::Policy* out) {
  const auto version = store::GetVersion(tx, engine::ScopeOfKey(out->client()), out->digest());
  if (!version) return;
  out->set_state(std::string(Name(version->state)));
  out->set_author(version->author);
  Put(version->proposed, out->mutable_proposed());
  out->set_against(version->against);
  for (const std::string& code : version->accepted) out->add_accepted(code);
  if (!version->officer.empty()) out->set_officer(version->officer);
  if (version->number > 0) out->set_number(version->number);
}

absl::Status ShowPolicy(const ApiContext& api, const PolicyName& name, admin::v1::Policy* out) {
  return api.database.Transact([&](pg::Tx& tx) -> absl::Status {
    const std::optional<store::Policy> policy = store::GetPolicy(tx, name.client, name.digest);
    if (!policy) return base::Internal("a policy that was just stored is not there");
    *out = ToMessage(*policy);
    AddLife(tx, out);
    return absl::OkStatus();
  });
}

// Whose policy `scope` names: the studio's is nobody's who is bound to one client.
absl::Status MayName(const rpc::Caller& caller, const std::string& scope) {
  const std::string client = policy::ClientOfScope(scope);
  return client.empty() ? RequireUnbound(caller) : ClientFilter(caller, client).status();
}

absl::Status RequireClient(const rpc::Caller& caller, const std::string& client) {
  if (client.empty()) return rpc::InvalidFields({{"client", "is missing"}});
  return MayName(caller, client);
}

absl::Status PolicyUnknown(const std::string& client, std::string_view what) {
  return base::WithReason(base::NotFound("client '", client, "' has no ", what), "POLICY_UNKNOWN");
}

}  // namespace

grpc::Status PolicyService::ProposePolicy(grpc::ServerContext* context, const admin::v1::ProposePolicyRequest* request,
                                          admin::v1::ProposePolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    // Checked before anything is stored: whose policy it is stands in the text.
    const Actor actor{caller.subject, ""};
    const std::vector<std::string> accepted(request->accepted().begin(), request->accepted().end());
    const std::vector<std::string> calendars(request->calendars().begin(), request->calendars().end());
    const PolicyText text(request->text(), calendars);
    ASSIGN_OR_RETURN(ProposedPolicy proposed, api_.commands.ProposePolicy(text, accepted, true, actor));
    RETURN_IF_ERROR(MayName(caller, proposed.name.client));
    admin::v1::Policy& policy = *response->mutable_policy();
    if (!request->validate_only()) {
      ASSIGN_OR_RETURN(proposed, api_.commands.ProposePolicy(text, accepted, false, actor));
      RETURN_IF_ERROR(ShowPolicy(api_, proposed.name, &policy));
    } else {
      policy.set_client(proposed.name.client);
      policy.set_digest(proposed.name.digest);
      policy.set_title(proposed.name.title);
    }
    response->set_difference(proposed.difference_json);
    for (const std::string& finding : proposed.findings) response->add_findings(finding);
    return absl::OkStatus();
  });
}

grpc::Status PolicyService::ApprovePolicy(grpc::ServerContext* context, const admin::v1::ApprovePolicyRequest* request,
                                          admin::v1::ApprovePolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const PolicyName name, api_.commands.ApprovePolicy(request->activation(), {caller.subject, ""}));
    return ShowPolicy(api_, name, response->mutable_policy());
  });
}

grpc::Status PolicyService::ActivatePolicy(grpc::ServerContext* context,
                                           const admin::v1::ActivatePolicyRequest* request,
                                           admin::v1::ActivatePolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const Actor actor{caller.subject, ""};
    PolicyName name;
    if (request->activation().empty()) {
      ASSIGN_OR_RETURN(name, api_.commands.ActivateApproved(request->client(), request->digest(), actor));
    } else {
      ASSIGN_OR_RETURN(name, api_.commands.ActivatePolicy(request->activation(), actor));
    }
    return ShowPolicy(api_, name, response->mutable_policy());
  });
}

grpc::Status PolicyService::WithdrawPolicy(grpc::ServerContext* context,
                                           const admin::v1::WithdrawPolicyRequest* request,
                                           admin::v1::WithdrawPolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireClient(caller, request->client()));
    ASSIGN_OR_RETURN(const PolicyName name,
                     api_.commands.WithdrawPolicy(request->client(), request->digest(), {caller.subject, ""}));
    return ShowPolicy(api_, name, response->mutable_policy());
  });
}

grpc::Status PolicyService::ListPolicies(grpc::ServerContext* context, const admin::v1::ListPoliciesRequest* request,
                                         admin::v1::ListPoliciesResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string client, ClientFilter(caller, request->client()));
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(auto position, ParsePageToken(request->page_token(), 2, client));
    position.resize(2);
    return api_.database.Transact([&](pg::Tx& tx) {
      const auto policies = store::ListPolicies(tx, client, position[0], position[1], size);
      response->Clear();
      for (const store::Policy& policy : policies) {
        *response->add_policies() = ToMessage(policy);
        AddLife(tx, response->mutable_policies(response->policies_size() - 1));
      }
      if (static_cast<int>(policies.size()) == size) {
        response->set_next_page_token(FormatPageToken({policies.back().client, policies.back().digest}, client));
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status PolicyService::GetPolicy(grpc::ServerContext* context, const admin::v1::GetPolicyRequest* request,
                                      admin::v1::GetPolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const std::string& client = request->client();
    RETURN_IF_ERROR(RequireClient(caller, client));
    std::optional<store::Policy> policy;
    RETURN_IF_ERROR(api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      const std::string scope = engine::ScopeOfKey(client);
      const std::optional<store::Policy> in_force = store::ActivePolicy(tx, client);
      std::string digest = request->digest();
      if (digest.empty() && request->has_at())
        digest = store::InForceAt(tx, scope, ToInstant(request->at())).value_or("");
      const bool now = request->digest().empty() && !request->has_at();
      policy = now ? in_force : store::GetPolicy(tx, client, digest);
      if (!policy) return absl::OkStatus();
      *response->mutable_policy() = ToMessage(*policy);
      AddLife(tx, response->mutable_policy());
      if (const auto version = store::GetVersion(tx, scope, policy->digest))
        response->set_difference(version->difference_json);
      response->set_next_number(in_force ? in_force->number + 1 : 1);
      return absl::OkStatus();
    }));
    if (!policy) {
      return PolicyUnknown(client, !request->digest().empty() ? "policy of this digest"
                                   : request->has_at()        ? "policy that was in force then"
                                                              : "policy in force");
    }
    response->set_text(policy->text);
    for (const std::string& calendar : policy->calendars) response->add_calendars(calendar);
    ASSIGN_OR_RETURN(const std::vector<std::string> lines, api_.commands.RenderPolicy(policy->text));
    for (const std::string& line : lines) response->add_rendered(line);
    return absl::OkStatus();
  });
}

grpc::Status PolicyService::ListPolicyEvents(grpc::ServerContext* context,
                                             const admin::v1::ListPolicyEventsRequest* request,
                                             admin::v1::ListPolicyEventsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireClient(caller, request->client()));
    const int limit = Limited(request->limit(), kEvents, kExamplesMax);
    return api_.database.Transact([&](pg::Tx& tx) {
      response->Clear();
      for (const auto& [event, cause, state] : store::PolicyEvents(tx, engine::ScopeOfKey(request->client()), limit)) {
        admin::v1::PolicyEvent& out = *response->add_events();
        out.set_digest(event.digest);
        Put(event.at, out.mutable_at());
        out.set_actor(event.actor);
        out.set_cause(cause);
        out.set_state(state);
        out.set_number(event.number);
        out.set_detail(event.detail);
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status PolicyService::ReplayPolicy(grpc::ServerContext* context, const admin::v1::ReplayPolicyRequest* request,
                                         admin::v1::ReplayPolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    // Whose policy it is stands in the text: refused before anybody's decisions are read.
    ASSIGN_OR_RETURN(const PolicyName name, api_.commands.NamePolicy(request->text()));
    RETURN_IF_ERROR(MayName(caller, name.client));
    const int examples = Limited(request->examples(), kExamples, kExamplesMax);
    const std::vector<std::string> calendars(request->calendars().begin(), request->calendars().end());
    ASSIGN_OR_RETURN(const PolicyReplay replay, api_.commands.ReplayPolicy(PolicyText(request->text(), calendars),
                                                                           ToInstant(request->since()), examples));
    response->set_digest(replay.name.digest);
    response->set_decisions(replay.decisions);
    response->set_complete(replay.complete);
    for (const PolicyReplay::Count& count : replay.counts) {
      admin::v1::PolicyProspectCount& out = *response->add_counts();
      out.set_kind(count.kind);
      out.set_count(count.count);
    }
    for (const PolicyReplay::Example& example : replay.examples) {
      admin::v1::PolicyProspect& out = *response->add_examples();
      out.set_kind(example.kind);
      out.set_transfer(example.transfer);
      out.set_decision(example.decision);
      Put(example.at, out.mutable_at());
      out.set_before(example.before);
      out.set_after(example.after);
      out.set_why(example.why);
    }
    return absl::OkStatus();
  });
}

grpc::Status PolicyService::SetShadowPolicy(grpc::ServerContext* context,
                                            const admin::v1::SetShadowPolicyRequest* request,
                                            admin::v1::SetShadowPolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const Actor actor{caller.subject, ""};
    if (request->text().empty()) {
      RETURN_IF_ERROR(RequireClient(caller, request->client()));
      return api_.commands.StopShadow(request->client(), actor);
    }
    ASSIGN_OR_RETURN(const PolicyName name, api_.commands.NamePolicy(request->text()));
    RETURN_IF_ERROR(MayName(caller, name.client));
    const std::vector<std::string> calendars(request->calendars().begin(), request->calendars().end());
    ASSIGN_OR_RETURN(const PolicyName started,
                     api_.commands.StartShadow(PolicyText(request->text(), calendars), actor));
    response->set_digest(started.digest);
    return absl::OkStatus();
  });
}

grpc::Status PolicyService::GetShadowPolicy(grpc::ServerContext* context,
                                            const admin::v1::GetShadowPolicyRequest* request,
                                            admin::v1::GetShadowPolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireClient(caller, request->client()));
    const std::string scope = engine::ScopeOfKey(request->client());
    const int examples = Limited(request->examples(), kExamples, kExamplesMax);
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      const std::optional<store::Shadow> shadow = store::GetShadow(tx, scope);
      if (!shadow) {
        return base::WithReason(base::NotFound("no candidate runs in the shadow of client '", request->client(), "'"),
                                "SHADOW_MISSING");
      }
      response->set_digest(shadow->digest);
      response->set_author(shadow->author);
      Put(shadow->started, response->mutable_started());
      response->set_decisions(store::CountDecisions(tx, engine::ClientOf(scope), shadow->started));
      for (const store::ShadowCount& count : store::CountShadowDifferences(tx, scope)) {
        admin::v1::PolicyProspectCount& out = *response->add_counts();
        out.set_kind(count.kind);
        out.set_count(count.count);
      }
      for (const store::ShadowDifference& each : store::ShadowExamples(tx, scope, examples)) {
        admin::v1::PolicyProspect& out = *response->add_examples();
        out.set_kind(each.kind);
        out.set_transfer(each.transfer);
        out.set_decision(each.decision);
        Put(each.at, out.mutable_at());
        out.set_before(each.before);
        out.set_after(each.after);
        out.set_why(each.why);
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace crossdock::orchestrator::api
