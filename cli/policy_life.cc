// crossdock policy approve|rollback|revoke|withdraw|history: an officer's part in the life of a version.
#include <algorithm>
#include <istream>
#include <ostream>

#include "cli/policy_difference.h"
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/key_file.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::PolicyService;

struct Options {
  std::string client;
  std::string digest;
  std::string officer;
  std::string key;
  std::string reason;
  bool yes = false;
};

absl::StatusOr<v1::GetPolicyResponse> Get(Context& context, const std::string& client, const std::string& digest) {
  v1::GetPolicyRequest request;
  request.set_client(client);
  request.set_digest(digest);
  ASSIGN_OR_RETURN(const auto stub, StubOf<PolicyService>(context));
  return Call(context.connection, *stub, &PolicyService::Stub::GetPolicy, request);
}

// The text as this machine reads it: what is shown is what is signed, whatever the orchestrator says.
absl::StatusOr<policy::Policy> Read(const v1::GetPolicyResponse& response, const Options& options) {
  const std::vector<std::string> calendars(response.calendars().begin(), response.calendars().end());
  ASSIGN_OR_RETURN(policy::Policy policy, policy::Parse(response.text(), "policy", calendars));
  for (const policy::Policy::NamedCalendar& named : policy.calendars) {
    const policy::Calendar& calendar = *named.calendar.calendar;
    if (calendar.known) continue;
    return base::WithReason(
        base::FailedPrecondition("the orchestrator gave no file ", calendar.file, " with SHA-256 ", calendar.digest,
                                 " for calendar ", calendar.name, "; have the policy proposed again, with it"),
        "CALENDAR_MISSING");
  }
  if (policy::ScopeKey(policy.scope()) == options.client && (options.digest.empty() || policy.digest == options.digest))
    return policy;
  return base::WithReason(base::FailedPrecondition("the orchestrator gave another policy than the one that was named"),
                          "POLICY_MISMATCH");
}

absl::StatusOr<std::string> Sign(const policy::Policy& policy, uint64_t number, const Options& options,
                                 Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  trust::PolicyActivation activation;
  activation.client = policy::ScopeKey(policy.scope());
  activation.number = number;
  activation.digest = policy.digest;
  activation.activated = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  activation.officer = options.officer;
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(activation));
  return trust::SignedStatement::Sign(text, key).Format();
}

// Shows what is to be signed, and asks unless --yes.
absl::Status Confirm(const policy::Policy& policy, const std::string& difference, const std::string& question,
                     const Options& options, Context& context) {
  if (options.yes) return absl::OkStatus();
  if (context.json) return base::InvalidArgument("with --json nobody is asked: say --yes when it is read and meant");
  context.err << policy::Render(policy) << "\n";
  PrintDifference(difference, context.err);
  context.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(context.in, answer);
  if (answer == "y" || answer == "yes") return absl::OkStatus();
  return base::WithReason(base::Error(absl::StatusCode::kCancelled, "nothing was signed"), "NOT_CONFIRMED");
}

absl::Status Activate(const std::string& activation, Context& context) {
  v1::ActivatePolicyRequest request;
  request.set_activation(activation);
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::ActivatePolicy, request, [&](const auto& response) {
    context.out << "in force: " << Shown(response.policy().client()) << " number " << response.policy().number() << " "
                << response.policy().digest() << "\n";
  });
}

absl::Status Approve(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const v1::GetPolicyResponse got, Get(context, options.client, options.digest));
  ASSIGN_OR_RETURN(const policy::Policy policy, Read(got, options));
  RETURN_IF_ERROR(Confirm(
      policy, got.difference(),
      base::StrCat("proposed by ", Shown(got.policy().author()), "; sign it as number ", got.next_number(), "?"),
      options, context));
  v1::ApprovePolicyRequest request;
  ASSIGN_OR_RETURN(*request.mutable_activation(), Sign(policy, got.next_number(), options, context));
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::ApprovePolicy, request, [&](const auto& response) {
    context.out << "approved: " << Shown(response.policy().client()) << " number " << response.policy().number() << " "
                << response.policy().digest() << "\nnext: crossdock policy activate --client " << Shown(options.client)
                << " --digest " << response.policy().digest() << "\n";
  });
}

// The version that the one in force took the place of.
absl::StatusOr<std::string> Earlier(const Options& options, Context& context) {
  v1::ListPolicyEventsRequest request;
  request.set_client(options.client);
  request.set_limit(1000);
  ASSIGN_OR_RETURN(const auto stub, StubOf<PolicyService>(context));
  ASSIGN_OR_RETURN(const v1::ListPolicyEventsResponse history,
                   Call(context.connection, *stub, &PolicyService::Stub::ListPolicyEvents, request));
  for (const v1::PolicyEvent& event : history.events())
    if (event.cause() == "replaced") return event.digest();
  return base::WithReason(base::NotFound("client '", options.client, "' had no version in force before this one"),
                          "POLICY_UNKNOWN");
}

absl::Status Rollback(const Options& given, Context& context) {
  Options options = given;
  if (options.digest.empty()) {
    ASSIGN_OR_RETURN(options.digest, Earlier(options, context));
  }
  ASSIGN_OR_RETURN(const v1::GetPolicyResponse got, Get(context, options.client, options.digest));
  ASSIGN_OR_RETURN(const policy::Policy policy, Read(got, options));
  RETURN_IF_ERROR(
      Confirm(policy, "", base::StrCat("go back to it as number ", got.next_number(), "?"), options, context));
  ASSIGN_OR_RETURN(const std::string activation, Sign(policy, got.next_number(), options, context));
  return Activate(activation, context);
}

// A policy that holds everything, so that what waits goes on when another version comes into force.
absl::StatusOr<std::string> Stop(const Options& options, base::Instant now) {
  if (options.reason.find_first_of("\"\\\n") != std::string::npos)
    return base::InvalidArgument("a reason is one line without quotes and backslashes");
  const std::string today = base::FormatSeconds(now).substr(0, 10);
  const std::string later = base::FormatSeconds(now + std::chrono::days(365)).substr(0, 10);
  const std::string client = policy::ClientOfScope(options.client);
  const size_t slash = options.client.find('/');
  const std::string show = slash == std::string::npos ? "" : options.client.substr(slash + 1);
  std::string whose = client.empty() ? "studio: true" : base::StrCat("client: ", client);
  std::string facts = base::StrCat("client: ", client.empty() ? "any" : client);
  if (!show.empty()) {
    whose += base::StrCat(", show: ", show);
    facts += base::StrCat(", asset.project: ", show);
  }
  return base::StrCat("schema: crossdock/policy/v1\nid: revoked\ntitle: \"Revoked by ", options.officer, " at ",
                      base::FormatSeconds(now), "\"\napplies_to: {", whose, "}\nvalid: {from: ", today,
                      ", review_by: ", later, "}\nrules:\n  - {id: REVOKED, effect: hold, reason: \"", options.reason,
                      "\", when: {}}\n  - {id: OTHERWISE, effect: allow, title: \"Held and not denied, so that it "
                      "can go on\", when: {}, require: {approvals: none}}\nfixture: {",
                      facts, ", now: \"", base::FormatSeconds(now),
                      "\"}\ntests:\n  - {name: \"nothing moves\", expect: {hold: REVOKED}}\n");
}

absl::Status Revoke(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string text, Stop(options, context.clock.Now()));
  ASSIGN_OR_RETURN(const policy::Policy policy, policy::Parse(text, "policy"));
  ASSIGN_OR_RETURN(const v1::GetPolicyResponse now, Get(context, options.client, ""));
  RETURN_IF_ERROR(Confirm(policy, "", "stop everything of this client?", options, context));
  v1::ProposePolicyRequest propose;
  propose.set_text(text);
  // What it allows it holds.
  for (const char* code : {"unreachable", "allows-everything", "allows-without-approvals"}) propose.add_accepted(code);
  ASSIGN_OR_RETURN(const auto stub, StubOf<PolicyService>(context));
  RETURN_IF_ERROR(Call(context.connection, *stub, &PolicyService::Stub::ProposePolicy, propose).status());
  ASSIGN_OR_RETURN(const std::string activation, Sign(policy, now.next_number(), options, context));
  return Activate(activation, context);
}

absl::Status Withdraw(const Options& options, Context& context) {
  v1::WithdrawPolicyRequest request;
  request.set_client(options.client);
  request.set_digest(options.digest);
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::WithdrawPolicy, request, [&](const auto& response) {
    context.out << "withdrawn: " << response.policy().digest() << "\n";
  });
}

absl::Status History(const Options& options, Context& context) {
  v1::ListPolicyEventsRequest request;
  request.set_client(options.client);
  return CallAndPrint<PolicyService>(
      context, &PolicyService::Stub::ListPolicyEvents, request, [&](const auto& response) {
        Table table({"AT", "DIGEST", "WHAT", "STATE", "NUMBER", "BY", "DETAIL"});
        for (const auto& event : response.events()) {
          table.Add({ShowTime(event.at()), event.digest().substr(0, 16), event.cause(), event.state(),
                     event.number() == 0 ? "" : std::to_string(event.number()), event.actor(), event.detail()});
        }
        table.Print(context.out);
      });
}

}  // namespace

void AddPolicyLife(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = AddVerb(noun, context, options, name, help, run);
    added->add_option("client", options->client, "whose: a client, studio:all or show:CLIENT/SHOW")->required();
    return added;
  };
  const auto signing = [&](CLI::App* added) {
    added->add_option("--officer", options->officer, "your name in the roster")->required();
    added->add_option("--sign-with", options->key, "your officer's key")->required();
    added->add_flag("--yes", options->yes, "do not ask");
  };
  CLI::App* approve = verb("approve", "sign a proposed version, as another officer than its author", Approve);
  approve->add_option("--digest", options->digest, "which")->required();
  signing(approve);
  CLI::App* rollback = verb("rollback", "go back to a version that was in force", Rollback);
  rollback->add_option("--to", options->digest, "its digest (the one before)");
  signing(rollback);
  CLI::App* revoke = verb("revoke", "stop everything until another version comes into force", Revoke);
  revoke->add_option("--reason", options->reason, "why; it is shown to whoever waits")->required();
  signing(revoke);
  verb("withdraw", "give up a version that is not in force yet", Withdraw)
      ->add_option("--digest", options->digest, "which")
      ->required();
  verb("history", "what happened to its versions, the last first", History);
}

}  // namespace crossdock::cli
