#include "lib/pg/tx.h"

#include "absl/time/time.h"
#include "lib/base/check.h"
#include "lib/base/strings.h"

namespace crossdock::pg {
namespace internal {

std::optional<pqxx::binarystring> ToParameter(const std::optional<Bytes>& bytes) {
  if (!bytes) return std::nullopt;
  return ToParameter(*bytes);
}

std::string ToParameter(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) throw pqxx::argument_error("text for the database holds a NUL byte");
  return std::string(text);
}

std::string ToParameter(base::Instant instant) { return base::FormatInstant(instant); }

std::optional<std::string> ToParameter(const std::optional<base::Instant>& instant) {
  if (!instant) return std::nullopt;
  return base::FormatInstant(*instant);
}

std::string ToParameter(const std::vector<std::string>& list) {
  std::string literal = "{";
  for (const std::string& item : list) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : ToParameter(std::string_view(item))) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

}  // namespace internal

std::string ReadBytes(const pqxx::field& field) {
  return field.is_null() ? std::string() : pqxx::binarystring(field).str();
}

std::string ReadText(const pqxx::field& field) { return field.is_null() ? std::string() : field.as<std::string>(); }

base::Instant ReadInstant(const pqxx::field& field) {
  // The session's time zone is UTC, so the text ends in +00.
  absl::Time time;
  std::string error;
  const std::string text = field.as<std::string>();
  if (!absl::ParseTime("%E4Y-%m-%d %H:%M:%E*S+00", text, absl::UTCTimeZone(), &time, &error)) {
    throw pqxx::conversion_error("not a UTC timestamp: " + text);
  }
  return base::Instant(std::chrono::microseconds(absl::ToUnixMicros(time)));
}

std::optional<base::Instant> ReadOptionalInstant(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return ReadInstant(field);
}

std::vector<std::string> ReadList(const pqxx::field& field) {
  std::vector<std::string> list;
  if (field.is_null()) return list;
  pqxx::array_parser parser = field.as_array();
  while (true) {
    const auto [what, text] = parser.get_next();
    if (what == pqxx::array_parser::juncture::done) return list;
    if (what == pqxx::array_parser::juncture::string_value) list.push_back(text);
  }
}

}  // namespace crossdock::pg
