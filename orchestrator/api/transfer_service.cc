#include "orchestrator/api/transfer_service.h"

#include <algorithm>

#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/api/watch_stream.h"
#include "orchestrator/core/readiness.h"
#include "orchestrator/store/manifests.h"

namespace crossdock::orchestrator::api {
namespace {

absl::StatusOr<store::ListFilter> FilterOf(const studio::v1::ListTransfersRequest& request, const rpc::Caller& caller) {
  store::ListFilter filter;
  ASSIGN_OR_RETURN(filter.client, ClientFilter(caller, request.client()));
  filter.project = request.project();
  filter.destination_site = request.destination_site();
  filter.live_only = request.live_only();
  for (const int asked : request.states()) {
    const auto state = FromMessage(static_cast<studio::v1::TransferState>(asked));
    if (!state) return rpc::InvalidFields({{"states", base::StrCat("there is no state ", asked)}});
    filter.states.push_back(*state);
  }
  ASSIGN_OR_RETURN(filter.limit, PageSize(request.page_size()));
  return filter;
}

// What must stay the same from page to page.
std::string FilterText(const studio::v1::ListTransfersRequest& request, const std::string& client) {
  std::string text = base::StrCat(client, "\n", request.project(), "\n", request.destination_site(), "\n",
                                  request.live_only() ? "live" : "all");
  for (const int state : request.states()) text += base::StrCat("\n", state);
  return text;
}

}  // namespace

absl::StatusOr<Transfer> LoadVisible(pg::Tx& tx, std::string_view transfer, const rpc::Caller& caller) {
  auto found = store::GetTransfer(tx, transfer);
  // What another client's caller may not see does not exist for it.
  if (!found || (!caller.client.empty() && found->entity.client != caller.client)) {
    return base::WithReason(base::NotFound("there is no transfer '", base::PercentEscape(transfer.substr(0, 64)), "'"),
                            "TRANSFER_UNKNOWN");
  }
  return std::move(*found);
}

absl::StatusOr<Transfer> LoadVisible(const ApiContext& api, std::string_view transfer, const rpc::Caller& caller) {
  return api.database.Transact(
      [&](pg::Tx& tx) -> absl::StatusOr<Transfer> { return LoadVisible(tx, transfer, caller); });
}

absl::Status Show(const ApiContext& api, std::string_view transfer, const rpc::Caller& caller,
                  studio::v1::Transfer* out) {
  ASSIGN_OR_RETURN(const Transfer now, LoadVisible(api, transfer, caller));
  *out = ToMessage(now, api.fleet);
  return absl::OkStatus();
}

grpc::Status TransferService::CreateTransfer(grpc::ServerContext* context,
                                             const studio::v1::CreateTransferRequest* request,
                                             studio::v1::CreateTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    if (request->request_id().empty() && !request->validate_only()) {
      return rpc::InvalidFields({{"request_id", "is missing: a repeat could make the transfer twice"}});
    }
    NewTransfer wanted;
    wanted.entity = FromMessage(request->entity());
    if (wanted.entity.project.empty()) wanted.entity.project = request->project();
    if (wanted.entity.project != request->project()) {
      return rpc::InvalidFields({{"project", "is not the entity's"}});
    }
    // A caller that is bound to a client asks for that client's content: the path map refuses anything else.
    ASSIGN_OR_RETURN(wanted.entity.client, ClientFilter(caller, wanted.entity.client));
    wanted.entity.volume = wanted.volume = request->volume();
    wanted.entity.path = wanted.path = request->path();
    wanted.source_site = request->source_site();
    wanted.destination_site = request->destination_site();
    wanted.destination_path = request->destination_path();
    wanted.purpose = request->purpose();
    wanted.priority = request->priority();
    if (!request->merge().empty()) wanted.merge = request->merge();
    if (std::find(kMerges.begin(), kMerges.end(), wanted.merge) == kMerges.end()) {
      return rpc::InvalidFields({{"merge", "is never, whole or visible"}});
    }
    wanted.replace = request->replace();
    if (!request->ready().empty()) wanted.ready = request->ready();
    if (const auto ready = ParseReadiness(wanted.ready); !ready.ok()) {
      return rpc::InvalidFields({{"ready", std::string(base::ToStd(ready.status().message()))}});
    }
    ASSIGN_OR_RETURN(const std::string made, api_.commands.CreateTransfer(wanted, request->validate_only(),
                                                                          {caller.subject, request->request_id()}));
    if (request->validate_only()) return absl::OkStatus();
    return Show(api_, made, caller, response->mutable_transfer());
  });
}

grpc::Status TransferService::GetTransfer(grpc::ServerContext* context, const studio::v1::GetTransferRequest* request,
                                          studio::v1::GetTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    Transfer transfer;
    const absl::Status read = api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(transfer, LoadVisible(tx, request->transfer(), caller));
      response->Clear();
      *response->mutable_transfer() = ToMessage(transfer, api_.fleet);
      for (const auto& entry : store::History(tx, transfer.id)) *response->add_history() = ToMessage(entry);
      for (const auto& finding : store::GetFindings(tx, transfer.id, transfer.scan)) {
        *response->add_findings() = ToMessage(finding);
      }
      return absl::OkStatus();
    });
    RETURN_IF_ERROR(read);
    ASSIGN_OR_RETURN(const std::vector<std::string> decision, api_.commands.LastDecision(transfer));
    for (const std::string& line : decision) response->add_decision(line);
    return absl::OkStatus();
  });
}

grpc::Status TransferService::ListTransfers(grpc::ServerContext* context,
                                            const studio::v1::ListTransfersRequest* request,
                                            studio::v1::ListTransfersResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(store::ListFilter filter, FilterOf(*request, caller));
    const std::string filter_text = FilterText(*request, filter.client);
    ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 2, filter_text));
    if (!position.empty()) {
      ASSIGN_OR_RETURN(filter.before_created, base::ParseInstant(position[0]));
      filter.before_id = position[1];
    }
    return api_.database.Transact([&](pg::Tx& tx) {
      const auto transfers = store::ListTransfers(tx, filter);
      response->Clear();
      for (const Transfer& transfer : transfers) *response->add_transfers() = ToMessage(transfer, api_.fleet);
      if (static_cast<int>(transfers.size()) == filter.limit) {
        const Transfer& last = transfers.back();
        response->set_next_page_token(FormatPageToken({base::FormatInstant(last.created), last.id}, filter_text));
      }
      return absl::OkStatus();
    });
  });
}

grpc::ServerWriteReactor<studio::v1::WatchTransfersResponse>* TransferService::WatchTransfers(
    grpc::CallbackServerContext* context, const studio::v1::WatchTransfersRequest* request) {
  return StartWatchStream(api_, watches_, *context, *request);
}

grpc::Status TransferService::ExplainTransfer(grpc::ServerContext* context,
                                              const studio::v1::ExplainTransferRequest* request,
                                              studio::v1::ExplainTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, LoadVisible(api_, request->transfer(), caller));
    ASSIGN_OR_RETURN(const Explanation explanation, api_.commands.Explain(transfer));
    *response->mutable_transfer() = ToMessage(transfer, api_.fleet);
    response->set_reason(explanation.reason);
    for (const std::string& line : explanation.lines) response->add_lines(line);
    if (const std::string& detail = response->transfer().held_back_detail(); !detail.empty()) {
      response->add_lines(detail);
    }
    for (const auto& requirement : explanation.requirements) *response->add_requirements() = ToMessage(requirement);
    return absl::OkStatus();
  });
}

grpc::Status TransferService::CancelTransfer(grpc::ServerContext* context,
                                             const studio::v1::CancelTransferRequest* request,
                                             studio::v1::CancelTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(
        api_.commands.CancelTransfer(request->transfer(), request->reason(), {caller.subject, request->request_id()}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

grpc::Status TransferService::PauseTransfer(grpc::ServerContext* context,
                                            const studio::v1::PauseTransferRequest* request,
                                            studio::v1::PauseTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(
        api_.commands.PauseTransfer(request->transfer(), request->reason(), {caller.subject, request->request_id()}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

grpc::Status TransferService::ResumeTransfer(grpc::ServerContext* context,
                                             const studio::v1::ResumeTransferRequest* request,
                                             studio::v1::ResumeTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(api_.commands.ResumeTransfer(request->transfer(), {caller.subject, request->request_id()}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

grpc::Status TransferService::RetryTransfer(grpc::ServerContext* context,
                                            const studio::v1::RetryTransferRequest* request,
                                            studio::v1::RetryTransferResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(api_.commands.RetryTransfer(request->transfer(), {caller.subject, request->request_id()}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

}  // namespace crossdock::orchestrator::api
