#include <algorithm>

#include "lib/base/status.h"
#include "lib/policy/parse.h"
#include "lib/policy/parse_parts.h"

namespace crossdock::policy::internal {
namespace {

absl::StatusOr<FactValue> ReadCertifications(const yaml::Map& map, const yaml::Node& list) {
  std::vector<Certification> certifications;
  for (const yaml::Node& item : list.items) {
    Certification certification;
    if (item.IsScalar()) {
      certification.id = item.scalar;
    } else {
      yaml::Map each = map.At(item);
      ASSIGN_OR_RETURN(certification.id, each.String("id"));
      ASSIGN_OR_RETURN(std::string until, each.String("valid_until"));
      auto instant = ParseValidUntil(until);
      if (!instant.ok()) return each.Error("valid_until", base::ToStd(instant.status().message()));
      certification.valid_until = *instant;
      RETURN_IF_ERROR(each.Finish());
    }
    certifications.push_back(std::move(certification));
  }
  return certifications;
}

absl::StatusOr<FactValue> ReadFact(yaml::Map& map, const FactSpec& spec, std::string_view key) {
  const yaml::Node& node = *map.Find(key);
  const bool is_list = spec.type == FactType::kTextList || spec.type == FactType::kCertifications;
  if (is_list && !node.IsList()) return map.ErrorAtNode(node, "'", key, "' is no list; write one, as in [a, b]");
  if (spec.type == FactType::kTextList) return map.StringList(key);
  if (spec.type == FactType::kCertifications) return ReadCertifications(map, node);
  ASSIGN_OR_RETURN(std::string text, map.String(key));
  auto value = ParseFactValue(spec.name, text);
  if (!value.ok()) return map.ErrorAtNode(node, base::ToStd(value.status().message()));
  return value;
}

// Lays the facts (and `now`) that `map` has over those of `test`.
absl::Status ReadFacts(yaml::Map map, PolicyTest& test) {
  for (const FactSpec& spec : Vocabulary()) {
    if (!map.Has(spec.name)) continue;
    ASSIGN_OR_RETURN(FactValue value, ReadFact(map, spec, spec.name));
    test.facts.values.insert_or_assign(std::string(spec.name), Fact(std::move(value)));
  }
  if (map.Has("client")) {  // the short name that the head of the file uses too
    ASSIGN_OR_RETURN(FactValue value, ReadFact(map, *FindFact("asset.client"), "client"));
    test.facts.values.insert_or_assign("asset.client", Fact(std::move(value)));
  }
  if (map.Has("now")) {
    ASSIGN_OR_RETURN(std::string text, map.String("now"));
    const auto now = base::ParseInstant(text);
    if (!now.ok()) return map.Error("now", "'", text, "' is no instant; write it as in \"2026-06-05T17:00:00Z\"");
    test.now = *now;
  }
  return map.Finish();
}

// Without `requirement`, the approval is given for every requirement that the file has; the matching finds its place.
absl::Status ReadApproval(yaml::Map map, const Policy& policy, PolicyTest& test) {
  Approval approval;
  ASSIGN_OR_RETURN(approval.person, map.String("by"));
  ASSIGN_OR_RETURN(approval.team, map.StringOr("team", ""));
  ASSIGN_OR_RETURN(approval.organisation, map.StringOr("organisation", ""));
  ASSIGN_OR_RETURN(approval.groups, map.StringListOrEmpty("groups"));
  ASSIGN_OR_RETURN(approval.is_service, map.BoolOr("service", false));
  ASSIGN_OR_RETURN(std::string decision, map.OneOfOr("decision", "approve", {"approve", "deny"}));
  approval.decision = decision == "deny" ? Approval::Decision::kDeny : Approval::Decision::kApprove;
  approval.given = test.now;
  if (map.Has("given")) {
    ASSIGN_OR_RETURN(std::string text, map.String("given"));
    const auto given = base::ParseInstant(text);
    if (!given.ok()) return map.Error("given", "'", text, "' is no instant; write it as in \"2026-06-05T17:00:00Z\"");
    approval.given = *given;
  }
  std::vector<std::string> requirements = RequirementsOf(policy);
  if (map.Has("requirement")) {
    ASSIGN_OR_RETURN(std::string id, map.String("requirement"));
    if (std::find(requirements.begin(), requirements.end(), id) == requirements.end()) {
      return map.Error("requirement", "no rule has requirement '", id, "'; write the id of one that is in the file");
    }
    requirements = {id};
  } else {
    test.unbound.push_back(approval);
  }
  for (std::string& id : requirements) {
    approval.requirement = std::move(id);
    test.approvals.push_back(approval);
  }
  return map.Finish();
}

// `expect:` or `together:`. `known`: the requirements that may be named; null: any.
absl::StatusOr<Expected> ReadExpected(yaml::Map& map, std::string_view key, const std::vector<std::string>* known) {
  Expected expected;
  ASSIGN_OR_RETURN(const yaml::Node* node, map.Require(key));
  if (node->IsScalar()) {
    RETURN_IF_ERROR(map.OneOf(key, {"allow"}).status());
    return expected;
  }
  ASSIGN_OR_RETURN(yaml::Map expect, map.SubMap(key));
  if (expect.Has("needs_approvals")) {
    expected.verdict = Verdict::kNeedsApprovals;
    ASSIGN_OR_RETURN(std::vector<std::string> open, expect.StringList("needs_approvals"));
    if (open.empty()) return expect.Error("needs_approvals", "an empty list; name the open requirements");
    for (const std::string& id : open) {
      if (known == nullptr || std::find(known->begin(), known->end(), id) != known->end()) continue;
      return expect.Error("needs_approvals", "no rule has requirement '", id, "'; write the id of one in the file");
    }
    expected.open = {open.begin(), open.end()};
  } else if (expect.Has("hold")) {
    expected.verdict = Verdict::kHold;
    ASSIGN_OR_RETURN(expected.reason, expect.String("hold"));
  } else if (expect.Has("deny")) {
    expected.verdict = Verdict::kDeny;
    ASSIGN_OR_RETURN(expected.reason, expect.String("deny"));
  } else {
    return map.Error(key, "nothing expected; write allow, {needs_approvals: [ID]}, {hold: ID} or {deny: ID}");
  }
  RETURN_IF_ERROR(expect.Finish());
  return expected;
}

absl::Status ReadExpect(yaml::Map& map, const Policy& policy, PolicyTest& test) {
  const std::vector<std::string> own = RequirementsOf(policy);
  ASSIGN_OR_RETURN(test.expect, ReadExpected(map, "expect", &own));
  if (!map.Has("together")) return absl::OkStatus();
  if (policy.scope().level() == Scope::Level::kStudio) {
    return map.Error("together",
                     "'together' is what comes out with the layers above, and the studio has none above "
                     "it; remove it");
  }
  // Requirements of the other layers are not known here.
  ASSIGN_OR_RETURN(test.together, ReadExpected(map, "together", nullptr));
  return absl::OkStatus();
}

absl::StatusOr<PolicyTest> ReadTest(yaml::Map map, const Policy& policy, const PolicyTest& fixture) {
  PolicyTest test = fixture;
  test.place = PlaceOf(map.node());
  ASSIGN_OR_RETURN(test.name, map.String("name", 200));
  ASSIGN_OR_RETURN(auto facts, map.OptionalSubMap("facts"));
  if (facts) RETURN_IF_ERROR(ReadFacts(*std::move(facts), test));
  ASSIGN_OR_RETURN(std::vector<std::string> without, map.StringListOrEmpty("without"));
  for (const std::string& name : without) {
    if (test.facts.values.erase(name) == 0) {
      return map.Error("without", "'", name, "' is not among the facts of this test; remove it here");
    }
  }
  ASSIGN_OR_RETURN(std::vector<yaml::Map> approvals, map.SubMapsOrEmpty("approvals"));
  for (yaml::Map& each : approvals) RETURN_IF_ERROR(ReadApproval(std::move(each), policy, test));
  RETURN_IF_ERROR(ReadExpect(map, policy, test));
  if (map.Has("verify")) {
    ASSIGN_OR_RETURN(test.expect_verify, ReadVerify(map));
  }
  RETURN_IF_ERROR(map.Finish());
  return test;
}

}  // namespace

absl::StatusOr<std::vector<PolicyTest>> ReadTests(yaml::Map& map, const Policy& policy) {
  PolicyTest fixture;
  if (!policy.client.empty()) fixture.facts.values.emplace("asset.client", Fact(policy.client));
  if (!policy.show.empty()) fixture.facts.values.emplace("asset.project", Fact(policy.show));
  fixture.now = policy.valid_from;
  ASSIGN_OR_RETURN(auto facts, map.OptionalSubMap("fixture"));
  if (facts) RETURN_IF_ERROR(ReadFacts(*std::move(facts), fixture));
  ASSIGN_OR_RETURN(std::vector<yaml::Map> maps, map.SubMapsOrEmpty("tests"));
  if (maps.size() > kTestsMax) return map.Error("tests", "more than ", kTestsMax, " tests; remove some");
  std::vector<PolicyTest> tests;
  for (yaml::Map& each : maps) {
    ASSIGN_OR_RETURN(PolicyTest test, ReadTest(std::move(each), policy, fixture));
    tests.push_back(std::move(test));
  }
  return tests;
}

}  // namespace crossdock::policy::internal
