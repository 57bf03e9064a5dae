// Under which controls of the MPA's Content Security Best Practices (v5.3.1, by number) an event is evidence, and the
// summary by control that goes into an auditor's pack. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/audit_event.h"

namespace crossdock::cli {

// At least one for any action, in the order of the practices.
std::vector<std::string_view> ControlsOf(std::string_view action);

// Not thread-safe.
class ControlSummary {
 public:
  void Add(const AuditEvent& event);
  // One line a control: how many events, the first and the last by number and time, and their actions. An event stands
  // under each of its controls.
  std::string Csv() const;

 private:
  struct Under {
    uint64_t events = 0;
    AuditEvent first, last;
    std::set<std::string> actions;
  };
  std::map<std::string, Under, std::less<>> controls_;
};

}  // namespace crossdock::cli
