// Whoever owns a relay's host: what its disk and memory hold, and what can be made of it.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "lib/base/file.h"
#include "tests/support/relay_honest.h"

namespace crossdock::relay {
namespace {

// Larger than any program of ours may grow: a sanitizer's terabytes of notes about the memory, which hold none of its
// bytes.
constexpr size_t kMappingMax = size_t{64} << 30;

// Whether `needle` stands somewhere in the memory that the process may read.
bool InMemory(pid_t pid, std::string_view needle) {
  const std::string process = "/proc/" + std::to_string(pid);
  const base::UniqueFd memory(::open((process + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(memory);
  std::ifstream maps(process + "/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range;
    std::string rights;
    words >> range >> rights;
    if (rights[0] != 'r' || line.find("[v") != std::string::npos) continue;
    const size_t begin = std::stoull(range, nullptr, 16);
    const size_t end = std::stoull(range.substr(range.find('-') + 1), nullptr, 16);
    if (end - begin > kMappingMax) continue;
    constexpr size_t kPiece = 1u << 22;
    std::string piece;
    for (size_t at = begin; at < end; at += kPiece) {
      // Each one over the seam to the next.
      piece.resize(std::min(end - at, kPiece + needle.size()));
      const ssize_t got = ::pread(memory.get(), piece.data(), piece.size(), static_cast<off_t>(at));
      if (got > 0 && std::string_view(piece.data(), static_cast<size_t>(got)).find(needle) != std::string_view::npos)
        return true;
    }
  }
  return false;
}

TEST_CASE("T-29: neither a relay's disk nor its memory holds a key that makes tickets, or another's name") {
  const base::PrivateKey admin = NewKey();
  const test::RelayProcess relay(admin.Public());
  Honest honest(relay, admin);
  for (int i = 0; i < 3; ++i) REQUIRE(honest.Join() < std::chrono::minutes(1));

  std::set<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator(relay.state())) {
    names.insert(each.path().filename());
    const std::string content = *base::ReadFile(each.path());
    for (const base::PrivateKey* secret : {&admin, &honest.ticket_key()}) {
      CHECK(content.find(secret->Seed()) == std::string::npos);
      CHECK(content.find(base::ToHex(secret->Seed())) == std::string::npos);
      CHECK(content.find(secret->ToPem().substr(30, 40)) == std::string::npos);
    }
  }
  CHECK(names == std::set<std::string>{"keys", "relay.key", "site_admin"});

  // The search finds what is there: the key by which tickets are verified.
  CHECK(InMemory(relay.pid(), honest.ticket_key().Public().Raw()));
  for (const base::PrivateKey* secret : {&admin, &honest.ticket_key()}) {
    CHECK_FALSE(InMemory(relay.pid(), secret->Seed()));
    CHECK_FALSE(InMemory(relay.pid(), base::ToHex(secret->Seed())));
  }

  // What is there signs nothing that a relay believes.
  CHECK(honest.ReasonWithTicketOf(NewKey()) == "TICKET_KEY_UNKNOWN");
  CHECK(honest.ReasonWithTicketOf(admin) == "TICKET_KEY_UNKNOWN");
}

}  // namespace
}  // namespace crossdock::relay
