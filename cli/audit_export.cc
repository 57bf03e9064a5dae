#include "cli/audit_export.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/audit_controls.h"
#include "cli/audit_event.h"
#include "cli/audit_read.h"
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::AuditService;

constexpr int kLeavesPage = 5'000;

// The orchestrator is the one that is audited: what it answers is checked before it is used.
template <typename... Parts>
absl::Status Senseless(const Parts&... parts) {
  return base::WithReason(base::Error(absl::StatusCode::kDataLoss, "the orchestrator answers ", parts...),
                          "ANSWER_SENSELESS");
}

absl::Status SetTime(const std::string& text, google::protobuf::Timestamp* time) {
  const absl::StatusOr<base::Instant> instant = base::ParseInstant(text);
  if (!instant.ok()) return base::Annotate(instant.status(), "--from and --to");
  const int64_t micros = instant->time_since_epoch().count();
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
  return absl::OkStatus();
}

// Names come from the orchestrator, and become names of files here.
bool IsPlainName(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

class Export {
 public:
  Export(const ExportOptions& options, Context& context) : options_(options), context_(context) {}

  absl::StatusOr<AuditAbout> Run() {
    ASSIGN_OR_RETURN(stub_, StubOf<AuditService>(context_));
    RETURN_IF_ERROR(ReadLog());
    RETURN_IF_ERROR(MakeDirectory());
    RETURN_IF_ERROR(WriteLeaves());
    RETURN_IF_ERROR(WriteCheckpoints());
    RETURN_IF_ERROR(WriteProof());
    RETURN_IF_ERROR(WriteWitnesses());
    RETURN_IF_ERROR(WriteHeld());
    RETURN_IF_ERROR(Write("log.key", log_.key() + "\n"));
    RETURN_IF_ERROR(Write("about.txt", about_.Format()));
    RETURN_IF_ERROR(Write("README.txt", PackReadme(about_)));
    return about_;
  }

 private:
  std::string Path(const std::string& name) const { return base::StrCat(options_.out, "/", name); }
  absl::Status Write(const std::string& name, const std::string& text) {
    return base::WriteFileAtomic(Path(name), text);
  }

  absl::Status ReadLog() {
    v1::GetAuditLogRequest request;
    request.set_client(options_.client);
    if (!options_.from.empty()) RETURN_IF_ERROR(SetTime(options_.from, request.mutable_from()));
    if (!options_.to.empty()) RETURN_IF_ERROR(SetTime(options_.to, request.mutable_to()));
    ASSIGN_OR_RETURN(log_, Call(context_.connection, *stub_, &AuditService::Stub::GetAuditLog, request));
    if (!log_.has_newest()) {
      return base::WithReason(base::NotFound("no checkpoint of this log is signed yet"), "AUDIT_LOG_EMPTY");
    }
    ASSIGN_OR_RETURN(const auto newest, transparency::ParseCheckpointNote(log_.newest().note()));
    about_ = {log_.log(), newest.checkpoint.origin, log_.first(), log_.end(), newest.checkpoint.size};
    if (options_.number) {
      about_.first = *options_.number;
      about_.end = *options_.number + 1;
    }
    about_.end = std::min(about_.end, about_.size);
    if (about_.first >= about_.end) {
      return base::WithReason(
          base::NotFound("no leaf of that time or number stands under a checkpoint; the log has ", about_.size),
          "AUDIT_LOG_EMPTY");
    }
    if (about_.end - about_.first > kPackLeavesMax) {
      return base::WithReason(base::ResourceExhausted("these are ", about_.end - about_.first, " leaves; at most ",
                                                      kPackLeavesMax, " go into an export. Name --from and --to"),
                              "PACK_TOO_LARGE");
    }
    return absl::OkStatus();
  }

  absl::Status MakeDirectory() {
    std::error_code error;
    std::filesystem::create_directories(options_.out, error);
    if (!error && !std::filesystem::is_empty(options_.out, error) && !error) {
      return base::WithReason(base::AlreadyExists(options_.out, " is not empty; name a new directory"), "OUT_EXISTS");
    }
    return error ? base::Errno(error.value(), "cannot make ", options_.out) : absl::OkStatus();
  }

  absl::Status WriteLeaves() {
    std::ofstream leaves(Path("leaves.jsonl"), std::ios::binary), csv(Path("events.csv"), std::ios::binary),
        syslog(Path("events.syslog"), std::ios::binary), hashes(Path("hashes.txt"), std::ios::binary);
    csv << CsvHeader();
    ControlSummary controls;
    v1::ListAuditLeavesRequest request;
    request.set_client(options_.client);
    for (uint64_t number = about_.first; number < about_.end;) {
      request.set_first(number);
      request.set_page_size(static_cast<int32_t>(std::min<uint64_t>(about_.end - number, kLeavesPage)));
      ASSIGN_OR_RETURN(const auto page,
                       Call(context_.connection, *stub_, &AuditService::Stub::ListAuditLeaves, request));
      // A log that ends early is what it is: verifying says so.
      if (page.leaves().empty()) break;
      if (page.leaves_size() > request.page_size() || page.hashes_size() != page.leaves_size()) {
        return Senseless(page.leaves_size(), " leaves with ", page.hashes_size(), " hashes, asked for ",
                         request.page_size());
      }
      for (int i = 0; i < page.leaves_size(); ++i, ++number) {
        leaves << page.leaves(i);
        if (page.leaves(i).empty()) leaves << '\n';  // a row that is gone keeps its line
        const AuditEvent event = EventOfLeaf(number, page.leaves(i));
        csv << CsvLine(event);
        controls.Add(event);
        syslog << SyslogLine(event);
        hashes << base::ToHex(page.hashes(i)) << '\n';
      }
    }
    for (std::ofstream* const file : {&leaves, &csv, &syslog, &hashes}) {
      if (!file->flush()) return base::Internal("cannot write below ", options_.out, "; is there room?");
    }
    return Write("controls.csv", controls.Csv());
  }

  absl::Status WriteCheckpoints() {
    RETURN_IF_ERROR(Write("checkpoint.txt", log_.newest().note()));
    if (about_.first != 0) return absl::OkStatus();
    std::ofstream all(Path("checkpoints.txt"), std::ios::binary);
    v1::ListAuditCheckpointsRequest request;
    request.set_client(options_.client);
    while (true) {
      ASSIGN_OR_RETURN(const auto page,
                       Call(context_.connection, *stub_, &AuditService::Stub::ListAuditCheckpoints, request));
      for (const v1::AuditCheckpoint& each : page.checkpoints()) {
        // Those that were signed since belong to the next export.
        if (each.size() <= about_.size) all << each.note() << '\n';
      }
      if (page.checkpoints().empty() || page.checkpoints().rbegin()->size() >= about_.size) break;
      const uint64_t last = page.checkpoints().rbegin()->size();
      if (last < request.size()) return Senseless("checkpoints of less than ", request.size(), " leaves");
      request.set_size(last + 1);
    }
    return all.flush() ? absl::OkStatus() : base::Internal("cannot write below ", options_.out, "; is there room?");
  }

  absl::Status WriteProof() {
    v1::GetAuditProofRequest request;
    request.set_client(options_.client);
    request.set_first(about_.first);
    request.set_end(about_.end);
    request.set_size(about_.size);
    ASSIGN_OR_RETURN(const auto answer, Call(context_.connection, *stub_, &AuditService::Stub::GetAuditProof, request));
    std::vector<transparency::Beside> proof;
    for (const v1::AuditProofHash& each : answer.hashes()) {
      ASSIGN_OR_RETURN(const transparency::Hash hash, transparency::HashOf(each.hash()));
      proof.push_back({static_cast<int>(each.level()), each.left(), hash});
    }
    return Write("proof.txt", FormatProof(proof));
  }

  absl::Status WriteWitnesses() {
    if (log_.witnesses().empty()) return absl::OkStatus();
    std::error_code error;
    std::filesystem::create_directory(Path("witnesses"), error);
    for (const v1::AuditWitness& each : log_.witnesses()) {
      if (!IsPlainName(each.agent())) continue;
      RETURN_IF_ERROR(Write(base::StrCat("witnesses/", each.agent(), ".identity"), each.identity()));
      RETURN_IF_ERROR(Write(base::StrCat("witnesses/", each.agent(), ".grant"), each.grant()));
    }
    return absl::OkStatus();
  }

  absl::Status WriteHeld() {
    std::error_code error;
    for (const v1::AuditRefusal& each : log_.refusals()) {
      if (!IsPlainName(each.agent()) || each.held().empty()) continue;
      std::filesystem::create_directory(Path("held"), error);
      RETURN_IF_ERROR(Write(base::StrCat("held/", each.agent(), ".note"), each.held()));
    }
    return absl::OkStatus();
  }

  const ExportOptions& options_;
  Context& context_;
  std::unique_ptr<AuditService::Stub> stub_;
  v1::GetAuditLogResponse log_;
  AuditAbout about_;
};

}  // namespace

absl::StatusOr<AuditAbout> ExportAudit(const ExportOptions& options, Context& context) {
  return Export(options, context).Run();
}

}  // namespace crossdock::cli
