#include <iostream>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/usage.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

constexpr char kReasonNegative[] = "CLI_NEGATIVE";
constexpr char kReasonIncomplete[] = "CLI_INCOMPLETE";
constexpr int kExitUsage = 2;

// Documented in cli/README.md.
int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return 0;
  if (base::ReasonOf(status) == kReasonNegative) return 1;
  if (base::ReasonOf(status) == kReasonIncomplete) return 3;
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return 3;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return 4;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return 5;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return 7;
    default:
      return 6;
  }
}

// What can be done about errors that the orchestrator cannot explain, because it was never reached or let nobody in.
std::string AdviceFor(const absl::Status& status, const ConnectionFlags& flags) {
  // A reason of its own: then somebody who knows better has said what is wrong.
  if (base::ReasonOf(status) != absl::StatusCodeToString(status.code())) return "";
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      return "your token or certificate is missing, expired or revoked: ask an identity admin for a new one";
    case absl::StatusCode::kPermissionDenied:
      return "your roles do not allow this: ask an identity admin";
    case absl::StatusCode::kUnavailable:
      return base::StrCat("is the orchestrator up, and ", flags.server.empty() ? "the server" : flags.server,
                          " its address? does its certificate come from your --ca?");
    case absl::StatusCode::kDeadlineExceeded:
      return "try again, or give it more time with --timeout";
    default:
      return "";
  }
}

// For programs: the same facts, on standard error, because standard output is for answers.
Document ToDocument(const absl::Status& status, const std::string& advice) {
  const std::string reason = base::ReasonOf(status);
  Document error{{"reason", reason.empty() ? absl::StatusCodeToString(status.code()) : reason},
                 {"message", base::ToStd(status.message())}};
  for (const auto& field : rpc::FieldViolationsOf(status)) {
    error["fields"].push_back({{"field", field.field}, {"description", field.description}});
  }
  if (!advice.empty()) error["advice"] = advice;
  return Document{{"error", error}};
}

void Complain(const absl::Status& status, const Context& context) {
  const std::string advice = AdviceFor(status, context.connection);
  if (context.json) {
    context.err << ToJson(ToDocument(status, advice)) << '\n';
    return;
  }
  context.err << "crossdock: " << Shown(base::ToStd(status.message()));
  if (const std::string reason = base::ReasonOf(status); !reason.empty()) context.err << " [" << reason << "]";
  context.err << '\n';
  for (const auto& field : rpc::FieldViolationsOf(status)) {
    context.err << "  " << Shown(field.field) << ": " << Shown(field.description) << '\n';
  }
  if (!advice.empty()) context.err << "  " << advice << '\n';
}

}  // namespace

absl::Status Incomplete() { return base::WithReason(absl::FailedPreconditionError(""), kReasonIncomplete); }

absl::Status Negative() { return base::WithReason(absl::FailedPreconditionError(""), kReasonNegative); }

int Run(int argc, const char* const* argv, Context& context) {
  CLI::App app("crossdock: transfers, policies, approvals, sites");
  app.name("crossdock");
  app.set_version_flag("--version", std::string("crossdock ") + CROSSDOCK_VERSION);
  app.require_subcommand(1);
  app.fallthrough();  // flags of the program may stand after the verb
  app.add_flag("--json", context.json, "print one JSON document for programs");
  AddConnectionFlags(app, context.connection);
  AddNouns(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, context.out, context.err);  // --help, --version
    // The line may have broken before its --json was read.
    context.json = AsksForJson(argc, argv);
    const UsageError usage = Diagnose(app, argc, argv, error);
    Complain(base::WithReason(base::InvalidArgument(usage.message), usage.reason), context);
    return kExitUsage;
  }
  const absl::Status status = context.run();
  const int code = ExitCodeOf(status);
  const bool answered = base::ReasonOf(status) == kReasonNegative || base::ReasonOf(status) == kReasonIncomplete;
  if (code != 0 && !answered) Complain(status, context);
  return code;
}

}  // namespace crossdock::cli
