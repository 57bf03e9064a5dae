// The log: one JSON object a line on standard error, for people through `jq` and for every collector there is.
//
//   LOG_INFO("agent connected", {{"agent", "lon-1"}, {"site", "lon"}});
//
// The message is constant, what varies is a field. Never content, keys, tokens, or file names above debug level.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace crossdock::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

class LogField {
 public:
  LogField(std::string_view name, std::string_view value);
  LogField(std::string_view name, const char* value) : LogField(name, std::string_view(value)) {}
  LogField(std::string_view name, const std::string& value) : LogField(name, std::string_view(value)) {}
  LogField(std::string_view name, bool value) : name_(name), json_(value ? "true" : "false") {}
  template <typename T>
  requires(std::is_arithmetic_v<T>) LogField(std::string_view name, T value)
      : name_(name), json_(std::to_string(value)) {}

  std::string_view name() const { return name_; }
  const std::string& json() const { return json_; }

 private:
  std::string_view name_;
  std::string json_;
};

// Thread-safe: a line is one write.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
// Lines below `level` are dropped; kInfo at start. `program` stands in every line.
void ConfigureLog(std::string_view program, LogLevel level);

}  // namespace crossdock::base

#define LOG_DEBUG(...) ::crossdock::base::Log(::crossdock::base::LogLevel::kDebug, __VA_ARGS__)
#define LOG_INFO(...) ::crossdock::base::Log(::crossdock::base::LogLevel::kInfo, __VA_ARGS__)
#define LOG_WARNING(...) ::crossdock::base::Log(::crossdock::base::LogLevel::kWarning, __VA_ARGS__)
#define LOG_ERROR(...) ::crossdock::base::Log(::crossdock::base::LogLevel::kError, __VA_ARGS__)
