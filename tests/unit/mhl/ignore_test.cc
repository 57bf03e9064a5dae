#include "lib/mhl/ignore.h"

#include "catch2/catch.hpp"

namespace crossdock::mhl {
namespace {

bool Ignored(const std::vector<std::string>& patterns, const char* path, bool directory = false) {
  return IgnoreRules(patterns).Ignores(path, directory);
}

TEST_CASE("patterns mean what they mean in a .gitignore", "[mhl]") {
  CHECK(Ignored({"*.tmp"}, "a/b.tmp"));
  CHECK_FALSE(Ignored({"*.tmp"}, "a/b.tmp.exr"));
  CHECK(Ignored({"cache"}, "a/cache/b"));
  CHECK(Ignored({"cache/"}, "a/cache/b"));
  CHECK_FALSE(Ignored({"cache/"}, "a/cache"));
  CHECK(Ignored({"cache/"}, "a/cache", true));
  CHECK(Ignored({"/a"}, "a"));
  CHECK_FALSE(Ignored({"/a"}, "b/a"));
  CHECK(Ignored({"a/b"}, "a/b/c"));
  CHECK_FALSE(Ignored({"a/b"}, "x/a/b"));
  CHECK(Ignored({"**/b"}, "b"));
  CHECK(Ignored({"**/b"}, "x/y/b"));
  CHECK(Ignored({"a/**"}, "a/x/y"));
  CHECK(Ignored({"a/**/b"}, "a/b"));
  CHECK(Ignored({"a/**/b"}, "a/x/y/b"));
  CHECK(Ignored({"a?c"}, "abc"));
  CHECK_FALSE(Ignored({"a?c"}, "a/c"));
  CHECK(Ignored({"[a-c]1"}, "b1"));
  CHECK_FALSE(Ignored({"[!a-c]1"}, "b1"));
  CHECK(Ignored({"\\#a"}, "#a"));
  CHECK_FALSE(Ignored({"#a"}, "#a"));
  CHECK_FALSE(Ignored({"*.exr", "!keep.exr"}, "keep.exr"));
  CHECK(Ignored({"a/", "!a/b"}, "a/b"));  // nothing in an ignored directory comes back
}

TEST_CASE("no pattern takes long", "[mhl]") {
  std::string pattern, path(4000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(Ignored({pattern + "b"}, path.c_str()));
  CHECK_FALSE(Ignored({"**" + pattern + "**b"}, path.c_str()));
}

}  // namespace
}  // namespace crossdock::mhl
