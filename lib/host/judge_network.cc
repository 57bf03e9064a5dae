#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/host/judgement.h"
#include "lib/yaml/quantity.h"

namespace crossdock::host {
namespace {

using base::StrCat;

constexpr uint64_t kMiB = uint64_t{1} << 20;
// The kernel counts its own bookkeeping into a buffer: about half is payload (tcp_adv_win_scale 1; tcp_sndbuf_expand).
constexpr double kPayloadShare = 0.5;
// A lost packet keeps what came behind it in the buffer for a round trip more.
constexpr double kLossMargin = 2.0;

std::string Rate(double bits_per_second) {
  if (bits_per_second >= 9.95e9) return StrCat(static_cast<int64_t>(bits_per_second / 1e9), " Gbit/s");
  if (bits_per_second >= 1e9) {
    const auto tenths = static_cast<int64_t>(bits_per_second / 1e8);
    return StrCat(tenths / 10, tenths % 10 == 0 ? "" : StrCat(".", tenths % 10), " Gbit/s");
  }
  if (bits_per_second >= 1e6) return StrCat(static_cast<int64_t>(bits_per_second / 1e6), " Mbit/s");
  return StrCat(static_cast<int64_t>(bits_per_second / 1e3), " kbit/s");
}

std::string Size(uint64_t bytes) {
  if (bytes >= kMiB) return StrCat(bytes / kMiB, " MiB");
  return StrCat(bytes / 1024, " KiB");
}

double Seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

// What all legs together carry when each has a buffer of `bytes`.
double RateOf(uint64_t bytes, const Line& line) {
  return kLegs * kPayloadShare * static_cast<double>(bytes) * 8 / Seconds(line.round_trip);
}

// The buffer that carries the line with the margin, as a power of two.
uint64_t BufferFor(const Line& line) {
  uint64_t bytes = kMiB;
  while (RateOf(bytes, line) < kLossMargin * static_cast<double>(line.bits_per_second)) bytes *= 2;
  return bytes;
}

// Of a host whose own sockets may never see the line, nothing of the line is a problem.
Verdict AtMost(Verdict verdict, const Demands& demands) {
  return demands.always_crosses_line ? verdict : std::min(verdict, Verdict::kWarning);
}

std::string WhenItCrosses(const Demands& demands) {
  return demands.always_crosses_line ? "" : "; matters where this site has no relay";
}

Finding JudgeBuffer(std::string name, std::string_view key, const std::optional<BufferSizes>& sizes,
                    const Demands& demands) {
  if (!sizes) return Fine(std::move(name), StrCat("not to be seen: ", key));
  const double carries = RateOf(sizes->largest, demands.line);
  const auto wanted_rate = static_cast<double>(demands.line.bits_per_second);
  const std::string found = StrCat("up to ", Size(sizes->largest), " a socket; ", kLegs, " legs carry ", Rate(carries));
  if (carries >= kLossMargin * wanted_rate) return Fine(std::move(name), found);
  const uint64_t wanted = BufferFor(demands.line);
  const bool fills = carries >= wanted_rate;
  return {AtMost(fills ? Verdict::kWarning : Verdict::kProblem, demands),
          std::move(name),
          found,
          StrCat(Size(wanted), ": ", Describe(demands.line), ", and as much again while a lost packet is sent anew"),
          StrCat(fills ? "speed after each loss, and all of it for few legs"
                       : StrCat("everything above ", Rate(carries), ", however good the line is"),
                 WhenItCrosses(demands)),
          StrCat("sysctl -w ", key, "=\"", sizes->smallest, " ", sizes->initial, " ", wanted, "\"")};
}

// Kernels that have been told to be old.
std::vector<Finding> JudgeSwitches(const Facts& facts, const Demands& demands) {
  std::vector<Finding> findings;
  if (facts.window_scaling == 0u)
    findings.push_back({AtMost(Verdict::kProblem, demands), "window scaling", "off", "on",
                        StrCat("everything above ", Rate(kLegs * 65536.0 * 8 / Seconds(demands.line.round_trip)),
                               ": no window is above 64 KiB"),
                        "sysctl -w net.ipv4.tcp_window_scaling=1"});
  if (facts.receive_autotuning == 0u)
    findings.push_back({AtMost(Verdict::kProblem, demands), "autotuning", "off: receive buffers keep their first size",
                        "on", "most of a long line's speed", "sysctl -w net.ipv4.tcp_moderate_rcvbuf=1"});
  return findings;
}

bool Holds(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Finding JudgeCongestion(const Facts& facts, const Demands& demands) {
  const std::string name = "congestion control";
  if (facts.congestion_default.empty()) return Fine(name, "not to be seen");
  if (facts.congestion_default == "bbr" || Holds(facts.congestion_allowed, "bbr"))
    return Fine(name, StrCat("bbr may be used; this host's default is ", facts.congestion_default));
  std::string allowed;
  for (const std::string& each : facts.congestion_allowed) allowed += each + " ";
  const bool available = Holds(facts.congestion_available, "bbr");
  const std::string change = StrCat("sysctl -w net.ipv4.tcp_allowed_congestion_control=\"", allowed, "bbr\"");
  return {AtMost(Verdict::kProblem, demands),
          name,
          StrCat(facts.congestion_default, available ? "; bbr is there, but ordinary users may not choose it"
                                                     : "; the kernel has not loaded bbr"),
          "bbr allowed",
          StrCat("nearly everything on a line with loss: of 500 Mbit/s at 100 ms and 1 %, 16 CUBIC streams carry 21, "
                 "16 BBR streams 479 (measured)",
                 WhenItCrosses(demands)),
          available ? change : StrCat("modprobe tcp_bbr && echo tcp_bbr > /etc/modules-load.d/bbr.conf && ", change)};
}

// As much as the programs ask listen(2) for.
constexpr uint64_t kBacklog = 1024;

Finding JudgeQueues(const Facts& facts) {
  const std::string name = "accept queue";
  const std::string cost =
      "joins of others while somebody floods the port: their connections are tried again after 1 s";
  if (facts.listen_backlog_max && *facts.listen_backlog_max < kBacklog)
    return {Verdict::kWarning, name, StrCat("somaxconn ", *facts.listen_backlog_max),
            StrCat(kBacklog),  cost, StrCat("sysctl -w net.core.somaxconn=", 4 * kBacklog)};
  if (facts.syn_cookies == 0u && facts.syn_backlog_max.value_or(kBacklog) < kBacklog)
    return {Verdict::kWarning,
            name,
            StrCat("tcp_max_syn_backlog ", *facts.syn_backlog_max, ", and no SYN cookies"),
            StrCat(kBacklog, ", or cookies"),
            cost,
            "sysctl -w net.ipv4.tcp_syncookies=1"};
  return Fine(name,
              StrCat("somaxconn ", facts.listen_backlog_max ? StrCat(*facts.listen_backlog_max) : "not to be seen",
                     facts.syn_cookies == 0u ? "" : ", SYN cookies"));
}

}  // namespace

absl::StatusOr<Line> ParseLine(std::string_view rate, std::string_view round_trip) {
  Line line;
  ASSIGN_OR_RETURN(line.bits_per_second, yaml::ParseBitRate(rate));
  ASSIGN_OR_RETURN(line.round_trip, yaml::ParseDuration(round_trip));
  if (line.bits_per_second < 1'000 || line.bits_per_second > 1'000'000'000'000)
    return base::InvalidArgument("a rate is between 1kbit/s and 1000Gbit/s, not ", rate);
  if (line.round_trip < std::chrono::milliseconds(1) || line.round_trip > std::chrono::seconds(10))
    return base::InvalidArgument("a round trip is between 1ms and 10s, not ", round_trip);
  return line;
}

std::string Describe(const Line& line) {
  return StrCat(Rate(static_cast<double>(line.bits_per_second)), " at ", line.round_trip.count(), " ms of round trip");
}

std::vector<Finding> JudgeNetwork(const Facts& facts, const Demands& demands) {
  std::vector<Finding> findings{JudgeCongestion(facts, demands),
                                JudgeBuffer("send buffers", "net.ipv4.tcp_wmem", facts.send_buffer, demands),
                                JudgeBuffer("receive buffers", "net.ipv4.tcp_rmem", facts.receive_buffer, demands)};
  // Many raise this one, and nothing changes.
  if (facts.receive_buffer_set_max)
    findings.push_back(Fine("rmem_max", StrCat(Size(*facts.receive_buffer_set_max),
                                               "; bounds nothing here, because the kernel tunes our buffers itself")));
  std::vector<Finding> switches = JudgeSwitches(facts, demands);
  std::move(switches.begin(), switches.end(), std::back_inserter(findings));
  if (demands.listens) findings.push_back(JudgeQueues(facts));
  return findings;
}

}  // namespace crossdock::host
