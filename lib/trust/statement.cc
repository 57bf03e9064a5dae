#include "lib/trust/statement.h"

#include <algorithm>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"

namespace crossdock::trust {
namespace {

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kStatementMalformed);
}

// A dash stands for "absent", so a value that is one must look different.
std::string EscapeValue(std::string_view value) {
  if (value.empty()) return "-";
  if (value == "-") return "%2D";
  return base::PercentEscape(value);
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool IsKind(std::string_view kind) {
  return kind.starts_with("crossdock/") && kind.size() <= 64 && std::all_of(kind.begin(), kind.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '-';
         });
}

absl::StatusOr<Field> ParseField(std::string_view line, size_t number) {
  const size_t colon = line.find(": ");
  if (colon == std::string_view::npos || !IsName(line.substr(0, colon))) {
    return Malformed("line ", number, " of the statement is not 'name: value'");
  }
  Field field{std::string(line.substr(0, colon)), ""};
  const std::string_view value = line.substr(colon + 2);
  if (value.size() > kValueSizeMax) {
    return Malformed("line ", number, " (", field.name, ") has ", value.size(), " bytes; at most ", kValueSizeMax);
  }
  if (value != "-" && !base::PercentUnescape(value, &field.value)) {
    return Malformed("line ", number, " (", field.name, ") has a % without two upper-case hex digits");
  }
  // Also catches raw control and non-ASCII bytes, needless escapes and the empty value.
  if (EscapeValue(field.value) != value) {
    return Malformed("line ", number, " (", field.name, ") is not escaped in the one canonical way");
  }
  return field;
}

}  // namespace

std::string FormatStatement(const Statement& statement) {
  std::string text = base::StrCat(statement.kind, "\n");
  for (const Field& field : statement.fields) text += base::StrCat(field.name, ": ", EscapeValue(field.value), "\n");
  return text;
}

absl::StatusOr<Statement> ParseStatement(std::string_view text) {
  if (text.size() > kStatementSizeMax) {
    return Malformed("a statement of ", text.size(), " bytes; at most ", kStatementSizeMax);
  }
  if (!text.ends_with('\n')) return Malformed("a statement must end with a line feed");
  Statement statement;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (number == 1) {
      if (!IsKind(line)) return Malformed("line 1 of a statement names its kind, such as crossdock/approval/v1");
      statement.kind = line;
      continue;
    }
    if (number > kFieldsMax + 1) return Malformed("a statement of more than ", kFieldsMax, " fields");
    ASSIGN_OR_RETURN(Field field, ParseField(line, number));
    statement.fields.push_back(std::move(field));
  }
  return statement;
}

std::string_view KindOf(std::string_view text) {
  const std::string_view line = text.substr(0, std::min<size_t>(text.find('\n'), text.size()));
  return IsKind(line) ? line : std::string_view();
}

}  // namespace crossdock::trust
