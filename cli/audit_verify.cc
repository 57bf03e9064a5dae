// Judges an auditor's pack, of which audit_read.h has taken care that it can be read.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "cli/audit_read.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/trust/credential.h"
#include "lib/trust/roster.h"

namespace crossdock::cli {
namespace {

using transparency::CheckpointNote;
using transparency::Hash;
using transparency::NoteKey;

class Judge {
 public:
  Judge(const PackDemands& demands, base::Instant now) : demands_(demands), now_(now) {}

  absl::StatusOr<PackVerdict> Run() {
    ASSIGN_OR_RETURN(head_, ReadPackHead(demands_.directory));
    verdict_.about = head_.about;
    RETURN_IF_ERROR(ChooseKey());
    ASSIGN_OR_RETURN(leaves_, ReadPackLeaves(demands_.directory, head_.about));
    RETURN_IF_ERROR(ReadWitnesses());
    CheckSignature(head_.checkpoint, "checkpoint.txt");
    if (IsWhole()) {
      RETURN_IF_ERROR(
          ReadPackCheckpoints(demands_.directory, [this](const CheckpointNote& each) { CompareOwn(each); }));
    }
    CheckTree();
    ReportOwn();
    RETURN_IF_ERROR(CheckHeld());
    RETURN_IF_ERROR(CheckAgainst());
    CheckWitnesses();
    return std::move(verdict_);
  }

 private:
  const AuditAbout& about() const { return head_.about; }
  uint64_t Count() const { return about().end - about().first; }
  uint64_t Have() const { return leaves_.hashes.size(); }
  // Only of leaves from number 0 on it can be told whether they are those of an older checkpoint.
  bool IsWhole() const { return about().first == 0; }

  template <typename... Parts>
  void Find(const char* reason, uint64_t first, uint64_t last, const Parts&... parts) {
    verdict_.findings.push_back({reason, first, last, base::StrCat(parts...)});
  }

  // The auditor's key counts, not the pack's; and it is one of this very log.
  absl::Status ChooseKey() {
    key_ = head_.key;
    if (!demands_.log_key.empty()) {
      ASSIGN_OR_RETURN(key_, NoteKey::Parse(demands_.log_key));
    }
    if (key_.type == transparency::NoteKeyType::kEd25519 && key_.name == about().origin &&
        about().origin.ends_with("/audit/" + transparency::NoteNameOf(about().log))) {
      return absl::OkStatus();
    }
    return base::WithReason(base::InvalidArgument("the export is of ", about().log, " (", about().origin,
                                                  "), and the key is that of ", key_.name),
                            "PACK_OTHER_LOG");
  }

  bool CheckSignature(const CheckpointNote& note, const std::string& where) {
    if (transparency::VerifyCheckpoint(note, key_).ok()) return true;
    Find("CHECKPOINT_UNSIGNED", 0, note.checkpoint.size, where, ": the checkpoint of ", note.checkpoint.size,
         " leaves is not signed by ", about().origin, " with the key ", base::ToHex(key_.Id()));
    return false;
  }

  bool Holds(const std::vector<Hash>& hashes) const {
    if (hashes.size() != Count() || head_.checkpoint.checkpoint.size != about().size) return false;
    const auto root = transparency::RootOfRange(about().first, hashes, about().size, head_.proof);
    return root.ok() && *root == head_.checkpoint.checkpoint.root;
  }

  void CheckTree() {
    if (leaves_.more) {
      Find("LEAVES_UNSIGNED", about().end, about().end, "there are more leaves than the ", Count(), " of about.txt");
    }
    if (Holds(leaves_.hashes)) return;
    if (Holds(leaves_.said)) {
      // The log's own hashes are what was signed: so the first leaf that has another hash is not what it was.
      const uint64_t bad = leaves_.parted.value_or(about().first + Have());
      const bool missing = !leaves_.parted;
      Find(missing ? "LEAVES_MISSING" : "LEAF_CHANGED", bad, missing ? about().end - 1 : bad, "number ", bad,
           missing        ? " is missing"
           : leaves_.gone ? " is gone, and another leaf was signed there"
                          : " is not what was signed");
      return;
    }
    // The largest checkpoint that agrees, and the smallest that does not, have the first bad one between them.
    if (own_bad_) {
      Find("LEAF_CHANGED", own_good_, *own_bad_ - 1, "a leaf among numbers ", own_good_, " to ", *own_bad_ - 1,
           " is not what was signed");
      return;
    }
    const uint64_t known = std::max(own_good_, about().first);
    if (Have() < Count()) {
      const uint64_t bad = about().first + Have();
      Find("LEAVES_MISSING", bad, about().end - 1, "number ", bad, " and up are gone: there are ", Have(),
           " leaves where ", Count(), " were signed",
           known < bad
               ? base::StrCat("; whether numbers ", known, " to ", bad - 1, " are what was signed, nothing here says")
               : "");
      return;
    }
    Find("LEAF_CHANGED", known, about().end - 1, "a leaf among numbers ", known, " to ", about().end - 1,
         " is not what was signed");
  }

  // Of the first `size` leaves of a whole log. Asked in rising order, mostly.
  Hash RootAt(uint64_t size) {
    if (size < tree_.size()) tree_ = transparency::TreeHead();
    while (tree_.size() < size) tree_.Append(leaves_.hashes[tree_.size()]);
    return tree_.Root();
  }

  // Whether the first leaves are those of the checkpoint; false also when there are not so many.
  bool Agrees(const transparency::Checkpoint& checkpoint) {
    return IsWhole() && checkpoint.size <= Have() && RootAt(checkpoint.size) == checkpoint.root;
  }

  // The log's own checkpoints. Whoever holds its key can have signed them all again, so what agrees is no evidence of
  // itself, unless a witness has signed it too (AgreedBelow).
  void CompareOwn(const CheckpointNote& each) {
    const uint64_t size = each.checkpoint.size;
    if (!transparency::VerifyCheckpoint(each, key_).ok()) {
      own_unsigned_ = own_unsigned_.value_or(size);
    } else if (Agrees(each.checkpoint)) {
      ++verdict_.checkpoints;
      if (!own_bad_) own_good_ = size;
      for (const std::string& witness : WitnessesOf(each.note)) agreed_[witness].insert(size);
    } else if (size <= Have()) {
      own_bad_ = own_bad_.value_or(size);
    }  // of what is missing, CheckTree speaks
  }

  void ReportOwn() {
    if (own_unsigned_) {
      Find("CHECKPOINT_UNSIGNED", 0, *own_unsigned_, "checkpoints.txt: the checkpoint of ", *own_unsigned_,
           " leaves is not signed by ", about().origin);
    }
    if (!own_bad_ || !verdict_.findings.empty()) return;
    Find("CHECKPOINT_CONTRADICTED", own_good_, *own_bad_ - 1, "checkpoints.txt: the first ", *own_bad_,
         " leaves are not those that were signed; the first bad number is among ", own_good_, " to ", *own_bad_ - 1);
  }

  // What agents sent to the orchestrator when they refused this log, and it has passed on.
  absl::Status CheckHeld() {
    ASSIGN_OR_RETURN(const std::vector<std::string> held, ListPackHeld(demands_.directory));
    for (const std::string& path : held) {
      ASSIGN_OR_RETURN(const CheckpointNote note, ReadNote(path));
      Compare(base::StrCat("held/", std::filesystem::path(path).filename().string()), note, std::nullopt);
    }
    return absl::OkStatus();
  }

  // What somebody else holds: an agent's note, or an earlier export. An agent's directory has those of other logs, too.
  absl::Status CheckAgainst() {
    bool any = false;
    for (const std::string& path : demands_.against) {
      const bool pack = std::filesystem::is_directory(path);
      ASSIGN_OR_RETURN(const CheckpointNote note, ReadNote(pack ? path + "/checkpoint.txt" : path));
      if (note.checkpoint.origin != about().origin) continue;
      any = true;
      if (!IsWhole() && !pack) {
        return base::WithReason(base::FailedPrecondition("only a whole log, from number 0, can be held against ", path),
                                "PACK_NOT_WHOLE");
      }
      std::optional<uint64_t> parted;
      if (pack) {
        ASSIGN_OR_RETURN(parted, PartsFrom(path));
      }
      // What the auditor holds is of one history, and counts for the notes after it; what the pack brings along is not.
      if (Compare(path, note, parted)) agreed_[""].insert(note.checkpoint.size);
    }
    if (any || demands_.against.empty()) return absl::OkStatus();
    return base::WithReason(base::InvalidArgument("nothing of what --against names is of ", about().origin),
                            "PACK_OTHER_LOG");
  }

  // `parted`: the first number that is known to be another one. True when the log is known to agree.
  bool Compare(const std::string& where, const CheckpointNote& note, std::optional<uint64_t> parted) {
    if (!CheckSignature(note, where)) return false;
    const uint64_t size = note.checkpoint.size;
    if (size > about().size && (!parted || *parted >= about().size)) {
      Find("LOG_TRUNCATED", about().size, size - 1, where, ": ", size, " leaves were signed, and the log has ",
           about().size, ": number ", about().size, " is gone");
      return false;
    }
    if (!parted) {
      if (!IsWhole() || size > Have()) return false;  // it cannot be told, or CheckTree has
      if (Agrees(note.checkpoint)) return true;
    }
    const uint64_t first = parted.value_or(AgreedBelow(size, note.note));
    const uint64_t last = parted.value_or(size - 1);
    Find("CHECKPOINT_CONTRADICTED", first, last, where, ": the first ", size,
         " leaves are not those that were signed; the first bad number is ",
         first == last ? std::to_string(first) : base::StrCat("among ", first, " to ", last));
    return false;
  }

  // How far this log agrees with what the same witnesses signed before, or with an older note from the same hands: what
  // comes before that is not where it parts from this note. Of another witness's word that does not follow.
  uint64_t AgreedBelow(uint64_t size, const transparency::Note& note) const {
    std::set<std::string> by = WitnessesOf(note);
    by.insert("");
    uint64_t agreed = 0;
    for (const std::string& witness : by) {
      const auto sizes = agreed_.find(witness);
      if (sizes == agreed_.end()) continue;
      const auto beyond = sizes->second.lower_bound(size);
      if (beyond != sizes->second.begin()) agreed = std::max(agreed, *std::prev(beyond));
    }
    return agreed;
  }

  // The first number at which an earlier export, sound in itself, has another leaf than this one, as far as both go.
  absl::StatusOr<std::optional<uint64_t>> PartsFrom(const std::string& directory) {
    PackDemands demands;
    demands.directory = directory;
    demands.log_key = key_.Format();
    Judge earlier(demands, now_);
    ASSIGN_OR_RETURN(const PackVerdict verdict, earlier.Run());
    if (!verdict.findings.empty()) {
      return base::WithReason(base::InvalidArgument(directory, " is not sound itself: ", verdict.findings.front().text),
                              "PACK_UNSOUND");
    }
    const uint64_t begin = std::max(about().first, verdict.about.first);
    const uint64_t end = std::min(about().first + Have(), verdict.about.end);
    for (uint64_t number = begin; number < end; ++number) {
      if (leaves_.hashes[number - about().first] != earlier.leaves_.hashes[number - verdict.about.first]) {
        return std::optional(number);
      }
    }
    return std::optional<uint64_t>();
  }

  // Which witness's key is whose, and of which site: by the auditor's own roster.
  absl::Status ReadWitnesses() {
    if (demands_.roster.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string body, base::ReadFile(demands_.roster));
    ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, demands_.roster));
    ASSIGN_OR_RETURN(const std::vector<PackWitness> witnesses, ReadPackWitnesses(demands_.directory));
    for (const PackWitness& each : witnesses) {
      const auto agent = trust::VerifyAgentCredential(each.grant, each.identity, roster, now_);
      if (!agent.ok()) continue;  // whoever it is, it does not count
      const std::string name =
          transparency::NoteNameOf(base::StrCat(roster.trust_domain(), "/site/", agent->site, "/agent/", agent->agent));
      witnesses_[name] = {{name, transparency::NoteKeyType::kCosignature, agent->identity_key}, agent->site};
    }
    return absl::OkStatus();
  }

  // The names of those whose co-signature holds.
  std::set<std::string> WitnessesOf(const transparency::Note& note) const {
    std::set<std::string> names;
    for (const transparency::NoteSignature& line : note.signatures) {
      const auto found = witnesses_.find(line.name);
      if (found == witnesses_.end()) continue;
      if (transparency::VerifyCosignature(note.text, line, found->second.first).ok()) names.insert(line.name);
    }
    return names;
  }

  void CheckWitnesses() {
    std::set<std::string> sites;
    for (const std::string& name : WitnessesOf(head_.checkpoint.note)) sites.insert(witnesses_.at(name).second);
    verdict_.sites.assign(sites.begin(), sites.end());
    if (static_cast<int>(sites.size()) < demands_.sites) {
      Find("WITNESSES_MISSING", 0, about().size - 1, "the checkpoint of ", about().size,
           " leaves is co-signed by agents of ", sites.size(), " sites; ", demands_.sites, " are demanded");
    }
  }

  const PackDemands& demands_;
  const base::Instant now_;
  PackVerdict verdict_;
  PackHead head_;
  PackLeaves leaves_;
  NoteKey key_;
  transparency::TreeHead tree_;
  std::map<std::string, std::pair<NoteKey, std::string>> witnesses_;  // by name: key and site
  // Sizes of the pack's own checkpoints: the largest that agrees before the first that does not, and that one.
  uint64_t own_good_ = 0;
  std::optional<uint64_t> own_bad_;
  std::optional<uint64_t> own_unsigned_;
  std::map<std::string, std::set<uint64_t>> agreed_;  // sizes that agree, by witness; "" for those of --against
};

}  // namespace

absl::StatusOr<PackVerdict> VerifyPack(const PackDemands& demands, base::Instant now) {
  return Judge(demands, now).Run();
}

}  // namespace crossdock::cli
