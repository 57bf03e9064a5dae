// Commands without an engine: tests see what was asked, and say what is answered.
#pragma once

#include <string>
#include <vector>

#include "lib/base/mutex.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "orchestrator/core/commands.h"

namespace crossdock::testing {

class FakeCommands : public orchestrator::Commands {
 public:
  using Actor = orchestrator::Actor;
  using Transfer = orchestrator::Transfer;

  // What the commands answer. Set before the calls.
  bool fresh = true;
  std::string created = "t-1";
  orchestrator::Explanation explanation;
  std::vector<std::string> decision;
  std::vector<orchestrator::ApprovalSubject> subjects;
  orchestrator::BreakGlassSubject glass;
  orchestrator::PolicyName policy{"northlight", "d1", "Northlight"};
  orchestrator::PolicyReplay replay;
  std::vector<std::string> lines;
  std::vector<std::string> triggers;
  orchestrator::TriggerTest test;
  uint64_t number = 7;
  std::string relay = "lon-r1";

  // Every call fails with it until it is OK again.
  void Fail(const absl::Status& status) {
    base::MutexLock lock(mutex_);
    failure_ = status;
  }
  // One line a call, "CancelTransfer t-1 why by token:ops r-1".
  std::vector<std::string> calls() {
    base::MutexLock lock(mutex_);
    return calls_;
  }
  std::string last_call() {
    base::MutexLock lock(mutex_);
    return calls_.empty() ? "" : calls_.back();
  }
  orchestrator::Event last_event() {
    base::MutexLock lock(mutex_);
    return event_;
  }

  absl::StatusOr<bool> PublishEvent(const orchestrator::Event& event) override {
    {
      base::MutexLock lock(mutex_);
      event_ = event;
    }
    return Answer(fresh, "PublishEvent ", event.source, " ", event.external_id);
  }
  absl::StatusOr<std::string> CreateTransfer(const orchestrator::NewTransfer& wanted, bool validate_only,
                                             const Actor& actor) override {
    return Answer(created, "CreateTransfer ", wanted.entity.client, "/", wanted.entity.project, " ", wanted.source_site,
                  ">", wanted.destination_site, " ", wanted.volume, "/", wanted.path, " ", wanted.purpose,
                  validate_only ? " validate" : "", By(actor));
  }
  absl::Status CancelTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) override {
    return Note("CancelTransfer ", transfer, " ", reason, By(actor));
  }
  absl::Status RetryTransfer(std::string_view transfer, const Actor& actor) override {
    return Note("RetryTransfer ", transfer, By(actor));
  }
  absl::Status PauseTransfer(std::string_view transfer, std::string_view reason, const Actor& actor) override {
    return Note("PauseTransfer ", transfer, " ", reason, By(actor));
  }
  absl::Status ResumeTransfer(std::string_view transfer, const Actor& actor) override {
    return Note("ResumeTransfer ", transfer, By(actor));
  }
  absl::StatusOr<orchestrator::Explanation> Explain(const Transfer& transfer) override {
    return Answer(explanation, "Explain ", transfer.id);
  }
  absl::StatusOr<std::vector<std::string>> LastDecision(const Transfer& transfer) override {
    return Answer(decision, "LastDecision ", transfer.id);
  }
  absl::StatusOr<std::vector<orchestrator::ApprovalSubject>> OpenApprovals(const Transfer& transfer) override {
    return Answer(subjects, "OpenApprovals ", transfer.id);
  }
  absl::Status SubmitApproval(std::string_view transfer, std::string_view statement, const Actor& actor) override {
    return Note("SubmitApproval ", transfer, " ", statement, By(actor));
  }
  absl::Status WithdrawApproval(std::string_view transfer, std::string_view statement, const Actor& actor) override {
    return Note("WithdrawApproval ", transfer, " ", statement, By(actor));
  }
  absl::StatusOr<orchestrator::BreakGlassSubject> BreakGlassOf(const Transfer& transfer) override {
    return Answer(glass, "BreakGlassOf ", transfer.id);
  }
  absl::Status SubmitBreakGlass(std::string_view transfer, std::string_view statement, const Actor& actor) override {
    return Note("SubmitBreakGlass ", transfer, " ", statement, By(actor));
  }
  absl::Status ReviewBreakGlass(std::string_view transfer, std::string_view statement, const Actor& actor) override {
    return Note("ReviewBreakGlass ", transfer, " ", statement, By(actor));
  }
  absl::Status AddDelegation(std::string_view statement, const Actor& actor) override {
    return Note("AddDelegation ", statement, By(actor));
  }
  absl::Status EndDelegation(std::string_view statement, const Actor& actor) override {
    return Note("EndDelegation ", statement, By(actor));
  }
  absl::StatusOr<orchestrator::ProposedPolicy> ProposePolicy(const orchestrator::PolicyText& text,
                                                             const std::vector<std::string>& accepted,
                                                             bool validate_only, const Actor& actor) override {
    std::string codes;
    for (const std::string& code : accepted) codes += " accepting " + code;
    for (const std::string& calendar : text.calendars) codes += " with " + calendar;
    return Answer(orchestrator::ProposedPolicy{policy, "{}", {}}, "ProposePolicy ", text.yaml,
                  validate_only ? " validate" : "", codes, By(actor));
  }
  absl::StatusOr<orchestrator::PolicyName> ApprovePolicy(std::string_view activation, const Actor& actor) override {
    return Answer(policy, "ApprovePolicy ", activation, By(actor));
  }
  absl::StatusOr<orchestrator::PolicyName> ActivatePolicy(std::string_view activation, const Actor& actor) override {
    return Answer(policy, "ActivatePolicy ", activation, By(actor));
  }
  absl::StatusOr<orchestrator::PolicyName> ActivateApproved(std::string_view client, std::string_view digest,
                                                            const Actor& actor) override {
    return Answer(policy, "ActivateApproved ", client, " ", digest, By(actor));
  }
  absl::StatusOr<orchestrator::PolicyName> WithdrawPolicy(std::string_view client, std::string_view digest,
                                                          const Actor& actor) override {
    return Answer(policy, "WithdrawPolicy ", client, " ", digest, By(actor));
  }
  absl::StatusOr<orchestrator::PolicyReplay> ReplayPolicy(const orchestrator::PolicyText& text, base::Instant,
                                                          int examples) override {
    return Answer(replay, "ReplayPolicy ", text.yaml, " ", examples);
  }
  absl::StatusOr<orchestrator::PolicyName> StartShadow(const orchestrator::PolicyText& text,
                                                       const Actor& actor) override {
    return Answer(policy, "StartShadow ", text.yaml, By(actor));
  }
  absl::Status StopShadow(std::string_view client, const Actor& actor) override {
    return Note("StopShadow ", client, By(actor));
  }
  absl::StatusOr<orchestrator::PolicyName> NamePolicy(std::string_view) override { return policy; }
  absl::StatusOr<std::vector<std::string>> RenderPolicy(std::string_view text) override {
    return Answer(lines, "RenderPolicy ", text);
  }
  absl::StatusOr<std::vector<std::string>> ApplyTriggers(std::string_view name, std::string_view text,
                                                         bool validate_only, const Actor& actor) override {
    return Answer(triggers, "ApplyTriggers ", name, " ", text, validate_only ? " validate" : "", By(actor));
  }
  absl::StatusOr<orchestrator::TriggerTest> TestTriggers(std::string_view source, std::string_view entity_type,
                                                         std::string_view entity_id) override {
    return Answer(test, "TestTriggers ", source, " ", entity_type, " ", entity_id);
  }
  absl::StatusOr<uint64_t> SetRoster(std::string_view body, std::string_view statement, const Actor& actor) override {
    return Answer(number, "SetRoster ", body, " ", statement, By(actor));
  }
  absl::Status RegisterGrant(std::string_view grant, const Actor& actor) override {
    return Note("RegisterGrant ", grant, By(actor));
  }
  absl::StatusOr<std::string> AddRelay(std::string_view statement, const Actor& actor) override {
    return Answer(relay, "AddRelay ", statement, By(actor));
  }
  absl::Status SetRelayKeys(std::string_view site, std::string_view bundle, const Actor& actor) override {
    return Note("SetRelayKeys ", site, " ", bundle, By(actor));
  }
  absl::StatusOr<uint64_t> DenyKey(std::string_view spki, std::string_view reason, const Actor& actor) override {
    return Answer(number, "DenyKey ", spki, " ", reason, By(actor));
  }
  absl::Status SetLink(std::string_view source_site, std::string_view destination_site, int concurrency,
                       int64_t bytes_per_second_max, std::string_view held_reason, const Actor& actor) override {
    return Note("SetLink ", source_site, ">", destination_site, " ", concurrency, " ", bytes_per_second_max, " '",
                held_reason, "'", By(actor));
  }
  std::string TicketKey() override { return "ed25519:00"; }

 private:
  static std::string By(const Actor& actor) {
    return base::StrCat(" by ", actor.subject, actor.request_id.empty() ? "" : " ", actor.request_id);
  }
  template <typename... Parts>
  absl::Status Note(const Parts&... parts) {
    base::MutexLock lock(mutex_);
    calls_.push_back(base::StrCat(parts...));
    return failure_;
  }
  template <typename T, typename... Parts>
  absl::StatusOr<T> Answer(const T& answer, const Parts&... parts) {
    if (absl::Status failed = Note(parts...); !failed.ok()) return failed;
    return answer;
  }

  base::Mutex mutex_;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  orchestrator::Event event_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::testing
