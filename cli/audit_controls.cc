#include "cli/audit_controls.h"

#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

struct Rule {
  std::string_view prefix;  // of the action; the first that fits counts
  std::vector<std::string_view> controls;
};

// TS-1.0 scans · TS-1.5 logging · TS-1.7 who may do what · TS-1.16 content transfer · TS-2.13 what may connect · TS-3.2
// keys · TS-5.0 changes and their approval · TS-6.0 policies that are enforced · TS-8.1 sessions · OP-3.0 where content
// was · OP-3.2 deletion · OR-4.0 incidents
const std::vector<Rule>& Rules() {
  static const std::vector<Rule> rules = {
      {"transfer.", {"TS-1.16", "OP-3.0"}},
      {"approval.", {"TS-1.16"}},
      {"notification.", {"TS-1.16"}},
      {"release.", {"TS-1.0", "TS-1.16"}},
      {"staging.", {"TS-1.16", "OP-3.2"}},
      {"break_glass.", {"TS-1.16", "OR-4.0"}},
      {"policy.", {"TS-5.0", "TS-6.0"}},
      {"trigger", {"TS-5.0"}},
      {"link.", {"TS-5.0"}},
      {"asset_database.", {"TS-5.0"}},
      {"role.", {"TS-1.7"}},
      {"access_review.", {"TS-1.7"}},
      {"token.", {"TS-1.7", "TS-8.1"}},
      {"roster.", {"TS-1.7", "TS-6.0"}},
      {"agent.", {"TS-2.13"}},
      {"relay.", {"TS-2.13"}},
      {"join_grant.", {"TS-2.13"}},
      {"relay_keys.", {"TS-3.2"}},
      {"key.", {"TS-3.2"}},
      {"receipt.conflict", {"TS-1.5", "OP-3.0", "OR-4.0"}},
      {"audit.", {"TS-1.5", "OR-4.0"}},
      {"", {"TS-1.5"}},
  };
  return rules;
}

}  // namespace

std::vector<std::string_view> ControlsOf(std::string_view action) {
  for (const Rule& rule : Rules()) {
    if (action.starts_with(rule.prefix)) return rule.controls;
  }
  return {};
}

void ControlSummary::Add(const AuditEvent& event) {
  for (const std::string_view control : ControlsOf(event.action)) {
    Under& under = controls_[std::string(control)];
    if (under.events++ == 0) under.first = event;
    under.last = event;
    under.actions.insert(event.action);
  }
}

std::string ControlSummary::Csv() const {
  std::string csv = "control,events,first,first_at,last,last_at,actions\n";
  for (const auto& [control, under] : controls_) {
    std::string actions;
    for (const std::string& action : under.actions) actions += (actions.empty() ? "" : " ") + action;
    csv += base::StrCat(CsvCell(control), ",", under.events, ",", under.first.number, ",", CsvCell(under.first.at), ",",
                        under.last.number, ",", CsvCell(under.last.at), ",", CsvCell(actions), "\n");
  }
  return csv;
}

}  // namespace crossdock::cli
