// What would move, looked at here: no server is believed about what people sign.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/command.h"
#include "crossdock/studio/v1/approval.grpc.pb.h"
#include "lib/wire/manifest.h"

namespace crossdock::cli {

struct Looked {
  wire::Manifest manifest;
  std::string listing;  // its digest, computed here, lower hex
};

// Fetches the manifest of `transfer` in `chunks`. MANIFEST_DIFFERS when it is not what the server says of it.
absl::StatusOr<Looked> LookAt(studio::v1::ApprovalService::Stub& stub, const studio::v1::Transfer& transfer,
                              uint64_t chunks, const Context& context);

// "The manifest's WHAT is …, but the orchestrator says …": MANIFEST_DIFFERS.
absl::Status Differs(const char* what, const std::string& shown, const std::string& claimed);

// Every file, and every further name of one, a line each.
void PrintFiles(const wire::Manifest& manifest, Context& context);

// Shows `statement` and waits for "yes". FAILED_PRECONDITION for any other answer.
absl::Status ConfirmSigning(const std::string& statement, Context& context);

}  // namespace crossdock::cli
