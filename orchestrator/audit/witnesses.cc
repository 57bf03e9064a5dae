#include "orchestrator/audit/witnesses.h"

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/transparency/add_checkpoint.h"
#include "nlohmann/json.hpp"
#include "orchestrator/audit/sequencer.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::audit {
namespace {

constexpr char kStale[] = "WITNESS_STALE";

}  // namespace

std::string WitnessName(std::string_view trust_domain, std::string_view site, std::string_view agent) {
  return transparency::NoteNameOf(base::StrCat(trust_domain, "/site/", site, "/agent/", agent));
}

absl::StatusOr<std::vector<WitnessAsk>> Witnesses::Ask(std::string_view agent) {
  const base::Steady now = clock_.MonotonicNow();
  return database_.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::vector<WitnessAsk>> {
    std::vector<WitnessAsk> asks;
    for (const store::UnwitnessedCheckpoint& open : store::Unwitnessed(tx, agent, kAskedMax)) {
      uint64_t from = open.cosigned;
      {
        base::MutexLock lock(mutex_);
        Talk& talk = talks_[{std::string(agent), open.checkpoint.log}];
        if (talk.asked == open.checkpoint.size && now - talk.at < kAskAgain) continue;
        talk.asked = open.checkpoint.size;
        talk.at = now;
        from = talk.seen.value_or(from);
      }
      absl::StatusOr<WitnessAsk> ask = AskFor(tx, open, from);
      if (ask.ok()) {
        asks.push_back(*std::move(ask));
      } else {
        // One log whose tree is damaged keeps no other from being witnessed.
        LOG_ERROR("no witness can be asked about an audit log",
                  {{"log", base::PercentEscape(open.checkpoint.log)}, {"error", ask.status().ToString()}});
      }
    }
    return asks;
  });
}

absl::StatusOr<WitnessAsk> Witnesses::AskFor(pg::Tx& tx, const store::UnwitnessedCheckpoint& open, uint64_t from) {
  const store::AuditCheckpoint& checkpoint = open.checkpoint;
  transparency::AddCheckpoint body{from, {}, checkpoint.note};
  // From beyond the log's end nothing can be proved; the witness is asked all the same, and says what it has seen.
  if (from <= checkpoint.size) {
    transparency::Tiles tree = TreeOf(tx, checkpoint.log, checkpoint.size);
    ASSIGN_OR_RETURN(body.proof, transparency::ConsistencyProof(from, checkpoint.size, tree.Source()));
  }
  return WitnessAsk{checkpoint.log, signer_.KeyOf(checkpoint.log).Format(), body.Format()};
}

absl::Status Witnesses::Take(std::string_view agent, std::string_view site, const WitnessReply& reply) {
  bool write_down = false;
  {
    base::MutexLock lock(mutex_);
    const auto talk = talks_.find({std::string(agent), reply.log});
    if (talk == talks_.end()) return absl::OkStatus();  // nobody asked
    const bool refused = !reply.reason.empty() && reply.reason != kStale;
    if (!refused) talk->second.asked = 0;
    talk->second.seen = reply.reason.empty() ? reply.size : reply.seen_size;
    if (refused) {
      write_down = !std::exchange(talk->second.refused, true);
    } else if (reply.reason.empty()) {
      talk->second.refused = false;
    }
  }
  if (reply.reason.empty()) return Keep(agent, site, reply);
  return write_down ? WriteDown(agent, reply) : absl::OkStatus();
}

absl::Status Witnesses::Keep(std::string_view agent, std::string_view site, const WitnessReply& reply) {
  const base::Instant now = clock_.Now();
  return database_.Transact([&](pg::Tx& tx) -> absl::Status {
    const std::vector<store::AuditCheckpoint> found = store::ReadCheckpoints(tx, reply.log, reply.size, 1);
    const std::optional<store::Agent> known = store::GetAgent(tx, agent);
    if (found.empty() || found.front().size != reply.size || !known) return absl::OkStatus();
    ASSIGN_OR_RETURN(const base::PublicKey key, base::PublicKey::FromHex(known->identity_key));
    ASSIGN_OR_RETURN(const transparency::Note note, transparency::Note::Parse(found.front().note));
    ASSIGN_OR_RETURN(const auto line, transparency::NoteSignature::Parse(reply.cosignature));
    const transparency::NoteKey by{WitnessName(trust_domain_, site, agent), transparency::NoteKeyType::kCosignature,
                                   key};
    RETURN_IF_ERROR(transparency::VerifyCosignature(note.text, line, by).status());
    store::InsertCosignature(tx, {reply.log, reply.size, std::string(agent), now, reply.cosignature});
    return absl::OkStatus();
  });
}

// Once for each agent and log, until it co-signs again; with what the agent holds, which is the proof.
absl::Status Witnesses::WriteDown(std::string_view agent, const WitnessReply& reply) {
  LOG_ERROR("A WITNESS REFUSES AN AUDIT LOG", {{"agent", agent},
                                               {"log", base::PercentEscape(reply.log)},
                                               {"reason", base::PercentEscape(reply.reason)},
                                               {"detail", base::PercentEscape(reply.detail)}});
  const base::Instant now = clock_.Now();
  return database_.Transact([&](pg::Tx& tx) -> absl::Status {
    nlohmann::json detail{{"log", reply.log},
                          {"size", reply.size},
                          {"seen", reply.seen_size},
                          {"detail", base::PercentEscape(reply.detail)}};
    const auto held = transparency::ParseCheckpointNote(reply.held);
    if (held.ok() && transparency::VerifyCheckpoint(*held, signer_.KeyOf(reply.log)).ok()) detail["held"] = reply.held;
    store::Audit(tx, {0, now, "", base::StrCat("agent/", agent), "audit.refused", "", base::PercentEscape(reply.reason),
                      detail.dump()});
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::audit
