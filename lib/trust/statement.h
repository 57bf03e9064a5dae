// A statement: what somebody signs. UTF-8 text of one spelling, so that what is shown is what is signed.
//
//   crossdock/approval/v1          the kind
//   transfer: tr-01h…              name: value, in the fixed order of the kind, each line ended by \n
//   content: -                     an absent value; a value that is a single dash is written %2D
//
// Values are percent-escaped (base::PercentEscape). Pure; any thread. What the kinds mean: kinds.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::trust {

// Bytes of a signed statement, its signatures included.
inline constexpr size_t kStatementSizeMax = 64u << 10;
// Bytes of one value, escaped.
inline constexpr size_t kValueSizeMax = 4u << 10;
// The longest kind (a denial list) has one field a denied key.
inline constexpr size_t kFieldsMax = 1000;

struct Field {
  std::string name;
  // Unescaped; empty when absent.
  std::string value;
  bool operator==(const Field&) const = default;
};

struct Statement {
  std::string kind;
  std::vector<Field> fields;
  bool operator==(const Statement&) const = default;
};

// The one spelling of `statement`. Names are ours (lower case and underscores); values may hold any bytes.
std::string FormatStatement(const Statement& statement);

// Reads the one spelling; anything else is STATEMENT_MALFORMED with the line that is wrong. Knows nothing of kinds.
absl::StatusOr<Statement> ParseStatement(std::string_view text);

// The kind that `text` (a statement, signed or not) claims in its first line, or "".
std::string_view KindOf(std::string_view text);

}  // namespace crossdock::trust
