// crossdock policy propose|activate|list|show
#include "cli/policy_difference.h"
#include "cli/policy_file.h"
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::PolicyService;

struct Options {
  std::string file;
  bool validate_only = false;
  bool text = false;
  std::string client;
  std::string digest;
  std::string at;
  std::vector<std::string> accepted;
};

absl::Status Propose(const Options& options, Context& context) {
  v1::ProposePolicyRequest request;
  RETURN_IF_ERROR(HandIn(options.file, request));
  request.set_validate_only(options.validate_only);
  for (const std::string& code : options.accepted) request.add_accepted(code);
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::ProposePolicy, request, [&](const auto& response) {
    context.out << (options.validate_only ? "loads: " : "proposed: ") << Shown(response.policy().client()) << " "
                << response.policy().digest() << "\n";
    PrintDifference(response.difference(), context.out);
    for (const std::string& finding : response.findings()) context.out << "answered for: " << Shown(finding) << "\n";
    if (!options.validate_only) {
      context.out << "next, by another officer: crossdock policy approve " << Shown(response.policy().client())
                  << " --digest " << response.policy().digest() << " --officer NAME --sign-with KEY\n";
    }
  });
}

absl::Status Activate(const Options& options, Context& context) {
  v1::ActivatePolicyRequest request;
  if (options.file.empty() && (options.client.empty() || options.digest.empty()))
    return base::InvalidArgument("name a signed activation's file, or --client and --digest of an approved version");
  if (options.file.empty()) {
    request.set_client(options.client);
    request.set_digest(options.digest);
  } else {
    ASSIGN_OR_RETURN(*request.mutable_activation(), base::ReadFile(options.file, kPolicySizeMax));
  }
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::ActivatePolicy, request, [&](const auto& response) {
    context.out << "in force: " << Shown(response.policy().client()) << " number " << response.policy().number() << " "
                << response.policy().digest() << "\n";
  });
}

absl::Status List(const Options& options, Context& context) {
  v1::ListPoliciesRequest request;
  request.set_client(options.client);
  ASSIGN_OR_RETURN(const auto all, ListAll<PolicyService>(context, &PolicyService::Stub::ListPolicies, request,
                                                          [](auto& page, auto& sum) {
                                                            sum.mutable_policies()->MergeFrom(page.policies());
                                                          }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"CLIENT", "NUMBER", "STATE", "DIGEST", "AUTHOR", "PROPOSED", "OFFICER", "TITLE"});
  for (const auto& policy : all.policies()) {
    table.Add({policy.client(), policy.number() == 0 ? "" : std::to_string(policy.number()), policy.state(),
               policy.digest(), policy.author(), ShowTime(policy.proposed()), policy.officer(), policy.title()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status Show(const Options& options, Context& context) {
  v1::GetPolicyRequest request;
  request.set_client(options.client);
  request.set_digest(options.digest);
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(const base::Instant at, base::ParseInstant(options.at));
    request.mutable_at()->set_seconds(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  }
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::GetPolicy, request, [&](const auto& response) {
    if (options.text) {
      context.out << response.text();  // as it was proposed: the reader refuses invisible characters
      return;
    }
    context.out << Shown(response.policy().title()) << "\n" << response.policy().digest() << "\n";
    for (const std::string& line : response.rendered()) context.out << "  " << Shown(line) << "\n";
  });
}

}  // namespace

void AddPolicyOnline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* propose = AddVerb(noun, context, options, "propose", "hand in a version; nothing changes yet", Propose);
  propose->add_option("file", options->file, "the policy (YAML)")->required();
  propose->add_flag("--validate-only", options->validate_only, "check it, store nothing");
  propose->add_option("--accept", options->accepted, "a code of lint that you answer for; may be repeated");
  CLI::App* activate = AddVerb(noun, context, options, "activate", "put an approved version in force", Activate);
  activate->add_option("file", options->file, "an officer's signed activation (policy sign); or");
  activate->add_option("--client", options->client, "whose approved version");
  activate->add_option("--digest", options->digest, "which");
  AddVerb(noun, context, options, "list", "the versions of each client", List)
      ->add_option("--client", options->client, "of this client only");
  CLI::App* show = AddVerb(noun, context, options, "show", "what it says, in English", Show);
  show->add_option("client", options->client, "whose")->required();
  show->add_option("--digest", options->digest, "this version; the one in force when not given");
  show->add_option("--at", options->at, "the one that was in force then, as in 2026-06-05T17:00:00Z");
  show->add_flag("--text", options->text, "the file as it was proposed");
}

}  // namespace crossdock::cli
