#include "orchestrator/api/approval_service.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/log.h"
#include "lib/base/strings.h"
#include "lib/trust/approval.h"
#include "lib/trust/signed_statement.h"
#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/api/transfer_service.h"
#include "orchestrator/store/delegations.h"
#include "orchestrator/store/objections.h"

namespace crossdock::orchestrator::api {
namespace {

// Waiting approvals are people's work: a studio has tens of them. The list is read whole and cut into pages.
constexpr int kWaitingMax = 1'000;

struct Waiting {
  Transfer transfer;
  ApprovalSubject subject;
};

studio::v1::ApprovalSubject ToMessage(const Waiting& waiting, const ApiContext& api) {
  const auto& [transfer, subject] = waiting;
  studio::v1::ApprovalSubject out;
  *out.mutable_transfer() = api::ToMessage(transfer, api.fleet);
  *out.mutable_requirement() = api::ToMessage(subject.requirement);
  out.set_policy_digest(subject.policy);
  out.set_policy_title(subject.policy_title);
  out.set_content_bound(subject.content_bound);
  out.set_ready(subject.ready);
  out.set_classification(subject.classification);
  out.set_manifest_chunks(static_cast<uint64_t>(transfer.chunks));
  Put(subject.asked, out.mutable_asked());
  out.set_source(subject.source);
  out.set_destination(subject.destination);
  out.set_valid_for_seconds(subject.valid_for.count());
  for (const std::string& clause : subject.clauses) out.add_clauses(clause);
  return out;
}

absl::Status AddFindings(const ApiContext& api, const Transfer& transfer, studio::v1::ApprovalSubject* out) {
  return api.database.Transact([&](pg::Tx& tx) -> absl::Status {
    out->clear_findings();
    for (const auto& finding : store::GetFindings(tx, transfer.id, transfer.scan)) {
      *out->add_findings() = api::ToMessage(finding);
    }
    return absl::OkStatus();
  });
}

absl::Status AddWaiting(const ApiContext& api, const Transfer& transfer, std::vector<Waiting>& waiting) {
  ASSIGN_OR_RETURN(std::vector<ApprovalSubject> subjects, api.commands.OpenApprovals(transfer));
  for (ApprovalSubject& subject : subjects) waiting.push_back({transfer, std::move(subject)});
  return absl::OkStatus();
}

// Why it was denied, or taken back: as its approver put it.
std::string WordsOf(const store::SignedWord& said, const std::vector<store::Withdrawal>& withdrawals) {
  const auto statement = trust::SignedStatement::Parse(said.statement);
  if (!statement.ok()) return "";
  const auto word = trust::ReadWord(statement->statement());
  if (word.ok() && !word->reason.empty()) return word->reason;
  const auto digest = trust::ApprovalDigest(said.statement);
  for (const store::Withdrawal& withdrawal : withdrawals)
    if (digest.ok() && withdrawal.approval == *digest) return withdrawal.reason;
  return "";
}

studio::v1::SignedApproval ToMessage(const store::SignedWord& said, const std::vector<store::Withdrawal>& withdrawals) {
  studio::v1::SignedApproval out;
  out.set_requirement(said.requirement);
  out.set_approver(said.approver);
  out.set_decision(said.decision);
  Put(said.received, out.mutable_received());
  if (said.dismissed) Put(*said.dismissed, out.mutable_dismissed());
  out.set_dismissed_reason(said.dismissed_reason);
  out.set_words(base::PercentEscape(WordsOf(said, withdrawals)));
  out.set_statement(said.statement);
  return out;
}

studio::v1::Delegation ToMessage(const store::Delegation& delegation) {
  studio::v1::Delegation out;
  out.set_approver(delegation.approver);
  out.set_delegate(delegation.delegate);
  out.set_client(delegation.client);
  Put(delegation.not_before, out.mutable_not_before());
  Put(delegation.not_after, out.mutable_not_after());
  out.set_reason(base::PercentEscape(delegation.reason));
  out.set_statement(delegation.statement);
  return out;
}

// Oldest first.
absl::StatusOr<std::vector<Waiting>> ListWaiting(const ApiContext& api, const std::string& client,
                                                 const std::string& project) {
  store::ListFilter filter;
  filter.client = client;
  filter.project = project;
  filter.states = {State::kAwaitingApproval};
  filter.limit = kWaitingMax;
  const auto transfers = api.database.Transact(
      [&](pg::Tx& tx) -> absl::StatusOr<std::vector<Transfer>> { return store::ListTransfers(tx, filter); });
  RETURN_IF_ERROR(transfers.status());
  std::vector<Waiting> waiting;
  for (auto transfer = transfers->rbegin(); transfer != transfers->rend(); ++transfer) {
    // One whose policy or roster does not answer just now must not hide the others; explain says why.
    const absl::Status added = AddWaiting(api, *transfer, waiting);
    if (!added.ok())
      LOG_WARNING("an approval cannot be shown", {{"transfer", transfer->id}, {"error", added.ToString()}});
  }
  return waiting;
}

}  // namespace

grpc::Status ApprovalService::ListApprovals(grpc::ServerContext* context,
                                            const studio::v1::ListApprovalsRequest* request,
                                            studio::v1::ListApprovalsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const std::string filter = caller.client + "\n" + request->project();
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 2, filter));
    ASSIGN_OR_RETURN(const std::vector<Waiting> open, ListWaiting(api_, caller.client, request->project()));
    // A page begins behind the one that ended the last; when that is gone, at the start, so that nothing is skipped.
    size_t begin = 0;
    for (size_t i = 0; !position.empty() && i < open.size(); ++i) {
      if (open[i].transfer.id == position[0] && open[i].subject.requirement.id == position[1]) begin = i + 1;
    }
    const size_t end = std::min(open.size(), begin + static_cast<size_t>(size));
    for (size_t i = begin; i < end; ++i) *response->add_approvals() = ToMessage(open[i], api_);
    if (end < open.size()) {
      response->set_next_page_token(
          FormatPageToken({open[end - 1].transfer.id, open[end - 1].subject.requirement.id}, filter));
    }
    return absl::OkStatus();
  });
}

grpc::Status ApprovalService::GetApproval(grpc::ServerContext* context, const studio::v1::GetApprovalRequest* request,
                                          studio::v1::GetApprovalResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, LoadVisible(api_, request->transfer(), caller));
    std::vector<Waiting> waiting;
    RETURN_IF_ERROR(AddWaiting(api_, transfer, waiting));
    for (const Waiting& one : waiting) {
      if (!request->requirement().empty() && one.subject.requirement.id != request->requirement()) continue;
      if (request->requirement().empty() && waiting.size() > 1) {
        return rpc::InvalidFields({{"requirement", "is missing: several are open"}});
      }
      *response->mutable_approval() = ToMessage(one, api_);
      return AddFindings(api_, transfer, response->mutable_approval());
    }
    return base::WithReason(base::FailedPrecondition("transfer '", transfer.id, "' does not wait for this approval"),
                            "APPROVAL_NOT_ASKED");
  });
}

grpc::Status ApprovalService::GetManifestChunk(grpc::ServerContext* context,
                                               const studio::v1::GetManifestChunkRequest* request,
                                               studio::v1::GetManifestChunkResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) {
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const Transfer transfer, LoadVisible(tx, request->transfer(), caller));
      auto chunk = store::GetManifestChunk(tx, transfer.id, transfer.scan, static_cast<int64_t>(request->index()));
      if (!chunk) {
        return base::WithReason(base::NotFound("the manifest of ", transfer.id, " has no chunk ", request->index()),
                                "CHUNK_UNKNOWN");
      }
      response->set_chunk(std::move(*chunk));
      return absl::OkStatus();
    });
  });
}

grpc::Status ApprovalService::SubmitApproval(grpc::ServerContext* context,
                                             const studio::v1::SubmitApprovalRequest* request,
                                             studio::v1::SubmitApprovalResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(api_.commands.SubmitApproval(request->transfer(), request->statement(), {caller.subject, ""}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

grpc::Status ApprovalService::WithdrawApproval(grpc::ServerContext* context,
                                               const studio::v1::WithdrawApprovalRequest* request,
                                               studio::v1::WithdrawApprovalResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    RETURN_IF_ERROR(LoadVisible(api_, request->transfer(), caller).status());
    RETURN_IF_ERROR(api_.commands.WithdrawApproval(request->transfer(), request->statement(), {caller.subject, ""}));
    return Show(api_, request->transfer(), caller, response->mutable_transfer());
  });
}

grpc::Status ApprovalService::ListSignedApprovals(grpc::ServerContext* context,
                                                  const studio::v1::ListSignedApprovalsRequest* request,
                                                  studio::v1::ListSignedApprovalsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) {
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      ASSIGN_OR_RETURN(const Transfer transfer, LoadVisible(tx, request->transfer(), caller));
      ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
      ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 1, transfer.id));
      const int64_t after = position.empty() ? 0 : std::strtoll(position[0].c_str(), nullptr, 10);
      const std::vector<store::SignedWord> words = store::SignedWords(tx, transfer.id, after, size + 1);
      const std::vector<store::Withdrawal> withdrawals = store::WithdrawalsOf(tx, transfer.id);
      for (size_t i = 0; i < std::min(words.size(), static_cast<size_t>(size)); ++i) {
        *response->add_approvals() = ToMessage(words[i], withdrawals);
      }
      if (words.size() > static_cast<size_t>(size)) {
        response->set_next_page_token(
            FormatPageToken({std::to_string(words[static_cast<size_t>(size) - 1].id)}, transfer.id));
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status ApprovalService::AddDelegation(grpc::ServerContext* context,
                                            const studio::v1::AddDelegationRequest* request,
                                            studio::v1::AddDelegationResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const auto statement, trust::SignedStatement::Parse(request->statement()));
    ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::Delegation>(statement.statement()));
    if (said.client.empty()) RETURN_IF_ERROR(RequireUnbound(caller));
    RETURN_IF_ERROR(ClientFilter(caller, said.client).status());
    return api_.commands.AddDelegation(request->statement(), {caller.subject, ""});
  });
}

grpc::Status ApprovalService::EndDelegation(grpc::ServerContext* context,
                                            const studio::v1::EndDelegationRequest* request,
                                            studio::v1::EndDelegationResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const auto statement, trust::SignedStatement::Parse(request->statement()));
    ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::DelegationEnd>(statement.statement()));
    if (said.client.empty()) RETURN_IF_ERROR(RequireUnbound(caller));
    RETURN_IF_ERROR(ClientFilter(caller, said.client).status());
    return api_.commands.EndDelegation(request->statement(), {caller.subject, ""});
  });
}

grpc::Status ApprovalService::ListDelegations(grpc::ServerContext* context,
                                              const studio::v1::ListDelegationsRequest* request,
                                              studio::v1::ListDelegationsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) {
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      ASSIGN_OR_RETURN(const std::string client, ClientFilter(caller, request->client()));
      ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
      ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 2, client));
      base::Instant after;
      if (!position.empty()) {
        ASSIGN_OR_RETURN(after, base::ParseInstant(position[0]));
      }
      const std::vector<store::Delegation> found =
          store::Delegations(tx, client, api_.clock.Now(), after, position.empty() ? "" : position[1], size + 1);
      for (size_t i = 0; i < std::min(found.size(), static_cast<size_t>(size)); ++i) {
        *response->add_delegations() = ToMessage(found[i]);
      }
      if (found.size() > static_cast<size_t>(size)) {
        const store::Delegation& last = found[static_cast<size_t>(size) - 1];
        response->set_next_page_token(FormatPageToken({base::FormatInstant(last.not_after), last.digest}, client));
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace crossdock::orchestrator::api
