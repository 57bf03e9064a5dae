#include "lib/policy/english.h"

#include "lib/base/strings.h"
#include "lib/yaml/quantity.h"

namespace crossdock::policy {

std::string Series(const std::vector<std::string>& words, std::string_view last) {
  if (words.empty()) return "";
  if (words.size() == 1) return words[0];
  std::string text = words[0];
  for (size_t i = 1; i + 1 < words.size(); ++i) text += ", " + words[i];
  return base::StrCat(text, " ", last, " ", words.back());
}

std::string Word(const std::string& word) {
  const bool plain =
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") == std::string::npos;
  return plain && word != "or" && word != "and" && word != "not" ? word
                                                                 : base::StrCat("\"", base::PercentEscape(word), "\"");
}

std::vector<std::string> Words(const std::vector<std::string>& words) {
  std::vector<std::string> result;
  for (const std::string& word : words) result.push_back(Word(word));
  return result;
}

std::string LimitOf(const Clause& clause) {
  if (clause.fact->type == FactType::kBytes) return yaml::FormatByteSize(clause.limit);
  if (clause.fact->type == FactType::kClassification) {
    return std::string(ClassificationName(static_cast<int>(clause.limit)));
  }
  return base::StrCat(clause.limit);
}

}  // namespace crossdock::policy
