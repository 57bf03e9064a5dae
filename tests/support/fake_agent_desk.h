// An AgentDesk in memory: tests say what is wanted and see what was asked.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/mutex.h"
#include "lib/base/status.h"
#include "orchestrator/core/agent_desk.h"

namespace crossdock::testing {

class FakeAgentDesk : public orchestrator::AgentDesk {
 public:
  // What tests set.
  void Want(const std::string& agent, std::vector<orchestrator::Task> tasks, uint64_t generation = 1) {
    base::MutexLock lock(mutex_);
    wanted_[agent] = {generation, std::move(tasks)};
  }
  void SetTrust(const orchestrator::SiteTrust& trust) {
    base::MutexLock lock(mutex_);
    trust_ = trust;
  }
  void SetSteps(uint64_t number, std::vector<orchestrator::RosterStep> steps) {
    base::MutexLock lock(mutex_);
    steps_[number] = std::move(steps);
  }
  void Deny(const std::string& spki) {
    base::MutexLock lock(mutex_);
    denied_.insert(spki);
  }
  // Every call fails with it until it is OK again.
  void Fail(const absl::Status& status) {
    base::MutexLock lock(mutex_);
    failure_ = status;
  }

  // What tests look at: one line a call, "scan t-1 1 SOURCE_MISSING".
  std::vector<std::string> calls() {
    base::MutexLock lock(mutex_);
    return calls_;
  }
  // False when the call does not come within 10 s.
  bool WaitFor(const std::string& call) {
    base::MutexLock lock(mutex_);
    for (int i = 0; i < 1000; ++i) {
      if (std::find(calls_.begin(), calls_.end(), call) != calls_.end()) return true;
      changed_.WaitFor(mutex_, std::chrono::milliseconds(10));
    }
    return false;
  }

  absl::Status BeginSession(const orchestrator::SessionStart& start) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    if (start.counter <= counters_[start.agent]) {
      return base::WithReason(base::PermissionDenied("counter ", start.counter, " was seen"), "AGENT_CLONED");
    }
    counters_[start.agent] = start.counter;
    Note(base::StrCat("begin ", start.agent, " ", start.counter));
    return absl::OkStatus();
  }
  absl::StatusOr<orchestrator::DesiredSet> DesiredTasks(std::string_view agent) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    return wanted_[std::string(agent)];
  }
  absl::StatusOr<orchestrator::SiteTrust> TrustOf(std::string_view) override {
    base::MutexLock lock(mutex_);
    return trust_;
  }
  absl::StatusOr<std::vector<orchestrator::RosterStep>> RosterSteps(uint64_t number) override {
    base::MutexLock lock(mutex_);
    return steps_[number];
  }
  absl::StatusOr<std::set<std::string>> DeniedKeys() override {
    base::MutexLock lock(mutex_);
    return denied_;
  }
  absl::Status RenewLeases(std::string_view agent, const std::vector<std::string>& transfers) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    for (const std::string& transfer : transfers) Note(base::StrCat("renew ", agent, " ", transfer));
    return absl::OkStatus();
  }
  absl::Status RecordManifestChunk(std::string_view, std::string_view transfer, int64_t scan, int64_t index,
                                   std::string_view chunk) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    manifest_[base::StrCat(transfer, "/", scan)][index] = std::string(chunk);
    Note(base::StrCat("chunk ", transfer, " ", scan, " ", index));
    return absl::OkStatus();
  }
  absl::Status RecordScan(std::string_view, const orchestrator::ScanOutcome& outcome) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    scans_.push_back(outcome);
    Note(base::StrCat("scan ", outcome.transfer, " ", outcome.scan, " ", outcome.reason));
    return absl::OkStatus();
  }
  absl::Status RecordContent(std::string_view, const orchestrator::ContentOutcome& outcome) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    Note(base::StrCat("content ", outcome.transfer, " ", outcome.scan, " ", outcome.reason));
    return absl::OkStatus();
  }
  absl::StatusOr<orchestrator::CommitReply> Commit(std::string_view, std::string_view transfer,
                                                   orchestrator::Epoch epoch, std::string_view,
                                                   std::string_view) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    Note(base::StrCat("commit ", transfer, " ", epoch.generation, ".", epoch.n));
    return orchestrator::CommitReply{orchestrator::CommitWord::kPublish, "", ""};
  }
  absl::Status SubmitReceipt(std::string_view agent, std::string_view transfer, orchestrator::Epoch epoch,
                             std::string_view, bool) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    Note(base::StrCat("receipt ", agent, " ", transfer, " ", epoch.generation, ".", epoch.n));
    return absl::OkStatus();
  }
  absl::Status ReportFailure(std::string_view, std::string_view transfer, orchestrator::Epoch epoch,
                             std::string_view reason, std::string_view) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    Note(base::StrCat("failure ", transfer, " ", epoch.generation, ".", epoch.n, " ", reason));
    return absl::OkStatus();
  }

  absl::Status RecordClean(std::string_view agent, const orchestrator::CleanOutcome& outcome) override {
    base::MutexLock lock(mutex_);
    RETURN_IF_ERROR(failure_);
    Note(base::StrCat("clean ", agent, " ", outcome.transfer, " ", outcome.epoch.generation, ".", outcome.epoch.n, " ",
                      outcome.reason));
    return absl::OkStatus();
  }

  std::vector<orchestrator::ScanOutcome> scans() {
    base::MutexLock lock(mutex_);
    return scans_;
  }

 private:
  void Note(std::string call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    calls_.push_back(std::move(call));
    changed_.NotifyAll();
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, orchestrator::DesiredSet> wanted_;
  std::map<std::string, uint64_t> counters_;
  std::map<std::string, std::map<int64_t, std::string>> manifest_;
  std::vector<orchestrator::ScanOutcome> scans_;
  orchestrator::SiteTrust trust_{"body", "statement", "", "", {}, {}, {}};
  std::map<uint64_t, std::vector<orchestrator::RosterStep>> steps_;
  std::set<std::string> denied_;
  absl::Status failure_;
  std::vector<std::string> calls_;
};

}  // namespace crossdock::testing
