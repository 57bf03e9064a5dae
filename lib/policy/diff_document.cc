#include "lib/policy/diff_document.h"

#include <map>
#include <string>

namespace crossdock::policy {
namespace {

using nlohmann::ordered_json;

ordered_json RegionDocument(const Difference& difference, const Region& region) {
  ordered_json facts = ordered_json::object();
  for (const auto& [name, fact] : region.witness.values) facts[name] = FormatFactValue(fact.value);
  return {{"change", ChangeName(region.change)},
          {"where", DescribeBox(difference, region)},
          {"how", region.how},
          {"rules_before", region.before},
          {"rules_after", region.after},
          {"example", {{"facts", facts}, {"now", base::FormatSeconds(region.when)}}}};
}

}  // namespace

ordered_json DiffDocument(const Policy& before, const Policy& after, const Difference& difference, size_t regions_max) {
  std::map<std::string, size_t> counts;
  ordered_json regions = ordered_json::array();
  for (const Region& region : difference.regions) {
    ++counts[std::string(ChangeName(region.change))];
    if (regions.size() < regions_max) regions.push_back(RegionDocument(difference, region));
  }
  return {{"before", before.digest},
          {"after", after.digest},
          {"complete", difference.complete},
          {"counts", counts},
          {"facts_no_longer_asked_for", difference.asked_before},
          {"facts_newly_asked_for", difference.asked_after},
          {"regions", std::move(regions)}};
}

}  // namespace crossdock::policy
