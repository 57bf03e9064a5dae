#include "lib/base/nearest.h"

#include <algorithm>
#include <numeric>

namespace crossdock::base {
namespace {

constexpr size_t kWordMax = 64;  // bytes; longer words are not worth the quadratic comparison

// Levenshtein's distance: how many letters must change.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substitution = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& words) {
  if (word.size() > kWordMax) return "";
  std::string nearest;
  size_t distance_min = std::min(std::max<size_t>(2, word.size() / 3) + 1, word.size());
  for (const std::string& candidate : words) {
    if (const size_t distance = Distance(word, candidate); distance < distance_min) {
      nearest = candidate;
      distance_min = distance;
    }
  }
  return nearest;
}

}  // namespace crossdock::base
