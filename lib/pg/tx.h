// One transaction, and how values go into and come out of it.
#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/base/clock.h"

namespace crossdock::pg {

// A statement that stands above its one user. `name` is unique in the program.
struct Query {
  const char* name;
  const char* sql;
};

// Marks bytes that go to a bytea column: a plain string would end at its first NUL.
struct Bytes {
  std::string_view value;
};

namespace internal {
// Each value becomes what libpqxx can bind. Times go as text, lists as array literals.
inline pqxx::binarystring ToParameter(Bytes bytes) {
  return pqxx::binarystring(bytes.value.data(), bytes.value.size());
}
std::optional<pqxx::binarystring> ToParameter(const std::optional<Bytes>& bytes);
std::string ToParameter(std::string_view text);
std::string ToParameter(base::Instant instant);
std::optional<std::string> ToParameter(const std::optional<base::Instant>& instant);
std::string ToParameter(const std::vector<std::string>& list);
inline std::string ToParameter(const char* text) { return ToParameter(std::string_view(text)); }
inline std::string ToParameter(const std::string& text) { return ToParameter(std::string_view(text)); }
inline const std::optional<std::string>& ToParameter(const std::optional<std::string>& text) { return text; }
inline const std::optional<int64_t>& ToParameter(const std::optional<int64_t>& number) { return number; }
template <typename T>
requires(std::is_arithmetic_v<T>) T ToParameter(T value) { return value; }
}  // namespace internal

// Not thread-safe. Made by Database::Transact; throws pqxx exceptions, which Transact turns into a Status.
class Tx {
 public:
  Tx(pqxx::work& work, std::unordered_set<std::string_view>& prepared) : work_(work), prepared_(prepared) {}

  template <typename... Parameters>
  pqxx::result Run(const Query& query, const Parameters&... parameters) {
    if (prepared_.insert(query.name).second) work_.conn().prepare(query.name, query.sql);
    return work_.exec_prepared(query.name, internal::ToParameter(parameters)...);
  }

  // For fixed text without parameters, such as a migration.
  void RunScript(const std::string& sql) { work_.exec(sql); }

 private:
  pqxx::work& work_;
  std::unordered_set<std::string_view>& prepared_;
};

std::string ReadBytes(const pqxx::field& field);      // bytea; "" for NULL
std::string ReadText(const pqxx::field& field);       // "" for NULL
base::Instant ReadInstant(const pqxx::field& field);  // timestamptz; throws on NULL
std::optional<base::Instant> ReadOptionalInstant(const pqxx::field& field);
std::vector<std::string> ReadList(const pqxx::field& field);  // text[]; empty for NULL

}  // namespace crossdock::pg
