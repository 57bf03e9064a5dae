// Reading policies that a command line names, with the calendar files that stand beside them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/policy/lint.h"
#include "lib/policy/policy.h"

namespace crossdock::cli {

inline constexpr size_t kPolicySizeMax = 256u << 10;  // as the reader has it

struct PolicyFile {
  std::string text;
  // The files beside it that it names and whose digest is as it says; their bytes.
  std::vector<std::string> calendars;
  policy::Policy policy;
  // `calendar-differs`: a file beside it is of another digest than the policy says. The calendar is then not known.
  std::vector<policy::Finding> findings;
};
absl::StatusOr<PolicyFile> ReadPolicyFile(const std::string& path);

// The same, refused when a calendar's file is missing (CALENDAR_MISSING) or differs (CALENDAR_DIFFERS): for whatever is
// signed, tested or asked.
absl::StatusOr<PolicyFile> ReadWholePolicy(const std::string& path);

// The same for what is handed in, with `request`'s fields `text` and `calendars`. What this version cannot read goes as
// it is: the orchestrator judges it, and may know more of the language.
template <typename Request>
absl::Status HandIn(const std::string& path, Request& request) {
  absl::StatusOr<PolicyFile> file = ReadWholePolicy(path);
  if (base::ReasonOf(file.status()) == "YAML_INVALID") {
    ASSIGN_OR_RETURN(*request.mutable_text(), base::ReadFile(path, kPolicySizeMax));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(file.status());
  request.set_text(file->text);
  for (const std::string& calendar : file->calendars) request.add_calendars(calendar);
  return absl::OkStatus();
}

// Policies of several layers in order: the studio's, the client's, the show's. Refused when two are of one level, or of
// different clients (LAYERS_DISAGREE).
absl::Status CheckLayers(std::vector<const policy::Policy*>& layers);

}  // namespace crossdock::cli
