// A person's desk: a directory, and the command as it would be typed there. For tests of verbs without an orchestrator.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "cli/command.h"
#include "lib/base/file.h"
#include "nlohmann/json.hpp"

namespace crossdock::cli {

struct Result {
  int code;
  std::string out;
  std::string err;
};

// A directory of its own, and the command as a person would type it.
class Desk {
 public:
  Desk() {
    std::string name = (std::filesystem::temp_directory_path() / "crossdock-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  ~Desk() { std::filesystem::remove_all(directory_); }
  std::string At(const std::string& name) const { return directory_ + "/" + name; }

  Result Run(const std::vector<std::string>& words, const std::string& typed = "") {
    std::istringstream in(typed);
    std::ostringstream out, err;
    Context context{in, out, err, clock_, random_, false, {}, {}};
    std::vector<const char*> argv{"crossdock"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    const int code = cli::Run(static_cast<int>(argv.size()), argv.data(), context);
    return {code, out.str(), err.str()};
  }
  // The same with --json: its standard output, read as one document; discarded when it is none.
  nlohmann::json Json(std::vector<std::string> words, const std::string& typed = "") {
    words.push_back("--json");
    return nlohmann::json::parse(Run(words, typed).out, nullptr, false);
  }
  std::string Key(const std::string& name) {
    const std::string text = Run({"key", "create", At(name)}).out;
    return text.substr(0, text.size() - 1);
  }
  Result InitOfficer() {
    return Run({"officer", "init", "olga", "--key-file", At("olga.key"), "--roster", At("roster.yaml"),
                "--trust-domain", "demo.studio"});
  }
  Result InitCa() {
    return Run({"ca", "init", "--ca-key", At("ca.key"), "--ca-cert", At("ca.pem"), "--trust-domain", "demo.studio"});
  }
  Result SignRoster() {
    return Run({"roster", "sign", At("roster.yaml"), "--sign-with", At("olga.key"), "--out", At("roster.signed")});
  }

 private:
  std::string directory_;
  base::SystemClock clock_;
  base::SystemRandom random_;
};

}  // namespace crossdock::cli
