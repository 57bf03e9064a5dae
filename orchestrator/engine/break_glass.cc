#include "orchestrator/engine/break_glass.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/break_glass.h"
#include "lib/trust/break_glass.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/break_glass.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/notifications.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

using nlohmann::json;

constexpr std::string_view kGlassBroken = "GLASS_BROKEN";
// Of one transfer; those before tell nobody anything.
constexpr int kLinesMax = 10;

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::FailedPrecondition(parts...), reason);
}

// Only what waits for somebody or was denied has anything against it that could be lifted.
absl::Status CheckState(const Transfer& transfer) {
  const State state = transfer.state;
  if (state == State::kDenied || state == State::kHeld || state == State::kAwaitingApproval) return absl::OkStatus();
  return Refused(policy::kBreakGlassNotNeeded, "transfer '", transfer.id, "' is ", Name(state),
                 ": breaking the glass lifts only what denies it, holds it, or waits for approvals");
}

absl::Status CheckNoneOverdue(pg::Tx& tx, const Transfer& transfer, base::Instant now) {
  const std::optional<store::BreakGlass> overdue = store::OverdueReview(tx, transfer.entity.client, now);
  if (!overdue) return absl::OkStatus();
  return Refused("BREAK_GLASS_REVIEW_OVERDUE", "the glass was broken for transfer '", overdue->transfer,
                 "' and its review was due by ", base::FormatSeconds(*overdue->review_due),
                 "; until somebody reviews it (crossdock break-glass review ", overdue->transfer,
                 ") nobody breaks the glass for client '", transfer.entity.client, "'");
}

std::string Sentence(const trust::BreakGlass& said) {
  return base::StrCat(said.first, " and ", said.second, " broke the glass until ", base::FormatSeconds(said.not_after),
                      ": ", base::PercentEscape(said.reason));
}

struct Word {
  std::string digest;
  std::string text;  // signed
  trust::VerifiedBreakGlass verified;
  policy::Decision decision;  // with what it lifts
};

// Whether it counts for what would move now, and lifts all that stands against it.
absl::StatusOr<Word> Judge(pg::Tx& tx, const Transfer& transfer, std::string_view statement, bool both,
                           base::Instant now) {
  RETURN_IF_ERROR(CheckState(transfer));
  ASSIGN_OR_RETURN(const Cleared cleared, Clear(tx, transfer, now));
  const trust::Binding& binding = cleared.clearance.binding;
  Word word;
  word.text = statement;
  ASSIGN_OR_RETURN(word.digest, trust::StatementDigest(statement));
  ASSIGN_OR_RETURN(word.verified, both ? trust::VerifyBreakGlass(statement, cleared.roster, binding, now)
                                       : trust::VerifyBreakGlassAsked(statement, cleared.roster, binding, now));
  RETURN_IF_ERROR(CheckNoneOverdue(tx, transfer, now));
  ASSIGN_OR_RETURN(word.decision, clearance::LiftBy(word.verified, cleared.clearance, cleared.verified));
  return word;
}

json AuditDetail(const trust::BreakGlass& said, const Word& word) {
  json lifted = json::array();
  for (const policy::Reason& reason : word.decision.lifted)
    lifted.push_back(reason.rule.empty() ? reason.code : base::StrCat(reason.code, " ", reason.rule));
  return {{"digest", word.digest},
          {"first", said.first},
          {"second", said.second},
          {"reason", base::PercentEscape(said.reason)},
          {"until", base::FormatSeconds(said.not_after)},
          {"listing", said.listing},
          {"policy", said.policy},
          {"lifts", std::move(lifted)}};
}

// The transfer is decided again. One that was denied has ended: its source is looked at anew, as for a retry.
void Release(pg::Tx& tx, const Transfer& transfer, const trust::BreakGlass& said, base::Instant now) {
  if (transfer.state != State::kDenied) {
    Reconsider(tx, transfer, said.second, kGlassBroken, Sentence(said), now);
    return;
  }
  store::MoveTransfer(tx, transfer, {Cause::kRetried, said.second, std::string(kGlassBroken), Sentence(said), now});
  store::StartScan(tx, transfer.id);
  store::SetBackoff(tx, transfer.id, 0, now);
}

void Break(pg::Tx& tx, const Transfer& transfer, const Word& word, std::string_view actor, base::Instant now) {
  const trust::BreakGlass& said = word.verified.statement;
  const base::Instant due = now + kBreakGlassReviewWithin;
  store::SetBroken(tx, word.digest, word.text, now, due);
  json detail = AuditDetail(said, word);
  detail["review_due"] = base::FormatSeconds(due);
  detail["state"] = Name(transfer.state);
  store::Audit(
      tx, {0, now, transfer.entity.client, std::string(actor), "break_glass.broken", transfer.id, "ok", detail.dump()});
  store::InsertAlerts(tx, transfer.id, "break_glass",
                      base::StrCat(Sentence(said), ". Its review is due by ", base::FormatSeconds(due), "."),
                      word.decision.obligations.notify, now);
  Release(tx, transfer, said, now);
}

void Ask(pg::Tx& tx, const Transfer& transfer, const Word& word, std::string_view actor, base::Instant now) {
  const trust::BreakGlass& said = word.verified.statement;
  const store::BreakGlass row{word.digest,
                              transfer.id,
                              transfer.entity.client,
                              said.first,
                              said.second,
                              said.reason,
                              word.text,
                              said.not_before,
                              said.not_after,
                              now,
                              std::nullopt,
                              std::nullopt,
                              std::nullopt,
                              "",
                              "",
                              "",
                              ""};
  if (!store::InsertBreakGlass(tx, row)) return;
  store::Audit(tx, {0, now, transfer.entity.client, std::string(actor), "break_glass.asked", transfer.id, "ok",
                    AuditDetail(said, word).dump()});
}

struct Taken {
  Transfer transfer;  // as it was
  bool broken = false;
};

absl::StatusOr<Taken> Take(pg::Tx& tx, std::string_view id, std::string_view statement, std::string_view actor,
                           base::Instant now) {
  ASSIGN_OR_RETURN(const Transfer transfer, Lock(tx, id));
  ASSIGN_OR_RETURN(const trust::SignedStatement text, trust::SignedStatement::Parse(statement));
  ASSIGN_OR_RETURN(const std::string digest, trust::StatementDigest(statement));
  const bool both = text.signatures().size() > 1;
  const std::optional<store::BreakGlass> earlier = store::GetBreakGlass(tx, digest);
  if (earlier && earlier->transfer == transfer.id && (!both || earlier->broken)) return Taken{transfer};
  ASSIGN_OR_RETURN(const Word word, Judge(tx, transfer, statement, both, now));
  Ask(tx, transfer, word, actor, now);
  if (both) Break(tx, transfer, word, actor, now);
  return Taken{transfer, both};
}

// The broken one that the review names, of this transfer.
absl::StatusOr<store::BreakGlass> Find(pg::Tx& tx, const Transfer& transfer, std::string_view digest) {
  std::optional<store::BreakGlass> glass = store::GetBreakGlass(tx, digest);
  if (glass && glass->transfer == transfer.id && glass->broken) return *std::move(glass);
  return base::WithReason(base::NotFound("the glass was not broken for transfer '", transfer.id, "' by statement ",
                                         base::PercentEscape(digest), "; see `crossdock break-glass list`"),
                          "BREAK_GLASS_UNKNOWN");
}

absl::Status Review(pg::Tx& tx, std::string_view id, std::string_view statement, std::string_view actor,
                    base::Instant now) {
  ASSIGN_OR_RETURN(const Transfer transfer, Lock(tx, id));
  ASSIGN_OR_RETURN(const trust::SignedStatement text, trust::SignedStatement::Parse(statement));
  ASSIGN_OR_RETURN(const auto claimed, trust::Decode<trust::BreakGlassReview>(text.statement()));
  ASSIGN_OR_RETURN(store::BreakGlass glass, Find(tx, transfer, claimed.break_glass));
  if (glass.review_statement == statement) return absl::OkStatus();
  ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
  ASSIGN_OR_RETURN(const trust::SignedStatement broken, trust::SignedStatement::Parse(glass.statement));
  ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::BreakGlass>(broken.statement()));
  ASSIGN_OR_RETURN(const trust::VerifiedReview review,
                   trust::VerifyBreakGlassReview(statement, said, glass.digest, roster, now));
  if (glass.reviewed) {
    return Refused("BREAK_GLASS_REVIEWED", "'", glass.reviewer, "' reviewed it at ",
                   base::FormatSeconds(*glass.reviewed));
  }
  if (now < glass.not_after && !IsEnded(transfer.state)) {
    return Refused("BREAK_GLASS_STILL_OPEN", "transfer '", transfer.id, "' may still move by it until ",
                   base::FormatSeconds(glass.not_after), "; review it when that is over");
  }
  glass.reviewed = now;
  glass.reviewer = review.reviewer.person;
  glass.verdict = review.statement.justified ? "justified" : "unjustified";
  glass.review = review.statement.text;
  glass.review_statement = statement;
  store::SetReviewed(tx, glass);
  const json detail = {{"digest", glass.digest},         {"reviewer", glass.reviewer},
                       {"key", review.key_id},           {"text", base::PercentEscape(glass.review)},
                       {"first", glass.first},           {"second", glass.second},
                       {"late", now > *glass.review_due}};
  store::Audit(tx, {0, now, transfer.entity.client, std::string(actor), "break_glass.reviewed", transfer.id,
                    glass.verdict, detail.dump()});
  return absl::OkStatus();
}

std::string LineOf(const store::BreakGlass& glass, base::Instant now) {
  const std::string reason = base::PercentEscape(glass.reason);
  if (!glass.broken) {
    return base::StrCat(glass.first, " asks ", glass.second, " to break the glass with them until ",
                        base::FormatSeconds(glass.not_after), ": ", reason);
  }
  std::string line =
      base::StrCat(glass.first, " and ", glass.second, " broke the glass at ", base::FormatSeconds(*glass.broken),
                   ", until ", base::FormatSeconds(glass.not_after), ": ", reason, ". ");
  if (glass.reviewed) {
    line += base::StrCat(glass.reviewer, " reviewed it as ", glass.verdict, ": ", base::PercentEscape(glass.review));
  } else {
    line += base::StrCat("Its review ", now < *glass.review_due ? "is" : "was", " due by ",
                         base::FormatSeconds(*glass.review_due));
  }
  return line;
}

}  // namespace

absl::StatusOr<BreakGlassSubject> BreakGlassOf(const Context& context, const Transfer& transfer) {
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(CheckState(transfer));
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<BreakGlassSubject> {
    ASSIGN_OR_RETURN(const Cleared cleared, Clear(tx, transfer, now));
    const trust::Binding& binding = cleared.clearance.binding;
    const policy::Decision& decision = cleared.clearance.decision;
    BreakGlassSubject subject{
        binding.policy, binding.classification, binding.source, binding.destination, {}, {}, {}, "", ""};
    for (const policy::Reason& reason : decision.reasons) subject.against.push_back(reason.text);
    absl::Status refused = CheckNoneOverdue(tx, transfer, now);
    const auto lifted = policy::LiftedLayers(decision, cleared.verified.policies());
    if (!lifted.ok()) refused = lifted.status();
    subject.refusal = base::ReasonOf(refused);
    subject.refusal_detail = base::ToStd(refused.message());
    if (!lifted.ok()) return subject;
    std::set<std::string> told;
    for (const policy::Policy* layer : *lifted) {
      for (const policy::ApproverSet& set : layer->break_glass->from)
        subject.from.push_back(base::StrCat(policy::ApproverSetName(set), " of ", policy::ScopeName(layer->scope())));
      told.insert(layer->break_glass->notify.begin(), layer->break_glass->notify.end());
    }
    subject.notify.assign(told.begin(), told.end());
    return subject;
  });
}

absl::Status SubmitBreakGlass(const Context& context, std::string_view transfer, std::string_view statement,
                              std::string_view actor) {
  const base::Instant now = context.clock.Now();
  const auto taken = context.database.Transact(
      [&](pg::Tx& tx) -> absl::StatusOr<Taken> { return Take(tx, transfer, statement, actor, now); });
  RETURN_IF_ERROR(taken.status());
  if (!taken->broken) return absl::OkStatus();
  LOG_WARNING("the glass was broken", {{"transfer", transfer}, {"client", taken->transfer.entity.client}});
  for (const Duty duty : {Duty::kIntake, Duty::kDecide, Duty::kWriteBack, Duty::kWatch}) context.wakes.Wake(duty);
  context.wakes.WakeAgent(taken->transfer.agent_from);
  return absl::OkStatus();
}

absl::Status ReviewBreakGlass(const Context& context, std::string_view transfer, std::string_view statement,
                              std::string_view actor) {
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact(
      [&](pg::Tx& tx) -> absl::Status { return Review(tx, transfer, statement, actor, now); }));
  context.wakes.Wake(Duty::kWatch);
  return absl::OkStatus();
}

std::vector<std::string> BreakGlassLines(pg::Tx& tx, std::string_view transfer, base::Instant now) {
  store::BreakGlassFilter filter;
  filter.transfer = transfer;
  filter.limit = kLinesMax;
  std::vector<std::string> lines;
  for (const store::BreakGlass& glass : store::ListBreakGlass(tx, filter)) {
    if (glass.broken || now < glass.not_after) lines.push_back(LineOf(glass, now) + ".");
  }
  return lines;
}

}  // namespace crossdock::orchestrator::engine
