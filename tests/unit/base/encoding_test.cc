#include "lib/base/encoding.h"

#include "catch2/catch.hpp"
#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::base {
namespace {

TEST_CASE("every value has one hex and one base 64 spelling") {
  CHECK(*FromHex("00ff10") == std::string("\0\xff\x10", 3));
  CHECK_FALSE(FromHex("00FF").ok());
  CHECK_FALSE(FromHex("0").ok());
  for (const std::string value : {"", "a", "ab", "abc", "abcd"}) CHECK(*FromBase64(ToBase64(value)) == value);
  CHECK_FALSE(FromBase64("YR==").ok());  // trailing bits
  CHECK_FALSE(FromBase64("YQ==\n").ok());
  CHECK_FALSE(FromBase64("YQ=").ok());
}

TEST_CASE("a digest in pieces is the digest of the whole") {
  Sha256Stream stream;
  stream.Update("ab");
  stream.Update("c");
  CHECK(ToHex(stream.Finish()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(stream.Finish() == Sha256(""));
}

TEST_CASE("a hostile name cannot break a line and comes back unchanged") {
  const std::string name("a\n\x1b[31m%\xff\0z", 11);
  const std::string escaped = PercentEscape(name);
  CHECK(escaped == "a%0A%1B[31m%25%FF%00z");
  std::string back;
  REQUIRE(PercentUnescape(escaped, &back));
  CHECK(back == name);
  CHECK_FALSE(PercentUnescape("%4", &back));
  CHECK_FALSE(PercentUnescape("%zz", &back));
}

TEST_CASE("an error keeps its reason when it is annotated") {
  const absl::Status status = WithReason(NotFound("no site 'van'"), "SITE_UNKNOWN");
  CHECK(ReasonOf(Annotate(status, "trigger t1")) == "SITE_UNKNOWN");
  CHECK(Annotate(status, "trigger t1").message() == "trigger t1: no site 'van'");
  CHECK(ReasonOf(absl::OkStatus()).empty());
}

TEST_CASE("times are read with any offset and written in UTC") {
  const absl::StatusOr<Instant> instant = ParseInstant("2026-11-20T12:23:16.60424+02:00");
  REQUIRE(instant.ok());
  CHECK(FormatInstant(*instant) == "2026-11-20T10:23:16.604240Z");
  CHECK(FormatSeconds(*instant) == "2026-11-20T10:23:16Z");
  CHECK_FALSE(ParseInstant("2026-11-20").ok());
}

}  // namespace
}  // namespace crossdock::base
