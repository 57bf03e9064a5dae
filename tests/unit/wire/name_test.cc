#include "lib/wire/name.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::wire {
namespace {

TEST_CASE("names that artists use may cross", "[wire][name]") {
  for (const std::string_view name : {"nl_sh010_comp_v003.1001.exr", "Grün – final (2).mov", "日本語.tif", "-rf", "a b",
                                      "...", ".hidden", "%2e%2e", "\xf0\x9f\x8e\xac.mov"}) {
    INFO(name);
    CHECK_FALSE(CheckName(name).has_value());
  }
  CHECK_FALSE(CheckName(std::string(255, 'x')).has_value());
}

TEST_CASE("each hostile name is refused with its own reason", "[wire][name]") {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, Reason> cases[] = {
      {"", Reason::kNameEmpty},
      {".", Reason::kNameReserved},
      {"..", Reason::kNameReserved},
      {"a/b", Reason::kNameSlash},
      {"a\0b"sv, Reason::kNameControl},
      {"a\nb", Reason::kNameControl},
      {"a\x1b[2Jb", Reason::kNameControl},
      {"a\x7f", Reason::kNameControl},
      {"a\xc2\x85", Reason::kNameControl},      // C1: next line
      {"a\xe2\x80\xa8", Reason::kNameControl},  // line separator
      {"a\xff", Reason::kNameInvalidUtf8},
      {"\xc0\xaf", Reason::kNameInvalidUtf8},            // overlong slash
      {"\xe0\x80\xaf", Reason::kNameInvalidUtf8},        // overlong slash, three bytes
      {"\xed\xa0\x80", Reason::kNameInvalidUtf8},        // surrogate
      {"\xf4\x90\x80\x80", Reason::kNameInvalidUtf8},    // above U+10FFFF
      {"a\xe2\x80", Reason::kNameInvalidUtf8},           // cut short
      {"a\xe2\x80\x8b", Reason::kNameInvisible},         // zero-width space
      {"a\xe2\x80\xaegpj.exe", Reason::kNameInvisible},  // right-to-left override
      {"a\xe2\x81\xa6", Reason::kNameInvisible},         // isolate
      {"\xef\xbb\xbf", Reason::kNameInvisible},          // byte order mark
      {"a\xf3\xa0\x81\x81", Reason::kNameInvisible},     // tag
  };
  for (const auto& [name, reason] : cases) {
    INFO(base::PercentEscape(name));
    CHECK(CheckName(name) == reason);
  }
  CHECK(CheckName(std::string(256, 'x')) == Reason::kNameTooLong);
}

TEST_CASE("a path is as good as each of its names", "[wire][name]") {
  CHECK_FALSE(CheckPath("plates/sh010/a.1001.exr").has_value());
  CHECK(CheckPath("") == Reason::kNameEmpty);
  CHECK(CheckPath("/etc/passwd") == Reason::kNameEmpty);
  CHECK(CheckPath("a/") == Reason::kNameEmpty);
  CHECK(CheckPath("a//b") == Reason::kNameEmpty);
  CHECK(CheckPath("a/../b") == Reason::kNameReserved);
  CHECK(CheckPath("a/./b") == Reason::kNameReserved);
  std::string deep = "d";
  for (size_t i = 1; i < kPathDepthMax; ++i) deep += "/d";
  CHECK_FALSE(CheckPath(deep).has_value());
  CHECK(CheckPath(deep + "/d") == Reason::kNameTooLong);
  const absl::Status status = RequirePath("a/\x1b]0;x");
  CHECK(base::ReasonOf(status) == "NAME_CONTROL");
  CHECK(status.message().find('\x1b') == absl::string_view::npos);
}

TEST_CASE("a link stays inside its package, or it does not cross", "[wire][name]") {
  CHECK(LinkStaysInside("cur", "v003"));
  CHECK(LinkStaysInside("a/b/cur", "../../c"));
  CHECK(LinkStaysInside("a/cur", "./../c"));
  CHECK_FALSE(LinkStaysInside("a/cur", "../../c"));
  CHECK_FALSE(LinkStaysInside("cur", ".."));
  CHECK_FALSE(LinkStaysInside("cur", "/etc/passwd"));
  CHECK_FALSE(LinkStaysInside("cur", ""));
  CHECK_FALSE(LinkStaysInside("cur", "b/../../a"));
  CHECK_FALSE(LinkStaysInside("cur", "a\nb"));
}

TEST_CASE("a link may not climb from where another link may have led", "[wire][name]") {
  // With `d/up` a link to `..`, `d/up/..` is the directory above the package.
  CHECK(LinkStaysInside("d/up", ".."));
  CHECK_FALSE(LinkStaysInside("esc", "d/up/../x"));
  CHECK_FALSE(LinkStaysInside("a/cur", "./b/../c"));
  CHECK_FALSE(LinkStaysInside("a/cur", "../b/.."));
}

TEST_CASE("every reason has one name, and its name leads back to it", "[wire][reason]") {
  for (int i = 0; i <= static_cast<int>(Reason::kCancelled); ++i) {
    const auto reason = static_cast<Reason>(i);
    CHECK(ParseReason(Name(reason)) == reason);
    CHECK(base::ReasonOf(Fail(reason, "x")) == Name(reason));
  }
  CHECK_FALSE(ParseReason("NO_SUCH_REASON").has_value());
  CHECK(RetryOf("NO_SUCH_REASON") == RetryClass::kBackoff);
  CHECK(RetryOf("DESTINATION_EXISTS") == RetryClass::kNeedsPerson);
}

}  // namespace
}  // namespace crossdock::wire
