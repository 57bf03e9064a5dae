#include "lib/yaml/map.h"

#include "catch2/catch.hpp"
#include "lib/yaml/parse.h"
#include "lib/yaml/quantity.h"

namespace crossdock::yaml {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

Map Read(std::string_view text) {
  auto map = Parse(text, "f.yaml");
  INFO(map.status().ToString());
  REQUIRE(map.ok());
  return *std::move(map);
}

template <typename T>
std::string Why(const absl::StatusOr<T>& value) {
  return std::string(value.status().message());
}

TEST_CASE("a program reads its settings, typed") {
  Map map = Read(
      "listen: 0.0.0.0:7000\nstreams: 16\nencrypted: true\nlease: 30s\nbudget: 5TiB\ncap: 2Gbit/s\n"
      "sites: [lon, van]\nvolume: {name: proj}\nlinks: [{to: van}, {to: lon}]\n");
  CHECK(*map.String("listen") == "0.0.0.0:7000");
  CHECK(*map.Int("streams", 1, 64) == 16);
  CHECK(*map.Bool("encrypted"));
  CHECK(*map.Duration("lease") == seconds(30));
  CHECK(*map.ByteSize("budget") == 5LL << 40);
  CHECK(*map.BitRate("cap") == 2'000'000'000);
  CHECK(*map.StringList("sites") == std::vector<std::string>{"lon", "van"});
  Map volume = *map.SubMap("volume");
  CHECK(*volume.String("name") == "proj");
  CHECK(volume.Finish().ok());
  CHECK((*map.SubMaps("links")).size() == 2);
  CHECK(map.Finish().ok());
}

TEST_CASE("what is absent takes its fallback, or is named as missing") {
  Map map = Read("sub:\n  x: 1\n");
  CHECK(*map.StringOr("a", "z") == "z");
  CHECK(*map.IntOr("a", 3, 1, 5) == 3);
  CHECK(*map.BoolOr("a", true));
  CHECK(*map.DurationOr("a", hours(1)) == hours(1));
  CHECK(*map.ByteSizeOr("a", 7) == 7);
  CHECK(*map.BitRateOr("a", 8) == 8);
  CHECK(map.StringListOrEmpty("a")->empty());
  CHECK(map.SubMapsOrEmpty("a")->empty());
  CHECK_FALSE(map.OptionalSubMap("a")->has_value());
  CHECK(Why(map.SubMap("sub")->String("y")) == "f.yaml:2:3: 'y' is missing; add it");
}

TEST_CASE("a wrong value is refused where it stands, present or not required") {
  Map map = Read("n: '5'\nbig: 70\nb: yes\nt: [x]\nd: 30\ns: 1.5TiB\nl: [a, a]\nempty: ''\nm: {a: 1}\n");
  CHECK(Why(map.Int("n", 1, 9)) == "f.yaml:1:4: 'n' is text; write 5 without quotes");
  CHECK(Why(map.IntOr("big", 1, 1, 64)) == "f.yaml:2:6: 'big' is 70; write a number from 1 to 64");
  CHECK(Why(map.BoolOr("b", true)) == "f.yaml:3:4: 'b' is 'yes'; write true or false, without quotes");
  CHECK(Why(map.StringOr("t", "")) == "f.yaml:4:4: 't' is a list; write text");
  CHECK(Why(map.DurationOr("d", hours(1))).find("f.yaml:5:4: 'd': '30' is not a duration; write") == 0);
  CHECK(Why(map.ByteSize("s")).find("f.yaml:6:4: 's': '1.5TiB' is not a size") == 0);
  CHECK(Why(map.StringList("l")) == "f.yaml:7:8: 'a' stands twice in 'l'; keep one");
  CHECK(Why(map.String("empty")).find("f.yaml:8:8: 'empty' is empty") == 0);
  CHECK(Why(map.SubMaps("m")) == "f.yaml:9:4: 'm' is a map; write a list of maps");
  CHECK(Why(map.OneOf("b", {"a", "c"})) == "f.yaml:3:4: 'yes' is not possible for 'b'; write one of 'a', 'c'");
  CHECK(map.Error("b", "no").message() == "f.yaml:3:4: no");
}

TEST_CASE("a key that nobody reads is refused, with the nearest that somebody does") {
  Map map = Read("listen: a\nstraems: 4\n");
  CHECK(map.String("listen").ok());
  CHECK(map.IntOr("streams", 1, 1, 9).ok());
  CHECK(map.Finish().message() == "f.yaml:2:1: unknown key 'straems'; write 'streams'?");
  Map far = Read("zzzzzzz: a\n");
  CHECK(far.StringOr("listen", "").ok());
  CHECK(far.Finish().message() == "f.yaml:1:1: unknown key 'zzzzzzz'; known here: 'listen'");
}

TEST_CASE("durations have bounds") {
  Map map = Read("d: 5s\n");
  CHECK(Why(map.Duration("d", seconds(10), hours(2))) == "f.yaml:1:4: 'd' is 5s; write a duration from 10s to 2h");
}

TEST_CASE("quantities have one reading and print as they are read") {
  for (const std::string text : {"500ms", "30s", "73h", "90d", "1m"})
    CHECK(FormatDuration(*ParseDuration(text)) == text);
  for (const std::string text : {"512B", "5TiB", "0B", "1PiB"}) CHECK(FormatByteSize(*ParseByteSize(text)) == text);
  CHECK(*ParseByteSize("2GB") == 2'000'000'000);
  for (const std::string text :
       {"", "s", "1", "-1s", "1 s", "01s", "1S", "1h30m", "99999999999999999999s", "9999999999999d"}) {
    INFO(text);
    CHECK_FALSE(ParseDuration(text).ok());
  }
  for (const std::string text : {"5", "5tb", "5KB", "16384PiB"}) CHECK_FALSE(ParseByteSize(text).ok());
  CHECK(*ParseInteger("-9223372036854775808") == INT64_MIN);
  for (const std::string text : {"", "-", "+1", "1_000", "0x1", "01", "-01", "1.0", "9223372036854775808"}) {
    INFO(text);
    CHECK_FALSE(ParseInteger(text).ok());
  }
}

}  // namespace
}  // namespace crossdock::yaml
