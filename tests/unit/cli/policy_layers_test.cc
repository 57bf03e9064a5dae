// policy lint, test, render and explain over the files of several layers, and over policies that bind calendars.
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"
#include "tests/unit/cli/desk.h"

namespace crossdock::cli {
namespace {

const std::string kFolder = std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/contracts/";
const std::string kStudio = kFolder + "studio.yaml", kClient = kFolder + "kestrel.yaml",
                  kShow = kFolder + "kestrel-wren.yaml";
const std::string kAll = "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";

std::string Text(const std::string& applies_to, const std::string& rules) {
  return "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: " + applies_to +
         "\nvalid: {from: 2026-01-01, review_by: 2199-12-31}\nrules:\n" + rules;
}

std::string Write(const Desk& desk, const std::string& name, const std::string& text) {
  REQUIRE(base::WriteFileAtomic(desk.At(name), text).ok());
  return desk.At(name);
}
bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("a show's tests are run with the layers above, and fail where they stand", "[cli][layers]") {
  Desk desk;
  CHECK(desk.Run({"policy", "test", kShow}).code == 0);
  const Result together = desk.Run({"policy", "test", kShow, "--layer", kStudio, "--layer", kClient});
  INFO(together.out << together.err);
  CHECK(together.code == 0);
  CHECK(Has(together.out, "mutation score: "));

  const std::string studio = Write(desk, "studio.yaml",
                                   Text("{studio: true}",
                                        "  - {id: S, effect: hold, reason: r, "
                                        "when: {}}\n" +
                                            kAll));
  const Result held = desk.Run({"policy", "test", kShow, "--layer", studio, "--layer", kClient});
  CHECK(held.code == 1);
  CHECK(Has(held.out, "FAIL  " + kShow + ":"));
  CHECK(Has(held.out, "got hold (studio/S)"));
  CHECK(Has(desk.Run({"policy", "test", kShow, "--layer", kStudio}).err, "[LAYERS_DISAGREE]"));
}

TEST_CASE("several files' tests are each run with those above", "[cli][layers]") {
  Desk desk;
  const nlohmann::json one = desk.Json({"policy", "test", kStudio});
  CHECK(one["failed"] == 0);
  const nlohmann::json two = desk.Json({"policy", "test", kShow, kClient, "--layer", kStudio, "--tests-only"});
  REQUIRE(two["files"].size() == 2);
  CHECK(two["files"][0]["file"] == kClient);
  CHECK(two["files"][1]["file"] == kShow);
  CHECK(two["files"][1]["failed"] == 0);
}

TEST_CASE("lint looks at several layers together, and names file, line and column", "[cli][layers]") {
  Desk desk;
  const std::string house = Write(desk, "house.yaml", Text("{studio: true}", kAll));
  const std::string client = Write(desk, "client.yaml",
                                   Text("{client: c}",
                                        "  - {id: B, effect: allow, when: {asset.classification: "
                                        "{at_most: internal}}, require: {approvals: none}}\n"));
  const Result none = desk.Run({"policy", "lint", client, house});
  INFO(none.out << none.err);
  CHECK(none.code == 0);
  CHECK(none.out.find(house + ": no findings") == 0);
  const std::string forbids =
      "  - {id: F, effect: forbid, reason: r, when: {asset.classification: {at_most: secret}}}\n";
  const std::string studio = Write(desk, "studio.yaml", Text("{studio: true}", kAll + forbids));
  const Result found = desk.Run({"policy", "lint", client, studio});
  CHECK(found.code == 1);
  CHECK(Has(found.out, client + ":7:5: [unreachable] rule B of client c has no effect: rule F of the studio (" +
                           studio + ":8:5)"));
  CHECK(desk.Json({"policy", "lint", client, studio})["findings"].back()["file"] == client);
}

TEST_CASE("layers that cannot be over one transfer are refused", "[cli][layers]") {
  Desk desk;
  const std::string other = Write(desk, "other.yaml", Text("{client: other}", kAll));
  const std::string twice = desk.Run({"policy", "render", kClient, other, kShow}).err;
  CHECK(Has(twice, "[LAYERS_DISAGREE]"));
  CHECK(Has(twice, "are both of the level of"));
  const std::string elsewhere = desk.Run({"policy", "render", other, kShow}).err;
  CHECK(Has(elsewhere, "[LAYERS_DISAGREE]"));
  CHECK(Has(elsewhere, "name layers over the same transfers"));
}

TEST_CASE("render writes a document a layer with its digest, and how they combine", "[cli][layers]") {
  Desk desk;
  const std::string alone = desk.Run({"policy", "render", kClient}).out;
  const std::string together = desk.Run({"policy", "render", kShow, kClient, kStudio}).out;
  CHECK(Has(together, alone));
  CHECK(together.find("Policy house of the studio") == 0);
  CHECK(Has(together, "How they combine: the rules of the studio, client kestrel and show wren of client kestrel"));
  const nlohmann::json document = desk.Json({"policy", "render", kShow, kClient, kStudio});
  REQUIRE(document["layers"].size() == 3);
  CHECK(document["layers"][1]["client"] == "kestrel");
  const nlohmann::json explained = desk.Json({"policy", "explain", kStudio, kClient, kShow});
  CHECK(document["digest"] == explained["digest"]);
}

// A desk with a policy that binds a calendar's file.
struct CalendarDesk : Desk {
  const std::string bytes =
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260605\r\nRRULE:FREQ=YEARLY\r\n"
      "END:VEVENT\r\nEND:VCALENDAR\r\n";
  const std::string digest = base::ToHex(base::Sha256(bytes));
  std::string policy;
  CalendarDesk() {
    const std::string calendars = "calendars: {holidays: {file: holidays.ics, sha256: " + digest + "}}\nrules:\n";
    std::string text = Text("{studio: true}",
                            "  - {id: A, effect: allow, when: {}, require: {approvals: none, window: {clock: UTC, "
                            "at_close: pause, except: [calendar:holidays]}}}\n"
                            "tests:\n  - {name: n, facts: {now: \"2026-06-05T12:00:00Z\"}, expect: {hold: A}}\n");
    policy = Write(*this, "p.yaml", text.replace(text.find("rules:\n"), 7, calendars));
  }
};

TEST_CASE("a calendar's file beside the policy is read by every verb", "[cli][calendar]") {
  CalendarDesk desk;
  Write(desk, "holidays.ics", desk.bytes);
  const Result lint = desk.Run({"policy", "lint", desk.policy});
  INFO(lint.out << lint.err);
  CHECK(lint.code == 0);
  CHECK(Has(desk.Run({"policy", "test", desk.policy, "--tests-only"}).out, "1 of 1 tests passed"));
  CHECK(Has(desk.Run({"policy", "explain", desk.policy, "--at", "2026-06-05T12:00:00Z"}).out, "lets it run again"));
}

TEST_CASE("lint says when a calendar's file is missing, and when it differs from the digest", "[cli][calendar]") {
  CalendarDesk desk;
  const Result missing = desk.Run({"policy", "lint", desk.policy});
  CHECK(missing.code == 1);
  CHECK(missing.out.find(desk.policy + ":6:23: [calendar-missing]") == 0);
  Write(desk, "holidays.ics", desk.bytes + "\r\n");
  const Result differs = desk.Run({"policy", "lint", desk.policy});
  CHECK(differs.code == 1);
  CHECK(differs.out.find(desk.policy + ":6:23: [calendar-differs]") == 0);
  CHECK(Has(differs.out, base::ToHex(base::Sha256(desk.bytes + "\r\n"))));
  CHECK_FALSE(Has(differs.out, "calendar-missing"));
}

TEST_CASE("nothing is tested, rendered or signed by a calendar that is missing or differs", "[cli][calendar]") {
  CalendarDesk desk;
  CHECK(Has(desk.Run({"policy", "test", desk.policy}).err, "[CALENDAR_MISSING]"));
  Write(desk, "holidays.ics", "another");
  CHECK(Has(desk.Run({"policy", "render", desk.policy}).err, "[CALENDAR_DIFFERS]"));
  desk.Key("olga.key");
  const Result sign = desk.Run({"policy", "sign", desk.policy, "--number", "1", "--officer", "olga", "--sign-with",
                                desk.At("olga.key"), "--out", desk.At("signed")});
  CHECK(Has(sign.err, "[CALENDAR_DIFFERS]"));
}

}  // namespace
}  // namespace crossdock::cli
