#include "lib/https/https.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::https {
namespace {

TEST_CASE("nothing is read but over HTTPS") {
  for (const char* url : {"http://127.0.0.1:1/", "file:///etc/passwd", "ftp://127.0.0.1/"}) {
    INFO(url);
    CHECK(base::ReasonOf(Get(url, "").status()) == "HTTPS_FAILED");
    CHECK(base::ReasonOf(Post(url, {}, "").status()) == "HTTPS_FAILED");
  }
}

TEST_CASE("a form keeps every byte of its values") {
  CHECK(EncodeForm({}) == "");
  CHECK(EncodeForm({{"a", "b"}, {"c d", "e&f=g/+%"}, {"ø", ""}}) == "a=b&c%20d=e%26f%3Dg%2F%2B%25&%C3%B8=");
}

}  // namespace
}  // namespace crossdock::https
