// wan_emulator A B: joins two network namespaces (names below /run/netns) by a long line; each gets a TUN device named
// `wan`.
//
// Standard input steers it and standard output answers, one line each:
//   set MBIT_PER_SECOND RTT_MS LOSS QUEUE_BYTES SEED   starts the line anew; answers `ok`
//   count                                              answers the counters since the last `set` as one JSON object
// At the end of standard input it prints the counters and ends, and the devices with it; so it cannot outlive who
// started it. `wan.py` is who starts it. Needs root.
//
// It reads in rounds rather than packet by packet: 5,000 wake-ups a second carry 500 Mbit/s of 1500-byte packets.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "lib/base/fd.h"
#include "tests/support/wan/line.h"

namespace crossdock::wan {
namespace {

constexpr char kDevice[] = "wan";
// How long a round lasts while there is traffic: the most that a packet is late.
constexpr Nanoseconds kRound = 200'000;
// A round that came late (another process had the processor) may count its packets as this much older, so that the line
// does not idle for it.
constexpr Nanoseconds kCreditMax = 1'000'000;
constexpr int kPacketsPerTurn = 512;

Nanoseconds Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[noreturn]] void Fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

base::UniqueFd OpenDevice(const std::string& network_namespace) {
  const std::string path = "/run/netns/" + network_namespace;
  const base::UniqueFd target(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target || ::setns(target.get(), CLONE_NEWNET) != 0) Fail("cannot enter " + path);
  base::UniqueFd device(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::copy(std::begin(kDevice), std::end(kDevice), request.ifr_name);
  if (!device || ::ioctl(device.get(), TUNSETIFF, &request) != 0) Fail("cannot make a TUN device in " + path);
  return device;
}

nlohmann::json ToJson(const LineCounters& counters) {
  return {{"packets", counters.packets},
          {"bytes", counters.bytes},
          {"lost_packets", counters.lost_packets},
          {"lost_bytes", counters.lost_bytes},
          {"queue_dropped_packets", counters.queue_dropped_packets},
          {"queue_dropped_bytes", counters.queue_dropped_bytes},
          {"delivered_packets", counters.delivered_packets},
          {"delivered_bytes", counters.delivered_bytes}};
}

class Emulator {
 public:
  Emulator(const std::string& a, const std::string& b) : devices_{OpenDevice(a), OpenDevice(b)} {}

  void Run() {
    bool busy = false;  // the last round read something: more will come, and is worth waiting for
    while (!ended_) {
      Wait(busy);
      const Nanoseconds now = Now();
      // What was read after a wait for packets came just now; what was read after a round's pause came at any time
      // since.
      const Nanoseconds arrived = busy ? std::max(last_read_, now - kCreditMax) : now;
      for (int from : {0, 1}) Deliver(from, now);
      busy = false;
      for (int from : {0, 1}) busy |= Read(from, arrived);
      last_read_ = now;
    }
    Count();
  }

 private:
  void Wait(bool busy) {
    Nanoseconds wait = busy ? kRound : Nanoseconds{1'000'000'000};
    for (const Line& line : lines_)
      if (!busy && line.NextDue() >= 0) wait = std::clamp(line.NextDue() - Now(), Nanoseconds{0}, wait);
    std::array<pollfd, 3> watched{
        {{STDIN_FILENO, POLLIN, 0}, {devices_[0].get(), POLLIN, 0}, {devices_[1].get(), POLLIN, 0}}};
    const timespec timeout{static_cast<time_t>(wait / 1'000'000'000), static_cast<long>(wait % 1'000'000'000)};
    const int ready = ::ppoll(watched.data(), busy ? 1 : watched.size(), &timeout, nullptr);
    if (ready > 0 && watched[0].revents != 0) ReadCommands();
  }

  void Deliver(int from, Nanoseconds now) {
    Line& line = lines_[from];
    for (auto packet = line.Front(now); !packet.empty(); packet = line.Front(now)) {
      // A device that is not up yet refuses it, as a router without a route would.
      (void)!::write(devices_[1 - from].get(), packet.data(), packet.size());
      line.Pop();
    }
  }

  bool Read(int from, Nanoseconds arrived) {
    std::array<char, Line::kPacketBytesMax> packet;
    int count = 0;
    for (; count < kPacketsPerTurn; ++count) {
      const ssize_t size = ::read(devices_[from].get(), packet.data(), packet.size());
      if (size <= 0) break;
      lines_[from].Offer({packet.data(), static_cast<size_t>(size)}, arrived);
    }
    return count > 0;
  }

  void ReadCommands() {
    std::array<char, 4096> chunk;
    const ssize_t size = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (size <= 0) ended_ = true;
    for (ssize_t i = 0; i < size; ++i) {
      if (chunk[i] != '\n') {
        command_ += chunk[i];
        continue;
      }
      Obey(command_);
      command_.clear();
    }
  }

  void Obey(const std::string& command) {
    std::istringstream in(command);
    std::string verb;
    in >> verb;
    if (verb == "count") return Count();
    double mbit = 0, rtt_ms = 0;
    LineSettings settings;
    in >> mbit >> rtt_ms >> settings.loss >> settings.queue_bytes >> settings.seed;
    if (verb != "set" || !in || mbit <= 0 || rtt_ms < 0 || settings.loss < 0 || settings.loss > 1)
      throw std::runtime_error("not a command: " + command);
    settings.bytes_per_second = mbit * 1e6 / 8;
    settings.delay = static_cast<Nanoseconds>(rtt_ms / 2 * 1e6);
    for (Line& line : lines_) {
      line.Reset(settings);
      ++settings.seed;
    }
    std::cout << "ok" << std::endl;
  }

  void Count() {
    std::cout
        << nlohmann::json{{"a_to_b", ToJson(lines_[0].counters())}, {"b_to_a", ToJson(lines_[1].counters())}}.dump()
        << std::endl;
  }

  std::array<base::UniqueFd, 2> devices_;
  std::array<Line, 2> lines_;  // [0] from a to b
  Nanoseconds last_read_ = 0;
  std::string command_;
  bool ended_ = false;
};

// Ahead of the programs that are measured: a line does not wait for a processor. Without the right to it, it is less
// exact.
void ComeFirst() {
  const sched_param priority{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
    std::cerr << "wan_emulator: no real-time priority; times are less exact\n";
  ::prctl(PR_SET_TIMERSLACK, 1);
}

}  // namespace
}  // namespace crossdock::wan

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: wan_emulator NAMESPACE_A NAMESPACE_B\n";
    return 2;
  }
  try {
    crossdock::wan::Emulator emulator(argv[1], argv[2]);
    crossdock::wan::ComeFirst();
    emulator.Run();
  } catch (const std::exception& error) {
    std::cerr << "wan_emulator: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
