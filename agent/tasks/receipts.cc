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

constexpr char kSuffix[] = ".receipt";

std::string EpochText(wire::Epoch epoch) { return base::StrCat(epoch.generation, ".", epoch.n); }

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

absl::Status Receipts::Keep(const SignedReceipt& receipt) const {
  const json value = {{"transfer", receipt.transfer},
                      {"generation", receipt.epoch.generation},
                      {"n", receipt.epoch.n},
                      {"text", receipt.text},
                      {"already_present", receipt.already_present}};
  return base::WriteFileAtomic(PathOf(receipt), value.dump(), 0600);
}

absl::Status Receipts::Submit(const SignedReceipt& receipt, AttemptReports& reports, std::stop_token stop) const {
  RETURN_IF_ERROR(reports.SubmitReceipt(receipt.transfer, receipt.epoch, receipt.text, receipt.already_present, stop));
  std::error_code ignored;
  std::filesystem::remove(PathOf(receipt), ignored);
  return absl::OkStatus();
}

std::vector<SignedReceipt> Receipts::Kept() const {
  std::vector<SignedReceipt> kept;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    if (entry.path().extension() != kSuffix) continue;
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

std::string Receipts::PathOf(const SignedReceipt& receipt) const {
  return base::StrCat(directory_, "/", receipt.transfer, "-", EpochText(receipt.epoch), kSuffix);
}

}  // namespace crossdock::agent
