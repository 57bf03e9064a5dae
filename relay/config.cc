#include "relay/config.h"

#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/yaml/map.h"
#include "lib/yaml/parse.h"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;

absl::Status ReadLimits(yaml::Map map, Config& config) {
  ASSIGN_OR_RETURN(const int64_t connections, map.IntOr("connections", config.connections_max, 2, 100'000));
  ASSIGN_OR_RETURN(const int64_t per_address,
                   map.IntOr("connections_per_address", config.connections_per_address_max, 2, 100'000));
  config.connections_max = static_cast<int>(connections);
  config.connections_per_address_max = static_cast<int>(per_address);
  ASSIGN_OR_RETURN(const int64_t half_open, map.IntOr("half_open", 512, 2, 10'000));
  ASSIGN_OR_RETURN(const int64_t half_open_per_address, map.IntOr("half_open_per_address", 256, 2, 10'000));
  config.half_open = {static_cast<size_t>(half_open), static_cast<size_t>(half_open_per_address)};
  ASSIGN_OR_RETURN(config.partner_wait,
                   map.DurationOr("partner_wait", config.partner_wait, milliseconds(1'000), milliseconds(600'000)));
  ASSIGN_OR_RETURN(config.idle_max,
                   map.DurationOr("idle", config.idle_max, milliseconds(60'000), milliseconds(86'400'000)));
  ASSIGN_OR_RETURN(config.drain, map.DurationOr("drain", config.drain, milliseconds(0), milliseconds(600'000)));
  return map.Finish();
}

}  // namespace

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file) {
  ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(text, file));
  RETURN_IF_ERROR(map.OneOf("schema", {"crossdock/relay/v1"}).status());
  Config config;
  ASSIGN_OR_RETURN(config.name, map.String("name", 63));
  ASSIGN_OR_RETURN(config.state, map.String("state"));
  ASSIGN_OR_RETURN(yaml::Map listen, map.SubMap("listen"));
  ASSIGN_OR_RETURN(config.listen_lan, listen.String("lan"));
  ASSIGN_OR_RETURN(config.listen_wan, listen.String("wan"));
  for (const auto& [key, address] : {std::pair("lan", config.listen_lan), std::pair("wan", config.listen_wan)}) {
    const absl::StatusOr<net::HostPort> parsed = net::HostPort::Parse(address);
    if (!parsed.ok()) return listen.Error(key, base::ToStd(parsed.status().message()));
  }
  RETURN_IF_ERROR(listen.Finish());
  ASSIGN_OR_RETURN(const std::vector<std::string> ranges, map.StringListOrEmpty("next_hops"));
  for (const std::string& text_range : ranges) {
    absl::StatusOr<net::AddressRange> range = net::AddressRange::Parse(text_range);
    if (!range.ok()) return map.Error("next_hops", base::ToStd(range.status().message()));
    config.next_hops.push_back(*std::move(range));
  }
  ASSIGN_OR_RETURN(const std::optional<yaml::Map> limits, map.OptionalSubMap("limits"));
  if (limits) RETURN_IF_ERROR(ReadLimits(*limits, config));
  RETURN_IF_ERROR(map.Finish());
  return config;
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, 1u << 20));
  return ParseConfig(text, path);
}

}  // namespace crossdock::relay
