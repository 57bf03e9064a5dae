// Any bytes as a publish journal, with and without the checksum that belongs to them: what is read names only what
// exists, and is the same when it is written and read again.
#include "agent/core/publish_journal.h"
#include "lib/base/digest.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

bool IsDigest(const std::string& digest) { return digest.empty() || digest.size() == base::kSha256Size; }

bool Check(std::string_view bytes) {
  const absl::StatusOr<agent::PublishJournal> journal = agent::DecodeJournal(bytes);
  if (!journal.ok()) {
    CheckRefusal(journal.status());
    return false;
  }
  INVARIANT(journal->verify <= 2) << "a verification that does not exist";
  INVARIANT(IsDigest(journal->listing_digest) && IsDigest(journal->content_root) && IsDigest(journal->policy_digest));
  INVARIANT(!agent::Name(journal->merge).empty()) << "a merge that does not exist";
  const absl::StatusOr<agent::PublishJournal> again = agent::DecodeJournal(agent::Encode(*journal));
  INVARIANT(again.ok() && *again == *journal) << "a journal must come back as it was";
  return true;
}

}  // namespace

// `input` is a journal without its checksum.
bool FuzzJournal(std::string_view input) {
  const bool bare = Check(input);
  return Check(std::string(input) + base::Sha256(input)) || bare;
}

}  // namespace crossdock::fuzz
