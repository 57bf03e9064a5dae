#include "orchestrator/notify/mails.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"

namespace crossdock::orchestrator::notify {
namespace {

using nlohmann::json;

constexpr size_t kWordMax = 64;
constexpr size_t kRequirementsMax = 16;

// Ids are what they seem; whatever else stands in their place is made harmless and short.
std::string Word(const json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : std::string();
  std::string shown = base::PercentEscape(std::string_view(text).substr(0, kWordMax));
  if (shown.size() > kWordMax) shown.resize(kWordMax);
  return shown.empty() ? "-" : shown;
}

std::string Happened(const std::string& type, json& data) {
  if (type == "approval.reminder") return "still waits for approvals";
  if (type == "approval.escalation") return base::StrCat("has waited for approvals since ", Word(data["asked"]));
  if (type == "transfer.break_glass") return "goes past its rules: two persons broke the glass";
  const std::string state = Word(data["state"]);
  if (state == "awaiting_approval") return "waits for approvals";
  if (state == "held") return "is held by its policy";
  if (state == "denied") return "was denied";
  if (state == "closed") return "has arrived";
  return base::StrCat("is ", state);
}

std::string Open(const json& data) {
  const auto requirements = data.find("requirements");
  if (requirements == data.end() || !requirements->is_array() || requirements->empty()) return "";
  std::vector<std::string> words;
  for (const json& each : *requirements)
    if (words.size() < kRequirementsMax) words.push_back(Word(each));
  return base::StrCat("Open:  ", absl::StrJoin(words, ", "), "\n");
}

absl::StatusOr<json> Read(const std::string& document) {
  json message = json::parse(document, nullptr, false);
  if (message.is_object() && message["type"].is_string() && message["data"].is_object()) return message;
  return base::WithReason(base::InvalidArgument("a notification's document does not read"), "NOTIFY_DOCUMENT_INVALID");
}

}  // namespace

std::set<std::string> Mails::names() const {
  std::set<std::string> names;
  for (const MailRecipient& recipient : recipients_) names.insert(recipient.name);
  return names;
}

absl::Status Mails::Send(const std::string& recipient, const std::string& id, const std::string& document,
                         base::Instant now) const {
  const auto to = std::find_if(recipients_.begin(), recipients_.end(),
                               [&](const MailRecipient& each) { return each.name == recipient; });
  if (to == recipients_.end()) {
    return base::WithReason(base::NotFound("there is no recipient '", base::PercentEscape(recipient),
                                           "' in `notify:` of the orchestrator's configuration"),
                            "NOTIFY_RECIPIENT_UNKNOWN");
  }
  ASSIGN_OR_RETURN(json read, Read(document));
  json& data = read["data"];
  const std::string transfer = Word(data["transfer"]), client = Word(data["client"]);
  const std::string happened = Happened(read["type"], data);
  const auto number = [&](const char* name) { return data[name].is_number_integer() ? data[name].dump() : "0"; };
  mail::Message message;
  message.from = from_;
  message.to = to->address;
  message.id = base::StrCat(id, from_.substr(std::min(from_.find('@'), from_.size())));
  message.subject = base::StrCat("Crossdock: ", transfer, " of ", client, " ", happened);
  message.date = now;
  message.body = base::StrCat("Transfer ", transfer, " of client ", client, ", from ", Word(data["source_site"]),
                              " to ", Word(data["destination_site"]), ",\n", happened, ".\n\n");
  message.body += base::StrCat("When:  ", Word(read["timestamp"]), "\n", "Files: ", number("files"),
                               ", bytes: ", number("bytes"), "\n", Open(data));
  message.body += base::StrCat("\nWhat and why: crossdock transfer explain ", transfer,
                               "\nThis mail says no more on purpose, and nobody reads answers to it.\n");
  return post_(message);
}

}  // namespace crossdock::orchestrator::notify
