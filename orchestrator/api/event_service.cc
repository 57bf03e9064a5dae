#include "orchestrator/api/event_service.h"

#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/store/inbox.h"

namespace crossdock::orchestrator::api {
namespace {

std::string OutcomeFilter(studio::v1::EventOutcome outcome) {
  switch (outcome) {
    case studio::v1::EVENT_OUTCOME_WAITING:
      return "waiting";
    case studio::v1::EVENT_OUTCOME_TRANSFERS_MADE:
      return "transfers_made";
    case studio::v1::EVENT_OUTCOME_NO_TRIGGER:
      return "no_trigger";
    case studio::v1::EVENT_OUTCOME_SUPERSEDED:
      return "superseded";
    case studio::v1::EVENT_OUTCOME_PARKED:
      return "parked";
    default:
      return "";
  }
}

}  // namespace

grpc::Status EventService::PublishEvent(grpc::ServerContext* context, const studio::v1::PublishEventRequest* request,
                                        studio::v1::PublishEventResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    Event event = FromMessage(request->event());
    if (!request->event().has_occurred()) event.occurred = api_.clock.Now();
    ASSIGN_OR_RETURN(const bool fresh, api_.commands.PublishEvent(event));
    response->set_duplicate(!fresh);
    return absl::OkStatus();
  });
}

grpc::Status EventService::ListEvents(grpc::ServerContext* context, const studio::v1::ListEventsRequest* request,
                                      studio::v1::ListEventsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    const std::string outcome = OutcomeFilter(request->outcome());
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 1, outcome));
    const int64_t before = position.empty() ? 0 : std::strtoll(position[0].c_str(), nullptr, 10);
    return api_.database.Transact([&](pg::Tx& tx) {
      const auto entries = store::ListInbox(tx, outcome, before, size);
      response->Clear();
      for (const InboxEntry& entry : entries) *response->add_entries() = ToMessage(entry);
      if (static_cast<int>(entries.size()) == size) {
        response->set_next_page_token(FormatPageToken({std::to_string(entries.back().id)}, outcome));
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace crossdock::orchestrator::api
