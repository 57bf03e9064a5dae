// Words of a policy in English sentences. Pure; for render, diff and findings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

// "a", "a or b", "a, b or c" with `last` for "or".
std::string Series(const std::vector<std::string>& words, std::string_view last);

// A word of the file in a sentence: quoted where it could be taken for part of it.
std::string Word(const std::string& word);
std::vector<std::string> Words(const std::vector<std::string>& words);

// The limit of an at_most or at_least as people write it: 5TiB, confidential.
std::string LimitOf(const Clause& clause);

}  // namespace crossdock::policy
