#include "agent/tasks/work.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "agent/core/stops.h"
#include "agent/legs/relay_legs.h"
#include "agent/storage/content_hash.h"
#include "agent/transfer/receive_attempt.h"
#include "agent/transfer/send_attempt.h"
#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using std::chrono::milliseconds;
using wire::Reason;

constexpr size_t kRememberedMax = 32;
constexpr uint64_t kRememberedEntriesMax = 200'000;  // of all together: what does not fit is hashed again
constexpr milliseconds kProgressInterval{250};
// A roster that was just signed reaches an agent within a few seconds.
constexpr milliseconds kRosterWait{15'000};
constexpr milliseconds kRosterLook{200};
// Whether empty files may go was settled by the scan: its listing holds them or it does not, and both ends are held to
// it.
constexpr ScanOptions kAsListed{/*allow_empty_files=*/true};

PackagePath PackageOf(const PathRef& source) { return {source.path, source.files, source.marker}; }

TaskPhase PhaseOf(Stage stage) {
  switch (stage) {
    case Stage::kStarting:
      return TaskPhase::kStarting;
    case Stage::kScanning:
      return TaskPhase::kScanning;
    case Stage::kHashing:
      return TaskPhase::kHashing;
    case Stage::kConnecting:
      return TaskPhase::kConnecting;
    case Stage::kMoving:
      return TaskPhase::kMoving;
    case Stage::kVerifying:
      return TaskPhase::kVerifying;
    case Stage::kCommitting:
      return TaskPhase::kCommitting;
    case Stage::kPublishing:
    case Stage::kEnded:
      break;
  }
  return TaskPhase::kPublishing;
}

// Tells the runner how far an attempt is, until it goes away.
template <typename Attempt>
class Reporter {
 public:
  Reporter(const Attempt& attempt, TaskControl& control)
      : thread_([&attempt, &control](const std::stop_token& stop) {
          do {
            const Progress progress = attempt.progress();
            control.SetPhase(PhaseOf(progress.stage));
            control.SetStages(progress.stages);
            // What is on its way counts too, so that the rate is the line's and not the files'.
            control.SetProgress(std::max(progress.bytes_done, std::min(progress.bytes_moved, progress.bytes_total)),
                                progress.files_done);
          } while (WaitUnlessStopped(stop, kProgressInterval));
        }) {}

 private:
  std::jthread thread_;
};

absl::StatusOr<AttemptTerms> TermsOf(const Task& task, const MoveTask& move, const Warranted& warranted) {
  AttemptTerms terms;
  terms.transfer = task.transfer;
  terms.epoch = move.epoch;
  ASSIGN_OR_RETURN(terms.listing_digest, base::FromHex(move.listing));
  if (!move.content.empty()) {
    ASSIGN_OR_RETURN(terms.content_root, base::FromHex(move.content));
  }
  terms.roster_number = warranted.roster_number;
  terms.policy_number = warranted.policy_number;
  ASSIGN_OR_RETURN(terms.policy_digest, base::FromHex(warranted.policy_digest));
  terms.streams = static_cast<uint16_t>(move.streams);
  terms.files = move.files;
  terms.bytes = move.bytes;
  return terms;
}

Way WayOf(const TaskControl& control, const Warranted& warranted) {
  const std::shared_ptr<const Task> task = control.task();
  Way way;
  way.relay_address = warranted.relay_address;
  way.relay_spki = warranted.relay_spki;
  way.peer_spki = warranted.peer_spki;
  // After the commit the task is a finish without a route: nothing is dialled any more.
  if (const auto* move = std::get_if<MoveTask>(&task->work)) {
    way.ticket = move->route.ticket;
    way.next_ticket = move->route.next_ticket;
    way.sender = move->send;
  }
  return way;
}

Verify VerifyOf(const std::string& word) {
  if (word == "transit") return Verify::kTransit;
  return word == "readback" ? Verify::kReadback : Verify::kLanded;
}

std::string Stricter(const std::string& one, const std::string& other) {
  return VerifyOf(one) >= VerifyOf(other) ? one : other;
}

}  // namespace

LegMaker RelayLegMaker(const net::TlsKey& tls_key) {
  return [tls_key](const TaskControl& control, const Warranted& warranted) {
    return std::make_unique<RelayLegs>(tls_key, [&control, warranted] { return WayOf(control, warranted); });
  };
}

std::string Work::ReasonOr(const absl::Status& status, std::string_view fallback) {
  const std::string reason = base::ReasonOf(status);
  return reason.empty() ? std::string(fallback) : reason;
}

absl::Status Work::Run(TaskControl& control) {
  const std::shared_ptr<const Task> task = control.task();
  return std::visit([&](const auto& work) { return Do(work, control); }, task->work);
}

absl::StatusOr<Volume*> Work::Find(const std::string& volume) const {
  const auto found = deps_.volumes.find(volume);
  if (found != deps_.volumes.end()) return found->second.get();
  return base::WithReason(base::NotFound("this agent has no volume '", base::PercentEscape(volume), "'"),
                          "VOLUME_UNKNOWN");
}

absl::Status Work::Do(const ScanTask& scan, TaskControl& control) {
  const std::string transfer = control.task()->transfer;
  const std::stop_token stop = control.stop();
  control.SetPhase(TaskPhase::kScanning);
  ScanReport report;
  report.transfer = transfer;
  report.scan = scan.scan;
  const auto result = [&]() -> absl::StatusOr<ScanResult> {
    ASSIGN_OR_RETURN(Volume * volume, Find(scan.source.volume));
    ASSIGN_OR_RETURN(ScanResult scanned, Scan(*volume, PackageOf(scan.source), {scan.allow_empty_files}, stop));
    RETURN_IF_ERROR(RequireQuiet(scanned, scan.quiet, deps_.clock.Now()));
    return scanned;
  }();
  if (stop.stop_requested()) return absl::OkStatus();
  if (!result.ok()) {
    report.reason = ReasonOr(result.status(), "SCAN_FAILED");
    report.detail = base::ToStd(result.status().message());
    return deps_.reports.ReportScan(report, stop);
  }
  for (const Finding& finding : result->findings) {
    report.findings.push_back({std::string(Name(finding.code)), finding.path, finding.detail});
  }
  report.files = result->manifest.files();
  report.bytes = result->manifest.bytes();
  if (result->reason) {
    report.reason = Name(*result->reason);
    report.detail = result->detail;
    return deps_.reports.ReportScan(report, stop);
  }
  report.listing = base::ToHex(result->listing_digest);
  for (wire::ManifestEncoder encoder(result->manifest); !encoder.done(); ++report.chunks) {
    RETURN_IF_ERROR(deps_.reports.UploadManifest(transfer, scan.scan, report.chunks, encoder.NextChunk(), stop));
  }
  return deps_.reports.ReportScan(report, stop);
}

absl::Status Work::Do(const HashTask& hash, TaskControl& control) {
  const std::string transfer = control.task()->transfer;
  const std::stop_token stop = control.stop();
  ContentReport report;
  report.transfer = transfer;
  report.scan = hash.scan;
  report.listing = hash.listing;
  const auto hashed = [&]() -> absl::StatusOr<std::shared_ptr<const ScanResult>> {
    ASSIGN_OR_RETURN(Volume * volume, Find(hash.source.volume));
    control.SetPhase(TaskPhase::kScanning);
    ASSIGN_OR_RETURN(ScanResult scanned, RequireSendable(Scan(*volume, PackageOf(hash.source), kAsListed, stop)));
    if (base::ToHex(scanned.listing_digest) != hash.listing) {
      return wire::Fail(Reason::kSourceChanged, "the package is no longer what was listed");
    }
    control.SetPhase(TaskPhase::kHashing);
    std::atomic<uint64_t> done = 0;
    ASSIGN_OR_RETURN(const std::string root, HashContent(*volume, scanned.root, &scanned.manifest, &done, stop));
    report.content = base::ToHex(root);
    return std::make_shared<const ScanResult>(std::move(scanned));
  }();
  if (stop.stop_requested()) return absl::OkStatus();
  if (hashed.ok()) {
    Remember(transfer, *hashed);
  } else {
    report.reason = ReasonOr(hashed.status(), "HASH_FAILED");
    report.detail = base::ToStd(hashed.status().message());
  }
  return deps_.reports.ReportContent(report, stop);
}

absl::StatusOr<Warranted> Work::AwaitWarrant(const Task& task, const MoveTask& move, std::stop_token stop) const {
  const base::Steady end = deps_.clock.MonotonicNow() + kRosterWait;
  while (true) {
    auto warranted = deps_.warrants.Check(task, move);
    if (warranted.ok() || base::ReasonOf(warranted.status()) != "ROSTER_BEHIND") return warranted;
    if (deps_.clock.MonotonicNow() >= end || !WaitUnlessStopped(stop, kRosterLook)) return warranted;
  }
}

absl::StatusOr<RecordTerms> Work::RecordOf(const MoveTask& move, const Warranted& warranted, const AttemptTerms& terms,
                                           const std::string& volume) const {
  RecordTerms record;
  record.site = deps_.record.site;
  record.version = deps_.record.version;
  record.comment = base::StrCat("transfer ", terms.transfer, ", site ", move.warrant.source_site, " to site ",
                                move.warrant.destination_site);
  if (const auto formats = deps_.record.formats.find(volume); formats != deps_.record.formats.end())
    record.formats = formats->second;
  if (record.formats.empty()) {
    if (!warranted.record) return record;
    return base::WithReason(base::FailedPrecondition("the policy wants an integrity record, and volume '", volume,
                                                     "' of this site keeps none (integrity_record: none)"),
                            "RECORD_REQUIRED");
  }
  for (const std::string& name : warranted.record_formats) {
    const auto format = mhl::ParseHashFormat(name);
    INVARIANT(format.has_value()) << "a policy's record format that records do not have: " << name;
    if (std::find(record.formats.begin(), record.formats.end(), *format) == record.formats.end())
      record.formats.push_back(*format);
  }
  return record;
}

absl::Status Work::Release(const Volume& volume, const ScanResult& package, std::stop_token stop) const {
  const auto root = deps_.release.roots.find(volume.name());
  if (deps_.release.scan == nullptr || root == deps_.release.roots.end()) {
    return base::WithReason(
        base::FailedPrecondition("the policy wants a scan before release, and site '", deps_.record.site,
                                 "' has none; have it configured (release_scan of its agents)"),
        "RELEASE_SCAN_MISSING");
  }
  std::vector<std::string> files;
  for (const wire::Entry& entry : package.manifest.entries) {
    if (entry.type != wire::EntryType::kFile) continue;
    files.push_back(base::StrCat(root->second, "/", package.root, package.root.empty() ? "" : "/", entry.path));
  }
  return deps_.release.scan->Run(files, stop);
}

absl::Status Work::Do(const MoveTask& move, TaskControl& control) {
  const std::shared_ptr<const Task> task = control.task();
  const absl::Status status = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Warranted warranted, AwaitWarrant(*task, move, control.stop()));
    WarrantWatch watch(deps_.warrants, control, task, warranted, deps_.clock);
    const absl::Status moved = MoveUnder(warranted, move, watch, control);
    // Whatever else broke then: this is why.
    const absl::Status lapsed = watch.lapsed();
    return moved.ok() || lapsed.ok() ? moved : lapsed;
  }();
  // Stopped: begun again, most likely. A journal that is left asks again when the orchestrator says so, or at the next
  // start.
  if (control.stop().stop_requested() || base::ReasonOf(status) == Name(Reason::kCommitUnknown)) return status;
  if (!status.ok()) {
    RETURN_IF_ERROR(deps_.reports.ReportFailure(task->transfer, move.epoch, ReasonOr(status, "ATTEMPT_FAILED"),
                                                std::string(base::ToStd(status.message())), control.stop()));
  }
  if (move.send) deps_.receipts.ForgetSent(task->transfer, move.epoch);
  return status;
}

absl::Status Work::MoveUnder(const Warranted& warranted, const MoveTask& move, WarrantWatch& watch,
                             TaskControl& control) {
  ASSIGN_OR_RETURN(Volume * volume, Find(move.send ? move.source.volume : move.destination.volume));
  ASSIGN_OR_RETURN(const AttemptTerms terms, TermsOf(*control.task(), move, warranted));
  if (move.send) {
    const std::unique_ptr<LegDialer> legs = deps_.legs(control, warranted);
    return Send(move, warranted, terms, *legs, *volume, watch, control);
  }
  RETURN_IF_ERROR(volume->CheckAllowed(move.merge, move.replace));
  ASSIGN_OR_RETURN(RecordTerms record, RecordOf(move, warranted, terms, volume->name()));
  MoveTask own = move;
  // By this agent's own reading of the policy, whatever the task says.
  own.verify = Stricter(move.verify, warranted.verify);
  const std::unique_ptr<LegDialer> legs = deps_.legs(control, warranted);
  return Receive(own, terms, std::move(record), *legs, *volume, watch, control);
}

absl::Status Work::Send(const MoveTask& move, const Warranted& warranted, const AttemptTerms& terms, LegDialer& legs,
                        Volume& volume, WarrantWatch& watch, TaskControl& control) {
  SendPlan plan;
  plan.terms = terms;
  plan.source = PackageOf(move.source);
  plan.scan = kAsListed;
  plan.scanned = Remembered(terms.transfer, move.listing);
  plan.bytes_per_second_max = move.bytes_per_second_max;
  if (warranted.scan) {
    plan.release = [&](const ScanResult& package, const std::stop_token& stop) {
      return Release(volume, package, stop);
    };
  }
  plan.landed = [&](const SendResult& result, const std::stop_token& stop) -> absl::Status {
    RETURN_IF_ERROR(watch.Settle());
    trust::Receipt receipt;
    receipt.transfer = terms.transfer;
    receipt.role = trust::ReceiptRole::kSent;
    receipt.listing = move.listing;
    receipt.content = move.content;
    receipt.files = result.files;
    receipt.bytes = result.bytes;
    receipt.began = result.began;
    receipt.ended = result.ended;
    receipt.verify = trust::ReceiptVerify::kTransit;
    receipt.request = terms.transfer;
    receipt.policy = warranted.policy_digest;
    if (warranted.scan) receipt.scan = "clean";  // or it would not have begun
    ASSIGN_OR_RETURN(const SignedReceipt first, deps_.receipts.SignSent(receipt, terms.epoch));
    return deps_.receipts.Submit(first, deps_.reports, stop);
  };
  SendAttempt attempt(std::move(plan), {deps_.clock, volume, legs});
  control.OnUpdate([&attempt](const Task& task) {
    if (const auto* now = std::get_if<MoveTask>(&task.work)) attempt.SetRate(now->bytes_per_second_max);
  });
  const Reporter reporter(attempt, control);
  const absl::Status status = attempt.Run(watch.stop()).status();
  control.OnUpdate({});
  return status;
}

absl::Status Work::Receive(const MoveTask& move, const AttemptTerms& terms, RecordTerms record, LegDialer& legs,
                           Volume& volume, WarrantWatch& watch, TaskControl& control) {
  std::optional<StagingTurns::Turn> turn = turns_.Take(terms.transfer, control.stop());
  if (!turn) return base::Error(absl::StatusCode::kCancelled, "stopped while another task worked on the staging");
  // A journal of this very attempt is of an earlier run: everything had landed, and most likely it needs no peer.
  ASSIGN_OR_RETURN(const auto pending, FindPending(volume, terms.transfer, terms.epoch));
  absl::Status status;
  if (pending) {
    const StopAfter limit(control.stop(), kAskAgain);
    status = PublishPending(volume, terms.transfer, terms.epoch, limit.token());
  }
  if (!pending || base::ReasonOf(status) == Name(Reason::kCommitUnknown)) {
    status = Attempt(move, terms, std::move(record), legs, volume, watch, control);
  }
  if (!status.ok()) return FinishIfCommitted(volume, terms, status, control);
  turn.reset();
  return HandIn(terms.transfer, terms.epoch, control.stop());
}

absl::Status Work::Attempt(const MoveTask& move, const AttemptTerms& terms, RecordTerms record, LegDialer& legs,
                           Volume& volume, WarrantWatch& watch, TaskControl& control) {
  ReceivePlan plan;
  plan.terms = terms;
  plan.agent = deps_.agent;
  plan.destination = {move.destination.path, move.source.files};
  plan.allow_empty_files = kAsListed.allow_empty_files;
  plan.verify = VerifyOf(move.verify);
  plan.merge = move.merge;
  plan.replace = move.replace;
  plan.commit = [&]() -> absl::StatusOr<CommitVerdict> {
    if (!watch.Settle().ok()) return CommitVerdict::kRefused;
    return Commit(terms.transfer, terms.epoch, move.listing, move.content, control.stop());
  };
  plan.published = [&](const PublishJournal& journal) -> absl::Status {
    ASSIGN_OR_RETURN(const SignedReceipt receipt, Landed(journal));
    return deps_.receipts.Keep(receipt);
  };
  ReceiveAttempt attempt(std::move(plan), {deps_.clock, volume, legs}, std::move(record));
  const Reporter reporter(attempt, control);
  return attempt.Run(watch.stop()).status();
}

std::shared_ptr<const ScanResult> Work::Remembered(const std::string& transfer, const std::string& listing_hex) {
  base::MutexLock lock(mutex_);
  const auto found = scanned_.find(transfer);
  if (found == scanned_.end() || base::ToHex(found->second->listing_digest) != listing_hex) return nullptr;
  return found->second;
}

void Work::Remember(const std::string& transfer, std::shared_ptr<const ScanResult> scanned) {
  if (scanned->manifest.entries.size() > kRememberedEntriesMax) return;
  base::MutexLock lock(mutex_);
  scanned_.erase(transfer);
  uint64_t entries = scanned->manifest.entries.size();
  for (const auto& [id, other] : scanned_) entries += other->manifest.entries.size();
  while (!scanned_.empty() && (scanned_.size() >= kRememberedMax || entries > kRememberedEntriesMax)) {
    entries -= scanned_.begin()->second->manifest.entries.size();
    scanned_.erase(scanned_.begin());
  }
  scanned_[transfer] = std::move(scanned);
}

}  // namespace crossdock::agent
