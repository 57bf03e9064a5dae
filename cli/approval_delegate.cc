// crossdock approval delegate|delegations: who approves in whose place, and until when.
#include <istream>

#include "cli/verb.h"
#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "lib/base/encoding.h"
#include "lib/base/key_file.h"
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

absl::Status Delegate(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string statement, MakeStatement(options, context));
  if (!options.yes) {
    context.err << "\nThis is what you sign:\n\n" << statement << "\nType yes to sign: " << std::flush;
    std::string answer;
    std::getline(context.in, answer);
    if (answer != "yes") return base::FailedPrecondition("nothing was signed");
  }
  v1::AddDelegationRequest request;
  request.set_statement(statement);
  return CallAndPrint<ApprovalService>(
      context, &ApprovalService::Stub::AddDelegation, request, [&](const v1::AddDelegationResponse&) {
        context.out << options.delegate << " stands in for " << options.approver << " until " << options.until << '\n';
      });
}

absl::Status Delegations(const Options& options, Context& context) {
  v1::ListDelegationsRequest request;
  request.set_client(options.client);
  ASSIGN_OR_RETURN(const auto all, ListAll<ApprovalService>(context, &ApprovalService::Stub::ListDelegations, request,
                                                            [](auto& page, auto& sum) {
                                                              sum.mutable_delegations()->MergeFrom(page.delegations());
                                                            }));
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
  delegate->add_option("--client", options->client, "this client's transfers alone");
  delegate->add_option("--sign-with", options->key, "file with your approver's key (PEM, mode 0600)")->required();
  delegate->add_option("--approver", options->approver, "your name in the roster")->required();
  delegate->add_option("--reason", options->reason, "why; the auditor reads it");
  delegate->add_flag("--yes", options->yes, "do not ask again");
  AddVerb(approval, context, options, "delegations", "who approves in whose place", Delegations)
      ->add_option("--client", options->client, "what counts for this client's transfers");
}

}  // namespace crossdock::cli
