#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "tests/unit/cli/desk.h"

namespace crossdock::cli {
namespace {

namespace fs = std::filesystem;

void Write(const std::string& path, const std::string& content) {
  fs::create_directories(fs::path(path).parent_path());
  REQUIRE(base::WriteFileAtomic(path, content).ok());
}

// A roll of two files on the desk.
std::string Roll(Desk& desk) {
  Write(desk.At("A002/exr/1001.exr"), "frame");
  Write(desk.At("A002/zero"), "");
  return desk.At("A002");
}

nlohmann::json ErrorOf(Desk& desk, std::vector<std::string> words) {
  words.push_back("--json");
  return nlohmann::json::parse(desk.Run(words).err, nullptr, false)["error"];
}

TEST_CASE("what mhl create has recorded mhl verify finds as it is", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  const Result created = desk.Run({"mhl", "create", roll, "--author", "Jo", "--author-email", "jo@b.co"});
  INFO(created.err);
  REQUIRE(created.code == 0);
  CHECK(created.out.find("2 files, 5 B: 2 original, 0 verified, 0 failed") != std::string::npos);
  CHECK(desk.Run({"mhl", "verify", roll}).code == 0);
  const auto verified = desk.Json({"mhl", "verify", roll});
  CHECK(verified["result"] == "verified");
  CHECK(verified["files"] == 2);
  CHECK(verified["generation"] == 1);
}

TEST_CASE("mhl verify names what is other than recorded, and answers no", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  REQUIRE(desk.Run({"mhl", "create", roll}).code == 0);
  Write(roll + "/exr/1001.exr", "fRame");
  Write(roll + "/new", "x");
  REQUIRE(::unlink((roll + "/zero").c_str()) == 0);
  const Result result = desk.Run({"mhl", "verify", roll});
  CHECK(result.code == 1);
  CHECK(result.out.find("exr/1001.exr: other content than recorded (xxh128 ") != std::string::npos);
  CHECK(result.out.find("new: not in the record [MHL_FILE_UNKNOWN]") != std::string::npos);
  CHECK(result.out.find("zero: missing [MHL_FILE_MISSING]") != std::string::npos);
  const auto document = desk.Json({"mhl", "verify", roll});
  CHECK(document["result"] == "failed");
  REQUIRE(document["problems"].size() == 3);
  CHECK(document["problems"][0]["reason"] == "MHL_HASH_MISMATCH");
  CHECK(document["problems"][0]["ascmhl_code"] == 11);
  CHECK(document["problems"][1]["ascmhl_code"] == 21);
  CHECK(document["problems"][2]["ascmhl_code"] == 10);
}

TEST_CASE("a record that was tampered with is refused with its reason", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  CHECK(desk.Run({"mhl", "verify", roll}).code == 3);
  CHECK(ErrorOf(desk, {"mhl", "verify", roll})["reason"] == "MHL_NO_HISTORY");
  REQUIRE(desk.Run({"mhl", "create", roll}).code == 0);
  for (const auto& file : fs::directory_iterator(roll + "/ascmhl")) {
    if (file.path().extension() != ".mhl") continue;
    Write(file.path(), *base::ReadFile(file.path()) + " ");
  }
  CHECK(desk.Run({"mhl", "verify", roll}).code == 6);
  CHECK(ErrorOf(desk, {"mhl", "verify", roll})["reason"] == "MHL_MANIFEST_ALTERED");
  REQUIRE(::unlink((roll + "/ascmhl/ascmhl_chain.xml").c_str()) == 0);
  CHECK(ErrorOf(desk, {"mhl", "info", roll})["reason"] == "MHL_NO_CHAIN");
}

TEST_CASE("mhl info shows the generations and who made them", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  REQUIRE(desk.Run({"mhl", "create", roll, "--format", "md5", "--hostname", "LON", "--location", "London"}).code == 0);
  REQUIRE(desk.Run({"mhl", "create", roll, "--process", "transfer"}).code == 0);
  const auto info = desk.Json({"mhl", "info", roll});
  const auto& generations = info["histories"][0]["generations"];
  REQUIRE(generations.size() == 2);
  CHECK(generations[0]["process"] == "in-place");
  CHECK(generations[0]["hostname"] == "LON");
  CHECK(generations[0]["location"] == "London");
  CHECK(generations[1]["process"] == "transfer");
  CHECK(generations[1]["number"] == 2);
  CHECK(desk.Run({"mhl", "info", roll}).out.find("0002_A002_") != std::string::npos);
}

TEST_CASE("a packing list that was sent ahead is held against what arrived", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  REQUIRE(desk.Run({"mhl", "create", roll, "--packing-list", desk.At("expected")}).code == 0);
  CHECK_FALSE(fs::exists(roll + "/ascmhl"));
  CHECK(fs::exists(desk.At("expected/ascmhl_collection.xml")));
  CHECK(desk.Run({"mhl", "verify", roll, "--packing-list", desk.At("expected")}).code == 0);
  Write(roll + "/exr/1001.exr", "fRame");
  CHECK(desk.Run({"mhl", "verify", roll, "--packing-list", desk.At("expected")}).code == 1);
}

TEST_CASE("links out of the tree are not followed, and told", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  Write(desk.At("outside"), "secret");
  REQUIRE(::symlink(desk.At("outside").c_str(), (roll + "/link").c_str()) == 0);
  const auto created = desk.Json({"mhl", "create", roll});
  CHECK(created["files"] == 2);
  CHECK(created["left_out"] == nlohmann::json::array({"link"}));
}

TEST_CASE("what mhl create cannot write it refuses before it writes", "[cli][mhl]") {
  Desk desk;
  const std::string roll = Roll(desk);
  CHECK(desk.Run({"mhl", "create", roll, "--author", "Jo", "--author-email", "jo"}).code == 6);
  CHECK(desk.Run({"mhl", "create", roll, "--format", "crc32"}).code == 6);
  CHECK(desk.Run({"mhl", "create", roll, "--process", "flatten"}).code == 6);
  CHECK(desk.Run({"mhl", "create", desk.At("nowhere")}).code == 3);
  CHECK_FALSE(fs::exists(roll + "/ascmhl"));
}

}  // namespace
}  // namespace crossdock::cli
