#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "lib/base/file.h"
#include "lib/base/strings.h"
#include "tests/fuzz/seeds.h"

namespace crossdock::fuzz {
namespace {

constexpr char kYaml[] = R"(# every form that the reader knows
schema: crossdock/x/v1
plain: text that goes
  on in the next line
"quoted key": 'it''s'
escaped: "a \u00e9 \\ b"
block: |
  one
  two
folded: >-
  one
  two
list: [1, two, "3", {a: b}]
nested:
  - name: x
    deep: {a: {b: {c: [d]}}}
  - - y
size: 5TiB
)";

constexpr char kPolicy[] = R"(schema: crossdock/policy/v1
id: northlight
title: small
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2027-12-31}
rules:
  - id: N-01
    effect: hold
    reason: embargo
    until: {at: "2026-12-01T00:00:00", zone: America/Los_Angeles}
    when: {asset.tags: {any_of: [ep08]}, transfer.bytes: {at_least: 1TiB}}
  - id: N-02
    effect: allow
    title: between sites
    when: {destination.site: {in: [lon, van]}}
    require: {approvals: none, verify: landed}
tests:
  - name: goes
    facts: {client: northlight, destination.site: van, asset.tags: [wip], transfer.bytes: 2GiB, now: "2026-06-05T17:00:00Z"}
    expect: allow
)";

constexpr char kTriggers[] = R"(schema: crossdock/triggers/v1
triggers:
  - id: comp-to-vancouver
    when: {project: [nl], entity_type: [version], status: [ready], source: [sg]}
    deliver:
      from: lon
      to: [van, mtl]
      as: "northlight/{name}/in/{version}"
      purpose: comp
      priority: 10
      deadline: 4h
  - id: everything
    when: {}
    deliver: {from: van, to: [lon], volume: proj, path: "{project}/{path}/{entity_id}", purpose: backup}
)";

// Seeds are small, and comments teach a fuzzer little.
std::string WithoutComments(const std::string& text) {
  std::string out;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
    if (absl::StripLeadingAsciiWhitespace(line)[0] != '#') absl::StrAppend(&out, line, "\n");
  }
  return out;
}

constexpr char kCalendar[] = R"(BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//crossdock//seed//EN
BEGIN:VEVENT
UID:1
SUMMARY:Christmas and
  Boxing Day
DTSTART;VALUE=DATE:20251225
DTEND;VALUE=DATE:20251227
RRULE:FREQ=YEARLY;UNTIL=20301231
EXDATE;VALUE=DATE:20261225
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/London:20260104T020000
DURATION:PT2H30M
RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU;COUNT=40
END:VEVENT
BEGIN:VEVENT
DTSTART:20260105T120000Z
DTEND:20260105T130000Z
RRULE:FREQ=WEEKLY;BYDAY=MO,TH;WKST=SU;INTERVAL=2
END:VEVENT
END:VCALENDAR
)";

}  // namespace

void AddTextSeeds(Seeds& seeds, std::string_view source) {
  const auto example = [&](std::string_view name) {
    return WithoutComments(*base::ReadFile(base::StrCat(source, "/deploy/config/", name, ".example.yaml")));
  };
  seeds["yaml"]["forms"] = kYaml;
  seeds["yaml"]["relay"] = example("relay");
  seeds["policy"]["small"] = kPolicy;
  seeds["policy"]["example"] = example("policy");
  seeds["calendar"]["days"] = kCalendar;
  seeds["trigger"]["two"] = kTriggers;
  seeds["relay_config"]["example"] = example("relay");
}

}  // namespace crossdock::fuzz
