// Invented hosts, judged.
#include "lib/host/judgement.h"

#include <algorithm>

#include "catch2/catch.hpp"

namespace crossdock::host {
namespace {

constexpr uint64_t kMiB = 1u << 20;

// Nothing to complain of at 1 Gbit/s and 150 ms.
Facts Healthy() {
  Facts facts;
  facts.receive_buffer = BufferSizes{4096, 131072, 32 * kMiB};
  facts.send_buffer = BufferSizes{4096, 16384, 32 * kMiB};
  facts.receive_buffer_set_max = 212992;
  facts.window_scaling = 1;
  facts.receive_autotuning = 1;
  facts.congestion_available = {"reno", "cubic", "bbr"};
  facts.congestion_allowed = {"reno", "cubic", "bbr"};
  facts.congestion_default = "cubic";
  facts.pipe_size_max = kMiB;
  facts.pipe_user_pages_soft = 16384;
  facts.open_files_max = 524288;
  facts.listen_backlog_max = 4096;
  facts.syn_backlog_max = 512;
  facts.syn_cookies = 1;
  facts.clock_synchronised = true;
  facts.aes_instructions = true;
  return facts;
}

Demands Relay() {
  Demands demands;
  demands.always_crosses_line = demands.splices = demands.listens = demands.encrypts_content = true;
  demands.open_files = 20'000;
  demands.open_files_least = 1'000;
  return demands;
}

std::vector<Finding> All(const Facts& facts, const Demands& demands) {
  std::vector<Finding> all = JudgeNetwork(facts, demands);
  for (Finding& each : JudgeHost(facts, demands)) all.push_back(std::move(each));
  return all;
}

// The one finding that is not ok.
Finding Complaint(const Facts& facts, const Demands& demands = Relay()) {
  std::vector<Finding> all = All(facts, demands);
  all.erase(std::remove_if(all.begin(), all.end(), [](const Finding& f) { return f.verdict == Verdict::kOk; }),
            all.end());
  REQUIRE(all.size() == 1);
  // Whoever complains says what it costs and what to do.
  CHECK_FALSE(all[0].wanted.empty());
  CHECK_FALSE(all[0].cost.empty());
  CHECK_FALSE(all[0].change.empty());
  return all[0];
}

bool Says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

TEST_CASE("a healthy host has nothing but ok", "[host]") {
  for (const Finding& each : All(Healthy(), Relay())) {
    INFO(each.name << ": " << each.found);
    CHECK(each.verdict == Verdict::kOk);
    CHECK(each.change.empty());
  }
}

TEST_CASE("nothing that could not be read is a complaint", "[host]") {
  for (const Finding& each : All(Facts{}, Relay())) CHECK(each.verdict == Verdict::kOk);
}

TEST_CASE("buffers below the line's rate times its round trip are a problem, and the line keeps the other two sizes",
          "[host]") {
  Facts facts = Healthy();
  facts.send_buffer->largest = 4 * kMiB;  // Debian's: 8 × 2 MiB in 150 ms
  const Finding finding = Complaint(facts);
  CHECK(finding.verdict == Verdict::kProblem);
  CHECK(finding.name == "send buffers");
  CHECK(Says(finding.found, "894 Mbit/s"));
  CHECK(finding.change == "sysctl -w net.ipv4.tcp_wmem=\"4096 16384 16777216\"");
}

TEST_CASE("buffers that carry the line, and no loss on it, are a warning", "[host]") {
  Facts facts = Healthy();
  facts.receive_buffer->largest = 6 * kMiB;
  const Finding finding = Complaint(facts);
  CHECK(finding.verdict == Verdict::kWarning);
  CHECK(finding.change == "sysctl -w net.ipv4.tcp_rmem=\"4096 131072 16777216\"");
}

TEST_CASE("what a doctor tells to change is enough for the next time", "[host]") {
  Demands demands = Relay();
  demands.line = *ParseLine("10Gbit/s", "250ms");
  Facts facts = Healthy();
  const Finding finding = JudgeNetwork(facts, demands)[1];
  REQUIRE(finding.verdict == Verdict::kProblem);
  CHECK(Says(finding.change, " 268435456\""));
  facts.send_buffer->largest = 268435456;
  CHECK(JudgeNetwork(facts, demands)[1].verdict == Verdict::kOk);
}

TEST_CASE("a shorter or slower line needs less", "[host]") {
  Facts facts = Healthy();
  facts.send_buffer->largest = 4 * kMiB;
  Demands demands = Relay();
  demands.line = *ParseLine("500Mbit/s", "100ms");
  for (const Finding& each : All(facts, demands)) CHECK(each.verdict == Verdict::kOk);
}

TEST_CASE("of a host whose sockets may never see the line, nothing of the line is a problem", "[host]") {
  Facts facts = Healthy();
  facts.send_buffer->largest = kMiB;
  Demands demands = Relay();
  demands.always_crosses_line = false;
  const Finding finding = Complaint(facts, demands);
  CHECK(finding.verdict == Verdict::kWarning);
  CHECK(Says(finding.cost, "where this site has no relay"));
}

TEST_CASE("BBR that ordinary users may not choose is a problem, and so is one that is not loaded", "[host]") {
  Facts facts = Healthy();
  facts.congestion_allowed = {"reno", "cubic"};
  const Finding forbidden = Complaint(facts);
  CHECK(forbidden.verdict == Verdict::kProblem);
  CHECK(forbidden.change == "sysctl -w net.ipv4.tcp_allowed_congestion_control=\"reno cubic bbr\"");
  facts.congestion_available = {"reno", "cubic"};
  CHECK(Says(Complaint(facts).change, "modprobe tcp_bbr && "));
  // The host's default may be chosen whatever the list says.
  facts.congestion_default = "bbr";
  CHECK(JudgeNetwork(facts, Relay())[0].verdict == Verdict::kOk);
}

TEST_CASE("switches that make a new kernel old are problems", "[host]") {
  Facts facts = Healthy();
  facts.window_scaling = 0;
  CHECK(Complaint(facts).change == "sysctl -w net.ipv4.tcp_window_scaling=1");
  facts.window_scaling = 1;
  facts.receive_autotuning = 0;
  CHECK(Complaint(facts).change == "sysctl -w net.ipv4.tcp_moderate_rcvbuf=1");
}

TEST_CASE("short queues of whoever listens are a warning, and nobody else's matter", "[host]") {
  Facts facts = Healthy();
  facts.listen_backlog_max = 128;
  CHECK(Complaint(facts).change == "sysctl -w net.core.somaxconn=4096");
  Demands agent = Relay();
  agent.listens = false;
  for (const Finding& each : All(facts, agent)) CHECK(each.verdict == Verdict::kOk);
  facts.listen_backlog_max = 4096;
  facts.syn_cookies = 0;
  CHECK(Complaint(facts).change == "sysctl -w net.ipv4.tcp_syncookies=1");
}

TEST_CASE("small pipes are a warning, one by one and all together", "[host]") {
  Facts facts = Healthy();
  facts.pipe_size_max = 65536;
  CHECK(Complaint(facts).change == "sysctl -w fs.pipe-max-size=1048576");
  facts.pipe_size_max = kMiB;
  facts.pipe_user_pages_soft = 1024;
  CHECK(Complaint(facts).change == "sysctl -w fs.pipe-user-pages-soft=16384");
  facts.pipe_user_pages_soft = 0;  // no bound
  CHECK(JudgeHost(facts, Relay())[0].verdict == Verdict::kOk);
  // In pages of 64 KiB the same bytes are fewer pages.
  facts.page_size = 65536;
  facts.pipe_user_pages_soft = 1024;
  CHECK(JudgeHost(facts, Relay())[0].verdict == Verdict::kOk);
}

TEST_CASE("descriptors below what the limits allow are a warning, below the least a problem", "[host]") {
  Facts facts = Healthy();
  facts.open_files_max = 19'999;
  const Finding finding = Complaint(facts);
  CHECK(finding.verdict == Verdict::kWarning);
  CHECK(Says(finding.change, "LimitNOFILE=20000"));
  facts.open_files_max = 999;
  CHECK(Complaint(facts).verdict == Verdict::kProblem);
}

TEST_CASE("a clock that nobody sets is a warning", "[host]") {
  Facts facts = Healthy();
  facts.clock_synchronised = false;
  CHECK(Complaint(facts).verdict == Verdict::kWarning);
}

TEST_CASE("a processor without AES is a problem for who encrypts content, and no word for a relay", "[host]") {
  Facts facts = Healthy();
  facts.aes_instructions = false;
  CHECK(Complaint(facts).verdict == Verdict::kProblem);
  Demands relay = Relay();
  relay.encrypts_content = false;
  for (const Finding& each : All(facts, relay)) CHECK(each.name != "AES");
}

TEST_CASE("a line is written as people write it, within reason", "[host]") {
  const auto line = ParseLine("2500Mbit/s", "80ms");
  REQUIRE(line.ok());
  CHECK(Describe(*line) == "2.5 Gbit/s at 80 ms of round trip");
  CHECK_FALSE(ParseLine("fast", "80ms").ok());
  CHECK_FALSE(ParseLine("1Gbit/s", "80").ok());
  CHECK_FALSE(ParseLine("1bit/s", "80ms").ok());
  CHECK_FALSE(ParseLine("1Gbit/s", "0ms").ok());
  CHECK_FALSE(ParseLine("1Gbit/s", "1h").ok());
}

}  // namespace
}  // namespace crossdock::host
