#include "lib/yaml/parse.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::yaml {
namespace {

std::string Complaint(std::string_view text) {
  const auto map = Parse(text, "f.yaml");
  return map.ok() ? "" : std::string(map.status().message());
}

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

TEST_CASE("the tree keeps order, quotes and places") {
  auto map = Parse("b: 1\na: {x: 'two', y: [3, \"4\"]}\n", "f.yaml");
  REQUIRE(map.ok());
  const Node& root = map->node();
  REQUIRE(root.entries.size() == 2);
  CHECK(root.entries[0].key == "b");
  CHECK_FALSE(root.entries[0].value.quoted);
  const Node& a = root.entries[1].value;
  CHECK((a.line == 2 && a.column == 4));
  CHECK(a.Find("x")->scalar == "two");
  CHECK(a.Find("x")->quoted);
  CHECK((a.Find("y")->items[1].line == 2 && a.Find("y")->items[1].column == 22));
  CHECK(map->node().Find("nothing") == nullptr);
}

TEST_CASE("T-15: whatever could be read in two ways is refused, at its place") {
  struct Case {
    std::string text, start, says;
  };
  const Case cases[] = {
      {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: ", "'a' stands twice"},
      {"a: {x: 1, 'x': 2}", "f.yaml:1:11: ", "'x' stands twice"},
      {"a: &name 1\n", "f.yaml:1:4: ", "anchor"},
      {"a: &name {b: 1}\n", "f.yaml:1:4: ", "anchor"},
      {"a: *name\n", "f.yaml:1:4: ", "not YAML"},
      {"a: !!int 1\n", "f.yaml:1:4: ", "tag"},
      {"a: ! 1\n", "f.yaml:1:4: ", "tag"},
      {"a: !x [1]\n", "f.yaml:1:4: ", "tag"},
      {"!x a: 1\n", "f.yaml:1:1: ", "tag"},
      {"a: 1\n---\nb: 1\n", "f.yaml:2:1: ", "second document"},
      {"%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: ", "directive"},
      {"a: 1\n\tb: 2\n", "f.yaml:2:1: ", "tab"},
      {"a: \"x\\ty\"\n", "f.yaml:1:4: ", "escaped in this text: a tab"},
      {"a: 1\r\n", "f.yaml:1:5: ", "carriage return"},
      {"\xEF\xBB\xBF"
       "a: 1\n",
       "f.yaml:1:1: ", "byte-order mark"},
      {std::string("a: \0\n", 5), "f.yaml:1:4: ", "control character U+0000"},
      {"a: \x7F\n", "f.yaml:1:4: ", "control character U+007F"},
      {"a: \xC2\x85\n", "f.yaml:1:4: ", "control character U+0085"},
      {"ok: 1\na: \xE2\x80\xAE\n", "f.yaml:2:4: ", "U+202E changes the direction"},
      {"a: \"\\u202E\"\n", "f.yaml:1:4: ", "U+202E"},
      {"a: x\xE2\x80\x8By\n", "f.yaml:1:5: ", "invisible character U+200B"},
      {"a: \xC0\xAF\n", "f.yaml:1:4: ", "not UTF-8"},
      {"a: \xED\xA0\x80\n", "f.yaml:1:4: ", "not UTF-8"},
      {"a: \xE2\x80", "f.yaml:1:4: ", "not UTF-8"},
      {"a: 007\n", "f.yaml:1:4: ", "octal"},
      {"a: [-07]\n", "f.yaml:1:5: ", "octal"},
      {"a: 0o17\n", "f.yaml:1:4: ", "octal"},
      {"1: a\n", "f.yaml:1:1: ", "not text"},
      {"true: a\n", "f.yaml:1:1: ", "not text"},
      {"~: a\n", "f.yaml:1:1: ", "empty or null"},
      {"[a]: b\n", "f.yaml:1:1: ", "list or map as a key"},
      {"{a: b}: c\n", "f.yaml:1:1: ", "list or map as a key"},
      {"a: {<<: 1}\n", "f.yaml:1:5: ", "merge key"},
      {"a:\nb: 1\n", "f.yaml:1:1: ", "'a' has no value"},
      {"a: null\n", "f.yaml:1:1: ", "'a' has no value"},
      {"a: [1, ~]\n", "f.yaml:1:8: ", "empty value or null"},
      {"", "f.yaml:1:1: ", "nothing in it"},
      {"# only a comment\n", "f.yaml:1:1: ", "nothing in it"},
      {"- a\n", "f.yaml:1:1: ", "a list where a map"},
      {"just text\n", "f.yaml:1:1: ", "text where a map"},
      {"a: [b\n", "f.yaml:", "not YAML"},
      {"a: 'x\n", "f.yaml:", "not YAML"},
      {"a: \"x\\\n", "f.yaml:", "not YAML"},
  };
  for (const Case& c : cases) {
    const std::string complaint = Complaint(c.text);
    INFO(c.text << " -> " << complaint);
    CHECK(StartsWith(complaint, c.start));
    CHECK(complaint.find(c.says) != std::string::npos);
    CHECK(complaint.find(';') != std::string::npos);
  }
}

TEST_CASE("what only looks suspicious is taken") {
  for (const std::string text : {"a: '007'\n", "a: 0\n", "a: 0.5\n", "---\na: 1\n", "a: \"*x &y !z\"\n",
                                 "a: 2026-01-01\n", "'1': a\n", "a: caf\xC3\xA9\n", "a: |\n  two\n  lines\n"}) {
    INFO(text << Complaint(text));
    CHECK(Parse(text, "f").ok());
  }
}

TEST_CASE("size and depth are bounded") {
  CHECK(Parse("a: '" + std::string(kTextMax - 5, 'x') + "'", "f").ok());
  CHECK(Complaint("a: '" + std::string(kTextMax - 4, 'x') + "'").find("larger than 256 KiB") != std::string::npos);
  const auto nested = [](int lists) { return "a: " + std::string(lists, '[') + std::string(lists, ']') + "\n"; };
  CHECK(Parse(nested(kDepthMax - 1), "f").ok());
  CHECK(Complaint(nested(kDepthMax)).find("nested deeper") != std::string::npos);
  CHECK(Complaint(nested(100'000)).find("nested deeper") != std::string::npos);
  std::string compact;
  for (int i = 0; i < 50'000; ++i) compact += "- ";
  CHECK(Complaint(compact).find("nested deeper") != std::string::npos);
}

TEST_CASE("a complaint says that it is about the text") {
  CHECK(base::ReasonOf(Parse("a: 1\na: 2", "f").status()) == "YAML_INVALID");
  CHECK(Parse("", "f").status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace crossdock::yaml
