#include "cli/policy_file.h"

#include <algorithm>
#include <filesystem>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"
#include "lib/policy/parse.h"

namespace crossdock::cli {
namespace {

std::string Beside(const std::string& path, const std::string& name) {
  return (std::filesystem::path(path).parent_path() / name).string();
}

// Looks for the files of the calendars that the policy binds.
absl::Status FindCalendars(const std::string& path, PolicyFile& read) {
  for (const policy::Policy::NamedCalendar& named : read.policy.calendars) {
    const policy::Calendar& calendar = *named.calendar.calendar;
    if (calendar.known) continue;
    const std::string file = Beside(path, calendar.file);
    absl::StatusOr<std::string> bytes = base::ReadFile(file, policy::kCalendarSizeMax);
    if (absl::IsNotFound(bytes.status())) continue;
    RETURN_IF_ERROR(bytes.status());
    const std::string digest = base::ToHex(base::Sha256(*bytes));
    if (digest == calendar.digest) {
      read.calendars.push_back(*std::move(bytes));
      continue;
    }
    read.findings.push_back({"calendar-differs", "", named.place,
                             base::StrCat("calendar ", calendar.name, ": ", file, " has SHA-256 ", digest, ", not ",
                                          calendar.digest, "; put the file back, or read it and write its digest")});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicyFile> ReadPolicyFile(const std::string& path) {
  PolicyFile read;
  ASSIGN_OR_RETURN(read.text, base::ReadFile(path, 1u << 20));
  ASSIGN_OR_RETURN(read.policy, policy::Parse(read.text, path));
  RETURN_IF_ERROR(FindCalendars(path, read));
  if (read.calendars.empty()) return read;
  ASSIGN_OR_RETURN(read.policy, policy::Parse(read.text, path, read.calendars));
  return read;
}

absl::StatusOr<PolicyFile> ReadWholePolicy(const std::string& path) {
  ASSIGN_OR_RETURN(PolicyFile read, ReadPolicyFile(path));
  if (!read.findings.empty()) {
    return base::WithReason(base::FailedPrecondition(policy::FormatFinding(read.policy, read.findings.front())),
                            "CALENDAR_DIFFERS");
  }
  for (const policy::Policy::NamedCalendar& named : read.policy.calendars) {
    const policy::Calendar& calendar = *named.calendar.calendar;
    if (calendar.known) continue;
    return base::WithReason(
        base::NotFound(path, ":", named.place.line, ":", named.place.column, ": calendar ", calendar.name,
                       " is the file ", Beside(path, calendar.file), " with SHA-256 ", calendar.digest,
                       ", which is not there; put it beside the policy"),
        "CALENDAR_MISSING");
  }
  return read;
}

absl::Status CheckLayers(std::vector<const policy::Policy*>& layers) {
  std::stable_sort(layers.begin(), layers.end(), [](const policy::Policy* a, const policy::Policy* b) {
    return a->scope().level() < b->scope().level();
  });
  const policy::Policy* last = nullptr;
  for (const policy::Policy* layer : layers) {
    if (last != nullptr && last->scope().level() == layer->scope().level()) {
      return base::WithReason(base::InvalidArgument(last->file, " and ", layer->file, " are both of the level of ",
                                                    policy::ScopeName(layer->scope()), "; name one of them"),
                              "LAYERS_DISAGREE");
    }
    if (last != nullptr && !last->client.empty() && last->client != layer->client) {
      return base::WithReason(
          base::InvalidArgument(last->file, " is of ", policy::ScopeName(last->scope()), " and ", layer->file, " of ",
                                policy::ScopeName(layer->scope()), "; name layers over the same transfers"),
          "LAYERS_DISAGREE");
    }
    last = layer;
  }
  return absl::OkStatus();
}

}  // namespace crossdock::cli
