#include "orchestrator/api/rule_services.h"

#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"

namespace crossdock::orchestrator::api {

grpc::Status TriggerService::ApplyTriggers(grpc::ServerContext* context, const admin::v1::ApplyTriggersRequest* request,
                                           admin::v1::ApplyTriggersResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(
        const std::vector<std::string> names,
        api_.commands.ApplyTriggers(request->name(), request->text(), request->validate_only(), {caller.subject, ""}));
    for (const std::string& name : names) response->add_triggers(name);
    return absl::OkStatus();
  });
}

grpc::Status TriggerService::ListTriggers(grpc::ServerContext* context, const admin::v1::ListTriggersRequest* request,
                                          admin::v1::ListTriggersResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
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
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
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
