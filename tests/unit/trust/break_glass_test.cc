#include "lib/trust/break_glass.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::trust {
namespace {

const base::Instant kNow = At("2026-11-20T12:00:00Z");

// Besides Paula and Raj: Raj's second key, and Carla.
std::string Body() {
  return base::StrCat(
      Replaced(Replaced(ExampleRosterBody(), base::StrCat("\"", KeyText("raj"), "\""),
                        base::StrCat("\"", KeyText("raj"), "\", \"", KeyText("raj again"), "\"")),
               "paths:",
               base::StrCat("  - {person: carla, team: audit, organisation: studio, groups: [], keys: [\"",
                            KeyText("carla"), "\"]}\npaths:")));
}
Roster TheRoster() { return *Roster::Parse(Body(), "test"); }

std::string SignBy(const std::string& text, std::initializer_list<std::string_view> signers) {
  std::vector<base::PrivateKey> keys;
  for (const std::string_view signer : signers) keys.push_back(TestKey(signer));
  return SignedStatement::Sign(text, keys).Format();
}
std::string Signed(const BreakGlass& glass, std::initializer_list<std::string_view> signers = {"paula", "raj"}) {
  return SignBy(*Encode(glass), signers);
}

Binding Actual() {
  const BreakGlass glass = ExampleBreakGlass();
  return {glass.transfer, glass.client, glass.project,     glass.listing,        TestDigest("content"), glass.files,
          glass.bytes,    glass.source, glass.destination, glass.classification, glass.policy};
}

std::string Refusal(const std::string& text, const Binding& actual = Actual(), base::Instant now = kNow,
                    const Roster& roster = TheRoster()) {
  return base::ReasonOf(VerifyBreakGlass(text, roster, actual, now).status());
}

TEST_CASE("the word of two persons over exactly what would move is believed, whoever signed first") {
  const auto verified = VerifyBreakGlass(Signed(ExampleBreakGlass()), TheRoster(), Actual(), kNow);
  INFO(verified.status());
  REQUIRE(verified.ok());
  CHECK(verified->first.person == "paula");
  CHECK(verified->second.groups == std::vector<std::string>{"content-security"});
  CHECK(Refusal(Signed(ExampleBreakGlass(), {"raj again", "paula"})).empty());
  CHECK(*StatementDigest(Signed(ExampleBreakGlass(), {"paula"})) == *StatementDigest(Signed(ExampleBreakGlass())));
}

TEST_CASE("T-27: one signature is not two, nor are two keys of one person, nor one name twice") {
  CHECK(Refusal(Signed(ExampleBreakGlass(), {"paula"})) == kBreakGlassUnsigned);
  CHECK(Refusal(Signed(ExampleBreakGlass(), {"raj", "raj again"})) == kBreakGlassOnePerson);
  // Nor can a roster make two of one: an approver stands under the person's own name.
  CHECK_FALSE(Roster::Parse(Body() + "people: [{person: raj, names: [carla]}]\n", "test").ok());
  BreakGlass glass = ExampleBreakGlass();
  glass.first = glass.second;
  CHECK(base::ReasonOf(Encode(glass).status()) == kStatementMalformed);
}

TEST_CASE("a third signature, an unknown one, another person's, a denied key's and a forged one count for nothing") {
  CHECK(Refusal(Signed(ExampleBreakGlass(), {"paula", "raj", "carla"})) == kSignatureInvalid);
  CHECK(Refusal(Signed(ExampleBreakGlass(), {"paula", "eve"})) == kApproverUnknown);
  CHECK(Refusal(Signed(ExampleBreakGlass(), {"paula", "carla"})) == kApproverMismatch);
  const Roster denying = *Roster::Parse(
      Replaced(Body(), "denied: []", base::StrCat("denied: [\"", base::KeyId(TestKey("raj").Public()), "\"]")), "test");
  CHECK(Refusal(Signed(ExampleBreakGlass()), Actual(), kNow, denying) == kKeyDenied);
  const std::string later =
      Replaced(Signed(ExampleBreakGlass()), "not_after: 2026-11-20T15", "not_after: 2026-11-20T14");
  CHECK(Refusal(later) == kSignatureInvalid);
  BreakGlass glass = ExampleBreakGlass();
  glass.second = "dave";
  CHECK(Refusal(Signed(glass, {"paula", "raj"})) == kApproverMismatch);
}

TEST_CASE("T-27: it is for what it names and nothing else, and no longer than it says") {
  const auto refusal = [](auto change) {
    Binding actual = Actual();
    change(actual);
    return Refusal(Signed(ExampleBreakGlass()), actual);
  };
  CHECK(refusal([](Binding& b) { b.transfer = "tr-other"; }) == kTransferMismatch);
  CHECK(refusal([](Binding& b) { b.client = "other"; }) == kClientMismatch);
  CHECK(refusal([](Binding& b) { b.project = "other"; }) == kProjectMismatch);
  CHECK(refusal([](Binding& b) { b.listing = TestDigest("other"); }) == kListingChanged);
  CHECK(refusal([](Binding& b) { ++b.files; }) == kListingChanged);
  CHECK(refusal([](Binding& b) { ++b.bytes; }) == kListingChanged);
  CHECK(refusal([](Binding& b) { b.source = "van/proj"; }) == kSourceChanged);
  CHECK(refusal([](Binding& b) { b.destination = "lon/proj"; }) == kDestinationChanged);
  CHECK(refusal([](Binding& b) { b.classification = "secret"; }) == kClassificationChanged);
  CHECK(refusal([](Binding& b) { b.policy = TestDigest("other"); }) == kPolicyChanged);
  CHECK(refusal([](Binding& b) { b.content = TestDigest("other"); }).empty());  // the listing stands for it
  const std::string text = Signed(ExampleBreakGlass());
  const base::Instant begin = ExampleBreakGlass().not_before, end = ExampleBreakGlass().not_after;
  CHECK(Refusal(text, Actual(), end - std::chrono::seconds(1)).empty());
  CHECK(Refusal(text, Actual(), end) == kBreakGlassExpired);
  CHECK(Refusal(text, Actual(), begin - kClockTolerance).empty());
  CHECK(Refusal(text, Actual(), begin - kClockTolerance - std::chrono::seconds(1)) == kBreakGlassNotYetValid);
}

TEST_CASE("nobody signs for longer than four hours, or without a reason") {
  BreakGlass glass = ExampleBreakGlass();
  glass.not_after = glass.not_before + kBreakGlassMax + std::chrono::seconds(1);
  CHECK(base::ReasonOf(Encode(glass).status()) == kStatementMalformed);
  glass = ExampleBreakGlass();
  glass.not_after = glass.not_before;
  CHECK(base::ReasonOf(Encode(glass).status()) == kStatementMalformed);
  glass = ExampleBreakGlass();
  glass.reason.clear();
  CHECK(base::ReasonOf(Encode(glass).status()) == kStatementMalformed);
}

TEST_CASE("what the first asks is believed as a question of theirs alone") {
  const auto refusal = [](const std::string& text) {
    return base::ReasonOf(VerifyBreakGlassAsked(text, TheRoster(), Actual(), kNow).status());
  };
  CHECK(refusal(Signed(ExampleBreakGlass(), {"paula"})).empty());
  CHECK(refusal(Signed(ExampleBreakGlass(), {"raj"})) == kApproverMismatch);
  CHECK(refusal(Signed(ExampleBreakGlass(), {"eve"})) == kApproverUnknown);
  CHECK(refusal(Signed(ExampleBreakGlass())) == kSignatureInvalid);
  BreakGlass glass = ExampleBreakGlass();
  glass.second = "dave";
  CHECK(refusal(Signed(glass, {"paula"})) == kApproverUnknown);
}

TEST_CASE("neither of the two reviews it, with whichever key; a third does, of exactly this one") {
  const BreakGlass glass = ExampleBreakGlass();
  const std::string digest = *StatementDigest(Signed(glass));
  const auto refusal = [&](auto change, std::string_view signer, const Roster& roster = TheRoster()) {
    BreakGlassReview review = ExampleReview();
    review.break_glass = digest;
    change(review);
    return base::ReasonOf(
        VerifyBreakGlassReview(SignBy(*Encode(review), {signer}), glass, digest, roster, kNow).status());
  };
  const auto by = [](const char* person) { return [person](BreakGlassReview& r) { r.reviewer = person; }; };
  CHECK(refusal([](auto&) {}, "carla").empty());
  CHECK(refusal([](auto& r) { r.justified = false; }, "carla").empty());
  CHECK(refusal(by("paula"), "paula") == kBreakGlassOwnReview);
  CHECK(refusal(by("raj"), "raj again") == kBreakGlassOwnReview);
  CHECK(refusal(by("raj"), "carla") == kApproverMismatch);
  CHECK(refusal([](auto& r) { r.break_glass = TestDigest("other"); }, "carla") == kBreakGlassOtherReview);
  CHECK(refusal([](auto& r) { r.transfer = "tr-other"; }, "carla") == kBreakGlassOtherReview);
  CHECK(refusal([](auto& r) { r.reviewed = kNow + std::chrono::minutes(1); }, "carla") == kTimeInFuture);
  BreakGlassReview silent = ExampleReview();
  silent.text.clear();
  CHECK(base::ReasonOf(Encode(silent).status()) == kStatementMalformed);
}

}  // namespace
}  // namespace crossdock::trust
