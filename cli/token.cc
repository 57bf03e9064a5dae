// crossdock token create|list|revoke
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::TokenService;

struct Options {
  std::string subject;
  std::vector<std::string> roles;
  std::string client;
  int64_t days = 30;
  std::string out;
  std::string token;
};

// The secret goes to a file that only its owner may read, never to a terminal's history by accident.
absl::Status Create(const Options& options, Context& context) {
  v1::CreateTokenRequest request;
  request.set_subject(options.subject);
  for (const std::string& role : options.roles) request.add_roles(role);
  request.set_client(options.client);
  request.set_valid_seconds(options.days * 24 * 3600);
  ASSIGN_OR_RETURN(const auto stub, StubOf<TokenService>(context));
  ASSIGN_OR_RETURN(auto response, Call(context.connection, *stub, &TokenService::Stub::CreateToken, request));
  if (!options.out.empty()) {
    RETURN_IF_ERROR(base::WriteFileAtomic(options.out, response.secret() + "\n", 0600));
    response.clear_secret();
  }
  if (context.json) {
    context.out << ToJson(response) << '\n';
    return absl::OkStatus();
  }
  context.out << response.token().token() << " until " << ShowTime(response.token().expires()) << "\n";
  if (options.out.empty()) {
    context.out << response.secret() << "\n";
    context.err << "this is the only time that the secret is shown\n";
  }
  return absl::OkStatus();
}

absl::Status List(const Options&, Context& context) {
  ASSIGN_OR_RETURN(const auto all, ListAll<TokenService>(
                                       context, &TokenService::Stub::ListTokens, v1::ListTokensRequest(),
                                       [](auto& page, auto& sum) { sum.mutable_tokens()->MergeFrom(page.tokens()); }));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"TOKEN", "SUBJECT", "ROLES", "CLIENT", "EXPIRES", "REVOKED"});
  for (const auto& token : all.tokens()) {
    table.Add({token.token(), token.subject(), Join(token.roles()), token.client(), ShowTime(token.expires()),
               token.revoked() ? "yes" : "no"});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status Revoke(const Options& options, Context& context) {
  v1::RevokeTokenRequest request;
  request.set_token(options.token);
  return CallAndPrint<TokenService>(context, &TokenService::Stub::RevokeToken, request,
                                    [&](const auto&) { context.out << "revoked\n"; });
}

}  // namespace

void AddToken(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("token", "API tokens for hooks and tools")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  CLI::App* create = AddVerb(noun, context, options, "create", "make a token", Create);
  create->add_option("subject", options->subject, "who will use it")->required();
  create->add_option("--role", options->roles, "viewer, requester, operator …; may be given again")->required();
  create->add_option("--client", options->client, "for this client's matters only");
  create->add_option("--days", options->days, "until it expires")->check(CLI::Range(1, 366));
  create->add_option("--out", options->out, "write the secret to this file (mode 0600) instead of showing it");
  AddVerb(noun, context, options, "list", "every token, without secrets", List);
  AddVerb(noun, context, options, "revoke", "end a token now", Revoke)
      ->add_option("token", options->token, "its id")
      ->required();
}

}  // namespace crossdock::cli
