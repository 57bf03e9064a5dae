#include "lib/base/key_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "lib/base/p256_key.h"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "tests/support/temp_tree.h"

namespace crossdock::base {
namespace {

TEST_CASE("a private key that others may read is not used, and none is overwritten") {
  SystemRandom random;
  const test::TempTree tree;
  const PrivateKey key = PrivateKey::Generate(random);
  REQUIRE(WriteNewKeyFile(tree.at("key"), key.ToPem()).ok());
  CHECK(ReadSigningKey(tree.at("key"))->Public() == key.Public());
  CHECK(WriteNewKeyFile(tree.at("key"), key.ToPem()).code() == absl::StatusCode::kAlreadyExists);
  for (const mode_t mode : {0640u, 0604u, 0620u}) {
    ::chmod(tree.at("key").c_str(), mode);
    CHECK(ReasonOf(ReadSigningKey(tree.at("key")).status()) == "KEY_FILE_OPEN");
  }
  ::chmod(tree.at("key").c_str(), 0400);
  CHECK(ReadSigningKey(tree.at("key")).ok());
  CHECK_FALSE(ReadP256Key(tree.at("key")).ok());
  CHECK(ReadKeyFile(tree.at("none")).status().code() == absl::StatusCode::kNotFound);
  CHECK(ReasonOf(ReadKeyFile(tree.root()).status()) == "KEY_FILE_OPEN");
}

std::vector<std::string> Names(const test::TempTree& tree) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(tree.root()))
    names.push_back(entry.path().filename().string());
  return names;
}

TEST_CASE("a new key stands alone in its directory, for its owner only, whatever the umask") {
  const test::TempTree tree;
  for (const mode_t umask_now : {0u, 0777u}) {
    const std::string name = base::StrCat("key-", umask_now);
    const mode_t before = ::umask(umask_now);
    const absl::Status written = WriteNewKeyFile(tree.at(name), "a key");
    ::umask(before);
    INFO(written);
    REQUIRE(written.ok());
    struct stat info {};
    REQUIRE(::stat(tree.at(name).c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    CHECK(tree.Read(name) == "a key");
  }
  CHECK(Names(tree).size() == 2);
}

TEST_CASE("a key that could not be written whole leaves nothing, and the next try makes it") {
  const test::TempTree tree;
  // The disk is full after four bytes, as it looks to a program.
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{4, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const absl::Status failed = WriteNewKeyFile(tree.at("key"), "a whole key");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, handler);
  CHECK_FALSE(failed.ok());
  CHECK(Names(tree).empty());
  CHECK(WriteNewKeyFile(tree.at("key"), "a whole key").ok());
  CHECK(tree.Read("key") == "a whole key");
}

TEST_CASE("what stands in a key's place is left as it is, a link that leads nowhere too") {
  const test::TempTree tree;
  tree.Write("key", "the first");
  std::filesystem::create_symlink(tree.at("elsewhere"), tree.at("link"));
  for (const char* const name : {"key", "link"})
    CHECK(WriteNewKeyFile(tree.at(name), "the second").code() == absl::StatusCode::kAlreadyExists);
  CHECK(tree.Read("key") == "the first");
  CHECK(Names(tree).size() == 2);
  CHECK(WriteNewKeyFile(tree.at("none/key"), "a key").code() == absl::StatusCode::kNotFound);
}

TEST_CASE(
    "of many who write the same key at once one does, and whoever reads it meanwhile sees it whole or not at all") {
  const test::TempTree tree;
  const std::string pem(8'000, 'k');
  std::atomic<int> written = 0;
  std::atomic<bool> over = false;
  bool torn = false;
  std::thread reader([&] {
    while (!over) {
      const auto text = ReadKeyFile(tree.at("key"));
      torn = torn || (text.ok() && text->size() != pem.size());
    }
  });
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i)
    writers.emplace_back([&] { written += WriteNewKeyFile(tree.at("key"), pem).ok() ? 1 : 0; });
  for (std::thread& writer : writers) writer.join();
  over = true;
  reader.join();
  CHECK(written == 1);
  CHECK_FALSE(torn);
  CHECK(Names(tree) == std::vector<std::string>{"key"});
}

TEST_CASE("a P-256 key keeps its digest over a file, and no other kind of key is taken for one") {
  const test::TempTree tree;
  const P256Key key = P256Key::Generate();
  REQUIRE(WriteNewKeyFile(tree.at("key"), key.ToPem()).ok());
  const auto read = ReadP256Key(tree.at("key"));
  REQUIRE(read.ok());
  CHECK(read->SpkiSha256() == key.SpkiSha256());
  CHECK(key.SpkiSha256() != P256Key::Generate().SpkiSha256());
  SystemRandom random;
  CHECK(ReasonOf(P256Key::FromPem(PrivateKey::Generate(random).ToPem()).status()) == "KEY_INVALID");
}

}  // namespace
}  // namespace crossdock::base
