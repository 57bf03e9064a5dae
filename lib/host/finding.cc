#include "lib/host/finding.h"

#include <algorithm>
#include <utility>

#include "lib/base/strings.h"
#include "nlohmann/json.hpp"

namespace crossdock::host {
namespace {

constexpr size_t kVerdictColumns = 9;
constexpr size_t kNameColumns = 20;

std::string Padded(std::string_view text, size_t columns) {
  std::string padded(text);
  padded.resize(std::max(columns, text.size() + 1), ' ');
  return padded;
}

std::string Count(size_t count, std::string_view noun) { return base::StrCat(count, " ", noun, count == 1 ? "" : "s"); }

size_t CountOf(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& each) { return each.verdict == verdict; }));
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kProblem:
      return "problem";
  }
  return "";
}

Finding Fine(std::string name, std::string found) {
  return {Verdict::kOk, std::move(name), std::move(found), "", "", ""};
}

bool HasProblem(const std::vector<Finding>& findings) { return CountOf(findings, Verdict::kProblem) > 0; }

std::string RenderText(std::string_view title, const std::vector<Finding>& findings) {
  const std::string indent(kVerdictColumns + kNameColumns, ' ');
  std::string text = base::StrCat(title, "\n\n");
  bool sysctl = false;
  for (const Finding& each : findings) {
    text += Padded(VerdictName(each.verdict), kVerdictColumns) + Padded(each.name, kNameColumns) + each.found + "\n";
    if (!each.wanted.empty()) text += base::StrCat(indent, "wanted: ", each.wanted, "\n");
    if (!each.cost.empty()) text += base::StrCat(indent, "costs:  ", each.cost, "\n");
    if (!each.change.empty()) text += base::StrCat(indent, "change: ", each.change, "\n");
    sysctl = sysctl || each.change.find("sysctl -w") != std::string::npos;
  }
  text += base::StrCat("\n", Count(CountOf(findings, Verdict::kProblem), "problem"), ", ",
                       Count(CountOf(findings, Verdict::kWarning), "warning"), ".\n");
  if (sysctl) {
    text +=
        "What sysctl -w sets is gone at the next boot: write NAME = VALUE into /etc/sysctl.d/90-crossdock.conf as "
        "well.\n";
  }
  return text;
}

std::string RenderJson(const std::vector<Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& each : findings) {
    list.push_back({{"verdict", VerdictName(each.verdict)},
                    {"name", each.name},
                    {"found", each.found},
                    {"wanted", each.wanted},
                    {"cost", each.cost},
                    {"change", each.change}});
  }
  const nlohmann::json document = {{"ok", !HasProblem(findings)}, {"findings", std::move(list)}};
  // A volume's name or an error's words may hold any byte.
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace crossdock::host
