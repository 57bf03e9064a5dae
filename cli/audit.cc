// crossdock audit tail|search|status: the rows, and whether the logs are what was signed.
#include <chrono>

#include "absl/strings/str_join.h"
#include "cli/audit_event.h"
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
  bool syslog = false;
};

// Flushed line by line: somebody may follow.
void Print(const v1::AuditRecord& record, const Options& options, Context& context) {
  if (options.syslog) {
    context.out << SyslogLine(EventOf(record)) << std::flush;
  } else if (context.json) {
    context.out << ToJson(record) << std::endl;
  } else {
    context.out << record.number() << "  " << ShowTime(record.at()) << "  " << Shown(record.actor()) << "  "
                << Shown(record.action()) << "  " << Shown(record.transfer()) << "  " << Shown(record.result()) << "  "
                << Shown(record.detail_json()) << std::endl;
  }
}

absl::Status Tail(Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<AuditService>(context));
  base::Mutex mutex;
  base::CondVar never;
  while (true) {
    ASSIGN_OR_RETURN(const auto page,
                     Call(context.connection, *stub, &AuditService::Stub::ListAuditRecords, options.request));
    for (const auto& record : page.records()) {
      Print(record, options, context);
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

absl::Status Search(Options& options, Context& context) {
  options.request.set_after_number(0);
  return Tail(options, context);
}

// What is wrong with a log, for people: its own reason, and what its witnesses say.
std::string Trouble(const v1::AuditLogState& log) {
  std::vector<std::string> words;
  if (!log.reason().empty()) words.push_back(log.reason());
  for (const auto& each : log.refusals()) words.push_back(base::StrCat(each.reason(), " by ", each.agent()));
  return words.empty() ? "sound" : absl::StrJoin(words, ", ");
}

absl::Status ShowStatus(v1::ListAuditLogsRequest& request, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<AuditService>(context));
  ASSIGN_OR_RETURN(const auto response, Call(context.connection, *stub, &AuditService::Stub::ListAuditLogs, request));
  Table table({"LOG", "LEAVES", "SEALED", "AT", "CO-SIGNED BY", "STATE"});
  bool sound = true;
  for (const auto& log : response.logs()) {
    sound = sound && log.reason().empty() && log.refusals().empty();
    table.Add({log.log(), std::to_string(log.size()), std::to_string(log.sealed()), ShowTime(log.sealed_at()),
               Join(log.cosigned_by()), Trouble(log)});
  }
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    table.Print(context.out);
    for (const auto& log : response.logs()) {
      if (!log.detail().empty()) context.out << Shown(log.detail()) << '\n';
    }
  }
  return sound ? absl::OkStatus() : Negative();
}

void AddRows(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  options->request.set_page_size(100);
  CLI::App* tail =
      AddVerb(noun, context, options, "tail", "the newest records; one JSON object a line with --json", Tail);
  tail->add_flag("--follow,-f", options->follow, "and whatever comes");
  tail->add_option_function<uint64_t>(
      "--after", [options](uint64_t number) { options->request.set_after_number(number); },
      "records after this number, oldest first; 0: from the first");
  CLI::App* search = AddVerb(noun, context, options, "search", "all records that match, oldest first", Search);
  search->add_option("--actor", *options->request.mutable_actor(), "by this one");
  search->add_option("--action", *options->request.mutable_action(), "of this kind: approval.given, or approval");
  search->add_option("--text", *options->request.mutable_text(), "with this in result or detail");
  for (CLI::App* const verb : {tail, search}) {
    verb->add_flag("--syslog", options->syslog, "as lines of RFC 5424, for a log collector");
    verb->add_option("--client", *options->request.mutable_client(), "of this client only");
    verb->add_option("--transfer", *options->request.mutable_transfer(), "of this transfer only");
  }
}

void AddStatus(CLI::App& noun, Context& context) {
  const auto request = std::make_shared<v1::ListAuditLogsRequest>();
  CLI::App* status =
      AddVerb(noun, context, request, "status",
              "whether each log is what was signed, and who has co-signed it; ends with 1 if not", ShowStatus);
  status->add_option("--client", *request->mutable_client(), "this client's log only");
}

}  // namespace

void AddAudit(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("audit", "who did what, when")->require_subcommand(1);
  AddRows(noun, context);
  AddStatus(noun, context);
  AddAuditFeed(noun, context);
  AddAuditCustody(noun, context);
  AddAuditPacks(noun, context);
}

}  // namespace crossdock::cli
