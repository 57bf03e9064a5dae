#include "orchestrator/api/break_glass_service.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/api/transfer_service.h"
#include "orchestrator/store/break_glass.h"

namespace crossdock::orchestrator::api {
namespace {

studio::v1::BreakGlass ToMessage(const store::BreakGlass& glass, base::Instant now) {
  studio::v1::BreakGlass out;
  out.set_digest(glass.digest);
  out.set_transfer(glass.transfer);
  out.set_client(glass.client);
  out.set_first(glass.first);
  out.set_second(glass.second);
  out.set_reason(base::PercentEscape(glass.reason));
  Put(glass.not_before, out.mutable_not_before());
  Put(glass.not_after, out.mutable_not_after());
  Put(glass.asked, out.mutable_asked());
  if (glass.broken) Put(*glass.broken, out.mutable_broken());
  if (glass.review_due) Put(*glass.review_due, out.mutable_review_due());
  out.set_review_overdue(glass.review_due && *glass.review_due <= now && !glass.reviewed);
  if (glass.reviewed) Put(*glass.reviewed, out.mutable_reviewed());
  out.set_reviewer(glass.reviewer);
  out.set_verdict(glass.verdict);
  out.set_review(base::PercentEscape(glass.review));
  out.set_statement(glass.statement);
  out.set_review_statement(glass.review_statement);
  return out;
}

}  // namespace

grpc::Status BreakGlassService::GetBreakGlass(grpc::ServerContext* context,
                                              const studio::v1::GetBreakGlassRequest* request,
                                              studio::v1::GetBreakGlassResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, LoadVisible(api_, request->transfer(), caller));
    ASSIGN_OR_RETURN(const BreakGlassSubject subject, api_.commands.BreakGlassOf(transfer));
    studio::v1::BreakGlassSubject& out = *response->mutable_break_glass();
    *out.mutable_transfer() = api::ToMessage(transfer, api_.fleet);
    out.set_policy_digest(subject.policy);
    out.set_classification(subject.classification);
    out.set_source(subject.source);
    out.set_destination(subject.destination);
    out.set_manifest_chunks(static_cast<uint64_t>(transfer.chunks));
    for (const std::string& line : subject.against) out.add_against(line);
    for (const std::string& who : subject.from) out.add_from(who);
    for (const std::string& recipient : subject.notify) out.add_notify(recipient);
    out.set_refusal(subject.refusal);
    out.set_refusal_detail(subject.refusal_detail);
    return absl::OkStatus();
  });
}

grpc::Status BreakGlassService::SubmitBreakGlass(grpc::ServerContext* context,
                                                 const studio::v1::SubmitBreakGlassRequest* request,
                                                 studio::v1::SubmitBreakGlassResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(api_.commands.SubmitBreakGlass(request->transfer(), request->statement(), {caller.subject, ""}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

grpc::Status BreakGlassService::ReviewBreakGlass(grpc::ServerContext* context,
                                                 const studio::v1::ReviewBreakGlassRequest* request,
                                                 studio::v1::ReviewBreakGlassResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    return api_.commands.ReviewBreakGlass(request->transfer(), request->statement(), {caller.subject, ""});
  });
}

grpc::Status BreakGlassService::ListBreakGlass(grpc::ServerContext* context,
                                               const studio::v1::ListBreakGlassRequest* request,
                                               studio::v1::ListBreakGlassResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) {
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      store::BreakGlassFilter filter;
      ASSIGN_OR_RETURN(filter.client, ClientFilter(caller, request->client()));
      filter.transfer = request->transfer();
      filter.unreviewed = request->unreviewed();
      ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
      const std::string same = base::StrCat(filter.client, "\n", filter.transfer, "\n", filter.unreviewed ? "u" : "");
      ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 2, same));
      if (!position.empty()) {
        ASSIGN_OR_RETURN(filter.before_asked, base::ParseInstant(position[0]));
        filter.before_digest = position[1];
      }
      filter.limit = size + 1;
      const std::vector<store::BreakGlass> found = store::ListBreakGlass(tx, filter);
      const base::Instant now = api_.clock.Now();
      for (size_t i = 0; i < std::min(found.size(), static_cast<size_t>(size)); ++i) {
        *response->add_break_glass() = ToMessage(found[i], now);
      }
      if (found.size() > static_cast<size_t>(size)) {
        const store::BreakGlass& last = found[static_cast<size_t>(size) - 1];
        response->set_next_page_token(FormatPageToken({base::FormatInstant(last.asked), last.digest}, same));
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace crossdock::orchestrator::api
