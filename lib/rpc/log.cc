#include "lib/rpc/log.h"

#include <grpc/support/log.h>

#include <string_view>

#include "lib/base/log.h"

namespace crossdock::rpc {
namespace {

void Forward(gpr_log_func_args* line) {
  const std::string_view text = line->message;
  // Said at each connection, because our certificates carry a SPIFFE name and no DNS one.
  const bool usual = text.find("No match found for server name") != std::string_view::npos;
  const bool error = line->severity == GPR_LOG_SEVERITY_ERROR && !usual;
  base::Log(error ? base::LogLevel::kWarning : base::LogLevel::kDebug, "grpc",
            {{"detail", text}, {"file", line->file}, {"line", line->line}});
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(&Forward); }

}  // namespace crossdock::rpc
