// Any bytes as a set of triggers, applied to a shot whose fields are the enemy's: nothing is delivered to a path that
// leaves its volume.
#include "orchestrator/core/trigger.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

orchestrator::Entity Shot(std::string path, std::string name) {
  orchestrator::Entity shot;
  shot.source = "sg";
  shot.type = "version";
  shot.id = "4711";
  shot.project = "nl";
  shot.name = std::move(name);
  shot.version = "v003";
  shot.status = "ready";
  shot.volume = "proj";
  shot.path = std::move(path);
  return shot;
}

void CheckDeliveries(const orchestrator::Trigger& trigger, const orchestrator::Entity& shot) {
  const auto deliveries = orchestrator::Apply(trigger, shot);
  if (!deliveries.ok()) {
    CheckRefusal(deliveries.status());
    return;
  }
  INVARIANT(deliveries->size() <= orchestrator::kDestinationsMax) << deliveries->size();
  for (const orchestrator::PlannedDelivery& delivery : *deliveries) {
    INVARIANT(delivery.source_site != delivery.destination_site) << "to where it comes from";
    for (const std::string& path : {delivery.path, delivery.destination_path}) {
      INVARIANT(orchestrator::CheckPath(path).ok()) << base::PercentEscape(path);
      const std::string bounded = "/" + path + "/";
      INVARIANT(bounded.find("/../") == std::string::npos && bounded.find("//") == std::string::npos) << path;
    }
  }
}

}  // namespace

bool FuzzTrigger(std::string_view input) {
  const auto triggers = orchestrator::ParseTriggers(input, "fuzz.yaml");
  if (!triggers.ok()) {
    CheckRefusal(triggers.status());
    INVARIANT(base::ToStd(triggers.status().message()).substr(0, 10) == "fuzz.yaml:") << triggers.status();
    return false;
  }
  INVARIANT(triggers->size() <= orchestrator::kTriggersMax) << triggers->size();
  for (const orchestrator::Trigger& trigger : *triggers) {
    for (const auto& shot : {Shot("northlight/sh010/v003", "sh010"), Shot("../../etc", "sh010"), Shot("a", "../x"),
                             Shot("a//b", "."), Shot("", "")}) {
      if (const absl::Status no = orchestrator::Matches(trigger, shot); !no.ok()) {
        INVARIANT(!no.message().empty()) << "no match, and no sentence why";
      }
      CheckDeliveries(trigger, shot);
    }
  }
  return true;
}

}  // namespace crossdock::fuzz
