#include "lib/mail/mail.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::mail {
namespace {

Message Plain() {
  return {"crossdock@studio.example",
          "desk@northlight.example",
          "notification-7@studio.example",
          "Crossdock: tr-1 waits",
          *base::ParseInstant("2026-11-21T18:05:09.5Z"),
          "One.\n\nTwo.\n"};
}

TEST_CASE("a mail is written as it is meant") {
  const auto text = Format(Plain());
  INFO(text.status());
  REQUIRE(text.ok());
  CHECK(*text ==
        "Date: Sat, 21 Nov 2026 18:05:09 +0000\r\nFrom: Crossdock <crossdock@studio.example>\r\n"
        "To: <desk@northlight.example>\r\nMessage-ID: <notification-7@studio.example>\r\n"
        "Subject: Crossdock: tr-1 waits\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\nOne.\r\n\r\nTwo.\r\n");
}

TEST_CASE("what would be another header or another recipient is refused wherever it stands, and nothing is sent") {
  const auto refused = [](const Message& message) {
    // Nothing listens there: it would be MAIL_FAILED if it were tried.
    return base::ReasonOf(Send({"127.0.0.1", 1, false, "", "", ""}, message)) == "MAIL_INVALID";
  };
  for (const char* const attack :
       {"\r\nBcc: other@evil.example", "\nBcc: other@evil.example", "\rX: y", "\xc3\xa9", "\t"}) {
    INFO(attack);
    for (std::string Message::*const field : {&Message::from, &Message::to, &Message::id, &Message::subject}) {
      Message message = Plain();
      message.*field += attack;
      CHECK(refused(message));
      message = Plain();
      message.*field = attack + message.*field;
      CHECK(refused(message));
    }
  }
  for (const char* const more : {"x>\r\n", "\r\n.\r\nMAIL FROM:<a@b.example>\r\n", "\x1b[2J", "\x7f"}) {
    Message message = Plain();
    message.body += more;
    CHECK(refused(message));
  }
  Message nul = Plain();
  nul.subject += std::string(1, '\0');
  CHECK(refused(nul));
  Message longest = Plain();
  longest.body = std::string(999, 'x') + "\n";
  CHECK(refused(longest));
  CHECK(base::ReasonOf(Send({"127.0.0.1", 1, false, "", "", ""}, Plain())) == "MAIL_FAILED");
}

TEST_CASE("an address is one address and nothing besides") {
  for (const char* const good : {"a@b", "first.last+tag@mail.studio.example", "x_y-z@1.example"}) {
    INFO(good);
    CHECK(IsAddress(good));
  }
  for (const char* const wrong : {"",      "a",    "@b",     "a@",    "a@b@c",  "a b@c",   "a@b,c@d",
                                  "<a@b>", "a@b>", ".a@b",   "a.@b",  "a..b@c", "\"a\"@b", "a@[127.0.0.1]",
                                  "a@-b",  "a@b.", "a@b..c", "a@b\n", "a\r@b",  "a@b c",   "(x)a@b"}) {
    INFO(wrong);
    CHECK_FALSE(IsAddress(wrong));
  }
}

TEST_CASE("a password goes to nobody unencrypted") {
  CHECK(base::ReasonOf(Send({"127.0.0.1", 1, false, "", "crossdock", "secret"}, Plain())) == "MAIL_INVALID");
}

}  // namespace
}  // namespace crossdock::mail
