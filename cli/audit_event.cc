#include "cli/audit_event.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "cli/output.h"
#include "crossdock/admin/v1/admin.pb.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"

namespace crossdock::cli {
namespace {

constexpr int kFacilityAudit = 13;
constexpr int kNotice = 5;
constexpr int kAlert = 1;
constexpr size_t kMessageIdMax = 32;  // RFC 5424, section 6

// Somebody forges, or something is not what it says.
constexpr std::string_view kAlarms[] = {"audit.rewritten", "audit.refused", "receipt.conflict", "break_glass.broken"};

// A field of the header: printable ASCII, nothing else, or the dash that stands for nothing.
std::string HeaderField(std::string_view text, size_t size_max) {
  std::string field;
  for (const char c : text.substr(0, size_max)) field += c > 0x20 && c < 0x7f ? c : '_';
  return field.empty() ? "-" : field;
}

std::string Parameter(std::string_view name, std::string_view value) {
  std::string text = base::StrCat(" ", name, "=\"");
  for (const char c : Shown(value)) {
    if (c == '"' || c == '\\' || c == ']') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string TextOf(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

AuditEvent EventOf(const admin::v1::AuditRecord& record) {
  return {record.number(), google::protobuf::util::TimeUtil::ToString(record.at()),
          record.client(), record.actor(),
          record.action(), record.transfer(),
          record.result(), record.detail_json()};
}

AuditEvent EventOfLeaf(uint64_t number, std::string_view leaf) {
  AuditEvent event;
  event.number = number;
  const nlohmann::json fields = nlohmann::json::parse(leaf, nullptr, false);
  if (!fields.is_object()) {
    event.detail = leaf;
    return event;
  }
  const auto take = [&fields](const char* name) { return fields.contains(name) ? TextOf(fields[name]) : ""; };
  event.at = take("at");
  event.client = take("client");
  event.actor = take("actor");
  event.action = take("action");
  event.transfer = take("transfer");
  event.result = take("result");
  event.detail = take("detail");
  return event;
}

std::string CsvCell(std::string_view text) {
  std::string cell = "\"";
  // What spreadsheets compute, and what they skip before computing.
  if (!text.empty() && std::string_view("=+-@\t\r\n|%").find(text.front()) != std::string_view::npos) cell += '\'';
  // The same signs as wide as an ideograph, which some take for them: U+FF0B, U+FF0D, U+FF1D, U+FF20.
  for (const char* wide : {"\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\x9d", "\xef\xbc\xa0"}) {
    if (text.starts_with(wide)) cell += '\'';
  }
  for (const char c : text) {
    if (c == '"') cell += '"';
    // A line of the file is a record, whatever reads it.
    cell += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return cell + "\"";
}

std::string CsvHeader() { return "number,at,client,actor,action,transfer,result,detail\n"; }

std::string CsvLine(const AuditEvent& event) {
  std::string line = std::to_string(event.number);
  for (const std::string& field :
       {event.at, event.client, event.actor, event.action, event.transfer, event.result, event.detail}) {
    line += "," + CsvCell(field);
  }
  return line + "\n";
}

std::string SyslogLine(const AuditEvent& event) {
  const bool alarm = std::find(std::begin(kAlarms), std::end(kAlarms), event.action) != std::end(kAlarms);
  const int priority = kFacilityAudit * 8 + (alarm ? kAlert : kNotice);
  return base::StrCat(
      "<", priority, ">1 ", HeaderField(event.at, 64), " - crossdock - ", HeaderField(event.action, kMessageIdMax),
      " [audit@32473", Parameter("number", std::to_string(event.number)), Parameter("client", event.client),
      Parameter("actor", event.actor), Parameter("action", event.action), Parameter("transfer", event.transfer),
      Parameter("result", event.result), "] \xef\xbb\xbf", Shown(event.detail), "\n");
}

}  // namespace crossdock::cli
