#include "orchestrator/notify/mails.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "nlohmann/json.hpp"

namespace crossdock::orchestrator::notify {
namespace {

using Catch::Matchers::Contains;

nlohmann::json Held() {
  return {{"type", "transfer.held"},
          {"timestamp", "2026-11-21T18:00:00.000000Z"},
          {"data",
           {{"transfer", "tr-1"},
            {"client", "northlight"},
            {"project", "secret-project"},
            {"name", "The Secret Shot"},
            {"version", "v003"},
            {"classification", "restricted"},
            {"source_site", "lon"},
            {"destination_site", "van"},
            {"state", "held"},
            {"detail", "the path 'northlight/secret' is not mapped"},
            {"files", 12},
            {"bytes", 3000}}}};
}

struct Post {
  explicit Post(const nlohmann::json& document) : Post(document.dump()) {}
  explicit Post(const std::string& document) {
    const Mails mails("crossdock@studio.example", {{"studio/desk", "desk@studio.example"}},
                      [this](const mail::Message& sent) {
                        message = sent;
                        return mail::Format(sent).status();
                      });
    status = mails.Send("studio/desk", "notification-7", document, base::Instant(std::chrono::hours(500'000)));
  }
  mail::Message message;
  absl::Status status;
};

TEST_CASE("a mail says which transfer and what became of it, and no name, path or reason") {
  const Post post(Held());
  REQUIRE(post.status.ok());
  CHECK(post.message.to == "desk@studio.example");
  CHECK(post.message.id == "notification-7@studio.example");
  CHECK(post.message.subject == "Crossdock: tr-1 of northlight is held by its policy");
  CHECK_THAT(post.message.body, Contains("from lon to van") && Contains("Files: 12, bytes: 3000") &&
                                    Contains("crossdock transfer explain tr-1"));
  for (const char* const kept : {"secret", "Secret", "v003", "restricted", "not mapped", "/"}) {
    INFO(kept);
    CHECK_THAT(post.message.body, !Contains(kept));
  }
}

TEST_CASE("what the asset database says cannot add a header, a line or a recipient") {
  for (const char* const field : {"transfer", "client", "source_site", "destination_site", "state"}) {
    nlohmann::json held = Held();
    held["data"][field] = "x\r\nBcc: other@evil.example\r\n\r\n.\r\n\x1b]0;";
    INFO(field);
    const Post post(held);
    CHECK(post.status.ok());
    CHECK_THAT(post.message.subject, !Contains("\n") && !Contains("\r"));
    CHECK_THAT(post.message.body, !Contains("\r") && !Contains("\nBcc") && !Contains("\n.\n") && !Contains("\x1b"));
  }
  nlohmann::json odd = Held();
  odd["data"] = {{"transfer", 7}, {"files", "many\r\n"}};
  CHECK(Post(odd).status.ok());
  for (const char* const wrong : {"", "[]", "{}", R"({"type": 1, "data": {}})"})
    CHECK(base::ReasonOf(Post(std::string(wrong)).status) == "NOTIFY_DOCUMENT_INVALID");
}

TEST_CASE("T-13: whom the configuration does not name gets no mail") {
  const Mails mails("crossdock@studio.example", {{"studio/desk", "desk@studio.example"}}, nullptr);
  CHECK(mails.names() == std::set<std::string>{"studio/desk"});
  CHECK(base::ReasonOf(mails.Send("other@evil.example", "1", Held().dump(), {})) == "NOTIFY_RECIPIENT_UNKNOWN");
}

}  // namespace
}  // namespace crossdock::orchestrator::notify
