#include "lib/mhl/ignore.h"

#include <algorithm>
#include <utility>

namespace crossdock::mhl {
namespace {

// Whether `c` is in the class that starts after '[' at `pattern[*at]`; moves *at behind its ']'. A class without an end
// is a plain '['.
bool InClass(std::string_view pattern, size_t* at, char c) {
  size_t i = *at;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    const char low = pattern[i++];
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    found = found || (low <= c && c <= high);
  }
  if (i >= pattern.size()) return c == '[';
  *at = i + 1;
  return found != negated && c != '/';
}

// One step of the pattern against one character; moves *at on when it matches.
bool MatchesOne(std::string_view pattern, size_t* at, char c) {
  size_t next = *at + 1;
  bool matches = false;
  if (pattern[*at] == '?') {
    matches = c != '/';
  } else if (pattern[*at] == '[') {
    matches = InClass(pattern, &next, c);
  } else if (pattern[*at] == '\\' && next < pattern.size()) {
    matches = pattern[next++] == c;
  } else {
    matches = pattern[*at] == c;
  }
  if (matches) *at = next;
  return matches;
}

// Keeps the last `*` and the last `**` to come back to, so that no pattern takes exponential time.
bool Matches(std::string_view pattern, std::string_view path) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0, t = 0, star = kNone, star_at = 0, deep = kNone, deep_at = 0;
  while (t < path.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      const bool two = p + 1 < pattern.size() && pattern[p + 1] == '*';
      if (two) {
        p += 2;
        // `**/` stands for no directory as well.
        if (p < pattern.size() && pattern[p] == '/' && (t == 0 || path[t - 1] == '/')) ++p;
        deep = p;
        deep_at = t;
        star = kNone;
      } else {
        star = ++p;
        star_at = t;
      }
      continue;
    }
    if (p < pattern.size() && t < path.size() && MatchesOne(pattern, &p, path[t])) {
      ++t;
    } else if (star != kNone && star_at < path.size() && path[star_at] != '/') {
      p = star;
      t = ++star_at;
    } else if (deep != kNone && deep_at < path.size()) {
      p = deep;
      t = ++deep_at;
      star = kNone;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

const std::vector<std::string>& DefaultIgnorePatterns() {
  static const auto* const patterns = new std::vector<std::string>{".DS_Store", "ascmhl", "ascmhl/"};
  return *patterns;
}

void AddPatterns(std::vector<std::string>* list, const std::vector<std::string>& more) {
  for (const std::string& pattern : more) {
    if (std::find(list->begin(), list->end(), pattern) == list->end()) list->push_back(pattern);
  }
}

IgnoreRules::IgnoreRules(const std::vector<std::string>& patterns) {
  for (std::string_view pattern : patterns) {
    while (pattern.ends_with(' ') && !pattern.ends_with("\\ ")) pattern.remove_suffix(1);
    if (pattern.empty() || pattern.starts_with('#')) continue;
    Rule rule;
    rule.negated = pattern.starts_with('!');
    if (rule.negated) pattern.remove_prefix(1);
    rule.directories = pattern.ends_with('/');
    if (rule.directories) pattern.remove_suffix(1);
    rule.anchored = pattern.find('/') != std::string_view::npos;
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    if (pattern.empty()) continue;
    rule.pattern = pattern;
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::IgnoresAlone(std::string_view path, bool directory) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directories && !directory) continue;
    const std::string_view subject = rule->anchored ? path : path.substr(path.rfind('/') + 1);
    if (Matches(rule->pattern, subject)) return !rule->negated;
  }
  return false;
}

bool IgnoreRules::Ignores(std::string_view path, bool directory) const {
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (IgnoresAlone(path.substr(0, slash), true)) return true;
  }
  return IgnoresAlone(path, directory);
}

}  // namespace crossdock::mhl
