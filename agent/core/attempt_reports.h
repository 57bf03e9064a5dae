// AttemptReports: what tasks tell the orchestrator, beside the report of the session. Implemented by the session's
// side, used by the tasks, which know no gRPC.
//
// Thread-safe. Every call is idempotent at the other end, so an unknown outcome is called again, with growing pauses,
// until there is an answer or `stop` is requested (CANCELLED). An error other than that is the orchestrator's answer.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

inline constexpr size_t kFindingsMax = 100;

struct ScanFinding {
  std::string code;
  std::string path;  // bytes
  std::string detail;
};
struct ScanReport {
  std::string transfer;
  uint64_t scan = 0;
  std::string reason;  // empty: complete; else SOURCE_MISSING, PACKAGE_EMPTY, …
  std::string detail;
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string listing;  // SHA-256, lower hex
  uint64_t chunks = 0;
  std::vector<ScanFinding> findings;  // at most kFindingsMax
};
struct ContentReport {
  std::string transfer;
  uint64_t scan = 0;
  std::string reason;  // empty: hashed
  std::string detail;
  std::string listing;
  std::string content;  // SHA-256, lower hex
};

enum class CommitVerdict {
  kPublish,  // only this epoch may finish it now
  kFenced,   // a newer epoch exists, or the transfer has ended
  kRefused,  // the policy or the approvals no longer allow it
};
struct CommitAnswer {
  CommitVerdict verdict = CommitVerdict::kRefused;
  std::string reason;
  std::string detail;
};

class AttemptReports {
 public:
  virtual ~AttemptReports() = default;

  virtual absl::Status UploadManifest(const std::string& transfer, uint64_t scan, uint64_t index, std::string chunk,
                                      std::stop_token stop) = 0;
  virtual absl::Status ReportScan(const ScanReport& report, std::stop_token stop) = 0;
  virtual absl::Status ReportContent(const ContentReport& report, std::stop_token stop) = 0;
  virtual absl::StatusOr<CommitAnswer> Commit(const std::string& transfer, wire::Epoch epoch,
                                              const std::string& listing, const std::string& content,
                                              std::stop_token stop) = 0;
  virtual absl::Status SubmitReceipt(const std::string& transfer, wire::Epoch epoch, const std::string& receipt,
                                     bool already_present, std::stop_token stop) = 0;
  virtual absl::Status ReportFailure(const std::string& transfer, wire::Epoch epoch, const std::string& reason,
                                     const std::string& detail, std::stop_token stop) = 0;
  // `reason` empty: the staging of `epoch` and before is gone.
  virtual absl::Status ReportClean(const std::string& transfer, wire::Epoch epoch, const std::string& reason,
                                   const std::string& detail, std::stop_token stop) = 0;
};

}  // namespace crossdock::agent
