// What a doctor says of one thing, and how that looks to people and to programs. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossdock::host {

enum class Verdict { kOk, kWarning, kProblem };

std::string_view VerdictName(Verdict verdict);

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string name;    // what was looked at: "send buffers"
  std::string found;   // how it is
  std::string wanted;  // how it should be; the rest is empty too when it is so
  std::string cost;    // what that costs
  std::string change;  // the line to type, or to write where it says
};

// A finding that something is as it should be, or could not be looked at.
Finding Fine(std::string name, std::string found);

bool HasProblem(const std::vector<Finding>& findings);
// For a terminal: `title`, a line or some a finding, and what to do with the changes.
std::string RenderText(std::string_view title, const std::vector<Finding>& findings);
// {"ok": …, "findings": [{"verdict", "name", "found", "wanted", "cost", "change"}]}, one line.
std::string RenderJson(const std::vector<Finding>& findings);

}  // namespace crossdock::host
