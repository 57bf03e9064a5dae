#include "orchestrator/api/audit_service.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_split.h"
#include "lib/transparency/proof.h"
#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"
#include "orchestrator/audit/sequencer.h"
#include "orchestrator/audit/signer.h"
#include "orchestrator/store/audit_log.h"
#include "orchestrator/store/custody.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::api {
namespace {

constexpr int kLeavesMax = 5'000;
constexpr size_t kLeafBytesMax = 2u << 20;  // of a page, but for a first leaf that is larger
constexpr int kCheckpointsMax = 1'000;

// "" asks for the studio's log, which is nobody's who is bound to a client.
absl::StatusOr<std::string> LogFor(const rpc::Caller& caller, const std::string& client) {
  if (client.empty()) {
    RETURN_IF_ERROR(RequireUnbound(caller));
    return std::string("studio");
  }
  ASSIGN_OR_RETURN(const std::string filter, ClientFilter(caller, client));
  return base::StrCat("client/", filter);
}

// The note, with the lines that witnesses added.
void Fill(pg::Tx& tx, const store::AuditCheckpoint& checkpoint, admin::v1::AuditCheckpoint* message) {
  std::string note = checkpoint.note;
  for (const auto& each : store::ReadCosignatures(tx, checkpoint.log, checkpoint.size)) note += each.line;
  message->set_size(checkpoint.size);
  message->set_note(note);
}

void Fill(const store::Custody& custody, admin::v1::CustodyInterval* message) {
  message->set_transfer(custody.transfer);
  message->set_client(custody.client);
  message->set_site(custody.site);
  message->set_source(custody.source);
  Put(custody.since, message->mutable_since());
  if (custody.published) Put(*custody.published, message->mutable_published());
  if (custody.until) Put(*custody.until, message->mutable_until());
  for (const auto agent : absl::StrSplit(base::ToAbsl(custody.agents), ' ', absl::SkipEmpty())) {
    message->add_agents(std::string(agent));
  }
  message->set_files(custody.files);
  message->set_bytes(custody.bytes);
  message->set_listing(custody.listing);
}

template <typename Message>
void FillRefusals(pg::Tx& tx, std::string_view log, Message* message) {
  for (const store::AuditRefusal& each : store::ReadRefusals(tx, log)) {
    admin::v1::AuditRefusal& refusal = *message->add_refusals();
    refusal.set_agent(each.agent);
    refusal.set_reason(each.reason);
    Put(each.at, refusal.mutable_at());
    refusal.set_held(each.held);
  }
}

// As the log is at this moment, not as somebody noticed before.
void Fill(pg::Tx& tx, const std::string& log, audit::Signer* signer, admin::v1::AuditLogState* message) {
  message->set_log(log);
  if (signer != nullptr) {
    const absl::Status found = signer->Check(tx, log);
    if (!found.ok()) {
      const std::string reason = base::ReasonOf(found);
      message->set_reason(reason.empty() ? "AUDIT_LOG_UNREADABLE" : reason);
      message->set_detail(std::string(found.message()));
    }
  }
  if (const auto newest = store::NewestCheckpoint(tx, log)) {
    message->set_sealed(newest->size);
    Put(newest->at, message->mutable_sealed_at());
    for (const auto& each : store::ReadCosignatures(tx, log, newest->size)) message->add_cosigned_by(each.agent);
  }
  message->set_size(store::GetAuditLog(tx, log).size);
  FillRefusals(tx, log, message);
}

base::Instant InstantOf(const google::protobuf::Timestamp& time) {
  return base::Instant(std::chrono::microseconds(time.seconds() * 1'000'000 + time.nanos() / 1'000));
}

int Size(int32_t asked, int most) { return asked <= 0 || asked > most ? most : asked; }

}  // namespace

grpc::Status AuditService::ListAuditRecords(grpc::ServerContext* context,
                                            const admin::v1::ListAuditRecordsRequest* request,
                                            admin::v1::ListAuditRecordsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    store::AuditFilter wanted;
    ASSIGN_OR_RETURN(wanted.client, ClientFilter(caller, request->client()));
    wanted.transfer = request->transfer();
    wanted.actor = request->actor();
    wanted.action = request->action();
    wanted.text = request->text();
    const std::string filter =
        base::StrCat(wanted.client, "\n", wanted.transfer, "\n", wanted.actor, "\n", wanted.action, "\n", wanted.text);
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 1, filter));
    std::optional<int64_t> after;
    if (request->has_after_number()) after = static_cast<int64_t>(request->after_number());
    if (!position.empty()) after = std::strtoll(position[0].c_str(), nullptr, 10);
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      const auto records = store::ListAudit(tx, wanted, after, size);
      response->Clear();
      for (const store::AuditRecord& record : records) *response->add_records() = api::ToMessage(record);
      // Whoever asks for the newest has them; whoever follows goes on.
      if (after && static_cast<int>(records.size()) == size) {
        response->set_next_page_token(FormatPageToken({std::to_string(records.back().number)}, filter));
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status AuditService::ListCustody(grpc::ServerContext* context, const admin::v1::ListCustodyRequest* request,
                                       admin::v1::ListCustodyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string client, ClientFilter(caller, request->client()));
    const std::string filter = base::StrCat(client, "\n", request->transfer(), "\n", request->open() ? "open" : "");
    ASSIGN_OR_RETURN(const int size, PageSize(request->page_size()));
    ASSIGN_OR_RETURN(const auto position, ParsePageToken(request->page_token(), 1, filter));
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      const store::CustodyPage page =
          store::ReadCustody(tx, client, request->transfer(), position.empty() ? "" : position[0], size);
      for (const store::Custody& each : page.intervals) {
        if (!request->open() || !each.until) Fill(each, response->add_intervals());
      }
      if (!page.last.empty()) response->set_next_page_token(FormatPageToken({page.last}, filter));
      return absl::OkStatus();
    });
  });
}

grpc::Status AuditService::ListAuditLogs(grpc::ServerContext* context, const admin::v1::ListAuditLogsRequest* request,
                                         admin::v1::ListAuditLogsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string client, ClientFilter(caller, request->client()));
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      const std::vector<std::string> logs =
          client.empty() ? store::ListAuditLogs(tx) : std::vector<std::string>{base::StrCat("client/", client)};
      for (const std::string& log : logs) Fill(tx, log, api_.signer, response->add_logs());
      return absl::OkStatus();
    });
  });
}

grpc::Status AuditService::GetAuditLog(grpc::ServerContext* context, const admin::v1::GetAuditLogRequest* request,
                                       admin::v1::GetAuditLogResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string log, LogFor(caller, request->client()));
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      response->set_log(log);
      response->set_key(api_.signer == nullptr ? "" : api_.signer->KeyOf(log).Format());
      // Before the size, which then is no smaller unless somebody took leaves away.
      if (const auto newest = store::NewestCheckpoint(tx, log)) Fill(tx, *newest, response->mutable_newest());
      response->set_size(store::GetAuditLog(tx, log).size);
      if (request->has_from() || request->has_to()) {
        const auto [first, end] =
            store::AuditRange(tx, log, request->has_from() ? std::optional(InstantOf(request->from())) : std::nullopt,
                              request->has_to() ? std::optional(InstantOf(request->to())) : std::nullopt);
        response->set_first(first);
        response->set_end(end);
      } else {
        // All that was signed, whether or not it is still there: what is missing is for the auditor to see.
        response->set_end(std::max(response->size(), response->newest().size()));
      }
      for (const std::string& id : store::WitnessesOf(tx, log)) {
        const std::optional<store::Agent> agent = store::GetAgent(tx, id);
        if (!agent) continue;
        admin::v1::AuditWitness& witness = *response->add_witnesses();
        witness.set_agent(agent->id);
        witness.set_site(agent->site);
        witness.set_identity(agent->identity);
        witness.set_grant(agent->grant);
      }
      FillRefusals(tx, log, response);
      return absl::OkStatus();
    });
  });
}

grpc::Status AuditService::ListAuditLeaves(grpc::ServerContext* context,
                                           const admin::v1::ListAuditLeavesRequest* request,
                                           admin::v1::ListAuditLeavesResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string log, LogFor(caller, request->client()));
    const int limit = Size(request->page_size(), kLeavesMax);
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      size_t bytes = 0;
      uint64_t number = request->first();
      const uint64_t size = store::GetAuditLog(tx, log).size;
      transparency::Tiles tree = audit::TreeOf(tx, log, size);
      std::vector<std::string> leaves = store::ReadLeaves(tx, log, number, limit);
      // Rows that are gone at the end are gaps, too.
      if (number < size) leaves.resize(std::max(leaves.size(), std::min<uint64_t>(limit, size - number)));
      for (std::string& leaf : leaves) {
        bytes += leaf.size();
        if (bytes > kLeafBytesMax && response->leaves_size() > 0) break;
        response->add_leaves(std::move(leaf));
        // What the tree says that it was: tells which leaf is another one now.
        const absl::StatusOr<transparency::Hash> hash = tree.Node(0, number++);
        response->add_hashes(hash.ok() ? std::string(transparency::BytesOf(*hash)) : std::string(32, '\0'));
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status AuditService::ListAuditCheckpoints(grpc::ServerContext* context,
                                                const admin::v1::ListAuditCheckpointsRequest* request,
                                                admin::v1::ListAuditCheckpointsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string log, LogFor(caller, request->client()));
    const int limit = Size(request->page_size(), kCheckpointsMax);
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      for (const store::AuditCheckpoint& checkpoint : store::ReadCheckpoints(tx, log, request->size(), limit))
        Fill(tx, checkpoint, response->add_checkpoints());
      return absl::OkStatus();
    });
  });
}

grpc::Status AuditService::GetAuditProof(grpc::ServerContext* context, const admin::v1::GetAuditProofRequest* request,
                                         admin::v1::GetAuditProofResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string log, LogFor(caller, request->client()));
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      response->Clear();
      transparency::Tiles tree = audit::TreeOf(tx, log, request->size());
      ASSIGN_OR_RETURN(const auto proof,
                       transparency::RangeProof(request->first(), request->end(), request->size(), tree.Source()));
      for (const transparency::Beside& each : proof) {
        admin::v1::AuditProofHash& hash = *response->add_hashes();
        hash.set_level(static_cast<uint32_t>(each.level));
        hash.set_left(each.left);
        hash.set_hash(std::string(transparency::BytesOf(each.hash)));
      }
      return absl::OkStatus();
    });
  });
}

}  // namespace crossdock::orchestrator::api
