// Fetches a log, or a run of its numbers, and writes it as an auditor's pack (audit_pack.h).
#pragma once

#include <optional>
#include <string>

#include "cli/audit_pack.h"
#include "cli/command.h"

namespace crossdock::cli {

struct ExportOptions {
  std::string client;              // empty: the studio's own log
  std::string out;                 // a directory that is not there yet, or is empty
  std::string from, to;            // RFC 3339; the run that has all leaves of that time, `to` excluded
  std::optional<uint64_t> number;  // this leaf alone
};

// NOT_FOUND (AUDIT_LOG_EMPTY) when there is no such leaf under a checkpoint yet.
absl::StatusOr<AuditAbout> ExportAudit(const ExportOptions& options, Context& context);

}  // namespace crossdock::cli
