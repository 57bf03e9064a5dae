// Facts from an invented /proc.
#include "lib/host/facts.h"

#include <filesystem>
#include <fstream>

#include "catch2/catch.hpp"
#include "tests/support/temp_tree.h"

namespace crossdock::host {
namespace {

void Put(const test::TempTree& tree, const std::string& path, const std::string& text) {
  const std::filesystem::path whole = tree.root() + "/" + path;
  std::filesystem::create_directories(whole.parent_path());
  std::ofstream(whole) << text;
}

TEST_CASE("facts are what the kernel's files say", "[host]") {
  const test::TempTree proc;
  Put(proc, "sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
  Put(proc, "sys/net/ipv4/tcp_available_congestion_control", "reno cubic bbr\n");
  Put(proc, "sys/net/ipv4/tcp_allowed_congestion_control", "reno cubic\n");
  Put(proc, "sys/net/ipv4/tcp_congestion_control", "cubic\n");
  Put(proc, "sys/fs/pipe-max-size", "1048576\n");
  Put(proc, "sys/net/core/somaxconn", "4096\n");
  Put(proc, "cpuinfo", "processor : 0\nflags\t\t: fpu sse2 aes avx\n");
  const Facts facts = ReadFacts(proc.root());
  REQUIRE(facts.receive_buffer);
  CHECK(facts.receive_buffer->smallest == 4096);
  CHECK(facts.receive_buffer->initial == 131072);
  CHECK(facts.receive_buffer->largest == 6291456);
  CHECK(facts.congestion_available == std::vector<std::string>{"reno", "cubic", "bbr"});
  CHECK(facts.congestion_allowed == std::vector<std::string>{"reno", "cubic"});
  CHECK(facts.congestion_default == "cubic");
  CHECK(facts.pipe_size_max == 1048576u);
  CHECK(facts.listen_backlog_max == 4096u);
  CHECK(facts.aes_instructions == true);
}

TEST_CASE("what is not there is not known, and garbage is not a number", "[host]") {
  const test::TempTree proc;
  Put(proc, "sys/net/ipv4/tcp_wmem", "4096 16384\n");
  Put(proc, "sys/fs/pipe-max-size", "plenty\n");
  Put(proc, "cpuinfo", "Features\t: fp asimd vaes\n");
  const Facts facts = ReadFacts(proc.root());
  CHECK_FALSE(facts.send_buffer);
  CHECK_FALSE(facts.receive_buffer);
  CHECK_FALSE(facts.pipe_size_max);
  CHECK(facts.congestion_default.empty());
  CHECK(facts.aes_instructions == false);
}

TEST_CASE("an ordinary user learns the facts of this host", "[host]") {
  const Facts facts = ReadFacts();
  CHECK(facts.receive_buffer);
  CHECK_FALSE(facts.congestion_default.empty());
  CHECK(facts.open_files_max);
  CHECK(facts.page_size >= 4096);
}

}  // namespace
}  // namespace crossdock::host
