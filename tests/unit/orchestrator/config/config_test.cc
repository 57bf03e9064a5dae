#include "orchestrator/config.h"

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::orchestrator {
namespace {

std::string Example() {
  return *base::ReadFile(base::StrCat(CROSSDOCK_SOURCE_DIR, "/deploy/config/orchestrator.example.yaml"));
}

TEST_CASE("the commented example is a configuration") {
  const auto config = ParseConfig(Example(), "example");
  INFO(config.status());
  REQUIRE(config.ok());
  CHECK(config->asset_databases.size() == 1);
  CHECK(config->users.at("spiffe://northlight.studio/user/olga").size() == 8);
  CHECK(config->lease == std::chrono::seconds(20));
}

TEST_CASE("a misspelt key stops the start, with its place") {
  const auto config = ParseConfig(Example() + "\nlimit: {}\n", "example");
  REQUIRE_FALSE(config.ok());
  CHECK(base::ToStd(config.status().message()).find("limit") != std::string::npos);
}

TEST_CASE("staging is kept for a day unless somebody says otherwise, up to a month") {
  const auto with = [](const std::string& value) {
    std::string text = Example();
    const std::string key = "staging_keep: 24h";
    return ParseConfig(text.replace(text.find(key), key.size(), "staging_keep: " + value), "example");
  };
  CHECK(ParseConfig(Example(), "example")->staging_keep == std::chrono::hours(24));
  CHECK(Config().staging_keep == std::chrono::hours(24));
  CHECK(with("0s")->staging_keep == std::chrono::seconds(0));
  CHECK(with("30d")->staging_keep == std::chrono::hours(720));
  for (const char* const wrong : {"31d", "-1s", "24", "soon"}) CHECK_FALSE(with(wrong).ok());
}

TEST_CASE("a recipient is read whole; one that would be told in clear, or twice, is refused") {
  const std::string one =
      "  - recipient: client:northlight/security-desk\n    webhook: https://desk.example/hook\n    key: desk.key\n";
  const auto with = [](const std::string& recipients) {
    return ParseConfig(Example() + "\nnotify:\n" + recipients, "example");
  };
  const auto config = with(one);
  INFO(config.status());
  REQUIRE(config.ok());
  REQUIRE(config->notify.size() == 1);
  CHECK(config->notify[0].recipient == "client:northlight/security-desk");
  CHECK(config->notify[0].webhook == "https://desk.example/hook");
  CHECK(config->notify[0].ca.empty());
  std::string clear = one;
  CHECK_FALSE(with(clear.replace(clear.find("https"), 5, "http")).ok());
  CHECK_FALSE(with(one + one).ok());
}

TEST_CASE(
    "T-13: whoever is told by mail stands in the configuration, behind a server that is encrypted or on this host") {
  const std::string login = "  login: {user: crossdock, password_file: mail.password}\n";
  const auto with = [](const std::string& host, const std::string& more,
                       const std::string& to = "desk@studio.example") {
    return ParseConfig(base::StrCat(Example(), "\nmail:\n  host: ", host, "\n  from: crossdock@studio.example\n", more,
                                    "notify:\n  - recipient: studio/desk\n    mail: \"", to, "\"\n"),
                       "example");
  };
  const auto config = with("mail.studio.example", login);
  INFO(config.status());
  REQUIRE(config.ok());
  CHECK(config->notify[0].mail == "desk@studio.example");
  CHECK(config->notify[0].webhook.empty());
  CHECK(config->mail->server.port == 587);
  CHECK(config->mail->server.user == "crossdock");
  CHECK(config->mail->password == "mail.password");
  CHECK(config->mail->server.starttls);
  for (const char* const host : {"127.0.0.1", "localhost", "\"::1\""}) {
    INFO(host);
    REQUIRE(with(host, "").ok());
    CHECK_FALSE(with(host, "")->mail->server.starttls);
    CHECK_FALSE(with(host, login).ok());
    REQUIRE(with(host, "  ca: ca.pem\n" + login).ok());
    CHECK(with(host, "  ca: ca.pem\n" + login)->mail->server.starttls);
  }
  for (const char* const host : {"127.0.0.1.evil.example", "localhost.evil.example", "127.evil.example", "128.0.0.1"}) {
    INFO(host);
    REQUIRE(with(host, "").ok());
    CHECK(with(host, "")->mail->server.starttls);
  }
  for (const char* const host : {"mail/x", "user@mail", "\"\"", "mail:25"}) CHECK_FALSE(with(host, "").ok());
  for (const char* const to : {"desk", "a@b\\r\\nBcc: c@d.example", "a@b, c@d", "<a@b>", "Desk <a@b.example>"}) {
    INFO(to);
    CHECK_FALSE(with("mail.studio.example", "", to).ok());
  }
  const std::string nowhere = "\nnotify:\n  - {recipient: studio/desk, mail: desk@studio.example}\n";
  CHECK_FALSE(ParseConfig(Example() + nowhere, "example").ok());
}

TEST_CASE("an identity provider is read whole, and what could let anybody in is refused with its place") {
  const auto config = ParseConfig(Example(), "example");
  REQUIRE(config.ok());
  REQUIRE(config->identity_providers.size() == 1);
  const IdentityProvider& provider = config->identity_providers[0];
  CHECK(provider.provider.issuer == "https://id.studio.example");
  CHECK(provider.provider.algorithms == std::vector{oidc::Algorithm::kEs256});
  CHECK(provider.provider.person_claim == "preferred_username");
  CHECK(provider.provider.mfa_methods.size() == 3);
  CHECK(provider.roles.at("show-operations").size() == 3);
  for (const auto& [from, to] : {std::pair{"https://id.studio.example ", "http://id.studio.example "},
                                 {"[ES256] ", "[HS256] "},
                                 {"[ES256] ", "[none] "},
                                 {"[ES256] ", "[] "},
                                 {"[viewer, operator, requester]", "[root]"},
                                 {"name: content-security", "name: show-operations"}}) {
    std::string text = Example();
    text.replace(text.find(from), std::string(from).size(), to);
    INFO(to);
    CHECK(base::ReasonOf(ParseConfig(text, "example").status()) == "YAML_INVALID");
  }
}

TEST_CASE("a role that does not exist is refused") {
  std::string text = Example();
  text.replace(text.find("roster-signer, policy"), 13, "roster-singer");
  CHECK_FALSE(ParseConfig(text, "example").ok());
}

}  // namespace
}  // namespace crossdock::orchestrator
