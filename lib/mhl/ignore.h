// What a record leaves out, by patterns as in .gitignore.
//
// Pure; const access from several threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossdock::mhl {

// What every record leaves out.
const std::vector<std::string>& DefaultIgnorePatterns();

// `list` with those of `more` that are not in it: such a list only grows.
void AddPatterns(std::vector<std::string>* list, const std::vector<std::string>& more);

class IgnoreRules {
 public:
  // Later patterns win; one that starts with ! takes back. Lines that are empty or start with # are none.
  explicit IgnoreRules(const std::vector<std::string>& patterns);
  // `path` is relative to the folder of the record. What stands in an ignored directory is ignored.
  bool Ignores(std::string_view path, bool directory) const;

 private:
  struct Rule {
    std::string pattern;  // without what the flags say
    bool negated = false;
    bool directories = false;
    bool anchored = false;
  };
  bool IgnoresAlone(std::string_view path, bool directory) const;

  std::vector<Rule> rules_;
};

}  // namespace crossdock::mhl
