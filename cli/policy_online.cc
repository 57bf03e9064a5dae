// crossdock policy propose|activate|list|show
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::PolicyService;

constexpr size_t kPolicySizeMax = 256u << 10;

struct Options {
  std::string file;
  bool validate_only = false;
  bool text = false;
  std::string client;
  std::string digest;
};

absl::Status Propose(const Options& options, Context& context) {
  v1::ProposePolicyRequest request;
  ASSIGN_OR_RETURN(*request.mutable_text(), base::ReadFile(options.file, kPolicySizeMax));
  request.set_validate_only(options.validate_only);
  return CallAndPrint<PolicyService>(context, &PolicyService::Stub::ProposePolicy, request, [&](const auto& response) {
    context.out << (options.validate_only ? "loads: " : "proposed: ") << Shown(response.policy().client()) << " "
                << response.policy().digest() << "\n";
    if (!options.validate_only) {
      context.out << "an officer puts it in force with a signed activation: crossdock policy activate FILE\n";
    }
  });
}

absl::Status Activate(const Options& options, Context& context) {
  v1::ActivatePolicyRequest request;
  ASSIGN_OR_RETURN(*request.mutable_activation(), base::ReadFile(options.file, kPolicySizeMax));
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
  Table table({"CLIENT", "NUMBER", "IN FORCE", "DIGEST", "AUTHOR", "PROPOSED", "OFFICER", "TITLE"});
  for (const auto& policy : all.policies()) {
    table.Add({policy.client(), policy.number() == 0 ? "" : std::to_string(policy.number()),
               policy.active() ? "yes" : "no", policy.digest(), policy.author(), ShowTime(policy.proposed()),
               policy.officer(), policy.title()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status Show(const Options& options, Context& context) {
  v1::GetPolicyRequest request;
  request.set_client(options.client);
  request.set_digest(options.digest);
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
  AddVerb(noun, context, options, "activate", "put a proposed version in force", Activate)
      ->add_option("file", options->file, "the officer's signed activation")
      ->required();
  AddVerb(noun, context, options, "list", "the versions of each client", List)
      ->add_option("--client", options->client, "of this client only");
  CLI::App* show = AddVerb(noun, context, options, "show", "what it says, in English", Show);
  show->add_option("client", options->client, "whose")->required();
  show->add_option("--digest", options->digest, "this version; the one in force when not given");
  show->add_flag("--text", options->text, "the file as it was proposed");
}

}  // namespace crossdock::cli
