// Obligations, and hours with calendars, from the file to the decision.
#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "lib/policy/diff.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/mutate.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"

namespace crossdock::policy {
namespace {

using namespace std::chrono_literals;

Instant At(std::string_view text) { return *base::ParseInstant(text); }
const Instant kNow = At("2026-06-05T12:00:00Z");

std::string Text(const std::string& rules, const std::string& scope = "{client: c}") {
  return "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: " + scope +
         "\nvalid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n" + rules;
}

Policy File(const std::string& rules, const std::string& scope = "{client: c}") {
  auto policy = Parse(Text(rules, scope), "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

std::string Allows(const std::string& id, const std::string& more) {
  return "  - {id: " + id + ", effect: allow, when: {}, require: {approvals: none}" + more + "}\n";
}

Facts Known() {
  Facts facts;
  facts.values = {{"asset.client", "c"}, {"asset.project", "s"}};
  return facts;
}

std::string Complaint(const std::string& text) {
  return std::string(base::ToStd(Parse(text, "p.yaml").status().message()));
}

TEST_CASE("of the obligations of all rules that match the strictest count", "[obligations]") {
  const Policy policy = File(Allows("A", ", obligations: {delete_staging_within: 48h}") +
                             Allows("B", ", obligations: {delete_staging_within: 24h, mhl: required}"));
  const Decision decision = Evaluate(policy, Known(), {}, kNow);
  CHECK(decision.obligations.delete_staging_within == 24h);
  CHECK(decision.obligations.mhl);
  CHECK(decision.verify == VerifyLevel::kLanded);
}

TEST_CASE("obligations of all layers are united, and the strictest count", "[obligations][layers]") {
  const Policy studio = File(Allows("A", ", obligations: {mhl: required, verify: readback}"), "{studio: true}");
  const Policy client = File(Allows("A", ", obligations: {delete_staging_within: 72h}"));
  const Policy show = File(Allows("A", ", obligations: {delete_staging_within: 24h}"), "{client: c, show: s}");
  const std::vector<const Policy*> layers = {&studio, &client, &show};
  const Decision decision = EvaluateLayers(layers, Known(), {}, kNow);
  CHECK(decision.verdict == Verdict::kAllow);
  CHECK(decision.obligations.delete_staging_within == 24h);
  CHECK(decision.obligations.mhl);
  CHECK(decision.verify == VerifyLevel::kReadback);
}

TEST_CASE("an obligation raises how far files are verified, and never lowers it", "[obligations]") {
  const auto verify = [](const std::string& more) {
    return Evaluate(File(Allows("A", more)), Known(), {}, kNow).verify;
  };
  CHECK(verify(", obligations: {verify: readback}") == VerifyLevel::kReadback);
  CHECK(verify(", obligations: {verify: transit}") == VerifyLevel::kLanded);
}

TEST_CASE("a replaced rule's obligations are not due, and a forbid has none", "[obligations]") {
  const Policy policy = File(Allows("A", ", obligations: {mhl: required}") + Allows("B", ", replaces: A"));
  CHECK_FALSE(Evaluate(policy, Known(), {}, kNow).obligations.mhl);
  const std::string forbid = "  - {id: F, effect: forbid, reason: r, when: {}, obligations: {mhl: required}}\n";
  CHECK(Complaint(Text(forbid)).find("belong to allow and require") != std::string::npos);
}

TEST_CASE("a rule that adds an obligation or replaces another is not useless", "[obligations][lint]") {
  const auto shadowed = [](const std::string& more) {
    const std::string when =
        "  - {id: A, effect: allow, when: {destination.site: {in: [lon]}}, require: {approvals: none}}\n";
    const std::string other =
        "  - {id: B, effect: allow, when: {destination.site: {in: [lon]}}, require: {approvals: none}" + more + "}\n";
    for (const Finding& finding : Lint(File(when + other), nullptr, kNow)) {
      if (finding.code == "shadowed" && finding.rule == "B") return true;
    }
    return false;
  };
  CHECK(shadowed(""));
  CHECK_FALSE(shadowed(", obligations: {mhl: required}"));
  CHECK_FALSE(shadowed(", replaces: A"));
}

TEST_CASE("what is no obligation is refused, never kept for show", "[obligations]") {
  for (const char* wrong : {"{}", "{mhl: wanted}", "{delete_staging_within: 1m}", "{delete_staging_within: 400d}",
                            "{verify: never}", "{scan: after}", "{other: x}"}) {
    INFO(wrong);
    CHECK_FALSE(Parse(Text(Allows("A", std::string(", obligations: ") + wrong)), "p.yaml").ok());
  }
}

TEST_CASE("a client's policy has the client and the studio told, and nobody else's desk", "[obligations]") {
  const auto notify = [](const std::string& list) { return Allows("A", ", obligations: {notify: " + list + "}"); };
  const Policy client = File(notify("[studio/operations, client:c/desk]"));
  const Policy studio = File(notify("[studio/board]"), "{studio: true}");
  const std::vector<const Policy*> layers = {&studio, &client};
  CHECK(EvaluateLayers(layers, Known(), {}, kNow).obligations.notify ==
        std::set<std::string>{"client:c/desk", "studio/board", "studio/operations"});
  for (const char* wrong : {"[client:d/desk]", "[client:c/]", "[client:c]", "[studio/]", "[desk]", "[]", "studio/desk",
                            "[studio/desk, studio/desk]", "[\"studio/a b\"]", "[\"client:c/a/b\"]"}) {
    INFO(wrong);
    CHECK_FALSE(Parse(Text(notify(wrong)), "p.yaml").ok());
  }
  CHECK_FALSE(Parse(Text(notify("[client:c/desk]"), "{studio: true}"), "p.yaml").ok());
}

TEST_CASE("a recipient whom the orchestrator cannot tell is found, where that is known", "[obligations][lint]") {
  const Policy policy = File(Allows("A", ", obligations: {notify: [studio/operations]}"));
  const auto found = [&](const Registry& registry) {
    const std::vector<Finding> findings = Lint(policy, &registry, kNow);
    return std::count_if(findings.begin(), findings.end(),
                         [](const Finding& finding) { return finding.code == "unknown-recipient"; });
  };
  Registry registry;
  CHECK(found(registry) == 0);
  registry.recipients.emplace();
  CHECK(found(registry) == 1);
  registry.recipients->insert("studio/operations");
  CHECK(found(registry) == 0);
}

TEST_CASE("an integrity record has the formats that any rule which is due asks for", "[obligations]") {
  const auto record = [](const std::string& more) { return ", obligations: {mhl: required, record_formats: " + more; };
  const Policy policy = File(Allows("A", record("[c4]}")) + Allows("B", record("[sha1, c4]}")));
  CHECK(Evaluate(policy, Known(), {}, kNow).obligations.record_formats == std::set<std::string>{"c4", "sha1"});
  for (const char* wrong : {"[xxh128]}", "[]}", "[sha256]}", "c4}"}) {
    INFO(wrong);
    CHECK_FALSE(Parse(Text(Allows("A", record(wrong))), "p.yaml").ok());
  }
  CHECK_FALSE(Parse(Text(Allows("A", ", obligations: {record_formats: [c4]}")), "p.yaml").ok());
}

TEST_CASE("obligations stand in the digest, the English and the difference of versions", "[obligations][diff]") {
  const Policy plain = File(Allows("A", "")), day = File(Allows("A", ", obligations: {delete_staging_within: 24h}"));
  const Policy week = File(Allows("A", ", obligations: {delete_staging_within: 7d}"));
  const Policy record = File(Allows("A", ", obligations: {mhl: required}"));
  const Policy scanned = File(Allows("A", ", obligations: {scan: before_release}"));
  const Policy formats = File(Allows("A", ", obligations: {mhl: required, record_formats: [c4, md5]}"));
  const Policy told = File(Allows("A", ", obligations: {notify: [client:c/desk, studio/operations]}"));
  const Policy fewer = File(Allows("A", ", obligations: {notify: [studio/operations]}"));
  CHECK(plain.digest != day.digest);
  CHECK(day.digest != week.digest);
  CHECK(plain.digest != record.digest);
  CHECK(Render(day).find("is deleted within") != std::string::npos);
  CHECK(Render(record).find("integrity record") != std::string::npos);
  CHECK(formats.digest != record.digest);
  CHECK(Render(formats).find("with c4, md5 besides xxh128") != std::string::npos);
  CHECK(told.digest != fewer.digest);
  CHECK(Render(told).find("client:c/desk is told") != std::string::npos);
  const auto change = [](const Policy& before, const Policy& after) {
    const auto difference = Diff(before, after, kNow);
    REQUIRE(difference.ok());
    REQUIRE(difference->regions.size() == 1);
    return difference->regions[0].change;
  };
  CHECK(change(day, week) == Change::kWeaker);
  CHECK(change(week, day) == Change::kStronger);
  CHECK(change(record, plain) == Change::kWeaker);
  CHECK(scanned.digest != plain.digest);
  CHECK(Render(scanned).find("the source site's own scan finds nothing") != std::string::npos);
  CHECK(change(scanned, plain) == Change::kWeaker);
  CHECK(change(plain, scanned) == Change::kStronger);
  CHECK(change(formats, record) == Change::kWeaker);
  CHECK(change(record, formats) == Change::kStronger);
  CHECK(change(told, fewer) == Change::kWeaker);
  CHECK(change(fewer, told) == Change::kStronger);
  CHECK(change(record, day) == Change::kBoth);
}

// A file whose only rule is open on weekdays by day, but not during `event`.
std::string WithHolidays(const std::string& event, const std::string& use = "except: [calendar:holidays]",
                         const std::string& approvals = "none") {
  std::string text =
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\ncalendars:\n  holidays: |\n";
  for (const char* line : {"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT"}) text += std::string("    ") + line + "\n";
  text += "    " + event + "\n";
  for (const char* line : {"END:VEVENT", "END:VCALENDAR"}) text += std::string("    ") + line + "\n";
  return text +
         "rules:\n  - {id: A, effect: allow, when: {destination.site: {in: [lon]}}, require: {approvals: " + approvals +
         ", window: {clock: UTC, days: [mon, tue, wed, thu, fri], hours: \"09:00-18:00\", at_close: pause, " + use +
         "}}}\n";
}
const std::string kFriday = "DTSTART;VALUE=DATE:20260605";

Policy Holidays(const std::string& event, const std::string& use = "except: [calendar:holidays]",
                const std::string& approvals = "none") {
  auto policy = Parse(WithHolidays(event, use, approvals), "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

Facts ToLondon() {
  Facts facts = Known();
  facts.values["destination.site"] = "lon";
  return facts;
}

TEST_CASE("on a calendar's day hours stay closed, and the decision says when they open", "[calendar]") {
  const Decision decision = Evaluate(Holidays(kFriday), ToLondon(), {}, kNow);
  CHECK(decision.verdict == Verdict::kHold);
  CHECK(decision.reasons.at(0).code == "outside-window");
  CHECK(decision.until == At("2026-06-08T09:00:00Z"));
  CHECK(Evaluate(Holidays("DTSTART;VALUE=DATE:20260604"), ToLondon(), {}, kNow).verdict == Verdict::kAllow);
}

TEST_CASE("a calendar may close hours for longer than a week, and the decision still says until when", "[calendar]") {
  const Policy closed = Holidays("DTSTART;VALUE=DATE:20260601\n    DURATION:P8W");
  CHECK(Evaluate(closed, ToLondon(), {}, kNow).until == At("2026-07-27T09:00:00Z"));
}

TEST_CASE("hours that are open only on a calendar's days are closed on others", "[calendar]") {
  const std::string only = "only: [calendar:holidays]";
  CHECK(Evaluate(Holidays(kFriday, only), ToLondon(), {}, kNow).verdict == Verdict::kAllow);
  CHECK(Evaluate(Holidays("DTSTART;VALUE=DATE:20260604", only), ToLondon(), {}, kNow).verdict == Verdict::kHold);
}

TEST_CASE("a calendar's zone that this machine does not know cannot be decided", "[calendar]") {
  const Policy policy = Holidays("DTSTART;TZID=Mars/Olympus:20260605T080000\n    DURATION:PT1H");
  const Decision decision = Evaluate(policy, ToLondon(), {}, kNow);
  CHECK(decision.verdict == Verdict::kHold);
  CHECK(decision.reasons.at(0).code == "cannot-decide: zone UTC");
}

TEST_CASE("a calendar's text decides the digest, its name does not", "[calendar]") {
  std::string renamed = WithHolidays(kFriday);
  for (size_t at; (at = renamed.find("holidays")) != std::string::npos;) renamed.replace(at, 8, "days-off");
  CHECK(Parse(renamed, "p.yaml")->digest == Holidays(kFriday).digest);
  CHECK(Holidays("DTSTART;VALUE=DATE:20260604").digest != Holidays(kFriday).digest);
  CHECK(Holidays(kFriday, "only: [calendar:holidays]").digest != Holidays(kFriday).digest);
}

TEST_CASE("a calendar that is unknown, unused or not understood is refused, with the place", "[calendar]") {
  CHECK(Complaint(WithHolidays(kFriday, "except: [calendar:other]")).find("no calendar of this file") !=
        std::string::npos);
  CHECK(Complaint(WithHolidays(kFriday, "except: [holidays]")).find("no calendar of this file") != std::string::npos);
  CHECK(Complaint(WithHolidays(kFriday, "except: []")).find("no calendar") != std::string::npos);
  std::string unused = WithHolidays(kFriday);
  unused.erase(unused.find(", except: [calendar:holidays]"), 29);
  CHECK(Complaint(unused).find("stands in no window") != std::string::npos);
  CHECK(Complaint(WithHolidays("RDATE:1")).substr(0, 7) == "p.yaml:");
  CHECK(Complaint(WithHolidays("RDATE:1")).find("calendar holidays, line 4: RDATE is not understood") !=
        std::string::npos);
}

TEST_CASE("lint finds approvals that lapse while a calendar closes, and hours that never open", "[calendar][lint]") {
  const auto codes = [](const Policy& policy) {
    std::string all;
    for (const Finding& finding : Lint(policy, nullptr, kNow)) all += finding.code + " ";
    return all;
  };
  const std::string approvals = "{all_of: [{id: q, count: 1, from: [group:g]}], valid_for: 72h}";
  const std::string except = "except: [calendar:holidays]", for_ever = "DTSTART;VALUE=DATE:20260601\n    RRULE:FREQ=";
  CHECK(codes(Holidays(for_ever + "YEARLY", except, approvals)).empty());
  CHECK(codes(Holidays("DTSTART;VALUE=DATE:20260715\n    DURATION:P2W\n    RRULE:FREQ=YEARLY", except, approvals)) ==
        "lapses-while-closed ");
  CHECK(codes(Holidays(for_ever + "DAILY", except, approvals)) == "never-open ");
  CHECK(codes(Holidays(kFriday, except, approvals)) == "calendar-ends ");
}

TEST_CASE("what a calendar closes is a tightening, and a test must notice it", "[calendar][diff]") {
  std::string plain = WithHolidays(kFriday + "\n    RRULE:FREQ=WEEKLY");
  plain.erase(plain.find(", except: [calendar:holidays]"), 29);
  plain.erase(plain.find("calendars:"), plain.find("rules:") - plain.find("calendars:"));
  const Policy before = *Parse(plain, "p.yaml"), after = Holidays(kFriday + "\n    RRULE:FREQ=WEEKLY");
  const auto difference = Diff(before, after, kNow);
  REQUIRE(difference->regions.size() == 1);
  CHECK(difference->regions[0].change == Change::kStronger);
  const TestStrength strength = MeasureTests(after);
  const auto names = [](const Mutant& mutant) { return mutant.change == "without calendar holidays"; };
  CHECK(std::any_of(strength.mutants.begin(), strength.mutants.end(), names));
}

}  // namespace
}  // namespace crossdock::policy
