#include "orchestrator/notify/webhooks.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::orchestrator::notify {
namespace {

constexpr char kKeyFile[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";

TEST_CASE("a message is signed as the specification's own example") {
  std::vector<std::string> sent;
  const Webhooks webhooks({{"studio/desk", "https://desk.example/hook", "ca.pem", *ReadKey(kKeyFile)}},
                          [&](const std::string& url, const std::vector<std::string>& headers,
                              const std::string& document, const std::string& ca) {
                            sent = headers;
                            sent.insert(sent.end(), {url, document, ca});
                            return absl::OkStatus();
                          });
  CHECK(webhooks.names() == std::set<std::string>{"studio/desk"});
  const base::Instant now{std::chrono::milliseconds(1'614'265'330'999)};
  REQUIRE(webhooks.Send("studio/desk", "msg_p5jXN8AQM9LWM0D4loKWxJek", R"({"test": 2432232314})", now).ok());
  CHECK(sent == std::vector<std::string>{"webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
                                         "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                                         "https://desk.example/hook", R"({"test": 2432232314})", "ca.pem"});
}

TEST_CASE("whom nobody configured is told nothing, and the error says so") {
  const Webhooks webhooks({}, nullptr);
  CHECK(base::ReasonOf(webhooks.Send("studio/desk", "1", "{}", {})) == "NOTIFY_RECIPIENT_UNKNOWN");
}

TEST_CASE("a key that is short, or not spelt as one, is none") {
  for (const char* wrong : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==", "whsec_not base 64 but long enough for one"}) {
    INFO(wrong);
    CHECK(base::ReasonOf(ReadKey(wrong).status()) == "WEBHOOK_KEY_INVALID");
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::notify
