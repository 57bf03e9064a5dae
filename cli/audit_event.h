// One event of the audit log as others read it: a cell of a spreadsheet, a line for a log collector. Whoever wrote the
// event may have chosen the words; no spreadsheet, terminal or collector takes them for anything but words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crossdock::admin::v1 {
class AuditRecord;
}

namespace crossdock::cli {

struct AuditEvent {
  uint64_t number = 0;
  std::string at;  // RFC 3339
  std::string client, actor, action, transfer, result;
  std::string detail;  // JSON; of a leaf that is not ours to read, all of it
};
AuditEvent EventOf(const admin::v1::AuditRecord& record);
AuditEvent EventOfLeaf(uint64_t number, std::string_view leaf);

// One cell of a CSV file, quoted; what a spreadsheet would take for a formula begins with an apostrophe instead.
std::string CsvCell(std::string_view text);
std::string CsvHeader();
std::string CsvLine(const AuditEvent& event);

// RFC 5424, with its line feed: facility 13 (audit), severity 5, or 1 for what needs somebody at once. The fields are
// structured data under the enterprise number that RFC 5612 keeps for examples, because the project has none.
std::string SyslogLine(const AuditEvent& event);

}  // namespace crossdock::cli
