// crossdock approval given|withdraw: what was signed over a transfer, and taking a yes back.
//
// Which approval is taken back is worked out here, from the signed text itself.
#include <istream>

#include "cli/verb.h"
#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "lib/base/key_file.h"
#include "lib/trust/approval.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using v1::ApprovalService;

struct Options {
  std::string transfer;
  std::string requirement;
  std::string key;
  std::string approver;
  std::string reason;
  bool yes = false;
};

absl::StatusOr<v1::ListSignedApprovalsResponse> Fetch(const Options& options, Context& context) {
  v1::ListSignedApprovalsRequest request;
  request.set_transfer(options.transfer);
  return ListAll<ApprovalService>(context, &ApprovalService::Stub::ListSignedApprovals, request,
                                  [](auto& page, auto& sum) { sum.mutable_approvals()->MergeFrom(page.approvals()); });
}

std::string Standing(const v1::SignedApproval& approval) {
  return approval.has_dismissed() ? base::StrCat(approval.dismissed_reason(), " ", ShowTime(approval.dismissed()))
                                  : "stands";
}

absl::Status Given(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto all, Fetch(options, context));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"SIGNED", "APPROVER", "REQUIREMENT", "SAID", "NOW", "WORDS"});
  for (const v1::SignedApproval& approval : all.approvals()) {
    table.Add({ShowTime(approval.received()), approval.approver(), approval.requirement(), approval.decision(),
               Standing(approval), approval.words()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

// The approver's own yes that stands; the one of `requirement` where there are several.
absl::StatusOr<std::string> FindOwn(const v1::ListSignedApprovalsResponse& all, const Options& options) {
  const v1::SignedApproval* found = nullptr;
  for (const v1::SignedApproval& approval : all.approvals()) {
    if (approval.has_dismissed() || approval.decision() != "approve" || approval.approver() != options.approver)
      continue;
    if (!options.requirement.empty() && approval.requirement() != options.requirement) continue;
    if (found != nullptr && found->requirement() != approval.requirement()) {
      return base::WithReason(
          base::InvalidArgument("several approvals of '", options.approver, "' stand: say which with --requirement"),
          "REQUIREMENT_MISSING");
    }
    found = &approval;
  }
  if (found != nullptr) return found->statement();
  return base::WithReason(base::NotFound("no approval of '", options.approver, "' stands over ", options.transfer,
                                         "; see `crossdock approval given ", options.transfer, "`"),
                          "APPROVAL_UNKNOWN");
}

absl::StatusOr<std::string> MakeStatement(const std::string& approval, const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  ASSIGN_OR_RETURN(const trust::SignedStatement given, trust::SignedStatement::Parse(approval));
  ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::ApprovalStatement>(given.statement()));
  trust::Withdrawal withdrawal;
  withdrawal.transfer = said.transfer;
  withdrawal.client = said.client;
  withdrawal.requirement = said.requirement;
  ASSIGN_OR_RETURN(withdrawal.approval, trust::ApprovalDigest(approval));
  withdrawal.not_after = said.not_after;
  withdrawal.reason = options.reason;
  withdrawal.withdrawn = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  withdrawal.approver = options.approver;
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(withdrawal));
  return trust::SignedStatement::Sign(text, key).Format();
}

absl::Status Withdraw(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto all, Fetch(options, context));
  ASSIGN_OR_RETURN(const std::string approval, FindOwn(all, options));
  ASSIGN_OR_RETURN(const std::string statement, MakeStatement(approval, options, context));
  if (!options.yes) {
    context.err << "\nThis is what you sign:\n\n" << statement << "\nType yes to sign: " << std::flush;
    std::string answer;
    std::getline(context.in, answer);
    if (answer != "yes") return base::FailedPrecondition("nothing was signed");
  }
  v1::WithdrawApprovalRequest request;
  request.set_transfer(options.transfer);
  request.set_statement(statement);
  return CallAndPrint<ApprovalService>(context, &ApprovalService::Stub::WithdrawApproval, request,
                                       [&](const v1::WithdrawApprovalResponse& response) {
                                         context.out << "withdrawn: " << response.transfer().transfer() << " "
                                                     << StateName(response.transfer().state()) << '\n';
                                       });
}

}  // namespace

void AddApprovalGiven(CLI::App& approval, Context& context) {
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = AddVerb(approval, context, options, name, help, run);
    added->add_option("transfer", options->transfer, "its id, t-…")->required();
    return added;
  };
  verb("given", "every yes and no that was signed over a transfer, and whether it stands", Given);
  CLI::App* withdraw = verb("withdraw", "take your yes back: what runs by it stops", Withdraw);
  withdraw->add_option("--requirement", options->requirement, "which one; the only one that stands when not given");
  withdraw->add_option("--sign-with", options->key, "file with your approver's key (PEM, mode 0600)")->required();
  withdraw->add_option("--approver", options->approver, "your name in the roster")->required();
  withdraw->add_option("--reason", options->reason, "why; whoever waits reads it, and so does the auditor");
  withdraw->add_flag("--yes", options->yes, "do not ask again");
}

}  // namespace crossdock::cli
