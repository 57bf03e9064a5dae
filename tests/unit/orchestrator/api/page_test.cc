#include "orchestrator/api/page.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::orchestrator::api {
namespace {

using Texts = std::vector<std::string>;

TEST_CASE("a page has the usual size when nobody says one, and never more than the most") {
  CHECK(*PageSize(0) == kPageSizeUsual);
  CHECK(*PageSize(7) == 7);
  CHECK(*PageSize(1'000'000) == kPageSizeMax);
  CHECK(absl::IsInvalidArgument(PageSize(-1).status()));
}

TEST_CASE("a page token gives back the position, whatever bytes are in it") {
  const Texts position{"2026-11-20T10:00:00Z", std::string("line\nand\0nul", 12)};
  const auto parsed = ParsePageToken(FormatPageToken(position, "filter"), 2, "filter");
  REQUIRE(parsed.ok());
  CHECK(*parsed == position);
  CHECK(ParsePageToken("", 2, "filter")->empty());
}

TEST_CASE("a page token of another question, cut, or made up is refused") {
  const std::string token = FormatPageToken({"a", "b"}, "filter");
  for (const auto& [text, parts, filter] :
       {std::tuple{token, 2, "another filter"}, std::tuple{token, 3, "filter"},
        std::tuple{token.substr(0, token.size() - 4), 2, "filter"},
        std::tuple{std::string("not base 64!"), 2, "filter"}, std::tuple{std::string(10'000, 'A'), 2, "filter"}}) {
    INFO(text << " " << parts << " " << filter);
    CHECK(base::ReasonOf(ParsePageToken(text, static_cast<size_t>(parts), filter).status()) == "PAGE_TOKEN_INVALID");
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::api
