// Receipts: what this agent signs when it has sent or landed a package, and those that the orchestrator has not taken
// yet, on disk. Thread-safe.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/attempt_reports.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/trust/kinds.h"

namespace crossdock::agent {

struct SignedReceipt {
  std::string transfer;
  wire::Epoch epoch;
  std::string text;  // the signed statement
  bool already_present = false;
};

class Receipts {
 public:
  // `directory` must exist. `agent` and `site` stand in each receipt.
  Receipts(std::string directory, std::string agent, std::string site, const base::PrivateKey& identity);

  // Fills in agent, site and epoch, and signs.
  absl::StatusOr<SignedReceipt> Sign(trust::Receipt receipt, wire::Epoch epoch, bool already_present) const;

  // The sender's receipt of an attempt. Its times are the sender's own, in no journal: so the first one is on disk
  // before it is given, and however often an attempt is begun again after a crash, that first one comes again.
  absl::StatusOr<SignedReceipt> SignSent(const trust::Receipt& receipt, wire::Epoch epoch) const;
  // The attempt is over: whoever sends again has another epoch. Older attempts of the transfer are over with it.
  void ForgetSent(const std::string& transfer, wire::Epoch epoch) const;
  // At the start: the sender's receipts of an earlier run. Those of what was sent before `since` are removed.
  std::vector<SignedReceipt> KeptSent(base::Instant since) const;

  // On disk before it returns.
  absl::Status Keep(const SignedReceipt& receipt) const;
  // Hands a kept one in, and forgets it.
  absl::Status Submit(const SignedReceipt& receipt, AttemptReports& reports, std::stop_token stop) const;
  // All that are kept, of an earlier run. Damaged ones are logged and left.
  std::vector<SignedReceipt> Kept() const;

 private:
  std::string PathOf(const SignedReceipt& receipt, std::string_view suffix) const;
  // All with this suffix; damaged ones are logged and left.
  std::vector<SignedReceipt> All(std::string_view suffix) const;

  const std::string directory_;
  const std::string agent_;
  const std::string site_;
  const base::PrivateKey identity_;
};

}  // namespace crossdock::agent
