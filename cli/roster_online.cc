// crossdock roster set|get
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::SiteService;

constexpr size_t kBodySizeMax = 1u << 20;

struct Options {
  std::string body;
  std::string statement;
};

absl::Status Set(const Options& options, Context& context) {
  v1::SetRosterRequest request;
  ASSIGN_OR_RETURN(*request.mutable_body(), base::ReadFile(options.body, kBodySizeMax));
  ASSIGN_OR_RETURN(*request.mutable_statement(), base::ReadFile(options.statement, kBodySizeMax));
  return CallAndPrint<SiteService>(context, &SiteService::Stub::SetRoster, request, [&](const auto& response) {
    context.out << "in force: roster number " << response.number() << "\n";
  });
}

// Both halves byte for byte, because that is what the signatures are over.
absl::Status Get(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<SiteService>(context));
  ASSIGN_OR_RETURN(const auto response,
                   Call(context.connection, *stub, &SiteService::Stub::GetRoster, v1::GetRosterRequest()));
  if (!options.body.empty()) RETURN_IF_ERROR(base::WriteFileAtomic(options.body, response.body()));
  if (!options.statement.empty()) RETURN_IF_ERROR(base::WriteFileAtomic(options.statement, response.statement()));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else if (options.body.empty()) {
    context.out << response.body();
  } else {
    context.out << "roster number " << response.number() << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddRosterOnline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* set = AddVerb(noun, context, options, "set", "hand in a signed roster", Set);
  set->add_option("body", options->body, "the roster (YAML)")->required();
  set->add_option("statement", options->statement, "the officers' signed statement over it")->required();
  CLI::App* get = AddVerb(noun, context, options, "get", "the roster in force", Get);
  get->add_option("--body", options->body, "write it to this file");
  get->add_option("--statement", options->statement, "write its signed statement to this file");
}

}  // namespace crossdock::cli
