#include "agent/tasks/receipts.h"

#include <filesystem>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/trust/signed_statement.h"
#include "nlohmann/json.hpp"

namespace crossdock::agent {
namespace {

using nlohmann::json;

// A receipt that is to be handed in yet; a sender's, until its attempt is over.
constexpr std::string_view kSuffix = ".receipt";
constexpr std::string_view kSentSuffix = ".sent";

std::string EpochText(wire::Epoch epoch) { return base::StrCat(epoch.generation, ".", epoch.n); }

std::string ToJson(const SignedReceipt& receipt) {
  const json value = {{"transfer", receipt.transfer},
                      {"generation", receipt.epoch.generation},
                      {"n", receipt.epoch.n},
                      {"text", receipt.text},
                      {"already_present", receipt.already_present}};
  return value.dump();
}

void Remove(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

}  // namespace

Receipts::Receipts(std::string directory, std::string agent, std::string site, const base::PrivateKey& identity)
    : directory_(std::move(directory)), agent_(std::move(agent)), site_(std::move(site)), identity_(identity) {}

absl::StatusOr<SignedReceipt> Receipts::Sign(trust::Receipt receipt, wire::Epoch epoch, bool already_present) const {
  receipt.agent = agent_;
  receipt.site = site_;
  receipt.epoch = EpochText(epoch);
  ASSIGN_OR_RETURN(const std::string statement, trust::Encode(receipt));
  return SignedReceipt{receipt.transfer, epoch, trust::SignedStatement::Sign(statement, identity_).Format(),
                       already_present};
}

absl::StatusOr<SignedReceipt> Receipts::SignSent(const trust::Receipt& receipt, wire::Epoch epoch) const {
  ASSIGN_OR_RETURN(SignedReceipt made, Sign(receipt, epoch, false));
  for (SignedReceipt& kept : All(kSentSuffix)) {
    if (kept.transfer == made.transfer && kept.epoch == epoch) return std::move(kept);
  }
  RETURN_IF_ERROR(base::WriteFileAtomic(PathOf(made, kSentSuffix), ToJson(made), 0600));
  return made;
}

void Receipts::ForgetSent(const std::string& transfer, wire::Epoch epoch) const {
  for (const SignedReceipt& kept : All(kSentSuffix)) {
    if (kept.transfer == transfer && kept.epoch <= epoch) Remove(PathOf(kept, kSentSuffix));
  }
}

std::vector<SignedReceipt> Receipts::KeptSent(base::Instant since) const {
  std::vector<SignedReceipt> kept;
  for (SignedReceipt& each : All(kSentSuffix)) {
    const auto statement = trust::SignedStatement::Parse(each.text);
    const auto receipt = statement.ok() ? trust::Decode<trust::Receipt>(statement->statement()) : statement.status();
    if (receipt.ok() && receipt->ended >= since) {
      kept.push_back(std::move(each));
    } else {
      Remove(PathOf(each, kSentSuffix));
    }
  }
  return kept;
}

absl::Status Receipts::Keep(const SignedReceipt& receipt) const {
  return base::WriteFileAtomic(PathOf(receipt, kSuffix), ToJson(receipt), 0600);
}

absl::Status Receipts::Submit(const SignedReceipt& receipt, AttemptReports& reports, std::stop_token stop) const {
  RETURN_IF_ERROR(reports.SubmitReceipt(receipt.transfer, receipt.epoch, receipt.text, receipt.already_present, stop));
  Remove(PathOf(receipt, kSuffix));
  return absl::OkStatus();
}

std::vector<SignedReceipt> Receipts::Kept() const { return All(kSuffix); }

std::vector<SignedReceipt> Receipts::All(std::string_view suffix) const {
  std::vector<SignedReceipt> kept;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    if (entry.path().extension() != suffix) continue;
    const absl::StatusOr<std::string> text = base::ReadFile(entry.path().string());
    const json value = text.ok() ? json::parse(*text, nullptr, false) : json();
    if (!value.is_object()) {
      LOG_ERROR("a kept receipt cannot be read", {{"file", entry.path().filename().string()}});
      continue;
    }
    kept.push_back({value.value("transfer", ""),
                    {value.value("generation", uint64_t{0}), value.value("n", uint64_t{0})},
                    value.value("text", ""),
                    value.value("already_present", false)});
  }
  return kept;
}

std::string Receipts::PathOf(const SignedReceipt& receipt, std::string_view suffix) const {
  return base::StrCat(directory_, "/", receipt.transfer, "-", EpochText(receipt.epoch), suffix);
}

}  // namespace crossdock::agent
