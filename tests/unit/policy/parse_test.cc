#include "lib/policy/parse.h"

#include "catch2/catch.hpp"
#include "lib/policy/canonical.h"

namespace crossdock::policy {
namespace {

const std::string kHead =
    "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
    "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n";

std::string Complaint(const std::string& text) {
  const auto policy = Parse(text, "p.yaml");
  return policy.ok() ? "" : std::string(policy.status().message());
}

std::string DigestOf(const std::string& text) {
  const auto policy = Parse(text, "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return policy->digest;
}

TEST_CASE("whatever the language does not have yet is refused, never passed over") {
  const std::string allow = "  - {id: A, effect: allow, when: {}, require: {approvals: none}";
  CHECK(Complaint(kHead + allow + ", shadow: true}\n").find("is not supported yet") != std::string::npos);
  CHECK(Complaint(kHead + "  - {id: A, effect: allow, when: {}, require: {approvals: none, window: {rrule: x}}}\n")
            .find("is not supported yet") != std::string::npos);
  CHECK(Complaint("layer: show\n" + kHead + allow + "}\n").find("is not supported yet") != std::string::npos);
}

TEST_CASE("a mistake in a rule is named at its place, with what to write") {
  struct Case {
    std::string rule, says;
  };
  const std::string all_of = "all_of: [{id: q, count: 1, from: [group:g]}]";
  const auto allow = [](const std::string& rest) { return "{id: A, effect: allow, when: {}, " + rest + "}"; };
  const auto approvals = [&](const std::string& rest) { return allow("require: {approvals: {" + rest + "}}"); };
  const auto when = [](const std::string& rest) { return "{id: A, effect: forbid, reason: r, when: {" + rest + "}}"; };
  const Case cases[] = {
      {"{id: A, effect: permit, when: {}}", "write one of 'forbid', 'hold', 'allow', 'require'"},
      {"{id: 'a b', effect: forbid, reason: r, when: {}}", "no identifier"},
      {"{id: A, effect: forbid, when: {}}", "'reason' is missing"},
      {"{id: A, effect: forbid, reason: r}", "'when' is missing"},
      {"{id: A, effect: forbid, reason: r, when: {}, require: {approvals: none}}", "a forbid stops everything"},
      {"{id: A, effect: hold, reason: r, strength: absolute, when: {}}", "'strength' belongs to forbid"},
      {allow("requires: {}"), "'require' is missing"},
      {allow("require: {}"), "'approvals' is missing"},
      {allow("require: {verify: landed}"), "'approvals' is missing"},
      {allow("require: {approvals: some}"), "write one of 'none'"},
      {allow("require: {approvals: none, verify: always}"), "'transit', 'landed', 'readback'"},
      {allow("require: {approvals: none, encryption: {in_motion: des}}"), "'aes-256'"},
      {approvals("all_of: []"), "no requirement"},
      {approvals("distinct: [team]"), "'all_of' is missing"},
      {approvals("all_of: [{id: q, count: 0, from: [group:g]}]"), "write a number from 1 to 16"},
      {approvals("all_of: [{id: q, from: [group:g]}]"), "'count' is missing"},
      {approvals("all_of: [{id: q, count: 1, from: []}]"), "nobody may approve"},
      {approvals("all_of: [{id: q, count: 1, from: [g]}]"), "names no approvers"},
      {approvals("all_of: [{id: q, count: 1, from: ['group:']}]"), "names no approvers"},
      {approvals("all_of: [{id: q, count: 1, from: [group:g]}, {id: q, count: 1, from: [group:g]}]"), "stands twice"},
      {approvals(all_of + ", bind: [source]"), "bound to no files"},
      {approvals(all_of + ", bind: [listing, colour]"), "not possible in 'bind'"},
      {approvals(all_of + ", exclude: [everybody]"), "requester, asset_publisher"},
      {approvals(all_of + ", valid_for: 91d"), "write a duration from 1m to 90d"},
      {approvals(all_of + ", validfor: 1h"), "write 'valid_for'?"},
      {when("destination.contry: {in: [XA]}"), "write 'destination.country'?"},
      {when("destination.country: {in: [xa]}"), "two capital letters"},
      {when("destination.country: {in: []}"), "empty list"},
      {when("destination.country: {}"), "has no condition"},
      {when("destination.country: {at_most: CA}"), "unknown key 'at_most'"},
      {when("asset.classification: {at_most: top}"), "is no classification"},
      {when("asset.classification: {in: [Secret]}"), "is no classification"},
      {when("transfer.bytes: {at_most: 5}"), "is not a size"},
      {when("transfer.files: {at_most: 5GiB}"), "not a whole number"},
      {when("destination.certifications: {has: x}"), "'valid_on' is missing"},
      {when("destination.certifications: {has: x, valid_on: arrival}"), "not supported yet"},
      {"{id: A, effect: hold, reason: r, when: {}, until: tomorrow}", "is no instant"},
      {"{id: A, effect: hold, reason: r, when: {}, until: {at: '2026-12-01', zone: UTC}}", "no civil time"},
      {"{id: A, effect: hold, reason: r, when: {}, until: {at: '2026-12-01T00:00:00', zone: /etc/localtime}}",
       "no time zone"},
      {"{id: A, effect: hold, reason: r, when: {}, until: {at: '2026-12-01T00:00:00', zone: localtime}}",
       "no time zone"},
  };
  for (const Case& c : cases) {
    const std::string complaint = Complaint(kHead + "  - " + c.rule + "\n");
    INFO(c.rule << " -> " << complaint);
    CHECK(complaint.substr(0, 9) == "p.yaml:7:");
    CHECK(complaint.find(c.says) != std::string::npos);
  }
}

TEST_CASE("one requirement id has one meaning in the whole file") {
  const auto rule = [](const std::string& id, const std::string& requirement) {
    return "  - {id: " + id + ", effect: allow, when: {}, require: {approvals: {all_of: [" + requirement + "]}}}\n";
  };
  const std::string q = "{id: q, count: 1, from: [group:g, group:h]}";
  CHECK(Complaint(kHead + rule("A", q) + rule("B", "{id: q, count: 1, from: [group:h, group:g]}")) == "");
  CHECK(Complaint(kHead + rule("A", q) + rule("B", "{id: q, count: 2, from: [group:g, group:h]}"))
            .find("means something else at line 7") != std::string::npos);
  CHECK(Complaint(kHead + rule("A", q) + rule("A", q)).find("rule 'A' stands twice") != std::string::npos);
}

TEST_CASE("the digest is of what the policy means, not of how it is written") {
  const std::string one =
      kHead +
      "  - id: A\n    effect: allow\n    when: {source.site: {in: [lon, van]}, transfer.bytes: {at_most: 1KiB}}\n"
      "    require: {approvals: {all_of: [{id: q, count: 1, from: [group:g]}, {id: r, count: 1, from: [group:h]}]}}\n"
      "  - {id: B, effect: forbid, reason: why, when: {}}\n";
  const std::string other =
      "# a comment\nvalid: {review_by: '2026-12-31', from: 2026-01-01}\nid: p\ntitle: \"t\"\nschema: "
      "crossdock/policy/v1\n"
      "applies_to: {client: c}\nrules:\n"
      "  - {when: {}, reason: why, effect: forbid, id: B}\n"
      "  - id: A\n    effect: allow\n    when: {transfer.bytes: {at_most: 1024B}, source.site: {in: [van, lon]}}\n"
      "    require:\n      verify: landed\n      approvals:\n        all_of: [{id: r, count: 1, from: [group:h]}, {id: "
      "q, count: 1, from: [group:g]}]\n"
      "        distinct: [person]\n        exclude: [asset_publisher, requester]\n        valid_for: 3d\n"
      "        bind: [policy, destination, source, listing]\n"
      "tests:\n  - {name: n, expect: {deny: B}}\n";
  CHECK(DigestOf(one) == DigestOf(other));
}

TEST_CASE("every change of meaning changes the digest") {
  const std::string base =
      kHead +
      "  - {id: A, effect: allow, title: T, when: {source.site: {in: [lon]}, asset.tags: {any_of: [x]}}, require: "
      "{approvals: "
      "{all_of: [{id: q, count: 1, from: [group:g]}], distinct: [person], exclude: [requester], valid_for: 1h, "
      "bind: [listing, source]}, verify: landed}}\n"
      "  - {id: B, effect: hold, reason: R, when: {}, until: {at: '2026-12-01T00:00:00', zone: Europe/London}}\n"
      "  - {id: C, effect: forbid, reason: R, when: {}}\n";
  const std::pair<std::string, std::string> changes[] = {
      {"client: c", "client: d"},
      {"id: p", "id: q"},
      {"title: t", "title: u"},
      {"2026-01-01", "2026-01-02"},
      {"2026-12-31", "2026-12-30"},
      {"id: A", "id: Z"},
      {"title: T", "title: U"},
      {"[lon]", "[van]"},
      {"source.site: {in", "source.site: {not_in"},
      {"source.site", "destination.site"},
      {"[x]", "[x, y]"},
      {"[x]", "['x,y']"},
      {"count: 1", "count: 2"},
      {"group:g", "team:g"},
      {"[person]", "[team]"},
      {"exclude: [requester]", "exclude: []"},
      {"1h", "2h"},
      {"[listing, source]", "[listing]"},
      {"landed", "readback"},
      {"effect: hold", "effect: forbid"},
      {"00:00:00", "00:00:01"},
      {"Europe/London", "Europe/Paris"},
      {"effect: forbid,", "effect: forbid, strength: absolute,"},
      {"effect: forbid, reason: R", "effect: forbid, reason: S"},
  };
  std::set<std::string> digests{DigestOf(base)};
  for (const auto& [from, to] : changes) {
    std::string text = base;
    text.replace(text.find(from), from.size(), to);
    INFO(from << " -> " << to);
    CHECK(digests.insert(DigestOf(text)).second);
  }
}

TEST_CASE("the digest of a policy is what it has always been") {
  const std::string text = kHead + "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";
  CHECK(Canonical(*Parse(text, "p")) ==
        "schema: crossdock/policy/v1\nclient: c\nid: p\ntitle: t\nvalid_from: 2026-01-01T00:00:00Z\n"
        "review_by: 2027-01-01T00:00:00Z\nrule: A\neffect: allow\nabsolute: false\ntitle: \nreason: \nverify: landed\n"
        "in_motion: -\napprovals: none\n");
  CHECK(DigestOf(text) == "72fde0604c3dd50ba0e1b107270a5fc1f795711c7e4d7035f56e284a2c9fc181");
}

TEST_CASE("fact values go to text and back") {
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"source.site", "lon"},
           {"destination.country", "CA"},
           {"asset.classification", "secret"},
           {"asset.tags", ""},
           {"asset.tags", "a,b%2Cc,d%25"},
           {"destination.certifications", "tpn-gold@2027-07-01T00:00:00Z,x%40y"},
           {"transfer.bytes", "1234"},
           {"transfer.files", "0"}}) {
    const auto value = ParseFactValue(name, text);
    INFO(name << " " << text << value.status().ToString());
    REQUIRE(value.ok());
    CHECK(FormatFactValue(*value) == text);
  }
  CHECK(std::get<int64_t>(*ParseFactValue("transfer.bytes", "2GiB")) == 2LL << 30);
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"nothing", "x"},
                                                        {"source.site", ""},
                                                        {"destination.country", "Canada"},
                                                        {"asset.classification", "SECRET"},
                                                        {"asset.tags", "a,,b"},
                                                        {"transfer.bytes", "-1"},
                                                        {"transfer.files", "2GiB"},
                                                        {"transfer.bytes", "many"},
                                                        {"destination.certifications", "x@soon"}}) {
    INFO(name << " " << text);
    CHECK_FALSE(ParseFactValue(name, text).ok());
  }
}

TEST_CASE("a certification is valid to the end of the day that is written") {
  CHECK(base::FormatSeconds(*ParseValidUntil("2027-06-30")) == "2027-07-01T00:00:00Z");
  CHECK(base::FormatSeconds(*ParseValidUntil("2027-06-30T12:00:00Z")) == "2027-06-30T12:00:00Z");
  CHECK_FALSE(ParseValidUntil("2027-02-30").ok());
}

TEST_CASE("hours and replacements that mean nothing are refused", "[window]") {
  const auto with = [](const std::string& rest) {
    return Complaint(kHead + "  - {id: A, effect: allow, when: {}, require: {approvals: none}" + rest);
  };
  const auto window = [&](const std::string& keys) {
    return Complaint(kHead + "  - {id: A, effect: allow, when: {}, require: {approvals: none, window: {" + keys +
                     "}}}\n");
  };
  CHECK(window("clock: noon, at_close: pause").find("'noon' is no clock") != std::string::npos);
  CHECK(window("clock: source, days: [funday], at_close: pause").find("'funday' is no day") != std::string::npos);
  CHECK(window("clock: source, hours: \"9-18\", at_close: pause").find("are no hours") != std::string::npos);
  CHECK(window("clock: source, hours: \"09:00-24:30\", at_close: pause").find("are no hours") != std::string::npos);
  CHECK(window("clock: source, hours: \"09:00-09:00\", at_close: pause").find("nothing or a day") != std::string::npos);
  CHECK(window("clock: source, hours: \"09:00-18:00\"").find("at_close") != std::string::npos);
  CHECK(with(", replaces: B}\n").find("no rule 'B'") != std::string::npos);
  CHECK(with(", replaces: A}\n").find("replacing itself") != std::string::npos);
  CHECK(with(", replaces: F}\n  - {id: F, effect: forbid, reason: r, when: {}}\n").find("which nothing replaces") !=
        std::string::npos);
  CHECK(with("}\n  - {id: F, effect: forbid, reason: r, when: {}, replaces: A}\n").find("belongs to allow") !=
        std::string::npos);
}

}  // namespace
}  // namespace crossdock::policy
