// How fast the two ends of an attempt are without a line: socket pairs, no TLS, both ends in one process. What an
// attempt takes beyond this is the line's, TLS's and the relays'.
#include <cstdio>

#include "agent/storage/content_hash.h"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {
namespace {

constexpr double kGigabyte = 1e9;

double Since(const base::Clock& clock, base::Steady begin) {
  return std::chrono::duration<double>(clock.MonotonicNow() - begin).count();
}

// One package of `files` files of `size` bytes: scanned, hashed, moved. False when it did not arrive.
bool Measure(const char* name, int files, size_t size) {
  AttemptPair studio;
  studio.streams = 8;
  const std::string content = Noise(size);
  for (int i = 0; i < files; ++i) studio.Write(studio.Source("f." + std::to_string(i) + ".exr"), content);
  const double gigabytes = static_cast<double>(files) * static_cast<double>(size) / kGigabyte;

  base::Steady begin = studio.clock.MonotonicNow();
  ScanResult scanned = studio.Scanned();
  const double scan = Since(studio.clock, begin);
  begin = studio.clock.MonotonicNow();
  std::atomic<uint64_t> done = 0;
  const auto root = HashContent(*studio.from, scanned.root, &scanned.manifest, &done, {});
  const double hash = Since(studio.clock, begin);
  begin = studio.clock.MonotonicNow();
  const auto outcome = studio.Run(scanned);
  const double move = Since(studio.clock, begin);
  if (!root.ok() || !outcome.sent.ok() || !outcome.received.ok()) {
    std::fprintf(stderr, "%s: %s / %s\n", name, outcome.sent.status().ToString().c_str(),
                 outcome.received.status().ToString().c_str());
    return false;
  }
  std::printf("%-22s scan %6.3f s   hash %5.2f GB/s   move %5.2f GB/s, %7.0f files/s\n", name, scan, gigabytes / hash,
              gigabytes / move, files / move);
  return true;
}

}  // namespace
}  // namespace crossdock::agent

int main() {
  using crossdock::agent::Measure;
  bool arrived = Measure("1 file of 1 GB", 1, 1'000'000'000);
  arrived = Measure("100 files of 10 MB", 100, 10'000'000) && arrived;
  arrived = Measure("1,000 files of 1 MB", 1000, 1'000'000) && arrived;
  arrived = Measure("20,000 files of 10 KB", 20'000, 10'000) && arrived;
  return arrived ? 0 : 1;
}
