// Any bytes as a relay's configuration: refused with a place, or limits within which a relay can run.
#include "relay/config.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

bool FuzzRelayConfig(std::string_view input) {
  const auto config = relay::ParseConfig(input, "fuzz.yaml");
  if (!config.ok()) {
    CheckRefusal(config.status());
    INVARIANT(base::ToStd(config.status().message()).substr(0, 10) == "fuzz.yaml:") << config.status();
    return false;
  }
  INVARIANT(!config->name.empty() && !config->state.empty()) << "a name and a place";
  INVARIANT(config->connections_max >= 2 && config->connections_per_address_max >= 2) << "a pair is two connections";
  INVARIANT(config->partner_wait.count() > 0 && config->idle_max.count() > 0) << "waits that end at once";
  return true;
}

}  // namespace crossdock::fuzz
