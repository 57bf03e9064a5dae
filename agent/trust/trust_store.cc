#include "agent/trust/trust_store.h"

#include <sys/stat.h>

#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/statement.h"
#include "nlohmann/json.hpp"

namespace crossdock::agent {
namespace {

using nlohmann::json;

std::string RosterPath(const std::string& directory) { return directory + "/roster.json"; }
std::string PoliciesPath(const std::string& directory) { return directory + "/policies.json"; }
std::string ObjectionsPath(const std::string& directory) { return directory + "/objections.json"; }

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

absl::StatusOr<json> ReadJson(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return base::Internal(path, " is damaged; enrol this agent anew");
  return value;
}

// Body and statement in one file, so that a crash never parts them.
absl::Status WriteRoster(const std::string& directory, std::string_view body, std::string_view statement) {
  const json value = {{"body", std::string(body)}, {"statement", std::string(statement)}};
  return base::WriteFileAtomic(RosterPath(directory), value.dump(), 0600);
}

}  // namespace

absl::Status TrustStore::Create(const std::string& directory, std::string_view root, std::string_view body,
                                std::string_view statement, base::Instant now) {
  RETURN_IF_ERROR(trust::VerifyRoster(body, statement, {nullptr, root}, now).status());
  return WriteRoster(directory, body, statement);
}

absl::StatusOr<std::unique_ptr<TrustStore>> TrustStore::Open(const std::string& directory) {
  std::unique_ptr<TrustStore> store(new TrustStore(directory));
  ASSIGN_OR_RETURN(const json stored, ReadJson(RosterPath(directory)));
  // It was verified before it was written.
  ASSIGN_OR_RETURN(trust::Roster roster, trust::Roster::Parse(stored.value("body", ""), RosterPath(directory)));
  base::MutexLock lock(store->mutex_);
  store->roster_ = std::make_shared<const trust::Roster>(std::move(roster));
  if (Exists(PoliciesPath(directory))) {
    ASSIGN_OR_RETURN(const json policies, ReadJson(PoliciesPath(directory)));
    for (const auto& [scope, seen] : policies.items()) {
      store->policies_[scope] = {seen.value("number", uint64_t{0}), seen.value("digest", "")};
    }
  }
  if (Exists(ObjectionsPath(directory))) {
    ASSIGN_OR_RETURN(const json objections, ReadJson(ObjectionsPath(directory)));
    for (const json& text : objections.value("statements", json::array())) {
      ASSIGN_OR_RETURN(Objection objection, Read(text.get<std::string>(), nullptr, base::Instant()));
      store->objections_[objection.text] = std::move(objection);
    }
  }
  return store;
}

std::shared_ptr<const trust::Roster> TrustStore::roster() const {
  base::MutexLock lock(mutex_);
  return roster_;
}

absl::Status TrustStore::TakeRoster(std::string_view body, std::string_view statement, base::Instant now,
                                    const std::vector<RosterStep>& steps) {
  base::MutexLock lock(mutex_);
  std::shared_ptr<const trust::Roster> held = roster_;
  for (const RosterStep& step : steps) {
    if (step.number <= held->number()) continue;
    ASSIGN_OR_RETURN(trust::Roster between, trust::VerifyRosterStep(step.body, step.statement, {held.get(), ""}, now));
    held = std::make_shared<const trust::Roster>(std::move(between));
  }
  ASSIGN_OR_RETURN(trust::Roster roster, trust::VerifyRoster(body, statement, {held.get(), ""}, now));
  if (roster.number() == roster_->number()) return absl::OkStatus();
  RETURN_IF_ERROR(WriteRoster(directory_, body, statement));
  roster_ = std::make_shared<const trust::Roster>(std::move(roster));
  ++revision_;
  return absl::OkStatus();
}

std::optional<trust::Seen> TrustStore::PolicySeen(std::string_view scope) const {
  base::MutexLock lock(mutex_);
  const auto found = policies_.find(scope);
  return found == policies_.end() ? std::nullopt : std::optional(found->second);
}

absl::Status TrustStore::RememberPolicy(const std::string& scope, const trust::Seen& seen) {
  base::MutexLock lock(mutex_);
  trust::Seen& held = policies_[scope];
  if (held.number >= seen.number) return absl::OkStatus();
  held = seen;
  ++revision_;
  json policies = json::object();
  for (const auto& [name, each] : policies_) policies[name] = {{"number", each.number}, {"digest", each.digest}};
  return base::WriteFileAtomic(PoliciesPath(directory_), policies.dump(), 0600);
}

absl::Status TrustStore::TakeActivations(std::span<const std::string> statements, base::Instant now) {
  absl::Status first;
  for (const std::string& text : statements) {
    const auto taken = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(text));
      ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::PolicyActivation>(statement.statement()));
      const std::optional<trust::Seen> seen = PolicySeen(said.client);
      if (seen && seen->number > said.number) return absl::OkStatus();
      if (seen && seen->number == said.number && seen->digest == said.digest) return absl::OkStatus();
      RETURN_IF_ERROR(trust::VerifyPolicyActivation(text, *roster(), said.client, said.digest, seen, now).status());
      return RememberPolicy(said.client, {said.number, said.digest});
    }();
    first.Update(taken);
  }
  return first;
}

absl::StatusOr<TrustStore::Objection> TrustStore::Read(const std::string& text, const trust::Roster* roster,
                                                       base::Instant now) {
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(text));
  if (trust::KindOf(text) == trust::Withdrawal::kKind) {
    if (roster != nullptr) RETURN_IF_ERROR(trust::VerifyWithdrawal(text, *roster, now).status());
    ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::Withdrawal>(statement.statement()));
    return Objection{text, said.transfer, said.approval, "", said.approver, said.not_after};
  }
  if (trust::KindOf(text) == trust::DelegationEnd::kKind) {
    if (roster != nullptr) RETURN_IF_ERROR(trust::VerifyDelegationEnd(text, *roster, now).status());
    ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::DelegationEnd>(statement.statement()));
    return Objection{text, "", "", said.delegation, said.approver, said.not_after};
  }
  ASSIGN_OR_RETURN(const trust::Word word, trust::ReadWord(statement.statement()));
  const trust::ApprovalStatement& said = word.statement;
  if (said.decision != trust::ApprovalDecision::kDeny) {
    return base::WithReason(base::InvalidArgument("a statement that denies nothing"), trust::kStatementMalformed);
  }
  // Against exactly what it names; whether that is what would move is asked when something would.
  if (roster != nullptr) {
    const trust::Binding named{said.transfer,    said.client,         said.project, said.listing,
                               said.content,     said.files,          said.bytes,   said.source,
                               said.destination, said.classification, said.policy};
    RETURN_IF_ERROR(trust::VerifyApproval(text, *roster, named, now).status());
  }
  return Objection{text, said.transfer, "", "", said.approver, said.not_before + kDenialKept};
}

absl::Status TrustStore::TakeObjections(std::span<const std::string> statements, base::Instant now) {
  absl::Status first;
  base::MutexLock lock(mutex_);
  const size_t forgotten = std::erase_if(objections_, [&](const auto& each) { return each.second.forget <= now; });
  size_t taken = 0;
  for (const std::string& text : statements) {
    if (objections_.contains(text)) continue;
    absl::StatusOr<Objection> objection = Read(text, roster_.get(), now);
    if (objection.ok() && objection->forget <= now) continue;
    if (objection.ok() && objections_.size() >= kObjectionsMax) {
      objection = base::ResourceExhausted("this agent remembers ", kObjectionsMax,
                                          " withdrawals, denials and ends of delegations already");
    }
    first.Update(objection.status());
    if (!objection.ok()) continue;
    objections_[text] = *std::move(objection);
    ++taken;
  }
  if (forgotten + taken > 0) first.Update(WriteObjections());
  if (taken > 0) ++revision_;
  return first;
}

absl::Status TrustStore::WriteObjections() const {
  json texts = json::array();
  for (const auto& [text, objection] : objections_) texts.push_back(text);
  return base::WriteFileAtomic(ObjectionsPath(directory_), json{{"statements", std::move(texts)}}.dump(), 0600);
}

TrustStore::Objections TrustStore::ObjectionsTo(std::string_view transfer) const {
  Objections found;
  base::MutexLock lock(mutex_);
  for (const auto& [text, objection] : objections_) {
    if (!objection.ended.empty()) found.ended.insert({objection.ended, objection.person});
    if (objection.transfer != transfer) continue;
    if (objection.withdrawn.empty()) {
      found.denials.push_back(text);
    } else {
      found.withdrawn.insert({objection.withdrawn, objection.person});
    }
  }
  return found;
}

}  // namespace crossdock::agent
