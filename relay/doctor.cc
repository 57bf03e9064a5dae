#include "relay/doctor.h"

#include <algorithm>

#include "relay/sockets.h"

namespace crossdock::relay {
namespace {

// Some attempts' legs at once; with fewer a relay is none.
constexpr int kConnectionsLeast = 64;

uint64_t Descriptors(int connections, const Config& config) {
  return static_cast<uint64_t>(DescriptorsFor(connections, config.half_open.total_max));
}

}  // namespace

std::vector<host::Finding> Doctor(const host::Facts& facts, const Config& config, const host::Line& line) {
  host::Demands demands;
  demands.line = line;
  demands.always_crosses_line = true;
  demands.splices = true;
  demands.listens = true;
  demands.open_files = Descriptors(config.connections_max, config);
  demands.open_files_least = Descriptors(std::min(kConnectionsLeast, config.connections_max), config);
  return host::Judge(facts, demands);
}

}  // namespace crossdock::relay
