#include "lib/base/log.h"

#include <unistd.h>

#include <atomic>

#include "lib/base/clock.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"

namespace crossdock::base {
namespace {

std::atomic<LogLevel> g_level = LogLevel::kInfo;
// Written once by ConfigureLog before any thread starts.
char g_program[32] = "crossdock";

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// Bytes that are not UTF-8 become U+FFFD: a log line is always valid JSON.
std::string Quoted(std::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

LogField::LogField(std::string_view name, std::string_view value) : name_(name), json_(Quoted(value)) {}

void ConfigureLog(std::string_view program, LogLevel level) {
  const size_t size = program.copy(g_program, sizeof g_program - 1);
  g_program[size] = '\0';
  g_level = level;
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < g_level.load()) return;
  std::string line =
      StrCat("{\"time\":\"", FormatInstant(SystemClock().Now()), "\",\"level\":\"", Name(level), "\",\"program\":\"",
             static_cast<const char*>(g_program), "\",\"message\":", Quoted(message));
  for (const LogField& field : fields) line += StrCat(",\"", field.name(), "\":", field.json());
  line += "}\n";
  // A log that cannot be written must not stop a transfer.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace crossdock::base
