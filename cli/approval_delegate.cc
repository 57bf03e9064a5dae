// crossdock approval delegate|end-delegation|delegations: who approves in whose place, and until when.
#include "absl/strings/str_join.h"
#include "cli/manifest.h"
#include "cli/verb.h"
#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "lib/base/encoding.h"
#include "lib/base/key_file.h"
#include "lib/trust/approval.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using v1::ApprovalService;

constexpr size_t kNonceBytes = 16;

struct Options {
  std::string delegate;
  std::string until;
  std::string client;
  std::string key;
  std::string approver;
  std::string reason;
  bool yes = false;
};

// "2026-12-01T18:00:00Z", or a day, which is then the last one, UTC.
absl::StatusOr<base::Instant> ParseUntil(const std::string& text) {
  const bool day = text.size() == std::string_view("2026-12-01").size();
  const absl::StatusOr<base::Instant> instant = base::ParseInstant(day ? text + "T00:00:00Z" : text);
  if (!instant.ok()) {
    return base::InvalidArgument("--until '", Shown(text), "' is neither a day, as 2026-12-01, nor a time, as ",
                                 "2026-12-01T18:00:00Z");
  }
  return day ? *instant + std::chrono::days(1) : *instant;
}

absl::StatusOr<std::string> MakeStatement(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  trust::Delegation delegation;
  delegation.client = options.client;
  delegation.delegate = options.delegate;
  delegation.not_before = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  ASSIGN_OR_RETURN(delegation.not_after, ParseUntil(options.until));
  delegation.reason = options.reason;
  delegation.approver = options.approver;
  delegation.nonce = base::ToHex(context.random.Bytes(kNonceBytes));
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(delegation));
  return trust::SignedStatement::Sign(text, key).Format();
}

absl::Status Confirm(const std::vector<std::string>& statements, const Options& options, Context& context) {
  return options.yes ? absl::OkStatus() : ConfirmSigning(absl::StrJoin(statements, "\n"), context);
}

absl::Status Delegate(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string statement, MakeStatement(options, context));
  RETURN_IF_ERROR(Confirm({statement}, options, context));
  v1::AddDelegationRequest request;
  request.set_statement(statement);
  return CallAndPrint<ApprovalService>(
      context, &ApprovalService::Stub::AddDelegation, request, [&](const v1::AddDelegationResponse&) {
        context.out << options.delegate << " stands in for " << options.approver << " until " << options.until << '\n';
      });
}

absl::StatusOr<v1::ListDelegationsResponse> Fetch(const Options& options, Context& context) {
  v1::ListDelegationsRequest request;
  request.set_client(options.client);
  return ListAll<ApprovalService>(context, &ApprovalService::Stub::ListDelegations, request, [](auto& page, auto& sum) {
    sum.mutable_delegations()->MergeFrom(page.delegations());
  });
}

// The ends of the approver's own delegations to that person, each made of the signed text itself.
absl::StatusOr<std::vector<std::string>> MakeEnds(const v1::ListDelegationsResponse& all, const Options& options,
                                                  Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  std::vector<std::string> ends;
  for (const v1::Delegation& each : all.delegations()) {
    if (each.approver() != options.approver || each.delegate() != options.delegate) continue;
    ASSIGN_OR_RETURN(const trust::SignedStatement given, trust::SignedStatement::Parse(each.statement()));
    ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::Delegation>(given.statement()));
    if (!options.client.empty() && said.client != options.client) continue;
    trust::DelegationEnd end;
    end.client = said.client;
    end.delegate = said.delegate;
    ASSIGN_OR_RETURN(end.delegation, trust::ApprovalDigest(each.statement()));
    end.not_after = said.not_after;
    end.reason = options.reason;
    end.ended = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
    end.approver = options.approver;
    ASSIGN_OR_RETURN(const std::string text, trust::Encode(end));
    ends.push_back(trust::SignedStatement::Sign(text, key).Format());
  }
  return ends;
}

absl::Status EndDelegation(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const v1::ListDelegationsResponse all, Fetch(options, context));
  ASSIGN_OR_RETURN(const std::vector<std::string> ends, MakeEnds(all, options, context));
  if (ends.empty()) {
    return base::WithReason(base::NotFound("'", Shown(options.delegate), "' stands in for '", Shown(options.approver),
                                           "' by nothing; see `crossdock approval delegations`"),
                            "DELEGATION_UNKNOWN");
  }
  RETURN_IF_ERROR(Confirm(ends, options, context));
  for (const std::string& end : ends) {
    v1::EndDelegationRequest request;
    request.set_statement(end);
    RETURN_IF_ERROR(CallAndPrint<ApprovalService>(
        context, &ApprovalService::Stub::EndDelegation, request, [&](const v1::EndDelegationResponse&) {
          context.out << options.delegate << " no longer stands in for " << options.approver << '\n';
        }));
  }
  return absl::OkStatus();
}

absl::Status Delegations(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const v1::ListDelegationsResponse all, Fetch(options, context));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"APPROVER", "DELEGATE", "CLIENT", "FROM", "UNTIL", "REASON"});
  for (const v1::Delegation& delegation : all.delegations()) {
    table.Add({delegation.approver(), delegation.delegate(), delegation.client().empty() ? "all" : delegation.client(),
               ShowTime(delegation.not_before()), ShowTime(delegation.not_after()), delegation.reason()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

}  // namespace

void AddApprovalDelegate(CLI::App& approval, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* delegate =
      AddVerb(approval, context, options, "delegate", "let somebody approve in your place for a time", Delegate);
  delegate->add_option("--to", options->delegate, "their name in the roster")->required();
  delegate->add_option("--until", options->until, "the last day, or a time; at most 92 days ahead")->required();
  CLI::App* end = AddVerb(approval, context, options, "end-delegation",
                          "let somebody approve in your place no longer: what runs by it stops", EndDelegation);
  end->add_option("--to", options->delegate, "their name in the roster")->required();
  for (CLI::App* verb : {delegate, end}) {
    verb->add_option("--client", options->client, "this client's transfers alone");
    verb->add_option("--sign-with", options->key, "file with your approver's key (PEM, mode 0600)")->required();
    verb->add_option("--approver", options->approver, "your name in the roster")->required();
    verb->add_option("--reason", options->reason, "why; the auditor reads it");
    verb->add_flag("--yes", options->yes, "do not ask again");
  }
  AddVerb(approval, context, options, "delegations", "who approves in whose place", Delegations)
      ->add_option("--client", options->client, "what counts for this client's transfers");
}

}  // namespace crossdock::cli
