// crossdock approval list|show|approve|deny (given, withdraw: approval_given.cc; delegate, delegations:
// approval_delegate.cc)
//
// What is signed is computed here from what is shown (cli/manifest.h).
#include "cli/manifest.h"
#include "cli/verb.h"
#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "lib/base/encoding.h"
#include "lib/base/key_file.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "lib/wire/manifest.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using v1::ApprovalService;

constexpr auto kValidForWhenUnsaid = std::chrono::hours(24);
constexpr size_t kNonceBytes = 16;

struct Options {
  std::string transfer;
  std::string requirement;
  std::string project;
  std::string key;
  std::string approver;
  std::string listing;
  std::string reason;
  bool files = false;
  bool yes = false;
};

// What a person is asked to sign, after our own look at it.
struct Asked {
  v1::ApprovalSubject subject;
  wire::Manifest manifest;
  std::string listing;  // computed here, lower hex
  std::string content;  // empty unless the policy binds it
};

absl::StatusOr<Asked> Fetch(ApprovalService::Stub& stub, const Options& options, const Context& context) {
  v1::GetApprovalRequest request;
  request.set_transfer(options.transfer);
  request.set_requirement(options.requirement);
  ASSIGN_OR_RETURN(auto response, Call(context.connection, stub, &ApprovalService::Stub::GetApproval, request));
  Asked asked;
  asked.subject = std::move(*response.mutable_approval());
  const v1::Transfer& transfer = asked.subject.transfer();
  ASSIGN_OR_RETURN(Looked looked, LookAt(stub, transfer, asked.subject.manifest_chunks(), context));
  asked.manifest = std::move(looked.manifest);
  asked.listing = std::move(looked.listing);
  if (!asked.subject.content_bound()) return asked;
  asked.content = transfer.content_root();
  if (asked.manifest.hashed()) {
    ASSIGN_OR_RETURN(const std::string root, wire::ContentRoot(asked.manifest));
    if (base::ToHex(root) != asked.content) return Differs("content root", base::ToHex(root), asked.content);
  }
  return asked;
}

void Print(const Asked& asked, bool files, Context& context) {
  const v1::ApprovalSubject& subject = asked.subject;
  const v1::Transfer& transfer = subject.transfer();
  Table table({"transfer", transfer.transfer()});
  table.Add({"client", transfer.entity().client()});
  table.Add({"project", transfer.entity().project()});
  table.Add({"what", Words({transfer.entity().name(), transfer.entity().version()})});
  table.Add({"classification", subject.classification()});
  table.Add({"from", subject.source() + "/" + transfer.path()});
  table.Add({"to", subject.destination() + "/" + transfer.destination_path()});
  table.Add({"purpose", transfer.purpose()});
  table.Add({"requester", transfer.requester()});
  table.Add({"publisher", transfer.entity().publisher()});
  table.Add({"size", base::StrCat(asked.manifest.files(), " files, ", ShowBytes(asked.manifest.bytes()))});
  table.Add({"listing", asked.listing + " (computed here)"});
  if (subject.content_bound()) {
    table.Add({"content", !subject.ready()          ? "still being hashed: it cannot be signed yet"
                          : asked.manifest.hashed() ? asked.content + " (computed here)"
                                                    : asked.content + " (the source agent's word)"});
  }
  table.Add(
      {"requirement", base::StrCat(subject.requirement().requirement(), ": ", subject.requirement().have(), " of ",
                                   subject.requirement().count(), " from ", Join(subject.requirement().from()))});
  table.Add({"policy", base::StrCat(subject.policy_title(), " (", subject.policy_digest(), ")")});
  table.Print(context.out);
  for (const std::string& clause : subject.clauses()) context.out << "  " << Shown(clause) << '\n';
  for (const auto& finding : subject.findings()) {
    context.out << "  scan: " << Shown(finding.code()) << " " << Shown(finding.path()) << " " << Shown(finding.detail())
                << '\n';
  }
  if (files) PrintFiles(asked.manifest, context);
}

absl::Status List(const Options& options, Context& context) {
  v1::ListApprovalsRequest request;
  request.set_project(options.project);
  ASSIGN_OR_RETURN(const auto all, ListAll<ApprovalService>(context, &ApprovalService::Stub::ListApprovals, request,
                                                            [](auto& page, auto& sum) {
                                                              sum.mutable_approvals()->MergeFrom(page.approvals());
                                                            }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"TRANSFER", "REQUIREMENT", "HAVE", "FROM", "PROJECT", "ENTITY", "ROUTE", "SIZE", "READY", "ASKED"});
  for (const auto& subject : all.approvals()) {
    const auto& transfer = subject.transfer();
    table.Add({transfer.transfer(), subject.requirement().requirement(),
               base::StrCat(subject.requirement().have(), " of ", subject.requirement().count()),
               Join(subject.requirement().from()), transfer.entity().project(),
               Words({transfer.entity().name(), transfer.entity().version()}),
               subject.source() + " → " + subject.destination(), ShowBytes(transfer.bytes()),
               subject.ready() ? "yes" : "hashing", ShowTime(subject.asked())});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status Show(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<ApprovalService>(context));
  ASSIGN_OR_RETURN(const Asked asked, Fetch(*stub, options, context));
  if (context.json) {
    context.out << ToJson(asked.subject) << '\n';
  } else {
    Print(asked, options.files, context);
  }
  return absl::OkStatus();
}

// What both say of the transfer, in the fields that a yes and a no have alike.
template <typename Statement>
Statement AboutTransfer(const Asked& asked, const Options& options, Context& context) {
  const v1::Transfer& transfer = asked.subject.transfer();
  Statement statement;
  statement.transfer = transfer.transfer();
  statement.client = transfer.entity().client();
  statement.project = transfer.entity().project();
  statement.listing = asked.listing;
  statement.content = asked.content;
  statement.files = asked.manifest.files();
  statement.bytes = asked.manifest.bytes();
  statement.source = asked.subject.source();
  statement.destination = asked.subject.destination();
  statement.classification = asked.subject.classification();
  statement.policy = asked.subject.policy_digest();
  statement.requirement = asked.subject.requirement().requirement();
  statement.approver = options.approver;
  statement.nonce = base::ToHex(context.random.Bytes(kNonceBytes));
  return statement;
}

absl::StatusOr<std::string> MakeStatement(const Asked& asked, trust::ApprovalDecision decision, const Options& options,
                                          const base::PrivateKey& key, Context& context) {
  const base::Instant now = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  absl::StatusOr<std::string> text;
  if (decision == trust::ApprovalDecision::kDeny) {
    auto statement = AboutTransfer<trust::DenialStatement>(asked, options, context);
    statement.reason = options.reason;
    statement.denied = now;
    text = trust::Encode(statement);
  } else {
    auto statement = AboutTransfer<trust::ApprovalStatement>(asked, options, context);
    statement.decision = decision;
    statement.not_before = now;
    statement.not_after =
        now + (asked.subject.valid_for_seconds() > 0 ? std::chrono::seconds(asked.subject.valid_for_seconds())
                                                     : std::chrono::seconds(kValidForWhenUnsaid));
    text = trust::Encode(statement);
  }
  RETURN_IF_ERROR(text.status());
  return trust::SignedStatement::Sign(*text, key).Format();
}

absl::Status Decide(trust::ApprovalDecision decision, const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  ASSIGN_OR_RETURN(const auto stub, StubOf<ApprovalService>(context));
  ASSIGN_OR_RETURN(const Asked asked, Fetch(*stub, options, context));
  if (!options.listing.empty() && options.listing != asked.listing) {
    return base::WithReason(
        base::FailedPrecondition("the listing is now ", asked.listing, ", not the one that you looked at: look again"),
        "LISTING_CHANGED");
  }
  if (decision == trust::ApprovalDecision::kApprove && asked.subject.content_bound() && !asked.subject.ready()) {
    return base::WithReason(base::FailedPrecondition("the content is still being hashed: it can be signed when "
                                                     "`crossdock approval list` says that it is ready"),
                            "CONTENT_NOT_READY");
  }
  ASSIGN_OR_RETURN(const std::string statement, MakeStatement(asked, decision, options, key, context));
  if (!options.yes) {
    if (!context.json) Print(asked, true, context);
    RETURN_IF_ERROR(ConfirmSigning(statement, context));
  }
  v1::SubmitApprovalRequest request;
  request.set_transfer(options.transfer);
  request.set_statement(statement);
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.connection, *stub, &ApprovalService::Stub::SubmitApproval, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    context.out << "signed and taken: " << response.transfer().transfer() << " "
                << StateName(response.transfer().state()) << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

void AddApproval(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("approval", "what waits for somebody's signature")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  AddVerb(noun, context, options, "list", "every open requirement", List)
      ->add_option("--project", options->project, "of this project only");
  const auto one = [&](const char* name, const char* help, auto run) {
    CLI::App* verb = AddVerb(noun, context, options, name, help, run);
    verb->add_option("transfer", options->transfer, "its id, t-…")->required();
    verb->add_option("--requirement", options->requirement, "which one; the only open one when not given");
    return verb;
  };
  one("show", "what would be signed", Show)->add_flag("--files", options->files, "with every file");
  const auto decide = [&](const char* name, const char* help, trust::ApprovalDecision decision) {
    CLI::App* verb =
        one(name, help, [decision](const Options& chosen, Context& used) { return Decide(decision, chosen, used); });
    verb->add_option("--sign-with", options->key, "file with your approver's key (PEM, mode 0600)")->required();
    verb->add_option("--approver", options->approver, "your name in the roster")->required();
    verb->add_option("--listing", options->listing, "sign only if the listing still has this digest");
    verb->add_flag("--yes", options->yes, "do not ask again");
    return verb;
  };
  decide("approve", "sign your yes", trust::ApprovalDecision::kApprove);
  decide("deny", "sign your no: it ends the transfer", trust::ApprovalDecision::kDeny)
      ->add_option("--reason", options->reason, "why; whoever waits reads it, and so does the auditor");
  AddApprovalGiven(noun, context);
  AddApprovalDelegate(noun, context);
}

}  // namespace crossdock::cli
