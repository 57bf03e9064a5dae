#include "orchestrator/api/rule_services.h"

#include "lib/policy/policy.h"
#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"

namespace crossdock::orchestrator::api {
namespace {

absl::Status ShowPolicy(const ApiContext& api, const PolicyName& name, admin::v1::Policy* out) {
  return api.database.Transact([&](pg::Tx& tx) -> absl::Status {
    const std::optional<store::Policy> policy = store::GetPolicy(tx, name.client, name.digest);
    if (!policy) return base::Internal("a policy that was just stored is not there");
    *out = ToMessage(*policy);
    return absl::OkStatus();
  });
}

// Whose policy `scope` names: the studio's is nobody's who is bound to one client.
absl::Status MayName(const rpc::Caller& caller, const std::string& scope) {
  const std::string client = policy::ClientOfScope(scope);
  return client.empty() ? RequireUnbound(caller) : ClientFilter(caller, client).status();
}

}  // namespace

grpc::Status PolicyService::ProposePolicy(grpc::ServerContext* context, const admin::v1::ProposePolicyRequest* request,
                                          admin::v1::ProposePolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    // Checked before anything is stored: whose policy it is stands in the text.
    const Actor actor{caller.subject, ""};
    ASSIGN_OR_RETURN(const PolicyName name, api_.commands.ProposePolicy(request->text(), true, actor));
    RETURN_IF_ERROR(MayName(caller, name.client));
    if (!request->validate_only()) {
      RETURN_IF_ERROR(api_.commands.ProposePolicy(request->text(), false, actor).status());
      return ShowPolicy(api_, name, response->mutable_policy());
    }
    admin::v1::Policy& policy = *response->mutable_policy();
    policy.set_client(name.client);
    policy.set_digest(name.digest);
    policy.set_title(name.title);
    return absl::OkStatus();
  });
}

grpc::Status PolicyService::ActivatePolicy(grpc::ServerContext* context,
                                           const admin::v1::ActivatePolicyRequest* request,
                                           admin::v1::ActivatePolicyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireUnbound(caller));
    ASSIGN_OR_RETURN(const PolicyName name, api_.commands.ActivatePolicy(request->activation(), {caller.subject, ""}));
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
      for (const store::Policy& policy : policies) *response->add_policies() = ToMessage(policy);
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
    if (request->client().empty()) return rpc::InvalidFields({{"client", "is missing"}});
    RETURN_IF_ERROR(MayName(caller, request->client()));
    std::optional<store::Policy> policy;
    RETURN_IF_ERROR(api_.database.Transact([&](pg::Tx& tx) {
      policy = request->digest().empty() ? store::ActivePolicy(tx, request->client())
                                         : store::GetPolicy(tx, request->client(), request->digest());
      return absl::OkStatus();
    }));
    if (!policy) {
      return base::WithReason(base::NotFound("client '", request->client(), "' has no ",
                                             request->digest().empty() ? "policy in force" : "policy of this digest"),
                              "POLICY_UNKNOWN");
    }
    *response->mutable_policy() = ToMessage(*policy);
    response->set_text(policy->text);
    ASSIGN_OR_RETURN(const std::vector<std::string> lines, api_.commands.RenderPolicy(policy->text));
    for (const std::string& line : lines) response->add_rendered(line);
    return absl::OkStatus();
  });
}

grpc::Status TriggerService::ApplyTriggers(grpc::ServerContext* context, const admin::v1::ApplyTriggersRequest* request,
                                           admin::v1::ApplyTriggersResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireUnbound(caller));
    ASSIGN_OR_RETURN(
        const std::vector<std::string> names,
        api_.commands.ApplyTriggers(request->name(), request->text(), request->validate_only(), {caller.subject, ""}));
    for (const std::string& name : names) response->add_triggers(name);
    return absl::OkStatus();
  });
}

grpc::Status TriggerService::ListTriggers(grpc::ServerContext* context, const admin::v1::ListTriggersRequest* request,
                                          admin::v1::ListTriggersResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireUnbound(caller));
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 1, "triggers"));
    return api_.database.Transact([&](pg::Tx& tx) {
      response->Clear();
      // At most kTriggersMax triggers in all sets together: read whole, ordered by name.
      for (const store::TriggerSet& set : store::ListTriggerSets(tx)) {
        if (!position.empty() && set.name <= position[0]) continue;
        if (response->sets_size() == size) {
          response->set_next_page_token(FormatPageToken({response->sets(size - 1).name()}, "triggers"));
          break;
        }
        *response->add_sets() = ToMessage(set);
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status TriggerService::TestTriggers(grpc::ServerContext* context, const admin::v1::TestTriggersRequest* request,
                                          admin::v1::TestTriggersResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(RequireUnbound(caller));
    ASSIGN_OR_RETURN(const TriggerTest test,
                     api_.commands.TestTriggers(request->source(), request->entity_type(), request->entity_id()));
    for (const auto& match : test.matches) {
      auto* out = response->add_matches();
      out->set_trigger(match.trigger);
      out->set_source_site(match.source_site);
      out->set_destination_site(match.destination_site);
      out->set_volume(match.volume);
      out->set_path(match.path);
      out->set_destination_path(match.destination_path);
      out->set_purpose(match.purpose);
      out->set_exists(match.exists);
    }
    for (const std::string& note : test.notes) response->add_notes(note);
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::api
