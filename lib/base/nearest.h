// The word that somebody probably meant, for complaints about a word that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossdock::base {

// The one of `words` that differs from `word` in the fewest letters, the first of several; "" when none is close: at
// most two letters, or a third of a longer word, and never all of them. Pure.
std::string Nearest(std::string_view word, const std::vector<std::string>& words);

}  // namespace crossdock::base
