#include "lib/base/key_file.h"

#include <sys/stat.h>

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
