// Calendars that a policy binds by their digest: which file it is, and what becomes of hours without it.
#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"
#include "lib/policy/diff.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"

namespace crossdock::policy {
namespace {

const Instant kFriday = *base::ParseInstant("2026-06-05T12:00:00Z");

// As programs write them: with CRLF.
std::string Ics(const std::string& day) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:" + day +
         "\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}
std::string DigestOfFile(const std::string& bytes) { return base::ToHex(base::Sha256(bytes)); }

std::string Text(const std::string& calendars) {
  return "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
         "valid: {from: 2026-01-01, review_by: 2026-12-31}\ncalendars:\n" +
         calendars +
         "rules:\n"
         "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n"
         "  - {id: B, effect: require, when: {destination.site: {in: [lon]}}, require: {approvals: none, window: "
         "{clock: UTC, at_close: pause, except: [calendar:holidays]}}}\n";
}
std::string Bound(const std::string& digest, const std::string& file = "holidays.ics") {
  return "  holidays: {file: " + file + ", sha256: " + digest + "}\n";
}

Policy Read(const std::string& text, const std::vector<std::string>& files = {}) {
  auto policy = Parse(text, "p.yaml", files);
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}
std::string Complaint(const std::string& text, const std::vector<std::string>& files = {}) {
  return std::string(base::ToStd(Parse(text, "p.yaml", files).status().message()));
}

Decision To(const std::string& site, const Policy& policy) {
  Facts facts;
  facts.values = {{"asset.client", "c"}, {"destination.site", Fact(site)}};
  return Evaluate(policy, facts, {}, kFriday);
}

TEST_CASE("a calendar's file is found by its digest alone, among whatever files there are", "[calendar]") {
  const std::string friday = Ics("20260605"), monday = Ics("20260608");
  const std::vector<std::string> both = {monday, friday};
  const Policy closed = Read(Text(Bound(DigestOfFile(friday))), both);
  CHECK(closed.calendars.at(0).calendar.calendar->known);
  CHECK(closed.calendars.at(0).calendar.calendar->file == "holidays.ics");
  CHECK(To("lon", closed).reasons.at(0).code == "outside-window");
  CHECK(To("lon", Read(Text(Bound(DigestOfFile(monday))), both)).verdict == Verdict::kAllow);
}

TEST_CASE("without its file the hours of a calendar cannot be decided, and nothing is guessed", "[calendar]") {
  const std::string monday = Ics("20260608");
  const Policy policy = Read(Text(Bound(DigestOfFile(Ics("20260605")))), {monday});
  const Decision held = To("lon", policy);
  CHECK(held.verdict == Verdict::kHold);
  CHECK(held.reasons.at(0).code == "cannot-decide: calendar holidays");
  CHECK(held.reasons.at(0).rule == "B");
  CHECK(held.reasons.at(0).text.find("holidays.ics") != std::string::npos);
  CHECK(To("van", policy).verdict == Verdict::kAllow);  // no hours are due there
}

TEST_CASE("the policy's digest is over the file's, whether it is at hand, and whatever it is called", "[calendar]") {
  const std::string friday = Ics("20260605");
  const Policy there = Read(Text(Bound(DigestOfFile(friday))), {friday});
  CHECK(there.digest == Read(Text(Bound(DigestOfFile(friday)))).digest);
  CHECK(there.digest == Read(Text(Bound(DigestOfFile(friday), "other.ics"))).digest);
  CHECK(there.digest != Read(Text(Bound(DigestOfFile(Ics("20260608"))))).digest);
  CHECK(Render(there).find("holidays (file holidays.ics, SHA-256 " + DigestOfFile(friday) + ")") != std::string::npos);
}

TEST_CASE("a calendar says which file it is and its whole digest, or is refused", "[calendar]") {
  const std::string digest = DigestOfFile(Ics("20260605"));
  CHECK(Complaint(Text("  holidays: {file: holidays.ics}\n")).find("'sha256' is missing") != std::string::npos);
  CHECK(Complaint(Text(Bound(digest.substr(1)))).find("p.yaml:7:42: '") == 0);
  CHECK(Complaint(Text(Bound(digest.substr(1) + "A"))).find("is no SHA-256") != std::string::npos);
  CHECK(Complaint(Text(Bound(digest, "../holidays.ics"))).find("is no identifier") != std::string::npos);
  CHECK(Complaint(Text(Bound(digest, ".."))).find("is no file's name") != std::string::npos);
  CHECK(Complaint(Text("  holidays: [a]\n")).find("a calendar is {file: FILE, sha256: DIGEST}") != std::string::npos);
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += "  c" + std::to_string(i) + ": {file: a.ics, sha256: " + digest + "}\n";
  CHECK(Complaint(Text(nine)).find("more than 8 calendar files") != std::string::npos);
  const std::string broken = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nRDATE:1\r\n";
  CHECK(Complaint(Text(Bound(DigestOfFile(broken))), {broken}).find("holidays.ics, line 4: ") != std::string::npos);
}

TEST_CASE("lint says once where a calendar's file is missing, and nothing of hours that it cannot know",
          "[calendar][lint]") {
  const std::string friday = Ics("20260605");
  const auto codes = [&](const std::vector<std::string>& files) {
    std::string all;
    for (const Finding& finding : Lint(Read(Text(Bound(DigestOfFile(friday))), files), nullptr, kFriday)) {
      if (finding.code != "allows-everything" && finding.code != "allows-without-approvals") all += finding.code + " ";
    }
    return all;
  };
  CHECK(codes({}) == "calendar-missing ");
  CHECK(codes({friday}).empty());
}

TEST_CASE("versions whose hours go by a file that is not at hand are of uncertain difference", "[calendar][diff]") {
  const std::string friday = Ics("20260605"), monday = Ics("20260608");
  const auto change = [](const Policy& before, const Policy& after) {
    const auto difference = Diff(before, after, kFriday);
    REQUIRE(difference.ok());
    return difference->regions.empty() ? "none" : std::string(ChangeName(difference->regions[0].change));
  };
  const Policy old_one = Read(Text(Bound(DigestOfFile(friday))), {friday});
  const Policy new_one = Read(Text(Bound(DigestOfFile(monday))), {monday});
  const Policy unknown = Read(Text(Bound(DigestOfFile(monday))));
  CHECK(change(old_one, new_one) != "none");
  CHECK(change(old_one, new_one) != "uncertain");
  CHECK(change(old_one, unknown) == "uncertain");
  CHECK(change(unknown, unknown) == "none");
}

}  // namespace
}  // namespace crossdock::policy
