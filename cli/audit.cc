// crossdock audit tail
#include <chrono>

#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/mutex.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::AuditService;

constexpr auto kPollInterval = std::chrono::seconds(1);

struct Options {
  v1::ListAuditRecordsRequest request;
  bool follow = false;
};

void Print(const v1::AuditRecord& record, Context& context) {
  if (context.json) {
    context.out << ToJson(record) << std::endl;
    return;
  }
  context.out << record.number() << "  " << ShowTime(record.at()) << "  " << Shown(record.actor()) << "  "
              << Shown(record.action()) << "  " << Shown(record.transfer()) << "  " << Shown(record.result()) << "  "
              << Shown(record.detail_json()) << std::endl;
}

absl::Status Tail(Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<AuditService>(context));
  base::Mutex mutex;
  base::CondVar never;
  while (true) {
    ASSIGN_OR_RETURN(const auto page,
                     Call(context.connection, *stub, &AuditService::Stub::ListAuditRecords, options.request));
    for (const auto& record : page.records()) {
      Print(record, context);
      options.request.set_after_number(record.number());
    }
    const bool more = !page.next_page_token().empty();
    if (!more && !options.follow) return absl::OkStatus();
    // The log has no stream yet: its end is asked for again. Nobody wakes this wait.
    if (!more) {
      base::MutexLock lock(mutex);
      never.WaitFor(mutex, kPollInterval);
    }
  }
}

}  // namespace

void AddAudit(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("audit", "who did what, when")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  options->request.set_page_size(100);
  CLI::App* tail =
      AddVerb(noun, context, options, "tail", "the newest records; one JSON object a line with --json", Tail);
  tail->add_flag("--follow,-f", options->follow, "and whatever comes");
  tail->add_option("--client", *options->request.mutable_client(), "of this client only");
  tail->add_option("--transfer", *options->request.mutable_transfer(), "of this transfer only");
  tail->add_option_function<uint64_t>(
      "--after", [options](uint64_t number) { options->request.set_after_number(number); },
      "records after this number, oldest first; 0: from the first");
}

}  // namespace crossdock::cli
