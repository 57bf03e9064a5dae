#include "cli/usage.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "lib/base/nearest.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* FindCommand(const CLI::App& app, const std::string& word) {
  const auto commands = CommandsOf(app);
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const auto* each) { return each->check_name(word); });
  return found == commands.end() ? nullptr : *found;
}

// "there are: a, b, c", and the nearest to `word` when one is close.
std::string Instead(const std::string& word, const std::vector<std::string>& words) {
  std::string listed;
  for (const std::string& each : words) listed += (listed.empty() ? "" : ", ") + each;
  const std::string nearest = base::Nearest(word, words);
  return base::StrCat("there are: ", listed, nearest.empty() ? "" : base::StrCat("; did you mean '", nearest, "'?"));
}

std::string CommandsInstead(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : CommandsOf(app)) names.push_back(command->get_name());
  return Instead(word, names);
}

// Options may stand after the verb, so those of the commands above count as well.
const CLI::Option* FindOption(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->nonpositional() && option->check_name(name)) return option;
    }
  }
  return nullptr;
}

std::string OptionsInstead(const CLI::App* app, const std::string& word) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (!option->nonpositional()) continue;
      const std::string name = "--" + option->get_lnames().front();
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return Instead(word, names);
}

// "-1" is a number.
bool IsOption(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) == 0;
}

// The next word of the command line belongs to this option.
bool TakesNext(const CLI::Option& option, const std::string& word) {
  return option.get_expected_min() > 0 && word.find('=') == std::string::npos;
}

}  // namespace

bool AsksForJson(int argc, const char* const* argv) {
  return std::any_of(argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
}

UsageError Diagnose(const CLI::App& app, int argc, const char* const* argv, const CLI::ParseError& error) {
  const CLI::App* at = &app;
  std::string words;  // the commands so far
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") break;
    if (IsOption(word)) {
      const std::string name = word.substr(0, word.find('='));
      const CLI::Option* option = FindOption(at, name);
      if (option == nullptr) {
        return {"OPTION_UNKNOWN", base::StrCat("no option '", name, "'; ", OptionsInstead(at, name))};
      }
      if (TakesNext(*option, word)) ++i;
      continue;
    }
    if (CommandsOf(*at).empty()) continue;  // an argument
    const CLI::App* next = FindCommand(*at, word);
    if (next == nullptr) {
      return {"COMMAND_UNKNOWN", base::StrCat("no command '", words, word, "'; ", CommandsInstead(*at, word))};
    }
    at = next;
    words += word + " ";
  }
  if (!CommandsOf(*at).empty()) {
    return {"COMMAND_MISSING",
            base::StrCat("a command is missing after 'crossdock", words.empty() ? "" : " ",
                         words.substr(0, words.empty() ? 0 : words.size() - 1), "'; ", CommandsInstead(*at, ""))};
  }
  return {"USAGE_INVALID", base::StrCat(error.what(), "; crossdock ", words, "--help says what it takes")};
}

}  // namespace crossdock::cli
