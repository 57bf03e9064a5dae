// The relay's configuration: strict YAML, every key in deploy/config/relay.example.yaml.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/net/address.h"
#include "relay/half_open.h"

namespace crossdock::relay {

struct Config {
  std::string name;
  std::string state;  // directory made by --init: key, site_admin, keys, deny
  std::string listen_lan;
  std::string listen_wan;
  std::vector<net::AddressRange> next_hops;  // empty: any public address
  int connections_max = 2048;
  int connections_per_address_max = 512;
  HalfOpenLimits half_open;
  std::chrono::milliseconds partner_wait{60'000};
  std::chrono::milliseconds idle_max{7'200'000};
  std::chrono::milliseconds drain{5'000};
  std::chrono::milliseconds admission{10'000};  // from the first byte to the last of a join; not configured
};

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file);
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace crossdock::relay
