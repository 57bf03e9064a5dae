#include "lib/clearance/registry.h"

namespace crossdock::clearance {

policy::Registry RegistryOf(const trust::Roster& roster) {
  policy::Registry registry;
  for (const trust::Site& site : roster.sites()) registry.sites.insert(site.id);
  for (const trust::Approver& approver : roster.approvers()) {
    registry.persons.insert(approver.person);
    registry.teams[approver.team].insert(approver.person);
    registry.organisations[approver.organisation].insert(approver.person);
    for (const std::string& group : approver.groups) registry.groups[group].insert(approver.person);
  }
  return registry;
}

}  // namespace crossdock::clearance
