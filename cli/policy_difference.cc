#include "cli/policy_difference.h"

#include <ostream>

#include "absl/strings/str_join.h"
#include "cli/output.h"

namespace crossdock::cli {
namespace {

constexpr size_t kShown = 20;

std::vector<std::string> Texts(const Document& list) {
  std::vector<std::string> texts;
  for (const Document& each : list) texts.push_back(Shown(each.get<std::string>()));
  return texts;
}

void PrintRegion(const Document& region, std::ostream& out) {
  const std::vector<std::string> where = Texts(region.value("where", Document::array()));
  out << region.value("change", "") << ": "
      << (where.empty() ? "whatever the transfer" : absl::StrJoin(where, ",\n    ")) << "\n  "
      << Shown(region.value("how", "")) << "\n";
}

}  // namespace

void PrintDifference(const std::string& json, std::ostream& out) {
  const Document document = Document::parse(json, nullptr, false);
  if (!document.is_object() || !document.contains("regions")) return;
  out << "Changes from " << document.value("before", "") << ":\n";
  size_t shown = 0;
  for (const Document& region : document["regions"])
    if (shown++ < kShown) PrintRegion(region, out);
  if (shown > kShown) out << "… and " << shown - kShown << " more; crossdock policy diff says all\n";
  for (const std::string& fact : Texts(document.value("facts_no_longer_asked_for", Document::array())))
    out << "no longer asked for: " << fact << "; the old version held what came without it\n";
  for (const std::string& fact : Texts(document.value("facts_newly_asked_for", Document::array())))
    out << "newly asked for: " << fact << "; the new version holds what comes without it\n";
  if (shown == 0) out << "no difference\n";
  if (!document.value("complete", false)) out << "INCOMPLETE: the versions differ too much to say everything\n";
}

}  // namespace crossdock::cli
