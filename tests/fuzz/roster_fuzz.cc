// Any bytes as a roster's body: refused with a place, or a roster whose parts refer to what exists, and whose path map
// answers for every path alike.
#include <set>

#include "lib/trust/roster.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

using trust::Roster;

void CheckPeople(const Roster& roster) {
  INVARIANT(roster.threshold() >= 1 && roster.threshold() <= roster.officers().size()) << roster.threshold();
  std::set<base::PublicKey> keys;
  for (const auto& officer : roster.officers()) {
    INVARIANT(keys.insert(officer.key).second) << "one key, two holders";
    INVARIANT(roster.FindOfficer(officer.name) == &officer) << "two officers of one name";
  }
  for (const auto& admin : roster.site_admins()) {
    INVARIANT(keys.insert(admin.key).second) << "one key, two holders";
    for (const std::string& site : admin.sites) INVARIANT(roster.FindSite(site) != nullptr) << "no site " << site;
  }
  for (const auto& approver : roster.approvers()) {
    for (const base::PublicKey& key : approver.keys) {
      INVARIANT(keys.insert(key).second) << "one key, two holders";
      const auto found = roster.FindApproverKey(base::KeyId(key));
      INVARIANT(found && found->approver == &approver) << "an approver's key is not found";
    }
  }
}

void CheckPaths(const Roster& roster) {
  size_t asked = 0;
  for (const trust::PathRule& rule : roster.paths()) {
    if (++asked > 20) return;
    for (const std::string& path : {rule.prefix, rule.prefix + "a", rule.prefix + "a/b", std::string("../x")}) {
      const auto mapped = roster.MapPath(rule.volume, path);
      if (!mapped.ok()) {
        CheckRefusal(mapped.status());
        continue;
      }
      INVARIANT(path.find("..") != 0) << "a path that climbs is mapped";
      INVARIANT(trust::ClassificationRank(mapped->classification) >= 0) << mapped->classification;
    }
  }
}

}  // namespace

bool FuzzRoster(std::string_view input) {
  const absl::StatusOr<Roster> roster = Roster::Parse(input, "fuzz.yaml");
  if (!roster.ok()) {
    CheckRefusal(roster.status());
    INVARIANT(base::ToStd(roster.status().message()).substr(0, 10) == "fuzz.yaml:") << roster.status();
    return false;
  }
  INVARIANT(roster->Root().size() == 64 && roster->number() >= 1) << "a root and a number";
  CheckPeople(*roster);
  CheckPaths(*roster);
  return true;
}

}  // namespace crossdock::fuzz
