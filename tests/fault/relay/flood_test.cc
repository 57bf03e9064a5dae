// A relay under a flood of people without a ticket. `./dev flood` runs it at full size.
#include "tests/fault/relay/flood.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "tests/support/relay_honest.h"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;

struct Watched {
  std::vector<milliseconds> joins;
  milliseconds Quantile(double of) const {
    return joins.at(static_cast<size_t>(of * static_cast<double>(joins.size() - 1)));
  }
  size_t threads_at_most = 0;  // each connection has one
  size_t descriptors_at_most = 0;
};

Watched Watch(Honest& honest, const test::RelayProcess& relay, const net::Interrupt& over) {
  Watched seen;
  while (!over.IsSet()) {
    seen.joins.push_back(honest.Join());
    seen.threads_at_most = std::max(seen.threads_at_most, relay.threads());
    seen.descriptors_at_most = std::max(seen.descriptors_at_most, relay.descriptors());
    pollfd until{over.fd(), POLLIN, 0};
    ::poll(&until, 1, 50);
  }
  std::sort(seen.joins.begin(), seen.joins.end());
  return seen;
}

// Its descriptors, once they are as few as `few`, or ten seconds later.
size_t SettledDescriptors(const test::RelayProcess& relay, size_t few) {
  const base::SystemClock clock;
  const base::Steady end = clock.MonotonicNow() + std::chrono::seconds(10);
  while (relay.descriptors() > few && clock.MonotonicNow() < end) std::this_thread::yield();
  return relay.descriptors();
}

TEST_CASE("T-36: a flood of connections without a ticket neither fills a relay nor keeps anybody out") {
  const char* asked = std::getenv("CROSSDOCK_FLOOD");
  const bool full = asked != nullptr;
  const int attempts = full ? std::atoi(asked) : 4'000;
  const auto duration = full ? milliseconds(55'000) : milliseconds(3'000);
  const base::PrivateKey admin = NewKey();
  const test::RelayProcess relay(admin.Public());
  const size_t at_rest = relay.descriptors();
  Honest honest(relay, admin);
  test::FloodOutcome flood;
  net::Interrupt over;
  std::thread attack([&] {
    test::Flood one(net::HostPort::Parse(relay.wan())->port);
    flood = one.Run({attempts, 16, duration});
    over.Set();
  });
  const Watched seen = Watch(honest, relay, over);
  attack.join();
  const size_t after = SettledDescriptors(relay, at_rest);
  const std::string log = relay.log();
  const auto lines = std::count(log.begin(), log.end(), '\n');
  const auto joins_logged = 2 * static_cast<int64_t>(seen.joins.size());
  std::cout << "{\"attempts\":" << flood.attempts << ",\"connected\":" << flood.connected
            << ",\"failed\":" << flood.failed << ",\"milliseconds\":" << flood.took.count()
            << ",\"open_at_most\":" << flood.open_at_most << ",\"threads_at_most\":" << seen.threads_at_most
            << ",\"descriptors_at_most\":" << seen.descriptors_at_most << ",\"descriptors_before\":" << at_rest
            << ",\"descriptors_after\":" << after << ",\"joins\":" << seen.joins.size()
            << ",\"join_milliseconds\":{\"median\":" << seen.Quantile(0.5).count()
            << ",\"p99\":" << seen.Quantile(0.99).count() << ",\"slowest\":" << seen.Quantile(1).count() << "}"
            << ",\"resident_kib\":" << relay.resident_kib() << ",\"log_lines\":" << lines << "}\n";
  CHECK(flood.attempts == attempts);
  CHECK(flood.connected > attempts * 9 / 10);
  if (full) CHECK(flood.took <= std::chrono::seconds(60));
  CHECK(flood.open_at_most <= 2'000);
  CHECK(seen.threads_at_most <= 2'000);
  CHECK(seen.joins.size() > 2);
  // The small size runs beside other tests.
  CHECK(seen.Quantile(1) <= (full ? milliseconds(1'000) : milliseconds(3'000)));
  CHECK(after <= at_rest);
  // A few reasons, each once a second.
  CHECK(lines < 20 + 2 * joins_logged + 5 * flood.took.count() / 1'000);
}

}  // namespace
}  // namespace crossdock::relay
