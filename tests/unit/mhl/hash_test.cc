#include "lib/mhl/hash.h"

#include "catch2/catch.hpp"
#include "lib/mhl/directory_hash.h"

namespace crossdock::mhl {
namespace {

std::string Text(HashFormat format, std::string_view bytes) { return EncodeHash(format, HashOf(format, bytes)); }

struct Vector {
  const char* bytes;
  const char* c4;
  const char* xxh64;
  const char* xxh3;
  const char* xxh128;
};
constexpr Vector kVectors[] = {
    {"", "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT",
     "ef46db3751d8e999", "2d06800538d394c2", "99aa06d3014798d86001c324468d497f"},
    {"foo", "c45xZeXwMSpqXjpDumcHMA6mhoAmGHkUo7r9WmN2UgSEQzj9KjgseaQdkEJ11fGb5S1WEENcV3q8RFWwEeVpC7Fjk2",
     "33bf00a859c4ba3f", "ab6e5f64077e7d8a", "79aef92e83454121ab6e5f64077e7d8a"},
    {"hello world", "c41yP4cqy7jmaRDzC2bmcGNZkuQb3VdftMk6YH7ynQ2Qw4zktKsyA9fk52xghNQNAdkpF9iFmFkKh2bNVG4kDWhsok",
     "45ab6734b21e6968", "d447b1ea40e6988b", "df8d09e93f874900a99b8775cc15b6c7"},
};

TEST_CASE("hashes are what the reference tool computes", "[mhl]") {
  for (const Vector& vector : kVectors) {
    INFO("of '" << vector.bytes << "'");
    CHECK(Text(HashFormat::kC4, vector.bytes) == vector.c4);
    CHECK(Text(HashFormat::kXxh64, vector.bytes) == vector.xxh64);
    CHECK(Text(HashFormat::kXxh3, vector.bytes) == vector.xxh3);
    CHECK(Text(HashFormat::kXxh128, vector.bytes) == vector.xxh128);
  }
  CHECK(Text(HashFormat::kMd5, "") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(Text(HashFormat::kSha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST_CASE("a hash is the same however its bytes come", "[mhl]") {
  for (const HashFormat format : kHashFormats) {
    Hasher hasher(format);
    for (const char* piece : {"hel", "", "lo wor", "ld"}) hasher.Update(piece);
    CHECK(hasher.Finish() == HashOf(format, "hello world"));
    hasher.Update("foo");
    CHECK(hasher.Finish() == HashOf(format, "foo"));
  }
}

TEST_CASE("the text of a hash reads back", "[mhl]") {
  for (const HashFormat format : kHashFormats) {
    const std::string raw = HashOf(format, "foo");
    const auto back = DecodeHash(format, EncodeHash(format, raw));
    REQUIRE(back.ok());
    CHECK(*back == raw);
    CHECK(ParseHashFormat(Name(format)) == format);
  }
}

TEST_CASE("a C4 id with leading zeros keeps its length", "[mhl]") {
  std::string raw(64, '\0');
  raw.back() = 1;
  const std::string text = EncodeHash(HashFormat::kC4, raw);
  CHECK(text == "c4" + std::string(87, '1') + "2");
  CHECK(*DecodeHash(HashFormat::kC4, text) == raw);
}

TEST_CASE("text that is no hash of its format is refused", "[mhl]") {
  CHECK_FALSE(DecodeHash(HashFormat::kXxh128, "99aa06d3014798d86001c324468d49").ok());
  CHECK_FALSE(DecodeHash(HashFormat::kXxh128, "99aa06d3014798d86001c324468d497g").ok());
  CHECK_FALSE(DecodeHash(HashFormat::kC4, "c4" + std::string(87, '1')).ok());
  CHECK_FALSE(DecodeHash(HashFormat::kC4, "c4" + std::string(88, '0')).ok());  // no such digit
  CHECK_FALSE(DecodeHash(HashFormat::kC4, "c4" + std::string(88, 'z')).ok());  // above 2^512
}

// The recipe, once more and by hand: a/x, a/empty/, y.
TEST_CASE("a directory's hashes are made of its children's, in the order of their bytes", "[mhl]") {
  const auto h = [](std::string_view bytes) { return HashOf(HashFormat::kXxh64, bytes); };
  const auto list = [&](std::vector<std::string> raw) {
    std::sort(raw.begin(), raw.end());
    std::string all;
    for (const std::string& one : raw) all += one;
    return h(all);
  };
  const std::string x = h("ex"), y = h("why"), empty = h("");
  const std::string a_content = list({x, empty}), a_structure = list({h("x" + x), h("empty" + empty)});

  DirectoryHasher hasher({HashFormat::kXxh64});
  hasher.AddFile("y", {{HashFormat::kXxh64, y}});
  hasher.AddDirectory("a/empty");
  hasher.AddFile("a/x", {{HashFormat::kXxh64, x}});
  auto found = hasher.Finish();
  REQUIRE(found.size() == 3);
  CHECK(found["a/empty"][0].content == empty);
  CHECK(found["a/empty"][0].structure == empty);
  CHECK(found["a"][0].content == a_content);
  CHECK(found["a"][0].structure == a_structure);
  CHECK(found[""][0].content == list({y, a_content}));
  CHECK(found[""][0].structure == list({h("y" + y), h("a" + a_structure)}));
}

}  // namespace
}  // namespace crossdock::mhl
