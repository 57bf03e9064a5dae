// crossdock login: a token of the studio's identity provider, by way of the browser.
#include "lib/oidc/login.h"
#include "cli/callback.h"
#include "cli/verb.h"
#include "lib/base/file.h"
#include "lib/https/https.h"
#include "lib/net/listener.h"
#include "lib/oidc/discovery.h"

namespace crossdock::cli {
namespace {

constexpr std::chrono::minutes kPatience{5};  // with people, passwords and telephones

struct Options {
  SignInFlags provider;
  std::string out;
};

absl::StatusOr<Options> Complete(const Options& given, const Context& context) {
  ASSIGN_OR_RETURN(const ConnectionFlags flags, WithConfiguration(context.connection));
  Options options = given;
  if (options.provider.issuer.empty()) {
    options.provider = flags.sign_in;
  } else if (options.provider.client_id.empty()) {
    return base::InvalidArgument("--issuer and --client-id go together");
  }
  if (options.out.empty()) options.out = flags.token_file;
  if (options.provider.issuer.empty()) {
    return base::InvalidArgument("no identity provider named: give --issuer URL --client-id ID, or write sign_in: in ",
                                 "~/.config/crossdock/cli.yaml");
  }
  if (options.out.empty()) {
    return base::InvalidArgument("no place for the token: give --out FILE, or write token_file: in ",
                                 "~/.config/crossdock/cli.yaml");
  }
  return options;
}

absl::StatusOr<oidc::Endpoints> Discover(const SignInFlags& provider) {
  ASSIGN_OR_RETURN(const std::string document, https::Get(oidc::DiscoveryUrl(provider.issuer), provider.ca));
  ASSIGN_OR_RETURN(oidc::Endpoints endpoints, oidc::ReadDiscovery(document, provider.issuer));
  if (endpoints.authorization.empty() || endpoints.token.empty()) {
    return base::FailedPrecondition(provider.issuer, " does not say where to sign in");
  }
  return endpoints;
}

absl::Status Login(const Options& given, Context& context) {
  ASSIGN_OR_RETURN(const Options options, Complete(given, context));
  ASSIGN_OR_RETURN(const oidc::Endpoints endpoints, Discover(options.provider));
  ASSIGN_OR_RETURN(net::Listener listener, net::Listener::Listen("127.0.0.1:0"));
  const oidc::Login login = oidc::BeginLogin(
      options.provider.client_id, base::StrCat("http://127.0.0.1:", listener.port(), kCallbackPath), context.random);

  const char joint = endpoints.authorization.find('?') == std::string::npos ? '?' : '&';
  context.err << "Sign in with your browser, on this computer:\n\n  " << Shown(endpoints.authorization) << joint
              << https::EncodeForm(oidc::AuthorizationQuery(login)) << "\n\n"
              << std::flush;
  const auto is_ours = [&](std::string_view target) {
    return base::ReasonOf(oidc::CodeOf(target, login).status()) != "LOGIN_FOREIGN";
  };
  const auto target = AwaitCallback(listener, net::Deadline::After(kPatience), is_ours);
  if (base::ReasonOf(target.status()) == "TIMEOUT") {
    return base::WithReason(base::Error(absl::StatusCode::kDeadlineExceeded, "nobody has signed in for five minutes"),
                            "LOGIN_TIMEOUT");
  }
  RETURN_IF_ERROR(target.status());
  ASSIGN_OR_RETURN(const std::string code, oidc::CodeOf(*target, login));
  ASSIGN_OR_RETURN(const std::string answer,
                   https::Post(endpoints.token, oidc::TokenForm(login, code), options.provider.ca));
  ASSIGN_OR_RETURN(const std::string token, oidc::IdTokenOf(answer, login));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.out, token + "\n", 0600));
  Answer(context, Document{{"token_file", options.out}},
         [&] { context.out << "signed in; the token is in " << Shown(options.out) << "\n"; });
  return absl::OkStatus();
}

}  // namespace

void AddLogin(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = AddVerb(app, context, options, "login", "sign in by the studio's identity provider", Login);
  verb->add_option("--issuer", options->provider.issuer, "the provider, https://…");
  verb->add_option("--client-id", options->provider.client_id, "this studio's name there");
  verb->add_option("--provider-ca", options->provider.ca, "file with the provider's CA (PEM); the system's otherwise");
  verb->add_option("--out", options->out, "file for the token (mode 0600); token_file: of the configuration otherwise");
}

}  // namespace crossdock::cli
