// The pattern that all verbs share: options, one call or one look, an answer for people or as JSON.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "cli/command.h"
#include "cli/output.h"
#include "lib/base/status.h"

namespace crossdock::cli {

// Adds a verb that is run as `run(*options, context)`.
template <typename Options, typename Run>
CLI::App* AddVerb(CLI::App& noun, Context& context, const std::shared_ptr<Options>& options, const char* name,
                  const char* help, Run run) {
  CLI::App* verb = noun.add_subcommand(name, help);
  verb->callback([&context, options, run] {
    context.run = [&context, options, run]() -> absl::Status { return run(*options, context); };
  });
  return verb;
}

// The answer of a verb that asks no orchestrator: `document` with --json, otherwise what `print` makes of it.
template <typename Print>
void Answer(Context& context, const Document& document, const Print& print) {
  if (context.json) {
    context.out << ToJson(document) << '\n';
  } else {
    print();
  }
}

// A stub of `Service` on a new channel.
template <typename Service>
absl::StatusOr<std::unique_ptr<typename Service::Stub>> StubOf(const Context& context) {
  ASSIGN_OR_RETURN(auto channel, Connect(context.connection));
  return Service::NewStub(channel);
}

// The whole answer of one call: JSON with --json, otherwise what `print` makes of it.
template <typename Service, typename Request, typename Response, typename Print>
absl::Status CallAndPrint(Context& context,
                          grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                          const Request& request, const Print& print) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<Service>(context));
  ASSIGN_OR_RETURN(const Response response, Call(context.connection, *stub, method, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    print(response);
  }
  return absl::OkStatus();
}

// All pages of a List call as one answer. `append(page, all)` moves the page's items.
template <typename Service, typename Request, typename Response, typename Append>
absl::StatusOr<Response> ListAll(Context& context,
                                 grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                 Request request, const Append& append) {
  constexpr int kPageSize = 500;
  ASSIGN_OR_RETURN(const auto stub, StubOf<Service>(context));
  request.set_page_size(kPageSize);
  Response all;
  do {
    ASSIGN_OR_RETURN(Response page, Call(context.connection, *stub, method, request));
    request.set_page_token(page.next_page_token());
    append(page, all);
  } while (!request.page_token().empty());
  return all;
}

}  // namespace crossdock::cli
